"""Tables of profiles: which combinations of scores meet the hurdles, what a step of the cut changes, who is close to the line."""

from __future__ import annotations

import numpy as np
import pandas as pd

from standardsetting.blind.close_to_the_line import MISSED_ONE_HURDLE, ONE_STEP_SHORT, CloseToTheLine
from standardsetting.process import Process
from standardsetting.scale import plain
from standardsetting.tables.rounding import count, of, verb
from standardsetting.tables.table import Table

# More rows than this are not read: the annex says how many there are, and the workbook's reader asks for the rest.
MOST_ROWS = 250
MOST_CODES = 24


def profile_table(counted: pd.DataFrame, process: Process, *, name: str = "profiles") -> Table:
    """The profiles that meet the hurdles, with their totals and the number of candidates on each."""
    ordered, every = counted.attrs["ordered"], counted.attrs["every_possible"]
    notes = [] if every else ["More than 1,000 profiles are possible; only those that some candidate has are listed."]
    shown = counted
    if len(shown) > MOST_ROWS and every:
        shown = counted[counted["candidates"] > 0]
        notes.append(f"{count(len(counted))} profiles are possible; only those that some candidate has are listed.")
    if len(shown) > MOST_ROWS:
        left = shown.sort_values("candidates", kind="stable").head(len(shown) - MOST_ROWS)
        notes.append(
            f"The {MOST_ROWS} most frequent profiles are listed; "
            f"{verb(int(left['candidates'].sum()), 'candidate has another', 'candidates have others')}."
        )
        shown = shown.drop(left.index)
    if ordered:
        columns = [v.name for v in process.values]
        data = shown[["total", *columns, "candidates"]].set_axis(["Total", *(v.label for v in process.values), "Candidates"], axis=1)
        kinds = ("number", *("number" for _ in columns), "count")
        return Table(name, "Every profile that meets the hurdles, and the candidates who have it", data, kinds, tuple(notes))
    if len(process.values) == 1:
        data = shown[["profile", "total", "candidates"]].set_axis(["Score", "Total", "Candidates"], axis=1)
        return Table(name, "The scores that meet the hurdle, and the candidates on each", data, ("text", "number", "count"), tuple(notes))
    data = shown[["profile", "total", "ways", "candidates"]].set_axis(["Scores", "Total", "Orders of the values", "Candidates"], axis=1)
    caption = "The profiles that meet the hurdles, whichever value has which score, and the candidates on each"
    return Table(name, caption, data, ("text", "number", "count", "count"), tuple(notes))


def neighbours(steps: pd.DataFrame) -> Table:
    """What each step of the cut changes, and the profiles of those whom it changes it for."""
    joined = [
        (cut, after, int(rows["candidates"].sum()), "; ".join(_with_count(rows)))
        for (cut, after), rows in steps.groupby(["cut", "next_cut"], sort=True)
    ]
    headings = ["From a total of", "to", "Fewer candidates meet the rule", "Their scores (and how many have them)"]
    data = pd.DataFrame(joined, columns=headings)
    return Table(
        "neighbours", "Who would no longer meet the rule when the total moves up by one step", data, ("number", "number", "count", "text")
    )


def _with_count(rows: pd.DataFrame) -> list[str]:
    most = rows.sort_values(["candidates", "profile"], ascending=[False, False])
    few = most.head(12)
    written = [f"{profile} ({count(n)})" for profile, n in zip(few["profile"], few["candidates"].tolist(), strict=True)]
    return [*written, f"and {of(len(most) - 12, 'other')}"] if len(most) > 12 else written


def close_by_cut(close: CloseToTheLine, shown: pd.DataFrame, process: Process) -> Table:
    """How many candidates are one rating step of one score from the other outcome at each cut, and which hurdle they missed."""
    cuts = shown["cut"].tolist()
    data = close.by_cut[close.by_cut["cut"].isin(cuts)]
    missed = close.patterns.pivot(index="cut", columns="value", values="candidates").loc[cuts, [v.name for v in process.values]]
    table = pd.DataFrame(
        {
            "Total needed": data["cut"].to_numpy(),
            "Reached the total, missed one hurdle by at most one step": data["missed_one_hurdle"].to_numpy(),
        }
    )
    for value in process.values if len(process.values) > 1 else ():
        table[f"…on {value.label}"] = missed[value.name].to_numpy()
    table["Met every hurdle, below the total, one score one step higher would reach it"] = data["one_step_short"].to_numpy()
    if not data[["missed_one_hurdle", "one_step_short"]].to_numpy().any():
        table = table.iloc[:0]
    caption = "Candidates whose outcome one score, raised by one step of the rating scale, would change, by the total needed"
    weighted = len({v.weight for v in process.values}) > 1 or process.values[0].weight != 1
    notes = (
        f"One step is one step of the rating scale ({plain(process.scale.step)}), never above its maximum"
        f"{', and counts in the total with the weight of the value' if weighted else ''}.",
        "Whoever missed both a hurdle and the total is on neither side.",
    )
    return Table("close-to-the-line", caption, table, ("number", *("count" for _ in table.columns[1:])), notes)


def close_codes(close: CloseToTheLine, shown: pd.DataFrame, process: Process) -> Table:
    """The blind codes of those close to the line, for a review that looks at both sides."""
    cuts, people = shown["cut"].to_numpy(dtype=float), close.candidates
    above = people[(people["side"] == MISSED_ONE_HURDLE) & (people["total"] >= cuts.min())]
    # Of the totals shown, one has to lie above the candidate's own and no higher than one raised score leads.
    within = np.searchsorted(cuts, people["up_to"], side="right") > np.searchsorted(cuts, people["total"], side="right")
    short = people[(people["side"] == ONE_STEP_SHORT) & within]
    labels = {v.name: v.label for v in process.values}
    rows = []
    for side, group in (("Missed one hurdle", above), ("Met every hurdle", short)):
        for (total, up_to, value), codes in group.groupby(["total", "up_to", "value"], sort=False):
            rows.append((side, total, up_to, labels.get(str(value)), len(codes), _codes(codes["candidate"])))
    data = pd.DataFrame(rows, columns=["Side of the line", "Total", "Close up to a total of", "Hurdle missed", "Candidates", "Blind codes"])
    notes = (
        "Those who missed one hurdle, by at most one step of the rating scale, are close to the line at every total up to their own. Those "
        "who met every hurdle are close to it at every total above their own, up to the highest that one score, raised by one step, "
        "leads to.",
        f"Where more than {MOST_CODES} candidates share a row, their number is given and no codes.",
    )
    caption = "Blind codes of the candidates close to the line, by total"
    return Table("close-codes", caption, data, ("text", "number", "number", "text", "count", "code"), notes)


def _codes(candidates: pd.Series) -> str | None:
    return " ".join(map(str, candidates)) if len(candidates) <= MOST_CODES else None
