"""How many events a worker brings to Xero on one core, beside what only consumes.

Each round publishes distinct new invoices, lets a whole worker with its ledger make a document of each, then publishes
the same content in newer versions, which costs no call; then no-op consumers take as many messages. One line of JSON;
`profile` is the worker's processor time in microseconds an event, from a run of its own that is not timed.
"""

from __future__ import annotations

import json
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

from deploy.services import broker_service
from schemas.envelope import Lane
from schemas.topology import lane_queue
from tests.benchmarks.support.environments import CELERY, DRAMATIQ, PIKA_CONSUME, Rival
from tests.benchmarks.support.load import fill, gross, invoices
from tests.benchmarks.support.machine import (
    arguments,
    made,
    median,
    public_folder,
    ratio,
    report,
    say,
    share_cores,
    unused,
)
from tests.benchmarks.support.serving import Serving, sandbox

_TASKS = 2_000
"""The frameworks enqueue slowly, and their rates do not depend on the number."""

_MICROSECONDS = 1_000_000


def main() -> None:
    """Print the figures."""
    options = arguments("tests.benchmarks.throughput", rounds=5, events=4_000)
    core = share_cores()
    rates: dict[str, list[float | None]] = defaultdict(list)
    with public_folder() as folder, broker_service(made(folder / "broker")) as broker:
        for number in range(options.rounds):
            for name, rate in _round(made(folder / str(number)), broker.url, options.events, core).items():
                rates[name].append(rate)
            say(", ".join(f"{name} {values[-1] or 0:.0f}/s" for name, values in rates.items()))
        profile = _profile(made(folder / "profile"), broker.url, options.events, core)
    figures: dict[str, object] = {f"{name}_events_per_s": median(values) for name, values in rates.items()}
    report(figures | {"ratio_to_pika": ratio(rates["worker"], rates["pika"]), "profile": profile})


def _round(folder: Path, url: str, events: int, core: int) -> dict[str, float | None]:
    worker, unchanged = _serve(folder, url, events, core)
    return {
        "worker": worker,
        "unchanged": unchanged,
        "pika": _consume(url, events, core),
        "dramatiq": _work_off(DRAMATIQ, url, core),
        "celery": _work_off(CELERY, url, core),
    }


def _serve(folder: Path, url: str, events: int, core: int) -> tuple[float, float]:
    """New documents, then the same content again, which has to reach Xero in no call."""
    organisation = unused()
    with sandbox(folder) as xero_url:
        serving = Serving(folder, organisation=organisation, broker_url=url, xero_url=xero_url, core=core)
        fill(url, organisation, invoices(organisation, events))
        with serving.worker() as worker:
            worker.wait_for(events)
            new = worker.rate()
        calls = _check(serving, events)
        fill(url, organisation, invoices(organisation, events, newer_s=60))
        with serving.worker() as worker:
            worker.wait_for(events)
            again = worker.rate()
        if _check(serving, events) != calls:
            raise RuntimeError("unchanged content reached Xero")
    return new, again


def _consume(url: str, events: int, core: int) -> float | None:
    organisation = unused()
    fill(url, organisation, invoices(organisation, events))
    return PIKA_CONSUME.rate(core, url, lane_queue(organisation, Lane.IMMEDIATE), events)


def _work_off(rival: Rival, url: str, core: int) -> float | None:
    queue = unused()
    rival.fill(url, queue, _TASKS)
    return rival.rate(core, url, queue, _TASKS)


def _profile(folder: Path, url: str, events: int, core: int) -> dict[str, float]:
    """Processor time of a worker that looks at itself, by what it was spent on."""
    organisation = unused()
    with sandbox(folder) as xero_url:
        serving = Serving(folder, organisation=organisation, broker_url=url, xero_url=xero_url, core=core)
        fill(url, organisation, invoices(organisation, events))
        shares = folder / "shares.json"
        module = "tests.benchmarks.support.sampled_worker"
        with serving.worker(module, serving.config, str(shares)) as worker:
            worker.wait_for(1)
            before, done = worker.cpu_s(), worker.completed()
            worker.wait_for(events)
            each_us = (worker.cpu_s() - before) / (events - done) * _MICROSECONDS
    return {place: round(share * each_us) for place, share in json.loads(shares.read_text()).items()}


def _check(serving: Serving, events: int) -> int:
    """Every event is one document, none is there twice, together they come to what the store sold.

    Returns how many writing calls Xero has had.
    """
    audit = serving.audit()
    written = audit["documents"]["invoices"]
    if written != events or audit["duplicates"]:
        raise RuntimeError(f"{written} invoices of {events} events, duplicates: {audit['duplicates']}")
    booked, sold = sum((Decimal(row["gross"]) for row in audit["sums"]["invoices"]), Decimal(0)), gross(events)
    if booked != sold:
        raise RuntimeError(f"{written} invoices come to {booked}, the store sold {sold}")
    return sum(call["count"] for call in audit["calls"] if call["method"] != "GET")


if __name__ == "__main__":
    main()
