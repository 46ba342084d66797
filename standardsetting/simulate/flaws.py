"""Errors planted in an export on purpose, each one written down, so that a check can be held against the list."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from standardsetting.simulate.settings import stream

# What is put into the cell of a sound row, and what a check should call it. None is a blank cell.
_RATINGS = (
    ("rating", "7", "rating off the scale"),
    ("rating", "0", "zero off the scale"),
    ("rating", "03-Apr", "date where a rating was expected"),
    ("rating", "three", "rating is not a number"),
    ("rating", None, "blank rating"),
    ("value", "Leadership", "unknown value"),
    ("candidate_id", "", "leading zeros lost"),
    ("assessor_id", "ASR999999", "assessor not in assessors"),
    ("kind", "final", "unknown kind"),
)
_OTHERS = (
    ("interviews", "status", "attnded", "unknown status"),
    ("interviews", "date", "31/09/2023", "date not understood"),
    ("interviews", "date", "06/09/2032", "interview outside the window"),
    ("exceptions", "reason", "no reason given", "unknown reason"),
    ("monitoring", "monitoring_key", None, "blank cell"),
    ("benchmark", "rating", "9", "rating off the scale"),
)


def plant(exported: Mapping[str, pd.DataFrame], *, seed: int) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Plant one or a few errors of each kind; returns the tables and the list: table, row (as a spreadsheet counts), column, kind.

    An agreed score that is missing shows in the row of its interview; of two rows for the same thing the second is listed.
    """
    tables = {name: table.reset_index(drop=True) for name, table in exported.items()}
    draw = stream(seed, "flaws")
    planted = _lose_agreed_scores(tables, draw)
    planted += _spoil_ratings(tables, draw)
    planted += _spoil_others(tables, draw, taken={row for table, row, _, _ in planted if table == "interviews"})
    planted += _repeat_rows(tables, draw, taken={row for table, row, _, _ in planted if table == "ratings"})
    listed = pd.DataFrame(planted, columns=["table", "row", "column", "kind"])
    return tables, listed.sort_values(["table", "row", "column"], kind="stable", ignore_index=True)


_Planted = list[tuple[str, int, str, str]]


def _sheet_row(position: int) -> int:
    """The row a spreadsheet shows: the header is row 1."""
    return position + 2


def _lose_agreed_scores(tables: dict[str, pd.DataFrame], draw: np.random.Generator) -> _Planted:
    ratings, interviews = tables["ratings"], tables["interviews"]
    agreed = np.flatnonzero(ratings["kind"] == "agreed")
    lost = draw.choice(agreed, size=min(2, len(agreed)), replace=False)
    whose = interviews["candidate_id"].isin(ratings["candidate_id"].iloc[lost])
    tables["ratings"] = ratings.drop(index=lost.tolist()).reset_index(drop=True)
    return [("interviews", _sheet_row(place), "", "agreed score missing") for place in np.flatnonzero(whose).tolist()]


def _spoil_ratings(tables: dict[str, pd.DataFrame], draw: np.random.Generator) -> _Planted:
    ratings, planted = tables["ratings"], []
    # Interviews apart from each other, so that no error hides another.
    own = ratings[ratings["kind"] == "independent"].drop_duplicates("candidate_id").index.to_numpy()
    rows = np.sort(draw.choice(own, size=min(len(_RATINGS), len(own)), replace=False)).tolist()
    for (column, cell, kind), row in zip(_RATINGS, rows, strict=False):
        stripped = str(ratings.loc[row, column]).lstrip("0")
        ratings.loc[row, column] = stripped if kind == "leading zeros lost" else cell
        planted.append(("ratings", _sheet_row(row), column, kind))
    return planted


def _spoil_others(tables: dict[str, pd.DataFrame], draw: np.random.Generator, *, taken: set[int]) -> _Planted:
    planted = []
    for table, column, cell, kind in _OTHERS:
        frame = tables[table]
        rows = np.flatnonzero(frame["status"] == "completed") if table == "interviews" else np.arange(len(frame))
        free = [row for row in rows.tolist() if table != "interviews" or _sheet_row(row) not in taken]
        if free:
            row = free[int(draw.integers(0, len(free)))]
            frame.loc[row, column] = cell
            planted.append((table, _sheet_row(row), column, kind))
            taken |= {_sheet_row(row)} if table == "interviews" else set()
    return planted


def _repeat_rows(tables: dict[str, pd.DataFrame], draw: np.random.Generator, *, taken: set[int]) -> _Planted:
    """A candidate entered twice (under a new surname), and a rating entered twice with two different scores."""
    candidates, ratings = tables["candidates"], tables["ratings"]
    place = int(draw.integers(0, len(candidates)))
    twin = candidates.iloc[[place]].copy()
    twin["name"] = twin["name"].str.split(" ").str[0] + " Hathaway"
    tables["candidates"] = pd.concat([candidates, twin], ignore_index=True)
    sound = [row for row in np.flatnonzero(ratings["kind"] == "independent").tolist() if _sheet_row(row) not in taken]
    chosen = sound[int(draw.integers(0, len(sound)))]
    again = ratings.iloc[[chosen]].copy()
    again["rating"] = "2" if str(ratings.loc[chosen, "rating"]) != "2" else "3"
    tables["ratings"] = pd.concat([ratings, again], ignore_index=True)
    return [
        ("candidates", _sheet_row(len(candidates)), "candidate_id", "candidate twice"),
        ("ratings", _sheet_row(len(ratings)), "", "rating twice"),
    ]
