"""The publication cube: for one process at one milestone, how many people of which group went how far. Built once, then protected once.

Every figure about groups is a sum over this cube; nothing asks the people's table a second question.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise, product

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from standardsetting.errors import UsageError

PASSED = "passed"
STATES = ("not passed", "withdrawn", "deferred", "pending")
MEASURES = ("entered", PASSED, *STATES)
UNDECLARED = ("prefer not to say", "not asked", "unknown", "opted out")
NOT_DECLARED = "not declared"
VERDICT = "verdict"
# Where a person works or who interviewed them never stands beside a protected characteristic.
_NEVER = ("bcu", "department", "panel", "force", "unit", "site")
_MAY_BE_WIDE = ("sex", "ethnicity")

# Who is in a group: for each characteristic that matters, the base groups that are in it. Everybody is ().
Where = tuple[tuple[str, tuple[str, ...]], ...]


def ending(stage: str, state: str = PASSED) -> str:
    """Where a person's way through the stages ended, as the `ending` column of the people's table has it.

    Examples
    --------
    >>> ending("interviewed", "withdrawn"), ending("posted")
    ('interviewed: withdrawn', 'posted: passed')
    """
    return f"{stage}: {state}"


@dataclass(frozen=True)
class Characteristic:
    """A characteristic, its groups in a fixed order, and the one hierarchy by which they may be rolled up.

    Attributes
    ----------
    name
        The column of the people's table; also the name of the finest level.
    groups
        Declared groups.
    comparator
        The group the others are compared with, fixed across years.
    rollups
        Coarser levels: level name, then for each group the coarser group it belongs to.
    undeclared
        The kinds of "not known". They are groups too, and together are the group `not declared`.
    """

    name: str
    groups: tuple[str, ...]
    comparator: str
    rollups: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    undeclared: tuple[str, ...] = UNDECLARED

    def __post_init__(self) -> None:
        if self.comparator not in self.groups:
            raise UsageError("The comparator of a characteristic must be one of its groups.")
        if any(set(level) != set(self.groups) for level in self.rollups.values()):
            raise UsageError("A roll-up must give every group of its characteristic, and no other, a coarser group.")
        if set(self.groups) & set(self.undeclared) or NOT_DECLARED in self.groups:
            raise UsageError("A kind of 'not known' cannot be a declared group.")

    @property
    def base(self) -> tuple[str, ...]:
        return (*self.groups, *self.undeclared)

    @property
    def levels(self) -> tuple[str, ...]:
        return (self.name, *self.rollups)

    def at(self, level: str) -> dict[str, tuple[str, ...]]:
        """The groups of a level, in their fixed order, each with its base groups."""
        if level == self.name:
            return {group: (group,) for group in self.groups}
        members: dict[str, list[str]] = {}
        for group in self.groups:
            members.setdefault(self.rollups[level][group], []).append(group)
        return {coarse: tuple(fine) for coarse, fine in members.items()}

    def comparator_at(self, level: str) -> str:
        return next(group for group, members in self.at(level).items() if self.comparator in members)


@dataclass(frozen=True)
class Declaration:
    """What is published about a process, decided once before anything is counted.

    Attributes
    ----------
    stages
        In order. Everybody entered the first, which is the population; who enters a later one passed the one before.
    characteristics
        In a fixed order.
    tables
        Each a tuple of one or two levels. Order matters: where protection has to go further, the last table gives way first.
    impossible
        Structural zeros: (stage, state) pairs that the rules of the process exclude.
    first
        Stages whose counts matter most, in that order: they are fitted first and the others around them.
    spans
        (since, until): of those who passed `since`, how many passed `until`. A group that has verdicts instead of counts has one for each
        of these too.

    Raises
    ------
    UsageError
        More is declared than the dimension budget allows: sex and ethnicity by stage, one intersection of two characteristics at two groups
        each, any other characteristic one-way at two groups; never a place of work or a panel.
    """

    stages: tuple[str, ...]
    characteristics: tuple[Characteristic, ...]
    tables: tuple[tuple[str, ...], ...]
    impossible: frozenset[tuple[str, str]] = frozenset()
    first: tuple[str, ...] = ()
    spans: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if len(self.stages) < 2 or len(set(self.stages)) != len(self.stages):
            raise UsageError("A cube needs at least two stages, each named once.")
        levels = [level for c in self.characteristics for level in c.levels]
        if len(set(levels)) != len(levels):
            raise UsageError("Every level of every characteristic needs a name of its own.")
        if any(level not in levels for table in self.tables for level in table) or len(set(self.tables)) != len(self.tables):
            raise UsageError("A table is declared twice, or over a level that no characteristic has.")
        if any(stage not in self.stages or state not in STATES for stage, state in self.impossible):
            raise UsageError("A structural zero names a stage or a state that is not declared.")
        if set(self.first) - set(self.stages) or len(set(self.first)) != len(self.first):
            raise UsageError("A stage that is to be fitted first is named twice or is not declared.")
        if any({*span} - {*self.stages} or self.stages.index(span[1]) - self.stages.index(span[0]) < 2 for span in self.spans):
            raise UsageError("A span goes from one declared stage to a later one over at least two; a single stage has its verdict anyway.")
        if len(set(self.spans)) != len(self.spans):
            raise UsageError("A span is declared twice.")
        self._within_budget()

    def _within_budget(self) -> None:
        if any(word in level.casefold().split("_") for table in self.tables for level in table for word in _NEVER):
            raise UsageError("A place of work or a panel is never published beside characteristics.")
        crossed = [table for table in self.tables if len(table) > 1]
        if len(crossed) > 1 or any(len(table) > 2 for table in crossed):
            raise UsageError("The dimension budget allows one intersection, of two characteristics.")
        for level in (level for table in self.tables for level in table):
            wide = len(self.groups_of(level))
            alone = all(level not in table for table in crossed)
            if wide > (5 if alone and self.of(level).name.startswith(_MAY_BE_WIDE) else 2):
                raise UsageError(
                    "The dimension budget allows five groups of ethnicity, and two of anything else or on a side of an intersection.",
                    next_step="Declare a roll-up with two groups for this table.",
                )
        for one, other in crossed:
            if self.of(one) is self.of(other):
                raise UsageError("An intersection is of two different characteristics.")

    def of(self, level: str) -> Characteristic:
        return next(c for c in self.characteristics if level in c.levels)

    def groups_of(self, level: str) -> dict[str, tuple[str, ...]]:
        return self.of(level).at(level)

    def groups(self, table: tuple[str, ...]) -> dict[str, Where]:
        """The declared groups of a table, each with who is in it."""
        sides = [[(label, (self.of(level).name, members)) for label, members in self.groups_of(level).items()] for level in table]
        return {" and ".join(label for label, _ in cell): tuple(side for _, side in cell) for cell in product(*sides)}

    def comparator(self, table: tuple[str, ...]) -> str:
        return " and ".join(self.of(level).comparator_at(level) for level in table)

    def as_text(self) -> str:
        """The declaration in one canonical text, for hashes."""
        hierarchy = [
            (c.name, c.groups, c.comparator, {level: dict(groups) for level, groups in c.rollups.items()}, c.undeclared)
            for c in self.characteristics
        ]
        return json.dumps([self.stages, hierarchy, self.tables, sorted(self.impossible), self.first, self.spans])

    def began(self, since: str) -> tuple[str, str]:
        """The count of those with whom a span begins: who passed its first stage, or entered the population."""
        return (since, "entered" if since == self.stages[0] else PASSED)

    @property
    def judged(self) -> dict[tuple[str, str], str]:
        """Every (since, until) that a verdict is given for, with the name of its line: each stage that can be failed, then the spans."""
        steps = [pair for pair in pairwise(self.stages) if (pair[1], "not passed") not in self.impossible]
        return dict.fromkeys(steps, VERDICT) | {(since, until): f"{VERDICT} since {since}" for since, until in self.spans}

    @cached_property
    def classes(self) -> tuple[tuple[str, str], ...]:
        """Every way to end, in the order of the stages; the last is to have passed the last stage."""
        return (*((stage, state) for stage in self.stages[1:] for state in STATES), (self.stages[-1], PASSED))

    def counted(self, stage: str, measure: str) -> NDArray[np.bool_]:
        """Which endings a measure at a stage counts."""
        return self._counted[stage, measure]

    @cached_property
    def _counted(self) -> dict[tuple[str, str], NDArray[np.bool_]]:
        places = np.array([self.stages.index(stage) for stage, _ in self.classes])
        states = np.array([state for _, state in self.classes])
        found = {}
        for at, stage in enumerate(self.stages):
            found[stage, "entered"] = places >= at
            found[stage, PASSED] = (places > at) | ((places == at) & (states == PASSED))
            found |= {(stage, state): (places == at) & (states == state) for state in STATES}
        return found


@dataclass(frozen=True)
class Cube:
    """Counts of the finest combination by ending, of which everything published is a sum. Exact: it never leaves the analyst's folder.

    Attributes
    ----------
    process, milestone
        Which process, and which named milestone it was frozen at.
    counts
        One row for each combination of groups and ending that occurs; `count`.
    """

    process: str
    milestone: str
    declaration: Declaration
    counts: pd.DataFrame

    @classmethod
    def of(cls, people: pd.DataFrame, *, process: str, milestone: str, declaration: Declaration) -> Cube:
        """Count the people once.

        Parameters
        ----------
        people
            One row a person, without any identifier: one column for each characteristic, and `ending`.

        Raises
        ------
        UsageError
            A column is missing, a group or an ending is not declared, or a structural zero is not zero.

        Examples
        --------
        >>> sex = Characteristic("sex", ("women", "men"), "men")
        >>> declared = Declaration(("applied", "eligible"), (sex,), (("sex",),))
        >>> ends = [ending("eligible"), ending("eligible"), ending("eligible", "not passed")]
        >>> people = pd.DataFrame({"sex": ["women", "men", "men"], "ending": ends})
        >>> cube = Cube.of(people, process="demo", milestone="eligibility", declaration=declared)
        >>> int(cube.count((("sex", ("men",)),), "eligible", "passed"))
        1
        """
        columns = [*(c.name for c in declaration.characteristics), "ending"]
        missing = [name for name in columns if name not in people.columns]
        if missing:
            raise UsageError(f"The people's table lacks {len(missing)} of the declared columns.", details=missing)
        known = {c.name: set(c.base) for c in declaration.characteristics}
        known["ending"] = {ending(*kind) for kind in declaration.classes if kind not in declaration.impossible}
        strangers = {name: int((~people[name].isin(known[name])).sum()) for name in columns}
        if any(strangers.values()):
            raise UsageError(
                "The people's table holds codes that are not declared, or endings that the rules exclude.",
                details=[f"column {name}: {n} rows" for name, n in strangers.items() if n],
            )
        counts = people[columns].astype(str).value_counts(sort=False).rename("count").reset_index()
        return cls(process, milestone, declaration, counts.sort_values(columns, ignore_index=True))

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the counts and the declaration: the same people in another order have the same hash."""
        content = [self.declaration.as_text(), self.process, self.milestone, self.counts.to_csv(index=False)]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()

    @cached_property
    def totals(self) -> NDArray[np.int64]:
        """How many people ended in each way."""
        return self.by_ending(())

    def by_ending(self, where: Where) -> NDArray[np.int64]:
        """How many people of a group ended in each way."""
        codes, ends, counts = self._coded
        inside = np.ones(len(counts), dtype=bool)
        for name, members in where:
            base = next(c for c in self.declaration.characteristics if c.name == name).base
            inside &= np.isin(codes[name], [base.index(member) for member in members])
        return np.bincount(ends[inside], weights=counts[inside], minlength=len(self.declaration.classes)).astype(np.int64)

    @cached_property
    def _coded(self) -> tuple[dict[str, NDArray[np.int64]], NDArray[np.int64], NDArray[np.int64]]:
        codes = {c.name: np.array([c.base.index(g) for g in self.counts[c.name]], dtype=np.int64) for c in self.declaration.characteristics}
        places = {ending(*kind): at for at, kind in enumerate(self.declaration.classes)}
        return codes, np.array([places[e] for e in self.counts["ending"]], dtype=np.int64), self.counts["count"].to_numpy(dtype=np.int64)

    def count(self, where: Where, stage: str, measure: str) -> int:
        """How many people of a group a measure counts at a stage."""
        return int(self.by_ending(where)[self.declaration.counted(stage, measure)].sum())
