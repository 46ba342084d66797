"""The graph of assessors who share candidates: in how many parts it falls, its bridges, and the error of severities it leaves."""

from __future__ import annotations

import numpy as np

from standardsetting.weak_points import weak_points


def parts(edges: np.ndarray, people: np.ndarray) -> int:
    """In how many parts the people fall; `edges` has one row a pair."""
    # Edges may lead through people who are not asked about.
    n = 1 + max(int(people.max(initial=-1)), int(edges.max(initial=-1)))
    return len(np.unique(labels(edges, n)[people])) if len(people) else 0


def labels(edges: np.ndarray, n: int) -> np.ndarray:
    """For each of n people the lowest number in their part."""
    label = np.arange(n)
    while True:
        before = label.copy()
        if len(edges):
            lowest = np.minimum(label[edges[:, 0]], label[edges[:, 1]])
            np.minimum.at(label, edges[:, 0], lowest)
            np.minimum.at(label, edges[:, 1], lowest)
        if np.array_equal(before, label):
            return label


def bridges(edges: np.ndarray, n: int) -> list[tuple[int, int]]:
    """The pairs without whom a part would fall in two, lower number first.

    Examples
    --------
    A triangle with a tail: only the tail is a bridge.

    >>> bridges(np.array([[0, 1], [1, 2], [0, 2], [2, 3]]), 4)
    [(2, 3)]
    """
    is_bridge, _ = weak_points(edges[:, 0], edges[:, 1], n)
    return sorted((min(pair), max(pair)) for pair in edges[is_bridge].tolist())


def severity_errors(panels: np.ndarray, interviews: np.ndarray, n: int, *, error_sd: float) -> np.ndarray:
    """Standard error of each assessor's severity about the mean of all, in the units of `error_sd`.

    Ratings are a candidate's level plus the assessor's severity plus an error with that standard deviation. The rota must be in one part;
    whoever does not sit has none.

    Examples
    --------
    Two assessors with eight candidates in common: each severity is half a mean difference, whose variance is 2 / 8.

    >>> severity_errors(np.array([[0, 1]]), np.array([8]), 2, error_sd=1.0).round(9).tolist()
    [0.25, 0.25]
    """
    size = panels.shape[1]
    information = np.zeros((n, n))
    for place in range(size):
        np.add.at(information, (panels[:, place], panels[:, place]), interviews.astype(float))
        for other in range(size):
            np.add.at(information, (panels[:, place], panels[:, other]), -interviews / size)
    sits = np.unique(panels)
    block = information[np.ix_(sits, sits)]
    mean = np.full_like(block, 1 / len(sits))
    errors = np.full(n, np.nan)
    errors[sits] = error_sd * np.sqrt(np.maximum(np.diag(np.linalg.inv(block + mean) - mean), 0))
    return errors


def least_q(interviews_of: np.ndarray, size: int, n_interviews: int) -> float:
    """q of Putka, Le, McCloy and Diaz (2008) for panels of one size: it depends on the assessors' loads alone, not on who sits with whom.

    Examples
    --------
    Ten fixed pairs with six candidates each.

    >>> round(least_q(np.full(20, 6), 2, 60), 6)
    0.457627
    """
    if n_interviews < 2:
        return float("nan")
    loads = interviews_of.astype(float)
    return 1 / size - float((loads * (loads - 1)).sum()) / (size**2 * n_interviews * (n_interviews - 1))
