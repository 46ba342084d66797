"""Exact numbers and the declared scale."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standardsetting import Scale
from standardsetting.errors import UsageError
from standardsetting.scale import as_fraction, plain


@given(st.integers(-1000, 1000), st.integers(1, 30))
def test_a_small_fraction_survives_being_a_float(top, bottom):
    assert as_fraction(top / bottom) == Fraction(top, bottom)


@given(st.integers(-(10**6), 10**6), st.integers(0, 6))
def test_a_decimal_survives_being_a_float(digits, places):
    assert as_fraction(float(f"{digits}e-{places}")) == Fraction(digits, 10**places)


def test_a_long_float_stands_for_the_decimal_it_prints_as():
    assert as_fraction(3.14159) == Fraction(314159, 100000)


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_no_fraction_without_a_finite_number(number):
    with pytest.raises(UsageError):
        as_fraction(number)


@pytest.mark.parametrize(
    ("number", "words"), [(14, "14"), (13.5, "13.5"), ("0.25", "0.25"), (Fraction(10, 3), "10/3"), (-0.5, "-0.5"), (0, "0")]
)
def test_plain_numbers(number, words):
    assert plain(number) == words
    assert as_fraction(plain(number)) == as_fraction(number)


def test_points_and_membership():
    halves = Scale(1, 5, step=0.5)
    assert [float(p) for p in halves.points] == [1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5]
    assert 2.5 in halves
    assert 2.25 not in halves
    assert 5.5 not in halves
    assert 2.5 not in Scale(1, 5)
    assert len(Scale(0, 3)) == 4


@pytest.mark.parametrize("bounds", [(1, 1), (5, 1), (1, 5, 0), (1, 5, -1), (1, 5, "3")])
def test_a_scale_that_cannot_be_is_refused(bounds):
    with pytest.raises(UsageError):
        Scale(*bounds)
