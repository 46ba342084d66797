"""Many comparisons in one report: Holm for the declared family, Benjamini-Hochberg for everything else, and how many were made."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from standardsetting.errors import UsageError
from standardsetting.intervals import Floats

PRIMARY, EXPLORATORY = "declared", "exploratory"


def adjust(comparisons: pd.DataFrame, *, declared: Sequence[str]) -> pd.DataFrame:
    """Which findings still stand when one allows for the number of comparisons made?

    The declared family was written down before the outcomes were seen. Everything else is exploratory, and is called so.

    Parameters
    ----------
    comparisons
        One row a comparison: `comparison` (its name, each once) and `p`. A comparison without a p (NaN) is listed and counted apart.
    declared
        The names of the declared family.

    Returns
    -------
    DataFrame
        The same rows with `family`, `adjusted_p`, `method`, `comparisons_in_family`. `attrs`: `comparisons` (with a p), `without_p`,
        `sentence`.

    Raises
    ------
    UsageError
        A declared comparison that is not in the table: leaving one out would make the others look surer than they are.

    Examples
    --------
    >>> table = pd.DataFrame({"comparison": ["sex", "ethnicity", "age", "caring"], "p": [0.01, 0.04, 0.03, 0.5]})
    >>> adjust(table, declared=["sex", "ethnicity"])[["comparison", "family", "adjusted_p"]]
      comparison       family  adjusted_p
    0        sex     declared        0.02
    1  ethnicity     declared        0.04
    2        age  exploratory        0.06
    3     caring  exploratory        0.50
    """
    if not {"comparison", "p"} <= set(comparisons.columns) or comparisons["comparison"].duplicated().any():
        raise UsageError("A table with the columns comparison (each name once) and p was expected.")
    absent = set(declared) - set(comparisons["comparison"])
    if absent:
        raise UsageError(
            f"Every declared comparison was expected in the table; {len(absent)} of {len(set(declared))} are missing.",
            next_step="Give a declared comparison that could not be made a row without a p.",
        )
    table = comparisons.copy()
    p = table["p"].to_numpy(dtype=float)
    primary = table["comparison"].isin(declared).to_numpy()
    table["family"] = np.where(primary, PRIMARY, EXPLORATORY)
    table["adjusted_p"] = np.nan
    for mine, method in ((primary, holm), (~primary, benjamini_hochberg)):
        table.loc[mine, "adjusted_p"] = method(p[mine])
    table["method"] = np.where(primary, "Holm", "Benjamini-Hochberg")
    made = ~np.isnan(p)
    table["comparisons_in_family"] = np.where(primary, int((primary & made).sum()), int((~primary & made).sum()))
    table.attrs.update(comparisons=int(made.sum()), without_p=int((~made).sum()), sentence=_sentence(primary, made))
    return table


def holm(p: ArrayLike) -> Floats:
    """Holm's step-down adjusted p values: the chance of any false finding in the family stays below the level. NaN stays NaN.

    References
    ----------
    Holm (1979), Scandinavian Journal of Statistics 6, 65-70.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    """
    values, made, order = _ordered(p)
    ranked = made[order]
    adjusted = np.maximum.accumulate(ranked * np.arange(len(ranked), 0, -1))
    return _back(values, order, adjusted)


def benjamini_hochberg(p: ArrayLike) -> Floats:
    """Benjamini and Hochberg's adjusted p values: the expected share of false findings among those made stays below the level.

    References
    ----------
    Benjamini and Hochberg (1995), Journal of the Royal Statistical Society B 57, 289-300.

    Examples
    --------
    >>> benjamini_hochberg([0.01, 0.04, 0.03]).round(6).tolist()
    [0.03, 0.04, 0.04]
    """
    values, made, order = _ordered(p)
    ranked = made[order]
    steps = ranked * len(ranked) / np.arange(1, len(ranked) + 1)
    return _back(values, order, np.minimum.accumulate(steps[::-1])[::-1])


def _ordered(p: ArrayLike) -> tuple[Floats, Floats, np.ndarray]:
    values = np.asarray(p, dtype=float)
    made = values[~np.isnan(values)]
    if ((made < 0) | (made > 1)).any():
        raise UsageError("p values between 0 and 1 were expected.")
    return values, made, np.argsort(made, kind="stable")


def _back(values: Floats, order: np.ndarray, adjusted: Floats) -> Floats:
    """Adjusted values in the order of the comparisons, capped at 1."""
    made = np.empty(len(order))
    made[order] = np.minimum(adjusted, 1.0)
    out = np.full(values.shape, np.nan)
    out[~np.isnan(values)] = made
    return out


def _sentence(primary: np.ndarray, made: np.ndarray) -> str:
    first, rest = int((primary & made).sum()), int((~primary & made).sum())
    lacking = int((~made).sum())
    more = f"; {lacking} more could not be made" if lacking else ""
    return (
        f"{first + rest} comparisons have figures behind them: {first} of those declared in advance, and {rest} exploratory{more}. Their "
        "p-values allow for how many there are, by Holm's method for those declared and Benjamini and Hochberg's for the others."
    )
