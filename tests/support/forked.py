"""Processes as tests start them: forked from one that has imported everything, so that a start costs no import."""

from __future__ import annotations

import multiprocessing
import os
import selectors
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from multiprocessing.connection import Connection
from typing import TextIO

FORKSERVER = multiprocessing.get_context("forkserver")
FORKSERVER.set_forkserver_preload(["tests.support.preloaded"])


@contextmanager
def serving(module: str, arguments: Sequence[str]) -> Iterator[TextIO]:
    """Run `python -m module` while the block lasts; what it prints."""
    receiver, sender = FORKSERVER.Pipe(duplex=False)
    process = FORKSERVER.Process(target=_serve, args=(module, list(arguments), sender), daemon=True)
    process.start()
    sender.close()
    try:
        with open(receiver.fileno(), closefd=False) as output:
            yield output
    finally:
        process.kill()
        process.join(10)
        receiver.close()


def first_line(output: TextIO, *, within_s: float) -> str:
    """A sandbox's URL. Its socket listens by then, so a call only has to wait."""
    with selectors.DefaultSelector() as selector:
        selector.register(output, selectors.EVENT_READ)
        assert selector.select(within_s), f"the sandbox printed nothing within {within_s} s"
    line = output.readline().strip()
    assert line.startswith("http://"), f"the sandbox did not start: {line!r}"
    return line


def _serve(module: str, arguments: list[str], output: Connection) -> None:
    os.dup2(output.fileno(), sys.stdout.fileno())
    sys.argv = [module, *arguments]
    import_module(f"{module}.__main__").main()
