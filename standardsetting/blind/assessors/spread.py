"""Does an assessor order candidates as the co-assessors do, use the scale as widely, and tell the values apart?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from standardsetting.blind.assessors.estimates import Estimates, jackknife, others_mean, sums_of
from standardsetting.blind.assessors.seats import Seats


@dataclass(frozen=True)
class Spread:
    """Consistency and use of the scale, from the cells that co-assessors rated too.

    Attributes
    ----------
    correlation, correlation_expected
        Own ratings with the co-assessors' mean, each value about its own mean; and the same over all assessors.
    sd_ratio
        Standard deviation of own ratings over that of co-assessors' ratings of the same candidates. 1 is expected.
    slope, slope_expected
        Regression of own ratings on the co-assessors' mean, and the same over all assessors: the co-assessors' mean has error, so that
        a slope below 1 is usual, and only a slope below the others' says something.
    middle, middle_expected
        Share of ratings in the middle of the scale (its middle point, or the two middle ones), and the co-assessors' share.
    """

    correlation: Estimates
    correlation_expected: float
    sd_ratio: Estimates
    slope: Estimates
    slope_expected: float
    middle: Estimates
    middle_expected: np.ndarray
    middle_excess: Estimates


@dataclass(frozen=True)
class Undifferentiated:
    """How far an assessor tells one candidate's values apart.

    Attributes
    ----------
    within_sd, within_sd_expected
        Mean over candidates of the standard deviation of own ratings over the values; and the mean that the other assessors' ratings at
        the same level have.
    flat, flat_expected
        Share of candidates with the same rating on every value, and the others' share at the same level.
    correlation, correlation_expected
        Mean correlation between two values over own candidates, and the median assessor's: one who does not tell the values apart, or
        one who is erratic, does not move it.
    """

    within_sd: Estimates
    within_sd_expected: np.ndarray
    within_sd_excess: Estimates
    flat: Estimates
    flat_expected: np.ndarray
    flat_excess: Estimates
    correlation: Estimates
    correlation_expected: float


def spread(table: Seats, *, confidence: float) -> Spread:
    """Correlation with the rest, ratio of standard deviations, slope on the rest, share in the middle."""
    shared, n_assessors = table.shared, len(table.assessors)
    x = np.where(shared, table.x, 0.0)
    y, y_square = np.where(shared, table.rest, 0.0), np.where(shared, table.rest_square, 0.0)
    count = shared.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        centre = np.where(shared, x.sum(axis=0) / count, 0.0)
    # About the value's own mean, the same for everybody: differences between values are not agreement about candidates.
    x, y_square = x - centre, y_square - 2 * centre * y + centre**2
    y = y - centre
    n = shared.sum(axis=1).astype(float)
    n[n == 0] = np.nan
    sums = sums_of(n, x.sum(1), (x * x).sum(1), y.sum(1), (y * y).sum(1), (x * y).sum(1), (y_square * shared).sum(1))
    middle = _middle(table)
    own_middle = np.where(shared, middle, 0.0).sum(axis=1)
    with np.errstate(invalid="ignore"):
        their_middle = np.where(shared, table.among_co_assessors(middle), 0.0).sum(axis=1)

    def figure(statistic: object) -> Estimates:
        return jackknife(sums, table.assessor, n_assessors, statistic, confidence=confidence)  # type: ignore[arg-type]

    middle_sums = sums_of(n, own_middle, own_middle - their_middle)
    share, excess = (
        jackknife(middle_sums[:, [0, column]], table.assessor, n_assessors, _share, confidence=confidence) for column in (1, 2)
    )
    everybody = np.nansum(sums[~np.isnan(n)], axis=0)
    if not everybody[0]:
        everybody = np.full_like(everybody, np.nan)
    return Spread(
        correlation=_fisher(figure(_correlation), confidence),
        correlation_expected=float(_correlation(everybody)),
        sd_ratio=figure(_sd_ratio),
        slope=figure(_slope),
        slope_expected=float(_slope(everybody)),
        middle=share,
        middle_expected=share.value - excess.value,
        middle_excess=excess,
    )


def undifferentiated(table: Seats, *, confidence: float) -> Undifferentiated | None:
    """Spread over one candidate's values, flat profiles, correlation between values; None with a single value."""
    n_values, n_assessors = len(table.values), len(table.assessors)
    if n_values < 2:
        return None
    whole = table.whole
    x, who = table.x[whole], table.assessor[whole]
    one = np.ones(len(x))
    within, flat = x.std(axis=1, ddof=1), (np.ptp(x, axis=1) == 0).astype(float)
    # Level by the nearest point of the scale: profiles near 3 are flat more often than those near 3.5.
    level = np.floor((x.mean(axis=1) - float(table.scale.minimum)) / float(table.scale.step) + 0.5).astype(np.int64)

    def beside(amount: np.ndarray) -> tuple[Estimates, np.ndarray, Estimates]:
        expected = others_mean(amount, one, level, who, n_assessors)
        known = np.where(np.isnan(expected), np.nan, one)
        own = jackknife(sums_of(one, amount), who, n_assessors, _share, confidence=confidence)
        excess = jackknife(sums_of(known, amount - expected), who, n_assessors, _share, confidence=confidence)
        return own, own.value - excess.value, excess

    total = x.sum(axis=1)
    sums = sums_of(one, total, total**2, (x**2).sum(axis=1), *x.T)
    between = jackknife(sums, who, n_assessors, _between_values, confidence=confidence)
    known = between.value[~np.isnan(between.value)]
    return Undifferentiated(
        *beside(within),
        *beside(flat),
        correlation=between,
        correlation_expected=float(np.median(known)) if len(known) else float("nan"),
    )


def _middle(table: Seats) -> np.ndarray:
    last = len(table.scale) - 1
    return ((table.point == last // 2) | (table.point == (last + 1) // 2)).astype(float)


def _share(sums: np.ndarray) -> np.ndarray:
    return sums[..., 1] / sums[..., 0]


def _positive(variance: np.ndarray) -> np.ndarray:
    # Sums of small whole numbers: what is this near to nothing is nothing.
    return np.where(variance > 1e-9, variance, np.nan)


def _moments(sums: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    n, x, xx, y, yy, xy, others = np.moveaxis(sums, -1, 0)
    return xx / n - (x / n) ** 2, yy / n - (y / n) ** 2, xy / n - x * y / n**2, others / n - (y / n) ** 2


def _correlation(sums: np.ndarray) -> np.ndarray:
    own, rest, both, _ = _moments(sums)
    return both / np.sqrt(_positive(own) * _positive(rest))


def _slope(sums: np.ndarray) -> np.ndarray:
    _, rest, both, _ = _moments(sums)
    return both / _positive(rest)


def _sd_ratio(sums: np.ndarray) -> np.ndarray:
    own, _, _, others = _moments(sums)
    return np.sqrt(np.maximum(own, 0) / _positive(others))


def _between_values(sums: np.ndarray) -> np.ndarray:
    """Mean covariance between two values over their mean variance."""
    n, total, total_square, squares = np.moveaxis(sums[..., :4], -1, 0)
    by_value = sums[..., 4:]
    variances = squares / n - ((by_value / n[..., None]) ** 2).sum(axis=-1)
    of_total = total_square / n - (total / n) ** 2
    return (of_total - variances) / ((by_value.shape[-1] - 1) * _positive(variances))


def _fisher(found: Estimates, confidence: float) -> Estimates:
    """The interval of a correlation on Fisher's scale, so that it stays between -1 and 1."""
    with np.errstate(invalid="ignore", divide="ignore"):
        inside = np.clip(found.value, -0.999999, 0.999999)
        half = (found.high - found.value) / (1 - inside**2)
        low, high = np.tanh(np.arctanh(inside) - half), np.tanh(np.arctanh(inside) + half)
    return Estimates(found.value, found.standard_error, low, high, found.n)
