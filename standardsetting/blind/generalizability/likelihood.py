"""The restricted likelihood of the components, its gradient and its average information, from the sums left by eliminating candidates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from standardsetting.blind.generalizability.cells import Cells
from standardsetting.blind.generalizability.eliminated import Eliminated, Stratum

LOG_TWO_PI = float(np.log(2 * np.pi))


@dataclass(frozen=True)
class Part:
    """One stratum and how its variances follow from the components.

    Attributes
    ----------
    stratum
        The ratings.
    within, between
        Matrices from the components to the variances within candidates, and to those of the assessors' cells: one row for each effect of an
        assessor on every cell alike, one for each cell's own.
    level
        From the components to the variance of each value's level (a row), or None where nothing random is common to all assessors.
    fixed
        One column a fixed effect, one row a cell.
    constant
        Added to the log determinant of the fixed effects, for the metric they are reported in.
    """

    stratum: Stratum
    within: np.ndarray
    between: np.ndarray
    level: np.ndarray | None
    fixed: np.ndarray
    constant: float = 0.0


@dataclass(frozen=True)
class Evaluation:
    """Log-likelihood, gradient and average information at some components."""

    loglik: float
    gradient: np.ndarray
    information: np.ndarray


def evaluate(parts: tuple[Part, ...], components: np.ndarray, *, restricted: bool = True) -> Evaluation:
    """The (restricted) log-likelihood of the components, summed over the parts."""
    found = [_evaluate(part, components, restricted) for part in parts]
    return Evaluation(
        sum(one.loglik for one in found),
        np.sum([one.gradient for one in found], axis=0),
        np.sum([one.information for one in found], axis=0),
    )


def _evaluate(part: Part, components: np.ndarray, restricted: bool) -> Evaluation:
    stratum, replicates = part.stratum, part.stratum.replicates
    gone = stratum.eliminate(part.within @ components)
    level = float(part.level @ components) if part.level is not None else None
    solved = Cells(gone.information, part.between @ components, level, part.fixed)
    if not np.isfinite(solved.log_determinant):
        nothing = len(components)
        return Evaluation(-np.inf, np.zeros(nothing), np.zeros((nothing, nothing)))
    border, restriction = solved.log_border(restricted=restricted)
    n_fixed = part.fixed.shape[1] if restricted else 0
    effects = solved.project(gone.response)
    size = (stratum.ratings - n_fixed) * replicates * LOG_TWO_PI
    determinant = replicates * (gone.log_determinant + solved.log_determinant + border + restriction) + part.constant * bool(n_fixed)
    quadratic = gone.square - float((gone.response * effects).sum())
    loglik = -0.5 * (size + determinant + quadratic)

    score, average = _slopes(gone, solved, effects, replicates, restricted)
    rows = [part.within, part.between] + ([part.level[None, :]] if part.level is not None else [])
    turn = np.vstack(rows)
    return Evaluation(loglik, turn.T @ score, turn.T @ average @ turn)


def _slopes(gone: Eliminated, solved: Cells, effects: np.ndarray, replicates: int, restricted: bool) -> tuple[np.ndarray, np.ndarray]:
    """Gradient and average information in the stratum's own variances: within candidates, every cell, own cell, level."""
    n, v = solved.n_assessors, solved.n_values
    quadratic, onto, pairs = gone.directions(effects)

    seen = gone.response - gone.information.times(effects)  # Z'Py
    by_assessor = seen.reshape(n, v, -1)
    cells = [np.broadcast_to(by_assessor.sum(axis=1, keepdims=True), by_assessor.shape).reshape(seen.shape), seen]
    of_levels = solved.of_levels() if solved.n_random else None
    if of_levels is not None:
        cells.append(solved.levels @ (solved.levels.T @ seen))
    between = np.stack(cells, axis=1)
    weighted = gone.information.times(between)
    reach = np.concatenate([onto, weighted], axis=1)
    corner = np.einsum("aim,ajm->ij", onto, between)
    whole = np.block([[pairs, corner], [corner.T, np.einsum("aim,ajm->ij", weighted, between)]])
    turned = solved.project(reach.reshape(len(reach), -1)).reshape(reach.shape)
    average = 0.5 * (whole - np.einsum("aim,ajm->ij", reach, turned))

    # The traces last: the root of the cells makes room for its inverse.
    blocks, taken = solved.for_traces(restricted=restricted)
    by_assessor = taken.reshape(n, v, -1)
    of_cells = solved.block_traces() - np.array([(by_assessor.sum(axis=1) ** 2).sum(), (taken**2).sum()])
    traces = np.concatenate([gone.traces - gone.inner(blocks), of_cells])
    if of_levels is not None:
        traces = np.append(traces, np.trace(of_levels) - float(((solved.levels.T @ taken) ** 2).sum()))
    score = np.concatenate([quadratic, np.einsum("aim,am->i", between, seen)])
    return 0.5 * (score - replicates * traces), (average + average.T) / 2
