"""Units with the same ratings are one type: a unit's counts by point are the digits of one number, found in one pass over the ratings."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

_EXACT = 2**53
# A digit for panels of three or fewer, tried first: no pass is needed to know the largest panel.
_FEW = 4
_TABLE = 65536


@dataclass(frozen=True)
class UnitTypes:
    """The types of unit in some ratings; the first type is the unit that nobody rated.

    Attributes
    ----------
    written
        A number for every unit; zero where there are no ratings.
    type_of_number
        The type of each such number.
    units
        How many units there are of each type.
    counts
        The ratings of a unit of each type, by point.
    """

    written: np.ndarray
    type_of_number: np.ndarray
    units: np.ndarray
    counts: np.ndarray

    @cached_property
    def of_size(self) -> np.ndarray:
        """How many units have no rating, one, two, and so on."""
        return np.bincount(self.counts.sum(axis=1), weights=self.units).astype(np.intp)


def unit_types(unit: np.ndarray, point: np.ndarray, *, n_units: int, k: int) -> UnitTypes:
    """The types of `n_units` units on a scale of `k` points, from the unit and the point of every rating."""
    if _FEW**k <= _TABLE:
        found = _in_one_pass(unit, point, n_units, k, _FEW)
        # More ratings on one point than a digit holds are carried into the next, and ratings are then missing.
        if found is not None and found.units @ found.counts.sum(axis=1) == len(point):
            return found
    base = int(np.bincount(unit, minlength=n_units).max(initial=0)) + 1
    if base**k < _EXACT and base**k <= 4 * n_units + _TABLE:
        found = _in_one_pass(unit, point, n_units, k, base)
        if found is not None:
            return found
    counts = np.bincount(unit * k + point, minlength=n_units * k).reshape(n_units, k)
    nobody = np.zeros((1, k), counts.dtype)
    counts, number = np.unique(np.vstack([counts, nobody]), axis=0, return_inverse=True)
    number = number.ravel()[:-1]
    return UnitTypes(number, np.arange(len(counts)), np.bincount(number, minlength=len(counts)), counts)


def _in_one_pass(unit: np.ndarray, point: np.ndarray, n_units: int, k: int, base: int) -> UnitTypes | None:
    digits = base ** np.arange(k)
    written = np.bincount(unit, weights=digits.astype(float)[point], minlength=n_units).astype(np.intp)
    often = np.bincount(written, minlength=base**k)
    if len(often) > base**k:
        return None
    found = np.flatnonzero(often)
    found = found if len(found) and found[0] == 0 else np.append(0, found)
    type_of_number = np.zeros(base**k, dtype=np.int32)
    type_of_number[found] = np.arange(len(found))
    return UnitTypes(written, type_of_number, often[found], found[:, None] // digits % base)
