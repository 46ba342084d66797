"""Reliability of the rota that happened: G(q,k), between the coefficient of a crossed design and that of separate panels."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.stats import norm

from standardsetting.blind.generalizability.components import components_of
from standardsetting.blind.generalizability.result import VarianceComponents
from standardsetting.blind.generalizability.terms import ASSESSOR, CANDIDATE, RESIDUAL
from standardsetting.blind.rated import Dropped, Rated, one_rating_an_assessor, rated
from standardsetting.errors import UsageError


@dataclass(frozen=True)
class GqkResult:
    """How reliable the mean (or total) of each candidate's own assessors is, for this rota.

    Attributes
    ----------
    value
        G(q,k), between 0 and 1; missing where it is undefined.
    low, high, confidence, interval
        Its interval and how it was made.
    q
        How much of the variance between assessors stays in comparisons of candidates: 0 where all share their assessors, 1/k where none do.
    k
        Harmonic mean number of assessors of a candidate.
    components
        Of the totals: candidate, assessor, residual.
    scored
        `rating`, or `total over 4 values`.
    n_candidates, n_assessors
        What was used.
    converged
        Whether the components are at their maximum.
    method
        How the components were estimated.
    dropped
        What was left out, and why.
    sentence
        The result in words.
    """

    value: float
    low: float
    high: float
    confidence: float
    interval: str
    q: float
    k: float
    components: VarianceComponents = field(repr=False)
    scored: str
    n_candidates: int
    n_assessors: int
    converged: bool
    method: str
    dropped: tuple[Dropped, ...]
    sentence: str


def sharing(candidate: np.ndarray, assessor: np.ndarray) -> tuple[float, float]:
    """q and k of a rota, from the codes of who rated whom (one entry a pair).

    k is the harmonic mean of the candidates' numbers of assessors; q is 1/k less the mean, over pairs of candidates, of the assessors they
    share divided by the product of their numbers.

    Examples
    --------
    Two candidates with the same two assessors, and two candidates with none in common:

    >>> sharing(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])), sharing(np.array([0, 0, 1, 1]), np.array([0, 1, 2, 3]))
    ((0.0, 2.0), (0.5, 2.0))
    """
    size = np.bincount(candidate).astype(float)
    n = float(np.count_nonzero(size))
    inverse = np.where(size > 0, 1 / np.maximum(size, 1), 0.0)
    mean_inverse = float(inverse.sum()) / n
    if n < 2:
        raise UsageError("Two candidates or more were expected: q compares them.")
    seen = np.bincount(assessor, weights=inverse[candidate])
    shared = float((seen**2).sum()) - float(inverse.sum())
    return mean_inverse - shared / (n * (n - 1)), 1 / mean_inverse


def g_qk(ratings: pd.DataFrame, *, confidence: float = 0.95) -> GqkResult:
    """How reliable are the scores of candidates who were rated by partly different assessors?

    G(q,k) = candidate / (candidate + q x assessor + residual / k), with the variances by REML. With several values it is about the total
    over values: an assessor's ratings of a candidate without every value are left out and counted.

    It is the reliability of differences between candidates. Against a fixed cut an assessor's severity counts in full: use Phi. One
    interview says nothing of another day or other questions: this is an upper bound of the reliability one would want to know.

    Raises
    ------
    UsageError
        Where nobody was rated by two assessors: candidate and residual cannot be told apart.

    References
    ----------
    Putka, D. J., Le, H., McCloy, R. A. and Diaz, T. (2008). Ill-structured measurement designs in organizational research. Journal of
    Applied Psychology 93, 959-981.

    Examples
    --------
    >>> table = pd.DataFrame({"candidate": list("ccddee"), "assessor": list("ababab"), "rating": [1.0, 2.0, 3.0, 5.0, 4.0, 5.0]})
    >>> found = g_qk(table)
    >>> found.q, found.k, round(found.value, 3)
    (0.0, 2.0, 0.968)
    """
    coded = rated(ratings)
    scored = "rating" if coded.shape[2] == 1 else f"total over {coded.shape[2]} values"
    whole = one_rating_an_assessor(coded)
    _need_two_assessors(whole)
    q, k = sharing(whole.candidate, whole.assessor)
    wanted = (CANDIDATE, ASSESSOR) if whole.shape[1] > 1 else (CANDIDATE,)
    found = components_of(whole, facets=wanted, confidence=confidence)
    own, severity, rest = found.estimate(CANDIDATE), found.estimate(ASSESSOR), found.estimate(RESIDUAL)
    error = q * severity + rest / k
    value = own / (own + error) if own + error > 0 else float("nan")
    low, high, how = _interval(found, q, k, confidence)
    people = (whole.shape[0], whole.shape[1])
    sentence = _sentence(value, low, high, confidence, q, k, scored, people)
    return GqkResult(
        value, low, high, confidence, how, q, k, found, scored, *people, found.converged, found.method, whole.dropped, sentence,
    )  # fmt: skip


def _sentence(value: float, low: float, high: float, confidence: float, q: float, k: float, scored: str, people: tuple[int, int]) -> str:
    rota = f"q = {q:.3f}, k = {k:.2f} assessors a candidate, {people[0]} candidates, {people[1]} assessors"
    if not np.isfinite(value):
        return f"G(q,k) is undefined for the {scored} ({rota}): the ratings do not differ."
    between = f" ({confidence:.0%} interval {low:.2f} to {high:.2f})" if np.isfinite(low) else ""
    share = f"{value:.0%} of the variance between candidates' scores is the candidates' own."
    return f"G(q,k) = {value:.2f}{between} for the {scored}: {rota}. {share}"


def _need_two_assessors(coded: Rated) -> None:
    if np.bincount(coded.candidate).max() < 2:
        raise UsageError(
            "Candidates rated by two assessors were expected; every candidate has one: "
            "what is the candidate's and what is the assessor's view of the candidate cannot be told apart.",
            next_step="Have a part of the candidates rated twice.",
        )


def _interval(found: VarianceComponents, q: float, k: float, confidence: float) -> tuple[float, float, str]:
    """A normal interval for the log of the ratio of true to error variance, turned back."""
    own, severity, rest = found.estimate(CANDIDATE), found.estimate(ASSESSOR), found.estimate(RESIDUAL)
    error = q * severity + rest / k
    if own <= 0 or error <= 0 or not found.converged:
        return float("nan"), float("nan"), "none: the candidates' variance is at zero"
    slope = {CANDIDATE: 1 / own, ASSESSOR: -q / error, RESIDUAL: -1 / (k * error)}
    turn = np.array([slope[name] for name in found.table["component"]])
    variance = float(turn @ found.covariance @ turn)
    if variance < 0:
        return float("nan"), float("nan"), "none: the likelihood is flat, so the error cannot be told"
    width = norm.ppf((1 + confidence) / 2) * np.sqrt(variance)
    log_ratio = np.log(own / error)
    low, high = (float(1 / (1 + np.exp(-(log_ratio + side * width)))) for side in (-1, 1))
    return low, high, "delta method on the log of true over error variance, from the average information"
