"""One run of a report: from the folder that its notebook may read to a published folder, or to nothing at all.

Staging, execution in a confined kernel, page, PDF and workbook, the scan for identities, the manifest, one rename, the journal, the
pointer: in this order, under the lock of the process. A run whose report is already published and whole changes nothing.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

import standardsetting
from standardsetting.errors import DisclosureError, PublishingError, UsageError, WorkbenchError
from standardsetting.process import Process
from standardsetting.reporting import kernel, manifest, open_document, publish, render, scan, workbook
from standardsetting.reporting.kinds import KINDS
from standardsetting.sealed import SEAL, file_digest
from standardsetting.shipped import shipped

_KEY_LENGTH = 12


# Parts of the package by whose words the scan for identities does not go: those that speak of people, and those that speak of groups.
_OF_PEOPLE = frozenset({"named", "simulate", "cli", "firewall", "linkage", "publishing"})
_OF_GROUPS = frozenset({"cohort", "disclosure", "code_lists", "positive_action", "early_access"})

@dataclass(frozen=True)
class ReportRequest:
    """Everything a run needs to know.

    Attributes
    ----------
    kind
        Which report: one of `KINDS`.
    process
        The process definition.
    material
        The sealed folder that the notebook reads: blind scores, or a release. The kernel gets a copy of it and nothing else.
    reports_folder
        The folder of all reports; this run goes to `<reports_folder>/<process id>/<run>`.
    restricted_folder
        Where tracebacks of failed runs go.
    identities
        Called late, once: returns `kind` and `token`, what no artefact may hold.
    inputs
        For the manifest: hashes and row counts of the closed tables, by name.
    ledger_head
        Hash of the newest record of the ledger, or None.
    timeout
        Seconds the notebook may take.
    notebook
        Another notebook than the kind's own.
    progress
        Called with the name of each step as it starts.
    gate
        Called with the artefacts before they are published; raises where one holds what may not be released.
    known
        SHA-256 of the only manifest with which a run that lies there is taken as made; None: what the journal beside it noted.
    """

    kind: str
    process: Process
    material: Path
    reports_folder: Path
    restricted_folder: Path
    identities: Callable[[], pd.DataFrame]
    inputs: Mapping[str, Any] = field(default_factory=dict)
    ledger_head: str | None = None
    timeout: float = 600.0
    notebook: Path | None = None
    progress: Callable[[str], None] = lambda step: None
    gate: Callable[[Sequence[Path]], None] | None = None
    known: str | None = None

    @property
    def folder(self) -> Path:
        """The folder of this process's reports."""
        return Path(self.reports_folder).absolute() / self.process.id

    @property
    def stem(self) -> str:
        """The name of the artefacts, without ending."""
        return KINDS[self.kind].notebook.replace("_", "-") + ("-public" if KINDS[self.kind].to_publish else "")


@dataclass(frozen=True)
class RunResult:
    """A published report.

    Attributes
    ----------
    run
        Its name: the kind and a key made of everything that decides its content.
    folder
        Where it is.
    already_done
        True when it was published before, and nothing was written now.
    files
        The artefacts and the manifest.
    seconds
        Wall time of this call.
    notices
        Sentences for the person at the terminal: a PDF that could not be made, for instance.
    """

    run: str
    folder: Path
    already_done: bool
    files: tuple[Path, ...]
    seconds: float
    notices: tuple[str, ...] = ()


def make_report(request: ReportRequest) -> RunResult:
    """Make and publish a report, or find it published already.

    Raises
    ------
    BusyError
        Another run of this process is going on.
    NotebookFailedError, KernelDiedError, TimedOutError
        The notebook did not run to its end. The traceback is in the restricted folder.
    DisclosureError
        An artefact held something that identifies.
    PublishingError
        The report could not be put in its place.

    Whatever is raised, nothing was published and the last good report is untouched.
    """
    started = time.monotonic()
    notebook = _notebook(request)
    seal = seal_of(request.material)
    run = run_of(request)
    with publish.locked(request.folder):
        publish.sweep(request.folder)
        final = request.folder / run
        if publish.lies_there(final, known=request.known):
            publish.point(request.folder, request.kind, run)
            # A run that was killed between its rename and its line in the journal gets that line now.
            noted = {} if publish.whole(final) else {"manifest": file_digest(final / manifest.MANIFEST_FILE)}
            publish.note(request.folder, publish.entry(request.kind, run, "already done", request.ledger_head, **noted))
            return RunResult(run, final, True, tuple(sorted(final.iterdir())), time.monotonic() - started)
        try:
            with publish.staged(request.folder, run) as staging:
                notices = _Maker(request, run, seal, staging).make(notebook, final)
        except WorkbenchError as error:
            failed = publish.entry(request.kind, run, type(error).__name__, request.ledger_head, exit_code=int(error.exit_code))
            with suppress(PublishingError):
                publish.note(request.folder, failed)
            raise
        except BaseException:
            with suppress(PublishingError):
                publish.note(request.folder, publish.entry(request.kind, run, "failed", request.ledger_head))
            raise
        publish.point(request.folder, request.kind, run)
    return RunResult(run, final, False, tuple(sorted(final.iterdir())), time.monotonic() - started, notices)


def run_of(request: ReportRequest) -> str:
    """The name of the run that a request makes: the same request makes the same run."""
    return f"{request.kind}-{run_key(request, seal_of(request.material), _notebook(request))}"


def run_key(request: ReportRequest, seal: str, notebook: Path) -> str:
    """A short hash of everything that decides a report's content."""
    parts = [request.kind, request.process.hash, seal, KINDS[request.kind].parameters, file_digest(notebook), manifest.software()]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:_KEY_LENGTH]


def seal_of(folder: Path) -> str:
    """The digest of a folder's seal; where it has none, of all its files."""
    if (folder / SEAL).is_file():
        return file_digest(folder / SEAL)
    files = sorted(file for file in folder.iterdir() if file.is_file()) if folder.is_dir() else []
    if not files:
        raise UsageError("A sealed folder was expected; there is none.", next_step="Close the interviews first: standardsetting close")
    return hashlib.sha256("".join(f"{file.name} {file_digest(file)}\n" for file in files).encode()).hexdigest()


def _notebook(request: ReportRequest) -> Path:
    if request.kind not in KINDS:
        raise UsageError(f"There is no report of this kind; there are: {', '.join(KINDS)}.")
    if request.notebook is not None:
        return Path(request.notebook)
    found = shipped("notebooks") / f"{KINDS[request.kind].notebook}.ipynb"
    if found.is_file():
        return found
    raise PublishingError(f"The notebook {KINDS[request.kind].notebook}.ipynb is not installed.", next_step="Install the package again.")


class _Maker:
    """The steps of one run, in order, with the time each took."""

    def __init__(self, request: ReportRequest, run: str, seal: str, staging: Path) -> None:
        self.request, self.run, self.seal, self.staging = request, run, seal, staging
        self.began, self.durations = datetime.now(UTC), dict[str, float]()
        self.notices: list[str] = []

    def make(self, notebook: Path, final: Path) -> tuple[str, ...]:
        """Everything between an empty staging folder and the published one."""
        room, output = self.staging / "room", self.staging / publish.OUTPUT_FOLDER
        room.mkdir(mode=0o700)
        output.mkdir()
        with render.Printer() as printer, ThreadPoolExecutor(max_workers=1) as beside:
            preparing = beside.submit(_prepare, self.request, notebook)
            executed = self._execute(notebook, room)
            dropped = self._write(executed, output, printer)
            scanned = self._scan(output, preparing.result())
        sha256 = manifest.write(output, self._account(executed, scanned, dropped))
        self.request.progress("publishing")
        if kept := publish.publish(output, final):
            self.notices.append(f"The report of this run had been changed after it was published; it is kept as {kept}.")
        noted = publish.entry(self.request.kind, self.run, "published", self.request.ledger_head, manifest=sha256)
        publish.note(self.request.folder, noted)
        return tuple(self.notices)

    def _timed(self, step: str, since: float) -> None:
        self.durations[step] = round(time.monotonic() - since, 3)

    def _execute(self, notebook: Path, room: Path) -> kernel.Execution:
        self.request.progress("running the notebook")
        since = time.monotonic()
        copy = room / "notebook.ipynb"
        shutil.copyfile(notebook, copy)
        shutil.copytree(self.request.material, room / KINDS[self.request.kind].reads)
        try:
            executed = kernel.execute(copy, room=room, parameters=KINDS[self.request.kind].parameters, timeout=self.request.timeout)
        except kernel.ExecutionFailedError as failed:
            where = self._file_away(failed.failure.trace, failed.failure.notebook)
            error = failed.failure.error
            raise type(error)(error.message, next_step=error.next_step.format(where=where)) from None
        self._timed("notebook", since)
        return executed

    def _write(self, executed: kernel.Execution, output: Path, printer: render.Printer) -> dict[str, int]:
        """Page, PDF, workbook (.xlsx and .ods) and executed notebook; returns how many stream outputs were left out."""
        import nbformat

        notebook, dropped = published_notebook(executed.notebook)
        stem = self.request.stem
        self.request.progress("writing the page")
        since = time.monotonic()
        kind = KINDS[self.request.kind]
        imprint = render.Imprint(
            kind=kind.title, process=self.request.process, run=self.run, seal=self.seal, sealed=kind.sealed, to_publish=kind.to_publish
        )
        page = render.to_html(notebook, imprint)
        (output / f"{stem}.html").write_text(page, encoding="utf-8")
        (output / f"{stem}.ipynb").write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")
        self._timed("page", since)

        self.request.progress("writing the PDF and the workbook")
        since = time.monotonic()
        printer.send(page)
        if tables := workbook.sheets(notebook):
            book = workbook.to_workbook(tables, title=imprint.title, about=imprint.sentences)
            (output / f"{stem}.xlsx").write_bytes(book)
            (output / f"{stem}.ods").write_bytes(open_document.to_open_document(book))
        self._timed("workbook", since)
        if (pdf := printer.receive()) is not None:
            (output / f"{stem}.pdf").write_bytes(pdf)
        else:
            self.notices.append(render.PDF_MISSING)
        self._timed("pdf", since)
        return dropped

    def _scan(self, output: Path, search: scan.Search) -> scan.Scan:
        self.request.progress("looking for identities")
        since = time.monotonic()
        found = search.look(sorted(output.iterdir()))
        if not found.searched:
            raise DisclosureError(
                "The list of what must not be published is empty, so nothing could be searched for. Nothing was published.",
                next_step="Run standardsetting verify, and close again if the list was lost.",
            )
        if self.request.gate is not None:
            self.request.gate(sorted(output.iterdir()))
        self._timed("scan", since)
        if found.hits:
            lines = [f"{hit.artefact}: {hit.count} of kind {hit.kind}" for hit in found.hits]
            where = self._file_away("Identities were found in artefacts that were about to be published.\n" + "\n".join(lines), "")
            raise DisclosureError(
                f"The report holds something that identifies: {len(found.hits)} findings, by kind and artefact.",
                details=lines,
                next_step=f"Nothing was published and the last good report is untouched. See the restricted folder: {where}",
            )
        return found

    def _account(self, executed: kernel.Execution, scanned: scan.Scan, dropped: Mapping[str, int]) -> dict[str, Any]:
        """The manifest, but for what `manifest.write` adds."""
        return {
            "kind": self.request.kind,
            "run": self.run,
            "process": self.request.process.id,
            "parameters": KINDS[self.request.kind].parameters,
            "definition_hash": self.request.process.hash,
            "rule_hash": self.request.process.rule_hash,
            f"{KINDS[self.request.kind].reads}_seal": self.seal,
            "ledger_head": self.request.ledger_head,
            "inputs": dict(self.request.inputs),
            "seed": None,
            "confinement": executed.confinement,
            "scan": {"artefacts": scanned.artefacts, "tokens_searched": scanned.searched, "tokens_skipped": scanned.skipped, "hits": 0},
            "streams_left_out": dict(dropped),
            "notices": list(self.notices),
            "started": self.began.isoformat(timespec="seconds"),
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
            "seconds": self.durations,
        }

    def _file_away(self, trace: str, notebook: str) -> str:
        """Put what nobody else may read into the restricted folder; returns its name there."""
        text = trace + ("\n\nThe notebook as far as it ran:\n\n" + notebook if notebook else "")
        return publish.file_away(Path(self.request.restricted_folder), self.run, text)


def published_notebook(executed: Any) -> tuple[Any, dict[str, int]]:
    """The executed notebook as it may be published: no paths, no times, no prints; and how many prints of each stream were left out."""
    import nbformat

    notebook = nbformat.from_dict(json.loads(json.dumps(executed)))
    notebook["metadata"] = nbformat.from_dict(
        {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}, "language_info": {"name": "python"}}
    )
    dropped: dict[str, int] = {}
    for number, cell in enumerate(notebook["cells"], start=1):
        cell["id"] = f"cell-{number}"
        cell["metadata"] = nbformat.from_dict({"tags": list(cell["metadata"].get("tags", ()))} if cell["metadata"].get("tags") else {})
        if cell["cell_type"] != "code":
            continue
        for output in cell["outputs"]:
            if output["output_type"] == "stream":
                dropped[output["name"]] = dropped.get(output["name"], 0) + 1
        cell["outputs"] = [output for output in cell["outputs"] if output["output_type"] != "stream"]
    return notebook, dropped


def _prepare(request: ReportRequest, notebook: Path) -> scan.Search:
    """What can be done while the notebook runs elsewhere: loading what comes next, and the list of what must not be found."""
    import gptables  # noqa: F401
    import nbconvert.filters  # noqa: F401

    largest = max([scan.LARGEST_COUNT, *_integers(request.inputs)])
    return scan.Search.of(request.identities(), vocabulary=_vocabulary(request, notebook), largest_count=largest)


def _integers(node: Any) -> Iterator[int]:
    if isinstance(node, Mapping):
        node = list(node.values())
    if isinstance(node, list | tuple):
        for child in node:
            yield from _integers(child)
    elif isinstance(node, int):
        yield int(node)


def _vocabulary(request: ReportRequest, notebook: Path) -> Iterator[str]:
    """Texts whose words the report uses by itself. Named code is left out: what it says is about people.

    A blind report has no word for a characteristic, so the parts that speak of groups lend it none.
    """
    yield notebook.read_text(encoding="utf-8")
    yield request.process.without_sources().model_dump_json()
    yield request.process.reading
    package = Path(standardsetting.__file__).resolve().parent
    foreign = _OF_PEOPLE if KINDS[request.kind].reads == "release" else _OF_PEOPLE | _OF_GROUPS
    for file in sorted(package.rglob("*")):
        if file.suffix in (".py", ".css", ".j2", ".toml") and foreign.isdisjoint((*file.relative_to(package).parts, file.stem)):
            yield file.read_text(encoding="utf-8")
