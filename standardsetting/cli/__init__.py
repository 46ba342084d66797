"""The command line: verbs in the order of the work. Each prints a few plain sentences, or one JSON object with `--json`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from typer.exceptions import Abort, TyperException

from standardsetting import __version__
from standardsetting.cli.app import app, print_json, run
from standardsetting.errors import UsageError

# Importing a module of verbs makes them known, in the order of the work.
import standardsetting.cli.standard  # isort: skip
import standardsetting.cli.cohort  # isort: skip
import standardsetting.cli.keeping  # noqa: F401  # isort: skip

__all__ = ["app", "main", "run"]


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
            print_json(UsageError(error.format_message(), next_step="See --help.").as_record())
        else:
            typer.echo(f"{error.format_message()}\nSee --help.", err=True)
        sys.exit(error.exit_code)
    sys.exit(code or 0)
