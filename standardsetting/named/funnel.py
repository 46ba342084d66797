"""Where each candidate is in the funnel, as the named tables tell it: applied, eligible, interviewed, and the stages after the standard.

The two stages in between, the hurdles and the standard itself, are decided where scores may be seen: behind the second door.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from standardsetting.named.cells import on_distinct
from standardsetting.named.findings import Gathering
from standardsetting.named.outstanding import EXCEPTED, INCOMPLETE, SCORED
from standardsetting.named.pool import pool_facts
from standardsetting.named.schemas import folded
from standardsetting.named.validate import Checked
from standardsetting.process import Process
from standardsetting.process.cohort import APPLIED, ELIGIBLE, FIRST_STAGES, INTERVIEWED, FunnelStage

PASSED, NOT_PASSED, DEFERRED, PENDING = "passed", "not passed", "deferred", "pending"
# An exception's reason, or the status of an interview that will not take place, as a state of the funnel.
_STATE_OF = {"withdrawn": "withdrawn", "deferred": DEFERRED, "did not attend": "did not attend", "interview void": "void", "void": "void"}
# Which list of a stage's outcomes is which state; of several steps the first of these decides.
_OUTCOMES = {
    "not_passed": NOT_PASSED, "withdrawn": "withdrawn", "deferred": DEFERRED, "appealed": "appealed", "reserve_listed": "reserve listed",
    "pending": PENDING, "passed": PASSED,
}  # fmt: skip


@dataclass(frozen=True)
class Funnel:
    """States by candidate (the index), one column `stage_<stage>`; which stages there are; and what was read and left out.

    `after` has what else is known of checks, offers and the wait in the pool.
    """

    states: pd.DataFrame
    after: pd.DataFrame
    stages: tuple[str, ...]
    account: tuple[dict[str, Any], ...]


def funnel(checked: Checked, process: Process, people: pd.Index, *, as_at: date | None, gathering: Gathering) -> Funnel:
    """The state of each candidate at each stage by itself, whatever came before it.

    Parameters
    ----------
    checked
        The checked tables.
    process
        The definition with its `[cohort]`.
    people
        The candidates.
    as_at
        Rows of the progress table after this day are not followed.
    gathering
        Where findings go.
    """
    account: list[dict[str, Any]] = []
    states = pd.DataFrame(index=people)
    states[f"stage_{APPLIED}"] = PASSED
    interviewed = _interviewed(checked, people)
    states[f"stage_{ELIGIBLE}"] = _eligible(checked, people, interviewed.notna(), account)
    deferred = _text(checked, "deferral", people).notna()
    without = interviewed.isna() & (states[f"stage_{ELIGIBLE}"] == PASSED)
    states[f"stage_{INTERVIEWED}"] = interviewed.fillna(pd.Series(np.where(deferred, DEFERRED, PENDING), index=people, dtype=object))
    _count(account, "eligible candidates deferred before an interview was booked", int((without & deferred).sum()), "counted as deferred")
    _count(account, "eligible candidates without an interview", int((without & ~deferred).sum()), "counted as pending at the interview")
    after = _stages_after(checked, process, account)
    pool = pd.DataFrame(index=people)
    if after:
        rows = _progress(checked, after, as_at, account, gathering)
        latest = rows.drop_duplicates(["candidate", "step"], keep="last")
        for stage in after:
            states[f"stage_{stage.name}"] = _stage(stage, latest).reindex(people, fill_value=PENDING)
        pool = pool_facts(rows, process.cohort, after, people, as_at=as_at, account=account)
    return Funnel(states, pool, (*FIRST_STAGES, *(stage.name for stage in after)), tuple(account))


def _interviewed(checked: Checked, people: pd.Index) -> pd.Series:
    """What became of each candidate's interview; missing where none is listed."""
    standing = checked.standing
    status, reason = standing["status"].astype(object), standing["reason"].astype(object)
    held = standing["standing"].isin([SCORED, INCOMPLETE]) | (status == "completed")
    state = np.where(standing["standing"] == EXCEPTED, reason.map(_STATE_OF), np.where(held, PASSED, status.map(_STATE_OF).fillna(PENDING)))
    return pd.Series(state, index=pd.Index(standing["candidate_id"].astype(object)), dtype=object).reindex(people)


def _eligible(checked: Checked, people: pd.Index, listed: pd.Series, account: list[dict[str, Any]]) -> np.ndarray:
    """Passed, not passed or pending. Who has an interview was found eligible, whatever the column says."""
    stated = pd.Series(pd.NA, index=people, dtype="boolean")
    candidates = checked.tables.get("candidates")
    if candidates is not None and "eligible" in candidates:
        stated = pd.Series(candidates["eligible"].array, index=pd.Index(candidates["candidate_id"].astype(object))).reindex(people)
    refused = (stated == False).fillna(False).to_numpy(dtype=bool)  # noqa: E712
    found = (stated == True).fillna(False).to_numpy(dtype=bool) | listed.to_numpy()  # noqa: E712
    both = int((refused & listed.to_numpy()).sum())
    _count(account, "not eligible and yet with an interview", both, "counted as eligible: somebody decided so afterwards")
    _count(account, "neither found eligible nor not", int((~refused & ~found).sum()), "counted as pending at the sift")
    return np.where(found, PASSED, np.where(refused, NOT_PASSED, PENDING)).astype(object)


def _text(checked: Checked, column: str, people: pd.Index) -> pd.Series:
    candidates = checked.tables.get("candidates")
    if candidates is None or column not in candidates:
        return pd.Series(None, index=people, dtype=object)
    return pd.Series(candidates[column].astype(object).to_numpy(), index=pd.Index(candidates["candidate_id"].astype(object))).reindex(
        people
    )


def _stages_after(checked: Checked, process: Process, account: list[dict[str, Any]]) -> tuple[FunnelStage, ...]:
    """The stages after the standard. Those of the definition as they are; of the workbench's own, what the progress table knows of."""
    cohort, progress = process.cohort, checked.tables.get("progress")
    if "stages" in cohort.model_fields_set:
        return cohort.stages
    steps = {folded(step) for step in progress["step"].dropna().unique()} if progress is not None and "step" in progress else set()
    kept = []
    for stage in cohort.stages:
        known = tuple(step for step in stage.steps if folded(step) in steps)
        if known:
            kept.append(stage.model_copy(update={"steps": known}))
        else:
            account.append({"what": f"stage {stage.label}", "count": 0, "why": "the progress table has no step of it: left out"})
    return tuple(kept)


def _progress(
    checked: Checked, stages: tuple[FunnelStage, ...], as_at: date | None, account: list[dict[str, Any]], gathering: Gathering
) -> pd.DataFrame:
    """The rows that are followed, oldest first: `candidate`, `step` and `outcome` (folded text, blank where missing), and `date`."""
    table = checked.tables.get("progress")
    if table is None or not {"candidate_id", "step"} <= set(table):
        return pd.DataFrame(columns=["candidate", "step", "outcome", "date"])
    rows = pd.DataFrame({"candidate": table["candidate_id"].astype(object)}, index=table.index)
    rows["step"] = on_distinct(table["step"], folded, missing="")
    rows["outcome"] = on_distinct(table["outcome"], folded, missing="") if "outcome" in table else ""
    rows["date"] = table.get("date", pd.NaT)
    rows = rows[rows["candidate"].notna()]
    if as_at is not None:
        late = rows["date"] >= pd.Timestamp(as_at) + pd.Timedelta(days=1)
        _count(account, "rows of the progress table after the milestone", int(late.sum()), "not followed")
        rows = rows[~late]
    asked = {folded(step) for stage in stages for step in stage.steps}
    _count(account, "rows of the progress table of other steps", int((~rows["step"].isin(asked)).sum()), "no stage is made from them")
    for stage in stages:
        known = {folded(word) for kind in _OUTCOMES for word in getattr(stage, kind)} | {""}
        mine = rows["step"].isin({folded(step) for step in stage.steps})
        strange = rows.index[mine & ~rows["outcome"].isin(known)] if not stage.any_outcome else rows.index[:0]
        sentence = f"An outcome that the stage {stage.label} knows was expected; the cell holds another. List it in [[cohort.stages]]."
        gathering.add("progress", "outcome not known", sentence, column="outcome", rows=strange)
    return rows.sort_values("date", kind="stable", na_position="first")


def _stage(stage: FunnelStage, rows: pd.DataFrame) -> pd.Series:
    """The state of everybody who has a row of one of the stage's steps."""
    steps = [folded(step) for step in stage.steps]
    mine = rows[rows["step"].isin(steps)]
    if stage.any_outcome:
        return pd.Series(PASSED, index=pd.Index(mine["candidate"].unique(), dtype=object), dtype=object)
    state_of = {folded(word): state for kind, state in reversed(_OUTCOMES.items()) for word in getattr(stage, kind)}
    rank = {state: place for place, state in enumerate(_OUTCOMES.values())}
    states = mine["outcome"].map(state_of).fillna(PENDING)
    worst = states.map(rank).groupby(mine["candidate"]).min()
    complete = mine.groupby("candidate")["step"].nunique() == len(set(steps))
    told = worst.map(list(_OUTCOMES.values()).__getitem__).astype(object)
    return told.mask((told == PASSED) & ~complete, PENDING)


def _count(account: list[dict[str, Any]], what: str, count: int, why: str) -> None:
    if count:
        account.append({"what": what, "count": count, "why": why})
