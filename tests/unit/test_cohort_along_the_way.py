"""The way through the stages, and over the years, from protected counts: what is taken together, multiplies, or starts a series."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from standardsetting import Process
from standardsetting.cohort.diversity.build import _counts, _entitled
from standardsetting.cohort.diversity.compared import WHOLE_WAY, Shown, cumulative, waterfall
from standardsetting.cohort.diversity.declared import span_between
from standardsetting.cohort.diversity.over_years import over_the_years
from standardsetting.cohort.trend import trend
from standardsetting.disclosure.cube import Characteristic, Cube, Declaration, ending
from standardsetting.disclosure.protect import protect
from standardsetting.disclosure.release import SECTIONS, Release, Section
from standardsetting.figures import cohort as figures
from standardsetting.shipped import shipped

LABELS = {"applied": "Applied", "interviewed": "Interviewed", "hurdles": "Met every hurdle", "met": "Met the standard"}
DECLARED = Declaration(tuple(LABELS), (Characteristic("sex", ("Female", "Male"), "Male"),), (("sex",),))
OVERALL = span_between(LABELS, "applied", "met")
EDITION = {"sex": "sex; 1; 2021-03-21; What is your sex?; against Male"}


def shown(women: dict[str, int], men: dict[str, int]) -> Shown:
    """A protected cube of people who were lost at each stage, or met the standard."""
    lost = {stage: ending(stage, "not passed") for stage in LABELS} | {"withdrew": ending("interviewed", "withdrawn"), "all": ending("met")}
    rows = [(sex, lost[where]) for sex, counts in (("Female", women), ("Male", men)) for where, n in counts.items() for _ in range(n)]
    people = pd.DataFrame(rows, columns=["sex", "ending"])
    return Shown(protect(Cube.of(people, process="p", milestone="met", declaration=DECLARED)), {})


@pytest.fixture(scope="module")
def open_way() -> Shown:
    return shown({"interviewed": 32, "hurdles": 41, "met": 24, "all": 61}, {"interviewed": 60, "hurdles": 90, "met": 75, "all": 150})


def released(found: Shown, edition: str = EDITION["sex"]) -> Release:
    header = {"labels": {"stages": LABELS, "levels": {}, "notes": {}}, "editions": {"sex": edition}}
    process = Process.load(shipped("data") / "sergeant-2023").without_sources()
    return Release("cohort-diversity", "director", process, header, {"counts": _counts(found.cube, {})})


def test_the_parts_of_the_way_multiply_to_the_whole(open_way: Shown) -> None:
    table = waterfall(open_way, LABELS).set_index("stage")
    assert list(table.index) == ["Interviewed", "Met every hurdle", "Met the standard", WHOLE_WAY]
    parts = table["ratio"].drop(WHOLE_WAY)
    assert np.prod(parts) == pytest.approx(table["ratio"][WHOLE_WAY], abs=0.03)  # each is rounded to two decimals
    (a, n), (c, m) = (open_way.over_a_span(("sex",), who, OVERALL) for who in ("Female", "Male or not declared"))  # type: ignore[misc]
    assert table["ratio"][WHOLE_WAY] == pytest.approx((a / n) / (c / m), abs=0.005)


def test_a_stage_beside_which_too_few_were_lost_is_taken_with_the_next() -> None:
    """Twelve withdrew and nobody else was lost before the interview: no part of the picture may start or end there for women."""
    way = shown({"withdrew": 3, "hurdles": 44, "met": 24, "all": 61}, {"withdrew": 9, "hurdles": 90, "met": 75, "all": 150})
    stages = waterfall(way, LABELS)["stage"].tolist()
    assert stages == ["Met every hurdle, of those who applied", "Met the standard", WHOLE_WAY]


def test_one_part_is_no_waterfall() -> None:
    assert waterfall(shown({"met": 40, "all": 60}, {"met": 90, "all": 150}), LABELS).empty


def test_every_part_may_have_a_rate(open_way: Shown) -> None:
    """A policy that asks for more people leaves fewer parts: the rule is asked, not the counts."""
    cube = open_way.cube
    strict = replace(cube, policy=replace(cube.policy, rate_count=40))
    table = waterfall(Shown(strict, {}), LABELS)
    assert "Interviewed" not in table["stage"].tolist() and len(table) < len(waterfall(open_way, LABELS))


def test_how_far_a_group_came_is_a_share_of_those_at_the_first_stage_shown(open_way: Shown) -> None:
    table = cumulative(open_way, LABELS).set_index(["group", "stage"])["share"]
    for who in ("Female", "Male or not declared"):
        n = open_way.left(("sex",), who, "applied")
        shares = [100 * (open_way.left(("sex",), who, stage) or 0) / (n or 1) for stage in ("interviewed", "hurdles", "met")]
        assert table[who].tolist() == [int(share + 0.5) for share in shares]


def test_a_share_needs_people_on_either_side() -> None:
    """Three of 130 women were lost before the interview: 98% would tell it."""
    few = shown({"interviewed": 3, "hurdles": 41, "met": 25, "all": 61}, {"interviewed": 60, "hurdles": 90, "met": 75, "all": 150})
    table = cumulative(few, LABELS)
    assert ("Female", "interviewed") not in set(zip(table["group"], table["stage"], strict=True))
    assert ("Female", "met") in set(zip(table["group"], table["stage"], strict=True))


def test_what_gave_way_is_told_by_its_title() -> None:
    titles = {"sex": "Sex", "sex by ethnicity_2": "Sex by Ethnic group (2)"}
    assert _entitled("sex by ethnicity_2 is not shown: why.", titles) == "Sex by Ethnic group (2) is not shown: why."
    assert _entitled("sex has verdicts only: why.", titles) == "Sex has verdicts only: why."


def test_a_series_is_what_each_process_released(open_way: Shown) -> None:
    earlier = [(year, released(open_way)) for year in ("2021", "2022")]
    section = over_the_years(open_way, [OVERALL], label="2023", lists=EDITION, earlier=earlier)
    (a, n), (c, m) = (open_way.over_a_span(("sex",), who, OVERALL) for who in ("Female", "Male or not declared"))  # type: ignore[misc]
    same = pd.DataFrame({"process": ["2021", "2022", "2023"], "successes": a, "n": n, "reference_successes": c, "reference_n": m})
    expected = trend(same).points
    assert section.table["process"].tolist() == ["2021", "2022", "2023"]
    assert section.table["ratio"].tolist() == expected["ratio"].round(2).tolist()
    assert section.table["running_low"].tolist() == expected["running_low"].round(2).tolist()
    assert section.table["series"].tolist() == [1, 1, 1] and section.table["stage"].unique().tolist() == [OVERALL.label]
    assert "inside the band" in section.sentences[0]


def test_another_code_list_starts_another_series(open_way: Shown) -> None:
    earlier = [("2021", released(open_way, "sex; 0; 2011; another question; against Male")), ("2022", released(open_way))]
    section = over_the_years(open_way, [OVERALL], label="2023", lists=EDITION, earlier=earlier)
    assert section.table["series"].tolist() == [1, 2, 2]
    assert "code list changed" in section.sentences[0]


def test_a_process_that_stands_out_is_named(open_way: Shown) -> None:
    other = shown({"interviewed": 5, "hurdles": 10, "met": 12, "all": 130}, {"interviewed": 90, "hurdles": 90, "met": 90, "all": 105})
    earlier = [("2021", released(open_way)), ("2022", released(other))]
    section = over_the_years(open_way, [OVERALL], label="2023", lists=EDITION, earlier=earlier)
    assert any("outside the band" in sentence and "2022" in sentence for sentence in section.sentences)


def test_hidden_counts_make_no_point(open_way: Shown) -> None:
    few = shown({"met": 4, "all": 6}, {"met": 90, "all": 150})
    section = over_the_years(open_way, [OVERALL], label="2023", lists=EDITION, earlier=[("2022", released(few))])
    assert section.table.empty and section.sentences == ("No group has counts in two processes.",)


def test_the_picture_has_a_point_a_process_and_a_line_at_the_break(open_way: Shown) -> None:
    earlier = [("2021", released(open_way, "another list")), ("2022", released(open_way))]
    section = over_the_years(open_way, [OVERALL], label="2023", lists=EDITION, earlier=earlier)
    release = released(open_way)
    figure = figures.trend(replace(release, sections={**release.sections, "trend": section}))
    assert figure is not None
    text = BeautifulSoup(figure.svg, "html.parser").get_text(" ")
    assert all(year in text for year in ("2021", "2022", "2023")) and "new code list" in text
    assert figures.trend(replace(release, sections={"trend": Section(pd.DataFrame(columns=list(SECTIONS["trend"])))})) is None
