"""From a statistic to a coefficient: the estimate, its interval, and a sentence where either is undefined."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from standardsetting.blind.agreement.coefficient import Coefficient, Options
from standardsetting.blind.agreement.ratings import CodedRatings
from standardsetting.blind.agreement.resampling import Pieces, Rows, block_sizes, two_way

# Resamples on which a coefficient is undefined may be left out as long as they are this rare.
MOST_UNDEFINED = 0.1
# The jackknife behind BCa evaluates every distinct candidate once; beyond this many numbers the percentile interval is given.
_MOST_JACKKNIFE = 50_000_000
FLAT = 1e-12


@dataclass
class Statistic:
    """What a coefficient must tell to be estimated: its sums, and its value from any sums.

    A subclass sets `name` and answers `rows`, `evaluate`, and where it can, `pieces`, `influence` and `parts`.
    """

    coded: CodedRatings
    name: str = ""
    refusal: str = ""
    note: str = ""
    # Gwet's linearisation goes with Student's t; Fleiss, Cohen and Everitt's standard error with the normal distribution.
    student: bool = True
    no_analytic: str = "No published standard error is used for it."
    no_assessors: str = ""
    undefined: str = (
        "There is no variation in these ratings: all are the same point of the scale, so agreement and chance cannot be told apart."
    )
    counted: CodedRatings | None = None

    def rows(self) -> Rows:
        """The sums of each candidate."""
        raise NotImplementedError

    def total(self) -> np.ndarray:
        """The sums over all candidates, as one row."""
        return self.rows().total

    def evaluate(self, sums: np.ndarray, assessors: np.ndarray | None = None) -> np.ndarray:
        """The coefficient for each row of sums; `assessors` says how often each assessor was drawn."""
        raise NotImplementedError

    def pieces(self, *, by_candidate: bool) -> list[Pieces]:
        """The sums by candidate and assessors, for two-way resampling."""
        raise NotImplementedError

    def influence(self, sums: np.ndarray, value: float) -> np.ndarray | None:
        """What each column of a candidate's sums adds to the estimate's error, to first order."""
        return None

    def parts(self, sums: np.ndarray) -> tuple[float, float]:
        """Observed and chance agreement."""
        return math.nan, math.nan

    def remark(self, sums: np.ndarray) -> str:
        """What a reader should know about the sums behind the estimate; may be empty."""
        return ""

    @property
    def resampled_ratings(self) -> CodedRatings:
        """The ratings whose candidates and assessors are resampled."""
        return self.coded

    def why_not(self) -> str:
        """A sentence why the ratings do not allow the coefficient, before anything is computed; empty if they do."""
        if self.refusal:
            return self.refusal
        if not len(self.coded.point):
            return "There are no ratings."
        if len(self.coded.assessors_present) < 2:
            return "One assessor alone gave these ratings: agreement needs two."
        if len(self.coded.types.of_size) <= 2:
            return "No value of any candidate was rated by two assessors, so no two ratings can be compared."
        return ""

    def two_way_values(self, options: Options) -> np.ndarray:
        """The coefficient on each two-way resample."""
        both, coded = options.resample == "both", self.resampled_ratings
        draws = two_way(
            self.pieces(by_candidate=both),
            n_candidates=len(np.unique(coded.candidate)) if both else None,
            n_assessors=len(coded.assessors_present),
            replicates=options.replicates,
            seed=options.seed,
        )
        return np.concatenate([self.evaluate(sums, assessors) for sums, assessors in draws])


@dataclass(frozen=True)
class Limits:
    """An interval, or a sentence why there is none."""

    low: float = math.nan
    high: float = math.nan
    standard_error: float = math.nan
    method: str = "no interval"
    reason: str = ""
    note: str = ""
    drawn: bool = False


def estimate(statistic: Statistic, options: Options) -> Coefficient:
    """The coefficient with its interval."""
    counts = (statistic.counted or statistic.coded).used
    reason, remark = statistic.why_not(), ""
    value, limits, parts = math.nan, Limits(), (math.nan, math.nan)
    if not reason:
        total = statistic.total()
        value, parts, remark = float(statistic.evaluate(total)[0]), statistic.parts(total), statistic.remark(total)
        reason = statistic.undefined if math.isnan(value) else ""
        if not reason and options.interval != "none":
            limits = _limits(statistic, total, value, options)
    return Coefficient(
        name=statistic.name,
        value=value,
        standard_error=limits.standard_error,
        low=limits.low,
        high=min(limits.high, 1.0) if limits.high == limits.high else math.nan,
        confidence=options.confidence,
        **counts,
        method=limits.method,
        seed=options.seed if limits.drawn else None,
        observed=parts[0],
        expected=parts[1],
        reason=reason or limits.reason,
        note=" ".join(part for part in (statistic.note, remark, statistic.coded.note, limits.note) if part),
    )


def _limits(statistic: Statistic, total: np.ndarray, value: float, options: Options) -> Limits:
    if options.resample != "assessor" and (statistic.counted or statistic.coded).used["n_candidates"] < 2:
        return Limits(reason="One candidate alone cannot show how the estimate varies between candidates.")
    if options.interval == "analytic":
        return _analytic(statistic, total, value, options)
    if options.resample != "candidate" and statistic.no_assessors:
        return Limits(reason=statistic.no_assessors)
    rows = statistic.rows()
    if options.resample == "candidate":
        draws = rows.resampled(options.replicates, options.seed)
        values = np.concatenate([statistic.evaluate(sums) for sums in draws])
    else:
        values = statistic.two_way_values(options)
    return _bootstrap(statistic, rows, total, value, values, options)


def _analytic(statistic: Statistic, total: np.ndarray, value: float, options: Options) -> Limits:
    from scipy import special

    column = statistic.influence(total[0], value)
    if column is None:
        return Limits(reason=f'{statistic.no_analytic} Use interval="bootstrap".')
    rows = statistic.rows()
    each = np.asarray(rows.sums @ column)
    variance = float(rows.multiplicity @ each**2)
    if variance <= FLAT**2:
        return Limits(reason="Every candidate says the same, so the standard error would be zero: the data cannot tell the precision.")
    if statistic.student:
        variance *= rows.n / (rows.n - 1)
        quantile = float(special.stdtrit(rows.n - 1, 0.5 + options.confidence / 2))
        method = "analytic interval: linearisation over candidates, Student's t"
    else:
        quantile = float(special.ndtri(0.5 + options.confidence / 2))
        method = "analytic interval: Fleiss, Cohen and Everitt's non-null standard error, normal"
    error = math.sqrt(variance)
    return Limits(value - quantile * error, value + quantile * error, error, method)


def _bootstrap(statistic: Statistic, rows: Rows, total: np.ndarray, value: float, values: np.ndarray, options: Options) -> Limits:
    defined = values[~np.isnan(values)]
    lost = len(values) - len(defined)
    if lost > MOST_UNDEFINED * len(values):
        sentence = f"The coefficient is undefined on {lost} of {len(values)} resamples: there are too few ratings, or they vary too little."
        return Limits(reason=sentence, drawn=True)
    if np.ptp(defined) <= FLAT:
        return Limits(reason="Every resample gave the same value: the data vary too little to tell the precision.", drawn=True)
    tails = np.array([0.5 - options.confidence / 2, 0.5 + options.confidence / 2])
    kind, levels = "percentile", tails
    if options.interval == "bootstrap" and options.resample == "candidate":
        corrected = _bca_levels(_jackknife(statistic, rows, total), rows.multiplicity, value, defined, tails)
        if corrected is not None:
            kind, levels = "BCa", corrected
    low, high = np.quantile(defined, levels)
    unit = {"candidate": "candidates", "assessor": "assessors", "both": "candidates and assessors"}[options.resample]
    method = f"{kind} bootstrap interval, {options.replicates} resamples of {unit}"
    note = f"{lost} resamples on which the coefficient is undefined are left out." if lost else ""
    return Limits(float(low), float(high), float(defined.std(ddof=1)), method, note=note, drawn=True)


def _jackknife(statistic: Statistic, rows: Rows, total: np.ndarray) -> np.ndarray | None:
    """The coefficient without each distinct candidate in turn: one subtraction each."""
    distinct, wide = rows.sums.shape
    if distinct * wide > _MOST_JACKKNIFE:
        return None

    def parts() -> Iterator[np.ndarray]:
        start = 0
        for size in block_sizes(distinct, wide):
            yield statistic.evaluate(total - rows.part(start, start + size))
            start += size

    return np.concatenate(list(parts()))


def _bca_levels(
    without: np.ndarray | None, multiplicity: np.ndarray, value: float, defined: np.ndarray, tails: np.ndarray
) -> np.ndarray | None:
    """The percentiles to read off, corrected for bias and acceleration (Efron 1987); None where the correction is undefined."""
    from scipy import special

    if without is None or np.isnan(without).any():
        return None
    off = np.average(without, weights=multiplicity) - without
    spread = float(multiplicity @ off**2)
    # Ties with the estimate count half: the bootstrap of a coefficient on few candidates is lumpy.
    below = np.mean(defined < value - FLAT) + 0.5 * np.mean(np.abs(defined - value) <= FLAT)
    if spread <= FLAT**2 or not 0 < below < 1:
        return None
    acceleration = float(multiplicity @ off**3) / (6 * spread**1.5)
    bias = special.ndtri(below)
    shifted = bias + special.ndtri(tails)
    slope = 1 - acceleration * shifted
    if (slope <= 0).any():
        return None
    return np.asarray(special.ndtr(bias + shifted / slope))
