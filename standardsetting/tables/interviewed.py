"""Tables of who was interviewed, and of what was found in the data and done about it."""

from __future__ import annotations

import pandas as pd

from standardsetting.blind.scores import Account
from standardsetting.tables.table import Table

# How each recorded reason reads as a row of the flow.
REASONS = {
    "withdrawn": "Withdrew",
    "deferred": "Deferred",
    "did not attend": "Did not attend",
    "interview void": "Interview void",
}


def flow(account: Account) -> Table:
    """From applications to scores, one row a step; what was taken away has its reason."""
    rows: list[tuple[str, int, str]] = []
    if account.applied is not None:
        rows.append(("Candidates listed", account.applied, "stock"))
    rows.append(("Interviews arranged", account.interviews, "stock"))
    by_size = sorted(account.excepted.items(), key=lambda item: -item[1])
    rows += [(REASONS.get(reason, reason.capitalize()), number, "leaves") for reason, number in by_size if number]
    if account.incomplete:
        rows.append(("Interviewed, scores incomplete", account.incomplete, "leaves"))
    rows.append(("Interviewed and fully scored", account.scored, "stock"))
    words = {"stock": "in the process at this point", "leaves": "not scored"}
    data = pd.DataFrame([(label, number, words[what]) for label, number, what in rows], columns=["Step", "Candidates", "Meaning"])
    return Table("interviewed", "From interviews arranged to interviews scored, in candidates", data, ("text", "count", "text"))


def rows_read(account: Account) -> Table:
    """Every row that was read, and what became of it."""
    data = pd.DataFrame(list(account.rows), columns=["table", "read", "used", "excepted"])
    data = data.set_axis(["Table", "Rows read", "Rows used", "Rows set aside with a reason"], axis=1)
    return Table("rows-read", "Every row that was read, and what became of it", data, ("text", "count", "count", "count"))


def found_in_the_data(account: Account) -> Table:
    """What was found in the data and what was done about it."""
    data = pd.DataFrame(list(account.notes), columns=["table", "count", "sentence"])
    data = data.set_axis(["Table", "Rows", "What was found and what was done"], axis=1)
    return Table("found-in-the-data", "What was found in the data and what was done about it", data, ("text", "count", "text"))


def hidden() -> Table:
    """What is hidden from the pack, and who could see what."""
    rows = [
        ("Names, numbers, contact details, force", "Replaced by random codes", "The promotions team, in the named folder"),
        ("Protected characteristics and monitoring answers", "Not passed on", "Nobody who works on this pack"),
        ("Who the assessors are", "Replaced by random codes", "The promotions team"),
        ("Where and with which questions", "Not passed on", "The promotions team"),
        ("Which panel and which day", "A code, and a number counted from the first day", "The software that made this pack"),
        ("Notes and reasons for ratings", "Not passed on", "The promotions team"),
        ("Workshops and adjustments", "Not passed on", "The promotions team"),
        ("Ratings and value scores", "Passed on as they are", "The software; the panel sees counts, profiles and blind codes"),
    ]
    data = pd.DataFrame(rows, columns=["What", "In this pack", "Who can see it"])
    return Table("hidden", "What is hidden, and who could see what", data, ("text", "text", "text"))
