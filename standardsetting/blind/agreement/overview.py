"""Every agreement coefficient side by side, for each value and for all values together."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from standardsetting.blind.agreement.chance_corrected import brennan_prediger, fleiss_kappa, gwet_ac
from standardsetting.blind.agreement.coefficient import Interval, Options, Resample
from standardsetting.blind.agreement.conger import conger_kappa
from standardsetting.blind.agreement.distances import LEVELS, WEIGHTS
from standardsetting.blind.agreement.estimate import Statistic, estimate
from standardsetting.blind.agreement.kendall import kendall_w
from standardsetting.blind.agreement.krippendorff import krippendorff_alpha
from standardsetting.blind.agreement.pair_kappas import cohen_kappa, light_kappa
from standardsetting.blind.agreement.ratings import CodedRatings, code
from standardsetting.blind.agreement.shares import adjacent_agreement, exact_agreement
from standardsetting.blind.agreement.unit_patterns import UnitPatterns
from standardsetting.blind.agreement.within_candidate import average_deviation, r_wg
from standardsetting.scale import Scale

POOLED = "all values"


def agreement_table(
    ratings: pd.DataFrame,
    *,
    scale: Scale,
    confidence: float = 0.95,
    interval: Interval = "bootstrap",
    resample: Resample = "candidate",
    replicates: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """Every coefficient, for each value and for all values together, with the reason where one is undefined or refused.

    Parameters
    ----------
    ratings
        The long table: `candidate`, `assessor`, `value`, `rating`. With a column `kind`, independent ratings only.
    scale
        The declared scale, never inferred from the ratings.
    confidence, interval, resample, replicates, seed
        As for each coefficient.

    Returns
    -------
    DataFrame
        One row a value and coefficient: `value` (the last ones are "all values"), `coefficient`, `weights` (or level), `estimate`,
        `standard_error`, `low`, `high`, `confidence`, `n_candidates`, `n_assessors`, `n_ratings`, `n_units`, `observed`, `expected`,
        `method`, `seed`, `reason`, `note`.

    Examples
    --------
    >>> table = pd.DataFrame({"candidate": [1, 1, 2, 2], "assessor": ["a", "b"] * 2, "value": "v", "rating": [3, 3, 3, 4]})
    >>> rows = agreement_table(table, scale=Scale(1, 5), interval="none")
    >>> rows.loc[rows["coefficient"] == "exact agreement", ["value", "estimate"]].to_numpy().tolist()
    [['v', 0.5], ['all values', 0.5]]
    """
    options = Options(confidence, interval, resample, replicates, seed)
    coded = code(ratings, scale=scale)
    records = []
    for place, value in enumerate((*coded.values, POOLED)):
        group = coded if value is POOLED else coded.of_value(place)
        for weights, statistic in _statistics(group):
            found = vars(estimate(statistic, options)).copy()
            name, estimated = found.pop("name"), found.pop("value")
            records.append({"value": value, "coefficient": name.split(", ")[0], "weights": weights, "estimate": estimated, **found})
    return pd.DataFrame.from_records(records)


def _statistics(coded: CodedRatings) -> Iterator[tuple[str, Statistic]]:
    patterns = UnitPatterns(coded)
    yield "", exact_agreement.statistic(patterns)
    yield "", adjacent_agreement.statistic(patterns)
    for weights in WEIGHTS:
        for kappa in (cohen_kappa, light_kappa, fleiss_kappa, conger_kappa, gwet_ac, brennan_prediger):
            yield weights, kappa.statistic(patterns, weights=weights)
    for level in LEVELS:
        if level != "ratio" or coded.scale.minimum >= 0:
            yield level, krippendorff_alpha.statistic(patterns, level=level)
    for other in (kendall_w, r_wg, average_deviation):
        yield "", other.statistic(patterns)
