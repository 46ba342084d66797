"""Tables: rounding happens once and by the stated rule, the HTML is accessible, and the workbook gets every digit."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from standardsetting import DecisionRule, Process, Scale, tables
from standardsetting.blind.close_to_the_line import close_to_the_line
from standardsetting.blind.distributions import correlations, hurdle_counts, total_distribution, value_distribution
from standardsetting.blind.options import above_the_hurdles, options
from standardsetting.errors import UsageError
from standardsetting.tables import rounding
from standardsetting.tables.table import MIME, Link, Table

RULE = DecisionRule([3, 3], scale=Scale(1, 5))


@given(st.decimals(min_value=-10_000, max_value=10_000, places=4, allow_nan=False), st.integers(0, 3))
def test_rounding_is_half_up_on_the_decimal(value: Decimal, places: int) -> None:
    expected = value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    written = rounding.rounded(value, places)
    assert Decimal(written.replace(",", "").replace("−", "-")) == expected
    assert "-" not in written


@pytest.mark.parametrize(
    ("share", "n", "written"),
    [
        (0.125, 8, "13%"), (0.125, 1000, "12.5%"), (2 / 3, 3, "67%"), (0.0005, 2000, "0.1%"), (0.0004, 5000, "under 0.1%"),
        (0.9999, 10_000, "over 99.9%"),
        (0, 10, "0%"), (1, 10, "100%"), (0.005, 200, "1%"), (0.004, 250, "under 1%"), (0.995, 200, "over 99%"),
    ],
)  # fmt: skip
def test_percentages(share: float, n: int, written: str) -> None:
    assert rounding.percent(share, n) == written


def test_numbers_keep_the_decimals_they_have() -> None:
    assert [rounding.number(x) for x in (14, 13.5, 40 / 3, np.float64(0.25), Fraction(1, 8))] == ["14", "13.5", "13.33", "0.25", "0.13"]


def definition_of(*names: str, weight: int = 1, meanings: dict[str, str] | None = None) -> Process:
    values = [{"name": name, "hurdle": 3, "weight": weight} for name in names]
    scale = {"minimum": 1, "maximum": 5, "meanings": meanings or {}}
    return Process.from_mapping({"process": {"id": "p", "title": "P"}, "scale": scale, "values": values})


def small(**changes: object) -> Table:
    data = pd.DataFrame(
        {"Total <of> all": [12.0, 13.5], "People": [1234, 5], "Share": [0.125, np.nan], "Where": [Link("here & now", "rule"), "no"]}
    )
    settings = {"name": "small", "caption": "A & B", "data": data, "kinds": ("number", "count", "percent", "text"), "n": 10} | changes
    return Table(**settings)  # type: ignore[arg-type]


def test_html_is_accessible_and_escaped() -> None:
    page = BeautifulSoup(small(notes=("A <note>.",)).html, "html.parser")
    assert page.caption is not None
    assert page.caption.text == "A & B"
    assert [th["scope"] for th in page.select("thead th")] == ["col"] * 4
    assert [th["scope"] for th in page.select("tbody th")] == ["row"] * 2
    assert [td.text for td in page.select("tbody .number")] == ["12", "1,234", "13%", "13.5", "5", "–"]
    assert page.select_one("a")["href"] == "#rule"  # type: ignore[index]
    assert "<of>" not in small().html
    assert page.select_one(".table-notes").text == "A <note>."  # type: ignore[union-attr]


def test_the_workbook_gets_every_digit() -> None:
    record = small()._repr_mimebundle_()[MIME]
    assert record["rows"][0] == [12.0, 1234, 0.125, "here & now"]
    assert record["rows"][1][2] is None
    assert record["kinds"] == ["number", "count", "percent", "text"]
    assert type(record["rows"][0][1]) is int


def test_a_table_that_does_not_fit_is_refused() -> None:
    with pytest.raises(UsageError):
        small(kinds=("number",))
    with pytest.raises(UsageError):
        small(kinds=("number", "count", "percent", "colour"))
    with pytest.raises(UsageError):
        small(name="x" * 32)


def test_vacancies_are_labelled_as_consequence() -> None:
    scores = pd.DataFrame({"value 1": [3.0, 4, 5], "value 2": [3.0, 3, 5]})
    with_posts = tables.options_table(options(scores, RULE, cuts=[6, 7, 10], vacancies=2))
    heading = str(with_posts.data.columns[-1])
    assert heading.startswith("Consequence, not standard")
    assert with_posts.data.iloc[:, -1].tolist() == [1, 0, -1]
    assert "−1" in with_posts.html
    without = tables.options_table(options(scores, RULE, cuts=[6, 7, 10]))
    assert not any("vacanc" in str(column) for column in without.data.columns)


def test_ties_have_their_own_column_where_steps_skip_totals() -> None:
    scores = pd.DataFrame({"value 1": [3.0, 4, 5], "value 2": [3.0, 3, 5]})
    every = options(scores, RULE)
    assert "Exactly on this total" not in tables.options_table(every).data.columns
    coarse = every.assign(moves_up=every["moves_up"] + 1)
    coarse.attrs = every.attrs
    assert "Exactly on this total" in tables.options_table(coarse).data.columns


def test_checklist_says_what_is_not_here() -> None:
    checklist = tables.checklist()
    where = checklist.data["Where it is"]
    here = [cell for cell in where if isinstance(cell, Link)]
    assert (where == "not in this pack").sum() == len(where) - len(here) > 0
    assert f"{len(here)} of {len(where)}" in checklist.notes[0]
    assert not re.search(r"coming|later|soon|future", " ".join(checklist.data["Evidence"]).replace("later performance", ""))


def test_a_table_without_rows_is_not_shown() -> None:
    empty = Table("empty", "Nothing was found", pd.DataFrame({"Table": [], "Rows": []}), kinds=("text", "count"))
    assert empty._repr_mimebundle_() == {"text/plain": "", "text/html": ""}


def one_candidate(vacancies: int | None = None) -> pd.DataFrame:
    return options(pd.DataFrame({"value 1": [3.0], "value 2": [3.0]}), RULE, vacancies=vacancies)


def test_singular_and_plural() -> None:
    assert tables.options_table(one_candidate(1)).data.columns[-1] == "Consequence, not standard: met minus 1 vacancy"
    assert tables.every_option(one_candidate()).notes[0] == "Every row describes the same 1 complete candidate; none is incomplete."
    assert "The share is of the only candidate with every score." in tables.every_option(one_candidate()).notes[1]
    assert [rounding.the(n, "candidate") for n in (1, 2, 1000)] == ["the only candidate", "the 2 candidates", "the 1,000 candidates"]


def test_no_vacancies_have_no_column() -> None:
    assert not any("vacanc" in str(column) for column in tables.options_table(one_candidate(0)).data.columns)


def test_tables_say_whom_they_count() -> None:
    scores = pd.DataFrame({"value 1": [3.0, 4, 1, 5], "value 2": [3.0, None, 3, 4]})
    definition = definition_of("value 1", "value 2")
    by_value = value_distribution(scores, RULE)
    whom = "Counted are the 3 candidates with every score."
    assert whom in tables.value_distribution(by_value, definition).notes
    assert whom in tables.hurdle_counts(hurdle_counts(by_value), definition).notes
    assert whom in tables.total_distribution(total_distribution(scores, RULE)).notes
    assert whom in tables.correlations(correlations(scores, RULE), definition).notes
    assert "of the 3 candidates with every score" in tables.options_table(options(scores, RULE)).notes[0]
    turned = tables.above_the_hurdles(above_the_hurdles(options(scores, RULE)))
    assert turned.notes == ("The share is of the 2 candidates who met every hurdle.",)


def test_undefined_correlations_are_not_shown() -> None:
    pairs = correlations(pd.DataFrame({"value 1": [3.0], "value 2": [3.0]}), RULE)
    assert tables.correlations(pairs, definition_of("value 1", "value 2")).data.empty


def test_close_to_the_line_names_its_step_and_both_sides() -> None:
    scores = pd.DataFrame({"value 1": [3.0, 4, 2], "value 2": [3.0, 4, 5]}, index=["C-1", "C-2", "C-3"])
    definition, every = definition_of("value 1", "value 2", weight=2), options(scores, RULE)
    close = close_to_the_line(scores, RULE)
    table = tables.close_by_cut(close, every, definition)
    assert "one step of the rating scale" in table.caption
    assert "weight of the value" in table.notes[0]
    assert "weight" not in tables.close_by_cut(close, every, definition_of("value 1", "value 2")).notes[0]
    shown = every[every["cut"].isin([7, 8])]
    codes = tables.close_codes(close, shown, definition)
    assert codes.data[["Total", "Close up to a total of", "Blind codes"]].to_numpy().tolist() == [[7, 7, "C-3"], [6, 7, "C-1"]]


def test_words_for_scores_are_evidence_only_where_there_are_words() -> None:
    silent, said = definition_of("a"), definition_of("a", meanings={"3": "acceptable"})
    here = [tables.checklist(p).data.set_index("Evidence")["Where it is"].filter(like="in words: what").iloc[0] for p in (silent, said)]
    assert here[0] == "not in this pack"
    assert isinstance(here[1], Link)


def test_tables_of_nobody_are_not_shown() -> None:
    nobody = pd.DataFrame({"value 1": [1.0], "value 2": [1.0]})
    every, definition = options(nobody, RULE), definition_of("value 1", "value 2")
    assert tables.above_the_hurdles(above_the_hurdles(every)).data.empty
    assert tables.close_by_cut(close_to_the_line(nobody, RULE), every, definition).data.empty


SIGNS = ("[c] confidential: too few people.", "Everybody who applied.")


def released(*cells: object, notes: tuple[str, ...] = SIGNS, **changes: object) -> Table:
    data = pd.DataFrame({"Group": [f"group {letter}" for letter in "abcdefgh"[: len(cells)]], "Applied": cells})
    return Table("released", "People", data, ("text", "shown"), notes=notes, **changes)  # type: ignore[arg-type]


def test_a_released_figure_stands_like_a_number_and_is_written_as_it_was_released() -> None:
    table = released("405", "1,250", "57%", "[c]", "")
    page = BeautifulSoup(table.html, "html.parser")
    assert [td.text for td in page.select("tbody td.number")] == ["405", "1,250", "57%", "[c]", "[z]"]
    assert "number" in page.select("thead th")[1]["class"]
    assert [row[1] for row in table.record["rows"]] == ["405", "1,250", "57%", "[c]", "[z]"]
    assert [row[1] for row in table.record["formats"]] == ["#,##0", "#,##0", "0%", "", ""]
    assert BeautifulSoup(released("405", None, missing="[c]").html, "html.parser").select("tbody td")[1].text == "[c]"


def test_what_signs_mean_stands_above_the_table_and_everything_else_below() -> None:
    parts = [(part.name, part.text) for part in BeautifulSoup(released("405", "[c]").html, "html.parser").div.children]  # type: ignore[union-attr]
    assert parts[0] == ("p", SIGNS[0]) and parts[1][0] == "table" and parts[2:] == [("p", SIGNS[1])]
    record = released("405", "[c]").record
    assert (record["shorthand"], record["notes"]) == ([SIGNS[0]], [SIGNS[1]])


def test_an_empty_figure_brings_its_own_explanation_unless_there_is_one() -> None:
    told = "[z] not applicable: the rules make it impossible."
    assert released("405", "").shorthand == (SIGNS[0], "[z] not applicable: there is no such figure.")
    assert released("405", "", notes=(told,)).shorthand == (told,)
    assert released("405", "[c]").shorthand == (SIGNS[0],)


def test_number_formats_show_the_decimals_that_the_page_shows() -> None:
    data = pd.DataFrame({"Total": [12.0, 13.5, 40 / 3], "Error": [0.1, 0.0, np.nan], "Share": [0.125, 0.0004, 0.9999]})
    table = Table("t", "T", data, ("number", "number", "percent"), n=10, places={"Error": 2})
    assert table.record["formats"] == [["#,##0", "#,##0.00", "0%"], ["#,##0.0", "#,##0.00", '"under 1%"'], ["#,##0.00", "", '"over 99%"']]
    assert Table("t", "T", data, ("number", "number", "percent"), n=1000).record["formats"][0] == ["#,##0", "#,##0.0", "0.0%"]


def test_the_workbook_is_told_the_sign_of_a_table_that_has_one() -> None:
    assert small().record["missing"] == ""
    assert small(missing="not defined").record["missing"] == "not defined"
