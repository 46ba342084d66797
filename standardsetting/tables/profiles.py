"""Tables of profiles: which combinations of scores meet the hurdles, what a step of the cut changes, who is close to the line."""

from __future__ import annotations

import pandas as pd

from standardsetting.blind.close_to_the_line import MISSED_ONE_HURDLE, ONE_SHORT, CloseToTheLine
from standardsetting.process import Process
from standardsetting.tables.rounding import count
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
        notes.append(f"The {MOST_ROWS} most frequent profiles are listed; {count(int(left['candidates'].sum()))} candidates have others.")
        shown = shown.drop(left.index)
    if ordered:
        columns = [v.name for v in process.values]
        data = shown[["total", *columns, "candidates"]].set_axis(["Total", *(v.label for v in process.values), "Candidates"], axis=1)
        kinds = ("number", *("number" for _ in columns), "count")
        return Table(name, "Every profile that meets the hurdles, and the candidates who have it", data, kinds, tuple(notes))
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
    return [*written, f"and {len(most) - 12} others"] if len(most) > 12 else written


def close_by_cut(close: CloseToTheLine, shown: pd.DataFrame, process: Process) -> Table:
    """How many candidates are one step from the other decision at each cut, and which hurdle they missed."""
    cuts = shown["cut"].tolist()
    data = close.by_cut[close.by_cut["cut"].isin(cuts)]
    missed = close.patterns.pivot(index="cut", columns="value", values="candidates").loc[cuts, [v.name for v in process.values]]
    table = pd.DataFrame(
        {"Total needed": data["cut"].to_numpy(), "Reached the total, missed one hurdle": data["missed_one_hurdle"].to_numpy()}
    )
    for value in process.values:
        table[f"…on {value.label}"] = missed[value.name].to_numpy()
    table["Met every hurdle, one total short"] = data["one_total_short"].to_numpy()
    kinds = ("number", "count", *("count" for _ in process.values), "count")
    return Table("close-to-the-line", "Candidates who are one step of one score from the other decision, by the total needed", table, kinds)


def close_codes(close: CloseToTheLine, shown: pd.DataFrame, process: Process) -> Table:
    """The blind codes of those close to the line, for a review that looks at both sides."""
    low, high = float(shown["cut"].iloc[0]), float(shown["cut"].iloc[-1])
    people = close.candidates
    above = people[(people["side"] == MISSED_ONE_HURDLE) & (people["total"] >= low)]
    short = people[(people["side"] == ONE_SHORT) & (people["total"] < high)]
    labels = {v.name: v.label for v in process.values}
    rows = []
    for side, group in (("Missed one hurdle", above), ("Met every hurdle", short)):
        for (total, value), codes in group.groupby(["total", "value"], sort=False):
            rows.append((side, total, labels.get(str(value)), len(codes), _codes(codes["candidate"])))
    data = pd.DataFrame(rows, columns=["Side of the line", "Total", "Hurdle missed", "Candidates", "Blind codes"])
    notes = (
        "Those who missed one hurdle reached every total up to theirs; those who met every hurdle fall short of every total above theirs, "
        "and are one step short of the next.",
        f"Where more than {MOST_CODES} candidates share a row, their number is given and no codes.",
    )
    caption = "Blind codes of the candidates close to the line, by total"
    return Table("close-codes", caption, data, ("text", "number", "text", "count", "code"), notes)


def _codes(candidates: pd.Series) -> str | None:
    return " ".join(map(str, candidates)) if len(candidates) <= MOST_CODES else None
