"""The ledger finds every edit, deletion and reordering, and is whole at every instant."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from standardsetting import records
from standardsetting.errors import StageError

NOON = datetime(2023, 10, 2, 12, 0, tzinfo=UTC)


def filled(folder, n=4):
    for i in range(n):
        records.append(folder, "standard", {"cut": str(12 + i), "rationale": "Because — é"}, when=NOON)
    return folder / records.LEDGER


def test_records_come_back_as_they_were_written(tmp_path):
    filled(tmp_path)
    chain = records.read(tmp_path)
    assert [r.body["cut"] for r in chain] == ["12", "13", "14", "15"]
    assert [r.previous for r in chain[1:]] == [r.hash for r in chain[:-1]]
    assert records.latest(tmp_path, "standard").number == 4
    assert records.latest(tmp_path, "closed") is None


def test_no_ledger_is_no_problem(tmp_path):
    assert records.inspect(tmp_path) == ((), ())


def changed(lines):
    """Every single edit, deletion, duplication and swap of the lines of a ledger."""
    for i, line in enumerate(lines):
        yield "deleted", [*lines[:i], *lines[i + 1 :]]
        yield "doubled", [*lines[: i + 1], line, *lines[i + 1 :]]
        yield "emptied", [*lines[:i], "", *lines[i + 1 :]]
        for j in range(i):
            swapped = list(lines)
            swapped[i], swapped[j] = swapped[j], swapped[i]
            yield "swapped", swapped
        content = json.loads(line)
        for key in content:
            yield f"edited {key}", [*lines[:i], json.dumps({**content, key: "x"}), *lines[i + 1 :]]
        if "hash" in content:  # a forger who also mends the record's own hash
            forged = records.Record(**{k: v for k, v in content.items() if k != "hash"} | {"body": {"cut": "20"}})
            yield "forged", [*lines[:i], forged.as_line(), *lines[i + 1 :]]


def test_every_single_change_is_found(tmp_path):
    ledger = filled(tmp_path)
    lines = ledger.read_text(encoding="utf-8").splitlines()
    tried = 0
    for what, others in changed(lines):
        ledger.write_text("\n".join(others) + "\n", encoding="utf-8")
        assert records.inspect(tmp_path)[1], what
        with pytest.raises(StageError):
            records.append(tmp_path, "standard", {}, when=NOON)
        tried += 1
    assert tried > 40


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_ledger_cut_or_spoilt_anywhere_is_found(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("process")
    ledger = filled(folder, 3)
    content = ledger.read_bytes()
    cut = data.draw(st.integers(0, len(content) - 2))
    ledger.write_bytes(content[:cut])
    assert records.inspect(folder)[1]
    place = data.draw(st.integers(0, len(content) - 2))
    spoilt = bytearray(content)
    spoilt[place] ^= 1 << data.draw(st.integers(0, 7))
    ledger.write_bytes(bytes(spoilt))
    assert records.inspect(folder)[1]


def test_a_leftover_of_an_interrupted_append_is_no_obstacle(tmp_path):
    ledger = filled(tmp_path, 2)
    (ledger.parent / ".ledger.jsonl.77.new").write_text('{"half a', encoding="utf-8")
    assert len(records.read(tmp_path)) == 2
    filled(tmp_path, 1)
    assert len(records.read(tmp_path)) == 3
