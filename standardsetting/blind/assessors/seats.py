"""Every sitting of an assessor with a candidate, beside what the co-assessors gave the same candidate on the same values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from standardsetting.blind.rated import Dropped, rated
from standardsetting.blind.rota_links import assessor_links
from standardsetting.errors import FindingsError, UsageError
from standardsetting.scale import Scale


@dataclass(frozen=True)
class Seats:
    """One row a seat: an assessor who rated a candidate. Two-dimensional arrays have one column a value; NaN where nothing was rated.

    Attributes
    ----------
    candidates, assessors, values
        The labels that the codes point at.
    candidate, assessor
        Codes, by candidate and assessor.
    subset
        For each assessor the number of its connected subset, 1 the largest.
    x
        The ratings.
    others
        How many co-assessors rated the same candidate on the same value.
    rest, rest_square
        The mean of the co-assessors' ratings, and of their squares.
    day, sequence
        The window day of the interview, and the place of the candidate in the order of interviews; None where the table has no such column.
    scale
        The declared scale.
    dropped
        What was left out, and why.
    """

    candidates: np.ndarray
    assessors: np.ndarray
    values: np.ndarray
    candidate: np.ndarray
    assessor: np.ndarray
    subset: np.ndarray
    x: np.ndarray
    others: np.ndarray
    rest: np.ndarray
    rest_square: np.ndarray
    day: np.ndarray | None
    sequence: np.ndarray | None
    scale: Scale
    dropped: tuple[Dropped, ...]

    def __len__(self) -> int:
        return len(self.candidate)

    @property
    def shared(self) -> np.ndarray:
        """The cells that a co-assessor rated too."""
        return ~np.isnan(self.rest)

    @property
    def whole(self) -> np.ndarray:
        """The seats with a rating of every value."""
        return ~np.isnan(self.x).any(axis=1)

    @property
    def point(self) -> np.ndarray:
        """The ratings as steps above the scale's minimum; -1 where there is none."""
        steps = np.rint((self.x - float(self.scale.minimum)) / float(self.scale.step))
        return np.where(np.isnan(self.x), -1, steps).astype(np.int64)

    def among_co_assessors(self, indicator: np.ndarray) -> np.ndarray:
        """The share of co-assessors of whom something is true on the same candidate and value."""
        return _rest(self.candidate, np.where(np.isnan(self.x), 0.0, indicator), self.others, len(self.candidates))

    def by_assessor(self, weights: np.ndarray | None = None) -> np.ndarray:
        """A sum over each assessor's seats."""
        return np.bincount(self.assessor, weights=weights, minlength=len(self.assessors))


def seats(ratings: pd.DataFrame, *, scale: Scale) -> Seats:
    """The seats of a long table of independent ratings.

    Raises
    ------
    FindingsError
        A rating is not on the declared scale, or a rating stands twice.
    """
    coded = rated(ratings, needs=("candidate", "assessor", "rating"))
    _on_scale(coded.rating, scale)
    n, n_assessors, n_values = coded.shape
    key = coded.candidate.astype(np.int64) * n_assessors + coded.assessor
    pairs, seat = np.unique(key, return_inverse=True)
    candidate, assessor = np.divmod(pairs, n_assessors)
    x = np.full((len(pairs), n_values), np.nan)
    x[seat, coded.value] = coded.rating
    have = (~np.isnan(x)).astype(float)
    others = _totals(candidate, have, n)[candidate] - 1
    others = np.where(have > 0, others, np.nan)
    known = np.nan_to_num(x)
    return Seats(
        candidates=coded.candidates,
        assessors=coded.assessors,
        values=coded.values,
        candidate=candidate,
        assessor=assessor,
        subset=_subsets(candidate, assessor, have > 0, n_assessors),
        x=x,
        others=others,
        rest=_rest(candidate, known, others, n),
        rest_square=_rest(candidate, known**2, others, n),
        day=_of_candidates(ratings, "day", coded.candidates, candidate),
        sequence=_of_candidates(ratings, "sequence", coded.candidates, candidate),
        scale=scale,
        dropped=coded.dropped,
    )


def seat_pairs(candidate: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two rows for each pair of assessors of a candidate; rows stand by candidate."""
    first, second = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    for apart in range(1, int(np.bincount(candidate).max(initial=1))):
        together = np.flatnonzero(candidate[:-apart] == candidate[apart:])
        first.append(together)
        second.append(together + apart)
    return np.concatenate(first), np.concatenate(second)


def _on_scale(rating: np.ndarray, scale: Scale) -> None:
    distinct, times = np.unique(rating, return_counts=True)
    off = sum(int(count) for one, count in zip(distinct, times, strict=True) if float(one) not in scale)
    if off:
        raise FindingsError(
            f"Ratings on the declared scale were expected; {off} of {len(rating)} are not on it.",
            next_step="Correct them, or declare the scale that was used.",
        )


def _totals(candidate: np.ndarray, cells: np.ndarray, n: int) -> np.ndarray:
    return np.column_stack([np.bincount(candidate, weights=column, minlength=n) for column in cells.T])


def _rest(candidate: np.ndarray, cells: np.ndarray, others: np.ndarray, n: int) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(others > 0, (_totals(candidate, cells, n)[candidate] - cells) / others, np.nan)


def _subsets(candidate: np.ndarray, assessor: np.ndarray, have: np.ndarray, n_assessors: int) -> np.ndarray:
    if not have.all():  # whoever rated other values of the same candidate is no co-assessor: the cell links, not the candidate
        seat, value = np.nonzero(have)
        candidate, assessor = candidate[seat] * have.shape[1] + value, assessor[seat]
    component = assessor_links(candidate, assessor, n_assessors).component
    size = np.bincount(component)
    rank = np.empty(len(size), dtype=np.int64)
    rank[np.argsort(-size, kind="stable")] = np.arange(1, len(size) + 1)
    return rank[component]


def _of_candidates(ratings: pd.DataFrame, column: str, candidates: np.ndarray, candidate: np.ndarray) -> np.ndarray | None:
    """A fact of the interview for each seat; None where the table has none."""
    if column not in ratings.columns or ratings[column].isna().all():
        return None
    facts = ratings[["candidate", column]].dropna().drop_duplicates()
    if facts["candidate"].duplicated().any():
        several = int(facts["candidate"].duplicated().sum())
        raise UsageError(f"One {column} for each candidate was expected; {several} candidates have another.")
    places = pd.Index(facts["candidate"].astype(object)).get_indexer(pd.Index(candidates, dtype=object))
    numbers = np.append(facts[column].to_numpy(dtype=np.float64, na_value=np.nan), np.nan)
    return numbers[places][candidate]
