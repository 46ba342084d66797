"""Sealing a standard: what is refused, what is recorded, what a change needs."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from standardsetting import BlindScores, Process, records
from standardsetting.blind.decide import seal_standard
from standardsetting.blind.scores import Account
from standardsetting.errors import UsageError

NOON = datetime(2023, 10, 2, 12, 0, tzinfo=UTC)
EVIDENCE = {"run": "standard-setting-0123456789ab", "manifest": "f" * 64}
VALUES = ("a", "b", "c", "d")
PROFILES = [(3, 3, 3, 3), (4, 4, 3, 3), (5, 5, 5, 2), (5, 5, 5, 5), (1, 2, 3, 4)]


@pytest.fixture
def scores():
    process = Process.from_mapping(
        {
            "process": {"id": "first", "title": "The first process"},
            "scale": {"minimum": 1, "maximum": 5},
            "values": [{"name": v, "hurdle": 3} for v in VALUES],
        }
    )
    codes = [f"C-{i}" for i in range(6)]
    ratings = pd.DataFrame(
        [(c, None, v, float(r), "agreed") for c, row in zip(codes, PROFILES, strict=False) for v, r in zip(VALUES, row, strict=True)]
        + [(codes[5], None, "a", 3.0, "agreed")],
        columns=["candidate", "assessor", "value", "rating", "kind"],
    )
    interviews = pd.DataFrame({"candidate": codes, "panel": pd.NA, "day": np.arange(6), "complete": [True] * 5 + [False]})
    account = Account(6, 6, 5, 1, {}, 0, (), (), NOON.isoformat())
    return BlindScores(ratings.merge(interviews.drop(columns="complete"), on="candidate"), interviews, process, account, seal="a" * 64)


def seal(scores, folder, **changes):
    given = {"cut": 14, "rationale": "Four solid answers.", "by": ["A. Director"], "evidence": EVIDENCE, "when": NOON} | changes
    return seal_standard(scores, folder, **given)


def test_the_record_says_what_was_decided_on_what_by_whom_and_why(scores, tmp_path):
    sealed = seal(scores, tmp_path)
    record = records.latest(tmp_path, "standard")
    assert sealed.hash == record.hash
    assert record.body["cut"] == "14"
    assert record.body["decided_by"] == ["A. Director"]
    assert record.body["candidates"] == {"complete": 5, "met": 2, "incomplete": 1}
    assert record.body["blind_seal"] == "a" * 64
    assert record.body["rule_hash"] == scores.process.rule_hash
    assert record.body["evidence"] == EVIDENCE
    assert "Of 5 candidates with complete scores, 2 meet it." in sealed.sentence
    assert sealed.warning == ""


def test_the_same_decision_twice_is_one_record(scores, tmp_path):
    first, again = seal(scores, tmp_path), seal(scores, tmp_path, cut="14.0")
    assert not first.already_done
    assert again.already_done
    assert again.hash == first.hash
    assert len(records.read(tmp_path)) == 1


def test_a_change_is_a_new_record_with_its_reason(scores, tmp_path):
    first = seal(scores, tmp_path)
    with pytest.raises(UsageError, match="needs its reason"):
        seal(scores, tmp_path, cut=15)
    second = seal(scores, tmp_path, cut=15, change_reason="An arithmetic error in the minutes.")
    chain = records.read(tmp_path)
    assert [r.body["cut"] for r in chain] == ["14", "15"]
    assert chain[1].body["replaces"] == first.hash
    assert second.number == 2


@pytest.mark.parametrize(("cut", "words"), [(12, "the hurdles alone decide"), (18, "the total alone decides")])
def test_a_cut_that_leaves_half_the_rule_idle_is_recorded_with_that_warning(scores, tmp_path, cut, words):
    sealed = seal(scores, tmp_path, cut=cut)
    assert words in sealed.warning
    assert words in records.latest(tmp_path, "standard").body["meaning"]


@pytest.mark.parametrize(
    "changes", [{"cut": 21}, {"cut": 12.6}, {"cut": 3}, {"cut": "high"}, {"rationale": " "}, {"by": []}, {"by": [" "]}]
)
def test_what_cannot_be_decided_is_refused_and_nothing_recorded(scores, tmp_path, changes):
    with pytest.raises(UsageError):
        seal(scores, tmp_path, **changes)
    assert records.read(tmp_path) == ()


def test_the_refusal_of_a_cut_between_totals_names_its_neighbours(scores, tmp_path):
    with pytest.raises(UsageError, match="12 and 13"):
        seal(scores, tmp_path, cut=12.6)
