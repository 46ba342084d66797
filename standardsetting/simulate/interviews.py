"""The interviews of a synthetic cohort: who sat with whom, what became of it, and what the assessors put on record."""

from __future__ import annotations

import numpy as np
import pandas as pd

from standardsetting.simulate import ratings as model
from standardsetting.simulate.names import draw_names
from standardsetting.simulate.settings import EXCEPTIONS, Settings, stream
from standardsetting.simulate.words import write_down

_STATUS = {"interview void": "void", "rating missing": "completed", "none": "completed"}
_NOT_HELD = ("withdrawn", "deferred", "did not attend")
_KINDS = np.array(["independent", "revised", "agreed"], dtype=object)


def draw_exceptions(n: int, settings: Settings, draw: np.random.Generator) -> np.ndarray:
    """The reason of each candidate's exception, or "none"."""
    reason, start = np.full(n, "none", dtype=object), 0
    order = np.argsort(draw.random(n), kind="stable")
    for name, words in EXCEPTIONS.items():
        stop = min(start + round(getattr(settings, name) * n), n)
        reason[order[start:stop]] = words
        start = stop
    return reason


def was_held(reason: np.ndarray) -> np.ndarray:
    """Whether a candidate was interviewed."""
    return ~np.isin(reason, _NOT_HELD)


def exceptions_table(ids: np.ndarray, reason: np.ndarray, draw: np.random.Generator) -> pd.DataFrame:
    """One row for each interview that will not be scored in full, with who approved that."""
    rows = np.flatnonzero(reason != "none")
    approver = draw_names(1, draw)[0]
    return pd.DataFrame(
        {"candidate_id": ids[rows], "reason": reason[rows], "approved_by": np.full(len(rows), approver, dtype=object)}, dtype=object
    )


def interviews_table(ids: np.ndarray, rota: pd.DataFrame, reason: np.ndarray, settings: Settings) -> pd.DataFrame:
    """One row for each candidate on the rota, in the order of the window."""
    first = rota.iloc[:: settings.panel_size]
    status = np.array([_STATUS.get(words, words) for words in reason], dtype=object)
    table = pd.DataFrame(
        {
            "candidate_id": ids,
            "panel_id": first["panel"].to_numpy(),
            "date": first["date"].to_numpy(),
            "slot": first["slot"].to_numpy(),
            "site": first["site"].to_numpy(),
            "question_set": first["question_set"].to_numpy(),
            "status": status,
        }
    )
    return table.sort_values(["date", "slot", "panel_id"], kind="stable", ignore_index=True)


def seats_of(rota: pd.DataFrame, settings: Settings) -> model.Seats:
    """The rota as arrays; progress runs from 0 on the first day of the window to 1 on the last."""
    window = max((settings.last_day - settings.first_day).days, 1)
    return model.Seats(
        candidate=rota["candidate"].to_numpy(),
        assessor=rota["assessor"].to_numpy(),
        progress=(rota["day"].to_numpy() - 1) / window,
        size=settings.panel_size,
    )


def rate(
    performance: np.ndarray, rota: pd.DataFrame, severities: pd.DataFrame, settings: Settings, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Independent ratings, which of them were revised and to what, and agreed scores, all as steps above the scale's minimum.

    Shapes: candidates, assessors of the panel, values; agreed scores have no assessor.
    """
    n, values = performance.shape
    flat = model.independent_steps(performance, seats_of(rota, settings), severities, settings, stream(seed, "ratings"))
    steps = flat.reshape(n, settings.panel_size, values)
    talk = stream(seed, "agreement")
    agreed = model.agreed_steps(steps, settings, talk)
    changed, revised = model.revised_steps(steps, agreed, settings, talk)
    return steps, changed, revised, agreed


def ratings_table(
    ids: np.ndarray,
    assessor_ids: np.ndarray,
    rota: pd.DataFrame,
    rated: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    reason: np.ndarray,
    settings: Settings,
    seed: int,
) -> pd.DataFrame:
    """One row a rating, in the order in which they were recorded."""
    steps, changed, revised, agreed = rated
    n, size, values = steps.shape
    sat = rota["assessor"].to_numpy().reshape(n, size)
    cell = {kind: np.nonzero(np.ones(shape, dtype=bool)) for kind, shape in (("independent", steps.shape), ("agreed", agreed.shape))}
    own, again, (together, together_value) = cell["independent"], np.nonzero(changed), cell["agreed"]
    candidate = np.concatenate([own[0], again[0], together])
    seat = np.concatenate([own[1], again[1], np.full(len(together), size)])
    value = np.concatenate([own[2], again[2], together_value])
    step = np.concatenate([steps[own], revised[again], agreed.ravel()])
    kind = np.repeat([0, 1, 2], [len(own[0]), len(again[0]), len(together)])
    recorded = _recorded_at(rota, candidate, seat, value, kind, settings, stream(seed, "times"))
    indicators, rationale = write_down(step, value, settings.values, len(settings.scale) - 1, stream(seed, "words"))
    lost = (reason[candidate] == "rating missing") & (value == candidate % values)
    kept = was_held(reason)[candidate] & ~lost
    order = np.lexsort((value, seat, kind, candidate, recorded))
    rows = order[kept[order]]
    with_assessor = np.concatenate([assessor_ids, [None]])
    code = np.where(kind == 2, len(assessor_ids), sat[candidate, np.minimum(seat, size - 1)])
    noted = kind[rows] == 0
    return pd.DataFrame(
        {
            "candidate_id": ids[candidate[rows]],
            "assessor_id": with_assessor[code[rows]],
            "value": np.array(settings.values, dtype=object)[value[rows]],
            "rating": settings.points[step[rows]],
            "kind": _KINDS[kind[rows]],
            "recorded_at": recorded[rows],
            "indicators": np.where(noted, indicators[rows], None),
            "rationale": np.where(noted, rationale[rows], None),
        }
    )


def _recorded_at(
    rota: pd.DataFrame,
    candidate: np.ndarray,
    seat: np.ndarray,
    value: np.ndarray,
    kind: np.ndarray,
    settings: Settings,
    draw: np.random.Generator,
) -> np.ndarray:
    """Own ratings within a quarter of an hour of the interview's end, revisions during the discussion, the agreed scores after it."""
    first = rota.iloc[:: settings.panel_size]
    n = len(first)
    hours, minutes = np.array([[int(part) for part in slot.split(":")] for slot in settings.slots]).T
    which = pd.Categorical(first["slot"], categories=list(settings.slots)).codes
    start = first["date"].to_numpy().astype("datetime64[s]").astype(np.int64) + 3600 * hours[which] + 60 * minutes[which]
    # The agreed score has a seat of its own, one after the assessors'.
    own = 45 * 60 + (draw.random((n, settings.panel_size + 1)) * 600).astype(np.int64)
    end = own[:, :-1].max(axis=1) + 300
    talk = end + (draw.random(n) * 480).astype(np.int64)
    after = np.where(kind == 0, own[candidate, seat], np.where(kind == 1, end[candidate] + 20 * seat, talk[candidate] + 120))
    return (start[candidate] + after + 40 * value).astype("datetime64[s]")
