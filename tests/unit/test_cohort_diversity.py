"""The cohort-diversity release: everything in it comes from the protected cube or from groups large enough, and both tiers say the same."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from standardsetting import Process
from standardsetting.blind.decide import seal_standard
from standardsetting.blind.scores import BlindScores
from standardsetting.cohort.diversity import cube_of, diversity_release, who_applied
from standardsetting.cohort.diversity.build import PUBLIC
from standardsetting.cohort.rates import compare
from standardsetting.cohort.snapshot import CohortSnapshot
from standardsetting.disclosure.gate import Piece, check, numbers
from standardsetting.disclosure.protect import protect
from standardsetting.disclosure.release import Release, Section
from standardsetting.errors import DisclosureError
from standardsetting.named.close import close
from standardsetting.named.snapshot import take
from standardsetting.shipped import shipped
from standardsetting.stages import BLIND

NOW = datetime(2024, 6, 3, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The shipped process, closed and decided, its snapshot, and its cube protected once."""
    folder = tmp_path_factory.mktemp("diversity") / "process"
    shutil.copytree(shipped("data") / "sergeant-2023", folder)
    process = Process.load(folder)
    close(process, folder, when=NOW)
    seal_standard(BlindScores.read(folder / BLIND), folder, cut=14, rationale="for a test", by=["A Person"], evidence={}, when=NOW)
    snapshot = CohortSnapshot.read(take(process, folder, milestone="pool", when=NOW).folder)
    cube = cube_of(snapshot)
    return SimpleNamespace(folder=folder, process=process, snapshot=snapshot, cube=cube, protected=protect(cube))


@pytest.fixture(scope="module")
def release(made: Any) -> Release:
    return diversity_release(made.snapshot, made.protected, tier="director", number=1)


def test_counts_are_the_protected_cells_and_nothing_else(made: Any, release: Release) -> None:
    cells = made.protected.cells
    cells = cells[~cells["measure"].str.startswith("verdict")].reset_index(drop=True)
    assert release["counts"].table["shown"].tolist() == cells["shown"].tolist()
    assert not cells["shown"].str.fullmatch(r"[1-9]").any()


def test_what_stands_beside_counts_is_computed_from_them(made: Any, release: Release) -> None:
    rows = release["comparisons"].table
    rows = rows[rows["basis"] == "rounded counts"]
    assert len(rows) >= 5
    shown = {(r.table, r.group, r.stage, r.measure): r.value for r in made.protected.cells.itertuples()}
    stages = {stage.label: stage.name for stage in made.snapshot.stages}
    checked = 0
    for row in rows.to_dict("records"):
        until = stages.get(row["stage"])
        if until is None:
            continue
        order = [stage.name for stage in made.snapshot.stages]
        since = order[order.index(until) - 1]
        base = "entered" if since == order[0] else "passed"
        key = row["characteristic"]
        a, n = (int(shown[key, row["group"], at, what]) for at, what in ((until, "passed"), (since, base)))
        c, m = (int(shown[key, row["comparator"], at, what]) for at, what in ((until, "passed"), (since, base)))
        found = compare(a, n, c, m)
        assert row["ratio"] == round(found.ratio, 2)
        assert row["verdict"] in (found.verdict.value, "cannot tell (undeclared)")
        checked += 1
    assert checked


def test_where_the_undeclared_could_change_a_verdict_the_numbers_cannot_tell(release: Release) -> None:
    rows, bounds = (release[name].table.set_index(["characteristic", "group", "stage"]) for name in ("comparisons", "undeclared"))
    together = rows.loc[bounds.index]
    assert together["verdict"].isin(["cannot tell", *bounds["verdict"]]).all() and together["verdict"].nunique() > 1
    changed = together[together["verdict"] == "cannot tell (undeclared)"]
    assert len(changed) and changed["sentence"].str.contains("did not declare, the verdict").all()


def test_the_interview_is_told_once(made: Any, release: Release) -> None:
    again = diversity_release(made.snapshot, made.protected, tier="director", number=2, told_before=["gates"])
    assert "gates" in release.sections and "gates" not in again.sections


def test_a_gate_s_parts_are_each_large_enough_before_rounding(made: Any) -> None:
    """A true count of eight rounds to ten: it is not shown."""
    from standardsetting.cohort.diversity.compared import Shown
    from standardsetting.cohort.diversity.declared import people_of
    from standardsetting.cohort.diversity.interview import _shares, pairs

    pair = pairs(made.snapshot, Shown(made.protected, people_of(made.snapshot)))[0]
    focal, others = pair.is_focal.nonzero()[0], (~pair.is_focal).nonzero()[0]
    for part, shown in ((8, False), (12, True)):
        inside = pair.is_focal & False
        inside[focal[:part]] = inside[others[:40]] = True
        assert (_shares(inside, pair, made.protected.policy) is not None) is shown
    # Nearly everybody: the part that is left is small, whatever the rounded base makes of it.
    asked = (made.snapshot.people["stage_interviewed"] == "passed").to_numpy()
    inside = (pair.is_focal & asked) | False
    inside[(pair.is_focal & asked).nonzero()[0][:8]] = False
    inside[(~pair.is_focal & asked).nonzero()[0][:40]] = True
    assert _shares(inside, replace(pair, n=pair.true_n + 4), made.protected.policy) is None


def test_a_total_leaves_values_enough_between_two_parts_of_ten(made: Any) -> None:
    """Of 20 people both parts are ten or more only where each is ten."""
    from standardsetting.cohort.diversity.interview import _said

    pair = _first_pair(made)
    said = {total: _said(10, total, pair, made.protected.policy) for total in (20, 21, 22)}
    assert said[20] is None and said[21] is None and said[22] is not None


def test_superiority_says_no_more_than_the_figure_and_the_totals(made: Any) -> None:
    """Two groups with the same figure, one bunched and one spread over the points, have the same interval."""
    from standardsetting.cohort.diversity.interview import superiorities

    pair = _first_pair(made)
    frame, seen = made.snapshot.people.copy(), []
    asked = (frame["stage_interviewed"] == "passed").to_numpy()
    focal, others = ((asked & mask).nonzero()[0] for mask in (pair.is_focal, (pair.labels == pair.comparator).to_numpy()))
    for mine, theirs in ((1, 2), (2, 1)):
        # The same scores in all: one group has the middle and the other the ends, and the other way round.
        sets = {1: [3.0, 3.0, 3.0, 3.0], 2: [1.0, 5.0, 2.0, 4.0]}
        frame["score_courage"] = frame["score_courage"].where(~asked, 3.0)
        for group, which in ((focal[:80], mine), (others[:80], theirs)):
            frame.iloc[group, frame.columns.get_loc("score_courage")] = np.tile(sets[which], 20)
        rows = superiorities(replace(made.snapshot, people=frame), (pair,), made.protected.policy).table.set_index("value")
        seen.append(tuple(rows.loc["Courage", ["superiority", "low", "high"]]))
    assert seen[0] == seen[1] and seen[0][0] == 0.5


def test_where_few_scores_are_in_use_superiority_is_coarser_or_left_out(made: Any) -> None:
    from standardsetting.cohort.diversity.interview import COARSE, FINE, _nearest, superiorities

    counts = {FINE: (10, 10, 10, 10), COARSE: (20, 20, 20, 9), None: (200, 200, 19, 9)}
    for step, people in counts.items():
        assert _nearest(pd.Series(np.repeat([2, 3, 4, 5], people))) == step
    frame = made.snapshot.people.assign(score_courage=lambda d: d["score_courage"].clip(3, 4))
    section = superiorities(replace(made.snapshot, people=frame), (_first_pair(made),), made.protected.policy)
    assert "Courage" not in set(section.table["value"]) and "Integrity" in set(section.table["value"])
    assert any("Courage" in sentence for sentence in section.sentences)


def test_whether_a_line_is_shown_does_not_cut_the_window_of_a_rounded_count(made: Any) -> None:
    """A group of 49 is shown as 50: its superiority is there, as that of a group of 50 is."""
    from standardsetting.cohort.diversity.interview import superiorities

    pair = _first_pair(made)
    asked = (made.snapshot.people["stage_interviewed"] == "passed").to_numpy()
    too_many = pair.is_focal & asked & ((pair.is_focal & asked).cumsum() > 49)
    few = pair.labels.mask(pd.Series(too_many, index=pair.labels.index), pair.comparator)
    small = replace(pair, labels=few, n=50, true_n=49)
    assert len(superiorities(made.snapshot, (small,), made.protected.policy).table) == 5


def test_p_values_are_told_in_steps(release: Release) -> None:
    """With a printed seed a p-value to three decimals is a fingerprint of the data."""
    told = pd.concat([release["items"].table[["p", "adjusted_p"]].stack(), release["panels"].table["p"]]).dropna()
    assert len(told) and set(told) <= {0.01, 0.05, 0.1, 0.2, 0.5, 1.0}


def test_the_gap_as_it_is_is_that_of_page_one(release: Release) -> None:
    first, compared = release["adjusted"].table.query("view == 'unadjusted'"), release["comparisons"].table
    assert len(first)
    for row in first.to_dict("records"):
        same = compared[(compared["group"] == row["group"]) & compared["stage"].str.contains("of those who were interviewed")].iloc[0]
        assert [row[end] for end in ("difference", "low", "high")] == same[["difference", "difference_low", "difference_high"]].tolist()


def _first_pair(made: Any) -> Any:
    from standardsetting.cohort.diversity.compared import Shown
    from standardsetting.cohort.diversity.declared import people_of
    from standardsetting.cohort.diversity.interview import pairs

    return pairs(made.snapshot, Shown(made.protected, people_of(made.snapshot)))[0]


def test_a_group_with_a_verdict_only_has_no_number(release: Release) -> None:
    rows = release["comparisons"].table
    rows = rows[rows["basis"] == "verdict only"]
    assert len(rows)
    numeric = ["rate", "reference_rate", "ratio", "difference", "p", "shortfall", "flip_number", "smallest_detectable_ratio"]
    assert rows[numeric].isna().all(axis=None)
    assert all(numbers(sentence) <= {50} for sentence in rows["sentence"])


def test_the_public_tier_is_a_part_of_the_director_s(made: Any, release: Release) -> None:
    public = diversity_release(made.snapshot, made.protected, tier="public", number=1)
    assert set(public.sections) - {"changes"} == set(PUBLIC)
    for name in PUBLIC:
        pd.testing.assert_frame_equal(public[name].table, release[name].table)


def test_the_same_release_gives_the_same_bytes(made: Any, release: Release, tmp_path: Path) -> None:
    again = diversity_release(made.snapshot, made.protected, tier="director", number=1)
    one, other = release.write(tmp_path / "one"), again.write(tmp_path / "other")
    assert one.seal == other.seal
    files = sorted(file.name for file in (tmp_path / "one").iterdir())
    assert all((tmp_path / "one" / name).read_bytes() == (tmp_path / "other" / name).read_bytes() for name in files)


def test_what_is_read_back_is_what_was_written(release: Release, tmp_path: Path) -> None:
    written = release.write(tmp_path / "release")
    back = Release.read(tmp_path / "release")
    assert back.seal == written.seal and dict(back.header) == json.loads(json.dumps(dict(release.header)))
    assert back["comparisons"].table["sentence"].tolist() == release["comparisons"].table["sentence"].tolist()


def test_a_changed_release_is_not_read(release: Release, tmp_path: Path) -> None:
    release.write(tmp_path / "release")
    file = tmp_path / "release" / "counts.json"
    file.write_text(file.read_text().replace("405", "404"), encoding="utf-8")
    with pytest.raises(DisclosureError):
        Release.read(tmp_path / "release")


def test_a_section_or_column_that_is_not_listed_is_refused(release: Release) -> None:
    with pytest.raises(DisclosureError):
        replace(release, sections={"everybody by name": Section(pd.DataFrame())})
    with pytest.raises(DisclosureError):
        replace(release, sections={"counts": Section(pd.DataFrame({"true_count": [3]}))})


def test_no_exact_small_count_of_a_sensitive_group_is_among_the_released_numbers(made: Any, release: Release) -> None:
    """The cube's own counts, where they are exact and not rounded, do not stand in any count of the release."""
    shown = set(release["counts"].table["shown"])
    assert all(int(text.replace(",", "")) % 5 == 0 for text in shown if text[0].isdigit() and not text.endswith("%"))


def test_the_gate_finds_a_true_count_in_an_alternative_text(made: Any, release: Release) -> None:
    words = json.dumps({name: part.table.to_dict("records") for name, part in release.sections.items()}, default=str)
    allowed = numbers(words)
    women = int(made.cube.by_ending((("sex", ("Female",)),)).sum())
    assert women % 5, "a rounded count would not show that the gate looks"
    assert check([Piece("page.html", "alternative text", f"{women} women applied")], allowed=allowed - {women})


def test_due_regard_asks_for_a_decision(release: Release) -> None:
    assert len(release["due_regard"].table) and (release["due_regard"].table["decision"] == "").all()


def test_scores_are_not_looked_at_without_a_standard(made: Any) -> None:
    early = replace(made.snapshot, standard=None)
    assert "gates" not in diversity_release(early, made.protected, tier="director", number=1).sections


def test_where_nobody_was_refused_for_a_reason_on_record_no_reason_is_shown(made: Any) -> None:
    people = made.snapshot.people.assign(reason_not_eligible=pd.Series(None, index=made.snapshot.people.index, dtype=object))
    section = who_applied.reasons(replace(made.snapshot, people=people), (_first_pair(made),), made.protected.policy)
    assert section.table.empty and section.sentences
