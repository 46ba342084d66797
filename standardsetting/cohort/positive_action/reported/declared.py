"""A snapshot's workshops in the words of this report: the legal file, the people, and the cube of whom the workshops reached."""

from __future__ import annotations

import math

import pandas as pd

from standardsetting.code_lists import NOT_KNOWN
from standardsetting.cohort.positive_action.legal_file import Evidence, Excluded, LegalFile
from standardsetting.cohort.positive_action.participants import Participants, attended_before_interview
from standardsetting.cohort.snapshot import CohortSnapshot
from standardsetting.disclosure.cube import Characteristic, Cube, Declaration, ending
from standardsetting.disclosure.releases import WORKSHOPS
from standardsetting.errors import StageError
from standardsetting.process import Process
from standardsetting.process.cohort import ELIGIBLE, INTERVIEWED, PositiveAction

MILESTONE = WORKSHOPS
OPENED_BY = "opened_by"
STEPS = {
    "open": "Workshop open to them",
    "invited": "Invited",
    "booked": "Booked",
    "attended": "Attended before the interview",
}
CLEARLY_PRIOR = "clearly prior"
_LOTTERY = "lottery"
_LEFT = ("withdrawn", "deferred")


def declared(process: Process) -> PositiveAction:
    """The section of the definition.

    Raises
    ------
    StageError
        There is none: what to declare.
    """
    if process.positive_action is None or not process.positive_action.groups:
        raise StageError(
            "The definition of this process declares no positive action, so there is nothing to report on.",
            next_step="Declare [positive_action] in process.toml: aim, groups, evidence, alternatives, proportionality, review_by, "
            "excluded.",
        )
    return process.positive_action


def legal_file_of(process: Process) -> LegalFile:
    """The legal file as the definition has it. Whether it may be relied on, `legal_file.valid_on` says.

    Raises
    ------
    StageError
        No positive action is declared, or no day by which the file is to be reviewed.
    """
    told = declared(process)
    if told.review_by is None:
        raise StageError(
            "The positive-action file does not say by when it is to be reviewed.", next_step="Give review_by in [positive_action]."
        )
    return LegalFile(
        process=process.process.title or process.id,
        aim=told.aim,
        groups=tuple(group.name for group in told.groups),
        evidence=tuple(Evidence(e.group, e.ground, e.statement, e.source, e.dated, e.review_by) for e in told.evidence),
        alternatives=told.alternatives,
        proportionality=told.proportionality,
        review_by=told.review_by,
        excluded=tuple(Excluded(each.who, each.offered) for each in told.excluded),
    )


def participants_of(snapshot: CohortSnapshot) -> Participants:
    """The people who were eligible for the interview, as the methods of this report read them.

    Whoever belongs to several groups of the legal file is counted in the first of them. People on the workshop register whose declaration
    does not say whether they belong to a group are left out. A place in a lottery counts only where the definition declares a lottery. The
    day on which people left is in no table: whoever withdrew or was deferred before the interview counts as having been there when
    workshops began if they attended one, or if the register shows them on `workshops_begin` or later; and otherwise not.

    Raises
    ------
    StageError
        No positive action is declared, a group is of a level that was not coded, or there is no register of workshops.
    FindingsError
        The register contradicts what people declared.
    """
    told, people = declared(snapshot.process), snapshot.people
    if "workshop_listed" not in people:
        raise StageError(
            "There is no register of workshops in this cohort.", next_step="Declare the table in process.toml: [sources.workshops]."
        )
    missing = {group.level for group in told.groups} - set(people.columns)
    if missing:
        raise StageError(
            "A group to which the workshops were open is of a characteristic that was not coded.",
            details=sorted(missing),
            next_step="Name in [[positive_action.groups]] a level of a characteristic that the monitoring table holds.",
        )
    people = people[(people[f"stage_{ELIGIBLE}"] == "passed").to_numpy()]
    group = _group(people, told)
    unknown = pd.concat([people[each.level].astype(str).isin(NOT_KNOWN) for each in told.groups], axis=1).any(axis=1)
    kept = ~(group.isna() & unknown & people["workshop_listed"])
    return Participants.checked(_table(snapshot, people[kept], group[kept]), prior=_prior(snapshot))


def reach_cube(snapshot: CohortSnapshot) -> Cube:
    """Whom the workshops reached, as one cube: open to them, invited, booked, attended before the interview; by the group that opened it.

    More than two groups are counted as the first and the others together, which is all that the dimension budget allows. Where there is
    one group, or one of the two lines holds fewer people than the smallest count, the cube has totals alone: whoever knows the totals,
    or is the only one of a line, would otherwise have the other line by subtraction. That depends on how many people are in a group,
    never on what became of them.

    Raises
    ------
    StageError
        As for `participants_of`; and where nobody was invited, since there is then nothing to report on.
    """
    people = participants_of(snapshot).table
    there = people[people["eligible_for_workshop"]]
    if not there["invited"].notna().any() and not attended_before_interview(there).any():
        raise StageError(
            "Nobody to whom a workshop was open was invited to one, by the register: there is nothing to report on.",
            next_step="Look whether the register of workshops is complete, and whether its dates are read.",
        )
    labels = group_labels(snapshot.process)
    frame = pd.DataFrame({OPENED_BY: there["group"].map(labels), "ending": _endings(there)})
    groups = tuple(dict.fromkeys(labels.values()))
    sizes = frame[OPENED_BY].value_counts().reindex(list(groups), fill_value=0)
    if len(groups) > 1 and int(sizes.min()) >= snapshot.process.disclosure.smallest_count:
        characteristic = Characteristic(OPENED_BY, groups, comparator=groups[-1], undeclared=())
        declaration = Declaration(tuple(STEPS), (characteristic,), ((OPENED_BY,),))
    else:
        declaration = Declaration(tuple(STEPS), (), ())
    return Cube.of(frame, process=snapshot.process.id, milestone=MILESTONE, declaration=declaration)


def group_labels(process: Process) -> dict[str, str]:
    """Each group of the legal file, and the line it is counted in."""
    first, *others = (group.name for group in declared(process).groups)
    together = f"{others[0]}, not counted with {first}" if len(others) == 1 else "all other groups"
    return {first: first} | dict.fromkeys(others, together)


def _group(people: pd.DataFrame, told: PositiveAction) -> pd.Series:
    group = pd.Series(None, index=people.index, dtype=object)
    for each in reversed(told.groups):
        group[people[each.level].astype(str).isin(each.codes)] = each.name
    return group


def _prior(snapshot: CohortSnapshot) -> tuple[str, ...]:
    """Covariates that were fixed before the invitations."""
    clear = [c.column for c in snapshot.process.cohort.covariates if c.block == CLEARLY_PRIOR]
    return tuple(column for column in clear if column in snapshot.people)


def _table(snapshot: CohortSnapshot, people: pd.DataFrame, group: pd.Series) -> pd.DataFrame:
    blank = pd.Series(math.nan, index=people.index)
    state = people.get(f"stage_{INTERVIEWED}", pd.Series("not reached", index=people.index)).astype(str)
    interviewed = state == "passed"
    met = people.get("status", blank).astype(object).map({"met": 1.0, "not met": 0.0}).astype(float)
    lottery = declared(snapshot.process).design == _LOTTERY and "workshop_arm" in people
    return pd.DataFrame(
        {
            "process": snapshot.process.id,
            "group": group,
            "eligible_for_workshop": group.notna(),
            "reached_workshop_point": ~state.isin(_LEFT) | people["workshop_attended"].notna() | _there(people),
            "interviewed": interviewed,
            "invited": people["workshop_invited"],
            "booked": people["workshop_booked"],
            "attended": people["workshop_attended"],
            "met_standard": met.where(interviewed),
            "total": people.get("total", blank).where(interviewed),
            "arm": people["workshop_arm"].astype(object).where(people["workshop_arm"].notna(), None) if lottery else None,
            "deferred": state == "deferred",
            **{name: people[name] for name in _prior(snapshot)},
        }
    )


def _there(people: pd.DataFrame) -> pd.Series:
    """Who was invited, booked or attended on the day of the first workshop or later; nobody where that day is not declared."""
    return people.get("workshop_there", pd.Series(False, index=people.index)).fillna(False).astype(bool)


def _endings(there: pd.DataFrame) -> pd.Series:
    """How far each person came; who came without an invitation or a booking on record came all the same."""
    came = attended_before_interview(there)
    booked = came | there["booked"].notna()
    invited = booked | there["invited"].notna()
    left = pd.Series("not passed", index=there.index)
    left = left.mask(~there["reached_workshop_point"], "withdrawn").mask(there["deferred"], "deferred")
    missed = pd.Series("attended", index=there.index).mask(~booked, "booked").mask(~invited, "invited")
    return (missed + ": " + left).mask(came, ending("attended"))
