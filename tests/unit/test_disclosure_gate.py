"""The gate: what it finds in finished artefacts, what it lets pass, and the published cases of people found by arithmetic."""

from __future__ import annotations

from decimal import Decimal

import pytest

from standardsetting.disclosure.audit import attack
from standardsetting.disclosure.cube import Characteristic, Cube, Declaration, ending
from standardsetting.disclosure.gate import Allowed, Finding, Piece, check, interval, numbers, refuse
from standardsetting.disclosure.protect import ProtectedCube, protect
from standardsetting.disclosure.statements import known
from standardsetting.errors import DisclosureError, Exit
from standardsetting.reporting.allowed import _unnumbered


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1,250 people", {1250}),
        ("12.5% of 40", {Decimal("12.5"), 40}),
        ("table ethnicity_5, sha 1f3a9c, run e12345678", set()),
        ("4women, women4, W4 and \uff34\uff14", {4}),
        ("a dozen women, half a dozen officers", {12, 6}),
        ("none of the women, a single woman", {0, 1}),
        ("none can be told, a single stage", set()),
        ("M 10.0 37.5 L 20 5", {10, Decimal("37.5"), 20, 5}),
        ("width=37px", {37}),
        ("three of the four women", {3, 4}),
        ("one of them was late", set()),
        ("twenty-three candidates withdrew", {23}),
        ("a gap of \u22127 points", {7}),
        ("１２ people", {12}),
        ("Seven women", {7}),
    ],
)
def test_numbers_are_read_in_figures_and_words(text: str, found: set) -> None:
    assert numbers(text) == found


@pytest.mark.parametrize("kind", ["page", "alt text", "coordinates", "hidden sheet", "cache", "defined name", "log", "metadata", "output"])
def test_a_strange_number_is_found_wherever_it_hides(kind: str) -> None:
    pieces = [Piece("report.html", "page", "40 women entered"), Piece("report.html", kind, "37 and 37 and 40")]
    assert check(pieces, allowed=[40]) == (Finding("report.html", kind, 1),)


def test_file_names_are_read_and_not_repeated() -> None:
    assert check([Piece("women_37.png", "image", "")], allowed=[]) == (Finding("a file", "file name", 1),)


def test_the_same_number_written_otherwise_is_the_same() -> None:
    assert check([Piece("a", "page", "40.0, 1,250 and 12.50%")], allowed=[40, "1250", "12.5"]) == ()


def test_a_refusal_says_where_and_never_which() -> None:
    with pytest.raises(DisclosureError) as caught:
        refuse([Piece("report.html", "alt text", "37 women")], allowed=[40])
    assert caught.value.exit_code == Exit.DISCLOSURE
    assert "37" not in str(caught.value)
    assert "report.html, alt text" in str(caught.value)


SEX = Characteristic("sex", ("women", "men"), "men", undeclared=())
ETHNIC = Characteristic("ethnicity_2", ("ethnic minority", "White"), "White", undeclared=())


def of_cells(release: ProtectedCube) -> Allowed:
    return Allowed.of(numbers=release.cells["value"].dropna())


def direct_entry() -> Cube:
    """The published counts of a selection of 2014: 4 of 18 women and 9 of 22 men, 2 of 7 ethnic minority and 11 of 33 White candidates."""
    import pandas as pd

    rows = []
    for (sex, ethnic), (n, a) in {("women", "ethnic minority"): (3, 1), ("women", "White"): (15, 3), ("men", "ethnic minority"): (4, 1),
                                  ("men", "White"): (18, 8)}.items():  # fmt: skip
        rows += [(sex, ethnic, ending("met"))] * a + [(sex, ethnic, ending("met", "not passed"))] * (n - a)
    people = pd.DataFrame(rows, columns=["sex", "ethnicity_2", "ending"])
    declared = Declaration(("applied", "met"), (SEX, ETHNIC), (("sex",), ("ethnicity_2",), ("sex", "ethnicity_2")))
    return Cube.of(people, process="direct entry", milestone="met", declaration=declared)


def test_direct_entry_2014_is_solved_from_a_press_line_and_refused_by_the_gate() -> None:
    cube = direct_entry()
    release = protect(cube)
    women, minority = (("sex", ("women",)),), (("ethnicity_2", ("ethnic minority",)),)
    # The totals, 40 candidates of whom 13 were selected, and one line: "four of the 18 women and two of the seven minority candidates".
    entered, passed = ("applied", "entered"), ("met", "passed")
    told = ((women, entered, 18), (women, passed, 4), (minority, entered, 7), (minority, passed, 2))
    line = [known(where, *count, n, n, source="press") for where, count, n in told]
    solved = attack(release, also=line, exact=True)
    margins = solved.bounds.query("table in ['sex', 'ethnicity_2']")
    assert (margins["values"] == 1).all()
    assert not solved.passed
    assert attack(release).passed
    text = Piece("press.txt", "page", "Four of the 18 women and two of the seven ethnic minority candidates were selected.")
    with pytest.raises(DisclosureError):
        refuse([text], allowed=of_cells(release))


@pytest.mark.parametrize(
    ("case", "text"),
    [
        ("National Black Police Association", "Only 1 per cent of those promoted were Black officers."),
        ("Garda", "Three of four women who applied were promoted."),
        ("Boston", "Promoted: 1 Hispanic, no other minority officers"),
    ],
)
def test_published_lines_that_name_a_few_people_are_refused(case: str, text: str) -> None:
    release = protect(direct_entry())
    assert check([Piece(f"{case}.txt", "page", text)], allowed=of_cells(release))


def test_what_holds_no_data_may_be_allowed() -> None:
    values = protect(direct_entry()).cells["value"].dropna()
    allowed = Allowed.of(["12 October 2023, confidence 0.95"], numbers=[*values, "0.81"])
    assert check([Piece("a", "page", "12 October 2023: 0.81 at 0.95")], allowed=allowed) == ()


# A text that holds no data, other ways to write what it says, and the small count that it must not bring in.
BOUND = [
    ("published 4 October 2023", ["4 October 2023", "on 4\nOctober  2023", "2023-10-04", "2023-10-04T09:30:00+01:00", "4 October"], 4),
    ("2023-10-04", ["4 October 2023", "2023-10-04"], 4),
    ("recorded at 06:30 (record 7)", ["record 7", "Record 7, at 06:30"], 7),
    ("Schedule 1, paragraph 8(3)", ["paragraph 8"], 8),
    ("Release 2, rules 2", ["release 2", "Rules 2."], 2),
    ("Women had 9 fewer successes (12 fewer to 6 more)", ["9 fewer", "6 more"], 9),
    ("the ratio was -7 (-20 to 7)", ["\u22127 (\u221220 to 7)", "(-20\nto 7)"], 7),
    ("8% and 6 per cent", ["8%", "8 per cent", "6 %"], 8),
    ("Ethnic group (5)", ["By ethnic group (5)"], 5),
    ("aged 3 to 9 years", ["3 to 9"], 9),
    ("recorded as a total of 6", ["a total of 6, was"], 6),
]


@pytest.mark.parametrize(("text", "same", "count"), BOUND)
def test_a_number_that_belongs_to_something_is_allowed_in_that_form_only(text: str, same: list[str], count: int) -> None:
    """The day of a date is no leave to print as many people in a cell."""
    allowed = Allowed.of([text])
    assert check([Piece("page.html", "page", written) for written in (text, *same)], allowed=allowed) == ()
    for place in (f"{count}", f"Women\n{count}\nMen", f"{count} women", f"{count + 1} October 2023", f"record {count + 10}"):
        assert check([Piece("page.html", "cell", place)], allowed=allowed), place


@pytest.mark.parametrize("written", ["5 October 2023", "2023-10-05", "4 November 2023", "record 8", "9%", "-7 (-20 to 8)", "5 fewer"])
def test_another_date_share_or_interval_is_not_the_same(written: str) -> None:
    allowed = Allowed.of(["4 October 2023 (record 7): 8%, -7 (-20 to 7), 4 fewer"])
    assert check([Piece("page.html", "page", written)], allowed=allowed)


def test_a_negative_number_is_no_leave_for_a_count() -> None:
    allowed = Allowed.of(numbers=[-9, 40])
    assert check([Piece("a", "cell", "\u22129 of 40, or -40")], allowed=allowed) == ()
    assert check([Piece("a", "cell", "9")], allowed=allowed)


def test_letters_beside_a_number_are_no_leave_for_the_number() -> None:
    allowed = Allowed.of(["A single candidate, on level h2."])
    assert check([Piece("a", "page", "level H2: a single candidate")], allowed=allowed) == ()
    for written in ("2", "2women", "W2", "a single woman", "1"):
        assert check([Piece("a", "page", written)], allowed=allowed), written


# Sentences about things, with other words beside the same numbers that would count people.
OF_THINGS = [
    ("9 of 12 declared comparisons show a gap", "9 of 12 declared comparisons of women"),
    ("No material gap in 4 of 7 declared comparisons", "No material gap in 4 of 7 women"),
    ("4 of 9 declared comparisons cannot tell, or may not be shown.", "4 of the 9 cannot tell"),
    ("24 comparisons have figures, 3 of them declared in advance. 41 more have a verdict and no figures. 7 may not be shown.", "3 of them"),
    ("24 comparisons have figures, 3 of them declared in advance. 7 may not be shown.", "Women: 7 may not be shown."),
    ("2 of 3 comparisons have a line that crosses 1, which is no difference.", "2 of 3 have a line"),
    ("Impact ratios of 9 declared comparisons with 95% intervals; 3 more have no counts.", "3 more have no counts"),
    ("Lines of the share of 4 groups after each of 7 stages; a stage without a mark may not be told.", "4 groups of women"),
]


@pytest.mark.parametrize(("sentence", "people"), OF_THINGS)
def test_numbers_of_things_pass_in_their_own_sentence_only(sentence: str, people: str) -> None:
    allowed = Allowed.of(numbers=[0, 40, 95], forms=["95%"])
    assert check(_unnumbered([Piece("a", "page", sentence.replace(" ", "\n", 1))]), allowed=allowed) == ()
    assert check(_unnumbered([Piece("a", "page", people)]), allowed=allowed)


@pytest.mark.parametrize("text", ["Only 4 declared a disability.", "4 counts of women", "4 of the 9 cannot tell", "4 stages", "4 dots"])
def test_what_is_no_sentence_of_ours_does_not_pass(text: str) -> None:
    assert check(_unnumbered([Piece("a", "page", text)]), allowed=[40])


def test_the_items_of_a_list_pass_in_their_order_and_nothing_else_does() -> None:
    pages = [Piece("a", "page", "1. \nWomen\n2.\nMen"), Piece("a", "page", "3.\nOthers")]
    assert check(_unnumbered(pages), allowed=[40]) == ()
    for text in ("Women\n4.\nMen", "Women\n1.\nMen", "1.\nWomen\n2.\nMen\n4.\nOthers"):
        assert check(_unnumbered([Piece("a", "page", text)]), allowed=[40]), text


def test_intervals_are_compared_by_their_numbers() -> None:
    allowed = Allowed.of(forms=[interval(-20.0, 7, estimate=-7.0), interval(-20, 7)])
    assert check([Piece("a", "cell", "\u22127.0 (\u221220 to 7)")], allowed=allowed) == ()
