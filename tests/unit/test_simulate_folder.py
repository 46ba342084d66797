"""Process folders written by `new` and `simulate`."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pandas as pd
import pytest

from standardsetting.errors import UsageError
from standardsetting.named.validate import check
from standardsetting.process import Process
from standardsetting.process import cohort as cohort_sections
from standardsetting.process.sections import Part
from standardsetting.simulate import folder
from standardsetting.simulate.export import LAYOUTS, layouts, sources_as_toml


@pytest.fixture(scope="module")
def flawed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder.write(tmp_path_factory.mktemp("made") / "flawed", n=120, seed=11, flawed=True)


def content(place: Path) -> dict[str, bytes]:
    return {str(file.relative_to(place)): file.read_bytes() for file in sorted(place.rglob("*")) if file.is_file()}


def test_new_is_valid_as_written(tmp_path: Path) -> None:
    made = folder.new(tmp_path / "Sergeant 2024 (external)", title='A "quoted" title')
    process = Process.load(made)
    assert process.id == "sergeant-2024-external" and process.process.title == 'A "quoted" title'
    assert not process.process.synthetic
    assert [(value.name, value.hurdle) for value in process.values] == [
        ("professionalism", 3), ("integrity", 3), ("courage", 3), ("compassion", 3),
    ]  # fmt: skip
    assert (process.rating_scale.minimum, process.rating_scale.maximum) == (1, 5)
    assert set(process.sources) == set(LAYOUTS)


def test_new_explains_every_key(tmp_path: Path) -> None:
    """Every key that the definition knows stands in the file, as an entry or as an example."""
    text = (folder.new(tmp_path / "one") / "process.toml").read_text(encoding="utf-8")
    keys = {
        key for part in ("Identity", "Scoring", "Dates", "Disclosure", "Scheduled", "Source", "Exercise", "Value") for key in _keys(part)
    }
    keys |= {key for model in _about_the_cohort() for key in model.model_fields}
    missing = {key for key in keys | {"vacancies", "reports"} if key not in text}
    assert not missing
    assert sum(line.startswith("#") for line in text.splitlines()) > 40 and "cron" in text


def _keys(part: str) -> set[str]:
    from standardsetting.process import sections

    return set(getattr(sections, part).model_fields)


def _about_the_cohort() -> list[type[Part]]:
    models = [model for model in vars(cohort_sections).values() if isinstance(model, type) and issubclass(model, Part)]
    assert {model.__name__ for model in models} >= {"Cohort", "PositiveAction", "Characteristic", "FunnelStage", "Evidence"}
    return models


def test_new_examples_about_the_cohort_are_valid_once_uncommented(tmp_path: Path) -> None:
    file = folder.new(tmp_path / "one") / "process.toml"
    text = file.read_text(encoding="utf-8")
    begin, end = text.index("# [cohort]\n"), text.index("# Where the tables come from")
    examples = re.sub(r"(?m)^# (?=\[|[a-z_]+ = (?!true:))", "", text[begin:end])
    file.write_text(text[:begin] + examples + text[end:], encoding="utf-8")
    process = Process.load(file)
    assert [stage.name for stage in process.cohort.stages] == ["checks_passed", "offered"] and process.cohort.stages[1].any_outcome
    assert [each.name for each in process.cohort.characteristics] == ["sex", "ethnicity", "disability", "age_band"]
    assert process.positive_action is not None and process.positive_action.evidence[0].group == "women"
    assert process.hash == Process.load(folder.new(tmp_path / "two" / "one")).hash, "what is asked of the cohort is beside the standard"
    assert process.cohort_hash != Process.load(tmp_path / "two" / "one").cohort_hash


def test_new_examples_are_valid_once_uncommented(tmp_path: Path) -> None:
    made = folder.new(tmp_path / "one")
    examples = ("# vacancies = ", "# weight = ", "# title = ", "# cut_step = ", "# applications_", "# eligibility_", "# first_", "# last_")
    examples += ("# standard_setting = ", "# outcomes_", "# [[schedule]]", "# report = ", "# at_stage = ", "# at = ")
    file = made / "process.toml"
    written = file.read_text(encoding="utf-8").splitlines()
    assert all(any(line.startswith(example) for line in written) for example in examples)
    ours = range(written.index("# [cohort]"), next(i for i, line in enumerate(written) if line.startswith("# Where the tables come from")))
    lines = [line[2:] if line.startswith(examples) and i not in ours else line for i, line in enumerate(written)]
    file.write_text("\n".join(lines), encoding="utf-8")
    process = Process.load(made)
    assert process.vacancies == 120 and len(process.schedule) == 1 and process.dates.last_interview is not None


def test_new_tables_hold_headings_only_and_nothing_else_is_wrong(tmp_path: Path) -> None:
    made = folder.new(tmp_path / "one")
    for name, layout in LAYOUTS.items():
        assert (made / f"{name}.csv").read_text(encoding="utf-8") == ",".join(layout.headings) + "\n"
    assert {finding.kind for finding in check(Process.load(made), made).findings} == {"no rows"}


@pytest.mark.parametrize("make", [folder.new, folder.write])
def test_nothing_is_overwritten(tmp_path: Path, make: object) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match="new or empty"):
        make(tmp_path / "there")  # type: ignore[operator]
    with pytest.raises(UsageError, match="new or empty"):
        make(tmp_path / "there" / "notes.txt")  # type: ignore[operator]
    assert [file.name for file in (tmp_path / "there").iterdir()] == ["notes.txt"]


def test_written_process_is_ready_to_close(tmp_path: Path) -> None:
    made = folder.write(tmp_path / "one", n=60, seed=7, did_not_attend=0.05, void=0.05, rating_missing=0.05)
    process = Process.load(made)
    checked = check(process, made)
    assert not checked.findings and not checked.outstanding
    assert process.process.synthetic and process.id == "one"
    assert set(checked.tables) == set(LAYOUTS)
    # A void interview keeps its ratings.
    assert {note.kind for note in checked.notes} == {"spaces around a cell", "excepted and scored"}
    assert set(checked.tables["ratings"]["value"].dropna()) == {value.name for value in process.values}


def test_same_seed_same_bytes(tmp_path: Path) -> None:
    one, other = (folder.write(tmp_path / place / "same", n=40, seed=3) for place in ("a", "b"))
    assert content(one) == content(other)
    assert content(one)["ratings.csv"] != content(folder.write(tmp_path / "c" / "same", n=40, seed=4))["ratings.csv"]


def test_exports_have_excels_habits(tmp_path: Path) -> None:
    made = folder.write(tmp_path / "one", n=200, seed=3)
    people = pd.read_excel(made / "candidates.xlsx", sheet_name="Applicants", dtype=object, engine="calamine")
    assert list(people.columns[:2]) == ["Applicant Ref", "Full name"]
    assert people["Applicant Ref"].map(lambda cell: isinstance(cell, str) and cell.startswith("00")).all()
    assert people["Sick days (3 years)"].map(lambda cell: isinstance(cell, str)).all()
    assert people["Full name"].str.endswith(" ").any()
    assert people["Last updated"].str.fullmatch(r"\d\d/\d\d/2023 \d\d:\d\d:\d\d").all()
    assert (made / "interviews.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_a_large_cohort_goes_to_csv() -> None:
    assert layouts(20_000)["candidates"].file == "candidates.xlsx" and layouts(20_001)["candidates"].file == "candidates.csv"
    assert 'file = "candidates.csv"' in sources_as_toml(20_001) and "sheet" not in sources_as_toml(20_001)


def test_open_process_waits_for_interviews(tmp_path: Path) -> None:
    made = folder.write(tmp_path / "one", n=100, seed=3, open_=True)
    checked = check(Process.load(made), made)
    assert not checked.findings
    outstanding = {item.kind: item.count for item in checked.outstanding}
    assert outstanding["agreed score missing"] == 3 and 20 < outstanding["interview not completed"] < 80
    scheduled = checked.tables["interviews"].query("status == 'scheduled'")
    assert (scheduled["date"] > "2023-09-19").all() and not set(scheduled["candidate_id"]) & set(checked.tables["ratings"]["candidate_id"])


def test_every_planted_error_is_found(flawed: Path) -> None:
    checked = check(Process.load(flawed), flawed)
    told = {(f.table, row, f.kind) for f in (*checked.findings, *checked.notes) for row in f.rows}
    told |= {("interviews", row, item.kind) for item in checked.outstanding for row in item.rows}
    with (flawed / "truth" / "planted.csv").open(encoding="utf-8", newline="") as stream:
        planted = [(one["table"], int(one["row"]), one["kind"]) for one in csv.DictReader(stream)]
    assert len(planted) >= 18 and not [one for one in planted if one not in told]


def test_nothing_is_found_that_was_not_planted(flawed: Path) -> None:
    """The other way round: every blocking finding is one of the kinds that were planted."""
    planted = set(pd.read_csv(flawed / "truth" / "planted.csv")["kind"])
    assert {finding.kind for finding in check(Process.load(flawed), flawed).findings} <= planted


def test_those_who_were_not_eligible_change_nobody_else(tmp_path: Path) -> None:
    """The same candidates with and without further applicants: every row of theirs is the same, in every table."""
    shares = (("a", 0.2), ("b", 0.0))
    with_them, alone = (folder.write(tmp_path / place / "one", n=60, seed=5, not_eligible=share) for place, share in shares)
    one, other = content(with_them), content(alone)
    differ = {name for name in one if one[name] != other[name]}
    assert differ == {
        "README.md", "candidates.xlsx", "monitoring.csv", "truth/settings.json", "truth/characteristics_of_the_not_eligible.csv",
    }  # fmt: skip
    both = [pd.read_excel(place / "candidates.xlsx", dtype=str, engine="calamine") for place in (with_them, alone)]
    pd.testing.assert_frame_equal(both[0].head(60), both[1])
    more = both[0].tail(12)
    assert (more["Eligible"] == "no").all() and more["Reason not eligible"].notna().all() and (both[1]["Eligible"] == "yes").all()
    assert both[0]["Applicant Ref"].is_unique and both[0]["E-mail"].is_unique and both[0]["EDI key"].is_unique
    declared = [pd.read_csv(place / "monitoring.csv", dtype=str) for place in (with_them, alone)]
    assert set(more["EDI key"]) == set(declared[0]["EDI key"]) - set(declared[1]["EDI key"])
    assert declared[0]["EDI key"].is_monotonic_increasing
    interviews = pd.read_csv(with_them / "interviews.csv", dtype=str)
    assert not set(more["Applicant Ref"]) & set(interviews["Applicant Ref"])
    checked = check(Process.load(with_them), with_them)
    assert checked.ready and {note.kind for note in checked.notes} <= {"spaces around a cell", "excepted and scored"}


def test_truth_says_what_it_is(flawed: Path) -> None:
    truth = flawed / "truth"
    assert "only because the data are synthetic" in (truth / "README.md").read_text(encoding="utf-8")
    known = pd.read_csv(truth / "candidates.csv", dtype={"candidate_id": str})
    people = pd.read_excel(flawed / "candidates.xlsx", dtype=str, engine="calamine")
    excluded = pd.read_csv(truth / "characteristics_of_the_not_eligible.csv", dtype=str)["candidate_id"]
    assert len(excluded) == round(120 * 45 / 360) and not set(excluded) & set(known["candidate_id"])
    assert {*known["candidate_id"], *excluded} == set(people["Applicant Ref"]) and known["ability"].std() > 1
    assert "--flawed" in (flawed / "README.md").read_text(encoding="utf-8")


def test_settings_of_the_definition_cannot_be_changed_in_a_folder(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="keeps its values"):
        folder.write(tmp_path / "one", n=10, values=("one",))
    assert not (tmp_path / "one").exists()
