"""Differential rater functioning: do assessors differ in how they rate one group beside the other? One variance, and no assessor named.

Each assessor may have a slope s: how much more, or less, they give to the focal group than the assessors who sat beside them. Ratings are
averaged over the values, and candidates' and assessors' own levels are taken out as fixed effects. With L the Laplacian of "rated the same
candidate" over assessors, L1 and L0 its parts from the focal group and the comparator, the sums u of each assessor's residuals over focal
candidates have the mean A s and the error covariance sigma^2 A, where A = L1 L^+ L0. Everything below is in u and A: no candidate needed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from standardsetting.cohort.missing import LeftOut, left_out_sentence, two_groups
from standardsetting.errors import UsageError
from standardsetting.intervals import critical_value

FEWEST_CANDIDATES = 20
FEWEST_ASSESSORS = 5
NO_PARTNER = "without ratings by two assessors"
DRAWS = 4000
CHUNK = 200
MOST_CELLS = 50_000_000
METHOD = (
    "method of moments for the variance of assessor-by-group slopes in a linear model of ratings averaged over values, candidates and "
    "assessors fixed; p by shuffling group among candidates of the same window, panel and assessors; interval by inverting the same "
    "statistic under normal errors"
)


@dataclass(frozen=True)
class Allocation:
    """Did candidates of both groups come to the panels as if by lot? `p`: permutation of the chi-squared statistic of panel by group."""

    statistic: float
    p: float
    n_panels: int
    independent: bool
    why: str
    sentence: str


@dataclass(frozen=True)
class RaterFunctioning:
    """How far assessors differ in how they rate the focal group beside the comparator.

    `slope_sd`: standard deviation of the assessors' slopes, in points of a value's rating, with `low` and `high`; 0 where the estimated
    variance is below zero. `variance`: its square as estimated, which can be below zero. `error_sd`: of a candidate's ratings by one
    assessor, averaged over values. `n_mixed`: candidates in a window and panel that saw both groups, which alone a permutation moves.
    """

    slope_sd: float
    low: float
    high: float
    variance: float
    error_sd: float
    p: float
    confidence: float
    focal: str
    comparator: str
    n_focal: int
    n_comparator: int
    n_assessors: int
    n_mixed: int
    permutations: int
    seed: int
    left_out: tuple[LeftOut, ...]
    allocation: Allocation
    why: str
    sentence: str
    method: str = METHOD


@dataclass(frozen=True)
class _Sat:
    """Candidates by assessors: who sat (1 or 0), their residuals, each candidate's stratum, and the degrees of freedom left."""

    incidence: np.ndarray
    residual: np.ndarray
    stratum: np.ndarray
    laplacian_inverse: np.ndarray
    df: int

    def laplacian(self, of: np.ndarray) -> np.ndarray:
        return _laplacian(self.incidence[of])


def rater_functioning(
    ratings: pd.DataFrame, labels: pd.Series, *, focal: str, comparator: str | None, seed: int, permutations: int = 999,
    confidence: float = 0.95, fewest: int = FEWEST_CANDIDATES, fewest_assessors: int = FEWEST_ASSESSORS,
) -> RaterFunctioning:  # fmt: skip
    """Do assessors differ from each other in how they rate one group beside the other?

    Parameters
    ----------
    ratings
        A long table: `candidate`, `assessor`, `value`, `rating`; `kind` if there is more than independent ratings (the others are left
        out); `panel` (by default the same assessors are a panel) and `window` (by default there is one).
    labels
        A group for each candidate: a Series whose index is the candidate.
    focal, comparator
        The groups; without a comparator, everybody else who declared a group.
    seed, permutations
        Of both permutation tests, and of the draws that invert the statistic.
    confidence
        Of the interval.
    fewest, fewest_assessors
        Fewest candidates in either group and fewest assessors: below, `why` says so. A variance over three assessors is about those three.

    Notes
    -----
    It is a stand-in for the ordinal mixed model with candidate and assessor intercepts, value effects and random slopes: linear, of ratings
    averaged over the values. What all assessors do alike cannot be seen by comparing assessors: a zero here is no proof that ratings are
    fair. Where the groups differ in level, assessors of different severity meet the ends of the scale differently, and a small variance of
    slopes follows from that alone. Nothing here is a rate, an estimate or a mark of any one assessor.

    References
    ----------
    Searle, Casella and McCulloch (1992), Variance Components (estimation by moments). Engelhard (2008), Psychological Test and Assessment
    Modeling 50, 271-285 (the question).

    Examples
    --------
    Ratings with planted slopes of standard deviation 0.5:

    >>> from standardsetting.simulate.groups import rated_groups
    >>> made = rated_groups(240, seed=1, slope_sd=0.5, focal_share=0.4)
    >>> found = rater_functioning(made.ratings, made.groups, focal="focal", comparator="comparator", seed=1, permutations=99)
    >>> found.n_assessors, found.p, found.low < 0.5 < found.high
    (16, 0.01, True)
    """
    critical_value(confidence)
    lacking = {"candidate", "assessor", "value", "rating"} - set(ratings.columns)
    if lacking:
        raise UsageError(f"Ratings need the columns candidate, assessor, value and rating; {len(lacking)} of them are missing.")
    if permutations < 19:
        raise UsageError("At least 19 permutations were expected.")
    seats = _seats(ratings)
    codes, names = pd.factorize(seats["candidate"])
    partners = np.bincount(codes, minlength=len(names)) >= 2
    groups = two_groups(
        labels.reindex(names), focal=focal, comparator=comparator, usable=partners, fewest=max(fewest, 2), unusable=NO_PARTNER
    )
    used = (groups.focal | groups.comparator)[codes]
    if len(names) * seats["assessor"].nunique() > MOST_CELLS:
        raise UsageError(f"More candidates by assessors than {MOST_CELLS:,} were given: this comparison is not made above that size.")
    sat, is_focal = _sat(seats[used]), groups.focal[np.unique(codes[used])] if used.any() else np.zeros(0, dtype=bool)
    n_assessors = sat.incidence.shape[1]
    why = groups.why
    if not why and n_assessors < fewest_assessors:
        why = f"Fewer than {fewest_assessors} assessors: a variance over so few would be about single people."
    draw = np.random.default_rng(seed)
    allocation = _allocation(seats[used], is_focal, permutations, draw, why)
    found = _Slopes.nothing(why) if why else _slopes(sat, is_focal, permutations, confidence, draw)
    sentence = _sentence(found, groups.focal_name, groups.comparator_name, confidence, allocation, groups.left_out)
    return RaterFunctioning(
        found.sd, found.low, found.high, found.variance,
        found.error_sd, found.p, confidence, groups.focal_name, groups.comparator_name, *groups.n, n_assessors, found.n_mixed, permutations,
        seed, groups.left_out, allocation, found.why, sentence,
    )  # fmt: skip


def _seats(ratings: pd.DataFrame) -> pd.DataFrame:
    """One row a candidate and assessor: the mean rating over values, each value's mean taken out; with panel and window."""
    table = ratings
    if "kind" in table.columns:
        table = table[table["kind"] == "independent"]
    table = table[table["rating"].notna()]
    if table.duplicated(["candidate", "assessor", "value"]).any():
        raise UsageError("One rating for each candidate, assessor and value was expected; some are there twice.")
    level = table["rating"].astype(float) - table.groupby("value")["rating"].transform("mean").astype(float)
    by_seat = table.assign(level=level).groupby(["candidate", "assessor"], sort=True, as_index=False)
    places = {name: (name, "first") for name in ("window", "panel") if name in table.columns}
    return by_seat.agg(level=("level", "mean"), **places)


def _sat(seats: pd.DataFrame) -> _Sat:
    candidate, candidates = pd.factorize(seats["candidate"], sort=True)
    assessor, assessors = pd.factorize(seats["assessor"], sort=True)
    shape = (len(candidates), len(assessors))
    incidence, level = np.zeros(shape), np.zeros(shape)
    incidence[candidate, assessor] = 1
    level[candidate, assessor] = seats["level"].to_numpy(dtype=float)
    size = np.maximum(incidence.sum(axis=1, keepdims=True), 1)
    centred = (level - level.sum(axis=1, keepdims=True) / size) * incidence
    laplacian = _laplacian(incidence)
    inverse = np.linalg.pinv(laplacian, hermitian=True) if len(assessors) else laplacian
    of_assessor = inverse @ centred.sum(axis=0)
    fitted = (of_assessor - (incidence @ of_assessor)[:, None] / size) * incidence
    rank = int(np.linalg.matrix_rank(laplacian, hermitian=True)) if len(assessors) else 0
    df = len(seats) - len(candidates) - rank
    keys = pd.DataFrame({"set": [row.tobytes() for row in incidence.astype(bool)]})
    first = seats.drop_duplicates("candidate").sort_values("candidate")
    for name in ("window", "panel"):
        if name in seats.columns:
            keys[name] = first[name].to_numpy()
    stratum = keys.groupby(list(keys.columns), sort=False, dropna=False).ngroup().to_numpy() if len(keys) else np.zeros(0, dtype=int)
    return _Sat(incidence, centred - fitted, stratum, inverse, df)


def _laplacian(incidence: np.ndarray) -> np.ndarray:
    size = np.maximum(incidence.sum(axis=1, keepdims=True), 1)
    return np.asarray(np.diag(incidence.sum(axis=0)) - incidence.T @ (incidence / size))


@dataclass(frozen=True)
class _Slopes:
    variance: float
    low: float
    high: float
    error_sd: float
    p: float
    n_mixed: int
    why: str

    @property
    def sd(self) -> float:
        return math.nan if math.isnan(self.variance) else math.sqrt(max(self.variance, 0.0))

    @classmethod
    def nothing(cls, why: str) -> _Slopes:
        return cls(math.nan, math.nan, math.nan, math.nan, math.nan, 0, why)


def _slopes(sat: _Sat, focal: np.ndarray, permutations: int, confidence: float, draw: np.random.Generator) -> _Slopes:
    size = np.bincount(sat.stratum)
    of_focal = np.bincount(sat.stratum, weights=focal)
    mixed = ((of_focal > 0) & (of_focal < size))[sat.stratum]
    if not mixed.any():
        return _Slopes.nothing("No panel saw both groups in the same window, so assessors' ratings of the groups cannot be compared.")
    spread = sat.laplacian(focal) @ sat.laplacian_inverse @ sat.laplacian(~focal)
    spread = (spread + spread.T) / 2
    root = np.linalg.eigvalsh(spread)
    root = root[root > 1e-9 * max(float(root.max(initial=0)), 1e-9)]
    u = sat.residual.T @ focal
    statistic, left = float(u @ u), float((sat.residual**2).sum())
    explained = float(u @ np.linalg.pinv(spread, hermitian=True) @ u)
    df = sat.df - len(root)
    if not len(root) or df < 10 or left <= 1e-12 * len(focal):
        return _Slopes.nothing("Too little is left to compare once candidates' and assessors' own levels are taken out.")
    # Two equations in the two variances: the squared sums, and all squared residuals.
    moments = np.array([[root.sum(), (root**2).sum()], [sat.df, root.sum()]])
    variance = float(np.linalg.solve(moments, np.array([statistic, left]))[1])
    shuffled = _shuffled_statistics(sat, focal, permutations, draw)
    p = float((1 + (shuffled >= statistic * (1 - 1e-9)).sum()) / (permutations + 1))
    low, high = _inverted(statistic, root, (left - explained, df), confidence, draw)
    error = math.sqrt(max(left - explained, 0.0) / df)
    return _Slopes(variance, math.sqrt(low), math.sqrt(high), error, p, int(mixed.sum()), "")


def _shuffled_statistics(sat: _Sat, focal: np.ndarray, permutations: int, draw: np.random.Generator) -> np.ndarray:
    """The statistic with groups shuffled among candidates of the same stratum. They share their assessors, so A stays as it is."""
    from scipy.sparse import csr_array

    order = np.argsort(sat.stratum, kind="stable")
    stratum, labels, residual = sat.stratum[order], focal[order].astype(float), csr_array(sat.residual[order].T)
    out = []
    for start in range(0, permutations, CHUNK):
        keys = draw.random((min(CHUNK, permutations - start), len(labels)))
        u = residual @ labels[np.argsort(keys + stratum, axis=1)].T
        out.append((u**2).sum(axis=0))
    return np.concatenate(out)


def _inverted(
    statistic: float, root: np.ndarray, error: tuple[float, int], confidence: float, draw: np.random.Generator
) -> tuple[float, float]:
    """Variances under which the statistic, a weighted sum of chi-squares with the error variance drawn from its own, is not surprising."""
    squares = draw.standard_normal((DRAWS, len(root))) ** 2
    noise = error[0] / draw.chisquare(error[1], DRAWS)
    # The variance that would make each draw's statistic the one observed: its quantiles are where the statistic enters either tail.
    variances = (statistic - noise * (squares @ root)) / (squares @ root**2)
    low, high = np.maximum(np.quantile(variances, [(1 - confidence) / 2, (1 + confidence) / 2]), 0.0)
    return float(low), float(high)


def _allocation(seats: pd.DataFrame, focal: np.ndarray, permutations: int, draw: np.random.Generator, why: str) -> Allocation:
    if why:
        return Allocation(math.nan, math.nan, 0, False, why, why)
    first = seats.drop_duplicates("candidate").sort_values("candidate")
    if "panel" in seats.columns:
        panel = first["panel"].to_numpy()
    else:
        panel = seats.sort_values("assessor").groupby("candidate", sort=True)["assessor"].agg(tuple).to_numpy()
    window = first["window"].to_numpy() if "window" in seats.columns else np.zeros(len(first))
    of_window = pd.factorize(window)[0]
    cell = pd.DataFrame({"window": of_window, "panel": pd.factorize(panel)[0]}).groupby(["window", "panel"]).ngroup().to_numpy()
    size = np.bincount(cell)
    share = (np.bincount(of_window, weights=focal) / np.bincount(of_window))[of_window]
    expected = np.bincount(cell, weights=share)
    per_cell = expected * (1 - expected / size)
    counted = per_cell > 0
    if not counted.any() or len(size) < 2:
        no = "There is only one panel, or no window with both groups: allocation to panels cannot be examined."
        return Allocation(math.nan, math.nan, len(size), False, no, no)
    order = np.argsort(of_window, kind="stable")
    sums = np.zeros((len(size), len(cell)))
    sums[cell[order], np.arange(len(cell))] = 1
    labels, blocks = focal[order].astype(float), of_window[order]

    def statistics(people: np.ndarray) -> np.ndarray:
        got = sums @ people
        return np.asarray((((got - expected[:, None]) ** 2)[counted] / per_cell[counted, None]).sum(axis=0))

    observed = float(statistics(labels[:, None])[0])
    beyond = 0
    for start in range(0, permutations, CHUNK):
        keys = draw.random((min(CHUNK, permutations - start), len(labels)))
        beyond += int((statistics(labels[np.argsort(keys + blocks, axis=1)].T) >= observed * (1 - 1e-9)).sum())
    p = (1 + beyond) / (permutations + 1)
    sentence = (
        "The groups are spread over the panels about as a lottery would spread them."
        if p >= 0.05
        else "The groups are not spread over the panels as a lottery would spread them: panel effects are confounded with group."
    )
    return Allocation(observed, p, len(size), p >= 0.05, "", sentence)


def _sentence(
    found: _Slopes, focal: str, comparator: str, confidence: float, allocation: Allocation, left_out: tuple[LeftOut, ...]
) -> str:  # fmt: skip
    if found.why:
        return f"{found.why} {left_out_sentence(left_out)}"
    seen = (
        f"Assessors differ in how they rate {focal} beside {comparator} by more than chance explains"
        if found.p < 0.05
        else f"Nothing shows that assessors differ in how they rate {focal} beside {comparator}"
    )
    return (
        f"{seen}: the standard deviation between assessors is {found.sd:.2f} points of a rating ({confidence:.0%} interval "
        f"{found.low:.2f} to {found.high:.2f}; p = {found.p:.3f}). What all assessors do alike cannot be seen this way. "
        f"{allocation.sentence} {left_out_sentence(left_out)}"
    )
