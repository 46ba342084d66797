"""How the scores are distributed: each value, the total, and how the values go together. Every possible score has a row, used or not."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd

from standardsetting.blind.options import MOST_CUTS
from standardsetting.blind.profile_counts import distinct_profiles
from standardsetting.blind.scores import BlindScores
from standardsetting.errors import UsageError
from standardsetting.profiles import possible_totals
from standardsetting.rule import INCOMPLETE, MET, DecisionRule
from standardsetting.scale import as_fraction


def value_distribution(scores: BlindScores | pd.DataFrame, rule: DecisionRule | None = None) -> pd.DataFrame:
    """How many candidates have each score on each value, scores that nobody has included. Only candidates with every score are counted.

    Returns
    -------
    DataFrame
        One row a value and possible score, in the order of the rule: `value`, `score`, `candidates`, `share` (of the candidates with
        every score), `meets_hurdle`, `hurdle`, `scored` (how many candidates have every score).

    Examples
    --------
    >>> from standardsetting.scale import Scale
    >>> rule = DecisionRule([2], scale=Scale(1, 3))
    >>> value_distribution(pd.DataFrame({"value 1": [2, 3, 3]}), rule)[["score", "candidates", "meets_hurdle"]]
       score  candidates  meets_hurdle
    0    1.0           0         False
    1    2.0           1          True
    2    3.0           2          True
    """
    rule = _declared(scores, rule)
    # Whoever lacks one score has no outcome, and is in none of the shares: every value has the same denominator as the options.
    have = distinct_profiles(scores, rule).dropna()
    rows = []
    for value, hurdle in rule.hurdles.items():
        counted = have.groupby(value)["candidates"].sum()
        strangers = [score for score in counted.index if as_fraction(float(score)) not in rule.points_of(value)]
        if strangers:
            raise UsageError(f"Scores on the scale were expected; {int(counted[strangers].sum())} lie between its points.")
        scored = int(counted.sum())
        for point in rule.points_of(value):
            n = int(counted.get(float(point), 0))
            share = n / scored if scored else np.nan
            rows.append((value, float(point), n, share, point >= hurdle, float(hurdle), scored))
    return pd.DataFrame(rows, columns=["value", "score", "candidates", "share", "meets_hurdle", "hurdle", "scored"])


def hurdle_counts(distribution: pd.DataFrame) -> pd.DataFrame:
    """From a value distribution: how many candidates reached the hurdle of each value, and how many missed it.

    Returns
    -------
    DataFrame
        One row a value: `value`, `hurdle`, `reached`, `missed`, `share_missed`, `scored`.
    """
    reached = distribution["candidates"].where(distribution["meets_hurdle"], 0).groupby(distribution["value"], sort=False).sum()
    first = distribution.drop_duplicates("value").set_index("value")
    table = first[["hurdle", "scored"]].assign(reached=reached)
    table["missed"] = table["scored"] - table["reached"]
    table["share_missed"] = table["missed"] / table["scored"].where(table["scored"] > 0)
    return table.reset_index()[["value", "hurdle", "reached", "missed", "share_missed", "scored"]]


def total_distribution(scores: BlindScores | pd.DataFrame, rule: DecisionRule | None = None) -> pd.DataFrame:
    """How many candidates have each total, split into those who met every hurdle and those who missed at least one.

    Returns
    -------
    DataFrame
        One row a possible total: `total`, `candidates`, `met_every_hurdle`, `missed_a_hurdle`, `share`. Incomplete candidates have no
        total. Where more than 200 totals are possible, only those that somebody has.

    Examples
    --------
    >>> from standardsetting.scale import Scale
    >>> rule = DecisionRule([2, 2], scale=Scale(1, 3))
    >>> table = pd.DataFrame({"value 1": [2, 3, 3], "value 2": [2, 1, 3]})
    >>> total_distribution(table, rule)[["total", "met_every_hurdle", "missed_a_hurdle"]]
       total  met_every_hurdle  missed_a_hurdle
    0    2.0                 0                0
    1    3.0                 0                0
    2    4.0                 1                1
    3    5.0                 0                0
    4    6.0                 1                0
    """
    rule = _declared(scores, rule)
    have = distinct_profiles(scores, rule)
    decided = rule.decide(have)
    have = have.assign(total=decided["total"], status=decided["status"].astype(str))
    have = have[have["status"] != INCOMPLETE]
    by_total = have.groupby(["total", have["status"] == MET])["candidates"].sum().unstack(fill_value=0)
    possible = [float(total) for total in possible_totals(rule)]
    listed = possible if len(possible) <= MOST_CUTS else sorted(have["total"].unique())
    by_total = by_total.reindex(index=listed, columns=[True, False], fill_value=0).fillna(0).astype(np.int64)
    everybody = int(by_total.to_numpy().sum())
    table = pd.DataFrame({"total": listed, "met_every_hurdle": by_total[True].to_numpy(), "missed_a_hurdle": by_total[False].to_numpy()})
    table.insert(1, "candidates", table["met_every_hurdle"] + table["missed_a_hurdle"])
    table["share"] = table["candidates"] / everybody if everybody else np.nan
    return table


def correlations(scores: BlindScores | pd.DataFrame, rule: DecisionRule | None = None) -> pd.DataFrame:
    """How the values go together over the candidates with every score (Pearson's r for each pair of values).

    Not a measure of agreement between assessors: where the same people gave both scores of a pair on one occasion, that alone raises it.

    Returns
    -------
    DataFrame
        One row a pair: `value`, `other`, `correlation` (missing where a value has one score only, or fewer than three candidates are
        complete), `candidates`.

    Examples
    --------
    >>> from standardsetting.scale import Scale
    >>> rule = DecisionRule([2, 2], scale=Scale(1, 3))
    >>> correlations(pd.DataFrame({"value 1": [1, 2, 3], "value 2": [1, 2, 3]}), rule)["correlation"].round(6).tolist()
    [1.0]
    """
    rule = _declared(scores, rule)
    have = distinct_profiles(scores, rule).dropna()
    weight = have["candidates"].to_numpy(dtype=float)
    n = int(weight.sum())
    rows = []
    for one, other in itertools.combinations(rule.values, 2):
        x, y = have[one].to_numpy(), have[other].to_numpy()
        r = np.nan
        if n >= 3 and len(set(x)) > 1 and len(set(y)) > 1:
            x, y = x - np.average(x, weights=weight), y - np.average(y, weights=weight)
            r = float((weight * x * y).sum() / np.sqrt((weight * x * x).sum() * (weight * y * y).sum()))
        rows.append((one, other, r, n))
    return pd.DataFrame(rows, columns=["value", "other", "correlation", "candidates"])


def _declared(scores: BlindScores | pd.DataFrame, rule: DecisionRule | None) -> DecisionRule:
    if rule is None and isinstance(scores, BlindScores):
        rule = scores.rule
    if rule is None or rule.scale is None:
        raise UsageError("A rule with its scale was expected: the possible scores are declared and never read off the data.")
    return rule.at(None)
