"""A running impact ratio that may be looked at after every process: an anytime-valid confidence sequence.

For a ratio R the evidence against it after each process is an e-value, whose expected value is at most 1 whatever the reference group's
rate is in that process; the product over processes passes 1/alpha with a chance of at most alpha, however often one looks (Ville's
inequality). The sequence holds every R whose product is still below 1/alpha. It supposes one impact ratio behind all processes; the
reference group's rate may differ from process to process.

The e-value of a process is the probability of its counts under an alternative pair of rates, over that under the pair on the line
p1 = R p2 nearest to the alternative in Kullback-Leibler divergence. Its expected value is log-concave along the line and has its top, 1, at
that pair. Alternatives are mixed: over ratios with weights learnt from the processes before, over reference rates evenly.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from standardsetting.cohort.intervals import restricted_rate
from standardsetting.intervals import Floats, Limits, checked_counts, critical_value

Counts = tuple[float, float, float, float]
# Alternatives: ratios spread around 1 on the log scale (normal, this standard deviation), and reference rates.
RATIOS = np.exp(np.linspace(math.log(0.2), math.log(5.0), 61))
SPREAD = 0.35
RATES = np.linspace(0.025, 0.975, 39)
# Where the limits are looked for; beyond, an end is open.
LOWEST, HIGHEST, POINTS = 0.01, 100.0, 461


def log_evidence(a: ArrayLike, n1: ArrayLike, c: ArrayLike, n2: ArrayLike, *, ratio: ArrayLike) -> Floats:
    """How strongly do the processes so far speak against each ratio? Natural logarithm of the product of e-values.

    Parameters
    ----------
    a, n1, c, n2
        One count a process, in the order of the processes.
    ratio
        The hypotheses, one or more.

    Returns
    -------
    array
        A row a process, a column a ratio: the evidence after that process.

    References
    ----------
    Turner, Ly and Grünwald (2024), Journal of Statistical Planning and Inference 230 (e-variables for two samples). Turner and Grünwald
    (2023), Statistics and Probability Letters 198 (confidence sequences for their contrasts).

    Examples
    --------
    >>> bool(log_evidence([5], [50], [200], [400], ratio=1.0)[0, 0] > np.log(20))
    True
    """
    (a, n1), (c, n2) = checked_counts(np.atleast_1d(a), np.atleast_1d(n1)), checked_counts(np.atleast_1d(c), np.atleast_1d(n2))
    hypotheses = np.atleast_1d(np.asarray(ratio, dtype=float))
    log_weights = -0.5 * (np.log(RATIOS) / SPREAD) ** 2
    log_weights = log_weights - _log_sum(log_weights, 0)
    # Alternatives as rates: ratio by reference rate; those above 1 do not exist.
    p2 = np.broadcast_to(RATES, (len(RATIOS), len(RATES)))
    p1 = RATIOS[:, None] * RATES
    exists = p1 < 1
    p1 = np.where(exists, p1, 0.5)
    log_rates = np.where(exists, -np.log(exists.sum(axis=1, keepdims=True)), -np.inf)
    rows = []
    for counts in zip(a.tolist(), n1.tolist(), c.tolist(), n2.tolist(), strict=True):
        own = _log_likelihood(*counts, p1, p2)
        rows.append([_log_e_value(counts, p1, p2, own, log_rates + log_weights[:, None], at) for at in hypotheses])
        # What this process taught about the ratio, for the weights of the next one.
        log_weights = log_weights + _log_sum(own + log_rates, 1)
        log_weights = log_weights - _log_sum(log_weights, 0)
    return np.cumsum(np.array(rows, dtype=float).reshape(len(a), len(hypotheses)), axis=0)


def confidence_sequence(a: ArrayLike, n1: ArrayLike, c: ArrayLike, n2: ArrayLike, *, confidence: float = 0.95) -> Limits:
    """After each process, between which impact ratios does the one behind all processes lie, however often one has looked?

    Limits, one a process; 0 and infinity where an end is open. See `log_evidence` for the method.

    Examples
    --------
    >>> limits = confidence_sequence([20, 22], [60, 60], [180, 175], [400, 400])
    >>> bool(limits.low[1] < (42 / 120) / (355 / 800) < limits.high[1])
    True
    """
    critical_value(confidence)
    grid = np.geomspace(LOWEST, HIGHEST, POINTS)
    evidence = log_evidence(a, n1, c, n2, ratio=grid)
    bound = -math.log(1 - confidence)
    limits = np.array([_ends(np.log(grid), row, bound) for row in evidence]).reshape(len(evidence), 2)
    return Limits(limits[:, 0], limits[:, 1])


def _log_e_value(counts: Counts, p1: Floats, p2: Floats, own: Floats, log_weights: Floats, ratio: float) -> float:
    """Of one process against one ratio. The nearest pair on the line is the restricted fit to what the alternative expects."""
    _, n1, _, n2 = counts
    if not n1 or not n2:
        return 0.0
    nearest = restricted_rate(n1 * p1, n1, n2 * p2, n2, ratio)
    against = _log_likelihood(*counts, np.minimum(ratio * nearest, 1.0), nearest)
    apart = np.where(np.isneginf(log_weights), 0.0, own - against)
    return float(_log_sum((log_weights + apart).ravel(), 0))


def _log_likelihood(a: float, n1: float, c: float, n2: float, p1: Floats, p2: Floats) -> Floats:
    """Of counts at two rates, without the binomial coefficients; zero times log zero is zero."""
    total = np.zeros(np.broadcast(p1, p2).shape)
    with np.errstate(divide="ignore"):
        for count, rate in ((a, p1), (n1 - a, 1 - p1), (c, p2), (n2 - c, 1 - p2)):
            total = total + count * np.log(rate) if count else total
    return total


def _log_sum(logs: Floats, axis: int) -> Floats:
    top = logs.max(axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(over="ignore"):
        return np.log(np.exp(logs - top).sum(axis=axis)) + top.squeeze(axis)


def _ends(log_grid: Floats, evidence: Floats, bound: float) -> tuple[float, float]:
    """The outermost ratios that are not refuted, between two points of the grid by a straight line."""
    kept = np.flatnonzero(evidence < bound)
    if not len(kept):
        return math.nan, math.nan
    first, last = int(kept[0]), int(kept[-1])
    low = 0.0 if first == 0 else math.exp(_crossing(log_grid, evidence, bound, first - 1, first))
    high = math.inf if last == len(log_grid) - 1 else math.exp(_crossing(log_grid, evidence, bound, last + 1, last))
    return low, high


def _crossing(log_grid: Floats, evidence: Floats, bound: float, outside: int, inside: int) -> float:
    part = (evidence[outside] - bound) / (evidence[outside] - evidence[inside]) if np.isfinite(evidence[outside]) else 1.0
    return float(log_grid[outside] + part * (log_grid[inside] - log_grid[outside]))
