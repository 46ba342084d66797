"""Characteristics that must be audited together, and the unknown counts behind them.

Tables that share nothing but the totals of a stage say nothing about each other, so they are audited apart. Tables over the same
characteristic, and tables that an intersection or a press line joins, are one family.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from standardsetting.disclosure.bounds import Row, System
from standardsetting.disclosure.cube import MEASURES, NOT_DECLARED, Characteristic, Declaration, Where
from standardsetting.disclosure.statements import Statement, Told, VerdictTold


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
    """Characteristics audited together; `atoms` are, for each, the base groups that no table and no statement tells apart."""

    declaration: Declaration
    names: tuple[str, ...]
    atoms: tuple[tuple[tuple[str, ...], ...], ...]
    told: tuple[Told, ...]
    live: NDArray[np.bool_]

    def system(self, totals: NDArray[np.int64]) -> System:
        """The unknown counts of the family, with the totals over everybody and what was told linearly."""
        cells = np.array([len(atoms) for atoms in self.atoms]).prod()
        system = System(int(cells * self.live.sum()))
        for at in np.flatnonzero(self.live):
            only = np.zeros(len(self.live), dtype=bool)
            only[at] = True
            system.add(self._row((), only), int(totals[at]), int(totals[at]))
        for stage in self.declaration.stages:
            for measure in MEASURES:
                counted = self.declaration.counted(stage, measure)
                system.implied.append((self._row((), counted), int(totals[counted].sum())))
        for told in self.told:
            if not isinstance(told, VerdictTold):
                system.add(self._row_of(told), told.low, told.high)
        return system

    def row(self, where: Where, stage: str, measure: str) -> Row:
        return self._row(where, self.declaration.counted(stage, measure))

    def _row_of(self, statement: Statement) -> Row:
        rows = [term.weight * self.row(term.where, term.stage, term.measure) for term in statement.terms]
        return np.sum(rows, axis=0)

    def _row(self, where: Where, classes: NDArray[np.bool_]) -> Row:
        chosen = dict(where)
        inside = [
            np.array([name not in chosen or atom[0] in chosen[name] for atom in atoms])
            for name, atoms in zip(self.names, self.atoms, strict=True)
        ]
        cells = np.array([all(picks) for picks in product(*inside)], dtype=np.int64)
        return np.outer(cells, classes[self.live]).ravel()

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


def families(declaration: Declaration, told: Sequence[Told], totals: NDArray[np.int64]) -> list[Family]:
    """The families of a declaration and of what was told, in the order of the characteristics."""
    published = {declaration.of(level).name for table in declaration.tables for level in table}
    names = [c.name for c in declaration.characteristics if c.name in published]
    together = [{declaration.of(level).name for level in table} for table in declaration.tables]
    together += [{name for where in _wheres(one) for name, _ in where} for one in told]
    names += sorted({name for group in together for name in group} - set(names))
    joined = [{name} for name in names]
    for group in together:
        touched = [family for family in joined if family & group]
        joined = [family for family in joined if not family & group]
        joined += [set().union(*touched)] if touched else []
    live = totals > 0
    found = []
    for family in sorted(joined, key=lambda f: min(names.index(name) for name in f)):
        members = tuple(name for name in names if name in family)
        mine = tuple(one for one in told if {name for where in _wheres(one) for name, _ in where} & family)
        atoms = tuple(_atoms(declaration, next(c for c in declaration.characteristics if c.name == name), mine) for name in members)
        found.append(Family(declaration, members, atoms, mine, live))
    return found


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
