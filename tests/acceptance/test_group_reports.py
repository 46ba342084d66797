"""Reports about groups as a user types them: locked until the standard, held, released by two people; and nobody is found in them."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nbformat
import numpy as np
import openpyxl
import pandas as pd
import pytest
from nbformat.v4 import new_code_cell
from pypdf import PdfReader

from standardsetting import preparing, records, releasing
from standardsetting.blind.decide import seal_standard
from standardsetting.blind.scores import BlindScores
from standardsetting.cohort.diversity import cube_of
from standardsetting.cohort.snapshot import CohortSnapshot
from standardsetting.errors import DisclosureError, WorkbenchError
from standardsetting.linkage import latest
from standardsetting.named.close import close
from standardsetting.process import Process
from standardsetting.reporting import manifest, publish
from standardsetting.reporting.allowed import gate_of
from standardsetting.reporting.run import ReportRequest, make_report
from standardsetting.sealed import file_digest
from standardsetting.shipped import shipped
from standardsetting.stages import BLIND, RESTRICTED

NOW = datetime(2024, 6, 3, 12, tzinfo=UTC)
VALUES = ("professionalism", "integrity", "courage", "compassion")
CANARIES = (
    "zebediah", "quillfeather", "qxf-", "qxa-", "borsetshire", "midsomer", "marshbank", "quillon", "zzsecret", "07700", "panelquux",
    "roomquux", "keyquux",
)  # fmt: skip
DEFINITION = (
    '[process]\nid = "groups"\ntitle = "A process with groups"\nsynthetic = true\n[scale]\nminimum = 1\nmaximum = 5\n'
    '[scale.meanings]\n3 = "acceptable"\n'
    + "".join(f'[[values]]\nname = "{name}"\nhurdle = 3\n' for name in VALUES)
    + "[dates]\nfirst_interview = 2023-09-06\nlast_interview = 2023-09-29\n"
    + '[cohort]\ntables = [["sex"], ["ethnicity_5"], ["disability"]]\nprimary_family = [{ level = "sex" }, { level = "ethnicity_5" }]\n'
)
DECIDE = ("--rationale", "Because.", "--by", "A Director")
PEOPLE = ("--prepared-by", "Ada One", "--signed-by", "Bo Two")


def tables(n: int, seed: int = 1) -> dict[str, pd.DataFrame]:
    """People whom nobody could mistake, in groups of every size: large, small, and one person alone."""
    draw = np.random.default_rng(seed)
    ids = np.array([f"QXF-{i:05d}" for i in draw.permutation(n)])
    candidates = pd.DataFrame({"candidate_id": ids, "name": [f"Zebediah{i} Quillfeather{i}" for i in range(n)]})
    candidates["email"] = [f"zebediah.quillfeather{i}@example.org" for i in range(n)]
    candidates["telephone"], candidates["force"] = [f"07700 9{i:05d}" for i in range(n)], draw.choice(["Borsetshire", "Midsomer"], n)
    candidates["monitoring_key"] = [f"keyquux{i:05d}" for i in range(n)]
    monitoring = pd.DataFrame({"monitoring_key": draw.permutation(candidates["monitoring_key"])})
    monitoring["sex"] = draw.choice(["F", "M"], n, p=[0.4, 0.6])
    monitoring["ethnicity_5"] = draw.choice(["White", "Asian", "Mixed"], n, p=[0.7, 0.26, 0.04])
    monitoring["disability"] = np.where(np.arange(n) < max(n // 40, 1), "Yes", "No")
    monitoring.loc[n // 2, "ethnicity_5"] = "Black"
    days = pd.bdate_range("2023-09-06", "2023-09-29").strftime("%Y-%m-%d")
    interviews = pd.DataFrame({"candidate_id": ids, "panel_id": [f"Panelquux {p}" for p in draw.integers(0, 6, n)]})
    interviews["date"], interviews["site"], interviews["status"] = draw.choice(days, n), "Roomquux", "completed"
    gone = np.arange(n) >= n - max(n // 7, 1)
    interviews.loc[gone, "status"] = "withdrawn"
    level, rows = draw.normal(3.5, 0.8, n), list[tuple[Any, ...]]()
    for i, candidate in enumerate(ids[~gone]):
        pair = draw.choice(8, 2, replace=False)
        for value in VALUES:
            scores = np.clip(np.round(level[i] + draw.normal(0, 0.7, 2)), 1, 5).astype(int)
            rows += [(candidate, f"QXA-{a}", value, s, "independent", "zzsecret") for a, s in zip(pair, scores, strict=True)]
            rows.append((candidate, "", value, scores[0], "agreed", ""))
    ratings = pd.DataFrame(rows, columns=["candidate_id", "assessor_id", "value", "rating", "kind", "rationale"])
    assessors = pd.DataFrame({"assessor_id": [f"QXA-{a}" for a in range(8)], "name": [f"Quillon Marshbank{a}" for a in range(8)]})
    exceptions = pd.DataFrame({"candidate_id": ids[gone], "reason": "withdrawn", "approved_by": "Quillon Marshbank0"})
    return {
        "candidates": candidates, "monitoring": monitoring, "interviews": interviews, "ratings": ratings,
        "assessors": assessors, "exceptions": exceptions,
    }  # fmt: skip


def process_of(folder: Path, made: dict[str, pd.DataFrame], *, more: str = "") -> Path:
    folder.mkdir(parents=True)
    sources = "".join(f'[sources.{name}]\nfile = "{name}.csv"\n' for name in made)
    (folder / "process.toml").write_text(DEFINITION + more + sources, encoding="utf-8")
    for name, table in made.items():
        table.to_csv(folder / f"{name}.csv", index=False)
    return folder


def decided(folder: Path, cut: str = "14") -> Path:
    close(Process.load(folder), folder, when=NOW)
    seal_standard(BlindScores.read(folder / BLIND), folder, cut=cut, rationale="for a test", by=["A Person"], evidence={}, when=NOW)
    return folder


def prepare(folder: Path, tier: str = "director", milestone: str | None = None) -> preparing.Prepared:
    """Everything up to the page: the snapshot, the audit, and the release that the notebook would read."""
    return preparing.prepare("cohort-diversity", Process.load(folder), folder, tier=tier, milestone=milestone)


def say(where: Path, *words: object) -> SimpleNamespace:
    """The command line, as somebody types it in a folder."""
    (where / "tmp").mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-m", "standardsetting.cli", *map(str, words)],
        cwd=where, env={**os.environ, "TMPDIR": str(where / "tmp")}, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode != 1, done.stderr
    with (where / "told.txt").open("a", encoding="utf-8") as kept:
        kept.write(done.stdout + done.stderr)
    record = json.loads(done.stdout) if "--json" in words else {}
    return SimpleNamespace(code=done.returncode, out=done.stdout, err=done.stderr, all=done.stdout + done.stderr, record=record)


def kinds(folder: Path) -> list[str]:
    return [record.kind for record in records.read(folder)]


def runs(reports: Path) -> list[str]:
    return sorted(p.name for p in (reports / "groups").glob("*") if p.is_dir() and not p.is_symlink())


def said(file: Path) -> str:
    """All that a file holds, packed or not, in small letters."""
    data = file.read_bytes()
    parts = [file.name, data.decode("utf-8", errors="replace")]
    if file.suffix in (".xlsx", ".ods"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts += [archive.read(name).decode("utf-8", errors="replace") for name in archive.namelist()]
    if file.suffix == ".pdf":
        reader = PdfReader(io.BytesIO(data))
        parts += [str(reader.metadata), *(page.extract_text() for page in reader.pages)]
    return "\n".join(parts).casefold()


def blind_codes(folder: Path) -> list[str]:
    book = pd.read_csv(folder / "closing" / "named" / "code_book.csv")
    return [code.casefold() for code in book["code"]]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a closed and decided process, as the command line makes it."""
    where = tmp_path_factory.mktemp("groups")
    folder = process_of(where / "process", tables(300))
    assert say(where, "close", folder).code == 0 and say(where, "pack", folder).code == 0
    assert say(where, "decide", folder, "--cut", "14", *DECIDE).code == 0
    return where


@pytest.fixture(scope="module")
def held(base: Path) -> SimpleNamespace:
    done = say(base, "report", "cohort-diversity", "process", "--json")
    assert done.code == 0, done.all
    return done


@pytest.fixture(scope="module")
def released(base: Path, held: SimpleNamespace) -> SimpleNamespace:
    """What was refused on the way, then both tiers released."""
    before = kinds(base / "process")
    twice = say(base, "release", "cohort-diversity", "process", "--prepared-by", "Ada One", "--signed-by", " ada one")
    refused = (twice.code, kinds(base / "process"), runs(base / "reports"))
    director = say(base, "release", "cohort-diversity", "process", *PEOPLE, "--json")
    public_held = say(base, "report", "cohort-diversity", "process", "--tier", "public", "--milestone", "interview_outcomes")
    assert public_held.code == 0, public_held.all
    public = say(base, "release", "cohort-diversity", "process", *PEOPLE, "--tier", "public")
    assert (director.code, public.code) == (0, 0), director.all + public.all
    return SimpleNamespace(before=before, refused=refused, director=director.record, public=public, public_held=public_held.out)


def copied(base: Path, place: Path) -> Path:
    shutil.copytree(base, place, symlinks=True)
    return place


def folder_of(base: Path, tier: str) -> Path:
    name = "cohort-diversity" if tier == "director" else "cohort-diversity-public"
    return base / "reports" / "groups" / publish.pointed(base / "reports" / "groups", name)


def test_what_was_tampered_with_is_refused(base: Path, held: SimpleNamespace, tmp_path: Path) -> None:
    root = copied(base, tmp_path / "copy")
    folder, process = root / "process", Process.load(root / "process")
    before = runs(folder / releasing.HELD)
    snapshot = latest(folder)
    release = next((folder / preparing.RELEASES).iterdir())
    assert snapshot is not None and before
    for file, code in (
        (folder / "records" / "ledger.jsonl", 12), (folder / "closing" / "blind" / "ratings.parquet", 13),
        (folder / "closing" / "named" / "code_book.csv", 12), (snapshot / "people.parquet", 13), (release / "counts.json", 13),
    ):  # fmt: skip
        whole = file.read_bytes()
        file.write_bytes(whole.replace(b'"cut":"14"', b'"cut":"12"') if file.suffix == ".jsonl" else whole + b" ")
        with pytest.raises(WorkbenchError) as refused:
            releasing.hold("cohort-diversity", process, folder)
        assert refused.value.exit_code == code, file.name
        file.write_bytes(whole)
    assert runs(folder / releasing.HELD) == before and not [run for run in runs(root / "reports") if run.startswith("cohort")]
    assert releasing.hold("cohort-diversity", process, folder)[0].already_done


def test_a_report_is_held_until_somebody_else_signs(base: Path, held: SimpleNamespace, released: SimpleNamespace) -> None:
    folder = base / "process"
    assert held.record["held"] and held.record["new_figures"] and held.record["folder"].startswith("process/cohort/held")
    code, then, published = released.refused
    assert code == 2 and then == released.before and not [run for run in published if run.startswith("cohort")]
    entry = next(record.body for record in records.read(folder) if record.kind == "disclosure release")
    snapshot = latest(folder)
    assert snapshot is not None
    assert entry["cube"] == cube_of(CohortSnapshot.read(snapshot)).hash and entry["recipients"] == ["assessment director"]
    assert (entry["prepared_by"], entry["signed_by"]) == ("Ada One", "Bo Two")
    run = folder_of(base, "director")
    assert {file.suffix for file in run.iterdir()} == {".html", ".pdf", ".xlsx", ".ods", ".ipynb", ".json"} and manifest.verify(run) == []
    assert not released.director["held"]
    looked_at = base / held.record["folder"]
    contents = [{file.name: file.read_bytes() for file in place.iterdir()} for place in (run, looked_at)]
    assert run.name == looked_at.name and contents[0] == contents[1]
    assert (entry["report"]["run"], entry["report"]["manifest"]) == (run.name, file_digest(looked_at / manifest.MANIFEST_FILE))


def test_the_same_again_says_that_nothing_is_new(base: Path, released: SimpleNamespace) -> None:
    folder = base / "process"
    before = kinds(folder)
    again = say(base, "report", "cohort-diversity", "process")
    assert again.code == 0 and again.out.startswith("No new figures")
    assert "released before" in again.out
    assert again.out.splitlines()[-1].startswith("Next: nothing; or, if somebody else is to receive it: ")
    once_more = say(base, "release", "cohort-diversity", "process", *PEOPLE)
    assert once_more.code == 0 and once_more.out.startswith("No new figures") and kinds(folder) == before


def test_a_tier_without_new_figures_says_how_it_is_released(released: SimpleNamespace) -> None:
    """The director's release told every figure that the public tier has; the public tier itself has not been released."""
    first, second, *_, last = released.public_held.splitlines()
    assert first.startswith("No new figures") and second.startswith("Held, not released")
    asked = "--tier public --milestone interview_outcomes --prepared-by NAME --signed-by NAME"
    assert last == f"Next: standardsetting release cohort-diversity process {asked}"


def test_verify_holds_until_an_artefact_is_changed(base: Path, released: SimpleNamespace) -> None:
    assert say(base, "verify", "process").code == 0
    for tier, ending in (("director", "xlsx"), ("director", "ods"), ("public", "html")):
        file = next(folder_of(base, tier).glob(f"*.{ending}"))
        whole = file.read_bytes()
        file.write_bytes(whole + b" ")
        assert say(base, "verify", "process").code == 11
        file.write_bytes(whole)


def test_each_tier_has_a_title_of_its_own_wherever_one_stands(base: Path, released: SimpleNamespace) -> None:
    for tier, title in (("director", "Cohort diversity"), ("public", "Cohort diversity, published edition")):
        run = folder_of(base, tier)
        page = next(run.glob("*.html")).read_text(encoding="utf-8")
        assert f"<h1>{title}</h1>" in page and f"<title>{title}: " in page
        metadata = PdfReader(next(run.glob("*.pdf"))).metadata
        assert metadata is not None and str(metadata.title).startswith(f"{title}: ")
        book = openpyxl.load_workbook(next(run.glob("*.xlsx")))
        assert book["Cover"]["A1"].value.startswith(f"{title}: ") and book.properties.title.startswith(f"{title}: ")


def test_only_the_public_tier_is_marked_for_anybody(base: Path, released: SimpleNamespace) -> None:
    pages = {tier: next(folder_of(base, tier).glob("*.html")).read_text(encoding="utf-8") for tier in ("director", "public")}
    assert pages["director"].count("OFFICIAL-SENSITIVE") >= 2
    assert "OFFICIAL-SENSITIVE" not in pages["public"] and pages["public"].count(">OFFICIAL<") >= 2
    for page in pages.values():
        assert "<dt>Release</dt>" in page and "Blind data" not in page


def test_both_tiers_show_the_same_counts_and_the_public_one_less(base: Path, released: SimpleNamespace) -> None:
    books = {tier: openpyxl.load_workbook(next(folder_of(base, tier).glob("*.xlsx"))) for tier in ("director", "public")}
    sheets = {
        tier: {s["A1"].value.split(" [note")[0]: [[c.value for c in row] for row in s.iter_rows(min_row=3)] for s in book.worksheets[3:]}
        for tier, book in books.items()
    }
    both = set(sheets["director"]) & set(sheets["public"])
    counted = [title for title in both if any(re.fullmatch("[1-9][0-9]+", str(cell)) for row in sheets["public"][title] for cell in row)]
    assert both == set(sheets["public"]) < set(sheets["director"]) and counted
    for title in both:
        strip = [[re.sub(r" ?\[note \d+\]", "", c) if isinstance(c, str) else c for c in row] for row in sheets["director"][title]]
        other = [[re.sub(r" ?\[note \d+\]", "", c) if isinstance(c, str) else c for c in row] for row in sheets["public"][title]]
        assert strip == other, title
    page = {tier: said(next(folder_of(base, tier).glob("*.html"))) for tier in books}
    parts = set(prepare(base / "process").release.sections) - set(prepare(base / "process", "public").release.sections)
    assert {"gates", "adjusted", "panels"} <= parts
    headings = {tier: set(re.findall(r"<h2[^>]*>(.*?)</h2>", text)) for tier, text in page.items()}
    assert headings["public"] < headings["director"]
    assert not [h for h in headings["public"] if re.search("panel|adjust|hurdle|value", h)]


def test_nobody_is_found_in_either_tier_nor_in_what_was_told(base: Path, released: SimpleNamespace) -> None:
    secret = [*CANARIES, *blind_codes(base / "process")]
    assert len(secret) > 250
    looked = [file for tier in ("director", "public") for file in folder_of(base, tier).iterdir()]
    looked += [*(base / "reports" / "groups").glob("*.jsonl"), *(base / "process" / releasing.HELD).rglob("*.*"), base / "told.txt"]
    looked += [file for place in (base / "process" / preparing.RELEASES).iterdir() for file in place.iterdir()]
    assert len([file for file in looked if file.is_file()]) > 40
    for file in looked:
        text = said(file) if file.is_file() else ""
        assert not [word for word in secret if word in text], file.name
    assert [word for word in secret if word in said(base / "process" / "closing" / "named" / "code_book.csv")]


def _strange(prepared: preparing.Prepared, folder: Path, place: Path) -> int:
    """A true small count of a group that is not in the release: what the gate is there for."""
    found = latest(folder)
    assert found is not None
    cube = cube_of(CohortSnapshot.read(found))
    declaration = cube.declaration
    counts = sorted(
        {
            int(cube.count(where, stage, measure))
            for table in declaration.tables
            for where in declaration.groups(table).values()
            for stage in declaration.stages
            for measure in ("entered", "passed", "not passed")
        }
    )
    gate = gate_of(prepared.folder)
    for count in (c for c in counts if 0 < c < 60 and c % 5):
        (place / "page.html").write_text(f"<p>{count}</p>", encoding="utf-8")
        try:
            gate([place / "page.html"])
        except DisclosureError:
            return count
    pytest.fail("the gate lets every small count pass")


def _plants(count: int) -> Iterator[tuple[str, str, Any]]:
    """What somebody could have left in a finished artefact, by its ending and a word for where."""
    yield "html", "alternative text", lambda text: text.replace("<main", f'<img alt="{count} women passed"><main', 1)
    yield "html", "alternative text", lambda text: text.replace("<main", f'<svg><g data-tip="{count}"></g></svg><main', 1)
    yield "html", "page", lambda text: text.replace("</svg>", f"<title>{count} of them</title></svg>", 1)
    yield "html", "comment", lambda text: text.replace("<main", f"<!-- women: {count} --><main", 1)
    yield "ipynb", "cell", lambda text: text.replace("# Cohort diversity", f"# Cohort diversity {count}", 1)

    def hidden(book: Any) -> None:
        sheet = book.create_sheet("More")
        sheet.sheet_state = "hidden"
        sheet["B7"] = count

    def comment(book: Any) -> None:
        book.worksheets[-1]["A1"].comment = openpyxl.comments.Comment(f"in truth {count}", "x")

    def subject(book: Any) -> None:
        book.properties.subject = f"{count} women"

    yield "xlsx", "hidden sheet", hidden
    yield "xlsx", "comment", comment
    yield "xlsx", "property", subject


def test_the_gate_reads_every_corner_of_a_finished_report(base: Path, held: SimpleNamespace, tmp_path: Path) -> None:
    prepared = prepare(base / "process")
    count, gate = _strange(prepared, base / "process", tmp_path), gate_of(prepared.folder)
    run = base / held.record["folder"]
    gate(sorted(file for file in run.iterdir() if file.name != "manifest.json"))
    for ending, where, change in _plants(count):
        file = tmp_path / f"cohort-diversity.{ending}"
        shutil.copy(run / file.name, file)
        if ending == "xlsx":
            book = openpyxl.load_workbook(file)
            change(book)
            book.save(file)
        else:
            text = file.read_text(encoding="utf-8")
            file.write_text(change(text), encoding="utf-8")
            assert file.read_text(encoding="utf-8") != text, where
        with pytest.raises(DisclosureError) as refused:
            gate([file])
        assert f"{file.name}, {where}: 1 different numbers" in str(refused.value), where
        assert not re.search(rf"\b{count}\b", str(refused.value))
    named = Path(shutil.copy(run / "cohort-diversity.html", tmp_path / f"women-{count}.html"))
    with pytest.raises(DisclosureError) as refused:
        gate([named])
    assert "a file, file name: 1" in str(refused.value) and str(count) not in str(refused.value)


def test_a_notebook_that_says_too_much_publishes_nothing(base: Path, released: SimpleNamespace, tmp_path: Path) -> None:
    folder, prepared = base / "process", prepare(base / "process")
    count = _strange(prepared, folder, tmp_path)
    notebook = nbformat.read(shipped("notebooks") / "cohort_diversity.ipynb", as_version=4)
    figure = f'<figure><svg role="img" aria-label="{count} women"><title>{count} women</title></svg><!-- {count} --></figure>'
    table = {"name": "More", "caption": "More", "headings": ["n"], "kinds": ["count"], "rows": [[count]], "notes": []}
    bundle = {"text/html": figure, "application/vnd.standardsetting.table+json": table, "text/plain": "figure"}
    notebook.cells.append(new_code_cell(f"from IPython.display import display\nprint(int('{count}'))\ndisplay({bundle!r}, raw=True)"))
    nbformat.write(notebook, tmp_path / "planted.ipynb")
    reports, before = base / "reports", runs(base / "reports")
    good = folder_of(base, "director")
    tokens = pd.DataFrame({"kind": ["name"], "token": ["zebediah quillfeather"]})
    request = ReportRequest(
        kind="cohort-diversity", process=prepared.release.process, material=prepared.folder, reports_folder=reports,
        restricted_folder=folder / RESTRICTED, identities=lambda: tokens, notebook=tmp_path / "planted.ipynb",
        gate=gate_of(prepared.folder),
    )  # fmt: skip
    with pytest.raises(DisclosureError) as refused:
        make_report(request)
    message = str(refused.value)
    assert refused.value.exit_code == 13 and not re.search(rf"\b{count}\b", message)
    notebook_and_page = ("html, alternative text", "html, page", "html, comment", "ipynb, table", "ipynb, alternative text")
    for where in (*notebook_and_page, "xlsx, sheet", "ods, sheet"):
        assert f"cohort-diversity.{where}: 1 " in message, where
    assert runs(reports) == before and folder_of(base, "director") == good and manifest.verify(good) == []
    assert not list((reports / "groups").glob(f"{publish.STAGING_PREFIX}*"))
    journal = (reports / "groups" / "journal.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(journal[-1])["outcome"] == "DisclosureError"


def test_a_standard_that_changes_after_a_release_needs_a_reason_and_a_lawyer(
    base: Path, released: SimpleNamespace, tmp_path: Path
) -> None:
    root = copied(base, tmp_path / "copy")
    change = ("decide", "process", "--cut", "15", *DECIDE)
    assert say(root, *change).code == 2 and say(root, *change, "--change-reason", "An appeal.").code == 2
    assert say(root, *change, "--change-reason", "An appeal.", "--legal-sign-off", "L. Counsel").code == 0
    before = kinds(root / "process")
    again = say(root, "report", "cohort-diversity", "process", "--json")
    assert again.code == 0, again.all
    page = re.sub(r"\s+", " ", (next((root / again.record["folder"]).glob("*.html"))).read_text(encoding="utf-8"))
    header = prepare(root / "process").release.header
    assert "total of 14" in header["sequence"][0] and "Legal sign-off: L. Counsel." in header["sequence"][-1]
    assert "total of 14" in page and "L. Counsel" in page, "the report itself has to show what came before what"
    assert "set anew since the release before" in page
    # One milestone is released once, and once more when the standard was set anew; the interview was told of the first time.
    assert prepare(root / "process").release["gates"].table.empty
    done = say(root, "release", "cohort-diversity", "process", *PEOPLE)
    assert done.code == 0, done.all
    assert kinds(root / "process").count("disclosure release") == before.count("disclosure release") + 1
