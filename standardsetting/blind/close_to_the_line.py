"""Close to the line: who reached the total and missed one hurdle by one step, and the mirror image, who met every hurdle one total short.

Both groups are one step of one score away from the other decision. They are reviewed blind, and both ways, or not at all.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from standardsetting.blind.options import possible_cuts
from standardsetting.blind.profile_counts import profile_text, value_table
from standardsetting.blind.scores import BlindScores
from standardsetting.errors import UsageError
from standardsetting.rule import MET, DecisionRule
from standardsetting.scale import Number, as_fraction

MISSED_ONE_HURDLE, ONE_SHORT = "missed one hurdle", "one total short"


@dataclass(frozen=True)
class CloseToTheLine:
    """Who is one step from the other decision.

    Attributes
    ----------
    by_cut
        One row a cut: `cut`, `missed_one_hurdle`, `one_total_short`, as numbers of candidates.
    patterns
        One row a cut and value: `cut`, `value`, `candidates` who reached the cut and missed only that value's hurdle, by one step.
    candidates
        One row a candidate, by blind code: `candidate`, `side`, `value` (the hurdle missed), `profile`, `total`. On the side "missed one
        hurdle", a candidate counts at every cut up to the total; on the side "one total short", at the next cut above it.
    """

    by_cut: pd.DataFrame
    patterns: pd.DataFrame
    candidates: pd.DataFrame


def close_to_the_line(
    scores: BlindScores | pd.DataFrame, rule: DecisionRule | None = None, *, cuts: Sequence[Number] | None = None
) -> CloseToTheLine:
    """Who is one step from the other decision at each cut?

    A hurdle is missed by one step where the score lies below it by no more than one step of the ratings' scale. A total is one short where
    it reaches the cut below and not the cut itself.

    Examples
    --------
    >>> from standardsetting import DecisionRule, Scale
    >>> rule = DecisionRule([3, 3], scale=Scale(1, 5))
    >>> table = pd.DataFrame({"value 1": [3, 4, 5, 5], "value 2": [4, 3, 2, 1]})
    >>> close_to_the_line(table, rule, cuts=[6, 7, 8]).by_cut
       cut  missed_one_hurdle  one_total_short
    0  6.0                  1                0
    1  7.0                  1                0
    2  8.0                  0                2
    """
    if rule is None and isinstance(scores, BlindScores):
        rule = scores.rule
    if rule is None or rule.scale is None:
        raise UsageError("A rule with its scale was expected: one step is a step of the declared scale.")
    scale, rule = rule.scale, rule.at(None)
    step = scores.process.scale.step if isinstance(scores, BlindScores) else scale.step
    wide = value_table(scores, rule)
    decided = rule.decide(wide)
    # The same rule with every hurdle one step lower: whoever meets it with exactly one real hurdle missed has missed it by one step.
    lower = {value: max(hurdle - step, scale.minimum) for value, hurdle in rule.hurdles.items()}
    within = DecisionRule(lower, weights=rule.weights, scale=scale).decide(wide)["status"] == MET
    missed = np.column_stack([_misses(rule, wide, value) for value in rule.values])
    one_missed = within.to_numpy() & (missed.sum(axis=1) == 1)
    met = (decided["status"] == MET).to_numpy()

    people = _people(wide, decided["total"], one_missed, met, missed, rule)
    grid = sorted(as_fraction(cut) for cut in cuts) if cuts is not None else list(possible_cuts(scores, rule)[0])
    exact = [float(cut) for cut in grid]
    missers, meeters = people[people["side"] == MISSED_ONE_HURDLE], people[people["side"] == ONE_SHORT]
    alone = {value: missers.loc[missers["value"] == value, "total"] for value in rule.values}
    patterns = [(cut, value, int((totals >= cut).sum())) for cut in exact for value, totals in alone.items()]
    by_cut = pd.DataFrame({"cut": exact, "missed_one_hurdle": [int((missers["total"] >= cut).sum()) for cut in exact]})
    short = [int(((meeters["total"] >= below) & (meeters["total"] < cut)).sum()) for below, cut in itertools.pairwise(exact)]
    by_cut["one_total_short"] = [0, *short][: len(exact)]
    return CloseToTheLine(by_cut, pd.DataFrame(patterns, columns=["cut", "value", "candidates"]), people)


def _misses(rule: DecisionRule, wide: pd.DataFrame, value: str) -> np.ndarray:
    """Who misses the hurdle of one value: the rule's own answer, with that hurdle alone."""
    alone = DecisionRule({value: rule.hurdles[value]}, scale=rule.scale).decide(wide)
    return (alone["reason"] == "hurdle").to_numpy()


def _people(
    wide: pd.DataFrame, totals: pd.Series, one_missed: np.ndarray, met: np.ndarray, missed: np.ndarray, rule: DecisionRule
) -> pd.DataFrame:
    close = one_missed | met
    scores = wide.to_numpy(dtype=float, na_value=np.nan)[close]
    distinct, where = np.unique(scores, axis=0, return_inverse=True) if len(scores) else (scores, np.empty(0, dtype=int))
    texts = np.array([profile_text(row) for row in distinct], dtype=object)
    names = np.array(rule.values, dtype=object)
    table = pd.DataFrame(
        {
            "candidate": wide.index[close],
            "side": np.where(one_missed[close], MISSED_ONE_HURDLE, ONE_SHORT),
            "value": np.where(one_missed[close], names[missed[close].argmax(axis=1)], ""),
            "profile": texts[where.ravel()] if len(texts) else texts,
            "total": totals.to_numpy()[close],
        }
    )
    return table.sort_values(["side", "total", "candidate"], ascending=[True, False, True], ignore_index=True)
