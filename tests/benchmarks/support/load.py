"""Distinct new invoices of three lines and about 1.3 KB, and how they get into a queue."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from schemas.codec import encode_event
from schemas.entities import Address, Buyer, Entity, Invoice, Line, Tender, Totals
from schemas.envelope import CONTENT_TYPE, Change, Event, Lane
from schemas.topology import EVENTS, event_key, organisation_queues
from tests.amqp_links import publishing

_FIRST = 500_000_000
_MARK = str(_FIRST).encode()
_CUSTOMERS = 50
_MORNING = datetime(2026, 10, 3, 8, 0, tzinfo=UTC)
_AT_ONCE = 2_000
Message = tuple[str, bytes]


def invoices(organisation: str, count: int, *, first: int = 0, newer_s: float = 0) -> Iterator[Message]:
    """Message ids and bodies. Equal numbers have equal content, in a version newer by `newer_s`.

    They are copies of one body but for their numbers, so that a million is made in seconds; fifty customers buy.
    """
    version = _MORNING + timedelta(seconds=newer_s)
    bodies = [encode_event(_event(organisation, str(4711 + n), version)) for n in range(_CUSTOMERS)]
    for number in range(_FIRST + first, _FIRST + first + count):
        yield f"{number}-{newer_s:g}", bodies[number % _CUSTOMERS].replace(_MARK, str(number).encode())


def fill(url: str, organisation: str, messages: Iterable[Message]) -> None:
    """Publish to the immediate lane, every message confirmed."""
    asyncio.run(_fill(url, organisation, messages))


async def _fill(url: str, organisation: str, messages: Iterable[Message]) -> None:
    key = event_key(organisation, Lane.IMMEDIATE, Entity.INVOICE)
    async with publishing(url, organisation_queues(organisation)) as publisher:

        async def one(message_id: str, body: bytes) -> None:
            await publisher.publish(
                exchange=EVENTS, routing_key=key, body=body, message_id=message_id, content_type=CONTENT_TYPE
            )

        pending: list[Message] = []
        for message in messages:
            pending.append(message)
            if len(pending) == _AT_ONCE:
                await asyncio.gather(*(one(*each) for each in pending))
                pending.clear()
        await asyncio.gather(*(one(*each) for each in pending))


def _event(organisation: str, customer: str, version: datetime) -> Event:
    number = str(_FIRST)
    return Event(
        id=number,
        source="shop",
        organisation=organisation,
        entity=Entity.INVOICE,
        change=Change.CHANGED,
        subject=number,
        time=version,
        version=version,
        data=_invoice(number, customer),
    )


def _invoice(number: str, customer: str) -> Invoice:
    address = Address(lines=("1 High Street",), city="Leeds", postal_code="LS1 4AB", country="GB")
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
        "lines": tuple(_line(n) for n in range(3)),
        "totals": Totals(net="249.99", tax="50.01", gross="300.00"),
        "tenders": (Tender(method="stripe", amount="300.00"),),
    }
    return Invoice.model_validate(fields)


def _line(number: int) -> Line:
    fields = {
        "sku": f"SKU-{number}",
        "name": "Merino jumper, navy, size M",
        "quantity": "2",
        "net": "83.33",
        "tax": "16.67",
        "gross": "100.00",
        "tax_code": "GB-VAT-20",
        "tax_rate": "20",
    }
    return Line.model_validate(fields)
