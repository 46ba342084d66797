"""The rows as text, as Markdown and as JSON; and the machine in general terms."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.aims import Outcome, outcomes
from benchmarks.race import Row

HEADINGS = ("candidates", "program", "seconds", "processor seconds", "runs", "times ours", "MB more", "largest difference", "")


def machine() -> dict[str, str]:
    """Cores, memory and versions; nothing that names the machine."""
    known = {"date": date.today().isoformat(), "cores": str(os.cpu_count()), "memory": _memory(), "system": platform.system()}
    known["Python"] = ".".join(map(str, sys.version_info[:3]))
    for package in ("numpy", "scipy", "pandas"):
        try:
            known[package] = version(package)
        except PackageNotFoundError:
            known[package] = "not installed"
    return known


def _memory() -> str:
    try:
        return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB"
    except (AttributeError, ValueError):
        return "not known"


def cells(row: Row) -> list[str]:
    """A row as the table shows it."""
    if row.seconds is None:
        return [f"{row.n:,}", row.package, *[""] * 6, row.status]
    facts = [f"{name} {value:.7g}" for name, value in row.facts.items()]
    return [
        f"{row.n:,}",
        row.package if row.ours else f"{row.package} {row.version}",
        _seconds(row.seconds),
        _seconds(row.cpu),
        str(row.runs),
        "" if row.ours or row.ratio is None else f"{row.ratio:.3g}",
        "" if row.megabytes is None else f"{row.megabytes:.0f}",
        "" if row.difference is None else f"{row.difference:.1e}",
        "; ".join(part for part in (row.status, *facts) if part),
    ]


def _seconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.4f}" if seconds < 10 else f"{seconds:.1f}"


def markdown(rows: Sequence[Row], remark: str) -> str:
    """The committed page."""
    known = machine()
    lines = ["# Results of `make bench`", "", ", ".join(f"{name}: {value}" for name, value in known.items()) + "."]
    lines += ["", remark, "", "How to read this is in [README.md](README.md).", "", "## Aims", ""]
    aims = [[one.aim, one.measured, one.verdict] for one in outcomes(rows)]
    lines += _table(("aim", "measured", "verdict"), aims)
    for key in dict.fromkeys(row.contest for row in rows):
        of = [row for row in rows if row.contest == key]
        lines += ["", f"## {of[0].title} (`{key}`)", ""]
        covered = {row.package: row.covers for row in of if row.covers}
        lines += [f"{package}: {covers}." for package, covers in covered.items()]
        lines += ["", *_table(HEADINGS, [cells(row) for row in of])]
    return "\n".join(lines) + "\n"


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = ["| " + " | ".join(headings) + " |", "|" + "---|" * len(headings)]
    return lines + ["| " + " | ".join(row) + " |" for row in rows]


def line(row: Row) -> str:
    """A row while the run goes on."""
    n, package, seconds, cpu, runs, ratio, megabytes, difference, note = cells(row)
    took = f"{seconds} s (processor {cpu}; {runs} run{'' if runs == '1' else 's'})" if seconds else ""
    parts = ((f"{ratio} x ours", ratio), (f"{megabytes} MB", megabytes), (f"difference {difference}", difference))
    more = ", ".join(text for text, given in parts if given)
    return f"{row.contest:<13}{n:>8}  {package:<22}{took:<40}{more:<44}{note}".rstrip()


def verdict(one: Outcome) -> str:
    """An aim in one line."""
    return f"{one.verdict.upper():<9} {one.aim}" + (f": {one.measured}" if one.measured else "")


def write(rows: Sequence[Row], folder: Path, remark: str) -> None:
    """results.md and results.json."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.md").write_text(markdown(rows, remark), encoding="utf-8")
    aims = [asdict(one) | {"verdict": one.verdict} for one in outcomes(rows)]
    found = {"machine": machine(), "remark": remark, "aims": aims, "rows": [asdict(row) for row in rows]}
    (folder / "results.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
