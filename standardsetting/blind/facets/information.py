"""The curvature of the marginal likelihood: exact observed information by Louis's identity, and solving with it under the constraints.

Observed information = information if the candidates' measures were known, less the information lost because they are not: the posterior
covariance of each candidate's score vector (Louis 1982, Journal of the Royal Statistical Society B 44, 226-233).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import sparse
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from standardsetting.blind.facets.blocks import Blocks, Tables
from standardsetting.blind.facets.steps import Steps

Posteriors = Iterator[tuple[slice, np.ndarray, np.ndarray]]


def complete(steps: Steps, at: Tables, cell_weights: np.ndarray, square: float) -> np.ndarray:
    """The information if the candidates' measures were known. Parameters: severities, step parameters, log sigma.

    `cell_weights` are the posterior weights of a cell's candidates at the nodes, `square` the sum of their squared measures over the
    variance.
    """
    r, n_values, k = at.expected.shape[0], at.expected.shape[1], at.probability.shape[-1]
    x = np.arange(k)
    weighted = cell_weights[..., None] * at.probability
    across = np.einsum("rvqk,rvqk->rvk", weighted, x - at.expected[..., None])
    within = np.empty((n_values, k, k))
    for v in range(n_values):
        within[v] = -weighted[:, v].reshape(-1, k).T @ at.probability[:, v].reshape(-1, k)
    within[:, x, x] += weighted.sum(axis=(0, 2))
    basis = steps.basis.reshape(n_values, k, -1)
    information = np.zeros((r + steps.n_free + 1, r + steps.n_free + 1))
    information[np.arange(r), np.arange(r)] = np.einsum("rvq,rvq->r", cell_weights, at.variance)
    information[:r, r:-1] = across.reshape(r, -1) @ steps.basis
    information[r:-1, :r] = information[:r, r:-1].T
    information[r:-1, r:-1] = np.einsum("vka,vkj,vjb->ab", basis, within, basis, optimize=True)
    information[-1, -1] = 2 * square
    return information


def lost(blocks: Blocks, steps: Steps, at: Tables, nodes: np.ndarray, sigma: float, posteriors: Posteriors) -> np.ndarray:
    """The sum over candidates of the posterior covariance of their scores, exactly."""
    r, q, n_free = at.expected.shape[0], len(nodes), steps.n_free
    of_severity = blocks.cells @ at.expected.reshape(-1, q)
    of_steps = blocks.cells @ _by_steps(steps, at.probability).reshape(-1, q * n_free)
    found = np.zeros((r + n_free + 1, r + n_free + 1))
    together = np.zeros((r, r))
    for part, weights, _ in posteriors:
        inside = blocks.of_candidate[part]
        scores = np.empty((len(weights), q, n_free + 1))
        scores[..., :-1] = (inside @ of_steps).reshape(len(weights), q, n_free)
        scores[..., -1] = nodes**2 / sigma**2
        scores -= weights[:, None, :] @ scores
        root = np.sqrt(weights)
        scores *= root[:, :, None]
        flat = scores.reshape(-1, n_free + 1)
        found[r:, r:] += flat.T @ flat
        taken: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        for who, block in _turns(inside):
            assessor, table = blocks.assessor[block], of_severity[block]
            table -= np.einsum("pq,pq->p", table, weights[who])[:, None]
            table *= root[who]
            across = (table[:, None, :] @ (scores if len(who) == len(scores) else scores[who]))[:, 0]
            np.add.at(found[:r, r:], assessor, across)
            for earlier, other, shared in taken:
                place = np.searchsorted(earlier, who)
                np.add.at(together, (other[place], assessor), np.einsum("pq,pq->p", shared[place], table))
            np.add.at(together, (assessor, assessor), np.einsum("pq,pq->p", table, table) / 2)
            taken.append((who, assessor, table))
    found[:r, :r] = together + together.T
    found[r:, :r] = found[:r, r:].T
    return found


def nearly_lost(blocks: Blocks, steps: Steps, at: Tables, nodes: np.ndarray, sigma: float, mean: np.ndarray, sd: np.ndarray) -> np.ndarray:
    """`lost`, taking each candidate's scores as straight lines about the posterior mean: cheap, and close enough to climb by."""
    r, q, n_free = at.expected.shape[0], len(nodes), steps.n_free
    node = np.clip(np.rint((mean - nodes[0]) / (nodes[1] - nodes[0])), 0, q - 1).astype(int)
    x = np.arange(at.probability.shape[-1])
    by_severity = blocks.cells @ at.variance.reshape(-1, q)
    slopes = _by_steps(steps, at.probability * (x - at.expected[..., None])).reshape(-1, q * n_free)
    by_steps = (blocks.cells @ slopes).reshape(-1, q, n_free)
    links = blocks.of_candidate
    entry, candidate = links.indices, np.repeat(np.arange(len(mean)), np.diff(links.indptr))
    first = sparse.csr_array(
        (by_severity[entry, node[candidate]] * sd[candidate], (candidate, blocks.assessor[entry])), shape=(len(mean), r)
    )
    rest = np.empty((len(mean), n_free + 1))
    gathered = by_steps[entry, node[candidate]]
    rest[:, :-1] = np.add.reduceat(gathered, links.indptr[:-1], axis=0)
    rest[:, -1] = 2 * mean / sigma**2
    rest *= sd[:, None]
    found = np.empty((r + n_free + 1, r + n_free + 1))
    found[:r, :r] = (first.T @ first).toarray()
    found[:r, r:] = first.T @ rest
    found[r:, :r] = found[:r, r:].T
    found[r:, r:] = rest.T @ rest
    found[-1, -1] += float((2 * sd**4).sum()) / sigma**4
    return found


def _by_steps(steps: Steps, by_category: np.ndarray) -> np.ndarray:
    """Assessor by value by node by category into assessor by value by node by step parameter."""
    basis = steps.basis.reshape(*steps.used.shape, steps.n_free)
    return np.stack([by_category[:, v] @ basis[v] for v in range(len(basis))], axis=1)


def _turns(inside: sparse.csr_array) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Each candidate's first, second, ... block: who has one, and which it is."""
    starts, sizes = inside.indptr, np.diff(inside.indptr)
    for turn in range(int(sizes.max())):
        who = np.flatnonzero(sizes > turn)
        yield who, inside.indices[starts[who] + turn]


def _penalised(information: np.ndarray, r: int) -> tuple[np.ndarray, float]:
    """The information with the one direction it is blind to filled in: all severities up and all difficulties down."""
    weight = float(np.trace(information[:r, :r])) / r**2
    filled = information.copy()
    filled[:r, :r] += weight
    return filled, weight


def solve(information: np.ndarray, gradient: np.ndarray, r: int) -> np.ndarray | None:
    """The Newton step with severities summing to zero; None where the information is not positive definite."""
    filled, _ = _penalised(information, r)
    try:
        found: np.ndarray = cho_solve(cho_factor(filled), gradient)
    except LinAlgError:
        return None
    return found


def covariance_of(information: np.ndarray, r: int, n_values: int) -> np.ndarray | None:
    """The covariance of all parameters, severities summing to zero: right for every level, the last as well.

    Where the likelihood does not change along a direction n and the constraint is C'b = 0, the inverse of (information + w C C') is the
    constrained covariance plus n n' / (w (C'n)^2), so that term is taken off.
    """
    filled, weight = _penalised(information, r)
    try:
        inverse = cho_solve(cho_factor(filled), np.eye(len(filled)))
    except LinAlgError:
        return None
    blind = np.zeros(len(filled))
    blind[:r], blind[r : r + n_values] = 1.0, -1.0
    covariance: np.ndarray = inverse - np.outer(blind, blind) / (weight * r**2)
    return covariance
