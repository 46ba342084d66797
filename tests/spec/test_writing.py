"""Real ratings by ten assessors of everybody: what the sparse panels say beside what is seen when two other panels are compared."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from standardsetting import Scale
from standardsetting.blind.agreement import krippendorff_alpha
from standardsetting.blind.generalizability import g_qk

DATA = Path(__file__).parents[2] / "data" / "writing"


def read(name):
    table = pd.read_csv(DATA / f"{name}.csv").rename(columns={"candidate_id": "candidate", "assessor_id": "assessor"})
    return table.drop(columns="kind")


def test_g_from_sparse_panels_is_the_correlation_between_disjoint_panels():
    totals = read("ratings_all").groupby(["candidate", "assessor"])["rating"].sum().unstack().to_numpy()
    draw = np.random.default_rng(0)
    seen = []
    for _ in range(200):
        order = draw.permuted(np.tile(np.arange(10), (len(totals), 1)), axis=1)
        one, other = (np.take_along_axis(totals, order[:, at : at + 2], axis=1).mean(axis=1) for at in (0, 2))
        seen.append(np.corrcoef(one, other)[0, 1])
    told = g_qk(read("ratings"))
    assert told.low < np.mean(seen) < told.high
    assert told.value == pytest.approx(np.mean(seen), abs=0.01)


def test_alpha_of_sparse_panels_is_that_of_the_complete_table():
    few, everybody = (krippendorff_alpha(read(name), scale=Scale(0, 3), level="ordinal", seed=1) for name in ("ratings", "ratings_all"))
    assert few.low < everybody.value < few.high
    assert few.value == pytest.approx(everybody.value, abs=0.01)
