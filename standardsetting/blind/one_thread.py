"""One thread for small matrices: waking a second one takes longer than the factorisation that it would help with."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache

from threadpoolctl import ThreadpoolController


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()


def one_thread() -> AbstractContextManager[object]:
    """Within it, numpy's and scipy's linear algebra runs in one thread."""
    return _controller().limit(limits=1, user_api="blas")
