"""What a synthetic cohort is made from: every choice with its default, and the independent random streams."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np

from standardsetting.errors import UsageError
from standardsetting.scale import Scale, as_fraction

VALUES = ("professionalism", "integrity", "courage", "compassion")

# Each part of the simulation draws from its own stream, so that changing one option leaves every other draw as it was.
# The place in this list is the stream: add at the end, never in between.
STREAMS = (
    "rota", "ability", "people", "assessors", "ratings", "agreement", "times", "words", "monitoring", "exceptions", "workshops",
    "global ratings", "benchmark", "progress", "export", "flaws", "exceptions approved",
    "sift", "not eligible", "export of the not eligible",
)  # fmt: skip


def stream(seed: int, name: str) -> np.random.Generator:
    """The random numbers of one part of the simulation."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(STREAMS.index(name),)))


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that shapes a synthetic cohort. Sizes of ability, severity, difficulty and drift are in logits.

    Attributes
    ----------
    values, scale
        The values rated and the scale they are rated on.
    panel_size, n_assessors, first_day, last_day, slots
        The rota. Without `n_assessors` there is one assessor for every 15 candidates and place in the panel, so that each one sits about
        as often as the 24 assessors of the first process do.
    ability_mean, ability_sd, specific_sd, occasion_sd
        A candidate's ability is common to all values; each value adds a part of its own; and the day of the interview adds one deviation
        that all the panel's assessors see and another day would not repeat.
    difficulties, threshold_gap
        How hard each value is (evenly spread by default), and the distance between neighbouring category thresholds.
    severity_sd, erratic, central, undifferentiated, drifting
        The spread of severity, and the share of assessors who rate erratically, keep to the middle, rate every value by one impression,
        or become more severe over the window.
    window_drift
        What every assessor's severity gains between the first day and the last.
    disagreement_moves
        The share of scores on which assessors agreed independently and that the discussion still moved by a step.
    revised
        The share of ratings away from the agreed score that their assessor put on record as revised.
    withdrawn, deferred, did_not_attend, void, rating_missing
        Shares of the candidates with an exception.
    not_eligible
        How many further applicants the sift excluded, as a share of the candidates who were invited.
    female, minority
        Shares of the candidates.
    prefer_not_to_say, not_asked, unknown_in_hr, opted_out
        Shares of the four kinds of "not known".
    gaps
        Differences in ability between groups, in standard deviations: ``{"sex": {"Female": -0.2}}``. None by default.
    workshop_effect, workshop_selection
        What attending a workshop adds to ability, in standard deviations; and how much more likely able candidates are to attend (log odds
        for each standard deviation).
    videos
        How many benchmark videos every assessor rated.
    progress_total
        The total from which the simulated progress after the assessment starts; it stands in for a decision that is not yet made. By
        default half a point a value above the middle of the scale: 14 for the first process.
    awkward_names
        How many candidates get a name made of words that a report also uses, such as Mark Page.
    """

    values: tuple[str, ...] = VALUES
    scale: Scale = field(default_factory=lambda: Scale(1, 5))
    panel_size: int = 2
    n_assessors: int | None = None
    first_day: date = date(2023, 9, 6)
    last_day: date = date(2023, 9, 29)
    slots: tuple[str, ...] = ("09:00", "10:30", "12:00", "14:00", "15:30")
    ability_mean: float = 1.2
    ability_sd: float = 1.75
    specific_sd: float = 0.7
    occasion_sd: float = 0.4
    difficulties: tuple[float, ...] | None = None
    threshold_gap: float = 3.1
    severity_sd: float = 0.6
    erratic: float = 1 / 12
    central: float = 1 / 12
    undifferentiated: float = 1 / 12
    drifting: float = 1 / 12
    window_drift: float = 0.0
    disagreement_moves: float = 0.02
    revised: float = 0.1
    withdrawn: float = 8 / 360
    deferred: float = 4 / 360
    did_not_attend: float = 0.0
    void: float = 0.0
    rating_missing: float = 0.0
    not_eligible: float = 45 / 360
    female: float = 0.32
    minority: float = 0.17
    prefer_not_to_say: float = 0.03
    not_asked: float = 0.03
    unknown_in_hr: float = 0.015
    opted_out: float = 0.015
    gaps: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    workshop_effect: float = 0.3
    workshop_selection: float = 0.3
    videos: int = 3
    progress_total: int | None = None
    awkward_names: int = 0

    def __post_init__(self) -> None:
        for name in _SHARES:
            if not 0 <= getattr(self, name) <= 1:
                raise UsageError(f"{name} is a share: a number from 0 to 1 was expected.")
        if sum(getattr(self, name) for name in EXCEPTIONS) > 1:
            raise UsageError("The shares of candidates with an exception add up to more than 1.")
        if len(set(self.values)) < len(self.values) or not self.values:
            raise UsageError("A cohort needs at least one value, and every value a name of its own.")
        if self.difficulties is not None and len(self.difficulties) != len(self.values):
            raise UsageError("One difficulty for each value was expected.")
        if self.panel_size < 1 or not self.slots or self.last_day < self.first_day:
            raise UsageError("A rota needs a panel of at least one assessor, a slot, and a last day that is not before the first.")

    @property
    def value_difficulties(self) -> np.ndarray:
        """The difficulty of each value."""
        if self.difficulties is not None:
            return np.array(self.difficulties, dtype=float)
        return np.linspace(-0.15, 0.15, len(self.values)) if len(self.values) > 1 else np.zeros(1)

    @property
    def thresholds(self) -> np.ndarray:
        """The category thresholds: where neighbouring points of the scale are equally likely. They add up to zero."""
        steps = len(self.scale) - 1
        return self.threshold_gap * (np.arange(steps) - (steps - 1) / 2)

    @property
    def points(self) -> np.ndarray:
        """The points of the scale as numbers: integers where they all are."""
        points = self.scale.points
        whole = all(point.denominator == 1 for point in points)
        return np.array([int(p) if whole else float(p) for p in points])

    @property
    def notional_total(self) -> float:
        """The total that stands in for the decision in the progress after the assessment."""
        if self.progress_total is not None:
            return self.progress_total
        return len(self.values) * ((self.points[0] + self.points[-1]) / 2 + 0.5)

    def assessors_for(self, n: int) -> int:
        """How many assessors a cohort of this size has."""
        if self.n_assessors is not None:
            return self.n_assessors
        return max(2 * self.panel_size, round(n * self.panel_size / 30))

    def as_record(self) -> dict[str, Any]:
        """The settings as plain values, for a file."""
        record = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        record["scale"] = {name: float(as_fraction(getattr(self.scale, name))) for name in ("minimum", "maximum", "step")}
        record["first_day"], record["last_day"] = self.first_day.isoformat(), self.last_day.isoformat()
        record["gaps"] = {name: dict(gap) for name, gap in self.gaps.items()}
        return record


EXCEPTIONS = {
    "withdrawn": "withdrawn",
    "deferred": "deferred",
    "did_not_attend": "did not attend",
    "void": "interview void",
    "rating_missing": "rating missing",
}
_SHARES = (
    *EXCEPTIONS, "erratic", "central", "undifferentiated", "drifting", "disagreement_moves", "revised", "female", "minority",
    "prefer_not_to_say", "not_asked", "unknown_in_hr", "opted_out", "not_eligible",
)  # fmt: skip


def chosen(settings: Settings | None, changes: Mapping[str, Any]) -> Settings:
    """The settings with some changed; a name that is not a setting is refused."""
    known = {f.name for f in dataclasses.fields(Settings)}
    strangers = sorted(set(changes) - known)
    if strangers:
        raise UsageError(f"Not a setting of the simulation: {', '.join(strangers)}.", next_step=f"Settings: {', '.join(sorted(known))}.")
    return dataclasses.replace(settings or Settings(), **changes)
