"""One common factor of a few parts, by least squares off the diagonal (minres) or maximum likelihood; many matrices at once."""

from __future__ import annotations

import numpy as np

STEPS = 2000
CLOSE = 1e-12
SMALLEST_UNIQUE = 0.005


def minres(correlations: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Standardised loadings that come closest to the correlations off the diagonal, and whether each search ended.

    Each loading in turn is the regression of its correlations on the other loadings: the least of the squares in that loading. A part
    cannot be explained beyond its variance, so a loading stays within -1 and 1.
    """
    loadings = _first(correlations)
    n_parts = loadings.shape[1]
    moved = np.ones(len(loadings), dtype=bool)
    for _ in range(STEPS):
        before = loadings[moved]
        now, among = before.copy(), correlations[moved]
        for part in range(n_parts):
            others = np.arange(n_parts) != part
            square = (now[:, others] ** 2).sum(axis=1)
            cross = (among[:, part, others] * now[:, others]).sum(axis=1)
            now[:, part] = np.clip(np.where(square > 0, cross / np.maximum(square, 1e-300), 0.0), -1.0, 1.0)
        loadings[moved] = now
        moved[moved] = np.abs(now - before).max(axis=1) > CLOSE
        if not moved.any():
            break
    return _upright(loadings), ~moved


def maximum_likelihood(correlations: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Standardised loadings of the largest normal likelihood, and whether each search ended (EM steps, extrapolated)."""
    loadings = _first(correlations)
    unique = np.clip(1 - loadings**2, SMALLEST_UNIQUE, 1)
    moved = np.ones(len(loadings), dtype=bool)
    for _ in range(STEPS):
        one = _em_step(correlations[moved], loadings[moved], unique[moved])
        two = _em_step(correlations[moved], *one)
        loadings_now, unique_now = _extrapolated((loadings[moved], unique[moved]), one, two)
        after = _em_step(correlations[moved], loadings_now, unique_now)
        change = np.abs(after[0] - loadings_now).max(axis=1)
        loadings[moved], unique[moved] = after
        moved[moved] = change > CLOSE
        if not moved.any():
            break
    return _upright(loadings), ~moved


def _first(correlations: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(correlations)
    return np.clip(vectors[:, :, -1] * np.sqrt(np.maximum(values[:, -1:] - 0.5, 0.1)), -0.9, 0.9)


def _upright(loadings: np.ndarray) -> np.ndarray:
    return np.asarray(loadings * np.where(loadings.sum(axis=1, keepdims=True) < 0, -1.0, 1.0))


def _em_step(correlations: np.ndarray, loadings: np.ndarray, unique: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    weight = loadings / unique
    variance = 1 / (1 + (loadings * weight).sum(axis=1, keepdims=True))
    score = weight * variance
    with_parts = np.einsum("bij,bj->bi", correlations, score)
    square = variance + (score * with_parts).sum(axis=1, keepdims=True)
    after = with_parts / square
    return after, np.clip(1 - after * with_parts, SMALLEST_UNIQUE, 1.0)


def _extrapolated(
    start: tuple[np.ndarray, np.ndarray], one: tuple[np.ndarray, np.ndarray], two: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Squared extrapolation of two steps, replicate by replicate (Varadhan and Roland 2008), kept inside the possible."""
    first = np.hstack(one) - np.hstack(start)
    bend = np.hstack(two) - np.hstack(one) - first
    length = np.sqrt((first**2).sum(axis=1, keepdims=True) / np.maximum((bend**2).sum(axis=1, keepdims=True), 1e-300))
    length = np.clip(length, 1.0, 100.0)
    reached = np.hstack(start) + 2 * length * first + length**2 * bend
    loadings, unique = np.split(reached, 2, axis=1)
    fine = (np.abs(loadings) < 1).all(axis=1, keepdims=True) & (unique > SMALLEST_UNIQUE).all(axis=1, keepdims=True)
    return np.where(fine, loadings, two[0]), np.where(fine, unique, two[1])
