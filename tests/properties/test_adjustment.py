"""Would adjusting help: neither the order of rows nor the names of assessors change the answer, and a seed gives the same one twice."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from standardsetting import BlindScores, Process
from standardsetting.blind.adjustment import Adjustment, would_adjusting_help
from standardsetting.blind.scores import Account

VALUES = ("courage", "integrity")
POLICIES = ("agreed score", "mean of independent ratings", "median of independent ratings")
NUMBERS = ("wrong_raw", "wrong_adjusted", "error_raw", "error_adjusted", "largest", "deviation_simulated")


def cohort(seed: int) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    n, pool = 40, 6
    lenient = draw.normal(0, 0.5, pool)
    rows = []
    for i in range(n):
        level = draw.normal(3.2, 0.8, len(VALUES))
        panel = draw.choice(pool, 2 + i % 2, replace=False)
        for a in panel:
            given_ = np.clip(np.rint(level + lenient[a] + draw.normal(0, 0.5, len(VALUES))), 1, 5)
            rows += [(f"C-{i:02d}", f"A-{a}", v, x, "independent") for v, x in zip(VALUES, given_, strict=True)]
        rows += [(f"C-{i:02d}", None, v, x, "agreed") for v, x in zip(VALUES, np.clip(np.rint(level), 1, 5), strict=True)]
    return pd.DataFrame(rows, columns=["candidate", "assessor", "value", "rating", "kind"])


def blind(table: pd.DataFrame, policy: str) -> BlindScores:
    process = Process.from_mapping(
        {
            "process": {"id": "p", "title": "P"},
            "scale": {"minimum": 1, "maximum": 5},
            "values": [{"name": v, "hurdle": 3} for v in VALUES],
            "rule": {"value_score": policy},
        }
    )
    interviews = pd.DataFrame({"candidate": sorted(table["candidate"].unique())}).assign(panel="P-1", day=1, complete=True)
    account = Account(None, 40, 40, 0, {}, 0, (), (), "2023-09-28T17:00:00+01:00")
    return BlindScores(table.assign(panel="P-1", day=1), interviews, process, account, "seal")


def answer(table: pd.DataFrame, policy: str, seed: int = 0) -> Adjustment:
    return would_adjusting_help(blind(table, policy), replicates=4, seed=seed, cuts=[6, 7, 8])


def assert_same(one: Adjustment, other: Adjustment) -> None:
    assert one.known
    assert (one.reason, one.verdict, one.would_move) == (other.reason, other.verdict, other.would_move)
    pd.testing.assert_frame_equal(one.by_cut, other.by_cut, rtol=1e-6)
    for name in NUMBERS:
        assert getattr(one, name) == pytest.approx(getattr(other, name), rel=1e-6, nan_ok=True)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(POLICIES), st.integers(0, 100))
def test_the_order_of_rows_changes_nothing(seed: int, policy: str, shuffle: int) -> None:
    table = cohort(seed)
    assert_same(answer(table, policy), answer(table.sample(frac=1, random_state=shuffle).reset_index(drop=True), policy))


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(POLICIES), st.permutations(range(6)))
def test_the_names_of_assessors_change_nothing(seed: int, policy: str, order: list[int]) -> None:
    table = cohort(seed)
    names = {f"A-{a}": f"K{place}" for a, place in enumerate(order)}
    assert_same(answer(table, policy), answer(table.assign(assessor=table["assessor"].map(names)), policy))


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(POLICIES))
def test_a_seed_gives_the_same_answer_twice_and_another_seed_another(seed: int, policy: str) -> None:
    table = cohort(seed)
    first, again, other = answer(table, policy), answer(table, policy), answer(table, policy, seed=1)
    assert first.known
    assert_same(first, again)
    assert (first.seed, other.seed) == (0, 1)
    assert first.error_raw != other.error_raw


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(POLICIES))
def test_counts_fit_together(seed: int, policy: str) -> None:
    found = answer(cohort(seed), policy)
    assert found.known
    rows = found.by_cut
    assert (rows["would_leave"] <= rows["met"]).all()
    assert (rows["would_enter"] <= found.n_candidates - rows["met"]).all()
    wrong = rows[["raw_false_met", "raw_false_not_met", "adjusted_false_met", "adjusted_false_not_met"]].to_numpy()
    assert ((wrong >= 0) & (wrong <= 100)).all()
    assert rows["change"].to_numpy() == pytest.approx(wrong[:, 2:].sum(axis=1) - wrong[:, :2].sum(axis=1))
    assert (rows["change_low"] <= rows["change"]).all()
    assert (rows["change"] <= rows["change_high"]).all()
