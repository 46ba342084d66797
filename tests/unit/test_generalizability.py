"""Variance components, D-studies and G(q,k): what is refused, named, reported."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest

from standardsetting.blind.generalizability import d_study, g_qk, variance_components
from standardsetting.blind.generalizability.blocks import Blocks, Pairs
from standardsetting.blind.generalizability.design import likelihood_parts
from standardsetting.blind.generalizability.likelihood import Evaluation, evaluate
from standardsetting.blind.generalizability.maximise import maximise
from standardsetting.blind.generalizability.packed_root import PackedRoot, places
from standardsetting.blind.rated import rated
from standardsetting.errors import FindingsError, UsageError


def simulated(n=60, pool=6, panel=2, values=3, seed=0, gaps=0.0, **sizes) -> pd.DataFrame:
    """Panels drawn from a pool; the standard deviations of the effects by name."""
    random = np.random.default_rng(seed)
    size = {"candidate": 1.0, "assessor": 0.4, "value": 0.3, "cr": 0.4, "cv": 0.4, "rv": 0.2, "residual": 0.6} | sizes
    own, severity, level = (
        random.normal(0, size[name], count) for name, count in (("candidate", n), ("assessor", pool), ("value", values))
    )
    cv, rv = random.normal(0, size["cv"], (n, values)), random.normal(0, size["rv"], (pool, values))
    rows = []
    for c in range(n):
        for a in sorted(random.choice(pool, panel, replace=False)):
            both = random.normal(0, size["cr"])
            for v in range(values):
                rating = 3 + own[c] + severity[a] + level[v] + both + cv[c, v] + rv[a, v] + random.normal(0, size["residual"])
                rows.append((f"c{c}", f"a{a}", f"v{v}", rating))
    table = pd.DataFrame(rows, columns=["candidate", "assessor", "value", "rating"])
    return table[random.random(len(table)) >= gaps]


CROSSED = simulated(n=12, pool=4, panel=4)
ALL = ["candidate", "assessor", "value", "candidate x assessor", "candidate x value", "assessor x value", "residual"]


def test_seven_components_in_their_order():
    found = variance_components(CROSSED)
    assert found.table["component"].tolist() == ALL
    assert list(found.table.columns) == ["component", "estimate", "standard_error", "low", "high", "share"]
    assert (found.design, found.n_candidates, found.n_assessors, found.n_values, found.n_ratings) == ("crossed", 12, 4, 3, 144)
    assert found.converged and found.gradient_norm < 1e-5 and "12 candidates" in found.sentence
    assert found.table["share"].sum() == pytest.approx(1)


def test_both_methods_agree_where_balanced_and_inside():
    by_reml, by_moments = variance_components(CROSSED), variance_components(CROSSED, method="moments")
    assert by_reml.boundary == () and by_moments.negative == ()
    np.testing.assert_allclose(by_reml.table["estimate"], by_moments.table["estimate"], rtol=1e-5)


def test_a_negative_moment_is_reported_and_reml_stops_at_zero():
    scores = pd.DataFrame({"candidate": list("ccddee"), "assessor": list("ababab"), "rating": [1.0, 3, 3, 1, 2, 2]})
    by_moments = variance_components(scores, method="moments")
    assert by_moments.negative == ("candidate", "assessor") and by_moments.estimate("candidate") < 0
    assert any("Below zero" in note for note in by_moments.notes)
    by_reml = variance_components(scores)
    assert set(by_reml.boundary) == {"candidate", "assessor"} and by_reml.estimate("candidate") == 0
    zero = by_reml.table.set_index("component").loc["candidate"]
    assert zero["low"] == 0 and zero["high"] > 0


def test_one_value_has_no_value_components():
    found = variance_components(CROSSED[CROSSED["value"] == "v1"])
    assert found.table["component"].tolist() == ["candidate", "assessor", "residual"]
    assert any(note.startswith("Candidate x assessor") for note in found.notes)


def test_what_cannot_be_told_apart_is_left_out_or_refused():
    alone = CROSSED.groupby(["candidate", "value"], as_index=False).first()
    alone["assessor"] = "a" + (alone["candidate"].str[1:].astype(int) % 4).astype(str)
    found = variance_components(alone)
    assert "candidate x assessor" not in found.table["component"].tolist()
    with pytest.raises(UsageError, match="can tell apart") as refused:
        variance_components(alone, facets=["candidate", "candidate x assessor"])
    assert len(refused.value.details) == 1


def test_main_facets_bring_their_interactions_and_exact_ones_do_not():
    two = variance_components(CROSSED, facets=["candidate", "assessor"])
    assert two.table["component"].tolist() == ["candidate", "assessor", "candidate x assessor", "residual"]
    exact = variance_components(CROSSED, facets=["candidate", "assessor", "assessor x value"])
    assert exact.table["component"].tolist() == ["candidate", "assessor", "assessor x value", "residual"]
    assert variance_components(CROSSED, facets=["candidate"]).table["component"].tolist() == ["candidate", "residual"]


def test_values_fixed_have_no_component_of_their_own():
    found = variance_components(CROSSED, values="fixed")
    assert found.table["component"].tolist() == [name for name in ALL if name != "value"]
    with pytest.raises(UsageError, match="values random were expected"):
        d_study(found, values="random")


@pytest.mark.parametrize("interval", ["satterthwaite", "profile", "profile ml"])
def test_intervals_hold_the_estimate(interval):
    table = variance_components(simulated(gaps=0.15), interval=interval).table
    slack = 0.2 * table["estimate"] if interval == "profile ml" else 0
    assert (table["low"] <= table["estimate"] + slack).all() and (table["high"] >= table["estimate"] - slack).all()
    assert (table["low"] >= 0).all()


def test_intervals_that_cannot_be_made_say_why():
    found = variance_components(simulated(gaps=0.15), method="moments")
    assert found.table["low"].isna().all() and "use REML" in found.interval
    with pytest.raises(UsageError, match="moments have none"):
        variance_components(CROSSED, method="moments", interval="profile")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"method": "anova"}, "method was expected"),
        ({"interval": "wald"}, "interval was expected"),
        ({"values": "some"}, "values was expected"),
        ({"confidence": 0}, "confidence between"),
        ({"facets": ["rater"]}, "Facets among"),
        ({"facets": ["assessor", "assessor in value"]}, "nested in values or crossed"),
        ({"method": "moments", "values": "fixed"}, "Values as random"),
    ],
)
def test_options_are_checked(options, words):
    with pytest.raises(UsageError, match=words):
        variance_components(CROSSED, **options)


def test_repeated_ratings_are_an_error():
    with pytest.raises(FindingsError, match="2 rows share"):
        variance_components(pd.concat([CROSSED, CROSSED.iloc[:1]]))


def test_the_slower_climb_takes_over_and_arrives():
    """A likelihood whose information misleads: the quick steps fail, the exact climb does not."""

    def misled(x):
        return Evaluation(-float((x[0] - 2) ** 2 + (x[1] - 1) ** 2), np.array([-2 * (x[0] - 2), -2 * (x[1] - 1)]), 1e-9 * np.eye(2))

    found = maximise(misled, np.array([0.5, 0.5]))
    assert found.path == "exact"
    assert found.components == pytest.approx([2, 1], abs=1e-5)


def test_a_climb_that_did_not_arrive_says_so():
    def endless(x):
        return Evaluation(float(x[0]), np.array([1.0, 0.0]), np.eye(2))

    assert not maximise(endless, np.array([1.0, 1.0])).converged


def test_more_assessors_are_more_reliable_and_nested_is_less_than_crossed():
    components = variance_components(simulated())
    crossed = d_study(components, assessors=range(1, 7))
    nested = d_study(components, assessors=range(1, 7), design="nested")
    assert crossed["assessors"].tolist() == [1, 2, 3, 4, 5, 6]
    for study in (crossed, nested):
        assert study["G"].is_monotonic_increasing and study["Phi"].is_monotonic_increasing
        assert (study["Phi"] <= study["G"] + 1e-12).all()
    assert (nested["G"] < crossed["G"]).all()
    np.testing.assert_allclose(nested["G"], nested["Phi"])
    np.testing.assert_allclose(nested["Phi"], crossed["Phi"])


def test_totals_are_means_times_the_number_of_values():
    components = variance_components(CROSSED)
    mean, total = d_study(components, cut=2.5), d_study(components, scores="total", cut=7.5)
    np.testing.assert_allclose(total["sem_absolute"], 3 * mean["sem_absolute"])
    np.testing.assert_allclose(total[["G", "Phi", "Phi_cut"]], mean[["G", "Phi", "Phi_cut"]])


def test_dependability_grows_with_the_distance_from_the_mean():
    components = variance_components(CROSSED)
    at = [d_study(components, assessors=[2], cut=components.mean + gap)["Phi_cut"].item() for gap in (0, 0.5, 1, 2)]
    assert at == sorted(at) and at[0] < at[3] < 1


@pytest.mark.parametrize(
    ("options", "words"), [({"assessors": [0]}, "One assessor"), ({"design": "fixed"}, "design"), ({"n_values": 0}, "One value")]
)
def test_d_study_options_are_checked(options, words):
    with pytest.raises(UsageError, match=words):
        d_study(variance_components(CROSSED), **options)


def test_gqk_is_g_where_crossed_and_icc_one_k_where_nested():
    one = CROSSED[CROSSED["value"] == "v0"]
    crossed = g_qk(one)
    assert crossed.q == pytest.approx(0, abs=1e-12) and crossed.k == 4
    assert crossed.value == pytest.approx(d_study(variance_components(one), assessors=[4])["G"].item(), rel=1e-6)
    from standardsetting.blind.icc import intraclass_correlations

    nested = one.assign(assessor=one["candidate"] + one["assessor"])
    found = g_qk(nested)
    assert found.q == pytest.approx(0.25)
    assert found.value == pytest.approx(intraclass_correlations(nested, forms=["ICC(1,k)"])["estimate"].item(), rel=1e-5)


def test_gqk_lies_between_and_says_what_it_used():
    table = simulated(n=80, gaps=0.1)
    found = g_qk(table)
    assert found.low < found.value < found.high and found.converged
    assert found.scored == "total over 3 values" and found.dropped[0].count > 0
    assert f"q = {found.q:.3f}" in found.sentence and f"{found.k:.2f}" in found.sentence
    components = found.components
    own, severity, rest = (components.estimate(name) for name in ("candidate", "assessor", "residual"))
    assert own / (own + severity / found.k + rest / found.k) < found.value < own / (own + rest / found.k)


def test_gqk_needs_two_assessors_for_somebody():
    alone = CROSSED.groupby(["candidate", "value"], as_index=False).first()
    with pytest.raises(UsageError, match="every candidate has one"):
        g_qk(alone)


@pytest.mark.parametrize("size", [1, 2, 5, 8])
def test_a_root_and_an_inverse_in_half_the_memory(size):
    """Odd and even sizes lie differently; entries above the diagonal are the mirror image of those below."""
    whole = np.random.default_rng(size).normal(size=(size, size))
    whole = whole @ whole.T + np.eye(size)
    row, column = np.indices(whole.shape)
    assert sorted(set(places(size, row, column).ravel().tolist())) == list(range(size * (size + 1) // 2))
    root = PackedRoot(size, places(size, row, column), whole)
    assert root.log_determinant == pytest.approx(np.linalg.slogdet(whole)[1])
    np.testing.assert_allclose(root.solve(np.eye(size)), np.linalg.inv(whole), atol=1e-12)
    np.testing.assert_allclose(root.inverse(places(size, row, column)), np.linalg.inv(whole), atol=1e-12)
    with pytest.raises(RuntimeError, match="root is gone"):
        root.solve(np.eye(size))
    assert not PackedRoot(size, places(size, row, column), -whole).defined


def test_a_matrix_in_blocks_is_the_whole_matrix():
    """Three assessors, of whom the last two never met: their block is zero, and the others' mirror images are there."""
    pairs = Pairs(np.array([0, 1, 2, 0, 1, 0]), np.array([0, 0, 2, 2, 1, 1]), (3, 2))
    assert list(zip(pairs.first.tolist(), pairs.second.tolist(), strict=True)) == [(0, 0), (1, 1), (2, 2), (1, 0), (2, 0)]
    assert pairs.number.tolist() == [0, 3, 2, 4, 1, 3]
    blocks = np.random.default_rng(3).normal(size=(5, 2, 2))
    blocks[:3] += blocks[:3].transpose(0, 2, 1)
    whole = np.zeros((6, 6))
    for block, first, second in zip(blocks, pairs.first, pairs.second, strict=True):
        whole[2 * first : 2 * first + 2, 2 * second : 2 * second + 2] = block
        whole[2 * second : 2 * second + 2, 2 * first : 2 * first + 2] = block.T
    np.testing.assert_array_equal(Blocks(pairs, blocks).matrix.toarray(), whole)


@pytest.mark.parametrize("at_zero", [[], ["assessor x value"], ["assessor"]])
def test_panels_with_gaps_hold_one_triangle_over_the_cells(at_zero):
    """With many assessors the matrix over the cells is what takes memory: half of it is held, once."""
    table = simulated(n=600, pool=250, panel=2, values=4, gaps=0.15)
    coded, names = rated(table), variance_components(table, interval="none").table["component"].tolist()
    parts, how = likelihood_parts(coded, names, fixed_values=False)
    components = np.array([0.0 if name in at_zero else 0.2 for name in names])
    evaluate(parts, components)
    tracemalloc.start()
    evaluate(parts, components)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert how == "panels with gaps"
    assert peak < 8 * (250 * 4) ** 2
