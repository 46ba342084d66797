"""Many-facet Rasch: what must not matter does not, and known parameters come back."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from standardsetting import Scale
from standardsetting.blind import facets

SCALE = Scale(1, 5)
TAU = np.array([-2.0, -0.6, 0.5, 2.1])
FITS = [("mml", "rating scale"), ("mml", "partial credit"), ("jml", "rating scale"), ("jml", "partial credit")]
few = settings(max_examples=4, deadline=None)
seeds = st.integers(0, 10_000)


def panels(n, pool, *, seed, sigma=1.4, n_values=4):
    """Ratings and the severities they were drawn with."""
    rng = np.random.default_rng(seed)
    severity = rng.normal(0, 0.5, pool)
    severity -= severity.mean()
    chosen = np.array([rng.choice(pool, 2, replace=False) for _ in range(n)])
    candidate, value = np.repeat(np.arange(n), 2 * n_values), np.tile(np.arange(n_values), 2 * n)
    assessor = np.repeat(chosen.ravel(), n_values)
    eta = rng.normal(0, sigma, n)[candidate] - severity[assessor] - np.linspace(-0.6, 0.6, n_values)[value]
    logits = np.cumsum(np.column_stack([np.zeros(len(eta)), eta[:, None] - TAU]), axis=1)
    probability = np.exp(logits - logits.max(axis=1, keepdims=True))
    probability /= probability.sum(axis=1, keepdims=True)
    rating = 1 + (rng.random(len(eta))[:, None] > probability.cumsum(axis=1)[:, :-1]).sum(axis=1)
    codes = {"candidate": [f"c{i:05}" for i in candidate], "assessor": [f"a{i:03}" for i in assessor], "value": [f"v{i}" for i in value]}
    return pd.DataFrame(codes | {"rating": rating}), severity


def fit(table, how, scale=SCALE):
    return facets.fit(table, scale=scale, estimator=how[0], model=how[1], replicates=2)


def measures(found, facet):
    return getattr(found, facet + "s").set_index(facet)[["measure", "se"]]


@pytest.mark.parametrize("how", FITS)
@given(seed=seeds)
@few
def test_order_and_names_do_not_matter(how, seed):
    table, _ = panels(60, 6, seed=seed)
    rng = np.random.default_rng(seed)
    names = {
        facet: dict(zip(codes, rng.permutation([f"x{i}" for i in range(len(codes))]), strict=True))
        for facet, codes in ((f, table[f].unique()) for f in ("candidate", "assessor", "value"))
    }
    other = table.sample(frac=1, random_state=seed)
    other = other.assign(**{facet: other[facet].map(named) for facet, named in names.items()})
    one, two = fit(table, how), fit(other, how)
    assert one.deviance == pytest.approx(two.deviance, rel=1e-10)
    for facet, named in names.items():
        ours, theirs = measures(one, facet), measures(two, facet)
        np.testing.assert_allclose(ours, theirs.loc[ours.index.map(named)], atol=1e-5)
    assert one.agreement.expected == pytest.approx(two.agreement.expected, abs=1e-6)


@pytest.mark.parametrize("how", FITS)
@given(seed=seeds, constant=st.integers(-7, 20))
@few
def test_a_constant_on_the_scale_moves_only_averages(how, seed, constant):
    table, _ = panels(60, 6, seed=seed)
    one, two = fit(table, how), fit(table.assign(rating=table["rating"] + constant), how, Scale(1 + constant, 5 + constant))
    assert one.deviance == pytest.approx(two.deviance)
    np.testing.assert_allclose(measures(one, "assessor"), measures(two, "assessor"))
    np.testing.assert_allclose(one.assessors["fair_average"] + constant, two.assessors["fair_average"])
    np.testing.assert_allclose(one.assessors["expected_total"] + 4 * constant, two.assessors["expected_total"])


@pytest.mark.parametrize("how", FITS)
@given(seed=seeds)
@few
def test_reversing_the_scale_reverses_the_signs(how, seed):
    table, _ = panels(80, 6, seed=seed)
    one, two = fit(table, how), fit(table.assign(rating=6 - table["rating"]), how)
    assert one.deviance == pytest.approx(two.deviance, rel=1e-9)
    for facet in ("candidate", "assessor", "value"):
        np.testing.assert_allclose(measures(one, facet)["measure"], -measures(two, facet)["measure"], atol=1e-5)
        np.testing.assert_allclose(measures(one, facet)["se"], measures(two, facet)["se"], atol=1e-5)
    groups = -1 if how[1] == "partial credit" else 1
    ours, theirs = (found.thresholds["measure"].to_numpy().reshape(4 if groups < 0 else 1, 4) for found in (one, two))
    np.testing.assert_allclose(ours, -theirs[:, ::-1], atol=1e-5)
    np.testing.assert_allclose(one.assessors["infit"], two.assessors["infit"], atol=1e-5)
    np.testing.assert_allclose(one.assessors["fair_average"], 6 - two.assessors["fair_average"], atol=1e-5)


@pytest.mark.parametrize("how", FITS[:2])
@given(seed=seeds)
@few
def test_the_same_cohort_twice_has_the_same_measures_and_smaller_errors(how, seed):
    table, _ = panels(60, 6, seed=seed)
    twice = pd.concat([table, table.assign(candidate="again " + table["candidate"])])
    one, two = fit(table, how), fit(twice, how)
    assert two.deviance == pytest.approx(2 * one.deviance)
    np.testing.assert_allclose(measures(one, "assessor")["measure"], measures(two, "assessor")["measure"], atol=1e-5)
    np.testing.assert_allclose(measures(one, "assessor")["se"], measures(two, "assessor")["se"] * np.sqrt(2), atol=1e-5)


@pytest.mark.parametrize("how", FITS)
def test_constraints(how):
    found = fit(panels(60, 6, seed=3)[0], how)
    assert found.assessors["measure"].sum() == pytest.approx(0, abs=1e-9)
    sums = found.thresholds.groupby("value")["measure"].sum()
    np.testing.assert_allclose(sums, 0, atol=1e-9)
    if how[0] == "mml":
        # The covariance knows the constraint as well: no row may be the odd one out.
        np.testing.assert_allclose(found.covariance.sum(axis=1), 0, atol=1e-9)
        assert found.assessors["se"].max() < 1.6 * found.assessors["se"].min()


@pytest.mark.parametrize("model", ["rating scale", "partial credit"])
def test_known_parameters_come_back(model):
    table, severity = panels(2500, 50, seed=11)
    found = facets.fit(table, scale=SCALE, model=model, replicates=2)
    assert found.convergence.converged
    z = (found.assessors["measure"] - severity) / found.assessors["se"]
    assert np.sqrt((z**2).mean()) == pytest.approx(1, abs=0.3)
    np.testing.assert_allclose(found.values["measure"], np.linspace(-0.6, 0.6, 4), atol=4 * found.values["se"].max())
    np.testing.assert_allclose(found.thresholds["measure"], np.tile(TAU, len(found.thresholds) // 4), atol=4 * found.thresholds["se"].max())
    assert found.latent_variance == pytest.approx(1.4**2, abs=4 * found.latent_variance_se)


def test_standard_errors_cover():
    """Severities lie within 1.96 standard errors of the truth about 95 times in 100, for marginal estimates; joint ones are stretched."""
    inside, ratio = [], []
    for seed in range(14):
        table, severity = panels(300, 12, seed=seed)
        found, joint = fit(table, FITS[0]), fit(table, FITS[2])
        inside.append((np.abs(found.assessors["measure"] - severity) < 1.96 * found.assessors["se"]).mean())
        ratio.append(joint.assessors["measure"].std() / found.assessors["measure"].std())
        assert joint.assessors["measure_corrected"].std() == pytest.approx(found.assessors["measure"].std(), rel=0.1)
    assert 0.90 < np.mean(inside) < 0.99
    assert np.mean(ratio) == pytest.approx(8 / 7, abs=0.06)


@pytest.mark.parametrize("n_assessors", [1, 2, 3, 5])
def test_any_number_of_assessors_a_candidate(n_assessors):
    """Gaps of every kind: candidates with different numbers of assessors and values."""
    rng = np.random.default_rng(n_assessors)
    table, _ = panels(200, 2, seed=n_assessors, n_values=6)
    whole = pd.concat([table.assign(assessor=f"b{k}" + table["assessor"], rating=rng.permutation(table["rating"])) for k in range(3)])
    codes = sorted(whole["assessor"].unique())[:n_assessors]
    ragged = whole[whole["assessor"].isin(codes)]
    ragged = ragged[rng.random(len(ragged)) < 0.8]
    for how in FITS[:2]:
        found = fit(ragged, how)
        assert len(found.assessors) == n_assessors
        assert found.convergence.converged or "variance is zero" in found.convergence.message
        assert found.n_ratings == len(ragged)
