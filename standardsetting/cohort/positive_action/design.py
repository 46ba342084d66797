"""What the way workshops were offered can show about their effect, and what it cannot: said before any number."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from standardsetting.cohort.positive_action.participants import LEAST_CELL, OFFERED, WAIT_LIST, Participants

LOTTERY = "lottery"
STAGGERED = "staggered invitations"
ACROSS = "before and after across processes"
NOBODY_HELD_BACK = "nobody was held back: effect not identified"
KINDS = (LOTTERY, STAGGERED, ACROSS, NOBODY_HELD_BACK)
# Three processes without workshops show whether the gap was already moving; one with them, whether it then moved.
FEWEST_BEFORE, FEWEST_AFTER = 3, 1

_SENTENCES = {
    LOTTERY: (
        "Places were drawn by lot, so people who were offered one and people on the wait list differ by chance alone: the difference "
        "between all of the one and all of the other is the effect of the offer."
    ),
    STAGGERED: (
        "Some invitations came before the interview and some after it. If the order had nothing to do with how well people would do "
        "({rule}), the difference between the earlier and the later invited is the effect of the invitation. "
        "The data cannot show whether it had."
    ),
    ACROSS: (
        "Nobody was held back in this process. Earlier processes without workshops show how the gap to other candidates moved before; "
        "the effect is identified only if that movement would have gone on."
    ),
    NOBODY_HELD_BACK: (
        "Everybody eligible was invited in time and no earlier processes serve for comparison: what workshops did is not identified. "
        "People chose to attend, so the results of attenders show how attenders differ, not what the workshop did."
    ),
}


@dataclass(frozen=True)
class Design:
    """What the data can be asked.

    Attributes
    ----------
    kind
        One of `KINDS`, the strongest that the data support.
    identified
        Whether an effect of the offer can be told, given what the sentence says has to hold.
    randomised
        Whether chance alone decided; a complier effect needs it.
    sentence
        For the reader, before any number.
    process
        The process the comparison is made in; empty for a comparison across processes.
    rule
        How the order of invitations was decided, for staggered ones.
    """

    kind: str
    identified: bool
    randomised: bool
    sentence: str
    process: str = ""
    rule: str = ""


def identify(people: Participants, *, process: str, order_of_invitations: str = "") -> Design:
    """What can this process show about the effect of its workshops?

    Parameters
    ----------
    people
        All processes that are at hand.
    process
        The one reported on.
    order_of_invitations
        How it was decided whose invitation came first, in a few words; without it, later invitations are not a comparison, because
        whoever was slow to answer, or was thought to need it less, may have been invited later.

    Returns
    -------
    Design
        A lottery if there was one, else staggered invitations, else processes before and after, else nothing.
    """
    here = people.only(process).table
    here = here[here["eligible_for_workshop"]]
    if {OFFERED, WAIT_LIST} <= set(here["arm"].dropna()):
        return Design(LOTTERY, True, True, _SENTENCES[LOTTERY], process)
    early, late = invited_in_time(here), invited_too_late(here)
    if order_of_invitations.strip() and min(early.sum(), late.sum()) >= LEAST_CELL:
        rule = order_of_invitations.strip()
        return Design(STAGGERED, True, False, _SENTENCES[STAGGERED].format(rule=rule), process, rule)
    before, after = processes_without_and_with(people)
    if len(before) >= FEWEST_BEFORE and len(after) >= FEWEST_AFTER:
        return Design(ACROSS, True, False, _SENTENCES[ACROSS])
    return Design(NOBODY_HELD_BACK, False, False, _SENTENCES[NOBODY_HELD_BACK], process)


def invited_in_time(table: pd.DataFrame) -> pd.Series:
    """Whose invitation came before the interview."""
    return table["invited"] < 0


def invited_too_late(table: pd.DataFrame) -> pd.Series:
    """Whose invitation came on the day of the interview or after it."""
    return table["invited"] >= 0


def processes_without_and_with(people: Participants) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The processes before any invitation, and those from the first invitations on, in the order of time."""
    invited = people.table.groupby("process")["invited"].count()
    first = next((at for at, label in enumerate(people.processes) if invited[label]), len(people.processes))
    return people.processes[:first], people.processes[first:]
