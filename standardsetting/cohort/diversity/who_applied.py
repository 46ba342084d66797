"""Who applied: how many said what they are, the populations they come from, and why some were not eligible."""

from __future__ import annotations

import pandas as pd

from standardsetting.cohort.diversity.compared import Shown, whole
from standardsetting.cohort.diversity.interview import Pair, section
from standardsetting.cohort.snapshot import CohortSnapshot, Level
from standardsetting.cohort.words import written
from standardsetting.disclosure.cells import EVERYBODY
from standardsetting.disclosure.cube import NOT_DECLARED
from standardsetting.disclosure.policy import CONFIDENTIAL, Policy
from standardsetting.disclosure.release import SECTIONS, Section
from standardsetting.errors import DefinitionError
from standardsetting.process.cohort import ELIGIBLE, Frame

APPLICANTS = "those who applied to this process"
_NO_FRAMES = (
    "No other population was given, so these shares stand alone: whether the group is small among applicants, or among everybody who could "
    "have applied, they do not say."
)


def declared(shown: Shown) -> Section:
    """The share of those who applied who said what they are, from the protected count of those who did not."""
    first = shown.cube.declaration.stages[0]
    rows: list[dict[str, str]] = []
    for table in (t for t in shown.cube.declaration.tables if len(t) == 1):
        everybody = shown.left(table, EVERYBODY, first)
        silent = shown.left(table, NOT_DECLARED, first)
        share = None if not everybody or silent is None else whole(100 * (everybody - silent) / everybody)
        rows.append({"characteristic": table[0], "shown": CONFIDENTIAL if share is None else f"{share}%"})
    few = f"{CONFIDENTIAL}: how many did not say may not be told."
    hidden = any(row["shown"] == CONFIDENTIAL for row in rows)
    return Section(pd.DataFrame(rows, columns=list(SECTIONS["declared"])), (few,) if hidden else ())


def frames(snapshot: CohortSnapshot, shown: Shown) -> Section:
    """The share of each group among the applicants, and in each population that the definition gives.

    Raises
    ------
    DefinitionError
        A population counts people of a code that its level does not have.
    """
    rows: list[dict[str, str]] = []
    given, policy, first = snapshot.process.cohort.frames, shown.cube.policy, shown.cube.declaration.stages[0]
    for name in dict.fromkeys(frame.level for frame in given):
        level = snapshot.levels.get(name)
        if level is None or (name,) not in shown.cube.declaration.tables:
            continue
        everybody = shown.left((name,), EVERYBODY, first)
        for code in (code for code in level.groups if code != level.comparator):
            group = level.labels[code]
            part = shown.left((name,), group, first)
            share = None if part is None or not everybody else whole(100 * part / everybody)
            text = CONFIDENTIAL if share is None else f"{share}%"
            rows.append(_line(name, group, APPLICANTS, "", "this release", text))
            own = (frame for frame in given if frame.level == name)
            rows += [_line(name, group, f.name, written(f.dated), f.source, _share(f, level, code, policy)) for f in own]
    return Section(
        pd.DataFrame(rows, columns=list(SECTIONS["frames"])),
        () if rows else (_NO_FRAMES,),
        "Whole per cent: of the applicants, everybody who applied is the base; elsewhere everybody whose group is on record.",
    )


def reasons(snapshot: CohortSnapshot, found: tuple[Pair, ...], policy: Policy) -> Section:
    """Why applicants were not eligible, for the groups that may show counts. The attendance rule is the one to look at."""
    rows: list[dict[str, object]] = []
    people = snapshot.people
    if "reason_not_eligible" not in people:
        return section("reasons", rows, sentences=("The process keeps no reasons why applicants were not eligible.",))
    refused = (people[f"stage_{ELIGIBLE}"] == "not passed").to_numpy()
    for pair in found:
        told = []
        for reason, total in people.loc[refused, "reason_not_eligible"].dropna().value_counts().sort_index().items():
            count = int((refused & (people["reason_not_eligible"] == reason).to_numpy() & pair.is_focal).sum())
            rounded, fewest = policy.rounded(count), 2 * policy.smallest_count + policy.fewest_of_any - 1  # as for the gates
            may = total >= fewest and min(*(part for n in (count, rounded) for part in (n, total - n))) >= policy.smallest_count
            number = f"{rounded:,}" if may else CONFIDENTIAL
            told.append({"characteristic": pair.name, "group": pair.focal, "reason": reason, "shown": number})
        if told and all(row["shown"] != CONFIDENTIAL for row in told):
            # All parts of a whole that is known would say more than each of them.
            told[0]["shown"] = CONFIDENTIAL
        rows += told
    if all(row["shown"] == CONFIDENTIAL for row in rows):
        return section("reasons", [], sentences=("Every group and reason has too few people for a count to be shown.",))
    return section("reasons", rows, method="Counts under 10, and those that would give one away, are not shown.")


def _line(level: str, group: str, population: str, dated: str, source: str, shown: str) -> dict[str, str]:
    return {"characteristic": level, "group": group, "population": population, "dated": dated, "source": source, "shown": shown}


def _share(frame: Frame, level: Level, code: str, policy: Policy) -> str:
    """A group's share of a population; a group or a rest of few people is nobody's business there either."""
    strangers = set(frame.people) - set(level.groups)
    if strangers:
        raise DefinitionError(
            f"A population in [[cohort.frames]] counts people of {len(strangers)} codes that {level.name} does not have.",
            next_step=f"The codes are: {', '.join(level.groups)}. People who did not say are left out.",
        )
    part, everybody = frame.people.get(code, 0), sum(frame.people.values())
    share = whole(100 * part / everybody)
    return CONFIDENTIAL if min(part, everybody - part) < policy.smallest_count or share is None else f"{share}%"

