"""The lattice numbers of the first process: four values from 1 to 5, a hurdle of 3 on each."""

import itertools

import pytest

from standardsetting import DecisionRule, Scale
from standardsetting.errors import UsageError
from standardsetting.profiles import count_meeting, cut_meaning, enumerate_profiles, possible_totals, profiles_by_total

RULE = DecisionRule([3, 3, 3, 3], scale=Scale(1, 5))


def test_625_profiles_81_meet_the_hurdle_15_without_order():
    every = enumerate_profiles(Scale(1, 5), 4)
    assert len(every) == 625
    assert (every.min(axis=1) >= 3).sum() == 81
    unordered = enumerate_profiles(Scale(1, 5), 4, ordered=False)
    assert len(unordered) == 70
    assert (unordered.min(axis=1) >= 3).sum() == 15


def test_totals_of_profiles_that_meet_the_hurdle():
    assert {int(t): n for t, n in profiles_by_total(RULE).items()} == dict(
        zip(range(12, 21), (1, 4, 10, 16, 19, 16, 10, 4, 1), strict=True)
    )


def test_profiles_meeting_each_cut_with_and_without_the_hurdle():
    assert [count_meeting(RULE.at(cut)) for cut in range(12, 21)] == [81, 80, 76, 66, 50, 31, 15, 5, 1]
    assert [count_meeting(RULE.at(cut), hurdles=False) for cut in range(12, 21)] == [355, 270, 190, 122, 70, 35, 15, 5, 1]


@pytest.mark.parametrize("cut", range(4, 23))
def test_kind_of_cut(cut):
    expected = "vacuous" if cut <= 12 else "both decide" if cut <= 17 else "hurdles redundant" if cut <= 20 else "impossible"
    assert cut_meaning(RULE, cut).kind == expected


@pytest.mark.parametrize(("scale", "hurdles", "weights"), [((0, 3), (1, 1, 1), (1, 1, 1)), ((1, 3, "0.5"), (2, 1, 2.5), (1, 2, "0.5"))])
def test_kind_and_count_of_cut_against_brute_force(scale, hurdles, weights):
    scale = Scale(*scale)
    names = [f"value {i}" for i in range(1, 4)]
    rule = DecisionRule(dict(zip(names, hurdles, strict=True)), weights=dict(zip(names, weights, strict=True)), scale=scale)
    lattice = [
        (
            all(x >= h for x, h in zip(profile, rule.hurdles.values(), strict=True)),
            sum(w * x for w, x in zip(rule.weights.values(), profile, strict=True)),
        )
        for profile in itertools.product(scale.points, repeat=3)
    ]
    for cut in (*possible_totals(rule), max(possible_totals(rule)) + 1):
        by_total = {total >= cut for hurdle, total in lattice if hurdle}
        misses = {total >= cut for hurdle, total in lattice if not hurdle}
        kind = cut_meaning(rule, cut).kind
        assert count_meeting(rule.at(cut)) == sum(hurdle and total >= cut for hurdle, total in lattice)
        assert (kind == "impossible") == (not any(total >= cut for _, total in lattice))
        if kind == "vacuous":
            assert by_total == {True}
        if kind == "hurdles redundant":
            assert misses == {False}
        if kind == "both decide":
            assert by_total == {True, False} and True in misses


def test_too_many_profiles_are_refused_and_still_counted():
    with pytest.raises(UsageError):
        enumerate_profiles(Scale(1, 5, step=0.5), 10)
    assert count_meeting(DecisionRule([3] * 10, scale=Scale(1, 5, step=0.5))) == 5**10


def test_a_rule_without_a_scale_cannot_count():
    with pytest.raises(UsageError):
        count_meeting(DecisionRule([3, 3], 6))
