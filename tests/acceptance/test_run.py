"""Runs of a report from end to end: published whole, or not at all."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import nbformat
import openpyxl
import pandas as pd
import pytest
from filelock import FileLock
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from pypdf import PdfReader

from standardsetting.errors import (
    BusyError,
    DisclosureError,
    KernelDiedError,
    NotebookFailedError,
    TimedOutError,
    UsageError,
)
from standardsetting.process import Process
from standardsetting.reporting import confine, kernel, manifest, publish
from standardsetting.reporting.run import ReportRequest, make_report
from standardsetting.sealed import file_digest

DEFINITION = {
    "process": {"id": "trial", "title": "Promotion <trial> & test", "organisation": "Test Police", "synthetic": True},
    "scale": {"minimum": 1, "maximum": 5},
    "values": [{"name": "courage", "hurdle": 3}, {"name": "integrity", "hurdle": 3}],
}
TABLE = {
    "name": "Totals: [all]",
    "caption": "Candidates at each total (number of candidates)",
    "headings": ["Total", "Candidates", "Share", "Mean", "Remark"],
    "kinds": ["code", "count", "percent", "number", "text"],
    "rows": [[6, 1204, 0.25, 3.5, "a"], [7, 3, 0.75, None, "=1+1"]],
    "notes": ["A share is of all candidates."],
}
TABLE_HTML = (
    '<table><caption>Candidates at each total</caption><tr><th scope="col">Total</th></tr><tr><td class="number">6</td></tr></table>'
)
FIGURE_HTML = (
    '<figure><svg role="img" aria-label="Two bars" viewBox="0 0 200 90"><rect width="9" height="9"/><text x="40" y="50">seven</text></svg>'
    "<figcaption>Bars</figcaption><details><summary>The figures behind this chart</summary>" + TABLE_HTML + "</details></figure>"
)


def show(**data: object) -> str:
    return f"from IPython.display import display\ndisplay({data['bundle']!r}, raw=True)"


GOOD = [
    "from pathlib import Path\nassert Path(blind_folder, 'ratings.txt').read_text() == 'blind ratings'",
    "import sys, warnings\nprint('a printed line')\nwarnings.warn('a warning given')",
    show(bundle={"text/html": FIGURE_HTML, "application/vnd.standardsetting.table+json": TABLE, "text/plain": "figure"}),
]


def write_notebook(path: Path, *cells: str) -> Path:
    parameters = new_code_cell("blind_folder = 'nowhere'", metadata={"tags": ["parameters"]})
    words = [new_markdown_cell("# The pack"), new_markdown_cell("## First\n\nWords."), parameters]
    more = [new_code_cell(cell) for cell in cells] + [new_markdown_cell("## Second\n\n# Another title")]
    nbformat.write(new_notebook(cells=words + more), path)
    return path


@pytest.fixture
def request_for(tmp_path: Path) -> Callable[..., ReportRequest]:
    """A request for a report of a small notebook; cells can be given."""
    blind = tmp_path / "process" / "closing" / "blind"
    blind.mkdir(parents=True)
    (blind / "ratings.txt").write_text("blind ratings")

    def build(*cells: str, name: str = "notebook.ipynb") -> ReportRequest:
        return ReportRequest(
            kind="standard-setting",
            process=Process.from_mapping(DEFINITION),
            material=blind,
            reports_folder=tmp_path / "reports",
            restricted_folder=tmp_path / "process" / "restricted",
            identities=lambda: pd.DataFrame({"kind": ["name"], "token": ["zebedee quillfeather"]}),
            inputs={"ratings": {"sha256": "ab" * 32, "rows": 12}},
            ledger_head="cd" * 32,
            timeout=60,
            notebook=write_notebook(tmp_path / name, *(cells or GOOD)),
        )

    return build


def left_over(folder: Path) -> list[str]:
    return [p.name for p in folder.iterdir() if p.name.startswith(publish.STAGING_PREFIX)]


def test_a_report_is_published_whole(request_for: Callable[..., ReportRequest], tmp_path: Path) -> None:
    request = request_for()
    result = make_report(request)
    names = {file.name for file in result.files}
    assert names == {f"standard-setting-pack.{kind}" for kind in ("html", "pdf", "xlsx", "ods", "ipynb")} | {"manifest.json"}
    assert result.folder == tmp_path / "reports" / "trial" / result.run
    assert re.fullmatch(r"standard-setting-[0-9a-f]{12}", result.run)
    assert manifest.verify(result.folder) == []
    pointer = request.folder / "latest-standard-setting"
    assert pointer.is_symlink() and pointer.readlink() == Path(result.run)
    assert [entry["outcome"] for entry in publish.journal(request.folder)] == ["published"]
    assert left_over(request.folder) == []
    _check_manifest(result.folder)
    _check_page(result.folder / "standard-setting-pack.html", result.run)
    _check_pdf(result.folder / "standard-setting-pack.pdf")
    _check_workbook(result.folder / "standard-setting-pack.xlsx")
    both = (pd.read_excel(result.folder / f"standard-setting-pack.{kind}", sheet_name=None, engine="calamine") for kind in ("xlsx", "ods"))
    assert all(one.equals(other) for one, other in zip(*(each.values() for each in both), strict=True))
    _check_notebook(result.folder / "standard-setting-pack.ipynb")
    for file in result.files:
        assert str(tmp_path).encode() not in file.read_bytes(), file.name
        assert sys.prefix.encode() not in file.read_bytes(), file.name

    times = {file: file.stat().st_mtime_ns for file in result.files}
    pointer.unlink()
    again = make_report(request)
    assert again.already_done and again.run == result.run and again.seconds < 1
    assert {file: file.stat().st_mtime_ns for file in again.files} == times
    assert pointer.readlink() == Path(result.run)

    page = result.folder / "standard-setting-pack.html"
    page.write_text(page.read_text() + "edited")
    third = make_report(request)
    assert not third.already_done and manifest.verify(third.folder) == []
    kept = [p for p in request.folder.iterdir() if "-changed-" in p.name]
    assert len(kept) == 1 and kept[0].name in third.notices[0]


def _check_manifest(folder: Path) -> None:
    content = json.loads((folder / "manifest.json").read_text())
    assert content["process"] == "trial" and content["parameters"] == {"blind_folder": "blind"}
    assert content["inputs"]["ratings"]["rows"] == 12 and content["ledger_head"] == "cd" * 32
    assert content["confinement"] == confine.available()
    assert content["scan"] == {"artefacts": 5, "tokens_searched": 1, "tokens_skipped": 0, "hits": 0}
    assert content["streams_left_out"] == {"stdout": 1, "stderr": 1}
    assert set(content["versions"]) >= {"python", "standardsetting", "pandas", "weasyprint"}


def _check_page(file: Path, run: str) -> None:
    page = file.read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>") and '<html lang="en-GB">' in page
    assert page.count("<h1") == 1 and "<h1>The pack</h1>" in page
    assert '<h2 id="another-title">Another title</h2>' in page
    assert "<title>The pack: Promotion &lt;trial&gt; &amp; test</title>" in page and "Promotion <trial>" not in page
    assert '<a href="#first">First</a>' in page and '<h2 id="first">' in page
    for landmark in ("<header", "<nav", "<main", "<footer", 'class="skip"'):
        assert landmark in page
    assert page.count("OFFICIAL-SENSITIVE") >= 2 and "SYNTHETIC" in page and run in page
    assert "<script" not in page and not re.search(r"(?:src|href)=\"(?!#|data:)", page) and "url(" not in page
    assert "assert Path" not in page and "a printed line" not in page and "a warning given" not in page
    assert 'role="region" tabindex="0" aria-label="Candidates at each total"' in page


def _check_pdf(file: Path) -> None:
    reader = PdfReader(file)
    assert reader.metadata is not None and reader.metadata.title == "The pack: Promotion <trial> & test"
    assert reader.metadata.author is None and reader.metadata.creation_date is None
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] == "true" or root["/MarkInfo"]["/Marked"]  # type: ignore[index]
    assert root["/Lang"] == "en-GB"  # type: ignore[index]
    first = reader.pages[0].extract_text()
    assert "page 1 of" in first and first.count("OFFICIAL-SENSITIVE") >= 2 and "SYNTHETIC DATA" in first
    everything = "\n".join(page.extract_text() for page in reader.pages)
    assert "Candidates at each total" in everything and "seven" in everything  # folded tables are printed, charts keep their words


def _check_workbook(file: Path) -> None:
    book = openpyxl.load_workbook(file)
    assert book.sheetnames == ["Cover", "Contents", "Notes", "Totals   all"]
    sheet = book["Totals   all"]
    assert sheet["A1"].value == "Candidates at each total (number of candidates) [note 1]"
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=3)]
    assert rows == [TABLE["headings"], [6, 1204, 0.25, 3.5, "a"], [7, 3, 0.75, "[x]", "=1+1"]]
    assert [cell.number_format for cell in sheet[4]] == ["General", "#,##0", "0.0%", "0.00", "General"]
    assert sheet["E5"].data_type == "s"  # text that looks like a formula is text
    assert book.properties.creator is None and book.properties.created.year == 2000


def _check_notebook(file: Path) -> None:
    notebook = nbformat.read(file, as_version=4)
    assert "papermill" not in file.read_text() and 'output_type": "stream' not in file.read_text()
    assert any(cell.get("outputs") for cell in notebook.cells)


def test_the_same_input_gives_the_same_bytes(request_for: Callable[..., ReportRequest], tmp_path: Path) -> None:
    request = request_for()
    digests = []
    for reports in ("one", "two"):
        result = make_report(replace(request, reports_folder=tmp_path / reports))
        digests.append({file.name: file_digest(file) for file in result.files if file.name != "manifest.json"})
    assert digests[0] == digests[1]


def test_a_failing_cell_publishes_nothing_and_keeps_the_last_good_report(request_for: Callable[..., ReportRequest], tmp_path: Path) -> None:
    good = make_report(request_for())
    bad = request_for("print('half')", "raise ValueError('Zebedee Quillfeather did it')", name="bad.ipynb")
    with pytest.raises(NotebookFailedError) as caught:
        make_report(bad)
    said = str(caught.value)
    assert caught.value.exit_code == 16 and "ValueError" in said and "code cell 4" in said and "Quillfeather" not in said
    assert caught.value.__cause__ is None and caught.value.__suppress_context__
    assert publish.pointed(bad.folder, "standard-setting") == good.run and manifest.verify(good.folder) == []
    assert sorted(p.name for p in bad.folder.iterdir() if p.is_dir() and not p.is_symlink()) == [good.run]
    assert publish.journal(bad.folder)[-1]["outcome"] == "NotebookFailedError"
    assert "Quillfeather" not in (bad.folder / "journal.jsonl").read_text()
    failures = tmp_path / "process" / "restricted" / "failures"
    (trace,) = failures.iterdir()
    assert trace.stat().st_mode & 0o777 == 0o600 and failures.stat().st_mode & 0o777 == 0o700
    assert "Quillfeather did it" in trace.read_text() and '"half' in trace.read_text() and f"failures/{trace.name}" in said


def test_a_kernel_that_dies_is_told_apart(request_for: Callable[..., ReportRequest]) -> None:
    request = request_for("import os\nos._exit(9)")
    with pytest.raises(KernelDiedError) as caught:
        make_report(request)
    assert caught.value.exit_code == 17
    assert left_over(request.folder) == [] and publish.pointed(request.folder, "standard-setting") == ""


def test_a_notebook_that_takes_too_long_is_stopped(request_for: Callable[..., ReportRequest]) -> None:
    request = replace(request_for("import time\ntime.sleep(2)", "time.sleep(60)"), timeout=5)
    started = time.monotonic()
    with pytest.raises(TimedOutError) as caught:
        make_report(request)
    assert caught.value.exit_code == 14 and "5 seconds" in str(caught.value) and time.monotonic() - started < 15
    assert left_over(request.folder) == []


def test_a_second_run_does_not_wait(request_for: Callable[..., ReportRequest]) -> None:
    request = request_for()
    request.folder.mkdir(parents=True)
    with FileLock(request.folder / publish.LOCK_FILE), pytest.raises(BusyError) as caught:
        make_report(request)
    assert caught.value.exit_code == 15


def test_without_pango_everything_else_is_published(
    request_for: Callable[..., ReportRequest], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "weasyprint.py").write_text("raise OSError('cannot load library libpango')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "broken"))
    result = make_report(request_for())
    assert {file.suffix for file in result.files} == {".html", ".xlsx", ".ods", ".ipynb", ".json"}
    (notice,) = result.notices
    assert "apt install" in notice and "brew install" in notice and "Windows" in notice
    assert json.loads((result.folder / "manifest.json").read_text())["notices"] == [notice]


def test_an_identity_in_an_artefact_stops_publishing(request_for: Callable[..., ReportRequest], tmp_path: Path) -> None:
    request = request_for(show(bundle={"text/html": "<p>by ZEBEDEE <b>Quill</b>feather</p>", "text/plain": ""}))
    with pytest.raises(DisclosureError) as caught:
        make_report(request)
    said = str(caught.value).casefold()
    assert caught.value.exit_code == 13 and "zebedee" not in said and "quillfeather" not in said
    assert "standard-setting-pack.html: 1 of kind name" in said and "standard-setting-pack.ipynb: 1 of kind name" in said
    assert left_over(request.folder) == [] and publish.pointed(request.folder, "standard-setting") == ""
    (detail,) = (tmp_path / "process" / "restricted" / "failures").iterdir()
    assert "quillfeather" not in detail.read_text().casefold()


def test_an_unknown_kind_is_a_usage_error(request_for: Callable[..., ReportRequest]) -> None:
    with pytest.raises(UsageError):
        make_report(replace(request_for(), kind="gossip"))


ATTEMPTS = """
import glob, json, os, subprocess
import pandas as pd
import pyarrow.csv, pyarrow.fs
target, parent = TARGET, os.getppid()
got = {}
def attempt(name, act):
    try:
        found = str(act())
    except Exception as error:
        found = ""
    got[name] = "SECRET" in found
def walk():
    here, texts = os.getcwd(), []
    while here != "/":
        here = os.path.dirname(here)
        texts += [open(os.path.join(d, f)).read() for d, _, files in os.walk(here) for f in files if f == "code_book.csv"]
    return texts
def shell(command):
    return subprocess.run(command, shell=True, capture_output=True, text=True).stdout
attempt("absolute path", lambda: open(target).read())
attempt("descriptor", lambda: os.read(os.open(target, os.O_RDONLY), 99))
attempt("walking up", walk)
attempt("a link", lambda: os.symlink(target, "link.csv") or open("link.csv").read())
attempt("dots", lambda: open(os.path.relpath(target)).read())
attempt("listing", lambda: os.listdir(os.path.dirname(target)) and "SECRET")
attempt("glob", lambda: glob.glob(os.path.dirname(target) + "/*") and "SECRET")
attempt("parent's environment", lambda: open(f"/proc/{parent}/environ").read() + "SECRET")
attempt("parent's command", lambda: open(f"/proc/{parent}/cmdline").read() + "SECRET")
attempt("parent's folder", lambda: os.listdir(f"/proc/{parent}/cwd/") and "SECRET")
attempt("own environment", lambda: json.dumps(dict(os.environ)))
attempt("cat", lambda: shell("cat " + target))
attempt("system", lambda: os.system("cat " + target + " > stolen") == 0 and open("stolen").read())
attempt("python", lambda: shell("python3 -c 'print(open(\\"" + target + "\\").read())'"))
attempt("moving it here", lambda: os.rename(target, "stolen.csv") or "SECRET")
attempt("linking it here", lambda: os.link(target, "hard.csv") or "SECRET")
attempt("pandas", lambda: pd.read_csv(target).to_string() + "".join(pd.read_csv(target).columns))
if NATIVE:
    attempt("arrow", lambda: pyarrow.csv.read_csv(target).column_names)
    attempt("arrow's file system", lambda: pyarrow.fs.LocalFileSystem().open_input_file(target).read())
    attempt("memory map", lambda: pyarrow.memory_map(target).read())
assert open("blind/ratings.txt").read() == "blind ratings"
from IPython.display import display
display({"text/html": "<p id='got'>" + json.dumps(got) + "</p>"}, raw=True)
"""


@pytest.mark.parametrize("method", [confine.LANDLOCK, confine.AUDIT_HOOK])
def test_the_kernel_cannot_reach_the_named_folder(
    method: str, request_for: Callable[..., ReportRequest], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if method == confine.LANDLOCK and confine.available() != confine.LANDLOCK:
        pytest.skip("this machine has no Landlock")
    monkeypatch.setattr(confine, "available", lambda: method)
    monkeypatch.setenv("PROCESS_SECRET", "SECRET")
    named = tmp_path / "process" / "closing" / "named"
    named.mkdir()
    (named / "code_book.csv").write_text("SECRET,name\n1,2\n")
    cell = ATTEMPTS.replace("TARGET", repr(str(named / "code_book.csv"))).replace("NATIVE", str(method == confine.LANDLOCK))
    result = make_report(request_for(cell))
    got = json.loads(re.search(r"<p id='got'>(.*?)</p>", (result.folder / "standard-setting-pack.html").read_text()).group(1))  # type: ignore[union-attr]
    assert len(got) == (20 if method == confine.LANDLOCK else 17)
    assert [name for name, reached in got.items() if reached] == []
    assert json.loads((result.folder / "manifest.json").read_text())["confinement"] == method


def test_the_environment_is_an_allow_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROCESS_FOLDER", "/somewhere")
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    environment = kernel._environment(tmp_path)
    assert "PROCESS_FOLDER" not in environment and "PYTHONPATH" not in environment and environment["OMP_NUM_THREADS"] == "2"
    assert environment["HOME"] == str(tmp_path)


KILLED = """
import sys
from pathlib import Path
import pandas as pd
from standardsetting.process import Process
from standardsetting.reporting.run import ReportRequest, make_report
base = Path(sys.argv[1])
make_report(ReportRequest("standard-setting", Process.from_mapping(eval(sys.argv[2])), base / "process/closing/blind", base / "reports",
    base / "process/restricted", lambda: pd.DataFrame({"kind": [], "token": []}), notebook=base / "notebook.ipynb",
    progress=lambda step: print(step, flush=True)))
"""


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_killed_at_any_instant_leaves_no_half_report(request_for: Callable[..., ReportRequest], tmp_path: Path) -> None:
    request = request_for()
    steps = ["running the notebook", "writing the page", "writing the PDF and the workbook", "looking for identities", "publishing"]
    for number, step in enumerate(steps):
        run = subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path), repr(DEFINITION)], stdout=subprocess.PIPE, text=True)
        assert run.stdout is not None
        while run.stdout.readline().strip() not in (step, ""):
            pass
        time.sleep(0.4 if number == 0 else 0.01 * number)
        run.send_signal(signal.SIGKILL)
        run.wait()
        for folder in request.folder.glob("standard-setting-*"):
            assert manifest.verify(folder) == []
    result = make_report(request)
    assert manifest.verify(result.folder) == [] and left_over(request.folder) == []
    assert publish.pointed(request.folder, "standard-setting") == result.run
