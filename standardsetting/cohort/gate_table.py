"""Where candidates of each group fell short of a recorded standard: on which value, on one value only, or on the total alone.

Everything here starts from a standard that is on record, and nothing here gives, compares or prefers a cut: a cut chosen after looking at
groups would be chosen by group.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from standardsetting.cohort.missing import Labels, LeftOut, declared, left_out_sentence, two_groups
from standardsetting.errors import StageError, UsageError
from standardsetting.profiles import possible_totals
from standardsetting.records import Record
from standardsetting.rule import INCOMPLETE, MET, DecisionRule, wide_scores
from standardsetting.scale import as_fraction, plain
from standardsetting.stages import STANDARD_RECORD

FOR_LEARNING = "For learning, not for revision."
FEWEST_RATES = 20
FEWEST_CURVE = 30
NO_SCORES = "without complete scores"


@dataclass(frozen=True)
class GateTable:
    """Where each group fell short.

    `table`: one row a group and gate. `group`; `gate`: `below the hurdle` (`value` names it), `exactly one value`, `every hurdle met,
    below the standard`, `met the standard`; `value`; `n` people of the group with complete scores; `count` and `share` of them. Groups
    below `fewest` have no shares and no counts, and `why` in their place.
    """

    table: pd.DataFrame
    standard: str
    n_used: int
    left_out: tuple[LeftOut, ...]
    fewest: int
    sentence: str


@dataclass(frozen=True)
class ImpactByTotal:
    """The impact ratio had another total been the standard, lowest total first. `mark` belongs on every picture and table of it.

    `table`: `total`, `focal_share`, `comparator_share`, `ratio` (missing where nobody of the comparator would have met it). Every possible
    total is there; none is singled out but the recorded one (`recorded`).
    """

    table: pd.DataFrame
    focal: str
    comparator: str
    n_focal: int
    n_comparator: int
    left_out: tuple[LeftOut, ...]
    mark: str
    why: str
    sentence: str


def gate_table(value_scores: pd.DataFrame, labels: Labels, *, rule: DecisionRule, fewest: int = FEWEST_RATES) -> GateTable:
    """At which gate did the candidates of each group fall short of the recorded standard?

    Each share is of the group's candidates with complete scores. The shares failing each value overlap (a candidate can fail two values);
    `exactly one value`, `every hurdle met, below the standard` and `met the standard` do not.

    Parameters
    ----------
    value_scores
        One row a candidate and one column a value.
    labels
        A group for each row; the kinds of "not known" are left out and counted.
    rule
        The recorded rule, with its cut.
    fewest
        Fewest people of a group for its shares to be given.

    Raises
    ------
    StageError
        The rule has no cut: there is no standard to look back on.

    Examples
    --------
    >>> scores = pd.DataFrame({"courage": [3, 2, 5, 3], "integrity": [3, 4, 2, 5]})
    >>> found = gate_table(scores, list("wwww"), rule=DecisionRule({"courage": 3, "integrity": 3}, cut=7), fewest=4)
    >>> found.table[["gate", "value", "count"]].to_string(index=False, header=False).split("\\n")  # doctest: +NORMALIZE_WHITESPACE
    ['                   below the hurdle   courage 1',
     '                   below the hurdle integrity 1',
     '                  exactly one value           2',
     'every hurdle met, below the standard          1',
     '                   met the standard           1']
    """
    if rule.cut is None:
        raise StageError("A gate table looks back on a recorded standard; this rule has none.", next_step="Record the standard first.")
    wide = wide_scores(value_scores, rule.values)
    text, known, left_out = declared(labels)
    if len(text) != len(wide):
        raise UsageError("A group label for each candidate was expected.")
    outcome = rule.decide(wide)
    complete = (outcome["status"] != INCOMPLETE).to_numpy()
    below = np.column_stack([_below(wide, rule, value) for value in rule.values])
    gates: list[tuple[str, str, np.ndarray]] = [("below the hurdle", value, below[:, i]) for i, value in enumerate(rule.values)]
    gates += [
        ("exactly one value", "", below.sum(axis=1) == 1),
        ("every hurdle met, below the standard", "", (outcome["reason"] == "total").to_numpy()),
        ("met the standard", "", (outcome["status"] == MET).to_numpy()),
    ]
    rows = []
    for group in sorted(set(text[known])):
        people = known & complete & (text == group)
        n = int(people.sum())
        why = "" if n >= fewest else f"Fewer than {fewest} people."
        for gate, value, failed in gates:
            count = float((people & failed).sum()) if not why else math.nan
            rows.append((group, gate, value, n if not why else math.nan, count, count / n if not why else math.nan, why))
    table = pd.DataFrame(rows, columns=["group", "gate", "value", "n", "count", "share", "why"])
    if table["count"].notna().all():
        table = table.astype({"n": int, "count": int})
    no_scores = int((known & ~complete).sum())
    left = (*left_out, *([LeftOut(NO_SCORES, no_scores)] if no_scores else []))
    used = int((known & complete).sum())
    return GateTable(table, plain(rule.cut), used, left, fewest, _gate_sentence(outcome, known & complete, left))


def _below(wide: pd.DataFrame, rule: DecisionRule, value: str) -> np.ndarray:
    """Who is below the hurdle of one value, by the rule's own exact arithmetic."""
    alone = DecisionRule({value: rule.hurdles[value]}, scale=rule.scale).decide(wide)
    return np.asarray((alone["reason"] == "hurdle").to_numpy())


def _gate_sentence(outcome: pd.DataFrame, used: np.ndarray, left: tuple[LeftOut, ...]) -> str:
    met = (outcome["status"] == MET).to_numpy()[used]
    if not len(met):
        return f"Nobody with complete scores declared a group. {left_out_sentence(left)}"
    everyone = ""
    if met.all():
        everyone = " Everyone met the standard: no gate stopped anybody."
    elif not met.any():
        everyone = " Nobody met the standard."
    return f"Where candidates of each group fell short of the recorded standard.{everyone} {left_out_sentence(left)}"


def impact_by_total(
    value_scores: pd.DataFrame, labels: Labels, *, rule: DecisionRule, standard: Record, focal: str, comparator: str | None,
    fewest: int = FEWEST_CURVE,
) -> ImpactByTotal:  # fmt: skip
    """What would the impact ratio have been at every other total, the hurdles unchanged? For learning, not for revision.

    Use it to learn about the assessment for the next process. Do not use it to change this standard: a change for the groups' sake treats
    people differently for their characteristic. It takes the sealed record, names no preferred total, and reads alike both ways.

    Parameters
    ----------
    value_scores, labels
        As for `gate_table`.
    rule
        The recorded rule with its cut and the possible scores.
    standard
        The sealed record of the standard, whose cut must be the rule's.
    focal, comparator
        The groups; without a comparator, everybody else who declared a group.
    fewest
        Fewest people in either group: the shares at successive totals are a group's distribution.

    Raises
    ------
    StageError
        The record is not that of a standard, or its cut is not the rule's.
    """
    if standard.kind != STANDARD_RECORD or rule.cut is None or as_fraction(str(standard.body["cut"])) != rule.cut:
        raise StageError(
            "The impact ratio at other totals is shown only beside the recorded standard, and this rule is not the one on record.",
            next_step="Record the standard first, then pass its record and its rule.",
        )
    wide = wide_scores(value_scores, rule.values)
    hurdles_only = rule.at(None).decide(wide)
    complete = (hurdles_only["status"] != INCOMPLETE).to_numpy()
    groups = two_groups(labels, focal=focal, comparator=comparator, usable=complete, fewest=fewest, unusable=NO_SCORES)
    columns = ["total", "focal_share", "comparator_share", "ratio", "recorded"]
    table = pd.DataFrame(columns=columns)
    if not groups.why:
        # A total as the rule gives it: the nearest float of an exact fraction, so equal fractions compare equal.
        total = np.where((hurdles_only["status"] == MET).to_numpy(), hurdles_only["total"].to_numpy(), -np.inf)
        totals = possible_totals(rule)
        at = np.array([float(each) for each in totals])
        shares = [_share_at_least(total[mask], at) for mask in (groups.focal, groups.comparator)]
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(shares[1] > 0, shares[0] / shares[1], np.nan)
        recorded = [each == rule.cut for each in totals]
        table = pd.DataFrame(dict(zip(columns, (at, *shares, ratio, recorded), strict=True)))
    sentence = groups.why or (
        f"{FOR_LEARNING} The rate of {groups.focal_name} over the rate of {groups.comparator_name}, had the total needed been another. "
        f"The recorded standard is {plain(rule.cut)}. {left_out_sentence(groups.left_out)}"
    )
    return ImpactByTotal(
        table, groups.focal_name, groups.comparator_name, *groups.n, groups.left_out, FOR_LEARNING, groups.why, sentence
    )


def _share_at_least(totals: np.ndarray, at: np.ndarray) -> np.ndarray:
    return np.asarray(1 - np.searchsorted(np.sort(totals), at, side="left") / len(totals))
