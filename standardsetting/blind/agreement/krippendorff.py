"""Krippendorff's alpha: any number of assessors, any gaps, four levels of measurement."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from standardsetting.blind.agreement.coefficient import Level, one_of
from standardsetting.blind.agreement.distances import LEVELS, metric, ordinal_metric
from standardsetting.blind.agreement.estimate import FLAT, Statistic
from standardsetting.blind.agreement.opening import coefficient
from standardsetting.blind.agreement.ratings import CodedRatings
from standardsetting.blind.agreement.resampling import Pieces, Rows
from standardsetting.blind.agreement.unit_patterns import UnitPatterns


@dataclass
class Alpha(Statistic):
    """1 - observed over expected disagreement, from the coincidences of points within units."""

    patterns: UnitPatterns = field(kw_only=True)
    level: str = "ordinal"

    def __post_init__(self) -> None:
        self.paired = self.counted = self.coded.paired
        if self.coded.n_single:
            self.note = f"Units with one rating, left out: {self.coded.n_single}."
        self.distance = None if self.level == "ordinal" else self.patterns.cells(metric(self.coded.scale, self.level))
        if self.level == "ordinal":
            self.no_analytic = "No standard error is published for the ordinal level, whose distances depend on the ratings themselves."

    def rows(self) -> Rows:
        return self.patterns.paired_rows

    def total(self) -> np.ndarray:
        return self.patterns.total

    def pieces(self, *, by_candidate: bool) -> list[Pieces]:
        return UnitPatterns(self.paired).pieces(by_candidate=by_candidate)[:1]

    @property
    def resampled_ratings(self) -> CodedRatings:
        return self.paired

    def evaluate(self, sums: np.ndarray, assessors: np.ndarray | None = None) -> np.ndarray:
        _, coincidences, _ = self.patterns.split(sums)
        marginals = coincidences @ self.patterns.marginal_of_cells
        n = marginals.sum(axis=-1)
        distance = self.patterns.cells(ordinal_metric(marginals)) if self.distance is None else self.distance
        observed = (coincidences * distance).sum(axis=-1)
        first, second = self.patterns.upper
        expected = 2 * (marginals[..., first] * marginals[..., second] * distance).sum(axis=-1)
        constant = marginals.max(axis=-1) >= n * (1 - FLAT)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(constant | (expected <= 0), np.nan, 1 - (n - 1) * observed / expected)

    def influence(self, sums: np.ndarray, value: float) -> np.ndarray | None:
        """Gwet's linearisation for alpha (Handbook of Inter-Rater Reliability, 4th edition, chapter 5), as columns."""
        if self.distance is None:
            return None
        shares, coincidences, _ = self.patterns.split(sums)
        units, n = shares.sum(), coincidences.sum()
        share = self.patterns.marginal_of_cells.T @ coincidences / n
        apart = np.zeros((self.patterns.k, self.patterns.k))
        apart[self.patterns.upper] = self.distance
        to_point = (apart + apart.T) @ share
        observed, expected = coincidences @ self.distance / n, share @ to_point
        ratio = observed / expected
        # Krippendorff's small-sample term 1/n enters where a unit has more or fewer ratings than the average.
        of_cells = (1 - 1 / n) * observed - self.distance + 2 * ratio * (self.patterns.marginal_of_cells @ to_point - expected)
        of_units = np.full(len(of_cells), ratio / n / units)
        return np.concatenate([of_units, of_cells / (expected * n), np.zeros(self.patterns.k)])


@coefficient
def krippendorff_alpha(patterns: UnitPatterns, *, level: Level = "ordinal") -> Statistic:
    """How far do assessors agree beyond chance, at the level of measurement that the ratings have?

    One minus the disagreement within units over the disagreement of all ratings with one another. A unit with one rating is left out
    altogether. Any number of assessors, a different set for every candidate, and gaps are allowed.

    Parameters
    ----------
    ratings
        The long table: `candidate`, `assessor`, `value`, `rating`. With a column `kind`, independent ratings only.
    scale
        The declared scale, never inferred from the ratings.
    level
        nominal (the same or not), ordinal (how many ratings lie between), interval (squared difference), ratio (relative to the sum).
    confidence, interval, resample, replicates, seed
        The interval: ``bootstrap`` (BCa over candidates where it is defined, otherwise percentile), ``percentile``, ``analytic``
        (Gwet's linearisation by candidate, Student's t; not for the ordinal level) or ``none``; what is resampled: candidates,
        assessors, or both.

    Raises
    ------
    UsageError
        A rating is off the scale, an assessor rated a value of a candidate twice, or the ratio level meets a scale below zero.

    Examples
    --------
    Two assessors, ratings (1, 1) and (1, 2). One coincidence of four disagrees on either side: observed 2/4. Of four ratings three are 1:
    expected 2 * 3 * 1 / (4 * 3) = 0.5. Alpha is 1 - 0.5 / 0.5 = 0.

    >>> import pandas as pd
    >>> from standardsetting import Scale
    >>> table = pd.DataFrame({"candidate": [1, 1, 2, 2], "assessor": ["a", "b"] * 2, "value": "v", "rating": [1, 1, 1, 2]})
    >>> krippendorff_alpha(table, scale=Scale(1, 5), level="nominal", interval="none").value
    0.0

    References
    ----------
    Krippendorff, K. (2011). Computing Krippendorff's alpha-reliability. University of Pennsylvania.
    """
    one_of("level", level, LEVELS)
    return Alpha(patterns.coded, name=f"Krippendorff's alpha, {level}", patterns=patterns, level=level)
