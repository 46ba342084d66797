"""Run a report's kernel with no way to anything but its own room: `python -m standardsetting.reporting.confine`.

Before the kernel starts, this process gives up its rights. On Linux, Landlock rules take them for good, native code included: files outside
the room and the installation of Python cannot be opened, no program can be started, no network connection can be made, no other process
can be looked at. Where Landlock is missing, an audit hook refuses the same things to Python code; it cannot see native readers, so the
manifest says which of the two a run had.

Nothing heavy is imported here before the rights are gone, because rules apply to the threads that exist.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import site
import sys
import sysconfig
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

LANDLOCK, AUDIT_HOOK = "landlock", "audit hook"

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
_READ_FILE, _READ_DIR, _WRITE_FILE = 1 << 2, 1 << 3, 1 << 1
_TRUNCATE, _IOCTL_DEV = 1 << 14, 1 << 15
# Rights of the file system that each version of the interface knows: 13, then renaming between folders, truncating, device controls.
_FS_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1}
_ALL_FS_RIGHTS = (1 << 16) - 1
_READ = _READ_FILE | _READ_DIR
_ON_A_FILE = _READ_FILE | _WRITE_FILE | _TRUNCATE | _IOCTL_DEV
# Starting a program, making devices: nobody in the room has use for them.
_NEVER = 1 << 0 | 1 << 6 | 1 << 11

_SYSTEM_FOLDERS = ("/usr", "/lib", "/lib64", "/nix/store", "/etc/fonts", "/sys/devices/system/cpu", "/System/Library", "/Library/Fonts")
_SYSTEM_FILES = (
    "/etc/ld.so.cache", "/etc/localtime", "/etc/mime.types", "/dev/urandom", "/dev/random",
    "/proc/cpuinfo", "/proc/meminfo", "/proc/stat",
)  # fmt: skip


class _Ruleset(ctypes.Structure):
    _fields_ = (("fs", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


def available() -> str:
    """How this machine can confine a kernel: ``"landlock"`` or ``"audit hook"``."""
    return LANDLOCK if _landlock_version() > 0 else AUDIT_HOOK


def readable() -> list[Path]:
    """What a confined kernel may read: Python, its packages, this package's source, the system's libraries and fonts.

    Of an editable checkout only the package folder is readable, not the data and the reports beside it.
    """
    folders = {sys.prefix, sys.base_prefix, sys.exec_prefix, sysconfig.get_path("stdlib"), sysconfig.get_path("purelib")}
    folders.update(site.getsitepackages())
    if site.ENABLE_USER_SITE:
        folders.add(site.getusersitepackages())
    folders.add(str(Path(__file__).resolve().parent.parent))
    folders.update(_SYSTEM_FOLDERS)
    if sys.platform == "win32":
        folders.add(os.environ.get("SYSTEMROOT", "C:\\Windows"))
    return sorted(
        {Path(folder).resolve() for folder in folders if folder and Path(folder).exists() and Path(folder).resolve() != Path("/")}
    )


def confine(room: Path, *, method: str, sockets: Path | None = None) -> None:
    """Give up, for good, every right outside `room` but reading what `readable` lists.

    Parameters
    ----------
    room
        The working folder: the only place that can be written, and the only data that can be read.
    method
        ``"landlock"`` or ``"audit hook"``.
    sockets
        A folder of sockets alone, where the room's path is too long to hold them.

    Raises
    ------
    OSError
        Landlock was asked for and refused; the caller must not go on.
    """
    files = [Path(name) for name in _SYSTEM_FILES if Path(name).exists()]
    own = [room] if sockets is None else [room, sockets]
    if method == LANDLOCK:
        _restrict(own, readable(), files)
    else:
        myself = Path(f"/proc/{os.getpid()}")
        sys.addaudithook(Guard(writable=own, readable=[*readable(), *files, *([myself] if myself.exists() else [])]))


def _libc() -> Any:
    return ctypes.CDLL(None, use_errno=True)


def _landlock_version() -> int:
    if not sys.platform.startswith("linux"):
        return 0
    return max(0, int(_libc().syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(1))))


def _checked(outcome: int, what: str) -> int:
    if outcome < 0:
        raise OSError(ctypes.get_errno(), f"Landlock refused: {what}")
    return outcome


def _restrict(own: Iterable[Path], folders: Iterable[Path], files: Iterable[Path]) -> None:
    libc, version = _libc(), _landlock_version()
    rights = _FS_RIGHTS.get(version, _ALL_FS_RIGHTS)
    ruleset = _Ruleset(fs=rights, net=3 if version >= 4 else 0, scoped=3 if version >= 6 else 0)
    size = 8 if version < 4 else 16 if version < 6 else 24
    handle = _checked(libc.syscall(_CREATE_RULESET, ctypes.byref(ruleset), ctypes.c_size_t(size), ctypes.c_uint32(0)), "the rules")

    def allow(path: Path, allowed: int) -> None:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)  # type: ignore[attr-defined, unused-ignore]
        try:
            rule = _PathBeneath(allowed=allowed & rights & (-1 if path.is_dir() else _ON_A_FILE), folder=place)
            _checked(libc.syscall(_ADD_RULE, handle, 1, ctypes.byref(rule), ctypes.c_uint32(0)), "a rule")
        finally:
            os.close(place)

    for folder in folders:
        allow(folder, _READ)
    for file in files:
        allow(file, _READ_FILE)
    allow(Path("/proc/self").resolve(), _READ)
    allow(Path("/dev/null"), _READ_FILE | _WRITE_FILE)
    for folder in own:
        allow(folder, rights & ~_NEVER)
    _checked(libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no new privileges")
    _checked(libc.syscall(_RESTRICT_SELF, handle, ctypes.c_uint32(0)), "the restriction")
    os.close(handle)


class Guard:
    """An audit hook that refuses what Landlock would: paths outside the lists, other programs, the network.

    Examples
    --------
    >>> guard = Guard(writable=["/tmp/room"], readable=["/usr"])
    >>> guard.allows("/tmp/room/blind/ratings.parquet"), guard.allows("/home/x/closing/named/code_book.csv")
    (True, False)
    """

    _PATHS = ("open", "os.listdir", "os.scandir", "os.chdir", "os.remove", "os.rmdir", "os.mkdir", "os.truncate", "sqlite3.connect")
    _TWO_PATHS = ("os.rename", "os.link", "os.symlink")
    _REFUSED = (
        "subprocess.Popen",
        "os.system",
        "os.exec",
        "os.posix_spawn",
        "os.spawn",
        "os.startfile",
        "os.fork",
        "os.forkpty",
        "pty.spawn",
    )

    def __init__(self, *, writable: Iterable[str | Path], readable: Iterable[str | Path]) -> None:
        # Held as plain text with a closing separator, so that /room does not open /roommate.
        self._writable = tuple(_closed(path) for path in writable)
        self._readable = (*self._writable, *(_closed(path) for path in readable), _closed(os.devnull))

    def allows(self, path: Any, *, to_write: bool = False) -> bool:
        """Whether a path may be opened. A number is a file that is open already."""
        if path is None or isinstance(path, int):
            return True
        full = _closed(os.path.realpath(os.fsdecode(path)))
        return full.startswith(self._writable if to_write and full != _closed(os.devnull) else self._readable)

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in self._REFUSED:
            raise PermissionError("A report's kernel starts no other program.")
        if event == "socket.connect" and not isinstance(arguments[1], str | bytes) and arguments[1][0] not in ("127.0.0.1", "::1"):
            raise PermissionError("A report's kernel makes no network connection.")
        if event in self._PATHS and arguments:
            flags = arguments[2] if event == "open" and len(arguments) > 2 and isinstance(arguments[2], int) else 0
            changes = event in ("os.remove", "os.rmdir", "os.mkdir", "os.truncate") or bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
            if not self.allows(arguments[0], to_write=changes):
                raise PermissionError("A report's kernel opens nothing outside its room.")
        elif event in self._TWO_PATHS and not all(self.allows(path, to_write=True) for path in arguments[:2]):
            raise PermissionError("A report's kernel opens nothing outside its room.")


def _closed(path: str | Path) -> str:
    return str(path).rstrip(os.sep) + os.sep


def _die_with_parent() -> None:
    # A kernel must not outlive the run that started it, not even one that was killed: its room is about to be swept.
    if sys.platform.startswith("linux"):
        _libc().prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.environ.get("JPY_PARENT_PID", str(os.getppid())) != str(os.getppid()):
            sys.exit(1)


def main(connection_file: str, method: str, *preload: str) -> None:
    """Confine this process, then be a Jupyter kernel until told to stop.

    Parameters
    ----------
    connection_file
        Where the kernel's sockets are described, in the working folder.
    method
        How to confine; it is the caller who says, so that a run cannot fall back to less without its manifest saying so.
    *preload
        Modules that the notebook will want, loaded while the other side gets ready.
    """
    _die_with_parent()
    connection = json.loads(Path(connection_file).read_text(encoding="utf-8"))
    confine(Path.cwd(), method=method, sockets=Path(connection["ip"]).parent if connection["transport"] == "ipc" else None)
    for module in preload:
        with suppress(Exception):  # the notebook's own cell will meet the same error, and report it
            __import__(module)
    from ipykernel.kernelapp import IPKernelApp

    IPKernelApp.launch_instance(
        [
            "-f",
            connection_file,
            "--HistoryManager.enabled=False",
            "--InteractiveShell.colors=nocolor",
            "--IPKernelApp.capture_fd_output=False",
        ]
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
