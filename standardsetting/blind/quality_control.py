"""The nightly look at the assessors, put together: what is done, who sat with whom, what the screens ask, panels, and the videos."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from standardsetting.blind.assessors import PanelLayer, control_charts, pairs, panel_layer, quality
from standardsetting.blind.benchmark import Calibration, calibration
from standardsetting.blind.how_far import independent_ratings
from standardsetting.blind.recommended import Recommendation
from standardsetting.blind.rota import Rota, describe, recommend
from standardsetting.blind.scores import BlindScores
from standardsetting.errors import UsageError

NOTHING_INDEPENDENT = "there are no ratings yet that assessors gave before a discussion"
ONE_EACH = "so far every candidate was rated by one assessor alone, so nobody can be compared with anybody"


@dataclass(frozen=True)
class Done:
    """How far the interviews are, in candidates.

    `rated` have a rating at least; `second_missing` were rated independently by one assessor alone; `part_missing` lack an assessor's
    rating of a value; `outstanding` are neither scored nor excepted. `by_day`: `day`, `rated`, `second_missing`, `part_missing`.
    `last_day` is the last day of the window with a rating, missing where days are not known.
    """

    interviews: int
    scored: int
    excepted: int
    outstanding: int
    rated: int
    second_missing: int
    part_missing: int
    last_day: int | None
    by_day: pd.DataFrame = field(repr=False)


@dataclass(frozen=True)
class QualityControl:
    """Everything the report shows. `reason` says why assessors cannot be compared; where it is empty the rest is there.

    Attributes
    ----------
    reason
        Empty where assessors can be compared.
    done
        How far the interviews are.
    rota, recommendation
        Who sat with whom.
    assessors
        One row an assessor, as from `standardsetting.blind.assessors.quality`.
    charts, pairs
        As from `control_charts` and `pairs`.
    panels
        Panels beside what shuffling gives; None where there are too few.
    calibration
        The benchmark videos; None where there are none with reference scores.
    """

    reason: str
    done: Done
    rota: Rota | None = None
    recommendation: Recommendation | None = None
    assessors: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    charts: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    pairs: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    panels: PanelLayer | None = None
    calibration: Calibration | None = None

    @property
    def flagged(self) -> pd.DataFrame:
        """The assessors about whom a screen raised a question, the largest severity first."""
        if self.assessors.empty:
            return self.assessors
        asked = self.assessors[self.assessors["flags"].map(bool)]
        return asked.assign(size=asked["severity"].abs()).sort_values(["size", "assessor"], ascending=[False, True]).drop(columns="size")


def quality_control(scores: BlindScores, *, replicates: int = 200, seed: int = 0) -> QualityControl:
    """What does the quality lead need to know tonight?

    Parameters
    ----------
    scores
        The blind scores of an open or a closed process.
    replicates, seed
        Of the permutations.
    """
    ratings, scale = independent_ratings(scores), scores.process.rating_scale
    done, videos = _done(scores, ratings), _calibration(scores, seed)
    if ratings.empty:
        return QualityControl(NOTHING_INDEPENDENT, done, calibration=videos)
    rota = describe(ratings)
    if rota.k_max < 2:
        return QualityControl(ONE_EACH, done, rota=rota, calibration=videos)
    with_days = ratings if ratings["day"].notna().all() else ratings.drop(columns="day")
    return QualityControl(
        reason="",
        done=done,
        rota=rota,
        recommendation=recommend(rota),
        assessors=quality(with_days, scale=scale, replicates=replicates, seed=seed),
        charts=control_charts(with_days, scale=scale),
        pairs=pairs(ratings, scale=scale),
        panels=_panels(with_days, replicates, seed),
        calibration=videos,
    )


def _done(scores: BlindScores, ratings: pd.DataFrame) -> Done:
    account = scores.account
    excepted = sum(account.excepted.values())
    people = scores.interviews.set_index("candidate")[["day"]]
    cells = ratings.groupby(["candidate", "assessor"], observed=True)["value"].nunique()
    parts = ratings["value"].nunique()
    by_candidate = cells.reset_index().groupby("candidate", observed=True)["value"].agg(["size", "min"])
    facts = by_candidate.join(people, how="left") if len(by_candidate) else pd.DataFrame(columns=["size", "min", "day"])
    single, short = (facts["size"] == 1).to_numpy(dtype=bool), (facts["min"] < parts).to_numpy(dtype=bool)
    table = pd.DataFrame({"day": facts["day"].astype("Int64"), "rated": 1, "second_missing": single, "part_missing": short})
    by_day = table.dropna(subset=["day"]).groupby("day").sum().reset_index().astype(np.int64)
    return Done(
        interviews=account.interviews,
        scored=account.scored + account.incomplete,
        excepted=excepted,
        outstanding=account.interviews - account.scored - account.incomplete - excepted,
        rated=len(scores.interviews),
        second_missing=int(single.sum()),
        part_missing=int(short.sum()),
        last_day=int(by_day["day"].max()) if len(by_day) else None,
        by_day=by_day,
    )


def _panels(ratings: pd.DataFrame, replicates: int, seed: int) -> PanelLayer | None:
    if ratings["panel"].isna().any():
        return None
    try:
        return panel_layer(ratings.astype({"panel": object}), replicates=max(replicates, 200), seed=seed)
    except UsageError:
        return None


def _calibration(scores: BlindScores, seed: int) -> Calibration | None:
    if scores.benchmark.empty or not (scores.benchmark["occasion"] == "reference").any():
        return None
    hurdles = {v.name: v.hurdle for v in scores.process.values}
    try:
        return calibration(scores.benchmark, scale=scores.process.rating_scale, hurdle=hurdles, seed=seed)
    except UsageError:
        return None
