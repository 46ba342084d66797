"""What has to hold for every cohort and every rule: counts add up, meeting falls with the cut, names and order do not matter."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from standardsetting import DecisionRule, Scale
from standardsetting.blind.close_to_the_line import close_to_the_line
from standardsetting.blind.options import options
from standardsetting.blind.profile_counts import profile_counts

COUNTS = ["met", "not_met_hurdle_only", "not_met_total_only", "not_met_both", "incomplete"]


@st.composite
def cohorts(draw: st.DrawFn) -> tuple[pd.DataFrame, DecisionRule]:
    step = draw(st.sampled_from([Fraction(1), Fraction(1, 2), Fraction(1, 3)]))
    low = draw(st.integers(0, 2))
    scale = Scale(low, low + draw(st.integers(1, 3)), step=step)
    values = [f"v{i}" for i in range(draw(st.integers(1, 4)))]
    points = list(scale.points)
    hurdles = {v: draw(st.sampled_from(points)) for v in values}
    weights = {v: draw(st.sampled_from([1, 2, Fraction(1, 2)])) for v in values}
    score = st.one_of(st.none(), st.sampled_from(points), st.sampled_from(points))
    rows = draw(st.lists(st.tuples(*[score] * len(values)), min_size=1, max_size=30))
    table = pd.DataFrame([[np.nan if s is None else float(s) for s in row] for row in rows], columns=values, dtype=float)
    return table, DecisionRule(hurdles, weights=weights, scale=scale)


@settings(max_examples=25, deadline=None)
@given(cohorts())
def test_counts_add_up_and_meeting_never_rises_with_the_cut(case: tuple[pd.DataFrame, DecisionRule]) -> None:
    scores, rule = case
    table = options(scores, rule)
    assert (table[COUNTS].sum(axis=1) == len(scores)).all()
    assert (table["complete"] + table["incomplete"] == len(scores)).all()
    assert (table["met"].diff().dropna() <= 0).all()
    assert (table["moves_up"] >= 0).all()
    assert (table["moves_up"].to_numpy()[:-1] == -np.diff(table["met"])).all()
    assert table["tied_all"].sum() == table["complete"].iloc[0]
    assert ((table["low"].isna()) | ((table["low"] <= table["rate"]) & (table["rate"] <= table["high"]))).all()


@settings(max_examples=25, deadline=None)
@given(cohorts())
def test_each_row_is_what_the_rule_itself_decides(case: tuple[pd.DataFrame, DecisionRule]) -> None:
    scores, rule = case
    for row in options(scores, rule).to_dict("records"):
        decided = rule.at(row["cut"]).decide(scores)
        assert row["met"] == (decided["status"] == "met").sum()
        assert row["incomplete"] == (decided["status"] == "incomplete").sum()
        for reason in ("hurdle", "total"):
            assert row[f"not_met_{reason}_only"] == (decided["reason"] == reason).sum()
        assert row["not_met_both"] == (decided["reason"] == "both").sum()


@settings(max_examples=25, deadline=None)
@given(cohorts(), st.integers(0, 99), st.integers(-3, 3))
def test_order_names_and_origin_do_not_matter(case: tuple[pd.DataFrame, DecisionRule], seed: int, shift: int) -> None:
    scores, rule = case
    before = options(scores, rule)
    order = np.random.default_rng(seed).permutation(len(scores))
    pd.testing.assert_frame_equal(options(scores.iloc[order], rule), before)

    names = dict(zip(rule.values, [f"other {v}" for v in reversed(rule.values)], strict=True))
    renamed = DecisionRule(
        {names[v]: h for v, h in reversed(rule.hurdles.items())}, weights={names[v]: w for v, w in rule.weights.items()}, scale=rule.scale
    )
    pd.testing.assert_frame_equal(options(scores.rename(columns=names), renamed), before)

    assert rule.scale is not None
    moved = DecisionRule(
        {v: h + shift for v, h in rule.hurdles.items()},
        weights=rule.weights,
        scale=Scale(rule.scale.minimum + shift, rule.scale.maximum + shift, step=rule.scale.step),
    )
    points = {float(p): float(p + shift) for p in rule.scale.points}
    after = options(scores.map(lambda s: points.get(s, np.nan)), moved)
    weight = float(sum(rule.weights.values()) * shift)
    np.testing.assert_allclose(after["cut"], before["cut"] + weight, rtol=1e-12, atol=1e-12)
    pd.testing.assert_frame_equal(after.drop(columns="cut"), before.drop(columns="cut"))


@settings(max_examples=25, deadline=None)
@given(cohorts())
def test_profiles_hold_everybody_who_meets_every_hurdle(case: tuple[pd.DataFrame, DecisionRule]) -> None:
    scores, rule = case
    met = int((rule.decide(scores)["status"] == "met").sum())
    ordered, unordered = profile_counts(scores, rule), profile_counts(scores, rule, ordered=False)
    assert ordered["candidates"].sum() == unordered["candidates"].sum() == met
    assert ordered["ways"].sum() == unordered["ways"].sum()
    close = close_to_the_line(scores, rule)
    assert (close.candidates["side"] == "one step short").sum() == met
    assert (close.by_cut["one_step_short"] <= met).all()
