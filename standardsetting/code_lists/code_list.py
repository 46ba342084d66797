"""One code list: name, version, date, source, codes in their order, and the fixed roll-up from detailed to broad groups."""

from __future__ import annotations

import hashlib
import json
import tomllib
from datetime import date
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

from pydantic import Field, ValidationError, model_validator

from standardsetting.errors import DefinitionError, UsageError
from standardsetting.process.sections import Identifier, Part

_SHIPPED = Path(__file__).parent
# Four states, never one: each has its own reason and its own row in a count, and none of them is a group with a rate.
NOT_KNOWN = {
    "prefer_not_to_say": ("Prefer not to say", ("rather not say", "prefer not to answer", "declined to say", "refused")),
    "not_asked": ("Not asked", ("question not asked",)),
    "unknown_in_hr": ("Unknown in HR", ("unknown", "not known", "not recorded", "not stated", "no answer")),
    "opted_out": ("Opted out of monitoring", ("opted out", "opt out")),
}
OPTED_OUT, UNKNOWN_IN_HR = "opted_out", "unknown_in_hr"


class Code(Part):
    """One group: its code, its label, what its people are called in a sentence, other wordings that exports use, and its broader code.

    `from_age` makes it a band of ages: from so many whole years up to where the next band begins.
    """

    code: Identifier
    label: str
    people: str = ""
    also: tuple[str, ...] = ()
    part_of: str = ""
    from_age: int | None = None


class Level(Part):
    """One degree of detail. `name` is its column in the monitoring table and in a snapshot."""

    name: Identifier
    title: str
    note: str = ""
    codes: tuple[Code, ...] = Field(min_length=2)

    @model_validator(mode="after")
    def _wordings_differ(self) -> Self:
        codes = [c.code for c in self.codes]
        if len(set(codes)) < len(codes) or set(codes) & set(NOT_KNOWN):
            raise ValueError("two codes of a level are the same, or one is a kind of not known")
        words = [word for c in self.codes for word in {_same(w) for w in (c.code, c.label, *c.also)}]
        words += [word for code, (label, also) in NOT_KNOWN.items() for word in {_same(w) for w in (code, label, *also)}]
        if len(set(words)) < len(words):
            raise ValueError("one wording stands for two codes of a level")
        ages = [c.from_age for c in self.codes if c.from_age is not None]
        if ages and (len(ages) < len(codes) or ages[0] != 0 or any(next_one <= age for age, next_one in pairwise(ages))):
            raise ValueError("from_age was expected for every code of a level or for none, from 0 upwards")
        return self

    @property
    def of_ages(self) -> bool:
        """Whether its codes are bands of ages."""
        return self.codes[0].from_age is not None

    def band_of(self, age: int) -> str:
        """The code of the band that an age in whole years lies in.

        Examples
        --------
        >>> level = read_list("age_band").level("age_band")
        >>> [level.band_of(age) for age in (29, 30, 64)]
        ['under_30', '30_to_34', '50_and_over']
        """
        reached = [c.code for c in self.codes if c.from_age is not None and c.from_age <= age]
        if not reached:
            raise UsageError("An age of 0 or more, and a level whose codes are bands of ages, were expected.")
        return reached[-1]

    @property
    def labels(self) -> dict[str, str]:
        """Code and label, in order, the four kinds of not known last."""
        return {c.code: c.label for c in self.codes} | {code: label for code, (label, _) in NOT_KNOWN.items()}

    @property
    def people(self) -> dict[str, str]:
        """What the people of each code are called in a sentence: "women", "disabled candidates"."""
        return {c.code: c.people or f"candidates in the group “{c.label}”" for c in self.codes}

    @cached_property
    def _wordings(self) -> dict[str, str]:
        known = {_same(word): code for code, (label, also) in NOT_KNOWN.items() for word in (code, label, *also)}
        return known | {_same(word): c.code for c in self.codes for word in (c.code, c.label, *c.also)}

    def code_of(self, text: str) -> str | None:
        """The code that a cell's text stands for; None where the list does not know it. Capitals and doubled spaces do not matter."""
        return self._wordings.get(_same(text))


class CodeList(Part):
    """A versioned code list with its levels, the most detailed first.

    Attributes
    ----------
    name, title, version, date, source
        What it is, which edition of it, since when, and whose.
    question
        The question whose answers it codes, where the list fixes it.
    levels
        Each code of a level belongs to one code of the next. The hierarchy is fixed here, before anybody looks at an outcome.

    Examples
    --------
    >>> ethnicity = read_list("ethnicity")
    >>> [level.name for level in ethnicity.levels], ethnicity.level("ethnicity_19").code_of("Roma")
    (['ethnicity_19', 'ethnicity_5', 'ethnicity_2'], 'white_roma')
    >>> ethnicity.roll_up("ethnicity_19", "ethnicity_2")["white_roma"]
    'white'
    """

    name: Identifier
    title: str
    version: str
    date: date
    source: str
    question: str = ""
    note: str = ""
    levels: tuple[Level, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _rolls_up(self) -> Self:
        if len({level.name for level in self.levels}) < len(self.levels):
            raise ValueError("two levels have the same name")
        for fine, broad in zip(self.levels, self.levels[1:], strict=False):
            if {c.part_of for c in fine.codes} != {c.code for c in broad.codes}:
                raise ValueError(f"every code of {fine.name} must be part_of a code of {broad.name}, and every code there needs a part")
        if any(c.part_of for c in self.levels[-1].codes):
            raise ValueError("the broadest level is part of nothing")
        return self

    @property
    def hash(self) -> str:
        """SHA-256 of the whole list: a series of years is comparable where it is the same."""
        # An entry that a list does not use leaves its hash as it was before there was such an entry.
        content = json.dumps(self.model_dump(mode="json", exclude_none=True), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(content.encode()).hexdigest()

    def level(self, name: str) -> Level:
        return next(level for level in self.levels if level.name == name)

    def roll_up(self, fine: str, broad: str) -> dict[str, str]:
        """The code of the broader level for each code of the finer one. The kinds of not known stay what they are."""
        names = [level.name for level in self.levels]
        if fine not in names or broad not in names or names.index(fine) > names.index(broad):
            raise UsageError("A roll-up goes from a level of the list to the same level or a broader one.")
        between = self.levels[names.index(fine) : names.index(broad)]
        mapping = {c.code: c.code for c in self.level(fine).codes}
        for level in between:
            parents = {c.code: c.part_of for c in level.codes}
            mapping = {code: parents[now] for code, now in mapping.items()}
        return mapping | {code: code for code in NOT_KNOWN}


def read_list(name: str, *, folder: Path | None = None) -> CodeList:
    """Read a code list: one that ships by its name, or a process's own, a file ending in .toml in its folder.

    Raises
    ------
    DefinitionError
        There is no such list, or it cannot be used; keys are named and never what was found.
    """
    own = name.endswith(".toml")
    file = (folder or Path()) / name if own else _SHIPPED / f"{name}.toml"
    if own and folder is not None and not file.resolve().is_relative_to(folder.resolve()):
        raise DefinitionError("A code list inside the process folder was expected; its path leads out of the folder.")
    if not file.is_file():
        raise DefinitionError(
            "A code list that [cohort] names is not there.",
            next_step=f"Name one that ships ({', '.join(shipped_lists())}) or a file ending in .toml in the process folder.",
        )
    try:
        content: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8-sig"))
        return CodeList.model_validate(content)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise DefinitionError(f"The code list {file.name} is not valid TOML.", next_step="Compare it with one that ships.") from None
    except ValidationError as error:
        details = tuple(
            f"{'.'.join(str(part + 1) if isinstance(part, int) else part for part in problem['loc']) or 'the list'}: "
            f"{'unknown key' if problem['type'] == 'extra_forbidden' else problem['msg'].removeprefix('Value error, ')}"
            for problem in error.errors(include_input=False, include_url=False)
        )
        raise DefinitionError(f"The code list {file.name} cannot be used.", details=details, next_step="Mend the entries named.") from None


def shipped_lists() -> tuple[str, ...]:
    """The names of the lists that ship."""
    return tuple(sorted(file.stem for file in _SHIPPED.glob("*.toml")))


def _same(text: str) -> str:
    return " ".join(text.replace("_", " ").split()).casefold()
