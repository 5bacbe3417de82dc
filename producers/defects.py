"""What to say of an error that nobody foresaw, and how to get one out of a group of tasks."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from pydantic import ValidationError

from schemas.part import PartType

_FIELDS = 5
_OURS = frozenset({"schemas", "producers", "worker"})


def described(error: BaseException) -> str:
    """The error's class, the fields it is about, and where it arose; not its text, which may name people.

    Where it arose outside of our code, whoever called that is told too: an adapter's line, and not a library's alone.
    """
    return " ".join(part for part in (type(error).__name__, _fields(error), _places(error)) if part)


def _fields(error: BaseException) -> str:
    if not isinstance(error, ValidationError):
        return ""
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    return f"of {error.title} ({', '.join('.'.join(map(str, fault['loc'])) for fault in faults[:_FIELDS])})"


def _places(error: BaseException) -> str:
    """The innermost line of each package, from where it arose out to our code, Python's own left out."""
    places: list[str] = []
    package = ""
    for frame, line in reversed(list(traceback.walk_tb(error.__traceback__))):
        if package in _OURS:
            break
        if (inner := _package(frame)) and inner != package:
            places.append(f"{Path(frame.f_code.co_filename).name}:{line}")
            package = inner
    return f"at {', called at '.join(places)}" if places else ""


def _package(frame: FrameType) -> str:
    """Empty for Python's own, for code that it makes of a dataclass, and for what checks a part of the contract."""
    module: str = frame.f_globals.get("__name__", "")
    package = module.partition(".")[0]
    is_pythons = package in sys.stdlib_module_names or frame.f_code.co_filename.startswith("<")
    return "" if is_pythons or module == PartType.__module__ else package


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
