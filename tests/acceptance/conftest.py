"""A process whose people are unmistakable, and the command line as a person types it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

# What the process says of itself beside the definition that tests share.
MORE = """synthetic = true

[scale.meanings]
3 = "acceptable"
"""

# Every one of these would point at a person or a group. None is a word that the workbench itself uses.
CANARIES = (
    "zebediah", "quillfeather", "qxf-", "qxa-", "borsetshire", "midsomer", "marshbank", "quillon", "womanly", "manly", "canarian",
    "atlantean", "wheelchairish", "zzsecret", "07700", "panelquux", "roomquux", "keyquux",
)  # fmt: skip


def tables(n: int, seed: int, values: tuple[str, ...]) -> dict[str, pd.DataFrame]:
    draw = np.random.default_rng(seed)
    ids = [f"QXF-{i:05d}" for i in draw.permutation(n)]
    pair = [(int(a), int(b)) for a, b in (draw.choice(8, 2, replace=False) for _ in range(n))]
    panel = draw.integers(0, 6, n)
    candidates = pd.DataFrame({"candidate_id": ids})
    candidates["name"] = [f"Zebediah{i} Quillfeather{i}" for i in range(n)]
    candidates["email"] = [f"zebediah.quillfeather{i}@example.org" for i in range(n)]
    candidates["telephone"] = [f"07700 9{i:05d}" for i in range(n)]
    candidates["force"] = draw.choice(["Borsetshire", "Midsomer"], n)
    candidates["monitoring_key"] = [f"keyquux{i:05d}" for i in range(n)]
    monitoring = pd.DataFrame({"monitoring_key": draw.permutation(candidates["monitoring_key"])})
    monitoring["sex"] = draw.choice(["womanly", "manly"], n)
    monitoring["ethnicity_5"] = draw.choice(["Canarian", "Atlantean"], n)
    monitoring["disability"] = draw.choice(["wheelchairish", "none"], n)
    interviews = pd.DataFrame({"candidate_id": ids, "panel_id": [f"Panelquux {p}" for p in panel]})
    days = pd.bdate_range("2023-09-06", "2023-09-29")
    interviews["date"] = [f"{days[i]:%Y-%m-%d}" for i in draw.integers(0, len(days), n)]
    interviews["site"], interviews["status"] = "Roomquux", "completed"
    interviews.loc[n - 1, "status"] = "withdrawn"
    level = draw.normal(3.4, 0.8, n)
    rows = []
    for i, candidate in enumerate(ids[:-1]):
        for v in values:
            scores = [int(np.clip(round(level[i] + draw.normal(0, 0.7)), 1, 5)) for _ in range(2)]
            rows += [(candidate, f"QXA-{a}", v, s, "independent", "zzsecret rationale") for a, s in zip(pair[i], scores, strict=True)]
            rows.append((candidate, "", v, scores[0], "agreed", ""))
    ratings = pd.DataFrame(rows, columns=["candidate_id", "assessor_id", "value", "rating", "kind", "rationale"])
    assessors = pd.DataFrame({"assessor_id": [f"QXA-{a}" for a in range(8)], "name": [f"Quillon Marshbank{a}" for a in range(8)]})
    exceptions = pd.DataFrame({"candidate_id": [ids[-1]], "reason": ["withdrawn"], "approved_by": ["Quillon Marshbank0"]})
    return {
        "candidates": candidates, "monitoring": monitoring, "interviews": interviews, "ratings": ratings,
        "assessors": assessors, "exceptions": exceptions,
    }  # fmt: skip


@pytest.fixture
def canaries() -> tuple[str, ...]:
    return CANARIES


@pytest.fixture
def canary_process(tmp_path: Path, four_values: tuple[str, ...], written_definition: Callable[..., str]):
    """Makes a process folder of unmistakable people: `make(n=60, seed=1)`."""

    def make(n: int = 60, seed: int = 1) -> Path:
        folder = tmp_path / "process"
        folder.mkdir()
        made = tables(n, seed, four_values)
        sources = "".join(f'\n[sources.{name}]\nfile = "{name}.csv"\n' for name in made)
        definition = written_definition("canary", "A process for a test", more=MORE)
        (folder / "process.toml").write_text(definition + sources, encoding="utf-8")
        for name, table in made.items():
            table.to_csv(folder / f"{name}.csv", index=False)
        return folder

    return make


@pytest.fixture
def command(tmp_path: Path):
    """Runs the command line in a folder of its own and gives back exit code, output, errors and, with --json, the record."""
    (tmp_path / "tmp").mkdir(exist_ok=True)

    def run(*words: object, timeout: float = 300) -> SimpleNamespace:
        environment = {**os.environ, "TMPDIR": str(tmp_path / "tmp")}
        done = subprocess.run(
            [sys.executable, "-m", "standardsetting.cli", *map(str, words)],
            cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=timeout,
        )  # fmt: skip
        record = json.loads(done.stdout) if "--json" in words and done.stdout.strip() else None
        return SimpleNamespace(code=done.returncode, out=done.stdout, err=done.stderr, record=record)

    return run
