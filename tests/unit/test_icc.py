"""Intraclass correlations: what they refuse, what they do with gaps, several values, constant and odd data."""

import numpy as np
import pandas as pd
import pytest

from standardsetting.blind.icc import FORMS, intraclass_correlations
from standardsetting.errors import FindingsError, UsageError


def crossed(scores, **columns) -> pd.DataFrame:
    scores = np.asarray(scores, dtype=float)
    n, k = scores.shape
    table = pd.DataFrame({"candidate": np.repeat(np.arange(n), k), "assessor": np.tile(list("abcdefgh"[:k]), n), "rating": scores.ravel()})
    return table.assign(**columns)


FOUR = crossed([[1, 2, 1], [3, 5, 4], [4, 4, 5], [2, 2, 3]])


def test_all_six_where_everybody_met_everybody():
    found = intraclass_correlations(FOUR)
    assert list(found.index) == list(FORMS)
    assert list(found.columns) == ["estimate", "low", "high", "f", "df1", "df2", "p"]
    assert (found["low"] < found["estimate"]).all() and (found["estimate"] < found["high"]).all()


def test_two_assessors_a_candidate_from_a_pool_are_not_two_columns():
    """Slot columns are not people: the two-way forms are refused, with the reason and what to use."""
    pool = pd.DataFrame({"candidate": list("ccddee"), "assessor": list("abbcca"), "rating": [1, 2, 3, 5, 4, 4]})
    with pytest.raises(UsageError, match="different people in every row") as refused:
        intraclass_correlations(pool)
    assert "G(q,k)" in refused.value.next_step and "incomplete" not in refused.value.next_step
    with pytest.raises(UsageError, match="different people"):
        intraclass_correlations(pool, forms=["ICC(3,k)"])
    assert list(intraclass_correlations(pool, forms=["ICC(1,1)", "ICC(1,k)"]).index) == ["ICC(1,1)", "ICC(1,k)"]


def test_a_gap_is_refused_counted_and_dropped_only_when_asked():
    gap = FOUR.drop(index=4)
    with pytest.raises(UsageError, match="1 of 4 candidates lack a rating") as refused:
        intraclass_correlations(gap)
    assert "incomplete='drop'" in refused.value.next_step
    found = intraclass_correlations(gap, incomplete="drop")
    pd.testing.assert_frame_equal(found, intraclass_correlations(FOUR[FOUR["candidate"] != 1]))
    assert [(one.count, one.reason) for one in found.attrs["dropped"]] == [(1, "candidates without a rating by every assessor")]


def test_a_missing_rating_is_a_gap_and_not_a_number():
    table = FOUR.assign(rating=FOUR["rating"].where(FOUR.index != 4))
    pd.testing.assert_frame_equal(intraclass_correlations(table, incomplete="drop"), intraclass_correlations(FOUR.drop(index=[3, 4, 5])))


def test_values_are_taken_one_at_a_time():
    second = crossed([[2, 2, 2], [3, 4, 4], [1, 1, 2], [5, 4, 5]])
    both = pd.concat([FOUR.assign(value="w"), second.assign(value="v")])
    found = intraclass_correlations(both)
    assert found["value"].tolist() == ["v"] * 6 + ["w"] * 6
    pd.testing.assert_frame_equal(found[found["value"] == "w"].drop(columns="value"), intraclass_correlations(FOUR))


def test_constant_ratings_have_no_coefficient_and_say_so():
    found = intraclass_correlations(crossed(np.full((4, 3), 3.1)))
    assert found.isna().all(axis=None)
    assert "Every rating is the same" in found.attrs["notes"][0]


def test_perfect_agreement_is_one():
    found = intraclass_correlations(crossed([[1, 1], [3, 3], [5, 5]]))
    assert found[["estimate", "low", "high"]].to_numpy() == pytest.approx(np.ones((6, 3)))


def test_a_limit_that_does_not_exist_is_missing():
    """Few candidates, assessors as alike as chance: the formula of the lower limit divides by zero."""
    found = intraclass_correlations(crossed([[1, 3], [6, 2], [6, 2]])).loc["ICC(2,k)"]
    assert np.isnan(found["low"]) and found["estimate"] == pytest.approx(-1.25) and found["high"] < 1


def test_candidates_who_do_not_differ_are_below_zero():
    found = intraclass_correlations(crossed([[1, 3], [3, 1], [2.5, 1.5]]))
    assert found.loc[["ICC(1,k)", "ICC(3,k)"], "estimate"].isna().all(), "means that do not vary have no reliability, and not 1e15 of it"
    assert "estimated variance of zero or less" in found.attrs["notes"][0]
    assert found.loc["ICC(1,1)", "estimate"] == pytest.approx(-1.0)
    assert found.loc["ICC(3,1)", "estimate"] == pytest.approx(-1.0)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "float32", "Int64"])
def test_small_number_types_do_not_overflow(dtype):
    big = crossed([[100, 120, 90], [30, 50, 40], [110, 100, 120], [20, 20, 10]])
    pd.testing.assert_frame_equal(intraclass_correlations(big.astype({"rating": dtype})), intraclass_correlations(big), rtol=1e-6)


def test_repeats_are_an_error_with_their_rows():
    twice = pd.concat([FOUR, FOUR.iloc[[2]]])
    with pytest.raises(FindingsError, match="2 rows share") as refused:
        intraclass_correlations(twice)
    assert refused.value.details == ("Rows 3, 13, counted from 1.",)


def test_only_independent_ratings_count():
    agreed = FOUR.assign(rating=3.0, kind="agreed", assessor=None)
    marked = pd.concat([FOUR.assign(kind="independent"), agreed])
    found = intraclass_correlations(marked)
    pd.testing.assert_frame_equal(found, intraclass_correlations(FOUR))
    assert found.attrs["dropped"][0].count == 12


@pytest.mark.parametrize(
    ("options", "words"),
    [({"confidence": 95}, "between 0 and 1"), ({"forms": ["ICC(4,1)"]}, "Forms among"), ({"incomplete": "ignore"}, "refuse or drop")],
)
def test_options_are_checked(options, words):
    with pytest.raises(UsageError, match=words):
        intraclass_correlations(FOUR, **options)


def test_text_ratings_are_refused_without_showing_them():
    with pytest.raises(UsageError, match="2 of 12 are something else") as refused:
        intraclass_correlations(FOUR.astype({"rating": object}).replace({"rating": {5.0: "secret"}}))
    assert "secret" not in str(refused.value)


def test_a_column_that_is_not_there_is_named():
    with pytest.raises(UsageError, match="assessor is not there"):
        intraclass_correlations(FOUR.drop(columns="assessor"))
