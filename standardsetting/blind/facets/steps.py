"""The steps of the scale: which categories are in use, and how thresholds and difficulties make up the model's category constants.

The model is ``log P(x) = x (theta - severity) - c[value, x] - log Z``. The constants come from free parameters by one linear map,
``c = basis @ beta``, with ``c[v, x] = (x - lowest) difficulty_v + k_x`` and ``k`` zero at the lowest and the highest category in use, so
that the thresholds ``k_x - k_(x-1)`` sum to zero without a constraint.

A category that nobody uses keeps its place and its number: it gets probability zero, the others keep their scores. Thresholds next to it
have no estimate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from standardsetting.blind.facets.design import Design

MODELS = ("rating scale", "partial credit")


@dataclass(frozen=True)
class Steps:
    """The category structure of a fit.

    Attributes
    ----------
    used
        Value by category: whether the category is in the model.
    basis
        Maps the free parameters (difficulties first) to the category constants.
    thresholds
        Maps the free parameters to the thresholds.
    labels
        For each threshold its value's position (-1: all values) and its upper category; thresholds without an estimate are not listed.
    """

    used: np.ndarray
    basis: np.ndarray
    thresholds: np.ndarray
    labels: tuple[tuple[int, int], ...]

    @property
    def n_free(self) -> int:
        return int(self.basis.shape[1])

    @property
    def lowest(self) -> np.ndarray:
        return self.used.argmax(axis=1)

    @property
    def highest(self) -> np.ndarray:
        return self.used.shape[1] - 1 - self.used[:, ::-1].argmax(axis=1)

    def table(self, beta: np.ndarray) -> np.ndarray:
        """The category constants, value by category; infinite where a category is not in use."""
        constants = (self.basis @ beta).reshape(self.used.shape)
        return np.where(self.used, constants, np.inf)


def categories_in_use(design: Design, model: str) -> np.ndarray:
    """Value by category: by the value itself (partial credit) or by anybody on any value (rating scale)."""
    n_values, width = design.size("value"), design.top + 1
    counts = np.bincount(design.value * width + design.category, minlength=n_values * width).reshape(n_values, width)
    if model == "rating scale":
        return np.broadcast_to(counts.sum(0) > 0, counts.shape).copy()
    return counts > 0


def steps_of(design: Design, model: str) -> Steps:
    """The category structure that the ratings can carry."""
    used = categories_in_use(design, model)
    n_values, width = used.shape
    shared = model == "rating scale"
    columns: list[np.ndarray] = []
    for v in range(n_values):
        column = np.zeros((n_values, width))
        column[v] = np.where(used[v], np.arange(width) - used[v].argmax(), 0)
        columns.append(column)
    # Position of the free constant k of each group of values and category; groups are one (shared) or one a value.
    free: dict[tuple[int, int], int] = {}
    for group in range(1 if shared else n_values):
        for x in np.flatnonzero(used[group])[1:-1]:
            column = np.zeros((n_values, width))
            column[slice(None) if shared else group, x] = 1
            free[group, int(x)] = len(columns)
            columns.append(column)
    n_free = len(columns)
    rows, labels = [], []
    for group in range(1 if shared else n_values):
        for x in range(1, width):
            if used[group, x] and used[group, x - 1]:
                row = np.zeros(n_free)
                for category, sign in ((x, 1.0), (x - 1, -1.0)):
                    if (group, category) in free:
                        row[free[group, category]] = sign
                rows.append(row)
                labels.append((-1 if shared else group, x))
    basis = np.stack([column.ravel() for column in columns], axis=1)
    return Steps(used=used, basis=basis, thresholds=np.array(rows).reshape(len(rows), n_free), labels=tuple(labels))


def start(design: Design, steps: Steps) -> tuple[np.ndarray, np.ndarray]:
    """Severities and free parameters to begin from: category frequencies and differences of means, as if all candidates were alike."""
    counts = np.bincount(design.value * (design.top + 1) + design.category, minlength=steps.used.size).reshape(steps.used.shape)
    logs = -np.log(counts + 0.5)
    constants = logs - np.take_along_axis(logs, steps.lowest[:, None], axis=1)
    inside = steps.used.ravel()
    beta = np.linalg.lstsq(steps.basis[inside], constants.ravel()[inside], rcond=None)[0]
    spread = max(float(design.category.var()), 0.25)
    n = np.maximum(design.total("assessor"), 1)
    severity = -(design.total("assessor", design.category) / n - design.category.mean()) / spread
    return severity - severity.mean(), beta
