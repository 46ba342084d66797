"""The verbs that keep watch: due, status, verify, demo."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from standardsetting import preparing, records, releasing
from standardsetting.cli.app import DEFAULT_TIMEOUT, HERE, AsJson, Folder, Reports, Timeout, Told, app, load, told_of, verb
from standardsetting.cli.cohort import told_of_held
from standardsetting.errors import Exit
from standardsetting.publishing import now_in, publish_report, reports_of
from standardsetting.stages import STANDARD_RECORD, reached, stage_of

if TYPE_CHECKING:
    from standardsetting.process import Process


@app.command()
@verb
def due(folder: Folder = HERE, reports: Reports = None, timeout: Timeout = DEFAULT_TIMEOUT, as_json: AsJson = False) -> Told:
    """Run what the schedule in process.toml says is due now."""
    from standardsetting.reporting import schedule

    process = load(folder)
    journal = _journal(process, folder, reports)
    now_due = schedule.due(process, stage_of(folder).words, journal, now_in(process), reached=reached(folder))
    if not now_due:
        return Told(("Nothing is due.",), {"ran": []})
    kinds = dict.fromkeys(entry.report for entry in now_due)
    told = [_run(kind, process, folder, reports, timeout) for kind in kinds]
    return Told(tuple(line for each in told for line in each.lines), {"ran": [each.record for each in told]})


def _run(kind: str, process: Process, folder: Path, reports: Path | None, timeout: int) -> Told:
    """One report that is due. A report about groups is held, whoever is at the scheduler: people release."""
    if kind in preparing.KINDS:
        return told_of_held(kind, folder, "director", *releasing.hold(kind, process, folder, timeout=timeout))
    return told_of(publish_report(kind, process, folder, reports=reports, timeout=timeout))


def _journal(process: Process, folder: Path, reports: Path | None) -> list[dict[str, Any]]:
    """What ran: published or held."""
    from standardsetting.reporting import publish

    return [
        entry
        for place in (reports_of(process, folder, reports), folder / releasing.HELD)
        for entry in publish.journal(place / process.id)
    ]


@app.command()
@verb
def status(folder: Folder = HERE, reports: Reports = None, as_json: AsJson = False) -> Told:
    """Where the process is, what ran, and what is late."""
    from standardsetting.reporting import schedule

    process, stage = load(folder), stage_of(folder)
    journal = _journal(process, folder, reports)
    rows = schedule.status(process, stage.words, journal, now_in(process), reached=reached(folder))
    standing = records.latest(folder, STANDARD_RECORD)
    lines = [f"{process.process.title}: {stage.words}."]
    if standing is not None:
        lines.append(f"The minimum acceptable standard is a total of {standing.body['cut']} (record {standing.number}).")
    lines += [f"  {row.sentence}" for row in rows] or ["  Nothing is scheduled."]
    cut = standing.body["cut"] if standing else None
    return Told(tuple(lines), {"stage": stage.words, "standard": cut, "schedule": [asdict(row) for row in rows]})


@app.command()
@verb
def verify(
    folder: Folder = HERE,
    run: Annotated[str | None, typer.Argument(metavar="RUN", help="One run; every run when not given.")] = None,
    reports: Reports = None,
    as_json: AsJson = False,
) -> Told:
    """Recompute the hashes of the ledger, the closing and the published runs."""
    from standardsetting.verify import verify as run_verify

    if run is None and folder != HERE and not folder.is_dir() and (HERE / "process.toml").is_file():
        folder, run = HERE, str(folder)  # `verify RUN` inside a process folder
    process = load(folder)
    found = run_verify(process, folder, reports_of(process, folder, reports) / process.id, run=run)
    counted = f"{found.records} records, {found.inputs} frozen inputs and {found.runs} runs were recomputed."
    if not found.problems:
        return Told((f"{counted} All of them hold.",), asdict(found))
    n = len(found.problems)
    lines = (f"{counted} {n} {'problem' if n == 1 else 'problems'}:", *(f"  {problem}" for problem in found.problems))
    return Told(lines, asdict(found), Exit.FINDINGS)


@app.command()
@verb
def demo(as_json: AsJson = False) -> Told:
    """The whole job on the data that ship, for both processes: check, close, pack, decide, and the reports about groups."""
    from standardsetting.demo import run_demo

    lines, record = run_demo()
    return Told(lines, record)
