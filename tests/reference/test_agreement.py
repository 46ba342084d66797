"""Agreement coefficients against other programs, record by record. Provenance (package, version, call) stands in agreement.json.

Records that do not apply are listed there under `not_applicable`, each with its reason: weights that are not offered, statistics that
are not among the coefficients, agreement of all assessors at once, and weights by position among the observed points.
Chance terms of irrCAC that were run over the observed points are compared on a scale declared from the lowest to the highest rating.
"""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from standardsetting import Scale
from standardsetting.blind import agreement

HERE = Path(__file__).parent
REFERENCE = json.loads((HERE / "agreement.json").read_text(encoding="utf-8"))
RECORDS = {record["id"]: record for record in REFERENCE["records"]}
IRRCAC = {
    "gwet.ac1": agreement.gwet_ac,
    "fleiss.kappa": agreement.fleiss_kappa,
    "conger.kappa": agreement.conger_kappa,
    "bp.coeff": agreement.brennan_prediger,
}
LEVELS = {"unweighted": "nominal", "quadratic": "interval", "ratio": "ratio"}
IRR_WEIGHTS = {"equal": "linear", "squared": "quadratic", "irr": "unweighted"}
asked_for = set()


def read(dataset):
    table = pd.read_csv(HERE / dataset)
    if "score" in table:
        return table.rename(columns={"score": "rating"})
    units = table.columns[0]
    return table.melt(id_vars=units, var_name="assessor", value_name="rating").rename(columns={units: "candidate"}).assign(value="v")


def scale_of(table, record):
    if "declared" in record["definition"] or record["dataset"].startswith("data/interview"):
        return Scale(1, 5)
    return Scale(int(table["rating"].min()), int(table["rating"].max()))


def match(found, record, name=None):
    expected = record["value"] if name is None else record["value"][name]
    assert found == pytest.approx(expected, rel=0, abs=max(record["tolerance"]["abs"], 1e-12)), (record["id"], name)


def of(pattern):
    ids = [key for key in RECORDS if re.search(pattern, key)]
    assert ids, pattern
    asked_for.update(ids)
    return pytest.mark.parametrize("record", [RECORDS[key] for key in ids], ids=ids)


@of(r"(gwet\.ac1|fleiss\.kappa|conger\.kappa|bp\.coeff|pa\.coeff|krippen\.alpha)_")
def test_irrcac(record):
    statistic, weights, value = re.match(r"(.+)\.raw ?(?:weights=)?(\w+)?(?:, value (V\d))?", record["statistic"]).groups()
    weights = weights or "unweighted"
    table = read(record["dataset"])
    table = table if value is None else table[table["value"] == value]
    scale = scale_of(table, record)
    if statistic == "pa.coeff" and weights != "unweighted":
        # The weighted observed agreement alone: it stands in the coefficients that correct it for chance.
        match(agreement.gwet_ac(table, scale=scale, weights=weights, interval="none").observed, record, "estimate")
        return
    if statistic == "pa.coeff":
        found = agreement.exact_agreement(table, scale=scale, interval="analytic")
    elif statistic == "krippen.alpha":
        found = agreement.krippendorff_alpha(table, scale=scale, level=LEVELS[weights], interval="analytic")
    else:
        found = IRRCAC[statistic](table, scale=scale, weights=weights, interval="analytic")
        match(found.observed, record, "pa")
        match(found.expected, record, "pe")
    match(found.value, record, "estimate")
    match(found.standard_error, record, "se")
    match(found.low, record, "ci_lower")
    match(found.high, record, "ci_upper")


@of(r"\.kripp_(nominal|ordinal|interval|ratio)$")
def test_krippendorff_by_irr(record):
    level, value = re.match(r"Krippendorff alpha,? (\w+)(?:, value (V\d))?", record["statistic"]).groups()
    table = read(record["dataset"])
    table = table if value is None else table[table["value"] == value]
    match(agreement.krippendorff_alpha(table, scale=scale_of(table, record), level=level, interval="none").value, record)


@of(r"\.cohen_")
def test_cohen(record):
    weights = re.search(r"cohen_(\w+)", record["id"])[1]
    found = agreement.cohen_kappa(read(record["dataset"]), scale=Scale(1, 5), weights=weights, interval="analytic")
    value = record["value"]
    match(found.value, record, "kappa" if "kappa" in value else "estimate")
    if "se" in value:
        match(found.standard_error, record, "se")
    if "n" in value:
        match(found.n_units, record, "n")
    if "ci_lower" in value and "irrCAC" not in record["peer"]:  # irrCAC takes Student's t; ours is the normal distribution, as vcd's
        match(found.low, record, "ci_lower")
        match(found.high, record, "ci_upper")


@of(r"\.(light_|fleiss_irr|conger_irr)")
def test_several_assessors_by_irr(record):
    name, weights = re.search(r"\.(light|fleiss|conger)_(\w+)$", record["id"]).groups()
    function = {"light": agreement.light_kappa, "fleiss": agreement.fleiss_kappa, "conger": agreement.conger_kappa}[name]
    table = read(record["dataset"])
    found = function(table, scale=scale_of(table, record), weights=IRR_WEIGHTS[weights], interval="none")
    match(found.value, record, "kappa" if isinstance(record["value"], dict) else None)


@of(r"\.kendall_W")
def test_kendall(record):
    table = read(record["dataset"])
    ties = not record["id"].endswith("noties")
    match(agreement.kendall_w(table, scale=scale_of(table, record), ties=ties, interval="none").value, record, "W")


@of(r"\.agree_tol")
def test_share_within(record):
    within = int(record["id"][-1])
    found = agreement.adjacent_agreement(read(record["dataset"]), scale=Scale(1, 5), within=within, interval="none")
    match(100 * found.value, record)


@of(r"\.crosstab")
def test_cross_table(record):
    """Cohen's observed and chance agreement are those of the printed table."""
    counts = np.array(record["value"], dtype=float)
    share = counts / counts.sum()
    found = agreement.cohen_kappa(read(record["dataset"]), scale=Scale(1, 5), interval="none")
    assert found.n_units == counts.sum()
    assert found.observed == pytest.approx(np.trace(share), abs=1e-12)
    assert found.expected == pytest.approx(share.sum(axis=1) @ share.sum(axis=0), abs=1e-12)


@of(r"\.rwg(_untruncated)?$")
def test_r_wg(record):
    value = re.search(r"value (V\d)", record["statistic"])[1]
    table, negative = read(record["dataset"]), "keep" if "untruncated" in record["id"] else "zero"
    table = table[table["value"] == value]
    options = {"scale": Scale(1, 5), "negative": negative, "interval": "none"}
    match(agreement.r_wg(table, **options).value, record, "mean")
    each = [agreement.r_wg(table[table["candidate"] == candidate], **options).value for candidate in record["value"]["candidate"]]
    match(each, record, "rwg")


@of(r"crossed\.(rwgj|rwgj_lindell|ADM)$")
def test_by_candidate(record):
    found = agreement.by_candidate(read(record["dataset"]), scale=Scale(1, 5)).set_index("candidate")
    found = found.loc[record["value"]["candidate"]]
    column, name = {
        "crossed.rwgj": ("r_wg_j", "rwgj"),
        "crossed.rwgj_lindell": ("r_star_wg_j", "r"),
        "crossed.ADM": ("average_deviation", "ad"),
    }[record["id"]]
    match(found[column].tolist(), record, name)
    if record["id"] == "crossed.ADM":
        pooled = agreement.average_deviation(read(record["dataset"]), scale=Scale(1, 5), interval="none").value
        assert pooled == pytest.approx(np.mean(record["value"]["ad"]), abs=1e-8)


def test_every_record_has_a_test():
    assert asked_for == set(RECORDS)


def test_every_record_left_out_has_its_reason():
    left_out = REFERENCE["not_applicable"]
    assert {reason: len(ids) for reason, ids in left_out.items()} == {
        "a statistic that is not among the coefficients": 20,
        "weights that are none of alpha's levels": 7,
        "weights that the workbench does not offer": 58,
        "agreement of all assessors at once; ours is the mean over pairs": 6,
        "weights by position among the observed points, which the declared scale replaces": 3,
    }
    assert not {name for ids in left_out.values() for name in ids} & set(RECORDS)
