"""Value scores against a slow, independent reading of the definition: fractions, one candidate and value at a time."""

from __future__ import annotations

import math
import statistics
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from standardsetting.blind.value_scores import value_scores
from standardsetting.errors import UsageError
from standardsetting.process import Process
from standardsetting.scale import as_fraction

VALUES = ("courage", "integrity")
MATRIX = ({"name": "interview", "values": list(VALUES)}, {"name": "briefing", "values": ["courage"]})


def definition(
    score: str = "mean of independent ratings",
    rounding: str = "none",
    missing: str = "incomplete",
    *,
    minimum: float = 1,
    step: float = 1,
    exercises: bool = False,
) -> Process:
    return Process.from_mapping(
        {
            "process": {"id": "small", "title": "Small"},
            "scale": {"minimum": minimum, "maximum": minimum + 4 * step, "step": step},
            "values": [{"name": name, "hurdle": minimum + 2 * step} for name in VALUES],
            "exercises": list(MATRIX) if exercises else [],
            "rule": {"value_score": score, "rounding": rounding, "missing_rating": missing},
        }
    )


def rows(*entries: tuple[str, str | None, str | None, str, float, str]) -> pd.DataFrame:
    return pd.DataFrame(entries, columns=["candidate", "assessor", "exercise", "value", "rating", "kind"])


def slow(ratings: pd.DataFrame, process: Process, candidate: str, value: str) -> Fraction | None:
    """The value score of one candidate, read from the definition word for word."""
    policy = process.rule
    kind = "agreed" if policy.value_score == "agreed score" else "independent"
    mine = ratings[(ratings["candidate"] == candidate) & (ratings["kind"] == kind)]
    exercises: list[str | None] = [e.name for e in process.exercises if value in e.values] if process.exercises else [None]
    scores: list[Fraction] = []
    for exercise in exercises:
        here = mine if exercise is None else mine[mine["exercise"] == exercise]
        given_ratings = here[here["value"] == value]
        panel = set(here["assessor"])
        numbers = [as_fraction(float(r)) for r in given_ratings["rating"]]
        if policy.missing_rating == "incomplete" and (not numbers or (kind == "independent" and set(given_ratings["assessor"]) != panel)):
            return None
        if not numbers:
            continue
        scores.append(statistics.median(numbers) if policy.value_score.startswith("median") else sum(numbers, Fraction(0)) / len(numbers))
    if not scores:
        return None
    score = sum(scores, Fraction(0)) / len(scores)
    steps = (score - process.rating_scale.minimum) / process.rating_scale.step
    if policy.rounding == "half up":
        steps = Fraction(math.floor(steps + Fraction(1, 2)))
    elif policy.rounding == "half down":
        steps = Fraction(math.ceil(steps - Fraction(1, 2)))
    return process.rating_scale.minimum + steps * process.rating_scale.step


@st.composite
def cases(draw: st.DrawFn) -> tuple[pd.DataFrame, Process]:
    process = definition(
        draw(st.sampled_from(["agreed score", "mean of independent ratings", "median of independent ratings"])),
        draw(st.sampled_from(["none", "half up", "half down"])),
        draw(st.sampled_from(["incomplete", "use the ratings there are"])),
        minimum=draw(st.sampled_from([0, 1])),
        step=draw(st.sampled_from([1, 0.5])),
        exercises=draw(st.booleans()),
    )
    points = [float(p) for p in process.rating_scale.points]
    cells = [(e["name"], v) for e in MATRIX for v in e["values"]] if process.exercises else [(None, v) for v in VALUES]
    entries = []
    for candidate in "ABC":
        for exercise, value in cells:
            for assessor in ("R", "S", "T", None):
                if draw(st.integers(0, 4)):
                    kind = "agreed" if assessor is None else "independent"
                    entries.append((candidate, assessor, exercise, value, draw(st.sampled_from(points)), kind))
    entries.append(("A", "R", cells[0][0], cells[0][1], points[0], "revised"))
    return rows(*draw(st.permutations(entries))), process


@settings(max_examples=150, deadline=None)
@given(cases())
def test_agrees_with_the_slow_reading(case: tuple[pd.DataFrame, Process]) -> None:
    ratings, process = case
    fast = value_scores(ratings, process, candidates=pd.Series(["C", "B", "A", "nobody"]))
    assert list(fast.index) == ["A", "B", "C", "nobody"]
    assert list(fast.columns) == list(VALUES)
    for candidate in fast.index:
        for value in VALUES:
            expected = slow(ratings, process, candidate, value)
            found = fast.loc[candidate, value]
            assert (expected is None) == np.isnan(found), (candidate, value)
            if expected is not None:
                assert as_fraction(float(found)) == expected
                assert float(found) == float(expected)  # the nearest float, so that equal scores are equal floats


def test_categories_as_the_blind_folder_holds_them() -> None:
    ratings = rows(("A", "R", None, "courage", 2, "independent"), ("A", "S", None, "courage", 5, "independent"))
    for column in ("candidate", "assessor", "exercise", "value", "kind"):
        ratings[column] = ratings[column].astype("category")
    scores = value_scores(ratings, definition(missing="use the ratings there are"))
    assert scores["courage"].tolist() == [3.5]
    assert scores["integrity"].isna().all()


@pytest.mark.parametrize(("rounding", "expected"), [("half up", 3.0), ("half down", 2.0), ("none", 2.5)])
def test_a_half_is_never_rounded_to_even(rounding: str, expected: float) -> None:
    ratings = rows(("A", "R", None, "courage", 2, "independent"), ("A", "S", None, "courage", 3, "independent"))
    assert value_scores(ratings, definition(rounding=rounding))["courage"].tolist() == [expected]


def test_a_candidate_without_ratings_is_there_and_has_no_score() -> None:
    ratings = rows(("A", "R", None, "courage", 2, "independent"), ("A", "R", None, "integrity", 3, "independent"))
    scores = value_scores(ratings, definition(), candidates=pd.Series(["B", "A"]))
    assert scores.loc["A"].tolist() == [2.0, 3.0]
    assert scores.loc["B"].isna().all()


def test_a_row_without_a_rating_is_a_missing_rating() -> None:
    ratings = rows(("A", "R", None, "courage", 2, "independent"), ("A", "S", None, "courage", np.nan, "independent"))
    assert value_scores(ratings, definition()).loc["A"].isna().all()
    assert value_scores(ratings, definition(missing="use the ratings there are")).loc["A", "courage"] == 2.0


@pytest.mark.parametrize(
    "stranger",
    [
        ("A", "R", None, "courage", 2.5, "independent"),
        ("A", "R", None, "courage", 6, "independent"),
        ("A", "R", None, "kindness", 2, "independent"),
        ("Z", "R", None, "courage", 2, "independent"),
    ],
)
def test_what_does_not_belong_is_refused_without_its_value(stranger: tuple[str, str, None, str, float, str]) -> None:
    with pytest.raises(UsageError) as refusal:
        value_scores(rows(stranger), definition(), candidates=pd.Series(["A"]))
    assert "1 " in str(refusal.value)
    assert "kindness" not in str(refusal.value)
    assert "2.5" not in str(refusal.value)


def test_an_exercise_that_does_not_measure_the_value_is_refused() -> None:
    with pytest.raises(UsageError, match="value and exercise"):
        value_scores(rows(("A", "R", "briefing", "integrity", 2, "independent")), definition(exercises=True))


def test_no_ratings_at_all() -> None:
    empty = rows(("A", None, None, "courage", 2, "agreed"))
    assert value_scores(empty, definition("median of independent ratings")).isna().all(axis=None)
