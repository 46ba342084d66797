"""Does an assessor become more severe or more lenient over the window; and does the candidate before colour the next?

A drift that all assessors share cannot be told from candidates who get better or worse: what is seen here is drift beside co-assessors.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from standardsetting.blind.assessors.estimates import Estimates, jackknife, sums_of
from standardsetting.blind.assessors.seats import Seats
from standardsetting.blind.assessors.severity import Severity


@dataclass(frozen=True)
class Drift:
    """Change of severity over the window, in points of the scale for one value; above zero is more severe later.

    Attributes
    ----------
    change
        Severity in the later half of the assessor's own days less that in the earlier half.
    trend
        What a straight line through the days gains over the whole window.
    outside
        On how many days the control chart was outside its limits.
    days
        On how many days the assessor sat.
    """

    change: Estimates
    trend: Estimates
    outside: np.ndarray
    days: np.ndarray


def seat_severity(table: Seats, found: Severity) -> np.ndarray:
    """For each seat how far it lies below its co-assessors, every assessor's own severity taken out; NaN without a co-assessor."""
    with np.errstate(invalid="ignore"):
        below = np.where(table.shared, table.among_co_assessors(np.nan_to_num(found.shifted)) - found.shifted, np.nan)
        count = table.shared.sum(axis=1)
        return np.where(count > 0, np.nansum(below, axis=1) / count, np.nan)


def drift(table: Seats, found: Severity, *, confidence: float, weight: float, limit: float) -> Drift | None:
    """Halves, trend and control chart; None where the table has no day."""
    if table.day is None:
        return None
    below, n_assessors = seat_severity(table, found), len(table.assessors)
    day = np.where(np.isnan(below), np.nan, table.day)
    early = _early(day, table.assessor, n_assessors)
    late = 1 - early
    halves = sums_of(early, early * below, late, late * below)
    window = np.nanmax(day) - np.nanmin(day) if not np.isnan(day).all() else np.nan
    place = (day - np.nanmin(day)) / window if window > 0 else np.full_like(day, np.nan)
    line = sums_of(np.where(np.isnan(place), np.nan, 1.0), place, place**2, below, place * below)
    chart = _chart(table, below, weight, limit)
    outside = np.bincount(chart["place"], weights=chart["outside"], minlength=n_assessors).astype(np.int64)
    return Drift(
        change=jackknife(halves, table.assessor, n_assessors, _change, confidence=confidence, fewest=4),
        trend=jackknife(line, table.assessor, n_assessors, _trend, confidence=confidence, fewest=4),
        outside=outside,
        days=np.bincount(chart["place"], minlength=n_assessors),
    )


def contrast(table: Seats, found: Severity, *, confidence: float) -> Estimates | None:
    """How many points a rating rises for each point by which the candidate before was worse; None without the order of interviews.

    The level of the candidate before is what the co-assessors gave: the assessor's own error in it would pull the next rating along.
    """
    if table.sequence is None:
        return None
    day = table.day if table.day is not None else np.zeros(len(table))
    order = np.lexsort((table.sequence, day, table.assessor))
    shared = table.shared.sum(axis=1)
    with np.errstate(invalid="ignore"):
        level = np.where(shared > 0, np.nansum(np.where(table.shared, table.rest, 0.0), axis=1) / shared, np.nan)
    before = np.full(len(table), np.nan)
    here, there = order[1:], order[:-1]
    follows = (table.assessor[here] == table.assessor[there]) & (day[here] == day[there])
    before[here[follows]] = level[there[follows]]
    below = seat_severity(table, found)
    one = np.where(np.isnan(before), np.nan, 1.0)
    sums = sums_of(one, before, before**2, below, before * below)
    # `below` falls as ratings rise: its slope on the candidate before is the contrast effect's size.
    return jackknife(sums, table.assessor, len(table.assessors), _trend, confidence=confidence, fewest=5)


def control_chart(table: Seats, found: Severity, *, weight: float, limit: float) -> pd.DataFrame:
    """One row an assessor and day: `assessor`, `day`, `n`, `severity` (that day's mean), `ewma`, `low`, `high`, `outside`.

    The exponentially weighted mean of an assessor's days about the assessor's own mean; the limits allow for the number of candidates of
    each day. Empty where there is no day.
    """
    if table.day is None:
        columns = {"assessor": object, "day": float, "n": int, "severity": float, "ewma": float, "low": float, "high": float}
        return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in columns.items()}).assign(outside=pd.Series(dtype=bool))
    chart = _chart(table, seat_severity(table, found), weight, limit)
    own = found.adjusted.value[chart["place"]]
    chart.insert(0, "assessor", table.assessors[chart["place"]])
    for column in ("severity", "ewma", "low", "high"):
        chart[column] += own
    return chart.drop(columns="place")


def _chart(table: Seats, below: np.ndarray, weight: float, limit: float) -> pd.DataFrame:
    assert_day = table.day if table.day is not None else np.full(len(table), np.nan)
    use = ~np.isnan(below) & ~np.isnan(assert_day)
    days, column = np.unique(assert_day[use], return_inverse=True)
    n_assessors, who, mine = len(table.assessors), table.assessor[use], below[use]
    cell = who * max(len(days), 1) + column
    shape = (n_assessors, len(days))
    n = np.bincount(cell, minlength=shape[0] * shape[1]).reshape(shape)
    total = np.bincount(cell, weights=mine, minlength=shape[0] * shape[1]).reshape(shape)
    seen = n.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = total / n
        centre = total.sum(axis=1) / seen
        own = np.bincount(who, weights=(mine - centre[who]) ** 2, minlength=n_assessors)
        pooled = own.sum() / max((seen - 1)[seen > 0].sum(), 1)
        # Twenty candidates' worth of everybody's scatter beside one's own: a few even days must not make the limits narrow.
        sigma = np.sqrt((own + 20 * pooled) / (np.maximum(seen - 1, 0) + 20))
    ewma, variance = centre.copy(), np.zeros(n_assessors)
    rows = []
    for at in range(len(days)):
        sat = n[:, at] > 0
        ewma[sat] += weight * (mean[sat, at] - ewma[sat])
        variance[sat] = (1 - weight) ** 2 * variance[sat] + weight**2 * sigma[sat] ** 2 / n[sat, at]
        half = limit * np.sqrt(variance[sat])
        rows.append(
            pd.DataFrame(
                {
                    "place": np.flatnonzero(sat),
                    "day": days[at],
                    "n": n[sat, at],
                    "severity": mean[sat, at],
                    "ewma": ewma[sat],
                    "low": centre[sat] - half,
                    "high": centre[sat] + half,
                    "outside": np.abs(ewma[sat] - centre[sat]) > half + 1e-12,
                }
            )
        )
    empty = {"place": np.zeros(0, dtype=np.int64), "outside": np.zeros(0, dtype=bool)}
    chart = pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(empty, columns=["place", "day", "n", "severity", "ewma", "low", "high", "outside"])  # fmt: skip  # noqa: E501
    return chart.sort_values(["place", "day"], kind="stable", ignore_index=True)


def _early(day: np.ndarray, assessor: np.ndarray, n_assessors: int) -> np.ndarray:
    """1 for a seat in the earlier half of its assessor's candidates, 0 for a later one; whole days stay together. NaN without a day."""
    known = np.flatnonzero(~np.isnan(day))
    order = known[np.lexsort((day[known], assessor[known]))]
    n = np.bincount(assessor[order], minlength=n_assessors)
    start = np.cumsum(n) - n
    halfway = np.full(n_assessors, np.nan)
    has = n > 0
    last = np.full(n_assessors, np.nan)
    halfway[has] = day[order[start[has] + (n[has] - 1) // 2]]
    last[has] = day[order[start[has] + n[has] - 1]]
    # Where the middle candidate sits on the last day, that day alone is the later half.
    strict = halfway == last
    early = np.where(strict[assessor], day < halfway[assessor], day <= halfway[assessor]).astype(float)
    early[np.isnan(day)] = np.nan
    return early


def _change(sums: np.ndarray) -> np.ndarray:
    early, early_sum, late, late_sum = np.moveaxis(sums, -1, 0)
    return late_sum / np.where(late > 0, late, np.nan) - early_sum / np.where(early > 0, early, np.nan)


def _trend(sums: np.ndarray) -> np.ndarray:
    n, x, xx, y, xy = np.moveaxis(sums, -1, 0)
    spread = xx / n - (x / n) ** 2
    return (xy / n - x * y / n**2) / np.where(spread > 1e-9, spread, np.nan)
