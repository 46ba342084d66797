"""The process definition: what is accepted, what is refused, what the hash means, how the rule reads."""

from copy import deepcopy
from fractions import Fraction

import pytest

from standardsetting import Process
from standardsetting.errors import DefinitionError

FIRST = {
    "process": {"id": "first", "title": "The first process"},
    "scale": {"minimum": 1, "maximum": 5},
    "values": [{"name": name, "hurdle": 3} for name in ("professionalism", "integrity", "courage", "compassion")],
    "sources": {"ratings": {"file": "ratings.csv"}, "interviews": {"file": "interviews.csv"}},
}


def definition(**changes):
    return Process.from_mapping({**deepcopy(FIRST), **changes})


def test_the_first_process_reads_as_it_should():
    reading = definition().reading
    assert "scored from 1 to 5 on Professionalism, Integrity, Courage and Compassion" in reading
    assert "at least 3 on every value" in reading
    assert "a total from 4 to 20" in reading
    assert "equal to or above the minimum acceptable standard" in reading


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rule": {"value_score": "mean of independent ratings"}}, "the mean of the assessors' independent ratings. It is not rounded"),
        ({"rule": {"rounding": "half up"}}, "a tie goes up"),
        ({"rule": {"rounding": "half down"}}, "a tie goes down"),
        ({"rule": {"missing_rating": "use the ratings there are"}}, "at least one rating is scored"),
        ({"values": [{"name": "a", "hurdle": 3, "weight": 1.5}, {"name": "b", "hurdle": 2}]}, "weighted (A 1.5 and B 1)"),
        ({"values": [{"name": "a", "hurdle": 3}, {"name": "b", "hurdle": 2}]}, "at least 3 on A and 2 on B"),
        ({"scale": {"minimum": 1, "maximum": 5, "step": 0.5}}, "in steps of 0.5"),
    ],
)
def test_every_policy_changes_the_reading_and_the_rule_hash(changes, words):
    changed = definition(**changes)
    assert words in changed.reading
    assert changed.rule_hash != definition().rule_hash


def test_what_does_not_decide_leaves_the_rule_hash_alone():
    other = definition(vacancies=120, process={"id": "first", "title": "Renamed"})
    assert other.rule_hash == definition().rule_hash
    assert other.hash != definition().hash


def test_layout_and_order_of_keys_do_not_change_the_hash(tmp_path):
    (tmp_path / "process.toml").write_text(
        "# a comment\n[scale]\nmaximum = 5.0\nminimum = 1\n[process]\ntitle='The first process'\nid='first'\n"
        + "".join(f"[[values]]\nhurdle=3\nname='{v['name']}'\n" for v in FIRST["values"])
        + "[sources.ratings]\nfile='ratings.csv'\n[sources.interviews]\nfile='interviews.csv'\n",
        encoding="utf-8",
    )
    assert Process.load(tmp_path).hash == definition().hash
    assert Process.load(tmp_path / "process.toml").hash == definition().hash


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"hurdels": 3}, "hurdels: unknown key"),
        ({"rule": {"value_scor": "mean"}}, "rule.value_scor: unknown key"),
        ({"values": [{"name": "a", "hurdle": 3, "wieght": 2}]}, "values.1.wieght: unknown key"),
        ({"values": []}, "values"),
        ({"values": [{"name": "a", "hurdle": 9}]}, "a hurdle lies outside the scale"),
        ({"values": [{"name": "a", "hurdle": 3, "weight": 0}]}, "a weight must be above zero"),
        ({"values": [{"name": "a", "hurdle": 3}, {"name": "A ", "hurdle": 3}]}, "two values have the same name"),
        ({"values": [{"name": "a", "hurdle": True}]}, "values.1.hurdle"),
        ({"scale": {"minimum": 1, "maximum": 5, "step": 0.3}}, "step must divide"),
        ({"scale": {"minimum": 1, "maximum": 5, "meanings": {"7": "x"}}}, "not on the scale"),
        ({"rule": {"rounding": "bankers"}}, "rule.rounding"),
        ({"process": {"id": "Has Spaces", "title": "t"}}, "process.id"),
        ({"process": {"id": "x", "title": "t", "time_zone": "Europe/Atlantis"}}, "time zone name"),
        ({"dates": {"first_interview": "2023-09-29", "last_interview": "2023-09-06"}}, "last_interview"),
        ({"sources": {"ratings": {}}}, "either a file or a query"),
        ({"sources": {"ratings": {"query": "select 1"}}}, "a query needs a database"),
        ({"sources": {"rating": {"file": "x.csv"}}}, "sources.rating"),
        ({"exercises": [{"name": "i", "values": ["stamina"]}]}, "not among"),
        ({"exercises": [{"name": "i", "values": ["courage"]}]}, "every value needs an exercise"),
        ({"values": [{"name": "total", "hurdle": 3}]}, "name of a column"),
        ({"values": [{"name": "a", "hurdle": 3}], "exercises": [{"name": "i", "values": ["a", "a"]}]}, "lists a value twice"),
        ({"values": [{"name": "a", "hurdle": 3}], "exercises": [{"name": "i", "values": ["a"]}] * 2}, "two exercises"),
        ({"schedule": [{"report": "standard-setting"}]}, "exactly one of"),
        ({"schedule": [{"report": "standard-setting", "at_milestone": "last_interview"}]}, "no date in"),
        ({"vacancies": -1}, "vacancies"),
    ],
)
def test_what_cannot_be_is_refused_by_name(changes, named):
    with pytest.raises(DefinitionError) as refusal:
        definition(**changes)
    assert named in str(refusal.value)
    assert refusal.value.exit_code == 10


def test_messages_never_hold_what_was_found():
    with pytest.raises(DefinitionError) as refusal:
        definition(process={"id": "Zebediah Quillfeather", "title": "t"}, vacancies="Zebediah", rule={"rounding": "Quillfeather"})
    assert "zebediah" not in str(refusal.value).casefold()
    assert "quillfeather" not in str(refusal.value).casefold()


@pytest.mark.parametrize("content", ["[process\n", "a = 1\na = 2\n", b"\xff\xfe\x00\x01"])
def test_a_file_that_is_not_toml_is_refused(tmp_path, content):
    (tmp_path / "process.toml").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DefinitionError):
        Process.load(tmp_path)


def test_no_file_is_refused_with_what_to_do(tmp_path):
    with pytest.raises(DefinitionError, match="standardsetting new"):
        Process.load(tmp_path)


def test_the_blind_zone_gets_no_place_on_a_machine():
    there = definition(reports="somewhere").without_sources()
    assert not there.sources
    assert there.reports is None
    assert there.rule_hash == definition().rule_hash


def test_a_definition_survives_json():
    halves = definition(values=[{"name": "a", "hurdle": "5/2", "weight": "1/3"}, {"name": "b", "hurdle": 3}])
    again = Process.from_mapping(halves.model_dump(mode="json"))
    assert again.hash == halves.hash
    assert again.values[0].hurdle == Fraction(5, 2)
    assert again.values[0].weight == Fraction(1, 3)
