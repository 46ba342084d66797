"""Unmistakable names, numbers, forces and characteristics go in; none comes out, wherever one looks."""

import contextlib
import threading
import time
import zipfile
import zlib
from pathlib import Path

import pypdf
import pytest


def contents(path: Path):
    """The bytes of a file, and what they unpack to."""
    data = path.read_bytes()
    yield data
    if path.suffix in (".xlsx", ".ods"):
        with zipfile.ZipFile(path) as archive:
            yield from (archive.read(name) for name in archive.namelist())
    if path.suffix == ".pdf":
        for part in data.split(b"stream\n")[1:]:
            try:
                yield zlib.decompressobj().decompress(part)
            except zlib.error:
                continue
        reader = pypdf.PdfReader(path)
        yield " ".join(page.extract_text() for page in reader.pages).encode()
        yield str(reader.metadata).encode()


def leaks(root: Path, canaries, *, apart=()):
    """Files under a folder that hold a canary or are named for one, without the folders that may."""
    for path in root.rglob("*"):
        if any(folder in path.parents for folder in apart):
            continue
        try:
            chunks = [path.name.encode(), *(contents(path) if path.is_file() else ())]
        except (FileNotFoundError, pypdf.errors.PyPdfError, zipfile.BadZipFile):
            continue  # gone, or half written, while we looked
        for chunk in chunks:
            low = chunk.lower()
            for canary in canaries:
                if canary.encode() in low:
                    yield path, canary


class Watch(threading.Thread):
    """Looks at temporary files and reports while a command runs, not only afterwards."""

    def __init__(self, roots, canaries):
        super().__init__(daemon=True)
        self.roots, self.canaries, self.seen, self.looks, self.ended = roots, canaries, set(), 0, False

    def run(self):
        while not self.ended:
            for root in self.roots:
                with contextlib.suppress(FileNotFoundError):  # swept while we looked
                    self.seen |= set(leaks(root, self.canaries))
            self.looks += 1
            time.sleep(0.1)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ended = True
        self.join()


def test_no_canary_leaves_the_named_zone(tmp_path, canary_process, command, canaries):
    folder = canary_process()
    (tmp_path / "reports").mkdir()
    told = []
    with Watch([tmp_path / "tmp", tmp_path / "reports"], canaries) as watch:
        for *words, extra in (
            ("check", ()), ("close", ()), ("close", ("--json",)), ("pack", ()), ("pack", ("--json",)),
            ("check", ("--json",)), ("status", ()),
            ("status", ("--json",)), ("due", ()), ("decide", ("--cut", 14, "--rationale", "Because.", "--by", "A Director")),
            ("verify", ()), ("verify", ("--json",)),
        ):  # fmt: skip
            words = [*words, folder]
            done = command(*words, *extra)
            assert done.code == 0, done.err
            told.append(done.out + done.err)
    assert watch.looks > 3
    assert not watch.seen
    assert not [canary for canary in canaries if canary in " ".join(told).casefold()]
    published = list((tmp_path / "reports" / "canary").rglob("*"))
    assert {p.suffix for p in published} >= {".html", ".pdf", ".xlsx", ".ods", ".ipynb", ".json"}
    inputs = {folder / f"{name}.csv" for name in ("candidates", "monitoring", "interviews", "ratings", "assessors", "exceptions")}
    assert not [hit for hit in leaks(tmp_path, canaries, apart=[folder / "closing" / "named"]) if hit[0] not in inputs]
    # and the search finds what is there: the named zone is full of canaries
    assert set(canaries) - {canary for _, canary in leaks(folder / "closing" / "named", canaries)} == set()


@pytest.mark.parametrize(
    ("table", "column", "cell"),
    [
        ("ratings", "rating", "zzsecret"),
        ("ratings", "value", "Quillfeather"),
        ("ratings", "kind", "womanly"),
        ("ratings", "candidate_id", "QXF-99999"),
        ("interviews", "status", "zebediah was ill"),
        ("interviews", "date", "Quillfeather day"),
        ("exceptions", "reason", "zebediah is atlantean"),
        ("candidates", "candidate_id", "QXF-00003"),
    ],
)
def test_no_finding_repeats_what_it_found(canary_process, command, canaries, table, column, cell):
    import pandas as pd

    folder = canary_process()
    frame = pd.read_csv(folder / f"{table}.csv", dtype=str, keep_default_na=False)
    frame.loc[0, column] = cell
    frame.to_csv(folder / f"{table}.csv", index=False)
    for verb in ("check", "close"):
        for extra in ([], ["--json"]):
            done = command(verb, folder, *extra)
            assert done.code == 11, (verb, done.out, done.err)
            assert not [canary for canary in canaries if canary in (done.out + done.err).casefold()]


@pytest.mark.parametrize("column", ["Zebediah Quillfeather", "is_womanly", "ethnicity", "x1"])
def test_a_planted_column_stops_the_check_without_being_repeated(canary_process, command, canaries, column):
    import pandas as pd

    folder = canary_process()
    frame = pd.read_csv(folder / "ratings.csv", dtype=str, keep_default_na=False)
    frame.assign(**{column: "1"}).to_csv(folder / "ratings.csv", index=False)
    done = command("close", folder)
    assert done.code in {11, 13}
    assert column.casefold() not in (done.out + done.err).casefold()
    assert not (folder / "closing").exists()


def test_a_planted_characteristic_behind_the_panel_stops_closing(canary_process, command):
    import pandas as pd

    folder = canary_process()
    people = pd.read_csv(folder / "candidates.csv").merge(pd.read_csv(folder / "monitoring.csv"), on="monitoring_key")
    interviews = pd.read_csv(folder / "interviews.csv")
    sex = people.set_index("candidate_id")["sex"]
    interviews["panel_id"] = interviews["candidate_id"].map({c: f"Panel {ord(s[0])}" for c, s in sex.items()})
    interviews.to_csv(folder / "interviews.csv", index=False)
    done = command("close", folder)
    assert done.code == 13, done.out + done.err
    assert not (folder / "closing").exists()
