"""The screens: what makes an assessor's figures raise a question. Every threshold is configuration, with its source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import pandas as pd

from standardsetting.errors import UsageError

SCREENS = ("severe", "lenient", "inconsistent", "central", "extreme", "undifferentiated", "drift", "contrast", "dependence")
LOCAL = "Local: this project's own judgement"
_SEVERITY, _WIDTH = "severe, lenient", "central, extreme"


def _threshold(default: Any, screen: str, asks: str, source: str, *, alone: bool = False) -> Any:
    return field(default=default, metadata={"screen": screen, "asks": asks, "source": source, "alone": alone})


@dataclass(frozen=True, kw_only=True)
class Screens:
    """Thresholds of the screens. A question is raised by two signals, or by one of practical size; never by a p value alone.

    What each threshold asks and where it comes from stands beside it, and `thresholds` lists it. All are screens, to be set by policy
    before the ratings are seen: none says that an assessor did anything wrong.

    Raises
    ------
    UsageError
        A threshold is not above zero, or one that is a share of what is usual is not below one.
    """

    fewest_candidates: int = _threshold(
        10, "all", "Candidates shared with others; with fewer no screen speaks", "Fewer is sparse in mfrmr's bands, after Linacre (1994)"
    )
    # Of two who only sit together neither is the severe one.
    fewest_in_subset: int = _threshold(
        3, "severe, lenient, inconsistent", "Assessors linked by shared candidates; among fewer the screen does not speak", LOCAL
    )
    z: float = _threshold(2.0, "all", "Standard errors from what is expected, which every signal needs besides its size", "mfrmr's default")
    severity: float = _threshold(
        0.25, _SEVERITY, "Points on one value below or above co-assessors, as the mean difference or adjusted for who they were", LOCAL
    )
    severity_practical: float = _threshold(
        0.5, _SEVERITY, "Points on one value, adjusted", "The usual screen for differences between fair averages", alone=True
    )
    noise: float = _threshold(
        1.5, "inconsistent", "Error variance as a multiple of the mean assessor's", "mfrmr's misfit mean square, after Linacre"
    )
    noise_practical: float = _threshold(
        2.0, "inconsistent", "Error variance as a multiple of the mean assessor's", "Distorts measurement, in Linacre's scheme", alone=True
    )
    noise_p: float = _threshold(
        0.025, "inconsistent", "How often chance may give as much error variance, besides its size", "Two standard errors, one side"
    )
    unexpected: float = _threshold(
        0.10, "inconsistent", "Share of ratings two standard deviations or more from co-assessors", "Twice the usual one in twenty"
    )
    correlation: float = _threshold(0.30, "inconsistent", "Correlation with co-assessors below this", "mfrmr's warning")
    # Where all assessors' correlation is itself not much above 0.30.
    correlation_drop: float = _threshold(0.15, "inconsistent", "Or: correlation so far below all assessors'", LOCAL)
    sd_ratio: float = _threshold(
        0.7, _WIDTH, "Standard deviation as a ratio to co-assessors': up to this is narrow, from its inverse wide", "The usual screen"
    )
    slope: float = _threshold(
        0.7, _WIDTH, "Slope on co-assessors' mean as a ratio to all assessors' slope: up to this is narrow, from its inverse wide", LOCAL
    )
    middle: float = _threshold(0.15, _WIDTH, "Share in the middle of the scale above (central) or below (extreme) co-assessors'", LOCAL)
    flat: float = _threshold(0.15, "undifferentiated", "Share of flat profiles above that of others at the same level", LOCAL)
    within_sd: float = _threshold(
        0.7, "undifferentiated", "Spread over one candidate's values as a share of others' at the same level, up to", LOCAL
    )
    value_correlation: float = _threshold(0.15, "undifferentiated", "Correlation between values above the median assessor's", LOCAL)
    # About half a logit, mfrmr's default, where the points of the scale lie about three logits apart.
    drift: float = _threshold(
        0.15,
        "drift",
        "Points on one value, later half less earlier; twice as much for the trend over the window",
        "About half a logit, mfrmr's default, on a scale whose points lie three logits apart",
    )
    drift_practical: float = _threshold(0.5, "drift", "Points on one value, later half less earlier", "As for severity", alone=True)
    ewma_weight: float = _threshold(0.2, "drift", "Weight of the newest day in the control chart", "Lucas and Saccucci (1990)")
    ewma_limit: float = _threshold(3.0, "drift", "Limits of the control chart, in standard errors", "Lucas and Saccucci (1990)")
    contrast: float = _threshold(0.15, "contrast", "Points for each point of the candidate before", LOCAL, alone=True)
    contrast_z: float = _threshold(3.0, "contrast", "Standard errors; more, because there is one signal only", LOCAL)
    # Well above the "about zero" of independent experts (Linacre).
    kappa: float = _threshold(
        0.25, "dependence, inconsistent", "Same ratings as co-assessors beyond the expected (inconsistent: short of it), as a kappa", LOCAL
    )
    identical: float = _threshold(0.10, "dependence", "Share of identical ratings on all values above the expected", LOCAL)

    def __post_init__(self) -> None:
        for one in fields(self):
            if not getattr(self, one.name) > 0:
                raise UsageError(f"The screen {one.name} needs a number above zero.")
        for name in ("sd_ratio", "slope", "within_sd", "correlation", "noise_p"):
            if getattr(self, name) >= 1:
                raise UsageError(f"The screen {name} needs a number below one.")
        if self.ewma_weight > 1:
            raise UsageError("The screen ewma_weight needs a number up to one.")


def thresholds(screens: Screens | None = None) -> pd.DataFrame:
    """What does each screen ask, at which threshold, and where does the threshold come from?

    One row a threshold: `screen` (one or more, or "all"), `asks`, `value`, `alone` (whether it suffices by itself), `source`.

    >>> thresholds(Screens(severity=0.3)).set_index("asks")["value"].filter(like="as the mean difference").tolist()
    [0.3]
    """
    chosen = screens or Screens()
    return pd.DataFrame([{**one.metadata, "value": float(getattr(chosen, one.name))} for one in fields(chosen)])


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
    unlikely = use & _over(-noise.p, -screens.noise_p)
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
