"""An agent that ends itself with SIGKILL at a named step: `crashing_agent.py CONFIG CHARGE_S [STEP NTH]`."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from producers.steps import Step, Steps, Unwatched
from worker.agents import run_agents
from worker.logs import configure
from worker.settings import load


class Crash:
    """Kills this process when `step` is reached for the `nth` time."""

    def __init__(self, step: Step, nth: int) -> None:
        self._step = step
        self._left = nth

    def reached(self, step: Step) -> None:
        if step is self._step:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


def main(config: str, charge_s: str, step: str = "", nth: str = "1") -> None:
    configure()
    steps: Steps = Crash(Step(step), int(nth)) if step else Unwatched()
    environ = {name: value for name, value in os.environ.items() if name.startswith("XERELAY_")}
    settings = load(Path(config), environ)
    asyncio.run(run_agents(settings, list(settings.stores), say=print, steps=steps, charge_s=float(charge_s)))


if __name__ == "__main__":
    main(*sys.argv[1:])
