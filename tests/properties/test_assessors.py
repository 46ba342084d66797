"""Assessor quality: nothing but who rated whom and how counts; planted effects are found, and without any hardly a question is raised."""

from __future__ import annotations

from collections import Counter
from datetime import date

import numpy as np
import pandas as pd
import pytest

from standardsetting.blind.assessors import control_charts, pairs, panel_layer, quality
from standardsetting.scale import Scale
from standardsetting.simulate import cohort

FIVE = Scale(1, 5)
FIGURES = (
    "difference", "severity", "severity_se", "severity_shrunk", "noise", "rest_correlation", "sd_ratio", "slope", "middle_share",
    "within_sd", "flat_share_expected", "value_correlation", "drift", "trend", "agreement", "agreement_expected", "identical",
)  # fmt: skip
NO_FAULTS = {"erratic": 0, "central": 0, "undifferentiated": 0, "drifting": 0}


def blind(made) -> pd.DataFrame:
    ratings, interviews = made.tables["ratings"], made.tables["interviews"]
    own = ratings[ratings["kind"] == "independent"].merge(interviews[["candidate_id", "panel_id", "date"]], on="candidate_id")
    return pd.DataFrame(
        {
            "candidate": own["candidate_id"],
            "assessor": own["assessor_id"],
            "value": own["value"],
            "rating": own["rating"].astype(float),
            "panel": own["panel_id"],
            "day": (own["date"] - own["date"].min()).dt.days + 1,
        }
    )


@pytest.fixture(scope="module")
def small() -> pd.DataFrame:
    return blind(cohort(120, seed=7, n_assessors=8, withdrawn=0, deferred=0))


@pytest.mark.parametrize("change", ["reorder", "relabel candidates", "categories", "integers"])
def test_order_and_labels_of_candidates_do_not_count(small, change):
    changed = {
        "reorder": lambda t: t.sample(frac=1, random_state=3),
        "relabel candidates": lambda t: t.assign(
            candidate=t["candidate"].map({c: f"z{i}" for i, c in enumerate(t["candidate"].unique()[::-1])})
        ),
        "categories": lambda t: t.astype({"candidate": "category", "assessor": "category", "value": "category"}),
        "integers": lambda t: t.astype({"rating": "int8"}),
    }[change](small)
    one, other = quality(small, scale=FIVE), quality(changed, scale=FIVE)
    np.testing.assert_allclose(one[list(FIGURES)].to_numpy(float), other[list(FIGURES)].to_numpy(float), atol=1e-9)
    assert [set(flags) for flags in one["flags"]] == [set(flags) for flags in other["flags"]]


def test_renaming_assessors_renames_the_rows(small):
    names = {name: f"z{9 - at}" for at, name in enumerate(sorted(small["assessor"].unique()))}
    one = quality(small, scale=FIVE).assign(assessor=lambda t: t["assessor"].map(names)).set_index("assessor").sort_index()
    other = quality(small.assign(assessor=small["assessor"].map(names)), scale=FIVE).set_index("assessor").sort_index()
    np.testing.assert_allclose(one[list(FIGURES)].to_numpy(float), other[list(FIGURES)].to_numpy(float), atol=1e-9)
    assert one["flags"].tolist() == other["flags"].tolist()


def test_turning_the_scale_round_turns_severity_round(small):
    one, other = quality(small, scale=FIVE), quality(small.assign(rating=6 - small["rating"]), scale=FIVE)
    for name in ("difference", "severity", "drift", "trend"):
        np.testing.assert_allclose(one[name], -other[name], atol=1e-9)
    for name in ("noise", "sd_ratio", "slope", "rest_correlation", "agreement", "middle_share"):
        np.testing.assert_allclose(one[name], other[name], atol=1e-9)


def test_a_point_less_from_one_assessor_is_a_point_of_severity(small):
    name, scale = small["assessor"].iloc[0], Scale(0, 5)
    lower = small.assign(rating=small["rating"] - (small["assessor"] == name))
    before, after = quality(small, scale=scale).set_index("assessor"), quality(lower, scale=scale).set_index("assessor")
    n = len(before)
    expected = np.where(before.index == name, 1 - 1 / n, -1 / n)
    np.testing.assert_allclose(after["severity"] - before["severity"], expected, atol=1e-9)
    np.testing.assert_allclose(after["severity_se"], before["severity_se"], atol=1e-9)
    assert after.loc[name, "difference"] == pytest.approx(before.loc[name, "difference"] - 1)


def test_the_same_seed_gives_the_same_table(small):
    pd.testing.assert_frame_equal(quality(small, scale=FIVE, seed=4), quality(small, scale=FIVE, seed=4))
    assert quality(small, scale=FIVE, seed=4)["noise_p"].tolist() != quality(small, scale=FIVE, seed=5)["noise_p"].tolist()
    assert panel_layer(small, seed=1).p == panel_layer(small, seed=1).p


def test_pairs_and_charts_count_every_candidate(small):
    found = pairs(small, scale=FIVE)
    assert found["candidates"].sum() == small["candidate"].nunique()
    assert control_charts(small, scale=FIVE)["n"].sum() == 2 * small["candidate"].nunique()
    assert panel_layer(small).table["n"].sum() == small["candidate"].nunique()


def test_without_planted_effects_hardly_a_question_is_raised():
    """Twelve cohorts of the first process, 24 assessors of equal severity: 288 assessors, nine screens each."""
    raised, pvalues = Counter(), []
    for seed in range(12):
        ratings = blind(cohort(360, seed=seed, severity_sd=0, **NO_FAULTS))
        found = quality(ratings, scale=FIVE, seed=seed)
        raised.update(flag for flags in found["flags"] for flag in flags)
        raised["anything"] += sum(bool(flags) for flags in found["flags"])
        if seed < 6:
            pvalues.append(panel_layer(ratings, replicates=200).p)
    assert raised["anything"] / 288 < 0.05, raised
    assert max(raised[name] for name in raised if name != "anything") <= 8, raised
    assert sum(p < 0.05 for p in pvalues) <= 2


def test_planted_effects_are_found():
    """Four cohorts of 1,200 candidates and 24 assessors (about 100 candidates each), two of each planted effect in every cohort."""
    rows = []
    for seed in range(4):
        made = cohort(1200, seed=seed, n_assessors=24, last_day=date(2023, 10, 31), severity_sd=0.6)
        rows.append(
            quality(blind(made), scale=FIVE, seed=seed).merge(
                made.truth["assessors"], left_on="assessor", right_on="assessor_id", suffixes=("", "_true")
            )
        )
    found = pd.concat(rows, ignore_index=True)

    def share(screen, rows):
        return np.mean([screen in flags for flags in found.loc[rows, "flags"]])

    assert share("undifferentiated", found["fault"] == "undifferentiated") >= 0.9
    assert share("central", found["fault"] == "central") >= 0.5
    assert share("inconsistent", found["fault"] == "erratic") >= 0.5
    # A drift of 1.2 logits is about 0.35 points over the window here: seen in about half of the assessors with 100 candidates.
    assert share("drift", found["fault"] == "drifting") >= 0.25
    assert share("severe", found["severity_true"] > 1.2) == 1 or not (found["severity_true"] > 1.2).any()
    assert share("lenient", found["severity_true"] < -1.2) == 1
    for screen, fault in (
        ("undifferentiated", "undifferentiated"),
        ("central", "central"),
        ("inconsistent", "erratic"),
        ("drift", "drifting"),
    ):
        assert share(screen, found["fault"] != fault) < 0.04, screen
    assert np.corrcoef(found["severity"], found["severity_true"])[0, 1] > 0.9
