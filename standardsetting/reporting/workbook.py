"""The tables of a report as an accessible workbook: cover, contents, notes, and one sheet a table.

Laid out as the Government Analysis Function asks of published spreadsheets: one table a sheet, marked as a table, starting in column A, no
merged cells, no empty rows, words and not colour for what is missing. The same tables give the same bytes.
"""

from __future__ import annotations

import math
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

from standardsetting.errors import PublishingError

TABLE_TYPE = "application/vnd.standardsetting.table+json"
MISSING = "[x]"
# How numbers are shown where a table does not say it itself. Percentages are fractions from 0 to 1; codes are shown as they are.
FORMATS = {"count": "#,##0", "percent": "0.0%", "number": "0.00"}
_RIGHT = (*FORMATS, "shown")
_LONGEST_NAME = 31
_WIDEST, _NARROWEST, _LINE, _WRAPPING_LOSS = 360, 90, 20, 25  # pixels
_WIDEST_NOTE = 720
_ROWS_ABOVE_THE_DATA = 3  # gptables writes a title, a line of instructions and the headings
# The theme writes in Arial of 12 points, the measure is for Calibri of 11: a long text is so much wider, a short one seldom more than that.
_LETTER_SIZE, _WIDEST_LETTER_SIZE = 1.15, 1.3
_CREATED = datetime(2000, 1, 1, tzinfo=UTC)
LANGUAGE = "en-GB"
_PROPERTIES = "docProps/core.xml"
_RESERVED = ("Cover", "Contents", "Notes", "History")


@dataclass(frozen=True)
class Sheet:
    """One table as a notebook showed it.

    Attributes
    ----------
    name
        The sheet's name: at most 31 characters, no two alike.
    caption
        The table's title.
    headings, kinds
        One a column; a kind is text, count, percent, number, code, or shown (a released count, share or sign as a text).
    rows
        Raw values; None where there is none.
    notes
        Sentences that belong to the table.
    formats
        A number format for each cell, empty for a text; without any, the kind decides.
    missing
        What stands where there is no value.
    shorthand
        What signs in brackets mean; it stands above the table.
    """

    name: str
    caption: str
    headings: tuple[str, ...]
    kinds: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    notes: tuple[str, ...] = ()
    formats: tuple[tuple[str, ...], ...] = ()
    missing: str = MISSING
    shorthand: tuple[str, ...] = ()

    def format(self, row: int, column: int) -> str:
        """The number format of a cell; empty where it is a text."""
        return self.formats[row][column] if self.formats else FORMATS.get(self.kinds[column], "")

    def cells(self, column: int) -> list[Any]:
        """A column as the sheet holds it."""
        kind = self.kinds[column]
        return [
            self.missing if _is_missing(row[column]) else _cell(row[column], kind, self.format(place, column))
            for place, row in enumerate(self.rows)
        ]


def sheets(notebook: Any) -> list[Sheet]:
    """Every table of an executed notebook, in its order, with names made unique."""
    taken = {name.casefold() for name in _RESERVED}
    found: list[Sheet] = []
    for cell in notebook["cells"]:
        for output in cell.get("outputs", ()) if cell["cell_type"] == "code" else ():
            content = output.get("data", {}).get(TABLE_TYPE)
            if content and content["rows"]:
                found.append(_sheet(content, taken))
    return found


def _sheet(content: Mapping[str, Any], taken: set[str]) -> Sheet:
    base = re.sub(r"[\[\]:*?/\\]", " ", str(content["name"])).strip().strip("'")[:_LONGEST_NAME] or "Table"
    name, number = base, 2
    while name.casefold() in taken:
        ending = f" {number}"
        name, number = base[: _LONGEST_NAME - len(ending)] + ending, number + 1
    taken.add(name.casefold())
    rows = tuple(tuple(row) for row in content["rows"])
    if any(len(row) != len(content["headings"]) for row in rows) or len(content["kinds"]) != len(content["headings"]):
        raise PublishingError("A table has rows of another length than its headings.", next_step="Mend the table function that made it.")
    return Sheet(
        name=name,
        caption=str(content["caption"]),
        headings=_distinct([str(heading) or "Item" for heading in content["headings"]]),
        kinds=tuple(content["kinds"]),
        rows=rows,
        notes=tuple(str(note) for note in content.get("notes", ())),
        formats=tuple(tuple(row) for row in content.get("formats", ())),
        missing=str(content.get("missing") or MISSING),
        shorthand=tuple(str(note) for note in content.get("shorthand", ())),
    )


def _distinct(headings: Sequence[str]) -> tuple[str, ...]:
    out: list[str] = []
    for heading in headings:
        name, number = heading, 2
        while name in out:
            name, number = f"{heading} ({number})", number + 1
        out.append(name)
    return tuple(out)


def to_workbook(tables: Sequence[Sheet], *, title: str, about: Sequence[str]) -> bytes:
    """The workbook's bytes.

    Parameters
    ----------
    tables
        At least one.
    title
        The cover's title.
    about
        Sentences for the cover: marking, process, run, hashes.
    """
    import warnings

    import gptables as gpt
    import pandas as pd

    stream = BytesIO()
    notes = _notes(tables)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its advice about blank cells and missing units is settled above
        book = gpt.produce_workbook(
            stream,
            sheets={sheet.name: _table(gpt, pd, sheet, place, notes) for place, sheet in enumerate(tables, start=1)},
            cover=gpt.Cover(title=title, intro=list(about), about=list(_signs(tables))),
            contentsheet_options={"title": "Contents", "instructions": "This worksheet lists the tables of this workbook, one a sheet."},
            notes_table=pd.DataFrame(list(notes.items()), columns=["Note text", "Note reference"])[["Note reference", "Note text"]]
            if notes
            else None,
            notesheet_options={"title": "Notes", "instructions": "This worksheet holds the notes that the tables refer to."},
            auto_width={sheet.name: False for sheet in tables},
            workbook_options={"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "nan_inf_to_errors": False},
        )
        _set_widths(book, tables)
        _set_notes(book, list(notes))
        book.set_properties({"title": title, "author": "", "created": _CREATED})
        book.close()
    return _in_our_language(stream.getvalue())


def _in_our_language(book: bytes) -> bytes:
    """The same workbook with the property that says in which language it is; the library that writes it has none for that."""
    stream = BytesIO()
    with zipfile.ZipFile(BytesIO(book)) as parts, zipfile.ZipFile(stream, "w") as told:
        for part in parts.infolist():
            content = parts.read(part)
            if part.filename == _PROPERTIES:
                content = content.replace(b"</cp:coreProperties>", f"<dc:language>{LANGUAGE}</dc:language></cp:coreProperties>".encode())
            told.writestr(part, content)
    return stream.getvalue()


def _signs(tables: Sequence[Sheet]) -> Iterator[str]:
    """What the signs in brackets mean, each once; sheets say it again above their tables."""
    signs = tuple(dict.fromkeys(line for sheet in tables for line in sheet.shorthand))
    if MISSING not in " ".join(signs):
        yield f"{MISSING} stands for a value that does not exist or cannot be given."
    yield from signs


def _notes(tables: Sequence[Sheet]) -> dict[str, str]:
    """Every different note and the reference it goes by."""
    texts = dict.fromkeys(note for sheet in tables for note in sheet.notes)
    return {text: f"note{number}" for number, text in enumerate(texts, start=1)}


def _table(gpt: Any, pd: Any, sheet: Sheet, place: int, notes: Mapping[str, str]) -> Any:
    columns = {heading: sheet.cells(column) for column, heading in enumerate(sheet.headings)}
    signs = " ".join(sheet.shorthand)
    blank = any(MISSING in values for values in columns.values()) and MISSING not in signs
    sentences = [
        "This worksheet holds one table.",
        *(["Notes are on the worksheet Notes."] if sheet.notes else []),
        *([f"Cells with {MISSING} hold no value."] if blank else []),
        *sheet.shorthand,
    ]
    return gpt.GPTable(
        table=pd.DataFrame(columns, dtype=object),
        table_name=f"table_{place}",
        title=sheet.caption + (" " if sheet.notes else "") + "".join(f"$${notes[note]}$$" for note in sheet.notes),
        instructions=" ".join(sentences),
        index_columns={2: 0},
        additional_formatting=[each for column, kind in enumerate(sheet.kinds) if kind in _RIGHT for each in _formats(sheet, column)],
    )


def _formats(sheet: Sheet, column: int) -> Iterator[dict[str, Any]]:
    """A column of figures stands to the right, under one number format or, where its numbers differ in decimals, each under its own."""
    patterns = [sheet.format(row, column) for row in range(len(sheet.rows))]
    different = sorted({pattern for pattern in patterns if pattern})
    shared = {"num_format": different[0]} if len(different) == 1 else {}
    yield {"column": {"columns": [column], "format": {"align": "right", **shared}}}
    yield {"cell": {"cells": (0, column), "format": {"align": "right"}}}
    if not shared:
        # The first row of the sheet's table holds the headings.
        for row, pattern in enumerate(patterns, start=1):
            if pattern:
                yield {"cell": {"cells": (row, column), "format": {"num_format": pattern}}}


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and value != value)


def _cell(value: Any, kind: str, pattern: str) -> Any:
    if value == "":
        return MISSING
    if kind == "shown" and pattern:
        figure = Decimal(value.replace(",", "").rstrip("%"))
        return float(figure / 100) if value.endswith("%") else int(figure)
    if (kind in FORMATS or kind == "code") and isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return value
    text = "infinite" if isinstance(value, float) and math.isinf(value) else str(value)
    return text if re.search(r"\w", text) else f"({text})"


def _set_widths(book: Any, tables: Sequence[Sheet]) -> None:
    """Columns wide enough to read and never wider than a screen; long text wraps, in rows high enough to show it."""
    from xlsxwriter.utility import cell_autofit_width  # type: ignore[import-untyped]

    for sheet in tables:
        page = book.get_worksheet_by_name(sheet.name)
        lines = [1] * len(sheet.rows)
        for column, heading in enumerate(sheet.headings):
            texts = [heading, *(str(cell) for cell in sheet.cells(column))]
            if sheet.kinds[column] in FORMATS:  # as shown, not with every decimal
                texts = [heading, *(text[:9] for text in texts[1:])]
            widest = max(cell_autofit_width(text) for text in texts) * _WIDEST_LETTER_SIZE
            page.set_column_pixels(column, column, round(min(max(widest, _NARROWEST), _WIDEST)))
            lines = [max(pair) for pair in zip(lines, _lines(texts[1:], _WIDEST), strict=True)]
        _set_heights(page, lines)


def _set_notes(book: Any, notes: Sequence[str]) -> None:
    """The same for the texts of the notes, in the order in which the tables refer to them."""
    if notes:
        page = book.get_worksheet_by_name("Notes")
        page.set_column_pixels(1, 1, _WIDEST_NOTE)
        _set_heights(page, _lines(notes, _WIDEST_NOTE))


def _lines(texts: Sequence[str], width: int) -> list[int]:
    """How many lines a column of this width needs for each text."""
    from xlsxwriter.utility import cell_autofit_width

    return [math.ceil(cell_autofit_width(text) * _LETTER_SIZE / (width - _WRAPPING_LOSS)) for text in texts]


def _set_heights(page: Any, lines: Sequence[int]) -> None:
    for row, height in enumerate(lines, start=_ROWS_ABOVE_THE_DATA):
        if height > 1:
            page.set_row_pixels(row, height * _LINE)
