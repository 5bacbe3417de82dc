"""A store's agent that tells what it needed: `measured_agent CONFIG RESULT`.

The result is a JSON object: its peak memory, its processor time from the first page on, and how many pages it had
fetched and not yet checkpointed at most.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
import time
from pathlib import Path

from producers.steps import Step
from worker.logs import configure
from worker.settings import load
from worker.stores.agents import run_agents


class InFlight:
    """Counts pages between their fetching and their checkpoint."""

    def __init__(self) -> None:
        self.most = 0
        self.began_cpu_s = 0.0
        self._now = 0

    def reached(self, step: Step) -> None:
        """Look at the count."""
        if step is Step.FETCHED:
            self.began_cpu_s = self.began_cpu_s or time.process_time()
            self._now += 1
            self.most = max(self.most, self._now)
        elif step is Step.CHECKPOINTED:
            self._now -= 1


def main(config: str, result: str) -> None:
    configure()
    pages = InFlight()
    environ = {name: value for name, value in os.environ.items() if name.startswith("XERELAY_")}
    settings = load(Path(config), environ)
    asyncio.run(run_agents(settings, list(settings.stores), say=print, steps=pages))
    peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    cpu_s = time.process_time() - pages.began_cpu_s
    needed = {"peak_rss_mb": peak_kb / 1024, "cpu_s": cpu_s, "pages_in_flight": pages.most}
    Path(result).write_text(json.dumps(needed))


if __name__ == "__main__":
    main(*sys.argv[1:])
