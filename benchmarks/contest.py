"""A contest: one computation, our function, and the other programs that do it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.panels import Panels

HERE, APART, R = "benchmarks/.venv", "benchmarks/.venv/apart", "R"


@dataclass(frozen=True)
class Side:
    """One program in a contest.

    Attributes
    ----------
    package
        The package as its index knows it.
    prepare
        Brings the panels into the shape that the program takes: outside the clock.
    run
        The computation: inside the clock.
    numbers
        What was found, by name: the same name for the same quantity on every side.
    covers
        What the computation does, where sides differ.
    environment
        Where the program is installed.
    growth
        The power of the number of candidates that its time goes with; used to leave out sizes that would take too long.
    first
        A size to measure before the sizes asked for, for a program that may not reach any of them.
    """

    package: str
    prepare: Callable[[Panels], Any]
    run: Callable[[Any], Any]
    numbers: Callable[[Any, Panels], dict[str, float]]
    covers: str = ""
    environment: str = HERE
    growth: float = 1.0
    first: int | None = None


@dataclass(frozen=True)
class Contest:
    """Our function first, then the others.

    Attributes
    ----------
    key, title
        What is computed, for `--only` and for the reader.
    panels
        Which kind of panels, see `panels.KINDS`.
    ours, peers
        The sides.
    facts
        Numbers to show, left out of the largest difference.
    """

    key: str
    title: str
    panels: str
    ours: Side
    peers: tuple[Side, ...]
    facts: tuple[str, ...] = ()

    @property
    def sides(self) -> tuple[Side, ...]:
        """All of them, ours first."""
        return (self.ours, *self.peers)
