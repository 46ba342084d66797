"""Typed tables: raw text turned into ratings, dates and declared words. Texts that fail were told before; here they are missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import pandas as pd

from standardsetting.blind.scores import KINDS
from standardsetting.named.cells import texts_of
from standardsetting.named.dates import SENTENCES, read_dates
from standardsetting.named.findings import Gathering
from standardsetting.named.ingest import RawTable
from standardsetting.named.schemas import ARMS, FLAGS, OCCASIONS, REASONS, STATUSES, flag_of, folded, number_of
from standardsetting.process import Process, Source

# A date that decides nothing here is worth a note, not a halt.
_DATES = {
    ("interviews", "date"): True, ("ratings", "recorded_at"): True, ("assessors", "trained_on"): False, ("progress", "date"): False,
    ("workshops", "invited"): False, ("workshops", "booked"): False, ("workshops", "attended"): False,
}  # fmt: skip
# What stays of a row of the monitoring table whose person opted out.
_KEPT_OF_AN_OPT_OUT = ("monitoring_key", "candidate_id", "opt_out")


def typed_table(
    table: RawTable, process: Process, identifiers: Mapping[str, Mapping[str, pd.Series]], gathering: Gathering
) -> pd.DataFrame:
    """One table with its types: ratings as floats, dates as datetime64, declared words as categories; all else stays coded text."""
    columns: dict[str, pd.Series] = {}
    words = _words(process)
    for name in table.frame.columns:
        column = table.frame[name]
        if table.name in identifiers.get(name, {}):
            columns[name] = identifiers[name][table.name]
        elif name == "rating" and table.name in ("ratings", "benchmark"):
            scale = process.rating_scale
            columns[name] = _numbers(column, partial(number_of, scale=scale))
        elif (table.name, name) in words:
            columns[name] = _declared(column, words[table.name, name])
        elif (table.name, name) in _DATES:
            columns[name] = dates_of(column, table=table.name, process=process, gathering=gathering, blocking=_DATES[table.name, name])
        elif name in FLAGS and table.name in ("monitoring", "candidates"):
            flags = [flag_of(text) for text in column.cat.categories]
            columns[name] = pd.Series(pd.array([*flags, None], dtype="boolean")[column.cat.codes.to_numpy()], index=column.index)
        else:
            columns[name] = column
    typed = pd.DataFrame(columns, index=table.frame.index)
    return _completed(table.name, typed, process, identifiers)


def _completed(name: str, typed: pd.DataFrame, process: Process, identifiers: Mapping[str, Mapping[str, pd.Series]]) -> pd.DataFrame:
    """Ratings always have an assessor column, and the exercise where there are exercises; who opted out of monitoring declared nothing."""
    if name == "monitoring" and "opt_out" in typed:
        opted_out = typed["opt_out"].fillna(False).astype(bool)
        for column in typed.columns.difference(list(_KEPT_OF_AN_OPT_OUT)):
            typed[column] = typed[column].mask(opted_out)
    if name != "ratings":
        return typed
    if "assessor_id" not in typed:
        known = next(iter(identifiers.get("assessor_id", {}).values()), pd.Series(dtype="category"))
        typed["assessor_id"] = pd.Categorical.from_codes(np.full(len(typed), -1), categories=known.cat.categories)
    if process.exercises:
        names = [e.name for e in process.exercises]
        if "exercise" not in typed:
            typed["exercise"] = pd.Categorical([None] * len(typed), categories=names)
        if len(names) == 1:
            typed["exercise"] = typed["exercise"].fillna(names[0])
    elif "exercise" in typed:
        typed = typed.drop(columns="exercise")
    return typed


def _words(process: Process) -> dict[tuple[str, str], tuple[str, ...]]:
    values = tuple(v.name for v in process.values)
    words = {
        ("ratings", "value"): values,
        ("benchmark", "value"): values,
        ("ratings", "kind"): KINDS,
        ("interviews", "status"): STATUSES,
        ("exceptions", "reason"): REASONS,
        ("benchmark", "occasion"): OCCASIONS,
        ("workshops", "arm"): ARMS,
    }
    if process.exercises:
        words["ratings", "exercise"] = tuple(e.name for e in process.exercises)
    return words


def _numbers(column: pd.Series, read: Callable[[str], float | None]) -> pd.Series:
    distinct = [read(text) for text in texts_of(column)]
    numbers = np.array([np.nan if number is None else number for number in [*distinct, None]])
    return pd.Series(numbers[column.cat.codes.to_numpy()], index=column.index)


def _declared(column: pd.Series, words: tuple[str, ...]) -> pd.Series:
    place = {folded(word): code for code, word in enumerate(words)}
    codes = np.array([*(place.get(folded(text), -1) for text in texts_of(column)), -1])[column.cat.codes.to_numpy()]
    return pd.Series(pd.Categorical.from_codes(codes, categories=pd.Index(words, dtype="str")), index=column.index)


def dates_of(column: pd.Series, *, table: str, process: Process, gathering: Gathering, blocking: bool = True) -> pd.Series:
    """A column of texts as moments, read as the table's source says; what cannot be read is missing, and told by row."""
    source = process.sources.get(table, Source(file=""))  # type: ignore[call-overload]
    moments, trouble = read_dates(texts_of(column), day_first=source.day_first, zone=process.process.time_zone)
    codes = column.cat.codes.to_numpy()
    for kind, sentence in SENTENCES.items():
        rows = column.index[np.append(trouble == kind, False)[codes]]
        gathering.add(table, kind, sentence, column=str(column.name), rows=rows, blocking=blocking)
    return pd.Series(np.append(moments, np.datetime64("NaT"))[codes], index=column.index)
