"""Tables of how far assessors agree: by value, which coefficients have a meaning, severity by blind code, error by total."""

from __future__ import annotations

import pandas as pd

from standardsetting.blind.how_far import TOTAL, HowFar
from standardsetting.process import Process
from standardsetting.tables import rounding
from standardsetting.tables.table import Table

ALPHA = "Krippendorff's alpha"


def agreement_by_value(found: HowFar, process: Process) -> Table | None:
    """How far assessors agree on each value, and how reliable the total is; nothing where that cannot be said."""
    if found.lead is None:
        return None
    labels = {v.name: v.label for v in process.values} | {TOTAL: "Total"}
    rows, total = found.by_value, found.by_value["value"] == TOTAL
    data = pd.DataFrame(
        {
            "Value": rows["value"].map(lambda name: labels.get(name, name)),
            "Same rating": rows["exact"],
            "At most one step apart": rows["adjacent"],
            "Coefficient": total.map({True: found.lead.name, False: ALPHA}),
            "Estimate": rows["alpha"].where(~total, rows["reliability"]),
            "Low": rows["alpha_low"].where(~total, rows["reliability_low"]),
            "High": rows["alpha_high"].where(~total, rows["reliability_high"]),
            "Candidates": rows["candidates"],
        }
    )
    percent = rounding.percent(found.lead.confidence, 0)
    notes = (
        f"{ALPHA} (for ordered ratings) counts agreement beyond chance: 0 is what chance gives, 1 is perfect agreement. "
        f"Low and high are its {percent} interval ({found.interval}, with the assessors as they are).",
        f"{found.lead.name} is about the total over the values; its interval: {found.lead.method}.",
    )
    kinds = ("text", "percent", "percent", "text", "number", "number", "number", "count")
    n = int(rows["candidates"].max())
    places = dict.fromkeys(("Estimate", "Low", "High"), 2)
    caption = "How far two assessors of the same candidate agree, from independent ratings"
    return Table("agreement", caption, data, kinds, notes, n=n, places=places, missing="not defined" if rows["alpha"].isna().all() else "–")


def coefficients(found: HowFar) -> Table | None:
    """Every coefficient that readers ask for: whether it has a meaning for this rota, and why."""
    if found.recommendation is None:
        return None
    table = found.recommendation.table
    # What is refused for one and the same reason stands in one row.
    grouped = table.groupby(["legal", "reason"], sort=False)["coefficient"].agg(", ".join).reset_index()
    words = {True: "yes", False: "refused"}
    lead = found.recommendation.legal[0]
    data = pd.DataFrame(
        {
            "Coefficient": grouped["coefficient"],
            "Has a meaning here": [
                "yes, and leads" if name.split(", ")[0] == lead else words[bool(legal)]
                for name, legal in zip(grouped["coefficient"], grouped["legal"], strict=True)
            ],
            "Why": [reason[:1].upper() + reason[1:] + "." for reason in grouped["reason"]],
        }
    )
    return Table("coefficients", "Coefficients that have a meaning for who rated whom, and those that are refused", data, ("text",) * 3)


def severity_by_code(found: HowFar, *, name: str = "severity-by-code") -> Table | None:
    """The severity of each assessor, the most severe first."""
    if found.severity.empty:
        return None
    rows = found.severity.sort_values(["severity", "assessor"], ascending=[False, True])
    data = rows[["assessor", "n_shared", "severity", "severity_low", "severity_high", "total_points"]].set_axis(
        ["Assessor", "Shared candidates", "Severity on one value", "Low", "High", "Adds to an average total"], axis=1
    )
    notes = (
        "In points of the scale beside the co-assessors of the same candidates; above zero is severe. Low and high are the "
        f"{rounding.percent(found.severity.attrs['confidence'], 0)} interval.",
    )
    places = dict.fromkeys(data.columns[2:], 2)
    kinds = ("code", "count", "number", "number", "number", "number")
    return Table(name, "Severity of each assessor, by blind code", data, kinds, notes, places=places)


def severity_spread(found: HowFar) -> Table:
    """How many assessors lie in each band of severity."""
    bands = severity_bands(found)
    data = bands[["low", "high", "assessors"]].set_axis(["From", "To below", "Assessors"], axis=1)
    caption = "Assessors by severity, in points on one value beside the co-assessors of the same candidates"
    return Table("severity", caption, data, ("number", "number", "count"), places={"From": 2, "To below": 2})


def severity_bands(found: HowFar, *, width: float = 0.1) -> pd.DataFrame:
    """Bands of severity, a tenth of a point each and centred on zero, from the lowest that is used to the highest."""
    places = (found.severity["severity"].dropna() / width).round().astype(int)
    counts = places.value_counts().reindex(range(int(places.min()), int(places.max()) + 1), fill_value=0)
    middle = counts.index.to_numpy() * width
    return pd.DataFrame({"middle": middle, "low": middle - width / 2, "high": middle + width / 2, "assessors": counts.to_numpy()})


def measurement_error(found: HowFar) -> Table | None:
    """By how much the assessors' mean total misses, by total."""
    if found.error is None:
        return None
    data = found.error.table[["total", "candidates", "csem"]].set_axis(
        ["Mean total of the assessors", "Candidates", "Standard error"], axis=1
    )
    notes = (f"Method: {found.error.method}. Totals of fewer than five candidates are left out.",)
    caption = "Measurement error by total, in points of the total"
    return Table("measurement-error", caption, data, ("number", "count", "number"), notes, places={"Standard error": 2})
