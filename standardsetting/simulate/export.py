"""A cohort's tables as an applicant tracking system would export them: other headings, dates day first, numbers stored as text."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd

from standardsetting.simulate.settings import stream

# Above this many candidates the table goes to CSV: nobody opens such a workbook, and writing one takes long.
MOST_ROWS_IN_A_WORKBOOK = 20_000
# A fixed date inside the workbook, so that the same seed gives the same bytes.
_WORKBOOK_MADE = datetime(2023, 10, 2, 9, 0, 0)
_STRAY_SPACES = 0.03


@dataclass(frozen=True)
class Layout:
    """How a table leaves the system: file, headings by our column name, and headings nobody asked for."""

    file: str
    headings: Mapping[str, str]
    sheet: str | None = None
    ignored: tuple[str, ...] = ()
    stray_spaces: tuple[str, ...] = ()
    byte_order_mark: bool = False


_CANDIDATES = {
    "candidate_id": "Applicant Ref",
    "name": "Full name",
    "email": "E-mail",
    "telephone": "Mobile",
    "force": "Home force",
    "current_rank": "Substantive rank",
    "work_based_assessment": "WBA or OSPRE II",
    "performance_review": "Latest PDR",
    "sickness_days": "Sick days (3 years)",
    "sickness_occasions": "Sick occasions (3 years)",
    "discipline_bar": "Discipline bar",
    "last_served": "Last served",
    "mandatory_training": "Mandatory training",
    "adjustment_made": "Reasonable adjustment",
    "deferral": "Deferral",
    "monitoring_key": "EDI key",
    "eligible": "Eligible",
    "reason_not_eligible": "Reason not eligible",
    "length_of_service": "Years of service",
    "previous_attempts": "Earlier applications",
}
_MONITORING = {
    "monitoring_key": "EDI key",
    "sex": "Sex",
    "ethnicity_5": "Ethnic group (5)",
    "ethnicity_19": "Ethnic group (19)",
    "age_band": "Age band",
    "disability": "Disability",
    "religion": "Religion or belief",
    "sexual_orientation": "Sexual orientation",
    "caring": "Caring",
    "working_pattern": "Working pattern",
    "opt_out": "Opted out of monitoring",
}
LAYOUTS: dict[str, Layout] = {
    "candidates": Layout(
        "candidates.xlsx", _CANDIDATES, sheet="Applicants", ignored=("Last updated",), stray_spaces=("name", "force", "current_rank")
    ),
    "monitoring": Layout("monitoring.csv", _MONITORING),
    "interviews": Layout(
        "interviews.csv",
        {
            "candidate_id": "Applicant Ref",
            "panel_id": "Panel",
            "date": "Interview date",
            "slot": "Start",
            "site": "Venue",
            "question_set": "Questions",
            "status": "Interview status",
        },
        byte_order_mark=True,
    ),
    "ratings": Layout(
        "ratings.csv",
        {
            "candidate_id": "Applicant",
            "assessor_id": "Assessor",
            "value": "Competency",
            "rating": "Score",
            "kind": "Score type",
            "recorded_at": "Entered",
            "indicators": "Indicators seen",
            "rationale": "Evidence",
        },
        stray_spaces=("value",),
    ),
    "global_ratings": Layout(
        "global_ratings.csv", {"candidate_id": "Applicant", "assessor_id": "Assessor", "grade": "Overall grade (0 to 3)"}
    ),
    "assessors": Layout("assessors.csv", {"assessor_id": "Assessor", "name": "Full name", "role": "Role", "trained_on": "Trained"}),
    "benchmark": Layout(
        "benchmark.csv",
        {"video_id": "Video", "assessor_id": "Assessor", "value": "Competency", "rating": "Score", "occasion": "Occasion"},
    ),
    "workshops": Layout(
        "workshops.csv", {"candidate_id": "Applicant Ref", "invited": "Invited", "booked": "Booked", "attended": "Attended"}
    ),
    "exceptions": Layout("exceptions.csv", {"candidate_id": "Applicant Ref", "reason": "Reason", "approved_by": "Approved by"}),
    "progress": Layout("progress.csv", {"candidate_id": "Applicant Ref", "step": "Step", "outcome": "Outcome", "date": "Date"}),
}


def layouts(n: int) -> dict[str, Layout]:
    """Where each table of a cohort of this size goes."""
    if n <= MOST_ROWS_IN_A_WORKBOOK:
        return LAYOUTS
    large = LAYOUTS["candidates"]
    return LAYOUTS | {"candidates": Layout("candidates.csv", large.headings, ignored=large.ignored, stray_spaces=large.stray_spaces)}


def as_exported(tables: Mapping[str, pd.DataFrame], *, seed: int) -> dict[str, pd.DataFrame]:
    """Every table as text under our column names, with what exports do to it; missing cells are None.

    Values begin with a capital, some cells have a space too many at the end, dates are dd/mm/yyyy. The candidates table gains the columns
    nobody asked for.
    """
    return _exported(tables, stream(seed, "export"))


def with_not_eligible(exported: Mapping[str, pd.DataFrame], further: Mapping[str, pd.DataFrame], *, seed: int) -> dict[str, pd.DataFrame]:
    """The exported tables with the applicants whom the sift excluded: no row that was there before changes."""
    more = _exported(further, stream(seed, "export of the not eligible"))
    both = {name: pd.concat([exported[name], more[name]], ignore_index=True) for name in more}
    # In the order of the keys, which are random: the order of the rows says nothing about who is who.
    both["monitoring"] = both["monitoring"].sort_values("monitoring_key", ignore_index=True)
    return {**exported, **both}


def _exported(tables: Mapping[str, pd.DataFrame], draw: np.random.Generator) -> dict[str, pd.DataFrame]:
    out = {}
    for name, layout in LAYOUTS.items():
        if name not in tables:
            continue
        columns = {column: _as_text(tables[name][column]) for column in layout.headings}
        if "value" in columns:
            columns["value"] = np.array([str(value).capitalize() for value in columns["value"]], dtype=object)
        for column in layout.stray_spaces:
            columns[column] = np.where(draw.random(len(columns[column])) < _STRAY_SPACES, columns[column] + " ", columns[column])
        for heading in layout.ignored:
            columns[heading] = _some_day(len(tables[name]), draw)
        out[name] = pd.DataFrame(columns, dtype=object)
    return out


def _as_text(column: pd.Series) -> np.ndarray:
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return _moments(column.to_numpy().astype("datetime64[s]"))
    cells = column.to_numpy(dtype=object)
    texts = np.array([str(cell) for cell in cells], dtype=object) if column.dtype.kind in "if" else cells
    return _blank(texts, column.isna().to_numpy())


def _blank(texts: np.ndarray, missing: np.ndarray) -> np.ndarray:
    out = texts.copy()
    out[missing] = None
    return out


def _moments(moments: np.ndarray) -> np.ndarray:
    """dd/mm/yyyy, with the time of day where a column has any."""
    missing = np.isnat(moments)
    whole = np.where(missing, np.datetime64("1970-01-01"), moments).astype("datetime64[s]")
    days, day = np.unique(whole.astype("datetime64[D]"), return_inverse=True)
    texts = np.array([f"{d.day:02d}/{d.month:02d}/{d.year}" for d in days.astype(object)], dtype=object)[day]
    seconds, second = np.unique((whole - days[day]).astype(np.int64), return_inverse=True)
    if seconds.any():
        clock = np.array([f" {s // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d}" for s in seconds.tolist()], dtype=object)
        texts = texts + clock[second]
    return _blank(texts, missing)


def _some_day(n: int, draw: np.random.Generator) -> np.ndarray:
    """When somebody last touched a record: in the weeks in which applications were open."""
    return _moments(np.datetime64("2023-05-15T08:00:00") + draw.integers(0, 32 * 86_400, n))


def write_files(exported: Mapping[str, pd.DataFrame], folder: Path, *, n: int) -> None:
    """Write each table to its file, under the export's headings."""
    for name, layout in layouts(n).items():
        table = exported[name].rename(columns=dict(layout.headings))
        if layout.sheet is None:
            write_csv(table, folder / layout.file, byte_order_mark=layout.byte_order_mark)
        else:
            _write_workbook(table, folder / layout.file, layout.sheet)


def write_csv(table: pd.DataFrame, file: Path, *, byte_order_mark: bool = False) -> None:
    """A table as CSV in UTF-8 with the same line ends on every system; spreadsheets put a byte order mark in front."""
    with file.open("w", encoding="utf-8-sig" if byte_order_mark else "utf-8", newline="") as stream_out:
        writer = csv.writer(stream_out, lineterminator="\n")
        writer.writerow(table.columns)
        writer.writerows(zip(*(table[column].tolist() for column in table.columns), strict=True))


def _write_workbook(table: pd.DataFrame, file: Path, sheet: str) -> None:
    """A table as a workbook in which every cell is text."""
    import xlsxwriter  # type: ignore[import-untyped]

    with xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_numbers": False, "strings_to_formulas": False}) as book:
        book.set_properties({"title": "Applicants (synthetic)", "created": _WORKBOOK_MADE})
        page = book.add_worksheet(sheet)
        page.freeze_panes(1, 0)
        page.write_row(0, 0, list(table.columns), book.add_format({"bold": True}))
        for row, cells in enumerate(table.itertuples(index=False), start=1):
            for place, cell in enumerate(cells):
                if cell is not None:
                    page.write_string(row, place, cell)
        page.autofit()


def sources_as_toml(n: int) -> str:
    """The `[sources]` part of a process definition that reads these files."""
    parts = []
    for name, layout in layouts(n).items():
        lines = [f"[sources.{name}]", f'file = "{layout.file}"']
        if layout.sheet:
            lines.append(f'sheet = "{layout.sheet}"')
        if layout.ignored:
            lines.append("ignore = [{}]".format(", ".join(f'"{heading}"' for heading in layout.ignored)))
        lines += [f"[sources.{name}.columns]", *(f'{ours} = "{heading}"' for ours, heading in layout.headings.items())]
        parts.append("\n".join(lines))
    return "\n\n".join(parts)
