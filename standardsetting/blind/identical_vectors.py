"""Do two assessors' ratings of a candidate agree on every value more often than independent ratings would?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import binom, norm

from standardsetting.blind.rated import Rated, rated

# Screens, to be set by policy: how surprising, by how much, and what share of identical ratings looks like copying whatever was expected.
SURPRISING, EXCESS, COPIED_SHARE, FEWEST = 0.001, 0.10, 0.90, 5


@dataclass(frozen=True)
class IdenticalVectors:
    """Pairs of assessors' ratings of the same candidate that are the same on every value.

    Attributes
    ----------
    compared
        Pairs of ratings of a candidate that cover every value.
    observed
        How many are identical.
    expected
        How many would be, if assessors who gave a candidate the same total agreed on how it is made up no more often than with each other's
        candidates of that total: all their vectors paired anew at random.
    p
        Probability of as many or more, by a normal approximation with the exact variance of that pairing. Missing with one value.
    by_pair
        One row a pair of assessors with five candidates or more: `assessor_1`, `assessor_2`, `candidates`, `identical`, `share`,
        `pool_share` (of all the other pairs), `p` (binomial, multiplied by the number of pairs tried).
    agreed_rows
        Rows marked as agreed or revised, which were left out.
    beyond_chance
        `p` below 0.001 and the share at least 0.10 above the expected.
    copied
        Nine in ten identical or more: this looks like agreed scores copied in as independent ratings.
    suspect_pairs
        Pairs of assessors of whom the same can be said while it cannot of the pool.
    sentence
        The finding in words.
    """

    compared: int
    observed: int
    expected: float
    p: float
    by_pair: pd.DataFrame
    agreed_rows: int
    beyond_chance: bool
    copied: bool
    suspect_pairs: tuple[tuple[str, str], ...]
    sentence: str


def identical_vectors(
    ratings: pd.DataFrame, *, surprising: float = SURPRISING, excess: float = EXCESS, copied_share: float = COPIED_SHARE
) -> IdenticalVectors:
    """Are the ratings of a candidate's assessors identical more often than independent ratings would be?

    Scores agreed after discussion and copied into each assessor's column make every coefficient of agreement come out near 1. Identical
    ratings alone do not prove it: the finding is a question for the people who ran the panels. With more than two assessors a candidate,
    pairs that share an assessor are not independent and `p` is a rough guide.

    Examples
    --------
    Two assessors, six candidates of the same total, always the same make-up of the total: twelve vectors, four of each.

    >>> scores = [(1, 2, 4), (2, 4, 2), (3, 3, 3), (4, 2, 4), (5, 4, 2), (6, 3, 3)]
    >>> rows = [(c, a, v, r) for c, x, y in scores for a in "ab" for v, r in [("v", x), ("w", y)]]
    >>> found = identical_vectors(pd.DataFrame(rows, columns=["candidate", "assessor", "value", "rating"]))
    >>> found.observed, round(found.expected, 2), found.copied
    (6, 1.64, True)
    """
    coded = rated(ratings)
    agreed = sum(one.count for one in coded.dropped if "agreed" in one.reason)
    return compare_vectors(coded, agreed=agreed, surprising=surprising, excess=excess, copied_share=copied_share)


def compare_vectors(
    coded: Rated, *, agreed: int = 0, surprising: float = SURPRISING, excess: float = EXCESS, copied_share: float = COPIED_SHARE
) -> IdenticalVectors:
    """`identical_vectors` of ratings already coded."""
    one, two, vector, total = _vector_pairs(coded)
    first, second = vector[one], vector[two]
    same = first == second
    compared, observed = len(same), int(same.sum())
    expected, p = float("nan"), float("nan")
    if coded.shape[2] > 1 and compared:
        level = total[one] == total[two]
        expected, variance = _paired_anew(first[level], second[level], total[one][level])
        gap = observed - expected
        p = float(norm.sf((gap - 0.5) / np.sqrt(variance))) if variance > 0 else 1.0
    by_pair = _by_pair(coded, one, two, same)
    share = observed / compared if compared else 0.0
    several = coded.shape[2] > 1
    beyond = bool(several and compared and p < surprising and observed - expected >= excess * compared)
    copied = bool(several and compared >= FEWEST and share >= copied_share and (np.isnan(p) or p < 0.05))
    suspects = () if copied else _suspects(by_pair, surprising, copied_share) if several else ()
    return IdenticalVectors(
        compared, observed, expected, p, by_pair, agreed, beyond, copied, suspects,
        _sentence(compared, observed, expected, p, agreed, several, beyond, copied, suspects),
    )  # fmt: skip


def _vector_pairs(coded: Rated) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Two rows for each pair of assessors of a candidate who rated every value; the code of each row's vector; its total."""
    _, n_assessors, n_values = coded.shape
    order = np.argsort(coded.cell, kind="stable")
    pair = (coded.candidate.astype(np.int64) * n_assessors + coded.assessor)[order]
    starts = np.flatnonzero(np.concatenate([[True], np.diff(pair) > 0]))
    whole = starts[np.diff(np.append(starts, len(pair))) == n_values]
    scores = coded.rating[order][whole[:, None] + np.arange(n_values)]
    points, code = np.unique(scores, return_inverse=True)
    code = code.reshape(scores.shape)
    if len(points) ** n_values < 2**62:
        vector = code @ (len(points) ** np.arange(n_values))
    else:
        vector = np.unique(code, axis=0, return_inverse=True)[1].ravel()
    candidate = pair[whole] // n_assessors
    rows_first, rows_second = [], []
    size_of = np.bincount(candidate) if len(candidate) else np.zeros(0, dtype=np.int64)
    first_of = np.concatenate([[0], np.cumsum(size_of)])[:-1]
    for size in np.unique(size_of[size_of > 1]):
        low, high = np.triu_indices(size, 1)
        begin = first_of[size_of == size][:, None]
        rows_first.append((begin + low).ravel())
        rows_second.append((begin + high).ravel())
    nothing = np.zeros(0, dtype=np.int64)
    one, two = (np.concatenate(rows) if rows else nothing for rows in (rows_first, rows_second))
    # Totals are rounded so that equal sums of half points compare equal.
    return one, two, vector, np.round(scores.sum(axis=1), 9)


def _paired_anew(first: np.ndarray, second: np.ndarray, total: np.ndarray) -> tuple[float, float]:
    """Expected number of identical pairs, and its variance, when the vectors of each total are paired at random."""
    vectors, totals = np.concatenate([first, second]), np.concatenate([total, total])
    counts = pd.DataFrame({"total": totals, "vector": vectors}).groupby(["total", "vector"]).size()
    z = counts.to_numpy().astype(float)
    table = pd.DataFrame({"couples": z * (z - 1) / 2, "chains": z * (z - 1) * (z - 2), "all": z}, index=counts.index)
    by_total = table.groupby(level=0).sum()
    couples, chains, size = (by_total[name].to_numpy() for name in ("couples", "chains", "all"))
    expected = couples / (size - 1)
    # Two couples drawn together share no vector: all ordered couples of couples, less the same one twice, less those that share one.
    apart = couples**2 - couples - chains
    more = np.where(size > 2, apart / np.maximum((size - 1) * (size - 3), 1), 0.0)
    variance = expected + more - expected**2
    return float(expected.sum()), float(np.maximum(variance, 0).sum())


def _by_pair(coded: Rated, one: np.ndarray, two: np.ndarray, same: np.ndarray) -> pd.DataFrame:
    _, n_assessors, n_values = coded.shape
    pair = coded.candidate.astype(np.int64) * n_assessors + coded.assessor
    pairs, counts = np.unique(pair, return_counts=True)
    who = (pairs % n_assessors)[counts == n_values]
    both = np.minimum(who[one], who[two]) * n_assessors + np.maximum(who[one], who[two])
    code, where, n = np.unique(both, return_inverse=True, return_counts=True)
    k = np.bincount(where, weights=same, minlength=len(code))
    rest, rest_same = len(same) - n, same.sum() - k
    pool = np.where(rest > 0, rest_same / np.maximum(rest, 1), np.nan)
    enough = n >= FEWEST
    p = np.minimum(binom.sf(k - 1, n, pool) * max(int(enough.sum()), 1), 1.0)
    table = pd.DataFrame(
        {
            "assessor_1": coded.assessors[code // n_assessors], "assessor_2": coded.assessors[code % n_assessors], "candidates": n,
            "identical": k.astype(int), "share": k / np.maximum(n, 1), "pool_share": pool, "p": p,
        }
    )  # fmt: skip
    return table[enough].reset_index(drop=True)


def _suspects(by_pair: pd.DataFrame, surprising: float, copied_share: float) -> tuple[tuple[str, str], ...]:
    flagged = by_pair[(by_pair["p"] < surprising) & (by_pair["share"] >= copied_share)]
    return tuple((str(a), str(b)) for a, b in zip(flagged["assessor_1"], flagged["assessor_2"], strict=True))


def _sentence(
    compared: int, observed: int, expected: float, p: float, agreed: int, several: bool, beyond: bool, copied: bool,
    suspects: tuple[tuple[str, str], ...],
) -> str:  # fmt: skip
    left_out = f" {agreed} revised or agreed ratings were left out." if agreed else ""
    if not several or not compared:
        return "Identical ratings cannot be told from agreement: two values and two assessors a candidate are needed." + left_out
    facts = f"{observed} of {compared} pairs of ratings of a candidate are identical on every value; {expected:.1f} were to be expected"
    if copied:
        return f"{facts}. This looks like agreed scores copied in as independent ratings: do not read them as agreement.{left_out}"
    if beyond:
        return f"{facts} (p = {p:.2g}). Ask whether these ratings were given before the discussion.{left_out}"
    pairs = f" {len(suspects)} pairs of assessors are identical nearly always while the others are not." if suspects else ""
    return f"{facts}; nothing suggests that ratings were copied.{pairs}{left_out}" if not suspects else f"{facts}.{pairs}{left_out}"
