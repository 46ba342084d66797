"""What surrounds the interviews: assessors and their training, the benchmark videos, and progress after the assessment."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd

from standardsetting.simulate import ratings as model
from standardsetting.simulate.names import draw_names
from standardsetting.simulate.settings import Settings, stream

# Steps after the assessment in their order, with the share of candidates who get through each.
_STEPS = (("references", 0.98), ("medical", 0.96), ("fitness", 0.97), ("vetting", 0.95))


def draw_people_who_assess(number: int, settings: Settings, draw: np.random.Generator) -> pd.DataFrame:
    """Assessors with their names, roles and the day they were trained, four to nine weeks before the window."""
    width = max(3, len(str(number)))
    trained = np.datetime64(settings.first_day) - 28 - draw.integers(0, 5, number) * 7
    return pd.DataFrame(
        {
            "assessor_id": np.array([f"ASR{i:0{width}d}" for i in range(1, number + 1)], dtype=object),
            "name": draw_names(number, draw),
            "role": np.where(draw.random(number) < 0.5, "lead", "second").astype(object),
            "trained_on": np.busday_offset(trained, 0, roll="backward").astype("datetime64[s]"),
        }
    )


def draw_benchmark(assessor_ids: np.ndarray, severities: pd.DataFrame, settings: Settings, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Every assessor's ratings of every benchmark video before and after discussion, and the reference scores.

    Returns the truth about the videos (performance on each value) and the table. The discussion brings most ratings a step nearer to the
    reference score. Reference scores have no assessor.
    """
    draw, top, n = stream(seed, "benchmark"), len(settings.scale) - 1, len(assessor_ids)
    # The first video lies about where the two lower categories part from the middle one, the last is good throughout.
    level = np.linspace(-0.6, 0.9, settings.videos) * settings.threshold_gap
    performance = level[:, None] + 0.5 * draw.standard_normal((settings.videos, len(settings.values)))
    cells = settings.videos * n
    seats = model.Seats(
        candidate=np.repeat(np.arange(settings.videos), n),
        assessor=np.tile(np.arange(n), settings.videos),
        progress=np.zeros(cells),
        size=n,
    )
    before = model.independent_steps(performance, seats, severities, settings, draw)
    reference = np.searchsorted(settings.thresholds, performance - settings.value_difficulties)
    target = reference[seats.candidate]
    after = before + np.where(draw.random(before.shape) < 0.7, np.sign(target - before), 0)
    videos = np.array([f"BV{number}" for number in range(1, settings.videos + 1)], dtype=object)
    values = np.array(settings.values, dtype=object)

    def rows(steps: np.ndarray, video: np.ndarray, assessor: np.ndarray, occasion: str) -> pd.DataFrame:
        return pd.DataFrame(
            {
                "video_id": np.repeat(video, len(values)),
                "assessor_id": np.repeat(assessor, len(values)),
                "value": np.tile(values, len(steps)),
                "rating": settings.points[np.clip(steps, 0, top)].ravel(),
                "occasion": np.full(steps.size, occasion, dtype=object),
            }
        )

    nobody = np.full(settings.videos, None, dtype=object)
    seen, who = videos[seats.candidate], assessor_ids[seats.assessor]
    table = pd.concat(
        [rows(reference, videos, nobody, "reference"), rows(before, seen, who, "before"), rows(after, seen, who, "after")],
        ignore_index=True,
    )
    truth = pd.DataFrame(performance, columns=list(settings.values))
    truth.insert(0, "video_id", videos)
    return truth, table


def draw_progress(ids: np.ndarray, agreed: np.ndarray, scored: np.ndarray, settings: Settings, draw: np.random.Generator) -> pd.DataFrame:
    """Checks and posting offers of those who would meet a notional standard, until the first check that a candidate does not pass."""
    scores = settings.points[agreed]
    middle = (settings.points[0] + settings.points[-1]) / 2
    meeting = np.flatnonzero(scored & (scores >= middle).all(axis=1) & (scores.sum(axis=1) >= settings.notional_total))
    # Drawn for everybody, so that one candidate's scores do not move another's checks.
    chance, accepts, wait = draw.random((len(ids), len(_STEPS))), draw.random(len(ids)), draw.integers(3, 15, (len(ids), len(_STEPS) + 1))
    passes = chance < np.array([share for _, share in _STEPS])
    published = np.datetime64(settings.last_day + timedelta(days=13))
    dates = np.busday_offset(published + np.cumsum(wait, axis=1), 0, roll="forward")
    still_in = np.ones(len(meeting), dtype=bool)
    parts = []
    for place, (name, _) in enumerate(_STEPS):
        who = meeting[still_in]
        parts.append((who, name, np.where(passes[who, place], "passed", "not passed"), dates[who, place]))
        still_in &= passes[meeting, place]
    who = meeting[still_in]
    parts.append((who, "posting offer", np.where(accepts[who] < 0.85, "accepted", "declined"), dates[who, -1]))
    row = np.concatenate([who for who, _, _, _ in parts])
    table = pd.DataFrame(
        {
            "candidate_id": ids[row],
            "step": np.concatenate([np.full(len(who), name, dtype=object) for who, name, _, _ in parts]),
            "outcome": np.concatenate([outcome for _, _, outcome, _ in parts]).astype(object),
            "date": np.concatenate([day for _, _, _, day in parts]).astype("datetime64[s]"),
        }
    )
    return table.iloc[np.lexsort((table["date"].to_numpy(), row))].reset_index(drop=True)
