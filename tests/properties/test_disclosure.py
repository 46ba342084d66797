"""What has to hold for every cube: bounds contain the truth, more statements never widen them, and the order of people does not matter."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from standardsetting.disclosure.audit import attack
from standardsetting.disclosure.cube import Characteristic, Cube, Declaration, ending
from standardsetting.disclosure.protect import protect

SEX = Characteristic("sex", ("women", "men"), "men", undeclared=("unknown", "not asked"))
TWO = {"Asian": "ethnic minority", "Black": "ethnic minority", "White": "White"}
ETHNICITY = Characteristic("ethnicity_3", ("Asian", "Black", "White"), "White", {"ethnicity_2": TWO}, undeclared=("unknown", "not asked"))
TABLES = (("sex",), ("ethnicity_2",), ("ethnicity_3",), ("sex", "ethnicity_2"))
NEVER = frozenset({("interviewed", "not passed")})
DECLARED = Declaration(("applied", "eligible", "interviewed", "met", "posted"), (SEX, ETHNICITY), TABLES, NEVER,
                       first=("interviewed", "met"), spans=(("applied", "met"), ("interviewed", "posted")))  # fmt: skip


@st.composite
def cubes(draw: st.DrawFn) -> tuple[pd.DataFrame, Cube]:
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    n = draw(st.integers(20, 600))
    share = draw(st.sampled_from([0.05, 0.2, 0.4]))
    people = pd.DataFrame({
        "sex": rng.choice(["women", "men", "unknown"], n, p=[share, 0.98 - share, 0.02]),
        "ethnicity_3": rng.choice(["Asian", "Black", "White", "not asked"], n, p=[0.12, 0.08, 0.75, 0.05]),
        "ending": rng.choice([ending("eligible", "not passed"), ending("interviewed", "withdrawn"), ending("interviewed", "deferred"),
                              ending("met", "not passed"), ending("posted", "not passed"), ending("posted")],
                             n, p=[0.1, 0.02, 0.01, 0.3, 0.17, 0.4]),
    })  # fmt: skip
    return people, Cube.of(people, process="any", milestone="any", declaration=DECLARED)


def truth(cube: Cube, bounds: pd.DataFrame) -> np.ndarray:
    where = {(" by ".join(t), g): w for t in DECLARED.tables for g, w in DECLARED.groups(t).items()}
    name = {"sex": SEX, "ethnicity_2": ETHNICITY, "ethnicity_3": ETHNICITY}
    out = []
    for line in bounds.itertuples():
        fallback = ((name[line.table].name, name[line.table].undeclared),) if (line.table, line.group) not in where else ()
        out.append(cube.count(where.get((line.table, line.group), fallback), line.stage, line.measure))
    return np.array(out)


@settings(max_examples=6, deadline=None)
@given(cubes())
def test_bounds_contain_the_truth_and_nothing_small_is_told(case: tuple[pd.DataFrame, Cube]) -> None:
    _, cube = case
    release = protect(cube)
    bounds = release.audit.bounds
    true = truth(cube, bounds)
    assert ((bounds["low"] <= true) & (true <= bounds["high"])).all()
    assert release.audit.passed
    counted = release.cells[release.cells["value"].notna() & (release.cells["channel"] == "counts") & (release.cells["measure"] != "rate")]
    where = {(" by ".join(t), g): w for t in DECLARED.tables for g, w in DECLARED.groups(t).items()}
    for line in counted[counted["measure"].isin(["entered", "passed"])].itertuples():
        n = cube.count(where[line.table, line.group], line.stage, line.measure)
        assert n >= 10
        assert line.value == 5 * int(n / 5 + 0.5)
        assert line.low <= n <= line.high


@settings(max_examples=4, deadline=None)
@given(cubes())
def test_what_is_told_besides_never_widens_what_is_known(case: tuple[pd.DataFrame, Cube]) -> None:
    _, cube = case
    told = protect(cube).told
    frame = {"declaration": DECLARED, "totals": cube.totals, "policy": protect(cube).policy}
    sums = tuple(one for one in told if hasattr(one, "terms"))
    less, more = (attack(SimpleNamespace(**frame, told=part), exact=True).bounds for part in (sums[: len(sums) // 2], sums))
    assert (more["low"] >= less["low"]).all()
    assert (more["high"] <= less["high"]).all()


@settings(max_examples=4, deadline=None)
@given(cubes(), st.integers(0, 99))
def test_the_order_of_people_changes_no_byte(case: tuple[pd.DataFrame, Cube], seed: int) -> None:
    people, cube = case
    again = Cube.of(people.sample(frac=1, random_state=seed), process="any", milestone="any", declaration=DECLARED)
    assert again.hash == cube.hash
    assert protect(again).csv() == protect(cube).csv()
