"""The two estimators brought to one form: a model, where each candidate is, and what is known of the errors."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from standardsetting.blind.facets import jml, mml
from standardsetting.blind.facets.convergence import Convergence
from standardsetting.blind.facets.design import Design
from standardsetting.blind.facets.extremes import ADJUSTMENT, Extremes
from standardsetting.blind.facets.model import Model, measures
from standardsetting.blind.facets.review import Points
from standardsetting.blind.facets.steps import Steps
from standardsetting.blind.facets.subsets import candidates_subset

# Below this the candidates' standard deviation is zero for every purpose.
_NO_SPREAD = 1e-3


@dataclass(frozen=True)
class Fitted:
    """A fit on the core design, severities centred within each subset.

    Attributes
    ----------
    measure, measure_se, extra
        By candidate of the whole design; `extra` holds further columns of the same length.
    severity, severity_covariance
        By assessor of the core.
    beta, beta_covariance
        The step parameters, difficulties first.
    points
        By candidate of the core, on the scale of `model` (severities as estimated, before centring within subsets).
    truth
        The model and the candidates' measures to simulate ratings from: the estimates, or where these are stretched, the corrected ones.
    """

    core: Design
    steps: Steps
    model: Model
    points: Points
    truth: tuple[Model, np.ndarray]
    measure: np.ndarray
    measure_se: np.ndarray
    extra: dict[str, np.ndarray]
    severity: np.ndarray
    severity_covariance: np.ndarray
    beta: np.ndarray
    beta_covariance: np.ndarray
    log_likelihood: float
    n_parameters: int
    convergence: Convergence
    sigma: float | None
    log_sigma_se: float | None
    n_nodes: int | None


def by_mml(design: Design, extremes: Extremes, steps: Steps, subset: np.ndarray, *, max_iterations: int, tolerance: float) -> Fitted:
    """Marginal likelihood; `subset` is by assessor of the core."""
    core, r = extremes.core, extremes.core.size("assessor")
    found = mml.estimate(core, steps, max_iterations=max_iterations, tolerance=tolerance)
    model = Model(found.severity, steps.table(found.beta))
    score = core.total("candidate", core.category)
    warm, information = measures(core, model, score, begin=found.mean, weighted=True)
    shift = np.bincount(subset, found.severity) / np.bincount(subset)
    centring = np.eye(r) - (subset[:, None] == subset) / np.bincount(subset)[subset]
    of_candidate = shift[candidates_subset(core, subset)]
    covariance = found.covariance[:r, :r]
    if subset.any():
        covariance = centring @ covariance @ centring.T
    convergence = found.convergence
    if found.sigma < _NO_SPREAD:
        convergence = replace(convergence, converged=False, message="the candidates' variance is zero: the ratings do not tell them apart")
    whole = extremes.spread("candidate")
    return Fitted(
        core=core,
        steps=steps,
        model=model,
        points=Points(found.mean, found.sd, found.sigma**-2),
        truth=(model, found.mean),
        measure=whole(found.mean - of_candidate),
        measure_se=whole(found.sd),
        extra={"wle": whole(warm - of_candidate), "wle_se": whole(information**-0.5)},
        severity=found.severity - shift[subset],
        severity_covariance=covariance,
        beta=found.beta,
        beta_covariance=found.covariance[r:-1, r:-1],
        log_likelihood=found.log_likelihood,
        n_parameters=r - 1 + steps.n_free + 1,
        convergence=convergence,
        sigma=found.sigma,
        log_sigma_se=float(np.sqrt(found.covariance[-1, -1])),
        n_nodes=found.n_nodes,
    )


def by_jml(design: Design, extremes: Extremes, steps: Steps, subset: np.ndarray, *, max_iterations: int, tolerance: float) -> Fitted:
    """Joint likelihood; extreme candidates get the measure of their adjusted score afterwards."""
    core, r = extremes.core, extremes.core.size("assessor")
    found = jml.estimate(core, steps, subset, max_iterations=max_iterations, tolerance=tolerance)
    model = Model(found.severity, steps.table(found.beta))
    factor = jml.shrinkage(core)
    corrected = Model(found.severity * factor, steps.table(found.beta * factor))
    rated = design.keep(extremes.rateable)
    present = np.bincount(design.candidate[extremes.rateable], minlength=design.size("candidate")) > 0
    label = extremes.labels["candidate"][present]
    score = rated.total("candidate", rated.category)
    score = score + ADJUSTMENT * (label == "minimum") - ADJUSTMENT * (label == "maximum")
    begin = np.zeros(rated.size("candidate"))
    inside = extremes.present("candidate")[present]
    begin[inside] = found.measure
    measure, information = measures(rated, model, score, begin=begin)
    shrunk, _ = measures(rated, corrected, score, begin=measure * factor)

    def whole(numbers: np.ndarray) -> np.ndarray:
        filled = np.full(design.size("candidate"), np.nan)
        filled[present] = numbers
        return filled

    return Fitted(
        core=core,
        steps=steps,
        model=model,
        points=Points(measure[inside], information[inside] ** -0.5, 0.0),
        truth=(corrected, shrunk[inside]),
        measure=whole(measure),
        measure_se=whole(information**-0.5),
        extra={"measure_corrected": whole(shrunk)},
        severity=found.severity,
        severity_covariance=found.covariance[:r, :r],
        beta=found.beta,
        beta_covariance=found.covariance[r:, r:],
        log_likelihood=found.log_likelihood,
        n_parameters=core.size("candidate") + r - int(subset.max() + 1) + steps.n_free - 1,
        convergence=found.convergence,
        sigma=None,
        log_sigma_se=None,
        n_nodes=None,
    )
