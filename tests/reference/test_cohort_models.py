"""Person-level statistics of groups against R (values, versions and calls in cohort_models.json)."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from standardsetting.cohort.adjusted import BOTH, PRIOR, adjusted_difference
from standardsetting.cohort.intersection import _covariance, _mode, intersection
from standardsetting.cohort.item_functioning import item_functioning, proportional_odds
from standardsetting.cohort.rater_functioning import rater_functioning
from standardsetting.cohort.scores import hedges_g, placements, superiority
from standardsetting.simulate.groups import rated_groups

HERE = Path(__file__).parent
RECORDS = {record["id"]: record for record in json.loads((HERE / "cohort_models.json").read_text(encoding="utf-8"))["records"]}
CANDIDATES = pd.read_csv(HERE / "data" / "candidate_totals_500.csv")
VALUES = ["V1", "V2", "V3", "V4"]
GROUPS = {"sex": ("female", "male"), "ethnicity": ("minority", "white")}


def named(start):
    return [name for name in RECORDS if name.startswith(start)]


def test_every_record_is_tried():
    tried = ["superiority", "hedges", "polr", "adjusted", "intersection", "rater"]
    assert {name.split(".")[0] for name in RECORDS} == set(tried) and len(RECORDS) == 20


@pytest.mark.parametrize("name", named("superiority"))
def test_superiority(name):
    _, group, of = name.split(".")
    focal, comparator = GROUPS[group]
    value = RECORDS[name]["value"]
    found = superiority(CANDIDATES[of], CANDIDATES[group], focal=focal, comparator=comparator)
    assert (found.estimate, found.low, found.high) == pytest.approx((value["estimate"], value["low"], value["high"]), rel=1e-9)
    placed = placements(*(CANDIDATES.loc[CANDIDATES[group] == each, of].to_numpy(dtype=float) for each in (focal, comparator)))
    assert (placed.se, placed.df) == pytest.approx((value["se"], value["df"]), rel=1e-9)


def test_hedges():
    value = RECORDS["hedges.sex.total"]["value"]
    found = hedges_g(CANDIDATES["total"], CANDIDATES["sex"], focal="female", comparator="male")
    assert (found.estimate, found.low, found.high) == pytest.approx((value["estimate"], value["low"], value["high"]), abs=1e-7)


@pytest.mark.parametrize("name", named("polr"))
def test_proportional_odds(name):
    _, group, of = name.split(".")
    focal, comparator = GROUPS[group]
    value = RECORDS[name]["value"]
    is_focal = (CANDIDATES[group] == focal).to_numpy()
    rest = CANDIDATES[[each for each in VALUES if each != of]].sum(axis=1).to_numpy(dtype=float)
    rest = rest - rest.mean()
    x = np.column_stack([rest, is_focal, rest * is_focal])
    categories = np.unique(CANDIDATES[of])
    fitted = proportional_odds((CANDIDATES[of].to_numpy()[:, None] == categories)[None].astype(float), x)
    assert fitted.converged.all() and not fitted.separated.any()
    assert fitted.log_likelihood[0] == pytest.approx(value["log_likelihood"][3], abs=1e-7)
    assert fitted.coefficients[0] == pytest.approx(np.array(value["coefficients"]), abs=1e-4)
    assert fitted.thresholds[0] == pytest.approx(np.array(value["zeta"]), abs=1e-4)
    found = item_functioning(CANDIDATES[VALUES], CANDIDATES[group], focal=focal, comparator=comparator, seed=1, permutations=19)
    row = found.table.set_index("value").loc[of]
    for key in ("lr_uniform", "lr_nonuniform", "lr", "r2_uniform", "r2_nonuniform"):
        assert row[key] == pytest.approx(value[key], abs=1e-6), key


@pytest.mark.parametrize("name", named("adjusted"))
def test_adjusted(name):
    value = RECORDS[name]["value"]
    met = (CANDIDATES["total"] >= 14) & (CANDIDATES[VALUES].min(axis=1) >= 3)
    people = CANDIDATES.assign(met=met.astype(int))
    view = adjusted_difference(
        people, outcome="met", characteristic="ethnicity", focal="minority", comparator="white",
        prior=["sex", "site"], tainted=["global_rating"],
    )  # fmt: skip
    step = next(step for step in view.steps if step.name == {"adjusted.prior": PRIOR, "adjusted.both": BOTH}[name])
    assert (step.difference, step.low, step.high) == pytest.approx((value["difference"], value["low"], value["high"]), abs=1e-7)


@pytest.mark.parametrize("name", named("intersection.brute"))
def test_intersection_against_prior_sampling(name):
    record = RECORDS[name]
    cells, value = pd.DataFrame(record["data"]), record["value"]
    people = cells.loc[cells.index.repeat(cells["n"])]
    met = np.concatenate([np.repeat([1, 0], [row.met, row.n - row.met]) for row in cells.itertuples()])
    found = intersection(met, people["one"], people["two"], names=("one", "two"), seed=1, fewest=5)
    here = found.table["n"].to_numpy() > 0
    assert found.table["n"].tolist() == cells["n"].tolist()
    for key in ("rate", "low", "high"):
        assert found.table[key].to_numpy()[here] == pytest.approx(np.array(value[key])[here], abs=record["tolerance"]), key
    assert found.table.loc[~here, ["rate", "low", "high"]].isna().all(axis=None)
    if here.all():
        assert found.prior_share == pytest.approx(value["prior_share"], abs=record["tolerance"])
    assert found.share == pytest.approx(value["share"], abs=record["tolerance"])
    assert found.effective_draws > 5000


def test_intersection_mode_is_that_of_glmer():
    """lme4 with nAGQ = 0 finds fixed effects and deviations together: our mode at its size of interactions, with nearly flat priors."""
    value, cells = RECORDS["intersection.glmer"]["value"], pd.DataFrame(RECORDS["intersection.glmer"]["data"])
    flat = _covariance((2, 3), value["sd"], baseline=300.0, main=300.0)
    mode, _ = _mode(cells["met"].to_numpy(dtype=float), cells["n"].to_numpy(dtype=float), np.linalg.inv(flat))
    assert expit(mode) == pytest.approx(np.array(value["fitted"]), abs=2e-5)


def test_rater_functioning():
    made = rated_groups(360, seed=3, slope_sd=0.3)
    found = rater_functioning(made.ratings, made.groups, focal="focal", comparator="comparator", seed=1)
    moments, mixed = RECORDS["rater.moments"]["value"], RECORDS["rater.lmer"]["value"]
    assert (found.variance, found.error_sd) == pytest.approx((moments["variance"], moments["error_sd"]), rel=1e-9)
    # Another estimator of the same thing: restricted likelihood.
    assert found.slope_sd == pytest.approx(mixed["slope_sd"], abs=0.02)
    assert found.low == pytest.approx(mixed["low"], abs=0.05) and found.low < mixed["slope_sd"] < found.high
