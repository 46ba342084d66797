"""The ledger: an append-only chain of records. Each record holds the hash of the one before; the last line seals the whole.

A record is added by writing the new ledger beside the old one and swapping the two in one atomic step, so that a crash at any instant
leaves the old ledger or the new one. An edit, a deletion (of the last record too) or a reordering breaks the chain or the seal.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from standardsetting.errors import StageError

LEDGER = Path("records") / "ledger.jsonl"
_START = "0" * 64


@dataclass(frozen=True)
class Record:
    """One entry of the ledger. `hash` covers everything else in it, `previous` the record before."""

    number: int
    kind: str
    when: str
    body: Mapping[str, Any]
    previous: str

    @property
    def hash(self) -> str:
        return hashlib.sha256(_canonical(self._content()).encode()).hexdigest()

    def _content(self) -> dict[str, Any]:
        return {"number": self.number, "kind": self.kind, "when": self.when, "body": dict(self.body), "previous": self.previous}

    def as_line(self) -> str:
        return _canonical({**self._content(), "hash": self.hash})


def _canonical(content: Any) -> str:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _seal_line(records: tuple[Record, ...]) -> str:
    return _canonical({"records": len(records), "head": records[-1].hash})


def inspect(folder: Path) -> tuple[tuple[Record, ...], tuple[str, ...]]:
    """Every record that can be read, and every problem found, in words. No ledger is no record and no problem."""
    path = folder / LEDGER
    if not path.exists():
        return (), ()
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (UnicodeDecodeError, OSError):
        return (), ("The ledger cannot be read as text: it was overwritten or damaged.",)
    records: list[Record] = []
    problems: list[str] = []
    previous = _START
    for number, line in enumerate(lines[:-1], start=1):
        record, stated = _read_record(line)
        if record is None:
            problems.append(f"Line {number} of the ledger cannot be read as a record.")
            continue
        if stated != record.hash:
            problems.append(f"Record {number} was edited: its content does not match its hash.")
        if record.number != number or record.previous != previous:
            problems.append(f"Record {number} does not follow the one before it: a record was removed, added or moved.")
        previous = stated
        records.append(record)
    sealed = tuple(records)
    if not lines or not records or (not problems and lines[-1] != _seal_line(sealed)):
        problems.append("The ledger's last line does not seal the records above it: a record was removed or added at the end.")
    return sealed, tuple(problems)


def _read_record(line: str) -> tuple[Record | None, str]:
    try:
        content = json.loads(line)
        stated = content.pop("hash")
        record = Record(**content)
        return (record if isinstance(record.body, dict) else None), stated
    except (ValueError, TypeError, KeyError, AttributeError):
        return None, ""


def read(folder: Path) -> tuple[Record, ...]:
    """The records of a process, oldest first.

    Raises
    ------
    StageError
        The ledger does not verify. Nothing is built on it until a person has looked.
    """
    records, problems = inspect(folder)
    if problems:
        raise StageError(
            "The ledger of this process does not verify, so no step may build on it.",
            details=problems,
            next_step="Restore records/ledger.jsonl from a backup, and find out who changed it.",
        )
    return records


def latest(folder: Path, kind: str) -> Record | None:
    """The newest record of a kind, or None."""
    return next((record for record in reversed(read(folder)) if record.kind == kind), None)


def append(folder: Path, kind: str, body: Mapping[str, Any], *, when: datetime) -> Record:
    """Add a record and return it. The old ledger stays whole until the new one is safely on the disk."""
    records = read(folder)
    previous = records[-1].hash if records else _START
    # Through JSON once, so that the record in hand is the record that will be read back.
    record = Record(len(records) + 1, kind, when.isoformat(timespec="seconds"), json.loads(_canonical(dict(body))), previous)
    extended = (*records, record)
    write_whole(folder / LEDGER, "\n".join([*(r.as_line() for r in extended), _seal_line(extended)]) + "\n")
    return record


def write_whole(path: Path, text: str) -> None:
    """Put a text file in place in one atomic step: readers see the old content or the new, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.new")
    with beside.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    beside.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Ask the disk to keep a folder's entries. Windows has no such call and needs none."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
