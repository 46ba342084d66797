"""The benchmark videos: how near each assessor came to the reference scores, and how far assessors agree about one performance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import pandas as pd

from standardsetting.blind.agreement.performances import null_variance
from standardsetting.blind.icc import intraclass_correlations
from standardsetting.errors import FindingsError, UsageError
from standardsetting.scale import Number, Scale, as_fraction

ORDER = ("before", "after")
# The moderate skew for five points of LeBreton and Senter (2008), table 2. Which way it leans does not matter: only its variance counts.
MODERATE_SKEW = (0.0, 0.10, 0.15, 0.40, 0.35)
ONE_PERFORMANCE = (
    "An intraclass correlation compares differences between performances with differences between assessors; with one video there are no "
    "differences between performances, and it has no meaning. Read r_wg and the average deviation instead."
)


@dataclass(frozen=True, kw_only=True)
class CalibrationScreens:
    """When an assessor should score a video again: local policy, to be set before the training.

    Attributes
    ----------
    bias
        Points by which the mean rating may lie off the mean reference score: less than this.
    worst
        Points by which a single rating may lie off: less than this.
    wrong_decisions
        How many wrong hurdle decisions are one too many.
    deviation_divisor
        The average deviation is acceptable up to the number of points of the scale (in steps) over this: 6 (Burke and Dunlap, 2002).
    fewest_videos
        With fewer videos the page says that one performance is a thin basis: best one just below the standard and one just above.
    """

    bias: float = 0.5
    worst: float = 2.0
    wrong_decisions: int = 1
    deviation_divisor: float = 6.0
    fewest_videos: int = 2


@dataclass(frozen=True)
class Calibration:
    """What the benchmark videos show, before and after discussion apart.

    Attributes
    ----------
    assessors
        One row an occasion and assessor: `occasion`, `assessor`, `n_videos`, `n_ratings`, `bias`, `mean_absolute_error`, `worst`, `exact`,
        `adjacent` (shares), `hurdle_decisions`, `false_fail`, `false_pass` (counts), `repeat`, `reasons`, `sentence`.
    by_value, by_video
        The same figures for each assessor and value, and for each assessor and video.
    panel
        One row an occasion, video and value: `n`, `reference`, `mean`, `bias`, `bias_low`, `bias_high`, `sd`, `r_wg` (uniform null),
        `r_wg_skewed`, `r_star_wg` (maximum dissensus), `r_wg_random` (what uniformly random ratings stay under 19 times in 20),
        `r_wg_pooled`, `p_pooled` (the same for ratings drawn from all that these assessors gave on the occasion, and how often they reach
        the observed), `average_deviation`, `deviation_limit`, `agreed` (within the limit), `exact`, `adjacent`, `false_fail`, `false_pass`.
    change
        One row an assessor who rated before and after: mean absolute error and wrong decisions on each occasion, over the same
        videos and values.
    icc
        Six forms for each occasion, of the sums over values; None where they have no meaning.
    icc_refused
        Why, in words; empty where they have one.
    screens, seed, replicates
        How it was made.
    dropped
        What was left out: (count, reason).
    sentence
        The finding in words.
    """

    assessors: pd.DataFrame = field(repr=False)
    by_value: pd.DataFrame = field(repr=False)
    by_video: pd.DataFrame = field(repr=False)
    panel: pd.DataFrame = field(repr=False)
    change: pd.DataFrame = field(repr=False)
    icc: pd.DataFrame | None = field(repr=False)
    icc_refused: str
    screens: CalibrationScreens
    seed: int
    replicates: int
    dropped: tuple[tuple[int, str], ...]
    sentence: str


def calibration(
    benchmark: pd.DataFrame,
    reference: pd.DataFrame | None = None,
    *,
    scale: Scale,
    hurdle: Number | Mapping[str, Number] | None,
    screens: CalibrationScreens | None = None,
    skewed_null: Sequence[float] | None = None,
    replicates: int = 2000,
    seed: int = 0,
) -> Calibration:
    """Who came how near to the reference scores, and do assessors agree about one performance more than chance brings about?

    What matters most is the hurdle decision: a rating on the other side of the hurdle than the reference score is a false fail or a false
    pass. r_wg is undefined with one rating; a value below zero is given as 0. Reference scores must come from people who did not
    take part in the training, given before it.

    Parameters
    ----------
    benchmark
        A long table: `video`, `assessor`, `value`, `rating`, and `occasion` (before, after, reference); without it all is
        before discussion.
    reference
        `video`, `value`, `rating`. By default the rows of `benchmark` with the occasion reference.
    scale
        The declared scale.
    hurdle
        The rating that clears the hurdle: one number, one for each value (a value that is not named has none), or None.
    skewed_null
        The second null for r_wg: the probability of each point, lowest first. By default the moderate skew for five points and the
        triangular distribution otherwise. Which way it leans does not matter.

    Raises
    ------
    FindingsError
        A rating off the scale, the same assessor, video, value and occasion twice, or two reference scores.
    UsageError
        No reference score, or nothing rated that has one.

    Examples
    --------
    Reference 3; Ann gives 2 (a false fail), Bea 4. The bias of the two is nothing, the variance 2: as if at random.

    >>> rows = [("V", "ann", "courage", 2), ("V", "bea", "courage", 4)]
    >>> table = pd.DataFrame(rows, columns=["video", "assessor", "value", "rating"])
    >>> expert = pd.DataFrame({"video": ["V"], "value": ["courage"], "rating": [3]})
    >>> found = calibration(table, expert, scale=Scale(1, 5), hurdle=3)
    >>> found.assessors[["assessor", "bias", "false_fail"]].to_numpy().tolist(), found.panel.loc[0, ["bias", "r_wg"]].tolist()
    ([['ann', -1.0, 1], ['bea', 1.0, 0]], [0.0, 0.0])

    References
    ----------
    LeBreton, J. M. and Senter, J. L. (2008). Answers to 20 questions about interrater reliability and interrater agreement. Organizational
    Research Methods, 11, 815-852. Burke, M. J. and Dunlap, W. P. (2002). Estimating interrater agreement with the average deviation index.
    Organizational Research Methods, 5, 159-172.
    """
    chosen = screens or CalibrationScreens()
    if replicates < 1:
        raise UsageError("At least one replicate was expected.")
    rows, dropped = _rows(benchmark, reference, scale, hurdle)
    assessors = _judged(_figures(rows, ["occasion", "assessor"]), chosen)
    occasions = list(dict.fromkeys(rows["occasion"]))
    n_videos = rows["video"].nunique()
    icc, refused = _icc(rows, occasions) if n_videos > 1 else (None, ONE_PERFORMANCE)
    return Calibration(
        assessors=assessors,
        by_value=_figures(rows, ["occasion", "assessor", "value"]),
        by_video=_figures(rows, ["occasion", "assessor", "video"]),
        panel=_panel(rows, scale, chosen, skewed_null, replicates, seed),
        change=_change(rows),
        icc=icc,
        icc_refused=refused,
        screens=chosen,
        seed=seed,
        replicates=replicates,
        dropped=dropped,
        sentence=_sentence(assessors, occasions, n_videos, chosen),
    )


def _rows(
    benchmark: pd.DataFrame, reference: pd.DataFrame | None, scale: Scale, hurdle: Number | Mapping[str, Number] | None
) -> tuple[pd.DataFrame, tuple[tuple[int, str], ...]]:
    """One row a rating with a reference score: error, and whether each of the two clears the hurdle (missing where there is none)."""
    _has(benchmark, ("video", "assessor", "value", "rating"), "benchmark")
    table = benchmark.astype({name: object for name in benchmark.columns if name != "rating"})
    table = table.assign(occasion="before") if "occasion" not in table.columns else table
    experts = table[table["occasion"] == "reference"] if reference is None else reference.astype({"video": object, "value": object})
    _has(experts, ("video", "value", "rating"), "reference")
    experts = experts.loc[experts["rating"].notna(), ["video", "value", "rating"]]
    if experts.duplicated(["video", "value"]).any():
        several = int(experts.duplicated(["video", "value"]).sum())
        raise FindingsError(
            f"One reference score for each video and value was expected; {several} have another.",
            next_step="Settle the experts' scores before the training, and give the settled ones.",
        )
    if experts.empty:
        raise UsageError("Reference scores were expected; there are none.", next_step="Give the experts' scores of each video and value.")
    rated = table[table["occasion"] != "reference"]
    whole = rated[rated["rating"].notna() & rated["assessor"].notna()]
    rows = whole.merge(experts.rename(columns={"rating": "reference"}), on=["video", "value"], how="inner")
    dropped = ((len(rated) - len(whole), "no rating or no assessor"), (len(whole) - len(rows), "no reference score"))
    if rows.empty:
        raise UsageError("Ratings of videos with a reference score were expected; there are none.")
    _check(rows, experts, scale)
    rows["rating"], rows["reference"] = rows["rating"].astype(float), rows["reference"].astype(float)
    limit = rows["value"].map(_hurdles(hurdle, rows["value"].unique())).astype(float)
    rows["error"] = rows["rating"] - rows["reference"]
    known = limit.notna()
    rows["decided"] = known.astype(int)
    rows["false_fail"] = (known & (rows["rating"] < limit) & (rows["reference"] >= limit)).astype(int)
    rows["false_pass"] = (known & (rows["rating"] >= limit) & (rows["reference"] < limit)).astype(int)
    rows["steps"] = np.rint(rows["error"].abs() / float(scale.step)).astype(int)
    rows["place"] = rows["occasion"].map({name: at for at, name in enumerate(ORDER)}).fillna(len(ORDER))
    rows = rows.sort_values(["place", "assessor", "video", "value"], ignore_index=True).drop(columns="place")
    return rows, tuple(one for one in dropped if one[0])


def _has(table: pd.DataFrame, columns: tuple[str, ...], name: str) -> None:
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise UsageError(f"A {name} table with the columns {', '.join(columns)} was expected; {', '.join(missing)} is not there.")


def _check(rows: pd.DataFrame, experts: pd.DataFrame, scale: Scale) -> None:
    for column, name in ((rows["rating"], "ratings"), (experts["rating"], "reference scores")):
        off = int((~column.astype(float).map(lambda x: x in scale)).sum())
        if off:
            raise FindingsError(f"Benchmark {name} on the declared scale were expected; {off} of {len(column)} are not on it.")
    twice = int(rows.duplicated(["video", "assessor", "value", "occasion"]).sum())
    if twice:
        raise FindingsError(f"One rating for each video, assessor, value and occasion was expected; {twice} rows repeat another.")


def _hurdles(hurdle: Number | Mapping[str, Number] | None, values: np.ndarray) -> dict[str, float]:
    if hurdle is None:
        return {}
    if isinstance(hurdle, Mapping):
        return {str(name): float(as_fraction(limit)) for name, limit in hurdle.items() if limit is not None}
    return {str(value): float(as_fraction(hurdle)) for value in values}


def _figures(rows: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Distance from the reference scores and wrong decisions, for each group of rows, in the order in which they stand."""
    parts = rows.assign(size=rows["error"].abs(), same=rows["steps"] == 0, near=rows["steps"] <= 1).groupby(by, sort=False)
    table = parts.agg(
        n_videos=("video", "nunique"),
        n_ratings=("error", "size"),
        bias=("error", "mean"),
        mean_absolute_error=("size", "mean"),
        worst=("size", "max"),
        exact=("same", "mean"),
        adjacent=("near", "mean"),
        hurdle_decisions=("decided", "sum"),
        false_fail=("false_fail", "sum"),
        false_pass=("false_pass", "sum"),
    )
    return table.reset_index()


def _judged(table: pd.DataFrame, screens: CalibrationScreens) -> pd.DataFrame:
    reasons, sentences = [], []
    for record in table.to_dict("records"):
        row = SimpleNamespace(**{str(name): cell for name, cell in record.items()})
        wrong = row.false_fail + row.false_pass
        why = []
        if abs(row.bias) >= screens.bias - 1e-9:
            why.append(f"{abs(row.bias):.1f} points {'above' if row.bias > 0 else 'below'} the reference on average")
        if row.worst >= screens.worst - 1e-9:
            why.append(f"a rating {row.worst:g} points off")
        if row.hurdle_decisions and wrong >= screens.wrong_decisions:
            why.append(
                f"{wrong} of {row.hurdle_decisions} hurdle decisions other than the reference's "
                f"({row.false_fail} too strict, {row.false_pass} too lenient)"
            )
        reasons.append(tuple(why))
        first = f"Assessor {row.assessor}, {row.occasion} discussion: " if row.occasion in ORDER else f"Assessor {row.assessor}: "
        told = "; ".join(why) + ". Score a video again before interviewing." if why else "within the limits on every screen."
        sentences.append(first + told)
    return table.assign(repeat=[bool(why) for why in reasons], reasons=pd.Series(reasons, dtype=object), sentence=sentences)


def _panel(
    rows: pd.DataFrame, scale: Scale, screens: CalibrationScreens, skewed_null: Sequence[float] | None, replicates: int, seed: int
) -> pd.DataFrame:
    """All assessors about one performance and value."""
    from scipy.special import stdtrit

    points = np.array([float(point) for point in scale.points])
    uniform, apart = null_variance(scale), null_variance(scale, "maximum dissensus")
    skewed, generator = null_variance(scale, _skew(scale, skewed_null)), np.random.default_rng(seed)
    random = _Null(points, generator, replicates)
    pooled = {str(name): _Null(part["rating"].to_numpy(), generator, replicates) for name, part in rows.groupby("occasion", sort=False)}
    limit = len(points) * float(scale.step) / screens.deviation_divisor
    found = []
    for (occasion, video, value), part in rows.groupby(["occasion", "video", "value"], sort=False):
        x, n, reference = part["rating"].to_numpy(), len(part), float(part["reference"].iloc[0])
        variance = float(x.var(ddof=1)) if n > 1 else np.nan
        bias = float(x.mean() - reference)
        half = float(stdtrit(n - 1, 0.975)) * np.sqrt(variance / n) if n > 1 else np.nan
        deviation = float(np.abs(x - x.mean()).mean()) if n > 1 else np.nan
        by_chance = pooled[str(occasion)].variances(n)
        found.append(
            {
                "occasion": occasion, "video": video, "value": value, "n": n, "reference": reference, "mean": float(x.mean()), "bias": bias,
                "bias_low": bias - half, "bias_high": bias + half, "sd": np.sqrt(variance), "r_wg": _r_wg(variance, uniform),
                "r_wg_skewed": _r_wg(variance, skewed), "r_star_wg": _r_wg(variance, apart),
                "r_wg_random": _r_wg(_low(random.variances(n)), uniform), "r_wg_pooled": _r_wg(_low(by_chance), uniform),
                "p_pooled": (1 + float((by_chance <= variance + 1e-9).sum())) / (1 + replicates) if n > 1 else np.nan,
                "average_deviation": deviation, "deviation_limit": limit, "agreed": bool(n > 1 and deviation <= limit + 1e-9),
                "exact": float((part["steps"] == 0).mean()), "adjacent": float((part["steps"] <= 1).mean()),
                "false_fail": int(part["false_fail"].sum()), "false_pass": int(part["false_pass"].sum()),
            }
        )  # fmt: skip
    return pd.DataFrame(found).sort_values(["video", "value"], kind="stable", ignore_index=True)


@dataclass
class _Null:
    """Variances of ratings drawn at random from a set of ratings, kept for each number of assessors."""

    ratings: np.ndarray
    generator: np.random.Generator
    replicates: int
    kept: dict[int, np.ndarray] = field(default_factory=dict)

    def variances(self, n: int) -> np.ndarray:
        if n not in self.kept:
            if n < 2:
                self.kept[n] = np.full(self.replicates, np.nan)
            else:
                self.kept[n] = self.generator.choice(self.ratings, (self.replicates, n)).var(axis=1, ddof=1)
        return self.kept[n]


def _low(variances: np.ndarray) -> float:
    return float(np.quantile(variances, 0.05))


def _r_wg(variance: float, null: float) -> float:
    return float("nan") if np.isnan(variance) else max(0.0, 1 - variance / null)


def _skew(scale: Scale, given: Sequence[float] | None) -> str | Sequence[float]:
    if given is not None:
        return given
    return MODERATE_SKEW if len(scale) == len(MODERATE_SKEW) else "triangular"


def _change(rows: pd.DataFrame) -> pd.DataFrame:
    """Each assessor before and after, on what was rated on both occasions."""
    key = ["assessor", "video", "value"]
    before, after = (rows[rows["occasion"] == occasion] for occasion in ORDER)
    both = before.merge(after, on=key, suffixes=("_before", "_after"))
    table = pd.DataFrame({"assessor": both["assessor"]})
    for occasion in ORDER:
        table[f"mean_absolute_error_{occasion}"] = both[f"error_{occasion}"].abs()
        table[f"wrong_decisions_{occasion}"] = both[f"false_fail_{occasion}"] + both[f"false_pass_{occasion}"]
    how = {name: "mean" if name.startswith("mean") else "sum" for name in table.columns[1:]}
    changed = table.groupby("assessor").agg(how).reset_index()
    changed.insert(1, "n_ratings", table.groupby("assessor").size().to_numpy())
    return changed


def _icc(rows: pd.DataFrame, occasions: list[str]) -> tuple[pd.DataFrame | None, str]:
    tables = []
    for occasion in occasions:
        part = rows[rows["occasion"] == occasion]
        whole = part.groupby(["video", "assessor"])["rating"].agg(["sum", "size"]).reset_index()
        whole = whole[whole["size"] == part["value"].nunique()].rename(columns={"video": "candidate", "sum": "rating"})
        try:
            table = intraclass_correlations(whole[["candidate", "assessor", "rating"]])
        except UsageError as refused:
            return None, refused.message
        tables.append(table.rename_axis("form").reset_index().assign(occasion=occasion))
    return pd.concat(tables, ignore_index=True), ""


def _sentence(assessors: pd.DataFrame, occasions: list[str], n_videos: int, screens: CalibrationScreens) -> str:
    told = []
    for occasion in occasions:
        part = assessors[assessors["occasion"] == occasion]
        wrong = int(part["false_fail"].sum() + part["false_pass"].sum())
        told.append(
            f"{str(occasion).capitalize()} discussion {len(part)} assessors were {part['mean_absolute_error'].mean():.2f} points off the "
            f"reference scores on average, with {wrong} of {int(part['hurdle_decisions'].sum())} hurdle decisions other than the "
            f"reference's; {int(part['repeat'].sum())} should score a video again."
        )
    thin = f" {n_videos} video{'s are' if n_videos > 1 else ' is'} a thin basis." if n_videos < screens.fewest_videos else ""
    return " ".join(told) + thin
