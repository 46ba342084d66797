"""The door between the named zone and the blind zone. It writes blind folders, and nothing else does.

It works from an allow-list. Columns it does not know stop it, whatever they are called and whatever they hold; every cell that
passes is coded afresh, or is a value, kind, rating or day that the definition declares. What is left is the way candidates are
grouped (by panel, by day, by who rated them), so the door also looks whether such a grouping copies a column that may not pass.
"""

from __future__ import annotations

import csv
import json
import os
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from standardsetting.blind.scores import (
    ACCOUNT,
    BENCHMARK,
    BENCHMARK_COLUMNS,
    DEFINITION,
    INTERVIEW_COLUMNS,
    INTERVIEWS,
    KINDS,
    OCCASIONS,
    RATING_COLUMNS,
    RATINGS,
    Account,
)
from standardsetting.errors import DisclosureError
from standardsetting.process import Process
from standardsetting.sealed import seal

# Columns the door knows. The second group is read, checked and left behind in the named zone.
_RATINGS_PASS = ("candidate_id", "assessor_id", "exercise", "value", "rating", "kind")
_RATINGS_STAY = ("recorded_at", "indicators", "rationale")
_INTERVIEWS_PASS = ("candidate_id", "panel_id", "date", "complete")
_INTERVIEWS_STAY = ("slot", "site", "question_set", "status")
_BENCHMARK_PASS = ("video_id", "assessor_id", "value", "rating", "occasion")

# No vowels, so that no code spells a word; no 0, 1, O or I, so that none is misread.
_LETTERS = "23456789BCDFGHJKLMNPQRSTVWXZ"
_FEWEST_LETTERS = {"candidate": 4, "assessor": 3, "panel": 3, "video": 3}
# A group of fewer people than this may follow a column by chance.
_SMALLEST_TELLING_GROUP = 5
_MOST_LEVELS = 60


def pass_through(
    ratings: pd.DataFrame,
    interviews: pd.DataFrame,
    process: Process,
    *,
    account: Account,
    groups: Mapping[str, pd.DataFrame],
    identities: Collection[str],
    blind_folder: Path,
    code_book: Path,
    benchmark: pd.DataFrame | None = None,
    choose: Callable[[Sequence[int], int], list[int]] | None = None,
    known: Mapping[str, Mapping[str, str]] | None = None,
) -> str:
    """Write the blind folder and the code book of a process.

    Parameters
    ----------
    ratings
        Checked ratings: `candidate_id`, `assessor_id`, `exercise`, `value`, `rating`, `kind`. When it was recorded, the indicators
        seen and the rationale stay behind.
    interviews
        Checked interviews of the same candidates: `candidate_id`, `panel_id`, `date`, `complete` (every rating is there). Slot,
        site, question set and status stay behind.
    process
        The definition; it passes without its sources.
    account
        Interviews and rows as counts.
    groups
        Tables of the named zone, by name, each with `candidate_id`: no grouping that passes may copy one of their columns.
    identities
        Every identifying token, casefolded: no code may equal one.
    blind_folder, code_book
        Where to write. The code book is made with mode 0600.
    benchmark
        Ratings of the benchmark videos: `video_id`, `assessor_id`, `value`, `rating`, `occasion`. An assessor has the same code here as in
        the ratings; reference scores have no assessor.
    choose
        Draws distinct numbers; from the system's random source unless a test says otherwise.

    known
        Codes by kind and identifier that are kept, so that a series of nightly reports speaks of the same people; whoever has none gets
        a fresh one. The code book holds both.

    Returns
    -------
    str
        The seal of the blind folder.

    Raises
    ------
    DisclosureError
        A column is not on the allow-list, a cell is not one that the definition declares, or a grouping copies a column that may not pass.
    """
    _only_listed(ratings, _RATINGS_PASS + _RATINGS_STAY, "ratings")
    _only_listed(interviews, _INTERVIEWS_PASS + _INTERVIEWS_STAY, "interviews")
    _only_declared(ratings, process, "ratings")
    if benchmark is not None:
        _only_listed(benchmark, _BENCHMARK_PASS, "benchmark")
        _only_declared(benchmark, process, "benchmark ratings")
    _no_grouping_copies(ratings, interviews, groups)

    draw = choose or secrets.SystemRandom().sample
    before = known or {}

    def codes_of(kind: str, identifiers: pd.Series) -> dict[str, str]:
        return _codes(kind, identifiers, identities, draw, before.get(kind, {}))

    codes = {
        "candidate": codes_of("candidate", interviews["candidate_id"]),
        "assessor": codes_of("assessor", _assessors(ratings, benchmark)),
        "panel": codes_of("panel", interviews["panel_id"]) if "panel_id" in interviews else {},
    }
    if benchmark is not None:
        codes["video"] = codes_of("video", benchmark["video_id"])
    blind_ratings = _blind_ratings(ratings, codes)
    blind_interviews = _blind_interviews(interviews, codes, process)

    _write_code_book(code_book, {kind: {**before.get(kind, {}), **codes.get(kind, {})} for kind in {**before, **codes}})
    blind_folder.mkdir(parents=True)
    blind_ratings.to_parquet(blind_folder / RATINGS, index=False)
    blind_interviews.to_parquet(blind_folder / INTERVIEWS, index=False)
    if benchmark is not None:
        _blind_benchmark(benchmark, codes).to_parquet(blind_folder / BENCHMARK, index=False)
    _write_json(blind_folder / DEFINITION, process.without_sources().model_dump(mode="json"))
    _write_json(blind_folder / ACCOUNT, asdict(account))
    sealed = (RATINGS, INTERVIEWS, DEFINITION, ACCOUNT, *((BENCHMARK,) if benchmark is not None else ()))
    return seal(blind_folder, sealed)


def _only_listed(table: pd.DataFrame, listed: tuple[str, ...], name: str) -> None:
    strangers = [position for position, column in enumerate(table.columns, start=1) if column not in listed]
    if strangers:
        raise DisclosureError(
            f"The {name} hold {len(strangers)} columns that may not pass the door (position {', '.join(map(str, strangers))}).",
            next_step=f"List them under ignore in [sources.{name}], or take them out of the export. Nothing passed.",
        )


def _only_declared(ratings: pd.DataFrame, process: Process, name: str) -> None:
    scale = process.rating_scale
    declared = {
        "value": ({v.name for v in process.values}, "a value of the definition"),
        "kind": (set(KINDS), f"one of {', '.join(KINDS)}"),
        "exercise": ({e.name for e in process.exercises}, "an exercise of the definition"),
        "occasion": (set(OCCASIONS), f"one of {', '.join(OCCASIONS)}"),
    }
    for column, (allowed, expected) in declared.items():
        if column in ratings:
            found = pd.unique(ratings[column].dropna())
            strangers = [cell for cell in found if cell not in allowed]
            if strangers:
                rows = int(ratings[column].isin(strangers).sum())
                raise DisclosureError(
                    f"Column {column} of the {name}: {expected} was expected; {rows} rows hold something else. Nothing passed.",
                    next_step="Run standardsetting check to see the rows.",
                )
    off = [rating for rating in pd.unique(ratings["rating"]) if pd.isna(rating) or float(rating) not in scale]
    if off:
        rows = int(ratings["rating"].isin([r for r in off if not pd.isna(r)]).sum() + ratings["rating"].isna().sum())
        raise DisclosureError(
            f"Column rating of the {name}: ratings on the declared scale were expected; {rows} rows hold something else. Nothing passed.",
            next_step="Run standardsetting check to see the rows.",
        )


def _no_grouping_copies(ratings: pd.DataFrame, interviews: pd.DataFrame, groups: Mapping[str, pd.DataFrame]) -> None:
    """Stop where panel, day, the set of assessors or the kinds of rating sort candidates just as a column does that may not pass."""
    people = pd.Index(interviews["candidate_id"].astype(object))
    groupings = {name: _levels(interviews[column]) for name, column in (("panel", "panel_id"), ("day", "date")) if column in interviews}
    person = _positions(ratings["candidate_id"], people)
    for name, column in (("set of assessors", "assessor_id"), ("kinds of rating", "kind")):
        groupings[name] = _sets(person, _levels(ratings[column]), len(people))
    telling: dict[str, np.ndarray] = {}
    for name, codes in groupings.items():
        _, first, group = np.unique(codes, return_index=True, return_inverse=True)
        if 2 <= len(first) <= len(people) / 2:
            telling[name] = first[group]
    for table, frame in groups.items():
        place = _positions(frame["candidate_id"], people)
        for position, column in enumerate(frame.columns, start=1):
            if column == "candidate_id" or not telling:
                continue
            fact = np.full(len(people), -1)
            fact[place[place >= 0]] = _levels(frame[column])[place >= 0]
            if not _worth_hiding(fact):
                continue
            for name, first_of_group in telling.items():
                # Everybody is as the first of their group: the group tells the fact.
                if np.array_equal(fact, fact[first_of_group]):
                    raise DisclosureError(
                        f"The {name} of the interviews sorts candidates exactly as column {position} of the {table} table does, "
                        "which may not pass the door. Nothing passed.",
                        next_step=f"Find out how the {name} was filled in; take it out of the export, or list its column under ignore.",
                    )


def _levels(column: pd.Series) -> np.ndarray:
    """A column as whole numbers, one for each distinct cell; -1 for a missing one."""
    return column.cat.codes.to_numpy(np.int64) if isinstance(column.dtype, pd.CategoricalDtype) else pd.factorize(column)[0]


def _positions(column: pd.Series, people: pd.Index) -> np.ndarray:
    """Where each cell of a column of identifiers stands among the people; -1 where it does not."""
    cells = column.astype("category")
    return np.append(people.get_indexer(cells.cat.categories.astype(object)), -1)[cells.cat.codes]


def _sets(person: np.ndarray, level: np.ndarray, n_people: int) -> np.ndarray:
    """A number for the set of levels that each person has: a sum of random numbers, one a level, the same for the same set."""
    size = int(level.max(initial=-1)) + 2
    pairs = np.unique(person[person >= 0] * size + level[person >= 0] + 1)
    # Whole numbers below 2**40: sums of a few thousand of them are exact in floats.
    numbers = np.random.default_rng(0).integers(1, 2**40, size=size)
    return np.bincount(pairs // size, weights=numbers[pairs % size], minlength=n_people)


def _worth_hiding(fact: np.ndarray) -> bool:
    """Whether a fact divides people into a few kinds, none but one so rare that a grouping could follow it by chance."""
    people = np.unique(fact, return_counts=True)[1]
    return 2 <= len(people) <= _MOST_LEVELS and bool(np.sort(people)[-2] >= _SMALLEST_TELLING_GROUP)


def _codes(
    kind: str,
    identifiers: pd.Series,
    identities: Collection[str],
    draw: Callable[[Sequence[int], int], list[int]],
    known: Mapping[str, str],
) -> dict[str, str]:
    """A code for each identifier: the one it has, or a fresh random one."""
    everybody = sorted(map(str, identifiers.dropna().unique()))
    distinct = [identifier for identifier in everybody if identifier not in known]
    length = _FEWEST_LETTERS[kind]
    while len(_LETTERS) ** length < 100 * len(distinct):
        length += 1
    taken = {str(token).casefold() for token in identities} if not isinstance(identities, set) else identities
    used = set(known.values())
    # A few more than needed: one that happens to equal somebody's number or name, or is in use, is passed over.
    numbers = draw(range(len(_LETTERS) ** length), min(len(_LETTERS) ** length, len(distinct) + len(used) + 50))
    fresh = (f"{kind[0].upper()}-{_spell(number, length)}" for number in numbers)
    usable = (code for code in fresh if code not in used and code.casefold() not in taken and code[2:].casefold() not in taken)
    return {identifier: known[identifier] for identifier in everybody if identifier in known} | dict(zip(distinct, usable, strict=False))


def _spell(number: int, length: int) -> str:
    letters = []
    for _ in range(length):
        number, place = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[place])
    return "".join(letters)


def _assessors(ratings: pd.DataFrame, benchmark: pd.DataFrame | None) -> pd.Series:
    """Everybody who rated a candidate or a video."""
    tables = (ratings,) if benchmark is None or "assessor_id" not in benchmark else (ratings, benchmark)
    return pd.concat([pd.Series(table["assessor_id"].dropna().unique(), dtype=object) for table in tables])


def _blind_ratings(ratings: pd.DataFrame, codes: Mapping[str, Mapping[str, str]]) -> pd.DataFrame:
    blind = pd.DataFrame(
        {
            "candidate": _recode(ratings["candidate_id"], codes["candidate"]),
            "assessor": _recode(ratings["assessor_id"], codes["assessor"]),
            "value": ratings["value"].astype("category"),
            "rating": ratings["rating"].astype(float),
            "kind": ratings["kind"].astype("category"),
        }
    )
    if "exercise" in ratings:
        blind["exercise"] = ratings["exercise"].astype("category")
    columns = [column for column in RATING_COLUMNS if column in blind.columns]
    # By code and nothing else: neither the order of the export nor of the names survives.
    return blind[columns].sort_values([column for column in columns if column != "rating"], ignore_index=True)


def _blind_interviews(interviews: pd.DataFrame, codes: Mapping[str, Mapping[str, str]], process: Process) -> pd.DataFrame:
    absent = pd.Series(pd.NA, index=interviews.index)
    blind = pd.DataFrame({"candidate": _recode(interviews["candidate_id"], codes["candidate"])})
    blind["panel"] = _recode(interviews["panel_id"], codes["panel"]) if "panel_id" in interviews else absent.astype("string")
    blind["day"] = _window_day(interviews["date"], process.dates.first_interview) if "date" in interviews else absent.astype("Int64")
    blind["complete"] = interviews["complete"].astype(bool)
    return blind[list(INTERVIEW_COLUMNS)].sort_values("candidate", ignore_index=True)


def _blind_benchmark(benchmark: pd.DataFrame, codes: Mapping[str, Mapping[str, str]]) -> pd.DataFrame:
    nobody = pd.Series(pd.NA, index=benchmark.index, dtype=object)
    blind = pd.DataFrame(
        {
            "video": _recode(benchmark["video_id"], codes["video"]),
            "assessor": _recode(benchmark.get("assessor_id", nobody), codes["assessor"]),
            "value": benchmark["value"].astype("category"),
            "rating": benchmark["rating"].astype(float),
            "occasion": benchmark["occasion"].astype("category"),
        }
    )[list(BENCHMARK_COLUMNS)]
    return blind.sort_values([column for column in BENCHMARK_COLUMNS if column != "rating"], ignore_index=True)


def _recode(identifiers: pd.Series, codes: Mapping[str, str]) -> pd.Series:
    kind = pd.CategoricalDtype(sorted(codes.values()))
    return identifiers.astype(object).map(dict(codes)).astype(kind)


def _window_day(dates: pd.Series, first: date | None) -> pd.Series:
    days = pd.to_datetime(dates).dt.normalize()
    start = pd.Timestamp(first) if first else days.min()
    return ((days - start).dt.days + 1).astype("Int64")


def _write_code_book(path: Path, codes: Mapping[str, Mapping[str, str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["kind", "identifier", "code"])
        writer.writerows((kind, identifier, code) for kind, book in codes.items() for identifier, code in book.items())


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
