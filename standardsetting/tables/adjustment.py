"""Tables of what adjusting for severity would change, and of the parts that a rota falls into."""

from __future__ import annotations

import pandas as pd

from standardsetting.blind.adjustment import Adjustment
from standardsetting.tables import rounding
from standardsetting.tables.table import Table

_PER_100 = ("Raw: met wrongly", "Raw: not met wrongly", "Adjusted: met wrongly", "Adjusted: not met wrongly", "Change", "Low", "High")
_HERE = ("Here: would no longer meet", "Here: would come to meet")


def adjusting(found: Adjustment) -> Table | None:
    """One row a total: wrong decisions expected with raw and with adjusted scores, and how many outcomes would change here."""
    if not found.known:
        return None
    wrong = [f"{scores}_{kind}" for scores in ("raw", "adjusted") for kind in ("false_met", "false_not_met")]
    columns = ["cut", *wrong, "change", "change_low", "change_high", "would_leave", "would_enter"]
    data = found.by_cut[columns].set_axis(["Total needed", *_PER_100, *_HERE], axis=1)
    kinds = ("number", *("number",) * len(_PER_100), "count", "count")
    notes = (
        "Wrong decisions are per 100 candidates, under the whole rule, expected from simulated campaigns; a change below zero is better. "
        f"Low and high are the {rounding.percent(found.confidence, 0)} Monte-Carlo interval of the change "
        f"({rounding.count(found.replicates)} campaigns, seed {found.seed}).",
        "The last two columns count candidates of this cohort.",
    )
    caption = "Wrong decisions with raw scores and with scores adjusted for severity, and what adjusting would change here"
    return Table("adjusting", caption, data, kinds, notes, places=dict.fromkeys(_PER_100[:4], 1) | dict.fromkeys(_PER_100[4:], 2))


def wrong_decisions(found: Adjustment) -> Table:
    """Wrong decisions of both kinds together, by total."""
    rows = found.by_cut
    data = pd.DataFrame(
        {
            "Total needed": rows["cut"],
            "Raw scores": rows["raw_false_met"] + rows["raw_false_not_met"],
            "Adjusted scores": rows["adjusted_false_met"] + rows["adjusted_false_not_met"],
        }
    )
    places = {"Raw scores": 1, "Adjusted scores": 1}
    return Table("wrong-decisions", "Wrong decisions expected per 100 candidates", data, ("number",) * 3, places=places)


def rota_parts(found: Adjustment) -> Table | None:
    """The parts of a rota that share no candidate, with the assessors in each by blind code."""
    if found.subsets.empty:
        return None
    codes = found.subsets["codes"].map(lambda names: ", ".join(map(str, names)))
    data = found.subsets[["subset", "assessors", "candidates"]].assign(codes=codes)
    data = data.set_axis(["Part", "Assessors", "Candidates", "Blind codes of the assessors"], axis=1)
    return Table("rota-parts", "Parts of the rota that share no candidate", data, ("count", "count", "count", "text"))
