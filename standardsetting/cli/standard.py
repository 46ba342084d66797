"""The verbs up to the recorded standard: new, simulate, check, close, report, pack, decide."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from standardsetting.cli.app import DEFAULT_TIMEOUT, HERE, AsJson, Folder, Reports, Timeout, Told, app, load, told_of, verb
from standardsetting.errors import Exit, FindingsError, StageError
from standardsetting.publishing import alone, now_in, publish_report, reports_of
from standardsetting.stages import BLIND, Stage, require


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
    from standardsetting.named.snapshot import cohort_findings
    from standardsetting.named.validate import check as run_check

    process = load(folder)
    with progress.shown("Reading and checking the inputs"):
        checked = run_check(process, folder)
        later = cohort_findings(checked, process, folder)
    lines = [f"{process.process.title}: {len(checked.raw)} tables read."]
    for row in checked.account_rows:
        lines.append(
            f"  {row['table']}: {row['read']} rows = {row['used']} used + {row['excepted']} excepted + {row['findings']} with findings"
        )
    if checked.notes:
        lines += ["", "Noted, and no obstacle:", *(f"  {line}" for line in as_lines(checked.notes))]
    if later:
        lines += ["", "To be put right before a report on the cohort; no obstacle to closing:", *(f"  {line}" for line in as_lines(later))]
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
        "before_cohort_reports": [asdict(f) for f in later],
        "outstanding": [asdict(o) for o in checked.outstanding],
    }
    return Told(tuple(lines), record, FindingsError.exit_code if checked.findings else Exit.DONE)


@app.command()
@verb
def close(folder: Folder = HERE, as_json: AsJson = False) -> Told:
    """Freeze the inputs once every interview is scored or excepted, and write the anonymised scores."""
    from standardsetting import progress
    from standardsetting.named.close import close as run_close
    from standardsetting.named.findings import as_lines

    process = load(folder)
    with alone(folder), progress.shown("Closing the interviews"):
        closing = run_close(process, folder, when=now_in(process))
    verb_ = "were already closed" if closing.already_done else "are closed"
    passed = f"{closing.candidates} candidate{'' if closing.candidates == 1 else 's'} passed the door anonymised"
    lines = [f"The interviews {verb_}: {passed}, {closing.excepted} {'is' if closing.excepted == 1 else 'are'} excepted."]
    if later := closing.before_cohort_reports:
        frozen = "To be put right before a report on the cohort; the dates of process.toml are frozen now, so export the bands of ages:"
        lines += [frozen, *(f"  {line}" for line in as_lines(later))]
    return Told((*lines, f"Next: standardsetting pack {folder}"), asdict(closing))


@app.command()
@verb
def pack(folder: Folder = HERE, reports: Reports = None, timeout: Timeout = DEFAULT_TIMEOUT, as_json: AsJson = False) -> Told:
    """Make and publish the standard-setting pack."""
    return told_of(publish_report("standard-setting", load(folder), folder, reports=reports, timeout=timeout))


@app.command()
@verb
def decide(
    cut: Annotated[str, typer.Option(help="The least total that meets the standard.")],
    rationale: Annotated[str, typer.Option(help="Why this total, for a reader who was not in the room.")],
    by: Annotated[list[str], typer.Option(help="Who decides; repeat for several people.")],
    folder: Folder = HERE,
    reports: Reports = None,
    change_reason: Annotated[str | None, typer.Option(help="Why an earlier standard is replaced.")] = None,
    legal_sign_off: Annotated[
        str | None, typer.Option(help="Who signed a change off on the legal side; needed once the cohort was looked at.")
    ] = None,
    as_json: AsJson = False,
) -> Told:
    """Seal the minimum acceptable standard in the ledger."""
    from standardsetting.blind.decide import seal_standard
    from standardsetting.blind.scores import BlindScores
    from standardsetting.named.close import close as run_close
    from standardsetting.reporting import manifest, publish
    from standardsetting.sealed import file_digest

    process = load(folder)
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
            evidence={"run": run.name, "manifest": file_digest(run / manifest.MANIFEST_FILE)},
            when=now_in(process),
            change_reason=change_reason,
            legal_sign_off=legal_sign_off,
        )
        # The journal of runs remembers the record too: taking it off the end of the ledger would show.
        if not sealed.already_done:
            entry = {"when": now_in(process).isoformat(timespec="seconds"), "kind": "standard", "outcome": "recorded"}
            publish.note(published, {**entry, "ledger_head": sealed.hash})
    state = "was already recorded" if sealed.already_done else "is recorded"
    lines = [sealed.sentence, f"This {state} as record {sealed.number}, {sealed.hash}."]
    return Told((*lines, sealed.warning) if sealed.warning else tuple(lines), asdict(sealed))
