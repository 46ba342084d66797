"""How large an effect this cohort could have shown, and how many people the next lottery needs."""

from __future__ import annotations

import math

import pandas as pd

from standardsetting.cohort.diversity.compared import whole
from standardsetting.cohort.positive_action.reported.reached import Reached
from standardsetting.cohort.positive_action.sample_size import PLANNED_BEFORE, SampleSize, detectable_effect, sample_size
from standardsetting.disclosure.release import SECTIONS, Section

# Half meet the standard: an effect is then hardest to see, and nothing is told of this cohort.
RATE_WITHOUT = 0.5
# Where the share that attended may not be told.
USUAL_UPTAKE = 70
DIFFERENCES = (10, 20)
OFFER = "offer of a place"
_BEFORE = (
    "For comparison: the trial by the Metropolitan Police and the College of Policing of a workshop for detective constable applicants was "
    f"planned with {PLANNED_BEFORE} people, {PLANNED_BEFORE // 2} in each arm."
)
_ASSUMED = "For a standard that 50 in 100 meet without a workshop, a chance of 80% to see the effect, and 95% confidence; exact."


def detectable_section(reached: Reached) -> Section:
    """The smallest effect that as many people as these would have shown, had half of them been drawn by lot."""
    n, uptake = reached.open_to, _uptake(reached)
    blank = pd.DataFrame(columns=list(SECTIONS["detectable"]))
    if n is None:
        return Section(blank, ("Not shown: how many people the workshops were open to may not be told.",))
    found = detectable_effect(n // 2, n // 2, rate_without=RATE_WITHOUT, uptake_difference=uptake / 100)
    offer, attending = whole(100 * found.increase), whole(100 * found.of_attending)
    if offer is None:
        few = "A lottery among so few people would show no effect, however large: several processes are needed together."
        return Section(blank, (few,))
    rows = [
        {
            "outcome": "Offer of a place",
            "detectable": offer,
            "unit": "in 100 people",
            "sentence": f"About {n} people, half of them offered a place by lot, would show that the offer lifts {offer} more in 100 over "
            "the standard; a smaller effect would often be missed.",
        },
        {
            "outcome": "Attending",
            "detectable": attending if attending is not None and found.of_attending <= 1 - RATE_WITHOUT else None,
            "unit": "in 100 people",
            "sentence": _of_attending(attending, found.of_attending, uptake),
        },
    ]
    table = pd.DataFrame(rows).astype({"detectable": "Int64"})
    return Section(table, (), _ASSUMED)


def next_trial_section(reached: Reached) -> Section:
    """How many people a lottery needs, half of them offered a place now."""
    uptake, rows = _uptake(reached), []
    for what, moved in ((OFFER, 100), ("attending", uptake)):
        for difference in DIFFERENCES:
            found = sample_size(rate_without=RATE_WITHOUT, effect_of_attending=difference / 100, uptake_difference=moved / 100)
            rows.append(
                {"effect_of": what, "difference": difference, "people": found.together or None,
                 "sentence": _sentence(found, what, difference, reached.open_to)}
            )  # fmt: skip
    table = pd.DataFrame(rows).astype({"people": "Int64"})
    return Section(table, (_taken(reached), _BEFORE), _ASSUMED)


def _uptake(reached: Reached) -> int:
    return reached.uptake or USUAL_UPTAKE


def _taken(reached: Reached) -> str:
    share = reached.uptake
    if share is None:
        return f"It is taken that {USUAL_UPTAKE} in 100 of those offered a place come: how many came this time may not be told."
    return f"It is taken that {share} in 100 of those offered a place come, as this time."


def _of_attending(attending: int | None, exact: float, uptake: int) -> str:
    if attending is None or exact > 1 - RATE_WITHOUT:
        return f"If {uptake} in 100 of those offered come, attending would have to lift more people over the standard than are below it."
    return f"If {uptake} in 100 of those offered a place come, attending would then have to lift {attending} in 100."


def _sentence(found: SampleSize, what: str, difference: int, here: int | None) -> str:
    if not found.together:
        return found.note
    often = math.ceil(found.together / here) if here else 0
    processes = f", about {often} processes of this size" if often > 1 else ""
    lifts = "the offer of a place" if what == OFFER else "attending"
    return f"To show that {lifts} lifts {difference} more in 100 over the standard: {found.together:,} people{processes}."
