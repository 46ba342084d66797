"""What may be said about groups, built and audited: the snapshot, its cube, the attack on it, and the sealed folder that a notebook reads.

A scheduled run may do this. Nobody has been told anything when it is done.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING

from standardsetting import records
from standardsetting.disclosure.policy import TIERS, Tier
from standardsetting.errors import DisclosureError, UsageError
from standardsetting.publishing import now_in
from standardsetting.sealed import SEAL, file_digest
from standardsetting.stages import COHORT, RESTRICTED

if TYPE_CHECKING:
    from standardsetting.cohort.positive_action.reported import ProcessReleased
    from standardsetting.cohort.snapshot import CohortSnapshot
    from standardsetting.disclosure.protect import ProtectedCube
    from standardsetting.disclosure.release import Release
    from standardsetting.disclosure.releases import History
    from standardsetting.process import Process

KINDS = ("cohort-diversity", "positive-action")
RELEASES = Path(COHORT) / "releases"
HELD_RECORD = "report held"


@dataclass(frozen=True)
class Prepared:
    """A release that was built and audited: where it lies, the ledger it was audited against, and whether it says anything new."""

    folder: Path
    release: Release
    protected: ProtectedCube
    history: History
    nothing_new: bool


def prepare(kind: str, process: Process, folder: Path, *, tier: Tier, milestone: str | None) -> Prepared:
    """The snapshot, its cube, the audit against the ledger, and the sealed folder that the notebook will read."""
    from standardsetting.cohort.diversity import cube_of
    from standardsetting.cohort.positive_action.reported import linked, reach_cube
    from standardsetting.cohort.snapshot import CohortSnapshot
    from standardsetting.disclosure import releases
    from standardsetting.disclosure.protect import policy_of, protect
    from standardsetting.disclosure.release import Release
    from standardsetting.named.snapshot import take

    if kind not in KINDS or tier not in TIERS:
        raise UsageError(f"A report about groups is one of {', '.join(KINDS)}; its tier is one of {', '.join(TIERS)}.")
    when = now_in(process)
    taken = take(process, folder, milestone=milestone or _latest_milestone(process, when.date()), when=when)
    snapshot = CohortSnapshot.read(taken.folder)
    policy = policy_of(snapshot.process)
    cube = reach_cube(snapshot) if kind == "positive-action" else cube_of(snapshot)
    whole = releases.read(folder)
    history, other = whole.about(cube.milestone), linked(snapshot, cube, whole, policy)
    secret = _secret(folder) if policy.name == "rounded cube" else None
    protected = protect(
        cube, policy=policy, earlier=history.earlier, also=history.told(cube.hash), given=other.given, before=history.before(cube),
        beside=other.beside, secret=secret,
    )  # fmt: skip
    nothing_new = releases.nothing_new(history, protected)
    changes = _changes(history, cube.hash)
    rests_on = _other_releases(kind, snapshot.process, folder, tier)
    cubes = list(dict.fromkeys([*(body["cube"] for body in history.releases), cube.hash]))
    number, told_before = cubes.index(cube.hash) + 1, _told_before(history, snapshot)
    key = _key(protected, snapshot, changes, [each.release.seal for each in rests_on if each.release], number, told_before)
    place = folder / RELEASES / f"{kind}-{tier}-{key}"
    if not _as_recorded(place, folder):
        built = _built(
            kind, snapshot, protected, folder, tier=tier, number=number, changes=changes, rests_on=rests_on, told_before=told_before
        )
        staging = place.with_name(f".{place.name}")
        shutil.rmtree(staging, ignore_errors=True)
        built.write(staging)
        # A folder that lies there and that no record names may say anything.
        shutil.rmtree(place, ignore_errors=True)
        staging.rename(place)
    return Prepared(place, Release.read(place), protected, whole, nothing_new)


def _as_recorded(place: Path, folder: Path) -> bool:
    """Whether a release folder lies there that the ledger knows; one that is not as the ledger knows it is refused."""
    known = newest_held(records.read(folder), release=place.name)
    if not known or not place.is_dir():
        return False
    if not (place / SEAL).is_file() or file_digest(place / SEAL) != known["seal"]:
        raise DisclosureError(
            f"The release folder {place.name} is not the one that the ledger recorded. Nothing was made or released from it.",
            next_step=f"Find out who changed it. Then delete {RELEASES.as_posix()}/{place.name} and make the report again.",
        )
    return True


def _other_releases(kind: str, process: Process, folder: Path, tier: Tier) -> tuple[ProcessReleased, ...]:
    """What earlier processes released: the series of years, and what a report on workshops sets beside one another, rest on it.

    A public report rests on what those processes told the public.
    """
    from standardsetting.cohort.diversity.over_years import released_by
    from standardsetting.cohort.positive_action.reported import ProcessReleased, processes_released

    if kind == "positive-action":
        return processes_released(process, folder)
    places = {each.label: (folder / each.folder).resolve() for each in process.cohort.previous}
    return tuple(ProcessReleased(label, released_by(place, tier=tier)) for label, place in places.items())


def _built(
    kind: str, snapshot: CohortSnapshot, protected: ProtectedCube, folder: Path, *, tier: Tier, number: int, changes: tuple[str, ...],
    rests_on: Sequence[ProcessReleased], told_before: frozenset[str],
) -> Release:  # fmt: skip
    from standardsetting.cohort.diversity import diversity_release
    from standardsetting.cohort.positive_action.reported import positive_action_release

    if kind == "positive-action":
        # The file has to be valid on the day that the cohort stands for; the report may be read again years later.
        on = snapshot.as_at or snapshot.process.dates.outcomes_published or date.fromisoformat(snapshot.taken_at[:10])
        return positive_action_release(
            snapshot, protected, tier=tier, number=number, on=on, changes=changes, earlier=rests_on, told_before=told_before
        )
    earlier = [(each.label, each.release) for each in rests_on if each.release]
    return diversity_release(snapshot, protected, tier=tier, number=number, changes=changes, earlier=earlier, told_before=told_before)


def _secret(folder: Path) -> bytes:
    """The sealed secret from which the rounded cube's rounding is drawn: made once, read by its owner alone."""
    file = folder / RESTRICTED / "rounding.secret"
    if not file.is_file():
        file.parent.mkdir(mode=0o700, exist_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(secrets.token_bytes(32))
    return file.read_bytes()


def _latest_milestone(process: Process, today: date) -> str:
    """The last milestone whose day has come: the pool only where there is a table of progress after the assessment."""
    from standardsetting.named.snapshot import day_of
    from standardsetting.process.cohort import MILESTONES

    come = [name for name in MILESTONES if (day := day_of(process, name)) is None or day <= today]
    if "progress" not in process.sources:
        come = [name for name in come if name != "pool"]
    return come[-1] if come else "interview_outcomes"


def _key(
    protected: ProtectedCube, snapshot: CohortSnapshot, changes: tuple[str, ...], rests_on: Sequence[str], number: int,
    told_before: frozenset[str],
) -> str:
    from standardsetting.reporting import manifest

    # What a reader can know of a line besides its text grows with the ledger; the report does not change with it.
    printed = protected.cells[["table", "group", "stage", "measure", "shown", "channel"]].to_csv(index=False, lineterminator="\n")
    parts = [protected.hash, protected.rules, printed, snapshot.seal, changes, *rests_on, number, sorted(told_before), manifest.software()]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:12]


def _told_before(history: History, snapshot: CohortSnapshot) -> frozenset[str]:
    """The sections that releases of other snapshots told, before the first of this one."""
    before = takewhile(lambda body: body.get("report", {}).get("snapshot") != snapshot.seal, history.releases)
    return frozenset(name for body in before for name in body.get("told_once", ()))


def _changes(history: History, cube: str) -> tuple[str, ...]:
    """What a release says about those before it. It does not change once figures of its own cube are out."""
    if all(body["cube"] == cube for body in history.releases):
        return ("This is the first release of this process.",)
    moved = "Figures are new where a count has moved by ten or more; all others stand as before."
    if not history.standard_changed(cube):
        return (moved,)
    return ("The minimum acceptable standard was set anew since the release before: the sequence is in the record below.", moved)


def newest_held(chain: Sequence[records.Record], **of: str) -> Mapping[str, str]:
    """What the newest record of a held report says, of a `run` or of the folder of a `release`; nothing where there is none."""
    held = (record.body for record in reversed(chain) if record.kind == HELD_RECORD)
    return next((body for body in held if all(body.get(name) == value for name, value in of.items())), {})
