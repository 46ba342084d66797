"""Do assessors of one candidate give the same ratings more often than the levels of those ratings explain?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from standardsetting.blind.assessors.estimates import Estimates, jackknife, others_mean, sums_of
from standardsetting.blind.assessors.seats import Seats, seat_pairs


@dataclass(frozen=True)
class Dependence:
    """Agreement of an assessor with the co-assessors beside what other assessors show at the same ratings.

    Attributes
    ----------
    exact, exact_expected
        Share of co-assessors' ratings that equal one's own; and the share that other assessors have where they give the same rating on
        the same value.
    kappa
        (exact - expected) / (1 - expected), in the form of the Rasch kappa: 0 is what the cohort shows.
    identical, identical_expected
        Share of co-assessors with the same rating on every value, and others' share where they give the same total.
    """

    exact: Estimates
    exact_expected: np.ndarray
    exact_excess: Estimates
    kappa: np.ndarray
    identical: Estimates
    identical_expected: np.ndarray
    identical_excess: Estimates


@dataclass(frozen=True)
class _Observed:
    """By seat: shared cells, cells' shares of equal ratings summed, the same as expected; and for whole vectors."""

    cells: np.ndarray
    exact: np.ndarray
    exact_expected: np.ndarray
    vectors: np.ndarray
    identical: np.ndarray
    identical_expected: np.ndarray


def dependence(table: Seats, *, confidence: float) -> Dependence:
    """Exact agreement and identical vectors of each assessor with all co-assessors."""
    seen, n_assessors = _observe(table), len(table.assessors)

    def beside(n: np.ndarray, got: np.ndarray, expected: np.ndarray) -> tuple[Estimates, np.ndarray, Estimates]:
        own, excess = (
            jackknife(sums_of(n, amount), table.assessor, n_assessors, _share, confidence=confidence) for amount in (got, got - expected)
        )
        return own, own.value - excess.value, excess

    exact, exact_expected, exact_excess = beside(seen.cells, seen.exact, seen.exact_expected)
    with np.errstate(invalid="ignore", divide="ignore"):
        kappa = np.where(exact_expected < 1, (exact.value - exact_expected) / (1 - exact_expected), np.nan)
    return Dependence(exact, exact_expected, exact_excess, kappa, *beside(seen.vectors, seen.identical, seen.identical_expected))


def pair_table(table: Seats) -> pd.DataFrame:
    """One row a pair of assessors with candidates in common, the closest first.

    `assessor_1`, `assessor_2`, `candidates`, `exact`, `exact_expected`, `kappa`, `identical`, `identical_expected`, and `z`: how many
    standard errors (by candidate) the exact agreement lies above the expected. What is expected comes from both assessors' ratings, the
    cohort's agreement at those ratings.
    """
    seen, n_assessors, n_values = _observe(table), len(table.assessors), len(table.values)
    first, second = seat_pairs(table.candidate)
    both = ~np.isnan(table.x[first]) & ~np.isnan(table.x[second])
    cells = both.sum(axis=1)
    keep = cells > 0
    first, second, both, cells = first[keep], second[keep], both[keep], cells[keep]
    exact = ((table.x[first] == table.x[second]) & both).sum(axis=1) / cells
    with np.errstate(invalid="ignore", divide="ignore"):
        expected = (seen.exact_expected / seen.cells)[first] / 2 + (seen.exact_expected / seen.cells)[second] / 2
    same = np.where(cells == n_values, exact == 1, np.nan)
    same_expected = (seen.identical_expected[first] + seen.identical_expected[second]) / 2
    a, b = table.assessor[first], table.assessor[second]
    frame = pd.DataFrame(
        {
            "pair": np.minimum(a, b).astype(np.int64) * n_assessors + np.maximum(a, b),
            "exact": exact,
            "exact_expected": expected,
            "identical": same,
            "identical_expected": same_expected,
            "excess": exact - expected,
        }
    )
    grouped = frame.groupby("pair")
    means = grouped.mean()
    with np.errstate(invalid="ignore", divide="ignore"):
        means["z"] = means["excess"] / (grouped["excess"].std() / np.sqrt(grouped["excess"].count()))
        means["kappa"] = (means["exact"] - means["exact_expected"]) / (1 - means["exact_expected"])
    # A pair that differs from the expected by the same amount on every candidate has no error to measure by.
    means["z"] = means["z"].where(np.isfinite(means["z"]))
    means.insert(0, "candidates", grouped.size())
    pair = means.index.to_numpy()
    means.insert(0, "assessor_2", table.assessors[pair % n_assessors])
    means.insert(0, "assessor_1", table.assessors[pair // n_assessors])
    columns = ["assessor_1", "assessor_2", "candidates", "exact", "exact_expected", "kappa", "identical", "identical_expected", "z"]
    return means[columns].sort_values(["exact", "assessor_1", "assessor_2"], ascending=[False, True, True], ignore_index=True)


def _share(sums: np.ndarray) -> np.ndarray:
    return sums[..., 1] / sums[..., 0]


def _observe(table: Seats) -> _Observed:
    point, shared, k = table.point, table.shared, len(table.scale)
    n, n_values = len(table.candidates), len(table.values)
    same = np.full(table.x.shape, np.nan)
    for value in range(n_values):
        use = shared[:, value]
        cell = table.candidate[use].astype(np.int64) * k + point[use, value]
        twins = np.bincount(cell, minlength=n * k)[cell] - 1
        same[use, value] = twins / table.others[use, value]
    stratum = np.arange(n_values) * k + point
    who = np.broadcast_to(table.assessor[:, None], table.x.shape)
    expected = np.full(table.x.shape, np.nan)
    expected[shared] = others_mean(same[shared], np.ones(int(shared.sum())), stratum[shared], who[shared], len(table.assessors))
    # A rating that nobody else gives on that value says nothing about agreement: the cell is left out.
    told = ~np.isnan(expected)
    cells = told.sum(axis=1).astype(float)
    cells[cells == 0] = np.nan
    vectors, identical, identical_expected = _vectors(table)
    return _Observed(
        cells, np.where(told, same, 0.0).sum(axis=1), np.where(told, expected, 0.0).sum(axis=1), vectors, identical, identical_expected
    )


def _vectors(table: Seats) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """By seat: 1 where its whole vector can be compared, the share of co-assessors with the same, and the share expected."""
    nothing = np.full(len(table), np.nan)
    whole = table.whole
    company = np.bincount(table.candidate[whole], minlength=len(table.candidates))[table.candidate] - 1
    use = whole & (company > 0)
    if len(table.values) < 2 or not use.any():
        return nothing, nothing, nothing
    vector = np.unique(table.x[use], axis=0, return_inverse=True)[1].ravel()
    _, cell, times = np.unique(table.candidate[use].astype(np.int64) * (vector.max() + 1) + vector, return_inverse=True, return_counts=True)
    share, expected, one = nothing.copy(), nothing.copy(), nothing.copy()
    share[use] = (times[cell] - 1) / company[use]
    total = np.round(table.point[use].sum(axis=1)).astype(np.int64)
    expected[use] = others_mean(share[use], np.ones(int(use.sum())), total, table.assessor[use], len(table.assessors))
    one[~np.isnan(expected)] = 1.0
    return one, share, expected
