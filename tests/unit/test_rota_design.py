"""The rota designer: its properties, by brute force and by other people's graph algorithms."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from openpyxl import load_workbook
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from standardsetting.blind.rota import describe
from standardsetting.errors import UsageError
from standardsetting.simulate import links
from standardsetting.simulate.design import design_rota, finished
from standardsetting.simulate.repair import repair
from standardsetting.simulate.rota_workbook import write_rota
from standardsetting.simulate.rounds import Plan, Round, even_loads


def everybody(assessors, days):
    return pd.DataFrame([(f"A{a:02d}", d) for a in range(assessors) for d in range(1, days + 1)], columns=["assessor", "day"])


def sometimes(assessors, days, share, seed):
    table = everybody(assessors, days)
    return table[np.random.default_rng(seed).random(len(table)) < share]


def parts(edges, people):
    place = {name: at for at, name in enumerate(people)}
    rows, columns = [place[a] for a, _ in edges], [place[b] for _, b in edges]
    return connected_components(coo_array((np.ones(len(edges)), (rows, columns)), shape=(len(people),) * 2), directed=False)[0]


def check(rota, availability, *, slots, counts=None):
    """What must hold for every rota, counted from its rows."""
    seats = rota.seats
    assert (seats.groupby("interview")["assessor"].nunique() == rota.panel_size).all()
    assert not seats.duplicated(["day", "session", "slot", "assessor"]).any()
    where = seats.groupby(["day", "session", "assessor"])["panel"].nunique()
    assert (where == 1).all()  # nobody sits in two panels of a session
    assert seats.groupby("panel")["slot"].nunique().max() <= slots
    allowed = set(map(tuple, availability[["assessor", "day"]].to_numpy()))
    assert set(map(tuple, seats[["assessor", "day"]].to_numpy())) <= allowed
    if counts is not None:
        assert seats.groupby("day")["interview"].nunique().to_dict() == counts
    people = sorted(seats["assessor"].unique())
    edges = [tuple(row) for row in rota.pairs[["assessor_1", "assessor_2"]].to_numpy()]
    assert rota.connected == (parts(edges, people) == 1)
    weak = {edge for edge in edges if parts([other for other in edges if other != edge], people) > parts(edges, people)}
    assert set(rota.bridges) == weak
    found = describe(seats.rename(columns={"interview": "candidate"}).assign(rating=1.0))
    assert found.q == pytest.approx(rota.q) and found.components == parts(edges, people)
    together = seats.merge(seats, on="interview").query("assessor_x < assessor_y").groupby(["assessor_x", "assessor_y"]).size()
    assert together.to_dict() == rota.pairs.set_index(["assessor_1", "assessor_2"])["interviews"].to_dict()


@pytest.mark.parametrize(
    ("n", "days", "interviews", "size"), [(24, 16, 360, 2), (6, 3, 45, 2), (9, 6, 80, 3), (12, 4, 60, 4), (5, 5, 30, 2)]
)
def test_with_everybody_there_every_property_holds(n, days, interviews, size):
    there = everybody(n, days)
    rota = design_rota(there, interviews=interviews, panel_size=size, seed=1)
    check(rota, there, slots=5)
    assert rota.connected and rota.bridges == () and rota.problems == ()
    assert rota.load_high - rota.load_low <= 1
    assert rota.seats["interview"].nunique() == interviews
    assert np.ptp(rota.seats.groupby("day")["interview"].nunique()) <= 1


@pytest.mark.parametrize("seed", range(8))
def test_with_patchy_availability(seed):
    there = sometimes(14, 8, 0.6, seed)
    rota = design_rota(there, interviews=8 * 10, seed=seed)
    check(rota, there, slots=5)
    assert rota.connected and rota.bridges == ()


def test_interviews_by_day_and_sessions():
    there, counts = everybody(8, 3), {1: 7, 2: 20, 3: 13}
    rota = design_rota(there, interviews=counts, slots=3, sessions=2, seed=2)
    check(rota, there, slots=3, counts=counts)
    assert set(rota.seats["session"]) == {1, 2}


@pytest.mark.parametrize(("share", "seed"), [*((0.75, seed) for seed in range(5)), (0.55, 32), (0.55, 33), (0.55, 65)])
def test_loads_are_as_even_as_availability_allows(share, seed):
    """Least sum of squares over every way of seating, by brute force."""
    there = sometimes(5, 3, share, seed)
    wanted = {int(d): 1 for d, n in there.groupby("day").size().items() if n >= 2}
    rota = design_rota(there, interviews=wanted, slots=1, seed=seed)
    by_day = [list(combinations(sorted(there.loc[there["day"] == d, "assessor"]), 2)) for d in wanted]
    least = min(sum(sum(a in pair for pair in chosen) ** 2 for a in set(there["assessor"])) for chosen in product_of(by_day))
    assert (rota.assessors["sessions"] ** 2).sum() == least


def test_a_seat_is_handed_on_along_a_chain():
    """0 sits twice and is never with 2; 1 takes one seat from 0 and gives one to 2."""

    def single(day, who, may):
        return Round(day, 1, np.array([1]), np.array([[who]]), np.array(may))

    plan = Plan([single(1, 0, [0, 1]), single(2, 0, [0, 1]), single(3, 1, [1, 2])], 3, 1)
    even_loads(plan)
    assert plan.load.tolist() == [1, 1, 1]
    assert all(at.panels[0, 0] in at.may for at in plan.rounds)


def product_of(lists):
    if not lists:
        yield ()
        return
    for first in lists[0]:
        for rest in product_of(lists[1:]):
            yield (first, *rest)


def test_pairs_are_spread_evenly():
    """Six people, five days, three pairs a day: every one of the fifteen pairs can sit once, and nothing is more even."""
    rota = design_rota(everybody(6, 5), interviews=75, seed=3)
    assert len(rota.pairs) >= 13 and rota.pairs["interviews"].max() <= 10
    together = design_rota(everybody(24, 16), interviews=360, seed=1).pairs
    assert together["interviews"].max() <= 6  # nobody meets twice


def test_severity_errors_are_those_of_a_regression():
    rota = design_rota(everybody(6, 3), interviews=20, error_sd=0.7, seed=4)
    people = rota.assessors["assessor"].tolist()
    candidate = pd.get_dummies(rota.seats["interview"], dtype=float).to_numpy()
    who = pd.get_dummies(rota.seats["assessor"], dtype=float)[people].to_numpy()
    covariance = np.linalg.pinv(np.column_stack([who, candidate]).T @ np.column_stack([who, candidate]))
    centre = np.zeros((6, covariance.shape[0]))
    centre[:, :6] = np.eye(6) - 1 / 6
    expected = 0.7 * np.sqrt(np.diag(centre @ covariance @ centre.T))
    np.testing.assert_allclose(rota.assessors["severity_se"], expected, rtol=1e-8)
    assert rota.severity_se == pytest.approx(expected.max())


def test_target_says_how_many_interviews():
    there = everybody(6, 4)
    rota = design_rota(there, interviews=40, target_se=0.05, seed=1)
    assert rota.interviews_needed == int(np.ceil(40 * (rota.severity_se / 0.05) ** 2 - 1e-9)) > 40
    assert "about" in rota.sentence and (rota.assessors["interviews_needed"] > rota.assessors["interviews"]).any()
    lax = design_rota(there, interviews=40, target_se=0.5, seed=1)
    assert "is reached" in lax.sentence and lax.interviews_needed < 40


def test_q_is_lowest_with_few_assessors_and_does_not_depend_on_the_pairing():
    few, many = (design_rota(everybody(n, 16), interviews=80, seed=1) for n in (3, 10))
    assert few.q < many.q
    other = design_rota(everybody(10, 16), interviews=80, seed=2)
    assert not other.pairs.equals(many.pairs)
    assert links.parts(np.array([[0, 5], [5, 1]]), np.array([0, 1])) == 1  # through somebody who is not asked about
    assert links.least_q(np.full(20, 6), 2, 60) == pytest.approx(0.45762711864)
    assert many.q_even == pytest.approx(0.5 - 10 * 16 * 15 / (4 * 80 * 79))


def test_bridges_by_taking_each_pair_away():
    for seed in range(40):
        draw = np.random.default_rng(seed)
        edges = np.array(sorted({tuple(sorted(draw.choice(9, 2, replace=False).tolist())) for _ in range(10)}))
        names = list(range(9))
        expected = {tuple(e) for at, e in enumerate(edges) if parts(np.delete(edges, at, 0), names) > parts(edges, names)}
        assert set(links.bridges(edges, 9)) == expected
        assert links.parts(edges, np.arange(9)) == parts(edges, names)


# --- what cannot be had


@pytest.mark.parametrize(
    ("availability", "options", "reason"),
    [
        (everybody(2, 3), {"interviews": 12}, "available, or still available, with nobody else"),
        (everybody(4, 1), {"interviews": 10}, "2 panels cannot link 4 assessors"),
        (everybody(8, 2), {"interviews": {1: 20, 2: 15}}, "without a bridge 8 assessors need as many panels, and there are 7"),
        (
            pd.DataFrame([(a, d) for a, d in zip("abcdefgh", [1] * 4 + [2] * 4, strict=True)], columns=["assessor", "day"]),
            {"interviews": 20},
            "never available, or no longer",
        ),
        (everybody(4, 2), {"interviews": 8, "panel_size": 1}, "With one assessor a candidate"),
    ],
    ids=["one pair", "one day", "too few panels", "two teams", "panels of one"],
)
def test_what_is_impossible_is_said_with_the_reason(availability, options, reason):
    rota = design_rota(availability, **options)
    assert any(reason in problem for problem in rota.problems), rota.problems
    assert not (rota.connected and not rota.bridges)


def test_too_few_people_are_refused():
    with pytest.raises(UsageError, match="10 interviews can be held"):
        design_rota(everybody(4, 1), interviews=11)
    with pytest.raises(UsageError, match="Day 2: 6 interviews are wanted, 5 can be held"):
        design_rota(everybody(3, 2), interviews={1: 5, 2: 6})
    with pytest.raises(UsageError, match="day is not there"):
        design_rota(pd.DataFrame({"assessor": ["a"]}), interviews=1)


# --- repairs


def test_a_repair_changes_only_the_vacated_seats():
    there = everybody(12, 8)
    before = design_rota(there, interviews=120, seed=1)
    gone = before.assessors["assessor"][3]
    after = repair(before, there, pd.DataFrame({"assessor": [gone], "day": [before.seats.query("assessor == @gone")["day"].iloc[0]]}))
    check(after, there, slots=5)
    assert len(after.changes) == 1 and after.changes["before"].tolist() == [gone]
    merged = (
        before.seats.groupby("interview")["assessor"].agg(frozenset).compare(after.seats.groupby("interview")["assessor"].agg(frozenset))
    )
    touched = before.seats[before.seats["panel"] == after.changes["panel"][0]]["interview"].nunique()
    assert len(merged) == touched
    assert after.connected and after.bridges == ()


@pytest.mark.parametrize("seed", range(4))
def test_a_repair_keeps_the_rota_in_one_part(seed):
    there = everybody(9, 7)
    before = design_rota(there, interviews=105, seed=seed)
    gone = sorted(before.assessors["assessor"])[seed]
    after = repair(before, there, pd.DataFrame({"assessor": [gone]}), seed=seed)
    check(after, there[there["assessor"] != gone], slots=5)
    assert after.connected and after.bridges == () and after.problems == ()
    vacated = before.seats.query("assessor == @gone")["panel"].nunique()
    assert vacated <= len(after.changes) <= vacated + 4


def test_a_repair_leaves_days_that_were_held():
    there = everybody(8, 6)
    before = design_rota(there, interviews=90, seed=5)
    after = repair(before, there, pd.DataFrame({"assessor": ["A00", "A01"]}), from_day=4)
    held = ["interview", "panel", "assessor"]
    pd.testing.assert_frame_equal(before.seats.query("day < 4")[held], after.seats.query("day < 4")[held])
    assert not after.seats.query("day >= 4")["assessor"].isin(["A00", "A01"]).any()
    assert (after.changes["day"] >= 4).all()


def test_a_repair_mends_a_rota_that_would_fall_apart():
    """Two rings of three that meet in one assessor on days of their own; without that one there is no link left."""
    rows = [
        (a, d)
        for a, d in [("a", 1), ("b", 1), ("b", 2), ("m", 2), ("m", 3), ("a", 3), ("m", 4), ("y", 4), ("y", 5), ("z", 5), ("z", 6), ("m", 6)]
    ]
    before = design_rota(pd.DataFrame(rows, columns=["assessor", "day"]), interviews=dict.fromkeys(range(1, 7), 5))
    assert before.connected and before.bridges == ()
    anybody = pd.DataFrame([(a, d) for a in "abyz" for d in range(1, 7)], columns=["assessor", "day"])
    after = repair(before, anybody, pd.DataFrame({"assessor": ["m"]}))
    assert after.connected and after.bridges == () and "m" not in set(after.seats["assessor"])
    assert set(after.changes["day"]) >= {2, 3, 4, 6}


def test_a_repair_moves_others_where_a_new_face_alone_leaves_a_bridge():
    """g drops out and only b can sit with y on day four: y would know b alone. A swap on day five mends it; nothing less does."""
    names = np.array(list("abcgy"), dtype=object)
    a, b, c, g, y = range(5)
    panels = {1: [(a, b)], 2: [(b, c)], 3: [(a, c)], 4: [(g, y)], 5: [(b, y), (a, c)], 6: [(a, g)]}
    may = {1: [a, b], 2: [b, c], 3: [a, c], 4: [b, g, y], 5: [a, b, c, y], 6: [a, c, g]}
    rounds = [Round(day, 1, np.full(len(sit), 5), np.array(sit), np.array(may[day])) for day, sit in panels.items()]
    there = {day: np.array(who) for day, who in may.items()}
    before = finished(Plan(rounds, 5, 2), names, there, error_sd=1.0, target_se=None, seed=0)
    assert before.connected and before.bridges == ()
    availability = pd.DataFrame([(names[who], day) for day, people in may.items() for who in people], columns=["assessor", "day"])
    after = repair(before, availability, pd.DataFrame({"assessor": ["g"]}))
    assert after.connected and after.bridges == ()
    assert after.changes.groupby("day").size().to_dict() == {4: 1, 5: 2, 6: 1}


def test_a_repair_that_is_impossible_says_why():
    there = everybody(4, 3)
    before = design_rota(there, interviews=30, seed=1)
    after = repair(before, there, pd.DataFrame({"assessor": ["A00"], "day": [2]}))
    assert any("Day 2 is 1 assessor short" in problem for problem in after.problems)
    assert after.seats["assessor"].isna().sum() == 5
    assert after.changes["now"].isna().tolist() == [True]
    with pytest.raises(UsageError, match="neither in the rota nor available"):
        repair(before, there, pd.DataFrame({"assessor": ["stranger"]}))


# --- the workbook


def test_workbook_holds_the_rota_and_is_the_same_twice(tmp_path):
    there = everybody(8, 4)
    rota = repair(design_rota(there, interviews=40, seed=1), there, pd.DataFrame({"assessor": ["A01"]}))
    write_rota(rota, tmp_path / "one.xlsx")
    write_rota(rota, tmp_path / "two.xlsx")
    assert (tmp_path / "one.xlsx").read_bytes() == (tmp_path / "two.xlsx").read_bytes()
    book = load_workbook(tmp_path / "one.xlsx")
    assert len(rota.changes) and book.sheetnames == ["Rota", "Assessors", "Pairs", "Changes", "Notes"]
    rows = list(book["Rota"].values)
    assert rows[0] == ("Interview", "Day", "Session", "Slot", "Panel", "Assessor 1", "Assessor 2")
    read = {(row[0], name) for row in rows[1:] for name in row[5:]}
    assert read == set(map(tuple, rota.seats[["interview", "assessor"]].to_numpy()))
    assert rota.sentence in [row[0] for row in book["Notes"].values]


def test_the_same_seed_gives_the_same_rota():
    there = sometimes(10, 6, 0.7, 1)
    one, two, other = (design_rota(there.sample(frac=1, random_state=s), interviews=50, seed=seed) for s, seed in ((1, 5), (2, 5), (1, 6)))
    pd.testing.assert_frame_equal(one.seats, two.seats)
    assert not one.seats.equals(other.seats)
