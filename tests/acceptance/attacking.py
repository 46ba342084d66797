"""What the attacks have in common: how a cohort's attack is scored, run over many cohorts, and told as a row of docs/disclosure.md."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

MANY = 200


@dataclass(frozen=True)
class Score:
    """Counts looked at, how many had too few possible values, and how many were exact."""

    cells: int = 0
    few: int = 0
    exact: int = 0

    def __add__(self, other: Score) -> Score:
        return Score(self.cells + other.cells, self.few + other.few, self.exact + other.exact)


@dataclass(frozen=True)
class Attack:
    """What is tried, on which naive method; what one random cohort gives for that and for ours; and how many cohorts a short test takes."""

    title: str
    naive: str
    on: Callable[[int], tuple[Score, Score]]
    few: int
    many: int = MANY

    def run(self, cohorts: int) -> tuple[Score, Score]:
        naive, ours = Score(), Score()
        for seed in range(cohorts):
            one, other = self.on(seed)
            naive, ours = naive + one, ours + other
        return naive, ours

    def must_fail(self, cohorts: int) -> None:
        """It has to succeed against the naive method, and never against ours."""
        naive, ours = self.run(cohorts)
        assert naive.few > 0, "an attack that finds nothing on a naive method shows nothing"
        assert ours.cells > 0
        assert (ours.few, ours.exact) == (0, 0)


def least(true: int, total: int, *, printed: bool = False) -> int:
    """The values that must be left: five; three for a printed count that is not small; where totals leave fewer, it may not be settled."""
    wanted = 3 if printed and true >= 10 else 5
    return wanted if total + 1 >= wanted else min(total + 1, 2)


def judged(seen: Sequence[set[int]], wanted: Sequence[int]) -> Score:
    """Sets of possible values, held against how many there must be."""
    few = sum(len(values) < n for values, n in zip(seen, wanted, strict=True))
    return Score(len(seen), few, sum(len(values) == 1 and n > 1 for values, n in zip(seen, wanted, strict=True)))


def print_rows(attacks: Mapping[str, Attack]) -> None:
    """A row for each attack, or for those named after the number of cohorts."""
    cohorts, names = int(sys.argv[1]), sys.argv[2:]
    for label, attack in attacks.items():
        if not names or label in names:
            leaks = [f"{found.few:,} of {found.cells:,}, {found.exact:,} exact" for found in attack.run(cohorts)]
            print(f"| {label} | {attack.title} | {attack.naive} | {cohorts} | {' | '.join(leaks)} |", flush=True)  # noqa: T201
