"""Page one: where the standard could lie, in three sentences and a box."""

from __future__ import annotations

import html

import pandas as pd

from standardsetting.blind.scores import Account
from standardsetting.process import Process
from standardsetting.prose.passage import Passage, heading, listed, paragraphs
from standardsetting.tables.rounding import count, number, of, percent, verb

# What became of candidates whose interview is not scored: for one, for several.
_LEFT = {
    "withdrawn": ("withdrew", "withdrew"),
    "deferred": ("is deferred", "are deferred"),
    "did not attend": ("did not attend", "did not attend"),
    "interview void": ("had a void interview", "had void interviews"),
}


def where_heading() -> Passage:
    """The heading of page one."""
    return heading("Where the standard could lie", "where")


def where(deciding: pd.DataFrame, account: Account, process: Process) -> Passage:
    """How many interviews are complete, how many met every hurdle, and between which numbers the whole rule moves.

    Parameters
    ----------
    deciding
        The rows of the options between the extremes, from `options.deciding`.
    """
    return paragraphs(
        " ".join(filter(None, [_complete(deciding, account), _hurdles(deciding, process), _range(deciding)])), kind="lead answer"
    )


def _complete(deciding: pd.DataFrame, account: Account) -> str:
    complete, incomplete = int(deciding["complete"].iloc[0]), int(deciding["incomplete"].iloc[0])
    gone: list[str] = []
    for reason, n in sorted(account.excepted.items(), key=lambda item: -item[1]):
        one, many = _LEFT.get(reason, (f"left ({reason})", f"left ({reason})"))
        who = of(n, "candidate") if not gone else count(n)  # the first part names whom it counts, the others need not
        if n:
            gone.append(f"{who} {one if n == 1 else many}")
    first = "No interview is complete" if complete == 0 else verb(complete, "interview is complete", "interviews are complete")
    text = first + (f"; {listed(gone)}" if gone else "") + "."
    if incomplete:
        took = (
            "interview has scores missing: its candidate is" if incomplete == 1 else "interviews have scores missing: their candidates are"
        )
        text += f" {count(incomplete)} {'further ' if complete else ''}{took} neither met nor not met."
    return text


def _hurdles(deciding: pd.DataFrame, process: Process) -> str:
    row = deciding.iloc[0]
    complete, reached = int(row["complete"]), int(row["met"] + row["not_met_total_only"])
    if complete == 0:
        return ""
    if no_hurdle(process):
        return "The hurdles turn nobody down: every score on the scale meets them."
    share = percent(reached / complete, complete)
    return f"{count(reached) if reached else 'Nobody'}{f' ({share})' if reached else ''} reached {hurdle_words(process)}."


def no_hurdle(process: Process) -> bool:
    """Whether every score on the scale meets the hurdles."""
    return all(v.hurdle <= process.scale.minimum for v in process.values)


def hurdle_words(process: Process) -> str:
    """What has to be reached: "3 on every value", "3 on Courage", or "the hurdle on every value" where hurdles differ."""
    least = {v.hurdle for v in process.values}
    what = number(next(iter(least))) if len(least) == 1 else "the hurdle"
    return f"{what} on {process.values[0].label}" if len(process.values) == 1 else f"{what} on every value"


def _range(deciding: pd.DataFrame) -> str:
    if deciding["complete"].iloc[0] == 0:
        return "Nothing can be said about totals."
    first, last = deciding.iloc[0], deciding.iloc[-1]
    low, high = number(first["cut"]), number(last["cut"])
    if first["met"] == last["met"]:
        people, n = int(first["met"]), int(first["complete"])
        everybody = people == n and n > 1
        same = "nobody meets" if not people else f"{'all ' if everybody else ''}{verb(people, 'candidate meets', 'candidates meet')}"
        chosen = f"At a total of {low}" if low == high else f"Whichever total from {low} to {high} is chosen"
        return f"{chosen}, {same} the whole rule."
    least = count(last["met"]) if last["met"] else "nobody"
    return f"Depending on the total chosen, between {count(first['met'])} (total {low}) and {least} (total {high}) meet the whole rule."


def decision_box(deciding: pd.DataFrame, process: Process) -> Passage:
    """The question to settle, what is not known, and where to write the answer."""
    anyway = (
        "Every score on the scale meets the hurdles."
        if no_hurdle(process)
        else f"A candidate must reach {html.escape(hurdle_words(process))} in any case."
    )
    return Passage(
        f'<div class="decision-box"><p><strong>To settle.</strong> {anyway} '
        "Beyond that: what is the lowest total that shows performance acceptable for the role, and why? "
        f"{_difference(deciding)}</p>"
        "<p><strong>Not known from this pack.</strong> How far the scores would have been the same with other assessors, and what judges "
        "of "
        'the standard would say of each profile. The <a href="#record">record</a> lists the evidence that is here and the evidence that is '
        "not.</p>"
        '<p><strong>Where to write it.</strong> On the lines of the <a href="#record">record</a>; then seal it with '
        "<code>standardsetting decide</code>.</p></div>"
    )


def _difference(deciding: pd.DataFrame) -> str:
    """Which totals make a difference to this cohort, if any does."""
    low, high = number(deciding["cut"].iloc[0]), number(deciding["cut"].iloc[-1])
    if deciding["met"].nunique() > 1:
        return f"Totals from {low} to {high} make a difference; this pack recommends none of them."
    whom = "nobody has every score yet" if int(deciding["complete"].iloc[0]) == 0 else "the same candidates meet the rule at each"
    if deciding["complete"].iloc[0] and not deciding["met"].iloc[0]:
        whom = "nobody meets the rule at any of them"
    if low == high:
        return "This pack recommends no total."
    return f"Among the totals from {low} to {high} none makes a difference in this cohort ({whom}); this pack recommends none of them."
