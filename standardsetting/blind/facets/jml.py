"""Joint maximum likelihood: every candidate's measure is a parameter of its own.

Severities and difficulties each sum to zero, thresholds sum to zero, candidates are free. Candidates with only the lowest or only the
highest ratings have no finite measure and are left out beforehand (`extremes`). Newton's method on all parameters at once: the candidates'
block of the information is diagonal and is eliminated, so a step costs one solution of the size of assessors and step parameters.

The estimates are stretched: with L ratings a candidate, by about L / (L - 1) (Wright and Douglas 1977, Applied Psychological Measurement 1,
281-295). `shrinkage` is the usual correction.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from standardsetting.blind.facets.convergence import Convergence
from standardsetting.blind.facets.design import Design
from standardsetting.blind.facets.model import Model, by_candidate
from standardsetting.blind.facets.steps import Steps, start
from standardsetting.errors import FindingsError


@dataclass(frozen=True)
class JmlFit:
    """What the estimation found; `covariance` is that of severities and step parameters, candidates estimated along."""

    measure: np.ndarray
    severity: np.ndarray
    beta: np.ndarray
    covariance: np.ndarray
    log_likelihood: float
    convergence: Convergence


@dataclass(frozen=True)
class _Sums:
    """The likelihood at one point, its gradient, and the information with the candidates' block kept apart."""

    log_likelihood: float
    of_candidates: np.ndarray
    of_rest: np.ndarray
    information: np.ndarray
    candidates: np.ndarray
    across: sparse.csr_array
    across_steps: np.ndarray


def shrinkage(design: Design) -> float:
    """(L - 1) / L, with L the mean number of ratings of a candidate in the estimation."""
    ratings = len(design) / design.size("candidate")
    return (ratings - 1) / ratings


def _sums(design: Design, steps: Steps, model: Model, measure: np.ndarray) -> _Sums:
    n, r, free = design.size("candidate"), design.size("assessor"), steps.n_free
    x, basis = np.arange(design.top + 1), steps.basis.reshape(*steps.used.shape, free)
    known, gradient = np.empty(n), np.empty(n)
    across_steps = np.empty((n, free))
    variance = np.empty(len(design))
    rest, information, log_likelihood = np.zeros(r + free), np.zeros((r + free, r + free)), 0.0
    for part, rows in design.chunks():
        probability = model.probabilities(design, rows, measure[design.candidate[rows]])
        given, value, assessor = design.category[rows], design.value[rows], design.assessor[rows]
        chosen = probability[np.arange(len(given)), given]
        log_likelihood += float(np.log(np.maximum(chosen, 1e-300)).sum())
        mean = probability @ x
        slopes = probability * (x - mean[:, None])
        variance[rows] = slopes @ x
        surprise = probability.copy()
        surprise[np.arange(len(given)), given] -= 1
        by_steps = np.empty((len(given), free))
        for v in range(len(basis)):
            mine = np.flatnonzero(value == v)
            by_steps[mine] = slopes[mine] @ basis[v]
            rest[r:] += surprise[mine].sum(axis=0) @ basis[v]
            within = np.diag(probability[mine].sum(axis=0)) - probability[mine].T @ probability[mine]
            information[r:, r:] += basis[v].T @ within @ basis[v]
        gradient[part] = by_candidate(design, part, rows, given - mean)
        known[part] = by_candidate(design, part, rows, variance[rows])
        across_steps[part] = by_candidate(design, part, rows, by_steps)
        rest[:r] += np.bincount(assessor, mean - given, minlength=r)
        belongs = sparse.csr_array((np.ones(len(given)), assessor, np.arange(len(given) + 1)), shape=(len(given), r))
        information[:r, r:] += belongs.T @ by_steps
    information[r:, :r] = information[:r, r:].T
    information[np.arange(r), np.arange(r)] = np.bincount(design.assessor, variance, minlength=r)
    across = sparse.coo_array((variance, (design.candidate, design.assessor)), shape=(n, r)).tocsr()
    return _Sums(log_likelihood, gradient, rest, information, known, across, across_steps)


def _reduced(sums: _Sums, fixed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Information and gradient of the rest with the candidates eliminated; the constrained directions are filled in."""
    r = sums.across.shape[1]
    information = sums.information.copy()
    inverse = 1 / sums.candidates
    scaled = sparse.diags_array(inverse) @ sums.across
    information[:r, :r] -= (sums.across.T @ scaled).toarray()
    cross = scaled.T @ sums.across_steps
    information[:r, r:] -= cross
    information[r:, :r] -= cross.T
    information[r:, r:] -= sums.across_steps.T @ (inverse[:, None] * sums.across_steps)
    information += fixed.T @ fixed
    moved = sums.of_candidates * inverse
    gradient = sums.of_rest + np.concatenate([sums.across.T @ moved, sums.across_steps.T @ moved])
    return information, gradient


def estimate(design: Design, steps: Steps, subset: np.ndarray, *, max_iterations: int, tolerance: float) -> JmlFit:
    """Fit the model; stops when Newton's method promises less than `tolerance` of log-likelihood."""
    r, n_values = design.size("assessor"), design.size("value")
    fixed = np.zeros((subset.max() + 2, r + steps.n_free))
    fixed[subset, np.arange(r)] = 1
    fixed[-1, r : r + n_values] = 1
    share = (design.total("candidate", design.category) + 0.5) / (design.total("candidate") * design.top + 1)
    severity, beta = start(design, steps)
    severity -= (np.bincount(subset, severity) / np.bincount(subset))[subset]
    measure = np.log(share / (1 - share)) + beta[:n_values].mean()
    beta[:n_values] -= beta[:n_values].mean()
    iterations, promised, message = 0, np.inf, "stopped at the largest number of iterations"
    now = _sums(design, steps, Model(severity, steps.table(beta)), measure)
    while True:
        information, gradient = _reduced(now, fixed)
        try:
            factor = cho_factor(information)
        except LinAlgError:
            raise FindingsError(
                "The ratings do not determine the parameters of the model: its information matrix is singular.",
                next_step="Look for assessors or values with very few ratings, or use estimator='mml'.",
            ) from None
        step = cho_solve(factor, gradient)
        along = now.across @ step[:r] + now.across_steps @ step[r:]
        step_measure = (now.of_candidates + along) / now.candidates
        promised = float(now.of_rest @ step + now.of_candidates @ step_measure) / 2
        if promised <= tolerance:
            message = "the next Newton step promises no further gain"
            break
        if iterations >= max_iterations:
            break
        size, longest = 1.0, max(float(np.abs(step).max()), float(np.abs(step_measure).max()))
        size = min(1.0, 2.0 / longest)
        while size > 1e-5:
            ahead_at = (measure + size * step_measure, severity + size * step[:r], beta + size * step[r:])
            ahead = _sums(design, steps, Model(ahead_at[1], steps.table(ahead_at[2])), ahead_at[0])
            if ahead.log_likelihood > now.log_likelihood - 1e-11 * abs(now.log_likelihood):
                break
            size /= 2
        else:
            message = "no step along the gradient raises the likelihood"
            break
        iterations += 1
        (measure, severity, beta), now = ahead_at, ahead
    norm = float(max(np.abs(now.of_candidates).max(), np.abs(now.of_rest).max()))
    blind = np.zeros((len(fixed), r + steps.n_free))
    blind[subset, np.arange(r)] = 1
    blind[-1, r : r + n_values] = 1
    # The directions filled in come back as (C' N)^-1 in the inverse (see information.covariance_of); take them off.
    back = np.linalg.inv(fixed @ blind.T)
    covariance = cho_solve(factor, np.eye(len(information))) - blind.T @ (back @ back.T) @ blind
    return JmlFit(
        measure=measure,
        severity=severity,
        beta=beta,
        covariance=covariance,
        log_likelihood=now.log_likelihood,
        convergence=Convergence.judged(promised <= tolerance, norm, True, iterations, message, len(design)),
    )
