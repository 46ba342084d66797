"""The rounded cube: every count of the finest combination goes up or down to a multiple, and everything printed is a sum of those.

For large cohorts: each sum adds the rounding of its parts. Whether a count goes up or down is drawn from a sealed secret and the count's
place, in proportion to its distance, so that sums are right on average and the same snapshot always gives the same figures.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from itertools import pairwise, product

import pandas as pd

from standardsetting.disclosure.cells import COLUMNS, EVERYBODY, Line, lines_of
from standardsetting.disclosure.chain import Chain, links
from standardsetting.disclosure.cube import NOT_DECLARED, Characteristic, Cube, Where
from standardsetting.disclosure.family import families, undeclared_groups, with_undeclared
from standardsetting.disclosure.plan import ALL, COUNTS, Seen, Table
from standardsetting.disclosure.policy import Policy
from standardsetting.disclosure.statements import Statement, Term, Told
from standardsetting.errors import UsageError

_SECRET = 16


def cells(cube: Cube, policy: Policy, modes: Mapping[Table, str], secret: bytes | None) -> tuple[pd.DataFrame, tuple[Told, ...]]:
    """All lines of a release by the rounded cube, and what they tell.

    The people who did not declare are counted with the comparator, and the comparators of all characteristics together are the remainder.
    A stage at which fewer than `counts_from` people were lost since the last one shown is not shown.
    """
    if not secret or len(secret) < _SECRET:
        raise UsageError(f"The rounded cube needs a sealed secret of at least {_SECRET} bytes.")
    declaration, lines, told = cube.declaration, list[Line](), list[Told]()
    places = _places(cube, policy)
    everybody = Chain.of(cube, ())
    for family in families(declaration, (), cube.totals):
        mine = [t for t in declaration.tables if declaration.of(t[0]).name in family.names and modes[t] in (ALL, COUNTS)]
        sides = [_sides(next(c for c in declaration.characteristics if c.name == name)) for name in family.names]
        parts: list[Where] = [tuple(zip(family.names, cell, strict=True)) for cell in product(*sides)]
        rest, *others = sorted(parts, key=lambda where: any(side[0] != sides[n][0] for n, (_, side) in enumerate(where)))
        lost = {where: _lost(Chain.of(cube, where), places) for where in others} if mine else {}
        drawn = {w: [draw(n, secret, f"{w} {at}", policy) for at, n in enumerate(counts)] for w, counts in lost.items()}
        told += [one for where, values in drawn.items() for one in _told(cube, where, places, values, policy)]
        for table in mine:
            label = " by ".join(table)
            whole = {at: (n, *policy.window(n)) for at in places for n in [policy.rounded(int(everybody.counts[at]))]}
            lines += lines_of(declaration, label, EVERYBODY, whole, policy, "total")
            for group, where in declaration.groups(table).items():
                wide = with_undeclared(declaration, where)
                name = group if wide == where else f"{group} or {NOT_DECLARED}"
                seen = _sums(drawn, wide, places, whole, policy, inverse=_inside(rest, wide))
                lines += lines_of(declaration, label, name, seen, policy, "derived" if wide != where else "counts")
            for kind in undeclared_groups(declaration, table):
                lines += lines_of(declaration, label, kind, {}, policy, "undeclared")
    frame = pd.DataFrame(lines, columns=list(COLUMNS)).astype({"value": "Int64", "low": "Int64", "high": "Int64"})
    return frame, tuple(told)


def _places(cube: Cube, policy: Policy) -> list[int]:
    chain, shown = Chain.of(cube, ()), [0]
    for at in range(1, len(chain.counts)):
        if chain.lost(shown[-1], at) >= policy.counts_from and chain.counts[at] >= policy.counts_from:
            shown.append(at)
    return shown


def _sides(of: Characteristic) -> list[tuple[str, ...]]:
    """The comparator with the undeclared, first; then each other group."""
    return [(of.comparator, *of.undeclared), *((group,) for group in of.groups if group != of.comparator)]


def _lost(chain: Chain, places: list[int]) -> list[int]:
    """How many of a group were lost between each two places, and how many are left at the last."""
    return [*(chain.lost(a, b) for a, b in pairwise(places)), int(chain.counts[places[-1]])]


def _inside(part: Where, where: Where) -> bool:
    chosen = dict(where)
    return all(name not in chosen or set(members) <= set(chosen[name]) for name, members in part)


def draw(count: int, secret: bytes, place: str, policy: Policy) -> int:
    """A count, up or down to a multiple.

    Examples
    --------
    >>> {draw(7, b"0123456789abcdef", str(place), Policy("rounded cube")) for place in range(50)} == {5, 10}
    True
    """
    down, over = divmod(count, policy.round_to)
    share = int.from_bytes(hmac.digest(secret, place.encode(), "sha256")[:8], "big") / 2**64
    return policy.round_to * (down + (share < over / policy.round_to))


def _told(cube: Cube, where: Where, places: list[int], values: list[int], policy: Policy) -> list[Told]:
    slack, at = policy.round_to - 1, links(cube.declaration.stages)
    ends = [(Term(where, *at[a]), Term(where, *at[b], weight=-1)) for a, b in pairwise(places)]
    sums: list[tuple[Term, ...]] = [*ends, (Term(where, *at[places[-1]]),)]
    return [Statement(terms, max(0, value - slack), value + slack) for terms, value in zip(sums, values, strict=True)]


def _sums(drawn: Mapping[Where, list[int]], where: Where, places: list[int], whole: Seen, policy: Policy, *, inverse: bool) -> Seen:
    """A group's counts: the sum of its parts, or for the group with the remainder the total less the parts of everybody else."""
    inside = [values for part, values in drawn.items() if _inside(part, where) != inverse]
    seen: Seen = {}
    for number, at in enumerate(places):
        value = sum(sum(values[number:]) for values in inside)
        slack = (policy.round_to - 1) * len(inside) * (len(places) - number)
        total, low, high = whole[at]
        seen[at] = (total - value, low - value - slack, high - value + slack) if inverse else (value, max(0, value - slack), value + slack)
    return seen
