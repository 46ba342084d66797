"""The data that ship: what their READMEs say of them is so."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pandas as pd
import pytest

from standardsetting.named.validate import check
from standardsetting.process import Process
from standardsetting.simulate import folder

DATA = Path(__file__).parents[2] / "data"


@pytest.mark.parametrize("name", ["sergeant-2023", "writing"])
def test_ready_to_close(name: str) -> None:
    process = Process.load(DATA / name)
    checked = check(process, DATA / name)
    assert process.id == name and not checked.findings and not checked.outstanding


def test_sergeant_is_made_by_the_command_its_readme_names(tmp_path: Path) -> None:
    made, shipped = folder.write(tmp_path / "sergeant-2023"), DATA / "sergeant-2023"
    own = {str(file.relative_to(made)) for file in made.rglob("*") if file.is_file()}
    theirs = {str(file.relative_to(shipped)) for file in shipped.rglob("*") if file.is_file()}
    # Closing and deciding leave their own folders behind.
    assert own == {name for name in theirs if not name.startswith(("closing", "records", "restricted", "."))}
    for name in own:
        if name.endswith(".xlsx"):
            # Packed by another version of zlib the same workbook has other bytes.
            assert _parts(made / name) == _parts(shipped / name)
        else:
            assert (made / name).read_bytes() == (shipped / name).read_bytes(), name


def _parts(workbook: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(workbook) as parts:
        return {name: parts.read(name) for name in parts.namelist()}


def test_sergeant_is_the_first_process() -> None:
    process = Process.load(DATA / "sergeant-2023")
    assert process.process.synthetic and process.vacancies == 120
    assert [value.name for value in process.values] == ["professionalism", "integrity", "courage", "compassion"]
    assert {value.hurdle for value in process.values} == {3} and len(process.scale.meanings) == 5
    assert str(process.dates.first_interview) == "2023-09-06" and str(process.dates.last_interview) == "2023-09-29"
    assert process.schedule[0].at_stage == "closed"
    assert "Everything here is invented" in (DATA / "sergeant-2023" / "README.md").read_text(encoding="utf-8")


def test_writing_is_what_its_readme_says() -> None:
    place = DATA / "writing"
    process = Process.load(place)
    every, panels = (pd.read_csv(place / name) for name in ("ratings_all.csv", "ratings.csv"))
    assert not process.process.synthetic and process.rule.value_score == "mean of independent ratings"
    assert (process.rating_scale.minimum, process.rating_scale.maximum) == (0, 3) and {value.hurdle for value in process.values} == {1}
    assert "CC0 1.0" in (place / "README.md").read_text(encoding="utf-8")
    assert set(every["value"]) == {value.name for value in process.values}
    assert (every["candidate_id"].nunique(), every["assessor_id"].nunique(), len(every)) == (372, 10, 372 * 10 * 4)
    assert not every.duplicated(["candidate_id", "assessor_id", "value"]).any()
    assert (panels.groupby("candidate_id")["assessor_id"].nunique() == 2).all() and len(panels.merge(every)) == len(panels) == 2976
    assert "ratings_all.csv" not in {source.file for source in process.sources.values()}
