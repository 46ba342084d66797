"""Firth's penalised logistic regression against brglm2 and base R (firth.json), and against cases that can be worked by hand."""

import json
from pathlib import Path

import numpy as np
import pytest

from standardsetting.cohort.firth import fit
from standardsetting.errors import UsageError

RECORDS = json.loads((Path(__file__).parents[1] / "reference" / "firth.json").read_text(encoding="utf-8"))["records"]


def expanded(record):
    rows = np.array(record["rows"], dtype=float)
    y, x, count = rows[:, 0], rows[:, 1:-1], rows[:, -1]
    return np.column_stack([np.ones(len(x)), x]), y, count


@pytest.mark.parametrize("record", RECORDS, ids=lambda r: r["id"])
def test_matches_r(record):
    x, y, count = expanded(record)
    found = fit(np.repeat(x, count.astype(int), axis=0), np.repeat(y, count.astype(int)), names=record["names"])
    assert found.converged and not found.why
    for place, value in enumerate(record["value"]):
        for key, array in (("coefficient", found.coefficients), ("se", found.se), ("low", found.low), ("high", found.high), ("p", found.p)):
            assert array[place] == pytest.approx(value[key], rel=record["tolerance"]["rel"]), (record["names"][place], key)
    assert found.log_likelihood == pytest.approx(record["log_likelihood"], rel=1e-8)


def test_the_reference_holds_both_data_sets():
    assert [sum(row[-1] for row in record["rows"]) for record in RECORDS] == [239, 79]


@pytest.mark.parametrize("record", RECORDS, ids=lambda r: r["id"])
def test_weights_are_people(record):
    x, y, count = expanded(record)
    one = fit(x, y, names=record["names"], weights=count)
    other = fit(np.repeat(x, count.astype(int), axis=0), np.repeat(y, count.astype(int)), names=record["names"])
    np.testing.assert_allclose(one.coefficients, other.coefficients, atol=1e-7)
    np.testing.assert_allclose(one.high, other.high, rtol=1e-6)
    assert one.n == other.n == count.sum()


@pytest.mark.parametrize(("a", "n1", "c", "n2"), [(5, 5, 3, 6), (0, 7, 4, 9), (12, 20, 3, 20), (0, 4, 0, 9)])
def test_two_by_two_adds_a_half_to_each_cell(a, n1, c, n2):
    group = np.repeat([1.0, 0.0], [n1, n2])
    met = np.concatenate([np.arange(n1) < a, np.arange(n2) < c]).astype(float)
    found = fit(np.column_stack([np.ones(n1 + n2), group]), met, names=("intercept", "group"))
    base = np.log((c + 0.5) / (n2 - c + 0.5))
    assert found.coefficients == pytest.approx([base, np.log((a + 0.5) / (n1 - a + 0.5)) - base], abs=1e-7)
    assert np.isfinite([found.low, found.high]).all() and (found.low < found.coefficients).all() and (found.coefficients < found.high).all()


def test_the_unit_of_a_column_does_not_matter():
    record = RECORDS[1]
    x, y, count = expanded(record)
    unit = np.array([1.0, 1.0, 1e-4, 1e5])
    one, other = (fit(m, y, names=record["names"], weights=count) for m in (x, x * unit))
    np.testing.assert_allclose(other.coefficients * unit, one.coefficients, rtol=1e-6)
    np.testing.assert_allclose(other.low * unit, one.low, rtol=1e-6)


def test_limits_are_where_the_profile_has_fallen_by_half_a_chi_squared():
    """The limit held fixed and the rest maximised by a general optimiser, without any of this module's steps."""
    from scipy.optimize import minimize
    from scipy.stats import chi2

    record = RECORDS[1]
    x, y, count = expanded(record)
    x, y = np.repeat(x, count.astype(int), axis=0), np.repeat(y, count.astype(int))

    def loss(beta):
        eta = x @ beta
        p = 1 / (1 + np.exp(-eta))
        return -(y @ eta - np.logaddexp(0, eta).sum() + np.linalg.slogdet((x.T * (p * (1 - p))) @ x)[1] / 2)

    found = fit(x, y, names=record["names"])
    best = minimize(loss, found.coefficients, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12, "maxiter": 20_000}).fun
    held = minimize(
        lambda rest: loss(np.array([rest[0], found.high[1], *rest[1:]])),
        np.delete(found.coefficients, 1),
        method="Nelder-Mead",
        options={"xatol": 1e-9, "fatol": 1e-12, "maxiter": 20_000},
    ).fun
    assert held - best == pytest.approx(chi2.ppf(0.95, 1) / 2, abs=1e-6)


def test_without_intervals_nothing_is_profiled():
    x, y, count = expanded(RECORDS[0])
    found = fit(x, y, names=RECORDS[0]["names"], weights=count, intervals=False)
    assert np.isnan(found.low).all() and found.converged
    assert found.table().index.tolist() == RECORDS[0]["names"]
    assert found.probabilities(x).shape == y.shape


@pytest.mark.parametrize(
    ("x", "y", "more"),
    [
        (np.ones((4, 2)), [0, 1, 0, 1], {}),
        (np.ones((4, 1)), [0, 1, 0, 2], {}),
        (np.full((4, 1), np.nan), [0, 1, 0, 1], {}),
        (np.ones((4, 1)), [0, 1, 0], {}),
        (np.ones((4, 1)), [0, 1, 0, 1], {"confidence": 95}),
        (np.ones((4, 1)), [0, 1, 0, 1], {"weights": [1, 1, 1, -1]}),
    ],
)
def test_what_cannot_be_fitted_is_refused(x, y, more):
    more = {key: np.array(value) if key == "weights" else value for key, value in more.items()}
    with pytest.raises(UsageError):
        fit(x, np.array(y), names=[f"c{i}" for i in range(x.shape[1])], **more)
