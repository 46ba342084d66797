"""Synthetic cohorts: the invariants of their tables, and the truth recovered from them."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from standardsetting.errors import UsageError
from standardsetting.scale import Scale
from standardsetting.simulate import SimulatedCohort, cohort, rota, settings
from standardsetting.simulate.people import NOT_KNOWN


@pytest.fixture(scope="module")
def first_process() -> SimulatedCohort:
    return cohort(360, seed=2023)


@pytest.fixture(scope="module")
def large() -> SimulatedCohort:
    return cohort(
        12_000, seed=5, workshop_selection=0.0, gaps={"sex": {"Female": -0.5}}, erratic=0, central=0, undifferentiated=0, drifting=0
    )


def independent(made: SimulatedCohort) -> pd.DataFrame:
    ratings = made.tables["ratings"]
    return ratings[ratings["kind"] == "independent"]


def totals(made: SimulatedCohort) -> pd.Series:
    ratings = made.tables["ratings"]
    return ratings[ratings["kind"] == "agreed"].groupby("candidate_id")["rating"].sum()


# --- rota


@pytest.mark.parametrize("n", [25, 90, 360, 2000])
def test_rota_connects_all_assessors(n: int) -> None:
    drawn = rota(n, seed=n)
    pool = drawn["assessor"].max() + 1
    graph = coo_array((np.ones(len(drawn)), (drawn["assessor"], pool + drawn["candidate"])), shape=(pool + n, pool + n))
    sitting = drawn["assessor"].nunique()
    assert connected_components(graph, directed=False)[0] == 1 + pool - sitting


def test_rota_seats_everybody_once_and_nobody_twice_at_a_time() -> None:
    drawn = rota(360, seed=1)
    assert (drawn.groupby("candidate")["assessor"].nunique() == 2).all() and len(drawn) == 720
    assert not drawn.duplicated(["assessor", "date", "slot"]).any()
    assert (drawn["date"].dt.day_of_week < 5).all()
    assert drawn["date"].min() == pd.Timestamp("2023-09-06") and drawn["date"].max() == pd.Timestamp("2023-09-29")
    assert (drawn["day"] == (drawn["date"] - pd.Timestamp("2023-09-06")).dt.days + 1).all()
    assert np.ptp(drawn.groupby("assessor").size()) <= 5


def test_rota_gives_the_same_assessors_the_same_panel() -> None:
    seats = rota(360, seed=1).groupby("candidate").agg(panel=("panel", "first"), who=("assessor", tuple))
    assert (seats.groupby("panel")["who"].nunique() == 1).all() and (seats.groupby("who")["panel"].nunique() == 1).all()


def test_rota_refuses_too_few_assessors() -> None:
    with pytest.raises(UsageError, match="hold 180 interviews"):
        rota(181, n_assessors=4, seed=1)
    assert len(rota(180, n_assessors=4, seed=1)) == 360


# --- the tables


def test_first_process_looks_as_described(first_process: SimulatedCohort) -> None:
    status = first_process.tables["interviews"]["status"].value_counts()
    assert status.to_dict() == {"completed": 348, "withdrawn": 8, "deferred": 4}
    agreed = first_process.tables["ratings"].query("kind == 'agreed'").pivot(index="candidate_id", columns="value", values="rating")
    met = (agreed >= 3).all(axis=1)
    assert len(agreed) == 348 and 245 <= met.sum() <= 257
    assert 17 <= (met & (agreed.sum(axis=1) >= 18)).sum() <= 25
    assert len(first_process.tables["assessors"]) == 24


def test_same_seed_same_cohort_and_another_seed_another(first_process: SimulatedCohort) -> None:
    again, other = cohort(360, seed=2023), cohort(360, seed=2024)
    for name, table in first_process.tables.items():
        pd.testing.assert_frame_equal(table, again.tables[name])
        assert not table.equals(other.tables[name]), name


def test_an_option_leaves_the_rest_as_it_was(first_process: SimulatedCohort) -> None:
    changed = cohort(360, seed=2023, workshop_effect=2.0, withdrawn=0.2, deferred=0.0, videos=1, revised=0.5)
    for name in ("monitoring", "assessors", "workshops"):
        pd.testing.assert_frame_equal(first_process.tables[name], changed.tables[name])
    pd.testing.assert_frame_equal(first_process.truth["assessors"], changed.truth["assessors"])
    columns = ["candidate_id", "panel_id", "date", "slot"]
    pd.testing.assert_frame_equal(first_process.tables["interviews"][columns], changed.tables["interviews"][columns])
    key = ["candidate_id", "assessor_id", "value"]
    never = first_process.truth["candidates"].query("workshop_gain == 0")["candidate_id"]
    both = independent(first_process).merge(independent(changed), on=key)
    both = both[both["candidate_id"].isin(never)]
    assert len(both) > 1000 and (both["rating_x"] == both["rating_y"]).all()


def test_two_independent_ratings_and_one_agreed_score_for_each_value(first_process: SimulatedCohort) -> None:
    ratings = first_process.tables["ratings"]
    assert (independent(first_process).groupby(["candidate_id", "value"])["assessor_id"].nunique() == 2).all()
    assert not independent(first_process).duplicated(["candidate_id", "assessor_id", "value"]).any()
    assert (ratings[ratings["kind"] == "agreed"].groupby("candidate_id")["value"].nunique() == 4).all()
    assert set(ratings["rating"]) <= {1, 2, 3, 4, 5}
    assert ratings.loc[ratings["kind"] == "agreed", "assessor_id"].isna().all()
    held = first_process.tables["interviews"].query("status == 'completed'")["candidate_id"]
    assert set(ratings["candidate_id"]) == set(held)


def test_agreed_scores_lie_close_to_the_independent_ratings(first_process: SimulatedCohort) -> None:
    ratings = first_process.tables["ratings"]
    own = independent(first_process).groupby(["candidate_id", "value"])["rating"].agg(["min", "max", "mean"])
    agreed = ratings[ratings["kind"] == "agreed"].set_index(["candidate_id", "value"])["rating"]
    own = own.join(agreed.rename("agreed"))
    assert own["agreed"].between(own["min"], own["max"]).mean() > 0.97
    assert (own["agreed"] - own["mean"]).abs().max() <= 1


def test_ratings_come_in_the_order_of_the_work(first_process: SimulatedCohort) -> None:
    ratings = first_process.tables["ratings"].merge(first_process.tables["interviews"], on="candidate_id")
    start = ratings["date"] + pd.to_timedelta(ratings["slot"] + ":00")
    assert (ratings["recorded_at"] > start).all() and (ratings["recorded_at"].dt.normalize() == ratings["date"]).all()
    last = ratings.groupby(["candidate_id", "kind"])["recorded_at"].agg(["min", "max"]).unstack()
    assert (last["max"]["independent"] < last["min"]["agreed"]).all()
    revised = last.dropna()
    assert len(revised) > 20 and (revised["max"]["independent"] < revised["min"]["revised"]).all()


def test_revised_ratings_move_towards_the_agreed_score(first_process: SimulatedCohort) -> None:
    ratings, key = first_process.tables["ratings"], ["candidate_id", "assessor_id", "value"]
    moved = ratings[ratings["kind"] == "revised"].merge(independent(first_process), on=key, suffixes=("", "_before"))
    moved = moved.merge(
        ratings.loc[ratings["kind"] == "agreed", ["candidate_id", "value", "rating"]],
        on=["candidate_id", "value"],
        suffixes=("", "_agreed"),
    )
    assert len(moved) == (ratings["kind"] == "revised").sum() > 0
    assert ((moved["rating"] - moved["rating_agreed"]).abs() == (moved["rating_before"] - moved["rating_agreed"]).abs() - 1).all()


def test_identities_are_invented_and_unique(first_process: SimulatedCohort) -> None:
    people = first_process.tables["candidates"]
    for column in ("candidate_id", "name", "email", "monitoring_key"):
        assert people[column].is_unique
    assert people["candidate_id"].str.fullmatch(r"00[1-9]\d{5}").all()
    assert people["email"].str.fullmatch(r"[a-z.\-]+\d*@example\.org").all()
    assert people["telephone"].str.fullmatch(r"07700 900\d{3}").all()
    assert not set(people["monitoring_key"]) & set(people["candidate_id"])


def test_monitoring_has_its_own_key_and_order(first_process: SimulatedCohort) -> None:
    monitoring, people = first_process.tables["monitoring"], first_process.tables["candidates"]
    assert set(monitoring["monitoring_key"]) == set(people["monitoring_key"])
    assert monitoring["monitoring_key"].is_monotonic_increasing and not people["monitoring_key"].is_monotonic_increasing
    assert "candidate_id" not in monitoring


def test_the_four_kinds_of_not_known(large: SimulatedCohort) -> None:
    monitoring, truth = large.tables["monitoring"], large.truth["characteristics"]
    answers = monitoring.drop(columns=["monitoring_key", "opt_out"])
    shares = {kind: (answers == kind).to_numpy().any(axis=1).mean() for kind in NOT_KNOWN}
    assert all(share > 0.01 for share in shares.values())
    out = monitoring["opt_out"] == "yes"
    assert (answers[out] == "opted out").all(axis=None) and not (answers[~out] == "opted out").any(axis=None)
    assert not truth.isin(NOT_KNOWN).any(axis=None)


def test_workshops_are_for_the_eligible_and_before_the_interview(large: SimulatedCohort) -> None:
    tables = large.tables
    workshops = tables["workshops"].merge(tables["candidates"], on="candidate_id").merge(tables["monitoring"], on="monitoring_key")
    minority = ~workshops["ethnicity_5"].isin(["White", *NOT_KNOWN])
    assert ((workshops["sex"] == "Female") | minority).all()
    assert (workshops["invited"] == pd.Timestamp("2023-07-14")).all()
    went = workshops.dropna(subset="attended")
    assert went["attended"].between("2023-07-24", "2023-08-25").all() and (went["attended"].dt.day_of_week < 5).all()
    assert ((went["booked"] > went["invited"]) & (went["booked"] < went["attended"])).all()
    gained = large.truth["candidates"].query("workshop_gain > 0")["candidate_id"]
    assert set(gained) == set(went["candidate_id"])


def test_exceptions_have_their_interviews(first_process: SimulatedCohort) -> None:
    exceptions, interviews = first_process.tables["exceptions"], first_process.tables["interviews"]
    both = exceptions.merge(interviews, on="candidate_id")
    assert len(both) == len(exceptions) == 12 and (both["reason"] == both["status"]).all()
    deferred = first_process.tables["candidates"].dropna(subset="deferral")["candidate_id"]
    assert set(deferred) == set(exceptions.query("reason == 'deferred'")["candidate_id"])


def test_every_kind_of_exception() -> None:
    made = cohort(200, seed=3, did_not_attend=0.1, void=0.1, rating_missing=0.1)
    reasons = made.tables["exceptions"].set_index("candidate_id")["reason"]
    assert reasons.value_counts()[["did not attend", "interview void", "rating missing"]].tolist() == [20, 20, 20]
    per_candidate = made.tables["ratings"].query("kind == 'agreed'").groupby("candidate_id").size().reindex(reasons.index, fill_value=0)
    assert set(per_candidate[reasons == "rating missing"]) == {3} and set(per_candidate[reasons == "interview void"]) == {4}
    assert set(per_candidate[reasons == "did not attend"]) == {0}


def test_benchmark_has_reference_scores_and_the_discussion_brings_ratings_nearer(large: SimulatedCohort) -> None:
    benchmark = large.tables["benchmark"]
    reference = benchmark[benchmark["occasion"] == "reference"]
    assert len(reference) == 12 and reference["assessor_id"].isna().all()
    rated = benchmark[benchmark["occasion"] != "reference"].merge(reference[["video_id", "value", "rating"]], on=["video_id", "value"])
    off = (rated["rating_x"] - rated["rating_y"]).abs().groupby(rated["occasion"]).mean()
    assert off["after"] < 0.6 * off["before"]
    trained = large.tables["assessors"]["trained_on"]
    assert (trained < pd.Timestamp("2023-09-06")).all()


def test_other_panels_scales_and_values() -> None:
    made = cohort(60, seed=4, panel_size=3, scale=Scale(1, 4, step=0.5), values=("clarity", "judgement"))
    assert set(independent(made).groupby(["candidate_id", "value"]).size()) == {3}
    assert all(rating in Scale(1, 4, step=0.5) for rating in made.tables["ratings"]["rating"])
    assert set(made.tables["ratings"]["value"]) == {"clarity", "judgement"}
    assert made.tables["ratings"]["rating"].mod(1).gt(0).any()


def test_awkward_names_are_words_of_a_report() -> None:
    assert cohort(20, seed=1, awkward_names=2).tables["candidates"]["name"].tolist()[:2] == ["Mark Page", "May Day"]


def test_settings_are_checked() -> None:
    with pytest.raises(UsageError, match="Not a setting of the simulation: severity"):
        cohort(10, seed=1, severity=2)
    with pytest.raises(UsageError, match="withdrawn is a share"):
        cohort(10, seed=1, withdrawn=2)
    with pytest.raises(UsageError, match="group that sex does not have"):
        cohort(10, seed=1, gaps={"sex": {"Femail": -1}})
    with pytest.raises(UsageError, match="difficulty for each value"):
        cohort(10, seed=1, difficulties=(0.0,))
    with pytest.raises(UsageError, match="weekday"):
        cohort(10, seed=1, first_day=date(2023, 9, 9), last_day=date(2023, 9, 10))


def test_each_part_draws_from_a_stream_of_its_own() -> None:
    folder = Path(settings.__file__).parent
    asked = Counter(
        name for file in folder.glob("*.py") for name in re.findall(r'stream\(seed, "([^"]+)"\)', file.read_text(encoding="utf-8"))
    )
    assert asked == Counter(settings.STREAMS)


# --- the truth


def test_totals_follow_ability(first_process: SimulatedCohort) -> None:
    ability = first_process.truth["candidates"].set_index("candidate_id")["ability"]
    assert np.corrcoef(totals(first_process), ability[totals(first_process).index])[0, 1] > 0.8


def test_severity_is_recovered_from_co_assessors() -> None:
    """Least squares on the differences inside panels: severity comes back although candidates were not shared out by ability."""
    made = cohort(3000, seed=9, n_assessors=80, erratic=0, central=0, undifferentiated=0, drifting=0)
    means = independent(made).groupby(["candidate_id", "assessor_id"])["rating"].mean().reset_index()
    codes, names = pd.factorize(means["assessor_id"], sort=True)
    first, second = codes[::2], codes[1::2]
    rows = np.arange(len(first))
    design = np.zeros((len(first), len(names)))
    design[rows, first], design[rows, second] = 1, -1
    difference = means["rating"].to_numpy()[::2] - means["rating"].to_numpy()[1::2]
    leniency = np.linalg.lstsq(design, difference, rcond=None)[0]
    severity = made.truth["assessors"].set_index("assessor_id")["severity"][names]
    assert np.corrcoef(leniency, severity)[0, 1] < -0.95
    # Near the middle of the scale a logit is about 1 / threshold_gap points.
    assert -leniency.std() / severity.std() * made.settings.threshold_gap == pytest.approx(-1, abs=0.2)


def test_faults_show(first_process: SimulatedCohort) -> None:
    made = cohort(3000, seed=8, severity_sd=0.0, erratic=0.2, central=0.2, undifferentiated=0.2, drifting=0.2)
    own = independent(made).merge(made.truth["assessors"], on="assessor_id")
    other = own.groupby(["candidate_id", "value"])["rating"].transform("sum") - own["rating"]
    assert (own["rating"] - other).abs().groupby(own["fault"]).mean().idxmax() == "erratic"
    assert own["rating"].groupby(own["fault"]).std().idxmin() == "central"
    within = own.groupby(["candidate_id", "assessor_id", "fault"])["rating"].std().groupby("fault").mean()
    assert within["undifferentiated"] < within["none"] - 0.1
    late = (own["recorded_at"] > pd.Timestamp("2023-09-18")).rename("late")
    halves = (own["rating"] - other).groupby([own["fault"], late]).mean().unstack()
    change = halves[True] - halves[False]
    assert change["drifting"] < change["none"] - 0.08
    assert set(first_process.truth["assessors"]["fault"]) == {"none", "erratic", "central", "undifferentiated", "drifting"}


def test_difficulty_shows_in_the_order_of_the_values(large: SimulatedCohort) -> None:
    means = independent(large).groupby("value")["rating"].mean()
    assert means.sort_values(ascending=False).index.tolist() == large.truth["values"].sort_values("difficulty")["value"].tolist()


def test_workshop_and_group_effects_are_what_was_asked_for(large: SimulatedCohort) -> None:
    """Regress ability on attendance and sex among those invited: without self-selection the true effects come back."""
    truth = large.truth["candidates"].merge(large.truth["characteristics"], on="candidate_id")
    invited = truth[truth["candidate_id"].isin(large.tables["workshops"]["candidate_id"])]
    design = np.column_stack([np.ones(len(invited)), invited["workshop_gain"] > 0, invited["sex"] == "Female"]).astype(float)
    _, workshop, female = np.linalg.lstsq(design, invited["ability"] / large.settings.ability_sd, rcond=None)[0]
    assert workshop == pytest.approx(0.3, abs=0.1) and female == pytest.approx(-0.5, abs=0.12)
    score = totals(large)
    went = invited.set_index("candidate_id")["workshop_gain"].gt(0).reindex(score.index).dropna().astype(bool)
    assert score[went[went].index].mean() - score[went[~went].index].mean() > 0.2


def test_self_selection_fools_a_bare_comparison() -> None:
    made = cohort(12_000, seed=6, workshop_effect=0.0, workshop_selection=1.0)
    ability = made.truth["candidates"].set_index("candidate_id")["ability"]
    workshops = made.tables["workshops"].set_index("candidate_id")["attended"].notna()
    assert ability[workshops[workshops].index].mean() - ability[workshops[~workshops].index].mean() > 0.5
