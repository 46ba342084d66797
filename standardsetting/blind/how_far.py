"""How far assessors agree: the coefficients that have a meaning for the rota that happened, for the pack's page about them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from standardsetting.blind.agreement import adjacent_agreement, exact_agreement, krippendorff_alpha
from standardsetting.blind.assessors import quality
from standardsetting.blind.conditional_error import ConditionalError, conditional_sem
from standardsetting.blind.generalizability import g_qk
from standardsetting.blind.icc import intraclass_correlations
from standardsetting.blind.identical_vectors import IdenticalVectors
from standardsetting.blind.rated import INDEPENDENT, one_rating_an_assessor, rated
from standardsetting.blind.recommended import Recommendation
from standardsetting.blind.rota import describe, recommend
from standardsetting.blind.scores import BlindScores
from standardsetting.errors import UsageError

TOTAL = "total"
ONLY_AGREED = "the ratings that assessors gave before the discussion are not in the data; there are agreed scores only"
NO_RATINGS = "the data hold no independent ratings"
# Variance components keep a row and a column for each assessor: more than these take minutes and gigabytes.
MOST_ASSESSORS = 1000
TOO_MANY = f"more than {MOST_ASSESSORS:,} assessors rated, which is more than these calculations take"
ONE_EACH = "every candidate was rated independently by one assessor alone"
# A smoothed error needs candidates at the total it speaks of.
_FEWEST_AT_A_TOTAL = 5
_MOST_TOTALS = 12


@dataclass(frozen=True)
class Lead:
    """The coefficient that leads the page: about the total over the values, for this rota.

    Attributes
    ----------
    name, value, low, high, confidence, method
        The coefficient that the rota recommends, its interval and how the interval was made. Missing where it is undefined.
    design, k, q
        Of the rota: what it is called, assessors a candidate (harmonic mean), and how much of severity stays in comparisons.
    n_candidates, n_assessors
        What was used.
    """

    name: str
    value: float
    low: float
    high: float
    confidence: float
    method: str
    design: str
    k: float
    q: float
    n_candidates: int
    n_assessors: int

    @property
    def defined(self) -> bool:
        """Whether there is a value."""
        return bool(np.isfinite(self.value))


@dataclass(frozen=True)
class HowFar:
    """How far assessors agree, or why that cannot be said.

    Attributes
    ----------
    reason
        Why nothing can be said; empty where something can. Then every other attribute but `names` is there.
    recommendation
        Which coefficients have a meaning for this rota, and which have not.
    lead
        The coefficient that the rota recommends, for the total.
    by_value
        One row a value, the total last: `value`, `exact`, `adjacent` (shares), `alpha`, `alpha_low`, `alpha_high` (Krippendorff's,
        ordinal), `candidates`; the total has the lead coefficient in `reliability`, `reliability_low`, `reliability_high`.
    identical
        Whether ratings are identical more often than independent ones would be.
    severity
        One row an assessor, as from `standardsetting.blind.assessors.quality`.
    error
        The error of the assessors' mean total, by total; None where it cannot be had.
    interval
        How the intervals of agreement were made.
    """

    reason: str
    recommendation: Recommendation | None = None
    lead: Lead | None = None
    by_value: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    identical: IdenticalVectors | None = None
    severity: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    error: ConditionalError | None = None
    interval: str = ""

    @property
    def known(self) -> bool:
        """Whether anything can be said."""
        return not self.reason

    @property
    def suspect(self) -> bool:
        """Whether the ratings look as though they were not independent."""
        found = self.identical
        return found is not None and bool(found.copied or found.beyond_chance or found.suspect_pairs)


def independent_ratings(scores: BlindScores) -> pd.DataFrame:
    """The independent ratings; where there are exercises, a value in one exercise counts as a value of its own."""
    ratings = scores.ratings[(scores.ratings["kind"] == INDEPENDENT) & scores.ratings["assessor"].notna()]
    table = ratings[["candidate", "assessor", "value", "rating", "panel", "day"]].astype({"candidate": object, "assessor": object})
    if "exercise" in ratings and ratings["exercise"].notna().any():
        parts = ratings["exercise"].astype(str) + ": " + ratings["value"].astype(str)
        return table.assign(value=parts)
    return table.astype({"value": object})


def how_far_assessors_agree(scores: BlindScores, *, confidence: float = 0.95, replicates: int = 1000, seed: int = 0) -> HowFar:
    """How far do assessors agree who rated the same candidate independently?

    Parameters
    ----------
    scores
        The blind scores. Independent ratings are used; revised and agreed ones are not second opinions.
    confidence, replicates, seed
        Of the intervals. Agreement is resampled over candidates, with the assessors as they are; the reliability of the total has an
        interval of its own.

    Returns
    -------
    HowFar
        With `reason` where candidates were not rated independently by two assessors or more.
    """
    ratings = independent_ratings(scores)
    if ratings.empty:
        return HowFar(ONLY_AGREED if len(scores.ratings) else NO_RATINGS)
    rota = describe(ratings)
    if rota.k_max < 2:
        return HowFar(ONE_EACH)
    if rota.n_assessors > MOST_ASSESSORS:
        return HowFar(TOO_MANY)
    recommended = recommend(rota)
    scale = scores.process.rating_scale
    lead = _lead(ratings, recommended, confidence)
    by_value, interval = _by_value(ratings, scores, confidence=confidence, replicates=replicates, seed=seed)
    total = {"value": TOTAL, "candidates": lead.n_candidates, "reliability": lead.value}
    by_value = pd.concat(
        [by_value, pd.DataFrame([{**total, "reliability_low": lead.low, "reliability_high": lead.high}])], ignore_index=True
    )
    return HowFar(
        reason="",
        recommendation=recommended,
        lead=lead,
        by_value=by_value,
        identical=rota.identical,
        severity=quality(ratings, scale=scale, per_point=_total_per_point(scores), confidence=confidence, seed=seed),
        error=_error(ratings),
        interval=interval,
    )


def _total_per_point(scores: BlindScores) -> float:
    """What a point more on every rated cell adds to the total: the weights of the values."""
    return float(sum(value.weight for value in scores.process.values))


def _lead(ratings: pd.DataFrame, recommended: Recommendation, confidence: float) -> Lead:
    name, rota = recommended.legal[0], recommended.rota
    value = low = high = float("nan")
    method, people = "", (rota.n_candidates, rota.n_assessors)
    try:
        if name == "G(q,k)":
            found = g_qk(ratings, confidence=confidence)
            value, low, high, method, people = found.value, found.low, found.high, found.interval, (found.n_candidates, found.n_assessors)
        else:
            whole = one_rating_an_assessor(rated(ratings))
            totals = pd.DataFrame({"candidate": whole.candidate, "assessor": whole.assessor, "rating": whole.rating})
            row = intraclass_correlations(totals, confidence=confidence, forms=[name])
            value, low, high = map(float, row.loc[[name], ["estimate", "low", "high"]].to_numpy()[0])
            method = "F distribution"
    except UsageError as refused:
        method = refused.message
    return Lead(name, value, low, high, confidence, method, rota.design, rota.k, rota.q, *people)


def _by_value(ratings: pd.DataFrame, scores: BlindScores, *, confidence: float, replicates: int, seed: int) -> tuple[pd.DataFrame, str]:
    scale = scores.process.rating_scale
    present = list(pd.unique(ratings["value"]))
    declared = [v.name for v in scores.process.values if v.name in present]
    records, interval = [], ""
    for value in declared + sorted(set(present) - set(declared)):
        mine = ratings[ratings["value"] == value]
        alpha = krippendorff_alpha(
            mine,
            scale=scale,
            level="ordinal",
            confidence=confidence,
            interval="percentile",
            resample="candidate",
            replicates=replicates,
            seed=seed,
        )
        exact, adjacent = (f(mine, scale=scale, interval="none") for f in (exact_agreement, adjacent_agreement))
        interval = interval or alpha.method
        records.append(
            {
                "value": value, "exact": exact.value, "adjacent": adjacent.value,
                "alpha": alpha.value, "alpha_low": alpha.low, "alpha_high": alpha.high, "candidates": exact.n_candidates,
            }
        )  # fmt: skip
    return pd.DataFrame.from_records(records), interval


def _error(ratings: pd.DataFrame) -> ConditionalError | None:
    """The conditional error, at totals where there are candidates enough to speak of."""
    try:
        found = conditional_sem(ratings, method="assessors")
        usable = (found.table["candidates"] >= _FEWEST_AT_A_TOTAL) & found.table["csem"].notna()
        totals = found.table.loc[usable, "total"]
        # Means of two totals lie at half points too: where there are many, every other one says enough.
        if len(totals) > _MOST_TOTALS and (totals % 1 == 0).sum() > 1:
            totals = totals[totals % 1 == 0]
        return conditional_sem(ratings, method="assessors", totals=totals.tolist()) if len(totals) > 1 else None
    except UsageError:
        return None
