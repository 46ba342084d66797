"""The sections of the positive-action release, in the order of the report."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

import pandas as pd

from standardsetting.cohort.diversity.build import header_of
from standardsetting.cohort.positive_action.design import ACROSS
from standardsetting.cohort.positive_action.legal_file import Evidence, LegalFile, valid_on
from standardsetting.cohort.positive_action.reported.before_after import ProcessReleased, before_and_after
from standardsetting.cohort.positive_action.reported.before_after_told import QUESTION as BEFORE_AND_AFTER
from standardsetting.cohort.positive_action.reported.before_after_told import before_after_section, cautions
from standardsetting.cohort.positive_action.reported.declared import OPENED_BY, STEPS, declared, legal_file_of, participants_of
from standardsetting.cohort.positive_action.reported.next_time import OFFER, detectable_section, next_trial_section
from standardsetting.cohort.positive_action.reported.reached import Reached, cost_section, reach_section
from standardsetting.cohort.positive_action.reported.shown import (
    ASSOCIATION,
    Results,
    balance_section,
    design_section,
    effects_section,
    results,
    sensitivity_section,
)
from standardsetting.cohort.snapshot import CohortSnapshot
from standardsetting.disclosure.cells import EVERYBODY
from standardsetting.disclosure.cube import NOT_DECLARED
from standardsetting.disclosure.policy import Tier
from standardsetting.disclosure.protect import ProtectedCube
from standardsetting.disclosure.release import SECTIONS, Release, Section

KIND = "positive-action"
_TOLD_BEFORE = "Results beside attendance were told at an earlier milestone. They are told once, and not in this report."
_REASONS = "No reason for not attending is on record. Ask whoever does not come next time."


def positive_action_release(
    snapshot: CohortSnapshot,
    protected: ProtectedCube,
    *,
    tier: Tier,
    number: int,
    on: date,
    changes: tuple[str, ...] = (),
    earlier: Sequence[ProcessReleased] = (),
    told_before: Collection[str] = (),
) -> Release:
    """Everything that the positive-action report of a tier may say.

    Parameters
    ----------
    snapshot
        The cohort; what is looked at beyond the cube is told in whole points, where twenty people are in every cell.
    protected
        The cube of `reach_cube` as it was protected and audited.
    tier
        ``"director"``, or ``"public"``: whom the workshops reached, the legal file, the design and the next trial, and no result by
        attendance.
    number
        The number of the release in the ledger.
    on
        The day on which the legal file has to be valid.
    changes
        What changed since the release before, a sentence each.
    earlier
        What `processes_released` gives: the releases that a comparison before and after rests on, this process's own last.

    told_before
        The sections that a release of another snapshot told and that are told once (`release.TOLD_ONCE`): results are left out then.

    Raises
    ------
    StageError
        No positive action is declared, or its legal file is incomplete or expired: the reasons; or `since_process` names no process.
    """
    file = valid_on(legal_file_of(snapshot.process), on=on)
    people, reached = participants_of(snapshot), Reached(protected)
    found = results(people, snapshot.process, before_and_after(snapshot, earlier))
    with_results = tier == "director" and not told_before
    if told_before:
        changes = (*changes, _TOLD_BEFORE)
    trial = next_trial_section(reached)
    detectable = detectable_section(reached)
    sections = {
        "answer": _answer(reached, found, detectable, trial, with_results=with_results),
        "legal_file": _legal_file(file, on),
        "reach": reach_section(reached, _once(snapshot, reached), _counted(snapshot)),
        "not_attending": Section(pd.DataFrame(columns=list(SECTIONS["not_attending"])), (_REASONS,)),
        "design": design_section(found, snapshot.process),
    }
    if with_results:
        sections |= {"before_after": before_after_section(found.across)} if found.across is not None else {}
        sections |= {
            "balance": balance_section(found, snapshot.process),
            "effects": effects_section(found),
            "sensitivity": sensitivity_section(found),
        }
    sections |= {"detectable": detectable, "next_trial": trial}
    if tier == "director":
        sections |= {"cost": cost_section(reached, declared(snapshot.process).cost)}
    sections["due_regard"] = _due_regard(reached, found)
    sections["changes"] = Section(
        pd.DataFrame([{"what": "Since the last release", "sentence": text} for text in changes], columns=list(SECTIONS["changes"]))
    )
    process = snapshot.process.without_sources().model_copy(update={"cohort": snapshot.process.cohort})
    return Release(KIND, tier, process, _header(snapshot, protected, number, on), sections)


def _once(snapshot: CohortSnapshot, reached: Reached) -> tuple[str, ...]:
    """In which line people of several groups are counted: another report may count them in each."""
    if len(reached.groups) == 1:
        return ()
    first, *others = (group.name for group in declared(snapshot.process).groups)
    several = "both groups" if len(others) == 1 else f"several groups, {first} among them,"
    return (
        f"Everybody is counted once: whoever belongs to {several} is counted with {first} only, and a report that counts each group by "
        f"itself can show more people in the other{'s' if len(others) > 1 else ''}.",
    )


def _counted(snapshot: CohortSnapshot) -> tuple[str, ...]:
    """Who is counted, and who left before the workshops."""
    begin = declared(snapshot.process).workshops_begin
    shown = "" if begin is None else f", and has no date of {_day(begin)} (the first workshop) or later on the register"
    return (
        "Attendance counts if it was before the person's interview: a later workshop cannot have helped.",
        "On which day people left the process is not on record. Whoever withdrew or was deferred before the interview, did not attend"
        f"{shown or ' a workshop'}, is taken to have left before the workshops began, and not to have stayed away.",
        "People on the register whose declaration does not place them in a group are left out.",
    )


def _answer(reached: Reached, found: Results, detectable: Section, trial: Section, *, with_results: bool) -> Section:
    """Page one: who was reached; what can be said, and what cannot; what to do next time."""
    share, n = reached.attended_share, reached.open_to
    if share is not None:
        who = f"Of about {n} people to whom a workshop was open, {share} in 100 attended one before their interview."
    elif n is not None:
        booked = reached.share(EVERYBODY, "booked")
        places = f" {booked} in 100 booked a place." if booked is not None else ""
        who = f"A workshop was open to about {n} people.{places} How many attended may not be told: too few did, or too few did not."
    else:
        who = "So few people had a workshop open to them that nothing about how many were reached may be told."
    rows = [("Who was reached", who), *(("Who was reached", text) for text in _by_group(reached))]
    rows += [("What can be said", text) for text in (_can(found) if with_results else ())]
    rows += [("What cannot be said", text) for text in (*_cannot(found), *_too_small(detectable))]
    rows += [("What cannot be said", text) for text in (_cautions(found) if with_results else ())]
    rows += [("What to do next time", text) for text in _next_time(found, trial)]
    return Section(pd.DataFrame(rows, columns=list(SECTIONS["answer"])))


def _by_group(reached: Reached) -> list[str]:
    """The last step at which shares by group may be told, in one sentence."""
    for step in reversed(_CAME):
        told = [(group, reached.share(group, step)) for group in reached.groups[:-1]]
        shares = [f"of {group.removesuffix(_OR_NOT)}, {share} in 100" for group, share in told if share is not None]
        if shares:
            hidden = "" if step == list(_CAME)[-1] else "; how many of each group attended may not be told"
            said = f"{shares[0]} {_CAME[step]}{''.join(f'; {each}' for each in shares[1:])}{hidden}."
            return [f"{said[:1].upper()}{said[1:]}"]
    return []


_OR_NOT = f" or {NOT_DECLARED}"
_CAME = {"invited": "were invited", "booked": "booked a place", "attended": "attended"}


def _too_small(detectable: Section) -> list[str]:
    """The smallest effect that as many people would have shown: one under it would not be seen here."""
    if detectable.table.empty:
        return []
    least = detectable.table["detectable"].iloc[0]
    return [
        f"A smaller effect than {least} in 100 would often be missed with this many people, even if half of them had been offered a place "
        "by lot."
    ]


def _can(found: Results) -> list[str]:
    effects = effects_section(found).table
    shown = effects[effects["estimate"].notna() & (effects["unit"] == "in 100 people")]
    if shown.empty:
        return ["Nothing can be said about results: some part of every comparison has too few people, or no outcome is known."]
    return [f"{row['sentence']}{_kind(row['question'])}" for row in shown.to_dict("records")]


def _kind(question: str) -> str:
    """What a comparison is, where its own sentence does not say it: a comparison before and after does."""
    if question.startswith(BEFORE_AND_AFTER):
        return ""
    if question == ASSOCIATION:
        return " This is an association, since people chose to attend."
    return f" This is the {question[:1].lower()}{question[1:]}."


def _cannot(found: Results) -> list[str]:
    if found.design.randomised:
        return ["What the workshop would do for people who did not want a place cannot be said, nor what a later workshop will do."]
    if found.design.kind == ACROSS:
        return [
            "Whether the gap would have moved anyway cannot be said, nor what attending did: everybody to whom a workshop was open is "
            "counted."
        ]
    if found.design.identified:
        return [found.design.sentence]
    return ["What the workshops did cannot be said: people chose to attend, and whoever chooses to attend may have done better anyway."]


def _cautions(found: Results) -> tuple[str, ...]:
    return () if found.across is None else cautions(found.across)


def _next_time(found: Results, trial: Section) -> list[str]:
    rows = trial.table[trial.table["effect_of"] == OFFER]
    do = "Draw the places by lot again and keep the wait list." if found.design.randomised else "Offer the places by lot, with a wait list."
    return [" ".join([do, *rows["sentence"]])]


def _legal_file(file: LegalFile, on: date) -> Section:
    rows = [("Aim", file.aim), ("Groups to which the workshops were open", "; ".join(file.groups))]
    rows += [(f"Evidence for {each.group}", _evidence(each)) for each in file.evidence]
    rows += [("Alternatives considered", file.alternatives), ("Proportionality", file.proportionality)]
    rows += [("Not open to, and offered instead", f"{each.who}: {each.offered}") for each in file.excluded]
    rows += [("To be reviewed by", _day(file.review_by))]
    said = f"The file was complete and valid on {_day(on)}. Whether its evidence is good enough is for a lawyer to say."
    return Section(pd.DataFrame(rows, columns=list(SECTIONS["legal_file"])), (said,))


def _evidence(piece: Evidence) -> str:
    dates = f"Dated {_day(piece.dated)}, valid until {_day(piece.review_by)}."
    return f"{piece.statement} Ground: {piece.ground}. Source: {piece.source}. {dates}"


def _due_regard(reached: Reached, found: Results) -> Section:
    share = reached.attended_share
    findings = [
        "Whom the workshops reached: " + ("may not be told" if share is None else f"{share} in 100 attended"),
        "What the workshops did: " + _did(found),
        "Why people did not attend: not on record",
    ]
    return Section(pd.DataFrame([{"finding": finding, "decision": "", "owner": "", "date": ""} for finding in findings]))


def _did(found: Results) -> str:
    if found.design.kind == ACROSS:
        return "see before the workshops and with them"
    return "see the effect of the offer" if found.design.identified else "this design cannot show it"


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _header(snapshot: CohortSnapshot, protected: ProtectedCube, number: int, on: date) -> dict[str, Any]:
    levels = {group.level for group in declared(snapshot.process).groups}
    characteristics = tuple(c for c in snapshot.characteristics if levels & {level.name for level in c.levels})
    notes = {level.title: level.note for c in characteristics for level in c.levels if level.name in levels and level.note}
    labels = {"stages": dict(STEPS), "levels": {OPENED_BY: "Group to which the workshops were open"}, "notes": notes}
    return header_of(snapshot, protected, number=number, characteristics=characteristics, labels=labels) | {"valid_on": on.isoformat()}
