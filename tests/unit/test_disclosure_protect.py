"""What a protected cube shows and hides: the rules one by one, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from standardsetting.cohort.verdict import CODES, verdicts
from standardsetting.disclosure.cube import UNDECLARED, Characteristic, Cube, Declaration, ending
from standardsetting.disclosure.policy import Policy
from standardsetting.disclosure.protect import protect, singletons
from standardsetting.disclosure.statements import VerdictTold, known
from standardsetting.errors import DisclosureError, Exit, UsageError

SEX = Characteristic("sex", ("women", "men"), "men")
TWO = {"Asian": "ethnic minority", "Black": "ethnic minority", "White": "White"}
ETHNICITY = Characteristic("ethnicity_3", ("Asian", "Black", "White"), "White", {"ethnicity_2": TWO})
STAGES = ("applied", "interviewed", "met")
DECLARED = Declaration(STAGES, (SEX, ETHNICITY), (("sex",), ("ethnicity_2",), ("ethnicity_3",), ("sex", "ethnicity_2")),
                       frozenset({("interviewed", "not passed")}))  # fmt: skip


def people(counts: dict[tuple[str, str, str], int]) -> pd.DataFrame:
    return pd.DataFrame([row for row, n in counts.items() for _ in range(n)], columns=["sex", "ethnicity_3", "ending"])


def made(**more: int) -> Cube:
    counts = {}
    for sex, share in (("women", 1), ("men", 3)):
        for group, n in (("Asian", 8), ("Black", 5), ("White", 60)):
            counts[sex, group, ending("interviewed", "withdrawn")] = share * n // 5
            counts[sex, group, ending("met", "not passed")] = share * n // 3
            counts[sex, group, ending("met")] = share * n // 2
    counts["women", "not asked", ending("met")] = 2
    counts["unknown", "White", ending("met", "not passed")] = 3
    return Cube.of(people(counts), process="small", milestone="met", declaration=DECLARED)


def line(release, group, stage, measure, table="sex"):
    cells = release.cells
    chosen = cells[(cells["table"] == table) & (cells["group"] == group) & (cells["stage"] == stage) & (cells["measure"] == measure)]
    assert len(chosen) == 1
    return chosen.iloc[0]


def test_counts_are_rounded_to_the_nearest_five_and_the_comparator_is_the_remainder() -> None:
    cube = made()
    release = protect(cube)
    women, true = line(release, "women", "applied", "entered"), cube.count((("sex", ("women",)),), "applied", "entered")
    assert women["value"] == 5 * round(true / 5)
    assert women["low"] <= true <= women["high"]
    assert women["high"] - women["low"] == 4
    rest = line(release, "men or not declared", "applied", "entered")
    assert rest["channel"] == "derived"
    assert rest["low"] <= len(people_of(cube)) - true <= rest["high"]
    assert "men" not in set(release.cells["group"])


def people_of(cube: Cube) -> range:
    return range(int(cube.totals.sum()))


def test_small_counts_are_hidden_in_words_never_blank() -> None:
    release = protect(made())
    assert (release.cells["shown"].str.len() > 0).all()
    shown = release.cells.dropna(subset="value").query("measure != 'rate'")
    assert (shown["value"] >= 10).all()
    assert (shown["value"] % 5 == 0).all()


def test_structural_zeros_have_their_own_sign() -> None:
    assert line(protect(made()), "women", "interviewed", "not passed")["shown"] == "[z]"
    assert line(protect(made()), "women", "met", "withdrawn")["shown"] == "[c]"


def test_a_group_has_counts_or_a_verdict_never_both() -> None:
    release = protect(made())
    by = release.cells.groupby(["table", "group"])
    for _, lines in by:
        words = lines.query("measure == 'verdict'")["shown"].ne("[c]").any()
        assert not (words and lines["value"].notna().any())
    black = release.cells.query("group == 'Black' and table == 'ethnicity_3'")
    assert set(black["channel"]) == {"verdict"}
    assert line(release, "Black", "met", "verdict", "ethnicity_3")["shown"] != "[c]"


def test_rates_come_from_the_protected_counts() -> None:
    release = protect(made())
    counts = release.counts("sex", "met")
    for row in counts.itertuples():
        rate = line(release, row.group, "met", "rate")["value"]
        assert abs(rate - 100 * row.passed / row.entered) <= 0.5
    assert counts["comparator"].tolist() == [False, True]


def test_nothing_is_shown_where_few_failed() -> None:
    frame = people({("women", "White", ending("met")): 80, ("women", "White", ending("met", "not passed")): 4,
                    ("men", "White", ending("met")): 150, ("men", "White", ending("met", "not passed")): 90})  # fmt: skip
    release = protect(Cube.of(frame, process="p", milestone="met", declaration=DECLARED))
    assert line(release, "women", "met", "passed")["shown"] == "[c]"
    assert line(release, "women", "met", "rate")["shown"] == "[c]"


@pytest.mark.parametrize("outcome", ["met", "met: not passed"])
def test_everybody_met_or_nobody_is_a_report_that_says_nothing_of_groups(outcome: str) -> None:
    end = ending("met") if outcome == "met" else ending("met", "not passed")
    frame = people({("women", "White", end): 80, ("men", "Asian", end): 70, ("men", "White", end): 90})
    release = protect(Cube.of(frame, process="p", milestone="met", declaration=DECLARED))
    assert release.cells.query("measure == 'rate'")["value"].isna().all()
    assert release.audit.passed


@pytest.mark.parametrize("declared", [0.0, 0.5, 1.0])
def test_missing_declarations_of_any_share(declared: float) -> None:
    rng = np.random.default_rng(3)
    n = 300
    known_ = rng.random(n) < declared
    frame = pd.DataFrame({
        "sex": np.where(known_, rng.choice(["women", "men"], n, p=[0.3, 0.7]), "prefer not to say"),
        "ethnicity_3": np.where(known_, rng.choice(["Asian", "Black", "White"], n, p=[0.1, 0.1, 0.8]), "not asked"),
        "ending": rng.choice([ending("met"), ending("met", "not passed")], n),
    })  # fmt: skip
    release = protect(Cube.of(frame, process="p", milestone="met", declaration=DECLARED))
    assert release.audit.passed
    undeclared = line(release, "not declared", "applied", "entered")["shown"]
    assert (undeclared == "[c]") == (declared in (0.0, 1.0))


def test_an_empty_cohort_shows_nothing() -> None:
    release = protect(Cube.of(people({}), process="p", milestone="met", declaration=DECLARED))
    assert release.cells["value"].isna().all()


def test_undeclared_are_rows_without_a_rate() -> None:
    release = protect(made())
    for kind in ("not declared", *UNDECLARED):
        assert line(release, kind, "met", "rate")["shown"] == "[c]"


def test_what_outsiders_said_can_make_a_release_impossible() -> None:
    cube = made()
    press = [known((("sex", ("unknown",)),), "met", "entered", 3, 3, source="press")]
    with pytest.raises(DisclosureError) as caught:
        protect(cube, also=press)
    assert caught.value.exit_code == Exit.DISCLOSURE
    assert caught.value.details


def test_what_a_singleton_knows_of_themselves_does_not_stop_a_release() -> None:
    # Four withdrew, one of them the only Asian woman: she knows that there are three others, and no release told her.
    frame = people({("women", "Asian", ending("interviewed", "withdrawn")): 1, ("men", "White", ending("interviewed", "withdrawn")): 3,
                    ("women", "White", ending("met")): 60, ("women", "White", ending("met", "not passed")): 30,
                    ("men", "White", ending("met")): 90, ("men", "White", ending("met", "not passed")): 60})  # fmt: skip
    release = protect(Cube.of(frame, process="p", milestone="met", declaration=DECLARED))
    assert line(release, "women", "applied", "entered")["shown"] == "90"


def test_singletons_know_their_own_way() -> None:
    frame = people({("women", "Asian", ending("met")): 1, ("women", "White", ending("met")): 60, ("men", "White", ending("met")): 90,
                    ("men", "White", ending("met", "not passed")): 60, ("women", "White", ending("met", "not passed")): 30})  # fmt: skip
    cube = Cube.of(frame, process="p", milestone="met", declaration=DECLARED)
    assert {s.terms[0].stage for s in singletons(cube)} == {"applied", "met"}
    assert protect(cube).audit.passed


def test_the_rounded_cube_adds_up_and_needs_its_secret() -> None:
    cube = made()
    with pytest.raises(UsageError):
        protect(cube, policy=Policy("rounded cube"))
    release = protect(cube, policy=Policy("rounded cube"), secret=b"sealed and never printed")
    again = protect(cube, policy=Policy("rounded cube"), secret=b"sealed and never printed")
    assert release.csv() == again.csv()
    both = [line(release, g, "applied", "entered")["value"] for g in ("women", "men or not declared")]
    assert sum(both) == line(release, "everybody", "applied", "entered")["value"]
    for group, where in (("women", (("sex", ("women",)),)),):
        told = line(release, group, "applied", "entered")
        assert told["low"] <= cube.count(where, "applied", "entered") <= told["high"]


@pytest.mark.parametrize(
    "tables",
    [
        (("sex",), ("ethnicity_3",), ("sex", "ethnicity_3")),
        (("sex",), ("ethnicity_2",), ("sex", "ethnicity_2"), ("ethnicity_2", "sex")),
        (("religion",),),
    ],
)
def test_the_dimension_budget(tables) -> None:
    with pytest.raises(UsageError):
        Declaration(STAGES, (SEX, ETHNICITY), tables)


def test_a_panel_or_a_unit_is_never_a_table() -> None:
    with pytest.raises(UsageError):
        Declaration(STAGES, (Characteristic("bcu", ("east", "west"), "east"),), (("bcu",),))


def test_unknown_codes_are_counted_and_not_repeated() -> None:
    frame = people({("women", "Martian", ending("met")): 3, ("women", "White", "vanished"): 2})
    with pytest.raises(UsageError) as caught:
        Cube.of(frame, process="p", milestone="met", declaration=DECLARED)
    assert "Martian" not in str(caught.value)
    assert "vanished" not in str(caught.value)
    assert "3 rows" in str(caught.value)


def test_structural_zeros_must_be_zero() -> None:
    with pytest.raises(UsageError):
        Cube.of(people({("women", "White", ending("interviewed", "not passed")): 1}), process="p", milestone="met", declaration=DECLARED)


NEVER = frozenset({("interviewed", "not passed")})
WAY = Declaration(("applied", "eligible", "interviewed", "met"), (SEX, ETHNICITY), (("sex",), ("ethnicity_2",), ("ethnicity_3",)),
                  NEVER, first=("interviewed", "met", "applied"), spans=(("applied", "met"),))  # fmt: skip


def on_the_way(women, men, declaration: Declaration = WAY, asian_men=(0, 0, 0, 0)) -> Cube:
    """White women and men, and Asian men, by how far they came: applied, eligible, interviewed, met."""
    counts = {}
    ends = (ending("eligible", "not passed"), ending("interviewed", "withdrawn"), ending("met", "not passed"))
    for sex, group, chain in (("women", "White", women), ("men", "White", men), ("men", "Asian", asian_men)):
        for at, end in enumerate(ends):
            counts[sex, group, end] = chain[at] - chain[at + 1]
        counts[sex, group, ending("met")] = chain[3]
    return Cube.of(people(counts), process="p", milestone="met", declaration=declaration)


def shown(release, group: str, table: str = "sex") -> dict[str, str]:
    return {stage: line(release, group, stage, "passed", table)["shown"] for stage in ("eligible", "interviewed", "met")}


FEW_WITHDREW = (118, 101, 98, 51), (260, 236, 227, 109)


def test_withdrawing_is_no_failure_so_the_interviewed_are_shown_though_few_were_lost() -> None:
    release = protect(on_the_way(*FEW_WITHDREW))
    assert release.steps == ()
    assert shown(release, "women") == {"eligible": "100", "interviewed": "100", "met": "50"}
    assert line(release, "women", "interviewed", "withdrawn")["shown"] == "[c]"
    withdrew = release.audit.bounds.query("table == 'sex' and stage == 'interviewed' and measure == 'withdrawn'")
    assert (withdrew["values"] >= 5).all()


def test_where_people_can_fail_as_many_as_ever_must_be_lost() -> None:
    unlike = replace(WAY, impossible=frozenset(), first=())
    assert shown(protect(on_the_way(*FEW_WITHDREW, unlike)), "women") == {"eligible": "100", "interviewed": "[c]", "met": "50"}


def test_the_stages_that_matter_most_are_fitted_first() -> None:
    unlike = replace(WAY, impossible=frozenset())
    assert shown(protect(on_the_way(*FEW_WITHDREW, unlike)), "women") == {"eligible": "[c]", "interviewed": "100", "met": "50"}
    few_failed = protect(on_the_way((66, 59, 58, 27), FEW_WITHDREW[1]))
    assert line(few_failed, "women", "applied", "entered")["shown"] == "[c]"
    assert shown(few_failed, "women") == {"eligible": "60", "interviewed": "60", "met": "25"}


def test_where_the_withdrawals_could_be_told_the_stage_before_gives_way_and_the_interviewed_stay() -> None:
    # All twelve who withdrew are White women.
    release = protect(on_the_way((120, 103, 91, 51), (260, 236, 236, 109), asian_men=(90, 70, 70, 30)))
    assert [step.split(":")[0] for step in release.steps if "sex leaves" in step]
    assert shown(release, "women") == {"eligible": "[c]", "interviewed": "90", "met": "50"}
    assert shown(release, "ethnic minority", "ethnicity_2") == {"eligible": "70", "interviewed": "70", "met": "30"}


def test_both_sides_of_a_loss_are_large_and_readers_know_it() -> None:
    # 21 failed. Readers see that ten or more women did and ten or more of everybody else: ten or eleven women.
    release = protect(on_the_way((100, 100, 100, 90), (100, 100, 100, 89)))
    failed = release.audit.bounds.query("table == 'sex' and group == 'women' and stage == 'met' and measure == 'not passed'")
    assert (failed["values"] >= 3).all()
    assert shown(release, "women")["met"] == "[c]"


def test_what_an_earlier_release_showed_counts_as_shown() -> None:
    cube = on_the_way((66, 59, 58, 27), FEW_WITHDREW[1])
    earlier = {("sex", "women", "applied", "entered"): 65}
    release = protect(cube, earlier=earlier)
    assert line(release, "women", "applied", "entered")["shown"] == "65"
    assert shown(release, "women")["interviewed"] == "[c]"


def test_a_reused_value_is_audited_as_readers_see_it_who_guess_that_nothing_moved() -> None:
    cube = on_the_way(*FEW_WITHDREW)
    earlier = {("sex", "women", stage, "passed"): value for stage, value in (("eligible", 100), ("interviewed", 95))}
    told = protect(cube, earlier=earlier).told
    assert known((("sex", ("women",)),), "eligible", "passed", 98, 102) in told  # 101, as it was
    assert known((("sex", ("women",)),), "interviewed", "passed", 86, 104) in told  # 98 has moved, and may have moved by up to nine


def test_a_verdict_over_a_span_for_a_group_that_has_verdicts() -> None:
    cube = on_the_way((40, 34, 33, 12), FEW_WITHDREW[1])
    release = protect(cube)
    women, men = (("sex", ("women",)),), (("sex", ("men",)),)
    a, n, c, m = (cube.count(who, *link) for who in (women, men) for link in (("met", "passed"), ("applied", "entered")))
    code = int(verdicts([a], [n], [c], [m])[0])
    assert line(release, "women", "met", "verdict since applied")["shown"] == CODES[code].value
    assert VerdictTold(women, men, "met", code, "applied") in release.told
    assert "verdict since applied" not in set(release.cells.query("group == 'men or not declared'")["measure"])
    large = protect(on_the_way(*FEW_WITHDREW))
    assert "verdict since applied" not in set(large.cells.query("table == 'sex'")["measure"])


def test_a_span_that_few_began_has_no_verdict() -> None:
    later = replace(WAY, stages=(*WAY.stages, "posted"), spans=(("interviewed", "posted"),))
    counts = {("women", "White", ending("eligible", "not passed")): 20, ("women", "White", ending("posted")): 8,
              ("men", "White", ending("posted")): 100, ("men", "White", ending("met", "not passed")): 60}  # fmt: skip
    release = protect(Cube.of(people(counts), process="p", milestone="met", declaration=later))
    assert line(release, "women", "posted", "verdict since interviewed")["shown"] == "[c]"
    assert known((("sex", ("women",)),), "interviewed", "passed", None, 9) in release.told


@pytest.mark.parametrize(
    "change",
    [
        {"spans": (("interviewed", "met"),)},
        {"spans": (("met", "applied"),)},
        {"spans": (("applied", "vanished"),)},
        {"spans": (("applied", "met"), ("applied", "met"))},
        {"first": ("vanished",)},
        {"first": ("met", "met")},
    ],
)
def test_spans_and_first_stages_are_checked(change) -> None:
    with pytest.raises(UsageError):
        replace(WAY, **change)


def test_spans_and_first_stages_belong_to_what_is_declared() -> None:
    assert len({replace(WAY, **change).as_text() for change in ({}, {"spans": ()}, {"first": ()})}) == 3


def test_a_kind_of_not_known_that_one_characteristic_shows_is_unknown_for_another() -> None:
    counts = {}
    sizes = (("women", "White", 300), ("men", "White", 900), ("opted out", "White", 60), ("men", "opted out", 60),
             ("not asked", "White", 40), ("women", "Asian", 120), ("men", "Asian", 150))  # fmt: skip
    for sex, group, n in sizes:
        counts[sex, group, ending("met")] = n // 2
        counts[sex, group, ending("met", "not passed")] = n - n // 2
    release = protect(Cube.of(people(counts), process="p", milestone="met", declaration=DECLARED))
    bounds = release.audit.bounds.query("stage == 'applied' and group == 'opted out' and table == 'ethnicity_2'").iloc[0]
    assert bounds["low"] <= 60 <= bounds["high"]
    assert not any("ethnicity_2" in step.split(" by ")[0] for step in release.steps)
