"""Difference in differences: did the gap between eligible and other candidates move when workshops began?"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from standardsetting.cohort.intervals import newcombe_difference
from standardsetting.cohort.positive_action.design import FEWEST_AFTER, FEWEST_BEFORE, processes_without_and_with
from standardsetting.cohort.positive_action.effect import RATE, Effect, dropped
from standardsetting.cohort.positive_action.participants import Participants
from standardsetting.intervals import critical_value

# Disclosure rule R5: a rate needs ten successes and ten failures, and twenty people.
FEWEST_IN_A_CELL = 10
COLUMNS = ("process", "workshops", "gap", "low", "high", "variance")


@dataclass(frozen=True)
class AcrossProcesses:
    """The change of the gap, and whether the gap had been moving before.

    Attributes
    ----------
    effect
        Mean gap in processes with workshops less mean gap in those before.
    gaps
        One row a process in the order of time: `process`, `workshops`, `gap` (eligible less other candidates), `low`, `high`. For the
        pre-trend plot. None where refused.
    trend, trend_low, trend_high, trend_p
        How much the gap moved from one process to the next before workshops began.
    parallel
        A sentence on what the processes before show.
    """

    effect: Effect
    gaps: pd.DataFrame | None = None
    trend: float = math.nan
    trend_low: float = math.nan
    trend_high: float = math.nan
    trend_p: float = math.nan
    parallel: str = ""


def across_processes(people: Participants, *, confidence: float = 0.95) -> AcrossProcesses:
    """Did the gap in meeting the standard change when workshops began?

    Everybody to whom a workshop was (or, in earlier processes, would have been) open beside all other candidates of the same process,
    whoever attended: gaps of the same kind before and after, never attenders beside people who were not eligible. Among those interviewed.

    Parameters
    ----------
    people
        At least three processes without workshops and one with.
    confidence
        Of the intervals.

    Notes
    -----
    One gap a process is one observation, because whatever else made a process special moved its whole gap. The effect is the difference of
    mean gaps with Student's t on the number of processes less two (Donald and Lang 2007): with few processes a wide interval, and an honest
    one. Sampling error alone would give a far narrower one. The trend before is weighted by sampling error and tested by it, so it errs
    towards seeing a trend; where one is seen, the change is refused. That none is seen in three processes does not show there was none.

    References
    ----------
    Donald and Lang (2007), Review of Economics and Statistics 89, 221-233.
    """
    scored = people.table["interviewed"] & people.table["met_standard"].notna()
    blank = Effect(
        "change of the gap when workshops began", "difference in differences", RATE, "processes with workshops", "processes before",
        confidence=confidence, dropped=dropped(not_interviewed_or_without_an_outcome=int((~scored).sum())),
        note="Holds only if the gap would otherwise have stayed as it was before; other things that changed with the workshops are in it.",
    )  # fmt: skip
    before, after = processes_without_and_with(people)
    blank = replace(blank, n_one=len(after), n_other=len(before))
    if len(before) < FEWEST_BEFORE or len(after) < FEWEST_AFTER:
        why = (
            f"Refused: at least {FEWEST_BEFORE} processes without workshops and {FEWEST_AFTER} with are needed; "
            f"there are {len(before)} and {len(after)}."
        )
        return AcrossProcesses(replace(blank, why=why))
    gaps = _gaps(people.table[scored], people.processes, after, confidence)
    if gaps is None:
        why = f"Not shown: in a process, eligible or other candidates have fewer than {FEWEST_IN_A_CELL} people with or without success."
        return AcrossProcesses(replace(blank, why=why))
    trend, se = trend_before(gaps[~gaps["workshops"]])
    half, p = critical_value(confidence) * se, math.erfc(abs(trend) / se / math.sqrt(2))
    if p < 1 - confidence:
        seen = "The gap was already moving before workshops began, so its change cannot be put down to them."
        effect = replace(blank, why=f"Refused: {seen[0].lower()}{seen[1:]}")
    else:
        seen = f"The {len(before)} processes before show no trend that sampling error does not explain; that does not prove there was none."
        effect = change_of_the_gap(blank, gaps, confidence=confidence)
    return AcrossProcesses(effect, gaps.drop(columns="variance"), trend, trend - half, trend + half, p, seen)


def _gaps(scored: pd.DataFrame, processes: tuple[str, ...], after: tuple[str, ...], confidence: float) -> pd.DataFrame | None:
    rows: list[tuple[str, bool, float, float, float, float]] = []
    for label in processes:
        here = scored[scored["process"] == label]
        sides = [here.loc[here["eligible_for_workshop"] == flag, "met_standard"] for flag in (True, False)]
        (a, n1), (c, n2) = ((int(side.sum()), len(side)) for side in sides)
        if min(a, n1 - a, c, n2 - c) < FEWEST_IN_A_CELL:
            return None
        limits = newcombe_difference(a, n1, c, n2, confidence=confidence)
        variance = a * (n1 - a) / n1**3 + c * (n2 - c) / n2**3
        rows.append((label, label in after, a / n1 - c / n2, float(limits.low), float(limits.high), variance))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def trend_before(before: pd.DataFrame) -> tuple[float, float]:
    """Weighted least squares of the gap on the process's place in time, and its standard error from sampling alone."""
    weight, place = 1 / before["variance"].to_numpy(), np.arange(len(before), dtype=float)
    centred = place - np.average(place, weights=weight)
    squares = float(weight @ centred**2)
    return float((weight * centred) @ before["gap"].to_numpy() / squares), float(1 / np.sqrt(squares))


def change_of_the_gap(effect: Effect, gaps: pd.DataFrame, *, confidence: float) -> Effect:
    """Mean gap with workshops less mean gap before, one observation a process (Donald and Lang 2007)."""
    from scipy.special import stdtrit

    one, other = (gaps.loc[gaps["workshops"] == flag, "gap"].to_numpy() for flag in (True, False))
    df = len(one) + len(other) - 2
    spread = float(((one - one.mean()) ** 2).sum() + ((other - other.mean()) ** 2).sum()) / df
    half = float(stdtrit(df, 0.5 + confidence / 2)) * math.sqrt(spread * (1 / len(one) + 1 / len(other)))
    change = float(one.mean() - other.mean())
    return replace(
        effect, estimate=change, low=max(change - half, -2.0), high=min(change + half, 2.0), level_one=float(one.mean()),
        level_other=float(other.mean()), method=f"difference of mean gaps, one a process; Student's t on {df} degrees of freedom",
    )  # fmt: skip
