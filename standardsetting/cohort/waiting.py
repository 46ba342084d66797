"""How long people wait: Kaplan and Meier's estimate of the share still waiting, with Greenwood's variance on the log-log scale.

Nothing here knows who waits or for what. Times are whole or not; several people may share one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from standardsetting.errors import UsageError
from standardsetting.intervals import critical_value

METHOD = "Kaplan-Meier, Greenwood's variance, log-log interval"


@dataclass(frozen=True)
class Waiting:
    """The estimate and how it was made.

    Attributes
    ----------
    steps
        One row a distinct time, in order: `time`, `at_risk` (still followed just before), `events`, `censored`, `waiting` (the share that
        still waits after it), `low` and `high`; the limits are missing where nobody or everybody has had the event.
    n, events
        How many people were followed, and how many of them had the event.
    confidence, method
        Of the limits, two-sided; and what was done.
    why
        Why there is no estimate; empty where there is one.
    """

    steps: pd.DataFrame
    n: int
    events: int
    confidence: float
    method: str = METHOD
    why: str = ""

    def after(self, time: float) -> dict[str, float]:
        """The share that still waits after a time, its limits, and how many were followed up to it (`at_risk`) and beyond it (`left`).

        Those who were censored at the time itself were followed up to it; they are not followed beyond it.
        """
        before = self.steps[self.steps["time"] <= time]
        later = self.steps[self.steps["time"] > time]
        beyond = int(later["at_risk"].max()) if len(later) else 0
        here = self.steps[self.steps["time"] == time]
        at_risk = int(here["at_risk"].iloc[0]) if len(here) else beyond
        if before.empty:
            return {"waiting": 1.0, "low": math.nan, "high": math.nan, "at_risk": at_risk, "left": beyond}
        last = before.iloc[-1]
        return {**{name: float(last[name]) for name in ("waiting", "low", "high")}, "at_risk": at_risk, "left": beyond}

    @property
    def median(self) -> float:
        """The first time after which at most half still wait; missing where more than half still wait at the end."""
        # A product of fractions that is one half may lie a digit above it.
        reached = self.steps.loc[self.steps["waiting"] <= 0.5 + 1e-12, "time"]
        return float(reached.iloc[0]) if len(reached) else math.nan


def kaplan_meier(times: ArrayLike, events: ArrayLike, *, confidence: float = 0.95) -> Waiting:
    """Which share still waits after each time, where not everybody could be followed until the end?

    The product over the times t of 1 - d(t) / n(t): of the n(t) who were followed up to t, d(t) had the event at t. Whoever was followed
    for just t and had no event is among the n(t). The limits are exp(-exp(log(-log S) ± z s)), s² = Σ d / (n (n - d)) / log(S)². Without
    censoring S is the share that waits.

    Not to be used where people stop being followed because of how long they would have waited, nor, where another end than the event makes
    it impossible, for the share that ever has it: that estimate is too high.

    Parameters
    ----------
    times
        How long each person was followed, zero or more; one unit throughout.
    events
        Whether the event was what ended it.
    confidence
        Of the limits, two-sided.

    Raises
    ------
    UsageError
        Times that are missing or below zero, events that are no yes or no, not as many of the one as of the other; a confidence outside 0
        to 1.

    References
    ----------
    Kaplan and Meier (1958), Journal of the American Statistical Association 53, 457-481. Kalbfleisch and Prentice (2002), The Statistical
    Analysis of Failure Time Data, second edition, for the log-log limits.

    Examples
    --------
    Four people: one had the event at 1, one was followed until 1 and not beyond, one had it at 2, one still waits at 3.

    >>> found = kaplan_meier([1, 1, 2, 3], [True, False, True, False])
    >>> found.steps["waiting"].tolist(), found.median
    ([0.75, 0.375, 0.375], 2.0)
    """
    z = critical_value(confidence)
    time, event = np.asarray(times, dtype=float).ravel(), np.asarray(events).ravel()
    if len(time) != len(event) or not np.isfinite(time).all() or (time < 0).any() or not np.isin(event, (0, 1)).all():
        raise UsageError("Times of zero or more were expected, and for each a yes or no: whether the event ended it.")
    columns = ["time", "at_risk", "events", "censored", "waiting", "low", "high"]
    if not len(time):
        return Waiting(pd.DataFrame(columns=columns, dtype=float), 0, 0, confidence, why="Nobody was followed.")
    at, code = np.unique(time, return_inverse=True)
    had = np.bincount(code.ravel(), weights=event.astype(float)).astype(int)
    ended = np.bincount(code.ravel())
    at_risk = len(time) - np.concatenate([[0], np.cumsum(ended)[:-1]])
    waiting = np.cumprod((at_risk - had) / at_risk)
    with np.errstate(divide="ignore", invalid="ignore"):
        greenwood = np.cumsum(had / (at_risk * (at_risk - had)))
        log = np.log(waiting)
        half = z * np.sqrt(greenwood) / np.abs(log)
        ends = [np.exp(-np.exp(np.log(-log) + side * half)) for side in (1, -1)]
    told = (waiting > 0) & (waiting < 1)
    steps = pd.DataFrame(
        {
            "time": at,
            "at_risk": at_risk,
            "events": had,
            "censored": ended - had,
            "waiting": waiting,
            "low": np.where(told, ends[0], np.nan),
            "high": np.where(told, ends[1], np.nan),
        }
    )
    return Waiting(steps, len(time), int(had.sum()), confidence)


def in_weeks(weeks: int) -> str:
    """A number of weeks as it is read.

    Examples
    --------
    >>> in_weeks(1), in_weeks(4)
    ('one week', '4 weeks')
    """
    return "one week" if weeks == 1 else f"{weeks:,} weeks"


def after_weeks(weeks: int) -> str:
    """The name of a time in a release.

    Examples
    --------
    >>> after_weeks(4), weeks_of(after_weeks(4))
    ('weeks_4', 4)
    """
    return f"weeks_{weeks}"


def weeks_of(time: str) -> int:
    """The weeks of a time as `after_weeks` names it."""
    name, _, weeks = time.partition("_")
    if name != "weeks" or not weeks.isdigit():
        raise UsageError("A time such as weeks_4 was expected.")
    return int(weeks)
