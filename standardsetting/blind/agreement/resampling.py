"""The bootstrap by sufficient statistics: every resample is a row of weights, its sums are weights times statistics.

A coefficient depends on its candidates through sums alone. So a resample needs no copy of the ratings: how often each candidate was
drawn, times each candidate's own sums, gives exactly the sums of the resampled table. Candidates with equal sums are one row with a
multiplicity. All ratings of a candidate, on all values, are drawn together: drawing values one by one would claim far too much.

For assessors, and for both at once, the pigeonhole bootstrap is used: candidates and assessors are drawn independently, and a rating
counts as often as its candidate was drawn times its assessor; a pair of ratings as often as its candidate times its two assessors. An
assessor drawn twice is never compared with himself or herself.

What the intervals are worth, simulated (300 runs, 200 candidates, 24 assessors, two of them and four values for each candidate, alpha at
the interval level, 95 % claimed): over candidates alone 92 % covered, because the assessors are a sample too; over both 100 %: wide.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

# Weights held at a time: 4 million numbers are 32 MB.
_BLOCK = 4_000_000
_ARRAYS = 4
_KEPT_COLUMNS = 200
# Candidates drawn in one call: few enough to stay in the processor's cache.
_DRAWN_TOGETHER = 100_000


@dataclass
class Rows:
    """Candidates' own sums, equal candidates collapsed.

    Attributes
    ----------
    sums
        One row a distinct candidate, dense or sparse.
    multiplicity
        How many candidates have each row.
    """

    sums: Any
    multiplicity: np.ndarray
    _kept: dict[tuple[int, int], list[np.ndarray]] = field(default_factory=dict, repr=False)

    @property
    def n(self) -> int:
        """How many candidates there are."""
        return int(self.multiplicity.sum())

    @property
    def total(self) -> np.ndarray:
        """The sums over all candidates, as one row."""
        return np.asarray(self.multiplicity @ self.sums, dtype=float).reshape(1, -1)

    def part(self, start: int, stop: int) -> np.ndarray:
        """Some of the rows, dense."""
        rows = self.sums[start:stop]
        return rows if isinstance(rows, np.ndarray) else rows.toarray()

    def resampled(self, replicates: int, seed: int) -> Iterator[np.ndarray]:
        """The sums of resampled candidates, some replicates at a time."""
        if self.sums.shape[1] > _KEPT_COLUMNS:
            return self._draw(replicates, seed)
        key = (replicates, seed)
        if key not in self._kept:
            self._kept[key] = list(self._draw(replicates, seed))
        return iter(self._kept[key])

    def _draw(self, replicates: int, seed: int) -> Iterator[np.ndarray]:
        generator = np.random.default_rng(seed)
        distinct, wide = self.sums.shape
        # A statistic makes a few arrays as large as the sums on its way to a value.
        for size in block_sizes(replicates, distinct + _ARRAYS * wide):
            yield product(drawn(generator, self.multiplicity, size), self.sums)


def drawn(generator: np.random.Generator, multiplicity: np.ndarray, size: int) -> np.ndarray:
    """How often each row is drawn in each of `size` resamples of as many candidates as there are."""
    n, distinct = int(multiplicity.sum()), len(multiplicity)
    if distinct * 20 <= n:
        return generator.multinomial(n, multiplicity / n, size=size).astype(float)
    # With many rows, drawing the candidates one by one is quicker than that many binomials, and the same distribution.
    owner = np.repeat(np.arange(distinct), multiplicity)
    weights, together = np.empty((size, distinct)), max(1, _DRAWN_TOGETHER // n)
    for start in range(0, size, together):
        chosen = generator.integers(0, n, (min(together, size - start), n), dtype=np.uint32)
        for replicate, owners in enumerate(owner.take(chosen, mode="clip"), start):
            weights[replicate] = np.bincount(owners, minlength=distinct)
    return weights


def product(weights: np.ndarray, sums: Any) -> np.ndarray:
    """Weights times statistics, whether these are dense or sparse."""
    if isinstance(sums, np.ndarray):
        return weights @ sums
    return np.ascontiguousarray((sums.T @ weights.T).T)


@dataclass(frozen=True)
class Pieces:
    """Sums that belong to one candidate and one or two assessors: what two-way resampling weighs.

    Attributes
    ----------
    candidate
        Place among the candidates, or None where candidates are not resampled and their sums are added up already.
    first, second
        Places among the assessors; `second` is None for single ratings.
    sums
        One row a piece, sparse.
    """

    candidate: np.ndarray | None
    first: np.ndarray
    second: np.ndarray | None
    sums: Any


def two_way(
    pieces: list[Pieces], *, n_candidates: int | None, n_assessors: int, replicates: int, seed: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Resample assessors, and candidates too where `n_candidates` is given: sums, and how often each assessor was drawn."""
    generator = np.random.default_rng(seed)
    wide = max([n_candidates or 0, *(max(piece.sums.shape) for piece in pieces)])
    for size in block_sizes(replicates, wide):
        assessors = drawn(generator, np.ones(n_assessors, dtype=int), size)
        candidates = None if n_candidates is None else drawn(generator, np.ones(n_candidates, dtype=int), size)
        sums = np.zeros((size, pieces[0].sums.shape[1]))
        for piece in pieces:
            weights = assessors[:, piece.first]
            if piece.second is not None:
                weights *= assessors[:, piece.second]
            if candidates is not None:
                weights *= candidates[:, piece.candidate]
            sums += product(weights, piece.sums)
        yield sums, assessors


def block_sizes(replicates: int, wide: int) -> Iterator[int]:
    """How many replicates to take at a time, so that a block of weights stays small."""
    size = max(1, _BLOCK // max(wide, 1))
    for start in range(0, replicates, size):
        yield min(size, replicates - start)
