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

from standardsetting import DecisionRule, Scale, tables
from standardsetting.blind.options import options
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


def test_a_table_without_rows_is_not_shown():
    empty = Table("empty", "Nothing was found", pd.DataFrame({"Table": [], "Rows": []}), kinds=("text", "count"))
    assert empty._repr_mimebundle_() == {"text/plain": "", "text/html": ""}
