"""The share still waiting: what holds whatever the times are."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from standardsetting.cohort.waiting import after_weeks, in_weeks, kaplan_meier, weeks_of
from standardsetting.errors import UsageError

PEOPLE = st.lists(st.tuples(st.integers(0, 30), st.booleans()), min_size=1, max_size=80)


@settings(deadline=None, max_examples=60)
@given(PEOPLE)
def test_the_share_lies_between_none_and_all_and_falls(people: list[tuple[int, bool]]) -> None:
    steps = kaplan_meier(*zip(*people, strict=True)).steps
    waiting = np.array([1.0, *steps["waiting"]])
    assert ((waiting >= 0) & (waiting <= 1)).all() and (np.diff(waiting) <= 0).all()
    told = steps.dropna(subset=["low"])
    assert ((told["low"] <= told["waiting"]) & (told["waiting"] <= told["high"])).all()
    assert told["low"].ge(0).all() and told["high"].le(1).all()
    assert steps[["events", "censored"]].to_numpy().sum() == len(people) == steps["at_risk"].iloc[0]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 30), min_size=1, max_size=80))
def test_without_censoring_it_is_the_share_that_waits(times: list[int]) -> None:
    found = kaplan_meier(times, [True] * len(times))
    for time in range(32):
        share = sum(each > time for each in times) / len(times)
        assert found.after(time)["waiting"] == pytest.approx(share, abs=1e-12)
    assert found.median == sorted(times)[(len(times) - 1) // 2]


@settings(deadline=None, max_examples=60)
@given(PEOPLE, st.randoms(use_true_random=False))
def test_the_order_of_people_does_not_matter(people: list[tuple[int, bool]], draw: object) -> None:
    turned = people.copy()
    draw.shuffle(turned)  # type: ignore[attr-defined]
    one, other = (kaplan_meier(*zip(*each, strict=True)).steps for each in (people, turned))
    assert one.equals(other)


@settings(deadline=None, max_examples=60)
@given(PEOPLE, st.integers(0, 30))
def test_who_is_censored_later_lowers_no_share_before(people: list[tuple[int, bool]], at: int) -> None:
    """Somebody more who was followed to the end without an event makes the share that waits no smaller."""
    times, events = zip(*people, strict=True)
    before, after = kaplan_meier(times, events), kaplan_meier([*times, 31], [*events, False])
    assert after.after(at)["waiting"] >= before.after(at)["waiting"] - 1e-12


def test_numbers_at_a_time_are_those_followed_up_to_it_and_beyond() -> None:
    found = kaplan_meier([1, 1, 2, 4, 4], [1, 0, 1, 1, 0])
    at_risk, left = ([found.after(t)[name] for t in range(6)] for name in ("at_risk", "left"))
    assert at_risk == [5, 5, 3, 2, 2, 0] and left == [5, 3, 2, 2, 0, 0]
    assert found.after(0)["waiting"] == 1 and math.isnan(found.after(0)["low"])


def test_nobody_and_what_cannot_be_read() -> None:
    nobody = kaplan_meier([], [])
    assert nobody.why and nobody.n == 0 and math.isnan(nobody.median) and nobody.after(4)["waiting"] == 1.0
    for times, events in (([1, 2], [True]), ([-1], [True]), ([math.nan], [False]), ([1], [0.5])):
        with pytest.raises(UsageError):
            kaplan_meier(times, events)
    with pytest.raises(UsageError):
        kaplan_meier([1], [True], confidence=1)


def test_weeks_as_they_are_read_and_named() -> None:
    assert [in_weeks(n) for n in (1, 2, 13)] == ["one week", "2 weeks", "13 weeks"]
    assert weeks_of(after_weeks(12)) == 12
    with pytest.raises(UsageError):
        weeks_of("4 weeks")
