"""How reliable would scores be with another number of assessors? D-studies: G and Phi, their errors, and dependability at a cut."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from standardsetting.blind.generalizability.result import VarianceComponents
from standardsetting.blind.generalizability.terms import (
    ASSESSOR,
    ASSESSOR_VALUE,
    CANDIDATE,
    CANDIDATE_ASSESSOR,
    CANDIDATE_VALUE,
    NESTED,
    RESIDUAL,
    VALUE,
)
from standardsetting.errors import UsageError


def d_study(
    components: VarianceComponents,
    *,
    assessors: Sequence[int] = (1, 2, 3, 4),
    design: str = "crossed",
    values: str = "fixed",
    n_values: int | None = None,
    scores: str = "mean",
    cut: float | None = None,
) -> pd.DataFrame:
    """What would G, Phi and the errors of a candidate's score be with this many assessors?

    G compares candidates with one another (relative error); Phi and Phi(cut) compare them with a fixed standard, where an assessor's
    severity counts in full (absolute error). For a decision against a cut, use Phi and Phi(cut).

    Parameters
    ----------
    components
        From `variance_components`. Components below zero enter as they are.
    assessors
        How many assessors rate a candidate.
    design
        `crossed`: the same assessors for everybody. `nested`: assessors of its own for every candidate, so that severity and severity by
        value are part of the relative error as well.
    values
        `fixed`: these values and no others; what a candidate shows on them beyond the common level is part of the score, not error.
        `random`: a sample of the values that might have been asked about.
    n_values
        How many values make up the score; by default as many as were analysed.
    scores
        `mean` of the values and assessors, or the `total` over values of the means over assessors.
    cut
        A cut score in the same metric, for Phi(cut).

    Returns
    -------
    DataFrame
        One row a number of assessors: `assessors`, `n_values`, `universe_variance`, `relative_error_variance`, `absolute_error_variance`,
        `G`, `Phi`, `sem_relative`, `sem_absolute`, and with a cut `Phi_cut`.

    References
    ----------
    Brennan, R. L. (2001). Generalizability Theory, chapters 2 to 4. Brennan and Kane (1977), Journal of Educational Measurement 14.

    Examples
    --------
    >>> from standardsetting.blind.generalizability import variance_components
    >>> table = pd.DataFrame({"candidate": list("ccdd"), "assessor": list("abab"), "rating": [1.0, 2.0, 3.0, 5.0]})
    >>> found = variance_components(table, method="moments")
    >>> d_study(found, assessors=[1, 2])[["assessors", "G", "Phi"]].round(3)
       assessors      G    Phi
    0          1  0.923  0.706
    1          2  0.960  0.828
    """
    for name, given, allowed in (
        ("design", design, ("crossed", "nested")), ("values", values, ("fixed", "random")), ("scores", scores, ("mean", "total"))
    ):  # fmt: skip
        if given not in allowed:
            raise UsageError(f"{name} was expected to be one of {', '.join(allowed)}.")
    if components.values == "fixed" and values == "random":
        raise UsageError("Components with values random were expected; these were estimated with values fixed.")
    if not len(assessors) or min(assessors) < 1:
        raise UsageError("One assessor or more was expected.")
    size = components.n_values if n_values is None else n_values
    if size < 1:
        raise UsageError("One value or more was expected.")
    metric = float(size) if scores == "total" else 1.0
    rows = []
    for n in assessors:
        universe, relative, absolute = errors(components, n, size, nested=design == "nested", fixed=values == "fixed")
        row = {
            "assessors": n,
            "n_values": size,
            "universe_variance": universe * metric**2,
            "relative_error_variance": relative * metric**2,
            "absolute_error_variance": absolute * metric**2,
            "G": _ratio(universe, relative),
            "Phi": _ratio(universe, absolute),
            "sem_relative": metric * np.sqrt(max(relative, 0.0)),
            "sem_absolute": metric * np.sqrt(max(absolute, 0.0)),
        }
        if cut is not None:
            row["Phi_cut"] = _at_cut(components, universe, absolute, cut / metric, fixed=values == "fixed")
        rows.append(row)
    return pd.DataFrame(rows)


def errors(components: VarianceComponents, n: float, n_values: int, *, nested: bool, fixed: bool) -> tuple[float, float, float]:
    """Universe, relative error and absolute error variance of a mean over `n` assessors and `n_values` values."""
    of = components.estimate
    with_assessor = of(ASSESSOR) / n
    level = (of(ASSESSOR_VALUE) + of(NESTED)) / (n * n_values)
    by_value, levels = of(CANDIDATE_VALUE) / n_values, of(VALUE) / n_values
    relative = of(CANDIDATE_ASSESSOR) / n + of(RESIDUAL) / (n * n_values)
    universe = of(CANDIDATE)
    if fixed:
        universe, by_value, levels = universe + by_value, 0.0, 0.0
    severity = with_assessor + level
    return universe, relative + by_value + (severity if nested else 0.0), relative + by_value + severity + levels


def _ratio(universe: float, error: float) -> float:
    return universe / (universe + error) if universe + error > 0 else float("nan")


def _at_cut(components: VarianceComponents, universe: float, absolute: float, cut: float, *, fixed: bool) -> float:
    """Brennan and Kane's index, the variance of the observed mean taken from the design that was analysed."""
    counted = [name for name in components.mean_weights if not (fixed and name == VALUE)]
    of_mean = sum(components.estimate(name) * components.mean_weights[name] for name in counted)
    distance = universe + (components.mean - cut) ** 2 - of_mean
    return distance / (distance + absolute) if distance + absolute > 0 else float("nan")
