"""What an agreement coefficient says about itself, and the options every coefficient takes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from standardsetting.errors import UsageError

Interval = Literal["bootstrap", "percentile", "analytic", "none"]
Resample = Literal["candidate", "assessor", "both"]
Weights = Literal["unweighted", "linear", "quadratic"]
Level = Literal["nominal", "ordinal", "interval", "ratio"]

INTERVALS = ("bootstrap", "percentile", "analytic", "none")
RESAMPLES = ("candidate", "assessor", "both")
MOST_REPLICATES = 1_000_000


@dataclass(frozen=True)
class Coefficient:
    """One agreement coefficient, how it was made, and why it is undefined where it is.

    Attributes
    ----------
    name
        The coefficient with its weights or level, in words.
    value
        The estimate at full precision; not a number where it is undefined, and `reason` says why.
    standard_error
        By the same method as the interval; not a number where there is none.
    low, high
        The limits of the interval; an upper limit above 1 is given as 1.
    confidence
        The nominal confidence of the interval.
    n_candidates, n_assessors, n_ratings, n_units
        What the estimate used. A unit is one value of one candidate.
    method
        How the interval was made, and what was resampled.
    seed
        The seed of the resampling, or None where nothing was drawn.
    observed, expected
        Observed and chance agreement, where the coefficient compares the two; otherwise not a number.
    reason
        A sentence why the value, or its interval, is undefined; empty where both are defined.
    note
        What was left out, and what a reader should know about the design; may be empty.
    """

    name: str
    value: float
    standard_error: float
    low: float
    high: float
    confidence: float
    n_candidates: int
    n_assessors: int
    n_ratings: int
    method: str
    seed: int | None
    n_units: int = 0
    observed: float = math.nan
    expected: float = math.nan
    reason: str = ""
    note: str = ""

    @property
    def defined(self) -> bool:
        """Whether there is a value."""
        return not math.isnan(self.value)


@dataclass(frozen=True)
class Options:
    """How the interval is made: the keywords that every coefficient takes."""

    confidence: float = 0.95
    interval: Interval = "bootstrap"
    resample: Resample = "candidate"
    replicates: int = 1000
    seed: int = 0

    def __post_init__(self) -> None:
        one_of("interval", self.interval, INTERVALS)
        one_of("resample", self.resample, RESAMPLES)
        if not 0 < self.confidence < 1:
            raise UsageError("The confidence must lie between 0 and 1, such as 0.95.")
        if not 2 <= self.replicates <= MOST_REPLICATES or int(self.replicates) != self.replicates:
            raise UsageError(f"The number of replicates must be a whole number from 2 to {MOST_REPLICATES}.")
        if int(self.seed) != self.seed or self.seed < 0:
            raise UsageError("The seed must be a whole number, zero or more.")
        if self.interval == "analytic" and self.resample != "candidate":
            raise UsageError(
                "Analytic intervals speak of a sample of candidates; another unit was asked for.",
                next_step='Use interval="bootstrap" to resample assessors or both.',
            )


def one_of(keyword: str, given: object, allowed: tuple[str, ...]) -> None:
    """Refuse an option that is not on the list, naming the list."""
    if given not in allowed:
        raise UsageError(f"{keyword} must be one of: {', '.join(allowed)}.")
