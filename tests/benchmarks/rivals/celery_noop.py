"""No-op tasks on Celery: `fill URL QUEUE COUNT`, or `URL QUEUE COUNT` to work them off and print the rate."""

from __future__ import annotations

import itertools
import os
import sys
import time

from celery import Celery  # type: ignore[import-not-found]  # in an environment of its own


def main(url: str, queue: str, count: int, *, fill: bool) -> None:
    app = Celery("noop", broker=url)
    app.conf.update(
        task_default_queue=queue,
        task_default_queue_type="quorum",
        task_acks_late=True,
        task_ignore_result=True,
        worker_prefetch_multiplier=200,
        broker_connection_retry_on_startup=True,
        broker_transport_options={"confirm_publish": True},
    )
    numbers, times = itertools.count(1), []

    @app.task(name="noop")  # type: ignore[untyped-decorator]  # as above
    def noop(_text: str) -> None:
        number = next(numbers)
        if number in (1, count):
            times.append(time.perf_counter())
        if number == count:
            os.write(1, f"\n{(count - 1) / (times[1] - times[0])}\n".encode())  # Celery turns print into logging
            os._exit(0)  # the queue's own messages are done; Celery's orderly end takes seconds

    if fill:
        for _ in range(count):
            noop.delay("x" * 1300)
        return
    app.worker_main(["worker", "--pool=solo", "--without-gossip", "--without-mingle", "--without-heartbeat", "-lERROR"])


if __name__ == "__main__":
    main(sys.argv[-3], sys.argv[-2], int(sys.argv[-1]), fill=sys.argv[1] == "fill")
