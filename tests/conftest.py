"""A small process that is in order, with people whose names nobody could mistake; tests break it in one place and look."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pandas as pd
import pytest

from standardsetting import BlindScores
from standardsetting.blind.decide import seal_standard
from standardsetting.cohort.snapshot import CohortSnapshot
from standardsetting.named.close import close
from standardsetting.named.snapshot import take
from standardsetting.named.validate import Checked, check
from standardsetting.process import Process
from standardsetting.simulate.folder import write as simulate

# After every day of a simulated process.
LATER = datetime(2024, 1, 8, 12, 0, tzinfo=UTC)
VALUES = ("professionalism", "integrity", "courage", "compassion")
PEOPLE = (
    "Zebediah Quillfeather", "Philomena Wintergreen", "Ottoline Marchbanks", "Barnaby Thistlewood", "Cordelia Fanshawe",
    "Ignatius Pemberley",
    "Hepzibah Larkspur", "Leopold Crumhorn", "Araminta Goldsworthy", "Thaddeus Winterbourne", "Clementine Ashgrove", "Montague Sedgewick",
)  # fmt: skip



def definition(name: str, title: str, *, more: str = "") -> str:
    """A definition without sources: four values, each with a hurdle of 3 on a scale from 1 to 5. `more` is put after `[process]`."""
    values = "".join(f'\n[[values]]\nname = "{value}"\nhurdle = 3\n' for value in VALUES)
    return f"""
[process]
id = "{name}"
title = "{title}"
{more}
[scale]
minimum = 1
maximum = 5
{values}
[dates]
first_interview = 2023-09-06
last_interview = 2023-09-29
"""


def good_tables() -> dict[str, pd.DataFrame]:
    """Twelve candidates, two assessors each and an agreed score; the last one withdrew. Every cell is text."""
    ids = [f"QXCAND{i:03d}" for i in range(1, 13)]
    candidates = pd.DataFrame(
        {
            "candidate_id": ids,
            "name": PEOPLE,
            "email": [f"{name.replace(' ', '.').lower()}@borsetshire.example" for name in PEOPLE],
            "force": ["Borsetshire Constabulary" if i % 2 else "Midsomer Police" for i in range(12)],
            "monitoring_key": [f"MONKEY{i:03d}" for i in range(1, 13)],
        }
    )
    monitoring = pd.DataFrame(
        {"monitoring_key": candidates["monitoring_key"][::-1], "sex": ["womanly", "manly"] * 6, "opt_out": ["no"] * 12}
    )
    interviews = pd.DataFrame({"candidate_id": ids, "panel_id": [f"PANELQUUX{i % 3}" for i in range(12)]})
    interviews["date"] = [f"2023-09-{11 + i:02d}" for i in range(12)]
    interviews["site"] = "Marshbank Hall"
    interviews["status"] = ["completed"] * 11 + ["withdrawn"]
    rows = []
    for i, candidate in enumerate(ids[:-1]):
        for v, value in enumerate(VALUES):
            first, second = 2 + (i + v) % 4, 2 + (i * v) % 4
            at = f"2023-09-{11 + i:02d} 1{v}:0"
            rows.append((candidate, f"ASSQUUX{i % 3}", value, str(first), "independent", f"{at}0"))
            rows.append((candidate, f"ASSQUUX{3 + i % 2}", value, str(second), "independent", f"{at}1"))
            rows.append((candidate, None, value, str(max(first, second)), "agreed", f"{at}5"))
    ratings = pd.DataFrame(rows, columns=["candidate_id", "assessor_id", "value", "rating", "kind", "recorded_at"])
    assessors = pd.DataFrame({"assessor_id": [f"ASSQUUX{i}" for i in range(5)], "name": [f"Quillon Hawthornthwaite{i}" for i in range(5)]})
    exceptions = pd.DataFrame({"candidate_id": [ids[-1]], "reason": ["withdrawn"], "approved_by": ["Quillon Hawthornthwaite0"]})
    return {
        "candidates": candidates.reset_index(drop=True), "monitoring": monitoring.reset_index(drop=True), "interviews": interviews,
        "ratings": ratings, "assessors": assessors, "exceptions": exceptions,
    }  # fmt: skip


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table in the form that its extension says; cells keep the types they have."""
    if path.suffix == ".xlsx":
        with pd.ExcelWriter(path, engine="openpyxl") as writer:
            table.to_excel(writer, index=False, sheet_name="Export")
    elif path.suffix == ".parquet":
        table.to_parquet(path, index=False)
    else:
        table.to_csv(path, index=False)


@dataclass
class SmallProcess:
    """A folder to be, its tables, and what `process.toml` says beside the definition."""

    folder: Path
    tables: dict[str, pd.DataFrame] = field(default_factory=good_tables)
    definition: str = field(default_factory=partial(definition, "small", "A small process"))
    extra: dict[str, str] = field(default_factory=dict)

    def file(self, name: str, form: str = "csv") -> Path:
        return self.folder / f"{name}.{form}"

    def write(self, form: str = "csv", **forms: str) -> None:
        """Write every table, in one form or in those given by table."""
        self.folder.mkdir(parents=True, exist_ok=True)
        sources = ""
        for name, table in self.tables.items():
            path = self.file(name, forms.get(name, form))
            write_table(table, path)
            sources += f'\n[sources.{name}]\nfile = "{path.name}"\n{self.extra.get(name, "")}\n'
        (self.folder / "process.toml").write_text(self.definition + sources, encoding="utf-8")

    def check(self) -> Checked:
        return check(Process.load(self.folder), self.folder)

    def canaries(self) -> set[str]:
        """What no message may hold: every cell that tells somebody apart, casefolded."""
        telling = ("candidate_id", "assessor_id", "name", "email", "force", "monitoring_key", "panel_id", "site", "sex", "approved_by")
        cells = {str(cell).casefold() for t in good_tables().values() for column in telling if column in t for cell in t[column].dropna()}
        return cells | {part for name in PEOPLE for part in name.casefold().split()}


def told(checked: Checked) -> str:
    """Everything that a check says to people or machines, as one casefolded text."""
    parts = [str(f.as_record()) + f.line for f in (*checked.findings, *checked.notes)]
    parts += [str(o.as_record()) for o in checked.outstanding] + [str(row) for row in checked.account_rows]
    return "\n".join(parts).casefold()


@pytest.fixture
def small_process(tmp_path: Path) -> SmallProcess:
    """A small good process, not written yet: change `tables`, `definition` or `extra`, then `write()` and `check()`."""
    return SmallProcess(tmp_path / "process")


@pytest.fixture
def four_values() -> tuple[str, ...]:
    """The names of the values of `definition`."""
    return VALUES


@pytest.fixture
def written_definition() -> Callable[..., str]:
    """`definition`, for tests that have a process of their own."""
    return definition


@dataclass(frozen=True)
class Case:
    """A way to break a small process, and the finding or note that must come of it.

    `kind` is the kind of the finding: blank where the data are still right, `{any}` where some finding will do. `row` is the row that it
    must name, if any.
    """

    name: str
    break_it: Callable[[SmallProcess], None]
    kind: str
    table: str = "ratings"
    row: int | None = None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that asks for `broken` runs once for each of its module's CASES."""
    if "broken" in metafunc.fixturenames:
        cases = [Case(*one) for one in metafunc.module.CASES]
        metafunc.parametrize("broken", cases, ids=[one.name for one in cases])


@pytest.fixture
def break_and_judge():
    """`break_and_judge(process, case)`: break a small process as a `Case` says, check it, and hold what is told against the case."""

    def go(process: SmallProcess, one: Case) -> None:
        if one.table not in ("monitoring", "assessors") and "assessors" not in one.kind:
            process.tables = {name: table for name, table in process.tables.items() if name not in ("monitoring", "assessors")}
        one.break_it(process)
        checked = process.check()
        everything = (*checked.findings, *checked.notes)
        kinds = sorted({(f.table, f.kind) for f in everything})
        if one.kind == "{any}":
            assert checked.findings
        elif not one.kind:
            assert checked.ready, kinds
            assert set(checked.standing["standing"]) == {"scored", "excepted"}
            assert len(checked.tables["ratings"]) == 132
        else:
            hits = [f for f in everything if (f.table, f.kind) == (one.table, one.kind)]
            assert hits, kinds
            assert one.row is None or any(one.row in f.rows for f in hits), [f.rows for f in hits]
        said = told(checked)
        assert not [canary for canary in process.canaries() if canary in said]
        for row in checked.account_rows:
            raw = checked.raw[row["table"]]
            assert row["read"] == row["used"] + row["excepted"] + row["findings"] == len(raw.frame) + len(raw.unread)
            assert min(row["used"], row["excepted"], row["findings"]) >= 0

    return go


@pytest.fixture(scope="session")
def decided(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a simulated process, closed, its standard recorded. Copy it before you change anything in it."""
    folder = simulate(tmp_path_factory.mktemp("process") / "sergeant", n=360, seed=7)
    close(Process.load(folder), folder, when=LATER)
    scores = BlindScores.read(folder / "closing" / "blind")
    seal_standard(scores, folder, cut=14, rationale="Because.", by=["A. Director"], evidence={"run": "r", "manifest": "m"}, when=LATER)
    return folder


@pytest.fixture(scope="session")
def simulated(decided: Path, tmp_path_factory: pytest.TempPathFactory) -> CohortSnapshot:
    """That process, seen at its interview outcomes."""
    folder = Path(shutil.copytree(decided, tmp_path_factory.mktemp("seen") / "sergeant"))
    return CohortSnapshot.read(take(Process.load(folder), folder, milestone="interview_outcomes", when=LATER).folder)
