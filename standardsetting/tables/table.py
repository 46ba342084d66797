"""An accessible table: what a reader sees, what a screen reader says, and the unrounded numbers for a workbook, all from one object."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from standardsetting.errors import UsageError
from standardsetting.tables import rounding

KINDS = ("text", "count", "percent", "number", "code")
MIME = "application/vnd.standardsetting.table+json"
_NUMERIC = ("count", "percent", "number")


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
        What each column holds: text, count, percent (as a share from 0 to 1), number, or code (a hash or a blind code).
    notes
        Sentences below the table.
    n
        How many people the percentages describe; it decides their decimals.
    places
        A fixed number of decimals for columns of numbers, by heading; without it a number has as many as it needs, two at most.
    missing
        What stands where there is no number.
    """

    name: str
    caption: str
    data: pd.DataFrame
    kinds: tuple[str, ...]
    notes: tuple[str, ...] = ()
    n: int = 0
    places: Mapping[str, int] = field(default_factory=dict)
    missing: str = "–"

    def __post_init__(self) -> None:
        if len(self.kinds) != len(self.data.columns) or not set(self.kinds) <= set(KINDS):
            raise UsageError(f"A kind for each of the {len(self.data.columns)} columns was expected: {', '.join(KINDS)}.")
        if len(self.name) > 31:
            raise UsageError("A table's name has at most 31 characters: it is the name of a sheet.")

    def written(self, cell: Any, kind: str, heading: str) -> str:
        """A cell as it is read: the only place where numbers are rounded."""
        if _is_missing(cell):
            return self.missing
        if kind == "count":
            return rounding.count(cell)
        if kind == "percent":
            return rounding.percent(float(cell), self.n)
        if kind == "number":
            return rounding.number(float(cell), self.places.get(heading))
        return str(cell)

    @property
    def html(self) -> str:
        """The table as HTML, with caption, scopes, and class `number` on cells that hold numbers."""
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
        notes = "".join(f'<p class="table-notes">{html.escape(note)}</p>' for note in self.notes)
        return (
            f'<div class="table" id="table-{self.name}"><table><caption>{html.escape(self.caption)}</caption>'
            f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>{notes}</div>"
        )

    def _cell(self, cell: Any, kind: str, heading: str, position: int) -> str:
        text = html.escape(self.written(cell, kind, heading))
        if isinstance(cell, Link):
            text = f'<a href="#{html.escape(cell.to)}">{text}</a>'
        if kind == "code":
            text = f"<code>{text}</code>"
        return f'<th scope="row"{_class(kind)}>{text}</th>' if position == 0 else f"<td{_class(kind)}>{text}</td>"

    @property
    def record(self) -> dict[str, Any]:
        """The table for a workbook: headings, kinds, and rows at full precision."""
        rows = [
            [_raw(cell, kind) for cell, kind in zip(row, self.kinds, strict=True)] for row in self.data.itertuples(index=False, name=None)
        ]
        return {
            "name": self.name,
            "caption": self.caption,
            "headings": [str(column) for column in self.data.columns],
            "kinds": list(self.kinds),
            "rows": rows,
            "notes": list(self.notes),
        }

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        if self.data.empty:  # a caption over nothing tells a reader nothing
            return {"text/plain": "", "text/html": ""}
        return {"text/plain": self.caption, "text/html": self.html, MIME: self.record}


def _class(kind: str) -> str:
    # JupyterLab sets every cell to the right unless the cell itself says otherwise.
    return ' class="number"' if kind in _NUMERIC else ' style="text-align:left"'


def _is_missing(cell: Any) -> bool:
    return cell is None or cell is pd.NA or (isinstance(cell, float) and math.isnan(cell))


def _raw(cell: Any, kind: str) -> Any:
    if _is_missing(cell):
        return None
    if kind == "count":
        return int(cell)
    return float(cell) if kind in _NUMERIC else str(cell)
