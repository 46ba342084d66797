"""The whole job on the data that ship, up to the released reports about groups.

Each process gets a working copy; the shipped data stay as they are.
"""

from __future__ import annotations

import multiprocessing
import shutil
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from standardsetting.errors import UsageError
from standardsetting.shipped import shipped

WORKPLACE = Path("demo")
# Totals for the demonstration only: the middle of what each process's rule leaves open.
CUTS = {"sergeant-2023": "14", "writing": "6"}
RELEASED = {
    "sergeant-2023": (("cohort-diversity", "director"), ("cohort-diversity", "public"), ("positive-action", "director")),
    "writing": (("cohort-diversity", "director"),),
}
PREPARED, SIGNED = "Demonstration", "Demonstration, second person"
RATIONALE = "A demonstration: this total shows how a standard is recorded; no panel has set it."


def run_demo() -> tuple[tuple[str, ...], dict[str, Any]]:
    """Run both processes side by side; returns what to tell a person, and the same for a machine."""
    started = time.monotonic()
    with ProcessPoolExecutor(max_workers=len(CUTS), mp_context=multiprocessing.get_context("spawn")) as side_by_side:
        record = dict(zip(CUTS, side_by_side.map(_whole_job, CUTS), strict=True))
    lines = []
    for name, told in record.items():
        lines += [f"{name}: {told['decide']['sentence']}", *told["pack"]["notices"]]
        lines += [f"  Open: {_page(told[made])}" for made in ("pack", *(f"{report}, {tier}" for report, tier in RELEASED[name]))]
    lines.append(f"Done in {time.monotonic() - started:.0f} s. The working copies are in the folder {WORKPLACE}.")
    return tuple(lines), record


def _whole_job(name: str) -> dict[str, Any]:
    """What a person would type, verb by verb; returns what each verb tells a machine."""
    from standardsetting import cli

    copy = _working_copy(shipped("data") / name)
    told = {verb: cli.run(verb, folder=copy) for verb in ("check", "close", "pack")}
    told["decide"] = cli.run("decide", folder=copy, cut=CUTS[name], rationale=RATIONALE, by=["Demonstration"])
    for report, tier in RELEASED[name]:
        cli.run("report", kind=report, folder=copy, tier=tier)
        told[f"{report}, {tier}"] = cli.run("release", kind=report, folder=copy, tier=tier, prepared_by=PREPARED, signed_by=SIGNED)
    return {verb: each.record for verb, each in told.items()}


def _page(told: dict[str, Any]) -> Path:
    return Path(told["folder"]) / next(file for file in told["files"] if file.endswith(".html"))


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
