"""How assessors hang together through the candidates they share: components, bridges, and assessors without whom they fall apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components


@dataclass(frozen=True)
class Links:
    """Who shares candidates with whom.

    Attributes
    ----------
    component
        For each assessor, the number of its component, from 0.
    first, second, shared
        One entry a pair of assessors with candidates in common: their codes (the lower first), and how many candidates.
    bridges
        Which of those pairs are bridges: the only link between two parts of the assessors.
    articulation
        Codes of the assessors without whom their component falls apart.
    """

    component: np.ndarray
    first: np.ndarray
    second: np.ndarray
    shared: np.ndarray
    bridges: np.ndarray
    articulation: np.ndarray


def assessor_links(candidate: np.ndarray, assessor: np.ndarray, n_assessors: int) -> Links:
    """The graph of assessors, from the codes of who rated whom (one entry a pair, no repeats)."""
    first, second, shared = pairs_in_common(candidate, assessor, n_assessors)
    matrix = csr_array((np.ones(len(first), dtype=np.int8), (first, second)), shape=(n_assessors, n_assessors))
    component = connected_components(matrix, directed=False)[1]
    bridges, articulation = _weak_points(first, second, n_assessors)
    return Links(component, first, second, shared, bridges, articulation)


def pairs_in_common(candidate: np.ndarray, assessor: np.ndarray, n_assessors: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Every pair of assessors with candidates in common, and how many."""
    order = np.lexsort((assessor, candidate))
    candidate, assessor = candidate[order], assessor[order]
    size_of = np.bincount(candidate)
    starts = np.concatenate([[0], np.cumsum(size_of)])[:-1]
    codes = []
    for size in np.unique(size_of[size_of > 1]):
        panels = assessor[starts[size_of == size][:, None] + np.arange(size)]
        low, high = np.triu_indices(size, 1)
        # Panels that sat more than once are counted, not repeated.
        distinct, times = np.unique(panels, axis=0, return_counts=True) if size > 2 else (panels, np.ones(len(panels), dtype=np.int64))
        both = distinct[:, low].astype(np.int64) * n_assessors + distinct[:, high]
        codes.append(pd.Series(np.repeat(times, len(low))).groupby(both.ravel()).sum())
    if not codes:
        nothing = np.zeros(0, dtype=np.int64)
        return nothing, nothing, nothing
    counted = pd.concat(codes)
    counted = counted.groupby(level=0).sum()
    pair = counted.index.to_numpy()
    return pair // n_assessors, pair % n_assessors, counted.to_numpy()


def _weak_points(first: np.ndarray, second: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Bridges and articulation points by one walk in depth, without recursion: linear in assessors and pairs (Tarjan's low points)."""
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
