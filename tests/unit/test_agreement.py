"""How other programs go wrong, each as a test of ours; undefined cases; what a coefficient says about itself."""

import math
import warnings

import numpy as np
import pandas as pd
import pytest

from standardsetting import Scale
from standardsetting.blind import agreement
from standardsetting.errors import UsageError

FIVE = Scale(1, 5)
A = [1, 1, 2, 2, 2, 5, 5, 5, 1, 2]
B = [1, 2, 2, 2, 5, 5, 5, 2, 1, 2]
CHANCE_CORRECTED = (
    agreement.cohen_kappa,
    agreement.light_kappa,
    agreement.fleiss_kappa,
    agreement.conger_kappa,
    agreement.gwet_ac,
    agreement.brennan_prediger,
    agreement.krippendorff_alpha,
)
ALL = (
    *CHANCE_CORRECTED,
    agreement.exact_agreement,
    agreement.adjacent_agreement,
    agreement.kendall_w,
    agreement.r_wg,
    agreement.average_deviation,
)


@pytest.fixture(autouse=True)
def no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def table(*columns, values=("v",), names="abcdefgh"):
    """One column of ratings an assessor; rows go through the candidates, and within each through its values."""
    rows = []
    for name, column in zip(names, columns, strict=False):
        for place, rating in enumerate(column):
            rows.append((f"c{place // len(values):03}", name, values[place % len(values)], rating))
    return pd.DataFrame(rows, columns=["candidate", "assessor", "value", "rating"])


def panels(n, pool, seed, values="wxyz"):
    """Two of a pool of assessors for each candidate; a candidate's true scores on the values go together."""
    generator = np.random.default_rng(seed)
    rows = []
    severity = generator.normal(0, 0.3, pool)
    for candidate in range(n):
        level = generator.normal(3, 0.8)
        for assessor in generator.choice(pool, 2, replace=False):
            for value in values:
                rating = np.clip(round(level + severity[assessor] + generator.normal(0, 0.7)), 1, 5)
                rows.append((candidate, f"a{assessor:02}", value, rating))
    return pd.DataFrame(rows, columns=["candidate", "assessor", "value", "rating"])


# 1. Categories inferred from the data


def test_weights_go_by_the_declared_scale_and_not_by_the_points_used():
    by_position = table(*([{1: 1, 2: 2, 5: 3}[x] for x in column] for column in (A, B)))
    options = {"weights": "quadratic", "interval": "none"}
    assert agreement.cohen_kappa(table(A, B), scale=FIVE, **options).value == pytest.approx(0.6245, abs=5e-5)
    assert agreement.cohen_kappa(by_position, scale=Scale(1, 3), **options).value == pytest.approx(0.7273, abs=5e-5)


@pytest.mark.parametrize(("function", "chance"), [(agreement.gwet_ac, 0.25 * (1 - 0.34)), (agreement.brennan_prediger, 1 / 5)])
def test_points_that_nobody_used_count_among_the_declared(function, chance):
    found = function(table(A, B), scale=FIVE, interval="none")
    share = np.array([sum(x == point for x in A + B) / 20 for point in range(1, 6)])
    assert found.expected == pytest.approx(chance if function is agreement.brennan_prediger else (share * (1 - share)).sum() / 4, abs=1e-12)
    assert found.observed == pytest.approx(0.7, abs=1e-12)


@pytest.mark.parametrize("rating", [0, 9, 2.5, -1, math.inf])
def test_a_rating_off_the_scale_is_an_error_that_names_the_row_and_not_the_rating(rating):
    ratings = table([3, 3, 3], [3, 3, 3]).astype({"rating": float})
    ratings.loc[4, "rating"] = rating
    with pytest.raises(UsageError, match=r"1 of 6 are not \(row 5") as error:
        agreement.fleiss_kappa(ratings, scale=FIVE)
    assert str(rating) not in str(error.value)


# 2. Half points


def test_half_points_are_exact():
    whole, half = table(A, B), table(*([x / 2 + 0.5 for x in column] for column in (A, B)))
    for function in ALL[:-1]:  # the average deviation is in points, so it halves
        options = {"level": "interval"} if function is agreement.krippendorff_alpha else {}
        options |= {"within": 0.5} if function is agreement.adjacent_agreement else {}
        expected = function(whole, scale=FIVE, interval="none", **{k: v for k, v in options.items() if k != "within"}).value
        assert function(half, scale=Scale(1, 3, step=0.5), interval="none", **options).value == pytest.approx(expected, abs=1e-12)


def test_a_tenth_is_a_point_although_it_is_not_exact_in_binary():
    ratings = table([0.1 + 0.2, 0.7], [0.3, 0.1 * 7])
    assert agreement.exact_agreement(ratings, scale=Scale(0, 1, step=0.1), interval="none").value == 1


def test_text_is_not_a_rating():
    with pytest.raises(UsageError, match="must be numbers"):
        agreement.exact_agreement(table(["1.5", "2"], ["1.5", "2"]), scale=Scale(1, 5, step=0.5))


# 3. Missing ratings


def test_a_missing_rating_is_no_category_and_no_candidate():
    nothing = [*A, np.nan]
    with_gap, without = table(nothing, [*B, np.nan]), table(A, B)
    for function in ALL:
        found = function(with_gap, scale=FIVE, interval="none")
        assert found.value == pytest.approx(function(without, scale=FIVE, interval="none").value, abs=1e-12)
        assert (found.n_candidates, found.n_ratings) == (10, 20)
        assert "Missing ratings: 2." in found.note


def test_a_single_rating_counts_in_the_chance_term_except_for_krippendorff():
    single, without = table([*A, 5], [*B, np.nan]), table(A, B)
    for function in (agreement.fleiss_kappa, agreement.gwet_ac, agreement.conger_kappa):
        one, none = (function(ratings, scale=FIVE, interval="none") for ratings in (single, without))
        assert one.observed == pytest.approx(none.observed, abs=1e-12)
        assert abs(one.expected - none.expected) > 1e-4
        assert (one.n_candidates, none.n_candidates) == (11, 10)
        assert "Units with one rating: 1" in one.note
    for function in (agreement.krippendorff_alpha, agreement.cohen_kappa):
        one, none = (function(ratings, scale=FIVE, interval="none") for ratings in (single, without))
        assert one.value == pytest.approx(none.value, abs=1e-12)
        assert (one.n_candidates, one.n_ratings) == (10, 20)
        assert one.note


def test_a_table_of_missing_values_only_says_so():
    ratings = table([np.nan], [np.nan])
    for function in ALL:
        found = function(ratings, scale=FIVE)
        assert math.isnan(found.value)
        assert found.reason == "There are no ratings."


# 4. Constant data, and everything else that is undefined


@pytest.mark.parametrize("function", CHANCE_CORRECTED)
@pytest.mark.parametrize("interval", ["none", "analytic", "bootstrap"])
def test_constant_ratings_have_no_value_and_a_sentence(function, interval):
    found = function(table([3] * 8, [3] * 8), scale=FIVE, interval=interval)
    assert math.isnan(found.value) and math.isnan(found.low) and math.isnan(found.high) and math.isnan(found.standard_error)
    assert found.reason.endswith(".")
    assert not found.defined


@pytest.mark.parametrize("function", ALL)
@pytest.mark.parametrize("interval", ["analytic", "bootstrap", "percentile"])
def test_a_perfect_match_has_a_value_but_no_interval_of_no_width(function, interval):
    found = function(table([1, 2, 3, 4, 5, 3] * 3, [1, 2, 3, 4, 5, 3] * 3), scale=FIVE, interval=interval)
    assert found.value == pytest.approx(0 if function is agreement.average_deviation else 1)
    assert math.isnan(found.low) and math.isnan(found.high)
    assert found.reason.endswith(".")


@pytest.mark.parametrize("function", ALL)
def test_one_assessor_or_no_pair_says_so(function):
    alone = function(table([1, 2, 3]), scale=FIVE)
    apart = function(table([1, np.nan, 2, np.nan], [np.nan, 2, np.nan, 3]), scale=FIVE)
    assert math.isnan(alone.value) and "One assessor" in alone.reason
    assert math.isnan(apart.value) and apart.reason


@pytest.mark.parametrize("function", ALL)
def test_one_candidate_has_no_interval_over_candidates(function):
    found = function(table([2, 4, 5, 1], [2, 5, 4, 2], values="wxyz"), scale=FIVE, seed=3)
    assert found.defined
    assert found.n_candidates == 1
    assert math.isnan(found.low) and "One candidate" in found.reason


def test_rare_undefined_resamples_are_left_out_and_counted_and_frequent_ones_end_the_interval():
    frequent = agreement.fleiss_kappa(table([3] * 9 + [4], [3] * 10), scale=FIVE)
    assert frequent.defined and math.isnan(frequent.low)
    assert "undefined on" in frequent.reason
    rare = agreement.fleiss_kappa(table([3] * 9 + [4, 4, 2], [3] * 10 + [4, 2]), scale=FIVE)
    assert rare.low < rare.value <= rare.high
    assert "left out" in rare.note


# 5. Small whole numbers


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "Int64", "float32"])
def test_small_numbers_do_not_overflow(dtype):
    ratings = pd.concat([panels(400, 9, 1)] * 1, ignore_index=True)
    for function in ALL:
        options = {"level": "interval"} if function is agreement.krippendorff_alpha else {}
        expected = function(ratings, scale=FIVE, interval="none", **options)
        found = function(ratings.astype({"rating": dtype}), scale=FIVE, interval="none", **options)
        assert found.value == expected.value or (math.isnan(found.value) and math.isnan(expected.value))
    hundred = table(*([x * 20 for x in column] for column in (A, B))).astype({"rating": "uint8"})
    found = agreement.krippendorff_alpha(hundred, scale=Scale(0, 100), level="interval", interval="none").value
    assert found == pytest.approx(agreement.krippendorff_alpha(table(A, B), scale=FIVE, level="interval", interval="none").value, abs=1e-12)


# 6. Duplicates


@pytest.mark.parametrize("shuffle", [False, True])
def test_a_repeated_rating_is_an_error_with_the_rows(shuffle):
    ratings = table(A, B, A)
    ratings = pd.concat([ratings, ratings.iloc[[13]]], ignore_index=True)
    if shuffle:
        ratings = ratings.sample(frac=1, random_state=4).reset_index(drop=True)
    else:
        ratings = ratings.sort_values("candidate", kind="stable", ignore_index=True)
    twice = ratings.duplicated(["candidate", "assessor", "value"], keep=False)
    expected = ", ".join(str(row + 1) for row in np.flatnonzero(twice))
    with pytest.raises(UsageError, match=rf"2 rows share .* \(rows {expected}, counting from 1\)"):
        agreement.krippendorff_alpha(ratings, scale=FIVE)


def test_the_same_value_in_another_exercise_is_no_duplicate():
    twice = pd.concat([table(A, B).assign(exercise="interview"), table(B, A).assign(exercise="briefing")])
    found = agreement.cohen_kappa(twice, scale=FIVE, interval="none")
    assert (found.n_units, found.n_candidates) == (20, 10)
    assert found.observed == pytest.approx(0.7)


# 10. The bootstrap's unit


def test_candidates_and_not_their_values_are_resampled():
    """Four copies of one value carry no more information than one: the interval may not shrink."""
    one = panels(150, 8, 5, values="w")
    four = pd.concat([one.assign(value=value) for value in "wxyz"])
    for function in (agreement.krippendorff_alpha, agreement.fleiss_kappa, agreement.conger_kappa, agreement.r_wg):
        for interval in ("percentile", "bootstrap"):
            options = {"scale": FIVE, "interval": interval, "replicates": 2000}
            alone, copied = function(one, **options), function(four, **options)
            assert copied.standard_error == pytest.approx(alone.standard_error, rel=0.1)
            assert "resamples of candidates" in copied.method
    for function in (agreement.fleiss_kappa, agreement.gwet_ac, agreement.conger_kappa, agreement.exact_agreement):
        alone, copied = (function(ratings, scale=FIVE, interval="analytic") for ratings in (one, four))
        assert copied.standard_error == pytest.approx(alone.standard_error, rel=1e-9)


@pytest.mark.parametrize("resample", ["assessor", "both"])
@pytest.mark.parametrize("function", [f for f in ALL if f not in (agreement.kendall_w, agreement.cohen_kappa)])
def test_assessors_can_be_resampled(function, resample):
    found = function(panels(80, 10, 2), scale=FIVE, resample=resample, replicates=300, seed=1)
    assert found.low < found.value < found.high
    assert found.method.endswith("of assessors" if resample == "assessor" else "of candidates and assessors")
    assert found == function(panels(80, 10, 2), scale=FIVE, resample=resample, replicates=300, seed=1)
    assert found.low != function(panels(80, 10, 2), scale=FIVE, resample=resample, replicates=300, seed=2).low


def test_a_fixed_set_of_assessors_is_not_resampled():
    for function in (agreement.kendall_w, agreement.cohen_kappa):
        found = function(table(A, B), scale=FIVE, resample="assessor")
        assert found.defined and math.isnan(found.low) and found.reason


# 11. Slot columns


def test_different_people_behind_two_columns_are_not_two_assessors():
    ratings = panels(60, 8, 3)
    for function in (agreement.cohen_kappa, agreement.kendall_w):
        refused = function(ratings, scale=FIVE)
        assert math.isnan(refused.value)
        assert "Fleiss" in refused.reason and "Krippendorff" in refused.reason
    assert "8 people" in agreement.cohen_kappa(ratings, scale=FIVE).reason
    assert agreement.conger_kappa(ratings, scale=FIVE, interval="none").n_assessors == 8


# What a coefficient says, and options


def test_only_independent_ratings_are_used_and_it_is_said():
    mixed = pd.concat([table(A, B).assign(kind="independent"), table(A, A).assign(kind="agreed", assessor=None)])
    found = agreement.cohen_kappa(mixed, scale=FIVE, interval="none")
    assert found.value == agreement.cohen_kappa(table(A, B), scale=FIVE, interval="none").value
    assert "20 of 40 rows" in found.note


def test_the_bootstrap_says_how_it_was_made():
    found = agreement.gwet_ac(table(A, B), scale=FIVE, weights="linear", seed=7, replicates=500)
    assert (found.seed, found.confidence, found.n_units) == (7, 0.95, 10)
    assert found.method == "BCa bootstrap interval, 500 resamples of candidates"
    assert found.name == "Gwet's AC2, linear"
    assert found.low < found.value < found.high <= 1
    assert found == agreement.gwet_ac(table(A, B), scale=FIVE, weights="linear", seed=7, replicates=500)
    assert agreement.gwet_ac(table(A, B), scale=FIVE, interval="none").seed is None


def test_bca_is_the_bca_of_scipy():
    """The mean of a skewed index over candidates, the same interval from explicit resamples by another program."""
    from scipy import stats

    first, second = np.random.default_rng(5).choice([1, 2, 3, 4, 5], size=(2, 25), p=[0.02, 0.03, 0.15, 0.6, 0.2])
    options = {"scale": FIVE, "negative": "keep", "replicates": 20000}
    bca, percentile = (agreement.r_wg(table(first, second), interval=interval, **options) for interval in ("bootstrap", "percentile"))
    index = 1 - (first - second) ** 2 / 2 / 2
    expected = stats.bootstrap((index,), np.mean, n_resamples=20000, method="BCa", random_state=1).confidence_interval
    assert (bca.low, bca.high) == (pytest.approx(expected.low, abs=0.01), pytest.approx(expected.high, abs=0.01))
    assert abs(bca.low - percentile.low) > 0.02
    assert bca.standard_error == percentile.standard_error


@pytest.mark.parametrize(
    "options",
    [
        {"interval": "guess"},
        {"resample": "value"},
        {"confidence": 95},
        {"replicates": 1},
        {"seed": -1},
        {"weights": "cubic"},
        {"interval": "analytic", "resample": "both"},
    ],
)
def test_a_wrong_option_is_refused(options):
    with pytest.raises(UsageError):
        agreement.fleiss_kappa(table(A, B), scale=FIVE, **options)


def test_a_missing_column_or_name_is_refused():
    with pytest.raises(UsageError, match="assessor is not there"):
        agreement.r_wg(table(A, B).drop(columns="assessor"), scale=FIVE)
    nameless = table(A, B)
    nameless.loc[3, "assessor"] = None
    with pytest.raises(UsageError, match=r"needs its assessor; 1 have none \(row 4"):
        agreement.r_wg(nameless, scale=FIVE)


def test_the_ratio_level_needs_a_true_zero():
    with pytest.raises(UsageError, match="ratio"):
        agreement.krippendorff_alpha(table([0, 1], [1, 1]), scale=Scale(-1, 1), level="ratio")


def test_r_wg_nulls():
    ratings = table([3, 3], [4, 3], [5, 3])
    assert agreement.r_wg(ratings, scale=FIVE, interval="none").value == pytest.approx((0.5 + 1) / 2)
    assert agreement.r_wg(ratings, scale=FIVE, null="maximum dissensus", interval="none").value == pytest.approx((0.75 + 1) / 2)
    spread = table([1], [5])
    assert agreement.r_wg(spread, scale=FIVE, interval="none").value == 0
    assert agreement.r_wg(spread, scale=FIVE, negative="keep", interval="none").value == pytest.approx(1 - 8 / 2)
    assert agreement.null_variance(Scale(1, 5, step=0.5)) == pytest.approx(0.25 * 80 / 12)
    assert agreement.null_variance(FIVE, (0, 0, 0.1, 0.4, 0.5)) == pytest.approx(0.44)
    with pytest.raises(UsageError):
        agreement.null_variance(FIVE, (0.5, 0.5))


def test_the_overview_holds_every_coefficient_as_its_own_call_gives_it():
    ratings = panels(60, 6, 8)
    found = agreement.agreement_table(ratings, scale=FIVE, replicates=200)
    assert set(found["value"]) == {"w", "x", "y", "z", "all values"}
    assert (found.groupby("value").size() == 27).all()
    rows = found.set_index(["value", "coefficient", "weights"])
    alone = agreement.krippendorff_alpha(ratings, scale=FIVE, level="ordinal", replicates=200)
    assert tuple(rows.loc[("all values", "Krippendorff's alpha", "ordinal"), ["estimate", "low", "high"]]) == (
        alone.value,
        alone.low,
        alone.high,
    )
    one = agreement.conger_kappa(ratings[ratings["value"] == "x"], scale=FIVE, weights="quadratic", replicates=200)
    row = rows.loc[("x", "Conger's kappa", "quadratic")]
    assert (row["estimate"], row["low"], row["n_units"]) == (pytest.approx(one.value), pytest.approx(one.low), one.n_units)
    undefined = found["estimate"].isna()
    assert (found.loc[undefined, "reason"] != "").all()
    assert set(found.loc[undefined, "coefficient"]) == {"Cohen's kappa", "Kendall's W"}
