"""Intention to treat, complier effect, overlap weights, difference in differences: against SciPy, brute force and the equations."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.optimize import approx_fprime, brentq

from standardsetting.cohort.positive_action.across_processes import across_processes
from standardsetting.cohort.positive_action.complier import _differences, complier_effect
from standardsetting.cohort.positive_action.design import identify
from standardsetting.cohort.positive_action.e_value import e_value
from standardsetting.cohort.positive_action.intention_to_treat import _exact_p, _permutation_p, intention_to_treat, outcome, split_by_offer
from standardsetting.cohort.positive_action.overlap import TITLE, _weighted_means, association
from standardsetting.cohort.positive_action.participants import Participants, attended_before_interview
from standardsetting.cohort.positive_action.release import releasable
from standardsetting.errors import UsageError
from standardsetting.simulate.workshops import PRIOR, Setting, processes_over_time, workshops


def cohort(seed=3, **setting):
    return Participants.checked(workshops(Setting(**setting), seed=seed).table, prior=PRIOR)


@pytest.fixture(scope="module")
def lottery():
    people = cohort(eligible=500, outside=80, allocation="lottery", effect=0.3)
    return people, identify(people, process="2023")


# --- intention to treat


def test_everybody_drawn_counts_on_the_side_they_were_drawn_to(lottery):
    people, design = lottery
    found = intention_to_treat(people, design=design, seed=1)
    table = people.table
    by_arm = {arm: table.loc[table["arm"] == arm, "met_standard"].fillna(0) for arm in ("offered", "wait-list")}
    assert (found.rate.n_one, found.rate.n_other) == tuple(map(len, by_arm.values())) and sum(map(len, by_arm.values())) == 500
    assert found.rate.estimate == pytest.approx(by_arm["offered"].mean() - by_arm["wait-list"].mean(), abs=1e-15)
    assert found.rate.low < found.rate.estimate < found.rate.high and found.total.seed == 1


def test_totals_are_welchs(lottery):
    people, design = lottery
    found = intention_to_treat(people, design=design, seed=1).total
    one, other = (people.table.loc[people.table["arm"] == arm, "total"].dropna() for arm in ("offered", "wait-list"))
    welch = stats.ttest_ind(one, other, equal_var=False)
    limits = welch.confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((limits.low, limits.high), rel=1e-10)


def test_deferred_people_are_in_no_number(lottery):
    people, design = lottery
    table = people.table.copy()
    place = table.index[(table["arm"] == "offered") & ~table["interviewed"]][0]
    table.loc[place, "deferred"] = True
    found = intention_to_treat(Participants.checked(table, prior=PRIOR), design=design, seed=1).rate
    assert found.n_one == intention_to_treat(people, design=design, seed=1).rate.n_one - 1
    assert [(d.count, d.reason) for d in found.dropped] == [(1, "deferred to another process")]


def test_without_a_control_nothing_is_estimated():
    people = cohort()
    design = identify(people, process="2023")
    found = intention_to_treat(people, design=design, seed=1)
    assert found.rate.why and np.isnan(found.rate.estimate) and np.isnan(found.total.low)


def test_staggered_invitations_give_an_interval_and_no_randomisation_test():
    people = cohort(allocation="staggered", eligible=500)
    design = identify(people, process="2023", order_of_invitations="by letter of the surname")
    found = intention_to_treat(people, design=design, seed=1)
    assert np.isfinite(found.rate.estimate) and np.isnan(found.rate.p) and found.rate.one == "invited before the interview"


@pytest.mark.parametrize(("a", "n1", "c", "n2"), [(4, 5, 1, 4), (2, 3, 2, 6), (0, 4, 0, 3), (3, 3, 0, 4)])
def test_exact_p_is_every_way_of_drawing(a, n1, c, n2):
    met = np.repeat([1, 0], [a + c, n1 + n2 - a - c])
    gaps = []
    for chosen in combinations(range(n1 + n2), n1):
        one = met[list(chosen)].sum()
        gaps.append(abs(one * n2 - (a + c - one) * n1))
    assert _exact_p(a, n1, c, n2) == pytest.approx(np.mean(np.array(gaps) >= abs(a * n2 - c * n1)), abs=1e-12)


def test_exact_p_is_fishers_with_equal_sides():
    assert _exact_p(14, 40, 25, 40) == pytest.approx(stats.fisher_exact([[14, 26], [25, 15]]).pvalue, rel=1e-10)


def test_the_test_of_totals_is_scipys_permutation_test():
    random = np.random.default_rng(5)
    one, other = random.integers(4, 21, 30).astype(float), random.integers(6, 21, 25).astype(float)
    by_scipy = stats.permutation_test(
        (one, other), lambda x, y, axis: x.mean(axis=axis) - y.mean(axis=axis), n_resamples=20_000, vectorized=True, rng=random
    ).pvalue
    assert _permutation_p(one, other, 1, 20_000) == pytest.approx(by_scipy, abs=0.012)
    assert _permutation_p(one, other, 1, 500) == _permutation_p(one[::-1], other[::-1], 1, 500)


# --- complier effect


def test_complier_effect_is_the_ratio_and_its_limits_are_where_the_test_stops_rejecting(lottery):
    people, design = lottery
    found = complier_effect(people, design=design)
    arms = split_by_offer(people, design)
    sides = [np.column_stack([outcome(s), attended_before_interview(s)]).astype(float) for s in (arms.one, arms.other)]
    gap, moved = sides[0].mean(axis=0) - sides[1].mean(axis=0)
    assert found.effect.estimate == pytest.approx(gap / moved, rel=1e-12)
    assert found.uptake_offered - found.uptake_wait_list == pytest.approx(moved, rel=1e-12)

    def z(b):
        one, other = (side[:, 0] - b * side[:, 1] for side in sides)
        return (one.mean() - other.mean()) / np.sqrt(one.var(ddof=1) / len(one) + other.var(ddof=1) / len(other))

    low, high = (brentq(lambda b, to=to: z(b) - to, -3, 3) for to in (stats.norm.ppf(0.975), -stats.norm.ppf(0.975)))
    assert (found.effect.low, found.effect.high) == pytest.approx((low, high), rel=1e-8)


def test_complier_effect_is_refused_without_a_lottery():
    people = cohort(allocation="staggered", eligible=500)
    found = complier_effect(people, design=identify(people, process="2023", order_of_invitations="by letter of the surname"))
    assert found.effect.why.startswith("Refused") and np.isnan(found.effect.estimate)


def test_an_offer_that_moves_nobody_gives_no_end_or_no_effect(lottery):
    people, design = lottery
    table = people.table.copy()
    eligible = table["eligible_for_workshop"]
    table.loc[eligible, "arm"] = np.where(np.arange(eligible.sum()) % 2, "offered", "wait-list")
    table.loc[eligible & table["reached_workshop_point"], ["invited", "booked"]] = [-60.0, -50.0]
    came = eligible & table["reached_workshop_point"] & (np.random.default_rng(0).random(len(table)) < 0.5)
    table["attended"] = np.where(came, -20.0, np.nan)
    found = complier_effect(Participants.checked(table, prior=PRIOR), design=design).effect
    assert np.isnan(found.low) and ("no end" in found.note or found.why)


def test_differences_are_two_means_and_their_covariance():
    random = np.random.default_rng(1)
    sides = [random.random((7, 2)), random.random((9, 2))]
    gaps, covariance = _differences(sides)
    assert gaps == pytest.approx(list(sides[0].mean(axis=0) - sides[1].mean(axis=0)))
    assert covariance[0, 0] == pytest.approx(sides[0][:, 0].var(ddof=1) / 7 + sides[1][:, 0].var(ddof=1) / 9)


# --- overlap weights


def test_the_sandwich_is_that_of_the_stacked_equations_by_numerical_derivatives():
    """Maximum likelihood propensity here, so that its score is exactly the first equation."""
    random = np.random.default_rng(2)
    n = 160
    x = np.column_stack([np.ones(n), random.standard_normal((n, 2))])
    attended = random.random(n) < 1 / (1 + np.exp(-(0.2 + x[:, 1])))
    y = (random.random(n) < 1 / (1 + np.exp(-x[:, 1] - 0.4 * attended))).astype(float)
    beta = np.zeros(3)
    for _ in range(30):
        e = 1 / (1 + np.exp(-x @ beta))
        beta = beta + np.linalg.solve(x.T @ ((e * (1 - e))[:, None] * x), x.T @ (attended - e))
    found = _weighted_means(y, attended, x, 1 / (1 + np.exp(-x @ beta)))

    def each(theta):
        e = 1 / (1 + np.exp(-x @ theta[:3]))
        means = np.column_stack([attended * (1 - e) * (y - theta[3]), ~attended * e * (y - theta[4])])
        return np.column_stack([x * (attended - e)[:, None], means])

    theta = np.concatenate([beta, found.means])
    assert np.abs(each(theta).sum(axis=0)).max() < 1e-8
    bread = np.array([approx_fprime(theta, lambda t, k=k: each(t)[:, k].sum(), 1e-7) for k in range(5)])
    meat = each(theta).T @ each(theta)
    covariance = np.linalg.inv(bread) @ meat @ np.linalg.inv(bread).T
    np.testing.assert_allclose(found.covariance, covariance[3:, 3:] * n / (n - 4), rtol=1e-4)
    # With a maximum likelihood propensity, overlap weights balance every column of the model exactly.
    e = 1 / (1 + np.exp(-x @ beta))
    for column in x.T:
        one, other = np.average(column[attended], weights=1 - e[attended]), np.average(column[~attended], weights=e[~attended])
        assert one == pytest.approx(other, abs=1e-9)


def test_association_says_what_it_is_and_balances():
    people = cohort(eligible=600, effect=0.3)
    found = association(people, process="2023")
    assert found.rate.title == TITLE and "not the effect" in found.rate.note
    assert found.balance["large_before"].any() and not found.balance["large_after"].any()
    assert found.rate.estimate < found.unweighted.estimate
    assert found.rate.low < found.rate.estimate < found.rate.high and found.total.low < found.total.estimate < found.total.high
    assert sum(found.effective_n) < found.rate.n_one + found.rate.n_other
    assert found.e_value.ratio == pytest.approx(found.rate.level_one / found.rate.level_other, rel=1e-12)


def test_the_unweighted_difference_is_the_plain_one():
    people = cohort(eligible=600, effect=0.3)
    table = people.table[people.table["eligible_for_workshop"] & people.table["interviewed"]]
    came = attended_before_interview(table)
    plain = table.loc[came, "met_standard"].mean() - table.loc[~came, "met_standard"].mean()
    assert association(people, process="2023").unweighted.estimate == pytest.approx(plain, abs=1e-12)


def test_attendance_after_the_interview_is_not_attendance():
    people = cohort(eligible=600, effect=0.3)
    table = people.table.copy()
    moved = table.index[table["attended"].notna()][:40]
    table.loc[moved, "attended"] = 3.0
    late = association(Participants.checked(table, prior=PRIOR), process="2023")
    table.loc[moved, ["booked", "attended"]] = np.nan
    never = association(Participants.checked(table, prior=PRIOR), process="2023")
    assert late.rate == never.rate
    assert late.rate.n_one == association(people, process="2023").rate.n_one - table.loc[moved, "interviewed"].sum()


def test_who_left_before_the_workshop_changes_nothing():
    people = cohort(eligible=600, effect=0.3)
    stayed = people.table[people.table["reached_workshop_point"]]
    assert len(stayed) < len(people.table)
    one, other = (association(Participants.checked(t, prior=PRIOR), process="2023").rate for t in (people.table, stayed))
    assert replace(one, dropped=()) == replace(other, dropped=())
    assert {d.reason: d.count for d in one.dropped}["left before workshops began"] == len(people.table) - len(stayed)
    assert "left before workshops began" not in {d.reason for d in other.dropped}


@pytest.mark.parametrize(
    ("prior", "words"),
    [
        (lambda t: np.where(np.arange(len(t)) < 4, "rare", "common"), "fewer than 10"),
        (lambda t: np.full(len(t), "same"), "no prior variable differs"),
        (lambda t: t["total"].fillna(9) * 0 + 3.0, "no prior variable differs"),
    ],
)
def test_a_prior_variable_that_cannot_be_used_is_a_sentence(prior, words):
    table = cohort(eligible=400).table
    table = table.drop(columns=list(PRIOR)).assign(service=prior(table))
    found = association(Participants.checked(table, prior=("service",)), process="2023")
    assert words in found.rate.why and np.isnan(found.rate.estimate)


def test_two_prior_variables_that_say_the_same_are_a_sentence():
    table = cohort(eligible=400).table
    table["again"] = table["service_years"] * 2 + 1
    assert "say the same" in association(Participants.checked(table, prior=(*PRIOR, "again")), process="2023").rate.why


def test_an_association_needs_something_prior():
    with pytest.raises(UsageError, match="prior variable"):
        association(Participants.checked(cohort().table.drop(columns=list(PRIOR))), process="2023")


# --- E-value: published examples


@pytest.mark.parametrize(
    ("ratio", "low", "high", "point", "limit"),
    [
        # Vignette "unmeasured confounding" of the R package EValue, on Hammond and Horn's study.
        (10.73, 8.02, 14.36, 20.94777, 15.52336),
        # VanderWeele and Ding (2017), leukaemia: below 1, turned round.
        (0.80, 0.71, 0.91, 1.81, 1.43),
        (1.0, 0.9, 1.2, 1.0, 1.0),
        (1.5, 0.9, 2.5, 2.366025, 1.0),
    ],
)
def test_e_values(ratio, low, high, point, limit):
    digits = 5e-6 if ratio > 10 else 5e-3
    found = e_value(ratio, low=low, high=high)
    assert (found.point, found.limit) == pytest.approx((point, limit), abs=digits)


def test_e_value_is_symmetric_and_refuses_nonsense():
    up, down = e_value(1.6, low=1.2, high=2.1), e_value(1 / 1.6, low=1 / 2.1, high=1 / 1.2)
    assert (up.point, up.limit) == pytest.approx((down.point, down.limit))
    for bad in ((0.0, 0.0, 1.0), (2.0, 2.1, 3.0)):
        with pytest.raises(UsageError):
            e_value(bad[0], low=bad[1], high=bad[2])


# --- difference in differences


def over_time(before=4, after=2, seed=1, **options):
    table = processes_over_time(before=before, after=after, gap_moves=options.pop("gap_moves", 0.05), seed=seed, **options)
    return Participants.checked(table, prior=PRIOR, processes=[f"P{i}" for i in range(1, before + after + 1)])


def test_difference_in_differences_is_a_pooled_t_of_the_gaps():
    found = across_processes(over_time())
    gaps = found.gaps.groupby("workshops")["gap"].apply(list)
    by_scipy = stats.ttest_ind(gaps[True], gaps[False])
    limits = by_scipy.confidence_interval(0.95)
    assert (found.effect.low, found.effect.high) == pytest.approx((limits.low, limits.high), rel=1e-9)
    assert (found.effect.n_one, found.effect.n_other) == (2, 4) and found.gaps["process"].tolist() == [f"P{i}" for i in range(1, 7)]


def test_the_trend_before_is_weighted_least_squares():
    found = across_processes(over_time())
    people = over_time().table
    scored = people[people["interviewed"] & people["process"].isin(["P1", "P2", "P3", "P4"])]
    cells = scored.groupby(["process", "eligible_for_workshop"])["met_standard"].agg(["mean", "count"])
    variance = (cells["mean"] * (1 - cells["mean"]) / cells["count"]).groupby("process").sum()
    gap = cells["mean"].xs(True, level=1) - cells["mean"].xs(False, level=1)
    slope, covariance = np.polyfit(range(4), gap, 1, w=1 / np.sqrt(variance), cov="unscaled")
    assert found.trend == pytest.approx(slope[0], rel=1e-9)
    assert found.trend_high - found.trend == pytest.approx(stats.norm.ppf(0.975) * np.sqrt(covariance[0, 0]), rel=1e-9)


def test_too_few_processes_are_refused():
    few = across_processes(over_time(before=2, after=2))
    assert few.effect.why.startswith("Refused") and few.gaps is None
    assert across_processes(over_time(before=4, after=0)).effect.why.startswith("Refused")


def test_a_gap_that_was_already_moving_is_refused_and_shown():
    found = across_processes(over_time(before=5, trend=0.25))
    assert found.trend_p < 0.001 and found.effect.why.startswith("Refused: the gap was already moving")
    assert np.isnan(found.effect.estimate) and len(found.gaps) == 7


def test_small_processes_are_not_shown():
    found = across_processes(over_time(eligible=20, outside=40))
    assert found.effect.why.startswith("Not shown") and found.gaps is None


def test_every_result_is_named_among_what_may_be_shown(lottery):
    people, design = lottery
    to_treat, complier = intention_to_treat(people, design=design, seed=1), complier_effect(people, design=design)
    shown = releasable(people, process="2023", to_treat=to_treat, complier=complier, across=across_processes(over_time(before=2)))
    assert [p.result for p in shown][2:] == ["effect of the offer", "complier effect", "difference in differences"]
    assert [p.may_be_shown for p in shown][2:] == [True, True, False]
    small = cohort(eligible=60, allocation="lottery")
    small_design = identify(small, process="2023")
    refused = intention_to_treat(small, design=small_design, seed=1)
    assert refused.rate.why and np.isnan(refused.rate.estimate) and refused.rate.n_one == 0
    assert complier_effect(small, design=small_design).effect.why
    assert not any(p.may_be_shown for p in releasable(small, process="2023", to_treat=refused) if p.result == "effect of the offer")


def test_a_table_that_was_not_checked_is_still_guarded(lottery):
    people, design = lottery
    table = people.table.copy()
    table.loc[~table["eligible_for_workshop"], "arm"] = "wait-list"
    with pytest.raises(UsageError, match="are outside"):
        intention_to_treat(Participants(table, PRIOR, ("2023",)), design=design, seed=1)
    with pytest.raises(UsageError, match="are outside"):
        complier_effect(Participants(pd.DataFrame(table), PRIOR, ("2023",)), design=design)
