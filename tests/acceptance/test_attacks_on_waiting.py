"""Attacks on what the cohort-diversity report says after the interview: on a naive way to print it, which must leak, then on ours.

The reader knows of everybody who was in the pool and in which week they were posted, the protected cube, what is not shown, and our
program; not who belongs to the group. Run as a program with a number of cohorts it prints the rows of docs/disclosure.md.
"""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np
import pandas as pd
import pytest
from attacking import Attack, Score, judged, least, print_rows
from scipy.optimize import Bounds, LinearConstraint, milp

from standardsetting import Process
from standardsetting.code_lists import NOT_KNOWN
from standardsetting.cohort.diversity import after_interview, cube_of, interview
from standardsetting.cohort.diversity.compared import Shown
from standardsetting.cohort.diversity.declared import people_of
from standardsetting.cohort.snapshot import RATING_COLUMNS, Coded, CohortSnapshot, Level, Stage
from standardsetting.disclosure.cube import ending
from standardsetting.disclosure.policy import CONFIDENTIAL, Policy
from standardsetting.disclosure.protect import protect
from standardsetting.disclosure.statements import VerdictTold
from standardsetting.process.cohort import Waiting
from standardsetting.shipped import shipped

SMALL, MORE, MANY = 10, 40, 200
POLICY, UNKNOWN = Policy(), "prefer_not_to_say"
GROUPS = {"sex": ("female", "male"), "ethnicity_2": ("ethnic_minorities", "white")}
TABLES = (("sex",), ("ethnicity_2",))
STAGES = ("applied", "eligible", "interviewed", "met_hurdles", "met_standard", "checks_passed", "posted")


@cache
def process(weeks: int) -> Process:
    found = Process.load(shipped("data") / "sergeant-2023")
    stages = tuple(stage for stage in found.cohort.stages if stage.name != "offered")
    return found.model_copy(
        update={"cohort": found.cohort.model_copy(update={"tables": TABLES, "stages": stages, "waiting": Waiting(weeks=weeks)})}
    )


@cache
def people(seed: int) -> pd.DataFrame:
    """200 to 900 applicants of whom most reach the pool; postings come at once or slowly, and some are still waited for."""
    rng = np.random.default_rng(11_000 + seed)
    n = int(rng.integers(200, 901))
    frame = pd.DataFrame(index=range(n))
    for name, groups in GROUPS.items():
        share, unknown = rng.uniform(0.2, 0.5), rng.choice([0.0, 0.01, 0.03, 0.12])
        frame[name] = np.where(rng.random(n) < unknown, UNKNOWN, np.where(rng.random(n) < share, *groups))
    focal = frame["sex"] == "female"
    lose = {"eligible": 0.08, "interviewed": 0.04, "met_hurdles": 0.12, "met_standard": 0.12, "checks_passed": 0.1}
    lost = [(stage, "withdrawn" if stage == "interviewed" else "not passed", rng.random(n) < p) for stage, p in lose.items()]
    week = rng.geometric(np.clip(rng.uniform(0.08, 0.6) * np.where(focal, rng.uniform(0.5, 1.5), 1), 0.02, 0.9), n)
    followed, never = rng.integers(4, 13) + rng.integers(0, 9, n), rng.random(n) < rng.uniform(0.03, 0.4)
    posted = (week <= followed) & ~never
    lost.append(("posted", "pending", ~posted))
    reached = np.ones(n, dtype=bool)
    frame["stage_applied"] = "passed"
    for stage, state, out in lost:
        frame[f"stage_{stage}"] = np.where(reached, np.where(out, state, "passed"), "not reached")
        reached &= ~out
    frame["ending"] = np.select([out for *_, out in lost], [ending(stage, state) for stage, state, _ in lost], ending("posted"))
    in_pool = (frame["stage_checks_passed"] == "passed").to_numpy()
    frame["pool_weeks"] = np.where(in_pool, np.where(posted, week, followed), np.nan)
    for name, flag in (("pool_posted", posted), ("pool_left", np.zeros(n, dtype=bool))):
        frame[name] = pd.array(np.where(in_pool, flag, None), dtype="boolean")
    for name in ("check_1", "check_2", "check_3", "check_4", "offers", "offers_declined"):
        frame[name] = np.nan
    return frame.assign(ended_at=frame["ending"].str.split(": ").str[0])


def coded(name: str) -> Coded:
    focal, other = GROUPS[name]
    labels = {focal: focal, other: other} | {code: label for code, (label, _) in NOT_KNOWN.items()}
    level = Level(name, name, "", (focal, other), labels, labels, other, {}, False)
    return Coded(name, name, "a list", "1", "2024-01-01", "", "", "", "", "", (level,))


@cache
def snapshot(seed: int) -> CohortSnapshot:
    stages = tuple(Stage(name, name) for name in STAGES)
    return CohortSnapshot(
        people(seed), pd.DataFrame(columns=list(RATING_COLUMNS)), stages, tuple(coded(name) for name in GROUPS), None, None, (),
        pd.DataFrame(), process((1, 2, 4)[seed % 3]), "pool", None, "", "", False, {}, "",
    )  # fmt: skip


@cache
def shown(seed: int) -> Shown:
    return Shown(protect(cube_of(snapshot(seed))), people_of(snapshot(seed)))


@cache
def in_pool_and_posted(seed: int, at: int) -> tuple[tuple[int, int], ...]:
    """Every number of the group in the pool and posted that agrees with all that the cube says of the group."""
    pair, frame = interview.pairs(snapshot(seed), shown(seed))[at], people(seed)
    where = ((pair.name, (pair.focal,)),)
    endings = frame["ending"].unique()
    most = np.array([int((frame["ending"] == each).sum()) for each in endings])
    place, failed = [STAGES.index(each.split(": ")[0]) for each in endings], [not each.endswith(": passed") for each in endings]

    def row(stage: str, measure: str) -> np.ndarray:
        here = STAGES.index(stage)
        if measure in ("passed", "entered"):
            return np.array([p > here - (measure == "entered") or (p == here and (measure == "entered" or not f)) for p, f in
                             zip(place, failed, strict=True)], dtype=float)  # fmt: skip
        return np.array([each == ending(stage, measure) for each in endings], dtype=float)

    told = [one for one in shown(seed).cube.told if not isinstance(one, VerdictTold) and all(t.where == where for t in one.terms)]
    rows = [sum(t.weight * row(t.stage, t.measure) for t in one.terms) for one in told]
    low, high = ([np.inf * side if end is None else end for end in ends] for side, ends in
                 ((-1, [one.low for one in told]), (1, [one.high for one in told])))  # fmt: skip

    def solved(aim: np.ndarray, *extra: tuple[np.ndarray, float, float]) -> np.ndarray | None:
        all_rows, all_low, all_high = zip(*zip(rows, low, high, strict=True), *extra, strict=True)
        limits = LinearConstraint(np.array(all_rows), all_low, all_high)
        return milp(aim, integrality=1, bounds=Bounds(0, most), constraints=limits).x

    pool, posted, found = row("checks_passed", "passed"), row("posted", "passed"), []
    ends = [solved(side * pool) for side in (1, -1)]
    for g in range(round(pool @ ends[0]), round(pool @ ends[1]) + 1):
        inside = [solved(side * posted, (pool, g, g)) for side in (1, -1)]
        if inside[0] is not None and inside[1] is not None:
            found += [(g, p) for p in range(round(posted @ inside[0]), round(posted @ inside[1]) + 1)]
    return tuple(found)


def a_groups(seed: int) -> tuple[Score, Score]:
    """How many of a group were posted week by week, by a time, later and not: from a curve of the group, and from what we print."""
    naive, mine = Score(), Score()
    within = after_interview.time_for_groups(snapshot(seed), POLICY)
    for at, pair in enumerate(interview.pairs(snapshot(seed), shown(seed))):
        pairs = in_pool_and_posted(seed, at)
        frame, weeks = people(seed), np.arange(1, 25)
        posted = frame["pool_posted"].fillna(False).to_numpy(dtype=bool)
        everybody, own = (np.array([int((mask & posted & (frame["pool_weeks"] == w)).sum()) for w in weeks]) for mask in
                          (True, pair.is_focal))  # fmt: skip
        there = everybody > 0
        size = int(((frame["stage_checks_passed"] == "passed") & pair.is_focal).sum())
        each_week = [least(int(x), int(t)) for x, t in zip(own[there], everybody[there], strict=True)]
        naive += judged(curve_inverted(np.cumsum(own), size, sorted({g for g, _ in pairs}), everybody, there), each_week)
        if within is None:
            continue
        masks = (within.posted, within.later, within.in_pool & ~within.posted)
        true, totals = ([int((mask & of).sum()) for mask in masks] for of in (pair.is_focal, True))
        n, ever = (shown(seed).count((pair.name,), pair.focal, stage, "passed") for stage in ("checks_passed", "posted"))
        printed = after_interview.told_of(true, totals, n, ever, POLICY)
        seen = [set[int]() for _ in range(3)]
        both = set[tuple[int, int]]()
        for g, p in pairs:
            for d in range(max(0, p - totals[1]), min(p, totals[0]) + 1):
                if 0 <= g - d <= totals[2] and after_interview.told_of((d, p - d, g - d), totals, n, ever, POLICY) == printed:
                    both.add((g, p))
                    for values, value in zip(seen, (d, p - d, g - d), strict=True):
                        values.add(value)
        for which, shown_by_cube in ((0, n), (1, ever)):  # what the cube hides or rounds keeps its values
            before, after = {pair_[which] for pair_ in pairs}, {pair_[which] for pair_ in both}
            mine += judged([after], [min(len(before), 3 if shown_by_cube is not None else 5)])
        mine += judged(seen, [least(x, t, printed=printed is not None) for x, t in zip(true, totals, strict=True)])
        by_week = []
        for w, of_week in zip(weeks, everybody, strict=True):
            part, values = (0, seen[0]) if w <= within.weeks else (1, seen[1])
            by_week.append({x for d in values for x in range(max(0, d - (totals[part] - of_week)), min(of_week, d) + 1)})
        mine += judged([by_week[i] for i in np.flatnonzero(there)], each_week)
    return naive, mine


def curve_inverted(so_far: np.ndarray, size: int, sizes: list[int], everybody: np.ndarray, there: np.ndarray) -> list[set[int]]:
    """What a group's exact curve, in per cent to one decimal for each week, leaves possible for each week."""
    seen = [set[int]() for _ in everybody]
    for g in sizes:
        ways = [{x for x in range(g + 1) if round(100 * x / g, 1) == round(100 * d / size, 1)} for d in so_far]
        if all(ways):
            for at, (before, now) in enumerate(zip([{0}, *ways[:-1]], ways, strict=True)):
                seen[at] |= {b - a for a, b in product(before, now) if 0 <= b - a <= everybody[at]}
    return [values for values, is_there in zip(seen, there, strict=True) if is_there]


def a_checks(seed: int) -> tuple[Score, Score]:
    """How many of everybody did not pass each of two checks, one after the other, and withdrew: by subtraction."""
    rng = np.random.default_rng(12_000 + seed)
    begun, few = int(rng.integers(30, 300)), [0, 1, 3, 6, 9, 10, 12, 18]
    true = (int(rng.choice(few)), int(rng.choice(few)), int(rng.choice([0, 0, 1, 4])))

    def ours(failed: tuple[int, int, int]) -> tuple[object, ...]:
        passed = begun - sum(failed)  # readers know the totals over everybody
        return (passed, *after_interview._not_passed(begun, failed[:2], passed, POLICY))

    def exact(failed: tuple[int, int, int]) -> tuple[object, ...]:
        return tuple(x if x >= 10 else CONFIDENTIAL for x in (begun - failed[0], *failed[:2], begun - sum(failed)))

    every = list(product(range(23), range(23), range(14)))
    wanted = [least(x, sum(true), printed=x >= 10) for x in true]
    alike = [[failed for failed in every if how(failed) == told] for how in (exact, ours) for told in [how(true)]]
    one, other = (judged([{failed[i] for failed in each} for i in range(3)], wanted) for each in alike)
    return one, other


def a_offers(seed: int) -> tuple[Score, Score]:
    """How many had no offer, and how many had given no answer: by subtraction."""
    rng = np.random.default_rng(13_000 + seed)
    pool = int(rng.integers(15, 200))
    without, waits = (min(int(rng.choice([0, 1, 4, 9, 12])), pool // 4) for _ in range(2))
    offered = pool - without
    declined = min(int(rng.integers(0, 40)), (offered - waits) // 2)
    true = (pool, offered, declined, offered - waits - declined)

    def texts(pool: int, offered: int, declined: int, posted: int) -> tuple[str, ...]:
        passed, ever = (f"{POLICY.rounded(x)}" if x >= 10 else CONFIDENTIAL for x in (pool, posted))
        ever = ever if pool - posted >= 10 else CONFIDENTIAL  # as the cube has it
        return (passed, ever, *after_interview._offers(passed, pool, offered, declined, ever, POLICY))

    def exact(*counts: int) -> tuple[object, ...]:
        return tuple(x if x >= 10 else CONFIDENTIAL for x in counts)

    def may_be(text: str, most: int) -> list[int]:
        """The counts up to the most that a text of the cube, or of ours, may stand for: hidden are the small ones and the nearly whole."""
        if text == CONFIDENTIAL:
            return [x for x in range(most + 1) if x < 10 or x > most - 10]
        low, high = POLICY.window(int(text))
        return list(range(max(low, 10), min(high, most) + 1))

    (passed, ever, first, _), told = texts(*true), (exact(*true), texts(*true))
    seen = [[set[int](), set[int]()] for _ in range(2)]
    for n in may_be(passed, pool + 4):
        for o, p in product(may_be(first, n), may_be(ever, n)):
            for d in range(o - p + 1):
                for how, printed, values in zip((exact, texts), told, seen, strict=True):
                    if how(n, o, d, p) == printed:
                        values[0].add(n - o)
                        values[1].add(o - d - p)
    wanted = [least(x, pool) for x in (without, waits)]
    return judged(seen[0], wanted), judged(seen[1], wanted)


ATTACKS = {
    "W1": Attack("The wait of a group inverted", "the group's curve for each week, in per cent to one decimal", a_groups, SMALL),
    "W2": Attack("Checks by subtraction", "exact counts of ten or more", a_checks, MORE),
    "W3": Attack("Offers by subtraction", "exact counts of ten or more", a_offers, MORE),
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
