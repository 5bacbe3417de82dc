"""An environment of its own for each framework measured beside: pip resolves them together with nothing of ours."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.support.machine import ROOT, on_core, say

_INSTALL_S = 300
_RUN_S = 120
_SCRIPTS = Path(__file__).resolve().parents[1] / "rivals"


@dataclass(frozen=True, slots=True)
class Rival:
    """A script of `rivals/` and what it needs, versions pinned; nothing: this environment."""

    script: str
    needs: tuple[str, ...] = ()

    def python(self) -> str | None:
        """The interpreter that has it, installed below `.run` when need be; None, and why on stderr, without."""
        if not self.needs:
            return sys.executable
        folder = (
            ROOT / ".run" / "benchmarks" / "-".join(self.needs).replace("==", "-").replace("[", "-").replace("]", "")
        )
        ready = folder / ".ready"
        python = str(folder / "bin" / "python")
        if ready.exists():
            return python
        try:
            _quietly([sys.executable, "-m", "venv", "--clear", str(folder)])
            _quietly([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *self.needs])
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            why = getattr(error, "stderr", None) or str(error)
            say(f"{self.script} is left out, {' '.join(self.needs)} cannot be installed: {why.strip()[-300:]}")
            return None
        ready.touch()
        return python

    def rate(self, core: int, *parameters: str | int) -> float | None:
        """What the script prints, messages a second, run on that core; None where it cannot be installed."""
        python = self.python()
        if python is None:
            return None
        command = [python, str(_SCRIPTS / f"{self.script}.py"), *map(str, parameters)]
        done = subprocess.run(
            on_core(core, command),
            cwd=_SCRIPTS,
            env=os.environ | {"PYTHONPATH": "" if self.needs else str(ROOT)},
            capture_output=True,
            text=True,
            timeout=_RUN_S,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{self.script} failed: {done.stderr[-2000:]}")
        return float(done.stdout.splitlines()[-1])

    def fill(self, *parameters: str | int) -> None:
        """Let the script put messages into its queue, off the measured core."""
        python = self.python()
        if python is not None:
            command = [python, str(_SCRIPTS / f"{self.script}.py"), "fill", *map(str, parameters)]
            subprocess.run(command, cwd=_SCRIPTS, timeout=_RUN_S, check=True, capture_output=True)


DRAMATIQ = Rival("dramatiq_noop", ("dramatiq[rabbitmq]==2.2.1", "pika==1.4.4"))
CELERY = Rival("celery_noop", ("celery==5.7.0",))
AIO_PIKA = Rival("aio_pika_publish", ("aio-pika==10.2.1",))
PIKA_CONSUME = Rival("pika_consume")
PIKA_PUBLISH = Rival("pika_publish")
OURS = Rival("xerelay_publish")


def _quietly(command: list[str]) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=_INSTALL_S)
