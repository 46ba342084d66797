"""What a reader has been told, as statements about counts: by this release, an earlier one, the press, or their own place in the table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from standardsetting.disclosure.cube import Declaration, Where


@dataclass(frozen=True)
class Term:
    """A count of a group at a stage, and how often it enters a sum."""

    where: Where
    stage: str
    measure: str
    weight: int = 1


@dataclass(frozen=True)
class Statement:
    """A sum of counts lies between two bounds; None is no bound.

    Examples
    --------
    A press line, "none of the four women was posted":

    >>> women = (("sex", ("women",)),)
    >>> entered = Statement((Term(women, "applied", "entered"),), 4, 4, source="press")
    >>> posted = Statement((Term(women, "posted", "passed"),), 0, 0, source="press")
    """

    terms: tuple[Term, ...]
    low: int | None
    high: int | None
    source: str = "release"


@dataclass(frozen=True)
class VerdictTold:
    """A verdict was printed that compares a group with its comparator at a stage; its code is computed from the true counts.

    `since` is the stage from which a span began; without it the verdict is about those who entered the stage.
    """

    where: Where
    comparator: Where
    stage: str
    code: int
    since: str | None = None


Told = Statement | VerdictTold


@dataclass(frozen=True)
class Before:
    """What releases of an earlier snapshot told of the same people, and how many of everybody had ended in which way by then."""

    declaration: Declaration
    totals: NDArray[np.int64]
    told: tuple[Told, ...]


def known(where: Where, stage: str, measure: str, low: int | None, high: int | None, *, source: str = "release") -> Statement:
    """A statement about a single count."""
    return Statement((Term(where, stage, measure),), low, high, source)
