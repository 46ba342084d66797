"""Killed at any instant, a command leaves the old state or the new one, and the next run succeeds."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from standardsetting import Process, records
from standardsetting.reporting import manifest
from standardsetting.verify import verify

KILLS = {"close": 5, "decide": 5, "pack": 2}
KILLS_SOAK = {"close": 60, "decide": 60, "pack": 40}
WORDS = {
    "close": ["close"],
    "decide": ["decide", "--rationale", "Because.", "--by", "A Director", "--change-reason", "Again."],
    "pack": ["pack"],
}


def start(tmp_path: Path, verb: str, folder: Path, *options: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "standardsetting.cli", *WORDS[verb], str(folder), *options],
        cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip


def killed_after(seconds: float, process: subprocess.Popen) -> bool:
    time.sleep(seconds)
    running = process.poll() is None
    if running:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return running


def everything_whole(tmp_path: Path, folder: Path) -> None:
    _, problems = records.inspect(folder)
    assert not problems
    if (folder / "closing").exists():
        assert (folder / "closing" / "closing.json").is_file()
    for run in (tmp_path / "reports" / "canary").glob("standard-setting-*"):
        assert manifest.verify(run) == []


def kill_many(tmp_path, folder, command, verb, times, prepare):
    """Kill a verb at random instants of its usual time; after each kill look, and let the next run finish."""
    chance = random.Random(7)
    prepare(0)
    begun = time.monotonic()
    assert start(tmp_path, verb, folder, *options(verb, 0)).wait() == 0
    usual = time.monotonic() - begun
    hits = 0
    for attempt in range(1, times + 1):
        prepare(attempt)
        process = start(tmp_path, verb, folder, *options(verb, attempt))
        hits += killed_after(chance.uniform(0.25, 1.05) * usual, process)
        everything_whole(tmp_path, folder)
        if verb != "pack" or attempt % 3 == 0:
            done = command(*WORDS[verb], folder, *options(verb, attempt))
            assert done.code == 0, done.out + done.err
            everything_whole(tmp_path, folder)
            assert verify(Process.load(folder), folder, tmp_path / "reports" / "canary").problems == ()
    return hits


def options(verb: str, attempt: int) -> list[str]:
    return ["--cut", str(13 + attempt % 4)] if verb == "decide" else []


def run_kills(tmp_path, folder, command, times):
    import shutil

    def undo_closing(_):
        for made in ("closing", "records"):
            shutil.rmtree(folder / made, ignore_errors=True)

    def undo_reports(_):
        # published runs go, so that each attempt makes one; what a killed run left behind stays for the next to meet
        for run in (tmp_path / "reports").glob("canary/*standard-setting*"):
            shutil.rmtree(run) if run.is_dir() and not run.is_symlink() else run.unlink()

    hits = kill_many(tmp_path, folder, command, "close", times["close"], undo_closing)
    hits += kill_many(tmp_path, folder, command, "pack", times["pack"], undo_reports)
    assert command("pack", folder).code == 0
    hits += kill_many(tmp_path, folder, command, "decide", times["decide"], lambda _: None)
    return hits


def test_kills_at_random_instants(tmp_path, canary_process, command):
    assert run_kills(tmp_path, canary_process(), command, KILLS) > sum(KILLS.values()) * 0.5


@pytest.mark.soak
def test_many_more_kills(tmp_path, canary_process, command):
    assert run_kills(tmp_path, canary_process(200), command, KILLS_SOAK) > sum(KILLS_SOAK.values()) * 0.5
