"""Whatever the size, the seed and the settings: the tables of a synthetic cohort fit each other."""

from __future__ import annotations

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from standardsetting.scale import Scale
from standardsetting.simulate import cohort, rota

seeds = st.integers(0, 2**32 - 1)


@settings(max_examples=40, deadline=None)
@given(n=st.integers(1, 150), size=st.integers(1, 4), seed=seeds)
def test_rota_fits(n: int, size: int, seed: int) -> None:
    drawn = rota(n, panel_size=size, seed=seed)
    assert drawn["candidate"].tolist() == [c for c in range(n) for _ in range(size)]
    assert not drawn.duplicated(["candidate", "assessor"]).any()
    assert not drawn.duplicated(["assessor", "date", "slot"]).any()
    assert (drawn.groupby("candidate")[["panel", "date", "slot", "site", "question_set"]].nunique() == 1).all(axis=None)
    pd.testing.assert_frame_equal(drawn, rota(n, panel_size=size, seed=seed))


@settings(max_examples=25, deadline=None)
@given(
    n=st.integers(1, 60),
    size=st.integers(1, 3),
    steps=st.integers(1, 8),
    half=st.booleans(),
    shares=st.lists(st.floats(0, 0.2), min_size=5, max_size=5),
    seed=seeds,
)
def test_tables_fit_each_other(n: int, size: int, steps: int, half: bool, shares: list[float], seed: int) -> None:
    scale = Scale(0, steps / 2 if half else steps, 0.5 if half else 1)
    reasons = dict(zip(("withdrawn", "deferred", "did_not_attend", "void", "rating_missing"), shares, strict=True))
    made = cohort(n, seed=seed, panel_size=size, scale=scale, **reasons)
    tables = made.tables
    everybody = set(tables["candidates"]["candidate_id"])
    assert len(everybody) == n == len(tables["interviews"]) == len(tables["monitoring"])
    for name in ("interviews", "ratings", "global_ratings", "workshops", "exceptions", "progress"):
        assert set(tables[name]["candidate_id"]) <= everybody
    assert set(tables["ratings"]["assessor_id"].dropna()) <= set(tables["assessors"]["assessor_id"])
    assert all(rating in scale for name in ("ratings", "benchmark") for rating in tables[name]["rating"])
    assert set(tables["global_ratings"]["grade"]) <= {0, 1, 2, 3}
    reason = tables["exceptions"].set_index("candidate_id")["reason"]
    whole = tables["interviews"].query("status == 'completed'")["candidate_id"]
    whole = whole[~whole.isin(reason.index)]
    agreed = tables["ratings"].query("kind == 'agreed'").groupby("candidate_id").size()
    assert (agreed.reindex(whole, fill_value=0) == len(made.settings.values)).all()
    assert not tables["ratings"]["candidate_id"].isin(reason[reason.isin(["withdrawn", "deferred", "did not attend"])].index).any()
