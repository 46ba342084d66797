"""The fitted model rating by rating: probabilities of the categories, and candidates' measures given everything else."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from standardsetting.blind.facets.design import Design

_MOST_STEPS = 200
# Logits; Newton's next step would be about its square.
_SMALL_STEP = 1e-7


def normalise(logits: np.ndarray) -> np.ndarray:
    """Turn rows of logits into probabilities, in place; returns the logs of the rows' sums.

    Column by column and by matrix product: numpy's own reductions are slow over rows of a handful of numbers.
    """
    largest = logits[:, 0].copy()
    for column in logits.T[1:]:
        np.maximum(largest, column, out=largest)
    logits -= largest[:, None]
    np.exp(logits, out=logits)
    total = logits @ np.ones(logits.shape[1])
    logits /= total[:, None]
    logs: np.ndarray = largest + np.log(total)
    return logs


@dataclass(frozen=True)
class Model:
    """Severities by assessor and category constants by value (infinite where a category is not in use)."""

    severity: np.ndarray
    constants: np.ndarray

    def probabilities(self, design: Design, rows: slice | np.ndarray, measure: np.ndarray) -> np.ndarray:
        """Rows by category, with `measure` given for each row."""
        logits = np.multiply.outer(measure - self.severity[design.assessor[rows]], np.arange(self.constants.shape[1]))
        logits -= self.constants[design.value[rows]]
        normalise(logits)
        return logits

    def expected(self, measure: np.ndarray, severity: float = 0.0) -> np.ndarray:
        """The expected category by measure (rows) and value (columns), for an assessor of the given severity."""
        x = np.arange(self.constants.shape[1])
        logits = np.multiply.outer(np.asarray(measure) - severity, x)[:, None, :] - self.constants
        normalise(logits.reshape(-1, len(x)))
        found: np.ndarray = logits @ x
        return found


def by_candidate(design: Design, part: slice, rows: slice, numbers: np.ndarray) -> np.ndarray:
    """Sums over each candidate's rows of a chunk (every candidate of a design has one)."""
    found: np.ndarray = np.add.reduceat(numbers, design.start[part] - rows.start, axis=0)
    return found


def measures(
    design: Design, model: Model, score: np.ndarray, *, begin: np.ndarray, weighted: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Each candidate's measure with that expected score, and the information there.

    With `weighted`, Warm's weighted likelihood estimate: the score plus half the derivative of the log of the information (Warm 1989,
    Psychometrika 54, 427-450); it is finite for extreme scores as well. Without, `score` must lie between the extremes.
    """
    found, information = begin.astype(float).copy(), np.empty(len(begin))
    x = np.arange(design.top + 1)
    for part, chunk in design.chunks():
        rows, open_ = np.arange(chunk.start, chunk.stop), np.arange(part.start, part.stop)
        for _ in range(_MOST_STEPS):
            new = np.r_[True, np.diff(design.candidate[rows]) != 0]
            probability = model.probabilities(design, rows, found[design.candidate[rows]])
            mean = probability @ x
            away = x - mean[:, None]
            square = away * away * probability
            sums = [mean, square.sum(axis=1)]
            if weighted:
                sums.append((square * away).sum(axis=1))
            total = np.add.reduceat(np.stack(sums, axis=1), np.flatnonzero(new), axis=0)
            known = np.maximum(total[:, 1], 1e-12)
            gap = score[open_] - total[:, 0] + (total[:, 2] / (2 * known) if weighted else 0.0)
            step = np.clip(gap / known, -1.0, 1.0)
            found[open_] += step
            information[open_] = known
            still = np.abs(step) >= _SMALL_STEP
            if not still.any():
                break
            rows, open_ = rows[still[np.cumsum(new) - 1]], open_[still]
    return found, information


def adjusted_severity(model: Model, design: Design, measure: np.ndarray, assessor: int, score: float) -> tuple[float, float]:
    """The severity at which an assessor's expected total is `score`, and its standard error, everything else as it is."""
    rows = np.flatnonzero(design.assessor == assessor)
    theta, constants, x = measure[design.candidate[rows]], model.constants[design.value[rows]], np.arange(model.constants.shape[1])
    severity, information = 0.0, 1.0
    for _ in range(_MOST_STEPS):
        logits = np.multiply.outer(theta - severity, x) - constants
        normalise(logits)
        mean = logits @ x
        information = max(float((logits @ (x * x) - mean**2).sum()), 1e-12)
        step = float(np.clip((mean.sum() - score) / information, -1, 1))
        severity += step
        if abs(step) < 1e-9:
            break
    return severity, information**-0.5
