"""How much a process's memory grows at its peak, from the operating system's own accounting.

`ru_maxrss` of a fresh process starts at what the process that started it had used, and cannot be set back after the data are loaded.
Linux also keeps a peak for each process that can: both are read from outside, so that every program is measured in the same way.
"""

from __future__ import annotations

from pathlib import Path


def settle(pid: int) -> float | None:
    """Set the peak back to what is in use now, and say how much that is in MB; None where the system does not tell."""
    try:
        Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")
        return _read(pid, "VmRSS")
    except (OSError, StopIteration):
        return None


def growth(pid: int, before: float | None) -> float | None:
    """The peak since then above what was in use then, in MB."""
    try:
        return None if before is None else max(_read(pid, "VmHWM") - before, 0.0)
    except (OSError, StopIteration):
        return None


def _read(pid: int, name: str) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    line = next(line for line in status.splitlines() if line.startswith(name))
    return int(line.split()[1]) / 1024
