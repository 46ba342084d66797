"""What all verbs share: a verb tells sentences to a person or one JSON object to a machine, and errors become sentences and exit codes."""

from __future__ import annotations

import functools
import json
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from standardsetting.errors import Exit, WorkbenchError
from standardsetting.stages import RESTRICTED

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
Reports = Annotated[
    Path | None, typer.Option("--reports", help="Where reports are published (default: as process.toml says, else ./reports).")
]
HERE = Path()
DEFAULT_TIMEOUT = 600


@dataclass(frozen=True)
class Told:
    """What a verb says: sentences for a person, a record for a machine, and the exit code."""

    lines: tuple[str, ...]
    record: dict[str, Any] = field(default_factory=dict)
    exit_code: Exit = Exit.DONE


_VERBS: dict[str, Callable[..., Told]] = {}


def verb(function: Callable[..., Told]) -> Callable[..., None]:
    """Make a command of a function: print what it tells, turn errors into sentences and exit codes."""

    _VERBS[function.__name__] = function

    @functools.wraps(function)
    def command(*args: Any, **kwargs: Any) -> None:
        as_json = bool(kwargs.get("as_json"))
        try:
            told = function(*args, **kwargs)
        except WorkbenchError as error:
            if as_json:
                print_json(error.as_record())
            else:
                typer.echo(str(error), err=True)
            raise typer.Exit(int(error.exit_code)) from None
        except (Exception, KeyboardInterrupt) as error:
            _unexpected(error, Path(kwargs.get("folder") or HERE), as_json)
        else:
            if as_json:
                print_json({"exit_code": int(told.exit_code), **told.record})
            else:
                typer.echo("\n".join(told.lines))
            raise typer.Exit(int(told.exit_code))

    return command


def run(name: str, **options: Any) -> Told:
    """A verb from Python: what it tells, or the error that it raises."""
    return _VERBS[name](**options)


def print_json(record: dict[str, Any]) -> None:
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
        print_json({"error": type(error).__name__, "exit_code": 1, "message": message, "next_step": next_step, "details": []})
    else:
        typer.echo(f"{message} {next_step}".strip(), err=True)
    raise typer.Exit(1) from None


def load(folder: Path) -> Process:
    from standardsetting.process import Process

    return Process.load(folder)


Timeout = Annotated[int, typer.Option(min=1, help="Seconds that a report may take.")]


def told_of(result: RunResult) -> Told:
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
