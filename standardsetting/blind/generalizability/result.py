"""What an analysis of variance components returns."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from standardsetting.blind.rated import Dropped


@dataclass(frozen=True)
class VarianceComponents:
    """Where the differences between ratings come from.

    Attributes
    ----------
    table
        One row a component: `component`, `estimate`, `standard_error`, `low`, `high`, `share` (of the sum of the components above zero).
        Moments may be negative and are left so.
    method
        How the estimates were made.
    interval
        How `low` and `high` were made, or why there are none.
    confidence
        Of the intervals.
    design
        `crossed` where every candidate met every assessor, otherwise `not crossed`.
    values
        `random` or `fixed`.
    mean
        The mean rating.
    n_ratings, n_candidates, n_assessors, n_values
        What was used.
    loglik
        The restricted log-likelihood at the estimates; none by moments.
    converged
        Whether the estimates are at the maximum. Moments are solved, not climbed: always true.
    gradient_norm
        The root of what the next step was still expected to add to the log-likelihood; near zero at a maximum.
    evaluations
        How often the likelihood was evaluated.
    boundary
        Components estimated at zero by REML.
    negative
        Components estimated below zero by moments.
    covariance
        Of the estimates, in the order of the table; missing where it is not known.
    mean_weights
        What each component counts in the variance of the grand mean.
    dropped, notes
        What was left out, and what to know.
    sentence
        The result in words.
    """

    table: pd.DataFrame
    method: str
    interval: str
    confidence: float
    design: str
    values: str
    mean: float
    n_ratings: int
    n_candidates: int
    n_assessors: int
    n_values: int
    loglik: float | None
    converged: bool
    gradient_norm: float
    evaluations: int
    boundary: tuple[str, ...]
    negative: tuple[str, ...]
    covariance: np.ndarray = field(repr=False, compare=False)
    mean_weights: dict[str, float] = field(repr=False)
    dropped: tuple[Dropped, ...]
    notes: tuple[str, ...]
    sentence: str

    @property
    def reml_criterion(self) -> float | None:
        """Minus twice the restricted log-likelihood."""
        return None if self.loglik is None else -2 * self.loglik

    def estimate(self, component: str) -> float:
        """One component's estimate; zero where the design has no such component."""
        found = self.table.loc[self.table["component"] == component, "estimate"]
        return float(found.iloc[0]) if len(found) else 0.0
