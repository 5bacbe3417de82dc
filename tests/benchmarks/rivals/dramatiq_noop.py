"""No-op tasks on Dramatiq: `fill URL QUEUE COUNT`, or `URL QUEUE COUNT` to work them off and print the rate."""

from __future__ import annotations

import itertools
import sys
import threading
import time
from typing import Any

import dramatiq  # type: ignore[import-not-found]  # in an environment of its own
from dramatiq.brokers.rabbitmq import RabbitmqBroker  # type: ignore[import-not-found]  # as above

_THREADS = 8


class QuorumBroker(RabbitmqBroker):  # type: ignore[misc]  # as above
    """The queue replicated and on disk, as the worker's own."""

    def _build_queue_arguments(self, queue_name: str) -> dict[str, Any]:
        return {**super()._build_queue_arguments(queue_name), "x-queue-type": "quorum"}


def main(url: str, queue: str, count: int, *, fill: bool) -> None:
    broker = QuorumBroker(url=url, confirm_delivery=True)
    dramatiq.set_broker(broker)
    numbers, times, done = itertools.count(1), [], threading.Event()

    @dramatiq.actor(queue_name=queue)  # type: ignore[untyped-decorator]  # as above
    def noop(_text: str) -> None:
        number = next(numbers)
        if number in (1, count):
            times.append(time.perf_counter())
        if number == count:
            done.set()

    if fill:
        for _ in range(count):
            noop.send("x" * 1300)
        return
    worker = dramatiq.Worker(broker, worker_threads=_THREADS)
    worker.start()
    done.wait(100)
    print((count - 1) / (times[1] - times[0]), flush=True)  # noqa: T201 - its result
    worker.stop()


if __name__ == "__main__":
    main(sys.argv[-3], sys.argv[-2], int(sys.argv[-1]), fill=sys.argv[1] == "fill")
