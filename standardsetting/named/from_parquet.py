"""Parquet files, every column as text."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from standardsetting.named.cells import Grid, Remark, number_text, text_of


def read_parquet(data: bytes) -> Grid:
    """Read a Parquet file. The first record counts as row 2, as if the headings stood in row 1."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not data:
        return Grid.unreadable("empty file", "A Parquet file was expected; the file is empty.")
    if not data.startswith(b"PAR1"):
        return Grid.unreadable("content does not fit the extension", "A Parquet file was expected; the file holds something else.")
    try:
        table = pq.read_table(pa.BufferReader(data))
    except (pa.ArrowException, OSError, ValueError, TypeError):
        return Grid.unreadable("damaged Parquet file", "A Parquet file was expected; the file is damaged or cut short. Export it again.")
    columns: dict[int, pd.Categorical] = {}
    remarks: list[Remark] = []
    for position in range(table.num_columns):
        column = _as_text(table.column(position))
        if column is None:
            sentence = "Text, numbers or dates were expected; the column holds lists, records or bytes."
            remarks.append(Remark("column of an unknown type", sentence, position))
            column = pd.Categorical.from_codes(np.full(len(table), -1), categories=pd.Index([], dtype="str"))
        columns[position] = column
    frame = pd.DataFrame(columns, index=np.arange(2, len(table) + 2))
    return Grid(tuple(str(name) for name in table.column_names), frame, tuple(remarks))


def _as_text(column: Any) -> pd.Categorical | None:
    """A column as codes into texts; None where its type has no plain text."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return None
    if pa.types.is_null(kind):
        return pd.Categorical.from_codes(np.full(len(column), -1), categories=pd.Index([], dtype="str"))
    if pa.types.is_timestamp(kind):
        column = column.cast(pa.timestamp("us", tz=kind.tz), safe=False)
    if pa.types.is_string(kind) or pa.types.is_string_view(kind):
        column, kind = column.cast(pa.large_string()), pa.large_string()
    # One piece first: dictionaries of many pieces are slow to unite.
    whole = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], kind)
    whole = whole.dictionary_encode()
    codes = whole.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    # Two numbers may have one text (1.0 and 1), and a float that is not a number has none.
    recoded, distinct = pd.factorize(_texts(whole.dictionary, kind))
    return pd.Categorical.from_codes(np.append(recoded, -1)[codes], categories=pd.Index(distinct, dtype="str"))


def _texts(cells: Any, kind: Any) -> np.ndarray:
    """Distinct cells as text: text and times by Arrow, which takes a hundredth of the time, all others one by one."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_timestamp(kind):
        texts = pc.replace_substring_regex(cells.cast(pa.string()), r"[.]0+(Z|[+-][0-9]{4})?$", r"\1")
        cells = pc.replace_substring_regex(texts, " 00:00:00$", "")
    elif not pa.types.is_large_string(kind):
        return np.array([_text(cell, kind) for cell in cells], dtype=object)
    texts_of_cells: np.ndarray = cells.cast(pa.large_string()).to_numpy(zero_copy_only=False)
    return texts_of_cells


def _text(cell: Any, kind: Any) -> str | None:
    import pyarrow as pa

    value = cell.as_py()
    # A short float prints in its own precision: 0.1 and not 0.10000000149011612.
    if pa.types.is_float32(kind):
        return number_text(np.float32(value))
    if pa.types.is_float16(kind):
        return number_text(np.float16(value))
    return text_of(value)
