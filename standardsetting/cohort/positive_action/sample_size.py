"""How large an effect this cohort could have shown, and how many people the next lottery needs."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from standardsetting.cohort.intervals import newcombe_difference
from standardsetting.cohort.power import candidates_needed
from standardsetting.errors import UsageError

# A trial of a positive-action workshop planned 718 people, 359 in each arm: the size that such a question has taken before.
PLANNED_BEFORE = 718
MOST_A_SIDE = 5_000
_UNSEEN = 1e-10


@dataclass(frozen=True)
class DetectableEffect:
    """The smallest true difference that two sides of this size show, `chance` of the time.

    Attributes
    ----------
    increase, decrease
        In shares, upwards and downwards from the rate without the offer; missing where no difference is large enough, and `note` says so.
    of_attending
        What attending would have to do for the offer to do that: the increase divided by the difference in attendance.
    """

    increase: float
    decrease: float
    of_attending: float
    n_one: int
    n_other: int
    rate_without: float
    chance: float
    confidence: float
    method: str = "exact: binomial chances that Newcombe's interval of the difference leaves out zero"
    note: str = ""


@dataclass(frozen=True)
class SampleSize:
    """How many people a lottery needs to show a difference.

    Attributes
    ----------
    a_side, together
        The smallest size from which on the exact chance is reached; missing (0) where `note` says why.
    by_formula
        What the large-sample formula gives for one side.
    exact_chance
        At `a_side`.
    """

    a_side: int
    together: int
    by_formula: int
    exact_chance: float
    rate_without: float
    difference: float
    chance: float
    confidence: float
    note: str = ""


def chance_to_show(n_one: int, n_other: int, *, rate_one: float, rate_other: float, confidence: float = 0.95) -> float:
    """How often would the interval of the difference leave out zero, on the side where the truth is?

    Exact: every pair of counts with its binomial probability. With equal rates it is the chance of error on either side. People are taken
    as independent of each other; no clustering.

    Examples
    --------
    >>> round(chance_to_show(359, 359, rate_one=0.6, rate_other=0.5), 2)
    0.76
    """
    _check_sizes(n_one, n_other)
    if not (0 <= rate_one <= 1 and 0 <= rate_other <= 1):
        raise UsageError("Rates between 0 and 1 were expected.")
    return _chance(_Shown(n_one, n_other, confidence), rate_one, rate_other)


def detectable_effect(
    n_one: int, n_other: int, *, rate_without: float, uptake_difference: float = 1.0, chance: float = 0.8, confidence: float = 0.95
) -> DetectableEffect:
    """What is the smallest effect of an offer that this cohort could have shown?

    Parameters
    ----------
    n_one, n_other
        People offered a place and not.
    rate_without
        The share meeting the standard without the offer.
    uptake_difference
        Attendance of the offered less that of the others.
    chance
        With which the effect is to be shown.

    Examples
    --------
    >>> found = detectable_effect(359, 359, rate_without=0.5, uptake_difference=0.7)
    >>> round(found.increase, 3), round(found.of_attending, 2)
    (0.104, 0.15)
    """
    _check_sizes(n_one, n_other)
    _check_shares(rate_without, chance, uptake_difference)
    shown = _Shown(n_one, n_other, confidence)
    up, down = (_smallest(shown, rate_without, end, chance) for end in (1.0, 0.0))
    note = "" if math.isfinite(up + down) else "In one direction or both, no difference is large enough for sides of this size."
    attending = up / uptake_difference
    if attending > 1 - rate_without:
        note = f"{note} Attending would have to lift more people over the standard than there are below it.".strip()
    return DetectableEffect(up, down, attending, n_one, n_other, rate_without, chance, confidence, note=note)


def sample_size(
    *, rate_without: float, effect_of_attending: float, uptake_difference: float = 1.0, chance: float = 0.8, confidence: float = 0.95
) -> SampleSize:
    """How many people should the next lottery have, half of them offered a place at once?

    The effect of the offer is that of attending times the difference in attendance. The large-sample formula for two rates starts the
    search; the answer is the smallest size from which the exact chance stays reached over ten sizes on.

    Examples
    --------
    >>> found = sample_size(rate_without=0.5, effect_of_attending=0.15, uptake_difference=0.7)
    >>> found.by_formula, found.a_side, found.together
    (351, 348, 696)
    """
    _check_shares(rate_without, chance, uptake_difference)
    difference = effect_of_attending * uptake_difference
    rate_with = rate_without + difference
    if not difference or not 0 < rate_with < 1 or not 0 < rate_without < 1:
        raise UsageError("An effect other than zero, and rates between 0 and 1 with and without it, were expected.")
    needed = candidates_needed(rate_without, ratio=rate_with / rate_without, chance=chance, confidence=confidence)
    formula = int(needed.group or 0)
    if not 0 < formula <= MOST_A_SIDE:
        note = f"More than {MOST_A_SIDE} people a side: no process of this kind is that large."
        return SampleSize(0, 0, formula, math.nan, rate_without, difference, chance, confidence, note=note)

    def reached(n: int) -> float:
        return _chance(_Shown(n, n, confidence), rate_with, rate_without)

    n = max(2, formula - max(10, formula // 20))
    while n > 2 and reached(n) >= chance:
        n = max(2, n - 10)
    in_a_row = 0
    while in_a_row < 10:
        in_a_row = in_a_row + 1 if reached(n) >= chance else 0
        n += 1
    n -= in_a_row
    return SampleSize(n, 2 * n, formula, reached(n), rate_without, difference, chance, confidence)


class _Shown:
    """For every number of successes of the one side: from (or up to) how many of the other the interval leaves out zero."""

    def __init__(self, n_one: int, n_other: int, confidence: float) -> None:
        self.n_one, self.n_other = n_one, n_other
        a = np.arange(n_one + 1)
        # The interval lies above zero for few successes of the other side, and stops doing so once: found by bisection.
        few, many = np.full(n_one + 1, -1), np.full(n_one + 1, n_other + 1)
        low, high = few.copy(), many.copy()
        while (high - low > 1).any():
            middle = np.clip((low + high) // 2, 0, n_other)
            above = newcombe_difference(a, n_one, middle, n_other, confidence=confidence).low > 0
            open_ = high - low > 1
            low, high = np.where(above & open_, middle, low), np.where(~above & open_, middle, high)
        self.at_most = low
        low, high = few, many
        while (high - low > 1).any():
            middle = np.clip((low + high) // 2, 0, n_other)
            below = newcombe_difference(a, n_one, middle, n_other, confidence=confidence).high < 0
            open_ = high - low > 1
            high, low = np.where(below & open_, middle, high), np.where(~below & open_, middle, low)
        self.at_least = high


def _chance(shown: _Shown, rate_one: float, rate_other: float) -> float:
    from scipy.stats import binom

    mass = binom.pmf(np.arange(shown.n_one + 1), shown.n_one, rate_one)
    above = float(mass @ binom.cdf(shown.at_most, shown.n_other, rate_other))
    below = float(mass @ binom.sf(shown.at_least - 1, shown.n_other, rate_other))
    return above + below if rate_one == rate_other else (above if rate_one > rate_other else below)


def _smallest(shown: _Shown, rate: float, end: float, chance: float) -> float:
    if _chance(shown, end, rate) < chance or end == rate:
        return math.nan
    near, far = rate, end
    while abs(far - near) > _UNSEEN:
        middle = (near + far) / 2
        near, far = (near, middle) if _chance(shown, middle, rate) >= chance else (middle, far)
    return abs(far - rate)


def _check_sizes(n_one: int, n_other: int) -> None:
    if not (1 <= n_one <= MOST_A_SIDE and 1 <= n_other <= MOST_A_SIDE):
        raise UsageError(f"Between 1 and {MOST_A_SIDE} people on each side were expected.")


def _check_shares(rate: float, chance: float, uptake: float) -> None:
    if not 0 <= rate <= 1 or not 0 < chance < 1 or not 0 < uptake <= 1:
        raise UsageError("A rate between 0 and 1, and a chance and a difference in attendance above 0, were expected.")
