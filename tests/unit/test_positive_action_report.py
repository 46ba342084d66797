"""The positive-action release: what it counts, compares and prints from a snapshot, and what it refuses."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from standardsetting.cohort.positive_action.reported import legal_file_of, participants_of, positive_action_release, reach_cube
from standardsetting.cohort.positive_action.reported.reached import Reached
from standardsetting.cohort.snapshot import CohortSnapshot
from standardsetting.disclosure.policy import Policy
from standardsetting.disclosure.protect import protect
from standardsetting.disclosure.release import Release
from standardsetting.errors import FindingsError, StageError

NOW = datetime(2024, 1, 8, 12, 0, tzinfo=UTC)
ON = date(2023, 10, 12)
IN_100 = "in 100 people"


def declaring(snapshot: CohortSnapshot, **changes: object) -> CohortSnapshot:
    told = snapshot.process.positive_action
    assert told is not None
    return replace(snapshot, process=snapshot.process.model_copy(update={"positive_action": told.model_copy(update=changes)}))


def cohort(snapshot: CohortSnapshot, *blocks: dict[str, object], women: int | None = None, arms: bool = False) -> CohortSnapshot:
    """People as the blocks say, `n` of each kind; then 100 White men who all met the standard. Previous attempts repeat in every block."""
    rows = [{**block, "attempt": at % 3} for block in blocks for at in range(int(block["n"]))]  # type: ignore[call-overload]
    rows += [{"sex": "male", "met": True, "attempt": at % 3} for at in range(100)]
    frame = pd.DataFrame(rows)
    model = snapshot.people[(snapshot.people["stage_interviewed"] == "passed")].iloc[:1]
    people = pd.concat([model] * len(frame), ignore_index=True)
    own = frame["sex"].isna()
    people["sex"] = np.where(own, "female", "male")
    if women is not None:
        people.loc[own[own].index[women:], "sex"] = "male"
    people["ethnicity_2"] = np.where(own & (people["sex"] == "male"), "ethnic_minorities", "white")
    people["workshop_listed"], people["workshop_there"] = own, False
    invited = frame["invited"] if "invited" in frame else pd.Series(np.nan, index=frame.index)
    people["workshop_invited"] = invited.fillna(-60.0).where(own)
    if "not_invited" in frame:
        people["workshop_invited"] = people["workshop_invited"].where(frame["not_invited"].isna())
    people["workshop_attended"] = frame["attended"]
    people["workshop_booked"] = people["workshop_attended"].where(people["workshop_attended"].isna(), -50.0)
    if "booked" in frame:
        people["workshop_booked"] = people["workshop_booked"].fillna(frame["booked"])
    if arms:
        people["workshop_arm"] = pd.Categorical(frame["arm"], categories=["offered", "wait-list"])
    met = frame["met"].fillna(False).astype(bool)
    people["status"], people["total"] = np.where(met, "met", "not met"), np.where(met, 15.0, 11.0)
    people["previous_attempts"], people["length_of_service"] = frame["attempt"].astype(float), 5.0
    return replace(snapshot, people=people)


def block(n: int, attended: float | None, met: bool, **more: object) -> dict[str, object]:
    return {"n": n, "attended": math.nan if attended is None else attended, "met": met, **more}


def made(snapshot: CohortSnapshot, tier: str = "director", on: date = ON) -> Release:
    return positive_action_release(snapshot, protect(reach_cube(snapshot)), tier=tier, number=1, on=on)  # type: ignore[arg-type]


def said(release: Release) -> str:
    """Everything a release says, save its definition and header."""
    return " ".join(
        [section.table.to_csv() + " ".join(section.sentences) + section.method for section in release.sections.values()]
    )


HALVES = (block(42, -20, True), block(24, -20, False), block(24, None, True, booked=-50), block(42, None, False))


def test_the_cube_counts_each_person_once_in_the_first_group(simulated: CohortSnapshot) -> None:
    cube, people = reach_cube(simulated), simulated.people
    eligible = people[people["stage_eligible"] == "passed"]
    women = eligible[eligible["sex"] == "female"]
    others = eligible[(eligible["sex"] != "female") & (eligible["ethnicity_2"] == "ethnic_minorities")]
    groups = cube.declaration.groups(("opened_by",))
    assert list(groups) == ["women", "ethnic minorities (excluding White minorities), not counted with women"]
    for where, mine in zip(groups.values(), (women, others), strict=True):
        assert cube.count(where, "open", "entered") == len(mine)
        assert cube.count(where, "booked", "passed") == mine["workshop_booked"].notna().sum()
        assert cube.count(where, "attended", "passed") == (mine["workshop_attended"] < 0).sum()
    assert cube.milestone == "workshops"


def test_known_association_and_reach(simulated: CohortSnapshot) -> None:
    release = made(cohort(simulated, *HALVES, women=100))
    (row,) = release["effects"].table.query("unit == @IN_100").to_dict("records")
    # 42 of 66 and 24 of 66, alike on every covariate: 27 more in 100, and Wald's interval of that is 11 to 44.
    assert row["estimate"] == 27 and abs(row["low"] - 11) <= 1 and abs(row["high"] - 44) <= 1
    assert (release["balance"].table[["before", "after"]] == 0).all(axis=None)
    ratio = 42 / 24
    assert release["sensitivity"].table["e_value"].tolist() == [round(ratio + math.sqrt(ratio * (ratio - 1)), 1)]
    shown = release["reach"].table.set_index(["group", "step"])["shown"]
    assert shown["everybody", "Workshop open to them"] == "130" and shown["everybody", "Attended before the interview"] == "65"
    assert "Of about 130 people to whom a workshop was open, 50 in 100 attended" in release["answer"].table["sentence"].iloc[0]
    assert "not the effect of the workshop" in " ".join(release["effects"].sentences)
    assert release["design"].table.set_index("item")["content"]["Is an effect identified?"] == "no"


def test_page_one_has_the_reach_of_each_group_and_the_smallest_effect(simulated: CohortSnapshot) -> None:
    women = (block(40, -20, True), block(20, -20, False), block(20, None, True, booked=-50), block(20, None, False))
    others = (block(20, -20, True), block(15, None, False, booked=-50), block(15, None, True))
    answer = made(cohort(simulated, *women, *others, women=100))["answer"].table.groupby("about")["sentence"].apply(list)
    minorities = "ethnic minorities (excluding White minorities), not counted with women"
    assert answer["Who was reached"][1] == f"Of women, 60 in 100 attended; of {minorities}, 40 in 100."
    # Not even by a lottery: the half of 150 people are 75.
    assert answer["What cannot be said"][-1].startswith("A smaller effect than 22 in 100 would often be missed with this many people")
    # Two of those who booked did not come: attendance by group is hidden, and the sentence says so.
    few = (block(60, -20, True), block(2, None, True, booked=-50), block(38, None, False))
    told = made(cohort(simulated, *few, *others, women=100))["answer"].table["sentence"].iloc[1]
    assert told == f"Of women, 60 in 100 booked a place; of {minorities}, 70 in 100; how many of each group attended may not be told."


def test_whoever_is_in_both_groups_is_said_to_be_counted_once(simulated: CohortSnapshot) -> None:
    once = "Everybody is counted once: whoever belongs to both groups is counted with women only"
    assert sum(once in text for text in made(cohort(simulated, *HALVES, women=100))["reach"].sentences) == 1
    assert not any("counted once" in text for text in made(cohort(simulated, *HALVES, women=131))["reach"].sentences)


def test_a_declared_lottery_shows_the_effect_of_the_offer(simulated: CohortSnapshot) -> None:
    offered, waiting = {"arm": "offered"}, {"arm": "wait-list", "not_invited": True}
    blocks = (block(25, -20, True, **offered), block(22, -20, False, **offered), block(25, None, True, booked=-50, **offered),
              block(22, None, False, **offered), block(40, None, True, **waiting), block(54, None, False, **waiting))  # fmt: skip
    drawn = cohort(simulated, *blocks, arms=True)
    release = made(declaring(drawn, design="lottery", lottery="lottery.json"))
    rows = release["effects"].table.query("unit == @IN_100").set_index("question")
    one, other = wilson(50, 94), wilson(40, 94)
    gap = 50 / 94 - 40 / 94
    low = gap - math.hypot(50 / 94 - one[0], other[1] - 40 / 94)
    high = gap + math.hypot(one[1] - 50 / 94, 40 / 94 - other[0])
    found = rows.loc["Effect of the offer of a place", ["estimate", "low", "high"]].tolist()
    assert found == [round(100 * each) for each in (gap, low, high)]
    # 47 of 94 offered people came, and nobody else.
    assert rows.loc["Effect of attending, on who attends because of the offer", "estimate"] == round(100 * gap / (47 / 94))
    # About half of the invited came, and a quarter of everybody: what the next lottery reckons with is the former.
    assert release["next_trial"].sentences[0] == "It is taken that 47 in 100 of those offered a place come, as this time."
    # The same register without a declared lottery is no lottery.
    undeclared = made(drawn)
    assert not undeclared["effects"].table["question"].str.startswith("Effect").any()


def test_staggered_invitations_count_only_where_they_are_declared(simulated: CohortSnapshot) -> None:
    early, late = {"invited": -60.0}, {"invited": 5.0}
    blocks = (block(40, -20, True, **early), block(30, -20, False, **early), block(30, None, True, **late), block(40, None, False, **late))
    waves = cohort(simulated, *blocks)
    told = made(declaring(waves, design="staggered"))["effects"].table.query("unit == @IN_100").set_index("question")
    assert told.loc["Effect of the offer of a place", "estimate"] == 14
    assert not any(question.startswith("Effect of attending") for question in told.index)
    for design in ("none", "before-after"):
        release = made(declaring(waves, design=design))
        assert release["design"].table.set_index("item")["content"]["Is an effect identified?"] == "no"
        questions = release["effects"].table.set_index("question")["sentence"]
        assert any(question.startswith("Attended or not") for question in questions.index)
        assert ("no earlier process is named" in questions.get("Before and after", "")) is (design == "before-after")


def wilson(successes: int, n: int) -> tuple[float, float]:
    z2, p = 1.959964**2, successes / n
    half = math.sqrt(z2 * (p * (1 - p) / n + z2 / (4 * n * n)))
    return (p + z2 / (2 * n) - half) / (1 + z2 / n), (p + z2 / (2 * n) + half) / (1 + z2 / n)


def test_140_people_show_an_effect_of_23_points_and_not_of_10(simulated: CohortSnapshot) -> None:
    release = made(cohort(simulated, block(45, -20, True), block(25, -20, False), block(25, None, True), block(45, None, False)))
    offer = release["detectable"].table.set_index("outcome")["detectable"]["Offer of a place"]
    assert offer == 23
    needed = release["next_trial"].table.query("effect_of == 'offer of a place'").set_index("difference")["people"]
    # R 4.2.2: power.prop.test(p1 = 0.5, p2 = 0.6 or 0.7, power = 0.8) gives n = 387.3 and 93.0 a side; the exact sizes lie a little above.
    assert 2 * 387 <= needed[10] <= 2 * 400 and 2 * 93 <= needed[20] <= 2 * 100


def test_whoever_no_workshop_was_open_to_changes_nothing(simulated: CohortSnapshot) -> None:
    before = cohort(simulated, *HALVES)
    outside = ~before.people["workshop_listed"]
    people = before.people.copy()
    people.loc[outside, "status"], people.loc[outside, "total"] = "not met", 4.0
    after = replace(before, people=people)
    assert said(made(after)) == said(made(before))
    inside = people.index[~outside][0]
    people.loc[people.index == inside, "status"] = "not met"
    assert participants_of(after).table["met_standard"].sum() == participants_of(before).table["met_standard"].sum() - 100 - 1


def test_attendance_after_the_interview_or_by_who_left_is_not_staying_away(simulated: CohortSnapshot) -> None:
    late = cohort(simulated, *HALVES, block(20, 3, True), women=100)
    assert int(reach_cube(late).totals[-1]) == 66
    people = late.people.copy()
    people["stage_interviewed"] = people["stage_interviewed"].astype(str)
    left = people.index[people["workshop_attended"].isna() & people["workshop_listed"]][:12]
    people.loc[left, "stage_interviewed"] = "withdrawn"
    gone = replace(late, people=people)
    assert reach_cube(gone).count((), "attended", "withdrawn") == 12
    assert not participants_of(gone).table.loc[lambda t: ~t["interviewed"], "reached_workshop_point"].any()
    # Five of them the register shows on the day of the first workshop or later: they stayed away.
    people.loc[left[:5], "workshop_there"] = True
    there = replace(late, people=people)
    assert reach_cube(there).count((), "attended", "withdrawn") == 7
    assert int(participants_of(there).table.loc[lambda t: ~t["interviewed"], "reached_workshop_point"].sum()) == 5
    said_of_it = " ".join(made(there)["reach"].sentences)
    assert "no date of 24 July 2023 (the first workshop) or later on the register" in said_of_it
    undeclared = " ".join(made(declaring(there, workshops_begin=None))["reach"].sentences)
    assert "24 July 2023" not in undeclared and "did not attend a workshop" in undeclared


@pytest.mark.parametrize(
    ("blocks", "hidden"),
    [
        ((block(60, -20, True), block(60, -20, False)), "everyone attended"),
        ((block(60, None, True), block(60, None, False)), "nobody attended"),
        ((block(60, -20, True), block(60, None, True)), "everybody met the standard"),
        ((block(42, -20, True), block(24, -20, False), block(24, None, True), block(19, None, False)), "a cell of nineteen"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_small_cells_are_not_told(simulated: CohortSnapshot, blocks: tuple[dict[str, object], ...], hidden: str) -> None:
    release = made(cohort(simulated, *blocks))
    assert release["effects"].table["estimate"].isna().all() and release["balance"].table.empty and release["sensitivity"].table.empty
    assert "colleagues could see" in " ".join(release["effects"].table["sentence"])
    if hidden in ("everyone attended", "nobody attended"):
        row = release["reach"].table.query("group == 'everybody' and step == 'Attended before the interview'")
        assert row["shown"].tolist() == ["[c]"] and row["share"].isna().all()
        assert "may not be told" in release["answer"].table["sentence"].iloc[0]
        assert not release["cost"].table.shape[0]


def test_a_group_of_one_shows_nothing_of_its_own(simulated: CohortSnapshot) -> None:
    release = made(cohort(simulated, *HALVES, women=131))
    assert set(release["reach"].table["group"]) == {"everybody"}
    assert (release["reach"].table["shown"] == "65").any()
    few = made(cohort(simulated, block(1, -20, True)))
    assert (few["reach"].table["shown"] == "[c]").all()
    assert few["detectable"].table.empty and "may not be told" in few["detectable"].sentences[0]


def test_where_smaller_counts_are_allowed_a_share_still_needs_ten_on_either_side(simulated: CohortSnapshot) -> None:
    cube = reach_cube(cohort(simulated, block(7, -20, True), block(62, None, True), block(60, None, False), women=70))
    reached = Reached(protect(cube, policy=Policy(smallest_count=5)))
    values = {(group, step): reached.line(group, step)[1] for group in reached.groups for step in ("open", "attended", "booked")}
    assert any(value is not None and value < 10 for value in values.values())
    assert all(reached.share(group, step) is None for group, step in values)


def test_one_group_and_three(simulated: CohortSnapshot) -> None:
    told = simulated.process.positive_action
    assert told is not None
    women, minorities = told.groups
    one = declaring(cohort(simulated, *HALVES), groups=(women,), evidence=told.evidence[:1])
    assert set(made(one)["reach"].table["group"]) == {"everybody"}
    third = minorities.model_copy(update={"name": "people over 40", "level": "age_band_2", "codes": ("none",)})
    evidence = (*told.evidence, told.evidence[0].model_copy(update={"group": "people over 40"}))
    three = declaring(cohort(simulated, *HALVES, women=100), groups=(women, minorities, third), evidence=evidence)
    assert set(made(three)["reach"].table["group"]) == {"women", "all other groups", "everybody"}


def test_nobody_invited_is_refused(simulated: CohortSnapshot) -> None:
    with pytest.raises(StageError, match="nothing to report"):
        reach_cube(cohort(simulated, block(60, None, True, not_invited=True), block(60, None, False, not_invited=True)))


def test_no_section_no_register_and_no_day_of_review_are_refused(simulated: CohortSnapshot) -> None:
    without = replace(simulated, process=simulated.process.model_copy(update={"positive_action": None}))
    for way in (participants_of, reach_cube, lambda snapshot: legal_file_of(snapshot.process)):
        with pytest.raises(StageError, match="declares no positive action") as told:
            way(without)
        assert "[positive_action]" in str(told.value.next_step)
    columns = [column for column in simulated.people if str(column).startswith("workshop_")]
    with pytest.raises(StageError, match="no register"):
        participants_of(replace(simulated, people=simulated.people.drop(columns=columns)))
    with pytest.raises(StageError, match="by when"):
        legal_file_of(declaring(simulated, review_by=None).process)
    with pytest.raises(StageError, match="not coded"):
        participants_of(replace(simulated, people=simulated.people.drop(columns="sex")))


def test_an_expired_or_incomplete_file_stops_the_report_with_its_reason(simulated: CohortSnapshot) -> None:
    protected = protect(reach_cube(simulated))
    with pytest.raises(StageError) as told:
        positive_action_release(simulated, protected, tier="director", number=1, on=date(2024, 4, 1))
    assert "The evidence for women was valid until 2024-03-31." in told.value.details
    with pytest.raises(StageError) as told:
        positive_action_release(declaring(simulated, alternatives=" "), protected, tier="director", number=1, on=ON)
    assert any("alternatives" in reason for reason in told.value.details)


def test_a_register_that_contradicts_the_declarations_is_found_and_who_did_not_declare_left_out(simulated: CohortSnapshot) -> None:
    whole = cohort(simulated, *HALVES)
    people = whole.people.copy()
    people.loc[0, ["sex", "ethnicity_2"]] = ["opted_out", "opted_out"]
    assert len(participants_of(replace(whole, people=people)).table) == len(people) - 1
    people.loc[0, ["sex", "ethnicity_2"]] = ["male", "white"]
    with pytest.raises(FindingsError, match="contradictions"):
        participants_of(replace(whole, people=people))


def test_cost_is_by_protected_places_and_rounded(simulated: CohortSnapshot) -> None:
    costly = declaring(cohort(simulated, *HALVES), cost=10_100.0)
    # 66 attended; 65 are shown: 10,100 / 65 = 155.4, to two figures 160. From the 66 it would be 150.
    assert made(costly)["cost"].table["pounds"].tolist() == [10_100, 160]
    assert made(cohort(simulated, *HALVES))["cost"].table.empty


def test_before_any_outcome_there_is_reach_and_no_result(simulated: CohortSnapshot) -> None:
    early = cohort(simulated, *HALVES)
    release = made(replace(early, people=early.people.drop(columns=["status", "total"])))
    assert release["effects"].table["sentence"].tolist() == ["Not shown: no outcome is known yet."]
    assert (release["reach"].table["shown"] == "65").any()


def test_the_public_tier_holds_no_result_by_attendance(simulated: CohortSnapshot) -> None:
    public = made(cohort(simulated, *HALVES), tier="public")
    assert not {"effects", "balance", "sensitivity", "cost"} & set(public.sections)
    assert {"legal_file", "reach", "design", "next_trial"} <= set(public.sections)
    assert "met the standard" not in said(public)


def test_a_release_is_the_same_whatever_the_order_of_rows_and_holds_no_exact_count(simulated: CohortSnapshot, tmp_path: Path) -> None:
    protected = protect(reach_cube(simulated))
    first = positive_action_release(simulated, protected, tier="director", number=1, on=ON).write(tmp_path / "one")
    shuffled = replace(simulated, people=simulated.people.sample(frac=1, random_state=1).reset_index(drop=True))
    again = positive_action_release(shuffled, protect(reach_cube(shuffled)), tier="director", number=1, on=ON).write(tmp_path / "two")
    assert first.seal == again.seal
    for shown in Release.read(tmp_path / "one")["reach"].table["shown"]:
        assert shown == "[c]" or (int(shown) >= 10 and int(shown) % 5 == 0)
    # No identity column, and every section's numbers are whole or to two decimals.
    texts = json.loads((tmp_path / "one" / "header.json").read_text())
    assert {"milestone", "standard", "early_access", "sequence", "purpose", "release", "audit", "policy", "labels", "code_lists",
            "legal_basis"} <= set(texts["header"])  # fmt: skip
