"""Workers, agents and commands as processes, forked from one that has imported everything: a start costs no import."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.support.forked import FORKSERVER
from worker.bootstrap import run_worker
from worker.calls import approvals
from worker.cli import main
from worker.logs import configure
from worker.session import breaker
from worker.settings import Settings, load
from worker.stores.agents import run_agents

_COMMAND_S = 90


class Launched:
    """A process with the part of `subprocess.Popen`'s face that tests use."""

    def __init__(self, process: ForkServerProcess) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """As for `Popen`: None while it runs, minus the signal's number when one ended it."""
        return self._process.exitcode

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, within_s: float) -> int:
        self._process.join(within_s)
        code = self._process.exitcode
        assert code is not None, f"process {self.pid} is still there after {within_s} s"
        return code

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def terminate(self) -> None:
        self._process.terminate()

    def kill(self) -> None:
        self._process.kill()


class Crash:
    """Kills this process when `step` is reached for the `nth` time; without a step it never does.

    Another signal than SIGKILL tells it to end.
    """

    def __init__(self, step: str, nth: int, number: int = signal.SIGKILL) -> None:
        self._step = step
        self._left = nth
        self._signal = number

    def reached(self, step: str) -> None:
        if step == self._step:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), self._signal)


def launch_worker(
    config: Path, environ: Mapping[str, str], log: Path, *, lease_s: float, crash: Crash, probe_s: float | None = None
) -> Launched:
    """A worker which asks a silent Xero, and for approvals, every `probe_s` when that is given."""
    return _launch(_worker, config, environ, log, crash, lease_s, probe_s)


def launch_agent(config: Path, environ: Mapping[str, str], log: Path, *, charge_s: float, crash: Crash) -> Launched:
    return _launch(_agent, config, environ, log, crash, charge_s)


def launch_command(
    arguments: Sequence[str], environ: Mapping[str, str], log: Path, errors: Path | None = None
) -> Launched:
    """A command as a person types it; what it writes goes to `log`, and so do errors without a file of their own."""
    log.touch()
    whole = dict(os.environ | environ)
    process = FORKSERVER.Process(target=_command, args=(list(arguments), whole, log, errors), daemon=True)
    process.start()
    return Launched(process)


def run_command(arguments: Sequence[str], environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """A command as a person types it, to its end."""
    with TemporaryDirectory() as folder:
        written, errors = Path(folder) / "written", Path(folder) / "errors"
        process = launch_command(arguments, environ, written, errors)
        try:
            code = process.wait(_COMMAND_S)
        finally:
            process.kill()
        return subprocess.CompletedProcess(list(arguments), code, written.read_text(), errors.read_text())


def _launch(
    run: Callable[..., None], config: Path, environ: Mapping[str, str], log: Path, crash: Crash, *arguments: Any
) -> Launched:
    whole = dict(os.environ | environ)
    log.touch()  # who looks into it at once finds it empty
    process = FORKSERVER.Process(target=_child, args=(run, config, whole, log, crash, *arguments), daemon=True)
    process.start()
    return Launched(process)


def _command(arguments: list[str], environ: dict[str, str], log: Path, errors: Path | None) -> None:
    _become(environ, log, errors)
    sys.argv = ["xerelay", *arguments]
    main()


def _become(environ: dict[str, str], log: Path, errors: Path | None = None) -> None:
    os.environ.clear()
    os.environ.update(environ)
    with log.open("wb") as output:
        os.dup2(output.fileno(), sys.stdout.fileno())
        os.dup2(output.fileno(), sys.stderr.fileno())
    if errors is not None:
        with errors.open("wb") as output:
            os.dup2(output.fileno(), sys.stderr.fileno())


def _child(run: Callable[..., None], config: Path, environ: dict[str, str], log: Path, *arguments: Any) -> None:
    _become(environ, log)
    configure()
    run(load(config, {name: value for name, value in environ.items() if name.startswith("XERELAY_")}), *arguments)


def _worker(settings: Settings, crash: Crash, lease_s: float, probe_s: float | None) -> None:
    if probe_s is not None:
        breaker.PROBE_EVERY_S = approvals.EVERY_S = probe_s
    asyncio.run(run_worker(settings, steps=crash, lease_s=lease_s))


def _agent(settings: Settings, crash: Crash, charge_s: float) -> None:
    asyncio.run(run_agents(settings, list(settings.stores), say=print, steps=crash, charge_s=charge_s))
