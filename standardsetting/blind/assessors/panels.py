"""Do panels differ more than the luck of who came to which panel explains?"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.special import ndtri

from standardsetting.errors import UsageError

FEWEST_PANELS = 3


@dataclass(frozen=True)
class PanelLayer:
    """Panel means beside what shuffling candidates over panels gives.

    Attributes
    ----------
    table
        One row a panel: `panel`, `n`, `mean`, `expected` (the mean of its days), `low`, `high` (where shuffling leaves the mean),
        `outside`, and the deviation from the expected drawn in by its error: `shrunk`, `shrunk_low`, `shrunk_high`.
    observed, expected, low, high
        Variance of panel means about their expectation, weighted by candidates; its mean and middle 95 % under shuffling.
    p
        How often shuffling gives as much.
    share
        Variance between panels as a share of all variance between candidates (by moments, at least 0).
    n_panels, n_candidates
        What was used.
    kind
        Which ratings made the candidates' scores: independent, or agreed where there are no others.
    within_day
        Whether candidates were shuffled within their day only.
    replicates, seed
        How it was shuffled.
    sentence
        The finding in words.
    """

    table: pd.DataFrame = field(repr=False)
    observed: float
    expected: float
    low: float
    high: float
    p: float
    share: float
    n_panels: int
    n_candidates: int
    kind: str
    within_day: bool
    replicates: int
    seed: int
    sentence: str


def panel_layer(ratings: pd.DataFrame, *, confidence: float = 0.95, replicates: int = 500, seed: int = 0) -> PanelLayer:
    """Are there hawks and doves among the panels?

    A candidate's score is the sum over values of the mean rating. Shuffling candidates over panels within a day asks what the same
    candidates would have given if chance had sent them elsewhere that day: it assumes that candidates came to panels by lot. Where they
    did not, a difference may lie in the candidates.

    Parameters
    ----------
    ratings
        A long table: `candidate`, `rating`, `panel`; `value`, `day` and `kind` where there are any. Independent ratings are used, or agreed
        ones where there are none.

    Raises
    ------
    UsageError
        There is no panel, or a candidate has two.

    Examples
    --------
    Two panels of two on one day, totals 2 and 4 against 6 and 8: means 3 and 7 about 5. Of the six ways to hand out four candidates
    two give this variance.

    >>> table = pd.DataFrame({"candidate": list("abcd"), "panel": list("xxyy"), "rating": [2, 4, 6, 8]})
    >>> found = panel_layer(table, replicates=999)
    >>> found.observed, found.table["mean"].tolist(), 0.28 < found.p < 0.39
    (4.0, [3.0, 7.0], True)
    """
    score, panel, day, names, kind = _scores(ratings)
    n, n_panels = len(score), len(names)
    days = np.zeros(n, dtype=np.int64) if day is None else np.unique(day, return_inverse=True)[1]
    size = np.bincount(panel, minlength=n_panels)
    of_day = np.bincount(days, weights=score) / np.bincount(days)
    deviation = score - of_day[days]
    observed = _between(deviation, panel, size)
    shuffled = _shuffled(deviation, panel, size, days, replicates, seed)
    p = (1 + (shuffled >= observed - 1e-12).sum()) / (1 + replicates)
    low, high = np.quantile(shuffled, [0.025, 0.975])
    expected = float(shuffled.mean())
    total = float((deviation**2).mean())
    share = max(0.0, observed - expected) / total if total > 0 else float("nan")
    table = _caterpillar(score, deviation, of_day, panel, days, names, size, max(0.0, observed - expected), confidence)
    return PanelLayer(
        table=table, observed=observed, expected=expected, low=float(low), high=float(high), p=float(p), share=share, n_panels=n_panels,
        n_candidates=n, kind=kind, within_day=bool(days.any()), replicates=replicates, seed=seed,
        sentence=_sentence(n_panels, observed, expected, float(low), float(high), float(p), share, int(table["outside"].sum())),
    )  # fmt: skip


def _scores(ratings: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray | None, np.ndarray, str]:
    missing = [column for column in ("candidate", "panel", "rating") if column not in ratings.columns]
    if missing:
        raise UsageError(f"A long table with candidate, panel and rating was expected; {', '.join(missing)} is not there.")
    table, kind = ratings[ratings["rating"].notna() & ratings["panel"].notna()], "independent"
    if "kind" in table.columns:
        kinds = table["kind"].astype(object)
        kind = "independent" if (kinds == "independent").any() else "agreed"
        table = table[kinds == kind]
    if table.empty:
        raise UsageError("Ratings with a panel were expected; there are none.")
    value = pd.factorize(table["value"])[0] if "value" in table.columns else np.zeros(len(table), dtype=np.int64)
    code, people = pd.factorize(table["candidate"])
    n_values = int(value.max()) + 1
    cell = code.astype(np.int64) * n_values + value
    numbers = table["rating"].to_numpy(dtype=float)
    count = np.bincount(cell, minlength=len(people) * n_values).reshape(-1, n_values)
    with np.errstate(invalid="ignore"):
        scores = (np.bincount(cell, weights=numbers, minlength=count.size).reshape(-1, n_values) / count).sum(axis=1)
    columns = ["panel", *(["day"] if "day" in table.columns and table["day"].notna().all() else [])]
    facts = table[["candidate", *columns]].drop_duplicates()
    if facts["candidate"].duplicated().any():
        raise UsageError(
            f"One panel for each candidate was expected; {int(facts['candidate'].duplicated().sum())} candidates have another."
        )
    # A candidate without a rating on some value has no total.
    whole = ~np.isnan(scores)
    if not whole.any():
        raise UsageError("Candidates with a rating on every value were expected; there are none.")
    names, panel = np.unique(facts["panel"].astype(str).to_numpy()[whole], return_inverse=True)
    day = facts["day"].to_numpy(dtype=float)[whole] if len(columns) == 2 else None
    return scores[whole], panel, day, names, kind


def _between(deviation: np.ndarray, panel: np.ndarray, size: np.ndarray) -> float:
    sums = np.bincount(panel, weights=deviation, minlength=len(size))
    return float((sums**2 / size).sum() / size.sum())


def _shuffled(deviation: np.ndarray, panel: np.ndarray, size: np.ndarray, days: np.ndarray, replicates: int, seed: int) -> np.ndarray:
    """The same figure with candidates shuffled within their day, many times."""
    generator = np.random.default_rng(seed)
    order = np.argsort(days, kind="stable")
    sorted_days, home, moved = days[order].astype(float), panel[order], deviation[order]
    found = np.empty(replicates)
    for replicate in range(replicates):
        # Whole days stay in place: a random part below 1 cannot carry anybody past a neighbour day.
        mixed = np.argsort(sorted_days + generator.random(len(days)))
        found[replicate] = _between(moved[mixed], home, size)
    return found


def _caterpillar(
    score: np.ndarray,
    deviation: np.ndarray,
    of_day: np.ndarray,
    panel: np.ndarray,
    days: np.ndarray,
    names: np.ndarray,
    size: np.ndarray,
    true: float,
    confidence: float,
) -> pd.DataFrame:
    """Means, their exact variance under shuffling, and the deviations drawn in."""
    k = len(names)
    sums = np.bincount(panel, weights=deviation, minlength=k)
    in_day = np.bincount(days)
    spread = np.bincount(days, weights=deviation**2) / np.maximum(in_day - 1, 1)
    # A panel's candidates of one day are drawn from that day's without replacement.
    cell, times = np.unique(panel * len(in_day) + days, return_counts=True)
    where, day = np.divmod(cell, len(in_day))
    variance = np.bincount(where, weights=times * spread[day] * (1 - times / in_day[day]), minlength=k) / size**2
    error, z = np.sqrt(variance), float(ndtri((1 + confidence) / 2))
    expected = np.bincount(panel, weights=of_day[days], minlength=k) / size
    gap = sums / size
    with np.errstate(invalid="ignore", divide="ignore"):
        keep = np.where(variance + true > 0, true / (true + variance), 0.0)
    half = z * np.sqrt(keep) * error
    return pd.DataFrame(
        {
            "panel": names,
            "n": size,
            "mean": np.bincount(panel, weights=score, minlength=k) / size,
            "expected": expected,
            "low": expected - z * error,
            "high": expected + z * error,
            "outside": np.abs(gap) > z * error + 1e-12,
            "shrunk": keep * gap,
            "shrunk_low": keep * gap - half,
            "shrunk_high": keep * gap + half,
        }
    )


def _sentence(n: int, observed: float, expected: float, low: float, high: float, p: float, share: float, outside: int) -> str:
    if n < FEWEST_PANELS:
        return f"There {'is' if n == 1 else 'are'} {n} panel{'s' if n > 1 else ''}: too few to say whether panels differ."
    spread = (
        f"The means of the {n} panels have a standard deviation of {np.sqrt(observed):.2f} points; shuffling candidates gives "
        f"{np.sqrt(expected):.2f} ({np.sqrt(low):.2f} to {np.sqrt(high):.2f})"
    )
    if p <= 0.05:
        return (
            f"{spread}: panels differ more than chance explains (p = {p:.2g}); about {100 * share:.0f}% of the variance between candidates "
            f"lies between panels, and {outside} panel{'s are' if outside != 1 else ' is'} outside the band. If candidates did not come "
            "to panels by lot, it may lie in the candidates."
        )
    return f"{spread}: chance explains the difference between panels (p = {p:.2g})."
