"""The least and the largest integer that a sum of counts can be, given everything a reader has been told.

The counts that a reader does not know are the unknowns of a linear system. Simple containment proves outer bounds, solutions already found
prove that values are possible; only what these two leave open is solved, by SciPy's HiGHS: the linear relaxation first, which mostly has a
whole-number solution, and the integer programme where it has not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from standardsetting.errors import DisclosureError

Row = NDArray[np.int64]
SECONDS_PER_PROGRAMME = 20.0
_FIRST_LOOKS = 6
_DONE, _NO_FEASIBLE_POINT = 0, 2
_WHOLE = 1e-6


class ContradictionError(DisclosureError):
    """What readers have been told cannot all be true."""


@dataclass(frozen=True)
class Bounds:
    """What is proved about sums of unknowns, one row a sum.

    Attributes
    ----------
    low, high
        No value outside is possible.
    least, most
        Values that are possible.
    """

    low: NDArray[np.int64]
    high: NDArray[np.int64]
    least: NDArray[np.int64]
    most: NDArray[np.int64]


@dataclass
class System:
    """Non-negative integer unknowns, and what is known about sums of them.

    Attributes
    ----------
    rows, low, high
        What is known: `low <= rows @ x <= high`.
    implied
        Sums that follow from what is known exactly; containment looks at them, the solver need not.
    """

    size: int
    rows: list[Row] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    implied: list[tuple[Row, float]] = field(default_factory=list)
    solved: int = 0

    def add(self, row: Row, low: float | None, high: float | None) -> None:
        """One more thing that is known."""
        self.rows.append(row)
        self.low.append(-np.inf if low is None else low)
        self.high.append(np.inf if high is None else high)

    def bounds(self, targets: Sequence[Row], *, enough: int | None = None) -> Bounds:
        """What can be proved about each sum.

        Parameters
        ----------
        enough
            Stop at a sum once so many values lie between two that are possible. Without it every bound is exact.

        Raises
        ------
        ContradictionError
            What is known cannot all be true.
        DisclosureError
            The solver did not finish: nothing is proved, so nothing passes.
        """
        if not self.size or not len(targets):  # nobody is there
            none = np.zeros(len(targets), dtype=np.int64)
            return Bounds(none, none, none, none)
        programme = _Programme(self)
        matrix = np.array(targets, dtype=np.int64)
        outer = self.contained(matrix)
        rng = np.random.default_rng(0)  # only where to look first: what is proved does not depend on it
        looks = [np.zeros(self.size), *(rng.standard_normal(self.size) for _ in range(_FIRST_LOOKS if enough else 0))]
        values = np.array([matrix @ self._solution(programme, look) for look in looks])
        least, most = values.min(axis=0), values.max(axis=0)
        for at in range(len(matrix)):
            for sign in (1, -1):
                if enough is not None and most[at] - least[at] + 1 >= enough:
                    break
                if (least[at] if sign > 0 else most[at]) == outer[at, 0 if sign > 0 else 1]:
                    continue
                solution = self._solution(programme, sign * matrix[at])
                value = matrix @ solution
                least, most = np.minimum(least, value), np.maximum(most, value)
                outer[at, 0 if sign > 0 else 1] = value[at]
        return Bounds(outer[:, 0].astype(np.int64), outer[:, 1].astype(np.int64), least, most)

    def relaxed(self, targets: Sequence[Row]) -> NDArray[np.int64]:
        """Bounds from the linear relaxation alone: valid, perhaps wider than the exact ones."""
        programme = _Programme(self)
        self.solved += 2 * len(targets)
        ends = [[sign * programme.relaxation(sign * row) for sign in (1, -1)] for row in targets]
        return np.array([[np.ceil(low - _WHOLE), np.floor(high + _WHOLE)] for low, high in ends]).astype(np.int64).reshape(-1, 2)

    def contained(self, targets: NDArray[np.int64]) -> NDArray[np.float64]:
        """Bounds that follow from single known sums: a part is no larger than the whole, nor a whole smaller than its part."""
        sums = [value for _, value in self.implied]
        known = np.array([*self.rows, *(row for row, _ in self.implied)], dtype=float)
        low, high = np.array([*self.low, *sums]), np.array([*self.high, *sums])
        plain = (known >= 0).all(axis=1) & (known <= 1).all(axis=1)
        known, low, high = known[plain], low[plain], high[plain]
        size, whole = targets.sum(axis=1), known.sum(axis=1)
        shared = targets @ known.T
        inside, around = shared == size[:, None], shared == whole[None, :]
        at_least = np.maximum(0, np.where(around, low, 0).max(axis=1, initial=0))
        at_most = np.where(inside, high, np.inf).min(axis=1, initial=np.inf)
        overlap = known @ known.T
        for at in range(len(targets)):
            # A part of a known whole is at most what the rest of the whole leaves.
            beside = shared[at] == 0
            wholes = np.flatnonzero(inside[at] & np.isfinite(high))
            if beside.any() and len(wholes):
                within = overlap[np.ix_(wholes, beside)] == whole[beside]
                rest = np.where(within, np.maximum(low[beside], 0), 0).max(axis=1)
                at_most[at] = min(at_most[at], (high[wholes] - rest).min())
        return np.column_stack([at_least, at_most])

    def _solution(self, programme: _Programme, objective: NDArray[np.float64] | Row) -> Row:
        self.solved += 1
        return programme.least(objective)


class _Programme:
    """The programme of a system, made once and solved for many objectives."""

    def __init__(self, system: System) -> None:
        from scipy.optimize import Bounds as Box
        from scipy.optimize import LinearConstraint
        from scipy.sparse import csr_array

        self.size = system.size
        self.constraint = LinearConstraint(csr_array(np.array(system.rows, dtype=float)), system.low, system.high)
        self.box = Box(0, np.full(self.size, np.inf))

    def relaxation(self, objective: NDArray[np.float64] | Row) -> float:
        return float(self._solve(objective, 0).fun)

    def least(self, objective: NDArray[np.float64] | Row) -> Row:
        """A whole-number solution that makes the objective least."""
        result = self._solve(objective, 0)
        if np.abs(result.x - np.rint(result.x)).max() > _WHOLE:
            result = self._solve(objective, 1)
        return np.rint(result.x).astype(np.int64)

    def _solve(self, objective: NDArray[np.float64] | Row, integrality: int):  # type: ignore[no-untyped-def]  # SciPy's result has no type
        from scipy.optimize import milp

        options = {"time_limit": SECONDS_PER_PROGRAMME, "mip_rel_gap": 0.0}
        for presolve in (True, False):  # the solver's simplifications leave it, now and then, with an answer it cannot vouch for
            result = milp(
                objective, constraints=self.constraint, bounds=self.box, integrality=integrality, options={**options, "presolve": presolve}
            )
            if result.status in (_DONE, _NO_FEASIBLE_POINT):
                break
        if result.status == _NO_FEASIBLE_POINT:
            raise ContradictionError(
                "What readers have been told cannot all be true, so nothing can be proved about what they know.",
                next_step="Look at the figures entered by hand in the release ledger.",
            )
        if result.status != _DONE or result.x is None:
            raise DisclosureError(
                "The solver of the disclosure audit did not finish, so nothing is proved and nothing is released.",
                next_step="Declare fewer tables in [cohort], or leave out the intersection, and make the report again.",
            )
        return result
