"""What synthetic assessors write down: the indicators they saw and a short rationale, in stock phrases."""

from __future__ import annotations

import numpy as np

# How many positive and negative indicators each value has.
INDICATORS = {"professionalism": (10, 12), "integrity": (9, 9), "courage": (8, 9), "compassion": (7, 7)}
_OTHER = (6, 6)
_VARIANTS = 24

_ABOUT = {
    "professionalism": ("improving how the shift hands over", "a complaint about a slow response", "work with a housing partner"),
    "integrity": ("an error in a colleague's statement", "a gift offered by a shopkeeper", "an unfair roster"),
    "courage": ("challenging a senior colleague", "a decision at a large disorder", "a mistake in a missing person search"),
    "compassion": ("a bereaved family", "a probationer who was struggling", "a victim who did not trust the police"),
}
_ANY_VALUE = ("a difficult incident", "a change at work", "a disagreement in the team")
_HOW = (
    "The example was thin: the actions described were mostly those of others, and the result was unclear.",
    "Described some relevant steps with prompting; how they knew that it worked was not said.",
    "Clear account of own actions and their result; the reasons for them came with a prompt.",
    "Full account without prompts, with the reasons for each step and what was learned.",
    "Full, reflective account over several months, with lasting effect beyond the own team.",
)


def write_down(
    steps: np.ndarray, column: np.ndarray, values: tuple[str, ...], top: int, draw: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Indicators and rationale for ratings given as steps above the scale's minimum, `column` being the place of the value rated."""
    indicators = np.empty((len(values), top + 1, _VARIANTS), dtype=object)
    for place, value in enumerate(values):
        for step in range(top + 1):
            indicators[place, step] = [_indicators_seen(value, step / top, draw) for _ in range(_VARIANTS)]
    about = np.array([_ABOUT.get(value, _ANY_VALUE) for value in values], dtype=object)
    how = np.array(_HOW, dtype=object)[np.round(np.arange(top + 1) / top * (len(_HOW) - 1)).astype(np.int64)]
    sentences = np.array([[[f"Spoke of {topic}. {judged}" for topic in topics] for judged in how] for topics in about], dtype=object)
    which, told = draw.integers(0, _VARIANTS, len(steps)), draw.integers(0, sentences.shape[2], len(steps))
    return indicators[column, steps, which], sentences[column, steps, told]


def _indicators_seen(value: str, level: float, draw: np.random.Generator) -> str:
    """Two to five indicators: the higher the rating, the more of them are positive."""
    positive, negative = INDICATORS.get(value, _OTHER)
    number = int(draw.integers(2, 6))
    good = int(np.round(level * number))
    seen = [f"P{i + 1}" for i in np.sort(np.argsort(draw.random(positive))[:good])]
    seen += [f"N{i + 1}" for i in np.sort(np.argsort(draw.random(negative))[: number - good])]
    return "; ".join(seen)
