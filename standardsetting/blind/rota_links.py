"""How assessors hang together through the candidates they share: components, bridges, and assessors without whom they fall apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from standardsetting.weak_points import weak_points


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
    bridges, articulation = weak_points(first, second, n_assessors)
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
