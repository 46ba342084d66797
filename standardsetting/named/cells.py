"""Cells as text. Every table is read as text first, kept as codes into its distinct texts, and judged on those."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

# What people cannot see at either end of a cell: spaces of several kinds, line ends, marks of zero width.
_INVISIBLE = " \t\r\n\v\f\u00a0\u2007\u202f\u2009\u200a\u200b\u200c\u200d\u2060\u3000\ufeff"
# Excel keeps 15 digits of a number.
_EXACT_IN_EXCEL = 10**15

NUMBERS_AS_TEXT = "number stored as text"


@dataclass(frozen=True)
class Remark:
    """What a reader has to say about cells, before anybody knows which column they belong to. `position` counts from 0."""

    kind: str
    sentence: str
    position: int | None = None
    rows: tuple[int, ...] | None = None
    blocking: bool = True


@dataclass(frozen=True)
class Grid:
    """A table as it stands in its source: headings, and cells as text.

    `frame` has one column a position (0, 1, 2, ...), each categorical, and the sheet's own row numbers as its index. `unread` are rows that
    could not be split into cells. `frame` is None where nothing could be read; then a remark says why.
    """

    headings: tuple[str, ...] = ()
    frame: pd.DataFrame | None = None
    remarks: tuple[Remark, ...] = ()
    unread: tuple[int, ...] = ()
    sheet: str = ""

    @classmethod
    def unreadable(cls, kind: str, sentence: str, *, rows: tuple[int, ...] | None = None, sheet: str = "") -> Grid:
        return cls(remarks=(Remark(kind, sentence, rows=rows),), sheet=sheet)


@dataclass
class Tidied:
    """A grid's frame with cells trimmed, blank cells missing and blank rows gone; with what was done."""

    frame: pd.DataFrame
    blank_rows: np.ndarray
    trimmed: dict[int, np.ndarray] = field(default_factory=dict)


def letter(position: int) -> str:
    """The letter a spreadsheet gives to a column.

    Examples
    --------
    >>> letter(0), letter(25), letter(26)
    ('A', 'Z', 'AA')
    """
    name = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


def coded(texts: Sequence[str | None] | np.ndarray) -> pd.Categorical:
    """Texts as codes into the distinct ones."""
    codes, distinct = pd.factorize(np.asarray(texts, dtype=object))
    return pd.Categorical.from_codes(codes, categories=pd.Index(distinct, dtype="str"))


def texts_of(column: pd.Series) -> np.ndarray:
    """The distinct texts of a coded column as plain strings (which are many times faster to walk through than an Arrow array)."""
    texts: np.ndarray = column.cat.categories.to_numpy(dtype=object)
    return texts


def on_distinct(column: pd.Series, judge: Callable[[str], Any], *, missing: Any = False) -> np.ndarray:
    """Apply a function to each distinct text of a coded column and spread the answers over its rows."""
    answers = [judge(text) for text in texts_of(column)]
    return np.array([*answers, missing])[column.cat.codes.to_numpy()]


def tidy(frame: pd.DataFrame) -> Tidied:
    """Trim every cell, make blank cells missing, take out rows that are blank throughout."""
    columns: dict[int, pd.Categorical] = {}
    trimmed: dict[int, np.ndarray] = {}
    for position in range(frame.shape[1]):
        column = frame[position]
        texts = texts_of(column)
        bare = [text.strip(_INVISIBLE) for text in texts]
        codes = column.cat.codes.to_numpy()
        changed = np.array([*(a != b and b != "" for a, b in zip(texts, bare, strict=True)), False])
        if changed.any():
            trimmed[position] = frame.index.to_numpy()[changed[codes]]
        recoded, distinct = pd.factorize(np.array([text or None for text in bare], dtype=object))
        columns[position] = pd.Categorical.from_codes(np.append(recoded, -1)[codes], categories=pd.Index(distinct, dtype="str"))
    tidied = pd.DataFrame(columns, index=frame.index)
    filled = np.zeros(len(tidied), dtype=bool)
    for one in columns.values():
        filled |= one.codes >= 0
    return Tidied(tidied[filled] if not filled.all() else tidied, frame.index.to_numpy()[~filled], trimmed)


def text_of(cell: Any) -> str | None:
    """A cell of a workbook or a database as text: whole numbers without a point, dates as ISO 8601, blank as None.

    Examples
    --------
    >>> text_of(12.0), text_of(2.5), text_of(date(2023, 4, 3)), text_of(True), text_of("")
    ('12', '2.5', '2023-04-03', 'true', None)
    """
    if cell is None or cell == "":
        return None
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool | np.bool_):
        return "true" if cell else "false"
    if isinstance(cell, float | np.floating):
        return number_text(cell)
    if isinstance(cell, Decimal):
        return number_text(float(cell)) if cell == cell.to_integral_value() else f"{cell.normalize():f}"
    if isinstance(cell, datetime | pd.Timestamp):
        return cell.isoformat(sep=" ") if cell.tzinfo or cell.time() != time() else cell.date().isoformat()
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    return str(cell)


def number_text(number: float | np.floating) -> str | None:
    """A float as the shortest text that reads back as it; None where it is not a number."""
    if np.isnan(number):
        return None
    if float(number).is_integer() and abs(float(number)) < _EXACT_IN_EXCEL:
        return str(int(number))
    return str(number)


def looks_like_header(rows: Sequence[Sequence[str]], expected: frozenset[str]) -> int | None:
    """Which of the first rows of a file is the header, if it is not the first: the position counted from 0, else None."""
    hits = [len({same_heading(cell) for cell in row} & expected) for row in rows]
    if not hits or max(hits) < 2 or hits[0] >= max(hits):
        return None
    return hits.index(max(hits))


def title_rows(header: int) -> Remark:
    """The remark about a header that is not in the first row (`header` counts from 0)."""
    return Remark(
        "title rows above the header",
        f"The first row was expected to hold the headings; row {header + 1} looks like the header. Delete what stands above it.",
        rows=(header + 1,),
    )


def same_heading(heading: str) -> str:
    """A heading as it is compared: without case, outer or doubled spaces, and with underscores read as spaces."""
    return re.sub(r"[\s_]+", " ", heading.strip(_INVISIBLE)).strip().casefold()
