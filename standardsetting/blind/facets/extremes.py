"""Elements with nothing but the highest or nothing but the lowest ratings: they have no finite measure, and leave the estimation.

Their measure is then given by a stated rule: their score is taken `ADJUSTMENT` steps of the scale towards the middle.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from standardsetting.blind.facets.design import FACETS, Design
from standardsetting.blind.facets.steps import categories_in_use
from standardsetting.errors import FindingsError

# Share of a step by which an extreme score is moved towards the middle (Linacre, A User's Guide to Facets, "Xtreme=").
ADJUSTMENT = 0.3


@dataclass(frozen=True)
class Extremes:
    """Which elements left the estimation, and the design of the rest.

    Attributes
    ----------
    core, whole
        The design that the estimation works on, and the whole one.
    rows
        Which rows of the whole design are in it.
    labels
        For each facet and element of the whole design: "", "minimum", "maximum", or "constant" (a value on which everybody gave the
        same rating, under the partial credit model).
    """

    core: Design
    whole: Design
    rows: np.ndarray
    labels: dict[str, np.ndarray]

    def present(self, facet: str) -> np.ndarray:
        """Which elements of the whole design are in the core."""
        return np.bincount(self.whole.rows(facet)[self.rows], minlength=self.whole.size(facet)) > 0

    def spread(self, facet: str) -> Callable[[np.ndarray], np.ndarray]:
        """Turns numbers by element of the core into numbers by element of the whole design, missing where an element left."""
        present = self.present(facet)

        def fill(numbers: np.ndarray) -> np.ndarray:
            filled = np.full(len(present), np.nan)
            filled[present] = numbers
            return filled

        return fill

    @property
    def rateable(self) -> np.ndarray:
        """The rows whose assessor and value are in the core: what an extreme candidate's measure rests on."""
        found: np.ndarray = self.present("assessor")[self.whole.assessor] & self.present("value")[self.whole.value]
        return found


def set_aside(design: Design, model: str, *, candidates: bool) -> Extremes:
    """Leave out extreme assessors and values, and extreme `candidates` where asked, until none is left."""
    labels = {facet: np.full(design.size(facet), "", dtype=object) for facet in FACETS}
    rows = np.ones(len(design), dtype=bool)
    facets = FACETS if candidates else FACETS[1:]
    while True:
        used = _in_use(design, rows, model)
        low, high = used.argmax(axis=1), used.shape[1] - 1 - used[:, ::-1].argmax(axis=1)
        at_low = (design.category == low[design.value]) & rows
        at_high = (design.category == high[design.value]) & rows
        found = False
        for facet in facets:
            n = design.total(facet, rows)
            lowest, highest = design.total(facet, at_low) == n, design.total(facet, at_high) == n
            for mask, label in ((lowest & highest, "constant"), (lowest & ~highest, "minimum"), (highest & ~lowest, "maximum")):
                out = mask & (n > 0) & (labels[facet] == "")
                labels[facet][out] = label
                found = found or bool(out.any())
        for facet in facets:
            rows &= (labels[facet] == "")[design.rows(facet)]
        if not rows.any():
            raise FindingsError(
                "The ratings leave nothing to estimate: every element has only the highest or only the lowest ratings.",
                next_step="A model of severity needs assessors who use more than one category.",
            )
        if not found:
            return Extremes(core=design if rows.all() else design.keep(rows), whole=design, rows=rows, labels=labels)


def _in_use(design: Design, rows: np.ndarray, model: str) -> np.ndarray:
    width = design.top + 1
    if rows.all():
        return categories_in_use(design, model)
    key = (design.value * width + design.category)[rows]
    used = np.bincount(key, minlength=design.size("value") * width).reshape(-1, width) > 0
    if model == "rating scale":
        used = np.broadcast_to(used.any(axis=0), used.shape).copy()
    return used
