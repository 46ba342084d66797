"""The root of a large symmetric positive definite matrix and its inverse, one after the other in the memory of one triangle.

LAPACK's rectangular full packed format keeps the lower triangle of an n x n matrix as two rectangles that lie side by side, so that the
routines for whole matrices work on it: as fast, and half the memory (Gustavson, Wasniewski, Dongarra and Langou 2010, Rectangular full
packed format for Cholesky's algorithm).
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import lapack


class PackedRoot:
    """Cholesky's root of a matrix that is given by its entries in the lower triangle; what is not given is zero.

    Parameters
    ----------
    size
        Rows of the matrix.
    at
        The entries' places, from `places`.
    entries
        The entries.
    """

    def __init__(self, size: int, at: np.ndarray, entries: np.ndarray) -> None:
        self.size = size
        held = np.zeros(size * (size + 1) // 2)
        held[at] = entries
        self._held, failed = lapack.dpftrf(size, held, uplo="L", overwrite_a=1)
        self.defined = not failed
        """Whether the matrix is positive definite."""
        self._inverted = False

    @property
    def log_determinant(self) -> float:
        """Of the matrix."""
        diagonal = np.arange(self.size)
        return 2 * float(np.log(self._held[places(self.size, diagonal, diagonal)]).sum())

    def solve(self, right: np.ndarray) -> np.ndarray:
        """The inverse times a few columns; before the inverse is asked for, which takes the root's memory."""
        if self._inverted:
            raise RuntimeError("The root is gone: its memory holds the inverse.")
        return np.asarray(lapack.dpftrs(self.size, self._held, right, uplo="L")[0])

    def inverse(self, at: np.ndarray) -> np.ndarray:
        """The inverse at some places."""
        if not self._inverted:
            self._held, _ = lapack.dpftri(self.size, self._held, uplo="L", overwrite_a=1)
            self._inverted = True
        return self._held[at]


def places(size: int, row: np.ndarray, column: np.ndarray) -> np.ndarray:
    """Where the entries at these rows and columns are held; an entry above the diagonal is its mirror image.

    Examples
    --------
    Three rows: the first two columns as they are, and the last entry in the corner that they leave free.

    >>> places(3, np.array([0, 1, 2, 1, 2, 2]), np.array([0, 0, 0, 1, 1, 2])).tolist()
    [0, 1, 2, 4, 5, 3]
    """
    row, column = np.maximum(row, column), np.minimum(row, column)
    even, half = 1 - size % 2, (size + 1) // 2
    height = size + even
    as_it_is = column * height + row + even
    turned = (row - half + 1 - even) * height + column - half
    return np.where(column < half, as_it_is, turned)
