"""The restricted likelihood of the components, its gradient and its average information, from the sums left by eliminating candidates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import lapack

from standardsetting.blind.generalizability.eliminated import Eliminated, Stratum

LOG_TWO_PI = float(np.log(2 * np.pi))
# Below this share of a cell's information, a variance between cells counts as zero where dividing by it would lose the digits.
NEGLIGIBLE = 1e-7


@dataclass(frozen=True)
class Part:
    """One stratum and how its variances follow from the components.

    Attributes
    ----------
    stratum
        The ratings.
    within, between
        Matrices from the components to the variances within candidates, and to those of the assessors' cells: one row for each effect of an
        assessor on every cell alike, one for each cell's own.
    level
        From the components to the variance of each value's level (a row), or None where nothing random is common to all assessors.
    fixed
        One column a fixed effect, one row a cell.
    constant
        Added to the log determinant of the fixed effects, for the metric they are reported in.
    """

    stratum: Stratum
    within: np.ndarray
    between: np.ndarray
    level: np.ndarray | None
    fixed: np.ndarray
    constant: float = 0.0


@dataclass(frozen=True)
class Evaluation:
    """Log-likelihood, gradient and average information at some components."""

    loglik: float
    gradient: np.ndarray
    information: np.ndarray


def evaluate(parts: tuple[Part, ...], components: np.ndarray, *, restricted: bool = True) -> Evaluation:
    """The (restricted) log-likelihood of the components, summed over the parts."""
    found = [_evaluate(part, components, restricted) for part in parts]
    return Evaluation(
        sum(one.loglik for one in found),
        np.sum([one.gradient for one in found], axis=0),
        np.sum([one.information for one in found], axis=0),
    )


def _evaluate(part: Part, components: np.ndarray, restricted: bool) -> Evaluation:
    stratum, replicates = part.stratum, part.stratum.replicates
    gone = stratum.eliminate(part.within @ components)
    level = float(part.level @ components) if part.level is not None else 0.0
    solved = _Cells(gone, stratum.cells, part.between @ components, level if part.level is not None else None, part.fixed)
    if not np.isfinite(solved.log_determinant):
        nothing = len(components)
        return Evaluation(-np.inf, np.zeros(nothing), np.zeros((nothing, nothing)))
    border, restriction = solved.log_border(restricted=restricted)
    n_fixed = part.fixed.shape[1] if restricted else 0
    effects = solved.project @ gone.response
    size = (stratum.ratings - n_fixed) * replicates * LOG_TWO_PI
    determinant = replicates * (gone.log_determinant + solved.log_determinant + border + restriction) + part.constant * bool(n_fixed)
    quadratic = gone.square - float((gone.response * effects).sum())
    loglik = -0.5 * (size + determinant + quadratic)

    score, average = _slopes(gone, solved, effects, replicates, restricted)
    rows = [part.within, part.between] + ([part.level[None, :]] if part.level is not None else [])
    turn = np.vstack(rows)
    return Evaluation(loglik, turn.T @ score, turn.T @ average @ turn)


class _Cells:
    """The effects of the assessors' cells, of the values' levels, and the fixed effects, all on top of the eliminated candidates."""

    def __init__(self, gone: Eliminated, cells: tuple[int, int], between: np.ndarray, level: float | None, fixed: np.ndarray) -> None:
        self.gone, (self.n_assessors, self.n_values) = gone, cells
        n_cells = self.n_assessors * self.n_values
        every, own = float(between[0]), float(between[1])
        # The root of an assessor's covariance over its cells: one number along their mean, one on everything else.
        self.roots = (np.sqrt(own + self.n_values * every), np.sqrt(own))
        scaled = self._scale(gone.information)
        scaled.flat[:: n_cells + 1] += 1.0
        factor, failed = lapack.dpotrf(scaled, lower=1, overwrite_a=0)
        if failed:
            self.log_determinant = np.inf
            return
        self.log_determinant = 2 * float(np.log(np.diag(factor)).sum())
        inverse, _ = lapack.dpotri(factor, lower=1, overwrite_c=1)
        self.inverse = np.tril(inverse) + np.tril(inverse, -1).T
        self.shrink = self._scale(self.inverse)
        levels = np.zeros((n_cells, 0)) if level is None else np.tile(np.eye(self.n_values), (self.n_assessors, 1))
        self.levels = levels
        border = np.hstack([levels * np.sqrt(level or 0.0), fixed])
        self.n_random = levels.shape[1]
        # Beyond the cells: what the border adds, by its Schur complement.
        self.cleared = border - self.shrink @ (gone.information @ border)
        seen = gone.information @ self.cleared
        core = border.T @ seen
        core[np.arange(self.n_random), np.arange(self.n_random)] += 1.0
        self.core, self.seen = core, seen
        self.project = self.shrink + self.cleared @ np.linalg.solve(core, self.cleared.T) if border.shape[1] else self.shrink

    def _scale(self, matrix: np.ndarray) -> np.ndarray:
        mean_root, other_root = self.roots
        if self.n_values == 1:
            return np.asarray(matrix * mean_root**2)
        n, v = self.n_assessors, self.n_values
        block = other_root * np.eye(v) + (mean_root - other_root) / v
        half = np.matmul(block, matrix.reshape(n, v, n * v)).reshape(n * v, n, v)
        return np.matmul(half, block).reshape(n * v, n * v)

    def log_border(self, *, restricted: bool) -> tuple[float, float]:
        """Log determinant that the values' levels add, and that of the fixed effects (zero in an unrestricted likelihood)."""
        random = float(np.linalg.slogdet(self.core[: self.n_random, : self.n_random])[1]) if self.n_random else 0.0
        if not restricted or self.core.shape[0] == self.n_random:
            return random, 0.0
        return random, float(np.linalg.slogdet(self.core)[1]) - random

    def for_traces(self, *, restricted: bool) -> tuple[np.ndarray, np.ndarray]:
        """The projection that traces use, and the part of a cell's information that the border takes."""
        every = restricted or self.core.shape[0] == self.n_random
        keep = slice(None) if every else slice(0, self.n_random)
        core, cleared, seen = self.core[keep, keep], self.cleared[:, keep], self.seen[:, keep]
        if not core.size:
            return self.shrink, np.zeros_like(self.shrink[:, :0])
        root = np.linalg.cholesky(core)
        whole = self.project if every else self.shrink + cleared @ np.linalg.solve(core, cleared.T)
        return whole, np.linalg.solve(root, seen.T).T

    def block_sum(self) -> np.ndarray:
        """The information on the cells once assessors are random, its diagonal blocks summed over assessors (values by values)."""
        n, v = self.n_assessors, self.n_values
        scale = max(float(np.abs(np.diag(self.gone.information)).max()), 1e-300)
        if min(self.roots) ** 2 * scale < NEGLIGIBLE:
            half = self.gone.information - self.gone.information @ self.shrink @ self.gone.information
            return np.einsum("rarb->ab", half.reshape(n, v, n, v))
        summed = n * np.eye(v) - np.einsum("rarb->ab", self.inverse.reshape(n, v, n, v))
        mean_root, other_root = self.roots
        back = np.eye(v) / other_root + (1 / mean_root - 1 / other_root) / v
        return back @ summed @ back


def _slopes(gone: Eliminated, solved: _Cells, effects: np.ndarray, replicates: int, restricted: bool) -> tuple[np.ndarray, np.ndarray]:
    """Gradient and average information in the stratum's own variances: within candidates, every cell, own cell, level."""
    n, v = solved.n_assessors, solved.n_values
    project, taken = solved.for_traces(restricted=restricted)
    quadratic, onto, pairs = gone.directions(effects)
    traces = gone.traces - gone.inner(project)

    seen = gone.response - gone.information @ effects  # Z'Py
    by_assessor = seen.reshape(n, v, -1)
    cells = [np.broadcast_to(by_assessor.sum(axis=1, keepdims=True), by_assessor.shape).reshape(seen.shape), seen]
    block = solved.block_sum() - np.einsum("rak,rbk->ab", *[taken.reshape(n, v, -1)] * 2)
    cell_traces = [block.sum(), np.trace(block)]
    if solved.n_random:
        levels = solved.levels.T @ seen
        cells.append(solved.levels @ levels)
        information = gone.information @ solved.levels
        left = solved.levels.T @ (information - gone.information @ (solved.shrink @ information))
        cell_traces.append(np.trace(left) - float(((solved.levels.T @ taken) ** 2).sum()))
    score = np.concatenate([quadratic, [float((cell * seen).sum()) for cell in cells]])
    score = 0.5 * (score - replicates * np.concatenate([traces, cell_traces]))

    between = np.array(cells)
    weighted = np.einsum("ab,ibm->iam", gone.information, between, optimize=True)
    reach = np.concatenate([onto, weighted])
    corner = np.tensordot(onto, between, axes=([1, 2], [1, 2]))
    middle = np.tensordot(weighted, between, axes=([1, 2], [1, 2]))
    whole = np.block([[pairs, corner], [corner.T, middle]])
    turned = np.einsum("ab,ibm->iam", solved.project, reach, optimize=True)
    average = 0.5 * (whole - np.tensordot(reach, turned, axes=([1, 2], [1, 2])))
    return score, (average + average.T) / 2
