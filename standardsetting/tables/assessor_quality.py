"""Tables for the quality lead: assessors by blind code, each figure beside what is to be expected."""

from __future__ import annotations

import pandas as pd

from standardsetting.blind.assessors import thresholds
from standardsetting.blind.quality_control import QualityControl
from standardsetting.tables.rounding import count
from standardsetting.tables.table import Table

SCREEN = "Screens raise questions; they do not say why, and accuse nobody."


def days_done(found: QualityControl) -> Table | None:
    """Interviews with ratings by day, and ratings that are missing."""
    if found.done.by_day.empty:
        return None
    data = found.done.by_day.set_axis(["Day of the window", "Candidates rated", "Second assessor missing", "A value missing"], axis=1)
    return Table("days", "Candidates with independent ratings, by day of the window", data, ("count",) * 4)


def severity_shrunk(found: QualityControl) -> Table:
    """Severity of each assessor, raw and drawn in by its error; and in logits where the model could be fitted."""
    rows = found.assessors.sort_values(["severity_shrunk", "assessor"], ascending=[False, True])
    columns = ["assessor", "n_shared", "severity", "severity_shrunk", "severity_shrunk_low", "severity_shrunk_high", "total_points"]
    headings = ["Assessor", "Shared candidates", "Severity", "Drawn in", "Low", "High", "Adds to an average total"]
    data = rows[columns].set_axis(headings, axis=1)
    notes = ["In points of the scale on one value beside co-assessors; above zero is severe. Drawn in: moved to the mean by its error."]
    if found.logits is not None and len(found.logits.table):
        measures = found.logits.table.set_index("assessor").reindex(data["Assessor"])
        in_logits = {"measure": "Logits", "se": "Error of logits", "infit": "Infit", "outfit": "Outfit"}
        data = data.assign(**{heading: measures[column].to_numpy() for column, heading in in_logits.items()})
        headings += in_logits.values()
        notes.append(
            f"Logits: the {found.logits.method}, {count(found.logits.n_ratings)} ratings; above zero is severe. Infit and outfit: mean "
            "squares, 1 where an assessor scatters about the model as it expects; outfit gives more weight to single surprises."
        )
    kinds = ("code", "count", *("number",) * (len(headings) - 2))
    return Table("severity", "Severity of each assessor", data, kinds, tuple(notes), places=dict.fromkeys(headings[2:], 2))


def control_chart(found: QualityControl) -> Table:
    """Each assessor's severity day by day, with the running mean and its limits."""
    columns = ["assessor", "day", "n", "severity", "ewma", "low", "high", "outside"]
    data = found.charts[columns].assign(outside=found.charts["outside"].map({True: "outside", False: ""}))
    data = data.set_axis(["Assessor", "Day", "Candidates", "Severity", "Running mean", "Low", "High", "Limits"], axis=1)
    kinds = ("code", "count", "count", "number", "number", "number", "number", "text")
    caption = "Severity by day with its running mean and limits about the assessor's own mean"
    return Table("control-charts", caption, data, kinds, places=dict.fromkeys(("Severity", "Running mean", "Low", "High"), 2))


def who_sat_with_whom(found: QualityControl) -> Table:
    """Pairs of assessors and how many candidates they share."""
    common = found.rota.common if found.rota is not None else pd.DataFrame(columns=["assessor_1", "assessor_2", "candidates"])
    rows = common.sort_values(["candidates", "assessor_1", "assessor_2"], ascending=[False, True, True])
    data = rows.set_axis(["Assessor", "With", "Candidates"], axis=1)
    return Table("pairs", "Pairs of assessors and the candidates they share", data, ("code", "code", "count"))


def links(found: QualityControl) -> Table:
    """Each assessor's part of the network, and how many others it is linked to."""
    if found.rota is None:
        return Table("network", "The network of assessors", pd.DataFrame({"Assessor": []}), ("code",))
    rota = found.rota
    ends = pd.concat([rota.common["assessor_1"], rota.common["assessor_2"]])
    partners = ends.value_counts().reindex(rota.component_of.index, fill_value=0)
    pairs = pd.concat([rota.bridges["assessor_1"], rota.bridges["assessor_2"]])
    data = pd.DataFrame(
        {
            "Assessor": rota.component_of.index,
            "Part": rota.component_of.to_numpy(),
            "Sat with": partners.to_numpy(),
            "On the only link": ["yes" if name in set(pairs) else "" for name in rota.component_of.index],
            "Holds its part together": ["yes" if name in rota.articulation else "" for name in rota.component_of.index],
        }
    )
    return Table(
        "network", "The network of assessors: parts, links, and who holds them together", data, ("code", "count", "count", "text", "text")
    )


def use_of_the_scale(found: QualityControl) -> Table | None:
    """Consistency, centrality and undifferentiated rating beside what is expected."""
    if found.assessors.empty:
        return None
    columns = {
        "assessor": "Assessor", "n_shared": "Shared candidates", "noise": "Noise (1: mean)", "noise_high_by_chance": "Up to, by chance",
        "rest_correlation": "Correlation with co-assessors", "sd_ratio": "Spread (1: as theirs)", "flat_share": "Flat profiles",
        "flat_share_expected": "Flat, expected",
    }  # fmt: skip
    data = found.assessors[list(columns)].rename(columns=columns)
    data["Screens that ask"] = [", ".join(flags) for flags in found.assessors["flags"]]
    notes = (
        "Noise: error variance as a multiple of the mean assessor's, beside what the same disagreements dealt out at random stay under 39 "
        f"times in 40. Spread: standard deviation beside the co-assessors'. Flat: the same rating on every value. {SCREEN}",
    )
    kinds = ("code", "count", "number", "number", "number", "number", "percent", "percent", "text")
    places = dict.fromkeys(list(columns.values())[2:6], 2)
    return Table("use-of-the-scale", "Consistency, centrality and undifferentiated rating", data, kinds, notes, places=places)


def dependence(found: QualityControl, *, most: int = 12) -> Table | None:
    """The pairs of assessors that agree more than the cohort does at the same ratings."""
    usable = found.pairs.dropna(subset=["z"]) if len(found.pairs) else found.pairs
    if usable.empty:
        return None
    rows = usable[usable["candidates"] >= 3].sort_values(["z", "assessor_1"], ascending=[False, True]).head(most)
    if rows.empty:
        return None
    columns = ["assessor_1", "assessor_2", "candidates", "exact", "exact_expected", "identical", "identical_expected", "z"]
    headings = ["Assessor", "With", "Candidates", "Same rating", "Expected", "All the same", "Expected so", "Errors above"]
    data = rows[columns].set_axis(headings, axis=1)
    notes = (
        f"The {len(rows)} pairs of three candidates or more that lie furthest above the expected, in standard errors. With many pairs "
        f"some do by chance. {SCREEN}",
    )
    kinds = ("code", "code", "count", "percent", "percent", "percent", "percent", "number")
    return Table(
        "dependence", "Agreement inside pairs beside the cohort's at the same ratings", data, kinds, notes, places={headings[-1]: 1}
    )


def panels(found: QualityControl) -> Table | None:
    """Panel means beside what shuffling candidates gives."""
    if found.panels is None:
        return None
    rows = found.panels.table.sort_values(["mean", "panel"], ascending=[False, True])
    data = rows[["panel", "n", "mean", "expected", "low", "high"]].assign(out=rows["outside"].map({True: "outside", False: ""}).to_numpy())
    data = data.set_axis(["Panel", "Candidates", "Mean total", "Mean of its days", "Low", "High", "By chance"], axis=1)
    kinds = ("code", "count", "number", "number", "number", "number", "text")
    places = dict.fromkeys(("Mean total", "Mean of its days", "Low", "High"), 2)
    return Table("panels", "Panel means beside where shuffling candidates within their days leaves them", data, kinds, places=places)


def calibration(found: QualityControl) -> Table | None:
    """Each assessor's distance from the reference scores, and hurdle decisions other than the reference's."""
    if found.calibration is None:
        return None
    rows = found.calibration.assessors
    columns = {
        "assessor": "Assessor", "occasion": "Discussion", "n_videos": "Videos", "bias": "Bias", "mean_absolute_error": "Mean distance",
        "exact": "Same as reference", "false_fail": "Too strict at the hurdle", "false_pass": "Too lenient at the hurdle",
        "hurdle_decisions": "Hurdle decisions",
    }  # fmt: skip
    data = rows[list(columns)].rename(columns=columns)
    data["Score again"] = ["yes" if again else "" for again in rows["repeat"]]
    kinds = ("code", "text", "count", "number", "number", "percent", "count", "count", "count", "text")
    return Table("calibration", "Benchmark videos beside the reference scores", data, kinds, places={"Bias": 2, "Mean distance": 2})


def screens(found: QualityControl) -> Table | None:
    """What each screen asks, at which threshold, and where the threshold comes from."""
    if found.reason:
        return None
    rows = thresholds(found.screens)
    data = rows[["screen", "asks", "value", "source"]].assign(screen=rows["screen"].str.capitalize())
    data["value"] = rows["value"].map("{:g}".format) + rows["alone"].map({True: " alone", False: ""})
    data = data.set_axis(["Screen", "What it asks", "Threshold", "Source"], axis=1)
    notes = (
        "A screen raises a question where two of its signals are seen, or one of practical size (marked alone); never by a p value "
        f"alone. Local: a judgement, to be set by policy before the ratings are seen. {SCREEN}",
    )
    caption = "What each screen asks, its threshold and its source"
    return Table("screens", caption, data, ("text",) * 4, notes)
