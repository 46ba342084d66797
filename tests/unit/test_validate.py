"""Checking tables against each other: what is wrong, what is outstanding, what became of each row, and who must not be named."""

import numpy as np
import pandas as pd
import pytest

from standardsetting.blind.value_scores import value_scores
from standardsetting.named.dates import NOT_UNDERSTOOD, SERIAL, SWAPPED, TWO_DIGITS, read_dates
from standardsetting.named.identities import identities
from standardsetting.named.schemas import identifier_trouble, rating_trouble
from standardsetting.scale import Scale

MEANS = '[rule]\nvalue_score = "mean of independent ratings"\n'


def kinds(findings):
    return {(f.table, f.column, f.kind): f.rows for f in findings}


def without_rows(table, **where):
    gone = np.logical_and.reduce([table[column] == cell for column, cell in where.items()])
    return table[~gone].reset_index(drop=True)


def test_a_good_process_is_ready(small_process):
    small_process.write()
    checked = small_process.check()
    assert checked.ready
    assert not checked.notes
    assert checked.standing["standing"].value_counts().to_dict() == {"scored": 11, "excepted": 1, "incomplete": 0, "outstanding": 0}
    assert {row["table"]: (row["read"], row["used"], row["excepted"]) for row in checked.account_rows} == {
        "candidates": (12, 12, 0), "monitoring": (12, 12, 0), "assessors": (5, 5, 0), "interviews": (12, 11, 1), "ratings": (132, 132, 0),
        "exceptions": (1, 1, 0),
    }  # fmt: skip


def test_typed_tables(small_process):
    small_process.write()
    tables = small_process.check().tables
    ratings, interviews = tables["ratings"], tables["interviews"]
    assert ratings["candidate_id"].dtype == interviews["candidate_id"].dtype == tables["candidates"]["candidate_id"].dtype
    assert ratings["rating"].dtype == float
    assert list(ratings["value"].cat.categories) == ["professionalism", "integrity", "courage", "compassion"]
    assert interviews["date"].iloc[0] == pd.Timestamp("2023-09-11")
    assert ratings["recorded_at"].iloc[0] == pd.Timestamp("2023-09-11 10:00")
    assert ratings.index[0] == 2
    assert tables["monitoring"]["opt_out"].tolist() == [False] * 12


# ---- what is outstanding ---------------------------------------------------------------------------------------------------


def test_an_interview_that_is_not_completed_needs_an_exception(small_process):
    small_process.tables["interviews"].loc[[2, 5], "status"] = ["scheduled", "did not attend"]
    small_process.write()
    checked = small_process.check()
    assert [(o.kind, o.count, o.rows) for o in checked.outstanding] == [("interview not completed", 2, (4, 7))]
    assert "(rows 4 and 7 of the interviews table)" in checked.outstanding[0].sentence
    assert not checked.ready
    assert {f.kind for f in checked.notes} == {"rating of an interview not completed"}


def test_an_agreed_score_that_is_missing_is_outstanding_though_both_assessors_rated(small_process):
    small_process.tables["ratings"] = without_rows(
        small_process.tables["ratings"], candidate_id="QXCAND003", kind="agreed", value="courage"
    )
    small_process.write()
    (told,) = small_process.check().outstanding
    assert (told.kind, told.count, told.rows) == ("agreed score missing", 1, (4,))
    assert "1 agreed score that the rule needs is missing" in told.sentence


def test_a_blank_score_is_missing_and_its_row_accounted_for(small_process):
    ratings = small_process.tables["ratings"]
    ratings.loc[(ratings["candidate_id"] == "QXCAND003") & (ratings["kind"] == "agreed"), "rating"] = None
    small_process.write()
    checked = small_process.check()
    assert [(o.kind, o.count) for o in checked.outstanding] == [("agreed score missing", 1)]
    assert "4 agreed scores" in checked.outstanding[0].sentence
    assert [(f.kind, f.count) for f in checked.notes] == [("blank rating", 4)]
    account = next(row for row in checked.account_rows if row["table"] == "ratings")
    assert account == {"table": "ratings", "read": 132, "used": 128, "excepted": 0, "findings": 4}
    assert len(checked.tables["ratings"]) == 128


def test_an_exception_for_missing_ratings_covers_them(small_process):
    ratings, exceptions = small_process.tables["ratings"], small_process.tables["exceptions"]
    ratings.loc[(ratings["candidate_id"] == "QXCAND003") & (ratings["kind"] == "agreed"), "rating"] = None
    exceptions.loc[1] = ["QXCAND003", "Rating  Missing", "Somebody"]
    small_process.write()
    checked = small_process.check()
    assert checked.ready
    assert checked.standing.loc[4, ["reason", "missing", "standing"]].tolist() == ["rating missing", 4, "incomplete"]
    account = next(row for row in checked.account_rows if row["table"] == "ratings")
    assert (account["used"], account["excepted"], account["findings"]) == (128, 4, 0)


def test_an_exception_that_is_not_needed_is_a_note(small_process):
    small_process.tables["exceptions"].loc[1] = ["QXCAND003", "rating missing", "Somebody"]
    small_process.tables["exceptions"].loc[2] = ["QXCAND004", "interview void", "Somebody"]
    small_process.write()
    checked = small_process.check()
    assert checked.ready
    assert kinds(checked.notes) == {("interviews", "", "excepted and scored"): (4, 5)}
    assert checked.standing.loc[[4, 5], "standing"].tolist() == ["scored", "excepted"]


def test_one_assessor_alone_is_a_note_with_a_count(small_process):
    small_process.tables["ratings"] = without_rows(small_process.tables["ratings"], candidate_id="QXCAND003", assessor_id="ASSQUUX2")
    small_process.write()
    checked = small_process.check()
    assert kinds(checked.notes) == {("interviews", "", "one assessor only"): (4,)}
    assert checked.standing.loc[4, "assessors"] == 1


@pytest.mark.parametrize(
    ("rule", "change", "missing"),
    [
        (MEANS, "nothing", 0),
        (MEANS, "one rating gone", 1),
        (MEANS, "one rating blank", 1),
        (MEANS, "one assessor gone", 0),
        (MEANS, "one value gone", 2),
        (MEANS, "every independent rating gone", 4),
        (MEANS, "one assessor blank throughout", 4),
        (MEANS + 'missing_rating = "use the ratings there are"\n', "one rating gone", 0),
        (MEANS + 'missing_rating = "use the ratings there are"\n', "one value gone", 1),
        (MEANS.replace("mean", "median"), "one rating gone", 1),
        ("", "every independent rating gone", 0),
    ],
)
def test_missing_ratings_by_policy(small_process, rule, change, missing):
    ratings = small_process.tables["ratings"]
    mine = (ratings["candidate_id"] == "QXCAND003") & (ratings["kind"] == "independent")
    courage, second = ratings["value"] == "courage", ratings["assessor_id"] == "ASSQUUX3"
    gone = {
        "nothing": mine & False, "one rating gone": mine & courage & second, "one assessor gone": mine & second,
        "one value gone": mine & courage,
        "every independent rating gone": mine,
    }  # fmt: skip
    if change == "one rating blank":
        ratings.loc[mine & courage & second, "rating"] = None
    elif change == "one assessor blank throughout":
        ratings.loc[mine & second, "rating"] = None
    else:
        small_process.tables["ratings"] = ratings[~gone[change]]
    small_process.definition += rule
    small_process.write()
    checked = small_process.check()
    # A value whose two ratings are both gone lacks two where each assessor owes one, and one where one rating is enough.
    assert checked.standing.loc[4, "missing"] == missing
    assert bool(checked.outstanding) == bool(missing)
    alone = {"one assessor gone", "one assessor blank throughout"}
    assert (("interviews", "", "one assessor only") in kinds(checked.notes)) == (change in alone)


@pytest.mark.parametrize("rule", ["", MEANS, MEANS + 'missing_rating = "use the ratings there are"\n'])
@pytest.mark.parametrize("seed", range(3))
def test_what_is_outstanding_is_what_has_no_value_score(small_process, rule, seed):
    """Two modules count missing ratings for two reasons; they must agree, for every policy, whichever rows are lost."""
    ratings = small_process.tables["ratings"]
    small_process.tables["ratings"] = ratings.drop(np.random.default_rng(seed).choice(len(ratings), 40, replace=False)).reset_index(
        drop=True
    )
    small_process.definition += rule
    small_process.write()
    checked = small_process.check()
    completed = checked.standing[checked.standing["status"] == "completed"]
    blind = checked.tables["ratings"].rename(columns={"candidate_id": "candidate", "assessor_id": "assessor"})
    people = completed["candidate_id"].astype("str")
    scores = value_scores(blind.assign(candidate=blind["candidate"].astype("str")), checked.process, candidates=people)
    without_score = set(scores.index[scores.isna().any(axis=1)])
    assert set(people[completed["missing"] > 0]) == without_score
    assert without_score


MATRIX = """
[[exercises]]
name = "interview"
values = ["professionalism", "integrity", "courage", "compassion"]
[[exercises]]
name = "briefing"
values = ["courage"]
"""


def test_each_exercise_needs_its_scores(small_process):
    ratings = small_process.tables["ratings"]
    briefing = ratings[ratings["value"] == "courage"].assign(exercise="Briefing")
    small_process.tables["ratings"] = pd.concat([ratings.assign(exercise="interview"), briefing], ignore_index=True)
    small_process.definition += MATRIX
    small_process.write()
    assert small_process.check().ready
    small_process.tables["ratings"] = without_rows(small_process.tables["ratings"], candidate_id="QXCAND003", exercise="Briefing")
    small_process.write()
    assert [(o.kind, o.rows) for o in small_process.check().outstanding] == [("agreed score missing", (4,))]


def test_exercises_and_the_matrix(small_process):
    ratings = small_process.tables["ratings"].assign(exercise="interview")
    ratings.loc[0, "exercise"] = "briefing"
    ratings.loc[1, "exercise"] = "juggling"
    small_process.tables["ratings"] = ratings
    small_process.definition += MATRIX
    small_process.write()
    checked = small_process.check()
    assert kinds(checked.findings) == {
        ("ratings", "exercise", "value not measured by the exercise"): (2,),
        ("ratings", "exercise", "unknown exercise"): (3,),
    }
    small_process.tables["ratings"] = ratings.drop(columns="exercise")
    small_process.write()
    assert ("ratings", "exercise", "column missing") in kinds(small_process.check().findings)


def test_an_exercise_without_a_matrix_is_a_finding_and_a_single_one_is_understood(small_process):
    small_process.tables["ratings"] = small_process.tables["ratings"].assign(exercise="interview")
    small_process.write()
    assert ("ratings", "exercise", "exercise without an assessment matrix") in kinds(small_process.check().findings)
    small_process.tables["ratings"] = small_process.tables["ratings"].drop(columns="exercise")
    small_process.definition += MATRIX.split('[[exercises]]\nname = "briefing"')[0]
    small_process.write()
    checked = small_process.check()
    assert checked.ready
    assert checked.tables["ratings"]["exercise"].unique().tolist() == ["interview"]


# ---- between rows and tables -----------------------------------------------------------------------------------------------


def test_a_copied_agreed_score_is_two_agreed_scores(small_process):
    ratings = small_process.tables["ratings"]
    copies = ratings[(ratings["candidate_id"] == "QXCAND001") & (ratings["kind"] == "agreed")]
    small_process.tables["ratings"] = pd.concat([ratings, copies.assign(assessor_id="ASSQUUX1")], ignore_index=True)
    small_process.write()
    checked = small_process.check()
    assert kinds(checked.findings) == {("ratings", "", "two agreed scores"): (4, 7, 10, 13, 134, 135, 136, 137)}


def test_leading_zeros_that_excel_lost_are_found_across_tables(small_process):
    for name, table in small_process.tables.items():
        if "candidate_id" in table:
            numbers = table["candidate_id"].str.replace("QXCAND", "0048")
            table["candidate_id"] = numbers.str.lstrip("0").astype(int) if name == "ratings" else numbers
    small_process.write(ratings="xlsx")
    checked = small_process.check()
    lost = [f for f in checked.findings if f.kind == "leading zeros lost"]
    assert [(f.table, f.column, f.count) for f in lost] == [("ratings", "candidate_id", 132)]
    # Told once: not again as candidates whom nobody knows.
    assert {f.kind for f in checked.findings} == {"leading zeros lost"}
    assert not any("48" in f.sentence for f in checked.findings)


def test_whole_numbers_with_a_point_are_read_as_whole(small_process):
    for name, table in small_process.tables.items():
        if "candidate_id" in table:
            table["candidate_id"] = table["candidate_id"].str.replace("QXCAND", "48") + (".0" if name == "ratings" else "")
    small_process.write()
    checked = small_process.check()
    assert checked.ready
    assert kinds(checked.notes).keys() == {("ratings", "candidate_id", "identifier with a point and zero")}


def test_the_rarer_spelling_is_told_where_case_differs(small_process):
    small_process.tables["ratings"].loc[7, "assessor_id"] = "AssQuux3"
    small_process.write()
    told = kinds(small_process.check().findings)
    assert told == {("ratings", "assessor_id", "identifiers differ by case only"): (9,)}


def test_strangers_by_table(small_process):
    small_process.tables["interviews"] = small_process.tables["interviews"].drop(index=4)
    small_process.tables["candidates"] = small_process.tables["candidates"].drop(index=6)
    small_process.tables["exceptions"].loc[1] = ["QXCAND077", "deferred", "Somebody"]
    small_process.write()
    told = {(f.table, f.kind): f.count for f in small_process.check().findings}
    assert told == {
        ("interviews", "candidate not in candidates"): 1,
        ("ratings", "candidate not in interviews"): 12,
        ("exceptions", "candidate not in interviews"): 1,
    }


def test_repeats_of_global_and_benchmark_ratings(small_process):
    small_process.tables["global_ratings"] = pd.DataFrame(
        {"candidate_id": ["QXCAND001"] * 3, "assessor_id": ["ASSQUUX0", "ASSQUUX0", "ASSQUUX3"], "grade": ["clear", "clear", "borderline"]}
    )
    small_process.tables["benchmark"] = pd.DataFrame(
        {
            "video_id": ["V1"] * 4, "assessor_id": ["ASSQUUX0", "ASSQUUX0", "ASSQUUX0", None], "value": ["courage"] * 4,
            "rating": ["3", "4", "7", "4"], "occasion": ["before", "before", "after", "Reference"],
        }
    )  # fmt: skip
    small_process.write()
    assert kinds(small_process.check().findings) == {
        ("global_ratings", "", "global rating twice"): (2, 3),
        ("benchmark", "", "benchmark rating twice"): (2, 3),
        ("benchmark", "rating", "rating off the scale"): (4,),
    }


def test_the_order_of_events_is_noted(small_process):
    ratings = small_process.tables["ratings"]
    ratings.loc[0, "recorded_at"] = "2023-09-11 10:06"
    ratings.loc[1, "recorded_at"] = "2023-09-11 10:05"  # with the agreed score, not after it
    ratings.loc[3, "recorded_at"] = "2023-09-10 23:59"
    ratings.loc[4, "recorded_at"] = "2023-09-11 12:04:59.9"
    small_process.write()
    checked = small_process.check()
    assert checked.ready
    assert kinds(checked.notes) == {
        ("ratings", "recorded_at", "independent rating after the agreed score"): (2, 6),
        ("ratings", "recorded_at", "rating before the interview"): (5,),
    }


def test_a_day_outside_the_window_with_a_hint_where_swapping_would_help(small_process):
    interviews = small_process.tables["interviews"]
    interviews.loc[0, "date"] = "09/10/2023"  # 9 October as declared; 10 September if swapped
    interviews.loc[1, "date"] = "30/09/2023"
    interviews.loc[11, "date"] = "30/11/2023"  # withdrawn: no interview, no window
    small_process.write()
    found = [f for f in small_process.check().findings if f.kind == "interview outside the window"]
    assert [(f.rows, "swapped" in f.sentence) for f in found] == [((2,), True), ((3,), False)]
    small_process.extra["interviews"] = "day_first = false"
    small_process.write()
    found = kinds(small_process.check().findings)
    assert found == {("interviews", "date", "day and month swapped"): (3, 13)}


# ---- single cells ----------------------------------------------------------------------------------------------------------


def test_half_points_are_exact_and_other_fractions_off():
    half = Scale(1, 5, step=0.5)
    assert [rating_trouble(cell, half) for cell in ("2.5", "2.50", "2.25", "5.5", "2,5")] == [
        None, None, "rating off the scale", "rating off the scale", "decimal comma",
    ]  # fmt: skip
    assert rating_trouble("0", Scale(0, 3)) is None


@pytest.mark.parametrize("cell", ["C0012", "0012", "A-7", "Q1E7", "P1", "12", "May", "12.0", "A/3/B"])
def test_identifiers_that_are_sound(cell):
    assert identifier_trouble(cell) is None


def test_dates():
    texts = ["2023-09-06", "2023-09-06T09:30", "06/09/2023", "6.9.2023 14:05:09", "6 September 2023", "06-Sep-2023 2:05 PM",
             "2023-09-06T23:30:00Z", "2023-09-06 09:30:00.250+0200"]  # fmt: skip
    moments, trouble = read_dates(texts, day_first=True, zone="Europe/London")
    assert [str(m)[:23] for m in moments] == [
        "2023-09-06T00:00:00.000", "2023-09-06T09:30:00.000", "2023-09-06T00:00:00.000", "2023-09-06T14:05:09.000",
        "2023-09-06T00:00:00.000", "2023-09-06T14:05:00.000", "2023-09-07T00:30:00.000", "2023-09-06T08:30:00.250",
    ]  # fmt: skip
    assert set(trouble) == {""}
    moments, trouble = read_dates(["06/09/23", "13/09/2023", "45175", "soon", "2023-13-01"], day_first=False, zone="Europe/London")
    assert np.isnat(moments).all()
    assert trouble.tolist() == [TWO_DIGITS, SWAPPED, SERIAL, NOT_UNDERSTOOD, NOT_UNDERSTOOD]


# ---- who must not be named -------------------------------------------------------------------------------------------------


def test_identities_hold_people_and_groups_and_nothing_that_everybody_shares(small_process):
    candidates, ratings = small_process.tables["candidates"], small_process.tables["ratings"]
    candidates["telephone"] = [f"07700 900 {i:03d}" for i in range(12)]
    candidates["date_of_birth"] = "1988-04-03"
    candidates["attendance"] = "4"
    candidates.loc[0, "name"] = "O'Quill-Feather,  Dr Zoë Bo"
    ratings["rationale"] = "Spoke up for  a new colleague"
    ratings["indicators"] = "P1; P3"
    small_process.tables["interviews"]["nickname"] = "Falconer"
    small_process.extra["interviews"] = 'ignore = ["nickname"]'
    small_process.tables["interviews"].loc[0, "site"] = "Borsetshire Hall"
    small_process.definition = small_process.definition.replace(
        'title = "A small process"', 'title = "Promotion at Midsomer Police, Wintergreen House"'
    )
    small_process.write()
    checked = small_process.check()
    assert checked.ready
    known = identities(checked).set_index("token")["kind"]
    assert known.index.is_unique
    assert (known.index == known.index.str.casefold()).all()
    expected = {
        "qxcand001": "candidate", "assquux0": "assessor", "panelquux1": "panel", "monkey007": "monitoring key",
        "ottoline marchbanks": "name",
        "marchbanks": "name part", "o'quill": "name part", "feather": "name part", "zoë": "name part",
        "borsetshire constabulary": "force",
        "ottoline.marchbanks@borsetshire.example": "email", "ottoline.marchbanks": "email", "07700 900 003": "telephone",
        "07700900003": "telephone", "womanly": "characteristic", "borsetshire hall": "site", "falconer": "ignored",
        "1988-04-03": "date of birth",
        "spoke up for a new colleague": "free text", "quillon hawthornthwaite0": "name",
    }  # fmt: skip
    assert {token: known.get(token) for token in expected} == expected
    # Left out: short parts, titles, words of the definition (the force that runs it, one surname), codes, numbers, words of the form.
    absent = ["bo", "dr", "midsomer police", "wintergreen", "p1; p3", "4", "no", "courage", "independent", "withdrawn", "completed", "3",
              "2023-09-11 10:00"]  # fmt: skip
    assert [token for token in absent if token in known.index] == []
