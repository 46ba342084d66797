"""Logistic regression with Firth's penalty: finite estimates where a group is small or everybody in it met the standard.

The penalised log-likelihood is l*(b) = l(b) + log|I(b)| / 2, where I(b) = X'WX is Fisher's information. Its score is
X'(y - p + h (1/2 - p)), where h is the diagonal of the weighted hat matrix: every person lends half a case and half a non-case in
proportion to their leverage.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from standardsetting.errors import UsageError

SCORE_TOLERANCE = 1e-9
MOST_ITERATIONS = 200
LARGEST_STEP = 5.0
# Beyond an odds ratio of about e^100 there is no limit to speak of.
FARTHEST = 100.0


@dataclass(frozen=True)
class FirthFit:
    """A fitted model. Arrays are in the order of `names`.

    Attributes
    ----------
    names, coefficients, se
        Log odds ratios and their standard errors, from the inverse of Fisher's information at the estimate.
    low, high, p
        Limits of the profile penalised likelihood, and the penalised likelihood-ratio test of zero. Missing when `intervals` was false.
    covariance
        The inverse of Fisher's information at the estimate.
    log_likelihood
        The penalised one, at the estimate.
    converged, iterations, why
        Whether the score reached zero; if not, or if a limit is missing, `why` says so in a sentence.
    """

    names: tuple[str, ...]
    coefficients: np.ndarray
    se: np.ndarray
    low: np.ndarray
    high: np.ndarray
    p: np.ndarray
    covariance: np.ndarray
    log_likelihood: float
    confidence: float
    n: float
    converged: bool
    iterations: int
    why: str = ""
    method: str = "Firth-penalised logistic regression, profile penalised likelihood intervals"

    def probabilities(self, x: np.ndarray) -> np.ndarray:
        """The fitted probability for each row of a design matrix with the same columns."""
        return np.asarray(_expit(np.asarray(x, dtype=float) @ self.coefficients))

    def table(self) -> pd.DataFrame:
        """One row a column of the design matrix."""
        columns = {"coefficient": self.coefficients, "se": self.se, "low": self.low, "high": self.high, "p": self.p}
        return pd.DataFrame(columns, index=pd.Index(self.names, name="name"))


def fit(
    x: np.ndarray | pd.DataFrame,
    y: np.ndarray | pd.Series,
    *,
    names: Sequence[str],
    weights: np.ndarray | None = None,
    confidence: float = 0.95,
    intervals: bool = True,
) -> FirthFit:
    """How do the columns of a design matrix go with a yes-or-no outcome, when numbers are small?

    Parameters
    ----------
    x
        The design matrix, people by columns. The intercept is a column like any other: put in a column of ones.
    y
        1 or 0 for each person.
    names
        A name for each column.
    weights
        How many people a row stands for; one each by default.
    confidence
        Of the intervals.
    intervals
        Whether to profile the limits and tests, which takes most of the time. A propensity model needs none.

    Raises
    ------
    UsageError
        An outcome that is not 0 or 1, a missing number, or columns that determine each other.

    Notes
    -----
    The penalty pulls predicted probabilities towards one half: where these matter, compare groups by differences, and do not read the mean
    prediction as the overall rate. Do not use it for many more columns than the smaller of cases and non-cases can carry: the answer stays
    finite and says little. A limit is where twice the drop of the profile of l* reaches the quantile of chi-squared on one degree of
    freedom; the penalty there is that of the whole model, the profiled column included.

    References
    ----------
    Firth (1993), Biometrika 80, 27-38. Heinze and Schemper (2002), Statistics in Medicine 21, 2409-2419.

    Examples
    --------
    With an intercept and one group the estimate is the log odds ratio after adding one half to each of the four cells: here 5 of 5 met
    the standard in one group and 3 of 6 in the other, log(5.5 / 0.5) - log(3.5 / 3.5).

    >>> group, met = np.repeat([1, 0], [5, 6]), np.array([1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0])
    >>> found = fit(np.column_stack([np.ones(11), group]), met, names=("intercept", "group"))
    >>> float(found.coefficients[1].round(4)), float(np.log(11).round(4))
    (2.3979, 2.3979)
    """
    problem = _Problem.checked(x, y, weights, names, confidence)
    beta, converged, iterations = problem.maximise(np.zeros(len(names)), np.arange(len(names)))
    at = problem.at(beta)
    best, covariance = at.log_likelihood, np.linalg.inv(at.information)
    k = len(names)
    low, high, p, why = np.full(k, np.nan), np.full(k, np.nan), np.full(k, np.nan), ""
    if not converged:
        why = f"The estimate did not settle in {MOST_ITERATIONS} steps; do not use it."
    elif intervals:
        low, high, p, why = _profiled(problem, beta, best, np.sqrt(np.diag(covariance)), confidence, tuple(names))
    return FirthFit(
        tuple(names), beta, np.sqrt(np.diag(covariance)), low, high, p, covariance, best, confidence, float(problem.weights.sum()),
        converged, iterations, why,
    )  # fmt: skip


def _expit(linear: np.ndarray) -> np.ndarray:
    from scipy.special import expit

    return np.asarray(expit(linear))


@dataclass(frozen=True)
class _Problem:
    x: np.ndarray
    y: np.ndarray
    weights: np.ndarray

    @classmethod
    def checked(
        cls, x: np.ndarray | pd.DataFrame, y: np.ndarray | pd.Series, weights: np.ndarray | None, names: Sequence[str], confidence: float
    ) -> _Problem:
        if not 0 < confidence < 1:
            raise UsageError("A confidence between 0 and 1 was expected.")
        columns, outcome = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
        if columns.ndim != 2 or columns.shape[1] != len(names) or not len(names) or len(columns) != len(outcome):
            raise UsageError("A matrix with a row for each outcome and a column for each name was expected.")
        counts = np.ones(len(outcome)) if weights is None else np.asarray(weights, dtype=float)
        if counts.shape != outcome.shape or not np.isfinite(counts).all() or (counts < 0).any():
            raise UsageError("A weight of zero or more for each row was expected.")
        if not np.isfinite(columns).all() or not np.isin(outcome, (0.0, 1.0)).all():
            raise UsageError("Numbers without gaps, and outcomes of 0 or 1, were expected.")
        size = np.abs(columns).max(axis=0, initial=0.0)
        used = columns[counts > 0] / np.where(size > 0, size, 1)
        if np.linalg.matrix_rank(used) < len(names):
            raise UsageError(
                f"{len(names)} columns that do not determine each other were expected.",
                next_step="Leave out one category of each characteristic, and columns that say the same.",
            )
        return cls(columns, outcome, counts)

    def at(self, beta: np.ndarray) -> _At:
        """Penalised log-likelihood, its score, and the two informations."""
        linear = self.x @ beta
        chance = _expit(linear)
        spread = chance * (1 - chance)
        information = self.x.T @ ((self.weights * spread)[:, None] * self.x)
        sign, log_det = np.linalg.slogdet(information)
        if sign <= 0 or not math.isfinite(log_det):
            return _At(-math.inf, np.full_like(beta, np.nan), information, information)
        # log(1 + e^linear), safe for large numbers of either sign.
        log_likelihood = float(self.weights @ (self.y * linear - np.logaddexp(0, linear)) + log_det / 2)
        leverage = self.weights * spread * np.einsum("ij,ji->i", self.x, np.linalg.solve(information, self.x.T))
        score = self.x.T @ (self.weights * (self.y - chance) + leverage * (0.5 - chance))
        # The half cases lent carry information too; a step that left them out would be twice too long with one person.
        lent = self.x.T @ (((self.weights + leverage) * spread)[:, None] * self.x)
        return _At(log_likelihood, score, information, lent)

    def maximise(self, start: np.ndarray, free: np.ndarray) -> tuple[np.ndarray, bool, int]:
        """Newton's steps over the `free` columns, the others held where they start; a step that loses likelihood is halved."""
        beta, at = start.copy(), self.at(start)
        # A column's score is measured against its own size, so that the unit does not matter.
        small = SCORE_TOLERANCE * (1 + self.weights @ np.abs(self.x))[free]
        for iteration in range(MOST_ITERATIONS):
            if (np.abs(at.score[free]) <= small).all():
                return beta, True, iteration
            step = np.linalg.solve(at.with_lent[np.ix_(free, free)], at.score[free])
            step *= min(1.0, LARGEST_STEP / np.abs(self.x[:, free] @ step).max())
            for _ in range(40):
                trial = beta.copy()
                trial[free] += step
                found = self.at(trial)
                if found.log_likelihood >= at.log_likelihood - 1e-12 * (1 + abs(at.log_likelihood)):
                    break
                step = step / 2
            else:
                break
            beta, at = trial, found
        return beta, bool((np.abs(at.score[free]) <= 1e3 * small).all()), MOST_ITERATIONS


@dataclass(frozen=True)
class _At:
    """Where a search stands. `with_lent` is Fisher's information with the half cases that the penalty lends."""

    log_likelihood: float
    score: np.ndarray
    information: np.ndarray
    with_lent: np.ndarray


def _profiled(
    problem: _Problem, beta: np.ndarray, best: float, se: np.ndarray, confidence: float, names: tuple[str, ...]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, str]:
    from scipy.stats import chi2

    drop = float(chi2.ppf(confidence, 1)) / 2
    low, high, p, missing = np.full_like(beta, np.nan), np.full_like(beta, np.nan), np.full_like(beta, np.nan), []
    for at in range(len(beta)):
        profile = _Profile(problem, beta, best, at)
        low[at], high[at] = (profile.limit(drop, side * se[at]) for side in (-1, 1))
        p[at] = chi2.sf(max(0.0, 2 * profile.lost(0.0)), 1)
        missing += [names[at]] if not np.isfinite([low[at], high[at]]).all() else []
    why = f"The profile of {', '.join(missing)} does not fall far enough on one side to give a limit there." if missing else ""
    return low, high, p, why


class _Profile:
    """How much penalised log-likelihood is lost when one coefficient is held at a number and the others are estimated again."""

    def __init__(self, problem: _Problem, beta: np.ndarray, best: float, at: int) -> None:
        self.problem, self.best, self.at = problem, best, at
        self.free = np.delete(np.arange(len(beta)), at)
        self.middle = beta
        self.start = beta

    def lost(self, held: float) -> float:
        start = self.start.copy()
        start[self.at] = held
        if not math.isfinite(self.problem.at(start).log_likelihood):
            return math.inf
        found, converged, _ = self.problem.maximise(start, self.free)
        if not converged:
            return math.nan
        # The next number held is mostly near this one.
        self.start = found
        return self.best - self.problem.at(found).log_likelihood

    def limit(self, drop: float, step: float) -> float:
        """Where the loss reaches `drop`, on the side of `step`: outwards by doubling, then between."""
        from scipy.optimize import brentq

        self.start, middle = self.middle, float(self.middle[self.at])
        inside, reach = middle, 2 * step
        while abs(reach) <= max(FARTHEST, 64 * abs(step)):
            outside = middle + reach
            lost = self.lost(outside)
            if not math.isfinite(lost):
                return math.nan
            if lost >= drop:
                return float(brentq(lambda held: self.lost(held) - drop, inside, outside, xtol=1e-10 * max(1.0, abs(outside)), rtol=1e-12))
            inside, reach = outside, 2 * reach
        return math.nan
