"""The rule of a process as one paragraph of plain English."""

from __future__ import annotations

from fractions import Fraction

from standardsetting.process.definition import Process
from standardsetting.scale import plain


def read_aloud(process: Process) -> str:
    """What `Process.reading` says."""
    values, scale, rule = process.values, process.scale, process.rule
    steps = "" if scale.step == 1 else f" in steps of {plain(scale.step)}"
    sentences = [
        f"Each candidate is scored from {plain(scale.minimum)} to {plain(scale.maximum)}{steps} on {_listed([v.label for v in values])}."
    ]
    if process.exercises:
        matrix = _listed([f"{e.label} ({_listed([_label(process, v) for v in e.values])})" for e in process.exercises])
        sentences.append(f"The exercises are {matrix}; a value that several exercises measure takes the mean of its exercise scores.")
    counted = {
        "agreed score": "the score the panel agreed after discussion",
        "mean of independent ratings": "the mean of the assessors' independent ratings",
        "median of independent ratings": "the median of the assessors' independent ratings",
    }[rule.value_score]
    rounded = {
        "none": "It is not rounded.",
        "half up": f"It is rounded to the nearest step of {plain(scale.step)}, and a tie goes up.",
        "half down": f"It is rounded to the nearest step of {plain(scale.step)}, and a tie goes down.",
    }[rule.rounding]
    sentences.append(f"The score that counts for a value is {counted}. {rounded}")
    hurdles = {v.hurdle for v in values}
    if len(hurdles) == 1 and len(values) > 1:
        sentences.append(f"A candidate needs at least {plain(values[0].hurdle)} on every value.")
    else:
        sentences.append(f"A candidate needs at least {_listed([f'{plain(v.hurdle)} on {v.label}' for v in values])}.")
    bare = process.decision_rule()
    weight = sum(bare.weights.values(), Fraction(0))
    span = f"from {plain(weight * scale.minimum)} to {plain(weight * scale.maximum)}"
    if len(values) == 1 and values[0].weight == 1:
        sentences.append(f"The value score is the total, {span}.")
    elif all(v.weight == 1 for v in values):
        sentences.append(f"The value scores add up to a total {span}.")
    else:
        weights = _listed([f"{v.label} {plain(v.weight)}" for v in values])
        sentences.append(f"The value scores are weighted ({weights}) and add up to a total {span}.")
    sentences.append(
        "A candidate meets the standard who meets every hurdle and whose total is equal to or above the minimum acceptable standard; "
        "the total is compared unrounded."
    )
    sentences.append(
        {
            "incomplete": "A candidate with any rating missing is incomplete, which is neither met nor not met; "
            "a missing rating is never read as zero and never filled in.",
            "use the ratings there are": "A value with at least one rating is scored from the ratings there are; a candidate "
            "with no rating on a value is incomplete, which is neither met nor not met.",
        }[rule.missing_rating]
    )
    return " ".join(sentences)


def _listed(words: list[str], conjunction: str = "and") -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {conjunction} {words[-1]}"


def _label(process: Process, name: str) -> str:
    return next(v.label for v in process.values if v.name == name)
