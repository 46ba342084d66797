"""Who rated whom: a long table of ratings as whole-number codes, checked once, for every statistic on agreement and reliability."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from numbers import Real
from typing import Literal, TypeVar

import numpy as np
import pandas as pd

from standardsetting.errors import FindingsError, UsageError

INDEPENDENT = "independent"
NOT_INDEPENDENT = "not an independent rating (revised or agreed)"
NO_RATING = "no rating"
ROWS_SHOWN = 10
Labels = TypeVar("Labels", np.ndarray, pd.Index)


@dataclass(frozen=True)
class Dropped:
    """Rows or people left out of a statistic, and why."""

    count: int
    reason: str


@dataclass(frozen=True)
class Usable:
    """The rows of a long table that hold an independent rating.

    Attributes
    ----------
    table, rating
        Those rows, and their ratings as numbers.
    dropped
        What was left out.
    position
        Where the rows stood in the whole table; None for all of it.
    """

    table: pd.DataFrame
    rating: np.ndarray
    dropped: tuple[Dropped, ...] = ()
    position: np.ndarray | None = None

    def only(self, keep: np.ndarray, reason: str) -> Usable:
        """The rows where `keep` is true, the rest counted under `reason`."""
        if keep.all():
            return self
        position = np.flatnonzero(keep) if self.position is None else self.position[keep]
        dropped = (*self.dropped, Dropped(len(keep) - len(position), reason))
        return Usable(self.table[keep], self.rating[keep], dropped, position)

    def rows(self, chosen: np.ndarray) -> str:
        """Where some of the rows stand, as people count: the first row is 1."""
        found = np.flatnonzero(chosen)
        found = found if self.position is None else self.position[found]
        shown = ", ".join(str(row + 1) for row in found[:ROWS_SHOWN])
        return f"row{'s' if len(found) > 1 else ''} {shown}{' and more' if len(found) > ROWS_SHOWN else ''}"

    def codes(self, column: str, *, order: Literal["seen", "text", "declared"]) -> tuple[np.ndarray, pd.Index]:
        """Whole numbers for the labels of a column, and the labels they point at.

        Labels stand in the order they are first seen, sorted as text, or as declared: a categorical's own codes as they are, used or not,
        and anything else sorted by what it is.
        """
        cells = self.table[column]
        categorical = isinstance(cells.dtype, pd.CategoricalDtype)
        codes, labels = (cells.cat.codes.to_numpy(), cells.cat.categories) if categorical else pd.factorize(cells)
        if len(codes) and codes.min() < 0:
            raise UsageError(
                f"Every rating needs its {column}; {(codes < 0).sum()} have none ({self.rows(codes < 0)}, counting from 1).",
                next_step="Complete the table, or leave those rows out knowingly.",
            )
        if categorical and order == "seen":
            codes, used = pd.factorize(codes)
            return codes, labels[used]
        # Unused labels go, unless they are declared and few: a small part of a large table leaves them behind.
        if categorical and (order == "text" or len(labels) > 2 * len(codes) + 100):
            codes, labels = closed_up(codes, labels)
        if order == "text" or (order == "declared" and not categorical):
            codes, labels = _sorted(codes, labels, as_text=order == "text")
        return codes, labels


@dataclass(frozen=True)
class Rated:
    """Ratings as arrays of codes, one entry a rating.

    Attributes
    ----------
    candidates, assessors, values
        The labels that the codes point at. Assessors and values are sorted; candidates stand in the order they first appear.
    candidate, assessor, value
        Codes. A table without that column has the one code 0.
    rating
        The ratings as floats, none missing.
    dropped
        What was left out.
    """

    candidates: np.ndarray
    assessors: np.ndarray
    values: np.ndarray
    candidate: np.ndarray
    assessor: np.ndarray
    value: np.ndarray
    rating: np.ndarray
    dropped: tuple[Dropped, ...] = ()

    def __len__(self) -> int:
        return len(self.rating)

    @property
    def shape(self) -> tuple[int, int, int]:
        """How many candidates, assessors and values."""
        return len(self.candidates), len(self.assessors), len(self.values)

    @property
    def cell(self) -> np.ndarray:
        """One whole number for each candidate, assessor and value."""
        _, n_assessors, n_values = self.shape
        return (self.candidate.astype(np.int64) * n_assessors + self.assessor) * n_values + self.value

    def only(self, keep: np.ndarray, reason: str) -> Rated:
        """The ratings where `keep` is true, codes closed up, the rest counted under `reason`."""
        if keep.all():
            return self
        at, parts = np.flatnonzero(keep), {}
        for one, many in (("candidate", "candidates"), ("assessor", "assessors"), ("value", "values")):
            parts[one], parts[many] = closed_up(getattr(self, one)[at], getattr(self, many))
        dropped = (*self.dropped, Dropped(len(keep) - len(at), reason))
        return replace(self, **parts, rating=self.rating[at], dropped=dropped)


def rated(ratings: pd.DataFrame, *, needs: Sequence[str] = ("candidate", "assessor", "rating")) -> Rated:
    """The codes of a long table of ratings.

    Missing ratings are dropped and counted. Where the table has a `kind`, only independent ratings are used: a revised or an agreed score
    is not a second opinion.

    Raises
    ------
    FindingsError
        The same candidate, assessor and value twice: averaging them silently would invent a rating.
    UsageError
        A column that is not there, ratings that are not numbers, or nothing left to use.

    Examples
    --------
    >>> table = pd.DataFrame({"candidate": ["c", "c", "d"], "assessor": ["a", "b", "a"], "rating": [3, 4, None]})
    >>> rated(table).shape, rated(table).dropped[0].reason
    ((1, 2, 1), 'no rating')
    """
    used = usable(ratings, needs=needs)
    rating = used.rating.astype(np.float64)  # always floats: products of small whole-number types overflow without a word
    if np.isinf(rating).any():
        raise UsageError(f"Finite ratings were expected; {int(np.isinf(rating).sum())} are infinite.")
    if not len(rating):
        raise UsageError("Ratings were expected; the table has none that can be used.", next_step="Check the columns rating and kind.")
    columns: dict[str, np.ndarray] = {}
    for one, many in (("candidate", "candidates"), ("assessor", "assessors"), ("value", "values")):
        codes, labels = np.zeros(len(rating), dtype=np.int64), pd.Index([""], dtype=object)
        if one in ratings.columns:
            codes, labels = used.codes(one, order="seen" if one == "candidate" else "text")
        columns[one], columns[many] = codes, np.asarray(labels, dtype=object)
    coded = Rated(**columns, rating=rating, dropped=used.dropped)
    unit = coded.candidate * len(coded.values) + coded.value
    repeated = repeats(unit, coded.assessor, np.bincount(np.bincount(unit)))
    if repeated is not None:
        raise FindingsError(
            f"One rating for each candidate, assessor and value was expected; {repeated.sum()} rows share theirs with another row.",
            details=[f"{used.rows(repeated).capitalize()}, counted from 1."],
            next_step="Remove the repeats, or take one exercise, one occasion or one value at a time.",
        )
    return coded


def usable(ratings: pd.DataFrame, *, needs: Sequence[str]) -> Usable:
    """The rows that hold a rating, independent ones only where the table has a `kind`."""
    missing = [column for column in needs if column not in ratings.columns]
    if missing:
        wanted = ", ".join(needs)
        raise UsageError(f"A long table with the columns {wanted} was expected; {', '.join(missing)} is not there.")
    used = Usable(ratings, _numbers(ratings["rating"]))
    if "kind" in ratings.columns:
        used = used.only((ratings["kind"] == INDEPENDENT).to_numpy(dtype=bool, na_value=False), NOT_INDEPENDENT)
    return used if used.rating.dtype.kind != "f" else used.only(~np.isnan(used.rating), NO_RATING)


def repeats(unit: np.ndarray, assessor: np.ndarray, of_size: np.ndarray) -> np.ndarray | None:
    """Ratings that share their unit (a value of a candidate) and their assessor with another; None where there are none.

    `of_size` holds how many units have no rating, one, two, and so on.
    """
    largest, last = len(of_size) - 1, np.empty(of_size.sum(), dtype=assessor.dtype)
    left, who = unit, assessor
    # Each round takes one assessor off every unit that has ratings left.
    for taken in range(1, largest):
        last[left] = who
        other = last[left] != who
        if len(left) - np.count_nonzero(other) > of_size[taken:].sum():
            return pd.DataFrame({"unit": unit, "assessor": assessor}).duplicated(keep=False).to_numpy()
        if taken + 1 < largest:
            left, who = left[other], who[other]
    return None


def numbered(written: np.ndarray, below: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The distinct whole numbers from 0 to `below`, sorted; the place of each one's among them; how often each occurs."""
    if below <= 4 * len(written) + 65536:
        often = np.bincount(written, minlength=below)
        found = np.flatnonzero(often)
        place = np.empty(below, dtype=np.intp)
        place[found] = np.arange(len(found))
        return found, place[written], often[found]
    risen = np.diff(written, prepend=-1)
    if (risen < 0).any():
        return np.unique(written, return_inverse=True, return_counts=True)
    first = np.flatnonzero(risen)
    often = np.diff(first, append=len(written))
    return written[first], np.repeat(np.arange(len(first)), often), often


def one_rating_an_assessor(coded: Rated) -> Rated:
    """The totals that each assessor gave each candidate, as a table with one value; pairs without every value are left out and counted."""
    _, n_assessors, n_values = coded.shape
    if n_values == 1:
        return coded
    pair = coded.candidate.astype(np.int64) * n_assessors + coded.assessor
    pairs, where, count = np.unique(pair, return_inverse=True, return_counts=True)
    totals = np.bincount(where, weights=coded.rating)
    candidate, assessor = np.divmod(pairs, n_assessors)
    whole = replace(
        coded,
        candidate=candidate,
        assessor=assessor,
        value=np.zeros(len(pairs), dtype=np.int64),
        values=np.array(["total"], dtype=object),
        rating=totals,
    )
    if not (count == n_values).any():
        raise UsageError(f"Totals over {n_values} values were expected; no assessor rated every value of any candidate.")
    return whole.only(count == n_values, "an assessor's ratings of a candidate without every value have no total")


def closed_up(codes: np.ndarray, labels: Labels) -> tuple[np.ndarray, Labels]:
    """The codes without gaps, and the labels that are used."""
    used = np.bincount(codes, minlength=len(labels)) > 0
    return (np.cumsum(used) - 1)[codes], labels[used]


def _numbers(column: pd.Series) -> np.ndarray:
    """The ratings as whole or floating numbers, whatever they came as."""
    if column.dtype.kind in "iuf":
        return column.to_numpy() if isinstance(column.dtype, np.dtype) else column.to_numpy(dtype=np.float64, na_value=np.nan)
    cells = column.astype(object)
    other = [not isinstance(cell, Real | Decimal) for cell in cells[cells.notna()]]
    if any(other):
        raise UsageError(
            f"Ratings must be numbers; {sum(other)} of {len(column)} are something else.",
            next_step="Convert the column to numbers first, so that what a cell means is decided once.",
        )
    return cells.to_numpy(dtype=np.float64, na_value=np.nan)


def _sorted(codes: np.ndarray, labels: pd.Index, *, as_text: bool) -> tuple[np.ndarray, pd.Index]:
    if as_text:
        order = np.argsort(np.asarray(labels, dtype=object).astype(str), kind="stable")
    elif labels.is_monotonic_increasing:
        return codes, labels
    elif labels.inferred_type.startswith("mixed"):
        order = np.array(sorted(range(len(labels)), key=lambda i: (type(labels[i]).__name__, labels[i])))
    else:
        order = labels.argsort()
    place = np.empty(len(order), dtype=np.intp)
    place[order] = np.arange(len(order))
    return place[codes], labels[order]
