"""Where every interview stands: scored, incomplete with leave, excepted, or outstanding; and what is missing before closing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from standardsetting.named.findings import MOST_ROWS, Gathering, name_rows
from standardsetting.named.schemas import NOT_SCORED, RATING_MISSING
from standardsetting.process import Process

SCORED, INCOMPLETE, EXCEPTED, OUTSTANDING = "scored", "incomplete", "excepted", "outstanding"


@dataclass(frozen=True)
class Outstanding:
    """Something missing before the interviews can be closed.

    `rows` are the first rows of the interviews table and `count` says how many there are; the sentence tells both.
    """

    kind: str
    count: int
    rows: tuple[int, ...]
    sentence: str

    def as_record(self) -> dict[str, Any]:
        """The same for a machine (`--json`)."""
        return {**asdict(self), "rows": list(self.rows)}


def standing(tables: Mapping[str, pd.DataFrame], process: Process) -> pd.DataFrame:
    """Where each interview stands.

    Returns
    -------
    DataFrame
        In the order and with the row numbers of the interviews table: `candidate_id`, `status`, `reason` (of a recorded exception),
        `missing` (how many scores that the rule needs are not there), `assessors` (who rated independently), `standing` (scored,
        incomplete, excepted, outstanding).
    """
    interviews, ratings = tables["interviews"], tables["ratings"]
    people = interviews["candidate_id"]
    codes = people.cat.codes.to_numpy()
    n_people = len(people.cat.categories)
    reason = _reasons(tables, people)
    lacking, assessors = _lacking(ratings, process, n_people)
    # A blank identifier has code -1, which reads the extra last place: nothing is known of it.
    missing = np.append(lacking, len(_cells(process)))[codes]
    excepted = np.isin(reason, NOT_SCORED)
    completed = (interviews["status"] == "completed").to_numpy()
    where = np.select(
        [excepted, ~completed, missing == 0, reason == RATING_MISSING],
        [EXCEPTED, OUTSTANDING, SCORED, INCOMPLETE],
        default=OUTSTANDING,
    )
    return pd.DataFrame(
        {
            "candidate_id": people,
            "status": interviews["status"],
            "reason": pd.Series(reason, index=interviews.index, dtype="str").replace("", None),
            "missing": missing,
            "assessors": np.append(assessors, 0)[codes],
            "standing": pd.Categorical(where, categories=[SCORED, INCOMPLETE, EXCEPTED, OUTSTANDING]),
        },
        index=interviews.index,
    )


def _reasons(tables: Mapping[str, pd.DataFrame], people: pd.Series) -> np.ndarray:
    """The reason of each interviewed candidate's exception as text; blank where there is none."""
    known = np.full(len(people.cat.categories) + 1, "", dtype=object)
    exceptions = tables.get("exceptions")
    if exceptions is not None and {"candidate_id", "reason"} <= set(exceptions.columns):
        told = exceptions.dropna(subset=["candidate_id", "reason"])
        known[told["candidate_id"].cat.codes] = told["reason"].astype(object)
    return known[people.cat.codes]


def _cells(process: Process) -> list[tuple[str, str]]:
    """Every score a candidate needs: exercise and value, or value alone."""
    if process.exercises:
        return [(e.name, v) for e in process.exercises for v in e.values]
    return [("", v.name) for v in process.values]


def _lacking(ratings: pd.DataFrame, process: Process, n_people: int) -> tuple[np.ndarray, np.ndarray]:
    """For each candidate code: how many scores the rule needs and does not find, and how many assessors rated independently.

    With means and medians and `missing_rating = "incomplete"`, every assessor who rated the candidate (in the exercise) must have rated
    each value; a row with a blank rating says that this assessor should have.
    """
    cells = _cells(process)
    place: dict[tuple[str | None, str | None], int] = {cell: i for i, cell in enumerate(cells)}
    values = list(ratings["value"].cat.categories)
    exercises = list(ratings["exercise"].cat.categories) if "exercise" in ratings else [""]
    grid = np.array([[place.get((e, v), -1) for v in [*values, None]] for e in [*exercises, None]])
    exercise = ratings["exercise"].cat.codes.to_numpy() if "exercise" in ratings else np.zeros(len(ratings), dtype=np.int64)
    cell, person = grid[exercise, ratings["value"].cat.codes], ratings["candidate_id"].cat.codes.to_numpy(dtype=np.int64)
    independent, assessor = (ratings["kind"] == "independent").to_numpy(), ratings["assessor_id"].cat.codes.to_numpy(dtype=np.int64)
    sound = (cell >= 0) & (person >= 0)
    rated = ratings["rating"].notna().to_numpy()

    by_agreement = process.rule.value_score == "agreed score"
    counted = sound & rated & ((ratings["kind"] == "agreed").to_numpy() if by_agreement else independent)
    found = np.bincount(person[counted] * len(cells) + cell[counted], minlength=n_people * len(cells)).reshape(n_people, len(cells))
    own = sound & independent & (assessor >= 0)
    due = np.ones((n_people, len(cells)), dtype=np.int64)
    if not by_agreement and process.rule.missing_rating == "incomplete":
        due = np.maximum(
            due, _assessors_by_exercise(person[own], exercise[own], assessor[own], n_people, len(exercises))[:, _home(cells, exercises)]
        )
    pairs = np.unique(person[own & rated] * (assessor.max(initial=0) + 1) + assessor[own & rated])
    assessors = np.bincount(pairs // (assessor.max(initial=0) + 1), minlength=n_people)
    missing = np.maximum(due - found, 0)
    if process.rule.missing_rating == "use the ratings there are":
        # One exercise with a rating is enough for a value; what the others lack is not missing.
        of_value = [[i for i, (_, name) in enumerate(cells) if name == v.name] for v in process.values]
        return np.sum([found[:, mine].sum(axis=1) == 0 for mine in of_value], axis=0), assessors
    return missing.sum(axis=1), assessors


def _home(cells: list[tuple[str, str]], exercises: list[str]) -> list[int]:
    return [exercises.index(exercise) for exercise, _ in cells]


def _assessors_by_exercise(person: np.ndarray, exercise: np.ndarray, assessor: np.ndarray, n_people: int, n_exercises: int) -> np.ndarray:
    width = assessor.max(initial=0) + 1
    flat = np.unique((person * n_exercises + exercise) * width + assessor)
    return np.bincount(flat // width, minlength=n_people * n_exercises).reshape(n_people, n_exercises)


def missing_before_closing(where: pd.DataFrame, process: Process) -> tuple[Outstanding, ...]:
    """What is missing, by kind, with the rows of the interviews table."""
    outstanding = where[where["standing"] == OUTSTANDING]
    done = outstanding["status"] == "completed"
    told = []
    waiting = outstanding.index[~done]
    if len(waiting):
        sentence = f"{_interviews(waiting)} not completed and without a recorded exception."
        told.append(Outstanding("interview not completed", len(waiting), _first(waiting), sentence))
    lacking = outstanding[done]
    if len(lacking):
        scores = int(lacking["missing"].sum())
        what = "agreed score" if process.rule.value_score == "agreed score" else "independent rating"
        things = f"1 {what}" if scores == 1 else f"{scores} {what}s"
        kind = f"{what} missing"
        sentence = f"{_interviews(lacking.index)} completed, but {things} that the rule needs {'is' if scores == 1 else 'are'} missing; "
        sentence += "find them, or record an exception."
        told.append(Outstanding(kind, len(lacking), _first(lacking.index), sentence))
    return tuple(told)


def _interviews(rows: pd.Index) -> str:
    where = f"({name_rows(_first(rows), len(rows))} of the interviews table)"
    return f"1 interview {where} is" if len(rows) == 1 else f"{len(rows)} interviews {where} are"


def _first(rows: pd.Index) -> tuple[int, ...]:
    return tuple(int(row) for row in rows.sort_values()[:MOST_ROWS])


def tell_contradictions(tables: Mapping[str, pd.DataFrame], where: pd.DataFrame, gathering: Gathering) -> None:
    """Notes on interviews whose status, ratings and exception do not go together, and on those that one assessor alone rated."""
    completed = where["status"] == "completed"
    notes = (
        (
            "excepted and scored",
            (where["missing"] == 0) & where["reason"].notna(),
            "An exception is recorded although every score is there; the exception is followed where it says not scored.",
        ),
        (
            "excepted although completed",
            completed & where["reason"].isin(["did not attend", "withdrawn", "deferred"]) & (where["missing"] > 0),
            "The interview is completed, but its exception says that it did not take place or count. Look which is right.",
        ),
        (
            "one assessor only",
            completed & (where["assessors"] == 1) & (where["standing"] != EXCEPTED),
            "One assessor alone rated this interview independently.",
        ),
    )
    for kind, mask, sentence in notes:
        gathering.add("interviews", kind, sentence, rows=where.index[mask], blocking=False)
    held = where.loc[completed | (where["standing"] == EXCEPTED), "candidate_id"].cat.codes
    ratings = tables["ratings"]
    open_ = ~np.isin(ratings["candidate_id"].cat.codes, held) & np.isin(ratings["candidate_id"].cat.codes, where["candidate_id"].cat.codes)
    sentence = "Ratings are there although the interview is not completed. Look at its status."
    gathering.add(
        "ratings", "rating of an interview not completed", sentence, rows=ratings.index[open_ & ratings["rating"].notna()], blocking=False
    )
