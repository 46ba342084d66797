"""Sufficient statistics of coefficients that do not ask who rated: how many ratings of a unit fell on each point.

Units with the same counts are one type. A type's sums are three blocks of columns, side by side:

- agreement cells: for every two points, the share of the unit's pairs of ratings that fell on them (they add up to 1; nothing with one
  rating);
- coincidence cells: the same pairs as Krippendorff counts them, so that a unit weighs as much as it has ratings;
- points: the share of the unit's ratings on each point (they add up to 1).

From these follow observed agreement under any weights, the chance terms of Fleiss, Gwet and Brennan-Prediger, and alpha at every level.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from standardsetting.blind.agreement.ratings import CodedRatings
from standardsetting.blind.agreement.resampling import Pieces, Rows
from standardsetting.blind.rated import numbered


class UnitPatterns:
    """The types of unit in some coded ratings, and the sums of every candidate."""

    def __init__(self, coded: CodedRatings) -> None:
        self.coded = coded
        self.k = len(coded.scale)
        self.upper = np.triu_indices(self.k)

    @property
    def units_of_type(self) -> np.ndarray:
        """How many units there are of each type."""
        return self.coded.types.units

    @property
    def counts(self) -> np.ndarray:
        """The ratings of a unit of each type, by point."""
        return self.coded.types.counts

    @cached_property
    def type_of_unit(self) -> np.ndarray:
        """The type of every unit."""
        types = self.coded.types
        return types.type_of_number[types.written]

    @property
    def n_cells(self) -> int:
        """Distinct pairs of points, a point with itself included."""
        return len(self.upper[0])

    def split(self, sums: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Agreement cells, coincidence cells and points, from rows of sums."""
        n = self.n_cells
        return sums[..., :n], sums[..., n : 2 * n], sums[..., 2 * n :]

    def cells(self, matrix: np.ndarray) -> np.ndarray:
        """The entries of a symmetric matrix that belong to the cells."""
        return matrix[..., self.upper[0], self.upper[1]]

    @cached_property
    def marginal_of_cells(self) -> np.ndarray:
        """Turns coincidence cells into how often each point was used: half of a mixed cell goes to either point."""
        matrix = np.zeros((self.n_cells, self.k))
        each = np.arange(self.n_cells)
        matrix[each, self.upper[0]] += 0.5
        matrix[each, self.upper[1]] += 0.5
        return matrix

    @cached_property
    def sums_of_type(self) -> np.ndarray:
        """One row of sums for each type; the first type is the unit that nobody rated."""
        counts = self.counts.astype(float)
        ratings = counts.sum(axis=1)
        first, second = self.upper
        same = first == second
        pairs = np.where(same, counts[:, first] * (counts[:, second] - 1), 2 * counts[:, first] * counts[:, second])
        others = np.maximum(ratings - 1, 1)[:, None]
        each = np.maximum(ratings, 1)[:, None]
        return np.hstack([pairs / (others * each), pairs / others, counts / each])

    @cached_property
    def total(self) -> np.ndarray:
        """The sums over all units, as one row."""
        return (self.units_of_type @ self.sums_of_type).reshape(1, -1)

    @cached_property
    def rows(self) -> Rows:
        """Every candidate with a rating."""
        return self._rows(self.counts.sum(axis=1) > 0)

    @cached_property
    def paired_rows(self) -> Rows:
        """Every candidate with a unit that two or more assessors rated: Krippendorff's candidates."""
        rows = self._rows(self.counts.sum(axis=1) > 1)
        return self.rows if rows.n == self.rows.n else rows

    def _rows(self, counting: np.ndarray) -> Rows:
        if self.coded.slots == 1:
            chosen = np.flatnonzero(counting & (self.units_of_type > 0))
            return Rows(self.sums_of_type[chosen], self.units_of_type[chosen])
        # The types of a candidate's units, in order of size: equal lists are equal candidates.
        types = np.sort(self.type_of_unit.reshape(-1, self.coded.slots), axis=1)
        types = types[counting[types].any(axis=1)]
        example, _, multiplicity = distinct(types, len(self.counts))
        return Rows(self.sums_of_type[types[example]].sum(axis=1), multiplicity)

    def of_candidates(self, of_type: np.ndarray) -> np.ndarray:
        """Add up over each candidate's units what each type of unit has; candidates without a rating are left out."""
        types = self.type_of_unit.reshape(-1, self.coded.slots)[self.coded.rated_candidates]
        return of_type[types].sum(axis=1)

    def pieces(self, *, by_candidate: bool) -> list[Pieces]:
        """Pairs of ratings with their two assessors, and single ratings, for two-way resampling."""
        coded, width = self.coded, 2 * self.n_cells + self.k
        place, (left, right) = coded.place, coded.pairs
        size = coded.unit_size[coded.unit[left]]
        low, high = np.minimum(coded.point[left], coded.point[right]), np.maximum(coded.point[left], coded.point[right])
        number = np.zeros((self.k, self.k), dtype=np.intp)
        number[self.upper] = np.arange(self.n_cells)
        cell = number[low, high]
        pair_sums = (
            np.concatenate([cell, cell + self.n_cells]),
            np.concatenate([2 / (size * (size - 1.0)), 2 / (size - 1.0)]),
        )
        twice = np.concatenate([left, left]), np.concatenate([right, right])
        candidates = coded.candidate if by_candidate else None
        pairs = gathered(candidates, place, twice[0], twice[1], *pair_sums, width=width)
        every = np.arange(len(coded.point))
        shares = 1.0 / coded.unit_size[coded.unit]
        singles = gathered(candidates, place, every, None, 2 * self.n_cells + coded.point.astype(np.intp), shares, width=width)
        return [pairs, singles]


def gathered(
    candidates: np.ndarray | None,
    place: np.ndarray,
    left: np.ndarray,
    right: np.ndarray | None,
    column: np.ndarray,
    amount: np.ndarray,
    *,
    width: int,
) -> Pieces:
    """Add up amounts that share candidate and assessors, so that each such piece is weighed once."""
    from scipy import sparse

    n = int(place.max(initial=0)) + 1
    key = place[left] if right is None else place[left] * n + place[right]
    base = n if right is None else n * n
    if candidates is not None:
        _, owner = np.unique(candidates, return_inverse=True)
        key = key + base * owner[left]
    keys, row = np.unique(key, return_inverse=True)
    sums = sparse.csr_array((amount, (row, column)), shape=(len(keys), width))
    who = keys % base
    return Pieces(
        candidate=None if candidates is None else keys // base,
        first=who if right is None else who // n,
        second=None if right is None else who % n,
        sums=sums,
    )


def distinct(lists: np.ndarray, base: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distinct rows of whole numbers below `base`, sorted: where each is last found, each row's number, and how often each occurs."""
    written, largest = np.zeros(len(lists), dtype=np.int64), 1
    for place in range(lists.shape[1]):
        if largest * base >= 2**62:  # start again from the numbers of the rows so far
            _, written = np.unique(written, return_inverse=True)
            largest = len(lists)
        written = written * base + lists[:, place]
        largest *= base
    _, number, multiplicity = numbered(written, largest)
    example = np.empty(len(multiplicity), dtype=np.intp)
    example[number] = np.arange(len(lists))
    return example, number, multiplicity
