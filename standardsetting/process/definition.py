"""The process definition as a whole: `Process.load` reads `process.toml`, checks it, freezes it and hashes it."""

from __future__ import annotations

import hashlib
import json
import tomllib
from fractions import Fraction
from pathlib import Path
from typing import Any, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from standardsetting.errors import DefinitionError
from standardsetting.process.cohort import Cohort, PositiveAction
from standardsetting.process.sections import (
    Dates,
    Disclosure,
    Exercise,
    Identity,
    Part,
    ScaleTable,
    Scheduled,
    Scoring,
    Source,
    TableName,
    Value,
)
from standardsetting.rule import DecisionRule
from standardsetting.scale import Scale

DEFINITION_FILE = "process.toml"

# A value by one of these names would be taken for a column of a table of ours.
_COLUMNS = frozenset(
    {"candidate", "candidates", "assessor", "panel", "day", "exercise", "value", "rating", "score", "kind", "total", "status", "reason",
     "profile", "ways", "hurdles"}
)  # fmt: skip
# Where the exports lie, where reports go, when they run, and what is asked about the cohort: nothing that the blind zone needs to know.
_BESIDE_THE_STANDARD = {"sources", "reports", "schedule", "cohort", "positive_action"}


class Process(Part):
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
    cohort: Cohort = Cohort()
    positive_action: PositiveAction | None = None
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

        What is beside the standard is left out (where the exports lie, where reports go and when they run, what is asked about the
        cohort), and so the named zone and the blind zone have the same hash. Closing freezes the whole file as well.
        """
        return _digest(self.model_dump(mode="json", exclude=_BESIDE_THE_STANDARD))

    @property
    def rule_hash(self) -> str:
        """SHA-256 of what decides: the scale, the values with hurdles and weights, the exercises and the scoring policies."""
        return _digest(self.model_dump(mode="json", include={"scale", "values", "exercises", "rule"}))

    @property
    def cohort_hash(self) -> str:
        """SHA-256 of what is asked about the cohort: `[cohort]` and `[positive_action]`, which `hash` leaves out."""
        return _digest(self.model_dump(mode="json", include={"cohort", "positive_action"}))

    def without_sources(self) -> Process:
        """The definition as the blind zone may see it: no file names, no database, no place on a machine, no characteristic."""
        return self.model_copy(update={"sources": {}, "reports": None, "cohort": Cohort(), "positive_action": None})

    @property
    def reading(self) -> str:
        """The rule as one paragraph of plain English, generated from the definition."""
        from standardsetting.process.reading import read_aloud

        return read_aloud(self)


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
