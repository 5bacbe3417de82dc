"""How much memory a worker needs while 1,000, 100,000 and 1,000,000 events wait in its queue.

It works at full speed, without limits, on each queue for half a minute or until it is empty; the peak of its resident
memory counts. One line of JSON. `--events` is the largest queue; the million takes some minutes to fill.
"""

from __future__ import annotations

import time
from collections import defaultdict
from pathlib import Path

from deploy.services import broker_service
from tests.benchmarks.support.load import fill, invoices
from tests.benchmarks.support.machine import arguments, made, median, public_folder, report, say, share_cores, unused
from tests.benchmarks.support.serving import Serving, sandbox

_WAITING = (1_000, 100_000, 1_000_000)
_AT_WORK_S = 30.0


def main() -> None:
    """Print the figures."""
    options = arguments("tests.benchmarks.memory", rounds=1, events=_WAITING[-1])
    core = share_cores()
    peaks: dict[int, list[float | None]] = defaultdict(list)
    with public_folder() as folder, broker_service(made(folder / "broker")) as broker:
        for number in range(options.rounds):
            for waiting in (each for each in _WAITING if each <= options.events):
                peak = _peak_mb(made(folder / f"{number}-{waiting}"), broker.url, waiting, core)
                peaks[waiting].append(peak)
                say(f"{waiting} waiting: {peak:.1f} MB")
    report({"rss_mb": {str(waiting): median(values, digits=1) for waiting, values in peaks.items()}})


def _peak_mb(folder: Path, url: str, waiting: int, core: int) -> float:
    organisation = unused()
    fill(url, organisation, invoices(organisation, waiting))
    with sandbox(folder) as xero_url:
        serving = Serving(folder, organisation=organisation, broker_url=url, xero_url=xero_url, core=core)
        with serving.worker() as worker:
            worker.wait_for(1)
            until = time.monotonic() + _AT_WORK_S
            while time.monotonic() < until and worker.completed() < waiting:
                time.sleep(0.1)
            return worker.rss_mb()


if __name__ == "__main__":
    main()
