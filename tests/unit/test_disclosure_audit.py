"""The audit against enumeration of every possible table, its judgement, and its refusals."""

from __future__ import annotations

from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest

from standardsetting.cohort.verdict import verdicts
from standardsetting.disclosure.audit import agreeing, attack
from standardsetting.disclosure.bounds import ContradictionError, System, _Programme
from standardsetting.disclosure.cube import MEASURES, Characteristic, Declaration, ending
from standardsetting.disclosure.policy import Policy
from standardsetting.disclosure.statements import Before, Statement, Term, VerdictTold, known
from standardsetting.errors import WorkbenchError

SEX = Characteristic("sex", ("women", "men"), "men", undeclared=("not asked",))
DISABILITY = Characteristic("disability", ("yes", "no"), "no", undeclared=())
NEVER = frozenset((stage, state) for stage in ("met", "posted") for state in ("deferred", "pending"))
ONE = Declaration(("applied", "met", "posted"), (SEX,), (("sex",),), NEVER)
TWO = Declaration(("applied", "met"), (SEX, DISABILITY), (("sex",), ("disability",), ("sex", "disability")))
WOMEN, MEN, UNKNOWN = ((("sex", (g,)),) for g in ("women", "men", "not asked"))


def released(declaration, totals, told, **policy):
    counts = np.array([totals.get(ending(*kind), 0) for kind in declaration.classes])
    return SimpleNamespace(declaration=declaration, totals=counts, told=tuple(told), policy=Policy(**policy))


def enumerated(release):
    """Every integer table with these totals that agrees with what was told, by going through all of them."""
    declaration, bases = release.declaration, [c.base for c in release.declaration.characteristics]
    cells = list(product(*bases))
    names = [c.name for c in declaration.characteristics]

    def ways(total, places):
        if places == 1:
            yield (total,)
            return
        for first in range(total + 1):
            yield from ((first, *rest) for rest in ways(total - first, places - 1))

    def count(table, where, stage, measure):
        inside = np.array([all(dict(zip(names, cell, strict=True))[n] in members for n, members in where) for cell in cells])
        return int(table[inside][:, declaration.counted(stage, measure)].sum())

    for columns in product(*(list(ways(int(t), len(cells))) for t in release.totals)):
        table = np.array(columns).T
        if all(
            (s.low is None or value >= s.low) and (s.high is None or value <= s.high)
            for s in release.told
            for value in [sum(t.weight * count(table, t.where, t.stage, t.measure) for t in s.terms)]
        ):
            yield lambda where, stage, measure, table=table: count(table, where, stage, measure)


CASES = [
    released(ONE, {"met: not passed": 4, "met: withdrawn": 2, "posted: not passed": 1, "posted: passed": 3}, [
        known(WOMEN, "applied", "entered", 3, 5), known(WOMEN, "met", "passed", 1, 2), known(UNKNOWN, "applied", "entered", 0, 2),
    ]),
    released(ONE, {"met: not passed": 5, "posted: not passed": 3, "posted: passed": 3}, [
        known(MEN, "applied", "entered", 6, 8), known(WOMEN, "applied", "entered", 2, 3),
        Statement((Term(MEN, "applied", "entered"), Term(MEN, "met", "passed", -1)), 3, None), known(MEN, "posted", "passed", 1, 1),
    ]),
    released(TWO, {"met: not passed": 3, "met: passed": 4}, [
        known((("sex", ("women",)),), "applied", "entered", 3, 4), known((("disability", ("yes",)),), "applied", "entered", 2, 2),
        known((("sex", ("women",)), ("disability", ("yes",))), "met", "passed", 1, None), known(UNKNOWN, "applied", "entered", 0, 0),
    ]),
]  # fmt: skip


@pytest.mark.parametrize("release", CASES)
def test_every_bound_is_the_one_that_enumeration_finds(release) -> None:
    tables = list(enumerated(release))
    assert len(tables) > 5
    bounds = attack(release, exact=True).bounds
    wheres = {(" by ".join(t), g): w for t in release.declaration.tables for g, w in release.declaration.groups(t).items()}
    checked = 0
    for line in bounds.itertuples():
        where = wheres.get((line.table, line.group), UNKNOWN)
        values = [count(where, line.stage, line.measure) for count in tables]
        assert (line.low, line.high) == (min(values), max(values)), (line.table, line.group, line.stage, line.measure)
        checked += 1
    assert checked > 10


EARLIER = Declaration(("applied", "met"), (SEX,), (("sex",),), frozenset({("met", "deferred")}))
THEN = [known(WOMEN, "applied", "entered", 2, 4), known(WOMEN, "met", "passed", 1, 1), known(WOMEN, "met", "pending", None, 2)]
SERIES = [
    # Three were pending and have passed since, one of them was posted; nobody else moved.
    (
        {"met: not passed": 3, "met: pending": 3, "met: passed": 2},
        {"met: not passed": 3, "posted: not passed": 4, "posted: passed": 1},
        THEN,
        [known(WOMEN, "met", "passed", 3, 5), known(UNKNOWN, "applied", "entered", 0, 1)],
    ),
    # A standard set anew: two more passed.
    (
        {"met: not passed": 5, "met: passed": 3},
        {"met: not passed": 3, "posted: not passed": 3, "posted: passed": 2},
        [known(WOMEN, "met", "not passed", 2, 3), known(MEN, "applied", "entered", 3, None)],
        [known(WOMEN, "met", "passed", 2, 2)],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("then", "now", "told_then", "told_now"), SERIES)
def test_two_snapshots_are_solved_together_as_enumeration_does(then, now, told_then, told_now) -> None:
    """Every pair of tables in which no group moved against the stream, by going through all of them."""
    earlier, later = released(EARLIER, then, told_then), released(ONE, now, told_now)
    groups = [((("sex", (g,)),)) for g in SEX.base]
    both = [(s, m) for s in EARLIER.stages for m in MEASURES]
    stream = {link: int(later.totals[ONE.counted(*link)].sum()) - int(earlier.totals[EARLIER.counted(*link)].sum()) for link in both}

    def follows(past, present) -> bool:
        moved = ((n, present(w, *link) - past(w, *link)) for w in groups for link, n in stream.items())
        return all(min(0, n) <= each <= max(0, n) for n, each in moved)

    pasts = list(enumerated(earlier))
    tables = [present for present in enumerated(later) if any(follows(past, present) for past in pasts)]
    assert len(tables) > 2
    before = [Before(EARLIER, earlier.totals, earlier.told)]
    bounds, alone = (attack(later, before=given, exact=True).bounds for given in (before, []))
    narrower = 0
    for line, apart in zip(bounds.itertuples(), alone.itertuples(), strict=True):
        where = {"women": WOMEN, "men": MEN}.get(line.group, UNKNOWN)
        values = [count(where, line.stage, line.measure) for count in tables]
        assert (line.low, line.high) == (min(values), max(values)), (line.group, line.stage, line.measure)
        narrower += (line.low, line.high) != (apart.low, apart.high)
    assert narrower > 3, "an earlier release that tells nothing shows nothing"


def test_somebody_who_moved_against_the_stream_leaves_the_newer_release_to_be_judged_alone() -> None:
    """A woman passed whose result was then taken back, while two men passed: readers who believe in the stream find nothing that fits."""
    now = released(ONE, {"met: not passed": 5, "posted: passed": 5}, [known(WOMEN, "met", "passed", 1, 1)])
    past = released(EARLIER, {"met: not passed": 6, "met: passed": 4}, [known(WOMEN, "met", "passed", 2, 2)])
    then = Before(EARLIER, past.totals, past.told)
    both, alone = (attack(now, before=given, exact=True).bounds for given in ([then], []))
    assert both.equals(alone)


def test_one_characteristic_that_moved_backwards_does_not_part_the_others_from_what_came_before() -> None:
    """Sex was told so that both snapshots together settle a count; a figure on disability that fits no earlier one must not hide that."""
    apart = Declaration(("applied", "met"), (SEX, DISABILITY), (("sex",), ("disability",)))
    able = (("disability", ("yes",)),)
    totals = {"met: not passed": 60, "met: passed": 40}
    then = released(apart, totals, [known(WOMEN, "met", "passed", 8, 12), known(able, "met", "passed", 9, 9)])
    told = [known(WOMEN, "met", "passed", 12, 16)]
    now = released(apart, totals, told)
    before = [Before(apart, then.totals, then.told)]
    backwards = attack(now, also=[known(able, "met", "passed", 5, 5)], before=before)
    assert not attack(now, before=before).passed and attack(now, before=before).alone == ()
    assert "sex" in backwards.failing and backwards.alone == ("disability",)


@pytest.mark.parametrize("release", CASES)
def test_stopping_early_decides_the_same(release) -> None:
    exact, early = attack(release, exact=True), attack(release)
    assert (exact.passed, exact.failing) == (early.passed, early.failing)
    both = exact.bounds.merge(early.bounds, on=["table", "group", "stage", "measure"])
    assert ((both["low_y"] <= both["low_x"]) & (both["high_x"] <= both["high_y"])).all()
    assert (both["values_y"] <= both["values_x"]).all()
    assert ((both["values_y"] >= 5) | (both["values_y"] == both["values_x"])).all()


def test_a_count_that_is_settled_fails_and_says_so_without_figures() -> None:
    release = released(ONE, {"met: not passed": 40, "posted: passed": 60}, [known(WOMEN, "met", "passed", 7, 8)])
    result = attack(release)
    assert not result.passed
    assert result.failing == ("sex",)
    assert not any(digit in reason for reason in result.reasons for digit in "78")
    assert "HiGHS" in result.solver


def test_an_outcome_implied_for_a_group_is_named() -> None:
    release = released(ONE, {"met: not passed": 40, "posted: passed": 60}, [known(WOMEN, "met", "passed", 0, 0)])
    assert any("nobody passed" in reason for reason in attack(release).reasons)


def test_nothing_told_passes_and_only_totals_are_known() -> None:
    result = attack(released(ONE, {"met: not passed": 40, "posted: passed": 60}, []), exact=True)
    assert result.passed
    women = result.bounds.query("group == 'women' and stage == 'met' and measure == 'passed'").iloc[0]
    assert (women["low"], women["high"]) == (0, 60)


def test_contradictions_are_an_error() -> None:
    with pytest.raises(ContradictionError):
        attack(released(ONE, {"met: not passed": 4, "posted: passed": 6}, [known(WOMEN, "met", "passed", 7, 9)]))


def test_a_solver_that_does_not_finish_is_an_error_and_no_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("standardsetting.disclosure.bounds.SECONDS_PER_PROGRAMME", 0.0)
    system = System(60)
    rng = np.random.default_rng(1)
    for _ in range(30):
        system.add(rng.integers(1, 40, 60), 100, 5_000)
    with pytest.raises(WorkbenchError, match="did not finish"):
        _Programme(system)._solve(rng.integers(-9, 9, 60), 1)


def test_a_fractional_relaxation_is_solved_again_in_whole_numbers() -> None:
    system = System(3)
    for pair in ([1, 1, 0], [0, 1, 1], [1, 0, 1]):
        system.add(np.array(pair), None, 1)
    found = system.bounds([np.array([1, 1, 1])])
    assert (found.low[0], found.high[0]) == (0, 1)  # the relaxation alone says 1.5


def test_a_verdict_narrows_what_the_group_can_have_done() -> None:
    told = [known(WOMEN, "applied", "entered", 20, 30), known(MEN, "applied", "entered", 195, 205)]
    totals = {"met: not passed": 115, "posted: passed": 115}
    plain = attack(released(ONE, totals, told), exact=True).bounds
    verdict = attack(released(ONE, totals, [*told, VerdictTold(WOMEN, MEN, "met", 1)]), exact=True).bounds
    where = "group == 'women' and stage == 'met' and measure == 'passed'"
    before, after = plain.query(where).iloc[0], verdict.query(where).iloc[0]
    assert after["high"] < before["high"]
    assert after["low"] == before["low"] == 0


def test_a_verdict_over_a_span_is_about_those_who_began_it() -> None:
    told = [known(WOMEN, "applied", "entered", 20, 30), known(MEN, "applied", "entered", 195, 205)]
    totals = {"met: not passed": 115, "posted: not passed": 5, "posted: passed": 110}
    ends = {}
    for since in (None, "applied", "met"):
        bounds = attack(released(ONE, totals, [*told, VerdictTold(WOMEN, MEN, "posted", 1, since)]), exact=True).bounds
        line = bounds.query("group == 'women' and stage == 'posted' and measure == 'passed'").iloc[0]
        ends[since] = (line["low"], line["high"])
    assert ends[None] == ends["met"]
    assert ends["applied"] != ends["met"]
    # Of at most 30 women fewer than a tenth of 30 or so below four fifths of half: a gap of that size leaves no more than eleven.
    assert ends["applied"][1] < ends["met"][1]


def test_the_verdict_box_agrees_with_going_through_every_table() -> None:
    from standardsetting.cohort.verdict import verdicts

    pairs = {tuple(p) for p in agreeing(1, entered=(10, 25), passed=(0, 25), others=(60, 64), others_passed=(40, 44)).tolist()}
    grid = [(n, a, m, c) for n in range(10, 26) for a in range(n + 1) for m in range(60, 65) for c in range(40, 45)]
    codes = verdicts([g[1] for g in grid], [g[0] for g in grid], [g[3] for g in grid], [g[2] for g in grid])
    assert pairs == {g[:2] for g, code in zip(grid, codes, strict=True) if code == 1}


@pytest.mark.parametrize("code", range(6))
@pytest.mark.parametrize("box", [((10, 22), (3, 20), (85, 105), (75, 101)), ((12, 16), (0, 16), (40, 47), (20, 47))])
def test_no_pair_that_widens_what_a_verdict_allows_is_missed(code: int, box: tuple[tuple[int, int], ...]) -> None:
    """A gap of uncertain size lies in a narrow band near equal rates of a large group: five steps along its counts can miss it."""
    entered, passed, others, others_passed = box
    grid = [np.arange(low, high + 1) for low, high in box]
    n, a, m, c = (each.ravel() for each in np.meshgrid(*grid, indexing="ij"))
    possible = (a <= n) & (c <= m)
    n, a, m, c = n[possible], a[possible], m[possible], c[possible]
    carries = verdicts(a, n, c, m) == code
    found = agreeing(code, entered=entered, passed=passed, others=others, others_passed=others_passed)
    if not carries.any():  # a verdict that cannot have been printed says nothing
        carries[:] = True
    for mine, true in ((found[:, 0], n), (found[:, 1], a), (found[:, 0] - found[:, 1], n - a)):
        assert (mine.min(), mine.max()) == (true[carries].min(), true[carries].max())
