"""Attacks on the interview parts of the cohort-diversity report: first on a naive way to print them, which must leak, then on ours.

The reader knows everybody's scores as a list without groups, who did not declare, the protected cube, and our rules, and runs our program.
Run as a program with a number of cohorts it prints the table of docs/disclosure.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise, product

import numpy as np
import pandas as pd
import pytest
from attacking import Attack, Score, judged, least, print_rows

from standardsetting import Process
from standardsetting.code_lists import NOT_KNOWN
from standardsetting.cohort.diversity import cube_of, interview, who_applied
from standardsetting.cohort.diversity.compared import Shown
from standardsetting.cohort.diversity.declared import people_of
from standardsetting.cohort.intersection import intersection
from standardsetting.cohort.scores import placements
from standardsetting.cohort.snapshot import RATING_COLUMNS, Coded, CohortSnapshot, Level, Stage
from standardsetting.disclosure.cube import ending
from standardsetting.disclosure.policy import CONFIDENTIAL, Policy
from standardsetting.disclosure.protect import protect
from standardsetting.disclosure.statements import VerdictTold
from standardsetting.shipped import shipped

SMALL = 10
POLICY, CUT, UNKNOWN = Policy(), 14, "prefer_not_to_say"
GROUPS = {"sex": ("female", "male"), "ethnicity_2": ("ethnic_minorities", "white")}
TABLES = (("sex",), ("ethnicity_2",), ("sex", "ethnicity_2"))
REASONS = ("attendance", "conduct", "form", "service")
# How widely scores are spread, how high they lie, and how far apart the groups are: many below a hurdle, a handful, nobody.
SHAPES = ((1.4, 0.0, 0.5), (1.1, 0.9, 0.5), (0.9, -0.6, 0.5), (0.45, 0.1, 0.5), (0.33, 0.55, 0.5), (1.2, 0.3, 1.5), (0.7, 0.3, 0.5))
FINEST = 1e-4


@cache
def process() -> Process:
    found = Process.load(shipped("data") / "sergeant-2023")
    return found.model_copy(update={"cohort": found.cohort.model_copy(update={"tables": TABLES})})


VALUES = [value.name for value in process().values]
LABELS = {value.label: value.name for value in process().values}


@cache
def people(seed: int) -> pd.DataFrame:
    """150 to 700 applicants, two groups of 15 to 50 per cent, few or many undeclared, four scores of 1 to 5 in seven shapes."""
    rng = np.random.default_rng(7_000 + seed)
    n, (spread, up, apart) = int(rng.integers(150, 701)), SHAPES[seed % len(SHAPES)]
    frame = pd.DataFrame(index=range(n))
    for name, groups in GROUPS.items():
        share, unknown = rng.uniform(0.15, 0.5), rng.choice([0.0, 0.01, 0.03, 0.12])
        frame[name] = np.where(rng.random(n) < unknown, UNKNOWN, np.where(rng.random(n) < share, *groups))
    focal = [frame[name].to_numpy() == groups[0] for name, groups in GROUPS.items()]
    ability = rng.normal(0, 1, n) + sum(rng.uniform(-apart, apart) * mask for mask in focal)
    frame["length_of_service"], frame["previous_attempts"] = rng.integers(2, 26, n).astype(float), rng.integers(0, 3, n).astype(float)
    eligible = rng.random(n) >= rng.uniform(0.08, 0.3)
    asked = eligible & (rng.random(n) >= 0.03)
    frame["reason_not_eligible"] = pd.Series(np.where(eligible, None, rng.choice(REASONS, n, p=[0.3, 0.2, 0.1, 0.4])), dtype="object")
    scores = np.clip(np.rint(3.3 + up + spread * (0.55 * ability[:, None] + 0.65 * rng.normal(0, 1, (n, 4)))), 1, 5)
    every, total = (scores >= 3).all(axis=1), scores.sum(axis=1)
    met = every & (total >= CUT)
    for at, name in enumerate(VALUES):
        frame[f"score_{name}"] = np.where(asked, scores[:, at], np.nan)
        frame[f"hurdle_{name}"] = pd.array(np.where(asked, scores[:, at] >= 3, None), dtype="boolean")
    frame["total"] = np.where(asked, total, np.nan)
    frame["status"] = pd.Series(np.where(asked, np.where(met, "met", "not met"), None), dtype="object")
    lost = [("eligible", "not passed", ~eligible), ("interviewed", "withdrawn", ~asked), ("met_hurdles", "not passed", ~every),
            ("met_standard", "not passed", ~met)]  # fmt: skip
    reached = np.ones(n, dtype=bool)
    frame["stage_applied"] = "passed"
    for stage, state, out in lost:
        frame[f"stage_{stage}"] = np.where(reached, np.where(out, state, "passed"), "not reached")
        reached &= ~out
    frame["ending"] = np.select([out for *_, out in lost], [ending(stage, state) for stage, state, _ in lost], ending("met_standard"))
    return frame.assign(ended_at=frame["ending"].str.split(": ").str[0])


def coded(name: str) -> Coded:
    focal, other = GROUPS[name]
    labels = {focal: focal, other: other} | {code: label for code, (label, _) in NOT_KNOWN.items()}
    level = Level(name, name, "", (focal, other), labels, labels, other, {}, False)
    return Coded(name, name, "a list", "1", "2024-01-01", "", "", "", "", "", (level,))


@cache
def snapshot(seed: int) -> CohortSnapshot:
    stages = tuple(Stage(name, name) for name in ("applied", "eligible", "interviewed", "met_hurdles", "met_standard"))
    return CohortSnapshot(
        people(seed), pd.DataFrame(columns=list(RATING_COLUMNS)), stages, tuple(coded(name) for name in GROUPS), None, None, (),
        pd.DataFrame(), process(), "pool", None, "", "", False, {}, "",
    )  # fmt: skip


@cache
def shown(seed: int) -> Shown:
    return Shown(protect(cube_of(snapshot(seed))), people_of(snapshot(seed)))


@cache
def pairs(seed: int) -> tuple[interview.Pair, ...]:
    return interview.pairs(snapshot(seed), shown(seed))


class Cohort:
    """What a reader knows of a pair: how many have each profile of scores, and which of them did not declare. `mine` is what is sought."""

    def __init__(self, seed: int, pair: interview.Pair) -> None:
        self.seed, self.pair = seed, pair
        asked = (people(seed)["stage_interviewed"] == "passed").to_numpy()
        scores = people(seed).loc[asked, [f"score_{name}" for name in VALUES]].to_numpy(dtype=int)
        labels = pair.labels.to_numpy()[asked]
        self.profiles, code = np.unique(scores, axis=0, return_inverse=True)
        self.everybody, self.declared, self.mine = (
            np.bincount(code.ravel()[mask], minlength=len(self.profiles))
            for mask in (labels == labels, np.isin(labels, [pair.focal, pair.comparator]), labels == pair.focal)
        )
        self.total = self.profiles.sum(axis=1)
        below = self.profiles < 3
        self.below = {f"Below the hurdle of {label}": below[:, VALUES.index(name)] for label, name in LABELS.items()}
        self.below["Below the hurdle of exactly one value"] = below.sum(axis=1) == 1
        every = ~below.any(axis=1)
        self.stages = {"interviewed": self.total > 0, "met_hurdles": every, "met_standard": every & (self.total >= CUT)}
        points = {(label, k): self.scores(label) == k for label in (*LABELS, "Total") for k in range(1, 21)}
        self.points = {key: mask for key, mask in points.items() if mask @ self.declared}

    def scores(self, label: str) -> np.ndarray:
        return self.total if label == "Total" else self.profiles[:, VALUES.index(LABELS[label])]

    def ranks(self, label: str) -> np.ndarray:
        """Twice the mid-rank of a profile among everybody who declared: superiority is linear in the group's sum of them."""
        score, below = self.scores(label), np.array([(self.scores(label) < k) @ self.declared for k in range(22)])
        return below[score] + below[score + 1]

    @property
    def told(self) -> dict[tuple[tuple[str, int], ...], tuple[int | None, int | None]]:
        """What the cube's statements say of the group from the interview on."""
        where = ((self.pair.name, (self.pair.focal,)),)
        found = {}
        for one in shown(self.seed).cube.told:
            if isinstance(one, VerdictTold):
                continue
            if all(t.where == where and t.measure == "passed" and t.stage in self.stages for t in one.terms):
                found[tuple((t.stage, t.weight) for t in one.terms)] = (one.low, one.high)
        return found

    @property
    def sizes(self) -> range:
        low, high = self.told[(("interviewed", 1),)]
        return range(low or 0, (high or 0) + 1)


@cache
def cohort(seed: int, at: int) -> Cohort:
    return Cohort(seed, pairs(seed)[at])


def of(seed: int) -> list[Cohort]:
    return [cohort(seed, at) for at in range(len(pairs(seed)))]


def sections(one: Cohort) -> tuple[dict[str, tuple[int, int] | None], dict[str, tuple[float, float]]]:
    """What our report prints: the shares at the gates, and superiority with half the step that it is rounded to."""
    both = [part(snapshot(one.seed), (one.pair,), POLICY).table for part in (interview.gates, interview.superiorities)]
    shares = {gate: None if part["share"].isna().any() else tuple(part["share"].astype(int)) for gate, part in both[0].groupby("gate")}
    scores = {label: people(one.seed)["total" if label == "Total" else f"score_{LABELS[label]}"] for label in both[1]["value"]}
    halves = {label: (interview._nearest(column) or 0) / 2 for label, column in scores.items()}
    return shares, {row.value: (row.superiority, halves[row.value]) for row in both[1].itertuples()}


@cache
def gate_values(one: Cohort, gate: str, shares: tuple[int, int] | None, size: int) -> list[int]:
    """The counts of a group of this size for which our program prints what it printed."""
    total, pair = int(one.below[gate] @ one.everybody), replace(one.pair, true_n=size)
    return [b for b in range(min(size, total) + 1) if interview._said(b, total, pair, POLICY) == shares]


def a_gates(seed: int) -> tuple[Score, Score]:
    """Which counts give the shares that are printed, or give none."""
    naive, mine = Score(), Score()
    for one in of(seed):
        for gate, shares in sections(one)[0].items():
            true, total, n = int(one.below[gate] @ one.mine), int(one.below[gate] @ one.everybody), int(one.mine.sum())
            left = {b for size in one.sizes for b in gate_values(one, gate, shares, size)}
            mine += judged([left], [least(true, total, printed=shares is not None)])
            if true >= 10:
                exact = {b for size in one.sizes for b in range(size + 1) if round(100 * b / size, 1) == round(100 * true / n, 1)}
                naive += judged([exact], [least(true, total, printed=True)])
    return naive, mine


def by_ranks(totals: np.ndarray, sizes: range, printed: float, half: float) -> list[set[int]]:
    """Every count at each point of the scale that gives a superiority: all ways are gone through but for the two most frequent points."""
    ranks, everybody, order = 2 * (np.cumsum(totals) - totals) + totals, totals.sum(), np.argsort(totals)
    small, (a, b), seen = order[:-2], order[-2:], [set[int]() for _ in totals]
    ways = np.array(list(product(*(range(totals[i] + 1) for i in small))), dtype=int).T
    for n in sizes:
        rest, known = n - ways.sum(axis=0), ranks[small] @ ways
        ends = [2 * (printed + side * half) * n * (everybody - n) + n * n + side * 1e-6 - known - ranks[a] * rest for side in (-1, 1)]
        low, high = sorted(ends, key=lambda end: end[0] / (ranks[b] - ranks[a]))
        low = np.maximum(np.ceil(low / (ranks[b] - ranks[a])), np.maximum(0, rest - totals[a])).astype(int)
        high = np.minimum(np.floor(high / (ranks[b] - ranks[a])), np.minimum(totals[b], rest)).astype(int)
        fits = high >= low
        for row, i in enumerate(small):
            seen[i].update(ways[row, fits].tolist())
        for low_end, high_end, left in set(zip(low[fits].tolist(), high[fits].tolist(), rest[fits].tolist(), strict=True)):
            seen[b].update(range(low_end, high_end + 1))
            seen[a].update(range(left - high_end, left - low_end + 1))
    return seen


def a_superiority(seed: int) -> tuple[Score, Score]:
    """The counts at each point of a value from its superiority alone: to four decimals for every value, or as we print it."""
    naive, mine = Score(), Score()
    for one in of(seed):
        printed = sections(one)[1]
        for label in LABELS:
            keys = [key for key in one.points if key[0] == label]
            totals, true = (np.array([int(one.points[key] @ counts) for key in keys]) for counts in (one.declared, one.mine))
            if len(keys) < 2 or np.sort(totals + 1)[:-2].prod() > 60_000:  # long to go through; the joined attack has them
                continue
            placed = placements(np.repeat(range(len(keys)), true), np.repeat(range(len(keys)), totals - true)).estimate
            wanted = [least(x, total, printed=False) for x, total in zip(true.tolist(), totals.tolist(), strict=True)]
            naive += judged(by_ranks(totals, one.sizes, round(placed, 4), FINEST / 2), wanted)
            if label in printed:
                mine += judged(by_ranks(totals, one.sizes, *printed[label]), wanted)
    return naive, mine


class Programme:
    """Integer numbers of the group's people with each profile, between bounds, and what is known about their sums."""

    def __init__(self, most: np.ndarray, least_of: np.ndarray | None = None) -> None:
        self.most, self.least = most, np.zeros(len(most)) if least_of is None else least_of
        self.rows: list[tuple[np.ndarray, float, float]] = []

    def solve(self, objective: np.ndarray, *extra: tuple[np.ndarray, float, float], best: bool = False) -> np.ndarray | None:
        """Some solution; with `best` one that makes the objective least."""
        from scipy.optimize import Bounds, LinearConstraint, milp

        rows, low, high = zip(*self.rows, *extra, strict=True)
        found = milp(
            objective, integrality=1, bounds=Bounds(self.least, self.most),
            options={"time_limit": 30.0, "mip_rel_gap": 0.0 if best else 1e6},
            constraints=LinearConstraint(np.array(rows, dtype=float), low, high),
        )  # fmt: skip
        if found.status == 2:
            return None
        if found.x is None:
            raise RuntimeError("the solver did not finish")
        return np.rint(found.x).astype(int)


def programmes(
    one: Cohort, shares: dict[str, tuple[int, int] | None], ranked: dict[str, tuple[float, float]], bars: dict[tuple[str, int], int], *,
    insider: int | None = None, declared: np.ndarray | None = None,
) -> list[Programme]:  # fmt: skip
    """A programme for each size of the group and each way to read what is not shown."""
    most, made = one.declared if declared is None else declared, []
    known = replace_declared(one, most)
    for n in one.sizes:
        base = Programme(most, None if insider is None else np.eye(len(most))[insider])
        base.rows.append((np.ones(len(most)), n, n))
        for terms, (low, high) in one.told.items():
            row = sum(weight * one.stages[stage] for stage, weight in terms)
            base.rows.append((np.asarray(row), -np.inf if low is None else low, np.inf if high is None else high))
        others = int(most.sum()) - n
        for label, (printed, half) in ranked.items():
            base.rows.append((known.ranks(label), *(2 * (printed + side * half) * n * others + n * n + side * 1e-6 for side in (-1, 1))))
        for key, per_cent in bars.items():
            base.rows.append((one.points[key], np.ceil((per_cent - 0.5) * n / 100), np.floor((per_cent + 0.5) * n / 100)))
        for ways in product(*(runs(gate_values(one, gate, told, n)) for gate, told in shares.items())):
            each = Programme(base.most, base.least)
            each.rows = [*base.rows, *((one.below[gate], *way) for gate, way in zip(shares, ways, strict=True))]
            made.append(each)
    return made


def replace_declared(one: Cohort, declared: np.ndarray) -> Cohort:
    other = object.__new__(Cohort)
    other.__dict__ = {**one.__dict__, "declared": declared}
    return other


def runs(values: list[int]) -> list[tuple[int, int]]:
    """Numbers as runs without a gap."""
    cuts = [0, *(i for i in range(1, len(values)) if values[i] > values[i - 1] + 1), len(values)]
    return [(values[a], values[b - 1]) for a, b in pairwise(cuts) if b > a]


def possible(made: list[Programme], targets: np.ndarray, wanted: Sequence[int]) -> list[set[int]]:
    """Values of each target that a solution proves possible: as many as are wanted, or else all there are."""
    rng, seen = np.random.default_rng(0), [set[int]() for _ in targets]

    def look(one: Programme, objective: np.ndarray, *extra: tuple[np.ndarray, float, float], best: bool = False) -> int | None:
        found = one.solve(objective, *extra, best=best)
        if found is None:
            return None
        for values, value in zip(seen, targets @ found, strict=True):
            values.add(int(value))
        return int(objective @ found)

    made = [one for one in made if look(one, rng.standard_normal(len(one.most))) is not None]
    assert made, "what was printed is possible"
    for one in made * 3:
        look(one, rng.standard_normal(len(one.most)))
    for at in (at for at, n in enumerate(wanted) if len(seen[at]) < n):
        near = sorted(range(int(targets[at] @ made[0].most) + 1), key=lambda v, at=at: min(abs(v - w) for w in seen[at]))[:12]
        for value in near:  # the nearest values are mostly possible, and cost less than the ends
            if value not in seen[at] and len(seen[at]) < wanted[at]:
                any(look(one, 0 * targets[at], (targets[at], value, value)) is not None for one in made)
        if len(seen[at]) < wanted[at]:
            for one in made:
                ends = [look(one, side * targets[at], best=True) for side in (1, -1)]
                for value in range(ends[0] or 0, 1 - (ends[1] or 0)):
                    if value not in seen[at]:
                        look(one, 0 * targets[at], (targets[at], value, value))
    return seen


def looked_for(one: Cohort, shares: dict[str, tuple[int, int] | None]) -> tuple[np.ndarray, list[int]]:
    """Every point of every value and of the total and every gate, and how many values each must keep."""
    told = [one.below[gate] for gate, said in shares.items() if said] + [one.stages["met_hurdles"], one.stages["met_standard"]]
    known = [mask for row in told for mask in (row, ~row)]
    rows, wanted = [*one.points.values(), *one.below.values()], []
    for row in rows:
        # A point that is a printed count but for one person in all is known as well as that count, and no better.
        printed = any((row ^ mask) @ one.declared <= 1 for mask in known)
        wanted.append(least(int(row @ one.mine), int(row @ one.declared), printed=printed))
    return np.array(rows).astype(int), wanted


def stacked(one: Cohort) -> dict[tuple[str, int], int]:
    """The naive picture: a bar for each score that ten or more of the group have, in whole per cent."""
    n = int(one.mine.sum())
    counts = {key: int(mask @ one.mine) for key, mask in one.points.items() if key[0] != "Total"}
    return {key: round(100 * count / n) for key, count in counts.items() if count >= 10}


def a_joined(seed: int, *, inside: bool = False) -> tuple[Score, Score]:
    """Gates, superiority of every value and of the total, the cube and what is not shown, together."""
    naive, mine = Score(), Score()
    for one in of(seed):
        shares, ranked = sections(one)
        targets, wanted = looked_for(one, shares)
        own = None
        if inside:  # whoever of the group has the rarest scores knows that much of it
            own = int(np.argmin(np.where(one.mine > 0, one.everybody, 10**6)))
            wanted = [min(n, int(row @ one.declared) - int(row[own]) + 1) for row, n in zip(targets, wanted, strict=True)]
        few = slice(5)  # enough to show that the naive picture leaks: it takes long to prove that no other value is possible
        naive += judged(possible(programmes(one, {}, {}, stacked(one), insider=own), targets[few], wanted[few]), wanted[few])
        mine += judged(possible(programmes(one, shares, ranked, {}, insider=own), targets, wanted), wanted)
    return naive, mine


def a_insider(seed: int) -> tuple[Score, Score]:
    return a_joined(seed, inside=True)


def a_undeclared(seed: int) -> tuple[Score, Score]:
    """The scores of those who did not declare: superiority leaves them out, and the shares of the comparator hold them."""
    naive, mine, rng = Score(), Score(), np.random.default_rng(seed)
    for one in of(seed):
        shares, ranked = sections(one)
        unknown = one.everybody - one.declared
        targets = np.array([mask.astype(int) for key, mask in one.points.items() if key[0] != "Total"])
        true, totals = targets @ unknown, targets @ one.everybody
        number = int(unknown.sum())
        most = number + 2 if number >= 10 else 9
        wanted = [least(int(x), min(int(total), most), printed=False) for x, total in zip(true, totals, strict=True)]
        # Beside exact counts of both declared groups of ten or more the undeclared are what is left.
        told = [(a >= 10) & (b >= 10) for a, b in zip(targets @ one.mine, targets @ (one.declared - one.mine), strict=True)]
        naive += judged([{int(x)} if t else set(range(6)) for x, t in zip(true, told, strict=True)], wanted)
        seen = [set[int]() for _ in targets]
        for at, row in enumerate(targets):
            here = one.everybody * row
            for value in range(min(int(totals[at]), most) + 1):
                if value in seen[at] or len(seen[at]) >= wanted[at]:
                    continue
                size = int(rng.integers(max(value, number - 2 if number >= 10 else 0), most + 1))
                elsewhere = rng.multivariate_hypergeometric(one.everybody - here, min(size - value, int((one.everybody - here).sum())))
                guess = rng.multivariate_hypergeometric(here, value) + elsewhere
                made = programmes(one, shares, ranked, {}, declared=one.everybody - guess)
                if any(each.solve(np.zeros(len(guess))) is not None for each in made):
                    for values, found in zip(seen, targets @ guess, strict=True):
                        values.add(int(found))
        mine += judged(seen, wanted)
    return naive, mine


def a_reasons(seed: int) -> tuple[Score, Score]:
    """Why people were not eligible: the counts of a group by reason, whose sum the cube bounds."""
    naive, mine = Score(), Score()
    frame = people(seed)
    refused = (frame["stage_eligible"] == "not passed").to_numpy()
    table = who_applied.reasons(snapshot(seed), pairs(seed), POLICY).table
    for pair in pairs(seed):
        reason, focal = frame["reason_not_eligible"], refused & pair.is_focal
        totals = [int((refused & (reason == r)).sum()) for r in REASONS]
        true = [int((focal & (reason == r)).sum()) for r in REASONS]
        wanted = [least(x, total, printed=x >= 10) for x, total in zip(true, totals, strict=True)]
        exact = [{x} if x >= 10 else set(range(min(9, total) + 1)) for x, total in zip(true, totals, strict=True)]
        naive += judged(summing(exact, range(sum(true), sum(true) + 1)), wanted)
        rows = table[table["characteristic"] == pair.name].set_index("reason")["shown"]
        windows = []
        for r, total in zip(REASONS, totals, strict=True):
            may = {x for x in range(total + 1) if total >= 22 and min(x, total - x, POLICY.rounded(x), total - POLICY.rounded(x)) >= 10}
            if (said := rows.get(r, CONFIDENTIAL)) == CONFIDENTIAL:  # the first is hidden too where all might be shown
                windows.append(set(range(total + 1)) - (may if r != REASONS[0] else set()))
            else:
                windows.append({x for x in may if f"{POLICY.rounded(x):,}" == said})
        low, high = (POLICY.rounded(sum(true)) + side for side in (-4, 4))  # two rounded counts apart
        mine += judged(summing(windows, range(max(0, low), high + 1)), wanted)
    return naive, mine


def summing(sets: Sequence[set[int]], sums: range) -> list[set[int]]:
    """The members of each set that can be part of a sum."""
    out = []
    for at, own in enumerate(sets):
        rest = {0}
        for other in (other for i, other in enumerate(sets) if i != at):
            rest = {a + b for a in rest for b in other}
        out.append({x for x in own if any(total - x in rest for total in sums)})
    return out


def a_adjusted(seed: int) -> tuple[Score, Score]:
    """How many of the group met the standard, from the gap as it is and as models move it, when everybody's other facts are known."""
    naive, mine, rng = Score(), Score(), np.random.default_rng(seed)
    for pair in pairs(seed):
        table = interview.adjusted(snapshot(seed), (pair,), shown(seed)).table
        if table.empty:
            continue
        status, sides = people(seed)["status"].to_numpy(), (pair.is_focal, (pair.labels == pair.comparator).to_numpy())
        (a, n), (c, m) = ((int((mask & (status == "met")).sum()), int((mask & pd.notna(status)).sum())) for mask in sides)
        low, high = POLICY.window(POLICY.rounded(a))
        gap = round(100 * (a / n - c / m), 1)
        naive += judged([{x for x in range(low, high + 1) if round(100 * (x / n - (a + c - x) / m), 1) == gap}], [3])
        seen, numbers = {a}, ["difference", "low", "high"]
        for value in range(max(low, 10), high + 1):
            for _ in range(400 if value != a and len(seen) < 3 else 0):
                up, down = sides if value > a else sides[::-1]
                change = ((up, "not met"), (down, "met"))
                on, off = (rng.choice(np.flatnonzero(mask & (status == now)), abs(value - a), replace=False) for mask, now in change)
                frame = people(seed).copy()
                frame.loc[on, "status"], frame.loc[off, "status"] = "met", "not met"
                again = interview.adjusted(replace(snapshot(seed), people=frame), (pair,), shown(seed)).table
                if again[numbers].equals(table[numbers]):
                    seen.add(value)
                    break
        # Whoever knows the size exactly, as here, may be left fewer by the parts of ten alone, whatever a model says.
        may = [x for x in range(low, high + 1) if interview._said(x, int((status == "met").sum()), pair, POLICY)]
        mine += judged([seen], [min(3, len(may))])
    return naive, mine


def a_intersection(seed: int) -> tuple[Score, Score]:
    """Who met the standard in each of four groups, from the share beyond two characteristics, when both margins are known exactly."""
    rng = np.random.default_rng(seed)
    n = rng.integers([20, 60, 25, 100], [60, 150, 80, 300])
    a = rng.binomial(n, rng.uniform(0.35, 0.65, 4))
    first, second = np.repeat(["f", "f", "m", "m"], n), np.repeat(["e", "w", "e", "w"], n)
    exact, ours = dict[int, tuple[int, ...]](), dict[int, str]()
    for step in sorted(range(-9, 10), key=abs):
        counts = a + step * np.array([1, -1, -1, 1])
        if (counts < 0).any() or (counts > n).any():
            continue
        met = np.concatenate([np.arange(size) < count for size, count in zip(n, counts, strict=True)])
        found = intersection(met, first, second, names=("sex", "ethnicity"), seed=interview.SEED)
        exact[step], ours[step] = tuple(round(100 * x) for x in (found.share, found.low, found.high)), interview._how_much(found.share)
    same = [{step for step, printed in each.items() if printed == each[0]} for each in (exact, ours)]
    return judged(same[:1], [5]), judged(same[1:], [5])


ATTACKS = {
    "I1": Attack("Shares at gates inverted", "exact shares to one decimal", a_gates, SMALL),
    "I2": Attack("Superiority inverted", "superiority to four decimals", a_superiority, SMALL),
    "I3": Attack("Gates, superiority, total, cube and what is hidden, joined", "stacked bars in whole per cent", a_joined, 2),
    "I4": Attack("The same by an insider with the rarest scores", "stacked bars in whole per cent", a_insider, 1),
    "I5": Attack("Scores of the undeclared", "exact counts of both declared groups", a_undeclared, 2),
    "I6": Attack("Reasons by subtraction", "exact counts of ten or more, and their sum", a_reasons, SMALL),
    "I7": Attack("Adjusted gaps inverted", "the exact gap to one decimal", a_adjusted, 2),
    "I8": Attack("Share beyond two characteristics inverted", "share and interval in whole per cent", a_intersection, 1, 20),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_the_naive_way_leaks_and_ours_does_not(name: str) -> None:
    ATTACKS[name].must_fail(ATTACKS[name].few)


@pytest.mark.soak
@pytest.mark.parametrize("name", ATTACKS)
def test_two_hundred_cohorts_withstand_every_attack(name: str) -> None:
    ATTACKS[name].must_fail(ATTACKS[name].many)


if __name__ == "__main__":
    print_rows(ATTACKS)
