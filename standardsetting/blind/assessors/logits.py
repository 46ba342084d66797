"""Severity in logits: the many-facet Rasch twin of severity in points, where the rota and the fit allow it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from standardsetting.blind.facets import fit
from standardsetting.errors import FindingsError, UsageError
from standardsetting.scale import Scale

# A nightly page waits for five seconds at most; on two cores 48,000 ratings of 80 assessors took under three.
MOST_RATINGS = 50_000
_COLUMNS = ("assessor", "measure", "se", "infit", "infit_low", "infit_high", "outfit")
_NAMED = 12


@dataclass(frozen=True)
class Logits:
    """Severity of every assessor in logits, or why there is none.

    Attributes
    ----------
    reason
        Empty where every assessor who shared a candidate has a measure; otherwise why some or all have none.
    table
        One row an assessor: `assessor`; `measure` and `se` in logits, above zero is severe; `infit`, with `infit_low` and `infit_high`
        between which simulation leaves it 95 times in 100 if the model holds; and `outfit`.
    outside
        How many infits lie outside their limits.
    n_ratings, method, seed
        What the fit rests on and how it was made.
    """

    reason: str
    table: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(_COLUMNS)), repr=False)
    outside: int = 0
    n_ratings: int = 0
    method: str = ""
    seed: int = 0


def logits(ratings: pd.DataFrame, *, scale: Scale, subset: pd.Series | None = None, seed: int = 0, most: int = MOST_RATINGS) -> Logits:
    """How severe is each assessor on the logit scale of the many-facet Rasch model?

    The rating scale model by marginal likelihood, as `standardsetting.blind.facets.fit` makes it. Not where assessors fall into subsets
    that share no candidate: nothing ties their measures together.

    Parameters
    ----------
    ratings
        A long table of independent ratings: `candidate`, `assessor`, `value`, `rating`.
    scale
        The declared scale.
    subset
        The subset of each assessor, by code, if known: then the reason names who is in which.
    seed
        Of the simulated limits of infit.
    most
        With more ratings there is no fit, so that the page does not wait for it.

    Examples
    --------
    >>> ratings = pd.DataFrame({
    ...     "candidate": list("aaaabbbbccccdddd"), "assessor": list("rrss") * 4, "value": list("vwvw") * 4,
    ...     "rating": [3, 3, 2, 3, 2, 3, 1, 2, 2, 1, 1, 1, 3, 2, 3, 1]})
    >>> found = logits(ratings, scale=Scale(1, 3))
    >>> found.reason, bool(found.table["measure"][1] > found.table["measure"][0])
    ('', True)
    >>> logits(ratings, scale=Scale(1, 3), most=15).reason
    'there are 16 ratings, more than the 15 for which the model is fitted every night'
    """
    if len(ratings) > most:
        return Logits(f"there are {len(ratings):,} ratings, more than the {most:,} for which the model is fitted every night")
    if subset is not None and subset.nunique() > 1:
        return Logits(_apart(subset))
    try:
        with np.errstate(invalid="ignore", divide="ignore"):
            found = fit(ratings, scale=scale, seed=seed)
    except (FindingsError, UsageError) as refused:
        told = " ".join((refused.message, *refused.details)).rstrip(".")
        return Logits(told[:1].lower() + told[1:])
    except (ArithmeticError, np.linalg.LinAlgError):  # the first evenings: a page without logits is better than no page
        return Logits("the ratings are too few, or follow each other too closely, for the model to be fitted")
    if not found.convergence.converged:
        return Logits(f"the fit did not arrive: {found.convergence.message}")
    table = found.assessors[list(_COLUMNS)].reset_index(drop=True)
    outside = np.asarray((table["infit"] < table["infit_low"]) | (table["infit"] > table["infit_high"]), dtype=bool)
    return Logits("", table, int(outside.sum()), found.n_ratings, found.method, found.seed)


def _apart(subset: pd.Series) -> str:
    """Who is in which subset, the largest first."""
    parts = [sorted(map(str, subset.index[subset == number])) for number in sorted(subset.unique())]
    told = [", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "") for names in parts]
    listed = "; ".join(f"subset {number}: {names}" for number, names in enumerate(told, start=1))
    return f"the assessors fall into {len(parts)} subsets that share no candidate, and nothing ties their measures together ({listed})"
