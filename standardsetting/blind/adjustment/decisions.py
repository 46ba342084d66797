"""Who meets the whole rule, for scores that lie on the possible points and for those that do not, at every cut at once."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from standardsetting.profiles import possible_totals
from standardsetting.rule import DecisionRule


@dataclass(frozen=True)
class Lines:
    """Where the hurdles and the cuts lie between possible scores: half way from the least score that meets to the next below.

    For a score that the process can give, comparing with such a line is the rule itself. A score between those points (a true score, or an
    adjusted one) meets where the nearest score that the process can give does: an agreed 3 stands for anything nearer to 3 than to 2.

    Attributes
    ----------
    hurdles, weights
        One entry a value.
    totals
        One entry a cut, lowest first.

    Examples
    --------
    >>> from standardsetting import DecisionRule, Scale
    >>> lines = Lines.of(DecisionRule([3, 3], scale=Scale(1, 5)), [6, 7])
    >>> lines.hurdles.tolist(), lines.totals.tolist()
    ([2.5, 2.5], [5.5, 6.5])
    >>> lines.cuts_met(np.array([[3.0, 3.0], [4.0, 3.0], [5.0, 2.0], [2.6, 4.2]])).tolist()
    [1, 2, 0, 2]
    """

    hurdles: np.ndarray
    weights: np.ndarray
    totals: np.ndarray

    @classmethod
    def of(cls, rule: DecisionRule, cuts: Sequence[Fraction | int]) -> Lines:
        """The lines of a rule with its scale, at these cuts."""
        possible = possible_totals(rule)
        return cls(
            np.array([_line(rule.points_of(v), rule.hurdles[v]) for v in rule.values]),
            np.array([float(rule.weights[v]) for v in rule.values]),
            np.array([_line(possible, cut) for cut in cuts]),
        )

    def cuts_met(self, value_scores: np.ndarray) -> np.ndarray:
        """For each candidate how many of the cuts, from the lowest, are met with every hurdle; 0 where a hurdle is missed."""
        met = np.searchsorted(self.totals, value_scores @ self.weights, side="right")
        met[(value_scores < self.hurdles).any(axis=1)] = 0
        return met

    def only_in_the_first(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """At each cut, how many meet the rule by the first `cuts_met` and not by the second."""
        more = first > second
        n = len(self.totals) + 1
        return np.cumsum(np.bincount(second[more], minlength=n) - np.bincount(first[more], minlength=n))[:-1]


def _line(points: Sequence[Fraction], needed: Fraction | int) -> float:
    at = bisect.bisect_left(points, needed)
    if at == 0:
        return float("-inf")
    return float((points[at - 1] + points[at]) / 2) if at < len(points) else float("inf")
