"""The scan finds an identity wherever it hides, and leaves the report's own words alone."""

from __future__ import annotations

import base64
import json
import zipfile
import zlib
from io import BytesIO
from pathlib import Path

import pandas as pd
import pytest
from nbformat.v4 import new_markdown_cell, new_notebook
from pypdf import PdfWriter

from standardsetting.process import Process
from standardsetting.reporting import render, workbook
from standardsetting.reporting.extract import from_bytes
from standardsetting.reporting.pdf_text import _as_read_by_pypdf, pdf_text
from standardsetting.reporting.scan import Hit, scan, words


def people(*tokens: str, kind: str = "name") -> pd.DataFrame:
    return pd.DataFrame({"kind": [kind] * len(tokens), "token": list(tokens)})


def count(tmp_path: Path, content: str, *tokens: str, ending: str = "html", **options: object) -> int:
    (tmp_path / f"artefact.{ending}").write_text(content, encoding="utf-8")
    return sum(hit.count for hit in scan([tmp_path / f"artefact.{ending}"], people(*tokens), **options).hits)  # type: ignore[arg-type]


def png(text: bytes, *, kind: bytes = b"tEXt") -> bytes:
    chunk = len(text).to_bytes(4) + kind + text + zlib.crc32(kind + text).to_bytes(4)
    return b"\x89PNG\r\n\x1a\n" + chunk


PICTURE = base64.b64encode(png(b"Author\0Wren Canary")).decode()
DRAWING = base64.b64encode(b"<svg><text>Wren Canary</text></svg>").decode()


@pytest.mark.parametrize(
    "markup",
    [
        "<p>Wren Canary</p>",
        "<p>WREN\n   CANARY</p>",
        "<p>W<b>re</b>n <span class='x'>Can</span>ary</p>",
        '<p title="Wren Canary">x</p>',
        '<span data-who="wren canary">x</span>',
        "<p title='Wren Canary'>x</p>",
        "<p data-who=Wren-Canary id=x>x</p>",
        "<p style='font: Arial' title='Wren Canary'>x</p>",
        "<p>In the font: Wren Canary</p>",
        "<!-- wren canary -->",
        "<svg><text>Wren</text><text>Canary</text></svg>",
        "<svg><desc>Wren Canary</desc></svg>",
        "<p>Wren&nbsp;Canary</p>",
        "<p>&#87;ren Canary</p>",
        "<p>Wren\u00ad Ca\u00adnary</p>",
        "<p>Ｗren Canary</p>",
        "<style>/* wren canary */</style>",
        "<p>canary.wren@example.org Wren-Canary</p>",
        f'<img src="data:image/png;base64,{PICTURE}">',
        f'<img src="data:image/svg+xml;base64,{DRAWING}">',
        "<table><tr><td>Wren</td><td>Canary</td></tr></table>",
    ],
)
def test_a_name_is_found_wherever_it_hides_in_a_page(tmp_path: Path, markup: str) -> None:
    assert count(tmp_path, markup, "wren canary") == 1
    assert count(tmp_path, markup, "wren finch", "canary wren z") == 0


@pytest.mark.parametrize(
    "notebook",
    [
        {"cells": [{"source": ["x = 'Wren ", "Canary'"]}]},
        {"cells": [{"outputs": [{"data": {"text/html": "<b>Wren</b> Canary"}}]}]},
        {"cells": [{"outputs": [{"data": {"image/png": PICTURE}}]}]},
        {"metadata": {"wren canary": 1}},
        {"cells": [{"outputs": [{"data": {"application/json": {"rows": [["Wren Canary", 3]]}}}]}]},
    ],
)
def test_a_name_is_found_in_a_notebook(tmp_path: Path, notebook: object) -> None:
    assert count(tmp_path, json.dumps(notebook), "wren canary", ending="ipynb") == 1


def test_a_name_is_found_in_any_part_of_a_workbook(tmp_path: Path) -> None:
    for number, part in enumerate(["xl/sharedStrings.xml", "docProps/core.xml", "xl/worksheets/sheet9.xml", "xl/comments1.xml"]):
        file = tmp_path / f"{number}.xlsx"
        with zipfile.ZipFile(file, "w") as parts:
            parts.writestr("xl/workbook.xml", '<workbook><sheet name="One" state="veryHidden"/></workbook>')
            parts.writestr(part, "<x><r><t>Wren Can</t></r><r><t>ary</t></r></x>")
        assert scan([file], people("wren canary")).hits == (Hit(file.name, "name", 1),)
    sheet = workbook.Sheet("Wren Canary", "A table", ("One",), ("count",), ((3,),))
    (tmp_path / "named.xlsx").write_bytes(workbook.to_workbook([sheet], title="A title", about=["About"]))
    assert scan([tmp_path / "named.xlsx"], people("wren canary")).hits


def test_addresses_of_cells_are_not_anybody_s_number(tmp_path: Path) -> None:
    table = workbook.Sheet("One", "A table", ("Who", "Count"), ("text", "count"), tuple((f"row {n}", n) for n in range(20)), ("A note.",))
    seen = workbook.Sheet("Two", "A table", ("Who", "Count"), ("text", "count"), (("see b12", 3),))
    (tmp_path / "one.xlsx").write_bytes(workbook.to_workbook([table], title="A title", about=["About"] * 4))
    (tmp_path / "two.xlsx").write_bytes(workbook.to_workbook([table, seen], title="A title", about=["About"]))
    tokens = people(*(f"{column}{row}" for column in "ab" for row in range(1, 30)), kind="assessor")
    assert scan([tmp_path / "one.xlsx"], tokens).hits == ()
    assert scan([tmp_path / "two.xlsx"], tokens).hits == (Hit("two.xlsx", "assessor", 1),)


def test_a_name_is_found_in_a_pdf_and_what_it_hides() -> None:
    pytest.importorskip("weasyprint", exc_type=OSError)
    picture = '<svg role="img" aria-label="Robin Finch" viewBox="0 0 200 50"><text x="5" y="20">Żółw Teal</text></svg>'
    table = "<table><tr><td>Wren</td><td>Canary</td></tr></table>"
    page = f'<html lang="en"><head><title>By Merle</title></head><body><p>Zoë O’Brien</p>{picture}{table}</body></html>'
    pdf = render.to_pdf(page)
    found = words(pdf_text(pdf))
    for expected in ("zoë", "brien", "żółw", "teal", "wren", "canary", "robin", "finch", "merle"):
        assert expected in found
    assert set(words("\n".join(_as_read_by_pypdf(pdf)))) - {"wrencanary"} <= set(found)


def test_a_pdf_of_another_make_is_read_by_the_general_reader() -> None:
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    writer.add_metadata({"/Author": "Wren Canary"})
    stream = BytesIO()
    writer.write(stream)
    assert "Wren Canary" in pdf_text(stream.getvalue())


def test_file_names_and_image_chunks_are_read(tmp_path: Path) -> None:
    (tmp_path / "wren-canary.txt").write_text("")
    assert scan([tmp_path / "wren-canary.txt"], people("wren canary")).hits
    for kind, body in [
        (b"tEXt", b"Author\0wren canary"),
        (b"zTXt", b"Author\0\0" + zlib.compress(b"wren canary")),
        (b"iTXt", b"Author\0\1\0en\0\0" + zlib.compress(b"wren canary")),
    ]:
        assert "wren canary" in from_bytes(png(body, kind=kind), ".png")


@pytest.mark.parametrize(
    ("text", "token", "hits"),
    [
        ("number 4512345 here", "4512345", 1),
        ("ends with 4512345.", "4512345", 1),
        ("4512345.0", "4512345", 1),
        ("0.4512345", "4512345", 0),
        ("4512345.25", "4512345", 0),
        ("1.4512345e-3", "4512345", 0),
        ("a14512345f", "4512345", 0),
        ("total 1204", "1204", 0),
        ("id 30211", "30211", 1),
        ("020 7946 0000 rang", "020 7946 0000", 1),
        ("020 7946 00001", "020 7946 0000", 0),
        ("born 12/09/1988,", "12/09/1988", 1),
        ("cells 12 09 1988", "12/09/1988", 0),
        ("aged 25-34", "25-34", 0),
        ("AB1204 was", "ab1204", 1),
        ("of XAB1204", "ab1204", 0),
        ("m", "m", 0),
        ("fill: #445566", "445566", 0),
    ],
)
def test_numbers_are_found_whole(tmp_path: Path, text: str, token: str, hits: int) -> None:
    assert count(tmp_path, f"<p>{text}</p>", token) == hits


def test_numbers_that_could_be_counts_are_left_out(tmp_path: Path) -> None:
    assert count(tmp_path, "<td>30211</td>", "30211", largest_count=100_000) == 0
    assert count(tmp_path, "<td>300211</td>", "300211", largest_count=100_000) == 1


def test_the_report_s_own_words_are_found_only_inside_a_longer_token(tmp_path: Path) -> None:
    page = "<p>What the panel marks. Mark Field</p>"
    assert count(tmp_path, page, "mark", vocabulary=["Mark the field"]) == 0
    assert count(tmp_path, page, "mark field", vocabulary=["Mark the field"]) == 1
    assert count(tmp_path, page, "mark") == 1


def test_charts_coordinates_and_fonts_are_not_words(tmp_path: Path) -> None:
    drawing = '<svg viewBox="0 0 45 60"><path d="M 10.5 12 L 30211 14 z" style="font-family: Vera, Arial; fill: #fff"/></svg>'
    assert count(tmp_path, drawing, "30211", "vera", "10.5 12 30211") == 0
    assert count(tmp_path, "<style>p { font: Vera; }</style><p style='font: Vera'>x</p>", "vera") == 0
    assert count(tmp_path, '<svg><path d="Vera"/></svg>', "vera") == 1


def test_what_was_searched_is_counted(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("<p>the mark</p>")
    found = scan([tmp_path / "a.html"], people("wren", "wren canary", "mark", "12", "x"), vocabulary=["mark"])
    assert (found.searched, found.skipped, found.artefacts, found.hits) == (2, 3, 1, ())


def test_a_million_tokens_are_looked_for_in_one_go(tmp_path: Path) -> None:
    table = pd.DataFrame({"kind": ["name"] * 500_000 + ["candidate"] * 500_000, "token": [f"wren{i} finch{i}" for i in range(500_000)]
                          + [f"c{i:07d}" for i in range(500_000)]})  # fmt: skip
    (tmp_path / "a.html").write_text(
        "".join(f"<p>word{i} {i * 7}.25 another c0499999x</p>" for i in range(60_000)) + "<p>Wren7 Finch7 C0000012</p>"
    )
    found = scan([tmp_path / "a.html"], table)
    assert found.hits == (Hit("a.html", "candidate", 1), Hit("a.html", "name", 1))


def test_a_blank_pack_holds_none_of_the_commonest_names(tmp_path: Path) -> None:
    # What our own libraries write into every file must never look like a person.
    process = Process.from_mapping(
        {"process": {"id": "p", "title": "P"}, "scale": {"minimum": 1, "maximum": 5}, "values": [{"name": "a", "hurdle": 3}]}
    )
    page = render.to_html(new_notebook(cells=[new_markdown_cell("# Pack")]), render.Imprint("Pack", process, "run-1", "ab"))
    (tmp_path / "pack.html").write_text(page)
    (tmp_path / "pack.xlsx").write_bytes(
        workbook.to_workbook([workbook.Sheet("T", "C", ("H",), ("count",), ((1,),))], title="T", about=["A"])
    )
    own = [render.style(), (render.TEMPLATE / "index.html.j2").read_text()]
    names = people("vera", "white", "black", "victor", "grant", "baker", "major hall", "mark", "dejan", "cooper", "black watch")
    assert scan(sorted(tmp_path.iterdir()), names, vocabulary=own).hits == ()


def test_the_scripts_of_a_workbooks_theme_are_nobody(tmp_path):
    """Every workbook names a font for the script "Arab"; the same word in a cell is found."""
    import xlsxwriter

    identities = pd.DataFrame({"kind": ["characteristic"], "token": ["arab"]})
    for cell, hits in (("Total", 0), ("arab", 1)):
        book = xlsxwriter.Workbook(tmp_path / f"{hits}.xlsx")
        book.add_worksheet().write_string(0, 0, cell)
        book.close()
        assert len(scan([tmp_path / f"{hits}.xlsx"], identities).hits) == hits
