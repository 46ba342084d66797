"""Attenders beside people who stayed away, among those to whom a workshop was open: an association, because attenders differ.

Each attender is weighted by the chance to have stayed away, 1 - e(x), and each other person by the chance to have attended, e(x), given
what was known before the invitations. The weighted sides then agree on every prior variable in the model, and people in the middle, who
might have done either, count most.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from standardsetting.cohort.firth import FirthFit, fit
from standardsetting.cohort.positive_action.balance import balance_table, prior_columns
from standardsetting.cohort.positive_action.e_value import EValue, e_value
from standardsetting.cohort.positive_action.effect import RATE, TOTAL, Dropped, Effect, dropped
from standardsetting.cohort.positive_action.participants import Participants, attended_before_interview, eligible_only, too_few
from standardsetting.errors import UsageError
from standardsetting.intervals import critical_value

TITLE = "association, attenders differ"
NOT_AN_EFFECT = (
    "People chose to attend. What is compared is alike on the prior variables listed and on nothing else: interest, support at work and "
    "preparation were not measured, so this is not the effect of the workshop."
)
# Disclosure rule R8: at least ten people in every category a model uses, and ten residual degrees of freedom.
FEWEST_IN_A_CATEGORY = 10
FEWEST_LEFT_OVER = 10


@dataclass(frozen=True)
class Association:
    """Attended against not attended among the eligible who were interviewed.

    Attributes
    ----------
    rate, total
        The weighted differences; `rate.why` is a sentence where there is none.
    unweighted
        The difference of shares as it stands, to show what the weighting changed.
    balance
        One row a prior variable or category: standardised differences before and after weighting, and whether each is above 0.1. None
        where the association is not shown.
    e_value
        For the weighted ratio of shares; None where the association is not shown.
    effective_n
        How many people the weighted sides are worth: attenders, others.
    propensity
        The model of attendance; None where the association is not shown.
    """

    rate: Effect
    total: Effect
    unweighted: Effect
    balance: pd.DataFrame | None = None
    e_value: EValue | None = None
    effective_n: tuple[float, float] | None = None
    propensity: FirthFit | None = None


@dataclass(frozen=True)
class _Weighted:
    """Two weighted means and their covariance matrix, the estimation of the propensity included."""

    means: np.ndarray
    covariance: np.ndarray

    @property
    def difference(self) -> float:
        return float(self.means[0] - self.means[1])

    @property
    def se(self) -> float:
        return float(np.sqrt(self.covariance[0, 0] + self.covariance[1, 1] - 2 * self.covariance[0, 1]))

    def limits(self, confidence: float) -> tuple[float, float]:
        half = critical_value(confidence) * self.se
        return self.difference - half, self.difference + half


def association(people: Participants, *, process: str, among: pd.Series | None = None, confidence: float = 0.95) -> Association:
    """Did people who attended a workshop do differently from similar people who did not?

    Parameters
    ----------
    people
        With prior columns; the propensity is a function of these alone.
    process
        The process: rates of several are never pooled.
    among
        Yes or no for each row of `people.table` of that process (see `Participants.only`): a part of the people, all of them eligible. By
        default everybody to whom a workshop was open.
    confidence
        Of the intervals.

    Returns
    -------
    Association
        With a sentence in place of the numbers where fewer than 20 people are in a cell of attendance by outcome, a category of a prior
        variable has fewer than ten people, or the model would have too many columns.

    Raises
    ------
    UsageError
        People in the comparison to whom no workshop was open, or no prior variable.

    Notes
    -----
    Compared are people who were interviewed, not everybody who stayed on: whoever is about to withdraw does not go to a workshop, and would
    count as a failure that attendance prevented. Attendance counts only if dated before the interview. The propensity is Firth's penalised
    logistic regression with main effects. The interval is a sandwich that takes the propensity as estimated.

    References
    ----------
    Li, Morgan and Zaslavsky (2018), Journal of the American Statistical Association 113, 390-400. Li, Thomas and Li (2019), American
    Journal of Epidemiology 188, 250-257.
    """
    if not people.prior:
        raise UsageError("At least one prior variable was expected: without one, nothing makes the two sides alike.")
    table = people.only(process).table
    wanted = table["eligible_for_workshop"] if among is None else np.asarray(among, dtype=bool)
    if len(wanted) != len(table):
        raise UsageError("Yes or no for each person of the process was expected in among.")
    compared = eligible_only(table[wanted], compared_by="attendance")
    known, out = _with_outcome(compared, people.prior)
    attended = attended_before_interview(known)
    blank = Effect(TITLE, "people who might have attended or not", RATE, "attended", "did not attend", confidence=confidence,
                   dropped=out, note=NOT_AN_EFFECT)  # fmt: skip
    why = too_few(known.loc[attended, "met_standard"], known.loc[~attended, "met_standard"], by="who attended")
    columns, names, refusal = prior_columns(known, people.prior, attended, fewest=FEWEST_IN_A_CATEGORY)
    why = why or refusal
    if not why and len(known) - columns.shape[1] < FEWEST_LEFT_OVER:
        why = f"Not shown: a model needs at least {FEWEST_LEFT_OVER} more people than columns."
    if why:
        refused = replace(blank, why=why)
        return Association(refused, replace(refused, outcome=TOTAL), refused)
    return _estimated(known, attended.to_numpy(), columns, names, blank, confidence)


def overlap_weights(attended: np.ndarray, propensity: np.ndarray) -> np.ndarray:
    """1 - e for an attender, e for anybody else."""
    return np.where(attended, 1 - propensity, propensity)


def _with_outcome(compared: pd.DataFrame, prior: tuple[str, ...]) -> tuple[pd.DataFrame, tuple[Dropped, ...]]:
    there = compared[compared["reached_workshop_point"]]
    scored = there[there["interviewed"] & there["met_standard"].notna() & there["total"].notna()]
    known = scored[scored[list(prior)].notna().all(axis=1)]
    # In an order of their own, so that the order of the rows changes nothing, not even the last digit.
    keys = known.assign(attended=attended_before_interview(known))
    known = known.loc[keys.sort_values([*prior, "attended", "total", "met_standard"], kind="stable").index].reset_index(drop=True)
    return known, dropped(
        left_before_workshops_began=len(compared) - len(there),
        not_interviewed_or_without_an_outcome=len(there) - len(scored),
        without_a_prior_variable=len(scored) - len(known),
    )


def _estimated(
    known: pd.DataFrame, attended: np.ndarray, columns: np.ndarray, names: tuple[str, ...], blank: Effect, confidence: float
) -> Association:
    design = np.column_stack([np.ones(len(known)), columns])
    propensity = fit(design, attended.astype(float), names=("intercept", *names), intervals=False)
    if not propensity.converged:
        refused = replace(blank, why=propensity.why)
        return Association(refused, replace(refused, outcome=TOTAL), refused)
    chance = propensity.probabilities(design)
    weights = overlap_weights(attended, chance)
    blank = replace(blank, n_one=int(attended.sum()), n_other=int((~attended).sum()))
    met, total = known["met_standard"].to_numpy(), known["total"].to_numpy()
    shares = _weighted_means(met, attended, design, chance)
    bare = _weighted_means(met, attended, np.ones((len(met), 1)), np.full(len(met), attended.mean()))
    worth = tuple(float(weights[side].sum() ** 2 / (weights[side] ** 2).sum()) for side in (attended, ~attended))
    return Association(
        rate=_as_effect(blank, shares, confidence, bounded=True),
        total=_as_effect(replace(blank, outcome=TOTAL), _weighted_means(total, attended, design, chance), confidence, bounded=False),
        unweighted=replace(
            _as_effect(blank, bare, confidence, bounded=True), method="difference of shares, nothing held equal", estimand="as they came"
        ),
        balance=balance_table(columns, names, attended, weights),
        e_value=_ratio_and_e_value(shares, confidence),
        effective_n=(worth[0], worth[1]),
        propensity=propensity,
    )


def _weighted_means(y: np.ndarray, attended: np.ndarray, design: np.ndarray, chance: np.ndarray) -> _Weighted:
    """Weighted means of both sides by stacked estimating equations: the propensity's score, then one equation a mean."""
    weights = overlap_weights(attended, chance)
    one, other = weights * attended, weights * ~attended
    means = np.array([one @ y / one.sum(), other @ y / other.sum()])
    residual = np.column_stack([one * (y - means[0]), other * (y - means[1])])
    score = design * (attended - chance)[:, None]
    information = design.T @ ((chance * (1 - chance))[:, None] * design)
    # How each mean's equation moves with the coefficients: d(1 - e) = -e(1 - e) x for attenders, de = e(1 - e) x for the others.
    slope = (chance * (1 - chance))[:, None] * np.column_stack([-1.0 * attended * (y - means[0]), ~attended * (y - means[1])])
    moves = slope.T @ design
    influence = (residual + score @ np.linalg.solve(information, moves.T)) / np.array([one.sum(), other.sum()])
    correction = len(y) / (len(y) - design.shape[1] - 1)
    return _Weighted(means, correction * influence.T @ influence)


def _as_effect(blank: Effect, found: _Weighted, confidence: float, *, bounded: bool) -> Effect:
    low, high = found.limits(confidence)
    if bounded:
        low, high = max(low, -1.0), min(high, 1.0)
    return replace(
        blank, estimate=found.difference, low=low, high=high, level_one=float(found.means[0]), level_other=float(found.means[1]),
        method="overlap weights, Firth-penalised propensity of prior variables, sandwich interval with the propensity as estimated",
    )  # fmt: skip


def _ratio_and_e_value(shares: _Weighted, confidence: float) -> EValue | None:
    if (shares.means <= 0).any():
        return None
    ratio = float(shares.means[0] / shares.means[1])
    tilt = np.array([1 / shares.means[0], -1 / shares.means[1]])
    half = critical_value(confidence) * float(np.sqrt(tilt @ shares.covariance @ tilt))
    return e_value(ratio, low=ratio * float(np.exp(-half)), high=ratio * float(np.exp(half)))
