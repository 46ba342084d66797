"""The door: what passes is coded, what is not listed stops it, and no grouping carries a characteristic through."""

import json
import stat
import string
from datetime import date

import numpy as np
import pandas as pd
import pytest

from standardsetting import BlindScores, Process, firewall
from standardsetting.blind.scores import Account
from standardsetting.errors import DisclosureError, StageError
from standardsetting.process import Scoring

VALUES = ("professionalism", "integrity", "courage", "compassion")
PROCESS = Process.from_mapping(
    {
        "process": {"id": "first", "title": "The first process"},
        "scale": {"minimum": 1, "maximum": 5},
        "values": [{"name": name, "hurdle": 3} for name in VALUES],
        "dates": {"first_interview": date(2023, 9, 6), "last_interview": date(2023, 9, 29)},
        "sources": {"ratings": {"file": "Quillfeather export.csv"}},
        "reports": "somewhere",
    }
)
ACCOUNT = Account(40, 40, 40, 0, {}, 0, (), (), "2023-09-30T12:00:00+01:00")
N = 40


def tables():
    draw = np.random.default_rng(1)
    people = [f"QF-{i:05d}" for i in range(N)]
    interviews = pd.DataFrame(
        {
            "candidate_id": people,
            "panel_id": [f"Panel Quillfeather {i % 5}" for i in range(N)],
            "date": pd.to_datetime("2023-09-06") + pd.to_timedelta(np.arange(N) % 7, unit="D"),
            "site": "Canary Wharf",
            "status": "completed",
            "complete": True,
        }
    )
    ratings = pd.DataFrame(
        [
            (c, f"Assessor Quill {(i + k) % 9}", v, float(draw.integers(1, 6)), "independent")
            for i, c in enumerate(people)
            for k in (0, 1)
            for v in VALUES
        ],
        columns=["candidate_id", "assessor_id", "value", "rating", "kind"],
    ).assign(rationale="Zebediah spoke well")
    candidates = pd.DataFrame({"candidate_id": people, "name": [f"Zebediah Quillfeather{i}" for i in range(N)]})
    candidates["force"] = draw.choice(["Borsetshire", "Midsomer"], N)
    monitoring = pd.DataFrame({"candidate_id": people, "sex": draw.choice(["female", "male"], N)})
    return ratings, interviews, {"candidates": candidates, "monitoring": monitoring}


def go(folder, ratings, interviews, groups, identities=(), process=PROCESS, **options):
    return firewall.pass_through(
        ratings,
        interviews,
        process,
        account=ACCOUNT,
        groups=groups,
        identities=set(identities),
        blind_folder=folder / "blind",
        code_book=folder / "named" / "code_book.csv",
        **options,
    )


def test_what_passes_is_coded_and_complete(tmp_path):
    ratings, interviews, groups = tables()
    seal = go(tmp_path, ratings, interviews, groups)
    scores = BlindScores.read(tmp_path / "blind")
    assert scores.seal == seal
    assert list(scores.ratings) == ["candidate", "assessor", "value", "rating", "kind", "panel", "day"]
    book = pd.read_csv(tmp_path / "named" / "code_book.csv")
    back = book[book["kind"] == "candidate"].set_index("code")["identifier"]
    returned = scores.ratings.assign(candidate_id=scores.ratings["candidate"].astype(str).map(back))
    key = ["candidate_id", "value", "rating"]
    returned["value"] = returned["value"].astype(str)
    expected = ratings[key].sort_values(key, ignore_index=True)
    pd.testing.assert_frame_equal(returned[key].sort_values(key, ignore_index=True), expected, check_dtype=False)
    assert scores.interviews["day"].min() == 1
    assert scores.interviews["day"].max() == 7


def test_who_lacks_a_rating_that_left_no_trace_stays_incomplete(tmp_path):
    """Both assessors' ratings count; one assessor's were lost altogether, and an exception says so."""
    ratings, interviews, groups = tables()
    lost = interviews["candidate_id"][7]
    ratings = ratings.drop(ratings[(ratings["candidate_id"] == lost) & (ratings["assessor_id"] == "Assessor Quill 7")].index)
    interviews.loc[7, "complete"] = False
    means = PROCESS.model_copy(update={"rule": Scoring(value_score="mean of independent ratings")})
    go(tmp_path, ratings, interviews, groups, process=means)
    scores = BlindScores.read(tmp_path / "blind")
    status = scores.rule.at(12).decide(scores.value_scores)["status"]
    assert (status == "incomplete").sum() == 1
    assert len(scores.ratings) == len(ratings)


def test_no_canary_survives_in_any_byte_of_the_blind_folder(tmp_path):
    go(tmp_path, *tables())
    for path in (tmp_path / "blind").iterdir():
        content = path.read_bytes().lower()
        for canary in (b"quill", b"zebediah", b"qf-", b"canary", b"borset", b"midsomer", b"female", b"somewhere"):
            assert canary not in content, path.name


def test_code_book_is_private_and_codes_are_opaque_and_sorted(tmp_path):
    go(tmp_path, *tables())
    book = tmp_path / "named" / "code_book.csv"
    assert stat.S_IMODE(book.stat().st_mode) == 0o600
    codes = BlindScores.read(tmp_path / "blind").interviews["candidate"].astype(str)
    assert codes.is_monotonic_increasing
    assert codes.is_unique
    assert not set("".join(codes.str[2:])) & set("AEIOU01" + string.ascii_lowercase)


def test_codes_are_fresh_each_time(tmp_path):
    go(tmp_path / "one", *tables())
    go(tmp_path / "two", *tables())
    one, two = (set(BlindScores.read(tmp_path / run / "blind").interviews["candidate"]) for run in ("one", "two"))
    assert len(one & two) < N / 4


def test_a_code_never_equals_an_identifier(tmp_path):
    ratings, interviews, groups = tables()

    def first_numbers(numbers, count):
        return list(numbers[:count])

    go(tmp_path / "before", ratings, interviews, groups, choose=first_numbers)
    codes = set(BlindScores.read(tmp_path / "before" / "blind").interviews["candidate"])
    go(tmp_path / "after", ratings, interviews, groups, identities={min(codes).casefold()}, choose=first_numbers)
    assert set(BlindScores.read(tmp_path / "after" / "blind").interviews["candidate"]) & codes == codes - {min(codes)}


PLANTED = {
    "name": lambda n: [f"Zebediah {i}" for i in range(n)],
    "ethnicity": lambda n: ["White"] * n,
    "heritage": lambda n: ["A", "B"] * (n // 2),  # a synonym
    "is_female": lambda n: [0, 1] * (n // 2),  # one-hot
    "x7": lambda n: [3, 8] * (n // 2),  # encoded
    "Rating ": lambda n: [1.0] * n,  # nearly a listed name
}


@pytest.mark.parametrize("column", PLANTED)
@pytest.mark.parametrize("table", ["ratings", "interviews"])
def test_a_planted_column_stops_the_door_whatever_it_is_called(tmp_path, column, table):
    ratings, interviews, groups = tables()
    planted = {"ratings": ratings, "interviews": interviews}
    planted[table] = planted[table].assign(**{column: PLANTED[column](len(planted[table]))})
    with pytest.raises(DisclosureError) as refusal:
        go(tmp_path, planted["ratings"], planted["interviews"], groups)
    assert refusal.value.exit_code == 13
    assert column not in str(refusal.value)
    assert not (tmp_path / "blind").exists()


@pytest.mark.parametrize("hidden_in", ["panel_id", "date", "assessor_id", "kind"])
@pytest.mark.parametrize("levels", ["as it is", "split finer"])
def test_a_characteristic_encoded_in_a_listed_column_stops_the_door(tmp_path, hidden_in, levels):
    ratings, interviews, groups = tables()
    sex = groups["monitoring"].set_index("candidate_id")["sex"].map({"female": 0, "male": 1})
    code = sex + (2 * (np.arange(N) % 3) if levels == "split finer" else 0)
    if hidden_in == "date":
        interviews["date"] = pd.to_datetime("2023-09-06") + pd.to_timedelta(code.to_numpy(), unit="D")
    elif hidden_in == "panel_id":
        interviews["panel_id"] = "P" + code.astype(str).to_numpy()
    elif hidden_in == "assessor_id":
        ratings["assessor_id"] = ratings["assessor_id"].str[-1] + ratings["candidate_id"].map(code).astype(str)
        ratings["assessor_id"] = (
            "A" + ratings["candidate_id"].map(code).astype(str) + ratings.groupby("candidate_id").cumcount().floordiv(4).astype(str)
        )
    else:
        ratings["kind"] = ratings["candidate_id"].map(sex).map({0: "independent", 1: "revised"})
    with pytest.raises(DisclosureError) as refusal:
        go(tmp_path, ratings, interviews, groups)
    assert "female" not in str(refusal.value)


@pytest.mark.parametrize(
    ("column", "cell"), [("value", "ethnicity"), ("kind", "female"), ("rating", 6.0), ("rating", 2.5), ("rating", float("nan"))]
)
def test_a_cell_that_the_definition_does_not_declare_stops_the_door(tmp_path, column, cell):
    ratings, interviews, groups = tables()
    ratings.loc[3, column] = cell
    with pytest.raises(DisclosureError):
        go(tmp_path, ratings, interviews, groups)


def test_chance_alone_does_not_stop_the_door(tmp_path):
    """Two hundred cohorts with characteristics drawn at random, one of them rare: none is mistaken for a copy."""
    ratings, interviews, groups = tables()
    for seed in range(200):
        draw = np.random.default_rng(seed)
        groups["monitoring"] = groups["monitoring"].assign(
            sex=draw.choice(["female", "male"], N), rare=draw.permutation(["yes"] * 5 + ["no"] * (N - 5))
        )
        firewall._no_grouping_copies(ratings, interviews, groups)


def test_a_changed_blind_folder_is_refused(tmp_path):
    go(tmp_path, *tables())
    account = tmp_path / "blind" / "account.json"
    account.write_text(account.read_text().replace("40", "41"))
    with pytest.raises(DisclosureError, match="does not match its seal"):
        BlindScores.read(tmp_path / "blind")


def test_a_smuggled_column_is_refused_even_under_a_new_seal(tmp_path):
    go(tmp_path, *tables())
    blind = tmp_path / "blind"
    pd.read_parquet(blind / "ratings.parquet").assign(sex="female").to_parquet(blind / "ratings.parquet")
    seal = json.loads((blind / "seal.json").read_text())
    from standardsetting.sealed import file_digest

    (blind / "seal.json").write_text(json.dumps({name: file_digest(blind / name) for name in seal}))
    with pytest.raises(DisclosureError, match="not on the allow-list"):
        BlindScores.read(blind)


def test_no_blind_folder_is_a_stage_not_reached(tmp_path):
    with pytest.raises(StageError, match="standardsetting close"):
        BlindScores.read(tmp_path)


# --- benchmark videos


def videos():
    """Three raters who also sat, one who only saw the video, and a reference score without a rater."""
    who = ["Assessor Quill 0", "Assessor Quill 3", "Assessor Quillon only", None]
    rows = [(f"Quillfeather film {v}", a, value, 3.0, "before" if a else "reference") for v in (1, 2) for a in who for value in VALUES]
    return pd.DataFrame(rows, columns=["video_id", "assessor_id", "value", "rating", "occasion"])


def test_benchmark_ratings_pass_with_the_assessors_own_codes(tmp_path):
    benchmark = videos()
    seal = go(tmp_path, *tables(), benchmark=benchmark)
    scores = BlindScores.read(tmp_path / "blind")
    assert scores.seal == seal
    assert list(scores.benchmark) == ["video", "assessor", "value", "rating", "occasion"]
    assert scores.benchmark["video"].astype(str).str.fullmatch("V-[2-9B-DF-HJ-NP-TV-XZ]{3}").all()
    book = pd.read_csv(tmp_path / "named" / "code_book.csv").set_index(["kind", "identifier"])["code"]
    both = book["assessor"]["Assessor Quill 3"]
    assert both in set(scores.ratings["assessor"]) and both in set(scores.benchmark["assessor"])
    only = book["assessor"]["Assessor Quillon only"]
    assert only not in set(scores.ratings["assessor"]) and (scores.benchmark["assessor"] == only).sum() == 8
    assert scores.benchmark["assessor"].isna().sum() == 8 == (scores.benchmark["occasion"] == "reference").sum()
    back = scores.benchmark.astype({"video": str, "assessor": object}).replace({"video": {c: i for i, c in book["video"].items()}})
    expected = benchmark.groupby(["video_id", "value"]).size()
    assert back.groupby(["video", "value"], observed=True).size().tolist() == expected.tolist()


def test_no_canary_survives_in_the_benchmark(tmp_path):
    go(tmp_path, *tables(), benchmark=videos())
    for path in (tmp_path / "blind").iterdir():
        content = path.read_bytes().lower()
        for canary in (b"quill", b"film", b"only"):
            assert canary not in content, path.name


def test_without_benchmark_the_folder_has_none(tmp_path):
    go(tmp_path, *tables())
    assert not (tmp_path / "blind" / "benchmark.parquet").exists()
    empty = BlindScores.read(tmp_path / "blind").benchmark
    assert empty.empty and list(empty) == ["video", "assessor", "value", "rating", "occasion"]


@pytest.mark.parametrize("column", [*PLANTED, "kind", "candidate_id"])
def test_a_planted_column_of_the_benchmark_stops_the_door(tmp_path, column):
    benchmark = videos()
    benchmark[column] = PLANTED.get(column, lambda n: ["QF-00001"] * n)(len(benchmark))
    with pytest.raises(DisclosureError) as refusal:
        go(tmp_path, *tables(), benchmark=benchmark)
    assert refusal.value.exit_code == 13 and column not in str(refusal.value) and "benchmark" in str(refusal.value)
    assert not (tmp_path / "blind").exists() and not (tmp_path / "named").exists()


@pytest.mark.parametrize(
    ("column", "cell"), [("value", "ethnicity"), ("occasion", "female"), ("rating", 6.0), ("rating", 2.5), ("rating", float("nan"))]
)
def test_an_undeclared_cell_of_the_benchmark_stops_the_door(tmp_path, column, cell):
    benchmark = videos()
    benchmark.loc[3, column] = cell
    with pytest.raises(DisclosureError, match="benchmark") as refusal:
        go(tmp_path, *tables(), benchmark=benchmark)
    assert str(cell) not in str(refusal.value)
    assert not (tmp_path / "blind").exists()


def test_a_benchmark_that_is_changed_smuggled_or_unsealed_is_not_used(tmp_path):
    from standardsetting.sealed import file_digest

    go(tmp_path, *tables(), benchmark=videos())
    blind = tmp_path / "blind"
    pd.read_parquet(blind / "benchmark.parquet").assign(sex="female").to_parquet(blind / "benchmark.parquet")
    with pytest.raises(DisclosureError, match="does not match its seal"):
        BlindScores.read(blind)
    seal = json.loads((blind / "seal.json").read_text())
    (blind / "seal.json").write_text(json.dumps({name: file_digest(blind / name) for name in seal}))
    with pytest.raises(DisclosureError, match="not on the allow-list"):
        BlindScores.read(blind)
    del seal["benchmark.parquet"]
    (blind / "seal.json").write_text(json.dumps(seal))
    assert BlindScores.read(blind).benchmark.empty


def test_closing_takes_the_benchmark_through_the_door(tmp_path):
    from datetime import UTC, datetime

    from standardsetting.named.close import close
    from standardsetting.simulate import folder
    from standardsetting.stages import BLIND

    folder.write(tmp_path / "process", n=30, seed=3)
    close(Process.load(tmp_path / "process"), tmp_path / "process", when=datetime(2023, 10, 1, tzinfo=UTC))
    scores = BlindScores.read(tmp_path / "process" / BLIND)
    assert set(scores.benchmark["occasion"]) == {"before", "after", "reference"}
    assert set(scores.ratings["assessor"].dropna()) <= set(scores.benchmark["assessor"].dropna())
    assert scores.benchmark.groupby("occasion", observed=True)["video"].nunique().eq(3).all()
