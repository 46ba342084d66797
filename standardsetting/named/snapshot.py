"""Taking a cohort snapshot: frozen and current tables are read and checked, coded, and handed to the second door."""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from standardsetting import linkage
from standardsetting.errors import StageError, UsageError
from standardsetting.named.close import CODE_BOOK, close, read_closing
from standardsetting.named.dates import SENTENCES
from standardsetting.named.declarations import declarations
from standardsetting.named.facts import facts
from standardsetting.named.findings import Finding, Gathering, in_order, refusal
from standardsetting.named.funnel import funnel
from standardsetting.named.schemas import AFTER_CLOSING, COLUMNS
from standardsetting.named.validate import Checked, check
from standardsetting.process import DEFINITION_FILE, Process, Source
from standardsetting.process.cohort import ELIGIBLE, MILESTONES
from standardsetting.sealed import file_digest
from standardsetting.stages import NAMED, Stage, stage_of


@dataclass(frozen=True)
class Taken:
    """The snapshot that was taken: its folder, seal and ledger record, how many people, and what was noted on the way."""

    folder: Path
    seal: str
    record: str
    already_done: bool
    people: int
    notes: tuple[str, ...]


def take(process: Process, folder: Path, *, milestone: str = "pool", when: datetime) -> Taken:
    """Take the snapshot of a cohort at a milestone.

    Candidates, interviews and ratings are those that closing froze; progress, workshops and monitoring are read as they are now. While the
    process is open (early access), all of them are.

    Parameters
    ----------
    process
        The definition as it now is: its `[cohort]` says what is asked.
    folder
        The process folder.
    milestone
        ``"eligibility"``, ``"interview_outcomes"`` or ``"pool"``.
    when
        The moment, with its time zone.

    Raises
    ------
    UsageError
        No such milestone.
    StageError
        No standard and no early access is recorded; what was recorded or frozen does not verify; the milestone's day has not come.
    FindingsError
        A table holds something that a person has to put right: unknown codes, outcomes or reasons, by file, row and column.
    DisclosureError
        The blind folder was changed, or something that is not declared would have passed.
    """
    if milestone not in MILESTONES:
        raise UsageError(f"A cohort is looked at at a milestone: {', '.join(MILESTONES)}.")
    opened = linkage.opening(folder)
    as_at = day_of(process, milestone)
    if as_at is not None and when.date() < as_at:
        raise StageError(
            "The day of this milestone has not come.", next_step="Make the report on that day, or mend its date in process.toml."
        )
    rests_on, codes, changed = _frozen(process, folder, when) if stage_of(folder) > Stage.OPEN else (process, {}, False)
    checked = check(rests_on, folder)
    late = [note for note in checked.notes if note.table in AFTER_CLOSING and note.kind in SENTENCES]
    if checked.findings or late:
        raise refusal(in_order([*checked.findings, *(replace(note, blocking=True) for note in late)]))
    return _handed_over(checked, rests_on, folder, opened, codes=codes, changed=changed, milestone=milestone, as_at=as_at, when=when)


def cohort_findings(checked: Checked, process: Process, folder: Path) -> tuple[Finding, ...]:
    """What a snapshot would refuse, for those who want to know before the day: nothing of it stands in the way of closing."""
    if checked.findings or "monitoring" not in checked.tables or checked.standing.empty:
        return ()
    gathering = _places(checked)
    people = _people(checked)
    declarations(checked, process, folder, people, gathering)
    funnel(checked, process, people, as_at=None, gathering=gathering)
    facts(checked, process, people, not_eligible=np.ones(len(people), dtype=bool), gathering=gathering, account=[])
    return in_order(gathering.findings)


def _handed_over(
    checked: Checked,
    process: Process,
    folder: Path,
    opened: linkage.Opening,
    *,
    codes: dict[str, str],
    changed: bool,
    milestone: str,
    as_at: date | None,
    when: datetime,
) -> Taken:
    gathering = _places(checked)
    people = _people(checked)
    declared = declarations(checked, process, folder, people, gathering)
    way = funnel(checked, process, people, as_at=as_at, gathering=gathering)
    account = [{"what": "people", "count": len(people), "why": "one row each"}, *declared.account, *way.account]
    not_eligible = (way.states[f"stage_{ELIGIBLE}"] == "not passed").to_numpy()
    about = facts(checked, process, people, not_eligible=not_eligible, gathering=gathering, account=account)
    if gathering.findings:
        raise refusal(in_order(gathering.findings))
    table = declared.codes.join(about).join(way.states)
    # Before the stages between which people wait are open, nothing of the wait is handed over.
    waiting, now_open = process.cohort.waiting, {stage.name for stage in linkage.stages_open(process, milestone, opened)}
    if {waiting.since, waiting.until} <= now_open:
        table = table.join(way.after)
    table.insert(0, "candidate_id", people)
    inputs = {name: {"sha256": raw.source.sha256, "rows": raw.source.rows} for name, raw in checked.raw.items()}
    handed = linkage.Handover(
        people=table.reset_index(drop=True),
        codes=codes,
        declared=declared.declared,
        account=tuple(account),
        inputs={**inputs, **declared.inputs},
        changed_since_closing=changed,
    )
    passed = linkage.pass_through(handed, process, folder, milestone=milestone, as_at=as_at, stages=way.stages, when=when)
    notes = tuple(f"{row['what']}: {row['count']}; {row['why']}." for row in account)
    return Taken(passed.folder, passed.seal, passed.record, passed.already_done, len(people), notes)


def day_of(process: Process, milestone: str) -> date | None:
    """The day of a milestone; for the sift the day its outcome was due, where nothing else is said."""
    stated = process.cohort.milestones.get(milestone)  # type: ignore[call-overload]
    return stated or (process.dates.eligibility_outcome if milestone == "eligibility" else None)


def _frozen(process: Process, folder: Path, when: datetime) -> tuple[Process, dict[str, str], bool]:
    """The frozen definition with today's `[cohort]`, reading what closing froze; the candidates' codes; whether `[cohort]` changed."""
    close(process, folder, when=when)
    closing, inputs = read_closing(folder), folder / NAMED / "inputs"
    for name, frozen in closing["inputs"].items():
        if not (inputs / name).is_file() or file_digest(inputs / name) != frozen["sha256"]:
            raise StageError(
                f"The frozen copy {name} is not as closing left it.",
                next_step="Restore the closing folder from a backup, and find out who changed it.",
            )
    book = folder / NAMED / CODE_BOOK
    if not book.is_file() or file_digest(book) != closing["code_book"]:
        raise StageError(
            "The code book is not as closing left it: without it nobody can say whose score is whose.",
            next_step="Restore it from the backup that was made after closing.",
        )
    with book.open(encoding="utf-8", newline="") as stream:
        codes = {row["identifier"]: row["code"] for row in csv.DictReader(stream) if row["kind"] == "candidate"}
    then = Process.load(inputs)
    sources = {name: source for name in COLUMNS if (source := _source(name, process, then, folder, inputs, closing["inputs"])) is not None}
    both = {"cohort": process.cohort, "positive_action": process.positive_action, "sources": sources}
    return then.model_copy(update=both), codes, then.cohort_hash != process.cohort_hash


def _source(name: str, now: Process, then: Process, folder: Path, inputs: Path, frozen: dict[str, object]) -> Source | None:
    """Where a table is read from: the frozen copy, or for what goes on after closing today's source."""
    if name in AFTER_CLOSING:
        usual = Source(file=f"{name}.csv") if not now.sources and (folder / f"{name}.csv").is_file() else None
        return now.sources.get(name, usual)  # type: ignore[call-overload]
    copy = next((inputs / file for file in frozen if file.rpartition(".")[0] == name and file != DEFINITION_FILE), None)
    if copy is None:
        return None
    source: Source = then.sources.get(name, Source(file=copy.name))  # type: ignore[call-overload]
    if source.query is not None:
        # A query's result was frozen under our own names.
        return Source(file=str(copy.resolve()), day_first=source.day_first)
    return source.model_copy(update={"file": str(copy.resolve())})


def _people(checked: Checked) -> pd.Index:
    """Everybody who applied; where there is no candidates table, everybody who was to be interviewed."""
    home = checked.tables.get("candidates", checked.tables["interviews"])
    return pd.Index(home["candidate_id"].astype(object).dropna(), name=None)


def _places(checked: Checked) -> Gathering:
    gathering = Gathering()
    for name, raw in checked.raw.items():
        gathering.place(name, file=raw.source.label, sheet=raw.source.sheet)
    return gathering
