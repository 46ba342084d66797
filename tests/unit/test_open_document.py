"""The OpenDocument spreadsheet says what the workbook says, cell by cell, and is laid out as published spreadsheets have to be."""

from __future__ import annotations

import zipfile
from functools import cache
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest
import xlsxwriter  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from standardsetting.disclosure.gate import check
from standardsetting.errors import PublishingError
from standardsetting.reporting import readable, workbook
from standardsetting.reporting.open_document import TYPE, to_open_document
from standardsetting.reporting.scan import scan
from standardsetting.reporting.workbook import Sheet

OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
NUMBER = "{urn:oasis:names:tc:opendocument:xmlns:datastyle:1.0}"
FO = "{urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0}"
DC = "{http://purl.org/dc/elements/1.1/}"
XLINK = "{http://www.w3.org/1999/xlink}"

RATES = Sheet(
    "rates",
    "Who met the standard",
    ("Group", "Met", "Share", "Mean", "Shown"),
    ("text", "count", "percent", "number", "shown"),
    (("Women & men", 1250, 0.5734, 2 / 3, "405"), ("=1+1", 7, 0.0004, None, "[c]"), ("of  two\nlines", 0, 1.0, -0.5, "")),
    notes=("A note.", "Another."),
    formats=(("", "#,##0", "0%", "#,##0.00", "#,##0"), ("", "#,##0", '"under 1%"', "", ""), ("", "#,##0", "0.0%", "#,##0.0", "")),
    shorthand=("[c] confidential: too few people.",),
)
ODDLY = Sheet("it's  2 <odd>", "Oddly named", ("H",), ("count",), ((1,), (2,)))


def book(*sheets: Sheet) -> bytes:
    return workbook.to_workbook(sheets or (RATES, ODDLY), title="Pack: <A & B>", about=["OFFICIAL", "Run: one"])


def part(content: bytes, name: str) -> ElementTree.Element:
    with zipfile.ZipFile(BytesIO(content)) as parts:
        return ElementTree.fromstring(parts.read(name))


def cells(content: bytes) -> dict[str, list[list[object]]]:
    found = CalamineWorkbook.from_filelike(BytesIO(content))
    return {name: found.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in found.sheet_names}


def test_every_cell_is_the_workbook_s() -> None:
    xlsx = book()
    ods = to_open_document(xlsx)
    assert cells(ods) == cells(xlsx)
    assert list(cells(ods)) == ["Cover", "Contents", "Notes", "rates", ODDLY.name]
    title, above, headings, *rows = cells(ods)["rates"]
    assert title[0] == "Who met the standard [note 1][note 2]" and RATES.shorthand[0] in str(above[0])
    assert headings == list(RATES.headings)
    assert rows == [
        ["Women & men", 1250.0, 0.5734, 2 / 3, 405.0],
        ["=1+1", 7.0, 0.0004, "[x]", "[c]"],
        ["of  two\nlines", 0.0, 1.0, -0.5, "[x]"],
    ]
    frame = pd.read_excel(BytesIO(ods), sheet_name="rates", header=2, engine="calamine")
    assert frame["Met"].tolist() == [1250, 7, 0]


LETTERS = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]) | st.sampled_from(" \n<&'")  # the reader knows no tabs
TEXTS = st.text(LETTERS, min_size=1, max_size=12)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(TEXTS, st.floats(allow_nan=False, allow_infinity=False)), min_size=1, max_size=4))
def test_any_text_and_number_comes_back_as_from_the_workbook(rows: list[tuple[str, float]]) -> None:
    stream = BytesIO()
    made = xlsxwriter.Workbook(stream, {"in_memory": True})
    made.set_properties({"title": "T"})
    page = made.add_worksheet("t")
    for place, (text, number) in enumerate(rows):
        page.write_string(place, 0, text)
        page.write_number(place, 1, number)
    made.close()
    xlsx = workbook._in_our_language(stream.getvalue())
    from_xlsx, from_ods = cells(xlsx)["t"], cells(to_open_document(xlsx))["t"]
    assert from_ods == from_xlsx


def test_the_same_tables_give_the_same_bytes_and_the_type_stands_first() -> None:
    one, two = to_open_document(book()), to_open_document(book())
    assert one == two
    with zipfile.ZipFile(BytesIO(one)) as parts:
        first, *others = parts.infolist()
        assert (first.filename, first.compress_type, first.extra, parts.read(first)) == ("mimetype", zipfile.ZIP_STORED, b"", TYPE.encode())
        assert one[30:38] == b"mimetype" and one[38:].startswith(TYPE.encode())
        assert {each.date_time for each in parts.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        listed = [node.attrib for node in ElementTree.fromstring(parts.read("META-INF/manifest.xml"))]
        paths = [value for entry in listed for name, value in entry.items() if name.endswith("full-path")]
        assert paths == ["/", *(each.filename for each in others if each.filename != "META-INF/manifest.xml")]


def test_numbers_have_the_formats_of_the_workbook_and_show_what_it_shows() -> None:
    content = part(to_open_document(book()), "content.xml")
    formats = {node.get(f"{STYLE}name"): node for node in content.iter() if node.tag.startswith(NUMBER) and node.tag.endswith("style")}
    styles = {node.get(f"{STYLE}name"): formats.get(node.get(f"{STYLE}data-style-name")) for node in content.iter(f"{STYLE}style")}
    seen = {}
    for cell in content.iter(f"{TABLE}table-cell"):
        if (kind := cell.get(f"{OFFICE}value-type")) in ("float", "percentage"):
            style = styles[cell.get(f"{TABLE}style-name")]
            number = style.find(f"{NUMBER}number") if style is not None else None
            how = () if number is None else (number.get(f"{NUMBER}decimal-places"), number.get(f"{NUMBER}grouping"))
            seen["".join(cell.itertext())] = (kind, cell.get(f"{OFFICE}value"), *how)
    assert seen["1,250"] == ("float", "1250", "0", "true")
    assert seen["57%"] == ("percentage", "0.5734", "0", None)
    assert seen["100.0%"] == ("percentage", "1", "1", None)
    assert seen["0.67"] == ("float", "0.6666666666666666", "2", "true")
    assert seen["-0.5"] == ("float", "-0.5", "1", "true")
    assert seen["under 1%"] == ("float", "0.0004")
    words = [node.text for node in content.iter(f"{NUMBER}text")]
    assert sorted(words) == ["%", "%", "under 1%"]


def test_a_format_that_no_report_uses_is_refused() -> None:
    with pytest.raises(PublishingError, match="number format"):
        to_open_document(book(Sheet("t", "C", ("n",), ("count",), ((1,),), formats=(("0.00E+00",),))))


def test_it_is_laid_out_as_published_spreadsheets_have_to_be() -> None:
    ods = to_open_document(book())
    meta, content, styles = (part(ods, name) for name in ("meta.xml", "content.xml", "styles.xml"))
    assert [node.text for tag in ("title", "language") for node in meta.iter(f"{DC}{tag}")] == ["Pack: <A & B>", "en-GB"]
    (letters,) = next(styles.iter(f"{STYLE}default-style"))
    assert {letters.get(f"{FO}language"), letters.get(f"{FO}country"), letters.get(f"{FO}font-size")} == {"en", "GB", "12pt"}
    (face,) = styles.iter(f"{STYLE}font-face")
    assert face.get(f"{STYLE}name") == letters.get(f"{STYLE}font-name") and face.get(f"{STYLE}font-family-generic") == "swiss"
    sizes = [float(node.get(f"{FO}font-size", "12pt").removesuffix("pt")) for node in content.iter(f"{STYLE}text-properties")]
    assert sizes and min(sizes) == 12
    assert not {node.tag for node in content.iter()} & {f"{TABLE}covered-table-cell"}
    marked = {node.get(f"{TABLE}name"): node.get(f"{TABLE}target-range-address") for node in content.iter(f"{TABLE}database-range")}
    assert marked["table_1"] == "rates.A3:rates.E6"
    assert marked["table_2"] == "'it''s  2 <odd>'.A3:'it''s  2 <odd>'.A5"
    assert set(marked) == {"contents_table", "notes_table", "table_1", "table_2"}
    for sheet in content.iter(f"{TABLE}table"):
        (above,) = list(sheet.iter(f"{TABLE}table-header-rows")) or [None]
        rows = list(sheet.iter(f"{TABLE}table-row"))
        assert rows[0][0].get(f"{OFFICE}value-type") == "string"  # the title in A1
        if sheet.get(f"{TABLE}name") == "Cover":
            assert above is None
            continue
        assert above is not None and list(above) == [rows[2]]
        assert all(len(row) == len(rows[2]) and all("".join(cell.itertext()) for cell in row) for row in rows[2:])  # no blank cell
        assert len(list(sheet.iter(f"{TABLE}table-column"))) == len(rows[2])


def test_contents_lead_to_the_sheets() -> None:
    content = part(to_open_document(book()), "content.xml")
    links = {"".join(node.itertext()): node.get(f"{XLINK}href") for node in content.iter(f"{TEXT}a")}
    assert links == {"rates": "#rates.A1", ODDLY.name.replace("  ", ""): "#'it''s  2 <odd>'.A1"}


def test_lines_and_spaces_are_spelt_out_as_markup() -> None:
    content = part(to_open_document(book()), "content.xml")
    (cell,) = [node for node in content.iter(f"{TABLE}table-cell") if "".join(node.itertext()) == "oftwolines"]
    first, second = cell
    assert [node.get(f"{TEXT}c") for node in first] == ["2"] and (first.text, first[0].tail, second.text) == ("of", "two", "lines")


# What a part of an .ods file looks like with something put where no reader would look, and where the gate has to say it was.
PLACES = {
    "a cell": ("content.xml", "<text:p>Women &amp; men</text:p>", "<text:p>Women {}</text:p>", "sheet"),
    "a cell's text cut in two": ("content.xml", ">Women &amp; men<", ">{first}<text:span>{rest}</text:span><", "sheet"),
    "a number under a format": ("content.xml", 'office:value="1250"', 'office:value="{}"', "sheet"),
    "a stored text": ("content.xml", 'office:value="1250"', 'office:value="1250" office:string-value="{}"', "sheet"),
    "a formula": ("content.xml", 'office:value="1250"', 'office:value="1250" table:formula="of:={}"', "sheet"),
    "a comment": ("content.xml", "<text:p>1,250</text:p>", "<office:annotation><text:p>{}</text:p></office:annotation>", "comment"),
    "a remark of the markup": ("content.xml", "<office:body>", "<!-- {} --><office:body>", "elsewhere"),
    "the name of a sheet": ("content.xml", 'table:name="rates"', 'table:name="rates {}"', "sheet"),
    "the name of a style": ("content.xml", 'style:name="cell_1"', 'style:name="cell_{}_women"', "elsewhere"),
    "the title of a style": ("content.xml", 'style:name="cell_1"', 'style:name="cell_1" style:display-name="{}"', "elsewhere"),
    "the words of a format": ("content.xml", "under 1%", "under {} women", "elsewhere"),
    "the name of a table": ("content.xml", 'table:name="table_1"', 'table:name="{} women"', "elsewhere"),
    "a link": ("content.xml", "#rates.A1", "#'rates {}'.A1", "sheet"),
    "the styles": ("styles.xml", "<office:styles>", '<office:styles><style:style style:name="n {}"/>', "elsewhere"),
    "the title": ("meta.xml", "<dc:title>", "<dc:title>{} ", "property"),
    "a property of one's own": (
        "meta.xml", "<dc:language>", '<meta:user-defined meta:name="{}">x</meta:user-defined><dc:language>', "property"
    ),
}  # fmt: skip


@cache
def plain() -> bytes:
    return to_open_document(book())


def planted(folder: Path, where: str, what: str) -> Path:
    name, old, new, _ = PLACES[where]
    stream = BytesIO()
    with zipfile.ZipFile(BytesIO(plain())) as parts, zipfile.ZipFile(stream, "w") as changed:
        for each in parts.infolist():
            text = parts.read(each).decode()
            if each.filename == name:
                assert old in text, where
                text = text.replace(old, new.format(what, first=what[0], rest=what[1:]), 1)
            changed.writestr(each, text)
    file = folder / "report.ods"
    file.write_bytes(stream.getvalue())
    return file


ALLOWED = (0, 1, 2, 7, 405, 1250, "57.34", "57", 100, "0.6666666666666666", "0.67", "0.5", "0.0004")


def test_the_gate_lets_the_sheets_own_numbers_pass(tmp_path: Path) -> None:
    file = tmp_path / "report.ods"
    file.write_bytes(to_open_document(book()))
    assert check(readable.pieces(file), allowed=ALLOWED) == ()
    missing = check(readable.pieces(file), allowed=set(ALLOWED) - {405})
    assert [(each.kind, each.count) for each in missing] == [("sheet", 1)]


@pytest.mark.parametrize("where", PLACES)
def test_the_gate_reads_every_place_of_a_spreadsheet(tmp_path: Path, where: str) -> None:
    found = check(readable.pieces(planted(tmp_path, where, "37")), allowed=ALLOWED)
    assert (PLACES[where][3], 1) in {(each.kind, each.count) for each in found}


@pytest.mark.parametrize("where", PLACES)
def test_the_scan_reads_every_place_of_a_spreadsheet(tmp_path: Path, where: str) -> None:
    identities = pd.DataFrame({"kind": ["candidate"], "token": ["qx30211"]})
    assert [hit.kind for hit in scan([planted(tmp_path, where, "qx30211")], identities).hits] == ["candidate"]


def test_addresses_and_styles_are_nobody_s_number(tmp_path: Path) -> None:
    (tmp_path / "report.ods").write_bytes(to_open_document(book(*(Sheet(f"s{n}", "C", ("H",), ("count",), ((n,),)) for n in range(30)))))
    tokens = [f"{letter}{number}" for letter in "ab" for number in range(1, 40)]
    identities = pd.DataFrame({"kind": "assessor", "token": tokens})
    assert [hit.count for hit in scan([tmp_path / "report.ods"], identities).hits] == []
