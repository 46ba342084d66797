"""Two characteristics together, such as sex and ethnicity, by partial pooling: small cells lean on what the two tell separately.

Each cell's log odds is a baseline, plus an effect of each characteristic's category, plus an interaction of its own that is drawn towards
zero as far as the data ask for it. Raw rates of cells are neither used up nor shown.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from standardsetting.cohort.missing import Labels, LeftOut, declared, left_out_sentence
from standardsetting.errors import UsageError
from standardsetting.intervals import critical_value

FEWEST_IN_CATEGORY = 10
# Prior standard deviations of log odds: wide for the baseline, one for each main effect, and half-normal for the size of interactions.
BASELINE_SD, MAIN_SD, INTERACTION_SD = 2.5, 1.0, 0.5
SIZES, DRAWS_OF_EACH = 40, 1000
NO_OUTCOME, OTHER_UNKNOWN = "no outcome", "one of the two not known"
METHOD = (
    f"Bayesian logistic model of cells; normal priors of standard deviation {BASELINE_SD} (baseline) and {MAIN_SD:g} (main effects), "
    f"half-normal {INTERACTION_SD} for the standard deviation of interactions; importance sampling around each Laplace approximation"
)


@dataclass(frozen=True)
class Intersection:
    """Rates in the cells of two characteristics, drawn towards what the characteristics say separately.

    `table`, one row a cell: the two characteristics under their names, `n`, `rate`, `low`, `high` (shrunken; missing where nobody is in the
    cell). `share`, `low`, `high`: of the variance between cells, the share beyond the main effects; `prior_share`, what the model takes it
    for before any data: if the two are alike, the data said little. `effective_draws`: how many independent draws the sampling is worth.
    """

    table: pd.DataFrame
    share: float
    low: float
    high: float
    prior_share: float
    interaction_sd: float
    confidence: float
    n_used: int
    left_out: tuple[LeftOut, ...]
    seed: int
    effective_draws: float
    why: str
    sentence: str
    method: str = METHOD


def intersection(
    met: pd.Series | np.ndarray, first: Labels, second: Labels, *, names: tuple[str, str], seed: int, confidence: float = 0.95,
    fewest: int = FEWEST_IN_CATEGORY,
) -> Intersection:  # fmt: skip
    """How do people fare who share two characteristics, and is it more than the two characteristics say separately?

    Parameters
    ----------
    met
        1 or 0 (or true and false) for each person; missing where there is no outcome.
    first, second
        The labels of the two characteristics; people with either not known are left out and counted.
    names
        What the two are called in the table.
    seed
        Of the draws.
    confidence
        Of the intervals.
    fewest
        Fewest people in every category of either characteristic. Below it there is no model: roll the categories up by the published
        hierarchy first, and never by outcomes.

    Notes
    -----
    Intervals are credible intervals. A cell with few people gets nearly the rate that its two characteristics suggest, with an interval to
    match: it is not evidence about that cell. An empty cell gets none. The share counts the realised effects of the cells that have people,
    each cell alike.

    References
    ----------
    Evans, Williams, Onnela and Subramanian (2018), Social Science and Medicine 203, 64-73 (the question; their estimate is by other means).

    Examples
    --------
    >>> sex, group = np.repeat(["f", "m"], 60), np.tile(["a", "b", "b"], 40)
    >>> found = intersection(np.tile([1, 0, 1, 1], 30), sex, group, names=("sex", "ethnicity"), seed=1)
    >>> found.table["n"].tolist(), found.n_used
    ([20, 40, 20, 40], 120)
    """
    critical_value(confidence)
    outcome = _outcomes(met)
    labels, left_out, used = _labels(outcome, first, second)
    y, one, two = outcome[used], labels[0][used], labels[1][used]
    why = _refusal(y, one, two, names, fewest)
    if why:
        nothing = pd.DataFrame(columns=[*names, "n", "rate", "low", "high"])
        return Intersection(
            nothing, math.nan, math.nan, math.nan, math.nan, math.nan, confidence, int(used.sum()), left_out, seed, 0.0, why,
            f"{why} {left_out_sentence(left_out)}",
        )  # fmt: skip
    (rows, row), (columns, column) = (np.unique(each.astype(str), return_inverse=True) for each in (one, two))
    cell = row * len(columns) + column
    n = np.bincount(cell, minlength=len(rows) * len(columns)).astype(float)
    successes = np.bincount(cell, weights=y, minlength=len(n))
    drawn = _draws(successes, n, shape=(len(rows), len(columns)), seed=seed)
    tails = [(1 - confidence) / 2, (1 + confidence) / 2]
    table = pd.DataFrame({names[0]: np.repeat(rows, len(columns)), names[1]: np.tile(columns, len(rows)), "n": n.astype(int)})
    limits = np.array([_weighted_quantiles(rate, drawn.weight, tails) for rate in drawn.rates.T])
    table["rate"], table["low"], table["high"] = drawn.weight @ drawn.rates, limits[:, 0], limits[:, 1]
    table.loc[table["n"] == 0, ["rate", "low", "high"]] = math.nan
    share = float(drawn.weight @ drawn.shares)
    low, high = _weighted_quantiles(drawn.shares, drawn.weight, tails)
    prior = _draws(np.zeros_like(n), np.zeros_like(n), shape=(len(rows), len(columns)), seed=seed, counted=n > 0)
    prior_share = float(prior.weight @ prior.shares)
    sentence = (
        f"Of the differences between the cells of {names[0]} and {names[1]}, about {share:.0%} is beyond what the two say separately "
        f"({confidence:.0%} interval {low:.0%} to {high:.0%}; before any data the model takes {prior_share:.0%}). "
        f"{left_out_sentence(left_out)}"
    )
    return Intersection(
        table, share, low, high, prior_share, float(drawn.weight @ drawn.sizes), confidence, int(used.sum()), left_out, seed,
        float(1 / (drawn.weight**2).sum()), "", sentence,
    )  # fmt: skip


def _outcomes(met: pd.Series | np.ndarray) -> np.ndarray:
    try:
        outcome = pd.Series(met).to_numpy(dtype=float, na_value=np.nan)
    except (TypeError, ValueError):
        raise UsageError("Outcomes of 1 or 0 were expected; something else was found.") from None
    if not np.isin(outcome[~np.isnan(outcome)], (0.0, 1.0)).all():
        raise UsageError("Outcomes of 1 or 0 were expected; other numbers were found.")
    return outcome


def _labels(outcome: np.ndarray, first: Labels, second: Labels) -> tuple[tuple[np.ndarray, np.ndarray], tuple[LeftOut, ...], np.ndarray]:
    (one, known_one, _), (two, known_two, _) = declared(first), declared(second)
    if not len(one) == len(two) == len(outcome):
        raise UsageError("Two labels for each outcome were expected.")
    known, scored = known_one & known_two, ~np.isnan(outcome)
    left = [LeftOut(OTHER_UNKNOWN, int((~known).sum())), LeftOut(NO_OUTCOME, int((known & ~scored).sum()))]
    return (one, two), tuple(each for each in left if each.n), known & scored


def _refusal(y: np.ndarray, one: np.ndarray, two: np.ndarray, names: tuple[str, str], fewest: int) -> str:
    if not len(y):
        return "Nobody has an outcome and both characteristics, so there is nothing to compare."
    for labels, name in ((one, names[0]), (two, names[1])):
        sizes = np.unique(labels.astype(str), return_counts=True)[1]
        if len(sizes) < 2:
            return f"Everybody is in one category of {name}, so there is nothing to compare."
        if (sizes < fewest).any():
            small = int((sizes < fewest).sum())
            return f"{small} categories of {name} have fewer than {fewest} people: roll them up by the published hierarchy first."
    if y.all() or not y.any():
        return f"{'Everyone' if y.all() else 'Nobody'} succeeded, so there are no differences between the cells."
    return ""


@dataclass(frozen=True)
class _Draws:
    """Draws of the cells' rates, of the share beyond the main effects and of the interactions' standard deviation, with their weights."""

    rates: np.ndarray
    shares: np.ndarray
    sizes: np.ndarray
    weight: np.ndarray


def _draws(successes: np.ndarray, n: np.ndarray, *, shape: tuple[int, int], seed: int, counted: np.ndarray | None = None) -> _Draws:
    from scipy.special import expit, ndtri

    draw = np.random.default_rng(seed)
    counted = n > 0 if counted is None else counted
    # Equally likely sizes of the half-normal prior, one in the middle of each slice.
    sizes = INTERACTION_SD * ndtri(0.5 + 0.5 * (np.arange(SIZES) + 0.5) / SIZES)
    rates, shares, log_weight = [], [], []
    for size in sizes:
        precision = np.linalg.inv(_covariance(shape, size))
        mode, curvature = _mode(successes, n, precision)
        triangle = np.linalg.cholesky(curvature)
        standard = draw.standard_normal((DRAWS_OF_EACH, len(n)))
        eta = mode + np.linalg.solve(triangle.T, standard.T).T
        # The joint density over the density drawn from, both up to the same constant.
        log_joint = (successes * eta - n * np.logaddexp(0, eta)).sum(axis=1) - 0.5 * np.einsum("ij,jk,ik->i", eta, precision, eta)
        log_drawn = np.log(np.diag(triangle)).sum() - 0.5 * (standard**2).sum(axis=1)
        log_weight.append(log_joint + 0.5 * np.linalg.slogdet(precision)[1] - log_drawn)
        rates.append(expit(eta))
        shares.append(_beyond(eta, precision, size, counted, draw))
    logs = np.concatenate(log_weight)
    weight = np.exp(logs - logs.max())
    return _Draws(np.concatenate(rates), np.concatenate(shares), np.repeat(sizes, DRAWS_OF_EACH), weight / weight.sum())


def _covariance(shape: tuple[int, int], size: float, *, baseline: float = BASELINE_SD, main: float = MAIN_SD) -> np.ndarray:
    """Prior covariance of the cells' log odds: the baseline, what cells of one row or one column share, and each cell's own."""
    row, column = (index.ravel() for index in np.indices(shape))
    same_row, same_column = row[:, None] == row, column[:, None] == column
    return np.asarray(baseline**2 + main**2 * (same_row.astype(float) + same_column) + size**2 * np.eye(len(row)))


def _mode(successes: np.ndarray, n: np.ndarray, precision: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The most likely log odds of the cells and the curvature there, by Newton's steps (the log posterior is concave)."""
    from scipy.special import expit

    def objective(eta: np.ndarray) -> float:
        return float((successes * eta - n * np.logaddexp(0, eta)).sum() - 0.5 * eta @ precision @ eta)

    eta = np.zeros(len(n))
    for _ in range(100):
        chance = expit(eta)
        score, curvature = successes - n * chance - precision @ eta, precision + np.diag(n * chance * (1 - chance))
        step, before = np.linalg.solve(curvature, score), objective(eta)
        while objective(eta + step) < before - 1e-9 * (1 + abs(before)):
            step = step / 2
        eta = eta + step
        if np.abs(step).max() < 1e-10:
            break
    chance = expit(eta)
    return eta, precision + np.diag(n * chance * (1 - chance))


def _beyond(eta: np.ndarray, precision: np.ndarray, size: float, counted: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """For each draw of log odds, a draw of its interactions, and their share of the variance over the cells that have people."""
    spread = size**2 * np.eye(eta.shape[1]) - size**4 * precision
    root, vectors = np.linalg.eigh((spread + spread.T) / 2)
    noise = draw.standard_normal(eta.shape) * np.sqrt(np.maximum(root, 0))
    interaction = (size**2 * eta @ precision + noise @ vectors.T)[:, counted]
    beyond, main = interaction.var(axis=1), (eta[:, counted] - interaction).var(axis=1)
    return np.asarray(beyond / (beyond + main))


def _weighted_quantiles(values: np.ndarray, weight: np.ndarray, at: list[float]) -> tuple[float, float]:
    order = np.argsort(values)
    places = np.searchsorted(np.cumsum(weight[order]), at)
    low, high = values[order][np.minimum(places, len(values) - 1)]
    return float(low), float(high)
