"""Releasing figures about groups: built and audited, held for somebody to look at, then released by a second person.

A scheduled run may build and hold. Nothing reaches the reports folder, and so nobody who was not told to look, before the release stands in
the ledger with the names of who prepared and who signed it.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from standardsetting import records
from standardsetting.errors import DisclosureError, StageError, UsageError
from standardsetting.publishing import alone, now_in, reports_of
from standardsetting.sealed import SEAL
from standardsetting.stages import COHORT, NAMED, RESTRICTED

if TYPE_CHECKING:
    from standardsetting.cohort.diversity.build import Tier
    from standardsetting.cohort.snapshot import CohortSnapshot
    from standardsetting.disclosure.cube import Cube
    from standardsetting.disclosure.gate import Piece
    from standardsetting.disclosure.protect import ProtectedCube
    from standardsetting.disclosure.release import Release
    from standardsetting.disclosure.releases import History
    from standardsetting.disclosure.statements import Statement
    from standardsetting.process import Process
    from standardsetting.reporting.run import RunResult

KINDS = ("cohort-diversity", "positive-action")
TIERS: tuple[Tier, ...] = ("director", "public")
HELD, RELEASES = Path(COHORT) / "held", Path(COHORT) / "releases"
NO_NEW_FIGURES = "No new figures: this says nothing that the last release did not."
_ENGRAVED = (
    "prose/cohort.py",
    "tables/cohort.py",
    "figures/cohort.py",
    "prose/positive_action.py",
    "tables/positive_action.py",
    "figures/positive_action.py",
    "tables/table.py",
    "reporting/render.py",
    "reporting/template/index.html.j2",
)
# The numbers along axes: they measure, and count nobody. A whole number among them is a multiple of five, as protected counts are: a
# small true count must never be taken for a place on an axis.
_ALONG_AXES = frozenset(Decimal(number) for number in (*range(0, 101, 5), *(f"{n / 20:.2f}" for n in range(101) if n % 20)))
# Of a moment only its day is printed. What stands in brackets refers to a note; the pages of a PDF's contents stand above their title.
_MOMENT = re.compile(r"(\d{4})-\d\d-(\d\d)T[\d:.]+(?:[+-][\d:]+|Z)?")
_NOTE, _PAGES_LISTED = re.compile(r"\[note \d+\]"), re.compile(r"(?:^\d+\n)+(?=Contents$)", re.MULTILINE)


@dataclass(frozen=True)
class Prepared:
    """A release that was built and audited: where it lies, and whether it says anything new."""

    folder: Path
    release: Release
    protected: ProtectedCube
    nothing_new: bool


def hold(
    kind: str, process: Process, folder: Path, *, tier: str = "director", milestone: str | None = None, timeout: int = 600
) -> tuple[RunResult, Prepared]:
    """Build, audit and render a report about groups, and hold it in the process folder.

    Raises
    ------
    StageError
        No standard is recorded, and no early access.
    DisclosureError
        Readers could work out too much, or an artefact holds a number that was not released.
    """
    with alone(folder):
        prepared = _prepare(kind, process, folder, tier=tier, milestone=milestone)
        return _make(kind, prepared, process, folder, folder / HELD, timeout), prepared


def release(
    kind: str, process: Process, folder: Path, *, prepared_by: str, signed_by: str, recipients: Sequence[str] = (), tier: str = "director",
    milestone: str | None = None, reports: Path | None = None, timeout: int = 600,
) -> tuple[RunResult, Prepared]:  # fmt: skip
    """Audit once more against everything that was told, record the release, and publish it.

    Raises
    ------
    UsageError
        The same person prepared and signed.
    """
    from standardsetting.disclosure import releases

    releases.two_people(prepared_by, signed_by)
    with alone(folder):
        prepared = _prepare(kind, process, folder, tier=tier, milestone=milestone)
        # Whoever signs has looked at the report that is held; and what the gate would stop must not stand in the ledger as released.
        _make(kind, prepared, process, folder, folder / HELD, timeout)
        told = list(recipients) or ["assessment director" if tier == "director" else "public"]
        report = {"kind": kind, "tier": tier, "seal": prepared.release.seal}
        told = [name for name in told if name not in _received(releases.read(folder), report)]
        if told:
            releases.record(
                folder,
                prepared.protected,
                recipients=told,
                prepared_by=prepared_by,
                signed_by=signed_by,
                when=now_in(process),
                report=report,
            )
        return _make(kind, prepared, process, folder, reports_of(process, folder, reports), timeout), prepared


def _prepare(kind: str, process: Process, folder: Path, *, tier: str, milestone: str | None) -> Prepared:
    """The snapshot, its cube, the audit against the ledger, and the sealed folder that the notebook will read."""
    from standardsetting.cohort.diversity import cube_of
    from standardsetting.cohort.positive_action.reported import reach_cube
    from standardsetting.cohort.snapshot import CohortSnapshot
    from standardsetting.disclosure import releases
    from standardsetting.disclosure.policy import Policy
    from standardsetting.disclosure.protect import protect
    from standardsetting.disclosure.release import Release
    from standardsetting.named.snapshot import take

    if kind not in KINDS or tier not in TIERS:
        raise UsageError(f"A report about groups is one of {', '.join(KINDS)}; its tier is one of {', '.join(TIERS)}.")
    when = now_in(process)
    taken = take(process, folder, milestone=milestone or _latest_milestone(process, when.date()), when=when)
    snapshot = CohortSnapshot.read(taken.folder)
    rules = snapshot.process.disclosure
    policy = Policy(name=rules.policy, smallest_count=rules.smallest_count, round_to=rules.round_to)
    cube = reach_cube(snapshot) if kind == "positive-action" else cube_of(snapshot)
    history = releases.read(folder).about(cube.milestone)
    secret = _secret(folder) if policy.name == "rounded cube" else None
    protected = protect(cube, policy=policy, earlier=history.earlier, also=history.told(cube.hash), secret=secret)
    nothing_new = releases.nothing_new(history, protected)
    changes = _changes(history, cube.hash)
    place = folder / RELEASES / f"{kind}-{tier}-{_key(protected, snapshot, changes)}"
    if not place.is_dir():
        cubes = list(dict.fromkeys([*(body["cube"] for body in history.releases), cube.hash]))
        built = _built(kind, snapshot, protected, folder, tier=_known(tier), number=cubes.index(cube.hash) + 1, changes=changes)
        staging = place.with_name(f".{place.name}")
        shutil.rmtree(staging, ignore_errors=True)
        built.write(staging)
        staging.rename(place)
    return Prepared(place, Release.read(place), protected, nothing_new)


def _built(
    kind: str, snapshot: CohortSnapshot, protected: ProtectedCube, folder: Path, *, tier: Tier, number: int, changes: tuple[str, ...]
) -> Release:
    from standardsetting.cohort.diversity import diversity_release
    from standardsetting.cohort.diversity.over_years import released_by
    from standardsetting.cohort.positive_action.reported import positive_action_release

    if kind == "positive-action":
        # The file has to be valid on the day that the cohort stands for; the report may be read again years later.
        on = snapshot.as_at or snapshot.process.dates.outcomes_published or date.fromisoformat(snapshot.taken_at[:10])
        return positive_action_release(snapshot, protected, tier=tier, number=number, on=on, changes=changes)
    earlier = [(each.label, released_by((folder / each.folder).resolve())) for each in snapshot.process.cohort.previous]
    return diversity_release(snapshot, protected, tier=tier, number=number, changes=changes, earlier=earlier, interview_told=number > 1)


def _contradicts(cube: Cube, history: History, statement: Statement) -> bool:
    """Whether a statement cannot be true beside the totals and everything that was told."""
    from standardsetting.disclosure.bounds import ContradictionError
    from standardsetting.disclosure.protect import protect

    about = history.about(cube.milestone)
    try:
        protect(cube, earlier=about.earlier, also=(*about.told(cube.hash), statement))
    except ContradictionError:
        return True
    except DisclosureError:
        return False  # true, and so much that nothing more can be released: the ledger has to know
    return False


def _secret(folder: Path) -> bytes:
    """The sealed secret from which the rounded cube's rounding is drawn: made once, read by its owner alone."""
    file = folder / RESTRICTED / "rounding.secret"
    if not file.is_file():
        file.parent.mkdir(mode=0o700, exist_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(secrets.token_bytes(32))
    return file.read_bytes()


def _known(tier: str) -> Tier:
    return next(one for one in TIERS if one == tier)


def _received(history: History, report: Mapping[str, str]) -> set[str]:
    """Who has received this very report: its kind, its tier, and the seal of all that it says."""
    return {name for body in history.releases if body["report"] == report for name in body["recipients"]}


def _latest_milestone(process: Process, today: date) -> str:
    """The last milestone whose day has come: the pool only where there is a table of progress after the assessment."""
    from standardsetting.named.snapshot import day_of
    from standardsetting.process.cohort import MILESTONES

    come = [name for name in MILESTONES if (day := day_of(process, name)) is None or day <= today]
    if "progress" not in process.sources:
        come = [name for name in come if name != "pool"]
    return come[-1] if come else "interview_outcomes"


def _key(protected: ProtectedCube, snapshot: CohortSnapshot, changes: tuple[str, ...]) -> str:
    from standardsetting.reporting import manifest

    # What a reader can know of a line besides its text grows with the ledger; the report does not change with it.
    printed = protected.cells[["table", "group", "stage", "measure", "shown", "channel"]].to_csv(index=False, lineterminator="\n")
    parts = [protected.hash, protected.rules, printed, snapshot.seal, changes, manifest.software()]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:12]


def _changes(history: History, cube: str) -> tuple[str, ...]:
    """What a release says about those before it. It does not change once figures of its own cube are out."""
    if all(body["cube"] == cube for body in history.releases):
        return ("This is the first release of this process.",)
    return ("Figures are new where a count has moved by ten or more; all others stand as before.",)


def _make(kind: str, prepared: Prepared, process: Process, folder: Path, reports: Path, timeout: int) -> RunResult:
    import pandas as pd

    from standardsetting import progress
    from standardsetting.named.close import IDENTITIES
    from standardsetting.named.identities import identities as identities_of
    from standardsetting.named.validate import check
    from standardsetting.reporting.run import ReportRequest, make_report

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
    tier = prepared.release.tier
    with progress.shown("Preparing the report") as step:
        return make_report(
            ReportRequest(
                kind=kind if tier == "director" else f"{kind}-{tier}",
                process=prepared.release.process,
                material=prepared.folder,
                reports_folder=reports,
                restricted_folder=folder / RESTRICTED,
                identities=identities,
                ledger_head=records.read(folder)[-1].hash,
                timeout=timeout,
                progress=step,
                gate=_gate(prepared),
            )
        )


def _gate(prepared: Prepared) -> Callable[[Sequence[Path]], None]:
    """Every number in a finished artefact has to stand in the release, or in words that hold no data."""
    from standardsetting.disclosure.gate import numbers, refuse
    from standardsetting.reporting.readable import pieces
    from standardsetting.shipped import shipped

    package = Path(__file__).parent
    parts = [file for file in sorted(prepared.folder.glob("*.json")) if file.name != SEAL]
    texts = [_MOMENT.sub(r"\1 \2 ", file.read_text(encoding="utf-8")) for file in parts]
    texts += [words for name in _ENGRAVED for words in _words(package / name)]
    texts += [words for notebook in sorted(shipped("notebooks").glob("*.ipynb")) for words in _words(notebook)]
    allowed: set[Any] = set().union(*(numbers(text) for text in texts), _ALONG_AXES)

    def gate(artefacts: Sequence[Path]) -> None:
        refuse((piece for artefact in artefacts for piece in _unnumbered(pieces(artefact))), allowed=allowed)

    return gate


def _unnumbered(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Texts without the numbers that count pages and notes: a list of pages, references to notes, and the notes in their order."""
    note = 1
    for piece in pieces:
        text = _PAGES_LISTED.sub(" ", _NOTE.sub(" ", piece.text))
        if piece.kind == "sheet" and text.startswith(f"{note}\n"):
            text, note = text.partition("\n")[2], note + 1
        yield replace(piece, text=text)


def _words(file: Path) -> Iterator[str]:
    """What a file of ours can put into a report: the texts of a module without its docstrings, a notebook's cells, a template.

    Sizes, positions and the names of cells never reach a reader. If they were allowed, so would be every small count.
    """
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".ipynb":
        yield from ("".join(cell["source"]) for cell in json.loads(text)["cells"])
    elif file.suffix == ".py":
        nodes = list(ast.walk(ast.parse(text)))
        never = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
        formats = [node.format_spec for node in nodes if isinstance(node, ast.FormattedValue) and node.format_spec]
        never |= {id(part) for each in formats for part in ast.walk(each)}
        yield from (n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str) and id(n) not in never)
    else:
        yield re.sub(r"<[^<>]*>", " ", text)


def outside_figure(
    process: Process,
    folder: Path,
    *,
    characteristic: str,
    group: str,
    stage: str,
    measure: str,
    low: int,
    high: int,
    source: str,
    text: str,
    by: str,
) -> None:
    """Enter by hand what an FOI answer or the press told about a group, so that every later release is audited against it.

    Raises
    ------
    UsageError
        No such characteristic, group, stage or count.
    """
    from standardsetting.cohort.diversity import cube_of
    from standardsetting.cohort.snapshot import CohortSnapshot
    from standardsetting.disclosure import releases
    from standardsetting.disclosure.cube import MEASURES
    from standardsetting.disclosure.statements import known
    from standardsetting.linkage import latest

    found = latest(folder)
    if found is None:
        raise StageError("No cohort was looked at yet.", next_step="Make a report first: standardsetting report cohort-diversity")
    cube = cube_of(CohortSnapshot.read(found))
    declaration = cube.declaration
    groups = {
        name: where
        for table in declaration.tables
        if " by ".join(table) == characteristic
        for name, where in declaration.groups(table).items()
    }
    if group not in groups or stage not in declaration.stages or measure not in MEASURES or not 0 <= low <= high:
        raise UsageError(
            "The figure does not fit what is declared about this cohort.",
            details=[
                f"characteristics: {'; '.join(' by '.join(table) for table in declaration.tables)}",
                f"groups: {'; '.join(groups)}",
                f"stages: {'; '.join(declaration.stages)}",
                f"counts: {'; '.join(MEASURES)}",
            ],
        )
    statement = known(groups[group], stage, measure, low, high, source=source)
    with alone(folder):
        if _contradicts(cube, releases.read(folder), statement):
            raise UsageError(
                "The figure cannot be true beside what was released and the totals of this cohort, so it was not entered.",
                next_step="Read it again at its source. What is entered cannot be taken back, only added to.",
            )
        releases.record_outside(folder, [statement], source=source, text=text, entered_by=by, when=now_in(process))
