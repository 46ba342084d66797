"""Prose: the numbers in a sentence are those of the result it was given, and words fit the numbers."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from standardsetting import Process, prose, tables
from standardsetting.blind.close_to_the_line import close_to_the_line
from standardsetting.blind.distributions import correlations, hurdle_counts, total_distribution, value_distribution
from standardsetting.blind.options import above_the_hurdles, deciding, options
from standardsetting.blind.profile_counts import neighbours, profile_counts
from standardsetting.blind.scores import Account
from standardsetting.prose.passage import Passage, listed, paragraphs
from standardsetting.tables.rounding import of, verb

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
    assert "In this cohort 251 candidates reached 3 on every value." in text
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
    text = prose.close(line, deciding(options(cohort(), rule))).text
    assert "missed exactly one hurdle, by at most one step: at most 60, at a total of 12, 13 or 14." in text
    assert "would reach it with one score raised: at most 100, at a total of 15 or 17." in text
    assert "one step of the rating scale" in text


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


def every_sentence(scores: pd.DataFrame, definition: Process, counted: Account, *, vacancies: int | None = None) -> dict[str, str]:
    """All the sentences of a pack, by the name of the function that wrote them."""
    rule = definition.decision_rule()
    every = options(scores, rule, vacancies=vacancies)
    shown, totals = deciding(every), total_distribution(scores, rule)
    counts, turned = hurdle_counts(value_distribution(scores, rule)), above_the_hurdles(shown)
    unordered, ordered = profile_counts(scores, rule, ordered=False), profile_counts(scores, rule)
    said = {
        "where": prose.where(shown, counted, definition),
        "box": prose.decision_box(shown, definition),
        "rule": prose.rule_heading(definition),
        "meanings": prose.meanings(definition),
        "extremes": prose.extremes(shown, rule),
        "why heading": prose.why_heading(turned, definition),
        "why": prose.why(turned, definition),
        "interviewed heading": prose.interviewed_heading(counted),
        "interviewed": prose.who_was_interviewed(counted),
        "found": prose.found(counted),
        "scores heading": prose.scores_heading(counts, definition),
        "scores": prose.how_the_scores_lie(counts, totals, definition),
        "correlations": prose.correlations(correlations(scores, rule), definition),
        "profiles heading": prose.profiles_heading(unordered),
        "profiles": prose.profiles(unordered, ordered),
        "options heading": prose.options_heading(shown),
        "options": prose.what_each_total_means(shown),
        "vacancies": prose.vacancies(shown),
        "not met heading": prose.not_met_heading(shown),
        "not met": prose.not_met(shown),
        "neighbours": prose.neighbours(neighbours(scores, rule, cuts=shown["cut"].tolist())),
        "close": prose.close(close_to_the_line(scores, rule), shown),
    }
    return {name: passage.text for name, passage in said.items()}


def test_nobody_meets() -> None:
    said = every_sentence(pd.DataFrame([(1.0, 1, 1, 1)] * 12, columns=list(VALUES)), process(), account({}, scored=12))
    assert "Whichever total from 12 to 18 is chosen, nobody meets the whole rule." in said["where"]
    assert "Totals from" not in said["box"]
    assert "none makes a difference in this cohort (nobody meets the rule at any of them)" in said["box"]
    assert said["not met"].endswith("None of them reached a total of 12 either.")
    assert "In this cohort nobody reached 3 on every value." in said["why"]
    assert said["scores"].endswith("All 12 candidates have a total of 4.")
    assert said["close"].startswith("At no total shown")
    assert said["profiles heading"] == "The profiles: nobody met every hurdle"
    assert "Nobody has a profile that meets every hurdle." in said["profiles"]
    assert said["found"] == "No irregularity was found in the data."
    assert "beyond the exceptions above" in prose.found(account({"withdrawn": 1}, scored=12)).text


def test_everybody_meets() -> None:
    said = every_sentence(pd.DataFrame([(5.0, 5, 5, 5)] * 12, columns=list(VALUES)), process(), account({}, scored=12))
    assert "Whichever total from 12 to 18 is chosen, all 12 candidates meet the whole rule." in said["where"]
    assert "none makes a difference" in said["box"]
    assert said["not met heading"] == "Everybody meets the rule at every total shown"
    assert said["not met"] == "Nobody missed a hurdle, and nobody lies below any total shown."
    assert "No total up to 18 would turn any of them down." in said["why"]


def test_one_value_is_named() -> None:
    definition = process(values=("skill",), hurdle=1, scale={"minimum": 0, "maximum": 3, "meanings": {"1": "enough"}})
    said = every_sentence(pd.DataFrame({"skill": [0.0, 1, 1, 2, 3]}), definition, account({}, scored=5))
    assert said["rule"] == "The rule: at least 1 on Skill, and a total to be settled"
    assert said["scores heading"] == "1 candidate missed the hurdle on Skill"
    assert said["correlations"] == ""
    assert said["extremes"] == "There is one value: up to a total of 1 its hurdle alone decides, and above it the total alone."
    assert said["why"].startswith("A candidate with exactly 1 on Skill, which the definition calls “enough”, has a total of 1.")
    for name, text in said.items():
        assert "every value" not in text, name
        assert "any value" not in text, name
        assert "every hurdle" not in text.replace("met every hurdle", ""), name
        assert "hurdles are" not in text, name


def test_extremes_name_the_first_total_at_which_hurdles_no_longer_matter() -> None:
    """Two values to 3 with hurdles of 1: a missed one leaves 3, so from 4 on the total alone decides, though 6 is shown too."""
    definition = process(values=("a", "b"), hurdle=1, scale={"minimum": 0, "maximum": 3})
    rule = definition.decision_rule()
    shown = options(pd.DataFrame({"a": [3.0], "b": [3.0]}), rule)
    text = prose.extremes(shown, rule).text
    assert "A cut of 2 changes nothing" in text
    assert "At a cut of 4 the hurdles change nothing" in text


def test_one_candidate() -> None:
    said = every_sentence(pd.DataFrame([(3.0, 3, 3, 3)], columns=list(VALUES)), process(), account({}, scored=1), vacancies=1)
    assert said["interviewed heading"] == "The only interview is fully scored"
    assert said["scores"].startswith("1 candidate has every score and is counted here.")
    assert said["scores"].endswith("The only candidate has a total of 12.")
    assert "A total of 13 or more would turn that candidate down." in said["why"]
    for name, text in said.items():
        assert not re.search(r"\b1 (?:candidates|interviews|people|profiles|totals|vacancies|are|have|meet)\b", text), (name, text)


def test_vacancies_of_none() -> None:
    shown = deciding(options(cohort(), process().decision_rule(), vacancies=0))
    assert "There are no vacancies" in prose.vacancies(shown).text
    assert "Up to a total" not in prose.vacancies(shown).text


def test_hurdles_without_meanings_are_listed_with_or() -> None:
    values = [{"name": v, "hurdle": h} for v, h in (("a", 2), ("b", 10))]
    definition = Process.from_mapping({"process": {"id": "p", "title": "P"}, "scale": {"minimum": 0, "maximum": 12}, "values": values})
    assert "what a score of 2 or 10 means" in prose.meanings(definition).text


def test_several_exercises_were_not_one_occasion() -> None:
    pairs = correlations(cohort(), process().decision_rule())
    several = process(exercises=[{"name": "talk", "values": VALUES[:2]}, {"name": "paper", "values": VALUES[2:]}])
    one = process(exercises=[{"name": "interview", "values": VALUES}])
    assert "one occasion" not in prose.correlations(pairs, several).text
    assert "in the same exercise" in prose.correlations(pairs, several).text
    assert "one occasion" in prose.correlations(pairs, one).text


def test_headings_over_nothing_say_so() -> None:
    rule = process().decision_rule()
    nobody = pd.DataFrame([(1.0, 1, 1, 1)] * 3, columns=list(VALUES))
    shown = deciding(options(nobody, rule))
    assert "Nobody is close" in prose.codes_heading(tables.close_codes(close_to_the_line(nobody, rule), shown, process())).text
    some = tables.close_codes(close_to_the_line(cohort(), rule), shown, process())
    assert prose.codes_heading(some).text == "Blind codes close to the line"
    listed = tables.profile_table(profile_counts(cohort(), rule), process())
    assert prose.every_profile_heading(listed).text == "Every profile that meets the hurdles"


def test_words() -> None:
    assert [of(n, "person", "people") for n in (0, 1, 2000)] == ["no people", "1 person", "2,000 people"]
    assert verb(1, "is", "are") == "1 is"
    assert [listed(list("abc")[:n]) for n in range(4)] == ["", "a", "a and b", "a, b and c"]
    assert paragraphs("a < b", "").html == "<p>a &lt; b</p>"
    assert Passage("<p>a</p><p>b &amp; c</p>").text == "a\nb & c"
