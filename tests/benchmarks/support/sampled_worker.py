"""A worker that samples where its processor time goes: `sampled_worker CONFIG RESULT`.

Every 2 ms of processor time a signal looks at the stack, from the first message on. The result is a JSON object of
shares.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import sys
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

from worker.bootstrap import run_worker
from worker.logs import configure
from worker.session.steps import Step
from worker.settings import load

_EVERY_S = 0.002
_PLACES = (
    ("hash", ("worker/documents/content.py:", "worker/documents/pieces.py:")),
    ("map", ("worker/mapping/",)),
    ("decode", ("schemas/codec.py:decode", "schemas/codec.py:read_envelope", "schemas/codec.py:validate")),
    ("ledger", ("worker/ledger/", "/sqlalchemy/", "/sqlite3/")),
    (
        "http",
        ("/aiohttp/", "/yarl/", "/httpx/", "transport.py:", "worker/xero/client.py:", "worker/xero/oauth/auth.py:"),
    ),
    ("compose", ("worker/xero/compose.py:",)),
    ("answers", ("worker/xero/",)),
    ("log", ("/structlog/", "worker/logs.py:")),
    ("amqp", ("/pika/", "producers/amqp/")),
    ("gc", ("sampled_worker.py:collecting",)),
    ("buffer", ("worker/buffer/",)),
    ("worker", ("worker/",)),
    ("loop", ("/asyncio/",)),
)


class Sampler:
    """A stack belongs to the innermost frame that is of a known place."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._started = False

    def reached(self, step: Step) -> None:
        """Begin at the first message."""
        if not self._started:
            self._started = True
            gc.callbacks.append(self.collecting)
            signal.signal(signal.SIGPROF, self._sample)
            signal.setitimer(signal.ITIMER_PROF, _EVERY_S, _EVERY_S)

    def collecting(self, phase: str, _info: dict[str, int]) -> None:
        """Be on the stack when a collection ends: the signals it held up come then."""

    def _sample(self, _signal: int, frame: FrameType | None) -> None:
        self.counts[_place(frame)] += 1


def _place(frame: FrameType | None) -> str:
    while frame is not None:
        where = f"{frame.f_code.co_filename}:{frame.f_code.co_name}"
        for place, marks in _PLACES:
            if any(mark in where for mark in marks):
                return place
        frame = frame.f_back
    return "other"


def main(config: str, result: str) -> None:
    configure()
    sampler: Any = Sampler()
    environ = {name: value for name, value in os.environ.items() if name.startswith("XERELAY_")}
    asyncio.run(run_worker(load(Path(config), environ), steps=sampler))
    signal.setitimer(signal.ITIMER_PROF, 0)
    total = sum(sampler.counts.values()) or 1
    Path(result).write_text(json.dumps({place: count / total for place, count in sampler.counts.most_common()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
