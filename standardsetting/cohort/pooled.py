"""Several processes or interview windows together: Mantel-Haenszel's common ratios, and whether one ratio fits them all.

Raw tables are never added up over processes with different rates: that can turn a gap round (Simpson's paradox).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from standardsetting.cohort.exact_tests import conditional_odds_ratio, hypergeometric
from standardsetting.errors import UsageError
from standardsetting.intervals import Floats, checked_counts, critical_value

COUNTS = ("successes", "n", "reference_successes", "reference_n")
# Tables of this relative closeness in probability count as equally probable, as in R's exact Mantel-Haenszel test.
TIE = 1e-7


@dataclass(frozen=True)
class Pooled:
    """Common ratios over strata (processes, windows), and the test of whether they have one odds ratio.

    Attributes
    ----------
    ratio, ratio_low, ratio_high
        Mantel-Haenszel's common impact ratio with the Greenland-Robins interval.
    odds_ratio, odds_low, odds_high
        Mantel-Haenszel's common odds ratio with the Robins-Breslow-Greenland interval.
    exact_odds_ratio, exact_low, exact_high, exact_p
        Conditional maximum likelihood, central interval, two-sided p by probability: for small strata.
    chi_square, p, chi_square_corrected, p_corrected
        The Cochran-Mantel-Haenszel test of no association, without and with continuity correction.
    heterogeneity, heterogeneity_df, heterogeneity_p
        The Breslow-Day test with Tarone's adjustment. A large p is no proof that one ratio fits: with few strata the test sees little.
    n_strata, n_dropped
        Strata used; strata that carry nothing, because a group was empty or everybody had the same outcome.
    note
        Why a number is missing, and what was left out.
    """

    ratio: float
    ratio_low: float
    ratio_high: float
    odds_ratio: float
    odds_low: float
    odds_high: float
    exact_odds_ratio: float
    exact_low: float
    exact_high: float
    exact_p: float
    chi_square: float
    p: float
    chi_square_corrected: float
    p_corrected: float
    heterogeneity: float
    heterogeneity_df: int
    heterogeneity_p: float
    n_strata: int
    n_dropped: int
    confidence: float
    note: str


def pool(strata: pd.DataFrame, *, confidence: float = 0.95) -> Pooled:
    """What is the impact ratio over several processes, each compared within itself?

    Parameters
    ----------
    strata
        One row a process or window: `successes`, `n`, `reference_successes`, `reference_n`.

    References
    ----------
    Mantel and Haenszel (1959), Journal of the National Cancer Institute 22, 719-748. Greenland and Robins (1985), Biometrics 41, 55-68.
    Robins, Breslow and Greenland (1986), Biometrics 42, 311-323. Tarone (1985), Biometrika 72, 91-95.

    Examples
    --------
    >>> sites = pd.DataFrame({"successes": [12, 16, 8], "n": [32, 27, 14], "reference_successes": [116, 80, 73],
    ...                       "reference_n": [181, 139, 107]})
    >>> found = pool(sites)
    >>> round(found.odds_ratio, 4), round(found.p, 4)
    (0.5853, 0.0331)
    """
    z = critical_value(confidence)
    missing = [column for column in COUNTS if column not in strata]
    if missing:
        raise UsageError(f"A table with the columns {', '.join(COUNTS)} was expected.")
    (a, n1), (c, n2) = (checked_counts(strata[s].to_numpy(), strata[n].to_numpy()) for s, n in (COUNTS[:2], COUNTS[2:]))
    used = (n1 > 0) & (n2 > 0) & (a + c > 0)
    informative = used & (a + c < n1 + n2)
    ratio = _common_ratio(a[used], n1[used], c[used], n2[used], z)
    a, n1, c, n2 = a[informative], n1[informative], c[informative], n2[informative]
    odds = _common_odds(a, n1, c, n2, z)
    chi = [_mantel_haenszel(a, n1, c, n2, correction) for correction in (0.0, 0.5)]
    mixed, df = _tarone(a, n1, c, n2, odds[0]), len(a) - 1
    exact = _exact(a, n1, c, n2, confidence)
    dropped = int((~informative).sum())
    note = [f"{dropped} of {len(used)} strata say nothing about the odds ratio: a group was empty or everybody had the same outcome."]
    note = note if dropped else []
    note += ["There is no common ratio: one of the groups had no success anywhere, or there is no stratum."] if math.isnan(ratio[1]) else []
    note += ["There is no test of heterogeneity: it needs two strata and a finite odds ratio above zero."] if math.isnan(mixed) else []
    return Pooled(
        *ratio, *odds, *exact, chi[0], float(chdtrc(1, chi[0])), chi[1], float(chdtrc(1, chi[1])),
        mixed, max(df, 0), float(chdtrc(df, mixed)) if df > 0 else math.nan, int(informative.sum()), dropped, confidence, " ".join(note),
    )  # fmt: skip


def _common_ratio(a: Floats, n1: Floats, c: Floats, n2: Floats, z: float) -> tuple[float, float, float]:
    n = n1 + n2
    up, down = float((a * n2 / n).sum()), float((c * n1 / n).sum())
    if not up or not down:
        return (math.nan if not up and not down else math.inf if not down else 0.0), math.nan, math.nan
    spread = z * math.sqrt(max(((n1 * n2 * (a + c) - a * c * n) / n**2).sum() / (up * down), 0.0))
    return up / down, up / down * math.exp(-spread), up / down * math.exp(spread)


def _common_odds(a: Floats, n1: Floats, c: Floats, n2: Floats, z: float) -> tuple[float, float, float]:
    n = n1 + n2
    up, down = a * (n2 - c) / n, (n1 - a) * c / n
    r, s = float(up.sum()), float(down.sum())
    if not r or not s:
        return (math.nan if not r and not s else math.inf if not s else 0.0), math.nan, math.nan
    same, other = (a + n2 - c) / n, (n1 - a + c) / n
    variance = (same * up).sum() / (2 * r**2) + (same * down + other * up).sum() / (2 * r * s) + (other * down).sum() / (2 * s**2)
    spread = z * math.sqrt(float(variance))
    return r / s, r / s * math.exp(-spread), r / s * math.exp(spread)


def _mantel_haenszel(a: Floats, n1: Floats, c: Floats, n2: Floats, correction: float) -> float:
    n, k = n1 + n2, a + c
    variance = (n1 * n2 * k * (n - k) / (n**2 * (n - 1))).sum()
    if not variance:
        return math.nan
    apart = abs((a - n1 * k / n).sum())
    return float((apart - min(correction, apart)) ** 2 / variance)


def _tarone(a: Floats, n1: Floats, c: Floats, n2: Floats, psi: float) -> float:
    """Breslow and Day's sum over strata at the common odds ratio, less Tarone's adjustment."""
    if len(a) < 2 or not 0 < psi < math.inf:
        return math.nan
    expected = _fitted(n1, n2, a + c, psi)
    variance = 1 / (1 / expected + 1 / (n1 - expected) + 1 / (a + c - expected) + 1 / (n2 - a - c + expected))
    apart = a - expected
    return float((apart**2 / variance).sum() - apart.sum() ** 2 / variance.sum())


def _fitted(n1: Floats, n2: Floats, k: Floats, psi: float) -> Floats:
    """The group's successes in each stratum that have this odds ratio and the observed margins."""
    square, linear, product = 1 - psi, n2 - k + psi * (k + n1), psi * k * n1
    root = np.sqrt(linear**2 + 4 * square * product)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(linear >= 0, 2 * product / (linear + root), (root - linear) / (2 * square))


def _exact(a: Floats, n1: Floats, c: Floats, n2: Floats, confidence: float) -> tuple[float, float, float, float]:
    """The sum of the strata's successes given all margins: its distribution is the strata's hypergeometrics folded together."""
    if not len(a):
        return math.nan, math.nan, math.nan, math.nan
    lowest, folded = 0, np.ones(1)
    for n_group, n_other, k in zip(n1.astype(int), n2.astype(int), (a + c).astype(int), strict=True):
        start, weights = hypergeometric(int(n_group), int(n_other), int(k))
        lowest += start
        folded = np.convolve(folded, np.exp(weights - weights.max()))
        folded /= folded.sum()
    observed = int(a.sum())
    with np.errstate(divide="ignore"):
        found = conditional_odds_ratio(lowest, np.log(folded), observed, confidence=confidence)
    p = float(folded[folded <= folded[observed - lowest] * (1 + TIE)].sum())
    return found.odds_ratio, found.low, found.high, min(p, 1.0)
