"""Kappas of two named assessors: Cohen's for one pair, Light's as the mean over pairs."""

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
class PairKappas(Statistic):
    """Each pair's own table, as its agreement and its two margins: columns are agreement by pair, then margins by pair and point."""

    weights: np.ndarray = field(kw_only=True)
    student: bool = False
    single_pair: bool = True

    def __post_init__(self) -> None:
        self.k = len(self.coded.scale)
        self.counted = self.coded.paired
        lost = len(self.coded.point) - len(self.counted.point)
        if lost:
            self.note = f"{lost} ratings have no second rating beside them and are left out."

    @property
    def first(self) -> np.ndarray:
        return self.coded.panels[1]

    @property
    def second(self) -> np.ndarray:
        return self.coded.panels[2]

    @property
    def width(self) -> int:
        return len(self.first) * (1 + 2 * self.k)

    def _agreement(self) -> np.ndarray:
        """The credit that every two ratings of a unit earn."""
        left, right = self.coded.pairs
        return self.weights.ravel()[self.coded.point[left].astype(np.intp) * self.k + self.coded.point[right]]

    def total(self) -> np.ndarray:
        agreement = np.bincount(self.coded.panels[0], weights=self._agreement(), minlength=len(self.first))
        return np.concatenate([agreement, self.coded.panel_margins])[None, :]

    def _columns(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Column, amount and pair of ratings of everything that adds to the sums."""
        (pair, first, _), (left, right) = self.coded.panels, self.coded.pairs
        margin = len(first) + pair * self.k
        columns = (pair, margin + self.coded.point[left], margin + len(first) * self.k + self.coded.point[right])
        amount = np.concatenate([self._agreement(), np.ones(2 * len(left))])
        return np.concatenate(columns, dtype=np.int32), amount, np.tile(np.arange(len(left), dtype=np.int32), 3)

    def rows(self) -> Rows:
        from scipy import sparse

        column, amount, entry = self._columns()
        _, candidate = np.unique(self.coded.candidate[self.coded.pairs[0]], return_inverse=True)
        n = int(candidate.max()) + 1
        sums = sparse.coo_array((amount, (candidate.astype(np.int32)[entry], column)), shape=(n, self.width)).tocsr()
        return Rows(sums if self.width > 200 else sums.toarray(), np.ones(n, dtype=int))

    def pieces(self, *, by_candidate: bool) -> list[Pieces]:
        column, amount, entry = self._columns()
        left, right = self.coded.pairs
        candidates = self.coded.candidate if by_candidate else None
        return [gathered(candidates, self.coded.place, left[entry], right[entry], column, amount, width=self.width)]

    def _terms(self, sums: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Observed and chance agreement of every pair, and how many units it rated."""
        pairs = len(self.first)
        margins = sums[..., pairs:].reshape(*sums.shape[:-1], 2, pairs, self.k)
        # A last column of ones counts the units beside the weights. A matrix product would start threads, which cost ten times as much.
        weighted = np.einsum("...i,ij->...j", margins[..., 0, :, :], np.column_stack([self.weights, np.ones(self.k)]))
        n = weighted[..., -1]
        with np.errstate(invalid="ignore", divide="ignore"):
            observed = sums[..., :pairs] / n
            expected = np.einsum("...i,...i->...", weighted[..., :-1], margins[..., 1, :, :]) / n**2
        return observed, expected, n

    def evaluate(self, sums: np.ndarray, assessors: np.ndarray | None = None) -> np.ndarray:
        observed, expected, n = self._terms(sums)
        with np.errstate(invalid="ignore", divide="ignore"):
            kappa = np.where((n > 0) & (1 - expected > FLAT), (observed - expected) / (1 - expected), np.nan)
        known = ~np.isnan(kappa)
        # A pair counts as often as both of its assessors were drawn.
        often = known.astype(float) if assessors is None else known * assessors[:, self.first] * assessors[:, self.second]
        with np.errstate(invalid="ignore", divide="ignore"):
            return (np.where(known, kappa, 0) * often).sum(axis=-1) / often.sum(axis=-1)

    def parts(self, sums: np.ndarray) -> tuple[float, float]:
        if not self.single_pair:
            return super().parts(sums)
        observed, expected, _ = self._terms(sums)
        return float(observed[0, 0]), float(expected[0, 0])

    def remark(self, sums: np.ndarray) -> str:
        if self.single_pair:
            return ""
        pairs, lost = len(self.first), self.coded.n_constant_panels
        left_out = f", of which {lost} are left out because both used the same single point" if lost else ""
        return f"The mean is over {pairs} pairs of assessors with candidates in common{left_out}."

    def influence(self, sums: np.ndarray, value: float) -> np.ndarray | None:
        """The non-null standard error of Fleiss, Cohen and Everitt (1969) as columns; candidates with several values count once."""
        if not self.single_pair:
            return None
        observed, expected, n = (term[0] for term in self._terms(sums[None, :]))
        share = sums[1:].reshape(2, self.k) / n
        rest, left = 1 - expected[0], 1 - value
        constant = (-observed[0] + 2 * left * expected[0]) / rest
        of_first = constant - left * (self.weights @ share[1]) / rest
        of_second = -left * (self.weights @ share[0]) / rest
        return np.concatenate([[1 / rest], of_first, of_second]) / n[0]


@coefficient
def cohen_kappa(patterns: UnitPatterns, *, weights: Weights = "unweighted") -> Statistic:
    """How far do two assessors, the same two throughout, agree beyond chance?

    Chance agreement takes each assessor's own use of the scale. It has no meaning when different people stand behind "assessor 1" and
    "assessor 2": with more than two assessors it is refused, and the reason names what is legal. Units that only one rated are left out.

    Parameters
    ----------
    ratings
        The long table: `candidate`, `assessor`, `value`, `rating`. With a column `kind`, independent ratings only.
    scale
        The declared scale, never inferred from the ratings: weights go by distance on it, not by the points that happened to be used.
    weights
        Credit for ratings that are close: unweighted (none), linear, quadratic.
    confidence, interval, resample, replicates, seed
        The interval: ``bootstrap`` (BCa over candidates where it is defined, otherwise percentile), ``percentile``, ``analytic``
        (non-null standard error, normal) or ``none``; what is resampled. Two assessors cannot be resampled to any purpose.

    Examples
    --------
    Ratings (1, 1), (1, 1), (1, 2), (2, 2): observed 0.75; chance 3/4 * 2/4 + 1/4 * 2/4 = 0.5; kappa 0.5.

    >>> import pandas as pd
    >>> from standardsetting import Scale
    >>> table = pd.DataFrame({"candidate": [1, 1, 2, 2, 3, 3, 4, 4], "assessor": ["a", "b"] * 4, "value": "v"})
    >>> table["rating"] = [1, 1, 1, 1, 1, 2, 2, 2]
    >>> cohen_kappa(table, scale=Scale(1, 2), interval="none").value
    0.5

    References
    ----------
    Cohen, J. (1968). Weighted kappa. Psychological Bulletin, 70, 213-220.
    Fleiss, J. L., Cohen, J. and Everitt, B. S. (1969). Large sample standard errors of kappa and weighted kappa. Psychological
    Bulletin, 72, 323-327.
    """
    coded, people = patterns.coded, len(patterns.coded.assessors_present)
    statistic = PairKappas(
        coded,
        name=f"Cohen's kappa, {weights}",
        weights=agreement_weights(coded.scale, weights),
        undefined="Both assessors gave the same single rating throughout, so agreement and chance cannot be told apart: "
        "Cohen's kappa is undefined.",
        no_assessors="There are two assessors: resampling them cannot tell how another two would agree.",
    )
    if people > 2:
        statistic.counted, statistic.note = coded, ""
        statistic.refusal = (
            f"Cohen's kappa is for the same two assessors throughout; {people} people rated here, so that two columns of ratings "
            "would not be two people. Legal are Fleiss' kappa, Gwet's AC and Krippendorff's alpha; "
            "Conger's and Light's kappa keep people apart."
        )
    return statistic


@coefficient
def light_kappa(patterns: UnitPatterns, *, weights: Weights = "unweighted") -> Statistic:
    """How far do pairs of assessors agree beyond chance, on average? The mean of Cohen's kappas over pairs with units in common.

    Every pair weighs the same, however few candidates they share: with many assessors and few candidates for each pair it is noisy, and
    `fleiss_kappa` or `krippendorff_alpha` serve better. Parameters and errors as in `cohen_kappa`; no analytic interval is published.

    Examples
    --------
    Three assessors, of whom the third always agrees with the first: kappas 0.5, 1 and 0.5.

    >>> import pandas as pd
    >>> from standardsetting import Scale
    >>> table = pd.DataFrame({"candidate": [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4], "assessor": ["a", "b", "c"] * 4, "value": "v"})
    >>> table["rating"] = [1, 1, 1, 1, 1, 1, 1, 2, 1, 2, 2, 2]
    >>> round(light_kappa(table, scale=Scale(1, 2), interval="none").value, 4)
    0.6667

    References
    ----------
    Light, R. J. (1971). Measures of response agreement for qualitative data. Psychological Bulletin, 76, 365-377.
    """
    return PairKappas(
        patterns.coded,
        name=f"Light's kappa, {weights}",
        weights=agreement_weights(patterns.coded.scale, weights),
        single_pair=False,
        undefined="Within every pair both assessors gave the same single rating throughout, so no pair has a kappa.",
        no_analytic="No standard error is published for Light's kappa.",
    )
