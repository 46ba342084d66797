"""What each total would mean, in words: the options, the reasons, the neighbours, and who is close to the line."""

from __future__ import annotations

import pandas as pd

from standardsetting.blind.close_to_the_line import CloseToTheLine
from standardsetting.prose.passage import Passage, heading, listed, note, paragraphs, sub_heading
from standardsetting.tables.rounding import count, number, of, percent, verb
from standardsetting.tables.table import Table


def options_heading(deciding: pd.DataFrame) -> Passage:
    """The finding about the options: between which numbers they lie."""
    first, last = deciding.iloc[0], deciding.iloc[-1]
    if len(deciding) < 2 or first["met"] == last["met"]:
        return heading("The options: what each total would mean", "options")
    low, high = number(first["cut"]), number(last["cut"])
    return heading(f"The options: {of(int(first['met']), 'candidate')} at a total of {low}, {_some(last['met'])} at {high}", "options")


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
        "The standard says who is acceptable. Who is offered a post, and in which order, is a select list: a separate decision with rules "
        "of its own. Meeting the standard does not make candidates equal in merit, and candidates with the same total at the end of the "
        "posts are a tie that the rules of the select list have to resolve, never the order of a table."
    )
    if deciding["vacancies"].isna().all():
        return note(f"{apart} The process definition names no number of vacancies, so no column compares with one.")
    posts = int(deciding["vacancies"].iloc[0])
    if posts == 0:
        return note(f"{apart} There are no vacancies, so no column compares with them.")
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
    if missed == 0 and int(deciding["not_met_total_only"].max()) == 0:
        return heading("Everybody meets the rule at every total shown", "not-met")
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
    if not hurdle and int(deciding["not_met_total_only"].max()) == 0:
        return paragraphs("Nobody missed a hurdle, and nobody lies below any total shown.")
    if not hurdle:
        return paragraphs("Whoever does not meet the rule missed the total and nothing else.")
    who = f"{verb(hurdle, 'candidate', 'candidates')} ({percent(hurdle / n, n)} of those with every score)"
    text = f"{who} missed at least one hurdle and cannot meet the rule at any total. "
    low, high = number(first["cut"]), number(last["cut"])
    at_low, at_high = int(first["not_met_hurdle_only"]), int(last["not_met_hurdle_only"])
    if at_low == 0:
        text += f"{'That candidate did not reach' if hurdle == 1 else 'None of them reached'} a total of {low} either."
    elif len(deciding) == 1:
        text += f"Of these, {_some(at_low)} reached a total of {low} all the same."
    else:
        text += f"Of these, {_some(at_low)} reached a total of {low} all the same, and {_some(at_high)} a total of {high}."
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
        "step that decides for them and the scores they have. Everybody in this table met every hurdle."
    )


def close_heading() -> Passage:
    """The heading of the page about the line."""
    return heading("Close to the line", "close")


def close(close: CloseToTheLine, deciding: pd.DataFrame) -> Passage:
    """Whose outcome one score, raised by one rating step, would change, on both sides."""
    rows = close.by_cut[close.by_cut["cut"].isin(deciding["cut"].tolist())]
    if int(rows[["missed_one_hurdle", "one_step_short"]].to_numpy().sum()) == 0:
        return paragraphs("At no total shown would one score, raised by one step of the rating scale, change the outcome of anybody.")
    return paragraphs(
        "A candidate is close to the line whose outcome would change if one score were raised by one step of the rating scale. There are "
        "two sides. Some reached the total and missed exactly one hurdle, by at most one step: "
        f"{_most(rows, 'missed_one_hurdle')}. Their mirror image met every hurdle, lies below the total, and would reach it with one score "
        f"raised: {_most(rows, 'one_step_short')}.",
        "If evidence about them is looked at again before the standard is settled, look at both groups, by blind code, and in the same "
        "way. Looking at one side only would move the standard in its favour.",
    )


def _most(rows: pd.DataFrame, column: str) -> str:
    """How many there are at the total at which there are most."""
    most = int(rows[column].max())
    if not most:
        return "nobody at any total shown"
    at = [number(cut) for cut in rows.loc[rows[column] == most, "cut"]]
    if len(at) == len(rows):
        return f"{count(most)} at every total shown" if len(at) > 1 else f"{count(most)} at a total of {at[0]}"
    return f"at most {count(most)}, at a total of {listed(at, 'or')}"


def codes_heading(codes: Table) -> Passage:
    """The heading of the list of blind codes, which says so where nobody is close to the line."""
    return sub_heading("Blind codes close to the line", codes, "Nobody is close to the line at any total shown.")
