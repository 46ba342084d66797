"""How every coefficient is called: the long table of ratings, the declared scale, its own options, and the keywords of the interval."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from inspect import Parameter, signature
from typing import Any, Protocol, cast

import pandas as pd

from standardsetting.blind.agreement.coefficient import Coefficient, Interval, Options, Resample
from standardsetting.blind.agreement.estimate import Statistic, estimate
from standardsetting.blind.agreement.ratings import code
from standardsetting.blind.agreement.unit_patterns import UnitPatterns
from standardsetting.scale import Scale


class Opening(Protocol):
    """A coefficient as it is called; `statistic` is the same from ratings that are coded already."""

    statistic: Callable[..., Statistic]

    def __call__(
        self,
        ratings: pd.DataFrame,
        *,
        scale: Scale,
        confidence: float = 0.95,
        interval: Interval = "bootstrap",
        resample: Resample = "candidate",
        replicates: int = 1000,
        seed: int = 0,
        **own: Any,
    ) -> Coefficient: ...


def coefficient(statistic: Callable[..., Statistic]) -> Opening:
    """Make a coefficient of a statistic, which takes the patterns of the units and the coefficient's own options."""

    def opened(
        ratings: pd.DataFrame,
        *,
        scale: Scale,
        confidence: float = 0.95,
        interval: Interval = "bootstrap",
        resample: Resample = "candidate",
        replicates: int = 1000,
        seed: int = 0,
        **own: Any,
    ) -> Coefficient:
        options = Options(confidence, interval, resample, replicates, seed)
        return estimate(statistic(UnitPatterns(code(ratings, scale=scale)), **own), options)

    # What help and an editor show: the coefficient's own options by name, after the scale.
    taken = signature(opened)
    ratings, scale, *interval, _ = taken.parameters.values()
    own = [one for one in signature(statistic).parameters.values() if one.kind is Parameter.KEYWORD_ONLY]
    function = cast(Any, update_wrapper(opened, statistic))
    function.__signature__ = taken.replace(parameters=[ratings, scale, *own, *interval])
    function.statistic = statistic
    return cast(Opening, opened)
