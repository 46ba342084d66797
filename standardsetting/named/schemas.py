"""What each table may hold, one pandera schema a table; what fails comes back as findings by row, without the value.

The schemas run on coded text, before types: a judgement is made once for each distinct text and spread over its rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import cache, partial
from typing import Any

import numpy as np
import pandas as pd

from standardsetting.blind.scores import KINDS
from standardsetting.named.cells import on_distinct
from standardsetting.named.findings import Gathering
from standardsetting.process import Process
from standardsetting.scale import Scale, plain

COLUMNS: dict[str, tuple[str, ...]] = {
    "candidates": (
        "candidate_id", "name", "email", "telephone", "force", "current_rank", "adjustment_made", "deferral", "monitoring_key",
        "eligible", "reason_not_eligible", "length_of_service", "previous_attempts",
    ),
    "monitoring": (
        "monitoring_key", "candidate_id", "sex", "ethnicity_5", "ethnicity_19", "age_band", "date_of_birth", "disability", "religion",
        "sexual_orientation", "caring", "working_pattern", "opt_out", "language",
    ),
    "assessors": ("assessor_id", "name", "role", "trained_on"),
    "benchmark": ("video_id", "assessor_id", "value", "rating", "occasion"),
    "workshops": ("candidate_id", "invited", "booked", "attended", "arm"),
    "interviews": ("candidate_id", "panel_id", "date", "slot", "site", "question_set", "status"),
    "ratings": ("candidate_id", "assessor_id", "value", "rating", "kind", "recorded_at", "indicators", "rationale", "exercise"),
    "global_ratings": ("candidate_id", "assessor_id", "grade"),
    "judgements": ("method", "judge", "round", "item", "profile", "booklet", "judgement", "confidence"),
    "exceptions": ("candidate_id", "reason", "approved_by"),
    "progress": ("candidate_id", "step", "outcome", "date"),
}  # fmt: skip
# What goes on after closing: read as it stands at a milestone, while the others stay as closing froze them.
AFTER_CLOSING = ("monitoring", "workshops", "progress")
# These pass the door or decide who does: nothing may stand in them that is not declared.
DOOR_TABLES = ("interviews", "ratings", "exceptions")
REQUIRED_TABLES = ("interviews", "ratings")
REQUIRED_COLUMNS: dict[str, tuple[str, ...]] = {
    "candidates": ("candidate_id",),
    "assessors": ("assessor_id",),
    "benchmark": ("video_id", "value", "rating", "occasion"),
    "workshops": ("candidate_id",),
    "interviews": ("candidate_id", "status"),
    "ratings": ("candidate_id", "value", "rating", "kind"),
    "global_ratings": ("candidate_id", "assessor_id", "grade"),
    "exceptions": ("candidate_id", "reason", "approved_by"),
    "progress": ("candidate_id", "step"),
}
# A blank rating says that the rating is missing; a blank grade likewise.
_MAY_BE_BLANK = ("rating", "grade")
RATING_COLUMNS = ("rating",)
IDENTIFIERS = ("candidate_id", "assessor_id", "monitoring_key")
STATUSES = ("completed", "scheduled", "withdrawn", "deferred", "did not attend", "void")
NOT_SCORED = ("withdrawn", "deferred", "did not attend", "interview void")
RATING_MISSING = "rating missing"
REASONS = (*NOT_SCORED, RATING_MISSING)
OCCASIONS = ("before", "after", "reference")
# Where workshop places were drawn by lot.
ARMS = ("offered", "wait-list")
FLAGS = ("opt_out", "eligible")
_YES, _NO = ("yes", "y", "true", "1"), ("no", "n", "false", "0")

_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_DECIMAL_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+")
_SEVERAL = re.compile(r"[0-9](?:[.,][0-9]+)?\s*(?:[-–/;&+|]|to|and|or|\s)\s*[0-9](?:[.,][0-9]+)?", re.IGNORECASE)
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_DATE = re.compile(
    rf"[0-9]{{4}}-[0-9]{{1,2}}-[0-9]{{1,2}}([T ].*)?|[0-9]{{1,2}}[/.-][0-9]{{1,2}}[/.-]([0-9]{{2}}|[0-9]{{4}})(\s.*)?"
    rf"|[0-9]{{1,4}}[ -]{_MONTH}([ -][0-9]{{2,4}})?|{_MONTH}[ -][0-9]{{1,4}}|[0-9]{{1,2}}:[0-9]{{2}}(:[0-9]{{2}})?",
    re.IGNORECASE,
)
_ERROR = re.compile(r"#(REF|N/A|DIV/0|VALUE|NAME|NUM|NULL|SPILL|CALC|GETTING_DATA)[!?]?", re.IGNORECASE)
_SCIENTIFIC = re.compile(r"[0-9](\.[0-9]+)?E\+?[0-9]+", re.IGNORECASE)
_ODD_IDENTIFIER = re.compile(rf"{_ERROR.pattern}|{_SCIENTIFIC.pattern}|{_DATE.pattern}|true|false", re.IGNORECASE)


def folded(text: str) -> str:
    """A declared word as it is compared: without case and doubled spaces."""
    return " ".join(text.split()).casefold()


def number_of(text: str, scale: Scale) -> float | None:
    """The rating that a text stands for; None where it is no number on the scale."""
    return float(text) if rating_trouble(text, scale) is None else None


def rating_trouble(text: str, scale: Scale) -> str | None:
    """What is wrong with a rating as text, as the kind of a finding; None where nothing is.

    Examples
    --------
    >>> [rating_trouble(text, Scale(1, 5)) for text in ("3", "3.0", "3,5", "3-4", "0", "three")]
    [None, None, 'decimal comma', 'several ratings in one cell', 'zero off the scale', 'rating is not a number']
    """
    if _NUMBER.fullmatch(text):
        if Decimal(text) in scale:
            return None
        return "zero off the scale" if not Decimal(text) else "rating off the scale"
    for kind, pattern in (
        ("Excel error cell", _ERROR),
        ("decimal comma", _DECIMAL_COMMA),
        ("date where a rating was expected", _DATE),
        ("several ratings in one cell", _SEVERAL),
    ):
        if pattern.fullmatch(text):
            return kind
    return "true or false where a rating was expected" if text.casefold() in ("true", "false") else "rating is not a number"


def identifier_trouble(text: str) -> str | None:
    """What is wrong with an identifier as text, as the kind of a finding; None where nothing is."""
    if not _ODD_IDENTIFIER.fullmatch(text):
        return None
    if _ERROR.fullmatch(text):
        return "Excel error cell"
    if _SCIENTIFIC.fullmatch(text):
        return "identifier in scientific notation"
    if _DATE.fullmatch(text):
        return "date where an identifier was expected"
    return "true or false where an identifier was expected"


def flag_of(text: str) -> bool | None:
    """Yes or no, as people write them; None where it is neither."""
    return True if text.casefold() in _YES else False if text.casefold() in _NO else None


def judge(table: str, frame: pd.DataFrame, process: Process, gathering: Gathering) -> None:
    """Hold a raw table against its schema and add what fails to a gathering."""
    import pandera.errors

    sentences = _sentences(process)
    try:
        _schema(table, frame, process).validate(frame, lazy=True)
        return
    except pandera.errors.SchemaErrors as failures:
        # Only columns, checks and rows are taken: failure_case holds the cell itself.
        cases = failures.failure_cases[["schema_context", "column", "check", "failure_case", "index"]].copy()
    absent = cases["check"] == "column_in_dataframe"
    for column in cases.loc[absent, "failure_case"].astype(str):
        if not gathering.has(table, column):
            gathering.add(
                table, "column missing", "This column is needed; the table has no heading for it. See columns in its source.", column=column
            )
    for (column, kind), group in cases[~absent].groupby(["column", "check"], sort=False):
        kind = str(kind) if kind != "not_nullable" else "exception without an approver" if column == "approved_by" else "blank cell"
        gathering.add(table, kind, sentences[kind], column=str(column), rows=group["index"].to_numpy(dtype=np.int64))


def _schema(table: str, frame: pd.DataFrame, process: Process) -> Any:
    import pandera.pandas as pa

    required = set(REQUIRED_COLUMNS.get(table, ()))
    if table == "monitoring":
        required |= set() if "candidate_id" in frame else {"monitoring_key"}
    if table == "ratings" and len(process.exercises) > 1:
        required.add("exercise")
    columns = {}
    for column in COLUMNS[table]:
        checks = [pa.Check(partial(_passes, judge=judge), name=kind, ignore_na=True) for kind, judge in _rules(table, column, process)]
        if checks or column in required:
            may_be_blank = column not in required or column in _MAY_BE_BLANK
            columns[column] = pa.Column(checks=checks, nullable=may_be_blank, required=column in required)
    return pa.DataFrameSchema(columns)


def _passes(column: pd.Series, judge: Callable[[str], bool]) -> pd.Series:
    return pd.Series(on_distinct(column, judge, missing=True), index=column.index)


def _rules(table: str, column: str, process: Process) -> Iterator[tuple[str, Callable[[str], bool]]]:
    """The kinds of trouble a cell of a column can be in, each with the question whether a text is free of it."""
    if column in IDENTIFIERS:
        find = cache(identifier_trouble)
        for kind in _IDENTIFIER_KINDS:
            yield kind, partial(_free_of, kind=kind, find=find)
    elif column == "rating":
        for kind in _RATING_KINDS:
            yield kind, partial(_free_of, kind=kind, find=partial(rating_trouble, scale=process.rating_scale))
    elif table == "ratings" and column == "exercise" and not process.exercises:
        yield "exercise without an assessment matrix", lambda text: False
    elif column in FLAGS:
        yield "neither yes nor no", lambda text: flag_of(text) is not None
    else:
        for kind, tables, words in _declared(process):
            if table in tables and kind == f"unknown {column}":
                yield kind, partial(_is_one_of, words=words)


def _free_of(text: str, *, kind: str, find: Callable[[str], str | None]) -> bool:
    return find(text) != kind


def _is_one_of(text: str, *, words: frozenset[str]) -> bool:
    return folded(text) in words


def _declared(process: Process) -> Iterator[tuple[str, tuple[str, ...], frozenset[str]]]:
    yield "unknown value", ("ratings", "benchmark"), frozenset(folded(v.name) for v in process.values)
    yield "unknown exercise", ("ratings",), frozenset(folded(e.name) for e in process.exercises)
    yield "unknown kind", ("ratings",), frozenset(KINDS)
    yield "unknown status", ("interviews",), frozenset(STATUSES)
    yield "unknown reason", ("exceptions",), frozenset(REASONS)
    yield "unknown occasion", ("benchmark",), frozenset(OCCASIONS)
    yield "unknown arm", ("workshops",), frozenset(ARMS)


_RATING_KINDS = (
    "rating is not a number", "rating off the scale", "zero off the scale", "decimal comma", "several ratings in one cell",
    "date where a rating was expected", "true or false where a rating was expected", "Excel error cell",
)  # fmt: skip
_IDENTIFIER_KINDS = (
    "Excel error cell", "identifier in scientific notation", "date where an identifier was expected",
    "true or false where an identifier was expected",
)  # fmt: skip


def _sentences(process: Process) -> dict[str, str]:
    scale = process.rating_scale
    step = "" if scale.step == 1 else f" in steps of {plain(scale.step)}"
    span = f"A rating from {plain(scale.minimum)} to {plain(scale.maximum)}{step} was expected"
    point = plain(scale.minimum + scale.step / 2) if scale.step == 1 else plain(scale.minimum + scale.step)
    return {
        "blank cell": "A cell with content was expected; it is blank.",
        "exception without an approver": "The name of whoever approved the exception was expected; the cell is blank.",
        "rating is not a number": f"{span}; the cell holds something that is not a number.",
        "rating off the scale": f"{span}; the number is not on the scale.",
        "zero off the scale": f"{span}; the cell holds a zero. Leave the cell blank where a rating is missing: zero does not say so.",
        "decimal comma": f"{span}; the number has a decimal comma. Write {point} and not {point.replace('.', ',')}.",
        "several ratings in one cell": f"{span}; the cell holds two numbers. Ask the assessor which one counts.",
        "date where a rating was expected": f"{span}; the cell holds a date or time. Excel may have made it out of ratings such as 3-4.",
        "true or false where a rating was expected": f"{span}; the cell holds true or false.",
        "Excel error cell": "A value was expected; the cell holds an Excel error such as #REF! or #N/A. Mend the formula.",
        "identifier in scientific notation": "An identifier was expected; Excel made it a rounded number. Format the column as text.",
        "date where an identifier was expected": "An identifier was expected; the cell holds a date or time. Format the column as text.",
        "true or false where an identifier was expected": "An identifier was expected; the cell holds true or false.",
        "neither yes nor no": "Yes or no was expected; the cell holds neither.",
        "exercise without an assessment matrix": "The definition has no [[exercises]]; the cell names one. Declare them, or list the "
        "heading under ignore.",
        "unknown value": f"A value of the definition was expected ({', '.join(v.name for v in process.values)}); "
        "the cell holds something else.",
        "unknown exercise": f"An exercise of the definition was expected ({', '.join(e.name for e in process.exercises)}); "
        "the cell holds something else.",
        "unknown kind": f"A kind of rating was expected ({', '.join(KINDS)}); the cell holds something else.",
        "unknown status": f"A status was expected ({', '.join(STATUSES)}); the cell holds something else.",
        "unknown reason": f"A reason was expected ({', '.join(REASONS)}); the cell holds something else.",
        "unknown arm": f"An arm of the lottery was expected ({', '.join(ARMS)}); the cell holds something else.",
        "unknown occasion": f"An occasion was expected ({', '.join(OCCASIONS)}); the cell holds something else.",
    }
