"""Conger's kappa: chance agreement from each assessor's own use of the scale, with any number of assessors and gaps."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from standardsetting.blind.agreement.coefficient import Weights
from standardsetting.blind.agreement.distances import agreement_weights
from standardsetting.blind.agreement.estimate import FLAT, Statistic
from standardsetting.blind.agreement.opening import coefficient
from standardsetting.blind.agreement.resampling import Pieces, Rows
from standardsetting.blind.agreement.unit_patterns import UnitPatterns, gathered


@dataclass
class Conger(Statistic):
    """Columns of the sums: units rated, units with a pair of ratings, their agreement, then each assessor's ratings by point."""

    patterns: UnitPatterns = field(kw_only=True)
    weights: np.ndarray = field(kw_only=True)

    def __post_init__(self) -> None:
        self.k, self.people = len(self.coded.scale), len(self.coded.assessors_present)
        self.width = 3 + self.people * self.k
        single = self.coded.n_single
        if single:
            self.note = f"Units with one rating: {single}; they count in the chance term, not in the observed agreement."

    def _of_type(self) -> np.ndarray:
        cells, _, _ = self.patterns.split(self.patterns.sums_of_type)
        return np.column_stack([self.patterns.counts.any(axis=1), cells.sum(axis=1), cells @ self.patterns.cells(self.weights)])

    def total(self) -> np.ndarray:
        counts = np.bincount(self.coded.use, minlength=self.people * self.k)
        return np.concatenate([self.patterns.units_of_type @ self._of_type(), counts])[None, :]

    def rows(self) -> Rows:
        from scipy import sparse

        _, candidate = np.unique(self.coded.candidate, return_inverse=True)
        units = self.patterns.of_candidates(self._of_type())
        n = len(units)
        counts = sparse.coo_array((np.ones(len(candidate)), (candidate, 3 + self.coded.use)), shape=(n, self.width)).tocsr()
        sums = counts + sparse.csr_array((units.ravel(), np.tile([0, 1, 2], n), np.arange(0, 3 * n + 1, 3)), shape=(n, self.width))
        return Rows(sums if self.width > 60 else sums.toarray(), np.ones(n, dtype=int))

    def pieces(self, *, by_candidate: bool) -> list[Pieces]:
        from scipy import sparse

        pairs, _ = self.patterns.pieces(by_candidate=by_candidate)
        n, cells = self.patterns.n_cells, self.patterns.cells(self.weights)
        to_columns = np.zeros((pairs.sums.shape[1], self.width))
        to_columns[:n, 1], to_columns[:n, 2] = 1, cells
        agreement = Pieces(pairs.candidate, pairs.first, pairs.second, pairs.sums @ sparse.csr_array(to_columns))
        place, every = self.coded.place, np.arange(len(self.coded.point))
        candidates = self.coded.candidate if by_candidate else None
        return [agreement, gathered(candidates, place, every, None, 3 + self.coded.use, np.ones(len(every)), width=self.width)]

    def _terms(self, sums: np.ndarray, assessors: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        counts = sums[..., 3:].reshape(*sums.shape[:-1], self.people, self.k)
        n = counts.sum(axis=-1)
        often = (n > 0) * (1.0 if assessors is None else assessors)
        with np.errstate(invalid="ignore", divide="ignore"):
            observed = sums[..., 2] / sums[..., 1]
            share = counts / np.where(n > 0, n, 1)[..., None]
            together = (often[..., None] * share).sum(axis=-2)
            # Chance agreement of two different assessors, averaged over all pairs of them: all pairs less everybody with oneself.
            everybody = (together @ self.weights * together).sum(axis=-1)
            oneself = (often**2 * (share @ self.weights * share).sum(axis=-1)).sum(axis=-1)
            pairs = often.sum(axis=-1) ** 2 - (often**2).sum(axis=-1)
            expected = (everybody - oneself) / pairs
        return observed, expected, share, n

    def evaluate(self, sums: np.ndarray, assessors: np.ndarray | None = None) -> np.ndarray:
        observed, expected, _, _ = self._terms(sums, assessors)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(1 - expected > FLAT, (observed - expected) / (1 - expected), np.nan)

    def parts(self, sums: np.ndarray) -> tuple[float, float]:
        observed, expected, _, _ = self._terms(sums)
        return float(observed[0]), float(expected[0])

    def influence(self, sums: np.ndarray, value: float) -> np.ndarray:
        """Gwet's linearised variance with missing ratings, as columns (Handbook of Inter-Rater Reliability, 4th edition, chapter 5)."""
        _, expected, share, n = self._terms(sums)
        units, paired, rest = sums[0], sums[1], 1 - expected
        others = (share.sum(axis=0) - share) @ self.weights
        # Each assessor's share of a point moves by one rating over the ratings he or she gave.
        each = (others - (others * share).sum(axis=-1, keepdims=True)) / n[:, None]
        change = 2 / (self.people * (self.people - 1)) * each / rest
        of_units = np.array([-value, -expected / rest * units / paired, units / paired / rest])
        return np.concatenate([of_units / units, -(1 - value) * change.ravel()])


@coefficient
def conger_kappa(patterns: UnitPatterns, *, weights: Weights = "unweighted") -> Statistic:
    """How far do these assessors agree beyond chance, each with their own use of the scale?

    Observed agreement as for Fleiss' kappa; chance agreement is that of two different assessors, each rating as often on each point as they
    did, averaged over all pairs of assessors. With two assessors it is Cohen's kappa. Gaps are allowed. An assessor with few ratings
    weighs as much in the chance term as one with many. Parameters and errors as in `fleiss_kappa`.

    Examples
    --------
    Ratings (1, 1), (1, 1), (1, 2), (2, 2): observed 0.75; chance 3/4 * 2/4 + 1/4 * 2/4 = 0.5; kappa 0.5.

    >>> import pandas as pd
    >>> from standardsetting import Scale
    >>> table = pd.DataFrame({"candidate": [1, 1, 2, 2, 3, 3, 4, 4], "assessor": ["a", "b"] * 4, "value": "v"})
    >>> table["rating"] = [1, 1, 1, 1, 1, 2, 2, 2]
    >>> conger_kappa(table, scale=Scale(1, 2), interval="none").value
    0.5

    References
    ----------
    Conger, A. J. (1980). Integration and generalization of kappas for multiple raters. Psychological Bulletin, 88, 322-328.
    """
    matrix = agreement_weights(patterns.coded.scale, weights)
    return Conger(patterns.coded, name=f"Conger's kappa, {weights}", patterns=patterns, weights=matrix)
