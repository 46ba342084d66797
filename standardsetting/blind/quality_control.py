"""The nightly look at the assessors, put together: what is done, who sat with whom, what the screens ask, panels, and the videos."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from standardsetting.blind.assessors import Logits, PanelLayer, Screens, control_charts, logits, pairs, panel_layer, quality
from standardsetting.blind.benchmark import Calibration, calibration
from standardsetting.blind.how_far import independent_ratings
from standardsetting.blind.recommended import Recommendation
from standardsetting.blind.rota import Rota, describe, recommend
from standardsetting.blind.scores import BlindScores
from standardsetting.errors import UsageError
from standardsetting.process import Process

NOTHING_INDEPENDENT = "there are no ratings yet that assessors gave before a discussion"
ONE_EACH = "so far every candidate was rated by one assessor alone, so nobody can be compared with anybody"


@dataclass(frozen=True)
class Done:
    """How far the interviews are, in candidates.

    `rated` have a rating at least; `second_missing` were rated independently by one assessor alone, in an exercise where there are several;
    `part_missing` lack an assessor's rating of a value that the assessor's exercise measures; `outstanding` are neither scored nor
    excepted. `by_day`: `day`, `rated`, `second_missing`, `part_missing`.
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
    logits
        Severity in logits, or why there is none; missing where assessors cannot be compared.
    screens
        The thresholds that were used.
    exercises
        Where several exercises have ratings, their names: then each is looked at by itself, an assessor's rows are labelled
        "code in exercise", and in the rota a candidate in an exercise counts as one. Empty otherwise.
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
    logits: Logits | None = None
    screens: Screens = field(default_factory=Screens)
    exercises: tuple[str, ...] = ()

    @property
    def flagged(self) -> pd.DataFrame:
        """The assessors about whom a screen raised a question, the largest severity first."""
        if self.assessors.empty:
            return self.assessors
        asked = self.assessors[self.assessors["flags"].map(bool)]
        return asked.assign(size=asked["severity"].abs()).sort_values(["size", "assessor"], ascending=[False, True]).drop(columns="size")


def quality_control(scores: BlindScores, *, screens: Screens | None = None, replicates: int = 200, seed: int = 0) -> QualityControl:
    """What does the quality lead need to know tonight?

    Parameters
    ----------
    scores
        The blind scores of an open or a closed process.
    screens
        Thresholds; by default those of `Screens`.
    replicates, seed
        Of the permutations, and of the simulated limits of infit.
    """
    ratings, chosen = independent_ratings(scores), screens or Screens()
    parts = _by_exercise(scores, ratings)
    done, videos = _done(scores, parts), _calibration(scores, seed)
    if ratings.empty:
        return QualityControl(NOTHING_INDEPENDENT, done, calibration=videos, screens=chosen)
    # Two assessors who met a candidate in different exercises did not see the same thing.
    rota = describe(pd.concat([_labelled(part, exercise, "candidate") for exercise, part in parts.items()]))
    if rota.k_max < 2:
        return QualityControl(ONE_EACH, done, rota=rota, calibration=videos, screens=chosen)
    with_days = ratings if ratings["day"].notna().all() else ratings.drop(columns="day")
    looks = [_look(part, exercise, scores.process, chosen, replicates, seed) for exercise, part in parts.items()]
    several = tuple(parts) if len(parts) > 1 else ()
    return QualityControl(
        reason="",
        done=done,
        rota=rota,
        recommendation=recommend(rota),
        assessors=_together([look.assessors for look in looks], several),
        charts=pd.concat([look.charts for look in looks], ignore_index=True),
        pairs=pd.concat([look.pairs for look in looks], ignore_index=True),
        panels=_panels(with_days, replicates, seed),
        calibration=videos,
        logits=_all_logits([look.logits for look in looks], several),
        screens=chosen,
        exercises=several,
    )


@dataclass(frozen=True)
class _Look:
    """What the ratings of one exercise show."""

    assessors: pd.DataFrame
    charts: pd.DataFrame
    pairs: pd.DataFrame
    logits: Logits


def _by_exercise(scores: BlindScores, ratings: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The ratings of each exercise with the plain names of the values; one part without a name where there is one exercise at most."""
    if "exercise" not in scores.ratings or not len(ratings):
        return {"": ratings}
    source = scores.ratings.loc[ratings.index]
    exercise, plain = source["exercise"].astype(object), ratings.assign(value=source["value"].astype(object))
    names = sorted(map(str, exercise.dropna().unique()))
    if len(names) < 2:
        return {"": plain}
    return {name: plain[(exercise == name).to_numpy(dtype=bool)] for name in names}


def _labelled(part: pd.DataFrame, exercise: str, *columns: str) -> pd.DataFrame:
    return part.assign(**{column: part[column].astype(str) + f" in {exercise}" for column in columns}) if exercise else part


def _look(part: pd.DataFrame, exercise: str, process: Process, screens: Screens, replicates: int, seed: int) -> _Look:
    scale, labelled = process.rating_scale, _labelled(part, exercise, "assessor")
    with_days = labelled if labelled["day"].notna().all() else labelled.drop(columns="day")
    # What a point on every value of this exercise adds to the total, where other exercises measure some of them too.
    shared = {v.name: sum(v.name in e.values for e in process.exercises) or 1 for v in process.values}
    here = set(part["value"])
    per_point = sum(float(v.weight) / (shared[v.name] if exercise else 1) for v in process.values if v.name in here)
    assessors = quality(with_days, scale=scale, screens=screens, per_point=per_point or None, replicates=replicates, seed=seed)
    comparable = assessors[assessors["n_shared"] > 0]
    met = labelled[labelled["assessor"].isin(set(comparable["assessor"]))]
    return _Look(
        assessors,
        control_charts(with_days, scale=scale, screens=screens),
        pairs(labelled, scale=scale),
        logits(met, scale=scale, subset=comparable.set_index("assessor")["subset"], seed=seed),
    )


def _together(tables: list[pd.DataFrame], exercises: tuple[str, ...]) -> pd.DataFrame:
    """One table; its sentence says what each exercise shows, its spread is the widest of them."""
    if not exercises:
        return tables[0]
    whole, spreads = pd.concat(tables, ignore_index=True), [table.attrs["severity_spread"] for table in tables]
    whole.attrs = dict(tables[0].attrs)
    whole.attrs["sentence"] = " ".join(f"In {name}: {table.attrs['sentence']}" for name, table in zip(exercises, tables, strict=True))
    whole.attrs["severity_spread"] = float(np.nanmax(spreads)) if not np.isnan(spreads).all() else float("nan")
    return whole


def _all_logits(found: list[Logits], exercises: tuple[str, ...]) -> Logits:
    """The measures of every exercise that has any; and why others have none."""
    if not exercises:
        return found[0]
    reasons = "; ".join(f"in {name} {one.reason}" for name, one in zip(exercises, found, strict=True) if one.reason)
    table = pd.concat([one.table for one in found if not one.reason] or [found[0].table], ignore_index=True)
    return Logits(
        reasons, table, sum(one.outside for one in found), sum(one.n_ratings for one in found),
        next((one.method for one in found if one.method), ""), found[0].seed,
    )  # fmt: skip


def _done(scores: BlindScores, parts: dict[str, pd.DataFrame]) -> Done:
    account = scores.account
    excepted = sum(account.excepted.values())
    people = scores.interviews.set_index("candidate")[["day"]]
    facts = pd.concat([_missing(part) for part in parts.values()]).groupby(level=0).max().join(people, how="left")
    single, short = (facts[column].to_numpy(dtype=bool) for column in ("single", "short"))
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


def _missing(part: pd.DataFrame) -> pd.DataFrame:
    """For each candidate whether one assessor alone rated, and whether an assessor left out a value that others here rated."""
    cells = part.groupby(["candidate", "assessor"], observed=True)["value"].nunique().reset_index()
    by_candidate = cells.groupby("candidate", observed=True)["value"].agg(["size", "min"])
    return pd.DataFrame({"single": by_candidate["size"] == 1, "short": by_candidate["min"] < part["value"].nunique()})


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
