"""A designed rota as a workbook: who sits when, each assessor's load, who sits with whom, and what the rota is good for."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from standardsetting.simulate.design import RotaDesign

_CREATED = datetime(2000, 1, 1, tzinfo=UTC)
_HEADINGS = {
    "days_available": "Days available", "severity_se": "Standard error of severity",
    "interviews_needed": "Interviews needed for the target",
    "assessor_1": "Assessor", "assessor_2": "With", "before": "Before", "now": "Now",
}  # fmt: skip


def write_rota(rota: RotaDesign, path: Path) -> None:
    """Write the workbook; the same rota gives the same bytes."""
    import xlsxwriter  # type: ignore[import-untyped]

    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        book.set_properties({"title": "Rota", "created": _CREATED})
        bold = book.add_format({"bold": True})
        _sheet(book, "Rota", _by_interview(rota), bold)
        _sheet(book, "Assessors", rota.assessors, bold)
        _sheet(book, "Pairs", rota.pairs, bold)
        if len(rota.changes):
            _sheet(book, "Changes", rota.changes, bold)
        notes = [rota.sentence, f"Seed {rota.seed}; error standard deviation {rota.error_sd:g}.", *rota.problems]
        _sheet(book, "Notes", pd.DataFrame({"note": notes}), bold)


def _by_interview(rota: RotaDesign) -> pd.DataFrame:
    """One row an interview, one column a seat of the panel."""
    where = ["interview", "day", "session", "slot", "panel"]
    seat = rota.seats.groupby("interview").cumcount() + 1
    wide = rota.seats.assign(seat=seat).pivot(index=where, columns="seat", values="assessor")
    wide.columns = pd.Index([f"Assessor {number}" for number in wide.columns])
    return wide.reset_index()


def _sheet(book: Any, name: str, table: pd.DataFrame, bold: Any) -> None:
    sheet = book.add_worksheet(name)
    headings = [
        _HEADINGS.get(column, column if column[:1].isupper() else column.replace("_", " ").capitalize()) for column in table.columns
    ]
    cells = [[_cell(cell) for cell in row] for row in table.itertuples(index=False)]
    for at, heading in enumerate(headings):
        sheet.write_string(0, at, heading, bold)
        widest = max([len(heading), *(len(str(row[at])) for row in cells)])
        sheet.set_column(at, at, min(widest + 2, 100))
    for line, row in enumerate(cells, start=1):
        for at, cell in enumerate(row):
            sheet.write(line, at, cell)
    sheet.freeze_panes(1, 0)


def _cell(cell: Any) -> Any:
    if cell is None or cell is pd.NA or (isinstance(cell, float) and math.isnan(cell)):
        return "[x]"
    return cell.item() if hasattr(cell, "item") else cell
