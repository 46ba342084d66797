"""The verbs about the cohort, after the standard: report, early-access, release, told."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from standardsetting.cli.app import DEFAULT_TIMEOUT, HERE, AsJson, Folder, Reports, Timeout, Told, app, load, told_of, verb
from standardsetting.publishing import alone, now_in, publish_report


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
    return told_of(publish_report(kind, load(folder), folder, reports=reports, timeout=timeout))


@app.command("early-access")
@verb
def early_access(
    by: Annotated[list[str], typer.Option(help="Who opens the cohort early; give two different people.")],
    reason: Annotated[str, typer.Option(help="Why it cannot wait for the standard.")],
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> Told:
    """Record that two people open the cohort before the standard: who applied, was eligible and was interviewed, and no score."""
    from standardsetting.early_access import grant

    process = load(folder)
    with alone(folder):
        granted = grant(folder, by=by, reason=reason, when=now_in(process))
    recorded = f"This is recorded as record {granted.number}, {granted.record}. Every report made on it prints it on page 1."
    return Told((granted.sentence, recorded), asdict(granted))
