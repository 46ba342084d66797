"""Where along the way did a gap arise? The impact ratio of the whole process as the product of its stages' ratios, exactly.

ln(overall ratio) is the sum of ln(stage ratio): a waterfall. A favourable bottom line does not undo an unfavourable stage, and the other
way round, so every stage has its verdict, and so has the whole.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from standardsetting.cohort.rates import compare
from standardsetting.errors import UsageError
from standardsetting.intervals import Floats, critical_value

COLUMNS = ("stage", "entered", "passed", "reference_entered", "reference_passed")
OVERALL = "overall"


@dataclass(frozen=True)
class Waterfall:
    """The stages of a process, and the whole in the last row, named "overall".

    Attributes
    ----------
    table
        One row a stage: the counts; `rate`, `reference_rate`; `ratio`, `low`, `high` (score interval); `log_ratio`, `log_low`, `log_high`
        (delta method); `shortfall` (people, against both groups' rate together); `verdict`; `note`; `bootstrap_low`, `bootstrap_high` (of
        the ratio).
    left_out
        Redrawn cohorts without a ratio at some stage, which the bootstrap's limits leave out.
    """

    table: pd.DataFrame
    confidence: float
    replicates: int
    seed: int
    left_out: int
    method: str = (
        "Score interval of each ratio; delta method on the log scale; bootstrap percentiles over candidates redrawn with replacement "
        "within each group, each with the whole of their way through the stages."
    )
    note: str = ""


def waterfall(stages: pd.DataFrame, *, confidence: float = 0.95, replicates: int = 2000, seed: int = 0) -> Waterfall:
    """How much does each stage add to, or take from, the impact ratio of the whole process?

    Parameters
    ----------
    stages
        One row a stage, in order: `stage`, `entered`, `passed`, `reference_entered`, `reference_passed`. Whoever passes a stage enters the
        next one. People who withdraw or defer between two stages are a stage of their own ("still in the process"), so that nobody leaves
        unseen.
    confidence
        Of the intervals.
    replicates, seed
        Of the bootstrap.

    Raises
    ------
    UsageError
        Columns that are missing, or numbers entering a stage that differ from those who passed the one before.

    Examples
    --------
    >>> teal = pd.DataFrame({"stage": ["exam", "promotion"], "entered": [48, 26], "passed": [26, 11],
    ...                      "reference_entered": [259, 206], "reference_passed": [206, 35]})
    >>> waterfall(teal, replicates=200).table[["stage", "ratio"]].round(3)
           stage  ratio
    0       exam  0.681
    1  promotion  2.490
    2    overall  1.696
    """
    critical_value(confidence)
    _check(stages, replicates)
    counts = stages[list(COLUMNS[1:])].to_numpy(dtype=np.int64)
    names = [*stages["stage"].astype(str), OVERALL]
    whole = np.array([counts[0, 0], counts[-1, 1], counts[0, 2], counts[-1, 3]])
    every = np.vstack([counts, whole])
    table = pd.DataFrame([_row(name, one, confidence) for name, one in zip(names, every, strict=True)])
    log_ratios = table["log_ratio"].to_numpy()
    low, high, left_out = _bootstrap(counts, confidence, replicates, seed)
    table["bootstrap_low"], table["bootstrap_high"] = low, high
    note = "" if np.isfinite(log_ratios).all() else "A stage at which a group had no success has no log ratio; the sum then has no meaning."
    return Waterfall(table, confidence, replicates, seed, left_out, note=note)


def _row(name: str, counts: np.ndarray, confidence: float) -> dict[str, object]:
    entered, passed, reference_entered, reference_passed = (int(x) for x in counts)
    found = compare(passed, entered, reference_passed, reference_entered, confidence=confidence)
    log_ratio = half = math.nan
    if passed and reference_passed:
        log_ratio = math.log(found.ratio)
        variance = 1 / passed - 1 / entered + 1 / reference_passed - 1 / reference_entered
        half = critical_value(confidence) * math.sqrt(max(variance, 0.0))
    return {
        **dict(zip(COLUMNS, (name, entered, passed, reference_entered, reference_passed), strict=True)),
        "rate": found.rate,
        "reference_rate": found.reference_rate,
        "ratio": found.ratio,
        "low": found.ratio_low,
        "high": found.ratio_high,
        "log_ratio": log_ratio,
        "log_low": log_ratio - half,
        "log_high": log_ratio + half,
        "shortfall": found.shortfall,
        "verdict": found.verdict.value,
        "note": " ".join(found.notes),
    }


def _bootstrap(counts: np.ndarray, confidence: float, replicates: int, seed: int) -> tuple[Floats, Floats, int]:
    """Percentiles of each stage's ratio and of the whole: a candidate is redrawn with the last stage they passed."""
    random = np.random.default_rng(seed)
    passed, entered = [], []
    for enter, leave in ((0, 1), (2, 3)):
        people = counts[0, enter]
        ends = np.append(counts[:, enter] - counts[:, leave], counts[-1, leave])
        drawn = random.multinomial(people, ends / people, size=replicates) if people else np.zeros((replicates, len(ends)), dtype=int)
        gone = np.cumsum(drawn[:, :-1], axis=1)
        passed.append(np.column_stack([people - gone, people - gone[:, -1:]]))
        entered.append(np.column_stack([np.full(replicates, people), people - gone[:, :-1], np.full(replicates, people)]))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = (passed[0] / entered[0]) / (passed[1] / entered[1])
    defined = np.isfinite(ratios).all(axis=1)
    if not defined.any():
        nothing = np.full(ratios.shape[1], np.nan)
        return nothing, nothing, replicates
    tail = (1 - confidence) / 2
    low, high = np.quantile(ratios[defined], [tail, 1 - tail], axis=0)
    return low, high, int((~defined).sum())


def _check(stages: pd.DataFrame, replicates: int) -> None:
    missing = [column for column in COLUMNS if column not in stages]
    if missing or stages.empty:
        raise UsageError(f"A table with the columns {', '.join(COLUMNS)} and a row for each stage was expected.")
    if replicates < 1:
        raise UsageError("At least one replicate of the bootstrap was expected.")
    if stages[list(COLUMNS[1:])].isna().to_numpy().any():
        raise UsageError("A number of people was expected in every cell of the stages.")
    for after, before in (("entered", "passed"), ("reference_entered", "reference_passed")):
        broken = int((stages[after].to_numpy()[1:] != stages[before].to_numpy()[:-1]).sum())
        if broken:
            raise UsageError(
                f"Whoever passed a stage was expected to enter the next; {broken} stage(s) have another number in {after}.",
                next_step='Give people who withdrew or deferred in between a stage of their own, such as "still in the process".',
            )
