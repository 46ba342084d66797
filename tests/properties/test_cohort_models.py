"""Names, the order of people and which group comes first carry no information: the models of groups must not use them."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from standardsetting.cohort.adjusted import adjusted_difference
from standardsetting.cohort.gate_table import gate_table
from standardsetting.cohort.intersection import intersection
from standardsetting.cohort.item_functioning import item_functioning
from standardsetting.cohort.rater_functioning import rater_functioning
from standardsetting.cohort.scores import distribution, hedges_g, superiority
from standardsetting.rule import DecisionRule
from standardsetting.scale import Scale
from standardsetting.simulate.groups import rated_groups

SEEDS = st.integers(0, 10_000)
VALUES = ["a", "b", "c"]
FEW = settings(max_examples=15, deadline=None)


def people(seed, n=120):
    draw = np.random.default_rng(seed)
    labels = draw.choice(["f", "m", "other", "opted out"], n, p=[0.4, 0.45, 0.1, 0.05]).astype(object)
    scores = pd.DataFrame(np.clip(draw.integers(0, 3, (n, 1)) + draw.integers(1, 4, (n, 3)), 1, 5).astype(float), columns=VALUES)
    return scores, labels, draw.permutation(n)


def three(found):
    return np.array([found.estimate, found.low, found.high])


@given(SEEDS)
@FEW
def test_swapping_the_groups_mirrors_the_comparison(seed):
    scores, labels, _ = people(seed)
    total = scores.sum(axis=1)
    one, two = (superiority(total, labels, focal=a, comparator=b) for a, b in (("f", "m"), ("m", "f")))
    assert three(one) == pytest.approx(1 - three(two)[[0, 2, 1]], abs=1e-9)
    one, two = (hedges_g(total, labels, focal=a, comparator=b) for a, b in (("f", "m"), ("m", "f")))
    assert three(one) == pytest.approx(-three(two)[[0, 2, 1]], abs=1e-6)


@given(SEEDS, st.floats(0.1, 5), st.floats(-3, 3))
@FEW
def test_order_of_scores_alone_counts_for_superiority_and_scale_does_not_for_g(seed, factor, shift):
    scores, labels, order = people(seed)
    total = scores.sum(axis=1)
    same = superiority(total, labels, focal="f", comparator="m")
    assert three(superiority(np.exp(total / 4), labels, focal="f", comparator="m")) == pytest.approx(three(same), abs=1e-12)
    assert three(superiority(total.iloc[order], labels[order], focal="f", comparator="m")) == pytest.approx(three(same), abs=1e-12)
    g = hedges_g(total, labels, focal="f", comparator="m")
    assert three(hedges_g(factor * total + shift, labels, focal="f", comparator="m")) == pytest.approx(three(g), abs=1e-6)
    assert 0 <= same.low <= same.estimate <= same.high <= 1


@given(SEEDS)
@FEW
def test_gate_shares_add_up_and_do_not_depend_on_order_or_names(seed):
    scores, labels, order = people(seed)
    rule = DecisionRule(dict.fromkeys(VALUES, 3), cut=10, scale=Scale(1, 5))
    table = gate_table(scores, labels, rule=rule, fewest=1).table
    again = gate_table(scores.iloc[order], labels[order], rule=rule, fewest=1).table
    pd.testing.assert_frame_equal(table, again)
    renamed = gate_table(scores, np.where(labels == "f", "a new name", labels), rule=rule, fewest=1).table
    assert sorted(renamed["count"].tolist()) == sorted(table["count"].tolist())
    for _, group in table.groupby("group"):
        count = group.set_index("gate")["count"]
        values = group.loc[group["gate"] == "below the hurdle", "count"]
        assert count["met the standard"] + count["every hurdle met, below the standard"] <= group["n"].iloc[0]
        assert count["exactly one value"] <= values.sum() and values.max() <= group["n"].iloc[0]


@given(SEEDS)
@FEW
def test_distributions_end_at_one_and_rise(seed):
    scores, labels, order = people(seed)
    found = distribution(scores["a"], labels, points=[1, 2, 3, 4, 5], fewest=1).table
    pd.testing.assert_frame_equal(found, distribution(scores["a"].iloc[order], labels[order], points=[1, 2, 3, 4, 5], fewest=1).table)
    for _, group in found.groupby("group"):
        assert group["at_or_below"].is_monotonic_increasing and group["at_or_below"].iloc[-1] == 1


@given(SEEDS)
@settings(max_examples=6, deadline=None)
def test_item_functioning_mirrors_and_ignores_order(seed):
    scores, labels, order = people(seed)
    both = {"seed": 3, "permutations": 19, "fewest": 2}
    one = item_functioning(scores, labels, focal="f", comparator="m", **both).table
    same = item_functioning(scores.iloc[order], labels[order], focal="f", comparator="m", **both).table
    pd.testing.assert_frame_equal(one, same)
    other = item_functioning(scores, labels, focal="m", comparator="f", **both).table
    for name in ("lr", "lr_uniform", "r2_uniform"):
        assert other[name].to_numpy(dtype=float) == pytest.approx(one[name].to_numpy(dtype=float), abs=1e-6), name
    assert one["p"].dropna().between(0.05, 1).all()


@given(SEEDS)
@settings(max_examples=8, deadline=None)
def test_rater_functioning_ignores_names_order_and_levels(seed):
    made = rated_groups(90, seed=seed, n_assessors=8, focal_share=0.45, slope_sd=0.2)
    draw = np.random.default_rng(seed)
    call = {"focal": "focal", "comparator": "comparator", "seed": 2, "permutations": 39, "fewest": 2}
    found = rater_functioning(made.ratings, made.groups, **call)
    new = draw.permutation(8)
    severity = draw.integers(-3, 4, 8)
    moved = made.ratings.assign(
        assessor=new[made.ratings["assessor"]], rating=2 * made.ratings["rating"] + severity[made.ratings["assessor"]]
    ).sample(frac=1, random_state=seed)
    again = rater_functioning(moved, made.groups, **call)
    # An assessor's own level is taken out; doubling the points doubles the standard deviation.
    assert again.variance == pytest.approx(4 * found.variance, rel=1e-6, abs=1e-9)
    assert again.error_sd == pytest.approx(2 * found.error_sd, rel=1e-9)
    swapped = rater_functioning(made.ratings, made.groups, **{**call, "focal": "comparator", "comparator": "focal"})
    assert swapped.variance == pytest.approx(found.variance, rel=1e-6, abs=1e-9)


@given(SEEDS)
@settings(max_examples=2, deadline=None)
def test_intersection_does_not_know_the_names(seed):
    draw = np.random.default_rng(seed)
    met, sex, group = draw.integers(0, 2, 150), draw.choice(["f", "m"], 150), draw.choice(["a", "b", "c"], 150)
    one = intersection(met, sex, group, names=("one", "two"), seed=1, fewest=2)
    order = draw.permutation(150)
    pd.testing.assert_frame_equal(
        one.table, intersection(met[order], sex[order], group[order], names=("one", "two"), seed=1, fewest=2).table
    )
    turned = intersection(1 - met, np.where(sex == "f", "z", "a"), group, names=("one", "two"), seed=4, fewest=2).table
    cells = turned.assign(one=np.where(turned["one"] == "z", "f", "m")).set_index(["one", "two"]).sort_index()
    kept = one.table.set_index(["one", "two"]).sort_index()
    # Counting failures turns the rates round; other draws, so to within their error.
    assert (1 - cells["rate"]).to_numpy() == pytest.approx(kept["rate"].to_numpy(), abs=0.01)
    assert (1 - cells["low"]).to_numpy() == pytest.approx(kept["high"].to_numpy(), abs=0.03)


@given(SEEDS)
@FEW
def test_adjusted_differences_mirror_and_ignore_order_units_and_names(seed):
    draw = np.random.default_rng(seed)
    table = pd.DataFrame({
        "met": draw.integers(0, 2, 200), "sex": draw.choice(["f", "m"], 200), "years": draw.standard_normal(200),
        "site": draw.choice(["n", "s", "w"], 200),
    })  # fmt: skip
    call = {"outcome": "met", "characteristic": "sex", "prior": ["years"], "tainted": ["site"]}
    one = adjusted_difference(table, focal="f", comparator="m", **call).table()
    changed = table.assign(years=5 + 12 * table["years"], site=table["site"].map({"n": "x", "s": "y", "w": "q"}))
    same = adjusted_difference(changed.sample(frac=1, random_state=seed), focal="f", comparator="m", **call).table()
    other = adjusted_difference(table, focal="m", comparator="f", **call).table()
    columns = ["difference", "low", "high"]
    assert same[columns].to_numpy() == pytest.approx(one[columns].to_numpy(), abs=1e-6)
    assert -other[["difference", "high", "low"]].to_numpy() == pytest.approx(one[columns].to_numpy(), abs=1e-6)
