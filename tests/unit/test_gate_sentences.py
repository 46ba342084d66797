"""The gate on sentences: a number among words passes in a sentence of the release, a fixed text or a sentence that the report composes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from standardsetting.disclosure.gate import Allowed, Piece, check
from standardsetting.disclosure.release import SECTIONS, Release, Section
from standardsetting.disclosure.sentences import TAKEN, Sentences, counts, folded
from standardsetting.errors import DisclosureError
from standardsetting.process import Process
from standardsetting.prose import cohort as prose
from standardsetting.prose import positive_action
from standardsetting.reporting.allowed import gate_of
from standardsetting.reporting.composed import composed_in
from standardsetting.reporting.pdf_text import pdf_text
from standardsetting.reporting.render import to_pdf
from standardsetting.shipped import shipped

STAGES = {"applied": "Applied", "interviewed": "Interviewed", "met_standard": "Met the minimum acceptable standard"}
SAYS = "Women had 12 fewer successes per 100 candidates than men (95% interval: 22 to 1 fewer). The impact ratio is 0.78 (0.61 to 0.98)."
FAR = "Of 100 women 9 more would have succeeded, had everybody succeeded at the same rate; to show a ratio of 0.8 needs 640 candidates."
FOUR = "Men aged 35 and over had 4 fewer successes per 100 candidates than others."


def a_release() -> Release:
    """Three comparisons and their counts: the shortfall of one is a 9 in a cell, and 4, 7 and 18 stand in cells too."""
    row = {
        "characteristic": "sex", "group": "Female", "comparator": "Male or not declared", "stage": "Applied to met the standard",
        "family": "declared", "basis": "rounded counts", "rate": 42.0, "reference_rate": 54.0, "ratio": 0.78, "ratio_low": 0.61,
        "ratio_high": 0.98, "difference": -12.0, "difference_low": -22.0, "difference_high": -1.0, "p": 0.041, "adjusted_p": 0.041,
        "shortfall": 9.0, "flip_number": 10.0, "smallest_detectable_ratio": 0.74, "verdict": "gap, size uncertain", "sentence": SAYS,
        "concern": 1,
    }  # fmt: skip
    hidden = {**dict.fromkeys(row), "characteristic": "ethnicity_5", "group": "Black", "stage": row["stage"], "comparator": "White",
              "family": "declared", "basis": "verdict only", "verdict": "cannot tell", "concern": 3, "sentence": FAR}  # fmt: skip
    older = {**row, "characteristic": "age_2", "group": "35 and over", "sentence": FOUR, "shortfall": 4.0}
    lines = [("sex", "Female", "applied", "entered", "100"), ("sex", "Female", "met_standard", "rate", "42%"),
             ("sex", "everybody", "applied", "entered", "1,250")]  # fmt: skip
    fall = pd.DataFrame(
        [("sex", "Female", "All parts together", 0.78, 0.61, 0.98, 9.0), ("age_2", "35 and over", "All of them", 0.9, 0.8, 1.1, 4.0)],
        columns=list(SECTIONS["waterfall"]),
    )
    effects = pd.DataFrame([("Effect of the offer", "met", -12.0, -21.0, -3.0, "in 100 people", "", "")], columns=list(SECTIONS["effects"]))
    detectable = pd.DataFrame([("met", 18.0, "in 100 people", "An effect under 18 in 100 would often be missed.")],
                              columns=list(SECTIONS["detectable"]))  # fmt: skip
    tables = {
        "counts": pd.DataFrame(lines, columns=list(SECTIONS["counts"])), "waterfall": fall, "detectable": detectable, "effects": effects,
        "comparisons": pd.DataFrame([row, hidden, older]).reindex(columns=list(SECTIONS["comparisons"])),
        "trend": pd.DataFrame(columns=list(SECTIONS["trend"])),
        "next_trial": pd.DataFrame([("a lottery", 7.0, 1540.0, "")], columns=list(SECTIONS["next_trial"])),
    }  # fmt: skip
    header = {
        "milestone": "interview_outcomes", "early_access": None, "sequence": ["A standard of 14 was recorded."], "purpose": "Groups only.",
        "standard": {"cut": "14", "when": "2023-10-04T12:00:00+01:00", "record": "ab" * 32, "number": 2},
        "release": {"number": 1, "cube": "cd" * 32, "rules": "1", "snapshot": "ef" * 32}, "changed_since_closing": False,
        "audit": {"attacked": 1540, "fewest_values": 3, "solver": "HiGHS", "warnings": ["x"]}, "policy": {}, "code_lists": [],
        "labels": {"stages": STAGES, "levels": {"sex": "Sex", "age_2": "Age (2)"}, "notes": {}}, "legal_basis": {},
    }  # fmt: skip
    process = Process.load(shipped("data") / "sergeant-2023").without_sources()
    return Release("cohort-diversity", "director", process, header, {name: Section(table) for name, table in tables.items()})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("gate") / "release"
    a_release().write(place)
    return place


@pytest.fixture(scope="module")
def gate(folder: Path) -> Callable[[Sequence[Path]], None]:
    return gate_of(folder)


PLANTED = [
    "Only 4 declared a disability.", "15 women withdrew", "Women: four", "three of the nine", "none of the women", "four transferees",
    "both were women", "Nobody passed.", "No women passed.", "Of the women one passed.", "A single woman", "half a dozen women",
    "Women: 4", "Women (9)", "Women 45", "0 women", "The shortfall is 9.", "9 fewer successes", "42% of the women",
    # words of ours around other words, and ours with more behind them
    "Only 12 fewer successes per 100 candidates than men", "No material gap in 4 of 7 women", "With the offer, 9 women met the standard",
    "9 in 100 women attended a workshop", "Beside earlier processes: 4 women left.", "4 women; a step that is left out may not be told",
    "1 of 3 declared comparisons shows a gap, 4 of them women",
    "Women posted: none.", "Disabled candidates posted (none).", "The only Muslim candidate did not pass.", "A lone woman", "nil women",
    "a pair of women", "no Sikhs were posted", "no Hindu or Jewish applicant was posted",
]  # fmt: skip


@pytest.mark.parametrize("planted", PLANTED)
def test_a_number_among_words_that_are_no_sentence_of_ours_is_refused(planted: str, gate: Callable, tmp_path: Path) -> None:
    """Every number of these is in a cell of the release, along an axis, or in a sentence of it."""
    book, page, said = openpyxl.Workbook(), tmp_path / "c.html", f'<svg aria-label="{planted}"></svg>'
    for markup in (f"<p>{planted}</p>", f"<p>{SAYS} {planted}</p>", f"<p>{SAYS}</p>{said}", f"<td>{planted}</td>"):
        page.write_text(markup, encoding="utf-8")
        with pytest.raises(DisclosureError):
            gate([page])
    for tag in ("u", "mark", "code", "del", "label", "kbd"):  # markup within a line does not part a number from its words
        first, number, rest = planted.partition(next(iter(re.findall(r"\d+|\w+", planted))))
        page.write_text(f"<p>{first}<{tag}>{number}</{tag}>{rest}</p>", encoding="utf-8")
        with pytest.raises(DisclosureError):
            gate([page])
    book.worksheets[0]["A1"] = planted
    book.save(tmp_path / "c.xlsx")
    notebook = {"cells": [{"cell_type": "markdown", "source": [planted]}]}
    (tmp_path / "c.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    for file in ("c.xlsx", "c.ipynb"):
        with pytest.raises(DisclosureError) as refused:
            gate([tmp_path / file])
        assert planted not in str(refused.value)


def test_a_pdf_is_read_as_it_is_printed(gate: Callable, tmp_path: Path) -> None:
    """Sentences run over lines and pages; what was planted among them is refused there too."""
    foot = "<style>@page { size: 110mm 70mm; margin: 15mm; @bottom-right { content: 'page ' counter(page) ' of ' counter(pages) } "
    foot += "@bottom-left { content: 'Promotion 2023' } } p { orphans: 1; widows: 1 }</style>"

    def printed(*paragraphs: str) -> Path:
        file = tmp_path / "c.pdf"
        body = "".join(f"<p>{text}</p>" for text in paragraphs)
        file.write_bytes(to_pdf(f'<!DOCTYPE html><html lang="en"><head><title>A page</title>{foot}</head><body>{body}</body></html>'))
        return file

    own = [SAYS, FAR, FOUR] * 3
    gate([printed(*own)])
    lines = pdf_text(printed(*own).read_bytes()).split("\n")
    feet = [at for at, line in enumerate(lines) if line.startswith("page ")]
    assert len(feet) > 2 and any(not lines[at - 2].endswith(".") for at in feet), "no sentence runs over two pages"
    for planted in PLANTED[:8]:
        with pytest.raises(DisclosureError):
            gate([printed(*own[:4], planted, *own)])


@pytest.mark.parametrize(
    ("moved", "why"),
    [
        (SAYS.replace("12 fewer", "9 fewer"), "a number of another sentence"),
        (SAYS.replace("12 fewer", "4 fewer"), "a number of another sentence"),
        (SAYS.replace("Women", "Disabled people"), "another group"),
        (FOUR.replace("35 and over", "under 35"), "another group"),
        ("The impact ratio is 0.61 (0.61 to 0.98).", "another figure of the same interval"),
        ("To show a ratio of 0.8 needs 640 candidates.", "an end without its beginning"),
    ],
)
def test_a_number_that_was_moved_is_refused(moved: str, why: str, gate: Callable, tmp_path: Path) -> None:
    page = tmp_path / "c.html"
    page.write_text(f"<p>{moved}</p>", encoding="utf-8")
    with pytest.raises(DisclosureError):
        gate([page])


@pytest.mark.parametrize(
    "own",
    [
        SAYS, FAR, FOUR, SAYS.partition(". ")[0] + ".", FAR.partition(";")[0] + ".", f"Female. {FOUR}", f"<strong>A gap.</strong> {SAYS}",
        "<td>4</td><td>7</td><td>9</td>", "<td>1,250</td>",
        "<td>42%</td><td>0.78</td><td>0.78 (0.61 to 0.98)</td><td>\u221212 (\u221222 to \u22121)</td>",
        "<text>25</text><text>0.85</text><text>1.00</text><text>42%</text>", "42% and 54%", "Aged 35 and over", "Age (2)", "35 and over",
        "Over the whole of what may be shown the lowest ratio is 0.78: Female",
        "With this many people, an effect under 18 in 100 would often be missed",
        "Next time: a lottery; 1,540 people would show an effect of 7 in 100",
        "Impact ratio over all parts of the way that may be shown: Female 0.78.", "0.78 loses", "4 October 2023 (record 2)",
        "After weighting, differences in years of service are still above 0.1 standard deviations",
        "1 of 3 declared comparisons shows a gap", "With the offer, 12 in 100 fewer met the standard",
        "People offered a place met the standard 12 in 100 less often than others",
    ],
)  # fmt: skip
def test_what_the_report_says_passes(own: str, gate: Callable, tmp_path: Path) -> None:
    page = tmp_path / "c.html"
    page.write_text(f"<p>{own}</p><p>{own}</p>", encoding="utf-8")
    gate([page])


def test_the_report_s_own_passages_pass_in_whatever_markup(gate: Callable, folder: Path, tmp_path: Path) -> None:
    release, page = Release.read(folder), tmp_path / "c.html"
    said = [
        prose.diversity_heading(release), prose.diversity_answer(release), prose.how_to_read(), prose.certificate(release),
        prose.sequence(release), prose.annex_of_release(), positive_action.how_to_read(), positive_action.lottery(),
        *(prose.part_heading(release, name) for name in prose.PARTS if name in release.sections),
    ]  # fmt: skip
    text = "".join(passage.html for passage in said)
    assert "1,540 figures" in text and "4 October 2023 (record 2)" in text and "a total of 14" in text
    page.write_text(text, encoding="utf-8")
    gate([page])
    page.write_text(text.replace("1,540 figures", "1,250 women"), encoding="utf-8")
    with pytest.raises(DisclosureError):
        gate([page])


# What modules write, what they can say by it, and what they cannot.
COMPOSED = [
    ('f"{share:.0f} in 100 attended a workshop"', "18 in 100 attended a workshop", "18 women in 100 attended a workshop"),
    ('f"With the offer, {abs(n)} people {way} met the mark"', "With the offer, 7 people more met the mark", "7 people met the mark"),
    ('f"The lowest ratio of all is {ratio:.2f}"', "The lowest ratio of all is 0.78", "The lowest ratio of all is 9"),
    ('f"Shares: {rate}% and {other}% of them"', "Shares: 42% and 54% of them", "Shares: 42% and 54% of 9 women"),
    ('f"{shown} ({share:.0f}%)"', None, None),
    ('f"{name}: {number}"', None, None),
    ('f"{a}% of {n:,}"', "42% of 1,250", "Women, 42% of 1,250"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "can", "cannot"), COMPOSED)
def test_what_a_module_composes_is_known_without_running_it(source: str, can: str | None, cannot: str | None) -> None:
    composed = tuple(composed_in(f"def told():\n    return {source}\n"))
    if can is None:
        assert not composed
        return
    known = Sentences.of([], composed=composed)
    assert not counts(known.rest(can)), known.rest(can)
    assert counts(known.rest(str(cannot)))
    assert counts(known.rest(can, allows=lambda said, one: False))


def test_names_and_branches_are_looked_up_in_their_function() -> None:
    source = (
        "def told(row, found):\n    size = f'{row} in 100'\n    way = 'more' if row > 0 else 'less'\n"
        "    return f'Attenders met the standard {size} {way} often than others'\n"
    )
    known = Sentences.of([], composed=composed_in(source))
    assert not counts(known.rest("Attenders met the standard 18 in 100 more often than others"))
    assert counts(known.rest("Attenders met the standard 18 in 100 times often than others"))


def test_a_gap_holds_a_number_of_the_release_only() -> None:
    known = Sentences.of([], composed=composed_in("def told():\n    return f'{share:.0f} in 100 attended a workshop'\n"))
    allowed = Allowed.of(numbers=[18])
    told = Allowed(allowed.numbers, allowed.forms, known, allowed.numbers)
    assert check([Piece("a", "page", "18 in 100 attended a workshop")], allowed=told) == ()
    assert check([Piece("a", "page", "4 in 100 attended a workshop")], allowed=told)


def test_numbers_in_words_are_read_wherever_they_are_no_fixed_text() -> None:
    told = Allowed(frozenset(), frozenset(), Sentences.of(["It is said in one sentence, and both are known."]))
    for text in ("It is said in one sentence, and both are known.", "within twenty weeks", "about two thirds", "no difference"):
        assert check([Piece("a", "page", text)], allowed=told) == (), text
    for text in ("in one sentence", "both are known", "twenty of them", "thirty-two", "neither", "no officers", "Women: no", "none"):
        assert check([Piece("a", "page", text)], allowed=told), text


def test_sentences_are_compared_whatever_their_line_breaks() -> None:
    known = Sentences.of(["Women had 9 fewer successes; men had 12."], names=["aged 50 or more"])
    left = known.rest("Women had\n9 fewer\nsuccesses, and 9\nothers aged 50\nor more")
    assert counts(left) and folded("Women\u00ad had\u20029") == "women had 9"
    assert not counts(known.rest("(women had 9\nfewer successes; men\nhad 12)"))
    assert TAKEN not in Sentences.of([], names=["5 or more"]).rest("15 or more"), "a name within a number"
    assert known.rest("50 or more women aged 50 or more").replace(TAKEN, "").split() == ["50", "or", "more", "women"]
