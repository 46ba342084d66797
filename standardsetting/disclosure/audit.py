"""The attack on our own release: what can a reader who knows the rules, the totals and everything told so far work out about each count?

The reader is assumed to know the totals over everybody exactly, because the standard-setting pack prints them.

What was told of earlier snapshots is solved jointly with this one; see `family`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from standardsetting.disclosure.bounds import ContradictionError, Row, System
from standardsetting.disclosure.cube import MEASURES, PASSED, STATES, Declaration, Where
from standardsetting.disclosure.family import Family, Target, families
from standardsetting.disclosure.policy import Policy
from standardsetting.disclosure.statements import Before, Statement, Told, VerdictTold

Verdicts = Callable[..., NDArray[Any]]
Ends = tuple[int, int]
LARGEST_BOX = 4_000_000
_AT_ONCE = 1 << 14  # arrays that stay in the processor's cache
_BOXES = 4096
_KEY = ("table", "group", "stage", "measure")
_COLUMNS = (*_KEY, "low", "high", "values")


class Released(Protocol):
    """What the attack needs: the public frame, the public totals, the rules, and what readers were told. No true count of any group."""

    @property
    def declaration(self) -> Declaration: ...
    @property
    def totals(self) -> NDArray[np.int64]: ...
    @property
    def policy(self) -> Policy: ...
    @property
    def told(self) -> tuple[Told, ...]: ...


@dataclass(frozen=True)
class Readers:
    """What readers have of a cohort: what is declared about it, the totals over everybody, the rules, and what was released and told."""

    declaration: Declaration
    totals: NDArray[np.int64]
    policy: Policy
    told: tuple[Told, ...]


@dataclass(frozen=True)
class AuditResult:
    """What readers can work out.

    Attributes
    ----------
    bounds
        One row a count of a group: `table`, `group`, `stage`, `measure`; `low` and `high`, outside which it cannot lie; and `values`, the
        width of a range between two values that are both proved possible. Never the true count.
    passed
        No count that may be small has too few possible values, and no other count is almost exact.
    reasons, warnings
        In words, without any figure about a group.
    failing
        Tables in which something failed.
    alone
        Tables that could not be solved together with earlier releases, because somebody moved against the stream.
    solved, seconds, solver
        Integer programmes solved, time taken, and the solver with its version.
    """

    bounds: pd.DataFrame
    passed: bool
    reasons: tuple[str, ...]
    warnings: tuple[str, ...]
    failing: tuple[str, ...]
    alone: tuple[str, ...]
    solved: int
    seconds: float
    solver: str


def attack(
    released: Released, *, also: Sequence[Told] = (), given: Sequence[Told] = (), before: Sequence[Before] = (),
    insiders: Sequence[Told] = (), verdict: Verdicts | None = None, exact: bool = False,
) -> AuditResult:  # fmt: skip
    """Work out the least and largest value of every count about a group, from everything that was told.

    Parameters
    ----------
    released
        A protected cube.
    also
        What releases of the same snapshot, FOI answers and the press told.
    given
        What releases of another cube of the same people told. What they leave by themselves is not held against this release.
    before
        What releases of earlier snapshots told.
    insiders
        What people in the table know of themselves: a person who is the only one of a group knows that group's counts, so those are not
        judged, and what they let that person find out about others is.
    verdict
        Codes of verdicts from counts; `standardsetting.cohort.verdict.verdicts` unless given.
    exact
        Solve for every end of every range. Otherwise a count is settled once enough of its values are proved possible, which decides the
        same and takes a fraction of the time.

    Raises
    ------
    DisclosureError
        What was told cannot all be true; or the solver did not finish, which is never a pass.

    Notes
    -----
    A count fails where fewer than `fewest_values` values remain and it may be under the smallest count. Where the totals over everybody
    alone leave fewer (three people withdrew in all, so no group has more than three), it fails if it is settled. Any other count fails
    under `fewest_of_any` values.
    """
    started = time.perf_counter()
    enough = None if exact else released.policy.fewest_values
    bounds, alone, solved = _everything(released, (*released.told, *also, *given, *insiders), insiders, verdict, enough, before)
    unaided = _by_totals(bounds, released)
    if insiders or given:  # what they know of themselves, or was told of the other cube, is not told by this release
        own, _, more = _everything(released, (*given, *insiders), insiders, verdict, enough)
        left = own.set_index(list(_KEY))["values"].reindex(pd.MultiIndex.from_frame(bounds[list(_KEY)])).to_numpy()
        unaided, solved = np.minimum(unaided, left), solved + more
    return _judged(bounds, unaided, released, alone, solved, time.perf_counter() - started)


def _everything(
    released: Released, told: Sequence[Told], insiders: Sequence[Told], verdict: Verdicts | None, enough: int | None,
    before: Sequence[Before] = (),
) -> tuple[pd.DataFrame, tuple[str, ...], int]:  # fmt: skip
    """Bounds on every count from what was told, family by family; which tables were judged alone; and how many programmes that took."""
    own = {term.where for one in insiders if not isinstance(one, VerdictTold) for term in one.terms}
    together = families(released.declaration, told, released.totals, before)
    found, alone = list[tuple[pd.DataFrame, int]](), list[str]()
    for family in together:
        try:
            found.append(_bound(family, verdict, enough, own))
        except ContradictionError:
            if not family.before:
                raise
            # Somebody moved against the stream, so that readers who believe that nobody did find nothing that fits.
            found.append(_bound(Family.joined(family, ()), verdict, enough, own))
            alone += found[-1][0]["table"].unique().tolist()
    tables = [table for table, _ in found]
    bounds = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=list(_COLUMNS))
    return bounds, tuple(alone), sum(solved for _, solved in found)


def _by_totals(bounds: pd.DataFrame, released: Released) -> NDArray[np.int64]:
    """How many values the totals over everybody leave to each count: a count of a group lies between none and everybody."""
    declaration = released.declaration
    of = {(s, m): int(released.totals[declaration.counted(s, m)].sum()) for s in declaration.stages for m in MEASURES}
    return np.array([of[link] + 1 for link in zip(bounds["stage"], bounds["measure"], strict=True)], dtype=np.int64)


def bounds_on(
    sums: Sequence[Statement], declaration: Declaration, totals: NDArray[np.int64], told: Sequence[Told]
) -> list[tuple[int, int]]:
    """The least and the most that sums of counts can be, by everything that was told of their snapshot.

    The bounds that the sums carry themselves are not looked at. Verdicts are left out, so the bounds may be wider than a reader's.
    """
    free = [Statement(one.terms, None, None) for one in sums]
    together = families(declaration, [*free, *(one for one in told if not isinstance(one, VerdictTold))], totals)
    found = []
    for one in free:
        family = next(each for each in together if one in each.told)
        bounds = family.system().bounds([family.row_of(one)])
        found.append((int(bounds.low[0]), int(bounds.high[0])))
    return found


def _bound(family: Family, verdict: Verdicts | None, enough: int | None, own: set[Where]) -> tuple[pd.DataFrame, int]:
    system = family.system()
    whole, parts = _splittable(family, [t for t in family.targets() if not any(_within(t.where, where) for where in own)])
    unlike, place = np.unique(np.array([family.row(t.where, t.stage, t.measure) for t in whole]), axis=0, return_inverse=True)
    _tell_verdicts(family, system, verdict)
    found = system.bounds(list(unlike), enough=enough)
    ends = np.column_stack([found.low, found.high, found.most - found.least + 1])[place.ravel()].tolist()
    frame = [(t.table, t.group, t.stage, t.measure, *end) for t, end in zip(whole, ends, strict=True)]
    top = {(t.where, t.stage, t.measure): end for t, end in zip(whole, ends, strict=True)}
    for part in parts:
        of = next(c for c in family.declaration.characteristics if c.name == part.where[0][0])
        # Of several kinds that nobody was told apart, each may be none of the undeclared or all of them.
        _, high, values = top[((of.name, of.undeclared),), part.stage, part.measure]
        frame.append((part.table, part.group, part.stage, part.measure, 0, high, values))
    return pd.DataFrame(frame, columns=list(_COLUMNS)), system.solved


def _within(where: Where, group: Where) -> bool:
    """Whether somebody in `where` is surely in the group: what insiders know of themselves is theirs to know."""
    mine = dict(where)
    return all(name in mine and set(mine[name]) <= set(members) for name, members in group)


def _splittable(family: Family, targets: list[Target]) -> tuple[list[Target], list[Target]]:
    """Targets that are sums of unknowns, and kinds of "not known" that no statement tells apart: any number from none to all of them."""
    alone = {(name, atom) for name, atoms in zip(family.names, family.atoms, strict=True) for atom in atoms}
    undeclared = {c.name: set(c.undeclared) for c in family.declaration.characteristics}

    def hidden_kind(target: Target) -> bool:
        name, members = target.where[0]
        return len(target.where) == 1 and len(members) == 1 and members[0] in undeclared[name] and (name, members) not in alone

    return [t for t in targets if not hidden_kind(t)], [t for t in targets if hidden_kind(t)]


def _tell_verdicts(family: Family, system: System, verdict: Verdicts | None) -> None:
    """Every pair of counts that agrees with a printed verdict, as bounds on what the group's people did; now and before."""
    for each in family.before:
        _tell_verdicts(each, system, verdict)
    told = [one for one in family.told if isinstance(one, VerdictTold)]
    if not told:
        return
    sides = {(where, one.stage, one.since): None for one in told for where in (one.where, one.comparator)}
    rows = [row for side in sides for row in _began_and_passed(family, *side)]
    # A group on the verdict channel has few people, which containment knows; its comparator's counts follow only from the whole system.
    ends = dict(zip(sides, system.contained(np.array(rows)).astype(int).reshape(-1, 2, 2).tolist(), strict=True))
    others_of = {(one.comparator, one.stage, one.since): None for one in told}
    solved = system.relaxed([row for side in others_of for row in _began_and_passed(family, *side)])
    ends |= dict(zip(others_of, solved.reshape(-1, 2, 2).tolist(), strict=True))
    for one in told:
        entered, passed = ends[one.where, one.stage, one.since]
        others, others_passed = ends[one.comparator, one.stage, one.since]
        pairs = agreeing(one.code, entered=entered, passed=passed, others=others, others_passed=others_passed, verdict=verdict)
        n, a = _began_and_passed(family, one.where, one.stage, one.since)
        for row, seen in ((n, pairs[:, 0]), (a, pairs[:, 1]), (n - a, pairs[:, 0] - pairs[:, 1])):
            system.add(row, int(seen.min()), int(seen.max()))


def _began_and_passed(family: Family, where: Where, stage: str, since: str | None) -> tuple[Row, Row]:
    """What a verdict judges: how many began, at the stage or at the span's first one, and how many passed."""
    began = (stage, "entered") if since is None else family.declaration.began(since)
    return family.row(where, *began), family.row(where, stage, PASSED)


def agreeing(
    code: int, *, entered: Sequence[int], passed: Sequence[int], others: Sequence[int], others_passed: Sequence[int],
    verdict: Verdicts | None = None,
) -> NDArray[np.int64]:  # fmt: skip
    """The (entered, passed) of a group inside a box that can carry a printed verdict, for some comparator inside its box.

    The comparator's box is first walked in five steps along either count. Pairs that found no comparator there, and would widen what is
    possible, then try every one: a verdict between two others can be so narrow a band that five steps miss it.
    """
    box = [(int(low), int(high)) for low, high in (entered, passed, others, others_passed)]
    return _agreeing(code, *box, verdict or default_verdicts())


@lru_cache(maxsize=_BOXES)  # the same boxes come again with every step that protection takes
def _agreeing(code: int, entered: Ends, passed: Ends, others: Ends, others_passed: Ends, judge: Verdicts) -> NDArray[np.int64]:
    n, a = (np.arange(low, high + 1) for low, high in (entered, passed))
    m, c = (np.arange(low, high + 1) for low, high in (others, others_passed))
    few_m, few_c = (_walked(each, 5) for each in (m, c))
    if len(n) * len(a) * len(few_m) * len(few_c) > LARGEST_BOX:  # so wide a box that a verdict says next to nothing about it
        return np.array([[entered[0], passed[0]], [entered[1], passed[1]], [entered[1], passed[0]]])
    pairs = np.stack(np.meshgrid(n, a, indexing="ij"), axis=-1).reshape(-1, 2)
    pairs = pairs[pairs[:, 1] <= pairs[:, 0]]
    agrees = _finds(pairs, few_m, few_c, judge, code)
    if not agrees.all():
        rest = ~agrees
        if agrees.any():
            told = np.column_stack([pairs, pairs[:, 0] - pairs[:, 1]])
            low, high = told[agrees].min(axis=0), told[agrees].max(axis=0)
            rest &= ((told < low) | (told > high)).any(axis=1)
        most = max(5, math.isqrt(LARGEST_BOX // max(1, int(rest.sum()))))
        agrees[rest] = _finds(pairs[rest], _walked(m, most), _walked(c, most), judge, code)
    return pairs[agrees] if agrees.any() else pairs


def _walked(counts: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """Counts from the first to the last, in at most so many steps."""
    return counts if len(counts) <= most else np.unique(np.linspace(counts[0], counts[-1], most).round().astype(int))


def _finds(
    pairs: NDArray[np.int64], others: NDArray[np.int64], others_passed: NDArray[np.int64], judge: Verdicts, code: int
) -> NDArray[np.bool_]:
    """Which pairs of a group's counts carry the verdict beside some pair of the comparator's."""
    m, c = (each.ravel() for each in np.meshgrid(others, others_passed, indexing="ij"))
    # In a mixed order, so that most pairs find theirs soon and are not asked again.
    order = np.random.default_rng(0).permutation(np.flatnonzero(c <= m))
    found, left, at = np.zeros(len(pairs), dtype=bool), np.arange(len(pairs)), 0
    while at < len(order) and len(left):
        beside = order[at : at + max(1, _AT_ONCE // len(left))]
        shape = (len(left), len(beside))
        n, a = pairs[left].T
        sides = (np.broadcast_to(each, shape).ravel() for each in (a[:, None], n[:, None], c[beside], m[beside]))
        hit = (np.asarray(judge(*sides)) == code).reshape(shape).any(axis=1)
        found[left[hit]] = True
        left, at = left[~hit], at + len(beside)
    return found


def default_verdicts() -> Verdicts:
    """The verdict lattice of the cohort statistics."""
    from standardsetting.cohort.verdict import verdicts

    return verdicts


def _judged(
    bounds: pd.DataFrame, unaided: NDArray[np.int64], released: Released, alone: tuple[str, ...], solved: int, seconds: float
) -> AuditResult:
    import scipy

    policy = released.policy
    # Where the totals alone leave fewer values than the rule asks for, the release must not settle which it is.
    few = bounds["values"].to_numpy() < np.where(unaided >= policy.fewest_values, policy.fewest_values, np.minimum(unaided, 2))
    small = bounds["low"].to_numpy() < policy.smallest_count
    almost = bounds["values"].to_numpy() < np.where(unaided >= policy.fewest_of_any, policy.fewest_of_any, 1)
    failed = (few & small) | almost
    told_small = small & (bounds["high"].to_numpy() < policy.fewest_values) & (unaided > policy.fewest_values) & ~failed
    reasons = [
        f"{table}, {group}: {n} counts have fewer than {policy.fewest_values if s else policy.fewest_of_any} possible values."
        for (table, group, s), n in _tally(bounds[failed].assign(small=small[failed]))
    ]
    reasons += _implied(bounds, unaided)
    warnings = [
        f"{table}, {group}: {n} hidden counts are provably under {policy.fewest_values}."
        for (table, group, _), n in _tally(bounds[told_small].assign(small=True))
    ]
    failing = tuple(dict.fromkeys(bounds.loc[failed, "table"]))
    return AuditResult(
        bounds, not failed.any(), tuple(reasons), tuple(warnings), failing, alone, solved, seconds, f"SciPy {scipy.__version__}, HiGHS"
    )


def _tally(chosen: pd.DataFrame) -> list[tuple[Any, int]]:
    return list(chosen.groupby(["table", "group", "small"], sort=False).size().items())


def _implied(bounds: pd.DataFrame, unaided: NDArray[np.int64]) -> list[str]:
    """Groups of which readers can tell that nobody passed, or that everybody did."""
    out = []
    for measure, words in ((PASSED, "that nobody passed"), (STATES[0], "that everybody passed")):
        known = bounds[(bounds["measure"] == measure) & (bounds["high"] == 0) & (unaided > 1)].drop_duplicates(["table", "group"])
        out += [f"{line.table}, {line.group}: readers can tell for a stage {words}." for line in known.itertuples()]
    return out
