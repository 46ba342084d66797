"""What must hold of any schedule, at any hour of any year, in any zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from standardsetting.process import Process
from standardsetting.reporting.schedule import due, next_due

ZONES = ("Europe/London", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Apia", "UTC")
instants = st.datetimes(datetime(2015, 1, 1), datetime(2035, 1, 1)).map(lambda d: d.replace(tzinfo=UTC, microsecond=0))


def repeating(every: str, at: str, zone: str) -> Process:
    return Process.from_mapping(
        {
            "process": {"id": "p", "title": "P", "time_zone": zone},
            "scale": {"minimum": 1, "maximum": 5},
            "values": [{"name": "a", "hurdle": 3}],
            "schedule": [{"report": "standard-setting", "every": every, "at": at}],
        }
    )


processes = st.builds(
    repeating,
    st.sampled_from(["day", "weekday", "week"]),
    st.times().map(lambda t: t.strftime("%H:%M:%S")),
    st.sampled_from(ZONES),
)


@settings(max_examples=200, deadline=None)
@given(processes, instants)
def test_the_next_run_lies_ahead_and_not_too_far(process: Process, now: datetime) -> None:
    instant = next_due(process, process.schedule[0], now)
    assert instant is not None and now < instant <= now + timedelta(days=8, hours=2)


@settings(max_examples=200, deadline=None)
@given(processes, instants, st.timedeltas(timedelta(0), timedelta(days=20)))
def test_due_exactly_when_the_next_run_has_come(process: Process, last: datetime, passed: timedelta) -> None:
    journal = [{"when": last.isoformat(), "kind": "standard-setting", "run": "r", "outcome": "published"}]
    instant = next_due(process, process.schedule[0], last)
    now = last + passed
    found = due(process, "closed", journal, now)
    assert instant is not None
    assert bool(found) == (instant <= now)
    assert all(d.since == instant for d in found)


@settings(max_examples=100, deadline=None)
@given(processes, instants)
def test_a_run_settles_what_was_due(process: Process, now: datetime) -> None:
    journal = [{"when": now.isoformat(), "kind": "standard-setting", "run": "r", "outcome": "already done"}]
    assert due(process, "closed", [], now)
    assert due(process, "closed", journal, now) == []
