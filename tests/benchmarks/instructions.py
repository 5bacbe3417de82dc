"""How many instructions an event costs the worker: what its speed comes to, whatever else the machine does.

Rates differ by a third from round to round, this by a hundredth: a change that gains 1 % can be seen. The worker runs
under valgrind with few events and with many; the difference is theirs alone. One line of JSON.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

from deploy.services import broker_service
from tests.benchmarks.support.load import fill, invoices
from tests.benchmarks.support.machine import (
    arguments,
    made,
    median,
    public_folder,
    report,
    say,
    share_cores,
    unused,
)
from tests.benchmarks.support.serving import Serving, sandbox

_UNDER = ("valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null")
_COUNTED = re.compile(r"I\s+refs:\s+([\d,]+)")
_FEW = 300
_GIVE_UP_S = 300.0
"""It takes some fifty times as long."""


def main() -> None:
    """Print the figures."""
    options = arguments("tests.benchmarks.instructions", rounds=1, events=1_500)
    if shutil.which(_UNDER[0]) is None:
        sys.exit("expected valgrind on the path, to count instructions with; apt-get install valgrind")
    core = share_cores()
    rounds: list[float | None] = []
    with public_folder() as folder, broker_service(made(folder / "broker")) as broker:
        for number in range(options.rounds):
            few, many = (
                _instructions(made(folder / f"{number}-{events}"), broker.url, events, core)
                for events in (_FEW, _FEW + options.events)
            )
            rounds.append((many - few) / options.events)
            say(f"{rounds[-1]:.0f} instructions an event")
    report({"instructions_per_event": median(rounds)})


def _instructions(folder: Path, url: str, events: int, core: int) -> int:
    """Of a worker from its start to its end, which makes so many documents in between."""
    organisation = unused()
    with sandbox(folder) as xero_url:
        serving = Serving(folder, organisation=organisation, broker_url=url, xero_url=xero_url, core=core)
        fill(url, organisation, invoices(organisation, events))
        # equal dicts and sets take equal ways
        with serving.worker(environ={"PYTHONHASHSEED": "0"}, under=_UNDER) as worker:
            worker.wait_for(events, give_up_s=_GIVE_UP_S)
    counted = _COUNTED.search(worker.said())
    if counted is None:
        raise RuntimeError(f"valgrind counted nothing; the worker's log ends\n{worker.said()[-2000:]}")
    return int(counted[1].replace(",", ""))


if __name__ == "__main__":
    main()
