"""The decision rule in exact arithmetic. One function, `DecisionRule.decide`, says who meets the standard, everywhere.

A candidate meets the rule when every value score is at or above its hurdle and the weighted total is at or above the cut. Scores
become integers on a common grid before anything is compared, so two candidates with the same scores never part.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
import pandas as pd

from standardsetting.errors import UsageError
from standardsetting.scale import Number, Scale, as_fraction, plain

MET, NOT_MET, INCOMPLETE = "met", "not met", "incomplete"
REASONS = ("none", "hurdle", "total", "both")

_INT64_ROOM = 2**62


@dataclass(frozen=True)
class DecisionRule:
    """Hurdles on the values and a cut on the weighted total, both inclusive.

    Parameters
    ----------
    hurdles
        The least score each value needs: a mapping from the value's name, or a sequence for values named by position
        (``value 1``, ``value 2`` and so on).
    cut
        The least total needed, or None while no standard is set: then only the hurdles decide.
    weights
        The weight of each value in the total; 1 where not given.
    scale
        The declared scale of the value scores. With it the rule knows which totals are possible and refuses scores that
        lie outside.
    points
        The scores that a value can have, for values whose scores are not simply the points of the scale: means of two ratings have half
        points, agreed scores have none.

    Examples
    --------
    >>> rule = DecisionRule({"courage": 3, "integrity": 3}, cut=7, scale=Scale(1, 5))
    >>> scores = pd.DataFrame({"courage": [4, 5, 3, 3], "integrity": [3, 2, 3, None]})
    >>> rule.decide(scores)[["total", "status", "reason"]]
       total      status  reason
    0    7.0         met    none
    1    7.0     not met  hurdle
    2    6.0     not met   total
    3    NaN  incomplete    none
    """

    hurdles: Mapping[str, Fraction]
    cut: Fraction | None
    weights: Mapping[str, Fraction]
    scale: Scale | None = None
    points: Mapping[str, tuple[Fraction, ...]] = field(default_factory=dict)

    def __init__(
        self,
        hurdles: Mapping[str, Number] | Sequence[Number],
        cut: Number | None = None,
        *,
        weights: Mapping[str, Number] | None = None,
        scale: Scale | None = None,
        points: Mapping[str, Sequence[Number]] | None = None,
    ) -> None:
        if not isinstance(hurdles, Mapping):
            hurdles = {f"value {position}": hurdle for position, hurdle in enumerate(hurdles, start=1)}
        if not hurdles:
            raise UsageError("A decision rule needs at least one value.")
        exact_hurdles = {name: as_fraction(hurdle) for name, hurdle in hurdles.items()}
        unknown = set(weights or {}) - set(exact_hurdles)
        if unknown:
            raise UsageError(f"Weights were given for {len(unknown)} names that are not values of the rule.")
        exact_weights = {name: as_fraction((weights or {}).get(name, 1)) for name in exact_hurdles}
        if any(weight <= 0 for weight in exact_weights.values()):
            raise UsageError("Every value needs a weight above zero: a value without weight belongs in a hurdle of its own.")
        if scale is not None and any(not scale.minimum <= hurdle <= scale.maximum for hurdle in exact_hurdles.values()):
            raise UsageError(f"A hurdle lies outside the scale of {plain(scale.minimum)} to {plain(scale.maximum)}.")
        object.__setattr__(self, "hurdles", exact_hurdles)
        object.__setattr__(self, "cut", None if cut is None else as_fraction(cut))
        object.__setattr__(self, "weights", exact_weights)
        object.__setattr__(self, "scale", scale)
        exact_points = {name: tuple(sorted({as_fraction(point) for point in each})) for name, each in (points or {}).items()}
        object.__setattr__(self, "points", exact_points)

    def __hash__(self) -> int:
        return hash((tuple(self.hurdles.items()), self.cut, tuple(self.weights.items()), self.scale, tuple(self.points.items())))

    @property
    def values(self) -> tuple[str, ...]:
        """The names of the values, in the order of the definition."""
        return tuple(self.hurdles)

    @property
    def sum_of_hurdles(self) -> Fraction:
        """The total of a candidate who is exactly at the hurdle on every value."""
        return sum((self.weights[v] * self.hurdles[v] for v in self.values), Fraction(0))

    def at(self, cut: Number | None) -> DecisionRule:
        """The same rule with another cut."""
        return DecisionRule(self.hurdles, cut, weights=self.weights, scale=self.scale, points=self.points)

    def points_of(self, value: str, scale: Scale | None = None) -> tuple[Fraction, ...]:
        """Every score that a value can have, lowest first: its own points, else those of the scale."""
        chosen = scale or self.scale
        if scale is None and value in self.points:
            return self.points[value]
        if chosen is None:
            raise UsageError("The rule has no scale: give it one, so that the possible scores are declared and not inferred.")
        return chosen.points

    def decide(self, value_scores: pd.DataFrame) -> pd.DataFrame:
        """Who meets the rule, and for those who do not, why.

        Parameters
        ----------
        value_scores
            One row a candidate and one column a value (other columns, such as `candidate`, are ignored); or a long table with
            the columns `candidate`, `value` and `rating` (or `score`). A missing score makes the candidate incomplete.

        Returns
        -------
        DataFrame
            In the order given, with the same index (for a long table: the candidate). `total`, missing for the incomplete;
            `status`: met, not met or incomplete; `reason`: hurdle, total, both, or none.

        Raises
        ------
        UsageError
            A value has no column; a candidate has two scores on one value; a score is no number or lies outside the scale.
        """
        wide = wide_scores(value_scores, self.values)
        points, per_point, missing = _on_grid(wide, self)
        whole_weights, per_weight = _whole(self.weights.values())
        widest = int(np.abs(points).max(initial=0)) * sum(whole_weights)
        grid: type = np.int64 if widest < _INT64_ROOM else object
        totals: np.ndarray = points.astype(grid) @ np.array(whole_weights, dtype=grid)

        hurdle_points = np.array([int(h * per_point) for h in self.hurdles.values()], dtype=points.dtype)
        misses_hurdle = (points < hurdle_points).any(axis=1)
        misses_total = np.zeros(len(wide), dtype=bool)
        if self.cut is not None:
            # total / (per_point * per_weight) < cut, with the cut multiplied out: an integer at or above its own ceiling.
            misses_total = np.asarray(totals < math.ceil(self.cut * per_point * per_weight), dtype=bool)

        complete = ~missing.any(axis=1)
        code = np.where(complete, misses_hurdle + 2 * misses_total, 0)
        total = np.where(complete, (totals / (per_point * per_weight)).astype(float), np.nan)
        status = np.where(complete, np.where(code == 0, MET, NOT_MET), INCOMPLETE)
        return pd.DataFrame(
            {
                "total": total,
                "status": pd.Categorical(status, categories=[MET, NOT_MET, INCOMPLETE]),
                "reason": pd.Categorical(np.array(REASONS)[code], categories=list(REASONS)),
            },
            index=wide.index,
        )


def wide_scores(value_scores: pd.DataFrame, values: Sequence[str]) -> pd.DataFrame:
    """One row a candidate and one column a value, in the rule's order, from a wide or a long table of value scores."""
    if {"candidate", "value"} <= set(value_scores.columns):
        score = "rating" if "rating" in value_scores.columns else "score"
        if value_scores.duplicated(["candidate", "value"]).any():
            twice = int(value_scores.duplicated(["candidate", "value"]).sum())
            raise UsageError(f"One score a candidate and value was expected; {twice} rows repeat one.")
        value_scores = value_scores.pivot(index="candidate", columns="value", values=score)
    lacking = [v for v in values if v not in value_scores.columns]
    if lacking:
        raise UsageError(f"The table of value scores lacks a column for {len(lacking)} of {len(values)} values of the rule.")
    return value_scores[list(values)]


def _on_grid(wide: pd.DataFrame, rule: DecisionRule) -> tuple[np.ndarray, int, np.ndarray]:
    """Scores as integers, how many of them make one point, and which scores are missing (0 there, never read)."""
    try:
        numbers = wide.to_numpy(dtype=float, na_value=np.nan)
    except (TypeError, ValueError):
        raise UsageError("Value scores must be numbers; text was found.") from None
    missing = np.isnan(numbers)
    distinct, where = np.unique(numbers[~missing], return_inverse=True)
    exact = [as_fraction(float(number)) for number in distinct]
    if rule.scale is not None and any(not rule.scale.minimum <= score <= rule.scale.maximum for score in exact):
        low, high = plain(rule.scale.minimum), plain(rule.scale.maximum)
        outside = int(((numbers < float(rule.scale.minimum)) | (numbers > float(rule.scale.maximum))).sum())
        raise UsageError(f"Value scores from {low} to {high} were expected; {outside} lie outside.")
    whole, per_point = _whole([*exact, *rule.hurdles.values()])
    large = any(abs(number) >= _INT64_ROOM for number in whole)
    points = np.zeros(numbers.shape, dtype=object if large else np.int64)
    if exact:
        points[~missing] = np.array(whole[: len(exact)], dtype=points.dtype)[where]
    return points, per_point, missing


def _whole(numbers: Iterable[Fraction]) -> tuple[list[int], int]:
    """Fractions as integers over one common denominator."""
    fractions = list(numbers)
    common = math.lcm(*(f.denominator for f in fractions))
    return [int(f * common) for f in fractions], common
