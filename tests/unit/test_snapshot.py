"""Taking a snapshot: every person's state at every stage, characteristics by code list, and what is refused, told or left out."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from standardsetting import BlindScores, Process, records
from standardsetting.blind.decide import seal_standard
from standardsetting.code_lists import NOT_KNOWN, read_list
from standardsetting.cohort.snapshot import CohortSnapshot, series_breaks
from standardsetting.errors import DefinitionError, FindingsError, StageError, UsageError
from standardsetting.named.ages import with_bands
from standardsetting.named.close import IDENTITIES, close
from standardsetting.named.findings import Gathering
from standardsetting.named.snapshot import cohort_findings, take
from standardsetting.named.validate import check
from standardsetting.process.cohort import Cohort, Covariate
from standardsetting.stages import NAMED

NOW = datetime(2023, 12, 1, 12, 0, tzinfo=UTC)
ETHNIC = ("Roma", "Indian", "White British", "Caribbean")
BROAD = ("White", "Asian", "White", "Black")
COHORT = """
[cohort]
[[cohort.stages]]
name = "checks"
steps = ["references", "vetting"]
[[cohort.stages]]
name = "posted"
steps = ["posting offer"]
passed = ["accepted"]
[[cohort.covariates]]
column = "previous_attempts"
block = "clearly prior"
[[cohort.covariates]]
column = "review"
block = "possibly tainted"
levels = ["competent", "exceptional"]
"""


def agreed(i: int) -> list[int]:
    """The agreed scores of the small process's candidate in place i (see tests/conftest.py)."""
    return [max(2 + (i + v) % 4, 2 + (i * v) % 4) for v in range(4)]


CUT = 18
MET = [i for i in range(11) if min(agreed(i)) >= 3 and sum(agreed(i)) >= CUT]
Change = Callable[[dict[str, pd.DataFrame]], None]


def unchanged(tables: dict[str, pd.DataFrame]) -> None:
    pass


def fill(small_process) -> None:
    """Fifteen applicants: twelve as before, two who were not eligible, one deferred before an interview; with everything around them."""
    tables = small_process.tables
    more = [f"QXCAND{i:03d}" for i in (13, 14, 15)]
    people = pd.concat(
        [
            tables["candidates"],
            pd.DataFrame({"candidate_id": more, "name": ["Zuleika Dobbs", "Quentin Marl", "Ysolde Finch"], "monitoring_key": more}),
        ],
        ignore_index=True,
    )
    people["eligible"] = ["yes"] * 12 + ["no", "no", "yes"]
    people["reason_not_eligible"] = [None] * 12 + ["WBA", "Attendance criteria not met", None]
    people["deferral"] = [None] * 14 + ["maternity leave"]
    people["adjustment_made"] = ["yes", "no", None] * 5
    people["previous_attempts"] = ["0", "1", "2"] * 5
    people["review"] = ["Competent", "exceptional", None] * 5
    keys = people["monitoring_key"].tolist()[:14]
    tables["candidates"] = people
    tables["monitoring"] = pd.DataFrame(
        {
            "monitoring_key": keys[::-1],
            "sex": [("Female", "M")[i % 2] for i in range(13, -1, -1)],
            "ethnicity_19": [ETHNIC[i % 4] for i in range(13, -1, -1)],
            "ethnicity_5": [BROAD[i % 4] for i in range(13, -1, -1)],
            "opt_out": ["yes" if i == 4 else "no" for i in range(13, -1, -1)],
        }
    )
    tables["workshops"] = pd.DataFrame(
        {"candidate_id": ["QXCAND001", "QXCAND003"], "invited": ["2023-07-14"] * 2, "booked": ["2023-07-20", None],
         "attended": ["2023-08-01", None], "arm": ["offered", "wait-list"]}
    )  # fmt: skip
    steps = [(i, step, "passed", "2023-10-20") for i in MET for step in ("references", "vetting")]
    steps += [(i, "posting offer", "accepted", "2023-11-20") for i in MET]
    tables["progress"] = pd.DataFrame(
        [(f"QXCAND{i + 1:03d}", *rest) for i, *rest in steps], columns=["candidate_id", "step", "outcome", "date"]
    )


_DECIDED: dict[tuple[int, str], Path] = {}
_GOES_ON = ("monitoring", "workshops", "progress")


@pytest.fixture
def decided(small_process, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """`decided(change, before=..., cut=CUT, cohort=COHORT)`: a folder whose standard is recorded.

    `change` alters the tables that go on after closing, once it is closed; `before` any table, before it is. A process that nothing altered
    before closing is closed once and copied.
    """

    def closed(before: Change, cut: int, cohort: str, folder: Path) -> Path:
        small_process.folder = folder
        before(small_process.tables)
        small_process.definition += cohort
        small_process.write()
        close(Process.load(folder), folder, when=NOW)
        scores = BlindScores.read(folder / "closing" / "blind")
        seal_standard(scores, folder, cut=cut, rationale="Because.", by=["A. Director"], evidence={"run": "r", "manifest": "m"}, when=NOW)
        return folder

    def make(change: Change = unchanged, *, before: Change = unchanged, cut: int = CUT, cohort: str = COHORT) -> Path:
        fill(small_process)
        folder = tmp_path_factory.mktemp("process") / "process"
        if before is unchanged:
            if (cut, cohort) not in _DECIDED:
                _DECIDED[cut, cohort] = closed(before, cut, cohort, tmp_path_factory.mktemp("decided") / "process")
            shutil.copytree(_DECIDED[cut, cohort], folder)
        else:
            closed(before, cut, cohort, folder)
        change(small_process.tables)
        for name in _GOES_ON:
            rewrite(folder, name, small_process.tables[name])
        return folder

    return make


def taken(folder: Path, **options: object) -> CohortSnapshot:
    return CohortSnapshot.read(take(Process.load(folder), folder, when=NOW, **options).folder)  # type: ignore[arg-type]


def rewrite(folder: Path, name: str, table: pd.DataFrame) -> None:
    table.to_csv(folder / f"{name}.csv", index=False)


def counts(snapshot: CohortSnapshot) -> dict[str, int]:
    return dict(snapshot.people["ending"].value_counts())


def test_every_ending_follows_from_the_tables_and_the_recorded_standard(decided) -> None:
    snapshot = taken(decided())
    hurdles = sum(min(agreed(i)) >= 3 for i in range(11))
    assert 0 < len(MET) < hurdles < 11, "the small process has people of every kind"
    assert counts(snapshot) == {
        "posted: passed": len(MET), "met_standard: not passed": hurdles - len(MET), "met_hurdles: not passed": 11 - hurdles,
        "interviewed: withdrawn": 1, "interviewed: deferred": 1, "eligible: not passed": 2,
    }  # fmt: skip
    assert [stage.name for stage in snapshot.stages] == [
        "applied", "eligible", "interviewed", "met_hurdles", "met_standard", "checks", "posted",
    ]  # fmt: skip
    for stage, passed in zip(snapshot.stages, (15, 13, 11, hurdles, len(MET), len(MET), len(MET)), strict=True):
        assert (snapshot.people[stage.column] == "passed").sum() == passed
    people = snapshot.people
    assert (people.loc[people["ended_at"] == "eligible", "stage_interviewed"] == "not reached").all()
    assert sorted(people["reason_not_eligible"].dropna()) == ["attendance", "wba"]


def test_scores_totals_and_hurdles_are_those_of_the_decision(decided) -> None:
    people = taken(decided()).people
    scored = people[people["total"].notna()]
    assert sorted(scored["total"]) == sorted(float(sum(agreed(i))) for i in range(11))
    values = [column for column in people if column.startswith("score_")]
    assert sorted(map(tuple, scored[values].to_numpy().tolist())) == sorted(tuple(map(float, agreed(i))) for i in range(11))
    for column in values:
        assert (scored[column.replace("score_", "hurdle_")] == (scored[column] >= 3)).all()
    assert ((scored["status"] == "met") == (scored["stage_met_standard"] == "passed")).all() and set(scored["reason"]) > {"none"}


def test_steps_outcomes_and_dates_of_the_progress_table_make_the_later_stages(decided) -> None:
    first, second, *_ = (f"QXCAND{i + 1:03d}" for i in MET)

    def change(tables: dict[str, pd.DataFrame]) -> None:
        progress = tables["progress"]
        progress.loc[(progress["candidate_id"] == first) & (progress["step"] == "vetting"), "outcome"] = "not passed"
        progress.loc[(progress["candidate_id"] == second) & (progress["step"] == "posting offer"), "outcome"] = "declined"
        # An earlier attempt at the same step does not count, wherever its row stands; nor does progress of somebody who did not meet.
        loser = next(f"QXCAND{i + 1:03d}" for i in range(11) if i not in MET)
        extra = [(second, "vetting", "not passed", "2023-10-01"), (second, "tea", "x", None)]
        extra.append((loser, "references", "not passed", "2023-10-20"))
        tables["progress"] = pd.concat([progress, pd.DataFrame(extra, columns=progress.columns)], ignore_index=True)

    snapshot = taken(decided(change))
    ends = counts(snapshot)
    assert (ends["checks: not passed"], ends["posted: pending"], ends.get("posted: passed", 0)) == (1, 1, len(MET) - 2)
    told = dict(zip(snapshot.account["what"], snapshot.account["count"], strict=True))
    assert told["people with progress after the standard"] == 1 and told["rows of the progress table of other steps"] == 1


def test_progress_after_the_day_of_the_milestone_is_not_followed(decided) -> None:
    folder = decided()
    assert counts(taken(folder))["posted: passed"] == len(MET)
    text = (folder / "process.toml").read_text(encoding="utf-8").replace("[cohort]\n", "[cohort]\nmilestones = { pool = 2023-10-31 }\n")
    (folder / "process.toml").write_text(text, encoding="utf-8")
    snapshot = taken(folder)
    assert counts(snapshot)["posted: pending"] == len(MET) and str(snapshot.as_at) == "2023-10-31"
    told = dict(zip(snapshot.account["what"], snapshot.account["count"], strict=True))
    assert told["rows of the progress table after the milestone"] == len(MET)


def test_who_opted_out_is_opted_out_of_everything_and_nothing_declared_is_kept(decided) -> None:
    snapshot = taken(decided())
    levels = list(snapshot.levels)
    assert levels == ["sex", "ethnicity_19", "ethnicity_5", "ethnicity_2"]
    assert ((snapshot.people[levels] == "opted_out").all(axis=1)).sum() == 1
    assert ((snapshot.people[levels] == "opted_out").any(axis=1)).sum() == 1
    # The candidate in place 4 is the one Roma declaration of place 4; places 0, 8 and 12 are the others.
    assert (snapshot.people["ethnicity_19"] == "white_roma").sum() == 3


def test_a_row_of_an_opt_out_is_empty_as_soon_as_it_is_read(decided) -> None:
    folder = decided()
    monitoring = pd.read_csv(folder / "monitoring.csv", dtype=str)
    gone = monitoring["opt_out"] == "yes"
    monitoring.loc[gone, "ethnicity_19"] = "nothing that a list knows"
    rewrite(folder, "monitoring", monitoring)
    read = check(Process.load(folder), folder).tables["monitoring"]
    assert gone.sum() == 1 and read.loc[gone.to_numpy(), ["sex", "ethnicity_19", "ethnicity_5"]].isna().all(axis=None)
    assert read.loc[~gone.to_numpy(), "ethnicity_19"].notna().all()
    assert taken(folder).people["sex"].value_counts()["opted_out"] == 1


def test_codes_labels_comparators_and_roll_ups(decided) -> None:
    snapshot = taken(decided())
    people, levels = snapshot.people, snapshot.levels
    known = people[~people["ethnicity_19"].isin(NOT_KNOWN)]
    assert set(known["sex"]) == {"female", "male"} and levels["sex"].comparator == "male"
    assert (known["ethnicity_5"] == known["ethnicity_19"].map(levels["ethnicity_19"].roll_up)).all()
    assert (known["ethnicity_2"] == known["ethnicity_5"].map(levels["ethnicity_5"].roll_up)).all()
    assert levels["ethnicity_2"].derived and not levels["ethnicity_5"].derived
    assert "counted with White" in levels["ethnicity_2"].note and levels["ethnicity_2"].roll_up == {}
    # Who has no row is unknown in HR, and is nobody's group.
    assert (people["sex"] == "unknown_in_hr").sum() == 1 and snapshot.tables[0] == ("sex",)
    assert {row["what"] for row in snapshot.account.to_dict("records")} >= {"characteristic Disability", "declarations", "opted out"}


def test_facts_and_covariates(decided) -> None:
    people = taken(decided()).people
    assert people["previous_attempts"].value_counts().to_dict() == {0.0: 5, 1.0: 5, 2.0: 5}
    assert people["review"].value_counts().to_dict() == {"competent": 5, "exceptional": 5}
    assert people["adjustment_made"].value_counts(dropna=False).to_dict() == {True: 5, False: 5, pd.NA: 5}
    listed = people[people["workshop_listed"]]
    # 1 August to the interview on 11 September is 41 days; the other was invited 61 days before 13 September.
    assert sorted(listed["workshop_invited"]) == [-61.0, -59.0] and listed["workshop_attended"].dropna().tolist() == [-41.0]
    assert sorted(listed["workshop_arm"]) == ["offered", "wait-list"] and people["workshop_attended"].notna().sum() == 1


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("blank", ["", "not asked"])
def test_missing_declarations_are_counted_and_never_a_group(decided, share: float, blank: str) -> None:
    def change(tables: dict[str, pd.DataFrame]) -> None:
        monitoring = tables["monitoring"].assign(opt_out="no")
        monitoring.loc[monitoring.index[: round(share * len(monitoring))], ["sex", "ethnicity_19", "ethnicity_5"]] = blank or None
        tables["monitoring"] = monitoring

    snapshot = taken(decided(change))
    expected = {0.0: 0, 0.5: 7, 1.0: 14}[share]
    for level in snapshot.levels:
        unknown = (snapshot.people[level] == ("unknown_in_hr" if not blank else "not_asked")).sum()
        assert unknown == expected + (0 if blank else 1)
    told = dict(zip(snapshot.account["what"], snapshot.account["count"], strict=True))
    assert told["blank cells"] == (0 if blank else 3 * expected)


@pytest.mark.parametrize(
    ("table", "column", "cell", "kind"),
    [
        ("monitoring", "sex", "Zzsecret", "code not in the code list"),
        ("monitoring", "ethnicity_5", "Zzsecret", "code not in the code list"),
        ("monitoring", "ethnicity_5", "Mixed", "two answers that do not belong together"),
        ("progress", "outcome", "Zzsecret", "outcome not known"),
        ("progress", "date", "Zzsecret", "date not understood"),
        ("workshops", "attended", "32/13/2023", "date not understood"),
        ("workshops", "arm", "Zzsecret", "unknown arm"),
        ("monitoring", "opt_out", "Zzsecret", "neither yes nor no"),
    ],
)
def test_what_cannot_be_read_is_told_by_place_and_never_by_value(decided, table: str, column: str, cell: str, kind: str) -> None:
    folder = decided()
    content = pd.read_csv(folder / f"{table}.csv", dtype=str)
    content.loc[0, column] = cell
    rewrite(folder, table, content)
    with pytest.raises(FindingsError) as refused:
        take(Process.load(folder), folder, when=NOW)
    said = str(refused.value)
    assert f"{table} ({table}.csv), column {column}, row 2: " in said and "secret" not in said.casefold()
    assert not (folder / "cohort").exists() and refused.value.exit_code == 11
    if table == "monitoring" and column != "opt_out":
        process = Process.load(folder)
        assert [finding.kind for finding in cohort_findings(check(process, folder), process, folder)] == [kind]


@pytest.mark.parametrize(
    ("column", "cell", "kind"),
    [
        ("previous_attempts", "many", "covariate is not a number"),
        ("review", "secretly good", "level not declared"),
        ("reason_not_eligible", "secret", "reason not in the list"),
        ("adjustment_made", "secret", "neither yes nor no"),
    ],
)
def test_candidates_cells_that_no_list_knows_are_findings_at_the_snapshot_only(decided, column: str, cell: str, kind: str) -> None:
    def change(tables: dict[str, pd.DataFrame]) -> None:
        tables["candidates"].loc[3, column] = cell

    folder = decided(before=change)  # closing does not mind
    with pytest.raises(FindingsError) as refused:
        take(Process.load(folder), folder, when=NOW)
    assert f"column {column}, row 5" in str(refused.value) and "secret" not in str(refused.value)


# ---- dates of birth ---------------------------------------------------------------------------------------------------------

# Applications close on 16 June 2023. In the order of the rows: 30 that day, 30 the day after, 35, nearly 16 and 101, nobody's, and so on.
CLOSES = "applications_close = 2023-06-16T23:55:00\n"
BORN = ("1993-06-16", "1993-06-17", "16/06/1988", "1988-06-17", "29 February 1988", "1949-12-31", None, "1990-01-02", None, "1973-06-17",
        "1973-06-16", "1993-06-16", "1923-06-17", "2007-06-16")  # fmt: skip
BANDS = ("30_to_34", "under_30", "35_to_39", "30_to_34", "35_to_39", "50_and_over", "unknown_in_hr", "30_to_34", "prefer_not_to_say",
         "45_to_49", "50_and_over", "30_to_34", "50_and_over", "under_30")  # fmt: skip


def with_births(tables: dict[str, pd.DataFrame], born: tuple[str | None, ...] = BORN) -> None:
    # Row 9 (i = 4) opted out; row 8 did not want to say.
    said = ["Prefer not to say" if band == "prefer_not_to_say" else None for band in BANDS]
    tables["monitoring"] = tables["monitoring"].assign(date_of_birth=list(born), age_band=said)


def all_that_is_written(folder: Path) -> str:
    """Every file of a folder as one casefolded text, tables read cell by cell too."""
    files = [file for file in sorted(folder.rglob("*")) if file.is_file()]
    parts = [file.read_bytes().decode("utf-8", errors="replace") for file in files]
    parts += [pd.read_parquet(file).to_csv() for file in files if file.suffix == ".parquet"]
    return "\n".join(parts).casefold()


def test_a_date_of_birth_becomes_the_band_on_the_day_that_applications_close(decided) -> None:
    folder = decided(with_births, cohort=CLOSES + COHORT)
    people = taken(folder).people
    expected = [band if row != 9 else "opted_out" for row, band in enumerate(BANDS)] + ["unknown_in_hr"]
    assert sorted(people["age_band"]) == sorted(expected)
    # Person by person: whoever declares these bands gets the same snapshot.
    declared = pd.read_csv(folder / "monitoring.csv", dtype=str).drop(columns="date_of_birth")
    rewrite(folder, "monitoring", declared.assign(age_band=list(BANDS)))
    pd.testing.assert_frame_equal(taken(folder).people.drop(columns="panel"), people.drop(columns="panel"))
    assert set(people["age_band_2"]) == {"under_35", "35_and_over", "opted_out", "unknown_in_hr", "prefer_not_to_say"}


def test_no_date_of_birth_and_no_age_leaves_the_named_zone(decided) -> None:
    folder = decided(with_births, cohort=CLOSES + COHORT)
    result = take(Process.load(folder), folder, when=NOW)
    people = CohortSnapshot.read(result.folder).people
    assert not {"date_of_birth", "age"} & set(people) and "age_band" in people
    written = all_that_is_written(folder / "cohort") + (folder / records.LEDGER).read_text().casefold() + " ".join(result.notes)
    forms = {form for born in filter(None, BORN) for day in [pd.Timestamp(born) if "/" not in born else pd.to_datetime(born, dayfirst=True)]
             for form in (born, f"{day:%Y-%m-%d}", f"{day:%d/%m/%Y}", f"{day:%Y%m%d}", f"{day:%d %B %Y}")}  # fmt: skip
    assert len(forms) > 40 and not [form for form in forms if form.casefold() in written]
    assert "date_of_birth" not in written
    # The guard sees what it looks for.
    people.assign(age_band=pd.Timestamp("1993-06-16")).to_parquet(result.folder / "people.parquet")
    assert "1993-06-16" in all_that_is_written(folder / "cohort")


@pytest.mark.parametrize(
    ("cell", "band", "kind"),
    [
        ("2023-06-17", None, "date of birth cannot be right"),
        ("2007-06-17", None, "date of birth cannot be right"),
        ("1922-06-16", None, "date of birth cannot be right"),
        ("0985-03-02", None, "date of birth cannot be right"),
        ("02/03/85", None, "year in two digits"),
        ("31107", None, "date stored as a number"),
        ("zzsecret", None, "date not understood"),
        ("1985-03-02", "35 to 39", "age given twice"),
        ("zzsecret", "Prefer not to say", "age given twice"),
    ],
)
def test_an_impossible_date_of_birth_is_told_by_row_and_never_by_value(decided, cell: str, band: str | None, kind: str) -> None:
    def change(tables: dict[str, pd.DataFrame]) -> None:
        with_births(tables, ("1985-05-05",) * len(BORN))
        tables["monitoring"]["age_band"] = None
        tables["monitoring"].loc[2, ["date_of_birth", "age_band"]] = [cell, band]

    folder = decided(change, before=change, cohort=CLOSES + COHORT)  # closing does not mind
    with pytest.raises(FindingsError) as refused:
        take(Process.load(folder), folder, when=NOW)
    said = str(refused.value)
    assert "monitoring (monitoring.csv), column date_of_birth, row 4: " in said
    assert not [part for part in (cell, "1985", "35 to 39", "not to say") if part in said]
    process = Process.load(folder)
    found = cohort_findings(check(process, folder), process, folder)
    assert kind in {finding.kind for finding in found} and all(finding.rows == (4,) for finding in found)
    assert not (folder / "cohort").exists()


def test_who_opted_out_has_no_date_of_birth_to_be_found(decided) -> None:
    def change(tables: dict[str, pd.DataFrame]) -> None:
        with_births(tables)
        tables["monitoring"].loc[tables["monitoring"]["opt_out"] == "yes", "date_of_birth"] = "zzsecret"

    assert (taken(decided(change, cohort=CLOSES + COHORT)).people["age_band"] == "opted_out").sum() == 1


def test_without_the_day_that_applications_close_there_is_no_age(decided) -> None:
    folder = decided(with_births)
    with pytest.raises(FindingsError, match="applications_close in \\[dates\\] does not say"):
        take(Process.load(folder), folder, when=NOW)


def test_dates_of_birth_that_no_characteristic_asks_for_are_left_out_and_counted(decided) -> None:
    asked = '[[cohort.characteristics]]\nname = "sex"\n[[cohort.characteristics]]\nname = "disability"\n'
    folder = decided(with_births, cohort=COHORT + asked)
    snapshot = taken(folder)
    left = snapshot.account.set_index("what").loc["dates of birth"]
    # Of fourteen rows two are blank, and one person opted out.
    assert left["count"] == 11 and "left out" in left["why"] and "age_band" not in snapshot.people


@pytest.mark.parametrize(("definition", "lists"), [(CLOSES, ["sex", "age_band"]), ("", ["age_band"]), (CLOSES, ["sex"])])
def test_the_column_of_the_dates_is_gone_whatever_becomes_of_it(small_process, definition: str, lists: list[str]) -> None:
    fill(small_process)
    with_births(small_process.tables)
    small_process.definition += definition
    small_process.write()
    read = small_process.check()
    assert "date_of_birth" in read.tables["monitoring"]
    back = with_bands(read.tables["monitoring"], map(read_list, lists), read.process, Gathering(), [])
    assert "date_of_birth" not in back and len(back) == len(BORN)
    assert back["age_band"].notna().sum() == (12 if definition and "age_band" in lists else 1)


@pytest.mark.parametrize(("column", "refused"), [("date_of_birth", True), ("name", True), ("length_of_service", False)])
def test_no_covariate_carries_a_date_of_birth_out(column: str, refused: bool) -> None:
    with pytest.raises(ValueError, match="tells who somebody is") if refused else nullcontext():
        Cohort(covariates=(Covariate(column=column, block="clearly prior"),))


def test_a_date_of_birth_is_looked_for_before_anything_is_published(decided) -> None:
    folder = decided(with_births, before=with_births, cohort=CLOSES + COHORT)
    looked_for = pd.read_parquet(folder / NAMED / IDENTITIES).set_index("token")["kind"]
    assert looked_for["1993-06-17"] == "date of birth"


def test_a_monitoring_table_of_other_people_is_refused(decided) -> None:
    folder = decided()
    monitoring = pd.read_csv(folder / "monitoring.csv", dtype=str)
    rewrite(folder, "monitoring", monitoring.assign(monitoring_key=[f"OTHER{i}" for i in range(len(monitoring))]))
    with pytest.raises(FindingsError, match="not one row has such a key"):
        take(Process.load(folder), folder, when=NOW)


def test_scores_are_frozen_and_monitoring_is_as_it_is(decided) -> None:
    folder = decided()
    before = taken(folder)
    ratings = pd.read_csv(folder / "ratings.csv", dtype=str)
    rewrite(folder, "ratings", ratings.assign(rating="5"))
    rewrite(folder, "candidates", pd.read_csv(folder / "candidates.csv", dtype=str).head(3))
    same = take(Process.load(folder), folder, when=NOW)
    assert same.already_done and CohortSnapshot.read(same.folder).seal == before.seal
    monitoring = pd.read_csv(folder / "monitoring.csv", dtype=str)
    rewrite(folder, "monitoring", monitoring.assign(sex="Male"))
    after = take(Process.load(folder), folder, when=NOW)
    now = CohortSnapshot.read(after.folder)
    assert not after.already_done and after.folder.name == "pool-02"
    assert sorted(now.people["total"].dropna()) == sorted(before.people["total"].dropna())
    assert set(now.people["sex"]) == {"male", "opted_out", "unknown_in_hr"}


def test_a_milestone_shows_its_stages_and_no_more_and_not_before_its_day(decided) -> None:
    folder = decided()
    first, second = (taken(folder, milestone=milestone) for milestone in ("eligibility", "interview_outcomes"))
    assert [stage.name for stage in first.stages] == ["applied", "eligible"] and first.ratings.empty
    assert not [column for column in first.people if column.startswith(("score_", "hurdle_", "total", "status"))]
    assert [stage.name for stage in second.stages][-1] == "met_standard" and len(second.ratings) == 11 * 4 * 3
    assert counts(second)["met_standard: passed"] == len(MET)
    with pytest.raises(UsageError, match="milestone"):
        take(Process.load(folder), folder, milestone="yesterday", when=NOW)
    text = (folder / "process.toml").read_text(encoding="utf-8").replace("[cohort]\n", "[cohort]\nmilestones = { pool = 2024-01-01 }\n")
    (folder / "process.toml").write_text(text, encoding="utf-8")
    with pytest.raises(StageError, match="has not come"):
        take(Process.load(folder), folder, when=NOW)


@pytest.mark.parametrize(("cut", "met"), [(4, None), (20, 0)])
def test_everyone_and_nobody_met(decided, cut: int, met: int | None) -> None:
    snapshot = taken(decided(cut=cut))
    hurdles = sum(min(agreed(i)) >= 3 for i in range(11))
    assert (snapshot.people["stage_met_standard"] == "passed").sum() == (hurdles if met is None else met)
    assert snapshot.standard is not None and snapshot.standard.cut == str(cut)


def test_a_group_of_one_is_a_row_like_any_other(decided) -> None:
    def change(tables: dict[str, pd.DataFrame]) -> None:
        tables["monitoring"].loc[0, ["ethnicity_19", "ethnicity_5"]] = ["Arab", "Other"]

    assert (taken(decided(change)).people["ethnicity_5"] == "other").sum() == 1


def test_an_own_list_with_other_wording_and_a_break_in_the_series(decided) -> None:
    own = 'name = "star"\ntitle = "Star sign"\nversion = "{version}"\ndate = 2020-01-01\nsource = "Ours"\n[[levels]]\nname = "star"\n'
    own += 'title = "Star sign"\ncodes = [{{ code = "ram", label = "Aries" }}, {{ code = "bull", label = "Taurus", also = ["El Toro"] }}]\n'
    section = '[cohort]\ntables = [["star"]]\nprimary_family = []\n[[cohort.characteristics]]\nname = "star"\nlist = "star.toml"\n'

    def change(tables: dict[str, pd.DataFrame]) -> None:
        tables["monitoring"]["star"] = ["aries", "El  Toro"] * 7

    folder = decided(change, cohort=section + 'comparator = { star = "bull" }\n')
    (folder / "star.toml").write_text(own.format(version="1"), encoding="utf-8")
    before = taken(folder)
    assert before.people["star"].value_counts().to_dict() == {"ram": 7, "bull": 6, "opted_out": 1, "unknown_in_hr": 1} or (
        before.people["star"].value_counts().to_dict() == {"ram": 6, "bull": 7, "opted_out": 1, "unknown_in_hr": 1}
    )
    assert before.tables == (("star",),) and series_breaks(before, before) == ()
    (folder / "star.toml").write_text(own.format(version="2"), encoding="utf-8")
    after = taken(folder)
    assert [sentence.startswith("Star sign: the code list changed from star 1") for sentence in series_breaks(before, after)] == [True]
    text = (folder / "process.toml").read_text(encoding="utf-8")
    for old, new, told in (
        ('comparator = { star = "bull" }', "", "a comparator for the level star"),
        ('comparator = { star = "bull" }', 'comparator = { star = "bull", moon = "x" }', "a level that its code list does not have"),
        ('tables = [["star"]]', 'tables = [["stars"]]', "cohort.tables: 1 levels"),
    ):
        (folder / "process.toml").write_text(text.replace(old, new), encoding="utf-8")
        with pytest.raises(DefinitionError, match=told):
            take(Process.load(folder), folder, when=NOW)


def test_what_was_asked_after_closing_is_said(decided) -> None:
    folder = decided()
    assert not taken(folder).changed_since_closing
    text = (folder / "process.toml").read_text(encoding="utf-8")
    (folder / "process.toml").write_text(text.replace('name = "posted"', 'name = "placed"'), encoding="utf-8")
    after = taken(folder)
    assert after.changed_since_closing and after.stages[-1].name == "placed"
    assert after.cohort_hash == Process.load(folder).cohort_hash and after.process.hash == Process.load(folder).hash


def test_rare_states_are_published_with_the_common_ones(decided) -> None:
    def change(tables: dict[str, pd.DataFrame]) -> None:
        interviews, exceptions = tables["interviews"], tables["exceptions"]
        interviews.loc[[5, 6], "status"] = ["did not attend", "void"]
        ratings = tables["ratings"]
        tables["ratings"] = ratings[ratings["candidate_id"] != "QXCAND006"]
        extra = [("QXCAND006", "did not attend", "X"), ("QXCAND007", "interview void", "X")]
        tables["exceptions"] = pd.concat([exceptions, pd.DataFrame(extra, columns=exceptions.columns)], ignore_index=True)
        tables["progress"] = tables["progress"][~tables["progress"]["candidate_id"].isin(["QXCAND006", "QXCAND007"])]

    snapshot = taken(decided(before=change))
    ends = counts(snapshot)
    assert ends["interviewed: did not attend"] == ends["interviewed: void"] == 1
    published = snapshot.published_endings().value_counts()
    assert published["interviewed: withdrawn"] == 2 and published["interviewed: pending"] == 1
    assert set(published.index.str.rpartition(": ").get_level_values(2)) <= {"passed", "not passed", "withdrawn", "deferred", "pending"}
