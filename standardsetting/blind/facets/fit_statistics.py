"""Infit and outfit, and the range in which they lie where the model holds: their spread depends on the number of ratings, so it is
simulated.

infit = sum of squared residuals / sum of variances; outfit = mean of squared residuals / variance (Wright and Masters 1982, Rating Scale
Analysis, ch. 5). The z values are the Wilson-Hilferty cube-root transformation with the model's variance of the mean square.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import ndtri

from standardsetting.blind.facets.design import FACETS, Design
from standardsetting.blind.facets.model import Model, by_candidate
from standardsetting.blind.facets.review import FacetSums, Points


def mean_squares(sums: FacetSums) -> pd.DataFrame:
    """Infit, outfit and their z values, one row an element."""
    with np.errstate(divide="ignore", invalid="ignore"):
        infit, outfit = sums.square / sums.variance, sums.standardised / sums.n
        spread_in = np.sqrt(sums.kurtosis) / sums.variance
        spread_out = np.sqrt(np.maximum(sums.kurtosis_standardised / sums.n**2 - 1 / sums.n, 0))
        return pd.DataFrame(
            {
                "infit": infit,
                "outfit": outfit,
                "infit_z": (np.cbrt(infit) - 1) * 3 / spread_in + spread_in / 3,
                "outfit_z": (np.cbrt(outfit) - 1) * 3 / spread_out + spread_out / 3,
            }
        )


def bounds(
    design: Design, model: Model, points: Points, truth: tuple[Model, np.ndarray], *, replicates: int, seed: int, confidence: float = 0.95
) -> dict[str, pd.DataFrame]:
    """Where infit and outfit of each element lie if the model holds, from ratings simulated at `truth`.

    Each replicate draws all ratings anew and moves every candidate's measure to where the new ratings put it (one Newton step; with a
    distribution of candidates, as far as the distribution lets it), because residuals about an estimate are smaller than about the truth.
    The cube roots of the simulated mean squares are close to normal: their mean and standard deviation give the bounds, which needs far
    fewer replicates than the quantiles themselves. Residuals are weighed by the variances of `model`, as those of the real ratings are:
    joint estimates are stretched, so `truth` is then the corrected model.
    """
    rng = np.random.default_rng(seed)
    # Sums over replicates cannot be taken chunk by chunk for assessors and values: keep them by replicate. Candidates end with their chunk.
    kept = {facet: np.zeros((2, replicates, design.size(facet))) for facet in FACETS[1:]}
    weight = {facet: np.zeros((2, design.size(facet))) for facet in FACETS[1:]}
    moments = np.zeros((2, 2, design.size("candidate")))
    for part, rows in design.chunks(20_000):
        _simulate_chunk(design, model, points, truth, part, rows, rng, replicates, kept, weight, moments)
    away = float(ndtri(0.5 + confidence / 2))
    found = {}
    for facet in FACETS:
        columns = {}
        for place, name in enumerate(("infit", "outfit")):
            if facet == "candidate":
                centre, spread = moments[place, 0], np.sqrt(np.maximum(moments[place, 1], 0))
            else:
                with np.errstate(divide="ignore", invalid="ignore"):
                    roots = np.cbrt(kept[facet][place] / weight[facet][place])
                centre, spread = roots.mean(axis=0), roots.std(axis=0, ddof=1)
            columns[f"{name}_low"] = np.maximum(centre - away * spread, 0) ** 3
            columns[f"{name}_high"] = (centre + away * spread) ** 3
        found[facet] = pd.DataFrame(columns)
    return found


def _simulate_chunk(
    design: Design,
    model: Model,
    points: Points,
    truth: tuple[Model, np.ndarray],
    part: slice,
    rows: slice,
    rng: np.random.Generator,
    replicates: int,
    kept: dict[str, np.ndarray],
    weight: dict[str, np.ndarray],
    moments: np.ndarray,
) -> None:
    candidate = design.candidate[rows] - part.start
    n, size = len(candidate), part.stop - part.start
    x = np.arange(design.top + 1)
    probability = model.probabilities(design, rows, points.centre[part][candidate])
    mean = probability @ x
    variance = probability @ (x * x) - mean**2
    if truth[0] is not model:
        probability = truth[0].probabilities(design, rows, truth[1][part][candidate])
        mean = probability @ x
    edges = probability.cumsum(axis=1)[:, :-1].T.astype(np.float32).copy()
    known = by_candidate(design, part, rows, variance) + points.prior_precision
    blur = variance**2 / known[candidate] if points.integrated else 0.0
    total_variance, n_ratings = by_candidate(design, part, rows, variance), by_candidate(design, part, rows, np.ones(n))
    elements = {facet: design.rows(facet)[rows] for facet in FACETS[1:]}
    for facet, element in elements.items():
        weight[facet] += np.stack([np.bincount(element, w, minlength=design.size(facet)) for w in (variance, np.ones(n))])
    sums, squares = np.zeros((2, size)), np.zeros((2, size))
    for replicate in range(replicates):
        draw = rng.random(n, dtype=np.float32)
        category = np.zeros(n, dtype=np.int8)
        for edge in edges:
            category += draw > edge
        residual = category - mean
        move = by_candidate(design, part, rows, residual)
        if points.integrated:
            move += rng.normal(0.0, points.prior_precision**0.5, size)
        residual -= variance * (move / known)[candidate]
        square = residual * residual + blur
        for place, column in enumerate((square, square / variance)):
            for facet, element in elements.items():
                kept[facet][place, replicate] += np.bincount(element, column, minlength=design.size(facet))
            root = np.cbrt(by_candidate(design, part, rows, column) / (n_ratings if place else total_variance))
            sums[place] += root
            squares[place] += root * root
    centre = sums / replicates
    moments[:, 0, part] = centre
    moments[:, 1, part] = (squares / replicates - centre**2) * replicates / max(replicates - 1, 1)
