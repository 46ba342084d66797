"""The interval of one rate, and the normal quantile behind it: one home for the zones, which may not import one another.

Nothing here knows what is counted. Where nobody is counted the answer is NaN.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from standardsetting.errors import UsageError

Floats = NDArray[np.float64]


class Limits(NamedTuple):
    """The lower and upper limits of an interval, in arrays as long as the counts."""

    low: Floats
    high: Floats


def critical_value(confidence: float) -> float:
    """The two-sided standard normal quantile of a confidence: 1.96 for 0.95.

    Raises
    ------
    UsageError
        The confidence is not between 0 and 1.

    Examples
    --------
    >>> round(critical_value(0.95), 3)
    1.96
    """
    if not 0 < confidence < 1:
        raise UsageError("A confidence between 0 and 1 was expected, such as 0.95.")
    return float(ndtri((1 + confidence) / 2))


def checked_counts(successes: ArrayLike, n: ArrayLike) -> tuple[Floats, Floats]:
    """Counts as floats; refuses counts that are not whole, below zero, or above the number of candidates."""
    try:
        a, size = np.broadcast_arrays(np.asarray(successes, dtype=float), np.asarray(n, dtype=float))
    except (TypeError, ValueError) as bad:
        raise UsageError("Whole numbers of successes and of candidates were expected, as many of the one as of the other.") from bad
    wrong = ~(np.isfinite(a) & np.isfinite(size) & (a == np.floor(a)) & (size == np.floor(size)) & (a >= 0) & (a <= size))
    if wrong.any():
        raise UsageError(f"Whole numbers with 0 <= successes <= candidates were expected; {int(wrong.sum())} of {wrong.size} are not.")
    return a, size


def wilson_rate(successes: ArrayLike, n: ArrayLike, *, confidence: float = 0.95) -> Limits:
    """Between which rates does the truth plausibly lie? The Wilson score interval of one rate.

    It holds every rate that the score test does not reject, and never leaves 0 to 1. For a cohort like this one: about the candidates who
    were counted, the rate is exact.

    Parameters
    ----------
    successes, n
        Counts, single or in arrays.
    confidence
        Of the interval, two-sided.

    Returns
    -------
    Limits
        Arrays `low` and `high`; NaN where n is 0.

    Raises
    ------
    UsageError
        The counts are not whole numbers with 0 <= successes <= n; the confidence is not between 0 and 1.

    References
    ----------
    Wilson (1927), Journal of the American Statistical Association 22, 209-212.

    Examples
    --------
    >>> limits = wilson_rate(5, 10)
    >>> round(float(limits.low), 4), round(float(limits.high), 4)
    (0.2366, 0.7634)
    """
    z = critical_value(confidence)
    a, size = checked_counts(successes, n)
    with np.errstate(divide="ignore", invalid="ignore"):
        p = a / size
        centre = (p + z * z / (2 * size)) / (1 + z * z / size)
        half = z / (1 + z * z / size) * np.sqrt(p * (1 - p) / size + z * z / (4 * size * size))
    # At 0 and at n the formula gives the edge exactly; rounding error must not push it past.
    low = np.where(a == 0, np.where(size > 0, 0.0, np.nan), centre - half)
    return Limits(low, np.where((a == size) & (size > 0), 1.0, centre + half))
