"""How precise is a score? Reliability of a sum of parts, the standard error of measurement, and that error by score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from standardsetting.blind.conditional_error import ConditionalError, conditional_sem
from standardsetting.blind.internal_consistency import Reliability, cronbach_alpha, omega, stratified_alpha
from standardsetting.blind.part_scores import part_scores
from standardsetting.blind.rated import Dropped
from standardsetting.errors import UsageError

__all__ = [
    "ConditionalError",
    "Reliability",
    "StandardError",
    "conditional_sem",
    "cronbach_alpha",
    "omega",
    "standard_error_of_measurement",
    "stratified_alpha",
]


@dataclass(frozen=True)
class StandardError:
    """Three errors that are often mistaken for one another.

    Attributes
    ----------
    value
        Standard error of measurement, SD x root(1 - reliability): how observed scores spread around a given true score.
    estimation
        Standard error of estimation, SD x root(reliability x (1 - reliability)): how true scores spread around the regressed estimate for a
        given observed score. This one makes an interval for a true score.
    difference
        Standard error of the difference of two candidates' scores, root 2 times the first.
    standard_deviation, mean, reliability, n_candidates, method, dropped, sentence
        What it was made from, and how.
    """

    value: float
    estimation: float
    difference: float
    standard_deviation: float
    mean: float
    reliability: float
    n_candidates: int
    method: str
    dropped: tuple[Dropped, ...]
    sentence: str


def standard_error_of_measurement(ratings: pd.DataFrame, *, reliability: float, items: str = "value") -> StandardError:
    """By how much does an observed total miss the true one?

    Parameters
    ----------
    ratings
        As for `cronbach_alpha`; the total of the parts.
    reliability
        Of the total. Alpha over values leaves out what the assessors share: prefer G(q,k) or Phi.

    References
    ----------
    Dudek, F. J. (1979), Psychological Bulletin 86, 335-337: what each of the three is for.

    Examples
    --------
    Totals 2, 5 and 8 have a standard deviation of 3:

    >>> table = pd.DataFrame({"candidate": list("ccddee"), "value": list("vwvwvw"), "rating": [1, 1, 2, 3, 3, 5]})
    >>> found = standard_error_of_measurement(table, reliability=0.75)
    >>> found.value, round(found.estimation, 3)
    (1.5, 1.299)
    """
    if not 0 <= reliability <= 1:
        raise UsageError("A reliability between 0 and 1 was expected.")
    wide, _, dropped = part_scores(ratings, items, drop=True, at_least=1)
    if len(wide) < 2:
        raise UsageError(f"Two candidates or more with every part were expected; there are {len(wide)}.")
    totals = wide.sum(axis=1)
    deviation = float(totals.std(ddof=1))
    value = deviation * np.sqrt(1 - reliability)
    sentence = (
        f"Around a given true total, observed totals spread with a standard error of {value:.2f} (reliability {reliability:.2f}). "
        "For an interval of the true total use the standard error of estimation around the regressed score."
    )
    return StandardError(
        value=float(value),
        estimation=float(deviation * np.sqrt(reliability * (1 - reliability))),
        difference=float(np.sqrt(2) * value),
        standard_deviation=deviation,
        mean=float(totals.mean()),
        reliability=reliability,
        n_candidates=len(wide),
        method="standard deviation (n - 1) times the root of 1 - reliability",
        dropped=dropped,
        sentence=sentence,
    )
