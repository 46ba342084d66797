"""Where a net of people who sat together is weak: its bridges and articulation points."""

from __future__ import annotations

import numpy as np


def weak_points(first: np.ndarray, second: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Which pairs are bridges, and which people are articulation points, by one walk in depth without recursion.

    Linear in people and pairs (Tarjan's low points, 1972).

    Parameters
    ----------
    first, second
        The two ends of each pair, each pair once.
    n
        How many people there are, numbered from 0.

    Returns
    -------
    tuple of arrays
        One truth value a pair: without it a part falls in two. The numbers of the people without whom their part falls apart.

    Examples
    --------
    A triangle with a tail: the tail is a bridge, and the person it hangs on an articulation point.

    >>> bridges, people = weak_points(np.array([0, 1, 0, 2]), np.array([1, 2, 2, 3]), 4)
    >>> bridges.tolist(), people.tolist()
    ([False, False, False, True], [2])
    """
    degree = np.bincount(first, minlength=n) + np.bincount(second, minlength=n)
    ends, edge = np.concatenate([first, second]), np.tile(np.arange(len(first)), 2)
    order = np.argsort(ends, kind="stable")
    neighbours = np.concatenate([second, first])[order].tolist()
    edges = edge[order].tolist()
    stop = np.cumsum(degree).tolist()
    at = [0, *stop[:-1]]
    found, low = [-1] * n, [0] * n
    is_bridge, is_cut = np.zeros(len(first), dtype=bool), np.zeros(n, dtype=bool)
    clock = 0
    for root in range(n):
        if found[root] >= 0:
            continue
        found[root] = low[root] = clock
        clock += 1
        branches = 0
        path, came_by = [root], [-1]
        while path:
            here = path[-1]
            if at[here] < stop[here]:
                there, by = neighbours[at[here]], edges[at[here]]
                at[here] += 1
                if by == came_by[-1]:
                    continue
                if found[there] < 0:
                    found[there] = low[there] = clock
                    clock += 1
                    path.append(there)
                    came_by.append(by)
                    branches += here == root
                elif found[there] < low[here]:
                    low[here] = found[there]
                continue
            path.pop()
            by = came_by.pop()
            if path:
                above = path[-1]
                low[above] = min(low[above], low[here])
                if low[here] > found[above]:
                    is_bridge[by] = True
                if above != root and low[here] >= found[above]:
                    is_cut[above] = True
        is_cut[root] = branches > 1
    return is_bridge, np.flatnonzero(is_cut)
