"""The effect of attending on people who attend because a place was offered: only where chance decided who was offered one."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from standardsetting.cohort.positive_action.design import Design
from standardsetting.cohort.positive_action.effect import RATE, Effect, dropped
from standardsetting.cohort.positive_action.intention_to_treat import outcome, split_by_offer
from standardsetting.cohort.positive_action.participants import Participants, attended_before_interview, too_few
from standardsetting.intervals import critical_value

NOT_RANDOMISED = (
    "Refused: a complier effect needs places offered by lot. Without that, people who attend when offered cannot be told from people who "
    "would have done well anyway."
)


@dataclass(frozen=True)
class ComplierEffect:
    """The complier average effect on the share meeting the standard, and how much the offer moved attendance."""

    effect: Effect
    uptake_offered: float = math.nan
    uptake_wait_list: float = math.nan


def complier_effect(people: Participants, *, design: Design, confidence: float = 0.95) -> ComplierEffect:
    """What did attending do for people who attended because they were offered a place?

    Wald's ratio: the difference in the share meeting the standard between the two sides of the lottery, divided by the difference in
    attendance before the interview. It holds if the offer works through attendance alone (nobody prepares more because of a place they do
    not take) and nobody attends just because they were not offered one.

    Parameters
    ----------
    people, design
        As for `intention_to_treat`. Refused, with the reason, for every design but a lottery.
    confidence
        Of the interval, by Anderson and Rubin's method (for a ratio of two differences, Fieller's): all effects b for which the shares of
        `met - b x attended` do not differ between the sides. It stays honest where the offer moved attendance little; it may then have no
        end, which is said.

    References
    ----------
    Angrist, Imbens and Rubin (1996), Journal of the American Statistical Association 91, 444-455. Anderson and Rubin (1949), Annals of
    Mathematical Statistics 20, 46-63. Fieller (1954), Journal of the Royal Statistical Society B 16, 175-185.
    """
    blank = Effect(
        "effect of attending, for people who attend because they are offered a place", "complier average effect", RATE,
        "offered a place", "wait list", confidence=confidence, note="Whoever was not interviewed counts as not having met the standard.",
    )  # fmt: skip
    if not design.randomised:
        return ComplierEffect(replace(blank, why=NOT_RANDOMISED))
    arms = split_by_offer(people, design)
    why = too_few(outcome(arms.one), outcome(arms.other), by="who had been offered a place") or _few_by_attendance(arms.one)
    if why:
        return ComplierEffect(replace(blank, why=why))
    sides = [_in_order(np.column_stack([outcome(side), attended_before_interview(side)]).astype(float)) for side in (arms.one, arms.other)]
    blank = replace(
        blank, n_one=len(sides[0]), n_other=len(sides[1]),
        dropped=dropped(deferred_to_another_process=arms.deferred, interviewed_without_an_outcome=arms.unscored),
        method="Wald's ratio, Anderson-Rubin interval",
    )  # fmt: skip
    uptake = [float(side[:, 1].mean()) for side in sides]
    return ComplierEffect(_ratio(blank, sides, confidence), *uptake)


def _in_order(side: np.ndarray) -> np.ndarray:
    """Sorted, so that the order of the rows changes nothing, not even the last digit."""
    return side[np.lexsort(side.T)]


def _few_by_attendance(offered: pd.DataFrame) -> str:
    """Of the offered, attenders and others by outcome are what colleagues could see."""
    came = attended_before_interview(offered)
    met = outcome(offered)
    return too_few(met[came], met[~came], by="who attended")


def _ratio(effect: Effect, sides: list[np.ndarray], confidence: float) -> Effect:
    (gap, moved), covariance = _differences(sides)
    if moved <= 0:
        return replace(effect, why="The offer did not raise attendance, so nobody attended because of it.")
    z2 = critical_value(confidence) ** 2
    # (gap - b moved)^2 <= z^2 (v_gap - 2 b v_both + b^2 v_moved), a quadratic in b.
    a = moved**2 - z2 * float(covariance[1, 1])
    half_b = gap * moved - z2 * float(covariance[0, 1])
    c = gap**2 - z2 * float(covariance[0, 0])
    effect = replace(effect, estimate=gap / moved)
    if a <= 0:
        return replace(effect, note=f"{effect.note} The offer moved attendance too little: the interval has no end, on one side or both.")
    root = math.sqrt(max(half_b**2 - a * c, 0.0))
    return replace(effect, low=max((half_b - root) / a, -1.0), high=min((half_b + root) / a, 1.0))


def _differences(sides: list[np.ndarray]) -> tuple[list[float], np.ndarray]:
    one, other = sides
    covariance = np.cov(one, rowvar=False, ddof=1) / len(one) + np.cov(other, rowvar=False, ddof=1) / len(other)
    return [float(gap) for gap in one.mean(axis=0) - other.mean(axis=0)], covariance
