"""Invented people: names, addresses, telephone numbers that nobody has, and the forces they might come from.

First names and surnames are drawn independently of each other and of every characteristic.
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import numpy as np
import pandas as pd

FIRST_NAMES = tuple((Path(__file__).parent / "first_names.txt").read_text(encoding="utf-8").split())
SURNAMES = tuple((Path(__file__).parent / "surnames.txt").read_text(encoding="utf-8").split())
# People have these names too, and the pack has the words: a search for names in a report has to tell them apart.
AWKWARD = (
    ("Mark", "Page"),
    ("May", "Day"),
    ("Will", "Price"),
    ("Grace", "Cutts"),
    ("Courage", "Standard"),
    ("Rose", "Total"),
    ("Rich", "Rule"),
)

FORCES = (
    "Avon and Somerset", "Bedfordshire", "British Transport Police", "Cambridgeshire", "Cheshire", "City of London",
    "Cleveland", "Cumbria", "Derbyshire", "Devon and Cornwall", "Dorset", "Durham", "Dyfed-Powys", "Essex",
    "Gloucestershire", "Greater Manchester", "Gwent", "Hampshire and Isle of Wight", "Hertfordshire", "Humberside",
    "Kent", "Lancashire", "Leicestershire", "Lincolnshire", "Merseyside", "Metropolitan", "Norfolk", "North Wales",
    "North Yorkshire", "Northamptonshire", "Northumbria", "Nottinghamshire", "South Wales", "South Yorkshire",
    "Staffordshire", "Suffolk", "Surrey", "Sussex", "Thames Valley", "Warwickshire", "West Mercia", "West Midlands",
    "West Yorkshire", "Wiltshire",
)  # fmt: skip


def draw_names(n: int, draw: np.random.Generator, *, awkward: int = 0) -> np.ndarray:
    """Full names, each one once: a middle initial joins in only where first name and surname alone would not be enough.

    Examples
    --------
    >>> len(set(draw_names(100, np.random.default_rng(1))))
    100
    """
    pairs = len(FIRST_NAMES) * len(SURNAMES)
    initials = ["", *(f" {letter}" for letter in "ABCDEFGHJKLMNPRSTW")]
    rounds = min(len(initials), -(-2 * n // pairs))
    spare = np.argsort(draw.random(pairs * rounds), kind="stable")
    # A cohort larger than the stock of names repeats some of them, as large cohorts do.
    initial, pair = np.divmod(spare[np.arange(n) % len(spare)], pairs)
    first, last = np.divmod(pair, len(SURNAMES))
    first_names = np.array(FIRST_NAMES, dtype=object)[first]
    names = first_names + np.array(initials, dtype=object)[initial] + " " + np.array(SURNAMES, dtype=object)[last]
    for row in range(min(awkward, n)):
        names[row] = " ".join(AWKWARD[row % len(AWKWARD)])
    return names


def emails(names: np.ndarray) -> np.ndarray:
    """An address at example.org for each name; people of the same name get a number."""
    plain = [unicodedata.normalize("NFKD", name.replace("ł", "l")).encode("ascii", "ignore").decode().lower() for name in names]
    local = pd.Series([".".join(re.findall(r"[a-z-]+", name.replace("'", ""))) for name in plain], dtype=object)
    again = local.groupby(local).cumcount().to_numpy()
    return np.array([f"{part}{count + 1 if count else ''}@example.org" for part, count in zip(local, again, strict=True)], dtype=object)


def telephones(n: int, draw: np.random.Generator) -> np.ndarray:
    """Mobile numbers from the range that is set aside for fiction: 07700 900000 to 07700 900999."""
    stock = np.array([f"07700 900{number:03d}" for number in range(1000)], dtype=object)
    return stock[draw.integers(0, 1000, n)]


def draw_forces(n: int, draw: np.random.Generator) -> np.ndarray:
    """A Home Office force or British Transport Police for each candidate; a few forces send many candidates and most send few."""
    weight = 1 / (1 + np.arange(len(FORCES)) * 7 % len(FORCES))
    edges = np.cumsum(weight) / weight.sum()
    return np.array(FORCES, dtype=object)[np.searchsorted(edges, draw.random(n))]
