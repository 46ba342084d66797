"""Code lists: what ships is whole, every wording finds its code, roll-ups are fixed, and a list that cannot be used is refused by key."""

from __future__ import annotations

from pathlib import Path

import pytest

from standardsetting.code_lists import NOT_KNOWN, CodeList, read_list, shipped_lists
from standardsetting.errors import DefinitionError, UsageError
from standardsetting.process.cohort import COMPARATORS, Cohort
from standardsetting.simulate import people

OWN = """
name = "ethnicity"
title = "Ethnic group"
version = "2011: 4 groups"
date = 2011-03-27
source = "Our own"

[[levels]]
name = "ethnicity_4"
title = "Ethnic group (4)"
codes = [
    { code = "a", label = "Asian", part_of = "m" },
    { code = "b", label = "Black", part_of = "m" },
    { code = "c", label = "Chinese", part_of = "m" },
    { code = "w", label = "White", part_of = "w" },
]

[[levels]]
name = "ethnicity_2"
title = "Ethnic group (2)"
codes = [{ code = "m", label = "Minorities" }, { code = "w", label = "White" }]
"""


def own(folder: Path, change: tuple[str, str] = ("", "")) -> CodeList:
    (folder / "own.toml").write_text(OWN.replace(*change) if change[0] else OWN, encoding="utf-8")
    return read_list("own.toml", folder=folder)


def test_every_default_characteristic_has_a_list_and_every_level_a_comparator_of_its_own() -> None:
    for characteristic in Cohort().characteristics:
        its_list = read_list(characteristic.list_name)
        for level in its_list.levels:
            assert characteristic.comparator_of(level.name) in {code.code for code in level.codes}
            assert its_list.version and its_list.source and its_list.date.year >= 2021
    assert {level.name for name in shipped_lists() for level in read_list(name).levels} - {"reason_not_eligible"} == set(COMPARATORS)


def test_ethnicity_is_nineteen_groups_in_five_in_two_and_says_where_white_minorities_are() -> None:
    ethnicity = read_list("ethnicity")
    assert [len(level.codes) for level in ethnicity.levels] == [19, 5, 2]
    broad = ethnicity.roll_up("ethnicity_19", "ethnicity_5")
    # Census 2021, England and Wales: five Asian, three Black, four mixed, five White and two other groups.
    counts = {group: sum(parent == group for parent in broad.values()) for group in ("asian", "black", "mixed", "white", "other")}
    assert counts == {"asian": 5, "black": 3, "mixed": 4, "white": 5, "other": 2}
    two = ethnicity.level("ethnicity_2")
    assert two.codes[0].label == "Ethnic minorities (excluding White minorities)" and "counted with White" in two.note
    minorities = {code for code, parent in ethnicity.roll_up("ethnicity_19", "ethnicity_2").items() if parent == "white"}
    assert minorities == {"white_british", "white_irish", "white_gypsy_traveller", "white_roma", "white_other"}


def test_the_four_kinds_of_not_known_are_four_codes_and_survive_every_roll_up() -> None:
    assert list(NOT_KNOWN) == ["prefer_not_to_say", "not_asked", "unknown_in_hr", "opted_out"]
    rolled = read_list("ethnicity").roll_up("ethnicity_19", "ethnicity_2")
    assert all(rolled[code] == code for code in NOT_KNOWN)
    level = read_list("sex").levels[0]
    assert [level.code_of(text) for text in people.NOT_KNOWN] == list(NOT_KNOWN)


def test_every_word_of_the_simulation_and_every_label_finds_its_code() -> None:
    lists = {level.name: level for name in shipped_lists() for level in read_list(name).levels}
    for column, words in people.GROUPS.items():
        codes = [lists[column].code_of(word) for word in words]
        assert None not in codes and len(set(codes)) == len(words)
    for level in lists.values():
        assert all(level.code_of(f"  {code.label.upper()} ") == code.code for code in level.codes)
        assert level.code_of("Martian") is None


def test_a_process_names_a_list_of_its_own_and_a_changed_list_has_another_hash(tmp_path: Path) -> None:
    mine = own(tmp_path)
    assert mine.roll_up("ethnicity_4", "ethnicity_2")["c"] == "m" and mine.hash == own(tmp_path).hash
    assert mine.hash != own(tmp_path, ("Chinese", "Chinese or Vietnamese")).hash
    with pytest.raises(UsageError, match="broader"):
        mine.roll_up("ethnicity_2", "ethnicity_4")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (('part_of = "w" }', 'part_of = "x" }'), "part_of"),
        (('{ code = "b", label = "Black", part_of = "m" }', '{ code = "b", label = "Black" }'), "part_of"),
        (('code = "c"', 'code = "a"'), "two codes of a level are the same"),
        (('label = "Chinese"', 'label = "asian"'), "one wording stands for two codes"),
        (('label = "Chinese"', 'label = "Not asked"'), "one wording stands for two codes"),
        (('code = "c"', 'code = "not_asked"'), "kind of not known"),
        (('source = "Our own"', ""), "source"),
        (('source = "Our own"', 'source = "Our own"\nwitch = "zzsecret"'), "witch: unknown key"),
        (("date = 2011-03-27", "date = zzsecret"), "not valid TOML"),
        (('name = "ethnicity_2"', 'name = "ethnicity_4"'), "two levels have the same name"),
    ],
)
def test_a_list_that_cannot_be_used_is_refused_by_key_and_never_by_value(tmp_path: Path, change: tuple[str, str], told: str) -> None:
    with pytest.raises(DefinitionError) as refused:
        own(tmp_path, change)
    assert told in str(refused.value) and "zzsecret" not in str(refused.value) and refused.value.exit_code == 10


AGES = """
name = "ages"
title = "Age"
version = "1"
date = 2023-01-01
source = "Our own"

[[levels]]
name = "ages"
title = "Age"
codes = [
    { code = "young", label = "Under 40", from_age = 0 },
    { code = "middle", label = "40 to 54", from_age = 40 },
    { code = "old", label = "55 and over", from_age = 55 },
]
"""


def test_ages_fall_into_the_bands_of_a_list(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(AGES, encoding="utf-8")
    level = read_list("own.toml", folder=tmp_path).levels[0]
    assert [level.band_of(age) for age in (0, 39, 40, 54, 55, 99)] == ["young", "young", "middle", "middle", "old", "old"]
    assert level.of_ages and not read_list("sex").levels[0].of_ages
    shipped = read_list("age_band").levels[0]
    assert [shipped.band_of(age) for age in range(16, 70)] == [
        "under_30" if age < 30 else "50_and_over" if age >= 50 else f"{age - age % 5}_to_{age - age % 5 + 4}" for age in range(16, 70)
    ]
    for level, age in ((shipped, -1), (read_list("sex").levels[0], 40)):
        with pytest.raises(UsageError, match="bands of ages"):
            level.band_of(age)


@pytest.mark.parametrize("change", [(", from_age = 40", ""), ("from_age = 0", "from_age = 16"), ("from_age = 55", "from_age = 40")])
def test_bands_cover_every_age_once(tmp_path: Path, change: tuple[str, str]) -> None:
    (tmp_path / "own.toml").write_text(AGES.replace(*change), encoding="utf-8")
    with pytest.raises(DefinitionError, match="from_age"):
        read_list("own.toml", folder=tmp_path)


def test_ages_are_part_of_the_hash_where_a_list_has_them_and_only_there(tmp_path: Path) -> None:
    hashes = set()
    for start in (40, 41):
        (tmp_path / "own.toml").write_text(AGES.replace("from_age = 40", f"from_age = {start}"), encoding="utf-8")
        hashes.add(read_list("own.toml", folder=tmp_path).hash)
    assert len(hashes) == 2
    # Snapshots keep this hash: the list of a series of years that has no ages keeps it too.
    assert read_list("sex").hash == "f654f1ca2b87906320dd357d1444366df14807e89a99ea5a09e3e01ff85872fc"


def test_a_list_that_is_not_there_or_lies_elsewhere_is_refused(tmp_path: Path) -> None:
    (tmp_path / "process").mkdir()
    own(tmp_path)
    for name, told in (("star_sign", "not there"), ("none.toml", "not there"), ("../own.toml", "leads out of the folder")):
        with pytest.raises(DefinitionError, match=told):
            read_list(name, folder=tmp_path / "process")
