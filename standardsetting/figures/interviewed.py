"""Who was interviewed: from interviews arranged to interviews scored, as steps."""

from __future__ import annotations

from standardsetting import tables
from standardsetting.blind.scores import Account
from standardsetting.figures.figure import BLUE, ORANGE, Figure, drawing
from standardsetting.tables.rounding import count, of


def flow(account: Account) -> Figure:
    """One bar a step; what leaves hangs where the step before it ended."""
    twin = tables.flow(account)
    steps = list(twin.data.itertuples(index=False, name=None))
    height = 0.5 + 0.72 * len(steps)
    most = max(max(number for _, number, _ in steps), 1)
    with drawing(height) as figure:
        axes = figure.subplots()
        figure.subplots_adjust(left=0.33, right=0.93, top=0.99, bottom=0.01)
        running = 0
        for y, (_, number, meaning) in enumerate(steps):
            if meaning == "not scored":
                running -= number
                axes.barh(y, number, 0.66, left=running, color="white", edgecolor=ORANGE, hatch="////", linewidth=0.8)
                axes.text(running + number + most * 0.01, y, f"−{count(number)}", va="center", color="#B3430F")
            else:
                running = number
                axes.barh(y, number, 0.66, color=BLUE)
                axes.text(number + most * 0.01, y, count(number), va="center", fontweight="bold")
        axes.set(xlim=(0, most), ylim=(len(steps) - 0.5, -0.5))
        axes.set_yticks(range(len(steps)), [label for label, _, _ in steps])
        axes.set_xticks([])
        axes.spines["bottom"].set_visible(False)
    said = ", ".join(f"{label.lower()} {count(number)}" for label, number, _ in steps)
    lost = account.interviews - account.scored
    title = (
        f"{count(lost)} of {of(account.interviews, 'arranged interview')} led to no full score"
        if lost
        else "Every interview arranged is fully scored"
    )
    if account.interviews == 1:
        title = "The only interview arranged led to no full score" if lost else "The only interview arranged is fully scored"
    return Figure("interviewed", title, "Candidates; hatched bars are those who are not scored", f"Steps: {said}.", figure, twin)
