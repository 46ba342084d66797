"""How far do the parts of a total go together? Alpha, omega and stratified alpha."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import f as f_distribution
from scipy.stats import norm

from standardsetting.blind.one_factor import maximum_likelihood, minres
from standardsetting.blind.part_scores import check_options, part_scores
from standardsetting.blind.rated import Dropped
from standardsetting.errors import UsageError

NOT_ASSESSORS = "It says nothing of another assessor or another day: errors that the values share raise it."


@dataclass(frozen=True)
class Reliability:
    """A reliability of a sum of parts.

    Attributes
    ----------
    name
        Which coefficient.
    value
        Missing where it is undefined; `sentence` says why.
    low, high, confidence, interval
        Its interval, and how it was made.
    standard_error
        Where the method gives one.
    n_candidates, n_items
        What was used.
    loadings
        Of omega: standardised loadings, by part.
    method
        How it was computed.
    converged
        Whether an iterative method ended where it should.
    seed
        Of a bootstrap.
    dropped
        What was left out, and why.
    sentence
        The result in words, with what it does not say.
    """

    name: str
    value: float
    low: float
    high: float
    confidence: float
    interval: str
    standard_error: float
    n_candidates: int
    n_items: int
    method: str
    loadings: dict[str, float] | None = None
    converged: bool = True
    seed: int | None = None
    dropped: tuple[Dropped, ...] = ()
    sentence: str = ""


def cronbach_alpha(
    ratings: pd.DataFrame, *, items: str = "value", missing: str = "drop", interval: str = "feldt", confidence: float = 0.95
) -> Reliability:
    """How far do the parts of a total go together?

    Alpha = k / (k - 1) x (1 - sum of the parts' variances / variance of their sum). It is not an inter-rater coefficient, and it is not
    evidence of accuracy: an assessor who gives everybody the same rating on every value raises it.

    Parameters
    ----------
    ratings
        A long table: `candidate`, `rating`, and `value` or `assessor`; several ratings of a part are averaged.
    items
        The parts: `value`, or `assessor` (only where the same assessors rated everybody).
    missing
        `drop` candidates without every part, or `pairwise`: each covariance from the candidates who have both (the interval then counts
        the fewest candidates of a pair).
    interval
        `feldt` (F distribution, equal covariances) or `duhachek` (normal).
    confidence
        Of the interval.

    References
    ----------
    Feldt (1965), Psychometrika 30, 357-370. Duhachek and Iacobucci (2004), Journal of Applied Psychology 89, 792-808.

    Examples
    --------
    Two values that rise together, one twice as steep; variances 1 and 4, covariance 2, so 2 x (1 - 5 / 9):

    >>> table = pd.DataFrame({"candidate": list("ccddee"), "value": list("vwvwvw"), "rating": [1, 1, 2, 3, 3, 5]})
    >>> round(cronbach_alpha(table).value, 4)
    0.8889
    """
    check_options(missing=(missing, ("drop", "pairwise")), interval=(interval, ("feldt", "duhachek")))
    wide, names, dropped = part_scores(ratings, items, drop=missing == "drop")
    if missing == "drop":
        covariance, n = np.cov(wide, rowvar=False, ddof=1), len(wide)
    else:
        covariance, n = _pairwise_covariance(wide)
    k = len(names)
    value = _alpha(covariance)
    error = _alpha_error(covariance, n)
    low = high = float("nan")
    if np.isfinite(value) and n > 1:
        tail = 1 - (1 - confidence) / 2
        if interval == "feldt":
            freedom = (n - 1, (n - 1) * (k - 1))
            low = float(1 - (1 - value) * f_distribution.ppf(tail, *freedom))
            high = float(1 - (1 - value) * f_distribution.ppf(1 - tail, *freedom))
        else:
            low, high = value - norm.ppf(tail) * error, value + norm.ppf(tail) * error
    undefined = "" if np.isfinite(value) else "Every candidate has the same total: alpha is undefined."
    sentence = undefined or f"Alpha over {k} {items}s is {value:.2f} ({confidence:.0%} interval {low:.2f} to {high:.2f}). " + (
        NOT_ASSESSORS if items == "value" else "It compares candidates rated by the same assessors; severity does not count."
    )
    return Reliability(
        "Cronbach's alpha", value, low, high, confidence, interval, error, n, k,
        "covariances of candidates with every part" if missing == "drop" else "pairwise covariances", dropped=dropped, sentence=sentence,
    )  # fmt: skip


def omega(
    ratings: pd.DataFrame,
    *,
    items: str = "value",
    estimator: str = "minres",
    matrix: str = "correlation",
    confidence: float = 0.95,
    replicates: int = 500,
    seed: int = 0,
) -> Reliability:
    """How much of a total is one common factor?

    Omega = (sum of loadings)^2 / ((sum of loadings)^2 + sum of unique variances), from a model with one factor. Of correlations it is about
    the sum of standardised parts, of covariances about the total as it is added up: two different numbers.

    Parameters
    ----------
    ratings, items
        As for `cronbach_alpha`; candidates without every part are left out.
    estimator
        `minres` (least squares of the correlations off the diagonal) or `ml` (maximum likelihood).
    matrix
        `correlation` or `covariance`.
    confidence, replicates, seed
        Of a percentile bootstrap over candidates; `replicates=0` for none.

    References
    ----------
    McDonald, R. P. (1999). Test Theory: A Unified Treatment. Erlbaum.

    Examples
    --------
    >>> table = pd.DataFrame({"candidate": [1, 2, 3, 4] * 3, "value": list("aaaabbbbcccc"), "rating": [1, 2, 3, 4, 2, 1, 4, 3, 1, 3, 2, 4]})
    >>> round(omega(table, replicates=0).value, 3)
    0.763
    """
    check_options(estimator=(estimator, ("minres", "ml")), matrix=(matrix, ("correlation", "covariance")))
    wide, names, dropped = part_scores(ratings, items, drop=True)
    if len(names) < 3:
        raise UsageError(f"Three parts or more were expected: one factor of {len(names)} is not determined.")
    n = len(wide)
    deviations = wide.std(axis=0, ddof=1)
    if (deviations == 0).any():
        return _undefined_omega(n, names, confidence, dropped, int((deviations == 0).sum()))
    fit = minres if estimator == "minres" else maximum_likelihood
    weights = deviations if matrix == "covariance" else np.ones(len(names))
    loadings, converged = fit(np.corrcoef(wide, rowvar=False)[None])
    value = float(_omega(loadings, weights[None])[0])
    low = high = error = float("nan")
    if replicates:
        drawn = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=replicates).astype(float)
        correlations, scales = _weighted_correlations(wide, drawn)
        again, _ = fit(correlations)
        found = _omega(again, scales if matrix == "covariance" else np.ones_like(scales))
        tail = (1 - confidence) / 2
        low, high = (float(one) for one in np.nanquantile(found, [tail, 1 - tail]))
        error = float(np.nanstd(found, ddof=1))
    between = f" ({confidence:.0%} interval {low:.2f} to {high:.2f})" if replicates else ""
    sentence = f"Omega over {len(names)} {items}s is {value:.2f}{between}. " + (NOT_ASSESSORS if items == "value" else "")
    how = f"percentile bootstrap over candidates, {replicates} replicates" if replicates else "none asked for"
    return Reliability(
        "omega", value, low, high, confidence, how, error, n, len(names), f"one factor by {estimator} on {matrix}s",
        dict(zip(names, loadings[0].tolist(), strict=True)), bool(converged[0]), seed if replicates else None, dropped, sentence.strip(),
    )  # fmt: skip


def stratified_alpha(ratings: pd.DataFrame, *, strata: Mapping[str, str], items: str = "value", confidence: float = 0.95) -> Reliability:
    """How reliable is a total made of parts of different kinds?

    1 - sum over strata of variance x (1 - alpha) / variance of the total. `strata` says which kind each part is of. A stratum of one part
    has no alpha: it is an error. There is no interval.

    References
    ----------
    Cronbach, Schoenemann and McKie (1965), Educational and Psychological Measurement 25, 291-312.

    Examples
    --------
    With one stratum it is alpha:

    >>> table = pd.DataFrame({"candidate": list("ccddee"), "value": list("vwvwvw"), "rating": [1, 1, 2, 3, 3, 5]})
    >>> round(stratified_alpha(table, strata={"v": "interview", "w": "interview"}).value, 4)
    0.8889
    """
    wide, names, dropped = part_scores(ratings, items, drop=True)
    without = [name for name in names if name not in strata]
    if without:
        raise UsageError(f"A stratum for every part was expected; {len(without)} of {len(names)} have none.")
    covariance = np.cov(wide, rowvar=False, ddof=1)
    unreliable = 0.0
    kinds = sorted({strata[name] for name in names})
    for kind in kinds:
        inside = np.array([strata[name] == kind for name in names])
        if inside.sum() < 2:
            raise UsageError("Two parts or more in every stratum were expected; one stratum has a single part, which has no alpha.")
        block = covariance[np.ix_(inside, inside)]
        unreliable += float(block.sum()) * (1 - _alpha(block))
    total = float(covariance.sum())
    value = 1 - unreliable / total if total > 0 else float("nan")
    nan = float("nan")
    sentence = f"Stratified alpha over {len(names)} {items}s in {len(kinds)} strata is {value:.2f}. {NOT_ASSESSORS}"
    return Reliability(
        "stratified alpha", value, nan, nan, confidence, "none: no published interval", nan, len(wide), len(names),
        f"{len(kinds)} strata", dropped=dropped, sentence=sentence,
    )  # fmt: skip


def _pairwise_covariance(wide: np.ndarray) -> tuple[np.ndarray, int]:
    there = ~np.isnan(wide)
    both = there.T.astype(float) @ there
    filled = np.where(there, wide, 0.0)
    if both.min() < 2:
        raise UsageError("Two candidates or more with both parts of every pair were expected.", next_step="Leave a part out.")
    sums = filled.T @ there
    covariance = (filled.T @ filled - sums * sums.T / both) / (both - 1)
    return covariance, int(both.min())


def _alpha(covariance: np.ndarray) -> float:
    k, total = len(covariance), float(covariance.sum())
    scale = float(np.abs(covariance).sum())
    return k / (k - 1) * (1 - float(np.trace(covariance)) / total) if total > 1e-12 * scale and scale > 0 else float("nan")


def _alpha_error(covariance: np.ndarray, n: int) -> float:
    k, total = len(covariance), float(covariance.sum())
    if not np.isfinite(_alpha(covariance)):
        return float("nan")
    squared = covariance @ covariance
    spread = total * (np.trace(squared) + np.trace(covariance) ** 2) - 2 * np.trace(covariance) * squared.sum()
    return float(np.sqrt(max(2 * k**2 / ((k - 1) ** 2 * total**3) * spread, 0.0) / n))


def _omega(loadings: np.ndarray, weights: np.ndarray) -> np.ndarray:
    common = (loadings * weights).sum(axis=1) ** 2
    return np.asarray(common / (common + ((1 - loadings**2) * weights**2).sum(axis=1)))


def _weighted_correlations(wide: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Correlations and standard deviations of resampled candidates: each replicate is a row of counts."""
    n, k = wide.shape
    centred = wide - wide.mean(axis=0)
    means = weights @ centred / n
    products = (weights @ (centred[:, :, None] * centred[:, None, :]).reshape(n, -1)).reshape(-1, k, k) / n
    covariance = (products - means[:, :, None] * means[:, None, :]) * n / (n - 1)
    deviations = np.sqrt(np.maximum(np.diagonal(covariance, axis1=1, axis2=2), 0.0))
    kept = (deviations > 1e-9).all(axis=1)
    covariance, deviations = covariance[kept], deviations[kept]
    return covariance / (deviations[:, :, None] * deviations[:, None, :]), deviations


def _undefined_omega(n: int, names: list[str], confidence: float, dropped: tuple[Dropped, ...], constant: int) -> Reliability:
    nan = float("nan")
    sentence = f"{constant} of {len(names)} parts are the same for every candidate: omega is undefined."
    return Reliability("omega", nan, nan, nan, confidence, "none", nan, n, len(names), "one factor", dropped=dropped, sentence=sentence)
