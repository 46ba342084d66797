"""Which counts of a table are shown, place by place along the stages, so that no hidden count can be had by subtraction.

A table shows one count less than it has groups: each group but the comparator is rounded by itself, and the comparator is the remainder,
the total less what is shown. The remainder carries the people who did not declare, and says so. What cannot be separated from a hidden
group is not shown. Nothing here looks at who passed more often.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from standardsetting.disclosure.chain import Chain, Places, fitted, links, unfailing
from standardsetting.disclosure.cube import Cube, Where
from standardsetting.disclosure.family import undeclared_groups
from standardsetting.disclosure.policy import Policy

Table = tuple[str, ...]
Key = tuple[str, str, str, str]
Judged = tuple[Table, str, str, str]  # table, group, since, until
Earlier = Mapping[Key, int | None]  # (table, group, stage, measure) -> the value shown before, None where hidden
Seen = dict[int, tuple[int, int, int]]  # place in the chain -> value, and the least and most it stands for
Band = tuple[int, int | None]
# What a table shows at first, and what it shows when protection has to go further; see `protect`.
ALL, COUNTS, VERDICTS, NOTHING = "all", "counts", "verdict", "none"


@dataclass
class Plan:
    """What one table shows.

    Attributes
    ----------
    channels, bands
        For each declared group: counts, verdict or none; and what size the channel gives away.
    shown
        For each group rounded by itself, what is shown of it.
    remainder
        The comparator where it follows from the total and the shown groups.
    derived
        In an intersection, the other groups that follow.
    undeclared, kinds
        What is shown of the undeclared, and who they are.
    free
        Places that are shown though few were lost, since nobody can fail there.
    before
        For each group, the places that an earlier release showed: readers still have them.
    """

    table: Table
    groups: dict[str, Where]
    comparator: str
    channels: dict[str, str]
    bands: dict[str, Band]
    shown: dict[str, Seen]
    remainder: Seen = field(default_factory=dict)
    derived: dict[str, Seen] = field(default_factory=dict)
    undeclared: dict[str, Seen] = field(default_factory=dict)
    kinds: dict[str, Where] = field(default_factory=dict)
    free: Places = frozenset()
    before: dict[str, Places] = field(default_factory=dict)

    @property
    def label(self) -> str:
        return " by ".join(self.table)

    def seen(self, group: str) -> Seen:
        if group == self.comparator:
            return self.remainder
        return self.shown.get(group, self.derived.get(group, {}))


@dataclass(frozen=True)
class Planner:
    """A cube, the rules, and what was shown before."""

    cube: Cube
    policy: Policy
    earlier: Earlier

    def blank(self, table: Table, mode: str) -> Plan:
        """A table with a channel for each group, by its size among those who entered the first stage: never by what became of it."""
        declaration, few, many = self.cube.declaration, self.policy.smallest_count, self.policy.counts_from
        groups, comparator = declaration.groups(table), declaration.comparator(table)
        sizes = {label: self.cube.count(where, declaration.stages[0], "entered") for label, where in groups.items()}
        by_channel: dict[str, Band] = {"counts": (many, None), "verdict": (few, many - 1), "none": (0, few - 1)}
        channels = {g: "counts" if n >= many else "verdict" if n >= few else "none" for g, n in sizes.items()}
        bands = {g: by_channel[channel] for g, channel in channels.items()}
        if mode == NOTHING:
            channels, bands = dict.fromkeys(groups, "none"), {}
        elif mode == VERDICTS or (len(table) == 2 and set(channels.values()) != {"counts"}):
            bands = {g: (0, few - 1) if c == "none" else (few, None) for g, c in channels.items()}
            channels = {g: "none" if c == "none" else "verdict" for g, c in channels.items()}
        plan = Plan(table, groups, comparator, channels, bands, {})
        plan.free = unfailing(declaration) if mode == ALL else frozenset()
        places = range(len(declaration.stages))
        plan.before = {g: frozenset(at for at in places if self.earlier.get(self._key(plan, g, at)) is not None) for g in groups}
        return plan

    def one_way(self, table: Table, *, mode: str, coarser: Plan | None) -> Plan:
        """The plan of a one-way table. `coarser` is the plan of the same characteristic rolled up, if that is published too."""
        plan = self.blank(table, mode)
        focal = [g for g in plan.groups if g != plan.comparator]
        mine = [g for g in focal if plan.channels[g] == "counts"]
        plan.shown = {g: {} for g in mine}
        chains = {g: Chain.of(self.cube, plan.groups[g]) for g in mine}
        everybody, rest = Chain.of(self.cube, ()), Chain.of(self.cube, ())
        for chain in chains.values():
            rest = rest - chain
        parents = self._parents(plan, coarser)
        by_size = sorted(mine, key=lambda g: (int(chains[g].counts[0]), mine.index(g)))
        whole = bool(mine) and len(mine) == len(focal)
        had = frozenset.intersection(*(plan.before[g] for g in focal)) if whole else frozenset()
        for at in fitted(self.cube.declaration):
            fit = [g for g in by_size if self._fits(plan, g, at, chains[g])]
            if whole and len(fit) == len(focal) and not rest.may_show(at, {*plan.remainder, *had}, self.policy, free=plan.free):
                fit = fit[1:]
            for name, (parent, children) in parents.items():
                if not name or (coarser is not None and at in coarser.shown[name]):
                    fit = _not_alone(fit, children, parent, chains, at, self.policy)
            for g in fit:
                plan.shown[g][at] = self._protected(plan, g, at, int(chains[g].counts[at]))
            if whole and len(fit) == len(focal):
                plan.remainder[at] = self._less(int(everybody.counts[at]), [plan.shown[g][at] for g in focal])
        if not whole and coarser is not None and coarser.groups[coarser.comparator] == plan.groups[plan.comparator]:
            plan.remainder = coarser.remainder
        if mode != NOTHING:
            self._show_undeclared(plan)
        return plan

    def crossed(self, table: Table, *, mode: str, edges: tuple[Plan | None, Plan | None]) -> Plan:
        """The plan of an intersection of two characteristics at two groups each.

        Beside both edges an intersection has one free count, that of the two groups which are no comparators; the others follow from it. It
        is shown where both edges are and where every part that follows is large enough.
        """
        plan = self.blank(table, mode)
        one, other = edges
        if set(plan.channels.values()) != {"counts"} or one is None or other is None or not (one.shown and other.shown):
            plan.channels = {g: "verdict" if c == "counts" else c for g, c in plan.channels.items()}
            return plan
        (first,), (second,) = one.shown, other.shown
        free = f"{first} and {second}"
        across = f"{first} and {other.comparator}", f"{one.comparator} and {second}"
        x, a, b, everybody = (Chain.of(self.cube, w) for w in (plan.groups[free], one.groups[first], other.groups[second], ()))
        parts = (x, a - x, b - x, everybody - a - (b - x))
        plan.shown[free] = {}
        plan.derived = {label: {} for label in across}
        for at in fitted(self.cube.declaration):
            had = {*plan.remainder, *plan.before[free]}
            edged = at in one.remainder and at in other.remainder
            if edged and self._fits(plan, free, at, x) and all(p.may_show(at, had, self.policy, free=plan.free) for p in parts):
                mid = plan.shown[free][at] = self._protected(plan, free, at, int(x.counts[at]))
                for label, edge in zip(across, (one.shown[first][at], other.shown[second][at]), strict=True):
                    plan.derived[label][at] = (edge[0] - mid[0], edge[1] - mid[2], edge[2] - mid[1])
                taken = [one.shown[first][at], other.shown[second][at], (-mid[0], -mid[2], -mid[1])]
                plan.remainder[at] = self._less(int(everybody.counts[at]), taken)
        return plan

    def _parents(self, plan: Plan, coarser: Plan | None) -> dict[str, tuple[Chain, set[str]]]:
        """Sums that readers have: everybody, and the rolled-up groups; each with the groups of this table inside it."""
        found: dict[str, tuple[Chain, set[str]]] = {"": (Chain.of(self.cube, ()), {*plan.groups, ""})}
        if coarser is not None:
            for name in coarser.shown:
                ((_, members),) = coarser.groups[name]
                inside = {g for g, ((_, base),) in plan.groups.items() if set(base) <= set(members)}
                found[name] = (Chain.of(self.cube, coarser.groups[name]), inside)
        return found

    def _show_undeclared(self, plan: Plan) -> None:
        """How many did not declare, among those who entered the first stage; a kind of them if the others together are not small either."""
        plan.kinds = undeclared_groups(self.cube.declaration, plan.table)
        first, few = self.cube.declaration.stages[0], self.policy.smallest_count
        counts = {kind: self.cube.count(where, first, "entered") for kind, where in plan.kinds.items()}
        together = counts.pop("not declared", 0)
        others = self.cube.count(plan.groups[plan.comparator], first, "entered")
        if together < few or others < few:
            return
        plan.undeclared["not declared"] = {0: self._protected(plan, "not declared", 0, together)}
        large = sorted((kind for kind, n in counts.items() if n >= few), key=lambda kind: counts[kind])
        while large and together - sum(counts[kind] for kind in large) < few:
            large = large[1:]
        for kind in large:
            plan.undeclared[kind] = {0: self._protected(plan, kind, 0, counts[kind])}

    def _key(self, plan: Plan, group: str, at: int) -> Key:
        return (plan.label, group, *links(self.cube.declaration.stages)[at])

    def _fits(self, plan: Plan, group: str, at: int, chain: Chain) -> bool:
        shown = {*plan.shown[group], *plan.before[group]}
        return chain.may_show(at, shown, self.policy, free=plan.free) and self._may_appear(plan, group, at, chain)

    def _may_appear(self, plan: Plan, group: str, at: int, chain: Chain) -> bool:
        """A count that was hidden before stays hidden until it has certainly moved by as much as the change rule asks."""
        key = self._key(plan, group, at)
        if key not in self.earlier or self.earlier[key] is not None:
            return True
        return int(chain.counts[at]) - (self.policy.smallest_count - 1) >= self.policy.change

    def _protected(self, plan: Plan, group: str, at: int, count: int) -> tuple[int, int, int]:
        """The rounded count; or the value shown before, unless the count has moved by as much as the change rule asks."""
        before = self.earlier.get(self._key(plan, group, at))
        if before is not None and abs(count - before) < self.policy.change:
            return before, before - self.policy.change + 1, before + self.policy.change - 1
        value = self.policy.rounded(count)
        return value, *self.policy.window(value)

    def _less(self, total: int, shown: list[tuple[int, int, int]]) -> tuple[int, int, int]:
        return (
            self.policy.rounded(total - sum(value for value, _, _ in shown)),
            total - sum(high for _, _, high in shown),
            total - sum(low for _, low, _ in shown),
        )


def _not_alone(fit: list[str], children: set[str], parent: Chain, chains: Mapping[str, Chain], at: int, policy: Policy) -> list[str]:
    """Of the children of a sum that readers have, hide the next smallest until what is hidden together is not small (or is nothing)."""
    for _ in children:
        shown = [g for g in fit if g in children]
        hidden = int(parent.counts[at]) - sum(int(chains[g].counts[at]) for g in shown)
        if not shown or children <= set(fit) or hidden >= policy.smallest_count:
            return fit
        fit = [g for g in fit if g != shown[0]]
    return fit
