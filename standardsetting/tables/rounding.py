"""How numbers are written: rounded once, here, half away from zero on the exact decimal. Nothing rounded is ever computed with."""

from __future__ import annotations

import math
from fractions import Fraction

from standardsetting.scale import Number, as_fraction

# Percentages get one decimal from this many people on; below, a decimal would pretend to a precision that the cohort does not have.
DECIMAL_FROM = 1000

RULE = (
    "Numbers are rounded once, when they are written, and a half is rounded away from zero. Percentages are whole numbers, or have one "
    f"decimal where they describe {DECIMAL_FROM:,} people or more. Every comparison uses the unrounded number."
)


def rounded(number: Number, places: int = 0) -> str:
    """A number with a fixed count of decimals, halves away from zero, thousands marked, and a real minus sign.

    Examples
    --------
    >>> rounded(2.5), rounded(0.125, 2), rounded(-1234.5), rounded(-0.001, 2)
    ('3', '0.13', '−1,235', '0.00')
    """
    exact = as_fraction(number)
    units = math.floor(abs(exact) * 10**places + Fraction(1, 2))
    whole, part = divmod(units, 10**places)
    text = f"{whole:,}" + (f".{part:0{places}d}" if places else "")
    return f"−{text}" if exact < 0 and units else text


def count(number: int) -> str:
    """A number of people: 1,234."""
    return rounded(int(number))


def of(number: int, one: str, many: str | None = None) -> str:
    """A number and what it counts: "1 candidate", "4 candidates", "no candidates".

    Examples
    --------
    >>> of(1, "candidate"), of(1234, "candidate"), of(0, "person", "people")
    ('1 candidate', '1,234 candidates', 'no people')
    """
    name = one if number == 1 else many or one + "s"
    return f"{count(number) if number else 'no'} {name}"


def verb(number: int, one: str, many: str) -> str:
    """The form of a verb that fits a number: "1 is", "4 are"."""
    return f"{count(number)} {one if number == 1 else many}"


def the(number: int, one: str, many: str | None = None) -> str:
    """A group that was counted: "the only candidate", "the 12 candidates"."""
    return f"the only {one}" if number == 1 else f"the {of(number, one, many)}"


def with_every_score(number: int) -> str:
    """Whom the shares of a pack describe: "the 12 candidates with every score"."""
    return f"{the(number, 'candidate')} with every score"


def percent(share: Number, n: int) -> str:
    """A share of `n` people as a percentage; a share that is not nobody or everybody is never written as 0% or 100%.

    Examples
    --------
    >>> percent(0.721, 348), percent(0.72345, 100_000), percent(1 / 348, 348), percent(347 / 348, 348), percent(0, 348)
    ('72%', '72.3%', 'under 1%', 'over 99%', '0%')
    """
    places = 1 if n >= DECIMAL_FROM else 0
    hundred = as_fraction(share) * 100
    smallest = Fraction(1, 10**places)
    if 0 < hundred < smallest / 2:
        return f"under {rounded(smallest, places)}%"
    if 100 - smallest / 2 <= hundred < 100:
        return f"over {rounded(100 - smallest, places)}%"
    return f"{rounded(hundred, places)}%"


def number(exact: Number, places: int | None = None) -> str:
    """A score, a total or a statistic: as many decimals as it has, two at most, or exactly `places`.

    Examples
    --------
    >>> number(14), number(13.5), number(40 / 3), number(0.5, 2)
    ('14', '13.5', '13.33', '0.50')
    """
    if places is not None:
        return rounded(exact, places)
    fraction = as_fraction(exact)
    for digits in (0, 1):
        if (fraction * 10**digits).denominator == 1:
            return rounded(fraction, digits)
    return rounded(fraction, 2)
