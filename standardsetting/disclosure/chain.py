"""Which counts of a group's way through the stages may be shown: the threshold for successes, failures and denominators alike.

A chain is a group's counts in order: entered the first stage, then passed each later one. Who passed a stage enters the next.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from standardsetting.disclosure.cube import PASSED, Cube, Declaration, Where
from standardsetting.disclosure.policy import Policy

Link = tuple[str, str]
Places = frozenset[int]


def links(stages: tuple[str, ...]) -> tuple[Link, ...]:
    """The places of a chain: (stage, measure) in order."""
    return ((stages[0], "entered"), *((stage, PASSED) for stage in stages[1:]))


def fitted(declaration: Declaration) -> tuple[int, ...]:
    """The places of a chain in the order in which they are fitted: the stages that matter most, then the others along the way."""
    stages = declaration.stages
    return tuple(dict.fromkeys([*(stages.index(stage) for stage in declaration.first), *range(len(stages))]))


def unfailing(declaration: Declaration) -> Places:
    """Places that nobody can fail to reach by the rules of the process: whoever is lost there withdrew, was deferred or is waiting."""
    return frozenset(at for at, stage in enumerate(declaration.stages) if (stage, "not passed") in declaration.impossible)


def beside(at: int, shown: Iterable[int]) -> list[tuple[int, int]]:
    """The pairs that a place makes with the nearest shown ones before and after it."""
    shown = tuple(shown)
    before, after = [place for place in shown if place < at], [place for place in shown if place > at]
    return [*([(max(before), at)] if before else []), *([(at, min(after))] if after else [])]


def spared(pair: tuple[int, int], free: Places) -> bool:
    """Whether nobody can have failed between two places: few may have been lost there, and the audit alone decides."""
    return all(place in free for place in range(pair[0] + 1, pair[1] + 1))


@dataclass(frozen=True)
class Chain:
    """A group's true counts along the stages."""

    counts: NDArray[np.int64]

    @classmethod
    def of(cls, cube: Cube, where: Where) -> Chain:
        stages, ends = cube.declaration.stages, cube.by_ending(where)
        return cls(np.array([ends[cube.declaration.counted(*link)].sum() for link in links(stages)], dtype=np.int64))

    def __sub__(self, other: Chain) -> Chain:
        return Chain(self.counts - other.counts)

    def may_show(self, at: int, shown: Iterable[int], policy: Policy, *, free: Places = frozenset()) -> bool:
        """Whether the count at a place is large enough, and as many were lost between it and the places shown: the complement counts alike.

        Between places where nobody can fail (`free`), few may be lost: withdrawing is no failure.

        Examples
        --------
        >>> women = Chain(np.array([60, 55, 30]))
        >>> [women.may_show(at, [0], Policy()) for at in (1, 2)]
        [False, True]
        >>> women.may_show(1, [0], Policy(), free=frozenset([1]))
        True
        """
        few = policy.smallest_count
        return int(self.counts[at]) >= few and all(self.lost(*pair) >= few or spared(pair, free) for pair in beside(at, shown))

    def lost(self, before: int, after: int) -> int:
        """How many of the group were lost between two places."""
        return int(self.counts[before] - self.counts[after])
