"""The positive-action notebook: a page of prose with calls in it, which reads a release and says nothing that the release does not hold."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from nbclient import NotebookClient

import standardsetting
from standardsetting.cohort.positive_action.reported import positive_action_release, reach_cube
from standardsetting.cohort.positive_action.reported.before_after import ProcessReleased
from standardsetting.cohort.snapshot import CohortSnapshot
from standardsetting.disclosure.gate import numbers
from standardsetting.disclosure.policy import Policy
from standardsetting.disclosure.protect import protect
from standardsetting.disclosure.release import SECTIONS, Release, Section
from standardsetting.process.cohort import Previous
from standardsetting.prose.positive_action import PARTS, part_heading
from standardsetting.tables.table import MIME

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "positive_action.ipynb"
NOW = datetime(2024, 1, 8, 12, 0, tzinfo=UTC)
HEADINGS = [
    "answer", "reading", "certificate", "legal-file", "reach", "not-attending", "design", "balance", "effects", "sensitivity", "detectable",
    "next-trial", "cost", "due-regard", "annex",
]  # fmt: skip
DIRECTOR_ONLY = {"balance", "effects", "sensitivity", "cost"}
# What the page says without data stands in these.
ENGRAVED = ("prose/positive_action.py", "prose/cohort.py", "tables/cohort.py", "tables/table.py")
ON_AXES = " ".join(str(tick) for tick in (*range(0, 101, 10), *(tick / 10 for tick in range(31))))
Run = tuple[nbformat.NotebookNode, Release, Path]


@pytest.fixture(scope="module")
def source() -> nbformat.NotebookNode:
    return nbformat.read(NOTEBOOK, 4)


@pytest.fixture(scope="module")
def snapshot(simulated: CohortSnapshot) -> CohortSnapshot:
    """A simulated process, closed, its standard recorded, seen at its interview outcomes; its workshops cost something."""
    told = simulated.process.positive_action
    assert told is not None
    costly = told.model_copy(update={"cost": 6300.0})
    return replace(simulated, process=simulated.process.model_copy(update={"positive_action": costly}))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, source: nbformat.NotebookNode) -> Callable[..., Run]:
    def make(snapshot: CohortSnapshot, tier: str, earlier: Sequence[ProcessReleased] = ()) -> Run:
        folder = tmp_path_factory.mktemp("run")
        protected = protect(reach_cube(snapshot))
        on = date(2023, 10, 12)
        release = positive_action_release(snapshot, protected, tier=tier, number=1, on=on, earlier=earlier)  # type: ignore[arg-type]
        release.write(folder / "release")
        copy = nbformat.from_dict(json.loads(json.dumps(source)))
        NotebookClient(copy, timeout=120, resources={"metadata": {"path": str(folder)}}).execute()
        return copy, release, folder / "release"

    return make


@pytest.fixture(scope="module")
def executed(run: Callable[[CohortSnapshot, str], Run], snapshot: CohortSnapshot) -> Run:
    return run(snapshot, "director")


def outputs(notebook: nbformat.NotebookNode, kind: str) -> list:
    return [o["data"][kind] for c in notebook.cells if c.cell_type == "code" for o in c.outputs if kind in o.get("data", {})]


def page_of(notebook: nbformat.NotebookNode) -> BeautifulSoup:
    return BeautifulSoup("".join(outputs(notebook, "text/html")), "html.parser")


def everything_said(notebook: nbformat.NotebookNode) -> str:
    """Text of the page, of its pictures and for who cannot see them, and the tables for the workbook."""
    page = page_of(notebook)
    alts = [tag["aria-label"] for tag in page.find_all(attrs={"aria-label": True})]
    return " ".join([page.get_text(" "), *alts, json.dumps(outputs(notebook, MIME), ensure_ascii=False)])


def allowed(folder: Path, source: nbformat.NotebookNode) -> set:
    package = Path(standardsetting.__file__).parent
    texts = [file.read_text(encoding="utf-8") for file in folder.glob("*.json")]
    texts += [(package / name).read_text(encoding="utf-8") for name in ENGRAVED] + [nbformat.writes(source), ON_AXES]
    return set().union(*(numbers(text) for text in texts))


def test_it_is_a_page_of_prose_with_calls(source: nbformat.NotebookNode) -> None:
    forbidden = (ast.FunctionDef, ast.ClassDef, ast.For, ast.While, ast.If, ast.Lambda, ast.comprehension, ast.BinOp, ast.Compare)
    for cell in (c for c in source.cells if c.cell_type == "code"):
        assert len(cell.source.splitlines()) <= 12
        assert not [node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, forbidden)], cell.source


def test_it_is_committed_clean(source: nbformat.NotebookNode) -> None:
    nbformat.validate(source)
    assert len({cell.id for cell in source.cells}) == len(source.cells)
    code = [c for c in source.cells if c.cell_type == "code"]
    assert all(not c.outputs and c.execution_count is None for c in code)
    assert [c.source for c in code if "parameters" in c.metadata.get("tags", [])] == ['release_folder = "release"']


def test_its_pages_come_in_the_readers_order(executed: Run) -> None:
    page = page_of(executed[0])
    assert [h["id"] for h in page.find_all("h2")] == HEADINGS
    ids = [tag["id"] for tag in page.find_all(id=True)]
    assert len(ids) == len(set(ids))
    names = [record["name"] for record in outputs(executed[0], MIME)]
    assert len(names) == len(set(names))
    assert [picture["id"] for picture in page.find_all("figure")] == ["figure-reach", "figure-balance", "figure-effects"]
    for picture in page.find_all("figure"):
        assert len(picture.svg["aria-label"]) > 30
        assert picture.select_one("details table caption")
    assert not [o for c in executed[0].cells if c.cell_type == "code" for o in c.outputs if o.output_type in ("stream", "error")]


def test_every_number_on_the_page_is_in_the_release(executed: Run, source: nbformat.NotebookNode) -> None:
    notebook, _, folder = executed
    said = numbers(everything_said(notebook))
    assert len(said) > 30
    assert not said - allowed(folder, source)


def test_the_page_holds_no_exact_count(executed: Run, snapshot: CohortSnapshot) -> None:
    cube, page = reach_cube(snapshot), page_of(executed[0])
    groups = ((), *cube.declaration.groups(("opened_by",)).values())
    stages = [(stage, measure) for stage in ("booked", "attended") for measure in ("passed", "not passed")]
    canaries = {n for where in groups for n in (cube.count(where, *place) for place in stages) if n % 5}
    assert len(canaries) >= 5 and min(canaries) < 10
    picture = page.select_one("#figure-reach")
    assert picture is not None
    records = [json.dumps(record["rows"]) for record in outputs(executed[0], MIME) if record["name"] == "reach"]
    told = numbers(re.sub(r"\(\d+%\)", "", " ".join([picture.get_text(" "), picture.svg["aria-label"], *records])))
    assert len(records) == 1 and told and not {Decimal(n) for n in canaries} & told
    counts = [int(cell.text.split()[0]) for cell in page.select("#table-reach tbody td") if cell.text[:1].isdigit()]
    assert counts and all(count >= 10 and count % 5 == 0 for count in counts)


def test_page_one_says_who_was_reached_what_cannot_be_told_and_what_to_do(executed: Run) -> None:
    notebook, release, _ = executed
    text = page_of(notebook).get_text(" ")
    for sentence in release["answer"].table["sentence"]:
        assert sentence in text
    order = ("Who was reached", "What can be said", "What cannot be said", "What to do next time", "This design cannot show",
             "Only people to whom a workshop was open", "A comparison is told in whole points")  # fmt: skip
    places = [text.index(heading) for heading in order]
    assert places == sorted(places)
    assert "what attending did cannot be told" in page_of(notebook).h2.text


def test_nothing_is_said_twice_or_left_to_be_guessed(executed: Run) -> None:
    page = page_of(executed[0])
    said = [tag.get_text() for tag in page.find_all("p")]
    assert sum(text.startswith("[c]") for text in said) == 1
    assert sum("of those offered a place come, as this time" in text for text in said) == 1
    assert sum("the Metropolitan Police and the College of Policing" in text for text in said) == 1
    heads = {cell.get_text() for cell in page.select("th[scope=col]")}
    assert not heads & {"In", "In words", "Low", "High", "Value", "Item", "Content"}
    label, other = "ethnic minorities, not counted with women", "ethnic minorities (excluding White minorities), not counted with women"
    picture = page.select_one("#figure-reach")
    assert picture is not None and label in picture.svg["aria-label"]
    assert label in " ".join(text.get_text().strip() for text in picture.select("svg text"))
    assert other in {cell.get_text() for cell in picture.select("tbody th")}


def test_the_title_of_a_picture_is_what_it_shows(executed: Run) -> None:
    page = page_of(executed[0])
    titles = {picture["id"]: picture.select_one(".figure-title").get_text() for picture in page.find_all("figure")}
    assert re.fullmatch(r"(About [a-z ]+|\d+ in 100) of those to whom a workshop was open attended one", titles["figure-reach"])
    assert re.match(r"After weighting, (no difference is|differences in .* are still) above 0.1", titles["figure-balance"])
    assert re.match(r"Attenders met the standard (\d+ in 100 (more|less) often than|about as often as) others", titles["figure-effects"])
    for picture in page.find_all("figure"):
        assert picture.svg["aria-label"].startswith(titles[picture["id"]])
    assert "years of service" in page.find(id="balance").get_text()


def headings(notebook: nbformat.NotebookNode) -> dict[str, str]:
    return {str(h["id"]): h.get_text() for h in page_of(notebook).find_all("h2")}


def test_headings_are_findings_where_there_is_one(executed: Run) -> None:
    """Only what has no finding keeps its name: how to read, the certificate, what follows, and the annex."""
    notebook, release, _ = executed
    found = headings(notebook)
    names = {title for title, _ in PARTS.values()} | {"How to read this", "Release certificate", "Annex: words, history, tables"}
    assert {name for name, text in found.items() if text in names} <= {"reading", "certificate", "due-regard", "annex"}
    assert found["legal-file"] == "The legal file was complete and valid on 12 October 2023"
    assert found["not-attending"] == "Why people did not attend is not on record"
    assert f"{found['cost']}." == release["cost"].table["sentence"].iloc[-1]
    limit = release["sensitivity"].table["e_value_limit"].iloc[0]
    strength = f"{release['sensitivity'].table['e_value'].iloc[0]:.1f} times as likely"
    assert found["sensitivity"] == "Chance alone could explain the association" if limit <= 1 else strength in found["sensitivity"]


@pytest.mark.parametrize(
    ("name", "column", "value", "heading"),
    [
        ("sensitivity", "e_value_limit", 1.2, "A cause that was not measured and that makes attending"),
        ("sensitivity", "e_value_limit", 1.0, "Chance alone could explain the association"),
        ("effects", "estimate", None, "No difference may be told"),
        ("reach", "share", None, "How many of those to whom a workshop was open attended may not be told"),
    ],
)
def test_a_heading_follows_its_finding(executed: Run, name: str, column: str, value: float | None, heading: str) -> None:
    _, release, _ = executed
    section = release[name]
    table = section.table.assign(**{column: value})
    changed = replace(release, sections={**release.sections, name: replace(section, table=table)})
    assert part_heading(changed, name).text.startswith(heading)


def test_a_design_that_can_show_something_says_what(executed: Run) -> None:
    _, release, _ = executed
    table = release["design"].table
    able = table.assign(content=table["content"].where(table["item"] != "Is an effect identified?", "yes"))
    changed = replace(release, sections={**release.sections, "design": replace(release["design"], table=able)})
    shows = table.loc[table["item"] == "What it can show", "content"].iloc[0]
    assert part_heading(changed, "design").text.startswith(f"This design can show {shows}")


def test_what_a_lottery_takes_for_granted_stands_under_its_table_and_in_the_workbook(executed: Run) -> None:
    notebook, release, _ = executed
    method = release["next_trial"].method
    (record,) = [record for record in outputs(notebook, MIME) if record["name"] == "next-trial"]
    assert method and record["notes"] == [method]
    assert page_of(notebook).get_text(" ").count(method) == 1 + (release["detectable"].method == method)


def test_the_public_page_has_no_result_by_attendance(run: Callable[[CohortSnapshot, str], Run], snapshot: CohortSnapshot) -> None:
    notebook, _, _ = run(snapshot, "public")
    page = page_of(notebook)
    assert [h["id"] for h in page.find_all("h2")] == [name for name in HEADINGS if name not in DIRECTOR_ONLY]
    assert "met the standard" not in page.get_text(" ").replace("Met the standard", "")


def released(snapshot: CohortSnapshot, label: str, women: tuple[int, int], everybody: tuple[int, int]) -> ProcessReleased:
    """A release that shows how many women, and how many of everybody, met the standard of those interviewed."""
    rows = [
        ("sex", group, stage, "passed", f"{counts[at]:,}")
        for group, counts in (("Female", women), ("everybody", everybody))
        for at, stage in enumerate(("met_standard", "interviewed"))
    ]
    head = {"policy": Policy().as_record(), "editions": {"sex": "1"}}
    counts = Section(pd.DataFrame(rows, columns=list(SECTIONS["counts"])))
    return ProcessReleased(label, Release("cohort-diversity", "director", snapshot.process, head, {"counts": counts}))


def before_after(snapshot: CohortSnapshot) -> CohortSnapshot:
    """The workshops were open to women alone, and are compared with two earlier processes."""
    told = snapshot.process.positive_action
    assert told is not None
    action = told.model_copy(update={"design": "before-after", "groups": told.groups[:1], "evidence": told.evidence[:1]})
    earlier = tuple(Previous(label=label, folder=label) for label in ("2021", "2022"))
    cohort = snapshot.process.cohort.model_copy(update={"previous": earlier})
    people = snapshot.people.copy()
    others = people["sex"] != "female"
    people.loc[others, "workshop_listed"] = False
    people.loc[others, ["workshop_invited", "workshop_booked", "workshop_attended"]] = float("nan")
    return replace(snapshot, people=people, process=snapshot.process.model_copy(update={"cohort": cohort, "positive_action": action}))


def test_before_and_after_is_a_picture_with_its_table_and_its_finding(
    run: Callable[..., Run], snapshot: CohortSnapshot, source: nbformat.NotebookNode
) -> None:
    declared = before_after(snapshot)
    earlier = [
        released(declared, "2021", (110, 275), (410, 1005)),
        released(declared, "2022", (115, 270), (420, 1000)),
        released(declared, "2023", (190, 280), (430, 995)),
    ]
    notebook, release, folder = run(declared, "director", earlier)
    page = page_of(notebook)
    assert [h["id"] for h in page.find_all("h2")] == [*HEADINGS[:7], "before-after", *HEADINGS[7:]]
    picture = page.select_one("#figure-before-after")
    assert picture is not None
    for words in ("2021 (without workshops) 40% and 41%", "2023 (with workshops) 68% and 34%"):
        assert words in picture.svg["aria-label"]
    assert {"women", "everybody else", "68%", "34%"} <= {text.get_text().strip() for text in picture.select("svg text")} | set(
        picture.svg.get_text(" ").split()
    )
    rows = [[cell.get_text() for cell in row.select("th, td")] for row in page.select("#table-before-after tbody tr")]
    assert [row[:4] for row in rows] == [
        ["2021", "no", "40% of 275", "41% of 730"], ["2022", "no", "43% of 270", "42% of 730"], ["2023", "yes", "68% of 280", "34% of 715"],
    ]  # fmt: skip
    text = page.get_text(" ")
    for sentence in release["before_after"].sentences:
        assert text.count(sentence) == 1 + (sentence in release["answer"].table["sentence"].tolist())
    assert re.match(r"The gap moved by \d+ in 100 in favour of women", picture.select_one(".figure-title").get_text())
    assert re.search(r"The gap moved by \d+ in 100 in favour of", page.find(id="before-after").text)
    assert not numbers(everything_said(notebook)) - allowed(folder, source)


def test_where_nothing_may_be_told_the_page_says_so(
    run: Callable[[CohortSnapshot, str], Run], snapshot: CohortSnapshot, source: nbformat.NotebookNode
) -> None:
    people = snapshot.people.copy()
    open_to = people.index[people["workshop_listed"] & (people["stage_eligible"] == "passed")]
    gone = open_to[6:]
    people.loc[gone, ["sex", "ethnicity_2"]] = ["male", "white"]
    people.loc[gone, "workshop_listed"] = False
    people.loc[gone, ["workshop_invited", "workshop_booked", "workshop_attended"]] = float("nan")
    notebook, _, folder = run(replace(snapshot, people=people), "director")
    page = page_of(notebook)
    cells = [cell.text for cell in page.select("#table-reach tbody td")]
    assert cells and set(cells) == {"[c]"}
    assert not page.find_all("figure")
    # Six people: no word of the page counts them.
    assert Decimal(6) not in numbers(page.get_text(" "))
    assert not numbers(everything_said(notebook)) - allowed(folder, source)
    assert pd.isna(Release.read(folder)["effects"].table["estimate"]).all()
