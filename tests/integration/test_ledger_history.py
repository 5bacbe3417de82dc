"""What the ledger tells of an entity's past, and how much waits."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from schemas.envelope import Lane
from tests.support.fakes import START, FakeClock
from tests.support.sample_ledger import (
    AMPLE,
    ORG,
    document,
    event,
    key,
    lease_of,
    member,
    open_call,
    put_documents,
    write,
)
from worker.documents.content import Content
from worker.documents.documents import Action, Kind, Write
from worker.ledger.history import Sought
from worker.ledger.ledger import Ledger
from worker.ledger.records import Composed, HoldState, Known, Lease, Member, Opened, Purpose


async def pay(ledger: Ledger, lease: Lease, number: int, invoice: str) -> str:
    """A closed call with one payment of an invoice; returns its id."""
    content = Content.of({"Invoice": {"InvoiceID": invoice}, "Amount": 10, "Reference": f"pay-{number}"})
    payment = Write(key(number, "payment/1"), Kind.PAYMENT, START, f"pay-{number}", content)
    text = payment.content.filled({}, ())
    member = Member(payment.key, Kind.PAYMENT, START, payment.number, payment.content_hash, Action.SAVE, text)

    def compose(_: Known) -> Composed:
        return Composed("PUT", "/Payments", {}, b'{"Payments":[' + text + b"]}", (member,))

    result = await ledger.calls.open_write(
        lease, kind=Kind.PAYMENT, lane=Lane.BATCH, writes=[payment], compose=compose, limits=AMPLE
    )
    assert isinstance(result, Opened)
    assert result.call is not None
    await ledger.calls.close(lease, result.call.id, status=200)
    return result.call.id


async def test_the_stores_of_documents_and_of_what_is_held_are_known_by_name(ledger: Ledger) -> None:
    lease = await lease_of(ledger)
    await put_documents(ledger, lease, document(7), document(17))
    waits = event(1, HoldState.PERSON, id="p1", owner=key(1).owner._replace(source="till"))
    await ledger.held.hold(lease, [waits, event(2, HoldState.PERSON, id="p2", owner=None)])

    assert await ledger.histories.sources([ORG]) == ["shop", "till"]
    assert await ledger.histories.sources(["other"]) == []


async def test_what_is_held_is_found_by_what_its_message_says(ledger: Ledger) -> None:
    bodies = {"p1": b'{"number":"17"}', "p2": b'{"number":"18"}', "p3": b'{"sku":"A-17"}'}
    events = [event(1, HoldState.PERSON, id=one, body=body) for one, body in bodies.items()]
    await ledger.held.hold(await lease_of(ledger), [replace(one, owner=None) for one in events])

    found = {one.id: one async for one in ledger.histories.holding([ORG], b"17")}

    assert {one.id: one.body for one in found.values()} == {"p1": bodies["p1"], "p3": bodies["p3"]}
    assert found["p1"].reason == "because"
    assert [one async for one in ledger.histories.holding(["other"], b"17")] == []


async def test_documents_are_found_by_entity_and_by_the_end_of_their_number(ledger: Ledger) -> None:
    lease = await lease_of(ledger)
    odd = document(4)._replace(number="I-shop-%7")
    cased = [document(number)._replace(number=name) for number, name in ((5, "I-shop-a9"), (6, "I-shop-A9"))]
    await put_documents(ledger, lease, document(7), document(17), document(7, part="payment/1"), odd, *cased)

    by_entity = await ledger.histories.documents(Sought((ORG,), entity="invoice", entity_id="7"))
    by_number = await ledger.histories.numbered([ORG], "17")
    by_whole = await ledger.histories.numbered([ORG], "I-shop-7")
    by_sign = await ledger.histories.numbered([ORG], "%7")

    assert by_entity == [document(7)]
    assert by_number == [document(17)]
    assert {one.key for one in by_whole} == {key(7), key(7, "payment/1")}
    assert by_sign == [odd]
    assert await ledger.histories.numbered([ORG], "a9") == cased[:1]
    assert await ledger.histories.numbered(["other"], "17") == []


async def test_calls_are_found_by_what_they_carried_and_payments_by_whom_they_pay(
    ledger: Ledger, clock: FakeClock
) -> None:
    lease = await lease_of(ledger)
    early = await open_call(ledger, lease, write(1), write(2))
    await ledger.calls.close(lease, early.id, status=200, documents=[document(1)])
    clock.advance(60)
    await ledger.calls.close(lease, (await open_call(ledger, lease, write(3))).id, status=200)
    paid = await pay(ledger, lease, 8, "xero-1")
    await pay(ledger, lease, 9, "xero-10")

    found = await ledger.histories.calls([ORG], since=START, owners=[key(1).owner], xero_ids=["xero-1"])
    later = await ledger.histories.calls([ORG], since=START + timedelta(seconds=1), owners=[key(1).owner])

    assert [(one.call.id, [member.key for member in one.members], one.documents) for one in found] == [
        (early.id, [key(1)], 2),
        (paid, [key(8, "payment/1")], 1),
    ]
    assert (found[0].closed_at, found[0].call.purpose, found[0].lane) == (START, Purpose.WRITE, Lane.IMMEDIATE)
    assert later == []


async def test_sales_are_found_by_the_order_they_refer_to(ledger: Ledger) -> None:
    lease = await lease_of(ledger)
    content = Content.of({"InvoiceNumber": "I-shop-5", "Reference": "ord/5"})
    sale = Write(key(5), Kind.INVOICE, START, "I-shop-5", content)
    text = content.filled({}, ())
    carried = Member(sale.key, Kind.INVOICE, START, sale.number, sale.content_hash, Action.SAVE, text)

    def compose(_: Known) -> Composed:
        return Composed("PUT", "/Invoices", {}, b'{"Invoices":[' + text + b"]}", (carried, member(write(6))))

    await ledger.calls.open_write(
        lease, kind=Kind.INVOICE, lane=Lane.BATCH, writes=[sale], compose=compose, limits=AMPLE
    )

    assert await ledger.histories.referring([ORG], "ord/5", since=START) == {key(5).owner}
    assert await ledger.histories.referring([ORG], "ord", since=START) == set()
    assert await ledger.histories.referring(["other"], "ord/5", since=START) == set()


async def test_calls_are_read_to_the_end_page_by_page(ledger: Ledger) -> None:
    lease = await lease_of(ledger)
    made = {await pay(ledger, lease, 1, "xero-1") for _ in range(501)}

    found = await ledger.histories.calls([ORG], since=START, owners=[key(1, "payment/1").owner])

    assert {one.call.id for one in found} == made
    assert len(found) == 501
