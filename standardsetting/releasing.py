"""Releasing figures about groups: built and audited, held for somebody to look at, then released by a second person.

A scheduled run may build and hold. Nothing reaches the reports folder, and so nobody who was not told to look, before the release stands in
the ledger with the names of who prepared and who signed it; and what reaches it is the held report itself, byte for byte.

The ledger holds the hash of every report that was held and of the release it was made from. What lies beside a report (its manifest, the
journal, a seal) is believed only where the ledger says the same.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from standardsetting import records
from standardsetting.disclosure.policy import Tier
from standardsetting.errors import PublishingError, StageError, UsageError
from standardsetting.preparing import HELD_RECORD, Prepared, newest_held, prepare
from standardsetting.publishing import alone, now_in, reports_of
from standardsetting.sealed import file_digest
from standardsetting.stages import COHORT, NAMED, RESTRICTED

if TYPE_CHECKING:
    from standardsetting.disclosure.releases import History
    from standardsetting.process import Process
    from standardsetting.reporting.run import ReportRequest, RunResult

HELD = Path(COHORT) / "held"
NO_NEW_FIGURES = "No new figures: this says nothing that the last release did not."


def hold(
    kind: str, process: Process, folder: Path, *, tier: Tier = "director", milestone: str | None = None, timeout: int = 600
) -> tuple[RunResult, Prepared]:
    """Build, audit and render a report about groups, hold it in the process folder, and record in the ledger which one it is.

    A report that the ledger does not know, or that is not as the ledger knows it, is made again.

    Raises
    ------
    StageError
        No standard is recorded, and no early access.
    DisclosureError
        Readers could work out too much, or an artefact holds a number that was not released.
    """
    from standardsetting import progress
    from standardsetting.reporting.run import make_report, run_of

    with alone(folder):
        prepared = prepare(kind, process, folder, tier=tier, milestone=milestone)
        with progress.shown("Preparing the report") as step:
            request = _request(kind, prepared, process, folder, timeout=timeout, progress=step)
            known = newest_held(records.read(folder), run=(run := run_of(request)))
            if not known:
                # Without a record, because a run was killed or because somebody put it there, nobody knows what it is.
                shutil.rmtree(request.folder / run, ignore_errors=True)
            result = make_report(replace(request, known=str(known.get("manifest", ""))))
        made = {**_report(kind, prepared, result.folder), "release": prepared.folder.name}
        if made != known:
            records.append(folder, HELD_RECORD, made, when=now_in(process))
        return result, prepared


def release(
    kind: str, process: Process, folder: Path, *, prepared_by: str, signed_by: str, recipients: Sequence[str] = (),
    tier: Tier = "director", milestone: str | None = None, reports: Path | None = None,
) -> tuple[RunResult, Prepared]:  # fmt: skip
    """Audit once more against everything that was told, record the release of the report that is held, and publish it as it is.

    Whoever signs has looked at the held report; so that one is published, byte for byte, and nothing is made again. Killed at any instant,
    this leaves no release, or a release in the ledger whose publication the next call finishes.

    Raises
    ------
    UsageError
        The same person prepared and signed; a recipient without a name; the reports would lie among the held ones.
    StageError
        No such report is held, it was changed, or it is not what would be released now.
    DisclosureError
        The release folder that the report was made from was changed, or readers could work out too much.
    PublishingError
        The reports folder or the ledger cannot be written to; it says whether the release is recorded.
    """
    from standardsetting.disclosure import releases
    from standardsetting.reporting.held import publish_held

    releases.two_people(prepared_by, signed_by)
    if not all(name.strip() for name in recipients):
        raise UsageError("A recipient needs a name.", next_step='Say who receives it: --recipient "..."')
    place = reports_of(process, folder, reports)
    if (folder / COHORT).resolve() in (place.resolve(), *place.resolve().parents):
        raise UsageError("The folder of the cohort is no place for published reports.", next_step="Name another folder for the reports.")
    with alone(folder):
        prepared = prepare(kind, process, folder, tier=tier, milestone=milestone)
        run, report = _signed(kind, prepared, process, folder, place)
        told = list(dict.fromkeys(recipients)) or ["assessment director" if tier == "director" else "public"]
        told = [name for name in told if name not in _received(prepared.history, report)]

        def record() -> str:
            """Write the release to the ledger, where it is not there yet; returns the hash of the ledger's newest record."""
            people = {"prepared_by": prepared_by, "signed_by": signed_by}
            try:
                if told:
                    releases.record(
                        folder, prepared.protected, recipients=told, when=now_in(process), report=report,
                        told_once=prepared.release.told_once, **people,
                    )  # fmt: skip
            except OSError as error:
                raise PublishingError(
                    f"The ledger cannot be written to: {error.strerror or type(error).__name__}. Nothing was published.",
                    next_step="Check free space and rights of the process folder, then run again.",
                ) from None
            return records.read(folder)[-1].hash

        own = prepared.release.process.id
        kept = publish_held(run, signed=report["manifest"], kind=_named(kind, tier), reports_folder=place, process_id=own, record=record)
        return kept, prepared


def _signed(
    kind: str, prepared: Prepared, process: Process, folder: Path, reports: Path
) -> tuple[Path, dict[str, str]]:
    """The run to release, and what the ledger holds of it: what was released before, where it lies whole, else what is held.

    A manifest beside a run says only that the files are those of that manifest. Which manifest it has to be, the ledger says.
    """
    from standardsetting.reporting import manifest, publish
    from standardsetting.reporting.run import run_of

    run, tier, own = run_of(_request(kind, prepared, process, folder)), prepared.release.tier, prepared.release.process.id
    held, published = folder / HELD / own / run, reports / own / run
    known = newest_held(records.read(folder), run=run)
    for place in (published, held):
        if manifest.verify(place):
            continue
        report = _report(kind, prepared, place)
        if _received(prepared.history, report) if place == published else known == {**report, "release": prepared.folder.name}:
            return place, report
    if held.is_dir():
        found = "The held report is not the one that the ledger recorded when it was made."
    elif publish.pointed(held.parent, _named(kind, tier)):
        found = "The report that is held is not what would be released now: the ledger, the data or the workbench has changed since."
    else:
        found = "No report is held that anybody could have looked at."
    raise StageError(
        f"{found} Nothing was recorded and nothing was published.",
        next_step=f"Make it, look at it, then release: standardsetting report {kind} {folder} --tier {tier}",
    )


def _report(kind: str, prepared: Prepared, run: Path) -> dict[str, str]:
    """What the ledger holds of a report that is held or released."""
    from standardsetting.reporting import manifest

    sha256 = file_digest(run / manifest.MANIFEST_FILE)
    release = prepared.release
    snapshot = release.header["release"]["snapshot"]
    return {"kind": kind, "tier": release.tier, "seal": release.seal, "snapshot": snapshot, "run": run.name, "manifest": sha256}


def _received(history: History, report: Mapping[str, str]) -> set[str]:
    """Who has received this very report: its kind, its tier, and the seal of all that it says."""
    return {name for body in history.releases if body["report"] == report for name in body["recipients"]}


def _named(kind: str, tier: str) -> str:
    """The report of a tier among the kinds of reports."""
    return kind if tier == "director" else f"{kind}-{tier}"


def _request(
    kind: str,
    prepared: Prepared,
    process: Process,
    folder: Path,
    *,
    timeout: int = 600,
    progress: Callable[[str], None] = lambda step: None,
) -> ReportRequest:
    """What makes the report that is held."""
    import pandas as pd

    from standardsetting.named.close import IDENTITIES
    from standardsetting.named.identities import identities as identities_of
    from standardsetting.named.validate import check
    from standardsetting.reporting.allowed import gate_of
    from standardsetting.reporting.run import ReportRequest

    frozen, early = folder / NAMED / IDENTITIES, bool(prepared.release.header["early_access"])

    def identities() -> pd.DataFrame:
        # Under early access nothing need be closed yet: then the list is made from the tables as they are.
        found = pd.read_parquet(frozen) if frozen.is_file() else identities_of(check(process, folder))
        # This report speaks of characteristics; of nobody who has one.
        return found[found["kind"] != "characteristic"]

    if not frozen.is_file() and not early:
        raise StageError(
            "The list of identities to search for is not there.", next_step="Close the interviews first: standardsetting close"
        )
    return ReportRequest(
        kind=_named(kind, prepared.release.tier),
        process=prepared.release.process,
        material=prepared.folder,
        reports_folder=folder / HELD,
        restricted_folder=folder / RESTRICTED,
        identities=identities,
        ledger_head=records.read(folder)[-1].hash,
        timeout=timeout,
        progress=progress,
        gate=gate_of(prepared.folder),
    )
