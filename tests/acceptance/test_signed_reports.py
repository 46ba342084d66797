"""What is released is what was held and looked at, byte for byte; killed at any instant; and figures told elsewhere are withdrawn."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from standardsetting import records, releasing
from standardsetting.cohort.snapshot import CohortSnapshot
from standardsetting.errors import StageError
from standardsetting.linkage import latest
from standardsetting.process import Process
from standardsetting.reporting import manifest, publish
from standardsetting.sealed import file_digest
from standardsetting.verify import verify

# The people and the process of the tests beside this file.
_spec = importlib.util.spec_from_file_location("group_reports", Path(__file__).with_name("test_group_reports.py"))
assert _spec is not None and _spec.loader is not None
_beside = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_beside)
DECIDE, PEOPLE, copied, kinds, process_of, say, tables = (
    _beside.DECIDE, _beside.PEOPLE, _beside.copied, _beside.kinds, _beside.process_of, _beside.say, _beside.tables,
)  # fmt: skip
RELEASE = ("release", "cohort-diversity", "process", *PEOPLE)
SIGNED = {"prepared_by": "Ada One", "signed_by": "Bo Two"}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a closed and decided process, as the command line makes it."""
    where = tmp_path_factory.mktemp("signed")
    folder = process_of(where / "process", tables(300))
    for words in (("close", folder), ("pack", folder), ("decide", folder, "--cut", "14", *DECIDE)):
        assert say(where, *words).code == 0
    return where


@pytest.fixture(scope="module")
def early(base: Path) -> SimpleNamespace:
    """Somebody releases what nobody has looked at."""
    return SimpleNamespace(done=say(base, *RELEASE), kinds=kinds(base / "process"), published=runs(base / "reports"))


@pytest.fixture(scope="module")
def held(base: Path, early: SimpleNamespace) -> Path:
    done = say(base, "report", "cohort-diversity", "process", "--json")
    assert done.code == 0, done.all
    return base / str(done.record["folder"])


def content(run: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in run.iterdir()}


def runs(reports: Path) -> list[str]:
    """The published reports about groups."""
    return [run for run in _beside.runs(reports) if run.startswith("cohort-diversity")]


def released(folder: Path) -> list[records.Record]:
    return [record for record in records.read(folder) if record.kind == "disclosure release"]


def test_nothing_is_released_that_nobody_could_have_looked_at(early: SimpleNamespace) -> None:
    assert early.done.code == 12 and "standardsetting report cohort-diversity process --tier director" in early.done.err
    assert "disclosure release" not in early.kinds and not early.published


def test_a_held_report_that_was_changed_is_not_released(base: Path, held: Path, tmp_path: Path) -> None:
    root = copied(base, tmp_path / "copy")
    folder, run = root / "process", root / held.relative_to(base)
    page, signed, journal = run / "cohort-diversity.html", run / "manifest.json", run.parent / publish.JOURNAL_FILE
    whole = {file: file.read_bytes() for file in (page, signed, journal)}

    def rewritten() -> None:
        """A page with a manifest to match, as somebody would make who knows manifests."""
        page.write_bytes(whole[page] + b" ")
        listed = manifest.read(run)
        manifest.write(run, {k: v for k, v in listed.items() if k not in ("schema", "software", "versions", "outputs")})

    for change in (lambda: page.write_bytes(whole[page] + b" "), page.unlink, rewritten, journal.unlink):
        change()
        with pytest.raises(StageError) as refused:
            releasing.release("cohort-diversity", Process.load(folder), folder, **SIGNED, reports=root / "reports")
        assert "standardsetting report" in refused.value.next_step and not released(folder) and not runs(root / "reports")
        for file, old in whole.items():
            file.write_bytes(old)
    assert releasing.release("cohort-diversity", Process.load(folder), folder, **SIGNED, reports=root / "reports")


def test_what_the_ledger_learnt_since_has_to_be_looked_at_first(base: Path, held: Path, tmp_path: Path) -> None:
    root = copied(base, tmp_path / "copy")
    folder = root / "process"
    people = CohortSnapshot.read(latest(folder)).people  # type: ignore[arg-type]
    women = people[people["sex"] == "female"]
    passed = int((women["stage_met_standard"] == "passed").sum())
    line = ("--characteristic", "sex", "--group", "Female", "--stage", "met_standard", "--count", "passed", "--source", "Courier")
    press = ("told", "process", *line, "--text", "Words.", "--by", "Ada One", "--low", passed, "--high", passed, "--json")
    entered = say(root, *press)
    assert entered.code == 0 and entered.record["record"] == len(kinds(folder)), entered.all
    refused = say(root, *RELEASE)
    assert refused.code in (12, 13), refused.all  # what was held says more than may be said now, or nothing may be said at all
    assert not released(folder) and not runs(root / "reports")
    number = entered.record["record"]
    again = ("told", "process", "--withdraw", number, "--reason", "Mistyped.", "--by", "Ada One")
    assert say(root, *again).code == 2 and say(root, *again, "--by", "ada one").code == 2
    gone = say(root, *again, "--by", "Bo Two", "--json")
    assert gone.code == 0 and gone.record["withdrawn"] == number and kinds(folder)[-2:] == [
        "disclosure statement", "disclosure statement withdrawn"
    ], gone.all  # fmt: skip
    assert say(root, *again, "--by", "Bo Two").code == 2
    assert say(root, *RELEASE).code == 0  # the report that was held says again what may be said
    assert released(folder) and verify(Process.load(folder), folder, root / "reports" / "groups").problems == ()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--by", "A"), "--characteristic, --group, --stage, --count, --low, --high, --source, --text are needed too"),
        (("--withdraw", 3), "--reason, --by are needed too"),
        (("--withdraw", 3, "--reason", "Mistyped.", "--by", "A", "--by", "B", "--low", 4), "--low is not wanted"),
        (("--reason", "Mistyped.", "--by", "A"), "are needed too"),
        (("--withdraw", 1, "--reason", "Mistyped.", "--by", "A", "--by", "B"), "not a figure that was entered with told"),
    ],
)
def test_told_says_which_options_belong_together(base: Path, words: tuple[Any, ...], said: str) -> None:
    before = kinds(base / "process")
    done = say(base, "told", "process", *words)
    assert done.code == 2 and said in done.err and kinds(base / "process") == before


def _killed_at(instant: int, act: Any) -> bool:
    """Do something in a process of its own that is killed at its n-th change of the disk; whether it was killed."""
    child = os.fork()
    if not child:
        left = [instant]

        def hook(event: str, words: tuple[Any, ...]) -> None:
            writes = event == "open" and isinstance(words[2], int) and words[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            if writes or event in ("os.rename", "os.mkdir", "os.symlink", "os.remove"):
                left[0] -= 1
                if left[0] < 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        signal.alarm(60)  # a child that hangs is no child that was killed
        try:
            sys.addaudithook(hook)
            act()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    assert not os.WIFSIGNALED(status) or os.WTERMSIG(status) == signal.SIGKILL
    return os.WIFSIGNALED(status)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killed_at_any_instant_a_release_is_whole_or_the_next_call_finishes_it(
    base: Path, held: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed, outcomes = content(held), set()
    # What is prepared is the same each time, and slow: it is prepared once here and killed elsewhere.
    prepared = releasing._prepare("cohort-diversity", Process.load(base / "process"), base / "process", tier="director", milestone=None)
    monkeypatch.setattr(releasing, "_prepare", lambda *_, **__: prepared)
    for instant in range(200):
        root = copied(base, tmp_path / "copy")
        folder, reports = root / "process", root / "reports"
        process = Process.load(folder)

        def act(process: Process = process, folder: Path = folder, reports: Path = reports) -> Any:
            return releasing.release("cohort-diversity", process, folder, **SIGNED, reports=reports)

        killed = _killed_at(instant, act)
        there = runs(reports)
        assert records.inspect(folder)[1] == () and (not there or released(folder))
        assert all(content(reports / "groups" / run) == signed for run in there)
        outcomes.add((bool(released(folder)), bool(there)))
        result, _ = act()
        assert content(result.folder) == signed and publish.whole(result.folder) and not list(result.folder.parent.glob(".staging-*"))
        assert publish.pointed(result.folder.parent, "cohort-diversity") == held.name
        assert len(released(folder)) == 1 and verify(process, folder, reports / "groups").problems == ()
        shutil.rmtree(root)
        if not killed:
            break
    assert not killed and instant > 10
    assert outcomes == {(False, False), (True, False), (True, True)}


def test_another_recipient_gets_the_report_that_was_released(base: Path, held: Path, tmp_path: Path) -> None:
    """Nobody has to make it again, and what is held by then does not matter."""
    root = copied(base, tmp_path / "copy")
    folder, reports = root / "process", root / "reports"
    process = Process.load(folder)
    first, _ = releasing.release("cohort-diversity", process, folder, **SIGNED, reports=reports)
    shutil.rmtree(root / held.relative_to(base))
    second, _ = releasing.release("cohort-diversity", process, folder, **SIGNED, reports=reports, recipients=["the union"])
    assert second.already_done and second.folder == first.folder
    told = [(record.body["recipients"], record.body["report"]["manifest"]) for record in released(folder)]
    sha256 = file_digest(first.folder / manifest.MANIFEST_FILE)
    assert told == [(["assessment director"], sha256), (["the union"], sha256)]


def test_verify_finds_a_report_that_nobody_released_and_one_that_is_gone(base: Path, held: Path, tmp_path: Path) -> None:
    root = copied(base, tmp_path / "copy")
    folder, reports = root / "process", root / "reports" / "groups"
    process = Process.load(folder)
    # Put among the published reports by hand, with a line in the journal that looks right.
    shutil.copytree(held, reports / held.name)
    sha256 = file_digest(held / manifest.MANIFEST_FILE)
    publish.note(reports, publish.entry("cohort-diversity", held.name, "published", None, manifest=sha256))
    assert [p for p in verify(process, folder, reports).problems if "no record of the ledger released it" in p]
    releasing.release("cohort-diversity", process, folder, **SIGNED, reports=root / "reports")
    assert verify(process, folder, reports).problems == ()
    shutil.rmtree(reports / held.name)
    assert [p for p in verify(process, folder, reports).problems if "does not lie there" in p]
