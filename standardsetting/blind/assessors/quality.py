"""How each assessor rates beside the co-assessors of the same candidates: one row an assessor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from standardsetting.blind.assessors import words
from standardsetting.blind.assessors.dependence import Dependence, dependence
from standardsetting.blind.assessors.drift import Drift, contrast, drift, seat_severity
from standardsetting.blind.assessors.estimates import Estimates
from standardsetting.blind.assessors.screens import SCREENS, Screens, signals
from standardsetting.blind.assessors.seats import Seats, seats
from standardsetting.blind.assessors.severity import Noise, Severity, noise, severity
from standardsetting.blind.assessors.spread import Spread, Undifferentiated, spread, undifferentiated
from standardsetting.errors import UsageError
from standardsetting.scale import Scale


@dataclass(frozen=True)
class Figures:
    """Every figure of every assessor, before the screens."""

    table: Seats
    n_shared: np.ndarray
    subset_size: np.ndarray
    severity: Severity
    noise: Noise
    spread: Spread
    undifferentiated: Undifferentiated | None
    drift: Drift | None
    contrast: Estimates | None
    dependence: Dependence
    confidence: float
    per_point: float


def figures(
    ratings: pd.DataFrame, *, scale: Scale, screens: Screens, per_point: float | None, confidence: float, replicates: int, seed: int
) -> Figures:
    """Compute every figure from a long table of ratings."""
    if not 0 < confidence < 1:
        raise UsageError("A confidence between 0 and 1 was expected.")
    if replicates < 1:
        raise UsageError("At least one replicate was expected.")
    if per_point is not None and not per_point > 0:
        raise UsageError("What a point on every value adds to the total is a number above zero.")
    table = seats(ratings, scale=scale)
    found = severity(table, confidence=confidence)
    return Figures(
        table=table,
        n_shared=table.by_assessor(table.shared.any(axis=1).astype(float)).astype(np.int64),
        subset_size=np.bincount(table.subset)[table.subset],
        severity=found,
        noise=noise(table, found, confidence=confidence, replicates=replicates, seed=seed),
        spread=spread(table, confidence=confidence),
        undifferentiated=undifferentiated(table, confidence=confidence),
        drift=drift(table, found, confidence=confidence, weight=screens.ewma_weight, limit=screens.ewma_limit),
        contrast=contrast(table, found, confidence=confidence),
        dependence=dependence(table, confidence=confidence),
        confidence=confidence,
        per_point=float(len(table.values)) if per_point is None else per_point,
    )


def assemble(found: Figures, screens: Screens) -> pd.DataFrame:
    """The table of `quality`."""
    table, seen = found.table, signals(found, screens)
    n = len(table.assessors)
    raised = {screen: seen.raised(screen) for screen in SCREENS}
    flags = [tuple(screen for screen in SCREENS if raised[screen][who]) for who in range(n)]
    told = [
        tuple(f"{screen}: {name}" for screen in SCREENS for name, signal in seen.seen[screen].items() if signal[who]) for who in range(n)
    ]
    flagged = np.array([bool(one) for one in flags], dtype=bool)
    questioned = flagged | (found.n_shared < screens.fewest_candidates)
    sign = raised["severe"].astype(int) - raised["lenient"].astype(int)
    whom = words.partners(found.severity.adjusted.value, found.n_shared, questioned, flagged, table.assessors)
    review = words.recordings(found, seat_severity(table, found.severity), sign)
    result = pd.DataFrame(_columns(found))
    result["signals"], result["flags"] = pd.Series(told, dtype=object), pd.Series(flags, dtype=object)
    result["sentence"] = [words.sentence(who, found, flags[who], screens) for who in range(n)]
    result["action"] = [words.action(flags[who], whom[who], review[who]) for who in range(n)]
    result.attrs["sentence"] = words.overall(found, flags, screens)
    result.attrs["subsets"] = tuple(int(size) for size in np.bincount(table.subset)[1:])
    result.attrs["severity_spread"] = found.severity.spread
    result.attrs["dropped"] = tuple((one.count, one.reason) for one in table.dropped)
    return result


def _columns(found: Figures) -> dict[str, np.ndarray]:
    table, n = found.table, len(found.table.assessors)
    adjusted, per_point = found.severity.adjusted, found.per_point
    missing = np.full(n, np.nan)
    empty = Estimates(missing, missing, missing, missing, np.zeros(n, dtype=np.int64))
    own, late = found.undifferentiated, found.drift
    columns: dict[str, np.ndarray] = {
        "assessor": table.assessors,
        "subset": table.subset,
        "n_candidates": table.by_assessor(),
        "n_shared": found.n_shared,
        "n_ratings": table.by_assessor((~np.isnan(table.x)).sum(axis=1).astype(float)).astype(np.int64),
        **_figure("difference", found.severity.difference),
        **_figure("severity", adjusted),
        "severity_se": adjusted.standard_error,
        "severity_shrunk": found.severity.shrunk,
        "severity_shrunk_low": found.severity.shrunk_low,
        "severity_shrunk_high": found.severity.shrunk_high,
        "total_points": -per_point * adjusted.value,
        "total_points_low": -per_point * adjusted.high,
        "total_points_high": -per_point * adjusted.low,
        **_figure("noise", found.noise.ratio),
        "noise_high_by_chance": found.noise.high_by_chance,
        "noise_p": found.noise.p,
        **_figure("unexpected", found.noise.unexpected, np.full(n, found.noise.unexpected_expected)),
        **_figure("rest_correlation", found.spread.correlation, np.full(n, found.spread.correlation_expected)),
        **_figure("sd_ratio", found.spread.sd_ratio),
        **_figure("slope", found.spread.slope, np.full(n, found.spread.slope_expected)),
        **_figure("middle_share", found.spread.middle, found.spread.middle_expected),
        **_figure("within_sd", own.within_sd if own else empty, own.within_sd_expected if own else missing),
        **_figure("flat_share", own.flat if own else empty, own.flat_expected if own else missing),
        **_figure("value_correlation", own.correlation if own else empty, np.full(n, own.correlation_expected) if own else missing),
        **_figure("drift", late.change if late else empty),
        **_figure("trend", late.trend if late else empty),
        "days": late.days if late else np.zeros(n, dtype=np.int64),
        "days_outside": late.outside if late else np.zeros(n, dtype=np.int64),
        **_figure("contrast", found.contrast or empty),
        **_figure("agreement", found.dependence.exact, found.dependence.exact_expected),
        "agreement_kappa": found.dependence.kappa,
        **_figure("identical", found.dependence.identical, found.dependence.identical_expected),
    }
    return columns


def _figure(name: str, found: Estimates, expected: np.ndarray | None = None) -> dict[str, np.ndarray]:
    columns = {name: found.value, f"{name}_low": found.low, f"{name}_high": found.high, f"{name}_n": found.n}
    return columns if expected is None else columns | {f"{name}_expected": np.where(np.isnan(found.value), np.nan, expected)}
