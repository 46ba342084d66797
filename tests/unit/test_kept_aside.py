"""A folder that publishing kept aside is one finding, which says what to do and goes when the folder does."""

from __future__ import annotations

from pathlib import Path

import pytest

from standardsetting.errors import UsageError
from standardsetting.process import Process
from standardsetting.reporting import manifest, publish
from standardsetting.verify import verify

RUN = "cohort-diversity-0123456789ab"


@pytest.fixture
def kept(small_process, tmp_path: Path) -> tuple[Process, Path, Path, Path]:
    """A published run that somebody changed, made again: process, its folder, its reports, and what was kept."""
    small_process.write()
    process = Process.load(small_process.folder)
    reports = tmp_path / "reports"

    def made(text: str) -> Path:
        output = reports / "out"
        output.mkdir(parents=True)
        (output / "page.html").write_text(text, encoding="utf-8")
        manifest.write(output, {"kind": "assessor-quality", "run": "assessor-quality-0123456789ab"})
        return output

    final = reports / "assessor-quality-0123456789ab"
    assert publish.publish(made("as made"), final) == ""
    (final / "page.html").write_text("changed", encoding="utf-8")
    name = publish.publish(made("as made"), final)
    sha256 = publish.file_digest(final / manifest.MANIFEST_FILE)
    publish.note(reports, publish.entry("assessor-quality", final.name, "published", None, manifest=sha256))
    return process, small_process.folder, reports, reports / name


def test_it_is_one_finding_that_says_what_to_do_and_goes_with_the_folder(kept) -> None:
    process, folder, reports, aside = kept
    assert publish.kept_aside(aside) and not publish.kept_aside(reports / "assessor-quality-0123456789ab")
    for asked in (None, aside.name):
        (problem,) = verify(process, folder, reports, run=asked).problems
        assert problem.startswith(f"Kept aside: {aside.name}. ") and "delete this folder or move it out of the reports folder" in problem
    (aside / manifest.MANIFEST_FILE).unlink()  # whatever it holds
    assert len(verify(process, folder, reports).problems) == 1
    aside.rename(folder.parent / aside.name)
    assert verify(process, folder, reports).problems == ()


def test_a_report_about_groups_cannot_hide_under_such_a_name(kept) -> None:
    process, folder, reports, aside = kept
    aside.rename(reports / f"{RUN}-changed-20240101T000000")
    (problem,) = verify(process, folder, reports).problems
    assert problem.startswith(f"Kept aside: {RUN}")
    (reports / f"{RUN}-changed-20240101T000000").rename(reports / f"{RUN}-changed-later")
    assert any("no record of the ledger released it" in text for text in verify(process, folder, reports).problems)


def test_a_run_that_is_not_there_is_still_a_wrong_call(kept) -> None:
    process, folder, reports, _ = kept
    with pytest.raises(UsageError):
        verify(process, folder, reports, run=f"{RUN}-changed-20240101T000000")
