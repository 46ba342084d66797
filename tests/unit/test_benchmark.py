"""The benchmark videos: figures by hand, occasions apart, one performance, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from standardsetting.blind.agreement import r_wg
from standardsetting.blind.benchmark import CalibrationScreens, calibration
from standardsetting.errors import FindingsError, UsageError
from standardsetting.scale import Scale
from standardsetting.simulate import cohort

FIVE = Scale(1, 5)
COLUMNS = ["video", "assessor", "value", "rating", "occasion"]
VALUES = ("courage", "integrity")
# Reference: courage 3, integrity 2. Ann: 2 (false fail), 3 (false pass). Bea: 3, 2. Cem: 5, 1.
GIVEN = {"ann": (2, 3), "bea": (3, 2), "cem": (5, 1)}
REFERENCE = pd.DataFrame([("V1", "courage", 3), ("V1", "integrity", 2)], columns=["video", "value", "rating"])


def one_video(occasion="before", given=GIVEN):
    return pd.DataFrame(
        [("V1", a, v, r, occasion) for a, pair in given.items() for v, r in zip(VALUES, pair, strict=True)], columns=COLUMNS
    )


def simulated(seed=1):
    return cohort(60, seed=seed, n_assessors=12).tables["benchmark"].rename(columns={"video_id": "video", "assessor_id": "assessor"})


def test_each_assessor_by_hand():
    found = calibration(one_video(), REFERENCE, scale=FIVE, hurdle=3).assessors.set_index("assessor")
    columns = ["bias", "mean_absolute_error", "worst", "exact", "adjacent", "hurdle_decisions", "false_fail", "false_pass", "repeat"]
    assert found.loc["ann", columns].tolist() == [0, 1, 1, 0, 1, 2, 1, 1, True]
    assert found.loc["bea", columns].tolist() == [0, 0, 0, 1, 1, 2, 0, 0, False]
    assert found.loc["cem", columns].tolist() == [0.5, 1.5, 2, 0, 0.5, 2, 0, 0, True]
    assert found.loc["cem", "reasons"] == ("0.5 points above the reference on average", "a rating 2 points off")
    assert found.loc["bea", "sentence"] == "Assessor bea, before discussion: within the limits on every screen."
    assert "2 of 2 hurdle decisions other than the reference's (1 too strict, 1 too lenient)" in found.loc["ann", "sentence"]


def test_the_panel_by_hand():
    """Courage 2, 3, 5 about 3: mean 10/3, variance 7/3. Integrity 3, 2, 1 about 2: variance 1, deviation 2/3."""
    found = calibration(one_video(), REFERENCE, scale=FIVE, hurdle=3).panel.set_index("value")
    courage, integrity = found.loc["courage"], found.loc["integrity"]
    assert courage["bias"] == pytest.approx(1 / 3) and courage["sd"] == pytest.approx(np.sqrt(7 / 3))
    assert (courage["r_wg"], courage["r_wg_skewed"]) == (0, 0)  # more spread than the nulls
    assert courage["r_star_wg"] == pytest.approx(1 - 7 / 3 / 4)
    assert courage["average_deviation"] == pytest.approx((4 / 3 + 1 / 3 + 5 / 3) / 3) and not courage["agreed"]
    assert integrity["r_wg"] == pytest.approx(0.5) and integrity["r_star_wg"] == pytest.approx(0.75)
    assert integrity["average_deviation"] == pytest.approx(2 / 3) and integrity["agreed"]
    assert found["deviation_limit"].tolist() == [pytest.approx(5 / 6)] * 2
    # t with two degrees of freedom, 4.302653, times sqrt(1/3).
    assert integrity["bias_high"] == pytest.approx(4.302653 / np.sqrt(3), rel=1e-6)
    assert found[["false_fail", "false_pass"]].to_numpy().tolist() == [[1, 0], [0, 1]]


def test_the_skewed_null_flatters_less():
    """The moderate skew has variance 0.90; so narrow a null as two points has 0.25, and then nothing is left."""
    given = {"a": (4, 2), "b": (5, 1), "c": (4, 2), "d": (4, 2)}  # variances 1/4
    found = calibration(one_video(given=given), REFERENCE, scale=FIVE, hurdle=3).panel
    assert found["r_wg_skewed"].tolist() == [pytest.approx(1 - 0.25 / 0.90)] * 2
    declared = calibration(one_video(given=given), REFERENCE, scale=FIVE, hurdle=3, skewed_null=(0, 0, 0, 0.5, 0.5)).panel
    assert declared["r_wg_skewed"].tolist() == [0, 0]


def test_r_wg_is_that_of_the_agreement_module():
    benchmark = simulated()
    found = calibration(benchmark, scale=FIVE, hurdle=3).panel
    for row in found.itertuples():
        part = benchmark[(benchmark["video"] == row.video) & (benchmark["value"] == row.value) & (benchmark["occasion"] == row.occasion)]
        long = part.rename(columns={"video": "candidate"})[["candidate", "assessor", "value", "rating"]]
        assert row.r_wg == pytest.approx(r_wg(long, scale=FIVE, interval="none").value)
        assert row.r_star_wg == pytest.approx(r_wg(long, scale=FIVE, null="maximum dissensus", interval="none").value)


def test_what_random_ratings_reach():
    """Two ratings are equal by chance one time in five: then r_wg is 1, and 19 in 20 random pairs stay at or under it."""
    found = calibration(one_video(given={"a": (3, 2), "b": (3, 2)}), REFERENCE, scale=FIVE, hurdle=3).panel
    assert found["r_wg"].tolist() == [1, 1] == found["r_wg_random"].tolist()
    # Pooled ratings are 3, 2, 3, 2: two drawn from them are equal half of the time.
    assert found["p_pooled"].tolist() == [pytest.approx(0.5, abs=0.05)] * 2
    many = {f"a{i}": (3, 2) for i in range(20)}
    found = calibration(one_video(given=many), REFERENCE, scale=FIVE, hurdle=3).panel
    assert found["r_wg_random"].max() < 0.5 and found["p_pooled"].max() < 0.001


def test_before_and_after_are_kept_apart():
    benchmark = pd.concat([one_video(), one_video("after", {"ann": (3, 2), "bea": (3, 2), "cem": (4, 2)})])
    found = calibration(benchmark, REFERENCE, scale=FIVE, hurdle=3)
    assert found.assessors["occasion"].tolist() == ["before"] * 3 + ["after"] * 3
    assert found.change.set_index("assessor").loc["ann"].tolist() == [2, 1.0, 2, 0.0, 0]
    assert found.change.set_index("assessor").loc["cem", "mean_absolute_error_after"] == 0.5
    assert "Before discussion 3 assessors were 0.83 points off" in found.sentence and "After discussion" in found.sentence
    alone = calibration(one_video(), REFERENCE, scale=FIVE, hurdle=3)
    pd.testing.assert_frame_equal(alone.assessors, found.assessors[:3])
    assert alone.change.empty and "After" not in alone.sentence


def test_one_video_has_no_intraclass_correlation():
    found = calibration(one_video(), REFERENCE, scale=FIVE, hurdle=3)
    assert found.icc is None and "with one video there are no differences between performances" in found.icc_refused
    assert "1 video is a thin basis" in found.sentence
    several = calibration(simulated(), scale=FIVE, hurdle=3)
    assert (
        several.icc_refused == ""
        and set(several.icc["form"]) >= {"ICC(2,1)", "ICC(2,k)"}
        and set(several.icc["occasion"]) == {"before", "after"}
    )
    benchmark = simulated()
    assert "thin" not in several.sentence
    first = benchmark["assessor"].dropna().iloc[0]
    gap = benchmark[~((benchmark["assessor"] == first) & (benchmark["video"] == "BV1"))]
    ragged = calibration(gap, scale=FIVE, hurdle=3)
    assert ragged.icc is None and ragged.icc_refused


def test_several_videos_are_tables_that_fit_each_other():
    found = calibration(simulated(), scale=FIVE, hurdle=3)
    assert found.by_value.groupby(["occasion", "assessor"])["false_fail"].sum().sum() == found.assessors["false_fail"].sum()
    assert found.by_video["n_ratings"].sum() == found.assessors["n_ratings"].sum() == found.panel["n"].sum()
    assert found.panel["false_pass"].sum() == found.assessors["false_pass"].sum() > 0
    assert found.assessors["n_videos"].eq(3).all()
    after = found.assessors[found.assessors["occasion"] == "after"]
    assert after["mean_absolute_error"].mean() < found.assessors["mean_absolute_error"].mean()


def test_hurdles_by_value_and_none():
    by_value = calibration(one_video(), REFERENCE, scale=FIVE, hurdle={"courage": 3}).assessors.set_index("assessor")
    assert by_value.loc["ann", ["hurdle_decisions", "false_fail", "false_pass"]].tolist() == [1, 1, 0]
    none = calibration(one_video(), REFERENCE, scale=FIVE, hurdle=None).assessors.set_index("assessor")
    assert none["hurdle_decisions"].eq(0).all() and not none.loc["ann", "repeat"]


def test_screens_are_configuration():
    lax = CalibrationScreens(bias=1, worst=3, wrong_decisions=3, deviation_divisor=3)
    found = calibration(one_video(), REFERENCE, scale=FIVE, hurdle=3, screens=lax)
    assert not found.assessors["repeat"].any() and found.panel["agreed"].all()
    assert found.screens is lax


def test_half_points_and_what_is_left_out():
    table = one_video(given={"a": (2.5, 2), "b": (3, None), "c": (3, 2)})
    extra = pd.DataFrame([("V9", "a", "courage", 3, "before")], columns=COLUMNS)
    found = calibration(pd.concat([table, extra]), REFERENCE, scale=Scale(1, 5, 0.5), hurdle=3)
    assert found.dropped == ((1, "no rating or no assessor"), (1, "no reference score"))
    a = found.by_value[(found.by_value["assessor"] == "a") & (found.by_value["value"] == "courage")].iloc[0]
    assert (a["exact"], a["adjacent"], a["false_fail"]) == (0, 1, 1)
    assert found.panel["deviation_limit"].iloc[0] == pytest.approx(0.75)


def test_order_of_rows_does_not_count_and_the_seed_does():
    benchmark = simulated()
    one = calibration(benchmark, scale=FIVE, hurdle=3, seed=3)
    other = calibration(benchmark.sample(frac=1, random_state=2), scale=FIVE, hurdle=3, seed=3)
    pd.testing.assert_frame_equal(one.assessors, other.assessors)
    pd.testing.assert_frame_equal(one.panel, other.panel)
    assert (
        one.seed == 3 and one.panel["p_pooled"].tolist() != calibration(benchmark, scale=FIVE, hurdle=3, seed=4).panel["p_pooled"].tolist()
    )


def test_wrong_input_is_refused():
    with pytest.raises(FindingsError, match="not on it"):
        calibration(one_video(given={"a": (6, 2)}), REFERENCE, scale=FIVE, hurdle=3)
    with pytest.raises(FindingsError, match="reference scores on the declared scale"):
        calibration(one_video(), REFERENCE.assign(rating=2.5), scale=FIVE, hurdle=3)
    with pytest.raises(FindingsError, match="2 have another"):
        calibration(one_video(), pd.concat([REFERENCE, REFERENCE]), scale=FIVE, hurdle=3)
    with pytest.raises(FindingsError, match="6 rows repeat another"):
        calibration(pd.concat([one_video(), one_video()]), REFERENCE, scale=FIVE, hurdle=3)
    with pytest.raises(UsageError, match="there are none"):
        calibration(one_video(), scale=FIVE, hurdle=3)
    with pytest.raises(UsageError, match="rating is not there"):
        calibration(one_video().drop(columns="rating"), REFERENCE, scale=FIVE, hurdle=3)
