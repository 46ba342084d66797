"""Checks, offers and the wait in the pool: from the progress table to the sections of a release."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from standardsetting import Process
from standardsetting.blind.decide import seal_standard
from standardsetting.blind.scores import BlindScores
from standardsetting.cohort.diversity import after_interview, cube_of, diversity_release, interview
from standardsetting.cohort.diversity.compared import Shown
from standardsetting.cohort.diversity.declared import people_of
from standardsetting.cohort.snapshot import CohortSnapshot, pool_columns
from standardsetting.disclosure.policy import CONFIDENTIAL, Policy
from standardsetting.disclosure.protect import protect
from standardsetting.disclosure.release import Release
from standardsetting.errors import FindingsError
from standardsetting.named.close import close
from standardsetting.named.pool import pool_facts
from standardsetting.named.snapshot import take
from standardsetting.process.cohort import Cohort, FunnelStage, Waiting
from standardsetting.shipped import shipped
from standardsetting.stages import BLIND

NOW, END = datetime(2024, 6, 3, 12, tzinfo=UTC), date(2024, 3, 1)
POLICY = Policy()
COHORT = Cohort(
    stages=(FunnelStage(name="checks_passed", steps=("medical", "vetting")), FunnelStage(name="posted", steps=("posting offer",))),
    waiting=Waiting(weeks=1),
)


def facts(*rows: tuple[str, str, str, str], as_at: date | None = END, cohort: Cohort = COHORT) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    table = pd.DataFrame(rows, columns=["candidate", "step", "outcome", "date"], dtype=object)
    table["date"] = pd.to_datetime(table["date"])
    account: list[dict[str, Any]] = []
    people = pd.Index(["a", "b", "c"])
    table = table.sort_values("date", kind="stable", na_position="first")
    return pool_facts(table, cohort, cohort.stages, people, as_at=as_at, account=account), account


def in_pool(who: str, day: str = "2024-01-02") -> tuple[tuple[str, str, str, str], ...]:
    return (who, "medical", "passed", "2024-01-01"), (who, "vetting", "passed", day)


@pytest.mark.parametrize(("day", "week"), [("2024-01-02", 1), ("2024-01-09", 1), ("2024-01-10", 2), ("2024-01-16", 2), ("2024-01-17", 3)])
def test_a_posting_counts_in_the_week_in_which_it_came(day: str, week: int) -> None:
    found, account = facts(*in_pool("a"), ("a", "posting offer", "accepted", day))
    assert (found.loc["a", "pool_weeks"], found.loc["a", "pool_posted"]) == (week, True)
    assert not account and found.loc["b"].drop(["offers", "offers_declined"]).isna().all()


def test_who_still_waits_was_followed_for_the_whole_weeks_until_the_milestone() -> None:
    found, _ = facts(*in_pool("a"), *in_pool("b", "2024-02-20"), ("b", "posting offer", "accepted", "2024-02-29"))
    assert found.loc["a", ["pool_weeks", "pool_posted", "pool_left"]].tolist() == [8, False, False]
    # The second week of b was not over on the day: a posting in it may not count where one that did not come could not.
    assert found.loc["b", ["pool_weeks", "pool_posted"]].tolist() == [1, False]


def test_without_a_day_of_the_milestone_the_last_day_of_the_table_is_the_end() -> None:
    found, _ = facts(*in_pool("a"), *in_pool("b", "2024-02-06"), as_at=None)
    assert found["pool_weeks"].tolist()[:2] == [5, 0]


def test_whoever_declined_three_offers_or_withdrew_left_the_list_and_is_followed_like_who_waits() -> None:
    days = ("2024-01-05", "2024-01-12", "2024-01-24")
    found, _ = facts(
        *in_pool("a"), *(("a", "posting offer", "declined", day) for day in days),
        *in_pool("b"), ("b", "posting offer", "withdrawn", "2024-01-10"),
        *in_pool("c"), *(("c", "posting offer", "declined", day) for day in days[:2]), ("c", "posting offer", "accepted", days[2]),
    )  # fmt: skip
    assert found["pool_weeks"].tolist() == [8, 8, 4] and found["pool_left"].tolist() == [True, True, False]
    assert found["pool_posted"].tolist() == [False, False, True]
    assert found["offers"].tolist() == [3, 1, 3] and found["offers_declined"].tolist() == [3, 0, 2]


@pytest.mark.parametrize(
    "rows",
    [
        (*in_pool("a"), ("a", "posting offer", "accepted", "2023-12-20")),
        (*in_pool("a"), ("a", "posting offer", "accepted", None)),
        (("a", "medical", "passed", None), ("a", "vetting", "passed", "2024-01-02")),
    ],
    ids=["posting before the last check", "posting without a day", "check without a day"],
)
def test_a_wait_that_cannot_be_known_is_left_out_and_counted(rows: tuple[tuple[str, str, str, str], ...]) -> None:
    found, account = facts(*rows)
    assert found.loc["a", ["pool_weeks", "pool_posted", "pool_left"]].isna().all()
    assert [row["count"] for row in account] == [1]


def test_what_became_of_each_check() -> None:
    found, _ = facts(("a", "medical", "not passed", "2024-01-01"), ("b", "medical", "pending", "2024-01-01"), *in_pool("c"))
    assert found["check_1"].tolist() == [0, -1, 1] and found["check_2"].isna().tolist() == [True, True, False]
    assert found["pool_weeks"].notna().tolist() == [False, False, True]


def test_a_process_without_a_pool_has_no_columns() -> None:
    assert facts(cohort=COHORT)[0].columns.empty
    one = COHORT.model_copy(update={"stages": COHORT.stages[:1]})
    assert one.pool() is None and facts(*in_pool("a"), cohort=one)[0].columns.empty


@pytest.mark.parametrize("waiting", [{"since": "posted", "until": "checks_passed"}, {"since": "met_standard"}, {"weeks": 0}])
def test_a_wait_that_makes_no_sense_is_refused(waiting: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Cohort.model_validate({"waiting": waiting})


# From the shipped process on: the tables, the snapshot, the sections.


def decided(folder: Path) -> Process:
    shutil.copytree(shipped("data") / "sergeant-2023", folder)
    process = Process.load(folder)
    close(process, folder, when=NOW)
    seal_standard(BlindScores.read(folder / BLIND), folder, cut=14, rationale="for a test", by=["A Person"], evidence={}, when=NOW)
    return process


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Process, CohortSnapshot]:
    folder = tmp_path_factory.mktemp("after") / "process"
    process = decided(folder)
    return folder, process, CohortSnapshot.read(take(process, folder, milestone="pool", when=NOW).folder)


@pytest.fixture(scope="module")
def shown(made: Any) -> Shown:
    return Shown(protect(cube_of(made[2])), people_of(made[2]))


@pytest.fixture(scope="module")
def release(made: Any, shown: Shown) -> Release:
    return diversity_release(made[2], shown.cube, tier="director", number=1)


def test_the_snapshot_carries_whole_weeks_and_no_date(made: Any) -> None:
    folder, process, snapshot = made
    columns = pool_columns(process, snapshot.stages)
    assert set(columns) <= set(snapshot.people) and "check_4" in columns
    assert not any(pd.api.types.is_datetime64_any_dtype(kind) for kind in snapshot.people.dtypes)
    table = pd.read_csv(folder / "progress.csv", dtype=str)
    when = pd.to_datetime(table["Date"], dayfirst=True)
    checks = when[table["Step"] != "posting offer"].groupby(table["Applicant Ref"]).max()
    accepted = (table["Step"] == "posting offer") & (table["Outcome"] == "accepted")
    days = (when[accepted].set_axis(table.loc[accepted, "Applicant Ref"]) - checks).dropna().dt.days
    weeks = snapshot.people.loc[snapshot.people["pool_posted"].fillna(False).to_numpy(dtype=bool), "pool_weeks"]
    assert sorted(weeks) == sorted(np.maximum(np.ceil(days / 7), 1))


def test_before_the_pool_nothing_of_it_passes(made: Any) -> None:
    folder, process, _ = made
    early = CohortSnapshot.read(take(process, folder, milestone="interview_outcomes", when=NOW).folder)
    assert not {column for column in early.people if column.startswith(("check_", "pool_", "offers"))}
    assert not after_interview.on_record(early)
    protected = protect(cube_of(early))
    assert "waiting" not in diversity_release(early, protected, tier="director", number=1).sections


def test_counts_stand_as_the_cube_has_them(release: Release) -> None:
    rows = release["after_interview"].table.set_index(["step", "what"])["shown"]
    everybody = release["counts"].table.query("group == 'everybody'").drop_duplicates(["stage", "measure"])
    cube = everybody.set_index(["stage", "measure"])["shown"]
    assert rows["All checks", "went in"] == cube["checks_passed", "entered"]
    assert rows["All checks", "passed them all"] == cube["checks_passed", "passed"]
    assert rows["Posting", "accepted"] == cube["posted", "passed"]
    assert rows["Medical", "did not pass"] == CONFIDENTIAL and rows["Fitness", "did not pass"] == "10"
    assert rows["Posting", "declined an offer"] == "25"


def test_everybody_s_wait_is_told_week_by_week_with_its_interval(release: Release) -> None:
    table = release["waiting"].table
    # Of 144 in the pool 41 were posted in the first week and 77 in the second; nobody later.
    assert table["time"].tolist() == ["weeks_1", "weeks_2"] and table["share"].tolist() == ["28%", "82%"]
    assert table["interval"].tolist() == ["22% to 37%", "75% to 88%"]
    assert "Half of them had been posted within 2 weeks." in release["waiting"].sentences


def test_groups_that_are_too_small_in_the_pool_are_not_told(release: Release) -> None:
    assert release["waiting_groups"].table.empty
    assert all("cannot be told" in text or "not told" in text for text in release["waiting_groups"].sentences)


def test_the_public_has_everybody_s_part_alone(made: Any, shown: Shown, release: Release) -> None:
    public = diversity_release(made[2], shown.cube, tier="public", number=1)
    assert "waiting_groups" not in public.sections
    for name in ("after_interview", "waiting"):
        pd.testing.assert_frame_equal(public[name].table, release[name].table)


def test_groups_are_not_looked_at_again_once_another_snapshot_told_of_them(made: Any, shown: Shown) -> None:
    for told, pairs in (((), 2), (("gates",), 2), (("waiting_groups",), 0)):
        part = diversity_release(made[2], shown.cube, tier="director", number=2, told_before=told)["waiting_groups"]
        assert sum("how long each group waited" in text for text in part.sentences) == pairs


def sections(snapshot: CohortSnapshot, shown: Shown) -> dict[str, Any]:
    pairs = interview.pairs(snapshot, shown)
    return {
        "after_interview": after_interview.checks_and_offers(snapshot, shown),
        "waiting": after_interview.waiting(snapshot, POLICY),
        "waiting_groups": after_interview.waiting_by_group(snapshot, pairs, shown),
    }


def changed(made: Any, **columns: Any) -> CohortSnapshot:
    return replace(made[2], people=made[2].people.assign(**columns))


def test_without_a_progress_table_each_part_says_so(made: Any, shown: Shown) -> None:
    columns = [c for c in made[2].people if c.startswith(("check_", "pool_", "offers"))]
    found = sections(replace(made[2], people=made[2].people.drop(columns=columns)), shown)
    assert all(part.table.empty and part.sentences == (after_interview._NOTHING,) for part in found.values())
    told = diversity_release(replace(made[2], people=made[2].people.drop(columns=columns)), shown.cube, tier="director", number=1)
    assert told["waiting"].sentences and "waiting_groups" not in told.sections


def test_with_nobody_posted_and_with_everybody_posted_there_is_a_sentence_and_no_share(made: Any, shown: Shown) -> None:
    pool = (made[2].people["stage_checks_passed"] == "passed").to_numpy()
    for flag in (False, True):
        weeks, posted = np.where(pool, 1.0 if flag else 6.0, np.nan), pd.array(np.where(pool, flag, None), dtype="boolean")
        found = sections(changed(made, pool_weeks=weeks, pool_posted=posted), shown)
        assert found["waiting"].table.empty and "cannot be told" in found["waiting"].sentences[0]
        assert found["waiting_groups"].table.empty and found["waiting_groups"].sentences
        assert "100%" not in json.dumps([part.sentences for part in found.values()])


def test_unknown_days_are_said_and_stop_the_groups(made: Any, shown: Shown) -> None:
    pool = np.flatnonzero(made[2].people["stage_checks_passed"] == "passed")
    weeks = made[2].people["pool_weeks"].copy()
    weeks.iloc[pool[:3]] = np.nan
    assert after_interview.time_for_groups(changed(made, pool_weeks=weeks), POLICY) is None
    said = after_interview.waiting(changed(made, pool_weeks=weeks), POLICY)
    assert "is left out" in said.sentences[-1] and not any(char.isdigit() for char in said.sentences[-1])
    for few in (20, len(pool)):
        weeks.iloc[pool[:few]] = np.nan
        nothing = after_interview.waiting(changed(made, pool_weeks=weeks), POLICY)
        assert nothing.table.empty and "too many days" in nothing.sentences[0]


def test_a_date_that_cannot_be_read_is_a_finding(tmp_path: Path) -> None:
    folder = tmp_path / "process"
    process = decided(folder)
    file = folder / "progress.csv"
    file.write_text(file.read_text(encoding="utf-8").replace("23/10/2023", "23/10/23", 1), encoding="utf-8")
    with pytest.raises(FindingsError):
        take(process, folder, milestone="pool", when=NOW)


@pytest.mark.parametrize(
    ("true", "n", "ever", "told"),
    [
        ((30, 20, 40), 70, 50, ((30, 70), (30, 80))),
        ((32, 18, 38), 70, 50, ((30, 70), (30, 80))),
        ((30, 20, 40), 45, 50, None),  # fewer than 50 of the group
        ((30, 20, 40), 105, 50, None),  # fewer than 50 of the others
        ((9, 41, 61), 70, 50, None),  # nine posted by then, though they round to ten
        ((41, 9, 29), 70, 50, None),  # nine posted later
        ((52, 20, 18), 70, None, None),  # of everybody else eight were posted by then
        ((30, 20, 40), 70, 35, None),  # as told five were posted later
        ((30, 20, 40), None, None, None),
    ],
)
def test_a_group_s_share_stays_ten_people_away_from_every_other_count(
    true: tuple[int, int, int], n: int | None, ever: int | None, told: Any
) -> None:
    assert after_interview.told_of(true, (60, 40, 90), n, ever, POLICY) == told


@pytest.mark.parametrize(("early", "later", "told"), [(22, 22, True), (21, 40, False), (40, 21, False)])
def test_a_time_leaves_values_enough_between_two_parts_of_ten(made: Any, early: int, later: int, told: bool) -> None:
    """Of 21 people both parts are ten or more only where one is ten: readers could work it out."""
    pool = np.flatnonzero(made[2].people["stage_posted"] == "passed")
    waiting = (made[2].people["stage_checks_passed"] == "passed").to_numpy()
    weeks, posted, keep = np.where(waiting, 8.0, np.nan), np.zeros(len(waiting), dtype=bool), waiting.copy()
    posted[pool] = True
    keep[pool[early + later :]] = False
    weeks[pool[:early]], weeks[pool[early:]] = 1, 8
    stage = np.where(keep, "passed", "not passed")
    snapshot = changed(
        made, pool_weeks=weeks, pool_posted=pd.array(np.where(waiting, posted, None), dtype="boolean"), stage_checks_passed=stage
    )
    found = after_interview.time_for_groups(snapshot, POLICY)
    assert (found is not None) is told


def test_a_count_gives_way_where_what_it_leaves_is_nearly_known() -> None:
    """Of 28 lost 18 and 10 did not pass: beside both, readers would know that hardly anybody stopped otherwise."""
    assert after_interview._not_passed(221, (18, 10), 193, POLICY) == ["20", CONFIDENTIAL]
    assert after_interview._not_passed(221, (20, 0), 201, POLICY) == [CONFIDENTIAL, CONFIDENTIAL]
    assert after_interview._not_passed(166, (2, 3, 11, 6), 144, POLICY) == [CONFIDENTIAL, CONFIDENTIAL, "10", CONFIDENTIAL]
    assert after_interview._offers("115", 113, 102, 33, "70", POLICY) == ("100", CONFIDENTIAL)
    assert after_interview._offers("165", 163, 144, 26, "115", POLICY) == ("145", "25")
    assert after_interview._offers("10", 12, 10, 0, CONFIDENTIAL, POLICY) == (CONFIDENTIAL, CONFIDENTIAL)
    # Nearly everybody had an offer: hidden, as the cube hides a stage at which few were lost.
    assert after_interview._offers("145", 146, 144, 26, "120", POLICY) == (CONFIDENTIAL, "25")


def test_a_group_s_line_says_both_shares_and_what_chance_explains(made: Any, shown: Shown) -> None:
    """A pool of four hundred, half of them women, who were posted later: the shares come from counts rounded to five."""
    people = pd.concat([made[2].people] * 4, ignore_index=True)
    pool = (people["stage_checks_passed"] == "passed").to_numpy()
    women = pool & (people["sex"] == "female").to_numpy()
    turn = np.cumsum(women) * women + np.cumsum(pool & ~women) * (pool & ~women)
    mine, theirs = np.array([1] * 3 + [3] * 3 + [9] * 4), np.array([1] * 6 + [3] * 2 + [9] * 2)
    weeks = np.where(women, mine[turn % 10], theirs[turn % 10])
    posted = pool & (weeks < 9)
    people = people.assign(
        pool_weeks=np.where(pool, weeks, np.nan), pool_posted=pd.array(np.where(pool, posted, None), dtype="boolean"),
        pool_left=pd.array(np.where(pool, False, None), dtype="boolean"),
        stage_posted=np.where(posted, "passed", np.where(pool, "pending", "not reached")),
        ended_at=np.where(pool, "posted", people["ended_at"].astype(str)),
        ending=np.where(pool, np.where(posted, "posted: passed", "posted: pending"), people["ending"]),
    )  # fmt: skip
    large = replace(made[2], people=people)
    seen = Shown(protect(cube_of(large)), people_of(large))
    section = after_interview.waiting_by_group(large, interview.pairs(large, seen), seen)
    rows = section.table[section.table["characteristic"] == "sex"]
    n, within = seen.count(("sex",), "Female", "checks_passed", "passed"), after_interview.time_for_groups(large, POLICY)
    assert n is not None and within is not None and within.weeks == 1
    a = POLICY.rounded(int((women & (weeks == 1)).sum()))
    assert rows["share"].tolist()[0] == f"{round(100 * a / n)}%" and rows["time"].unique().tolist() == ["weeks_1"]
    sentence = section.sentences[0]
    assert rows["share"].iloc[0] in sentence and "fewer" in sentence and "more than chance explains" in sentence


def test_without_any_day_the_wait_is_not_known_and_nothing_fails() -> None:
    table = pd.DataFrame(
        [("a", step, "passed", pd.NaT) for step in ("medical", "vetting")] + [("a", "posting offer", "accepted", pd.NaT)],
        columns=["candidate", "step", "outcome", "date"],
    )
    for dates in (table, table.assign(date=None)):
        account: list[dict[str, Any]] = []
        found = pool_facts(dates, COHORT, COHORT.stages, pd.Index(["a"]), as_at=None, account=account)
        assert found["pool_weeks"].isna().all() and account[0]["count"] == 1
