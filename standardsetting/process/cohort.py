"""`[cohort]` and `[positive_action]`: what is asked about the cohort once the standard is recorded, declared before anybody looks.

Everything has a default, so that a process without these sections gets a report too. Both are left out of the definition's hash: the blind
zone never sees them. `Process.cohort_hash` stands for them.
"""

from __future__ import annotations

from datetime import date
from typing import Literal, Self

from pydantic import Field, model_validator

from standardsetting.process.sections import Identifier, Part

# The stages that every process has; those after them are made from the progress table.
APPLIED, ELIGIBLE, INTERVIEWED, MET_HURDLES, MET_STANDARD = "applied", "eligible", "interviewed", "met_hurdles", "met_standard"
FIRST_STAGES = {
    APPLIED: "Applied",
    ELIGIBLE: "Eligible",
    INTERVIEWED: "Interviewed",
    MET_HURDLES: "Met every hurdle",
    MET_STANDARD: "Met the minimum acceptable standard",
}
# When a cohort may be looked at, and the last stage that is looked at then. None is the last stage of all.
MILESTONES: dict[str, str | None] = {"eligibility": ELIGIBLE, "interview_outcomes": MET_STANDARD, "pool": None}
Milestone = Literal["eligibility", "interview_outcomes", "pool"]

# Largest group, and the same every year; by level of the shipped code lists.
COMPARATORS = {
    "sex": "male",
    "ethnicity_19": "white_british",
    "ethnicity_5": "white",
    "ethnicity_2": "white",
    "age_band": "30_to_34",
    "age_band_2": "under_35",
    "disability": "not_disabled",
    "religion": "no_religion",
    "religion_2": "christian_or_none",
    "sexual_orientation": "heterosexual",
    "sexual_orientation_2": "heterosexual",
    "caring": "no_caring",
    "working_pattern": "full_time",
}
_PARAGRAPH_8 = "Data Protection Act 2018, Schedule 1, paragraph 8 (equality of opportunity or treatment)"
_MAY_BE_LABELLED = 40


class Characteristic(Part):
    """`[[cohort.characteristics]]`: one characteristic, its code list, its comparators and the legal basis of monitoring it.

    `list` is the name of a list that ships, or a file ending in .toml in the process folder. `comparator` says for each level of the list
    which code the others are compared with; levels that are left out keep the workbench's.
    """

    name: Identifier
    list: str = ""
    comparator: dict[str, str] = Field(default_factory=dict)
    question: str = ""
    legal_basis: str = ""

    @property
    def list_name(self) -> str:
        return self.list or self.name

    def comparator_of(self, level: str) -> str | None:
        """The code that the other codes of a level are compared with; None where neither the process nor the workbench names one."""
        return self.comparator.get(level, COMPARATORS.get(level))


class Comparison(Part):
    """`[[cohort.primary_family]]`: a comparison that is declared before anybody looks.

    The share of those who passed `since` who also passed `until`, by the groups of a level. From `applied` it is the overall rate.
    """

    level: str
    since: str = INTERVIEWED
    until: str = MET_STANDARD


class FunnelStage(Part):
    """`[[cohort.stages]]`: a stage after the standard, made from steps of the progress table.

    A person has passed when every one of `steps` has an outcome among `passed`. With `any_outcome` a row is enough, whatever its outcome.
    The latest row of a step counts. An outcome that stands in none of the lists is a finding.
    """

    name: Identifier
    title: str = ""
    steps: tuple[str, ...] = Field(min_length=1)
    any_outcome: bool = False
    passed: tuple[str, ...] = ("passed", "accepted", "yes")
    not_passed: tuple[str, ...] = ("not passed", "failed", "refused")
    withdrawn: tuple[str, ...] = ("withdrawn",)
    deferred: tuple[str, ...] = ("deferred",)
    appealed: tuple[str, ...] = ("appealed",)
    reserve_listed: tuple[str, ...] = ("reserve list", "reserve listed")
    pending: tuple[str, ...] = ("pending", "declined", "awaited")

    @property
    def label(self) -> str:
        return self.title or self.name.replace("_", " ").capitalize()


class Waiting(Part):
    """`[cohort.waiting]`: the wait in the pool, from the day on which the last step of one stage was passed to that of another.

    Attributes
    ----------
    since, until
        The stages: whoever passed the first waits for the second. A process without both has no pool.
    weeks
        Every how many weeks the share of those posted is told.
    declined
        Outcomes of the steps of `until` that say that an offer was declined.
    leaves_after
        With so many declined offers a candidate leaves the select list, and is followed no longer.
    """

    since: str = "checks_passed"
    until: str = "posted"
    weeks: int = Field(default=4, ge=1, le=26)
    declined: tuple[str, ...] = ("declined",)
    leaves_after: int = Field(default=3, ge=1)


class Covariate(Part):
    """`[[cohort.covariates]]`: a column of the candidates table for the adjusted view, and in which of the two blocks it stands.

    Without `levels` it is read as a number; with them, as one of these words. Nothing else of the candidates table leaves the named zone.
    """

    column: Identifier
    title: str = ""
    block: Literal["clearly prior", "possibly tainted"]
    levels: tuple[str, ...] = Field(default=(), max_length=_MAY_BE_LABELLED)

    @property
    def label(self) -> str:
        return self.title or self.column.replace("_", " ").capitalize()


class Previous(Part):
    """`[[cohort.previous]]`: an earlier process, oldest first: for the trend, and for before and after. `folder` holds its releases."""

    label: str
    folder: str


class Frame(Part):
    """`[[cohort.frames]]`: a population that the applicants are seen beside, from a dated source: people of each code of one level.

    The eligible pool in the rank below, the strength of the force at the rank, the residents of working age. People are counted, never
    full-time equivalents: a share of one beside a share of the other means nothing.
    """

    name: str
    level: str
    dated: date
    source: str
    people: dict[str, int]

    @model_validator(mode="after")
    def _counts_people(self) -> Self:
        if not self.people or min(self.people.values()) < 0 or sum(self.people.values()) == 0:
            raise ValueError("people says how many there are of each code: whole numbers, not all of them zero")
        return self


class Cohort(Part):
    """`[cohort]`: characteristics, comparators, the stages of the funnel and what may be shown by what.

    Attributes
    ----------
    characteristics
        Those that the monitoring table does not hold are left out and said to be.
    primary_family
        The comparisons whose error is held down together; all others are exploratory.
    tables
        The dimension budget: by which levels, one or two at a time, anything is counted.
    stages
        The stages after the standard.
    waiting
        Between which two stages people wait in the pool, and how finely that is told.
    milestones
        The date of each milestone; without one, the day in [dates] that belongs to it.
    covariates
        What the adjusted view may use, in two blocks.
    frames
        The populations that the applicants are seen beside.
    """

    characteristics: tuple[Characteristic, ...] = (
        Characteristic(name="sex"),
        Characteristic(name="ethnicity", legal_basis=_PARAGRAPH_8),
        Characteristic(name="age_band"),
        Characteristic(name="disability", legal_basis=_PARAGRAPH_8),
        Characteristic(name="religion", legal_basis=_PARAGRAPH_8),
        Characteristic(name="sexual_orientation", legal_basis=_PARAGRAPH_8),
        Characteristic(name="caring"),
        Characteristic(name="working_pattern"),
    )
    primary_family: tuple[Comparison, ...] = tuple(
        Comparison(level=level, since=since) for since in (INTERVIEWED, APPLIED) for level in ("sex", "ethnicity_2", "ethnicity_5")
    )
    tables: tuple[tuple[str, ...], ...] = (
        ("sex",), ("ethnicity_5",), ("ethnicity_2",), ("sex", "ethnicity_2"), ("age_band_2",), ("disability",), ("religion_2",),
        ("sexual_orientation_2",), ("caring",), ("working_pattern",),
    )  # fmt: skip
    stages: tuple[FunnelStage, ...] = (
        FunnelStage(name="offered", title="Offered", steps=("conditional offer",)),
        FunnelStage(
            name="checks_passed",
            title="Checks passed",
            steps=("references", "medical", "fitness", "substance misuse", "complaints", "vetting"),
        ),
        FunnelStage(name="pool", title="In the promotion pool", steps=("promotion pool",)),
        FunnelStage(name="posted", title="Posted", steps=("posting offer",)),
    )
    waiting: Waiting = Waiting()
    milestones: dict[Milestone, date] = Field(default_factory=dict)
    covariates: tuple[Covariate, ...] = (
        Covariate(column="length_of_service", block="clearly prior"),
        Covariate(column="previous_attempts", block="clearly prior"),
    )
    frames: tuple[Frame, ...] = ()
    previous: tuple[Previous, ...] = ()
    policy_document: str = ""
    retain_until: date | None = None

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        names = [c.name for c in self.characteristics]
        stages = [*FIRST_STAGES, *(s.name for s in self.stages)]
        for kind, each in (
            ("characteristics", names),
            ("stages", stages),
            ("covariates", [c.column for c in self.covariates]),
            ("frames", [f"{f.name} {f.level}" for f in self.frames]),
            ("previous processes", [p.label for p in self.previous]),
        ):
            if len(set(each)) < len(each):
                raise ValueError(f"two {kind} have the same name")
        for comparison in self.primary_family:
            if not {comparison.since, comparison.until} <= set(stages):
                raise ValueError("primary_family names a stage that the funnel does not have")
            if stages.index(comparison.since) >= stages.index(comparison.until):
                raise ValueError("since must be an earlier stage than until in primary_family")
        ends = {self.waiting.since, self.waiting.until}
        if not ends.isdisjoint(FIRST_STAGES):
            raise ValueError("waiting takes stages that are made from the progress table")
        if ends <= set(stages) and stages.index(self.waiting.since) >= stages.index(self.waiting.until):
            raise ValueError("since must be an earlier stage than until in waiting")
        if any(not 1 <= len(table) <= 2 or len(set(table)) < len(table) for table in self.tables):
            raise ValueError("tables takes one level or two different ones at a time: three-way tables are not published")
        if any(c.column in NEVER_COVARIATES for c in self.covariates):
            raise ValueError("a covariate may not be a column that tells who somebody is")
        return self

    def stage_labels(self) -> dict[str, str]:
        """Every stage of the funnel in order, with what people call it."""
        return FIRST_STAGES | {stage.name: stage.label for stage in self.stages}

    def pool(self) -> tuple[FunnelStage, FunnelStage] | None:
        """The stages between which people wait; None where the process does not have both."""
        found = {stage.name: stage for stage in self.stages}
        since, until = (found.get(name) for name in (self.waiting.since, self.waiting.until))
        return None if since is None or until is None else (since, until)


# These tell who somebody is, where they come from or how to reach them.
NEVER_COVARIATES = frozenset({"candidate_id", "name", "email", "telephone", "monitoring_key", "date_of_birth", "force", "site"})


class OpenTo(Part):
    """`[[positive_action.groups]]`: a group to which the steps are open: codes of one level of a characteristic."""

    name: str
    level: str
    codes: tuple[str, ...] = Field(min_length=1)


class Evidence(Part):
    """`[[positive_action.evidence]]`: why the step is thought needed for a group: one dated piece."""

    group: str
    ground: Literal["disadvantage", "different needs", "low participation"]
    statement: str
    source: str
    dated: date
    review_by: date


class Excluded(Part):
    """`[[positive_action.excluded]]`: people to whom the steps were not open, and what they were offered."""

    who: str
    offered: str


class PositiveAction(Part):
    """`[positive_action]`: the legal file of the workshops, and the design that decides what their effect can be known from.

    Attributes
    ----------
    lottery
        The sealed lottery that drew the places: its file in the process folder.
    workshops_begin
        The day of the first workshop of this process. Who withdrew or was deferred stayed away from it only if something on the register
        shows that they were still there on that day; and an attendance before it is a finding.
    since_process
        With design "before-after": the label in [[cohort.previous]] of the first process that had workshops; empty where it is this one.
    """

    aim: str = ""
    groups: tuple[OpenTo, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    alternatives: str = ""
    proportionality: str = ""
    review_by: date | None = None
    excluded: tuple[Excluded, ...] = ()
    design: Literal["lottery", "staggered", "before-after", "none"] = "none"
    lottery: str = ""
    since_process: str = ""
    workshops_begin: date | None = None
    cost: float | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        names = [group.name for group in self.groups]
        if len(set(names)) < len(names):
            raise ValueError("two groups have the same name")
        if any(piece.group not in names for piece in self.evidence):
            raise ValueError("evidence is given for a group that is not among groups")
        if (self.design == "lottery") != bool(self.lottery):
            raise ValueError('design = "lottery" and lottery = "the file of the sealed lottery" belong together')
        if self.since_process and self.design != "before-after":
            raise ValueError('since_process belongs to design = "before-after"')
        return self
