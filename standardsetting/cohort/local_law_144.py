"""New York City's Local Law 144 layout of selection rates, as a named alternative view. It is not how this product compares groups."""

from __future__ import annotations

import numpy as np
import pandas as pd

from standardsetting.errors import UsageError
from standardsetting.intervals import checked_counts

SMALLEST_SHARE = 0.02
WARNING = (
    "Local Law 144 layout: every rate is compared with the highest rate, which is the largest of several noisy numbers and pulls every "
    "ratio down. Use rates.compare with a comparator declared in advance for any finding."
)


def local_law_144_view(categories: pd.DataFrame, *, unknown: int = 0, smallest_share: float = SMALLEST_SHARE) -> pd.DataFrame:
    """What would a bias audit under Local Law 144 print for these groups?

    Not for deciding whether there is a gap: no interval, no declared comparator.

    Parameters
    ----------
    categories
        One row a category: `category`, `successes`, `n`.
    unknown
        Candidates whose category is unknown: counted, and in no rate.
    smallest_share
        Categories with a smaller share of the candidates of known category may be left out of the ratios; they keep their counts and rate.

    Returns
    -------
    DataFrame
        `category`, `successes`, `n`, `rate`, `share`, `left_out`, `impact_ratio` (against the highest rate of those not left out).
        `attrs`: `unknown`, `benchmark` (the categories with the highest rate), `note`.

    References
    ----------
    New York City Department of Consumer and Worker Protection, Rules of the City of New York, title 6, section 5-301 (2023).

    Examples
    --------
    >>> table = pd.DataFrame({"category": ["women", "men", "another"], "successes": [20, 60, 1], "n": [50, 100, 2]})
    >>> local_law_144_view(table, unknown=3)[["category", "rate", "left_out", "impact_ratio"]].round(3)
      category  rate  left_out  impact_ratio
    0    women   0.4     False         0.667
    1      men   0.6     False         1.000
    2  another   0.5      True           NaN
    """
    if not {"category", "successes", "n"} <= set(categories.columns) or categories.empty:
        raise UsageError("A table with the columns category, successes and n was expected.")
    if not 0 <= smallest_share < 1 or unknown < 0:
        raise UsageError("A smallest share from 0 to below 1, and a count of unknown candidates, were expected.")
    successes, n = checked_counts(categories["successes"].to_numpy(), categories["n"].to_numpy())
    with np.errstate(divide="ignore", invalid="ignore"):
        rate, share = successes / n, n / n.sum()
    left_out = (share < smallest_share) | (n == 0)
    highest = np.max(rate[~left_out], initial=0.0)
    ratio = np.where(left_out, np.nan, rate / highest if highest > 0 else np.nan)
    table = categories[["category", "successes", "n"]].assign(rate=rate, share=share, left_out=left_out, impact_ratio=ratio)
    benchmark = tuple(categories["category"][~left_out & (rate == highest)]) if highest > 0 else ()
    note = WARNING if highest > 0 else f"{WARNING} Nobody succeeded in any category, so there are no ratios."
    table.attrs.update(unknown=int(unknown), benchmark=benchmark, note=note)
    return table
