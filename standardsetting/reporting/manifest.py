"""The manifest of a run: what went in, what made it, what came out. Written last; `verify` reads it back against the folder.

It holds hashes, counts and versions; no path, no user, no name of a machine, nothing from the data.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import standardsetting
from standardsetting.sealed import file_digest

MANIFEST_FILE = "manifest.json"
SCHEMA = 1
_PACKAGES = ("numpy", "pandas", "scipy", "pyarrow", "matplotlib", "papermill", "nbconvert", "weasyprint", "gptables")


def software() -> str:
    """SHA-256 of the workbench itself: its version, its code, its templates."""
    package = Path(standardsetting.__file__).resolve().parent
    sources = sorted(file for file in package.rglob("*") if file.suffix in {".py", ".css", ".j2", ".toml"})
    listing = "".join(f"{file.relative_to(package).as_posix()} {file_digest(file)}\n" for file in sources)
    return hashlib.sha256(f"{standardsetting.__version__}\n{listing}".encode()).hexdigest()


def versions() -> dict[str, str | None]:
    """Versions of what made the report; None for a package that is not installed."""
    found: dict[str, str | None] = {"python": platform.python_version(), "standardsetting": standardsetting.__version__}
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = None
    return found


def outputs(folder: Path) -> dict[str, dict[str, Any]]:
    """Hash and size of every file in a folder but the manifest itself."""
    files = sorted(file for file in folder.iterdir() if file.name != MANIFEST_FILE)
    return {file.name: {"sha256": file_digest(file), "bytes": file.stat().st_size} for file in files}


def write(folder: Path, content: Mapping[str, Any]) -> str:
    """Write the manifest of the files in a folder, and return its SHA-256.

    Parameters
    ----------
    folder
        The finished outputs.
    content
        Everything but the schema, the versions and the outputs.
    """
    whole = {"schema": SCHEMA, **content, "software": software(), "versions": versions(), "outputs": outputs(folder)}
    file = folder / MANIFEST_FILE
    file.write_text(json.dumps(whole, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return file_digest(file)


def verify(folder: str | Path) -> list[str]:
    """What does not match between a published folder and its manifest, one sentence each; nothing when all is well.

    Examples
    --------
    >>> import tempfile
    >>> verify(tempfile.mkdtemp())
    ['manifest.json is missing.']
    """
    folder = Path(folder)
    file = folder / MANIFEST_FILE
    if not file.is_file():
        return [f"{MANIFEST_FILE} is missing."]
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        listed: dict[str, dict[str, Any]] = content["outputs"]
        names = {str(name): (entry["sha256"], entry["bytes"]) for name, entry in listed.items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        return [f"{MANIFEST_FILE} cannot be read."]
    if content.get("schema") != SCHEMA:
        return [f"{MANIFEST_FILE} has schema {content.get('schema')!r}; {SCHEMA} was expected."]
    return list(_mismatches(folder, names))


def read(folder: Path) -> dict[str, Any]:
    """The manifest of a folder that verifies."""
    content: dict[str, Any] = json.loads((folder / MANIFEST_FILE).read_text(encoding="utf-8"))
    return content


def _mismatches(folder: Path, names: Mapping[str, tuple[str, int]]) -> Iterable[str]:
    present = {file.name for file in folder.iterdir()} - {MANIFEST_FILE}
    for name, (sha256, size) in names.items():
        if name not in present:
            yield f"{name} is missing."
        elif (folder / name).stat().st_size != size or file_digest(folder / name) != sha256:
            yield f"{name} was changed after it was published."
    for name in sorted(present - set(names)):
        yield f"{name} is not in the manifest."
