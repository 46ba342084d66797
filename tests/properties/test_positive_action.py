"""Positive action: what must not change an answer, and what must hold whatever the data."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from standardsetting.cohort.firth import fit
from standardsetting.cohort.positive_action.complier import complier_effect
from standardsetting.cohort.positive_action.design import identify
from standardsetting.cohort.positive_action.e_value import e_value
from standardsetting.cohort.positive_action.intention_to_treat import intention_to_treat
from standardsetting.cohort.positive_action.lottery import discrepancies, draw, seal
from standardsetting.cohort.positive_action.overlap import association, overlap_weights
from standardsetting.cohort.positive_action.participants import LEAST_CELL, Participants, attended_before_interview
from standardsetting.cohort.positive_action.reach import reach
from standardsetting.simulate.workshops import PRIOR, Setting, workshops

seeds = st.integers(0, 10_000)


def checked(table):
    return Participants.checked(table, prior=PRIOR)


def shuffled(table, seed):
    return table.sample(frac=1, random_state=seed).reset_index(drop=True)


@settings(max_examples=15, deadline=None)
@given(seeds)
def test_the_order_of_rows_changes_nothing(seed):
    table = workshops(Setting(eligible=400, outside=50, allocation="lottery", effect=0.3), seed=seed).table
    one, other = checked(table), checked(shuffled(table, seed))
    design = identify(one, process="2023")
    assert design == identify(other, process="2023")
    first, second = (intention_to_treat(people, design=design, seed=1, draws=200) for people in (one, other))
    assert repr(first) == repr(second)
    assert repr(complier_effect(one, design=design)) == repr(complier_effect(other, design=design))
    assert repr(association(one, process="2023")) == repr(association(other, process="2023"))
    pd.testing.assert_frame_equal(reach(one).steps, reach(other).steps)


@settings(max_examples=15, deadline=None)
@given(seeds)
def test_names_of_categories_and_groups_change_no_number(seed):
    table = workshops(Setting(eligible=400, effect=0.3), seed=seed).table
    names = {"none": "C", "one": "B", "two or more": "A", "women": "g1", "ethnic minorities": "g2"}
    renamed = table.assign(previous_attempts=table["previous_attempts"].map(names), group=table["group"].map(names))
    one, other = (association(checked(t), process="2023") for t in (table, renamed))
    for part in ("rate", "total", "unweighted"):
        a, b = getattr(one, part), getattr(other, part)
        if not a.why:
            assert (a.estimate, a.low, a.high) == pytest.approx((b.estimate, b.low, b.high), abs=1e-7)
        assert a.why == b.why
    assert sorted(reach(checked(table)).steps["n"]) == sorted(reach(checked(renamed)).steps["n"])


@settings(max_examples=15, deadline=None)
@given(seeds)
def test_turning_success_round_turns_the_difference_round(seed):
    table = workshops(Setting(eligible=400, effect=0.3), seed=seed).table
    one, other = (association(checked(t), process="2023").rate for t in (table, table.assign(met_standard=1 - table["met_standard"])))
    if not one.why:
        assert (one.estimate, one.low, one.high) == pytest.approx((-other.estimate, -other.high, -other.low), abs=1e-9)


@settings(max_examples=15, deadline=None)
@given(seeds, st.integers(60, 400))
def test_no_result_stands_on_a_cell_under_twenty(seed, eligible):
    table = workshops(Setting(eligible=eligible, allocation="lottery", effect=0.3), seed=seed).table
    people = checked(table)
    design = identify(people, process="2023")
    scored = table[table["interviewed"] & table["eligible_for_workshop"]]
    cells = pd.crosstab(attended_before_interview(scored), scored["met_standard"])
    cells = cells.reindex(index=[True, False], columns=[0.0, 1.0], fill_value=0)
    found = association(people, process="2023")
    if cells.to_numpy().min() < LEAST_CELL:
        assert found.rate.why and np.isnan(found.rate.estimate) and found.rate.n_one == 0 and found.balance is None
    arms = pd.crosstab(table["arm"], table["met_standard"].fillna(0)).to_numpy()
    offered = intention_to_treat(people, design=design, seed=1, draws=10).rate
    assert bool(offered.why) == (arms.min() < LEAST_CELL) == np.isnan(offered.estimate)


@settings(max_examples=25, deadline=None)
@given(seeds)
def test_overlap_weights_balance_up_to_firths_penalty(seed):
    """With Firth's estimate the score of the likelihood is not zero but minus the penalty's, which bounds what imbalance is left."""
    random = np.random.default_rng(seed)
    x = np.column_stack([np.ones(300), random.standard_normal((300, 3))])
    attended = random.random(300) < 1 / (1 + np.exp(-x[:, 1]))
    found = fit(x, attended.astype(float), names=tuple("abcd"), intervals=False)
    e = found.probabilities(x)
    weights = overlap_weights(attended, e)
    spread = e * (1 - e)
    leverage = spread * np.einsum("ij,ji->i", x, np.linalg.solve(x.T @ (spread[:, None] * x), x.T))
    left_over = weights[attended] @ x[attended] - weights[~attended] @ x[~attended]
    np.testing.assert_allclose(left_over, -x.T @ (leverage * (0.5 - e)), atol=1e-6)
    gaps = np.average(x[attended], axis=0, weights=weights[attended]) - np.average(x[~attended], axis=0, weights=weights[~attended])
    assert np.abs(gaps).max() < 0.05


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 12), st.integers(1, 12), st.data())
def test_firth_of_a_two_by_two_is_a_half_added_to_each_cell(n1, n2, data):
    a, c = data.draw(st.integers(0, n1)), data.draw(st.integers(0, n2))
    x, y = np.array([[1.0, 1.0], [1.0, 1.0], [1.0, 0.0], [1.0, 0.0]]), np.array([1.0, 0.0, 1.0, 0.0])
    found = fit(x, y, names=("intercept", "group"), weights=np.array([a, n1 - a, c, n2 - c], dtype=float), intervals=False)
    by_hand = np.log((a + 0.5) * (n2 - c + 0.5) / ((n1 - a + 0.5) * (c + 0.5)))
    assert found.converged and found.coefficients[1] == pytest.approx(by_hand, abs=1e-6)


@given(st.floats(0.05, 20), st.floats(1.001, 3), st.floats(1.001, 3))
def test_e_values_are_at_least_one_and_the_limit_is_no_larger(ratio, down, up):
    found, turned = e_value(ratio, low=ratio / down, high=ratio * up), e_value(1 / ratio, low=1 / (ratio * up), high=down / ratio)
    assert 1 <= found.limit <= found.point
    assert (found.point, found.limit) == pytest.approx((turned.point, turned.limit))


@given(
    st.sets(st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1), min_size=2, max_size=20),
    st.binary(min_size=16, max_size=32),
    st.data(),
)
def test_a_draw_is_a_partition_and_can_be_checked(references, seed, data):
    places, listed = data.draw(st.integers(1, len(references) - 1)), sorted(references)
    sealed = seal(seed.hex())
    found = draw(listed, places=places, seed=seed.hex(), sealed=sealed)
    assert len(found.offered) == places and {*found.offered, *found.wait_list} == references
    assert len(found.offered) + len(found.wait_list) == len(references)
    assert discrepancies(found, references=data.draw(st.permutations(listed)), sealed=sealed) == ()
