"""The Wilson interval of one rate, beside SciPy's, and where it must be exact or silent."""

import numpy as np
import pytest
from scipy.stats import binomtest, norm

from standardsetting.errors import UsageError
from standardsetting.intervals import critical_value, wilson_rate


@pytest.mark.parametrize(("successes", "n"), [(0, 10), (10, 10), (3, 10), (251, 348), (1, 100_000), (1, 1)])
@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
def test_wilson_interval_against_scipy(successes: int, n: int, confidence: float) -> None:
    limits = wilson_rate(successes, n, confidence=confidence)
    theirs = binomtest(successes, n).proportion_ci(confidence, method="wilson")
    assert (float(limits.low), float(limits.high)) == pytest.approx((theirs.low, theirs.high), rel=1e-9, abs=1e-12)


def test_the_ends_are_exact_and_nobody_counted_is_silent() -> None:
    limits = wilson_rate([0, 7, 0], [7, 7, 0])
    assert limits.low[0] == 0 and limits.high[1] == 1 and 0 < limits.high[0] < 1 and 0 < limits.low[1] < 1
    assert np.isnan([limits.low[2], limits.high[2]]).all()


@pytest.mark.parametrize(("successes", "n"), [(8, 7), (-1, 7), (2.5, 7), (float("nan"), 7), ("two", 7), ([1, 2], [3, 4, 5])])
def test_what_is_no_count_is_refused(successes, n) -> None:
    with pytest.raises(UsageError, match="Whole numbers"):
        wilson_rate(successes, n)


@pytest.mark.parametrize("confidence", [0.5, 0.95, 0.999])
def test_the_critical_value_leaves_half_of_the_rest_on_either_side(confidence: float) -> None:
    assert norm.cdf(critical_value(confidence)) - norm.cdf(-critical_value(confidence)) == pytest.approx(confidence, rel=1e-12)


@pytest.mark.parametrize("confidence", [0, 1, 1.5, -0.95, float("nan")])
def test_a_confidence_lies_between_0_and_1(confidence: float) -> None:
    with pytest.raises(UsageError, match="between 0 and 1"):
        critical_value(confidence)
