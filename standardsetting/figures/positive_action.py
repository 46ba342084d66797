"""Pictures of the positive-action release, drawn from released numbers alone: no coordinate says more than the table below it."""

from __future__ import annotations

import re
import textwrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from standardsetting.disclosure.release import Release
from standardsetting.figures.cohort import _apart
from standardsetting.figures.figure import BLUE, GREY, LIGHT, ORANGE, QUIET, Figure, drawing
from standardsetting.prose import positive_action as prose
from standardsetting.tables import positive_action
from standardsetting.tables.table import Table

_IN_100 = "in 100 people"


def reach(release: Release) -> Figure | Table:
    """How many people were left at each step, a line a group; a step that may not be told is left out. With none told, the table."""
    rows = release["reach"].table
    steps = list(rows["step"].drop_duplicates())
    rows = rows.assign(n=pd.to_numeric(rows["shown"].str.replace(",", ""), errors="coerce"), at=rows["step"].map(steps.index))
    told = rows.dropna(subset=["n"])
    if told.empty:
        return positive_action.reach(release)
    order = ["everybody", *(group for group in told["group"].drop_duplicates() if group != "everybody")]
    with drawing(7.5) as figure:
        axes = figure.subplots()
        figure.subplots_adjust(left=0.22, right=0.97, top=0.94, bottom=0.2)
        starts = []
        for group, colour, mark in zip(order, (QUIET, BLUE, ORANGE, LIGHT), "oDs^", strict=False):
            mine = told[told["group"] == group]
            axes.plot(mine["at"], mine["n"], mark + "-", color=colour, linewidth=1.4, markersize=5)
            for at, n, text in zip(mine["at"], mine["n"], mine["shown"], strict=True):
                axes.annotate(text, (at, n), xytext=(0, 6), textcoords="offset points", ha="center", fontsize=7.5)
            starts.append((float(mine["n"].iloc[0]), textwrap.fill(_line(group), 22)))
        lines = max(label.count("\n") for _, label in starts) + 1
        for height, label in _apart(starts, 0.07 * lines * float(told["n"].max())):
            axes.annotate(label, (0, height), xytext=(-12, 0), textcoords="offset points", ha="right", va="center", fontsize=7.5)
        axes.set_xticks(range(len(steps)), [step.replace(" ", "\n", 1) for step in steps], fontsize=7.5)
        axes.set_yticks([])
        axes.set(ylim=(0, 1.15 * float(told["n"].max())), xlim=(-0.2, len(steps) - 0.8))
        axes.spines["left"].set_visible(False)
    title = prose.chart_title(release, "reach")
    each = [
        f"{_line(str(group))}: {', '.join(f'{step} {shown}' for step, shown in zip(mine['step'], mine['shown'], strict=True))}"
        for group, mine in told.groupby("group", sort=False)
    ]
    alt = f"{title} ({'; '.join(each)}; a step that is left out may not be told)."
    return Figure("reach", title, "People, from the counts as shown", alt, figure, positive_action.reach(release))


def _line(group: str) -> str:
    """The name of a line beside the picture; what its group excludes stands in the table."""
    return re.sub(r" \([^)]*\)", "", group)


def before_after(release: Release) -> Figure | None:
    """The share that met the standard in each process: those to whom workshops are open, and everybody else; a panel a comparison."""
    rows = release["before_after"].table
    if rows.empty:
        return None
    whose = list(rows["who"].drop_duplicates())
    shares = rows[["rate", "reference_rate"]].astype(float)
    bottom, top = 10 * np.floor((shares.min().min() - 6) / 10), 10 * np.ceil((shares.max().max() + 6) / 10)
    height = 1.4 + 5.2 * len(whose)
    with drawing(height) as figure:
        panels = figure.subplots(len(whose), 1, squeeze=False).ravel()
        figure.subplots_adjust(left=0.1, right=0.74, top=1 - 0.8 / height, bottom=1.3 / height, hspace=0.5)
        for axes, who in zip(panels, whose, strict=True):
            mine = rows[rows["who"] == who].reset_index(drop=True)
            _two_lines(axes, mine, who, gap=0.08 * float(top - bottom))
            axes.set_xticks(range(len(mine)), [textwrap.fill(str(label), 16) for label in mine["process"]], fontsize=7.5)
            axes.set(ylim=(bottom, top), xlim=(-0.3, len(mine) - 0.7), ylabel="Per cent")
            axes.set_yticks(np.arange(bottom, top + 1, 10))
    title = prose.chart_title(release, "before_after")
    alt = f"{title} ({'; '.join(_told(who, rows[rows['who'] == who]) for who in whose)})."
    unit = "Per cent of those interviewed who met the standard, from the rounded counts of each process's release"
    return Figure("before-after", title, unit, alt, figure, positive_action.before_after(release))


def _two_lines(axes: Axes, mine: pd.DataFrame, who: str, *, gap: float) -> None:
    """Both lines with their values and names, and where workshops began."""
    ends = []
    above = mine["rate"] >= mine["reference_rate"]
    for name, label, colour, mark, up in (("reference_rate", "everybody else", QUIET, "o", ~above), ("rate", who, BLUE, "D", above)):
        axes.plot(mine.index, mine[name].astype(float), mark + "-", color=colour, linewidth=1.4, markersize=5)
        for at, (value, higher) in enumerate(zip(mine[name], up, strict=True)):
            axes.annotate(
                f"{value:.0f}%", (at, float(value)), xytext=(0, 6 if higher else -6), textcoords="offset points", ha="center",
                va="bottom" if higher else "top", fontsize=7.5,
            )  # fmt: skip
        ends.append((float(mine[name].iloc[-1]), textwrap.fill(label, 22)))
    for height, label in _apart(ends, gap):
        axes.annotate(label, (1.02, height), xycoords=("axes fraction", "data"), va="center", fontsize=7.5, annotation_clip=False)
    without = int((mine["workshops"] == "no").sum())
    if 0 < without < len(mine):
        axes.axvline(without - 0.5, color=GREY, linewidth=0.8, linestyle=(0, (4, 3)))
        axes.annotate("workshops →", (without - 0.46, 1.0), xycoords=("data", "axes fraction"), va="bottom", fontsize=7.5)


def _told(who: str, mine: pd.DataFrame) -> str:
    each = [
        f"{row['process']} ({'with' if row['workshops'] == 'yes' else 'without'} workshops) {row['rate']}% and {row['reference_rate']}%"
        for row in mine.to_dict("records")
    ]
    return f"{who} and everybody else, who met the standard: {', '.join(each)}"


def balance(release: Release) -> Figure | None:
    """Standardised differences before and after weighting, with lines at a tenth of a standard deviation."""
    rows = release["balance"].table
    if rows.empty:
        return None
    at, height = np.arange(len(rows)), 2.0 + 0.62 * len(rows)
    most = max(0.3, float(rows[["before", "after"]].abs().to_numpy(dtype=float).max()) + 0.05)
    with drawing(height) as figure:
        axes = figure.subplots()
        figure.subplots_adjust(left=0.28, right=0.96, top=1 - 0.7 / height, bottom=1.1 / height)
        # The lines end below the names of the marks.
        foot = len(rows) - 0.5
        axes.vlines((-0.1, 0.1), -0.4, foot, color=GREY, linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)
        axes.vlines(0, -0.4, foot, color=QUIET, linewidth=0.8, zorder=1)
        for name, colour, mark, filled in (("before", ORANGE, "D", False), ("after", BLUE, "o", True)):
            face, edge = (colour, "white") if filled else ("white", colour)
            axes.plot(
                rows[name].astype(float), at, mark, markersize=8 if filled else 6, markerfacecolor=face, markeredgecolor=edge,
                markeredgewidth=1.4, zorder=3,
            )  # fmt: skip
            # Above the first two marks; where these are close, the names lean away from each other.
            here, there = (float(rows[each].iloc[0]) for each in (name, "after" if name == "before" else "before"))
            side = "center" if abs(here - there) > most / 4 else "left" if here > there else "right"
            axes.annotate(name, (here, 0), xytext=(0, 9), textcoords="offset points", ha=side, fontsize=7.5)
        axes.set_yticks(at, list(rows["covariate"]), fontsize=7.5)
        ticks = [tick / 10 for tick in range(-int(most * 10), int(most * 10) + 1)]
        axes.set_xticks(ticks, [f"{tick:.1f}".replace("-", "−") for tick in ticks], fontsize=7.5)
        axes.set(xlim=(-most, most), ylim=(len(rows) - 0.5, -0.7), xlabel="Attenders less others, in standard deviations; dashed: 0.1")
        axes.spines["left"].set_visible(False)
    title = prose.chart_title(release, "balance")
    each = [f"{row['covariate']} {row['before']:.2f} before and {row['after']:.2f} after" for row in rows.to_dict("records")]
    alt = f"{title} ({'; '.join(each)}).".replace("-", "−")
    return Figure("balance", title, "Average of attenders less that of the others", alt, figure, positive_action.balance(release))


def effects(release: Release) -> Figure | None:
    """The comparisons of shares with their intervals."""
    rows = release["effects"].table
    rows = rows[rows["estimate"].notna() & rows["low"].notna() & rows["high"].notna() & (rows["unit"] == _IN_100)]
    if rows.empty:
        return None
    at, height = np.arange(len(rows)), 1.7 + 0.72 * len(rows)
    ends = [int(10 * np.floor(min(0, rows["low"].min()) / 10)), int(10 * np.ceil(max(0, rows["high"].max()) / 10))]
    with drawing(height) as figure:
        axes = figure.subplots()
        figure.subplots_adjust(left=0.36, right=0.96, top=1 - 0.3 / height, bottom=1.1 / height)
        axes.axvline(0, color=QUIET, linewidth=0.8, zorder=1)
        axes.hlines(at, rows["low"].astype(float), rows["high"].astype(float), color=BLUE, linewidth=1.5)
        axes.plot(rows["estimate"].astype(float), at, "o", color=BLUE, markersize=5, zorder=3)
        axes.set_yticks(at, [question.replace(": ", ":\n") for question in rows["question"]], fontsize=7.5)
        axes.set_xticks(range(ends[0], ends[1] + 1, 10), [str(tick).replace("-", "−") for tick in range(ends[0], ends[1] + 1, 10)])
        axes.set(xlim=ends, ylim=(len(rows) - 0.4, -0.6), xlabel="Fewer (−) or more in 100 people who met the standard")
        axes.spines["left"].set_visible(False)
    title = prose.chart_title(release, "effects")
    told = [text.partition(" The interval includes")[0].rstrip(".").replace(". ", "; ") for text in rows["sentence"]]
    alt = f"{title} ({'; '.join(told)})."
    return Figure("effects", title, "Difference in 100 people, with its 95% interval", alt, figure, positive_action.effects(release))
