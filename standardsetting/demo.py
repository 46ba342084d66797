"""The whole job on the data that ship: check, close, pack, decide. Each process gets a working copy; the shipped data stay as they are."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from standardsetting.errors import UsageError, WorkbenchError
from standardsetting.shipped import shipped

WORKPLACE = Path("demo")
# Totals for the demonstration only: the middle of what each process's rule leaves open.
CUTS = {"sergeant-2023": "14", "writing": "6"}
RATIONALE = "A demonstration: this total shows how a standard is recorded; no panel has set it."


def run_demo() -> tuple[tuple[str, ...], dict[str, Any]]:
    """Run both processes side by side; returns what to tell a person, and the same for a machine."""
    started = time.monotonic()
    with ThreadPoolExecutor(max_workers=len(CUTS)) as side_by_side:
        record = dict(zip(CUTS, side_by_side.map(_whole_job, CUTS), strict=True))
    lines = []
    for name, told in record.items():
        page = next(file for file in told["pack"]["files"] if file.endswith(".html"))
        lines += [f"{name}: {told['decide']['sentence']}", *told["pack"]["notices"], f"  Open: {Path(told['pack']['folder']) / page}"]
    lines.append(f"Done in {time.monotonic() - started:.0f} s. The working copies are in the folder {WORKPLACE}.")
    return tuple(lines), record


def _whole_job(name: str) -> dict[str, Any]:
    copy = _working_copy(shipped("data") / name)
    decision = ("--cut", CUTS[name], "--rationale", RATIONALE, "--by", "Demonstration")
    return {verb: _command(verb, copy, *words) for verb, words in (("check", ()), ("close", ()), ("pack", ()), ("decide", decision))}


def _working_copy(source: Path) -> Path:
    """A copy to work on. One that was made from other data than ship now is made anew."""
    if not source.is_dir():
        raise UsageError("The data that ship with the package were expected; they are not there.", next_step="Install the package again.")
    copy = WORKPLACE / source.name
    shipped_files = [file for file in source.rglob("*") if file.is_file()]
    current = all((twin := copy / file.relative_to(source)).is_file() and twin.read_bytes() == file.read_bytes() for file in shipped_files)
    if not current:
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(source, copy)
    return copy


def _command(verb: str, copy: Path, *words: str) -> dict[str, Any]:
    """A verb as its own command line: the demonstration is exactly what a person would type."""
    command = [sys.executable, "-m", "standardsetting.cli", verb, str(copy), *words, "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, encoding="utf-8", check=False)
    told: dict[str, Any] = json.loads(done.stdout) if done.stdout.strip() else {"message": "the command said nothing"}
    if done.returncode != 0:
        raise WorkbenchError(
            f"{copy.name}, {verb}: {told['message']}", details=told.get("details", ()), next_step=told.get("next_step", "")
        )
    return told
