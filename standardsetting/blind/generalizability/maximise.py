"""Climbing the restricted likelihood: average-information steps that respect the boundary, and a slower exact climb where they fail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize, nnls

from standardsetting.blind.generalizability.likelihood import Evaluation

STEPS = 60
HALVINGS = 12
# What the next step is still expected to add to the log-likelihood when the climb ends.
ENOUGH = 1e-12
SMALLEST_RESIDUAL = 1e-8
FLATTEST = 0.02


@dataclass(frozen=True)
class Summit:
    """Where the climb ended.

    Attributes
    ----------
    components
        The estimates.
    at
        Log-likelihood, gradient and information there.
    converged
        Whether the next step was expected to add less than 1e-12 to the log-likelihood.
    gain
        What it was expected to add.
    evaluations
        How often the likelihood was evaluated.
    path
        Which way: `average information`, or `exact` where that failed.
    """

    components: np.ndarray
    at: Evaluation
    converged: bool
    gain: float
    evaluations: int
    path: str


def maximise(function: Callable[[np.ndarray], Evaluation], start: np.ndarray, *, held: np.ndarray | None = None) -> Summit:
    """Maximise over components that are zero or more, the last of them (the residual) above zero.

    `held` marks components that stay where they start, for a profile.
    """
    free = np.ones(len(start), dtype=bool) if held is None else ~held
    floor = np.zeros(len(start))
    floor[-1] = SMALLEST_RESIDUAL * max(float(start.sum()), 1e-300)
    here = np.maximum(start, floor)
    at, evaluations = function(here), 1
    gain = np.inf
    for _ in range(STEPS):
        step, gain = _step(here, at, free, floor)
        if gain < ENOUGH:
            return Summit(here, at, True, gain, evaluations, "average information")
        for halving in range(HALVINGS):
            there = np.maximum(here + step * 0.5**halving, floor)
            trial = function(there)
            evaluations += 1
            if trial.loglik > at.loglik - 1e-12 * abs(at.loglik):
                break
        else:
            break
        here, at = there, trial
    return _exact(function, here, at, free, floor, evaluations)


def _step(here: np.ndarray, at: Evaluation, free: np.ndarray, floor: np.ndarray) -> tuple[np.ndarray, float]:
    """The best step of the quadratic model that stays on or above the floor, and what it promises."""
    step = np.zeros(len(here))
    information, slope = at.information[np.ix_(free, free)].copy(), at.gradient[free]
    # The average information of a component is zero where the ratings show no trace of it, however steep the likelihood is there.
    information.flat[:: len(slope) + 1] = np.maximum(np.diag(information), FLATTEST * slope**2)
    scale = 1 / np.sqrt(np.where(np.diag(information) > 0, np.diag(information), 1.0))
    values, vectors = np.linalg.eigh(information * scale[:, None] * scale)
    values = np.maximum(values, 1e-10 * values[-1])
    root = (vectors * np.sqrt(values)).T
    room = (here - floor)[free] / scale
    target = root @ room + (vectors / np.sqrt(values)).T @ (slope * scale)
    # Above the floor by x: the least of |root x - target| with x zero or more is the best step within the boundary.
    landed, _ = nnls(root, target)
    move = landed - room
    step[free] = move * scale
    return step, float(move @ (slope * scale) - 0.5 * ((root @ move) ** 2).sum())


def _exact(
    function: Callable[[np.ndarray], Evaluation], here: np.ndarray, at: Evaluation, free: np.ndarray, floor: np.ndarray, evaluations: int
) -> Summit:
    """The slower climb: bounded quasi-Newton with the exact gradient, in units of the residual."""
    unit = float(here[-1])
    count = [evaluations]

    def downhill(x: np.ndarray) -> tuple[float, np.ndarray]:
        whole = here.copy()
        whole[free] = x * unit
        found = function(whole)
        count[0] += 1
        return -found.loglik, -found.gradient[free] * unit

    bounds = [(low / unit, None) for low in floor[free]]
    found = minimize(downhill, here[free] / unit, jac=True, method="L-BFGS-B", bounds=bounds, options={"ftol": 1e-14, "gtol": 1e-8})
    there = here.copy()
    there[free] = found.x * unit
    trial = function(there)
    if trial.loglik >= at.loglik:
        here, at = there, trial
    gain = _step(here, at, free, floor)[1]
    return Summit(here, at, bool(gain < 1e-6), gain, count[0] + 1, "exact")
