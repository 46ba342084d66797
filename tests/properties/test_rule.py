"""What holds for every rule and every cohort: checked against a slow, separate reading of the rule in fractions."""

from fractions import Fraction

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from standardsetting import DecisionRule, Scale
from standardsetting.scale import as_fraction

VALUES = ("a", "b", "c", "d")
weights = st.dictionaries(st.sampled_from(VALUES), st.sampled_from(["1", "2", "0.5", "1/3", "1.1"]))
scores = st.one_of(st.none(), st.integers(2, 10).map(lambda halves: halves / 2), st.integers(3, 15).map(lambda thirds: thirds / 3))
cohorts = st.lists(st.tuples(*[scores] * 4), min_size=1, max_size=30)
cuts = st.integers(8, 44).map(lambda halves: Fraction(halves, 2))
hurdles = st.dictionaries(st.sampled_from(VALUES), st.integers(1, 5)).map(lambda given: {v: given.get(v, 3) for v in VALUES})


def frame(cohort):
    return pd.DataFrame(cohort, columns=list(VALUES), dtype=float)


def slow(cohort, rule):
    """The rule read aloud, one candidate at a time."""
    for row in cohort:
        if any(score is None for score in row):
            yield "incomplete", "none"
            continue
        exact = [Fraction(score).limit_denominator(6) for score in row]
        hurdle = any(score < rule.hurdles[v] for v, score in zip(VALUES, exact, strict=True))
        total = sum((rule.weights[v] * score for v, score in zip(VALUES, exact, strict=True)), Fraction(0)) < rule.cut
        yield ("not met" if hurdle or total else "met"), {(0, 0): "none", (1, 0): "hurdle", (0, 1): "total", (1, 1): "both"}[hurdle, total]


@settings(max_examples=300)
@given(cohorts, hurdles, cuts, weights)
def test_agrees_with_a_slow_reading(cohort, hurdles, cut, weights):
    rule = DecisionRule(hurdles, cut, weights=weights)
    outcome = rule.decide(frame(cohort))
    assert list(zip(outcome["status"], outcome["reason"], strict=True)) == list(slow(cohort, rule))


@given(cohorts, cuts, st.randoms(use_true_random=False))
def test_order_of_candidates_does_not_matter(cohort, cut, random):
    rule, table = DecisionRule(dict.fromkeys(VALUES, 3), cut), frame(cohort)
    shuffled = table.sample(frac=1, random_state=random.randrange(2**31))
    pd.testing.assert_frame_equal(rule.decide(shuffled).sort_index(), rule.decide(table))


@given(cohorts, cuts, st.permutations(VALUES))
def test_names_of_values_do_not_matter(cohort, cut, renamed):
    rule, table = DecisionRule(dict.fromkeys(VALUES, 3), cut), frame(cohort)
    other = table.rename(columns=dict(zip(VALUES, renamed, strict=True)))
    pd.testing.assert_frame_equal(rule.decide(other), rule.decide(table))


@given(cohorts, cuts, st.integers(-7, 7))
def test_adding_a_constant_to_scale_hurdles_and_cut_changes_no_outcome(cohort, cut, constant):
    plain = DecisionRule(dict.fromkeys(VALUES, 3), cut, scale=Scale(1, 5))
    moved = DecisionRule(dict.fromkeys(VALUES, 3 + constant), cut + 4 * constant, scale=Scale(1 + constant, 5 + constant))
    # Added exactly: a sum of floats need not be the float that stands for the sum.
    shifted = [[None if score is None else float(as_fraction(score) + constant) for score in row] for row in cohort]
    before, after = plain.decide(frame(cohort)), moved.decide(frame(shifted))
    assert after[["status", "reason"]].equals(before[["status", "reason"]])


@given(cohorts, cuts, st.sampled_from(VALUES))
def test_a_better_score_never_turns_met_into_not_met(cohort, cut, value):
    rule, table = DecisionRule(dict.fromkeys(VALUES, 3), cut), frame(cohort)
    better = table.assign(**{value: table[value] + 1})
    met = rule.decide(table)["status"] == "met"
    assert (rule.decide(better)["status"][met] == "met").all()


@given(cohorts, cuts)
def test_a_higher_cut_is_met_by_no_more(cohort, cut):
    rule, table = DecisionRule(dict.fromkeys(VALUES, 3), cut), frame(cohort)
    higher = rule.at(cut + Fraction(1, 2)).decide(table)["status"] == "met"
    assert (rule.decide(table)["status"][higher] == "met").all()
