"""The examples in the documentation and in the docstrings of the cohort statistics print what they say."""

import doctest
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "cohort-statistics.md"
MODULES = ("exact_tests", "families", "intervals", "local_law_144", "pooled", "power", "rates", "running", "stages", "trend", "undeclared",
           "verdict", "words")  # fmt: skip


def test_the_page():
    found = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")
    assert found.attempted > 20 and not found.failed


@pytest.mark.parametrize("name", MODULES)
def test_the_docstrings(name):
    found = doctest.testmod(importlib.import_module(f"standardsetting.cohort.{name}"))
    assert found.attempted and not found.failed


def test_a_wrong_digit_on_the_page_is_seen(tmp_path):
    wrong = tmp_path / "page.md"
    wrong.write_text(PAGE.read_text(encoding="utf-8").replace("ratio 0.543 (0.20", "ratio 0.544 (0.20"), encoding="utf-8")
    done = subprocess.run([sys.executable, "-m", "doctest", str(wrong)], capture_output=True, text=True, check=False)
    assert done.returncode and "0.543" in done.stdout
