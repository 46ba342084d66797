"""What the likelihood needs to know of the candidates, once each candidate's own effects have been eliminated.

Ratings of different candidates share nothing but their assessors and values. Given the variances within a candidate, each candidate is a
small block of its own; eliminating the blocks leaves sums over candidates, on the cells assessor x value alone. Two cells have a sum only
where their assessors rated a candidate together.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from standardsetting.blind.generalizability.blocks import Blocks, Pairs


class Eliminated(Protocol):
    """Sums left when candidates are eliminated, at given variances within candidates.

    `K` is the inverse of a candidate's covariance matrix, `Z` the cells that its ratings lie in, `E_i` the pattern of the i-th variance.
    """

    information: Blocks
    """Sum of Z'KZ: one row and column a cell."""
    response: np.ndarray
    """Sum of Z'Ky: one row a cell, one column a replicate."""
    square: float
    """Sum of y'Ky."""
    log_determinant: float
    """Minus the sum of log det K, one replicate."""
    traces: np.ndarray
    """Sum of tr(K E_i), one replicate."""

    def inner(self, blocks: np.ndarray) -> np.ndarray:
        """Sum of tr(A Z'K E_i K Z), for a symmetric matrix A over the cells of which only the blocks of the pairs matter."""

    def directions(self, effects: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """With r = y - Z effects: the sums of r'K E_i K r, of Z'K E_i K r (cells, i, replicates), and of r'K E_i K E_j K r."""


class Stratum(Protocol):
    """A part of the ratings with a likelihood of its own."""

    ratings: int
    """Ratings in one replicate."""
    replicates: int
    pairs: Pairs
    """The assessors and their cells, and who rated a candidate together."""

    def eliminate(self, within: np.ndarray) -> Eliminated:
        """Eliminate the candidates at these variances within candidates."""
