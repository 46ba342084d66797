"""What if those who did not declare were known? The smallest and the largest impact ratio that they allow.

Nobody's characteristic is guessed: every way of sharing the undeclared between the two groups is gone through.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from standardsetting.cohort.intervals import score_interval_ratio
from standardsetting.cohort.verdict import CODES, Verdict, verdict_sentence, verdicts
from standardsetting.intervals import Floats, checked_counts

Tables = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
# So many steps in each direction at most; with more people undeclared, evenly spread allocations with both ends are taken.
STEPS = 1000


@dataclass(frozen=True)
class UndeclaredBounds:
    """The impact ratio of those who declared, and between which ratios it could lie if everybody had.

    Attributes
    ----------
    declared_ratio, smallest, largest
        The ratio without the undeclared; the smallest and the largest over all allocations. Infinite or NaN as in `rates.compare`.
    lowest_limit, highest_limit
        The lower limit of the interval at the smallest ratio, the upper limit at the largest.
    declared_verdict, verdict
        Without the undeclared; and after going through the allocations: the same, or "cannot tell (undeclared)".
    possible_verdicts
        Every verdict that some allocation gives.
    n_undeclared, undeclared_successes
        How many did not declare, and how many of them succeeded.
    allocations
        How many allocations were judged; `exhaustive` says whether that is all of them.
    """

    declared_ratio: float
    smallest: float
    largest: float
    lowest_limit: float
    highest_limit: float
    declared_verdict: Verdict
    verdict: Verdict
    possible_verdicts: tuple[Verdict, ...]
    n_undeclared: int
    undeclared_successes: int
    allocations: int
    exhaustive: bool
    confidence: float
    sentence: str


def bounds(
    successes: int,
    n: int,
    reference_successes: int,
    reference_n: int,
    *,
    undeclared_successes: int,
    undeclared_n: int,
    confidence: float = 0.95,
    group: str = "the group",
    reference: str = "the reference group",
) -> UndeclaredBounds:
    """Between which impact ratios could the truth lie if everybody who did not declare belonged to one of the two groups?

    The smallest ratio puts every undeclared failure into the group and every undeclared success into the reference group; the largest does
    the opposite. Members of further groups among the undeclared leave the ratio between the two.

    Parameters
    ----------
    successes, n, reference_successes, reference_n
        As in `rates.compare`, of those who declared.
    undeclared_successes, undeclared_n
        Of those who preferred not to say, were not asked, or are unknown. People who opted out of monitoring belong here too, as a number.

    Examples
    --------
    >>> found = bounds(27, 79, 28, 45, undeclared_successes=3, undeclared_n=6)
    >>> round(found.smallest, 2), round(found.declared_ratio, 2), round(found.largest, 2), found.verdict.value
    (0.51, 0.55, 0.63, 'cannot tell (undeclared)')
    """
    checked_counts([successes, reference_successes, undeclared_successes], [n, reference_n, undeclared_n])
    a, n1, c, n2 = int(successes), int(n), int(reference_successes), int(reference_n)
    s, f = int(undeclared_successes), int(undeclared_n) - int(undeclared_successes)
    to_group_s, to_group_f = (part.ravel() for part in np.meshgrid(_steps(s), _steps(f), indexing="ij"))
    tables = (a + to_group_s, n1 + to_group_s + to_group_f, c + s - to_group_s, n2 + s + f - to_group_s - to_group_f)
    codes = verdicts(*tables, confidence=confidence)
    declared = CODES[int(verdicts(a, n1, c, n2, confidence=confidence))]
    possible = tuple(verdict for i, verdict in enumerate(CODES) if i in set(codes.ravel().tolist()) or verdict is declared)
    verdict = declared if possible == (declared,) else Verdict.CANNOT_TELL_UNDECLARED
    low, lowest_limit = _extreme(tables, np.nanargmin, "low", confidence)
    high, highest_limit = _extreme(tables, np.nanargmax, "high", confidence)
    with np.errstate(divide="ignore", invalid="ignore"):
        declared_ratio = float(np.float64(a * n2) / np.float64(n1 * c))
    return UndeclaredBounds(
        declared_ratio=declared_ratio,
        smallest=low,
        largest=high,
        lowest_limit=lowest_limit,
        highest_limit=highest_limit,
        declared_verdict=declared,
        verdict=verdict,
        possible_verdicts=possible,
        n_undeclared=s + f,
        undeclared_successes=s,
        allocations=codes.size,
        exhaustive=codes.size == (s + 1) * (f + 1),
        confidence=confidence,
        sentence=_sentence(low, high, verdict, s + f, group, reference),
    )


def _steps(people: int) -> np.ndarray:
    return np.unique(np.linspace(0, people, min(people, STEPS) + 1).round().astype(np.int64))


def _extreme(tables: Tables, which: Callable[[Floats], np.intp], end: str, confidence: float) -> tuple[float, float]:
    """The smallest (or largest) ratio that some allocation gives, and its interval's end on that side; NaN where none has a ratio."""
    a, n1, c, n2 = (part.astype(float) for part in tables)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = (a * n2) / (n1 * c)
    if np.isnan(ratios).all():
        return math.nan, math.nan
    at = which(ratios)
    limits = score_interval_ratio(*(part[at] for part in tables), confidence=confidence)
    return float(ratios[at]), float(getattr(limits, end))


def _sentence(low: float, high: float, verdict: Verdict, undeclared: int, group: str, reference: str) -> str:
    if not undeclared:
        return "Every candidate declared, so nothing is left open."
    least = "cannot be said" if math.isnan(low) else "is infinite" if math.isinf(low) else f"is {low:.2f}"
    most = "cannot be said" if math.isnan(high) else "has no upper limit" if math.isinf(high) else f"is {high:.2f}"
    told = (
        verdict_sentence(verdict, group=group, reference=reference)
        if verdict is Verdict.CANNOT_TELL_UNDECLARED
        else "Whoever they are, the verdict stays the same."
    )
    return f"Depending on who did not declare, the smallest possible impact ratio {least} and the largest {most}. {told}"
