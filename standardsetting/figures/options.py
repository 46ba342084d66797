"""Pictures of the options: the curve of who meets the rule, and who does not by reason."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from standardsetting import tables
from standardsetting.figures.figure import BLUE, GREY, INK, LIGHT, ORANGE, QUIET, Figure, drawing
from standardsetting.figures.totals import share_title
from standardsetting.tables.rounding import count, number, percent, verb, with_every_score

_MOST_ROWS = 20


def options_curve(deciding: pd.DataFrame) -> Figure:
    """The share who meet the whole rule at each total, with its interval.

    Parameters
    ----------
    deciding
        The rows of the options between the extremes, from `options.deciding`.
    """
    n = int(deciding["complete"].max())
    at, rate = deciding["cut"].to_numpy(), deciding["rate"].fillna(0).to_numpy()
    low, high = deciding["low"].fillna(0).to_numpy(), deciding["high"].fillna(1).to_numpy()
    with drawing(8.5) as figure:
        axes = figure.subplots()
        figure.subplots_adjust(left=0.08, right=0.98, top=0.97, bottom=0.15)
        axes.fill_between(at, low, high, color=LIGHT, alpha=0.45, linewidth=0)
        axes.plot(at, rate, color=BLUE, marker="o", markersize=5)
        every = max(1, -(-len(at) // 12))
        for x, y in list(zip(at, rate, strict=True))[::every]:
            axes.annotate(percent(float(y), n), (x, y), (3, 5), textcoords="offset points", color=BLUE, fontweight="bold")
        top = min(1.02, np.ceil((high.max() + 0.05) * 10) / 10)
        axes.set_ylim(0, top)
        levels = [level for level in (0, 0.25, 0.5, 0.75, 1.0) if level <= top]
        axes.set_yticks(levels, [f"{level:.0%}" for level in levels])
        axes.set_xticks(at[::every], [number(x) for x in at[::every]])
        axes.set_xlabel("Total needed")
        middle = len(at) // 2
        if len(at) > 2 and (high - low).max() > 0.02:  # a narrower band is hidden by the line
            confidence = percent(deciding.attrs.get("confidence", 0.95), 0)
            axes.annotate(
                f"{confidence} interval", (at[middle], low[middle]), (-4, -6), textcoords="offset points", color=QUIET, ha="right", va="top"
            )
    first, last = deciding.iloc[0], deciding.iloc[-1]
    counts = f", from {count(first['met'])} to {count(last['met'])} of {count(n)}" if first["met"] != last["met"] else ""
    return Figure(
        "options-curve",
        _step_title(deciding),
        f"Share of {with_every_score(n) if n else 'candidates'} who meet the whole rule, by total needed",
        f"{share_title(first, last, n)}{counts}.",
        figure,
        tables.curve(deciding),
    )


def _step_title(deciding: pd.DataFrame) -> str:
    steps = deciding.iloc[:-1]
    most = int(steps["moves_up"].max()) if len(steps) else 0
    if most == 0:
        return "No step of the total changes how many meet the rule"
    at = [number(cut) for cut in steps.loc[steps["moves_up"] == most, "cut"]]
    where = f"the step up from {at[0]}" if len(at) == 1 else f"each of the steps up from {', '.join(at[:-1])} and {at[-1]}"
    return f"No step moves more people than {where}: {count(most)} fewer would meet the rule"


def not_met_by_reason(deciding: pd.DataFrame) -> Figure:
    """Everybody at each total: met, or not met for a hurdle, the total, or both."""
    every = max(1, -(-len(deciding) // _MOST_ROWS))
    shown = deciding.iloc[::every]
    parts: tuple[tuple[str, str, dict[str, Any], str], ...] = (
        ("met", "meet the rule", {"color": BLUE}, "white"),
        ("not_met_hurdle_only", "missed a hurdle only", {"color": "white", "edgecolor": ORANGE, "hatch": "////"}, INK),
        ("not_met_both", "missed both", {"color": GREY}, INK),
        ("not_met_total_only", "missed the total only", {"color": LIGHT}, INK),
    )
    n = max(int(shown["complete"].max()), 1)
    height = 2.0 + 0.72 * len(shown)
    with drawing(height) as figure:
        axes = figure.subplots()
        figure.subplots_adjust(left=0.07, right=0.99, top=1 - 1.5 / height, bottom=0.02)
        rows = np.arange(len(shown))
        left = np.zeros(len(shown))
        for column, _, look, ink in parts:
            widths = shown[column].to_numpy()
            some = widths > 0  # a bar of no width would still draw its edge
            axes.barh(rows[some], widths[some], 0.74, left=left[some], linewidth=0.8, **look)
            for y, (x, w) in enumerate(zip(left, widths, strict=True)):
                if w >= n * 0.035:
                    box = {"facecolor": "white", "edgecolor": "none", "pad": 1.2} if "hatch" in look else None
                    axes.text(x + w / 2, y, count(w), ha="center", va="center", color=ink, bbox=box)
            left = left + widths
        axes.set(xlim=(0, n), ylim=(len(shown) - 0.5, -0.5))
        axes.set_yticks(rows, [number(cut) for cut in shown["cut"]])
        axes.set_xticks([])
        axes.spines["bottom"].set_visible(False)
        axes.text(-0.012, 1 + 0.25 / height, "Total", transform=axes.transAxes, ha="right", va="bottom", fontweight="bold")
        for place, (mark, (_, label, _, _)) in enumerate(zip("■▨■■", parts, strict=True)):
            colour = (BLUE, "#B3430F", QUIET, "#2073BC")[place]
            axes.text(
                (0, 0.21, 0.52, 0.71)[place], 1 + 0.25 / height, f"{mark} {label}", transform=axes.transAxes, color=colour, va="bottom"
            )
    return Figure(
        "not-met",
        _reason_title(deciding),
        "Candidates with every score, by total needed",
        _reason_alt(deciding),
        figure,
        tables.not_met(deciding),
    )


def _reason_title(deciding: pd.DataFrame) -> str:
    more = deciding[deciding["not_met_total_only"] > deciding["not_met_hurdle_only"]]
    if int(deciding["complete"].iloc[0]) == 0:
        return "Nobody is complete"
    hurdle, total, both = (int(deciding[f"not_met_{part}"].max()) for part in ("hurdle_only", "total_only", "both"))
    if hurdle + total + both == 0:
        return "At every total shown, everybody meets the rule"
    if hurdle + both == 0:
        return "Nobody missed a hurdle: the total alone decides"
    if hurdle + total == 0:
        return "Whoever does not meet the rule missed both a hurdle and the total, at every total shown"
    if total == 0:
        return "At no total shown does the total alone turn anybody down"
    if more.empty:
        return "At every total shown, a missed hurdle alone turns down at least as many people as the total alone"
    if len(more) == len(deciding):
        return "At every total shown, the total alone turns down more people than a missed hurdle alone"
    return f"From a total of {number(more['cut'].iloc[0])}, the total alone turns down more people than a missed hurdle alone"


def _reason_alt(deciding: pd.DataFrame) -> str:
    first, last = deciding.iloc[0], deciding.iloc[-1]
    said = [
        f"at {number(row['cut'])}, {verb(int(row['met']), 'meets', 'meet')} the rule, "
        f"{count(row['not_met_hurdle_only'])} missed a hurdle only, "
        f"{count(row['not_met_total_only'])} the total only and {count(row['not_met_both'])} both"
        for row in (first, last)
    ]
    return f"Stacked bars by total: {'; '.join(said)}."
