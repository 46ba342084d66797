"""Intention to treat: everybody offered a place beside everybody on the wait list, whatever they then did."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from standardsetting.cohort.intervals import newcombe_difference
from standardsetting.cohort.positive_action.design import LOTTERY, STAGGERED, Design, invited_in_time, invited_too_late
from standardsetting.cohort.positive_action.effect import RATE, TOTAL, Effect, dropped, mean_difference
from standardsetting.cohort.positive_action.participants import OFFERED, WAIT_LIST, Participants, eligible_only, too_few
from standardsetting.errors import UsageError

NOT_IDENTIFIED = (
    "This process has neither a lottery nor a declared order of invitations: nobody stands for what would have happened otherwise."
)


@dataclass(frozen=True)
class IntentionToTreat:
    """The effect of the offer on the share who met the standard, and on the total score of those interviewed."""

    rate: Effect
    total: Effect


@dataclass(frozen=True)
class Arms:
    """Two sides of a comparison by offer, deferred people and unscored interviews left out."""

    one: pd.DataFrame
    other: pd.DataFrame
    deferred: int
    unscored: int


def intention_to_treat(
    people: Participants, *, design: Design, seed: int, draws: int = 10_000, confidence: float = 0.95
) -> IntentionToTreat:
    """What did the offer of a workshop do?

    Everybody who was in the lottery counts on the side they were drawn to: those who stayed away, those from the wait list who came all
    the same, and those who withdrew. Whoever was not interviewed did not meet the standard; people deferred to another process count
    nowhere. Total scores exist for people who were interviewed only, so their difference is a comparison after the fact: read it second.

    Parameters
    ----------
    people
        The people; those outside the design's process or to whom no workshop was open are not looked at.
    design
        From `design.identify`.
    seed, draws
        Of the randomisation test of the total score. That of the share is exact.
    confidence
        Of the intervals: Newcombe's hybrid score interval for shares, Welch's for totals.

    Returns
    -------
    IntentionToTreat
        With a sentence in place of numbers if the design does not identify the effect, or a cell is too small to be told.

    Notes
    -----
    The randomisation test asks how often drawing the places anew would give a difference as large in either direction, had the offer
    changed nothing for anybody. It is the lottery's own test and is not given for staggered invitations.
    """
    if draws < 1 or not 0 < confidence < 1:
        raise UsageError("At least one draw, and a confidence between 0 and 1, were expected.")
    named = ("offered a place", "wait list") if design.kind == LOTTERY else ("invited before the interview", "invited after it")
    rate = Effect(
        "effect of the offer", "intention to treat", RATE, *named, confidence=confidence,
        note="Whoever was not interviewed counts as not having met the standard.",
    )  # fmt: skip
    total = replace(rate, outcome=TOTAL, note="Only people who were interviewed have a total score; who is may depend on the offer.")
    if design.kind not in (LOTTERY, STAGGERED):
        return IntentionToTreat(replace(rate, why=NOT_IDENTIFIED), replace(total, why=NOT_IDENTIFIED))
    arms = split_by_offer(people, design)
    met = [outcome(side) for side in (arms.one, arms.other)]
    why = too_few(*met, by="who had been offered a place")
    if why:
        return IntentionToTreat(replace(rate, why=why), replace(total, why=why))
    out = dropped(deferred_to_another_process=arms.deferred, interviewed_without_an_outcome=arms.unscored)
    scores = [side.loc[side["interviewed"], "total"].dropna() for side in (arms.one, arms.other)]
    return IntentionToTreat(
        _of_shares(replace(rate, n_one=len(arms.one), n_other=len(arms.other), dropped=out), met, design, confidence),
        _of_totals(replace(total, dropped=out), scores, design, confidence, seed, draws),
    )


def split_by_offer(people: Participants, design: Design) -> Arms:
    """Everybody in the lottery (or the staggered order) by the side they were put on."""
    table = people.only(design.process).table
    if design.kind == LOTTERY:
        one, other = table["arm"].eq(OFFERED), table["arm"].eq(WAIT_LIST)
    else:
        one, other = invited_in_time(table), invited_too_late(table)
    inside = eligible_only(table[one | other], compared_by="offer")
    unscored = table["interviewed"] & table["met_standard"].isna()
    kept = ~table["deferred"] & ~unscored
    return Arms(table[one & kept], table[other & kept], int(inside["deferred"].sum()), int((unscored & (one | other)).sum()))


def outcome(side: pd.DataFrame) -> pd.Series:
    """1 for whoever met the standard; 0 for whoever did not, or was not interviewed."""
    return side["met_standard"].fillna(0.0)


def _of_shares(effect: Effect, met: list[pd.Series], design: Design, confidence: float) -> Effect:
    (a, n1), (c, n2) = ((int(side.sum()), len(side)) for side in met)
    interval = newcombe_difference(a, n1, c, n2, confidence=confidence)
    return replace(
        effect, estimate=a / n1 - c / n2, low=float(interval.low), high=float(interval.high), level_one=a / n1, level_other=c / n2,
        method="difference of shares, Newcombe's hybrid score interval",
        p=_exact_p(a, n1, c, n2) if design.randomised else math.nan,
        p_method="randomisation test, exact: every way of drawing the places" if design.randomised else "",
    )  # fmt: skip


def _of_totals(effect: Effect, scores: list[pd.Series], design: Design, confidence: float, seed: int, draws: int) -> Effect:
    one, other = (side.to_numpy(dtype=float) for side in scores)
    effect = replace(effect, n_one=len(one), n_other=len(other))
    if min(len(one), len(other)) < 2 or not np.ptp(np.concatenate([one, other])):
        return replace(effect, why="There are too few total scores, or they are all the same.")
    found = mean_difference(one, other)
    low, high = found.limits(confidence)
    effect = replace(
        effect, estimate=found.difference, low=low, high=high, level_one=float(one.mean()), level_other=float(other.mean()),
        method="difference of means, Welch's interval",
    )  # fmt: skip
    if not design.randomised:
        return effect
    p = _permutation_p(one, other, seed, draws)
    return replace(effect, p=p, p_method=f"randomisation test, {draws} draws of the places", seed=seed)


def _exact_p(a: int, n1: int, c: int, n2: int) -> float:
    """The chance, over all ways of drawing n1 of n1 + n2 places, of a difference of shares at least as large in either direction."""
    from scipy.stats import hypergeom

    successes = a + c
    drawn = np.arange(max(0, successes - n2), min(n1, successes) + 1)
    # In whole numbers, so that a tie is a tie.
    distance = np.abs(drawn * n2 - (successes - drawn) * n1)
    return min(1.0, float(hypergeom.pmf(drawn[distance >= abs(a * n2 - c * n1)], n1 + n2, successes, n1).sum()))


def _permutation_p(one: np.ndarray, other: np.ndarray, seed: int, draws: int) -> float:
    """Drawing the places anew is drawing, from how often each score occurs, how often it goes to the offered."""
    scores, counts = np.unique(np.concatenate([one, other]), return_counts=True)
    to_one = np.random.default_rng(seed).multivariate_hypergeometric(counts, len(one), size=draws, method="marginals")
    # The difference of means is this sum less its expectation, up to a factor: centred, the expectation is zero.
    centred = scores - np.average(scores, weights=counts)
    seen = abs(float(one.sum() - len(one) * np.average(scores, weights=counts)))
    at_least = int((np.abs(to_one @ centred) >= seen - 1e-9 * max(1.0, seen)).sum())
    return (at_least + 1) / (draws + 1)
