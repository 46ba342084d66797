"""Close to the line: whose outcome one score, raised by one rating step, would change. On both sides, the hurdles' and the total's.

A step is a step of the ratings' scale, however fine the grid of the value scores or of the cuts is, and in the total it counts with the
value's weight. Both groups are reviewed blind, and both ways, or not at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pandas as pd

from standardsetting.blind.options import possible_cuts
from standardsetting.blind.profile_counts import profile_text, value_table
from standardsetting.blind.scores import BlindScores
from standardsetting.errors import UsageError
from standardsetting.rule import MET, DecisionRule
from standardsetting.scale import Number, as_fraction

MISSED_ONE_HURDLE, ONE_STEP_SHORT = "missed one hurdle", "one step short"


@dataclass(frozen=True)
class CloseToTheLine:
    """Who is one rating step of one score from the other outcome.

    Attributes
    ----------
    by_cut
        One row a cut: `cut`, `missed_one_hurdle`, `one_step_short`, as numbers of candidates.
    patterns
        One row a cut and value: `cut`, `value`, `candidates` who reached the cut and missed only that value's hurdle, by at most one step.
    candidates
        One row a candidate, by blind code: `candidate`, `side`, `value` (the hurdle missed), `profile`, `total`, `up_to`. On the side
        "missed one hurdle", a candidate counts at every cut up to the total. On the side "one step short", at every cut above the total
        up to `up_to`, the highest total that one raised score leads to; there everybody who met every hurdle has a row.
    """

    by_cut: pd.DataFrame
    patterns: pd.DataFrame
    candidates: pd.DataFrame


def close_to_the_line(
    scores: BlindScores | pd.DataFrame,
    rule: DecisionRule | None = None,
    *,
    cuts: Sequence[Number] | None = None,
    step: Number | None = None,
) -> CloseToTheLine:
    """Whose outcome would change at each cut if one of their value scores were one rating step higher?

    On one side are those who reach the cut and miss exactly one hurdle, by at most one step. On the other are those who meet every hurdle,
    lie below the cut, and would reach it with one score raised by one step (never above the scale's maximum). Who misses both a hurdle
    and the total is on neither side.

    Parameters
    ----------
    scores, rule, cuts
        As for `options.options`; the rule with its scale.
    step
        One rating step. By default the step of the process's ratings, and for a table of value scores the step of the rule's scale.

    Examples
    --------
    >>> from standardsetting import DecisionRule, Scale
    >>> rule = DecisionRule([3, 3], scale=Scale(1, 5))
    >>> table = pd.DataFrame({"value 1": [3, 4, 5, 5], "value 2": [4, 3, 2, 1]})
    >>> close_to_the_line(table, rule, cuts=[6, 7, 8]).by_cut
       cut  missed_one_hurdle  one_step_short
    0  6.0                  1               0
    1  7.0                  1               0
    2  8.0                  0               2
    """
    if rule is None and isinstance(scores, BlindScores):
        rule = scores.rule
    if rule is None or rule.scale is None:
        raise UsageError("A rule with its scale was expected: one step is a step of the declared scale.")
    # Of the ratings, and not of the finer points that means of several ratings lie on.
    declared = scores.process.scale.step if isinstance(scores, BlindScores) else rule.scale.step
    rating_step = declared if step is None else as_fraction(step)
    maximum, rule = rule.scale.maximum, rule.at(None)
    wide = value_table(scores, rule)
    people = _people(wide, rule, rating_step, maximum)

    grid = sorted(as_fraction(cut) for cut in cuts) if cuts is not None else list(possible_cuts(scores, rule)[0])
    exact = [float(cut) for cut in grid]
    missers, meeters = people[people["side"] == MISSED_ONE_HURDLE], people[people["side"] == ONE_STEP_SHORT]
    alone = {value: _counted(missers[missers["value"] == value]) for value in rule.values}
    patterns = [(float(cut), value, _between(spans, cut, below=False)) for cut in grid for value, spans in alone.items()]
    every, short = _counted(missers), _counted(meeters)
    by_cut = pd.DataFrame(
        {
            "cut": exact,
            "missed_one_hurdle": [_between(every, cut, below=False) for cut in grid],
            "one_step_short": [_between(short, cut, below=True) for cut in grid],
        }
    )
    return CloseToTheLine(by_cut, pd.DataFrame(patterns, columns=["cut", "value", "candidates"]), people)


def _people(wide: pd.DataFrame, rule: DecisionRule, step: Fraction, maximum: Fraction) -> pd.DataFrame:
    """Everybody who met every hurdle or would with one score raised: asked of the rule itself, once for each score that can be raised."""
    numbers = wide.to_numpy(dtype=float, na_value=np.nan)
    complete = ~np.isnan(numbers).any(axis=1)
    rows, where = np.unique(numbers[complete], axis=0, return_inverse=True)
    distinct = pd.DataFrame(rows, columns=list(rule.values))
    decided = rule.decide(distinct)
    met = (decided["status"] == MET).to_numpy()
    mended, up_to = np.full(len(distinct), "", dtype=object), decided["total"].to_numpy(copy=True)
    for value in rule.values:
        raised = rule.decide(distinct.assign(**{value: _raised(distinct[value], step, maximum)}))
        mended[~met & (raised["status"] == MET).to_numpy()] = value
        up_to = np.where(met, np.maximum(up_to, raised["total"].to_numpy()), up_to)
    table = pd.DataFrame(
        {
            "side": np.where(met, ONE_STEP_SHORT, MISSED_ONE_HURDLE),
            "value": mended,
            "profile": pd.Series([profile_text(row) for row in rows], dtype=object),
            "total": decided["total"].to_numpy(),
            "up_to": up_to,
        }
    )
    close = (met | (mended != ""))[where.ravel()]
    people = table.iloc[where.ravel()[close]].reset_index(drop=True)
    people.insert(0, "candidate", wide.index[complete][close])
    return people.sort_values(["side", "total", "candidate"], ascending=[True, False, True], ignore_index=True)


def _raised(scores: pd.Series, step: Fraction, maximum: Fraction) -> pd.Series:
    # As fractions: 10/3 + 1 is 13/3 and not the float beside it.
    return scores.map({score: float(min(as_fraction(float(score)) + step, maximum)) for score in scores.unique()}).astype(float)


def _counted(people: pd.DataFrame) -> Counter[tuple[Fraction, Fraction]]:
    """How many have each total and each highest total, exactly."""
    pairs = Counter(zip(people["total"].tolist(), people["up_to"].tolist(), strict=True))
    return Counter({(as_fraction(total), as_fraction(up_to)): n for (total, up_to), n in pairs.items()})


def _between(spans: Counter[tuple[Fraction, Fraction]], cut: Fraction, *, below: bool) -> int:
    """Those who reach the cut; or, with `below`, those who do not and would with one score raised."""
    return sum(n for (total, up_to), n in spans.items() if (total < cut <= up_to if below else cut <= total))
