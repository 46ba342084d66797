"""What each total would mean, in words: the options, the reasons, the neighbours, and who is close to the line."""

from __future__ import annotations

import pandas as pd

from standardsetting.blind.close_to_the_line import CloseToTheLine
from standardsetting.prose.passage import Passage, heading, listed, note, of, paragraphs, verb
from standardsetting.tables.rounding import count, number, percent


def options_heading(deciding: pd.DataFrame) -> Passage:
    """The finding about the options: between which numbers they lie."""
    first, last = deciding.iloc[0], deciding.iloc[-1]
    if len(deciding) < 2 or first["met"] == last["met"]:
        return heading("The options: what each total would mean", "options")
    low, high = number(first["cut"]), number(last["cut"])
    return heading(f"The options: {of(int(first['met']), 'candidate')} at a total of {low}, {count(last['met'])} at {high}", "options")


def options(deciding: pd.DataFrame) -> Passage:
    """What the table holds, and the largest group that one step moves."""
    steps = deciding.iloc[:-1]
    text = "Each row is one possible minimum acceptable standard. A candidate with exactly that total meets it."
    most = int(steps["moves_up"].max()) if len(steps) else 0
    if most:
        at = [number(cut) for cut in steps.loc[steps["moves_up"] == most, "cut"]]
        where = (
            f"The step that moves most people is the one up from {at[0]}"
            if len(at) == 1
            else f"Most people move at the steps up from {listed(at)}"
        )
        text += f" {where}: {of(most, 'candidate')}{'' if len(at) == 1 else ' each'}."
    return paragraphs(text)


def vacancies(deciding: pd.DataFrame) -> Passage:
    """The standard is kept apart from any select list; what the vacancies do and do not say."""
    apart = (
        "The standard says who is acceptable. Who is offered a post, and in which order, is a select list: a separate decision with "
        "rules of its "
        "own. Meeting the standard does not make candidates equal in merit, and candidates with the same total at the end of the posts "
        "are a tie "
        "that the rules of the select list have to resolve, never the order of a table."
    )
    if deciding["vacancies"].isna().all():
        return note(f"{apart} The process definition names no number of vacancies, so no column compares with one.")
    posts = int(deciding["vacancies"].iloc[0])
    enough = deciding[deciding["met_minus_vacancies"] >= 0]
    if enough.empty:
        effect = f"At every total shown fewer people meet the rule than there are vacancies ({count(posts)})."
    else:
        row = enough.iloc[-1]
        effect = (
            f"Up to a total of {number(row['cut'])} at least as many people meet the rule as there are vacancies ({count(posts)}): "
            f"{count(row['met'])} at that total."
        )
        tied = int(row["tied_at_cut"])
        if tied and row["met_minus_vacancies"] > 0:
            effect += f" {verb(tied, 'candidate has', 'candidates have')} exactly that total."
    return note(f"{apart} {effect} This is a consequence and never a standard.")


def not_met_heading(deciding: pd.DataFrame) -> Passage:
    """The finding about reasons."""
    missed = int(deciding["not_met_hurdle_only"].iloc[0] + deciding["not_met_both"].iloc[0])
    if int(deciding["complete"].iloc[0]) == 0:
        return heading("Who does not meet the rule, and why", "not-met")
    if missed == 0:
        return heading("Nobody missed a hurdle: the total alone decides", "not-met")
    return heading(f"{verb(missed, 'candidate', 'candidates')} missed a hurdle: no total changes that", "not-met")


def not_met(deciding: pd.DataFrame) -> Passage:
    """The reasons at the lowest and at the highest total."""
    first, last = deciding.iloc[0], deciding.iloc[-1]
    hurdle = int(first["not_met_hurdle_only"] + first["not_met_both"])
    n = int(first["complete"])
    if not n:
        return paragraphs("No candidate has every score, so nobody meets the rule or fails it.")
    if not hurdle:
        return paragraphs("Whoever does not meet the rule missed the total and nothing else.")
    who = f"{verb(hurdle, 'candidate', 'candidates')} ({percent(hurdle / n, n)})"
    text = f"{who} missed at least one hurdle and cannot meet the rule at any total. "
    text += f"Of these, {_some(first['not_met_hurdle_only'])} reached a total of {number(first['cut'])} all the same"
    text += f", and {_some(last['not_met_hurdle_only'])} a total of {number(last['cut'])}." if len(deciding) > 1 else "."
    return paragraphs(text)


def _some(people: int) -> str:
    return count(people) if people else "nobody"


def neighbours_heading() -> Passage:
    """The heading of the page about steps."""
    return heading("What each step of the total would change", "neighbours")


def neighbours(steps: pd.DataFrame) -> Passage:
    """That a step concerns candidates who all met every hurdle, and which profiles they have."""
    if steps.empty:
        return paragraphs("No step of the total shown here changes the outcome of anybody.")
    n = int(steps["candidates"].sum())
    return paragraphs(
        f"{verb(n, 'candidate', 'candidates')} would meet the rule at the lowest total shown and not at the highest. Each row names the "
        "step that "
        "decides for them and the scores they have. Everybody in this table met every hurdle."
    )


def close_heading() -> Passage:
    """The heading of the page about the line."""
    return heading("Close to the line", "close")


def close(close: CloseToTheLine, deciding: pd.DataFrame) -> Passage:
    """Who is one step of one score from the other decision, on both sides."""
    cuts = deciding["cut"].tolist()
    rows = close.by_cut[close.by_cut["cut"].isin(cuts)]
    first, last = rows.iloc[0], rows.iloc[-1]
    text = (
        f"At a total of {number(first['cut'])}, {_some(first['missed_one_hurdle'])} reached the total and missed one hurdle by a single "
        "step; "
        f"at {number(last['cut'])}, {_some(last['missed_one_hurdle'])}. Their mirror image met every hurdle and is one total short."
    )
    return paragraphs(
        text,
        "One step of one score separates both groups from the other decision. If evidence about them is looked at again before the "
        "standard is "
        "settled, look at both groups, by blind code, and in the same way. Looking at one side only would move the standard in its favour.",
    )
