"""Severity of the assessors: as a distribution for the page, by blind code for the annex."""

from __future__ import annotations

import numpy as np

from standardsetting import tables
from standardsetting.blind.how_far import HowFar
from standardsetting.figures.figure import BLUE, INK, QUIET, Figure, drawing
from standardsetting.tables.agreement import severity_bands
from standardsetting.tables.rounding import count, number

SIDES = ("more lenient", "more severe")


def severity_spread(found: HowFar) -> Figure | None:
    """One dot an assessor, stacked over severity; nobody is named by a code."""
    if found.severity.empty or found.severity["severity"].isna().all():
        return None
    bands = severity_bands(found)
    tallest = int(bands["assessors"].max())
    with drawing(3.2 + 0.36 * min(tallest, 12)) as figure:
        axes = figure.subplots()
        figure.subplots_adjust(left=0.03, right=0.97, top=0.86, bottom=0.26)
        for middle, assessors in zip(bands["middle"], bands["assessors"], strict=True):
            axes.plot([middle] * int(assessors), np.arange(1, int(assessors) + 1), "o", color=BLUE, markersize=7 if tallest <= 12 else 3)
        reach = max(float(bands["middle"].abs().max()) + 0.1, 0.5)
        axes.axvline(0, color=QUIET, linewidth=0.8)
        axes.set(
            xlim=(-reach, reach), ylim=(0.3, tallest + 0.7), xlabel="Points on one value beside the co-assessors of the same candidates"
        )
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        for side, place, align in zip(SIDES, (0.0, 1.0), ("left", "right"), strict=True):
            axes.text(place, 1.03, side, transform=axes.transAxes, ha=align, va="bottom", color=INK, fontweight="bold")
    n = int(bands["assessors"].sum())
    far = int((found.severity["severity"].abs() >= 0.25).sum())
    title = (
        f"{count(far)} of {count(n)} assessors lie a quarter of a point or more from the mean"
        if far
        else "No assessor lies a quarter of a point or more from the mean"
    )
    most, least = (number(float(x), 1) for x in (found.severity["severity"].max(), found.severity["severity"].min()))
    alt = f"Dots of {n} assessors by severity on one value, from {least} (lenient) to {most} (severe); {far} lie a quarter of a point or more from zero."  # noqa: E501
    return Figure("severity", title, "One dot is one assessor, to the nearest tenth of a point", alt, figure, tables.severity_spread(found))


def severity_by_code(found: HowFar) -> Figure | None:
    """Severity of each assessor with its interval, by blind code."""
    twin = tables.severity_by_code(found)
    if twin is None:
        return None
    rows = found.severity.sort_values(["severity", "assessor"], ascending=[False, True]).dropna(subset=["severity"])
    with drawing(1.8 + 0.42 * len(rows)) as figure:
        axes = figure.subplots()
        top = 0.5 / (1.8 + 0.42 * len(rows))
        figure.subplots_adjust(left=0.12, right=0.97, top=1 - top, bottom=min(0.4, 1.3 / (1.8 + 0.42 * len(rows))))
        at = np.arange(len(rows))
        axes.hlines(at, rows["severity_low"], rows["severity_high"], color=BLUE, linewidth=1.4)
        axes.plot(rows["severity"], at, "o", color=BLUE, markersize=5)
        axes.axvline(0, color=QUIET, linewidth=0.8)
        axes.set_yticks(at, rows["assessor"])
        axes.set(ylim=(len(rows) - 0.4, -0.6), xlabel="Severity on one value, in points; above zero is severe")
        axes.spines["left"].set_visible(False)
    clear = int(((rows["severity_low"] > 0) | (rows["severity_high"] < 0)).sum())
    title = f"The interval of {count(clear)} of {count(len(rows))} assessors leaves out zero"
    alt = f"Severity of {len(rows)} assessors with intervals, the most severe first; {clear} intervals leave out zero."
    return Figure("severity-by-code", title, "Dot: severity; line: its interval", alt, figure, twin)
