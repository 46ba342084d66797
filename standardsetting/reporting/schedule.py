"""What a schedule says: which reports are due now, what ran, what is late. Pure functions of the definition, the journal and the time.

Times in `process.toml` are wall times of the process's zone. On the night the clocks go forward, a time that does not exist is read as the
instant it would have been; when they go back, a time that comes twice is meant the first time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from standardsetting.process import Process, Scheduled

STAGES = ("open", "closed", "decided", "published")
# The stage from which a report can be made at all.
NEEDS = {"standard-setting": "closed", "assessor-quality": "open", "cohort-diversity": "decided", "positive-action": "decided"}
SUCCEEDED = ("published", "already done")
LATE_AFTER = timedelta(hours=1)


@dataclass(frozen=True)
class Due:
    """A report to run now.

    Attributes
    ----------
    report
        Which.
    why
        The occasion, in words.
    since
        From when on it was due; None for a stage whose beginning is not known.
    """

    report: str
    why: str
    since: datetime | None


@dataclass(frozen=True)
class Status:
    """One entry of the schedule, and where it stands.

    Attributes
    ----------
    report, occasion
        Which report, and on what occasion.
    last_run, last_outcome
        The newest entry of the journal for this report, or None.
    due_since
        From when on it has been due, or None when it is not due (or due since a stage whose beginning is not known).
    waiting
        Due now.
    next_due
        The next instant it will be due, or None where that depends on a stage, or lies behind.
    late
        Due for more than an hour.
    """

    report: str
    occasion: str
    last_run: datetime | None
    last_outcome: str | None
    due_since: datetime | None
    next_due: datetime | None
    waiting: bool
    late: bool

    @property
    def sentence(self) -> str:
        """The entry in a sentence, with times as people write them."""
        ran = f"last run {self.last_run:%d %B %Y %H:%M} UTC, {self.last_outcome}" if self.last_run else "never run"
        state = "LATE" if self.late else "due now" if self.waiting else ""
        following = f"next due {self.next_due:%d %B %Y %H:%M} UTC" if self.next_due else ""
        return f"{self.report}, {self.occasion}: {'; '.join(part for part in (ran, state, following) if part)}."


def due(
    process: Process, stage: str, journal: Sequence[Mapping[str, Any]], now: datetime, *, reached: Mapping[str, datetime] | None = None
) -> list[Due]:
    """The reports that are due now, each at most once, the longest overdue first.

    Parameters
    ----------
    process
        The definition; its `schedule`, `dates` and `time_zone` are used.
    stage
        Where the process is: open, closed, decided or published.
    journal
        Runs so far, oldest first: `when` (ISO 8601), `kind`, `outcome`.
    now
        An instant with its zone.
    reached
        When each stage began, where known: a report made before does not count for the stage.
    """
    found: dict[str, Due] = {}
    for entry in process.schedule:
        waiting, since = _waiting(process, entry, stage, journal, now, reached or {})
        if waiting and (entry.report not in found or _earlier(since, found[entry.report].since)):
            found[entry.report] = Due(entry.report, occasion(entry), since)
    return sorted(found.values(), key=lambda d: d.since or datetime.min.replace(tzinfo=UTC))


def next_due(process: Process, entry: Scheduled, now: datetime) -> datetime | None:
    """The first instant after `now` at which an entry falls due by the clock; None for a stage, or a milestone that has passed."""
    zone = ZoneInfo(process.process.time_zone)
    if entry.at_milestone:
        instant = _milestone(process, entry)
        return instant if instant is not None and instant > now else None
    if entry.every:
        day = now.astimezone(zone).date() - timedelta(days=1)
        return next(instant for instant in _instants(entry, zone, day) if instant > now)
    return None


def status(
    process: Process, stage: str, journal: Sequence[Mapping[str, Any]], now: datetime, *, reached: Mapping[str, datetime] | None = None
) -> list[Status]:
    """Every entry of the schedule: what ran last and how it ended, what is due, what is late."""
    rows: list[Status] = []
    for entry in process.schedule:
        runs = [run for run in journal if run["kind"] == entry.report]
        waiting, since = _waiting(process, entry, stage, journal, now, reached or {})
        rows.append(
            Status(
                report=entry.report,
                occasion=occasion(entry),
                last_run=_when(runs[-1]) if runs else None,
                last_outcome=str(runs[-1]["outcome"]) if runs else None,
                due_since=since if waiting else None,
                next_due=next_due(process, entry, now),
                waiting=waiting,
                late=waiting and since is not None and now - since > LATE_AFTER,
            )
        )
    return rows


def occasion(entry: Scheduled) -> str:
    """An entry's occasion in words.

    Examples
    --------
    >>> occasion(Scheduled(report="standard-setting", every="weekday", at=time(20, 30)))
    'every weekday at 20:30'
    """
    if entry.at_stage:
        return f"when the process is {entry.at_stage}"
    at = f"{entry.at:%H:%M}"
    if entry.at_milestone:
        return f"at {at} on the day of {entry.at_milestone.replace('_', ' ')}"
    return f"every {'Monday' if entry.every == 'week' else entry.every} at {at}"


def _waiting(
    process: Process,
    entry: Scheduled,
    stage: str,
    journal: Sequence[Mapping[str, Any]],
    now: datetime,
    reached: Mapping[str, datetime],
) -> tuple[bool, datetime | None]:
    """Whether an entry is due, and since when."""
    place = STAGES.index(stage)
    if place < STAGES.index(NEEDS[entry.report]):
        return False, None
    last = max((_when(run) for run in journal if run["kind"] == entry.report and run["outcome"] in SUCCEEDED), default=None)
    if entry.at_stage:
        since = reached.get(entry.at_stage)
        arrived = place >= STAGES.index(entry.at_stage)
        return arrived and (last is None or (since is not None and last < since)), since
    if entry.at_milestone:
        instant = _milestone(process, entry)
        return instant is not None and instant <= now and (last is None or last < instant), instant
    missed = _first_missed(process, entry, last, now)
    return missed is not None, missed


def _first_missed(process: Process, entry: Scheduled, last: datetime | None, now: datetime) -> datetime | None:
    """The first instant after the last success that has come; with no success yet, the latest that has come."""
    zone = ZoneInfo(process.process.time_zone)
    if last is None:
        before = _instants(entry, zone, now.astimezone(zone).date() - timedelta(days=8))
        return [instant for instant, _ in zip(before, range(10), strict=False) if instant <= now][-1]
    after = next(instant for instant in _instants(entry, zone, last.astimezone(zone).date() - timedelta(days=1)) if instant > last)
    return after if after <= now else None


def _instants(entry: Scheduled, zone: ZoneInfo, first: date) -> Iterator[datetime]:
    """The instants of a repeating entry from a day on, in order, without end. A week's is on Monday."""
    day = first
    while True:
        if entry.every == "day" or (entry.every == "weekday" and day.weekday() < 5) or (entry.every == "week" and day.weekday() == 0):
            yield _instant(day, entry.at, zone)
        day += timedelta(days=1)


def _milestone(process: Process, entry: Scheduled) -> datetime | None:
    """A milestone's instant: `at` on its day, or its own time of day where that is later."""
    zone = ZoneInfo(process.process.time_zone)
    milestone: date | datetime | None = getattr(process.dates, entry.at_milestone or "", None)
    if milestone is None:
        return None
    if not isinstance(milestone, datetime):
        return _instant(milestone, entry.at, zone)
    own = milestone.astimezone(UTC) if milestone.tzinfo else milestone.replace(tzinfo=zone).astimezone(UTC)
    return max(own, _instant(own.astimezone(zone).date(), entry.at, zone))


def _instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    # Through UTC, so that comparing and subtracting count hours that really pass.
    return datetime.combine(day, at, tzinfo=zone).astimezone(UTC)


def _when(run: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(str(run["when"])).astimezone(UTC)


def _earlier(one: datetime | None, other: datetime | None) -> bool:
    return other is not None and (one is None or one < other)
