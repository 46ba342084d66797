"""What a cohort could have shown, how many the next lottery needs, and the lottery itself."""

import numpy as np
import pytest
from scipy import stats

from standardsetting.cohort.intervals import newcombe_difference
from standardsetting.cohort.positive_action.lottery import Draw, SealedSeed, discrepancies, draw, seal
from standardsetting.cohort.positive_action.sample_size import chance_to_show, detectable_effect, sample_size
from standardsetting.errors import UsageError

# --- sample size


@pytest.mark.parametrize(("n1", "n2", "p1", "p2"), [(25, 31, 0.7, 0.4), (40, 12, 0.2, 0.5), (30, 30, 0.5, 0.5), (9, 9, 1.0, 0.1)])
def test_the_chance_is_the_sum_over_every_table(n1, n2, p1, p2):
    a, c = np.meshgrid(np.arange(n1 + 1), np.arange(n2 + 1), indexing="ij")
    limits = newcombe_difference(a, n1, c, n2)
    mass = np.outer(stats.binom.pmf(np.arange(n1 + 1), n1, p1), stats.binom.pmf(np.arange(n2 + 1), n2, p2))
    shown = (limits.low > 0) * (p1 >= p2) + (limits.high < 0) * (p1 <= p2)
    assert chance_to_show(n1, n2, rate_one=p1, rate_other=p2) == pytest.approx(float((mass * shown).sum()), abs=1e-12)


@pytest.mark.parametrize(
    ("without", "effect", "chance", "by_r"),
    # R 4.2.2, power.prop.test(p1=, p2=, power=)$n
    [(0.5, 0.105, 0.8, 350.852576318), (0.46, 0.10, 0.8, 391.105999175), (0.5, 0.25, 0.9, 76.7069301141), (0.2, -0.1, 0.9, 265.855996829)],
)
def test_the_formula_is_rs_and_the_exact_size_is_near_it(without, effect, chance, by_r):
    found = sample_size(rate_without=without, effect_of_attending=effect, chance=chance)
    assert found.by_formula == np.ceil(by_r)
    assert abs(found.a_side - by_r) < 12 and found.together == 2 * found.a_side
    sizes = [chance_to_show(n, n, rate_one=without + effect, rate_other=without) for n in range(found.a_side - 1, found.a_side + 10)]
    assert sizes[0] < chance <= min(sizes[1:]) and sizes[1] == found.exact_chance


def test_partial_uptake_needs_more_people():
    full, part = (sample_size(rate_without=0.5, effect_of_attending=0.15, uptake_difference=u).a_side for u in (1.0, 0.5))
    assert 3.5 * full < part < 4.5 * full


def test_detectable_effect_is_where_the_chance_is_reached():
    found = detectable_effect(70, 90, rate_without=0.46, uptake_difference=0.6)
    assert chance_to_show(70, 90, rate_one=0.46 + found.increase, rate_other=0.46) == pytest.approx(0.8, abs=1e-6)
    assert chance_to_show(70, 90, rate_one=0.46 - found.decrease, rate_other=0.46) == pytest.approx(0.8, abs=1e-6)
    assert found.of_attending == pytest.approx(found.increase / 0.6)


def test_what_cannot_be_shown_is_a_sentence():
    found = detectable_effect(4, 4, rate_without=0.05)
    assert np.isnan(found.decrease) and "large enough" in found.note
    assert "more people over the standard" in detectable_effect(40, 40, rate_without=0.8, uptake_difference=0.2).note
    too_small = sample_size(rate_without=0.5, effect_of_attending=0.01)
    assert too_small.note and too_small.a_side == 0
    for wrong in ({"effect_of_attending": 0.0}, {"effect_of_attending": 0.6}, {"effect_of_attending": 0.1, "uptake_difference": 0.0}):
        with pytest.raises(UsageError):
            sample_size(rate_without=0.5, **wrong)
    with pytest.raises(UsageError):
        chance_to_show(0, 5, rate_one=0.5, rate_other=0.5)


# --- lottery

SEED = "5f0c6a1e9b7d44c2a83e1d5097bb6cf2"
PEOPLE = ("WA-0004", "WA-0001", "ä-0007", "WA-0003", "WA-0002", "WA-0006", "WA-0005")


def test_another_program_draws_the_same():
    """Computed with sha256sum and sort (GNU coreutils 9.1) in a shell, and again with node 20's crypto module."""
    sealed = seal(SEED)
    assert sealed.seed_hash == "059edd1f17c495b9356b43dd60b7ef128d4af4252b508db3f4d7eab966b85eb4"
    found = draw(PEOPLE, places=3, seed=SEED, sealed=sealed)
    assert found.offered == ("WA-0002", "ä-0007", "WA-0001")
    assert found.wait_list == ("WA-0004", "WA-0003", "WA-0005", "WA-0006")
    assert found.list_hash == "ec2d0545d67cb3d7cd2fdf5684cdcb511920df75c9949af6dbb090b639f3aa6b"
    assert draw(PEOPLE[::-1], places=3, seed=SEED, sealed=sealed) == found


def test_anybody_can_check_the_draw():
    sealed = seal(SEED)
    found = draw(PEOPLE, places=3, seed=SEED, sealed=sealed)
    assert discrepancies(found, references=PEOPLE, sealed=sealed) == ()
    bent = (*found.wait_list[:1], *found.offered[1:]), (*found.offered[:1], *found.wait_list[1:])
    swapped = Draw(*bent, SEED, found.seed_hash, found.list_hash)
    assert "another result" in discrepancies(swapped, references=PEOPLE, sealed=sealed)[0]
    other = draw(PEOPLE, places=3, seed=SEED[::-1], sealed=seal(SEED[::-1]))
    assert "not the one that was sealed" in discrepancies(other, references=PEOPLE, sealed=sealed)[0]
    assert "list of references" in discrepancies(found, references=(*PEOPLE[:-1], "WA-0009"), sealed=sealed)[0]


@pytest.mark.parametrize(
    ("references", "places", "seed", "sealed"),
    [
        (PEOPLE, 3, SEED[::-1], seal(SEED)),
        (PEOPLE, 3, SEED, SealedSeed(seal(SEED).seed_hash, "alphabetical order")),
        ((*PEOPLE, "WA-0001"), 3, SEED, seal(SEED)),
        ((*PEOPLE, ""), 3, SEED, seal(SEED)),
        ((*PEOPLE, "WA-1\nWA-2"), 3, SEED, seal(SEED)),
        (PEOPLE, 7, SEED, seal(SEED)),
        (PEOPLE, 0, SEED, seal(SEED)),
    ],
)
def test_a_draw_that_could_be_bent_is_refused(references, places, seed, sealed):
    with pytest.raises(UsageError):
        draw(references, places=places, seed=seed, sealed=sealed)


@pytest.mark.parametrize("weak", ["1234", "G" * 32, SEED.upper(), ""])
def test_a_seed_that_could_be_guessed_is_refused(weak):
    with pytest.raises(UsageError):
        seal(weak)


def test_everybody_is_equally_likely_to_be_offered_a_place():
    offered = np.zeros(len(PEOPLE))
    for number in range(2_000):
        seed = f"{number:032x}"
        found = draw(PEOPLE, places=3, seed=seed, sealed=seal(seed))
        offered += [one in found.offered for one in PEOPLE]
    assert stats.chisquare(offered).pvalue > 1e-3
