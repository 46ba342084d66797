"""How scores of two groups compare: the probability of superiority, Hedges' g of the total, and the distribution on the scale's points."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from standardsetting.cohort.missing import Labels, LeftOut, declared, left_out_sentence, two_groups
from standardsetting.errors import UsageError
from standardsetting.intervals import critical_value
from standardsetting.scale import Number, as_fraction

# Below ten people in a group an interval says almost nothing; below thirty a distribution shows single people.
FEWEST_COMPARED = 10
FEWEST_SHOWN = 30
NO_SCORE = "no score"


@dataclass(frozen=True)
class ScoreComparison:
    """One comparison of scores. Missing numbers come with a `why`.

    `estimate`, `low`, `high`: of the quantity that `name` names. `n_focal`, `n_comparator`: people used. `method`: how the interval was
    made.
    """

    name: str
    of: str
    focal: str
    comparator: str
    estimate: float
    low: float
    high: float
    confidence: float
    n_focal: int
    n_comparator: int
    left_out: tuple[LeftOut, ...]
    method: str
    why: str
    sentence: str


@dataclass(frozen=True)
class Distribution:
    """Shares of a group on the points of the scale.

    `table`: one row a group and point, with `group`, `point`, `share` (at this point) and `at_or_below`. Groups that may not be shown are
    not in it; `hidden` says how many groups that were and `sentence` why.
    """

    of: str
    table: pd.DataFrame
    n_used: int
    hidden: int
    left_out: tuple[LeftOut, ...]
    sentence: str
    method: str = field(default="shares on the declared points of the scale")


def superiority(
    scores: pd.Series | np.ndarray | Sequence[float], labels: Labels, *, focal: str, comparator: str | None, of: str = "the score",
    confidence: float = 0.95, fewest: int = FEWEST_COMPARED,
) -> ScoreComparison:  # fmt: skip
    """If one candidate of each group is drawn, how often has the focal one the higher score? P(X > Y) + P(X = Y) / 2.

    One half means that neither group tends to score higher. It uses only the order of the scores, so it fits a value's ratings of 1 to 5.
    It is not a test of equal means or of equal spread, and it says nothing about any one person.

    Parameters
    ----------
    scores, labels
        A score (missing where there is none) and a group for each person.
    focal, comparator
        The groups; without a comparator, everybody else who declared a group.
    of
        What the score is called in the sentence.
    confidence
        Of the interval.
    fewest
        Fewest people in either group, at least 2; below, `why` says so.

    Notes
    -----
    Interval: Brunner and Munzel's variance from the placements of each person in the other group, on the logit scale, with Student's t on
    their approximate degrees of freedom. Where the groups do not overlap at all the placements do not vary and Newcombe's score method
    (his method 5) gives the limits. Where everybody has the same score the answer is one half without an interval.

    References
    ----------
    Brunner and Munzel (2000), Biometrical Journal 42, 17-25. Newcombe (2006), Statistics in Medicine 25, 559-573.

    Examples
    --------
    Of nine pairs the focal candidate is higher in six and level in two: (6 + 1) / 9.

    >>> found = superiority([3, 4, 5, 3, 4, 2], list("wwwmmm"), focal="w", comparator="m", fewest=3)
    >>> round(found.estimate, 4), found.n_focal, found.n_comparator
    (0.7778, 3, 3)
    """
    critical_value(confidence)
    values = _numbers(scores)
    groups = two_groups(labels, focal=focal, comparator=comparator, usable=~np.isnan(values), fewest=max(fewest, 2), unusable=NO_SCORE)
    x, y = values[groups.focal], values[groups.comparator]
    why, low, high, estimate = groups.why, math.nan, math.nan, math.nan
    method = "placements (Brunner and Munzel), logit scale, t"
    if not why:
        placed = placements(x, y)
        estimate = placed.estimate
        if placed.se > 0:
            low, high = placed.limits(confidence)
        elif estimate in (0.0, 1.0):
            low, high = _score_limits(estimate, len(x), len(y), confidence)
            method = "score method of Newcombe, as the groups do not overlap"
        else:
            why = "The scores do not vary within the groups, so there is no interval."
    return ScoreComparison(
        "probability of superiority", of, groups.focal_name, groups.comparator_name, estimate, low, high, confidence, *groups.n,
        groups.left_out, method, why, _superiority_sentence(estimate, low, high, groups.focal_name, groups.comparator_name, of, why),
    )  # fmt: skip


@dataclass(frozen=True)
class Placements:
    """The probability of superiority with the standard error and degrees of freedom that its placements give."""

    estimate: float
    se: float
    df: float

    def limits(self, confidence: float) -> tuple[float, float]:
        """Limits on the logit scale, so that they stay between 0 and 1."""
        from scipy.special import expit, logit
        from scipy.stats import t

        half = t.ppf((1 + confidence) / 2, self.df) * self.se / (self.estimate * (1 - self.estimate))
        return float(expit(logit(self.estimate) - half)), float(expit(logit(self.estimate) + half))


def placements(x: np.ndarray, y: np.ndarray) -> Placements:
    """Each person's placement is the share of the other group below, level counting half; their variances give the standard error."""
    m, n = len(x), len(y)
    in_y = _share_below(y, x)
    in_x = _share_below(x, y)
    of_x, of_y = float(np.var(in_y, ddof=1)) / m, float(np.var(in_x, ddof=1)) / n
    variance = of_x + of_y
    df = variance**2 / (of_x**2 / (m - 1) + of_y**2 / (n - 1)) if variance > 0 else math.nan
    return Placements(float(in_y.mean()), math.sqrt(variance), df)


def _share_below(others: np.ndarray, each: np.ndarray) -> np.ndarray:
    ordered = np.sort(others)
    below, up_to = np.searchsorted(ordered, each, side="left"), np.searchsorted(ordered, each, side="right")
    return np.asarray((below + up_to) / (2 * len(others)))


def _score_limits(estimate: float, m: int, n: int, confidence: float) -> tuple[float, float]:
    """Where the estimate lies z standard errors away, with the standard error that an exponential model has at the limit."""
    from scipy.optimize import brentq

    z, mean = critical_value(confidence), (m + n) / 2 - 1

    def excess(theta: float) -> float:
        variance = theta * (1 - theta) / (m * n) * (1 + mean * ((1 - theta) / (2 - theta) + theta / (1 + theta)))
        return (estimate - theta) ** 2 - z * z * variance

    if estimate == 1.0:
        return float(brentq(excess, 1e-12, 1 - 1e-12)), 1.0
    return 0.0, float(brentq(excess, 1e-12, 1 - 1e-12))


def hedges_g(
    totals: pd.Series | np.ndarray | Sequence[float], labels: Labels, *, focal: str, comparator: str | None, of: str = "the total",
    confidence: float = 0.95, fewest: int = FEWEST_COMPARED,
) -> ScoreComparison:  # fmt: skip
    """By how many standard deviations do the mean totals differ? Hedges' g, focal minus comparator.

    g = J x (mean difference) / (pooled standard deviation), with the exact small-sample factor J = Gamma(f/2) / (sqrt(f/2) Gamma((f-1)/2)),
    f = n1 + n2 - 2. Use it for the total, which is close to a measurement on equal steps; for one value use `superiority`.

    Notes
    -----
    The interval inverts the noncentral t distribution and multiplies its limits by J. It takes both groups to be equally spread and
    roughly normal.

    References
    ----------
    Hedges (1981), Journal of Educational Statistics 6, 107-128.

    Examples
    --------
    Means 13 and 12, both variances 1, f = 4, J = 0.7979:

    >>> found = hedges_g([12, 13, 14, 11, 12, 13], list("wwwmmm"), focal="w", comparator="m", fewest=3)
    >>> round(found.estimate, 4)
    0.7979
    """
    critical_value(confidence)
    values = _numbers(totals)
    groups = two_groups(labels, focal=focal, comparator=comparator, usable=~np.isnan(values), fewest=max(fewest, 2), unusable=NO_SCORE)
    x, y = values[groups.focal], values[groups.comparator]
    why, low, high, estimate = groups.why, math.nan, math.nan, math.nan
    if not why:
        df = len(x) + len(y) - 2
        pooled = (((x - x.mean()) ** 2).sum() + ((y - y.mean()) ** 2).sum()) / df
        if pooled > 0:
            small_sample = math.exp(math.lgamma(df / 2) - math.lgamma((df - 1) / 2)) / math.sqrt(df / 2)
            d, size = float((x.mean() - y.mean()) / math.sqrt(pooled)), math.sqrt(len(x) * len(y) / (len(x) + len(y)))
            estimate = small_sample * d
            low, high = (small_sample * limit / size for limit in _noncentral(d * size, df, confidence))
        else:
            why = "The totals do not vary within the groups, so a difference in standard deviations is undefined."
    sentence = why or (
        f"The mean of {of} differs by {estimate:+.2f} standard deviations between {groups.focal_name} and {groups.comparator_name} "
        f"({confidence:.0%} interval {low:+.2f} to {high:+.2f}; a plus means that {groups.focal_name} scored higher)."
    )
    return ScoreComparison(
        "Hedges' g", of, groups.focal_name, groups.comparator_name, estimate, low, high, confidence, *groups.n, groups.left_out,
        "noncentral t", why, sentence,
    )  # fmt: skip


def _noncentral(statistic: float, df: int, confidence: float) -> tuple[float, float]:
    """The noncentralities at which the statistic is in the upper and in the lower tail."""
    from scipy.optimize import brentq
    from scipy.special import nctdtr

    # The limits lie near z standard errors away; much further out the distribution function has no digits left.
    tail, reach = (1 - confidence) / 2, (critical_value(confidence) + 1) * math.sqrt(1 + statistic**2 / (2 * df))
    ends = statistic - reach, statistic + reach
    low, high = (float(brentq(lambda centre, at=at: nctdtr(df, centre, statistic) - at, *ends, xtol=1e-10)) for at in (1 - tail, tail))
    return low, high


def distribution(
    scores: pd.Series | np.ndarray | Sequence[float], labels: Labels, *, points: Sequence[Number], of: str = "the score",
    fewest: int = FEWEST_SHOWN,
) -> Distribution:  # fmt: skip
    """How is each group spread over the points of the scale? Shares, and shares at or below each point.

    Groups of fewer than `fewest` people are not shown: the lowest and the highest step of their distribution would be a person's score.
    It also carries no count: whether a share may be published is decided by disclosure control.

    Raises
    ------
    UsageError
        A score is not one of the points.

    Examples
    --------
    >>> found = distribution([1, 2, 2, 3], list("wwww"), points=[1, 2, 3], fewest=4)
    >>> found.table["at_or_below"].tolist()
    [0.25, 0.75, 1.0]
    """
    values = _numbers(scores)
    text, known, left_out = declared(labels)
    if len(text) != len(values):
        raise UsageError("A group label for each score was expected.")
    scale = np.array(sorted(float(as_fraction(point)) for point in points))
    scored = ~np.isnan(values)
    if not np.isin(values[scored], scale).all():
        raise UsageError(f"{int((~np.isin(values[scored], scale)).sum())} scores are not points of the declared scale.")
    used = known & scored
    rows, hidden, n_used = [], 0, 0
    for name in sorted(set(text[known])):
        of_group = values[used & (text == name)]
        if len(of_group) < fewest:
            hidden += 1
            continue
        n_used += len(of_group)
        share = np.array([(of_group == point).mean() for point in scale])
        up_to = np.array([(of_group <= point).mean() for point in scale])
        rows.append(pd.DataFrame({"group": name, "point": scale, "share": share, "at_or_below": up_to}))
    columns = ["group", "point", "share", "at_or_below"]
    table = pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=columns)
    no_score = int((known & ~scored).sum())
    left = (*left_out, *([LeftOut(NO_SCORE, no_score)] if no_score else []))
    shown = f"The distribution of {of} for {len(rows)} groups." if rows else f"No group is large enough to show the distribution of {of}."
    few = f" {hidden} groups of fewer than {fewest} people are not shown." if hidden else ""
    return Distribution(of, table, n_used, hidden, left, f"{shown}{few} {left_out_sentence(left)}")


def _numbers(scores: pd.Series | np.ndarray | Sequence[float]) -> np.ndarray:
    try:
        values = pd.Series(scores).to_numpy(dtype=float, na_value=np.nan)
    except (TypeError, ValueError):
        raise UsageError("Scores must be numbers; text was found.") from None
    if np.isinf(values).any():
        raise UsageError("Scores must be finite numbers.")
    return values


def _superiority_sentence(estimate: float, low: float, high: float, focal: str, comparator: str, of: str, why: str) -> str:
    if math.isnan(estimate):
        return why
    of_pairs = (
        f"Of 100 pairs of one from {focal} and one from {comparator}, the one from {focal} has the higher score on {of} in about "
        f"{100 * estimate:.0f}"
    )
    if why:
        return f"{of_pairs}, ties counted half. {why}"
    direction = ""
    if low > 0.5:
        direction = f" {focal} tend to score higher."
    elif high < 0.5:
        direction = f" {focal} tend to score lower."
    return f"{of_pairs}, ties counted half: the data fit anything from {100 * low:.0f} to {100 * high:.0f}.{direction}"
