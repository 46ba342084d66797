"""Difference in differences from what the processes released: rounded counts, and an interval that owns up to the rounding."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from standardsetting.cohort.positive_action.across_processes import COLUMNS, AcrossProcesses, change_of_the_gap, trend_before
from standardsetting.cohort.positive_action.design import FEWEST_AFTER, FEWEST_BEFORE
from standardsetting.cohort.positive_action.effect import RATE, Effect
from standardsetting.intervals import critical_value

# Two show one movement from process to process; only from three on can it be told how much gaps move by themselves.
FEWEST_FOR_A_TREND = 2


@dataclass(frozen=True)
class ReleasedCounts:
    """One process as its release has it: interviewed, and met the standard.

    Attributes
    ----------
    process
        Its label.
    workshops
        Whether it had workshops.
    met, people, others_met, others
        Those to whom workshops were (or would have been) open, and everybody else. The others are everybody less the former.
    pieces
        How many rounded counts the former are put together from: 3 for two overlapping groups.
    off_by
        By how many people each of these counts can differ from the true one.
    """

    process: str
    workshops: bool
    met: int
    people: int
    others_met: int
    others: int
    pieces: int = 1
    off_by: int = 2

    @property
    def gap(self) -> float:
        """Share meeting the standard, of the former less of everybody else."""
        return self.met / self.people - self.others_met / self.others

    @property
    def variance(self) -> float:
        """Of the gap: sampling, and the rounding of every count it is made of, each off by all it can be, up or down at random."""
        n, m, p, q = self.people, self.others, self.met / self.people, self.others_met / self.others
        sampling = p * (1 - p) / n + q * (1 - q) / m
        # One person more in the group is one fewer among the others: both shares move.
        group = (1 / n + 1 / m) ** 2 + (p / n + q / m) ** 2
        total = (1 + q**2) / m**2
        return sampling + self.off_by**2 * (self.pieces * group + total)


def across_released(counts: Sequence[ReleasedCounts], *, confidence: float = 0.95) -> AcrossProcesses:
    """Did the gap move when workshops began, as far as released counts can tell?

    Parameters
    ----------
    counts
        One entry a process, in the order of time; the processes with workshops come last.
    confidence
        Of the intervals.

    Returns
    -------
    AcrossProcesses
        The gaps with intervals in any case. The effect where there are two processes before and one with workshops, and the gap was not
        already moving; otherwise `effect.why`.

    Notes
    -----
    Each interval counts chance in who applied, and the rounding: every count is taken to be off by as much as it can be, up or down at
    random. That is more than rounding does on average, so that coverage does not depend on where a count lies in its window.

    With three processes before, the interval of the change is the wider of that and Student's t on one gap a process (Donald and Lang
    2007), which also counts how much gaps move from process to process by themselves. With two before this cannot be seen, and
    `effect.note` says so. When not to use it: where the people themselves are at hand, use `across_processes`.

    References
    ----------
    Donald and Lang (2007), Review of Economics and Statistics 89, 221-233.

    Examples
    --------
    >>> rows = [("2021", False, 60, 120, 150, 250), ("2022", False, 65, 130, 145, 245), ("2023", True, 80, 130, 150, 250)]
    >>> found = across_released([ReleasedCounts(*row) for row in rows])
    >>> round(found.effect.estimate, 3), round(found.effect.low, 2), round(found.effect.high, 2)
    (0.111, -0.03, 0.26)
    """
    before, after = (sum(each.workshops is flag for each in counts) for flag in (False, True))
    blank = Effect(
        "change of the gap when workshops began", "difference in differences", RATE, "processes with workshops", "processes before",
        n_one=after, n_other=before, confidence=confidence, note=NOTE,
    )  # fmt: skip
    z = critical_value(confidence)
    halves = [z * math.sqrt(each.variance) for each in counts]
    rows = [(c.process, c.workshops, c.gap, c.gap - half, c.gap + half, c.variance) for c, half in zip(counts, halves, strict=True)]
    gaps = pd.DataFrame(rows, columns=list(COLUMNS))
    shown = gaps.drop(columns="variance")
    if before < FEWEST_FOR_A_TREND or after < FEWEST_AFTER:
        why = (
            f"Not shown: at least {FEWEST_FOR_A_TREND} processes before the workshops and {FEWEST_AFTER} with them are needed, with counts "
            "that may be shown."
        )
        return AcrossProcesses(replace(blank, why=why), shown)
    trend, se = trend_before(gaps[~gaps["workshops"]])
    half, p = z * se, math.erfc(abs(trend) / se / math.sqrt(2))
    if p < 1 - confidence:
        why = "Refused: the gap was already moving before workshops began, so its change cannot be put down to them."
        return AcrossProcesses(replace(blank, why=why), shown, trend, trend - half, trend + half, p, why.removeprefix("Refused: "))
    return AcrossProcesses(_change(blank, gaps, confidence), shown, trend, trend - half, trend + half, p, _NO_TREND)


NOTE = "Holds only if the gap would otherwise have stayed as it was before; other things that changed with the workshops are in it."
_TOO_FEW_BEFORE = (
    f"With fewer than {FEWEST_BEFORE} processes before it cannot be seen how much the gap moves from one process to the next by itself: "
    "the interval counts chance in who applied and the rounding of counts, and nothing else, and is too narrow."
)
_NO_TREND = "No trend is seen that chance does not explain; that does not prove there was none."


def _change(blank: Effect, gaps: pd.DataFrame, confidence: float) -> Effect:
    sides = [gaps.loc[gaps["workshops"] == flag, ["gap", "variance"]] for flag in (True, False)]
    with_them, before = (float(side["gap"].mean()) for side in sides)
    half = critical_value(confidence) * math.sqrt(sum(float(side["variance"].sum()) / len(side) ** 2 for side in sides))
    method, note = "difference of mean gaps; normal interval of sampling and rounding", blank.note
    if len(sides[1]) < FEWEST_BEFORE:
        note = f"{note} {_TOO_FEW_BEFORE}"
    else:
        by_process = change_of_the_gap(blank, gaps, confidence=confidence)
        half = max(half, (by_process.high - by_process.low) / 2)
        method = f"{method}, or Student's t on {len(gaps) - 2} degrees of freedom with one gap a process, whichever is wider"
    change = with_them - before
    return replace(
        blank, estimate=change, low=max(change - half, -2.0), high=min(change + half, 2.0), level_one=with_them, level_other=before,
        method=method, note=note,
    )  # fmt: skip
