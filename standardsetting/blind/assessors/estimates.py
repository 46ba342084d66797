"""A figure for each assessor with its interval, from sums over the candidates of that assessor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit


@dataclass(frozen=True)
class Estimates:
    """One figure for every assessor.

    Attributes
    ----------
    value, standard_error, low, high
        Arrays, one entry an assessor; NaN where undefined.
    n
        On how many candidates each rests.
    """

    value: np.ndarray
    standard_error: np.ndarray
    low: np.ndarray
    high: np.ndarray
    n: np.ndarray

    def z(self, expected: np.ndarray | float = 0.0) -> np.ndarray:
        """Distance from what was expected, in standard errors; 0 where undefined.

        The same distance on every candidate has no error to measure it by: any such distance counts as infinitely many, and none as none.
        """
        gap = self.value - expected
        exact = np.select([gap > 1e-9, gap < -1e-9], [np.inf, -np.inf], 0.0)
        with np.errstate(invalid="ignore", divide="ignore"):
            found = np.where(self.standard_error < 1e-9, exact, gap / self.standard_error)
        return np.where(np.isnan(found), 0.0, found)


def with_interval(value: np.ndarray, standard_error: np.ndarray, n: np.ndarray, *, confidence: float) -> Estimates:
    """Value plus and minus t standard errors, t on n - 1 degrees of freedom."""
    with np.errstate(invalid="ignore"):
        half = stdtrit(np.maximum(n - 1, 1).astype(float), (1 + confidence) / 2) * standard_error
    return Estimates(value, standard_error, value - half, value + half, n)


def jackknife(
    sums: np.ndarray,
    assessor: np.ndarray,
    n_assessors: int,
    statistic: Callable[[np.ndarray], np.ndarray],
    *,
    confidence: float,
    fewest: int = 3,
) -> Estimates:
    """A function of sums over an assessor's candidates, with the standard error of leaving out one candidate at a time.

    Ratings of one candidate on several values hang together: the candidate is the unit, not the rating. For a mean this is its usual
    standard error.

    Parameters
    ----------
    sums
        One row a seat, one column a sum; rows with a missing sum are left out.
    assessor, n_assessors
        Whose seat it is.
    statistic
        From an array of sums (the last axis) to the figure; NaN where undefined.
    fewest
        With fewer candidates the figure is undefined.

    Examples
    --------
    The mean of 1, 2 and 6 is 3, and its standard error sqrt(7 / 3).

    >>> sums = np.array([[1.0, 1], [1, 2], [1, 6]])
    >>> found = jackknife(sums, np.zeros(3, dtype=int), 1, lambda s: s[..., 1] / s[..., 0], confidence=0.95)
    >>> float(found.value[0]), round(float(found.standard_error[0]) ** 2, 6)
    (3.0, 2.333333)
    """
    use = ~np.isnan(sums).any(axis=1)
    rows, who = sums[use], assessor[use]
    n = np.bincount(who, minlength=n_assessors)
    total = np.column_stack([np.bincount(who, weights=column, minlength=n_assessors) for column in rows.T])
    with np.errstate(invalid="ignore", divide="ignore"):
        value = np.where(n >= fewest, statistic(total), np.nan)
        without = statistic(total[who] - rows)
        mean = np.bincount(who, weights=without, minlength=n_assessors) / n
        spread = np.bincount(who, weights=(without - mean[who]) ** 2, minlength=n_assessors)
        error = np.where(n >= fewest, np.sqrt(spread * (n - 1) / n), np.nan)
    return with_interval(np.where(np.isfinite(value), value, np.nan), error, n, confidence=confidence)


def sums_of(*columns: np.ndarray) -> np.ndarray:
    """The columns of sums that `jackknife` takes, for means over shared cells: NaN makes a seat drop out."""
    return np.column_stack(columns)


def others_mean(amount: np.ndarray, weight: np.ndarray, stratum: np.ndarray, assessor: np.ndarray, n_assessors: int) -> np.ndarray:
    """For each row the weighted mean of `amount` over the other assessors' rows in the same stratum; NaN where they have none.

    What would be expected of an assessor who rates like the rest: the average over every way of handing the rows of a stratum out anew.
    """
    strata, place = np.unique(stratum, return_inverse=True)
    own = place * n_assessors + assessor
    size = len(strata) * n_assessors

    def without_own(numbers: np.ndarray) -> np.ndarray:
        everybody = np.bincount(place, weights=numbers, minlength=len(strata))
        mine = np.bincount(own, weights=numbers, minlength=size)
        return everybody[place] - mine[own]

    rest = without_own(weight)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(rest > 1e-9, without_own(amount * weight) / rest, np.nan)
