"""The sections of the cohort-diversity release, in the order of the report."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pandas as pd

from standardsetting.cohort.diversity import after_interview, compared, interview, who_applied
from standardsetting.cohort.diversity.declared import Span, declaration, editions, people, people_of, spans, stage_labels
from standardsetting.cohort.diversity.over_years import over_the_years
from standardsetting.cohort.snapshot import Coded, CohortSnapshot, Level
from standardsetting.cohort.verdict import GAPS, Verdict
from standardsetting.cohort.words import in_a_sentence
from standardsetting.disclosure.cube import Cube
from standardsetting.disclosure.policy import SHORTHAND, Tier
from standardsetting.disclosure.protect import ProtectedCube
from standardsetting.disclosure.release import SECTIONS, Release, Section
from standardsetting.process.cohort import MET_STANDARD, MILESTONES

# What both tiers hold, the parts after the interview once the pool is looked at; the director's has the rest too, about the same cube.
PUBLIC = (
    "declared", "frames", "counts", "ladder", "cumulative", "comparisons", "questions", "waterfall", "after_interview", "waiting",
    "undeclared", "trend",
)  # fmt: skip
_PURPOSE = (
    "These figures describe groups. They may not be used for a decision about any one person, and "
    "meeting the minimum acceptable standard is no evidence that candidates are equally qualified."
)


def cube_of(snapshot: CohortSnapshot) -> Cube:
    """The one publication cube of a snapshot."""
    return Cube.of(people(snapshot), process=snapshot.process.id, milestone=snapshot.milestone, declaration=declaration(snapshot))


def diversity_release(
    snapshot: CohortSnapshot,
    protected: ProtectedCube,
    *,
    tier: Tier,
    number: int,
    changes: tuple[str, ...] = (),
    earlier: Sequence[tuple[str, Release]] = (),
    told_before: Collection[str] = (),
) -> Release:
    """Everything that the cohort-diversity report of a tier may say.

    Parameters
    ----------
    snapshot
        The cohort; only large groups are looked at beyond the cube.
    protected
        Its cube as it was protected and audited: the same for both tiers.
    tier
        ``"director"`` (tier B) or ``"public"`` (tier C, a part of B).
    number
        The number of the release in the ledger.
    changes
        What changed since the release before, a sentence each.
    earlier
        Name and release of each earlier process, oldest first, for the trend.
    told_before
        The sections that a release of another snapshot told and that are told once (`release.TOLD_ONCE`).
    """
    shown, parts = compared.Shown(protected, people_of(snapshot)), spans(snapshot)
    bounds = compared.undeclared_bounds(shown, parts)
    rows = compared.with_undeclared(compared.comparisons(shown, parts, snapshot.process), bounds)
    questions = compared.questions(rows)
    sections = {
        "declared": who_applied.declared(shown),
        "frames": who_applied.frames(snapshot, shown),
        "counts": _counts(protected, titles_of(snapshot)),
        "ladder": _plain(
            "ladder", compared.ladder(shown), method="Share of everybody who was left after each stage, undeclared in the base."
        ),
        "cumulative": _plain(
            "cumulative",
            compared.cumulative(shown, stage_labels(snapshot)),
            method="Whole per cent of those at the first stage that may be shown, from the rounded counts; who withdrew is in the base.",
        ),
        "comparisons": _compared(rows),
        "questions": _questions(questions),
        "waterfall": _plain(
            "waterfall",
            compared.waterfall(shown, stage_labels(snapshot)),
            method="Each part's impact ratio with its score interval, from the rounded counts; their product is the ratio of the whole. "
            "Shortfall in people.",
        ),
        "undeclared": _plain(
            "undeclared",
            bounds,
            method="Smallest and largest ratio over all ways to place the undeclared.",
        ),
        "trend": over_the_years(
            shown, _primary_spans(snapshot, parts), label=snapshot.process.process.title, lists=editions(snapshot), earlier=earlier
        ),
    }
    # The parts of the interview follow from the same ratings: whoever was told one of them is told none again.
    if tier == "director" and not set(told_before) - {"waiting_groups"}:
        sections |= _about_the_interview(snapshot, shown)
    sections |= _about_the_pool(snapshot, shown, tier, told_before="waiting_groups" in told_before)
    if tier == "director":
        sections["due_regard"] = _due_regard(rows, questions)
    sections["changes"] = Section(
        pd.DataFrame([{"what": "Since the last release", "sentence": text} for text in changes], columns=list(SECTIONS["changes"]))
    )
    # What a population counts is no number of this report; the shares are.
    cohort = snapshot.process.cohort.model_copy(update={"frames": ()})
    process = snapshot.process.without_sources().model_copy(update={"cohort": cohort})
    return Release(
        "cohort-diversity", tier, process, {**_header(snapshot, protected, number), "editions": editions(snapshot)}, sections
    )


def _primary_spans(snapshot: CohortSnapshot, parts: tuple[Span, ...]) -> tuple[Span, ...]:
    declared = {(c.since, c.until) for c in snapshot.process.cohort.primary_family}
    return tuple(span for span in parts if (span.since, span.until) in declared)


def _about_the_interview(snapshot: CohortSnapshot, shown: compared.Shown) -> dict[str, Section]:
    # At an early milestone nobody has been interviewed, whatever is known of the standard.
    if snapshot.standard is None or MET_STANDARD not in stage_labels(snapshot):
        return {}
    policy, found = shown.cube.policy, interview.pairs(snapshot, shown)
    return {
        "reasons": who_applied.reasons(snapshot, found, policy),
        "gates": interview.gates(snapshot, found, policy),
        "superiority": interview.superiorities(snapshot, found, policy),
        "items": interview.items(snapshot, found),
        "panels": interview.panels(snapshot, found),
        "intersection": interview.together(snapshot, shown),
        "adjusted": interview.adjusted(snapshot, found, shown),
    }


def _about_the_pool(snapshot: CohortSnapshot, shown: compared.Shown, tier: Tier, *, told_before: bool) -> dict[str, Section]:
    """Checks, offers and waiting; of groups once."""
    if MILESTONES[snapshot.milestone] is not None or snapshot.standard is None:
        return {}
    sections = {
        "after_interview": after_interview.checks_and_offers(snapshot, shown),
        "waiting": after_interview.waiting(snapshot, shown.cube.policy),
    }
    if tier == "director" and after_interview.on_record(snapshot):
        found = () if told_before else interview.pairs(snapshot, shown)
        sections["waiting_groups"] = after_interview.waiting_by_group(snapshot, found, shown)
    return sections


def _levels_used(snapshot: CohortSnapshot) -> list[Level]:
    return [snapshot.levels[name] for name in dict.fromkeys(name for table in snapshot.tables for name in table)]


def titles_of(snapshot: CohortSnapshot) -> dict[str, str]:
    """What people call each table: the characteristics that it counts by."""
    return {" by ".join(table): " by ".join(snapshot.levels[name].title for name in table) for table in snapshot.tables}


def _counts(protected: ProtectedCube, titles: Mapping[str, str]) -> Section:
    cells = protected.cells[~protected.cells["measure"].str.startswith("verdict")].rename(columns={"table": "characteristic"})
    words = tuple(f"{mark} {meaning}." for mark, meaning in SHORTHAND.items() if (cells["shown"] == mark).any())
    policy = protected.policy
    method = f"Rules {protected.rules}: counts under {policy.smallest_count} hidden, others rounded to the nearest {policy.round_to}."
    gave_way = tuple(_entitled(step, titles) for step in protected.steps)
    return Section(cells[list(SECTIONS["counts"])].reset_index(drop=True), (*words, *gave_way), method)


def _entitled(step: str, titles: Mapping[str, str]) -> str:
    """What gave way, under the title of its table rather than under the name that the definition has for it."""
    name = max((name for name in titles if step.startswith(f"{name} ")), key=len, default="")
    return titles.get(name, "") + step.removeprefix(name)


def _compared(rows: pd.DataFrame) -> Section:
    # What asks for attention first: the worse verdict, and among equal ones the lower ratio.
    order = rows.sort_values(["concern", "ratio"], kind="stable", ignore_index=True)
    made = rows["basis"] == compared.ROUNDED
    declared, verdicts = int((made & (rows["family"] == compared.PRIMARY)).sum()), int((rows["basis"] == compared.VERDICT_ONLY).sum())
    told = [f"{int(made.sum())} comparisons have figures, {declared} of them declared in advance."]
    told += [f"{verdicts} more have a verdict and no figures."] if verdicts else []
    told += [f"{int((rows['basis'] == compared.TOO_FEW).sum())} may not be shown."] if (rows["basis"] == compared.TOO_FEW).any() else []
    return Section(
        order.reindex(columns=list(SECTIONS["comparisons"])),
        (" ".join(told),),
        "Impact ratio with Miettinen-Nurminen score interval, difference with Newcombe's, mid-p; all from the rounded counts. The adjusted "
        "p allows for how many comparisons there are: Holm's method for those declared in advance, Benjamini and Hochberg's for the rest.",
    )


def _questions(questions: Sequence[str]) -> Section:
    chance = ("With so many comparisons some look like gaps by chance alone.",) if questions else ()
    return Section(pd.DataFrame({"sentence": list(questions)}, columns=list(SECTIONS["questions"])), chance)


def _plain(name: str, table: pd.DataFrame, *, method: str) -> Section:
    sentences = ("No group is large enough for this to be shown.",) if table.empty else ()
    return Section(table.reindex(columns=list(SECTIONS[name])), sentences, method)


def _due_regard(rows: pd.DataFrame, questions: Sequence[str]) -> Section:
    """A line for each finding that asks for a decision: gaps among what was declared, what cannot be told, and questions beside it."""
    primary = rows[rows["family"] == compared.PRIMARY]
    gaps = primary[primary["verdict"].isin(GAPS)]
    findings = [f"{r['group']}, {in_a_sentence(r['stage'])}: {r['verdict']}" for r in gaps.to_dict("records")]
    untold = int((~primary["verdict"].isin([*GAPS, Verdict.NO_MATERIAL_GAP.value])).sum())
    findings = findings or ["No gap was seen in the declared comparisons."]
    findings += [f"{untold} of {len(primary)} declared comparisons cannot tell, or may not be shown."] if untold else []
    return Section(pd.DataFrame([{"finding": each, "decision": "", "owner": "", "date": ""} for each in (*findings, *questions)]))


def _header(snapshot: CohortSnapshot, protected: ProtectedCube, number: int) -> dict[str, Any]:
    labels = {
        "stages": stage_labels(snapshot),
        "levels": titles_of(snapshot),
        "notes": {level.title: level.note for level in _levels_used(snapshot) if level.note},
    }
    return header_of(snapshot, protected, number=number, characteristics=snapshot.characteristics, labels=labels)


def header_of(
    snapshot: CohortSnapshot,
    protected: ProtectedCube,
    *,
    number: int,
    characteristics: tuple[Coded, ...],
    labels: dict[str, dict[str, str]],
) -> dict[str, Any]:
    """What every release about groups says of itself: the standard it follows, what it was made from, how it was attacked, its words."""
    standard, early = snapshot.standard, snapshot.early_access
    audit = protected.audit
    narrowest = int(audit.bounds["values"].min()) if len(audit.bounds) else 0
    return {
        "milestone": snapshot.milestone,
        "as_at": None if snapshot.as_at is None else snapshot.as_at.isoformat(),
        "standard": None
        if standard is None
        else {"cut": standard.cut, "when": standard.when, "record": standard.record, "number": standard.number},
        "early_access": None
        if early is None
        else {"when": early.when, "record": early.record, "number": early.number, "sentence": early.sentence},
        "sequence": [event.sentence for event in snapshot.sequence],
        "purpose": _PURPOSE,
        "release": {"number": number, "cube": protected.hash, "rules": protected.rules, "snapshot": snapshot.seal},
        "audit": {"attacked": len(audit.bounds), "fewest_values": narrowest, "solver": audit.solver, "warnings": list(audit.warnings)},
        "policy": protected.policy.as_record(),
        "code_lists": [
            {"characteristic": c.title, "list": c.list_name, "version": c.list_version, "date": str(c.list_date), "question": c.question}
            for c in characteristics
        ],
        "labels": labels,
        "legal_basis": {c.title: c.legal_basis for c in characteristics if c.legal_basis},
        "changed_since_closing": snapshot.changed_since_closing,
    }
