"""One side of a contest in a process of its own: it says when it is ready, runs when asked, and tells seconds and numbers.

    python -m benchmarks.worker FAMILY CONTEST SIDE PANELS WARM-UP

One word a line comes in (`run`, `numbers`), one JSON object a line goes out. Packages are loaded, and the computation run once on small
panels, before it is ready: neither loading nor first use is timed.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.contest import Contest, Side
from benchmarks.panels import Panels


def contest_of(family: str, key: str) -> Contest:
    """A contest of a family's module by its key."""
    found = importlib.import_module(f"benchmarks.{family}").CONTESTS
    return next(contest for contest in found if contest.key == key)


def installed(package: str) -> str:
    """The package's version; our own need not be installed, it is where this is."""
    try:
        return version(package)
    except PackageNotFoundError:
        if package == "standardsetting":
            return "this one"
        raise ModuleNotFoundError(f"{package} is not installed") from None


def main(words: list[str]) -> None:
    """Serve one side until the input ends."""
    # Whatever a package prints must not come between the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)

    def say(**answer: object) -> None:
        answers.write(json.dumps(answer) + "\n")
        answers.flush()

    family, key, place, panels, small = words
    side: Side = contest_of(family, key).sides[int(place)]
    try:
        known = installed(side.package)
        warm = Panels.load(Path(small))
        side.numbers(side.run(side.prepare(warm)), warm)
        drawn = Panels.load(Path(panels))
        given = side.prepare(drawn)
        say(version=known)
        found = None
        for line in sys.stdin:
            if line.strip() == "run":
                found = None  # the last result's memory is not the next run's
                begun, cpu = time.perf_counter(), time.process_time()
                found = side.run(given)
                say(seconds=time.perf_counter() - begun, cpu=time.process_time() - cpu)
            else:
                say(numbers=side.numbers(found, drawn))
    except ModuleNotFoundError:
        say(missing=side.package)
    except Exception as error:  # whatever another program raises belongs into its row, not over the run
        say(failed=f"{type(error).__name__}: {' '.join(str(error).split())[:200]}")


if __name__ == "__main__":
    main(sys.argv[1:])
