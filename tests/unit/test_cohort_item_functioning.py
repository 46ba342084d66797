"""Whether a value works differently for a group at equal scores on the others."""

import numpy as np
import pandas as pd
import pytest

from standardsetting.cohort.item_functioning import item_functioning, proportional_odds
from standardsetting.errors import UsageError
from standardsetting.simulate.groups import rated_groups

TWO = {"focal": "focal", "comparator": "comparator"}


def agreed(n=360, seed=1, **planted):
    """Value scores, one row a candidate: the mean of two ratings rounded up; and the groups."""
    made = rated_groups(n, seed=seed, **planted)
    wide = made.ratings.groupby(["candidate", "value"])["rating"].mean().unstack()
    return np.floor(wide + 0.5), made.groups


def test_a_planted_shift_is_found_and_only_there():
    scores, groups = agreed(shifts=(-0.6, 0.0, 0.0, 0.0))
    found = item_functioning(scores, groups, **TWO, seed=1, permutations=199)
    table = found.table.set_index("value")
    assert table.loc["value 1", "p_holm"] < 0.05 and table.loc["value 1", "high"] < 0
    assert table["difference"].idxmin() == "value 1"
    assert "value 1" in found.sentence and found.sentence.startswith("Exploratory")


def test_the_difference_by_hand():
    """Rest scores 2 and 3. At 2: focal 1 and 3 against 2; at 3: focal 4 against 2 and 4. Weights 2/3 and 1/3: 2/3 x 0 + 1/3 x 1."""
    scores = pd.DataFrame({"a": [1.0, 3, 4, 2, 2, 4, 5], "b": [2.0, 2, 3, 2, 3, 3, 9]})
    found = item_functioning(scores, ["f", "f", "f", "m", "m", "m", "m"], focal="f", comparator="m", seed=1, permutations=19, fewest=3)
    row = found.table.set_index("value").loc["a"]
    assert row["difference"] == pytest.approx(1 / 3)
    assert row["standardised"] == pytest.approx(1 / 3 / scores["a"].std())
    assert row["matched"] == 1.0


def test_no_group_effect_in_the_model_is_the_shares():
    counts = np.array([[[3.0, 4.0, 1.0], [2.0, 2.0, 6.0]]])
    alone = proportional_odds(counts, np.zeros((2, 0)))
    shares = counts.sum(axis=(0, 1)) / counts.sum()
    assert alone.log_likelihood[0] == pytest.approx(float((counts.sum(axis=(0, 1)) * np.log(shares)).sum()), abs=1e-9)


def test_separation_is_reported_and_the_tests_have_limits():
    scores = pd.DataFrame({"a": [2.0] * 40 + [4.0] * 40, "b": np.tile([3.0, 4.0], 40), "c": np.tile([3.0, 3.0, 4.0, 4.0], 20)})
    found = item_functioning(scores, np.repeat(["focal", "comparator"], 40), **TWO, seed=1, permutations=99)
    row = found.table.set_index("value").loc["a"]
    assert "separate" in row["why"] and row["p"] == pytest.approx(0.01) and row["difference"] == -2


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_missing_declarations(share):
    scores, groups = agreed(200)
    labels = groups.to_numpy(dtype=object).copy()
    labels[: int(share * len(labels))] = "not asked"
    found = item_functioning(scores, labels, **TWO, seed=1, permutations=19)
    assert sum(each.n for each in found.left_out) == int(share * 200)
    if share == 1.0:
        assert found.table.empty and "Nobody declared" in found.sentence
    else:
        assert found.n_focal + found.n_comparator == 200 - int(share * 200)


def test_one_person_and_candidates_without_every_score():
    scores, _ = agreed(100)
    labels = np.array(["comparator"] * 100, dtype=object)
    labels[0] = "focal"
    assert "fewer than 30" in item_functioning(scores, labels, **TWO, seed=1).why
    scores.iloc[:20, 0] = np.nan
    labels[:60] = "focal"
    found = item_functioning(scores, labels, **TWO, seed=1, permutations=19)
    assert [(each.reason, each.n) for each in found.left_out] == [("without a score on every value", 20)]


def test_everybody_alike_says_so():
    scores = pd.DataFrame(np.full((80, 3), 3.0), columns=list("abc"))
    found = item_functioning(scores, ["focal", "comparator"] * 40, **TWO, seed=1, permutations=19)
    assert found.table["why"].str.contains("same score").all() and "No value could be examined" in found.sentence


def test_groups_that_never_meet_are_not_compared():
    scores = pd.DataFrame({"a": np.tile([2.0, 3.0], 40), "b": np.repeat([1.0, 5.0], 40)})
    row = item_functioning(scores, np.repeat(["focal", "comparator"], 40), **TWO, seed=1).table.set_index("value").loc["a"]
    assert row["matched"] == 0 and np.isnan(row["p"]) and "No rest score" in row["why"]


def test_seed_and_refusals():
    scores, groups = agreed(120)
    one, same = (item_functioning(scores, groups, **TWO, seed=5, permutations=99) for _ in range(2))
    pd.testing.assert_frame_equal(one.table, same.table)
    assert one.seed == 5 and one.permutations == 99
    with pytest.raises(UsageError):
        item_functioning(scores.iloc[:, :1], groups, **TWO, seed=1)
    with pytest.raises(UsageError):
        item_functioning(scores, groups, **TWO, seed=1, permutations=5)


def test_values_without_a_test_do_not_count_for_holm():
    scores, groups = agreed(120)
    found = item_functioning(scores.assign(same=3.0), groups, **TWO, seed=5, permutations=99).table.set_index("value")
    assert np.isnan(found.loc["same", "p_holm"]) and "same score" in found.loc["same", "why"]
    assert found["p_holm"].min() == pytest.approx(min(1.0, 4 * found["p"].min()))


@pytest.mark.soak
def test_p_is_calibrated_without_a_gap():
    ps = []
    for seed in range(100):
        scores, groups = agreed(seed=5000 + seed)
        ps.append(item_functioning(scores, groups, **TWO, seed=seed, permutations=99).table["p"].to_numpy(dtype=float))
    assert np.mean(np.concatenate(ps) <= 0.05) < 0.085
