"""From ratings and the components wanted to the parts of the likelihood: complete panels rotated, panels with gaps by pattern."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from standardsetting.blind.generalizability.complete import CompleteStratum
from standardsetting.blind.generalizability.gaps import GappedStratum
from standardsetting.blind.generalizability.likelihood import Part
from standardsetting.blind.generalizability.terms import (
    ASSESSOR,
    ASSESSOR_VALUE,
    CANDIDATE,
    CANDIDATE_ASSESSOR,
    CANDIDATE_VALUE,
    NESTED,
    RESIDUAL,
    VALUE,
)
from standardsetting.blind.rated import Rated


def likelihood_parts(coded: Rated, names: Sequence[str], *, fixed_values: bool, rotate: bool = True) -> tuple[tuple[Part, ...], str]:
    """The parts of the likelihood of these components, and how they were made: `complete panels` or `panels with gaps`.

    With complete panels the values are rotated to their mean and contrasts: the parts share no rating and need one square root as large as
    the number of assessors each. `rotate=False` keeps the ratings as they are.
    """
    order = _values_complete(coded) if rotate and NESTED not in names else None
    if order is not None:
        return _rotated(coded, order, names, fixed_values), "complete panels"
    rows = [CANDIDATE, CANDIDATE_ASSESSOR, CANDIDATE_VALUE, RESIDUAL]
    between = np.array([_row(names, {ASSESSOR: 1.0}), _row(names, {ASSESSOR_VALUE: 1.0, NESTED: 1.0})])
    within = np.array([_row(names, {name: 1.0}) for name in rows])
    _, n_assessors, n_values = coded.shape
    level = _row(names, {VALUE: 1.0}) if VALUE in names else None
    by_value = np.tile(np.eye(n_values), (n_assessors, 1))
    fixed = by_value if fixed_values else np.ones((n_assessors * n_values, 1))
    return (Part(GappedStratum(coded), within, between, level, fixed),), "panels with gaps"


def _row(names: Sequence[str], weights: dict[str, float]) -> np.ndarray:
    return np.array([weights.get(name, 0.0) for name in names])


def _values_complete(coded: Rated) -> np.ndarray | None:
    """The order that puts each assessor's ratings of a candidate side by side, if every one of them covers every value."""
    n_values = coded.shape[2]
    if len(coded) % n_values:
        return None
    cell = coded.cell
    order = np.arange(len(cell)) if (np.diff(cell) > 0).all() else np.argsort(cell, kind="stable")
    pair = (cell[order] // n_values).reshape(-1, n_values)
    return order if (pair[:, 0] == pair[:, -1]).all() else None


def _rotated(coded: Rated, order: np.ndarray, names: Sequence[str], fixed_values: bool) -> tuple[Part, ...]:
    _, n_assessors, v = coded.shape
    candidate, assessor = coded.candidate[order][::v], coded.assessor[order][::v]
    scores = coded.rating[order].reshape(-1, v)
    turned = scores @ _contrasts(v)
    no_cells = np.zeros(len(names))
    size = float(v)
    ones, none = np.ones((n_assessors, 1)), np.zeros((n_assessors, 0))
    mean = Part(
        CompleteStratum(candidate, assessor, turned[:, :1], n_assessors),
        np.array([_row(names, {CANDIDATE: size, CANDIDATE_VALUE: 1.0}), _row(names, {CANDIDATE_ASSESSOR: size, RESIDUAL: 1.0})]),
        np.array([no_cells, _row(names, {ASSESSOR: size, ASSESSOR_VALUE: 1.0})]),
        None,  # A common level on the mean of the values cannot be told from the grand mean.
        ones,
        constant=0.0 if fixed_values else float(np.log(size)),
    )
    if v == 1:
        return (mean,)
    contrasts = Part(
        CompleteStratum(candidate, assessor, turned[:, 1:], n_assessors),
        np.array([_row(names, {CANDIDATE_VALUE: 1.0}), _row(names, {RESIDUAL: 1.0})]),
        np.array([no_cells, _row(names, {ASSESSOR_VALUE: 1.0})]),
        _row(names, {VALUE: 1.0}) if VALUE in names else None,
        ones if fixed_values else none,
    )
    return mean, contrasts


def _contrasts(v: int) -> np.ndarray:
    """An orthonormal basis whose first column is the mean."""
    columns = [np.full(v, 1 / np.sqrt(v))]
    for at in range(1, v):
        column = np.concatenate([np.ones(at), [-float(at)], np.zeros(v - at - 1)])
        columns.append(column / np.linalg.norm(column))
    return np.column_stack(columns)
