"""From ratings to value scores: which rating counts, how several become one, how that one is rounded, and when there is none.

Everything is integers until the last division, so the float that comes out is the nearest one to the exact score, and
`DecisionRule.decide` recovers that fraction.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pandas as pd

from standardsetting.errors import UsageError
from standardsetting.process import Process
from standardsetting.scale import Scale, as_fraction, plain


def value_scores(ratings: pd.DataFrame, process: Process, *, candidates: pd.Series | None = None) -> pd.DataFrame:
    """The score that counts for each candidate and value, by the definition's scoring policies.

    An agreed score is taken as it is. Independent ratings become their mean or median. Where exercises measure a value, each exercise has
    its own score and the value score is their mean. Rounding, where the definition asks for it, happens once for each value score; the
    total is never rounded.

    A value has a score under the policy "incomplete" where every exercise that measures it has one, and (for independent ratings) where
    every assessor who rated anything of this candidate in the exercise also rated the value; under "use the ratings there are", where there
    is at least one rating, and exercises without a rating stay out of the mean.

    Parameters
    ----------
    ratings
        One row a rating: `candidate`, `value`, `rating`, `kind`, `assessor` where ratings are independent, and `exercise` where the process
        has several. A row without a rating counts as a rating that is missing.
    process
        The definition.
    candidates
        Everybody who must have a row, those without any rating included. By default, the candidates in `ratings`.

    Returns
    -------
    DataFrame
        One row a candidate, sorted by code, one column a value in the order of the definition; missing where the value has no score.

    Raises
    ------
    UsageError
        A rating is off the scale, or belongs to no value, exercise or candidate of the process.

    Examples
    --------
    >>> process = Process.from_mapping({
    ...     "process": {"id": "small", "title": "Small"}, "scale": {"minimum": 1, "maximum": 5},
    ...     "values": [{"name": "courage", "hurdle": 3}],
    ...     "rule": {"value_score": "mean of independent ratings", "rounding": "half up"}})
    >>> value_scores(pd.DataFrame({"candidate": ["A", "A"], "assessor": ["R", "S"], "value": "courage", "rating": [2, 3],
    ...     "kind": "independent"}), process)["courage"]
    candidate
    A    3.0
    Name: courage, dtype: float64
    """
    kind = "agreed" if process.rule.value_score == "agreed score" else "independent"
    rows = ratings[ratings["kind"] == kind]
    everybody = pd.Index(ratings["candidate"] if candidates is None else candidates, name="candidate").unique().sort_values()
    person = everybody.get_indexer(pd.Index(rows["candidate"]))
    cells, exercise, cell = _cells(rows, process)
    _known(person, "candidate")
    _known(cell, "value and exercise")

    size = len(everybody) * len(cells)
    there = rows["rating"].notna().to_numpy()
    place = (person * len(cells) + cell)[there]
    steps = _steps(rows["rating"].to_numpy(dtype=float)[there], process.rating_scale)
    counts = np.bincount(place, minlength=size)
    if process.rule.value_score.startswith("median"):
        top, under = _twice_the_median(place, steps, counts), np.full(size, 2)
    else:
        top, under = np.rint(np.bincount(place, weights=steps, minlength=size)).astype(np.int64), np.maximum(counts, 1)
    scored = counts > 0
    if process.rule.missing_rating == "incomplete" and kind == "independent":
        scored &= counts == _panel_sizes(rows["assessor"], person, exercise, len(everybody), cells)
    return _combine(top, under, scored, cells, everybody, process)


def score_points(ratings: pd.DataFrame, process: Process) -> dict[str, tuple[Fraction, ...]]:
    """The scores that each value can have, by the scoring policies, the assessment matrix and the sizes of the panels that sat.

    Examples
    --------
    >>> process = Process.from_mapping({
    ...     "process": {"id": "small", "title": "Small"}, "scale": {"minimum": 1, "maximum": 2},
    ...     "values": [{"name": "courage", "hurdle": 1}], "rule": {"value_score": "mean of independent ratings"}})
    >>> table = pd.DataFrame({"candidate": ["A", "A"], "assessor": ["R", "S"], "value": "courage", "rating": [1, 1], "kind": "independent"})
    >>> [str(point) for point in score_points(table, process)["courage"]]
    ['1', '3/2', '2']
    """
    scale, policy = process.rating_scale, process.rule
    exercises = {v.name: sum(v.name in e.values for e in process.exercises) or 1 for v in process.values}
    if policy.rounding != "none":
        return dict.fromkeys(exercises, scale.points)
    parts = {1}
    if policy.value_score != "agreed score":
        rows = ratings[(ratings["kind"] == "independent") & ratings["rating"].notna()]
        keys = [column for column in ("candidate", "exercise", "value") if column in rows.columns and rows[column].notna().any()]
        sizes = {int(size) for size in rows.groupby(keys, observed=True).size().unique()}
        parts = {2 if size % 2 == 0 else 1 for size in sizes} if policy.value_score.startswith("median") else sizes
    points = {}
    for name, several in exercises.items():
        counted = [several] if policy.missing_rating == "incomplete" else list(range(1, several + 1))
        # Exercises with panels of different sizes: the common grid. One exercise: each panel size has its own.
        fine = {math.lcm(*parts) * n for n in counted} if several > 1 else parts or {1}
        points[name] = tuple(sorted({scale.minimum + i * scale.step / n for n in fine for i in range((len(scale) - 1) * n + 1)}))
    return points


def _cells(rows: pd.DataFrame, process: Process) -> tuple[list[tuple[int, str]], np.ndarray, np.ndarray]:
    """The cells of the assessment matrix (exercise number and value), and for each row its exercise and its cell; -1 for neither."""
    names = [v.name for v in process.values]
    value = pd.Index(names).get_indexer(pd.Index(rows["value"].astype(object)))
    if not process.exercises or "exercise" not in rows.columns:
        return [(0, name) for name in names], np.zeros(len(rows), dtype=np.int64), value
    cells = [(number, name) for number, e in enumerate(process.exercises) for name in e.values]
    exercise = pd.Index([e.name for e in process.exercises]).get_indexer(pd.Index(rows["exercise"].astype(object)))
    matrix = np.full((len(process.exercises) + 1, len(names) + 1), -1)  # the last row and column take the -1 of a stranger
    for position, (number, name) in enumerate(cells):
        matrix[number, names.index(name)] = position
    return cells, exercise, matrix[exercise, value]


def _known(codes: np.ndarray, what: str) -> None:
    strangers = int((codes < 0).sum())
    if strangers:
        raise UsageError(f"Every rating must belong to a {what} of the process; {strangers} do not.")


def _steps(ratings: np.ndarray, scale: Scale) -> np.ndarray:
    """Ratings as whole steps above the scale's minimum."""
    distinct, where = np.unique(ratings, return_inverse=True)
    off = np.array([as_fraction(float(r)) not in scale for r in distinct], dtype=bool)
    if off.any():
        low, high, step = plain(scale.minimum), plain(scale.maximum), plain(scale.step)
        raise UsageError(f"Ratings from {low} to {high} in steps of {step} were expected; {int(off[where].sum())} are off the scale.")
    return np.array([int((as_fraction(float(r)) - scale.minimum) / scale.step) for r in distinct], dtype=np.int64)[where]


def _twice_the_median(place: np.ndarray, steps: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The sum of the two middle ratings of each cell (the same one twice where their number is odd)."""
    if not len(steps):
        return np.zeros_like(counts)
    width = int(steps.max()) + 1
    ranked = np.sort(place * width + steps) % width
    first = np.cumsum(counts) - counts
    lower = np.minimum(first + np.maximum(counts - 1, 0) // 2, len(ranked) - 1)
    upper = np.minimum(first + counts // 2, len(ranked) - 1)
    return ranked[lower] + ranked[upper]


def _panel_sizes(assessors: pd.Series, person: np.ndarray, exercise: np.ndarray, people: int, cells: list[tuple[int, str]]) -> np.ndarray:
    """For each candidate and cell, how many assessors rated anything of the candidate in the cell's exercise."""
    who, names = pd.factorize(assessors, use_na_sentinel=False)
    exercises = max(number for number, _ in cells) + 1
    sitting = person * exercises + exercise
    seats = np.unique(sitting * max(len(names), 1) + who) // max(len(names), 1)
    panels = np.bincount(seats, minlength=people * exercises).reshape(people, exercises)
    return panels[:, [number for number, _ in cells]].ravel()


def _combine(
    top: np.ndarray, under: np.ndarray, scored: np.ndarray, cells: list[tuple[int, str]], everybody: pd.Index, process: Process
) -> pd.DataFrame:
    """From cell scores (fractions of a step, `top / under`) to value scores, rounded as the definition says, as floats."""
    scale, shape = process.rating_scale, (len(everybody), len(cells))
    scored = scored.reshape(shape)
    top, under = np.where(scored, top.reshape(shape), 0), np.where(scored, under.reshape(shape), 1)
    base = math.lcm(scale.minimum.denominator, scale.step.denominator)
    enough = np.all if process.rule.missing_rating == "incomplete" else np.any
    out: dict[str, np.ndarray] = {}
    for name in (v.name for v in process.values):
        mine = [position for position, (_, value) in enumerate(cells) if value == name]
        common = np.lcm.reduce(under[:, mine], axis=1)
        over = (top[:, mine] * (common[:, None] // under[:, mine])).sum(axis=1)
        parts = common * np.maximum(scored[:, mine].sum(axis=1), 1)
        if process.rule.rounding == "half up":
            over, parts = (2 * over + parts) // (2 * parts), np.ones_like(parts)
        elif process.rule.rounding == "half down":
            over, parts = -((parts - 2 * over) // (2 * parts)), np.ones_like(parts)
        # minimum + step * over / parts as one division of integers: the nearest float to the exact score
        exact_top = int(scale.minimum * base) * parts + int(scale.step * base) * over
        out[name] = np.where(enough(scored[:, mine], axis=1), exact_top / (base * parts), np.nan)
    return pd.DataFrame(out, index=everybody)
