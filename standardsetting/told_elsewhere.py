"""Figures about groups that were told elsewhere: entered by hand, and withdrawn by adding where a person mistyped them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from standardsetting import records
from standardsetting.errors import DisclosureError, StageError, UsageError
from standardsetting.publishing import alone, now_in

if TYPE_CHECKING:

    from standardsetting.disclosure.audit import Readers
    from standardsetting.disclosure.cube import Cube
    from standardsetting.disclosure.policy import Policy
    from standardsetting.disclosure.releases import History
    from standardsetting.disclosure.statements import Before, Statement, Told
    from standardsetting.process import Process


def enter(
    process: Process,
    folder: Path,
    *,
    characteristic: str,
    group: str,
    stage: str,
    count: str,
    low: int,
    high: int,
    source: str,
    text: str,
    by: str,
) -> records.Record:
    """Enter by hand what an FOI answer or the press told about a group, so that every later release is audited against it.

    Raises
    ------
    UsageError
        Its source, its words or who enters it is blank; no such characteristic, group, stage or count; or readers can tell that the
        figure is false.
    """
    from standardsetting.cohort.diversity import cube_of
    from standardsetting.cohort.snapshot import CohortSnapshot
    from standardsetting.disclosure import releases
    from standardsetting.disclosure.cube import MEASURES
    from standardsetting.disclosure.protect import policy_of
    from standardsetting.disclosure.statements import known
    from standardsetting.linkage import latest

    _refuse_blanks(source=source, text=text, by=by)
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
    if group not in groups or stage not in declaration.stages or count not in MEASURES or not 0 <= low <= high:
        raise UsageError(
            "The figure does not fit what is declared about this cohort.",
            details=[
                f"characteristics: {'; '.join(' by '.join(table) for table in declaration.tables)}",
                f"groups: {'; '.join(groups)}",
                f"stages: {'; '.join(declaration.stages)}",
                f"counts: {'; '.join(MEASURES)}",
            ],
        )
    statement = known(groups[group], stage, count, low, high, source=source)
    with alone(folder):
        if _contradicts(cube, releases.read(folder), statement, policy=policy_of(process)):
            raise UsageError(
                "The figure cannot be true beside what was released and the totals of this cohort, so it was not entered.",
                next_step="Read it again at its source.",
            )
        return releases.record_outside(folder, [statement], source=source, text=text, entered_by=by, when=now_in(process))


def _refuse_blanks(**given: str) -> None:
    """A figure whose origin cannot be looked up can never be checked, and only a withdrawal would be left."""
    blank = [f"--{name}" for name, words in given.items() if not any(sign.isalnum() for sign in words)]
    if blank:
        need = "needs" if len(blank) == 1 else "need"
        raise UsageError(
            f"To enter a figure, {' and '.join(blank)} {need} words; blank was given. Nothing was entered.",
            next_step="Say " + "; ".join(f'{_ASKED[name]}: {name} "..."' for name in blank),
        )


_ASKED = {
    "--source": "where it was told, so that it can be looked up",
    "--text": "the words in which it was told",
    "--by": "who enters it",
}


def withdraw(process: Process, folder: Path, *, number: int, reason: str, by: Sequence[str]) -> records.Record:
    """Withdraw a figure that was entered by mistake. Its record stays; it counts no more, so later releases may show what it hid.

    Raises
    ------
    UsageError
        No such figure, or it is withdrawn already; no reason; not two different people.
    """
    from standardsetting.disclosure import releases

    with alone(folder):
        return releases.withdraw(folder, number, reason=reason, by=by, when=now_in(process))


def _contradicts(cube: Cube, history: History, statement: Statement, *, policy: Policy) -> bool:
    """Whether readers themselves could tell that a statement is false, from the totals and everything that was released and told.

    No count of a group is looked at: whether a figure is taken or refused must tell nothing that readers do not have. A figure that only
    the true counts contradict is taken, like a true one.
    """
    from standardsetting.disclosure.audit import Readers

    mine = history.about(cube.milestone)
    readers, before = Readers(cube.declaration, cube.totals, policy, mine.told(cube.hash)), mine.before(cube)
    return not _can_be_true(readers, [statement], before) and _can_be_true(readers, [], before)


def _can_be_true(readers: Readers, statements: Sequence[Told], before: Sequence[Before]) -> bool:
    from standardsetting.disclosure.audit import attack
    from standardsetting.disclosure.bounds import ContradictionError

    try:
        fits = not attack(readers, also=statements, before=before).alone
    except ContradictionError:
        return False
    except DisclosureError:
        return True  # nothing is proved, so nothing is refused
    return fits
