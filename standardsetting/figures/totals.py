"""The first picture: candidates at each total, and the share who would meet the rule at each."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from standardsetting import tables
from standardsetting.figures.figure import BLUE, GREY, INK, ORANGE, QUIET, Figure, drawing
from standardsetting.tables.rounding import DECIMAL_FROM, count, number, of, percent, with_every_score

# Beyond this many bars there is no room to write over each.
_MOST_WRITTEN = 26


def where_the_standard_could_lie(totals: pd.DataFrame, options: pd.DataFrame, deciding: pd.DataFrame) -> Figure:
    """Bars of candidates at each total, split by whether they met every hurdle; above them, the share who meet the rule at each cut.

    Parameters
    ----------
    totals
        From `distributions.total_distribution`.
    options
        From `options.options`.
    deciding
        The rows of the options between the extremes, from `options.deciding`.
    """
    first, last = deciding.iloc[0], deciding.iloc[-1]
    n = int(first["complete"])
    with drawing(10.2) as figure:
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[1, 1.5])
        figure.subplots_adjust(left=0.02, right=0.98, top=0.955, bottom=0.105, hspace=0.24)
        _share(upper, options, deciding, n)
        _bars(lower, totals)
    met, missed = int(totals["met_every_hurdle"].sum()), int(totals["missed_a_hurdle"].sum())
    who = f"{of(met, 'candidate') if met else 'nobody'} met every hurdle and {count(missed) if missed else 'nobody'} missed at least one"
    whom = f"of {with_every_score(n)}" if n else "of candidates"
    return Figure(
        "where-the-standard-could-lie",
        share_title(first, last, n),
        f"Above: share {whom} who meet the whole rule if that total is needed. Below: candidates with exactly that total",
        f"{share_title(first, last, n)}; {who}." if n else "Nobody has a total yet.",
        figure,
        tables.total_distribution(totals),
    )


def share_title(first: pd.Series, last: pd.Series, n: int) -> str:
    """What the share who meet the rule does between two rows of the options: falls, or stays."""
    low, high = number(first["cut"]), number(last["cut"])
    if n == 0:
        return "Nobody has a total yet"
    if first["met"] != last["met"]:
        shares = f"from {percent(first['rate'], n)} to {percent(last['rate'], n)}"
        return f"From a total of {low} to {high}, the share who meet the rule falls {shares}"
    where = f"At a total of {low}" if low == high else f"At every total from {low} to {high}"
    if first["met"] in (0, n):
        return f"{where}, {'everybody' if first['met'] else 'nobody'} meets the rule"
    return f"{where}, {percent(first['rate'], n)} meet the rule"


def _share(axes: Axes, options: pd.DataFrame, deciding: pd.DataFrame, n: int) -> None:
    cuts, rates = options["cut"].to_numpy(), options["rate"].fillna(0).to_numpy()
    axes.step(cuts, rates, where="mid", color=BLUE, linewidth=2)
    axes.set_ylim(0, 1.08)
    axes.axis("off")
    axes.axhline(0, color=GREY, linewidth=0.8)
    for level in (0.5, 1.0):
        axes.axhline(level, color=GREY, linewidth=0.5, linestyle=(0, (1, 3)))
        axes.text(cuts[-1], level + 0.02, f"{level:.0%} of candidates" if level == 1 else "50%", color=QUIET, ha="right", va="bottom")
    rows = deciding.fillna({"rate": 0}).to_dict("records")
    every = max(1, -(-len(rows) // 12))
    size = 8.5 if n < DECIMAL_FROM else 7.5
    half = (cuts[1] - cuts[0]) / 2 if len(cuts) > 1 else 0.5
    for row in rows[::every]:
        # Beginning where the line has come down, above a line that only goes further down: nothing is crossed.
        axes.text(
            row["cut"] - 0.8 * half, row["rate"] + 0.04, percent(row["rate"], n), va="bottom", color=BLUE, fontweight="bold", fontsize=size
        )
    if len(cuts) > 1 and rows[0]["cut"] > cuts[0]:
        axes.text(cuts[0], rows[0]["rate"] + 0.04, "meet the rule", ha="left", va="bottom", color=BLUE)


def _bars(axes: Axes, totals: pd.DataFrame) -> None:
    at, met, missed = (totals[c].to_numpy() for c in ("total", "met_every_hurdle", "missed_a_hurdle"))
    width = 0.82 * (np.diff(at).min() if len(at) > 1 else 1)
    axes.bar(at, met, width, color=BLUE)
    some = missed > 0  # a bar of no height would still draw its edge
    axes.bar(at[some], missed[some], width, bottom=met[some], color="white", edgecolor=ORANGE, hatch="////", linewidth=0.8)
    top = max(int((met + missed).max()), 1)
    axes.set_ylim(0, top * 1.34)  # bars and their numbers, and above them the words
    if len(at) <= _MOST_WRITTEN:
        size = 8.5 if len(at) * len(count(top)) < 70 else 6.5
        for x, height in zip(at, met + missed, strict=True):
            axes.text(x, height + top * 0.015, count(height), ha="center", va="bottom", color=INK if height else QUIET, fontsize=size)
    step = max(1, -(-len(at) // 20))
    axes.set_xticks(at[::step], [number(t) for t in at[::step]])
    axes.set_yticks([])
    axes.set_xlabel("Total score")
    gap = at[1] - at[0] if len(at) > 1 else 1
    if missed.sum():
        axes.text(at[0] - gap / 2, top * 1.3, "▨ missed at least one hurdle", color="#B3430F", ha="left", va="top")
    if met.sum():
        axes.text(at[-1] + gap / 2, top * 1.3, "■ met every hurdle", color=BLUE, ha="right", va="top")
