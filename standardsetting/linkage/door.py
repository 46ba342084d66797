"""The second door itself: what is handed over is held against the allow-list, joined, written whole and recorded."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from standardsetting import records
from standardsetting.code_lists import CodeList, read_list
from standardsetting.cohort import snapshot as held
from standardsetting.cohort.snapshot import Coded, CohortSnapshot, Level
from standardsetting.errors import DefinitionError, DisclosureError, StageError
from standardsetting.linkage.joined import cascaded, fresh_codes, in_order_of_content, ratings_of, with_scores
from standardsetting.linkage.opening import opening, sequence, stages_open, standard_of
from standardsetting.process import Process
from standardsetting.process.cohort import MET_STANDARD, MILESTONES, Characteristic
from standardsetting.sealed import SEAL, seal
from standardsetting.stages import COHORT, SNAPSHOT_RECORD

_ARMS = ("offered", "wait-list")
# A covariate that tells more kinds of people apart than this, or everybody, could be a number that identifies.
_MOST_LEVELS, _FEWEST_PEOPLE = 60, 10
_SNAPSHOT = re.compile(rf"({'|'.join(MILESTONES)})-[0-9]{{2,}}")


@dataclass(frozen=True)
class Declared:
    """A characteristic as the named zone coded it: its entry in `[cohort]`, its list, and its levels that are columns of the people table.

    `derived` are the levels among them that were rolled up from a finer one.
    """

    characteristic: Characteristic
    code_list: CodeList
    levels: tuple[str, ...]
    derived: tuple[str, ...] = ()


@dataclass(frozen=True)
class Handover:
    """What the named zone hands to the door, beside the process.

    Attributes
    ----------
    people
        One row a person: `candidate_id`, each level of each characteristic (codes), covariates, facts, and `stage_<stage>` for every
        stage but the two that the scores decide, each by itself as the tables have it.
    codes
        The code of the blind zone by candidate, from the code book; none under early access.
    declared
        The characteristics.
    account
        What was read, used and left out, and why.
    inputs
        SHA-256 and rows of every input, the code lists among them.
    changed_since_closing
        Whether what is asked about the cohort was changed after the closing.
    """

    people: pd.DataFrame
    codes: Mapping[str, str]
    declared: tuple[Declared, ...]
    account: tuple[dict[str, Any], ...]
    inputs: Mapping[str, dict[str, Any]]
    changed_since_closing: bool


@dataclass(frozen=True)
class Passed:
    """Where the snapshot lies, its seal, and the ledger's record of it."""

    folder: Path
    seal: str
    record: str
    already_done: bool


def pass_through(
    handed: Handover, process: Process, folder: Path, *, milestone: str, as_at: date | None, stages: Iterable[str], when: datetime
) -> Passed:
    """Write the snapshot of a cohort and record it.

    Parameters
    ----------
    handed
        What the named zone hands over.
    process
        The definition; it passes without its sources.
    folder
        The process folder.
    milestone, as_at
        Which milestone, and its date where it has one.
    stages
        The stages of the funnel that the tables hold; the others are left out.
    when
        The moment, with its time zone.

    Raises
    ------
    StageError
        See `opening`.
    DisclosureError
        A column or a cell that is not declared would have passed. Nothing was written.
    """
    opened = opening(folder)
    kept = tuple(stage for stage in stages_open(process, milestone, opened) if stage.name in set(stages))
    characteristics = tuple(_coded(each) for each in handed.declared)
    allowed = held.people_columns(process, characteristics, kept)
    named_only = [f"stage_{name}" for name in stages if name not in {stage.name for stage in kept}]
    people = handed.people.drop(columns=[column for column in named_only if column in handed.people])
    held.allow(people.drop(columns="candidate_id"), allowed, what="people")
    _only_declared(people, process, characteristics)
    body = {
        "milestone": milestone,
        "as_at": as_at.isoformat() if as_at else None,
        "opened_by": opened.record,
        "early_access": opened.standard is None,
        "inputs": dict(handed.inputs),
        "cohort_hash": process.cohort_hash,
        "definition_hash": process.hash,
    }
    _sweep(folder)
    done = _already(folder, body)
    if done is not None:
        return done

    account = list(handed.account)
    scored = opened.scores is not None and MET_STANDARD in {stage.name for stage in kept}
    ratings = pd.DataFrame(columns=list(held.RATING_COLUMNS))
    if scored:
        people, account = with_scores(people, opened, handed.codes, process, account)
    people = in_order_of_content(cascaded(people, kept), allowed)
    if scored and opened.scores is not None:
        people["panel"] = fresh_codes(people["panel"])
        ratings = ratings_of(people, opened.scores, handed.codes)
    about = {
        "stages": [asdict(stage) for stage in kept],
        "characteristics": [asdict(each) for each in characteristics],
        "standard": None if opened.standard is None else asdict(standard_of(opened.standard)),
        "early_access": None if opened.early_access is None else asdict(opened.early_access),
        "sequence": [asdict(event) for event in sequence(folder)],
        "account": account,
        "process": process.model_copy(update={"sources": {}, "reports": None}).model_dump(mode="json"),
        "milestone": milestone,
        "as_at": body["as_at"],
        "taken_at": when.isoformat(timespec="seconds"),
        "cohort_hash": process.cohort_hash,
        "changed_since_closing": handed.changed_since_closing,
        "inputs": dict(handed.inputs),
    }
    return _put_in_place(people.drop(columns="candidate_id"), ratings, about, body, folder, when=when)


def _coded(declared: Declared) -> Coded:
    """A characteristic with what a reader has to know of its list. A level without a comparator is refused, before anything is made."""
    entry, its_list = declared.characteristic, declared.code_list
    if not set(entry.comparator) <= {level.name for level in its_list.levels}:
        raise DefinitionError(f"cohort.characteristics: comparator of {entry.name} names a level that its code list does not have.")
    levels = []
    for name in declared.levels:
        level = its_list.level(name)
        groups, comparator = tuple(code.code for code in level.codes), entry.comparator_of(name)
        if comparator not in groups:
            raise DefinitionError(
                f"cohort.characteristics: a comparator for the level {name} of {entry.name} was expected, one of the codes of its list.",
                next_step=f'Write comparator = {{ {name} = "..." }} under that characteristic: the largest group, the same every year.',
            )
        parents = {code.code: code.part_of for code in level.codes if code.part_of}
        rolled = name in declared.derived
        levels.append(Level(name, level.title, level.note, groups, level.labels, level.people, comparator, parents, rolled))
    return Coded(
        name=entry.name,
        title=its_list.title,
        list_name=its_list.name,
        list_version=its_list.version,
        list_date=its_list.date.isoformat(),
        list_source=its_list.source,
        list_hash=its_list.hash,
        question=entry.question or its_list.question,
        note=its_list.note,
        legal_basis=entry.legal_basis,
        levels=tuple(levels),
    )


def _only_declared(people: pd.DataFrame, process: Process, characteristics: tuple[Coded, ...]) -> None:
    """Every text that passes is a code, a level, a state or an arm that is declared; everything else that passes is a number or a flag."""
    words: dict[str, Iterable[str]] = {level.name: level.labels for each in characteristics for level in each.levels}
    words |= {covariate.column: covariate.levels for covariate in process.cohort.covariates}
    words |= {"reason_not_eligible": read_list("not_eligible").levels[0].labels, "workshop_arm": _ARMS}
    covariates = {covariate.column for covariate in process.cohort.covariates}
    for position, column in enumerate(people.columns, start=1):
        if column == "candidate_id":
            continue
        cells = people[column].dropna()
        kinds = cells.nunique()
        if column in covariates and (kinds > _MOST_LEVELS or kinds == len(cells) >= _FEWEST_PEOPLE):
            raise DisclosureError(
                f"The covariate {column} tells {kinds} kinds of people apart: it could identify somebody. Nothing passed.",
                next_step="Export it in coarser steps, such as whole years, or take it out of [[cohort.covariates]].",
            )
        if pd.api.types.is_bool_dtype(cells.dtype) or pd.api.types.is_numeric_dtype(cells.dtype):
            continue
        allowed = held.STATES if column.startswith("stage_") else words.get(column, ())
        strangers = int((~cells.astype(object).isin(list(allowed))).sum())
        if strangers:
            raise DisclosureError(
                f"Column {position} of the people holds {strangers} cells that nothing declares. Nothing passed.",
                next_step="Only codes of the code lists and words of the definition pass the second door. Run standardsetting check.",
            )


def _sweep(folder: Path) -> None:
    """Remove what an interrupted run left behind: a folder in the making, or a snapshot that no record names."""
    recorded = {record.body["folder"] for record in records.read(folder) if record.kind == SNAPSHOT_RECORD}
    for place in (folder / COHORT).glob("*"):
        if place.name.startswith(".making-") or (_SNAPSHOT.fullmatch(place.name) and place.name not in recorded):
            shutil.rmtree(place, ignore_errors=True)


def _already(folder: Path, body: Mapping[str, Any]) -> Passed | None:
    """The newest snapshot of this milestone, if it was made from the same."""
    record = next(
        (r for r in reversed(records.read(folder)) if r.kind == SNAPSHOT_RECORD and r.body["milestone"] == body["milestone"]), None
    )
    if record is None or any(record.body[part] != content for part, content in body.items()):
        return None
    place = folder / COHORT / record.body["folder"]
    if not (place / SEAL).is_file():
        return None
    if CohortSnapshot.read(place).seal != record.body["seal"]:
        raise DisclosureError(
            "The cohort snapshot was sealed anew after it was made.",
            next_step="Restore it from a backup, or move it away and make it again.",
        )
    return Passed(place, record.body["seal"], record.hash, already_done=True)


def problems(folder: Path) -> tuple[str, ...]:
    """What is wrong with the snapshots that the ledger holds, in words; one that was deleted when its time had come is no problem."""
    found = []
    for record in records.read(folder):
        place = folder / COHORT / str(record.body.get("folder", ""))
        if record.kind != SNAPSHOT_RECORD or not place.is_dir():
            continue
        try:
            if CohortSnapshot.read(place).seal != record.body["seal"]:
                found.append(f"Record {record.number}: the cohort snapshot was sealed anew after it was made.")
        except (DisclosureError, StageError) as error:
            found.append(f"Record {record.number}, cohort snapshot: {error.message}")
    return tuple(found)


def _put_in_place(
    people: pd.DataFrame, ratings: pd.DataFrame, about: Mapping[str, Any], body: Mapping[str, Any], folder: Path, *, when: datetime
) -> Passed:
    """Everything in a folder beside, flushed to disk, renamed once; then the record."""
    taken = sum(record.kind == SNAPSHOT_RECORD for record in records.read(folder))
    name = f"{body['milestone']}-{taken + 1:02d}"
    (folder / COHORT).mkdir(mode=0o700, exist_ok=True)
    staging = folder / COHORT / f".making-{os.getpid()}"
    staging.mkdir(mode=0o700)
    try:
        people.to_parquet(staging / held.PEOPLE, index=False)
        ratings.to_parquet(staging / held.RATINGS, index=False)
        content = json.dumps(about, indent=1, sort_keys=True, ensure_ascii=False)
        (staging / held.ABOUT).write_text(content + "\n", encoding="utf-8")
        digest = seal(staging, (held.PEOPLE, held.RATINGS, held.ABOUT))
        CohortSnapshot.read(staging)
        for file in staging.iterdir():
            file.chmod(0o600)
            with file.open("rb") as stream:
                os.fsync(stream.fileno())
        staging.rename(folder / COHORT / name)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    records.sync_folder(folder / COHORT)
    record = records.append(folder, SNAPSHOT_RECORD, {**body, "folder": name, "seal": digest}, when=when)
    return Passed(folder / COHORT / name, digest, record.hash, already_done=False)
