"""People were in Xero before, or change something in mid-run: theirs is left alone, the rest goes on."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import partial
from typing import Any

from schemas.entities import CreditMemo, Customer, Entity, Payment, Product
from schemas.envelope import Event
from tests.acceptance.post import event_of, part_of
from tests.acceptance.stage import Stage, a_small_day
from tests.support.log_lines import told
from tests.support.trading_day import Day
from worker.documents.documents import Kind
from worker.ledger.held.parked import Chosen
from worker.ledger.records import KIND_PAUSED, HoldState
from worker.session.outcome import LIKE_REFUSALS

SALES = "200"
_KINDS = {"invoice": Kind.INVOICE, "product": Kind.ITEM, "credit_memo": Kind.CREDIT_NOTE}


async def test_a_name_that_a_persons_contact_has_gets_a_suffix(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    day = a_small_day(stage.organisation, orders=12)
    taken = event_of(day, Entity.CUSTOMER, "4001").data
    assert isinstance(taken, Customer)
    name = f"{taken.first_name} {taken.last_name}"
    theirs = stage.person("create-contact", document={"Name": name, "EmailAddress": "them@example.com"})
    await stage.publish(day)

    stage.worker()

    await stage.until_quiet([day])
    await stage.assert_right(day)
    contacts = {contact["ContactID"]: contact for contact in stage.sandbox.documents("contacts")}
    assert contacts[theirs["ContactID"]]["EmailAddress"] == "them@example.com"
    [ours] = [contact for contact in contacts.values() if contact.get("ContactNumber") == "shop:4001"]
    assert ours["Name"].startswith(f"{name} ")


async def test_an_item_that_a_person_made_is_used_and_left_alone(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    day = a_small_day(stage.organisation, orders=12)
    product = event_of(day, Entity.PRODUCT, "101").data
    assert isinstance(product, Product)
    theirs = {"Code": product.sku, "Name": "By hand", "SalesDetails": {"AccountCode": "260"}}
    stage.sandbox.person("create-item", document=theirs)
    await stage.publish(day)

    stage.worker()

    await stage.until_quiet([day])
    await stage.assert_right(day)
    [item] = [item for item in stage.sandbox.documents("items") if item["Code"] == product.sku]
    assert (item["Name"], item["SalesDetails"]["AccountCode"]) == ("By hand", "260")


async def test_a_number_that_a_persons_invoice_has_parks_that_sale_alone(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    day = a_small_day(stage.organisation, orders=12)
    sale = next(iter(day.invoices.values()))
    their = stage.person("create-contact", document={"Name": "A person's customer"})
    document = invoice_document(f"I-shop-{sale.number}", their["ContactID"])
    stage.person("create-invoice", document=document)
    rest = _without(day, sale.id, sale.number)
    await stage.publish(replace(rest, events=[*rest.events, event_of(day, Entity.INVOICE, sale.id)]))

    stage.worker()

    await stage.until_quiet([rest])
    await stage.until_async(lambda: _counts(stage, HoldState.PERSON, len(rest.bad) + 1), what="the sale parked")
    await stage.assert_right(rest, parked=["number_taken"])
    [parked] = [held for held in await (await stage.inspection()).parked() if held.reason == "number_taken"]
    assert f"I-shop-{sale.number}" in parked.detail
    assert parked.hint


async def test_an_archived_account_pauses_its_kind_with_one_alarm_until_it_is_back(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    day = a_small_day(stage.organisation, orders=48)
    stage.sandbox.person("archive-account", name=SALES)
    await stage.publish(day)
    stage.worker()
    for kind in (Kind.INVOICE, Kind.ITEM):
        await stage.until_async(partial(_is_paused, stage, kind), what=f"a pause of {kind}")
    await stage.until_async(partial(_rests, stage, day), what="every event written, held or parked")

    parked_meanwhile = await stage.held(HoldState.PERSON)
    stage.sandbox.person("restore-account", name=SALES)
    ledger = await stage.ledger()
    for pause in await stage.paused():
        await ledger.pauses.clear(stage.organisation, pause.kind)
    refused = [held for held in await (await stage.inspection()).parked() if held.reason == "account_invalid"]
    await ledger.parked.retry(Chosen(ids=tuple(held.id for held in refused)), who="ann")

    # credit memos that come behind many sales are judged beside them, and their kind pauses too
    alarms = Counter(line["kind"] for line in told(stage.log(), event="kind.paused"))
    assert set(alarms) - {Kind.CREDIT_NOTE} == {Kind.INVOICE, Kind.ITEM}
    assert set(alarms.values()) == {1}
    assert parked_meanwhile <= len(day.bad) + len(alarms) * LIKE_REFUSALS
    await stage.until_quiet([day])
    await stage.assert_right(day)


def invoice_document(number: str, contact_id: str) -> dict[str, Any]:
    """An invoice as a person writes it."""
    line = {"Description": "By hand", "Quantity": 1, "UnitAmount": 7, "AccountCode": SALES, "TaxType": "OUTPUT2"}
    return {
        "Type": "ACCREC",
        "InvoiceNumber": number,
        "Contact": {"ContactID": contact_id},
        "Date": "2026-11-20",
        "DueDate": "2026-11-20",
        "Status": "AUTHORISED",
        "LineItems": [line],
    }


def _without(day: Day, invoice_id: str, number: str) -> Day:
    """The day without a sale and its money; its customer stays."""

    def is_kept(event: Event) -> bool:
        data = event.data
        if isinstance(data, Payment | CreditMemo):
            return data.sale.invoice_id != invoice_id
        return event.entity is not Entity.INVOICE or event.subject != invoice_id

    kept = part_of(day, is_kept)
    payments = {key: payment for key, payment in day.payments.items() if payment.sale.invoice_id != invoice_id}
    memos = {key: memo for key, memo in day.credit_memos.items() if memo.sale.invoice_id != invoice_id}
    invoices = {key: invoice for key, invoice in day.invoices.items() if key != number}
    return replace(kept, bad=day.bad, invoices=invoices, payments=payments, credit_memos=memos)


async def _counts(stage: Stage, state: HoldState, count: int) -> bool:
    return await stage.held(state) == count


async def _is_paused(stage: Stage, kind: Kind) -> bool:
    return any(pause.kind is kind for pause in await stage.paused())


async def _rests(stage: Stage, day: Day) -> bool:
    """Every event was told of, and each kind that events wait for is paused: that is written down after them."""
    lines = told(stage.log())
    waited_for = {_KINDS[line["entity"]] for line in lines if line.get("reason") == KIND_PAUSED}
    paused = {pause.kind for pause in await stage.paused()}
    return waited_for <= paused and {event.id for event in day.events} <= {line.get("event_id") for line in lines}
