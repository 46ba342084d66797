"""Execute a notebook in a confined kernel. Papermill, and the Jupyter client under it, are known to this module alone.

The kernel is started here and handed to papermill, for three reasons: its environment is an allow-list and its folder the room, no kernel
specification has to be installed on the machine, and it starts up while papermill is still being imported.
"""

from __future__ import annotations

import json
import logging
import math
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from standardsetting.errors import KernelDiedError, NotebookFailedError, TimedOutError, WorkbenchError
from standardsetting.reporting import confine

CONNECTION_FILE, LOG_FILE, EXECUTED = "kernel.json", "kernel.log", "executed.ipynb"
_ENGINE = "confined"
_LONGEST_SOCKET_PATH = 90  # the system's limit is about 104 characters, and the client appends a few
_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "SYSTEMROOT", "WINDIR", "COMSPEC", "PATHEXT")
_ENVIRONMENT_PREFIXES = ("OPENBLAS", "OMP_", "MKL_")
_IMPORTS = re.compile(r"^(?:from|import) +([\w.]+)", re.MULTILINE)


@dataclass(frozen=True)
class Execution:
    """A notebook that ran to its end.

    Attributes
    ----------
    notebook
        The executed notebook, as nbformat has it.
    confinement
        How the kernel was confined: ``"landlock"`` or ``"audit hook"``.
    seconds
        Wall time, the kernel's start included.
    """

    notebook: Any
    confinement: str
    seconds: float


@dataclass(frozen=True)
class Failure:
    """What goes to the restricted folder when a notebook fails: never printed, never published."""

    error: WorkbenchError
    trace: str
    notebook: str


class ExecutionFailedError(Exception):
    """Carries a `Failure` to the run, which files the restricted part and raises the rest."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(type(failure.error).__name__)
        self.failure = failure


def execute(notebook: Path, *, room: Path, parameters: Mapping[str, Any], timeout: float) -> Execution:
    """Execute a notebook in a kernel that can reach its room and nothing else.

    Parameters
    ----------
    notebook
        The notebook, in the room.
    room
        The kernel's working folder, home and temporary folder: everything it may read but Python itself.
    parameters
        Put into the notebook's `parameters` cell. They must not hold a path out of the room.
    timeout
        Seconds for the whole notebook.

    Raises
    ------
    ExecutionFailedError
        A cell failed, time ran out, or the kernel died; the workbench error to raise is inside.
    """
    started = time.monotonic()
    method = confine.available()
    source = json.loads(notebook.read_text(encoding="utf-8"))
    code = "\n".join("".join(cell["source"]) for cell in source["cells"] if cell["cell_type"] == "code")
    environment = _environment(room)
    executed = room / EXECUTED
    try:
        with _kernel(room, environment, method, list(dict.fromkeys(_IMPORTS.findall(code)))) as manager:
            done = _run(notebook, executed, manager, parameters, started + timeout)
    except Exception as error:
        late = time.monotonic() >= started + timeout
        raise ExecutionFailedError(_failure(error, room, executed, timeout, late=late)) from None
    return Execution(notebook=done, confinement=method, seconds=time.monotonic() - started)


def _environment(room: Path) -> dict[str, str]:
    """The kernel's whole environment: an allow-list, and homes for every library inside the room."""
    kept = {name: text for name, text in os.environ.items() if name in _ENVIRONMENT or name.startswith(_ENVIRONMENT_PREFIXES)}
    cache, temporary = room / "cache", room / "tmp"
    homes = dict.fromkeys(("HOME", "USERPROFILE"), room) | dict.fromkeys(("TMPDIR", "TEMP", "TMP", "JUPYTER_RUNTIME_DIR"), temporary)
    homes |= {"IPYTHONDIR": room / "ipython", "XDG_CACHE_HOME": cache, "MPLCONFIGDIR": cache / "matplotlib"}
    for folder in set(homes.values()):
        folder.mkdir(parents=True, exist_ok=True)
    _warm_fonts(homes["MPLCONFIGDIR"])
    return kept | {name: str(folder) for name, folder in homes.items()} | {"MPLBACKEND": "svg"}


def _warm_fonts(folder: Path) -> None:
    """Matplotlib's list of fonts, where this user has one already: building it costs about a second."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "matplotlib"
    for place in (Path(os.environ.get("MPLCONFIGDIR") or cache), Path.home() / ".matplotlib"):
        for fonts in place.glob("fontlist-*.json"):
            shutil.copy(fonts, folder)


def _manager(method: str, preload: list[str], **traits: Any) -> Any:
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager

    class ConfinedKernelManager(AsyncKernelManager):
        """Starts this Python, confined, whatever kernels the machine has installed."""

        @property
        def kernel_spec(self) -> Any:
            argv = [sys.executable, "-P", "-m", "standardsetting.reporting.confine", CONNECTION_FILE, method, *preload]
            return KernelSpec(argv=argv, display_name="Standard setting", language="python", resource_dir="")

    return ConfinedKernelManager(autorestart=False, shutdown_wait_time=1.0, **traits)


@contextmanager
def _kernel(room: Path, environment: dict[str, str], method: str, preload: list[str]) -> Iterator[Any]:
    """A confined kernel for the time of the block; what it prints itself goes to a file in the room."""
    from jupyter_core.utils import run_sync

    sockets, borrowed = _sockets(room)
    transport = {"transport": "ipc", "ip": str(sockets / "k")} if sockets else {"transport": "tcp"}
    manager = _manager(method, preload, connection_file=str(room / CONNECTION_FILE), **transport)
    with (room / LOG_FILE).open("wb") as log:
        try:
            run_sync(manager.start_kernel)(cwd=str(room), env=environment, stdout=log, stderr=log)
            yield manager
        finally:
            run_sync(manager.shutdown_kernel)(now=True)
            if borrowed:
                shutil.rmtree(borrowed, ignore_errors=True)


def _sockets(room: Path) -> tuple[Path | None, Path | None]:
    """Where the sockets go: the room, or a temporary folder where the room's path is too long for one. None: no such sockets here."""
    if os.name != "posix":
        return None, None
    if len(os.fsencode(room)) < _LONGEST_SOCKET_PATH:
        return room, None
    # The folder for temporary files may lie deep too; the system's own never does.
    deep = len(os.fsencode(tempfile.gettempdir())) > _LONGEST_SOCKET_PATH // 2
    borrowed = Path(tempfile.mkdtemp(prefix="standardsetting-", dir="/tmp" if deep else None))
    return borrowed, borrowed


def _import_papermill() -> Any:
    """Papermill, without the grammars of web addresses that jsonschema builds on import: a second, for a check no notebook asks for."""
    grammars = "rfc3987_syntax"
    if "jsonschema" not in sys.modules and grammars not in sys.modules:
        sys.modules[grammars] = None  # type: ignore[assignment]
        try:
            import papermill
        finally:
            del sys.modules[grammars]
    else:
        import papermill
    return papermill


def _run(notebook: Path, executed: Path, manager: Any, parameters: Mapping[str, Any], deadline: float) -> Any:
    papermill = _import_papermill()
    # Their messages would hold paths and source lines; ours are the workbench's own errors.
    for name in ("papermill", "papermill.translators", "traitlets"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    papermill.engines.papermill_engines.register(_ENGINE, _engine(executed))
    left = max(1, math.ceil(deadline - time.monotonic()))
    return papermill.execute_notebook(
        str(notebook),
        str(executed),
        parameters=dict(parameters),
        engine_name=_ENGINE,
        kernel_name="python3",
        language="python",
        progress_bar=False,
        log_output=False,
        request_save_on_cell_execute=False,
        km=manager,
        # One limit for everything: a busy machine starts a kernel late and delivers outputs late. Left to themselves these two give up
        # after 60 and 4 seconds, the second without a word, so that a report would be published without what was still on its way.
        start_timeout=left,
        iopub_timeout=left,
        raise_on_iopub_timeout=True,
        timeout_func=lambda cell: max(0.5, deadline - time.monotonic()),
        coalesce_streams=True,
    )


def _engine(executed: Path) -> Any:
    import nbformat
    from papermill.engines import NBClientEngine

    class KeepsHalfRuns(NBClientEngine):
        """Papermill's own engine; saves the notebook when the kernel dies or time runs out, as papermill does when a cell fails."""

        @classmethod
        def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **options: Any) -> Any:
            try:
                return super().execute_managed_notebook(nb_man, kernel_name, **options)
            except Exception:
                nbformat.write(nb_man.nb, executed)
                raise

    return KeepsHalfRuns


def _failure(error: Exception, room: Path, executed: Path, timeout: float, *, late: bool) -> Failure:
    """The workbench error that a person may read, with the restricted rest beside it."""
    import traceback

    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    next_step = "Nothing was published and the last good report is untouched. The traceback is in the restricted folder: {where}"
    said: WorkbenchError
    if isinstance(error, PapermillExecutionError):
        kind = error.ename if re.fullmatch(r"[A-Za-z_]\w*", error.ename or "") else "Exception"
        said = NotebookFailedError(f"The report's notebook failed in code cell {error.exec_count}: {kind}.", next_step=next_step)
        trace = "\n".join(error.traceback)
    elif isinstance(error, CellTimeoutError | TimeoutError) or (late and isinstance(error, RuntimeError)):
        said = TimedOutError(f"The report's notebook was not done within {timeout:g} seconds.", next_step=next_step)
        trace = str(error)
    else:
        died = isinstance(error, DeadKernelError | RuntimeError)
        what = (
            "The process that ran the report's notebook died" if died else f"The report's kernel could not be used: {type(error).__name__}"
        )
        said = KernelDiedError(f"{what}.", next_step=next_step)
        trace = "".join(traceback.format_exception(error))
    log = room / LOG_FILE
    trace += "\n\n" + log.read_text(encoding="utf-8", errors="replace") if log.is_file() else ""
    return Failure(error=said, trace=trace, notebook=executed.read_text(encoding="utf-8") if executed.is_file() else "")
