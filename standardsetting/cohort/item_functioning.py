"""Differential item functioning: at equal scores on the other values, does a group tend to score differently on this one? Exploratory.

The model is the proportional-odds model P(Y <= k) = logistic(a_k - b'x), fitted by Fisher's scoring on the counts of score by rest score
and group: those counts are sufficient, so a permutation needs no candidate and hundreds are fitted at once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from standardsetting.cohort.families import holm
from standardsetting.cohort.missing import Labels, LeftOut, left_out_sentence, two_groups
from standardsetting.errors import UsageError
from standardsetting.intervals import critical_value

FEWEST_MODELLED = 30
NO_SCORES = "without a score on every value"
MOST_ITERATIONS = 100
SCORE_TOLERANCE = 1e-8
# A log odds ratio that moves a candidate by more than this over the range of its column has run away to infinity.
RUNAWAY = 12.0
METHOD = (
    "proportional-odds model on rest score, group and their product; likelihood-ratio tests with group permuted among candidates of the "
    "same rest score; standardised difference at equal rest score, weighted by the focal group"
)


@dataclass(frozen=True)
class OrdinalFit:
    """Fitted proportional-odds models, one row of each array a table of counts.

    `converged` says that the score reached zero; `separated` that a coefficient ran away (its likelihood still has a limit, its size means
    nothing).
    """

    thresholds: np.ndarray
    coefficients: np.ndarray
    log_likelihood: np.ndarray
    converged: np.ndarray
    separated: np.ndarray


@dataclass(frozen=True)
class ItemFunctioning:
    """Differential functioning of each value, exploratory.

    `table`, one row a value: `value`; `lr_uniform`, `p_uniform` (the group shifts the score at every rest score alike; permutation p);
    `lr_nonuniform`, `p_nonuniform` (the shift depends on the rest score; chi-squared p); `lr`, `p` (both together; permutation p) and
    `p_holm` over the values; `r2_uniform`, `r2_nonuniform` (change of Nagelkerke's R-squared); `difference`, `low`, `high` (points at equal
    rest score, focal minus comparator); `standardised` (over the value's standard deviation); `matched` (share of the focal group with
    somebody of the comparator at the same rest score); `why` where something is missing.
    """

    table: pd.DataFrame
    focal: str
    comparator: str
    n_focal: int
    n_comparator: int
    left_out: tuple[LeftOut, ...]
    permutations: int
    seed: int
    confidence: float
    why: str
    sentence: str
    method: str = METHOD


def proportional_odds(
    counts: np.ndarray, x: np.ndarray, *, start: np.ndarray | None = None, tolerance: float = SCORE_TOLERANCE
) -> OrdinalFit:
    """Fit P(Y <= k) = logistic(a_k - b'x) to counts.

    Parameters
    ----------
    counts
        Tables by rows of `x` by ordered category; every category must occur in every table.
    x
        Rows by columns, without an intercept: the thresholds take its place. No columns is the model of thresholds alone.
    start
        Thresholds and coefficients to start from, in the units of `x`; by default the shares and no effect.
    tolerance
        The score, for each person, below which a table is done.

    Examples
    --------
    Thresholds alone reproduce the shares: 1 and 3 of 4 at or below, so the log odds of 1/4 and of 3/4.

    >>> found = proportional_odds(np.array([[[1, 2, 1]]]), np.zeros((1, 0)))
    >>> found.thresholds.round(4).tolist()
    [[-1.0986, 1.0986]]
    """
    tables, steps, columns = len(counts), counts.shape[2] - 1, x.shape[1]
    scale = np.where(np.ptp(x, axis=0) > 0, np.ptp(x, axis=0), 1.0) if columns else np.ones(0)
    size = counts.sum(axis=(1, 2))
    if start is None:
        below = np.cumsum(counts.sum(axis=1), axis=1)[:, :-1] / size[:, None]
        theta = np.concatenate([np.log(below) - np.log1p(-below), np.zeros((tables, columns))], axis=1)
    else:
        theta = np.tile(np.concatenate([start[:steps], start[steps:] * scale]), (tables, 1))
    value, converged, going = np.full(tables, -math.inf), np.zeros(tables, dtype=bool), np.arange(tables)
    for _ in range(MOST_ITERATIONS):
        value[going], score, information = _at(theta[going], counts[going], x / scale)
        done = np.abs(score).max(axis=1) <= tolerance * size[going]
        converged[going[done]] = True
        going, score, information = going[~done], score[~done], information[~done]
        if not len(going):
            break
        ridge = 1e-12 * np.trace(information, axis1=1, axis2=2)[:, None, None] * np.eye(theta.shape[1])
        step = np.linalg.solve(information + ridge, score[:, :, None])[:, :, 0]
        step *= np.minimum(1.0, 5.0 / np.abs(step).max(axis=1))[:, None]
        theta[going] += _no_worse(theta[going], step, counts[going], x / scale, value[going])
    slopes = theta[:, steps:]
    return OrdinalFit(theta[:, :steps], slopes / scale, value, converged, (np.abs(slopes) > RUNAWAY).any(axis=1))


def _no_worse(theta: np.ndarray, step: np.ndarray, counts: np.ndarray, x: np.ndarray, value: np.ndarray) -> np.ndarray:
    """The step, halved for each table until it loses no likelihood."""
    for _ in range(30):
        worse = ~(_log_likelihood(theta + step, counts, x)[0] >= value - 1e-10 * (1 + np.abs(value)))
        if not worse.any():
            break
        step[worse] /= 2
    return step


def _log_likelihood(theta: np.ndarray, counts: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log-likelihood (minus infinity where thresholds are out of order), chances of each category, and densities at the thresholds."""
    from scipy.special import expit

    tables, rows, categories = counts.shape
    steps = categories - 1
    linear = theta[:, None, :steps] - (theta[:, steps:] @ x.T)[:, :, None]
    edges = [np.full((tables, rows, 1), -math.inf), linear, np.full((tables, rows, 1), math.inf)]
    ends = np.concatenate(edges, axis=2)
    up_to, above = expit(ends), expit(-ends)
    # Above the middle differences of the upper tail: a difference of two numbers near 1 loses its digits.
    chance = np.maximum(np.where(up_to[:, :, 1:] < 0.5, np.diff(up_to, axis=2), -np.diff(above, axis=2)), 1e-300)
    ordered = (np.diff(theta[:, :steps], axis=1) > 0).all(axis=1)
    return np.where(ordered, (counts * np.log(chance)).sum(axis=(1, 2)), -math.inf), chance, up_to * above


def _at(theta: np.ndarray, counts: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log-likelihood, score and Fisher's information of each table."""
    tables, rows, categories = counts.shape
    steps = categories - 1
    value, chance, density = _log_likelihood(theta, counts, x)
    # How each chance moves with each parameter: a threshold adds to the category below it and takes from the one above.
    moves = np.zeros((tables, rows, categories, theta.shape[1]))
    at = np.arange(steps)
    moves[:, :, at, at] = density[:, :, 1:-1]
    moves[:, :, at + 1, at] = -density[:, :, 1:-1]
    moves[:, :, :, steps:] = -np.diff(density, axis=2)[:, :, :, None] * x[None, :, None, :]
    flat = moves.reshape(tables, rows * categories, -1)
    score = np.einsum("ti,tip->tp", (counts / chance).reshape(tables, -1), flat)
    weighted = (counts.sum(axis=2)[:, :, None] / chance).reshape(tables, -1, 1) * flat
    return value, score, np.matmul(flat.transpose(0, 2, 1), weighted)


def item_functioning(
    value_scores: pd.DataFrame, labels: Labels, *, focal: str, comparator: str | None, seed: int, permutations: int = 999,
    confidence: float = 0.95, fewest: int = FEWEST_MODELLED,
) -> ItemFunctioning:  # fmt: skip
    """Does a value work differently for a group: at equal scores on the other values, does the group tend to score higher or lower on it?

    Parameters
    ----------
    value_scores
        One row a candidate and one column a value; at least two values. Candidates without every score are left out.
    labels, focal, comparator
        A group for each row, and the two that are compared; without a comparator, everybody else who declared a group.
    seed, permutations
        Of the permutation test.
    confidence
        Of the interval of the difference.
    fewest
        Fewest people in either group.

    Notes
    -----
    The rest score (the sum of the other values) is the only measure of "equal", with few values and no purification. Being measured with
    error, it does not remove all of a real difference between the groups: with such a difference every value can seem to function
    differently, in the same direction. Differences in opposite directions across values are what to look at. A finding is a question for
    the people who wrote the indicators, never a correction of scores. `p_nonuniform` is asymptotic: shuffling groups would also remove the
    uniform shift that its null hypothesis allows.

    References
    ----------
    Zumbo (1999), A Handbook on the Theory and Methods of Differential Item Functioning. Dorans and Kulick (1986), Journal of Educational
    Measurement 23, 355-368. Holm (1979), Scandinavian Journal of Statistics 6, 65-70.

    Examples
    --------
    >>> draw = np.random.default_rng(1)
    >>> scores = pd.DataFrame(draw.integers(2, 5, (80, 3)), columns=["courage", "integrity", "compassion"])
    >>> found = item_functioning(scores, ["w", "m"] * 40, focal="w", comparator="m", seed=1, permutations=99)
    >>> found.n_focal, found.table["value"].tolist()
    (40, ['courage', 'integrity', 'compassion'])
    """
    critical_value(confidence)
    if value_scores.shape[1] < 2:
        raise UsageError("Two values or more were expected: the rest score is the sum of the others.")
    if permutations < 19:
        raise UsageError("At least 19 permutations were expected.")
    numbers = value_scores.to_numpy(dtype=float, na_value=np.nan)
    groups = two_groups(
        labels, focal=focal, comparator=comparator, usable=~np.isnan(numbers).any(axis=1), fewest=max(fewest, 2), unusable=NO_SCORES
    )
    used = groups.focal | groups.comparator
    table = pd.DataFrame(columns=_COLUMNS)
    if not groups.why:
        draw = np.random.default_rng(seed)
        names = [str(name) for name in value_scores.columns]
        rows = [_of_value(numbers[used], groups.focal[used], i, name, permutations, draw, confidence) for i, name in enumerate(names)]
        table = pd.DataFrame(rows, columns=_COLUMNS)
        table["p_holm"] = holm(table["p"].to_numpy(dtype=float))
    return ItemFunctioning(
        table, groups.focal_name, groups.comparator_name, *groups.n, groups.left_out, permutations, seed, confidence, groups.why,
        _sentence(table, groups.focal_name, groups.comparator_name, groups.why, groups.left_out),
    )  # fmt: skip


_COLUMNS = [
    "value", "lr_uniform", "p_uniform", "lr_nonuniform", "p_nonuniform", "lr", "p", "p_holm", "r2_uniform", "r2_nonuniform",
    "difference", "low", "high", "standardised", "matched", "why",
]  # fmt: skip


def _of_value(
    numbers: np.ndarray, focal: np.ndarray, at: int, name: str, permutations: int, draw: np.random.Generator, confidence: float
) -> dict[str, object]:
    # Rounded so that equal sums of half or third points compare equal.
    rest, stratum = np.unique(np.round(np.delete(numbers, at, axis=1).sum(axis=1), 9), return_inverse=True)
    points, code = np.unique(numbers[:, at], return_inverse=True)
    row: dict[str, object] = dict.fromkeys(_COLUMNS, math.nan) | {"value": name, "why": ""}
    if len(points) < 2 or len(rest) < 2:
        return row | {"why": "Everybody has the same score on this value, or on the others: nothing to compare."}
    counts = np.zeros((2, len(rest), len(points)))
    np.add.at(counts, (focal.astype(int), stratum, code), 1)
    row |= _difference(counts, points, float(numbers[:, at].std(ddof=1)), confidence)
    return row | _tests(counts, rest, permutations, draw)


def _tests(counts: np.ndarray, rest: np.ndarray, permutations: int, draw: np.random.Generator) -> dict[str, object]:
    """Likelihood-ratio tests of group and of group by rest score, and the change of Nagelkerke's R-squared. Counts: group, rest, score."""
    from scipy.stats import chi2

    together = counts.sum(axis=0)
    if not ((counts.sum(axis=2) > 0).all(axis=0)).any():
        return {"why": "No rest score occurs in both groups: they cannot be compared at equal rest score."}
    n, centred = together.sum(), rest - (together.sum(axis=1) @ rest) / together.sum()
    focal = counts[1].sum(axis=1)
    shuffled = np.stack([_shuffled(row, int(k), permutations, draw) for row, k in zip(together, focal, strict=True)], axis=1)
    tables = np.concatenate([counts[1][None], shuffled])
    tables = np.concatenate([together[None] - tables, tables], axis=1)
    group = np.repeat([0.0, 1.0], len(rest))
    rests = np.tile(centred, 2)
    empty = proportional_odds(together.sum(axis=0)[None, None, :], np.zeros((1, 0)))
    base = proportional_odds(together[None], centred[:, None])
    start = np.concatenate([base.thresholds[0], base.coefficients[0]])
    # A likelihood is off by the square of the score, so a looser end serves the permutations.
    uniform, full = (
        proportional_odds(tables, np.column_stack([rests, *more]), start=np.append(start, np.zeros(len(more))), tolerance=1e-6)
        for more in ([group], [group, rests * group])
    )
    of_uniform, of_both = (np.maximum(2 * (fit.log_likelihood - base.log_likelihood[0]), 0) for fit in (uniform, full))
    settled = base.converged[0] and uniform.converged[0] and full.converged[0]
    if not settled:
        return {"why": "A model did not settle, so there are no tests."}
    top = -math.expm1(2 * empty.log_likelihood[0] / n)
    nagelkerke = [-math.expm1(2 * (empty.log_likelihood[0] - each) / n) / top
                  for each in (base.log_likelihood[0], uniform.log_likelihood[0], full.log_likelihood[0])]  # fmt: skip
    apart = base.separated[0] or uniform.separated[0] or full.separated[0]
    between = float(max(of_both[0] - of_uniform[0], 0.0))
    return {
        "lr_uniform": float(of_uniform[0]), "p_uniform": _share_at_least(of_uniform), "lr_nonuniform": between,
        "p_nonuniform": float(chi2.sf(between, 1)), "lr": float(of_both[0]), "p": _share_at_least(of_both),
        "r2_uniform": nagelkerke[1] - nagelkerke[0], "r2_nonuniform": nagelkerke[2] - nagelkerke[1],
        "why": "The groups or rest scores separate the scores completely; p_nonuniform is not to be relied on." if apart else "",
    }  # fmt: skip


def _shuffled(scores: np.ndarray, focal: int, permutations: int, draw: np.random.Generator) -> np.ndarray:
    """Scores of `focal` people drawn from those of one rest score, as often as there are permutations."""
    return draw.multivariate_hypergeometric(scores.astype(np.int64), focal, size=permutations, method="marginals").astype(float)


def _share_at_least(statistics: np.ndarray) -> float:
    """Permutation p: the observed statistic comes first and counts among the permutations."""
    return float((statistics >= statistics[0] - 1e-7).mean())


def _difference(counts: np.ndarray, points: np.ndarray, sd: float, confidence: float) -> dict[str, object]:
    """Mean score of the focal group less that of the comparator at the same rest score, averaged over the focal group's rest scores."""
    from scipy.stats import t

    sizes, sums = counts.sum(axis=2), counts @ points
    both = (sizes > 0).all(axis=0)
    matched = float(sizes[1, both].sum() / sizes[1].sum())
    if not both.any():
        return {"matched": 0.0}
    means = sums[:, both] / sizes[:, both]
    weights = sizes[1, both] / sizes[1, both].sum()
    difference = float(weights @ (means[1] - means[0]))
    within = (counts[:, both] @ points**2).sum() - (sizes[:, both] * means**2).sum()
    df = sizes[:, both].sum() - 2 * both.sum()
    low = high = math.nan
    if df > 0 and within > 0:
        half = t.ppf((1 + confidence) / 2, df) * math.sqrt(within / df * float(weights**2 @ (1 / sizes[:, both]).sum(axis=0)))
        low, high = difference - half, difference + half
    return {"difference": difference, "low": low, "high": high, "standardised": difference / sd, "matched": matched}


def _sentence(table: pd.DataFrame, focal: str, comparator: str, why: str, left_out: tuple[LeftOut, ...]) -> str:
    if why:
        return f"{why} {left_out_sentence(left_out)}"
    tested: Sequence[float] = table["p"].dropna().tolist()
    if not tested:
        return f"No value could be examined. {left_out_sentence(left_out)}"
    found = [str(value) for value in table.loc[table["p_holm"] < 0.05, "value"]]
    seen = (
        f"at equal scores on the other values, {focal} and {comparator} tend to score differently on {', '.join(found)}"
        if found
        else f"no value shows that {focal} and {comparator} with equal scores on the others score differently on it"
    )
    return f"Exploratory, {len(tested)} values tested together (Holm): {seen}. {left_out_sentence(left_out)}"
