"""Closing freezes the days of the definition, so it tells what `check` tells of dates of birth for which no day is given."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from standardsetting.cli import app
from standardsetting.named.close import close
from standardsetting.named.snapshot import cohort_findings
from standardsetting.named.validate import check
from standardsetting.process import Process

NOW = datetime(2023, 10, 12, 12, 0, tzinfo=UTC)
CLOSES = "applications_close = 2023-06-16T23:55:00\n"


@pytest.fixture
def folder(small_process):
    """`folder(births, definition)`: a small process that can be closed, with dates of birth or without."""

    def make(births: bool, definition: str = "", born: str = "1988-04-03") -> Path:
        if births:
            small_process.tables["monitoring"] = small_process.tables["monitoring"].assign(date_of_birth=born)
        small_process.definition += definition
        small_process.write()
        return small_process.folder

    return make


def test_close_tells_the_finding_of_check_and_closes_all_the_same(folder) -> None:
    place = folder(True)
    process = Process.load(place)
    told = [one for one in cohort_findings(check(process, place), process, place) if one.kind == "no day to take ages on"]
    closing = close(process, place, when=NOW)
    assert len(told) == 1 and list(closing.before_cohort_reports) == told and closing.candidates
    assert "1988" not in told[0].line


def test_the_command_says_what_is_left_to_do(folder) -> None:
    place = folder(True)
    said = CliRunner().invoke(app, ["close", str(place)])
    assert said.exit_code == 0, said.output
    lines = said.output.splitlines()
    assert "frozen now, so export the bands of ages" in lines[1] and "column date_of_birth: Ages are taken on the day" in lines[2]
    assert lines[-1].startswith("Next: standardsetting pack") and "1988" not in said.output


@pytest.mark.parametrize(("births", "definition", "born"), [(False, "", ""), (True, CLOSES, "1988-04-03"), (True, CLOSES, "2022-04-03")])
def test_nothing_is_said_where_a_day_is_given_or_no_date_of_birth_whatever_the_cells_hold(
    folder, births: bool, definition: str, born: str
) -> None:
    place = folder(births, definition, born)
    assert close(Process.load(place), place, when=NOW).before_cohort_reports == ()


def test_a_broken_list_of_groups_is_no_matter_for_closing(folder) -> None:
    place = folder(True, '[[cohort.characteristics]]\nname = "age_band"\nlist = "gone.toml"\n')
    assert close(Process.load(place), place, when=NOW).before_cohort_reports == ()
