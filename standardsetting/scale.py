"""The declared scale of ratings, and exact fractions from the numbers people write."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from standardsetting.errors import UsageError

# A panel has a handful of assessors and a scale a handful of steps: the mean or median of ratings never needs more.
LARGEST_DENOMINATOR = 1000

Number = int | float | str | Decimal | Fraction


def as_fraction(number: Number) -> Fraction:
    """The exact fraction that a number stands for.

    A float stands for the simplest fraction that prints as the same float (so the mean of 3, 3 and 4 is 10/3 again), and
    where no small denominator fits, for the decimal it prints as. Text may be ``"3.5"`` or ``"1/3"``.

    Examples
    --------
    >>> as_fraction(10 / 3), as_fraction(0.1), as_fraction("2.5")
    (Fraction(10, 3), Fraction(1, 10), Fraction(5, 2))
    """
    if isinstance(number, float):
        if not math.isfinite(number):
            raise UsageError("A finite number was expected; infinity or a missing number was found.")
        nearby = Fraction(number).limit_denominator(LARGEST_DENOMINATOR)
        return nearby if float(nearby) == number else Fraction(repr(float(number)))
    return Fraction(number)


def plain(number: Number) -> str:
    """A number as people write it: 14, 13.5, or 10/3 where no short decimal is exact."""
    exact = as_fraction(number)
    if exact.denominator == 1:
        return str(exact.numerator)
    for digits in range(1, 5):
        if (exact * 10**digits).denominator == 1:
            return f"{float(exact):.{digits}f}"
    return f"{exact.numerator}/{exact.denominator}"


@dataclass(frozen=True)
class Scale:
    """The ratings an assessor may give: from `minimum` to `maximum` by `step`. Declared, never inferred from the data.

    Examples
    --------
    >>> Scale(1, 5).points
    (Fraction(1, 1), Fraction(2, 1), Fraction(3, 1), Fraction(4, 1), Fraction(5, 1))
    >>> len(Scale(1, 5, step=0.5).points)
    9
    """

    minimum: Fraction
    maximum: Fraction
    step: Fraction = Fraction(1)

    def __init__(self, minimum: Number, maximum: Number, step: Number = 1) -> None:
        low, high, size = as_fraction(minimum), as_fraction(maximum), as_fraction(step)
        if size <= 0:
            raise UsageError("A scale's step must be above zero.")
        if high <= low:
            raise UsageError("A scale's maximum must be above its minimum.")
        if (high - low) % size:
            raise UsageError("A scale's step must divide the distance from its minimum to its maximum.")
        object.__setattr__(self, "minimum", low)
        object.__setattr__(self, "maximum", high)
        object.__setattr__(self, "step", size)

    @property
    def points(self) -> tuple[Fraction, ...]:
        """Every rating on the scale, lowest first."""
        return tuple(self.minimum + i * self.step for i in range(len(self)))

    def __len__(self) -> int:
        return int((self.maximum - self.minimum) / self.step) + 1

    def __contains__(self, rating: Number) -> bool:
        exact = as_fraction(rating)
        return self.minimum <= exact <= self.maximum and not (exact - self.minimum) % self.step
