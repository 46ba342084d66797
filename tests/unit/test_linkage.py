"""The second door: what opens it, what passes, what stops it, and what cannot be found on the other side."""

from __future__ import annotations

import ast
import dataclasses
import json
import shutil
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from standardsetting import BlindScores, Process, linkage, records
from standardsetting.blind.decide import seal_standard
from standardsetting.cohort.snapshot import ABOUT, PEOPLE, RATINGS, CohortSnapshot
from standardsetting.early_access import grant
from standardsetting.errors import DisclosureError, StageError, UsageError, WorkbenchError
from standardsetting.named.close import close
from standardsetting.named.snapshot import take
from standardsetting.sealed import SEAL, seal

NOW = datetime(2023, 12, 1, 12, 0, tzinfo=UTC)
PACKAGE = Path(linkage.__file__).parents[1]
EVIDENCE = {"run": "r", "manifest": "m"}
TWO = ["Ada Firstperson", "Bo Secondperson"]
_MADE: dict[str, Path] = {}


def decide(folder: Path, **more: Any) -> None:
    given = {"cut": 14, "rationale": "Because.", "by": ["A. Director"], "evidence": EVIDENCE, "when": NOW} | more
    seal_standard(BlindScores.read(folder / "closing" / "blind"), folder, **given)


@pytest.fixture
def process_folder(small_process, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """`process_folder("open" | "closed" | "decided")`: a copy of the small process at that stage."""

    def make(stage: str) -> Path:
        if stage not in _MADE:
            tables = small_process.tables
            tables["monitoring"]["sex"] = ["Female", "Male"] * 6
            tables["candidates"]["previous_attempts"] = ["0", "1", "2", "3"] * 3
            small_process.folder = tmp_path_factory.mktemp(stage) / "process"
            small_process.write()
            folder = small_process.folder
            if stage != "open":
                close(Process.load(folder), folder, when=NOW)
            if stage == "decided":
                decide(folder)
            _MADE[stage] = folder
        return shutil.copytree(_MADE[stage], tmp_path_factory.mktemp("copy") / "process")

    return make


def look(folder: Path, **options: Any) -> CohortSnapshot:
    return CohortSnapshot.read(take(Process.load(folder), folder, when=NOW, **options).folder)


def refused(folder: Path) -> WorkbenchError:
    """Taking a snapshot is refused, and leaves neither a snapshot nor a record."""
    before = (folder / "records" / "ledger.jsonl").read_bytes() if (folder / "records").exists() else b""
    with pytest.raises(WorkbenchError) as error:
        take(Process.load(folder), folder, when=NOW)
    assert not list((folder / "cohort").glob("*")) if (folder / "cohort").exists() else True
    assert ((folder / "records" / "ledger.jsonl").read_bytes() if (folder / "records").exists() else b"") == before
    return error.value


@pytest.mark.parametrize("stage", ["open", "closed"])
def test_nothing_opens_before_a_standard_is_recorded(process_folder, stage: str) -> None:
    error = refused(process_folder(stage))
    assert error.exit_code == 12 and "once the standard is recorded" in error.message


def _edit_ledger(folder: Path) -> None:
    ledger = folder / "records" / "ledger.jsonl"
    ledger.write_text(ledger.read_text(encoding="utf-8").replace("Because.", "Becausf."), encoding="utf-8")


def _cut_ledger(folder: Path) -> None:
    ledger = folder / "records" / "ledger.jsonl"
    ledger.write_text("\n".join(ledger.read_text(encoding="utf-8").splitlines()[1:]) + "\n", encoding="utf-8")


def _other_scores(folder: Path) -> None:
    """A blind folder sealed anew over other ratings."""
    blind = folder / "closing" / "blind"
    ratings = pd.read_parquet(blind / "ratings.parquet")
    ratings.assign(rating=5.0).to_parquet(blind / "ratings.parquet", index=False)
    seal(blind, json.loads((blind / SEAL).read_text(encoding="utf-8")))


def _append(path: str) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        with (folder / path).open("ab") as stream:
            stream.write(b" ")

    return spoil


def _other_rule(folder: Path) -> None:
    definition = folder / "process.toml"
    definition.write_text(definition.read_text(encoding="utf-8").replace("hurdle = 3", "hurdle = 2", 1), encoding="utf-8")


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (_edit_ledger, 12),
        (_cut_ledger, 12),
        (_other_scores, 12),
        (_append("closing/blind/ratings.parquet"), 13),
        (_append("closing/blind/definition.json"), 13),
        (lambda folder: shutil.rmtree(folder / "closing" / "blind"), 12),
        (_append("closing/named/inputs/candidates.csv"), 12),
        (_append("closing/named/code_book.csv"), 12),
        (lambda folder: (folder / "closing" / "named" / "code_book.csv").unlink(), 12),
        (_other_rule, 12),
    ],
)
def test_what_does_not_verify_opens_nothing(process_folder, spoil: Callable[[Path], None], code: int) -> None:
    folder = process_folder("decided")
    look(process_folder("decided"))  # the same process, untouched, opens
    spoil(folder)
    assert refused(folder).exit_code == code


def test_the_door_itself_looks_at_the_hashes_whoever_calls_it(process_folder) -> None:
    folder = process_folder("decided")
    standard = records.latest(folder, "standard")
    assert standard is not None and linkage.opening(folder).record == standard.hash
    for part, told in (("blind_seal", "not those that the standard was set on"), ("rule_hash", "that the standard was set under")):
        other = shutil.copytree(folder, folder.with_name(part))
        records.append(other, "standard", {**standard.body, part: "0" * 64}, when=NOW)
        with pytest.raises(StageError, match=told):
            linkage.opening(other)
    _other_scores(folder)
    with pytest.raises(StageError, match="not those that the standard was set on"):
        linkage.opening(folder)


@pytest.mark.parametrize("stage", ["open", "closed"])
def test_early_access_shows_no_score_and_is_written_down(process_folder, stage: str) -> None:
    folder = process_folder(stage)
    granted = grant(folder, by=TWO, reason="The union asks about the sift.", when=NOW)
    snapshot = look(folder)
    assert [stage.name for stage in snapshot.stages] == ["applied", "eligible", "interviewed"]
    assert snapshot.standard is None and snapshot.early_access == granted and snapshot.ratings.empty
    assert not [c for c in snapshot.people if c.startswith(("score_", "hurdle_", "total", "status", "reason", "panel", "day"))]
    assert snapshot.people["stage_interviewed"].value_counts().to_dict()["passed"] == 11
    assert [event.kind for event in snapshot.sequence] == ["early access"]
    if stage == "closed":
        decide(folder)
        after = look(folder)
        assert after.early_access is None and after.standard is not None and "total" in after.people
        assert [event.kind for event in after.sequence] == ["early access", "cohort snapshot", "standard"]
        assert linkage.latest(folder) == folder / "cohort" / "pool-02" and linkage.latest(folder, "eligibility") is None


def everything(folder: Path) -> str:
    """Every text in a snapshot folder: names, columns, cells and metadata of tables, and the description; casefolded."""
    import pyarrow.parquet as pq

    parts = [file.name for file in folder.iterdir()] + [(folder / ABOUT).read_text(encoding="utf-8")]
    for name in (PEOPLE, RATINGS):
        table = pd.read_parquet(folder / name)
        parts += [*map(str, table.columns), *(str(cell) for column in table for cell in table[column].unique())]
        parts.append(str(pq.read_schema(folder / name).metadata))
    return "\n".join(parts).casefold()


def test_nobody_can_be_found_on_the_other_side(process_folder, small_process) -> None:
    folder = process_folder("decided")
    place = take(Process.load(folder), folder, when=NOW).folder
    said = everything(place)
    people = small_process.canaries() - {"womanly", "manly"} | {"monkey", "qxcand", "assquux", "panelquux", "marshbank", "hawthorn"}
    assert not [canary for canary in people if canary in said]
    blind = BlindScores.read(folder / "closing" / "blind")
    codes = {*blind.ratings["candidate"], *blind.ratings["assessor"].dropna(), *blind.interviews["panel"].dropna()}
    assert codes and not [code for code in codes if str(code).casefold() in said]
    # The guard sees what it looks for.
    frame = pd.read_parquet(place / PEOPLE)
    frame.rename(columns={"sex": "Zebediah"}).to_parquet(place / PEOPLE, index=False)
    assert "zebediah" in everything(place)


def test_people_come_in_an_order_of_content_whatever_the_order_of_the_tables(process_folder) -> None:
    first, second = process_folder("decided"), process_folder("decided")
    monitoring = pd.read_csv(second / "monitoring.csv", dtype=str)
    monitoring.iloc[::-1].to_csv(second / "monitoring.csv", index=False)
    one, other = look(first), look(second)
    free = [column for column in one.people if column != "panel"]
    pd.testing.assert_frame_equal(one.people[free], other.people[free])
    assert not one.people["panel"].equals(other.people["panel"]), "codes are drawn anew for each snapshot"
    # Ratings point at the person they belong to: the agreed score of each value is the value score.
    agreed = one.ratings[one.ratings["kind"] == "agreed"].pivot(index="person", columns="value", values="rating")
    for value in agreed:
        assert agreed[value].equals(one.people.loc[agreed.index, f"score_{value}"].rename(value).rename_axis("person"))
    assert (one.ratings["panel"] == one.ratings["person"].map(one.people["panel"])).all()


def test_the_folder_is_for_its_owner_alone_and_the_ledger_knows_it(process_folder) -> None:
    folder = process_folder("decided")
    taken = take(Process.load(folder), folder, when=NOW)
    assert stat.S_IMODE(taken.folder.stat().st_mode) == stat.S_IMODE(taken.folder.parent.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in taken.folder.iterdir()} == {0o600}
    record = records.latest(folder, "cohort snapshot")
    standard = records.latest(folder, "standard")
    assert record is not None and standard is not None
    assert (record.body["milestone"], record.body["folder"], record.body["seal"]) == ("pool", "pool-01", taken.seal)
    assert record.body["opened_by"] == standard.hash and record.body["cohort_hash"] == Process.load(folder).cohort_hash
    assert record.body["inputs"]["monitoring"]["rows"] == 12 and len(record.body["inputs"]["code list sex"]["sha256"]) == 64


def handed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """What the named zone hands over, to be changed and handed over again."""
    kept: dict[str, Any] = {}
    with monkeypatch.context() as patched:
        patched.setattr(linkage, "pass_through", lambda handed, *args, **options: kept.update(handed=handed, args=args, options=options))
        with pytest.raises(AttributeError):
            take(Process.load(folder), folder, when=NOW)

    def again(change: Callable[[pd.DataFrame], pd.DataFrame], **more: Any) -> Any:
        changed = dataclasses.replace(kept["handed"], people=change(kept["handed"].people.copy()))
        return linkage.pass_through(changed, *kept["args"], **kept["options"] | more)

    return again


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda people: people.assign(name="Zebediah Quillfeather"), "not on the allow-list"),
        (lambda people: people.assign(force="Borsetshire"), "not on the allow-list"),
        (lambda people: people.assign(sex_female=1.0), "not on the allow-list"),
        (lambda people: people.assign(date_of_birth="1993-06-16"), "not on the allow-list"),
        (lambda people: people.assign(age_band="Zebediah"), "not on the allow-list"),
        (lambda people: people.assign(sex="Zebediah"), "that nothing declares"),
        (lambda people: people.assign(reason_not_eligible="Zebediah"), "that nothing declares"),
        (lambda people: people.assign(workshop_arm="Zebediah"), "that nothing declares"),
        (lambda people: people.assign(workshop_invited="Zebediah"), "that nothing declares"),
        (lambda people: people.assign(stage_eligible="Zebediah"), "that nothing declares"),
        (lambda people: people.assign(length_of_service="Zebediah"), "that nothing declares|could identify"),
        (lambda people: people.assign(previous_attempts=[float(i) for i in range(len(people))]), "could identify somebody"),
    ],
)
def test_what_is_not_declared_stops_the_door(process_folder, monkeypatch, change: Callable[..., Any], told: str) -> None:
    folder = process_folder("decided")
    again = handed(folder, monkeypatch)
    with pytest.raises(DisclosureError, match=told) as error:
        again(change)
    assert "zebediah" not in str(error.value).casefold() and not (folder / "cohort").exists()
    assert again(lambda people: people).folder.is_dir()


def test_interviewed_people_who_are_not_those_of_the_scores_stop_the_door(process_folder, monkeypatch) -> None:
    again = handed(process_folder("decided"), monkeypatch)

    def one_less(people: pd.DataFrame) -> pd.DataFrame:
        people.loc[0, "stage_interviewed"] = "withdrawn"
        return people

    with pytest.raises(StageError, match="are not those whose scores"):
        again(one_less)


def test_a_snapshot_that_was_changed_is_not_read(process_folder) -> None:
    folder = process_folder("decided")
    taken = take(Process.load(folder), folder, when=NOW)
    assert linkage.problems(folder) == ()
    people = pd.read_parquet(taken.folder / PEOPLE)
    people.assign(name="x").to_parquet(taken.folder / PEOPLE, index=False)
    with pytest.raises(DisclosureError, match="does not match its seal"):
        CohortSnapshot.read(taken.folder)
    seal(taken.folder, (PEOPLE, RATINGS, ABOUT))
    with pytest.raises(DisclosureError, match="not on the allow-list"):
        CohortSnapshot.read(taken.folder)
    people.to_parquet(taken.folder / PEOPLE, index=False)
    (taken.folder / ABOUT).write_text((taken.folder / ABOUT).read_text(encoding="utf-8") + " ", encoding="utf-8")
    seal(taken.folder, (PEOPLE, RATINGS, ABOUT))
    assert linkage.problems(folder) == ("Record 3: the cohort snapshot was sealed anew after it was made.",)
    with pytest.raises(DisclosureError, match="sealed anew"):
        take(Process.load(folder), folder, when=NOW)
    shutil.rmtree(taken.folder)  # deleted when its time has come
    assert linkage.problems(folder) == () and take(Process.load(folder), folder, when=NOW).folder.name == "pool-02"
    with pytest.raises(StageError, match="there is none"):
        CohortSnapshot.read(taken.folder)


def test_what_an_interrupted_run_left_behind_is_removed_and_nothing_else(process_folder, monkeypatch) -> None:
    folder = process_folder("decided")
    monkeypatch.setattr(records, "append", lambda *args, **options: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        take(Process.load(folder), folder, when=NOW)
    monkeypatch.undo()
    (folder / "cohort" / ".making-1").mkdir()
    (folder / "cohort" / "notes").mkdir()
    assert sorted(place.name for place in (folder / "cohort").iterdir()) == [".making-1", "notes", "pool-01"]
    assert linkage.latest(folder) is None
    first = take(Process.load(folder), folder, when=NOW)
    assert sorted(place.name for place in (folder / "cohort").iterdir()) == ["notes", "pool-01"] and not first.already_done


def test_a_change_of_the_standard_after_the_cohort_was_seen_needs_legal_sign_off(process_folder) -> None:
    folder = process_folder("decided")
    decide(folder, cut=15, change_reason="A slip of the pen.")  # nobody has looked yet
    look(folder)
    with pytest.raises(UsageError, match="legal sign-off"):
        decide(folder, cut=16, change_reason="We changed our minds.")
    with pytest.raises(UsageError, match="legal sign-off"):
        decide(folder, cut=16, change_reason="We changed our minds.", legal_sign_off="  ")
    decide(folder, cut=15)  # the same decision again is no change
    decide(folder, cut=16, change_reason="An appeal was upheld.", legal_sign_off="L. Counsel")
    snapshot = look(folder)
    assert snapshot.standard is not None
    assert (snapshot.standard.cut, snapshot.standard.legal_sign_off) == ("16", "L. Counsel")
    assert [event.kind for event in snapshot.sequence] == ["standard", "standard", "cohort snapshot", "standard"]
    assert snapshot.sequence[-1].sentence == (
        "The minimum acceptable standard was recorded as a total of 16. It replaces an earlier record. Reason: An appeal was upheld. "
        "Legal sign-off: L. Counsel."
    )


def test_only_the_second_door_writes_snapshots_and_only_reading_makes_one() -> None:
    made, written, recorded = set(), set(), set()
    for path in PACKAGE.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "CohortSnapshot":
                made.add(path.name)
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("append") and "SNAPSHOT_RECORD" in ast.unparse(node):
                recorded.add(path.name)
        written |= {path.name} if "held.PEOPLE, index=False" in text else set()
    assert made == set()  # `cls(...)` in CohortSnapshot.read is the one place
    assert written == recorded == {"door.py"}
