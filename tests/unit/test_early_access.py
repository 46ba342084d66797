"""Early access: two different people and a reason, recorded; nothing else opens the door before the standard."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from standardsetting import records
from standardsetting.early_access import grant, granted
from standardsetting.errors import StageError, UsageError
from standardsetting.linkage import sequence

NOON = datetime(2023, 9, 15, 12, 5, tzinfo=UTC)
REASON = "The union asks whether the sift worked evenly."


def test_it_is_recorded_with_both_names_the_reason_and_the_stage(tmp_path: Path) -> None:
    assert granted(tmp_path) is None
    given = grant(tmp_path, by=["Ada  Firstperson", "Bo Secondperson"], reason=REASON, when=NOON)
    assert granted(tmp_path) == given and records.read(tmp_path)[0].kind == "early access"
    assert (given.by, given.stage, given.number, given.record) == (
        ("Ada Firstperson", "Bo Secondperson"), "open", 1, records.read(tmp_path)[0].hash,
    )  # fmt: skip
    assert given.sentence == (
        "Early access: this cohort was looked at before a standard was recorded. Ada Firstperson and Bo Secondperson opened it on "
        f"15 September 2023 at 12:05 (record 1). Reason: {REASON}"
    )
    assert [event.sentence for event in sequence(tmp_path)] == [given.sentence]


@pytest.mark.parametrize(
    ("by", "reason"),
    [
        ([], REASON),
        (["Ada"], REASON),
        (["Ada", "Bo", "Cy"], REASON),
        (["Ada Firstperson", "ada  firstperson "], REASON),
        (["Ada Firstperson", "Firstperson, Ada."], REASON),
        (["Ada", "  "], REASON),
        (["Ada", "Bo"], ""),
        (["Ada", "Bo"], "because  "),
    ],
)
def test_fewer_than_two_different_people_or_no_reason_is_refused_and_leaves_no_record(tmp_path: Path, by: list[str], reason: str) -> None:
    with pytest.raises(UsageError):
        grant(tmp_path, by=by, reason=reason, when=NOON)
    assert records.read(tmp_path) == ()


def test_nobody_needs_it_once_a_standard_is_recorded(tmp_path: Path) -> None:
    records.append(tmp_path, "standard", {"cut": "14"}, when=NOON)
    with pytest.raises(StageError, match="open without early access"):
        grant(tmp_path, by=["Ada", "Bo"], reason=REASON, when=NOON)
