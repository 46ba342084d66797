"""A strip of small bar charts, one a value: every score of the scale, with the hurdle marked."""

from __future__ import annotations

import math

import pandas as pd
from matplotlib.axes import Axes

from standardsetting import tables
from standardsetting.figures.figure import BLUE, INK, ORANGE, QUIET, Figure, drawing
from standardsetting.process import Process
from standardsetting.tables.rounding import count, number, percent, with_every_score

_IN_A_ROW = 4
# Letters of the numbers over the bars of one small chart, before they run into each other.
_MOST_LETTERS = 26


def value_strip(distribution: pd.DataFrame, counts: pd.DataFrame, process: Process) -> Figure:
    """How the candidates' scores lie on each value.

    Parameters
    ----------
    distribution, counts
        From `distributions.value_distribution` and `distributions.hurdle_counts`.
    process
        The definition, for the values' titles.
    """
    values = list(process.values)
    columns = min(_IN_A_ROW, len(values))
    rows = math.ceil(len(values) / columns)
    tallest = max(int(distribution["candidates"].max()), 1)
    with drawing(5.6 * rows) as figure:
        panels = figure.subplots(rows, columns, sharey=True, squeeze=False).ravel()
        figure.subplots_adjust(left=0.02, right=0.98, top=1 - 0.19 / rows, bottom=0.13 / rows, wspace=0.12, hspace=0.5)
        for panel, value in zip(panels, values, strict=False):
            mine = distribution[distribution["value"] == value.name]
            missed = counts.loc[counts["value"] == value.name]
            _bars(panel, mine, tallest)
            panel.set_title(value.label, loc="left", fontweight="bold", pad=16)
            panel.text(0, 1.05, _who_missed(missed), transform=panel.transAxes, color="#B3430F", va="bottom", fontsize=8)
        for spare in panels[len(values) :]:
            spare.axis("off")
    n = int(counts["scored"].max())
    unit = (
        f"Candidates with each score, among {with_every_score(n)}; hatched bars lie below the hurdle" if n else "Candidates with each score"
    )
    twin = tables.value_distribution(distribution, process)
    return Figure("scores-by-value", _title(counts), unit, _alt(counts, process), figure, twin)


def _who_missed(missed: pd.DataFrame) -> str:
    n = int(missed["scored"].iloc[0])
    return f"{percent(float(missed['share_missed'].iloc[0]), n)} missed the hurdle" if n else "nobody has a score"


def _bars(axes: Axes, mine: pd.DataFrame, tallest: int) -> None:
    at, heights, reached = mine["score"].to_numpy(), mine["candidates"].to_numpy(), mine["meets_hurdle"].to_numpy(dtype=bool)
    gap = at[1] - at[0]
    width = 0.8 * gap
    axes.bar(at[reached], heights[reached], width, color=BLUE)
    some = ~reached & (heights > 0)  # a bar of no height would still draw its edge
    axes.bar(at[some], heights[some], width, color="white", edgecolor=ORANGE, hatch="////", linewidth=0.8)
    axes.set_ylim(0, tallest * 1.15)
    axes.set_yticks([])
    letters = len(at) * len(count(tallest))
    if letters <= _MOST_LETTERS:
        size = 8.5 if letters <= 20 else 7
        for x, height in zip(at, heights, strict=True):
            axes.text(x, height + tallest * 0.02, count(height), ha="center", va="bottom", color=INK if height else QUIET, fontsize=size)
    every = max(1, -(-len(at) // 5)) if len(at) > 6 else 1
    axes.set_xticks(at[::every], [number(score) for score in at[::every]])
    if not reached.all() and reached.any():
        axes.axvline(at[reached][0] - gap / 2, color=INK, linewidth=1, linestyle=(0, (3, 2)), ymax=0.98)


def _title(counts: pd.DataFrame) -> str:
    shares = counts.dropna(subset=["share_missed"])
    if shares.empty:
        return "Nobody has every score"
    n = int(shares["scored"].max())
    if int(shares["missed"].max()) == 0:
        return f"Nobody missed {'the' if len(shares) == 1 else 'a'} hurdle"
    low, high = (percent(float(share), n) for share in (shares["share_missed"].min(), shares["share_missed"].max()))
    if len(shares) == 1:
        return f"{high} missed the hurdle"
    return f"On each value {high} missed the hurdle" if low == high else f"From value to value, {low} to {high} missed the hurdle"


def _alt(counts: pd.DataFrame, process: Process) -> str:
    labels = {v.name: v.label for v in process.values}
    parts = [f"{count(missed)} on {labels[value]}" for value, missed in zip(counts["value"], counts["missed"].tolist(), strict=True)]
    return f"Bar charts of the scores on each value; the hurdle was missed by {', '.join(parts)}."
