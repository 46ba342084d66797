"""What a method of this report hands back: a difference with its interval and how it was made, or a sentence why there is none."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

RATE = "share meeting the standard"
TOTAL = "total score"


@dataclass(frozen=True)
class Dropped:
    """People who are not in a comparison, and why."""

    count: int
    reason: str


@dataclass(frozen=True)
class Effect:
    """A difference, `one` less `other`.

    Attributes
    ----------
    title, estimand, outcome
        What the number may be called, whose difference it is, and in what (a share between 0 and 1, or points of the total score).
    estimate, low, high, confidence
        The difference with its interval. Missing where `why` is a sentence.
    level_one, level_other
        The two sides whose difference it is.
    one, other, n_one, n_other
        What the sides are called, and how many people are in them.
    method, p, p_method, seed
        How interval and test were made; the seed where chance was drawn.
    dropped, note, why
        Who is not in it; what a reader should know; why there is no number.
    """

    title: str
    estimand: str
    outcome: str
    one: str
    other: str
    n_one: int = 0
    n_other: int = 0
    estimate: float = math.nan
    low: float = math.nan
    high: float = math.nan
    confidence: float = 0.95
    level_one: float = math.nan
    level_other: float = math.nan
    method: str = ""
    p: float = math.nan
    p_method: str = ""
    seed: int | None = None
    dropped: tuple[Dropped, ...] = ()
    note: str = ""
    why: str = ""


def dropped(**counts: int) -> tuple[Dropped, ...]:
    """Those counts that are not zero; a name's underscores become spaces."""
    return tuple(Dropped(int(n), reason.replace("_", " ")) for reason, n in counts.items() if n)


@dataclass(frozen=True)
class MeanDifference:
    """A difference of two means, Welch's standard error and degrees of freedom."""

    difference: float
    se: float
    df: float

    def limits(self, confidence: float) -> tuple[float, float]:
        """Student's t interval."""
        from scipy.special import stdtrit

        half = float(stdtrit(self.df, 0.5 + confidence / 2)) * self.se
        return self.difference - half, self.difference + half


def mean_difference(one: np.ndarray, other: np.ndarray) -> MeanDifference:
    """Welch's difference of means; each side needs two people and some spread between them."""
    # Sorted, so that the order of the rows changes nothing, not even the last digit.
    one, other = np.sort(one), np.sort(other)
    parts = [float(np.var(side, ddof=1)) / len(side) for side in (one, other)]
    total = sum(parts)
    df = total**2 / sum(part**2 / (len(side) - 1) for part, side in zip(parts, (one, other), strict=True)) if total > 0 else math.nan
    return MeanDifference(float(np.mean(one) - np.mean(other)), math.sqrt(total), df)
