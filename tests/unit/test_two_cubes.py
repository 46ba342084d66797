"""The workshops' cube and the cube of the way through the stages: each audit hears what the other one told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from standardsetting.cohort.diversity import cube_of
from standardsetting.cohort.positive_action.reported import linked, reach_cube
from standardsetting.cohort.positive_action.reported.two_cubes import _lines, workshops_beside
from standardsetting.cohort.snapshot import CohortSnapshot
from standardsetting.disclosure import releases
from standardsetting.disclosure.audit import AuditResult, Readers, attack
from standardsetting.disclosure.cube import Cube
from standardsetting.disclosure.policy import Policy
from standardsetting.disclosure.protect import ProtectedCube, protect
from standardsetting.disclosure.statements import known
from standardsetting.errors import DisclosureError

NOW = datetime(2024, 1, 8, 12, 0, tzinfo=UTC)
SIGNED = {"recipients": ["director"], "prepared_by": "Ada One", "signed_by": "Bo Two", "when": NOW}
POLICY = Policy()
WOMEN = (("opened_by", ("women",)),)


@pytest.fixture(scope="module")
def snapshot(simulated: CohortSnapshot) -> CohortSnapshot:
    """With two tables, so that an audit takes little time."""
    cohort = simulated.process.cohort.model_copy(update={"tables": (("sex",), ("ethnicity_2",))})
    return replace(simulated, process=simulated.process.model_copy(update={"cohort": cohort}))


def released(snapshot: CohortSnapshot, cube: Cube, ledger: Path) -> ProtectedCube:
    whole = releases.read(ledger)
    history, other = whole.about(cube.milestone), linked(snapshot, cube, whole, POLICY)
    made = protect(cube, earlier=history.earlier, also=history.told(cube.hash), given=other.given, beside=other.beside)
    releases.record(ledger, made, **SIGNED)
    return made


def test_a_workshop_was_open_to_the_eligible_of_each_line(snapshot: CohortSnapshot) -> None:
    main, reached = cube_of(snapshot), reach_cube(snapshot)
    lines = _lines(snapshot)
    assert list(lines) == list(reached.declaration.groups(("opened_by",)))
    for line, wheres in lines.items():
        eligible = sum(main.count(where, "eligible", "passed") for where in wheres)
        assert eligible == reached.count((("opened_by", (line,)),), "open", "entered")


@pytest.mark.parametrize("first", ["main", "workshops"])
def test_both_are_released_in_either_order_and_each_heard_of_the_other(first: str, snapshot: CohortSnapshot, tmp_path: Path) -> None:
    order = [cube_of(snapshot), reach_cube(snapshot)][:: 1 if first == "main" else -1]
    assert linked(snapshot, order[1], releases.read(tmp_path), POLICY).beside is None, "nothing was told yet"
    one = released(snapshot, order[0], tmp_path)
    hears = linked(snapshot, order[1], releases.read(tmp_path), POLICY)
    assert hears.given and hears.beside is not None
    two = released(snapshot, order[1], tmp_path)
    for made, cube in zip((one, two), order, strict=True):
        assert attack(made, given=linked(snapshot, cube, releases.read(tmp_path), POLICY).given).passed


def test_a_cube_with_which_the_released_one_falls_gives_way_and_is_refused_if_that_does_not_help(snapshot: CohortSnapshot) -> None:
    reached = reach_cube(snapshot)
    free = protect(reached)
    fallen = attack(Readers(reached.declaration, reached.totals, POLICY, (known(WOMEN, "attended", "passed", 7, 8),)))
    assert free.cells["channel"].eq("counts").any() and not fallen.passed

    def falls_with_counts(release: ProtectedCube) -> AuditResult:
        return fallen if release.cells["channel"].eq("counts").any() else attack(release)

    careful = protect(reached, beside=falls_with_counts)
    assert careful.steps and not careful.cells["channel"].eq("counts").any()
    with pytest.raises(DisclosureError):
        protect(reached, beside=lambda release: fallen)


def test_what_one_cube_tells_narrows_the_other(snapshot: CohortSnapshot) -> None:
    """Exact counts of whom workshops were open to settle who was eligible, and the other way about; ours leave them open."""
    main, reached, lines = cube_of(snapshot), reach_cube(snapshot), _lines(snapshot)
    n = reached.count(WOMEN, "open", "entered")
    exact = replace(protect(reached), told=(known(WOMEN, "open", "entered", n, n),))
    (women,) = lines["women"]
    for told, few in ((protect(reached), False), (exact, True)):
        beside = workshops_beside(reached, main, lines, releases.History(()), POLICY).beside
        assert beside is not None
        line = beside(told).bounds.query("table == 'sex' and group == 'Female' and stage == 'eligible' and measure == 'passed'")
        assert (int(line["values"].iloc[0]) < 3) == few
    for told, few in ((protect(main).told, False), ((known(women, "eligible", "passed", n, n),), True)):
        ledger = releases.History(({"cells": [], "cube": main.hash, "told": [releases._write_told(one) for one in told]},))
        also = workshops_beside(reached, main, lines, ledger, POLICY).given
        bounds = attack(protect(reached), also=also).bounds.query("group == 'women' and stage == 'open' and measure == 'entered'")
        assert (int(bounds["values"].iloc[0]) < 3) == few


def test_what_is_not_true_of_this_snapshot_is_about_another_one(snapshot: CohortSnapshot, tmp_path: Path) -> None:
    released(snapshot, reach_cube(snapshot), tmp_path)
    people = snapshot.people.copy()
    gone = (people["sex"] == "female") & (people["stage_eligible"] == "passed") & (people["stage_interviewed"] == "passed")
    later = replace(snapshot, people=people.drop(index=gone[gone].index[:30]))
    told, moved = (linked(each, cube_of(each), releases.read(tmp_path), POLICY).given for each in (snapshot, later))
    assert len(moved) < len(told)


def test_without_workshops_nothing_is_linked(snapshot: CohortSnapshot, tmp_path: Path) -> None:
    released(snapshot, reach_cube(snapshot), tmp_path)
    without = replace(snapshot, process=snapshot.process.model_copy(update={"positive_action": None}))
    assert linked(without, cube_of(snapshot), releases.read(tmp_path), POLICY).given == ()
