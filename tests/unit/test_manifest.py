"""A manifest says what was published, and `verify` finds every difference."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from standardsetting.reporting import manifest, publish


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.html").write_text("page")
    (tmp_path / "b.pdf").write_bytes(b"%PDF")
    manifest.write(tmp_path, {"kind": "standard-setting"})
    return tmp_path


def test_a_manifest_lists_outputs_and_versions(folder: Path) -> None:
    content = json.loads((folder / "manifest.json").read_text())
    assert content["outputs"]["a.html"] == {"sha256": hashlib.sha256(b"page").hexdigest(), "bytes": 4}
    assert set(content["outputs"]) == {"a.html", "b.pdf"} and content["kind"] == "standard-setting"
    assert content["versions"]["python"] and content["versions"]["gptables"]
    assert manifest.verify(folder) == []


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (lambda f: (f / "a.html").write_text("pagf"), "a.html was changed after it was published."),
        (lambda f: (f / "a.html").write_text("longer"), "a.html was changed after it was published."),
        (lambda f: (f / "b.pdf").unlink(), "b.pdf is missing."),
        (lambda f: (f / "c.txt").write_text("new"), "c.txt is not in the manifest."),
        (lambda f: (f / "manifest.json").unlink(), "manifest.json is missing."),
        (lambda f: (f / "manifest.json").write_text("{"), "manifest.json cannot be read."),
        (lambda f: (f / "manifest.json").write_text('{"schema": 9, "outputs": {}}'), "manifest.json has schema 9; 1 was expected."),
    ],
)
def test_verify_finds_every_difference(folder: Path, damage: object, problem: str) -> None:
    damage(folder)  # type: ignore[operator]
    assert manifest.verify(folder) == [problem]


def test_the_journal_outlives_a_torn_line(tmp_path: Path) -> None:
    entry = {"when": "2023-10-02T06:00:00+00:00", "kind": "standard-setting", "run": "r", "outcome": "published"}
    publish.note(tmp_path, entry)
    with (tmp_path / publish.JOURNAL_FILE).open("a") as file:
        file.write('{"when": "2023-10')
    publish.note(tmp_path, {**entry, "run": "s"})
    assert [e["run"] for e in publish.journal(tmp_path)] == ["r", "s"]


def test_the_pointer_is_a_file_where_links_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("no links here")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    publish.point(tmp_path, "standard-setting", "run-1")
    publish.point(tmp_path, "standard-setting", "run-2")
    assert (tmp_path / "latest-standard-setting").read_text() == "run-2\n"
    assert publish.pointed(tmp_path, "standard-setting") == "run-2"
    assert [p.name for p in tmp_path.iterdir()] == ["latest-standard-setting"]
