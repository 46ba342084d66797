"""What the discussion does to severity: how far a panel's agreed scores still carry the severity of its assessors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit


@dataclass(frozen=True)
class Discussion:
    """How agreed scores follow from the ratings before them.

    Attributes
    ----------
    as_modelled
        Share of agreed scores within half a step of the mean of the panel's ratings.
    carried, low, high
        The share of the panel's severity that is still in the agreed total: 1 less the slope of (panel's mean total - agreed total) on the
        panel's estimated severity, by least squares.
    used
        What a simulation should take: 1, unless the interval lies below it; then the estimate, between 0 and 1.
    """

    as_modelled: float = float("nan")
    carried: float = float("nan")
    low: float = float("nan")
    high: float = float("nan")
    used: float = 1.0

    @classmethod
    def of(
        cls, agreed: np.ndarray, mean: np.ndarray, shift: np.ndarray, weights: np.ndarray, *, step: float, confidence: float
    ) -> Discussion:
        """From agreed scores, the panel's mean ratings and what its severity adds to them: one row a candidate, one column a value.

        Examples
        --------
        Three panels whose severity is half taken out of the total:

        >>> mean, shift = np.array([[3.0], [3.4], [2.6]]), np.array([[0.0], [0.4], [-0.4]])
        >>> Discussion.of(mean - shift / 2, mean, shift, np.ones(1), step=1, confidence=0.95).used
        0.5
        """
        near = float((np.abs(agreed - mean) <= step / 2 + 1e-9).mean())
        x, y = shift @ weights, (agreed - mean) @ weights
        x, y = x - x.mean(), y - y.mean()
        square = float((x**2).sum())
        if len(x) < 3 or square < 1e-9:
            return cls(as_modelled=near)
        slope = float(x @ y) / square
        residual = float(((y - slope * x) ** 2).sum()) / (len(x) - 2)
        half = float(stdtrit(len(x) - 2, (1 + confidence) / 2)) * np.sqrt(residual / square)
        carried, low, high = 1 + slope, 1 + slope - half, 1 + slope + half
        used = float(np.clip(round(carried, 12), 0, 1)) if high < 1 else 1.0
        return cls(near, carried, float(low), float(high), used)
