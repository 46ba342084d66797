"""The command behind `make bench`: `python -m benchmarks --sizes 300,2000 --only agreement,icc`."""

from __future__ import annotations

import argparse
import importlib
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks import report
from benchmarks.aims import outcomes
from benchmarks.contest import Contest, R, Side
from benchmarks.panels import Panels, draw
from benchmarks.race import Row, race

FAMILIES = ("agreement", "bootstrap", "icc", "components", "facets")
SIZES = (300, 2_000, 10_000, 100_000)
# Every program runs once on so many before the clock starts; and no size asked for is smaller than the other.
WARM_UP, SMALLEST = 20, 60
LIMIT = 60.0


def contests(only: Sequence[str] = ()) -> list[tuple[str, Contest]]:
    """The contests of the families, or those that are named, by family or by key."""
    found = [(family, contest) for family in FAMILIES for contest in importlib.import_module(f"benchmarks.{family}").CONTESTS]
    return [(family, contest) for family, contest in found if not only or family in only or contest.key in only]


def too_long(side: Side, n: int, measured: dict[int, float | None], limit: float) -> str:
    """Why a size is left out: the time expected from the largest size measured is over the limit. Empty where it is not."""
    sizes = [size for size, seconds in measured.items() if size < n and seconds is not None]
    if not sizes:
        return f"over {limit:.0f} s at a smaller size; never measured" if any(size < n for size in measured) else ""
    last = max(sizes)
    expected = measured[last] * (n / last) ** side.growth
    over = [size for size in measured if last < size < n]
    if expected <= limit and not over:
        return ""
    why = f"over {limit:.0f} s at {over[0]:,}" if over else f"left out: about {expected:,.0f} s expected"
    return f"{why}; last measured at {last:,}: {measured[last]:.3g} s"


class Bench:
    """The panels drawn so far, the rows so far, and what each side took."""

    def __init__(self, folder: Path, limit: float) -> None:
        self.folder, self.limit = folder, limit
        self.rows: list[Row] = []

    def panels(self, kind: str, n: int, *, as_text: bool = False) -> Path:
        """A file of the panels; drawn once."""
        file = self.folder / f"{kind.replace(' ', '-').replace('%', 'percent')}-{n}.npz"
        if not file.exists():
            draw(n, kind).save(file)
        if as_text and not file.with_suffix(".csv").exists():
            Panels.load(file).table().to_csv(file.with_suffix(".csv"), index=False)
        return file

    def contest(self, family: str, contest: Contest, sizes: Sequence[int]) -> None:
        """All sizes of a contest."""
        measured: dict[str, dict[int, float | None]] = {side.package: {} for side in contest.sides}
        first = {side.first for side in contest.sides if side.first}
        small = self.panels(contest.panels, WARM_UP)
        for n in sorted(first | set(sizes)):
            out = {} if n in sizes else {side.package: "not at this size" for side in contest.peers if side.first != n}
            for side in contest.peers:
                out[side.package] = out.get(side.package) or too_long(side, n, measured[side.package], self.limit)
            out = {package: why for package, why in out.items() if why}
            as_text = any(side.environment == R and side.package not in out for side in contest.peers)
            panels = self.panels(contest.panels, n, as_text=as_text)
            for row in race(family, contest, n, panels, small, limit=self.limit, too_long=out):
                if row.status == "not at this size":
                    continue
                if not row.status or row.status.startswith("over"):
                    measured[row.package][n] = row.seconds
                self.rows.append(row)
                say(report.line(row))


def say(text: str) -> None:
    """A line now."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main(words: Sequence[str] | None = None) -> list[Row]:
    """Run, print, and write results.md and results.json."""
    parser = argparse.ArgumentParser(prog="make bench", description="Speed and memory beside other programs, in one run.")
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="candidates, separated by commas")
    parser.add_argument("--only", default="", help=f"families ({', '.join(FAMILIES)}) or contests, separated by commas")
    parser.add_argument("--limit", type=float, default=LIMIT, help="seconds after which another program is left out at a size")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="where results.md and results.json go")
    parser.add_argument("--remark", default="", help="a sentence about the machine for results.md, for instance that others used it")
    given = parser.parse_args(words)
    sizes = sorted({int(size) for size in given.sizes.replace("_", "").split(",")})
    chosen = contests([name for name in given.only.split(",") if name])
    if not chosen or sizes[0] < SMALLEST:
        parser.error(f"--only takes {', '.join(FAMILIES)} or a contest's key; --sizes takes numbers from {SMALLEST} on")
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), given.limit)
        for family, contest in chosen:
            bench.contest(family, contest, sizes)
    say("")
    for one in outcomes(bench.rows):
        say(report.verdict(one))
    report.write(bench.rows, given.out, given.remark)
    return bench.rows


if __name__ == "__main__":
    # Another program may be missing or fail; our own may not.
    sys.exit(1 if any(row.ours and row.seconds is None for row in main()) else 0)
