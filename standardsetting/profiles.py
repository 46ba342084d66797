"""The lattice of possible value profiles: enumerate, count, and say what a cut can and cannot do.

For four values from 1 to 5 with hurdles of 3 there are 625 profiles; 81 meet the hurdles, 15 if the order of the values does not
matter, with totals from 12 to 20.
"""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass
from fractions import Fraction

import pandas as pd

from standardsetting.errors import UsageError
from standardsetting.rule import DecisionRule
from standardsetting.scale import Number, Scale, as_fraction, plain

# Ten values on a nine-point scale would be 3.5 billion rows: refuse before the machine does. Counting has no such limit.
_MOST_PROFILES = 2_000_000


def enumerate_profiles(scale: Scale, n_values: int, *, ordered: bool = True) -> pd.DataFrame:
    """Every profile of value scores that the scale allows, lowest first, one row each.

    Parameters
    ----------
    scale
        The declared scale of every value.
    n_values
        How many values a profile has.
    ordered
        True: which value has which score matters (5^4 = 625 for the first process). False: only which scores occur,
        written from high to low (70 for the first process).

    Examples
    --------
    >>> len(enumerate_profiles(Scale(1, 5), 4)), len(enumerate_profiles(Scale(3, 5), 4, ordered=False))
    (625, 15)
    """
    if n_values < 1:
        raise UsageError("A profile needs at least one value.")
    if ordered and len(scale) ** n_values > _MOST_PROFILES:
        raise UsageError("There are too many profiles to list; count them instead with count_meeting.")
    points = [float(point) for point in scale.points]
    if ordered:
        rows = list(itertools.product(points, repeat=n_values))
    else:
        rows = [row[::-1] for row in itertools.combinations_with_replacement(points, n_values)]
    return pd.DataFrame(rows, columns=[f"value {i}" for i in range(1, n_values + 1)])


def profiles_by_total(rule: DecisionRule, scale: Scale | None = None, *, hurdles: bool = True) -> dict[Fraction, int]:
    """How many profiles have each total; with `hurdles`, only those that meet every hurdle.

    Examples
    --------
    >>> rule = DecisionRule([3, 3, 3, 3], scale=Scale(1, 5))
    >>> [count for total, count in profiles_by_total(rule).items()]
    [1, 4, 10, 16, 19, 16, 10, 4, 1]
    """
    by_total: Counter[Fraction] = Counter({Fraction(0): 1})
    for value in rule.values:
        step: Counter[Fraction] = Counter()
        for total, count in by_total.items():
            for point in rule.points_of(value, scale):
                if not hurdles or point >= rule.hurdles[value]:
                    step[total + rule.weights[value] * point] += count
        by_total = step
    return dict(sorted(by_total.items()))


def count_meeting(rule: DecisionRule, scale: Scale | None = None, *, hurdles: bool = True) -> int:
    """How many of the possible profiles meet the rule (or, without `hurdles`, its cut alone).

    Examples
    --------
    >>> rule = DecisionRule([3, 3, 3, 3], cut=14, scale=Scale(1, 5))
    >>> count_meeting(rule), count_meeting(rule, hurdles=False)
    (76, 190)
    """
    totals = profiles_by_total(rule, scale, hurdles=hurdles)
    return sum(count for total, count in totals.items() if rule.cut is None or total >= rule.cut)


def possible_totals(rule: DecisionRule, scale: Scale | None = None) -> tuple[Fraction, ...]:
    """Every total that some profile has, lowest first."""
    return tuple(profiles_by_total(rule, scale, hurdles=False))


@dataclass(frozen=True)
class CutMeaning:
    """What a cut does beside the hurdles. `kind` is one of: vacuous, both decide, hurdles redundant, impossible."""

    cut: Fraction
    kind: str
    sentence: str


def cut_meaning(rule: DecisionRule, cut: Number, scale: Scale | None = None) -> CutMeaning:
    """Which part of the rule decides at a cut: the hurdles alone, both, the total alone, or nobody can meet it.

    Examples
    --------
    >>> rule = DecisionRule([3, 3, 3, 3], scale=Scale(1, 5))
    >>> [cut_meaning(rule, cut).kind for cut in (12, 13, 17, 18, 21)]
    ['vacuous', 'both decide', 'both decide', 'hurdles redundant', 'impossible']
    """
    exact = as_fraction(cut)
    points = {v: rule.points_of(v, scale) for v in rule.values}
    highest = sum((rule.weights[v] * points[v][-1] for v in rule.values), Fraction(0))
    below = {v: [p for p in points[v] if p < rule.hurdles[v]] for v in rule.values}
    one_missed = [highest - rule.weights[v] * (points[v][-1] - missed[-1]) for v, missed in below.items() if missed]
    best_with_a_miss = max(one_missed, default=None)
    number = plain(exact)
    if exact > highest:
        return CutMeaning(exact, "impossible", f"A total of {number} cannot be reached: the highest possible is {plain(highest)}.")
    if exact <= rule.sum_of_hurdles:
        sentence = (
            f"A cut of {number} changes nothing: everybody who meets every hurdle has at least {plain(rule.sum_of_hurdles)}, "
            "so the hurdles alone decide."
        )
        return CutMeaning(exact, "vacuous", sentence)
    if best_with_a_miss is None or exact > best_with_a_miss:
        sentence = f"At a cut of {number} the hurdles change nothing: "
        sentence += (
            "no score on the scale misses one."
            if best_with_a_miss is None
            else f"one missed hurdle leaves a total of at most {plain(best_with_a_miss)}, so the total alone decides."
        )
        return CutMeaning(exact, "hurdles redundant", sentence)
    sentence = f"At a cut of {number} both parts of the rule decide: some profiles miss only a hurdle, others only the total."
    return CutMeaning(exact, "both decide", sentence)
