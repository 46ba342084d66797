"""Publishing: what a report rests on at each stage of a process, and one run of it under the process's lock."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from standardsetting import records
from standardsetting.errors import BusyError
from standardsetting.stages import BLIND, NAMED, RESTRICTED, Stage, require, stage_of

if TYPE_CHECKING:
    from standardsetting.process import Process
    from standardsetting.reporting.run import RunResult


def now_in(process: Process) -> datetime:
    return datetime.now(ZoneInfo(process.process.time_zone))


def alone(folder: Path) -> AbstractContextManager[Any]:
    """Hold the lock of a process, or say at once that somebody else does."""
    import filelock

    class Held(filelock.FileLock):
        def __enter__(self) -> Any:
            try:
                return self.acquire(timeout=0)
            except filelock.Timeout:
                raise BusyError(
                    "Another run is working on this process.", next_step="Wait until it has ended, and try again. Nothing was changed."
                ) from None

    return Held(folder / ".lock")


def reports_of(process: Process, folder: Path, chosen: Path | None) -> Path:
    """The folder of all reports; a process has its own in it."""
    return chosen or (folder / process.reports if process.reports else Path("reports"))


def publish_report(kind: str, process: Process, folder: Path, *, reports: Path | None, timeout: int) -> RunResult:
    """Make one report, of a closed process or, where the report allows it, of the ratings that there are so far."""
    from standardsetting import progress
    from standardsetting.reporting.run import ReportRequest, make_report
    from standardsetting.reporting.schedule import NEEDS

    early = NEEDS.get(kind) == "open" and stage_of(folder) is Stage.OPEN
    if not early:
        require(folder, Stage.CLOSED, doing=f"The report {kind}")
    with alone(folder), progress.shown("Preparing the report") as step:
        result = make_report(
            ReportRequest(
                kind=kind,
                reports_folder=reports_of(process, folder, reports),
                restricted_folder=folder / RESTRICTED,
                timeout=timeout,
                progress=step,
                **(rests_on := (_so_far if early else _closed)(process, folder)),
            )
        )
    if rests_on["process"].hash != process.hash:
        changed = "process.toml was changed after the closing. The report uses the definition that was frozen then."
        result = replace(result, notices=(*result.notices, changed))
    return result


def _closed(process: Process, folder: Path) -> dict[str, Any]:
    """What a report of a closed process rests on: it comes from the ledger and the closing."""
    import pandas as pd

    from standardsetting.blind.scores import BlindScores
    from standardsetting.named.close import IDENTITIES
    from standardsetting.named.close import close as run_close
    from standardsetting.stages import CLOSED_RECORD

    # Already closed: this only makes sure that closing, ledger and rule still belong together.
    run_close(process, folder, when=now_in(process))
    chain = records.read(folder)
    closed = next(record for record in reversed(chain) if record.kind == CLOSED_RECORD)
    return {
        "process": BlindScores.read(folder / BLIND).process,
        "material": folder / BLIND,
        "identities": lambda: pd.read_parquet(folder / NAMED / IDENTITIES),
        "inputs": dict(closed.body["inputs"]),
        "ledger_head": chain[-1].hash,
    }


def _so_far(process: Process, folder: Path) -> dict[str, Any]:
    """What a report rests on while interviews go on: a blind copy of the ratings there are."""
    from standardsetting.named.preview import preview

    seen = preview(process, folder)
    return {"process": process, "material": seen.blind_folder, "identities": lambda: seen.identities, "inputs": seen.inputs}
