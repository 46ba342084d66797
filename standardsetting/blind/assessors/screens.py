"""The screens: what makes an assessor's figures raise a question. Every threshold is configuration, with its source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from standardsetting.errors import UsageError

SCREENS = ("severe", "lenient", "inconsistent", "central", "extreme", "undifferentiated", "drift", "contrast", "dependence")


@dataclass(frozen=True, kw_only=True)
class Screens:
    """Thresholds of the screens. A question is raised by two signals, or by one of practical size; never by a p value alone.

    "Local" marks a threshold that is this project's own judgement; the others name where they come from. All are screens, to be set by
    policy before the ratings are seen: none says that an assessor did anything wrong.

    Attributes
    ----------
    fewest_candidates
        With fewer shared candidates no screen speaks. 10: fewer is "sparse" in mfrmr's bands (10, 30, 50), after Linacre (1994).
    fewest_in_subset
        In a subset of fewer assessors severity and noise belong to nobody in particular: of two who only sit together neither is the
        severe one. Local.
    z
        Standard errors that a signal needs besides its size. 2: mfrmr's default for drift and bias.
    severity
        Points of the scale on one value that make a signal. 0.25: one point of total over four values. Local.
    severity_practical
        Points that are a matter of practice by themselves. 0.5: the usual screen for differences between fair averages.
    noise, noise_practical
        Error variance as a multiple of the mean assessor's. 1.5: mfrmr's misfit mean square, after Linacre; 2: "distorts measurement"
        in the same scheme.
    unexpected
        Share of unexpected ratings (two standard deviations or more) that is frequent. 0.10: twice the one in twenty that is usual.
    correlation
        Correlation with the co-assessors below which it is low. 0.30: mfrmr's warning.
    correlation_drop
        How far below all assessors' correlation is a signal where that itself is not much above 0.30. Local.
    sd_ratio
        Ratio of standard deviations to the co-assessors' that is narrow; its inverse is wide. 0.7: the usual screen for centrality.
    slope
        Slope on the co-assessors' mean over all assessors' slope that is narrow; its inverse is wide. 0.7, as the ratio. Local.
    middle
        Share in the middle of the scale above (or below) that of co-assessors. 0.15. Local.
    flat
        Share of flat profiles above that of others at the same level. 0.15. Local.
    within_sd
        Spread over one candidate's values as a share of others' at the same level. 0.7, as the ratio of standard deviations. Local.
    value_correlation
        Correlation between values above that of the median assessor. 0.15. Local.
    drift, drift_practical
        Points of the scale on one value, later half less earlier (for the trend: over the window, twice as much). 0.15: about half a logit,
        mfrmr's default, where the points of the scale lie about three logits apart. 0.5 is a matter of practice, as for severity.
    ewma_weight, ewma_limit
        Weight of the newest day and width of the limits of the control chart. 0.2 and 3: Lucas and Saccucci (1990), Technometrics 32.
    contrast, contrast_z
        Points for each point of the candidate before. 0.15, and three standard errors because there is one signal only. Local.
    kappa
        Exact agreement beyond the expected, as a kappa. 0.25: well above the "about zero" of independent experts (Linacre). Local.
    identical
        Share of identical vectors above the expected. 0.10, as in the check for copied scores. Local.
    """

    fewest_candidates: int = 10
    fewest_in_subset: int = 3
    z: float = 2.0
    severity: float = 0.25
    severity_practical: float = 0.5
    noise: float = 1.5
    noise_practical: float = 2.0
    unexpected: float = 0.10
    correlation: float = 0.30
    correlation_drop: float = 0.15
    sd_ratio: float = 0.7
    slope: float = 0.7
    middle: float = 0.15
    flat: float = 0.15
    within_sd: float = 0.7
    value_correlation: float = 0.15
    drift: float = 0.15
    drift_practical: float = 0.5
    ewma_weight: float = 0.2
    ewma_limit: float = 3.0
    contrast: float = 0.15
    contrast_z: float = 3.0
    kappa: float = 0.25
    identical: float = 0.10

    def __post_init__(self) -> None:
        for one in fields(self):
            if not getattr(self, one.name) > 0:
                raise UsageError(f"The screen {one.name} needs a number above zero.")
        for name in ("sd_ratio", "slope", "within_sd", "correlation"):
            if getattr(self, name) >= 1:
                raise UsageError(f"The screen {name} needs a number below one.")
        if self.ewma_weight > 1:
            raise UsageError("The screen ewma_weight needs a number up to one.")


@dataclass(frozen=True)
class Signals:
    """Which signals each screen has for every assessor (arrays of true and false), and which of them suffice alone."""

    seen: Mapping[str, Mapping[str, np.ndarray]]
    alone: Mapping[str, np.ndarray]

    def raised(self, screen: str) -> np.ndarray:
        """Two signals, or practical size."""
        together = sum(signal.astype(int) for signal in self.seen[screen].values())
        return (together >= 2) | self.alone[screen]


def signals(found: Any, screens: Screens) -> Signals:
    """Hold every figure (a `standardsetting.blind.assessors.quality.Figures`) against its screen."""
    enough = found.n_shared >= screens.fewest_candidates
    crowd = enough & (found.subset_size >= screens.fewest_in_subset)
    seen: dict[str, dict[str, np.ndarray]] = {}
    alone: dict[str, np.ndarray] = {name: np.zeros(len(enough), dtype=bool) for name in SCREENS}
    _severity(found, screens, crowd, seen, alone)
    _noise(found, screens, crowd, seen, alone)
    _width(found, screens, enough, seen)
    _undifferentiated(found, screens, enough, seen)
    _time(found, screens, enough, seen, alone)
    _dependence(found, screens, enough, seen)
    return Signals(seen, alone)


def _over(amount: np.ndarray, limit: float) -> np.ndarray:
    """Whether an amount reaches a limit; one that is undefined does not."""
    return np.nan_to_num(amount, nan=-np.inf) >= limit - 1e-12


def _severity(found: Any, screens: Screens, use: np.ndarray, seen: dict[str, Any], alone: dict[str, np.ndarray]) -> None:
    adjusted, twin = found.severity.adjusted, found.severity.difference
    for name, sign in (("severe", 1), ("lenient", -1)):
        clear = use & _over(sign * adjusted.z(), screens.z)
        seen[name] = {
            "severity": clear & _over(sign * adjusted.value, screens.severity),
            "difference from co-assessors": use & _over(-sign * twin.z(), screens.z) & _over(-sign * twin.value, screens.severity),
        }
        alone[name] = clear & _over(sign * adjusted.value, screens.severity_practical)


def _noise(found: Any, screens: Screens, use: np.ndarray, seen: dict[str, Any], alone: dict[str, np.ndarray]) -> None:
    spread, noise, dependence = found.spread, found.noise, found.dependence
    unlikely = use & _over(-noise.p, -0.025)
    expected = spread.correlation_expected
    below = _over(-spread.correlation.z(expected), screens.z)
    low = _over(screens.correlation - spread.correlation.value, 0) | _over(expected - spread.correlation.value, screens.correlation_drop)
    seen["inconsistent"] = {
        "noise": unlikely & _over(noise.ratio.value, screens.noise),
        "unexpected ratings": use
        & _over(noise.unexpected.z(noise.unexpected_expected), screens.z)
        & _over(noise.unexpected.value, screens.unexpected),
        "correlation with co-assessors": use & below & low,
        "exact agreement": use & _over(-dependence.exact_excess.z(), screens.z) & _over(-dependence.kappa, screens.kappa),
    }
    alone["inconsistent"] = unlikely & _over(noise.ratio.value, screens.noise_practical)


def _width(found: Any, screens: Screens, use: np.ndarray, seen: dict[str, Any]) -> None:
    ratio, slope, middle = found.spread.sd_ratio, found.spread.slope, found.spread.middle_excess
    expected = found.spread.slope_expected
    relative = slope.value / expected if expected > 0 else np.full_like(slope.value, np.nan)
    seen["central"] = {
        "standard deviation": use & _over(-ratio.z(1.0), screens.z) & _over(screens.sd_ratio - ratio.value, 0),
        "slope on co-assessors": use & _over(-slope.z(expected), screens.z) & _over(screens.slope - relative, 0),
        "middle of the scale": use & _over(middle.z(), screens.z) & _over(middle.value, screens.middle),
    }
    seen["extreme"] = {
        "standard deviation": use & _over(ratio.z(1.0), screens.z) & _over(ratio.value, 1 / screens.sd_ratio),
        "slope on co-assessors": use & _over(slope.z(expected), screens.z) & _over(relative, 1 / screens.slope),
        "middle of the scale": use & _over(-middle.z(), screens.z) & _over(-middle.value, screens.middle),
    }


def _undifferentiated(found: Any, screens: Screens, use: np.ndarray, seen: dict[str, Any]) -> None:
    never, own = np.zeros(len(use), dtype=bool), found.undifferentiated
    seen["undifferentiated"] = {"flat profiles": never, "spread over values": never, "correlation between values": never}
    if own is None:
        return
    with np.errstate(invalid="ignore", divide="ignore"):
        share = own.within_sd.value / own.within_sd_expected
    # Whoever keeps to the middle has flat profiles for that reason: then only the correlation between values speaks.
    central = sum(signal.astype(int) for signal in seen["central"].values()) >= 2
    flat = use & ~central & _over(own.flat_excess.z(), screens.z) & _over(own.flat_excess.value, screens.flat)
    narrow = use & ~central & _over(-own.within_sd_excess.z(), screens.z) & _over(screens.within_sd - share, 0)
    tied = _over(own.correlation.z(own.correlation_expected), screens.z)
    above = _over(own.correlation.value - own.correlation_expected, screens.value_correlation)
    seen["undifferentiated"] = {"flat profiles": flat, "spread over values": narrow, "correlation between values": use & tied & above}


def _time(found: Any, screens: Screens, use: np.ndarray, seen: dict[str, Any], alone: dict[str, np.ndarray]) -> None:
    never = np.zeros(len(use), dtype=bool)
    seen["drift"], seen["contrast"] = {"halves": never, "trend": never, "control chart": never}, {"candidate before": never}
    if (drift := found.drift) is not None:
        change, trend = drift.change, drift.trend
        clear = use & _over(np.abs(change.z()), screens.z)
        seen["drift"] = {
            "halves": clear & _over(np.abs(change.value), screens.drift),
            "trend": use & _over(np.abs(trend.z()), screens.z) & _over(np.abs(trend.value), 2 * screens.drift),
            "control chart": use & (drift.outside > 0),
        }
        alone["drift"] = clear & _over(np.abs(change.value), screens.drift_practical)
    if (contrast := found.contrast) is not None:
        clear = use & _over(np.abs(contrast.z()), screens.contrast_z) & _over(np.abs(contrast.value), screens.contrast)
        seen["contrast"], alone["contrast"] = {"candidate before": clear}, clear


def _dependence(found: Any, screens: Screens, use: np.ndarray, seen: dict[str, Any]) -> None:
    own = found.dependence
    seen["dependence"] = {
        "exact agreement": use & _over(own.exact_excess.z(), screens.z) & _over(own.kappa, screens.kappa),
        "identical vectors": use & _over(own.identical_excess.z(), screens.z) & _over(own.identical_excess.value, screens.identical),
    }
