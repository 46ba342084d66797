"""The tables of a report as an accessible workbook: cover, contents, notes, and one sheet a table.

Laid out as the Government Analysis Function asks of published spreadsheets: one table a sheet, marked as a table, starting in column A, no
merged cells, no empty rows, words and not colour for what is missing. The same tables give the same bytes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from standardsetting.errors import PublishingError

TABLE_TYPE = "application/vnd.standardsetting.table+json"
MISSING = "[x]"
# Percentages are fractions from 0 to 1; codes are shown as they are, without separators.
FORMATS = {"count": "#,##0", "percent": "0.0%", "number": "0.00"}
_LONGEST_NAME = 31
_WIDEST, _NARROWEST, _LINE, _WRAPPING_LOSS = 360, 90, 20, 25  # pixels
_ROWS_ABOVE_THE_DATA = 3  # gptables writes a title, a line of instructions and the headings
_LETTER_SIZE = 1.15  # the theme writes in 12 points, the measure is for 11
_CREATED = datetime(2000, 1, 1, tzinfo=UTC)
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
        One a column; a kind is text, count, percent, number or code.
    rows
        Raw values; None where there is none.
    notes
        Sentences that belong to the table.
    """

    name: str
    caption: str
    headings: tuple[str, ...]
    kinds: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    notes: tuple[str, ...] = ()


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
            cover=gpt.Cover(
                title=title, intro=list(about), about=[f"{MISSING} stands for a value that does not exist or cannot be given."]
            ),
            contentsheet_options={"title": "Contents", "instructions": "This worksheet lists the tables of this workbook, one a sheet."},
            notes_table=pd.DataFrame(list(notes.items()), columns=["Note text", "Note reference"])[["Note reference", "Note text"]]
            if notes
            else None,
            notesheet_options={"title": "Notes", "instructions": "This worksheet holds the notes that the tables refer to."},
            auto_width={sheet.name: False for sheet in tables},
            workbook_options={"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "nan_inf_to_errors": False},
        )
        _set_widths(book, tables)
        book.set_properties({"title": title, "author": "", "created": _CREATED})
        book.close()
    return stream.getvalue()


def _notes(tables: Sequence[Sheet]) -> dict[str, str]:
    """Every different note and the reference it goes by."""
    texts = dict.fromkeys(note for sheet in tables for note in sheet.notes)
    return {text: f"note{number}" for number, text in enumerate(texts, start=1)}


def _table(gpt: Any, pd: Any, sheet: Sheet, place: int, notes: Mapping[str, str]) -> Any:
    columns = {heading: [_cell(row[column], sheet.kinds[column]) for row in sheet.rows] for column, heading in enumerate(sheet.headings)}
    frame = pd.DataFrame(columns, dtype=object)
    numeric = [
        (column, _pattern(kind, values))
        for column, (kind, values) in enumerate(zip(sheet.kinds, columns.values(), strict=True))
        if kind in FORMATS
    ]
    formats: list[dict[str, Any]] = [
        {"column": {"columns": [column], "format": {"num_format": pattern, "align": "right"}}} for column, pattern in numeric
    ]
    formats += [{"cell": {"cells": (0, column), "format": {"align": "right"}}} for column, _ in numeric]
    blanks = " Cells with [x] hold no value." if any(MISSING in values for values in columns.values()) else ""
    return gpt.GPTable(
        table=frame,
        table_name=f"table_{place}",
        title=sheet.caption + (" " if sheet.notes else "") + "".join(f"$${notes[note]}$$" for note in sheet.notes),
        instructions=f"This worksheet holds one table.{' Notes are on the worksheet Notes.' if sheet.notes else ''}{blanks}",
        index_columns={2: 0},
        additional_formatting=formats,
    )


def _pattern(kind: str, values: Sequence[Any]) -> str:
    """How a column's numbers are shown; decimals only where a number has some."""
    whole = all(isinstance(value, str) or float(value).is_integer() for value in values)
    return FORMATS["count"] if kind == "number" and whole else FORMATS[kind]


def _cell(value: Any, kind: str) -> Any:
    if value is None or value == "" or (isinstance(value, float) and value != value):
        return MISSING
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
            texts = [heading, *(str(_cell(row[column], sheet.kinds[column])) for row in sheet.rows)]
            if sheet.kinds[column] in FORMATS:  # as shown, not with every decimal
                texts = [heading, *(text[:9] for text in texts[1:])]
            widest = max(cell_autofit_width(text) for text in texts) * _LETTER_SIZE
            page.set_column_pixels(column, column, round(min(max(widest, _NARROWEST), _WIDEST)))
            needed = [math.ceil(cell_autofit_width(text) * _LETTER_SIZE / (_WIDEST - _WRAPPING_LOSS)) for text in texts[1:]]
            lines = [max(pair) for pair in zip(lines, needed, strict=True)]
        for row, height in enumerate(lines, start=_ROWS_ABOVE_THE_DATA):
            if height > 1:
                page.set_row_pixels(row, height * _LINE)
