"""The rota chooser: names of designs, q, bridges, what it recommends and refuses, and copied scores."""

import numpy as np
import pandas as pd
import pytest

from standardsetting.blind.generalizability import g_qk
from standardsetting.blind.identical_vectors import identical_vectors
from standardsetting.blind.rota import describe, recommend

POOL = [(0, 1), (0, 1), (1, 2), (2, 3), (2, 3), (3, 4)]


def rota(panels) -> pd.DataFrame:
    rows = [(f"c{c:03}", f"a{a:02}", 1 + (c * 7 + 3 * at + c * c) % 5) for c, panel in enumerate(panels) for at, a in enumerate(panel)]
    return pd.DataFrame(rows, columns=["candidate", "assessor", "rating"])


def panels_of_two(n, pool, seed=0, values=4, noise=0.6) -> pd.DataFrame:
    """Independent ratings: a candidate's own level and noise, on a scale from 1 to 5."""
    random = np.random.default_rng(seed)
    own = random.normal(3.2, 0.7, n)
    rows = []
    for c in range(n):
        for a in random.choice(pool, 2, replace=False):
            scores = np.clip(np.rint(own[c] + random.normal(0, noise, values)), 1, 5)
            rows += [(c, f"a{a}", f"v{v}", score) for v, score in enumerate(scores)]
    return pd.DataFrame(rows, columns=["candidate", "assessor", "value", "rating"])


@pytest.mark.parametrize(
    ("panels", "design", "q", "components"),
    [
        ([(0, 1)] * 6, "crossed", 0.0, 1),
        ([(2 * c, 2 * c + 1) for c in range(6)], "nested", 0.5, 6),
        ([(2 * (c // 6), 2 * (c // 6) + 1) for c in range(60)], "fixed pairs", 0.45762711864, 10),
        ([(c % 3, (c + 1) % 3) for c in range(6)], "ill-structured", 0.2, 1),
        ([(0, 1), (1, 2), (2, 0), (3, 4), (4, 5), (5, 3)], "ill-structured", 0.4, 2),
        (POOL, "ill-structured", 1 / 3, 1),
    ],
)
def test_designs_are_named_with_their_q(panels, design, q, components):
    found = describe(rota(panels))
    assert (found.design, found.components) == (design, components)
    assert found.q == pytest.approx(q, abs=1e-9)
    assert found.k == 2.0


def test_q_is_the_formula_counted_by_hand():
    panels = [(0, 1, 2), (0, 1), (2, 3), (1,), (0, 3, 4)]
    sets = [set(panel) for panel in panels]
    pairs = [(a, b) for a in range(5) for b in range(5) if a != b]
    shared = sum(len(sets[a] & sets[b]) / (len(sets[a]) * len(sets[b])) for a, b in pairs) / 20
    k = 5 / sum(1 / len(one) for one in sets)
    found = describe(rota(panels))
    assert (found.q, found.k) == (pytest.approx(1 / k - shared), pytest.approx(k))
    assert (found.k_min, found.k_max, found.single) == (1, 3, 1)


def test_bridges_articulation_and_common_candidates():
    found = describe(rota(POOL))
    assert found.common.to_numpy().tolist() == [["a00", "a01", 2], ["a01", "a02", 1], ["a02", "a03", 2], ["a03", "a04", 1]]
    assert len(found.bridges) == 4 and found.articulation == ("a01", "a02", "a03")
    closed = describe(rota([*POOL, (4, 0)]))
    assert len(closed.bridges) == 0 and closed.articulation == ()


def test_two_rings_meet_in_one_assessor_without_a_bridge():
    found = describe(rota([(0, 1), (1, 2), (2, 0), (2, 3), (3, 4), (4, 2)]))
    assert found.articulation == ("a02",) and len(found.bridges) == 0


def test_weak_points_agree_with_taking_each_one_away():
    """Every pair and every assessor of random rotas is removed in turn."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    def parts(edges, keep):
        index = {a: at for at, a in enumerate(keep)}
        edges = [(index[a], index[b]) for a, b in edges if a in index and b in index]
        matrix = np.zeros((len(keep), len(keep)))
        for a, b in edges:
            matrix[a, b] = 1
        return connected_components(csr_array(matrix), directed=False)[0]

    for seed in range(30):
        random = np.random.default_rng(seed)
        panels = [tuple(sorted(random.choice(12, random.integers(1, 4), replace=False))) for _ in range(11)]
        found = describe(rota(panels))
        names = list(found.component_of.index)
        edges = [tuple(row) for row in found.common[["assessor_1", "assessor_2"]].to_numpy()]
        bridges = {edge for edge in edges if parts([e for e in edges if e != edge], names) > found.components}
        cut = {a for a in names if parts(edges, [b for b in names if b != a]) > found.components}
        assert {tuple(row) for row in found.bridges[["assessor_1", "assessor_2"]].to_numpy()} == bridges
        assert set(found.articulation) == cut


def test_nesting_runs_from_nothing_to_everything():
    assert describe(rota([(0, 1)] * 6)).nesting == pytest.approx(0.0)
    assert describe(rota([(c,) for c in range(6)])).nesting == pytest.approx(1.0)
    assert describe(rota([(2 * c, 2 * c + 1) for c in range(8)])).nesting == pytest.approx(1 - np.log(2) / np.log(16))


@pytest.mark.parametrize(
    ("panels", "lead", "refused"),
    [
        ([(0, 1)] * 6, "ICC(2,k)", set()),
        ([(2 * c, 2 * c + 1) for c in range(6)], "ICC(1,k)", {"ICC(2,1)", "ICC(2,k)", "ICC(3,1)", "ICC(3,k)", "Phi"}),
        ([(2 * (c // 6), 2 * (c // 6) + 1) for c in range(60)], "G(q,k)", {"ICC(2,1)", "ICC(2,k)", "ICC(3,1)", "ICC(3,k)"}),
        (POOL, "G(q,k)", {"ICC(2,1)", "ICC(2,k)", "ICC(3,1)", "ICC(3,k)"}),
        ([(c % 3,) for c in range(6)], None, {"ICC(1,1)", "ICC(1,k)", "ICC(2,k)", "G(q,k)", "Phi"}),
    ],
)
def test_recommended_and_refused(panels, lead, refused):
    found = recommend(rota(panels))
    assert (found.legal[0] if found.legal else None) == lead
    assert refused <= set(found.refused)
    assert not set(found.legal) & set(found.refused)
    assert "Cronbach's alpha over values, as agreement" in found.refused
    assert all(len(reason) > 5 for reason in found.table["reason"])
    assert lead is None or lead in found.sentence


@pytest.mark.parametrize("change", ["swap", "relabel", "reorder", "shift"])
def test_nothing_but_who_rated_whom_counts(change):
    table = panels_of_two(60, 8, seed=3)
    changed = {
        "swap": lambda: table.iloc[::-1],
        "relabel": lambda: table.assign(assessor=table["assessor"].map({a: f"z{9 - int(a[1:])}" for a in table["assessor"].unique()})),
        "reorder": lambda: table.sample(frac=1, random_state=1),
        "shift": lambda: table.assign(rating=table["rating"] + 10),
    }[change]()
    one, other = describe(table), describe(changed)
    for name in ("design", "components", "k", "q", "density", "nesting", "n_ratings", "sentence"):
        assert getattr(one, name) == pytest.approx(getattr(other, name)) if name != "sentence" else one.sentence == other.sentence
    assert (one.identical.observed, one.identical.expected) == (other.identical.observed, pytest.approx(other.identical.expected))
    assert recommend(one).legal == recommend(other).legal
    assert g_qk(table).value == pytest.approx(g_qk(changed).value, rel=1e-5)


def test_agreed_scores_copied_into_both_columns_are_found():
    table = panels_of_two(80, 10)
    copied = table.assign(rating=table.groupby(["candidate", "value"])["rating"].transform("first"))
    found = describe(copied)
    assert found.identical.copied and found.identical.observed == 80
    assert "copied in as independent" in recommend(found).warnings[0]


def test_honest_ratings_are_left_alone():
    raised = [identical_vectors(panels_of_two(150, 12, seed=seed)) for seed in range(10)]
    assert not any(found.copied or found.beyond_chance or found.suspect_pairs for found in raised)
    assert all(0 < found.observed < 150 for found in raised)


def test_a_third_of_panels_copying_is_beyond_chance():
    table = panels_of_two(150, 12, seed=1)
    first = table.groupby(["candidate", "value"])["rating"].transform("first")
    found = identical_vectors(table.assign(rating=first.where(table["candidate"] % 3 == 0, table["rating"])))
    assert found.beyond_chance and not found.copied and found.p < 1e-6


def test_one_pair_that_copies_is_named():
    table = panels_of_two(200, 4, seed=2)
    both = table.groupby("candidate")["assessor"].transform(lambda names: "-".join(sorted(set(names))))
    first = table.groupby(["candidate", "value"])["rating"].transform("first")
    found = identical_vectors(table.assign(rating=first.where(both == "a0-a1", table["rating"])))
    assert found.suspect_pairs == (("a0", "a1"),)


def test_the_expected_number_of_identical_ratings_is_that_of_shuffling():
    table = panels_of_two(120, 6, seed=4, values=2, noise=0.5)
    found = identical_vectors(table)
    vectors = table["rating"].to_numpy().reshape(120, 2, 2)
    same_total = vectors[:, 0].sum(axis=1) == vectors[:, 1].sum(axis=1)
    random, counts = np.random.default_rng(0), []
    for _ in range(1500):
        count = 0
        for total in np.unique(vectors[same_total, 0].sum(axis=1)):
            inside = vectors[same_total & (vectors[:, 0].sum(axis=1) == total)].reshape(-1, 2)
            drawn = random.permutation(inside).reshape(-1, 2, 2)
            count += int((drawn[:, 0] == drawn[:, 1]).all(axis=1).sum())
        counts.append(count)
    assert found.expected == pytest.approx(np.mean(counts), abs=4 * np.std(counts) / np.sqrt(1500))
    from scipy.stats import norm

    deviation = (found.observed - found.expected - 0.5) / norm.isf(found.p)
    assert deviation == pytest.approx(np.std(counts), rel=0.1)


def test_flat_data_are_not_called_copied():
    flat = panels_of_two(50, 6).assign(rating=3)
    found = identical_vectors(flat)
    assert found.observed == 50 == found.expected and found.p == 1.0 and not found.copied


def test_agreed_rows_are_left_out_and_mentioned():
    table = panels_of_two(20, 4).assign(kind="independent")
    agreed = table.groupby(["candidate", "value"], as_index=False).first().assign(kind="agreed")
    found = recommend(pd.concat([table, agreed]))
    assert found.rota.identical.agreed_rows == 80
    assert any("left out" in warning for warning in found.warnings)


def test_a_large_rota_is_walked_without_recursion():
    """A chain of five thousand assessors: each is a bridge from the one before to the one after."""
    found = describe(
        pd.DataFrame({"candidate": np.repeat(np.arange(4999), 2), "assessor": np.ravel([(c, c + 1) for c in range(4999)]), "rating": 1.0})
    )
    assert len(found.bridges) == 4999 and len(found.articulation) == 4998
