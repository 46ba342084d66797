"""Kappas of two named assessors: Cohen's for one pair, Light's as the mean over pairs."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from standardsetting.blind.agreement.coefficient import Coefficient, Interval, Options, Resample, Weights
from standardsetting.blind.agreement.distances import agreement_weights
from standardsetting.blind.agreement.estimate import FLAT, Statistic, estimate
from standardsetting.blind.agreement.ratings import CodedRatings, code
from standardsetting.blind.agreement.resampling import Pieces, Rows
from standardsetting.blind.agreement.unit_patterns import gathered
from standardsetting.scale import Scale


@dataclass
class PairKappas(Statistic):
    """Each pair's own table, as its agreement and its two margins: columns are agreement by pair, then margins by pair and point."""

    weights: np.ndarray = field(kw_only=True)
    student: bool = False
    single_pair: bool = True

    def __post_init__(self) -> None:
        self.k = len(self.coded.scale)
        self.left, self.right = self.coded.pairs
        self.pair, self.first, self.second = self.coded.panels
        self.counted = self.coded.paired
        lost = len(self.coded.point) - len(self.counted.point)
        if lost:
            self.note = f"{lost} ratings have no second rating beside them and are left out."

    def total(self) -> np.ndarray:
        column, amount, _ = self._columns()
        return np.bincount(column, weights=amount, minlength=self.width)[None, :]

    def _columns(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        pairs, x, y = len(self.first), self.coded.point[self.left], self.coded.point[self.right]
        rest = pairs + self.pair * self.k
        column = np.concatenate([self.pair, rest + x, rest + pairs * self.k + y])
        amount = np.concatenate([self.weights[x, y], np.ones(2 * len(x))])
        return column, amount, np.tile(np.arange(len(x)), 3)

    @property
    def width(self) -> int:
        return len(self.first) * (1 + 2 * self.k)

    def rows(self) -> Rows:
        from scipy import sparse

        column, amount, entry = self._columns()
        _, candidate = np.unique(self.coded.candidate[self.left], return_inverse=True)
        n = int(candidate.max()) + 1
        sums = sparse.coo_array((amount, (candidate[entry], column)), shape=(n, self.width)).tocsr()
        return Rows(sums if self.width > 200 else sums.toarray(), np.ones(n, dtype=int))

    def pieces(self, *, by_candidate: bool) -> list[Pieces]:
        column, amount, entry = self._columns()
        place, candidates = self.coded.place, self.coded.candidate if by_candidate else None
        return [gathered(candidates, place, self.left[entry], self.right[entry], column, amount, width=self.width)]

    def _terms(self, sums: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        pairs = len(self.first)
        margins = sums[..., pairs:].reshape(*sums.shape[:-1], 2, pairs, self.k)
        n = margins[..., 0, :, :].sum(axis=-1)
        with np.errstate(invalid="ignore", divide="ignore"):
            observed = sums[..., :pairs] / n
            share = margins / n[..., None, :, None]
        expected = (share[..., 0, :, :] @ self.weights * share[..., 1, :, :]).sum(axis=-1)
        return observed, expected, n, share

    def evaluate(self, sums: np.ndarray, assessors: np.ndarray | None = None) -> np.ndarray:
        observed, expected, n, _ = self._terms(sums)
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
        observed, expected, _, _ = self._terms(sums)
        return float(observed[0, 0]), float(expected[0, 0])

    def remark(self, sums: np.ndarray) -> str:
        if self.single_pair:
            return ""
        pairs = len(self.first)
        margins = sums[0, pairs:].reshape(2, pairs, self.k).sum(axis=0)
        lost = int(np.count_nonzero(margins.max(axis=1) == margins.sum(axis=1)))
        left_out = f", of which {lost} are left out because both used the same single point" if lost else ""
        return f"The mean is over {pairs} pairs of assessors with candidates in common{left_out}."

    def influence(self, sums: np.ndarray, value: float) -> np.ndarray | None:
        """The non-null standard error of Fleiss, Cohen and Everitt (1969) as columns; candidates with several values count once."""
        if not self.single_pair:
            return None
        observed, expected, n, share = (term[0] for term in self._terms(sums[None, :]))
        rest, left = 1 - expected[0], 1 - value
        constant = (-observed[0] + 2 * left * expected[0]) / rest
        of_first = constant - left * (self.weights @ share[1, 0]) / rest
        of_second = -left * (self.weights @ share[0, 0]) / rest
        return np.concatenate([[1 / rest], of_first, of_second]) / n[0]


def cohen_kappa(
    ratings: pd.DataFrame,
    *,
    scale: Scale,
    weights: Weights = "unweighted",
    confidence: float = 0.95,
    interval: Interval = "bootstrap",
    resample: Resample = "candidate",
    replicates: int = 1000,
    seed: int = 0,
) -> Coefficient:
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

    >>> table = pd.DataFrame(
    ...     {
    ...         "candidate": [1, 1, 2, 2, 3, 3, 4, 4],
    ...         "assessor": ["a", "b"] * 4,
    ...         "value": "v",
    ...         "rating": [1, 1, 1, 1, 1, 2, 2, 2],
    ...     }
    ... )
    >>> cohen_kappa(table, scale=Scale(1, 2), interval="none").value
    0.5

    References
    ----------
    Cohen, J. (1968). Weighted kappa. Psychological Bulletin, 70, 213-220.
    Fleiss, J. L., Cohen, J. and Everitt, B. S. (1969). Large sample standard errors of kappa and weighted kappa. Psychological
    Bulletin, 72, 323-327.
    """
    return estimate(cohen(code(ratings, scale=scale), weights), Options(confidence, interval, resample, replicates, seed))


def light_kappa(
    ratings: pd.DataFrame,
    *,
    scale: Scale,
    weights: Weights = "unweighted",
    confidence: float = 0.95,
    interval: Interval = "bootstrap",
    resample: Resample = "candidate",
    replicates: int = 1000,
    seed: int = 0,
) -> Coefficient:
    """How far do pairs of assessors agree beyond chance, on average? The mean of Cohen's kappas over pairs with units in common.

    Every pair weighs the same, however few candidates they share: with many assessors and few candidates for each pair it is noisy, and
    `fleiss_kappa` or `krippendorff_alpha` serve better. Parameters and errors as in `cohen_kappa`; no analytic interval is published.

    Examples
    --------
    Three assessors, of whom the third always agrees with the first: kappas 0.5, 1 and 0.5.

    >>> table = pd.DataFrame(
    ...     {
    ...         "candidate": [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4],
    ...         "assessor": ["a", "b", "c"] * 4,
    ...         "value": "v",
    ...         "rating": [1, 1, 1, 1, 1, 1, 1, 2, 1, 2, 2, 2],
    ...     }
    ... )
    >>> round(light_kappa(table, scale=Scale(1, 2), interval="none").value, 4)
    0.6667

    References
    ----------
    Light, R. J. (1971). Measures of response agreement for qualitative data. Psychological Bulletin, 76, 365-377.
    """
    return estimate(light(code(ratings, scale=scale), weights), Options(confidence, interval, resample, replicates, seed))


def cohen(coded: CodedRatings, weights: str) -> PairKappas:
    matrix = agreement_weights(coded.scale, weights)
    people = len(coded.assessors_present)
    statistic = PairKappas(coded.where(slice(0, 0)) if people > 2 else coded, name=f"Cohen's kappa, {weights}", weights=matrix)
    if people > 2:
        statistic.counted = coded
        statistic.refusal = (
            f"Cohen's kappa is for the same two assessors throughout; {people} people rated here, so that two columns of ratings "
            "would not be two people. Legal are Fleiss' kappa, Gwet's AC and Krippendorff's alpha; "
            "Conger's and Light's kappa keep people apart."
        )
    statistic.undefined = (
        "Both assessors gave the same single rating throughout, so agreement and chance cannot be told apart: Cohen's kappa is undefined."
    )
    statistic.no_assessors = "There are two assessors: resampling them cannot tell how another two would agree."
    return statistic


def light(coded: CodedRatings, weights: str) -> PairKappas:
    return PairKappas(
        coded,
        name=f"Light's kappa, {weights}",
        weights=agreement_weights(coded.scale, weights),
        single_pair=False,
        undefined="Within every pair both assessors gave the same single rating throughout, so no pair has a kappa.",
        no_analytic="No standard error is published for Light's kappa.",
    )
