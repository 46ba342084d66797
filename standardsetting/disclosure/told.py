"""What a 10-5 release tells a reader who knows the rules: each shown count a window, each hidden one a reason, each channel a size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from standardsetting.disclosure.audit import Verdicts, default_verdicts
from standardsetting.disclosure.chain import Chain, Link, beside, fitted, links, spared
from standardsetting.disclosure.cube import PASSED, Cube, Where
from standardsetting.disclosure.family import with_undeclared
from standardsetting.disclosure.plan import Judged, Plan, Seen, Table
from standardsetting.disclosure.policy import Policy
from standardsetting.disclosure.statements import Statement, Term, Told, VerdictTold, known


def verdict_codes(cube: Cube, plans: Mapping[Table, Plan], policy: Policy, verdict: Verdicts | None) -> dict[Judged, int]:
    """The verdict of each group on the verdict channel, from true counts, over each stage and span that enough of its people began."""
    judge, declaration = verdict or default_verdicts(), cube.declaration
    codes: dict[Judged, int] = {}
    for table, plan in plans.items():
        for group in (g for g, channel in plan.channels.items() if channel == "verdict" and g != plan.comparator):
            for since, until in declaration.judged:
                sides = plan.groups[group], plan.groups[plan.comparator]
                n, a, m, c = (cube.count(where, *link) for where in sides for link in (declaration.began(since), (until, PASSED)))
                if min(n, m) >= policy.smallest_count:
                    codes[table, group, since, until] = int(judge([a], [n], [c], [m])[0])
    return codes


def told(cube: Cube, plans: Mapping[Table, Plan], codes: Mapping[Judged, int], policy: Policy) -> tuple[Told, ...]:
    """Every statement that the lines of a release make."""
    out: list[Told] = []
    for table, plan in plans.items():
        for group, (low, high) in plan.bands.items():
            if group != plan.comparator and (low or high is not None):
                out.append(known(plan.groups[group], cube.declaration.stages[0], "entered", low, high))
        for group in plan.shown:
            out += _of_chain(cube, plan, group, policy)
        for group in _that_follow(plan):
            out += _of_remainder(cube, plan, group, policy)
        for kind, seen in plan.undeclared.items():
            out += [known(plan.kinds[kind], *links(cube.declaration.stages)[at], low, high) for at, (_, low, high) in seen.items()]
        for group, channel in plan.channels.items():
            if channel == "verdict" and group != plan.comparator:
                out += _of_verdicts(cube, plan, table, group, codes, policy)
    return tuple(dict.fromkeys(out))


def _of_verdicts(cube: Cube, plan: Plan, table: Table, group: str, codes: Mapping[Judged, int], policy: Policy) -> list[Told]:
    """A printed verdict; where none is printed though the comparator is large (readers are taken to see that), the group is small."""
    out: list[Told] = []
    where, comparator = plan.groups[group], plan.groups[plan.comparator]
    for since, until in cube.declaration.judged:
        began = cube.declaration.began(since)
        if (table, group, since, until) in codes:
            spanned = since if (since, until) in cube.declaration.spans else None
            out.append(known(where, *began, policy.smallest_count, None))
            out.append(VerdictTold(where, comparator, until, codes[table, group, since, until], spanned))
        else:
            small = where if cube.count(comparator, *began) >= policy.smallest_count else comparator
            out.append(known(small, *began, None, policy.smallest_count - 1))
    return out


def _of_chain(cube: Cube, plan: Plan, group: str, policy: Policy) -> list[Statement]:
    """The windows of the shown counts of a group; that many were lost by failing between two of them; and why others are hidden.

    Readers are taken to know which rule hid a count, though all they see is that one did: they know too much rather than too little.
    """
    where, shown, places = plan.groups[group], plan.seen(group), links(cube.declaration.stages)
    chain, everybody = Chain.of(cube, where), Chain.of(cube, ())
    others = everybody - chain
    few = policy.smallest_count - 1
    out = [known(where, *places[at], *_window(int(chain.counts[at]), seen, policy)) for at, seen in shown.items()]
    out += _many_lost(where, shown, plan, places, policy)
    order = fitted(cube.declaration)
    for at, link in enumerate(places):
        if at in shown:
            continue
        earlier = {place for place in order[: order.index(at)] if place in shown}
        pairs = [pair for pair in beside(at, {*earlier, *plan.before[group]}) if not spared(pair, plan.free)]
        if chain.counts[at] <= few:
            out.append(known(where, *link, None, few))
        elif others.counts[at] <= few:
            out.append(known(where, *link, int(everybody.counts[at]) - few, None))
        elif found := [(a, b) for a, b in pairs if chain.lost(a, b) <= few]:
            out.append(_lost(where, places[found[0][0]], places[found[0][1]], None, few))
        elif found := [(a, b) for a, b in pairs if others.lost(a, b) <= few]:
            least = everybody.lost(*found[0]) - few
            out.append(_lost(where, places[found[0][0]], places[found[0][1]], least, None))
    return out


def _that_follow(plan: Plan) -> list[str]:
    """The groups that follow from the others of this table; the remainder of a finer table may belong to the coarser one."""
    focal = [group for group in plan.groups if group != plan.comparator]
    return [*plan.derived, plan.comparator] if set(focal) == {*plan.shown, *plan.derived} else []


def _of_remainder(cube: Cube, plan: Plan, group: str, policy: Policy) -> list[Statement]:
    """A remainder is shown only where it is not small, and many of it were lost: its number says no more, but that it is there does."""
    where, shown, places = with_undeclared(cube.declaration, plan.groups[group]), plan.seen(group), links(cube.declaration.stages)
    out = [known(where, *places[at], policy.smallest_count, None) for at in shown]
    return [*out, *_many_lost(where, shown, plan, places, policy)]


def _many_lost(where: Where, shown: Seen, plan: Plan, places: Sequence[Link], policy: Policy) -> list[Statement]:
    pairs = [pair for pair in pairwise(sorted(shown)) if not spared(pair, plan.free)]
    return [_lost(where, places[a], places[b], policy.smallest_count, None) for a, b in pairs]


def _window(count: int, seen: tuple[int, int, int], policy: Policy) -> tuple[int, int]:
    """What a shown value tells. A reused one may stand for a count that has moved; readers are taken to guess rightly where it has not."""
    value, low, high = seen
    closest = policy.window(value)
    low, high = closest if closest[0] <= count <= closest[1] else (low, high)
    return max(low, policy.smallest_count), high


def _lost(where: Where, before: Link, after: Link, low: int | None, high: int | None) -> Statement:
    return Statement((Term(where, *before), Term(where, *after, weight=-1)), low, high)
