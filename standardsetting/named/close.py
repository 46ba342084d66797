"""Closing: once every interview is scored or excepted, freeze the inputs and go through the door.

Everything is made in a folder beside the final one and put in place by one rename; then the ledger gets its record. A crash before the
rename leaves the process open; a crash after it is finished by the next `close`.
"""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from standardsetting import firewall, records
from standardsetting.blind.scores import Account, BlindScores
from standardsetting.code_lists import read_list
from standardsetting.errors import DefinitionError, StageError
from standardsetting.named.ages import BORN, with_bands
from standardsetting.named.findings import Finding, Gathering, refusal
from standardsetting.named.identities import identities
from standardsetting.named.outstanding import EXCEPTED, INCOMPLETE, SCORED
from standardsetting.named.validate import Checked, check
from standardsetting.process import DEFINITION_FILE, Process
from standardsetting.sealed import file_digest
from standardsetting.stages import BLIND, CLOSED_RECORD, CLOSING, NAMED

CLOSING_FILE = "closing.json"
CODE_BOOK = "code_book.csv"
IDENTITIES = "identities.parquet"

# Tables whose columns no grouping of candidates may copy through the door.
_FACTS = ("candidates", "monitoring")


@dataclass(frozen=True)
class Closing:
    """What closing did: how many candidates passed the door, how many were excepted, the hashes that the ledger now holds, and what is
    to be put right before a report on the cohort."""

    candidates: int
    excepted: int
    seal: str
    record: str
    already_done: bool
    before_cohort_reports: tuple[Finding, ...] = ()


def close(process: Process, folder: Path, *, when: datetime) -> Closing:
    """Freeze the inputs of a process and write its blind folder.

    Raises
    ------
    FindingsError
        The inputs hold errors: all of them are listed by file, row and column.
    StageError
        An interview is neither scored nor excepted: what is missing is listed as counts and row numbers.
    DisclosureError
        Something that identifies a person or a group would have passed the door.
    """
    _sweep(folder)
    if (folder / CLOSING).exists():
        return _finish(folder, process, when=when)
    checked = check(process, folder)
    refuse(checked)
    staging = folder / f".{CLOSING}-{os.getpid()}"
    named = staging / "named"
    named.mkdir(parents=True, mode=0o700)
    inputs = _freeze(checked, process, folder, named / "inputs")
    tokens = identities(checked)
    tokens.to_parquet(named / IDENTITIES, index=False)
    (named / IDENTITIES).chmod(0o600)

    interviews, ratings = _who_passes(checked)
    seal = firewall.pass_through(
        ratings,
        interviews,
        process,
        account=replace(account_of(checked), closed_at=when.isoformat(timespec="seconds")),
        groups=facts_of(checked),
        identities=set(tokens["token"]),
        blind_folder=staging / "blind",
        code_book=named / CODE_BOOK,
        benchmark=benchmark_of(checked),
    )
    closing = {
        "process": process.id,
        "definition_hash": process.hash,
        "rule_hash": process.rule_hash,
        "inputs": inputs,
        "code_book": file_digest(named / CODE_BOOK),
        "identities": file_digest(named / IDENTITIES),
        "blind_seal": seal,
        "candidates": len(interviews),
        "excepted": len(checked.tables["interviews"]) - len(interviews),
    }
    (staging / CLOSING_FILE).write_text(json.dumps(closing, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    _to_disk(staging)
    staging.rename(folder / CLOSING)
    records.sync_folder(folder)
    return replace(_finish(folder, process, when=when, fresh=True), before_cohort_reports=no_day_for_ages(checked, folder))


def no_day_for_ages(checked: Checked, folder: Path) -> tuple[Finding, ...]:
    """That dates of birth cannot become age bands, for want of the day that applications closed; told by `check` too.

    Of all findings on the cohort closing tells this one, because closing freezes the days of the definition. It stops nothing: the bands
    can be exported instead. What the cells hold plays no part in it.
    """
    process, monitoring = checked.process, checked.tables.get("monitoring")
    if monitoring is None or BORN not in monitoring or process.dates.applications_close is not None:
        return ()
    gathering = Gathering()
    source = checked.raw["monitoring"].source
    gathering.place("monitoring", file=source.label, sheet=source.sheet)
    try:
        lists = [read_list(each.list_name, folder=folder) for each in process.cohort.characteristics]
    except DefinitionError:
        return ()  # check says so; a list of groups is no matter for closing
    with_bands(monitoring, lists, process, gathering, [])
    return tuple(gathering.findings)


def refuse(checked: Checked) -> None:
    """Raise if a process cannot be closed: findings first, then what is outstanding."""
    if checked.findings:
        raise refusal(checked.findings)
    if checked.outstanding:
        raise StageError(
            "Interviews can be closed when each is scored or has a recorded exception; some are neither.",
            details=[item.sentence for item in checked.outstanding],
            next_step="Load the missing scores, or record an exception with its reason and who approved it.",
        )


def _finish(folder: Path, process: Process, *, when: datetime, fresh: bool = False) -> Closing:
    """Make sure that the ledger holds the record of the closing that lies in the folder."""
    closing = read_closing(folder)
    record = records.latest(folder, CLOSED_RECORD)
    recorded = record is not None and record.body == closing
    if record is None:
        record = records.append(folder, CLOSED_RECORD, closing, when=when)
    elif not recorded:
        raise StageError(
            "The closing in this folder is not the one in the ledger.",
            next_step="Restore the closing folder from a backup, and find out who changed it.",
        )
    if BlindScores.read(folder / BLIND).seal != closing["blind_seal"] or not _as_closed(folder / NAMED / IDENTITIES, closing["identities"]):
        raise StageError(
            "The closing folder is not as the door left it: a hash differs from the ledger's.",
            next_step="Run standardsetting verify, restore the closing folder from a backup, and find out who changed it.",
        )
    if closing["rule_hash"] != process.rule_hash:
        raise StageError(
            "The decision rule in process.toml is not the one that the interviews were closed under.",
            next_step=f"Restore the rule with the hash {closing['rule_hash'][:12]}; a rule is fixed before results are looked at.",
        )
    return Closing(closing["candidates"], closing["excepted"], closing["blind_seal"], record.hash, already_done=recorded and not fresh)


def read_closing(folder: Path) -> dict[str, Any]:
    """What closing wrote down about itself, beside what it froze."""
    try:
        closing: dict[str, Any] = dict(json.loads((folder / CLOSING / CLOSING_FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        raise StageError(
            f"{CLOSING_FILE} in the closing folder cannot be read.", next_step="Restore the closing folder from a backup."
        ) from None
    return closing


def _as_closed(file: Path, digest: str) -> bool:
    return file.is_file() and file_digest(file) == digest


def _sweep(folder: Path) -> None:
    """Remove what an interrupted closing left behind."""
    for stale in folder.glob(f".{CLOSING}-*"):
        shutil.rmtree(stale, ignore_errors=True)


def _freeze(checked: Checked, process: Process, folder: Path, place: Path) -> dict[str, dict[str, Any]]:
    """Copies of the definition and of every source as it was read, with hash and row count. A query's result becomes a CSV file."""
    place.mkdir(mode=0o700)
    shutil.copyfile(folder / DEFINITION_FILE, place / DEFINITION_FILE)
    frozen: dict[str, dict[str, Any]] = {DEFINITION_FILE: {"sha256": file_digest(place / DEFINITION_FILE)}}
    for name, table in checked.raw.items():
        source = table.source
        if source.path is None:
            copy = place / f"{name}.csv"
            table.frame.to_csv(copy, index=False)
        else:
            # Named for the table, not for the export: a file name can hold a person's name.
            copy = place / f"{name}{source.path.suffix.lower()}"
            shutil.copyfile(source.path, copy)
        digest = file_digest(copy)
        if source.path is not None and digest != source.sha256:
            raise StageError(
                f"The {name} export changed while it was being read.", next_step="Wait until the export is complete, and close again."
            )
        frozen[copy.name] = {"sha256": digest, "rows": source.rows}
    return frozen


def _who_passes(checked: Checked) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The interviews that are scored, or incomplete with leave; and their ratings."""
    interviews, ratings = checked.tables["interviews"], checked.tables["ratings"]
    standing = checked.standing["standing"]
    passing = interviews.assign(complete=standing == SCORED)[standing.isin([SCORED, INCOMPLETE])]
    return passing, ratings[ratings["candidate_id"].isin(passing["candidate_id"])]


def benchmark_of(checked: Checked) -> pd.DataFrame | None:
    """The ratings of the benchmark videos; a blank rating is none. None where the process has no such table, or nothing in it."""
    table = checked.tables.get("benchmark")
    rated = table[table["rating"].notna()] if table is not None else None
    return None if rated is None or rated.empty else rated


def facts_of(checked: Checked) -> dict[str, pd.DataFrame]:
    """The candidates and monitoring tables by candidate, whichever key the monitoring data came under."""
    tables = {name: checked.tables[name] for name in _FACTS if name in checked.tables}
    monitoring, candidates = tables.get("monitoring"), tables.get("candidates")
    if monitoring is not None and "candidate_id" not in monitoring:
        tables.pop("monitoring")
        if candidates is not None and {"monitoring_key"} <= set(candidates) & set(monitoring):
            keys = candidates[["candidate_id", "monitoring_key"]].dropna()
            tables["monitoring"] = monitoring.merge(keys, on="monitoring_key", how="inner")
    return tables


def account_of(checked: Checked) -> Account:
    """What became of every interview and every row; not closed at any time yet."""
    standing = checked.standing
    counts = Counter(standing["standing"])
    return Account(
        applied=len(checked.tables["candidates"]) if "candidates" in checked.tables else None,
        interviews=len(standing),
        scored=counts[SCORED],
        incomplete=counts[INCOMPLETE],
        excepted=dict(sorted(Counter(standing.loc[standing["standing"] == EXCEPTED, "reason"]).items())),
        single_assessor=int(((standing["assessors"] == 1) & standing["standing"].isin([SCORED, INCOMPLETE])).sum()),
        rows=tuple({key: row[key] for key in ("table", "read", "used", "excepted")} for row in checked.account_rows),
        notes=tuple(
            {"table": n.table, "kind": n.kind, "count": n.count, "sentence": f"Column {n.column}: {n.sentence}" if n.column else n.sentence}
            for n in checked.notes
        ),
        closed_at="",
    )


def _to_disk(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as stream:
                os.fsync(stream.fileno())
