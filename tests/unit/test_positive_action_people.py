"""The table of people, the legal file, the reach, the design, and what may be shown."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from standardsetting.cohort.positive_action.complier import complier_effect
from standardsetting.cohort.positive_action.design import ACROSS, LOTTERY, NOBODY_HELD_BACK, STAGGERED, identify
from standardsetting.cohort.positive_action.intention_to_treat import intention_to_treat
from standardsetting.cohort.positive_action.legal_file import Evidence, Excluded, LegalFile, shortcomings, valid_on
from standardsetting.cohort.positive_action.overlap import association
from standardsetting.cohort.positive_action.participants import Participants, eligible_only
from standardsetting.cohort.positive_action.reach import reach
from standardsetting.cohort.positive_action.release import releasable
from standardsetting.errors import FindingsError, StageError, UsageError
from standardsetting.simulate.workshops import PRIOR, Setting, processes_over_time, workshops

PERSON = {
    "process": "2023", "group": "women", "eligible_for_workshop": True, "reached_workshop_point": True, "interviewed": True,
    "invited": -50.0, "booked": -40.0, "attended": -20.0, "met_standard": 1.0, "total": 14.0, "arm": None,
}  # fmt: skip
OUTSIDE = PERSON | {"group": None, "eligible_for_workshop": False, "invited": np.nan, "booked": np.nan, "attended": np.nan}


def people(*rows, **options):
    return Participants.checked(pd.DataFrame(list(rows)), **options)


@pytest.mark.parametrize(
    "change",
    [
        {"eligible_for_workshop": False},
        {"group": None},
        {"reached_workshop_point": False},
        {"interviewed": False},
        {"met_standard": 2.0},
        {"arm": "perhaps"},
        {"booked": -55.0},
        {"attended": -45.0},
        {"invited": -np.inf, "booked": np.nan},
        {"deferred": True},
        {"process": None},
        {"interviewed": None},
    ],
)
def test_a_row_that_contradicts_itself_is_found_and_not_told(change):
    assert len(people(PERSON).table) == 1
    with pytest.raises(FindingsError) as told:
        people(PERSON | change)
    assert "women" not in str(told.value) and "14" not in str(told.value)


@pytest.mark.parametrize(
    ("column", "entry"), [("attended", "2023-08-01"), ("attended", pd.Timestamp("2023-08-01")), ("met_standard", "yes")]
)
def test_what_is_no_number_is_not_taken_for_missing(column, entry):
    with pytest.raises(FindingsError, match="something else") as told:
        people(PERSON, PERSON | {column: entry})
    assert "2023-08" not in str(told.value)


def test_yes_and_no_may_be_booleans():
    made = people(PERSON | {"met_standard": True}, PERSON | {"met_standard": False}, PERSON | {"met_standard": None, "total": None})
    assert made.table["met_standard"].tolist()[:2] == [1.0, 0.0] and np.isnan(made.table["met_standard"][2])


@pytest.mark.parametrize("planted", ["candidate_id", "name", "sex", "force"])
def test_a_column_nobody_declared_stops_the_run(planted):
    with pytest.raises(UsageError, match="not expected"):
        people(PERSON | {planted: "x"})
    assert people(PERSON | {"service_years": 5.0}, prior=("service_years",)).prior == ("service_years",)


@pytest.mark.parametrize("edge", ["nobody interviewed", "everybody came", "nobody came", "everybody met", "nobody met", "one person"])
def test_the_edges_are_sentences_and_not_numbers(edge):
    table = workshops(Setting(eligible=300, allocation="lottery"), seed=2).table
    there = table["reached_workshop_point"]
    if edge == "nobody interviewed":
        table["interviewed"], table["met_standard"], table["total"] = False, np.nan, np.nan
    elif edge in ("everybody came", "nobody came"):
        table.loc[there, ["invited", "booked", "attended"]] = [-60.0, -50.0, -20.0] if edge == "everybody came" else [-60.0, np.nan, np.nan]
    elif edge in ("everybody met", "nobody met"):
        table["met_standard"] = np.where(table["interviewed"], float(edge == "everybody met"), np.nan)
    else:
        table = table.head(1)
    made = Participants.checked(table, prior=PRIOR)
    design = identify(made, process="2023")
    found = association(made, process="2023")
    assert found.rate.why and np.isnan([found.rate.estimate, found.total.estimate, found.unweighted.estimate]).all()
    assert complier_effect(made, design=design).effect.why
    offered = intention_to_treat(made, design=design, seed=1, draws=50).rate
    assert bool(offered.why) == (edge not in ("everybody came", "nobody came"))
    assert reach(made).steps["n"].notna().all()
    assert not releasable(made, process="2023", attended=found)[0].may_be_shown


def test_a_prior_number_has_to_be_finite():
    with pytest.raises(FindingsError, match="finite"):
        people(PERSON | {"service_years": np.inf}, prior=("service_years",))


@pytest.mark.parametrize("prior", [("total",), ("attended",), ("not_there",)])
def test_only_what_was_known_before_is_prior(prior):
    with pytest.raises(UsageError):
        people(PERSON, prior=prior)


def test_several_processes_need_their_order():
    rows = (PERSON, PERSON | {"process": "2022"})
    with pytest.raises(UsageError, match="order in time"):
        people(*rows)
    assert people(*rows, processes=("2021", "2022", "2023")).processes == ("2022", "2023")
    with pytest.raises(UsageError):
        people(*rows, processes=("2023",))


def test_nobody_outside_is_compared_with_attenders():
    both = people(PERSON, OUTSIDE)
    with pytest.raises(UsageError, match="1 of 2 are outside"):
        eligible_only(both.table, compared_by="attendance")
    made = Participants.checked(workshops(Setting(eligible=300, outside=200), seed=1).table, prior=PRIOR)
    everybody = np.ones(len(made.table), dtype=bool)
    with pytest.raises(UsageError, match="are outside"):
        association(made, process="2023", among=everybody)
    assert not association(made, process="2023", among=made.table["eligible_for_workshop"]).rate.why


# --- the legal file

FILE = LegalFile(
    process="2023", aim="more women apply and succeed", groups=("women",),
    evidence=(
        Evidence("women", "low participation", "31% of constables, 19% of sergeants", "return", date(2022, 3, 31), date(2023, 12, 31)),
    ),
    alternatives="outreach to all was tried in 2021", proportionality="advice only; no place is reserved", review_by=date(2024, 3, 31),
    excluded=(Excluded("men", "the reading list and a recorded briefing"),),
)  # fmt: skip
THE_DAY = date(2023, 7, 14)


def test_a_valid_file_is_handed_back():
    assert valid_on(FILE, on=THE_DAY) is FILE
    assert valid_on(FILE, on=date(2023, 12, 31)) is FILE


@pytest.mark.parametrize(
    ("file", "on", "words"),
    [
        (FILE, date(2024, 1, 1), "valid until 2023-12-31"),
        (FILE, date(2024, 4, 1), "reviewed by 2024-03-31"),
        (FILE, date(2022, 3, 30), "dated after"),
        (replace(FILE, evidence=()), THE_DAY, "no evidence for women"),
        (replace(FILE, groups=("women", "ethnic minorities")), THE_DAY, "no evidence for ethnic minorities"),
        (replace(FILE, groups=()), THE_DAY, "names no group"),
        (replace(FILE, aim=" "), THE_DAY, "the aim"),
        (replace(FILE, alternatives=""), THE_DAY, "alternatives"),
        (replace(FILE, proportionality=""), THE_DAY, "proportionality"),
        (replace(FILE, excluded=()), THE_DAY, "left out"),
        (replace(FILE, excluded=(Excluded("men", ""),)), THE_DAY, "left out"),
        (replace(FILE, evidence=(replace(FILE.evidence[0], ground="balance"),)), THE_DAY, "ground"),
        (replace(FILE, evidence=(replace(FILE.evidence[0], source=""),)), THE_DAY, "no source"),
    ],
)
def test_a_file_that_is_missing_something_stops_the_report_with_the_reason(file, on, words):
    with pytest.raises(StageError) as told:
        valid_on(file, on=on)
    assert any(words in line for line in told.value.details) and told.value.next_step


def test_one_valid_piece_a_group_is_enough():
    old = replace(FILE.evidence[0], review_by=date(2020, 1, 1))
    assert shortcomings(replace(FILE, evidence=(old, *FILE.evidence)), on=THE_DAY) == ()


# --- reach


def test_who_left_before_is_no_absentee_and_a_late_workshop_is_no_attendance():
    nothing = dict.fromkeys(("met_standard", "total", "booked", "attended"), np.nan)
    left = PERSON | nothing | {"reached_workshop_point": False, "interviewed": False}
    late, absent = PERSON | {"attended": 0.0}, PERSON | {"attended": np.nan, "not_attended_because": "on duty"}
    found = reach(people(PERSON, left, late, absent, OUTSIDE))
    women = found.steps[found.steps["group"] == "women"].set_index("step")
    assert women["n"].to_dict() == {"reached the workshop point": 3, "invited": 3, "booked": 3, "attended": 1}
    assert women["of"].eq(3).all() and women.loc["attended", "share"] == pytest.approx(1 / 3)
    assert found.reasons[["reason", "n"]].to_numpy().tolist() == [["attended only after the interview", 1], ["on duty", 1]]
    assert {d.reason: d.count for d in found.dropped} == {"no workshop was open to them": 1, "left before workshops began": 1}
    assert any("on or after the day" in note for note in found.notes)


def test_reach_of_nobody_has_rows_and_no_numbers_made_up():
    found = reach(people(OUTSIDE))
    assert found.steps["n"].sum() == 0 and found.steps["share"].isna().all()


# --- design


def test_each_design_is_recognised_and_says_what_it_rests_on():
    lottery = Participants.checked(workshops(Setting(allocation="lottery"), seed=1).table, prior=PRIOR)
    assert identify(lottery, process="2023").kind == LOTTERY
    staggered = Participants.checked(workshops(Setting(allocation="staggered"), seed=1).table, prior=PRIOR)
    assert identify(staggered, process="2023").kind == NOBODY_HELD_BACK
    told = identify(staggered, process="2023", order_of_invitations="by letter of the surname")
    assert told.kind == STAGGERED and told.identified and not told.randomised and "letter of the surname" in told.sentence
    everybody = Participants.checked(workshops(Setting(), seed=1).table, prior=PRIOR)
    nothing = identify(everybody, process="2023", order_of_invitations="by letter of the surname")
    assert nothing.kind == NOBODY_HELD_BACK and not nothing.identified and "not identified" in nothing.sentence
    order = [f"P{i}" for i in range(1, 5)]
    several = Participants.checked(processes_over_time(before=3, after=1, gap_moves=0, seed=1), prior=PRIOR, processes=order)
    assert identify(several, process="P4").kind == ACROSS
    few = Participants.checked(processes_over_time(before=2, after=1, gap_moves=0, seed=1), prior=PRIOR, processes=order[:3])
    assert identify(few, process="P3").kind == NOBODY_HELD_BACK


# --- what may be shown


def of_size(each):
    """Attenders and others, `each` of them with success and as many without."""
    rows = [PERSON | {"met_standard": met, "attended": day, "service_years": float(i % 7)}
            for met in (1.0, 0.0) for day in (-20.0, np.nan) for i in range(each)]  # fmt: skip
    return people(*rows, prior=("service_years",))


@pytest.mark.parametrize(("each", "shown"), [(19, False), (20, True)])
def test_attendance_by_outcome_needs_twenty_in_every_cell(each, shown):
    made = of_size(each)
    found = association(made, process="2023")
    permissions = releasable(made, process="2023", attended=found)
    assert [p.may_be_shown for p in permissions if "attendance" in p.result] == [shown, shown]
    assert np.isfinite(found.rate.estimate) == shown and (found.balance is not None) == shown
    if not shown:
        assert found.rate.why and found.e_value is None and found.propensity is None and found.rate.n_one == 0
        assert not any(character.isdigit() for p in permissions for character in p.why.replace("20", "").replace("10", ""))


def test_a_reason_given_by_nine_is_not_shown():
    rows = [PERSON | {"attended": np.nan, "not_attended_because": "on duty"}] * 15
    rare = [PERSON | {"attended": np.nan, "not_attended_because": "illness"}]
    assert "reasons" in releasable(people(*rows, *rare * 10), process="2023")[1].result
    assert releasable(people(*rows, *rare * 10), process="2023")[1].may_be_shown
    assert not releasable(people(*rows, *rare * 9), process="2023")[1].may_be_shown
