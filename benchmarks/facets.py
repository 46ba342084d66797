"""Many-facet Rasch measurement, rating scale model: severities, their errors and fit, and how far severities are from the truth."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.contest import Contest, Side
from benchmarks.panels import POINTS, VALUES, Panels


def _severities(measures: dict[int, float], panels: Panels, log_likelihood: float | None = None) -> dict[str, float]:
    """Severities about their mean, and their root mean squared distance from the truth."""
    codes = sorted(measures)
    found = np.array([measures[code] for code in codes])
    truth = panels.severity[codes]
    found, truth = found - found.mean(), truth - truth.mean()
    numbers = {f"severity {code}": float(one) for code, one in zip(codes, found, strict=True)}
    numbers["severity RMSE"] = float(np.sqrt(((found - truth) ** 2).mean()))
    return numbers if log_likelihood is None else {**numbers, "log-likelihood": float(log_likelihood)}


def _ours(table: Any) -> Any:
    from standardsetting.blind import facets
    from standardsetting.scale import Scale

    return facets.fit(table, scale=Scale(POINTS[0], POINTS[-1]))


def _of_ours(found: Any, panels: Panels) -> dict[str, float]:
    assessors = found.assessors.dropna(subset="measure")
    measures = {int(code.removeprefix("A-")): one for code, one in zip(assessors["assessor"], assessors["measure"], strict=True)}
    return _severities(measures, panels, found.log_likelihood)


def _wide(panels: Panels) -> tuple[np.ndarray, np.ndarray]:
    shape = (panels.n, 2 * len(VALUES))
    return panels.rating.reshape(shape).astype(int) - POINTS[0], panels.assessor.reshape(shape).astype(int)


def _mirt(wide: tuple[np.ndarray, np.ndarray]) -> Any:
    from mirt.estimation import fit_mfrm
    from mirt.models import Facet, PolytomousMFRM

    ratings, assessors = wide
    model = PolytomousMFRM(len(VALUES), len(POINTS), [Facet("assessor", int(assessors.max()) + 1)])
    return fit_mfrm(model, ratings, {"assessor": assessors}, item_indices=np.tile(np.arange(len(VALUES)), 2))


def _of_mirt(found: Any, panels: Panels) -> dict[str, float]:
    return _severities(dict(enumerate(found.facet_parameters["assessor"].tolist())), panels, found.log_likelihood)


def _by_seat(panels: Panels) -> Any:
    import pandas as pd

    frame = pd.DataFrame({name: getattr(panels, name) for name in ("assessor", "candidate", "value")})
    frame["rating"] = panels.rating.astype(float) - POINTS[0]
    wide = frame.pivot(index=["assessor", "candidate"], columns="value", values="rating")
    wide.columns = list(VALUES)
    return wide.rename_axis(["Rater", "Person"])


def _raschpy(wide: Any) -> Any:
    from raschpy import MFRM

    model = MFRM(wide, max_score=len(POINTS) - 1)
    model.calibrate()
    return model


def _of_raschpy(model: Any, panels: Panels) -> dict[str, float]:
    return _severities({int(code): float(one) for code, one in dict(model.raters_global).items()}, panels)


CONTESTS = (
    Contest(
        "facets",
        "Many-facet Rasch model, with errors and fit",
        "many-facet Rasch",
        Side("standardsetting", Panels.table, _ours, _of_ours, "marginal likelihood; errors, fit with simulated bounds, all tables"),
        (
            Side("mirt", _wide, _mirt, _of_mirt, "marginal likelihood; errors and fit, from ready matrices", growth=1.2),
            Side("raschpy", _by_seat, _raschpy, _of_raschpy, "calibration only; another method, so severities differ", growth=1.2),
        ),
        facts=("severity RMSE", "log-likelihood"),
    ),
)
