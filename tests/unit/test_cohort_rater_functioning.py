"""Whether assessors differ in how they rate one group beside the other, without a word about any of them."""

import dataclasses
import time

import numpy as np
import pandas as pd
import pytest

from standardsetting.cohort.rater_functioning import RaterFunctioning, _Sat, _shuffled_statistics, rater_functioning
from standardsetting.errors import UsageError
from standardsetting.simulate.groups import rated_groups

TWO = {"focal": "focal", "comparator": "comparator"}


def found_of(made, **options):
    return rater_functioning(made.ratings, made.groups, **{**TWO, "seed": 1, "permutations": 199, **options})


def test_planted_slopes_are_found():
    found = found_of(rated_groups(360, seed=11, slope_sd=0.4))
    assert found.p == pytest.approx(1 / 200) and 0.25 < found.slope_sd < 0.55 and 0 < found.low < 0.4 < found.high
    assert "differ" in found.sentence and "all assessors do alike" in found.sentence


def test_what_all_assessors_do_alike_is_not_seen():
    found = found_of(rated_groups(360, seed=12, shifts=(-0.5,) * 4))
    assert found.p > 0.05


def test_the_estimate_is_least_squares_written_out():
    """The same moments from dense matrices, with gaps in the ratings and panels of two and three."""
    made = rated_groups(80, seed=13, panel_size=3, n_assessors=9, slope_sd=0.3)
    draw = np.random.default_rng(1)
    lost = draw.choice(80, 25, replace=False)
    first = made.ratings.groupby("candidate")["assessor"].transform("min")
    ratings = made.ratings[~(made.ratings["candidate"].isin(lost) & (made.ratings["assessor"] == first))]
    found = rater_functioning(ratings, made.groups, **TWO, seed=1, permutations=19)
    level = ratings["rating"] - ratings.groupby("value")["rating"].transform("mean")
    seats = ratings.assign(level=level).groupby(["candidate", "assessor"], as_index=False)["level"].mean()
    fixed = pd.get_dummies(seats[["candidate", "assessor"]].astype(str)).to_numpy(dtype=float)
    of_assessor = pd.get_dummies(seats["assessor"]).to_numpy(dtype=float)
    slopes = of_assessor * (made.groups.reindex(seats["candidate"]) == "focal").to_numpy()[:, None]
    out = np.eye(len(seats)) - fixed @ np.linalg.pinv(fixed)
    spread, u = slopes.T @ out @ slopes, slopes.T @ out @ seats["level"].to_numpy()
    rest = float(seats["level"] @ out @ seats["level"])
    equations = np.array([[np.trace(spread), (spread**2).sum()], [np.trace(out), np.trace(spread)]])
    assert found.variance == pytest.approx(np.linalg.solve(equations, [float(u @ u), rest])[1], rel=1e-8)


def test_candidates_sorted_into_panels_are_called_confounded():
    sorted_in = found_of(rated_groups(360, seed=14, sorted_panels=True)).allocation
    by_lot = found_of(rated_groups(360, seed=14)).allocation
    assert sorted_in.p == pytest.approx(1 / 200) and not sorted_in.independent and "confounded" in sorted_in.sentence
    assert by_lot.p > 0.05 and by_lot.independent and by_lot.n_panels > 24


def test_groups_are_shuffled_within_window_only():
    """All of one group in one window: nothing can be shuffled, and allocation cannot be examined."""
    made = rated_groups(120, seed=15)
    window = (made.groups.reindex(made.ratings["candidate"]) == "focal").to_numpy().astype(int)
    found = rater_functioning(made.ratings.assign(window=window), made.groups, **TWO, seed=1)
    assert np.isnan(found.p) and "No panel saw both groups" in found.why and "cannot be examined" in found.allocation.sentence


def test_a_shuffle_keeps_how_many_of_each_group_a_panel_saw():
    """Residuals that are alike within a panel: their sum over the focal group cannot move unless people change panels."""
    stratum = np.repeat([0, 1, 2], 20)
    focal = np.random.default_rng(1).random(60) < 0.4
    residual = np.array([5.0, -3.0, 11.0])[stratum][:, None]
    sat = _Sat(np.ones((60, 1)), residual, stratum, np.zeros((1, 1)), 50)
    shuffled = _shuffled_statistics(sat, focal, 250, np.random.default_rng(2))
    assert len(shuffled) == 250 and shuffled == pytest.approx(float(residual[:, 0] @ focal) ** 2)


def test_allocation_is_judged_within_windows():
    """Windows with 10 and 90 per cent of the focal group, panels within them by lot: windows differ, panels do not."""
    candidate = np.arange(200)
    window, panel = candidate // 100, candidate // 10
    focal = np.where(panel % 2 == 0, candidate % 10 < 2, False) ^ (window == 1)
    rows = [(c, f"{panel[c]}-{a}", panel[c], window[c], "v", 3 + (c + a) % 2) for c in candidate for a in (0, 1)]
    ratings = pd.DataFrame(rows, columns=["candidate", "assessor", "panel", "window", "value", "rating"])
    groups = pd.Series(np.where(focal, "focal", "comparator"), index=candidate)
    found = rater_functioning(ratings, groups, **TWO, seed=1, permutations=199).allocation
    assert 0.05 < found.p < 0.9 and found.n_panels == 20
    across = rater_functioning(ratings.drop(columns="window"), groups, **TWO, seed=1, permutations=199).allocation
    assert across.p == pytest.approx(1 / 200)


def test_nothing_about_an_assessor_is_in_the_result():
    made = rated_groups(360, seed=16, slope_sd=0.3)
    named = made.ratings.assign(assessor="Q" + made.ratings["assessor"].astype(str))
    found = rater_functioning(named, made.groups, **TWO, seed=1, permutations=19)
    for field in dataclasses.fields(RaterFunctioning):
        value = getattr(found, field.name)
        assert isinstance(value, (int, float, str, tuple)) or field.name == "allocation"
        assert "Q1" not in str(value)


def test_fast_enough():
    made = rated_groups(360, seed=17)
    start = time.process_time()
    found_of(made, permutations=999)
    assert time.process_time() - start < 2


@pytest.mark.parametrize("share", [0.5, 1.0])
def test_missing_declarations(share):
    made = rated_groups(240, seed=18)
    groups = made.groups.astype(object).copy()
    groups.iloc[: int(240 * share)] = "opted out"
    found = rater_functioning(made.ratings, groups, **TWO, seed=1, permutations=19)
    assert [(each.reason, each.n) for each in found.left_out] == [("opted out of monitoring", int(240 * share))]
    assert ("Nobody declared" in found.why) == (share == 1.0) and np.isnan(found.p) == (share == 1.0)


def test_too_few_people_or_assessors_and_nothing_that_varies():
    made = rated_groups(120, seed=19)
    one = pd.Series("comparator", index=made.groups.index)
    one.iloc[0] = "focal"
    assert "fewer than 20" in rater_functioning(made.ratings, one, **TWO, seed=1).why
    few = rated_groups(120, seed=19, n_assessors=4)
    assert "Fewer than 5 assessors" in found_of(few).why
    alike = found_of(dataclasses.replace(made, ratings=made.ratings.assign(rating=3)))
    assert "Too little is left" in alike.why and np.isnan(alike.slope_sd)


def test_single_assessors_and_other_kinds_of_rating_are_left_out():
    made = rated_groups(200, seed=20)
    twice = pd.concat([made.ratings.assign(kind="independent"), made.ratings.assign(kind="agreed", rating=5)])
    with_kinds = rater_functioning(twice, made.groups, **TWO, seed=1, permutations=19)
    assert with_kinds.variance == found_of(made, permutations=19).variance
    alone = made.ratings[(made.ratings["candidate"] >= 30) | ~made.ratings.duplicated(["candidate", "value"])]
    found = rater_functioning(alone, made.groups, **TWO, seed=1, permutations=19)
    assert [(each.reason, each.n) for each in found.left_out] == [("without ratings by two assessors", 30)]


def test_bad_tables_are_refused():
    made = rated_groups(60, seed=21)
    with pytest.raises(UsageError, match="there twice"):
        rater_functioning(pd.concat([made.ratings, made.ratings]), made.groups, **TWO, seed=1)
    with pytest.raises(UsageError, match="columns"):
        rater_functioning(made.ratings.drop(columns="value"), made.groups, **TWO, seed=1)


@pytest.mark.soak
@pytest.mark.parametrize("gap", [0.0, -0.5])
def test_p_is_calibrated(gap):
    ps = np.array([found_of(rated_groups(360, seed=7000 + seed, gap=gap), permutations=99).p for seed in range(200)])
    assert np.mean(ps <= 0.05) < 0.10 and np.mean(ps <= 0.5) == pytest.approx(0.5, abs=0.12)


@pytest.mark.soak
def test_power_and_coverage():
    found = [found_of(rated_groups(360, seed=8000 + seed, slope_sd=0.3), permutations=99) for seed in range(100)]
    assert np.mean([each.p <= 0.05 for each in found]) > 0.85
    assert np.mean([each.low <= 0.3 <= each.high for each in found]) > 0.88
