"""Many-facet Rasch: what it accepts, what it refuses, and whether its statistics say what they claim."""

import numpy as np
import pandas as pd
import pytest

from standardsetting import Scale
from standardsetting.blind import facets
from standardsetting.errors import FindingsError, UsageError

SCALE = Scale(1, 5)
TAU = np.array([-2.0, -0.6, 0.5, 2.1])


def panels(n=120, pool=8, n_values=4, *, seed=0, severity=None, bias=None, noise=None):
    """Ratings of `n` candidates by two of `pool` assessors; `bias` (assessor, value, logits); `noise`: an assessor who rates at random."""
    rng = np.random.default_rng(seed)
    severity = rng.normal(0, 0.5, pool) if severity is None else np.asarray(severity)
    severity = severity - severity.mean()
    chosen = np.array([rng.choice(pool, 2, replace=False) for _ in range(n)])
    candidate = np.repeat(np.arange(n), 2 * n_values)
    assessor = np.repeat(chosen.ravel(), n_values)
    value = np.tile(np.arange(n_values), 2 * n)
    eta = rng.normal(0, 1.4, n)[candidate] - severity[assessor] - np.linspace(-0.6, 0.6, n_values)[value]
    if bias:
        eta = eta - bias[2] * ((assessor == bias[0]) & (value == bias[1]))
    logits = np.cumsum(np.column_stack([np.zeros(len(eta)), eta[:, None] - TAU]), axis=1)
    probability = np.exp(logits - logits.max(axis=1, keepdims=True))
    probability /= probability.sum(axis=1, keepdims=True)
    rating = 1 + (rng.random(len(eta))[:, None] > probability.cumsum(axis=1)[:, :-1]).sum(axis=1)
    if noise is not None:
        rating = np.where(assessor == noise, rng.integers(1, 6, len(eta)), rating)
    codes = {"candidate": [f"c{i:05}" for i in candidate], "assessor": [f"a{i:03}" for i in assessor], "value": [f"v{i}" for i in value]}
    return pd.DataFrame(codes | {"rating": rating})


@pytest.fixture(scope="module")
def table():
    return panels()


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (lambda t: t.drop(columns="assessor"), UsageError, "not found: assessor"),
        (lambda t: t.assign(rating=t["rating"].where(t.index != 3, 6)), FindingsError, f"1 of {120 * 8}"),
        (lambda t: t.assign(rating=t["rating"].where(t.index != 3, 2.5)), FindingsError, f"1 of {120 * 8}"),
        (lambda t: t.assign(rating=t["rating"].astype(object).where(t.index != 3, "good")), FindingsError, "declared scale"),
        (lambda t: pd.concat([t, t.head(2)]), FindingsError, "2 rows repeat"),
        (lambda t: t.assign(assessor=t["assessor"].where(t.index != 3)), FindingsError, "needs a assessor; 1 rows"),
        (lambda t: t.assign(rating=5), FindingsError, "nothing to estimate"),
        (lambda t: t.assign(rating=np.nan), FindingsError, "no independent rating"),
    ],
)
def test_refused_ratings(table, change, error, words):
    with pytest.raises(error, match=words) as caught:
        facets.fit(change(table), scale=SCALE)
    assert "good" not in str(caught.value)


@pytest.mark.parametrize("option", [{"model": "graded"}, {"estimator": "cml"}, {"disconnected": "ignore"}, {"replicates": 1}, {"scale": 5}])
def test_refused_options(table, option):
    with pytest.raises(UsageError):
        facets.fit(table, **({"scale": SCALE} | option))


def test_missing_and_dependent_ratings_are_set_aside_and_counted(table):
    gap = table.assign(rating=table["rating"].astype(float).where(table.index % 50 != 0), kind="independent")
    agreed = table.head(80).assign(kind="agreed", rating=5)
    found = facets.fit(pd.concat([gap, agreed]), scale=SCALE)
    assert found.set_aside == {"not independent": 80, "rating missing": 20}
    assert found.n_ratings == len(table) - 20
    plain = facets.fit(gap.dropna().drop(columns="kind"), scale=SCALE)
    pd.testing.assert_frame_equal(found.assessors, plain.assessors)


@pytest.mark.parametrize("estimator", ["mml", "jml"])
def test_disconnected_ratings_are_refused_with_the_sizes_of_the_subsets(table, estimator):
    other = panels(30, 5, seed=9).assign(candidate=lambda t: "d" + t["candidate"], assessor=lambda t: "b" + t["assessor"])
    both = pd.concat([table, other])
    with pytest.raises(FindingsError, match="2 subsets") as caught:
        facets.fit(both, scale=SCALE, estimator=estimator)
    assert "Subset 1: 8 assessors, " in str(caught.value)
    assert "Subset 2: 5 assessors, " in str(caught.value)
    found = facets.fit(both, scale=SCALE, estimator=estimator, disconnected="within subsets")
    assert found.subsets["assessors"].tolist() == [8, 5]
    assert found.subsets["candidates"].tolist() == [120, 30]
    np.testing.assert_allclose(found.assessors.groupby("subset")["measure"].sum(), 0, atol=1e-8)
    assert found.convergence.converged
    assert any("2 subsets" in note for note in found.notes)
    with pytest.raises(FindingsError, match="different subsets"):
        found.compare("a000", "ba001")
    inside = found.compare("a000", "a001")
    alone = facets.fit(table, scale=SCALE, estimator=estimator).compare("a000", "a001")
    assert inside.difference == pytest.approx(alone.difference, abs=0.1)
    assert inside.standard_error == pytest.approx(alone.standard_error, rel=0.1)


def test_a_candidate_for_every_assessor_is_disconnected(table):
    nested = table.drop_duplicates(["candidate", "value"])
    with pytest.raises(FindingsError, match="8 subsets"):
        facets.fit(nested, scale=SCALE)


def test_a_chain_of_assessors_is_enough():
    """Assessor k meets k + 1 only; errors grow along the chain and the covariance knows it."""
    whole = panels(600, 2, seed=3, severity=[0, 0])
    link = pd.factorize(whole["candidate"])[0] % 5
    chain = whole.assign(assessor=[f"a{k + int(a[1:])}" for k, a in zip(link, whole["assessor"], strict=True)])
    found = facets.fit(chain, scale=SCALE)
    assert found.convergence.converged
    assert len(found.subsets) == 1
    errors = [found.compare("a0", f"a{k}").standard_error for k in range(1, 6)]
    assert errors[0] < errors[2] < errors[4]
    assert abs(found.compare("a0", "a5").difference) < 4 * errors[4]


def test_severities_that_cannot_be_told_from_difficulties_are_refused(table):
    first = table["assessor"].isin(["a000", "a001", "a002", "a003"])
    mixed = table.groupby("candidate")["assessor"].transform(lambda a: a.isin(["a000", "a001", "a002", "a003"]).mean()) == 0.5
    halves = table[mixed & (first == table["value"].isin(["v0", "v1"]))]
    with pytest.raises(FindingsError, match="cannot be told from difficulties"):
        facets.fit(halves, scale=SCALE)
    assert facets.fit(table[mixed], scale=SCALE).convergence.converged


def test_an_unused_category_keeps_its_number(table):
    gap = table[table["rating"] != 3]
    gap = gap[gap.groupby("candidate")["assessor"].transform("nunique") == 2]
    found = facets.fit(gap, scale=SCALE)
    assert found.convergence.converged
    assert any("The category 3 is not used by anybody" in note for note in found.notes)
    assert found.thresholds["measure"].isna().tolist() == [False, True, True, False]
    renumbered = facets.fit(gap.assign(rating=gap["rating"].replace({4: 3, 5: 4})), scale=Scale(1, 4))
    assert abs(found.deviance - renumbered.deviance) > 1
    assert renumbered.latent_variance > 1.2 * found.latent_variance


def test_an_unused_lowest_category_changes_nothing_else(table):
    without = table.assign(rating=table["rating"].clip(lower=2))
    declared, shorter = facets.fit(without, scale=SCALE), facets.fit(without, scale=Scale(2, 5))
    np.testing.assert_allclose(declared.assessors["measure"], shorter.assessors["measure"], atol=1e-7)
    np.testing.assert_allclose(declared.assessors["fair_average"], shorter.assessors["fair_average"], atol=1e-7)
    assert np.isnan(declared.thresholds["measure"][0])
    assert not declared.thresholds["measure"][1:].isna().any()
    assert declared.notes
    assert not shorter.notes


@pytest.mark.parametrize("estimator", ["mml", "jml"])
def test_half_points_are_steps(table, estimator):
    half = table.assign(rating=1 + (table["rating"] - 1) / 2)
    ours, whole = (facets.fit(t, scale=s, estimator=estimator) for t, s in ((half, Scale(1, 3, 0.5)), (table, SCALE)))
    np.testing.assert_allclose(ours.assessors["measure"], whole.assessors["measure"])
    np.testing.assert_allclose(ours.assessors["fair_average"], 1 + (whole.assessors["fair_average"] - 1) / 2)
    assert ours.thresholds["above"].tolist() == [1.5, 2, 2.5, 3]


@pytest.mark.parametrize("estimator", ["mml", "jml"])
def test_an_assessor_with_only_the_highest_ratings_leaves_the_estimation(table, estimator):
    lenient = table.assign(rating=table["rating"].where(table["assessor"] != "a003", 5))
    found = facets.fit(lenient, scale=SCALE, estimator=estimator)
    without = facets.fit(lenient[lenient["assessor"] != "a003"], scale=SCALE, estimator=estimator)
    row = found.assessors.set_index("assessor").loc["a003"]
    assert row["extreme"] == "maximum"
    assert row["measure"] < found.assessors["measure"].drop(index=3).min() - 1
    assert np.isfinite(row["se"])
    others = found.assessors[found.assessors["assessor"] != "a003"]
    np.testing.assert_allclose(others["measure"], without.assessors["measure"], atol=1e-9)
    assert any("1 of facet assessor" in note for note in found.notes)
    # The rule: 0.3 of a step below the highest score, on the candidates that have a measure.
    theirs = lenient[lenient["assessor"] == "a003"].merge(without.candidates, on="candidate", suffixes=("", "_c"))
    theirs = theirs[theirs["extreme"] == ""]
    expected = [expected_step(without, c, row["measure"], v) for c, v in zip(theirs["measure"], theirs["value"], strict=True)]
    assert sum(expected) == pytest.approx(4 * len(theirs) - 0.3, abs=1e-6)
    with pytest.raises(FindingsError, match="only extreme ratings"):
        found.compare("a003", "a001")


def expected_step(found, measure, severity, value):
    """The expected category by the formula of the model, one category at a time."""
    difficulty = found.values.set_index("value").at[value, "measure"]
    logits = np.concatenate([[0], np.cumsum(measure - severity - difficulty - found.thresholds["measure"].to_numpy())])
    weights = np.exp(logits)
    return float(weights @ np.arange(len(weights)) / weights.sum())


def test_extreme_candidates(table):
    best = table.assign(rating=table["rating"].where(table["candidate"] != "c00007", 5))
    joint = facets.fit(best, scale=SCALE, estimator="jml")
    row = joint.candidates.set_index("candidate").loc["c00007"]
    assert row["extreme"] == "maximum"
    theirs = best[best["candidate"] == "c00007"]
    severity = joint.assessors.set_index("assessor")["measure"]
    total = sum(expected_step(joint, row["measure"], severity[r.assessor], r.value) for r in theirs.itertuples())
    assert total == pytest.approx(8 * 4 - 0.3, abs=1e-6)
    marginal = facets.fit(best, scale=SCALE).candidates.set_index("candidate").loc["c00007"]
    assert marginal["extreme"] == ""
    assert np.isfinite(marginal[["measure", "se", "wle", "wle_se"]].to_numpy(float)).all()
    assert marginal["measure"] < marginal["wle"] < row["measure"]


def test_joint_measures_satisfy_their_equations():
    """At the joint maximum, what each assessor gave is what the model expects of them."""
    table = panels(40, 5, seed=1)
    found = facets.fit(table, scale=SCALE, estimator="jml")
    candidate, severity = (found.candidates.set_index("candidate"), found.assessors.set_index("assessor")["measure"])
    rows = table[table["candidate"].map(candidate["extreme"]) == ""]
    expected = [expected_step(found, candidate.at[r.candidate, "measure"], severity[r.assessor], r.value) for r in rows.itertuples()]
    gap = (rows["rating"] - 1 - expected).groupby([rows["assessor"]]).sum()
    np.testing.assert_allclose(gap, 0, atol=1e-6)
    assert found.assessors["measure"].sum() == pytest.approx(0, abs=1e-9)
    assert found.values["measure"].sum() == pytest.approx(0, abs=1e-9)
    mean = len(rows) / rows["candidate"].nunique()
    np.testing.assert_allclose(found.assessors["measure_corrected"], found.assessors["measure"] * (mean - 1) / mean)


def test_convergence_is_not_claimed_without_it(table):
    for estimator in facets.estimate.ESTIMATORS:
        stopped = facets.fit(table, scale=SCALE, estimator=estimator, max_iterations=1)
        assert not stopped.convergence.converged
        assert stopped.convergence.gradient_norm > 0.01
        assert any("did not converge" in note for note in stopped.notes)
        full = facets.fit(table, scale=SCALE, estimator=estimator)
        assert full.convergence.converged
        assert full.convergence.gradient_norm < 1e-5
        assert not any("did not converge" in note for note in full.notes)


def test_candidates_whom_the_ratings_do_not_tell_apart():
    rng = np.random.default_rng(4)
    noise = panels(60, 5).assign(rating=lambda t: rng.permutation(t["rating"].to_numpy()))
    # Each candidate's total is the same, so nothing is left for a variance between candidates.
    noise["rating"] = np.tile([1, 2, 3, 4, 5, 4, 3, 2], 60)
    found = facets.fit(noise, scale=SCALE)
    assert not found.convergence.converged
    assert "variance is zero" in found.convergence.message


def test_fair_averages_are_expected_ratings_at_the_mean_of_the_other_facets(table):
    found = facets.fit(table, scale=SCALE)
    mean_difficulty = found.values["measure"].mean()
    tau = found.thresholds["measure"].to_numpy()

    def at(eta):
        weights = np.exp(np.concatenate([[0], np.cumsum(eta - tau)]))
        return 1 + weights @ np.arange(5) / weights.sum()

    np.testing.assert_allclose(found.assessors["fair_average"], [at(-s - mean_difficulty) for s in found.assessors["measure"]])
    np.testing.assert_allclose(found.candidates["fair_average"], [at(c - mean_difficulty) for c in found.candidates["measure"]])
    np.testing.assert_allclose(found.values["fair_average"], [at(-d) for d in found.values["measure"]])
    totals = [sum(at(-s - d) for d in found.values["measure"]) for s in found.assessors["measure"]]
    np.testing.assert_allclose(found.assessors["expected_total"], totals)


@pytest.mark.parametrize("estimator", ["mml", "jml"])
def test_bounds_of_fit_hold_what_they_promise_where_the_model_holds(estimator):
    inside, infit = [], []
    for seed in range(3):
        found = facets.fit(panels(700, 50, seed=seed), scale=SCALE, estimator=estimator)
        for rows in (found.assessors, found.candidates):
            for name in ("infit", "outfit"):
                known = rows[name].notna()
                inside.append(rows.loc[known, name].between(rows.loc[known, f"{name}_low"], rows.loc[known, f"{name}_high"]).mean())
        infit.append(found.assessors["infit"].mean())
    assert 0.925 < np.mean(inside) < 0.975
    assert np.mean(infit) == pytest.approx(1, abs=0.02 if estimator == "mml" else 0.1)


@pytest.mark.parametrize("estimator", ["mml", "jml"])
def test_an_assessor_who_rates_at_random_is_out_of_bounds(estimator):
    rows = facets.fit(panels(400, 20, seed=2, noise=4), scale=SCALE, estimator=estimator).assessors
    assert rows["infit"].idxmax() == 4
    assert rows["infit"][4] > 1.3 * rows["infit_high"][4]
    assert (rows["infit"].drop(4) <= rows["infit_high"].drop(4)).mean() > 0.85
    assert rows["infit_z"][4] > 4


def test_bounds_depend_on_the_number_of_ratings():
    table = panels(400, 20, seed=6)
    few = table[(table["assessor"] != "a001") | (pd.factorize(table["candidate"])[0] % 4 == 0)]
    rows = facets.fit(few, scale=SCALE).assessors
    width = rows["infit_high"] - rows["infit_low"]
    assert width.idxmax() == 1
    assert width[1] > 1.5 * width.median()


def test_agreement_beyond_independence_is_seen():
    table = panels(400, 20, seed=7)
    alone = facets.fit(table, scale=SCALE)
    assert abs(alone.agreement.rasch_kappa) < 0.04
    assert alone.agreement.n_pairs == 400 * 4
    by_hand = table.groupby(["candidate", "value"])["rating"].nunique().eq(1).mean()
    assert alone.agreement.observed == pytest.approx(by_hand)
    talked = table.copy()
    first = table.groupby(["candidate", "value"])["rating"].transform("first")
    copied = np.random.default_rng(0).random(len(table)) < 0.4
    talked["rating"] = table["rating"].where(~copied, first)
    assert facets.fit(talked, scale=SCALE).agreement.rasch_kappa > 0.2


def test_no_pairs_no_agreement():
    one = panels(80, 1 + 1, seed=1).drop_duplicates(["candidate", "value"]).assign(assessor="a")
    found = facets.fit(one, scale=SCALE)
    assert found.agreement.n_pairs == 0
    assert np.isnan(found.agreement.rasch_kappa)
    assert found.assessors["measure"].tolist() == [0.0]


def test_bias_is_found_at_its_size_and_nowhere_else():
    found = facets.fit(panels(1500, 20, seed=8, bias=(3, 2, 1.0)), scale=SCALE)
    cells = found.bias.set_index(["assessor", "value"])
    assert cells["t"].idxmax() == ("a003", "v2")
    planted = cells.loc[("a003", "v2")]
    # Of an extra logit on one of four values, a quarter is severity.
    assert planted["size"] == pytest.approx(1.0, abs=3 * planted["se"])
    assert planted["points"] < -0.2
    rest = cells.drop(index="a003")
    assert rest["t"].std() == pytest.approx(1, abs=0.25)
    assert (rest["t"].abs() > 2).mean() < 0.12
    assert (cells["df"] == cells["n"] - 1).all()


def test_unexpected_ratings_are_listed(table):
    odd = table.copy()
    best = facets.fit(table, scale=SCALE).candidates.set_index("candidate")["measure"].idxmax()
    place = odd.index[odd["candidate"] == best][0]
    odd.loc[place, "rating"] = 1
    found = facets.fit(odd, scale=SCALE).unexpected
    assert found.loc[0, ["candidate", "assessor", "value", "rating"]].tolist() == odd.loc[place].tolist()
    assert found.loc[0, "residual"] < -3


def test_the_same_seed_gives_the_same_bounds(table):
    one, two, other = (facets.fit(table, scale=SCALE, seed=seed, replicates=20).assessors for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(one, two)
    assert not one["infit_low"].equals(other["infit_low"])


def test_equal_assessors_pass_the_fixed_chi_square_and_different_ones_do_not():
    p = [facets.fit(panels(150, 8, seed=s, severity=np.zeros(8)), scale=SCALE).separation["p"][1] for s in range(12)]
    assert np.mean(np.array(p) < 0.05) < 0.3
    assert np.mean(p) > 0.25
    found = facets.fit(panels(300, 8, severity=np.linspace(-1, 1, 8)), scale=SCALE).separation.set_index("facet").loc["assessor"]
    assert found["p"] < 1e-6
    assert found["reliability"] > 0.8
    assert found["true_sd"] == pytest.approx(np.linspace(-1, 1, 8).std(), abs=0.15)
    assert found["strata"] == pytest.approx((4 * found["separation"] + 1) / 3)


@pytest.mark.parametrize("estimator", ["mml", "jml"])
def test_an_assessor_with_only_the_lowest_ratings_is_the_mirror_image(table, estimator):
    lenient = table.assign(rating=table["rating"].where(table["assessor"] != "a003", 5))
    severe = lenient.assign(rating=6 - lenient["rating"])
    high, low = (facets.fit(t, scale=SCALE, estimator=estimator).assessors.set_index("assessor").loc["a003"] for t in (lenient, severe))
    assert low["extreme"] == "minimum"
    assert low["measure"] == pytest.approx(-high["measure"], abs=1e-5)
    assert low["se"] == pytest.approx(high["se"], abs=1e-5)


def test_errors_of_bias_by_hand():
    """One assessor's cells, rating by rating: variances, less what not knowing the candidate and the assessor's own severity costs."""
    table = panels(40, 4, seed=2)
    found = facets.fit(table, scale=SCALE, estimator="jml")
    candidates, severity = found.candidates.set_index("candidate"), found.assessors.set_index("assessor")["measure"]["a001"]
    inside = table[table["candidate"].map(candidates["extreme"]) == ""]
    information = np.zeros((4, 4))
    for code, rows in inside[inside["assessor"] == "a001"].groupby("candidate"):
        variance = []
        for value in rows["value"]:
            eta = candidates.at[code, "measure"] - severity - found.values.set_index("value").at[value, "measure"]
            weights = np.exp(np.concatenate([[0], np.cumsum(eta - found.thresholds["measure"].to_numpy())]))
            weights /= weights.sum()
            variance.append(weights @ np.arange(5) ** 2 - (weights @ np.arange(5)) ** 2)
        information += np.diag(variance) - np.outer(variance, variance) * candidates.at[code, "se"] ** 2
    left = np.diag(information) - information.sum(axis=1) ** 2 / information.sum()
    share = inside[inside["assessor"] == "a001"].groupby("value").size() / inside.groupby("value").size()
    ours = found.bias[found.bias["assessor"] == "a001"]
    np.testing.assert_allclose(ours["se"], (left * (1 - share)) ** -0.5, rtol=1e-6)
