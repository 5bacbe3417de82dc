"""What happened to an order, as an accountant asks for it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.fakes import START, FakeClock
from tests.support.sample_ledger import ORG, document, event, key, lease_of, open_call, opened, write
from worker.documents.documents import Action, DocumentKey, EntityKey, Kind
from worker.ledger.held.parked import Chosen
from worker.ledger.history import Discarded, Sought
from worker.ledger.ledger import Ledger
from worker.ledger.records import Document, Held, HoldState
from worker.views.history import Carried, carries, history, owner_of_message
from worker.views.links import xero_link

OWNER = key(1).owner


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    async with opened(f"sqlite+inline:///{tmp_path / 'ledger.db'}", clock=FakeClock()) as ledger:
        yield ledger


def message(number: int, **data: object) -> bytes:
    values = {"type": "store.invoice.changed", "source": "shop", "subject": str(number), "data": data}
    return json.dumps(values).encode()


def parked(number: int, **data: object) -> Held:
    body = message(number, **data)
    return event(number, HoldState.PERSON, id=f"p{number}", owner=key(number).owner, body=body)


async def test_documents_calls_events_and_what_people_did_are_told(ledger: Ledger) -> None:
    lease = await lease_of(ledger)
    await ledger.held.hold(lease, [parked(1), parked(2)])
    await ledger.parked.discard(Chosen(ids=("p1",)), who="ann", reason="twice")
    await ledger.held.hold(lease, [replace(parked(1), id="again", body=message(1, total=2))])
    call = await open_call(ledger, lease, write(1), write(2))
    await ledger.calls.close(lease, call.id, status=200, documents=[document(1)])

    told = await history(ledger, Sought((ORG,), "shop", "invoice", "1"), since=START)

    assert told.entities == (OWNER,)
    [one] = told.documents
    assert (one.key, one.number, one.status, one.total, one.currency) == (
        key(1), "I-shop-1", "AUTHORISED", "19.98", "EUR",
    )  # fmt: skip
    assert one.link == "https://go.xero.com/AccountsReceivable/View.aspx?InvoiceID=xero-1"
    assert [held.id for held in told.held] == ["again"]
    assert [(gone.id, gone.who, gone.why) for gone in told.discarded] == [("p1", "ann", "twice")]
    assert [(seen.id, seen.status, seen.documents, seen.carried) for seen in told.calls] == [
        (call.id, 200, 2, (Carried(key(1), "I-shop-1", START, Action.SAVE),))
    ]
    assert [(did.who, did.action, did.reason) for did in told.actions] == [("ann", "parked.discard", "twice")]


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("I-shop-1", {OWNER}),
        ("1", {OWNER}),
        ("000123", {key(5).owner}),
        ("000123-sale", {key(6).owner}),
        ("000", set()),
    ],
)
async def test_a_number_finds_documents_and_events_that_wait(
    ledger: Ledger, number: str, expected: set[EntityKey]
) -> None:
    lease = await lease_of(ledger)
    await ledger.held.hold(lease, [parked(5, order_number="000123"), parked(6, sale={"order_number": "000123-sale"})])
    call = await open_call(ledger, lease, write(1))
    await ledger.calls.close(lease, call.id, status=200, documents=[document(1)])

    told = await history(ledger, Sought((ORG,)), number=number, since=START)

    assert set(told.entities) == expected


async def test_nothing_is_known_of_what_never_came(ledger: Ledger) -> None:
    told = await history(ledger, Sought((ORG,), entity="invoice", entity_id="77"), since=START)

    assert (told.entities, told.documents, told.held, told.calls, told.actions) == ((), (), (), (), ())


async def test_a_discard_before_the_time_asked_for_is_left_out(ledger: Ledger) -> None:
    await ledger.held.hold(await lease_of(ledger), [parked(1)])
    await ledger.parked.discard(Chosen(), who="ann", reason="a test")

    told = await history(ledger, Sought((ORG,), "shop", "invoice", "1"), since=START + timedelta(seconds=1))

    assert told.discarded == ()
    assert [one.action for one in told.actions] == ["parked.discard"]


@pytest.mark.parametrize("garbage", [None, [], {"data": 3}, {"data": {"sale": []}}, {"data": {"number": 17}}])
def test_what_is_no_event_carries_no_number(garbage: object) -> None:
    assert not carries(garbage, "17")


@pytest.mark.parametrize(
    ("kind", "facts", "link"),
    [
        (Kind.CONTACT, {}, "https://go.xero.com/Contacts/View/x1"),
        (Kind.PAYMENT, {}, "https://go.xero.com/Bank/ViewTransaction.aspx?bankTransactionID=x1"),
        (Kind.CREDIT_NOTE, {}, "https://go.xero.com/AccountsReceivable/ViewCreditNote.aspx?creditNoteID=x1"),
        (Kind.ALLOCATION, {"credit_note_id": "n1"}, "https://go.xero.com/AccountsReceivable/ViewCreditNote.aspx?creditNoteID=n1"),
        (Kind.ALLOCATION, {}, ""),
        (Kind.ITEM, {}, ""),
    ],
)  # fmt: skip
def test_each_kind_has_its_page_or_none(kind: Kind, facts: dict[str, str], link: str) -> None:
    one = Document(DocumentKey(ORG, "shop", "x", "1", "x"), kind, "x1", "1", START, "h", facts)

    assert xero_link(one) == link


MESSAGE = b'{"type":"store.invoice.changed","source":"shop","subject":"1/7","data":{}}'
ONE = EntityKey("main", "shop", "invoice", "1/7")


@pytest.mark.parametrize(
    ("body", "owner"),
    [
        (MESSAGE, ONE),
        (MESSAGE.replace(b"1/7", b"1\\/7"), ONE),
        (b"\xef\xbb\xbf" + MESSAGE, ONE),
        (MESSAGE.decode().encode("utf-16"), ONE),
        (MESSAGE.replace(b"{}", b'"\\ud800"'), ONE),
        (MESSAGE.replace(b"{}", b'"\xff"'), ONE),
        (MESSAGE.replace(b'"1/7"', b"17"), ONE._replace(entity_id="17")),
        (MESSAGE.replace(b'"1/7"', b"null"), None),
        (MESSAGE.replace(b"{}", b"[" * 100_000 + b"]" * 100_000), None),
        (b"[]", None),
        (b"", None),
    ],
    ids=["plain", "escaped", "mark", "utf-16", "half a pair", "spoiled", "number", "null", "deep", "list", "purged"],
)
def test_whose_a_discarded_message_was_is_read_from_its_head(body: bytes, owner: EntityKey | None) -> None:
    gone = Discarded("d1", "main", "e1", "invalid", body, "ann", "why", START)

    assert owner_of_message(gone) == owner
