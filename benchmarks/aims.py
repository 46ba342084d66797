"""What was aimed for, beside what was measured: met or not met."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.race import Row

MEGABYTES = 200.0
# Severities of two programs at the same maximum differ in the seventh digit; so do their errors.
SAME_ERROR = 1e-4
SAME_LIKELIHOOD = 1e-6


@dataclass(frozen=True)
class Outcome:
    """An aim, what was measured, and whether it was met; None where this run did not measure it."""

    aim: str
    measured: str
    met: bool | None

    @property
    def verdict(self) -> str:
        """In words."""
        return "not measured in this run" if self.met is None else "met" if self.met else "not met"


def outcomes(rows: Sequence[Row]) -> list[Outcome]:
    """Every aim."""
    return [
        _ratio(rows, "alpha", "krippendorff", 100_000, 50, "alpha, both from the long table,"),
        _ratio(rows, "alpha-ready", "krippendorff", 100_000, 50, "alpha, both from ready material,"),
        _seconds(rows, "bootstrap", 10_000, 0.1, "1,000 candidate bootstraps of alpha"),
        _seconds(rows, "pair-coefficients", 10_000, 0.01, "all pair coefficients together, of all values"),
        _seconds(rows, "coefficients", 10_000, 0.01, "every agreement coefficient, of each value and of all"),
        _seconds(rows, "reml", 10_000, 0.05, "seven components by REML, complete panels"),
        _seconds(rows, "reml-gaps", 10_000, 1.0, "seven components by REML, 15 % gaps"),
        *(_likelihood(rows, key) for key in ("reml", "reml-gaps")),
        _seconds(rows, "facets", 10_000, 1.0, "many-facet Rasch with errors and fit"),
        _severities(rows),
        _memory(rows),
    ]


def _of(rows: Sequence[Row], contest: str, n: int, package: str = "standardsetting") -> Row | None:
    found = (row for row in rows if (row.contest, row.n, row.package) == (contest, n, package) and row.seconds is not None)
    return next(found, None)


def _ratio(rows: Sequence[Row], contest: str, package: str, n: int, times: float, what: str) -> Outcome:
    row = _of(rows, contest, n, package)
    aim = f"{what} {times:g} times as fast as {package} at {n:,}"
    return Outcome(aim, "", None) if row is None or row.ratio is None else Outcome(aim, f"{row.ratio:.1f} times", row.ratio >= times)


def _seconds(rows: Sequence[Row], contest: str, n: int, most: float, what: str) -> Outcome:
    row = _of(rows, contest, n)
    aim = f"{what} at {n:,} in less than {most:g} s"
    if row is None or row.seconds is None:
        return Outcome(aim, "", None)
    return Outcome(aim, f"{row.seconds:.4f} s, processor {row.cpu or 0:.4f} s", row.seconds < most)


def _both(rows: Sequence[Row], contest: str, peers: Sequence[str], fact: str) -> tuple[Row, Row] | None:
    """Ours and the first peer there is, at the largest size at which both have the fact."""
    for n in sorted({row.n for row in rows}, reverse=True):
        ours, theirs = _of(rows, contest, n), [_of(rows, contest, n, peer) for peer in peers]
        there = [row for row in theirs if row is not None and fact in row.facts]
        if ours is not None and fact in ours.facts and there:
            return ours, there[0]
    return None


def _likelihood(rows: Sequence[Row], contest: str) -> Outcome:
    what = "complete panels" if contest == "reml" else "15 % gaps"
    aim = f"the same REML log-likelihood as lme4 to six digits, {what}"
    pair = _both(rows, contest, ["lme4"], "log-likelihood")
    if pair is None:
        return Outcome(aim, "", None)
    ours, theirs = (row.facts["log-likelihood"] for row in pair)
    measured = f"{ours:.4f} and {theirs:.4f} at {pair[0].n:,}"
    return Outcome(aim, measured, abs(ours - theirs) <= SAME_LIKELIHOOD * abs(theirs) or ours > theirs)


def _severities(rows: Sequence[Row]) -> Outcome:
    aim = "severity RMSE no worse than the peer's (to four digits)"
    pair = _both(rows, "facets", ["mirt", "raschpy"], "severity RMSE")
    if pair is None:
        return Outcome(aim, "", None)
    ours, theirs = (row.facts["severity RMSE"] for row in pair)
    return Outcome(aim, f"{ours:.5f}, {pair[1].package} {theirs:.5f}, at {pair[0].n:,}", ours <= theirs * (1 + SAME_ERROR))


def _memory(rows: Sequence[Row]) -> Outcome:
    aim = f"memory growth less than {MEGABYTES:g} MB at 100,000"
    ours = [row for row in rows if row.ours and row.n == 100_000]
    grown = {row.contest: row.megabytes for row in ours if row.megabytes is not None}
    if not grown:
        return Outcome(aim, "", None)
    largest, over = max(grown, key=lambda contest: grown[contest]), [contest for contest in grown if grown[contest] >= MEGABYTES]
    measured = f"at most {grown[largest]:.0f} MB ({largest})" + (f"; over: {', '.join(over)}" if over else "")
    unknown = [row.contest for row in ours if row.contest not in grown]
    if unknown:
        measured += f"; not measured: {', '.join(unknown)}"
    return Outcome(aim, measured, False if over else None if unknown else True)
