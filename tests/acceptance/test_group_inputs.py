"""Reports about groups on whatever comes in: too few people, half the answers, early looks, press lines, another order of rows."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from pypdf import PdfReader

from standardsetting import preparing, releasing, told_elsewhere
from standardsetting.cohort.snapshot import CohortSnapshot
from standardsetting.errors import DisclosureError, UsageError, WorkbenchError
from standardsetting.linkage import latest
from standardsetting.named.close import close
from standardsetting.named.snapshot import take
from standardsetting.process import Process

# The people and the process of the tests beside this file.
_spec = importlib.util.spec_from_file_location("group_reports", Path(__file__).with_name("test_group_reports.py"))
assert _spec is not None and _spec.loader is not None
_beside = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_beside)
CANARIES, NOW, PEOPLE = _beside.CANARIES, _beside.NOW, _beside.PEOPLE
blind_codes, copied, decided, kinds, prepare, process_of = (
    _beside.blind_codes, _beside.copied, _beside.decided, _beside.kinds, _beside.prepare, _beside.process_of,
)  # fmt: skip
runs, said, say, tables = _beside.runs, _beside.said, _beside.say, _beside.tables


def no_small_count(release: Any) -> None:
    """No count of people under ten, in any section that counts."""
    for name in ("counts", "reasons"):
        shown = release[name].table["shown"].astype(str)
        small = shown.str.fullmatch("[1-9]")
        assert not small.any(), f"{name}: {int(small.sum())} small counts"


def test_nothing_is_made_before_the_standard(tmp_path: Path) -> None:
    folder = process_of(tmp_path / "process", tables(60))
    for words in (("report", "cohort-diversity", folder), ("release", "cohort-diversity", folder, *PEOPLE)):
        assert say(tmp_path, *words).code == 12
    close(Process.load(folder), folder, when=NOW)
    refused = say(tmp_path, "report", "cohort-diversity", folder, "--json")
    assert refused.code == 12 and refused.record["exit_code"] == 12
    assert not (folder / "cohort").exists() and not (tmp_path / "reports").exists()
    assert not [canary for canary in CANARIES if canary in refused.all.casefold()]


def test_the_order_of_the_export_reaches_neither_the_cohort_nor_the_release(tmp_path: Path) -> None:
    """Rows, moments and codes of the pack do not lead to a row here: another order of the export gives the same people and counts."""
    made = tables(300)
    shuffled = {name: table.sample(frac=1, random_state=7) for name, table in made.items()}
    folders = [decided(process_of(tmp_path / name, each)) for name, each in (("one", made), ("other", shuffled))]
    prepared = [prepare(folder) for folder in folders]
    people = [pd.read_parquet(latest(folder) / "people.parquet").drop(columns="panel") for folder in folders]  # type: ignore[operator]
    pd.testing.assert_frame_equal(*people)
    for name in ("counts", "comparisons", "ladder", "waterfall", "undeclared", "gates", "superiority"):
        first, second = ((each.folder / f"{name}.json").read_bytes() for each in prepared)
        assert first == second, name
    assert len(prepared[0].release["gates"].table) and len(prepared[0].release["counts"].table)
    for folder, each in zip(folders, prepared, strict=True):
        snapshot = latest(folder)
        assert snapshot is not None
        text = " ".join(said(file) for file in each.folder.iterdir())
        for name in ("people.parquet", "ratings.parquet"):
            table = pd.read_parquet(snapshot / name)
            text += " ".join(str(cell) for column in table for cell in table[column].unique()).casefold()
        assert not [word for word in (*CANARIES, *blind_codes(folder)) if word in text]


def test_two_copies_of_a_process_release_the_same_bytes(tmp_path: Path) -> None:
    folder = decided(process_of(tmp_path / "process", tables(300)))
    take(Process.load(folder), folder, milestone="interview_outcomes", when=NOW)
    first = prepare(copied(folder, tmp_path / "copy"))
    second = prepare(folder)
    assert first.folder.name == second.folder.name and first.release.seal == second.release.seal
    assert {f.name: f.read_bytes() for f in first.folder.iterdir()} == {f.name: f.read_bytes() for f in second.folder.iterdir()}


def test_early_access_shows_the_way_to_the_interview_and_says_so_first(tmp_path: Path) -> None:
    folder = process_of(tmp_path / "process", tables(120))
    opened = ("early-access", folder, "--reason", "The union asks about the sift.", "--by", "Ada One")
    assert say(tmp_path, *opened).code == 2 and say(tmp_path, "report", "cohort-diversity", folder).code == 12
    assert say(tmp_path, *opened, "--by", "Bo Two").code == 0
    done = say(tmp_path, "report", "cohort-diversity", folder, "--json")
    assert done.code == 0, done.all
    run = tmp_path / done.record["folder"]
    first = " ".join(PdfReader(next(run.glob("*.pdf"))).pages[0].extract_text().split())
    assert "Early access: this cohort was looked at before a standard was recorded." in first
    early = prepare(folder).release
    assert set(early["counts"].table["stage"]) == {"applied", "eligible", "interviewed"} and "gates" not in early.sections
    page = said(next(run.glob("*.html")))
    assert "ada one and bo two opened it" in page
    assert "met every hurdle" not in page and not [canary for canary in CANARIES if canary in page]

    after = prepare(decided(folder)).release
    told = " ".join(after.header["sequence"])
    assert after.header["early_access"] is None and set(after["counts"].table["stage"]) >= {"met_standard"}
    assert told.index("Early access") < told.index("The cohort was opened") < told.index("recorded as a total of 14")


def _missing(share: float) -> Any:
    def change(made: dict[str, pd.DataFrame]) -> None:
        some = made["monitoring"].sample(frac=share, random_state=3).index
        made["monitoring"].loc[some, ["sex", "ethnicity_5", "disability"]] = ""

    return change


def _all_scores(score: int) -> Any:
    def change(made: dict[str, pd.DataFrame]) -> None:
        made["ratings"]["rating"] = score

    return change


def _alone(made: dict[str, pd.DataFrame]) -> None:
    made["monitoring"]["sex"] = "M"
    made["monitoring"].loc[5, ["sex", "disability"]] = ["F", "No"]


def _no_monitoring(made: dict[str, pd.DataFrame]) -> None:
    del made["monitoring"]
    made["candidates"] = made["candidates"].drop(columns="monitoring_key")


def _unknown(made: dict[str, pd.DataFrame]) -> None:
    made["monitoring"].loc[3, "sex"] = "Zebediah"


INPUTS = {
    "nothing missing": (300, _missing(0), 0), "half missing": (300, _missing(0.5), 0), "all missing": (300, _missing(1), 0),
    "no monitoring table": (120, _no_monitoring, None), "one person in a group": (120, _alone, 0), "everyone met": (120, _all_scores(5), 0),
    "nobody met": (120, _all_scores(1), 0), "twelve in all": (12, lambda made: None, 13), "unknown code": (60, _unknown, 11),
}  # fmt: skip


@pytest.mark.parametrize("case", INPUTS)
def test_whatever_comes_in_there_is_a_report_or_a_clear_refusal(case: str, tmp_path: Path) -> None:
    n, change, code = INPUTS[case]
    made = tables(n)
    change(made)
    folder = decided(process_of(tmp_path / "process", made))
    try:
        prepared = prepare(folder)
    except WorkbenchError as error:
        assert int(error.exit_code) == code or (code is None and error.exit_code in (11, 12)), str(error)
        assert not [word for word in (*CANARIES, *blind_codes(folder)) if word in str(error).casefold()]
        assert not (folder / preparing.RELEASES).exists()
        return
    assert code in (0, 13)
    no_small_count(prepared.release)
    text = " ".join(said(file) for file in prepared.folder.iterdir())
    assert not [word for word in (*CANARIES, *blind_codes(folder)) if word in text]
    if case in ("everyone met", "nobody met", "one person in a group"):
        rows = prepared.release["comparisons"].table
        assert rows[["rate", "reference_rate"]].dropna().empty or not rows["rate"].isin([0, 100]).any()


def test_twelve_candidates_are_too_few_and_nobody_is_told_how_they_did(tmp_path: Path) -> None:
    """Whether protection can hide them all or has to refuse: no group is counted, and nobody is named."""
    folder = decided(process_of(tmp_path / "process", tables(12)))
    done = say(tmp_path, "report", "cohort-diversity", folder, "--json")
    assert done.code in (0, 13) and not [word for word in (*CANARIES, *blind_codes(folder)) if word in done.all.casefold()]
    if done.code == 13:
        assert not (folder / releasing.HELD).exists() and not (tmp_path / "reports").exists()
        return
    run = tmp_path / done.record["folder"]
    book = openpyxl.load_workbook(next(run.glob("*.xlsx")))
    numbers = [c.value for sheet in book.worksheets[3:] for row in sheet.iter_rows(min_row=3) for c in row if isinstance(c.value, int)]
    assert not [n for n in numbers if n < 10]
    assert not [word for word in (*CANARIES, *blind_codes(folder)) for file in run.iterdir() if word in said(file)]


def test_a_code_list_that_changes_after_a_release_starts_no_second_one(tmp_path: Path) -> None:
    own = '[[cohort.characteristics]]\nname = "sex"\nlist = "sex.toml"\ncomparator = { sex = "male" }\n'
    own += '[[cohort.characteristics]]\nname = "disability"\n'
    folder = process_of(tmp_path / "process", tables(120), more=own)
    words = '{ code = "female", label = "Female", also = ["F"] }, { code = "male", label = "Male", also = ["M"] }'
    text = 'name = "sex"\ntitle = "Sex"\nversion = "1"\ndate = 2023-01-01\nsource = "Invented"\n[[levels]]\nname = "sex"\ntitle = "Sex"\n'
    definition = (folder / "process.toml").read_text(encoding="utf-8")
    definition = definition.replace('["ethnicity_5"], ', "").replace(', { level = "ethnicity_5" }', "")
    (folder / "process.toml").write_text(definition, encoding="utf-8")
    (folder / "sex.toml").write_text(f"{text}codes = [{words}]\n", encoding="utf-8")
    decided(folder)
    process, both = Process.load(folder), {"prepared_by": "Ada", "signed_by": "Bo", "reports": tmp_path / "reports"}
    releasing.hold("cohort-diversity", process, folder)
    releasing.release("cohort-diversity", process, folder, **both)  # type: ignore[arg-type]
    before = kinds(folder), runs(tmp_path / "reports")
    other = words.replace('"Female"', '"Woman"')
    (folder / "sex.toml").write_text(f"{text}codes = [{other}]\n", encoding="utf-8")
    with pytest.raises(WorkbenchError) as refused:
        releasing.release("cohort-diversity", process, folder, **both)  # type: ignore[arg-type]
    assert refused.value.exit_code in (11, 12, 13)
    assert kinds(folder).count("disclosure release") == 1 and runs(tmp_path / "reports") == before[1]


def test_a_press_line_makes_the_next_release_hide_more_or_stop(tmp_path: Path) -> None:
    folder = decided(process_of(tmp_path / "process", tables(300)))
    before = prepare(folder)
    press = ("told", folder, "--characteristic", "sex", "--source", "Courier", "--text", "Words.", "--by", "Ada One")
    wrong = say(tmp_path, *press, "--group", "Nobody", "--stage", "applied", "--count", "entered", "--low", 1, "--high", 1)
    assert wrong.code == 2 and kinds(folder).count("disclosure statement") == 0
    people = CohortSnapshot.read(latest(folder)).people  # type: ignore[arg-type]
    women = people[people["sex"] == "female"]
    for stage, measure in (("applied", "entered"), ("interviewed", "passed"), ("interviewed", "withdrawn"), ("met_hurdles", "passed"),
                           ("met_hurdles", "not passed"), ("met_standard", "passed")):  # fmt: skip
        count = len(women) if stage == "applied" else int((women[f"stage_{stage}"] == measure).sum())
        line = ("--group", "Female", "--stage", stage, "--count", measure, "--low", count, "--high", count)
        assert say(tmp_path, *press, *line).code == 0
    assert kinds(folder).count("disclosure statement") == 6
    hidden = lambda release: int((release["counts"].table["shown"] == "[c]").sum())  # noqa: E731
    try:
        after = prepare(folder)
    except DisclosureError as refused:
        assert refused.exit_code == 13 and not re.search(rf"\b{len(women)}\b", str(refused))
    else:
        assert hidden(after.release) > hidden(before.release) and after.protected.steps
    assert kinds(folder).count("disclosure statement") == 6


def test_what_became_of_the_only_one_of_a_group_is_not_told_by_what_is_taken(tmp_path: Path) -> None:
    """Whatever is said of that person's outcome is taken, true or not, as long as the totals allow it; every attempt is in the ledger."""
    made = tables(120)
    _alone(made)
    folder = decided(process_of(tmp_path / "process", made))
    process = Process.load(folder)
    take(process, folder, milestone="interview_outcomes", when=NOW)
    said_of_her = {"characteristic": "sex", "group": "Female", "source": "Courier", "text": "Words.", "by": "Ada One"}
    answers = [(stage, "passed", *ends) for stage in ("interviewed", "met_hurdles", "met_standard") for ends in ((0, 0), (1, 1), (1, 9))]
    for stage, count, low, high in [*answers, ("applied", "entered", 2, 9)]:
        entered = told_elsewhere.enter(process, folder, stage=stage, count=count, low=low, high=high, **said_of_her)
        told_elsewhere.withdraw(process, folder, number=entered.number, reason="Another answer.", by=["Ada One", "Bo Two"])
    assert kinds(folder).count("disclosure statement") == len(answers) + 1
    with pytest.raises(UsageError):  # more than applied: anybody can see that
        told_elsewhere.enter(process, folder, stage="applied", count="entered", low=121, high=121, **said_of_her)
    assert kinds(folder).count("disclosure statement") == len(answers) + 1
