"""A cohort of 100,000 candidates: time and memory of each step, from outside, by the system's own accounting."""

import json
import os
import subprocess
import sys
import time

import pytest

LIMITS = {"check": (20, 2.0), "close": (20, 2.0), "pack": (30, None)}


def measured(tmp_path, *words):
    begun = time.monotonic()
    process = subprocess.Popen([sys.executable, "-m", "standardsetting.cli", *words, "--json"], cwd=tmp_path, stdout=subprocess.PIPE)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, json.loads(output)["message"]
    return time.monotonic() - begun, usage.ru_maxrss / 2**20


def line(tmp_path, n):
    seconds = {}
    measured(tmp_path, "simulate", "big", "--candidates", str(n))
    for verb in LIMITS:
        seconds[verb] = measured(tmp_path, verb, "big")
    return seconds


@pytest.mark.soak
def test_a_hundred_thousand_candidates(tmp_path):
    for verb, (seconds, gigabytes) in line(tmp_path, 100_000).items():
        most_seconds, most_memory = LIMITS[verb]
        assert seconds < most_seconds, f"{verb} took {seconds:.1f} s"
        assert most_memory is None or gigabytes < most_memory, f"{verb} used {gigabytes:.2f} GB"


def test_three_thousand_candidates_take_little_memory(tmp_path):
    for verb, (_, gigabytes) in line(tmp_path, 3_000).items():
        assert gigabytes < 0.6, f"{verb} used {gigabytes:.2f} GB"
