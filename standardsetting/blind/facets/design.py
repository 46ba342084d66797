"""Who rated whom on what: the ratings as integer rows, checked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from standardsetting.errors import FindingsError, UsageError
from standardsetting.scale import Scale

FACETS = ("candidate", "assessor", "value")
# Rows worked on at a time: a few megabytes of probabilities, whatever the size of the cohort.
_ROWS_AT_A_TIME = 60_000


@dataclass(frozen=True)
class Design:
    """Ratings as rows of whole numbers, sorted by candidate, assessor, value.

    Attributes
    ----------
    codes
        The codes of each facet, sorted; the rows below hold positions in them.
    candidate, assessor, value
        One entry a rating.
    category
        The step of the scale: 0 for its minimum, `top` for its maximum. Half-points are steps like any other.
    top
        The number of steps of the declared scale.
    """

    codes: dict[str, np.ndarray]
    candidate: np.ndarray
    assessor: np.ndarray
    value: np.ndarray
    category: np.ndarray
    top: int

    def __len__(self) -> int:
        return len(self.category)

    def size(self, facet: str) -> int:
        return len(self.codes[facet])

    def rows(self, facet: str) -> np.ndarray:
        found: np.ndarray = getattr(self, facet)
        return found

    def total(self, facet: str, weights: np.ndarray | None = None) -> np.ndarray:
        """The sum of `weights` (or the number of ratings) by element of a facet."""
        return np.bincount(self.rows(facet), weights, minlength=self.size(facet))

    @cached_property
    def start(self) -> np.ndarray:
        """Where each candidate's rows start, and the end of the last."""
        return np.searchsorted(self.candidate, np.arange(self.size("candidate") + 1))

    def chunks(self, rows: int = _ROWS_AT_A_TIME) -> Iterator[tuple[slice, slice]]:
        """Whole candidates at a time: their positions, and the positions of their rows."""
        n = self.size("candidate")
        step = max(1, int(rows * n / max(len(self), 1)))
        for first in range(0, n, step):
            last = min(first + step, n)
            yield slice(first, last), slice(int(self.start[first]), int(self.start[last]))

    def keep(self, mask: np.ndarray) -> Design:
        """The design of some of the rows, with only the elements that occur in them."""
        codes, columns = {}, {}
        for facet in FACETS:
            rows = self.rows(facet)[mask]
            present = np.bincount(rows, minlength=self.size(facet)) > 0
            codes[facet] = self.codes[facet][present]
            columns[facet] = (np.cumsum(present) - 1)[rows].astype(np.int32)
        return replace(self, codes=codes, category=self.category[mask], **columns)


def read(ratings: pd.DataFrame, scale: Scale) -> tuple[Design, dict[str, int]]:
    """The design of a long table of ratings, and how many rows were set aside and why."""
    absent = [name for name in (*FACETS, "rating") if name not in ratings]
    if absent:
        raise UsageError(
            f"The ratings need the columns candidate, assessor, value and rating; not found: {', '.join(absent)}.",
            next_step="Rename the columns, or give the table in long form: one row a rating.",
        )
    aside = {}
    if "kind" in ratings:
        independent = ratings["kind"].astype(str).eq("independent").to_numpy()
        aside["not independent"] = int((~independent).sum())
        ratings = ratings if independent.all() else ratings[independent]
    numbers = pd.to_numeric(ratings["rating"], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    unreadable = int(np.isnan(numbers).sum() - ratings["rating"].isna().sum())
    aside["rating missing"] = int(ratings["rating"].isna().sum())
    present = ~np.isnan(numbers)
    if aside["rating missing"]:
        ratings, numbers = ratings[present], numbers[present]
    steps = (numbers - float(scale.minimum)) / float(scale.step)
    category = np.rint(steps)
    off = int((~(np.abs(steps - category) < 1e-9) | (category < 0) | (category > len(scale) - 1)).sum())
    if unreadable or off:
        raise FindingsError(
            f"Every rating must be a step of the declared scale; {max(unreadable, off)} of {len(numbers)} are not.",
            next_step="Correct the ratings, or declare the scale that the assessors used.",
        )
    if not len(numbers):
        raise FindingsError("There is no independent rating to fit a model to.")
    return _sorted(ratings, category, len(scale) - 1), aside


def _sorted(ratings: pd.DataFrame, category: np.ndarray, top: int) -> Design:
    codes, columns = {}, {}
    for facet in FACETS:
        positions, found = pd.factorize(ratings[facet], sort=True)
        if (positions < 0).any():
            raise FindingsError(f"Every rating needs a {facet}; {int((positions < 0).sum())} rows have none.")
        codes[facet], columns[facet] = np.asarray(found, dtype=object), positions.astype(np.int32)
    key = (columns["candidate"].astype(np.int64) * len(codes["assessor"]) + columns["assessor"]) * len(codes["value"]) + columns["value"]
    if not (np.diff(key) > 0).all():
        order = np.argsort(key, kind="stable")
        repeated = int((np.diff(key[order]) == 0).sum())
        if repeated:
            raise FindingsError(
                f"One rating for each candidate, assessor and value was expected; {repeated} rows repeat another.",
                next_step="Keep the rating that counts. Ratings of several exercises are fitted one exercise at a time.",
            )
        columns = {facet: rows[order] for facet, rows in columns.items()}
        category = category[order]
    return Design(codes=codes, category=category.astype(np.int16), top=top, **columns)
