"""Early access: looking at a cohort before the standard is recorded. Two people, a reason, a record, and a line on page 1.

There is no switch that opens the second door instead. Early access shows only who applied, was eligible and was interviewed: a
standard that does not exist yet cannot be met.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from standardsetting import records
from standardsetting.errors import StageError, UsageError
from standardsetting.stages import EARLY_ACCESS_RECORD, STANDARD_RECORD, stage_of
from standardsetting.two_people import different

_FEWEST_WORDS = 3


@dataclass(frozen=True)
class EarlyAccess:
    """A recorded early access. `sentence` is what page 1 prints.

    Attributes
    ----------
    by
        The two people, as they gave their names.
    reason, when
        Why, and the moment of the record, ISO 8601 with offset.
    stage
        The stage of the process at that moment.
    number, record
        Its place in the ledger, and its hash.
    """

    by: tuple[str, ...]
    reason: str
    when: str
    stage: str
    number: int
    record: str

    @property
    def sentence(self) -> str:
        moment = datetime.fromisoformat(self.when)
        return (
            f"Early access: this cohort was looked at before a standard was recorded. {self.by[0]} and {self.by[1]} opened it on "
            f"{moment.day} {moment:%B %Y at %H:%M} (record {self.number}). Reason: {self.reason}"
        )

    @classmethod
    def of(cls, record: records.Record) -> EarlyAccess:
        body = record.body
        return cls(tuple(body["by"]), body["reason"], record.when, body["stage"], record.number, record.hash)


def grant(folder: Path, *, by: Sequence[str], reason: str, when: datetime) -> EarlyAccess:
    """Record that two people open the cohort of a process early.

    Parameters
    ----------
    folder
        The process folder, which holds the ledger.
    by
        The names of exactly two different people.
    reason
        Why it cannot wait for the standard.
    when
        The moment, with its time zone.

    Raises
    ------
    UsageError
        Fewer or more than two people, the same one twice, or no reason.
    StageError
        A standard is recorded, so that nobody needs early access; or the ledger does not verify.
    """
    people = [" ".join(name.split()) for name in by]
    if not different(people):
        raise UsageError("Early access needs the names of two different people.", next_step='Give both: --by "..." --by "..."')
    why = " ".join(reason.split())
    if len(why.split()) < _FEWEST_WORDS:
        raise UsageError("Early access needs a reason that a reader who was not in the room understands; a few words were expected.")
    if records.latest(folder, STANDARD_RECORD) is not None:
        raise StageError(
            "A standard is recorded, so the cohort is open without early access.", next_step="Make the report: nothing else is needed."
        )
    record = records.append(folder, EARLY_ACCESS_RECORD, {"by": people, "reason": why, "stage": stage_of(folder).words}, when=when)
    return EarlyAccess.of(record)


def granted(folder: Path) -> EarlyAccess | None:
    """The newest early access of a process, or None."""
    record = records.latest(folder, EARLY_ACCESS_RECORD)
    return None if record is None else EarlyAccess.of(record)
