"""The rule in words, and the question every pack must answer: if the hurdle means acceptable, why more than the sum of the hurdles?"""

from __future__ import annotations

from datetime import date

import pandas as pd

from standardsetting.process import Process
from standardsetting.profiles import cut_meaning
from standardsetting.prose.front import hurdle_words, no_hurdle
from standardsetting.prose.passage import Passage, heading, listed, note, paragraphs, sentence
from standardsetting.rule import DecisionRule
from standardsetting.scale import as_fraction, plain
from standardsetting.tables.rounding import count, number, percent, verb

# Kinds of cut at which a hurdle turns nobody down any more.
_BEYOND = ("hurdles redundant", "impossible")


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
    said_of = {as_fraction(point): meaning for point, meaning in process.scale.meanings.items()}
    hurdles = sorted({v.hurdle for v in process.values})
    silent = [plain(hurdle) for hurdle in hurdles if hurdle not in said_of]
    if silent:
        return note(
            f"The process definition does not say in words what a score of {listed(silent, 'or')} means. Whoever sets the standard needs "
            "those words "
            "first: without them nobody can say what the least acceptable performance looks like.",
            warning=True,
        )
    said = listed([f"{plain(hurdle)} means “{said_of[hurdle]}”" for hurdle in hurdles])
    if len(process.values) == 1:
        return paragraphs(f"On this scale {said}. The hurdle says: nothing less than this.")
    says = (
        "The hurdle says: nothing less than this on any value." if len(hurdles) == 1 else "The hurdles say: on no value less than its own."
    )
    return paragraphs(f"On this scale {said}. {says}")


def extremes(deciding: pd.DataFrame, rule: DecisionRule) -> Passage:
    """Where the hurdles alone decide, and where they no longer matter."""
    if len(rule.values) == 1:
        low = plain(rule.sum_of_hurdles)
        return paragraphs(f"There is one value: up to a total of {low} its hurdle alone decides, and above it the total alone.")
    kinds = deciding["kind"].tolist()
    # The last total at which the hurdles alone decide, and the first at which they no longer matter: those between may be of either kind.
    ends = [len(kinds) - 1 - kinds[::-1].index("vacuous")] if "vacuous" in kinds else []
    ends += [next(i for i, kind in enumerate(kinds) if kind in _BEYOND)] if set(kinds) & set(_BEYOND) else []
    return paragraphs(" ".join(cut_meaning(rule, float(deciding["cut"].iloc[i])).sentence for i in ends))


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
    exactly = hurdle_words(process)
    meaning = process.scale.meanings.get(plain(next(iter(hurdles.values())))) if len(set(hurdles.values())) == 1 else None
    means = f", which the definition calls “{meaning}”," if meaning else ""
    opening = f"A candidate with exactly {exactly}{means} has a total of {low}."
    people = int(turned["met_every_hurdle"].max())
    above = turned[turned["cut"] > float(process.decision_rule().sum_of_hurdles)]
    if people == 0 or above.empty:
        return paragraphs(f"{opening} {_reached(people, exactly)}", _question(low, process))
    first, last = above.iloc[0], above.iloc[-1]
    if int(above["turned_down"].max()) == 0:
        facts = f"No total up to {number(last['cut'])} would turn {'that candidate' if people == 1 else 'any of them'} down."
    elif people == 1:
        at = above.loc[above["turned_down"] > 0, "cut"].iloc[0]
        facts = f"A total of {number(at)} or more would turn that candidate down."
    else:
        every = "score is" if len(process.values) == 1 else "scores are all"
        whom = f"people whose {every} at least “{meaning}”" if meaning else "people who reached every hurdle"
        facts = f"A total of {number(first['cut'])} would turn down {_down(first, people)} of them"
        facts += f", and a total of {number(last['cut'])} would turn down {_down(last, people)}" if len(above) > 1 else ""
        facts += f": {whom}."
    return paragraphs(f"{opening} {_reached(people, exactly)} {facts}", _question(low, process))


def _reached(people: int, exactly: str) -> str:
    who = verb(people, "candidate", "candidates") if people else "nobody"
    return f"In this cohort {who} reached {exactly}."


def _down(row: pd.Series, people: int) -> str:
    n = int(row["turned_down"])
    return f"{count(n)} ({percent(n / people, people)})" if n else "none"


def _question(low: str, process: Process) -> str:
    hurdles = "the hurdle is" if len(process.values) == 1 else "the hurdles are"
    acceptable = "just acceptable" if len(process.values) == 1 else "just acceptable on every value"
    return (
        f"A standard above {low} therefore needs a reason that is about performance: what does a candidate who is {acceptable} "
        "still lack, that a higher total shows? It may be that the role asks for strength somewhere and not only for the absence of "
        "weakness, or that one score at the hurdle is too uncertain to stand alone. The number of posts is no such reason. The reason "
        "belongs "
        f"in the record, in words, before the total is recorded. A standard of {low} needs none: then {hurdles} the standard."
    )
