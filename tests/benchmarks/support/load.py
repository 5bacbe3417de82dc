"""Distinct new invoices of three lines and about 1.3 KB, and how they get into a queue."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from schemas.codec import encode_event
from schemas.dates import rfc3339
from schemas.entities import Entity, Invoice
from schemas.envelope import CONTENT_TYPE, Change, Event, Lane
from schemas.parts import ZERO, Address, Buyer, Line, Tender, Totals
from schemas.topology import event_key, events_exchange, organisation_queues
from tests.support.amqp_links import publishing

_FIRST = 500_000_000
_MARK = str(_FIRST).encode()
_CUSTOMERS = 50
_BASKETS = 1_000
_PRODUCTS = 400
_MORNING = datetime(2026, 10, 3, 8, 0, tzinfo=UTC)
_APART = timedelta(milliseconds=137)
_VAT, _CENT = Decimal("1.2"), Decimal("0.01")
_AT_ONCE = 2_000
Message = tuple[str, bytes]


def invoices(organisation: str, count: int, *, first: int = 0, newer_s: float = 0) -> Iterator[Message]:
    """Message ids and bodies. Equal numbers have equal content, in a version newer by `newer_s`.

    Each has a version of its own; they hold a thousand different baskets of four hundred products, bought by fifty
    customers. They are copies but for their numbers and times, so that a million is made in seconds.
    """
    bodies = [encode_event(event) for event in _baskets(organisation)]
    at, mark = _MORNING + timedelta(seconds=newer_s), rfc3339(_MORNING).encode()
    for number in range(_FIRST + first, _FIRST + first + count):
        body = bodies[number % _BASKETS].replace(_MARK, str(number).encode())
        yield f"{number}-{newer_s:g}", body.replace(mark, rfc3339(at + (number - _FIRST) * _APART).encode())


def gross(count: int) -> Decimal:
    """What so many invoices come to."""
    totals = [event.data.totals.gross for event in _baskets("any") if isinstance(event.data, Invoice)]
    return sum((totals[number % _BASKETS] for number in range(_FIRST, _FIRST + count)), ZERO)


def fill(url: str, organisation: str, messages: Iterable[Message]) -> None:
    """Publish to the immediate lane, every message confirmed."""
    asyncio.run(_fill(url, organisation, messages))


async def _fill(url: str, organisation: str, messages: Iterable[Message]) -> None:
    exchange, key = events_exchange(organisation), event_key(organisation, Lane.IMMEDIATE, Entity.INVOICE)
    async with publishing(url, organisation_queues(organisation)) as publisher:

        async def one(message_id: str, body: bytes) -> None:
            await publisher.publish(
                exchange=exchange, routing_key=key, body=body, message_id=message_id, content_type=CONTENT_TYPE
            )

        pending: list[Message] = []
        for message in messages:
            pending.append(message)
            if len(pending) == _AT_ONCE:
                await asyncio.gather(*(one(*each) for each in pending))
                pending.clear()
        await asyncio.gather(*(one(*each) for each in pending))


def _baskets(organisation: str) -> list[Event]:
    """The same each time."""
    chance = random.Random(1)
    prices = [Decimal(chance.randrange(495, 24_995)) / 100 for _ in range(_PRODUCTS)]
    return [_event(organisation, str(4711 + n % _CUSTOMERS), prices, chance) for n in range(_BASKETS)]


def _event(organisation: str, customer: str, prices: list[Decimal], chance: random.Random) -> Event:
    number = str(_FIRST)
    return Event(
        id=number,
        source="shop",
        organisation=organisation,
        entity=Entity.INVOICE,
        change=Change.CHANGED,
        subject=number,
        time=_MORNING,
        version=_MORNING,
        data=_invoice(number, customer, [_line(n, prices[n], chance) for n in chance.sample(range(_PRODUCTS), 3)]),
    )


def _invoice(number: str, customer: str, lines: list[Line]) -> Invoice:
    address = Address(lines=("1 High Street",), city="Leeds", postal_code="LS1 4AB", country="GB")
    net, tax = sum((line.net for line in lines), ZERO), sum((line.tax for line in lines), ZERO)
    fields = {
        "id": number,
        "number": number,
        "order_id": number,
        "order_number": number,
        "currency": "GBP",
        "date": "2026-10-03",
        "customer": Buyer(
            id=customer, email=f"jo{customer}@example.com", name=f"Jo Bloggs {customer}", address=address
        ),
        "lines": tuple(lines),
        "totals": Totals(net=net, tax=tax, gross=net + tax),
        "tenders": (Tender(method="stripe", amount=net + tax),),
    }
    return Invoice.model_validate(fields)


def _line(product: int, price: Decimal, chance: random.Random) -> Line:
    """Priced with VAT, as shops are: what is net is rounded."""
    quantity = chance.choice((1, 1, 1, 2, 3))
    gross = price * quantity
    net = (gross / _VAT).quantize(_CENT, ROUND_HALF_UP)
    return Line(
        sku=f"SKU-{product}",
        name="Merino jumper, navy, size M",
        quantity=Decimal(quantity),
        net=net,
        tax=gross - net,
        gross=gross,
        tax_code="GB-VAT-20",
        tax_rate=Decimal(20),
    )
