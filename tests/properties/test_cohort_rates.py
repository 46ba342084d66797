"""What has to hold for any two groups: turned round, mirrored, multiplied, with one success more."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from standardsetting.cohort.exact_tests import exact_test
from standardsetting.cohort.families import benjamini_hochberg, holm
from standardsetting.cohort.intervals import newcombe_difference, score_interval_ratio, score_statistic
from standardsetting.cohort.pooled import COUNTS, pool
from standardsetting.cohort.power import detection_chance, smallest_detectable_ratio
from standardsetting.cohort.rates import compare
from standardsetting.cohort.running import log_evidence
from standardsetting.cohort.stages import COLUMNS as STAGES
from standardsetting.cohort.stages import waterfall
from standardsetting.cohort.undeclared import bounds
from standardsetting.cohort.verdict import CODES, MIRROR, Verdict, verdicts

calm = settings(deadline=None, max_examples=40)


@st.composite
def tables(draw, most=60, least=1):
    n1, n2 = draw(st.integers(least, most)), draw(st.integers(least, most))
    return draw(st.integers(0, n1)), n1, draw(st.integers(0, n2)), n2


def same(one, other, rel=1e-9):
    return one == other or (math.isnan(one) and math.isnan(other)) or math.isclose(one, other, rel_tol=rel, abs_tol=1e-12)


@calm
@given(tables())
def test_turned_round(table):
    a, n1, c, n2 = table
    here, there = compare(a, n1, c, n2), compare(c, n2, a, n1)
    turned = [1 / x if x else math.inf for x in (there.ratio, there.ratio_high, there.ratio_low)]
    assert all(map(same, (here.ratio, here.ratio_low, here.ratio_high), turned))
    assert same(here.difference, -there.difference) and same(here.difference_low, -there.difference_high)
    assert same(here.fisher_p, there.fisher_p) and same(here.mid_p, there.mid_p)
    assert same(here.z, -there.z) and same(here.cohen_h, -there.cohen_h) and same(here.shortfall, -there.shortfall)
    assert here.verdict is MIRROR.get(there.verdict, there.verdict)


@calm
@given(tables())
def test_successes_and_failures_exchanged(table):
    a, n1, c, n2 = table
    here, there = compare(a, n1, c, n2), compare(n1 - a, n1, n2 - c, n2)
    assert same(here.non_success_ratio, there.ratio) and same(here.non_success_low, there.ratio_low)
    assert same(here.non_success_high, there.ratio_high)
    assert same(here.difference, -there.difference) and same(here.difference_high, -there.difference_low)
    assert same(here.fisher_p, there.fisher_p) and same(here.mid_p, there.mid_p)
    assert same(here.odds_ratio, 1 / there.odds_ratio if there.odds_ratio else math.inf)


@calm
@given(tables(most=30), st.integers(2, 20))
def test_larger_cohorts_with_the_same_rates(table, times):
    """The estimates stay, the intervals shrink around them."""
    small, large = compare(*table), compare(*(times * x for x in table))
    for name in ("ratio", "difference", "cohen_h", "odds_ratio", "phi"):
        assert same(getattr(small, name), getattr(large, name)), name
    assert same(large.shortfall, times * small.shortfall) and small.practical_size == large.practical_size
    assert large.ratio_low >= small.ratio_low - 1e-12 and large.ratio_high <= small.ratio_high * (1 + 1e-12)


@calm
@given(tables())
def test_bounds(table):
    a, _, c, _ = table
    found = compare(*table)
    assert 0 <= found.mid_p <= found.fisher_p <= 1
    assert -1 <= found.difference_low <= found.difference <= found.difference_high <= 1
    assert 0 <= found.ratio_low <= found.ratio_high
    if a + c:
        assert found.ratio_low <= found.ratio * (1 + 1e-12) and found.ratio <= found.ratio_high * (1 + 1e-12)
    assert (found.ratio_low == 0) == (a == 0) and (found.ratio_high == math.inf) == (c == 0)
    assert found.sentence and found.verdict_sentence and not any(ch.isdigit() for ch in found.verdict_sentence)
    for name, value in vars(found).items():
        if value is None or (isinstance(value, float) and not math.isfinite(value)):
            assert found.notes, name


@calm
@given(tables())
def test_one_success_more(table):
    a, n1, c, n2 = table
    if a == n1:
        return
    few, many = (score_interval_ratio(x, n1, c, n2) for x in (a, a + 1))
    assert few.low <= many.low + 1e-12 and (few.high <= many.high * (1 + 1e-9))
    few, many = (newcombe_difference(x, n1, c, n2) for x in (a, a + 1))
    assert few.low < many.low + 1e-12 and few.high < many.high + 1e-12


@calm
@given(tables(), st.floats(0.05, 20))
def test_the_interval_holds_what_the_test_does_not_reject(table, ratio):
    """Restricted rates by a search over the likelihood, not by the quadratic."""
    a, n1, c, n2 = table
    grid = np.linspace(0, min(1, 1 / ratio), 200_001)[1:-1]
    with np.errstate(divide="ignore"):
        likelihood = a * np.log(ratio * grid) + (n1 - a) * np.log1p(-ratio * grid) + c * np.log(grid) + (n2 - c) * np.log1p(-grid)
    p2 = grid[likelihood.argmax()]
    p1 = ratio * p2
    variance = (p1 * (1 - p1) / n1 + ratio**2 * p2 * (1 - p2) / n2) * (n1 + n2) / (n1 + n2 - 1)
    brute = (a / n1 - ratio * c / n2) / math.sqrt(variance)
    ours = float(score_statistic(a, n1, c, n2, ratio))
    if 0 < a + c < n1 + n2:
        assert ours == pytest.approx(brute, rel=0.02, abs=0.02)
    limits = score_interval_ratio(a, n1, c, n2)
    inside = abs(ours) < 1.959963984540054
    if abs(abs(ours) - 1.959963984540054) > 1e-6:
        assert (limits.low < ratio < limits.high) == inside


@calm
@given(tables(most=25))
def test_exact_tests_by_counting_tables(table):
    a, n1, c, n2 = table
    k = a + c
    weights = {x: math.comb(n1, x) * math.comb(n2, k - x) for x in range(max(0, k - n2), min(n1, k) + 1)}
    total = sum(weights.values())
    fisher = Fraction(sum(w for w in weights.values() if w <= weights[a]), total)
    mid = fisher - Fraction(sum(w for w in weights.values() if w == weights[a]), 2 * total)
    found = exact_test(a, n1, c, n2)
    assert found.fisher_p == pytest.approx(float(fisher), rel=1e-12) and found.mid_p == pytest.approx(float(mid), rel=1e-12)


@calm
@given(tables())
def test_numbers_of_people_by_trying(table):
    a, n1, c, n2 = table
    found = compare(a, n1, c, n2)
    flips = [k for k in range(n1 + n2) if Fraction(a + k, n1) >= Fraction(c - k, n2)]
    assert found.flip_number == (None if Fraction(a, n1) > Fraction(c, n2) else flips[0])
    assert found.selections_to_four_fifths == next(k for k in itertools.count() if Fraction(a + k, n1) >= Fraction(4 * c, 5 * n2))


@calm
@given(tables(most=200))
def test_verdicts_follow_from_the_interval(table):
    low, high = (float(x) for x in score_interval_ratio(*table))
    if min(abs(end - line) for end in (low, high) for line in (0.8, 1, 1.25)) < 1e-9:
        return
    expected = (
        Verdict.MATERIAL_GAP if high < 0.8 else Verdict.GAP if high < 1 else Verdict.MATERIAL_GAP_IN_FAVOUR if low > 1.25
        else Verdict.GAP_IN_FAVOUR if low > 1 else Verdict.NO_MATERIAL_GAP if low >= 0.8 and high <= 1.25 else Verdict.CANNOT_TELL
    )  # fmt: skip
    assert CODES[int(verdicts(*table))] is expected is compare(*table).verdict


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 25), st.integers(1, 40), st.floats(0.05, 0.95), st.floats(0.1, 1.9))
def test_chance_of_detection_by_adding_up_tables(n1, n2, rate, ratio):
    if ratio * rate > 1:
        return
    a, c = np.meshgrid(np.arange(n1 + 1), np.arange(n2 + 1), indexing="ij")
    side = (1, 2) if ratio <= 1 else (4, 5)
    said = np.isin(verdicts(a, n1, c, n2), side)
    chance = (said * binom.pmf(a, n1, min(1, rate * ratio)) * binom.pmf(c, n2, rate)).sum()
    assert detection_chance(n1, n2, rate, ratio) == pytest.approx(chance, abs=1e-9)
    found = smallest_detectable_ratio(n1, n2, rate, in_favour=ratio > 1).ratio
    if not math.isnan(found):
        assert detection_chance(n1, n2, rate, found) >= 0.8 - 1e-9


@settings(deadline=None, max_examples=25)
@given(tables(most=12, least=0), st.integers(0, 5), st.integers(0, 5))
def test_bounds_for_undeclared_by_going_through_them(table, s, f):
    a, n1, c, n2 = table
    found = bounds(*table, undeclared_successes=s, undeclared_n=s + f)
    ratios, said = [], {CODES[int(verdicts(*table))]}
    for j, k in itertools.product(range(s + 1), range(f + 1)):
        counts = (a + j, n1 + j + k, c + s - j, n2 + s + f - j - k)
        said.add(CODES[int(verdicts(*counts))])
        one = compare(*counts).ratio
        ratios += [] if math.isnan(one) else [one]
    if ratios:
        assert same(found.smallest, min(ratios)) and same(found.largest, max(ratios))
        assert found.lowest_limit <= found.smallest and found.largest <= found.highest_limit
    else:
        assert math.isnan(found.smallest) and math.isnan(found.largest)
    assert set(found.possible_verdicts) == said
    assert found.verdict is (said.pop() if len(said) == 1 else Verdict.CANNOT_TELL_UNDECLARED)


@calm
@given(st.lists(tables(least=1), min_size=1, max_size=1))
def test_pooling_one_process_is_that_process(one):
    a, n1, c, n2 = one[0]
    found, alone = pool(pd.DataFrame(one, columns=COUNTS)), compare(*one[0])
    if a and c:
        spread = 1.959963984540054 * math.sqrt(1 / a - 1 / n1 + 1 / c - 1 / n2)
        assert same(found.ratio, alone.ratio) and same(found.ratio_high, alone.ratio * math.exp(spread), rel=1e-7)
    if 0 < a + c < n1 + n2:
        assert same(found.odds_ratio, alone.odds_ratio) and same(found.exact_odds_ratio, alone.conditional_odds_ratio, rel=1e-7)
        assert same(found.exact_p, alone.fisher_p)
        assert same(found.chi_square, alone.z**2 * (n1 + n2 - 1) / (n1 + n2))


@settings(deadline=None, max_examples=20)
@given(st.integers(1, 80), st.integers(1, 300), st.lists(st.tuples(st.floats(0.2, 1), st.floats(0.2, 1)), min_size=1, max_size=5))
def test_the_waterfall_adds_up(n1, n2, rates):
    rows = []
    for i, (one, other) in enumerate(rates):
        passed, reference_passed = math.ceil(n1 * one), math.ceil(n2 * other)
        rows.append((f"stage {i}", n1, passed, n2, reference_passed))
        n1, n2 = passed, reference_passed
    table = waterfall(pd.DataFrame(rows, columns=STAGES), replicates=50).table
    stages, whole = table.iloc[:-1], table.iloc[-1]
    assert stages["log_ratio"].sum() == pytest.approx(whole["log_ratio"], abs=1e-12)
    assert math.prod(stages["ratio"]) == pytest.approx(whole["ratio"], rel=1e-12)
    # The stages' variances add up to that of the whole, too.
    assert ((stages["log_high"] - stages["log_ratio"]) ** 2).sum() == pytest.approx((whole["log_high"] - whole["log_ratio"]) ** 2, abs=1e-9)
    exact = [Fraction(int(r.passed) * int(r.reference_entered), int(r.entered) * int(r.reference_passed)) for r in table.itertuples()]
    assert math.prod(exact[:-1]) == exact[-1]


@calm
@given(st.lists(st.one_of(st.floats(0, 1), st.just(math.nan)), max_size=12))
def test_adjusted_p_values(p):
    """Holm by its definition: the largest of (m - rank + 1) p up to each p; Benjamini-Hochberg: the smallest of m p / rank from it on."""
    made = sorted(x for x in p if not math.isnan(x))
    m = len(made)
    for before, by_holm, by_hochberg in zip(p, holm(p), benjamini_hochberg(p), strict=True):
        if math.isnan(before):
            assert math.isnan(by_holm) and math.isnan(by_hochberg)
            continue
        assert same(by_holm, min(1, max((m - i) * x for i, x in enumerate(made) if x <= before)))
        assert same(by_hochberg, min(1, min(m * x / (i + 1) for i, x in enumerate(made) if x >= before)))
        assert before <= by_hochberg + 1e-15 and by_hochberg <= by_holm + 1e-12


@settings(deadline=None, max_examples=8)
@given(st.integers(1, 8), st.integers(1, 12), st.sampled_from([0.5, 0.8, 1.0, 1.5]), st.floats(0.05, 0.95))
def test_an_e_value_expects_no_more_than_one(n1, n2, ratio, rate):
    """Over every table a process could have, at any rate of the reference group, the second process included."""
    if ratio * rate > 1:
        return
    a, c = (x.ravel() for x in np.meshgrid(np.arange(n1 + 1), np.arange(n2 + 1), indexing="ij"))
    weight = binom.pmf(a, n1, ratio * rate) * binom.pmf(c, n2, rate)
    first = [log_evidence([3, x], [10, n1], [9, y], [12, n2], ratio=ratio)[:, 0] for x, y in zip(a, c, strict=True)]
    second = np.exp([after - before for before, after in first])
    assert (weight * second).sum() <= 1 + 1e-9
    alone = np.exp([log_evidence([x], [n1], [y], [n2], ratio=ratio)[0, 0] for x, y in zip(a, c, strict=True)])
    assert (weight * alone).sum() <= 1 + 1e-9
