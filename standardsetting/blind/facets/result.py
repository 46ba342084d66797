"""What a many-facet Rasch fit returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtri

from standardsetting.blind.facets.convergence import Convergence
from standardsetting.errors import FindingsError, UsageError


@dataclass(frozen=True)
class Agreement:
    """Exact agreement of pairs of assessors on the same candidate and value, beside what the model expects of independent assessors.

    Attributes
    ----------
    observed, expected
        Shares of the pairs.
    rasch_kappa
        (observed - expected) / (1 - expected): near 0 for independent assessors; well above, they may have talked; below, they read the
        scale differently.
    n_pairs
        How many pairs.
    """

    observed: float
    expected: float
    rasch_kappa: float
    n_pairs: int


@dataclass(frozen=True)
class Difference:
    """The difference of two assessors' severities, in logits."""

    difference: float
    standard_error: float
    low: float
    high: float
    confidence: float


@dataclass(frozen=True)
class FacetsResult:
    """A fitted many-facet Rasch model.

    Attributes
    ----------
    candidates, assessors, values
        One row an element: the code; `measure` and `se` in logits (candidates: higher is better; assessors: higher is more severe; values:
        higher is harder); `n` ratings and their `average`; `fair_average`, the expected rating at the mean of the other facets; `infit`,
        `outfit`, their `_z`, and `_low` and `_high`, where they lie if the model holds; `extreme` ("minimum", "maximum", "constant" or
        empty) and `subset`. Candidates under marginal likelihood: `measure` is the posterior mean, with Warm's estimate in `wle` and
        `wle_se`. Assessors also: `n_candidates`, `expected_total` (points an average candidate can expect from them over all values) and
        exact agreement with their co-assessors, `agreement` and `agreement_expected`. Joint likelihood also: `measure_corrected`, and
        `se_joint` beside `se`.
    thresholds
        One row a step: `value` ("all" under the rating scale model), the category `below` and the category `above`, `measure`, `se`, and
        the number of ratings, infit and outfit of the category above. A threshold next to a category that nobody uses has no measure.
    bias
        Assessor by value, see `bias.interaction`.
    unexpected
        Ratings three or more standard deviations from what the model expects.
    separation
        One row a facet: `rmse`, `sd`, `true_sd`, `separation`, `strata`, `reliability`, `reliability_sample`, fixed `chi_square`, `df`,
        `p`.
    agreement
        Observed and expected exact agreement.
    subsets
        One row a subset of the design: how many candidates, assessors and ratings. Measures of different subsets cannot be compared.
    deviance, log_likelihood, n_parameters
        Of the ratings in the estimation; marginal or joint, as the estimator says.
    latent_mean, latent_variance, latent_variance_se
        The candidates' distribution (marginal likelihood only).
    eap_reliability, wle_reliability
        Marginal likelihood only.
    covariance
        Of the severities of the assessors in the estimation, in their order; right for differences of any two of them.
    convergence
        Whether the estimation arrived, with the gradient.
    n_ratings, set_aside
        Ratings read, and rows set aside by reason.
    notes
        What a reader has to know, in sentences.
    method, settings, seed
        How it was made.
    """

    candidates: pd.DataFrame
    assessors: pd.DataFrame
    values: pd.DataFrame
    thresholds: pd.DataFrame
    bias: pd.DataFrame
    unexpected: pd.DataFrame
    separation: pd.DataFrame
    agreement: Agreement
    subsets: pd.DataFrame
    deviance: float
    log_likelihood: float
    n_parameters: int
    latent_mean: float | None
    latent_variance: float | None
    latent_variance_se: float | None
    eap_reliability: float | None
    wle_reliability: float | None
    covariance: pd.DataFrame
    convergence: Convergence
    n_ratings: int
    set_aside: Mapping[str, int]
    notes: tuple[str, ...]
    method: str
    settings: Mapping[str, object]
    seed: int

    def compare(self, first: object, second: object, *, confidence: float = 0.95) -> Difference:
        """How much more severe the first assessor is than the second; refused where they are in different subsets."""
        codes = self.assessors["assessor"].tolist()
        if first not in codes or second not in codes:
            raise UsageError("Two assessors of the fit are needed; at least one of these codes is not among them.")
        one, other = self.assessors.iloc[codes.index(first)], self.assessors.iloc[codes.index(second)]
        if one["subset"] != other["subset"]:
            raise FindingsError(
                f"These assessors are in different subsets (subset {one['subset']} and subset {other['subset']}): nothing in the ratings "
                "ties their severities together, so they cannot be compared.",
                next_step="Compare within a subset, or let an assessor of one subset rate candidates of the other.",
            )
        if first not in self.covariance.index or second not in self.covariance.index:
            raise FindingsError("At least one of these assessors gave only extreme ratings and has no estimate to compare.")
        difference = float(one["measure"]) - float(other["measure"])
        c = self.covariance.loc[[first, second], [first, second]].to_numpy()
        error = float(np.sqrt(max(c[0, 0] + c[1, 1] - 2 * c[0, 1], 0)))
        away = float(ndtri(0.5 + confidence / 2)) * error
        return Difference(difference, error, difference - away, difference + away, confidence)
