"""Whether the rota ties every measure to every other, and into which subsets it falls where it does not."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import sparse

from standardsetting.blind.facets.design import FACETS, Design
from standardsetting.blind.facets.extremes import Extremes
from standardsetting.errors import FindingsError


def components(design: Design) -> tuple[np.ndarray, np.ndarray]:
    """The connected component of every candidate and assessor, numbered from 0 in the order of the assessors' codes."""
    n, r = design.size("candidate"), design.size("assessor")
    links = sparse.coo_array((np.ones(len(design), np.int8), (design.candidate, n + design.assessor)), shape=(n + r, n + r))
    _, label = sparse.csgraph.connected_components(links.tocsr(), directed=False)
    _, first, position = np.unique(label[n:], return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=int)
    rank[np.argsort(first)] = np.arange(len(first))
    by_label = np.zeros(label.max() + 1, dtype=int)
    by_label[label[n:]] = rank[position]
    return by_label[label[:n]], by_label[label[n:]]


def confounded(design: Design, subset: np.ndarray) -> bool:
    """Whether some severities and difficulties cannot be told apart although candidates link the assessors.

    So it is when, of the assessors of one candidate, some rate only one half of the values and the others only the other half.
    Asks for the rank of the additive design with the candidates eliminated.
    """
    n, r, v = (design.size(facet) for facet in FACETS)
    ones, rows = np.ones(len(design)), design.candidate
    counts = sparse.hstack(
        [sparse.coo_array((ones, (rows, design.assessor)), shape=(n, r)), sparse.coo_array((ones, (rows, design.value)), shape=(n, v))]
    ).tocsr()
    laplacian = -(counts.T @ (sparse.diags_array(1 / np.maximum(design.total("candidate"), 1)) @ counts)).toarray()
    cells = np.bincount(design.assessor * v + design.value, minlength=r * v).reshape(r, v)
    laplacian[:r, r:] += cells
    laplacian[r:, :r] += cells.T
    laplacian[np.diag_indices(r + v)] += np.concatenate([cells.sum(1), cells.sum(0)])
    scale = np.sqrt(np.concatenate([cells.sum(1), cells.sum(0)]))
    laplacian /= scale[:, None] * scale
    # What can always be shifted (each subset's assessors, and the values) is filled in; anything else singular is confounding.
    fixed = np.zeros((subset.max() + 2, r + v))
    fixed[subset, np.arange(r)] = 1
    fixed[-1, r:] = 1
    fixed = fixed * scale
    fixed /= np.linalg.norm(fixed, axis=1, keepdims=True)
    try:
        np.linalg.cholesky(laplacian + fixed.T @ fixed - 1e-9 * np.eye(r + v))
    except np.linalg.LinAlgError:
        return True
    return False


def candidates_subset(design: Design, subset: np.ndarray) -> np.ndarray:
    """The subset of each candidate, from that of the assessors."""
    found = np.empty(design.size("candidate"), dtype=int)
    found[design.candidate] = subset[design.assessor]
    return found


def refuse_unconnected(core: Design, subset: np.ndarray, disconnected: str) -> None:
    """Stop where measures would be compared that nothing ties together."""
    if subset.any() and disconnected == "refuse":
        table = subset_table(core, subset + 1)
        sizes = [f"Subset {s}: {a} assessors, {c} candidates, {n} ratings." for s, a, c, n in table.itertuples(index=False)]
        raise FindingsError(
            f"The ratings fall into {len(table)} subsets that share no candidate and no assessor: measures cannot be compared across them.",
            details=sizes[:20],
            next_step="Let assessors of different subsets rate the same candidates, fit one subset at a time, or ask for "
            'disconnected="within subsets".',
        )
    if confounded(core, subset):
        raise FindingsError(
            "Some severities cannot be told from difficulties: the assessors of a candidate rate different values, and nothing ties these "
            "values together.",
            next_step="Let assessors rate the same values, or fit the values that are rated together.",
        )


def subsets_of_whole(extremes: Extremes, subset: np.ndarray) -> np.ndarray:
    """Subset numbers from 1 by assessor of the whole design; an assessor outside the core joins the subset of their candidates."""
    whole, present = extremes.whole, extremes.present("assessor")
    found = np.ones(whole.size("assessor"), dtype=int)
    found[present] = subset + 1
    if not present.all():
        of_candidate = np.ones(whole.size("candidate"), dtype=int)
        inside = present[whole.assessor]
        of_candidate[whole.candidate[inside]] = found[whole.assessor[inside]]
        for element in np.flatnonzero(~present):
            found[element] = of_candidate[whole.candidate[whole.assessor == element][0]]
    return found


def subset_table(design: Design, subset: np.ndarray) -> pd.DataFrame:
    """How many assessors, candidates and ratings each subset has; subsets are numbered from 1."""
    numbers = np.arange(1, subset.max() + 1)
    return pd.DataFrame(
        {
            "subset": numbers,
            "assessors": np.bincount(subset, minlength=len(numbers) + 1)[1:],
            "candidates": np.bincount(candidates_subset(design, subset), minlength=len(numbers) + 1)[1:],
            "ratings": np.bincount(subset[design.assessor], minlength=len(numbers) + 1)[1:],
        }
    )
