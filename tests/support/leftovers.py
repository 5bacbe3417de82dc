"""What is freed at once, and what waits for the garbage collector."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def nothing_left_of(kind: type) -> Iterator[None]:
    """All of exactly this kind that is made meanwhile is freed without the collector; other tests' may be there."""
    gc.collect()
    gc.disable()
    try:
        before = _all(kind)
        yield
        left = [one for one in _all(kind) if not any(one is other for other in before)]
    finally:
        gc.enable()
    assert not left, f"{len(left)} of {kind.__name__} are left to the garbage collector"


def _all(kind: type) -> list[object]:
    return [one for one in gc.get_objects() if type(one) is kind]
