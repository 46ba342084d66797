"""Which results of this report may be shown: attendance was visible to colleagues, so attendance by outcome tells on people."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from standardsetting.cohort.positive_action.across_processes import AcrossProcesses
from standardsetting.cohort.positive_action.complier import ComplierEffect
from standardsetting.cohort.positive_action.intention_to_treat import IntentionToTreat
from standardsetting.cohort.positive_action.overlap import Association
from standardsetting.cohort.positive_action.participants import LEAST_CELL, Participants, attended_before_interview, too_few

WHOLE = "in whole percentages or whole points, without the counts behind it"
FEWEST_IN_A_COUNT = 10


@dataclass(frozen=True)
class Permission:
    """Whether a result may be shown, how, and if not why not: in words that tell no count."""

    result: str
    may_be_shown: bool
    how: str = ""
    why: str = ""


def releasable(
    people: Participants,
    *,
    process: str,
    to_treat: IntentionToTreat | None = None,
    attended: Association | None = None,
    complier: ComplierEffect | None = None,
    across: AcrossProcesses | None = None,
) -> tuple[Permission, ...]:
    """What of the report may leave the analyst's workspace?

    Attendance by outcome only with at least 20 people in every cell; the same for the offer, which is as visible. A balance table only
    with the association it belongs to. Reasons for not attending only where every one was given by at least ten people. Counts of reach
    are not decided here: they pass the disclosure cube like every other count.

    Parameters
    ----------
    people, process
        The people and the process reported on.
    to_treat, attended, complier, across
        The results at hand; those not given are not mentioned.

    Returns
    -------
    tuple of Permission
        One a result. The methods refuse small cells by themselves; here it is decided again, from the people, not from the result.
    """
    table = people.only(process).table
    eligible = table[table["eligible_for_workshop"] & table["reached_workshop_point"]]
    found = [_attendance_by_outcome(eligible), _reasons(eligible)]
    by_attendance = found[0].why
    if to_treat is not None:
        found.append(_permission("effect of the offer", to_treat.rate.why or to_treat.total.why))
    if attended is not None:
        found.append(_permission("association with attendance, its balance table and E-value", attended.rate.why or by_attendance))
    if complier is not None:
        found.append(_permission("complier effect", complier.effect.why or by_attendance))
    if across is not None:
        found.append(_permission("difference in differences", across.effect.why))
    return tuple(found)


def _permission(result: str, why: str) -> Permission:
    return Permission(result, not why, "" if why else WHOLE, why)


def _attendance_by_outcome(eligible: pd.DataFrame) -> Permission:
    scored = eligible[eligible["interviewed"] & eligible["met_standard"].notna()]
    came = attended_before_interview(scored)
    why = too_few(scored.loc[came, "met_standard"], scored.loc[~came, "met_standard"], by="who attended")
    return _permission(f"attendance by outcome (at least {LEAST_CELL} in every cell)", why)


def _reasons(eligible: pd.DataFrame) -> Permission:
    absent = eligible[eligible["invited"].notna() & ~attended_before_interview(eligible)]
    counts = absent["not_attended_because"].dropna().value_counts()
    why = ""
    if not len(counts):
        why = "Not shown: no reason is on record."
    elif int(counts.min()) < FEWEST_IN_A_COUNT:
        why = f"Not shown: a reason was given by fewer than {FEWEST_IN_A_COUNT} people; merge reasons by a rule fixed in advance."
    return _permission("reasons for not attending", why)
