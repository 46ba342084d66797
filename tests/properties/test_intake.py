"""Intake for any table and any bytes: what is valid arrives whole in every form, order changes nothing, no foreign error is raised."""

from __future__ import annotations

import io
import tempfile
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from standardsetting.errors import WorkbenchError
from standardsetting.named.schemas import identifier_trouble
from standardsetting.named.validate import check
from standardsetting.process import Process

VALUES = ("courage", "compassion", "sound judgement")
QUIET = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)


def definition(form: str, step: str = "0.5") -> str:
    values = "".join(f'[[values]]\nname = "{name}"\nhurdle = 3\n' for name in VALUES)
    sources = f'[sources.interviews]\nfile = "interviews.{form}"\n[sources.ratings]\nfile = "ratings.{form}"\n'
    return f'[process]\nid = "p"\ntitle = "P"\n[scale]\nminimum = 1\nmaximum = 5\nstep = {step}\n{values}{sources}'


def write(table: pd.DataFrame, path: Path) -> None:
    {".csv": table.to_csv, ".xlsx": table.to_excel, ".parquet": table.to_parquet}[path.suffix](path, index=False)


def checked(interviews: pd.DataFrame, ratings: pd.DataFrame, form: str):
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "process.toml").write_text(definition(form), encoding="utf-8")
        write(interviews, Path(folder) / f"interviews.{form}")
        write(ratings, Path(folder) / f"ratings.{form}")
        return check(Process.load(folder), folder)


identifiers = st.text(alphabet="abcXYZ019-_./ ,;\"'éßЖ字", min_size=1, max_size=8).filter(
    lambda text: text == text.strip() and identifier_trouble(text) is None and not text.replace(".", "").isdigit()
)
ratings_cells = st.integers(2, 10).map(lambda half: half / 2)


@st.composite
def processes(draw) -> tuple[pd.DataFrame, pd.DataFrame]:
    people = draw(st.lists(identifiers, min_size=1, max_size=4, unique_by=str.casefold))
    assessors = draw(st.lists(identifiers, min_size=1, max_size=2, unique_by=str.casefold))
    interviews = pd.DataFrame({"candidate_id": people, "status": "completed"})
    interviews["date"] = [draw(st.dates(pd.Timestamp("2000-01-01").date(), pd.Timestamp("2100-01-01").date())) for _ in people]
    rows = []
    for person in people:
        for value in VALUES:
            rows += [(person, a, value, draw(ratings_cells), "independent") for a in assessors]
            rows.append((person, None, value, draw(ratings_cells), "agreed"))
    ratings = pd.DataFrame(rows, columns=["candidate_id", "assessor_id", "value", "rating", "kind"])
    order = draw(st.permutations(range(len(ratings))))
    return interviews, ratings.iloc[list(order)].reset_index(drop=True)


@settings(QUIET, max_examples=20)
@given(processes(), st.sampled_from(["csv", "xlsx", "parquet"]))
def test_a_valid_table_arrives_whole_in_every_form(tables, form):
    interviews, ratings = tables
    result = checked(interviews, ratings, form)
    assert result.ready, (result.findings, result.outstanding)
    typed = result.tables["ratings"]
    assert typed.index.tolist() == list(range(2, len(ratings) + 2))
    for column in ("candidate_id", "value", "kind"):
        assert typed[column].tolist() == ratings[column].tolist()
    assert typed["assessor_id"].astype(object).fillna("").tolist() == ratings["assessor_id"].fillna("").tolist()
    assert typed["rating"].tolist() == ratings["rating"].tolist()
    assert result.tables["interviews"]["date"].dt.date.tolist() == interviews["date"].tolist()


cells = st.sampled_from(["3", "3.5", "0", "9", "3,5", "3-4", "", "x", "2023-04-03", "Courage", "agreed", "QX1", "qx1", "#REF!"])


@settings(QUIET, max_examples=25)
@given(st.lists(st.tuples(*[cells] * 5), min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_no_finding(rows, random):
    interviews = pd.DataFrame({"candidate_id": ["QX1", "QX2"], "status": ["completed", "done"]})
    ratings = pd.DataFrame(rows, columns=["candidate_id", "assessor_id", "value", "rating", "kind"])
    order = list(range(len(rows)))
    random.shuffle(order)

    def counts(table: pd.DataFrame) -> Counter:
        result = checked(interviews, table, "csv")
        assert all(row["read"] == row["used"] + row["excepted"] + row["findings"] for row in result.account_rows)
        return Counter((f.table, f.column, f.kind, f.count) for f in (*result.findings, *result.notes)) + Counter(result.outstanding)

    # A blank row is told and passed over, and its place is nobody's finding: the counts are the same all the same.
    assert counts(ratings) == counts(ratings.iloc[order])


def good_bytes(form: str) -> bytes:
    table = pd.DataFrame({"candidate_id": ["QX1"] * 6, "assessor_id": ["A1", "", "A2"] * 2, "value": ["courage"] * 6, "rating": ["3"] * 6})
    table["kind"] = ["independent", "agreed", "revised"] * 2
    table["rationale"] = ['said "no"', "a,b", "two\nlines"] * 2
    content = io.BytesIO()
    {"csv": table.to_csv, "xlsx": table.to_excel, "parquet": table.to_parquet}[form](content, index=False)
    return content.getvalue()


GOOD = {form: good_bytes(form) for form in ("csv", "xlsx", "parquet")}


@st.composite
def spoiled(draw, form: str) -> bytes:
    """Any bytes; or a good file with a part cut out, overwritten or repeated."""
    good = GOOD[form]
    start = draw(st.integers(0, len(good)))
    end = draw(st.integers(start, min(len(good), start + 200)))
    middle = draw(st.one_of(st.just(b""), st.binary(max_size=40), st.just(good[start:end] * 2)))
    return draw(st.one_of(st.binary(max_size=200), st.just(good[:start] + middle + good[end:]), st.just(good[:start])))


@pytest.mark.parametrize("form", ["csv", "xlsx", "parquet"])
@settings(QUIET, max_examples=60)
@given(data=st.data())
def test_any_bytes_give_findings_and_no_other_error(form, data):
    content = data.draw(spoiled(form))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        (path / "process.toml").write_text(definition(form).replace(f"interviews.{form}", "interviews.csv"), encoding="utf-8")
        (path / "interviews.csv").write_text("candidate_id,status\nQX1,completed\n")
        (path / f"ratings.{form}").write_bytes(content)
        try:
            result = check(Process.load(path), path)
        except WorkbenchError:
            return
        assert (path / f"ratings.{form}").read_bytes() == content
    assert result.findings or result.outstanding or "ratings" in result.tables


@settings(QUIET, max_examples=60)
@given(st.text(max_size=12))
def test_any_cell_is_a_rating_on_the_scale_or_trouble_and_is_never_told(cell):
    assume("\0" not in cell)
    interviews = pd.DataFrame({"candidate_id": ["QX1"], "status": ["completed"]})
    ratings = pd.DataFrame(
        {"candidate_id": ["QX1"], "assessor_id": ["A1"], "value": ["courage"], "rating": [cell], "kind": ["independent"]}
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        (path / "process.toml").write_text(definition("csv"), encoding="utf-8")
        interviews.to_csv(path / "interviews.csv", index=False)
        (path / "ratings.csv").write_bytes(ratings.to_csv(index=False).encode("utf-8", errors="replace"))
        result = check(Process.load(path), path)
    marks = result.tables["ratings"]["rating"].tolist() if "ratings" in result.tables else []
    troubled = {f.kind for f in (*result.findings, *result.notes)} - {"one assessor only", "spaces around a cell", "blank row"}
    assert bool(marks) != bool(troubled)
    assert all(1 <= mark <= 5 and mark * 2 == int(mark * 2) for mark in marks)
