"""Two groups at one stage: how their rates compare, how sure one can be, and what to say about it.

Counts in, one `Comparison` out. Nothing here knows a person.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from standardsetting.cohort.exact_tests import conditional_odds_ratio, exact_test, hypergeometric
from standardsetting.cohort.intervals import newcombe_difference, score_interval_ratio
from standardsetting.cohort.power import CandidatesNeeded, candidates_needed, smallest_detectable_ratio
from standardsetting.cohort.verdict import CODES, Verdict, verdict_sentence, verdicts
from standardsetting.cohort.words import disagree, in_words
from standardsetting.intervals import checked_counts

METHODS = (
    "Impact ratio: Miettinen-Nurminen score interval, by inversion. Difference: Newcombe hybrid score interval, no continuity correction. "
    "Tests, two-sided: mid-p by probability (the declared test), Fisher's exact test beside it, pooled z for reference. "
    "Smallest detectable ratio: exact binomial chance of 80% that the interval lies wholly below 1, at the reference group's observed rate."
)
DISAGREE = "The interval of the ratio and the exact test lie on two sides of the line: one says gap and the other does not."


@dataclass(frozen=True)
class Comparison:
    """How the successes of a group compare with those of the reference group, at full precision.

    Attributes
    ----------
    ratio, ratio_low, ratio_high
        The impact ratio with its score interval; infinite above where nobody in the reference group succeeded.
    difference, difference_low, difference_high
        Of the rates, with Newcombe's interval; times 100: successes per 100 candidates.
    fisher_p, mid_p, z
        Two-sided exact tests (mid-p is the declared one), and the pooled z ("standard deviations"), fit to read only where
        `expected_counts_at_least_5`.
    cohen_h, odds_ratio, phi, conditional_odds_ratio
        Effect sizes; `odds_ratio` is the cross-product.
    shortfall, shortfall_against_reference
        Successes that the group lacks against the rate of both groups together, and against the reference group's rate; negative: more.
    flip_number
        The fewest successes that would have to move from the reference group to the group for the group's rate to be no lower;
        0 where the rates are equal, None where the group's is the higher.
    selections_to_four_fifths
        The fewest further successes in the group that would bring the ratio to four fifths.
    smallest_detectable_ratio, smallest_detectable_ratio_in_favour
        The ratio nearest to 1, below and above it, that groups of this size would show as a gap four times in five.
    candidates_needed, reference_candidates_needed
        In each group, to show a true ratio of four fifths four times in five, at these groups' proportion.
    non_success_ratio, non_success_low, non_success_high
        The same ratio for not succeeding: where most people succeed, the impact ratio hides gaps.
    practical_size
        negligible (0.9 to 10/9), modest (0.8 to 1.25) or material, from the ratio alone; undefined without one. No verdict.
    verdict, verdict_sentence, sentence
        The verdict; in words without any number; and in words with the numbers.
    notes
        Why a number is missing, infinite or says nothing: a sentence each.
    """

    ratio: float
    ratio_low: float
    ratio_high: float
    difference: float
    difference_low: float
    difference_high: float
    fisher_p: float
    mid_p: float
    z: float
    cohen_h: float
    odds_ratio: float
    shortfall: float
    flip_number: int | None
    smallest_detectable_ratio: float
    verdict: Verdict
    sentence: str
    verdict_sentence: str
    successes: int
    n: int
    reference_successes: int
    reference_n: int
    rate: float
    reference_rate: float
    confidence: float
    phi: float
    conditional_odds_ratio: float
    shortfall_against_reference: float
    selections_to_four_fifths: int | None
    below_four_fifths: bool | None
    non_success_ratio: float
    non_success_low: float
    non_success_high: float
    practical_size: str
    expected_counts_at_least_5: bool
    smallest_detectable_ratio_in_favour: float
    candidates_needed: int | None
    reference_candidates_needed: int | None
    notes: tuple[str, ...] = ()
    methods: str = METHODS


def compare(
    successes: int,
    n: int,
    reference_successes: int,
    reference_n: int,
    *,
    confidence: float = 0.95,
    group: str = "the group",
    reference: str = "the reference group",
) -> Comparison:
    """Did a group succeed less often than the reference group, by how much, and can these numbers tell?

    Not for the same people twice (matched rates), nor for tables added up over processes with different rates: see `pooled`.

    Parameters
    ----------
    successes, n
        How many of the group succeeded, of how many who entered the stage.
    reference_successes, reference_n
        The same for the reference group, which is declared in advance and the same every year.
    confidence
        Of the intervals, and so of the verdict.
    group, reference
        What the groups are called in the sentences, such as "women" and "men".

    Returns
    -------
    Comparison
        Undefined numbers are NaN or None, and `notes` says why.

    Raises
    ------
    UsageError
        Counts that are not whole, below zero, or with more successes than candidates.

    References
    ----------
    Miettinen and Nurminen (1985); Newcombe (1998); Lancaster (1961); Cohen (1988) for h. See the functions that compute them.

    Examples
    --------
    >>> found = compare(4, 18, 9, 22, group="women", reference="men")
    >>> round(found.ratio, 3), round(found.ratio_low, 2), round(found.ratio_high, 2), found.verdict.value
    (0.543, 0.2, 1.38, 'cannot tell')
    >>> round(found.shortfall, 1), found.flip_number, round(found.mid_p, 4)
    (1.9, 2, 0.2486)
    """
    checked_counts([successes, reference_successes], [n, reference_n])
    a, n1, c, n2 = int(successes), int(n), int(reference_successes), int(reference_n)
    limits = score_interval_ratio([a, n1 - a], n1, [c, n2 - c], n2, confidence=confidence)
    ratio_limits, other_limits = (limits.low[0], limits.high[0]), (limits.low[1], limits.high[1])
    difference_limits = newcombe_difference(a, n1, c, n2, confidence=confidence)
    test = exact_test(a, n1, c, n2)
    given_margins = conditional_odds_ratio(*hypergeometric(n1, n2, a + c), a, confidence=confidence)
    rate, reference_rate = _over(a, n1), _over(c, n2)
    below = smallest_detectable_ratio(n1, n2, 0.0 if not n2 else reference_rate, confidence=confidence)
    above = smallest_detectable_ratio(n1, n2, 0.0 if not n2 else reference_rate, confidence=confidence, in_favour=True)
    needed = candidates_needed(reference_rate, references_a_candidate=_over(n2, n1), confidence=confidence)
    both = bool(n1 and n2)
    z = _pooled_z(a, n1, c, n2)
    verdict = CODES[int(verdicts(a, n1, c, n2, confidence=confidence))]
    # From whole numbers, divided once: 48 of 80 against 75 of 100 is 0.8 and not a little less.
    ratio = _over(a * n2, n1 * c) if both else math.nan
    difference = (a * n2 - c * n1) / (n1 * n2) if both else math.nan
    return Comparison(
        ratio=ratio,
        ratio_low=float(ratio_limits[0]),
        ratio_high=float(ratio_limits[1]),
        difference=difference,
        difference_low=float(difference_limits.low),
        difference_high=float(difference_limits.high),
        fisher_p=test.fisher_p,
        mid_p=test.mid_p,
        z=z,
        cohen_h=2 * math.asin(math.sqrt(rate)) - 2 * math.asin(math.sqrt(reference_rate)) if both else math.nan,
        odds_ratio=_over(a * (n2 - c), c * (n1 - a)) if both else math.nan,
        shortfall=(c * n1 - a * n2) / (n1 + n2) if both else math.nan,
        flip_number=_flip_number(a, n1, c, n2),
        smallest_detectable_ratio=below.ratio,
        verdict=verdict,
        sentence=in_words(
            group=group,
            reference=reference,
            difference=(difference, *difference_limits),
            ratio=(ratio, *ratio_limits),
            verdict=verdict,
            mid_p=test.mid_p,
            below=below.ratio,
            above=above.ratio,
            needed=needed,
            confidence=confidence,
        ),
        verdict_sentence=verdict_sentence(verdict, group=group, reference=reference),
        successes=a,
        n=n1,
        reference_successes=c,
        reference_n=n2,
        rate=rate,
        reference_rate=reference_rate,
        confidence=confidence,
        phi=z / math.sqrt(n1 + n2) if both else math.nan,
        conditional_odds_ratio=given_margins.odds_ratio,
        shortfall_against_reference=(c * n1 - a * n2) / n2 if both else math.nan,
        selections_to_four_fifths=max(0, -((5 * a * n2 - 4 * c * n1) // (5 * n2))) if both else None,
        below_four_fifths=5 * a * n2 < 4 * c * n1 if both and a + c else None,
        non_success_ratio=_over((n1 - a) * n2, n1 * (n2 - c)) if both else math.nan,
        non_success_low=float(other_limits[0]),
        non_success_high=float(other_limits[1]),
        practical_size=_practical_size(a * n2, n1 * c),
        expected_counts_at_least_5=both and min(n1, n2) * min(a + c, n1 + n2 - a - c) >= 5 * (n1 + n2),
        smallest_detectable_ratio_in_favour=above.ratio,
        candidates_needed=needed.group,
        reference_candidates_needed=needed.reference,
        notes=_notes(a, n1, c, n2, test.note, below.note, above.note, needed)
        + ((DISAGREE,) if both and disagree(verdict, test.mid_p, confidence) else ()),
    )


def _over(part: int, whole: int) -> float:
    """A ratio of whole numbers, rounded once: infinite over nothing, not a number where both are nothing."""
    return part / whole if whole else math.inf if part else math.nan


def _pooled_z(a: int, n1: int, c: int, n2: int) -> float:
    if not n1 or not n2 or a + c in (0, n1 + n2):
        return math.nan
    pooled = (a + c) / (n1 + n2)
    return (a / n1 - c / n2) / math.sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n2))


def _flip_number(a: int, n1: int, c: int, n2: int) -> int | None:
    """Both rates meet at the pooled rate, so the shortfall is what has to move, in whole people."""
    apart = c * n1 - a * n2
    return None if not n1 or not n2 or apart < 0 else -(-apart // (n1 + n2))


def _practical_size(up: int, down: int) -> str:
    """The band of the ratio up/down, by whole numbers so that 0.8 is on the line and not beside it."""
    if up == down == 0:
        return "undefined"
    if 9 * down <= 10 * up and 9 * up <= 10 * down:
        return "negligible"
    return "modest" if 4 * down <= 5 * up and 4 * up <= 5 * down else "material"


def _notes(a: int, n1: int, c: int, n2: int, test: str, below: str, above: str, needed: CandidatesNeeded) -> tuple[str, ...]:
    """Why numbers are missing, infinite or empty of meaning."""
    if not n1 or not n2:
        who = "Neither group" if not n1 and not n2 else "The group" if n2 else "The reference group"
        return (f"{who} has {'any' if who == 'Neither group' else 'no'} candidates at this stage, so nothing can be compared.",)
    notes = []
    if a + c == 0:
        notes.append("Nobody succeeded in either group, so there is no impact ratio, no z and no odds ratio; every ratio is possible.")
    elif c == 0:
        notes.append("Nobody in the reference group succeeded, so the impact ratio has no upper limit, and the odds ratio none.")
    if a + c == n1 + n2:
        notes.append("Everybody succeeded in both groups, so there is no z, no odds ratio and no ratio of non-success.")
    elif c == n2:
        notes.append("Everybody in the reference group succeeded, so the ratio of non-success has no upper limit.")
    elif a == n1 and c:
        notes.append("Everybody in the group succeeded, so the odds ratio is infinite.")
    if a * n2 > c * n1:
        notes.append("The group's rate is the higher one, so no number of successes has to move: there is no flip number.")
    notes += [note for note in (test, below, above, needed.note) if note]
    return tuple(dict.fromkeys(notes))
