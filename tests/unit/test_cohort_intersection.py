"""Two characteristics together by partial pooling."""

import numpy as np
import pandas as pd
import pytest

from standardsetting.cohort.intersection import FEWEST_IN_CATEGORY, _covariance, _mode, intersection
from standardsetting.errors import UsageError

NAMES = ("sex", "ethnicity")


def people(cells):
    """One row a person from {(sex, group): (n, met)}."""
    rows = [(sex, group, met) for (sex, group), (n, k) in cells.items() for met in [1] * k + [0] * (n - k)]
    return pd.DataFrame(rows, columns=["sex", "group", "met"])


def fitted(cells, **options):
    table = people(cells)
    return intersection(table["met"], table["sex"], table["group"], names=NAMES, **{"seed": 1, **options})


EVEN = {("f", "a"): (60, 30), ("f", "b"): (40, 14), ("m", "a"): (100, 60), ("m", "b"): (50, 22)}


def test_large_cells_keep_their_rates():
    found = fitted({key: (100 * n, 100 * met) for key, (n, met) in EVEN.items()})
    rates = [met / n for n, met in EVEN.values()]
    assert found.table["rate"].to_numpy() == pytest.approx(rates, abs=0.005)
    assert ((found.table["high"] - found.table["low"]) < 0.04).all()


def test_small_cells_lean_on_the_main_effects():
    """A cell of two who both succeeded, between rates of about a third: far nearer to a third than to one."""
    found = fitted({**EVEN, ("f", "b"): (2, 2), ("m", "b"): (60, 18)})
    cell = found.table.set_index(["sex", "ethnicity"]).loc[("f", "b")]
    assert cell["rate"] < 0.65 and cell["high"] - cell["low"] > 0.4


def test_an_empty_cell_has_no_rate_and_the_others_do():
    found = fitted({("f", "a"): (30, 12), ("m", "a"): (30, 18), ("m", "b"): (20, 8)})
    table = found.table.set_index(["sex", "ethnicity"])
    assert table.loc[("f", "b"), "n"] == 0 and table.loc[("f", "b"), ["rate", "low", "high"]].isna().all()
    assert table.drop(("f", "b")).notna().all(axis=None) and 0 <= found.share <= 1


def test_a_pure_interaction_is_seen_as_one():
    crossed = {("f", "a"): (400, 280), ("f", "b"): (400, 120), ("m", "a"): (400, 120), ("m", "b"): (400, 280)}
    along = {("f", "a"): (400, 280), ("f", "b"): (400, 280), ("m", "a"): (400, 120), ("m", "b"): (400, 120)}
    assert fitted(crossed).share > 0.8 and fitted(along).share < 0.2


def test_with_few_people_the_share_is_the_priors_and_told():
    found = fitted(dict.fromkeys(EVEN, (12, 6)))
    assert abs(found.share - found.prior_share) < 0.15 and "before any data" in found.sentence


@pytest.mark.parametrize(("everyone", "word"), [(1, "Everyone"), (0, "Nobody")])
def test_everyone_or_nobody_met(everyone, word):
    found = fitted({key: (n, n * everyone) for key, (n, _) in EVEN.items()})
    assert found.table.empty and found.why.startswith(word) and np.isnan(found.share)


def test_small_categories_are_refused_in_words():
    found = fitted({**EVEN, ("f", "c"): (1, 1)})
    assert found.table.empty and "hierarchy" in found.why and str(FEWEST_IN_CATEGORY) in found.why
    assert "one category" in fitted({("f", "a"): (30, 10), ("f", "b"): (30, 20)}).why


@pytest.mark.parametrize("share", [0.5, 1.0])
def test_missing_declarations(share):
    table = people(EVEN).sample(frac=1, random_state=1).astype({"sex": object})
    table.iloc[: int(share * len(table)), 0] = "Prefer not to say"
    found = intersection(table["met"], table["sex"], table["group"], names=NAMES, seed=1)
    assert [(each.reason, each.n) for each in found.left_out] == [("one of the two not known", int(share * 250))]
    assert found.n_used == 250 - int(share * 250) and ("Nobody has" in found.why) == (share == 1.0)


def test_missing_outcomes_are_counted_and_bad_ones_refused():
    table = people(EVEN)
    met = table["met"].astype(float)
    met.iloc[:10] = np.nan
    found = intersection(met, table["sex"], table["group"], names=NAMES, seed=1)
    assert [(each.reason, each.n) for each in found.left_out] == [("no outcome", 10)]
    with pytest.raises(UsageError):
        intersection(met + 1, table["sex"], table["group"], names=NAMES, seed=1)
    with pytest.raises(UsageError):
        intersection(met, table["sex"][:-1], table["group"], names=NAMES, seed=1)


def test_the_mode_is_a_maximum():
    y, n = np.array([8.0, 0.0, 3.0, 5.0]), np.array([10.0, 0.0, 9.0, 5.0])
    precision = np.linalg.inv(_covariance((2, 2), 0.4))
    mode, _ = _mode(y, n, precision)
    score = y - n / (1 + np.exp(-mode)) - precision @ mode
    assert score == pytest.approx(np.zeros(4), abs=1e-8)


def test_no_raw_rate_and_no_count_of_successes():
    assert list(fitted(EVEN).table.columns) == ["sex", "ethnicity", "n", "rate", "low", "high"]


@pytest.mark.soak
def test_coverage_of_the_rates():
    draw, inside = np.random.default_rng(9), []
    for seed in range(60):
        sex, group = np.where(draw.random(360) < 0.32, "f", "m"), np.where(draw.random(360) < 0.17, "a", "b")
        logit = {(s, g): 0.2 * (s == "f") - 0.4 * (g == "a") + 0.3 * draw.standard_normal() for s in "fm" for g in "ab"}
        chance = 1 / (1 + np.exp(-np.array([logit[each] for each in zip(sex, group, strict=True)])))
        found = intersection((draw.random(360) < chance).astype(int), sex, group, names=NAMES, seed=seed).table
        truth = 1 / (1 + np.exp(-np.array([logit[each] for each in zip(found["sex"], found["ethnicity"], strict=True)])))
        inside += ((found["low"] <= truth) & (truth <= found["high"])).tolist()
    assert np.mean(inside) > 0.90
