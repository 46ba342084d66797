"""Wrong decisions by total, with raw and with adjusted scores, side by side."""

from __future__ import annotations

from standardsetting import tables
from standardsetting.blind.adjustment import Adjustment
from standardsetting.figures.figure import BLUE, ORANGE, Figure, drawing
from standardsetting.tables.rounding import number

RAW, ADJUSTED = "Raw scores", "Adjusted scores"


def adjusting(found: Adjustment) -> Figure | None:
    """Two dots a total, joined: how much of the wrong decisions adjusting would take away or add."""
    if not found.known:
        return None
    twin = tables.wrong_decisions(found)
    cuts, raw, adjusted = (twin.data[column] for column in ("Total needed", RAW, ADJUSTED))
    with drawing(6.2) as figure:
        axes = figure.subplots()
        figure.subplots_adjust(left=0.08, right=0.98, top=0.86, bottom=0.2)
        axes.vlines(cuts, raw, adjusted, color=BLUE, linewidth=1.2)
        axes.plot(cuts, raw, "o", color=BLUE, markersize=6, label=RAW)
        axes.plot(cuts, adjusted, "o", markerfacecolor="white", markeredgecolor=ORANGE, markeredgewidth=1.8, markersize=6, label=ADJUSTED)
        axes.set(ylim=(0, max(float(raw.max()), float(adjusted.max()), 1.0) * 1.12), xlabel="Total needed")
        shown = cuts if len(cuts) <= 15 else cuts[cuts % 1 == 0]
        axes.set_xticks(list(shown), [number(float(cut)) for cut in shown])
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2, frameon=False, handletextpad=0.3, borderaxespad=0.2)
    before, after = number(found.wrong_raw, 1), number(found.wrong_adjusted, 1)
    title = (
        f"Wrong decisions: {before} per 100 candidates with raw scores and with adjusted ones"
        if before == after
        else f"Wrong decisions: {before} per 100 candidates with raw scores, {after} with adjusted ones"
    )
    alt = (
        f"Wrong decisions per 100 candidates at {len(cuts)} totals: raw scores from {number(float(raw.min()), 1)} to "
        f"{number(float(raw.max()), 1)}, adjusted scores from {number(float(adjusted.min()), 1)} to {number(float(adjusted.max()), 1)}."
    )
    subtitle = "Expected per 100 candidates under the whole rule, by the total needed; the title gives their mean"
    return Figure("adjusting", title, subtitle, alt, figure, twin)
