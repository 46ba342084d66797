"""Who rated whom: a long table of ratings as whole-number codes, checked once, for every statistic on agreement and reliability."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from standardsetting.errors import FindingsError, UsageError

INDEPENDENT = "independent"
ROWS_SHOWN = 10


@dataclass(frozen=True)
class Dropped:
    """Rows or people left out of a statistic, and why."""

    count: int
    reason: str


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
        codes, labels = {}, {}
        for one, many in (("candidate", "candidates"), ("assessor", "assessors"), ("value", "values")):
            present, codes[one] = np.unique(getattr(self, one)[keep], return_inverse=True)
            labels[many] = getattr(self, many)[present]
        dropped = (*self.dropped, Dropped(int((~keep).sum()), reason))
        return replace(self, **codes, **labels, rating=self.rating[keep], dropped=dropped)


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
    missing = [column for column in needs if column not in ratings.columns]
    if missing:
        wanted = ", ".join(needs)
        raise UsageError(f"A long table with the columns {wanted} was expected; {', '.join(missing)} is not there.")
    numbers = _numbers(ratings["rating"])
    table, dropped = ratings.reset_index(drop=True), []
    if "kind" in ratings.columns:
        independent = (ratings["kind"] == INDEPENDENT).to_numpy(dtype=bool, na_value=False)
        if not independent.all():
            dropped.append(Dropped(int((~independent).sum()), "not an independent rating (revised or agreed)"))
            table, numbers = table.loc[independent], numbers[independent]
    have = ~np.isnan(numbers)
    if not have.all():
        dropped.append(Dropped(int((~have).sum()), "no rating"))
        table, numbers = table.loc[have], numbers[have]
    if not len(numbers):
        raise UsageError("Ratings were expected; the table has none that can be used.", next_step="Check the columns rating and kind.")
    codes, labels = {}, {}
    for column in ("candidate", "assessor", "value"):
        codes[column], labels[column] = _codes(table, column)
    coded = Rated(
        candidates=labels["candidate"],
        assessors=labels["assessor"],
        values=labels["value"],
        candidate=codes["candidate"],
        assessor=codes["assessor"],
        value=codes["value"],
        rating=numbers,
        dropped=tuple(dropped),
    )
    _refuse_repeats(coded, table)
    return coded


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


def _numbers(column: pd.Series) -> np.ndarray:
    try:
        # Always floats: products of small whole-number types overflow without a word.
        numbers = column.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError):
        found = int(pd.to_numeric(column, errors="coerce").isna().sum() - column.isna().sum())
        raise UsageError(f"Ratings as numbers were expected; {found} of {len(column)} are something else.") from None
    if np.isinf(numbers).any():
        raise UsageError(f"Finite ratings were expected; {int(np.isinf(numbers).sum())} are infinite.")
    return numbers


def _codes(table: pd.DataFrame, column: str) -> tuple[np.ndarray, np.ndarray]:
    if column not in table.columns:
        return np.zeros(len(table), dtype=np.int64), np.array([""], dtype=object)
    codes, labels = pd.factorize(table[column])
    if (codes < 0).any():
        raise UsageError(f"Every rating was expected to name its {column}; {int((codes < 0).sum())} do not.")
    names = np.asarray(labels, dtype=object)
    if column == "candidate":
        return codes, names
    order = np.argsort(names.astype(str), kind="stable")
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return rank[codes], names[order]


def _refuse_repeats(coded: Rated, table: pd.DataFrame) -> None:
    cell = coded.cell
    if (np.diff(cell) > 0).all():
        return
    ordered = np.sort(cell)
    if (np.diff(ordered) > 0).all():
        return
    repeated = pd.Series(cell).duplicated(keep=False).to_numpy()
    rows = [str(row + 1) for row in table.index[repeated][:ROWS_SHOWN]]
    raise FindingsError(
        f"One rating for each candidate, assessor and value was expected; {int(repeated.sum())} rows share theirs with another row.",
        details=[f"Rows {', '.join(rows)}" + (" and more" if repeated.sum() > ROWS_SHOWN else "") + ", counted from 1."],
        next_step="Remove the repeats, or take one exercise, one occasion or one value at a time.",
    )
