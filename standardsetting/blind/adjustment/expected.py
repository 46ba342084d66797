"""What would adjusting change, and is that likely to be better? Campaigns like this one, drawn many times on its own rota."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from standardsetting.blind.adjustment.campaign import OWN, OWN_BY_CELL, SEVERITY, SEVERITY_BY_CELL, Campaign, Noise, Truth, cell_means
from standardsetting.blind.adjustment.decisions import Lines
from standardsetting.blind.adjustment.discussion import Discussion
from standardsetting.blind.adjustment.result import CANNOT_TELL, ESTIMATED, HIGHEST, LOWEST, Adjustment, Change
from standardsetting.blind.assessors.seats import seats
from standardsetting.blind.generalizability import VarianceComponents, variance_components
from standardsetting.blind.how_far import MOST_ASSESSORS, NO_RATINGS, ONE_EACH, ONLY_AGREED, TOO_MANY, independent_ratings
from standardsetting.blind.one_thread import one_thread
from standardsetting.blind.options import deciding, options
from standardsetting.blind.rota import CROSSED, FIXED, NESTED, Rota, describe
from standardsetting.blind.scores import BlindScores
from standardsetting.errors import UsageError
from standardsetting.scale import Number, as_fraction

# Ratings drawn in all, at each spread of severity: from 20,000 ratings on there are fewer campaigns than asked for, never fewer than 20.
MOST_RATINGS, FEWEST_REPLICATES = 4_000_000, 20
HALF_POINT = 0.5
_NAMED = 4

SAME_FOR_ALL = "the same assessors rated everybody, so that severity falls on all candidates alike and there is nothing to adjust"
PANELS = "the assessors sat in fixed panels that share nobody: whether a panel was severe or its candidates weak cannot be told apart"
OWN_ASSESSORS = "every candidate had assessors of their own: severe assessors and weak candidates cannot be told apart"
NOT_INDEPENDENT = "the ratings look like agreed scores that were copied into each assessor's column"
NO_WHOLE = "no assessor rated every value of any candidate, which the comparison of assessors needs"
LOOSE = "too few candidates were rated on every value by two assessors or more to compare all assessors with one another"
NO_COMPONENTS = "the parts of the variance could not be estimated from these ratings"
NOBODY = "no candidate with independent ratings has a score on every value"


def would_adjusting_help(
    scores: BlindScores,
    *,
    cuts: Sequence[Number] | None = None,
    replicates: int = 200,
    seed: int = 0,
    confidence: float = 0.95,
    matters: float = 0.5,
) -> Adjustment:
    """If scores were adjusted for the severity of their assessors, what would change, and would decisions be better or worse?

    Campaigns are drawn with true scores that are known, on the rota that happened, with the variances that this cohort shows. In each, the
    process makes its value scores; severities are estimated from comparisons within candidates and drawn towards zero (best linear unbiased
    prediction, the ratio of variances estimated anew by restricted maximum likelihood); the adjusted value score is the score less the mean
    severity of those who rated it. Raw and adjusted scores are then put beside the truth: the total, and the whole rule at each cut.

    Not a way to adjust: the result holds counts and expectations, and no adjusted score. Not for a rota in parts, where severe assessors
    and weak candidates cannot be told apart: it is refused, with the parts.

    Parameters
    ----------
    scores
        The blind scores. Severity is estimated from independent ratings.
    cuts
        The totals to look at; by default those of `options.deciding`.
    replicates, seed
        Campaigns drawn (fewer where there are many ratings; the result says how many), and the seed.
    confidence
        Of the Monte-Carlo intervals, and of the interval of the assessors' variance.
    matters
        The change of wrong decisions per 100 candidates that would matter.

    Returns
    -------
    Adjustment
        With `reason` where the rota or the ratings do not allow an answer.

    References
    ----------
    Robinson, G. K. (1991). That BLUP is a good thing: the estimation of random effects. Statistical Science 6, 15-32.
    """
    if replicates < 2 or not 0 < confidence < 1 or matters < 0:
        raise UsageError("Two replicates or more, a confidence between 0 and 1 and a margin of at least 0 were expected.")
    ratings = independent_ratings(scores)
    if ratings.empty:
        return Adjustment(ONLY_AGREED if len(scores.ratings) else NO_RATINGS)
    rota = describe(ratings)
    reason, subsets = _refused(rota, ratings)
    if reason:
        return Adjustment(reason, subsets)
    table = seats(ratings, scale=scores.process.rating_scale)
    campaign = Campaign.of(table, scores.process)
    if not campaign.whole.any():
        return Adjustment(NO_WHOLE)
    if len(campaign.within.spectrum) < rota.n_assessors - 1 or campaign.within.freedom <= len(campaign.within.spectrum):
        return Adjustment(LOOSE)
    several = len(table.values) > 1
    components = variance_components(ratings, values="fixed" if several else "random", confidence=confidence)
    if not components.converged or components.estimate(OWN) + components.estimate(OWN_BY_CELL) <= 0:
        return Adjustment(NO_COMPONENTS)
    raw = scores.value_scores.set_axis(scores.value_scores.index.astype(str)).reindex(campaign.candidates).to_numpy(dtype=float)
    decided = campaign.every_value_rated & ~np.isnan(raw).any(axis=1)
    if not decided.any():
        return Adjustment(NOBODY)
    shown = sorted({as_fraction(cut) for cut in (deciding(options(scores))["cut"].tolist() if cuts is None else cuts)})
    if not shown:
        raise UsageError("There is no cut to look at: give cuts.")
    lines = Lines.of(scores.rule, shown)
    run = min(replicates, max(FEWEST_REPLICATES, MOST_RATINGS // len(ratings)))
    with one_thread():
        here, effects = _this_cohort(campaign, raw, decided, lines)
        discussion = _discussion(campaign, raw, decided, effects, lines, confidence)
        truths = _truths(components, cell_means(ratings, table.values), campaign)
        drawn = _simulate(campaign, truths, lines, decided, carried=discussion.used, replicates=run, seed=seed)
    by_cut = pd.DataFrame({"cut": [float(cut) for cut in shown]})
    return Adjustment(
        reason="", **_expected(drawn, truths, by_cut, here.pop("by_cut"), lines, confidence, matters), **here,
        deviation_seen=float((raw[decided] @ lines.weights).std(ddof=1)), agreed_as_modelled=discussion.as_modelled,
        carried=discussion.carried, carried_low=discussion.low, carried_high=discussion.high, carried_used=discussion.used,
        n_candidates=int(decided.sum()), n_assessors=rota.n_assessors, left_out=int((~decided).sum()),
        replicates=run, seed=seed, confidence=confidence, matters=matters,
        method=f"severity by best linear unbiased prediction within candidates; variances by {components.method}; simulation on this rota",
    )  # fmt: skip


def _refused(rota: Rota, ratings: pd.DataFrame) -> tuple[str, pd.DataFrame]:
    """Why this rota allows no answer, if so, and its parts where it has several."""
    nothing = pd.DataFrame()
    if rota.k_max < 2:
        return ONE_EACH, nothing
    if rota.n_assessors > MOST_ASSESSORS:
        return TOO_MANY, nothing
    if rota.identical.copied:
        return NOT_INDEPENDENT, nothing
    if rota.components == 1:
        return (SAME_FOR_ALL if rota.design == CROSSED else ""), nothing
    part = ratings[["candidate", "assessor"]].assign(subset=ratings["assessor"].map(rota.component_of))
    subsets = part.groupby("subset").agg(
        assessors=("assessor", "nunique"), candidates=("candidate", "nunique"), codes=("assessor", lambda codes: tuple(sorted(set(codes))))
    )
    if rota.design in (FIXED, NESTED):
        return (PANELS if rota.design == FIXED else OWN_ASSESSORS), subsets.reset_index()
    named = [f"part {row.Index} (assessors: {row.assessors}, candidates: {row.candidates})" for row in subsets.itertuples()]
    listed = ", ".join(named[:_NAMED]) + (f" and {len(named) - _NAMED} more" if len(named) > _NAMED else "")
    why = f"the assessors fall into {len(named)} parts that share no candidate, and severity cannot be compared across them: {listed}"
    return why, subsets.reset_index()


def _this_cohort(campaign: Campaign, raw: np.ndarray, decided: np.ndarray, lines: Lines) -> tuple[dict[str, Any], np.ndarray]:
    """What adjusting would change here, as counts; and the estimated effects, which go no further than the simulation."""
    effects = campaign.within.effects(campaign.rating[campaign.whole])
    adjusted = (raw - campaign.shift(effects))[decided]
    before, after = lines.cuts_met(raw[decided]), lines.cuts_met(adjusted)
    moves = np.abs((raw[decided] - adjusted) @ lines.weights)
    n_cuts = len(lines.totals)
    by_cut = {
        "met": (before[:, None] > np.arange(n_cuts)).sum(axis=0),
        "would_leave": lines.only_in_the_first(before, after),
        "would_enter": lines.only_in_the_first(after, before),
    }
    # Sums of floats: a move of exactly half a point must not be lost to their last digit.
    moved = int((moves >= HALF_POINT - 1e-9).sum())
    return {"by_cut": by_cut, "would_move": moved, "half_point": HALF_POINT, "largest": float(moves.max())}, effects


def _discussion(
    campaign: Campaign, raw: np.ndarray, decided: np.ndarray, effects: np.ndarray, lines: Lines, confidence: float
) -> Discussion:
    if campaign.process.rule.value_score != "agreed score":
        return Discussion()
    mean = campaign.mean(campaign.rating) @ campaign.to_values
    step = float(campaign.process.rating_scale.step)
    return Discussion.of(raw[decided], mean[decided], campaign.shift(effects)[decided], lines.weights, step=step, confidence=confidence)


def _truths(components: VarianceComponents, means: np.ndarray, campaign: Campaign) -> dict[str, Truth]:
    """The cohort as estimated, and with the spread of severity at either end of its interval."""
    rows = components.table[components.table["component"].isin([SEVERITY, SEVERITY_BY_CELL])].set_index("component")
    truths = {}
    for which, column in ((LOWEST, "low"), (ESTIMATED, "estimate"), (HIGHEST, "high")):
        severity = {str(name): float(variance) for name, variance in rows[column].dropna().items()}
        truths[which] = Truth.of(components, means, campaign.process.rating_scale, severity=severity)
    return truths


def _simulate(
    campaign: Campaign, truths: dict[str, Truth], lines: Lines, decided: np.ndarray, *, carried: float, replicates: int, seed: int
) -> dict[str, np.ndarray]:
    """For each spread of severity and campaign: wrong decisions by cut, errors of the total, and the deviation of raw totals."""
    n_cuts, n = len(lines.totals), int(decided.sum())
    shape = (len(truths), replicates)
    wrong, error, deviation = np.zeros((*shape, 4, n_cuts)), np.zeros((*shape, 2)), np.zeros(shape)
    for replicate in range(replicates):
        noise = Noise.of(campaign, seed, replicate)
        for at, truth in enumerate(truths.values()):
            own, ratings, effects = truth.draw(campaign, noise)
            taken_out = (1 - carried) * campaign.mean(effects[campaign.assessor]) if carried < 1 else 0.0
            raw = campaign.value_scores(ratings, noise.coin, taken_out=taken_out)[decided]
            shift = campaign.shift(campaign.within.effects(ratings[campaign.whole]))[decided]
            true = (own @ campaign.to_values)[decided]
            should = lines.cuts_met(true)
            for which, scores in enumerate((raw, raw - shift)):
                met = lines.cuts_met(scores)
                wrong[at, replicate, 2 * which] = lines.only_in_the_first(met, should)
                wrong[at, replicate, 2 * which + 1] = lines.only_in_the_first(should, met)
                error[at, replicate, which] = np.sqrt((((scores - true) @ lines.weights) ** 2).mean())
            deviation[at, replicate] = (raw @ lines.weights).std(ddof=1) if n > 1 else np.nan
    return {"wrong": 100 * wrong / n, "error": error, "deviation": deviation}


def _expected(
    drawn: dict[str, np.ndarray],
    truths: dict[str, Truth],
    by_cut: pd.DataFrame,
    in_cohort: dict[str, np.ndarray],
    lines: Lines,
    confidence: float,
    matters: float,
) -> dict[str, Any]:
    names = list(truths)
    wrong, error = drawn["wrong"], drawn["error"]
    change = wrong[:, :, 2:].sum(axis=2) - wrong[:, :, :2].sum(axis=2)
    over_cuts = [Change.of(one.mean(axis=1), confidence=confidence) for one in change]
    main = names.index(ESTIMATED)
    for column, place in zip(("raw_false_met", "raw_false_not_met", "adjusted_false_met", "adjusted_false_not_met"), range(4), strict=True):
        by_cut[column] = wrong[main, :, place].mean(axis=0)
    at_cuts = [Change.of(column, confidence=confidence) for column in change[main].T]
    bounds = {"change_low": [one.low for one in at_cuts], "change_high": [one.high for one in at_cuts]}
    by_cut = by_cut.assign(change=[one.value for one in at_cuts], **bounds, **in_cohort)
    verdicts = [one.verdict(matters) for one in over_cuts]
    size = lines.weights.sum()
    by_severity = pd.DataFrame(
        {
            "severity": names,
            "deviation": [
                size * np.hypot(t.deviations[SEVERITY], t.deviations[SEVERITY_BY_CELL] / np.sqrt(len(t.means))) for t in truths.values()
            ],
            "change": [one.value for one in over_cuts],
            "low": [one.low for one in over_cuts],
            "high": [one.high for one in over_cuts],
            "verdict": verdicts,
        }
    )
    return {
        "by_cut": by_cut,
        "by_severity": by_severity,
        "verdict": verdicts[main] if len(set(verdicts)) == 1 else CANNOT_TELL,
        "change": over_cuts[main],
        "wrong_raw": float(wrong[main, :, :2].sum(axis=1).mean()),
        "wrong_adjusted": float(wrong[main, :, 2:].sum(axis=1).mean()),
        "error_raw": float(error[main, :, 0].mean()),
        "error_adjusted": float(error[main, :, 1].mean()),
        "error_change": Change.of(error[main, :, 1] - error[main, :, 0], confidence=confidence),
        "deviation_simulated": float(drawn["deviation"][main].mean()),
    }
