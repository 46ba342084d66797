"""Steps out of order are refused (exit 12), with what is missing as counts and rows; done steps are done once."""

import json

import pandas as pd


def test_options_and_pack_refuse_until_every_interview_is_scored_or_excepted(canary_process, command):
    folder = canary_process()
    ratings = pd.read_csv(folder / "ratings.csv", dtype=str, keep_default_na=False)
    missing = ratings[(ratings["kind"] == "agreed") & (ratings["value"] == "courage")].index[4]
    ratings.drop(index=missing).to_csv(folder / "ratings.csv", index=False)
    for verb in (["pack"], ["report", "standard-setting"], ["decide", "--cut", "14", "--rationale", "x", "--by", "y"]):
        assert command(*verb, folder).code == 12
    refused = command("close", folder)
    assert refused.code == 12
    assert "1" in refused.err
    assert "row" in refused.err
    assert not (folder / "closing").exists()
    # the same hole with a recorded exception is closed, and the candidate stays in the cohort as incomplete
    exceptions = pd.read_csv(folder / "exceptions.csv")
    exceptions.loc[len(exceptions)] = [ratings.loc[missing, "candidate_id"], "rating missing", "Quillon Marshbank0"]
    exceptions.to_csv(folder / "exceptions.csv", index=False)
    assert command("close", folder).code == 0
    account = json.loads((folder / "closing" / "blind" / "account.json").read_text())
    assert account["incomplete"] == 1
    assert account["scored"] == 58
    assert account["excepted"] == {"withdrawn": 1}


def test_steps_in_order_each_once(canary_process, command, tmp_path):
    folder = canary_process()
    assert command("close", folder, "--json").record["already_done"] is False
    assert command("close", folder, "--json").record["already_done"] is True
    decided = ["decide", folder, "--cut", "14", "--rationale", "x", "--by", "y", "--json"]
    assert command(*decided).code == 12  # no pack has been looked at
    first = command("pack", folder, "--json")
    assert first.code == 0, first.record
    again = command("pack", folder, "--json")
    assert (first.record["already_done"], again.record["already_done"]) == (False, True)
    assert again.record["run"] == first.record["run"]
    assert command(*decided).record["already_done"] is False
    assert command(*decided).record["already_done"] is True
    assert command("decide", folder, "--cut", "15", "--rationale", "x", "--by", "y").code == 2
    assert command("verify", folder).code == 0


def test_a_rule_changed_after_closing_is_refused(canary_process, command):
    folder = canary_process()
    assert command("close", folder).code == 0
    definition = folder / "process.toml"
    text = definition.read_text()
    definition.write_text(text.replace("hurdle = 3", "hurdle = 2", 1))
    refused = command("pack", folder)
    assert refused.code == 12
    assert "rule" in refused.err


def test_verify_finds_every_kind_of_tampering(canary_process, command, tmp_path):
    folder = canary_process()
    for words in (["close"], ["pack"], ["decide", "--cut", "14", "--rationale", "x", "--by", "y"]):
        assert command(*words, folder).code == 0
    assert command("verify", folder).code == 0
    run = next((tmp_path / "reports" / "canary").glob("standard-setting-*/"))
    page = next(run.glob("*.html"))
    for path in (
        folder / "records" / "ledger.jsonl",
        folder / "closing" / "blind" / "account.json",
        folder / "closing" / "named" / "code_book.csv",
        folder / "closing" / "named" / "inputs" / "ratings.csv",
        run / "manifest.json",
        page,
    ):
        content = path.read_bytes()
        path.write_bytes(content.replace(b"1", b"2", 1))
        assert command("verify", folder).code == 11, path.name
        path.unlink()
        assert command("verify", folder).code == 11, path.name
        path.write_bytes(content)
    assert command("verify", folder).code == 0
    # the last record taken off the end
    ledger = folder / "records" / "ledger.jsonl"
    lines = ledger.read_text().splitlines(keepends=True)
    ledger.write_text("".join([*lines[:-2], lines[-1]]))
    assert command("verify", folder).code == 11


def test_a_cut_that_cannot_be_is_refused_before_anything_is_recorded(canary_process, command):
    folder = canary_process()
    assert command("close", folder).code == 0
    assert command("pack", folder).code == 0
    for cut in ("21", "12.6", "tall"):
        assert command("decide", folder, "--cut", cut, "--rationale", "x", "--by", "y").code == 2


def test_words_on_the_command_line(canary_process, command, tmp_path):
    folder = canary_process()
    assert command("nonsense").code == 2
    assert command("check", tmp_path / "nowhere").code == 10
    assert command("report", "horoscope", folder).code in {2, 12}
    assert command("--version").out.strip()
    for verb in ("new", "simulate", "check", "close", "report", "pack", "decide", "due", "status", "verify", "demo"):
        assert command(verb, "--help").code == 0
