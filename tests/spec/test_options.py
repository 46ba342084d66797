"""The options on the lattice of the first process: four values from 1 to 5, a hurdle of 3 on each, every profile once."""

from __future__ import annotations

import time
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from standardsetting import DecisionRule, Scale
from standardsetting.blind.close_to_the_line import close_to_the_line
from standardsetting.blind.distributions import correlations, hurdle_counts, total_distribution, value_distribution
from standardsetting.blind.options import above_the_hurdles, deciding, options
from standardsetting.blind.profile_counts import neighbours, profile_counts
from standardsetting.errors import UsageError
from standardsetting.profiles import enumerate_profiles
from standardsetting.scale import as_fraction

RULE = DecisionRule([3, 3, 3, 3], scale=Scale(1, 5))
EVERY_PROFILE = enumerate_profiles(Scale(1, 5), 4)
MEETING = [81, 80, 76, 66, 50, 31, 15, 5, 1]
BY_TOTAL = [1, 4, 10, 16, 19, 16, 10, 4, 1]
REACHING = [355, 270, 190, 122, 70, 35, 15, 5, 1]


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return options(EVERY_PROFILE, RULE, vacancies=50).set_index("cut", drop=False)


def test_every_possible_total_is_an_option(table: pd.DataFrame) -> None:
    assert table["cut"].tolist() == list(range(4, 21))
    assert (table["complete"] == 625).all()


def test_who_meets_the_rule_at_each_cut(table: pd.DataFrame) -> None:
    assert table.loc[12:20, "met"].tolist() == MEETING
    assert table.loc[4:12, "met"].tolist() == [81] * 9


def test_reasons_do_not_overlap(table: pd.DataFrame) -> None:
    assert (table.loc[12:20, "met"] + table.loc[12:20, "not_met_hurdle_only"]).tolist() == REACHING
    assert table.loc[12:20, "not_met_total_only"].tolist() == [81 - met for met in MEETING]
    assert (table[["met", "not_met_hurdle_only", "not_met_total_only", "not_met_both", "incomplete"]].sum(axis=1) == 625).all()


def test_ties_and_moves(table: pd.DataFrame) -> None:
    assert table.loc[12:20, "tied_at_cut"].tolist() == BY_TOTAL
    assert table.loc[12:20, "moves_up"].tolist() == BY_TOTAL
    assert table.loc[13:20, "moves_down"].tolist() == BY_TOTAL[:-1]
    assert table.loc[4:12, "moves_down"].tolist() == [0] * 9
    assert table.loc[12, "tied_all"] == 85


def test_what_decides(table: pd.DataFrame) -> None:
    kinds = table["kind"]
    assert (kinds.loc[4:12] == "vacuous").all()
    assert (kinds.loc[13:17] == "both decide").all()
    assert (kinds.loc[18:20] == "hurdles redundant").all()
    assert deciding(table)["cut"].tolist() == [12, 13, 14, 15, 16, 17, 18]


def test_vacancies_are_a_consequence_and_change_nothing_else(table: pd.DataFrame) -> None:
    without = options(EVERY_PROFILE, RULE)
    same = [c for c in table.columns if "vacancies" not in c]
    pd.testing.assert_frame_equal(table[same].reset_index(drop=True), without[same])
    assert without["met_minus_vacancies"].isna().all()
    assert table.loc[16, "met_minus_vacancies"] == 0


@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_each_rate_has_the_wilson_interval_of_its_counts(confidence: float) -> None:
    table = options(EVERY_PROFILE, RULE, confidence=confidence)
    assert table["met"].nunique() > 5
    for row in table.itertuples():
        theirs = binomtest(row.met, row.complete).proportion_ci(confidence, method="wilson")
        assert row.rate == row.met / row.complete
        assert (row.low, row.high) == pytest.approx((theirs.low, theirs.high), rel=1e-9, abs=1e-12)


def test_nobody_complete_has_no_rate() -> None:
    scores = pd.DataFrame({f"value {i}": [np.nan, 3.0] for i in range(1, 5)})
    scores.loc[1, "value 2"] = np.nan
    table = options(scores, RULE)
    assert (table["incomplete"] == 2).all()
    assert (table["complete"] == 0).all()
    assert table[["rate", "low", "high"]].isna().all(axis=None)


def test_long_table_and_any_cut() -> None:
    long = EVERY_PROFILE.rename_axis("candidate").reset_index().melt("candidate", var_name="value", value_name="rating")
    table = options(long, RULE, cuts=[14, "13.5", 99])
    assert table["cut"].tolist() == [13.5, 14, 99]
    assert table["met"].tolist() == [76, 76, 0]
    assert table["tied_at_cut"].tolist() == [0, 10, 0]
    assert table["moves_up"].tolist() == [0, 10, 0]
    assert table["moves_down"].tolist() == [4, 4, 1]


def test_thirds_are_exact() -> None:
    rule = DecisionRule([3, 3, 3], scale=Scale(1, 5, step=Fraction(1, 3)))
    scores = pd.DataFrame({"value 1": [10 / 3, 10 / 3], "value 2": [10 / 3, 3.0], "value 3": [10 / 3, 11 / 3]})
    table = options(scores, rule, cuts=[10])
    assert table[["met", "tied_at_cut"]].to_numpy().tolist() == [[2, 2]]


def test_many_totals_are_thinned_and_said_so() -> None:
    rule = DecisionRule([1] * 4, scale=Scale(1, 5), weights={"value 1": "1.01", "value 2": "1.0203", "value 3": "1.03", "value 4": 1})
    table = options(EVERY_PROFILE, rule)
    assert len(table) <= 200
    assert "multiples of 1" in table.attrs["notes"][0]


def test_refusals() -> None:
    with pytest.raises(UsageError, match="confidence"):
        options(EVERY_PROFILE, RULE, confidence=1)
    with pytest.raises(UsageError, match="rule"):
        options(EVERY_PROFILE)
    with pytest.raises(UsageError, match="no cut"):
        options(EVERY_PROFILE, DecisionRule([3, 3, 3, 3]))
    assert options(EVERY_PROFILE, DecisionRule([3, 3, 3, 3]), cuts=[14])["met"].tolist() == [76]


def test_81_ordered_and_15_unordered_profiles() -> None:
    ordered, unordered = profile_counts(EVERY_PROFILE, RULE), profile_counts(EVERY_PROFILE, RULE, ordered=False)
    assert len(ordered) == 81
    assert len(unordered) == 15
    assert (ordered["candidates"] == 1).all()
    assert unordered["ways"].sum() == 81
    assert (unordered["candidates"] == unordered["ways"]).all()
    assert ordered.groupby("total").size().tolist() == BY_TOTAL


def test_order_matters_where_hurdles_differ() -> None:
    rule = DecisionRule([3, 3, 3, 2], scale=Scale(1, 5))
    counted = profile_counts(EVERY_PROFILE, rule, ordered=False)
    assert counted.attrs["ordered"]
    assert len(counted) == 3 * 3 * 3 * 4


def test_profiles_nobody_has_are_left_out_only_on_large_lattices() -> None:
    rule = DecisionRule([1] * 6, scale=Scale(1, 5))
    scores = pd.DataFrame([[3.0] * 6, [3.0] * 6, [2.0] * 6], columns=list(rule.values))
    counted = profile_counts(scores, rule)
    assert not counted.attrs["every_possible"]
    assert counted["candidates"].tolist() == [1, 2]
    assert len(profile_counts(scores, rule, ordered=False)) == 210


def test_neighbours_name_the_profiles_that_a_step_moves() -> None:
    steps = neighbours(EVERY_PROFILE, RULE, cuts=[12, 13, 14, 15])
    assert steps.groupby("cut")["candidates"].sum().tolist() == [1, 4, 10]
    assert steps.loc[steps["cut"] == 14, "profile"].tolist() == ["4 4 3 3", "5 3 3 3"]


def test_close_to_the_line_both_ways() -> None:
    close = close_to_the_line(EVERY_PROFILE, RULE)
    by_cut = close.by_cut.set_index("cut")
    # One 2 and three scores of 3 to 5: 4 places for the 2, and the totals of three values follow 1, 3, 6, 7, 6, 3, 1.
    threes = np.array([1, 3, 6, 7, 6, 3, 1])
    expected = [4 * int(threes[max(cut - 11, 0) :].sum()) for cut in range(12, 18)]
    assert by_cut.loc[12:17, "missed_one_hurdle"].tolist() == expected
    assert by_cut.loc[18:, "missed_one_hurdle"].tolist() == [0, 0, 0]
    assert by_cut.loc[13:20, "one_step_short"].tolist() == BY_TOTAL[:-1]
    sums = close.patterns.groupby("cut")["candidates"].sum()
    assert (sums == by_cut["missed_one_hurdle"]).all()
    missers = close.candidates[close.candidates["side"] == "missed one hurdle"]
    scores = EVERY_PROFILE.loc[missers["candidate"]]
    assert ((scores == 2).sum(axis=1) == 1).all()
    assert (scores.min(axis=1) == 2).all()


def test_close_to_the_line_steps_are_steps_of_the_scale() -> None:
    rule = DecisionRule([3, 3], scale=Scale(1, 5, step=0.5))
    close = close_to_the_line(pd.DataFrame({"value 1": [2.5, 2.0], "value 2": [5.0, 5.0]}), rule, cuts=[6, 7])
    assert close.by_cut["missed_one_hurdle"].tolist() == [1, 1]


def closely(candidate: pd.Series, rule: DecisionRule, cut: float, step: Fraction) -> str:
    """The definition, one candidate and one cut at a time, in fractions."""
    top = rule.scale.maximum  # type: ignore[union-attr]
    score = {v: as_fraction(float(candidate[v])) for v in rule.values}
    missed = [v for v in rule.values if score[v] < rule.hurdles[v]]
    total = sum(rule.weights[v] * score[v] for v in rule.values)
    if total >= as_fraction(cut):
        return "hurdle" if len(missed) == 1 and rule.hurdles[missed[0]] - score[missed[0]] <= step else ""
    gains = [rule.weights[v] * (min(score[v] + step, top) - score[v]) for v in rule.values]
    return "total" if not missed and total + max(gains) >= as_fraction(cut) else ""


@pytest.mark.parametrize(
    ("weights", "grid", "step", "hurdles", "cuts"),
    [
        ({}, 1, 1, [3, 3], None),
        ({"value 1": 2}, 1, 1, [3, 2], None),
        ({"value 1": "0.5", "value 2": "1.5"}, 1, 1, [3, 3], [3, 6, 9]),
        ({}, "0.5", 1, [3, 3], None),
        ({"value 1": 3}, "1/3", 1, [3, "2.5"], [8, 9, 10, 11, 12, 13]),
        ({}, "0.5", "0.5", [3, 3], None),
    ],
)
def test_close_to_the_line_is_one_rating_step_on_both_sides(
    weights: dict[str, str | int], grid: str | int, step: str | int, hurdles: list[str | int], cuts: list[int] | None
) -> None:
    scale = Scale(1, 5, step=grid)
    rule = DecisionRule(hurdles, weights=weights, scale=scale)
    everybody = enumerate_profiles(scale, 2)
    found = close_to_the_line(everybody, rule, cuts=cuts, step=step).by_cut
    expected = [[closely(row, rule, cut, as_fraction(step)) for _, row in everybody.iterrows()] for cut in found["cut"]]
    assert found["missed_one_hurdle"].tolist() == [sides.count("hurdle") for sides in expected]
    assert found["one_step_short"].tolist() == [sides.count("total") for sides in expected]
    assert found["one_step_short"].sum() > 0


def test_a_weight_carries_a_step_over_several_totals() -> None:
    """4 and 4 with weights 2 and 1 make 12: a 5 on the first makes 14, so 13 and 14 are one step away and 15 is not."""
    rule = DecisionRule([3, 3], weights={"value 1": 2}, scale=Scale(1, 5))
    close = close_to_the_line(pd.DataFrame({"value 1": [4.0], "value 2": [4.0]}), rule)
    assert close.by_cut.loc[close.by_cut["one_step_short"] > 0, "cut"].tolist() == [13, 14]
    assert close.candidates[["total", "up_to"]].to_numpy().tolist() == [[12, 14]]


def test_half_points_of_means_are_no_rating_steps() -> None:
    """Means of two whole ratings lie on halves; 6 is one rating away from 6.5 and from 7, as a 2 is from a hurdle of 3."""
    rule = DecisionRule([3, 3], scale=Scale(1, 5, step=0.5))
    close = close_to_the_line(pd.DataFrame({"value 1": [3.0, 2.0], "value 2": [3.0, 5.0]}), rule, step=1).by_cut.set_index("cut")
    assert close.index[close["one_step_short"] > 0].tolist() == [6.5, 7]
    assert close.loc[7, "missed_one_hurdle"] == 1


def test_nobody_is_raised_above_the_scale() -> None:
    rule = DecisionRule([3, 3], scale=Scale(1, 5, step=0.5))
    close = close_to_the_line(pd.DataFrame({"value 1": [4.5, 5.0], "value 2": [5.0, 5.0]}), rule, cuts=[9, 9.5, 10], step=1)
    assert close.by_cut["one_step_short"].tolist() == [0, 0, 1]


def test_the_incomplete_are_in_no_distribution() -> None:
    scores = pd.DataFrame({"value 1": [3.0, 4.0, 2.0], "value 2": [3.0, None, 3.0], "value 3": [3.0] * 3, "value 4": [3.0] * 3})
    by_value = value_distribution(scores, RULE)
    assert (by_value["scored"] == 2).all()
    first = by_value[by_value["value"] == "value 1"]
    assert first["candidates"].tolist() == [0, 1, 1, 0, 0]
    assert first["share"].sum() == 1
    assert hurdle_counts(by_value)["share_missed"].tolist() == [0.5, 0, 0, 0]


def test_distributions_show_empty_categories() -> None:
    scores = pd.DataFrame({f"value {i}": [3.0, 4.0, 2.0] for i in range(1, 5)})
    by_value = value_distribution(scores, RULE)
    assert by_value.groupby("value").size().tolist() == [5] * 4
    assert by_value.loc[by_value["value"] == "value 1", "candidates"].tolist() == [0, 1, 1, 1, 0]
    counts = hurdle_counts(by_value)
    assert counts["missed"].tolist() == [1] * 4
    assert counts["reached"].tolist() == [2] * 4
    totals = total_distribution(scores, RULE).set_index("total")
    assert totals.index.tolist() == list(range(4, 21))
    assert totals.loc[[8, 12, 16], "met_every_hurdle"].tolist() == [0, 1, 1]
    assert totals["candidates"].sum() == 3


def test_correlations_against_numpy() -> None:
    rng = np.random.default_rng(3)
    scores = pd.DataFrame(rng.integers(1, 6, (40, 4)).astype(float), columns=list(RULE.values))
    pairs = correlations(scores, RULE)
    expected = np.corrcoef(scores.to_numpy().T)[np.triu_indices(4, 1)]
    np.testing.assert_allclose(pairs["correlation"], expected, rtol=1e-12)
    constant = scores.assign(**{"value 1": 3.0})
    assert correlations(constant, RULE)["correlation"].isna().tolist() == [True, True, True, False, False, False]


def test_above_the_hurdles() -> None:
    turned = above_the_hurdles(options(EVERY_PROFILE, RULE, cuts=[12, 13, 20]))
    assert turned["turned_down"].tolist() == [0, 1, 80]
    assert (turned["met_every_hurdle"] == 81).all()


def test_a_hundred_thousand_candidates_and_forty_cuts() -> None:
    rng = np.random.default_rng(1)
    scores = pd.DataFrame(rng.integers(2, 11, (100_000, 4)) / 2, columns=list(RULE.values))
    started = time.perf_counter()
    table = options(scores, DecisionRule([3, 3, 3, 3], scale=Scale(1, 5, step=0.5)))
    assert len(table) == 33
    assert (table[["met", "not_met_hurdle_only", "not_met_total_only", "not_met_both"]].sum(axis=1) == 100_000).all()
    assert time.perf_counter() - started < 2
