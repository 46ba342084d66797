"""Where a process is, and what each stage allows. The ledger says; nothing else does."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum
from pathlib import Path

from standardsetting import records
from standardsetting.errors import StageError

CLOSING = "closing"
BLIND = Path(CLOSING) / "blind"
NAMED = Path(CLOSING) / "named"
RESTRICTED = "restricted"
# Where the nightly look at the assessors keeps its own blind copy, as long as interviews go on.
OPEN_NAMED = Path("open") / "named"
OPEN_BLIND = Path("open") / "blind"

# Where the second door leaves what it let through, one folder a snapshot.
COHORT = "cohort"

CLOSED_RECORD = "closed"
STANDARD_RECORD = "standard"
EARLY_ACCESS_RECORD = "early access"
SNAPSHOT_RECORD = "cohort snapshot"


class Stage(IntEnum):
    """The stages of a process, in their order."""

    OPEN = 0
    CLOSED = 1
    DECIDED = 2

    @property
    def words(self) -> str:
        return {0: "open", 1: "closed", 2: "decided"}[int(self)]


_HOW_TO_REACH = {
    Stage.CLOSED: "Close the interviews first: standardsetting close",
    Stage.DECIDED: "Record the standard first: standardsetting decide",
}


def stage_of(folder: Path) -> Stage:
    """The stage that the process in a folder has reached.

    Raises
    ------
    StageError
        The ledger does not verify.
    """
    behind = reached(folder)
    return next((stage for stage in reversed(Stage) if stage.words in behind), Stage.OPEN)


def reached(folder: Path) -> dict[str, datetime]:
    """When the process reached each stage that lies behind it: the first record of each kind says."""
    stages = {CLOSED_RECORD: Stage.CLOSED, STANDARD_RECORD: Stage.DECIDED}
    times: dict[str, datetime] = {}
    for record in records.read(folder):
        if record.kind in stages:
            times.setdefault(stages[record.kind].words, datetime.fromisoformat(record.when))
    return times


def require(folder: Path, stage: Stage, *, doing: str) -> None:
    """Refuse (exit 12) unless the process has reached a stage."""
    reached = stage_of(folder)
    if reached < stage:
        raise StageError(
            f"{doing} needs a process that is {stage.words}; this one is {reached.words}.",
            next_step=_HOW_TO_REACH[stage],
        )


def looked_beyond_scores(folder: Path) -> bool:
    """Whether the ledger holds a look at the cohort: from then on a standard is not changed without legal sign-off."""
    return records.latest(folder, SNAPSHOT_RECORD) is not None
