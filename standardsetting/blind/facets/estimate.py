"""Many-facet Rasch measurement: candidates, assessors and values on one scale, from ratings in whatever rota there was."""

from __future__ import annotations

import numpy as np
import pandas as pd

from standardsetting.blind.facets import design as designs
from standardsetting.blind.facets import steps as step_structure
from standardsetting.blind.facets.bias import interaction
from standardsetting.blind.facets.extremes import ADJUSTMENT, Extremes, set_aside
from standardsetting.blind.facets.fit_statistics import bounds
from standardsetting.blind.facets.fitted import Fitted, by_jml, by_mml
from standardsetting.blind.facets.frames import Tables
from standardsetting.blind.facets.result import Agreement, FacetsResult
from standardsetting.blind.facets.review import FacetSums, review
from standardsetting.blind.facets.separation import by_facet
from standardsetting.blind.facets.subsets import components, refuse_unconnected, subset_table, subsets_of_whole
from standardsetting.blind.one_thread import one_thread
from standardsetting.errors import UsageError
from standardsetting.scale import Scale, plain

ESTIMATORS = ("mml", "jml")
DISCONNECTED = ("refuse", "within subsets")


def fit(
    ratings: pd.DataFrame,
    *,
    scale: Scale,
    model: str = "rating scale",
    estimator: str = "mml",
    disconnected: str = "refuse",
    replicates: int = 100,
    seed: int = 0,
    max_iterations: int = 100,
    tolerance: float = 1e-12,
) -> FacetsResult:
    """How severe is each assessor, how hard each value, how good each candidate, whoever happened to meet whom?

    The model: ``log(P_k / P_(k-1)) = candidate - value - assessor - threshold_k`` (Linacre 1989, Many-Facet Rasch Measurement), with
    thresholds of the whole scale ("rating scale") or of each value ("partial credit"). All measures are in logits.

    Not for adjusting scores without saying so; not for agreed ratings, which hide the assessors; not for comparing assessors whom no chain
    of shared candidates ties together, which is refused.

    Parameters
    ----------
    ratings
        One row a rating: `candidate`, `assessor`, `value`, `rating`. Missing ratings are set aside and counted. With a column `kind`, only
        ratings of the kind "independent" are used.
    scale
        The declared scale. Each of its steps is a category, half-points too. A category that nobody uses keeps its place and its number,
        gets probability zero in the model, and the thresholds beside it have no estimate; a note says so.
    model
        "rating scale" or "partial credit".
    estimator
        "mml": candidates are drawn from a normal distribution with mean 0 and estimated variance; assessors sum to zero, thresholds sum to
        zero, values are free. Their standard errors come from the exact observed information. "jml": candidates are parameters; assessors
        and values each sum to zero. Joint estimates are stretched: `measure_corrected` has them times (L - 1) / L, L ratings a candidate.
        Its `se` is one over the root of the element's information, others held fixed, as is customary with this estimator; `se_joint` does
        not hold them fixed.
    disconnected
        What to do when the rota falls into subsets that share no candidate and no assessor: "refuse", or fit "within subsets", each
        subset's assessors summing to zero, so that nothing can be compared across them.
    replicates, seed
        Simulated sets of ratings behind the bounds of infit and outfit.
    max_iterations, tolerance
        Newton steps at most; and the gain of log-likelihood below which a further step is not taken.

    Extreme elements: an assessor or a value with nothing but the highest or lowest ratings has no finite measure. They leave the
    estimation with their ratings; an assessor is then given the severity of a score 0.3 of a step nearer the middle. Under "jml"
    candidates are treated in the same way; under "mml" they need not be.

    Raises
    ------
    UsageError
        An unknown option.
    FindingsError
        Ratings off the scale, repeated ratings, a disconnected rota, severities that cannot be told from difficulties, nothing to estimate.

    Examples
    --------
    Two assessors rate the same two values of the same candidates, the second always one point lower or equal:

    >>> ratings = pd.DataFrame({
    ...     "candidate": list("aaaabbbbccccdddd"), "assessor": list("rrss") * 4, "value": list("vwvw") * 4,
    ...     "rating": [3, 3, 2, 3, 2, 3, 1, 2, 2, 1, 1, 1, 3, 2, 3, 1]})
    >>> found = fit(ratings, scale=Scale(1, 3))
    >>> bool(found.assessors["measure"][1] > found.assessors["measure"][0]), found.convergence.converged
    (True, True)
    """
    _check_options(scale, model, estimator, disconnected, replicates, max_iterations)
    with one_thread():
        whole, aside = designs.read(ratings, scale)
        extremes = set_aside(whole, model, candidates=estimator == "jml")
        core = extremes.core
        _, subset = components(core)
        refuse_unconnected(core, subset, disconnected)
        steps = step_structure.steps_of(core, model)
        method = by_mml if estimator == "mml" else by_jml
        fitted = method(whole, extremes, steps, subset, max_iterations=max_iterations, tolerance=tolerance)
        seen = review(core, fitted.model, fitted.points)
        limits = bounds(core, fitted.model, fitted.points, fitted.truth, replicates=replicates, seed=seed)
        everywhere = subsets_of_whole(extremes, subset)
        tables = Tables(whole, extremes, fitted, seen, limits, scale, everywhere)
        candidates, assessors, values = tables.candidates(), tables.assessors(), tables.values()
        separation = by_facet(fitted, extremes, subset, candidates, assessors, values)
        thresholds, cells = tables.thresholds(), interaction(core, seen, scale)
    mml = fitted.sigma is not None
    variance = fitted.sigma**2 if fitted.sigma is not None else None
    return FacetsResult(
        candidates=candidates,
        assessors=assessors,
        values=values,
        thresholds=thresholds,
        bias=cells,
        unexpected=_unexpected(seen.unexpected, scale),
        separation=separation,
        agreement=_agreement(seen.facets["assessor"]),
        subsets=subset_table(whole, everywhere),
        deviance=-2 * fitted.log_likelihood,
        log_likelihood=fitted.log_likelihood,
        n_parameters=fitted.n_parameters,
        latent_mean=0.0 if mml else None,
        latent_variance=variance,
        latent_variance_se=2 * variance * fitted.log_sigma_se if variance is not None and fitted.log_sigma_se is not None else None,
        eap_reliability=float(separation["reliability"].iloc[0]) if mml else None,
        wle_reliability=_wle_reliability(candidates) if mml else None,
        covariance=pd.DataFrame(fitted.severity_covariance, index=core.codes["assessor"], columns=core.codes["assessor"]),
        convergence=fitted.convergence,
        n_ratings=len(whole),
        set_aside=aside,
        notes=_notes(extremes, fitted, scale, model, subset),
        method=f"many-facet {model} model, {'marginal' if mml else 'joint'} maximum likelihood",
        settings={
            "model": model,
            "estimator": estimator,
            "disconnected": disconnected,
            "replicates": replicates,
            "nodes": fitted.n_nodes,
            "tolerance": tolerance,
            "max_iterations": max_iterations,
        },
        seed=seed,
    )


def _check_options(scale: Scale, model: str, estimator: str, disconnected: str, replicates: int, max_iterations: int) -> None:
    if not isinstance(scale, Scale):
        raise UsageError("The declared scale is needed, for instance scale=Scale(1, 5).")
    for name, given, allowed in (
        ("model", model, step_structure.MODELS),
        ("estimator", estimator, ESTIMATORS),
        ("disconnected", disconnected, DISCONNECTED),
    ):
        if given not in allowed:
            raise UsageError(f"`{name}` must be one of: {', '.join(allowed)}.")
    if replicates < 2 or max_iterations < 1:
        raise UsageError("`replicates` must be at least 2 and `max_iterations` at least 1.")


def _wle_reliability(candidates: pd.DataFrame) -> float:
    """1 - mean squared standard error / variance of Warm's estimates."""
    known = candidates.dropna(subset="wle")
    return float(1 - (known["wle_se"] ** 2).mean() / known["wle"].var())


def _agreement(sums: FacetSums) -> Agreement:
    pairs = float(sums.others.sum())
    if not pairs:
        return Agreement(float("nan"), float("nan"), float("nan"), 0)
    observed, expected = float(sums.agreed.sum()) / pairs, float(sums.agreement.sum()) / pairs
    return Agreement(observed, expected, (observed - expected) / (1 - expected), round(pairs / 2))


def _unexpected(parts: list[pd.DataFrame], scale: Scale) -> pd.DataFrame:
    columns = ["candidate", "assessor", "value", "rating", "expected", "residual"]
    if not parts:
        return pd.DataFrame(columns=columns)
    found = pd.concat(parts, ignore_index=True)
    step, minimum = float(scale.step), float(scale.minimum)
    found["rating"], found["expected"] = minimum + step * found["category"], minimum + step * found["expected"]
    order = found["residual"].abs().sort_values(ascending=False, kind="stable").index
    return found.loc[order, columns].reset_index(drop=True)


def _notes(extremes: Extremes, fitted: Fitted, scale: Scale, model: str, subset: np.ndarray) -> tuple[str, ...]:
    notes = []
    if not fitted.convergence.converged:
        notes.append(f"The estimation did not converge: {fitted.convergence.message}. Do not use the measures.")
    unused = ~fitted.steps.used
    for x in np.flatnonzero(unused.any(axis=0)):
        where = "anybody" if model == "rating scale" else f"anybody on {int(unused[:, x].sum())} of {len(unused)} values"
        notes.append(
            f"The category {plain(scale.points[x])} is not used by {where}: it keeps its number, has probability zero in the model, and "
            "the thresholds beside it have no estimate."
        )
    for facet in designs.FACETS:
        labels = extremes.labels[facet]
        n = int((labels != "").sum())
        rule = "no measure" if facet == "value" else f"the measure of a score {ADJUSTMENT} of a step nearer the middle"
        if n:
            notes.append(f"Extreme or constant ratings only: {n} of facet {facet}; outside the estimation, given {rule}.")
        outside = int((~extremes.present(facet) & (labels == "")).sum())
        if outside:
            notes.append(f"Rated with extreme elements only: {outside} of facet {facet}; they have no estimate.")
    if subset.any():
        notes.append(f"The ratings fall into {int(subset.max()) + 1} subsets; measures of different subsets cannot be compared.")
    return tuple(notes)
