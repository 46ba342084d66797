"""The blind copy of an open process: the same codes every night, made anew as a whole, and nothing in it that identifies."""

from __future__ import annotations

import csv
import stat
from pathlib import Path

import pandas as pd
import pytest

from standardsetting import BlindScores, Process
from standardsetting.errors import FindingsError, StageError
from standardsetting.named.preview import preview
from standardsetting.stages import OPEN_BLIND, OPEN_NAMED

RATED_FIRST = 6


def make(small_process, *, rated: int):
    """The small process with the ratings of the first candidates only; its last candidate withdrew."""
    whole = small_process.tables["ratings"]
    people = small_process.tables["interviews"]["candidate_id"]
    small_process.tables = {**small_process.tables, "ratings": whole[whole["candidate_id"].isin(people[:rated])]}
    small_process.write()
    small_process.tables["ratings"] = whole
    return small_process.folder


def look(folder: Path):
    return preview(Process.load(folder), folder)


def book(folder: Path) -> dict[tuple[str, str], str]:
    with (folder / OPEN_NAMED / "code_book.csv").open(encoding="utf-8", newline="") as stream:
        return {(row["kind"], row["identifier"]): row["code"] for row in csv.DictReader(stream)}


def test_only_rated_interviews_pass_and_what_is_outstanding_is_counted(small_process) -> None:
    folder = make(small_process, rated=RATED_FIRST)
    seen = look(folder)
    scores = BlindScores.read(seen.blind_folder)
    assert seen.candidates == len(scores.interviews) == RATED_FIRST
    account = scores.account
    assert (account.interviews, account.scored, sum(account.excepted.values())) == (12, RATED_FIRST, 1)
    assert account.closed_at == ""


def test_codes_stay_and_newcomers_get_codes_of_their_own(small_process) -> None:
    folder = make(small_process, rated=RATED_FIRST)
    look(folder)
    first = book(folder)
    make(small_process, rated=11)
    look(folder)
    second = book(folder)
    assert first.items() <= second.items()
    assert len(second) > len(first)
    assert len(set(second.values())) == len(second)
    scores = BlindScores.read(folder / OPEN_BLIND)
    assert set(scores.interviews["candidate"]) == {code for (kind, _), code in second.items() if kind == "candidate"}


def test_a_rating_taken_back_does_not_lose_the_code(small_process) -> None:
    folder = make(small_process, rated=11)
    look(folder)
    first = book(folder)
    make(small_process, rated=RATED_FIRST)
    look(folder)
    assert book(folder) == first
    assert len(BlindScores.read(folder / OPEN_BLIND).interviews) == RATED_FIRST


def test_a_night_on_which_nothing_was_added_has_the_same_seal(small_process) -> None:
    folder = make(small_process, rated=RATED_FIRST)
    seals = [BlindScores.read(look(folder).blind_folder).seal for _ in range(2)]
    assert seals[0] == seals[1]


def test_the_code_book_is_for_its_owner_alone(small_process) -> None:
    folder = make(small_process, rated=RATED_FIRST)
    for _ in range(2):
        look(folder)
        assert stat.S_IMODE((folder / OPEN_NAMED / "code_book.csv").stat().st_mode) == 0o600
        assert stat.S_IMODE((folder / OPEN_NAMED).stat().st_mode) == 0o700


def test_nothing_that_identifies_is_in_the_blind_copy(small_process) -> None:
    folder = make(small_process, rated=RATED_FIRST)
    look(folder)
    blind = b" ".join(file.read_bytes() for file in (folder / OPEN_BLIND).iterdir()).decode("latin-1").casefold()
    assert not [canary for canary in small_process.canaries() if canary in blind]
    named = (folder / OPEN_NAMED / "code_book.csv").read_text().casefold()
    assert any(canary in named for canary in small_process.canaries())


def test_a_look_that_fails_leaves_the_last_one_in_place(small_process, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make(small_process, rated=RATED_FIRST)
    look(folder)
    seal, codes = BlindScores.read(folder / OPEN_BLIND).seal, book(folder)

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("the disk is full")

    make(small_process, rated=11)
    monkeypatch.setattr(pd.DataFrame, "to_parquet", fail)
    with pytest.raises(RuntimeError):
        look(folder)
    assert BlindScores.read(folder / OPEN_BLIND).seal == seal
    assert book(folder) == codes
    assert not list((folder / "open").rglob(".*"))


def test_what_an_interrupted_look_left_is_swept(small_process) -> None:
    folder = make(small_process, rated=RATED_FIRST)
    left = folder / "open" / ".blind-1"
    left.mkdir(parents=True)
    look(folder)
    assert not left.exists()


def test_without_ratings_there_is_nothing_to_look_at(small_process) -> None:
    folder = make(small_process, rated=0)
    with pytest.raises((StageError, FindingsError)):
        look(folder)
    assert not (folder / OPEN_BLIND).exists()
