"""Symmetric matrices over the cells assessor x value that are zero between assessors who rated no candidate together."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from scipy import sparse

from standardsetting.blind.generalizability.packed_root import places
from standardsetting.blind.rated import numbered


class Pairs:
    """Assessors who rated a candidate together: everybody with himself or herself first, then every two, the higher code first.

    Parameters
    ----------
    one, other
        Codes of two assessors of the same candidate, as often as it happens.
    cells
        How many assessors there are, and cells of each.

    Attributes
    ----------
    first, second
        Codes, one entry a pair.
    number
        The pair of each entry of `one` and `other`.
    """

    def __init__(self, one: np.ndarray, other: np.ndarray, cells: tuple[int, int]) -> None:
        self.cells = cells
        n = cells[0]
        every = np.arange(n)
        apart = one != other
        written = np.maximum(one, other)[apart].astype(np.int64) * n + np.minimum(one, other)[apart]
        found, number, _ = numbered(written, n * n)
        self.first, self.second = np.concatenate([every, found // n]), np.concatenate([every, found % n])
        self.number = np.array(one, dtype=np.int32)
        self.number[apart] = n + number

    def __len__(self) -> int:
        return len(self.first)

    @property
    def twice(self) -> np.ndarray:
        """How often a pair's block stands in the whole matrix: two assessors' also as its mirror image."""
        return np.where(self.first == self.second, 1.0, 2.0)

    @cached_property
    def packed(self) -> np.ndarray:
        """Where the entries of the blocks are held in a packed triangle."""
        n, v = self.cells
        value = np.arange(v)
        row, column = self.first[:, None, None] * v + value[:, None], self.second[:, None, None] * v + value
        return places(n * v, row, column)

    @cached_property
    def whole(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Where the blocks, and then their mirror images, stand in the whole matrix, row by row: order, columns, ends of rows."""
        n = self.cells[0]
        row, column = np.concatenate([self.first, self.second[n:]]), np.concatenate([self.second, self.first[n:]])
        order = np.argsort(row * n + column)
        ends = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=n))])
        return order, column[order].astype(np.int32), ends.astype(np.int32)


class Blocks:
    """One such matrix: a block for each pair, one row and column a value."""

    def __init__(self, pairs: Pairs, blocks: np.ndarray) -> None:
        self.pairs, self.blocks = pairs, blocks

    @cached_property
    def matrix(self) -> sparse.bsr_array:
        """All of it."""
        order, columns, ends = self.pairs.whole
        mirrored = self.blocks[self.pairs.cells[0] :].transpose(0, 2, 1)
        size = self.pairs.cells[0] * self.pairs.cells[1]
        return sparse.bsr_array((np.concatenate([self.blocks, mirrored])[order], columns, ends), shape=(size, size))

    @property
    def diagonal(self) -> np.ndarray:
        """The blocks of one assessor each."""
        return self.blocks[: self.pairs.cells[0]]

    def times(self, columns: np.ndarray) -> np.ndarray:
        """The matrix times columns, of any further shape."""
        return np.asarray(self.matrix @ columns.reshape(len(columns), -1)).reshape(columns.shape)
