"""The profiles: which combinations of value scores meet the hurdles, and how many candidates have each.

A profile is the value scores of one candidate side by side. The panel judges profiles, not people: these tables show it what a total of 13
looks like, and how many candidates have each way of reaching it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from standardsetting.blind.scores import BlindScores
from standardsetting.errors import UsageError
from standardsetting.rule import MET, DecisionRule, wide_scores
from standardsetting.scale import Number, as_fraction, plain

# Above this many possible profiles a list of all of them informs nobody: the ones that somebody has are listed instead.
MOST_LISTED = 1000


def value_table(scores: BlindScores | pd.DataFrame, rule: DecisionRule) -> pd.DataFrame:
    """One row a candidate, one column a value of the rule; the index is the candidate's code where there is one."""
    if isinstance(scores, BlindScores):
        return scores.value_scores[list(rule.values)]
    if "candidate" in scores.columns and "value" not in scores.columns:
        scores = scores.set_index("candidate")
    return wide_scores(scores, rule.values)


def distinct_profiles(scores: BlindScores | pd.DataFrame, rule: DecisionRule) -> pd.DataFrame:
    """Each profile that some candidate has, once, with the number of `candidates` who have it.

    Profiles with a missing score are kept: they are the incomplete ones. Everything that is counted in the pack is counted over this table,
    so that 100,000 candidates take no longer than the profiles they have.

    Examples
    --------
    >>> rule = DecisionRule({"courage": 3, "integrity": 3})
    >>> distinct_profiles(pd.DataFrame({"courage": [3, 3, 4], "integrity": [3, 3, 2]}), rule)
       courage  integrity  candidates
    0      3.0        3.0           2
    1      4.0        2.0           1
    """
    wide = value_table(scores, rule)
    values = list(rule.values)
    numbers = pd.DataFrame(wide.to_numpy(dtype=float, na_value=np.nan), columns=values)
    counted = numbers.groupby(values, dropna=False, sort=True).size()
    return counted.rename("candidates").reset_index()


def exchangeable(rule: DecisionRule) -> bool:
    """Whether the order of the values makes no difference to the rule: the same hurdle, weight and possible scores on each."""
    alike = len(set(rule.hurdles.values())) == 1 and len(set(rule.weights.values())) == 1
    return alike and len({rule.points.get(value) for value in rule.values}) == 1


def profile_text(profile: Sequence[Number]) -> str:
    """A profile as people write it.

    Examples
    --------
    >>> profile_text([4, 3.5, 3, 3])
    '4 3.5 3 3'
    """
    return " ".join(plain(as_fraction(float(score))) for score in profile)


def profile_counts(scores: BlindScores | pd.DataFrame, rule: DecisionRule | None = None, *, ordered: bool = True) -> pd.DataFrame:
    """The profiles that meet every hurdle, lowest total first, and how many candidates have each.

    Parameters
    ----------
    scores
        Blind scores, or a table of value scores as `DecisionRule.decide` takes.
    rule
        The decision rule, with the scale of the value scores; its cut is not used. By default the rule of the blind scores.
    ordered
        True: which value has which score matters, and the columns are the values (81 rows for the first process). False: only which
        scores occur, highest first, in the columns `score 1`, `score 2` and so on (15 rows). Where the values differ in hurdle or
        weight the order does matter, and the profiles are listed ordered.

    Returns
    -------
    DataFrame
        The scores; `profile`, the same as text; `total`; `ways`, how many ordered profiles the row stands for; `candidates`. Every
        possible profile, those that nobody has included; where there are more than 1,000, only those that somebody has
        (`attrs["every_possible"]` says which).

    Examples
    --------
    >>> from standardsetting import Scale
    >>> rule = DecisionRule([3, 3], scale=Scale(1, 5))
    >>> table = pd.DataFrame({"value 1": [3, 4, 5, 2], "value 2": [4, 3, 5, 5]})
    >>> profile_counts(table, rule, ordered=False)[["profile", "total", "ways", "candidates"]]
      profile  total  ways  candidates
    0     3 3    6.0     1           0
    1     4 3    7.0     2           2
    2     4 4    8.0     1           0
    3     5 3    8.0     2           0
    4     5 4    9.0     2           0
    5     5 5   10.0     1           1
    """
    rule = _bare(scores, rule)
    ordered = ordered or not exchangeable(rule)
    have = distinct_profiles(scores, rule)
    have = have[(rule.decide(have)["status"] == MET).to_numpy()]
    counts: dict[tuple[float, ...], int] = {}
    for row in have.itertuples(index=False):
        key = tuple(row[:-1]) if ordered else tuple(sorted(row[:-1], reverse=True))
        counts[key] = counts.get(key, 0) + int(row[-1])
    listed, every_possible = _lattice(rule, ordered=ordered)
    rows = listed if every_possible else sorted(counts)
    columns = list(rule.values) if ordered else [f"score {i}" for i in range(1, len(rule.values) + 1)]
    table = pd.DataFrame(rows, columns=columns, dtype=float)
    table["profile"] = pd.Series([profile_text(row) for row in rows], dtype=object)
    table["total"] = rule.decide(table[columns].set_axis(list(rule.values), axis=1))["total"]
    table["ways"] = pd.Series([1 if ordered else _orderings(row) for row in rows], dtype=np.int64)
    table["candidates"] = pd.Series([counts.get(row, 0) for row in rows], dtype=np.int64)
    table = table.sort_values(["total", *columns], ignore_index=True)
    table.attrs.update(ordered=ordered, every_possible=every_possible)
    return table


def _bare(scores: BlindScores | pd.DataFrame, rule: DecisionRule | None) -> DecisionRule:
    if rule is None:
        if not isinstance(scores, BlindScores):
            raise UsageError("A table of value scores needs a decision rule.")
        return scores.rule
    return rule.at(None)


def _lattice(rule: DecisionRule, *, ordered: bool) -> tuple[list[tuple[float, ...]], bool]:
    """Every profile on the scale that meets the hurdles, if there are few enough to list."""
    if rule.scale is None:
        return [], False
    allowed = [[float(point) for point in rule.points_of(value) if point >= hurdle] for value, hurdle in rule.hurdles.items()]
    many = math.prod(len(points) for points in allowed) if ordered else math.comb(len(allowed[0]) + len(allowed) - 1, len(allowed))
    if many > MOST_LISTED:
        return [], False
    if ordered:
        return list(itertools.product(*allowed)), True
    return [row[::-1] for row in itertools.combinations_with_replacement(allowed[0], len(allowed))], True


def _orderings(profile: Sequence[float]) -> int:
    repeats = (math.factorial(profile.count(score)) for score in set(profile))
    return math.factorial(len(profile)) // math.prod(repeats)


def neighbours(scores: BlindScores | pd.DataFrame, rule: DecisionRule | None = None, *, cuts: Sequence[Number]) -> pd.DataFrame:
    """What moving the cut from each total to the next would change: the profiles of those who would no longer meet the rule.

    Returns
    -------
    DataFrame
        One row a step and profile that some candidate has: `cut`, `next_cut`, `profile`, `total`, `candidates`.

    Examples
    --------
    >>> from standardsetting import Scale
    >>> rule = DecisionRule([3, 3], scale=Scale(1, 5))
    >>> table = pd.DataFrame({"value 1": [3, 4, 5, 2], "value 2": [4, 3, 5, 5]})
    >>> neighbours(table, rule, cuts=[6, 7, 8])
       cut  next_cut profile  total  candidates
    0  7.0       8.0     4 3    7.0           2
    """
    rule = _bare(scores, rule)
    have = profile_counts(scores, rule, ordered=False)
    have = have[have["candidates"] > 0].reset_index(drop=True)
    profiles = have.iloc[:, : len(rule.values)].set_axis(list(rule.values), axis=1)
    exact = sorted(as_fraction(cut) for cut in cuts)
    steps = []
    for low, high in itertools.pairwise(exact):
        leaves = (rule.at(low).decide(profiles)["status"] == MET) & (rule.at(high).decide(profiles)["status"] != MET)
        rows = have.loc[leaves.to_numpy(), ["profile", "total", "candidates"]]
        steps.append(rows.assign(cut=float(low), next_cut=float(high)))
    columns = ["cut", "next_cut", "profile", "total", "candidates"]
    return pd.concat(steps, ignore_index=True)[columns] if steps else pd.DataFrame(columns=columns)
