"""Does a gap remain between people who are alike in other facts? Unadjusted first, then two blocks of facts declared in advance.

Each answer is a difference of rates: the rate there would be if everybody counted as of the focal group less the rate if everybody counted
as of the comparator, all other facts as they are. Odds ratios and coefficients are not given.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from standardsetting.cohort import firth
from standardsetting.cohort.intervals import newcombe_difference
from standardsetting.cohort.missing import LeftOut, TwoGroups, left_out_sentence, two_groups
from standardsetting.errors import UsageError
from standardsetting.intervals import critical_value

UNADJUSTED, PRIOR, BOTH = "unadjusted", "clearly prior facts", "clearly prior and possibly tainted facts"
FEWEST_IN_GROUP, FEWEST_EITHER_WAY, FEWEST_IN_CATEGORY, FEWEST_DF = 20, 10, 10, 10
NO_FACTS = "without an outcome or a declared fact"
NOT_EXPLAINED = "A gap that vanishes only with the possibly tainted facts is not explained: they may carry the same disadvantage."


@dataclass(frozen=True)
class Step:
    """One of the three views. `difference`, `low`, `high`: focal minus comparator, as shares; missing with a `why`."""

    name: str
    facts: tuple[str, ...]
    difference: float
    low: float
    high: float
    residual_df: int
    method: str
    why: str


@dataclass(frozen=True)
class AdjustedView:
    """The unadjusted difference and the two adjusted ones, of the same people."""

    steps: tuple[Step, ...]
    focal: str
    comparator: str
    n_focal: int
    n_comparator: int
    left_out: tuple[LeftOut, ...]
    confidence: float
    why: str
    sentence: str

    def table(self) -> pd.DataFrame:
        """One row a step."""
        columns = ["step", "difference", "low", "high", "why"]
        return pd.DataFrame([(s.name, s.difference, s.low, s.high, s.why) for s in self.steps], columns=columns)


def adjusted_difference(
    people: pd.DataFrame, *, outcome: str, characteristic: str, focal: str, comparator: str | None, prior: Sequence[str],
    tainted: Sequence[str] = (), confidence: float = 0.95,
) -> AdjustedView:  # fmt: skip
    """How large is the gap between two groups, as it is, among people alike in prior facts, and among people alike in tainted facts too?

    Parameters
    ----------
    people
        One row a person. Facts are categories (text, true or false) or numbers (taken to act on the log odds in a straight line).
    outcome
        The column of outcomes: 1 or 0, missing where there is none.
    characteristic, focal, comparator
        The column of groups, and the two compared; without a comparator, everybody else who declared a group.
    prior
        Facts that the process cannot have influenced, declared in advance: length of service, earlier attempts, window.
    tainted
        Facts that may carry the same disadvantage: a manager's assessment, a posting.
    confidence
        Of the intervals.

    Raises
    ------
    UsageError
        A column is missing or named twice, or an outcome is neither 1 nor 0.

    Notes
    -----
    Model: logistic with Firth's penalty. The interval is by the delta method, for these people (their facts taken as they are); that of the
    unadjusted difference is Newcombe's. There is no answer with fewer than 20 people or 10 outcomes of either kind in a group, with a
    category of fewer than 10 people, with fewer than 10 residual degrees of freedom, or where the model has as many columns as there are
    different rows. Facts that come after the process began do not belong in either block.

    References
    ----------
    Firth (1993), Biometrika 80, 27-38.

    Examples
    --------
    >>> people = pd.DataFrame({"met": [1, 0] * 60, "sex": ["f", "f", "m"] * 40, "years": np.tile(np.arange(8), 15)})
    >>> view = adjusted_difference(people, outcome="met", characteristic="sex", focal="f", comparator="m", prior=["years"])
    >>> [step.name for step in view.steps]
    ['unadjusted', 'clearly prior facts']
    """
    critical_value(confidence)
    facts = (*prior, *tainted)
    _check_columns(people, (outcome, characteristic, *facts))
    met = _outcomes(people[outcome])
    usable = ~np.isnan(met) & people[list(facts)].notna().all(axis=1).to_numpy()
    groups = two_groups(
        people[characteristic], focal=focal, comparator=comparator, usable=usable, fewest=FEWEST_IN_GROUP, unusable=NO_FACTS
    )
    used = groups.focal | groups.comparator
    why = groups.why or _too_few_outcomes(met, groups)
    steps: tuple[Step, ...] = ()
    if not why:
        y, is_focal, rows = met[used], groups.focal[used], people.loc[used]
        blocks = [(PRIOR, tuple(prior))] if prior else []
        blocks += [(BOTH, facts)] if tainted else []
        steps = (_unadjusted(y, is_focal, confidence), *(_step(name, rows[list(of)], y, is_focal, confidence) for name, of in blocks))
    return AdjustedView(
        steps, groups.focal_name, groups.comparator_name, *groups.n, groups.left_out, confidence, why, _sentence(steps, groups, why)
    )


def _check_columns(people: pd.DataFrame, wanted: tuple[str, ...]) -> None:
    if len(set(wanted)) < len(wanted):
        raise UsageError("Outcome, characteristic and facts were expected to be different columns; one is named twice.")
    lacking = [name for name in wanted if name not in people.columns]
    if lacking:
        raise UsageError(f"{len(lacking)} of the {len(wanted)} columns named are not in the table.")


def _outcomes(column: pd.Series) -> np.ndarray:
    try:
        met = column.to_numpy(dtype=float, na_value=np.nan)
    except (TypeError, ValueError):
        raise UsageError("Outcomes of 1 or 0 were expected; something else was found.") from None
    if not np.isin(met[~np.isnan(met)], (0.0, 1.0)).all():
        raise UsageError("Outcomes of 1 or 0 were expected; other numbers were found.")
    return np.asarray(met)


def _too_few_outcomes(met: np.ndarray, groups: TwoGroups) -> str:
    everybody = met[groups.focal | groups.comparator]
    if everybody.all() or not everybody.any():
        return f"{'Everyone' if everybody.all() else 'Nobody'} succeeded, so there is no gap to adjust."
    for mask, name in ((groups.focal, groups.focal_name), (groups.comparator, groups.comparator_name)):
        if min(met[mask].sum(), (1 - met[mask]).sum()) < FEWEST_EITHER_WAY:
            return f"{name}: fewer than {FEWEST_EITHER_WAY} succeeded or fewer than {FEWEST_EITHER_WAY} did not, too few to adjust."
    return ""


def _unadjusted(y: np.ndarray, focal: np.ndarray, confidence: float) -> Step:
    counts = float(y[focal].sum()), float(focal.sum()), float(y[~focal].sum()), float((~focal).sum())
    limits = newcombe_difference(*counts, confidence=confidence)
    difference = counts[0] / counts[1] - counts[2] / counts[3]
    return Step(UNADJUSTED, (), difference, float(limits.low), float(limits.high), len(y) - 2, "difference of rates, Newcombe interval", "")


def _step(name: str, facts: pd.DataFrame, y: np.ndarray, focal: np.ndarray, confidence: float) -> Step:
    columns, why = _design(facts)
    x = np.column_stack([np.ones(len(y)), focal.astype(float), *columns]) if not why else np.zeros((len(y), 0))
    why = why or _refusal(x)
    label = "Firth-penalised logistic model, standardised over these people, delta-method interval"
    names, df = tuple(facts.columns), len(y) - x.shape[1]
    if why:
        return Step(name, names, math.nan, math.nan, math.nan, df, label, why)
    fitted = firth.fit(x, y, names=[f"column {i}" for i in range(x.shape[1])], confidence=confidence, intervals=False)
    if not fitted.converged:
        return Step(name, names, math.nan, math.nan, math.nan, df, label, "The model did not settle, so there is no adjusted difference.")
    difference, se = marginal_difference(x, fitted)
    half = critical_value(confidence) * se
    return Step(name, names, difference, difference - half, difference + half, df, label, "")


def marginal_difference(x: np.ndarray, fitted: firth.FirthFit, *, column: int = 1) -> tuple[float, float]:
    """Mean fitted probability with a column at 1 less that with it at 0, and its standard error by the delta method."""
    on, off = x.copy(), x.copy()
    on[:, column], off[:, column] = 1.0, 0.0
    p_on, p_off = fitted.probabilities(on), fitted.probabilities(off)
    slope = ((p_on * (1 - p_on))[:, None] * on - (p_off * (1 - p_off))[:, None] * off).mean(axis=0)
    return float((p_on - p_off).mean()), math.sqrt(float(slope @ fitted.covariance @ slope))


def _design(facts: pd.DataFrame) -> tuple[list[np.ndarray], str]:
    """Columns of the design: numbers standardised, categories as indicators against the most frequent one; or why there is none."""
    columns: list[np.ndarray] = []
    for name in facts.columns:
        fact = facts[name]
        if pd.api.types.is_numeric_dtype(fact) and not pd.api.types.is_bool_dtype(fact):
            numbers = fact.to_numpy(dtype=float)
            if not np.isfinite(numbers).all() or numbers.std() == 0:
                return [], f"{name} is the same for everybody, or not finite: it cannot be adjusted for."
            columns.append((numbers - numbers.mean()) / numbers.std())
            continue
        counts = fact.astype(str).value_counts()
        if (counts < FEWEST_IN_CATEGORY).any():
            return [], f"{name} has {int((counts < FEWEST_IN_CATEGORY).sum())} categories of fewer than {FEWEST_IN_CATEGORY} people."
        if len(counts) < 2:
            return [], f"{name} is the same for everybody: it cannot be adjusted for."
        # Ties between frequent categories go by name, so that the order of rows does not matter.
        base = min(counts.index[counts == counts.max()])
        columns += [(fact.astype(str) == each).to_numpy(dtype=float) for each in sorted(counts.index) if each != base]
    return columns, ""


def _refusal(x: np.ndarray) -> str:
    rows, columns = x.shape
    if rows - columns < FEWEST_DF:
        return f"Fewer than {FEWEST_DF} residual degrees of freedom: too many facts for these people."
    if np.linalg.matrix_rank(x) < columns:
        return "Some of the facts say the same as others, or as the group: their parts cannot be told apart."
    if len(np.unique(x, axis=0)) <= columns:
        return "The model would be saturated: it would reproduce the rates of single cells."
    return ""


def _sentence(steps: tuple[Step, ...], groups: TwoGroups, why: str) -> str:
    if why:
        return f"{why} {left_out_sentence(groups.left_out)}"
    parts = []
    for step in steps:
        what = "As it is" if step.name == UNADJUSTED else f"Among people alike in {step.name}"
        if step.why:
            parts.append(f"{what}: no answer. {step.why}")
            continue
        more = "more" if step.difference >= 0 else "fewer"
        parts.append(
            f"{what}: {abs(100 * step.difference):.0f} {more} successes in 100 for {groups.focal_name} than for {groups.comparator_name} "
            f"({100 * step.low:+.0f} to {100 * step.high:+.0f})."
        )
    tainted = [step for step in steps if step.name == BOTH]
    if tainted:
        parts.append(_reading(steps))
    return f"{' '.join(parts)} {left_out_sentence(groups.left_out)}"


def _reading(steps: tuple[Step, ...]) -> str:
    """What the tainted block may and may not be read as."""
    beyond = {step.name: step.low > 0 or step.high < 0 for step in steps if not step.why}
    if beyond.get(UNADJUSTED) and beyond.get(PRIOR, True) and beyond.get(BOTH) is False:
        return f"The gap vanishes only with the possibly tainted facts. {NOT_EXPLAINED}"
    return NOT_EXPLAINED
