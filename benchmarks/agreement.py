"""Agreement coefficients: the long table against the matrices that other programs take."""

from __future__ import annotations

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


def _every_coefficient_of_ours(table: Any) -> Any:
    from standardsetting.blind.agreement import agreement_table
    from standardsetting.scale import Scale

    return agreement_table(table, scale=Scale(POINTS[0], POINTS[-1]), interval="none")


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
        "Krippendorff's alpha, ordinal, all values",
        "interviews",
        _ours("krippendorff_alpha", level="ordinal"),
        (Side("krippendorff", lambda panels: panels.units().T.copy(), _krippendorff, _coefficient, "from a ready matrix"),),
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
