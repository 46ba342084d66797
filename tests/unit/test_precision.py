"""Alpha, omega, stratified alpha and errors of measurement: definitions by hand, gaps, undefined cases."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize

from standardsetting.blind.one_factor import maximum_likelihood, minres
from standardsetting.blind.precision import (
    conditional_sem,
    cronbach_alpha,
    omega,
    standard_error_of_measurement,
    stratified_alpha,
)
from standardsetting.errors import UsageError


def long(scores) -> pd.DataFrame:
    wide = pd.DataFrame(np.asarray(scores, dtype=float), columns=[f"v{at}" for at in range(np.shape(scores)[1])])
    return wide.rename_axis("candidate").reset_index().melt("candidate", var_name="value", value_name="rating")


def one_factor(n=300, parts=4, seed=0) -> np.ndarray:
    random = np.random.default_rng(seed)
    return random.normal(size=(n, 1)) * np.linspace(0.5, 0.9, parts) + random.normal(size=(n, parts)) * np.linspace(1, 0.5, parts)


SCORES = one_factor()


def test_alpha_is_its_definition_and_feldt_its_f():
    from scipy.stats import f

    wide = SCORES[:40]
    expected = 4 / 3 * (1 - wide.var(axis=0, ddof=1).sum() / wide.sum(axis=1).var(ddof=1))
    found = cronbach_alpha(long(wide))
    assert found.value == pytest.approx(expected)
    assert found.low == pytest.approx(1 - (1 - expected) * f.ppf(0.975, 39, 117))
    assert found.high == pytest.approx(1 - (1 - expected) * f.ppf(0.025, 39, 117))
    assert "says nothing of another assessor" in found.sentence


def test_alpha_over_assessors_is_icc_three_k():
    from standardsetting.blind.icc import intraclass_correlations

    table = long(SCORES[:30]).rename(columns={"value": "assessor"})
    icc = intraclass_correlations(table).loc["ICC(3,k)"]
    found = cronbach_alpha(table, items="assessor")
    assert (found.value, found.low, found.high) == pytest.approx((icc["estimate"], icc["low"], icc["high"]))


def test_duhachek_is_the_delta_method():
    """The error of alpha by changing each covariance a little, with the normal theory variance of a covariance matrix."""
    wide = SCORES[:200]
    s, k, n = np.cov(wide, rowvar=False), 4, 200

    def alpha(matrix):
        return k / (k - 1) * (1 - np.trace(matrix) / matrix.sum())

    slope = np.zeros((k, k))
    for i in range(k):
        for j in range(k):
            step = np.zeros((k, k))
            step[i, j] = 1e-6
            slope[i, j] = (alpha(s + step) - alpha(s - step)) / 2e-6
    variance = 2 * np.trace(slope @ s @ slope @ s) / n
    found = cronbach_alpha(long(wide), interval="duhachek")
    assert found.standard_error == pytest.approx(np.sqrt(variance), rel=1e-5)
    assert found.high - found.value == pytest.approx(1.959964 * found.standard_error, rel=1e-5)


def test_several_assessors_are_averaged_and_gaps_counted():
    table = pd.concat([long(SCORES[:20]).assign(assessor="a"), (long(SCORES[:20]).assign(assessor="b"))])
    assert cronbach_alpha(table).value == pytest.approx(cronbach_alpha(long(SCORES[:20])).value)
    gap = cronbach_alpha(long(SCORES[:20]).iloc[1:])
    assert gap.n_candidates == 19 and (gap.dropped[0].count, gap.dropped[0].reason) == (1, "candidates without every value")
    assert cronbach_alpha(long(SCORES[:20]), missing="pairwise").value == pytest.approx(cronbach_alpha(long(SCORES[:20])).value)


def test_constant_totals_have_no_alpha():
    found = cronbach_alpha(long(np.full((6, 3), 3)))
    assert np.isnan(found.value) and np.isnan(found.low) and "undefined" in found.sentence


def test_one_part_is_refused():
    with pytest.raises(UsageError, match="2 parts or more"):
        cronbach_alpha(long(SCORES[:, :1]))


def test_minres_is_the_least_of_the_squares():
    r = np.corrcoef(SCORES, rowvar=False)
    off = ~np.eye(4, dtype=bool)
    best = minimize(lambda x: ((r - np.outer(x, x))[off] ** 2).sum(), np.full(4, 0.5), tol=1e-14)
    loadings, ended = minres(r[None])
    assert ended.all() and loadings[0] == pytest.approx(best.x, abs=1e-5)


def test_maximum_likelihood_is_the_largest():
    r = np.corrcoef(SCORES, rowvar=False)

    def minus(x):
        model = np.outer(x[:4], x[:4]) + np.diag(np.exp(x[4:]))
        return np.linalg.slogdet(model)[1] + np.trace(np.linalg.solve(model, r))

    best = minimize(minus, np.concatenate([np.full(4, 0.5), np.full(4, -0.5)]), tol=1e-12)
    loadings, ended = maximum_likelihood(r[None])
    assert ended.all() and loadings[0] == pytest.approx(best.x[:4], abs=1e-4)


def test_omega_of_a_known_model():
    """With one factor exactly, omega is the share of the factor in the variance of the sum, of covariances or correlations."""
    loadings, unique = np.array([0.5, 1.0, 1.5]), np.array([1.0, 0.5, 2.0])
    root = np.linalg.cholesky(np.outer(loadings, loadings) + np.diag(unique))
    noise = np.random.default_rng(1).normal(size=(50, 3))
    noise -= noise.mean(axis=0)
    exact = noise @ np.linalg.inv(np.linalg.cholesky(np.cov(noise, rowvar=False))).T @ root.T
    table = long(exact)
    for estimator in ("minres", "ml"):
        found = omega(table, estimator=estimator, matrix="covariance", replicates=0)
        assert found.value == pytest.approx(9 / (9 + 3.5), abs=1e-6), estimator
    deviations = np.sqrt(loadings**2 + unique)
    standard = loadings / deviations
    expected = standard.sum() ** 2 / (standard.sum() ** 2 + (1 - standard**2).sum())
    assert omega(table, replicates=0).value == pytest.approx(expected, abs=1e-6)


def test_omega_bootstrap_is_that_of_resampled_candidates():
    found = omega(long(SCORES[:60]), replicates=50, seed=3)
    drawn = np.random.default_rng(3).multinomial(60, np.full(60, 1 / 60), size=50)
    again = [omega(long(np.repeat(SCORES[:60], counts, axis=0)), replicates=0).value for counts in drawn]
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(again, [0.025, 0.975])), abs=1e-8)
    assert found.seed == 3 and found.low < found.value < found.high


def test_omega_undefined_and_refused():
    constant = SCORES[:20].copy()
    constant[:, 1] = 3
    found = omega(long(constant))
    assert np.isnan(found.value) and "1 of 4 parts" in found.sentence
    with pytest.raises(UsageError, match="Three parts"):
        omega(long(SCORES[:, :2]))


def test_stratified_alpha_is_its_definition():
    found = stratified_alpha(long(SCORES), strata={"v0": "a", "v1": "a", "v2": "b", "v3": "b"})
    error = sum(SCORES[:, part].sum(axis=1).var(ddof=1) * (1 - cronbach_alpha(long(SCORES[:, part])).value) for part in ([0, 1], [2, 3]))
    assert found.value == pytest.approx(1 - error / SCORES.sum(axis=1).var(ddof=1))
    with pytest.raises(UsageError, match="single part"):
        stratified_alpha(long(SCORES), strata={"v0": "a", "v1": "a", "v2": "a", "v3": "b"})
    with pytest.raises(UsageError, match="1 of 4 have none"):
        stratified_alpha(long(SCORES), strata={"v0": "a", "v1": "a", "v2": "a"})


def test_three_standard_errors_are_three():
    found = standard_error_of_measurement(long(SCORES), reliability=0.75)
    deviation = SCORES.sum(axis=1).std(ddof=1)
    assert (found.value, found.estimation, found.difference) == pytest.approx(
        (deviation / 2, deviation * np.sqrt(3) / 4, deviation / np.sqrt(2))
    )
    with pytest.raises(UsageError, match="between 0 and 1"):
        standard_error_of_measurement(long(SCORES), reliability=1.2)


def test_conditional_error_between_assessors_is_recovered():
    """Errors that shrink towards both ends, known at every total; two assessors a candidate from a pool."""
    random = np.random.default_rng(0)
    true = random.uniform(4, 20, 6000)
    error = np.sqrt(np.maximum(1.5 - 0.02 * (true - 12) ** 2, 0.0))
    rows = [(c, f"a{a}", true[c] + random.normal(0, error[c])) for c in range(6000) for a in random.choice(9, 2, replace=False)]
    table = pd.DataFrame(rows, columns=["candidate", "assessor", "rating"])
    found = conditional_sem(table, totals=[8, 12, 16])
    expected = np.sqrt((1.5 - 0.02 * (np.array([8, 12, 16]) - 12.0) ** 2) / 2)
    assert found.table["csem"].tolist() == pytest.approx(expected, rel=0.05)
    assert found.table["csem"].iloc[1] > found.table["csem"].iloc[0]


def test_conditional_error_counts_whom_it_cannot_use():
    table = pd.DataFrame({"candidate": [1, 1, 2, 2, 3, 3, 4], "assessor": list("abababa"), "rating": [1.0, 2, 2, 4, 4, 4, 3]})
    found = conditional_sem(table)
    assert found.n_candidates == 3 and found.dropped[-1].count == 1
    with pytest.raises(UsageError, match="two assessors were expected"):
        conditional_sem(table[table["assessor"] == "a"])


def test_conditional_options_are_checked():
    with pytest.raises(UsageError, match="method was expected"):
        conditional_sem(long(SCORES), method="keats")
    with pytest.raises(UsageError, match="Two halves"):
        conditional_sem(long(SCORES), method="mollenkopf", halves=(["v0"], ["v0", "v1", "v2", "v3"]))


def test_halves_and_intervals_by_default():
    found = conditional_sem(long(np.rint(SCORES * 2 + 6)), method="thorndike")
    assert found.table["candidates"].sum() == 300 and len(found.table) <= 6
