"""Where groups fell short of a recorded standard, and the impact ratio at other totals only beside that record."""

import ast
import inspect

import numpy as np
import pandas as pd
import pytest

from standardsetting.cohort import gate_table as module
from standardsetting.cohort.gate_table import FOR_LEARNING, gate_table, impact_by_total
from standardsetting.errors import StageError, UsageError
from standardsetting.records import Record
from standardsetting.rule import DecisionRule
from standardsetting.scale import Scale

VALUES = ["courage", "integrity", "compassion"]
RULE = DecisionRule(dict.fromkeys(VALUES, 3), cut=11, scale=Scale(1, 5))


def record(cut="11", kind="standard"):
    return Record(1, kind, "2023-10-01T10:00:00+00:00", {"cut": cut}, "0" * 64)


def cohort(n=120, seed=2):
    draw = np.random.default_rng(seed)
    return pd.DataFrame(draw.integers(1, 6, (n, 3)), columns=VALUES), np.where(draw.random(n) < 0.4, "Female", "Male").astype(object)


def test_counts_by_hand():
    scores, labels = cohort()
    table = gate_table(scores, labels, rule=RULE).table
    women = scores[labels == "Female"]
    below = women < 3
    by_hand = [*below.sum(), (below.sum(axis=1) == 1).sum(), (~below.any(axis=1) & (women.sum(axis=1) < 11)).sum(),
               (~below.any(axis=1) & (women.sum(axis=1) >= 11)).sum()]  # fmt: skip
    of_women = table[table["group"] == "Female"]
    assert of_women["count"].tolist() == by_hand
    assert of_women["share"].to_numpy() == pytest.approx(np.array(by_hand) / len(women))
    assert of_women["value"].tolist() == [*VALUES, "", "", ""]


def test_half_points_are_exact():
    scores = pd.DataFrame({"a": [2.5, 10 / 3, 3.0], "b": [4.5, 11 / 3, 3.5]})
    table = gate_table(scores, ["x"] * 3, rule=DecisionRule({"a": 3, "b": 3}, cut=7), fewest=3).table
    assert table["count"].tolist() == [1, 0, 1, 1, 1]  # 10/3 + 11/3 is 7 exactly and meets the cut


def test_small_groups_have_no_counts():
    scores, labels = cohort()
    labels[:100] = "Male"
    labels[100:119], labels[119] = "Female", "Other"
    table = gate_table(scores, labels, rule=RULE).table
    assert table[table["group"] != "Male"][["n", "count", "share"]].isna().all(axis=None)
    assert set(table[table["group"] == "Other"]["why"]) == {"Fewer than 20 people."}


def test_not_known_and_incomplete_are_counted_and_left_out():
    scores, labels = cohort()
    labels[:60] = "opted out"
    scores.loc[70, "courage"] = np.nan
    found = gate_table(scores.astype(float), labels, rule=RULE)
    assert [(each.reason, each.n) for each in found.left_out] == [("opted out of monitoring", 60), ("without complete scores", 1)]
    assert found.n_used == 59
    nobody = gate_table(scores, ["opted out"] * 120, rule=RULE)
    assert nobody.table.empty and nobody.n_used == 0 and "Nobody" in nobody.sentence


@pytest.mark.parametrize(("score", "word"), [(5, "Everyone met"), (1, "Nobody met")])
def test_everyone_or_nobody_met(score, word):
    found = gate_table(pd.DataFrame(np.full((40, 3), score), columns=VALUES), ["Female", "Male"] * 20, rule=RULE)
    assert word in found.sentence
    assert set(found.table.loc[found.table["gate"] == "met the standard", "share"]) == {float(score == 5)}


def test_no_standard_no_table():
    scores, labels = cohort()
    with pytest.raises(StageError):
        gate_table(scores, labels, rule=RULE.at(None))
    for standard, rule in ((record(), RULE.at(None)), (record("12"), RULE), (record(kind="closed"), RULE)):
        with pytest.raises(StageError):
            impact_by_total(scores, labels, rule=rule, standard=standard, focal="Female", comparator="Male")
    with pytest.raises(UsageError):
        gate_table(scores, labels[:-1], rule=RULE)


def test_curve_by_hand():
    scores, labels = cohort(300)
    found = impact_by_total(scores, labels, rule=RULE, standard=record(), focal="Female", comparator="Male")
    assert found.mark == FOR_LEARNING and found.sentence.startswith(FOR_LEARNING)
    assert found.table["total"].tolist() == list(range(3, 16))
    assert found.table.loc[found.table["recorded"], "total"].tolist() == [11]
    hurdles = (scores >= 3).all(axis=1)
    for _, row in found.table.iterrows():
        met = hurdles & (scores.sum(axis=1) >= row["total"])
        women, men = met[labels == "Female"].mean(), met[labels == "Male"].mean()
        assert row["ratio"] == pytest.approx(women / men, rel=1e-12)


def test_curve_is_refused_for_small_groups():
    scores, labels = cohort(80)
    labels[:] = "Male"
    labels[:29] = "Female"
    found = impact_by_total(scores, labels, rule=RULE, standard=record(), focal="Female", comparator="Male")
    assert found.table.empty and "fewer than 30" in found.why


def test_nothing_here_gives_a_cut():
    """No public function returns a number or a rule, and none of the results has a field that prefers one total."""
    for function in (gate_table, impact_by_total):
        assert inspect.signature(function).return_annotation in ("GateTable", "ImpactByTotal")
    fields = {*module.GateTable.__dataclass_fields__, *module.ImpactByTotal.__dataclass_fields__}
    assert not [name for name in fields for word in ("cut", "best", "suggest", "recommend", "optimal") if word in name]
    calls = {ast.unparse(node.func) for node in ast.walk(ast.parse(inspect.getsource(module))) if isinstance(node, ast.Call)}
    assert not [name for name in calls if name.split(".")[-1] in ("argmax", "argmin", "idxmax", "idxmin")]
