"""Excel workbooks, with what Excel does to data: numbers kept as text, dates out of ratings, merged and broken cells."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pandas as pd

from standardsetting.named.cells import NUMBERS_AS_TEXT, Grid, Remark, coded, looks_like_header, same_heading, text_of, title_rows

_FIRST_ROWS = 20
# A cell with content far out makes the sheet a rectangle of this many cells, most of them blank.
_MOST_CELLS = 30_000_000
_MOST_BYTES = 2 * 10**9
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_NUMBER = re.compile(r"\s*[+-]?[0-9]+([.,][0-9]+)?\s*")
_ERROR_CELL = re.compile(rb'<(?:\w+:)?c\b(?=[^>]*\bt="e")[^>]*\br="([A-Z]+)([0-9]+)"')
_FORMULA_ALONE = re.compile(
    rb'<(?:\w+:)?c\b[^>]*\br="([A-Z]+)([0-9]+)"[^>]*>\s*<(?:\w+:)?f\b(?:[^>]*/>|[^>]*>[^<]*</(?:\w+:)?f>)'
    rb"\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
_FAR_COLUMN = re.compile(rb'<(?:\w+:)?c\b[^>]*\br="([A-Z]{3})[0-9]+"[^>]*[^/]>')
_ROW = re.compile(rb'<(?:\w+:)?row\b[^>]*\br="([0-9]+)"')


def read_workbook(data: bytes, *, sheet: str | None, expected: frozenset[str]) -> Grid:
    """Read one sheet of a workbook (.xlsx or .xlsm).

    Parameters
    ----------
    data
        The file's bytes.
    sheet
        The sheet's name as `process.toml` gives it; None: the only visible sheet with cells.
    expected
        The headings looked for, as `same_heading` gives them.
    """
    from python_calamine import CalamineWorkbook, PasswordError

    refusal = _not_a_workbook(data)
    if refusal:
        return Grid.unreadable(*refusal)
    try:
        parts = _sheet_parts(data)
        chosen = _choose(data, parts, sheet)
        if isinstance(chosen, Grid):
            return chosen
        position, label, xml = chosen
        if _rectangle(xml) > _MOST_CELLS:
            sentence = "A table was expected; a cell far out to the right or below makes the sheet too large to read. Delete that cell."
            return Grid.unreadable("cell far away from the table", sentence, sheet=label)
        with CalamineWorkbook.from_filelike(io.BytesIO(data)) as book:
            page = book.get_sheet_by_index(position)
            rows: list[list[Any]] = page.to_python(skip_empty_area=False) if page.end else []
            merged = page.merged_cell_ranges or []
    except PasswordError:
        return Grid.unreadable("password-protected workbook", _PASSWORD)
    except BaseException as error:
        # Damaged bytes make the parsers raise nearly anything; one of them signals a panic with an exception that is no `Exception`.
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            return Grid.unreadable("damaged workbook", "An Excel workbook was expected; the file is damaged or cut short. Export it again.")
        raise
    return _grid(rows, merged, xml, label, expected)


_PASSWORD = "A workbook that opens was expected; this one is protected by a password. Save it without one."


def _not_a_workbook(data: bytes) -> tuple[str, str] | None:
    if not data:
        return "empty file", "An Excel workbook was expected; the file is empty."
    if data.startswith(_OLD_OFFICE):
        if _ENCRYPTED in data:
            return "password-protected workbook", _PASSWORD
        return "old Excel format", "An .xlsx workbook was expected; the file is in the old Excel format. Save it as .xlsx."
    if not data.startswith(b"PK"):
        return "content does not fit the extension", "An Excel workbook was expected; the file holds something else. Look at its extension."
    return None


def _sheet_parts(data: bytes) -> list[tuple[str, bool, bytes]]:
    """Name, whether visible, and XML of each sheet, in the workbook's order."""
    main = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    link = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        if sum(part.file_size for part in package.infolist()) > _MOST_BYTES:
            raise ValueError("too large when unpacked")
        targets = {one.get("Id"): (one.get("Target") or "") for one in ElementTree.fromstring(package.read("xl/_rels/workbook.xml.rels"))}
        parts = []
        for one in ElementTree.fromstring(package.read("xl/workbook.xml")).iter(f"{main}sheet"):
            target = targets[one.get(link)]
            name = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            xml = package.read(name) if "worksheets/" in name else b""
            parts.append((one.get("name") or "", one.get("state", "visible") == "visible", xml))
    return parts


def _choose(data: bytes, parts: list[tuple[str, bool, bytes]], sheet: str | None) -> tuple[int, str, bytes] | Grid:
    """The sheet to read: its position, the words that name it, and its XML."""
    if sheet is not None:
        wanted = [i for i, (name, _, _) in enumerate(parts) if same_heading(name) == same_heading(sheet)]
        if not wanted:
            sentence = f"A sheet '{sheet}' was expected, as process.toml says; the workbook has {len(parts)} sheets and none of that name."
            return Grid.unreadable("sheet missing", sentence)
        return wanted[0], f"sheet '{sheet}'", parts[wanted[0]][2]
    filled = [i for i, (_, visible, xml) in enumerate(parts) if visible and re.search(rb"<(?:\w+:)?(?:v|is)>", xml)]
    if len(filled) > 1:
        sentence = f"One sheet was expected; {len(filled)} hold cells. Say which one with sheet = in the table's source in process.toml."
        return Grid.unreadable("several sheets", sentence)
    if not filled:
        return Grid.unreadable("empty sheet", "A table with headings was expected; no visible sheet holds any cell.")
    return filled[0], f"sheet {filled[0] + 1}", parts[filled[0]][2]


def _rectangle(xml: bytes) -> int:
    """How many cells the sheet spans at most, from its XML: the parser would lay them all out."""
    columns = {_number(found[1]) for found in _FAR_COLUMN.finditer(xml)}
    last = max((int(found[1]) for found in _ROW.finditer(xml)), default=0)
    return last * max(columns, default=100)


def _number(letters: bytes) -> int:
    number = 0
    for one in letters:
        number = number * 26 + one - ord("A") + 1
    return number


def _grid(rows: list[list[Any]], merged: list[Any], xml: bytes, label: str, expected: frozenset[str]) -> Grid:
    if not rows:
        return Grid.unreadable("empty sheet", "A table with headings was expected; the sheet is empty.", sheet=label)
    first_rows = [[text_of(cell) or "" for cell in row] for row in rows[:_FIRST_ROWS]]
    header = looks_like_header(first_rows, expected)
    if header is not None:
        return Grid(remarks=(title_rows(header), *_merged_cells(merged)), sheet=label)
    columns = list(zip(*rows[1:], strict=True)) if len(rows) > 1 else [()] * len(rows[0])
    numbers = np.arange(2, len(rows) + 1)
    frame = pd.DataFrame({i: coded([text_of(cell) for cell in cells]) for i, cells in enumerate(columns)}, index=numbers)
    remarks = [*_merged_cells(merged), *_broken_cells(xml), *_numbers_as_text(columns)]
    return Grid(tuple(first_rows[0]), frame, tuple(remarks), sheet=label)


def _numbers_as_text(columns: list[tuple[Any, ...]]) -> Iterator[Remark]:
    for position, cells in enumerate(columns):
        distinct = {cell for cell in set(cells) if isinstance(cell, str) and _NUMBER.fullmatch(cell)}
        rows = tuple(row for row, cell in enumerate(cells, start=2) if cell in distinct) if distinct else ()
        if rows:
            yield Remark(NUMBERS_AS_TEXT, "Numbers are stored as text and were read as numbers.", position, rows, blocking=False)


def _merged_cells(merged: list[Any]) -> Iterator[Remark]:
    """One remark a column that a merged range touches: only its first cell holds anything, the others would read as blank."""
    for (top, left), (bottom, right) in merged:
        place = "headings" if top == 0 else "cells"
        for position in range(left, right + 1):
            sentence = f"Each cell was expected to stand alone; {place} are merged, so that all but the first read as blank. Unmerge them."
            yield Remark("merged cells", sentence, position, tuple(range(top + 1, bottom + 2)))


def _broken_cells(xml: bytes) -> Iterator[Remark]:
    """Cells that the parser gives as blank although they are not: errors, and formulas saved without their result."""
    for pattern, kind, sentence in (
        (_ERROR_CELL, "Excel error cell", "A value was expected; the cell holds an Excel error such as #REF! or #N/A. Mend the formula."),
        (
            _FORMULA_ALONE,
            "formula without a result",
            "A value was expected; the cell holds a formula whose result was never stored. Open the workbook in Excel and save it.",
        ),
    ):
        rows: dict[int, list[int]] = {}
        for found in pattern.finditer(xml):
            rows.setdefault(_number(found[1]) - 1, []).append(int(found[2]))
        for position, where in rows.items():
            yield Remark(kind, sentence, position, tuple(where))
