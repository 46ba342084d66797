"""Agreement coefficients: the long table against the matrices that other programs take."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.contest import APART, Contest, Side
from benchmarks.panels import POINTS, Panels

WEIGHTS = {"unweighted": "identity", "linear": "linear", "quadratic": "quadratic"}
LEVELS = {"nominal": "identity", "interval": "quadratic"}


def _ours(name: str, **options: str) -> Side:
    """One of our coefficients on the long table, without an interval."""

    def run(table: Any) -> Any:
        from standardsetting.blind import agreement
        from standardsetting.scale import Scale

        return getattr(agreement, name)(table, scale=Scale(POINTS[0], POINTS[-1]), interval="none", **options)

    return Side("standardsetting", Panels.table, run, lambda found, _: {"coefficient": found.value}, "from the long table")


def _coefficient(found: float, _: Panels) -> dict[str, float]:
    return {"coefficient": float(found)}


def _krippendorff(matrix: np.ndarray) -> float:
    import krippendorff

    return krippendorff.alpha(reliability_data=matrix, value_domain=list(POINTS), level_of_measurement="ordinal")


def _scikit_learn(columns: tuple[np.ndarray, np.ndarray]) -> float:
    from sklearn.metrics import cohen_kappa_score

    return cohen_kappa_score(*columns, labels=list(POINTS), weights="quadratic")


def _statsmodels(units: np.ndarray) -> float:
    from statsmodels.stats.inter_rater import aggregate_raters, fleiss_kappa

    return fleiss_kappa(aggregate_raters(units)[0])


def _krippendorff_from_table(table: Any) -> float:
    """What its user would write: counts of each unit's ratings by pandas, quicker for it than one column a seat."""
    import krippendorff

    counts = table.groupby(["candidate", "value", "rating"], observed=True).size().unstack(fill_value=0)
    return krippendorff.alpha(value_counts=counts.to_numpy(), value_domain=list(counts.columns), level_of_measurement="ordinal")


def _coded(panels: Panels) -> Any:
    from standardsetting.blind.agreement.ratings import code
    from standardsetting.scale import Scale

    return code(panels.table(), scale=Scale(POINTS[0], POINTS[-1]))


def _alpha_of_coded(coded: Any) -> Any:
    from standardsetting.blind.agreement import krippendorff_alpha
    from standardsetting.blind.agreement.coefficient import Options
    from standardsetting.blind.agreement.estimate import estimate
    from standardsetting.blind.agreement.unit_patterns import UnitPatterns

    fresh = replace(coded)  # the codes alone: nothing that coding them has counted already
    return estimate(krippendorff_alpha.statistic(UnitPatterns(fresh), level="ordinal"), Options(interval="none"))


def _pair_coefficients_of_ours(table: Any) -> dict[str, float]:
    """All that follow from how often two ratings of a unit fell on two points, from the ratings coded once."""
    from standardsetting.blind import agreement
    from standardsetting.blind.agreement.coefficient import Options
    from standardsetting.blind.agreement.estimate import estimate
    from standardsetting.blind.agreement.ratings import code
    from standardsetting.blind.agreement.unit_patterns import UnitPatterns
    from standardsetting.scale import Scale

    patterns, options = UnitPatterns(code(table, scale=Scale(POINTS[0], POINTS[-1]))), Options(interval="none")
    wanted: list[tuple[Any, dict[str, str]]] = [(agreement.exact_agreement, {}), (agreement.adjacent_agreement, {})]
    for kappa in (agreement.cohen_kappa, agreement.fleiss_kappa, agreement.gwet_ac, agreement.brennan_prediger):
        wanted += [(kappa, {"weights": weights}) for weights in WEIGHTS]
    wanted += [(agreement.krippendorff_alpha, {"level": level}) for level in ("nominal", "ordinal", "interval", "ratio")]
    found = [estimate(one.statistic(patterns, **own), options) for one, own in wanted]
    return {one.name.replace(" coefficient", ""): one.value for one in found}


def _every_coefficient_of_ours(table: Any) -> Any:
    from standardsetting.blind.agreement import agreement_table
    from standardsetting.scale import Scale

    return agreement_table(table, scale=Scale(POINTS[0], POINTS[-1]), interval="none")


def _defined(found: dict[str, float], _: Panels) -> dict[str, float]:
    """Cohen's kappas are refused: more than two people rated."""
    return {name: value for name, value in found.items() if np.isfinite(value)}


def _pooled(found: Any, _: Panels) -> dict[str, float]:
    rows = found[found["value"] == "all values"]
    return {f"{row.coefficient}, {row.weights}": float(row.estimate) for row in rows.itertuples() if np.isfinite(row.estimate)}


def _frame(panels: Panels) -> Any:
    import pandas as pd

    return pd.DataFrame(panels.units())


def _irrcac(frame: Any) -> dict[str, float]:
    from irrCAC.raw import CAC

    found = {}
    for ours, weights in WEIGHTS.items():
        # Gwet's coefficient has two names in our table, by weights.
        gwet = "Gwet's AC1" if ours == "unweighted" else "Gwet's AC2"
        for name, method in ((gwet, "gwet"), ("Fleiss' kappa", "fleiss"), ("Brennan-Prediger", "bp")):
            found[f"{name}, {ours}"] = _estimate(CAC(frame.copy(), weights=weights, categories=list(POINTS), digits=12), method)
    for level, weights in LEVELS.items():
        one = CAC(frame.copy(), weights=weights, categories=list(POINTS), digits=12)
        found[f"Krippendorff's alpha, {level}"] = _estimate(one, "krippendorff")
    return found


def _estimate(coefficients: Any, method: str) -> float:
    return float(getattr(coefficients, method)()["est"]["coefficient_value"])


def _whole_units(panels: Panels) -> np.ndarray:
    return panels.units().astype(int)


def _two_columns(panels: Panels) -> tuple[np.ndarray, np.ndarray]:
    units = _whole_units(panels)
    return units[:, 0], units[:, 1]


CONTESTS = (
    Contest(
        "alpha",
        "Krippendorff's alpha, ordinal, all values, from the long table",
        "interviews",
        _ours("krippendorff_alpha", level="ordinal"),
        (Side("krippendorff", Panels.table, _krippendorff_from_table, _coefficient, "from the long table, counted by pandas"),),
    ),
    Contest(
        "alpha-ready",
        "Krippendorff's alpha, ordinal, all values, from ready material",
        "interviews",
        Side("standardsetting", _coded, _alpha_of_coded, lambda found, _: {"coefficient": found.value}, "from ratings coded and checked"),
        (Side("krippendorff", lambda panels: panels.units().T.copy(), _krippendorff, _coefficient, "from a ready matrix"),),
    ),
    Contest(
        "pair-coefficients",
        "Every coefficient that follows from pairs of ratings, all values together",
        "interviews",
        Side("standardsetting", Panels.table, _pair_coefficients_of_ours, _defined, "18 coefficients, from the long table; no intervals"),
        (Side("irrCAC", _frame, _irrcac, lambda found, _: found, "11 of them, from a ready table; analytic intervals", APART),),
    ),
    Contest(
        "coefficients",
        "Every agreement coefficient",
        "interviews",
        Side("standardsetting", Panels.table, _every_coefficient_of_ours, _pooled, "each value and all values together; no intervals"),
        (Side("irrCAC", _frame, _irrcac, lambda found, _: found, "11 coefficients, all values together only, analytic intervals", APART),),
    ),
    Contest(
        "cohen",
        "Cohen's kappa, quadratic weights",
        "one pair",
        _ours("cohen_kappa", weights="quadratic"),
        (Side("scikit-learn", _two_columns, _scikit_learn, _coefficient, "from two ready columns"),),
    ),
    Contest(
        "fleiss",
        "Fleiss' kappa, unweighted",
        "interviews",
        _ours("fleiss_kappa", weights="unweighted"),
        (Side("statsmodels", _whole_units, _statsmodels, _coefficient, "from a ready matrix"),),
    ),
)
