"""Assessor by value: is an assessor more severe on one value than their severity and the value's difficulty say?"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import stdtr

from standardsetting.blind.facets.design import Design
from standardsetting.blind.facets.review import Review
from standardsetting.scale import Scale


def interaction(design: Design, found: Review, scale: Scale) -> pd.DataFrame:
    """One row an assessor and value with ratings.

    `size` is the extra severity in logits: one step of the marginal likelihood from zero, on the information that remains once the
    candidates, the assessor's own severity and the value's difficulty are estimated along. `points` is observed less expected, in points
    of the scale a rating (a severe assessor has negative points). `t` has n - 1 degrees of freedom; `p` is not adjusted for the number of
    cells.
    """
    n, given, expected = found.cells
    surprise = expected - given
    information = found.cell_information
    own = np.einsum("rvv->rv", information)
    shared = information.sum(axis=2)
    with np.errstate(divide="ignore", invalid="ignore"):
        left = own - shared**2 / shared.sum(axis=1, keepdims=True)
        left *= 1 - n / n.sum(axis=0)
        # Nothing is left where an assessor rated one value only: the interaction cannot be told from severity.
        left = np.where(left > 1e-6 * own, left, np.nan)
        size, se = surprise / left, left**-0.5
        t = size / se
        p = 2 * stdtr(np.maximum(n - 1, 1), -np.abs(t))
    step, minimum = float(scale.step), float(scale.minimum)
    r, v = np.nonzero(n)
    cell = (r, v)
    return pd.DataFrame(
        {
            "assessor": design.codes["assessor"][r],
            "value": design.codes["value"][v],
            "n": n[cell].astype(int),
            "observed": minimum + step * given[cell] / n[cell],
            "expected": minimum + step * expected[cell] / n[cell],
            "points": -step * surprise[cell] / n[cell],
            "size": size[cell],
            "se": se[cell],
            "t": t[cell],
            "df": n[cell].astype(int) - 1,
            "p": p[cell],
        }
    )
