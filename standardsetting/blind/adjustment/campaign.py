"""The campaign's own rota, and campaigns like it: who rated whom, drawn anew with true scores that are known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from scipy.special import ndtr

from standardsetting.blind.adjustment.severities import WithinCandidates
from standardsetting.blind.assessors.seats import Seats
from standardsetting.blind.generalizability import VarianceComponents
from standardsetting.process import Process
from standardsetting.scale import Scale

OWN, SEVERITY, OWN_BY_CELL, SEVERITY_BY_CELL = "candidate", "assessor", "candidate x value", "assessor x value"
VIEW, RESIDUAL = "candidate x assessor", "residual"
_GRID = 600


@dataclass(frozen=True)
class Campaign:
    """Who rated whom, and how ratings become value scores.

    Attributes
    ----------
    candidate, assessor
        Codes, one entry a seat, by candidate. Assessors are numbered by whom they rated, so that their names change nothing.
    rating
        One row a seat, one column a cell (a value, or a value in an exercise); NaN where nothing was rated.
    candidates, assessors
        The labels that the codes point at.
    to_values
        One row a cell, one column a value: what each cell counts in the value score.
    process
        Its scale and scoring policies.
    """

    candidate: np.ndarray
    assessor: np.ndarray
    rating: np.ndarray
    candidates: np.ndarray
    assessors: np.ndarray
    to_values: np.ndarray
    process: Process
    within: WithinCandidates = field(repr=False)
    whole: np.ndarray
    _adding: csr_array = field(repr=False)
    _counts: np.ndarray = field(repr=False)

    @classmethod
    def of(cls, table: Seats, process: Process) -> Campaign:
        """From the seats, in an order that depends on neither rows nor names of assessors."""
        person = np.argsort(np.argsort(table.candidates.astype(str)))[table.candidate]
        rated_by: list[list[int]] = [[] for _ in table.assessors]
        for one, who in zip(np.sort(person).tolist(), table.assessor[np.argsort(person, kind="stable")].tolist(), strict=True):
            rated_by[who].append(one)
        order = sorted(range(len(rated_by)), key=rated_by.__getitem__)
        rank = np.argsort(np.array(order))
        at = np.lexsort((rank[table.assessor], person))
        candidate, assessor, rating = person[at], rank[table.assessor][at], table.x[at]
        n = len(table.candidates)
        whole = ~np.isnan(rating).any(axis=1)
        within = WithinCandidates(candidate[whole], assessor[whole], n, len(order), rating.shape[1])
        adding = csr_array((np.ones(len(at)), (candidate, np.arange(len(at)))), shape=(n, len(at)))
        place = {v.name: k for k, v in enumerate(process.values)}
        place |= {f"{e.name}: {name}": place[name] for e in process.exercises for name in e.values}
        to_values = np.array([[float(place.get(str(cell)) == k) for k in range(len(process.values))] for cell in table.values])
        to_values /= np.maximum(to_values.sum(axis=0), 1)
        return cls(
            candidate, assessor, rating, np.sort(table.candidates.astype(str)), table.assessors[order], to_values, process, within, whole,
            adding, adding @ (~np.isnan(rating)).astype(float),
        )  # fmt: skip

    @property
    def every_value_rated(self) -> np.ndarray:
        """Candidates for whom the ratings there are make a value score on every value."""
        enough = (self._counts > 0).all(axis=1) & (self.to_values.sum(axis=0) > 0).all()
        if self.process.rule.value_score != "agreed score" and self.process.rule.missing_rating == "incomplete":
            enough &= (self._counts.max(axis=1) == self._counts.min(axis=1)) & (self._counts.max(axis=1) == self.panel_sizes)
        return enough

    @property
    def panel_sizes(self) -> np.ndarray:
        """How many assessors each candidate had."""
        return np.bincount(self.candidate, minlength=len(self.candidates))

    def mean(self, by_seat: np.ndarray) -> np.ndarray:
        """The mean over each candidate's assessors in each cell; `by_seat` counts only where there is a rating."""
        have = ~np.isnan(self.rating)
        with np.errstate(invalid="ignore", divide="ignore"):
            return (self._adding @ np.where(have, by_seat, 0.0)) / self._counts

    def value_scores(self, ratings: np.ndarray, coin: np.ndarray, *, taken_out: np.ndarray | float = 0.0) -> np.ndarray:
        """Value scores as the process makes them; for agreed scores, the panel's mean at its nearest step, a tie by the toss of a coin.

        `taken_out` is what the discussion takes out of the panel's mean, by cell. The coin (from 0 to 1) decides between two steps wherever
        the mean of the ratings, which lies on a grid of the step divided by the assessors, leaves it open: ties alone, if nothing is taken
        out; and on average exactly as much is taken out as should be.
        """
        policy, scale = self.process.rule, self.process.rating_scale
        low, step = float(scale.minimum), float(scale.step)
        cells = self._median(ratings) if policy.value_score.startswith("median") else self.mean(ratings)
        if policy.value_score == "agreed score":
            steps = (cells - taken_out - low) / step + (coin - 0.5) / np.maximum(self._counts, 1)
            cells = low + step * np.clip(np.rint(steps), 0, len(scale) - 1)
        scores = cells @ self.to_values
        if policy.rounding == "none":
            return scores
        steps = (scores - low) / step
        return low + step * (np.floor(steps + 0.5 + 1e-9) if policy.rounding == "half up" else np.ceil(steps - 0.5 - 1e-9))

    def _median(self, ratings: np.ndarray) -> np.ndarray:
        panel = self.panel_sizes
        starts = np.cumsum(panel) - panel
        out = np.full((len(self.candidates), ratings.shape[1]), np.nan)
        for size in np.unique(panel[panel > 0]):
            who = np.flatnonzero(panel == size)
            stacked = ratings[starts[who][:, None] + np.arange(size)]
            none = np.isnan(stacked).all(axis=1)
            stacked[np.broadcast_to(none[:, None, :], stacked.shape)] = 0.0
            out[who] = np.where(none, np.nan, np.nanmedian(stacked, axis=1))
        return out

    def shift(self, effects: np.ndarray) -> np.ndarray:
        """What the severities of those who rated a candidate add to the value scores, from `WithinCandidates.effects`."""
        return self.mean(effects[self.assessor]) @ self.to_values


@dataclass(frozen=True)
class Truth:
    """What campaigns are drawn from: means by cell, and standard deviations of the effects.

    Ratings are drawn on a line without steps or ends and then put on the scale, each at its nearest point. Rounding adds a variance of
    step^2/12 of its own, which the residual is therefore drawn without.
    """

    means: np.ndarray
    deviations: Mapping[str, float]
    scale: Scale

    @classmethod
    def of(cls, components: VarianceComponents, means: np.ndarray, scale: Scale, *, severity: Mapping[str, float] | None = None) -> Truth:
        """From components as estimated; `severity` puts other variances in the place of the assessors'."""
        variances = {name: max(components.estimate(name), 0.0) for name in (OWN, SEVERITY, OWN_BY_CELL, SEVERITY_BY_CELL, VIEW, RESIDUAL)}
        variances |= severity or {}
        variances[RESIDUAL] = max(variances[RESIDUAL] - float(scale.step) ** 2 / 12, 0.0)
        return cls(means, {name: float(np.sqrt(one)) for name, one in variances.items()}, scale)

    def draw(self, campaign: Campaign, noise: Noise) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """True scores by candidate and cell, ratings by seat and cell, and what each assessor truly adds to a cell."""
        sd, scale = self.deviations, self.scale
        own = self.means + sd[OWN] * noise.own + sd[OWN_BY_CELL] * noise.own_by_cell
        effects = sd[SEVERITY] * noise.severity + sd[SEVERITY_BY_CELL] * noise.severity_by_cell
        low, step = float(scale.minimum), float(scale.step)
        ratings = own[campaign.candidate] + effects[campaign.assessor] + sd[VIEW] * noise.view + sd[RESIDUAL] * noise.residual
        ratings = low + step * np.clip(np.rint((ratings - low) / step), 0, len(scale) - 1)
        ratings[np.isnan(campaign.rating)] = np.nan
        return self._expected(own), ratings, effects

    def _expected(self, own: np.ndarray) -> np.ndarray:
        """The rating that many such assessors would give on average, on the scale with its steps and ends."""
        spread = float(np.sqrt(sum(self.deviations[name] ** 2 for name in (SEVERITY, SEVERITY_BY_CELL, VIEW, RESIDUAL))))
        low, step = float(self.scale.minimum), float(self.scale.step)
        thresholds = low + step * (np.arange(len(self.scale) - 1) + 0.5)
        grid = np.linspace(min(float(own.min()), low), max(float(own.max()), float(self.scale.maximum)), _GRID)
        away = grid[:, None] - thresholds
        passed = ndtr(away / spread) if spread > 0 else (away > 0).astype(float)
        return np.interp(own, grid, low + step * passed.sum(axis=1))


@dataclass(frozen=True)
class Noise:
    """The chance in one campaign, in standard deviations, so that campaigns of different severity differ in nothing else."""

    own: np.ndarray
    own_by_cell: np.ndarray
    severity: np.ndarray
    severity_by_cell: np.ndarray
    view: np.ndarray
    residual: np.ndarray
    coin: np.ndarray

    @classmethod
    def of(cls, campaign: Campaign, seed: int, replicate: int) -> Noise:
        """The chance in one replicate."""
        draw = np.random.default_rng([seed, replicate])
        (seats, cells), n, assessors = campaign.rating.shape, len(campaign.candidates), len(campaign.assessors)
        sizes = ((n, 1), (n, cells), (assessors, 1), (assessors, cells), (seats, 1), (seats, cells))
        own, own_by_cell, severity, severity_by_cell, view, residual = (draw.standard_normal(size) for size in sizes)
        return cls(own, own_by_cell, severity, severity_by_cell, view, residual, draw.random((n, cells)))


def cell_means(ratings: pd.DataFrame, cells: np.ndarray) -> np.ndarray:
    """The mean rating of each cell."""
    return ratings.groupby("value", observed=True)["rating"].mean().reindex(cells).to_numpy(dtype=float)
