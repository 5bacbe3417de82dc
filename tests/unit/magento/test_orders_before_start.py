"""Where orders are booked: one placed before `start_date` that is invoiced, captured and refunded after it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from producers.magento.translate.credit_memos import OfOrder, credit_memo
from producers.magento.translate.invoices import invoice
from producers.magento.translate.sales import order
from producers.store import Found
from schemas.entities import CreditMemo, Entity, Payment
from schemas.parts import SaleReference
from tests.support import mapping_cases
from tests.support.magento_samples import credit_memo_json, invoice_json, order_json, places
from tests.support.magento_trade import wire
from tests.support.settings_cases import MINIMAL
from worker.mapping.plan import Ignored, Plan, Writes, plan
from worker.settings import OrganisationSettings, load
from worker.stores.stores import routing_of

BY_ORDER = mapping_cases.organisation(sales_document="order", payments={"default": "091"})
BY_INVOICE = mapping_cases.organisation(payments={"default": "091"})
PLACED = date(2025, 12, 30)
ORDER = order_json(created_at="2025-12-30 10:00:00", updated_at="2026-01-08 10:00:00")
INVOICE = invoice_json(created_at="2026-01-02 10:00:00", updated_at="2026-01-02 10:00:00")
MEMO = credit_memo_json(created_at="2026-01-08 10:00:00", updated_at="2026-01-08 10:00:00")


def invoiced(of: Any = ORDER) -> Sequence[Found]:
    """The invoice and its payment."""
    return invoice(wire(INVOICE), wire(of), places(), captured={}, offline_methods=frozenset())


def refunded() -> Found:
    memos = OfOrder(wire(ORDER), [wire(INVOICE)], [wire(MEMO)])
    return credit_memo(wire(MEMO), memos, places(), refunded={}, offline_methods=frozenset())[0]


def planned(found: Found, org: OrganisationSettings = BY_ORDER) -> Plan:
    return plan(mapping_cases.event(found.entity, found.data.model_dump()), org)


def reference(found: Found) -> SaleReference:
    assert isinstance(found.data, CreditMemo | Payment)
    return found.data.sale


def test_neither_the_order_nor_its_payment_is_booked() -> None:
    (sold,), (_, paid) = order(wire(ORDER), places()), invoiced()

    assert planned(sold) == planned(paid) == Ignored("before start_date")


@pytest.mark.parametrize(("sales_document", "is_published"), [("order", False), ("invoice", True)])
def test_its_payment_is_published_where_invoices_are_booked(
    tmp_path: Path, sales_document: str, *, is_published: bool
) -> None:
    file = tmp_path / "xerelay.toml"
    booked = f'start_date = 2026-01-01\nsales_document = "{sales_document}"'
    file.write_text(MINIMAL.replace("start_date = 2026-01-01", booked))
    settings = load(file, {})
    routing = routing_of(settings, settings.stores["shop"])
    _, paid = invoiced()

    assert routing.targets["main"].wants(Entity.PAYMENT, paid.data) is is_published


def test_its_refund_is_a_credit_note_that_stands_alone() -> None:
    found = planned(refunded())

    assert isinstance(found, Writes)
    assert [write.parent for write in found.made if write.key.part == "credit_note"] == [None]


def test_where_invoices_are_booked_its_invoice_is_paid_and_credited() -> None:
    invoice_key = mapping_cases.key("invoice", "57", "invoice")
    _, paid = invoiced()

    for found in (planned(paid, BY_INVOICE), planned(refunded(), BY_INVOICE)):
        assert isinstance(found, Writes)
        assert invoice_key in [write.parent for write in found.made]


def test_payments_and_credit_memos_say_when_the_order_was_placed() -> None:
    _, paid = invoiced()

    for sale in (reference(paid), reference(refunded())):
        assert (sale.date, sale.order_date) == (date(2026, 1, 2), PLACED)


def test_an_order_of_the_invoices_own_day_is_not_said_twice() -> None:
    _, paid = invoiced(ORDER | {"created_at": "2026-01-02 01:00:00"})

    assert reference(paid).order_date is None


def test_an_order_without_a_readable_day_leaves_its_invoice_its_own() -> None:
    _, paid = invoiced(ORDER | {"created_at": "0000-00-00 00:00:00"})

    assert (reference(paid).date, reference(paid).order_date) == (date(2026, 1, 2), None)


@pytest.mark.parametrize(("order_date", "day"), [(PLACED, PLACED), (None, date(2026, 3, 2))])
def test_without_an_orders_day_the_sales_counts(order_date: date | None, day: date) -> None:
    sale = SaleReference(**mapping_cases.SALE, order_date=order_date)

    assert (sale.booked_on("order"), sale.booked_on("invoice")) == (day, date(2026, 3, 2))
