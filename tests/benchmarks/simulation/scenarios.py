"""The simulated days: what is published when, and what Xero does meanwhile."""

from __future__ import annotations

import asyncio
import datetime as dt
import heapq
import random
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from schemas.entities import Entity
from schemas.envelope import Lane
from tests.benchmarks.simulation.report import Outcome
from tests.benchmarks.simulation.traffic import Arrival, Shop, spread
from tests.benchmarks.simulation.virtual import DAY_S, HOUR_S, elapsed
from tests.benchmarks.simulation.world import Process, World
from tests.benchmarks.simulation.xero import Outage, VirtualXero
from worker.settings import OrganisationSettings

LANES = {
    Entity.CUSTOMER: Lane.BATCH,
    Entity.PRODUCT: Lane.BATCH,
    Entity.ORDER: Lane.BATCH,
    Entity.INVOICE: Lane.IMMEDIATE,
    Entity.PAYMENT: Lane.IMMEDIATE,
    Entity.CREDIT_MEMO: Lane.IMMEDIATE,
}
_ACCOUNTS = {"sales": "200", "shipping": "210", "discount": "205", "fee": "260", "rounding": "860"}
_TAX = {"GB-VAT-20": "OUTPUT2", "GB-VAT-5": "RROUTPUT", "GB-VAT-0": "ZERORATEDOUTPUT", "none": "NONE"}
_LOOK_EVERY_S = 30.0
_PATIENCE_S = 7 * DAY_S
_BACKFILL = Lane.BACKFILL


def organisation(name: str = "main", **limits: Any) -> OrganisationSettings:
    """An organisation whose sales are immediate and whose master data comes in batches of 30 minutes."""
    return OrganisationSettings.model_validate(
        {
            "name": name,
            "connection": "virtual",
            "start_date": dt.date(2026, 1, 1),
            "accounts": {**_ACCOUNTS, "refund_adjustment": "260"},
            "tax": _TAX,
            "payments": {"stripe": "092"},
            "lanes": {entity.value: lane.value for entity, lane in LANES.items()},
            "limits": limits,
        }
    )


async def play(
    scenario: str,
    arrivals: dict[str, Iterator[Arrival]],
    *,
    limits: dict[str, dict[str, int]] | None = None,
    outage: Outage | None = None,
    workers: int = 1,
    at_least_s: float = DAY_S,
) -> Outcome:
    """Publish everything at its time to a world with `workers`, and go on until nothing waits."""
    organisations = [organisation(name, **(limits or {}).get(name, {})) for name in arrivals]
    xeros = {org.name: VirtualXero(day=org.limits.day, outage=outage) for org in organisations}
    world = World(organisations, xeros)
    processes = [Process(f"worker-{number}", world) for number in range(workers)]
    for process in processes:
        process.start()
    await _publish(world, arrivals)
    while (world.watch.open > len(world.watch.parked) or elapsed() < at_least_s) and elapsed() < _PATIENCE_S:  # noqa: ASYNC110 - virtual time has to pass
        await asyncio.sleep(_LOOK_EVERY_S)
    ended = elapsed()
    for process in processes:
        await process.stop()
    return Outcome(scenario, world, ended)


async def _publish(world: World, arrivals: dict[str, Iterator[Arrival]]) -> None:
    streams = (_named(org, stream) for org, stream in arrivals.items())
    for org, arrival in heapq.merge(*streams, key=lambda pair: pair[1].at):
        if arrival.at > elapsed():
            await asyncio.sleep(arrival.at - elapsed())
        world.publish(org, arrival)


def _named(org: str, stream: Iterator[Arrival]) -> Iterator[tuple[str, Arrival]]:
    return ((org, arrival) for arrival in stream)


def in_order(arrivals: Iterable[Arrival]) -> Iterator[Arrival]:
    """By time."""
    return iter(sorted(arrivals, key=lambda arrival: arrival.at))


def sales_of(shop: Shop, times: Iterable[float], *, first: int = 0, refund_every: int = 33) -> Iterator[Arrival]:
    """Each sale has a new customer, an order, an invoice, mostly a payment, now and then a refund two hours later."""
    for number, at in enumerate(times, start=first):
        yield shop.customer(number, max(at - 60.0, 0.0))
        yield shop.order(number, number, at)
        yield shop.invoice(number, number, at + 5.0)
        unpaid = number % 50 == 49
        if not unpaid:
            yield shop.payment(number, number, at + 8.0)
        if number % refund_every == 0 or number % 500 == 49:
            yield from shop.refund(number, number, at + 30 * 60.0, paid=not unpaid)


def quiet_store() -> dict[str, Iterator[Arrival]]:
    chance = random.Random(1)
    return {"main": in_order(sales_of(Shop("main", LANES), spread(chance, 25)))}


def shop_day() -> dict[str, Iterator[Arrival]]:
    chance = random.Random(2)
    return {"main": in_order(sales_of(Shop("main", LANES), spread(chance, 5_000)))}


def flash_sale() -> dict[str, Iterator[Arrival]]:
    chance = random.Random(3)
    times = sorted(12 * HOUR_S + chance.uniform(0.0, 600.0) for _ in range(2_000))
    return {"main": in_order(sales_of(Shop("main", LANES), times))}


def outage_day() -> dict[str, Iterator[Arrival]]:
    chance = random.Random(4)
    return {"main": in_order(sales_of(Shop("main", LANES), spread(chance, 1_500)))}


def many_organisations() -> dict[str, Iterator[Arrival]]:
    made = {}
    for number in range(20):
        chance, name = random.Random(number), f"org{number}"
        orders = (20, 60, 150, 300)[number % 4]
        made[name] = in_order(sales_of(Shop(name, LANES), spread(chance, orders)))
    return made


def resync() -> dict[str, Iterator[Arrival]]:
    """200,000 entities at once into the backfill lane, and 100 orders a day meanwhile."""
    shop = Shop("main", LANES)
    live = [
        arrival
        for day in range(6)
        for arrival in sales_of(
            shop, (day * DAY_S + at for at in spread(random.Random(day), 100)), first=500_000 + day * 1_000
        )
    ]
    everything = heapq.merge(_entities(shop), in_order(live), key=lambda arrival: arrival.at)
    return {"main": iter(everything)}


_UNPAID = 62_402
"""The first of the sales without a payment, each 33 apart, that no other refund is of."""


def _entities(shop: Shop) -> Iterator[Arrival]:
    """Customers, products, sale by sale invoice and payment, then refunds: 200,000, at 100 a second."""
    made = 0

    def at() -> float:
        nonlocal made
        made += 1
        return HOUR_S + made // 100

    for person in range(60_000):
        yield shop.customer(person, at(), _BACKFILL)
    for product in range(4_000):
        yield shop.product(product, at(), _BACKFILL)
    for sale in range(66_000):
        yield shop.invoice(sale, sale % 60_000, at(), _BACKFILL)
        if sale % 33 != 32:
            yield shop.payment(sale, sale % 60_000, at(), _BACKFILL)
    for refund in range(3_900):
        paid = refund % 39 != 0
        # credit that no money goes back for is set against an invoice, which only one that is not paid has room for
        sale = refund * 16 if paid else _UNPAID + refund // 39 * 33
        yield from shop.refund(sale, sale % 60_000, at(), _BACKFILL, paid=paid)
    for product in range(4_000, 4_000 + 200_000 - made):
        yield shop.product(product, at(), _BACKFILL)


_LIMITS_OF_MANY = {f"org{n}": {"day": (1_000, 5_000, 300, 1_000)[n % 4]} for n in range(20)}
_OUTAGE = Outage(begins=14 * HOUR_S, ends=15 * HOUR_S)

SCENARIOS: dict[str, Callable[[], Any]] = {
    "quiet_store": lambda: play("quiet_store", quiet_store()),
    "shop_day": lambda: play("shop_day", shop_day()),
    "flash_sale": lambda: play("flash_sale", flash_sale()),
    "outage": lambda: play("outage", outage_day(), outage=_OUTAGE),
    "many_organisations": lambda: play("many_organisations", many_organisations(), limits=_LIMITS_OF_MANY, workers=2),
    "resync": lambda: play("resync", resync()),
}
