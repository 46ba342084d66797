"""Who applied: declaration from the protected count, other populations from their own numbers, and nobody's small group in either."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from pydantic import ValidationError

from standardsetting.cohort.diversity.compared import Shown
from standardsetting.cohort.diversity.who_applied import APPLICANTS, declared, frames
from standardsetting.cohort.snapshot import Level
from standardsetting.disclosure.cube import Characteristic, Cube, Declaration, ending
from standardsetting.disclosure.protect import protect
from standardsetting.errors import DefinitionError
from standardsetting.process.cohort import Cohort, Frame

LABELS = {"female": "Female", "male": "Male"}
SEX = Level("sex", "Sex", "", ("female", "male"), LABELS, {"female": "women", "male": "men"}, "male", {}, derived=False)
POOL: dict[str, Any] = {
    "name": "constables", "level": "sex", "dated": date(2023, 3, 31), "source": "a return", "people": {"female": 1190, "male": 2210}
}  # fmt: skip


def shown(silent: int) -> Shown:
    declaration = Declaration(("applied", "met"), (Characteristic("sex", ("Female", "Male"), "Male"),), (("sex",),))
    counts = {("Female", "met"): 61, ("Female", ""): 59, ("Male", "met"): 150, ("Male", ""): 130 - silent, ("not asked", "met"): silent}
    rows = [(sex, ending("met") if met else ending("met", "not passed")) for (sex, met), n in counts.items() for _ in range(n)]
    people = pd.DataFrame(rows, columns=["sex", "ending"])
    return Shown(protect(Cube.of(people, process="p", milestone="met", declaration=declaration)), {})


def beside(*populations: dict[str, Any], silent: int = 25) -> pd.DataFrame:
    cohort = Cohort(frames=tuple(Frame(**each) for each in populations))
    snapshot: Any = SimpleNamespace(process=SimpleNamespace(cohort=cohort), levels={"sex": SEX})
    return frames(snapshot, shown(silent)).table


def test_the_share_who_said_comes_from_the_rounded_count() -> None:
    """Of 400, 23 said nothing: the release shows 25, so 94% and not 94.25%."""
    assert declared(shown(23)).table["shown"].tolist() == ["94%"]


def test_a_few_who_said_nothing_are_not_counted() -> None:
    section = declared(shown(6))
    assert section.table["shown"].tolist() == ["[c]"] and "may not be told" in section.sentences[0]


def test_applicants_stand_beside_each_population() -> None:
    table = beside(POOL, {**POOL, "name": "sergeants", "people": {"female": 300, "male": 800}})
    assert table[["population", "shown"]].to_numpy().tolist() == [[APPLICANTS, "30%"], ["constables", "35%"], ["sergeants", "27%"]]
    assert table["group"].unique().tolist() == ["Female"]
    assert table["dated"].tolist() == ["", "31 March 2023", "31 March 2023"]


@pytest.mark.parametrize("people", [{"female": 9, "male": 800}, {"female": 800, "male": 9}, {"male": 800}])
def test_a_small_group_of_a_population_is_confidential_there_too(people: dict[str, int]) -> None:
    assert beside({**POOL, "people": people})["shown"].tolist() == ["30%", "[c]"]


def test_without_a_population_the_report_says_what_it_cannot_say() -> None:
    cohort = SimpleNamespace(process=SimpleNamespace(cohort=Cohort()), levels={"sex": SEX})
    assert "No other population was given" in frames(cohort, shown(25)).sentences[0]  # type: ignore[arg-type]


def test_a_code_that_the_level_does_not_have_is_refused_without_naming_a_number() -> None:
    with pytest.raises(DefinitionError) as caught:
        beside({**POOL, "people": {"female": 1190, "women": 17}})
    assert "1 codes that sex does not have" in caught.value.message and "17" not in str(caught.value)


@pytest.mark.parametrize("people", [{}, {"female": 0, "male": 0}, {"female": -1, "male": 20}])
def test_a_population_counts_people(people: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        Frame(**{**POOL, "people": people})
