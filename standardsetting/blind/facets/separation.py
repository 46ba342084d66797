"""How well the elements of a facet are told apart: separation, strata, reliability, and the test that all are equal.

separation G = true standard deviation / root mean square error; strata = (4 G + 1) / 3; reliability = true variance / observed variance
(Wright and Masters 1982, Rating Scale Analysis, ch. 5). For assessors a *high* reliability means that their severities differ: it is not
agreement between them.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from standardsetting.blind.facets.design import FACETS
from standardsetting.blind.facets.extremes import Extremes
from standardsetting.blind.facets.fitted import Fitted


def spread(facet: str, measure: np.ndarray, error: np.ndarray, chi_square: float, df: int) -> pd.DataFrame:
    """One row from measures and the variances of their errors (population standard deviation; the sample one for `reliability_sample`)."""
    n = len(measure)
    mean_error = float(error.mean()) if n else np.nan
    observed = float(measure.var()) if n else np.nan
    sample = observed * n / (n - 1) if n > 1 else np.nan
    return _row(facet, n, mean_error, observed - mean_error, observed, 1 - mean_error / sample if sample > 0 else np.nan, chi_square, df)


def posterior_spread(facet: str, mean: np.ndarray, sd: np.ndarray, chi_square: float, df: int) -> pd.DataFrame:
    """One row from posterior means and standard deviations: the means' variance is true variance, the error comes on top of it."""
    error, true = float((sd**2).mean()), float(mean.var())
    sample = true * len(mean) / max(len(mean) - 1, 1)
    return _row(facet, len(mean), error, true, true + error, sample / (sample + error), chi_square, df)


def _row(facet: str, n: int, error: float, true: float, observed: float, sample: float, chi_square: float, df: int) -> pd.DataFrame:
    # With one assessor the error is zero but for rounding.
    error, kept = max(error, 0.0), max(true, 0.0)
    g = np.sqrt(kept / error) if error > 0 else np.nan
    row = {
        "facet": facet,
        "n": n,
        "rmse": np.sqrt(error),
        "sd": np.sqrt(observed),
        "true_sd": np.sqrt(kept),
        "separation": g,
        "strata": (4 * g + 1) / 3,
        "reliability": kept / observed if observed > 0 else np.nan,
        "reliability_sample": max(sample, 0.0),
        "chi_square": chi_square,
        "df": df,
        "p": float(chdtrc(df, chi_square)) if df > 0 and np.isfinite(chi_square) else np.nan,
    }
    return pd.DataFrame([row])


def fixed_chi_square(measure: np.ndarray, error: np.ndarray) -> float:
    """Sum of squared deviations from the weighted mean, in standard errors: are all measures equal, but for error?"""
    if not len(measure) or not (error > 0).all():
        return float("nan")
    weight = 1 / error
    return float((weight * measure**2).sum() - (weight * measure).sum() ** 2 / weight.sum())


def wald(measure: np.ndarray, covariance: np.ndarray, subset: np.ndarray) -> float:
    """The same question with the full covariance of measures that sum to zero within each subset."""
    kept = np.ones(len(measure), dtype=bool)
    kept[[np.flatnonzero(subset == s)[-1] for s in np.unique(subset)]] = False
    if not kept.any() or not np.isfinite(covariance).all():
        return float("nan")
    return float(measure[kept] @ np.linalg.solve(covariance[np.ix_(kept, kept)], measure[kept]))


def by_facet(
    fitted: Fitted, extremes: Extremes, subset: np.ndarray, candidates: pd.DataFrame, assessors: pd.DataFrame, values: pd.DataFrame
) -> pd.DataFrame:
    """By facet, without extreme elements."""
    n, r, v = (fitted.core.size(facet) for facet in FACETS)
    inside = candidates[extremes.present("candidate")]
    measure, difficulty = inside["measure"].to_numpy(), fitted.beta[:v]
    if fitted.sigma is None:
        error = inside["se"].to_numpy() ** 2
        severe = assessors.loc[extremes.present("assessor"), "se"].to_numpy() ** 2
        hard = values.loc[extremes.present("value"), "se"].to_numpy() ** 2
        rows = [
            spread("candidate", measure, error, fixed_chi_square(measure, error), n - 1),
            spread("assessor", fitted.severity, severe, fixed_chi_square(fitted.severity, severe), r - 1),
            spread("value", difficulty, hard, fixed_chi_square(difficulty, hard), v - 1),
        ]
    else:
        warm, warm_error = inside["wle"].to_numpy(), inside["wle_se"].to_numpy() ** 2
        centring = np.eye(v) - 1 / v
        centred = centring @ fitted.beta_covariance[:v, :v] @ centring
        one = np.zeros(v, dtype=int)
        rows = [
            posterior_spread("candidate", measure, inside["se"].to_numpy(), fixed_chi_square(warm, warm_error), n - 1),
            spread(
                "assessor",
                fitted.severity,
                np.diag(fitted.severity_covariance),
                wald(fitted.severity, fitted.severity_covariance, subset),
                r - 1 - int(subset.max()),
            ),
            spread("value", difficulty, np.diag(centred), wald(difficulty - difficulty.mean(), centred, one), v - 1),
        ]
    return pd.concat(rows, ignore_index=True)
