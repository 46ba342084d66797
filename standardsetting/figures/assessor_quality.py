"""Pictures for the quality lead: severity, control charts, who sat with whom, the network, panels."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from standardsetting import tables
from standardsetting.blind.quality_control import QualityControl
from standardsetting.figures.figure import BLUE, GREY, INK, LIGHT, ORANGE, QUIET, Figure, drawing
from standardsetting.tables.rounding import count, number

_IN_A_ROW, _MOST_CHARTS = 4, 24
_MOST_NUMBERS = 30


def severity_caterpillar(found: QualityControl) -> Figure | None:
    """Severity drawn in by its error, with intervals; the raw figure as a ring."""
    if found.assessors.empty or found.assessors["severity_shrunk"].isna().all():
        return None
    rows = found.assessors.dropna(subset=["severity_shrunk"]).sort_values(["severity_shrunk", "assessor"], ascending=[False, True])
    asked = rows["flags"].map(lambda flags: bool({"severe", "lenient"} & set(flags))).to_numpy(dtype=bool)
    height = 1.9 + 0.42 * len(rows)
    with drawing(height) as figure:
        axes = figure.subplots()
        figure.subplots_adjust(left=_room(rows["assessor"]), right=0.97, top=1 - 0.4 / height, bottom=1.3 / height)
        at = np.arange(len(rows))
        for mask, colour, mark in ((~asked, BLUE, "o"), (asked, ORANGE, "D")):
            axes.hlines(at[mask], rows["severity_shrunk_low"][mask], rows["severity_shrunk_high"][mask], color=colour, linewidth=1.4)
            axes.plot(rows["severity_shrunk"][mask], at[mask], mark, color=colour, markersize=5)
        axes.plot(rows["severity"], at, "o", markersize=5, markerfacecolor="none", markeredgecolor=QUIET, linewidth=0)
        axes.axvline(0, color=QUIET, linewidth=0.8)
        axes.set_yticks(at, rows["assessor"])
        axes.set(ylim=(len(rows) - 0.4, -0.6), xlabel="Severity on one value, in points; above zero is severe")
        axes.spines["left"].set_visible(False)
    title = (
        f"A screen asks about {count(int(asked.sum()))} of {count(len(rows))} assessors" if asked.any() else "No screen asks about severity"
    )
    most, least = number(float(rows["severity_shrunk"].max()), 2), number(float(rows["severity_shrunk"].min()), 2)
    alt = f"Severity of {len(rows)} assessors drawn in by its error, from {most} to {least}; screens ask about {int(asked.sum())}."
    unit = "Filled: drawn in by its error, with interval; diamonds: a screen asks; rings: before drawing in"
    return Figure("severity", title, unit, alt, figure, tables.severity_shrunk(found))


def _room(labels: pd.Series) -> float:
    """The share of the picture's width that the labels at its left take: "code in exercise" is longer than a code."""
    return min(max(0.12, 0.03 + 0.0105 * int(labels.astype(str).str.len().max())), 0.45)


def control_charts(found: QualityControl) -> Figure | None:
    """Severity by day, one small chart an assessor; those outside their limits first."""
    if found.charts.empty:
        return None
    outside = found.charts.groupby("assessor")["outside"].sum()
    order = outside.reset_index().sort_values(["outside", "assessor"], ascending=[False, True])["assessor"].tolist()
    shown = order[:_MOST_CHARTS]
    rows = math.ceil(len(shown) / _IN_A_ROW)
    bounds = found.charts[["severity", "low", "high"]].abs().max().max()
    reach = min(float(bounds) if np.isfinite(bounds) else 1.0, 2.0) * 1.05
    with drawing(2.4 * rows + 1.0) as figure:
        panels = figure.subplots(rows, _IN_A_ROW, sharex=True, sharey=True, squeeze=False).ravel()
        figure.subplots_adjust(
            left=0.07, right=0.99, top=1 - 0.6 / (2.4 * rows + 1), bottom=0.9 / (2.4 * rows + 1), wspace=0.08, hspace=0.35
        )
        for axes, name in zip(panels, shown, strict=False):
            mine = found.charts[found.charts["assessor"] == name].sort_values("day")
            axes.fill_between(mine["day"], mine["low"], mine["high"], color=GREY, alpha=0.45, linewidth=0)
            axes.plot(mine["day"], mine["severity"], "o", color=LIGHT, markersize=3)
            axes.plot(mine["day"], mine["ewma"], color=BLUE, linewidth=1.3)
            out = mine[mine["outside"].astype(bool)]
            axes.plot(out["day"], out["ewma"], "D", color=ORANGE, markersize=5)
            axes.set_title(str(name), loc="left", fontsize=8, pad=2)
            axes.set_ylim(-reach, reach)
            axes.tick_params(labelsize=7)
        for spare in panels[len(shown) :]:
            spare.axis("off")
        figure.supxlabel("Day of the window", fontsize=8)
    some = int((outside > 0).sum())
    title = (
        f"The running mean of {count(some)} of {count(len(order))} assessors left its limits" if some else "No running mean left its limits"
    )
    left_out = f"; the {len(shown)} furthest out of {len(order)}" if len(order) > len(shown) else ""
    alt = f"Control charts of severity by day for {len(shown)} assessors; {some} running means left their limits."
    unit = f"Points on one value; dots: days, line: running mean, band: limits, diamonds: outside{left_out}"
    return Figure("control-charts", title, unit, alt, figure, tables.control_chart(found))


def who_sat_with_whom(found: QualityControl) -> Figure | None:
    """A square for each pair of assessors, darker the more candidates they share."""
    if found.rota is None or found.reason or found.rota.common.empty:
        return None
    names = found.rota.component_of.reset_index().sort_values(["component", "assessor"])["assessor"].tolist()
    place = {name: at for at, name in enumerate(names)}
    grid = np.zeros((len(names), len(names)))
    first, second = found.rota.common["assessor_1"].map(place), found.rota.common["assessor_2"].map(place)
    grid[first, second] = grid[second, first] = found.rota.common["candidates"]
    from matplotlib.colors import LinearSegmentedColormap

    size = 8 if len(names) <= _MOST_NUMBERS else 5
    with drawing(14.5) as figure:
        axes = figure.subplots()
        figure.subplots_adjust(left=0.1, right=0.99, top=0.99, bottom=0.1)
        axes.imshow(grid, cmap=LinearSegmentedColormap.from_list("shared", ["#FFFFFF", BLUE]), vmin=0, aspect="auto")
        if len(names) <= _MOST_NUMBERS:
            dark = grid.max() * 0.5
            for i, j in zip(*np.nonzero(grid), strict=True):
                axes.text(j, i, count(int(grid[i, j])), ha="center", va="center", fontsize=7, color="white" if grid[i, j] > dark else INK)
        axes.set_xticks(range(len(names)), names, rotation=90, fontsize=size)
        axes.set_yticks(range(len(names)), names, fontsize=size)
    possible = len(names) * (len(names) - 1) // 2
    title = f"{count(len(found.rota.common))} of {count(possible)} possible pairs of assessors have sat together"
    most = int(found.rota.common["candidates"].max())
    alt = f"Heat map of {len(names)} assessors: {len(found.rota.common)} pairs share candidates, {most} at most."
    return Figure("pairs", title, "Candidates that two assessors share", alt, figure, tables.who_sat_with_whom(found))


def network(found: QualityControl) -> Figure | None:
    """Assessors on a circle, linked where they share candidates; the only links between parts stand out."""
    if found.rota is None or found.reason or found.rota.common.empty:
        return None
    rota = found.rota
    names = rota.component_of.reset_index().sort_values(["component", "assessor"])["assessor"].tolist()
    angle = np.pi / 2 - 2 * np.pi * np.arange(len(names)) / len(names)
    at = dict(zip(names, zip(np.cos(angle), np.sin(angle), strict=True), strict=True))
    bridges = set(map(tuple, rota.bridges[["assessor_1", "assessor_2"]].to_numpy().tolist()))
    most = float(rota.common["candidates"].max())
    with drawing(11.5) as figure:
        axes = figure.subplots()
        figure.subplots_adjust(left=0.02, right=0.98, top=0.98, bottom=0.02)
        for one, other, shared in rota.common[["assessor_1", "assessor_2", "candidates"]].itertuples(index=False):
            only = (one, other) in bridges
            line = (
                {"color": ORANGE, "linewidth": 2.5, "linestyle": (0, (3, 1))}
                if only
                else {"color": BLUE, "linewidth": 0.4 + 2 * shared / most}
            )
            axes.plot(*zip(at[one], at[other], strict=True), alpha=1.0 if only else 0.45, zorder=2 if only else 1, **line)
        for name in names:
            holds = name in rota.articulation
            axes.plot(*at[name], "D" if holds else "o", color=ORANGE if holds else BLUE, markersize=7, zorder=3)
            x, y = at[name]
            axes.text(1.08 * x, 1.08 * y, name, ha="left" if x > 0.05 else "right" if x < -0.05 else "center", va="center", fontsize=7)
        axes.set(xlim=(-1.45, 1.45), ylim=(-1.2, 1.2), aspect="equal")
        axes.axis("off")
    return Figure("network", _network_title(found), "Lines: candidates shared; dashed: the only link; diamonds: who holds a part together",
                  _network_alt(found), figure, tables.links(found))  # fmt: skip


def _network_title(found: QualityControl) -> str:
    rota = found.rota
    parts = rota.components if rota is not None else 0
    if parts > 1:
        return f"The assessors fall into {count(parts)} parts that share no candidate"
    bridges = len(rota.bridges) if rota is not None else 0
    if bridges:
        return f"All assessors are linked, {count(bridges)} {'pair' if bridges == 1 else 'pairs'} being the only link between two parts"
    return "All assessors are linked, and no single pair holds the network together"


def _network_alt(found: QualityControl) -> str:
    rota = found.rota
    if rota is None:
        return ""
    return (
        f"Network of {rota.n_assessors} assessors with {len(rota.common)} links, {rota.components} parts and {len(rota.bridges)} bridges."
    )


def panels(found: QualityControl) -> Figure | None:
    """Panel means with the band that shuffling candidates gives."""
    twin = tables.panels(found)
    if twin is None or found.panels is None:
        return None
    rows: pd.DataFrame = found.panels.table.sort_values(["mean", "panel"], ascending=[False, True])
    height = 1.9 + 0.42 * len(rows)
    with drawing(height) as figure:
        axes = figure.subplots()
        figure.subplots_adjust(left=0.12, right=0.97, top=1 - 0.4 / height, bottom=1.3 / height)
        at, out = np.arange(len(rows)), rows["outside"].to_numpy(dtype=bool)
        axes.hlines(at, rows["low"], rows["high"], color=GREY, linewidth=7)
        axes.plot(rows["mean"][~out], at[~out], "o", color=BLUE, markersize=5)
        axes.plot(rows["mean"][out], at[out], "D", color=ORANGE, markersize=6)
        axes.set_yticks(at, rows["panel"])
        axes.set(ylim=(len(rows) - 0.4, -0.6), xlabel="Mean total of a panel's candidates")
        axes.spines["left"].set_visible(False)
    title = f"{count(int(out.sum()))} of {count(len(rows))} panels lie outside the band that chance gives"
    alt = f"Mean totals of {len(rows)} panels with the bands that shuffling candidates gives; {int(out.sum())} lie outside."
    return Figure(
        "panels", title, "Dot: the panel's mean; band: where shuffling leaves it 95 times in 100; diamonds: outside", alt, figure, twin
    )
