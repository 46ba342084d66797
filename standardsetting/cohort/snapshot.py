"""A cohort snapshot: what may be known about a cohort as groups. One row a person, without identity, number or code of another zone.

Only the second door (`standardsetting.linkage`) writes a snapshot folder. `CohortSnapshot.read` opens one, checks its seal and its columns
against the allow-list that its own definition declares, and refuses anything else. It is restricted: nothing in it is published but
through disclosure control.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from standardsetting.early_access import EarlyAccess
from standardsetting.errors import DisclosureError
from standardsetting.process import Process
from standardsetting.sealed import SEAL, file_digest, unseal

PEOPLE, RATINGS, ABOUT = "people.parquet", "ratings.parquet", "snapshot.json"
PASSED, NOT_PASSED, WITHDRAWN, DEFERRED, DID_NOT_ATTEND = "passed", "not passed", "withdrawn", "deferred", "did not attend"
VOID, INCOMPLETE, APPEALED, RESERVE_LISTED, PENDING, NOT_REACHED = (
    "void", "incomplete", "appealed", "reserve listed", "pending", "not reached",
)  # fmt: skip
# Passed and not passed are the base of a stage's rate; the others are counted and stand in no rate.
STATES = (
    PASSED, NOT_PASSED, WITHDRAWN, DEFERRED, DID_NOT_ATTEND, VOID, INCOMPLETE, APPEALED, RESERVE_LISTED, PENDING, NOT_REACHED,
)  # fmt: skip
# The states as they are published: small cells of rare states would only be hidden.
PUBLISHED = {
    DID_NOT_ATTEND: WITHDRAWN, VOID: PENDING, INCOMPLETE: PENDING, APPEALED: PENDING, RESERVE_LISTED: PENDING,
}  # fmt: skip
WORKSHOP_DAYS = ("workshop_invited", "workshop_booked", "workshop_attended")
FACTS = ("adjustment_made", "reason_not_eligible", "workshop_listed", *WORKSHOP_DAYS, "workshop_there", "workshop_arm")
OUTCOMES = ("total", "status", "reason")
# The wait in the pool, in whole weeks, and the offers of a posting.
POOL = ("pool_weeks", "pool_posted", "pool_left", "offers", "offers_declined")
RATING_COLUMNS = ("person", "assessor", "exercise", "value", "rating", "kind", "panel", "day")


@dataclass(frozen=True)
class Level:
    """One level of a characteristic as it was coded.

    Attributes
    ----------
    name, title, note
        The column of `people`, what people call it, and what has to be said beside it.
    groups
        The codes in order, without the kinds of not known; `labels` has those too.
    labels
        Code and label.
    people
        For each code what its people are called in a sentence.
    comparator
        The code that the others are compared with.
    roll_up
        For each code, its code at the next broader level; empty at the broadest.
    derived
        Whether it was rolled up from a finer level and not declared itself.
    """

    name: str
    title: str
    note: str
    groups: tuple[str, ...]
    labels: dict[str, str]
    people: dict[str, str]
    comparator: str
    roll_up: dict[str, str]
    derived: bool


@dataclass(frozen=True)
class Coded:
    """A characteristic in a snapshot: its levels that are there, the code list, the question and the legal basis.

    `list_name`, `list_version`, `list_date` and `list_hash` say which edition of which list: a series of years breaks where they change.
    """

    name: str
    title: str
    list_name: str
    list_version: str
    list_date: str
    list_source: str
    list_hash: str
    question: str
    note: str
    legal_basis: str
    levels: tuple[Level, ...]


@dataclass(frozen=True)
class Stage:
    """A stage of the funnel: its column of `people` is `stage_<name>`."""

    name: str
    label: str

    @property
    def column(self) -> str:
        return f"stage_{self.name}"


@dataclass(frozen=True)
class RecordedStandard:
    """What was recorded before this cohort was opened: the standard, who decided and when, and the hashes it rests on."""

    cut: str
    rule: str
    rationale: str
    decided_by: tuple[str, ...]
    when: str
    number: int
    record: str
    rule_hash: str
    blind_seal: str
    change_reason: str
    legal_sign_off: str


@dataclass(frozen=True)
class Event:
    """One record of the ledger that belongs to the sequence of standard and looking: `sentence` says it for a report."""

    number: int
    kind: str
    when: str
    record: str
    sentence: str


@dataclass(frozen=True)
class CohortSnapshot:
    """A cohort at a milestone, frozen and sealed.

    Attributes
    ----------
    people
        One row a person, in an order that follows from the content alone; the index is a person's number here and nowhere else. A column
        for each level of each characteristic (codes), each covariate, the facts, `panel` and `day` of the interview (a random letter
        code, and the day of the window), `score_<value>`, `total`, `status`, `reason`, `hurdle_<value>` (met or not), `stage_<stage>`
        (one of `STATES`), `ended_at` and `ending` ("eligible: not passed"; "posted: passed" for who passed every stage).
        Workshop columns count days from the interview: -20 is twenty days before it. Where the stages between which people wait in the
        pool are open: `check_<n>` for the n-th step of the first of them (1 passed, 0 not passed, -1 neither yet, missing: not begun),
        `pool_weeks` (in which week the posting came, or how many whole weeks were followed), `pool_posted` (whether it came in them),
        `pool_left` (left the list before), `offers`, `offers_declined`. No date is kept.
    ratings
        For differential rater functioning: `person`, `assessor` (a fresh random code), `exercise`, `value`, `rating`, `kind`, `panel`,
        `day`. Empty where no standard is recorded, and at the first milestone.
    stages
        The stages of the funnel in order, up to the milestone's last.
    characteristics
        Those that were coded, with their code lists.
    standard
        What was recorded; None under early access.
    early_access
        The recorded early access that opened this snapshot; None where a standard did.
    sequence
        The records of standards, early access and snapshots up to this one, oldest first.
    account
        What was read, used and left out, and why: `what`, `count`, `why`.
    process
        The definition, without sources, with its `[cohort]` and `[positive_action]`.
    milestone, as_at, taken_at
        Which milestone, its date where it has one, and when the snapshot was taken.
    cohort_hash, changed_since_closing
        The hash of what is asked about the cohort, and whether it was changed after the closing.
    inputs
        SHA-256 and rows of every input.
    seal
        SHA-256 over the snapshot folder.
    """

    people: pd.DataFrame
    ratings: pd.DataFrame
    stages: tuple[Stage, ...]
    characteristics: tuple[Coded, ...]
    standard: RecordedStandard | None
    early_access: EarlyAccess | None
    sequence: tuple[Event, ...]
    account: pd.DataFrame
    process: Process
    milestone: str
    as_at: date | None
    taken_at: str
    cohort_hash: str
    changed_since_closing: bool
    inputs: dict[str, dict[str, Any]]
    seal: str

    def __post_init__(self) -> None:
        allow(self.people, people_columns(self.process, self.characteristics, self.stages), what="people")
        allow(self.ratings, RATING_COLUMNS, what="ratings")

    @classmethod
    def read(cls, folder: str | Path) -> CohortSnapshot:
        """Open a snapshot folder.

        Raises
        ------
        StageError
            There is no snapshot.
        DisclosureError
            Its content does not match its seal, or holds a column that it does not declare.
        """
        folder = Path(folder)
        unseal(
            folder,
            needed=(PEOPLE, RATINGS, ABOUT),
            what="cohort snapshot",
            how_to_get="Record the standard first: standardsetting decide. Then make the report again.",
        )
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        standard, early = about["standard"], about["early_access"]
        return cls(
            people=pd.read_parquet(folder / PEOPLE),
            ratings=pd.read_parquet(folder / RATINGS),
            stages=tuple(Stage(**stage) for stage in about["stages"]),
            characteristics=tuple(_coded(each) for each in about["characteristics"]),
            standard=None if standard is None else RecordedStandard(**standard | {"decided_by": tuple(standard["decided_by"])}),
            early_access=None if early is None else EarlyAccess(**early | {"by": tuple(early["by"])}),
            sequence=tuple(Event(**event) for event in about["sequence"]),
            account=pd.DataFrame(about["account"], columns=["what", "count", "why"]),
            process=Process.from_mapping(about["process"], name=ABOUT),
            milestone=about["milestone"],
            as_at=None if about["as_at"] is None else date.fromisoformat(about["as_at"]),
            taken_at=about["taken_at"],
            cohort_hash=about["cohort_hash"],
            changed_since_closing=about["changed_since_closing"],
            inputs=about["inputs"],
            seal=file_digest(folder / SEAL),
        )

    @property
    def levels(self) -> dict[str, Level]:
        """Every level of every characteristic by its name, which is its column of `people`."""
        return {level.name: level for characteristic in self.characteristics for level in characteristic.levels}

    @property
    def tables(self) -> tuple[tuple[str, ...], ...]:
        """The dimension budget, as far as its levels are there."""
        return tuple(table for table in self.process.cohort.tables if set(table) <= set(self.levels))

    def published_endings(self) -> pd.Series:
        """`ending` with the rare states folded as they are published: did not attend counts as withdrawn; void and the like as pending."""
        stage, state = self.people["ended_at"].astype(str), self.people["ending"].str.rpartition(": ")[2]
        return stage + ": " + state.replace(PUBLISHED)


def people_columns(process: Process, characteristics: tuple[Coded, ...], stages: tuple[Stage, ...]) -> tuple[str, ...]:
    """The columns that the people of a snapshot may have, in their order."""
    values = [value.name for value in process.values]
    return (
        *(level.name for characteristic in characteristics for level in characteristic.levels),
        *(covariate.column for covariate in process.cohort.covariates),
        *FACTS,
        "panel",
        "day",
        *(f"score_{value}" for value in values),
        *OUTCOMES,
        *(f"hurdle_{value}" for value in values),
        *(stage.column for stage in stages),
        *pool_columns(process, stages),
        "ended_at",
        "ending",
    )


def pool_columns(process: Process, stages: tuple[Stage, ...]) -> tuple[str, ...]:
    """The columns of checks, offers and the wait in the pool; none before the stages between which people wait are open."""
    pool = process.cohort.pool()
    if pool is None or not {stage.name for stage in pool} <= {stage.name for stage in stages}:
        return ()
    return (*(f"check_{n}" for n in range(1, len(pool[0].steps) + 1)), *POOL)


def series_breaks(earlier: CohortSnapshot, later: CohortSnapshot) -> tuple[str, ...]:
    """Where a trend from one process to a later one breaks: a code list, a comparator or a question changed. One sentence each."""
    told = []
    before = {c.name: c for c in earlier.characteristics}
    for now in later.characteristics:
        then = before.get(now.name)
        if then is None:
            told.append(f"{now.title}: not coded in the earlier process, so its series begins here.")
            continue
        if then.list_hash != now.list_hash:
            told.append(
                f"{now.title}: the code list changed from {then.list_name} {then.list_version} ({then.list_date}) to {now.list_name} "
                f"{now.list_version} ({now.list_date}); figures before and after are not one series."
            )
        if then.question != now.question:
            told.append(f"{now.title}: another question was asked; figures before and after are not one series.")
        comparators = {level.name: level.comparator for level in then.levels}
        if any(comparators.get(level.name, level.comparator) != level.comparator for level in now.levels):
            told.append(f"{now.title}: the comparator changed; ratios before and after are not one series.")
    gone = [then.title for name, then in before.items() if name not in {c.name for c in later.characteristics}]
    return (*told, *(f"{title}: not coded any more, so its series ends." for title in gone))


def allow(table: pd.DataFrame, columns: tuple[str, ...], *, what: str) -> None:
    """Refuse a table with a column that is not on the list: told by position, because a heading can hold anything."""
    strangers = [position for position, column in enumerate(table.columns, start=1) if column not in columns]
    if strangers:
        raise DisclosureError(
            f"The {what} of a cohort snapshot hold {len(strangers)} columns that are not on the allow-list "
            f"(position {', '.join(map(str, strangers))}).",
            next_step="Nothing was used. Only declared columns pass the second door.",
        )


def _coded(about: dict[str, Any]) -> Coded:
    levels = tuple(Level(**level | {"groups": tuple(level["groups"])}) for level in about["levels"])
    return Coded(**about | {"levels": levels})
