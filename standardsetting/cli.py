"""The command line: verbs in the order of the work. Each prints a few plain sentences, or one JSON object with `--json`."""

from __future__ import annotations

import functools
import json
import sys
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.exceptions import Abort, TyperException

from standardsetting import __version__, records
from standardsetting.errors import Exit, FindingsError, StageError, UsageError, WorkbenchError
from standardsetting.publishing import alone, now_in, publish_report, reports_of
from standardsetting.stages import BLIND, RESTRICTED, STANDARD_RECORD, Stage, reached, require, stage_of

if TYPE_CHECKING:
    from standardsetting.process import Process
    from standardsetting.reporting.run import RunResult

app = typer.Typer(
    help="The standard-setting workbench: from assessors' ratings to a minimum acceptable standard that can be defended.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Folder = Annotated[Path, typer.Argument(metavar="PROCESS_FOLDER", help="The folder that holds process.toml.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on standard output and nothing else.")]
Reports = Annotated[Path | None, typer.Option("--reports", help="Where reports are published (default: reports, under this folder).")]
HERE = Path()
DEFAULT_TIMEOUT = 600


@dataclass(frozen=True)
class Told:
    """What a verb says: sentences for a person, a record for a machine, and the exit code."""

    lines: tuple[str, ...]
    record: dict[str, Any] = field(default_factory=dict)
    exit_code: Exit = Exit.DONE


def verb(function: Callable[..., Told]) -> Callable[..., None]:
    """Make a command of a function: print what it tells, turn errors into sentences and exit codes."""

    @functools.wraps(function)
    def command(*args: Any, **kwargs: Any) -> None:
        as_json = bool(kwargs.get("as_json"))
        try:
            told = function(*args, **kwargs)
        except WorkbenchError as error:
            if as_json:
                _print_json(error.as_record())
            else:
                typer.echo(str(error), err=True)
            raise typer.Exit(int(error.exit_code)) from None
        except (Exception, KeyboardInterrupt) as error:
            _unexpected(error, Path(kwargs.get("folder") or HERE), as_json)
        else:
            if as_json:
                _print_json({"exit_code": int(told.exit_code), **told.record})
            else:
                typer.echo("\n".join(told.lines))
            raise typer.Exit(int(told.exit_code))

    return command


def run(name: str, **options: Any) -> Told:
    """A verb from Python: what it tells, or the error that it raises."""
    told: Told = globals()[name].__wrapped__(**options)
    return told


def _print_json(record: dict[str, Any]) -> None:
    typer.echo(json.dumps(record, ensure_ascii=False, sort_keys=True))


def _unexpected(error: BaseException, folder: Path, as_json: bool) -> None:
    """A fault of the workbench itself: its type is told, its text (which could hold a value) goes to the restricted folder."""
    if isinstance(error, KeyboardInterrupt):
        raise typer.Exit(130) from None
    kept = ""
    if (folder / "process.toml").is_file():
        from standardsetting.reporting.publish import file_away

        kept = file_away(folder / RESTRICTED, "command", "".join(traceback.format_exception(error)))
    message = f"The workbench itself failed ({type(error).__name__}). Your inputs were not changed."
    next_step = f"The details are in {RESTRICTED}/{kept}; they may hold names, so send them with care." if kept else ""
    if as_json:
        _print_json({"error": type(error).__name__, "exit_code": 1, "message": message, "next_step": next_step, "details": []})
    else:
        typer.echo(f"{message} {next_step}".strip(), err=True)
    raise typer.Exit(1) from None


def _load(folder: Path) -> Process:
    from standardsetting.process import Process

    return Process.load(folder)


@app.command()
@verb
def new(
    folder: Annotated[Path, typer.Argument(help="The folder to make.")],
    title: Annotated[str | None, typer.Option(help="The title of the process.")] = None,
    as_json: AsJson = False,
) -> Told:
    """Make a process folder: a commented process.toml and empty tables."""
    from standardsetting.simulate.folder import new as make

    make(folder, title=title)
    return Told(
        (
            f"A process folder was made: {folder}",
            "Next: read process.toml, put the exports in place, then run: standardsetting check " + str(folder),
        ),
        {"folder": str(folder)},
    )


@app.command()
@verb
def simulate(
    folder: Annotated[Path, typer.Argument(help="The folder to make.")],
    candidates: Annotated[int, typer.Option(min=1, help="How many candidates.")] = 360,
    seed: Annotated[int, typer.Option(min=0, help="The seed: the same seed gives the same files.")] = 2023,
    still_open: Annotated[bool, typer.Option("--open", help="Leave interviews outstanding.")] = False,
    flawed: Annotated[bool, typer.Option("--flawed", help="Plant errors for the check to find.")] = False,
    as_json: AsJson = False,
) -> Told:
    """Make a process folder filled with a synthetic cohort whose truth is known."""
    from standardsetting import progress
    from standardsetting.simulate.folder import write

    with progress.shown("Simulating a cohort"):
        write(folder, n=candidates, seed=seed, open_=still_open, flawed=flawed)
    return Told(
        (f"A synthetic process with {candidates} candidates was made: {folder}", f"Next: standardsetting check {folder}"),
        {"folder": str(folder), "candidates": candidates, "seed": seed},
    )


@app.command()
@verb
def check(folder: Folder = HERE, as_json: AsJson = False) -> Told:
    """Read and validate everything; say what is wrong and what is missing before closing."""
    from standardsetting import progress
    from standardsetting.named.findings import as_lines
    from standardsetting.named.validate import check as run_check

    process = _load(folder)
    with progress.shown("Reading and checking the inputs"):
        checked = run_check(process, folder)
    lines = [f"{process.process.title}: {len(checked.raw)} tables read."]
    for row in checked.account_rows:
        lines.append(
            f"  {row['table']}: {row['read']} rows = {row['used']} used + {row['excepted']} excepted + {row['findings']} with findings"
        )
    if checked.notes:
        lines += ["", "Noted, and no obstacle:", *(f"  {line}" for line in as_lines(checked.notes))]
    if checked.findings:
        lines += ["", "To be put right:", *(f"  {line}" for line in as_lines(checked.findings))]
    if checked.outstanding:
        lines += ["", "Missing before the interviews can be closed:", *(f"  {item.sentence}" for item in checked.outstanding)]
    if not checked.findings and not checked.outstanding:
        lines += ["", f"Ready to close: standardsetting close {folder}"]
    record = {
        "tables": list(checked.account_rows),
        "findings": [asdict(f) for f in checked.findings],
        "notes": [asdict(f) for f in checked.notes],
        "outstanding": [asdict(o) for o in checked.outstanding],
    }
    return Told(tuple(lines), record, FindingsError.exit_code if checked.findings else Exit.DONE)


@app.command()
@verb
def close(folder: Folder = HERE, as_json: AsJson = False) -> Told:
    """Freeze the inputs once every interview is scored or excepted, and write the anonymised scores."""
    from standardsetting import progress
    from standardsetting.named.close import close as run_close

    process = _load(folder)
    with alone(folder), progress.shown("Closing the interviews"):
        closing = run_close(process, folder, when=now_in(process))
    verb_ = "were already closed" if closing.already_done else "are closed"
    passed = f"{closing.candidates} candidate{'' if closing.candidates == 1 else 's'} passed the door anonymised"
    return Told(
        (
            f"The interviews {verb_}: {passed}, {closing.excepted} {'is' if closing.excepted == 1 else 'are'} excepted.",
            f"Next: standardsetting pack {folder}",
        ),
        asdict(closing),
    )


def _told_of(result: RunResult) -> Told:
    page = next(file.name for file in result.files if file.suffix == ".html")
    opening = "This report was already published; nothing had changed." if result.already_done else f"Published in {result.seconds:.1f} s."
    folder = result.folder.relative_to(Path.cwd()) if result.folder.is_relative_to(Path.cwd()) else result.folder
    record = {
        "run": result.run,
        "folder": str(folder),
        "already_done": result.already_done,
        "files": [file.name for file in result.files],
        "seconds": round(result.seconds, 3),
        "notices": list(result.notices),
    }
    return Told((opening, *result.notices, f"Open: {folder / page}"), record)


Timeout = Annotated[int, typer.Option(min=1, help="Seconds that a report may take.")]


@app.command()
@verb
def report(
    kind: Annotated[str, typer.Argument(help="standard-setting or assessor-quality")],
    folder: Folder = HERE,
    reports: Reports = None,
    timeout: Timeout = DEFAULT_TIMEOUT,
    as_json: AsJson = False,
) -> Told:
    """Make and publish a report."""
    return _told_of(publish_report(kind, _load(folder), folder, reports=reports, timeout=timeout))


@app.command()
@verb
def pack(folder: Folder = HERE, reports: Reports = None, timeout: Timeout = DEFAULT_TIMEOUT, as_json: AsJson = False) -> Told:
    """Make and publish the standard-setting pack."""
    return _told_of(publish_report("standard-setting", _load(folder), folder, reports=reports, timeout=timeout))


@app.command()
@verb
def decide(
    cut: Annotated[str, typer.Option(help="The least total that meets the standard.")],
    rationale: Annotated[str, typer.Option(help="Why this total, for a reader who was not in the room.")],
    by: Annotated[list[str], typer.Option(help="Who decides; repeat for several people.")],
    folder: Folder = HERE,
    reports: Reports = None,
    change_reason: Annotated[str | None, typer.Option(help="Why an earlier standard is replaced.")] = None,
    as_json: AsJson = False,
) -> Told:
    """Seal the minimum acceptable standard in the ledger."""
    from standardsetting.blind.decide import seal_standard
    from standardsetting.blind.scores import BlindScores
    from standardsetting.named.close import close as run_close
    from standardsetting.reporting import manifest, publish

    process = _load(folder)
    require(folder, Stage.CLOSED, doing="Deciding the standard")
    with alone(folder):
        run_close(process, folder, when=now_in(process))
        scores = BlindScores.read(folder / BLIND)
        published = reports_of(process, folder, reports) / process.id
        run = published / publish.pointed(published, "standard-setting")
        sound = run != published and not manifest.verify(run) and publish.as_published(run, publish.journal(published))
        if not sound or manifest.read(run)["blind_seal"] != scores.seal:
            raise StageError(
                "A standard is decided on a published pack of these scores; there is none.",
                next_step=f"Publish the pack, look at it, then decide: standardsetting pack {folder}",
            )
        sealed = seal_standard(
            scores,
            folder,
            cut=cut,
            rationale=rationale,
            by=by,
            evidence={"run": run.name, "manifest": manifest.digest(run / manifest.MANIFEST_FILE)},
            when=now_in(process),
            change_reason=change_reason,
        )
        # The journal of runs remembers the record too: taking it off the end of the ledger would show.
        if not sealed.already_done:
            entry = {"when": now_in(process).isoformat(timespec="seconds"), "kind": "standard", "outcome": "recorded"}
            publish.note(published, {**entry, "ledger_head": sealed.hash})
    state = "was already recorded" if sealed.already_done else "is recorded"
    lines = [sealed.sentence, f"This {state} as record {sealed.number}, {sealed.hash}."]
    return Told((*lines, sealed.warning) if sealed.warning else tuple(lines), asdict(sealed))


@app.command()
@verb
def due(folder: Folder = HERE, reports: Reports = None, timeout: Timeout = DEFAULT_TIMEOUT, as_json: AsJson = False) -> Told:
    """Run what the schedule in process.toml says is due now."""
    from standardsetting.reporting import publish, schedule

    process = _load(folder)
    journal = publish.journal(reports_of(process, folder, reports) / process.id)
    now_due = schedule.due(process, stage_of(folder).words, journal, now_in(process), reached=reached(folder))
    if not now_due:
        return Told(("Nothing is due.",), {"ran": []})
    kinds = dict.fromkeys(entry.report for entry in now_due)
    told = [_told_of(publish_report(kind, process, folder, reports=reports, timeout=timeout)) for kind in kinds]
    return Told(tuple(line for each in told for line in each.lines), {"ran": [each.record for each in told]})


@app.command()
@verb
def status(folder: Folder = HERE, reports: Reports = None, as_json: AsJson = False) -> Told:
    """Where the process is, what ran, and what is late."""
    from standardsetting.reporting import publish, schedule

    process, stage = _load(folder), stage_of(folder)
    journal = publish.journal(reports_of(process, folder, reports) / process.id)
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
    process = _load(folder)
    found = run_verify(process, folder, reports_of(process, folder, reports) / process.id, run=run)
    counted = f"{found.records} records, {found.inputs} frozen inputs and {found.runs} runs were recomputed."
    if not found.problems:
        return Told((f"{counted} All of them hold.",), asdict(found))
    lines = (f"{counted} {len(found.problems)} problems:", *(f"  {problem}" for problem in found.problems))
    return Told(lines, asdict(found), Exit.FINDINGS)


@app.command()
@verb
def demo(as_json: AsJson = False) -> Told:
    """The whole job on the data that ship: check, close, pack and decide, for both processes."""
    from standardsetting.demo import run_demo

    lines, record = run_demo()
    return Told(lines, record)


def _version(show: bool) -> None:
    if show:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _root(version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")] = False) -> None:
    """Options that belong to no verb."""


def main() -> None:
    """The console script. A wrong call is told as JSON too, where JSON was asked for."""
    try:
        code = app(prog_name="standardsetting", standalone_mode=False)
    except Abort:
        sys.exit(130)
    except TyperException as error:
        if "--json" in sys.argv[1:]:
            _print_json(UsageError(error.format_message(), next_step="See --help.").as_record())
        else:
            typer.echo(f"{error.format_message()}\nSee --help.", err=True)
        sys.exit(error.exit_code)
    sys.exit(code or 0)


if __name__ == "__main__":
    main()
