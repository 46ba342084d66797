"""Check a process's tables: everything wrong at once, what is missing before closing, and an account of every row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from standardsetting.named.findings import Finding, Gathering, in_order
from standardsetting.named.identifiers import shared_codes
from standardsetting.named.ingest import RawTable, gather_tables
from standardsetting.named.outstanding import EXCEPTED, INCOMPLETE, Outstanding, missing_before_closing, standing, tell_contradictions
from standardsetting.named.relations import tell_likely_doubles, tell_relations
from standardsetting.named.schemas import judge
from standardsetting.named.typed import typed_table
from standardsetting.process import Process

_NEEDED = {"interviews": {"candidate_id", "status"}, "ratings": {"candidate_id", "value", "rating", "kind"}}
_ROWS_OF_INTERVIEWS = ("interviews", "ratings", "global_ratings")


@dataclass(frozen=True)
class Checked:
    """The tables of a process after checking.

    Attributes
    ----------
    tables
        Typed tables by name; the index is the sheet's row number. `candidate_id`, `assessor_id` and `monitoring_key` are categories, the
        same ones in every table; ratings are floats and every row of `ratings` has one; dates are datetime64; declared words categories.
    raw
        The tables as read, every cell as text.
    findings
        What has to be put right before closing.
    notes
        What is worth knowing and stops nothing.
    outstanding
        What is missing before closing.
    account_rows
        One record a table: `table`, `read`, `used`, `excepted`, `findings`; the last three add up to the first.
    standing
        One row an interview: where it stands (see `standardsetting.named.outstanding.standing`); empty where interviews or ratings
        could not be read.
    process
        The definition that was checked against.
    """

    tables: dict[str, pd.DataFrame]
    raw: dict[str, RawTable]
    findings: tuple[Finding, ...]
    notes: tuple[Finding, ...]
    outstanding: tuple[Outstanding, ...]
    account_rows: tuple[dict[str, Any], ...]
    standing: pd.DataFrame
    process: Process

    @property
    def ready(self) -> bool:
        """Whether the interviews can be closed."""
        return not self.findings and not self.outstanding


def check(process: Process, folder: str | Path) -> Checked:
    """Read and check every table of a process.

    Parameters
    ----------
    process
        The definition.
    folder
        The process folder.
    """
    gathering = Gathering()
    raw = gather_tables(process, Path(folder), gathering)
    for name, table in raw.items():
        judge(name, table.frame, process, gathering)
    identifiers = shared_codes(raw, gathering)
    tables = {name: typed_table(table, process, identifiers, gathering) for name, table in raw.items()}
    _tell_assessor_column(raw, tables, gathering)
    tell_relations(tables, process, gathering)
    tell_likely_doubles(raw, gathering)
    where = _nothing_known()
    outstanding: tuple[Outstanding, ...] = ()
    if all(name in tables and columns <= set(tables[name].columns) for name, columns in _NEEDED.items()):
        where = standing(tables, process)
        outstanding = missing_before_closing(where, process)
        tell_contradictions(tables, where, gathering)
    blank = _blank_ratings(tables, gathering)
    account = tuple(_account(name, raw, tables, where, blank, gathering) for name in raw)
    if "rating" in tables.get("ratings", ()):
        tables["ratings"] = tables["ratings"][tables["ratings"]["rating"].notna()]
    told = in_order(gathering.findings)
    return Checked(
        tables=tables,
        raw=raw,
        findings=tuple(one for one in told if one.blocking),
        notes=tuple(one for one in told if not one.blocking),
        outstanding=outstanding,
        account_rows=account,
        standing=where,
        process=process,
    )


def _nothing_known() -> pd.DataFrame:
    return pd.DataFrame(columns=["candidate_id", "status", "reason", "missing", "assessors", "standing"])


def _tell_assessor_column(raw: Mapping[str, RawTable], tables: Mapping[str, pd.DataFrame], gathering: Gathering) -> None:
    """Without the column every independent rating would be told; one finding says it."""
    if "ratings" not in raw or "assessor_id" in raw["ratings"].frame or "kind" not in tables["ratings"]:
        return
    if (tables["ratings"]["kind"] != "agreed").any() and not gathering.has("ratings", "assessor_id"):
        sentence = "Independent and revised ratings need an assessor; the table has no heading for this column."
        gathering.add("ratings", "column missing", sentence, column="assessor_id")


def _blank_ratings(tables: Mapping[str, pd.DataFrame], gathering: Gathering) -> np.ndarray:
    """The rows of the ratings table whose rating is blank: read as missing, never as zero."""
    if "rating" not in tables.get("ratings", ()):
        return np.empty(0, dtype=np.int64)
    missing = tables["ratings"].index[tables["ratings"]["rating"].isna()]
    blank: np.ndarray = np.setdiff1d(missing, gathering.troubled("ratings"))
    sentence = "The rating is blank and was read as missing, never as zero."
    gathering.add("ratings", "blank rating", sentence, column="rating", rows=blank, blocking=False)
    return blank


def _account(
    name: str, raw: Mapping[str, RawTable], tables: Mapping[str, pd.DataFrame], where: pd.DataFrame, blank: np.ndarray, gathering: Gathering
) -> dict[str, Any]:
    """What became of the rows of one table; a blank rating is excepted where an exception covers it, else it counts among the findings."""
    table, frame = raw[name], tables[name]
    read = table.source.rows
    if name in gathering.whole_tables:
        return {"table": name, "read": read, "used": 0, "excepted": 0, "findings": read}
    troubled = np.union1d(gathering.troubled(name), np.array(table.unread, dtype=np.int64))
    excepted = np.empty(0, dtype=np.int64)
    if name in _ROWS_OF_INTERVIEWS and "candidate_id" in frame and len(where):
        excepted = _rows_of(frame, where[where["standing"] == EXCEPTED])
        if name == "ratings":
            covered = np.intersect1d(blank, _rows_of(frame, where[where["standing"].isin([EXCEPTED, INCOMPLETE])]))
            excepted = np.union1d(excepted, covered)
            troubled = np.union1d(troubled, np.setdiff1d(blank, covered))
    excepted = np.setdiff1d(excepted, troubled)
    return {"table": name, "read": read, "used": read - len(troubled) - len(excepted), "excepted": len(excepted), "findings": len(troubled)}


def _rows_of(frame: pd.DataFrame, interviews: pd.DataFrame) -> np.ndarray:
    rows: np.ndarray = frame.index[np.isin(frame["candidate_id"].cat.codes, interviews["candidate_id"].cat.codes)].to_numpy()
    return rows
