"""The ledger of releases: what was printed about groups, to whom, and what others told. Append-only, in the chain of the process's records.

It holds protected values, and true ones over everybody alone, never of a group. A later release is audited against all of it and reuses
its values (the change rule).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from standardsetting import records
from standardsetting.disclosure.cube import Cube, Declaration
from standardsetting.disclosure.plan import Earlier
from standardsetting.disclosure.protect import ProtectedCube
from standardsetting.disclosure.statements import Before, Statement, Term, Told, VerdictTold
from standardsetting.errors import DisclosureError, UsageError
from standardsetting.stages import STANDARD_RECORD
from standardsetting.two_people import different

# The milestone of the cube of who was reached by workshops.
WORKSHOPS = "workshops"
RELEASE, OUTSIDE, WITHDRAWN = "disclosure release", "disclosure statement", "disclosure statement withdrawn"
_OWN = ("counts", "undeclared", "verdict")
_CUBES_OF_A_MILESTONE = 2
_SAME = ["table", "group", "stage", "measure", "shown"]


@dataclass(frozen=True)
class History:
    """What was released about a process and what others told, oldest first.

    Attributes
    ----------
    bodies
        What the records say, each with its number as `record`.
    standards
        The numbers of the records that set another standard than stood before.
    earlier
        The newest protected value of each count, None where it was hidden. A line whose group had no counts in the newest release stands
        under its channel in place of the measure, None too: a table that gave way stays so.
    told
        What FOI answers and the press told, and what a release of the same snapshot told.
    """

    bodies: tuple[dict[str, Any], ...]
    standards: tuple[int, ...] = ()

    def about(self, milestone: str) -> History:
        """What bears on a cube of this milestone: the workshops have a cube of their own, beside that of the way through the stages.

        Figures told elsewhere are about the way through the stages.
        """
        bodies = (body for body in self.bodies if (body.get("milestone") == WORKSHOPS) == (milestone == WORKSHOPS))
        return replace(self, bodies=tuple(bodies))

    @property
    def releases(self) -> tuple[dict[str, Any], ...]:
        return tuple(body for body in self.bodies if "cells" in body)

    @property
    def earlier(self) -> Earlier:
        found: dict[tuple[str, str, str, str], int | None] = {}
        for body in self.releases:
            for table, group, stage, measure, _, value, channel in body["cells"]:
                if channel in ("counts", "undeclared") and measure in ("entered", "passed"):
                    found[table, group, stage, measure] = value
        for table, group, stage, _, _, _, channel in self.releases[-1]["cells"] if self.releases else ():
            if channel in ("verdict", "none"):
                found[table, group, stage, channel] = None
        return found

    def told(self, cube_hash: str) -> tuple[Told, ...]:
        """Earlier statements about the counts of a cube: everything told by others, and by releases of this very snapshot."""
        relevant = [body for body in self.bodies if "cells" not in body or body["cube"] == cube_hash]
        return tuple(_read_told(one) for body in relevant for one in body["told"])

    def standard_changed(self, cube_hash: str) -> bool:
        """Whether the standard was set anew between the first release of a cube, or now, and the release of another snapshot before it."""
        own = min((body["record"] for body in self.releases if body["cube"] == cube_hash), default=math.inf)
        others = [body["record"] for body in self.releases if body["record"] < own]
        return bool(others) and any(others[-1] < number < own for number in self.standards)

    def before(self, cube: Cube) -> tuple[Before, ...]:
        """What releases of other snapshots told of the same people, a snapshot each."""
        others = dict.fromkeys(body["cube"] for body in self.releases if body["cube"] != cube.hash and "ended" in body)
        return tuple(_read_before([body for body in self.releases if body["cube"] == other], cube.declaration) for other in others)


def read(folder: Path) -> History:
    """The releases and outside statements of a process. A statement that was withdrawn stays in the ledger and counts no more.

    Raises
    ------
    StageError
        The ledger does not verify. A release that cannot be audited against it does not run.
    """
    chain = records.read(folder)
    withdrawn = _withdrawn(chain)
    bodies = ({**r.body, "record": r.number} for r in chain if r.kind in (RELEASE, OUTSIDE) and r.number not in withdrawn)
    return History(tuple(bodies), _standards(chain))


def _standards(chain: Sequence[records.Record]) -> tuple[int, ...]:
    """The records that set another standard than stood before; the first opens nothing anew, nor does the same one recorded again."""
    cuts = [(r.number, r.body.get("cut")) for r in chain if r.kind == STANDARD_RECORD]
    return tuple(number for (_, before), (number, cut) in pairwise(cuts) if cut != before)


def nothing_new(history: History, release: ProtectedCube) -> bool:
    """Whether a release says nothing of a group that the last one did not: then it writes "no new figures" and stops.

    The total and the remainder follow from counts that are known anyway.
    """
    released = history.about(release.milestone).releases
    if not released:
        return False
    before = [tuple(line[:5]) for line in released[-1]["cells"] if line[6] in _OWN]
    now = release.cells[release.cells["channel"].isin(_OWN)][_SAME]
    return before == list(now.itertuples(index=False, name=None))


def record(
    folder: Path,
    release: ProtectedCube,
    *,
    recipients: Sequence[str],
    signed_by: str,
    prepared_by: str,
    when: datetime,
    report: Mapping[str, str] | None = None,
    told_once: Sequence[str] = (),
) -> records.Record:
    """Write a release to the ledger before anybody receives it.

    Raises
    ------
    UsageError
        The person who signs also prepared it, or nobody receives it.
    DisclosureError
        The release did not pass its audit; its milestone was released before from another snapshot (each milestone is released once, and
        once more when the standard was set anew: a correction shows at the next); or what is declared has changed since (a new code list
        starts a new process).
    """
    two_people(prepared_by, signed_by)
    if not recipients:
        raise UsageError("A release needs its recipients.")
    if release.audit is None or not release.audit.passed:
        raise DisclosureError("A release that did not pass its audit is not recorded and not released.")
    declared, history = _declared(release), read(folder).about(release.milestone)
    same = [body for body in history.releases if body["milestone"] == release.milestone]
    reopened = bool(same) and any(number > same[-1]["record"] for number in history.standards)
    others = {body["cube"] for body in same} - {release.hash}
    if same and same[-1]["cube"] != release.hash and (not reopened or len(others) >= _CUBES_OF_A_MILESTONE):
        raise DisclosureError("This milestone was released before from other data. A correction shows at the next milestone.")
    for body in history.releases:
        if body["declared"] != declared:
            raise DisclosureError("The groups or tables declared differ from those of an earlier release of this process.")
    columns = [*_SAME, "value", "channel"]
    lines = [[None if pd.isna(cell) else cell for cell in line] for line in release.cells[columns].astype(object).to_numpy().tolist()]
    body = {
        "milestone": release.milestone, "declared": declared, "cube": release.hash, "policy": release.policy.as_record(),
        "stages": list(release.declaration.stages), "impossible": sorted(map(list, release.declaration.impossible)),
        "ended": [[*kind, n] for kind, n in zip(release.declaration.classes, release.totals.tolist(), strict=True) if n],
        "recipients": list(recipients),
        "prepared_by": prepared_by, "signed_by": signed_by, "report": dict(report or {}), "steps": list(release.steps), "cells": lines,
        "told": [_write_told(one) for one in release.told], "told_once": list(told_once),
    }  # fmt: skip
    return records.append(folder, RELEASE, body, when=when)


def two_people(prepared_by: str, signed_by: str) -> None:
    """Refuse unless somebody signs who did not prepare."""
    if not different((prepared_by, signed_by)):
        raise UsageError("A release needs the name of who prepared it, and the signature of somebody else.")


def record_outside(
    folder: Path, statements: Sequence[Statement], *, source: str, text: str, entered_by: str, when: datetime
) -> records.Record:
    """Enter by hand what an FOI answer or the press told, so that every later release is audited against it."""
    if not statements or not source or not entered_by:
        raise UsageError("An outside statement needs its source, who entered it, and at least one sum with its bounds.")
    body = {"source": source, "text": text, "entered_by": entered_by, "told": [_write_told(one) for one in statements]}
    return records.append(folder, OUTSIDE, body, when=when)


def withdraw(folder: Path, number: int, *, reason: str, by: Sequence[str], when: datetime) -> records.Record:
    """Withdraw an outside statement by adding a record that names it. Nothing is taken out of the ledger.

    A statement that was true and is withdrawn leaves later releases with less protection, so two people answer for it.

    Parameters
    ----------
    folder
        The process folder.
    number
        The number of the record that entered the statement.
    reason
        Why it does not count.
    by
        The names of exactly two different people.
    when
        The moment, with its time zone.

    Raises
    ------
    UsageError
        The record is no outside statement, or it is withdrawn already; no reason; not two different people.
    """
    chain = records.read(folder)
    standing = {r.number for r in chain if r.kind == OUTSIDE} - (gone := _withdrawn(chain))
    if number in gone:
        raise UsageError(f"Record {number} is withdrawn already.", next_step="Nothing is left to be done.")
    if number not in standing:
        there = f"Those are the records {', '.join(map(str, sorted(standing)))}." if standing else "There is none to withdraw."
        raise UsageError(f"Record {number} is not a figure that was entered with told.", next_step=there)
    why = " ".join(reason.split())
    if not why:
        raise UsageError("A withdrawal needs its reason.", next_step='Say why the figure does not count: --reason "..."')
    if not different(by):
        raise UsageError(
            "A withdrawal needs the names of two different people, because later releases may tell more.",
            next_step='Give both: --by "..." --by "..."',
        )
    return records.append(folder, WITHDRAWN, {"statement": number, "reason": why, "by": [" ".join(name.split()) for name in by]}, when=when)


def _withdrawn(chain: Sequence[records.Record]) -> set[int]:
    return {int(record.body["statement"]) for record in chain if record.kind == WITHDRAWN}


def _declared(release: ProtectedCube) -> str:
    """Groups, hierarchy and tables. The stages may grow from one milestone to the next."""
    declaration = release.declaration
    return hashlib.sha256(repr((declaration.characteristics, declaration.tables)).encode()).hexdigest()


def _read_before(bodies: Sequence[dict[str, Any]], declaration: Declaration) -> Before:
    """A snapshot as its releases had it: groups and tables are those of every release, the stages its own."""
    written = bodies[0]
    impossible = frozenset((stage, state) for stage, state in written["impossible"])
    then = replace(declaration, stages=tuple(written["stages"]), impossible=impossible, first=(), spans=())
    ended = {(stage, state): n for stage, state, n in written["ended"]}
    totals = np.array([ended.get(kind, 0) for kind in then.classes], dtype=np.int64)
    return Before(then, totals, tuple(dict.fromkeys(_read_told(one) for body in bodies for one in body["told"])))


def _write_told(told: Told) -> dict[str, Any]:
    return {"verdict" if isinstance(told, VerdictTold) else "sum": asdict(told)}


def _read_told(body: dict[str, Any]) -> Told:
    if "verdict" in body:
        v = body["verdict"]
        return VerdictTold(_where(v["where"]), _where(v["comparator"]), v["stage"], v["code"], v.get("since"))
    s = body["sum"]
    terms = tuple(Term(_where(t["where"]), t["stage"], t["measure"], t["weight"]) for t in s["terms"])
    return Statement(terms, s["low"], s["high"], s["source"])


def _where(written: Sequence[Any]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((name, tuple(members)) for name, members in written)
