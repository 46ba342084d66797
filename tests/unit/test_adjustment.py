"""Would adjusting help: known truths, refusals, and every step beside a slow reading of its own."""

from __future__ import annotations

from dataclasses import fields
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

from standardsetting import BlindScores, DecisionRule, Process, Scale, figures, prose, tables
from standardsetting.blind.adjustment import CANNOT_TELL, HARM, HELP, NO_DIFFERENCE, Adjustment, expected, would_adjusting_help
from standardsetting.blind.adjustment.campaign import Campaign, Noise, Truth, cell_means
from standardsetting.blind.adjustment.decisions import Lines
from standardsetting.blind.adjustment.result import Change
from standardsetting.blind.adjustment.severities import WithinCandidates
from standardsetting.blind.assessors.seats import seats
from standardsetting.blind.generalizability import variance_components
from standardsetting.blind.how_far import ONE_EACH, ONLY_AGREED, TOO_MANY
from standardsetting.blind.scores import Account
from standardsetting.blind.value_scores import value_scores

VALUES = ("courage", "integrity", "compassion")
ACCOUNT = Account(None, 80, 80, 0, {}, 0, (), (), "2023-09-28T17:00:00+01:00")
MEAN, MEDIAN, AGREED = "mean of independent ratings", "median of independent ratings", "agreed score"


def blind(table: pd.DataFrame, *, policy: str = MEAN, **rule: str) -> BlindScores:
    process = Process.from_mapping(
        {
            "process": {"id": "p", "title": "P"},
            "scale": {"minimum": 1, "maximum": 5},
            "values": [{"name": v, "hurdle": 3} for v in VALUES],
            "rule": {"value_score": policy, **rule},
        }
    )
    interviews = pd.DataFrame({"candidate": table["candidate"].unique()}).assign(panel="P-1", day=1, complete=True)
    return BlindScores(table.assign(panel="P-1", day=1), interviews, process, ACCOUNT, "seal")


def cohort(
    *, n: int = 240, pool: int = 16, spread: float = 0.0, seed: int = 1, policy: str = MEAN, panels: np.ndarray | None = None,
    discussed: float = 0.0, **rule: str,
) -> tuple[BlindScores, np.ndarray]:  # fmt: skip
    """Candidates rated by two of a pool whose severities have this spread, and their true levels; `discussed` takes severity out again."""
    draw = np.random.default_rng(seed)
    lenient = draw.normal(0, spread, pool)
    who = np.argsort(draw.random((n, pool)), axis=1)[:, :2] if panels is None else panels
    level = 3.2 + draw.normal(0, 0.6, (n, 1)) + draw.normal(0, 0.4, (n, len(VALUES)))
    x = np.clip(np.rint(level[:, None, :] + lenient[who][:, :, None] + draw.normal(0, 0.5, (n, who.shape[1], len(VALUES)))), 1, 5)
    mean = x.mean(axis=1) - discussed * lenient[who].mean(axis=1)[:, None]
    agreed = np.clip(np.rint(mean + draw.uniform(-0.25, 0.25, mean.shape)), 1, 5)
    names = np.array([f"C-{i:04d}" for i in range(n)])
    each = who.shape[1] * len(VALUES)
    own = pd.DataFrame({"candidate": np.repeat(names, each), "assessor": [f"A-{a:03d}" for a in np.repeat(who.ravel(), len(VALUES))]})
    own = own.assign(value=np.tile(VALUES, n * who.shape[1]), rating=x.ravel(), kind="independent")
    both = pd.DataFrame({"candidate": np.repeat(names, len(VALUES)), "assessor": None, "value": np.tile(VALUES, n)})
    both = both.assign(rating=agreed.ravel(), kind="agreed")
    return blind(pd.concat([own, both], ignore_index=True), policy=policy, **rule), level


def test_large_severities_on_a_connected_rota_make_adjusting_help() -> None:
    found = would_adjusting_help(cohort(spread=0.8)[0], replicates=60)
    assert found.verdict == HELP
    assert found.error_adjusted < 0.8 * found.error_raw
    assert found.change is not None
    assert found.change.high < -1
    assert "would likely make fewer decisions wrong" in prose.adjusting(found).text  # type: ignore[union-attr]


@pytest.mark.parametrize("policy", [MEAN, AGREED])
def test_without_severities_adjusting_makes_no_difference_and_the_page_says_so(policy: str) -> None:
    found = would_adjusting_help(cohort(spread=0.0, policy=policy)[0], replicates=60)
    assert found.verdict == NO_DIFFERENCE
    assert found.change is not None
    assert abs(found.change.value) < 0.1
    assert found.error_adjusted > found.error_raw - 0.01
    said = prose.adjusting(found).text  # type: ignore[union-attr]
    assert "no difference that matters" in said
    assert "No score in this pack was adjusted" in said


def test_severity_that_the_discussion_has_taken_out_already_makes_adjusting_harm() -> None:
    found = would_adjusting_help(cohort(n=400, spread=0.8, policy=AGREED, discussed=1.0)[0], replicates=60)
    assert found.carried_used < 0.15
    assert found.verdict == HARM
    assert found.error_adjusted > found.error_raw
    assert "more decisions wrong" in prose.adjusting(found).text  # type: ignore[union-attr]


def test_what_is_expected_is_what_happens() -> None:
    """In one large cohort with known levels, the errors of raw and of adjusted totals are those that the simulation foresaw."""
    scores, level = cohort(n=2500, pool=60, spread=0.4)
    found = would_adjusting_help(scores, replicates=30)
    raw = scores.value_scores.to_numpy()
    table = seats(expected.independent_ratings(scores), scale=Scale(1, 5))
    campaign = Campaign.of(table, scores.process)
    adjusted = raw - campaign.shift(campaign.within.effects(campaign.rating))
    errors = [float(np.sqrt(((each.sum(axis=1) - level.sum(axis=1)) ** 2).mean())) for each in (raw, adjusted)]
    assert errors[0] > 1.15 * errors[1]
    assert [found.error_raw, found.error_adjusted] == pytest.approx(errors, rel=0.1)


def fixed_pairs(n: int = 60) -> np.ndarray:
    return np.array([[2 * (i % 6), 2 * (i % 6) + 1] for i in range(n)])


def two_halls() -> np.ndarray:
    """Two parts of 30 candidates, each with varying pairs: assessors 0 to 3 and 4 to 8 never sit together."""
    return np.array([pair for hall in (range(4), range(4, 9)) for pair in (list(combinations(hall, 2)) * 5)[:30]])


@pytest.mark.parametrize(
    ("panels", "pool", "said"),
    [
        (fixed_pairs(), 12, "fixed panels that share nobody"),
        (np.arange(80).reshape(40, 2), 80, "assessors of their own"),
        (np.array([[0, 1]] * 40), 2, "the same assessors rated everybody"),
        (np.arange(40)[:, None] % 4, 4, ONE_EACH),
    ],
)
def test_rotas_that_allow_no_adjustment_are_refused(panels: np.ndarray, pool: int, said: str) -> None:
    found = would_adjusting_help(cohort(n=len(panels), pool=pool, panels=panels, spread=0.3)[0])
    assert not found.known
    assert said in found.reason
    assert found.by_cut.empty
    page = prose.adjusting(found)
    assert page is None if said == ONE_EACH else said in page.text  # type: ignore[union-attr]
    assert (figures.adjusting(found), tables.adjusting(found), prose.adjusting_limits(found)) == (None, None, None)


def test_a_rota_in_parts_is_refused_with_the_parts_and_their_codes_in_the_annex_only() -> None:
    found = would_adjusting_help(cohort(n=60, pool=9, panels=two_halls(), spread=0.3)[0])
    assert "2 parts that share no candidate" in found.reason
    assert "part 1 (assessors: 5, candidates: 30), part 2 (assessors: 4, candidates: 30)" in found.reason
    page, annex = prose.adjusting(found), tables.rota_parts(found)
    assert page is not None
    assert annex is not None
    assert "A-00" not in page.text
    assert annex.data.iloc[1].tolist() == [2, 4, 30, "A-000, A-001, A-002, A-003"]


def test_one_candidate_who_links_the_parts_lifts_the_refusal() -> None:
    scores, _ = cohort(n=61, pool=9, panels=np.vstack([two_halls(), [[0, 4]]]), spread=0.3)
    assert would_adjusting_help(scores, replicates=5).known


def test_other_reasons() -> None:
    agreed_only, _ = cohort(n=20)
    rows = agreed_only.ratings[agreed_only.ratings["kind"] == "agreed"].drop(columns=["panel", "day"])
    assert would_adjusting_help(blind(rows, policy=AGREED)).reason == ONLY_AGREED
    crowd = np.array([[i, (i + 1) % 1001] for i in range(1001)])
    assert would_adjusting_help(cohort(n=1001, pool=1001, panels=crowd)[0]).reason == TOO_MANY
    table = cohort(n=80)[0].ratings.drop(columns=["panel", "day"])
    copied = table[table["kind"] == "independent"].copy()
    copied["rating"] = copied.groupby(["candidate", "value"])["rating"].transform("max")
    assert would_adjusting_help(blind(copied)).reason == expected.NOT_INDEPENDENT
    ring = cohort(n=9, pool=9, panels=np.array([[i, (i + 1) % 9] for i in range(9)]))[0]
    assert would_adjusting_help(ring, replicates=3).known
    chain = cohort(n=8, pool=9, panels=np.array([[i, i + 1] for i in range(8)]))[0]
    assert would_adjusting_help(chain, replicates=3).reason == expected.LOOSE


def dense_prediction(ratings: np.ndarray, candidate: np.ndarray, assessor: np.ndarray) -> np.ndarray:
    """Henderson's mixed-model equations in full, the ratio at the maximum of the restricted likelihood: one column of ratings."""
    fixed, random = np.eye(candidate.max() + 1)[candidate], np.eye(assessor.max() + 1)[assessor]

    def deviance(log_ratio: float) -> float:
        spread = np.eye(len(ratings)) + np.exp(log_ratio) * random @ random.T
        inverse = np.linalg.inv(spread)
        inner = fixed.T @ inverse @ fixed
        residual = ratings - fixed @ np.linalg.solve(inner, fixed.T @ inverse @ ratings)
        freedom = len(ratings) - fixed.shape[1]
        square = residual @ inverse @ residual
        return float(freedom * np.log(square) + np.linalg.slogdet(spread)[1] + np.linalg.slogdet(inner)[1])

    ratio = np.exp(optimize.minimize_scalar(deviance, bounds=(-8, 4), method="bounded", options={"xatol": 1e-8}).x)
    both = np.hstack([fixed, random])
    left = both.T @ both + np.diag(np.r_[np.zeros(fixed.shape[1]), np.full(random.shape[1], 1 / ratio)])
    return np.linalg.solve(left, both.T @ ratings)[fixed.shape[1] :]


def test_severities_are_those_of_the_mixed_model_equations() -> None:
    scores, _ = cohort(n=36, pool=6, spread=0.5)
    table = seats(expected.independent_ratings(scores), scale=Scale(1, 5))
    found = WithinCandidates(table.candidate, table.assessor, 36, 6, 3).effects(table.x)
    assert found.sum(axis=1) == pytest.approx(dense_prediction(table.x.sum(axis=1), table.candidate, table.assessor), rel=2e-3, abs=1e-4)
    one = WithinCandidates(table.candidate, table.assessor, 36, 6, 1).effects(table.x[:, :1])[:, 0]
    assert one == pytest.approx(dense_prediction(table.x[:, 0], table.candidate, table.assessor), rel=2e-3, abs=1e-4)


def test_severities_are_those_of_another_program() -> None:
    """R 4.2.2, nlme 3.1-162: ranef(lme(y ~ 0 + cand, random = ~ 1 | ass, method = "REML")), cand and ass as factors."""
    pairs = [(0, 1), (1, 2), (2, 3), (3, 0), (0, 2), (1, 3)] * 2
    ratings = np.array([3, 2, 4, 4, 2, 3, 5, 4, 3, 4, 1, 3, 4, 4, 2, 3, 3, 5, 4, 3, 2, 2, 3, 4], dtype=float)
    found = WithinCandidates(np.repeat(np.arange(12), 2), np.ravel(pairs), 12, 4, 1).effects(ratings[:, None])[:, 0]
    assert found == pytest.approx([-0.22695036, -0.56737589, -0.11347518, 0.90780142], abs=1e-4)


def test_on_the_shipped_cohort_what_is_expected_is_what_happened() -> None:
    """Its ratings come from another model (rating scale, with drifting and central assessors), and its truth is known."""
    shipped = Path(__file__).parents[2] / "data" / "sergeant-2023"
    columns = {"Applicant": "candidate", "Assessor": "assessor", "Competency": "value", "Score": "rating", "Score type": "kind"}
    ratings = pd.read_csv(shipped / "ratings.csv", dtype=str).rename(columns=columns)[list(columns.values())]
    for column in ("candidate", "value", "kind"):
        ratings[column] = ratings[column].str.strip().str.casefold()
    ratings = ratings.assign(rating=pd.to_numeric(ratings["rating"])).drop_duplicates(["candidate", "assessor", "value", "kind"])
    agreed = ratings[ratings["kind"] == "agreed"].pivot(index="candidate", columns="value", values="rating").dropna()
    ratings = ratings[ratings["kind"].isin(["independent", "agreed"]) & ratings["candidate"].isin(agreed.index)]
    process = Process.from_mapping(
        {
            "process": {"id": "p", "title": "P"},
            "scale": {"minimum": 1, "maximum": 5},
            "values": [{"name": v, "hurdle": 3} for v in agreed.columns],
        }
    )
    interviews = pd.DataFrame({"candidate": agreed.index}).assign(panel="P-1", day=1, complete=True)
    scores = BlindScores(ratings.assign(panel="P-1", day=1), interviews, process, ACCOUNT, "seal")
    found = would_adjusting_help(scores, replicates=60)
    campaign = Campaign.of(seats(expected.independent_ratings(scores), scale=Scale(1, 5)), process)
    shift = campaign.shift(campaign.within.effects(campaign.rating)).sum(axis=1)
    true = shipped_truth(shipped / "truth", campaign.candidates, list(agreed.columns))
    missed = agreed.loc[campaign.candidates].sum(axis=1).to_numpy() - true
    errors = [float(np.sqrt((each**2).mean())) for each in (missed, missed - shift)]
    assert errors[1] < errors[0] - 0.05
    assert [found.error_raw, found.error_adjusted] == pytest.approx(errors, rel=0.08)


def shipped_truth(folder: Path, candidates: np.ndarray, values: list[str]) -> np.ndarray:
    """The total that many such assessors would give on average, by the rating scale model that the cohort was drawn from."""
    ability = pd.read_csv(folder / "candidates.csv", dtype={"candidate_id": str}).set_index("candidate_id").loc[candidates, values]
    difficulty = pd.read_csv(folder / "values.csv").set_index("value")["difficulty"][values]
    steps = pd.read_csv(folder / "thresholds.csv")["threshold"].to_numpy()
    total = np.zeros(len(candidates))
    severities = pd.read_csv(folder / "assessors.csv")["severity"]
    for severity in severities:
        away = (ability - difficulty).to_numpy() - severity
        odds = np.exp(np.cumsum(np.concatenate([np.zeros((*away.shape, 1)), away[..., None] - steps], axis=2), axis=2))
        total += ((odds / odds.sum(axis=2, keepdims=True)) @ np.arange(1, 6)).sum(axis=1) / len(severities)
    return total


def test_a_value_in_two_exercises_is_the_mean_of_both() -> None:
    scores, _ = cohort(n=80, pool=8, spread=0.5)
    rows = scores.ratings.drop(columns=["panel", "day"])
    twice = pd.concat([rows.assign(exercise=name) for name in ("interview", "letter")], ignore_index=True)
    exercises = [{"name": name, "values": list(VALUES)} for name in ("interview", "letter")]
    process = Process.from_mapping({**scores.process.model_dump(mode="json"), "exercises": exercises})
    found = would_adjusting_help(BlindScores(twice.assign(panel="P-1", day=1), scores.interviews, process, ACCOUNT, "seal"), replicates=5)
    once = would_adjusting_help(scores, replicates=5)
    assert (found.known, found.n_candidates) == (True, 80)
    assert found.deviation_seen == pytest.approx(once.deviation_seen)
    assert found.largest == pytest.approx(once.largest, rel=0.2)


def test_with_many_ratings_severities_are_those_of_least_squares() -> None:
    scores, _ = cohort(n=3000, pool=6, spread=0.6)
    table = seats(expected.independent_ratings(scores), scale=Scale(1, 5))
    found = WithinCandidates(table.candidate, table.assessor, 3000, 6, 3).effects(table.x).mean(axis=1)
    apart = np.zeros((3000, 6))
    apart[table.candidate[::2], table.assessor[::2]], apart[table.candidate[1::2], table.assessor[1::2]] = 1, -1
    plain = np.linalg.lstsq(apart, (table.x[::2] - table.x[1::2]).mean(axis=1), rcond=None)[0]
    assert found == pytest.approx(plain - plain.mean(), abs=0.01)


def test_what_would_change_here_is_what_is_counted_by_hand() -> None:
    scores, _ = cohort(spread=0.5)
    found = would_adjusting_help(scores, replicates=3, cuts=[9, 10, 11.5])
    ratings = expected.independent_ratings(scores)
    table = seats(ratings, scale=Scale(1, 5))
    campaign = Campaign.of(table, scores.process)
    effects = pd.DataFrame(campaign.within.effects(campaign.rating), index=campaign.assessors, columns=table.values)
    adjusted = scores.value_scores.copy()
    for name, pair in ratings.groupby("candidate")["assessor"].unique().items():
        for value in VALUES:
            adjusted.loc[name, value] -= sum(effects.loc[a, value] for a in pair) / len(pair)
    moves = (scores.value_scores - adjusted).sum(axis=1)
    assert found.would_move == int((moves.abs() >= 0.5).sum()) > 10
    assert found.largest == pytest.approx(moves.abs().max())
    for row in found.by_cut.itertuples():
        before = scores.rule.at(row.cut).decide(scores.value_scores)["status"] == "met"
        after = (adjusted >= 2.75).all(axis=1) & (adjusted.sum(axis=1) >= row.cut - 0.25)
        counted = (before.sum(), (before & ~after).sum(), (~before & after).sum())
        assert (row.met, row.would_leave, row.would_enter) == counted


def test_lines_are_the_rule_itself_for_scores_that_can_be_given() -> None:
    rule = DecisionRule(
        {"a": 3, "b": 2.5}, weights={"a": 2, "b": 1}, scale=Scale(1, 5), points={"a": [1, 2, 3, 4, 5], "b": [1, 1.5, 2, 2.5, 3, 4, 5]}
    )
    draw = np.random.default_rng(2)
    scores = pd.DataFrame({"a": draw.choice([1, 2, 3, 4, 5], 400), "b": draw.choice([1, 1.5, 2, 2.5, 3, 4, 5], 400)}).astype(float)
    cuts = [7, 8.5, 9, 11.5, 14, 16]
    met = Lines.of(rule, [expected.as_fraction(cut) for cut in cuts]).cuts_met(scores.to_numpy())
    for at, cut in enumerate(cuts):
        assert (met > at).tolist() == (rule.at(cut).decide(scores)["status"] == "met").tolist()


@pytest.mark.parametrize(
    ("policy", "rounding"), [(MEAN, "none"), (MEAN, "half up"), (MEAN, "half down"), (MEDIAN, "none"), (MEDIAN, "half down")]
)
def test_value_scores_of_a_campaign_are_those_of_the_process(policy: str, rounding: str) -> None:
    draw = np.random.default_rng(4)
    panels = np.argsort(draw.random((90, 7)), axis=1)[:, :3]
    scores, _ = cohort(n=90, pool=7, panels=panels, policy=policy, rounding=rounding)
    some = scores.ratings[(scores.ratings["kind"] == "independent") & (draw.random(len(scores.ratings)) < 0.9)]
    few = blind(some.drop(columns=["panel", "day"]), policy=policy, rounding=rounding, missing_rating="use the ratings there are")
    campaign = Campaign.of(seats(expected.independent_ratings(few), scale=Scale(1, 5)), few.process)
    made = campaign.value_scores(campaign.rating, np.zeros((90, 3)))
    wanted = value_scores(few.ratings, few.process).to_numpy()
    assert campaign.every_value_rated.tolist() == (~np.isnan(wanted).any(axis=1)).tolist()
    np.testing.assert_allclose(made, wanted)


def test_a_panel_with_a_gap_is_left_out_and_counted() -> None:
    scores, _ = cohort(n=120, spread=0.3)
    rows = scores.ratings.drop(columns=["panel", "day"])
    gap = blind(rows.drop(index=rows.index[[0, 7]]))
    found = would_adjusting_help(gap, replicates=5)
    assert (found.n_candidates, found.left_out) == (118, 2)
    assert "2 candidates without a score or a rating on every value are left out" in prose.adjusting_limits(found).text  # type: ignore[union-attr]


def test_agreed_scores_are_a_nearest_step_and_ties_fall_either_way() -> None:
    scores, _ = cohort(policy=AGREED)
    campaign = Campaign.of(seats(expected.independent_ratings(scores), scale=Scale(1, 5)), scores.process)
    mean = campaign.mean(campaign.rating) @ campaign.to_values
    coin = np.random.default_rng(3).random(mean.shape)
    agreed = campaign.value_scores(campaign.rating, coin)
    assert (np.abs(agreed - mean) <= 0.5).all()
    ties = mean % 1 == 0.5
    assert 0.4 < float((agreed > mean)[ties].mean()) < 0.6
    less = campaign.value_scores(campaign.rating, coin, taken_out=0.1)
    inside = (mean > 1.5) & (mean < 4.5)
    assert float((agreed - less)[inside].mean()) == pytest.approx(0.1, abs=0.03)


def test_simulated_ratings_have_the_components_they_were_drawn_from() -> None:
    scores, _ = cohort(n=400, pool=20, spread=0.4)
    ratings = expected.independent_ratings(scores)
    components = variance_components(ratings, values="fixed")
    table = seats(ratings, scale=Scale(1, 5))
    campaign = Campaign.of(table, scores.process)
    truth = Truth.of(components, cell_means(ratings, table.values), Scale(1, 5))
    again = []
    for replicate in range(12):
        drawn = truth.draw(campaign, Noise.of(campaign, 0, replicate))[1]
        long = pd.DataFrame(drawn, columns=list(table.values)).assign(candidate=campaign.candidate, assessor=campaign.assessor)
        long = long.melt(["candidate", "assessor"], var_name="value", value_name="rating")
        again.append(variance_components(long, values="fixed", interval="none").table.set_index("component")["estimate"])
    mean = pd.concat(again, axis=1).mean(axis=1)
    for name, tolerance in (("candidate", 0.15), ("candidate x value", 0.15), ("residual", 0.1), ("assessor", 0.35)):
        assert mean[name] == pytest.approx(components.estimate(name), rel=tolerance)


def test_the_true_score_is_the_mean_rating_of_many_such_assessors() -> None:
    truth = Truth(np.zeros(1), {"candidate": 0, "candidate x value": 0, "assessor": 0.3, "assessor x value": 0.2,
                                "candidate x assessor": 0.1, "residual": 0.5}, Scale(1, 5))  # fmt: skip
    levels = np.array([[0.6], [2.4], [3.0], [4.9], [6.0]])
    noise = np.random.default_rng(1).normal(0, np.sqrt(0.09 + 0.04 + 0.01 + 0.25), (5, 400_000))
    counted = np.clip(np.rint(levels + noise), 1, 5).mean(axis=1)
    assert truth._expected(levels)[:, 0] == pytest.approx(counted, abs=0.005)


def test_the_interval_is_students() -> None:
    sample = np.random.default_rng(1).normal(-1, 2, 40)
    found = Change.of(sample, confidence=0.9)
    low, high = stats.ttest_1samp(sample, 0).confidence_interval(0.9)
    assert (found.low, found.high) == pytest.approx((low, high))
    said = [Change(0, *ends).verdict(0.5) for ends in ((-2, -0.6), (0.6, 2), (-0.4, 0.4), (-0.6, -0.4), (-2, 2))]
    assert said == [HELP, HARM, NO_DIFFERENCE, CANNOT_TELL, CANNOT_TELL]


def test_where_the_ends_of_severity_do_not_agree_it_cannot_be_told() -> None:
    found = would_adjusting_help(cohort(spread=0.3, policy=AGREED)[0], replicates=60)
    assert len(set(found.by_severity["verdict"])) > 1
    assert found.verdict == CANNOT_TELL
    said = prose.adjusting(found).text  # type: ignore[union-attr]
    assert "cannot be told from these ratings" in said
    assert found.by_severity["deviation"].is_monotonic_increasing


def test_large_cohorts_are_drawn_less_often_and_the_result_says_so() -> None:
    found = would_adjusting_help(cohort(n=20_000, pool=30, spread=0.3)[0], cuts=[10], replicates=200)
    assert found.replicates == max(20, expected.MOST_RATINGS // 120_000) == 33
    assert "In 33 simulated campaigns" in prose.adjusting(found).text  # type: ignore[union-attr]


def test_no_adjusted_score_is_kept() -> None:
    scores, _ = cohort(n=97, spread=0.5)
    before = scores.value_scores.copy()
    found = would_adjusting_help(scores, replicates=3)
    pd.testing.assert_frame_equal(scores.value_scores, before)
    for field in fields(Adjustment):
        kept = getattr(found, field.name)
        if isinstance(kept, pd.DataFrame):
            assert not kept.isin(scores.interviews["candidate"].tolist()).to_numpy().any()
        assert np.size(kept) < 2 or len(kept) not in (97, 97 * len(VALUES)), field.name


def test_table_and_figure_hold_what_was_found() -> None:
    found = would_adjusting_help(cohort(spread=0.5)[0], replicates=10, cuts=[9, 10])
    table, figure = tables.adjusting(found), figures.adjusting(found)
    assert table is not None
    assert figure is not None
    assert table.data["Total needed"].tolist() == [9, 10]
    assert table.data["Here: would come to meet"].tolist() == found.by_cut["would_enter"].tolist()
    assert "(10 campaigns, seed 0)" in table.html
    wrong = found.by_cut["raw_false_met"] + found.by_cut["raw_false_not_met"]
    assert figure.twin.data["Raw scores"].tolist() == wrong.tolist()
    assert found.wrong_raw == pytest.approx(wrong.mean())
    assert f"{found.wrong_raw:.1f} per 100 candidates with raw scores" in figure.title
    assert 'role="img"' in figure.html


@pytest.mark.parametrize("wrong", [{"replicates": 1}, {"confidence": 1.0}, {"matters": -0.1}, {"cuts": []}])
def test_options_are_checked(wrong: dict) -> None:
    with pytest.raises(expected.UsageError, match=r"were expected|no cut"):
        would_adjusting_help(cohort(n=20)[0], **wrong)
