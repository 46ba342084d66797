"""CSV as exports really are: any of three delimiters, several encodings, and rows that do not fit."""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
from typing import Any

import numpy as np
import pandas as pd

from standardsetting.named.cells import Grid, Remark, looks_like_header, same_heading, texts_of, title_rows

_DELIMITERS = (",", ";", "\t")
_FIRST_ROWS = 20
_BYTE_ORDER_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_SPREADSHEET_HINT = re.compile(rb'^"?sep=(.)"?\r?\n')
# One block holds the whole file where it can: then no row straddles two blocks, however long its cells are.
_LARGEST_BLOCK = 2**31 - 1


def read_delimited(data: bytes, *, expected: frozenset[str]) -> Grid:
    """Read a CSV file.

    Parameters
    ----------
    data
        The file's bytes.
    expected
        The headings looked for, as `same_heading` gives them: they tell the delimiter and a header that is not in row 1.
    """
    text, remarks = _as_utf8(data)
    if text is None:
        return Grid(remarks=tuple(remarks))
    if not text.strip():
        return Grid.unreadable("empty file", "A table with headings was expected; the file is empty.")
    hint = _SPREADSHEET_HINT.match(text)
    text = text[hint.end() :] if hint else text
    lines = text[:200_000].decode("utf-8", errors="ignore").splitlines()[:_FIRST_ROWS]
    delimiter = hint[1].decode() if hint else _delimiter(lines, expected)
    first_rows = list(csv.reader(lines, delimiter=delimiter))
    header = looks_like_header(first_rows, expected)
    if header is not None:
        return Grid(remarks=(*remarks, title_rows(header)))
    headings = tuple(_first_record(text, delimiter))
    return _parse(text, headings, delimiter, remarks, shift=1 if hint else 0)


def _as_utf8(data: bytes) -> tuple[bytes | None, list[Remark]]:
    """The file's text as UTF-8 without a byte order mark; None, with the reason, where it is not text."""
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
        remarks = []
    except UnicodeDecodeError:
        if encoding != "utf-8":
            return None, [
                Remark("not readable as text", "Text was expected; the file's encoding mark does not fit its content. Export it again.")
            ]
        try:
            text = data.decode("cp1252")
        except UnicodeDecodeError:
            sentence = "Text was expected; the file is neither UTF-8 nor Windows text. Export it as CSV UTF-8."
            return None, [Remark("not readable as text", sentence)]
        sentence = "The file is not UTF-8 and was read as Windows text (cp1252); look whether accented names are right."
        remarks = [Remark("read as Windows text", sentence, blocking=False)]
    if "\0" in text:
        row = text[: text.index("\0")].count("\n") + 1
        sentence = "Text was expected; a NUL byte was found, so the file is damaged or not a CSV file. Export it again."
        return None, [Remark("NUL byte", sentence, rows=(row,))]
    if encoding == "utf-8" and not remarks:
        return data, []
    return text.encode("utf-8", errors="replace"), remarks


def _delimiter(lines: list[str], expected: frozenset[str]) -> str:
    """The delimiter under which the first lines show most of the expected headings, then most cells in the first line."""

    def score(delimiter: str) -> tuple[int, int]:
        rows = list(csv.reader(lines, delimiter=delimiter))
        hits = max((len({same_heading(cell) for cell in row} & expected) for row in rows), default=0)
        return hits, len(rows[0]) if rows else 0

    return max(_DELIMITERS, key=score)


def _first_record(text: bytes, delimiter: str) -> list[str]:
    """The headings: the first record, which may run over several lines inside quotation marks."""
    start = text[:1_000_000].decode("utf-8", errors="ignore")
    record: list[str] = next(csv.reader(start.splitlines(keepends=True), delimiter=delimiter), [])
    return record


def _parse(text: bytes, headings: tuple[str, ...], delimiter: str, remarks: list[Remark], *, shift: int) -> Grid:
    import pyarrow as pa
    import pyarrow.csv as arrow_csv

    misfits: list[tuple[int, bool, bool]] = []

    def take_note(row: Any) -> str:
        content = row.text or ""
        misfits.append((row.number, content.count('"') % 2 == 1, not content.strip(delimiter + ' "\r\n')))
        return "skip"

    names = [str(position) for position in range(len(headings))]
    text = text if text.endswith((b"\n", b"\r")) else text + b"\n"
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(text),
            read_options=arrow_csv.ReadOptions(
                use_threads=False, column_names=names, skip_rows_after_names=1, block_size=min(len(text) + 1, _LARGEST_BLOCK)
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=delimiter, invalid_row_handler=take_note, ignore_empty_lines=False, newlines_in_values=b'"' in text
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types={name: pa.dictionary(pa.int32(), pa.string()) for name in names},
                null_values=[],
                strings_can_be_null=False,
                quoted_strings_can_be_null=False,
            ),
        )
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        sentence = "Rows and cells were expected; the file could not be split into them. Look for a quotation mark that is not closed."
        return Grid(remarks=(*remarks, Remark("not readable as CSV", sentence)))
    numbers = np.array([number for number, _, _ in misfits], dtype=np.int64)
    records = np.arange(2, len(table) + len(numbers) + 2)
    records = np.delete(records, numbers - 2) + shift
    frame = pd.DataFrame({i: _categorical(table.column(i)) for i in range(len(names))}, index=records)
    remarks = [*remarks, *_misfit_remarks(misfits, len(headings), shift)]
    if b'"' in text:
        remarks += _swallowed(frame, delimiter)
    unread = tuple(number + shift for number, _, blank in misfits if not blank)
    return Grid(headings, frame, tuple(remarks), unread)


def _categorical(column: Any) -> pd.Categorical:
    whole = column.unify_dictionaries().combine_chunks()
    if hasattr(whole, "num_chunks"):
        whole = whole.chunk(0) if whole.num_chunks else None
    if whole is None:
        return pd.Categorical.from_codes([], categories=pd.Index([], dtype="str"))
    return pd.Categorical.from_codes(whole.indices.to_numpy(), categories=pd.Index(whole.dictionary.to_pandas(), dtype="str"))


def _misfit_remarks(misfits: list[tuple[int, bool, bool]], width: int, shift: int) -> list[Remark]:
    open_quotes = tuple(number + shift for number, quoted, blank in misfits if quoted and not blank)
    ragged = tuple(number + shift for number, quoted, blank in misfits if not quoted and not blank)
    remarks = []
    if ragged:
        sentence = f"{width} cells were expected, as in the header; more or fewer were found. Look for a delimiter inside a cell."
        remarks.append(Remark("wrong number of cells", sentence, rows=ragged))
    if open_quotes:
        sentence = "A quotation mark is opened and not closed where expected, so that rows run together. Close it or take it out."
        remarks.append(Remark("quotation mark not closed", sentence, rows=open_quotes))
    return remarks


def _swallowed(frame: pd.DataFrame, delimiter: str) -> list[Remark]:
    """Cells that hold whole records, because a quotation mark was opened and closed only rows later."""
    if frame.empty:
        return []
    first = texts_of(frame[0])
    known = {text.strip() for text in first}
    usual = Counter(_shape(text) for text in list(first)[:1000]).most_common(1)[0][0]
    shapes = {usual} if "9" in usual else set()

    def holds_records(text: str) -> bool:
        inner = [line.split(delimiter) for line in text.split("\n")[1:]]
        return any(len(cells) > 1 and (cells[0].strip() in known - {""} or _shape(cells[0]) in shapes) for cells in inner)

    rows: list[int] = []
    for position in frame.columns:
        texts = texts_of(frame[position])
        bad = [code for code, text in enumerate(texts) if "\n" in text and holds_records(text)]
        rows += frame.index[np.isin(frame[position].cat.codes, bad)].tolist()
    sentence = "A cell holds lines that look like rows of their own: a quotation mark is opened and not closed. Close it or take it out."
    return [Remark("quotation mark not closed", sentence, rows=tuple(rows))] if rows else []


def _shape(text: str) -> str:
    """A text with every digit as 9 and every letter as a: C0012 becomes a9999."""
    return re.sub(r"[^\W\d_]", "a", re.sub(r"\d", "9", text.strip()))
