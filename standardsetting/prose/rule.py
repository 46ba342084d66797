"""The rule in words, and the question every pack must answer: if the hurdle means acceptable, why more than the sum of the hurdles?"""

from __future__ import annotations

from datetime import date

import pandas as pd

from standardsetting.process import Process
from standardsetting.profiles import cut_meaning
from standardsetting.prose.front import hurdle_words, no_hurdle
from standardsetting.prose.passage import Passage, heading, listed, note, of, paragraphs, sentence
from standardsetting.rule import DecisionRule
from standardsetting.scale import plain
from standardsetting.tables.rounding import count, number, percent


def rule_heading(process: Process) -> Passage:
    """The heading of the rule."""
    same = len({v.hurdle for v in process.values}) == 1
    return heading(
        f"The rule: {f'at least {hurdle_words(process)}' if same else 'a hurdle on every value'}, and a total to be settled", "rule"
    )


def rule(process: Process) -> Passage:
    """What the process is for, and its rule as the definition gives it."""
    who = f" of {process.process.organisation}" if process.process.organisation else ""
    about = f"This pack is about {process.process.title}{who}."
    purpose = f"Purpose: {sentence(process.process.purpose)}" if process.process.purpose else ""
    window = ""
    if process.dates.first_interview and process.dates.last_interview:
        window = f"Interviews were planned from {written(process.dates.first_interview)} to {written(process.dates.last_interview)}."
    real = "The data are synthetic: nobody in them exists." if process.process.synthetic else ""
    return paragraphs(" ".join(filter(None, [about, purpose, window, real])), process.reading)


def written(day: date) -> str:
    """A date as people write it: 12 October 2023."""
    return f"{day.day} {day:%B %Y}"


def meanings(process: Process) -> Passage:
    """What the hurdle means, or a warning that the definition does not say."""
    hurdles = {plain(v.hurdle) for v in process.values}
    silent = sorted(hurdle for hurdle in hurdles if hurdle not in process.scale.meanings)
    if silent:
        return note(
            f"The process definition does not say in words what a score of {listed(silent)} means. Whoever sets the standard needs those "
            "words "
            "first: without them nobody can say what the least acceptable performance looks like.",
            warning=True,
        )
    said = listed([f"{hurdle} means “{process.scale.meanings[hurdle]}”" for hurdle in sorted(hurdles)])
    return paragraphs(f"On this scale {said}. The hurdle says: nothing less than this on any value.")


def extremes(deciding: pd.DataFrame, rule: DecisionRule) -> Passage:
    """Where the hurdles alone decide, and where they no longer matter."""
    first, last = (cut_meaning(rule, float(deciding["cut"].iloc[i])) for i in (0, -1))
    return paragraphs(" ".join(m.sentence for m in (first, last) if m.kind != "both decide"))


def why_heading(turned: pd.DataFrame, process: Process) -> Passage:
    """The heading of the question that every pack must answer."""
    low = number(float(process.decision_rule().sum_of_hurdles))
    if no_hurdle(process):
        return heading("No score misses a hurdle: the total has to say what is acceptable", "why")
    if int(turned["turned_down"].max()) == 0:
        return heading(f"Why more than {low}, the sum of the hurdles?", "why")
    return heading(f"A total above {low} turns down people who reached {hurdle_words(process)}", "why")


def why(turned: pd.DataFrame, process: Process) -> Passage:
    """If the hurdle means acceptable, why is the cut above the sum of the hurdles? In words, with this cohort's numbers.

    Parameters
    ----------
    turned
        From `options.above_the_hurdles`, over the deciding rows.
    """
    if no_hurdle(process):
        return paragraphs(
            "Every score on the scale meets the hurdles, so they describe no least acceptable performance. The total has to do that by "
            "itself: "
            "the reason for it has to say what a candidate with exactly that total can do for the role, and what one with a lower total "
            "cannot. "
            "The number of posts is no such reason."
        )
    hurdles, low = process.decision_rule().hurdles, number(float(process.decision_rule().sum_of_hurdles))
    exactly = f"{plain(next(iter(hurdles.values())))} on every value" if len(set(hurdles.values())) == 1 else "the hurdle on every value"
    meaning = process.scale.meanings.get(plain(next(iter(hurdles.values())))) if len(set(hurdles.values())) == 1 else None
    means = f", which the definition calls “{meaning}”," if meaning else ""
    opening = f"A candidate with exactly {exactly}{means} has a total of {low}."
    people = int(turned["met_every_hurdle"].max())
    above = turned[turned["cut"] > float(process.decision_rule().sum_of_hurdles)]
    if people == 0 or above.empty:
        return paragraphs(f"{opening} In this cohort {of(people, 'candidate')} reached the hurdle on every value.", _question(low))
    first, last = above.iloc[0], above.iloc[-1]
    whom = f"people whose scores are all at least “{meaning}”" if meaning else "people who reached every hurdle"
    facts = (
        f"In this cohort {of(people, 'candidate')} reached the hurdle on every value. A total of {number(first['cut'])} would turn down "
        f"{_down(first, people)} of them, and a total of {number(last['cut'])} would turn down {_down(last, people)}: {whom}."
    )
    return paragraphs(f"{opening} {facts}", _question(low))


def _down(row: pd.Series, people: int) -> str:
    n = int(row["turned_down"])
    return f"{count(n)} ({percent(n / people, people)})" if n else "none"


def _question(low: str) -> str:
    return (
        f"A standard above {low} therefore needs a reason that is about performance: what does a candidate who is just acceptable on every "
        "value still lack, that a higher total shows? It may be that the role asks for strength somewhere and not only for the absence of "
        "weakness, or that one score at the hurdle is too uncertain to stand alone. The number of posts is no such reason. The reason "
        "belongs "
        f"in the record, in words, before the total is recorded. A standard of {low} needs none: then the hurdles are the standard."
    )
