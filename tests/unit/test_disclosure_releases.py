"""The ledger of releases: what is kept, what is reused, and what does not run."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from standardsetting import records
from standardsetting.disclosure import releases
from standardsetting.disclosure.bounds import ContradictionError
from standardsetting.disclosure.cube import Characteristic, Cube, Declaration, ending
from standardsetting.disclosure.policy import Policy
from standardsetting.disclosure.protect import protect
from standardsetting.disclosure.statements import VerdictTold, known
from standardsetting.errors import DisclosureError, StageError, UsageError
from standardsetting.told_elsewhere import _contradicts

SEX = Characteristic("sex", ("women", "men"), "men", undeclared=("unknown",))
DECLARED = Declaration(("applied", "met"), (SEX,), (("sex",),))
SIGNED = {"recipients": ["director"], "prepared_by": "Ada", "signed_by": "Bo", "when": datetime(2024, 1, 5, tzinfo=UTC)}
WOMEN = (("sex", ("women",)),)


def made(women: int = 62, passed: int = 31, milestone: str = "met") -> Cube:
    rows = [("women", ending("met"))] * passed + [("women", ending("met", "not passed"))] * (women - passed)
    rows += [("men", ending("met"))] * 90 + [("men", ending("met", "not passed"))] * 70
    return Cube.of(pd.DataFrame(rows, columns=["sex", "ending"]), process="p", milestone=milestone, declaration=DECLARED)


def value(release, measure="passed", group="women"):
    cells = release.cells
    return cells[(cells["group"] == group) & (cells["stage"] == "met") & (cells["measure"] == measure)]["value"].iloc[0]


def test_a_release_is_kept_without_any_true_count(tmp_path: Path) -> None:
    release = protect(made())
    releases.record(tmp_path, release, **SIGNED)
    history = releases.read(tmp_path)
    assert history.earlier["sex", "women", "met", "passed"] == 30
    text = (tmp_path / records.LEDGER).read_text()
    assert '"cube"' in text
    assert history.told(release.hash) == release.told
    assert history.told("another") == ()


def test_verdicts_over_spans_are_kept_as_they_were_told(tmp_path: Path) -> None:
    spanned = Declaration(("applied", "met", "posted"), (SEX,), (("sex",),), spans=(("applied", "posted"),))
    rows = [("women", ending("posted"))] * 20 + [("women", ending("met", "not passed"))] * 20
    rows += [("men", ending("posted"))] * 90 + [("men", ending("met", "not passed"))] * 40 + [("men", ending("posted", "not passed"))] * 30
    cube = Cube.of(pd.DataFrame(rows, columns=["sex", "ending"]), process="p", milestone="met", declaration=spanned)
    release = protect(cube)
    releases.record(tmp_path, release, **SIGNED)
    told = [one for one in releases.read(tmp_path).told(release.hash) if isinstance(one, VerdictTold)]
    assert [one.since for one in told] == [None, None, "applied"]
    assert releases.read(tmp_path).told(release.hash) == release.told


def test_an_earlier_value_is_reused_until_the_count_has_moved_by_ten(tmp_path: Path) -> None:
    releases.record(tmp_path, protect(made()), **SIGNED)
    history = releases.read(tmp_path)
    later = made(passed=38, milestone="later")
    assert value(protect(later, earlier=history.earlier)) == 30
    assert value(protect(later)) == 40
    assert value(protect(made(passed=41, milestone="later"), earlier=history.earlier)) == 40


@pytest.mark.parametrize(("before", "after"), [(32, 33), (33, 32)])
def test_one_appeal_gives_no_second_window_not_even_at_the_end_of_a_process(tmp_path: Path, before: int, after: int) -> None:
    releases.record(tmp_path, protect(made(passed=before)), **SIGNED)
    last = made(passed=after, milestone="pool")
    # Fresh values would tell both counts to anybody who knows of the one appeal: 30 stands for 28 to 32, and 35 for 33 to 37.
    assert {value(protect(made(passed=before))), value(protect(last))} == {30, 35}
    assert value(protect(last, earlier=releases.read(tmp_path).earlier)) == value(protect(made(passed=before)))


def test_reused_values_say_less(tmp_path: Path) -> None:
    releases.record(tmp_path, protect(made()), **SIGNED)
    later = made(passed=38, milestone="later")
    cells = protect(later, earlier=releases.read(tmp_path).earlier).cells
    line = cells.query("group == 'women' and stage == 'met' and measure == 'passed'").iloc[0]
    assert line["low"] <= 38 <= line["high"]


def test_nothing_new_is_said_when_nothing_is(tmp_path: Path) -> None:
    assert not releases.nothing_new(releases.read(tmp_path), protect(made()))
    releases.record(tmp_path, protect(made()), **SIGNED)
    history = releases.read(tmp_path)
    assert releases.nothing_new(history, protect(made(), earlier=history.earlier))
    assert releases.nothing_new(history, protect(made(passed=34), earlier=history.earlier))
    assert not releases.nothing_new(history, protect(made(passed=45), earlier=history.earlier))


def test_a_milestone_is_released_once(tmp_path: Path) -> None:
    releases.record(tmp_path, protect(made()), **SIGNED)
    with pytest.raises(DisclosureError, match="milestone"):
        releases.record(tmp_path, protect(made(passed=32)), **SIGNED)
    releases.record(tmp_path, protect(made(passed=32, milestone="later")), **SIGNED)


def test_another_declaration_is_refused(tmp_path: Path) -> None:
    releases.record(tmp_path, protect(made()), **SIGNED)
    other = Declaration(DECLARED.stages, (replace(SEX, comparator="women"),), DECLARED.tables)
    with pytest.raises(DisclosureError, match="declared"):
        releases.record(tmp_path, replace(protect(made()), declaration=other, milestone="later"), **SIGNED)


def test_what_outsiders_told_enters_the_audit(tmp_path: Path) -> None:
    cube = made()
    told = [known(WOMEN, "met", "passed", 31, 31, source="press")]
    releases.record_outside(tmp_path, told, source="press", text="a line", entered_by="A", when=SIGNED["when"])
    history = releases.read(tmp_path)
    assert history.told(cube.hash) == tuple(told)
    with pytest.raises(DisclosureError):
        protect(cube, also=history.told(cube.hash))


def test_signing_needs_another_person_and_a_recipient(tmp_path: Path) -> None:
    for change in ({"signed_by": "ada "}, {"recipients": []}, {"signed_by": ""}):
        with pytest.raises(UsageError):
            releases.record(tmp_path, protect(made()), **{**SIGNED, **change})
    with pytest.raises(UsageError):
        releases.record_outside(tmp_path, [], source="press", text="", entered_by="A", when=SIGNED["when"])


def test_a_release_that_failed_its_audit_is_not_recorded(tmp_path: Path) -> None:
    release = protect(made())
    with pytest.raises(DisclosureError):
        releases.record(tmp_path, replace(release, audit=replace(release.audit, passed=False)), **SIGNED)


def test_a_broken_ledger_stops_everything(tmp_path: Path) -> None:
    releases.record(tmp_path, protect(made()), **SIGNED)
    path = tmp_path / records.LEDGER
    path.write_text(path.read_text().replace('"women"', '"wumen"', 1))
    with pytest.raises(StageError):
        releases.read(tmp_path)


def test_a_milestone_is_released_again_once_the_standard_was_set_anew_and_not_twice(tmp_path: Path) -> None:
    records.append(tmp_path, "standard", {"cut": 14}, when=SIGNED["when"])
    first, anew, third = (protect(made(passed=n)) for n in (31, 32, 33))
    releases.record(tmp_path, first, **SIGNED)
    with pytest.raises(DisclosureError, match="released before"):
        releases.record(tmp_path, anew, **SIGNED)
    records.append(tmp_path, "standard", {"cut": 14}, when=SIGNED["when"])
    with pytest.raises(DisclosureError, match="released before"):  # the same standard once more
        releases.record(tmp_path, anew, **SIGNED)
    records.append(tmp_path, "standard", {"cut": 13}, when=SIGNED["when"])
    assert releases.read(tmp_path).standard_changed(anew.hash)
    releases.record(tmp_path, anew, **SIGNED)
    releases.record(tmp_path, anew, **{**SIGNED, "recipients": ["press office"]})
    with pytest.raises(DisclosureError, match="released before"):
        releases.record(tmp_path, third, **SIGNED)
    records.append(tmp_path, "standard", {"cut": 15}, when=SIGNED["when"])
    with pytest.raises(DisclosureError, match="released before"):  # once more, and no series
        releases.record(tmp_path, third, **SIGNED)
    history = releases.read(tmp_path)
    assert history.standard_changed(anew.hash) and not history.standard_changed(first.hash)


def test_the_ledger_gives_back_what_an_earlier_snapshot_told(tmp_path: Path) -> None:
    """With its own stages and totals, so that both can be solved together; and nothing of any group but what was printed."""
    cube, longer = made(), replace(DECLARED, stages=("applied", "met", "posted"))
    release = protect(cube)
    releases.record(tmp_path, release, **SIGNED)
    releases.record(tmp_path, release, **{**SIGNED, "recipients": ["press office"]})
    rows = [("women", ending("posted"))] * 62 + [("men", ending("posted"))] * 160
    later = Cube.of(pd.DataFrame(rows, columns=["sex", "ending"]), process="p", milestone="later", declaration=longer)
    (before,) = releases.read(tmp_path).before(later)
    assert before.declaration.stages == ("applied", "met") and before.declaration.tables == DECLARED.tables
    assert before.totals.tolist() == cube.totals.tolist() and before.told == release.told
    assert releases.read(tmp_path).before(cube) == ()


def test_hidden_counts_stay_hidden_until_they_have_certainly_moved(tmp_path: Path) -> None:
    releases.record(tmp_path, protect(made(passed=8)), **SIGNED)
    earlier = releases.read(tmp_path).earlier
    assert earlier["sex", "women", "met", "passed"] is None
    shown = [value(protect(made(passed=n, milestone="later"), earlier=earlier)) for n in (12, 18, 19, 25)]
    assert [n is pd.NA or np.isnan(float(n)) for n in shown[:2]] == [True, True]
    assert shown[2:] == [20, 25]


PAIR = {"reason": "The newspaper said forty.", "by": ["Ada One", "Bo Two"], "when": SIGNED["when"]}


def mistyped(folder: Path) -> records.Record:
    """A figure that stops every release: all but one of the women are said to have passed."""
    told = [known(WOMEN, "met", "passed", 31, 31, source="press")]
    return releases.record_outside(folder, told, source="press", text="a line", entered_by="A", when=SIGNED["when"])


def test_a_figure_that_is_withdrawn_counts_no_more_and_stays_in_the_ledger(tmp_path: Path) -> None:
    cube, entered = made(), mistyped(tmp_path)
    with pytest.raises(DisclosureError):
        protect(cube, also=releases.read(tmp_path).told(cube.hash))
    other = releases.record_outside(
        tmp_path, [known(WOMEN, "met", "entered", 60, 65, source="answer")], source="answer", text="x", entered_by="A", when=SIGNED["when"]
    )
    gone = releases.withdraw(tmp_path, entered.number, **PAIR)
    told = releases.read(tmp_path).told(cube.hash)
    assert [one.source for one in told] == ["answer"] and protect(cube, also=told).audit.passed
    chain = records.read(tmp_path)
    assert [record.number for record in chain] == [entered.number, other.number, gone.number] and chain[0].body == entered.body
    assert gone.body == {"statement": entered.number, "reason": PAIR["reason"], "by": PAIR["by"]}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"by": ["Ada One"]}, "two different people"),
        ({"by": ["Ada One", " ada  one "]}, "two different people"),
        ({"by": ["Ada One", "Bo Two", "Cy Three"]}, "two different people"),
        ({"by": ["Ada One", " "]}, "two different people"),
        ({"by": ["Ada One", "."]}, "two different people"),
        ({"by": ["Ada One", "B"]}, "two different people"),
        ({"reason": " "}, "reason"),
        ({"number": 1}, "records 2"),
        ({"number": 9}, "records 2"),
    ],
)
def test_a_withdrawal_is_refused_unless_it_is_one(tmp_path: Path, change: dict, said: str) -> None:
    records.append(tmp_path, "standard", {}, when=SIGNED["when"])
    given = {"number": mistyped(tmp_path).number, **PAIR, **change}
    with pytest.raises(UsageError) as refused:
        releases.withdraw(tmp_path, given.pop("number"), **given)
    assert said in str(refused.value) and len(records.read(tmp_path)) == 2


def test_nothing_is_withdrawn_twice(tmp_path: Path) -> None:
    entered = mistyped(tmp_path)
    gone = releases.withdraw(tmp_path, entered.number, **PAIR)
    for number, said in ((entered.number, "withdrawn already"), (gone.number, "not a figure")):
        with pytest.raises(UsageError, match=said):
            releases.withdraw(tmp_path, number, **PAIR)
    assert len(records.read(tmp_path)) == 2


@pytest.mark.parametrize(
    ("one", "again"),
    [
        ("A  Person", "a person"),
        ("Jos\u00e9 One", "Jose\u0301 One"),
        ("Ada One", "Ada\u200b One\ufeff"),
        ("Ada One", "Ada One."),
        ("Ada One", "One, Ada"),
        ("Ada One", "\uff21da One"),
        ("Ada One", "A"),
        (".", "Ada One"),
    ],
)
def test_one_name_written_twice_signs_nothing(one: str, again: str) -> None:
    with pytest.raises(UsageError):
        releases.two_people(one, again)
    releases.two_people("Ada One", "Bo Two")
    releases.two_people("Li", "Xu")


def test_what_a_release_hid_beside_a_figure_stays_hidden_when_the_figure_is_withdrawn(tmp_path: Path) -> None:
    told = [known(WOMEN, "met", "passed", 31, 34, source="press")]
    entered = releases.record_outside(tmp_path, told, source="press", text="a line", entered_by="Ada", when=SIGNED["when"])
    first = protect(made(), also=told)
    assert any("verdicts" in step for step in first.steps) and pd.isna(value(first))
    releases.record(tmp_path, first, **SIGNED)
    history = releases.read(tmp_path)
    # The figure still counts: the same again, so that a release that was cut short is finished.
    assert releases.nothing_new(history, protect(made(), earlier=history.earlier, also=history.told(first.hash)))
    releases.withdraw(tmp_path, entered.number, **PAIR)
    history = releases.read(tmp_path)
    assert not pd.isna(value(protect(made())))
    for cube in (made(), made(passed=33, milestone="later")):
        again = protect(cube, earlier=history.earlier, also=history.told(cube.hash))
        assert pd.isna(value(again)) and pd.isna(again.cells.query("group == 'women'")["value"]).all()
        assert again.steps == ("sex shows verdicts instead of counts, as in an earlier release.",)
    assert releases.nothing_new(history, protect(made(), earlier=history.earlier, also=history.told(first.hash)))


def test_a_stage_that_was_left_out_stays_out(tmp_path: Path) -> None:
    """Where nobody can fail, a stage beside another is shown until a figure stops it; withdrawing the figure does not bring it back."""
    freed = Declaration(("applied", "seen", "met"), (SEX,), (("sex",),), impossible=frozenset([("seen", "not passed")]))
    rows = [(sex, ending(*how)) for sex, ways in {
        "women": {("met",): 40, ("met", "not passed"): 40, ("seen", "withdrawn"): 4},
        "men": {("met",): 90, ("met", "not passed"): 70, ("seen", "withdrawn"): 6},
    }.items() for how, n in ways.items() for _ in range(n)]  # fmt: skip
    cube = Cube.of(pd.DataFrame(rows, columns=["sex", "ending"]), process="p", milestone="met", declaration=freed)
    shown = lambda release: release.cells.query("group == 'women' and stage == 'met' and measure == 'entered'")["value"].iloc[0]  # noqa: E731
    told = [known(WOMEN, "seen", "withdrawn", 0, 4, source="press")]
    free, first = protect(cube), protect(cube, also=told)
    assert not pd.isna(shown(free)) and pd.isna(shown(first)) and not pd.isna(value(first))
    releases.record(tmp_path, first, **SIGNED)
    history = releases.read(tmp_path)
    again = protect(cube, earlier=history.earlier, also=history.told(cube.hash))
    assert pd.isna(shown(again)) and releases.nothing_new(history, again)


def test_a_table_left_out_of_a_rounded_cube_stays_out() -> None:
    policy, secret = Policy("rounded cube"), b"0123456789abcdef"
    assert len(protect(made(), policy=policy, secret=secret).cells)
    other = {("ethnicity_2", "ethnic minority", "applied", "entered"): 60}  # what an earlier release showed: nothing by sex
    again = protect(made(), policy=policy, secret=secret, earlier=other)
    assert again.cells.empty and again.steps == ("sex is not shown, as in an earlier release.",)


def swapped(passed: int) -> Cube:
    """One woman among men: she passed or not, and the totals over everybody are the same."""
    rows = [("women", ending("met"))] * passed + [("women", ending("met", "not passed"))] * (1 - passed)
    rows += [("men", ending("met"))] * (90 - passed) + [("men", ending("met", "not passed"))] * (69 + passed)
    return Cube.of(pd.DataFrame(rows, columns=["sex", "ending"]), process="p", milestone="met", declaration=DECLARED)


def test_whether_a_figure_is_taken_tells_nothing_of_a_hidden_count() -> None:
    """Asked of the only woman, or of a count that nothing was released of, every answer is taken that the totals allow."""
    figures = [("met", "passed", low, high) for low, high in ((0, 0), (1, 1), (1, 9), (2, 9), (40, 44))] + [("applied", "entered", 2, 9)]
    cubes = [swapped(0), swapped(1), made()]
    for cube in cubes:
        for stage, count, low, high in figures:
            statement = known(WOMEN, stage, count, low, high, source="press")
            assert not _contradicts(cube, releases.History(()), statement, policy=Policy())
        over = known(WOMEN, "met", "passed", int(cube.totals.sum()) + 1, 900, source="press")
        assert _contradicts(cube, releases.History(()), over, policy=Policy())


def test_a_figure_is_judged_against_what_was_released_and_a_true_one_is_always_taken(tmp_path: Path) -> None:
    cube = made()
    releases.record(tmp_path, protect(cube), **SIGNED)  # 30 women passed: readers know 28 to 32
    history = releases.read(tmp_path)
    refused = [n for n in range(25, 36) if _contradicts(cube, history, known(WOMEN, "met", "passed", n, n), policy=Policy())]
    assert refused == [25, 26, 27, 33, 34, 35]
    # Where the ledger contradicts itself nothing can be judged, so nothing is refused.
    both = [known(WOMEN, "met", "passed", n, n) for n in (28, 32)]
    releases.record_outside(tmp_path, both, source="x", text="x", entered_by="Ada", when=SIGNED["when"])
    assert not _contradicts(cube, releases.read(tmp_path), known(WOMEN, "met", "passed", 31, 31), policy=Policy())


def test_a_figure_that_the_true_counts_contradict_stops_the_release_and_is_not_named() -> None:
    with pytest.raises(ContradictionError) as stopped:
        protect(made(), also=[known(WOMEN, "met", "passed", 5, 9, source="Courier")])
    assert stopped.value.exit_code == 13 and not re.search(r"\d|women|sex|Courier", str(stopped.value))


def test_the_ledger_holds_what_was_told_beside_the_cube(tmp_path: Path) -> None:
    releases.record(tmp_path, protect(made()), **SIGNED, told_once=["gates"])
    (body,) = releases.read(tmp_path).releases
    assert body["told_once"] == ["gates"]
