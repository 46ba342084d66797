"""Sealed folders: files whose hashes stand in a `seal.json` beside them. A folder that was changed after sealing is not used."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from standardsetting.errors import DisclosureError, StageError

SEAL = "seal.json"


def file_digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def seal(folder: Path, names: Iterable[str]) -> str:
    """Write the seal over the named files; returns its digest, which stands for the whole folder."""
    digests = {name: file_digest(folder / name) for name in sorted(names)}
    (folder / SEAL).write_text(json.dumps(digests, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return file_digest(folder / SEAL)


def unseal(folder: Path, *, needed: Iterable[str], what: str, how_to_get: str) -> tuple[str, ...]:
    """Check every file against the seal and return their names: only a sealed file may be read, one that was put beside it has no say.

    Parameters
    ----------
    folder
        The sealed folder.
    needed
        Names that must be among the sealed files.
    what
        What the folder is, in words for a message: "blind folder".
    how_to_get
        What to do where there is none.

    Raises
    ------
    StageError
        There is no such folder or it has no seal.
    DisclosureError
        A file is missing or was changed after sealing.
    """
    try:
        sealed = dict(json.loads((folder / SEAL).read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise StageError(f"A {what} with a seal was expected; there is none.", next_step=how_to_get) from None
    except (OSError, ValueError, TypeError):
        raise DisclosureError(
            f"The seal of the {what} cannot be read.", next_step="Restore the folder from a backup; nothing was used."
        ) from None
    for name, digest in {**dict.fromkeys(needed, ""), **sealed}.items():
        if not (folder / name).is_file() or file_digest(folder / name) != digest:
            raise DisclosureError(
                f"{name} in the {what} does not match its seal.",
                next_step="The folder was changed after it was made. Restore it from a backup, or make it again.",
            )
    return tuple(sealed)
