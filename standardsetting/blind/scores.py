"""Blind scores: what the standard-setting work may know. Codes, ratings, panels, days; no names, no numbers, no groups.

Only the door (`standardsetting.firewall`) writes a blind folder. `BlindScores.read` opens one, checks its seal and its columns against the
allow-list, and refuses anything else.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from standardsetting.blind.value_scores import score_points, value_scores
from standardsetting.errors import DisclosureError
from standardsetting.process import Process
from standardsetting.rule import DecisionRule
from standardsetting.sealed import SEAL, file_digest, unseal

RATINGS, INTERVIEWS, DEFINITION, ACCOUNT = "ratings.parquet", "interviews.parquet", "definition.json", "account.json"
RATING_COLUMNS = ("candidate", "assessor", "exercise", "value", "rating", "kind")
INTERVIEW_COLUMNS = ("candidate", "panel", "day", "complete")
KINDS = ("independent", "revised", "agreed")
# Ratings of the benchmark videos pass where a process has them; its blind folder has no such file otherwise.
BENCHMARK = "benchmark.parquet"
BENCHMARK_COLUMNS = ("video", "assessor", "value", "rating", "occasion")
OCCASIONS = ("before", "after", "reference")


@dataclass(frozen=True)
class Account:
    """What became of every interview and every row, as counts: nothing here points at a person.

    Attributes
    ----------
    applied
        Rows of the candidates table, or None where the process has none.
    interviews
        Rows of the interviews table.
    scored
        Interviews with every rating the rule needs.
    incomplete
        Interviews with a recorded exception for ratings that cannot be recovered; these candidates stay in the cohort.
    excepted
        Interviews that will not be scored, by reason.
    single_assessor
        Interviews that one assessor alone rated independently.
    rows
        One record a table: `table`, `read`, `used`, `excepted`.
    notes
        Data findings that did not stop the closing: `table`, `kind`, `count`, `sentence`.
    closed_at
        When the interviews were closed, ISO 8601 with offset.
    """

    applied: int | None
    interviews: int
    scored: int
    incomplete: int
    excepted: dict[str, int]
    single_assessor: int
    rows: tuple[dict[str, Any], ...]
    notes: tuple[dict[str, Any], ...]
    closed_at: str


@dataclass(frozen=True)
class BlindScores:
    """The anonymised scores of one process, as they came through the door.

    Attributes
    ----------
    ratings
        One row a rating: `candidate`, `assessor`, `exercise`, `value`, `rating`, `kind` (independent, revised, agreed; an agreed score
        has no assessor), with the `panel` and the window `day` of the candidate's interview. Sorted by code.
    interviews
        One row a candidate: `candidate`, `panel`, `day` (1 is the first day of the window), `complete` (whether every rating that the
        rule needs was there; where not, an exception allows it).
    process
        The definition, without its sources.
    account
        Interviews and rows as counts.
    seal
        SHA-256 over the contents of the blind folder.
    benchmark
        One row a rating of a benchmark video: `video`, `assessor` (the same codes as in the ratings), `value`, `rating`, `occasion`
        (before, after; a reference score has no assessor). Empty where the process has none.
    """

    ratings: pd.DataFrame
    interviews: pd.DataFrame
    process: Process
    account: Account
    seal: str
    benchmark: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(BENCHMARK_COLUMNS)))

    def __post_init__(self) -> None:
        _allow(self.ratings, (*RATING_COLUMNS, "panel", "day"))
        _allow(self.interviews, INTERVIEW_COLUMNS)
        _allow(self.benchmark, BENCHMARK_COLUMNS)

    @classmethod
    def read(cls, folder: str | Path) -> BlindScores:
        """Open a blind folder.

        Raises
        ------
        StageError
            There is no blind folder: the interviews are not closed.
        DisclosureError
            The folder's content does not match its seal, or holds a column that is not on the allow-list.
        """
        folder = Path(folder)
        sealed = unseal(
            folder,
            needed=(RATINGS, INTERVIEWS, DEFINITION, ACCOUNT),
            what="blind folder",
            how_to_get="Close the interviews first: standardsetting close",
        )
        ratings = pd.read_parquet(folder / RATINGS)
        interviews = pd.read_parquet(folder / INTERVIEWS)
        benchmark = pd.read_parquet(folder / BENCHMARK) if BENCHMARK in sealed else pd.DataFrame(columns=list(BENCHMARK_COLUMNS))
        account = json.loads((folder / ACCOUNT).read_text(encoding="utf-8"))
        account["rows"], account["notes"] = tuple(account["rows"]), tuple(account["notes"])
        return cls(
            ratings=ratings.merge(interviews.drop(columns="complete"), on="candidate", how="left", validate="many_to_one"),
            interviews=interviews,
            process=Process.from_mapping(json.loads((folder / DEFINITION).read_text(encoding="utf-8")), name=DEFINITION),
            account=Account(**account),
            seal=file_digest(folder / SEAL),
            benchmark=benchmark,
        )

    @cached_property
    def value_scores(self) -> pd.DataFrame:
        """The score that counts for each candidate and value: one row a candidate (its code is the index), one column a value.

        A rating that is missing altogether, with its assessor, leaves no trace among the ratings. Whoever lacks one and still seems to
        have every score gets none, so that nobody incomplete is decided on part of the evidence.
        """
        scores = value_scores(self.ratings, self.process, candidates=self.interviews["candidate"])
        complete = self.interviews.set_index("candidate")["complete"].reindex(scores.index).astype(bool)
        return scores.mask(~complete & scores.notna().all(axis=1))

    @property
    def rule(self) -> DecisionRule:
        """The decision rule with no cut yet, and for each value the scores that its panels can arrive at.

        Which these are follows from the definition and from how many assessors rated, never from the ratings they gave.
        """
        bare = self.process.decision_rule()
        return DecisionRule(bare.hurdles, weights=bare.weights, scale=bare.scale, points=self.score_points)

    @cached_property
    def score_points(self) -> dict[str, tuple[Fraction, ...]]:
        """The scores that each value can have: the points of the scale, and where scores are unrounded means or medians, those between."""
        return score_points(self.ratings, self.process)


def _allow(table: pd.DataFrame, columns: tuple[str, ...]) -> None:
    strangers = [position for position, column in enumerate(table.columns, start=1) if column not in columns]
    if strangers:
        where = ", ".join(str(position) for position in strangers)
        raise DisclosureError(
            f"A blind table holds {len(strangers)} columns that are not on the allow-list (position {where}).",
            next_step="Nothing was used. Close again through the door, which takes listed columns only.",
        )
