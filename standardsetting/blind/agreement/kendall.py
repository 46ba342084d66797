"""Kendall's W: do assessors who all rated the same candidates put them in the same order?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from standardsetting.blind.agreement.estimate import FLAT, Statistic
from standardsetting.blind.agreement.opening import coefficient
from standardsetting.blind.agreement.resampling import Rows
from standardsetting.blind.agreement.unit_patterns import UnitPatterns, distinct


@dataclass
class Concordance(Statistic):
    """Columns of the sums: how many units have each distinct list of ratings, one rating from every assessor."""

    ties: bool = True

    def __post_init__(self) -> None:
        coded, people = self.coded, len(self.coded.assessors_present)
        self.people, self.k = people, len(coded.scale)
        whole = coded.unit_size[coded.unit] == people if coded.unit_size.max(initial=0) == people else slice(0, 0)
        complete = coded.where(whole)
        left_out = coded.used["n_units"] - len(complete.point) // max(people, 1)
        if left_out:
            self.note = f"{left_out} units that some assessor did not rate are left out."
        self.counted = complete if len(complete.point) else coded
        order = np.lexsort((complete.assessor, complete.unit))
        every = complete.point[order].reshape(-1, max(people, 1))
        self.owner = complete.candidate[order][:: max(people, 1)]
        if len(every):
            example, self.which, _ = distinct(every, self.k)
            self.lists = every[example]
        if people > 1 and len(every) < 2:
            self.refusal = (
                f"Kendall's W needs two units or more that every assessor rated; of {people} assessors all rated {len(every)} together. "
                "With panels drawn from a pool, Fleiss' kappa, Gwet's AC and Krippendorff's alpha are legal."
            )

    def rows(self) -> Rows:
        from scipy import sparse

        if len(np.unique(self.owner)) == len(self.owner):  # a unit is a candidate: equal lists are equal candidates
            return Rows(np.eye(len(self.lists)), np.bincount(self.which))
        _, candidate = np.unique(self.owner, return_inverse=True)
        n = int(candidate.max()) + 1
        counts = sparse.coo_array((np.ones(len(candidate)), (candidate, self.which)), shape=(n, len(self.lists)))
        return Rows(counts.tocsr(), np.ones(n, dtype=int))

    def evaluate(self, sums: np.ndarray, assessors: np.ndarray | None = None) -> np.ndarray:
        chosen = np.zeros((len(self.lists), self.people, self.k))
        chosen[np.arange(len(self.lists))[:, None], np.arange(self.people), self.lists] = 1
        flat = chosen.reshape(len(self.lists), -1)
        # The mid-rank of a point depends on how many units an assessor put at it and below it, and on nothing else.
        at = (sums @ flat).reshape(len(sums), self.people, self.k)
        ranks = np.cumsum(at, axis=-1) - at / 2 + 0.5
        n = sums.sum(axis=-1)
        sum_of_ranks = ranks.reshape(len(sums), -1) @ flat.T
        spread = (sums * (sum_of_ranks - self.people * (n[:, None] + 1) / 2) ** 2).sum(axis=-1)
        tied = (at**3 - at).sum(axis=(-1, -2)) if self.ties else 0.0
        most = self.people**2 * (n**3 - n) - self.people * tied
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(most > FLAT * n**3, 12 * spread / most, np.nan)


@coefficient
def kendall_w(patterns: UnitPatterns, *, ties: bool = True) -> Statistic:
    """How far do assessors who all rated the same candidates agree on their order?

    Each assessor's ratings become mid-ranks; W is the variance of the candidates' sums of ranks over the largest it could be, corrected for
    ties. It ignores severity: assessors a point apart throughout have W = 1. It needs units that every assessor rated, so it is refused
    for panels drawn from a pool. All values together are ranked together, so that differences between values count as agreement:
    prefer it by value.

    Parameters
    ----------
    ratings
        The long table: `candidate`, `assessor`, `value`, `rating`. With a column `kind`, independent ratings only.
    scale
        The declared scale, never inferred from the ratings.
    ties
        Whether to correct for ties, which ratings on five points always have.
    confidence, interval, resample, replicates, seed
        The interval, over candidates only: an assessor drawn twice would agree with himself or herself.

    Examples
    --------
    Two assessors, orders 1 2 3 and 1 3 2: sums of ranks 2, 5, 5, deviations -2, 1, 1; W is 12 * 6 / (4 * 24) = 0.75.

    >>> import pandas as pd
    >>> from standardsetting import Scale
    >>> table = pd.DataFrame(
    ...     {"candidate": [1, 1, 2, 2, 3, 3], "assessor": ["a", "b"] * 3, "value": "v", "rating": [1, 1, 2, 3, 3, 2]}
    ... )
    >>> kendall_w(table, scale=Scale(1, 5), interval="none").value
    0.75

    References
    ----------
    Kendall, M. G. and Gibbons, J. D. (1990). Rank Correlation Methods, 5th edition, chapter 6. Edward Arnold.
    """
    return Concordance(
        patterns.coded,
        name=f"Kendall's W{'' if ties else ', no correction for ties'}",
        ties=ties,
        undefined="Every assessor put all candidates at one point, so there is no order to agree on.",
        no_analytic="No standard error is used for Kendall's W.",
        no_assessors="Kendall's W compares a fixed set of assessors: one drawn twice would agree with himself or herself.",
    )
