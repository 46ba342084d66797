"""The effects of the assessors' cells, of the values' levels, and the fixed effects, all on top of the eliminated candidates."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from standardsetting.blind.generalizability.blocks import Blocks
from standardsetting.blind.generalizability.packed_root import PackedRoot, places

# Below this share of a cell's information, a variance between cells counts as zero where dividing by it would lose the digits.
NEGLIGIBLE = 1e-7
# Entries of a product over all cells at a time.
TOGETHER = 100_000


class Cells:
    """What is left of the information on the cells once their own effects are random.

    With I the information and R the root of the cells' covariance, everything follows from C, the inverse of 1 + RIR: its determinant, RCR
    times a few columns, and its blocks at the pairs of assessors. The blocks come last: they take the root's memory.
    """

    def __init__(self, information: Blocks, between: np.ndarray, level: float | None, fixed: np.ndarray) -> None:
        self.information, self.pairs = information, information.pairs
        n, v = self.n_assessors, self.n_values = self.pairs.cells
        every, own = float(between[0]), float(between[1])
        # The root of an assessor's covariance over its cells: one number along their mean, one on everything else.
        self.roots = (np.sqrt(own + v * every), np.sqrt(own))
        self.own_root = self._of_roots(*self.roots)
        entries = self.own_root @ information.blocks @ self.own_root
        entries[:n] += np.eye(v)
        self.root = PackedRoot(n * v, self.pairs.packed, entries)
        self.log_determinant = self.root.log_determinant if self.root.defined else np.inf
        if not self.root.defined:
            return
        self.levels = np.zeros((n * v, 0)) if level is None else np.tile(np.eye(v), (n, 1))
        border = np.hstack([self.levels * np.sqrt(level or 0.0), fixed])
        self.n_random = self.levels.shape[1]
        # Beyond the cells: what the border adds, by its Schur complement.
        self.cleared = border - self.shrink(information.times(border))
        self.seen = information.times(self.cleared)
        self.core = border.T @ self.seen
        self.core[np.arange(self.n_random), np.arange(self.n_random)] += 1.0

    def _of_roots(self, mean: float, other: float) -> np.ndarray:
        return other * np.eye(self.n_values) + (mean - other) / self.n_values

    def _scaled(self, columns: np.ndarray) -> np.ndarray:
        """R times columns."""
        return (self.own_root @ columns.reshape(self.n_assessors, self.n_values, -1)).reshape(columns.shape)

    def shrink(self, columns: np.ndarray) -> np.ndarray:
        """RCR times columns."""
        return self._scaled(self.root.solve(self._scaled(columns)))

    def project(self, columns: np.ndarray) -> np.ndarray:
        """The same with the border's effects taken in."""
        shrunk = self.shrink(columns)
        return shrunk + self.cleared @ np.linalg.solve(self.core, self.cleared.T @ columns) if self.core.size else shrunk

    def log_border(self, *, restricted: bool) -> tuple[float, float]:
        """Log determinant that the values' levels add, and that of the fixed effects (zero in an unrestricted likelihood)."""
        random = float(np.linalg.slogdet(self.core[: self.n_random, : self.n_random])[1]) if self.n_random else 0.0
        if not restricted or self.core.shape[0] == self.n_random:
            return random, 0.0
        return random, float(np.linalg.slogdet(self.core)[1]) - random

    def of_levels(self) -> np.ndarray:
        """The information on the values' levels, cells being random."""
        seen = self.information.times(self.levels)
        return np.asarray(self.levels.T @ (seen - self.information.times(self.shrink(seen))))

    def for_traces(self, *, restricted: bool) -> tuple[np.ndarray, np.ndarray]:
        """The projection at the pairs of assessors, and the part of a cell's information that the border takes."""
        keep = slice(None) if restricted else slice(0, self.n_random)
        root = np.linalg.cholesky(self.core[keep, keep])
        cleared, taken = (np.linalg.solve(root, part[:, keep].T).T for part in (self.cleared, self.seen))
        own = cleared.reshape(self.n_assessors, self.n_values, -1)
        inverse = self.root.inverse(self.pairs.packed)
        return self.own_root @ inverse @ self.own_root + own[self.pairs.first] @ own[self.pairs.second].transpose(0, 2, 1), taken

    def block_traces(self) -> np.ndarray:
        """Of the information on the cells, cells being random: the sum over an assessor's cells of all entries, and of the diagonal."""
        n, v = self.n_assessors, self.n_values
        scale = max(float(np.abs(np.diagonal(self.information.diagonal, axis1=1, axis2=2)).max()), 1e-300)
        if min(self.roots) ** 2 * scale < NEGLIGIBLE:
            return self._taken_off()
        back = self._of_roots(1 / self.roots[0], 1 / self.roots[1])
        block = back @ (n * np.eye(v) - self.root.inverse(self.pairs.packed[:n]).sum(axis=0)) @ back
        return np.array([block.sum(), np.trace(block)])

    def _taken_off(self) -> np.ndarray:
        """The same without dividing by the roots: the information less what the cells' effects take off it."""
        n, v = self.n_assessors, self.n_values
        block, scaled = self.information.diagonal, self.information.matrix.copy()
        scaled.data = self.own_root @ scaled.data
        across = scaled.tocsr()
        of_assessors = sparse.csr_array((np.ones(n * v), np.repeat(np.arange(n), v), np.arange(n * v + 1)), shape=(n * v, n))
        found = np.array([block.sum(), np.trace(block.sum(axis=0))])
        rows = max(TOGETHER // (n * v), 1)
        for which, side in enumerate((across @ of_assessors, across)):
            turned = side.T.tocsr()
            for low in range(0, n * v, rows):
                product = (side[low : low + rows] @ turned).tocoo()
                row, column = product.coords
                found[which] -= product.data @ self.root.inverse(places(n * v, row + low, column))
        return found
