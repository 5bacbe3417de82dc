"""The demo's sandbox and worker, each a process of its own, ended by pid."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from deploy.services.process import Guard

_STOP_S = 15.0
_START_S = 30.0


class ProcessFailed(Exception):
    """A process of the demo ended before its time; its log says why."""


@contextmanager
def running(arguments: Sequence[str], *, log: Path, environ: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A Python process while the block lasts, its output in `log`; ended by SIGTERM, after 15 s by SIGKILL.

    When we are killed it gets its SIGTERM all the same.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own modules
            [sys.executable, "-m", *arguments], stdout=output, stderr=subprocess.STDOUT, env=dict(environ)
        )
        guard = Guard(process.pid, signal.SIGTERM)
        try:
            yield process
        finally:
            end(process)
            guard.dismiss()


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask it to end, wait, insist."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(_STOP_S)


def first_line(process: subprocess.Popen[bytes], log: Path) -> str:
    """The first line that a process prints: a sandbox's URL. Raises `ProcessFailed` after 30 s."""
    return first_lines(process, log, 1)[0]


def first_lines(process: subprocess.Popen[bytes], log: Path, count: int) -> list[str]:
    """The first lines that a process prints. Raises `ProcessFailed` after 30 s."""
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and process.poll() is None:
        lines = log.read_text(errors="replace").split("\n")
        if len(lines) > count:
            return [line.strip() for line in lines[:count]]
        time.sleep(0.05)
    raise ProcessFailed(f"the sandbox did not start; see {log}")


def clean_environment() -> dict[str, str]:
    """The environment of this process without settings that would reach into the demo."""
    return {name: value for name, value in os.environ.items() if not name.startswith("XERELAY_")}
