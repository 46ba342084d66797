"""Where scores and characteristics meet: people with their scores, stage after stage, in an order that links to nothing."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from random import SystemRandom
from typing import Any

import numpy as np
import pandas as pd

from standardsetting.blind.scores import BlindScores
from standardsetting.cohort import snapshot as held
from standardsetting.cohort.snapshot import Stage
from standardsetting.errors import StageError
from standardsetting.linkage.opening import Opening
from standardsetting.process import Process
from standardsetting.process.cohort import APPLIED, ELIGIBLE, INTERVIEWED, MET_HURDLES, MET_STANDARD
from standardsetting.rule import INCOMPLETE, MET

_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"


def with_scores(
    people: pd.DataFrame, opened: Opening, codes: Mapping[str, str], process: Process, account: list[dict[str, Any]]
) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """The people with their scores, and the two stages that the recorded standard decides."""
    if opened.scores is None or opened.standard is None:
        raise StageError("Scores pass only on a recorded standard.")
    scores = opened.scores
    rule = scores.rule.at(opened.standard.body["cut"])
    blind = scores.value_scores.add_prefix("score_").join(rule.decide(scores.value_scores))
    blind = blind.join(scores.interviews.set_index("candidate")[["panel", "day"]])
    code = people["candidate_id"].astype(object).map(dict(codes))
    interviewed = (people[f"stage_{INTERVIEWED}"] == held.PASSED).to_numpy()
    known = code.isin(blind.index).to_numpy()
    if int(known.sum()) != len(blind) or not np.array_equal(known, interviewed):
        raise StageError(
            "The people who were interviewed are not those whose scores the standard was set on.",
            next_step="Run standardsetting verify: the frozen inputs, the code book and the scores belong together.",
        )
    theirs = blind.reindex(code).set_axis(people.index)
    theirs["panel"] = theirs["panel"].astype(object)
    for column in ("status", "reason"):
        theirs[column] = theirs[column].astype(object)
    complete = known & (theirs["status"] != INCOMPLETE).to_numpy()
    meets_all = np.ones(len(people), dtype=bool)
    for value in process.values:
        score = theirs[f"score_{value.name}"]
        meets = score >= float(value.hurdle)
        theirs[f"hurdle_{value.name}"] = meets.astype("boolean").mask(score.isna())
        meets_all &= meets.to_numpy(dtype=bool)
    unscored = np.where(known, held.INCOMPLETE, held.PENDING)
    theirs[f"stage_{MET_HURDLES}"] = np.where(complete, np.where(meets_all, held.PASSED, held.NOT_PASSED), unscored)
    met = (theirs["status"] == MET).to_numpy()
    theirs[f"stage_{MET_STANDARD}"] = np.where(complete, np.where(met, held.PASSED, held.NOT_PASSED), unscored)
    first = [f"stage_{name}" for name in (APPLIED, ELIGIBLE, INTERVIEWED)]
    after = [column for column in people.columns if column.startswith("stage_") and column not in first]
    too_far = int(((people[after] != held.PENDING).any(axis=1).to_numpy() & ~met).sum()) if after else 0
    if too_far:
        why = "they had not met the standard, so their rows of the progress table were not followed"
        account = [*account, {"what": "people with progress after the standard", "count": too_far, "why": why}]
    return people.join(theirs), account


def cascaded(people: pd.DataFrame, stages: tuple[Stage, ...]) -> pd.DataFrame:
    """Stages one after the other: who did not pass a stage has not reached the next. Where and how each person's way ended."""
    out, still_in = people.copy(), np.ones(len(people), dtype=bool)
    ended_at, state = np.full(len(people), stages[-1].name, dtype=object), np.full(len(people), held.PASSED, dtype=object)
    for stage in stages:
        now = np.where(still_in, out[stage.column].astype(object), held.NOT_REACHED)
        ends = still_in & (now != held.PASSED)
        ended_at[ends], state[ends] = stage.name, now[ends]
        still_in &= ~ends
        out[stage.column] = pd.Categorical(now, categories=list(held.STATES))
    out["ended_at"] = pd.Categorical(ended_at, categories=[stage.name for stage in stages])
    out["ending"] = np.array([f"{place}: {how}" for place, how in zip(ended_at, state, strict=True)], dtype=object)
    return out


def in_order_of_content(people: pd.DataFrame, columns: tuple[str, ...]) -> pd.DataFrame:
    """Rows sorted by what they say and by nothing else; equal rows in random order. The identifier still stands beside them."""
    present = [column for column in columns if column in people]
    shuffled = people[["candidate_id", *present]].iloc[SystemRandom().sample(range(len(people)), len(people))]
    # The panel's code of the blind zone decides nothing: it would order people by another zone's code.
    keys = [pd.factorize(shuffled[column].astype(object), sort=True)[0] for column in reversed(present) if column != "panel"]
    return shuffled.iloc[np.lexsort(keys)].reset_index(drop=True)


def ratings_of(people: pd.DataFrame, scores: BlindScores, codes: Mapping[str, str]) -> pd.DataFrame:
    """Who rated whom and how, by person number, with fresh codes; sorted by content."""
    number = {codes[candidate]: person for person, candidate in enumerate(people["candidate_id"]) if candidate in codes}
    ratings = scores.ratings.assign(person=scores.ratings["candidate"].astype(object).map(number))
    ratings = ratings.assign(assessor=fresh_codes(ratings["assessor"]), panel=ratings["person"].map(people["panel"]))
    present = [column for column in held.RATING_COLUMNS if column in ratings]
    return ratings[present].sort_values([c for c in present if c not in ("assessor", "panel")], ignore_index=True)


def fresh_codes(codes: pd.Series) -> pd.Series:
    """Random letters in place of another zone's codes."""
    places, distinct = pd.factorize(codes.astype(object))
    length = 2
    while len(_LETTERS) ** length < len(distinct):
        length += 1
    letters = SystemRandom().sample(["".join(each) for each in product(_LETTERS, repeat=length)], len(distinct))
    return pd.Series(np.array([*letters, None], dtype=object)[places], index=codes.index)
