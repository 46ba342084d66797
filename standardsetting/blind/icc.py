"""Intraclass correlations: six forms, each with its interval, and a refusal where the design gives a form no meaning."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import fdtrc, fdtri

from standardsetting.blind.rated import Dropped, Rated, rated
from standardsetting.errors import UsageError

FORMS = ("ICC(1,1)", "ICC(2,1)", "ICC(3,1)", "ICC(1,k)", "ICC(2,k)", "ICC(3,k)")
ONE_WAY = ("ICC(1,1)", "ICC(1,k)")
ROUNDING = 1e-12
COLUMNS = ("estimate", "low", "high", "f", "df1", "df2", "p")
NOT_CROSSED = (
    "The two-way forms compare the same assessors on every candidate. Here assessors differ between candidates, so columns "
    '"assessor 1" and "assessor 2" would be different people in every row.'
)


@dataclass(frozen=True)
class MeanSquares:
    """Mean squares of one value's ratings. `k` is the number of assessors a candidate (with gaps, the number mean squares imply)."""

    n: int
    k: float
    harmonic_k: float
    n_ratings: int
    between: float
    within: float
    assessors: float
    residual: float


def intraclass_correlations(
    ratings: pd.DataFrame,
    *,
    confidence: float = 0.95,
    forms: Sequence[str] | None = None,
    incomplete: str = "refuse",
) -> pd.DataFrame:
    """How alike are different assessors' ratings of the same candidate?

    One-way forms, ICC(1,.), take a candidate's assessors as drawn anew for every candidate. Two-way forms have a meaning only where the
    same assessors rated every candidate: ICC(2,.) counts differences of severity as disagreement, ICC(3,.) does not. Forms with 1 are about
    one assessor's rating, forms with k about the mean over the assessors. A pass mark counts severity: do not use ICC(3,.) for one.

    Parameters
    ----------
    ratings
        A long table: `candidate`, `assessor`, `rating`, and `value` where there are several.
    confidence
        Of the intervals.
    forms
        The forms wanted. By default all six, which needs every assessor to have rated every candidate.
    incomplete
        `refuse`, or `drop` the candidates whom one of the value's assessors did not rate.

    Returns
    -------
    DataFrame
        One row a form, by name: `estimate`, `low`, `high`, `f`, `df1`, `df2`, `p` (of the hypothesis that candidates do not differ). With
        several values, one block of rows a value, named in a first column `value`. Where ratings cannot differ, the numbers are missing.
        `attrs["dropped"]` and `attrs["notes"]` say what was left out and why a number is missing.

    Raises
    ------
    UsageError
        A form that has no meaning for who rated whom, with the reason and the coefficient that has one.

    Notes
    -----
    Intervals of ICC(2,k) recompute the degrees of freedom for the average (McGraw and Wong 1996). With unequal numbers of assessors,
    ICC(1,1) is the analysis-of-variance estimator with n0 = (N - sum n_i^2 / N) / (n - 1) ratings a candidate, and ICC(1,k) steps it up to
    the harmonic mean number of assessors.

    References
    ----------
    Shrout and Fleiss (1979), Psychological Bulletin 86, 420-428. McGraw and Wong (1996), Psychological Methods 1, 30-46.

    Examples
    --------
    >>> table = pd.DataFrame({"candidate": list("ccddee"), "assessor": list("ababab"), "rating": [1, 2, 3, 5, 4, 5]})
    >>> intraclass_correlations(table)["estimate"].round(3).loc["ICC(2,1)"].item()
    0.714
    """
    if not 0 < confidence < 1:
        raise UsageError("A confidence between 0 and 1 was expected.")
    if incomplete not in ("refuse", "drop"):
        raise UsageError("incomplete was expected to be refuse or drop.")
    unknown = [form for form in forms or () if form not in FORMS]
    if unknown:
        raise UsageError(f"Forms among {', '.join(FORMS)} were expected; {len(unknown)} of those given are not.")
    coded = rated(ratings)
    blocks, dropped, notes = [], list(coded.dropped), []
    for at, value in enumerate(coded.values):
        one = coded.only(coded.value == at, "another value") if coded.shape[2] > 1 else coded
        if incomplete == "drop":
            one, left_out = _complete_candidates(one)
            dropped += left_out
        block, note = _one_value(one, FORMS if forms is None else tuple(forms), confidence)
        notes += [note] if note else []
        if coded.shape[2] > 1:
            block.insert(0, "value", value)
        blocks.append(block)
    table = pd.concat(blocks) if len(blocks) > 1 else blocks[0]
    table.attrs.update(confidence=confidence, dropped=tuple(dropped), notes=tuple(notes))
    return table


def mean_squares(coded: Rated) -> MeanSquares:
    """Mean squares of ratings of one value, by sums over candidates and assessors.

    The assessors' and the residual mean squares have a meaning only where every assessor rated every candidate.
    """
    total = len(coded)
    centred = coded.rating - coded.rating.mean()
    size = np.bincount(coded.candidate)
    by_candidate = np.bincount(coded.candidate, weights=centred)
    by_assessor, seen = np.bincount(coded.assessor, weights=centred), np.bincount(coded.assessor)
    n, n_assessors = len(size), len(seen)
    all_squares = float((centred**2).sum())  # not a product of vectors: threads cost more than they save here
    # A sum that is zero but for rounding is zero: an F of 1e-30 is not a number to divide by.
    between, assessors, within, residual = (
        0.0 if one < ROUNDING * all_squares else one
        for one in _sums(all_squares, float((by_candidate**2 / size).sum()), float((by_assessor**2 / seen).sum()))
    )
    k = (total - float((size**2).sum()) / total) / (n - 1) if n > 1 else float("nan")
    with np.errstate(divide="ignore", invalid="ignore"):
        return MeanSquares(
            n=n, k=k, harmonic_k=n / float((1 / size).sum()), n_ratings=total,
            between=float(np.float64(between) / (n - 1)),
            within=float(np.float64(within) / (total - n)),
            assessors=float(np.float64(assessors) / (n_assessors - 1)),
            residual=float(np.float64(residual) / ((n - 1) * (n_assessors - 1))),
        )  # fmt: skip


def _sums(all_squares: float, between: float, assessors: float) -> tuple[float, float, float, float]:
    return between, assessors, all_squares - between, all_squares - between - assessors


def _one_value(coded: Rated, forms: tuple[str, ...], confidence: float) -> tuple[pd.DataFrame, str]:
    n, k, _ = coded.shape
    crossed = len(coded) == n * k
    if not crossed and any(form not in ONE_WAY for form in forms):
        counts = np.bincount(coded.candidate)
        gaps = "" if counts.max() < k else f" {int((counts < k).sum())} of {n} candidates lack a rating of one of the {k} assessors."
        raise UsageError(
            NOT_CROSSED + gaps,
            next_step="Use G(q,k) (generalizability.g_qk) or forms=('ICC(1,1)', 'ICC(1,k)')"
            + (", or incomplete='drop' for the candidates whom all assessors rated." if gaps else "."),
        )
    if n < 2 or len(coded) == n:
        raise UsageError("Two candidates or more, and a candidate with two ratings, were expected.")
    squares = mean_squares(coded)
    spread = squares.between * (n - 1) + squares.within * (len(coded) - n)
    # Sums of squares of equal ratings are zero but for rounding.
    if spread <= 1e-20 * len(coded) * max(float(np.abs(coded.rating).max()), 1.0) ** 2:
        empty = pd.DataFrame(np.nan, index=pd.Index(forms, name="form"), columns=list(COLUMNS))
        return empty, "Every rating is the same: candidates do not differ, and no intraclass correlation is defined."
    rows: dict[str, Callable[[], tuple[float, ...]]] = {
        "ICC(1,1)": lambda: _one_way(squares, 1.0, confidence),
        "ICC(2,1)": lambda: _agreement(squares, confidence, average=False),
        "ICC(3,1)": lambda: _consistency(squares, confidence, average=False),
        "ICC(1,k)": lambda: _one_way(squares, squares.harmonic_k, confidence),
        "ICC(2,k)": lambda: _agreement(squares, confidence, average=True),
        "ICC(3,k)": lambda: _consistency(squares, confidence, average=True),
    }
    with np.errstate(divide="ignore", invalid="ignore"):
        found = [rows[form]() for form in forms]
    table = pd.DataFrame(found, index=pd.Index(forms, name="form"), columns=list(COLUMNS))
    undefined = table.index[table["estimate"].isna()]
    note = f"{', '.join(undefined)} undefined: the means of candidates have an estimated variance of zero or less."
    return table, note if len(undefined) else ""


def _limits(df1: float, df2: float, confidence: float) -> tuple[float, float]:
    """By what an F ratio is divided for its lower limit, and multiplied for its upper."""
    tail = 1 - (1 - confidence) / 2
    return float(fdtri(df1, df2, tail)), float(fdtri(df2, df1, tail))


def _one_way(squares: MeanSquares, steps: float, confidence: float) -> tuple[float, ...]:
    ratio = float(np.float64(squares.between) / squares.within)
    df1, df2 = squares.n - 1, squares.n_ratings - squares.n
    down, up = _limits(df1, df2, confidence)

    def coefficient(f: float) -> float:
        single = (f - 1) / (f + squares.k - 1) if np.isfinite(f) else 1.0
        rest = 1 + (steps - 1) * single
        return float(steps * single / rest) if rest > ROUNDING else float("nan")

    p = float(fdtrc(df1, df2, max(ratio, 0.0)))
    return coefficient(ratio), coefficient(ratio / down), coefficient(ratio * up), ratio, df1, df2, p


def _consistency(squares: MeanSquares, confidence: float, *, average: bool) -> tuple[float, ...]:
    ratio = float(np.float64(squares.between) / squares.residual)
    k = squares.k
    df1, df2 = squares.n - 1, (squares.n - 1) * (round(k) - 1)
    down, up = _limits(df1, df2, confidence)

    def coefficient(f: float) -> float:
        if not np.isfinite(f):
            return 1.0
        if average:
            return 1 - 1 / f if f > 0 else float("nan")
        return (f - 1) / (f + k - 1)

    p = float(fdtrc(df1, df2, max(ratio, 0.0)))
    return coefficient(ratio), coefficient(ratio / down), coefficient(ratio * up), ratio, df1, df2, p


def _agreement(squares: MeanSquares, confidence: float, *, average: bool) -> tuple[float, ...]:
    """The degrees of freedom of the mixed denominator come from the coefficient itself (Satterthwaite): for the average, its own."""
    n, k = float(squares.n), squares.k
    msb, msj, mse = np.float64(squares.between), np.float64(squares.assessors), np.float64(squares.residual)
    severity = (msj - mse) / n
    spread = msb + severity if average else msb + (k - 1) * mse + k * severity
    # The variance of a mean rating, as estimated here, can come out at zero or below it: there is then nothing to take a share of.
    value = (msb - mse) / spread if spread > ROUNDING * (msb + msj + mse) else np.float64("nan")
    if value == 1:
        return 1.0, 1.0, 1.0, float("inf"), squares.n - 1, float("nan"), 0.0
    if msb == 0:  # Means that are all the same: an F of zero, and no degrees of freedom left for an interval.
        return float(value), float("nan"), float("nan"), 0.0, squares.n - 1, float("nan"), 1.0
    a = k * value / (n * (1 - value))
    b = 1 + k * value * (n - 1) / (n * (1 - value))
    df1 = squares.n - 1
    df2 = float((a * msj + b * mse) ** 2 / ((a * msj) ** 2 / (k - 1) + (b * mse) ** 2 / ((n - 1) * (k - 1))))
    down, up = _limits(df1, df2, confidence)
    rest = (msj - mse) if average else k * msj + (k * n - k - n) * mse
    # Written with the quotient, not the multiple: with few degrees of freedom it is too large for a number.
    low = _share(n * (msb / down - mse), rest + n * msb / down, msj + mse + n * msb / down)
    high = _share(n * (msb - mse / up), rest / up + n * msb, (msj + mse) / up + n * msb)
    ratio = float(msb / mse)
    return float(value), low, high, ratio, df1, df2, float(fdtrc(df1, df2, ratio))


def _share(part: float, whole: float, size: float) -> float:
    """A share of a whole that is above zero, seen against the terms it is made of; otherwise missing."""
    return float(part / whole) if whole > ROUNDING * size else float("nan")


def _complete_candidates(coded: Rated) -> tuple[Rated, list[Dropped]]:
    n, k, _ = coded.shape
    whole = np.bincount(coded.candidate) == k
    if whole.all():
        return coded, []
    if not whole.any():
        raise UsageError(NOT_CROSSED, next_step="Use G(q,k) (generalizability.g_qk) or forms=('ICC(1,1)', 'ICC(1,k)').")
    reason = "candidates without a rating by every assessor"
    return coded.only(whole[coded.candidate], reason), [Dropped(int(n - whole.sum()), reason)]
