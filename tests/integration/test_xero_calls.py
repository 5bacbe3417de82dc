"""Calls to a Xero that is as strict as the real one."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import httpx
import pytest

from tests.support.leftovers import nothing_left_of
from tests.support.sandbox_fixture import SandboxControl
from tests.support.xero_fakes import V2, document_of, key_of, write_of
from tests.support.xero_sandbox import (
    SandboxXero,
    asking,
    contact_write,
    fresh,
    invoice_write,
    payment_write,
    writing,
)
from worker.documents.content import Content
from worker.documents.documents import Action, Kind, Write
from worker.documents.literals import encode
from worker.ledger.records import Call, Document
from worker.session.outcome import sort_verdicts
from worker.xero.lookup import Found, lookups, match, suffixed
from worker.xero.replies.reply import ReplyKind
from worker.xero.replies.verdicts import Exists, Refused, Written, verdicts


@pytest.fixture
async def xero(sandbox: SandboxControl) -> AsyncIterator[SandboxXero]:
    made = SandboxXero(sandbox)
    yield made
    await made.aclose()


async def written(xero: SandboxXero, *writes: Write, documents: tuple[Document, ...] = ()) -> list[Document]:
    """Bring `writes` to Xero; what the ledger would keep of them."""
    call = writing(*writes, documents=documents)
    result = verdicts(call, await xero.client.send(call))
    kept = []
    for write in writes:
        verdict = result[write.key]
        assert isinstance(verdict, Written), verdict
        kept.append(document_of(write, xero_id=verdict.xero_id, facts=verdict.facts))
    return kept


async def looked_up(xero: SandboxXero, call: Call) -> dict[Any, Found | None]:
    """What Xero has of the members of `call`."""
    assert call.kind is not None
    found: dict[Any, Found | None] = {}
    for request in lookups(call.kind, call.members):
        reply = await xero.client.send(asking(call.kind, request.path, dict(request.params)))
        assert reply.outcome is ReplyKind.ANSWERED, reply
        found |= match(call.kind, request.members, reply.elements)
    return found


async def test_a_call_that_is_answered_is_not_left_to_the_garbage_collector(xero: SandboxXero) -> None:
    await written(xero, contact_write("1"))

    with nothing_left_of(httpx.Response), nothing_left_of(httpx.Request):
        await written(xero, contact_write("2"))


async def test_fifty_documents_travel_in_a_call_and_come_back_by_number(xero: SandboxXero) -> None:
    writes = [contact_write(str(n)) for n in range(50)]

    contacts = await written(xero, *writes)

    assert len({contact.xero_id for contact in contacts}) == 50
    assert xero.sandbox.audit()["documents"]["contacts"] == 50


async def test_a_sale_is_written_updated_paid_and_voided(xero: SandboxXero) -> None:
    (contact,) = await written(xero, contact_write("1"))
    sale = invoice_write("1", contact.xero_id)
    (invoice,) = await written(xero, sale)
    changed = invoice_write("1", contact.xero_id, amount="20.00")._replace(version=V2)
    (updated,) = await written(xero, changed, documents=(invoice,))
    payment = payment_write("1", invoice.xero_id, "24.00")
    (paid,) = await written(xero, payment)
    unpay = payment._replace(version=V2, action=Action.VOID)
    (unpaid,) = await written(xero, unpay, documents=(paid,))
    void = sale._replace(version=V2, action=Action.VOID)

    (gone,) = await written(xero, void, documents=(updated,))

    assert (invoice.facts["total"], updated.facts["total"]) == ("12.00", "24.00")
    assert updated.xero_id == invoice.xero_id
    assert (paid.facts["status"], unpaid.facts["status"], gone.facts["status"]) == ("AUTHORISED", "DELETED", "VOIDED")


async def test_a_sale_is_voided_whose_number_a_person_has_given_to_another(xero: SandboxXero) -> None:
    (contact,) = await written(xero, contact_write("1"))
    sale = invoice_write("1", contact.xero_id)
    (invoice,) = await written(xero, sale)
    renamed = {"InvoiceNumber": "I-old"}
    xero.sandbox.person("edit-invoice", name=sale.number, document=renamed)
    other = {**sale.payload, "Contact": {"ContactID": contact.xero_id}, "InvoiceNumber": sale.number}
    xero.sandbox.person("create-invoice", document=json.loads(encode(other)))

    (gone,) = await written(xero, sale._replace(version=V2, action=Action.VOID), documents=(invoice,))

    there = {one["InvoiceNumber"]: one["Status"] for one in xero.sandbox.documents("invoices")}
    assert (gone.facts["status"], there) == ("VOIDED", {"I-old": "VOIDED", sale.number: "AUTHORISED"})


async def test_an_implausible_rate_is_taken_and_xeros_warning_of_it_is_for_a_person(xero: SandboxXero) -> None:
    (contact,) = await written(xero, contact_write("1"))
    sale = invoice_write("1", contact.xero_id)
    payload = {**sale.payload, "CurrencyCode": "EUR", "CurrencyRate": Decimal(100_000)}
    call = writing(sale._replace(content=Content.of(payload)))

    results = sort_verdicts(call, await xero.client.send(call))

    assert [document.key for document in results.documents] == [sale.key]
    assert results.doubted[sale.key].reason == "xero_warned"
    assert "The CurrencyRate looks implausible." in results.doubted[sale.key].detail


async def test_a_credit_note_is_allocated_and_the_allocation_taken_back(xero: SandboxXero) -> None:
    (contact,) = await written(xero, contact_write("1"))
    sale = invoice_write("1", contact.xero_id)
    (invoice,) = await written(xero, sale)
    note_payload = {n: v for n, v in sale.payload.items() if n not in ("InvoiceNumber", "DueDate")}
    note = write_of(Kind.CREDIT_NOTE, "1", {**note_payload, "Type": "ACCRECCREDIT"}, number="C-shop-1")
    (credit_note,) = await written(xero, note)
    allocation = write_of(
        Kind.ALLOCATION,
        "1",
        {
            "Amount": Decimal("12.00"),
            "Date": sale.payload["Date"],
            "Invoice": {"InvoiceID": invoice.xero_id},
        },
        key=key_of(Kind.ALLOCATION, "1", "allocation/1"),
        number="",
    )
    call = writing(allocation, documents=(credit_note,))
    (allocated,) = await written(xero, allocation, documents=(credit_note,))

    found = (await looked_up(xero, call))[allocation.key]
    void = allocation._replace(version=V2, action=Action.VOID)
    (gone,) = await written(xero, void, documents=(allocated, credit_note))

    assert found is not None
    assert (found.xero_id, found.same) == (allocated.xero_id, True)
    assert gone.facts["status"] == "DELETED"
    assert (await looked_up(xero, call))[allocation.key] is None


async def test_the_good_ones_of_a_call_are_written_and_the_bad_one_is_named(xero: SandboxXero) -> None:
    (contact,) = await written(xero, contact_write("1"))
    good, bad = invoice_write("1", contact.xero_id), invoice_write("2", contact.xero_id)
    bad.payload["LineItems"][0]["AccountCode"] = "999"
    call = writing(good, bad)

    result = verdicts(call, await xero.client.send(call))

    assert isinstance(result[good.key], Written)
    refused = result[bad.key]
    assert isinstance(refused, Refused)
    assert refused.reason == "account_invalid"


async def test_what_is_there_already_is_found_and_known_as_ours(xero: SandboxXero) -> None:
    (contact,) = await written(xero, contact_write("1"))
    call = writing(invoice_write("1", contact.xero_id))
    await xero.client.send(call)

    again = fresh(call)
    result = verdicts(again, await xero.client.send(again))
    found = await looked_up(xero, again)

    (key,) = result
    one = found[key]
    assert isinstance(result[key], Exists)
    assert one is not None
    assert (one.ours, one.same, one.detail) == (True, True, "")


async def test_a_namesake_gets_a_suffix(xero: SandboxXero) -> None:
    xero.sandbox.person("create-contact", document={"Name": "Ann Lee"})
    write = contact_write("7", "Ann Lee")
    call = writing(write)

    result = verdicts(call, await xero.client.send(call))
    found = (await looked_up(xero, call))[write.key]
    (contact,) = await written(
        xero, write._replace(content=write.content.with_payload(suffixed(write.payload, write.number)))
    )

    assert isinstance(result[write.key], Exists)
    assert found is not None
    assert not found.ours
    assert contact.facts["name"] == "Ann Lee (7)"


async def test_names_with_quotes_can_be_asked_for(xero: SandboxXero) -> None:
    write = contact_write("1", 'The "Best" \\ Shop & Co OR Name=="x"')
    await written(xero, write)

    found = (await looked_up(xero, writing(write)))[write.key]

    assert found is not None
    assert (found.ours, found.same) == (True, True)


async def test_items_and_credit_notes_and_payments_are_found_again(xero: SandboxXero) -> None:
    (contact,) = await written(xero, contact_write("1"))
    (invoice,) = await written(xero, invoice_write("1", contact.xero_id))
    item = write_of(
        Kind.ITEM, "A", {"Code": "A", "Name": "Mug", "SalesDetails": {"UnitPrice": Decimal("5.1250")}}, number="A"
    )
    note_payload = {**invoice_write("1", contact.xero_id).payload, "Type": "ACCRECCREDIT"}
    del note_payload["InvoiceNumber"], note_payload["DueDate"]
    note = write_of(Kind.CREDIT_NOTE, "1", note_payload, number="C-1")
    calls = [writing(item), writing(note), writing(payment_write("1", invoice.xero_id, "5.00"))]

    before = [await looked_up(xero, call) for call in calls]
    for call in calls:
        await xero.client.send(call)
    after = [await looked_up(xero, call) for call in calls]

    assert all(found is None for each in before for found in each.values())
    assert all(found is not None and found.ours and found.same for each in after for found in each.values())
