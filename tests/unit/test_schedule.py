"""When reports are due: at a stage, a milestone, or by the clock, in the process's own zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from standardsetting.process import Process
from standardsetting.reporting.schedule import Due, due, next_due, status

LONDON = ZoneInfo("Europe/London")


def process(*entries: dict[str, Any], zone: str = "Europe/London", **dates: Any) -> Process:
    return Process.from_mapping(
        {
            "process": {"id": "p", "title": "P", "time_zone": zone},
            "scale": {"minimum": 1, "maximum": 5},
            "values": [{"name": "a", "hurdle": 3}],
            "dates": dates,
            "schedule": [{"report": "standard-setting", **entry} for entry in entries],
        }
    )


def ran(when: datetime, outcome: str = "published") -> dict[str, Any]:
    return {"when": when.isoformat(), "kind": "standard-setting", "run": "r", "outcome": outcome}


def at(*when: int) -> datetime:
    return datetime(*when, tzinfo=LONDON)  # type: ignore[misc, arg-type]


def since(p: Process, journal: list[dict[str, Any]], now: datetime, stage: str = "closed") -> list[datetime | None]:
    return [d.since for d in due(p, stage, journal, now)]


def test_nothing_is_due_before_the_stage_the_report_needs() -> None:
    p = process({"every": "day"}, {"at_stage": "closed"})
    assert due(p, "open", [], at(2023, 10, 2, 9)) == []


def test_assessor_quality_is_due_while_the_process_is_open() -> None:
    p = process({"report": "assessor-quality", "every": "day", "at": "06:00:00"}, {"every": "day"})
    assert [d.report for d in due(p, "open", [], at(2023, 10, 2, 9))] == ["assessor-quality"]
    assert {d.report for d in due(p, "closed", [], at(2023, 10, 2, 9))} == {"assessor-quality", "standard-setting"}


def test_a_stage_is_due_once_it_is_reached() -> None:
    p, closed = process({"at_stage": "closed"}), at(2023, 9, 29, 17)
    now = at(2023, 9, 29, 18)
    assert due(p, "closed", [], now) == [Due("standard-setting", "when the process is closed", None)]
    assert due(p, "closed", [], now, reached={"closed": closed}) == [Due("standard-setting", "when the process is closed", closed)]
    assert due(p, "decided", [], now) != []
    assert due(p, "closed", [ran(closed + timedelta(minutes=1))], now, reached={"closed": closed}) == []
    assert due(p, "closed", [ran(closed + timedelta(minutes=1), "already done")], now) == []
    # closed again later, or only failures since: due again
    assert due(p, "closed", [ran(closed - timedelta(days=1))], now, reached={"closed": closed}) != []
    assert due(p, "closed", [ran(closed, "NotebookFailedError")], now) != []
    assert due(process({"at_stage": "decided"}), "closed", [], now) == []


def test_a_milestone_is_due_at_its_hour() -> None:
    p = process({"at_milestone": "standard_setting", "at": "08:30:00"}, standard_setting="2023-10-05")
    instant = at(2023, 10, 5, 8, 30)
    assert since(p, [], instant - timedelta(seconds=1)) == []
    assert since(p, [], instant) == [instant]
    assert since(p, [ran(instant)], instant + timedelta(days=3)) == []
    assert since(p, [ran(instant - timedelta(hours=1))], instant + timedelta(days=3)) == [instant]
    assert next_due(p, p.schedule[0], instant - timedelta(days=9)) == instant
    assert next_due(p, p.schedule[0], instant) is None


def test_a_milestone_with_a_time_of_its_own_is_not_due_before_it() -> None:
    p = process({"at_milestone": "applications_close", "at": "06:00:00"}, applications_close="2023-06-16T23:55:00")
    assert since(p, [], at(2023, 6, 16, 7)) == []
    assert since(p, [], at(2023, 6, 16, 23, 55)) == [at(2023, 6, 16, 23, 55)]


def test_every_evening_until_it_has_succeeded() -> None:
    p = process({"every": "day", "at": "20:00:00"})
    monday = at(2023, 9, 11, 20)
    assert since(p, [ran(monday + timedelta(minutes=2))], monday + timedelta(hours=23)) == []
    assert since(p, [ran(monday + timedelta(minutes=2))], monday + timedelta(hours=24)) == [monday + timedelta(days=1)]
    assert since(p, [ran(monday - timedelta(minutes=1))], monday) == [monday]
    # three evenings missed: one run, late since the first
    assert since(p, [ran(monday)], monday + timedelta(days=3, hours=1)) == [at(2023, 9, 12, 20)]
    assert since(p, [], at(2023, 9, 12, 9)) == [monday]


@pytest.mark.parametrize(
    ("every", "friday", "expected"),
    [("weekday", at(2023, 9, 15, 20), at(2023, 9, 18, 20)), ("week", at(2023, 9, 15, 20), at(2023, 9, 18, 20))],
)
def test_weekdays_and_weeks(every: str, friday: datetime, expected: datetime) -> None:
    p = process({"every": every, "at": "20:00:00"})
    assert next_due(p, p.schedule[0], friday) == expected
    assert since(p, [ran(friday)], expected - timedelta(seconds=1)) == []
    assert since(p, [ran(friday)], expected) == [expected]


def test_the_night_the_clocks_go_back_has_one_run() -> None:
    p = process({"every": "day", "at": "01:30:00"})  # comes twice on 29 October 2023: 00:30 and 01:30 UTC
    before = datetime(2023, 10, 29, 0, 29, tzinfo=UTC)
    assert next_due(p, p.schedule[0], before) == before + timedelta(minutes=1)
    first = ran(before + timedelta(minutes=2))
    assert since(p, [first], before + timedelta(hours=2)) == []
    assert next_due(p, p.schedule[0], before + timedelta(minutes=2)) == datetime(2023, 10, 30, 1, 30, tzinfo=UTC)


def test_the_night_the_clocks_go_forward_has_one_run() -> None:
    p = process({"every": "day", "at": "01:30:00"})  # does not exist on 26 March 2023
    instant = datetime(2023, 3, 26, 1, 30, tzinfo=UTC)
    assert next_due(p, p.schedule[0], instant - timedelta(hours=2)) == instant
    assert since(p, [ran(instant)], instant + timedelta(hours=5)) == []


def test_six_in_the_morning_is_local() -> None:
    tokyo = process({"every": "day", "at": "06:00:00"}, zone="Asia/Tokyo")
    assert next_due(tokyo, tokyo.schedule[0], datetime(2023, 9, 1, 12, tzinfo=UTC)) == datetime(2023, 9, 1, 21, tzinfo=UTC)


def test_two_entries_for_a_report_make_one_run() -> None:
    p = process({"every": "day", "at": "20:00:00"}, {"at_milestone": "standard_setting"}, standard_setting="2023-09-10")
    assert [d.why for d in due(p, "closed", [], at(2023, 9, 12, 9))] == ["at 06:00 on the day of standard setting"]


def test_status_says_what_ran_and_what_is_late() -> None:
    p = process({"every": "day", "at": "20:00:00"})
    monday = at(2023, 9, 11, 20)
    (row,) = status(p, "closed", [ran(monday), ran(monday + timedelta(days=1), "TimedOutError")], monday + timedelta(days=1, hours=2))
    assert row.last_outcome == "TimedOutError" and row.last_run == monday + timedelta(days=1)
    assert row.due_since == monday + timedelta(days=1) and row.late and row.next_due == monday + timedelta(days=2)
    (early,) = status(p, "closed", [ran(monday)], monday + timedelta(days=1, minutes=30))
    assert early.due_since is not None and not early.late
    (waiting,) = status(p, "open", [], monday)
    assert waiting.last_run is None and waiting.due_since is None and not waiting.late
