"""What was held for somebody to look at is published as they saw it: copied byte for byte, with one rename, and never made again."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

from standardsetting.errors import PublishingError
from standardsetting.reporting import manifest, publish
from standardsetting.reporting.run import RunResult
from standardsetting.sealed import file_digest


def publish_held(held: Path, *, signed: str, kind: str, reports_folder: Path, process_id: str, record: Callable[[], str]) -> RunResult:
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
    record
        Called once everything is ready but the rename, under the lock: writes the release to the ledger and returns the hash of the
        ledger's newest record. So nothing is recorded that cannot be published.

    Raises
    ------
    BusyError
        Another run of this process is going on.
    PublishingError
        The run could not be put in its place, or changed on the way; says whether the release is recorded.
    """
    started, folder = time.monotonic(), Path(reports_folder).absolute() / process_id
    final, notices = folder / held.name, tuple[str, ...]()
    recorded = "No release is recorded."
    try:
        with publish.locked(folder):
            publish.sweep(folder)
            with publish.staged(folder, held.name) as staging:
                output = staging / publish.OUTPUT_FOLDER
                if not (already := _is(final, signed)):
                    _copy(held, output, signed)
                publish.can_note(folder)
                recorded = ""  # whoever records says what came of it
                head = record()
                recorded = "The release is recorded; its publication is not finished."
                if not already and (kept := publish.publish(output, final)):
                    notices = (f"Another report of this run lay there, or it had been changed; it is kept as {kept}.",)
                # A run that was killed between its rename and its line in the journal gets that line now.
                noted = {} if publish.whole(final) else {"manifest": signed}
                publish.note(folder, publish.entry(kind, held.name, "already done" if already else "published", head, **noted))
            publish.point(folder, kind, held.name)
    except PublishingError as error:
        raise PublishingError(f"{recorded} {error.message}".lstrip(), next_step=f"{error.next_step} Nothing is recorded twice.") from None
    return RunResult(held.name, final, already, tuple(sorted(final.iterdir())), time.monotonic() - started, notices)


def _copy(held: Path, output: Path, signed: str) -> None:
    try:
        shutil.copytree(held, output, copy_function=shutil.copyfile)
    except OSError as error:
        raise PublishingError(
            f"The held report cannot be copied to the reports folder: {error.strerror or type(error).__name__}.",
            next_step="Check free space and rights of the reports folder, then run again.",
        ) from None
    if not _is(output, signed):
        raise PublishingError("The held report is not the one that was signed, so it is not published.", next_step="Run again.")


def _is(run: Path, signed: str) -> bool:
    return run.is_dir() and not manifest.verify(run) and file_digest(run / manifest.MANIFEST_FILE) == signed
