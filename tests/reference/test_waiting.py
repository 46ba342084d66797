"""The share still waiting against R's survival package (values, versions and calls in waiting.json)."""

import json
import math
from pathlib import Path

import pytest

from standardsetting.cohort.waiting import kaplan_meier

RECORDS = json.loads((Path(__file__).parent / "waiting.json").read_text(encoding="utf-8"))["records"]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record["id"])
def test_every_step_and_the_median(record):
    found, value = kaplan_meier(record["times"], record["events"], confidence=record["confidence"]), record["value"]
    for name in ("time", "at_risk", "events", "censored", "waiting", "low", "high"):
        expected = [math.nan if each is None else each for each in value[name]]
        assert found.steps[name].tolist() == pytest.approx(expected, rel=record["tolerance"], abs=1e-15, nan_ok=True), name
    assert found.median == pytest.approx(math.nan if value["median"] is None else value["median"], nan_ok=True)
    assert (found.n, found.events) == (len(record["times"]), sum(record["events"]))
