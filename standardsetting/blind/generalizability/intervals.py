"""Intervals of variance components: Satterthwaite's chi-square, and the profile of the likelihood."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq
from scipy.stats import chi2, norm

from standardsetting.blind.generalizability.likelihood import Evaluation
from standardsetting.blind.generalizability.maximise import Summit, maximise

WIDEST = 60
# Below this many degrees of freedom the chi-square has no useful ends.
FEWEST = 1.0
NEAR = 1e-6


def satterthwaite(estimates: np.ndarray, errors: np.ndarray, *, confidence: float) -> tuple[np.ndarray, np.ndarray]:
    """A chi-square interval with the degrees of freedom at which its variance is the standard error squared: 2 (estimate / error)^2.

    With less than one degree of freedom the data hardly tell the component from zero: the interval then runs from zero to the estimate
    plus the normal quantile times its standard error. Estimates at or below zero have none.
    """
    low, high = np.full(len(estimates), np.nan), np.full(len(estimates), np.nan)
    have = (estimates > 0) & (errors > 0)
    freedom = 2 * (estimates / np.where(have, errors, 1.0)) ** 2
    weak, above = have & (freedom < FEWEST), have & (freedom >= FEWEST)
    low[weak], high[weak] = 0.0, estimates[weak] + norm.ppf((1 + confidence) / 2) * errors[weak]
    freedom = freedom[above]
    tail = (1 - confidence) / 2
    low[above] = freedom * estimates[above] / chi2.ppf(1 - tail, freedom)
    high[above] = freedom * estimates[above] / chi2.ppf(tail, freedom)
    return low, high


def upper_at_zero(at: Evaluation, components: np.ndarray, where: int, *, confidence: float) -> float:
    """How far above zero a component estimated at zero may lie: where the parabola of the likelihood has dropped by half the chi-square."""
    others = (components > 0) & (np.arange(len(components)) != where)
    information = at.information
    cross = information[where, others]
    curve = float(information[where, where] - cross @ np.linalg.solve(information[np.ix_(others, others)], cross))
    slope, drop = min(float(at.gradient[where]), 0.0), float(chi2.ppf(confidence, 1)) / 2
    if curve <= 0:
        return float(drop / -slope) if slope < 0 else float("nan")
    return (slope + np.sqrt(slope**2 + 2 * curve * drop)) / curve


def profile(function: Callable[[np.ndarray], Evaluation], summit: Summit, *, confidence: float) -> tuple[np.ndarray, np.ndarray]:
    """The values of each component at which the likelihood, maximised over the others, has dropped by half the chi-square quantile."""
    far = float(norm.ppf((1 + confidence) / 2))
    low, high = np.zeros(len(summit.components)), np.zeros(len(summit.components))
    for which in range(len(low)):
        low[which], high[which] = _ends(function, summit, which, far)
    return low, high


def _ends(function: Callable[[np.ndarray], Evaluation], summit: Summit, which: int, far: float) -> tuple[float, float]:
    """Both ends for one component, on the scale of its root, where the root of the drop is nearly a straight line."""
    peak, top = float(np.sqrt(summit.components[which])), summit.at.loglik
    held = np.zeros(len(summit.components), dtype=bool)
    held[which] = True
    start = summit.components.copy()

    def beyond(root: float) -> float:
        start[which] = root**2
        found = maximise(function, start, held=held)
        start[:] = found.components
        return float(np.sqrt(max(2 * (top - found.at.loglik), 0.0))) - far

    residual = which == len(start) - 1
    smallest = peak * 1e-3 if residual else 0.0
    low = 0.0 if peak == 0 or beyond(smallest) < 0 else float(brentq(beyond, smallest, peak, rtol=NEAR, xtol=NEAR * peak))
    start[:] = summit.components
    curve = float(summit.at.information[which, which])
    step = 2 * far / np.sqrt(max(curve, 1e-300)) / max(2 * peak, 1e-3) if peak else 0.1 * float(np.sqrt(summit.components.sum()))
    below = peak
    for _ in range(WIDEST):
        reach = below + step
        if beyond(reach) > 0:
            return low**2, float(brentq(beyond, below, reach, rtol=NEAR, xtol=NEAR * reach)) ** 2
        below, step = reach, 2 * step
    return low**2, float("nan")
