"""Tables of the positive-action release that have a form of their own; the others are `tables.cohort.released`."""

from __future__ import annotations

import pandas as pd

from standardsetting.disclosure.release import Release
from standardsetting.tables.table import Table


def legal_file(release: Release) -> Table:
    """What the legal file says, part by part."""
    data = release["legal_file"].table.rename(columns={"item": "Part of the file", "content": "What it says"})
    return Table("legal-file", "The legal file of the workshops.", data, ("text", "text"))


def balance(release: Release) -> Table:
    """How far attenders and others were apart on each fact, before and after weighting."""
    rows = release["balance"].table
    data = pd.DataFrame(
        {"Fixed before the invitations": rows["covariate"], "Before weighting": rows["before"], "After weighting": rows["after"]}
    )
    caption = "Average of attenders less that of the others, in standard deviations: the nearer to nought, the more alike."
    return Table("balance", caption, data, ("text", "number", "number"), places=dict.fromkeys(data.columns[1:], 2))


def reach(release: Release) -> Table:
    """A row a group and a column a step: people, and the share of those to whom a workshop was open."""
    rows = release["reach"].table
    steps = list(rows["step"].drop_duplicates())
    cells = rows.assign(cell=[_cell(*each) for each in zip(rows["shown"], rows["share"], strict=True)])
    wide = cells.pivot(index="group", columns="step", values="cell").reindex(index=rows["group"].drop_duplicates(), columns=steps)
    data = wide.rename_axis(columns=None).rename_axis("Group").reset_index()
    notes = tuple(text for text in release["reach"].sentences if text.startswith("["))
    caption = "People at each step, rounded, and in brackets the whole per cent of those to whom a workshop was open."
    return Table("reach", caption, data, ("text",) * data.shape[1], notes=notes)


def design(release: Release) -> Table:
    """What the design can show, and what has to hold."""
    data = release["design"].table.rename(columns={"item": "Point", "content": "What holds here"})
    return Table("design", "How the workshops were offered, and what can be known from it.", data, ("text", "text"))


def before_after(release: Release) -> Table:
    """A row a process: the share that met the standard of those to whom workshops were open, that of everybody else, and the gap."""
    rows = release["before_after"].table
    shares = [("rate", "people", "Open to them"), ("reference_rate", "others", "Everybody else")]
    data = pd.DataFrame(
        {
            "Process": rows["process"],
            **({"Whose gap": rows["who"]} if rows["who"].nunique() > 1 else {}),
            "With workshops": rows["workshops"],
            **{head: [f"{a}% of {n:,}" for a, n in zip(rows[rate], rows[people], strict=True)] for rate, people, head in shares},
            "Gap in points": [_signed(gap) for gap in rows["gap"]],
            "95% interval of the gap": [_interval(low, high) for low, high in zip(rows["low"], rows["high"], strict=True)],
        }
    )
    caption = "Share of those interviewed who met the standard, from the rounded counts of each process's release."
    return Table("before-after", caption, data, ("text",) * data.shape[1])


def next_trial(release: Release) -> Table:
    """How many people a lottery needs, by what it is to show; what is taken for granted stands under it, in a workbook too."""
    rows = release["next_trial"].table
    data = pd.DataFrame(
        {
            "To show an effect of": rows["effect_of"],
            "More in 100 who meet the standard": rows["difference"],
            "People needed": rows["people"],
        }
    )
    caption = "People that a lottery needs, half of them offered a place now and half later."
    notes = (release["next_trial"].method,) if release["next_trial"].method else ()
    return Table("next-trial", caption, data, ("text", "count", "count"), notes=notes, missing="too many")


def effects(release: Release) -> Table:
    """Each comparison with its interval."""
    rows = release["effects"].table
    shown = rows[rows["estimate"].notna()].reset_index(drop=True)
    data = pd.DataFrame(
        {
            "Comparison": shown["question"],
            "Outcome": shown["outcome"],
            "Difference": [_signed(value) for value in shown["estimate"]],
            "95% interval": [_interval(low, high) for low, high in zip(shown["low"], shown["high"], strict=True)],
            "Unit": shown["unit"],
        }
    )
    caption = (
        "Differences with 95% intervals, in whole points; a plus is in favour of whoever attended, was offered a place or had workshops "
        "open to them."
    )
    return Table("effects", caption, data, ("text",) * data.shape[1])


def _interval(low: float, high: float) -> str:
    return "no end" if pd.isna(low) or pd.isna(high) else f"{_signed(low)} to {_signed(high)}"


def _signed(number: float) -> str:
    return f"{number:+.0f}".replace("-", "−") if number else "0"


def _cell(shown: str, share: float | None) -> str:
    return shown if pd.isna(share) else f"{shown} ({share:.0f}%)"
