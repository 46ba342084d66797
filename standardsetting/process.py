"""The process definition: what `process.toml` says, checked, frozen and hashed.

Every policy of a process is here as a named choice, because forces change scales, values and rules from year to year.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from datetime import date, datetime, time
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from standardsetting.errors import DefinitionError, UsageError
from standardsetting.rule import DecisionRule
from standardsetting.scale import Scale, as_fraction, plain

DEFINITION_FILE = "process.toml"


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


# A value by one of these names would be taken for a column of a table of ours.
_COLUMNS = frozenset(
    {"candidate", "candidates", "assessor", "panel", "day", "exercise", "value", "rating", "score", "kind", "total", "status", "reason",
     "profile", "ways", "hurdles"}
)  # fmt: skip

Exact = Annotated[Fraction, BeforeValidator(_exact), PlainSerializer(plain)]
Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=60)]
ZoneName = Annotated[str, AfterValidator(_known_time_zone)]
TableName = Literal[
    "candidates", "monitoring", "interviews", "ratings", "global_ratings", "assessors", "benchmark", "judgements", "workshops",
    "progress", "exceptions",
]  # fmt: skip


class _Part(BaseModel):
    """Frozen; unknown keys are refused; what was found never appears in a message."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, arbitrary_types_allowed=True)


class Identity(_Part):
    """`[process]`: which process this is."""

    id: Identifier
    title: str
    organisation: str = ""
    purpose: str = ""
    marking: str = "OFFICIAL-SENSITIVE"
    synthetic: bool = False
    time_zone: ZoneName = "Europe/London"


class ScaleTable(_Part):
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


class Value(_Part):
    """`[[values]]`: a value (competency), the least score it needs, and its weight in the total."""

    name: str
    title: str = ""
    hurdle: Exact
    weight: Exact = Fraction(1)
    meaning: str = ""

    @property
    def label(self) -> str:
        return self.title or self.name.capitalize()


class Exercise(_Part):
    """`[[exercises]]`: a row of the assessment matrix, with the values this exercise measures."""

    name: str
    title: str = ""
    values: tuple[str, ...]

    @property
    def label(self) -> str:
        return self.title or self.name.capitalize()


class Scoring(_Part):
    """`[rule]`: which rating counts as the value score, how it is rounded, and what a missing rating means."""

    value_score: Literal["agreed score", "mean of independent ratings", "median of independent ratings"] = "agreed score"
    rounding: Literal["none", "half up", "half down"] = "none"
    missing_rating: Literal["incomplete", "use the ratings there are"] = "incomplete"
    cut_step: Exact | None = None


class Dates(_Part):
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


class Disclosure(_Part):
    """`[disclosure]`: the rules under which counts about groups may be published."""

    policy: Literal["10-5", "rounded cube"] = "10-5"
    smallest_count: int = Field(default=10, ge=3)
    round_to: int = Field(default=5, ge=1)


class Source(_Part):
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


class Scheduled(_Part):
    """`[[schedule]]`: a report that runs unattended at a stage, at a milestone, or at a time of day."""

    report: Literal["standard-setting", "assessor-quality"]
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


class Process(_Part):
    """A process definition. `Process.load(path)` reads one from a folder or a `process.toml`."""

    process: Identity
    scale: ScaleTable
    values: tuple[Value, ...] = Field(min_length=1)
    exercises: tuple[Exercise, ...] = ()
    rule: Scoring = Scoring()
    dates: Dates = Dates()
    vacancies: int | None = Field(default=None, ge=0)
    disclosure: Disclosure = Disclosure()
    sources: dict[TableName, Source] = Field(default_factory=dict)
    schedule: tuple[Scheduled, ...] = ()
    reports: str | None = None

    @field_validator("values")
    @classmethod
    def _names_differ(cls, values: tuple[Value, ...]) -> tuple[Value, ...]:
        if len({v.name.strip().casefold() for v in values}) < len(values):
            raise ValueError("two values have the same name")
        if any(v.name in _COLUMNS for v in values):
            raise ValueError(f"a value has the name of a column of the workbench ({', '.join(sorted(_COLUMNS))})")
        return values

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        scale, names = self.rating_scale, {v.name for v in self.values}
        for value in self.values:
            if not scale.minimum <= value.hurdle <= scale.maximum:
                raise ValueError("a hurdle lies outside the scale")
            if value.weight <= 0:
                raise ValueError("a weight must be above zero")
        for exercise in self.exercises:
            if not set(exercise.values) <= names:
                raise ValueError("an exercise measures a value that is not among [[values]]")
        if len({e.name for e in self.exercises}) < len(self.exercises):
            raise ValueError("two exercises have the same name")
        if any(len(set(e.values)) < len(e.values) for e in self.exercises):
            raise ValueError("an exercise lists a value twice")
        if self.exercises and {v for e in self.exercises for v in e.values} != names:
            raise ValueError("every value needs an exercise that measures it")
        for entry in self.schedule:
            if entry.at_milestone and getattr(self.dates, entry.at_milestone) is None:
                raise ValueError("a schedule names a milestone that has no date in [dates]")
        return self

    @classmethod
    def load(cls, path: str | Path) -> Process:
        """Read and check a process definition.

        Parameters
        ----------
        path
            A process folder, or the `process.toml` in it.

        Raises
        ------
        DefinitionError
            The file is not there, is not TOML, has an unknown key (named), or says something that cannot be.
        """
        file = Path(path)
        file = file / DEFINITION_FILE if file.is_dir() else file
        try:
            content = tomllib.loads(file.read_text(encoding="utf-8-sig"))
        except FileNotFoundError:
            raise DefinitionError(
                f"A process definition was expected at {file.name}; there is none.",
                next_step="Name a process folder, or make one with: standardsetting new FOLDER",
            ) from None
        except OSError as error:
            raise DefinitionError(
                f"{file.name} cannot be read as a file ({error.strerror or type(error).__name__}).",
                next_step="Look at the file and its rights.",
            ) from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            where = _line_of(error)
            raise DefinitionError(
                f"{file.name} is not valid TOML{where}.", next_step="Mend that line; standardsetting new writes a commented example."
            ) from None
        return cls.from_mapping(content, name=file.name)

    @classmethod
    def from_mapping(cls, content: dict[str, Any], *, name: str = DEFINITION_FILE) -> Process:
        """A definition from the content of a `process.toml`; errors name the key and never the value."""
        try:
            return cls.model_validate(content)
        except ValidationError as error:
            details = tuple(_explain(problem) for problem in error.errors(include_input=False, include_url=False))
            raise DefinitionError(
                f"{name}: {len(details)} {'entry needs' if len(details) == 1 else 'entries need'} attention.",
                details=details,
                next_step="Mend the entries named; standardsetting new writes a commented example.",
            ) from None

    @property
    def id(self) -> str:
        return self.process.id

    @property
    def rating_scale(self) -> Scale:
        return Scale(self.scale.minimum, self.scale.maximum, self.scale.step)

    def decision_rule(self, cut: Fraction | int | float | str | None = None) -> DecisionRule:
        """The decision rule of the definition, at a cut or with none set yet."""
        return DecisionRule(
            {v.name: v.hurdle for v in self.values},
            cut,
            weights={v.name: v.weight for v in self.values},
            scale=Scale(self.scale.minimum, self.scale.maximum, self.scale.step),
        )

    @property
    def hash(self) -> str:
        """SHA-256 of the definition; layout, comments and the order of keys do not change it.

        Where the exports lie, where reports go and when they run is left out: that says nothing about the process, and so the named zone
        and the blind zone have the same hash. Closing freezes the whole file as well.
        """
        return _digest(self.model_dump(mode="json", exclude={"sources", "reports", "schedule"}))

    @property
    def rule_hash(self) -> str:
        """SHA-256 of what decides: the scale, the values with hurdles and weights, the exercises and the scoring policies."""
        return _digest(self.model_dump(mode="json", include={"scale", "values", "exercises", "rule"}))

    def without_sources(self) -> Process:
        """The definition as the blind zone may see it: no file names, no database, no place on a machine."""
        return self.model_copy(update={"sources": {}, "reports": None})

    @property
    def reading(self) -> str:
        """The rule as one paragraph of plain English, generated from the definition."""
        return _read_aloud(self)


def _digest(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()


def _line_of(error: Exception) -> str:
    line = getattr(error, "lineno", None)
    return f" (line {line})" if line else ""


def _explain(problem: Any) -> str:
    where = ".".join(str(part + 1) if isinstance(part, int) else part for part in problem["loc"]) or "the definition"
    if problem["type"] == "extra_forbidden":
        return f"{where}: unknown key"
    if problem["type"] == "missing":
        return f"{where}: missing"
    return f"{where}: {problem['msg'].removeprefix('Value error, ')}"


def _listed(words: list[str], conjunction: str = "and") -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {conjunction} {words[-1]}"


def _read_aloud(process: Process) -> str:
    values, scale, rule = process.values, process.scale, process.rule
    steps = "" if scale.step == 1 else f" in steps of {plain(scale.step)}"
    sentences = [
        f"Each candidate is scored from {plain(scale.minimum)} to {plain(scale.maximum)}{steps} on {_listed([v.label for v in values])}."
    ]
    if process.exercises:
        matrix = _listed([f"{e.label} ({_listed([_label(process, v) for v in e.values])})" for e in process.exercises])
        sentences.append(f"The exercises are {matrix}; a value that several exercises measure takes the mean of its exercise scores.")
    counted = {
        "agreed score": "the score the panel agreed after discussion",
        "mean of independent ratings": "the mean of the assessors' independent ratings",
        "median of independent ratings": "the median of the assessors' independent ratings",
    }[rule.value_score]
    rounded = {
        "none": "It is not rounded.",
        "half up": f"It is rounded to the nearest step of {plain(scale.step)}, and a tie goes up.",
        "half down": f"It is rounded to the nearest step of {plain(scale.step)}, and a tie goes down.",
    }[rule.rounding]
    sentences.append(f"The score that counts for a value is {counted}. {rounded}")
    hurdles = {v.hurdle for v in values}
    if len(hurdles) == 1 and len(values) > 1:
        sentences.append(f"A candidate needs at least {plain(values[0].hurdle)} on every value.")
    else:
        sentences.append(f"A candidate needs at least {_listed([f'{plain(v.hurdle)} on {v.label}' for v in values])}.")
    bare = process.decision_rule()
    weight = sum(bare.weights.values(), Fraction(0))
    span = f"from {plain(weight * scale.minimum)} to {plain(weight * scale.maximum)}"
    if len(values) == 1 and values[0].weight == 1:
        sentences.append(f"The value score is the total, {span}.")
    elif all(v.weight == 1 for v in values):
        sentences.append(f"The value scores add up to a total {span}.")
    else:
        weights = _listed([f"{v.label} {plain(v.weight)}" for v in values])
        sentences.append(f"The value scores are weighted ({weights}) and add up to a total {span}.")
    sentences.append(
        "A candidate meets the standard who meets every hurdle and whose total is equal to or above the minimum acceptable standard; "
        "the total is compared unrounded."
    )
    sentences.append(
        {
            "incomplete": "A candidate with any rating missing is incomplete, which is neither met nor not met; "
            "a missing rating is never read as zero and never filled in.",
            "use the ratings there are": "A value with at least one rating is scored from the ratings there are; a candidate "
            "with no rating on a value is incomplete, which is neither met nor not met.",
        }[rule.missing_rating]
    )
    return " ".join(sentences)


def _label(process: Process, name: str) -> str:
    return next(v.label for v in process.values if v.name == name)
