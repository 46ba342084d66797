"""Characteristics that must be audited together, and the unknown counts behind them.

Tables that share nothing but the totals of a stage say nothing about each other, so they are audited apart. Tables over the same
characteristic, and tables that an intersection or a press line joins, are one family.

Releases of earlier snapshots are solved jointly with this one: the same people stood elsewhere then. Readers are taken to believe that
nobody moved against the stream: of every ending that has more people now than then, no group has fewer, and the other way about.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product

import numpy as np
from numpy.typing import NDArray

from standardsetting.disclosure.bounds import Row, System
from standardsetting.disclosure.cube import MEASURES, NOT_DECLARED, Characteristic, Declaration, Where
from standardsetting.disclosure.statements import Before, Statement, Told, VerdictTold


@dataclass(frozen=True)
class Target:
    """A count that readers must not be able to work out."""

    table: str
    group: str
    where: Where
    stage: str
    measure: str


@dataclass(frozen=True)
class Family:
    """Characteristics audited together, at one snapshot.

    Attributes
    ----------
    declaration, totals
        What is published, and how many of everybody ended in each way.
    names, atoms
        The characteristics; and for each the base groups that no table and no statement tells apart.
    told
        What was told of this snapshot.
    before
        The same characteristics at earlier snapshots.
    offset, width
        Where the unknowns of this snapshot begin among those of all snapshots, and how many those are.
    """

    declaration: Declaration
    totals: NDArray[np.int64]
    names: tuple[str, ...]
    atoms: tuple[tuple[tuple[str, ...], ...], ...]
    told: tuple[Told, ...]
    before: tuple[Family, ...] = ()
    offset: int = 0
    width: int = 0

    @classmethod
    def joined(cls, now: Family, before: Sequence[Family]) -> Family:
        """A family with the same characteristics at earlier snapshots."""
        width, offset, placed = now.size + sum(each.size for each in before), now.size, []
        for each in before:
            placed.append(replace(each, offset=offset, width=width))
            offset += each.size
        return replace(now, before=tuple(placed), width=width)

    @cached_property
    def live(self) -> NDArray[np.bool_]:
        """The endings that anybody has."""
        return self.totals > 0

    @property
    def cells(self) -> int:
        return math.prod(len(atoms) for atoms in self.atoms)

    @property
    def size(self) -> int:
        """How many counts are unknown at this snapshot."""
        return self.cells * int(self.live.sum())

    def system(self) -> System:
        """The unknown counts, now and before, with the totals over everybody, what was told linearly, and how the snapshots are linked."""
        system = System(self.width)
        for each in (self, *self.before):
            for row, low, high in each._known():
                system.add(row, low, high)
            system.implied += each._implied()
        for each in self.before:
            for row, low, high in self._moved_since(each):
                system.add(row, low, high)
        return system

    def _known(self) -> Iterator[tuple[Row, int | None, int | None]]:
        for at in np.flatnonzero(self.live):
            only = np.zeros(len(self.live), dtype=bool)
            only[at] = True
            yield self._row((), only), int(self.totals[at]), int(self.totals[at])
        for told in self.told:
            if not isinstance(told, VerdictTold):
                yield self.row_of(told), told.low, told.high

    def _implied(self) -> list[tuple[Row, float]]:
        counted = [self.declaration.counted(stage, measure) for stage in self.declaration.stages for measure in MEASURES]
        return [(self._row((), classes), int(self.totals[classes].sum())) for classes in counted]

    def _moved_since(self, then: Family) -> Iterator[tuple[Row, int, int]]:
        """For each atom and each count that both snapshots have: what it is now less what it was, and the bounds of that."""
        for stage in (stage for stage in then.declaration.stages if stage in self.declaration.stages):
            for measure in MEASURES:
                now, past = (each.declaration.counted(stage, measure) for each in (self, then))
                moved = int(self.totals[now].sum()) - int(then.totals[past].sum())
                for cell in np.eye(self.cells, dtype=np.int64):
                    row = self._placed(cell, now) - then._placed(cell, past)
                    if row.any():
                        yield row, min(0, moved), max(0, moved)

    def row(self, where: Where, stage: str, measure: str) -> Row:
        """A count of a group, as a sum of unknowns."""
        return self._row(where, self.declaration.counted(stage, measure))

    def row_of(self, statement: Statement) -> Row:
        """What a statement is about, as a sum of unknowns."""
        return np.sum([term.weight * self.row(term.where, term.stage, term.measure) for term in statement.terms], axis=0)

    def _row(self, where: Where, classes: NDArray[np.bool_]) -> Row:
        chosen = dict(where)
        inside = [
            np.array([name not in chosen or atom[0] in chosen[name] for atom in atoms])
            for name, atoms in zip(self.names, self.atoms, strict=True)
        ]
        cells = np.array([all(picks) for picks in product(*inside)], dtype=np.int64)
        return self._placed(cells, classes)

    def _placed(self, cells: NDArray[np.int64], classes: NDArray[np.bool_]) -> Row:
        """The unknowns of some cells and some endings, among those of all snapshots."""
        mine = np.outer(cells, classes[self.live]).ravel()
        return np.pad(mine, (self.offset, self.width - self.offset - len(mine)))

    def targets(self) -> list[Target]:
        """Every count of every declared table of the family, of the undeclared too, whether or not anything is shown."""
        found = []
        for table in self.declaration.tables:
            if self.declaration.of(table[0]).name not in self.names:
                continue
            groups = {**self.declaration.groups(table), **undeclared_groups(self.declaration, table)}
            for label, where in groups.items():
                for stage in self.declaration.stages:
                    found += [Target(" by ".join(table), label, where, stage, measure) for measure in self._measures(stage)]
        return found

    def _measures(self, stage: str) -> tuple[str, ...]:
        first = stage == self.declaration.stages[0]
        possible = [m for m in MEASURES if (stage, m) not in self.declaration.impossible]
        return ("entered",) if first else tuple(m for m in possible if self.declaration.counted(stage, m)[self.live].any())


def undeclared_groups(declaration: Declaration, table: tuple[str, ...]) -> dict[str, Where]:
    """The undeclared of a one-way table: all of them together, and each kind. They are sensitive like any other group."""
    if len(table) > 1:
        return {}
    of = declaration.of(table[0])
    kinds: dict[str, Where] = {kind: ((of.name, (kind,)),) for kind in of.undeclared}
    return {NOT_DECLARED: ((of.name, of.undeclared),), **kinds} if of.undeclared else {}


def with_undeclared(declaration: Declaration, where: Where) -> Where:
    """A group with the undeclared on every side on which it is the comparator: who a remainder really is."""
    of = {c.name: c for c in declaration.characteristics}
    return tuple((name, (*members, *of[name].undeclared) if of[name].comparator in members else members) for name, members in where)


def families(declaration: Declaration, told: Sequence[Told], totals: NDArray[np.int64], before: Sequence[Before] = ()) -> list[Family]:
    """The families of a declaration and of what was told, now and before, in the order of the characteristics."""
    ever = [*told, *(one for each in before for one in each.told)]
    published = {declaration.of(level).name for table in declaration.tables for level in table}
    names = [c.name for c in declaration.characteristics if c.name in published]
    together = [{declaration.of(level).name for level in table} for table in declaration.tables]
    together += [{name for where in _wheres(one) for name, _ in where} for one in ever]
    names += sorted({name for group in together for name in group} - set(names))
    joined = [{name} for name in names]
    for group in together:
        touched = [family for family in joined if family & group]
        joined = [family for family in joined if not family & group]
        joined += [set().union(*touched)] if touched else []
    found = []
    for family in sorted(joined, key=lambda f: min(names.index(name) for name in f)):
        members = tuple(name for name in names if name in family)
        of = [next(c for c in declaration.characteristics if c.name == name) for name in members]
        atoms = tuple(_atoms(declaration, each, _about(ever, family)) for each in of)
        past = tuple(Family(each.declaration, each.totals, members, atoms, _about(each.told, family)) for each in before)
        found.append(Family.joined(Family(declaration, totals, members, atoms, _about(told, family)), past))
    return found


def _about(told: Sequence[Told], family: set[str]) -> tuple[Told, ...]:
    return tuple(one for one in told if {name for where in _wheres(one) for name, _ in where} & family)


def _wheres(told: Told) -> Iterable[Where]:
    if isinstance(told, VerdictTold):
        return (told.where, told.comparator)
    return tuple(term.where for term in told.terms)


def _atoms(declaration: Declaration, of: Characteristic, told: Sequence[Told]) -> tuple[tuple[str, ...], ...]:
    sets = {members for one in told for where in _wheres(one) for name, members in where if name == of.name}
    levels = [level for table in declaration.tables for level in table if level in of.levels]
    sets |= {members for level in levels for members in of.at(level).values()}
    signature: dict[tuple[bool, ...], list[str]] = {}
    for group in of.base:
        # Kinds of "not known" that nobody was told apart are one unknown; declared groups never join them.
        key = (group in of.groups, *(group in members for members in sorted(sets)))
        signature.setdefault(key, []).append(group)
    return tuple(tuple(groups) for groups in signature.values())
