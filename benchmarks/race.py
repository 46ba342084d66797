"""Runs the sides of a contest against each other: each in a fresh process, one at a time, in turn, until each has used its time."""

from __future__ import annotations

import json
import queue
import shutil
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import memory
from benchmarks.contest import APART, Contest, R, Side

ROOT = Path(__file__).parents[1]
MOST_ROUNDS = 11
# A side takes part in further rounds until its runs have taken about so many seconds.
SECONDS_OF_A_SIDE = 2.5
LOADING = 60.0
# The limit is for other programs. Ours is to be measured, even where it is slow.
OURS_LONGER = 4


@dataclass
class Row:
    """One side of a contest at one size.

    Attributes
    ----------
    seconds, cpu, runs
        The median of so many runs, by the clock and by the processor time of all threads.
    ratio
        The side's median over ours.
    megabytes
        How much memory grew at the peak of the first run.
    difference
        The largest absolute difference from our numbers.
    facts
        Numbers to show.
    status
        Empty where it was measured; otherwise why it was not.
    """

    family: str
    contest: str
    title: str
    n: int
    package: str
    ours: bool
    covers: str
    version: str = ""
    seconds: float | None = None
    cpu: float | None = None
    runs: int = 0
    ratio: float | None = None
    megabytes: float | None = None
    difference: float | None = None
    facts: dict[str, float] = field(default_factory=dict)
    status: str = ""


class Runner:
    """A side's process, and the conversation with it."""

    def __init__(self, side: Side, command: list[str] | None) -> None:
        self.side, self.version, self.status = side, "", "" if command else "not installed here"
        self.times: list[float] = []
        self.cpu: list[float] = []
        self.megabytes: float | None = None
        self.numbers: dict[str, float] = {}
        self._lines: queue.Queue[str] = queue.Queue()
        self._process: Any = None
        if command:
            pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
            self._process = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=nowhere, text=True, encoding="utf-8")
            threading.Thread(target=self._listen, daemon=True).start()

    @property
    def racing(self) -> bool:
        """Whether it is still in the contest."""
        return not self.status

    @property
    def has_time(self) -> bool:
        """Whether one more run of the usual length fits."""
        count = len(self.times)
        return not count or sum(self.times) * (count + 1) / count <= SECONDS_OF_A_SIDE

    def ready(self) -> None:
        """Wait until packages and data are loaded."""
        if self.racing:
            self.version = self._answer(LOADING).get("version", "")

    def run(self, limit: float) -> None:
        """Run once, the first time with a look at the memory."""
        before = memory.settle(self._process.pid) if not self.times else None
        self._ask("run")
        answer = self._answer(limit)
        if "seconds" in answer:
            self.times.append(answer["seconds"])
            self.cpu.append(answer["cpu"])
            if len(self.times) == 1:
                self.megabytes = memory.growth(self._process.pid, before)

    def tell(self) -> None:
        """Fetch the numbers."""
        if self.racing and self.times:
            self._ask("numbers")
            self.numbers = self._answer(LOADING).get("numbers", {})

    def end(self) -> None:
        """End the process."""
        if self._process:
            self._process.kill()
            self._process.wait()

    def _listen(self) -> None:
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put("")

    def _ask(self, word: str) -> None:
        try:
            self._process.stdin.write(word + "\n")
            self._process.stdin.flush()
        except OSError:
            self.status = "failed: the process ended"

    def _answer(self, limit: float) -> dict:
        try:
            line = self._lines.get(timeout=limit)
        except queue.Empty:
            self.status = f"over {limit:.0f} s"
            return {}
        answer = json.loads(line) if line else {"failed": "the process ended"}
        if "missing" in answer:
            self.status = "not installed here"
        elif "failed" in answer:
            self.status = f"failed: {answer['failed']}"
        return answer


def race(family: str, contest: Contest, n: int, panels: Path, small: Path, *, limit: float, too_long: dict[str, str]) -> list[Row]:
    """Measure one contest at one size; `too_long` says which packages are left out, and why."""
    runners = [
        Runner(side, None if side.package in too_long else _command(family, contest, place, panels, small))
        for place, side in enumerate(contest.sides)
    ]
    try:
        for runner in runners:
            runner.status = too_long.get(runner.side.package, runner.status)
            runner.ready()
        _rounds(runners, limit)
        for runner in runners:
            runner.tell()
    finally:
        for runner in runners:
            runner.end()
    return [_row(family, contest, n, runner, runners[0]) for runner in runners]


def _rounds(runners: list[Runner], limit: float) -> None:
    """Ours, the next, the next; ours again."""
    for _ in range(MOST_ROUNDS):
        for runner in runners:
            if runner.racing and runner.has_time:
                runner.run(OURS_LONGER * limit if runner is runners[0] else limit)


def _command(family: str, contest: Contest, place: int, panels: Path, small: Path) -> list[str] | None:
    """How to start a side, or None where its environment is not there."""
    side = contest.sides[place]
    if side.environment == R:
        rscript = shutil.which("Rscript")
        return [rscript, "--vanilla", str(Path(__file__).with_name("lme4.R")), str(panels.with_suffix(".csv"))] if rscript else None
    python = sys.executable
    if side.environment == APART:
        names = (ROOT / APART / "bin" / "python", ROOT / APART / "Scripts" / "python.exe")
        python = next((str(name) for name in names if name.exists()), "")
    return [python, "-m", "benchmarks.worker", family, contest.key, str(place), str(panels), str(small)] if python else None


def _row(family: str, contest: Contest, n: int, runner: Runner, ours: Runner) -> Row:
    row = Row(family, contest.key, contest.title, n, runner.side.package, runner is ours, runner.side.covers, runner.version)
    row.status = runner.status
    if not runner.times:
        return row
    row.seconds, row.cpu, row.runs, row.megabytes = median(runner.times), median(runner.cpu), len(runner.times), runner.megabytes
    row.facts = {name: runner.numbers[name] for name in contest.facts if name in runner.numbers}
    if ours.times:
        row.ratio = row.seconds / median(ours.times)
    shared = (runner.numbers.keys() & ours.numbers.keys()) - set(contest.facts)
    if runner is not ours and shared:
        row.difference = max(abs(runner.numbers[name] - ours.numbers[name]) for name in shared)
    return row
