"""What can be said about adjusting for severity: what it would change, and whether that is likely to be better."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.special import stdtrit

HELP, HARM, NO_DIFFERENCE, CANNOT_TELL = "would likely help", "would likely harm", "would make no difference that matters", "cannot be told"
LOWEST, ESTIMATED, HIGHEST = "lowest", "estimated", "highest"


@dataclass(frozen=True)
class Change:
    """A mean over simulated campaigns with its interval: what simulating more of them would narrow, and nothing else."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, by_replicate: np.ndarray, *, confidence: float) -> Change:
        """From one number a campaign, by Student's t."""
        n = len(by_replicate)
        mean = float(by_replicate.mean())
        half = float(stdtrit(n - 1, (1 + confidence) / 2) * by_replicate.std(ddof=1) / np.sqrt(n))
        return cls(mean, mean - half, mean + half)

    def verdict(self, matters: float) -> str:
        """In words, for a change of something that should be small: only an interval wholly on one side of the margin decides."""
        if self.high < -matters:
            return HELP
        if self.low > matters:
            return HARM
        return NO_DIFFERENCE if -matters <= self.low and self.high <= matters else CANNOT_TELL


@dataclass(frozen=True)
class Adjustment:
    """What adjusting for severity would change, and whether that is likely to be better. No adjusted score is kept anywhere.

    Attributes
    ----------
    reason
        Why nothing can be said; empty where something can. Then only `subsets` may be there beside it.
    subsets
        Where the rota falls into parts that share no candidate: `subset` (1 the largest), `assessors` and `candidates` (numbers), `codes`.
    verdict
        One of HELP, HARM, NO_DIFFERENCE, CANNOT_TELL: from wrong decisions, over the cuts shown, at the estimated spread of severity and at
        both ends of its interval. Where these do not agree, it cannot be told.
    wrong_raw, wrong_adjusted, change
        Wrong decisions per 100 candidates, mean over the cuts shown, and their change (below zero is better).
    error_raw, error_adjusted, error_change
        Root mean squared error of the total, in its points, and its change.
    by_cut
        One row a cut: `cut`; per 100 candidates `raw_false_met`, `raw_false_not_met`, `adjusted_false_met`, `adjusted_false_not_met`,
        `change`, `change_low`, `change_high`; and in this cohort, as numbers of candidates, `met`, `would_leave`, `would_enter`.
    by_severity
        One row for the lowest, estimated and highest spread of severity: `severity` (which), `deviation` (of an assessor's total, in
        points), `change`, `low`, `high`, `verdict`.
    would_move, half_point, largest
        In this cohort: candidates whose total would move by `half_point` or more, and the largest move of a total in points.
    deviation_seen, deviation_simulated
        Standard deviation of the raw totals, in this cohort and in the simulated ones: how like it they are.
    agreed_as_modelled
        Share of agreed scores that are the panel's mean at a nearest step, as in the simulation; missing where scores are not agreed.
    carried, carried_low, carried_high, carried_used
        The share of a panel's severity that is still in its agreed scores, with its interval, and what the simulation took.
    n_candidates, n_assessors, left_out
        Who was decided about; `left_out` have ratings and could not be.
    replicates, seed, confidence, matters, method
        How made. `matters` is the change of wrong decisions per 100 candidates that would matter.
    """

    reason: str
    subsets: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    verdict: str = CANNOT_TELL
    wrong_raw: float = float("nan")
    wrong_adjusted: float = float("nan")
    change: Change | None = None
    error_raw: float = float("nan")
    error_adjusted: float = float("nan")
    error_change: Change | None = None
    by_cut: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    by_severity: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    would_move: int = 0
    half_point: float = 0.5
    largest: float = float("nan")
    deviation_seen: float = float("nan")
    deviation_simulated: float = float("nan")
    agreed_as_modelled: float = float("nan")
    carried: float = float("nan")
    carried_low: float = float("nan")
    carried_high: float = float("nan")
    carried_used: float = 1.0
    n_candidates: int = 0
    n_assessors: int = 0
    left_out: int = 0
    replicates: int = 0
    seed: int = 0
    confidence: float = 0.95
    matters: float = 0.5
    method: str = ""

    @property
    def known(self) -> bool:
        """Whether anything can be said."""
        return not self.reason
