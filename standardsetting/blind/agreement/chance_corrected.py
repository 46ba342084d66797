"""Coefficients whose chance term does not ask who rated: Fleiss' kappa, Gwet's AC and Brennan and Prediger's coefficient."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from standardsetting.blind.agreement.coefficient import Weights
from standardsetting.blind.agreement.distances import agreement_weights
from standardsetting.blind.agreement.estimate import FLAT, Statistic
from standardsetting.blind.agreement.opening import coefficient
from standardsetting.blind.agreement.resampling import Pieces, Rows
from standardsetting.blind.agreement.unit_patterns import UnitPatterns

# From the share of each point to chance agreement, and to what each point contributes to it.
Chance = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


def fleiss_chance(share: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two ratings drawn from everybody's together."""
    each = share @ weights
    return (each * share).sum(axis=-1), each


def gwet_chance(share: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A rating at random, on a candidate who is hard to rate."""
    points = len(weights)
    each = weights.sum() / (points * (points - 1)) * (1 - share)
    return (each * share).sum(axis=-1), each


def uniform_chance(share: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Every point of the declared scale is as likely."""
    each = np.full(share.shape, weights.mean())
    return each[..., 0], each


def no_chance(share: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Observed agreement itself: nothing is taken off for chance."""
    each = np.zeros(share.shape)
    return each[..., 0], each


@dataclass
class ChanceCorrected(Statistic):
    """(observed - chance) / (1 - chance), from counts by unit."""

    patterns: UnitPatterns = field(kw_only=True)
    weights: np.ndarray = field(kw_only=True)
    chance: Chance = field(kw_only=True)

    def __post_init__(self) -> None:
        self.credit = self.patterns.cells(self.weights)
        single = self.coded.n_single
        if single and not self.note:
            self.note = f"Units with one rating: {single}; they count in the chance term, not in the observed agreement."

    def rows(self) -> Rows:
        return self.patterns.rows

    def total(self) -> np.ndarray:
        return self.patterns.total

    def pieces(self, *, by_candidate: bool) -> list[Pieces]:
        return self.patterns.pieces(by_candidate=by_candidate)

    def _terms(self, sums: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        cells, _, points = self.patterns.split(sums)
        with np.errstate(invalid="ignore", divide="ignore"):
            observed = cells @ self.credit / cells.sum(axis=-1)
            share = points / points.sum(axis=-1, keepdims=True)
        expected, each = self.chance(share, self.weights)
        return observed, expected, each, share

    def evaluate(self, sums: np.ndarray, assessors: np.ndarray | None = None) -> np.ndarray:
        observed, expected, _, share = self._terms(sums)
        if self.chance is no_chance:
            return observed
        # One point used throughout: Gwet's and Brennan and Prediger's chance terms would not notice.
        constant = share.max(axis=-1) >= 1 - FLAT
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(constant | (1 - expected <= FLAT), np.nan, (observed - expected) / (1 - expected))

    def parts(self, sums: np.ndarray) -> tuple[float, float]:
        observed, expected, _, _ = self._terms(sums)
        return float(observed[0]), float(expected[0])

    def influence(self, sums: np.ndarray, value: float) -> np.ndarray:
        """Gwet's linearised variance with missing ratings, as columns (Handbook of Inter-Rater Reliability, 4th edition, chapter 5)."""
        cells, _, points = self.patterns.split(sums)
        _, expected, each, _ = self._terms(sums)
        units, rest = points.sum(), 1 - expected
        paired = units / cells.sum()
        of_cells = paired * (self.credit - expected) / rest
        of_points = -value - 2 * (1 - value) * (each - expected) / rest
        return np.concatenate([of_cells, np.zeros(len(of_cells)), of_points]) / units


@coefficient
def fleiss_kappa(patterns: UnitPatterns, *, weights: Weights = "unweighted") -> Statistic:
    """How far do assessors agree beyond chance, whoever they were?

    Observed agreement is the mean over units of the agreement of a unit's pairs of ratings; chance agreement that of two ratings
    drawn from all. Any number of assessors, a different set for every candidate, and gaps are allowed: it is the kappa for panels
    drawn from a pool. A unit with one rating counts in the chance term alone.

    Not for severity: an assessor who is always one point lower lowers the coefficient but is not named by it. With most ratings on one
    point it is low however well assessors agree; read it beside `exact_agreement`.

    Parameters
    ----------
    ratings
        The long table: `candidate`, `assessor`, `value`, `rating`. With a column `kind`, independent ratings only.
    scale
        The declared scale, never inferred from the ratings.
    weights
        Credit for ratings that are close: unweighted (none), linear, quadratic.
    confidence, interval, resample, replicates, seed
        The interval: ``bootstrap`` (BCa over candidates where it is defined, otherwise percentile), ``percentile``, ``analytic``
        (Gwet's linearisation, Student's t, by candidate) or ``none``; what is resampled: candidates, assessors, or both.

    Raises
    ------
    UsageError
        A rating is off the scale, or an assessor rated a value of a candidate twice.

    Examples
    --------
    Two assessors agree on two of four candidates, so observed agreement is 0.5. Six of the eight ratings are 1 and two are 2: chance
    agreement is (6/8)² + (2/8)² = 0.625, and kappa is (0.5 - 0.625) / 0.375 = -1/3.

    >>> import pandas as pd
    >>> from standardsetting import Scale
    >>> table = pd.DataFrame({"candidate": [1, 1, 2, 2, 3, 3, 4, 4], "assessor": ["a", "b"] * 4, "value": "v"})
    >>> table["rating"] = [1, 1, 1, 1, 1, 2, 1, 2]
    >>> round(fleiss_kappa(table, scale=Scale(1, 2), interval="none").value, 4)
    -0.3333

    References
    ----------
    Fleiss, J. L. (1971). Measuring nominal scale agreement among many raters. Psychological Bulletin, 76, 378-382.
    """
    return _corrected(patterns, weights, "Fleiss' kappa", fleiss_chance)


@coefficient
def gwet_ac(patterns: UnitPatterns, *, weights: Weights = "unweighted") -> Statistic:
    """How far do assessors agree beyond chance, when most ratings fall on one point? Gwet's AC1, with weights AC2.

    Chance agreement is the sum of the weights over K(K - 1), times the sum of p(1 - p) over the K points of the declared scale: it is small
    when nearly everybody has the same rating, where kappa's is large. Gaps, parameters and errors as in `fleiss_kappa`.

    Examples
    --------
    As in `fleiss_kappa`: observed 0.5; chance 2 * (6/8 * 2/8) = 0.375 for two points; AC1 is 0.125 / 0.625 = 0.2.

    >>> import pandas as pd
    >>> from standardsetting import Scale
    >>> table = pd.DataFrame({"candidate": [1, 1, 2, 2, 3, 3, 4, 4], "assessor": ["a", "b"] * 4, "value": "v"})
    >>> table["rating"] = [1, 1, 1, 1, 1, 2, 1, 2]
    >>> round(gwet_ac(table, scale=Scale(1, 2), interval="none").value, 4)
    0.2

    References
    ----------
    Gwet, K. L. (2008). Computing inter-rater reliability and its variance in the presence of high agreement. British Journal of
    Mathematical and Statistical Psychology, 61, 29-48.
    """
    return _corrected(patterns, weights, "Gwet's AC1" if weights == "unweighted" else "Gwet's AC2", gwet_chance)


@coefficient
def brennan_prediger(patterns: UnitPatterns, *, weights: Weights = "unweighted") -> Statistic:
    """How far do assessors agree beyond guessing evenly among the points of the declared scale?

    Chance agreement is the mean weight, 1/K without weights. It depends on the declared scale alone: with half points declared and whole
    points used it flatters. Gaps, parameters and errors as in `fleiss_kappa`.

    Examples
    --------
    As in `fleiss_kappa`: observed 0.5 and chance 1/2 for two points, so the coefficient is 0.

    >>> import pandas as pd
    >>> from standardsetting import Scale
    >>> table = pd.DataFrame({"candidate": [1, 1, 2, 2, 3, 3, 4, 4], "assessor": ["a", "b"] * 4, "value": "v"})
    >>> table["rating"] = [1, 1, 1, 1, 1, 2, 1, 2]
    >>> brennan_prediger(table, scale=Scale(1, 2), interval="none").value
    0.0

    References
    ----------
    Brennan, R. L. and Prediger, D. J. (1981). Coefficient kappa: some uses, misuses, and alternatives. Educational and Psychological
    Measurement, 41, 687-699.
    """
    return _corrected(patterns, weights, "Brennan-Prediger coefficient", uniform_chance)


def _corrected(patterns: UnitPatterns, weights: str, name: str, chance: Chance) -> ChanceCorrected:
    matrix = agreement_weights(patterns.coded.scale, weights)
    return ChanceCorrected(patterns.coded, name=f"{name}, {weights}", patterns=patterns, weights=matrix, chance=chance)
