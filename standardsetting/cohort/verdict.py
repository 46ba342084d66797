"""What is printed instead of pass or fail: six verdicts from the score interval of the impact ratio, and "cannot tell" among them.

Four fifths alone never sets a verdict: the interval does.
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from standardsetting.cohort.intervals import score_statistic
from standardsetting.intervals import checked_counts, critical_value

FOUR_FIFTHS = 0.8
FIVE_QUARTERS = 1.25


class Verdict(StrEnum):
    """What an interval of the impact ratio says. The order is that of `CODES`."""

    CANNOT_TELL = "cannot tell"
    MATERIAL_GAP = "material gap"
    GAP = "gap, size uncertain"
    NO_MATERIAL_GAP = "no material gap"
    GAP_IN_FAVOUR = "gap in favour, size uncertain"
    MATERIAL_GAP_IN_FAVOUR = "material gap in favour"
    CANNOT_TELL_UNDECLARED = "cannot tell (undeclared)"


# A verdict's code is its place here.
CODES = tuple(Verdict)
MIRROR = {
    Verdict.MATERIAL_GAP: Verdict.MATERIAL_GAP_IN_FAVOUR,
    Verdict.GAP: Verdict.GAP_IN_FAVOUR,
    Verdict.GAP_IN_FAVOUR: Verdict.GAP,
    Verdict.MATERIAL_GAP_IN_FAVOUR: Verdict.MATERIAL_GAP,
}
# Verdicts that say gap, to either side.
GAPS = tuple(verdict.value for verdict in MIRROR)


def verdicts(a: ArrayLike, n1: ArrayLike, c: ArrayLike, n2: ArrayLike, *, confidence: float = 0.95) -> NDArray[np.int8]:
    """Which verdict do these counts carry? Codes for many tables at once; `CODES[code]` is the verdict.

    The first that applies to the score interval of the ratio:

    - material gap: its upper end lies below 0.8; gap, size uncertain: its upper end lies below 1;
    - material gap in favour: its lower end lies above 1.25; gap in favour, size uncertain: its lower end lies above 1;
    - no material gap: the whole interval lies inside 0.8 to 1.25;
    - cannot tell: anything else, an empty group included.

    A gap comes before "no material gap": an interval from 0.85 to 0.95 shows a gap, though a small one, and hiding it would be wrong.

    Notes
    -----
    The interval holds the ratios that the score test does not reject, so its end lies below 0.8 exactly where the test rejects 0.8 from
    below. Three closed forms replace the search for the ends: 100,000 tables take some hundredths of a second.

    Examples
    --------
    >>> [CODES[code].value for code in verdicts([27, 4, 90], [79, 18, 100], [28, 9, 900], [45, 22, 1000])]
    ['gap, size uncertain', 'cannot tell', 'no material gap']
    """
    z = critical_value(confidence)
    (a, n1), (c, n2) = checked_counts(a, n1), checked_counts(c, n2)
    at_low, at_one, at_high = (score_statistic(a, n1, c, n2, ratio) for ratio in (FOUR_FIFTHS, 1.0, FIVE_QUARTERS))
    inside = (at_low >= z) & (at_high <= -z)
    codes = np.select(
        [at_low < -z, at_one < -z, at_high > z, at_one > z, inside],
        [CODES.index(verdict) for verdict in (*_IN_ORDER, Verdict.NO_MATERIAL_GAP)],
        CODES.index(Verdict.CANNOT_TELL),
    )
    return codes.astype(np.int8)


def verdict_sentence(verdict: Verdict, *, group: str = "the group", reference: str = "the reference group") -> str:
    """A verdict in a sentence without any number: fit for a group whose counts may not be shown.

    Examples
    --------
    >>> verdict_sentence(Verdict.CANNOT_TELL, group="women", reference="men")
    'These numbers cannot tell whether women succeeded less or more often than men.'
    """
    sentence = _SENTENCES[verdict].format(group=group, reference=reference)
    return sentence[0].upper() + sentence[1:]


_IN_ORDER = (Verdict.MATERIAL_GAP, Verdict.GAP, Verdict.MATERIAL_GAP_IN_FAVOUR, Verdict.GAP_IN_FAVOUR)
_SENTENCES = {
    Verdict.CANNOT_TELL: "These numbers cannot tell whether {group} succeeded less or more often than {reference}.",
    Verdict.MATERIAL_GAP: "{group} succeeded less often than {reference}, by more than chance explains and by a material amount.",
    Verdict.GAP: "{group} succeeded less often than {reference}, by more than chance explains; whether the gap is material is uncertain.",
    Verdict.NO_MATERIAL_GAP: "Any gap between {group} and {reference} is too small to be material.",
    Verdict.GAP_IN_FAVOUR: (
        "{group} succeeded more often than {reference}, by more than chance explains; whether the gap is material is uncertain."
    ),
    Verdict.MATERIAL_GAP_IN_FAVOUR: (
        "{group} succeeded more often than {reference}, by more than chance explains and by a material amount."
    ),
    Verdict.CANNOT_TELL_UNDECLARED: (
        "Too many candidates did not declare: depending on who they are, the verdict on {group} and {reference} would differ."
    ),
}
