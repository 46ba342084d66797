"""What the distributions and the profiles show, in words."""

from __future__ import annotations

import pandas as pd

from standardsetting.process import Process
from standardsetting.prose.passage import Passage, heading, listed, note, paragraphs, sub_heading
from standardsetting.tables.rounding import count, number, of, percent, verb
from standardsetting.tables.table import Table

# From here on two values are hardly told apart. A screen for the eye and no verdict: one panel on one day raises it by itself.
HIGH_CORRELATION = 0.8


def scores_heading(counts: pd.DataFrame, process: Process) -> Passage:
    """Where the hurdle was missed most.

    Parameters
    ----------
    counts
        From `distributions.hurdle_counts`.
    """
    labels = {v.name: v.label for v in process.values}
    most = int(counts["missed"].max())
    worst = [labels[name] for name in counts.loc[counts["missed"] == most, "value"]]
    if int(counts["scored"].max()) == 0:
        return heading("The scores: nobody has every score", "scores")
    if most == 0:
        return heading(f"The scores: nobody missed {'the' if len(counts) == 1 else 'a'} hurdle", "scores")
    if len(counts) == 1:
        return heading(f"{verb(most, 'candidate', 'candidates')} missed the hurdle on {worst[0]}", "scores")
    if len(worst) == len(counts):
        return heading("The scores: every hurdle was missed equally often", "scores")
    return heading(f"The hurdle was missed most often on {listed(worst)}", "scores")


def scores(counts: pd.DataFrame, totals: pd.DataFrame, process: Process) -> Passage:
    """How many missed each hurdle, which scores nobody has, and where the totals lie."""
    labels = {v.name: v.label for v in process.values}
    parts = []
    for row in counts.to_dict("records"):
        missed, n = int(row["missed"]), int(row["scored"])
        parts.append(f"{count(missed)} on {labels[row['value']]}" + (f" ({percent(missed / n, n)})" if n else ""))
    first = (
        f"The hurdle was missed by {listed(parts)}. A candidate can miss more than one."
        if len(parts) > 1
        else f"The hurdle was missed by {parts[0]}."
    )
    n = int(counts["scored"].max())
    if n == 0:
        return paragraphs("No candidate has every score, so there is nothing to count.")
    if int(counts["missed"].max()) == 0:
        first = f"Nobody missed {'the' if len(counts) == 1 else 'a'} hurdle."
    first = f"{of(n, 'candidate')} {'has' if n == 1 else 'have'} every score and {'is' if n == 1 else 'are'} counted here. {first}"
    used = totals[totals["candidates"] > 0]
    if len(used) == 1:
        whose = "The only candidate has" if n == 1 else f"All {count(n)} candidates have"
        return paragraphs(f"{first} {whose} a total of {number(used['total'].iloc[0])}.")
    peak = used[used["candidates"] == used["candidates"].max()]
    second = f"Totals lie between {number(used['total'].iloc[0])} and {number(used['total'].iloc[-1])}; "
    if len(peak) == 1:
        second += f"the most frequent is {number(peak['total'].iloc[0])}, with {of(int(peak['candidates'].iloc[0]), 'candidate')}."
    else:
        second += f"{len(peak)} totals are equally frequent, with {of(int(peak['candidates'].iloc[0]), 'candidate')} each."
    return paragraphs(f"{first} {second}")


def correlations(pairs: pd.DataFrame, process: Process) -> Passage:
    """How the values go together, with a warning where they are hardly told apart."""
    known = pairs.dropna(subset=["correlation"])
    if known.empty:
        return (
            paragraphs("How the values go together cannot be said: there are too few candidates, or too few different scores.")
            if len(pairs)
            else Passage("")
        )
    labels = {v.name: v.label for v in process.values}
    low, high = number(known["correlation"].min(), 2), number(known["correlation"].max(), 2)
    span = f"is {low}" if len(known) == 1 else f"lies between {low} and {high}"
    which = "the two values" if len(known) == 1 else "two values"
    text = f"The correlation between {which} {span} (0: unrelated; 1: the same order of candidates). {_together(process)}"
    close = known[known["correlation"] >= HIGH_CORRELATION]
    if close.empty:
        return paragraphs(text)
    names = listed([f"{labels[a]} with {labels[b]}" for a, b in zip(close["value"], close["other"], strict=True)])
    warning = (
        f"Scores are hardly told apart on {names} ({number(HIGH_CORRELATION)} or more). Ask whether assessors judged the values separately."
    )
    return Passage(paragraphs(text).html + note(warning, warning=True).html)


def _together(process: Process) -> str:
    """Why values go together that nobody confuses; with several exercises, not every pair was scored on the same occasion."""
    if len(process.exercises) > 1:
        why = "Scores that the same people gave in the same exercise go together more for that reason alone"
    else:
        why = "The same people gave all the scores of a candidate on one occasion, which raises it by itself"
    return f"{why}; it is not agreement between assessors."


def profiles_heading(counted: pd.DataFrame) -> Passage:
    """The finding about profiles: how many of the possible ones occur."""
    used = int((counted["candidates"] > 0).sum())
    hurdles = "the hurdle" if len(process_values(counted)) == 1 else "the hurdles"
    if not used:
        return heading(f"The profiles: nobody met {'the hurdle' if len(process_values(counted)) == 1 else 'every hurdle'}", "profiles")
    if not counted.attrs["every_possible"]:
        return heading(f"{verb(used, 'profile', 'profiles')} that {'meets' if used == 1 else 'meet'} {hurdles} occurred", "profiles")
    if len(counted) == 1:
        return heading(f"The only way to meet {hurdles} occurred", "profiles")
    return heading(f"{count(used)} of {of(len(counted), 'way')} to meet {hurdles} occurred", "profiles")


def process_values(ordered: pd.DataFrame) -> list[str]:
    """The columns of a table of profiles that hold scores."""
    return list(ordered.columns[: list(ordered.columns).index("profile")])


def profiles(unordered: pd.DataFrame, ordered: pd.DataFrame) -> Passage:
    """How many profiles meet the hurdles, and that the panel judges profiles and not people.

    Parameters
    ----------
    unordered, ordered
        From `profile_counts.profile_counts`.
    """
    n = int(ordered["candidates"].sum())
    one = len(process_values(ordered)) == 1
    if unordered.attrs["ordered"]:
        first = "The values differ in hurdle or weight, so it matters which value has which score."
    elif len(process_values(ordered)) == 1:
        first = f"{verb(len(ordered), 'score meets', 'scores meet')} the hurdle."
    elif ordered.attrs["every_possible"]:
        first = (
            f"There are {count(len(ordered))} combinations of scores that meet every hurdle, or {count(len(unordered))} if it does not "
            "matter "
            "which value has which score."
        )
    else:
        first = "More than 1,000 combinations of scores meet every hurdle"
        first += "; the lists hold those that somebody has." if n else ", too many to list."
    who = verb(n, "candidate has", "candidates have") if n else "Nobody has"
    if not n:
        nobody = f"Nobody has {'a score that meets the hurdle' if one else 'a profile that meets every hurdle'}."
        first, who = f"{first} {nobody}", ""
    if not n and not ordered.attrs["every_possible"]:
        return paragraphs(first)
    return paragraphs(
        f"{first} {who} one of them." if n else first,
        "Read the rows as descriptions of performance: is somebody with these scores acceptable for the role? The number of candidates "
        "on a row "
        "is no part of that question.",
    )


def every_profile_heading(listed: Table) -> Passage:
    """The heading of the list of profiles in the annex."""
    return sub_heading(
        "Every profile that meets the hurdles", listed, "Nobody met every hurdle, and the possible profiles are too many to list."
    )
