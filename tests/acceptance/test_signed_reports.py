"""What is released is what was held and looked at, byte for byte; killed at any instant; and figures told elsewhere are withdrawn."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from standardsetting import preparing, records, releasing
from standardsetting.cohort.snapshot import CohortSnapshot
from standardsetting.disclosure import releases
from standardsetting.errors import DisclosureError, PublishingError, StageError
from standardsetting.linkage import latest
from standardsetting.process import Process
from standardsetting.reporting import manifest, publish
from standardsetting.sealed import SEAL, file_digest, seal
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
# The ledger as it was before the report was held: what a run leaves that was killed between the report and its record.
BEFORE = "ledger-before.jsonl"
COURIER = ("--characteristic", "sex", "--group", "Female", "--stage", "posted", "--count", "passed", "--low", 40, "--high", 40)
SIGNED: dict[str, Any] = {"prepared_by": "Ada One", "signed_by": "Bo Two"}


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
    shutil.copy(base / "process" / records.LEDGER, base / BEFORE)
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


def rewrite(run: Path, words: str = "Only 4 of the 9 met the standard.") -> str:
    """Change a page, with a manifest to match, as somebody would who knows manifests; returns the hash of that manifest."""
    page = run / "cohort-diversity.html"
    page.write_text(page.read_text(encoding="utf-8") + words, encoding="utf-8")
    listed = manifest.read(run)
    return manifest.write(run, {k: v for k, v in listed.items() if k not in ("schema", "software", "versions", "outputs")})


def release_of(root: Path, **more: Any) -> Any:
    folder = root / "process"
    return releasing.release("cohort-diversity", Process.load(folder), folder, **{**SIGNED, "reports": root / "reports", **more})


def test_a_held_report_that_was_changed_is_not_released(base: Path, held: Path, tmp_path: Path) -> None:
    root = copied(base, tmp_path / "copy")
    folder, run = root / "process", root / held.relative_to(base)
    page, journal = run / "cohort-diversity.html", run.parent / publish.JOURNAL_FILE
    whole = {file: file.read_bytes() for file in (page, run / "manifest.json", journal)}

    def noted() -> None:
        """Whatever stands beside the report agrees with the change."""
        publish.note(run.parent, publish.entry("cohort-diversity", run.name, "published", None, manifest=rewrite(run)))

    for change in (lambda: page.write_bytes(whole[page] + b" "), page.unlink, lambda: rewrite(run), noted):
        change()
        with pytest.raises(StageError) as refused:
            release_of(root)
        assert "standardsetting report" in refused.value.next_step and not released(folder) and not runs(root / "reports")
        assert [p for p in verify(Process.load(folder), folder, root / "reports" / "groups").problems if p.startswith("Held run")]
        for file, old in whole.items():
            file.write_bytes(old)
    assert release_of(root)


@pytest.mark.parametrize("known", [True, False])
def test_what_lies_among_the_held_reports_is_believed_only_where_the_ledger_knows_it(
    base: Path, held: Path, tmp_path: Path, known: bool
) -> None:
    """Changed, and the journal that noted the change gone; or held by a run that was killed before its record, and changed since."""
    root = copied(base, tmp_path / "copy")
    folder, run = root / "process", root / held.relative_to(base)
    if not known:
        shutil.copy(root / BEFORE, folder / records.LEDGER)
    changed = rewrite(run)
    (run.parent / publish.JOURNAL_FILE).unlink()
    with pytest.raises(StageError):
        release_of(root)
    result, _ = releasing.hold("cohort-diversity", Process.load(folder), folder)
    noted = [record.body["manifest"] for record in records.read(folder) if record.kind == preparing.HELD_RECORD]
    assert not result.already_done and len(noted) == 1 + known
    assert noted[-1] == file_digest(result.folder / manifest.MANIFEST_FILE) != changed
    again, _ = releasing.hold("cohort-diversity", Process.load(folder), folder)
    assert again.already_done and len([kind for kind in kinds(folder) if kind == preparing.HELD_RECORD]) == len(noted)
    published, _ = release_of(root)
    assert content(published.folder) == content(result.folder)
    assert "Only 4 of the 9" not in (published.folder / "cohort-diversity.html").read_text(encoding="utf-8")


def reseal(place: Path) -> None:
    """Show a count that was hidden, and seal the folder anew."""
    counts = json.loads((place / "counts.json").read_text(encoding="utf-8"))
    next(row for row in counts["data"] if row[-1] == "[c]")[-1] = "7"
    (place / "counts.json").write_text(json.dumps(counts), encoding="utf-8")
    seal(place, [file.name for file in place.iterdir() if file.name != SEAL])


def test_a_release_that_was_sealed_anew_is_refused(base: Path, held: Path, tmp_path: Path) -> None:
    root = copied(base, tmp_path / "copy")
    folder, process = root / "process", Process.load(root / "process")
    (place,) = (folder / preparing.RELEASES).iterdir()
    true = content(place)
    reseal(place)
    for act in (lambda: releasing.hold("cohort-diversity", process, folder), lambda: release_of(root)):
        with pytest.raises(DisclosureError) as refused:
            act()
        assert place.name in refused.value.next_step
    assert not released(folder) and not runs(root / "reports")
    assert [p for p in verify(process, folder, root / "reports" / "groups").problems if "sealed anew" in p]
    shutil.rmtree(place)  # as the message says
    assert release_of(root) and content(place) == true
    assert verify(process, folder, root / "reports" / "groups").problems == ()


def test_a_release_that_no_record_names_is_built_again(base: Path, held: Path, tmp_path: Path) -> None:
    root = copied(base, tmp_path / "copy")
    folder = root / "process"
    shutil.copy(root / BEFORE, folder / records.LEDGER)
    (place,) = (folder / preparing.RELEASES).iterdir()
    true = content(place)
    reseal(place)
    prepared = preparing.prepare("cohort-diversity", Process.load(folder), folder, tier="director", milestone=None)
    assert prepared.folder == place and content(place) == true


@pytest.mark.parametrize("hindered", ["groups", f"groups/{publish.LOCK_FILE}", f"groups/{publish.JOURNAL_FILE}"])
def test_nothing_is_recorded_that_cannot_be_published(base: Path, held: Path, tmp_path: Path, hindered: str) -> None:
    root = copied(base, tmp_path / "copy")
    folder, reports = root / "process", root / "elsewhere"
    place = reports / hindered
    place.parent.mkdir(parents=True)
    if hindered == "groups":
        place.write_text("A file where the folder should be.", encoding="utf-8")
    else:
        place.mkdir()
    with pytest.raises(PublishingError) as refused:
        release_of(root, reports=reports)
    assert refused.value.message.startswith("No release is recorded.") and not released(folder)
    shutil.rmtree(reports)
    result, _ = release_of(root, reports=reports)
    assert content(result.folder) == content(held) and len(released(folder)) == 1


def test_a_publication_that_fails_after_the_record_says_so_and_is_finished_by_the_next_call(
    base: Path, held: Path, tmp_path: Path
) -> None:
    root = copied(base, tmp_path / "copy")
    folder, reports = root / "process", root / "reports" / "groups"
    (reports / "latest-cohort-diversity" / "full").mkdir(parents=True)
    with pytest.raises(PublishingError) as failed:
        release_of(root)
    assert failed.value.message.startswith("The release is recorded;") and len(released(folder)) == 1
    shutil.rmtree(reports / "latest-cohort-diversity")
    result, _ = release_of(root)
    assert result.already_done and len(released(folder)) == 1 and publish.pointed(reports, "cohort-diversity") == held.name
    assert verify(Process.load(folder), folder, reports).problems == ()


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
        ((*COURIER, "--source", " ", "--text", "Words.", "--by", "A"), '--source needs words; blank was given.'),
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
    prepared = preparing.prepare("cohort-diversity", Process.load(base / "process"), base / "process", tier="director", milestone=None)
    monkeypatch.setattr(releasing, "prepare", lambda kind, process, folder, **_: replace(prepared, history=releases.read(folder)))
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


def test_verify_finds_lines_that_no_run_wrote_and_a_cohort_that_is_gone_and_minds_no_hidden_files(
    base: Path, held: Path, tmp_path: Path
) -> None:
    root = copied(base, tmp_path / "copy")
    folder, reports = root / "process", root / "reports" / "groups"
    process = Process.load(folder)
    release_of(root)
    (folder / preparing.RELEASES / ".DS_Store").touch()
    (folder / preparing.RELEASES / ".cohort-diversity-director-x").mkdir()
    assert verify(process, folder, reports).problems == ()
    journal = reports / publish.JOURNAL_FILE
    whole = journal.read_bytes()
    for line in ({"when": 1, "kind": "x", "outcome": "y"}, {"when": "", "kind": "", "outcome": "", "run": [5], "ledger_head": [1]}, 7):
        journal.write_bytes(whole + json.dumps(line).encode() + b"\n")
        assert verify(process, folder, reports).problems == ("The journal of runs holds 1 line that no run wrote.",)
    journal.write_bytes(whole)
    shutil.rmtree(folder / "cohort")
    assert [p for p in verify(process, folder, reports).problems if "1 release folder that was released" in p]
