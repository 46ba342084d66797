"""Variance components by moments: expected mean squares where the design is balanced, Henderson's first method where it is not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from standardsetting.blind.generalizability.terms import ASSESSOR, CANDIDATE, FACETS, NESTED, RESIDUAL, VALUE, Effects


def moment_estimates(effects: Effects, names: Sequence[str]) -> np.ndarray:
    """Solve the observed sums of squares for the components. Nothing is set to zero: a negative estimate is reported as it is.

    On a balanced design this is the analysis of variance with expected mean squares.
    """
    return np.linalg.solve(effects.expected(names), effects.sums_of_squares(names))


def is_balanced(effects: Effects, names: Sequence[str]) -> bool:
    """Whether every candidate was rated on the same cells, and values have equally many assessors: mean squares are then independent."""
    coded = effects.coded
    used = frozenset[str]().union(*(FACETS[name] for name in names if name != RESIDUAL))
    if CANDIDATE not in used or used == {CANDIDATE}:
        counts = np.concatenate([effects.levels(frozenset({facet}))[1] for facet in used])
        return len(used) == 1 and bool(counts.min() == counts.max())
    cells = effects.levels(frozenset({ASSESSOR, VALUE}))[1]
    n_cells, n_candidates = int(np.count_nonzero(cells)), coded.shape[0]
    if len(coded) != n_cells * n_candidates:
        return False
    by_value = effects.levels(frozenset({VALUE}))[1]
    crossed = n_cells == coded.shape[1] * coded.shape[2]
    return crossed or (NESTED in names and bool(by_value.min() == by_value.max()))


def balanced_standard_errors(effects: Effects, names: Sequence[str], estimates: np.ndarray) -> np.ndarray:
    """Standard errors of the estimates from mean squares: the root of the sum of 2 c^2 MS^2 / (df + 2).

    Brennan, Generalizability Theory (2001), equation 6.1: normal effects, independent mean squares.
    """
    # A mean square belongs to each component; its sum of squares is what its levels add to those of the components inside it.
    expected, observed = effects.expected(names), effects.sums_of_squares(names)
    own = np.zeros((len(names), len(names)))
    freedom = np.zeros(len(names))
    levels = np.array([np.count_nonzero(effects.levels(FACETS[name])[1]) for name in names], dtype=float)
    for row in sorted(range(len(names)), key=lambda at: len(FACETS[names[at]])):
        own[row, row], freedom[row] = 1.0, levels[row] - 1
        for inner in range(len(names)):
            if inner != row and FACETS[names[inner]] < FACETS[names[row]]:
                own[row] -= own[inner]
                freedom[row] -= freedom[inner]
    squares, design = own @ observed / freedom, (own @ expected) / freedom[:, None]
    solve = np.linalg.inv(design)
    return np.sqrt((2 * solve**2 * squares**2 / (freedom + 2)).sum(axis=1))


def mean_squares(effects: Effects, names: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Sum of squares and degrees of freedom of each component of a balanced design, the inner ones taken off."""
    observed = dict(zip(names, effects.sums_of_squares(names), strict=True))
    found: dict[str, tuple[float, float]] = {}
    for name in sorted(names, key=lambda name: (len(FACETS[name]), name == RESIDUAL)):
        inner = [other for other in found if FACETS[other] < FACETS[name]]
        levels = np.count_nonzero(effects.levels(FACETS[name])[1])
        found[name] = (
            float(observed[name] - sum(found[other][0] for other in inner)),
            float(levels - 1 - sum(found[other][1] for other in inner)),
        )
    return found
