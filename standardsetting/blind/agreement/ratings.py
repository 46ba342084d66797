"""The long table of ratings as whole-number codes: read once, checked once, used by every coefficient."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from standardsetting.blind.agreement.unit_types import UnitTypes, unit_types
from standardsetting.blind.rated import NO_RATING, NOT_INDEPENDENT, Usable, numbered, repeats, usable
from standardsetting.errors import UsageError
from standardsetting.scale import Scale

COLUMNS = ("candidate", "assessor", "value", "rating")


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
    def types(self) -> UnitTypes:
        """Units with the same ratings, counted once."""
        return unit_types(self.unit, self.point, n_units=self.n_candidates * self.slots, k=len(self.scale))

    @cached_property
    def rated_candidates(self) -> np.ndarray:
        """Whether each candidate has a rating."""
        written, there = self.types.written.reshape(self.n_candidates, self.slots), np.zeros(self.n_candidates, dtype=bool)
        for slot in range(self.slots):
            there |= written[:, slot] > 0
        return there

    @cached_property
    def assessors_present(self) -> np.ndarray:
        """Codes of the assessors who gave at least one of these ratings."""
        return np.flatnonzero(np.bincount(self.assessor, minlength=self.n_assessors))

    @cached_property
    def n_single(self) -> int:
        """How many units have one rating."""
        return int(self.types.of_size[1:2].sum())

    @cached_property
    def used(self) -> dict[str, int]:
        """How many candidates, assessors, ratings and units there are with at least one rating."""
        return {
            "n_candidates": int(np.count_nonzero(self.rated_candidates)),
            "n_assessors": len(self.assessors_present),
            "n_ratings": len(self.point),
            "n_units": int(self.types.of_size[1:].sum()),
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
    def use(self) -> np.ndarray:
        """The column `assessor's place * points + point` of every rating: how each assessor uses the scale."""
        return self.place * len(self.scale) + self.point

    @cached_property
    def pairs(self) -> tuple[np.ndarray, np.ndarray]:
        """Positions of every two ratings of the same unit, the assessor with the lower code first."""
        largest = int(self.unit_size.max(initial=0))
        if largest <= 2:
            positions = np.arange(len(self.unit), dtype=np.int32)
            first, last = np.empty(len(self.unit_size), np.int32), np.empty(len(self.unit_size), np.int32)
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
        distinct, pair, _ = numbered(key, n * n)
        return pair, distinct // n, distinct % n

    @cached_property
    def panel_margins(self) -> np.ndarray:
        """How often either assessor of a panel used each point in the panel's units: the first's, panel by panel, then the second's."""
        k, (pair, first, _) = len(self.scale), self.panels
        return np.concatenate([np.bincount(pair * k + self.point[side], minlength=len(first) * k) for side in self.pairs])

    @cached_property
    def n_constant_panels(self) -> int:
        """Panels whose two assessors used one and the same point throughout."""
        used = self.panel_margins.reshape(2, -1, len(self.scale)).sum(axis=0)
        return int(np.count_nonzero(np.count_nonzero(used, axis=1) == 1))

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
    used, notes = usable(ratings, needs=COLUMNS), []
    dropped = {left.reason: left.count for left in used.dropped}
    if "kind" in ratings.columns:
        notes.append(f"Independent ratings only: {len(ratings) - dropped.get(NOT_INDEPENDENT, 0)} of {len(ratings)} rows.")
    if NO_RATING in dropped:
        notes.append(f"Missing ratings: {dropped[NO_RATING]}.")
    point = _points(used, scale)
    candidate, candidates = _narrow(*used.codes("candidate", order="declared"))
    assessor, assessors = _narrow(*used.codes("assessor", order="declared"))
    value, values = _narrow(*used.codes("value", order="declared"))
    slot, slots = value, len(values)
    if "exercise" in ratings.columns and used.table["exercise"].notna().any():
        named = replace(used, table=used.table[["exercise"]].astype(object).fillna(""))
        exercise, exercises = named.codes("exercise", order="declared")
        slot, slots = value.astype(np.intp) * len(exercises) + exercise, len(values) * len(exercises)
    unit = candidate.astype(np.intp)
    unit *= slots
    unit += slot
    coded = CodedRatings(
        scale, candidate, assessor, value, point, unit,
        len(candidates), len(assessors), len(values), slots, tuple(values), candidates, " ".join(notes),
    )  # fmt: skip
    twice = repeats(unit, assessor, coded.types.of_size)
    if twice is not None:
        raise UsageError(
            f"An assessor rates a value of a candidate once; {twice.sum()} rows share candidate, assessor and value "
            f"({used.rows(twice)}, counting from 1).",
            next_step="Keep one row of each; averaging them would hide which rating counted.",
        )
    return coded


def _narrow(codes: np.ndarray, labels: pd.Index) -> tuple[np.ndarray, pd.Index]:
    return codes.astype(np.int32) if codes.itemsize > 4 else codes, labels


def _points(used: Usable, scale: Scale) -> np.ndarray:
    """Places on the scale, exactly; a rating between two points or beyond the ends is an error."""
    kind = np.int8 if len(scale) < 128 else np.int64
    given, minimum, step = used.rating, scale.minimum, scale.step
    if step == 1 and minimum.denominator == 1 and len(given):  # whole points: no division, no rounding
        with np.errstate(invalid="ignore"):
            whole = given.astype(np.int16 if max(abs(minimum), abs(scale.maximum)) < 2**15 else np.int64)
        if whole.min() >= minimum and whole.max() <= scale.maximum and (whole == given).all():
            return (whole - int(minimum)).astype(kind)
    place = (given.astype(np.float64) - float(minimum)) / float(step)
    with np.errstate(invalid="ignore"):
        nearest = np.rint(place)
        # A step such as 0.1 is not exact in binary: the nearest point is the rating if they differ by rounding only.
        wrong = ~((np.abs(place - nearest) < 1e-6) & (nearest >= 0) & (nearest < len(scale)))
    if wrong.any():
        raise UsageError(
            f"Every rating must be a point of the declared scale; {wrong.sum()} of {len(wrong)} are not "
            f"({used.rows(wrong)}, counting from 1).",
            next_step="Correct the ratings, or declare the scale that the assessors used.",
        )
    return nearest.astype(kind)
