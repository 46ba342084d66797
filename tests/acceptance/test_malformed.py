"""Cells, rows and columns that are wrong, in over two hundred ways: each gives its finding or the right answer, and no cell is told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import partial

import pandas as pd

# Row 9 of a sheet is the eighth record. In the ratings it is an independent rating.
RECORD, ROW = 7, 9
RIGHT = ""


# Each is a `Case` of tests/conftest.py: name, how to break it, kind of finding, table, row.
CASES: list[tuple] = []


# ---- one cell --------------------------------------------------------------------------------------------------------------


def set_cell(process, *, table: str, column: str, cell, form: str, record: int = RECORD) -> None:
    frame = process.tables[table].astype(object)
    frame.loc[record, column] = cell
    process.tables[table] = frame
    process.write(**{table: form})


RATING_CELLS = [
    ("3-4", "several ratings in one cell"), ("3/4", "several ratings in one cell"), ("3 4", "several ratings in one cell"),
    ("3;4", "several ratings in one cell"), ("3 or 4", "several ratings in one cell"), ("2 to 3", "several ratings in one cell"),
    ("three", "rating is not a number"), ("III", "rating is not a number"), ("3½", "rating is not a number"), ("３",
    "rating is not a number"),
    ("nan", "rating is not a number"), ("inf", "rating is not a number"), ("1e0", "rating is not a number"), ("n/a",
    "rating is not a number"),
    ("--", "rating is not a number"), ("3'", "rating is not a number"), ("0x3", "rating is not a number"), ("3 (low)",
    "rating is not a number"),
    ("0", "zero off the scale"), ("0.0", "zero off the scale"), ("6", "rating off the scale"), ("-1", "rating off the scale"),
    ("3.5", "rating off the scale"), ("45018", "rating off the scale"), ("9" * 400, "rating off the scale"),
    ("3.0000001", "rating off the scale"), ("3,5", "decimal comma"), ("3,0", "decimal comma"),
    ("03/04/2023", "date where a rating was expected"), ("3-Apr", "date where a rating was expected"),
    ("Apr-03", "date where a rating was expected"), ("2023-04-03", "date where a rating was expected"),
    ("03:04", "date where a rating was expected"), ("TRUE", "true or false where a rating was expected"),
    ("#REF!", "Excel error cell"), ("#N/A", "Excel error cell"), ("", "blank rating"), (" \u00a0", "blank rating"),
    ("  5 ", "spaces around a cell"), ("\u00a05", "spaces around a cell"),
    ("5.0", RIGHT), ("+5", RIGHT), ("05", RIGHT),
]  # fmt: skip
for cell, kind in RATING_CELLS:
    for form in ("csv", "xlsx"):
        # openpyxl writes text that begins with # and is an error's name as an error cell, which is what we want.
        break_it = partial(set_cell, table="ratings", column="rating", cell=cell, form=form)
        CASES.append((f"rating {cell[:12]!a} {form}", break_it, kind, "ratings", ROW if kind else None))

NATIVE_CELLS = [
    (dt.date(2023, 4, 3), "date where a rating was expected"), (dt.datetime(2023, 4, 3, 12, 30), "date where a rating was expected"),
    (dt.time(3, 4), "date where a rating was expected"), (True, "true or false where a rating was expected"), (0, "zero off the scale"),
    (3.5, "rating off the scale"), (2.4999999999, "rating off the scale"), ("=1+1", "formula without a result"), (None, "blank rating"),
    (5, RIGHT), (5.0, RIGHT),
]  # fmt: skip
for cell, kind in NATIVE_CELLS:
    break_it = partial(set_cell, table="ratings", column="rating", cell=cell, form="xlsx")
    CASES.append((f"rating as Excel keeps it {cell!r}", break_it, kind, "ratings", ROW if kind else None))

IDENTIFIER_CELLS = [
    ("qxcand003", "identifiers differ by case only"), ("1.23E+12", "identifier in scientific notation"),
    ("12/04/2023", "date where an identifier was expected"), ("TRUE", "true or false where an identifier was expected"),
    ("#REF!", "Excel error cell"), ("", "blank cell"), ("QXCAND999", "{stranger}"), (" QXCAND003\u200b", "spaces around a cell"),
]  # fmt: skip
STRANGER = {
    "interviews": "candidate not in candidates",
    "ratings": "candidate not in interviews",
    "exceptions": "candidate not in interviews",
}
for table, record in (("interviews", 2), ("ratings", 25), ("exceptions", 0)):
    for cell, kind in IDENTIFIER_CELLS:
        for form in ("csv", "xlsx") if table == "interviews" else ("csv",):
            break_it = partial(set_cell, table=table, column="candidate_id", cell=cell, form=form, record=record)
            CASES.append((f"{table} candidate_id {cell!a} {form}", break_it, kind.format(stranger=STRANGER[table]), table, record + 2))

WORD_CELLS = [
    ("ratings", "value", "Kindness", "unknown value"), ("ratings", "value", "", "blank cell"), ("ratings", "kind", "final",
    "unknown kind"),
    ("ratings", "kind", "", "blank cell"), ("interviews", "status", "done", "unknown status"), ("interviews", "status", "", "blank cell"),
    ("exceptions", "reason", "moved away", "unknown reason"), ("exceptions", "reason", "", "blank cell"),
    ("exceptions", "approved_by", "", "exception without an approver"), ("ratings", "assessor_id", "", "assessor missing"),
    ("ratings", "assessor_id", "ASSQUUX9", "assessor not in assessors"), ("monitoring", "opt_out", "perhaps", "neither yes nor no"),
    ("interviews", "date", "2023-10-11", "interview outside the window"), ("interviews", "date", "09/11/2023",
    "interview outside the window"),
    ("interviews", "date", "11/09/23", "year in two digits"), ("interviews", "date", "09/18/2023", "day and month swapped"),
    ("interviews", "date", "45180", "date stored as a number"), ("interviews", "date", "next Monday", "date not understood"),
    ("interviews", "date", "2023-02-30", "date not understood"), ("interviews", "date", "11th Sept", "date not understood"),
    ("interviews", "date", "11/09/2023", RIGHT), ("interviews", "date", "11 September 2023", RIGHT), ("interviews", "date",
    "11-Sep-2023", RIGHT),
    ("interviews", "date", "11.09.2023 09:30", RIGHT), ("interviews", "date", "2023-09-11T09:30:00+01:00", RIGHT),
    ("ratings", "recorded_at", "yesterday", "date not understood"),
    ("ratings", "recorded_at", "2023-09-28 10:00", "independent rating after the agreed score"),
    ("ratings", "recorded_at", "2023-09-01 10:00", "rating before the interview"),
    ("candidates", "email", "zebediah.quillfeather@borsetshire.example", "possibly one person twice"),
    ("candidates", "candidate_id", "QXCAND001", "candidate twice"), ("assessors", "assessor_id", "ASSQUUX1", "assessor twice"),
    ("monitoring", "monitoring_key", "MONKEY001", "declaration twice"), ("interviews", "candidate_id", "QXCAND002", "interview twice"),
]  # fmt: skip
for table, column, cell, kind in WORD_CELLS:
    # Where one row says all, the first interview is the one that changes; a repeat needs another row than its original.
    record = {"ratings": 9, "exceptions": 0}.get(table, 0) if "twice" not in kind else 3
    for form in ("csv", "xlsx") if table == "ratings" else ("csv",):
        break_it = partial(set_cell, table=table, column=column, cell=cell, form=form, record=record)
        CASES.append((f"{table} {column} {cell!a} {form}", break_it, kind, table))


# ---- rows and columns ------------------------------------------------------------------------------------------------------


def change(process, *, table: str, form: str, how: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    process.tables[table] = how(process.tables[table])
    process.write(**{table: form})


def with_extra_row(frame: pd.DataFrame, **cells) -> pd.DataFrame:
    return pd.concat([frame, frame.iloc[[RECORD % len(frame)]].assign(**cells)], ignore_index=True)


def with_blank_row(frame: pd.DataFrame) -> pd.DataFrame:
    blank = pd.DataFrame([[None] * frame.shape[1]], columns=frame.columns)
    return pd.concat([frame.iloc[:3], blank, frame.iloc[3:]], ignore_index=True)


CHANGES = [
    ("ratings", "row repeated", with_extra_row, "rating twice"),
    ("ratings", "second agreed score", partial(with_extra_row, kind="agreed", assessor_id=None), "two agreed scores"),
    ("interviews", "row repeated", with_extra_row, "interview twice"),
    ("candidates", "row repeated", with_extra_row, "candidate twice"),
    ("exceptions", "row repeated", with_extra_row, "exception twice"),
    ("ratings", "blank row", with_blank_row, "blank row"), ("interviews", "blank row", with_blank_row, "blank row"),
    ("ratings", "no assessor column", lambda t: t.drop(columns="assessor_id"), "column missing"),
    *(("ratings", f"no {c} column", partial(pd.DataFrame.drop, columns=c), "column missing") for c in ("candidate_id", "value",
    "rating", "kind")),
    *(("interviews", f"no {c} column", partial(pd.DataFrame.drop, columns=c), "column missing") for c in ("candidate_id", "status")),
    *(("exceptions", f"no {c} column", partial(pd.DataFrame.drop, columns=c), "column missing") for c in ("reason", "approved_by")),
    ("ratings", "planted column", lambda t: t.assign(Ethnicity="Quillfeather"), "column not declared"),
    ("interviews", "planted column", lambda t: t.assign(Quillfeather="1"), "column not declared"),
    *((table, "planted date of birth", lambda t: t.assign(date_of_birth="1985-03-02"), "column not declared")
      for table in ("ratings", "interviews", "exceptions")),
    ("exceptions", "planted column", lambda t: t.assign(Force="Midsomer Police"), "column not declared"),
    ("candidates", "more facts", lambda t: t.assign(Quillfeather="1"), RIGHT),
    ("ratings", "heading twice", lambda t: t.assign(Rating="3"), "heading twice"),
    ("interviews", "heading twice", lambda t: t.assign(**{" STATUS ": "completed"}), "heading twice"),
    ("ratings", "blank heading", lambda t: t.assign(**{" ": "Quillfeather"}), "blank heading"),
    ("ratings", "heading in capitals", lambda t: t.rename(columns={"rating": " RATING "}), RIGHT),
    ("ratings", "heading with a space", lambda t: t.rename(columns={"candidate_id": "Candidate ID"}), RIGHT),
    ("ratings", "no rows", lambda t: t.iloc[:0], "no rows"), ("interviews", "no rows", lambda t: t.iloc[:0], "no rows"),
    ("exceptions", "no rows", lambda t: t.iloc[:0], "no rows"), ("candidates", "no rows", lambda t: t.iloc[:0], "no rows"),
    ("ratings", "rows in another order", lambda t: t.iloc[::-1], RIGHT), ("ratings",
    "columns in another order", lambda t: t[t.columns[::-1]], RIGHT),
    ("ratings", "capitals in words", lambda t: t.assign(value=t["value"].str.upper(), kind=t["kind"].str.title()), RIGHT),
]  # fmt: skip
for table, name, how, kind in CHANGES:
    for form in ("csv", "xlsx") if table == "ratings" else ("parquet",):
        CASES.append((f"{table} {name} {form}", partial(change, table=table, form=form, how=how), kind, table))


def test_there_are_many_ways():
    assert len({one[0] for one in CASES}) == len(CASES) >= 200


def test_a_finding_or_the_right_answer(broken, small_process, break_and_judge):
    break_and_judge(small_process, broken)
