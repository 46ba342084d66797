"""Alpha, omega and conditional errors against psych and plain R (values, versions and calls in precision.json)."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from standardsetting.blind.precision import conditional_sem, cronbach_alpha, omega

HERE = Path(__file__).parent
RECORDS = {record["id"]: record for record in json.loads((HERE / "precision.json").read_text(encoding="utf-8"))["records"]}


@pytest.fixture(scope="module")
def totals() -> pd.DataFrame:
    table = pd.read_csv(HERE / "data" / "candidate_totals_500.csv")
    return table.melt("candidate", ["V1", "V2", "V3", "V4"], "value", "rating")


def test_one_factor_matches(totals):
    value = RECORDS["totals.onefactor_minres"]["value"]
    found = omega(totals, replicates=0)
    assert found.value == pytest.approx(value["omega"], abs=1e-7)
    assert list(found.loadings.values()) == pytest.approx(value["loadings"], abs=1e-4)


def test_thorndike_matches(totals):
    value = RECORDS["totals.csem_thorndike"]["value"]
    found = conditional_sem(totals, method="thorndike", edges=[3, 8, 10, 12, 14, 16, 18, 20]).table
    assert found["candidates"].tolist() == value["n"]
    assert found["csem"].tolist() == pytest.approx(value["grand_centred"], abs=1e-10)
    assert found["csem_within"].tolist() == pytest.approx(value["within_sd"], abs=1e-10)


def test_mollenkopf_matches(totals):
    value = RECORDS["totals.csem_mollenkopf"]["value"]
    found = conditional_sem(totals, method="mollenkopf", totals=value["total"])
    assert found.coefficients == pytest.approx(tuple(value["coef"]), abs=1e-7)
    assert found.table["csem"].tolist() == pytest.approx(value["csem"], abs=1e-7)


def test_alpha_on_pairwise_covariances_matches():
    table = pd.read_csv(HERE / "data" / "five_assessors_50_missing.csv").melt("candidate")
    long = table.set_axis(["candidate", "assessor", "rating"], axis=1)
    found = cronbach_alpha(long, items="assessor", missing="pairwise")
    assert found.value == pytest.approx(RECORDS["five_missing.alpha_pairwise"]["value"], abs=1e-8)


def test_alpha_of_two_halves_matches_flanagan_and_rulon(totals):
    """Split-half by Flanagan and Rulon is alpha over two parts; r and Spearman-Brown's step are not coefficients of ours."""
    value = RECORDS["totals.split_half"]["value"]
    halves = totals.assign(value=totals["value"].map({"V1": "A", "V2": "A", "V3": "B", "V4": "B"}))
    sums = halves.groupby(["candidate", "value"], as_index=False)["rating"].sum()
    assert cronbach_alpha(sums).value == pytest.approx(value["flanagan"], abs=1e-10)
    wide = sums.pivot(index="candidate", columns="value", values="rating")
    r = np.corrcoef(wide.T)[0, 1]
    assert (r, 2 * r / (1 + r)) == pytest.approx((value["r"], value["spearman_brown"]), abs=1e-10)


def test_every_record_is_here():
    names = {"onefactor_minres", "csem_thorndike", "csem_mollenkopf", "split_half", "alpha_pairwise"}
    assert {name.split(".")[1] for name in RECORDS} == names
