"""What happens to documents after they are written: a whole worker, and a person at work in Xero."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from decimal import Decimal
from typing import Any

from schemas.entities import Entity
from schemas.envelope import Event
from tests.acceptance.stage import Stage
from tests.support.log_lines import told
from tests.support.mapping_cases import VERSION, event, invoice, line, payment, removed
from tests.support.trading_day import Day
from worker.ledger.records import Held, HoldState


class Shop:
    """A store of a few sales, each with a customer, a number and an order of its own."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    async def publish(self, *events: Event) -> None:
        org = {"organisation": self.stage.organisation}
        made = [one.model_copy(update={**org, "id": f"e{number}"}) for number, one in enumerate(events)]
        await self.stage.publish(Day(store="webshop", events=made))

    def sale(self, number: int, *, net: str = "10.00", name: str = "A thing", hours: int = 0, **more: Any) -> Event:
        row = line(net, f"{Decimal(net) / 5:.2f}", tax_code="GB-VAT-20", tax_rate="20", **{"name": name, **_of(more)})
        buyer = {"id": f"c{number}", "email": f"c{number}@example.com", "name": f"Customer {number}"}
        head = {"id": str(number), "number": f"{number:05d}", "order_number": f"O{number}", "order_id": f"o{number}"}
        made = event(Entity.INVOICE, invoice(row, **head, customer=buyer, **more))
        return made.model_copy(update={"version": VERSION + timedelta(hours=hours)})

    def payment(self, number: int, amount: str = "12.00", name: str = "") -> Event:
        sale = {"order_id": f"o{number}", "order_number": f"O{number}", "invoice_id": str(number), "date": "2026-03-02"}
        return event(Entity.PAYMENT, payment(id=name or f"p{number}", sale=sale, amount=amount))

    def removed(self, name: int | str) -> Event:
        entity = Entity.INVOICE if isinstance(name, int) else Entity.PAYMENT
        return removed(entity, str(name)).model_copy(update={"version": VERSION + timedelta(hours=2)})

    def invoices(self) -> dict[str, Any]:
        """What is in Xero, by the store's number."""
        documents = self.stage.sandbox.documents("invoices")
        return {document["InvoiceNumber"].split("-")[-1].lstrip("0"): document for document in documents}

    async def parked(self) -> dict[str, Held]:
        """By the id of the entity."""
        found = await (await self.stage.inspection()).parked()
        return {held.owner.entity_id: held for held in found if held.owner is not None}

    async def until_parked(self, count: int) -> None:
        async def so_many() -> bool:
            return len(await self.parked()) == count

        await self.stage.until_async(so_many, what=f"{count} parked events")

    async def until_written(self, invoices: int, payments: int = 0) -> None:
        def there() -> bool:
            documents = self.stage.sandbox.counts()["documents"]
            return bool(documents["invoices"] == invoices and documents["payments"] == payments)

        await self.stage.until(there, what=f"{invoices} invoices and {payments} payments")
        await self.stage.until_async(self._is_idle, what="a quiet worker")

    async def _is_idle(self) -> bool:
        return await (await self.stage.inspection()).is_idle()


def _of(more: dict[str, Any]) -> dict[str, Any]:
    """What of a sale's changes is its row's."""
    return {name: more.pop(name) for name in ("kind", "sku") if name in more}


def calls(stage: Stage) -> Counter[tuple[str, str]]:
    """By method and endpoint."""
    found: Counter[tuple[str, str]] = Counter()
    for call in stage.sandbox.audit()["calls"]:
        found[call["method"], call["endpoint"]] += call["count"]
    return found


async def test_edited_and_cancelled_sales_change_what_xero_lets_and_leave_peoples_work(sqlite_stage: Stage) -> None:
    stage, shop = sqlite_stage, Shop(sqlite_stage)
    await shop.publish(*(shop.sale(n) for n in range(1, 8)), *(shop.payment(n) for n in (2, 3, 7)))
    stage.worker()
    await shop.until_written(7, 3)
    before, spent = shop.invoices(), calls(stage)
    stage.person("void-invoice", name=before["4"]["InvoiceID"])
    by_hand = {"LineItems": [{"LineItemID": before["5"]["LineItems"][0]["LineItemID"], "AccountCode": "260"}]}
    stage.person("edit-invoice", name=before["5"]["InvoiceID"], document=by_hand)

    edited = [shop.sale(n, net="20.00", hours=1) for n in (1, 3, 4, 5)]
    renamed = shop.sale(2, name="Another name", hours=1)
    await shop.publish(*edited, renamed, *(shop.sale(n, cancelled=True, hours=1) for n in (6, 7)))

    await shop.until_parked(4)
    await stage.until(lambda: shop.invoices()["6"]["Status"] == "VOIDED", what="the cancelled sale void")
    await stage.until(lambda: shop.invoices()["1"]["Total"] == 24, what="the edited sale's new total")
    await stage.until(
        lambda: shop.invoices()["2"]["LineItems"][0]["Description"] == "Another name", what="the new name"
    )
    parked = {number: held.reason for number, held in (await shop.parked()).items()}
    reasons = ["document_paid", "voided_in_xero", "changed_in_xero", "cancelled_paid"]
    assert parked == dict(zip("3457", reasons, strict=True))
    after = shop.invoices()
    assert line_ids(after["1"]) == line_ids(before["1"])
    assert after["2"]["Status"] == "PAID"
    assert after["5"]["LineItems"][0]["AccountCode"] == "260"
    assert {number: after[number]["Total"] for number in "2357"} == dict.fromkeys("2357", 12)
    made = calls(stage) - spent
    assert 2 <= made["GET", "Invoices"] <= 6
    assert stage.sandbox.audit()["duplicates"] == []


async def test_paid_sales_that_the_store_deletes_are_voided_and_their_payments_deleted(sqlite_stage: Stage) -> None:
    stage, shop = sqlite_stage, Shop(sqlite_stage)
    await shop.publish(*(shop.sale(n) for n in (1, 2, 3)), *(shop.payment(n) for n in (1, 2, 3)))
    stage.worker()
    await shop.until_written(3, 3)

    await shop.publish(shop.removed(1), shop.removed("p1"), shop.removed("p2"), shop.removed(2), shop.removed(3))
    await shop.until_parked(1)
    await shop.publish(shop.removed("p3"))

    await shop.until_parked(0)
    await stage.until(lambda: {one["Status"] for one in shop.invoices().values()} == {"VOIDED"}, what="all void")
    assert {one["Status"] for one in stage.sandbox.documents("payments")} == {"DELETED"}


async def test_payments_stand_when_the_account_of_their_method_is_changed(sqlite_stage: Stage) -> None:
    stage, shop = sqlite_stage, Shop(sqlite_stage)
    numbers = range(1, 31)
    await shop.publish(*(shop.sale(n) for n in numbers), *(shop.payment(n) for n in numbers))
    first = stage.worker()
    await shop.until_written(30, 30)
    first.terminate()
    first.wait(within_s=30)
    stage.configure(stage.organisation, PAYMENTS__STRIPE="091")
    again = [shop.payment(n).model_copy(update={"version": VERSION + timedelta(hours=1)}) for n in numbers]
    spent = calls(stage)

    await shop.publish(*again, shop.sale(31), shop.payment(31))
    stage.worker()

    await shop.until_written(31, 31)
    await stage.until(lambda: len(told(stage.log(), entity="payment", result="unchanged")) == 30, what="all of them")
    assert await shop.parked() == {}
    accounts = Counter(one["Account"]["Code"] for one in stage.sandbox.documents("payments"))
    assert accounts == {"092": 30, "091": 1}
    assert (calls(stage) - spent)["GET", "Payments"] <= 3


async def test_payments_of_drafts_go_by_themselves_when_a_person_approves(sqlite_stage: Stage) -> None:
    stage, shop = sqlite_stage, Shop(sqlite_stage)
    stage.configure(stage.organisation, DOCUMENT_STATUS="draft")
    await shop.publish(*(shop.sale(n) for n in (1, 2)), *(shop.payment(n) for n in (1, 2)))
    stage.worker(probe_s=0.5)
    await stage.until_async(lambda: held(stage, 2), what="both payments held")
    draft = shop.invoices()["1"]
    assert (draft["Status"], stage.sandbox.counts()["documents"]["payments"]) == ("DRAFT", 0)

    approved = {"Status": "AUTHORISED"}
    stage.person("edit-invoice", name=draft["InvoiceID"], document=approved)

    await stage.until(lambda: shop.invoices()["1"]["Status"] == "PAID", what="the approved sale paid")
    await stage.until_async(lambda: held(stage, 1), what="the other payment held still")
    assert await shop.parked() == {}


async def test_a_wrong_account_and_an_overpayment_park_only_what_they_concern(sqlite_stage: Stage) -> None:
    stage, shop = sqlite_stage, Shop(sqlite_stage)
    stage.sandbox.person("archive-account", name="210")
    stage.worker()
    await stage.until(lambda: calls(stage)["GET", "TaxRates"] == 1, what="the chart read")

    await shop.publish(shop.sale(1), shop.sale(2, kind="shipping"), shop.payment(1, "12.01"))

    await shop.until_parked(2)
    parked = await shop.parked()
    assert {number: one.reason for number, one in parked.items()} == {"2": "account_invalid", "p1": "overpaid"}
    assert "shipping = " in parked["2"].hint
    assert (calls(stage)["GET", "Accounts"], list(shop.invoices())) == (1, ["1"])


async def test_sales_of_an_earlier_connector_are_adopted_or_parked_and_never_doubled(sqlite_stage: Stage) -> None:
    stage, shop = sqlite_stage, Shop(sqlite_stage)
    stage.configure(stage.organisation, CUT_OVER__POLICY="adopt", CUT_OVER__BEFORE="2026-03-10")
    customer = stage.sandbox.person("create-contact", document={"Name": "Booked before"})["ContactID"]
    for number, price in ((1, 10), (2, 9)):
        stage.sandbox.person("create-invoice", document=earlier(number, price, customer))
    await shop.publish(*(shop.sale(n) for n in (1, 2, 3)), shop.payment(1))

    stage.worker()

    await shop.until_parked(1)
    await shop.until_written(3, 1)
    assert (await shop.parked())["2"].reason == "cut_over_differs"
    assert sorted(shop.invoices()) == ["1", "2", "3"]
    assert {one["InvoiceNumber"] for one in shop.invoices().values()} == {"OLD-1", "OLD-2", "I-webshop-00003"}
    assert shop.invoices()["1"]["Status"] == "PAID"
    assert len(told(stage.log(), result="adopted")) == 1


def line_ids(document: dict[str, Any]) -> list[str]:
    return [one["LineItemID"] for one in document["LineItems"]]


def earlier(number: int, price: int, contact_id: str) -> dict[str, Any]:
    """An invoice as another connector left it."""
    row = {"Description": "Sale", "Quantity": 1, "UnitAmount": price, "AccountCode": "200", "TaxType": "OUTPUT2"}
    return {
        "Type": "ACCREC",
        "InvoiceNumber": f"OLD-{number}",
        "Reference": f"O{number}",
        "Contact": {"ContactID": contact_id},
        "Date": "2026-03-02",
        "DueDate": "2026-03-02",
        "Status": "AUTHORISED",
        "LineItems": [row],
    }


async def held(stage: Stage, count: int) -> bool:
    return await stage.held(HoldState.TIME) == count
