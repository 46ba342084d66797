"""From the sources of `process.toml` to raw tables: every cell as text, our names of the columns, the sheet's own row numbers."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from standardsetting.named.cells import NUMBERS_AS_TEXT, Grid, Remark, letter, same_heading, tidy
from standardsetting.named.findings import Finding, Gathering
from standardsetting.named.schemas import COLUMNS, DOOR_TABLES, RATING_COLUMNS, REQUIRED_TABLES
from standardsetting.process import Process, Source

_TEXT_FILES = (".csv", ".tsv", ".txt")
_WORKBOOKS = (".xlsx", ".xlsm")
_PARQUET = (".parquet", ".pq")
_PACKED = ((b"PK\x03\x04", "a zip archive or a workbook"), (b"PAR1", "a Parquet file"), (b"\xd0\xcf\x11\xe0", "an old Office file"))


@dataclass(frozen=True)
class SourceFile:
    """Where a table came from. `path` is None and `label` is `query` for a SQL query; `rows` counts rows that are not blank."""

    path: Path | None
    label: str
    sheet: str
    sha256: str
    rows: int


@dataclass(frozen=True)
class RawTable:
    """A table as read, before anything is judged.

    Attributes
    ----------
    name
        Our name of the table.
    frame
        Every cell as trimmed text, or missing; categorical columns under our names; the sheet's own row numbers as the index.
    source
        The file or query.
    ignored
        The columns listed under `ignore`, numbered by position: never used, but searched for by the identity scan.
    letters
        The spreadsheet's letter of each column of `frame`.
    unread
        Rows that could not be split into cells.
    """

    name: str
    frame: pd.DataFrame
    source: SourceFile
    ignored: pd.DataFrame
    letters: dict[str, str] = field(default_factory=dict)
    unread: tuple[int, ...] = ()


def read_tables(process: Process, folder: str | Path) -> tuple[dict[str, RawTable], list[Finding]]:
    """Read every table that a process has.

    Parameters
    ----------
    process
        The definition; its `[sources]` say where each table is. Without any source, `<table>.csv` is looked for.
    folder
        The process folder.

    Returns
    -------
    dict of RawTable, list of Finding
        The tables that could be read, by name, and what was found on the way.
    """
    gathering = Gathering()
    return gather_tables(process, Path(folder), gathering), gathering.findings


def gather_tables(process: Process, folder: Path, gathering: Gathering) -> dict[str, RawTable]:
    """`read_tables`, with the findings put into a gathering."""
    sources: dict[str, Source] = {str(name): source for name, source in process.sources.items()}
    if not sources:
        usual = {name: Source(file=f"{name}.csv") for name in COLUMNS}
        sources = {name: s for name, s in usual.items() if name in REQUIRED_TABLES or (folder / f"{name}.csv").exists()}
    tables = {}
    for name in COLUMNS:
        if name in sources:
            table = _read_table(name, sources[name], folder, gathering)
            if table is not None:
                tables[name] = table
        elif name in REQUIRED_TABLES:
            gathering.add(name, "table missing", f"This table is needed; process.toml has no [sources.{name}]. Say where it is.")
    return tables


def _read_table(name: str, source: Source, folder: Path, gathering: Gathering) -> RawTable | None:
    expected = frozenset({*map(same_heading, COLUMNS[name]), *map(same_heading, source.columns.values())})
    path: Path | None = None
    if source.query is not None and source.database is not None:
        from standardsetting.named.from_database import read_query

        label = "query"
        gathering.place(name, file=label)
        grid = read_query(source.query, source.database, table=name)
        digest = _digest_of(grid)
    else:
        path = folder / (source.file or "")
        label = Path(source.file or "").name
        gathering.place(name, file=label)
        data = _bytes_of(name, source.file or "", folder, gathering)
        if data is None:
            return None
        digest = hashlib.sha256(data).hexdigest()
        grid = _read_file(data, path.suffix.lower(), source.sheet, expected)
    gathering.place(name, file=label, sheet=grid.sheet)
    if grid.frame is None:
        for remark in grid.remarks:
            _tell(gathering, name, remark, column="")
        return None
    return _named(name, grid, source, SourceFile(path, label, grid.sheet, digest, 0), gathering)


def _bytes_of(name: str, file: str, folder: Path, gathering: Gathering) -> bytes | None:
    """The content of a file; None, with a finding, where there is none to be had."""
    try:
        path = folder / file
        if not Path(file).is_absolute() and not path.resolve().is_relative_to(folder.resolve()):
            gathering.add(
                name,
                "file outside the process folder",
                "A file inside the process folder, or a path from the root, was expected; this path leads out of the folder.",
            )
            return None
        return path.read_bytes()
    except FileNotFoundError:
        gathering.add(name, "file missing", "A file was expected here; there is none. Export it, or mend the name in process.toml.")
    except (IsADirectoryError, NotADirectoryError):
        gathering.add(name, "folder instead of a file", "A file was expected; the name leads to a folder or through a file.")
    except (OSError, ValueError, RuntimeError):
        # ValueError: a name no file can have; RuntimeError: a link that leads to itself.
        gathering.add(name, "file cannot be opened", "A readable file was expected; this one cannot be opened. Look at its permissions.")
    return None


def _read_file(data: bytes, suffix: str, sheet: str | None, expected: frozenset[str]) -> Grid:
    if suffix in _WORKBOOKS:
        from standardsetting.named.from_excel import read_workbook

        return read_workbook(data, sheet=sheet, expected=expected)
    if sheet is not None:
        return Grid.unreadable(
            "sheet of a file without sheets", "A sheet belongs to an Excel workbook; this file is none. Take sheet = out."
        )
    if suffix in _PARQUET:
        from standardsetting.named.from_parquet import read_parquet

        return read_parquet(data)
    if suffix not in _TEXT_FILES:
        known = ", ".join((*_TEXT_FILES, *_WORKBOOKS, _PARQUET[0]))
        return Grid.unreadable("file type not known", f"A file ending in {known} was expected. Export it as one of these.")
    for start, what in _PACKED:
        if data.startswith(start):
            return Grid.unreadable("content does not fit the extension", f"Text was expected; the file is {what}. Look at its extension.")
    from standardsetting.named.from_text import read_delimited

    return read_delimited(data, expected=expected)


def _digest_of(grid: Grid) -> str:
    """SHA-256 of a query's result."""
    text = "" if grid.frame is None else grid.frame.to_csv(index=False, header=list(grid.headings))
    return hashlib.sha256(text.encode("utf-8", errors="replace")).hexdigest()


def _named(name: str, grid: Grid, source: Source, file: SourceFile, gathering: Gathering) -> RawTable:
    """Give a grid our column names, and tell what readers remarked of the columns that are used."""
    if grid.frame is None:
        raise ValueError("a grid without a frame has no columns to name")
    tidied = tidy(grid.frame)
    filled = {p for p in range(len(grid.headings)) if (tidied.frame[p].cat.codes >= 0).any()}
    ours, ignored = _columns(name, grid.headings, source, filled, gathering)
    for remark in grid.remarks:
        if remark.position is None:
            _tell(gathering, name, remark, column="")
        elif remark.position in ours:
            column = ours[remark.position]
            if remark.kind != NUMBERS_AS_TEXT or column in RATING_COLUMNS:
                _tell(
                    gathering, name, remark, column=column if column in _told_by_name(name, source) else f"column {letter(remark.position)}"
                )
        elif remark.position not in ignored and remark.rows and 1 in remark.rows and remark.blocking:
            _tell(gathering, name, remark, column=f"column {letter(remark.position)}")
    for position, rows in tidied.trimmed.items():
        if position in ours:
            column = ours[position] if ours[position] in _told_by_name(name, source) else f"column {letter(position)}"
            sentence = "Spaces or invisible marks around the cell were taken off."
            gathering.add(name, "spaces around a cell", sentence, column=column, rows=rows, blocking=False)
    if len(tidied.blank_rows):
        gathering.add(name, "blank row", "The row is blank and was passed over.", rows=tidied.blank_rows, blocking=False)
    if tidied.frame.empty and not grid.unread:
        sentence = "Rows were expected below the headings; there are none."
        # Before the first interview there are no ratings, and without exceptions that table is empty; interviews there must be.
        gathering.add(name, "no rows", sentence, blocking=name == "interviews")
    frame = tidied.frame[list(ours)].rename(columns=ours)
    frame.index.name = "row"
    rows_read = len(frame) + len(grid.unread)
    return RawTable(
        name,
        frame,
        SourceFile(file.path, file.label, file.sheet, file.sha256, rows_read),
        tidied.frame[sorted(ignored)],
        {column: letter(position) for position, column in ours.items()},
        grid.unread,
    )


def _told_by_name(name: str, source: Source) -> set[str]:
    """The columns that a finding may call by name: ours, and keys of the mapping. Other names come from the data's headings."""
    return {*COLUMNS[name], *source.columns}


def _tell(gathering: Gathering, table: str, remark: Remark, *, column: str) -> None:
    rows = None if remark.rows is None else np.array(remark.rows)
    gathering.add(table, remark.kind, remark.sentence, column=column, rows=rows, blocking=remark.blocking)


def _columns(
    name: str, headings: tuple[str, ...], source: Source, filled: set[int], gathering: Gathering
) -> tuple[dict[int, str], set[int]]:
    """Which position is which of our columns, and which positions are ignored."""
    wanted = {same_heading(column): column for column in COLUMNS[name] if column not in source.columns}
    for key, heading in source.columns.items():
        if name in DOOR_TABLES and key not in COLUMNS[name]:
            sentence = f"columns.{key} in [sources.{name}] is not a column of this table; it has {', '.join(COLUMNS[name])}."
            gathering.add(name, "unknown column in the mapping", sentence, column=key)
        elif same_heading(heading) in {same_heading(other) for k, other in source.columns.items() if k < key}:
            gathering.add(
                name, "heading mapped twice", f"columns.{key} in [sources.{name}] names a heading that another column has.", column=key
            )
        wanted[same_heading(heading)] = key
    to_ignore = {same_heading(heading) for heading in source.ignore}
    same = [same_heading(heading) for heading in headings]
    ignored = {position for position, heading in enumerate(same) if heading and heading in to_ignore}
    _tell_headings_apart(name, same, ignored, filled, gathering)

    ours: dict[int, str] = {}
    for position, heading in enumerate(same):
        if not heading or position in ignored or heading in same[:position]:
            continue
        if heading in wanted:
            ours[position] = wanted[heading]
        elif name in DOOR_TABLES:
            sentence = (
                "Only declared columns may stand in this table; this one is neither declared nor mapped. If it is not needed, list its "
                f"heading under ignore in [sources.{name}]."
            )
            gathering.add(name, "column not declared", sentence, column=f"column {letter(position)}")
        else:
            ours[position] = _free_name(heading, ours, name)
    for key, heading in source.columns.items():
        if same_heading(heading) not in same:
            sentence = f'columns.{key} in [sources.{name}] names the heading "{heading}"; the table has no such heading.'
            gathering.add(name, "mapped heading missing", sentence, column=key)
    for heading in source.ignore:
        if same_heading(heading) not in same:
            sentence = f'ignore in [sources.{name}] names the heading "{heading}"; the table has no such heading.'
            gathering.add(name, "ignored heading missing", sentence, blocking=False)
    return ours, ignored


def _tell_headings_apart(name: str, same: list[str], ignored: set[int], filled: set[int], gathering: Gathering) -> None:
    counts = Counter(heading for heading in same if heading)
    for position, heading in enumerate(same):
        column = f"column {letter(position)}"
        if not heading and position in filled:
            sentence = "A heading was expected above these cells; there is none. Give the column a heading, or clear it."
            gathering.add(name, "blank heading", sentence, column=column)
        elif counts[heading] > 1 and heading in same[:position] and position not in ignored:
            sentence = "Each heading was expected once; this one stands above an earlier column too. Rename or delete one of them."
            gathering.add(name, "heading twice", sentence, column=column)


def _free_name(heading: str, ours: dict[int, str], table: str) -> str:
    name = heading.replace(" ", "_")
    while name in ours.values() or name in COLUMNS[table]:
        name += "_"
    return name
