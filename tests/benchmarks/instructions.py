"""How many instructions and cache misses an event costs the worker: what its speed comes to, whatever the machine does.

Rates differ by a third from round to round, this by a hundredth: a change that gains 1 % can be seen. Misses tell of
changes that leave the instructions as they are. The worker runs under valgrind with few events and with many; the
difference is theirs alone. One line of JSON.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections import defaultdict
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

_CACHES = ("--I1=32768,8,64", "--D1=32768,8,64", "--LL=524288,8,64")
"""Those of one core of the machine that `docs/benchmarks.md` describes; valgrind calls the second one the last."""

_UNDER = ("valgrind", "--tool=cachegrind", "--cache-sim=yes", *_CACHES, "--cachegrind-out-file=/dev/null")
_COUNTED = {
    "instructions": re.compile(r"I\s+refs:\s+([\d,]+)"),
    "instruction_cache_misses": re.compile(r"I1\s+misses:\s+([\d,]+)"),
    "data_cache_misses": re.compile(r"D1\s+misses:\s+([\d,]+)"),
    "second_cache_misses": re.compile(r"LL misses:\s+([\d,]+)"),
}
_FEW = 300
_GIVE_UP_S = 300.0
"""It takes some hundred times as long."""


def main() -> None:
    """Print the figures."""
    options = arguments("tests.benchmarks.instructions", rounds=1, events=1_500)
    if shutil.which(_UNDER[0]) is None:
        sys.exit("expected valgrind on the path, to count instructions with; apt-get install valgrind")
    core = share_cores()
    rounds: dict[str, list[float | None]] = defaultdict(list)
    with public_folder() as folder, broker_service(made(folder / "broker")) as broker:
        for number in range(options.rounds):
            few, many = (
                _counted(made(folder / f"{number}-{events}"), broker.url, events, core)
                for events in (_FEW, _FEW + options.events)
            )
            for name in _COUNTED:
                rounds[name].append((many[name] - few[name]) / options.events)
            say(", ".join(f"{values[-1]:.0f} {name}" for name, values in rounds.items()))
    report({f"{name}_per_event": median(values) for name, values in rounds.items()})


def _counted(folder: Path, url: str, events: int, core: int) -> dict[str, int]:
    """Of a worker from its start to its end, which makes so many documents in between."""
    organisation = unused()
    with sandbox(folder) as xero_url:
        serving = Serving(folder, organisation=organisation, broker_url=url, xero_url=xero_url, core=core)
        fill(url, organisation, invoices(organisation, events))
        # equal dicts and sets take equal ways
        with serving.worker(environ={"PYTHONHASHSEED": "0"}, under=_UNDER) as worker:
            worker.wait_for(events, give_up_s=_GIVE_UP_S)
    counts = {name: pattern.search(worker.said()) for name, pattern in _COUNTED.items()}
    missing = [name for name, found in counts.items() if found is None]
    if missing:
        raise RuntimeError(f"valgrind counted no {', '.join(missing)}; the worker's log ends\n{worker.said()[-2000:]}")
    return {name: int(found[1].replace(",", "")) for name, found in counts.items() if found}


if __name__ == "__main__":
    main()
