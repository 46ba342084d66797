"""The standard error of measurement by score: on a scale with two ends it is not the same everywhere."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from standardsetting.blind.part_scores import part_scores
from standardsetting.blind.rated import Dropped, one_rating_an_assessor, rated
from standardsetting.errors import UsageError

METHODS = ("assessors", "mollenkopf", "thorndike")


@dataclass(frozen=True)
class ConditionalError:
    """The standard error of measurement of a total, by total.

    Attributes
    ----------
    table
        One row a total (or an interval of totals): `total` (or `above`, `to`), `candidates`, `csem`; for Thorndike's method also
        `csem_within`.
    coefficients
        Of the quadratic in the total that squared errors were smoothed with: constant, linear, square. Empty for Thorndike's method.
    method, n_candidates, dropped, sentence
        How it was made.
    """

    table: pd.DataFrame
    coefficients: tuple[float, ...]
    method: str
    n_candidates: int
    dropped: tuple[Dropped, ...]
    sentence: str


def conditional_sem(
    ratings: pd.DataFrame,
    *,
    method: str = "assessors",
    halves: tuple[Sequence[str], Sequence[str]] | None = None,
    totals: Sequence[float] | None = None,
    edges: Sequence[float] | None = None,
) -> ConditionalError:
    """By how much does an observed total miss the true one, at this total?

    Parameters
    ----------
    ratings
        A long table: `candidate`, `rating`, `value`, and `assessor` for the method of that name.
    method
        `assessors`: from how far a candidate's assessors lie apart in their totals, the variance of their mean smoothed by a quadratic in
        the mean total. `mollenkopf`: the squared difference of two halves of the values, smoothed the same way. `thorndike`: the standard
        deviation of the difference of the halves within intervals of the total. The halves' methods leave out the assessor.
    halves
        The values of each half; by default the first and the second half of the values in order.
    totals
        Where to show it; by default every observed total.
    edges
        Thorndike's intervals, each above one edge up to the next; by default six with as equal numbers as the totals allow.

    References
    ----------
    Mollenkopf (1949), Psychometrika 14, 189-229. Thorndike (1951), in Educational Measurement. Feldt, Steffen and Gupta (1985), Applied
    Psychological Measurement 9, 351-361.

    Examples
    --------
    Assessors one point apart on every candidate: the mean of two misses by half of that, everywhere.

    >>> table = pd.DataFrame({"candidate": list("ccddeeff"), "assessor": list("abababab"), "rating": [1, 2, 2, 3, 3, 4, 4, 5]})
    >>> conditional_sem(table, totals=[2, 4]).table["csem"].round(3).tolist()
    [0.5, 0.5]
    """
    if method not in METHODS:
        raise UsageError(f"method was expected to be one of {', '.join(METHODS)}.")
    if method == "assessors":
        return _between_assessors(ratings, totals)
    wide, names, dropped = part_scores(ratings, "value", drop=True)
    first, second = halves or (names[: len(names) // 2], names[len(names) // 2 :])
    inside = [np.array([name in half for name in names]) for half in (first, second)]
    if (inside[0] & inside[1]).any() or not (inside[0] | inside[1]).all() or not inside[0].any() or not inside[1].any():
        raise UsageError("Two halves that share no value and leave none out were expected.")
    difference = wide[:, inside[0]].sum(axis=1) - wide[:, inside[1]].sum(axis=1)
    observed = wide.sum(axis=1)
    if method == "mollenkopf":
        return _smoothed(observed, (difference - difference.mean()) ** 2, totals, "Mollenkopf: squared difference of halves", dropped)
    return _thorndike(observed, difference, edges, dropped)


def _between_assessors(ratings: pd.DataFrame, totals: Sequence[float] | None) -> ConditionalError:
    coded = one_rating_an_assessor(rated(ratings))
    size = np.bincount(coded.candidate).astype(float)
    mean = np.bincount(coded.candidate, weights=coded.rating) / size
    squares = np.bincount(coded.candidate, weights=(coded.rating - mean[coded.candidate]) ** 2)
    twice = size > 1
    if not twice.any():
        raise UsageError("Candidates with totals from two assessors were expected; there are none.")
    dropped = coded.dropped
    if not twice.all():
        dropped = (*dropped, Dropped(int((~twice).sum()), "candidates with one assessor: nothing to compare"))
    variance = squares[twice] / (size[twice] - 1) / size[twice]
    return _smoothed(mean[twice], variance, totals, "between a candidate's assessors, of their mean total", dropped)


def _smoothed(
    observed: np.ndarray, squares: np.ndarray, totals: Sequence[float] | None, how: str, dropped: tuple[Dropped, ...]
) -> ConditionalError:
    if len(np.unique(observed)) < 3:
        raise UsageError("Three different totals or more were expected: errors are smoothed by a quadratic.")
    # Centred, so that the square and the total are not nearly the same column.
    centre = observed.mean()
    fitted = np.polynomial.polynomial.polyfit(observed - centre, squares, 2)
    shown, counts = np.unique(observed, return_counts=True)
    if totals is not None:
        shown, counts = np.array(totals, dtype=float), np.array([int((observed == total).sum()) for total in totals])
    variance = np.polynomial.polynomial.polyval(shown - centre, fitted)
    table = pd.DataFrame({"total": shown, "candidates": counts, "csem": np.sqrt(np.where(variance >= 0, variance, np.nan))})
    a, b, c = fitted
    below = int((variance < 0).sum())
    sentence = f"The error of a total runs from {table['csem'].min():.2f} to {table['csem'].max():.2f} points over the totals shown." + (
        f" At {below} of them the smooth curve falls below zero and says nothing." if below else ""
    )
    plain = (float(a - b * centre + c * centre**2), float(b - 2 * c * centre), float(c))
    return ConditionalError(table, plain, f"{how}, smoothed by a quadratic in the total", len(observed), dropped, sentence)


def _thorndike(
    observed: np.ndarray, difference: np.ndarray, edges: Sequence[float] | None, dropped: tuple[Dropped, ...]
) -> ConditionalError:
    if edges is None:
        inner = np.unique(np.quantile(observed, np.linspace(0, 1, 7)[1:], method="lower"))
        edges = [float(observed.min()) - 1, *inner.tolist()]
    grand = (difference - difference.mean()) ** 2
    rows = []
    for above, to in itertools.pairwise(edges):
        inside = (observed > above) & (observed <= to)
        n = int(inside.sum())
        within = float(difference[inside].std(ddof=1)) if n > 1 else float("nan")
        rows.append((above, to, n, float(np.sqrt(grand[inside].mean())) if n else float("nan"), within))
    table = pd.DataFrame(rows, columns=["above", "to", "candidates", "csem", "csem_within"])
    outside = len(observed) - int(table["candidates"].sum())
    if outside:
        dropped = (*dropped, Dropped(outside, "candidates whose total lies outside the intervals"))
    sentence = f"The error of a total runs from {table['csem'].min():.2f} to {table['csem'].max():.2f} points over {len(table)} intervals."
    how = "Thorndike: difference of halves within intervals (csem about the overall means, csem_within about the interval's)"
    return ConditionalError(table, (), how, len(observed), dropped, sentence)
