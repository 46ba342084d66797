"""Two groups compared: small, empty and extreme ones, what is said of them, and how fast."""

import math
import time

import numpy as np
import pytest
from scipy.stats import binom

from standardsetting.cohort.exact_tests import barnard_p, conditional_odds_ratio, exact_test, hypergeometric
from standardsetting.cohort.intervals import katz_log_interval, newcombe_difference, score_interval_ratio, score_statistic
from standardsetting.cohort.power import candidates_needed, detection_chance, smallest_detectable_ratio
from standardsetting.cohort.rates import compare
from standardsetting.cohort.verdict import CODES, Verdict, verdict_sentence, verdicts
from standardsetting.errors import UsageError


@pytest.mark.parametrize("counts", [(0, 0, 3, 5), (3, 5, 0, 0), (0, 0, 0, 0)])
def test_an_empty_group_cannot_be_compared_and_says_so(counts):
    found = compare(*counts)
    assert found.verdict is Verdict.CANNOT_TELL
    for name in ("ratio", "ratio_low", "difference", "fisher_p", "mid_p", "z", "cohen_h", "odds_ratio", "shortfall", "phi",
                 "smallest_detectable_ratio", "non_success_ratio", "shortfall_against_reference"):  # fmt: skip
        assert math.isnan(getattr(found, name)), name
    for name in ("flip_number", "selections_to_four_fifths", "below_four_fifths", "candidates_needed"):
        assert getattr(found, name) is None, name
    assert "no candidates" in found.sentence and found.notes and "candidates at this stage" in found.notes[0]


def test_nobody_succeeded():
    found = compare(0, 5, 0, 9)
    assert math.isnan(found.ratio) and math.isnan(found.odds_ratio) and math.isnan(found.z)
    assert (found.ratio_low, found.ratio_high) == (0, math.inf) and found.verdict is Verdict.CANNOT_TELL
    assert found.difference == 0 and found.fisher_p == 1 and found.mid_p == 0.5
    assert "Nobody succeeded in either group" in found.sentence and "exact tests say nothing" in " ".join(found.notes)


def test_everybody_succeeded():
    found = compare(5, 5, 9, 9)
    assert found.ratio == 1 and math.isnan(found.non_success_ratio) and math.isnan(found.z) and math.isnan(found.odds_ratio)
    # With p = 1 in both, the score is sqrt(n1 (1 - R) / R) below 1: its root in closed form.
    z2 = 1.959963984540054**2 * 14 / 13
    assert found.ratio_low == pytest.approx(5 / (5 + z2), rel=1e-12) and found.ratio_high == pytest.approx((9 + z2) / 9, rel=1e-12)
    assert "as many successes per 100 candidates" in found.sentence


def test_nobody_of_the_reference_group_succeeded():
    found = compare(5, 5, 0, 9)
    assert found.ratio == math.inf == found.ratio_high and found.odds_ratio == math.inf and found.ratio_low > 3
    assert found.verdict is Verdict.MATERIAL_GAP_IN_FAVOUR
    assert "no upper limit" in " ".join(found.notes) and "at least 3.18" in found.sentence and "inf" not in found.sentence


def test_nobody_of_the_group_succeeded():
    found = compare(0, 20, 40, 60)
    assert found.ratio == 0 == found.ratio_low and found.verdict is Verdict.MATERIAL_GAP and found.odds_ratio == 0
    assert found.flip_number == 10 and found.selections_to_four_fifths == 11 and found.shortfall == 10


@pytest.mark.parametrize("counts", [(0, 1, 0, 1), (1, 1, 0, 1), (0, 1, 1, 1), (1, 1, 1, 1), (1, 1, 50, 100), (0, 1, 50, 100)])
def test_a_group_of_one_cannot_tell(counts):
    found = compare(*counts)
    assert found.verdict is Verdict.CANNOT_TELL
    assert "would not show even the largest gap" in found.sentence


def test_one_person_against_many_who_all_succeeded_is_told_with_caution():
    """The interval alone excludes 1 here; the exact test does not follow, and both are said."""
    found = compare(0, 1, 5, 5)
    assert found.verdict is Verdict.GAP and found.mid_p > 0.05
    assert "exact test does not agree" in found.sentence and any("two sides of the line" in note for note in found.notes)


def test_four_fifths_exactly_is_not_below():
    found = compare(48, 80, 75, 100)
    assert found.ratio == 0.8 and found.below_four_fifths is False and found.practical_size == "modest"
    assert compare(47, 80, 75, 100).below_four_fifths is True and compare(47, 80, 75, 100).practical_size == "material"
    assert compare(90, 100, 100, 100).practical_size == "negligible" == compare(100, 100, 90, 100).practical_size


def test_a_small_certain_gap_is_a_gap():
    found = compare(9000, 10000, 9500, 10000)
    assert found.verdict is Verdict.GAP and found.ratio_low > 0.8
    assert "the ratio lies between 0.80 and 1" in found.sentence and found.practical_size == "negligible"
    assert found.non_success_ratio == 2 and found.non_success_low > 1.5


def test_the_sentences_speak_of_people():
    told = compare(33, 50, 36, 50, group="women", reference="men").sentence
    assert told.startswith("Women had 6 fewer successes per 100 candidates than men (95% interval: ")
    assert "four times in five" in told and "or lower" in told and "candidates would be needed" in told
    for code in Verdict:
        said = verdict_sentence(code, group="women", reference="men")
        assert said[0].isupper() and "men" in said and not any(letter.isdigit() for letter in said)


def test_cannot_tell_always_says_what_it_would_take():
    rng = np.random.default_rng(3)
    for _ in range(60):
        n1, n2 = (int(x) for x in rng.integers(1, 80, 2))
        found = compare(int(rng.binomial(n1, 0.5)), n1, int(rng.binomial(n2, 0.5)), n2)
        if found.verdict is Verdict.CANNOT_TELL:
            assert "Groups of this size would" in found.sentence and "candidates would be needed" in found.sentence


@pytest.mark.parametrize(
    "counts", [(5, 4, 1, 2), (-1, 4, 1, 2), (1.5, 4, 1, 2), (math.nan, 4, 1, 2), (1, 4, 3, 2), ("x", 4, 1, 2), (1, -4, 1, 2)]
)
def test_counts_that_cannot_be_are_refused_without_telling_them(counts):
    with pytest.raises(UsageError) as refused:
        compare(*counts)
    assert "expected" in str(refused.value) and "1.5" not in str(refused.value)


@pytest.mark.parametrize("confidence", [0, 1, 95, -0.1])
def test_a_confidence_is_between_0_and_1(confidence):
    with pytest.raises(UsageError):
        compare(1, 4, 1, 2, confidence=confidence)


def test_arrays_and_single_tables_agree():
    rng = np.random.default_rng(1)
    n1, n2 = rng.integers(0, 50, 100), rng.integers(0, 90, 100)
    a, c = rng.binomial(n1, 0.4), rng.binomial(n2, 0.6)
    limits, codes = score_interval_ratio(a, n1, c, n2), verdicts(a, n1, c, n2)
    for i in range(100):
        one = compare(a[i], n1[i], c[i], n2[i])
        assert CODES[codes[i]] is one.verdict
        assert [limits.low[i], limits.high[i]] == pytest.approx([one.ratio_low, one.ratio_high], rel=1e-12, nan_ok=True)
    assert np.isnan(limits.low[(n1 == 0) | (n2 == 0)]).all()


def test_verdicts_of_100_000_tables_take_less_than_a_second():
    rng = np.random.default_rng(2)
    n1, n2 = rng.integers(1, 200, 100_000), rng.integers(1, 900, 100_000)
    a, c = rng.binomial(n1, 0.4), rng.binomial(n2, 0.5)
    began = time.process_time()
    codes = verdicts(a, n1, c, n2)
    assert time.process_time() - began < 1
    assert codes.dtype == np.int8 and set(codes) == set(range(6))


@pytest.mark.parametrize(("n1", "n2", "ratio"), [(15, 180, 1.0), (30, 330, 0.8), (60, 660, 0.65), (8, 25, 1.0), (8, 25, 0.65)])
def test_exact_coverage_of_the_two_intervals(n1, n2, ratio):
    """All tables, each with its probability: what the docs print."""
    a, c = np.meshgrid(np.arange(n1 + 1), np.arange(n2 + 1), indexing="ij")
    weight = binom.pmf(a, n1, 0.46 * ratio) * binom.pmf(c, n2, 0.46)
    inside = np.abs(score_statistic(a, n1, c, n2, ratio)) <= 1.959963984540054
    limits = newcombe_difference(a, n1, c, n2)
    difference = 0.46 * (ratio - 1)
    assert 0.945 < (weight * inside).sum() < 0.96
    assert 0.945 < (weight * ((limits.low <= difference) & (difference <= limits.high))).sum() < 0.96


def test_koopman_is_narrower_than_miettinen_nurminen_and_katz_needs_successes():
    ours, koopman = score_interval_ratio(4, 18, 9, 22), score_interval_ratio(4, 18, 9, 22, corrected=False)
    assert ours.low < koopman.low < koopman.high < ours.high
    assert np.isnan(katz_log_interval(0, 18, 9, 22).low)


def test_ties_are_exact():
    """Equal proportions turned round: the mirrored table is exactly as probable, and counts half too."""
    found = exact_test(6, 10, 4, 10)
    assert found.ties == 2 and 2 * found.mid_p - found.fisher_p == pytest.approx(rarer(6, 10, 10, 10), rel=1e-12)
    # 1,000 and more: weights of hundreds of digits, ties as before.
    assert exact_test(260, 500, 240, 500).ties == 2


def rarer(a, n1, n2, k):
    weights = [math.comb(n1, x) * math.comb(n2, k - x) for x in range(k + 1)]
    return sum(w for w in weights if w < weights[a]) / sum(weights)


def test_the_conditional_odds_ratio_at_the_ends():
    low = conditional_odds_ratio(*hypergeometric(5, 9, 9), 0)
    assert low.odds_ratio == 0 == low.low and 0 < low.high < math.inf
    high = conditional_odds_ratio(*hypergeometric(5, 9, 9), 5)
    assert high.odds_ratio == math.inf == high.high and high.low > 0
    nothing = conditional_odds_ratio(*hypergeometric(5, 9, 14), 5)
    assert math.isnan(nothing.odds_ratio) and nothing.note


def test_barnard_has_nothing_to_say_without_variation():
    assert math.isnan(barnard_p(0, 5, 0, 9)) and math.isnan(barnard_p(0, 0, 3, 9))


def test_candidates_needed_give_the_chance_they_promise():
    for rate, k in ((0.46, 1), (0.46, 11), (0.7, 3), (0.3, 0.5)):
        needed = candidates_needed(rate, references_a_candidate=k)
        assert detection_chance(needed.group, needed.reference, rate, 0.8) == pytest.approx(0.8, abs=0.01)
    assert candidates_needed(0.0).group is None and candidates_needed(0.0).note
    assert candidates_needed(0.9, ratio=1.25).note


def test_the_smallest_detectable_ratio_is_the_last_that_is_seen():
    found = smallest_detectable_ratio(60, 660, 0.46)
    assert detection_chance(60, 660, 0.46, found.ratio) >= 0.8 > detection_chance(60, 660, 0.46, found.ratio + 1e-6)
    above = smallest_detectable_ratio(60, 660, 0.46, in_favour=True)
    assert detection_chance(60, 660, 0.46, above.ratio) >= 0.8 > detection_chance(60, 660, 0.46, above.ratio - 1e-6)


def test_more_candidates_see_smaller_gaps():
    seen = [smallest_detectable_ratio(n, 11 * n, 0.46).ratio for n in (15, 30, 60, 120)]
    assert seen == sorted(seen) and seen[-1] < 1


@pytest.mark.parametrize(
    ("call", "what"),
    [
        (lambda: smallest_detectable_ratio(5, 5, 0.5, chance=1.5), "chance"),
        (lambda: detection_chance(0, 5, 0.5, 0.8), "Two groups"),
        (lambda: detection_chance(5, 5, 0.9, 1.5), "rates"),
    ],
)
def test_planning_with_impossible_numbers_is_refused(call, what):
    with pytest.raises(UsageError, match=what):
        call()
