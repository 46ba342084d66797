"""How far apart two ratings are: agreement weights for the kappas, and Krippendorff's metrics."""

from __future__ import annotations

from functools import cache

import numpy as np

from standardsetting.blind.agreement.coefficient import one_of
from standardsetting.errors import UsageError
from standardsetting.scale import Scale

WEIGHTS = ("unweighted", "linear", "quadratic")
LEVELS = ("nominal", "ordinal", "interval", "ratio")


@cache
def agreement_weights(scale: Scale, weights: str) -> np.ndarray:
    """The credit that two ratings earn, 1 for the same point: one row and one column for each point of the declared scale.

    ``unweighted`` gives 0 to any difference; ``linear`` takes the distance over the length of the scale from 1, ``quadratic`` its square.

    Examples
    --------
    >>> agreement_weights(Scale(1, 3), "linear").tolist()
    [[1.0, 0.5, 0.0], [0.5, 1.0, 0.5], [0.0, 0.5, 1.0]]
    """
    one_of("weights", weights, WEIGHTS)
    places = np.arange(len(scale)) / (len(scale) - 1)
    apart = np.abs(places[:, None] - places[None, :])
    if weights == "unweighted":
        return np.eye(len(scale))
    return 1 - (apart if weights == "linear" else apart**2)


@cache
def metric(scale: Scale, level: str) -> np.ndarray:
    """Krippendorff's squared difference between the points of a scale, for the levels that do not depend on the data.

    Ordinal differences do: see `ordinal_metric`.
    """
    one_of("level", level, LEVELS)
    points = np.array([float(point) for point in scale.points])
    difference = points[:, None] - points[None, :]
    if level == "nominal":
        return (difference != 0).astype(float)
    if level == "interval":
        return difference**2
    if scale.minimum < 0:
        raise UsageError("The ratio level needs a scale that does not go below zero.", next_step='Use level="interval" or "ordinal".')
    sums = points[:, None] + points[None, :]
    return (difference / np.where(sums == 0, 1, sums)) ** 2


def ordinal_metric(marginals: np.ndarray) -> np.ndarray:
    """Krippendorff's ordinal squared difference: the ratings that lie between two points, half of each point's own among them.

    Parameters
    ----------
    marginals
        How often each point was used; leading axes are kept, so that many resamples go through at once.

    Examples
    --------
    Four ratings at 1, two at 2, two at 3: from 1 to 3 there are 2 + 2 + 1 = 5.

    >>> ordinal_metric(np.array([4.0, 2.0, 2.0]))[0].tolist()
    [0.0, 9.0, 25.0]
    """
    middle = np.cumsum(marginals, axis=-1) - marginals / 2
    return (middle[..., :, None] - middle[..., None, :]) ** 2
