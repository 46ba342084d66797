"""The decision rule: the published rule's edge cases, each worked by hand."""

import pandas as pd
import pytest

from standardsetting import DecisionRule, Scale
from standardsetting.errors import UsageError

FOUR = ("professionalism", "integrity", "courage", "compassion")


def rule(cut, **options):
    return DecisionRule(dict.fromkeys(FOUR, 3), cut, scale=Scale(1, 5), **options)


def decide(rule, *rows):
    return rule.decide(pd.DataFrame(rows, columns=list(FOUR), dtype=float))


@pytest.mark.parametrize(
    ("scores", "cut", "total", "status", "reason"),
    [
        ((3, 3, 3, 3), 12, 12, "met", "none"),  # inclusive on every hurdle and on the cut
        ((3, 3, 3, 3), 13, 12, "not met", "total"),
        ((4, 4, 4, 2), 14, 14, "not met", "hurdle"),  # the total is enough, one value is not
        ((5, 5, 5, 2), 17, 17, "not met", "hurdle"),  # one 2 caps the total at 17
        ((5, 5, 5, 2), 18, 17, "not met", "both"),
        ((2, 3, 3, 3), 14, 11, "not met", "both"),
        ((5, 5, 5, 5), 20, 20, "met", "none"),
        ((5, 5, 5, 5), 21, 20, "not met", "total"),
        ((3, 3, 4, None), 12, None, "incomplete", "none"),
        ((1, 1, 1, None), 12, None, "incomplete", "none"),  # certain to miss, and still incomplete: nothing is inferred
        ((1, 1, 1, 1), None, 4, "not met", "hurdle"),
    ],
)
def test_published_rule(scores, cut, total, status, reason):
    outcome = decide(rule(cut), scores).iloc[0]
    assert (outcome["status"], outcome["reason"]) == (status, reason)
    assert pd.isna(outcome["total"]) if total is None else outcome["total"] == total


def test_two_candidates_with_the_same_displayed_score_never_part():
    """32.11 and 32.23 both show as 32 and the rounded cut is 32: the exact scores are compared with the exact cut."""
    near = DecisionRule({"mark": 0}, cut="32.23")
    outcome = near.decide(pd.DataFrame({"mark": [32.11, 32.23]}))
    assert outcome["status"].tolist() == ["not met", "met"]


def test_tenths_add_up_exactly():
    tenths = DecisionRule({"a": 0, "b": 0}, cut="0.3")
    assert tenths.decide(pd.DataFrame({"a": [0.1], "b": [0.2]}))["status"].tolist() == ["met"]
    assert tenths.decide(pd.DataFrame({"a": [0.1], "b": [0.2]}))["total"].tolist() == [0.3]


def test_thirds_add_up_exactly():
    """Means of three ratings: 8/3 three times is exactly 8, although the floats fall short of it."""
    thirds = DecisionRule([1, 1, 1], cut=8)
    outcome = thirds.decide(pd.DataFrame([[8 / 3] * 3], columns=list(thirds.values)))
    assert outcome["status"].tolist() == ["met"]


def test_half_points_part_at_or_above_from_above():
    outcome = decide(rule(13.5), (3, 3, 3.5, 4), (3, 3, 3, 4))
    assert outcome["status"].tolist() == ["met", "not met"]


def test_weights_are_exact():
    weighted = rule("14.7", weights=dict(zip(FOUR, ("1.1", "1.1", "1.1", "1.1"), strict=True)))
    assert decide(weighted, (3, 3, 3, 4)).loc[0, "status"] == "not met"  # 14.3
    assert decide(weighted.at("14.3"), (3, 3, 3, 4)).loc[0, "status"] == "met"


def test_a_long_table_is_the_same_as_a_wide_one():
    wide = pd.DataFrame([(3, 4, 5, 3), (2, 5, 5, 5)], columns=list(FOUR), index=pd.Index(["c1", "c2"], name="candidate"))
    long = wide.stack().rename("rating").rename_axis(["candidate", "value"]).reset_index().sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(rule(14).decide(long), rule(14).decide(wide))


def test_index_and_order_are_kept_and_other_columns_ignored():
    table = pd.DataFrame([(3, 4, 5, 3), (2, 5, 5, 5)], columns=list(FOUR), index=["z", "a"]).assign(candidate=["one", "two"])
    assert rule(14).decide(table).index.tolist() == ["z", "a"]


@pytest.mark.parametrize(
    "table",
    [
        pd.DataFrame([(3, 3, 3)], columns=list(FOUR[:3])),
        pd.DataFrame([(3, 3, 3, 6)], columns=list(FOUR)),
        pd.DataFrame([(3, 3, 3, "good")], columns=list(FOUR)),
        pd.DataFrame({"candidate": ["c", "c"], "value": ["courage", "courage"], "rating": [3, 4]}),
    ],
)
def test_what_cannot_be_decided_is_refused_without_a_value(table):
    with pytest.raises(UsageError) as refusal:
        rule(14).decide(table)
    assert "good" not in str(refusal.value)


def test_an_empty_table_is_an_empty_answer():
    assert decide(rule(14)).empty


@pytest.mark.parametrize(
    "make",
    [
        lambda: DecisionRule({}, 12),
        lambda: DecisionRule({"a": 6}, 12, scale=Scale(1, 5)),
        lambda: DecisionRule({"a": 3}, 12, weights={"b": 1}),
        lambda: DecisionRule({"a": 3}, 12, weights={"a": 0}),
    ],
)
def test_rules_that_cannot_be(make):
    with pytest.raises(UsageError):
        make()


def test_equal_rules_are_equal_and_hash_alike():
    assert rule(14) == rule("14.0")
    assert hash(rule(14)) == hash(rule(14.0))
    assert rule(14) != rule(15)
