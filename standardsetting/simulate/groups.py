"""Ratings of two groups with known truth: a gap in ability, a value that works differently, assessors who differ over a group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from standardsetting.errors import UsageError
from standardsetting.simulate.rota import rota
from standardsetting.simulate.settings import Settings

FOCAL, COMPARATOR = "focal", "comparator"


@dataclass(frozen=True)
class RatedGroups:
    """Ratings (`candidate`, `assessor`, `panel`, `value`, `rating`), the group of each candidate (a Series by candidate), and the planted
    slope of each assessor in points of a rating."""

    ratings: pd.DataFrame
    groups: pd.Series
    slopes: np.ndarray
    seed: int


def rated_groups(
    n: int, *, seed: int, focal_share: float = 0.3, gap: float = 0.0, slope_sd: float = 0.0,
    shifts: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0), n_assessors: int | None = None, panel_size: int = 2, sorted_panels: bool = False,
) -> RatedGroups:  # fmt: skip
    """Draw ratings of 1 to 5 on some values for two groups, by a latent linear model rounded to the scale.

    Parameters
    ----------
    n
        Candidates.
    focal_share
        The chance of each candidate to be in the focal group.
    gap
        The focal group's mean less the comparator's, in standard deviations of ability (0.8 points).
    slope_sd
        Standard deviation between assessors of what they add for the focal group, in points.
    shifts
        What every assessor adds for the focal group on each value, in points: a value that works differently. Its length is the number of
        values.
    n_assessors, panel_size
        Of the rota.
    sorted_panels
        Whether panels are filled with one group first and then the other, instead of by lot.

    Examples
    --------
    >>> small = rated_groups(30, seed=1)
    >>> len(small.ratings) == 30 * 2 * 4, sorted(set(small.groups))
    (True, ['comparator', 'focal'])
    """
    if not 0 < focal_share < 1 or slope_sd < 0:
        raise UsageError("A share of the focal group between 0 and 1, and a standard deviation of zero or more, were expected.")
    draw = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(1000,)))
    seats = rota(n, n_assessors=n_assessors or Settings().assessors_for(n), panel_size=panel_size, seed=seed)
    focal = draw.random(n) < focal_share
    if sorted_panels:
        of_candidate = seats.drop_duplicates("candidate").sort_values("candidate")["panel"].to_numpy()
        focal[np.argsort(of_candidate, kind="stable")] = np.sort(focal)
    candidate, assessor = seats["candidate"].to_numpy(), seats["assessor"].to_numpy()
    values = len(shifts)
    pool = int(assessor.max()) + 1
    ability = 3.3 + 0.8 * draw.standard_normal(n) + 0.8 * gap * focal
    specific = ability[:, None] + 0.4 * draw.standard_normal((n, values))
    slopes = slope_sd * draw.standard_normal(pool)
    severity = 0.3 * draw.standard_normal(pool)
    of_group = focal[candidate][:, None] * (slopes[assessor][:, None] + np.array(shifts))
    # What an assessor sees of a candidate as a whole, and on each value.
    noise = 0.25 * draw.standard_normal((len(seats), 1)) + 0.5 * draw.standard_normal((len(seats), values))
    rating = np.clip(np.rint(specific[candidate] - severity[assessor][:, None] + of_group + noise), 1, 5).astype(int)
    long = pd.DataFrame(
        {
            "candidate": np.repeat(candidate, values),
            "assessor": np.repeat(assessor, values),
            "panel": np.repeat(seats["panel"].to_numpy(), values),
            "value": np.tile([f"value {i}" for i in range(1, values + 1)], len(seats)),
            "rating": rating.ravel(),
        }
    )
    return RatedGroups(long, pd.Series(np.where(focal, FOCAL, COMPARATOR), index=pd.RangeIndex(n, name="candidate")), slopes, seed)
