"""The E-value: how strong would something unmeasured have to be to explain an association away?"""

from __future__ import annotations

import math
from dataclasses import dataclass

from standardsetting.errors import UsageError


@dataclass(frozen=True)
class EValue:
    """The least risk ratio that one unmeasured cause would need with attendance, and with success, to explain a risk ratio away.

    Attributes
    ----------
    ratio, low, high
        The risk ratio and its interval.
    point, limit
        The E-value of the ratio, and of the limit nearer to 1: 1 where the interval holds 1, since nothing is then left to explain.
    """

    ratio: float
    low: float
    high: float
    point: float
    limit: float


def e_value(ratio: float, *, low: float, high: float) -> EValue:
    """E = RR + sqrt(RR (RR - 1)) for a ratio above 1; a ratio below 1 is turned round first.

    A small E-value says that little would be enough. A large one does not say that there is nothing: compare it with how strongly the
    measured prior variables go with attendance and with success. It speaks of a confounder, not of bad measurement or of who is missing.

    Raises
    ------
    UsageError
        Limits that do not enclose the ratio, or a ratio that is not above zero.

    References
    ----------
    VanderWeele and Ding (2017), Annals of Internal Medicine 167, 268-274.

    Examples
    --------
    >>> found = e_value(0.80, low=0.71, high=0.91)
    >>> round(found.point, 2), round(found.limit, 2)
    (1.81, 1.43)
    """
    if not (0 < ratio < math.inf and 0 <= low <= ratio <= high):
        raise UsageError("A risk ratio above zero between its two limits was expected.")
    nearer = max(low, 1.0) if ratio > 1 else min(high, 1.0)
    return EValue(ratio, low, high, _away_from_one(ratio), _away_from_one(nearer))


def _away_from_one(ratio: float) -> float:
    above = max(ratio, 1 / ratio)
    return above + math.sqrt(above * (above - 1))
