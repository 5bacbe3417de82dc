"""Ledgers, and what goes into them."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from schemas.envelope import Lane
from tests.support.databases import upgraded
from tests.support.fakes import START
from worker.budget.decision import Wait
from worker.budget.limits import Limits
from worker.documents.content import Content, XeroId
from worker.documents.documents import Action, DocumentKey, EntityKey, Kind, Write
from worker.ledger.held.parked import Chosen
from worker.ledger.ledger import Ledger
from worker.ledger.records import (
    NO_COUNTS,
    Call,
    Compose,
    Composed,
    Document,
    Held,
    HoldState,
    Known,
    Lease,
    Member,
    Opened,
    Tally,
)

ORG = "main"
KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
# so many calls that the budget is in nobody's way
AMPLE = Limits(day=1_000_000, minute=100_000, concurrent=10_000, burst=1.0, reserve=0.0)


@asynccontextmanager
async def opened(url: str, *, encryption_key: str | None = KEY, **more: Any) -> AsyncIterator[Ledger]:
    """Upgraded before; `more` is of `Ledger.open`."""
    await upgraded(url)
    ledger = await Ledger.open(url, encryption_key=encryption_key, **more)
    try:
        yield ledger
    finally:
        await ledger.close()


async def lease_of(ledger: Ledger, holder: str = "w1", name: str = ORG) -> Lease:
    lease = await ledger.leases.acquire(name, holder)
    assert lease is not None
    return lease


def key(number: int, part: str = "invoice", org: str = ORG) -> DocumentKey:
    return DocumentKey(org, "shop", "invoice" if part == "invoice" else "payment", str(number), part)


def write(number: int, *, part: str = "invoice", version: datetime = START, needs: Sequence[DocumentKey] = ()) -> Write:
    payload = {
        "InvoiceNumber": f"I-shop-{number}",
        "LineItems": [{"Quantity": 2, "UnitAmount": Decimal("9.99")}],
        "Needs": [XeroId(need) for need in needs],
    }
    return Write(key(number, part), Kind.INVOICE, version, f"I-shop-{number}", Content.of(payload))


def compose(writes: Sequence[Write]) -> Compose:
    """Everything goes out, unless the ledger has that version or a newer one."""

    def composed(known: Known) -> Composed:
        settled = tuple(
            one for one in writes if one.key in known.documents and known.documents[one.key].version >= one.version
        )
        members = tuple(member(one) for one in writes if one not in settled)
        return Composed("PUT", "/Invoices", {"summarizeErrors": "false"}, b'{"Invoices":[]}', members, settled)

    return composed


def member(one: Write) -> Member:
    return Member(one.key, one.kind, one.version, one.number, one.content_hash, Action.SAVE, one.content.filled({}, ()))


def document(number: int, *, part: str = "invoice", version: datetime = START, org: str = ORG) -> Document:
    facts = {"total": Decimal("19.98"), "currency": "EUR", "status": "AUTHORISED"}
    return Document(
        key(number, part, org), Kind.INVOICE, f"xero-{number}", f"I-shop-{number}", version, f"h{number}", facts
    )


def event(number: int, state: HoldState = HoldState.TIME, **changes: object) -> Held:
    values: dict[str, object] = {
        "id": uuid.uuid4().hex,
        "org": ORG,
        "state": state,
        "lane": Lane.BATCH,
        "body": b'{"id":"%d"}' % number,
        "event_id": f"event-{number}",
        "owner": EntityKey(ORG, "shop", "payment", str(number)),
        "version": START,
        "reason": "because",
        "until": START + timedelta(seconds=60) if state is HoldState.TIME else None,
        "parent": key(number) if state is HoldState.PARENT else None,
    }
    return Held(**(values | changes))  # type: ignore[arg-type] # the test names fields of Held


async def try_open(ledger: Ledger, lease: Lease, *writes: Write, limits: Limits = AMPLE) -> Opened | Wait:
    return await ledger.calls.open_write(
        lease, kind=Kind.INVOICE, lane=Lane.IMMEDIATE, writes=writes, compose=compose(writes), limits=limits
    )


async def open_call(ledger: Ledger, lease: Lease, *writes: Write, limits: Limits = AMPLE) -> Call:
    result = await try_open(ledger, lease, *writes, limits=limits)
    assert isinstance(result, Opened)
    assert result.call is not None
    return result.call


class Dropped(list[Held]):
    """A `Count` that keeps what it is asked about, and counts nothing."""

    def __call__(self, ended: Sequence[Held]) -> Tally:
        self.extend(ended)
        return NO_COUNTS


async def put_documents(ledger: Ledger, lease: Lease, *written: Document) -> list[Held]:
    """Bring documents into the ledger the way they come: by a call that closes."""
    call = await open_call(ledger, lease, write(10_000_000 + uuid.uuid4().int % 1_000_000))
    return await ledger.calls.close(lease, call.id, status=200, documents=written)


async def parked_in(ledger: Ledger, org: str = ORG) -> list[Held]:
    """What waits for a person, newest first, without bodies."""
    return await ledger.parked.rows(Chosen(organisations=(org,)), limit=10_000)


async def waiting_in(ledger: Ledger, org: str = ORG) -> dict[HoldState, int]:
    """How many events wait for what; every state is there."""
    counts = dict.fromkeys(HoldState, 0)
    for one in (await ledger.overview.waiting([org]))[org].held:
        counts[one.state] += one.count
    return counts
