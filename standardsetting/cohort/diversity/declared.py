"""What a snapshot's definition declares, in the words of disclosure control; and the people as they are counted."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from standardsetting.code_lists import NOT_KNOWN
from standardsetting.cohort.snapshot import Coded, CohortSnapshot, Level
from standardsetting.cohort.words import those_who
from standardsetting.disclosure.cube import NOT_DECLARED, Characteristic, Declaration
from standardsetting.process.cohort import INTERVIEWED

Table = tuple[str, ...]
# Whoever does not attend has withdrawn or is waiting; nobody fails to be interviewed.
_NEVER_FAILED = (INTERVIEWED,)


@dataclass(frozen=True)
class Span:
    """A part of the way through the stages: of those who passed `since`, the share that passed `until`."""

    since: str
    until: str
    label: str


def levels_used(snapshot: CohortSnapshot, coded: Coded) -> tuple[Level, ...]:
    """The levels of a characteristic that some table counts by, from the finest to the broadest."""
    wanted = {level for table in snapshot.tables for level in table}
    return tuple(sorted((level for level in coded.levels if level.name in wanted), key=lambda level: -len(level.groups)))


def declaration(snapshot: CohortSnapshot) -> Declaration:
    """What is published about a snapshot, decided by its definition before anything is counted."""
    characteristics = tuple(_characteristic(coded, used) for coded in snapshot.characteristics if (used := levels_used(snapshot, coded)))
    stages = tuple(stage.name for stage in snapshot.stages)
    never = frozenset((stage, "not passed") for stage in _NEVER_FAILED if stage in stages)
    family = [(c.since, c.until) for c in snapshot.process.cohort.primary_family if {c.since, c.until} <= set(stages)]
    # The counts that the declared comparisons need come first; a comparison over a single stage has that stage's verdict.
    first = tuple(dict.fromkeys(itertools.chain(*family)))
    longer = tuple(dict.fromkeys(span for span in family if span not in set(itertools.pairwise(stages))))
    return Declaration(stages, characteristics, snapshot.tables, impossible=never, first=first, spans=longer)


def _characteristic(coded: Coded, used: tuple[Level, ...]) -> Characteristic:
    finest = used[0]
    rollups = {
        broad.name: {finest.labels[code]: broad.labels[_rolled(coded, finest, broad, code)] for code in finest.groups} for broad in used[1:]
    }
    not_known = tuple(finest.labels[code] for code in NOT_KNOWN)
    return Characteristic(
        finest.name, tuple(finest.labels[code] for code in finest.groups), finest.labels[finest.comparator], rollups, undeclared=not_known
    )


def _rolled(coded: Coded, fine: Level, broad: Level, code: str) -> str:
    """A code of a fine level as the broad level has it, by the one hierarchy of the code list."""
    at = coded.levels.index(fine)
    for level in coded.levels[at:]:
        if level is broad:
            return code
        code = level.roll_up[code]
    raise LookupError("the levels of a code list go from fine to broad")


def people(snapshot: CohortSnapshot) -> pd.DataFrame:
    """One row a person: the finest declared level of each characteristic in words, and how the way through the stages ended."""
    columns = {}
    for coded in snapshot.characteristics:
        if used := levels_used(snapshot, coded):
            columns[used[0].name] = labels_of(snapshot, used[0])
    return pd.DataFrame({**columns, "ending": snapshot.published_endings()})


def labels_of(snapshot: CohortSnapshot, level: Level) -> pd.Series:
    """The column of a level in words; the kinds of not known have their own."""
    return snapshot.people[level.name].astype(str).map(level.labels)


def spans(snapshot: CohortSnapshot) -> tuple[Span, ...]:
    """The parts of the way that are compared: each stage, then what the definition declares, then the whole."""
    labels = stage_labels(snapshot)
    stages = list(labels)
    steps = [span_between(labels, before, after) for before, after in itertools.pairwise(stages) if after not in _NEVER_FAILED]
    declared = {(c.since, c.until) for c in snapshot.process.cohort.primary_family if {c.since, c.until} <= set(stages)}
    declared |= {(stages[0], stages[-1])}
    longer = sorted(
        declared - {(step.since, step.until) for step in steps}, key=lambda pair: (stages.index(pair[1]), -stages.index(pair[0]))
    )
    return (*steps, *(span_between(labels, since, until) for since, until in longer))


def span_between(labels: Mapping[str, str], since: str, until: str) -> Span:
    """A part of the way in words: a single stage by its own name, a longer part with those whom it starts from."""
    stages = list(labels)
    if stages.index(until) == stages.index(since) + 1:
        return Span(since, until, labels[until])
    return Span(since, until, f"{labels[until]}, of those {those_who(since, labels[since])}")


def stage_labels(snapshot: CohortSnapshot) -> dict[str, str]:
    """The stages in order, and what people call them."""
    return {stage.name: stage.label for stage in snapshot.stages}


def editions(snapshot: CohortSnapshot) -> dict[str, str]:
    """For each level the edition of its code list and its comparator: a series breaks where they change."""
    return {
        level.name: "; ".join(
            (coded.list_name, coded.list_version, str(coded.list_date), coded.question, f"against {level.labels[level.comparator]}")
        )
        for coded in snapshot.characteristics
        for level in coded.levels
    }


def people_of(snapshot: CohortSnapshot) -> dict[str, str]:
    """For each group what its people are called in a sentence, and the comparator with those who did not declare."""
    words = {level.labels[code]: level.people[code] for level in snapshot.levels.values() for code in level.groups}
    return words | {f"{label} or {NOT_DECLARED}": f"{people} (with those who did not say)" for label, people in words.items()}
