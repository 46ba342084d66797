"""Publishing: a report appears whole, by one rename, or not at all.

Everything is made in a staging folder beside the published runs. Killed at any instant, a run leaves at most that folder, whose name starts
with a dot, and the next run sweeps it away.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from filelock import FileLock, Timeout

from standardsetting.errors import BusyError, PublishingError
from standardsetting.reporting import manifest
from standardsetting.sealed import file_digest

STAGING_PREFIX, OUTPUT_FOLDER, LOCK_FILE, JOURNAL_FILE = ".staging-", "out", ".lock", "journal.jsonl"
_KEPT_ASIDE = re.compile(r"-changed-\d{8}T\d{6}$")


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a process's reports folder; the operating system gives it back however the holder ends.

    Raises
    ------
    BusyError
        Another run holds it. Nobody waits.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PublishingError(
            f"The reports folder cannot be made: {error.strerror or type(error).__name__}.",
            next_step="Look at the place given for reports.",
        ) from None
    lock = FileLock(folder / LOCK_FILE, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise BusyError(
            "Another run is making a report of this process.", next_step="Wait until it is done and run again; nothing was changed."
        ) from None
    except OSError as error:
        raise _not_written(error) from None
    try:
        yield
    finally:
        lock.release()


def _not_written(error: OSError) -> PublishingError:
    return PublishingError(
        f"The reports folder cannot be written to: {error.strerror or type(error).__name__}. Nothing was published.",
        next_step="Check free space and rights of the reports folder, then run again.",
    )


@contextmanager
def staged(folder: Path, key: str) -> Iterator[Path]:
    """A staging folder that only its owner can enter, removed at the end whatever happens. The caller holds the lock."""
    staging = folder / f"{STAGING_PREFIX}{key}-{os.getpid()}"
    try:
        staging.mkdir(mode=0o700)
    except OSError as error:
        raise _not_written(error) from None
    try:
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def sweep(folder: Path) -> int:
    """Remove what killed runs left behind; returns how many folders there were. The caller holds the lock."""
    stale = [place for place in folder.glob(f"{STAGING_PREFIX}*") if place.is_dir()]
    for place in stale:
        shutil.rmtree(place, ignore_errors=True)
    for file in folder.glob(".latest-*"):
        with suppress(OSError):
            file.unlink()
    return len(stale)


def publish(output: Path, final: Path) -> str:
    """Give a finished output folder its final name, in one step.

    A folder that is in the way, because it was changed after it was published, is kept under a new name.

    Returns
    -------
    str
        The name under which a folder in the way was kept, or nothing.
    """
    kept = ""
    try:
        for file in sorted(output.iterdir()):
            _sync(file)
        _sync(output)
        if final.exists():
            kept = f"{final.name}-changed-{datetime.now(UTC):%Y%m%dT%H%M%S}"
            final.rename(final.with_name(kept))
        output.rename(final)
        _sync(final.parent)
    except OSError as error:
        raise PublishingError(
            f"The report was made and could not be put in its place: {error.strerror or type(error).__name__}.",
            next_step="Check free space and rights of the reports folder, then run again.",
        ) from None
    return kept


def kept_aside(run: Path) -> bool:
    """Whether a folder bears the name under which `publish` keeps what was in the way."""
    return run.is_dir() and not run.is_symlink() and bool(_KEPT_ASIDE.search(run.name))


def point(folder: Path, kind: str, run: str) -> None:
    """Let `latest-<kind>` name a run: a relative link, or a text file where links cannot be made. Swapped in one step."""
    pointer, draft = folder / f"latest-{kind}", folder / f".latest-{kind}-{os.getpid()}"
    if pointed(folder, kind) == run:
        return
    with suppress(FileNotFoundError):
        draft.unlink()
    try:
        try:
            draft.symlink_to(run, target_is_directory=True)
        except OSError:
            draft.write_text(run + "\n", encoding="utf-8")
        draft.replace(pointer)
    except OSError as error:
        raise PublishingError(
            f"The report is published as {run}; the pointer latest-{kind} could not be set: {error.strerror or type(error).__name__}.",
            next_step=f"See that latest-{kind} there is no folder, then run again: the report is not made a second time.",
        ) from None
    _sync(folder)


def pointed(folder: Path, kind: str) -> str:
    """The run that `latest-<kind>` names, or nothing."""
    pointer = folder / f"latest-{kind}"
    if pointer.is_symlink():
        return os.fspath(pointer.readlink())
    return pointer.read_text(encoding="utf-8").strip() if pointer.is_file() else ""


def note(folder: Path, entry: Mapping[str, Any]) -> None:
    """Append a line to the journal of runs. A line that a crash cut short stays alone on its line."""
    line = json.dumps(dict(entry), ensure_ascii=False) + "\n"
    with _writing(folder) as journal:
        size = journal.seek(0, os.SEEK_END)
        if size:
            journal.seek(size - 1)
            line = line if journal.read(1) == b"\n" else "\n" + line
        journal.write(line.encode())
        journal.flush()
        os.fsync(journal.fileno())


def can_note(folder: Path) -> None:
    """Refuse unless a line can be added to the journal, before anything is done that could not be noted afterwards."""
    with _writing(folder):
        pass


@contextmanager
def _writing(folder: Path) -> Iterator[BinaryIO]:
    try:
        with (folder / JOURNAL_FILE).open("ab+") as journal:
            yield journal
    except OSError as error:
        raise PublishingError(
            f"The journal of runs cannot be written to: {error.strerror or type(error).__name__}.",
            next_step=f"Check free space and rights of the reports folder, and that {JOURNAL_FILE} there is a file; then run again.",
        ) from None


def entry(kind: str, run: str, outcome: str, ledger_head: str | None, **more: Any) -> dict[str, Any]:
    """What the journal holds of a run: when, what, how it ended, and the newest record of the ledger at that moment."""
    when = datetime.now(UTC).isoformat(timespec="seconds")
    return {"when": when, "kind": kind, "run": run, "outcome": outcome, "ledger_head": ledger_head, **more}


def journal(folder: Path) -> list[dict[str, Any]]:
    """The runs so far, oldest first: `when`, `kind`, `run`, `outcome`. Lines that a crash cut short, or that no run wrote, are left out."""
    return [line for line in _lines(folder) if _is_entry(line)]


def strange_lines(folder: Path) -> int:
    """How many lines of the journal can be read and are not what a run writes."""
    return sum(1 for line in _lines(folder) if not _is_entry(line))


def _lines(folder: Path) -> Iterator[Any]:
    file = folder / JOURNAL_FILE
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines() if file.is_file() else ():
        with suppress(json.JSONDecodeError):
            yield json.loads(line)


def _is_entry(line: Any) -> bool:
    return (
        isinstance(line, dict)
        and all(isinstance(line.get(name), str) for name in ("when", "kind", "outcome"))
        and all(isinstance(line.get(name), str | None) for name in ("run", "manifest", "ledger_head"))
    )


def as_published(run: Path, journal: Iterable[Mapping[str, Any]]) -> bool:
    """Whether the manifest of a run is the one that was noted when it was published."""
    noted = [entry["manifest"] for entry in journal if entry.get("run") == run.name and entry.get("manifest")]
    file = run / manifest.MANIFEST_FILE
    return bool(noted) and file.is_file() and file_digest(file) == noted[-1]


def whole(run: Path) -> bool:
    """Whether a run lies there as it was made: its files are those of its manifest, and its manifest is the one that the journal noted."""
    return run.is_dir() and not manifest.verify(run) and as_published(run, journal(run.parent))


def lies_there(run: Path, *, known: str | None = None) -> bool:
    """Whether a run lies there as it was made: its manifest is the one that is known elsewhere, or that no line of the journal gainsays."""
    if manifest.verify(run):
        return False
    if known is not None:
        return file_digest(run / manifest.MANIFEST_FILE) == known
    noted = journal(run.parent)
    unnoted = not any(entry.get("run") == run.name and entry.get("manifest") for entry in noted)
    return unnoted or as_published(run, noted)


def file_away(restricted: Path, name: str, text: str) -> str:
    """Keep what nobody else may read, a traceback for instance, under a folder that only its owner can enter; returns where, from there."""
    folder = restricted / "failures"
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    file = folder / f"{name}-{datetime.now(UTC):%Y%m%dT%H%M%S%f}.txt"
    with open(file, "w", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, 0o600)) as stream:
        stream.write(text + "\n")
    return f"failures/{file.name}"


def _sync(path: Path) -> None:
    if os.name == "nt" and path.is_dir():  # Windows has no handle for a folder
        return
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
