"""What opens the second door, and what the ledger says of standards and looking, in their order."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from standardsetting import records
from standardsetting.blind.scores import BlindScores
from standardsetting.cohort.snapshot import Event, RecordedStandard, Stage
from standardsetting.early_access import EarlyAccess, granted
from standardsetting.errors import StageError
from standardsetting.process import Process
from standardsetting.process.cohort import INTERVIEWED, MILESTONES
from standardsetting.stages import BLIND, CLOSED_RECORD, COHORT, EARLY_ACCESS_RECORD, SNAPSHOT_RECORD, STANDARD_RECORD


@dataclass(frozen=True)
class Opening:
    """What the second door opens on: a standard with the scores it was set on, or an early access and no scores."""

    standard: records.Record | None
    early_access: EarlyAccess | None
    scores: BlindScores | None

    @property
    def record(self) -> str:
        """The hash of the record that opened the door."""
        return self.standard.hash if self.standard is not None else self.early_access.record if self.early_access is not None else ""


def opening(folder: Path) -> Opening:
    """What the second door of a process opens on.

    Raises
    ------
    StageError
        Neither a standard nor an early access is recorded; the ledger does not verify; the scores or the rule are not those of the record.
    DisclosureError
        The blind folder was changed after closing.
    """
    standard = records.latest(folder, STANDARD_RECORD)
    if standard is None:
        early = granted(folder)
        if early is None:
            raise StageError(
                "A cohort is looked at once the standard is recorded; none is.",
                next_step="Record it first: standardsetting decide. What cannot wait takes two people: standardsetting early-access",
            )
        return Opening(None, early, None)
    closed = records.latest(folder, CLOSED_RECORD)
    scores = BlindScores.read(folder / BLIND)
    if closed is None or not scores.seal == closed.body["blind_seal"] == standard.body["blind_seal"]:
        raise StageError(
            "The scores in this folder are not those that the standard was set on.",
            next_step="Run standardsetting verify, restore the closing folder from a backup, and find out who changed it.",
        )
    if not scores.process.rule_hash == closed.body["rule_hash"] == standard.body["rule_hash"]:
        raise StageError(
            "The decision rule of the scores is not the one that the standard was set under.",
            next_step="Run standardsetting verify, and restore the rule that the ledger names.",
        )
    return Opening(standard, None, scores)


def stages_open(process: Process, milestone: str, opened: Opening) -> tuple[Stage, ...]:
    """The stages that a snapshot carries: up to the milestone's last one, and under early access no further than the interview."""
    labels = process.cohort.stage_labels()
    order = list(labels)
    last = MILESTONES[milestone] or order[-1]
    if opened.standard is None:
        last = min(last, INTERVIEWED, key=order.index)
    return tuple(Stage(name, labels[name]) for name in order[: order.index(last) + 1])


def sequence(folder: Path) -> tuple[Event, ...]:
    """The records of standards, early access and snapshots, oldest first, each as a sentence: reports show what came before what."""
    events = []
    for record in records.read(folder):
        body = record.body
        if record.kind == STANDARD_RECORD:
            told = f"The minimum acceptable standard was recorded as a total of {body['cut']}."
            if "replaces" in body:
                told += f" It replaces an earlier record. Reason: {body['change_reason']}"
                told += f" Legal sign-off: {body['legal_sign_off']}." if body.get("legal_sign_off") else ""
        elif record.kind == EARLY_ACCESS_RECORD:
            told = EarlyAccess.of(record).sentence
        elif record.kind == SNAPSHOT_RECORD:
            told = f"The cohort was opened at the milestone {body['milestone'].replace('_', ' ')}."
        else:
            continue
        events.append(Event(record.number, record.kind, record.when, record.hash, told))
    return tuple(events)


def latest(folder: Path, milestone: str | None = None) -> Path | None:
    """The newest snapshot folder that the ledger holds, of one milestone or of any; None where there is none."""
    for record in reversed(records.read(folder)):
        if record.kind == SNAPSHOT_RECORD and milestone in (None, record.body["milestone"]):
            return folder / COHORT / str(record.body["folder"])
    return None


def standard_of(record: records.Record) -> RecordedStandard:
    body = record.body
    return RecordedStandard(
        cut=body["cut"],
        rule=body["rule"],
        rationale=body["rationale"],
        decided_by=tuple(body["decided_by"]),
        when=record.when,
        number=record.number,
        record=record.hash,
        rule_hash=body["rule_hash"],
        blind_seal=body["blind_seal"],
        change_reason=body.get("change_reason", ""),
        legal_sign_off=body.get("legal_sign_off", ""),
    )
