"""Panels with gaps: a candidate's ratings are a small block, inverted once for each pattern of what is there and what is missing."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import sparse

from standardsetting.blind.generalizability.blocks import Blocks, Pairs
from standardsetting.blind.rated import Rated, numbered
from standardsetting.errors import UsageError

LARGEST = 100_000_000


class GappedStratum:
    """Candidates with any pattern of ratings; variances within candidates: candidate, by assessor, by value, residual.

    A candidate's assessors take slots, in the order of their codes; a candidate's ratings stand side by side, slot by slot and value by
    value. Candidates are sorted by pattern.
    """

    replicates = 1

    def __init__(self, coded: Rated) -> None:
        self.ratings = len(coded)
        n_candidates, n_assessors, n_values = coded.shape
        slot, slots = _slots(coded)
        width = slots * n_values
        at = slot * n_values + coded.value
        there = np.zeros((n_candidates, width), dtype=bool)
        there[coded.candidate, at] = True
        patterns, which = np.unique(np.packbits(there, axis=1), axis=0, return_inverse=True)
        which = which.ravel()
        _check(len(coded), slots, len(patterns), n_candidates, width)
        order = np.argsort(which, kind="stable")
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        row = place[coded.candidate]
        self.mask = np.unpackbits(patterns, axis=1, count=width).astype(float)
        self.bounds = np.concatenate([[0], np.cumsum(np.bincount(which))])
        self.members = np.diff(self.bounds).astype(float)
        self.there = there[order]
        self.scores = np.zeros(there.shape)
        self.scores[row, at] = coded.rating
        assessors = np.zeros((n_candidates, slots), dtype=np.intp)
        assessors[row, slot] = coded.assessor
        self.cell_of = (assessors[:, :, None] * n_values + np.arange(n_values)).reshape(there.shape)
        self.slots, self.values, self.n_cells = slots, n_values, n_assessors * n_values
        ones_s, ones_v, eye_s, eye_v = np.ones((slots, slots)), np.ones((n_values, n_values)), np.eye(slots), np.eye(n_values)
        self.shapes = [np.kron(ones_s, ones_v), np.kron(eye_s, ones_v), np.kron(ones_s, eye_v), np.kron(eye_s, eye_v)]
        self.both = self.mask[:, :, None] * self.mask[:, None, :]
        self._count_pairs(assessors, which[order], (n_assessors, n_values))

    def _count_pairs(self, assessors: np.ndarray, pattern: np.ndarray, cells: tuple[int, int]) -> None:
        """How often two assessors sat in two slots of candidates of each pattern: one row a pair, one column a pattern and two slots."""
        self.high, self.low = np.tril_indices(self.slots)
        seated = np.asarray(self.there.reshape(-1, self.slots, self.values).any(axis=2))
        row, slots = np.nonzero(seated[:, self.high] & seated[:, self.low])
        self.pairs = Pairs(assessors[row, self.high[slots]], assessors[row, self.low[slots]], cells)
        column = pattern[row] * len(self.high) + slots
        shape = (len(self.pairs), len(self.mask) * len(self.high))
        self.together = sparse.coo_array((np.ones(len(row)), (self.pairs.number, column)), shape=shape).tocsr()

    def eliminate(self, within: np.ndarray) -> GappedEliminated:
        """See `eliminated.Stratum`."""
        return GappedEliminated(self, within)

    def by_pattern(self) -> Iterator[tuple[int, slice]]:
        """Each pattern's number and the places of its candidates."""
        for pattern, (low, high) in enumerate(zip(self.bounds[:-1], self.bounds[1:], strict=True)):
            yield pattern, slice(low, high)

    def times(self, blocks: np.ndarray, scores: np.ndarray) -> np.ndarray:
        """Each candidate's scores, as a row, times its block."""
        out = np.empty_like(scores)
        for pattern, here in self.by_pattern():
            np.matmul(scores[here], blocks[pattern], out=out[here])
        return out

    def squares(self, scores: np.ndarray) -> np.ndarray:
        """The products of every two of a candidate's scores, summed over the candidates of each pattern."""
        return np.array([scores[here].T @ scores[here] for _, here in self.by_pattern()])

    def onto_cells(self, scores: np.ndarray) -> np.ndarray:
        """Sums of scores over the cells they lie in."""
        return np.bincount(self.cell_of.ravel(), weights=scores.ravel(), minlength=self.n_cells)

    def onto_pairs(self, blocks: np.ndarray) -> np.ndarray:
        """Each candidate's block, summed over the pairs of assessors it lies in."""
        v, apart = self.values, blocks.reshape(-1, self.slots, self.values, self.slots, self.values)
        by_slots = apart[:, self.high, :, self.low, :].transpose(1, 0, 2, 3)
        return np.asarray(self.together @ by_slots.reshape(-1, v * v)).reshape(-1, v, v)

    def from_pairs(self, blocks: np.ndarray) -> np.ndarray:
        """The other way: the blocks of a symmetric matrix over the cells, summed over the candidates of each pattern."""
        v, s = self.values, self.slots
        by_slots = np.asarray(self.together.T @ blocks.reshape(-1, v * v)).reshape(-1, len(self.high), v, v)
        whole = np.empty((len(self.mask), s, v, s, v))
        whole[:, self.low, :, self.high, :] = by_slots.transpose(1, 0, 3, 2)
        whole[:, self.high, :, self.low, :] = by_slots.transpose(1, 0, 2, 3)
        return whole.reshape(self.both.shape)


class GappedEliminated:
    """The sums of one stratum with gaps, at the given variances within candidates."""

    def __init__(self, stratum: GappedStratum, within: np.ndarray) -> None:
        s = self.stratum = stratum
        missing = np.eye(s.mask.shape[1]) * (1 - s.mask)[:, None, :]
        covariance = s.both * np.tensordot(within, np.array(s.shapes), 1) + missing
        sign, log_determinant = np.linalg.slogdet(covariance)
        self.log_determinant = float(s.members @ log_determinant) if (sign > 0).all() else np.inf
        self.inverse = np.linalg.inv(covariance) * s.both
        together = np.tensordot(s.members, self.inverse, 1)
        self.traces = np.array([(together * shape).sum() for shape in s.shapes])
        self.information = Blocks(s.pairs, s.onto_pairs(self.inverse))
        weighted = s.times(self.inverse, s.scores)
        self.response = s.onto_cells(weighted)[:, None]
        self.square = float((weighted * s.scores).sum())

    def inner(self, blocks: np.ndarray) -> np.ndarray:
        """See `eliminated.Eliminated`."""
        s = self.stratum
        turned = (self.inverse @ s.from_pairs(blocks) @ self.inverse).sum(axis=0)
        return np.array([(turned * shape).sum() for shape in s.shapes])

    def directions(self, effects: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """See `eliminated.Eliminated`."""
        s = self.stratum
        residual = effects[:, 0][s.cell_of]
        np.subtract(s.scores, residual, out=residual)
        residual *= s.there
        x = s.times(self.inverse, residual)  # K r
        del residual
        squares = s.squares(x)
        shapes = [s.both * shape for shape in s.shapes]
        turned = [shape @ self.inverse for shape in shapes]  # E_i K
        quadratic = np.array([float((shape * squares).sum()) for shape in shapes])
        onto = [s.onto_cells(s.times(one, x))[:, None] for one in turned]
        pairs = np.array([[float(np.einsum("tab,tbc,tac->", one, other, squares, optimize=True)) for other in shapes] for one in turned])
        return quadratic, np.stack(onto, axis=1), (pairs + pairs.T) / 2


def _check(n_ratings: int, slots: int, n_patterns: int, n_candidates: int, width: int) -> None:
    size = float(n_candidates) * slots * (slots + 1) / 2
    if max(size, float(n_candidates) * width, float(n_patterns) * width**2) > LARGEST:
        raise UsageError(
            f"Panels of a few assessors were expected; pairs of assessors of a candidate number {size:.0f}, too many to hold.",
            next_step="Use method='moments', or take one value at a time.",
        )


def _slots(coded: Rated) -> tuple[np.ndarray, int]:
    """For each rating, which of its candidate's assessors gave it, counted from 0 in the assessors' order; and the most there are."""
    n_candidates, n_assessors, _ = coded.shape
    pairs, where, _ = numbered(coded.candidate.astype(np.int64) * n_assessors + coded.assessor, n_candidates * n_assessors)
    owner = pairs // n_assessors
    first = np.concatenate([[0], np.cumsum(np.bincount(owner))])
    slot = np.arange(len(pairs)) - first[owner]
    return slot[where], int(slot.max()) + 1
