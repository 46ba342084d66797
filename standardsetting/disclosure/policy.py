"""The rules of protection as numbers, and what a reader who knows the rules can infer from a protected count."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from standardsetting.errors import UsageError

RULES = "1"
# Who reads: the director's report, and what may be published or answer a request. The public one is a part of the director's.
Tier = Literal["director", "public"]
TIERS: tuple[Tier, ...] = get_args(Tier)
CONFIDENTIAL, NOT_APPLICABLE, NOT_AVAILABLE, LOW_RELIABILITY = "[c]", "[z]", "[x]", "[u]"
SHORTHAND = {
    CONFIDENTIAL: "confidential: too few people, or a figure that would give one away",
    NOT_APPLICABLE: "not applicable: the rules of the process make it impossible",
    NOT_AVAILABLE: "not available",
    LOW_RELIABILITY: "low reliability",
}


@dataclass(frozen=True)
class Policy:
    """The rules of protection.

    Attributes
    ----------
    name
        `10-5`: counts under `smallest_count` are hidden, others rounded. `rounded cube`: every count of the finest combination is rounded
        up or down to a multiple of `round_to`, and everything is derived from those; for large cohorts.
    smallest_count, round_to
        Zero counts as under the smallest count, unless it is structural.
    counts_from
        Groups of at least this many people show counts; smaller ones have a verdict instead.
    rate_denominator, rate_count
        A rate needs so many people who entered the stage, and so many on either side.
    fewest_values, fewest_of_any
        The audit fails where a count that may be small has fewer possible values than the first, or any other count than the second.
    change
        An earlier protected value is reused until the count has moved by this much.
    """

    name: Literal["10-5", "rounded cube"] = "10-5"
    smallest_count: int = 10
    round_to: int = 5
    counts_from: int = 50
    rate_denominator: int = 20
    rate_count: int = 10
    fewest_values: int = 5
    fewest_of_any: int = 3
    change: int = 10

    def __post_init__(self) -> None:
        if self.name not in ("10-5", "rounded cube"):
            raise UsageError("The disclosure policy is '10-5' or 'rounded cube'.")
        if self.smallest_count < 3 or self.round_to < 1 or self.counts_from < self.smallest_count:
            raise UsageError("A disclosure policy needs a smallest count of 3 or more, rounding to 1 or more, and counts from no less.")

    def rounded(self, count: int) -> int:
        """A count rounded to the nearest multiple, ties upwards.

        Examples
        --------
        >>> [Policy().rounded(n) for n in (12, 13, 17)]
        [10, 15, 15]
        """
        return (2 * count + self.round_to) // (2 * self.round_to) * self.round_to

    def window(self, value: int) -> tuple[int, int]:
        """The counts that are rounded to this value.

        Examples
        --------
        >>> Policy().window(35)
        (33, 37)
        """
        return value - self.round_to // 2, value + (self.round_to - 1) // 2

    def as_record(self) -> dict[str, Any]:
        return {"rules": RULES, **asdict(self)}
