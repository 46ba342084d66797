"""What the cube of the workshops and the cube of the way through the stages tell of each other.

A workshop was open to the eligible people of some groups. So how many it was open to, which the one cube prints, is a count of the other.
What is released about one of them is known to whoever reads the other; the audit of each therefore hears of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from standardsetting.cohort.diversity import cube_of
from standardsetting.cohort.diversity.declared import declaration
from standardsetting.cohort.positive_action.reported.declared import OPENED_BY, STEPS, declared, group_labels, reach_cube
from standardsetting.cohort.snapshot import CohortSnapshot
from standardsetting.disclosure.audit import AuditResult, Readers, attack, bounds_on
from standardsetting.disclosure.cells import EVERYBODY
from standardsetting.disclosure.cube import PASSED, Cube, Declaration, Where
from standardsetting.disclosure.policy import Policy
from standardsetting.disclosure.protect import Beside, ProtectedCube
from standardsetting.disclosure.releases import WORKSHOPS, History
from standardsetting.disclosure.statements import Statement, Term, Told, known
from standardsetting.process.cohort import ELIGIBLE

# For each line of the workshops' cube, who is in it, as groups of the other cube that have nobody in common.
Lines = Mapping[str, tuple[Where, ...]]
OPEN = (next(iter(STEPS)), "entered")


@dataclass(frozen=True)
class Linked:
    """What one cube has to hear of the other. What is not true of this snapshot is about another one, and left out.

    Attributes
    ----------
    given
        What releases of the other cube tell about this one.
    beside
        Attacks what was released of the other cube with what a release of this one would add; None where nothing was released.
    """

    given: tuple[Told, ...] = ()
    beside: Beside | None = None


def linked(snapshot: CohortSnapshot, cube: Cube, history: History, policy: Policy) -> Linked:
    """What the cube of a report has to hear of the other one, by the ledger.

    Groups of a level that the tables do not have are not linked.

    Parameters
    ----------
    snapshot
        The cohort.
    cube
        `cube_of` or `reach_cube` of it.
    history
        Everything in the ledger of the process.
    policy
        The rules of protection.
    """
    lines = _lines(snapshot)
    ways, workshops = (history.about(name) for name in (snapshot.milestone, WORKSHOPS))
    if cube.milestone == WORKSHOPS:
        return workshops_beside(cube, cube_of(snapshot), lines, ways, policy) if lines and ways.releases else Linked()
    return ways_beside(cube, reach_cube(snapshot), lines, workshops, policy) if lines and workshops.releases else Linked()


def workshops_beside(reached: Cube, main: Cube, lines: Lines, history: History, policy: Policy) -> Linked:
    """What the workshops' cube has to hear of releases about the way through the stages."""
    told = _still_true(history, main)
    readers = Readers(main.declaration, main.totals, policy, told)

    def beside(release: ProtectedCube) -> AuditResult:
        cells = release.cells[["group", "stage", "measure", "value"]].astype(object).itertuples(index=False, name=None)
        return attack(readers, also=_true_of(main, _about_eligible(lines, release.told, cells, policy)))

    return Linked(_true_of(reached, _about_open(lines, main, told, reached.declaration)), beside)


def ways_beside(main: Cube, reached: Cube, lines: Lines, history: History, policy: Policy) -> Linked:
    """What the cube of the way through the stages has to hear of releases about the workshops."""
    told = _still_true(history, reached)
    cells = ((group, stage, measure, value) for body in history.releases for _, group, stage, measure, _, value, _ in body["cells"])
    readers = Readers(reached.declaration, reached.totals, policy, told)
    return Linked(
        _true_of(main, _about_eligible(lines, told, cells, policy)),
        lambda release: attack(readers, also=_true_of(reached, _about_open(lines, main, release.told, reached.declaration))),
    )


def _lines(snapshot: CohortSnapshot) -> Lines:
    """The lines by the definition; none where the tables do not have their groups, or there were no workshops."""
    if snapshot.process.positive_action is None or "workshop_listed" not in snapshot.people:
        return {}
    characteristics = {level: c for c in declaration(snapshot).characteristics for level in c.levels}
    order = {c.name: c.base for c in characteristics.values()}
    labels, found, before = group_labels(snapshot.process), dict[str, tuple[Where, ...]](), list[tuple[str, frozenset[str]]]()
    for group in declared(snapshot.process).groups:
        if group.level not in characteristics:
            return {}
        of = characteristics[group.level]
        level = next(each for coded in snapshot.characteristics for each in coded.levels if each.name == group.level)
        inside = frozenset(member for code in group.codes for member in of.at(group.level)[level.labels[code]])
        who = {of.name: inside}
        for name, taken in before:
            who[name] = who.get(name, frozenset(order[name])) - taken
        before.append((of.name, inside))
        where = tuple((name, tuple(member for member in order[name] if member in members)) for name, members in sorted(who.items()))
        found[labels[group.name]] = (*found.get(labels[group.name], ()), where)
    return found


def _eligible(lines: Lines, names: Sequence[str]) -> tuple[Term, ...]:
    return tuple(Term(where, ELIGIBLE, PASSED) for name in names for where in lines[name])


def _about_eligible(lines: Lines, told: Sequence[Told], cells: Iterable[tuple[str, str, str, object]], policy: Policy) -> list[Statement]:
    """What was told of how many a workshop was open to, by group and in all, as statements about who was eligible."""
    printed = [int(str(value)) for group, *link, value in cells if group == EVERYBODY and tuple(link) == OPEN and not pd.isna(value)]  # type: ignore[call-overload]
    found = [Statement(_eligible(lines, list(lines)), *policy.window(value), source="workshops") for value in printed]
    for one in told:
        if isinstance(one, Statement) and all((term.stage, term.measure) == OPEN for term in one.terms):
            names = [member for term in one.terms for _, members in term.where for member in members if term.weight == 1]
            if len(names) == len(one.terms) and set(names) <= set(lines):
                found.append(Statement(_eligible(lines, names), one.low, one.high, source="workshops"))
    return found


def _about_open(lines: Lines, main: Cube, told: Sequence[Told], reached: Declaration) -> list[Statement]:
    """What was told of who was eligible, as statements about how many a workshop was open to."""
    if not reached.tables:
        return []
    sums = [Statement(_eligible(lines, [name]), None, None) for name in lines]
    ends = bounds_on(sums, main.declaration, main.totals, told)
    return [known(((OPENED_BY, (name,)),), *OPEN, low, high) for name, (low, high) in zip(lines, ends, strict=True)]


def _still_true(history: History, cube: Cube) -> tuple[Told, ...]:
    """What releases of this snapshot told, and of what those of others told the sums that have not changed: readers take them for these."""
    own = history.told(cube.hash)
    places = set(cube.declaration.stages)
    sums = [one for each in history.before(cube) for one in each.told
            if isinstance(one, Statement) and all(term.stage in places for term in one.terms)]  # fmt: skip
    return tuple(dict.fromkeys((*own, *_true_of(cube, sums))))


def _true_of(cube: Cube, statements: Sequence[Statement]) -> tuple[Told, ...]:
    def holds(one: Statement) -> bool:
        count = sum(term.weight * cube.count(term.where, term.stage, term.measure) for term in one.terms)
        return (one.low is None or count >= one.low) and (one.high is None or count <= one.high)

    return tuple(one for one in statements if holds(one))
