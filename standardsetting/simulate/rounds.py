"""The rounds of a rota while it is being made: who sits, with whom, and the moves that make it better.

A round is a session of a day in which panels stay as they are. A move swaps two people between panels of a round, or lets somebody who is
free take a seat.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from standardsetting.simulate import links

# How many moves are tried in a round and sweep, and how many when parts or bridges are to be mended.
_TRIES, _SWEEPS, _MENDING = 2000, 4, 4000


@dataclass
class Round:
    """A session: its day, the interviews of each panel, who sits (one row a panel; -1 for an empty seat), and who may."""

    day: int
    session: int
    interviews: np.ndarray
    panels: np.ndarray
    may: np.ndarray
    open: bool = True

    @property
    def free(self) -> np.ndarray:
        """Who is there and does not sit."""
        return np.setdiff1d(self.may, self.panels)


@dataclass
class Plan:
    """All rounds, how often each assessor sits, and how often each two sit together."""

    rounds: list[Round]
    n: int
    size: int

    def __post_init__(self) -> None:
        self.load = np.zeros(self.n, dtype=np.int64)
        self.together = np.zeros((self.n, self.n), dtype=np.int64)
        for one in self.rounds:
            for panel in one.panels:
                self.count(panel, 1)

    def count(self, panel: np.ndarray, step: int) -> None:
        """Add or take away a panel."""
        sitting = panel[panel >= 0]
        self.load[sitting] += step
        for one in sitting:
            for other in sitting:
                if one != other:
                    self.together[one, other] += step

    @property
    def edges(self) -> np.ndarray:
        """Pairs who sit together at least once."""
        return np.argwhere(np.triu(self.together) > 0)

    def weakness(self) -> tuple[int, int]:
        """Parts beyond the first, and bridges, among those who sit."""
        edges = self.edges
        return links.parts(edges, np.flatnonzero(self.load > 0)) - 1, len(links.bridges(edges, self.n))

    def least_weakness(self) -> tuple[int, int]:
        """What no move can get below: parts and bridges if all who may sit in an open session sat with each other."""
        could = self.together > 0
        for one in self.rounds:
            if one.open:
                could[np.ix_(one.may, one.may)] = True
        edges = np.argwhere(np.triu(could, 1))
        return links.parts(edges, np.flatnonzero(self.load > 0)) - 1, len(links.bridges(edges, self.n)) if self.size == 2 else 0

    def put(self, at: Round, panel: int, place: int, who: int) -> int:
        """Seat somebody; returns who sat there."""
        self.count(at.panels[panel], -1)
        before, at.panels[panel, place] = int(at.panels[panel, place]), who
        self.count(at.panels[panel], 1)
        return before

    def swap(self, at: Round, one: tuple[int, int], other: tuple[int, int]) -> None:
        """Two people of a round change places."""
        a, b = int(at.panels[one]), int(at.panels[other])
        self.put(at, *one, b)
        self.put(at, *other, a)


def fill(rounds: list[Round], n: int, size: int, draw: np.random.Generator) -> Plan:
    """Seat people: loads as even as availability lets them be, then pairs as even as they can be."""
    load = np.zeros(n, dtype=np.int64)
    # Days on which hardly anybody is free come first: later days can make up for them.
    for one in sorted(rounds, key=lambda r: (len(r.may) - r.panels.size, r.day, r.session)):
        chosen = one.may[np.argsort(load[one.may] + draw.random(len(one.may)), kind="stable")][: one.panels.size]
        load[chosen] += 1
        one.panels[:] = draw.permutation(chosen).reshape(one.panels.shape)
    plan = Plan(rounds, n, size)
    even_loads(plan)
    even_pairs(plan, draw)
    return plan


def even_loads(plan: Plan) -> None:
    """Hand seats on along chains (who sits, who is free the same session) from whoever sits most, until no chain evens anything out."""
    while (chain := _chain(plan)) is not None:
        for at, giver, taker in chain:
            panel, place = (int(x) for x in np.argwhere(at.panels == giver)[0])
            plan.put(at, panel, place, taker)


def _chain(plan: Plan) -> list[tuple[Round, int, int]] | None:
    takes: list[dict[int, Round]] = [{} for _ in range(plan.n)]
    for at in plan.rounds:
        if at.open:
            free = at.free.tolist()
            for giver in at.panels[at.panels >= 0].tolist():
                for taker in free:
                    takes[giver].setdefault(taker, at)
    for start in np.argsort(-plan.load, kind="stable").tolist():
        came: dict[int, tuple[int, Round]] = {}
        queue = deque([start])
        while queue:
            here = queue.popleft()
            for there, at in takes[here].items():
                if there == start or there in came:
                    continue
                came[there] = (here, at)
                if plan.load[there] <= plan.load[start] - 2:
                    path, end = [], there
                    while end != start:
                        giver, by = came[end]
                        path.append((by, giver, end))
                        end = giver
                    # Two links in one session could seat somebody twice: such a chain is passed over.
                    if len({id(by) for by, _, _ in path}) == len(path):
                        return path
                queue.append(there)
    return None


def even_pairs(plan: Plan, draw: np.random.Generator) -> None:
    """Swap people between panels of a session while that brings the pairs closer to sitting together equally often."""
    for _ in range(_SWEEPS):
        better = False
        for at in plan.rounds:
            if at.open:
                for one, other in _two_seats(at, draw):
                    if _gain(plan, at, one, other) < 0:
                        plan.swap(at, one, other)
                        better = True
        if not better:
            return


def _two_seats(at: Round, draw: np.random.Generator) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    panels, size = at.panels.shape
    every = [
        ((p, i), (q, j)) for p in range(panels) for q in range(p + 1, panels) for i in range(size) for j in range(size)
    ] if panels * size <= 60 else None  # fmt: skip
    if every is not None:
        yield from (every[k] for k in draw.permutation(len(every)))
        return
    for _ in range(_TRIES):
        p, q = draw.choice(panels, 2, replace=False)
        yield (int(p), int(draw.integers(size))), (int(q), int(draw.integers(size)))


def _gain(plan: Plan, at: Round, one: tuple[int, int], other: tuple[int, int]) -> int:
    """How the sum of squared counts of pairs changes if two people change places."""
    a, b = int(at.panels[one]), int(at.panels[other])
    if min(a, b) < 0:
        return 0
    change = 0
    for leaver, comer, seat in ((a, b, one), (b, a, other)):
        for mate in at.panels[seat[0]].tolist():
            if mate not in (leaver, -1):
                change += 2 * int(plan.together[comer, mate]) + 1 - (2 * int(plan.together[leaver, mate]) - 1)
    return change


def mend(plan: Plan, draw: np.random.Generator) -> int:
    """Try moves until the rota is in one part without a bridge. Returns how many moves were kept.

    A move is kept when it leaves fewer parts, or as many parts and fewer bridges; now and then one that leaves as many of both, to get
    out of a dead end.
    """
    weakness, kept, least = plan.weakness(), 0, plan.least_weakness()
    usable = [at for at in plan.rounds if at.open and (len(at.panels) > 1 or len(at.free))]
    undo: list[tuple[Round, np.ndarray]] = []
    for _ in range(_MENDING if usable else 0):
        if weakness <= least:
            break
        at = usable[int(draw.integers(len(usable)))]
        before = at.panels.copy()
        _random_move(plan, at, draw)
        now = plan.weakness()
        if now < weakness:
            weakness, kept, undo = now, kept + 1 + len(undo), []
        elif now == weakness and len(undo) < 3 and draw.random() < 0.3:
            undo.append((at, before))
        else:
            _restore(plan, at, before)
            while undo and now > weakness:
                _restore(plan, *undo.pop())
    while undo:
        _restore(plan, *undo.pop())
    return kept


def _random_move(plan: Plan, at: Round, draw: np.random.Generator) -> None:
    free, (panels, size) = at.free, at.panels.shape
    seat = (int(draw.integers(panels)), int(draw.integers(size)))
    if len(free) and (panels == 1 or draw.random() < 0.3):
        # Nobody's only seat is taken away.
        if at.panels[seat] >= 0 and plan.load[at.panels[seat]] > 1:
            plan.put(at, *seat, int(free[int(draw.integers(len(free)))]))
    elif panels > 1:
        other = (int((seat[0] + 1 + draw.integers(panels - 1)) % panels), int(draw.integers(size)))
        if min(at.panels[seat], at.panels[other]) >= 0:
            plan.swap(at, seat, other)


def _restore(plan: Plan, at: Round, panels: np.ndarray) -> None:
    for panel in at.panels:
        plan.count(panel, -1)
    at.panels[:] = panels
    for panel in at.panels:
        plan.count(panel, 1)
