"""Workbook and page say the same: figures, decimals, signs; the gate reads a share as a share, and every place of a page and a workbook."""

from __future__ import annotations

import zipfile
from functools import cache
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
from standardsetting.reporting.readable_workbook import as_read
from standardsetting.reporting.scan import scan
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
    assert as_read(cell.value, cell.number_format) == f"{share}%"


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


def test_a_workbook_says_its_title_and_its_language_and_is_the_same_twice() -> None:
    table = released("405", "57%", notes=("A note.",))
    content = book_of(table)
    properties = openpyxl.load_workbook(BytesIO(content)).properties
    assert (properties.title, properties.language, properties.creator) == ("A report", "en-GB", None)
    assert content == book_of(table)


def test_notes_wrap_in_rows_that_show_them() -> None:
    short, long = "Everybody who applied.", "Everybody who applied and was eligible when applications closed. " * 5
    sheet = openpyxl.load_workbook(BytesIO(book_of(released("405", notes=(short, long)))))["Notes"]
    assert sheet["B4"].value == short and sheet["B5"].value == long
    assert sheet.column_dimensions["B"].width < 110 and sheet["B5"].alignment.wrap_text
    assert sheet.row_dimensions[4].height is None and sheet.row_dimensions[5].height >= 3 * 15


def test_a_workbook_without_figures_holds_no_numbers(tmp_path: Path) -> None:
    # With twelve sheets the names of parts, styles and tables have two digits: layout must never look like a count.
    tables = [Table(f"part-{letter}", "Words", pd.DataFrame({"Group": ["a", "b"]}), ("text",)) for letter in "abcdefghijkl"]
    assert check(pieces_of(book_of(*tables), tmp_path), allowed=[]) == ()


CUSTOM = (
    '<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/custom-properties" '
    'xmlns:vt="http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes">'
    '<property fmtid="{{x}}" name="who"><vt:i4>{}</vt:i4></property></Properties>'
)
# In which part of a workbook something is put, instead of what, and where the gate has to say that it was. Nothing to replace: a new part.
PLACES = {
    "the title": ("docProps/core.xml", "</dc:title>", " {}</dc:title>", "property"),
    "the author": ("docProps/core.xml", "<dc:creator>", "<dc:creator>{}", "property"),
    "who changed it last": ("docProps/core.xml", "<cp:lastModifiedBy>", "<cp:lastModifiedBy>{}", "property"),
    "the category": ("docProps/core.xml", "<dc:creator>", "<cp:category>{}</cp:category><dc:creator>", "property"),
    "the company": ("docProps/app.xml", "<Company>", "<Company>{}", "application"),
    "the manager": ("docProps/app.xml", "<Company>", "<Manager>{}</Manager><Company>", "application"),
    "a property of one's own": ("docProps/custom.xml", "", CUSTOM, "property"),
    "a defined name": (
        "xl/workbook.xml", "</sheets>", '</sheets><definedNames><definedName name="n" comment="{}">1</definedName></definedNames>',
        "defined name",
    ),
    "what a name stands for": (
        "xl/workbook.xml", "</sheets>", '</sheets><definedNames><definedName name="n">"{}"</definedName></definedNames>', "defined name"
    ),
    "a name of one sheet": (
        "xl/workbook.xml", "</sheets>", '</sheets><definedNames><definedName name="n" localSheetId="0">"{}"</definedName></definedNames>',
        "defined name",
    ),
    "a comment in a part of its own": (
        "xl/threadedComments/threadedComment1.xml", "", '<x><threadedComment><text>{}</text></threadedComment></x>', "elsewhere"
    ),
    "a person": ("xl/persons/person.xml", "", '<personList><person displayName="{}"/></personList>', "elsewhere"),
    "a cache": ("xl/pivotCache/pivotCacheRecords1.xml", "", '<r><n v="{}"/></r>', "elsewhere"),
    "a chart": ("xl/charts/chart1.xml", "", '<c:x xmlns:c="c"><c:v>{}</c:v></c:x>', "elsewhere"),
    "a file of another make": ("xl/printerSettings/printerSettings1.bin", "", "seen by {}", "elsewhere"),
    "the name of a part": ("xl/media/{} women.xml", "", "<x/>", "elsewhere"),
    "a text that no cell shows": ("xl/sharedStrings.xml", "</sst>", "<si><t>{}</t></si></sst>", "elsewhere"),
    "a header": (
        "xl/worksheets/sheet3.xml", "<tableParts", "<headerFooter><oddHeader>{}</oddHeader></headerFooter><tableParts", "elsewhere"
    ),
    "a remark of the markup": ("xl/worksheets/sheet3.xml", "<tableParts", "<!-- {} --><tableParts", "elsewhere"),
    "a stored result": ("xl/worksheets/sheet3.xml", "<v>405</v>", "<f>A</f><v>{}</v>", "elsewhere"),
    "a number format": ("xl/styles.xml", 'formatCode="#,##0"', 'formatCode="#,##0&quot;, {}&quot;"', "elsewhere"),
    "a format that is the number": ("xl/styles.xml", 'formatCode="#,##0"', 'formatCode="{}"', "elsewhere"),
    "the name of a style": ("xl/styles.xml", 'cellStyle name="Normal"', 'cellStyle name="{}"', "elsewhere"),
    "a table's heading": ("xl/tables/table2.xml", 'name="Applied"', 'name="Applied" totalsRowLabel="{}"', "elsewhere"),
    "a link": ("xl/worksheets/sheet2.xml", "<hyperlink ", '<hyperlink tooltip="{}" ', "elsewhere"),
    "another address": (
        "xl/worksheets/_rels/sheet3.xml.rels", "</Relationships>", '<Relationship Id="r9" Type="t" TargetMode="External" Target="a/{}"/>'
        "</Relationships>", "elsewhere",
    ),
}  # fmt: skip


@cache
def plain() -> bytes:
    return book_of(released("405", "57%"))


def planted(folder: Path, where: str, what: str) -> Path:
    part, old, new, _ = PLACES[where]
    stream = BytesIO()
    with zipfile.ZipFile(BytesIO(plain())) as parts, zipfile.ZipFile(stream, "w") as changed:
        for each in parts.infolist():
            content = parts.read(each).decode()
            if each.filename == part:
                assert old in content, where
                content = content.replace(old, new.format(what), 1)
            changed.writestr(each.filename, content)
        if not old:
            changed.writestr(part.format(what), new.format(what))
    file = folder / "report.xlsx"
    file.write_bytes(stream.getvalue())
    return file


@pytest.mark.parametrize("where", PLACES)
def test_the_gate_reads_every_place_of_a_workbook(tmp_path: Path, where: str) -> None:
    found = check(readable.pieces(planted(tmp_path, where, "37")), allowed=Allowed.of(numbers=[0, 1, 405], forms=["57%"]))
    assert (PLACES[where][3], 1) in {(each.kind, each.count) for each in found}


@pytest.mark.parametrize("where", PLACES)
def test_the_scan_reads_every_place_of_a_workbook(tmp_path: Path, where: str) -> None:
    found = scan([planted(tmp_path, where, "qx30211")], pd.DataFrame({"kind": ["candidate"], "token": ["qx30211"]}))
    assert [hit.kind for hit in found.hits] == ["candidate"]


@pytest.mark.parametrize(
    ("markup", "where"),
    [
        ('<img alt="37 women">', "alternative text"),
        ("<img alt='37 women'>", "alternative text"),
        ("<img alt = '37 women' >", "alternative text"),
        ("<img alt=37>", "alternative text"),
        ("<IMG ALT='37 women'/>", "alternative text"),
        ("<img alt='&#51;7'>", "alternative text"),
        ("<p class='x'\ntitle='37'>a</p>", "alternative text"),
        ("<p data-who='a > 37'>a</p>", "alternative text"),
        ("<p title='a < 37'>a</p>", "alternative text"),
        ("<p aria-description=37>a</p>", "alternative text"),
        ("<input value='37'>", "alternative text"),
        ("<svg aria-label='37'></svg>", "alternative text"),
        ("<a href='https://example.org/37'>a</a>", "alternative text"),
        ("</p title='37'>", "alternative text"),
        ("<p>3<b>7</b></p>", "page"),
        ("<svg><defs><text>37</text></defs></svg>", "page"),
        ("<p title='37", "page"),
        ("<!-- 37 -->", "comment"),
        ("<!-- 37", "page"),
        ("<?xml 37?>", "comment"),
        ("<style>/* 37 women */</style>", "comment"),
        ("<style>p::after { content: '37' }</style>", "comment"),
    ],
)
def test_the_gate_reads_every_place_of_a_page(tmp_path: Path, markup: str, where: str) -> None:
    (tmp_path / "report.html").write_text(f"<main>{markup}</main>\n", encoding="utf-8")
    found = check(readable.pieces(tmp_path / "report.html"), allowed=[])
    assert where in {each.kind for each in found} and {each.count for each in found} == {1}


def test_what_shapes_a_page_is_no_number(tmp_path: Path) -> None:
    shapes = "<style>p { margin: 37px }</style><svg viewBox='0 0 37 3'><path d=\"M 1 2\" id=p37 style='width: 37px'/></svg>"
    (tmp_path / "report.html").write_text(shapes + "<a href='#note-37'>b</a>", encoding="utf-8")
    assert check(readable.pieces(tmp_path / "report.html"), allowed=[]) == ()
