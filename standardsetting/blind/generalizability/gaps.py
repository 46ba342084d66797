"""Panels with gaps: a candidate's ratings are a small block, inverted once for each pattern of what is there and what is missing."""

from __future__ import annotations

import numpy as np

from standardsetting.blind.rated import Rated
from standardsetting.errors import UsageError

LARGEST = 100_000_000


class GappedStratum:
    """Candidates with any pattern of ratings; variances within candidates: candidate, by assessor, by value, residual."""

    replicates = 1

    def __init__(self, coded: Rated) -> None:
        self.ratings = len(coded)
        _, n_assessors, n_values = coded.shape
        self.cells = (n_assessors, n_values)
        candidate, slot, slots = _slots(coded)
        width = slots * n_values
        at = slot * n_values + coded.value
        there = np.zeros((int(candidate.max()) + 1, width), dtype=bool)
        there[candidate, at] = True
        patterns, which = np.unique(np.packbits(there, axis=1), axis=0, return_inverse=True)
        which = which.ravel()
        order = np.argsort(which, kind="stable")
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        self.mask = np.unpackbits(patterns, axis=1, count=width).astype(float)
        self.bounds = np.concatenate([[0], np.cumsum(np.bincount(which))])
        self.members = np.diff(self.bounds).astype(float)
        self.there = there[order]
        self.scores = np.zeros(there.shape)
        self.scores[place[candidate], at] = coded.rating
        self.cell_of = np.zeros(there.shape, dtype=np.int64)
        self.cell_of[place[candidate], at] = coded.assessor * n_values + coded.value
        self.slots, self.values = slots, n_values
        both = self.mask[:, :, None] * self.mask[:, None, :]
        ones_s, ones_v, eye_s, eye_v = np.ones((slots, slots)), np.ones((n_values, n_values)), np.eye(slots), np.eye(n_values)
        shapes = [np.kron(ones_s, ones_v), np.kron(eye_s, ones_v), np.kron(ones_s, eye_v), np.kron(eye_s, eye_v)]
        self.shapes = np.array(shapes)
        self.both = both
        self._index_pairs()

    def _index_pairs(self) -> None:
        """Where each pair of a candidate's ratings goes: from the block of its pattern to the pair of cells."""
        n_cells, width = self.cells[0] * self.cells[1], self.scores.shape[1]
        size = float((self.members * self.mask.sum(axis=1) ** 2).sum())
        if size > LARGEST or float(len(self.mask)) * width**2 > LARGEST:
            raise UsageError(
                f"Panels of a few assessors were expected; pairs of ratings within candidates number {size:.0f}, too many to hold.",
                next_step="Use method='moments', or take one value at a time.",
            )
        blocks, cells = [], []
        for pattern, (low, high) in enumerate(zip(self.bounds[:-1], self.bounds[1:], strict=True)):
            there = np.flatnonzero(self.mask[pattern])
            cell = self.cell_of[low:high, there]
            cells.append((cell[:, :, None] * n_cells + cell[:, None, :]).reshape(-1))
            block = (pattern * width + there[:, None]) * width + there[None, :]
            blocks.append(np.broadcast_to(block, (high - low, *block.shape)).reshape(-1))
        self.block_index, self.pair_index = np.concatenate(blocks), np.concatenate(cells)

    def eliminate(self, within: np.ndarray) -> GappedEliminated:
        """See `eliminated.Stratum`."""
        return GappedEliminated(self, within)

    def times(self, blocks: np.ndarray, scores: np.ndarray) -> np.ndarray:
        """Each candidate's block times its scores."""
        out = np.empty_like(scores)
        for pattern, (low, high) in enumerate(zip(self.bounds[:-1], self.bounds[1:], strict=True)):
            np.matmul(scores[low:high], blocks[pattern], out=out[low:high])
        return out

    def onto_cells(self, scores: np.ndarray) -> np.ndarray:
        """Sums of scores over the cells they lie in."""
        return np.bincount(self.cell_of.ravel(), weights=scores.ravel(), minlength=self.cells[0] * self.cells[1])


class GappedEliminated:
    """The sums of one stratum with gaps, at the given variances within candidates."""

    def __init__(self, stratum: GappedStratum, within: np.ndarray) -> None:
        s = self.stratum = stratum
        n_cells = s.cells[0] * s.cells[1]
        missing = np.eye(s.mask.shape[1]) * (1 - s.mask)[:, None, :]
        covariance = s.both * np.tensordot(within, s.shapes, 1) + missing
        sign, log_determinant = np.linalg.slogdet(covariance)
        self.log_determinant = float(s.members @ log_determinant) if (sign > 0).all() else np.inf
        self.inverse = np.linalg.inv(covariance) * s.both
        self.traces = np.einsum("t,tab,iab->i", s.members, self.inverse, s.shapes, optimize=True)
        counts = np.bincount(s.pair_index, weights=self.inverse.ravel()[s.block_index], minlength=n_cells**2)
        self.information = counts.reshape(n_cells, n_cells)
        self.weighted = s.times(self.inverse, s.scores)
        self.response = s.onto_cells(self.weighted)[:, None]
        self.square = float((self.weighted * s.scores).sum())

    def inner(self, matrix: np.ndarray) -> np.ndarray:
        """See `eliminated.Eliminated`."""
        s = self.stratum
        gathered = np.bincount(s.block_index, weights=matrix.ravel()[s.pair_index], minlength=s.both.size).reshape(s.both.shape)
        turned = self.inverse @ gathered @ self.inverse
        return np.einsum("tab,iab->i", turned, s.shapes, optimize=True)

    def directions(self, effects: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """See `eliminated.Eliminated`."""
        s = self.stratum
        residual = np.where(s.there, s.scores - effects[s.cell_of, 0], 0.0)
        x = s.times(self.inverse, residual)
        cube = x.reshape(len(x), s.slots, s.values)
        spread = (cube.sum(axis=(1, 2), keepdims=True), cube.sum(axis=2, keepdims=True), cube.sum(axis=1, keepdims=True), cube)
        along = [np.where(s.there, np.broadcast_to(part, cube.shape).reshape(x.shape), 0.0) for part in spread]
        turned = [s.times(self.inverse, part) for part in along]
        quadratic = np.array([float((x * part).sum()) for part in along])
        onto = np.array([s.onto_cells(part)[:, None] for part in turned])
        pairs = np.array([[float((one * other).sum()) for other in turned] for one in along])
        return quadratic, onto, (pairs + pairs.T) / 2


def _slots(coded: Rated) -> tuple[np.ndarray, np.ndarray, int]:
    """For each rating, its candidate and which of that candidate's assessors gave it, counted from 0 in the assessors' order."""
    n_assessors = coded.shape[1]
    pairs, where = np.unique(coded.candidate.astype(np.int64) * n_assessors + coded.assessor, return_inverse=True)
    owner = pairs // n_assessors
    first = np.concatenate([[0], np.cumsum(np.bincount(owner))])
    slot = np.arange(len(pairs)) - first[owner]
    return coded.candidate, slot[where], int(slot.max()) + 1
