"""A comparison in plain English: successes per 100 candidates first, then the ratio, then what can be said."""

from __future__ import annotations

import math
from datetime import date

from standardsetting.cohort.power import CandidatesNeeded
from standardsetting.cohort.verdict import FIVE_QUARTERS, FOUR_FIFTHS, MIRROR, Verdict, verdict_sentence
from standardsetting.intervals import Floats

Estimate = tuple[float, "Floats | float", "Floats | float"]


def in_words(
    *,
    group: str,
    reference: str,
    difference: Estimate,
    ratio: Estimate,
    verdict: Verdict,
    mid_p: float,
    below: float,
    above: float,
    needed: CandidatesNeeded,
    confidence: float,
) -> str:
    """The sentences of a comparison. Estimates are value, low and high; numbers are rounded here and nowhere before.

    `below` and `above` are the smallest detectable ratios on the two sides of 1.
    """
    if math.isnan(difference[0]):
        return f"There is nobody to compare: {group} or {reference} has no candidates at this stage. The numbers cannot tell."
    parts = [_difference(group, reference, difference, confidence), _ratio(ratio), _closing(group, reference, ratio, verdict)]
    if disagree(verdict, mid_p, confidence):
        parts.append(f"The exact test does not agree (mid-p {mid_p:.3f}), so treat the finding with caution.")
    if verdict is Verdict.CANNOT_TELL:
        parts.append(_what_it_takes(below, above, needed))
    return " ".join(parts)


def disagree(verdict: Verdict, mid_p: float, confidence: float) -> bool:
    """Whether the interval and the declared test are on two sides of the line: one sees a gap and the other does not."""
    return (verdict in MIRROR) != (mid_p <= 1 - confidence)


def per_100(difference: float) -> str:
    """A difference of rates in people.

    Examples
    --------
    >>> per_100(-0.187), per_100(0.103), per_100(0.001), per_100(-0.01)
    ('19 fewer', '10 more', 'no difference', '1 fewer')
    """
    people = math.floor(abs(difference) * 100 + 0.5)
    return f"{people} {'fewer' if difference < 0 else 'more'}" if people else "no difference"


def _difference(group: str, reference: str, difference: Estimate, confidence: float) -> str:
    value, low, high = (float(x) for x in difference)
    people = per_100(value)
    interval = f"({round(confidence * 100, 1):g}% interval: {per_100(low)} to {per_100(high)})."
    if people == "no difference":
        return f"{_capital(group)} had as many successes per 100 candidates as {reference} {interval}"
    noun = "success" if people.startswith("1 ") else "successes"
    return f"{_capital(group)} had {people} {noun} per 100 candidates than {reference} {interval}"


def _ratio(ratio: Estimate) -> str:
    value, low, high = (float(x) for x in ratio)
    if math.isnan(value):
        return "Nobody succeeded in either group, so there is no impact ratio."
    if math.isinf(value):
        return f"There is no impact ratio to print, because nobody in the reference group succeeded; it is at least {low:.2f}."
    return f"The impact ratio is {value:.2f} ({low:.2f} to {high:.2f})."


def _closing(group: str, reference: str, ratio: Estimate, verdict: Verdict) -> str:
    """The verdict; where a gap is there and is known to be small, that."""
    if verdict is Verdict.GAP and ratio[1] >= FOUR_FIFTHS:
        return f"{_capital(group)} succeeded less often than {reference}, by more than chance explains; the ratio lies between 0.80 and 1."
    if verdict is Verdict.GAP_IN_FAVOUR and ratio[2] <= FIVE_QUARTERS:
        return f"{_capital(group)} succeeded more often than {reference}, by more than chance explains; the ratio lies between 1 and 1.25."
    return verdict_sentence(verdict, group=group, reference=reference)


def _what_it_takes(below: float, above: float, needed: CandidatesNeeded) -> str:
    """Both detectable ratios are rounded away from 1, so that the sentence promises no more than was computed."""
    sides = [] if math.isnan(below) else [f"{math.floor(below * 100) / 100:.2f} or lower"]
    sides += [] if math.isnan(above) else [f"{math.ceil(above * 100) / 100:.2f} or higher"]
    if sides:
        first = f"Groups of this size would show a gap four times in five only if the impact ratio were {', or '.join(sides)}"
    else:
        first = "Groups of this size would not show even the largest gap four times in five"
    if needed.group is None or needed.reference is None:
        return f"{first}; how many candidates would be needed cannot be worked out from these numbers."
    return (
        f"{first}; to show a ratio of {needed.ratio:.2f}, about {_about(needed.group)} candidates would be needed in the group "
        f"and about {_about(needed.reference)} in the reference group."
    )


def _about(people: int) -> str:
    """Two significant figures, upwards: a planning number is no better than that."""
    unit = 10 ** max(0, len(str(people)) - 2)
    return f"{-(-people // unit) * unit:,}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def those_who(stage: str, label: str) -> str:
    """The people at a stage, after "those"; `label` is what the stage is called where it has no words of its own.

    Examples
    --------
    >>> those_who("eligible", "Eligible"), those_who("posted", "Posted")
    ('who were eligible', 'who reached: posted')
    """
    words = {"applied": "who applied", "eligible": "who were eligible", "interviewed": "who were interviewed"}
    return words.get(stage, f"who reached: {label.lower()}")


def in_a_sentence(label: str) -> str:
    """What a stage or part of the way is called when a sentence does not start with it."""
    return label[:1].lower() + label[1:]


def written(day: date) -> str:
    """A day as people write it.

    Examples
    --------
    >>> written(date(2023, 10, 12))
    '12 October 2023'
    """
    return f"{day.day} {day:%B %Y}"
