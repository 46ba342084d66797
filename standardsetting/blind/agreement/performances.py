"""Agreement about each candidate's own performance: the spread of the ratings against ratings without agreement."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from standardsetting.blind.agreement.coefficient import one_of
from standardsetting.blind.agreement.ratings import code
from standardsetting.errors import UsageError
from standardsetting.scale import Scale

NULLS = ("uniform", "triangular", "maximum dissensus")


def null_variance(scale: Scale, null: str | Sequence[float] = "uniform") -> float:
    """The variance that ratings without agreement would have.

    ``uniform``: every point as likely, (K² - 1) / 12 for K points a step of 1 apart. ``triangular``: the middle likelier, in equal steps,
    which flatters less. ``maximum dissensus``: half of the assessors at either end, the null of r*_wg. Or the probability of each point,
    lowest first, such as (0, .1, .15, .4, .35) for ratings that lean upwards.

    Examples
    --------
    >>> [round(null_variance(Scale(1, 5), null), 4) for null in ("uniform", "triangular", "maximum dissensus", (0, 0.1, 0.15, 0.4, 0.35))]
    [2.0, 1.3333, 4.0, 0.9]
    """
    points = np.array([float(point) for point in scale.points])
    if isinstance(null, str):
        one_of("null", null, NULLS)
        place = np.arange(len(points))
        shape = {
            "uniform": np.ones(len(points)),
            "triangular": 1.0 + np.minimum(place, place[::-1]),
            "maximum dissensus": ((place == 0) | (place == len(points) - 1)).astype(float),
        }[null]
        chances = shape / shape.sum()
    else:
        chances = np.asarray(null, dtype=float)
        if chances.shape != points.shape or (chances < 0).any() or abs(chances.sum() - 1) > 1e-9:
            raise UsageError(f"The null needs a probability for each of the {len(points)} points of the scale, adding up to 1.")
    variance = float(chances @ points**2 - (chances @ points) ** 2)
    if variance <= 0:
        raise UsageError("The null must give a chance to two points or more.")
    return variance


def unit_variance(counts: np.ndarray, squares: np.ndarray, points: np.ndarray) -> np.ndarray:
    """The variance (n - 1) of each unit's ratings; assessors drawn twice are not compared with themselves."""
    total, first, second = counts.sum(axis=-1), counts @ points, counts @ points**2
    pairs = total**2 - squares
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(pairs > 0, (total * second - first**2) / pairs, np.nan)


def by_candidate(ratings: pd.DataFrame, *, scale: Scale, null: str | Sequence[float] = "uniform") -> pd.DataFrame:
    """How far assessors agree about each candidate, over the values that two or more of them rated.

    Columns: `candidate`; `n_values` (J); `variance`, the mean over values of the ratings' variance (n - 1); `r_wg_j`, the multi-item index
    of James, Demaree and Wolf, 0 where there is more spread than the null; `r_star_wg_j`, the index of Lindell, Brandt and Whitney, which
    does not rise with the number of values and may be negative; `average_deviation`, the mean over values.

    Examples
    --------
    Ratings 3, 4, 5 on one value (variance 1) and 4, 4, 4 on another (0): mean variance 0.5 against 2, so r*_wg(J) is 0.75 and
    r_wg(J) is 2 * 0.75 / (2 * 0.75 + 0.25).

    >>> table = pd.DataFrame(
    ...     {"candidate": 1, "assessor": ["a", "b", "c"] * 2, "value": ["v"] * 3 + ["w"] * 3, "rating": [3, 4, 5, 4, 4, 4]}
    ... )
    >>> by_candidate(table, scale=Scale(1, 5)).round(4)[["r_wg_j", "r_star_wg_j", "average_deviation"]].to_numpy().tolist()
    [[0.8571, 0.75, 0.3333]]

    References
    ----------
    Lindell, M. K., Brandt, C. J. and Whitney, D. J. (1999). A revised index of interrater agreement for multi-item ratings of a single
    target. Applied Psychological Measurement, 23, 127-135.
    """
    coded, expected = code(ratings, scale=scale), null_variance(scale, null)
    size, k, points = coded.unit_size, len(coded.scale), coded.points
    counts = np.bincount(coded.unit * k + coded.point, minlength=len(size) * k).reshape(-1, k).astype(float)
    units = np.flatnonzero(size > 1)
    counts, size = counts[units], size[units].astype(float)
    apart = np.abs(points - (counts @ points / size)[:, None])
    table = pd.DataFrame(
        {
            "candidate": units // coded.slots,
            "variance": unit_variance(counts, size, points),
            "average_deviation": (counts * apart).sum(axis=1) / size,
        }
    )
    grouped = table.groupby("candidate")
    result = grouped.mean().assign(n_values=grouped.size())
    ratio = result["variance"] / expected
    kept, j = (1 - ratio).clip(lower=0), result["n_values"]
    result = result.assign(r_wg_j=j * kept / (j * kept + ratio), r_star_wg_j=1 - ratio).reset_index()
    result["candidate"] = np.asarray(coded.candidates)[result["candidate"].to_numpy()]
    return result[["candidate", "n_values", "variance", "r_wg_j", "r_star_wg_j", "average_deviation"]]
