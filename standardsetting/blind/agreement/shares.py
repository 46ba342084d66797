"""How often assessors gave the same rating, or ratings close to each other: no chance correction."""

from __future__ import annotations

import numpy as np

from standardsetting.blind.agreement.chance_corrected import ChanceCorrected, no_chance
from standardsetting.blind.agreement.estimate import Statistic
from standardsetting.blind.agreement.opening import coefficient
from standardsetting.blind.agreement.unit_patterns import UnitPatterns
from standardsetting.errors import UsageError
from standardsetting.scale import Number, as_fraction, plain


@coefficient
def exact_agreement(patterns: UnitPatterns) -> Statistic:
    """How often do two assessors of the same candidate give the same rating on a value?

    The share of agreeing pairs within each unit that two or more assessors rated, averaged over units. It needs no chance term and is
    defined for constant ratings too (it is then 1); it says nothing about whether assessors can tell candidates apart.

    Parameters
    ----------
    ratings
        The long table: `candidate`, `assessor`, `value`, `rating`. With a column `kind`, independent ratings only.
    scale
        The declared scale, never inferred from the ratings.
    confidence, interval, resample, replicates, seed
        The interval: ``bootstrap`` (BCa over candidates where it is defined, otherwise percentile), ``percentile``, ``analytic``
        (linearisation by candidate, Student's t) or ``none``; what is resampled: candidates, assessors, or both.

    Raises
    ------
    UsageError
        A rating is off the scale, or an assessor rated a value of a candidate twice.

    Examples
    --------
    Two assessors agree on one of two candidates.

    >>> import pandas as pd
    >>> from standardsetting import Scale
    >>> table = pd.DataFrame({"candidate": [1, 1, 2, 2], "assessor": ["a", "b"] * 2, "value": "v", "rating": [3, 3, 3, 4]})
    >>> exact_agreement(table, scale=Scale(1, 5), interval="none").value
    0.5
    """
    return _share_within(patterns, 0)


@coefficient
def adjacent_agreement(patterns: UnitPatterns, *, within: Number = 1) -> Statistic:
    """How often are two assessors' ratings at most `within` points apart?

    Parameters
    ----------
    within
        The distance that still counts, in points of the scale and not in steps: with half points, 1 is two steps.

    Other parameters and errors as in `exact_agreement`.

    Examples
    --------
    Ratings 3 and 3, 3 and 4, 3 and 5: two of three pairs are within one point.

    >>> import pandas as pd
    >>> from standardsetting import Scale
    >>> table = pd.DataFrame(
    ...     {"candidate": [1, 1, 2, 2, 3, 3], "assessor": ["a", "b"] * 3, "value": "v", "rating": [3, 3, 3, 4, 3, 5]}
    ... )
    >>> round(adjacent_agreement(table, scale=Scale(1, 5), interval="none").value, 4)
    0.6667
    """
    return _share_within(patterns, within)


def _share_within(patterns: UnitPatterns, within: Number) -> ChanceCorrected:
    distance = as_fraction(within)
    if distance < 0:
        raise UsageError("The distance that still counts as agreement must be zero or more.")
    steps = int(distance / patterns.coded.scale.step)  # exact: how many whole steps fit
    places = np.arange(patterns.k)
    close = np.abs(places[:, None] - places[None, :]) <= steps
    name = "exact agreement" if distance == 0 else f"agreement within {plain(distance)}"
    single = patterns.coded.n_single
    note = f"Units with one rating, left out: {single}." if single else ""
    return ChanceCorrected(patterns.coded, name=name, note=note, patterns=patterns, weights=close.astype(float), chance=no_chance)
