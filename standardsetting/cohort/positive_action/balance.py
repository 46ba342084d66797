"""Are two sides alike on what was known before? Prior variables as columns, and standardised differences before and after weighting."""

from __future__ import annotations

import numpy as np
import pandas as pd

LARGE = 0.1


def prior_columns(
    table: pd.DataFrame, prior: tuple[str, ...], attended: pd.Series, *, fewest: int
) -> tuple[np.ndarray, tuple[str, ...], str]:
    """Prior variables as columns of a design matrix, their names, and a sentence if a variable cannot be used.

    Numbers stand as they are, centred and on the scale of their standard deviation; categories become one column each, the most frequent
    left out. A category with fewer than `fewest` people is a sentence, not a merger: categories are merged by a rule fixed in advance.
    """
    columns, names = [], []
    for name in prior:
        values = table[name]
        if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
            spread = float(values.std(ddof=0)) if len(values) else 0.0
            if spread > 0:
                columns.append(((values - values.mean()) / spread).to_numpy(dtype=float))
                names.append(name)
            continue
        counts = values.astype(str).value_counts()
        if len(counts) and counts.min() < fewest:
            why = f"Not shown: a category of {name} has fewer than {fewest} people; merge categories by the hierarchy fixed in advance."
            return np.empty((len(table), 0)), (), why
        # Ties by name, so that the order of the rows does not choose.
        reference = sorted(counts.index, key=lambda label: (-counts[label], label))[:1]
        for label in sorted(set(counts.index) - set(reference)):
            columns.append((values.astype(str) == label).to_numpy(dtype=float))
            names.append(f"{name}: {label}")
    if not columns:
        return np.empty((len(table), 0)), (), "Not shown: no prior variable differs between people, so nothing can be made alike."
    stacked = np.column_stack(columns)
    if np.linalg.matrix_rank(np.column_stack([np.ones(len(stacked)), stacked])) <= stacked.shape[1]:
        return stacked, tuple(names), "Not shown: two prior variables say the same; leave one out."
    return stacked, tuple(names), ""


def balance_table(columns: np.ndarray, names: tuple[str, ...], attended: np.ndarray, weights: np.ndarray) -> pd.DataFrame:
    """Standardised differences, attenders less others, before and after weighting.

    The standard deviation is that before weighting, pooled over the two sides with equal weight, in both columns: otherwise weighting could
    look like an improvement because the yardstick grew.

    Returns
    -------
    DataFrame
        One row a column: `before`, `after`, and `large_before`, `large_after` where the size is above 0.1.

    References
    ----------
    Austin (2009), Statistics in Medicine 28, 3083-3107.
    """
    spread = np.sqrt((columns[attended].var(axis=0, ddof=1) + columns[~attended].var(axis=0, ddof=1)) / 2)
    before = columns[attended].mean(axis=0) - columns[~attended].mean(axis=0)
    after = np.average(columns[attended], axis=0, weights=weights[attended]) - np.average(
        columns[~attended], axis=0, weights=weights[~attended]
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        table = pd.DataFrame({"before": before / spread, "after": after / spread}, index=pd.Index(names, name="prior variable"))
    for name in ("before", "after"):
        table[f"large_{name}"] = table[name].abs() > LARGE
    return table
