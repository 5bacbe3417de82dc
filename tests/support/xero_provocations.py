"""What makes Xero refuse: one way for each of its messages, against a running sandbox."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from tests.support.sandbox_fixture import SandboxControl
from tests.support.xero_fakes import V2, document_of, saying, write_of
from tests.support.xero_sandbox import SandboxXero, contact_write, fresh, invoice_write, payment_write, writing
from worker.documents.documents import Action, Kind, Write
from worker.ledger.records import Call, Document
from worker.xero.replies.reply import Reply
from worker.xero.replies.verdicts import Written, verdicts


@dataclass
class World:
    """An organisation, and the worker's way of writing to it."""

    xero: SandboxXero
    sandbox: SandboxControl

    async def send(self, write: Write, *documents: Document) -> tuple[Call, Reply]:
        call = writing(write, documents=documents)
        return call, await self.xero.client.send(call)

    async def written(self, write: Write) -> Document:
        """It is in Xero, as the ledger would know it."""
        call, reply = await self.send(write)
        verdict = verdicts(call, reply)[write.key]
        assert isinstance(verdict, Written), verdict
        return document_of(write, xero_id=verdict.xero_id, facts=verdict.facts)

    async def sale(self, **changes: Any) -> Write:
        """A sale of 12.00 to a contact of its own, not written."""
        contact = await self.written(contact_write("1"))
        write = invoice_write("1", contact.xero_id)
        return saying(write, {**write.payload, **changes})

    async def sale_of(self, **line: Any) -> tuple[Call, Reply]:
        """What Xero says to a sale with such a line."""
        write = await self.sale()
        [plain] = write.payload["LineItems"]
        changed = {name: value for name, value in (plain | line).items() if value is not None}
        return await self.send(saying(write, {**write.payload, "LineItems": [changed]}))

    async def paid(self) -> tuple[Write, Document]:
        """A sale that is paid in full."""
        write = await self.sale()
        invoice = await self.written(write)
        await self.written(payment_write("1", invoice.xero_id, "12.00"))
        return write, invoice

    async def edit(self, write: Write, invoice: Document, **changes: Any) -> tuple[Call, Reply]:
        return await self.send(saying(write, {**write.payload, **changes}, version=V2), invoice)


Provocation = Callable[[World], Awaitable[tuple[Call, Reply]]]
UNKNOWN = str(uuid.uuid4())


async def name_taken(w: World) -> tuple[Call, Reply]:
    await w.written(contact_write("1", "Ann Lee"))
    return await w.send(contact_write("2", "ann lee"))


async def archived_contact_edited(w: World) -> tuple[Call, Reply]:
    write = contact_write("1")
    contact = await w.written(write)
    w.sandbox.person("archive-contact", name=contact.xero_id)
    return await w.send(contact_write("1", "Another", version=V2), contact)


async def archived_contact_sold_to(w: World) -> tuple[Call, Reply]:
    write = await w.sale()
    w.sandbox.person("archive-contact", name=write.payload["Contact"]["ContactID"])
    return await w.send(write)


async def contact_without_identity(w: World) -> tuple[Call, Reply]:
    return await w.send(await w.sale(Contact={"FirstName": "Ann"}))


async def no_contact(w: World) -> tuple[Call, Reply]:
    write = await w.sale()
    payload = {name: value for name, value in write.payload.items() if name != "Contact"}
    return await w.send(saying(write, payload))


async def bad_email(w: World) -> tuple[Call, Reply]:
    write = contact_write("1")
    return await w.send(saying(write, {**write.payload, "EmailAddress": "nobody"}))


async def number_taken(w: World) -> tuple[Call, Reply]:
    write = await w.sale()
    await w.written(write)
    return await w.send(write)


async def edited_after_void(w: World) -> tuple[Call, Reply]:
    write = await w.sale()
    invoice = await w.written(write)
    w.sandbox.person("void-invoice", name=invoice.xero_id)
    return await w.edit(write, invoice, Reference="new")


async def edited_after_payment(w: World) -> tuple[Call, Reply]:
    write = await w.sale()
    invoice = await w.written(write)
    await w.written(payment_write("1", invoice.xero_id, "5.00"))
    return await w.edit(write, invoice, Date="2026-01-02")


async def status_taken_back(w: World) -> tuple[Call, Reply]:
    write, invoice = await w.paid()
    return await w.edit(write, invoice, Status="DRAFT")


async def unknown_account(w: World) -> tuple[Call, Reply]:
    return await w.sale_of(AccountCode="999")


async def unknown_account_in_a_draft(w: World) -> tuple[Call, Reply]:
    write = await w.sale(Status="DRAFT")
    [line] = write.payload["LineItems"]
    return await w.send(saying(write, {**write.payload, "LineItems": [line | {"AccountCode": "476"}]}))


async def no_account(w: World) -> tuple[Call, Reply]:
    return await w.sale_of(AccountCode=None)


async def no_tax_type(w: World) -> tuple[Call, Reply]:
    w.sandbox.person("change-account", name="200", document={"TaxType": None})
    return await w.sale_of(TaxType=None)


async def unknown_payment_account(w: World) -> tuple[Call, Reply]:
    return await paying(w, Account={"Code": "999"})


async def archived_tax_rate(w: World) -> tuple[Call, Reply]:
    w.sandbox.person("archive-tax-rate", name="OUTPUT2")
    return await w.sale_of()


async def unknown_item(w: World) -> tuple[Call, Reply]:
    return await w.sale_of(ItemCode="NOPE")


async def unknown_tracking(w: World) -> tuple[Call, Reply]:
    return await w.sale_of(Tracking=[{"Name": "Region", "Option": "Nowhere"}])


async def unknown_theme(w: World) -> tuple[Call, Reply]:
    return await w.send(await w.sale(BrandingThemeID=str(uuid.uuid4())))


async def item_taken(w: World) -> tuple[Call, Reply]:
    write = write_of(Kind.ITEM, "1", {"Code": "abc", "Name": "Mug"}, number="abc")
    await w.written(write)
    return await w.send(write)


async def tax_of_another_class(w: World) -> tuple[Call, Reply]:
    return await w.sale_of(TaxType="INPUT2")


async def unknown_tax_type(w: World) -> tuple[Call, Reply]:
    return await w.sale_of(TaxType="GST on Income")


async def unknown_currency(w: World) -> tuple[Call, Reply]:
    return await w.send(await w.sale(CurrencyCode="JPY"))


async def locked_period(w: World) -> tuple[Call, Reply]:
    sale = await w.sale()
    w.sandbox.person("lock-date", to=sale.payload["Date"])
    return await w.send(sale)


async def locked_year(w: World) -> tuple[Call, Reply]:
    sale = await w.sale()
    w.sandbox.person("lock-date", to=sale.payload["Date"], end_of_year=True)
    return await w.send(sale)


async def plan_spent(w: World) -> tuple[Call, Reply]:
    w.sandbox.person("plan-limit", to=0)
    return await w.send(await w.sale())


async def draft_paid(w: World) -> tuple[Call, Reply]:
    invoice = await w.written(await w.sale(Status="DRAFT"))
    return await w.send(payment_write("1", invoice.xero_id, "12.00"))


async def paid_twice(w: World) -> tuple[Call, Reply]:
    _, invoice = await w.paid()
    return await w.send(payment_write("2", invoice.xero_id, "12.00"))


async def paid_too_much(w: World) -> tuple[Call, Reply]:
    return await paying(w, Amount=Decimal("12.01"))


async def credit_of_another_contact(w: World) -> tuple[Call, Reply]:
    sale = await w.sale()
    invoice, other = await w.written(sale), await w.written(contact_write("2"))
    shared = {name: value for name, value in sale.payload.items() if name not in ("InvoiceNumber", "DueDate")}
    credit = {**shared, "Type": "ACCRECCREDIT", "Contact": {"ContactID": other.xero_id}}
    note = await w.written(write_of(Kind.CREDIT_NOTE, "1", credit, number="C-shop-1"))
    set_off = {"Amount": Decimal("12.00"), "Date": shared["Date"], "Invoice": {"InvoiceID": invoice.xero_id}}
    return await w.send(write_of(Kind.ALLOCATION, "1", set_off, number=""), note)


async def account_without_payments(w: World) -> tuple[Call, Reply]:
    return await paying(w, Account={"Code": "200"})


async def payment_of_a_batch_deleted(w: World) -> tuple[Call, Reply]:
    invoice = await w.written(await w.sale())
    write = payment_write("1", invoice.xero_id, "12.00")
    payment = await w.written(write)
    w.sandbox.person("batch-payments", names=[payment.xero_id])
    return await w.send(write._replace(version=V2, action=Action.VOID), payment)


async def another_total(w: World) -> tuple[Call, Reply]:
    return await w.send(await w.sale(Total=Decimal(11)))


async def tax_above_the_line(w: World) -> tuple[Call, Reply]:
    return await w.sale_of(TaxAmount=Decimal("10.01"))


async def another_line_total(w: World) -> tuple[Call, Reply]:
    return await w.sale_of(LineAmount=Decimal(11))


async def discount_above_the_line(w: World) -> tuple[Call, Reply]:
    return await w.sale_of(DiscountRate=Decimal("127.83"))


async def unknown_invoice(w: World) -> tuple[Call, Reply]:
    return await w.send(payment_write("1", UNKNOWN, "12.00"))


async def unknown_credit_note(w: World) -> tuple[Call, Reply]:
    write = payment_write("1", UNKNOWN, "12.00")
    payload = {name: value for name, value in write.payload.items() if name != "Invoice"}
    return await w.send(saying(write, payload | {"CreditNote": {"CreditNoteID": UNKNOWN}}))


async def key_used_twice(w: World) -> tuple[Call, Reply]:
    first = writing(contact_write("1"))
    await w.xero.client.send(first)
    second = replace(fresh(writing(contact_write("2"))), idempotency_key=first.idempotency_key)
    return second, await w.xero.client.send(second)


async def paying(w: World, **changes: Any) -> tuple[Call, Reply]:
    invoice = await w.written(await w.sale())
    write = payment_write("1", invoice.xero_id, "12.00")
    return await w.send(saying(write, {**write.payload, **changes}))
