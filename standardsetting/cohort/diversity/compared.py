"""How groups compare along the way, from protected counts, or by a verdict alone where a group is too small for counts.

A statistic that stands beside counts is computed from those counts as they are shown. Where there is a verdict only, nothing else about the
group is computed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from standardsetting.cohort import families, undeclared
from standardsetting.cohort.diversity.declared import Span, Table, span_between
from standardsetting.cohort.intervals import score_interval_ratio
from standardsetting.cohort.rates import Comparison, compare
from standardsetting.cohort.verdict import CODES, GAPS, Verdict, verdict_sentence
from standardsetting.cohort.words import in_a_sentence
from standardsetting.disclosure.cells import EVERYBODY, remainder_label
from standardsetting.disclosure.cube import NOT_DECLARED
from standardsetting.disclosure.protect import ProtectedCube
from standardsetting.disclosure.release import SECTIONS
from standardsetting.process import Process

ROUNDED, VERDICT_ONLY, TOO_FEW = "rounded counts", "verdict only", "too few"
PRIMARY, EXPLORATORY = "declared", "exploratory"
WHOLE_WAY = "The whole of this"
# What a reader should hear of first.
_CONCERN = (
    Verdict.MATERIAL_GAP,
    Verdict.GAP,
    Verdict.CANNOT_TELL_UNDECLARED,
    Verdict.CANNOT_TELL,
    Verdict.MATERIAL_GAP_IN_FAVOUR,
    Verdict.GAP_IN_FAVOUR,
    Verdict.NO_MATERIAL_GAP,
)
_UNDONE = "a gap among those who declared, which the others could undo"
_DEPENDS = " Depending on who the people are who did not declare, the verdict would differ."
_BY_WORDS = {verdict.value: verdict for verdict in CODES}


@dataclass(frozen=True)
class Shown:
    """The protected counts, looked up: what a group's line says, or None where it says nothing."""

    cube: ProtectedCube
    people: Mapping[str, str]

    @cached_property
    def _lines(self) -> dict[tuple[str, str, str, str], tuple[str, Any]]:
        cells = self.cube.cells
        keys = zip(cells["table"], cells["group"], cells["stage"], cells["measure"], strict=True)
        return dict(zip(keys, zip(cells["shown"], cells["value"], strict=True), strict=True))

    def line(self, table: Table, group: str, stage: str, measure: str) -> tuple[str, int | None]:
        """The text of a line and its number; a group may stand together with the people who did not declare."""
        for label in (group, f"{group} or {NOT_DECLARED}"):
            if (found := self._lines.get((" by ".join(table), label, stage, measure))) is not None:
                return found[0], None if pd.isna(found[1]) else int(found[1])
        return "", None

    def count(self, table: Table, group: str, stage: str, measure: str) -> int | None:
        return self.line(table, group, stage, measure)[1]

    def left(self, table: Table, group: str, stage: str) -> int | None:
        """How many were left after a stage; at the first, how many entered it."""
        return self.count(table, group, stage, "entered" if stage == self.cube.declaration.stages[0] else "passed")

    def over_a_span(self, table: Table, group: str, span: Span) -> tuple[int, int] | None:
        """Who passed the end of a span, of all who began it; those who withdrew or are waiting began it too."""
        n, a = self.left(table, group, span.since), self.count(table, group, span.until, "passed")
        return None if n is None or a is None else (a, n)

    def comparator(self, table: Table) -> str:
        return remainder_label(self.cube.declaration, table)

    def focal(self, table: Table) -> list[str]:
        """The groups of a table that are compared, in their order."""
        reference = self.cube.declaration.comparator(table)
        return [group for group in self.cube.declaration.groups(table) if group != reference]

    def called(self, group: str) -> str:
        """What the people of a group are called in a sentence."""
        return self.people.get(group, group)

    def may_have_a_rate(self, a: int, n: int) -> bool:
        policy = self.cube.policy
        return n >= policy.rate_denominator and min(a, n - a) >= policy.rate_count


def comparisons(shown: Shown, spans: tuple[Span, ...], process: Process) -> pd.DataFrame:
    """One row for each group and span: the rates and what follows from them, a verdict, or that there are too few."""
    declared = {(c.level, c.since, c.until) for c in process.cohort.primary_family}
    rows = []
    for table in shown.cube.declaration.tables:
        for group in shown.focal(table):
            for span in spans:
                primary = len(table) == 1 and (table[0], span.since, span.until) in declared
                rows.append(
                    {**_row(shown, table, group, span), "family": PRIMARY if primary else EXPLORATORY, "span": (span.since, span.until)}
                )
    # Where no group shows counts the columns are there all the same.
    return _with_families(pd.DataFrame(rows).reindex(columns=[*SECTIONS["comparisons"], "span"]))


def _row(shown: Shown, table: Table, group: str, span: Span) -> dict[str, object]:
    reference = shown.comparator(table)
    row: dict[str, object] = {"characteristic": " by ".join(table), "group": group, "comparator": reference, "stage": span.label}
    counts, others = shown.over_a_span(table, group, span), shown.over_a_span(table, reference, span)
    if counts and others and shown.may_have_a_rate(*counts) and shown.may_have_a_rate(*others):
        return {**row, **_from_counts(compare(*counts, *others, group=shown.called(group), reference=shown.called(reference)))}
    text, _ = shown.line(table, group, span.until, _verdict_measure(span, shown))
    if text in _BY_WORDS:
        verdict = _BY_WORDS[text]
        # A verdict is on the declared groups alone: it shows no count from which the undeclared could be had.
        reference = shown.cube.declaration.comparator(table)
        return {
            **row,
            "comparator": reference,
            "basis": VERDICT_ONLY,
            "verdict": text,
            "sentence": _without_counts(verdict, shown.called(group), shown.called(reference)),
            "concern": _concern(verdict),
        }
    sentence = f"{shown.called(group)}: nothing can be told of this stage without telling on people."
    return {**row, "basis": TOO_FEW, "verdict": "", "sentence": sentence, "concern": len(_CONCERN)}


def _verdict_measure(span: Span, shown: Shown) -> str:
    stages = shown.cube.declaration.stages
    return "verdict" if stages.index(span.until) == stages.index(span.since) + 1 else f"verdict since {span.since}"


def _from_counts(found: Comparison) -> dict[str, object]:
    """A comparison as it is read: rounded here and nowhere later."""
    return {
        "basis": ROUNDED,
        "rate": whole(100 * found.rate),
        "reference_rate": whole(100 * found.reference_rate),
        "ratio": rounded_to(found.ratio, 2),
        "ratio_low": rounded_to(found.ratio_low, 2),
        "ratio_high": rounded_to(found.ratio_high, 2),
        "difference": whole(100 * found.difference),
        "difference_low": whole(100 * found.difference_low),
        "difference_high": whole(100 * found.difference_high),
        "p": found.mid_p,
        "other_ratio": rounded_to(found.non_success_ratio, 2),
        "shortfall": whole(found.shortfall),
        "flip_number": found.flip_number,
        "smallest_detectable_ratio": rounded_to(found.smallest_detectable_ratio, 2),
        "verdict": found.verdict.value,
        "sentence": found.sentence,
        "concern": _concern(found.verdict),
    }


def _without_counts(verdict: Verdict, group: str, reference: str) -> str:
    sentence = verdict_sentence(verdict, group=group, reference=reference)
    if verdict is Verdict.CANNOT_TELL:
        return f"{sentence} A group of fewer than 50 people shows only very large gaps."
    return sentence


def _concern(verdict: Verdict) -> int:
    return _CONCERN.index(verdict)


def _with_families(rows: pd.DataFrame) -> pd.DataFrame:
    names = [f"{r.characteristic}|{r.group}|{r.stage}" for r in rows.itertuples()]
    p = rows["p"].to_numpy(dtype=float)
    declared = [name for name, family in zip(names, rows["family"], strict=True) if family == PRIMARY]
    adjusted = families.adjust(pd.DataFrame({"comparison": names, "p": p}), declared=declared)
    return rows.assign(p=adjusted["p"].round(3), adjusted_p=adjusted["adjusted_p"].round(3))


def with_undeclared(rows: pd.DataFrame, bounds: pd.DataFrame) -> pd.DataFrame:
    """The comparisons with their verdicts after the bounds: where the undeclared could change a verdict, these numbers cannot tell."""
    changed = bounds[bounds["verdict"] == Verdict.CANNOT_TELL_UNDECLARED.value]
    keys = set(zip(changed["characteristic"], changed["group"], changed["stage"], strict=True))
    # What could not be told before cannot be told now: its reason stays the small numbers.
    told = rows["verdict"] != Verdict.CANNOT_TELL.value
    hit = told & pd.Series(
        [key in keys for key in zip(rows["characteristic"], rows["group"], rows["stage"], strict=True)], index=rows.index
    )
    found = rows.copy()
    found.loc[hit, "verdict"] = Verdict.CANNOT_TELL_UNDECLARED.value
    found.loc[hit, "sentence"] = found.loc[hit, "sentence"] + _DEPENDS
    found.loc[hit, "concern"] = _concern(Verdict.CANNOT_TELL_UNDECLARED)
    return found


def questions(rows: pd.DataFrame) -> list[str]:
    """What the comparisons that were not declared in advance ask: gaps, and gaps that those who did not declare could undo."""
    found = rows[rows["family"] == EXPLORATORY].sort_values(["concern", "ratio"], kind="stable")
    apart = (found["ratio_high"] < 1) | (found["ratio_low"] > 1)
    undone = apart & (found["verdict"] == Verdict.CANNOT_TELL_UNDECLARED.value)
    return [
        f"{row['group']}, {in_a_sentence(str(row['stage']))}: {_UNDONE if hit else row['verdict']}"
        + ("." if pd.isna(row["ratio"]) else f", impact ratio {row['ratio']:.2f} ({row['ratio_low']:.2f} to {row['ratio_high']:.2f}).")
        for row, hit in zip(found.to_dict("records"), undone, strict=True)
        if hit or row["verdict"] in GAPS
    ]


@dataclass(frozen=True)
class Step:
    """A part of the way whose counts are shown: who passed its end, of all who began it, in a group and beside it."""

    label: str
    counts: tuple[int, int]
    others: tuple[int, int]


def waterfall(shown: Shown, labels: Mapping[str, str]) -> pd.DataFrame:
    """The impact ratio of each part of the way that may have a rate; their product is the ratio of all these parts together.

    A stage whose count is hidden, or beside which too few were lost for a rate, is taken together with the stage after it.
    """
    rows: list[dict[str, object]] = []
    for table in (t for t in shown.cube.declaration.tables if len(t) == 1):
        for group in shown.focal(table):
            steps = _steps(shown, table, group, labels)
            if len(steps) < 2:
                continue
            (_, n), (a, _), (_, m), (c, _) = steps[0].counts, steps[-1].counts, steps[0].others, steps[-1].others
            rows += [
                {"characteristic": table[0], "group": group, "stage": step.label, **_ground(*step.counts, *step.others)}
                for step in (*steps, Step(WHOLE_WAY, (a, n), (c, m)))
            ]
    return pd.DataFrame(rows, columns=["characteristic", "group", "stage", "ratio", "low", "high", "shortfall"])


def _steps(shown: Shown, table: Table, group: str, labels: Mapping[str, str]) -> list[Step]:
    """The way from the first stage that is shown to the last, in the shortest parts in which both sides may have a rate."""
    found: list[Step] = []
    since: str | None = None
    for stage in shown.cube.declaration.stages:
        if since is None:
            since = stage if all(shown.left(table, who, stage) for who in (group, shown.comparator(table))) else None
            continue
        part = span_between(labels, since, stage)
        counts, others = (shown.over_a_span(table, who, part) for who in (group, shown.comparator(table)))
        if counts and others and shown.may_have_a_rate(*counts) and shown.may_have_a_rate(*others):
            found.append(Step(part.label, counts, others))
            since = stage
    return found


def _ground(a: int, n: int, c: int, m: int) -> dict[str, object]:
    """What a group lost or gained on a part of the way."""
    limits = score_interval_ratio(a, n, c, m)
    return {
        "ratio": rounded_to(a * m / (n * c), 2),
        "low": rounded_to(float(limits.low), 2),
        "high": rounded_to(float(limits.high), 2),
        "shortfall": whole(n * (a + c) / (n + m) - a),
    }


def ladder(shown: Shown) -> pd.DataFrame:
    """The share of each group among those who were left after each stage, in whole per cent, from protected counts."""
    stages = shown.cube.declaration.stages
    rows = []
    for table in (t for t in shown.cube.declaration.tables if len(t) == 1):
        for group in shown.focal(table):
            for stage in stages:
                part, everybody = shown.left(table, group, stage), shown.left(table, EVERYBODY, stage)
                share = whole(100 * part / everybody) if part and everybody else None
                rows.append({"characteristic": table[0], "group": group, "stage": stage, "share": share})
    return pd.DataFrame(rows)


def cumulative(shown: Shown, labels: Mapping[str, str]) -> pd.DataFrame:
    """How many per cent of those at the first stage that is shown were left after each later one, for a group and the others beside it."""
    rows: list[dict[str, object]] = []
    for table in (t for t in shown.cube.declaration.tables if len(t) == 1):
        for group in shown.focal(table):
            sides = (group, shown.comparator(table))
            there = [stage for stage in labels if all(shown.left(table, who, stage) for who in sides)]
            for until in there[1:]:
                both = [shown.over_a_span(table, who, span_between(labels, there[0], until)) for who in sides]
                if all(counts and shown.may_have_a_rate(*counts) for counts in both):
                    told = {"characteristic": table[0], "beside": group, "base": there[0], "stage": until}
                    rows += [
                        {**told, "group": who, "share": whole(100 * counts[0] / counts[1])}
                        for who, counts in zip(sides, both, strict=True)
                        if counts
                    ]
    return pd.DataFrame(rows, columns=["characteristic", "beside", "group", "base", "stage", "share"])


def undeclared_bounds(shown: Shown, spans: tuple[Span, ...]) -> pd.DataFrame:
    """How far each ratio could lie from what it is, whatever groups the people belong to who did not declare."""
    rows: list[dict[str, object]] = []
    for table in (t for t in shown.cube.declaration.tables if len(t) == 1):
        for group in shown.focal(table):
            for span in spans:
                counts, others = shown.over_a_span(table, group, span), shown.over_a_span(table, shown.comparator(table), span)
                if not counts or not others or not shown.may_have_a_rate(*counts) or not shown.may_have_a_rate(*others):
                    continue
                # How many did not declare is told of the first stage only, if at all; any number of them may have come so far, and passed.
                first = shown.count(table, NOT_DECLARED, shown.cube.declaration.stages[0], "entered")
                policy = shown.cube.policy
                most = min(policy.smallest_count - 1 if first is None else policy.window(first)[1], others[1])
                possible = [(max(0, most - (others[1] - others[0])), most), (min(most, others[0]), most)]
                found = [
                    undeclared.bounds(
                        *counts,
                        others[0] - s,
                        others[1] - u,
                        undeclared_successes=s,
                        undeclared_n=u,
                        group=shown.called(group),
                        reference=shown.called(shown.cube.declaration.comparator(table)),
                    )
                    for s, u in possible
                    if 0 <= others[0] - s <= others[1] - u
                ]
                if found:
                    rows.append(_bounded(table, group, span, counts, others, found, called=shown.called(group)))
    return pd.DataFrame(rows, columns=list(SECTIONS["undeclared"]))


def _bounded(
    table: Table,
    group: str,
    span: Span,
    counts: tuple[int, int],
    others: tuple[int, int],
    found: list[undeclared.UndeclaredBounds],
    *,
    called: str,
) -> dict[str, object]:
    low, high = min(each.smallest for each in found), max(each.largest for each in found)
    possible = {verdict for each in found for verdict in each.possible_verdicts}
    verdict = Verdict.CANNOT_TELL_UNDECLARED if len(possible) > 1 else next(iter(possible))
    changes = "the verdict could change" if len(possible) > 1 else "the verdict stays"
    return {
        "characteristic": table[0],
        "group": group,
        "stage": span.label,
        "ratio": rounded_to(counts[0] * others[1] / (counts[1] * others[0]), 2),
        "smallest": rounded_to(low, 2),
        "largest": rounded_to(high, 2),
        "verdict": verdict.value,
        "whoever_they_are": changes,
        "sentence": f"Whoever the undeclared are, the impact ratio of {called} lies between {low:.2f} and {high:.2f}; "
        f"within that, {changes}.",
    }


def whole(number: float) -> int | None:
    return None if not math.isfinite(number) else int(math.floor(abs(number) + 0.5) * (1 if number >= 0 else -1))


def rounded_to(number: float, places: int) -> float | None:
    return None if not math.isfinite(number) else round(float(number), places)
