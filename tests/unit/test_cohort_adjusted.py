"""The gap as it is, among people alike in prior facts, and in possibly tainted facts too."""

import numpy as np
import pandas as pd
import pytest

from standardsetting.cohort.adjusted import BOTH, NOT_EXPLAINED, PRIOR, UNADJUSTED, adjusted_difference
from standardsetting.errors import UsageError

CALL = {"outcome": "met", "characteristic": "sex", "focal": "f", "comparator": "m"}


def cohort(n=400, seed=1, *, gap=-0.8, through_prior=0.0, through_tainted=0.0):
    """Outcomes with a direct gap, and gaps that run through length of service or through a manager's assessment."""
    draw = np.random.default_rng(seed)
    focal = draw.random(n) < 0.4
    years = 8 + 3 * draw.standard_normal(n) - 4 * through_prior * focal
    manager = np.where(draw.standard_normal(n) - 2 * through_tainted * focal > 0, "exceptional", "competent")
    linear = 0.3 + gap * focal + 0.5 * (years - 8) * (through_prior > 0) + 2 * (manager == "exceptional") * (through_tainted > 0)
    met = (draw.random(n) < 1 / (1 + np.exp(-linear))).astype(int)
    return pd.DataFrame({"met": met, "sex": np.where(focal, "f", "m").astype(object), "years": years, "manager": manager.astype(object)})


def view_of(people, prior=("years",), tainted=("manager",)):
    return adjusted_difference(people, **CALL, prior=list(prior), tainted=list(tainted))


def test_unadjusted_comes_first_and_is_the_raw_difference():
    people = cohort()
    view = view_of(people)
    assert [step.name for step in view.steps] == [UNADJUSTED, PRIOR, BOTH]
    rates = people.groupby("sex")["met"].mean()
    assert view.steps[0].difference == pytest.approx(rates["f"] - rates["m"], abs=1e-12)
    assert view.sentence.startswith("As it is:") and NOT_EXPLAINED in view.sentence


def test_a_gap_through_prior_facts_shrinks_and_a_direct_one_stays():
    direct, through = view_of(cohort(1500)), view_of(cohort(1500, gap=0.0, through_prior=1.0))
    assert direct.steps[1].high < 0 and abs(direct.steps[1].difference - direct.steps[0].difference) < 0.04
    assert through.steps[0].high < 0 and through.steps[1].low < 0 < through.steps[1].high


def test_a_gap_that_vanishes_only_with_the_tainted_block_is_not_explained():
    view = view_of(cohort(1500, gap=0.0, through_tainted=0.6))
    assert view.steps[1].high < 0 < view.steps[2].high
    assert "vanishes only with the possibly tainted facts. A gap that vanishes" in view.sentence


def test_standardised_by_hand_for_one_category():
    """With a saturated-by-category world the standardised difference is near the weighted difference of rates."""
    draw = np.random.default_rng(3)
    people = pd.DataFrame({"sex": np.tile(["f", "m"], 500), "site": draw.choice(["n", "s"], 1000)})
    people["met"] = (draw.random(1000) < np.where(people["site"] == "n", 0.7, 0.4) - 0.1 * (people["sex"] == "f")).astype(int)
    step = adjusted_difference(people, **CALL, prior=["site"]).steps[1]
    rates = people.groupby(["site", "sex"])["met"].mean().unstack()
    weights = people["site"].value_counts(normalize=True)
    assert step.difference == pytest.approx(float((weights * (rates["f"] - rates["m"])).sum()), abs=0.01)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda d: d.assign(site=["rare"] * 9 + ["north"] * 391), "categories of fewer than 10"),
        (lambda d: d.assign(site="north"), "same for everybody"),
        (lambda d: d.assign(site=1.0), "same for everybody"),
        (lambda d: d.assign(site=d["years"] * 2), "say the same"),
        (lambda d: d.assign(site=np.where(d["sex"] == "f", "x", "y")), "say the same"),
    ],
)
def test_facts_that_cannot_be_used_are_refused_in_words(change, says):
    step = view_of(change(cohort()), prior=("years", "site"), tainted=()).steps[1]
    assert says in step.why and np.isnan([step.difference, step.low, step.high]).all()


def test_a_saturated_model_is_refused():
    """One fact alone, with the rows all different from each other by it: as many columns as different rows."""
    people = cohort(200)
    kept = people[(people["sex"] == "m") | (people["manager"] == "competent")]
    step = adjusted_difference(kept, **CALL, prior=["manager"]).steps[1]
    assert "saturated" in step.why


def test_too_few_degrees_of_freedom():
    people = pd.DataFrame({"met": [1, 1, 0, 0] * 15, "sex": ["f", "m"] * 30})
    facts = {f"fact {i}": np.random.default_rng(i).standard_normal(60) for i in range(50)}
    step = adjusted_difference(people.assign(**facts), **CALL, prior=list(facts)).steps[1]
    assert "degrees of freedom" in step.why and step.residual_df == 8


@pytest.mark.parametrize(("met", "word"), [(1, "Everyone"), (0, "Nobody")])
def test_everyone_or_nobody_met(met, word):
    view = view_of(cohort().assign(met=met))
    assert view.steps == () and view.why.startswith(word)


def test_small_groups_and_few_outcomes():
    people = cohort()
    one = people.assign(sex=["f"] + ["m"] * 399)
    assert "fewer than 20" in view_of(one).why
    few = people.copy()
    few.loc[few["sex"] == "f", "met"] = 0
    few.loc[few.index[few["sex"] == "f"][:9], "met"] = 1
    assert "too few to adjust" in view_of(few).why


@pytest.mark.parametrize("share", [0.5, 1.0])
def test_missing_declarations(share):
    people = cohort()
    people.loc[: int(400 * share) - 1, "sex"] = "unknown in HR"
    view = view_of(people)
    assert [(each.reason, each.n) for each in view.left_out] == [("unknown in HR", int(400 * share))]
    assert bool(view.steps) == (share < 1) and ("Nobody declared" in view.why) == (share == 1)


def test_the_three_views_are_of_the_same_people():
    people = cohort()
    people.loc[:49, "manager"] = None
    view = view_of(people)
    known = people.dropna()
    rates = known.groupby("sex")["met"].mean()
    assert view.steps[0].difference == pytest.approx(rates["f"] - rates["m"])
    assert [(each.reason, each.n) for each in view.left_out] == [("without an outcome or a declared fact", 50)]


def test_no_coefficient_and_no_odds_ratio_is_given():
    step = view_of(cohort()).steps[1]
    assert set(step.__dataclass_fields__) == {"name", "facts", "difference", "low", "high", "residual_df", "method", "why"}


def test_bad_calls():
    people = cohort()
    for facts in ({"prior": ["years", "years"]}, {"prior": ["nothing"]}, {"prior": ["sex"]}):
        with pytest.raises(UsageError):
            adjusted_difference(people, **CALL, **facts)
    with pytest.raises(UsageError):
        view_of(people.assign(met=2))


@pytest.mark.soak
def test_coverage_of_the_adjusted_difference():
    draw, inside = np.random.default_rng(4), []
    for _ in range(300):
        focal, years = draw.random(360) < 0.32, draw.standard_normal(360)
        linear = 0.1 - 0.6 * focal + 0.8 * years
        rate_on, rate_off = 1 / (1 + np.exp(-(linear - 0.6 * ~focal))), 1 / (1 + np.exp(-(linear + 0.6 * focal)))
        met = (draw.random(360) < 1 / (1 + np.exp(-linear))).astype(int)
        people = pd.DataFrame({"met": met, "sex": np.where(focal, "f", "m"), "years": years})
        step = adjusted_difference(people, **CALL, prior=["years"]).steps[1]
        inside.append(step.low <= (rate_on - rate_off).mean() <= step.high)
    assert np.mean(inside) > 0.91
