"""A thousand bootstraps of Krippendorff's alpha over candidates: sufficient statistics against recomputing on every resample."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.contest import Contest, Side
from benchmarks.panels import POINTS, SEED, Panels

REPLICATES = 1000


def _ours(table: Any) -> Any:
    from standardsetting.blind.agreement import krippendorff_alpha
    from standardsetting.scale import Scale

    scale = Scale(POINTS[0], POINTS[-1])
    return krippendorff_alpha(table, scale=scale, level="ordinal", interval="percentile", replicates=REPLICATES, seed=SEED)


def _recomputed(seats: np.ndarray) -> np.ndarray:
    """The package has no bootstrap: alpha of each resample, as its user would write it."""
    import krippendorff

    random, values = np.random.default_rng(SEED), np.empty(REPLICATES)
    for replicate in range(REPLICATES):
        drawn = seats[:, random.integers(0, seats.shape[1], seats.shape[1])].reshape(2, -1)
        values[replicate] = krippendorff.alpha(reliability_data=drawn, value_domain=list(POINTS), level_of_measurement="ordinal")
    return np.percentile(values, [2.5, 97.5])


CONTESTS = (
    Contest(
        "bootstrap",
        f"Krippendorff's alpha, ordinal, {REPLICATES:,} candidate bootstraps",
        "interviews",
        Side("standardsetting", Panels.table, _ours, lambda found, _: {"low": found.low, "high": found.high}, "percentile limits"),
        (
            Side(
                "krippendorff",
                lambda panels: panels.seats().transpose(1, 0, 2).copy(),
                _recomputed,
                lambda found, _: {"low": float(found[0]), "high": float(found[1])},
                "alpha of every resample; other random draws, so limits differ by chance",
            ),
        ),
    ),
)
