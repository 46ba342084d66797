"""Severities that an adjustment would take out: best linear unbiased predictions from comparisons within candidates.

For one way of adding up an assessor's ratings of a candidate: score = candidate + assessor + error, with candidates fixed, so that who
happened to sit with able candidates never looks lenient for it, and assessors random, so that whoever rated few is drawn towards zero.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import helmert
from scipy.sparse import csr_array

# Ratios of the assessors' variance to the error's that are tried first; then twice more between the neighbours of the best.
_COARSE = np.concatenate([[0.0], np.geomspace(1e-5, 1e2, 48)])
_FINE = 24
_NOTHING = 1e-9


class WithinCandidates:
    """The comparisons that a rota allows: their eigenvectors are found once, and serve every set of ratings on the same rota.

    Parameters
    ----------
    candidate, assessor
        Codes, one entry a seat, by candidate.
    n_candidates, n_assessors, n_cells
        How many there are; a cell is something that each assessor rates, a value or a value in an exercise.

    Examples
    --------
    Two assessors, one of them 2 points above the other on each of three candidates: half of it is each one's, less what shrinking takes.

    >>> within = WithinCandidates(np.array([0, 0, 1, 1, 2, 2]), np.array([0, 1] * 3), 3, 2, 1)
    >>> effects = within.effects(np.array([[1.0], [3.1], [2.0], [3.9], [3.0], [5.0]]))
    >>> effects.round(2).tolist()
    [[-1.0], [1.0]]
    """

    def __init__(self, candidate: np.ndarray, assessor: np.ndarray, n_candidates: int, n_assessors: int, n_cells: int) -> None:
        self.candidate, self.n_candidates = candidate, n_candidates
        self.size = np.maximum(np.bincount(candidate, minlength=n_candidates), 1).astype(float)
        seats = len(candidate)
        self.by_assessor = csr_array((np.ones(seats), (assessor, np.arange(seats))), shape=(n_assessors, seats))
        self.by_candidate = csr_array((np.ones(seats), (candidate, np.arange(seats))), shape=(n_candidates, seats))
        sat = csr_array((1 / np.sqrt(self.size[candidate]), (candidate, assessor)), shape=(n_candidates, n_assessors))
        normal = np.diag(np.bincount(assessor, minlength=n_assessors).astype(float)) - (sat.T @ sat).toarray()
        values, vectors = np.linalg.eigh(normal)
        told_apart = values > _NOTHING * max(float(values.max()), 1.0)
        self.spectrum, self.vectors = values[told_apart], vectors[:, told_apart]
        self.freedom = seats - len(np.unique(candidate))
        # The first column adds the cells up, the others compare them: each has comparisons, and a ratio of variances, of its own.
        self.turn = helmert(n_cells, full=True).T

    def effects(self, ratings: np.ndarray) -> np.ndarray:
        """What each assessor adds to a rating in each cell (above zero is lenient): one row an assessor, one column a cell.

        `ratings` has one row a seat and one column a cell, none missing.
        """
        turned = ratings @ self.turn
        found = [self._part(turned[:, :1]), self._part(turned[:, 1:])] if turned.shape[1] > 1 else [self._part(turned)]
        return np.hstack(found) @ self.turn.T

    def _part(self, scores: np.ndarray) -> np.ndarray:
        centred = scores - ((self.by_candidate @ scores) / self.size[:, None])[self.candidate]
        projected = self.vectors.T @ (self.by_assessor @ centred)
        ratio = variance_ratio(projected, self.spectrum, float((centred**2).sum()), self.freedom)
        return self.vectors @ (projected * (ratio / (1 + ratio * self.spectrum))[:, None])


def variance_ratio(projected: np.ndarray, spectrum: np.ndarray, square: float, freedom: int) -> float:
    """The assessors' variance as a multiple of the error's, by restricted maximum likelihood with candidates fixed.

    Parameters
    ----------
    projected, spectrum
        Assessors' sums of scores about the candidates' means, along the eigenvectors of the normal equations, and the eigenvalues.
    square, freedom
        Sum of squares about the candidates' means (over all columns), and its degrees of freedom (for one column).
    """
    if not len(spectrum) or square <= _NOTHING or freedom <= len(spectrum):
        return 0.0
    columns = projected.shape[1]
    between = (projected**2).sum(axis=1) / spectrum
    within = max(square - float(between.sum()), _NOTHING * square)

    def deviance(ratios: np.ndarray) -> np.ndarray:
        # The variance of the error is profiled out.
        inflated = 1 + np.outer(ratios, spectrum)
        return columns * (freedom * np.log(within + (between / inflated).sum(axis=1)) + np.log(inflated).sum(axis=1))

    tried = _COARSE
    for _ in range(4):
        best = int(np.argmin(deviance(tried)))
        low, high = tried[max(best - 1, 0)], tried[min(best + 1, len(tried) - 1)]
        ratio = float(tried[best])
        tried = np.append(np.linspace(low, high, _FINE), ratio)
        tried.sort()
    return ratio
