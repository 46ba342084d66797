"""Workbook and page say the same: figures, decimals, signs; the gate reads a share as a share; pictures have names of their own."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
import xlsxwriter  # type: ignore[import-untyped]
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_notebook, new_output

from standardsetting.disclosure.gate import Allowed, Piece, check
from standardsetting.process import Process
from standardsetting.reporting import readable, render, workbook
from standardsetting.tables.table import Table

CONFIDENTIAL = "[c] confidential: too few people."


def notebook(*shown: object) -> object:
    outputs = [new_output("display_data", data=each._repr_mimebundle_()) for each in shown]  # type: ignore[attr-defined]
    return new_notebook(cells=[new_code_cell("show()", outputs=outputs)])


def book_of(*shown: object) -> bytes:
    return workbook.to_workbook(workbook.sheets(notebook(*shown)), title="A report", about=["About"])


def sheet_of(table: Table) -> object:
    return openpyxl.load_workbook(BytesIO(book_of(table)))[table.name]


def column(table: Table, letter: str) -> list[tuple[object, str]]:
    return [(cell.value, cell.number_format) for cell in sheet_of(table)[letter][3:]]  # type: ignore[index]


def released(*cells: object, **changes: object) -> Table:
    data = pd.DataFrame({"Group": [f"group {letter}" for letter in "abcdefgh"[: len(cells)]], "Applied": cells})
    return Table("released", "People", data, ("text", "shown"), **changes)  # type: ignore[arg-type]


def pieces_of(content: bytes, folder: Path) -> list[Piece]:
    (folder / "report.xlsx").write_bytes(content)
    return list(readable.pieces(folder / "report.xlsx"))


def test_released_figures_are_numbers_and_stand_to_the_right() -> None:
    table = released("405", "1,250", "57%", "[c]", "", "40 of 60")
    cells = column(table, "B")
    assert [value for value, _ in cells] == [405, 1250, 0.57, "[c]", "[z]", "40 of 60"]
    assert [pattern for _, pattern in cells[:3]] == ["#,##0", "#,##0", "0%"]
    assert {cell.alignment.horizontal for cell in sheet_of(table)["B"][2:]} == {"right"}  # type: ignore[index]


@pytest.mark.parametrize("share", range(101))
def test_every_whole_share_comes_back_as_it_was_released(share: int) -> None:
    cell = type("Cell", (), {"value": workbook._cell(f"{share}%", "shown", "0%"), "number_format": "0%"})
    assert readable._read(cell) == f"{share}%"


def test_the_gate_reads_a_share_as_a_share_and_not_as_a_count_or_a_fraction(tmp_path: Path) -> None:
    read = pieces_of(book_of(released("405", "57%")), tmp_path)
    assert check(read, allowed=Allowed.of(numbers=[405], forms=["57%"])) == ()
    assert [each.count for each in check(read, allowed=Allowed.of(numbers=[405, "0.57"]))] == [1]
    as_count = pieces_of(book_of(released("405", "57")), tmp_path)
    assert [each.count for each in check(as_count, allowed=Allowed.of(numbers=[405], forms=["57%"]))] == [1]


def test_the_gate_reads_digits_that_a_format_hides_and_words_that_it_adds(tmp_path: Path) -> None:
    stream = BytesIO()
    book = xlsxwriter.Workbook(stream)
    page = book.add_worksheet()
    page.write(0, 0, 0.5734, book.add_format({"num_format": "0%"}))
    page.write(1, 0, 405, book.add_format({"num_format": '"37 women"'}))
    book.close()
    read = "\n".join(piece.text for piece in pieces_of(stream.getvalue(), tmp_path))
    assert "57.34%" in read and "405" in read and "37 women" in read


def test_a_workbook_shows_the_sign_that_the_page_shows() -> None:
    data = pd.DataFrame({"Item": ["a", "b"], "Value": [1.5, np.nan]})
    kinds = ("text", "number")
    assert column(Table("t", "T", data, kinds, missing="[c]"), "B")[1][0] == "[c]"
    assert column(Table("t", "T", data, kinds, missing="too many"), "B")[1][0] == "too many"
    assert column(Table("t", "T", data, kinds), "B")[1][0] == "[x]"
    assert "[x]" in sheet_of(Table("t", "T", data, kinds))["A2"].value  # type: ignore[index]
    assert "[x]" not in sheet_of(Table("t", "T", data, kinds, missing="[c]"))["A2"].value  # type: ignore[index]


def test_a_workbook_shows_the_decimals_that_the_page_shows() -> None:
    data = pd.DataFrame({"Item": ["a", "b"], "Total": [12.0, 13.5], "Error": [0.1, 0.0], "Share": [0.0004, 0.125]})
    table = Table("t", "T", data, ("text", "number", "number", "percent"), n=10, places={"Error": 2})
    assert column(table, "B") == [(12, "#,##0"), (13.5, "#,##0.0")]
    assert column(table, "C") == [(0.1, "#,##0.00"), (0, "#,##0.00")]
    assert column(table, "D") == [(0.0004, '"under 1%"'), (0.125, "0%")]


def test_what_signs_mean_stands_above_the_sheet_s_table_and_is_no_note() -> None:
    table = released("405", "[c]", notes=(CONFIDENTIAL, "Everybody who applied."))
    book = openpyxl.load_workbook(BytesIO(book_of(table)))
    assert book["released"]["A2"].value.endswith(CONFIDENTIAL) and book["released"]["A1"].value == "People [note 1]"
    notes = [cell.value for row in book["Notes"].iter_rows() for cell in row]
    assert "Everybody who applied." in notes and CONFIDENTIAL not in notes


class Drawn:
    """A figure's markup as a notebook shows it."""

    def __init__(self, caption: str, alt: str) -> None:
        self.markup = f'<figure>{caption}<svg role="img" aria-label="{alt}" viewBox="0 0 9 9"></svg></figure>'

    def _repr_mimebundle_(self) -> dict[str, str]:
        return {"text/html": self.markup}


def caption(title: str, unit: str) -> str:
    return f'<figcaption><strong class="figure-title">{title}</strong><br><span>{unit}</span></figcaption>'


def test_groups_around_pictures_have_different_names() -> None:
    values = [{"name": "a", "hurdle": 3}]
    process = Process.from_mapping({"process": {"id": "p", "title": "P"}, "scale": {"minimum": 1, "maximum": 5}, "values": values})
    shown = (
        Drawn(caption("Few &amp; far", "People"), "one"), Drawn(caption("Few &amp; far", "Per cent"), "two"),
        Drawn(caption("Many", "People"), "three"), Drawn("", "Four bars"), Drawn("", "Five &quot;bars&quot;"),
    )  # fmt: skip
    page = BeautifulSoup(render.to_html(notebook(*shown), render.Imprint("Pack", process, "run-1", "ab")), "html.parser")
    names = [group["aria-label"] for group in page.select(".picture")]
    assert names == ["Chart: Few & far", "Chart: Few & far: Per cent", "Chart: Many", "Chart: Four bars", 'Chart: Five "bars"']


def test_the_meaning_of_signs_is_read_before_the_table_on_the_page() -> None:
    values = [{"name": "a", "hurdle": 3}]
    process = Process.from_mapping({"process": {"id": "p", "title": "P"}, "scale": {"minimum": 1, "maximum": 5}, "values": values})
    table = released("405", "[c]", notes=(CONFIDENTIAL, "Everybody who applied."))
    page = render.to_html(notebook(table), render.Imprint("Pack", process, "run-1", "ab"))
    assert page.index(CONFIDENTIAL) < page.index('role="region"') < page.index("<table") < page.index("Everybody who applied.")
