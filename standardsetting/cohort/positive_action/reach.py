"""Who was reached: eligible, invited, booked, attended, by group; and why people who could have come did not."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from standardsetting.cohort.positive_action.effect import Dropped, dropped
from standardsetting.cohort.positive_action.participants import Participants, attended_before_interview

STEPS = ("reached the workshop point", "invited", "booked", "attended")
NOT_GIVEN = "no reason recorded"


@dataclass(frozen=True)
class Reach:
    """How far the workshops reached.

    Attributes
    ----------
    steps
        One row a step and group, and a row of `everybody`: `group`, `step`, `n`, `of` (people of the group who reached the workshop
        point) and `share`. Counts are true ones: they are published through disclosure control only.
    reasons
        One row a group and reason: people who were invited, could have come and did not.
    dropped
        Who is in neither.
    notes
        What a reader should know, in sentences.
    """

    steps: pd.DataFrame
    reasons: pd.DataFrame
    dropped: tuple[Dropped, ...]
    notes: tuple[str, ...]


def reach(people: Participants) -> Reach:
    """Whom did invitations and workshops reach?

    Among people to whom a workshop was open and who were still in the process when workshops began: whoever withdrew before is not a
    non-attender. Attendance counts only if dated before the person's interview, because a later workshop cannot have helped, and because
    only people who stayed long enough could attend one.

    Examples
    --------
    >>> row = {"process": "2023", "eligible_for_workshop": True, "reached_workshop_point": True, "interviewed": True, "arm": None}
    >>> rows = [row | {"group": "women", "invited": -50, "booked": -40, "attended": day, "met_standard": 1, "total": 14} for day in (-9, 2)]
    >>> found = reach(Participants.checked(pd.DataFrame(rows)))
    >>> found.steps.loc[lambda t: t["group"].eq("women"), ["step", "n"]].to_numpy().tolist()
    [['reached the workshop point', 2], ['invited', 2], ['booked', 2], ['attended', 1]]
    """
    eligible = people.table[people.table["eligible_for_workshop"]]
    there = eligible[eligible["reached_workshop_point"]]
    flags = pd.DataFrame(
        {
            "group": there["group"],
            STEPS[0]: True,
            STEPS[1]: there["invited"].notna(),
            STEPS[2]: there["booked"].notna(),
            STEPS[3]: attended_before_interview(there),
        }
    )
    by_group = flags.groupby("group", sort=True)[list(STEPS)].sum()
    by_group.loc["everybody"] = by_group.sum()
    long = by_group.rename_axis(columns="step").reset_index().melt("group", var_name="step", value_name="n")
    long["n"] = long["n"].astype(int)
    long["of"] = long["group"].map(by_group[STEPS[0]]).astype(int)
    long["share"] = long["n"] / long["of"].where(long["of"] > 0)
    absent = there[there["invited"].notna() & ~attended_before_interview(there)]
    reason = absent["not_attended_because"].fillna(NOT_GIVEN).where(~(absent["attended"] >= 0), "attended only after the interview")
    reasons = absent.assign(reason=reason).groupby(["group", "reason"], sort=True).size().reset_index(name="n")
    return Reach(
        steps=long,
        reasons=reasons,
        dropped=dropped(
            no_workshop_was_open_to_them=len(people.table) - len(eligible), left_before_workshops_began=len(eligible) - len(there)
        ),
        notes=_notes(there),
    )


def _notes(there: pd.DataFrame) -> tuple[str, ...]:
    notes = ["People who left the process before workshops began are not counted as having stayed away."]
    if (there["attended"] >= 0).any():
        notes.append("Attendance on or after the day of the interview is not counted as attendance.")
    if (there["invited"].isna() & attended_before_interview(there)).any():
        notes.append("Some people attended without an invitation on record.")
    return tuple(notes)
