"""The pack's notebook: a page of prose with calls in it, which runs on a blind folder and says what the results say."""

from __future__ import annotations

import ast
import hashlib
import json
import re
import shutil
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from nbclient import NotebookClient

from standardsetting import BlindScores, Process
from standardsetting.blind.adjustment import would_adjusting_help
from standardsetting.blind.generalizability import g_qk
from standardsetting.blind.options import deciding, options
from standardsetting.blind.scores import Account
from standardsetting.tables.table import MIME

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "standard_setting_pack.ipynb"
VALUES = ("professionalism", "integrity", "courage", "compassion")


def write_blind_folder(folder: Path, *, candidates: int = 60, assessors: int = 0) -> Path:
    """A blind folder as the door leaves it: agreed scores from 1 to 5, one candidate incomplete; two of several assessors each, if any."""
    folder.mkdir()
    codes = [f"C-{i:04d}" for i in range(candidates)]
    scores = np.clip(np.random.default_rng(5).normal(3.3, 0.9, (candidates, len(VALUES))).round(), 1, 5)
    entries = [(c, None, None, v, scores[i, k], "agreed") for i, c in enumerate(codes) for k, v in enumerate(VALUES)][1:]
    draw = np.random.default_rng(6)
    for i, c in enumerate(codes if assessors else ()):
        for a in draw.choice(assessors, 2, replace=False):
            own = np.clip(scores[i] + draw.integers(-1, 2, len(VALUES)), 1, 5)
            entries += [(c, f"A-{a:02d}Z", None, v, own[k], "independent") for k, v in enumerate(VALUES)]
    ratings = pd.DataFrame(entries, columns=["candidate", "assessor", "exercise", "value", "rating", "kind"])
    ratings.astype({"candidate": "category", "value": "category", "kind": "category"}).to_parquet(folder / "ratings.parquet")
    pd.DataFrame({"candidate": codes, "panel": "P-1", "day": 1, "complete": True}).to_parquet(folder / "interviews.parquet")
    definition = Process.from_mapping(
        {
            "process": {"id": "small", "title": "Small process", "purpose": "Who may be promoted"},
            "scale": {"minimum": 1, "maximum": 5, "meanings": {"3": "acceptable"}},
            "values": [{"name": v, "hurdle": 3} for v in VALUES],
            "vacancies": 10,
        }
    )
    notes = ({"table": "ratings", "kind": "trailing spaces", "count": 2, "sentence": "2 cells had trailing spaces; they were trimmed."},)
    counted = ({"table": "interviews", "read": candidates + 2, "used": candidates, "excepted": 2},)
    account = Account(None, candidates + 2, candidates - 1, 1, {"withdrawn": 2}, 0, counted, notes, "2023-09-28T17:20:00+01:00")
    (folder / "definition.json").write_text(json.dumps(definition.without_sources().model_dump(mode="json")))
    (folder / "account.json").write_text(json.dumps(asdict(account)))
    names = ("ratings.parquet", "interviews.parquet", "definition.json", "account.json")
    (folder / "seal.json").write_text(json.dumps({name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}))
    return folder


@pytest.fixture(scope="module")
def source() -> nbformat.NotebookNode:
    return nbformat.read(NOTEBOOK, 4)


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory, source: nbformat.NotebookNode) -> tuple[nbformat.NotebookNode, BlindScores]:
    folder = tmp_path_factory.mktemp("run")
    blind = write_blind_folder(folder / "blind")
    copy = nbformat.from_dict(json.loads(json.dumps(source)))
    NotebookClient(copy, timeout=120, resources={"metadata": {"path": str(folder)}}).execute()
    return copy, BlindScores.read(blind)


@pytest.fixture(scope="module")
def with_assessors(tmp_path_factory: pytest.TempPathFactory, source: nbformat.NotebookNode) -> tuple[nbformat.NotebookNode, BlindScores]:
    folder = tmp_path_factory.mktemp("rated")
    blind = write_blind_folder(folder / "blind", assessors=8)
    copy = nbformat.from_dict(json.loads(json.dumps(source)))
    NotebookClient(copy, timeout=120, resources={"metadata": {"path": str(folder)}}).execute()
    return copy, BlindScores.read(blind)


def outputs(notebook: nbformat.NotebookNode, kind: str) -> list:
    return [o["data"][kind] for c in notebook.cells if c.cell_type == "code" for o in c.outputs if kind in o.get("data", {})]


def test_it_is_a_page_of_prose_with_calls(source: nbformat.NotebookNode) -> None:
    forbidden = (ast.FunctionDef, ast.ClassDef, ast.For, ast.While, ast.Lambda, ast.comprehension, ast.BinOp, ast.Subscript, ast.Compare)
    for cell in (c for c in source.cells if c.cell_type == "code"):
        assert len(cell.source.splitlines()) <= 12
        found = {type(node).__name__ for node in ast.walk(ast.parse(cell.source)) if isinstance(node, forbidden)}
        assert found <= {"Subscript"}, cell.source
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.Subscript):
                assert isinstance(node.slice, ast.Constant)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                assert node.func.attr not in {"sum", "mean", "groupby", "merge", "apply", "query", "assign"}


def test_it_is_committed_clean(source: nbformat.NotebookNode) -> None:
    nbformat.validate(source)
    assert source.metadata.kernelspec.name == "python3"
    code = [c for c in source.cells if c.cell_type == "code"]
    assert all(not c.outputs and c.execution_count is None for c in code)
    assert len({c.id for c in source.cells}) == len(source.cells)
    tagged = [c for c in code if "parameters" in c.metadata.get("tags", [])]
    assert [c.source for c in tagged] == ['blind_folder = "blind"']


def test_page_one_says_what_the_options_say(executed: tuple[nbformat.NotebookNode, BlindScores]) -> None:
    notebook, scores = executed
    page = BeautifulSoup("".join(outputs(notebook, "text/html")), "html.parser")
    said = [int(n) for n in re.findall(r"\d+", page.select_one(".lead").text)]  # type: ignore[union-attr]
    table = options(scores).set_index("cut")
    row, last = table.loc[12], table.loc[18]
    rate = int(100 * row["met"] / row["complete"] + 0.5)
    assert said == [row["complete"], 2, 1, row["met"], rate, 3, row["met"], 12, last["met"], 18]


def test_every_figure_has_alt_text_and_a_twin(executed: tuple[nbformat.NotebookNode, BlindScores]) -> None:
    page = BeautifulSoup("".join(outputs(executed[0], "text/html")), "html.parser")
    pictures = page.find_all("figure")
    assert len(pictures) == 6
    for picture in pictures:
        assert picture.svg["role"] == "img"
        assert len(picture.svg["aria-label"]) > 30
        assert picture.select_one("details table caption")


def test_headings_links_and_ids_fit(executed: tuple[nbformat.NotebookNode, BlindScores]) -> None:
    page = BeautifulSoup("".join(outputs(executed[0], "text/html")), "html.parser")
    ids = [tag["id"] for tag in page.find_all(id=True)]
    assert len(ids) == len(set(ids))
    assert {a["href"][1:] for a in page.select('a[href^="#"]')} <= set(ids)
    assert [h["id"] for h in page.find_all("h2")] == [
        "where", "rule", "why", "anonymised", "interviewed", "scores", "profiles",
        "agreement", "options", "not-met", "neighbours", "close", "record", "annex",
    ]  # fmt: skip
    assert not page.find_all("h1")


def test_tables_reach_the_workbook_with_names_of_their_own(executed: tuple[nbformat.NotebookNode, BlindScores]) -> None:
    names = [record["name"] for record in outputs(executed[0], MIME)]
    assert len(names) == len(set(names)) >= 18
    assert {"options", "every-profile", "checklist", "found-in-the-data"} <= set(names)


def test_hashes_are_there_in_full(executed: tuple[nbformat.NotebookNode, BlindScores]) -> None:
    notebook, scores = executed
    text = "".join(outputs(notebook, "text/html"))
    for digest in (scores.process.hash, scores.process.rule_hash, scores.seal):
        assert digest in text


def test_later_pages_are_left_out_and_not_announced(executed: tuple[nbformat.NotebookNode, BlindScores]) -> None:
    text = BeautifulSoup("".join(outputs(executed[0], "text/html")), "html.parser").text.casefold()
    for word in ("coming soon", "to be added", "placeholder", "todo", "will follow", "nan", "none of the above"):
        assert not re.search(rf"\b{word}\b", text), word
    assert "not in this pack" in text


def test_nothing_goes_to_the_streams(executed: tuple[nbformat.NotebookNode, BlindScores]) -> None:
    assert not [o for c in executed[0].cells if c.cell_type == "code" for o in c.outputs if o.output_type in ("stream", "error")]


def test_without_independent_ratings_one_sentence_says_why(executed: tuple[nbformat.NotebookNode, BlindScores]) -> None:
    page = BeautifulSoup("".join(outputs(executed[0], "text/html")), "html.parser")
    heading = page.find(id="agreement")
    assert heading is not None
    assert "cannot be said" in heading.text
    following = heading.find_next_sibling()
    assert following is not None
    assert "agreed scores only" in following.text
    assert not page.select("#table-agreement, #table-coefficients, #figure-severity, #error, #figure-severity-by-code")
    assert not page.select("#adjusting, #figure-adjusting, #table-adjusting, #table-rota-parts")
    assert "not in this pack" in page.select_one("#table-checklist").find("th", string="How far assessors agree").parent.text  # type: ignore[union-attr]


def test_with_independent_ratings_the_page_says_what_the_results_say(with_assessors: tuple[nbformat.NotebookNode, BlindScores]) -> None:
    notebook, scores = with_assessors
    page = BeautifulSoup("".join(outputs(notebook, "text/html")), "html.parser")
    ratings = scores.ratings[scores.ratings["kind"] == "independent"]
    gqk = g_qk(ratings)
    text = page.text
    assert f"G(q,k) = {gqk.value:.2f}" in text
    assert f"q = {gqk.q:.3f}" in text
    assert page.select("#table-agreement, #table-coefficients, #figure-severity, #error")
    assert "in this pack" in page.select_one("#table-checklist").find("th", string="How far assessors agree").parent.text  # type: ignore[union-attr]


def test_what_adjusting_would_change_is_said_and_nothing_is_adjusted(with_assessors: tuple[nbformat.NotebookNode, BlindScores]) -> None:
    notebook, scores = with_assessors
    page = BeautifulSoup("".join(outputs(notebook, "text/html")), "html.parser")
    found = would_adjusting_help(scores, cuts=deciding(options(scores))["cut"].tolist())
    heading = page.find(id="adjusting")
    assert heading is not None
    said = " ".join(p.text for p in heading.find_next_siblings("p")[:4])
    assert "No score in this pack was adjusted" in said
    assert f"raw scores led to {found.wrong_raw:.1f} wrong decisions per 100 candidates" in said
    assert f"{found.would_move} totals of {found.n_candidates} would move by half a point or more" in said.replace("no totals", "0 totals")
    assert page.select("#figure-adjusting svg")
    rows = page.select("#table-adjusting tbody tr")
    assert len(rows) == len(found.by_cut)
    assert rows[0].select("td, th")[-2].text == str(found.by_cut["would_leave"].iloc[0])
    assert not page.select("#table-rota-parts")


def test_codes_of_assessors_stand_in_the_annex_only(with_assessors: tuple[nbformat.NotebookNode, BlindScores]) -> None:
    notebook, scores = with_assessors
    whole = "".join(outputs(notebook, "text/html"))
    body, annex = whole.split('<h2 id="annex">')
    codes = set(scores.ratings["assessor"].dropna().astype(str))
    assert len(codes) == 8
    assert not [code for code in codes if code in body]
    assert all(code in annex for code in codes)


def test_every_cell_runs_under_nbval(tmp_path: Path) -> None:
    """As somebody runs it by hand: an ordinary kernel, one cell after the other, no cell may fail."""
    write_blind_folder(tmp_path / "blind")
    shutil.copyfile(NOTEBOOK, tmp_path / NOTEBOOK.name)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval-lax", "--nbval-cell-timeout=120", NOTEBOOK.name]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert re.search(r"[1-9]\d* passed", done.stdout)
