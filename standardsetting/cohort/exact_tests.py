"""Exact tests of two rates: Fisher's, its Lancaster mid-p, the conditional odds ratio, and Barnard's as a sensitivity check.

All but Barnard's hold the number of successes fixed, so that the group's successes follow a hypergeometric distribution, here as logarithms
of weights over its support.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from standardsetting.intervals import Floats, checked_counts, critical_value

# Weights closer than this are compared again as whole numbers: only an exact tie counts as one.
NEAR_TIE = 1e-6


@dataclass(frozen=True)
class ExactTest:
    """The two-sided exact tests of one table.

    Attributes
    ----------
    fisher_p
        The probability of all tables no more probable than the observed one.
    mid_p
        The same, with every table exactly as probable as the observed one (itself included) at half weight.
    tables, ties
        How many tables were possible, and how many are exactly as probable as the observed one.
    note
        Why there is no p, or why it says nothing; empty otherwise.
    """

    fisher_p: float
    mid_p: float
    tables: int
    ties: int
    note: str = ""


@dataclass(frozen=True)
class ConditionalOddsRatio:
    """The conditional maximum likelihood estimate of the odds ratio with its exact central interval (Clopper-Pearson tails)."""

    odds_ratio: float
    low: float
    high: float
    confidence: float
    note: str = ""


def exact_test(a: int, n1: int, c: int, n2: int) -> ExactTest:
    """Could a gap like this be chance? Fisher's exact test and its mid-p, two-sided by probability.

    Ties are settled in whole numbers: a table counts as exactly as probable only if its count of arrangements is the same.

    References
    ----------
    Lancaster (1961), Journal of the American Statistical Association 56, 223-234. Fay (2010), Biostatistics 11, 373-374.

    Examples
    --------
    >>> test = exact_test(6, 19, 25, 43)
    >>> round(test.fisher_p, 4), round(test.mid_p, 4)
    (0.0971, 0.0616)
    """
    checked_counts([a, c], [n1, n2])
    a, n1, c, n2 = int(a), int(n1), int(c), int(n2)
    if not n1 or not n2:
        return ExactTest(math.nan, math.nan, 0, 0, "No exact test: a group without candidates cannot be compared.")
    lowest, weights = hypergeometric(n1, n2, a + c)
    apart = weights - weights[a - lowest]
    less = apart < 0
    near = np.flatnonzero(np.abs(apart) < NEAR_TIE)
    tie = np.zeros(len(weights), dtype=bool)
    if len(near) == 1:
        tie[near] = True
    else:
        observed = _arrangements(a, n1, n2, a + c)
        for at in near:
            here = _arrangements(lowest + int(at), n1, n2, a + c)
            tie[at], less[at] = here == observed, here < observed
    less &= ~tie
    total = np.exp(apart).sum()
    rarer, level = float(np.exp(apart[less]).sum() / total), float(np.exp(apart[tie]).sum() / total)
    note = "Only one table was possible, so the exact tests say nothing." if len(weights) == 1 else ""
    return ExactTest(min(rarer + level, 1.0), min(rarer + level / 2, 1.0), len(weights), int(tie.sum()), note)


def hypergeometric(n1: int, n2: int, successes: int) -> tuple[int, Floats]:
    """The smallest possible number of successes in the group, and the log weights from there on, up to a constant.

    Summed from the ratios of neighbouring weights, so that no large factorial enters.
    """
    lowest, highest = max(0, successes - n2), min(n1, successes)
    x = np.arange(lowest, highest, dtype=float)
    steps = np.log((n1 - x) * (successes - x)) - np.log((x + 1) * (n2 - successes + x + 1))
    return lowest, np.concatenate([[0.0], np.cumsum(steps)])


def conditional_odds_ratio(lowest: int, weights: Floats, observed: int, *, confidence: float = 0.95) -> ConditionalOddsRatio:
    """The odds ratio given the margins, from log weights over the possible numbers of successes.

    The estimate is 0 where the group has as few successes as it could, infinite where as many; NaN where only one number was possible.

    Examples
    --------
    >>> lowest, weights = hypergeometric(10, 60, 50)
    >>> round(conditional_odds_ratio(lowest, weights, 5).odds_ratio, 5)
    0.33945
    """
    critical_value(confidence)
    if len(weights) == 1:
        note = "No odds ratio: only one number of successes was possible."
        return ConditionalOddsRatio(math.nan, 0.0, math.inf, confidence, note)
    x = np.arange(lowest, lowest + len(weights))
    tail = (1 - confidence) / 2
    at_lowest, at_highest = observed == x[0], observed == x[-1]
    estimate = 0.0 if at_lowest else math.inf if at_highest else _where(lambda psi: float(_tilted(weights, x, psi) @ x) - observed)
    low = 0.0 if at_lowest else _where(lambda psi: _tilted(weights, x, psi)[x >= observed].sum() - tail)
    high = math.inf if at_highest else _where(lambda psi: tail - _tilted(weights, x, psi)[x <= observed].sum())
    return ConditionalOddsRatio(estimate, low, high, confidence)


def barnard_p(a: int, n1: int, c: int, n2: int) -> float:
    """Barnard's unconditional exact test (pooled Wald statistic), two-sided: a sensitivity check beside the declared test.

    Slower than Fisher's: about the product of the group sizes. NaN where a group is empty or where all had the same outcome.

    References
    ----------
    Barnard (1945), Nature 156, 177. Computed by `scipy.stats.barnard_exact`.

    Examples
    --------
    >>> round(barnard_p(6, 19, 25, 43), 3)
    0.055
    """
    from scipy.stats import barnard_exact

    checked_counts([a, c], [n1, n2])
    if not n1 or not n2 or a + c in (0, n1 + n2):
        return math.nan
    return float(barnard_exact([[a, c], [n1 - a, n2 - c]]).pvalue)


def _arrangements(x: int, n1: int, n2: int, successes: int) -> int:
    return math.comb(n1, x) * math.comb(n2, successes - x)


def _tilted(weights: Floats, x: np.ndarray, log_psi: float) -> Floats:
    """Probabilities of the numbers of successes at a log odds ratio."""
    logs = weights + x * log_psi
    raised = np.exp(logs - logs.max())
    return raised / raised.sum()


def _where(rising: Callable[[float], float]) -> float:
    """The odds ratio at which a rising function of its logarithm is zero."""
    from scipy.optimize import brentq

    return math.exp(float(brentq(rising, -60, 60, xtol=1e-13, rtol=1e-14)))
