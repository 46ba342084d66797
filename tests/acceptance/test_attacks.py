"""Attacks A1 to A18 on random cohorts: each first on a naive method, which must leak, then on ours, which must not.

Run as a program with a number of cohorts it prints the table of docs/disclosure.md.
"""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from attacking import Attack, Score, print_rows

from standardsetting.cohort.positive_action.reported.two_cubes import workshops_beside
from standardsetting.cohort.verdict import verdicts
from standardsetting.disclosure import releases
from standardsetting.disclosure.audit import Readers, agreeing, attack
from standardsetting.disclosure.cube import Characteristic, Cube, Declaration, ending
from standardsetting.disclosure.gate import Piece, check
from standardsetting.disclosure.policy import Policy
from standardsetting.disclosure.protect import protect, singletons
from standardsetting.disclosure.statements import Before, Statement, Term, VerdictTold, known
from standardsetting.errors import DisclosureError

SMALL, FEWER = 6, 3
SIGNED = {"recipients": ["director"], "prepared_by": "Ada One", "signed_by": "Bo Two", "when": datetime(2024, 1, 5, tzinfo=UTC)}
ETHNIC = ("Asian", "Black", "Mixed", "Other", "White")
UNKNOWN = ("prefer not to say", "not asked")
TWO = {g: "White" if g == "White" else "ethnic minority" for g in ETHNIC}
SEX = Characteristic("sex", ("women", "men"), "men", undeclared=UNKNOWN)
ETHNICITY = Characteristic("ethnicity_5", ETHNIC, "White", {"ethnicity_2": TWO}, UNKNOWN)
DECLARED = Declaration(("applied", "met"), (SEX, ETHNICITY), (("sex",), ("ethnicity_2",), ("ethnicity_5",), ("sex", "ethnicity_2")))
POLICY = Policy()
# The same people by a longer way: stages that nobody can fail, stages fitted first, verdicts over spans.
WAY = Declaration(
    ("applied", "eligible", "interviewed", "met"), DECLARED.characteristics, DECLARED.tables, frozenset({("interviewed", "not passed")}),
    first=("interviewed", "met", "applied"), spans=(("applied", "met"),),
)  # fmt: skip


@cache
def people(seed: int) -> pd.DataFrame:
    """150 to 700 people, six ethnic groups (one of them undeclared), two sexes and an outcome."""
    rng = np.random.default_rng(1_000 + seed)
    n = int(rng.integers(150, 701))
    shares = rng.dirichlet([4, 3, 1.5, 0.8, 36, 1.2])
    ethnic = rng.choice([*ETHNIC, UNKNOWN[0]], n, p=shares)
    sex = rng.choice(["women", "men", UNKNOWN[0]], n, p=[0.3, 0.69, 0.01])
    passed = rng.random(n) < rng.uniform(0.35, 0.8) - 0.1 * (ethnic != "White")
    return pd.DataFrame({"sex": sex, "ethnicity_5": ethnic, "ending": np.where(passed, ending("met"), ending("met", "not passed"))})


@cache
def cube(seed: int) -> Cube:
    return Cube.of(people(seed), process="attacked", milestone="met", declaration=DECLARED)


@cache
def ours(seed: int):
    return protect(cube(seed))


@cache
def on_the_way(seed: int) -> pd.DataFrame:
    """The same people, some of whom were not eligible, or withdrew or were deferred before the interview."""
    rng = np.random.default_rng(5_000 + seed)
    before = [ending("eligible", "not passed"), ending("interviewed", "withdrawn"), ending("interviewed", "deferred")]
    stop = rng.choice([*before, ""], len(people(seed)), p=[0.12, 0.03, 0.015, 0.835])
    return people(seed).assign(ending=lambda d: np.where(stop == "", d["ending"], stop))


@cache
def way(seed: int) -> Cube:
    return Cube.of(on_the_way(seed), process="attacked", milestone="met", declaration=WAY)


@cache
def ours_on_the_way(seed: int):
    return protect(way(seed))


def groups(declaration: Declaration = DECLARED):
    return {(" by ".join(t), g): where for t in declaration.tables for g, where in declaration.groups(t).items()}


def score(one: Cube, told, *, insiders=(), tables=None, policy: Policy = POLICY) -> Score:
    """What the integer attack finds: cells that are truly small, and are not settled by the totals alone."""
    released = SimpleNamespace(declaration=one.declaration, totals=one.totals, policy=policy, told=tuple(told))
    bounds = attack(released, insiders=insiders).bounds
    wheres, found = groups(one.declaration), Score()
    for line in bounds.itertuples():
        where = wheres.get((line.table, line.group))
        total = one.totals[one.declaration.counted(line.stage, line.measure)].sum()
        if where is None or (tables and line.table not in tables) or one.count(where, line.stage, line.measure) >= 10 or total < 10:
            continue
        found += Score(1, line.values < 5, line.values == 1)
    return found


THREE = (("applied", "entered"), ("met", "passed"), ("met", "not passed"))


def exactly(one: Cube, table: str, group: str, *, least: int = 0):
    where = groups(one.declaration)[table, group]
    return [known(where, s, m, n, n) for s, m in THREE for n in [one.count(where, s, m)] if n >= least]


def suppressed(one: Cube, tables=("sex", "ethnicity_2", "ethnicity_5", "sex by ethnicity_2")):
    """The naive method: every count of ten or more exact, the others hidden, totals exact."""
    return [s for table, group in groups(one.declaration) if table in tables for s in exactly(one, table, group, least=10)]


def rounding(one: Cube):
    """Another naive method: every count rounded to the nearest 5 by itself, small or not."""
    out = []
    for where in groups(one.declaration).values():
        for s, m in THREE:
            low, high = POLICY.window(POLICY.rounded(one.count(where, s, m)))
            out.append(known(where, s, m, max(0, low), high))
    return out


def a1(seed):
    return score(cube(seed), suppressed(cube(seed), ("ethnicity_5",))), score(cube(seed), ours(seed).told, tables=("ethnicity_5",))


def a2(seed):
    """Margins over the shown cells beside true margins: the difference is what is hidden."""
    one = cube(seed)
    told = suppressed(one, ("ethnicity_5",))
    hidden = [w for (t, g), w in groups().items() if t == "ethnicity_5" and one.count(w, "met", "passed") < 10]
    if hidden:
        terms = tuple(Term(w, "met", "passed") for w in hidden)
        total = sum(one.count(w, "met", "passed") for w in hidden)
        told.append(Statement(terms, total, total))
    return score(one, told), score(one, ours(seed).told)


def a3(seed):
    """How many pairs of counts agree with what is printed about a group: rounded counts and exact rates, or ours."""
    one, naive, mine = cube(seed), Score(), Score()
    for (table, group), where in groups().items():
        n, a = one.count(where, "applied", "entered"), one.count(where, "met", "passed")
        if n < 10 or a < 10 or n - a < 10:
            continue
        (n_low, n_high), (a_low, a_high) = POLICY.window(POLICY.rounded(n)), POLICY.window(POLICY.rounded(a))
        printed = round(100 * a / n, 1)
        pairs = [(x, y) for x in range(n_low, n_high + 1) for y in range(a_low, a_high + 1) if round(100 * y / x, 1) == printed]
        naive += Score(1, len({y for _, y in pairs}) < 3, len(pairs) == 1)
        bounds = ours(seed).audit.bounds.set_index(["table", "group", "stage", "measure"])
        lines = bounds.loc[[(table, group, "met", "passed")]]
        mine += Score(1, bool((lines["values"] < 3).any()), bool((lines["values"] == 1).any()))
    return naive, mine


def a1_withdrawn(seed):
    """Those who were eligible less those who were interviewed: how many of a group withdrew or were deferred."""
    counts = [(w, s, way(seed).count(w, s, "passed")) for w in groups(WAY).values() for s in ("eligible", "interviewed")]
    told = [known(where, stage, "passed", n, n) for where, stage, n in counts if n >= 10]
    return score(way(seed), told), score(way(seed), ours_on_the_way(seed).told)


def a3_spans(seed):
    """Rates over a stage and over a span, exact beside rounded counts; ours prints verdicts alone, each with the true comparator known."""
    one, release, naive, mine = way(seed), ours_on_the_way(seed), Score(), Score()
    chain = (("applied", "entered"), ("interviewed", "passed"), ("met", "passed"))
    for (table, group), where in groups(WAY).items():
        true = [one.count(where, *link) for link in chain]
        lines = release.cells[(release.cells["table"] == table) & (release.cells["group"] == group)]
        if group == WAY.comparator(tuple(table.split(" by "))) or true[1] < 10 or min(true[2], true[1] - true[2]) < 10:
            continue
        windows = [POLICY.window(POLICY.rounded(count)) for count in true]
        printed = round(100 * true[2] / true[1], 1), round(100 * true[2] / true[0], 1)
        ways = {a for n in span(windows[0]) for i in span(windows[1]) for a in span(windows[2])
                if (round(100 * a / i, 1), round(100 * a / n, 1)) == printed}  # fmt: skip
        naive += Score(1, len(ways) < 3, len(ways) == 1)
        if set(lines["channel"]) == {"verdict"} and true[0] < 50:
            left = passing(one, release, table, where)
            assert true[2] in left
            mine += Score(1, len(left) < 5, len(left) == 1)
    bounds = release.audit.bounds
    return naive, mine + Score(len(bounds), int(((bounds["values"] < 3) & (unaided(one, bounds) >= 3)).sum()), 0)


def span(window: tuple[int, int]) -> range:
    return range(window[0], window[1] + 1)


def unaided(one: Cube, bounds: pd.DataFrame):
    links = zip(bounds["stage"], bounds["measure"], strict=True)
    return np.array([one.totals[one.declaration.counted(*link)].sum() + 1 for link in links])


def passing(one: Cube, release, table: str, where) -> set[int]:
    """How many of a group may have met the standard: every chain of fewer than 50 people that agrees with its verdicts, by enumeration."""
    comparator = groups(WAY)[table, WAY.comparator(tuple(table.split(" by ")))]
    codes = {(v.since, v.stage): v.code for v in release.told if isinstance(v, VerdictTold) and v.where == where}
    began, passed = (grid.ravel() for grid in np.meshgrid(np.arange(50), np.arange(50), indexing="ij"))

    def agrees(since, stage, *, at):
        fits = passed <= began
        if (since, stage) in codes:
            fits &= began >= 10
            others = np.full(fits.sum(), one.count(comparator, stage, "passed")), np.full(fits.sum(), one.count(comparator, *at))
            fits[fits] = verdicts(passed[fits], began[fits], *others) == codes[since, stage]
        return fits.reshape(50, 50)

    eligible = agrees(None, "eligible", at=("applied", "entered"))
    met = agrees(None, "met", at=("interviewed", "passed"))
    whole = agrees("applied", "met", at=("applied", "entered"))
    interviewed = eligible.astype(int) @ np.tril(np.ones((50, 50), dtype=int))  # of those eligible, any number but more
    chains = (interviewed @ met.astype(int) > 0) & whole
    return set(np.flatnonzero(chains[10:].any(axis=0)).tolist())


def a4(seed):
    """Rates from exact counts beside rounded ones; ours come from the protected counts, so they say nothing that those do not."""
    naive, _ = a3(seed)
    mine = Score()
    cells = ours(seed).cells
    for line in cells[(cells["measure"] == "rate") & cells["value"].notna()].itertuples():
        same = (cells["table"] == line.table) & (cells["group"] == line.group) & (cells["stage"] == line.stage)
        here = cells[same].set_index("measure")["value"]
        derived = round(100 * here["passed"] / here["entered"])
        mine += Score(1, abs(derived - line.value) > 1, False)
    return naive, mine


def a5(seed):
    return score(cube(seed), suppressed(cube(seed))), score(cube(seed), ours(seed).told)


def a6(seed):
    return score(cube(seed), rounding(cube(seed))), score(cube(seed), ours(seed).told)


def a7(seed):
    """All candidates, and internal candidates only: the difference is the transferees."""
    rng = np.random.default_rng(seed)
    internal = people(seed)[rng.random(len(people(seed))) > 0.06]
    part = Cube.of(internal, process="attacked", milestone="met", declaration=DECLARED)
    naive = Score()
    for where in groups().values():
        for s, m in (("applied", "entered"), ("met", "passed")):
            both = cube(seed).count(where, s, m), part.count(where, s, m)
            if both[0] - both[1] < 10 <= both[1]:
                naive += Score(1, 1, 1)
    return naive, later(seed, part)


def kept(release) -> releases.History:
    """The ledger after a release."""
    folder = Path(tempfile.mkdtemp())
    releases.record(folder, release, **SIGNED)
    return releases.read(folder)


def later(seed: int, changed: Cube) -> Score:
    """The protected values of another snapshot, when those of the first are known: how far differences are told."""
    before, history = ours(seed).cells, kept(ours(seed))
    after = protect(changed, earlier=history.earlier, before=history.before(changed)).cells
    key = ["table", "group", "stage", "measure"]
    pair = before.merge(after, on=key, suffixes=("", "_after")).query("channel == 'counts' and measure in ['entered', 'passed']")
    shown = pair.dropna(subset=["value", "value_after"])
    moved = shown[shown["value"] != shown["value_after"]]
    # A reused value tells nothing; a changed one tells a move of at least ten, within the two windows.
    narrow = ((moved["high_after"] - moved["low_after"]) + (moved["high"] - moved["low"]) + 1 < 5).sum()
    appeared = pair["value"].isna() & pair["value_after"].notna() & (pair["value_after"] < 20)
    return Score(len(pair), int(narrow + appeared.sum()), 0)


def a8(seed):
    """A weekly series: whoever knows that a count moves by at most one a week reads it off the week in which the rounded count changes."""
    rng = np.random.default_rng(seed)
    start = cube(seed).count(groups()["sex", "women"], "met", "passed")
    weeks = start + np.cumsum(rng.random(26) < 0.5)
    shown = [POLICY.rounded(int(n)) for n in weeks]
    naive = Score(1, *(2 * [any(a != b for a, b in pairwise(shown))]))
    return naive, Score(1, *(2 * [weekly_release_is_possible(seed)]))


def weekly_release_is_possible(seed: int) -> bool:
    folder, release = Path(tempfile.mkdtemp()), ours(seed)
    releases.record(folder, release, **SIGNED)
    moved = people(seed).copy()
    moved.loc[0, "ending"] = ending("met", "withdrawn")
    week = Cube.of(moved, process="attacked", milestone="met", declaration=DECLARED)
    try:
        releases.record(folder, SimpleNamespace(**{**release.__dict__, "hash": week.hash}), **SIGNED)
    except DisclosureError:
        return False
    return True


def all_or_none(seed: int) -> Cube:
    """The same cohort, but every Asian candidate met the standard and no Black candidate did."""
    frame = people(seed).copy()
    frame.loc[frame["ethnicity_5"] == "Asian", "ending"] = ending("met")
    frame.loc[frame["ethnicity_5"] == "Black", "ending"] = ending("met", "not passed")
    return Cube.of(frame, process="attacked", milestone="met", declaration=DECLARED)


def a9(seed):
    one = all_or_none(seed)
    few = [g for g in ("Asian", "Black") if one.count(groups()["ethnicity_5", g], "applied", "entered")]
    naive = Score(len(few), len(few), len(few))  # a printed 0 or 100 per cent tells the outcome of each of them
    release = protect(one)
    shown = release.cells.query("measure == 'rate'")["shown"].isin(["0%", "100%"]).sum()
    told = sum("nobody passed" in r or "everybody passed" in r for r in release.audit.reasons)
    return naive, Score(len(few), int(shown + told), 0)


def a10(seed):
    return alone(people(seed).copy(), DECLARED)


def a10_spans(seed):
    """The same where there are verdicts over spans, and stages shown though few were lost."""
    return alone(on_the_way(seed).copy(), WAY)


def alone(frame: pd.DataFrame, declaration: Declaration) -> tuple[Score, Score]:
    drop = frame.index[frame["ethnicity_5"] == "Other"][1:]
    frame.loc[drop, "ethnicity_5"] = "White"
    one = Cube.of(frame, process="attacked", milestone="met", declaration=declaration)
    inside = singletons(one)
    return score(one, suppressed(one), insiders=inside), score(one, protect(one).told, insiders=inside)


def a11(seed):
    """A press line with a true count: the gate must stop it."""
    n = cube(seed).count(groups()["ethnicity_5", "Black"], "met", "passed")
    line = Piece("speech.txt", "page", f"{n} Black candidates met the standard")
    printed = {int(v) for v in ours(seed).cells["value"].dropna()}
    return Score(1, n < 10, n < 10), Score(1, *(2 * [n not in printed and not check([line], allowed=printed)]))


def a12(seed):
    """A new merge: people of mixed background counted with White for once. The difference is the group."""
    moved = cube(seed).count(groups()["ethnicity_5", "Mixed"], "applied", "entered")
    other = Characteristic("ethnicity_5", ETHNIC, "White", {"ethnicity_2": {**TWO, "Mixed": "White"}}, UNKNOWN)
    changed = Declaration(DECLARED.stages, (SEX, other), DECLARED.tables)
    return Score(1, moved < 10, moved < 10), Score(1, *(2 * [second_declaration_is_possible(seed, changed)]))


def second_declaration_is_possible(seed: int, changed: Declaration) -> bool:
    folder, release = Path(tempfile.mkdtemp()), ours(seed)
    releases.record(folder, release, **SIGNED)
    try:
        releases.record(folder, SimpleNamespace(**{**release.__dict__, "declaration": changed, "milestone": "later"}), **SIGNED)
    except DisclosureError:
        return False
    return True


def a13(seed):
    """An appeal moves one woman from not passed to passed."""
    frame = people(seed).copy()
    who = frame.index[(frame["sex"] == "women") & (frame["ending"] == ending("met", "not passed"))][0]
    frame.loc[who, "ending"] = ending("met")
    changed = Cube.of(frame, process="attacked", milestone="met", declaration=DECLARED)
    return Score(1, 1, 1), later(seed, changed)


def a13_milestones(seed):
    """Two milestones, between which some results came in late, solved together."""
    rng = np.random.default_rng(9_000 + seed)
    late = people(seed)["ending"].str.startswith("met") & (rng.random(len(people(seed))) < (0.01, 0.04, 0.3)[seed % 3])
    then = people(seed).assign(ending=lambda d: np.where(late, ending("met", "pending"), d["ending"]))
    first, second = (Cube.of(p, process="attacked", milestone=m, declaration=DECLARED) for p, m in ((then, "one"), (people(seed), "two")))
    history = kept(protect(first))
    naive = attack(readers(second, suppressed(second)), before=[Before(DECLARED, first.totals, tuple(suppressed(first)))])
    before = history.before(second)
    release = protect(second, earlier=history.earlier, before=before)
    return by_the_rule(second, naive.bounds), by_the_rule(second, attack(release, before=before).bounds)


def readers(one: Cube, told) -> Readers:
    return Readers(one.declaration, one.totals, POLICY, tuple(told))


def by_the_rule(one: Cube, bounds: pd.DataFrame, left=np.inf) -> Score:
    """Five values for what may be small, three for anything else, where the totals leave as many; or what is left without the release."""
    few = (bounds["values"] < np.minimum(np.where(bounds["low"] < 10, 5, 3), np.minimum(unaided(one, bounds), left))).to_numpy()
    return Score(len(bounds), int(few.sum()), int((few & (bounds["values"] == 1)).sum()))


OPENED = Characteristic("opened_by", ("women", "ethnic minority men"), "ethnic minority men", undeclared=())
REACH = Declaration(("open", "invited", "booked", "attended"), (OPENED,), (("opened_by",),))
LINES = {"women": ((("sex", ("women",)),),), "ethnic minority men": ((("ethnicity_5", ETHNIC[:-1]), ("sex", ("men", UNKNOWN[0]))),)}


def a5_workshops(seed):
    """Whom workshops reached, beside the way through the stages: they were open to the eligible of two groups."""
    rng, main = np.random.default_rng(7_000 + seed), way(seed)
    frame = on_the_way(seed)
    eligible = frame[~frame["ending"].str.startswith("eligible")]
    women, minority = eligible["sex"] == "women", eligible["ethnicity_5"].isin(ETHNIC[:-1])
    open_to = pd.DataFrame({"opened_by": np.where(women, *OPENED.groups)})[(women | minority).to_numpy()]
    step = rng.choice(["invited", "booked", "attended", ""], len(open_to), p=[0.08, 0.2, 0.2, 0.52])
    open_to["ending"] = [ending(s, "not passed") if s else ending("attended") for s in step]
    reach = Cube.of(open_to, process="attacked", milestone=releases.WORKSHOPS, declaration=REACH)
    lines = {(("opened_by", (g,)),): [("open", "entered"), ("attended", "passed")] for g in OPENED.groups}
    exact = SimpleNamespace(told=tuple(many(reach, lines)), cells=pd.DataFrame(columns=["group", "stage", "measure", "value"]))
    told = many(main, {w: [(s, "passed") for s in WAY.stages[1:]] for w in groups(WAY).values()})
    hears = workshops_beside(reach, main, LINES, kept(ours_on_the_way(seed)), POLICY)
    attacked = []
    try:
        release = protect(reach, given=hears.given, beside=lambda made: attacked.append(hears.beside(made)) or attacked[-1])
    except DisclosureError:  # the number of all to whom workshops were open would tell too much of the other cube: refused
        ours = Score(1)
    else:
        # What the main cube leaves of whom workshops were open to, whatever the workshops' cube shows.
        left = attack(readers(reach, hears.given)).bounds["values"]
        ours = by_the_rule(reach, release.audit.bounds, left) + by_the_rule(main, attacked[-1].bounds)
    naive = workshops_beside(reach, main, LINES, SimpleNamespace(told=lambda _: tuple(told), before=lambda _: ()), POLICY)
    there, here = naive.beside(exact), attack(readers(reach, exact.told), also=naive.given)
    return by_the_rule(reach, here.bounds) + by_the_rule(main, there.bounds), ours


def many(one: Cube, wheres):
    """Every count of ten or more, exact."""
    return [known(where, *link, n, n) for where, links in wheres.items() for link in links for n in [one.count(where, *link)] if n >= 10]


def a14(seed):
    told = suppressed(cube(seed), ("sex", "ethnicity_2")) + exactly(cube(seed), "sex by ethnicity_2", "women and White")
    return score(cube(seed), told, tables=("sex by ethnicity_2",)), score(cube(seed), ours(seed).told, tables=("sex by ethnicity_2",))


def a15(seed):
    """A chart drawn from true counts beside a protected table."""
    bars = [cube(seed).count(where, "applied", "entered") for where in groups().values()]
    printed = {int(v) for v in ours(seed).cells["value"].dropna()}
    drawn = Piece("chart.svg", "coordinates", " ".join(f'height="{n}.0"' for n in bars))
    fair = Piece("chart.svg", "coordinates", " ".join(f'height="{n}.0"' for n in sorted(printed)))
    leaked = len(set(bars) - printed)
    caught = sum(f.count for f in check([drawn], allowed=printed))
    return Score(len(bars), leaked, leaked), Score(len(bars), leaked - caught + len(check([fair], allowed=printed)), 0)


def a16(seed):
    """Rows in the order of the pack link people; ours does not know an order."""
    shuffled = people(seed).sample(frac=1, random_state=seed)
    again = protect(Cube.of(shuffled, process="attacked", milestone="met", declaration=DECLARED))
    naive = people(seed).to_csv(index=False) != shuffled.to_csv(index=False)
    return Score(1, naive, naive), Score(1, *(2 * [again.csv() != ours(seed).csv()]))


def undeclared_score(one: Cube, told) -> Score:
    released = SimpleNamespace(declaration=one.declaration, totals=one.totals, policy=POLICY, told=tuple(told))
    lines = attack(released).bounds.query("group == 'not declared'")
    few = [min(5, one.totals[one.declaration.counted(s, m)].sum() + 1) for s, m in zip(lines["stage"], lines["measure"], strict=True)]
    small = lines["low"] < 10
    return Score(int(small.sum()), int((small & (lines["values"] < few)).sum()), int((small & (lines["values"] == 1)).sum()))


def a17(seed):
    told = [s for g in ("women", "men") for s in exactly(cube(seed), "sex", g, least=10)]
    return undeclared_score(cube(seed), told), undeclared_score(cube(seed), ours(seed).told)


def a18(seed):
    """Who attended a workshop is known to colleagues: attendance by outcome is group disclosure where few attended."""
    rng = np.random.default_rng(seed)
    few = Characteristic("workshop", ("attended", "not attended"), "not attended", undeclared=UNKNOWN)
    declared = Declaration(DECLARED.stages, (few,), (("workshop",),))
    frame = people(seed).assign(workshop=np.where(rng.random(len(people(seed))) < 0.06, "attended", "not attended"))
    one = Cube.of(frame, process="attacked", milestone="met", declaration=declared)
    release = protect(one)
    told = [s for g in ("attended", "not attended") for s in exactly(one, "workshop", g, least=0)]
    n = one.count((("workshop", ("attended",)),), "applied", "entered")
    printed = release.cells.query("group == 'attended' and measure in ['passed', 'rate']")["value"].notna().any()
    mine = score(one, release.told)
    return score(one, told), mine + Score(0, bool(n < 20 and printed), 0)


ATTACKS = {
    "A1": Attack("Subtract from totals", "counts under 10 hidden, the others exact", a1, SMALL),
    "A1 withdrawn": Attack("Withdrawals by subtraction", "eligible and interviewed exact where ten or more", a1_withdrawn, FEWER),
    "A2": Attack("Margins recomputed", "margins of shown cells beside true ones", a2, SMALL),
    "A3": Attack("Statistics inverted", "exact rates to one decimal beside rounded counts (fewer than 3 values)", a3, SMALL),
    "A3 spans": Attack("Statistics over spans inverted", "exact rates over a stage and a span (fewer than 3 values)", a3_spans, FEWER),
    "A4": Attack("Rates recomputed", "the same rates; ours differ from the protected counts by over a point", a4, SMALL),
    "A5": Attack("Linked tables protected apart", "four tables, counts under 10 hidden in each", a5, SMALL),
    "A5 workshops": Attack("The workshops' cube beside the main one", "both with exact counts of ten or more", a5_workshops, FEWER),
    "A6": Attack("Rounding to 5, all margins", "every count rounded to 5 by itself", a6, SMALL),
    "A7": Attack("Filter differencing", "all candidates, and internal ones, counts under 10 hidden", a7, SMALL),
    "A8": Attack("Weekly series", "10-5 every week for 26 weeks", a8, SMALL),
    "A9": Attack("All or none passed", "0 and 100 per cent printed", a9, SMALL),
    "A10": Attack("Singleton insider", "counts under 10 hidden; a group of one takes itself out", a10, SMALL),
    "A10 spans": Attack("Singleton insider, longer way", "counts under 10 hidden; a group of one takes itself out", a10_spans, FEWER),
    "A11": Attack("Press line", "a true count in a speech", a11, SMALL),
    "A12": Attack("Code list changed", "another merge of the same people", a12, SMALL),
    "A13": Attack("Late correction", "exact counts before and after one appeal", a13, SMALL),
    "A13 milestones": Attack("Two milestones solved together", "both with exact counts of ten or more", a13_milestones, FEWER),
    "A14": Attack("Intersection by subtraction", "margins and one cell of the intersection", a14, SMALL),
    "A15": Attack("Chart geometry", "bars drawn from true counts", a15, SMALL),
    "A16": Attack("Join by row order", "rows in the order of the people", a16, SMALL),
    "A17": Attack("Undeclared by subtraction", "declared groups and the total exact", a17, SMALL),
    "A18": Attack("Workshop attendance", "attendance by outcome, exact", a18, SMALL),
}  # fmt: skip


@pytest.mark.parametrize("name", ATTACKS)
def test_the_naive_method_leaks_and_ours_does_not(name: str) -> None:
    ATTACKS[name].must_fail(ATTACKS[name].few)


@pytest.mark.soak
@pytest.mark.parametrize("name", ATTACKS)
def test_two_hundred_cohorts_withstand_every_attack(name: str) -> None:
    ATTACKS[name].must_fail(ATTACKS[name].many)


def test_a_verdict_leaves_many_tables() -> None:
    pairs = agreeing(0, entered=(10, 49), passed=(0, 49), others=(200, 204), others_passed=(100, 104))
    assert len(set(pairs[:, 0])) == 40


if __name__ == "__main__":
    print_rows(ATTACKS)
