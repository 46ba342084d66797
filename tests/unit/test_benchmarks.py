"""The benchmarks run: every one of our sides on a few candidates, and the command with no other program installed."""

import ast
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
N = 60


@pytest.fixture(autouse=True)
def benchmarks_can_be_imported(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))


def every_contest():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT))
        from benchmarks.__main__ import contests

        return [contest for _, contest in contests()]


@pytest.mark.parametrize("n", [20, 30, N])
@pytest.mark.parametrize("contest", every_contest(), ids=lambda contest: contest.key)
def test_our_side_runs_and_finds_numbers(contest, n):
    from benchmarks.panels import draw

    panels = draw(n, contest.panels)
    numbers = contest.ours.numbers(contest.ours.run(contest.ours.prepare(panels)), panels)
    assert numbers and all(np.isfinite(one) for one in numbers.values())
    assert set(contest.facts) <= numbers.keys()


def test_the_same_panels_every_time_and_after_keeping_them(tmp_path):
    from benchmarks.panels import KINDS, Panels, draw

    for kind in KINDS:
        panels = draw(N, kind)
        panels.save(tmp_path / "panels.npz")
        for again in (draw(N, kind), Panels.load(tmp_path / "panels.npz")):
            assert all(np.array_equal(one, getattr(again, name), equal_nan=True) for name, one in vars(panels).items())
        assert panels.n == N
        assert not panels.table().duplicated(["candidate", "assessor", "value"]).any()
        if kind.endswith("gaps"):
            assert 0.75 < len(panels.rating) / (N * 8) < 0.95
        else:
            assert np.array_equal(panels.units().ravel(), panels.rating.reshape(N, 2, 4).transpose(0, 2, 1).ravel())


def test_the_truth_of_the_rasch_panels_belongs_to_their_assessors():
    from benchmarks.panels import draw

    panels = draw(1000, "many-facet Rasch")
    mean = np.bincount(panels.assessor, weights=panels.rating) / np.bincount(panels.assessor)
    assert np.corrcoef(mean, panels.severity)[0, 1] < -0.7


def test_the_command_says_what_is_not_installed_and_goes_on(tmp_path, capsys):
    from benchmarks.__main__ import main

    rows = main(["--sizes", str(N), "--only", "icc", "--out", str(tmp_path), "--remark", "A remark."])
    ours, peer = rows
    assert ours.ours and ours.seconds > 0 and ours.runs > 1 and ours.status == ""
    assert (peer.package, peer.status, peer.seconds) == ("pingouin", "not installed here", None)
    said, page = capsys.readouterr().out, (tmp_path / "results.md").read_text(encoding="utf-8")
    assert "not installed here" in said and "NOT MEASURED IN THIS RUN" in said
    assert "A remark." in page and "not installed here" in page and str(ROOT) not in page
    kept = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert [row["package"] for row in kept["rows"]] == ["standardsetting", "pingouin"]


def test_a_side_over_the_limit_is_ended_and_says_so(tmp_path):
    from benchmarks.__main__ import contests
    from benchmarks.panels import draw
    from benchmarks.race import race

    draw(N, "one pair").save(tmp_path / "panels.npz")
    family, contest = contests(["icc"])[0]
    alone = replace(contest, peers=())
    rows = race(family, alone, N, tmp_path / "panels.npz", tmp_path / "panels.npz", limit=0.0, too_long={})
    assert rows[0].status == "over 0 s" and rows[0].seconds is None


def test_sizes_are_left_out_by_what_was_measured():
    from benchmarks.__main__ import contests, too_long

    side = replace(contests(["facets"])[0][1].peers[0], growth=2.0)
    assert too_long(side, 1000, {}, 60) == ""
    assert too_long(side, 1000, {100: 0.5}, 60) == ""
    assert too_long(side, 1000, {100: 0.7}, 60) == "left out: about 70 s expected; last measured at 100: 0.7 s"
    assert too_long(side, 1000, {100: 0.01, 300: None}, 60) == "over 60 s at 300; last measured at 100: 0.01 s"
    assert too_long(side, 1000, {100: None}, 60) == "over 60 s at a smaller size; never measured"


def test_aims_are_met_not_met_or_not_measured():
    from benchmarks.aims import outcomes
    from benchmarks.race import Row

    def row(contest, n, package="standardsetting", **measured):
        return Row("family", contest, "title", n, package, package == "standardsetting", "", **measured)

    rows = [
        row("alpha", 100_000, seconds=1.0, megabytes=250.0),
        row("alpha", 100_000, "krippendorff", seconds=49.0, ratio=49.0),
        row("alpha-ready", 100_000, "krippendorff", seconds=50.0, ratio=50.0),
        row("bootstrap", 10_000, seconds=0.05),
        row("reml", 10_000, seconds=0.05, facts={"log-likelihood": -1000.0}),
        row("reml", 10_000, "lme4", seconds=1.0, facts={"log-likelihood": -999.99}),
        row("facets", 2_000, seconds=1.0, facts={"severity RMSE": 0.1}),
        row("facets", 2_000, "mirt", seconds=1.0, facts={"severity RMSE": 0.1}),
    ]
    assert outcomes(rows)[0].aim == "alpha, both from the long table, 50 times as fast as krippendorff at 100,000"
    verdicts = [one.verdict for one in outcomes(rows)]
    unknown = "not measured in this run"
    assert verdicts == ["not met", "met", "met", unknown, unknown, "not met", unknown, "not met", unknown, unknown, "met", "not met"]


def test_memory_is_not_called_met_while_a_contest_is_unknown():
    from benchmarks.aims import outcomes
    from benchmarks.race import Row

    known = Row("family", "alpha", "title", 100_000, "standardsetting", True, "", seconds=1.0, megabytes=10.0)
    unknown = replace(known, contest="reml-gaps", seconds=None, megabytes=None, status="over 60 s")
    assert outcomes([known])[-1].met is True
    assert outcomes([known, unknown])[-1].met is None and "not measured: reml-gaps" in outcomes([known, unknown])[-1].measured


def test_the_package_never_imports_the_benchmarks():
    for path in (ROOT / "standardsetting").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not any(name.split(".")[0] == "benchmarks" for name in names), path.name


def test_the_locks_pin_with_hashes_and_gpl_programs_stay_out_of_the_project():
    for name in ("requirements", "apart"):
        lock = (ROOT / "benchmarks" / f"{name}.lock").read_text(encoding="utf-8")
        pinned = {line.split("==")[0] for line in lock.splitlines() if "==" in line}
        wanted = (ROOT / "benchmarks" / f"{name}.in").read_text(encoding="utf-8").splitlines()
        assert {line.split(">")[0].lower() for line in wanted if line and not line.startswith("#")} <= pinned
        assert "://" not in lock and lock.count("--hash=sha256:") >= len(pinned)
    project = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "\nkrippendorff==" not in project and "\npingouin==" not in project
