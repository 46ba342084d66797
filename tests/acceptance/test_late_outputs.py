"""A busy machine delivers late: what a notebook shows is waited for, and a kernel that does not come in time is late and not dead."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from standardsetting.errors import TimedOutError
from standardsetting.reporting import kernel

# The cell is answered at once; what it shows follows seven seconds later, as on a machine that has other things to do.
LATE = """
import time
from IPython.display import display
kernel = get_ipython().kernel
publish = kernel._publish_status
def late(status, *words, **more):
    if status == "idle":
        kernel._publish_status = publish
        time.sleep(7)
        display("what came late")
    publish(status, *words, **more)
kernel._publish_status = late
"""


def execute(room: Path, *cells: str, timeout: float) -> kernel.Execution:
    parameters = new_code_cell("folder = ''", metadata={"tags": ["parameters"]})
    nbformat.write(new_notebook(cells=[parameters, *map(new_code_cell, cells)]), room / "notebook.ipynb")
    return kernel.execute(room / "notebook.ipynb", room=room, parameters={"folder": "blind"}, timeout=timeout)


def test_outputs_that_come_late_are_not_lost(tmp_path: Path) -> None:
    done = execute(tmp_path, LATE, "'the end'", timeout=60)
    shown = [output["data"]["text/plain"] for cell in done.notebook.cells for output in cell.get("outputs", ())]
    assert shown == ["'what came late'", "'the end'"]


def test_a_kernel_that_does_not_come_in_time_is_told_as_late(tmp_path: Path) -> None:
    with pytest.raises(kernel.ExecutionFailedError) as refused:
        # Loading these takes about as long as the kernel has; where it is quick, the second cell is late.
        execute(tmp_path, "import pandas\nimport scipy.stats\nimport seaborn", "import time; time.sleep(60)", timeout=0.05)
    assert isinstance(refused.value.failure.error, TimedOutError)
