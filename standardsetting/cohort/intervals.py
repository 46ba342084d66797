"""Intervals of two rates: the score interval of their ratio, by inversion, and Newcombe's interval of their difference.

Everything takes counts, single or in arrays, and is silent (NaN) where a group is empty. `a` of `n1` succeeded in the group that is looked
at, `c` of `n2` in the reference group.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from standardsetting.intervals import Floats, Limits, checked_counts, critical_value, wilson_rate

# Bisection on the logarithm of the ratio between these ends: 60 halvings leave less than 1e-15 of its scale.
FURTHEST = math.log(1e15)
HALVINGS = 60


def restricted_rate(a: ArrayLike, n1: ArrayLike, c: ArrayLike, n2: ArrayLike, ratio: ArrayLike) -> Floats:
    """The reference group's rate that fits the counts best if the ratio of the rates were `ratio` (the root of Koopman's quadratic).

    Written with the larger denominator, so that nothing cancels. Counts may be expected ones, so need not be whole.
    """
    a, n1, c, n2, ratio = (np.asarray(x, dtype=float) for x in (a, n1, c, n2, ratio))
    linear = n1 * ratio + a + n2 + c * ratio
    root = np.sqrt(np.maximum(linear * linear - 4 * (n1 + n2) * ratio * (a + c), 0))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.minimum(np.minimum(2 * (a + c) / (linear + root), 1), 1 / ratio)


def score_statistic(a: ArrayLike, n1: ArrayLike, c: ArrayLike, n2: ArrayLike, ratio: ArrayLike, *, corrected: bool = True) -> Floats:
    """The score statistic of the hypothesis that the rates have this ratio: negative where the observed ratio lies below it.

    `corrected` multiplies the variance by N / (N - 1) (Miettinen and Nurminen); without it the statistic is Koopman's. Zero where the
    counts cannot tell (nobody succeeded at all).
    """
    a, n1, c, n2, ratio = (np.asarray(x, dtype=float) for x in (a, n1, c, n2, ratio))
    p2 = restricted_rate(a, n1, c, n2, ratio)
    p1 = np.minimum(p2 * ratio, 1)
    n = n1 + n2
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = p1 * (1 - p1) / n1 + ratio * ratio * p2 * (1 - p2) / n2
        variance = variance * n / (n - 1) if corrected else variance
        contrast = a / n1 - ratio * c / n2
        statistic = contrast / np.sqrt(variance)
    nothing = (contrast == 0) & (n1 > 0) & (n2 > 0)
    return np.where(nothing, 0.0, np.where((n1 > 0) & (n2 > 0), statistic, np.nan))


def score_interval_ratio(
    a: ArrayLike, n1: ArrayLike, c: ArrayLike, n2: ArrayLike, *, confidence: float = 0.95, corrected: bool = True
) -> Limits:
    """Between which ratios does the truth plausibly lie? The Miettinen-Nurminen score interval of (a/n1) / (c/n2), by inversion.

    It holds every ratio that the score test does not reject. Defined where nobody of the group succeeded (the lower limit is 0) and where
    nobody of the reference group did (the upper limit is infinite); where nobody at all did, every ratio is possible. Not to be used for
    matched groups.

    Parameters
    ----------
    a, n1, c, n2
        Counts, single or in arrays.
    confidence
        Of the interval, two-sided.
    corrected
        With the factor N / (N - 1) of Miettinen and Nurminen (the default); without it, Koopman's interval.

    Returns
    -------
    Limits
        Arrays `low` and `high`; NaN where a group is empty.

    References
    ----------
    Koopman (1984), Biometrics 40, 513-517. Miettinen and Nurminen (1985), Statistics in Medicine 4, 213-226.

    Examples
    --------
    >>> limits = score_interval_ratio(4, 18, 9, 22)
    >>> round(float(limits.low), 2), round(float(limits.high), 2)
    (0.2, 1.38)
    """
    z = critical_value(confidence)
    (a, n1), (c, n2) = checked_counts(a, n1), checked_counts(c, n2)
    a, n1, c, n2 = np.broadcast_arrays(a, n1, c, n2)
    # The lower limit of the ratio is one over the upper limit of the ratio turned round: one search finds both.
    high, turned = _upper_limit(np.stack([a, c]), np.stack([n1, n2]), np.stack([c, a]), np.stack([n2, n1]), z, corrected)
    with np.errstate(divide="ignore"):
        return Limits(np.asarray(1 / turned), np.asarray(high))


def newcombe_difference(a: ArrayLike, n1: ArrayLike, c: ArrayLike, n2: ArrayLike, *, confidence: float = 0.95) -> Limits:
    """Between which differences a/n1 - c/n2 does the truth plausibly lie? Newcombe's hybrid score interval, without continuity correction.

    References
    ----------
    Newcombe (1998), Statistics in Medicine 17, 873-890, method 10.

    Examples
    --------
    >>> limits = newcombe_difference(4, 18, 9, 22)
    >>> round(float(limits.low), 3), round(float(limits.high), 3)
    (-0.43, 0.103)
    """
    (a, n1), (c, n2) = checked_counts(a, n1), checked_counts(c, n2)
    first, second = wilson_rate(a, n1, confidence=confidence), wilson_rate(c, n2, confidence=confidence)
    with np.errstate(divide="ignore", invalid="ignore"):
        p1, p2 = a / n1, c / n2
    difference = p1 - p2
    return Limits(
        difference - np.hypot(p1 - first.low, second.high - p2),
        difference + np.hypot(first.high - p1, p2 - second.low),
    )


def katz_log_interval(a: ArrayLike, n1: ArrayLike, c: ArrayLike, n2: ArrayLike, *, confidence: float = 0.95) -> Limits:
    """The ratio's interval on the log scale, for cross-checks only: NaN where either group had no success.

    References
    ----------
    Katz, Baptista, Azen and Pike (1978), Biometrics 34, 469-474.
    """
    z = critical_value(confidence)
    (a, n1), (c, n2) = checked_counts(a, n1), checked_counts(c, n2)
    with np.errstate(divide="ignore", invalid="ignore"):
        centre = np.where((a > 0) & (c > 0), np.log(a / n1) - np.log(c / n2), np.nan)
        half = z * np.sqrt(1 / a - 1 / n1 + 1 / c - 1 / n2)
        return Limits(np.exp(centre - half), np.exp(centre + half))


def _upper_limit(a: Floats, n1: Floats, c: Floats, n2: Floats, z: float, corrected: bool) -> Floats:
    """The ratio above the observed one at which the score statistic reaches -z."""
    with np.errstate(divide="ignore", invalid="ignore"):
        observed = np.log(a / n1) - np.log(c / n2)
    below = np.clip(np.nan_to_num(observed, nan=-FURTHEST, posinf=FURTHEST, neginf=-FURTHEST), -FURTHEST, FURTHEST)
    above = np.full_like(below, FURTHEST)
    for _ in range(HALVINGS):
        middle = (below + above) / 2
        inside = score_statistic(a, n1, c, n2, np.exp(middle), corrected=corrected) > -z
        below, above = np.where(inside, middle, below), np.where(inside, above, middle)
    limit = np.where(c == 0, np.inf, np.exp((below + above) / 2))
    return np.where((n1 > 0) & (n2 > 0), limit, np.nan)
