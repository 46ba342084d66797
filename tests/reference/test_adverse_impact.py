"""Rates of groups against R packages and statsmodels (values, versions and calls in adverse_impact.json)."""

import json
import math
from pathlib import Path

import pandas as pd
import pytest
from scipy.stats import chi2
from scipy.stats.contingency import odds_ratio

from standardsetting.cohort.exact_tests import conditional_odds_ratio, hypergeometric
from standardsetting.cohort.families import benjamini_hochberg, holm
from standardsetting.cohort.intervals import katz_log_interval, newcombe_difference, score_interval_ratio
from standardsetting.cohort.pooled import COUNTS, pool
from standardsetting.cohort.rates import compare
from standardsetting.intervals import wilson_rate

HERE = Path(__file__).parent
RECORDS = {record["id"]: record for record in json.loads((HERE / "adverse_impact.json").read_text(encoding="utf-8"))["records"]}
TABLES = pd.read_csv(HERE / "data" / "selection_tables.csv", index_col="id")
# Other methods of the same statistics: the product has one interval for each, and says which.
OTHER_METHODS = {
    "diff_mee", "diff_mn", "diff_newcombe_cc", "diff_wald", "odds_ratio_haldane", "fisher_variants", "z_ir",
}  # fmt: skip
# Statistics of single candidates' scores, and options for a cut: other modules, other tests.
ELSEWHERE = {"C500.group_tests", "C500.logistic", "C500.options_table"}


def counts(record):
    if "params" in record and "a" in record["params"]:
        return tuple(record["params"][key] for key in ("a", "n1", "c", "n2"))
    return tuple(int(x) for x in TABLES.loc[record["id"].split(".")[0]])


def ending(*ends):
    return [name for name in RECORDS if name.split(".")[-1] in ends and name not in ELSEWHERE]


def matches(found, expected, tolerance):
    """As the records' README says: within the absolute or the relative tolerance, whichever the record gives."""
    if isinstance(expected, str):
        expected = float(expected.lower())
    if expected is None:
        return math.isnan(found)
    if math.isinf(expected):
        return found == expected
    apart = abs(found - expected)
    return apart <= tolerance.get("abs", -1) or apart <= tolerance.get("rel", -1) * abs(expected)


def holds(record, found):
    for key, value in found.items():
        assert matches(value, record["value"][key], record["tolerance"]), (key, value, record["value"][key])


def interval(limits):
    return {"ci_lower": float(limits.low), "ci_upper": float(limits.high)}


@pytest.mark.parametrize("name", ending("rates"))
def test_rates(name):
    found = compare(*counts(RECORDS[name]))
    holds(
        RECORDS[name],
        {
            "p1": found.rate,
            "p2": found.reference_rate,
            "ratio": found.ratio,
            "difference": found.difference,
            "shortfall_pooled": found.shortfall,
            "shortfall_reference": found.shortfall_against_reference,
        },
    )
    assert found.below_four_fifths is RECORDS[name]["value"]["four_fifths_violation"]


@pytest.mark.parametrize("name", ending("ratio_score", "ratio_score_statsmodels"))
def test_score_interval_of_the_ratio(name):
    holds(RECORDS[name], interval(score_interval_ratio(*counts(RECORDS[name]))))


@pytest.mark.parametrize("name", ending("ratio_koopman"))
def test_koopman_interval_of_the_ratio(name):
    holds(RECORDS[name], interval(score_interval_ratio(*counts(RECORDS[name]), corrected=False)))


@pytest.mark.parametrize("name", ending("ratio_katz"))
def test_katz_interval_of_the_ratio(name):
    holds(RECORDS[name], interval(katz_log_interval(*counts(RECORDS[name]))))


@pytest.mark.parametrize("name", ending("diff_newcombe"))
def test_newcombe_interval_of_the_difference(name):
    holds(RECORDS[name], interval(newcombe_difference(*counts(RECORDS[name]))))


@pytest.mark.parametrize("name", ending("chisq"))
def test_pooled_z_and_phi(name):
    """The square of the pooled z is Pearson's chi-square; Yates' correction is not offered."""
    found = compare(*counts(RECORDS[name]))
    chisq = found.z**2
    holds(RECORDS[name], {"chisq": chisq, "p": float(chi2.sf(chisq, 1))})
    # The record's phi is signed as the determinant of (pass, fail) by (focal, reference), like ours.
    assert matches(found.phi, RECORDS[name]["value"]["phi"], RECORDS[name]["tolerance"])
    assert found.expected_counts_at_least_5 is (RECORDS[name]["value"]["min_expected"] >= 5)


@pytest.mark.parametrize("name", ending("odds_ratio"))
def test_odds_ratio(name):
    holds(RECORDS[name], {"or": compare(*counts(RECORDS[name])).odds_ratio})


@pytest.mark.parametrize("name", ending("fisher"))
def test_fisher_and_conditional_odds_ratio(name):
    a, n1, c, n2 = counts(RECORDS[name])
    found, odds = compare(a, n1, c, n2), conditional_odds_ratio(*hypergeometric(n1, n2, a + c), a)
    holds(RECORDS[name], {"p": found.fisher_p, "or_cmle": odds.odds_ratio})
    # R's uniroot stops 2e-4 from the limits (T2); SciPy's search of the same definition goes on to the end.
    assert [odds.low, odds.high] == pytest.approx(RECORDS[name]["value"]["or_ci"], rel=3e-4)
    exact = odds_ratio([[a, n1 - a], [c, n2 - c]]).confidence_interval()
    assert [odds.low, odds.high] == pytest.approx(list(exact), rel=1e-8)


@pytest.mark.parametrize("name", [name for name in RECORDS if name.startswith("fisher_r.")])
def test_fisher_on_further_tables(name):
    holds(RECORDS[name], {"p": compare(*counts(RECORDS[name])).fisher_p})


@pytest.mark.parametrize("name", ending("fisher_midp"))
def test_mid_p(name):
    holds(RECORDS[name], {"minlike_halfall": compare(*counts(RECORDS[name])).mid_p})
    assert compare(*counts(RECORDS[name])).mid_p == pytest.approx(RECORDS[name]["value"]["minlike_halfall"], rel=1e-9)


@pytest.mark.parametrize("name", ending("rate_ci_focal", "rate_ci_reference"))
def test_wilson_interval_of_a_rate(name):
    value = RECORDS[name]["value"]
    limits = wilson_rate(value["k"], value["n"])
    assert [float(limits.low), float(limits.high)] == pytest.approx(value["wilson"], rel=0, abs=RECORDS[name]["tolerance"]["abs"])


@pytest.mark.parametrize("name", ending("cohen_h"))
def test_cohen_h(name):
    assert matches(compare(*counts(RECORDS[name])).cohen_h, RECORDS[name]["value"], RECORDS[name]["tolerance"])


def test_benjamini_hochberg_and_holm():
    p = pd.read_csv(HERE / "data" / "pvalues_25.csv")["p"]
    assert benjamini_hochberg(p).tolist() == pytest.approx(RECORDS["padjust.BH"]["value"], rel=0, abs=1e-12)
    record = RECORDS["padjust.holm_statsmodels"]
    assert holm(record["params"]["p"]).tolist() == pytest.approx(record["value"], rel=0, abs=1e-12)


@pytest.mark.parametrize("name", ending("stratified_statsmodels", "exact_r"))
def test_stratified(name):
    found = pool(pd.DataFrame(RECORDS[name]["params"]["strata"], columns=COUNTS))
    holds(RECORDS[name], {key: getattr(found, key) for key in RECORDS[name]["value"]})


def test_mantel_haenszel_by_site():
    """Strata as the record gives them."""
    strata = [(x[0][0], sum(x[0]), x[1][0], sum(x[1])) for x in RECORDS["MH.tables"]["value"].values()]
    found, value = pool(pd.DataFrame(strata, columns=COUNTS)), RECORDS["MH.test"]["value"]
    ours = [found.odds_ratio, found.chi_square, found.p, found.chi_square_corrected, found.p_corrected, found.odds_low, found.odds_high,
            found.exact_odds_ratio, found.exact_p, found.exact_low, found.exact_high]  # fmt: skip
    theirs = [value[key] for key in ("or", "chisq", "p", "chisq_cc", "p_cc")] + [*value["ci"], value["exact_or"], value["exact_p"]]
    # R finds the exact odds ratio and its limits by uniroot, to about four digits.
    for one, other, rel in zip(ours, [*theirs, *value["exact_ci"]], [1e-8] * 7 + [1e-4, 1e-8] + [1e-4] * 2, strict=True):
        assert one == pytest.approx(other, rel=rel)


def test_every_record_is_tried_or_named():
    tried = {
        *ending("rates", "ratio_score", "ratio_score_statsmodels", "ratio_koopman", "ratio_katz", "diff_newcombe", "chisq", "odds_ratio"),
        *ending("fisher", "fisher_midp", "rate_ci_focal", "rate_ci_reference", "cohen_h", "stratified_statsmodels", "exact_r"),
        *(name for name in RECORDS if name.startswith("fisher_r.")),
        *("padjust.BH", "padjust.holm_statsmodels", "MH.tables", "MH.test"),
    }
    left = {name for name in RECORDS if name not in tried}
    assert left == ELSEWHERE | {name for name in RECORDS if name.split(".")[-1] in OTHER_METHODS}
    assert len(tried) + len(left) == len(RECORDS)
