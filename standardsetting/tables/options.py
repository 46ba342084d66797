"""Tables of the options: what each total would mean, and what follows from it."""

from __future__ import annotations

import pandas as pd

from standardsetting.tables import rounding
from standardsetting.tables.table import Table


def options_table(table: pd.DataFrame, *, name: str = "options") -> Table:
    """One row a total: who meets the rule, who sits on the line, and (labelled as a consequence) posts left or lacking."""
    n = int(table["complete"].max())
    data = table[["cut", "met", "rate", "low", "high", "tied_at_cut", "moves_up", "moves_down"]].set_axis(
        [
            "Total needed",
            "Meet the rule",
            "Share",
            "Share: low",
            "Share: high",
            "Exactly on this total",
            "Fewer if one step higher",
            "More if one step lower",
        ],
        axis=1,
    )
    kinds: tuple[str, ...] = ("number", "count", "percent", "percent", "percent", "count", "count", "count")
    if (table["tied_at_cut"] == table["moves_up"]).all():
        data = data.drop(columns="Exactly on this total").rename(
            columns={"Fewer if one step higher": "Tied on this total: out if one step higher"}
        )
        kinds = (*kinds[:5], *kinds[6:])
    notes = [_interval(table), *table.attrs["notes"]]
    if table["vacancies"].fillna(0).gt(0).any():
        vacancies = rounding.of(int(table["vacancies"].iloc[0]), "vacancy", "vacancies")
        data[f"Consequence, not standard: met minus {vacancies}"] = table["met_minus_vacancies"]
        kinds = (*kinds, "count")
        notes.append(
            "The last column is a consequence of a standard and no reason for one: it plays no part in what a total says about performance."
        )
    caption = "What each total would mean: candidates who meet the whole rule"
    return Table(name, caption, data, kinds, tuple(notes), n=n)


def _interval(table: pd.DataFrame) -> str:
    confidence = rounding.percent(table.attrs["confidence"], 0)
    return (
        f"Low and high are the {confidence} {table.attrs['interval']} interval: the shares that candidates like these could show "
        f"in another intake, if nothing but chance differed. {_of_whom(table)}"
    )


def _of_whom(table: pd.DataFrame) -> str:
    n = int(table["complete"].max())
    return "No candidate has every score, so there is no share." if n == 0 else f"The share is of {rounding.with_every_score(n)}."


def not_met(table: pd.DataFrame) -> Table:
    """Why candidates do not meet the rule at each total; the three reasons do not overlap."""
    data = table[["cut", "met", "not_met_hurdle_only", "not_met_total_only", "not_met_both", "incomplete"]].set_axis(
        ["Total needed", "Meet the rule", "Missed a hurdle only", "Missed the total only", "Missed both", "Incomplete"], axis=1
    )
    kinds = ("number", "count", "count", "count", "count", "count")
    notes = ("Each candidate is counted once in each row. Incomplete is neither met nor not met.",)
    return Table("not-met", "Who meets the rule and who does not, by reason and total needed", data, kinds, notes)


def above_the_hurdles(turned: pd.DataFrame) -> Table:
    """Candidates who met every hurdle, and how many of them each total turns down."""
    data = turned[["cut", "met_every_hurdle", "met", "turned_down", "share"]].set_axis(
        ["Total needed", "Met every hurdle", "Of these, meet the total", "Of these, turned down by the total", "Share turned down"], axis=1
    )
    kinds = ("number", "count", "count", "count", "percent")
    caption = "What a total does to candidates who met every hurdle"
    n = int(turned["met_every_hurdle"].max())
    data = data if n else data.iloc[:0]  # nobody to turn down
    notes = (f"The share is of {rounding.the(n, 'candidate')} who met every hurdle.",) if n else ()
    return Table("above-the-hurdles", caption, data, kinds, notes, n=n)


def curve(table: pd.DataFrame) -> Table:
    """The share who meet the whole rule at each total, with its interval."""
    data = table[["cut", "met", "rate", "low", "high"]].set_axis(
        ["Total needed", "Meet the rule", "Share", "Share: low", "Share: high"], axis=1
    )
    kinds = ("number", "count", "percent", "percent", "percent")
    return Table(
        "options-curve",
        "Share who meet the whole rule, with its interval",
        data,
        kinds,
        (_interval(table),),
        n=int(table["complete"].max()),
    )


def every_option(table: pd.DataFrame) -> Table:
    """The options table in full, for the annex and the workbook."""
    headings = {
        "cut": "Total needed",
        "kind": "What decides",
        "met": "Met",
        "rate": "Share",
        "low": "Low",
        "high": "High",
        "not_met_hurdle_only": "Hurdle only",
        "not_met_total_only": "Total only",
        "not_met_both": "Both",
        "tied_at_cut": "Tied, met hurdles",
        "tied_all": "Tied, all",
        "moves_up": "Fewer one up",
        "moves_down": "More one down",
    }
    words = {"vacuous": "hurdles", "both decide": "both", "hurdles redundant": "total", "impossible": "nobody can"}
    data = table[list(headings)].assign(kind=table["kind"].map(words)).rename(columns=headings)
    kinds = ("number", "text", "count", "percent", "percent", "percent", *("count" for _ in range(7)))
    complete, incomplete = int(table["complete"].max()), int(table["incomplete"].max())
    cohort = f"Every row describes the same {rounding.of(complete, 'complete candidate')}; " if complete else "No candidate is complete; "
    cohort += f"{rounding.verb(incomplete, 'is', 'are')} incomplete." if incomplete else "none is incomplete."
    caption = "Every possible total: who meets the rule, who does not by reason, ties and moves"
    return Table("every-option", caption, data, kinds, (cohort, _interval(table), *table.attrs["notes"]), n=complete)
