"""What a 10-5 release tells a reader who knows the rules: each shown count a window, each hidden one a reason, each channel a size."""

from __future__ import annotations

from collections.abc import Mapping

from standardsetting.disclosure.audit import Verdicts, default_verdicts
from standardsetting.disclosure.chain import Chain, Link, links
from standardsetting.disclosure.cube import PASSED, Cube, Where
from standardsetting.disclosure.plan import Plan, Table
from standardsetting.disclosure.policy import Policy
from standardsetting.disclosure.statements import Statement, Term, Told, VerdictTold, known


def verdict_codes(cube: Cube, plans: Mapping[Table, Plan], policy: Policy, verdict: Verdicts | None) -> dict[tuple[Table, str, str], int]:
    """The verdict of each group on the verdict channel, from true counts, at each stage that enough of its people entered."""
    judge = verdict or default_verdicts()
    codes: dict[tuple[Table, str, str], int] = {}
    for table, plan in plans.items():
        for group, channel in plan.channels.items():
            for stage in cube.declaration.stages[1:] if channel == "verdict" and group != plan.comparator else ():
                if (stage, "not passed") in cube.declaration.impossible:
                    continue
                sides = plan.groups[group], plan.groups[plan.comparator]
                n, a, m, c = (cube.count(where, stage, measure) for where in sides for measure in ("entered", PASSED))
                if min(n, m) >= policy.smallest_count:
                    codes[table, group, stage] = int(judge([a], [n], [c], [m])[0])
    return codes


def told(cube: Cube, plans: Mapping[Table, Plan], codes: Mapping[tuple[Table, str, str], int], policy: Policy) -> tuple[Told, ...]:
    """Every statement that the lines of a release make."""
    out: list[Told] = []
    for table, plan in plans.items():
        for group, (low, high) in plan.bands.items():
            if group != plan.comparator and (low or high is not None):
                out.append(known(plan.groups[group], cube.declaration.stages[0], "entered", low, high))
        for group in plan.shown:
            out += _of_chain(cube, plan, group, policy)
        for kind, seen in plan.undeclared.items():
            out += [known(plan.kinds[kind], *links(cube.declaration.stages)[at], low, high) for at, (_, low, high) in seen.items()]
        for group, channel in plan.channels.items():
            if channel == "verdict" and group != plan.comparator:
                out += _of_verdicts(cube, plan, table, group, codes, policy)
    return tuple(dict.fromkeys(out))


def _of_verdicts(
    cube: Cube, plan: Plan, table: Table, group: str, codes: Mapping[tuple[Table, str, str], int], policy: Policy
) -> list[Told]:
    """A printed verdict; where none is printed though the comparator is large (readers are taken to see that), the group is small."""
    out: list[Told] = []
    comparator = plan.groups[plan.comparator]
    for stage in cube.declaration.stages[1:]:
        if (table, group, stage) in codes:
            out.append(known(plan.groups[group], stage, "entered", policy.smallest_count, None))
            out.append(VerdictTold(plan.groups[group], comparator, stage, codes[table, group, stage]))
        elif (stage, "not passed") not in cube.declaration.impossible:
            small = group if cube.count(comparator, stage, "entered") >= policy.smallest_count else plan.comparator
            out.append(known(plan.groups[small], stage, "entered", None, policy.smallest_count - 1))
    return out


def _of_chain(cube: Cube, plan: Plan, group: str, policy: Policy) -> list[Told]:
    """The windows of the shown counts of a group; that many were lost by failing between two of them; and why others are hidden.

    Readers are taken to know which rule hid a count, though all they see is that one did: they know too much rather than too little.
    """
    where, shown, places = plan.groups[group], plan.seen(group), links(cube.declaration.stages)
    chain, everybody = Chain.of(cube, where), Chain.of(cube, ())
    few = policy.smallest_count - 1
    out: list[Told] = []
    last: int | None = None
    for at, link in enumerate(places):
        others = everybody - chain
        if at in shown:
            _, low, high = shown[at]
            out.append(known(where, *link, max(low, policy.smallest_count), high))
            if last is not None and chain.lost(last, at) > few:
                out.append(_lost(where, places[last], link, policy.smallest_count, None))
            last = at
        elif chain.counts[at] <= few:
            out.append(known(where, *link, None, few))
        elif others.counts[at] <= few:
            out.append(known(where, *link, int(everybody.counts[at]) - few, None))
        elif last is not None and chain.lost(last, at) <= few:
            out.append(_lost(where, places[last], link, None, few))
        elif last is not None and others.lost(last, at) <= few:
            out.append(_lost(where, places[last], link, everybody.lost(last, at) - few, None))
    return out


def _lost(where: Where, before: Link, after: Link, low: int | None, high: int | None) -> Statement:
    return Statement((Term(where, *before), Term(where, *after, weight=-1)), low, high)
