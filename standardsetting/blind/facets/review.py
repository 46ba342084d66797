"""One pass over the ratings of a fitted model: sums of residuals by facet, expected agreement, cells, and the unexpected ratings.

A candidate's measure is a few points with weights: one point (the estimate itself) for joint maximum likelihood, and for marginal maximum
likelihood five Gauss-Hermite points with the mean and standard deviation of the candidate's posterior. So the squared residual of a rating
is its posterior mean, and mean squares are 1 on average where the model holds: plugging in one estimate would make them too small.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from standardsetting.blind.facets.design import FACETS, Design
from standardsetting.blind.facets.model import Model, by_candidate

UNEXPECTED = 3.0


@dataclass(frozen=True)
class Points:
    """Where each candidate may be: centre, spread, and the weight of prior knowledge (0 without a distribution of candidates)."""

    centre: np.ndarray
    spread: np.ndarray
    prior_precision: float

    @property
    def integrated(self) -> bool:
        return self.prior_precision > 0

    def nodes(self) -> tuple[np.ndarray, np.ndarray]:
        """Offsets in units of the spread, and weights."""
        if not self.integrated:
            return np.zeros(1), np.ones(1)
        nodes, weights = np.polynomial.hermite_e.hermegauss(5)
        return nodes, weights / weights.sum()


@dataclass
class FacetSums:
    """Sums over the ratings of each element of one facet."""

    n: np.ndarray
    score: np.ndarray
    residual: np.ndarray
    square: np.ndarray
    variance: np.ndarray
    standardised: np.ndarray
    kurtosis: np.ndarray
    kurtosis_standardised: np.ndarray
    others: np.ndarray
    agreed: np.ndarray
    agreement: np.ndarray

    @classmethod
    def zeros(cls, size: int) -> FacetSums:
        return cls(*(np.zeros(size) for _ in range(11)))


@dataclass
class Review:
    """What one pass gathers; see the classes it is made of.

    Attributes
    ----------
    facets
        Sums by facet.
    cells
        Assessor by value: number of ratings, sum of scores, sum of expected scores.
    cell_information
        Assessor by value by value: the information on an assessor's extra severity on each value, candidates estimated along.
    categories
        Value by category: squared residuals of the ratings given, and what the model expects, plain and standardised.
    unexpected
        Ratings at least `UNEXPECTED` standard deviations from what the model expects.
    """

    facets: dict[str, FacetSums]
    cells: np.ndarray
    cell_information: np.ndarray
    categories: np.ndarray
    unexpected: list[pd.DataFrame] = field(default_factory=list)


def review(design: Design, model: Model, points: Points) -> Review:
    """Go over all ratings once, some candidates at a time."""
    r, v, width = design.size("assessor"), design.size("value"), design.top + 1
    found = Review(
        facets={facet: FacetSums.zeros(design.size(facet)) for facet in FACETS},
        cells=np.zeros((3, r, v)),
        cell_information=np.zeros((r, v, v)),
        categories=np.zeros((4, v, width)),
    )
    for part, rows in design.chunks():
        _review_chunk(design, model, points, part, rows, found)
    return found


def _review_chunk(design: Design, model: Model, points: Points, part: slice, rows: slice, found: Review) -> None:
    given, candidate = design.category[rows].astype(int), design.candidate[rows]
    n, x, value = len(given), np.arange(design.top + 1), design.value[rows]
    # Ratings of the same candidate on the same value, whoever gave them.
    _, together = np.unique((candidate - part.start).astype(np.int64) * design.size("value") + value, return_inverse=True)
    expected, square, variance, fourth, agreement, standardised = (np.zeros(n) for _ in range(6))
    spread, spread_standardised = np.zeros((n, len(x))), np.zeros((n, len(x)))
    offsets, weights = points.nodes()
    for offset, weight in zip(offsets, weights, strict=True):
        measure = points.centre[part] + offset * points.spread[part]
        probability = model.probabilities(design, rows, measure[candidate - part.start])
        mean = probability @ x
        away = (x - mean[:, None]) ** 2
        by_category = away * probability
        of_this = by_category.sum(axis=1)
        expected += weight * mean
        square += weight * (given - mean) ** 2
        standardised += weight * (given - mean) ** 2 / of_this
        variance += weight * of_this
        fourth += weight * (by_category * away).sum(axis=1)
        spread += weight * by_category
        spread_standardised += weight * by_category / of_this[:, None]
        all_of_them = np.stack([np.bincount(together, column) for column in probability.T], axis=1)
        agreement += weight * (probability * (all_of_them[together] - probability)).sum(axis=1)
    size = np.bincount(together)[together]
    same = np.bincount(together * len(x) + given, minlength=(together.max() + 1) * len(x))[together * len(x) + given]
    columns = (
        np.ones(n), given, given - expected, square, variance, standardised, fourth - variance**2, fourth / variance**2,
        size - 1, same - 1, agreement,
    )  # fmt: skip
    for name, column in zip(FacetSums.__dataclass_fields__, columns, strict=True):
        getattr(found.facets["candidate"], name)[part] = by_candidate(design, part, rows, column)
        for facet in FACETS[1:]:
            getattr(found.facets[facet], name)[:] += np.bincount(design.rows(facet)[rows], column, minlength=design.size(facet))
    _cells(design, rows, given, expected, variance, points, found)
    where = value * len(x) + given
    for place, column in enumerate((square, standardised)):
        found.categories[2 * place] += np.bincount(where, column, minlength=found.categories[0].size).reshape(-1, len(x))
    for v in range(design.size("value")):
        mine = value == v
        found.categories[1, v] += spread[mine].sum(axis=0)
        found.categories[3, v] += spread_standardised[mine].sum(axis=0)
    residual = (given - expected) / np.sqrt(variance)
    far = np.flatnonzero(np.abs(residual) >= UNEXPECTED)
    if len(far):
        codes = {facet: design.codes[facet][design.rows(facet)[rows][far]] for facet in FACETS}
        numbers = {"category": given[far], "expected": expected[far], "residual": residual[far]}
        found.unexpected.append(pd.DataFrame(codes | numbers))


def _cells(
    design: Design, rows: slice, given: np.ndarray, expected: np.ndarray, variance: np.ndarray, points: Points, found: Review
) -> None:
    """Scores by assessor and value, and the information on extra severity there.

    Not knowing the candidate costs information: variance_i variance_j / information of the candidate, for the ratings i and j that an
    assessor gave the same candidate.
    """
    v, r = design.size("value"), design.size("assessor")
    candidate, assessor, value = design.candidate[rows], design.assessor[rows], design.value[rows]
    cell = assessor.astype(np.int64) * v + value
    for place, column in enumerate((np.ones(len(given)), given, expected)):
        found.cells[place] += np.bincount(cell, column, minlength=r * v).reshape(r, v)
    found.cell_information[:, np.arange(v), np.arange(v)] += np.bincount(cell, variance, minlength=r * v).reshape(r, v)
    new = np.r_[True, (np.diff(candidate) != 0) | (np.diff(assessor) != 0)]
    profile = np.zeros((int(new.sum()), v))
    profile[np.cumsum(new) - 1, value] = variance * points.spread[candidate]
    of_profile = assessor[new]
    for a in range(v):
        for b in range(a, v):
            less = np.bincount(of_profile, profile[:, a] * profile[:, b], minlength=r)
            found.cell_information[:, a, b] -= less
            if a != b:
                found.cell_information[:, b, a] -= less
