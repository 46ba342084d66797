"""Ratings drawn from a many-facet model: ability, difficulty, severity and thresholds, with the faults that assessors have."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtr

from standardsetting.simulate.settings import Settings

# How a fault shows: extra scatter of each rating, wider or narrower thresholds, how much of a rating is the general impression, and how
# much severity is gained over the window (logits, or a factor).
ERRATIC_SCATTER = 1.8
CENTRAL_SPREAD = 1.7
GENERAL_IMPRESSION = 0.85
DRIFT = 1.2


@dataclass(frozen=True)
class Seats:
    """Who sat where: one row for each candidate and assessor, `size` consecutive rows a candidate."""

    candidate: np.ndarray
    assessor: np.ndarray
    progress: np.ndarray
    size: int


def draw_assessors(number: int, settings: Settings, draw: np.random.Generator) -> pd.DataFrame:
    """The truth about each assessor: severity, and for a few a fault."""
    kinds = np.full(number, "none", dtype=object)
    order = np.argsort(draw.random(number), kind="stable")
    start = 0
    for kind, share in (
        ("erratic", settings.erratic),
        ("central", settings.central),
        ("undifferentiated", settings.undifferentiated),
        ("drifting", settings.drifting),
    ):
        stop = min(start + round(share * number), number)
        kinds[order[start:stop]] = kind
        start = stop
    severity = settings.severity_sd * draw.standard_normal(number)
    return pd.DataFrame(
        {
            "severity": severity - severity.mean(),
            "drift": settings.window_drift + np.where(kinds == "drifting", DRIFT, 0.0),
            "scatter": np.where(kinds == "erratic", ERRATIC_SCATTER, 0.0),
            "spread": np.where(kinds == "central", CENTRAL_SPREAD, 1.0),
            "impression": np.where(kinds == "undifferentiated", GENERAL_IMPRESSION, 0.0),
            "fault": kinds,
        }
    )


def independent_steps(
    performance: np.ndarray, seats: Seats, assessors: pd.DataFrame, settings: Settings, draw: np.random.Generator
) -> np.ndarray:
    """Each assessor's independent ratings as steps above the scale's minimum: one row a seat, one column a value.

    For candidate p, value v and assessor r at a share t of the window, neighbouring points k-1 and k of the scale have the log odds
    performance(p, v) - difficulty(v) - severity(r) - drift(r) t - spread(r) threshold(k).
    """
    seen = performance[seats.candidate]
    of = {name: assessors[name].to_numpy()[seats.assessor][:, None] for name in ("severity", "drift", "scatter", "spread", "impression")}
    seen = seen + of["impression"] * (seen.mean(axis=1, keepdims=True) - seen)
    place = seen - settings.value_difficulties - of["severity"] - of["drift"] * seats.progress[:, None]
    place = place + of["scatter"] * draw.standard_normal(seen.shape)
    # A general impression also ties together what is chance in the ratings of one candidate: flat profiles, and no other distribution.
    luck = np.sqrt(of["impression"]) * draw.standard_normal((len(seen), 1)) + np.sqrt(1 - of["impression"]) * draw.standard_normal(
        seen.shape
    )
    return _categories(place, of["spread"], settings.thresholds, ndtr(luck))


def _categories(place: np.ndarray, spread: np.ndarray, thresholds: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    """Draw a category for each place on the logit scale by inverting its cumulative probability."""
    logits = np.zeros((len(thresholds) + 1, *place.shape))
    for step, threshold in enumerate(thresholds, start=1):
        logits[step] = logits[step - 1] + place - spread * threshold
    logits -= logits.max(axis=0)
    cumulative = np.cumsum(np.exp(logits, out=logits), axis=0)
    return (uniform * cumulative[-1] >= cumulative[:-1]).sum(axis=0)


def agreed_steps(steps: np.ndarray, settings: Settings, draw: np.random.Generator) -> np.ndarray:
    """The panel's agreed scores, as steps: the mean of the independent ratings, a fraction settled either way by the discussion.

    `steps` has the shape candidates, assessors, values. Where the assessors agreed already, the discussion moves a few scores by one step.
    """
    size, top = steps.shape[1], len(settings.scale) - 1
    whole, rest = np.divmod(steps.sum(axis=1), size)
    uniform, moved = draw.random(whole.shape), draw.random(whole.shape)
    agreed = whole + (uniform < rest / size)
    at_one = np.ptp(steps, axis=1) == 0
    step = np.where(uniform < 0.5, -1, 1)
    return np.clip(np.where(at_one & (moved < settings.disagreement_moves), agreed + step, agreed), 0, top)


def revised_steps(steps: np.ndarray, agreed: np.ndarray, settings: Settings, draw: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Which ratings were put on record as revised after the discussion, and to what: one step towards the agreed. Shapes as `steps`."""
    apart = np.sign(agreed[:, None, :] - steps)
    changed = (apart != 0) & (draw.random(steps.shape) < settings.revised)
    return changed, steps + apart


def global_grades(
    performance: np.ndarray, seats: Seats, assessors: pd.DataFrame, settings: Settings, draw: np.random.Generator
) -> np.ndarray:
    """Each assessor's overall judgement before any total is shown: 0 clearly below, 1 borderline, 2 meets, 3 clearly exceeds.

    It comes from the whole performance and not from the ratings: no arithmetic leads from one to the other.
    """
    overall = performance.mean(axis=1)[seats.candidate] - assessors["severity"].to_numpy()[seats.assessor]
    return np.searchsorted(settings.threshold_gap * np.array([-0.5, 0.1, 1.0]), overall + 0.8 * draw.standard_normal(len(overall)))
