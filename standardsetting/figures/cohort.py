"""Pictures of a release about groups, drawn from released numbers alone: no coordinate says more than the table below it."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.ticker import MultipleLocator, NullLocator

from standardsetting.cohort.verdict import GAPS, Verdict
from standardsetting.cohort.waiting import in_weeks, weeks_of
from standardsetting.cohort.words import those_who
from standardsetting.disclosure.release import Release
from standardsetting.figures.figure import BLUE, GREY, LIGHT, ORANGE, QUIET, Figure, drawing
from standardsetting.tables import cohort as tables
from standardsetting.tables.rounding import of

_MOST_LINES, _MOST_PANELS = 4, 5
_LINES = (0.8, 1.0, 1.25)


def forest(release: Release) -> Figure | None:
    """The declared comparisons: impact ratios with intervals, verdicts at the right; a group without counts keeps its line."""
    rows = release["comparisons"].table
    rows = rows[rows["family"] == "declared"].reset_index(drop=True)
    if rows.empty:
        return None
    height = 2.2 + 0.8 * len(rows)
    with drawing(height) as figure:
        axes = figure.subplots()
        figure.subplots_adjust(left=0.36, right=0.72, top=1 - 0.3 / height, bottom=1.3 / height)
        at = np.arange(len(rows))
        for line in _LINES:
            axes.axvline(line, color=QUIET if line == 1 else GREY, linewidth=0.8, linestyle="-" if line == 1 else (0, (4, 3)))
        shown = rows["ratio"].notna().to_numpy(dtype=bool)
        low, high = (rows[end].astype(float).clip(0.2, 5).fillna(5 if end == "ratio_high" else 0.2) for end in ("ratio_low", "ratio_high"))
        axes.hlines(at[shown], low[shown], high[shown], color=BLUE, linewidth=1.6)
        axes.plot(rows["ratio"][shown].astype(float), at[shown], "o", color=BLUE, markersize=5)
        for place, row in zip(at, rows.to_dict("records"), strict=True):
            verdict = row["verdict"] or "may not be shown"
            axes.annotate(verdict, (1.03, place), xycoords=("axes fraction", "data"), va="center", fontsize=7.5, annotation_clip=False)
            if not shown[place]:
                paper = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
                axes.annotate("[c]", (1.0, place), va="center", ha="center", fontsize=7.5, color=QUIET, bbox=paper)
        axes.set_xscale("log")
        axes.set_xticks([0.5, *_LINES, 2], ["0.5", "0.8", "1", "1.25", "2"])
        axes.xaxis.minorticks_off()
        axes.set(xlim=(0.35, 2.9), ylim=(len(rows) - 0.4, -0.6), xlabel="Impact ratio, log scale; 1 is no difference")
        axes.set_yticks(at, [_two_lines(row) for row in rows.to_dict("records")], fontsize=7.5)
        axes.spines["left"].set_visible(False)
    gaps = rows["verdict"].isin(GAPS)
    untold = int((~rows["verdict"].isin([*GAPS, Verdict.NO_MATERIAL_GAP.value])).sum())
    title = (
        f"{int(gaps.sum())} of {of(len(rows), 'declared comparison')} {'shows' if gaps.sum() == 1 else 'show'} a gap"
        if gaps.any()
        else f"{untold} of {of(len(rows), 'declared comparison')} cannot tell, or may not be shown"
        if untold
        else "No declared comparison shows a material gap"
    )
    with_counts = int(shown.sum())
    alt = f"{title}. Impact ratios of {with_counts} declared comparisons with 95% intervals; {len(rows) - with_counts} more have no counts."
    return Figure(
        "forest", title, "Impact ratio with 95% interval; [c]: confidential", alt, figure, tables.comparisons(release, family="declared")
    )


def ladder(release: Release) -> Figure | None:
    """The share of each group at each stage, a line a group."""
    rows = release["ladder"].table
    stages = dict(release.header["labels"]["stages"])
    complete = rows.dropna(subset=["share"])
    many = complete.groupby(["characteristic", "group"], sort=False)["share"].size()
    order = many[many > 1].sort_values(ascending=False, kind="stable").index[:_MOST_LINES]
    if not len(order):
        return None
    with drawing(7.5) as figure:
        axes = figure.subplots()
        figure.subplots_adjust(left=0.07, right=0.74, top=0.96, bottom=0.3)
        place = {stage: at for at, stage in enumerate(stages)}
        ends = []
        for (characteristic, group), colour, mark in zip(order, (BLUE, ORANGE, LIGHT, QUIET), "oDs^", strict=False):
            mine = complete[(complete["characteristic"] == characteristic) & (complete["group"] == group)]
            axes.plot([place[s] for s in mine["stage"]], mine["share"], mark + "-", color=colour, linewidth=1.3, markersize=4.5)
            ends.append((float(mine["share"].iloc[-1]), _short(group)))
        for height, label in _apart(ends, 4.5):
            axes.annotate(label, (1.01, height), xycoords=("axes fraction", "data"), va="center", fontsize=7.5, annotation_clip=False)
        axes.set_xticks(range(len(stages)), [textwrap.fill(label, 11) for label in stages.values()], fontsize=7)
        axes.yaxis.set_major_locator(MultipleLocator(10 if complete["share"].max() > 30 else 5))
        axes.set(ylim=(0, max(10.0, complete["share"].max() * 1.15)), xlim=(-0.2, len(stages) - 0.8))
    alt = f"Lines of the share of {len(order)} groups after each of {len(stages)} stages; a stage without a mark may not be told."
    unit = f"Per cent of everybody left after each stage{_more(len(many[many > 1]), len(order))}"
    return Figure(
        "ladder", "Shares along the way", unit, alt, figure, tables.released(release, "ladder")
    )


def cumulative(release: Release) -> Figure | None:
    """How far a group and the others beside it came: a small picture for each comparison of two, both lines named at their ends."""
    rows = release["cumulative"].table
    if rows.empty:
        return None
    stages = dict(release.header["labels"]["stages"])
    chosen = list(dict.fromkeys(zip(rows["characteristic"], rows["beside"], strict=True)))[:_MOST_PANELS]
    height = 1.9 + 4.3 * len(chosen)
    with drawing(height) as figure:
        panels = figure.subplots(len(chosen), 1, squeeze=False).ravel()
        figure.subplots_adjust(left=0.07, right=0.72, top=1 - 0.8 / height, bottom=1.7 / height, hspace=0.75)
        for axes, (characteristic, beside) in zip(panels, chosen, strict=True):
            mine = rows[(rows["characteristic"] == characteristic) & (rows["beside"] == beside)]
            base = mine["base"].iloc[0]
            place = {stage: at for at, stage in enumerate([base, *(s for s in stages if s in set(mine["stage"]))])}
            ends = []
            for (group, line), colour, mark in zip(mine.groupby("group", sort=False), (BLUE, ORANGE), "oD", strict=True):
                at, left = [0, *(place[s] for s in line["stage"])], [100, *line["share"]]
                axes.plot(at, left, mark + "-", color=colour, linewidth=1.3, markersize=4.5)
                ends.append((float(line["share"].iloc[-1]), _short(str(group))))
            for end, label in _apart(ends, 14):
                axes.annotate(label, (1.02, end), xycoords=("axes fraction", "data"), va="center", fontsize=7.5, annotation_clip=False)
            axes.set_xticks(range(len(place)), [textwrap.fill(stages[stage], 13) for stage in place], fontsize=7)
            axes.yaxis.set_major_locator(MultipleLocator(25))
            axes.set(ylim=(0, 105), xlim=(-0.2, len(place) - 0.8))
            axes.set_title(f"{_short(beside)}, of those {those_who(base, stages[base])}", loc="left", fontsize=8.5)
    # The last two lines of a comparison are its two sides at the last stage.
    last = {beside: mine["share"].tolist()[-2:] for (_, beside), mine in rows.groupby(["characteristic", "beside"], sort=False)}
    behind, who = min((mine - others, str(beside)) for beside, (mine, others) in last.items())
    title = (
        f"{_short(who)} came least far beside the others: {last[who][0]:.0f}% against {last[who][1]:.0f}%"
        if behind < 0
        else "No group came less far than the others beside it"
    )
    alt = f"{title}: pairs of lines for {len(chosen)} groups and the others beside each, the per cent left after each stage."
    unit = f"Per cent left of those at the first stage shown{_more(len(last), len(chosen))}"
    return Figure("cumulative", title, unit, alt, figure, tables.released(release, "cumulative"))


def _more(groups: int, drawn: int) -> str:
    return "; the table has the other groups" if groups > drawn else ""


def waterfall(release: Release) -> Figure | None:
    """Where each group lost or gained ground, part by part of the way that may be shown, and over all these parts together."""
    rows = release["waterfall"].table
    if rows.empty:
        return None
    groups = rows[["characteristic", "group"]].drop_duplicates().itertuples(index=False, name=None)
    chosen = list(groups)[:_MOST_PANELS]
    bars = [int(((rows["characteristic"] == characteristic) & (rows["group"] == group)).sum()) for characteristic, group in chosen]
    height = 1.6 + 0.9 * len(chosen) + 0.72 * sum(bars)
    with drawing(height) as figure:
        panels = figure.subplots(len(chosen), 1, sharex=True, squeeze=False, height_ratios=bars).ravel()
        figure.subplots_adjust(left=0.36, right=0.95, top=1 - 0.8 / height, bottom=1.2 / height, hspace=0.4)
        for axes, (characteristic, group) in zip(panels, chosen, strict=True):
            mine = rows[(rows["characteristic"] == characteristic) & (rows["group"] == group)].reset_index(drop=True)
            logs = np.log(mine["ratio"].astype(float))
            starts = np.concatenate([[0], np.cumsum(logs.to_numpy()[:-1])])
            starts[-1] = 0  # the whole way starts again from no difference
            colours = [ORANGE if value < 0 else BLUE for value in logs]
            axes.barh(range(len(mine)), logs, left=starts, color=colours, height=0.62)
            for place, (start, log, ratio) in enumerate(zip(starts, logs, mine["ratio"], strict=True)):
                word = "loses" if ratio < 1 else "gains" if ratio > 1 else "even"
                at = max(start, start + log, 0.0)
                axes.annotate(f"{ratio:.2f} {word}", (at, place), xytext=(4, 0), textcoords="offset points", va="center", fontsize=7.5)
            axes.axvline(0, color=QUIET, linewidth=0.8)
            axes.set_yticks(range(len(mine)), [textwrap.fill(part, 36) for part in mine["stage"]], fontsize=7.5)
            axes.invert_yaxis()
            axes.set_title(group, loc="left", fontsize=8.5)
            ticks = [0.5, 0.8, 1.0, 1.25, 2.0]
            axes.set_xticks(np.log(ticks), [f"{tick:g}" for tick in ticks])
        panels[-1].set_xlabel("Log scale; a bar starts where the one above it ended, the last one at 1")
    whole = rows.groupby(["characteristic", "group"], sort=False).tail(1)
    told = "; ".join(f"{group} {ratio:.2f}" for group, ratio in zip(whole["group"], whole["ratio"], strict=True))
    alt = f"Impact ratio over all parts of the way that may be shown: {told}. A bar for each part shows where ground was lost or gained."
    lowest = whole.sort_values("ratio", kind="stable").to_dict("records")[0]
    return Figure(
        "waterfall",
        f"Over the whole of what may be shown the lowest ratio is {lowest['ratio']:.2f}: {_short(lowest['group'])}",
        f"Impact ratio of each part of the way; the last bar is all of them together{_more(len(list(whole.index)), len(chosen))}",
        alt,
        figure,
        tables.released(release, "waterfall"),
    )


def waiting(release: Release) -> Figure | None:
    """The share of those in the pool who had been posted: a step at each time that is told, with its interval."""
    rows = release["waiting"].table
    if rows.empty:
        return None
    weeks = [weeks_of(time) for time in rows["time"]]
    share = [int(text.rstrip("%")) for text in rows["share"]]
    low, high = ([int(end.rstrip("%")) for end in ends] for ends in zip(*(text.split(" to ") for text in rows["interval"]), strict=True))
    with drawing(7) as figure:
        axes = figure.subplots()
        figure.subplots_adjust(left=0.08, right=0.95, top=0.96, bottom=0.18)
        # Nothing is told of what lies between two steps, so the line is flat there.
        axes.step([0, *weeks, weeks[-1] * 1.12], [0, *share, share[-1]], where="post", color=BLUE, linewidth=1.6)
        axes.plot(weeks, share, "o", color=BLUE, markersize=4.5)
        axes.vlines([week + weeks[-1] / 80 for week in weeks], low, high, color=ORANGE, linewidth=1.4)
        for week, each in zip(weeks, share, strict=True):
            axes.annotate(f"{each}%", (week, each), xytext=(9, -12), textcoords="offset points", fontsize=8)
        axes.set_xticks([0, *weeks], ["entering\nthe pool", *(textwrap.fill(in_weeks(week), 10) for week in weeks)], fontsize=7.5)
        axes.yaxis.set_major_locator(MultipleLocator(25))
        axes.set(ylim=(0, 102), xlim=(0, weeks[-1] * 1.12))
    title = f"{share[-1]}% of those in the pool had been posted within {in_weeks(weeks[-1])}"
    alt = f"A line in steps that rises to {share[-1]}% within {in_weeks(weeks[-1])} (95% interval {rows['interval'].iloc[-1]})."
    unit = "Per cent posted since entering the pool; upright lines are 95% intervals"
    return Figure("waiting", title, unit, alt, figure, tables.released(release, "waiting"))


def trend(release: Release) -> Figure | None:
    """One point a process, for the declared comparisons that several processes may show; a new code list starts a new series."""
    rows = release["trend"].table
    if rows.empty:
        return None
    processes = list(dict.fromkeys(rows["process"]))
    series = list(rows.groupby(["group", "stage"], sort=False))[:_MOST_LINES]
    height = 1.4 + 4.0 * len(series)
    with drawing(height) as figure:
        panels = figure.subplots(len(series), 1, sharex=True, squeeze=False).ravel()
        figure.subplots_adjust(left=0.1, right=0.97, top=1 - 0.9 / height, bottom=1.0 / height, hspace=0.45)
        for axes, ((group, stage), mine) in zip(panels, series, strict=True):
            for _, part in mine.groupby("series"):
                at = np.array([processes.index(process) for process in part["process"]])
                low, high = part["band_low"].astype(float), part["band_high"].astype(float)
                axes.bar(at, high - low, bottom=low, width=0.5, color=GREY, alpha=0.5)
                axes.plot(at, part["ratio"].astype(float), "o-", color=BLUE, linewidth=1.2, markersize=5)
                if at[0] > 0:
                    axes.axvline(at[0] - 0.5, color=ORANGE, linewidth=1, linestyle=(0, (4, 3)))
                    axes.annotate("new code list", (at[0] - 0.47, 0.97), xycoords=("data", "axes fraction"), va="top", fontsize=7)
            axes.axhline(1, color=QUIET, linewidth=0.8)
            axes.set_yscale("log")
            axes.set(ylim=(0.3, 3.2), xlim=(-0.5, len(processes) - 0.5))
            axes.set_yticks([0.5, 0.8, 1, 1.25, 2], ["0.5", "0.8", "1", "1.25", "2"], fontsize=7)
            axes.yaxis.set_minor_locator(NullLocator())
            axes.set_title(f"{_short(str(group))}: {stage}", loc="left", fontsize=8.5)
        panels[-1].set_xticks(range(len(processes)), [textwrap.fill(process, 18) for process in processes], fontsize=7.5)
    alt = f"Impact ratios of {len(series)} comparisons, a point for each of {len(processes)} processes, and the band that chance explains."
    unit = "Impact ratio, log scale; the grey band is what chance explains; 1 is no difference"
    return Figure("trend", "One point a process", unit, alt, figure, tables.released(release, "trend"))


def adjusted_view(release: Release) -> Figure | None:
    """The gap as it is, and among people alike in other facts."""
    rows = release["adjusted"].table
    return (
        None
        if rows.empty
        else _dots(
            release,
            "adjusted",
            rows["difference"],
            rows["low"],
            rows["high"],
            [f"{_short(r['group'])}: {r['view']}" for r in rows.to_dict("records")],
            title="The gap as it is, and among people alike in other facts",
            unit="Percentage points; below zero the group meets the standard less often",
            middle=0.0,
        )
    )


def undeclared(release: Release) -> Figure | None:
    """How far each ratio could lie from what it is, whoever the undeclared are."""
    rows = release["undeclared"].table
    return (
        None
        if rows.empty
        else _dots(
            release,
            "undeclared",
            rows["ratio"],
            rows["smallest"],
            rows["largest"],
            [_two_lines(row) for row in rows.to_dict("records")],
            title="What the undeclared could change",
            unit="Impact ratio; the line runs from the smallest to the largest that is possible",
            middle=1.0,
        )
    )


def _dots(
    release: Release,
    name: str,
    middle_of: pd.Series,
    low: pd.Series,
    high: pd.Series,
    labels: list[str],
    *,
    title: str,
    unit: str,
    middle: float | None,
) -> Figure:
    height = 1.7 + 0.72 * len(labels)
    at = np.arange(len(labels))
    with drawing(height) as figure:
        axes = figure.subplots()
        figure.subplots_adjust(left=0.42, right=0.96, top=1 - 0.3 / height, bottom=1.1 / height)
        axes.hlines(at, low.astype(float), high.astype(float), color=BLUE, linewidth=1.5)
        axes.plot(middle_of.astype(float), at, "o", color=BLUE, markersize=5)
        axes.xaxis.set_major_locator(MultipleLocator(_step(low, high)))
        if middle is not None:
            axes.axvline(middle, color=QUIET, linewidth=0.8)
        axes.set_yticks(at, labels, fontsize=7.5)
        axes.set(ylim=(len(labels) - 0.4, -0.6), xlabel=unit)
        axes.spines["left"].set_visible(False)
    crossing = int(((low.astype(float) < (middle or 0.0)) & (high.astype(float) > (middle or 0.0))).sum())
    lines = f"{crossing} of {of(len(labels), 'comparison')} {'has' if crossing == 1 else 'have'} a line"
    alt = f"{title}: {lines} that crosses {middle or 0:g}, which is no difference."
    return Figure(name, title, unit, alt, figure, tables.released(release, name))


def _step(low: pd.Series, high: pd.Series) -> float:
    """Between the marks of an axis: fives and tens for per cent, tenths and twentieths for ratios."""
    reach = float(high.max()) - float(low.min())
    return next((step for step in (0.05, 0.1, 0.5, 5.0) if reach / step <= 9), 10.0)


def _apart(ends: list[tuple[float, str]], gap: float) -> list[tuple[float, str]]:
    """Labels at the ends of lines, moved apart where they would touch."""
    placed: list[tuple[float, str]] = []
    last = -math.inf
    for height, label in sorted(ends):
        last = max(height, last + gap)
        placed.append((last, label))
    return placed


def _two_lines(row: dict[Hashable, Any]) -> str:
    """A comparison at the edge of a picture: the group, and below it the stage."""
    stage = str(row["stage"])
    begun = stage.rpartition(", of those who ")[2]
    return f"{_short(row['group'])}\n{'of those who ' + begun if begun != stage else _short(stage)}"


def _short(text: str) -> str:
    """A label that fits beside a picture; the table has it in full."""
    text = text.split(" (")[0].removesuffix(" or not declared")
    return text if len(text) <= 38 else text[:36].rsplit(" ", 1)[0] + " …"
