"""The sections of `process.toml`, each a frozen model: identity, scale, values, exercises, scoring, dates, sources, schedule."""

from __future__ import annotations

from datetime import date, datetime, time
from fractions import Fraction
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, StringConstraints, model_validator

from standardsetting.errors import UsageError
from standardsetting.scale import Scale, as_fraction, plain


def _exact(number: Any) -> Fraction:
    if isinstance(number, Fraction):
        return number
    if isinstance(number, bool) or not isinstance(number, int | float | str):
        raise ValueError('a number was expected (14, 2.5 or "1/3")')
    try:
        return as_fraction(number)
    except (ValueError, ZeroDivisionError, UsageError):
        raise ValueError('a number was expected (14, 2.5 or "1/3")') from None


def _known_time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError('a time zone name was expected, such as "Europe/London"') from None
    return name


Exact = Annotated[Fraction, BeforeValidator(_exact), PlainSerializer(plain)]
Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=60)]
ZoneName = Annotated[str, AfterValidator(_known_time_zone)]
TableName = Literal[
    "candidates", "monitoring", "interviews", "ratings", "global_ratings", "assessors", "benchmark", "judgements", "workshops",
    "progress", "exceptions",
]  # fmt: skip


class Part(BaseModel):
    """Frozen; unknown keys are refused; what was found never appears in a message."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, arbitrary_types_allowed=True)


class Identity(Part):
    """`[process]`: which process this is."""

    id: Identifier
    title: str
    organisation: str = ""
    purpose: str = ""
    marking: str = "OFFICIAL-SENSITIVE"
    synthetic: bool = False
    time_zone: ZoneName = "Europe/London"


class ScaleTable(Part):
    """`[scale]`: the ratings an assessor may give."""

    minimum: Exact
    maximum: Exact
    step: Exact = Fraction(1)
    meanings: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _is_a_scale(self) -> Self:
        try:
            scale = Scale(self.minimum, self.maximum, self.step)
        except UsageError as error:
            raise ValueError(error.message) from None
        strangers = [point for point in self.meanings if _off(scale, point)]
        if strangers:
            raise ValueError(f"meanings are given for {len(strangers)} points that are not on the scale")
        return self


def _off(scale: Scale, point: str) -> bool:
    try:
        return point not in scale
    except (ValueError, ZeroDivisionError):
        return True


class Value(Part):
    """`[[values]]`: a value (competency), the least score it needs, and its weight in the total."""

    name: str
    title: str = ""
    hurdle: Exact
    weight: Exact = Fraction(1)
    meaning: str = ""

    @property
    def label(self) -> str:
        return self.title or self.name.capitalize()


class Exercise(Part):
    """`[[exercises]]`: a row of the assessment matrix, with the values this exercise measures."""

    name: str
    title: str = ""
    values: tuple[str, ...]

    @property
    def label(self) -> str:
        return self.title or self.name.capitalize()


class Scoring(Part):
    """`[rule]`: which rating counts as the value score, how it is rounded, and what a missing rating means."""

    value_score: Literal["agreed score", "mean of independent ratings", "median of independent ratings"] = "agreed score"
    rounding: Literal["none", "half up", "half down"] = "none"
    missing_rating: Literal["incomplete", "use the ratings there are"] = "incomplete"
    cut_step: Exact | None = None


class Dates(Part):
    """`[dates]`: milestones. The first and last interview bound the window; others are free names for schedules."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    applications_open: date | None = None
    applications_close: datetime | date | None = None
    eligibility_outcome: date | None = None
    first_interview: date | None = None
    last_interview: date | None = None
    standard_setting: date | None = None
    outcomes_published: date | None = None

    @model_validator(mode="after")
    def _window_runs_forwards(self) -> Self:
        if self.first_interview and self.last_interview and self.last_interview < self.first_interview:
            raise ValueError("last_interview must not lie before first_interview")
        return self


class Disclosure(Part):
    """`[disclosure]`: the rules under which counts about groups may be published."""

    policy: Literal["10-5", "rounded cube"] = "10-5"
    smallest_count: int = Field(default=10, ge=3)
    round_to: int = Field(default=5, ge=1)


class Source(Part):
    """`[sources.TABLE]`: where a table comes from, and which heading in the export is which column."""

    file: str | None = None
    sheet: str | None = None
    query: str | None = None
    database: str | None = None
    columns: dict[str, str] = Field(default_factory=dict)
    ignore: tuple[str, ...] = ()
    day_first: bool = True

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.file is None) == (self.query is None):
            raise ValueError("give either a file or a query, and not both")
        if (self.query is None) != (self.database is None):
            raise ValueError("a query needs a database: the name of the environment variable that holds its address")
        if self.sheet is not None and self.file is None:
            raise ValueError("a sheet belongs to a file")
        return self


class Scheduled(Part):
    """`[[schedule]]`: a report that runs unattended at a stage, at a milestone, or at a time of day."""

    report: Literal["standard-setting", "assessor-quality", "cohort-diversity", "positive-action"]
    at_stage: Literal["closed", "decided"] | None = None
    at_milestone: str | None = None
    every: Literal["day", "weekday", "week"] | None = None
    at: time = time(6, 0)

    @model_validator(mode="after")
    def _one_occasion(self) -> Self:
        if sum(occasion is not None for occasion in (self.at_stage, self.at_milestone, self.every)) != 1:
            raise ValueError("give exactly one of at_stage, at_milestone and every")
        if self.at_milestone is not None and self.at_milestone not in Dates.model_fields:
            raise ValueError(f"at_milestone must be one of {', '.join(Dates.model_fields)}")
        return self
