"""The quality lead's notebook: a page of prose with calls in it, which runs on the blind copy of an open process."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbclient import NotebookClient

from standardsetting import BlindScores, Process
from standardsetting.named.preview import preview
from standardsetting.simulate.folder import write
from standardsetting.tables.table import MIME

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "assessor_quality.ipynb"
HEADINGS = ["tomorrow", "done", "severity", "days-charts", "who", "scale", "inside-pairs", "panels-chance", "videos", "annex"]


@pytest.fixture(scope="module")
def source() -> nbformat.NotebookNode:
    return nbformat.read(NOTEBOOK, 4)


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory, source: nbformat.NotebookNode) -> tuple[nbformat.NotebookNode, BlindScores]:
    folder = tmp_path_factory.mktemp("open") / "process"
    write(folder, n=150, seed=11, open_=True)
    blind = preview(Process.load(folder), folder).blind_folder
    copy = nbformat.from_dict(json.loads(json.dumps(source)))
    NotebookClient(copy, timeout=120, resources={"metadata": {"path": str(blind.parent)}}).execute()
    return copy, BlindScores.read(blind)


def outputs(notebook: nbformat.NotebookNode, kind: str) -> list:
    return [o["data"][kind] for c in notebook.cells if c.cell_type == "code" for o in c.outputs if kind in o.get("data", {})]


def test_it_is_a_page_of_prose_with_calls(source: nbformat.NotebookNode) -> None:
    forbidden = (ast.FunctionDef, ast.ClassDef, ast.For, ast.While, ast.If, ast.Lambda, ast.comprehension, ast.BinOp, ast.Compare)
    for cell in (c for c in source.cells if c.cell_type == "code"):
        assert len(cell.source.splitlines()) <= 12
        assert not [node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, forbidden)], cell.source


def test_it_is_committed_clean(source: nbformat.NotebookNode) -> None:
    nbformat.validate(source)
    code = [c for c in source.cells if c.cell_type == "code"]
    assert all(not c.outputs and c.execution_count is None for c in code)
    assert [c.source for c in code if "parameters" in c.metadata.get("tags", [])] == ['blind_folder = "blind"']


def test_its_pages_come_in_the_readers_order(executed: tuple[nbformat.NotebookNode, BlindScores]) -> None:
    page = BeautifulSoup("".join(outputs(executed[0], "text/html")), "html.parser")
    assert [h["id"] for h in page.find_all("h2")] == HEADINGS
    ids = [tag["id"] for tag in page.find_all(id=True)]
    assert len(ids) == len(set(ids))
    names = [record["name"] for record in outputs(executed[0], MIME)]
    assert len(names) == len(set(names))
    for picture in page.find_all("figure"):
        assert len(picture.svg["aria-label"]) > 30
        assert picture.select_one("details table caption")


def test_every_assessor_is_there_by_blind_code(executed: tuple[nbformat.NotebookNode, BlindScores]) -> None:
    notebook, scores = executed
    text = "".join(outputs(notebook, "text/html"))
    codes = set(scores.ratings["assessor"].dropna().astype(str))
    assert codes
    assert all(code.startswith("A-") and code in text for code in codes)


def test_severity_stands_in_logits_and_the_annex_says_what_the_screens_ask(executed: tuple[nbformat.NotebookNode, BlindScores]) -> None:
    records = {record["name"]: record for record in outputs(executed[0], MIME)}
    page = BeautifulSoup("".join(outputs(executed[0], "text/html")), "html.parser")
    severity = page.select_one("#table-severity")
    assert severity is not None
    assert {"Logits", "Error of logits", "Infit", "Outfit"} <= {cell.text for cell in severity.select("thead th")}
    assert records["screens"]["headings"] == ["Screen", "What it asks", "Threshold", "Source"]
    after_annex = [tag["id"] for tag in page.select_one("#annex").find_all_next(id=True)]
    assert "table-screens" in after_annex


def test_nothing_goes_to_the_streams(executed: tuple[nbformat.NotebookNode, BlindScores]) -> None:
    assert not [o for c in executed[0].cells if c.cell_type == "code" for o in c.outputs if o.output_type in ("stream", "error")]
