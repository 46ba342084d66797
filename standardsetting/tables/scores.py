"""Tables of how the scores are distributed."""

from __future__ import annotations

import pandas as pd

from standardsetting.process import Process
from standardsetting.scale import plain
from standardsetting.tables.rounding import with_every_score
from standardsetting.tables.table import Table


def meanings(process: Process) -> Table:
    """What each point of the scale means, in the words of the definition."""
    points = [plain(point) for point in process.rating_scale.points if plain(point) in process.scale.meanings]
    data = pd.DataFrame({"Score": [float(p) for p in points], "What it means": [process.scale.meanings[p] for p in points]})
    return Table("meanings", "What the points of the scale mean, in the words of the process definition", data, ("number", "text"))


def values(process: Process) -> Table:
    """The values, with hurdle, weight and meaning."""
    data = pd.DataFrame(
        {
            "Value": [v.label for v in process.values],
            "Hurdle": [float(v.hurdle) for v in process.values],
            "Weight in the total": [float(v.weight) for v in process.values],
            "Meaning": [v.meaning or None for v in process.values],
        }
    )
    kinds = ("text", "number", "number", "text")
    if data["Meaning"].isna().all():
        return Table("values", "The values, and the least score each one needs", data.drop(columns="Meaning"), kinds[:3])
    return Table("values", "The values, the least score each one needs, and what each one means", data, kinds)


def value_distribution(distribution: pd.DataFrame, process: Process) -> Table:
    """How many candidates have each score on each value: one row a score, one column a value."""
    counts = distribution.pivot(index="score", columns="value", values="candidates")[[v.name for v in process.values]]
    data = counts.set_axis([v.label for v in process.values], axis=1).rename_axis(None, axis=1).reset_index(names="Score")
    kinds = ("number", *("count" for _ in process.values))
    n = int(distribution["scored"].max())
    return Table("scores-by-value", "Candidates with each score on each value", data, kinds, _counted(n))


def _counted(n: int) -> tuple[str, ...]:
    """Whom a table counts, as a note below it."""
    return (f"Counted are {with_every_score(n)}.".replace("are the only", "is the only"),) if n else ("No candidate has every score.",)


def hurdle_counts(counts: pd.DataFrame, process: Process) -> Table:
    """How many candidates reached and missed the hurdle of each value."""
    labels = {v.name: v.label for v in process.values}
    data = pd.DataFrame(
        {
            "Value": counts["value"].map(labels),
            "Hurdle": counts["hurdle"],
            "Reached it": counts["reached"],
            "Missed it": counts["missed"],
            "Share who missed it": counts["share_missed"],
        }
    )
    n = int(counts["scored"].max())
    return Table(
        "hurdles",
        "Candidates who reached and missed the hurdle of each value",
        data,
        ("text", "number", "count", "count", "percent"),
        _counted(n),
        n=n,
    )


def total_distribution(totals: pd.DataFrame) -> Table:
    """How many candidates have each total."""
    data = totals[["total", "candidates", "met_every_hurdle", "missed_a_hurdle", "share"]].set_axis(
        ["Total", "Candidates", "Met every hurdle", "Missed at least one", "Share of candidates"], axis=1
    )
    n = int(totals["candidates"].sum())
    kinds = ("number", "count", "count", "count", "percent")
    return Table("totals", "Candidates with each possible total", data, kinds, _counted(n), n=n)


def correlations(pairs: pd.DataFrame, process: Process) -> Table:
    """How each pair of values goes together; no rows where no correlation is defined."""
    if pairs["correlation"].isna().all():
        pairs = pairs.iloc[:0]
    labels = {v.name: v.label for v in process.values}
    data = pd.DataFrame({"Value": pairs["value"].map(labels), "With": pairs["other"].map(labels), "Correlation": pairs["correlation"]})
    return Table(
        "correlations",
        "Correlation between two values",
        data,
        ("text", "text", "number"),
        ("0: unrelated; 1: the same order of candidates.", *(_counted(int(pairs["candidates"].max())) if len(pairs) else ())),
        places={"Correlation": 2},
        missing="not defined",
    )
