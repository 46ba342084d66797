"""The cohort-diversity notebook: a page of prose with calls in it, run on a release made by hand."""

from __future__ import annotations

import ast
import math
import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from nbclient import NotebookClient

from standardsetting import Process
from standardsetting.disclosure.release import SECTIONS, Release, Section
from standardsetting.shipped import shipped
from standardsetting.tables import cohort as tables

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "cohort_diversity.ipynb"
STAGES = {"applied": "Applied", "interviewed": "Interviewed", "met_standard": "Met the minimum acceptable standard"}
OVERALL = "Met the minimum acceptable standard, of those who applied"
ORDER = ["answer", "reading", "certificate", "ladder", "counts", "waterfall", "comparisons"]
COUNTS = [
    ("sex", "everybody", "applied", "entered", "305"), ("sex", "everybody", "met_standard", "passed", "150"),
    ("sex", "Female", "applied", "entered", "100"), ("sex", "Female", "interviewed", "passed", "95"),
    ("sex", "Female", "met_standard", "passed", "40"), ("sex", "Female", "met_standard", "rate", "42%"),
    ("sex", "Male or not declared", "applied", "entered", "205"), ("sex", "Male or not declared", "met_standard", "passed", "110"),
    ("sex", "Opted out of monitoring", "applied", "entered", "[c]"), ("sex", "not declared", "applied", "entered", "[c]"),
]  # fmt: skip
SAYS = "Women had 12 fewer successes per 100 candidates than men (95% interval: 22 to 1 fewer). The impact ratio is 0.78 (0.61 to 0.98)."


def a_release(**changed: Any) -> Release:
    """A release with two declared comparisons: one with counts and a gap, one with a verdict alone."""
    gap = {
        "characteristic": "sex", "group": "Female", "comparator": "Male or not declared", "stage": OVERALL, "family": "declared",
        "basis": "rounded counts", "rate": 42.0, "reference_rate": 54.0, "ratio": 0.78, "ratio_low": 0.61, "ratio_high": 0.98,
        "difference": -12.0, "difference_low": -22.0, "difference_high": -1.0, "p": 0.041, "adjusted_p": 0.041, "shortfall": 9.0,
        "flip_number": 10.0, "smallest_detectable_ratio": 0.74, "verdict": "gap, size uncertain", "sentence": SAYS, "concern": 1,
    }  # fmt: skip
    small = {
        **dict.fromkeys(gap), "characteristic": "ethnicity_5", "group": "Black", "comparator": "White or not declared",
        "stage": OVERALL, "family": "declared", "basis": "verdict only", "verdict": "cannot tell", "concern": 3,
        "sentence": "These numbers cannot tell. A group of fewer than 50 people shows only very large gaps.",
    }  # fmt: skip
    tables = {
        "counts": pd.DataFrame(COUNTS, columns=list(SECTIONS["counts"])),
        "ladder": pd.DataFrame(
            [("sex", "Female", stage, share) for stage, share in zip(STAGES, (33, 32, 27), strict=True)], columns=list(SECTIONS["ladder"])
        ),
        "comparisons": pd.DataFrame([gap, small]).reindex(columns=list(SECTIONS["comparisons"])),
        "due_regard": pd.DataFrame([{"finding": "Female: gap, size uncertain", "decision": "", "owner": "", "date": ""}]),
        "changes": pd.DataFrame([{"what": "Since the last release", "sentence": "This is the first release of this process."}]),
        **{name: pd.DataFrame(columns=list(SECTIONS[name])) for name in ("waterfall", "undeclared", "trend")},
    }
    header = {
        "milestone": "interview_outcomes", "as_at": None, "early_access": None, "sequence": ["A standard of 14 was recorded."],
        "standard": {"cut": "14", "when": "2023-10-04T12:00:00+01:00", "record": "ab" * 32, "number": 2}, "purpose": "About groups only.",
        "release": {"number": 1, "cube": "cd" * 32, "rules": "1", "snapshot": "ef" * 32},
        "audit": {"attacked": 20, "fewest_values": 5, "solver": "HiGHS", "warnings": []}, "policy": {}, "changed_since_closing": False,
        "code_lists": [{"characteristic": "Sex", "list": "sex", "version": "1", "date": "2023-05-15", "question": "What is your sex?"},
                       {"characteristic": "Ethnic group", "list": "ethnicity", "version": "2021", "date": "2021-03-21", "question": "?"}],
        "labels": {"stages": STAGES, "levels": {"sex": "Sex", "ethnicity_5": "Ethnic group (5)"},
                   "notes": {"Ethnic group (2)": "White minorities are counted with White."}},
        "legal_basis": {"Ethnic group": "Data Protection Act 2018, Schedule 1, paragraph 8"},
        **changed,
    }  # fmt: skip
    process = Process.load(shipped("data") / "sergeant-2023").without_sources()
    sections = {name: Section(table, ("One sentence.",) if name == "comparisons" else ()) for name, table in tables.items()}
    return Release("cohort-diversity", "public", process, header, sections)


def page_of(release: Release, folder: Path) -> BeautifulSoup:
    folder.mkdir()
    release.write(folder / "release")
    notebook = nbformat.read(NOTEBOOK, 4)
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(folder)}}).execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "stream"]
    return BeautifulSoup("".join("".join(o.data.get("text/html", "")) for o in outputs if "data" in o), "html.parser")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> BeautifulSoup:
    return page_of(a_release(), tmp_path_factory.mktemp("notebook") / "room")


@pytest.fixture(scope="module")
def source() -> nbformat.NotebookNode:
    return nbformat.read(NOTEBOOK, 4)


def test_it_is_a_page_of_prose_with_calls(source: nbformat.NotebookNode) -> None:
    for cell in source.cells:
        assert len(cell.source.splitlines()) <= 12
        if cell.cell_type == "code":
            nodes = list(ast.walk(ast.parse(cell.source)))
            assert not [n for n in nodes if isinstance(n, ast.FunctionDef | ast.ClassDef | ast.For | ast.While | ast.ListComp | ast.Lambda)]


def test_it_is_committed_clean(source: nbformat.NotebookNode) -> None:
    code = [cell for cell in source.cells if cell.cell_type == "code"]
    assert all(not cell.outputs and cell.execution_count is None for cell in code)
    assert [c.source for c in code if "parameters" in c.metadata.get("tags", [])] == ['release_folder = "release"']


def test_the_annex_says_on_what_basis_each_characteristic_is_monitored_and_what_merged_groups_hold(page: BeautifulSoup) -> None:
    table = page.find(id="table-code-lists")
    headings = [cell.get_text() for cell in table.find("thead").find_all("th")]
    rows = [[cell.get_text() for cell in row.find_all(["th", "td"])] for row in table.find("tbody").find_all("tr")]
    at = headings.index("Monitored on the basis of")
    assert {row[0]: row[at] for row in rows} == {
        "Sex": "to be confirmed by counsel", "Ethnic group": "Data Protection Act 2018, Schedule 1, paragraph 8",
    }  # fmt: skip
    notes = [note.get_text() for note in table.find_all("p", class_="table-notes")]
    assert notes[0] == "Ethnic group (2): White minorities are counted with White."
    assert notes[1] == "Appropriate policy document: to be confirmed by counsel. Monitoring data are kept until: not stated."
    release = a_release()
    cohort = release.process.cohort.model_copy(update={"policy_document": "Version 3", "retain_until": date(2026, 10, 12)})
    named = tables.code_lists(replace(release, process=release.process.model_copy(update={"cohort": cohort})))
    assert named.notes[-1] == "Appropriate policy document: Version 3. Monitoring data are kept until: 12 October 2026."


def test_its_parts_come_in_the_readers_order(page: BeautifulSoup) -> None:
    anchors = [heading["id"] for heading in page.find_all("h2")]
    assert anchors[: len(ORDER)] == ORDER and anchors[-2:] == ["due-regard", "annex"]


def test_page_one_puts_the_gap_first_and_tells_of_small_groups_together(page: BeautifulSoup) -> None:
    assert page.find("h2").text == "1 of 2 declared comparisons shows a gap"
    (item,) = page.find_all("li")[:1]
    assert item.strong.text == "A gap of uncertain size." and "12 fewer successes per 100" in item.text and "0.78" not in item.text
    assert "groups of fewer than 50 people, which would show only very large gaps: Black." in page.text


def test_a_group_without_counts_keeps_its_line_in_the_forest(page: BeautifulSoup) -> None:
    figure = page.find(id="figure-forest")
    assert "Black" in figure.svg.text and "[c]" in figure.svg.text and "cannot tell" in figure.svg.text
    assert figure.svg["aria-label"] and figure.find("table")


def test_the_forest_s_coordinates_say_no_more_than_its_table(page: BeautifulSoup) -> None:
    """From the places of the axis marks and of the dot the ratio can be read back: it is the released one."""
    svg = page.find(id="figure-forest").svg
    marks = {}
    for group in svg.find_all("g", id=re.compile(r"forest-xtick_\d+")):
        text, use = group.find("text"), group.find("use")
        if text and use:
            marks[float(text.text)] = float(use["x"])
    (dot,) = [use for use in svg.find_all("use") if "fill: #12436d" in use["style"]]
    low, high = 0.8, 1.25
    scale = (marks[high] - marks[low]) / (math.log(high) - math.log(low))
    read = math.exp(math.log(low) + (float(dot["x"]) - marks[low]) / scale)
    assert round(read, 2) == 0.78 and abs(read - 0.78) < 0.001


def test_kinds_of_not_known_stand_together_where_nothing_can_be_told_of_each(page: BeautifulSoup) -> None:
    table = page.find(id="table-way-through").text
    assert "not declared" in table and "Opted out" not in table


def test_early_access_is_on_page_one(tmp_path: Path) -> None:
    early = {"when": "2023-09-20T09:00:00+01:00", "record": "aa" * 32, "number": 3, "sentence": "Early access: A and B opened it."}
    page = page_of(a_release(early_access=early, standard=None), tmp_path / "room")
    warning = page.find(class_="warning")
    assert "A and B opened it." in warning.text and "no further than who was interviewed" in warning.text
