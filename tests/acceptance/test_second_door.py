"""The second door by the command line: early access, the order of things, and a canary in every corner of the inputs."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from standardsetting import Process
from standardsetting.cohort.snapshot import CohortSnapshot
from standardsetting.errors import StageError
from standardsetting.linkage import latest
from standardsetting.named.snapshot import take
from standardsetting.publishing import now_in

# The groups of the canary process are words that no real list has: it brings its own.
LISTS = {
    "sex": ("womanly", "manly"),
    "ethnicity_5": ("Canarian", "Atlantean"),
    "disability": ("wheelchairish", "able-bodied"),
}
_LIST = """
name = "{name}"
title = "{name}"
version = "1"
date = 2023-01-01
source = "Invented"
[[levels]]
name = "{name}"
title = "{name}"
"""


def with_lists(folder: Path) -> None:
    section = '\n[cohort]\ntables = [["sex"]]\nprimary_family = [{ level = "sex" }]\n'
    for name, (first, second) in LISTS.items():
        codes = "".join(
            f'[[levels.codes]]\ncode = "g{place}"\nlabel = "Group {place}"\nalso = ["{word}"]\n'
            for place, word in enumerate((first, second), start=1)
        )
        (folder / f"{name}.toml").write_text(_LIST.format(name=name) + codes, encoding="utf-8")
        section += f'[[cohort.characteristics]]\nname = "{name}"\nlist = "{name}.toml"\ncomparator = {{ {name} = "g2" }}\n'
    definition = folder / "process.toml"
    definition.write_text(definition.read_text(encoding="utf-8") + section, encoding="utf-8")
    monitoring = pd.read_csv(folder / "monitoring.csv", dtype=str, keep_default_na=False)
    monitoring.replace({"disability": {"none": "able-bodied"}}).to_csv(folder / "monitoring.csv", index=False)


def look(folder: Path) -> CohortSnapshot:
    process = Process.load(folder)
    return CohortSnapshot.read(take(process, folder, when=now_in(process)).folder)


@pytest.fixture
def folder(canary_process) -> Path:
    made = canary_process()
    with_lists(made)
    return made


def test_from_an_open_process_to_a_changed_standard(folder: Path, command, canaries) -> None:
    with pytest.raises(StageError):
        look(folder)
    alone = command("early-access", folder, "--by", "Ada One", "--reason", "The union asks about the sift.")
    same = command("early-access", folder, "--by", "Ada One", "--by", "ada one", "--reason", "The union asks about the sift.")
    assert (alone.code, same.code) == (2, 2) and not (folder / "records").exists()
    opened = command(
        "early-access", folder, "--by", "Ada One", "--by", "Bo Two", "--reason", "The union asks about the sift.", "--json"
    )  # fmt: skip
    assert opened.code == 0 and opened.record["by"] == ["Ada One", "Bo Two"] and opened.record["stage"] == "open"
    early = look(folder)
    assert early.early_access is not None and early.standard is None and "total" not in early.people

    assert command("close", folder).code == 0
    assert command("pack", folder).code == 0
    decided = ["decide", folder, "--rationale", "x", "--by", "y"]
    assert command(*decided, "--cut", "14").code == 0
    late = command("early-access", folder, "--by", "Ada One", "--by", "Bo Two", "--reason", "The union asks again now.")
    assert late.code == 12
    snapshot = look(folder)
    assert snapshot.early_access is None and snapshot.standard is not None and snapshot.standard.cut == "14"
    assert len(snapshot.people) == 60 and snapshot.people["total"].notna().sum() == 59

    unsigned = command(*decided, "--cut", "15", "--change-reason", "A second thought.")
    assert unsigned.code == 2 and "--legal-sign-off" in unsigned.err
    assert command(*decided, "--cut", "15", "--change-reason", "An appeal.", "--legal-sign-off", "L. Counsel").code == 0
    after = look(folder)
    assert [event.kind for event in after.sequence] == ["early access", "cohort snapshot", "standard", "cohort snapshot", "standard"]
    assert "Legal sign-off: L. Counsel." in after.sequence[-1].sentence
    assert command("verify", folder).code == 0

    # Nobody and nothing of the named zone is on the other side, in any of the three snapshots.
    for place in (folder / "cohort").iterdir():
        said = (place / "snapshot.json").read_text(encoding="utf-8").casefold()
        for name in ("people.parquet", "ratings.parquet"):
            table = pd.read_parquet(place / name)
            said += " ".join([*map(str, table.columns), *(str(cell) for column in table for cell in table[column].unique())]).casefold()
        assert not [canary for canary in canaries if canary in said]
        assert "g1" in said


def test_a_tampered_ledger_or_blind_folder_is_refused(folder: Path, command) -> None:
    assert command("close", folder).code == 0 and command("pack", folder).code == 0
    assert command("decide", folder, "--cut", "14", "--rationale", "x", "--by", "y").code == 0
    ledger, ratings = folder / "records" / "ledger.jsonl", folder / "closing" / "blind" / "ratings.parquet"
    for file, code in ((ledger, 12), (ratings, 13)):
        whole = file.read_bytes()
        file.write_bytes(whole.replace(b'"cut":"14"', b'"cut":"12"') if file is ledger else whole + b" ")
        with pytest.raises(Exception) as refused:
            look(folder)
        assert refused.value.exit_code == code and not (folder / "cohort").exists()  # type: ignore[attr-defined]
        file.write_bytes(whole)
    assert look(folder).people["stage_applied"].eq("passed").all() and latest(folder) is not None


def test_check_tells_what_a_snapshot_would_refuse_and_closing_does_not_mind(folder: Path, command, canaries) -> None:
    monitoring = pd.read_csv(folder / "monitoring.csv", dtype=str, keep_default_na=False)
    monitoring.loc[3, "sex"] = "Zebediah"
    monitoring.to_csv(folder / "monitoring.csv", index=False)
    checked = command("check", folder)
    assert checked.code == 0 and "column sex, row 5: A group of the code list sex, 1, was expected" in checked.out
    assert not [canary for canary in canaries if canary in checked.out.casefold()]
    told = json.loads(command("check", folder, "--json").out)["before_cohort_reports"]
    assert [(one["table"], one["column"], one["rows"]) for one in told] == [("monitoring", "sex", [5])]
    assert command("close", folder).code == 0
