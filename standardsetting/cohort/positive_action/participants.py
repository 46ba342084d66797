"""The people of one process or several, one row each, without identity: what the positive-action report may know about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from standardsetting.errors import FindingsError, UsageError

OFFERED, WAIT_LIST = "offered", "wait-list"
FLAGS = ("eligible_for_workshop", "reached_workshop_point", "interviewed")
DAYS = ("invited", "booked", "attended")
NEEDED = ("process", "group", *FLAGS, *DAYS, "met_standard", "total", "arm")
OPTIONAL = ("deferred", "not_attended_because")
# Fewer people than this in a cell of attendance (or offer) by outcome, and no result of it is made: colleagues saw who went.
LEAST_CELL = 20


@dataclass(frozen=True)
class Participants:
    """A checked table of people. Make it with `Participants.checked`.

    Attributes
    ----------
    table
        One row a person, the columns of `checked`, in no meaningful order.
    prior
        The columns known before anybody was invited.
    processes
        The processes in the order of time.
    """

    table: pd.DataFrame
    prior: tuple[str, ...]
    processes: tuple[str, ...]

    @classmethod
    def checked(cls, table: pd.DataFrame, *, prior: Sequence[str] = (), processes: Sequence[str] | None = None) -> Participants:
        """Who is in the report: every applicant found eligible for the interview, whether or not a workshop was open to them.

        Parameters
        ----------
        table
            One row a person, with these columns and no others save `prior`:

            ============================ ==========================================================================================
            `process`                    the process's label
            `group`                      the legal file's group that opened the workshop to the person; missing for everybody else
            `eligible_for_workshop`      whether a workshop was open to the person, by the legal file
            `reached_workshop_point`     whether the person was still in the process when workshops began
            `invited, booked, attended`  days relative to the person's interview (planned or held): -20 is twenty before; or missing
            `interviewed`                whether the interview was held
            `met_standard`               whether the minimum acceptable standard was met; missing without an interview
            `total`                      the total score; missing without an interview
            `arm`                        `offered` or `wait-list` where places were drawn by lot, else missing
            `deferred` (optional)        taken to a later process: in no numerator and no denominator
            `not_attended_because` (opt) the reason given
            ============================ ==========================================================================================
        prior
            Further columns, numbers or categories, that were fixed before the invitations: length of service, previous attempts.
        processes
            The labels in the order of time. Needed where there are several.

        Raises
        ------
        UsageError
            A column that is not expected: identities have no place here, and a covariate has to be declared as prior.
        FindingsError
            Rows that contradict themselves: how many, and how.
        """
        _check_columns(table, tuple(prior))
        people = table.reset_index(drop=True).copy()
        for name in OPTIONAL:
            if name not in people:
                people[name] = False if name == "deferred" else None
        for name in (*FLAGS, "deferred"):
            if not people[name].isin([True, False]).all():
                raise FindingsError(f"Yes or no for every person was expected in column {name}.")
            people[name] = people[name].astype(bool)
        for name in (*DAYS, "total", "met_standard"):
            people[name] = _numbers(people[name])
        findings = _contradictions(people, tuple(prior))
        if findings:
            raise FindingsError(
                f"A table of people without contradictions was expected; {len(findings)} kinds were found.",
                details=findings,
                next_step="Put the workshop register, the interviews and the outcomes right at their source, and load them again.",
            )
        return cls(people, tuple(prior), _ordered_processes(people, processes))

    def only(self, process: str) -> Participants:
        """The people of one process."""
        if process not in self.processes:
            raise UsageError("One of the processes in the table was expected.")
        return Participants(self.table[self.table["process"] == process].reset_index(drop=True), self.prior, (process,))


def attended_before_interview(table: pd.DataFrame) -> pd.Series:
    """Attendance that could have mattered: dated before the interview. A later date, or none, is not attendance."""
    return table["attended"] < 0


def eligible_only(table: pd.DataFrame, *, compared_by: str) -> pd.DataFrame:
    """The rows, if a workshop was open to every one of these people; otherwise nothing is compared.

    Attenders beside people to whom no workshop was open would show the difference between groups of people and call it the workshop.

    Raises
    ------
    UsageError
        How many of the rows do not belong in the comparison.
    """
    outside = int((~table["eligible_for_workshop"]).sum())
    if outside:
        raise UsageError(
            f"A comparison by {compared_by} among people to whom a workshop was open was expected; {outside} of {len(table)} are outside.",
            next_step="Compare people who were eligible with each other. Gaps between groups belong to the cohort diversity report.",
        )
    return table


def too_few(one: pd.Series, other: pd.Series, *, by: str) -> str:
    """A sentence if one of the four cells of a visible split by outcome is under 20 people; empty if none is. No cell is told."""
    cells = [int((side == outcome).sum()) for side in (one, other) for outcome in (1, 0)]
    if min(cells) >= LEAST_CELL:
        return ""
    return f"Not shown: colleagues could see {by}, and at least {LEAST_CELL} people with and without success are needed on both sides."


def _check_columns(table: pd.DataFrame, prior: tuple[str, ...]) -> None:
    missing = [name for name in (*NEEDED, *prior) if name not in table]
    if missing:
        raise UsageError(f"The columns {', '.join(missing)} were expected and are not there.")
    unexpected = len([name for name in table if name not in (*NEEDED, *OPTIONAL, *prior)])
    if unexpected:
        raise UsageError(
            f"{unexpected} columns are not expected in this table.",
            next_step="Leave out identities and everything else; declare what was known before the invitations as prior.",
        )
    if set(prior) & {*NEEDED, *OPTIONAL}:
        raise UsageError("Prior columns that are not among invitations, attendance and outcomes were expected.")
    if not len(table):
        raise UsageError("A table with people was expected; it has no rows.")


def _numbers(column: pd.Series) -> pd.Series:
    """As floats; what is there and is no number is not taken for missing: a date would turn an attender into an absentee."""
    numbers = pd.to_numeric(column.astype(object), errors="coerce").astype(float)
    lost = int((numbers.isna() & column.notna()).sum())
    if lost:
        raise FindingsError(f"Numbers, or nothing, were expected in column {column.name}; {lost} entries are something else.")
    return numbers


def _contradictions(people: pd.DataFrame, prior: tuple[str, ...]) -> list[str]:
    outside, days = ~people["eligible_for_workshop"], people[list(DAYS)]
    scored = people["met_standard"].notna() | people["total"].notna()
    arm = people["arm"]
    rows = {
        "without a process": people["process"].isna(),
        "with a workshop date or a place in the lottery, and no workshop open to them": outside & (days.notna().any(axis=1) | arm.notna()),
        "to whom a workshop was open, without a group of the legal file": ~outside & people["group"].isna(),
        "with a group of the legal file, and no workshop open to them": outside & people["group"].notna(),
        "with an outcome and no interview": scored & ~people["interviewed"],
        "deferred and interviewed": people["deferred"] & people["interviewed"],
        "with a standard met or not that is neither yes nor no": ~people["met_standard"].isin([0, 1]) & people["met_standard"].notna(),
        "with an arm that is neither offered nor wait-list": arm.notna() & ~arm.isin([OFFERED, WAIT_LIST]),
        "who attended and had left before workshops began": people["attended"].notna() & ~people["reached_workshop_point"],
        "who were interviewed and had left before workshops began": people["interviewed"] & ~people["reached_workshop_point"],
        "who booked before they were invited": people["booked"] < people["invited"],
        "who attended before they booked": people["attended"] < people["booked"],
        "with a day that is not finite": np.isinf(days).any(axis=1),
        "with a prior variable that is not finite": np.isinf(people[list(prior)].select_dtypes("number")).any(axis=1),
    }
    return [f"{int(which.sum())} {'person' if which.sum() == 1 else 'people'} {what}." for what, which in rows.items() if which.any()]


def _ordered_processes(people: pd.DataFrame, processes: Sequence[str] | None) -> tuple[str, ...]:
    seen = set(people["process"])
    if processes is None:
        if len(seen) > 1:
            raise UsageError(f"The order in time of {len(seen)} processes was expected (processes=...).")
        return tuple(seen)
    if len(set(processes)) != len(processes) or not seen <= set(processes):
        raise UsageError("Each process of the table, named once, was expected in processes.")
    return tuple(label for label in processes if label in seen)
