"""A look while interviews go on: the ratings there are go through the door into a blind copy that is made anew each time.

The codes stay the same from night to night, so that a series of reports speaks of the same assessors. They are not those that closing
will draw: what was read while the process was open does not follow anybody into the standard-setting pack.
"""

from __future__ import annotations

import csv
import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from standardsetting import firewall
from standardsetting.errors import StageError
from standardsetting.named.close import CODE_BOOK, account_of, benchmark_of, facts_of
from standardsetting.named.findings import refusal
from standardsetting.named.identities import identities
from standardsetting.named.outstanding import EXCEPTED, SCORED
from standardsetting.named.validate import Checked, check
from standardsetting.process import Process
from standardsetting.stages import OPEN_BLIND, OPEN_NAMED


@dataclass(frozen=True)
class Preview:
    """The blind copy, what no report of it may hold, and what it was made from."""

    blind_folder: Path
    identities: pd.DataFrame
    inputs: dict[str, dict[str, Any]]
    candidates: int


def preview(process: Process, folder: Path) -> Preview:
    """Write the blind copy of an open process, with the codes of the nights before.

    Raises
    ------
    FindingsError
        The inputs hold errors: all of them are listed by file, row and column.
    StageError
        Nothing has been rated yet.
    DisclosureError
        Something that identifies a person or a group would have passed the door.
    """
    checked = check(process, folder)
    if checked.findings:
        raise refusal(checked.findings)
    interviews, ratings = _rated_so_far(checked)
    if interviews.empty:
        raise StageError("Ratings were expected; no interview has any yet.", next_step="Run this report again when the first are recorded.")
    tokens = identities(checked)
    named = folder / OPEN_NAMED
    named.mkdir(parents=True, exist_ok=True, mode=0o700)
    staging = folder / OPEN_BLIND.parent / f".{OPEN_BLIND.name}-{os.getpid()}"
    _sweep(folder)
    fresh_book = named / f".{CODE_BOOK}-{os.getpid()}"
    try:
        firewall.pass_through(
            ratings,
            interviews,
            process,
            # Without the time, so that a night on which nothing was added makes the same report and not another one.
            account=replace(account_of(checked), closed_at=""),
            groups=facts_of(checked),
            identities=set(tokens["token"]),
            blind_folder=staging,
            code_book=fresh_book,
            benchmark=benchmark_of(checked),
            known=_known(named / CODE_BOOK),
        )
        # The book first: a blind copy whose codes nobody can read would be of no use to anybody.
        fresh_book.replace(named / CODE_BOOK)
        _put_in_place(staging, folder / OPEN_BLIND)
    finally:
        fresh_book.unlink(missing_ok=True)
        shutil.rmtree(staging, ignore_errors=True)
    inputs = {name: {"sha256": table.source.sha256, "rows": table.source.rows} for name, table in checked.raw.items()}
    return Preview(folder / OPEN_BLIND, tokens, inputs, len(interviews))


def _rated_so_far(checked: Checked) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The interviews with a rating that are not excepted, and their ratings."""
    interviews, ratings = checked.tables["interviews"], checked.tables["ratings"]
    standing = checked.standing["standing"]
    passing = (standing != EXCEPTED) & interviews["candidate_id"].isin(ratings["candidate_id"])
    there = interviews.assign(complete=standing == SCORED)[passing]
    return there, ratings[ratings["candidate_id"].isin(there["candidate_id"])]


def _known(book: Path) -> dict[str, dict[str, str]]:
    """The codes of the nights before, by kind and identifier."""
    known: dict[str, dict[str, str]] = {}
    if book.is_file():
        with book.open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                known.setdefault(row["kind"], {})[row["identifier"]] = row["code"]
    return known


def _put_in_place(staging: Path, final: Path) -> None:
    """Two renames: a reader finds the old copy, the new one, or for an instant none; never a mixture."""
    old = final.with_name(f".{final.name}-{os.getpid()}-old")
    if final.exists():
        final.rename(old)
    staging.rename(final)
    shutil.rmtree(old, ignore_errors=True)


def _sweep(folder: Path) -> None:
    """Remove what an interrupted look left behind."""
    for stale in (folder / OPEN_BLIND.parent).glob(f".{OPEN_BLIND.name}-*"):
        shutil.rmtree(stale, ignore_errors=True)
    for stale in (folder / OPEN_NAMED).glob(f".{CODE_BOOK}-*"):
        stale.unlink()
