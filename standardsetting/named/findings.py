"""What is wrong, or worth knowing, in the input tables: collected, put in order, and told by place and never by value."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from standardsetting.errors import FindingsError

# A finding names this many rows; a line for people names fewer, because nobody reads on.
MOST_ROWS = 20
_ROWS_IN_A_LINE = 10

TABLE_ORDER = (
    "candidates", "monitoring", "assessors", "benchmark", "workshops", "interviews", "ratings", "global_ratings", "judgements",
    "exceptions", "progress",
)  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """One kind of trouble in one column of one table.

    Attributes
    ----------
    table, file, sheet, column
        Where: our name of the table, the file as `process.toml` calls it, the sheet (`sheet 'Scores'` where the definition names it, else
        `sheet 2`), and our name of the column (else `column G`).
    kind
        A few words that name the trouble.
    rows
        The first rows concerned, as a spreadsheet numbers them: the header is row 1.
    count
        How many rows are concerned; 0 where the finding is about a column or the whole file.
    sentence
        What was expected, what was found, what to do; it holds no value from the data.
    blocking
        Whether the interviews cannot be closed before this is mended. The others are notes.
    """

    table: str
    file: str
    sheet: str
    column: str
    kind: str
    rows: tuple[int, ...]
    count: int
    sentence: str
    blocking: bool = True

    @property
    def line(self) -> str:
        """The finding as one line for people.

        Examples
        --------
        >>> Finding("ratings", "exports.xlsx", "sheet 'Scores'", "rating", "decimal comma", (14, 20), 33, "Write 3.5 and not 3,5.").line
        "ratings (exports.xlsx, sheet 'Scores'), column rating, rows 14, 20 and 31 more: Write 3.5 and not 3,5."
        """
        source = ", ".join(part for part in (self.file, self.sheet) if part)
        where = [f"{self.table} ({source})" if source else self.table]
        if self.column:
            where.append(self.column if self.column.startswith("column ") else f"column {self.column}")
        if self.rows:
            where.append(name_rows(self.rows, self.count))
        return f"{', '.join(where)}: {self.sentence}"

    def as_record(self) -> dict[str, Any]:
        """The finding for a machine (`--json`)."""
        return {**asdict(self), "rows": list(self.rows)}


def name_rows(rows: Sequence[int], count: int) -> str:
    """Row numbers in words.

    Examples
    --------
    >>> name_rows((14,), 1), name_rows((14, 20), 2), name_rows((14, 20), 33)
    ('row 14', 'rows 14 and 20', 'rows 14, 20 and 31 more')
    """
    shown = [str(row) for row in rows[:_ROWS_IN_A_LINE]]
    if count > len(shown):
        shown.append(f"{count - len(shown)} more")
    if len(shown) == 1:
        return f"row {shown[0]}"
    return f"rows {', '.join(shown[:-1])} and {shown[-1]}"


@dataclass
class Gathering:
    """Findings as they are made, with every row they concern, so that the rows of each table can be accounted for."""

    findings: list[Finding] = field(default_factory=list)
    rows_in_trouble: dict[str, list[np.ndarray]] = field(default_factory=dict)
    whole_tables: set[str] = field(default_factory=set)
    places: dict[str, tuple[str, str]] = field(default_factory=dict)

    def place(self, table: str, *, file: str, sheet: str = "") -> None:
        """Say where a table comes from; later findings about it are told with this file and sheet."""
        self.places[table] = (file, sheet)

    def add(
        self,
        table: str,
        kind: str,
        sentence: str,
        *,
        column: str = "",
        rows: Iterable[int] | np.ndarray | None = None,
        blocking: bool = True,
    ) -> None:
        """Add a finding about rows, or (without `rows`) about a column or the whole table. No rows at all: nothing to add."""
        file, sheet = self.places.get(table, ("", ""))
        where = np.unique(np.asarray([] if rows is None else rows, dtype=np.int64))
        if rows is not None and not len(where):
            return
        if blocking and rows is None:
            self.whole_tables.add(table)
        elif blocking:
            self.rows_in_trouble.setdefault(table, []).append(where)
        first = tuple(int(row) for row in where[:MOST_ROWS])
        self.findings.append(Finding(table, file, sheet, column, kind, first, len(where), sentence, blocking))

    def troubled(self, table: str) -> np.ndarray:
        """The rows of a table that a blocking finding names."""
        return np.unique(np.concatenate([np.empty(0, dtype=np.int64), *self.rows_in_trouble.get(table, [])]))

    def has(self, table: str, column: str) -> bool:
        """Whether a blocking finding about a whole column of a table is there already."""
        return any(f.table == table and f.column == column and not f.count and f.blocking for f in self.findings)


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings merged where they say the same of the same column, and sorted by table, first row and column.

    Merged findings are taken to concern different rows.
    """
    merged: dict[tuple[Any, ...], Finding] = {}
    for one in findings:
        key = (one.table, one.file, one.sheet, one.column, one.kind, one.sentence, one.blocking)
        if key in merged:
            known = merged[key]
            rows = tuple(sorted({*known.rows, *one.rows})[:MOST_ROWS])
            merged[key] = replace(known, rows=rows, count=known.count + one.count)
        else:
            merged[key] = one
    return tuple(sorted(merged.values(), key=_sort_key))


def _sort_key(one: Finding) -> tuple[Any, ...]:
    table = TABLE_ORDER.index(one.table) if one.table in TABLE_ORDER else len(TABLE_ORDER)
    return table, one.rows[:1] or (0,), one.column, one.kind, one.sentence


def as_lines(findings: Iterable[Finding]) -> tuple[str, ...]:
    """Findings as lines for people, one each."""
    return tuple(one.line for one in findings)


def refusal(findings: Sequence[Finding]) -> FindingsError:
    """The error (exit 11) that tells blocking findings all at once."""
    blocking = [one for one in findings if one.blocking]
    things = "1 thing was" if len(blocking) == 1 else f"{len(blocking)} things were"
    return FindingsError(
        f"Input tables without errors were expected; {things} found that a person has to put right.",
        details=as_lines(blocking),
        next_step="Mend the exports or the column mapping in process.toml, then run standardsetting check again.",
    )
