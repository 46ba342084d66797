"""Agreement about one performance: r_wg, r*_wg and the average deviation, where no other candidates are needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from standardsetting.blind.agreement.coefficient import Options, one_of
from standardsetting.blind.agreement.estimate import Statistic
from standardsetting.blind.agreement.opening import coefficient
from standardsetting.blind.agreement.performances import null_variance, unit_variance
from standardsetting.blind.agreement.resampling import Rows, drawn
from standardsetting.blind.agreement.unit_patterns import UnitPatterns

# From counts by point, and the sum of squared weights of a unit's ratings, to the unit's index.
Index = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass
class UnitMean(Statistic):
    """The mean over units of an index of each unit's ratings."""

    index: Index = field(kw_only=True)
    patterns: UnitPatterns = field(kw_only=True)

    def __post_init__(self) -> None:
        if self.coded.n_single:
            self.note = f"Units with one rating, left out: {self.coded.n_single}."
        self.counted = self.coded.paired

    def rows(self) -> Rows:
        counts = self.patterns.counts.astype(float)
        size = counts.sum(axis=1)
        index = np.where(size > 1, self.index(counts, size), 0)
        sums = self.patterns.of_candidates(np.column_stack([index, size > 1]))
        distinct, multiplicity = np.unique(np.round(sums[sums[:, 1] > 0], 12), axis=0, return_counts=True)
        return Rows(distinct, multiplicity)

    def total(self) -> np.ndarray:
        counts, units = self.patterns.counts.astype(float), self.patterns.units_of_type
        size = counts.sum(axis=1)
        index = np.where(size > 1, self.index(counts, size), 0)
        return np.array([[units @ index, units @ (size > 1)]], dtype=float)

    def evaluate(self, sums: np.ndarray, assessors: np.ndarray | None = None) -> np.ndarray:
        with np.errstate(invalid="ignore", divide="ignore"):
            return sums[..., 0] / sums[..., 1]

    def two_way_values(self, options: Options) -> np.ndarray:
        """Each resample's assessors give every unit a new index; a unit left without two different assessors drops out."""
        generator, coded = np.random.default_rng(options.seed), self.coded.paired
        units, unit = np.unique(coded.unit, return_inverse=True)
        _, candidate = np.unique(units // coded.slots, return_inverse=True)
        k, people = len(coded.scale), np.ones(len(coded.assessors_present), dtype=int)
        values = np.empty(options.replicates)
        for replicate in range(options.replicates):
            weights = drawn(generator, people, 1)[0][coded.place]
            counts = np.bincount(unit * k + coded.point, weights=weights, minlength=len(units) * k).reshape(-1, k)
            index = self.index(counts, np.bincount(unit, weights=weights**2))
            often = np.ones(len(index))
            if options.resample == "both":
                often = drawn(generator, np.ones(int(candidate.max()) + 1, dtype=int), 1)[0][candidate]
            known = ~np.isnan(index)
            total = often[known].sum()
            values[replicate] = index[known] @ often[known] / total if total else np.nan
        return values


@coefficient
def r_wg(patterns: UnitPatterns, *, null: str | Sequence[float] = "uniform", negative: str = "zero") -> Statistic:
    """How little do assessors of the same performance differ, against ratings without any agreement? The mean r_wg over units.

    For a unit 1 - s² / σ², s² the variance of its ratings (n - 1) and σ² that of the null. It needs no variation between candidates: it is
    the index for one benchmark video. The uniform null flatters, because nobody rates uniformly; give a second null beside it. With
    ``null="maximum dissensus"`` it is r*_wg.

    Parameters
    ----------
    ratings
        The long table: `candidate`, `assessor`, `value`, `rating`. With a column `kind`, independent ratings only.
    scale
        The declared scale, never inferred from the ratings.
    null
        uniform, triangular, maximum dissensus, or the probability of each point: see `null_variance`.
    negative
        What becomes of a unit with more spread than the null: ``zero`` (James, Demaree and Wolf) or ``keep``.
    confidence, interval, resample, replicates, seed
        The interval; for a single performance resample assessors.

    Examples
    --------
    Three assessors give 3, 4 and 5: variance 1, against 2 for five points as likely: 0.5.

    >>> import pandas as pd
    >>> from standardsetting import Scale
    >>> table = pd.DataFrame({"candidate": 1, "assessor": ["a", "b", "c"], "value": "v", "rating": [3, 4, 5]})
    >>> r_wg(table, scale=Scale(1, 5), interval="none").value
    0.5

    References
    ----------
    James, L. R., Demaree, R. G. and Wolf, G. (1984). Estimating within-group interrater reliability with and without response bias. Journal
    of Applied Psychology, 69, 85-98. LeBreton, J. M. and Senter, J. L. (2008). Answers to 20 questions about interrater reliability and
    interrater agreement. Organizational Research Methods, 11, 815-852.
    """
    one_of("negative", negative, ("zero", "keep"))
    expected, points = null_variance(patterns.coded.scale, null), patterns.coded.points

    def index(counts: np.ndarray, squares: np.ndarray) -> np.ndarray:
        each = 1 - unit_variance(counts, squares, points) / expected
        return np.maximum(each, 0) if negative == "zero" else each

    name = "r*_wg" if null == "maximum dissensus" else f"r_wg, {null if isinstance(null, str) else 'declared'} null"
    return UnitMean(patterns.coded, name=name, index=index, patterns=patterns, no_analytic="No standard error is used for r_wg.")


@coefficient
def average_deviation(patterns: UnitPatterns) -> Statistic:
    """How many points are assessors of the same performance from their own mean? AD_M, the mean over units; 0 is perfect.

    In points of the scale; a common practical limit is K/6 for K points (0.83 for five). Parameters as in `r_wg`.

    Examples
    --------
    >>> import pandas as pd
    >>> from standardsetting import Scale
    >>> table = pd.DataFrame({"candidate": 1, "assessor": ["a", "b", "c"], "value": "v", "rating": [3, 4, 5]})
    >>> round(average_deviation(table, scale=Scale(1, 5), interval="none").value, 4)
    0.6667

    References
    ----------
    Burke, M. J. and Dunlap, W. P. (2002). Estimating interrater agreement with the average deviation index. Organizational Research
    Methods, 5, 159-172.
    """
    points = patterns.coded.points

    def index(counts: np.ndarray, squares: np.ndarray) -> np.ndarray:
        total = counts.sum(axis=-1)
        with np.errstate(invalid="ignore", divide="ignore"):
            apart = np.abs(points - (counts @ points / total)[:, None])
            return np.where(total**2 > squares, (counts * apart).sum(axis=-1) / total, np.nan)

    return UnitMean(
        patterns.coded,
        name="average deviation from the mean",
        index=index,
        patterns=patterns,
        no_analytic="No standard error is used for it.",
    )
