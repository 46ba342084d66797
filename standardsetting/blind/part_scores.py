"""Candidates by parts of a total (values, or assessors): the table that alpha, omega and the errors of measurement start from."""

from __future__ import annotations

import numpy as np
import pandas as pd

from standardsetting.blind.rated import Dropped, Rated, rated
from standardsetting.errors import UsageError


def part_scores(ratings: pd.DataFrame, items: str, *, drop: bool, at_least: int = 2) -> tuple[np.ndarray, list[str], tuple[Dropped, ...]]:
    """Candidates by parts: the mean rating of each candidate on each part, missing where there is none."""
    check_options(items=(items, ("value", "assessor")))
    coded = rated(ratings, needs=("candidate", items, "rating"))
    wide = _means(coded, items)
    if wide.shape[1] < at_least:
        raise UsageError(f"{at_least} parts or more were expected ({items}s); there is {wide.shape[1]}.")
    dropped = coded.dropped
    names = [str(name) for name in (coded.values if items == "value" else coded.assessors)]
    if drop:
        whole = ~np.isnan(wide).any(axis=1)
        if not whole.all():
            dropped = (*dropped, Dropped(int((~whole).sum()), f"candidates without every {items}"))
        wide = wide[whole]
        if not len(wide):
            raise UsageError(f"Candidates with a rating on every {items} were expected; there are none.", next_step="missing='pairwise'")
    return wide, names, dropped


def _means(coded: Rated, items: str) -> np.ndarray:
    code, size = (coded.value, coded.shape[2]) if items == "value" else (coded.assessor, coded.shape[1])
    cell = coded.candidate.astype(np.int64) * size + code
    counts = np.bincount(cell, minlength=coded.shape[0] * size)
    sums = np.bincount(cell, weights=coded.rating, minlength=len(counts))
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan).reshape(-1, size)


def check_options(**given: tuple[str, tuple[str, ...]]) -> None:
    """Refuse an option that does not exist, naming those that do."""
    for name, (value, allowed) in given.items():
        if value not in allowed:
            raise UsageError(f"{name} was expected to be one of {', '.join(allowed)}.")
