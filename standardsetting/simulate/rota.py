"""A rota: which panel interviews which candidate, on which day, in which slot."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd

from standardsetting.errors import UsageError
from standardsetting.simulate.settings import Settings, stream

SITES = ("North site", "South site")
QUESTION_SETS = ("Set A", "Set B", "Set C")
_ATTEMPTS = 50


def rota(
    n_candidates: int,
    *,
    n_assessors: int | None = None,
    panel_size: int = 2,
    first_day: date = date(2023, 9, 6),
    last_day: date = date(2023, 9, 29),
    slots: Sequence[str] = Settings.slots,
    seed: int,
) -> pd.DataFrame:
    """Draw a rota over the weekdays of the interview window.

    The interviews are spread evenly over as many days as they fill; each day the assessors who have sat least often are put together in
    new panels, so that panels change from day to day and every assessor can be compared with every other through shared candidates.
    Candidates come to panels by lot.

    Parameters
    ----------
    n_candidates
        How many interviews.
    n_assessors
        How many assessors share the work; by default one for every 15 candidates and place in the panel, and at least two panels.
    panel_size
        How many assessors sit in a panel.
    first_day, last_day
        The interview window; Saturdays and Sundays are left out.
    slots
        When interviews start.
    seed
        The same seed gives the same rota.

    Returns
    -------
    DataFrame
        One row for each candidate and assessor, by candidate: `candidate` and `assessor` (numbers from 0), `panel` (a code; the same
        assessors are always the same panel), `day` (1 is the first day of the window), `date`, `slot`, `site`, `question_set`.

    Raises
    ------
    UsageError
        There are too few assessors for the days and slots.

    Examples
    --------
    >>> drawn = rota(20, n_assessors=6, seed=1)
    >>> len(drawn), drawn["assessor"].nunique(), drawn.groupby("candidate")["assessor"].nunique().unique().tolist()
    (40, 6, [2])
    """
    if n_candidates < 1:
        raise UsageError("A rota needs at least one candidate.")
    settings = Settings(panel_size=panel_size, n_assessors=n_assessors, first_day=first_day, last_day=last_day, slots=tuple(slots))
    pool, days = settings.assessors_for(n_candidates), _weekdays(first_day, last_day)
    interviews = _interviews_by_day(n_candidates, pool, days, settings)
    draw = stream(seed, "rota")
    for _ in range(_ATTEMPTS):
        seats = _panels(interviews, pool, settings, draw)
        if _subsets(seats, pool) == 1:
            break
    # One panel, or fixed teams, cannot be connected whatever the lot: the last draw stands.
    return _as_table(seats, interviews, days, settings, draw)


def _weekdays(first: date, last: date) -> np.ndarray:
    window = np.arange(np.datetime64(first), np.datetime64(last) + 1)
    days = window[np.is_busday(window)]
    if not len(days):
        raise UsageError("There is no weekday between the first and the last day of the window.")
    return days


def _interviews_by_day(n: int, pool: int, days: np.ndarray, settings: Settings) -> np.ndarray:
    """How many interviews each day has: as even as can be, over the days that the first slots of one panel would fill."""
    per_panel, at_once = len(settings.slots), pool // settings.panel_size
    if at_once * per_panel * len(days) < n:
        raise UsageError(
            f"{pool} assessors in panels of {settings.panel_size} can hold {at_once * per_panel * len(days)} interviews in the window; "
            f"{n} are needed.",
            next_step="Give more assessors, more days or more slots.",
        )
    used = min(len(days), -(-n // per_panel))
    counts = np.zeros(len(days), dtype=np.int64)
    counts[:used] = n // used + (np.arange(used) < n % used)
    return counts


def _panels(interviews: np.ndarray, pool: int, settings: Settings, draw: np.random.Generator) -> list[np.ndarray]:
    """For each day its panels, one row of assessors each."""
    sat, out = np.zeros(pool, dtype=np.int64), []
    for count in interviews:
        panels = -(-int(count) // len(settings.slots))
        chosen = np.argsort(sat + draw.random(pool), kind="stable")[: panels * settings.panel_size]
        sat[chosen] += 1
        mixed = chosen[np.argsort(draw.random(len(chosen)), kind="stable")]
        out.append(np.sort(mixed.reshape(panels, settings.panel_size), axis=1))
    return out


def _subsets(seats: list[np.ndarray], pool: int) -> int:
    """How many sets of assessors have no panel in common (those who never sit left out)."""
    label = np.arange(pool)
    while True:
        before = label.copy()
        for panels in seats:
            lowest = label[panels].min(axis=1, initial=pool)
            for place in range(panels.shape[1]):
                np.minimum.at(label, panels[:, place], lowest)
        if np.array_equal(before, label):
            return len(np.unique(label[np.unique(np.concatenate([panels.ravel() for panels in seats]))]))


def _as_table(
    seats: list[np.ndarray], interviews: np.ndarray, days: np.ndarray, settings: Settings, draw: np.random.Generator
) -> pd.DataFrame:
    n, size = int(interviews.sum()), settings.panel_size
    day = np.repeat(np.arange(len(days)), interviews)
    within = np.concatenate([np.arange(count) for count in interviews])
    panels_that_day = np.array([len(panels) for panels in seats])[day]
    # Every panel of the day fills its first slot before any fills its second.
    slot, place = np.divmod(within, np.maximum(panels_that_day, 1))
    first_panel = np.concatenate([[0], np.cumsum([len(panels) for panels in seats])[:-1]])
    everyone = np.concatenate(seats)
    sitting = first_panel[day] + place
    codes, panel = np.unique(everyone, axis=0, return_inverse=True)
    panel = panel.reshape(-1)
    width = max(3, len(str(len(codes))))
    names = np.array([f"P{number:0{width}d}" for number in range(1, len(codes) + 1)])
    candidate = np.argsort(draw.random(n), kind="stable")
    window_day = (days[day] - np.datetime64(settings.first_day)).astype(np.int64) + 1
    table = pd.DataFrame(
        {
            "candidate": np.repeat(candidate, size),
            "assessor": everyone[sitting].ravel(),
            "panel": np.repeat(names[panel[sitting]], size),
            "day": np.repeat(window_day, size),
            "date": np.repeat(days[day].astype("datetime64[s]"), size),
            "slot": np.repeat(np.array(settings.slots)[slot], size),
            "site": np.repeat(np.array(SITES)[place % len(SITES)], size),
            "question_set": np.repeat(np.array(QUESTION_SETS)[day % len(QUESTION_SETS)], size),
        }
    )
    return table.sort_values(["candidate", "assessor"], kind="stable", ignore_index=True)
