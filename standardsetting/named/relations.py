"""What can only be seen between rows and tables: repeats, people that one table knows and another does not, the order of events."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from standardsetting.named.findings import Gathering
from standardsetting.named.identifiers import MISSPELT
from standardsetting.named.ingest import RawTable
from standardsetting.process import Process

Tables = Mapping[str, pd.DataFrame]

# table, key, kind, sentence
_ONE_ROW_EACH = (
    ("candidates", "candidate_id", "candidate twice", "One row a candidate was expected; this candidate has several."),
    (
        "interviews",
        "candidate_id",
        "interview twice",
        "One interview a candidate was expected; this candidate has several. Keep the one that counts.",
    ),
    ("exceptions", "candidate_id", "exception twice", "One exception a candidate was expected; this candidate has several."),
    ("assessors", "assessor_id", "assessor twice", "One row an assessor was expected; this assessor has several."),
    ("monitoring", "monitoring_key", "declaration twice", "One declaration a key was expected; this key has several."),
    ("monitoring", "candidate_id", "declaration twice", "One declaration a candidate was expected; this candidate has several."),
)
# table that refers, column, table that should know
_REFERENCES = (
    ("interviews", "candidate_id", "candidates"),
    ("workshops", "candidate_id", "candidates"),
    ("progress", "candidate_id", "candidates"),
    ("ratings", "candidate_id", "interviews"),
    ("global_ratings", "candidate_id", "interviews"),
    ("exceptions", "candidate_id", "interviews"),
    ("ratings", "assessor_id", "assessors"),
    ("global_ratings", "assessor_id", "assessors"),
    ("benchmark", "assessor_id", "assessors"),
)


def tell_relations(tables: Tables, process: Process, gathering: Gathering) -> None:
    """Add everything that shows between rows and tables."""
    for name, key, kind, sentence in _ONE_ROW_EACH:
        if name in tables and key in tables[name]:
            known = tables[name][tables[name][key].notna()]
            gathering.add(name, kind, sentence, column=key, rows=known.index[known.duplicated(key, keep=False)])
    for name, column, home in _REFERENCES:
        if name in tables and home in tables and column in tables[name] and column in tables[home]:
            _tell_strangers(name, column, home, tables, gathering)
    if "ratings" in tables:
        _tell_rating_repeats(tables["ratings"], gathering)
        _tell_lone_ratings(tables["ratings"], process, gathering)
        _tell_order_of_events(tables, gathering)
    if "global_ratings" in tables:
        _tell_repeats(
            "global_ratings", tables["global_ratings"], ("candidate_id", "assessor_id"), "global rating twice",
            "One global rating a candidate and assessor was expected; there are several.", gathering,
        )  # fmt: skip
    if "benchmark" in tables:
        _tell_repeats(
            "benchmark", tables["benchmark"], ("video_id", "assessor_id", "value", "occasion"), "benchmark rating twice",
            "One rating a video, assessor, value and occasion was expected; there are several.", gathering,
        )  # fmt: skip
    if "interviews" in tables and "date" in tables["interviews"]:
        _tell_outside_window(tables, process, gathering)


def _tell_strangers(name: str, column: str, home: str, tables: Tables, gathering: Gathering) -> None:
    asked, known = tables[name][column], tables[home][column].cat.codes
    is_known = np.zeros(len(asked.cat.categories) + 1, dtype=bool)
    is_known[known[known >= 0]] = True
    is_known[-1] = True
    # An identifier that was told as misspelt would be told twice.
    misspelt = any(f.table == name and f.column == column and f.kind in MISSPELT for f in gathering.findings)
    rows = asked.index[~is_known[asked.cat.codes]].to_numpy()
    rows = np.setdiff1d(rows, gathering.troubled(name)) if misspelt else rows
    word = "candidate" if column == "candidate_id" else "assessor"
    article = "A" if word == "candidate" else "An"
    sentence = f"{article} {word} of the {home} table was expected; this one is not in it."
    gathering.add(name, f"{word} not in {home}", sentence, column=column, rows=rows)


def _tell_repeats(name: str, table: pd.DataFrame, key: tuple[str, ...], kind: str, sentence: str, gathering: Gathering) -> None:
    present = [column for column in key if column in table]
    gathering.add(name, kind, sentence, rows=table.index[table.duplicated(present, keep=False)])


def _tell_rating_repeats(ratings: pd.DataFrame, gathering: Gathering) -> None:
    if not {"candidate_id", "value", "kind"} <= set(ratings.columns):
        return
    known = ratings[ratings["candidate_id"].notna() & ratings["value"].notna()]
    agreed = known[known["kind"] == "agreed"]
    _tell_repeats(
        "ratings", agreed, ("candidate_id", "exercise", "value"), "two agreed scores",
        "One agreed score a candidate and value was expected; there are several. Keep the panel's; give assessors' own ratings their kind.",
        gathering,
    )  # fmt: skip
    own = known[known["kind"].isin(["independent", "revised"]) & known["assessor_id"].notna()]
    _tell_repeats(
        "ratings", own, ("candidate_id", "assessor_id", "exercise", "value", "kind"), "rating twice",
        "One rating of a kind from an assessor for a candidate and value was expected; there are several.", gathering,
    )  # fmt: skip


def _tell_lone_ratings(ratings: pd.DataFrame, process: Process, gathering: Gathering) -> None:
    if "kind" in ratings:
        nobody = ratings["kind"].isin(["independent", "revised"]) & ratings["assessor_id"].isna()
        sentence = "An assessor was expected beside an independent or revised rating; the cell is blank."
        gathering.add("ratings", "assessor missing", sentence, column="assessor_id", rows=ratings.index[nobody])
    if process.exercises and {"exercise", "value"} <= set(ratings.columns):
        matrix = {(e.name, v) for e in process.exercises for v in e.values}
        values, exercises = list(ratings["value"].cat.categories), list(ratings["exercise"].cat.categories)
        allowed = np.array([[(e, v) in matrix for v in [*values, None]] for e in [*exercises, None]])
        allowed[-1, :] = allowed[:, -1] = True
        rows = ratings.index[~allowed[ratings["exercise"].cat.codes, ratings["value"].cat.codes]]
        sentence = (
            "A value that the exercise measures was expected, by the assessment matrix of the definition; this one is not among them."
        )
        gathering.add("ratings", "value not measured by the exercise", sentence, column="exercise", rows=rows)


def _tell_order_of_events(tables: Tables, gathering: Gathering) -> None:
    """Independent ratings that were recorded when they could not be independent any more, or before the interview."""
    ratings = tables["ratings"]
    if not {"candidate_id", "value", "kind", "recorded_at"} <= set(ratings.columns):
        return
    dated = ratings[ratings["recorded_at"].notna() & ratings["candidate_id"].notna()]
    key = dated["candidate_id"].cat.codes.to_numpy(dtype=np.int64) * 1000 + dated["value"].cat.codes.to_numpy()
    if "exercise" in dated:
        key = key * 1000 + dated["exercise"].cat.codes.to_numpy()
    agreed = (dated["kind"] == "agreed").to_numpy()
    moments = dated["recorded_at"].to_numpy()
    first = pd.Series(moments[agreed], index=key[agreed]).groupby(level=0).min()
    after = first.reindex(key).to_numpy() < moments
    rows = dated.index[after & (dated["kind"] == "independent").to_numpy()]
    sentence = "An independent rating was expected before the agreed score; it was recorded after it and may not be independent."
    gathering.add("ratings", "independent rating after the agreed score", sentence, column="recorded_at", rows=rows, blocking=False)
    interviews = tables.get("interviews")
    if interviews is not None and {"candidate_id", "date"} <= set(interviews.columns):
        held = interviews.dropna(subset=["candidate_id", "date"]).drop_duplicates("candidate_id")
        day = np.full(len(ratings["candidate_id"].cat.categories), np.datetime64("NaT"), dtype="datetime64[us]")
        day[held["candidate_id"].cat.codes] = held["date"].dt.normalize().to_numpy()
        rows = dated.index[moments < day[dated["candidate_id"].cat.codes]]
        sentence = "A rating was expected on or after the day of the interview; it was recorded before. Look at both dates."
        gathering.add("ratings", "rating before the interview", sentence, column="recorded_at", rows=rows, blocking=False)


def _tell_outside_window(tables: Tables, process: Process, gathering: Gathering) -> None:
    interviews, dates = tables["interviews"], process.dates
    if "status" not in interviews:
        return
    held = interviews[(interviews["status"] == "completed") & interviews["date"].notna()]
    day = held["date"].dt.normalize()
    outside = pd.Series(False, index=held.index)
    swapped = day.where(day.dt.day <= 12)
    swapped = pd.to_datetime({"year": swapped.dt.year, "month": swapped.dt.day, "day": swapped.dt.month}, errors="coerce")
    inside = pd.Series(True, index=held.index)
    if dates.first_interview:
        outside |= day < pd.Timestamp(dates.first_interview)
        inside &= swapped >= pd.Timestamp(dates.first_interview)
    if dates.last_interview:
        outside |= day > pd.Timestamp(dates.last_interview)
        inside &= swapped <= pd.Timestamp(dates.last_interview)
    sentence = "A day between first_interview and last_interview of the definition was expected; this one lies outside."
    hint = " With day and month swapped it would lie inside: look at day_first in process.toml."
    gathering.add("interviews", "interview outside the window", sentence, column="date", rows=held.index[outside & ~inside])
    gathering.add("interviews", "interview outside the window", sentence + hint, column="date", rows=held.index[outside & inside])


def tell_likely_doubles(raw: Mapping[str, RawTable], gathering: Gathering) -> None:
    """Candidates under two identifiers who may be one person: the same address for mail, whatever the name says."""
    table = raw.get("candidates")
    if table is None or not {"candidate_id", "email"} <= set(table.frame.columns):
        return
    people = table.frame[["candidate_id", "email"]].dropna()
    codes, _ = pd.factorize(people["email"].astype("str").str.casefold())
    pairs = pd.DataFrame({"email": codes, "candidate": people["candidate_id"].cat.codes.to_numpy()}, index=people.index)
    doubles = pairs.groupby("email")["candidate"].transform("nunique") > 1
    sentence = "The same address for mail stands under several candidates: is this one person, perhaps after a change of name?"
    gathering.add("candidates", "possibly one person twice", sentence, column="email", rows=people.index[doubles], blocking=False)
