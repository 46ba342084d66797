"""What a person sees while they wait: a bar on standard error, on a terminal only, and only when the wait is over two seconds."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

PATIENCE = 2.0


@contextmanager
def shown(first_step: str) -> Iterator[Callable[[str], None]]:
    """Give a function that names the step now under way."""
    if not sys.stderr.isatty():
        yield lambda step: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    bar = Progress(TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=Console(stderr=True), transient=True)
    task = bar.add_task(first_step, total=None)
    late = threading.Timer(PATIENCE, bar.start)
    late.daemon = True
    late.start()
    try:
        yield lambda step: bar.update(task, description=step)
    finally:
        late.cancel()
        bar.stop()
