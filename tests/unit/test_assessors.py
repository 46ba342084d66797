"""Assessor quality: each figure against a hand-made or brute-force number, the screens, and what cannot be told."""

from __future__ import annotations

from dataclasses import fields
from itertools import combinations, permutations

import numpy as np
import pandas as pd
import pytest

from standardsetting.blind.assessors import SCREENS, Screens, control_charts, logits, pairs, panel_layer, quality, thresholds
from standardsetting.blind.assessors.seats import seats
from standardsetting.blind.assessors.severity import severity
from standardsetting.blind.assessors.words import partners
from standardsetting.blind.facets import fit
from standardsetting.errors import FindingsError, UsageError
from standardsetting.scale import Scale

FIVE = Scale(1, 5)
VALUES = ("courage", "integrity", "compassion")


def table(rows, columns=("candidate", "assessor", "value", "rating")):
    return pd.DataFrame(rows, columns=list(columns))


def panels(n=60, pool=6, size=2, seed=0, gaps=0.0, days=6):
    """Candidates of their own level, assessors drawn from a pool; half of the gaps on whole values of an assessor."""
    draw = np.random.default_rng(seed)
    severity_of = draw.normal(0, 0.4, pool)
    rows = []
    for c in range(n):
        level = draw.normal(3, 0.8)
        for a in draw.choice(pool, size, replace=False):
            for v in VALUES:
                if draw.random() >= gaps:
                    rating = np.clip(np.rint(level - severity_of[a] + draw.normal(0, 0.7)), 1, 5)
                    rows.append((f"c{c:03}", f"a{a}", v, rating, 1 + c * days // n, c))
    return table(rows, ("candidate", "assessor", "value", "rating", "day", "sequence"))


def of(found, assessor):
    return found.set_index("assessor").loc[assessor]


def deviations(ratings):
    """Own rating less the co-assessors' mean, the plain way."""
    rows = []
    for (c, v), cell in ratings.groupby(["candidate", "value"]):
        for row in cell.itertuples():
            rest = cell.loc[cell["assessor"] != row.assessor, "rating"]
            if len(rest):
                rows.append((c, row.assessor, v, row.rating, rest.mean(), (rest**2).mean()))
    return table(rows, ("candidate", "assessor", "value", "own", "rest", "square"))


# --- severity


def test_difference_by_hand():
    """Ann is 1 below, then 2 below on one value and level on the other: means -1 and -1; e nobody else saw."""
    ratings = table(
        [
            ("c", "ann", "x", 2), ("c", "bea", "x", 3), ("d", "ann", "x", 1), ("d", "bea", "x", 3), ("d", "ann", "y", 4),
            ("d", "bea", "y", 4), ("e", "ann", "x", 5), ("f", "ann", "x", 4), ("f", "bea", "x", 3),
        ]
    )  # fmt: skip
    ann = of(quality(ratings, scale=FIVE), "ann")
    assert (ann["n_candidates"], ann["n_shared"], ann["n_ratings"], ann["difference_n"]) == (4, 3, 5, 3)
    assert ann["difference"] == pytest.approx(-1 / 3)  # -1, -1, 1
    # Standard error sqrt(4/3 / 3), t on two degrees of freedom 4.302653.
    assert ann["difference_high"] - ann["difference"] == pytest.approx(4.302653 * 2 / 3, rel=1e-6)


@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.parametrize("gaps", [0.0, 0.2])
def test_adjusted_severity_and_its_error_are_the_dummy_regression(size, gaps):
    ratings = panels(size=size, gaps=gaps)
    ratings = ratings[ratings.groupby(["candidate", "value"])["assessor"].transform("size") > 1]
    found = quality(ratings, scale=FIVE)
    cell = pd.get_dummies(ratings["candidate"] + ratings["value"], dtype=float).to_numpy()
    who = pd.get_dummies(ratings["assessor"], dtype=float).to_numpy()
    contrast = who @ np.vstack([np.eye(who.shape[1] - 1), -np.ones(who.shape[1] - 1)])  # severities add up to zero
    y = ratings["rating"].to_numpy()
    design = np.column_stack([contrast, cell])
    fitted, *_ = np.linalg.lstsq(design, y, rcond=None)
    expected = -np.append(fitted[: who.shape[1] - 1], -fitted[: who.shape[1] - 1].sum())
    np.testing.assert_allclose(found["severity"], expected, atol=1e-9)
    # Cluster-robust by candidate, scaled by comparisons over comparisons less the severities estimated.
    bread, residual = np.linalg.pinv(design.T @ design), y - design @ fitted
    meat = np.zeros_like(bread)
    for _, rows in ratings.reset_index(drop=True).groupby("candidate").groups.items():
        score = design[rows].T @ residual[rows]
        meat += np.outer(score, score)
    covariance = (bread @ meat @ bread)[: who.shape[1] - 1, : who.shape[1] - 1]
    comparisons = (ratings.groupby("candidate")["assessor"].nunique() - 1).sum()
    error = np.sqrt(np.diag(covariance) * comparisons / (comparisons - (who.shape[1] - 1)))
    np.testing.assert_allclose(found["severity_se"].to_numpy()[:-1], error, rtol=1e-9)
    np.testing.assert_allclose(found["total_points"], -len(VALUES) * found["severity"])


def test_whoever_sits_with_a_severe_assessor_does_not_look_lenient():
    """Levels are exact: sev gives one point less than everybody, and k always sits with sev. The twin misleads, the adjusted does not."""
    couples = [("sev", "k")] * 6 + [("k", "m")] * 2 + [("m", "n")] * 8
    ratings = table([(i, a, "x", 3 - (a == "sev")) for i, couple in enumerate(couples) for a in couple])
    found = quality(ratings, scale=FIVE)
    assert of(found, "k")["difference"] == pytest.approx(0.75)
    assert found["severity"].round(9).tolist() == [-0.25, -0.25, -0.25, 0.75]


def test_shrinking_is_dersimonian_and_laird():
    found = severity(seats(panels(seed=4), scale=FIVE), confidence=0.95)
    keep = found.shrunk / found.adjusted.value
    assert ((keep > 0) & (keep < 1)).all() and found.spread > 0
    # keep = t / (t + e): recover e, redo the moments.
    error = found.spread**2 * (1 / keep - 1)
    weight = 1 / error
    mean = (weight * found.adjusted.value).sum() / weight.sum()
    moment = ((weight * (found.adjusted.value - mean) ** 2).sum() - 5) / (weight.sum() - (weight**2).sum() / weight.sum())
    assert found.spread**2 == pytest.approx(moment)
    np.testing.assert_allclose(found.shrunk_high - found.shrunk, 1.959964 * np.sqrt(keep * error), rtol=1e-6)


def test_subsets_are_not_compared():
    one = panels(n=30, pool=4, seed=1)
    other = panels(n=30, pool=3, seed=2).assign(assessor=lambda t: "z" + t["assessor"], candidate=lambda t: "z" + t["candidate"])
    both = quality(pd.concat([one, other.assign(rating=other["rating"].clip(1, 4) + 1)]), scale=FIVE)
    assert both.attrs["subsets"] == (4, 3)
    assert both["subset"].tolist() == [1, 1, 1, 1, 2, 2, 2]
    assert both.groupby("subset")["severity"].sum().abs().max() < 1e-9
    assert "2 subsets that share no candidate (subset 1 of 4, subset 2 of 3)" in both.attrs["sentence"]
    np.testing.assert_allclose(both["severity"][:4], quality(one, scale=FIVE)["severity"])


def test_of_two_who_only_sit_together_neither_is_the_severe_one():
    ratings = table([(c, a, "x", 3 + (a == "b")) for c in range(30) for a in "ab"])
    found = quality(ratings, scale=FIVE, screens=Screens(fewest_in_subset=2))
    alone = quality(ratings, scale=FIVE)
    assert not any("severe" in flags for flags in alone["flags"])
    assert "cannot be told from that of the one co-assessor" in alone["sentence"][0]
    # Where policy lets two be compared, the same difference on every candidate needs no standard error to be clear.
    assert found["severity"].round(9).tolist() == [0.5, -0.5] and found["flags"].tolist() == [("severe",), ("lenient",)]


# --- consistency and use of the scale


def test_noise_is_least_squares_on_squared_differences():
    ratings = panels(n=80, pool=5, seed=3)
    found = quality(ratings, scale=FIVE)
    names = found["assessor"].tolist()
    shift = dict(zip(names, found["severity"], strict=True))
    rows, squares = [], []
    for _, cell in ratings.groupby(["candidate", "value"]):
        for one, other in combinations(cell.itertuples(), 2):
            rows.append([float(name in (one.assessor, other.assessor)) for name in names])
            squares.append((one.rating + shift[one.assessor] - other.rating - shift[other.assessor]) ** 2)
    rows, squares = np.array(rows), np.array(squares)
    mean = squares.mean() / 2
    prior = 2.0 * len(VALUES)
    variance = np.linalg.solve(rows.T @ rows + prior * np.eye(5), rows.T @ squares + prior * mean)
    np.testing.assert_allclose(found["noise"], variance / mean, rtol=1e-9)
    assert ((found["noise_p"] > 0) & (found["noise_p"] <= 1)).all()
    assert (found["noise_high_by_chance"] > 1).all()


def test_noise_of_an_erratic_assessor_does_not_fall_on_the_partners():
    draw = np.random.default_rng(8)
    rows = []
    for c in range(300):
        level = draw.normal(0, 1)
        for a in draw.choice(6, 2, replace=False):
            rows += [(c, f"a{a}", v, np.clip(np.rint(6 + 2 * level + draw.normal(0, 3 if a == 0 else 1)), 1, 11)) for v in VALUES]
    found = quality(table(rows), scale=Scale(1, 11))
    assert of(found, "a0")["noise"] > 3
    assert found["noise"][1:].max() < 1.1
    assert found["flags"].tolist() == [("inconsistent",)] + [()] * 5


def test_spread_figures_are_the_plain_ones():
    ratings = panels(n=50, pool=4, size=3, seed=6, gaps=0.1)
    found = quality(ratings, scale=FIVE)
    plain = deviations(ratings)
    plain[["own", "rest"]] = plain[["own", "rest"]].astype(float)
    centre = plain.groupby("value")["own"].transform("mean")
    plain = plain.assign(
        square=plain["square"] - 2 * centre * plain["rest"] + centre**2, own=plain["own"] - centre, rest=plain["rest"] - centre
    )
    for name, mine in plain.groupby("assessor"):
        row = of(found, name)
        assert row["rest_correlation"] == pytest.approx(np.corrcoef(mine["own"], mine["rest"])[0, 1])
        assert row["slope"] == pytest.approx(np.polyfit(mine["rest"], mine["own"], 1)[0])
        others = np.sqrt(mine["square"].mean() - mine["rest"].mean() ** 2)
        assert row["sd_ratio"] == pytest.approx(mine["own"].std(ddof=0) / others)
        assert row["rest_correlation_low"] < row["rest_correlation"] < row["rest_correlation_high"]
    assert found["slope_expected"].nunique() == 1
    assert found["slope_expected"][0] == pytest.approx(np.polyfit(plain["rest"], plain["own"], 1)[0])


def test_middle_share_beside_that_of_co_assessors():
    """Ann gives 3 to everybody; Bea gives 3 to one of three."""
    ratings = table([(c, a, "x", 3 if a == "ann" or c == 0 else 1 + c) for c in (0, 1, 3) for a in ("ann", "bea")])
    found = quality(ratings, scale=FIVE)
    ann, bea = of(found, "ann"), of(found, "bea")
    assert (ann["middle_share"], ann["middle_share_expected"]) == (1.0, pytest.approx(1 / 3))
    assert (bea["middle_share"], bea["middle_share_expected"]) == (pytest.approx(1 / 3), 1.0)
    assert ann["sd_ratio"] == pytest.approx(0)
    four = quality(ratings.assign(rating=[2, 3, 1, 4, 2, 2]), scale=Scale(1, 4))  # 2 and 3 are the middle of four points
    assert of(four, "ann")["middle_share"] == pytest.approx(2 / 3)


def test_undifferentiated_figures_are_the_plain_ones():
    ratings = panels(n=70, pool=4, seed=9)
    found = quality(ratings, scale=FIVE)
    wide = ratings.pivot(index=["assessor", "candidate"], columns="value", values="rating")
    level = np.floor(wide.mean(axis=1) + 0.5)
    flat, within = (wide.nunique(axis=1) == 1).astype(float), wide.std(axis=1, ddof=1)
    for name in found["assessor"]:
        mine = wide.index.get_level_values("assessor") == name
        row = of(found, name)
        for amount, column in ((flat, "flat_share"), (within, "within_sd")):
            beside = [amount[~mine & (level == one)].mean() for one in level[mine]]
            known = ~np.isnan(beside)
            excess = (amount[mine].to_numpy() - beside)[known].mean()
            assert row[column] == pytest.approx(amount[mine].mean())
            assert row[f"{column}_expected"] == pytest.approx(amount[mine].mean() - excess)
        covariance = np.cov(wide[mine].to_numpy(), rowvar=False)
        between = covariance[np.triu_indices(3, 1)].mean() / np.diag(covariance).mean()
        assert row["value_correlation"] == pytest.approx(between)
    assert (found["value_correlation_expected"] == found["value_correlation"].median()).all()


# --- time


def test_drift_halves_and_trend_by_hand():
    """Four days with two candidates each; b sits beside a and is level, a becomes more severe."""
    given = {1: (4, 4), 2: (4, 3), 3: (3, 3), 4: (2, 2)}
    rows = [
        (f"{day}{i}", a, "x", rating if a == "a" else 4, day) for day, pair in given.items() for i, rating in enumerate(pair) for a in "ab"
    ]
    found = of(quality(table(rows, ("candidate", "assessor", "value", "rating", "day")), scale=FIVE), "a")
    # Severity below b: 0 0 0 1 1 1 2 2. Later half 6/4, earlier half 1/4; slope 0.65 a day over a window of three days.
    assert found["drift"] == pytest.approx(1.25)
    assert found["trend"] == pytest.approx(1.95)
    assert (found["days"], found["drift_n"]) == (4, 8)


def test_control_chart_is_the_recursion():
    ratings = panels(n=60, pool=4, seed=11)
    chart = control_charts(ratings, scale=FIVE)
    found = quality(ratings, scale=FIVE)
    shift = dict(zip(found["assessor"], found["severity"], strict=True))
    adjusted = ratings.assign(rating=ratings["rating"] + ratings["assessor"].map(shift))
    below = deviations(adjusted).assign(below=lambda t: t["rest"] - t["own"])
    below = below.groupby(["assessor", "candidate"])["below"].mean().reset_index()
    below = below.merge(ratings[["candidate", "day"]].drop_duplicates(), on="candidate")
    pooled = sum(((one - one.mean()) ** 2).sum() for _, one in below.groupby("assessor")["below"])
    pooled /= sum(len(one) - 1 for _, one in below.groupby("assessor"))
    for name, mine in below.groupby("assessor"):
        centre, own = mine["below"].mean(), shift[name]
        sigma2 = (((mine["below"] - centre) ** 2).sum() + 20 * pooled) / (len(mine) - 1 + 20)
        ewma, variance = centre, 0.0
        for day, today in mine.groupby("day")["below"]:
            ewma = 0.2 * today.mean() + 0.8 * ewma
            variance = 0.64 * variance + 0.04 * sigma2 / len(today)
            row = chart[(chart["assessor"] == name) & (chart["day"] == day)].iloc[0]
            assert row["n"] == len(today)
            assert row["severity"] == pytest.approx(today.mean() + own)
            assert row["ewma"] == pytest.approx(ewma + own)
            assert row["high"] == pytest.approx(centre + own + 3 * np.sqrt(variance))
            assert row["low"] == pytest.approx(centre + own - 3 * np.sqrt(variance))
    assert not chart["outside"].any()


def test_a_jump_leaves_the_control_chart():
    draw = np.random.default_rng(1)
    rows = []
    for c in range(160):
        day, level = 1 + c // 16, draw.normal(5, 1)
        for a in draw.choice(4, 2, replace=False):
            rows += [(c, f"a{a}", v, np.clip(np.rint(level - 2 * (a == 0 and day > 5) + draw.normal(0, 0.5)), 0, 10), day) for v in VALUES]
    ratings = table(rows, ("candidate", "assessor", "value", "rating", "day"))
    chart = control_charts(ratings, scale=Scale(0, 10))
    assert chart.loc[chart["assessor"] == "a0", "outside"].any()
    row = of(quality(ratings, scale=Scale(0, 10)), "a0")
    assert "drift" in row["flags"]
    assert row["drift"] > 1
    assert "more severe over the window" in row["sentence"]


def test_contrast_with_the_candidate_before():
    """a takes half of the distance of the candidate before (as b saw it) off the next rating."""
    draw = np.random.default_rng(2)
    level = draw.integers(3, 8, 60).astype(float)
    rows = [(c, "b", "x", level[c], c) for c in range(60)] + [(c, "c", "x", level[c], c) for c in range(60)]
    rows += [(c, "a", "x", level[c] - 0.5 * (level[c - 1] - 5) if c else level[c], c) for c in range(60)]
    found = quality(table(rows, ("candidate", "assessor", "value", "rating", "sequence")), scale=Scale(0, 12, 0.5))
    row = of(found, "a")
    assert row["contrast"] == pytest.approx(0.5) and "contrast" in row["flags"]
    assert found["contrast_n"].tolist() == [59] * 3  # nobody has a candidate before the first
    assert quality(table([row[:4] for row in rows]), scale=Scale(0, 12, 0.5))["contrast"].isna().all()


# --- dependence


def test_agreement_beside_what_others_show_at_the_same_rating():
    ratings = panels(n=60, pool=4, size=3, seed=12)
    found = quality(ratings, scale=FIVE)
    rows = []
    for (_, v), cell in ratings.groupby(["candidate", "value"]):
        for one in cell.itertuples():
            rest = cell.loc[cell["assessor"] != one.assessor, "rating"]
            rows.append((one.candidate, one.assessor, v, one.rating, (rest == one.rating).mean()))
    seen = table(rows, ("candidate", "assessor", "value", "rating", "same"))
    for name, mine in seen.groupby("assessor"):
        others = seen[seen["assessor"] != name].groupby(["value", "rating"])["same"].mean().rename("expected").reset_index()
        both = mine.merge(others, on=["value", "rating"])
        row = of(found, name)
        assert row["agreement"] == pytest.approx(both["same"].mean())
        assert row["agreement_expected"] == pytest.approx(both["expected"].mean())
        assert row["agreement_kappa"] == pytest.approx((both["same"].mean() - both["expected"].mean()) / (1 - both["expected"].mean()))


def test_a_pair_that_copies_is_found_and_the_others_are_not():
    draw = np.random.default_rng(5)
    rows = []
    for c in range(240):
        level = draw.normal(3, 0.8)
        couple = [0, 1] if c % 6 == 0 else draw.choice(8, 2, replace=False)
        noted = {a: np.clip(np.rint(level + draw.normal(0, 0.8, 3)), 1, 5) for a in couple}
        if sorted(couple) == [0, 1]:
            noted[1] = noted[0]
        rows += [(c, f"a{a}", v, r) for a, vector in noted.items() for v, r in zip(VALUES, vector, strict=True)]
    found = pairs(table(rows), scale=FIVE)
    assert (found.loc[0, "assessor_1"], found.loc[0, "assessor_2"]) == ("a0", "a1")
    assert (found.loc[0, "exact"], found.loc[0, "identical"]) == (1.0, 1.0) and found.loc[0, "z"] > 5
    assert found.loc[1:, "kappa"].max() < 0.6
    asked = quality(table(rows), scale=FIVE)
    assert {name for name, flags in zip(asked["assessor"], asked["flags"], strict=True) if "dependence" in flags} == {"a0", "a1"}
    assert "written down before the discussion" in of(asked, "a0")["action"]


# --- panels


def test_panel_band_is_every_way_to_hand_candidates_out():
    scores, home = [2, 4, 9, 5, 6, 12], [0, 0, 0, 1, 1, 1]
    ratings = table(
        [(i, "abcdef"[h], s, 1) for i, (s, h) in enumerate(zip(scores, home, strict=True))], ("candidate", "panel", "rating", "day")
    )
    found = panel_layer(ratings, replicates=4000)
    every = [np.mean(one[:3]) for one in permutations(scores)]
    variance = [(np.mean(one[:3]) - np.mean(scores)) ** 2 for one in permutations(scores)]
    assert found.observed == pytest.approx((5 - 19 / 3) ** 2)
    assert found.expected == pytest.approx(np.mean(variance), rel=0.05)
    assert found.p == pytest.approx(np.mean(np.array(variance) >= found.observed - 1e-9), abs=0.03)
    # The band of each panel's mean has the exact variance of all permutations.
    np.testing.assert_allclose(found.table["high"] - found.table["expected"], 1.959964 * np.std(every), rtol=1e-6)


def test_panels_are_compared_within_their_day():
    """Day two is better by five points, and its panels with it: within days nothing is left."""
    rows = [(f"{day}{panel}{i}", f"{panel}{day}", "x", 5 * day + i, day) for day in (1, 2) for panel in "pq" for i in range(4)]
    found = panel_layer(table(rows, ("candidate", "panel", "value", "rating", "day")))
    assert found.within_day and found.observed == pytest.approx(0) and found.p == 1.0
    blind_to_days = panel_layer(table(rows, ("candidate", "panel", "value", "rating", "x")).drop(columns="x"))
    assert blind_to_days.p < 0.05 and "more than chance" in blind_to_days.sentence


def test_candidates_are_shuffled_within_their_day_only():
    """Day one spreads by 1 about its mean, day two by 10: exact expectation (4/3 + 400/3) / 8; over both days it would be 21.6."""
    rows = [(f"{d}{i}", f"{'pq'[i // 2]}{d}", size * (i % 2) * 2, d) for d, size in ((1, 1), (2, 10)) for i in range(4)]
    found = panel_layer(table(rows, ("candidate", "panel", "rating", "day")), replicates=3000)
    assert found.expected == pytest.approx((4 / 3 + 400 / 3) / 8, rel=0.08)


def test_panels_use_agreed_scores_where_there_are_no_others():
    rows = [(c, "pq"[c % 2], "x", 1 + c % 5, "agreed") for c in range(20)]
    found = panel_layer(table(rows, ("candidate", "panel", "value", "rating", "kind")))
    assert (found.kind, found.n_candidates, "too few" in found.sentence) == ("agreed", 20, True)
    with pytest.raises(UsageError, match="One panel for each candidate"):
        panel_layer(table([(1, "p", 2), (1, "q", 3)], ("candidate", "panel", "rating")))


# --- screens and words


def test_screens_are_configuration():
    ratings = panels(n=120, seed=4)
    found = quality(ratings, scale=FIVE)
    flagged = {name for name, flags in zip(found["assessor"], found["flags"], strict=True) if set(flags) & {"severe", "lenient"}}
    assert flagged
    strict = quality(ratings, scale=FIVE, screens=Screens(severity=1.9, severity_practical=2))
    assert not any(set(flags) & {"severe", "lenient"} for flags in strict["flags"])
    most = quality(ratings, scale=FIVE, screens=Screens(fewest_candidates=1000))
    assert not any(most["flags"]) and not any(most["signals"]) and "too few for the screens" in most["sentence"][0]
    with pytest.raises(UsageError, match="below one"):
        Screens(sd_ratio=1.2)
    with pytest.raises(UsageError, match="above zero"):
        Screens(z=0)


def test_a_flag_needs_two_signals_or_practical_size():
    ratings = panels(n=120, seed=4)
    found = quality(ratings, scale=FIVE)
    for row in found.itertuples():
        for flag in row.flags if isinstance(row.flags, tuple) else ():
            signals = [one for one in row.signals if one.startswith(f"{flag}: ")]
            assert len(signals) >= 2 or abs(row.severity) >= 0.5 or row.noise >= 2 or abs(row.drift) >= 0.5 or flag == "contrast"


def test_every_threshold_is_listed_with_what_it_asks_and_its_source():
    listed = thresholds(Screens(severity=0.4))
    names = [one.name for one in fields(Screens)]
    assert listed["value"].tolist() == [0.4 if name == "severity" else getattr(Screens(), name) for name in names]
    assert listed[["screen", "asks", "source"]].map(len).gt(2).all(axis=None)
    asked = {screen for cell in listed["screen"] for screen in cell.split(", ")} - {"all"}
    assert asked == set(SCREENS)
    assert not listed.duplicated(["screen", "asks", "alone"]).any()


def loud():
    """Assessors of one trait each: a0 severe, a1 erratic, a2 near the middle, a3 flat; a5 writes down what a4 gave."""
    draw, rows = np.random.default_rng(2), []
    for c in range(240):
        level, given = draw.normal(3, 1.0), {}
        for a in ("a4", "a5") if c % 4 == 0 else [f"a{i}" for i in draw.choice(10, 3, replace=False)]:
            own = level + draw.normal(0, 0.6, len(VALUES))
            own = {"a0": own - 1, "a1": own + draw.normal(0, 2, len(VALUES)), "a2": 3 + 0.3 * (own - 3), "a3": own[[0, 0, 0]]}.get(a, own)
            given[a] = given["a4"] if a == "a5" and "a4" in given else np.clip(np.rint(own), 1, 5)
            rows += [(c, a, v, r) for v, r in zip(VALUES, given[a], strict=True)]
    return table(rows)


def test_every_threshold_decides_something():
    """Each one, made hopeless, takes a signal away from ratings that raise them all."""
    ratings = loud()
    usual = {one for signals in quality(ratings, scale=FIVE)["signals"] for one in signals}
    for name, hopeless in {"severity": 3.9, "unexpected": 0.99, "middle": 0.99, "flat": 0.99, "noise": 99, "kappa": 99}.items():
        strict = quality(ratings, scale=FIVE, screens=Screens(**{name: hopeless}))
        assert {one for signals in strict["signals"] for one in signals} < usual, name


def test_sentences_say_what_to_do_and_accuse_nobody():
    found = quality(panels(n=120, seed=4), scale=FIVE)
    row = next(row for row in found.to_dict("records") if "severe" in row["flags"])
    assert f"Assessor {row['assessor']} rated {row['severity']:.1f} points below co-assessors" in row["sentence"]
    assert f"about {3 * row['severity']:.1f} points of an average candidate's total" in row["sentence"]
    assert row["action"].startswith("Pair with a") and "review the recordings of c" in row["action"]
    partners = row["action"].removeprefix("Pair with ").split(" and review")[0].split(" or ")
    assert len(partners) == 2 and not any(of(found, name)["flags"] for name in partners)
    text = " ".join([*found["sentence"], *found["action"], found.attrs["sentence"]]).lower()
    for word in ("bad", "biased", "wrong", "cheat", "collu", "fault", "poor", "guilty", "unfair"):
        assert word not in text


def test_partners_are_those_nobody_asks_about_dealt_out_in_turn():
    names = np.array(list("abcdefg"), dtype=object)
    severity_of, n = np.array([0.0, 0.9, 0.02, 0.01, 0.3, 0.03, -0.04]), np.array([99, 50, 20, 30, 40, 25, 10])
    flagged = np.array([True, True, False, False, False, False, False])
    found = partners(severity_of, n, flagged, flagged, names)
    # Nearest to the mean within a tenth of a point, then by experience: d, f, c, g; e is further off.
    assert found == [("d", "f"), ("c", "d"), (), (), (), (), ()]


# --- severity in logits


def test_logits_are_those_of_the_many_facet_model():
    ratings = panels(n=80, seed=3)
    found, model = logits(ratings, scale=FIVE, seed=5), fit(ratings, scale=FIVE, seed=5)
    assert (found.reason, found.n_ratings) == ("", len(ratings))
    for column in ("measure", "se", "infit", "outfit"):
        np.testing.assert_array_equal(found.table[column], model.assessors[column])
    outside = (model.assessors["infit"] < model.assessors["infit_low"]) | (model.assessors["infit"] > model.assessors["infit_high"])
    assert found.outside == outside.sum()
    # The classical twin puts them in the same order but for near ties.
    points = quality(ratings, scale=FIVE).set_index("assessor")["severity"]
    assert np.corrcoef(points, found.table.set_index("assessor")["measure"].reindex(points.index))[0, 1] > 0.95


def test_without_logits_a_sentence_names_the_subsets_or_the_reason():
    ratings = panels(n=40, pool=4)
    apart = pd.concat([ratings, ratings.assign(candidate="d" + ratings["candidate"], assessor="b" + ratings["assessor"])])
    subset = quality(apart, scale=FIVE).set_index("assessor")["subset"]
    told = logits(apart, scale=FIVE, subset=subset).reason
    assert "2 subsets" in told
    assert "subset 1: a0, a1, a2, a3; subset 2: ba0, ba1, ba2, ba3" in told
    assert "2 subsets" in logits(apart, scale=FIVE).reason  # the model itself refuses too
    assert "more than the 10 " in logits(ratings, scale=FIVE, most=10).reason
    # Two who differ by one point always leave the model nothing to estimate an error from.
    regular = table([(c, a, v, r - (a == "b")) for c, r in zip("cdef", (2, 3, 4, 4), strict=True) for a in "ab" for v in VALUES])
    found = logits(regular, scale=FIVE)
    assert found.reason
    assert found.table.empty


# --- several exercises


def test_assessors_of_other_values_of_a_candidate_are_no_co_assessors():
    """Two exercises with assessors of their own are two subsets, each as if the other were not there."""
    one, other = panels(n=60, pool=4, seed=1), panels(n=60, pool=4, seed=2)
    other = other.assign(value="letter: " + other["value"], assessor="b" + other["assessor"])
    both, alone = quality(pd.concat([one, other]), scale=FIVE), quality(one, scale=FIVE)
    assert both.attrs["subsets"] == (4, 4)
    mine = both[both["assessor"].isin(alone["assessor"])]
    np.testing.assert_allclose(mine["severity"], alone["severity"], atol=1e-12)
    np.testing.assert_allclose(mine.groupby("subset")["severity"].sum(), 0, atol=1e-12)
    assert mine["severity_se"].between(0.02, 0.5).all()


def test_a_point_adds_to_the_total_what_it_is_told_to():
    ratings = panels(n=120, seed=4)
    half, whole = quality(ratings, scale=FIVE, per_point=1.5), quality(ratings, scale=FIVE)
    np.testing.assert_allclose(2 * half["total_points"], whole["total_points"])
    row = next(row for row in half.to_dict("records") if {"severe", "lenient"} & set(row["flags"]))
    assert f"about {1.5 * abs(row['severity']):.1f} points of an average" in row["sentence"]
    with pytest.raises(UsageError, match="above zero"):
        quality(ratings, scale=FIVE, per_point=0)


# --- what cannot be told


def test_agreed_scores_only():
    ratings = panels().assign(kind="agreed")
    found = quality(ratings, scale=FIVE)
    assert len(found) == 0 and "cannot be estimated" in found.attrs["sentence"]
    assert list(found) == list(quality(panels(), scale=FIVE))
    assert found.attrs["seed"] == 0


def test_revised_and_agreed_ratings_are_left_out():
    own = panels().assign(kind="independent")
    both = pd.concat([own, own.assign(kind="revised", rating=3), own.assign(kind="agreed", rating=3, assessor=None)])
    found = quality(both, scale=FIVE)
    pd.testing.assert_frame_equal(found, quality(own, scale=FIVE), check_dtype=False)
    assert found.attrs["dropped"] == ((2 * len(own), "not an independent rating (revised or agreed)"),)


def test_a_single_assessor_a_candidate_leaves_nothing_to_compare():
    found = quality(table([(c, "ab"[c % 2], "x", 1 + c % 5) for c in range(30)]), scale=FIVE)
    assert found[["difference", "severity", "noise", "rest_correlation", "agreement"]].isna().all(axis=None)
    assert "shared no candidate" in found["sentence"][0] and not any(found["flags"])


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "ratings",
    [
        table([("c", "a", "x", 3)]),
        table([("c", "a", "x", 3), ("c", "b", "x", 4)]),
        table([(c, a, v, 3) for c in range(12) for a in "abc" for v in VALUES]),
        table([(c, a, v, None if (c + len(v)) % 3 == 0 else 3 + (a == "b")) for c in range(12) for a in "ab" for v in VALUES]),
        table([(c, a, "x", 3 + (a == "b"), 1) for c in range(12) for a in "ab"], ("candidate", "assessor", "value", "rating", "day")),
    ],
    ids=["one rating", "one candidate", "constant", "gaps", "one day"],
)
def test_too_little_is_undefined_and_not_a_crash(ratings):
    found = quality(ratings, scale=FIVE)
    assert not any(found["flags"]) and found["sentence"].str.len().gt(20).all()
    assert not np.isinf(found.select_dtypes("number")).any(axis=None)
    model = logits(ratings, scale=FIVE)
    assert bool(model.reason) == model.table.empty
    assert np.isfinite(model.table[["measure", "se"]].to_numpy(dtype=float)).all()


def test_wrong_input_is_refused():
    with pytest.raises(FindingsError, match="not on it"):
        quality(panels().replace({"rating": {5.0: 5.5}}), scale=FIVE)
    with pytest.raises(FindingsError, match="share theirs"):
        quality(pd.concat([panels(), panels()]), scale=FIVE)
    with pytest.raises(UsageError, match="One day for each candidate"):
        quality(panels().assign(day=np.arange(len(panels()))), scale=FIVE)
    with pytest.raises(UsageError, match="confidence"):
        quality(panels(), scale=FIVE, confidence=95)


def test_half_points_and_one_value():
    ratings = panels().query("value == 'courage'").assign(rating=lambda t: t["rating"] / 2 + 0.5)
    found = quality(ratings, scale=Scale(1, 3, 0.5))
    whole = quality(panels().query("value == 'courage'"), scale=FIVE)
    np.testing.assert_allclose(2 * found["severity"], whole["severity"])
    assert found[["flat_share", "value_correlation", "identical"]].isna().all(axis=None)
