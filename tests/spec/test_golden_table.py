"""The published cases to every digit that is printed of them, and the power of the default test."""

import numpy as np
import pytest

from standardsetting.cohort.exact_tests import barnard_p
from standardsetting.cohort.power import detection_chance, simulate_tests
from standardsetting.cohort.rates import compare
from standardsetting.tables.rounding import rounded

# counts | ratio | score interval | difference in points (Newcombe) | z | Fisher | mid-p | h | odds ratio | shortfall | flip number
GOLDEN = """
Direct Entry 2014, women v men                 | 4 18 9 22     | 0.543 | 0.20 to 1.38 | -18.7 (-43.0 to 10.3)  | -1.26 | 0.3119 | 0.2486 | -0.41 | 0.41 | 1.9  | 2
Direct Entry 2014, ethnic minority v White     | 2 7 11 33     | 0.857 | 0.23 to 2.39 | -4.8 (-31.3 to 33.3)   | -0.24 | 1.0000 | 0.8311 | -0.10 | 0.80 | 0.3  | 1
HPDS 2014, men v women                         | 27 79 28 45   | 0.549 | 0.37 to 0.81 | -28.0 (-43.9 to -9.8)  | -3.02 | 0.0029 | 0.0021 | -0.57 | 0.32 | 8.0  | 9
Ricci captain, Black v White                   | 3 8 16 25     | 0.586 | 0.20 to 1.24 | -26.5 (-55.1 to 10.9)  | -1.32 | 0.2379 | 0.1680 | -0.54 | 0.34 | 1.6  | 2
Ricci lieutenant, Black v White                | 6 19 25 43    | 0.543 | 0.25 to 1.01 | -26.6 (-47.6 to 0.3)   | -1.93 | 0.0971 | 0.0616 | -0.54 | 0.33 | 3.5  | 4
Ricci lieutenant, Hispanic v White             | 3 15 25 43    | 0.344 | 0.12 to 0.83 | -38.1 (-56.8 to -8.9)  | -2.55 | 0.0159 | 0.0112 | -0.81 | 0.18 | 4.2  | 5
Teal exam, Black v White                       | 26 48 206 259 | 0.681 | 0.50 to 0.86 | -25.4 (-39.9 to -11.1) | -3.76 | 0.0004 | 0.0003 | -0.55 | 0.30 | 10.3 | 11
Teal overall                                   | 11 48 35 259  | 1.696 | 0.91 to 3.00 | 9.4 (-1.3 to 23.5)     | 1.68  | 0.1208 | 0.0992 | 0.25  | 1.90 | -3.8 | none
Boston 2008 pass, minority v White             | 18 26 61 65   | 0.738 | 0.53 to 0.91 | -24.6 (-44.2 to -7.9)  | -3.14 | 0.0038 | 0.0021 | -0.67 | 0.15 | 4.6  | 5
"""  # noqa: E501
ROWS = [[cell.strip() for cell in line.split("|")] for line in GOLDEN.strip().splitlines()]
VERDICTS = {
    "HPDS 2014, men v women": "gap, size uncertain",
    "Ricci lieutenant, Hispanic v White": "gap, size uncertain",
    "Teal exam, Black v White": "gap, size uncertain",
    "Boston 2008 pass, minority v White": "gap, size uncertain",
}
SIZES = [(15, 180), (30, 330), (60, 660), (120, 1300)]
RATIOS = (1.0, 0.8, 0.65)
# Per cent of cohorts: mid-p at 5 %, four-fifths rule; rows as SIZES, columns as RATIOS; printed from 4,000 draws.
POWER = [[(6, 25), (11, 50), (24, 72)], [(5, 17), (18, 51), (43, 79)], [(4, 8), (28, 50), (68, 86)], [(5, 2), (50, 50), (94, 94)]]


def plain(number, places):
    return rounded(number, places).replace("−", "-")


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_every_printed_digit(row):
    name, counts, *printed = row
    found = compare(*(int(x) for x in counts.split()))
    points = [plain(100 * x, 1) for x in (found.difference, found.difference_low, found.difference_high)]
    assert [
        plain(found.ratio, 3),
        f"{plain(found.ratio_low, 2)} to {plain(found.ratio_high, 2)}",
        f"{points[0]} ({points[1]} to {points[2]})",
        plain(found.z, 2),
        plain(found.fisher_p, 4),
        plain(found.mid_p, 4),
        plain(found.cohen_h, 2),
        plain(found.odds_ratio, 2),
        plain(found.shortfall, 1),
        "none" if found.flip_number is None else str(found.flip_number),
    ] == printed
    assert found.verdict.value == VERDICTS.get(name, "cannot tell")


def test_one_table_three_tests():
    """Ricci lieutenant: 0.097, 0.062 and 0.055 for one table, so the test is fixed in advance."""
    found = compare(6, 19, 25, 43)
    assert [round(p, 3) for p in (found.fisher_p, found.mid_p, barnard_p(6, 19, 25, 43))] == [0.097, 0.062, 0.055]
    # Halving the observed table alone would print 0.079: the exact tie counts.
    assert found.mid_p == pytest.approx(0.0616, abs=5e-5)


def near(found, printed, draws):
    """Within four standard errors of both simulations together, and half a point of rounding."""
    error = np.sqrt(found * (1 - found) * (1 / draws + 1 / 4000))
    return abs(found - printed / 100) <= 4 * error + 0.005


@pytest.mark.parametrize(("sizes", "draws"), [(SIZES[:2], 1000), pytest.param(SIZES, 20000, marks=pytest.mark.soak)])
def test_power_table(sizes, draws):
    found = simulate_tests(sizes, reference_rate=0.46, ratios=RATIOS, draws=draws, seed=11)
    printed = [pair for row in POWER[: len(sizes)] for pair in row]
    for row, (by_test, by_rule) in zip(found.itertuples(), printed, strict=True):
        assert near(row.mid_p_flags, by_test, draws), row
        assert near(row.four_fifths_flags, by_rule, draws), row


@pytest.mark.parametrize(("size", "column"), [(size, column) for size in range(4) for column in (1, 2)])
def test_the_verdict_has_about_the_power_of_the_test(size, column):
    chance = detection_chance(*SIZES[size], 0.46, RATIOS[column])
    assert chance == pytest.approx(POWER[size][column][0] / 100, abs=0.04)
