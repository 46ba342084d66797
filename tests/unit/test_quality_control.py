"""The quality lead's report: what to do tomorrow follows from the figures, and no word of it accuses anybody."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from standardsetting import BlindScores, Process, figures, prose, tables
from standardsetting.blind.assessors import Screens
from standardsetting.blind.quality_control import QualityControl, quality_control
from standardsetting.blind.scores import Account

VALUES = ("courage", "integrity", "compassion")
SEVERE = "A-0"


def blind(*, severe: float = 1.0, n: int = 160, pool: int = 8, apart: bool = False, panels: int = 6, videos: bool = False) -> BlindScores:
    """Candidates rated by two of a pool; the first assessor rates lower. Two candidates lack a second assessor, one lacks a value."""
    draw = np.random.default_rng(8)
    rows = []
    for i in range(n):
        level = draw.normal(3.2, 0.8)
        half = range(pool // 2) if i % 2 else range(pool // 2, pool)
        for a in draw.choice(list(half) if apart else pool, 2, replace=False):
            own = np.clip(np.round(level - severe * (a == 0) + draw.normal(0, 0.6, len(VALUES))), 1, 5)
            rows += [(f"C-{i:03d}", f"A-{a}", v, x, "independent") for v, x in zip(VALUES, own, strict=True)]
    ratings = pd.DataFrame(rows, columns=["candidate", "assessor", "value", "rating", "kind"])
    ratings = ratings.drop([*range(3, 6), *range(9, 12), 12])
    people = [f"C-{i:03d}" for i in range(n)]
    interviews = pd.DataFrame({"candidate": people, "panel": [f"P-{i % panels}" for i in range(n)], "complete": True})
    interviews["day"] = pd.array([1 + i // 20 for i in range(n)], dtype="Int64")
    content = {
        "process": {"id": "p", "title": "P"},
        "scale": {"minimum": 1, "maximum": 5},
        "values": [{"name": v, "hurdle": 3} for v in VALUES],
    }
    account = Account(None, n + 40, n, 0, {"withdrawn": 5}, 2, (), (), "")
    benchmark = [("V-1", a, v, 3.0 - (a == SEVERE), "before") for a in (SEVERE, "A-1") for v in VALUES]
    benchmark += [("V-1", None, v, 3.0, "reference") for v in VALUES]
    shown = pd.DataFrame(benchmark if videos else [], columns=["video", "assessor", "value", "rating", "occasion"])
    whole = ratings.merge(interviews[["candidate", "panel", "day"]], on="candidate")
    return BlindScores(whole, interviews, Process.from_mapping(content), account, "seal", shown)


@pytest.fixture(scope="module")
def scores() -> BlindScores:
    return blind(videos=True)


@pytest.fixture(scope="module")
def found(scores: BlindScores) -> QualityControl:
    return quality_control(scores, replicates=50)


def test_the_severe_assessor_comes_first_with_figures_and_something_to_do(scores: BlindScores, found: QualityControl) -> None:
    first = prose.to_do(found, scores).text.splitlines()[0]
    row = found.assessors.set_index("assessor").loc[SEVERE]
    assert first.startswith(f"Assessor {SEVERE} rated {row['severity']:.1f} points below")
    assert re.search(r"Pair with A-\d or A-\d and review the recordings of C-\d+ and C-\d+", first)
    assert SEVERE not in re.findall(r"Pair with (.*) and review", first)[0]


def test_missing_ratings_are_counted_and_asked_for(scores: BlindScores, found: QualityControl) -> None:
    done = found.done
    assert (done.second_missing, done.part_missing, done.outstanding, done.last_day) == (2, 1, 35, 8)
    said = prose.to_do(found, scores).text
    assert "2 candidates have one assessor's ratings only" in said
    assert "1 candidate lacks an assessor's rating" in said
    days = tables.days_done(found)
    assert days is not None
    assert days.data.sum().tolist()[1:] == [160, 2, 1]


def test_severity_stands_in_points_and_in_logits(found: QualityControl) -> None:
    rows = tables.severity_shrunk(found).data.set_index("Assessor")
    assert rows.index[0] == SEVERE
    assert rows["Logits"].idxmax() == SEVERE
    assert rows[["Logits", "Error of logits", "Infit", "Outfit"]].notna().all(axis=None)
    assert "severity in logits (many-facet Rasch)" in getattr(prose.quality_logits(found), "text", "")


def test_the_annex_lists_the_thresholds_that_were_used() -> None:
    found = quality_control(blind(), replicates=20, screens=Screens(severity_practical=3.5, fewest_candidates=99))
    listed = tables.screens(found)
    assert listed is not None
    assert {"3.5 alone", "99", "0.025"} <= set(listed.data["Threshold"])
    assert listed.data["Source"].str.len().gt(3).all()
    assert found.flagged.empty


def matrix(scores: BlindScores) -> BlindScores:
    """The same candidates in two exercises, the letter marked by other assessors, one of whom is severe there only."""
    content = scores.process.model_dump(mode="json")
    content["exercises"] = [{"name": "interview", "values": list(VALUES)}, {"name": "letter", "values": list(VALUES)}]
    letter = scores.ratings.assign(exercise="letter", assessor="A-9" + scores.ratings["assessor"].str[2:])
    ratings = pd.concat([blind(severe=0.0).ratings.assign(exercise="interview"), letter], ignore_index=True)
    return BlindScores(ratings, scores.interviews, Process.from_mapping(content), scores.account, "seal", scores.benchmark)


def test_exercises_are_looked_at_each_by_itself() -> None:
    plain = blind()
    both, interview, letter = (quality_control(one, replicates=50) for one in (matrix(plain), blind(severe=0.0), plain))
    assert both.exercises == ("interview", "letter")
    rows = both.assessors.set_index("assessor")
    for exercise, alone, name in (("interview", interview, "A-{}"), ("letter", letter, "A-9{}")):
        single = alone.assessors.set_index("assessor")
        for column in ("severity", "severity_se", "noise", "flat_share", "flat_share_expected", "agreement_expected"):
            mine = [rows.loc[f"{name.format(i)} in {exercise}", column] for i in range(8)]
            np.testing.assert_allclose(mine, [single.loc[f"A-{i}", column] for i in range(8)])
    # Two exercises share each value's score, so a point on every value of one of them is half a point a value.
    np.testing.assert_allclose(rows["total_points"], -1.5 * rows["severity"])
    assert both.flagged["assessor"].iloc[0] == "A-90 in letter"
    assert "Assessor A-90 in letter rated" in prose.to_do(both, matrix(plain)).text
    # Whoever sat in the other exercise is neither a second assessor nor one who left values out.
    assert (both.done.second_missing, both.done.part_missing) == (2, 1)
    assert both.rota is not None
    assert both.rota.components == 2
    assert not set(both.rota.common["assessor_1"].str.len() + both.rota.common["assessor_2"].str.len()) & {7}
    assert both.logits is not None
    assert len(both.logits.table) == 16
    assert "2 exercises" in getattr(prose.network(both), "text", "")
    assert len(tables.severity_shrunk(both).data) == 16


def test_no_word_accuses(scores: BlindScores, found: QualityControl) -> None:
    passages = (
        prose.tonight(found, scores), prose.to_do(found, scores), prose.quality_severity_heading(found), prose.quality_severity(found),
        prose.quality_logits(found),
        prose.panel_layer(found), prose.calibrated(found),
    )  # fmt: skip
    said = " ".join(passage.text for passage in passages if passage is not None).casefold()
    assert "a screen raised a question" in said
    for word in ("bad", "poor", "wrong", "biased", "unfair", "fault", "fail", "unreliable", "guilty", "must"):
        assert not re.search(rf"\b{word}\b", said), word


def test_with_nothing_to_ask_it_says_so() -> None:
    quiet = blind(severe=0.0)
    nothing = quality_control(quiet, replicates=50)
    whole = QualityControl("", nothing.done.__class__(**{**vars(nothing.done), "second_missing": 0, "part_missing": 0}), rota=nothing.rota)
    assert prose.to_do(whole, quiet).text.startswith("Nothing:")


def test_parts_that_share_nobody_are_told_and_pairs_are_asked_to_mix() -> None:
    scores = blind(apart=True)
    found = quality_control(scores, replicates=50)
    assert "2 parts that share no candidate" in prose.to_do(found, scores).text
    picture = figures.network(found)
    assert picture is not None
    assert picture.title == "The assessors fall into 2 parts that share no candidate"
    assert picture.twin.data["Part"].nunique() == 2
    told = prose.quality_logits(found)
    assert told is not None
    assert "no severity in logits" in told.text
    assert re.search(r"subset 1: A-0, A-1, A-2, A-3; subset 2: A-4, A-5, A-6, A-7", told.text)
    assert "Logits" not in tables.severity_shrunk(found).data


def test_without_comparison_it_says_why_and_shows_no_empty_page() -> None:
    scores = blind()
    agreed = BlindScores(scores.ratings.assign(kind="agreed", assessor=None), scores.interviews, scores.process, scores.account, "seal")
    found = quality_control(agreed)
    assert "cannot be compared" in prose.tonight(found, agreed).text
    nothing = (
        figures.severity_caterpillar(found), figures.control_charts(found), figures.who_sat_with_whom(found), figures.network(found),
        figures.panels(found), tables.use_of_the_scale(found), tables.dependence(found), tables.calibration(found),
        prose.quality_severity_heading(found), prose.network(found), prose.quality_logits(found), tables.screens(found),
        prose.section("Title", "anchor", None),
    )  # fmt: skip
    assert nothing == (None,) * len(nothing)


def test_benchmark_videos_have_a_page_where_there_are_any(found: QualityControl) -> None:
    table = tables.calibration(found)
    assert table is not None
    rows = table.data.set_index("Assessor")
    assert rows.loc[SEVERE, "Bias"] == -1
    assert rows.loc[SEVERE, "Score again"] == "yes"
    assert tables.calibration(quality_control(blind(), replicates=20)) is None


def test_every_picture_says_in_words_and_numbers_what_it_shows(found: QualityControl) -> None:
    pictures = [
        figures.severity_caterpillar(found), figures.control_charts(found), figures.who_sat_with_whom(found), figures.network(found),
        figures.panels(found),
    ]  # fmt: skip
    for picture in pictures:
        assert picture is not None
        assert 'role="img"' in picture.html
        assert re.search(r"\d", picture.alt)
        assert len(picture.twin.data)
    assert sum(picture.twin.data["Candidates"].sum() for picture in pictures[2:3] if picture) == 158
