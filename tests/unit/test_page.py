"""The page of a report as its reader meets it: the answer before the contents, a title of its own, tables that can be scrolled."""

from __future__ import annotations

import re

import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from standardsetting.process import Process
from standardsetting.reporting import render
from standardsetting.reporting.kinds import KINDS

DEFINITION = {
    "process": {"id": "trial", "title": "Promotion <trial>", "organisation": "Test Police"},
    "scale": {"minimum": 1, "maximum": 5},
    "values": [{"name": "courage", "hurdle": 3}, {"name": "integrity", "hurdle": 3}],
}
FIGURE = (
    '<figure><figcaption>Bars</figcaption><svg aria-label="Two bars"></svg><details><summary>The figures behind this chart</summary>'
    "<table><caption>Behind the bars</caption><tr><th>Total</th></tr></table></details></figure>"
)
TABLE = "<table><caption>People left after each stage</caption><tr><th>Applied</th></tr></table>"


def page_of(kind: str) -> str:
    shown = [new_code_cell("", outputs=[new_output("display_data", data={"text/html": each})]) for each in (FIGURE, TABLE)]
    cells = [new_markdown_cell("# Of the notebook"), new_markdown_cell("## The answer"), shown[0], new_markdown_cell("## More"), shown[1]]
    told = KINDS[kind]
    imprint = render.Imprint(
        kind=told.title, process=Process.from_mapping(DEFINITION), run="r", seal="s", sealed=told.sealed, to_publish=told.to_publish
    )
    return render.to_html(new_notebook(cells=cells), imprint)


def declared(selector: str, *, wide: bool) -> str:
    """How the style sheet shows an element in a narrow or in a wide window: the last `display` that holds there."""
    sheet = render.style().partition("@page")[0]
    beside = re.search(r"@media screen and \(min-width: 74rem\) \{(.*?)\n\}", sheet, re.DOTALL)
    assert beside is not None
    part = beside.group(1) if wide else re.sub(r"@media.*?\n\}", "", sheet, flags=re.DOTALL)
    rules = re.findall(r"([^{}]+)\{([^{}]*)\}", part)
    shown = [re.search(r"display: (\w+)", body) for heads, body in rules if selector in [head.strip() for head in heads.split(",")]]
    return next((found.group(1) for found in reversed(shown) if found), "")


def test_the_answer_comes_before_the_contents_in_a_narrow_window() -> None:
    page = BeautifulSoup(page_of("cohort-diversity"), "html.parser")
    (nav,) = page.find_all("nav")
    folded, beside = nav.select_one("details.folded"), nav.select_one("div.beside")
    assert nav["aria-label"] == "Contents" and folded is not None and beside is not None
    assert not folded.has_attr("open") and folded.summary is not None and folded.summary.get_text() == "Contents"
    entries = [[(a["href"], a.get_text()) for a in part.select("li > a")] for part in (folded, beside)]
    assert entries[0] == entries[1] == [("#the-answer", "The answer"), ("#more", "More")]
    # One of the two is shown at any width, so that the keyboard meets each entry once.
    assert declared(".contents .beside", wide=False) == "none" and declared(".contents .beside", wide=True) == "block"
    assert declared(".contents .folded", wide=False) == "" and declared(".contents .folded", wide=True) == "none"
    order = [tag.name for tag in page.find_all(["nav", "main"])]
    assert order == ["nav", "main"]  # keyboard and eye go the same way


def test_the_folded_contents_stay_out_of_the_printed_page() -> None:
    printed = render._page_one_alone(page_of("cohort-diversity"))
    page = BeautifulSoup(printed, "html.parser")
    assert page.nav is not None and page.nav.select_one("details.folded") is not None
    moved = page.select_one(".behind-page-one")
    assert moved is not None and "Behind the bars" in moved.get_text() and "Contents" not in moved.get_text()


@pytest.mark.parametrize("kind", list(KINDS))
def test_every_kind_of_report_has_a_title_of_its_own(kind: str) -> None:
    assert len({each.title for each in KINDS.values()}) == len(KINDS)
    page = BeautifulSoup(page_of(kind), "html.parser")
    heading = KINDS[kind].title if KINDS[kind].to_publish else "Of the notebook"
    assert [h1.get_text() for h1 in page.find_all("h1")] == [heading]
    assert page.title is not None and page.title.get_text() == f"{heading}: Promotion <trial>"


def test_what_may_be_published_says_so_on_page_and_cover() -> None:
    assert "published edition" in KINDS["cohort-diversity-public"].title
    process = Process.from_mapping(DEFINITION)
    covers = [
        render.Imprint(kind=each.title, process=process, run="r", seal="s", sealed=each.sealed, to_publish=each.to_publish)
        for each in (KINDS["cohort-diversity"], KINDS["cohort-diversity-public"])
    ]
    assert covers[1].title == "Cohort diversity, published edition: Promotion <trial>" != covers[0].title
    assert [any(text.startswith("Made to be published") for text in cover.sentences) for cover in covers] == [False, True]
    # A person who meets a hash on the cover is told what it is for.
    texts = covers[0].sentences
    explained = next(place for place, text in enumerate(texts) if text.startswith("Fingerprints"))
    assert explained < texts.index(f"Decision rule: {process.rule_hash}")


def test_a_table_that_is_too_wide_can_be_reached_named_scrolled_and_seen_to_scroll() -> None:
    page = BeautifulSoup(page_of("cohort-diversity"), "html.parser")
    tables = page.find_all("table")
    assert len(tables) == 2
    for table in tables:
        region = table.parent
        assert region is not None and table.caption is not None
        assert (region["role"], region["tabindex"], region["aria-label"]) == ("region", "0", table.caption.get_text())
        assert "scroll" in region["class"]
    sheet = render.style()
    assert re.search(r"^\.scroll \{[^}]*overflow-x: auto", sheet, re.MULTILINE)
    told_by = r"\(animation-timeline: scroll\(inline\)\) \{\n(.*?)\n  \}"
    can, cannot = (re.search(f"@supports {words}{told_by}", sheet, re.DOTALL) for words in ("", "not "))
    assert can is not None and ".scroll::before" in can.group(1) and 'content: "Scroll sideways' in can.group(1)
    assert cannot is not None and ".scroll" in cannot.group(1) and "local" in cannot.group(1)
