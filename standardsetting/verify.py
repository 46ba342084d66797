"""Recompute every hash that a process and its published runs rest on, and say in words what does not hold."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from standardsetting import records
from standardsetting.blind.scores import ACCOUNT, BENCHMARK, DEFINITION, INTERVIEWS, RATINGS, BlindScores
from standardsetting.disclosure.releases import RELEASE
from standardsetting.errors import UsageError, WorkbenchError
from standardsetting.linkage import problems as snapshot_problems
from standardsetting.named.close import CODE_BOOK, IDENTITIES, read_closing
from standardsetting.preparing import KINDS, RELEASES, newest_held
from standardsetting.process import Process
from standardsetting.releasing import HELD
from standardsetting.reporting import manifest, publish
from standardsetting.sealed import SEAL, file_digest, unseal
from standardsetting.stages import BLIND, CLOSED_RECORD, CLOSING, NAMED, STANDARD_RECORD


@dataclass(frozen=True)
class Verification:
    """How many things were recomputed, and every problem found."""

    records: int
    inputs: int
    runs: int
    problems: tuple[str, ...]


def verify(process: Process, folder: Path, reports_folder: Path, *, run: str | None = None) -> Verification:
    """Check the ledger, the frozen inputs, the blind folder and the published runs of a process.

    Parameters
    ----------
    process
        The definition as it now is.
    folder
        The process folder.
    reports_folder
        Where its runs are published.
    run
        One run to check; every run when not given.
    """
    chain, problems = records.inspect(folder)
    inputs, closing_problems = _closing(process, folder, chain)
    journal = publish.journal(reports_folder)
    aside = [place for place in sorted(reports_folder.glob("*")) if publish.kept_aside(place) and run in (None, place.name)]
    runs = [reports_folder / run] if run else [file.parent for file in _manifests(reports_folder, "*")]
    runs = [place for place in runs if place not in aside]
    if run and not aside and not (reports_folder / run / manifest.MANIFEST_FILE).is_file():
        raise UsageError("There is no run of that name with a manifest.", next_step="standardsetting status lists the runs.")
    run_problems = [problem for path in runs for problem in _run(path, chain, journal)]
    groups = () if problems else (*snapshot_problems(folder), *_releases(folder, chain), *_held(folder, chain))
    quoted = (*_forgotten(chain, journal), *_evidence(chain, reports_folder), *_signed(chain, reports_folder))
    if strange := publish.strange_lines(reports_folder):
        quoted = (*quoted, f"The journal of runs holds {strange} {'line' if strange == 1 else 'lines'} that no run wrote.")
    found = (*problems, *closing_problems, *groups, *quoted, *run_problems, *(_ASIDE.format(place=place.name) for place in aside))
    return Verification(len(chain), inputs, len(runs), found)


# Kept by publishing, for a person to look at. What such a folder holds is vouched for by nothing, so it is not looked into.
_ASIDE = (
    "Kept aside: {place}. It lay in the place of a run and was not, or no more, what was published; the run was put there anew. Find out "
    "who changed what; then delete this folder or move it out of the reports folder. This finding stays for as long as the folder does."
)


def _manifests(folder: Path, runs: str) -> list[Path]:
    """The manifests of the runs of a folder, pointers and what was kept aside left out."""
    found = sorted(folder.glob(f"{runs}/{manifest.MANIFEST_FILE}"))
    return [file for file in found if not file.parent.is_symlink() and not publish.kept_aside(file.parent)]


def _closing(process: Process, folder: Path, chain: tuple[records.Record, ...]) -> tuple[int, list[str]]:
    """The frozen copies, the code book and the blind folder against the record of the closing."""
    record = next((r for r in chain if r.kind == CLOSED_RECORD), None)
    if record is None:
        present = (folder / CLOSING).exists()
        return 0, ["There is a closing folder and no record of a closing: run standardsetting close again."] if present else []
    problems = []
    inputs = record.body["inputs"]
    for name, frozen in inputs.items():
        problems += _differs(folder / NAMED / "inputs" / name, frozen["sha256"], f"The frozen copy {name}")
    problems += _differs(folder / NAMED / CODE_BOOK, record.body["code_book"], "The code book")
    problems += _differs(folder / NAMED / IDENTITIES, record.body["identities"], "The list of identities to search for")
    try:
        blind = BlindScores.read(folder / BLIND)
        if blind.seal != record.body["blind_seal"]:
            problems.append("The blind folder was sealed anew after the closing.")
        if read_closing(folder) != record.body:
            problems.append("closing.json is not what the ledger recorded.")
    except WorkbenchError as error:
        problems.append(error.message)
    problems += _strangers(folder / NAMED / "inputs", set(inputs), "frozen inputs")
    problems += _strangers(folder / BLIND, {RATINGS, INTERVIEWS, BENCHMARK, DEFINITION, ACCOUNT, SEAL}, "blind folder")
    if process.rule_hash != record.body["rule_hash"]:
        problems.append("The decision rule in process.toml is not the one that the interviews were closed under.")
    elif process.hash != record.body["definition_hash"]:
        problems.append("process.toml was changed after the closing. Reports use the definition that was frozen then.")
    return len(inputs), problems


def _releases(folder: Path, chain: tuple[records.Record, ...]) -> list[str]:
    """The sealed folders that reports about groups were made from are those that the ledger names."""
    problems, there = [], set()
    for place in sorted(place for place in (folder / RELEASES).glob("*") if not place.name.startswith(".")):
        try:
            unseal(place, needed=(), what="release", how_to_get="Make one: standardsetting report cohort-diversity")
        except WorkbenchError as error:
            problems.append(error.message)
            continue
        there.add(seal := file_digest(place / SEAL))
        if seal != newest_held(chain, release=place.name).get("seal", seal):
            problems.append(f"The release folder {place.name} was sealed anew after the ledger recorded it.")
    rests_on = {record.body["report"].get("seal") for record in chain if record.kind == RELEASE} - {None}
    if gone := len(rests_on - there):
        what = "release folder that was" if gone == 1 else "release folders that were"
        problems.append(f"{gone} {what} released according to the ledger: not there, or changed.")
    return problems


def _held(folder: Path, chain: tuple[records.Record, ...]) -> list[str]:
    """Every report that is held is the one that the ledger recorded when it was made."""
    problems = [f"Held: {_ASIDE.format(place=place.name)}" for place in sorted((folder / HELD).glob("*/*")) if publish.kept_aside(place)]
    for file in _manifests(folder / HELD, "*/*"):
        run = file.parent
        if found := manifest.verify(run):
            problems += [f"Held run {run.name}: {problem}" for problem in found]
        elif newest_held(chain, run=run.name).get("manifest") != file_digest(file):
            problems.append(f"Held run {run.name}: it is not the one that the ledger recorded. standardsetting report makes it again.")
    return problems


def _strangers(folder: Path, expected: set[str], what: str) -> list[str]:
    more = sum(1 for path in folder.iterdir() if path.name not in expected) if folder.is_dir() else 0
    return [f"The {what} hold {more} {'file' if more == 1 else 'files'} that closing did not write."] if more else []


def _forgotten(chain: tuple[records.Record, ...], journal: list[dict[str, Any]]) -> list[str]:
    """Records that the journal of runs has seen and the ledger no longer holds."""
    held = {record.hash for record in chain}
    lost = {entry["ledger_head"] for entry in journal if entry.get("ledger_head")} - held
    return [f"{len(lost)} records that runs or decisions quoted are no longer in the ledger: it was cut or rewritten."] if lost else []


def _differs(path: Path, digest: str, what: str) -> list[str]:
    if not path.is_file():
        return [f"{what} is missing."]
    return [] if file_digest(path) == digest else [f"{what} was changed after the closing."]


def _evidence(chain: tuple[records.Record, ...], reports_folder: Path) -> list[str]:
    """The pack that each standard rests on is still the pack that was looked at."""
    problems = []
    for record in (r for r in chain if r.kind == STANDARD_RECORD):
        pack = record.body["evidence"]
        problems += [
            f"Record {record.number}, evidence: {problem}"
            for problem in _differs(reports_folder / pack["run"] / manifest.MANIFEST_FILE, pack["manifest"], "the manifest of the pack")
        ]
    return problems


def _signed(chain: tuple[records.Record, ...], reports_folder: Path) -> list[str]:
    """Every published report about groups is the very one that two people released, and every one that they released is there."""
    released = [record for record in chain if record.kind == RELEASE and "run" in record.body["report"]]
    signed = {(record.body["report"]["run"], record.body["report"]["manifest"]) for record in released}
    there = {
        (path.parent.name, file_digest(path)) for path in _manifests(reports_folder, "*") if path.parent.name.startswith(KINDS)
    }
    missing = {run for run, _ in signed} - {run for run, _ in there}
    return [
        *(f"Run {run}: no record of the ledger released it as it lies there." for run, _ in sorted(there - signed)),
        *(f"Run {run}: it was released and does not lie there. standardsetting release puts it there." for run in sorted(missing)),
    ]


def _run(path: Path, chain: tuple[records.Record, ...], journal: list[dict[str, Any]]) -> list[str]:
    problems = [f"Run {path.name}: {problem}" for problem in manifest.verify(path)]
    if not publish.as_published(path, journal):
        problems.append(f"Run {path.name}: its manifest is not the one that the journal recorded when it was published.")
    try:
        head = manifest.read(path).get("ledger_head")
    except (OSError, ValueError, AttributeError):
        return problems
    if head is not None and head not in {record.hash for record in chain}:
        problems.append(f"Run {path.name}: it was made on a ledger record that is no longer there: the ledger was rewritten.")
    return problems
