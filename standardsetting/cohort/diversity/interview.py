"""What the interview scores say about groups: gates, distributions, superiority, values and assessors that work differently, adjusted gaps.

Only groups that are large enough to show counts are looked at here. Shares come from rounded counts beside exact totals, as in the cube.
Effect sizes of whole distributions are from the scores themselves and coarsely rounded; the distributions are not shown beside them.
What stands beside an effect size (its interval) comes from the figure as it is shown and from totals that readers know. Totals
decide wherever they can whether a line is shown, because readers know the rules.
These parts are shown once in the life of a process: a second look after a correction would tell what was corrected.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from standardsetting.cohort.adjusted import adjusted_difference
from standardsetting.cohort.diversity.compared import Shown, rounded_to, whole
from standardsetting.cohort.diversity.declared import labels_of, span_between, stage_labels
from standardsetting.cohort.intersection import intersection
from standardsetting.cohort.item_functioning import item_functioning
from standardsetting.cohort.rater_functioning import rater_functioning
from standardsetting.cohort.rates import compare
from standardsetting.cohort.scores import Placements, superiority
from standardsetting.cohort.snapshot import CohortSnapshot, Level
from standardsetting.cohort.words import in_a_sentence
from standardsetting.disclosure.policy import Policy
from standardsetting.disclosure.release import SECTIONS, Section
from standardsetting.process.cohort import INTERVIEWED, MET_STANDARD

SEED = 20230901
# How many points of the scale must have how many candidates, for effect sizes to the nearest hundredth or to the nearest twentieth.
FINE, COARSE = 0.01, 0.05
_POINTS = ((FINE, 4, 10), (COARSE, 3, 20))
# With a seed that is printed, p is a fingerprint of the data: readers could run the test on every table that they think possible.
_P_AT_MOST = (0.01, 0.05, 0.1, 0.2, 0.5, 1.0)
_P_TOLD = "p is told as at most 0.01, 0.05, 0.1, 0.2, 0.5 or 1"

_ALL_ONE_WAY = (
    "Where the groups differ in level, every value can seem to work differently in the same direction; look for values that point in "
    "opposite directions."
)


@dataclass(frozen=True)
class Pair:
    """A group that may show counts, beside everybody else; and the same two without those who did not declare."""

    level: Level
    focal: str
    comparator: str
    called: tuple[str, str]
    labels: pd.Series
    n: int
    true_n: int
    everybody: int

    @property
    def name(self) -> str:
        return self.level.name

    @property
    def is_focal(self) -> np.ndarray:
        return (self.labels == self.focal).to_numpy()


def pairs(snapshot: CohortSnapshot, shown: Shown) -> tuple[Pair, ...]:
    """The comparisons of two groups that the primary family declares, where both may show how many were interviewed."""
    found = []
    for name in dict.fromkeys(c.level for c in snapshot.process.cohort.primary_family):
        level = snapshot.levels.get(name)
        if level is None or len(level.groups) != 2 or (name,) not in snapshot.tables:
            continue
        (code,) = (code for code in level.groups if code != level.comparator)
        focal, called = level.labels[code], (level.people[code], level.people[level.comparator])
        n, asked = shown.count((name,), focal, INTERVIEWED, "passed"), snapshot.people[f"stage_{INTERVIEWED}"] == "passed"
        labels, everybody = labels_of(snapshot, level), int(asked.sum())
        if n is not None and min(n, everybody - n) >= shown.cube.policy.counts_from:
            true_n = int((asked & (labels == focal)).sum())
            found.append(Pair(level, focal, level.labels[level.comparator], called, labels, n, true_n, everybody))
    return tuple(found)


def _shares(inside: np.ndarray, pair: Pair, policy: Policy) -> tuple[int, int] | None:
    """The shares of the focal group and of everybody else with an outcome, in whole per cent; None where a part is too small."""
    return _said(int((inside & pair.is_focal).sum()), int(inside.sum()), pair, policy)


def _said(count: int, total: int, pair: Pair, policy: Policy) -> tuple[int, int] | None:
    """What is said of a count of the focal group and its total. True parts decide whether, and the rounded ones what."""
    # Readers can tell that neither part is small, so the total has to leave values enough between the two.
    if total - 2 * policy.smallest_count + 1 < policy.fewest_of_any:
        return None
    rounded = policy.rounded(count)
    for part, n in ((count, pair.true_n), (rounded, pair.n)):
        if min(part, n - part, total - part, pair.everybody - n - (total - part)) < policy.smallest_count:
            return None
    return whole(100 * rounded / pair.n) or 0, whole(100 * (total - rounded) / (pair.everybody - pair.n)) or 0


def _nearest(scores: pd.Series) -> float | None:
    """What an effect size of these scores is rounded to; None where so few scores are in use that it is a count in other words.

    It looks at everybody's scores, which readers know, and at no group.
    """
    counts = scores.value_counts()
    return next((step for step, points, people in _POINTS if (counts >= people).sum() >= points), None)


def gates(snapshot: CohortSnapshot, found: tuple[Pair, ...], policy: Policy) -> Section:
    """Where candidates fell short: on a value's hurdle, or on one value only.

    Who met every hurdle and missed the total follows from the way through the stages, and is not counted a second time; neither are the
    scores behind the gates, whose counts beside these would give people away.
    """
    people = snapshot.people
    seen = (people[f"stage_{INTERVIEWED}"] == "passed").to_numpy()
    below = {value.label: (people[f"hurdle_{value.name}"].fillna(True) == False).to_numpy() & seen for value in snapshot.process.values}  # noqa: E712
    outcomes = {f"Below the hurdle of {label}": mask for label, mask in below.items()}
    outcomes["Below the hurdle of exactly one value"] = np.sum(list(below.values()), axis=0) == 1
    rows = [
        {"characteristic": pair.name, "group": group, "gate": gate, "share": None if both is None else both[side]}
        for pair in found
        for gate, mask in outcomes.items()
        for both in [_shares(mask, pair, policy)]
        for side, group in enumerate((pair.focal, f"{pair.comparator} or not declared"))
    ]
    method = f"Shares of those interviewed, from counts rounded to the nearest {policy.round_to}; a candidate can be below several hurdles."
    return section("gates", rows, method=method)


def superiorities(snapshot: CohortSnapshot, found: tuple[Pair, ...], policy: Policy) -> Section:
    """How often a candidate of one group has the higher score than one of the other, by value and for the total."""
    rows: list[dict[str, Any]] = []
    names = {value.label: f"score_{value.name}" for value in snapshot.process.values} | {"Total": "total"}
    columns = {label: snapshot.people[name] for label, name in names.items()}
    steps = {label: _nearest(scores) for label, scores in columns.items()}
    bunched = [label for label, step in steps.items() if step is None]
    for pair in found:
        for label, scores in columns.items():
            step = steps[label]
            each = superiority(scores, pair.labels, focal=pair.focal, comparator=pair.comparator, of=label, fewest=policy.smallest_count)
            if step is None or math.isnan(each.estimate):
                continue
            estimate = round(step * round(each.estimate / step), 2)
            low, high = _interval_of_shown(estimate, (step - FINE) / 2, pair, scores)
            numbers = {"superiority": estimate, "low": low, "high": high, "sentence": _in_hundred(pair, label, estimate, low, high)}
            rows.append({"characteristic": pair.name, "group": pair.focal, "comparator": pair.comparator, "value": label, **numbers})
    apart = [str(row["sentence"]) for row in rows if not row["low"] <= 0.5 <= row["high"]]
    _, points, each_has = _POINTS[-1]
    few = f"Not shown, because fewer than {points} scores were given to {each_has} candidates or more each: {', '.join(bunched)}."
    told = apart or (["No value shows a difference that this cohort could tell from chance."] if rows else [])
    told += [few] if bunched and found else []
    method = (
        "Probability of superiority, ties counted half; undeclared left out. To the nearest 5 in 100 where few scores are in use. Rank-sum "
        "interval with ties, from the figure as shown."
    )
    return section("superiority", rows, sentences=tuple(told), method=method)


def _interval_of_shown(estimate: float, slack: float, pair: Pair, scores: pd.Series) -> tuple[float, float]:
    """Limits that follow from what readers have: the variance of placements would tell how a group is spread over the points."""
    ties = scores.value_counts().to_numpy(dtype=float)
    size, rest, everybody = float(pair.n), float(pair.everybody - pair.n), float(pair.everybody)
    tied = 1 - (ties**3 - ties).sum() / (everybody**3 - everybody)
    ends = []
    for side, at in enumerate((max(estimate - slack, FINE / 2), min(estimate + slack, 1 - FINE / 2))):
        # Widest at one half and nothing at the ends, as a share's is.
        se = math.sqrt(4 * at * (1 - at) * tied * (everybody + 1) / (12 * size * rest))
        ends.append(round(Placements(at, se, everybody - 2).limits(0.95)[side], 2))
    return ends[0], ends[1]


def _in_hundred(pair: Pair, label: str, estimate: float, low: float, high: float) -> str:
    return (
        f"{label}: of 100 pairs of one of {pair.called[0]} and one of {pair.called[1]}, the first has the higher score in about "
        f"{100 * estimate:.0f} ({100 * low:.0f} to {100 * high:.0f}); 50 is no difference."
    )


def items(snapshot: CohortSnapshot, found: tuple[Pair, ...]) -> Section:
    """Whether a value works differently for a group at equal scores on the other values. Exploratory.

    In a group of sixty a difference to two decimals is half of what one person moves by one point; to one decimal it is five such moves.
    """
    rows, notes = [], []
    scores = snapshot.people[[f"score_{value.name}" for value in snapshot.process.values]]
    scores = scores.rename(columns={f"score_{value.name}": value.label for value in snapshot.process.values})
    spread = [label for label in scores.columns if _nearest(scores[label]) == FINE]
    for pair in found:
        each = item_functioning(scores, pair.labels, focal=pair.focal, comparator=pair.comparator, seed=SEED)
        if each.why:
            notes.append(f"{pair.level.title}: too few candidates to tell whether a value works differently.")
        told = [row for row in each.table.to_dict("records") if math.isfinite(row["p"]) and row["value"] in spread]
        different = [row["value"] for row in told if row["p_holm"] <= 1 - each.confidence]
        if told:
            notes.append(_of_values(pair, different, [row["value"] for row in told if row["value"] not in different]))
        for row in told:
            rows.append(
                {
                    "characteristic": pair.name,
                    "group": pair.focal,
                    "value": row["value"],
                    "difference": rounded_to(row["standardised"], 1) or 0.0,
                    "r2_change": rounded_to(row["r2_uniform"] + row["r2_nonuniform"], 2),
                    "p": _at_most(row["p"]),
                    "adjusted_p": _at_most(row["p_holm"]),
                }
            )
    return section(
        "items",
        rows,
        sentences=(*notes, *((_ALL_ONE_WAY,) if rows else ())),
        method=f"Proportional-odds models on the rest score, permutation tests, Holm over the values; seed {SEED}; {_P_TOLD}. Exploratory.",
    )


def _of_values(pair: Pair, different: Sequence[str], alike: Sequence[str]) -> str:
    """On which values a group scores differently, in one sentence."""
    begins = f"At equal scores on the other values, {pair.called[0]} score"
    if not different:
        return f"{begins} no differently from {pair.called[1]}, as far as this cohort can tell, on {', '.join(alike)}."
    rest = f"; no differently, as far as it can tell, on {', '.join(alike)}" if alike else ""
    return f"{begins} differently from {pair.called[1]} on {', '.join(different)}{rest}."


def panels(snapshot: CohortSnapshot, found: tuple[Pair, ...]) -> Section:
    """Whether assessors differ from each other in how they rate a group, and whether panels were allocated independently of it."""
    rows, notes = [], []
    ratings = snapshot.ratings.rename(columns={"person": "candidate", "day": "window"})
    # A process without days or panels has one window, and the same assessors are a panel.
    ratings = ratings.drop(columns=[name for name in ("window", "panel") if ratings[name].isna().any()])
    for pair in found:
        if ratings.empty:
            notes.append("There are no ratings to look at.")
            break
        each = rater_functioning(ratings, pair.labels, focal=pair.focal, comparator=pair.comparator, seed=SEED)
        if each.why:
            notes.append(f"{pair.level.title}: the rota does not allow an answer on assessors.")
            continue
        clear = each.p <= 1 - each.confidence
        for measure, number, low, high, p, sentence in (
            (
                "spread of assessors' differences between the groups, in points",
                each.slope_sd,
                each.low,
                each.high,
                each.p,
                f"Assessors {'differ' if clear else 'do not differ, as far as this cohort can tell,'} from each other in how they rate "
                f"{pair.called[0]} beside {pair.called[1]}.",
            ),
            (
                "allocation of candidates to panels",
                math.nan,
                math.nan,
                math.nan,
                each.allocation.p,
                f"{pair.level.title}: candidates were allocated to panels independently of it, as far as can be told."
                if each.allocation.independent
                else f"{pair.level.title}: candidates were not allocated to panels independently of it, so that what panels do cannot be "
                "told apart from it.",
            ),
        ):
            rows.append(
                {
                    "characteristic": pair.name,
                    "measure": measure,
                    "value": rounded_to(number, 2),
                    "low": rounded_to(low, 2),
                    "high": rounded_to(high, 2),
                    "p": _at_most(p),
                    "sentence": sentence,
                }
            )
    method = f"Moments and permutations within day and panel; seed {SEED}; {_P_TOLD}. No assessor is named or listed."
    return section("panels", rows, sentences=tuple(notes), method=method)


def together(snapshot: CohortSnapshot, shown: Shown) -> Section:
    """How much of the differences lies beyond what two characteristics say separately. The groups' rates themselves are not shown."""
    tables = [table for table in snapshot.tables if len(table) == 2]
    policy = shown.cube.policy
    rows: list[dict[str, object]] = []
    if not tables:
        return section("intersection", rows, sentences=("No intersection of two characteristics is declared.",))
    one, two = (snapshot.levels[name] for name in tables[0])
    met = _outcome(snapshot)
    asked = (snapshot.people[f"stage_{INTERVIEWED}"] == "passed").to_numpy() & ~np.isnan(met)
    first, second = (labels_of(snapshot, level) for level in (one, two))
    sizes = pd.crosstab(first[asked], second[asked]).reindex(
        index=[one.labels[c] for c in one.groups], columns=[two.labels[c] for c in two.groups], fill_value=0
    )
    # Judged as rounded: a limit inside the window of a rounded count would cut the window in two.
    if policy.rounded(int(sizes.to_numpy().min())) < policy.rate_denominator:
        few = f"A group with fewer than about {policy.rate_denominator} candidates interviewed: the intersection is not modelled."
        return section("intersection", rows, sentences=(few,))
    each = intersection(met[asked], first[asked], second[asked], names=("sex", "ethnicity"), seed=SEED, fewest=policy.smallest_count)
    if each.why:
        return section("intersection", rows, sentences=("Too few candidates met or missed the standard for a model of the intersection.",))
    share = (
        f"Of the differences between these groups, {_how_much(each.share)} is beyond what the two characteristics say separately. With "
        f"groups of this size that is uncertain: before any data the model takes it for {whole(100 * each.prior_share)}%."
    )
    method = f"Logistic model with main effects and a shrunken interaction; seed {SEED}. The groups' own rates would give their counts."
    return section("intersection", rows, sentences=(share,), method=method)


def adjusted(snapshot: CohortSnapshot, found: tuple[Pair, ...], shown: Shown) -> Section:
    """The gap as it is, among people alike in prior facts, and among people alike in possibly tainted facts too.

    The unadjusted gap and its interval are those of the rounded counts. What a model adds is how far
    its own gap moves, and the interval moves with it: a model's own interval would tell how many met the standard.
    """
    rows: list[dict[str, object]] = []
    notes: list[str] = []
    facts = [covariate for covariate in snapshot.process.cohort.covariates if covariate.column in snapshot.people]
    blocks = {block: [fact.column for fact in facts if fact.block == block] for block in ("clearly prior", "possibly tainted")}
    people = snapshot.people.assign(met=_outcome(snapshot))
    people = people[people[f"stage_{INTERVIEWED}"] == "passed"]
    way = span_between(stage_labels(snapshot), INTERVIEWED, MET_STANDARD)
    for pair in found:
        counts, others = (shown.over_a_span((pair.name,), who, way) for who in (pair.focal, shown.comparator((pair.name,))))
        large = _shares((people["met"] == 1).reindex(snapshot.people.index, fill_value=False).to_numpy(), pair, shown.cube.policy)
        if counts is None or others is None or large is None:
            notes.append(f"{pair.level.title}: too few met or missed the standard for an adjusted view.")
            continue
        view = adjusted_difference(
            people.assign(group=pair.labels),
            outcome="met",
            characteristic="group",
            focal=pair.focal,
            comparator=pair.comparator,
            prior=blocks["clearly prior"],
            tainted=blocks["possibly tainted"],
        )
        if view.why or not view.steps:
            notes.append(f"{pair.level.title}: too few met or missed the standard for an adjusted view.")
            continue
        gap = compare(*counts, *others)
        as_it_is = [whole(100 * each) or 0 for each in (gap.difference, gap.difference_low, gap.difference_high)]
        first = view.steps[0]
        for step in view.steps:
            shift = whole(100 * (step.difference - first.difference))
            if shift is None:
                notes.append(f"{pair.level.title}: the model of {step.name} has no answer.")
                continue
            numbers = dict(zip(("difference", "low", "high"), (n + shift for n in as_it_is), strict=True))
            rows.append({"characteristic": pair.name, "group": pair.focal, "view": step.name, **numbers, "sentence": ""})
    for block in blocks:
        named = ", ".join(in_a_sentence(fact.label) for fact in facts if fact.block == block)
        notes.append(f"Facts that are {block}: {named}." if named else f"No {block} facts are declared, so there is no view of them.")
    method = "Firth-penalised logistic model, standardised difference in percentage points; interval of the rounded counts, moved."
    return section("adjusted", rows, sentences=tuple(notes), method=method)


def _at_most(p: float) -> float | None:
    return next((limit for limit in _P_AT_MOST if p <= limit), None)


def _how_much(share: float) -> str:
    """In whole per cent, or with its interval, the share would tell the counts of single groups to readers who know both margins."""
    return "less than half" if share < 0.5 else "half or more"


def _outcome(snapshot: CohortSnapshot) -> np.ndarray:
    """1 who met the standard, 0 who did not, missing where it was not decided."""
    status = snapshot.people["status"]
    return np.where(status == "met", 1.0, np.where(status == "not met", 0.0, np.nan))


def section(name: str, rows: Sequence[Mapping[str, object]], *, sentences: tuple[str, ...] = (), method: str = "") -> Section:
    table = pd.DataFrame(list(rows), columns=list(SECTIONS[name]))
    if table.empty and not sentences:
        sentences = ("No group is large enough for this to be shown.",)
    return Section(table, sentences, method)
