"""Figures: text stays text, ids are unique on a page, bytes do not change from run to run, and each has alt text and a twin."""

from __future__ import annotations

import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from standardsetting import DecisionRule, Process, Scale, figures
from standardsetting.blind.distributions import hurdle_counts, total_distribution, value_distribution
from standardsetting.blind.options import deciding, options
from standardsetting.blind.profile_counts import profile_counts
from standardsetting.blind.scores import Account
from standardsetting.figures import Figure
from standardsetting.tables.table import MIME

ACCOUNT = Account(40, 32, 30, 0, {"withdrawn": 2}, 0, (), (), "2023-09-28T17:00:00+01:00")


def process(values: int, low: int, high: int, step: float, hurdle: float) -> Process:
    names = [{"name": f"v{i}", "title": f"Value <{i}>", "hurdle": hurdle} for i in range(values)]
    return Process.from_mapping(
        {"process": {"id": "p", "title": "P"}, "scale": {"minimum": low, "maximum": high, "step": step}, "values": names}
    )


def drawn(values: int = 4, low: int = 1, high: int = 5, step: float = 1, hurdle: float = 3, *, candidates: int = 30) -> list[Figure]:
    definition = process(values, low, high, step, hurdle)
    rule = DecisionRule({v.name: v.hurdle for v in definition.values}, scale=Scale(low, high, step=step))
    points = np.array([float(p) for p in Scale(low, high, step=step).points])
    scores = pd.DataFrame(np.random.default_rng(1).choice(points, (candidates, values)), columns=list(rule.values))
    every = options(scores, rule)
    shown, totals, by_value = deciding(every), total_distribution(scores, rule), value_distribution(scores, rule)
    return [
        figures.where_the_standard_could_lie(totals, every, shown),
        figures.value_strip(by_value, hurdle_counts(by_value), definition),
        figures.profile_tiles(profile_counts(scores, rule, ordered=False), definition),
        figures.options_curve(shown),
        figures.not_met_by_reason(shown),
        figures.flow(ACCOUNT),
    ]


@pytest.mark.parametrize(
    "shape",
    [{}, {"values": 1}, {"values": 8, "step": 0.5}, {"values": 3, "low": 0, "high": 3, "hurdle": 1}, {"hurdle": 1}, {"candidates": 1}],
)
def test_every_figure_is_accessible(shape: dict[str, float]) -> None:
    pictures = drawn(**shape)  # type: ignore[arg-type]
    page = BeautifulSoup("".join(p.html for p in pictures), "html.parser")
    ids = [tag["id"] for tag in page.find_all(id=True)]
    assert len(ids) == len(set(ids))
    for picture in pictures:
        figure = BeautifulSoup(picture.html, "html.parser").figure
        assert figure is not None
        svg = figure.svg
        assert svg is not None
        assert svg["role"] == "img"
        assert svg["aria-label"] == picture.alt
        assert re.search(r"\d|nobody", picture.alt, re.IGNORECASE)
        assert picture.alt.endswith(".")
        assert not picture.title.endswith(".")
        assert svg.find_all("text")
        assert figure.details is not None
        assert figure.details.table is not None
        assert picture._repr_mimebundle_()[MIME]["rows"]
        width, height = (float(number) for number in svg["viewbox"].split()[2:])
        assert width == pytest.approx(16 / 2.54 * 72, rel=1e-3)
        assert height < 26 / 2.54 * 72


def test_references_stay_inside_the_picture() -> None:
    for picture in drawn():
        used = set(re.findall(r'(?:url\(#|href="#)([^")]+)', picture.svg))
        assert used <= set(re.findall(r'\bid="([^"]+)"', picture.svg))
        assert "<style" not in picture.svg
        assert "<metadata" not in picture.svg
        assert "<script" not in picture.svg
        assert "font-family" not in picture.svg.partition(">")[2]


def test_same_numbers_give_the_same_bytes() -> None:
    assert [p.html for p in drawn()] == [p.html for p in drawn()]


def test_bars_begin_at_zero_and_use_few_colours() -> None:
    for picture in drawn():
        for axes in picture.drawing.axes:
            starts = [min(axes.get_ylim()), min(axes.get_xlim())]
            if axes.patches and picture.name != "profiles":
                assert 0 in starts
        colours = {c.lower() for c in re.findall(r"(?:fill|stroke): (#[0-9a-fA-F]{6})", picture.svg)}
        loud = {c for c in colours if max(int(c[i : i + 2], 16) for i in (1, 3, 5)) - min(int(c[i : i + 2], 16) for i in (1, 3, 5)) > 40}
        assert len(loud) <= 5, loud  # four, and the darker orange that text needs for contrast


def test_title_follows_the_numbers() -> None:
    one, other = drawn()[3], drawn(candidates=300)[3]
    assert one.title != other.title


def test_blind_statistics_do_not_load_matplotlib() -> None:
    code = "import sys, standardsetting.blind.options, standardsetting.tables, standardsetting.prose; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def titled(rows: list[tuple[float, float]]) -> dict[str, Figure]:
    scores = pd.DataFrame(rows, columns=["value 1", "value 2"])
    rule = DecisionRule([3, 3], scale=Scale(1, 5))
    every = options(scores, rule)
    shown = deciding(every)
    pictures = (
        figures.where_the_standard_could_lie(total_distribution(scores, rule), every, shown),
        figures.options_curve(shown),
        figures.not_met_by_reason(shown),
    )
    return {picture.name: picture for picture in pictures}


@pytest.mark.parametrize(
    ("rows", "where", "reasons"),
    [
        ([(1, 1), (2, 1)], "At every total from 6 to 8, nobody meets the rule", "missed both a hurdle and the total, at every total shown"),
        ([(5, 5), (5, 4)], "At every total from 6 to 8, everybody meets the rule", "At every total shown, everybody meets the rule"),
        ([(5, 5), (1, 5)], "At every total from 6 to 8, 50% meet the rule", "At no total shown does the total alone turn anybody down"),
        ([(3, 3), (5, 5)], "From a total of 6 to 8, the share who meet the rule falls from 100% to 50%", "Nobody missed a hurdle"),
    ],
)
def test_titles_do_not_claim_a_fall_that_is_none(rows: list[tuple[float, float]], where: str, reasons: str) -> None:
    pictures = titled(rows)
    assert pictures["where-the-standard-could-lie"].title == where
    assert pictures["where-the-standard-could-lie"].alt.startswith(where)
    assert pictures["options-curve"].alt.startswith(where)
    assert reasons in pictures["not-met"].title
    assert "of the 2 candidates with every score" in pictures["where-the-standard-could-lie"].subtitle
    assert "of the 2 candidates with every score" in pictures["options-curve"].subtitle


def test_a_picture_of_nothing_is_not_shown() -> None:
    definition = process(6, 1, 5, 1, 2)
    rule = definition.decision_rule()
    counted = profile_counts(pd.DataFrame([[1.0] * 6], columns=list(rule.values)), rule)
    assert figures.profile_tiles(counted, definition)._repr_mimebundle_() == {"text/plain": "", "text/html": ""}


def test_one_interview() -> None:
    assert figures.flow(Account(None, 1, 1, 0, {}, 0, (), (), "")).title == "The only interview arranged is fully scored"
    assert figures.flow(Account(None, 1, 0, 0, {"deferred": 1}, 0, (), (), "")).title == "The only interview arranged led to no full score"
