"""The profiles as rows of tiles, lowest total first, with the candidates on each as a bar: what a total of 13 looks like."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from standardsetting import tables
from standardsetting.figures.figure import BLUE, GREY, INK, LIGHT, QUIET, Figure, drawing
from standardsetting.process import Process
from standardsetting.tables.rounding import count, number, of, verb

# As many rows as an A4 page holds.
MOST_ROWS = 30


def profile_tiles(counted: pd.DataFrame, process: Process) -> Figure:
    """Rows of small tiles, one row a profile, with the number of candidates who have it.

    Parameters
    ----------
    counted
        From `profile_counts.profile_counts`. More than 30 rows: the 30 most frequent of those that somebody has are drawn, and the table
        below holds the rest.
    process
        The definition, for the scale.
    """
    shown = _shown(counted)
    columns = list(counted.columns[: list(counted.columns).index("profile")])
    most = counted.iloc[int(counted["candidates"].to_numpy().argmax())] if len(counted) and counted["candidates"].max() > 0 else None
    with drawing(0.7 + 0.62 * max(len(shown), 1)) as figure:
        axes = figure.subplots()
        figure.subplots_adjust(left=0.01, right=0.99, top=1, bottom=0.01)
        _rows(axes, shown, columns, process)
    total = int(counted["candidates"].sum())
    everything = "" if len(shown) == len(counted) else f" The {len(shown)} drawn are the most frequent."
    hurdles = "the hurdle" if len(columns) == 1 else "every hurdle"
    title = (
        f"Nobody met {hurdles}"
        if most is None
        else f"The most frequent way to meet {hurdles.replace('every hurdle', 'the hurdles')} is {most['profile']}"
    )
    if most is not None:
        them = "it" if len(columns) == 1 else "them"
        whose = f"the only candidate who met {them}" if total == 1 else f"{count(most['candidates'])} of {count(total)} who met {them}"
        title += f" (total {number(most['total'])}): {whose}"
    empty = int((counted["candidates"] == 0).sum())
    alt = f"{verb(len(counted), 'profile meets', 'profiles meet')} the hurdles; {of(total, 'candidate') if total else 'nobody'} "
    alt += f"{'has' if total < 2 else 'have'} one of them{f', and {_nobody_has(empty)}' if total else ''}."
    if counted.empty:
        alt = "Nobody met every hurdle, and the possible profiles are too many to draw."
    alt += everything
    how = "" if counted.attrs["ordered"] or len(columns) == 1 else ", whichever value has which score"
    return Figure(
        "profiles",
        title,
        f"{'Scores' if len(columns) == 1 else 'Profiles'} that meet {hurdles}{how}, and candidates on each",
        alt,
        figure,
        tables.profile_table(counted, process),
    )


def _nobody_has(empty: int) -> str:
    return verb(empty, "profile has nobody", "profiles have nobody") if empty else "every profile has somebody"


def _shown(counted: pd.DataFrame) -> pd.DataFrame:
    if len(counted) <= MOST_ROWS:
        return counted
    used = counted[counted["candidates"] > 0]
    kept = used.sort_values("candidates", ascending=False, kind="stable").head(MOST_ROWS).index
    return counted.loc[sorted(kept)]


def _rows(axes: Axes, shown: pd.DataFrame, columns: list[str], process: Process) -> None:
    tiles, rows = len(columns), max(len(shown), 1)
    most = max(int(shown["candidates"].max()) if len(shown) else 0, 1)
    start = tiles + 1.9
    room = 20 - start - 2.2
    axes.set(xlim=(-0.1, 20), ylim=(rows, -0.9))
    axes.axis("off")
    axes.text(0, -0.35, "Total", fontweight="bold", va="center")
    axes.text(1.4, -0.35, "Scores", fontweight="bold", va="center")
    axes.text(start, -0.35, "Candidates", fontweight="bold", va="center")
    low, high = float(process.scale.minimum), float(process.scale.maximum)
    before = None
    for y, row in enumerate(shown.to_dict("records")):
        if row["total"] != before:
            axes.text(0, y + 0.5, number(row["total"]), va="center", fontweight="bold")
            if y:
                axes.plot([0, 20], [y, y], color=GREY, linewidth=0.5)
        before = row["total"]
        for x, column in enumerate(columns):
            _tile(axes, 1.4 + x, y + 0.14, row[column], (row[column] - low) / (high - low))
        length = room * row["candidates"] / most
        axes.barh(y + 0.5, length, 0.5, left=start, color=BLUE)
        axes.text(start + length + 0.15, y + 0.5, count(row["candidates"]), va="center", color=INK if row["candidates"] else QUIET)


def _tile(axes: Axes, x: float, y: float, score: float, height: float) -> None:
    """A tile holds its number; the darker, the higher on the scale."""
    colour, ink = (BLUE, "white") if height > 0.9 else (LIGHT, INK) if height > 0.6 else ("#E3EDF7", INK)
    axes.add_patch(FancyBboxPatch((x + 0.04, y + 0.04), 0.78, 0.64, boxstyle="round,pad=0,rounding_size=0.08", color=colour, linewidth=0))
    axes.text(x + 0.43, y + 0.37, number(score), ha="center", va="center", color=ink, fontsize=8.5)
