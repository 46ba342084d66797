"""Before and after: the released counts of this process and of earlier ones. No earlier cohort is opened again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from standardsetting.cohort.diversity.over_years import released_by
from standardsetting.cohort.positive_action.across_processes import AcrossProcesses
from standardsetting.cohort.positive_action.across_released import ReleasedCounts, across_released
from standardsetting.cohort.positive_action.reported.declared import declared
from standardsetting.cohort.snapshot import CohortSnapshot
from standardsetting.disclosure import releases
from standardsetting.disclosure.cells import EVERYBODY
from standardsetting.disclosure.policy import Policy
from standardsetting.disclosure.release import Release, count_of
from standardsetting.errors import StageError
from standardsetting.process import Process
from standardsetting.process.cohort import INTERVIEWED, MET_STANDARD

DESIGN, POLICY = "before-after", "10-5"
ALL_OF_THEM = "people to whom a workshop was open"
# A group is put together from counts of these: sign, table, label of the line.
Line = tuple[int, str, str]
_Key = tuple[str, str, str, str]


@dataclass(frozen=True)
class ProcessReleased:
    """What a process released about its way through the stages.

    Attributes
    ----------
    label
        What the process is called.
    release
        Its newest diversity release; None where it has released none.
    reused
        Counts (table, group, stage, measure) that stand in it as an earlier release of the process had them: the true count may have moved.
    """

    label: str
    release: Release | None
    reused: frozenset[_Key] = frozenset()


@dataclass(frozen=True)
class Compared:
    """One comparison: whose rate is set beside that of everybody else, the counts, and what they say."""

    who: str
    counts: tuple[ReleasedCounts, ...]
    found: AcrossProcesses


@dataclass(frozen=True)
class BeforeAfter:
    """What is set side by side, and what could not be, in sentences."""

    compared: tuple[Compared, ...]
    notes: tuple[str, ...]


def processes_released(process: Process, folder: Path) -> tuple[ProcessReleased, ...]:
    """What the processes of a comparison before and after released, oldest first, this one last; nothing where none is declared.

    Raises
    ------
    StageError
        An earlier process was named and has released nothing.
    """
    if process.positive_action is None or process.positive_action.design != DESIGN:
        return ()
    earlier = [_of(each.label, (folder / each.folder).resolve()) for each in process.cohort.previous]
    reports = [body["report"] for body in releases.read(folder).releases]
    mine = any(report.get("kind") == "cohort-diversity" and report.get("tier") == "director" for report in reports)
    label = process.process.title or process.id
    return (*earlier, _of(label, folder) if mine else ProcessReleased(label, None))


def before_and_after(snapshot: CohortSnapshot, processes: Sequence[ProcessReleased]) -> BeforeAfter | None:
    """Did the gap in meeting the standard move when workshops began? None where the definition declares no such comparison.

    All to whom a workshop was open are set beside everybody else, if the releases tell how many belong to two groups at once; otherwise
    each group of the legal file by itself.

    Raises
    ------
    StageError
        `since_process` names none of the earlier processes.
    """
    told = declared(snapshot.process)
    if told.design != DESIGN:
        return None
    labels = [each.label for each in snapshot.process.cohort.previous]
    if told.since_process and told.since_process not in labels:
        raise StageError(
            "since_process of [positive_action] names none of the earlier processes.",
            details=labels,
            next_step="Give the label of one of [[cohort.previous]], or leave it out where this process is the first with workshops.",
        )
    if not labels:
        return BeforeAfter((), ("Not shown: no earlier process is named in [[cohort.previous]].",))
    if not processes or processes[-1].release is None:
        return BeforeAfter((), (_NOT_RELEASED,))
    first = labels.index(told.since_process) if told.since_process else len(labels)
    tried: list[str] = []
    for offered, note in _ways(snapshot):
        found = [_series(who, lines, processes, first) for who, lines in offered.items()]
        if any(isinstance(each, Compared) for each in found):
            untold = [each for each in found if isinstance(each, str)]
            return BeforeAfter(tuple(each for each in found if isinstance(each, Compared)), tuple(dict.fromkeys([*note, *untold])))
        tried += [each for each in found if isinstance(each, str)]
    return BeforeAfter((), tuple(dict.fromkeys(tried)) or (_NO_TABLE,))


_NOT_RELEASED = (
    "Not shown: this process has not released its diversity report, and only released counts are compared. Release it first, then make "
    "this report again."
)
_NO_TABLE = "Not shown: no released table counts by the groups to which the workshops were open."
_BY_THEMSELVES = (
    "How many belong to several groups at once may not be told, or no released table has it, so each group is shown by itself. Everybody "
    "else then includes people of the other groups, to whom a workshop was open too: that draws a change towards none."
)


def _ways(snapshot: CohortSnapshot) -> list[tuple[dict[str, list[Line]], tuple[str, ...]]]:
    """How those to whom workshops were open can be put together: all of them, which is best, or each group by itself."""
    groups, levels = declared(snapshot.process).groups, snapshot.levels
    by_level: dict[str, list[str]] = {}
    each: dict[str, list[Line]] = {}
    for group in groups:
        labels = [levels[group.level].labels[code] for code in group.codes] if group.level in levels else []
        by_level.setdefault(group.level, []).extend(label for label in labels if label not in by_level.get(group.level, []))
        each[group.name] = [(1, group.level, label) for label in labels]
    alone = [(1, level, label) for level, labels in by_level.items() for label in labels]
    if len(by_level) == 1:
        return [({groups[0].name if len(groups) == 1 else ALL_OF_THEM: alone}, ())]
    crossed = [table for table in snapshot.tables if set(table) == set(by_level)]
    if len(by_level) > 2 or not crossed:
        return [(each, (_BY_THEMSELVES,))]
    one, other = crossed[0]
    both = [(-1, " by ".join(crossed[0]), f"{a} and {b}") for a in by_level[one] for b in by_level[other]]
    return [({ALL_OF_THEM: [*alone, *both]}, ()), (each, (_BY_THEMSELVES,))]


def _series(who: str, lines: list[Line], processes: Sequence[ProcessReleased], first: int) -> Compared | str:
    """The counts of each process that shows them; or why there is no series."""
    *_, mine = processes
    at = {each.label: number >= first for number, each in enumerate(processes)}
    read = {each.label: _counted(each, lines, workshops=at[each.label], like=mine) for each in processes}
    counts = tuple(each for each in read.values() if isinstance(each, ReleasedCounts))
    untold = [f"{label}: {why}" for label, why in read.items() if isinstance(why, str)]
    if isinstance(read[mine.label], str) or len(counts) < 2:
        return f"Not shown for {who}: {'; '.join(untold)}."
    return Compared(who, counts, across_released(counts))


def _counted(told: ProcessReleased, lines: list[Line], *, workshops: bool, like: ProcessReleased) -> ReleasedCounts | str:
    release = told.release
    if release is None or like.release is None:
        return "nothing is released"
    levels = {level for _, table, _ in lines for level in table.split(" by ")}
    editions = [{level: each.header["editions"].get(level) for level in levels} for each in (release, like.release)]
    if editions[0] != editions[1]:
        return "another code list, question or comparator"
    policy = Policy(**{name: value for name, value in release.header["policy"].items() if name != "rules"})
    if policy.name != POLICY:
        return "its counts are rounded in another way, and how far off a sum is cannot be told"
    rows = release["counts"].table
    shown = dict(zip(rows[["characteristic", "group", "stage", "measure"]].itertuples(index=False, name=None), rows["shown"], strict=True))
    pairs = []
    for stage in (INTERVIEWED, MET_STANDARD):
        parts = [count_of(shown.get((table, label, stage, "passed"), "")) for _, table, label in lines]
        total = count_of(shown.get((lines[0][1], EVERYBODY, stage, "passed"), ""))
        known = [part for part in parts if part is not None]
        if total is None or len(known) < len(lines):
            return "its release does not show the counts of this group by themselves"
        group = sum(sign * part for (sign, _, _), part in zip(lines, known, strict=True))
        pairs.append((group, total - group))
    (n, m), (a, c) = pairs
    if min(n, m) < policy.rate_denominator or min(a, n - a, c, m - c) < policy.rate_count:
        return "too few people"
    used = {(table, label, stage, "passed") for _, table, label in lines for stage in (INTERVIEWED, MET_STANDARD)}
    off_by = policy.change - 1 if used & told.reused else policy.round_to // 2
    return ReleasedCounts(told.label, workshops, a, n, c, m, pieces=len(lines), off_by=off_by)


def _of(label: str, folder: Path) -> ProcessReleased:
    """A process's newest release, and which of its counts an earlier release from other data had already."""
    release = released_by(folder)
    told = releases.read(folder).releases
    body = next(one for one in reversed(told) if one["report"].get("seal") == release.seal)
    before = [one for one in told if one["milestone"] != releases.WORKSHOPS and one["cube"] != body["cube"]]
    there = {(tuple(line[:4]), line[5]) for one in before for line in one["cells"] if line[5] is not None}
    return ProcessReleased(label, release, frozenset(tuple(line[:4]) for line in body["cells"] if (tuple(line[:4]), line[5]) in there))
