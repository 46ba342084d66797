"""Assessor quality: severity, consistency, use of the scale, drift and dependence, each beside what co-assessors show, and the screens.

Everything is relative to the assessors who rated the same candidates: what all of them do alike cannot be seen here.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from standardsetting.blind.assessors import words
from standardsetting.blind.assessors.dependence import pair_table
from standardsetting.blind.assessors.drift import control_chart
from standardsetting.blind.assessors.logits import Logits, logits
from standardsetting.blind.assessors.panels import PanelLayer, panel_layer
from standardsetting.blind.assessors.quality import assemble, figures
from standardsetting.blind.assessors.screens import SCREENS, Screens, thresholds
from standardsetting.blind.assessors.seats import seats
from standardsetting.blind.assessors.severity import severity
from standardsetting.blind.rated import INDEPENDENT
from standardsetting.scale import Scale

__all__ = ["SCREENS", "Logits", "PanelLayer", "Screens", "control_charts", "logits", "pairs", "panel_layer", "quality", "thresholds"]


def quality(
    ratings: pd.DataFrame,
    *,
    scale: Scale,
    screens: Screens | None = None,
    per_point: float | None = None,
    confidence: float = 0.95,
    replicates: int = 200,
    seed: int = 0,
) -> pd.DataFrame:
    """How does each assessor rate beside the co-assessors of the same candidates, and what should somebody look into?

    One row an assessor. Each figure has its interval (`..._low`, `..._high`), the candidates it rests on (`..._n`), and where it is judged
    beside something other than 0 or 1 what was expected (`..._expected`). An undefined figure is missing. Standard errors take the
    candidate as the unit.

    - `difference`: mean over candidates of own rating less the co-assessors' mean; below zero is severe. `severity`: the same by least
      squares, adjusted for who the co-assessors were; above zero is severe, as in logits; relative to the mean of the own `subset`.
      `severity_shrunk`: drawn to the mean by its error. `total_points`: what the assessor's severity adds to the total that an
      average candidate is given.
    - `noise`: error variance as a multiple of the mean assessor's, with `noise_high_by_chance` and `noise_p` from permutations; share of
      `unexpected` ratings; `rest_correlation` with the co-assessors.
    - `sd_ratio`, `slope` and `middle_share`: keeping to the middle of the scale, or to its ends.
    - `within_sd`, `flat_share`, `value_correlation`: undifferentiated rating. Whether values really differ is not known.
    - `drift` (later half less earlier), `trend` (over the window), `days_outside` the control chart: where there is a `day`.
    - `contrast` with the candidate before: where there is a `sequence`. The blind zone has none: the door leaves the slots behind.
    - `agreement`, `agreement_kappa`, `identical`: dependence on co-assessors.
    - `signals`: every signal; `flags`: the screens that raised a question, by two signals or practical size; `sentence` and `action`.

    `attrs` hold `sentence` (the whole table in words), `seed`, `replicates`, `confidence`, `subsets` (their sizes), `severity_spread`
    and `dropped`.

    Do not use it to score candidates, nor to remove an assessor: a flag is a question to ask.

    Parameters
    ----------
    ratings
        A long table: `candidate`, `assessor`, `value`, `rating`; with a `kind`, independent ratings are used. `day`
        and `sequence` if known.
    scale
        The declared scale.
    screens
        Thresholds; by default those of `Screens`.
    per_point
        What one point on every value adds to a candidate's total; by default the number of values, as where none has a weight. One of two
        exercises that measure four values alike gives 2.
    replicates, seed
        For the permutations behind `noise`.

    Returns
    -------
    DataFrame
        With agreed scores only it has no rows, and `attrs["sentence"]` says why.

    Examples
    --------
    Ann gives one point less than Bea to each of three candidates, and both agree otherwise.

    >>> rows = [(c, a, level - (a == "ann")) for c, level in (("c", 3), ("d", 4), ("e", 5)) for a in ("ann", "bea")]
    >>> found = quality(pd.DataFrame(rows, columns=["candidate", "assessor", "rating"]), scale=Scale(1, 5))
    >>> found["difference"].tolist(), found["severity"].round(3).tolist(), found["flags"].tolist()
    ([-1.0, 1.0], [0.5, -0.5], [(), ()])

    References
    ----------
    Myford, C. M. and Wolfe, E. W. (2003, 2004). Detecting and measuring rater effects using many-facet Rasch measurement. Journal of
    Applied Measurement, 4, 386-422, and 5, 189-227.
    """
    chosen = screens or Screens()
    if _nothing_independent(ratings):
        example = pd.DataFrame({"candidate": ["c", "c"], "assessor": ["a", "b"], "rating": [float(scale.minimum)] * 2})
        result = quality(example, scale=scale, replicates=1).iloc[:0]
        result.attrs = {"sentence": words.ONLY_AGREED, "subsets": (), "severity_spread": float("nan"), "dropped": ()}
    else:
        found = figures(ratings, scale=scale, screens=chosen, per_point=per_point, confidence=confidence, replicates=replicates, seed=seed)
        result = assemble(found, chosen)
    result.attrs |= {"seed": seed, "replicates": replicates, "confidence": confidence}
    return result


def control_charts(ratings: pd.DataFrame, *, scale: Scale, screens: Screens | None = None) -> pd.DataFrame:
    """Each assessor's severity day by day, with an exponentially weighted mean and its limits.

    Columns: `assessor`, `day`, `n` (candidates), `severity`, `ewma`, `low`, `high`, `outside`. Empty without days. The chart runs about the
    assessor's own mean: it shows change, not severity.

    Examples
    --------
    >>> rows = [(f"c{d}{i}", a, d, 3 + (a == "b")) for d in (1, 2) for i in (1, 2) for a in "ab"]
    >>> table = pd.DataFrame(rows, columns=["candidate", "assessor", "day", "rating"])
    >>> control_charts(table, scale=Scale(1, 5))[["assessor", "day", "n", "severity"]].round(9).to_numpy().tolist()
    [['a', 1.0, 2, 0.5], ['a', 2.0, 2, 0.5], ['b', 1.0, 2, -0.5], ['b', 2.0, 2, -0.5]]
    """
    chosen = screens or Screens()
    table = seats(ratings, scale=scale)
    return control_chart(table, severity(table, confidence=0.95), weight=chosen.ewma_weight, limit=chosen.ewma_limit)


def pairs(ratings: pd.DataFrame, *, scale: Scale) -> pd.DataFrame:
    """How often the two assessors of each pair give the same ratings, beside what the cohort shows at those ratings.

    Columns: `assessor_1`, `assessor_2`, `candidates`, `exact`, `exact_expected`, `kappa`, `identical`, `identical_expected`,
    `z`. Agreement that is too close in the whole cohort is not seen here: see `standardsetting.blind.identical_vectors`.
    """
    return pair_table(seats(ratings, scale=scale))


def _nothing_independent(ratings: pd.DataFrame) -> bool:
    if "kind" not in ratings.columns:
        return False
    return len(ratings) > 0 and not np.asarray(ratings["kind"] == INDEPENDENT, dtype=bool).any()
