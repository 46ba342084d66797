"""Releasing: two people, and a record for every report that somebody receives."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from standardsetting import Process, preparing, records, releasing
from standardsetting.disclosure import releases
from standardsetting.errors import UsageError
from standardsetting.shipped import shipped

PUBLIC = {"kind": "cohort-diversity", "tier": "public", "seal": "ab"}


def released(report: dict[str, str], recipient: str, record: int = 1) -> dict[str, Any]:
    return {"cells": [], "cube": "cd", "milestone": "pool", "report": report, "recipients": [recipient], "record": record}


def test_who_received_one_report_has_not_received_another() -> None:
    """The press office has the public tables; the director's report needs a record of its own, though its cube is the same."""
    history = releases.History((released(PUBLIC, "press office"),))
    assert releasing._received(history, PUBLIC) == {"press office"}
    assert releasing._received(history, {**PUBLIC, "tier": "director"}) == set()
    assert releasing._received(history, {**PUBLIC, "seal": "other"}) == set()


@pytest.mark.parametrize(("prepared", "signed"), [("A", "A"), ("A. Person", " a. person "), ("", "B"), ("A", " ")])
def test_nobody_signs_what_they_prepared(prepared: str, signed: str, tmp_path: Path) -> None:
    process = Process.load(shipped("data") / "sergeant-2023")
    with pytest.raises(UsageError):
        releasing.release("cohort-diversity", process, tmp_path, prepared_by=prepared, signed_by=signed)
    assert not list(tmp_path.iterdir())  # refused before anything was read, built or recorded


@pytest.mark.parametrize("more", [{"recipients": ["press office", " "]}, {"reports": "cohort/held"}, {"reports": "cohort"}])
def test_a_recipient_has_a_name_and_nothing_is_published_among_the_held(more: dict[str, Any], tmp_path: Path) -> None:
    process = Process.load(shipped("data") / "sergeant-2023")
    if "reports" in more:
        more = {"reports": tmp_path / more["reports"]}
    with pytest.raises(UsageError):
        releasing.release("cohort-diversity", process, tmp_path, prepared_by="Ada One", signed_by="Bo Two", **more)
    assert not list(tmp_path.iterdir())


def test_the_newest_record_says_which_report_is_held() -> None:
    def record(number: int, kind: str, **body: str) -> records.Record:
        return records.Record(number, kind, "", body, "")

    chain = (
        record(1, preparing.HELD_RECORD, run="a", manifest="1", release="x"),
        record(2, preparing.HELD_RECORD, run="a", manifest="2", release="x"),
        record(3, preparing.HELD_RECORD, run="b", manifest="3", release="y"),
        record(4, "disclosure release", run="a", manifest="4", release="x"),
    )
    assert [preparing.newest_held(chain, run=run).get("manifest") for run in "abc"] == ["2", "3", None]
    assert preparing.newest_held(chain, release="x")["manifest"] == "2"


def test_the_first_release_stays_the_first_however_often_it_is_made() -> None:
    history = releases.History((released(PUBLIC, "press office"),))
    assert preparing._changes(history, "cd") == preparing._changes(releases.History(()), "cd")
    assert preparing._changes(history, "another cube") != preparing._changes(history, "cd")


def test_a_release_after_the_standard_was_set_anew_says_so_for_good() -> None:
    first, anew = released(PUBLIC, "director", 3), {**released(PUBLIC, "director", 6), "cube": "ef"}
    before, after = releases.History((first,), (1,)), releases.History((first,), (1, 5))
    assert preparing._changes(before, "ef") == preparing._changes(after, "ef")[1:]
    assert "set anew" in preparing._changes(after, "ef")[0]
    # Once it is out, another change of the standard does not change what it said.
    assert preparing._changes(releases.History((first, anew), (1, 5, 8)), "ef") == preparing._changes(after, "ef")


def test_what_stands_beside_the_cube_is_told_of_one_snapshot_alone() -> None:
    def history(*told: tuple[str, list[str]]) -> releases.History:
        bodies = ({**released({**PUBLIC, "snapshot": seal}, "director", n), "told_once": once} for n, (seal, once) in enumerate(told))
        return releases.History(tuple(bodies))

    def before(seal: str, *told: tuple[str, list[str]]) -> set[str]:
        return set(preparing._told_before(history(*told), SimpleNamespace(seal=seal)))  # type: ignore[arg-type]

    sift, first, second = ("s", []), ("a", ["gates", "effects"]), ("b", ["waiting_groups"])
    assert before("a") == before("a", sift) == before("a", sift, first) == before("a", sift, first, second) == set()
    assert before("b", sift, first) == before("b", sift, first, second) == {"gates", "effects"}
    assert before("c", sift, first, second) == {"gates", "effects", "waiting_groups"}


def test_the_milestone_is_the_last_whose_day_has_come() -> None:
    process = Process.load(shipped("data") / "sergeant-2023")
    later = process.model_copy(update={"cohort": process.cohort.model_copy(update={"milestones": {"pool": date(2024, 2, 1)}})})
    assert preparing._latest_milestone(later, date(2024, 1, 31)) == "interview_outcomes"
    assert preparing._latest_milestone(later, date(2024, 2, 1)) == "pool"


def test_workshops_have_a_history_of_their_own() -> None:
    both = releases.History((released(PUBLIC, "a"), {**released(PUBLIC, "b"), "milestone": "workshops"}, {"source": "press", "told": []}))
    assert [len(both.about(milestone).bodies) for milestone in ("pool", "workshops")] == [2, 1]
