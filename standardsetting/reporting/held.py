"""What was held for somebody to look at is published as they saw it: copied byte for byte, with one rename, and never made again."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from standardsetting.errors import PublishingError
from standardsetting.reporting import manifest, publish
from standardsetting.reporting.run import RunResult
from standardsetting.sealed import file_digest


def publish_held(held: Path, *, signed: str, kind: str, reports_folder: Path, process_id: str, ledger_head: str) -> RunResult:
    """Put a run that was made elsewhere among the published ones, byte for byte, or find it there already. Nothing is made a second time.

    Parameters
    ----------
    held
        The folder of the run.
    signed
        SHA-256 of its manifest, as the ledger holds it.
    kind
        The kind of report that the run is: one of `KINDS`.
    reports_folder, process_id
        It goes to `<reports_folder>/<process_id>/<run>`.
    ledger_head
        Hash of the newest record of the ledger: the one that releases the run, or a later one.

    Raises
    ------
    BusyError
        Another run of this process is going on.
    PublishingError
        The run could not be put in its place, or changed on the way. Nothing was published.
    """
    started, folder = time.monotonic(), Path(reports_folder).absolute() / process_id
    final, notices = folder / held.name, tuple[str, ...]()
    with publish.locked(folder):
        publish.sweep(folder)
        if already := _is(final, signed):
            # A run that was killed between its rename and its line in the journal gets that line now.
            noted = {} if publish.whole(final) else {"manifest": signed}
            publish.note(folder, publish.entry(kind, held.name, "already done", ledger_head, **noted))
        else:
            with publish.staged(folder, held.name) as staging:
                output = staging / publish.OUTPUT_FOLDER
                shutil.copytree(held, output, copy_function=shutil.copyfile)
                if not _is(output, signed):
                    raise PublishingError("The held report is not the one that was signed, so it is not published.", next_step="Run again.")
                if kept := publish.publish(output, final):
                    notices = (f"Another report of this run lay there, or it had been changed; it is kept as {kept}.",)
            publish.note(folder, publish.entry(kind, held.name, "published", ledger_head, manifest=signed))
        publish.point(folder, kind, held.name)
    return RunResult(held.name, final, already, tuple(sorted(final.iterdir())), time.monotonic() - started, notices)


def _is(run: Path, signed: str) -> bool:
    return run.is_dir() and not manifest.verify(run) and file_digest(run / manifest.MANIFEST_FILE) == signed
