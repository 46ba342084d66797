"""An accessible table: what a reader sees, what a screen reader says, and the unrounded numbers for a workbook, all from one object."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from standardsetting.errors import UsageError
from standardsetting.tables import rounding

KINDS = ("text", "count", "percent", "number", "code", "shown")
MIME = "application/vnd.standardsetting.table+json"
NO_SIGN = "–"
_NUMERIC = ("count", "percent", "number")
# A figure of a release as it is read: a count, or a share with its sign.
_FIGURE = re.compile(r"\d{1,3}(?:,\d{3})+|\d+|\d+(?:\.\d+)?%")
_NOT_APPLICABLE = "[z]"


@dataclass(frozen=True)
class Link:
    """A cell that leads to another place in the pack."""

    text: str
    to: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Table:
    """A table to be read.

    Parameters
    ----------
    name
        Its short name: the name of the workbook's sheet (31 characters at most) and the end of its anchor in the page.
    caption
        What it shows and in which unit.
    data
        The cells at full precision; the columns are the headings, and the first one names the row.
    kinds
        What each column holds: text, count, percent (as a share from 0 to 1), number, code (a hash or a blind code), or shown (a count,
        a share or a sign in brackets as a release gives it: a text that stands like a number; an empty one is not applicable, [z]).
    notes
        Sentences below the table; those that begin with a bracket explain a sign, and stand above it.
    n
        How many people the percentages describe; it decides their decimals.
    places
        A fixed number of decimals for columns of numbers, by heading; without it a number has as many as it needs, two at most.
    missing
        What stands where there is no number. A workbook says it too, save where it is a mere dash.
    """

    name: str
    caption: str
    data: pd.DataFrame
    kinds: tuple[str, ...]
    notes: tuple[str, ...] = ()
    n: int = 0
    places: Mapping[str, int] = field(default_factory=dict)
    missing: str = NO_SIGN

    def __post_init__(self) -> None:
        if len(self.kinds) != len(self.data.columns) or not set(self.kinds) <= set(KINDS):
            raise UsageError(f"A kind for each of the {len(self.data.columns)} columns was expected: {', '.join(KINDS)}.")
        if len(self.name) > 31:
            raise UsageError("A table's name has at most 31 characters: it is the name of a sheet.")

    def written(self, cell: Any, kind: str, heading: str) -> str:
        """A cell as it is read: the only place where numbers are rounded."""
        if _is_missing(cell):
            return self.missing
        if kind == "shown":
            return str(cell).strip() or _NOT_APPLICABLE
        if kind == "count":
            return rounding.count(cell)
        if kind == "percent":
            return rounding.percent(float(cell), self.n)
        if kind == "number":
            return rounding.number(float(cell), self.places.get(heading))
        return str(cell)

    @property
    def html(self) -> str:
        """The table as HTML, with caption, scopes, and class `number` on cells that stand like numbers."""
        headings = [str(column) for column in self.data.columns]
        head = "".join(
            f'<th scope="col"{_class(kind)}>{html.escape(heading)}</th>' for heading, kind in zip(headings, self.kinds, strict=True)
        )
        rows = []
        for row in self.data.itertuples(index=False, name=None):
            cells = [
                self._cell(cell, kind, heading, i) for i, (cell, kind, heading) in enumerate(zip(row, self.kinds, headings, strict=True))
            ]
            rows.append(f"<tr>{''.join(cells)}</tr>")
        shorthand = "".join(f'<p class="table-notes shorthand">{html.escape(note)}</p>' for note in self.shorthand)
        notes = "".join(f'<p class="table-notes">{html.escape(note)}</p>' for note in self.notes if not note.startswith("["))
        return (
            f'<div class="table" id="table-{self.name}">{shorthand}<table><caption>{html.escape(self.caption)}</caption>'
            f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>{notes}</div>"
        )

    @property
    def shorthand(self) -> tuple[str, ...]:
        """What the signs in brackets mean: a reader needs it before the table."""
        told = tuple(note for note in self.notes if note.startswith("["))
        shown = [column for column, kind in enumerate(self.kinds) if kind == "shown"]
        blank = any(str(cell).strip() == "" for column in shown for cell in self.data.iloc[:, column])
        untold = blank and not any(note.startswith(_NOT_APPLICABLE) for note in told)
        return (*told, f"{_NOT_APPLICABLE} not applicable: there is no such figure.") if untold else told

    def _cell(self, cell: Any, kind: str, heading: str, position: int) -> str:
        text = html.escape(self.written(cell, kind, heading))
        if isinstance(cell, Link):
            text = f'<a href="#{html.escape(cell.to)}">{text}</a>'
        if kind == "code":
            text = f"<code>{text}</code>"
        return f'<th scope="row"{_class(kind)}>{text}</th>' if position == 0 else f"<td{_class(kind)}>{text}</td>"

    @property
    def record(self) -> dict[str, Any]:
        """The table for a workbook: headings, kinds, and rows at full precision, with formats that show them as they are read here."""
        headings = [str(column) for column in self.data.columns]
        rows, formats = [], []
        for row in self.data.itertuples(index=False, name=None):
            rows.append([_raw(cell, kind) for cell, kind in zip(row, self.kinds, strict=True)])
            formats.append([self._format(cell, kind, heading) for cell, kind, heading in zip(row, self.kinds, headings, strict=True)])
        return {
            "name": self.name,
            "caption": self.caption,
            "headings": headings,
            "kinds": list(self.kinds),
            "rows": rows,
            "formats": formats,
            "missing": "" if self.missing == NO_SIGN else self.missing,
            "shorthand": list(self.shorthand),
            "notes": [note for note in self.notes if not note.startswith("[")],
        }

    def _format(self, cell: Any, kind: str, heading: str) -> str:
        """The number format under which a workbook shows a cell as `written` does; empty where the cell is a text."""
        if kind not in (*_NUMERIC, "shown") or _is_missing(cell):
            return ""
        written = self.written(cell, kind, heading)
        if kind == "shown" and not _FIGURE.fullmatch(written):
            return ""
        if written.startswith(("under", "over")):  # a share that is not nobody or everybody: its words stand for the number
            return f'"{written}"'
        share, decimals = written.endswith("%"), len(written.rstrip("%").partition(".")[2])
        return f"{'0' if share else '#,##0'}{'.' + '0' * decimals if decimals else ''}{'%' if share else ''}"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        if self.data.empty:  # a caption over nothing tells a reader nothing
            return {"text/plain": "", "text/html": ""}
        return {"text/plain": self.caption, "text/html": self.html, MIME: self.record}


def _class(kind: str) -> str:
    # JupyterLab sets every cell to the right unless the cell itself says otherwise.
    return ' class="number"' if kind in (*_NUMERIC, "shown") else ' style="text-align:left"'


def _is_missing(cell: Any) -> bool:
    return cell is None or cell is pd.NA or (isinstance(cell, float) and math.isnan(cell))


def _raw(cell: Any, kind: str) -> Any:
    if _is_missing(cell):
        return None
    if kind == "shown":
        return str(cell).strip() or _NOT_APPLICABLE
    if kind == "count":
        return int(cell)
    return float(cell) if kind in _NUMERIC else str(cell)
