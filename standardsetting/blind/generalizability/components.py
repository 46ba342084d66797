"""Where do the differences between ratings come from? Variance components by restricted maximum likelihood or by moments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import pandas as pd

from standardsetting.blind.generalizability import intervals
from standardsetting.blind.generalizability.design import likelihood_parts
from standardsetting.blind.generalizability.likelihood import evaluate
from standardsetting.blind.generalizability.maximise import Summit, maximise
from standardsetting.blind.generalizability.moments import balanced_standard_errors, is_balanced, moment_estimates
from standardsetting.blind.generalizability.result import VarianceComponents
from standardsetting.blind.generalizability.terms import CANDIDATE, RESIDUAL, VALUE, Effects, choose_terms
from standardsetting.blind.one_thread import one_thread
from standardsetting.blind.rated import Rated, rated
from standardsetting.errors import UsageError

METHODS, INTERVALS = ("reml", "moments"), ("satterthwaite", "profile", "profile ml", "none")


def variance_components(
    ratings: pd.DataFrame,
    *,
    method: str = "reml",
    facets: Sequence[str] | None = None,
    values: str = "random",
    interval: str = "satterthwaite",
    confidence: float = 0.95,
) -> VarianceComponents:
    """How much of the variance of a single rating is the candidate's, the assessor's, the value's, and what they make together?

    The model is rating = mean + candidate + assessor + value + candidate x assessor + candidate x value + assessor x value + residual,
    every effect random with a variance of its own, for the parts that the table can tell apart (`notes` names the others). Any rota with
    any gaps; a component that is negative by moments is reported so, by REML it is zero and named in `boundary`.

    Not for ratings agreed after discussion (there is one opinion, not two), and not for comparing named assessors.

    Parameters
    ----------
    ratings
        A long table: `candidate`, `assessor`, `rating`, and `value` where there are several.
    method
        `reml`, or `moments`: mean squares where balanced, Henderson's first method where not.
    facets
        Main facets, whose interactions come with them, or the exact components (also `assessor in value`). By default all that the table
        can tell apart.
    values
        `random`, or `fixed`: each value has its own mean and there is no component for values.
    interval
        `satterthwaite` (a chi-square from the estimate and its standard error), `profile` (of the restricted likelihood), `profile ml`
        (of the unrestricted one, as other programs profile) or `none`. Moments have intervals on balanced designs only.
    confidence
        Of the intervals.

    Raises
    ------
    UsageError
        Options that do not exist, or `facets` naming a component that the table cannot tell apart.

    References
    ----------
    Brennan, R. L. (2001). Generalizability Theory. Springer. Searle, Casella and McCulloch (1992). Variance Components. Wiley.

    Examples
    --------
    Two candidates, two assessors; one assessor is a point higher throughout:

    >>> table = pd.DataFrame({"candidate": list("ccdd"), "assessor": list("abab"), "rating": [1.0, 2.0, 3.0, 5.0]})
    >>> variance_components(table, method="moments").table[["component", "estimate"]]
       component  estimate
    0  candidate      3.00
    1   assessor      1.00
    2   residual      0.25
    """
    coded = rated(ratings)
    return components_of(coded, method=method, facets=facets, values=values, interval=interval, confidence=confidence)


def components_of(
    coded: Rated,
    *,
    method: str = "reml",
    facets: Sequence[str] | None = None,
    values: str = "random",
    interval: str = "satterthwaite",
    confidence: float = 0.95,
) -> VarianceComponents:
    """`variance_components` of ratings already coded."""
    _check(method, values, interval, confidence)
    with one_thread():
        return _estimate(coded, method, facets, values, interval, confidence)


def _estimate(coded: Rated, method: str, facets: Sequence[str] | None, values: str, interval: str, confidence: float) -> VarianceComponents:
    effects = Effects(coded)
    names, notes = choose_terms(coded, effects, facets)
    fixed = values == "fixed" and coded.shape[2] > 1
    if fixed:
        if method == "moments":
            raise UsageError("Values as random were expected with method='moments'.", next_step="Take the values as fixed in the D-study.")
        names = tuple(name for name in names if name != VALUE)
    if method == "moments":
        return _by_moments(coded, effects, names, notes, interval, confidence)
    return _by_reml(coded, effects, names, notes, fixed, interval, confidence)


def _check(method: str, values: str, interval: str, confidence: float) -> None:
    for name, given, allowed in (("method", method, METHODS), ("values", values, ("random", "fixed")), ("interval", interval, INTERVALS)):
        if given not in allowed:
            raise UsageError(f"{name} was expected to be one of {', '.join(allowed)}.")
    if not 0 < confidence < 1:
        raise UsageError("A confidence between 0 and 1 was expected.")


def _by_moments(
    coded: Rated, effects: Effects, names: tuple[str, ...], notes: tuple[str, ...], interval: str, confidence: float
) -> VarianceComponents:
    estimates = moment_estimates(effects, names)
    nothing = np.full(len(names), np.nan)
    errors, low, high = nothing, nothing, nothing
    balanced = is_balanced(effects, names)
    if balanced:
        errors = balanced_standard_errors(effects, names, estimates)
    if interval in ("profile", "profile ml"):
        raise UsageError("A profile needs a likelihood, and moments have none.", next_step="Use method='reml'.")
    if interval == "none":
        how = "none asked for"
    elif balanced:
        low, high = intervals.satterthwaite(estimates, errors, confidence=confidence)
        how = "Satterthwaite's chi-square from standard errors of mean squares; none for a component at or below zero"
    else:
        how = "none: moments of an unbalanced design have no standard errors here; use REML"
    negative = tuple(name for name, estimate in zip(names, estimates, strict=True) if estimate < 0)
    if negative:
        notes = (*notes, f"Below zero, and reported so: {', '.join(negative)}. The data have no sign of such differences.")
    return _result(
        coded, effects, names, estimates, errors, low, high,
        method="moments: mean squares of a balanced design" if balanced else "moments: Henderson's first method",
        interval=how, confidence=confidence, values="random", loglik=None, converged=True, gradient_norm=0.0, evaluations=0,
        boundary=(), negative=negative, covariance=np.diag(errors**2), notes=notes,
    )  # fmt: skip


def _by_reml(
    coded: Rated, effects: Effects, names: tuple[str, ...], notes: tuple[str, ...], fixed: bool, interval: str, confidence: float
) -> VarianceComponents:
    parts, how = likelihood_parts(coded, names, fixed_values=fixed)
    start = _start(coded, effects, names)
    summit = maximise(partial(evaluate, parts), start)
    covariance = _covariance(summit)
    variances = np.diag(covariance)
    # Where the likelihood is flat in some direction its curvature says nothing about the error.
    errors = np.sqrt(np.where(variances >= 0, variances, np.nan))
    if np.isnan(errors).any():
        notes = (*notes, "The likelihood is flat: some standard errors cannot be told. Copied ratings do this.")
    low, high, made = _reml_interval(coded, names, summit, errors, fixed, interval, confidence)
    scale = float(summit.components.sum())
    boundary = tuple(name for name, one in zip(names, summit.components, strict=True) if one <= 1e-9 * scale)
    if boundary:
        notes = (*notes, f"At zero, the edge of what a variance can be: {', '.join(boundary)}.")
    if not summit.converged:
        notes = (*notes, "The climb of the likelihood did not converge: do not use these components.")
    return _result(
        coded, effects, names, np.where(summit.components <= 1e-9 * scale, 0.0, summit.components), errors, low, high,
        method=f"REML ({how}; {summit.path} steps)", interval=made, confidence=confidence, values="fixed" if fixed else "random",
        loglik=summit.at.loglik, converged=summit.converged, gradient_norm=float(np.sqrt(max(summit.gain, 0.0))),
        evaluations=summit.evaluations, boundary=boundary, negative=(), covariance=covariance, notes=notes,
    )  # fmt: skip


def _start(coded: Rated, effects: Effects, names: tuple[str, ...]) -> np.ndarray:
    with_values = names if VALUE in names or coded.shape[2] == 1 else (VALUE, *names)
    found = dict(zip(with_values, moment_estimates(effects, with_values), strict=True))
    total = max(float(coded.rating.var()), 1e-12)
    start = np.array([max(found[name], 1e-4 * total) for name in names])
    start[-1] = max(found[RESIDUAL], 0.05 * total)
    return start


def _covariance(summit: Summit) -> np.ndarray:
    """The inverse information of the components above zero; those at zero have none."""
    inside = summit.components > 1e-9 * summit.components.sum()
    covariance = np.zeros((len(inside), len(inside)))
    covariance[np.ix_(inside, inside)] = np.linalg.pinv(summit.at.information[np.ix_(inside, inside)], hermitian=True)
    return covariance


def _reml_interval(
    coded: Rated, names: tuple[str, ...], summit: Summit, errors: np.ndarray, fixed: bool, interval: str, confidence: float
) -> tuple[np.ndarray, np.ndarray, str]:
    if interval == "none":
        nothing = np.full(len(names), np.nan)
        return nothing, nothing, "none asked for"
    if interval == "satterthwaite":
        low, high = intervals.satterthwaite(summit.components, errors, confidence=confidence)
        for at in np.flatnonzero(summit.components <= 1e-9 * summit.components.sum()):
            low[at] = 0.0
            high[at] = intervals.upper_at_zero(summit.at, summit.components, int(at), confidence=confidence)
        return low, high, "Satterthwaite's chi-square from the average information; at zero, the drop of the likelihood"
    unrestricted = interval == "profile ml"
    parts, _ = likelihood_parts(coded, names, fixed_values=fixed, rotate=not unrestricted or coded.shape[2] == 1)
    function: Callable = partial(evaluate, parts, restricted=not unrestricted)
    top = maximise(function, summit.components) if unrestricted else summit
    low, high = intervals.profile(function, top, confidence=confidence)
    return low, high, f"profile of the {'unrestricted' if unrestricted else 'restricted'} likelihood"


def _result(
    coded: Rated, effects: Effects, names: tuple[str, ...], estimates: np.ndarray, errors: np.ndarray, low: np.ndarray, high: np.ndarray,
    **facts: object,
) -> VarianceComponents:  # fmt: skip
    n_candidates, n_assessors, n_values = coded.shape
    above = np.maximum(estimates, 0)
    share = above / above.sum()
    table = pd.DataFrame({"component": names, "estimate": estimates, "standard_error": errors, "low": low, "high": high, "share": share})
    pairs = effects.levels(frozenset({"candidate", "assessor"}))[1]
    crossed = np.count_nonzero(pairs) == n_candidates * n_assessors
    own = float(share[names.index(CANDIDATE)]) if CANDIDATE in names else 0.0
    sentence = (
        f"Of the variance of one assessor's rating, {own:.0%} is the candidate's own "
        f"({n_candidates} candidates, {n_assessors} assessors, {n_values} value{'s' if n_values > 1 else ''})."
    )
    return VarianceComponents(
        table=table, design="crossed" if crossed else "not crossed", mean=float(coded.rating.mean()), n_ratings=len(coded),
        n_candidates=n_candidates, n_assessors=n_assessors, n_values=n_values, dropped=coded.dropped, sentence=sentence,
        mean_weights=dict(zip(names, effects.mean_weights(names).tolist(), strict=True)), **facts,  # type: ignore[arg-type]
    )  # fmt: skip
