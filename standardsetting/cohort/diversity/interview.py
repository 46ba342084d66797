"""What the interview scores say about groups: gates, distributions, superiority, values and assessors that work differently, adjusted gaps.

Only groups that are large enough to show counts are looked at here. Shares come from rounded counts beside exact totals, as in the cube.
Effect sizes of whole distributions are from the scores themselves, to two decimals, and the distributions are not shown beside them.
These parts are shown once in the life of a process: a second look after a correction would tell what was corrected.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from standardsetting.cohort.adjusted import adjusted_difference
from standardsetting.cohort.diversity.compared import Shown, rounded_to, whole
from standardsetting.cohort.diversity.declared import labels_of
from standardsetting.cohort.intersection import intersection
from standardsetting.cohort.item_functioning import item_functioning
from standardsetting.cohort.rater_functioning import rater_functioning
from standardsetting.cohort.scores import superiority
from standardsetting.cohort.snapshot import CohortSnapshot, Level
from standardsetting.disclosure.policy import CONFIDENTIAL, Policy
from standardsetting.disclosure.release import SECTIONS, Section
from standardsetting.process.cohort import ELIGIBLE, INTERVIEWED, MET_STANDARD

SEED = 20230901

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
    """The shares of the focal group and of everybody else with an outcome, in whole per cent; None where a part is too small.

    The true parts decide whether anything is shown, and the rounded ones what.
    """
    count, total = int((inside & pair.is_focal).sum()), int(inside.sum())
    rounded = policy.rounded(count)
    for part, n in ((count, pair.true_n), (rounded, pair.n)):
        if min(part, n - part, total - part, pair.everybody - n - (total - part)) < policy.smallest_count:
            return None
    return whole(100 * rounded / pair.n) or 0, whole(100 * (total - rounded) / (pair.everybody - pair.n)) or 0


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
    method = "Shares of those interviewed, from counts rounded to the nearest 5; a candidate can be below several hurdles."
    return _section("gates", rows, method=method)


def superiorities(snapshot: CohortSnapshot, found: tuple[Pair, ...], policy: Policy) -> Section:
    """How often a candidate of one group has the higher score than one of the other, by value and for the total."""
    rows = []
    columns = {value.label: f"score_{value.name}" for value in snapshot.process.values} | {"Total": "total"}
    for pair in found:
        for label, column in columns.items():
            each = superiority(
                snapshot.people[column], pair.labels, focal=pair.focal, comparator=pair.comparator, of=label, fewest=policy.counts_from
            )
            if math.isnan(each.estimate):
                continue
            rows.append(
                {
                    "characteristic": pair.name,
                    "group": pair.focal,
                    "comparator": pair.comparator,
                    "value": label,
                    "superiority": rounded_to(each.estimate, 2),
                    "low": rounded_to(each.low, 2),
                    "high": rounded_to(each.high, 2),
                    "sentence": _in_hundred(pair, label, each.estimate, each.low, each.high),
                }
            )
    return _section("superiority", rows, method="Probability of superiority, ties counted half; score interval. Undeclared left out.")


def _in_hundred(pair: Pair, label: str, estimate: float, low: float, high: float) -> str:
    return (
        f"{label}: of 100 pairs of one of {pair.called[0]} and one of {pair.called[1]}, the first has the higher score in about "
        f"{100 * estimate:.0f} "
        f"({100 * low:.0f} to {100 * high:.0f}); 50 is no difference."
    )


def items(snapshot: CohortSnapshot, found: tuple[Pair, ...]) -> Section:
    """Whether a value works differently for a group at equal scores on the other values. Exploratory."""
    rows, notes = [], []
    scores = snapshot.people[[f"score_{value.name}" for value in snapshot.process.values]]
    scores = scores.rename(columns={f"score_{value.name}": value.label for value in snapshot.process.values})
    for pair in found:
        each = item_functioning(scores, pair.labels, focal=pair.focal, comparator=pair.comparator, seed=SEED)
        if each.why:
            notes.append(f"{pair.level.title}: too few candidates to tell whether a value works differently.")
        for row in each.table.to_dict("records"):
            if not math.isfinite(row["p"]):
                continue
            found_one = row["p_holm"] <= 1 - each.confidence
            sentence = (
                f"{row['value']}: at equal scores on the other values, {pair.called[0]} score "
                f"{'differently' if found_one else 'no differently, as far as this cohort can tell,'} from {pair.called[1]}."
            )
            rows.append(
                {
                    "characteristic": pair.name,
                    "group": pair.focal,
                    "value": row["value"],
                    "difference": rounded_to(row["standardised"], 2),
                    "r2_change": rounded_to(row["r2_uniform"] + row["r2_nonuniform"], 3),
                    "p": rounded_to(row["p"], 3),
                    "adjusted_p": rounded_to(row["p_holm"], 3),
                    "sentence": sentence,
                }
            )
    return _section(
        "items",
        rows,
        sentences=(*notes, *((_ALL_ONE_WAY,) if rows else ())),
        method=f"Proportional-odds models on the rest score, permutation tests, Holm over the values; seed {SEED}. Exploratory.",
    )


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
                "Candidates were allocated to panels independently of this characteristic, as far as can be told."
                if each.allocation.independent
                else "Candidates were not allocated to panels independently of this characteristic: panel effects cannot be "
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
                    "p": rounded_to(p, 3),
                    "sentence": sentence,
                }
            )
    return _section(
        "panels",
        rows,
        sentences=tuple(notes),
        method=f"Moments and permutations within day and panel; seed {SEED}. No assessor is named or listed.",
    )


def together(snapshot: CohortSnapshot, shown: Shown) -> Section:
    """How much of the differences lies beyond what two characteristics say separately. The groups' rates themselves are not shown."""
    tables = [table for table in snapshot.tables if len(table) == 2]
    policy = shown.cube.policy
    rows: list[dict[str, object]] = []
    if not tables:
        return _section("intersection", rows, sentences=("No intersection of two characteristics is declared.",))
    one, two = (snapshot.levels[name] for name in tables[0])
    met = _outcome(snapshot)
    asked = (snapshot.people[f"stage_{INTERVIEWED}"] == "passed").to_numpy() & ~np.isnan(met)
    first, second = (labels_of(snapshot, level) for level in (one, two))
    sizes = pd.crosstab(first[asked], second[asked]).reindex(
        index=[one.labels[c] for c in one.groups], columns=[two.labels[c] for c in two.groups], fill_value=0
    )
    if sizes.to_numpy().min() < policy.rate_denominator:
        few = f"A group with fewer than {policy.rate_denominator} candidates interviewed: the intersection is not modelled."
        return _section("intersection", rows, sentences=(few,))
    each = intersection(met[asked], first[asked], second[asked], names=("sex", "ethnicity"), seed=SEED, fewest=policy.rate_denominator)
    if each.why:
        return _section(
            "intersection", rows, sentences=("Too few candidates met or missed the standard for the intersection to be modelled.",)
        )
    share = (
        f"Of the differences between these groups, about {whole(100 * each.share)}% ({whole(100 * each.low)}% to "
        f"{whole(100 * each.high)}%) is beyond what the two characteristics say separately."
    )
    return _section(
        "intersection",
        rows,
        sentences=(share,),
        method=f"Logistic model with main effects and a shrunken interaction; seed {SEED}. The groups' own rates would give their counts.",
    )


def adjusted(snapshot: CohortSnapshot, found: tuple[Pair, ...], shown: Shown) -> Section:
    """The gap as it is, among people alike in prior facts, and among people alike in possibly tainted facts too.

    The unadjusted gap is that of the rounded counts. What a model adds to it is the shift between its own adjusted and unadjusted gap, so
    that no exact rate can be had from the picture.
    """
    rows, notes = [], []
    blocks = {"clearly prior": [], "possibly tainted": []}  # type: dict[str, list[str]]
    for covariate in snapshot.process.cohort.covariates:
        if covariate.column in snapshot.people:
            blocks[covariate.block].append(covariate.column)
    people = snapshot.people.assign(met=_outcome(snapshot))
    people = people[people[f"stage_{INTERVIEWED}"] == "passed"]
    for pair in found:
        met = shown.count((pair.name,), pair.focal, MET_STANDARD, "passed")
        base = _shares((people["met"] == 1).reindex(snapshot.people.index, fill_value=False).to_numpy(), pair, shown.cube.policy)
        if met is None or base is None:
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
        raw = base[0] - base[1]
        for step in view.steps:
            shift = whole(100 * (step.difference - view.steps[0].difference))
            if shift is None:
                notes.append(f"{pair.level.title}: the model of {step.name} has no answer.")
                continue
            half = [whole(100 * abs(end - step.difference)) or 0 for end in (step.low, step.high)]
            rows.append(
                {
                    "characteristic": pair.name,
                    "group": pair.focal,
                    "view": step.name,
                    "difference": raw + shift,
                    "low": raw + shift - half[0],
                    "high": raw + shift + half[1],
                    "sentence": "",
                }
            )
    if not blocks["possibly tainted"]:
        notes.append("No possibly tainted facts are declared, so there is no third view.")
    return _section(
        "adjusted",
        rows,
        sentences=tuple(notes),
        method="Firth-penalised logistic model, standardised difference in percentage points, delta-method interval.",
    )


def reasons(snapshot: CohortSnapshot, found: tuple[Pair, ...], policy: Policy) -> Section:
    """Why applicants were not eligible, for the groups that may show counts. The attendance rule is the one to look at."""
    rows: list[dict[str, object]] = []
    people = snapshot.people
    if "reason_not_eligible" not in people:
        return _section("reasons", rows, sentences=("The process keeps no reasons why applicants were not eligible.",))
    refused = (people[f"stage_{ELIGIBLE}"] == "not passed").to_numpy()
    for pair in found:
        for reason in sorted(people.loc[refused, "reason_not_eligible"].dropna().unique().tolist()):
            mask = refused & (people["reason_not_eligible"] == reason).to_numpy()
            count, total = int((mask & pair.is_focal).sum()), int(mask.sum())
            may = min(count, total - count) >= policy.smallest_count
            rows.append(
                {
                    "characteristic": pair.name,
                    "group": pair.focal,
                    "reason": reason,
                    "shown": f"{policy.rounded(count):,}" if may else CONFIDENTIAL,
                }
            )
    if all(row["shown"] == CONFIDENTIAL for row in rows):
        return _section("reasons", [], sentences=("Every group and reason has too few people for a count to be shown.",))
    if all(row["shown"] != CONFIDENTIAL for row in rows):
        # All parts of a whole that is known would say more than each of them.
        rows[0]["shown"] = CONFIDENTIAL
    return _section("reasons", rows, method="Counts under 10, and those that would give one away, are not shown.")


def _outcome(snapshot: CohortSnapshot) -> np.ndarray:
    """1 who met the standard, 0 who did not, missing where it was not decided."""
    status = snapshot.people["status"]
    return np.where(status == "met", 1.0, np.where(status == "not met", 0.0, np.nan))


def _section(name: str, rows: Sequence[Mapping[str, object]], *, sentences: tuple[str, ...] = (), method: str = "") -> Section:
    table = pd.DataFrame(list(rows), columns=list(SECTIONS[name]))
    if table.empty and not sentences:
        sentences = ("No group is large enough for this to be shown.",)
    return Section(table, sentences, method)
