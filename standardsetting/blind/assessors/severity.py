"""How severe is each assessor beside those who rated the same candidates; and how noisy?

Both come from the pairs of assessors who share candidates, by least squares, so that whoever sits with a severe assessor does not look
lenient for it, nor whoever sits with an erratic one erratic.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.special import ndtri

from standardsetting.blind.assessors.estimates import Estimates, jackknife, sums_of, with_interval
from standardsetting.blind.assessors.seats import Seats


@dataclass(frozen=True)
class Severity:
    """Severity of every assessor, in points of the scale for one value.

    Attributes
    ----------
    difference
        The classical twin: mean over candidates of own rating minus the co-assessors' mean. Below zero is severe.
    adjusted
        Severity by least squares, adjusted for who the co-assessors were; above zero is severe, as in logits. Zero is the mean of the
        assessor's own subset.
    shrunk, shrunk_low, shrunk_high
        The same drawn towards the mean as far as its error asks for (empirical Bayes), for a caterpillar plot.
    spread
        Standard deviation of true severities, by the method of moments.
    shifted
        For each cell the rating with its assessor's severity taken out.
    """

    difference: Estimates
    adjusted: Estimates
    shrunk: np.ndarray
    shrunk_low: np.ndarray
    shrunk_high: np.ndarray
    spread: float
    shifted: np.ndarray


@dataclass(frozen=True)
class Noise:
    """The error variance of every assessor as a multiple of the mean assessor's.

    Attributes
    ----------
    ratio
        1 is the mean; below zero is possible with few candidates, and means small.
    unexpected, unexpected_expected
        Share of ratings further from the co-assessors' mean than two standard deviations of all such differences, severities taken out;
        and the same over all assessors.
    high_by_chance, p
        What the ratio would stay under 39 times in 40 if the same disagreements had fallen on candidates at random, and how often chance
        gives as much.
    """

    ratio: Estimates
    high_by_chance: np.ndarray
    p: np.ndarray
    unexpected: Estimates
    unexpected_expected: float


def severity(table: Seats, *, confidence: float) -> Severity:
    """The classical twin, the least-squares severity, and its shrunken form."""
    n_assessors = len(table.assessors)
    apart = np.where(table.shared, table.x - table.rest, np.nan)
    shared = table.shared.sum(axis=1)
    with np.errstate(invalid="ignore"):
        by_seat = np.where(shared > 0, np.nansum(apart, axis=1) / shared, np.nan)
    difference = jackknife(
        sums_of(np.where(np.isnan(by_seat), np.nan, 1.0), by_seat), table.assessor, n_assessors, _mean, confidence=confidence, fewest=2
    )
    inverse, alone = _laplacian_inverse(table)
    k = table.others + 1
    from_mean = np.where(table.shared, table.x - (table.x + table.others * table.rest) / k, 0.0)
    leniency = inverse @ table.by_assessor(from_mean.sum(axis=1))
    shifted = table.x - leniency[table.assessor][:, None]
    residual = _from_candidate(table, shifted)
    n = table.by_assessor((shared > 0).astype(float)).astype(np.int64)
    freedom = _freedom(table)
    robust = _sandwich(inverse, table, np.nansum(residual, axis=1), freedom)
    adjusted = with_interval(
        np.where(alone, np.nan, -leniency), np.where(alone | (n < 2), np.nan, np.sqrt(robust)), n, confidence=confidence
    )
    # By candidate: ratings of one candidate on several values are not as many independent ones.
    scatter = float((np.nansum(residual, axis=1) ** 2).sum()) / max(freedom[1], 1)
    per_seat = float(table.shared.sum() / max((shared > 0).sum(), 1))
    model = np.sqrt(np.maximum(np.diag(inverse), 0) * scatter / max(per_seat, 1))
    shrunk, half, spread = _shrink(adjusted.value, np.where(alone, np.nan, model), confidence)
    return Severity(difference, adjusted, shrunk, shrunk - half, shrunk + half, spread, shifted)


def noise(table: Seats, found: Severity, *, confidence: float, replicates: int, seed: int) -> Noise:
    """Each assessor's error variance, by least squares from the squared differences of pairs: E(square) is the sum of the pair's two."""
    y, others, n_assessors = np.nan_to_num(found.shifted), np.nan_to_num(table.others), len(table.assessors)
    have = ~np.isnan(table.x)
    mean = table.among_co_assessors(y)
    square = table.among_co_assessors(y**2)
    seat_square = np.where(table.shared, others * (y**2 - 2 * y * np.nan_to_num(mean) + np.nan_to_num(square)), 0.0).sum(axis=1)
    seat_count = np.where(have, others, 0.0).sum(axis=1)
    cells = _together(table)
    np.fill_diagonal(cells, table.by_assessor(seat_count))
    diagonal = np.diag(cells).copy()
    alone = diagonal == 0
    target = seat_square.sum() / max(2 * seat_count.sum(), 1e-12)
    # A few cells' worth of the mean makes it solvable where sums of pairs alone cannot tell who of two is the noisy one.
    prior = 2.0 * len(table.values)
    inverse = np.linalg.inv(cells + prior * np.eye(n_assessors))
    variance = inverse @ (table.by_assessor(seat_square) + prior * target)
    pair_fit = seat_count * variance[table.assessor] + _co_sums(table, variance)
    n = table.by_assessor((seat_count > 0).astype(float)).astype(np.int64)
    error = np.sqrt(_sandwich(inverse, table, seat_square - pair_fit, _freedom(table)))
    ratio = with_interval(
        np.where(alone, np.nan, variance / target if target > 0 else np.nan),
        np.where(alone | (n < 2), np.nan, error / target if target > 0 else np.nan),
        n,
        confidence=confidence,
    )
    high, p = _by_chance(table, seat_square, seat_count, inverse, prior * target, variance, replicates, seed)
    high = high / target if target > 0 else np.full_like(high, np.nan)
    unexpected, share = _unexpected(table, y, mean, confidence)
    return Noise(ratio, np.where(alone, np.nan, high), np.where(alone, np.nan, p), unexpected, share)


def _unexpected(table: Seats, shifted: np.ndarray, rest: np.ndarray, confidence: float) -> tuple[Estimates, float]:
    apart, shared = np.where(table.shared, shifted - rest, 0.0), table.shared
    cells = shared.sum(axis=1).astype(float)
    far = (np.abs(apart) >= 2 * np.sqrt((apart**2).sum() / max(cells.sum(), 1))) & shared & (np.abs(apart) > 1e-9)
    share = float(far.sum() / cells.sum()) if cells.sum() else float("nan")
    cells[cells == 0] = np.nan
    return jackknife(sums_of(cells, far.sum(axis=1)), table.assessor, len(table.assessors), _mean, confidence=confidence), share


def _mean(sums: np.ndarray) -> np.ndarray:
    return sums[..., 1] / sums[..., 0]


def _incidence(table: Seats, value: int, weight: np.ndarray) -> csr_array:
    use = table.shared[:, value]
    return csr_array((weight[use, value], (table.candidate[use], table.assessor[use])), shape=(len(table.candidates), len(table.assessors)))


def _together(table: Seats) -> np.ndarray:
    """How many cells each pair of assessors rated both; on the diagonal each one's shared cells."""
    ones = np.ones_like(table.x)
    return sum(((sat := _incidence(table, v, ones)).T @ sat).toarray() for v in range(len(table.values)))


def _laplacian_inverse(table: Seats) -> tuple[np.ndarray, np.ndarray]:
    """The pseudo-inverse of the normal equations of severities that add up to zero in each subset; and who has no co-assessor."""
    k = np.sqrt(table.others + 1)
    matrix = -sum(((sat := _incidence(table, v, 1 / k)).T @ sat).toarray() for v in range(len(table.values)))
    shared = table.by_assessor(table.shared.sum(axis=1).astype(float))
    matrix = matrix + np.diag(shared)
    one = (table.subset[:, None] == table.subset).astype(float)
    one /= one.sum(axis=1, keepdims=True)
    return np.linalg.inv(matrix + one) - one, shared == 0


def _from_candidate(table: Seats, shifted: np.ndarray) -> np.ndarray:
    """Shifted ratings less their candidate's mean on the value; NaN where nobody else rated it."""
    others = table.among_co_assessors(np.nan_to_num(shifted))
    return np.where(table.shared, (shifted - others) * table.others / (table.others + 1), np.nan)


def _freedom(table: Seats) -> tuple[float, float]:
    """Comparisons of candidates' assessors, before and after severities are estimated."""
    seats_of = np.bincount(table.candidate[table.shared.any(axis=1)], minlength=len(table.candidates))
    before = float(np.maximum(seats_of - 1, 0).sum())
    return before, before - (len(table.assessors) - len(np.unique(table.subset)))


def _sandwich(inverse: np.ndarray, table: Seats, score: np.ndarray, freedom: tuple[float, float]) -> np.ndarray:
    """Variances of least-squares estimates when every candidate is one observation, whatever its errors look like."""
    shape = (len(table.candidates), len(table.assessors))
    by_candidate = csr_array((np.nan_to_num(score), (table.candidate, table.assessor)), shape=shape)
    middle = (by_candidate.T @ by_candidate).toarray()
    correction = freedom[0] / freedom[1] if freedom[1] > 0 else np.nan
    return np.einsum("ij,jk,ki->i", inverse, middle, inverse, optimize=True) * correction


def _shrink(value: np.ndarray, error: np.ndarray, confidence: float) -> tuple[np.ndarray, np.ndarray, float]:
    """Empirical Bayes: the spread of true severities by DerSimonian and Laird's moments, and each drawn in by its share of it."""
    use = ~np.isnan(value) & ~np.isnan(error) & (error > 0)
    if use.sum() < 3:
        return value.copy(), np.full_like(value, np.nan), float("nan")
    weight = 1 / error[use] ** 2
    mean = (weight * value[use]).sum() / weight.sum()
    excess = (weight * (value[use] - mean) ** 2).sum() - (use.sum() - 1)
    true = max(0.0, excess / (weight.sum() - (weight**2).sum() / weight.sum()))
    with np.errstate(invalid="ignore", divide="ignore"):
        keep = true / (true + error**2)
        return keep * value, ndtri((1 + confidence) / 2) * np.sqrt(keep) * error, float(np.sqrt(true))


def _co_sums(table: Seats, per_assessor: np.ndarray) -> np.ndarray:
    """For each seat, the sum over co-assessors and shared cells of a number of the co-assessor."""
    cells = np.where(np.isnan(table.x), 0.0, per_assessor[table.assessor][:, None])
    return np.nansum(table.among_co_assessors(cells) * table.others, axis=1)


def _by_chance(
    table: Seats,
    square: np.ndarray,
    count: np.ndarray,
    inverse: np.ndarray,
    prior: float,
    observed: np.ndarray,
    replicates: int,
    seed: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Hand the disagreements out to candidates anew, many times: the upper 97.5 % point of each variance, and how often it is reached."""
    n = len(table.candidates)
    by_candidate = np.bincount(table.candidate, weights=square, minlength=n)
    cells = np.bincount(table.candidate, weights=count, minlength=n)
    paired = np.flatnonzero(cells > 0)
    if not len(paired):
        nothing = np.full(len(observed), np.nan)
        return nothing, nothing
    generator = np.random.default_rng(seed)
    mean_square = (by_candidate[paired] / cells[paired]).astype(np.float32)
    drawn = np.column_stack([generator.permutation(mean_square) for _ in range(replicates)])
    sat = csr_array((count.astype(np.float32), (table.assessor, table.candidate)), shape=(len(table.assessors), n))[:, paired]
    replicate = inverse @ ((sat @ drawn).astype(float) + prior)
    reached = (replicate >= observed[:, None] - 1e-9).sum(axis=1)
    return np.quantile(replicate, 0.975, axis=1), (1 + reached) / (1 + replicates)
