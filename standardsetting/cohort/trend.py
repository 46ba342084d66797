"""One point a process: has the impact ratio moved, or is it chance? And what may be said at every look without looking too often?

There is no weekly or live series: a look is a process that has ended.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from standardsetting.cohort.pooled import COUNTS, Pooled, pool
from standardsetting.cohort.rates import compare
from standardsetting.cohort.running import confidence_sequence
from standardsetting.errors import UsageError

# The tails of three standard deviations of a normal distribution, as control charts have them.
TAIL = 0.00135


@dataclass(frozen=True)
class Trend:
    """The impact ratio process by process.

    Attributes
    ----------
    points
        One row a process: its counts; `segment`; `ratio`, `low`, `high` (score interval); `verdict`; `limit_low`, `limit_high` (control
        limits of the ratio) and `outside`; `running_ratio` (Mantel-Haenszel, the segment so far) with `running_low`, `running_high` (valid
        at every look).
    pooled
        The pooled estimate of each segment, with its test of heterogeneity.
    breaks
        The processes at which a new segment starts because the code list changed.
    notes
        What a reader has to know, a sentence each.
    """

    points: pd.DataFrame
    pooled: tuple[Pooled, ...]
    breaks: tuple[str, ...]
    confidence: float
    method: str
    notes: tuple[str, ...]


METHOD = (
    "Control limits: exact binomial, tails of 0.00135, for the segment's pooled ratio at the reference group's observed rate, which is "
    "taken as known. Running interval: an anytime-valid confidence sequence from products of e-values (Turner and Grünwald 2023)."
)


def trend(processes: pd.DataFrame, *, confidence: float = 0.95) -> Trend:
    """How has the impact ratio gone over the processes, within each version of the code list?

    Not for looks within a process, and not for comparing one year's small group with the next: an arrow on twelve people means nothing.

    Parameters
    ----------
    processes
        One row a process, in order: `process`, `successes`, `n`, `reference_successes`, `reference_n`, and where there is one `code_list`
        (its name and version). Where the code list changes, a new segment starts: nothing is pooled or compared across the break.
    confidence
        Of the intervals, and of each segment's running interval over all its looks together.

    Examples
    --------
    >>> years = pd.DataFrame({"process": ["2021", "2022", "2023"], "successes": [12, 16, 8], "n": [32, 27, 14],
    ...                       "reference_successes": [116, 80, 73], "reference_n": [181, 139, 107]})
    >>> trend(years).points[["process", "ratio", "running_ratio", "outside"]].round(3)
      process  ratio  running_ratio  outside
    0    2021  0.585          0.585    False
    1    2022  1.030          0.775    False
    2    2023  0.838          0.789    False
    """
    needed = ("process", *COUNTS)
    if [column for column in needed if column not in processes] or processes.empty:
        raise UsageError(f"A table with the columns {', '.join(needed)} and a row for each process was expected.")
    if processes["process"].duplicated().any():
        raise UsageError("One row a process was expected; some processes have several.")
    table = processes.reset_index(drop=True)
    lists = table["code_list"].astype(str) if "code_list" in table else pd.Series("", index=table.index)
    starts = lists.ne(lists.shift()) & (table.index > 0)
    segment = starts.cumsum()
    parts = [_segment(part, number + 1, confidence) for number, part in table.groupby(segment)]
    breaks = tuple(table["process"][starts].astype(str))
    notes = ["The running interval supposes one impact ratio behind the processes of a segment; see the test of heterogeneity."]
    if breaks:
        notes.append(f"The code list changed {len(breaks)} time(s); each part stands alone, and the confidence holds for each.")
    points = pd.concat([part for part, _ in parts], ignore_index=True)
    return Trend(points, tuple(pooled for _, pooled in parts), breaks, confidence, METHOD, tuple(notes))


def control_limits(n: int, reference_rate: float, ratio: float, *, tail: float = TAIL) -> tuple[float, float]:
    """Between which numbers of successes does a process of this size stay by chance, if the ratio is `ratio`? Both ends are inside.

    Examples
    --------
    >>> control_limits(60, 0.46, 0.8)
    (11.0, 34.0)
    """
    from scipy.stats import binom

    if not n or not 0 <= reference_rate <= 1 or not np.isfinite(ratio):
        return np.nan, np.nan
    low, high = binom.ppf([tail, 1 - tail], n, min(ratio * reference_rate, 1.0))
    return max(float(low), 0.0), max(float(high), 0.0)


def _segment(processes: pd.DataFrame, number: int, confidence: float) -> tuple[pd.DataFrame, Pooled]:
    pooled = pool(processes, confidence=confidence)
    rows = []
    for i, (a, n1, c, n2) in enumerate(processes[list(COUNTS)].to_numpy().tolist()):
        found = compare(a, n1, c, n2, confidence=confidence)
        low, high = control_limits(found.n, found.reference_rate, pooled.ratio)
        scale = found.n * found.reference_rate
        so_far = pool(processes.iloc[: i + 1], confidence=confidence)
        rows.append(
            {
                "segment": number,
                "ratio": found.ratio,
                "low": found.ratio_low,
                "high": found.ratio_high,
                "verdict": found.verdict.value,
                "limit_low": low / scale if scale else np.nan,
                "limit_high": high / scale if scale else np.nan,
                "outside": bool(found.successes < low or found.successes > high),
                "running_ratio": so_far.ratio,
            }
        )
    counts = [processes[column].to_numpy() for column in COUNTS]
    running = confidence_sequence(*counts, confidence=confidence)
    points = pd.concat([processes.reset_index(drop=True), pd.DataFrame(rows)], axis=1)
    return points.assign(running_low=running.low, running_high=running.high), pooled
