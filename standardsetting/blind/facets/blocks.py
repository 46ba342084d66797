"""The ratings of one assessor on one candidate as one block, and the model's tables at the nodes.

Given a node, a candidate's likelihood needs their raw score and, of everything else, only which blocks they have: so a candidate is a row
with one entry an assessor in a sparse matrix, and every expectation is a product of that matrix with a table of blocks by nodes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from standardsetting.blind.facets.design import Design
from standardsetting.blind.facets.model import normalise

# A set of values is written as the bits of one whole number; with more values every rating is a block of its own.
_MOST_BITS = 62


@dataclass(frozen=True)
class Blocks:
    """Candidates by blocks, and blocks by cells (assessor and value).

    Attributes
    ----------
    design
        The ratings.
    of_candidate
        Candidates by blocks, sparse, ones.
    cells
        Blocks by cells, sparse, ones; a cell's number is assessor * values + value.
    assessor
        The assessor of each block.
    """

    design: Design
    of_candidate: sparse.csr_array
    cells: sparse.csr_array
    assessor: np.ndarray

    @cached_property
    def severity_scores(self) -> np.ndarray:
        """The sum of the categories each assessor gave."""
        return self.design.total("assessor", self.design.category)

    @cached_property
    def counts(self) -> np.ndarray:
        """Value by category: how often it was given."""
        width, n_values = self.design.top + 1, self.design.size("value")
        return np.bincount(self.design.value * width + self.design.category, minlength=n_values * width).reshape(n_values, width)


def blocks_of(design: Design) -> Blocks:
    """Group the ratings into blocks: assessors who rated the same values share the tables."""
    n_values, n_cells = design.size("value"), design.size("assessor") * design.size("value")
    cell = design.assessor.astype(np.int64) * n_values + design.value
    if n_values <= _MOST_BITS:
        new = np.r_[True, (np.diff(design.candidate) != 0) | (np.diff(design.assessor) != 0)]
        first = np.flatnonzero(new)
        values = np.add.reduceat(np.int64(1) << design.value.astype(np.int64), first)
        pairs = np.stack([design.assessor[first].astype(np.int64), values], axis=1)
        distinct, block = np.unique(pairs, axis=0, return_inverse=True)
        bits = (distinct[:, 1, None] >> np.arange(n_values)) & 1
        row, value = np.nonzero(bits)
        columns, assessor = distinct[row, 0] * n_values + value, distinct[:, 0]
    else:
        first = np.arange(len(design))
        distinct, block = np.unique(cell, return_inverse=True)
        row, columns, assessor = np.arange(len(distinct)), distinct, distinct // n_values
    candidates = np.searchsorted(first, design.start)
    of_candidate = sparse.csr_array(
        (np.ones(len(first)), block.reshape(-1).astype(np.int32), candidates.astype(np.int32)),
        shape=(design.size("candidate"), len(assessor)),
    )
    cells = sparse.csr_array((np.ones(len(row)), (row, columns)), shape=(len(assessor), n_cells))
    return Blocks(design=design, of_candidate=of_candidate, cells=cells, assessor=assessor)


@dataclass(frozen=True)
class Tables:
    """The model at the nodes: assessor by value by node (by category).

    Attributes
    ----------
    log_normaliser
        log Z.
    expected, variance
        Of the category.
    probability
        Of each category.
    """

    log_normaliser: np.ndarray
    expected: np.ndarray
    variance: np.ndarray
    probability: np.ndarray


def tables(severity: np.ndarray, constants: np.ndarray, nodes: np.ndarray) -> Tables:
    """The model's tables for every assessor, value and node."""
    x = np.arange(constants.shape[1])
    weights = (nodes - severity[:, None])[:, None, :, None] * x - constants[None, :, None, :]
    logs = normalise(weights.reshape(-1, len(x))).reshape(weights.shape[:-1])
    expected = weights @ x
    return Tables(
        log_normaliser=logs,
        expected=expected,
        variance=weights @ (x * x) - expected**2,
        probability=weights,
    )
