"""Before and after across processes, from released counts: the interval, what stops it, and what is read from a ledger and a release."""

from __future__ import annotations

import math
import shutil
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from standardsetting import Process
from standardsetting.cohort.diversity import cube_of, diversity_release
from standardsetting.cohort.diversity.over_years import released_by
from standardsetting.cohort.positive_action.across_released import ReleasedCounts, across_released
from standardsetting.cohort.positive_action.reported import positive_action_release, processes_released, reach_cube
from standardsetting.cohort.positive_action.reported.before_after import ProcessReleased, before_and_after
from standardsetting.cohort.snapshot import CohortSnapshot
from standardsetting.disclosure import releases
from standardsetting.disclosure.policy import Policy
from standardsetting.disclosure.protect import ProtectedCube, protect
from standardsetting.disclosure.release import SECTIONS, Release, Section
from standardsetting.errors import DefinitionError, FindingsError, StageError
from standardsetting.named.snapshot import take
from standardsetting.process.cohort import Previous

NOW = datetime(2024, 1, 8, 12, 0, tzinfo=UTC)
ON = date(2023, 10, 12)
BEFORE = [("2021", 60, 120, 150, 250), ("2022", 65, 130, 145, 245)]
ALL, MINORITIES = "people to whom a workshop was open", "Ethnic minorities (excluding White minorities)"


def counted(*rows: tuple[str, int, int, int, int], workshops: bool = False, **more: int) -> list[ReleasedCounts]:
    return [ReleasedCounts(label, workshops, *numbers, **more) for label, *numbers in rows]


# --- the interval


@pytest.mark.parametrize(("pieces", "off_by"), [(1, 2), (3, 2), (3, 9)])
def test_the_rounding_in_the_interval_is_the_slope_of_the_gap_in_every_count(pieces: int, off_by: int) -> None:
    one = ReleasedCounts("2023", True, 80, 140, 150, 250, pieces=pieces, off_by=off_by)

    def gap(met: float, people: float, all_met: float, everybody: float) -> float:
        return met / people - (all_met - met) / (everybody - people)

    at, step = np.array([80.0, 140.0, 230.0, 390.0]), 1e-4
    slopes = [(gap(*(at + step * row)) - gap(*(at - step * row))) / (2 * step) for row in np.eye(4)]
    sampling = 80 * 60 / 140**3 + 150 * 100 / 250**3
    rounding = off_by**2 * sum(times * slope**2 for times, slope in zip((pieces, pieces, 1, 1), slopes, strict=True))
    assert one.variance == pytest.approx(sampling + rounding, rel=1e-6)


def test_two_before_have_an_interval_of_sampling_and_rounding_and_the_caution() -> None:
    with_them = counted(("2023", 80, 130, 150, 250), workshops=True)
    found = across_released([*counted(*BEFORE), *with_them])
    gaps = [each.gap for each in (*counted(*BEFORE), *with_them)]
    variances = [each.variance for each in (*counted(*BEFORE), *with_them)]
    change, half = gaps[2] - (gaps[0] + gaps[1]) / 2, 1.959964 * math.sqrt(variances[2] + (variances[0] + variances[1]) / 4)
    assert (found.effect.estimate, found.effect.low, found.effect.high) == pytest.approx((change, change - half, change + half), abs=1e-6)
    assert "too narrow" in found.effect.note
    assert found.trend == pytest.approx(gaps[1] - gaps[0]) and "does not prove" in found.parallel


def test_three_before_have_students_interval_where_it_is_wider_and_never_a_narrower_one() -> None:
    shares = [("2019", 40, 120), ("2020", 62, 120), ("2021", 50, 120), ("2022", 72, 120), ("2023", 56, 120)]
    moving = [ReleasedCounts(label, label >= "2022", met, n, 130, 250) for label, met, n in shares]
    gaps = [each.gap for each in moving]
    welch = stats.ttest_ind(gaps[3:], gaps[:3], equal_var=True).confidence_interval(0.95)
    found = across_released(moving).effect
    assert (found.low, found.high) == pytest.approx((welch.low, welch.high), rel=1e-9) and "too narrow" not in found.note
    still = [replace(each, met=60) for each in moving]
    alike = across_released(still).effect
    half = 1.959964 * math.sqrt(sum(each.variance for each in still[3:]) / 4 + sum(each.variance for each in still[:3]) / 9)
    assert alike.high - alike.low == pytest.approx(2 * half, rel=1e-6)


def test_a_gap_that_was_moving_before_refuses_the_change() -> None:
    rows = [("2020", 60, 200, 200, 400), ("2021", 90, 200, 200, 400), ("2022", 120, 200, 200, 400)]
    found = across_released([*counted(*rows), *counted(("2023", 150, 200, 200, 400), workshops=True)])
    assert "already moving" in found.effect.why and math.isnan(found.effect.estimate) and found.gaps is not None
    assert found.trend_low > 0


def test_one_before_is_too_few_and_the_gaps_are_there_all_the_same() -> None:
    found = across_released([*counted(BEFORE[0]), *counted(("2023", 80, 130, 150, 250), workshops=True)])
    assert "at least 2 processes" in found.effect.why and found.gaps is not None and len(found.gaps) == 2


def draw(rng: np.random.Generator, workshops: bool, effect: float) -> ReleasedCounts:
    """A process of 330 people, women and ethnic minorities overlapping, its counts rounded to the nearest 5 as they are released."""
    n = rng.multinomial(330, [0.31 * 0.17, 0.31 * 0.83, 0.69 * 0.17, 0.69 * 0.83])
    met = np.array([rng.binomial(size, 0.45 + (effect if at < 3 else 0)) for at, size in enumerate(n)])
    lines = [[Policy().rounded(int(x)) for x in (v[0] + v[1], v[0] + v[2], v[0], v.sum())] for v in (n, met)]
    (people, everybody), (passed, all_met) = ((women + minorities - both, total) for women, minorities, both, total in lines)
    return ReleasedCounts("", workshops, passed, people, all_met - passed, everybody - people, pieces=3)


def test_with_rounding_the_interval_holds_the_truth_at_least_as_often_as_it_says() -> None:
    rng, held, bare, shown = np.random.default_rng(4), 0, 0, 0
    for _ in range(400):
        counts = [draw(rng, False, -0.04), draw(rng, False, -0.04), draw(rng, True, 0.06)]
        effect = across_released(counts).effect
        if effect.why:
            continue
        without = across_released([replace(each, off_by=0) for each in counts]).effect
        shown += 1
        held += effect.low <= 0.1 <= effect.high
        bare += bool(without.why) or without.low <= 0.1 <= without.high
    assert shown > 360 and held / shown >= 0.95
    # As if the counts were true ones: too often wrong.
    assert bare / shown < 0.94


# --- from releases


@pytest.fixture(scope="module")
def folder(decided: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated process, closed, its standard recorded, and its diversity report in the ledger (as it would be released)."""
    return Path(shutil.copytree(decided, tmp_path_factory.mktemp("process") / "sergeant"))


@pytest.fixture(scope="module")
def snapshot(folder: Path) -> CohortSnapshot:
    return CohortSnapshot.read(take(Process.load(folder), folder, milestone="interview_outcomes", when=NOW).folder)


@pytest.fixture(scope="module")
def protected(snapshot: CohortSnapshot) -> ProtectedCube:
    return protect(cube_of(snapshot))


def declaring(snapshot: CohortSnapshot, *earlier: str, **changes: object) -> CohortSnapshot:
    told = snapshot.process.positive_action
    assert told is not None
    cohort = snapshot.process.cohort.model_copy(update={"previous": tuple(Previous(label=each, folder=each) for each in earlier)})
    action = told.model_copy(update={"design": "before-after", **changes})
    return replace(snapshot, process=snapshot.process.model_copy(update={"cohort": cohort, "positive_action": action}))


def released(
    snapshot: CohortSnapshot, label: str, *, women: tuple[int, int], minorities: tuple[int, int], both: tuple[int, int] | None,
    everybody: tuple[int, int], **header: object,
) -> ProcessReleased:  # fmt: skip
    """A release that shows these counts: met the standard, of those interviewed."""
    found = [("sex", "Female", women), ("ethnicity_2", MINORITIES, minorities), ("sex by ethnicity_2", f"Female and {MINORITIES}", both)]
    found += [(table, "everybody", everybody) for table in ("sex", "ethnicity_2", "sex by ethnicity_2")]
    rows = [
        (table, group, stage, "passed", "[c]" if counts is None else f"{counts[at]:,}")
        for table, group, counts in found
        for at, stage in enumerate(("met_standard", "interviewed"))
    ]
    head = {"policy": Policy().as_record(), "editions": {"sex": "1", "ethnicity_2": "1"}, **header}
    counts = Section(pd.DataFrame(rows, columns=list(SECTIONS["counts"])))
    return ProcessReleased(label, Release("cohort-diversity", "director", snapshot.process, head, {"counts": counts}))


BOTH = {"both": (20, 50), "everybody": (410, 1000)}
YEARS = {
    "2021": {"women": (110, 270), "minorities": (60, 150), **BOTH},
    "2022": {"women": (115, 270), "minorities": (60, 150), **BOTH},
    "own": {"women": (160, 270), "minorities": (80, 150), "both": (30, 50), "everybody": (450, 1000)},
}


def series(snapshot: CohortSnapshot, **changes: dict[str, object]) -> list[ProcessReleased]:
    return [released(snapshot, label, **{**told, **changes.get(label, {})}) for label, told in YEARS.items()]  # type: ignore[arg-type]


def test_all_to_whom_workshops_were_open_are_women_and_minorities_less_who_is_both(snapshot: CohortSnapshot) -> None:
    found = before_and_after(declaring(snapshot, "2021", "2022"), series(snapshot))
    assert found is not None and [each.who for each in found.compared] == [ALL]
    told = [(each.met, each.people, each.others_met, each.others, each.workshops, each.pieces) for each in found.compared[0].counts]
    assert told == [(150, 370, 260, 630, False, 3), (155, 370, 255, 630, False, 3), (210, 370, 240, 630, True, 3)]


def test_the_report_tells_rates_change_trend_and_what_it_rests_on(snapshot: CohortSnapshot) -> None:
    declared = declaring(snapshot, "2021", "2022")
    release = positive_action_release(
        declared, protect(reach_cube(declared)), tier="director", number=1, on=ON, earlier=series(snapshot)
    )  # fmt: skip
    rows = release["before_after"].table
    assert rows[["process", "workshops", "people", "rate", "others", "reference_rate"]].to_numpy().tolist() == [
        ["2021", "no", 370, 41, 630, 41], ["2022", "no", 370, 42, 630, 40], ["own", "yes", 370, 57, 630, 38],
    ]  # fmt: skip
    # 210/370 - 240/630, less the mean of 150/370 - 260/630 and 155/370 - 255/630.
    change = round(100 * (210 / 370 - 240 / 630 - (150 / 370 - 260 / 630 + 155 / 370 - 255 / 630) / 2))
    effect = release["effects"].table.iloc[0]
    assert change == 18 and effect["question"] == f"Before and after: {ALL}" and effect["estimate"] == change
    said = " ".join(release["before_after"].sentences)
    assert "The gap moved by 18 in 100 in their favour" in said
    assert "From one process to the next before the workshops (2 processes)" in said
    assert "only if the gap would otherwise have stayed as it was" in said and "cannot show what attending did" in said
    design = release["design"].table.set_index("item")["content"]
    assert design["Is an effect identified?"] == "yes, if the gap would otherwise have stayed as it was"
    page_one = " ".join(release["answer"].table["sentence"])
    assert "Before the workshops" in page_one and "is too narrow" in page_one
    public = positive_action_release(declared, protect(reach_cube(declared)), tier="public", number=1, on=ON, earlier=series(snapshot))
    assert "before_after" not in public.sections and "effects" not in public.sections
    everything = " ".join(part.table.to_csv() + " ".join(part.sentences) for part in public.sections.values())
    assert "is too narrow" not in everything and "moved by" not in everything


def test_since_process_says_where_workshops_began(snapshot: CohortSnapshot) -> None:
    found = before_and_after(declaring(snapshot, "2021", "2022", since_process="2022"), series(snapshot))
    assert found is not None and [each.workshops for each in found.compared[0].counts] == [False, True, True]
    assert "at least 2 processes before" in found.compared[0].found.effect.why
    with pytest.raises(StageError, match="names none of the earlier"):
        before_and_after(declaring(snapshot, "2021", "2022", since_process="2020"), series(snapshot))
    definition = snapshot.process.model_dump(mode="json")
    definition["positive_action"]["since_process"] = "2022"
    with pytest.raises(DefinitionError, match="since_process"):
        Process.from_mapping(definition, name="process.toml")


def test_where_who_is_both_may_not_be_told_each_group_stands_by_itself(snapshot: CohortSnapshot) -> None:
    found = before_and_after(declaring(snapshot, "2021", "2022"), series(snapshot, own={"both": None}))
    assert found is not None and [each.who for each in found.compared] == ["women", "ethnic minorities (excluding White minorities)"]
    assert found.compared[0].counts[0].people == 270 and found.compared[0].counts[0].others == 730
    assert "draws a change towards none" in " ".join(found.notes)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"women": (0, 0), "both": None, "minorities": (0, 0)}, "too few people"),
        ({"editions": {"sex": "2", "ethnicity_2": "2"}}, "another code list"),
        ({"policy": Policy(name="rounded cube").as_record()}, "rounded in another way"),
    ],
)
def test_a_process_that_does_not_fit_is_left_out_with_its_reason(snapshot: CohortSnapshot, changes: dict[str, object], why: str) -> None:
    (bad, *others) = series(snapshot, **{"2021": changes})
    found = before_and_after(declaring(snapshot, "2021"), [bad, others[-1]])
    assert found is not None and not found.compared and why in " ".join(found.notes)


def test_a_group_that_no_released_table_shows_is_said(snapshot: CohortSnapshot) -> None:
    told = snapshot.process.positive_action
    assert told is not None
    young = told.groups[0].model_copy(update={"name": "young people", "level": "age_band_2", "codes": ("under_35",)})
    found = before_and_after(declaring(snapshot, "2021", "2022", groups=(young,), evidence=()), [
        replace(each, release=replace(each.release, header={**each.release.header, "editions": {}})) for each in series(snapshot)
        if each.release is not None
    ])  # fmt: skip
    assert found is not None and not found.compared and "does not show the counts of this group" in " ".join(found.notes)


def test_before_this_process_has_released_nothing_is_shown(snapshot: CohortSnapshot) -> None:
    *earlier, own = series(snapshot)
    declared = declaring(snapshot, "2021", "2022")
    found = before_and_after(declared, [*earlier, replace(own, release=None)])
    assert found is not None and not found.compared and "has not released its diversity report" in found.notes[0]
    release = positive_action_release(
        declared, protect(reach_cube(declared)), tier="director", number=1, on=ON, earlier=[*earlier, replace(own, release=None)]
    )  # fmt: skip
    assert release["before_after"].table.empty and release["design"].table.set_index("item")["content"]["Is an effect identified?"] == "no"
    assert before_and_after(snapshot, series(snapshot)) is None


def test_the_newest_release_of_the_ledger_is_read_and_what_it_kept_is_known(
    folder: Path, snapshot: CohortSnapshot, protected: ProtectedCube, tmp_path: Path
) -> None:
    declared = declaring(snapshot, ".")
    assert processes_released(snapshot.process, folder) == ()
    with pytest.raises(StageError, match="released no report"):
        processes_released(declared.process, folder)
    own = processes_released(declaring(snapshot).process, folder)
    assert [each.release for each in own] == [None]
    for number, milestone in enumerate(("interview_outcomes", "pool"), start=1):
        made = replace(protected, milestone=milestone, hash=f"{number:064}")
        built = diversity_release(snapshot, made, tier="director", number=number).write(
            folder / "cohort" / "releases" / f"cohort-diversity-director-{number}"
        )
        report = {"kind": "cohort-diversity", "tier": "director", "seal": built.seal}
        releases.record(folder, made, recipients=["director"], signed_by="Bo Two", prepared_by="Ada One", when=NOW, report=report)
        earlier, mine = processes_released(declared.process, folder)
        assert earlier.release is not None and earlier.release.header["release"]["number"] == number
        assert earlier.reused == mine.reused and bool(mine.reused) is (number == 2)
    with pytest.raises(StageError, match="tier public"):  # what the director was told is not what the public was told
        released_by(folder, tier="public")
    key = ("sex", "Female", "met_standard", "passed")
    assert key in mine.reused
    found = before_and_after(declaring(snapshot, "earlier"), [replace(earlier, label="earlier"), mine])
    assert found is not None and {each.off_by for each in found.compared[0].counts} == {9}


# --- the day of the first workshop


def test_the_register_shows_who_was_there_when_workshops_began(folder: Path, snapshot: CohortSnapshot) -> None:
    register = pd.read_csv(folder / "workshops.csv")
    days = register[["Invited", "Booked", "Attended"]].apply(pd.to_datetime, dayfirst=True)
    expected = int((days >= pd.Timestamp("2023-07-24")).any(axis=1).sum())
    assert 0 < expected < len(register) and int(snapshot.people["workshop_there"].sum()) == expected


def test_an_attendance_before_the_first_workshop_is_a_finding(folder: Path, snapshot: CohortSnapshot) -> None:
    process, told = Process.load(folder), snapshot.process.positive_action
    assert told is not None and told.workshops_begin == date(2023, 7, 24)
    moved = process.model_copy(update={"positive_action": told.model_copy(update={"workshops_begin": date(2023, 8, 20)})})
    with pytest.raises(FindingsError) as stopped:
        take(moved, folder, milestone="interview_outcomes", when=NOW)
    assert "before the first workshop" in str(stopped.value.details)
