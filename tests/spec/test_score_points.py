"""Which scores a value can have follows from the policies, the assessment matrix and the panels, never from the ratings given."""

from fractions import Fraction

import pandas as pd
import pytest

from standardsetting import DecisionRule, Process, Scale
from standardsetting.blind.value_scores import score_points
from standardsetting.profiles import count_meeting, cut_meaning, possible_totals


def process(value_score="mean of independent ratings", *, rounding="none", exercises=(), weights=(1, 1)):
    return Process.from_mapping(
        {
            "process": {"id": "p", "title": "P"},
            "scale": {"minimum": 1, "maximum": 3},
            "values": [{"name": name, "hurdle": 2, "weight": weight} for name, weight in zip("xy", weights, strict=True)],
            "rule": {"value_score": value_score, "rounding": rounding},
            "exercises": [{"name": name, "values": list(values)} for name, values in exercises],
        }
    )


def ratings(panel, kind="independent"):
    rows = [("c", f"a{i}", value, 2.0, kind) for i in range(panel) for value in "xy"]
    return pd.DataFrame(rows, columns=["candidate", "assessor", "value", "rating", "kind"])


HALVES = [1, Fraction(3, 2), 2, Fraction(5, 2), 3]


@pytest.mark.parametrize(
    ("value_score", "rounding", "panel", "expected"),
    [
        ("mean of independent ratings", "none", 1, [1, 2, 3]),
        ("mean of independent ratings", "none", 2, HALVES),  # although both assessors agreed on every value
        ("mean of independent ratings", "none", 3, [1, Fraction(4, 3), Fraction(5, 3), 2, Fraction(7, 3), Fraction(8, 3), 3]),
        ("median of independent ratings", "none", 3, [1, 2, 3]),
        ("median of independent ratings", "none", 4, HALVES),
        ("mean of independent ratings", "half up", 2, [1, 2, 3]),
        ("agreed score", "none", 2, [1, 2, 3]),
    ],
)
def test_points_by_policy_and_panel(value_score, rounding, panel, expected):
    found = score_points(ratings(panel), process(value_score, rounding=rounding))
    assert found == {"x": tuple(expected), "y": tuple(expected)}


def test_a_value_of_two_exercises_has_half_points_and_the_other_has_none():
    """Agreed scores; x in both exercises, y in one; weights 2 and 1: the lattice, totals and meanings of cuts, counted by hand."""
    definition = process("agreed score", exercises=[("e", "xy"), ("f", "x")], weights=(2, 1))
    points = score_points(ratings(1, "agreed"), definition)
    assert points == {"x": tuple(HALVES), "y": (1, 2, 3)}
    bare = definition.decision_rule()
    rule = DecisionRule(bare.hurdles, weights=bare.weights, scale=bare.scale, points=points)
    assert count_meeting(rule) == 3 * 2
    assert possible_totals(rule) == tuple(range(3, 10))  # 2x is whole, y is whole
    # One miss leaves at most 7: x = 3 with y = 1. (x = 1.5 with y = 3 makes 6.)
    assert [cut_meaning(rule, cut).kind for cut in (6, 7, 8)] == ["vacuous", "both decide", "hurdles redundant"]


def test_points_stay_with_the_rule_when_the_cut_moves():
    rule = DecisionRule({"x": 2}, scale=Scale(1, 3), points={"x": [1, 1.5, 2, 2.5, 3]})
    assert rule.at(2).points_of("x") == tuple(HALVES)
    assert hash(rule.at(2)) == hash(rule.at(2))
    assert rule != DecisionRule({"x": 2}, scale=Scale(1, 3))
