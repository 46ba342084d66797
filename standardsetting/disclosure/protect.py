"""Protect a publication cube once. Everything printed about groups is taken from what this returns.

Each count is shown by the plan of its table; then the release is attacked as a reader would (`audit.attack`). Where readers could work out
too much, tables give way in a fixed order that does not depend on who passed, and the attack is run again.

A value that was shown before stays until its count has moved by `Policy.change`, also once the process has closed. The closing of a process
gives no fresh values: a count that moved by one or two since the release before would be told by a second window, and who knows what moved
(an appeal, a late withdrawal) would have it exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from standardsetting.disclosure import cells as tables
from standardsetting.disclosure import rounded
from standardsetting.disclosure.audit import AuditResult, Verdicts, attack
from standardsetting.disclosure.chain import links
from standardsetting.disclosure.cube import Cube, Declaration
from standardsetting.disclosure.plan import ALL, COUNTS, NOTHING, VERDICTS, Earlier, Plan, Planner, Table
from standardsetting.disclosure.policy import RULES, Policy
from standardsetting.disclosure.statements import Before, Told, known
from standardsetting.disclosure.told import told as told_by
from standardsetting.disclosure.told import verdict_codes
from standardsetting.errors import DisclosureError, UsageError

if TYPE_CHECKING:
    from standardsetting.process import Process

Beside = Callable[["ProtectedCube"], AuditResult]
_GIVING_WAY = (ALL, COUNTS, VERDICTS, NOTHING)
_CHANNELS = ("counts", VERDICTS, NOTHING)  # the modes have the names of their channels
_WORDS = {
    COUNTS: "leaves out a stage beside one between which few were lost",
    VERDICTS: "shows verdicts instead of counts",
    NOTHING: "is not shown",
}


@dataclass(frozen=True)
class ProtectedCube:
    """What may be printed, and what a reader can know from it.

    Attributes
    ----------
    cells
        Tidy: `table`, `group`, `stage`, `measure`, `shown` (the text to print), `value` (whole number or missing), `low` and `high` (what a
        reader who knows the rules knows from this line alone), `channel` (counts, derived, verdict, none, undeclared, total).
    steps
        Where protection had to go further, in words, in the order in which it went.
    audit
        The attack that this release withstood.
    told
        The release as statements; the ledger keeps them.
    hash
        SHA-256 of the cube it was made from.
    """

    process: str
    milestone: str
    declaration: Declaration
    policy: Policy
    totals: NDArray[np.int64]
    cells: pd.DataFrame
    told: tuple[Told, ...]
    steps: tuple[str, ...]
    audit: AuditResult
    hash: str
    rules: str = RULES

    def counts(self, table: str, stage: str) -> pd.DataFrame:
        """Protected counts to compute statistics from: `group`, `entered`, `passed`, `comparator`; only groups that have both.

        A statistic printed beside these counts is computed from them and from nothing else.
        """
        named = {" by ".join(t): t for t in self.declaration.tables}
        if table not in named:
            raise UsageError("The cube has no such table.", next_step=f"Its tables: {'; '.join(named)}.")
        parts, both = named[table], ["entered", "passed"]
        here = self.cells[(self.cells["table"] == table) & (self.cells["stage"] == stage) & self.cells["measure"].isin(both)]
        wide = here.dropna(subset="value").pivot(index="group", columns="measure", values="value").reindex(columns=both).dropna()
        wide = wide.drop(index=tables.EVERYBODY, errors="ignore").astype(int)
        comparator = tables.remainder_label(self.declaration, parts)
        order = [g for g in here["group"].drop_duplicates() if g in wide.index]
        return wide.loc[order].rename_axis(columns=None).reset_index().assign(comparator=lambda d: d["group"] == comparator)

    def csv(self) -> str:
        """The cells as text, the same to the byte for the same cube, rules and ledger."""
        return str(self.cells.to_csv(index=False, lineterminator="\n"))


def protect(
    cube: Cube, *, policy: Policy | None = None, verdict: Verdicts | None = None, earlier: Earlier | None = None, also: Sequence[Told] = (),
    given: Sequence[Told] = (), before: Sequence[Before] = (), beside: Beside | None = None, secret: bytes | None = None,
) -> ProtectedCube:  # fmt: skip
    """What may be printed of a cube?

    Parameters
    ----------
    cube
        The publication cube.
    policy
        The rules; 10-5 unless given.
    verdict
        Codes of verdicts from counts; `standardsetting.cohort.verdict.verdicts` unless given.
    earlier
        Protected values of earlier releases of this process (`releases.earlier`): they are reused until a count has moved by `change`,
        whatever else has happened since. Tables that gave way stay as they stood.
    also
        What releases of the same snapshot, FOI answers and the press told (`releases.told`).
    given
        What releases of another cube of the same people told.
    before
        What releases of earlier snapshots told (`releases.before`).
    beside
        Attacks a release of another cube of the same people with what this one adds; where it succeeds, this one gives way.
    secret
        For the rounded cube: the sealed secret from which its rounding is drawn.

    Raises
    ------
    DisclosureError
        Even with nothing shown, readers could work out too much from what was told before.
    """
    policy = policy or Policy()
    reused: Earlier = {} if earlier is None else earlier
    insiders = singletons(cube)
    modes = _stood(cube, policy, reused)
    release = _released(cube, policy, modes, verdict, reused, secret)
    steps = [f"{' by '.join(table)} {_WORDS[mode]}, as in an earlier release." for table, mode in modes.items() if mode != ALL]
    while True:
        result = attack(release, also=also, given=given, before=before, verdict=verdict)
        if result.passed and insiders:
            inside = attack(release, also=also, given=given, before=before, insiders=insiders, verdict=verdict)
            result = result if inside.passed else inside
        failing = result.failing
        if result.passed:
            other = beside(release) if beside else result
            if other.passed:
                steps += [f"{table} was checked without earlier releases: results were corrected since." for table in result.alone]
                return replace(release, steps=tuple(steps), audit=result)
            result, failing = other, tuple(" by ".join(table) for table in cube.declaration.tables)
        told, gave_way = release.told, ""
        while release.told == told:
            table = _next(cube.declaration, modes, failing)
            if table is None:
                raise DisclosureError(
                    "Readers could work out too much about a group even if nothing more were shown.",
                    details=result.reasons,
                    next_step="Look at what the release ledger says was told before; do not release.",
                )
            modes[table] = _GIVING_WAY[_GIVING_WAY.index(modes[table]) + 1]
            gave_way = f"{' by '.join(table)} {_WORDS[modes[table]]}: readers could have worked out too much."
            release = _released(cube, policy, modes, verdict, reused, secret)
        steps.append(gave_way)


def policy_of(process: Process) -> Policy:
    """The rules of a process, as its definition has them."""
    rules = process.disclosure
    return Policy(name=rules.policy, smallest_count=rules.smallest_count, round_to=rules.round_to)


def _stood(cube: Cube, policy: Policy, earlier: Earlier) -> dict[Table, str]:
    """How far each table had given way in the newest release: what it hid then is not shown because a figure was withdrawn since.

    The ledger holds channels and not modes, so a table gave way where its groups are large enough for more than they had.
    """
    if policy.name == "rounded cube":  # such a table has no line there
        had = {label for label, *_ in earlier}
        return {table: NOTHING if had and " by ".join(table) not in had else ALL for table in cube.declaration.tables}
    modes, planner = dict.fromkeys(cube.declaration.tables, ALL), Planner(cube, policy, {})
    for table in modes:
        plan = planner.blank(table, ALL)
        channels = {group: at for label, group, _, at in earlier if label == plan.label and at in (VERDICTS, NOTHING)}
        focal = [group for group in plan.groups if group != plan.comparator]
        if not set(focal) <= set(channels):
            continue  # some had counts, or nothing was released
        best, could = (min(map(_CHANNELS.index, of)) for of in ([channels[g] for g in focal], [plan.channels[g] for g in focal]))
        modes[table] = _CHANNELS[best] if best > could else ALL
    stages = links(cube.declaration.stages)
    for table, plan in plans(cube, policy, modes, earlier).items():
        hidden = {(g, at) for g, seen in plan.shown.items() for at in seen if earlier.get((plan.label, g, *stages[at]), 0) is None}
        if any(at in plan.free for _, at in hidden):
            modes[table] = COUNTS
    return modes


def singletons(cube: Cube) -> tuple[Told, ...]:
    """What people know who are the only one of their group in a published table: they can take themselves out."""
    declaration, found = cube.declaration, list[Told]()
    first = declaration.stages[0]
    for table in declaration.tables:
        for where in declaration.groups(table).values():
            if cube.count(where, first, "entered") == 1:
                ends = cube.by_ending(where)
                stage, state = declaration.classes[int(np.flatnonzero(ends)[0])]
                found += [known(where, *link, 1, 1, source="insider") for link in ((first, "entered"), (stage, state))]
    return tuple(found)


def _released(
    cube: Cube, policy: Policy, modes: Mapping[Table, str], verdict: Verdicts | None, earlier: Earlier, secret: bytes | None
) -> ProtectedCube:
    if policy.name == "rounded cube":
        frame, told = rounded.cells(cube, policy, modes, secret)
    else:
        planned = plans(cube, policy, modes, earlier)
        codes = verdict_codes(cube, planned, policy, verdict)
        frame, told = tables.cells(cube, planned, codes, policy), told_by(cube, planned, codes, policy)
    blank: Any = None
    return ProtectedCube(cube.process, cube.milestone, cube.declaration, policy, cube.totals, frame, told, (), blank, cube.hash)


def plans(cube: Cube, policy: Policy, modes: Mapping[Table, str], earlier: Earlier) -> dict[Table, Plan]:
    """The plan of each table: coarser tables first, since the finer ones lean on them, intersections last."""
    declaration, planner = cube.declaration, Planner(cube, policy, earlier)
    made: dict[Table, Plan] = {}
    for table in sorted((t for t in declaration.tables if len(t) == 1), key=lambda t: len(declaration.groups_of(t[0]))):
        of = declaration.of(table[0])
        coarser = next((made[t] for t in made if declaration.of(t[0]) is of), None)
        made[table] = planner.one_way(table, mode=modes[table], coarser=coarser)
    for pair in (t for t in declaration.tables if len(t) == 2):
        made[pair] = planner.crossed(pair, mode=modes[pair], edges=(made.get(pair[:1]), made.get(pair[1:])))
    return {table: made[table] for table in declaration.tables}


def _names(declaration: Declaration, table: Table) -> set[str]:
    return {declaration.of(level).name for level in table}


def _next(declaration: Declaration, modes: Mapping[Table, str], failing: Sequence[str]) -> Table | None:
    """The next table to give way, of those that share a characteristic with a failure and still show anything.

    The intersection goes first; then the tables that failed, stages beside which few were lost before anything else; then the others. Among
    equals the last declared.
    """
    touched = set().union(*(_names(declaration, t) for t in declaration.tables if " by ".join(t) in failing))
    for t in (t for t in declaration.tables if len(t) > 1 and _names(declaration, t) & touched):
        touched |= _names(declaration, t)
    able = [t for t in declaration.tables if modes[t] != NOTHING and _names(declaration, t) & touched]
    crossed = [t for t in able if len(t) > 1]
    failed = [t for t in able if " by ".join(t) in failing]
    chosen = crossed or [t for t in failed if modes[t] == ALL] or failed or able
    return chosen[-1] if chosen else None
