"""Which counts of a group's way through the stages may be shown: the threshold for successes, failures and denominators alike.

A chain is a group's counts in order: entered the first stage, then passed each later one. Who passed a stage enters the next.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from standardsetting.disclosure.cube import PASSED, Cube, Where
from standardsetting.disclosure.policy import Policy

Link = tuple[str, str]


def links(stages: tuple[str, ...]) -> tuple[Link, ...]:
    """The places of a chain: (stage, measure) in order."""
    return ((stages[0], "entered"), *((stage, PASSED) for stage in stages[1:]))


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

    def may_show(self, at: int, last: int | None, policy: Policy) -> bool:
        """Whether the count at a place is large enough, and as many were lost since the last one shown: the complement counts alike.

        Examples
        --------
        >>> women = Chain(np.array([60, 55, 30]))
        >>> [women.may_show(at, 0, Policy()) for at in (1, 2)]
        [False, True]
        """
        return min(int(self.counts[at]), policy.smallest_count if last is None else self.lost(last, at)) >= policy.smallest_count

    def lost(self, last: int, at: int) -> int:
        """How many of the group were lost between two places."""
        return int(self.counts[last] - self.counts[at])
