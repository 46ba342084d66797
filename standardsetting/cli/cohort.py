"""The verbs about the cohort, after the standard: report, release, told, early-access."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from standardsetting import preparing, releasing, told_elsewhere
from standardsetting.cli.app import DEFAULT_TIMEOUT, HERE, AsJson, Folder, Reports, Timeout, Told, app, load, told_of, verb
from standardsetting.disclosure.policy import Tier as Readers
from standardsetting.errors import UsageError
from standardsetting.publishing import alone, now_in, publish_report

if TYPE_CHECKING:
    from standardsetting.reporting.run import RunResult

Tier = Annotated[
    Readers, typer.Option(help="For whom a report about groups is: director, or public (fit to be published and to answer requests).")
]
Milestone = Annotated[
    str | None,
    typer.Option(help="How far a report about groups goes: eligibility, interview_outcomes or pool (default: the last one reached)."),
]
_ABOUT_GROUPS = "cohort-diversity or positive-action"
_KINDS = f"standard-setting, assessor-quality, {_ABOUT_GROUPS}. The last two are about groups."


@app.command()
@verb
def report(
    kind: Annotated[str, typer.Argument(metavar="KIND", help=_KINDS)],
    folder: Folder = HERE,
    reports: Reports = None,
    tier: Tier = "director",
    milestone: Milestone = None,
    timeout: Timeout = DEFAULT_TIMEOUT,
    as_json: AsJson = False,
) -> Told:
    """Make a report.

    One about groups is audited and held in cohort/held of the process folder.
    Whoever prepares it looks at it there and releases it together with
    somebody else: standardsetting release. The others are published at once.

    Example: standardsetting report cohort-diversity sergeant-2024
    """
    process = load(folder)
    if kind not in preparing.KINDS:
        return told_of(publish_report(kind, process, folder, reports=reports, timeout=timeout))
    made = releasing.hold(kind, process, folder, tier=tier, milestone=milestone, timeout=timeout)
    return told_of_held(kind, folder, tier, *made, milestone=milestone)


def told_of_held(
    kind: str, folder: Path, tier: str, result: RunResult, prepared: preparing.Prepared, *, milestone: str | None = None
) -> Told:
    """What is said of a report that is held: it was made for whoever signs it, and for nobody else yet; and how it is released."""
    told, new = told_of(result), not prepared.nothing_new
    release = f"standardsetting release {kind} {folder} --tier {tier}{f' --milestone {milestone}' if milestone else ''}"
    release += " --prepared-by NAME --signed-by NAME"
    # Another tier of the same figures is another report.
    if given := any(body.get("report", {}).get("run") == result.run for body in prepared.history.releases):
        state = "This very report was released before."
        follows = f"Next: nothing; or, if somebody else is to receive it: {release} --recipient NAME"
    else:
        state = "Held, not released: only whoever prepares and signs it may look."
        follows = f"Next: {release}"
    first = (state,) if new else (releasing.NO_NEW_FIGURES, state)
    record = {**told.record, "held": True, "released": given, "new_figures": new}
    return Told((*first, *told.lines[1:], follows), record)


@app.command()
@verb
def release(
    kind: Annotated[str, typer.Argument(metavar="KIND", help=f"The report that is held: {_ABOUT_GROUPS}.")],
    prepared_by: Annotated[str, typer.Option(help="The name of who prepared it.")],
    signed_by: Annotated[str, typer.Option(help="The name of who looked at it and signs: somebody else.")],
    folder: Folder = HERE,
    recipient: Annotated[
        list[str] | None, typer.Option(help="Who receives it; repeat for several (default: assessment director, or public).")
    ] = None,
    reports: Reports = None,
    tier: Tier = "director",
    milestone: Milestone = None,
    as_json: AsJson = False,
) -> Told:
    """Release the report about groups that is held.

    It is audited once more, recorded in the ledger with the people's names,
    and published as it was held. First make it with standardsetting report,
    and give the same tier and milestone here.

    Example: standardsetting release cohort-diversity sergeant-2024
    --prepared-by "Ada One" --signed-by "Bo Two"
    """
    result, prepared = releasing.release(
        kind,
        load(folder),
        folder,
        prepared_by=prepared_by,
        signed_by=signed_by,
        recipients=recipient or (),
        tier=tier,
        milestone=milestone,
        reports=reports,
    )
    told = told_of(result)
    number = prepared.release.header["release"]["number"]
    first = releasing.NO_NEW_FIGURES if prepared.nothing_new and result.already_done else f"Release {number} is recorded."
    return Told((first, *told.lines), {**told.record, "held": False, "new_figures": not prepared.nothing_new})


@app.command()
@verb
def told(
    characteristic: Annotated[str | None, typer.Option(help="What the figure is counted by: sex, ethnicity_5.")] = None,
    group: Annotated[str | None, typer.Option(help="The group, as the tables of the report call it: Female.")] = None,
    stage: Annotated[str | None, typer.Option(help="The stage: applied, eligible, interviewed, met_standard, posted.")] = None,
    count: Annotated[str | None, typer.Option(help="Who is counted: entered, passed, not passed, withdrawn, deferred, pending.")] = None,
    low: Annotated[int | None, typer.Option(min=0, help="The least that the words allow.")] = None,
    high: Annotated[int | None, typer.Option(min=0, help="The most that they allow; the same as the least for an exact figure.")] = None,
    source: Annotated[str | None, typer.Option(help="Where it was told: a newspaper, the number of a request for information.")] = None,
    text: Annotated[str | None, typer.Option(help="The words in which it was told.")] = None,
    by: Annotated[list[str] | None, typer.Option(help="Who enters it; for a withdrawal two different people, so give it twice.")] = None,
    withdraw: Annotated[int | None, typer.Option(min=1, help="Withdraw the figure of this record, which was entered by mistake.")] = None,
    reason: Annotated[str | None, typer.Option(help="Why it is withdrawn.")] = None,
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> Told:
    """Enter a figure about a group that was told elsewhere, or withdraw one that was entered by mistake.

    Every later release is audited against what is entered here.
    To enter one: all options from --characteristic to --text, and one --by.
    To withdraw one: --withdraw, --reason, and --by twice.
    A name that does not fit is answered with those that do.

    Example: standardsetting told sergeant-2024 --characteristic sex
    --group Female --stage posted --count passed --low 40 --high 40
    --source "Courier, 5 January 2024" --text "forty women were posted"
    --by "Ada One"
    """
    figure = {"characteristic": characteristic, "group": group, "stage": stage, "count": count, "low": low, "high": high}
    entry, names = {**figure, "source": source, "text": text}, by or []
    if withdraw is not None:
        _only(f"To withdraw record {withdraw}", needed={"reason": reason, "by": names or None}, not_wanted=entry)
        record = told_elsewhere.withdraw(load(folder), folder, number=withdraw, reason=reason or "", by=names)
        gone = f"The figure of record {withdraw} counts no more. This is record {record.number}; both stay in the ledger."
        return Told((gone,), {"withdrawn": withdraw, "record": record.number})
    _only("To enter a figure", needed={**entry, "by": names or None}, not_wanted={"reason": reason})
    if len(names) != 1:
        raise UsageError("One person enters a figure; several names were given.", next_step='Give one name: --by "..."')
    record = told_elsewhere.enter(load(folder), folder, **{**entry, "by": names[0]})  # type: ignore[arg-type]
    lines = (
        f"The figure is in the ledger as record {record.number}. Every later release is audited against it.",
        f"If it was mistyped: standardsetting told {folder} --withdraw {record.number} --reason ... --by ... --by ...",
    )
    return Told(lines, {"source": source, "record": record.number})


def _only(doing: str, *, needed: Mapping[str, object], not_wanted: Mapping[str, object]) -> None:
    """Options that one of two ways of calling needs, and the other does not have."""
    missing = [f"--{name}" for name, given in needed.items() if given is None]
    beside = [f"--{name}" for name, given in not_wanted.items() if given is not None]
    if missing:
        raise UsageError(f"{doing}, {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} needed too.")
    if beside:
        raise UsageError(f"{doing}, {', '.join(beside)} {'is' if len(beside) == 1 else 'are'} not wanted.", next_step="Leave it out.")


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
