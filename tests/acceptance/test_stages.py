"""Steps out of order are refused (exit 12), with what is missing as counts and rows; done steps are done once."""

import hashlib
import json

import pandas as pd

from standardsetting import records
from standardsetting.reporting import manifest


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
    # the last record taken off the end, with a seal made anew by somebody who knows how
    ledger = folder / "records" / "ledger.jsonl"
    whole = ledger.read_text()
    kept, *_ = records.read(folder)
    ledger.write_text(f"{kept.as_line()}\n{records._seal_line((kept,))}\n")
    assert records.inspect(folder)[1] == ()
    assert command("verify", folder).code == 11
    ledger.write_text(whole)
    # a page and its manifest changed together: the journal remembers the manifest
    forged = page.read_text().replace("</h1>", " </h1>", 1)
    manifest_file, honest, old_page = run / "manifest.json", (run / "manifest.json").read_text(), page.read_text()
    page.write_text(forged)
    content = json.loads(honest)
    content["outputs"][page.name] = {"sha256": hashlib.sha256(forged.encode()).hexdigest(), "bytes": len(forged.encode())}
    manifest_file.write_text(json.dumps(content))
    assert manifest.verify(run) == []
    assert command("verify", folder).code == 11
    changed = ["--cut", "15", "--rationale", "x", "--by", "y", "--change-reason", "z"]
    assert command("decide", folder, *changed).code == 12
    manifest_file.write_text(honest)
    page.write_text(old_page)
    # what nobody looks at every day
    for path in (folder / "closing" / "closing.json", folder / "closing" / "named" / "identities.parquet"):
        content = path.read_bytes()
        path.write_bytes(b"{}")
        assert command("verify", folder).code == 11, path.name
        assert command("pack", folder).code == 12, path.name
        path.write_bytes(content)
    for place in ("blind", "named/inputs"):
        (folder / "closing" / place / "more.txt").write_text("x")
        assert command("verify", folder).code == 11, place
        (folder / "closing" / place / "more.txt").unlink()
    assert command("verify", folder).code == 0


def test_the_report_is_about_the_definition_that_was_closed(canary_process, command, tmp_path):
    folder = canary_process()
    assert command("close", folder).code == 0
    definition = folder / "process.toml"
    definition.write_text(definition.read_text().replace("A process for a test", "Quite another title"))
    done = command("pack", folder)
    assert done.code == 0
    assert "frozen" in done.out
    page = next((tmp_path / "reports" / "canary").glob("standard-setting-*/*.html")).read_text(encoding="utf-8")
    assert "A process for a test" in page
    assert "Quite another title" not in page
    assert command("verify", folder).code == 11


def test_a_definition_that_names_a_candidate_publishes_nothing(canary_process, command, tmp_path):
    folder = canary_process()
    definition = folder / "process.toml"
    definition.write_text(definition.read_text().replace("A process for a test", "After the grievance of Zebediah3 Quillfeather3"))
    assert command("close", folder).code == 0
    assert command("pack", folder).code == 13
    assert not list((tmp_path / "reports" / "canary").glob("standard-setting-*"))


def test_a_cut_that_cannot_be_is_refused_before_anything_is_recorded(canary_process, command):
    folder = canary_process()
    assert command("close", folder).code == 0
    assert command("pack", folder).code == 0
    for cut in ("21", "12.6", "tall"):
        assert command("decide", folder, "--cut", cut, "--rationale", "x", "--by", "y").code == 2


def test_words_on_the_command_line(canary_process, command, tmp_path):
    folder = canary_process()
    assert command("nonsense").code == 2
    for words in (["decide", folder, "--json"], ["check", "--json", "--bogus"]):
        wrong = command(*words)
        assert (wrong.code, wrong.record["exit_code"]) == (2, 2)
    (tmp_path / "afile").write_text("x")
    assert command("close", folder).code == 0
    assert command("pack", folder, "--reports", tmp_path / "afile").code == 18
    (tmp_path / "folder" / "process.toml").mkdir(parents=True)
    assert command("check", tmp_path / "folder").code == 10
    assert command("check", tmp_path / "nowhere").code == 10
    assert command("report", "horoscope", folder).code == 2
    assert command("--version").out.strip()
    for verb in ("new", "simulate", "check", "close", "report", "pack", "decide", "due", "status", "verify", "demo"):
        assert command(verb, "--help").code == 0
    (folder / "closing" / "blind" / "seal.json").write_text("[1]")
    assert command("verify", folder).code == 11
    assert command("pack", folder).code in {12, 13}
