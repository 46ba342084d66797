"""The nightly look at the assessors while interviews go on: it publishes, it leaks nothing, and the next night speaks of the same codes."""

import csv
import re
import zipfile

import pandas as pd
import pypdf

CODE = re.compile(r"\bA-[0-9B-DF-HJ-NP-TV-XZ]{3,}\b")


def book(folder):
    with (folder / "open" / "named" / "code_book.csv").open(encoding="utf-8", newline="") as stream:
        return {(row["kind"], row["identifier"]): row["code"] for row in csv.DictReader(stream)}


def text(path):
    """What a file says, unpacked."""
    if path.suffix in (".xlsx", ".ods"):
        with zipfile.ZipFile(path) as archive:
            return " ".join(archive.read(name).decode("latin-1") for name in archive.namelist())
    if path.suffix == ".pdf":
        reader = pypdf.PdfReader(path)
        return " ".join(page.extract_text() for page in reader.pages) + str(reader.metadata)
    return path.read_bytes().decode("latin-1")


def test_two_nights_of_an_open_process(tmp_path, canary_process, command, canaries):
    folder = canary_process(n=90)
    ratings, interviews = pd.read_csv(folder / "ratings.csv", dtype=str), pd.read_csv(folder / "interviews.csv", dtype=str)
    late = set(interviews["candidate_id"][60:89])
    interviews.assign(status=interviews["status"].mask(interviews["candidate_id"].isin(late), "scheduled")).to_csv(
        folder / "interviews.csv", index=False
    )
    ratings[~ratings["candidate_id"].isin(late)].to_csv(folder / "ratings.csv", index=False)
    with (folder / "process.toml").open("a", encoding="utf-8") as stream:
        stream.write('\n[[schedule]]\nreport = "assessor-quality"\nevery = "day"\nat = 00:00:00\n')

    refused = command("pack", folder)
    assert refused.code == 12
    first = command("due", folder, "--json")
    assert first.code == 0, first.err
    (ran,) = first.record["ran"]
    assert {f"assessor-quality.{kind}" for kind in ("html", "pdf", "xlsx", "ods")} | {"manifest.json"} <= set(ran["files"])
    codes = book(folder)
    page = (tmp_path / ran["folder"] / "assessor-quality.html").read_text(encoding="utf-8")
    assert set(CODE.findall(page)) == {code for (kind, _), code in codes.items() if kind == "assessor"}
    early = ratings[~ratings["candidate_id"].isin(late)]
    assert len(set(CODE.findall(page))) == early["assessor_id"].nunique()
    assert "60 candidates of 90 interviews have ratings" in page

    unchanged = command("report", "assessor-quality", folder, "--json")
    assert unchanged.record["already_done"]

    ratings.to_csv(folder / "ratings.csv", index=False)
    interviews.to_csv(folder / "interviews.csv", index=False)
    second = command("report", "assessor-quality", folder, "--json")
    assert second.code == 0, second.err
    assert second.record["run"] != ran["run"]
    assert codes.items() <= book(folder).items()

    reports = tmp_path / "reports"
    everything = " ".join(p.name + text(p) for p in reports.rglob("*") if p.is_file()).casefold()
    everything += " ".join((first.out, first.err, second.out, second.err)).casefold()
    blind = b" ".join(p.read_bytes() for p in (folder / "open" / "blind").iterdir()).decode("latin-1").casefold()
    # Digits alone also stand in a picture's coordinates: a telephone number is looked for with the space that it is written with.
    searched = [canary + " " if canary.isdigit() else canary for canary in canaries]
    assert not [canary for canary in searched if canary in everything or canary in blind]
    named = (folder / "open" / "named" / "code_book.csv").read_text().casefold()
    assert [canary for canary in canaries if canary in named]  # and the search finds what is there

    assert command("close", folder).code == 0
    closed = command("report", "assessor-quality", folder, "--json")
    assert closed.code == 0, closed.err
    assert closed.record["run"] not in (ran["run"], second.record["run"])
