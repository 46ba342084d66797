"""What a confined kernel may read, and the guard that stands in where Landlock is missing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import standardsetting
from standardsetting.reporting import confine

PACKAGE = Path(standardsetting.__file__).resolve().parent


def test_of_a_checkout_only_the_package_can_be_read() -> None:
    listed = confine.readable()
    assert PACKAGE in listed and PACKAGE.parent not in listed
    assert Path(sys.prefix).resolve() in listed
    assert not any(Path.home() == path or path in Path.home().parents for path in listed)
    assert Path("/") not in listed and Path("/etc") not in listed and Path("/proc") not in listed


def test_the_guard_keeps_to_its_lists(tmp_path: Path) -> None:
    room, beside, library = tmp_path / "room", tmp_path / "roommate", tmp_path / "library"
    guard = confine.Guard(writable=[room], readable=[library])
    assert guard.allows(room / "a.csv", to_write=True) and guard.allows(room, to_write=True)
    assert guard.allows(library / "m.py") and not guard.allows(library / "m.py", to_write=True)
    assert not guard.allows(beside / "a.csv") and not guard.allows(room / ".." / "roommate" / "a.csv")
    assert guard.allows(3) and guard.allows(os.devnull, to_write=True) and not guard.allows(tmp_path)


def test_the_guard_follows_links(tmp_path: Path) -> None:
    room = tmp_path / "room"
    room.mkdir()
    (room / "link").symlink_to(tmp_path / "secret")
    assert not confine.Guard(writable=[room], readable=[]).allows(room / "link")


@pytest.mark.parametrize(
    ("event", "arguments"),
    [
        ("subprocess.Popen", ("cat", [], None, None)),
        ("os.system", (b"cat",)),
        ("os.posix_spawn", ("cat", [], {})),
        ("open", ("/etc/passwd", "r", 0)),
        ("os.listdir", ("/",)),
        ("os.rename", ("/etc/passwd", "/room/x", -1, -1)),
        ("socket.connect", (None, ("192.0.2.1", 80))),
    ],
)
def test_the_guard_refuses(event: str, arguments: tuple[object, ...]) -> None:
    with pytest.raises(PermissionError) as caught:
        confine.Guard(writable=["/room"], readable=["/usr"])(event, arguments)
    assert "passwd" not in str(caught.value)


@pytest.mark.parametrize(
    ("event", "arguments"),
    [
        ("open", ("/room/a", "w", os.O_WRONLY)),
        ("open", ("/usr/lib/x", "r", 0)),
        ("import", ("x",)),
        ("socket.connect", (None, ("127.0.0.1", 8))),
    ],
)
def test_the_guard_lets_the_rest_be(event: str, arguments: tuple[object, ...]) -> None:
    confine.Guard(writable=["/room"], readable=["/usr"])(event, arguments)


PROBE = """
import os, shutil, socket, subprocess, sys
from pathlib import Path
from standardsetting.reporting import confine
room, secret = Path(sys.argv[1]), sys.argv[2]
confine.confine(room, method=sys.argv[3])
(room / "mine.txt").write_text("mine")
assert (room / "mine.txt").read_text() == "mine"
import decimal, sqlite3, zoneinfo
def refused(act):
    try:
        act()
    except OSError:
        return True
    return False
assert refused(lambda: open(secret)), "read"
assert refused(lambda: open(secret, "w")), "write"
assert refused(lambda: os.listdir(os.path.dirname(secret))), "list"
assert refused(lambda: os.remove(secret)), "remove"
assert refused(lambda: subprocess.run(["cat", secret])), "run"
shutil.copy("/bin/true", room / "program") if os.path.exists("/bin/true") else None
assert refused(lambda: subprocess.run([str(room / "program")])), "run a program of one's own"
assert refused(lambda: socket.create_connection(("192.0.2.1", 9), timeout=0.2)), "network"
print("confined")
"""


@pytest.mark.parametrize("method", [confine.LANDLOCK, confine.AUDIT_HOOK])
def test_a_confined_process_keeps_to_its_room(method: str, tmp_path: Path) -> None:
    if method == confine.LANDLOCK and confine.available() != confine.LANDLOCK:
        pytest.skip("this machine has no Landlock")
    room = tmp_path / "room"
    room.mkdir()
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    run = subprocess.run(
        [sys.executable, "-P", "-c", PROBE, str(room), str(secret), method], capture_output=True, text=True, check=False, cwd=room
    )
    assert run.stdout.strip() == "confined", run.stderr
    assert secret.read_text() == "secret"
