"""Many-facet Rasch against other programs (record by record; provenance in facets.json) and against a slow implementation of our own.

All seven records apply. Two of them in part:
- panels.tam_pcm.se: TAM takes one parameter at a time as if the candidates' measures were known. That is the diagonal of our complete-data
  information, and is compared with it; our own standard errors are larger, and are compared with a numerical second derivative instead.
  TAM's error of the last assessor, the root of the sum of the others' squares, means nothing and is left out.
- panels.tam_pcm.persons: `score` and `max` are the ratings themselves.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import optimize

from standardsetting import Scale
from standardsetting.blind import facets
from standardsetting.blind.facets import blocks, design, information, mml, steps

HERE = Path(__file__).parent
REFERENCE = json.loads((HERE / "facets.json").read_text(encoding="utf-8"))
RECORDS = {record["id"]: record for record in REFERENCE["records"]}
SCALE = Scale(1, 5)


def read(name):
    record = RECORDS[name]
    return record["value"], record["tolerance"]


@pytest.fixture(scope="module")
def ratings():
    return pd.read_csv(HERE / "data/interview_panels_300x2of20x4.csv").rename(columns={"score": "rating"})


@pytest.fixture(scope="module")
def marginal(ratings):
    return facets.fit(ratings, scale=SCALE, model="partial credit")


@pytest.fixture(scope="module")
def joint(ratings):
    return facets.fit(ratings, scale=SCALE, model="partial credit", estimator="jml")


def close(ours, theirs, tolerance):
    np.testing.assert_allclose(
        np.asarray(ours, float), np.asarray(theirs, float), rtol=tolerance.get("rel", 0), atol=tolerance.get("abs", 0)
    )


def test_tam_estimates(marginal):
    value, tolerance = read("panels.tam_pcm.estimates")
    close(marginal.assessors["measure"], [value["xsi"]["assessor"]["assessor" + a] for a in marginal.assessors["assessor"]], tolerance)
    close(marginal.values["measure"], [value["xsi"]["item"][v] for v in marginal.values["value"]], tolerance)
    theirs = [value["xsi"]["item:step"][f"{t.value}:step{int(t.below)}"] for t in marginal.thresholds.itertuples()]
    close(marginal.thresholds["measure"], theirs, tolerance)
    close(marginal.latent_variance, value["theta_variance"], tolerance)
    close(marginal.deviance, value["deviance"], tolerance)
    close(marginal.log_likelihood, value["loglike"], tolerance)
    close(marginal.eap_reliability, value["EAP_reliability"], tolerance)
    assert marginal.latent_mean == value["theta_mean"]
    assert marginal.n_parameters == value["n_par"]
    assert marginal.convergence.converged


def test_tam_measures_of_candidates(marginal):
    value, tolerance = read("panels.tam_pcm.persons")
    assert marginal.candidates["candidate"].tolist() == value["candidate"]
    for ours, theirs in (("measure", "EAP"), ("se", "SD_EAP"), ("wle", "WLE"), ("wle_se", "WLE_se")):
        close(marginal.candidates[ours], value[theirs], tolerance)
    close(marginal.wle_reliability, value["WLE_reliability"], tolerance)


def test_tam_one_parameter_at_a_time(ratings, marginal):
    value, tolerance = read("panels.tam_pcm.se")
    rows, _ = design.read(ratings, SCALE)
    structure = steps.steps_of(rows, "partial credit")
    grouped, nodes = blocks.blocks_of(rows), np.linspace(-8, 8, 61)
    beta = np.linalg.lstsq(
        np.vstack([np.eye(4, structure.n_free), structure.thresholds]),
        np.concatenate([marginal.values["measure"], marginal.thresholds["measure"]]),
        rcond=None,
    )[0]
    state = mml.State(marginal.assessors["measure"].to_numpy(), beta, np.log(marginal.latent_variance) / 2)
    now, at = mml.expectation(grouped, structure, state, nodes)
    known = information.complete(structure, at, now.cell_weights, now.square)
    # The last assessor is minus the sum of the others, so each of these parameters moves two assessors.
    curvature = known[:19, :19].diagonal() + known[19, 19]
    close(curvature**-0.5, list(value["assessor"].values())[:19], {"rel": 0.001})
    close(known[20:24, 20:24].diagonal() ** -0.5, list(value["item"].values()), {"rel": 0.001})
    assert (marginal.assessors["se"][:19] > curvature**-0.5).all()
    assert tolerance == {"rel": 0.15}


def test_joint_estimates(joint):
    value, tolerance = read("panels.jml_pcm.estimates")
    close(joint.assessors["measure"], [value["severity"][a] for a in joint.assessors["assessor"]], tolerance)
    close(joint.values["measure"], [value["difficulty"][v] for v in joint.values["value"]], tolerance)
    theirs = [value["thresholds"][t.value][str(int(t.below))] for t in joint.thresholds.itertuples()]
    close(joint.thresholds["measure"], theirs, tolerance)
    inside = joint.candidates[joint.candidates["extreme"] == ""]
    close(inside["measure"], [value["theta"][c] for c in inside["candidate"]], tolerance)
    close(joint.log_likelihood, value["loglik"], tolerance)
    extreme = joint.candidates[joint.candidates["extreme"] != ""]
    assert extreme["candidate"].tolist() == value["extreme_candidates"]
    assert inside["n"].sum() == value["n_ratings"]


def test_joint_standard_errors(joint):
    value, tolerance = read("panels.jml_pcm.se")
    close(joint.assessors["se"], [value["severity"][a] for a in joint.assessors["assessor"]], tolerance)
    close(joint.values["se"], [value["difficulty"][v] for v in joint.values["value"]], tolerance)
    inside = joint.candidates[joint.candidates["extreme"] == ""]
    close(inside["se"], [value["theta"][c] for c in inside["candidate"]], tolerance)


@pytest.mark.parametrize("facet", ["candidate", "assessor", "value"])
def test_joint_fit(joint, facet):
    value, tolerance = read("panels.jml_pcm.fit")
    rows = getattr(joint, facet + "s").set_index(facet).loc[value[facet]["element"]]
    for ours, theirs in (("infit", "infit"), ("outfit", "outfit"), ("infit_z", "infit_zstd"), ("outfit_z", "outfit_zstd")):
        close(rows[ours], value[facet][theirs], tolerance)
    if facet == "candidate":
        assert rows["n"].tolist() == value[facet]["n"]


@pytest.mark.parametrize("facet", ["candidate", "assessor", "value"])
def test_joint_separation(joint, facet):
    value, tolerance = read("panels.jml_pcm.separation")
    row = joint.separation.set_index("facet").loc[facet]
    names = {
        "rmse": "rmse",
        "sd": "sd_pop",
        "true_sd": "true_sd_pop",
        "separation": "separation_pop",
        "strata": "strata_pop",
        "reliability": "reliability_pop",
        "reliability_sample": "reliability_sample",
        "chi_square": "chisq_fixed",
        "df": "df",
    }
    for ours, theirs in names.items():
        close(row[ours], value[facet][theirs], tolerance)


# A slow implementation: one candidate, one rating, one category at a time, on a grid three times as fine, no shared code.


def small_panel(seed=5):
    rng = np.random.default_rng(seed)
    severity, difficulty, tau = np.array([-0.6, 0.1, 0.5, 0.0]), np.array([-0.3, 0.4]), np.array([-1.2, 0.1, 1.1])
    rows = []
    for c in range(40):
        theta = rng.normal(0, 1.2)
        for a in rng.choice(4, 2, replace=False):
            for v in range(2):
                logits = np.concatenate([[0], np.cumsum(theta - severity[a] - difficulty[v] - tau)])
                rows.append((f"c{c:02}", f"a{a}", f"v{v}", 1 + rng.choice(4, p=np.exp(logits) / np.exp(logits).sum())))
    return pd.DataFrame(rows, columns=["candidate", "assessor", "value", "rating"])


def unpack(parameters, model):
    severity = np.append(parameters[:3], -parameters[:3].sum())
    difficulty = parameters[3:5]
    free = parameters[5:-1].reshape(-1, 2)
    tau = np.column_stack([free, -free.sum(axis=1)])
    if model == "rating scale":
        tau = np.repeat(tau, 2, axis=0)
    return severity, difficulty, tau, np.exp(parameters[-1])


def by_candidate(table):
    """Lists of (assessor, value, step), one list a candidate."""
    return [
        [(int(row.assessor[1:]), int(row.value[1:]), int(row.rating) - 1) for row in rows.itertuples()]
        for _, rows in table.groupby("candidate")
    ]


def slow_log_likelihood(parameters, candidates, model):
    severity, difficulty, tau, sigma = unpack(parameters, model)
    nodes = np.linspace(-9, 9, 181)
    weights = np.exp(-(nodes**2) / 2) / np.sqrt(2 * np.pi) * 0.1
    total = 0.0
    for ratings in candidates:
        likelihood = np.ones(len(nodes))
        for a, v, x in ratings:
            logits = np.zeros((4, len(nodes)))
            for k in range(1, 4):
                logits[k] = logits[k - 1] + sigma * nodes - severity[a] - difficulty[v] - tau[v, k - 1]
            likelihood *= np.exp(logits[x]) / np.exp(logits).sum(axis=0)
        total += np.log(likelihood @ weights)
    return total


@pytest.fixture(scope="module", params=["rating scale", "partial credit"])
def slow(request):
    model, table = request.param, small_panel()
    found = facets.fit(table, scale=Scale(1, 4), model=model)
    free = found.thresholds["measure"].to_numpy().reshape(-1, 3)[:, :2].ravel()
    ours = np.concatenate([found.assessors["measure"][:3], found.values["measure"], free, [np.log(found.latent_variance) / 2]])
    return model, by_candidate(table), found, ours


def test_the_maximum_is_the_slow_implementation_s(slow):
    model, table, found, ours = slow
    assert found.log_likelihood == pytest.approx(slow_log_likelihood(ours, table, model), abs=1e-7)
    start = np.zeros(len(ours))
    theirs = optimize.minimize(lambda p: -slow_log_likelihood(p, table, model), start, method="BFGS", options={"gtol": 1e-4})
    assert found.log_likelihood == pytest.approx(-theirs.fun, abs=1e-6)
    np.testing.assert_allclose(ours, theirs.x, atol=5e-4)


def test_standard_errors_are_the_numerical_second_derivative_s(slow):
    model, table, found, ours = slow
    n, h = len(ours), 1e-3
    hessian = np.empty((n, n))
    for i in range(n):
        for j in range(i, n):
            steps_ = np.zeros((4, n))
            steps_[:, i] += np.array([h, h, -h, -h])
            steps_[:, j] += np.array([h, -h, h, -h])
            values = [slow_log_likelihood(ours + step, table, model) for step in steps_]
            hessian[i, j] = hessian[j, i] = (values[0] - values[1] - values[2] + values[3]) / (4 * h * h)
    covariance = np.linalg.inv(-hessian)
    whole = np.vstack([np.eye(3), -np.ones((1, 3))])
    severity = whole @ covariance[:3, :3] @ whole.T
    np.testing.assert_allclose(found.covariance.to_numpy(), severity, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(found.assessors["se"], np.sqrt(np.diag(severity)), rtol=1e-3)
    np.testing.assert_allclose(found.values["se"], np.sqrt(np.diag(covariance)[3:5]), rtol=1e-3)
    to_tau = np.kron(np.eye((n - 6) // 2), np.array([[1, 0], [0, 1], [-1, -1]]))
    np.testing.assert_allclose(found.thresholds["se"], np.sqrt(np.diag(to_tau @ covariance[5:-1, 5:-1] @ to_tau.T)), rtol=1e-3)
    assert found.latent_variance_se == pytest.approx(2 * found.latent_variance * covariance[-1, -1] ** 0.5, rel=1e-3)


def test_the_gradient_is_the_numerical_derivative_s():
    rows, _ = design.read(small_panel(), Scale(1, 4))
    structure = steps.steps_of(rows, "partial credit")
    grouped, nodes = blocks.blocks_of(rows), mml.grid_for(1.2, 4.0)
    rng = np.random.default_rng(1)
    point = rng.normal(0, 0.5, 4 + structure.n_free + 1)

    def at(parameters):
        state = mml.State(parameters[:4], parameters[4:-1], float(parameters[-1]))
        return mml.expectation(grouped, structure, state, nodes)[0]

    numerical = [(at(point + 1e-5 * e).log_likelihood - at(point - 1e-5 * e).log_likelihood) / 2e-5 for e in np.eye(len(point))]
    np.testing.assert_allclose(at(point).gradient, numerical, rtol=1e-6, atol=1e-6)
