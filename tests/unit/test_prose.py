"""Prose: the numbers in a sentence are those of the result it was given, and words fit the numbers."""

from __future__ import annotations

import pandas as pd
import pytest

from standardsetting import Process, prose
from standardsetting.blind.close_to_the_line import close_to_the_line
from standardsetting.blind.distributions import correlations, hurdle_counts, total_distribution, value_distribution
from standardsetting.blind.options import above_the_hurdles, deciding, options
from standardsetting.blind.profile_counts import neighbours, profile_counts
from standardsetting.blind.scores import Account
from standardsetting.prose.passage import Passage, listed, of, paragraphs, verb

VALUES = ("professionalism", "integrity", "courage", "compassion")


def process(*, hurdle: float = 3, values: tuple[str, ...] = VALUES, **extra: object) -> Process:
    content = {
        "process": {"id": "p", "title": "Promotion <2023>", "synthetic": False},
        "scale": {"minimum": 1, "maximum": 5, "meanings": {"3": "acceptable"}},
        "values": [{"name": v, "hurdle": hurdle} for v in values],
    }
    return Process.from_mapping(content | extra)


def account(excepted: dict[str, int], *, scored: int = 0, incomplete: int = 0) -> Account:
    return Account(None, scored + incomplete + sum(excepted.values()), scored, incomplete, excepted, 0, (), (), "2023-09-28T17:00:00+01:00")


def cohort() -> pd.DataFrame:
    """348 candidates: 251 reach 3 on every value, and 21 have a total of 18 or more."""
    rows = (
        [(3, 3, 3, 3)] * 30 + [(4, 4, 3, 3)] * 100 + [(4, 4, 4, 4)] * 100 + [(5, 5, 4, 4)] * 21 + [(2, 4, 4, 4)] * 60 + [(2, 2, 3, 3)] * 37
    )
    return pd.DataFrame(rows, columns=list(VALUES), dtype=float)


def test_page_one_reads_as_it_should() -> None:
    shown = deciding(options(cohort(), process().decision_rule()))
    lead = prose.where(shown, account({"withdrawn": 8, "deferred": 4}, scored=348), process())
    assert lead.text == (
        "348 interviews are complete; 8 candidates withdrew and 4 are deferred. 251 (72%) reached 3 on every value. "
        "Depending on the total chosen, between 251 (total 12) and 21 (total 18) meet the whole rule."
    )
    assert 'class="lead answer"' in lead.html


@pytest.mark.parametrize(
    ("excepted", "said"),
    [
        ({}, "are complete. "),
        ({"withdrawn": 1}, "; 1 candidate withdrew. "),
        ({"deferred": 1, "withdrawn": 2}, "; 2 candidates withdrew and 1 is deferred. "),
        ({"did not attend": 3}, "; 3 candidates did not attend. "),
        ({"withdrawn": 0, "interview void": 1}, "; 1 candidate had a void interview. "),
        ({"withdrawn": 2, "deferred": 1, "did not attend": 1}, "; 2 candidates withdrew, 1 is deferred and 1 did not attend. "),
    ],
)
def test_exceptions_in_words(excepted: dict[str, int], said: str) -> None:
    shown = deciding(options(cohort(), process().decision_rule()))
    assert said in prose.where(shown, account(excepted, scored=348), process()).text


def test_one_candidate_nobody_and_incomplete() -> None:
    definition = process(values=("judgement",))
    one = deciding(options(pd.DataFrame({"judgement": [3.0]}), definition.decision_rule()))
    text = prose.where(one, account({}, scored=1), definition).text
    assert text.startswith("1 interview is complete. 1 (100%) reached 3 on Judgement. ")
    assert "between 1 (total 3) and nobody (total 4)" in text
    none = deciding(options(pd.DataFrame({"judgement": [None]}, dtype=float), definition.decision_rule()))
    text = prose.where(none, account({}, incomplete=1), definition).text
    assert text.startswith("No interview is complete. 1 interview has scores missing: its candidate is neither met nor not met.")
    assert "Nothing can be said" in text


def test_no_hurdle_in_effect() -> None:
    definition = process(hurdle=1)
    every = options(cohort(), definition.decision_rule())
    assert "hurdles turn nobody down" in prose.where(deciding(every), account({}, scored=348), definition).text
    turned = above_the_hurdles(deciding(every))
    assert "describe no least acceptable performance" in prose.why(turned, definition).text
    assert "Nobody missed a hurdle" in prose.not_met_heading(deciding(every)).text


def test_why_above_the_hurdles_uses_the_cohort() -> None:
    turned = above_the_hurdles(deciding(options(cohort(), process().decision_rule())))
    text = prose.why(turned, process()).text
    assert "3 on every value, which the definition calls “acceptable”, has a total of 12" in text
    assert "251 candidates reached the hurdle on every value" in text
    assert "A total of 13 would turn down 30 (12%)" in text
    assert "a total of 18 would turn down 230 (92%)" in text
    assert "number of posts is no such reason" in text
    assert "people who reached 3 on every value" in prose.why_heading(turned, process()).text


def test_a_scale_without_meanings_is_a_warning() -> None:
    silent = process(scale={"minimum": 1, "maximum": 5})
    assert 'class="warning"' in prose.meanings(silent).html
    assert 'class="warning"' not in prose.meanings(process()).html


def test_options_and_neighbours_name_their_numbers() -> None:
    every = options(cohort(), process().decision_rule(), vacancies=120)
    shown = deciding(every)
    assert "one up from 14: 100 candidates" not in prose.what_each_total_means(shown).text
    assert "steps up from 14 and 16: 100 candidates each" in prose.what_each_total_means(shown).text
    assert "Up to a total of 16 at least as many people meet the rule as there are vacancies (120): 121" in prose.vacancies(shown).text
    assert "never a standard" in prose.vacancies(shown).text
    assert "names no number of vacancies" in prose.vacancies(deciding(options(cohort(), process().decision_rule()))).text
    steps = neighbours(cohort(), process().decision_rule(), cuts=shown["cut"].tolist())
    assert prose.neighbours(steps).text.startswith("230 candidates would")
    assert prose.neighbours(steps.iloc[:0]).text.startswith("No step")


def test_scores_profiles_and_line() -> None:
    rule = process().decision_rule()
    counts = hurdle_counts(value_distribution(cohort(), rule))
    totals = total_distribution(cohort(), rule)
    text = prose.how_the_scores_lie(counts, totals, process()).text
    assert "missed by 97 on Professionalism (28%), 37 on Integrity (11%), 0 on Courage (0%) and 0 on Compassion (0%)" in text
    assert "Totals lie between 10 and 18" in text
    assert "on Professionalism" in prose.scores_heading(counts, process()).text
    unordered, ordered = profile_counts(cohort(), rule, ordered=False), profile_counts(cohort(), rule)
    assert "81 combinations" in prose.profiles(unordered, ordered).text
    assert prose.profiles_heading(unordered).text == "4 of 15 ways to meet the hurdles occurred"
    line = close_to_the_line(cohort(), rule)
    assert "At a total of 12, 60 reached the total" in prose.close(line, deciding(options(cohort(), rule))).text


def test_high_correlations_are_warned_about() -> None:
    pairs = correlations(cohort(), process().decision_rule())
    assert 'class="warning"' in prose.correlations(pairs, process()).html
    assert 'class="warning"' not in prose.correlations(pairs.assign(correlation=0.3), process()).html
    assert "cannot be said" in prose.correlations(pairs.assign(correlation=float("nan")), process()).text


def test_nothing_recommends_a_total() -> None:
    shown = deciding(options(cohort(), process().decision_rule()))
    assert "recommends none" in prose.decision_box(shown, process()).text


def test_titles_are_escaped() -> None:
    assert "<2023>" not in prose.rule_in_words(process()).html
    assert "<2023>" in prose.rule_in_words(process()).text


def test_words() -> None:
    assert [of(n, "person", "people") for n in (0, 1, 2000)] == ["no people", "1 person", "2,000 people"]
    assert verb(1, "is", "are") == "1 is"
    assert [listed(list("abc")[:n]) for n in range(4)] == ["", "a", "a and b", "a, b and c"]
    assert paragraphs("a < b", "").html == "<p>a &lt; b</p>"
    assert Passage("<p>a</p><p>b &amp; c</p>").text == "a\nb & c"
