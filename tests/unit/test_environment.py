"""environment.yml and pyproject.toml name the same packages with the same bounds."""

import re
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
DESIGN_CARD = {
    "jupyterlab", "pandas", "numpy", "scipy", "matplotlib", "seaborn", "ipywidgets", "papermill", "pytest", "nbval",
}  # fmt: skip


def bounds(requirements: list[str]) -> dict[str, str]:
    return dict(re.fullmatch(r"([a-z0-9_-]+)(.*)", requirement).groups() for requirement in requirements)


def test_conda_environment_matches_the_project():
    conda = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    declared = bounds(project["project"]["dependencies"] + project["dependency-groups"]["dev"])
    in_conda = bounds([entry for entry in conda if isinstance(entry, str)])
    assert in_conda.keys() >= DESIGN_CARD
    assert {name: in_conda[name] for name in DESIGN_CARD} == {name: declared[name] for name in DESIGN_CARD}
    assert in_conda["python"] == project["project"]["requires-python"]
    assert {"pip": ["--editable ."]} in conda


def test_the_lock_pins_every_declared_package_with_hashes_and_names_no_registry():
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    pinned = set(re.findall(r"^([a-z0-9_.-]+)==", lock, flags=re.MULTILINE))
    declared = bounds(project["project"]["dependencies"] + project["dependency-groups"]["dev"])
    assert declared.keys() <= pinned
    assert "://" not in lock
    blocks = re.split(r"^(?=[a-z0-9])", lock, flags=re.MULTILINE)
    assert all("--hash=sha256:" in block for block in blocks if "==" in block)
