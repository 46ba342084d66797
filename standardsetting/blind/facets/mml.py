"""Marginal maximum likelihood: candidates are drawn from a normal distribution with mean 0, assessors sum to zero, steps sum to zero.

The integral over the candidates' distribution is a sum over equally spaced nodes (the trapezoidal rule, whose error falls exponentially
once the spacing is below the narrowest posterior standard deviation). Severities, step parameters and the log of the standard deviation
are found together by Newton's method with a line search: exact gradient, a cheap and close curvature while climbing, the exact observed
information at the end, for the standard errors.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from standardsetting.blind.facets.blocks import Blocks, Tables, blocks_of, tables
from standardsetting.blind.facets.convergence import Convergence
from standardsetting.blind.facets.design import Design
from standardsetting.blind.facets.information import complete, covariance_of, lost, nearly_lost, solve
from standardsetting.blind.facets.steps import Steps, start
from standardsetting.errors import FindingsError

# The grid reaches this many standard deviations of the candidates either side, in steps of this share of the narrowest posterior's.
_REACH, _SPACING = 6.5, 0.9
# Once a step promises less log-likelihood than this, the exact curvature takes over: two or three steps end the search.
_CLOSE = 0.01


@dataclass(frozen=True)
class MmlFit:
    """What the estimation found; parameters are severities, step parameters and log sigma, in this order."""

    severity: np.ndarray
    beta: np.ndarray
    sigma: float
    covariance: np.ndarray
    log_likelihood: float
    convergence: Convergence
    mean: np.ndarray
    sd: np.ndarray
    n_nodes: int


@dataclass(frozen=True)
class State:
    """The parameters at one point of the search."""

    severity: np.ndarray
    beta: np.ndarray
    log_sigma: float

    @property
    def sigma(self) -> float:
        return float(np.exp(self.log_sigma))

    def moved(self, step: np.ndarray) -> State:
        r = len(self.severity)
        severity = self.severity + step[:r]
        return State(severity - severity.mean(), self.beta + step[r:-1], self.log_sigma + float(step[-1]))


@dataclass(frozen=True)
class Expectation:
    """The marginal log-likelihood at a state, its gradient, and what the curvature needs."""

    log_likelihood: float
    gradient: np.ndarray
    cell_weights: np.ndarray
    square: float
    mean: np.ndarray
    sd: np.ndarray


def grid_for(sigma: float, most_information: float) -> np.ndarray:
    """Equally spaced nodes for candidates with standard deviation `sigma` and at most this much information each."""
    narrowest = 1 / np.sqrt(1 / sigma**2 + most_information)
    half = int(np.ceil(_REACH * sigma / (_SPACING * narrowest)))
    return np.linspace(-_REACH * sigma, _REACH * sigma, 2 * half + 1)


def posteriors(blocks: Blocks, at: Tables, nodes: np.ndarray, sigma: float) -> Iterator[tuple[slice, np.ndarray, np.ndarray]]:
    """Some candidates at a time: their weights at the nodes, and the logs of their likelihoods (but for the constants of the ratings)."""
    table = blocks.cells @ at.log_normaliser.reshape(-1, len(nodes))
    density = np.log((nodes[1] - nodes[0]) / (sigma * np.sqrt(2 * np.pi))) - nodes**2 / (2 * sigma**2)
    score = blocks.design.total("candidate", blocks.design.category)
    step = max(64, 200_000 // len(nodes))
    for first in range(0, len(score), step):
        part = slice(first, min(first + step, len(score)))
        weights = np.multiply.outer(score[part], nodes)
        weights -= blocks.of_candidate[part] @ table
        weights += density
        largest = weights.max(axis=1, keepdims=True)
        weights -= largest
        np.exp(weights, out=weights)
        total = weights.sum(axis=1, keepdims=True)
        weights /= total
        yield part, weights, (np.log(total) + largest)[:, 0]


def expectation(blocks: Blocks, steps: Steps, state: State, nodes: np.ndarray) -> tuple[Expectation, Tables]:
    """The E-step: posterior weights collected by cell, and from them the gradient of the marginal log-likelihood."""
    constants, sigma = steps.table(state.beta), state.sigma
    at = tables(state.severity, constants, nodes)
    n = blocks.design.size("candidate")
    mean, second, log_likelihood = np.empty(n), np.empty(n), 0.0
    block_weights = np.zeros((len(blocks.assessor), len(nodes)))
    for part, weights, logs in posteriors(blocks, at, nodes, sigma):
        mean[part], second[part] = weights @ nodes, weights @ nodes**2
        block_weights += blocks.of_candidate[part].T @ weights
        log_likelihood += float(logs.sum())
    cell_weights = (blocks.cells.T @ block_weights).reshape(at.expected.shape)
    given = np.where(steps.used, constants, 0.0)
    log_likelihood -= float(blocks.severity_scores @ state.severity + (blocks.counts * given).sum())
    by_category = np.einsum("rvq,rvqk->vk", cell_weights, at.probability) - blocks.counts
    square = float(second.sum()) / sigma**2
    gradient = np.concatenate(
        [
            np.einsum("rvq,rvq->r", cell_weights, at.expected) - blocks.severity_scores,
            steps.basis.T @ by_category.ravel(),
            [square - n],
        ]
    )
    sd = np.sqrt(np.maximum(second - mean**2, 0))
    return Expectation(log_likelihood, gradient, cell_weights, square, mean, sd), at


def estimate(design: Design, steps: Steps, *, max_iterations: int, tolerance: float) -> MmlFit:
    """Fit the model; stops when Newton's method promises less than `tolerance` of log-likelihood."""
    blocks = blocks_of(design)
    r, n_values = design.size("assessor"), design.size("value")
    nodes = grid_for(1.0, min(float(design.total("candidate").max()) * (design.top / 2) ** 2, 40.0))
    search = _Search(State(*start(design, steps), log_sigma=0.0), most=max_iterations, tolerance=tolerance)
    while True:
        now, at = search.climb(blocks, steps, nodes)
        most = float((blocks.of_candidate @ (blocks.cells @ at.variance.max(axis=2).ravel())).max())
        wanted = grid_for(search.state.sigma, most)
        if search.over or (_covers(nodes, wanted) and search.promised <= tolerance):
            break
        # The grid was laid for an earlier state: lay it again and go on from here.
        nodes = wanted
    curvature = search.curvature(blocks, steps, nodes, now, at, exact=True)
    covariance = covariance_of(curvature, r, n_values)
    flat = np.concatenate([now.gradient[:r] - now.gradient[:r].mean(), now.gradient[r:]])
    return MmlFit(
        severity=search.state.severity,
        beta=search.state.beta,
        sigma=search.state.sigma,
        covariance=np.full(curvature.shape, np.nan) if covariance is None else covariance,
        log_likelihood=now.log_likelihood,
        convergence=Convergence.judged(
            stopped=search.promised <= tolerance,
            gradient_norm=float(np.abs(flat).max()),
            sound=covariance is not None,
            iterations=search.iterations,
            message=search.message,
            n_ratings=len(design),
        ),
        mean=now.mean,
        sd=now.sd,
        n_nodes=len(nodes),
    )


class _Search:
    """Newton's method with a line search; keeps the state, the steps taken and the gain that the next step promises."""

    def __init__(self, state: State, *, most: int, tolerance: float) -> None:
        self.state, self.most, self.tolerance = state, most, tolerance
        self.iterations, self.promised, self.stalled = 0, float("inf"), False
        self._exact: tuple[Expectation, np.ndarray] | None = None

    @property
    def over(self) -> bool:
        return self.stalled or (self.iterations >= self.most and self.promised > self.tolerance)

    @property
    def message(self) -> str:
        if self.stalled:
            return "no step along the gradient raises the likelihood"
        if self.promised > self.tolerance:
            return "stopped at the largest number of iterations"
        return "the next Newton step promises no further gain"

    def climb(self, blocks: Blocks, steps: Steps, nodes: np.ndarray) -> tuple[Expectation, Tables]:
        """Climb on one grid until there is nothing to gain, or until sigma has left the grid."""
        now, at = expectation(blocks, steps, self.state, nodes)
        laid_for = self.state.log_sigma
        while True:
            step = self._step(blocks, steps, nodes, now, at)
            self.promised = float(now.gradient @ step) / 2
            if self.promised <= self.tolerance or self.iterations >= self.most:
                return now, at
            # Close to the top the gain drowns in the rounding of the likelihood itself.
            rounding = 1e-11 * abs(now.log_likelihood)
            size = 1.0
            while size > 1e-4:
                moved = self.state.moved(np.clip(size * step, -2.0, 2.0))
                ahead, at_ahead = expectation(blocks, steps, moved, nodes)
                if ahead.log_likelihood > now.log_likelihood - rounding:
                    break
                size /= 2
            else:
                self.stalled = True
                return now, at
            self.iterations += 1
            self.state, now, at = moved, ahead, at_ahead
            if abs(self.state.log_sigma - laid_for) > 0.3:
                self.promised = float("inf")
                return now, at

    def _step(self, blocks: Blocks, steps: Steps, nodes: np.ndarray, now: Expectation, at: Tables) -> np.ndarray:
        information = self.curvature(blocks, steps, nodes, now, at, exact=self.promised < _CLOSE)
        step = solve(information, now.gradient, len(self.state.severity))
        if step is None:
            # Far from the top the curvature can be indefinite; that of the complete data never is.
            step = solve(complete(steps, at, now.cell_weights, now.square), now.gradient, len(self.state.severity))
        if step is None:
            raise FindingsError(
                "The ratings do not determine the parameters of the model: its information matrix is singular.",
                next_step="Look for assessors or values with very few ratings.",
            )
        return step

    def curvature(self, blocks: Blocks, steps: Steps, nodes: np.ndarray, now: Expectation, at: Tables, *, exact: bool) -> np.ndarray:
        """The observed information at the present state; the last exact one is kept."""
        if exact and self._exact is not None and self._exact[0] is now:
            return self._exact[1]
        information = complete(steps, at, now.cell_weights, now.square)
        sigma = self.state.sigma
        if not exact:
            information -= nearly_lost(blocks, steps, at, nodes, sigma, now.mean, now.sd)
            return information
        information -= lost(blocks, steps, at, nodes, sigma, posteriors(blocks, at, nodes, sigma))
        self._exact = (now, information)
        return information


def _covers(nodes: np.ndarray, wanted: np.ndarray) -> bool:
    """Whether a grid reaches as far and lies as close as the wanted one, but for a tenth."""
    return bool(nodes[-1] >= 0.9 * wanted[-1] and nodes[1] - nodes[0] <= 1.1 * (wanted[1] - wanted[0]))
