"""Stages, undeclared candidates, several processes, many comparisons, trends, and the Local Law 144 view."""

import math

import numpy as np
import pandas as pd
import pytest

from standardsetting.cohort.families import adjust, holm
from standardsetting.cohort.local_law_144 import local_law_144_view
from standardsetting.cohort.pooled import COUNTS, pool
from standardsetting.cohort.rates import compare
from standardsetting.cohort.running import confidence_sequence, log_evidence
from standardsetting.cohort.stages import COLUMNS, waterfall
from standardsetting.cohort.trend import control_limits, trend
from standardsetting.cohort.undeclared import bounds
from standardsetting.cohort.verdict import Verdict
from standardsetting.errors import UsageError

TEAL = pd.DataFrame([("exam", 48, 26, 259, 206), ("promotion", 26, 11, 206, 35)], columns=COLUMNS)


def test_teal_stage_by_stage():
    table = waterfall(TEAL, replicates=500, seed=4).table.set_index("stage")
    assert table["ratio"].round(3).tolist() == [0.681, 2.490, 1.696]
    assert table["verdict"].tolist() == ["gap, size uncertain", "material gap in favour", "cannot tell"]
    assert table["shortfall"].round(1).tolist() == [10.3, -5.8, -3.8]


def test_bootstrap_and_delta_method_agree_in_large_groups():
    large = TEAL.assign(**{column: TEAL[column] * 100 for column in COLUMNS[1:]})
    found = waterfall(large, replicates=4000, seed=1)
    assert found.left_out == 0
    for end in ("low", "high"):
        assert np.log(found.table[f"bootstrap_{end}"]).tolist() == pytest.approx(found.table[f"log_{end}"].tolist(), abs=0.01)
    again = waterfall(large, replicates=4000, seed=1)
    pd.testing.assert_frame_equal(found.table, again.table)


def test_a_stage_without_success_has_no_log_ratio_and_says_so():
    found = waterfall(pd.DataFrame([("exam", 10, 0, 50, 20), ("interview", 0, 0, 20, 10)], columns=COLUMNS), replicates=20)
    assert found.note and found.left_out == 20
    assert found.table["bootstrap_low"].isna().all() and math.isnan(found.table["log_ratio"].iloc[0])
    assert found.table["verdict"].iloc[1] == "cannot tell"


def test_people_who_leave_between_two_stages_are_a_stage():
    broken = TEAL.assign(entered=[48, 25])
    with pytest.raises(UsageError, match="stage of their own"):
        waterfall(broken)
    mended = pd.DataFrame([("exam", 48, 26, 259, 206), ("still in", 26, 25, 206, 206), ("promotion", 25, 11, 206, 35)], columns=COLUMNS)
    assert waterfall(mended, replicates=20).table["ratio"].iloc[-1] == pytest.approx(1.696, abs=5e-4)


@pytest.mark.parametrize("table", [TEAL.drop(columns="passed"), TEAL.iloc[:0], TEAL.assign(passed=[26.0, np.nan])])
def test_a_waterfall_needs_its_columns(table):
    with pytest.raises(UsageError):
        waterfall(table)


def test_nobody_undeclared_changes_nothing():
    found = bounds(27, 79, 28, 45, undeclared_successes=0, undeclared_n=0)
    assert found.smallest == found.declared_ratio == found.largest and found.verdict is Verdict.GAP and found.allocations == 1
    assert found.sentence == "Every candidate declared, so nothing is left open."


def test_everybody_undeclared():
    found = bounds(0, 0, 0, 0, undeclared_successes=30, undeclared_n=60)
    assert math.isnan(found.declared_ratio) and found.smallest == 0 and found.largest == math.inf
    assert found.verdict is Verdict.CANNOT_TELL_UNDECLARED and "no upper limit" in found.sentence


def test_undeclared_candidates_who_could_undo_a_gap():
    found = bounds(30, 60, 60, 60, undeclared_successes=30, undeclared_n=60)
    assert found.declared_verdict is Verdict.MATERIAL_GAP and found.verdict is Verdict.CANNOT_TELL_UNDECLARED


def test_very_many_undeclared_are_spread_and_said():
    found = bounds(270, 790, 280, 450, undeclared_successes=1500, undeclared_n=3000)
    assert not found.exhaustive and found.allocations == 1001**2
    assert found.smallest == pytest.approx((270 / 2290) / (1780 / 1950)) and found.largest == pytest.approx((1770 / 2290) / (280 / 1950))


def test_pooling_does_not_turn_a_gap_round():
    """Simpson: behind in neither process, ahead in raw totals only because more of the group applied where most succeed."""
    rows = pd.DataFrame([(81, 87, 234, 270), (192, 263, 55, 80)], columns=COUNTS)
    raw = compare(*(int(x) for x in rows[list(COUNTS)].sum()))
    assert raw.ratio < 1 < pool(rows).ratio


def test_heterogeneity_is_seen_and_not_invented():
    opposite = pd.DataFrame([(40, 60, 200, 600), (10, 60, 400, 600)], columns=COUNTS)
    alike = pd.DataFrame([(20, 60, 300, 600), (10, 30, 150, 300)], columns=COUNTS)
    assert pool(opposite).heterogeneity_p < 1e-6 and pool(alike).heterogeneity_p == pytest.approx(1)
    # More successes than the reference group has people, and a small odds ratio: the other root of the fit.
    steep = pd.DataFrame([(52, 100, 18, 20), (13, 67, 20, 30)], columns=COUNTS)
    assert pool(steep).heterogeneity == pytest.approx(0, abs=1e-9) and pool(steep).heterogeneity_p == pytest.approx(1)


@pytest.mark.parametrize(
    "rows",
    [[(0, 5, 0, 9)], [(5, 5, 9, 9), (3, 3, 4, 4)], [(0, 0, 3, 5)], [], [(0, 5, 3, 9), (0, 8, 4, 9)], [(3, 5, 0, 9), (4, 8, 0, 9)]],
)
def test_pooling_without_information_says_why(rows):
    found = pool(pd.DataFrame(rows, columns=COUNTS))
    assert found.note
    assert math.isnan(found.heterogeneity) and math.isnan(found.odds_low)


def test_the_standard_error_of_the_pooled_ratio_is_the_spread_over_many_cohorts():
    """Two processes with different rates and a true ratio of 0.8."""
    rng = np.random.default_rng(8)
    n1, n2, p2 = np.array([60, 40]), np.array([300, 200]), np.array([0.3, 0.7])
    logs, widths = [], []
    for _ in range(400):
        found = pool(pd.DataFrame({"successes": rng.binomial(n1, 0.8 * p2), "n": n1, "reference_successes": rng.binomial(n2, p2),
                                   "reference_n": n2}))  # fmt: skip
        logs.append(math.log(found.ratio))
        widths.append((math.log(found.ratio_high) - math.log(found.ratio_low)) / (2 * 1.959963984540054))
    assert np.std(logs) == pytest.approx(np.mean(widths), rel=0.1)
    assert np.mean(logs) == pytest.approx(math.log(0.8), abs=0.02)


def test_a_declared_comparison_may_not_go_missing():
    table = pd.DataFrame({"comparison": ["sex", "age"], "p": [0.01, np.nan]})
    with pytest.raises(UsageError, match="declared"):
        adjust(table, declared=["sex", "ethnicity"])
    found = adjust(table, declared=["sex", "age"])
    assert found["comparisons_in_family"].tolist() == [1, 1] and found.attrs["without_p"] == 1
    assert "1 more could not be made" in found.attrs["sentence"] and found["adjusted_p"].isna().tolist() == [False, True]


@pytest.mark.parametrize("bad", [pd.DataFrame({"p": [0.1]}), pd.DataFrame({"comparison": ["a", "a"], "p": [0.1, 0.2]})])
def test_families_need_names(bad):
    with pytest.raises(UsageError):
        adjust(bad, declared=[])


def test_p_values_lie_between_0_and_1():
    with pytest.raises(UsageError):
        holm([0.1, 1.2])


def years(n=6, ratio=0.8, seed=0, lists=None):
    rng = np.random.default_rng(seed)
    p2 = rng.uniform(0.3, 0.6, n)
    table = pd.DataFrame({"process": [str(2018 + i) for i in range(n)], "successes": rng.binomial(60, ratio * p2), "n": 60,
                          "reference_successes": rng.binomial(600, p2), "reference_n": 600})  # fmt: skip
    return table if lists is None else table.assign(code_list=lists)


def test_the_running_interval_narrows_and_holds_the_truth():
    points = trend(years(10, seed=3)).points
    width = np.log(points["running_high"]) - np.log(points["running_low"])
    assert width.iloc[-1] < width.iloc[0] / 1.5 and not points["outside"].any()
    assert ((points["running_low"] < 0.8) & (points["running_high"] > 0.8)).all()
    fixed = np.log(points["high"]) - np.log(points["low"])
    assert width.iloc[0] > fixed.iloc[0], "an interval that holds at every look is wider than one for a single look"


def test_a_process_far_off_is_outside_its_limits():
    table = years(8, ratio=0.9, seed=2)
    table.loc[5, "successes"] = 3
    found = trend(table)
    assert found.points["outside"].tolist() == [False] * 5 + [True] + [False] * 2
    assert (found.points["limit_low"] <= found.points["limit_high"]).all()


def test_a_change_of_the_code_list_breaks_the_trend():
    lists = ["2011 list"] * 3 + ["2021 list"] * 3
    whole, apart = trend(years(lists=lists)), trend(years().iloc[3:])
    assert whole.breaks == ("2021",) and whole.points["segment"].tolist() == [1, 1, 1, 2, 2, 2] and len(whole.pooled) == 2
    for column in ("running_ratio", "running_low", "running_high", "limit_low"):
        assert whole.points[column].iloc[3:].tolist() == apart.points[column].tolist()
    assert any("code list changed 1 time" in note for note in whole.notes)


def test_a_trend_with_an_empty_year_and_a_year_without_success_goes_on():
    rows = [("a", 0, 0, 20, 40), ("b", 0, 12, 30, 60), ("c", 8, 12, 0, 60), ("d", 5, 12, 30, 60)]
    table = pd.DataFrame(rows, columns=["process", *COUNTS])
    points = trend(table).points
    assert points["running_low"].iloc[0] == 0 and points["running_high"].iloc[0] == math.inf
    assert len(points) == 4 and points["verdict"].iloc[0] == "cannot tell"


def test_control_limits_keep_their_tails():
    from scipy.stats import binom

    low, high = control_limits(60, 0.5, 0.8)
    assert binom.cdf(low - 1, 60, 0.4) < 0.00135 <= binom.cdf(low, 60, 0.4)
    assert binom.sf(high, 60, 0.4) <= 0.00135 < binom.sf(high - 1, 60, 0.4)
    assert all(math.isnan(x) for x in control_limits(0, 0.5, 0.8))


@pytest.mark.parametrize("table", [years().drop(columns="n"), years().iloc[:0], years().assign(process="one")])
def test_a_trend_needs_one_row_a_process(table):
    with pytest.raises(UsageError):
        trend(table)


def misses(ratio, n1, n2, rates, *, series, looks, seed):
    """The share of series in which the true ratio is ever refuted."""
    rng = np.random.default_rng(seed)
    out = 0
    for _ in range(series):
        p2 = rates(rng, looks)
        a, c = rng.binomial(n1, ratio * p2), rng.binomial(n2, p2)
        out += log_evidence(a, np.full(looks, n1), c, np.full(looks, n2), ratio=ratio).max() >= math.log(20)
    return out / series


def test_looking_ten_times_does_not_inflate_the_error():
    assert misses(0.8, 30, 200, lambda rng, k: rng.uniform(0.2, 0.8, k), series=100, looks=10, seed=6) <= 0.05


@pytest.mark.soak
@pytest.mark.parametrize("ratio", [1.0, 0.8, 0.5])
@pytest.mark.parametrize("rates", ["steady", "moving"])
def test_looking_ten_times_does_not_inflate_the_error_measured(ratio, rates):
    draw = {"steady": lambda rng, k: np.full(k, 0.46), "moving": lambda rng, k: rng.uniform(0.2, 0.8, k)}[rates]
    sizes = {"steady": (15, 180), "moving": (60, 660)}[rates]
    assert misses(ratio, *sizes, draw, series=2000, looks=10, seed=17) <= 0.01


def test_the_running_interval_sees_a_large_gap():
    limits = confidence_sequence([10] * 6, [60] * 6, [300] * 6, [600] * 6)
    assert limits.high[-1] < 0.8 and limits.low[-1] < (1 / 6) / 0.5 < limits.high[-1]


def test_local_law_144_leaves_out_small_categories_and_counts_the_unknown():
    table = pd.DataFrame({"category": ["a", "b", "c", "d"], "successes": [50, 30, 1, 0], "n": [100, 100, 1, 0]})
    found = local_law_144_view(table, unknown=7)
    assert found["impact_ratio"].tolist()[:2] == [1, 0.6] and found["left_out"].tolist() == [False, False, True, True]
    assert found.attrs["unknown"] == 7 and found.attrs["benchmark"] == ("a",) and "highest rate" in found.attrs["note"]
    assert local_law_144_view(table, smallest_share=0.0)["impact_ratio"].tolist()[:3] == [0.5, 0.3, 1]


def test_local_law_144_without_success_has_no_ratios():
    table = pd.DataFrame({"category": ["a", "b"], "successes": [0, 0], "n": [10, 10]})
    assert local_law_144_view(table)["impact_ratio"].isna().all() and "no ratios" in local_law_144_view(table).attrs["note"]


@pytest.mark.parametrize("call", [
    lambda: local_law_144_view(pd.DataFrame({"category": ["a"]})),
    lambda: local_law_144_view(pd.DataFrame({"category": ["a"], "successes": [1], "n": [2]}), smallest_share=2),
    lambda: local_law_144_view(pd.DataFrame({"category": ["a"], "successes": [1], "n": [2]}), unknown=-1),
])  # fmt: skip
def test_local_law_144_needs_its_columns(call):
    with pytest.raises(UsageError):
        call()
