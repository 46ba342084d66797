"""Agreement coefficients against slow ones from the definitions, on small tables with gaps; what must not change them; the bootstrap."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from standardsetting import Scale
from standardsetting.blind import agreement
from standardsetting.blind.agreement.ratings import code
from standardsetting.blind.agreement.resampling import block_sizes, drawn, two_way
from standardsetting.blind.agreement.unit_patterns import UnitPatterns
from standardsetting.blind.agreement.unit_types import unit_types

FIVE = Scale(1, 5)
POINTS = range(1, 6)
WEIGHTS = ("unweighted", "linear", "quadratic")
LEVELS = ("nominal", "ordinal", "interval", "ratio")
PLAIN = {"scale": FIVE, "interval": "none"}
VALUES = ("v", "w")
CREDIT = {
    "unweighted": lambda x, y: float(x == y),
    "linear": lambda x, y: 1 - abs(x - y) / 4,
    "quadratic": lambda x, y: 1 - (x - y) ** 2 / 16,
}
quick = settings(max_examples=25, deadline=None)


@st.composite
def tables(draw, assessors=4, candidates=6):
    """Ratings by candidate, value and assessor, about a quarter of them missing."""
    n = draw(st.integers(2, candidates))
    cell = st.sampled_from([1, 2, 3, 3, 4, 5, None])
    rows = [
        (candidate, assessor, value, rating)
        for candidate in range(n)
        for value in VALUES
        for assessor in range(assessors)
        if (rating := draw(cell)) is not None
    ]
    assume(rows)
    return pd.DataFrame(rows, columns=["candidate", "assessor", "value", "rating"])


def units(table):
    """Ratings of each unit as {assessor: rating}."""
    return [dict(zip(unit["assessor"], unit["rating"], strict=True)) for _, unit in table.groupby(["candidate", "value"])]


def observed(table, credit):
    shares = []
    for unit in units(table):
        pairs = [credit(x, y) for x, y in itertools.permutations(unit.values(), 2)]
        shares += [np.mean(pairs)] if pairs else []
    return np.mean(shares) if shares else math.nan


def shares_of_points(table):
    return np.mean([[np.mean([x == k for x in unit.values()]) for k in POINTS] for unit in units(table)], axis=0)


def chance(table, credit, kind):
    matrix = np.array([[credit(x, y) for y in POINTS] for x in POINTS])
    if kind == "uniform":
        return matrix.mean()
    if kind == "conger":
        people = [table.loc[table["assessor"] == name, "rating"].tolist() for name in table["assessor"].unique()]
        return np.mean([np.mean([credit(x, y) for x in one for y in other]) for one, other in itertools.permutations(people, 2)])
    share = shares_of_points(table)
    return share @ matrix @ share if kind == "fleiss" else matrix.sum() / 20 * (share * (1 - share)).sum()


def slow_alpha(table, level):
    kept = [list(unit.values()) for unit in units(table) if len(unit) > 1]
    everything = [x for unit in kept for x in unit]
    often = {k: everything.count(k) for k in POINTS}

    def apart(x, y):
        if level == "nominal":
            return float(x != y)
        if level == "interval":
            return (x - y) ** 2
        if level == "ratio":
            return ((x - y) / (x + y)) ** 2
        low, high = min(x, y), max(x, y)
        return (sum(often[g] for g in range(low, high + 1)) - (often[x] + often[y]) / 2) ** 2 if x != y else 0.0

    within = sum(sum(apart(x, y) for x, y in itertools.permutations(unit, 2)) / (len(unit) - 1) for unit in kept) / len(everything)
    overall = np.mean([apart(x, y) for x, y in itertools.permutations(everything, 2)])
    return 1 - within / overall


def slow_cohen(table, credit, one, other):
    both = [(unit[one], unit[other]) for unit in units(table) if one in unit and other in unit]
    if not both:
        return math.nan
    by_chance = np.mean([credit(x, y) for x, _ in both for _, y in both])
    if by_chance > 1 - 1e-12:
        return math.nan
    return (np.mean([credit(x, y) for x, y in both]) - by_chance) / (1 - by_chance)


def same(found, expected):
    assert found.value == pytest.approx(expected, abs=1e-10), found.reason


def comparable(table):
    return any(len(unit) > 1 for unit in units(table)) and table["rating"].nunique() > 1


@quick
@given(tables(), st.sampled_from(WEIGHTS))
def test_chance_corrected_from_the_definitions(table, weights):
    assume(comparable(table))
    credit = CREDIT[weights]
    seen = observed(table, credit)
    for function, kind in ((agreement.fleiss_kappa, "fleiss"), (agreement.gwet_ac, "gwet"), (agreement.brennan_prediger, "uniform")):
        by_chance = chance(table, credit, kind)
        same(function(table, weights=weights, **PLAIN), (seen - by_chance) / (1 - by_chance))
    by_chance = chance(table, credit, "conger")
    same(agreement.conger_kappa(table, weights=weights, **PLAIN), (seen - by_chance) / (1 - by_chance))
    same(agreement.exact_agreement(table, **PLAIN), observed(table, lambda x, y: x == y))
    same(agreement.adjacent_agreement(table, **PLAIN), observed(table, lambda x, y: abs(x - y) <= 1))


@quick
@given(tables(), st.sampled_from(LEVELS))
def test_alpha_from_the_definition(table, level):
    kept = [x for unit in units(table) if len(unit) > 1 for x in unit.values()]
    assume(len(set(kept)) > 1)
    same(agreement.krippendorff_alpha(table, level=level, **PLAIN), slow_alpha(table, level))


@quick
@given(tables(assessors=3), st.sampled_from(WEIGHTS))
def test_kappas_of_pairs_from_the_definition(table, weights):
    assume(comparable(table))
    people = sorted(table["assessor"].unique())
    kappas = [slow_cohen(table, CREDIT[weights], one, other) for one, other in itertools.combinations(people, 2)]
    kappas = [kappa for kappa in kappas if not math.isnan(kappa)]
    assume(kappas)
    same(agreement.light_kappa(table, weights=weights, **PLAIN), np.mean(kappas))
    two = table[table["assessor"] < 2]
    expected = slow_cohen(two, CREDIT[weights], 0, 1)
    assume(not math.isnan(expected))
    same(agreement.cohen_kappa(two, weights=weights, **PLAIN), expected)


@quick
@given(tables())
def test_spread_within_units_from_the_definitions(table):
    several = [list(unit.values()) for unit in units(table) if len(unit) > 1]
    assume(several)
    same(agreement.r_wg(table, negative="keep", **PLAIN), np.mean([1 - np.var(unit, ddof=1) / 2 for unit in several]))
    same(agreement.r_wg(table, null="triangular", **PLAIN), np.mean([max(0, 1 - np.var(unit, ddof=1) / (4 / 3)) for unit in several]))
    same(agreement.average_deviation(table, **PLAIN), np.mean([np.mean(np.abs(unit - np.mean(unit))) for unit in several]))


@quick
@given(st.lists(st.lists(st.integers(1, 5), min_size=3, max_size=3), min_size=3, max_size=8))
def test_kendall_from_spearman(rows):
    """W corrected for ties, from ranks written out by scipy."""
    from scipy import stats

    ranks = np.array([stats.rankdata(column) for column in np.array(rows).T])
    n, tied = len(rows), 0
    for column in np.array(rows).T:
        _, often = np.unique(column, return_counts=True)
        tied += (often**3 - often).sum()
    assume(9 * (n**3 - n) > 3 * tied)
    table = pd.DataFrame([(i, j, "v", x) for i, row in enumerate(rows) for j, x in enumerate(row)])
    table.columns = ["candidate", "assessor", "value", "rating"]
    spread = ((ranks.sum(axis=0) - ranks.sum(axis=0).mean()) ** 2).sum()
    same(agreement.kendall_w(table, **PLAIN), 12 * spread / (9 * (n**3 - n) - 3 * tied))


@quick
@given(st.integers(2, 12), st.integers(1, 9), st.integers(0, 9), st.integers(0, 2**32))
def test_types_of_unit_hold_the_counts_of_every_unit(k, n_units, most, seed):
    """Also where more fall on one point than a digit holds, on the last point among them, and where the scale is too long for digits."""
    random = np.random.default_rng(seed)
    sizes = random.integers(0, most + 1, n_units)
    unit = random.permutation(np.repeat(np.arange(n_units), sizes))
    point = random.choice([0, k - 1, k // 2], len(unit)).astype(np.int8)
    counts = np.zeros((n_units, k), dtype=int)
    np.add.at(counts, (unit, point), 1)
    types = unit_types(unit, point, n_units=n_units, k=k)
    of_unit = types.type_of_number[types.written]
    assert np.array_equal(types.counts[of_unit], counts)
    assert np.array_equal(types.units, np.bincount(of_unit, minlength=len(types.counts)))
    assert not types.counts[0].any() and np.array_equal(types.written == 0, ~counts.any(axis=1))
    assert np.array_equal(types.of_size, np.bincount(sizes, minlength=1))


def statistics(coded):
    patterns = UnitPatterns(coded)
    yield agreement.exact_agreement.statistic(patterns)
    yield agreement.adjacent_agreement.statistic(patterns)
    for weights in WEIGHTS:
        for kappa in (agreement.fleiss_kappa, agreement.gwet_ac, agreement.brennan_prediger, agreement.conger_kappa,
                      agreement.cohen_kappa, agreement.light_kappa):  # fmt: skip
            yield kappa.statistic(patterns, weights=weights)
    yield from (agreement.krippendorff_alpha.statistic(patterns, level=level) for level in LEVELS)
    for other in (agreement.kendall_w, agreement.r_wg, agreement.average_deviation):
        yield other.statistic(patterns)


def values(table, scale=FIVE):
    coded = code(table, scale=scale)
    return [math.nan if one.why_not() else float(one.evaluate(one.total())[0]) for one in statistics(coded)]


@quick
@given(tables(), st.randoms(use_true_random=False))
def test_order_and_names_do_not_matter(table, random):
    expected = values(table)
    shuffled = table.sample(frac=1, random_state=random.randint(0, 10**6))
    assert values(shuffled) == pytest.approx(expected, abs=1e-12, nan_ok=True)
    names, people = list(range(20)), list("pqrs")
    random.shuffle(names)
    random.shuffle(people)
    renamed = table.assign(candidate=table["candidate"].map(lambda i: f"c{names[i]}"), assessor=table["assessor"].map(lambda i: people[i]))
    assert values(renamed) == pytest.approx(expected, abs=1e-12, nan_ok=True)
    assert values(renamed.astype({"candidate": "category", "assessor": "category", "value": "category"})) == pytest.approx(
        expected, abs=1e-12, nan_ok=True
    )


@quick
@given(tables(assessors=2), st.randoms(use_true_random=False))
def test_swapping_the_columns_of_a_candidate_changes_no_coefficient_for_pools(table, random):
    swap = {candidate for candidate in table["candidate"].unique() if random.random() < 0.5}
    swapped = table.assign(assessor=[1 - a if c in swap else a for c, a in zip(table["candidate"], table["assessor"], strict=True)])
    for function in (
        agreement.fleiss_kappa,
        agreement.gwet_ac,
        agreement.brennan_prediger,
        agreement.krippendorff_alpha,
        agreement.exact_agreement,
    ):
        assert function(swapped, **PLAIN).value == pytest.approx(function(table, **PLAIN).value, abs=1e-12, nan_ok=True)
    everywhere = table.assign(assessor=1 - table["assessor"])
    assert values(everywhere) == pytest.approx(values(table), abs=1e-12, nan_ok=True)


@quick
@given(tables(), st.sampled_from([0.5, 2, 3]), st.integers(-3, 7))
def test_another_unit_of_the_scale_changes_nothing_but_ratio_and_deviation(table, factor, shift):
    other = Scale(factor + shift, 5 * factor + shift, step=factor)
    moved = table.assign(rating=table["rating"] * factor + shift)
    for function in (agreement.fleiss_kappa, agreement.conger_kappa, agreement.gwet_ac, agreement.light_kappa):
        for weights in WEIGHTS:
            expected = function(table, weights=weights, **PLAIN).value
            assert function(moved, scale=other, weights=weights, interval="none").value == pytest.approx(expected, abs=1e-10, nan_ok=True)
    for level in LEVELS[:3]:
        expected = agreement.krippendorff_alpha(table, level=level, **PLAIN).value
        found = agreement.krippendorff_alpha(moved, scale=other, level=level, interval="none").value
        assert found == pytest.approx(expected, abs=1e-10, nan_ok=True)
    deviation_then, deviation_now = (
        agreement.average_deviation(table, **PLAIN),
        agreement.average_deviation(moved, scale=other, interval="none"),
    )
    assert deviation_now.value == pytest.approx(factor * deviation_then.value, abs=1e-10, nan_ok=True)


def resampled(table, coded, often):
    """The table in which a candidate drawn twice stands twice, under two names."""
    copies = [
        table[table["candidate"] == name].assign(candidate=1000 * copy + name)
        for name, times in zip(coded.candidates, often, strict=True)
        for copy in range(times)
    ]
    return code(pd.concat(copies), scale=FIVE)


def draw_of(coded, seed):
    return np.random.default_rng(seed).multinomial(coded.n_candidates, np.full(coded.n_candidates, 1 / coded.n_candidates))


def compare(one, sums, again):
    """One statistic from weighted sums against the same from the resampled table."""
    found = float(one.evaluate(sums)[0])
    expected = math.nan if again.why_not() else float(again.evaluate(again.total())[0])
    assert found == pytest.approx(expected, rel=0, abs=1e-12, nan_ok=True), one.name


KEEPS_PEOPLE = ("Conger", "Cohen", "Light", "Kendall")


@quick
@given(tables(), st.integers(0, 10**6))
def test_weighted_sums_give_what_an_explicitly_resampled_table_gives(table, seed):
    coded = code(table, scale=FIVE)
    often = draw_of(coded, seed)
    apart = [list(statistics(coded.where(np.flatnonzero(coded.candidate == i)))) for i in range(coded.n_candidates)]
    for place, (one, again) in enumerate(zip(statistics(coded), statistics(resampled(table, coded, often)), strict=True)):
        if one.why_not() or one.name.startswith(KEEPS_PEOPLE):
            continue
        own = np.vstack([statistics_of_one[place].total() for statistics_of_one in apart])
        # The collapsed rows are the candidates' own sums, each as often as it occurs; a candidate with nothing to add may be left out.
        rows = one.rows()
        listed = np.repeat(rows.part(0, len(rows.multiplicity)), rows.multiplicity, axis=0)
        counting = own[:, :-5].any(axis=1) if "alpha" in one.name else own.any(axis=1)
        left, right = (np.round(x[np.lexsort(np.round(x, 9).T)], 9) for x in (listed, own[counting]))
        assert left.shape == right.shape
        assert np.abs(left - right).max() < 1e-9
        compare(one, (often @ own)[None, :], again)


@quick
@given(tables(assessors=3), st.integers(0, 10**6))
def test_so_do_coefficients_that_keep_people_apart(table, seed):
    coded = code(table, scale=FIVE)
    often = draw_of(coded, seed)
    compared = 0
    for one, again in zip(statistics(coded), statistics(resampled(table, coded, often)), strict=True):
        if one.why_not() or not one.name.startswith(KEEPS_PEOPLE):
            continue
        if one.name.startswith("Kendall"):
            if len(np.unique(one.owner)) == len(one.owner) or again.people != one.people:
                continue
            chosen = np.unique(one.owner)
        elif one.name.startswith("Conger"):
            chosen = np.unique(coded.candidate)
        else:
            chosen = np.unique(coded.candidate[coded.pairs[0]])
        rows = one.rows()
        compare(one, (often[chosen] @ rows.part(0, len(chosen)))[None, :], again)
        compared += 1
    assume(compared)


@quick
@given(tables(assessors=4), st.integers(0, 10**6))
def test_pieces_add_up_to_the_rows(table, seed):
    """Assessors drawn once each, candidates as they come: two-way resampling is then the resampling of candidates."""
    coded = code(table, scale=FIVE)
    often = draw_of(coded, seed)
    explicit = {again.name: again for again in statistics(resampled(table, coded, often))}
    for one in statistics(coded):
        if one.why_not() or one.name.startswith(("Kendall", "r_wg", "average")):
            continue
        among = np.unique(one.resampled_ratings.candidate)
        total = np.zeros(one.total().shape)
        for piece in one.pieces(by_candidate=True):
            total += often[among][piece.candidate] @ piece.sums
        people = np.ones((1, len(one.resampled_ratings.assessors_present)))
        flat = np.zeros(total.shape)
        for piece in one.pieces(by_candidate=False):
            flat += np.ones(piece.sums.shape[0]) @ piece.sums
        assert one.evaluate(flat, people) == pytest.approx(one.evaluate(one.total()), abs=1e-12, nan_ok=True)
        again = explicit[one.name]
        expected = math.nan if again.why_not() else float(again.evaluate(again.total())[0])
        found = float(one.evaluate(total, people)[0])
        assert found == pytest.approx(expected, abs=1e-12, nan_ok=True), one.name


@quick
@given(tables(assessors=4), st.lists(st.sampled_from([0, 1, 1]), min_size=4, max_size=4))
def test_leaving_assessors_out_by_weight_is_leaving_them_out(table, kept):
    """Where a unit has two ratings at most, a pair counts when both of its assessors were drawn."""
    table = table.groupby(["candidate", "value"]).head(2)
    coded = code(table, scale=FIVE)
    rest = table[[kept[a] == 1 for a in table["assessor"]]]
    assume(len(rest))
    smaller = {one.name: one for one in statistics(code(rest, scale=FIVE))}
    for one in statistics(coded):
        if one.why_not() or not one.name.startswith(("exact", "agreement", "Krippendorff", "Light")):
            continue
        present = one.resampled_ratings.assessors_present
        weights = np.array([kept[a] for a in np.array(sorted(table["assessor"].unique()))[present]], dtype=float)
        total = np.zeros(one.total().shape)
        for piece in one.pieces(by_candidate=False):
            total += (weights[piece.first] * (1 if piece.second is None else weights[piece.second])) @ piece.sums
        again = smaller[one.name]
        expected = math.nan if again.why_not() else float(again.evaluate(again.total())[0])
        assert float(one.evaluate(total, weights[None, :])[0]) == pytest.approx(expected, abs=1e-12, nan_ok=True), one.name


@pytest.mark.parametrize("multiplicity", [[1] * 30, [600, 300, 100]])
def test_draws_are_multinomial(multiplicity):
    """Both ways of drawing: as many candidates as there are, each row as often as its share, with the multinomial's variance."""
    multiplicity = np.array(multiplicity)
    n, share = multiplicity.sum(), multiplicity / multiplicity.sum()
    weights = drawn(np.random.default_rng(0), multiplicity, 20000)
    assert (weights.sum(axis=1) == n).all()
    assert weights.mean(axis=0) == pytest.approx(multiplicity, rel=0.04)
    assert weights.var(axis=0) == pytest.approx(n * share * (1 - share), rel=0.08)
    assert np.cov(weights[:, 0], weights[:, 1])[0, 1] == pytest.approx(-n * share[0] * share[1], rel=0.25, abs=0.02)


def test_blocks_cover_every_replicate():
    assert list(block_sizes(1000, 8_000)) == [500, 500]
    assert sum(block_sizes(1001, 3_000_000)) == 1001


def test_two_way_draws_both():
    coded = code(panel_table(40, 6, np.random.default_rng(1)), scale=FIVE)
    one = agreement.krippendorff_alpha.statistic(UnitPatterns(coded), level="interval")
    draws = list(two_way(one.pieces(by_candidate=True), n_candidates=40, n_assessors=6, replicates=50, seed=2))
    assert sum(len(sums) for sums, _ in draws) == 50
    assert (draws[0][1].sum(axis=1) == 6).all()
    spread = np.std(np.concatenate([one.evaluate(sums, who) for sums, who in draws]))
    assert spread > 0.02


def test_a_pair_counts_as_often_as_both_of_its_assessors_were_drawn():
    table = panel_table(12, 5, np.random.default_rng(3))
    coded = code(table, scale=FIVE)
    one = agreement.exact_agreement.statistic(UnitPatterns(coded))
    people = sorted(table["assessor"].unique())
    draws = two_way(one.pieces(by_candidate=False), n_candidates=None, n_assessors=len(people), replicates=20, seed=4)
    for sums, drawn_people in draws:
        for row, often in zip(sums, drawn_people, strict=True):
            times = dict(zip(people, often, strict=True))
            pairs = [tuple(unit.items()) for unit in units(table)]
            weights = np.array([times[a] * times[b] for (a, _), (b, _) in pairs])
            agree = np.array([x == y for (_, x), (_, y) in pairs])
            expected = (weights @ agree) / weights.sum() if weights.sum() else math.nan
            assert float(one.evaluate(row[None, :])[0]) == pytest.approx(expected, abs=1e-12, nan_ok=True)


def test_a_kappa_of_two_counts_in_the_mean_as_often_as_both_were_drawn():
    table = pd.DataFrame([(i, j, "v", 1 + (i * (j + 2) + i // 3) % 5) for i in range(12) for j in range(3)])
    table.columns = ["candidate", "assessor", "value", "rating"]
    one, often = agreement.light_kappa.statistic(UnitPatterns(code(table, scale=FIVE)), weights="quadratic"), [2, 1, 3]
    total = sum((np.array(often)[piece.first] * np.array(often)[piece.second]) @ piece.sums for piece in one.pieces(by_candidate=False))
    pairs = list(itertools.combinations(range(3), 2))
    kappas = [slow_cohen(table, CREDIT["quadratic"], a, b) for a, b in pairs]
    assert np.ptp(kappas) > 0.05
    expected = np.average(kappas, weights=[often[a] * often[b] for a, b in pairs])
    assert float(one.evaluate(total[None, :], np.array([often], dtype=float))[0]) == pytest.approx(expected, abs=1e-12)


def panel_table(n, pool, generator, values=4):
    """Two of a pool for each candidate, with severity, a candidate's own level and level on each value."""
    severity = generator.normal(0, 0.35, pool)
    level = generator.normal(3, 0.7, (n, 1)) + generator.normal(0, 0.4, (n, values))
    who = np.array([generator.choice(pool, 2, replace=False) for _ in range(n)])
    noise = generator.normal(0, 0.5, (n, 2, 1)) + generator.normal(0, 0.5, (n, 2, values))
    rating = np.clip(np.rint(level[:, None, :] + severity[who][:, :, None] + noise), 1, 5)
    return pd.DataFrame(
        {
            "candidate": np.repeat(np.arange(n), 2 * values),
            "assessor": np.repeat(who.ravel(), values),
            "value": np.tile(np.arange(values), 2 * n),
            "rating": rating.ravel(),
        }
    )


@pytest.mark.soak
def test_coverage_of_the_intervals():
    """Over panels drawn from a population: both-way resampling covers, candidates alone fall short because assessors are a sample too."""
    generator = np.random.default_rng(11)
    truth = agreement.krippendorff_alpha(panel_table(40000, 4000, generator), level="interval", **PLAIN).value
    covered = {"candidate": 0, "both": 0, "analytic": 0}
    runs = 300
    for run in range(runs):
        table = panel_table(200, 24, generator)
        for resample in ("candidate", "both"):
            found = agreement.krippendorff_alpha(table, scale=FIVE, level="interval", resample=resample, replicates=400, seed=run)
            covered[resample] += found.low <= truth <= found.high
        found = agreement.krippendorff_alpha(table, scale=FIVE, level="interval", interval="analytic")
        covered["analytic"] += found.low <= truth <= found.high
    print({kind: count / runs for kind, count in covered.items()})  # noqa: T201
    assert 0.84 <= covered["candidate"] / runs <= 0.98
    assert covered["both"] / runs >= 0.93
    assert abs(covered["analytic"] - covered["candidate"]) / runs < 0.06
