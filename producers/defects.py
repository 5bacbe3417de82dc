"""What to say of an error that nobody foresaw, and how to get one out of a group of tasks."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def described(error: BaseException) -> str:
    """The error's class and where it arose; not its text, which may name people."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"


@contextmanager
def ungrouped() -> Iterator[None]:
    """Of the errors of a task group raise the first alone."""
    try:
        yield
    except BaseExceptionGroup as group:
        raise _first(group) from None


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
