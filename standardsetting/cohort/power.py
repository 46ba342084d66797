"""What a comparison of this size could have seen, and how many candidates a clearer answer needs.

A gap counts as seen when the verdict says gap: when the score interval of the impact ratio lies wholly on one side of 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import bdtr, ndtri

from standardsetting.cohort.exact_tests import exact_test
from standardsetting.cohort.intervals import score_statistic
from standardsetting.cohort.verdict import FOUR_FIFTHS
from standardsetting.errors import UsageError
from standardsetting.intervals import Floats, checked_counts, critical_value

CHANCE = 0.8
TAIL = 1e-12


@dataclass(frozen=True)
class Detectable:
    """The impact ratio nearest to 1 that a comparison of this size would show as a gap, four times in five.

    Attributes
    ----------
    ratio
        NaN where no gap, however large, would be shown that often; `note` says why.
    chance, confidence, reference_rate
        What it was computed for: the chance of seeing the gap, the confidence of the interval, the reference group's rate.
    """

    ratio: float
    chance: float
    confidence: float
    reference_rate: float
    note: str = ""


@dataclass(frozen=True)
class CandidatesNeeded:
    """How many candidates in each group would show a given ratio as a gap; None where that cannot be said, and `note` says why."""

    group: int | None
    reference: int | None
    ratio: float
    chance: float
    confidence: float
    note: str = ""


def smallest_detectable_ratio(
    n1: int, n2: int, reference_rate: float, *, confidence: float = 0.95, chance: float = CHANCE, in_favour: bool = False
) -> Detectable:
    """How large must a gap be for a comparison of this size to show it?

    The chance is exact: binomial probabilities of every table, for a true rate of `ratio` times the reference group's. The reference
    group's rate is taken as known; planning with an observed rate is only as good as that rate.

    Parameters
    ----------
    n1, n2
        Candidates of the group and of the reference group.
    reference_rate
        Between 0 and 1.
    chance
        With which the gap is to be seen.
    in_favour
        Look above 1 instead of below.

    Examples
    --------
    >>> round(smallest_detectable_ratio(60, 660, 0.46).ratio, 2)
    0.6
    """
    rate = float(reference_rate)
    checked_counts([0, 0], [n1, n2])

    def unable(note: str) -> Detectable:
        return Detectable(math.nan, chance, confidence, rate, note)

    if not 0 < chance < 1:
        raise UsageError("A chance between 0 and 1 was expected, such as 0.8.")
    if not n1 or not n2:
        return unable("No smallest detectable ratio: a group has no candidates.")
    if not 0 < rate <= 1:
        return unable("No smallest detectable ratio: nobody in the reference group succeeded.")
    limits = _CriticalCounts(int(n1), int(n2), rate, confidence, in_favour)
    none, most = 1.0, 1 / rate if in_favour else 0.0
    if limits.chance(most) < chance:
        side = "above 1, however large" if in_favour else "below 1, however small"
        return unable(f"No impact ratio {side}, would be seen often enough in groups of this size.")
    for _ in range(40):
        middle = (none + most) / 2
        none, most = (none, middle) if limits.chance(middle) >= chance else (middle, most)
    return Detectable(most, chance, confidence, rate)


def candidates_needed(
    reference_rate: float,
    *,
    ratio: float = FOUR_FIFTHS,
    references_a_candidate: float = 1.0,
    confidence: float = 0.95,
    chance: float = CHANCE,
) -> CandidatesNeeded:
    """How many candidates would show a true impact ratio of `ratio`?

    The usual large-sample formula for two rates with unequal groups; the numbers of people it leads to are large enough for it.

    Parameters
    ----------
    reference_rate
        The reference group's rate of success.
    ratio
        The true impact ratio to be seen.
    references_a_candidate
        How many people of the reference group apply for each one of the group.

    References
    ----------
    Fleiss, Levin and Paik (2003), Statistical Methods for Rates and Proportions, 3rd edition, chapter 4; without continuity correction.

    Examples
    --------
    >>> needed = candidates_needed(0.46, references_a_candidate=11)
    >>> needed.group, needed.reference
    (247, 2717)
    """
    p2, k = float(reference_rate), float(references_a_candidate)
    p1 = p2 * ratio
    if not 0 < p2 <= 1 or not 0 <= p1 <= 1 or p1 == p2 or not 0 < k < math.inf:
        note = "The number of candidates needed cannot be worked out from a reference rate of 0, or from an empty group."
        return CandidatesNeeded(None, None, ratio, chance, confidence, note)
    pooled = (p1 + k * p2) / (1 + k)
    one_sided, z = float(ndtri(chance)), critical_value(confidence)
    spread = z * math.sqrt(pooled * (1 - pooled) * (1 + 1 / k)) + one_sided * math.sqrt(p1 * (1 - p1) + p2 * (1 - p2) / k)
    group = math.ceil((spread / (p1 - p2)) ** 2)
    return CandidatesNeeded(group, math.ceil(group * k), ratio, chance, confidence)


def detection_chance(n1: int, n2: int, reference_rate: float, ratio: float, *, confidence: float = 0.95) -> float:
    """The exact chance that a comparison of this size says gap, on the side where the ratio lies (below 1, or above).

    Examples
    --------
    >>> round(detection_chance(60, 660, 0.46, 0.65), 2)
    0.69
    """
    if not n1 or not n2 or not 0 <= reference_rate <= 1 or not 0 <= ratio * reference_rate <= 1:
        raise UsageError("Two groups with candidates and rates between 0 and 1 were expected.")
    return _CriticalCounts(int(n1), int(n2), float(reference_rate), confidence, ratio > 1).chance(ratio)


def simulate_tests(
    sizes: list[tuple[int, int]], *, reference_rate: float, ratios: tuple[float, ...], draws: int, seed: int, level: float = 0.05
) -> pd.DataFrame:
    """How often do the mid-p test and the four-fifths rule raise a flag, when the true impact ratio is known?

    Parameters
    ----------
    sizes
        Candidates of the group and of the reference group, a pair for each row.
    draws
        Random cohorts for each row and ratio.

    Returns
    -------
    DataFrame
        One row a pair and ratio: `n1`, `n2`, `ratio`, `mid_p_flags`, `four_fifths_flags` (shares of cohorts), `draws`, `seed`.

    Examples
    --------
    >>> simulate_tests([(15, 180)], reference_rate=0.46, ratios=(1.0,), draws=200, seed=1)[["n1", "n2", "draws"]]
       n1   n2  draws
    0  15  180    200
    """
    random = np.random.default_rng(seed)
    rows = []
    for n1, n2 in sizes:
        for ratio in ratios:
            tables = np.column_stack([random.binomial(n1, reference_rate * ratio, draws), random.binomial(n2, reference_rate, draws)])
            different, times = np.unique(tables, axis=0, return_counts=True)
            a, c = different.T
            by_test = np.array([exact_test(int(x), n1, int(y), n2).mid_p <= level for x, y in different])
            by_rule = 5 * a * n2 < 4 * c * n1
            rows.append((n1, n2, ratio, times[by_test].sum() / draws, times[by_rule].sum() / draws, draws, seed))
    return pd.DataFrame(rows, columns=["n1", "n2", "ratio", "mid_p_flags", "four_fifths_flags", "draws", "seed"])


class _CriticalCounts:
    """For every number of the reference group's successes: up to (or from) how many of the group's the verdict says gap."""

    def __init__(self, n1: int, n2: int, rate: float, confidence: float, in_favour: bool) -> None:
        self.n1, self.rate, self.in_favour = n1, rate, in_favour
        z = critical_value(confidence)
        # Numbers of successes that hardly ever happen are left out: together they weigh less than 2e-12.
        half = math.sqrt(n2 * math.log(2 / TAIL) / 2)
        c = np.arange(max(0, math.floor(n2 * rate - half)), min(n2, math.ceil(n2 * rate + half)) + 1)
        at_most = bdtr(c.astype(float), n2, rate) if rate < 1 else (c == n2).astype(float)
        self.weight: Floats = np.diff(at_most, prepend=0.0)
        self.weight /= self.weight.sum()
        # Turned round, a gap in favour is one in failures; the statistic at 1 changes its sign only.
        sign = -1 if in_favour else 1
        few, many = np.full(len(c), -1), np.full(len(c), n1 + 1)
        while (many - few > 1).any():
            middle = np.clip((few + many) // 2, 0, n1)
            shown = sign * score_statistic(middle if not in_favour else n1 - middle, n1, c, n2, 1.0) < -z
            open_ = many - few > 1
            few, many = np.where(shown & open_, middle, few), np.where(~shown & open_, middle, many)
        self.critical = few

    def chance(self, ratio: float) -> float:
        p1 = min(max(ratio * self.rate, 0.0), 1.0)
        outcome = 1 - p1 if self.in_favour else p1
        some = self.critical >= 0
        cumulative = np.zeros(len(self.critical))
        if outcome >= 1:
            cumulative[some] = self.critical[some] >= self.n1
        else:
            cumulative[some] = bdtr(self.critical[some].astype(float), self.n1, outcome)
        return float(self.weight @ cumulative)
