"""The long table of ratings as whole-number codes: read once, checked once, used by every coefficient."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from standardsetting.errors import UsageError
from standardsetting.scale import Scale

COLUMNS = ("candidate", "assessor", "value", "rating")
_SHOWN = 10


@dataclass(frozen=True)
class CodedRatings:
    """Ratings as codes, one entry a rating that was given.

    Attributes
    ----------
    candidate, assessor, value, point
        Whole-number codes; `point` is the place on the scale, 0 for its minimum.
    n_candidates, n_assessors, n_values
        How many codes there are (some may have no rating).
    slots
        Units a candidate can have: values, times exercises where there are several.
    unit
        `candidate * slots + slot`: which value of which candidate.
    values, candidates
        The values' and the candidates' names, by code.
    note
        What was left out on the way here, in sentences.
    """

    scale: Scale
    candidate: np.ndarray
    assessor: np.ndarray
    value: np.ndarray
    point: np.ndarray
    unit: np.ndarray
    n_candidates: int
    n_assessors: int
    n_values: int
    slots: int
    values: tuple[Any, ...]
    candidates: Any
    note: str

    @cached_property
    def points(self) -> np.ndarray:
        """The scale's points as numbers, lowest first."""
        return np.array([float(point) for point in self.scale.points])

    @cached_property
    def unit_size(self) -> np.ndarray:
        """Ratings of every unit; zero where there are none."""
        return np.bincount(self.unit, minlength=self.n_candidates * self.slots)

    @cached_property
    def ratings_of_candidate(self) -> np.ndarray:
        """Ratings of every candidate over all units."""
        sizes = self.unit_size.reshape(self.n_candidates, self.slots)
        return sum((sizes[:, slot] for slot in range(self.slots)), np.zeros(self.n_candidates, dtype=np.intp))

    @cached_property
    def assessors_present(self) -> np.ndarray:
        """Codes of the assessors who gave at least one of these ratings."""
        present = np.zeros(self.n_assessors, dtype=bool)
        present[self.assessor] = True
        return np.flatnonzero(present)

    @cached_property
    def n_single(self) -> int:
        """How many units have one rating."""
        return int(np.count_nonzero(self.unit_size == 1))

    @cached_property
    def used(self) -> dict[str, int]:
        """How many candidates, assessors, ratings and units there are with at least one rating."""
        return {
            "n_candidates": int(np.count_nonzero(self.ratings_of_candidate)),
            "n_assessors": len(self.assessors_present),
            "n_ratings": len(self.point),
            "n_units": int(np.count_nonzero(self.unit_size)),
        }

    @cached_property
    def paired(self) -> CodedRatings:
        """The ratings of units with two or more."""
        return self if not self.n_single else self.where(np.flatnonzero(self.unit_size[self.unit] > 1))

    @cached_property
    def place(self) -> np.ndarray:
        """For every rating, its assessor's place among the assessors who rated."""
        place = np.zeros(self.n_assessors, dtype=np.intp)
        place[self.assessors_present] = np.arange(len(self.assessors_present))
        return place[self.assessor]

    @cached_property
    def pairs(self) -> tuple[np.ndarray, np.ndarray]:
        """Positions of every two ratings of the same unit, the assessor with the lower code first."""
        largest = int(self.unit_size.max(initial=0))
        if largest <= 2:
            positions = np.arange(len(self.unit))
            first, last = np.empty(len(self.unit_size), np.intp), np.empty(len(self.unit_size), np.intp)
            last[self.unit] = positions
            first[self.unit[::-1]] = positions[::-1]
            both = np.flatnonzero(self.unit_size == 2)
            one, other = first[both], last[both]
            swap = self.assessor[one] > self.assessor[other]
            return np.where(swap, other, one), np.where(swap, one, other)
        order = np.lexsort((self.assessor, self.unit))
        unit = self.unit[order]
        left, right = [], []
        for lag in range(1, largest):
            at = np.flatnonzero(unit[:-lag] == unit[lag:])
            left.append(order[at])
            right.append(order[at + lag])
        return np.concatenate(left), np.concatenate(right)

    @cached_property
    def panels(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Two assessors with a unit in common: the pair that each of `pairs` belongs to, and the places of its two assessors."""
        left, right = self.pairs
        n = max(len(self.assessors_present), 1)
        key = self.place[left] * n + self.place[right]
        if n > 2000:
            distinct, pair = np.unique(key, return_inverse=True)
        else:
            distinct = np.flatnonzero(np.bincount(key, minlength=1))
            number = np.empty(n * n, dtype=np.intp)
            number[distinct] = np.arange(len(distinct))
            pair = number[key]
        return pair, distinct // n, distinct % n

    def of_value(self, code: int) -> CodedRatings:
        """The ratings of one value."""
        keep = np.flatnonzero(self.value == code)
        if self.slots == self.n_values:  # no exercises: the candidate is the unit
            unit, slots = self.candidate[keep].astype(np.intp), 1
        else:
            unit, slots = self.unit[keep], self.slots
        columns = {name: getattr(self, name)[keep] for name in ("candidate", "assessor", "value", "point")}
        return replace(self, **columns, unit=unit, slots=slots)

    def where(self, keep: np.ndarray | slice) -> CodedRatings:
        """The ratings at these places."""
        columns = {name: getattr(self, name)[keep] for name in ("candidate", "assessor", "value", "point", "unit")}
        return replace(self, **columns)


def code(ratings: pd.DataFrame, *, scale: Scale) -> CodedRatings:
    """Check the long table of ratings and turn it into codes.

    Raises
    ------
    UsageError
        A column is missing, a rating is not on the scale, or an assessor rated the same value of a candidate twice.
    """
    missing = [column for column in COLUMNS if column not in ratings.columns]
    if missing:
        raise UsageError(f"A table of ratings needs the columns {', '.join(COLUMNS)}; it has no {', '.join(missing)}.")
    rows, notes = np.arange(len(ratings)), []
    if "kind" in ratings.columns:
        chosen = (ratings["kind"] == "independent").to_numpy(dtype=bool, na_value=False)
        notes.append(f"Independent ratings only: {chosen.sum()} of {len(chosen)} rows.")
        ratings, rows = ratings[chosen], rows[chosen]
    numbers = _numbers(ratings["rating"])
    if numbers.dtype.kind == "f" and np.isnan(numbers).any():
        given = ~np.isnan(numbers)
        notes.append(f"Missing ratings: {len(given) - given.sum()}.")
        ratings, rows, numbers = ratings[given], rows[given], numbers[given]
    point = _points(numbers, scale, rows)
    candidate, candidates = _codes(ratings["candidate"], rows)
    assessor, assessors = _codes(ratings["assessor"], rows)
    value, values = _codes(ratings["value"], rows)
    slot, slots = value, len(values)
    if "exercise" in ratings.columns and ratings["exercise"].notna().any():
        exercise, exercises = _codes(ratings["exercise"].astype(object).fillna(""), rows)
        slot, slots = value.astype(np.intp) * len(exercises) + exercise, len(values) * len(exercises)
    unit = candidate.astype(np.intp)
    unit *= slots
    unit += slot
    _refuse_duplicates(assessor, unit, len(assessors), rows)
    return CodedRatings(
        scale, candidate, assessor, value, point, unit,
        len(candidates), len(assessors), len(values), slots, tuple(values), candidates, " ".join(notes),
    )  # fmt: skip


def _numbers(column: pd.Series) -> np.ndarray:
    """The ratings as whole or floating numbers, whatever they came as."""
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iuf":
        return column.to_numpy()
    try:
        if column.dtype.kind in "iufO" and not any(isinstance(cell, str) for cell in column.array):
            return column.to_numpy(dtype=float, na_value=np.nan)
    except (TypeError, ValueError):
        pass
    raise UsageError(
        "Ratings must be numbers; the column holds text or something else.",
        next_step="Convert the column to numbers first, so that what a cell means is decided once.",
    )


def _points(numbers: np.ndarray, scale: Scale, rows: np.ndarray) -> np.ndarray:
    """Places on the scale, exactly; a rating between two points or beyond the ends is an error."""
    minimum, step = float(scale.minimum), float(scale.step)
    place = numbers.astype(np.float64)  # never in the small integers that came in, which overflow
    place -= minimum
    if step != 1:
        place /= step
    kind = np.int8 if len(scale) < 128 else np.int64
    if len(place) and place.min() >= 0 and place.max() < len(scale):
        point = place.astype(kind)
        if (point == place).all():
            return point
    with np.errstate(invalid="ignore"):
        nearest = np.rint(place)
        # A step such as 0.1 is not exact in binary: the nearest point is the rating if they differ by rounding only.
        wrong = ~((np.abs(place - nearest) < 1e-6) & (nearest >= 0) & (nearest < len(scale)))
    if wrong.any():
        raise UsageError(
            f"Every rating must be a point of the declared scale; {wrong.sum()} of {len(wrong)} are not ({_where(rows[wrong])}).",
            next_step="Correct the ratings, or declare the scale that the assessors used.",
        )
    return nearest.astype(kind)


def _codes(column: pd.Series, rows: np.ndarray) -> tuple[np.ndarray, Any]:
    """Codes and labels of a column; a categorical's own codes are used as they are."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes, labels = column.cat.codes.to_numpy(), np.asarray(column.cat.categories)
        if len(labels) > 2 * len(codes) + 100:  # a small part of a large table: leave the unused labels behind
            used, codes = np.unique(codes, return_inverse=True)
            codes, labels = (codes - (used[0] < 0 if len(used) else 0), labels[used[used >= 0]])
    else:
        codes, found = pd.factorize(column)
        labels = np.empty(len(found), dtype=object)
        labels[:] = list(found)
        order = sorted(range(len(labels)), key=lambda i: (type(labels[i]).__name__, labels[i]))
        place = np.empty(len(order), dtype=codes.dtype)
        place[order] = np.arange(len(order))
        labels = labels[order]
        codes = np.where(codes < 0, codes, place[codes]) if len(order) else codes
    if len(codes) and codes.min() < 0:
        raise UsageError(
            f"Every rating needs its {column.name}; {(codes < 0).sum()} have none ({_where(rows[codes < 0])}).",
            next_step="Complete the table, or leave those rows out knowingly.",
        )
    return codes, labels


def _refuse_duplicates(assessor: np.ndarray, unit: np.ndarray, n_assessors: int, rows: np.ndarray) -> None:
    size = np.bincount(unit)
    if (unit[1:] >= unit[:-1]).all():  # a unit's ratings stand together: look back as far as the largest unit reaches
        found = any(((unit[lag:] == unit[:-lag]) & (assessor[lag:] == assessor[:-lag])).any() for lag in range(1, size.max(initial=0)))
    else:
        found = _found_in_rounds(assessor, unit, size)
    if not found:
        return
    key = unit * n_assessors + assessor
    twice = pd.Series(key).duplicated(keep=False).to_numpy()
    raise UsageError(
        f"An assessor rates a value of a candidate once; {twice.sum()} rows share candidate, assessor and value ({_where(rows[twice])}).",
        next_step="Keep one row of each; averaging them would hide which rating counted.",
    )


def _found_in_rounds(assessor: np.ndarray, unit: np.ndarray, size: np.ndarray) -> bool:
    """Whether an assessor occurs twice in a unit: each round takes one assessor off every unit that has ratings left."""
    last = np.empty(len(size), dtype=assessor.dtype)
    for taken in range(1, size.max(initial=0)):
        last[unit] = assessor
        other = last[unit] != assessor
        if len(unit) - np.count_nonzero(other) > np.count_nonzero(size >= taken):
            return True
        unit, assessor = unit[other], assessor[other]
    return False


def _where(rows: np.ndarray) -> str:
    """Row positions as people count them, the first row being 1."""
    shown = ", ".join(str(row + 1) for row in rows[:_SHOWN])
    return f"row{'s' if len(rows) > 1 else ''} {shown}{' and more' if len(rows) > _SHOWN else ''}, counting from 1"
