"""Reading tables: the right text in the right row under the right name, and findings by place."""

import datetime as dt
import hashlib
import sqlite3
import sys
from decimal import Decimal

import openpyxl
import pandas as pd
import pytest

from standardsetting.errors import DefinitionError, FindingsError, UsageError
from standardsetting.named.cells import letter, looks_like_header, number_text, same_heading, text_of
from standardsetting.named.findings import Finding, Gathering, in_order, name_rows, refusal
from standardsetting.named.ingest import read_tables
from standardsetting.process import Process

HEAD = """
[process]
id = "p"
title = "P"
[scale]
minimum = 1
maximum = 5
[[values]]
name = "courage"
hurdle = 3
"""
INTERVIEWS = "candidate_id,status\nQ1,completed\n"
RATINGS = "candidate_id,assessor_id,value,rating,kind\nQ1,A1,courage,3,agreed\n"


@pytest.fixture
def read(tmp_path):
    """`read(sources, files)`: write files into a process folder and read its tables."""

    def go(sources: str = "", **files: str | bytes):
        for name, content in {"interviews": INTERVIEWS, "ratings": RATINGS, **files}.items():
            path = tmp_path / (name if "." in name else f"{name}.csv")
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        (tmp_path / "process.toml").write_text(HEAD + sources, encoding="utf-8")
        return read_tables(Process.load(tmp_path), tmp_path)

    return go


def kinds(findings):
    return {(f.table, f.column, f.kind) for f in findings}


def test_rows_keep_the_numbers_of_the_sheet(read):
    ratings = (
        "candidate_id,assessor_id,value,rating,kind,rationale\n"
        'Q1,A1,courage,3,agreed,"two\nlines"\n\nQ2,A1,courage,4\nQ3,A1,courage,5,agreed,\n'
    )
    tables, findings = read(ratings=ratings)
    assert tables["ratings"].frame["rating"].to_dict() == {2: "3", 5: "5"}
    assert tables["ratings"].unread == (4,)
    assert tables["ratings"].source.rows == 3
    where = {f.kind: f.rows for f in findings}
    assert where == {"wrong number of cells": (4,), "blank row": (3,)}


def test_without_sources_tables_are_looked_for_by_name(read):
    tables, findings = read(exceptions="candidate_id,reason,approved_by\n")
    assert set(tables) == {"interviews", "ratings", "exceptions"}
    assert kinds(findings) == {("exceptions", "", "no rows")}
    assert not findings[0].blocking


def test_a_definition_with_sources_needs_interviews_and_ratings(read):
    _, findings = read('[sources.ratings]\nfile = "ratings.csv"\n')
    assert kinds(findings) == {("interviews", "", "table missing")}


def test_missing_files_are_all_told_at_once(tmp_path):
    (tmp_path / "process.toml").write_text(HEAD)
    _, findings = read_tables(Process.load(tmp_path), tmp_path)
    assert [(f.table, f.file, f.kind) for f in findings] == [
        ("interviews", "interviews.csv", "file missing"),
        ("ratings", "ratings.csv", "file missing"),
    ]


MAPPED = """
[sources.interviews]
file = "interviews.csv"
[sources.ratings]
file = "ratings.csv"
ignore = ["Their  Hobby"]
[sources.ratings.columns]
candidate_id = "Cand. No"
rating = "Mark"
"""


def test_headings_are_mapped_without_case_and_spaces_and_ignored_ones_set_apart(read):
    tables, findings = read(MAPPED, ratings=" CAND. NO ,Assessor ID,value,mark,kind,their hobby\nQ1,A1,courage,3,agreed,falconry\n")
    assert not findings
    assert tables["ratings"].frame.iloc[0].to_dict() == {
        "candidate_id": "Q1", "assessor_id": "A1", "value": "courage", "rating": "3", "kind": "agreed",
    }  # fmt: skip
    assert tables["ratings"].letters == {"candidate_id": "A", "assessor_id": "B", "value": "C", "rating": "D", "kind": "E"}
    assert tables["ratings"].ignored.to_numpy().tolist() == [["falconry"]]


def test_a_mapped_heading_that_is_absent_is_told_by_our_column_and_key(read):
    _, findings = read(MAPPED, ratings="Cand. No,assessor_id,value,kind\nQ1,A1,courage,agreed\n")
    told = {f.column: f.sentence for f in findings if f.kind == "mapped heading missing"}
    assert list(told) == ["rating"]
    assert 'columns.rating in [sources.ratings] names the heading "Mark"' in told["rating"]
    assert ("ratings", "", "ignored heading missing") in kinds(findings)


def test_a_mapping_key_that_is_no_column_and_a_heading_mapped_twice(read):
    _, findings = read(
        MAPPED + 'candidat = "Cand. No"\n', ratings="Cand. No,assessor_id,value,mark,kind,their hobby\nQ1,A1,courage,3,agreed,x\n"
    )
    assert ("ratings", "candidat", "unknown column in the mapping") in kinds(findings)
    _, findings = read(MAPPED + 'assessor_id = "Mark"\n', ratings="Cand. No,value,mark,kind,their hobby\nQ1,courage,3,agreed,x\n")
    assert ("ratings", "rating", "heading mapped twice") in kinds(findings)


def test_an_undeclared_column_is_told_by_letter_where_tables_pass_the_door_and_kept_elsewhere(read):
    heading = "Quillfeather"
    tables, findings = read(
        interviews=f"candidate_id,{heading},status\nQ1,x,completed\n", candidates=f"candidate_id,{heading},Home Town\nQ1,x, Ambridge \n"
    )
    assert ("interviews", "column B", "column not declared") in kinds(findings)
    assert list(tables["candidates"].frame.columns) == ["candidate_id", "quillfeather", "home_town"]
    assert ("candidates", "column C", "spaces around a cell") in kinds(findings)
    assert not any(word in f.line for f in findings for word in (heading, heading.lower(), "home", "Ambridge"))


def test_a_path_from_the_root_is_read_and_nothing_is_changed(read, tmp_path):
    outside = tmp_path.parent / f"{tmp_path.name}-outside.csv"
    outside.write_text(RATINGS)
    tables, findings = read(f'[sources.interviews]\nfile = "interviews.csv"\n[sources.ratings]\nfile = "{outside}"\n')
    assert not findings
    source = tables["ratings"].source
    assert (source.path, source.label, source.rows) == (outside, outside.name, 1)
    assert source.sha256 == hashlib.sha256(RATINGS.encode()).hexdigest() == hashlib.sha256(outside.read_bytes()).hexdigest()


def test_an_accent_in_windows_text_is_read_with_a_note(read):
    tables, findings = read(candidates="candidate_id,name\nQ1,Zoë\n".encode("cp1252"))
    assert tables["candidates"].frame.loc[2, "name"] == "Zoë"
    assert [(f.kind, f.blocking) for f in findings] == [("read as Windows text", False)]


def test_a_rationale_of_several_lines_is_no_swallowed_row(read):
    cell = "Listened, asked, checked.\nThen, calmly, said why; then, later, again, and again."
    ratings = f'candidate_id,assessor_id,value,rating,kind,rationale\nQ1,A1,courage,3,independent,"{cell}"\n'
    tables, findings = read(ratings=ratings)
    assert not findings
    assert tables["ratings"].frame.loc[2, "rationale"] == cell


def test_a_swallowed_row_is_told_although_the_number_of_cells_fits(read):
    rows = 'Q1,A1,courage,3,"independent\nQ2,A1,courage,3,independent\nQ3,A1,courage,3,independent"\n'
    ratings = f"candidate_id,assessor_id,value,rating,kind\n{rows}"
    _, findings = read(ratings=ratings)
    assert [(f.kind, f.rows) for f in findings] == [("quotation mark not closed", (2,))]


# ---- Excel -----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def read_sheet(read, tmp_path):
    """`read_sheet(rows, sheet=..., source=...)`: the ratings come from a workbook with these rows."""

    def go(rows, *, title="Scores", source="", before=lambda book: None):
        book = openpyxl.Workbook()
        book.active.title = title
        for row in rows:
            book.active.append(row)
        before(book)
        book.save(tmp_path / "exports.xlsx")
        return read(f'[sources.interviews]\nfile = "interviews.csv"\n[sources.ratings]\nfile = "exports.xlsx"\n{source}')

    return go


TOP = ["candidate_id", "assessor_id", "value", "rating", "kind"]


def test_excel_cells_become_plain_text(read_sheet):
    tables, findings = read_sheet([TOP, [12, 7.0, "courage", 3.5, "agreed"], ["0012", None, " courage ", "4", "agreed"]])
    assert tables["ratings"].frame["candidate_id"].tolist() == ["12", "0012"]
    assert tables["ratings"].frame["rating"].tolist() == ["3.5", "4"]
    assert [(f.kind, f.column, f.rows, f.blocking) for f in findings] == [
        ("number stored as text", "rating", (3,), False),
        ("spaces around a cell", "value", (3,), False),
    ]
    assert findings[0].sheet == "sheet 1"


def test_a_sheet_is_named_as_the_definition_names_it(read_sheet):
    _, findings = read_sheet([TOP, [" Q1", "A", "courage", 3, "agreed"]], source='sheet = "scores"')
    assert findings[0].line == (
        "ratings (exports.xlsx, sheet 'scores'), column candidate_id, row 2: Spaces or invisible marks around the cell were taken off."
    )


def test_a_sheet_that_the_definition_does_not_name_is_told_by_number(read_sheet):
    def behind_a_blank_sheet(book):
        book.create_sheet("First", 0)

    _, findings = read_sheet([TOP, [" Q1", "A", "courage", 3, "agreed"]], title="Zebediah", before=behind_a_blank_sheet)
    assert findings[0].sheet == "sheet 2"
    assert "Zebediah" not in findings[0].line


def test_merged_broken_and_far_cells_are_told_in_columns_that_are_used(read_sheet):
    def spoil(book):
        sheet = book.active
        sheet["D3"] = "#REF!"
        sheet["D4"] = "=D2+1"
        sheet.merge_cells("E2:E3")
        sheet["G2"] = "beside"

    _, findings = read_sheet([TOP, *[["Q1", "A", "courage", 3, "agreed"]] * 4], before=spoil)
    assert {(f.kind, f.column, f.rows) for f in findings} == {
        ("Excel error cell", "rating", (3,)),
        ("formula without a result", "rating", (4,)),
        ("merged cells", "kind", (2, 3)),
        ("blank heading", "column G", ()),
    }


# ---- databases -------------------------------------------------------------------------------------------------------------

QUERY = """
[sources.interviews]
file = "interviews.csv"
[sources.ratings]
query = "select candidate_id, assessor_id, value, rating, kind from marks order by 1"
database = "MARKS_ADDRESS"
"""


@pytest.fixture
def marks(tmp_path, monkeypatch):
    path = tmp_path / "marks.sqlite"
    with sqlite3.connect(path) as database:
        database.execute("create table marks (candidate_id text, assessor_id text, value text, rating real, kind text)")
        database.executemany(
            "insert into marks values (?, ?, ?, ?, ?)", [("Q1", None, "courage", 3.0, "agreed"), ("Q2", "", "courage", None, "agreed")]
        )
    monkeypatch.setenv("MARKS_ADDRESS", f"sqlite:///{path}")
    return path


def test_a_query_is_read_like_a_file(read, marks):
    tables, findings = read(QUERY)
    assert not findings
    assert tables["ratings"].frame["rating"].tolist()[0] == "3"
    assert tables["ratings"].frame.isna().sum().to_dict() == {"candidate_id": 0, "assessor_id": 2, "value": 0, "rating": 1, "kind": 0}
    assert (tables["ratings"].source.path, tables["ratings"].source.label, tables["ratings"].source.rows) == (None, "query", 2)
    assert len(tables["ratings"].source.sha256) == 64


def test_a_query_without_an_address_names_the_variable(read):
    with pytest.raises(DefinitionError, match="MARKS_ADDRESS"):
        read(QUERY)


@pytest.mark.parametrize(
    ("address", "query", "kind"),
    [
        ("sqlite:///{path}", "select * from secrets", "query failed"),
        ("sqlite:////nowhere/at/all/secret.db", "select 1", "query failed"),
        ("secret-driver://user:secret@host/db", "select 1", "database address not understood"),
        ("secret", "select 1", "database address not understood"),
    ],
)
def test_a_failing_query_is_a_finding_without_the_drivers_words(read, marks, monkeypatch, address, query, kind):
    monkeypatch.setenv("MARKS_ADDRESS", address.format(path=marks))
    _, findings = read(QUERY.replace("select candidate_id, assessor_id, value, rating, kind from marks order by 1", query))
    assert [f.kind for f in findings] == [kind]
    assert "secret" not in findings[0].line


def test_a_query_changes_nothing(read, marks):
    read(QUERY.replace("select candidate_id, assessor_id, value, rating, kind from marks order by 1", "delete from marks returning *"))
    with sqlite3.connect(marks) as database:
        assert database.execute("select count(*) from marks").fetchone() == (2,)


def test_without_sqlalchemy_the_extra_is_named(read, marks, monkeypatch):
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    with pytest.raises(UsageError, match="sql extra"):
        read(QUERY)


# ---- small parts -----------------------------------------------------------------------------------------------------------


def test_text_of_cells():
    cells = [
        None,
        "",
        3,
        3.0,
        2.5,
        float("nan"),
        Decimal("2.50"),
        Decimal("3.0"),
        False,
        dt.datetime(2023, 9, 6),
        dt.datetime(2023, 9, 6, 9, 5),
    ]
    assert [text_of(cell) for cell in cells] == [
        None, None, "3", "3", "2.5", None, "2.5", "3", "false", "2023-09-06", "2023-09-06 09:05:00",
    ]  # fmt: skip
    assert number_text(1.5e17) == "1.5e+17"


def test_letters_and_headings():
    assert [letter(p) for p in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]
    assert same_heading("  Candidate\u00a0 ID\n") == same_heading("candidate_id")


def test_a_header_is_sought_only_where_it_is_clearly_elsewhere():
    expected = frozenset({"candidate id", "value", "rating"})
    assert looks_like_header([["Title"], ["candidate_id", "Value", "x"]], expected) == 1
    assert looks_like_header([["candidate_id", "Value"], ["candidate_id", "Value"]], expected) is None
    assert looks_like_header([["a", "b"], ["value", "c"]], expected) is None


def test_findings_are_merged_and_sorted_and_told_by_place():
    def found(table, column, rows, kind="k"):
        return Finding(table, f"{table}.csv", "", column, kind, rows, len(rows), "Something.")

    told = in_order(
        [found("ratings", "rating", (9,)), found("ratings", "rating", (3,)), found("interviews", "", ()), found("ratings", "kind", (5,))]
    )
    assert [f.line for f in told] == [
        "interviews (interviews.csv): Something.",
        "ratings (ratings.csv), column rating, rows 3 and 9: Something.",
        "ratings (ratings.csv), column kind, row 5: Something.",
    ]
    assert [f.count for f in told] == [0, 2, 1]
    assert name_rows(tuple(range(2, 22)), 33) == "rows 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 23 more"
    error = refusal(told)
    assert isinstance(error, FindingsError)
    assert (error.message.count("3"), len(error.details)) == (1, 3)


def test_a_gathering_accounts_for_every_row_though_a_finding_names_twenty():
    gathering = Gathering()
    gathering.add("ratings", "k", "Something.", rows=range(2, 102))
    gathering.add("ratings", "k", "Something.", rows=range(90, 110), blocking=False)
    gathering.add("ratings", "k", "Something.", rows=[])
    assert [(len(f.rows), f.count) for f in gathering.findings] == [(20, 100), (20, 20)]
    assert len(gathering.troubled("ratings")) == 100
    assert not len(gathering.troubled("interviews"))


def test_a_frame_is_coded_text(read):
    tables, _ = read()
    assert all(isinstance(dtype, pd.CategoricalDtype) for dtype in tables["ratings"].frame.dtypes)


def test_parquet_types_become_the_text_that_a_csv_would_hold(read, tmp_path):
    moments = pd.to_datetime(["2023-09-06", "2023-09-06 09:05", "2023-09-06 09:05:07.25", None], format="ISO8601")
    table = pd.DataFrame(
        {
            "candidate_id": [12, 7, 7, 9], "recorded_at": moments, "rationale": moments.tz_localize("Europe/London"),
            "rating": [3.0, 2.5, float("nan"), 3.0], "value": pd.Categorical(["courage", None, "courage", "courage"]),
        }
    )  # fmt: skip
    table.to_parquet(tmp_path / "ratings.parquet")
    tables, _ = read('[sources.interviews]\nfile = "interviews.csv"\n[sources.ratings]\nfile = "ratings.parquet"\n')
    frame = tables["ratings"].frame.astype(object).where(tables["ratings"].frame.notna(), None)
    assert frame["candidate_id"].tolist() == ["12", "7", "7", "9"]
    assert frame["recorded_at"].tolist() == ["2023-09-06", "2023-09-06 09:05:00", "2023-09-06 09:05:07.250000", None]
    assert frame["rationale"].tolist() == ["2023-09-06 00:00:00+0100", "2023-09-06 09:05:00+0100", "2023-09-06 09:05:07.250000+0100", None]
    assert frame["rating"].tolist() == ["3", "2.5", None, "3"]
    assert frame["value"].tolist() == ["courage", None, "courage", "courage"]
    assert frame.index.tolist() == [2, 3, 4, 5]
