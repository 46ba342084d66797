"""A figure that was told elsewhere needs a source, words and a person: blank ones are refused before anything is looked at."""

from __future__ import annotations

from pathlib import Path

import pytest

from standardsetting import told_elsewhere
from standardsetting.errors import Exit, StageError, UsageError
from standardsetting.process import Process

WORDS = {"source": "Courier, 5 January 2024", "text": "forty women were posted", "by": "Ada One"}
FIGURE = {"characteristic": "sex", "group": "Female", "stage": "posted", "count": "passed", "low": 40, "high": 40}


@pytest.mark.parametrize("blank", ["", "  ", "\u200b", "...", "\n\t"])
@pytest.mark.parametrize("which", [("source",), ("text",), ("by",), ("source", "text", "by")])
def test_blank_words_are_refused_with_the_next_step(small_process, which: tuple[str, ...], blank: str) -> None:
    small_process.write()
    folder: Path = small_process.folder
    with pytest.raises(UsageError) as refused:
        told_elsewhere.enter(Process.load(folder), folder, **FIGURE, **{**WORDS, **dict.fromkeys(which, blank)})
    assert refused.value.exit_code == Exit.USAGE and "Nothing was entered." in refused.value.message
    for name in WORDS:
        assert (f"--{name}" in refused.value.message) == (name in which) == (f'--{name} "..."' in refused.value.next_step)


def test_words_that_say_something_get_as_far_as_the_cohort(small_process) -> None:
    small_process.write()
    with pytest.raises(StageError, match="No cohort was looked at"):
        told_elsewhere.enter(Process.load(small_process.folder), small_process.folder, **FIGURE, **WORDS)
