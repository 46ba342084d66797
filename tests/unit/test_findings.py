"""The headings of the cohort-diversity report: what each part found, and nothing where it found nothing that fits in a line."""

from __future__ import annotations

import pandas as pd
import pytest

from standardsetting import Process
from standardsetting.disclosure.release import SECTIONS, Release, Section
from standardsetting.prose.cohort import PARTS, part_heading
from standardsetting.prose.findings import finding
from standardsetting.shipped import shipped

HEADER = {"labels": {"stages": {"applied": "Applied", "posted": "Posted"}, "levels": {}, "notes": {}}}


def released(name: str, *rows: dict[str, object], **more: list[dict[str, object]]) -> Release:
    process = Process.load(shipped("data") / "sergeant-2023").without_sources()
    tables = {name: list(rows), **more}
    sections = {each: Section(pd.DataFrame(lines).reindex(columns=list(SECTIONS[each]))) for each, lines in tables.items()}
    return Release("cohort-diversity", "director", process, HEADER, sections)


def share(stage: str, percent: float | None, group: str = "Female") -> dict[str, object]:
    return {"group": group, "stage": stage, "share": percent}


def part(ratio: float, high: float, group: str = "Female") -> dict[str, object]:
    return {"group": group, "stage": "Eligible", "ratio": ratio, "low": 0.5, "high": high}


def verdicts(*told: str) -> tuple[dict[str, object], ...]:
    return (*({"verdict": verdict, "family": "declared"} for verdict in told), {"verdict": "material gap", "family": "exploratory"})


@pytest.mark.parametrize(
    ("name", "rows", "said"),
    [
        ("declared", [{"shown": "94%"}, {"shown": "91%"}, {"shown": "[c]"}], "between 91% and 94% said what they are"),
        ("declared", [{"shown": "94%"}], "94% said what they are"),
        ("declared", [{"shown": "[c]"}], ""),
        ("ladder", [share("applied", 30.0), share("posted", 28.0), share("applied", 60.0, "Male")],
         "the share of Female was 30% at “applied” and 28% at “posted”"),
        ("ladder", [share("applied", 30.0), share("posted", None)], ""),
        ("waterfall", [part(0.91, 0.99), part(0.8, 1.2), part(0.7, 0.95, "Disabled")], "the largest is that of Disabled at “eligible”"),
        ("waterfall", [part(0.8, 1.2)], "at no stage clear of chance"),
        ("waterfall", [], ""),
        ("comparisons", verdicts("cannot tell", "cannot tell", "gap, size uncertain"), "gaps among those declared, most cannot tell"),
        ("comparisons", verdicts("cannot tell", "gap in favour, size uncertain"), "gaps among those declared"),
        ("comparisons", verdicts("no material gap"), "no gap among those declared"),
        ("comparisons", [{"verdict": "material gap", "family": "exploratory"}], ""),
        ("superiority", [{"low": 0.45, "high": 0.6}, {"low": 0.53, "high": 0.6}], "a difference on some, clear of chance"),
        ("superiority", [{"low": 0.45, "high": 0.6}], "no difference clear of chance"),
        ("items", [{"adjusted_p": 0.05}], "a question to follow up"),
        ("items", [{"adjusted_p": 0.1}], "none does, as far as this cohort can tell"),
        ("panels", [{"p": 0.01}, {"p": 1.0}], "a question to follow up"),
        ("panels", [{"p": 0.05}, {"p": 1.0}], "no difference by group, as far as this cohort can tell"),
        ("comparisons", verdicts("cannot tell", "cannot tell (undeclared)"), "this cohort cannot tell"),
        ("panels", [{"p": 0.5}], "no difference by group, as far as this cohort can tell"),
        ("reasons", [], ""),
        ("reasons", [{"shown": "15"}], ""),
        ("intersection", [], ""),
        ("trend", [], ""),
        ("undeclared", [{"verdict": "cannot tell (undeclared)"}], "their answers could change verdicts"),
        ("undeclared", [{"verdict": "cannot tell"}], "their answers could change no verdict"),
        ("adjusted", [{"difference": 4}], ""),
    ],
)  # fmt: skip
def test_a_part_says_what_it_found(name: str, rows: list[dict[str, object]], said: str) -> None:
    release = released(name, *rows)
    assert finding(release, name) == said
    heading = PARTS[name][0] + (f": {said}" if said else "")
    assert f">{heading}</h2>" in part_heading(release, name).html


@pytest.mark.parametrize(("time", "said"), [("weeks_1", "one week"), ("weeks_8", "8 weeks")])
def test_how_long_people_waited_is_what_happened_after_the_interview(time: str, said: str) -> None:
    release = released("after_interview", {"step": "Posting"}, waiting=[{"time": "weeks_0", "share": "2%"}, {"time": time, "share": "82%"}])
    assert finding(release, "after_interview") == f"82% of those in the pool were posted within {said}"


def test_an_empty_part_says_why_where_its_sentence_does() -> None:
    for name, sentence, said in (
        ("reasons", "Every group and reason has too few people for a count to be shown.", "too few people to say by group"),
        ("trend", "There is one process only: a series needs a release of an earlier one.", "one process alone makes no series"),
        ("intersection", "A group with fewer than about 20 candidates interviewed: the intersection is not modelled.",
         "this cohort is too small to tell"),
        ("intersection", "No intersection of two characteristics is declared.", ""),
        ("trend", "No group has counts in two processes.", ""),
    ):  # fmt: skip
        release = released(name)
        release.sections[name] = Section(release[name].table, (sentence,))  # type: ignore[index]
        assert finding(release, name) == said
