"""Checks, offers and the wait in the pool, as the progress table tells them: in whole weeks, without a date."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from standardsetting.named.schemas import folded
from standardsetting.process.cohort import Cohort, FunnelStage

_WEEK = 7
_ENDED = ("not_passed", "withdrawn", "deferred")


def pool_facts(
    rows: pd.DataFrame,
    cohort: Cohort,
    stages: tuple[FunnelStage, ...],
    people: pd.Index,
    *,
    as_at: date | None,
    account: list[dict[str, Any]],
) -> pd.DataFrame:
    """One row a candidate (the index): the columns of `cohort.snapshot.pool_columns`; none where the process has no pool or no progress.

    Somebody waits from the day on which the last check was passed. The posting counts in the week in which it came, the first seven days
    being week 1, if that whole week lies before the end; who is still waiting was followed for the whole weeks until then. The end is the
    milestone's day, or, where it has none, the last day in the table. Whoever left the list was followed until then.

    Parameters
    ----------
    rows
        The rows of the progress table that are followed, oldest first: `candidate`, `step`, `outcome` (folded) and `date`.
    cohort
        Which stages people wait between, and the words of their outcomes.
    stages
        The stages after the standard, as far as the table has their steps.
    people
        The candidates.
    as_at
        The milestone's day.
    account
        Where it is said how many had no wait that could be known.
    """
    pool, kept = cohort.pool(), {stage.name: stage for stage in stages}
    if pool is None or rows.empty or not {stage.name for stage in pool} <= set(kept):
        return pd.DataFrame(index=people)
    since, until = (kept[stage.name] for stage in pool)
    rows = rows.assign(date=pd.to_datetime(rows["date"]))  # a table without the column has no type for it
    latest = rows.drop_duplicates(["candidate", "step"], keep="last")
    out = pd.DataFrame(index=people)
    for n, step in enumerate(pool[0].steps, start=1):
        out[f"check_{n}"] = _outcomes(latest[latest["step"] == folded(step)], since).reindex(people)
    offers = rows[rows["step"].isin(_folded(until.steps))]
    declined = offers[offers["outcome"].isin(_folded(cohort.waiting.declined))]
    left = _left(offers, declined, until, cohort.waiting.leaves_after)
    end = pd.Timestamp(as_at) if as_at is not None else rows["date"].dt.normalize().max()
    out = out.join(_weeks(_passed_on(latest, since), _passed_on(latest, until), left, people, end=end, account=account))
    out["offers"], out["offers_declined"] = (
        each.groupby("candidate").size().reindex(people, fill_value=0).astype(float) for each in (offers, declined)
    )
    return out


def _outcomes(rows: pd.DataFrame, stage: FunnelStage) -> pd.Series:
    """1 passed, 0 not passed, -1 neither yet."""
    passed, failed = (rows["outcome"].isin(_folded(words)) for words in (stage.passed, stage.not_passed))
    return pd.Series(np.where(passed, 1.0, np.where(failed, 0.0, -1.0)), index=pd.Index(rows["candidate"], dtype=object), dtype=float)


def _passed_on(latest: pd.DataFrame, stage: FunnelStage) -> pd.Series:
    """The day on which the last step was passed, of everybody who passed them all; missing where the day of a step is."""
    mine = latest[latest["step"].isin(_folded(stage.steps)) & latest["outcome"].isin(_folded(stage.passed))]
    days = mine.groupby("candidate")["date"]
    known = days.count() == days.size()
    return days.max().where(known)[days.size() == len(set(_folded(stage.steps)))].dt.normalize()


def _left(offers: pd.DataFrame, declined: pd.DataFrame, until: FunnelStage, leaves_after: int) -> pd.Series:
    """The day on which somebody left the list: by declining once too often, or by the outcome of the last row."""
    too_often = declined[declined.groupby("candidate").cumcount() == leaves_after - 1]
    last = offers.drop_duplicates("candidate", keep="last")
    out = last[last["outcome"].isin(_folded(tuple(word for kind in _ENDED for word in getattr(until, kind))))]
    days = pd.concat([too_often, out]).groupby("candidate")["date"]
    return days.min().where(days.count() == days.size()).dt.normalize()


def _weeks(
    entered: pd.Series, posted: pd.Series, left: pd.Series, people: pd.Index, *, end: pd.Timestamp, account: list[dict[str, Any]]
) -> pd.DataFrame:
    """Whole weeks that each was followed and how they ended; missing where a day is not known or something came before the last check."""
    in_pool, has_posting = people.isin(entered.index), people.isin(posted.index)
    off_the_list = people.isin(left.index) & ~has_posting
    begun = entered.reindex(people)
    until_posted, until_left = ((days.reindex(people) - begun).dt.days.to_numpy(dtype=float) for days in (posted, left))
    # Whoever left the list is followed like those who wait: so the share is of everybody who entered the pool.
    followed = (end - begun).dt.days.to_numpy(dtype=float) // _WEEK
    week = np.maximum(np.ceil(until_posted / _WEEK), 1)
    ends = np.where(has_posting, until_posted, np.where(off_the_list, until_left, 0))
    known = in_pool & (ends >= 0) & (followed >= 0)  # comparisons with a missing day are false
    within = has_posting & (week <= followed)
    if unknown := int((in_pool & ~known).sum()):
        why = "a day is missing, or the posting came before the last check: how long they waited is not known"
        account.append({"what": "people who passed every check and whose wait is not known", "count": unknown, "why": why})
    flags = {name: pd.Series(flag, index=people, dtype="boolean").where(pd.Series(known, index=people))
             for name, flag in (("pool_posted", within), ("pool_left", off_the_list))}  # fmt: skip
    return pd.DataFrame({"pool_weeks": np.where(known, np.where(within, week, followed), np.nan), **flags}, index=people)


def _folded(words: tuple[str, ...]) -> list[str]:
    return [folded(word) for word in words]
