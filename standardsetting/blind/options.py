"""The options: what each possible minimum acceptable standard would mean for this cohort.

One row a cut. `DecisionRule.decide` alone says who meets the rule at each; here its answers are counted.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pandas as pd

from standardsetting.blind.profile_counts import distinct_profiles
from standardsetting.blind.scores import BlindScores
from standardsetting.errors import UsageError
from standardsetting.intervals import wilson_rate
from standardsetting.profiles import cut_meaning, possible_totals
from standardsetting.rule import INCOMPLETE, MET, DecisionRule
from standardsetting.scale import Number, as_fraction, plain

# A table of cuts longer than this is no longer read: coarser steps of the scale are offered instead.
MOST_CUTS = 200


def options(
    scores: BlindScores | pd.DataFrame,
    rule: DecisionRule | None = None,
    *,
    cuts: Sequence[Number] | None = None,
    vacancies: int | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """What would each cut mean: how many meet the rule, who does not and why, and who sits on the line?

    Not a way to choose a standard: a cut is chosen for what a total says about performance, and this table shows what follows.

    Parameters
    ----------
    scores
        Blind scores, or a table of value scores as `DecisionRule.decide` takes.
    rule
        The decision rule, with the scale of the value scores; its own cut is not used. By default the rule of the blind scores.
    cuts
        The cuts to show; by default `possible_cuts`.
    vacancies
        Posts to fill, for the consequence columns only; by default those of the process. They change no other column.
    confidence
        Of the Wilson score interval of the rate, for a cohort like this one.

    Returns
    -------
    DataFrame
        One row a cut, lowest first. `cut`; `kind`, which part of the rule decides there; `complete`, candidates with every score; `met`;
        `rate`, `low`, `high`; `not_met_hurdle_only`, `not_met_total_only`, `not_met_both`, which do not overlap; `incomplete`;
        `tied_at_cut`, who meets every hurdle with exactly this total; `tied_all`, everybody complete with this total; `moves_up`, how many
        fewer meet the rule one cut higher; `moves_down`, how many more one cut lower; `vacancies`; `met_minus_vacancies`. For every
        cut, met + the three reasons + incomplete is the whole cohort. `attrs["notes"]` says what was left out.

    Raises
    ------
    UsageError
        The scores do not fit the rule; there is no scale to list cuts from; confidence is not between 0 and 1.

    Examples
    --------
    >>> from standardsetting import DecisionRule, Scale
    >>> rule = DecisionRule([3, 3], scale=Scale(1, 5))
    >>> table = pd.DataFrame({"value 1": [3, 4, 5, 2], "value 2": [4, 3, 5, 5]})
    >>> options(table, rule, cuts=[6, 7, 8])[["cut", "met", "not_met_hurdle_only", "not_met_total_only", "moves_up"]]
       cut  met  not_met_hurdle_only  not_met_total_only  moves_up
    0  6.0    3                    1                   0         0
    1  7.0    3                    1                   0         2
    2  8.0    1                    0                   2         0

    References
    ----------
    Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference. JASA, 22, 209-212.
    """
    if not 0 < confidence < 1:
        raise UsageError("A confidence between 0 and 1 was expected.")
    if isinstance(scores, BlindScores):
        rule = rule or scores.rule
        vacancies = scores.process.vacancies if vacancies is None else vacancies
    if rule is None:
        raise UsageError("A table of value scores needs a decision rule.")
    cohort = _Cohort.of(scores, rule)
    grid, notes = possible_cuts(scores, rule)
    chosen = sorted({as_fraction(cut) for cut in cuts}) if cuts is not None else list(grid)
    if not chosen:
        raise UsageError("There is no cut to look at: give cuts, or a rule with its scale.")
    met: dict[Fraction, int] = {}
    table = pd.DataFrame([_option(cohort, rule, cut, grid, met) for cut in chosen])
    table["rate"] = table["met"] / table["complete"].where(table["complete"] > 0)
    table["low"], table["high"] = wilson_rate(table["met"], table["complete"], confidence=confidence)
    table["vacancies"] = pd.array([vacancies] * len(table), dtype="Int64")
    table["met_minus_vacancies"] = table["met"].astype("Int64") - table["vacancies"]
    order = ["cut", "kind", "complete", "met", "rate", "low", "high", "not_met_hurdle_only", "not_met_total_only", "not_met_both"]
    order += ["incomplete", "tied_at_cut", "tied_all", "moves_up", "moves_down", "vacancies", "met_minus_vacancies"]
    table = table[order]
    table.attrs.update(notes=notes, confidence=confidence, interval="Wilson score")
    return table


def possible_cuts(scores: BlindScores | pd.DataFrame, rule: DecisionRule) -> tuple[tuple[Fraction, ...], tuple[str, ...]]:
    """The cuts worth looking at, lowest first, and a sentence where not every possible total is among them.

    Every possible total; the multiples of the definition's `cut_step`, where it has one; or, where there would be more than 200, multiples
    of the scale's step.
    """
    if rule.scale is None:
        return (), ()
    process = scores.process if isinstance(scores, BlindScores) else None
    weight = sum(rule.weights.values(), Fraction(0))
    low, high = weight * rule.scale.minimum, weight * rule.scale.maximum
    if process is not None and process.rule.cut_step is not None:
        step = process.rule.cut_step
        return _multiples(low, high, step), (f"The cuts shown are the multiples of {plain(step)}, as the process definition says.",)
    totals = possible_totals(rule)
    if len(totals) <= MOST_CUTS:
        return totals, ()
    step = process.scale.step if process is not None else rule.scale.step
    while (high - low) / step > MOST_CUTS:
        step *= 2
    sentence = f"There are {len(totals):,} possible totals; the cuts shown are the multiples of {plain(step)}."
    return _multiples(low, high, step), (sentence,)


def _multiples(low: Fraction, high: Fraction, step: Fraction) -> tuple[Fraction, ...]:
    return tuple(step * k for k in range(math.ceil(low / step), math.floor(high / step) + 1))


@dataclass(frozen=True)
class _Cohort:
    """One profile for each total and each answer to "every hurdle met?", with the number of candidates it stands for.

    Candidates who share both are decided alike at every cut, so one of them stands for all, and each cut costs a few dozen decisions
    instead of 100,000.
    """

    profiles: pd.DataFrame
    candidates: np.ndarray
    totals: tuple[Fraction | None, ...]
    meets_hurdles: np.ndarray

    @classmethod
    def of(cls, scores: BlindScores | pd.DataFrame, rule: DecisionRule) -> _Cohort:
        have = distinct_profiles(scores, rule)
        decided = rule.at(None).decide(have)
        have = have.assign(total=decided["total"], hurdles=decided["status"].astype(str))
        alike = have.groupby(["total", "hurdles"], dropna=False, sort=True)
        profiles = alike.head(1).sort_values(["total", "hurdles"])
        counts = alike["candidates"].sum().to_numpy()
        totals = tuple(None if math.isnan(total) else as_fraction(float(total)) for total in profiles["total"])
        return cls(profiles[list(rule.values)], counts, totals, (profiles["hurdles"] == MET).to_numpy())

    def count(self, rows: np.ndarray) -> int:
        return int(self.candidates[rows].sum())


def _neighbours(cut: Fraction, grid: tuple[Fraction, ...]) -> tuple[Fraction | None, Fraction | None]:
    """The cuts one step below and one step above, None beyond the ends."""
    above, below = bisect.bisect_right(grid, cut), bisect.bisect_left(grid, cut) - 1
    return grid[below] if below >= 0 else None, grid[above] if above < len(grid) else None


def _option(cohort: _Cohort, rule: DecisionRule, cut: Fraction, grid: tuple[Fraction, ...], met: dict[Fraction, int]) -> dict[str, object]:
    decided = rule.at(cut).decide(cohort.profiles)
    reason = decided["reason"].to_numpy(dtype=object)
    at_cut = np.array([total == cut for total in cohort.totals], dtype=bool)
    met[cut], incomplete = cohort.count(_met(decided)), cohort.count((decided["status"] == INCOMPLETE).to_numpy())
    down, up = _neighbours(cut, grid)
    for neighbour in (down, up):
        if neighbour is not None and neighbour not in met:
            met[neighbour] = cohort.count(_met(rule.at(neighbour).decide(cohort.profiles)))
    # Above the highest total nobody meets the rule; below the lowest, the hurdles alone decide.
    one_up = met[up] if up is not None else 0
    one_down = met[down] if down is not None else cohort.count(cohort.meets_hurdles)
    return {
        "cut": float(cut),
        "kind": cut_meaning(rule, cut).kind if rule.scale else None,
        "complete": int(cohort.candidates.sum()) - incomplete,
        "met": met[cut],
        "not_met_hurdle_only": cohort.count(reason == "hurdle"),
        "not_met_total_only": cohort.count(reason == "total"),
        "not_met_both": cohort.count(reason == "both"),
        "incomplete": incomplete,
        "tied_at_cut": cohort.count(at_cut & cohort.meets_hurdles),
        "tied_all": cohort.count(at_cut),
        "moves_up": met[cut] - one_up if grid else None,
        "moves_down": one_down - met[cut] if grid else None,
    }


def _met(decided: pd.DataFrame) -> np.ndarray:
    return (decided["status"] == MET).to_numpy()


def deciding(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of an options table between the extremes: from the last cut at which the hurdles alone decide to the first at which they no
    longer matter (or the first that nobody reaches, where they never matter).

    Examples
    --------
    >>> from standardsetting import DecisionRule, Scale
    >>> rule = DecisionRule([3, 3], scale=Scale(1, 5))
    >>> deciding(options(pd.DataFrame({"value 1": [3, 5], "value 2": [4, 5]}), rule))["cut"].tolist()
    [6.0, 7.0, 8.0]
    """
    kinds = table["kind"].tolist()
    vacuous = [i for i, kind in enumerate(kinds) if kind == "vacuous"]
    first = vacuous[-1] if vacuous else 0
    if "both decide" in kinds:
        last = max(i for i, kind in enumerate(kinds) if kind == "both decide") + 1
    else:
        reached = np.flatnonzero(table["met"].to_numpy() > 0)
        last = int(reached[-1]) + 1 if len(reached) else len(kinds) - 1
    return table.iloc[first : max(min(last, len(kinds) - 1), first) + 1]


def above_the_hurdles(table: pd.DataFrame) -> pd.DataFrame:
    """From an options table: what each cut does to those who reached the hurdle on every value.

    Returns
    -------
    DataFrame
        One row a cut: `cut`, `met_every_hurdle`, `met`, `turned_down` (every hurdle met, the total missed), `share` turned down.
    """
    out = table[["cut", "met"]].assign(met_every_hurdle=table["met"] + table["not_met_total_only"], turned_down=table["not_met_total_only"])
    out["share"] = out["turned_down"] / out["met_every_hurdle"].where(out["met_every_hurdle"] > 0)
    return out[["cut", "met_every_hurdle", "met", "turned_down", "share"]]
