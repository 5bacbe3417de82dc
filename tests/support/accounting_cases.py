"""What docs/accounting.md promises a journal for: for each of its cases the events that lead to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from schemas.entities import Entity
from schemas.envelope import Event
from tests.support.mapping_cases import SALE, credit_memo, event, invoice, line, payment, removed

Json = dict[str, Any]

GOODS = line("100.00", "20.00", tax_rate="20", name="Jumper", sku="JMP")
SHIPPING = line("5.00", "1.00", tax_rate="20", kind="shipping", name="Shipping")
CARD, WIRE = {"method": "stripe"}, {"method": "banktransfer"}
IN_EUROS = {"currency": "EUR", "rate": "1.17"}
OLD = SALE | {"date": "2025-12-30"}


@dataclass(frozen=True)
class Case:
    """The title in the document, and what happens in the store. `before` has happened already and is not shown."""

    title: str
    events: tuple[Event, ...]
    before: tuple[Event, ...] = ()
    lock_date: date | None = None


def sold(*lines: Json, **more: Any) -> Event:
    return event(Entity.INVOICE, invoice(*lines, **more))


def paid(amount: str, **more: Any) -> Event:
    return event(Entity.PAYMENT, payment(amount=amount, **more))


def refunded(*lines: Json, back: str = "0", method: str = "stripe", adjusted: str = "0", **more: Any) -> Event:
    tenders = [{"method": method, "amount": back}] if back != "0" else []
    name = "Adjustment fee" if adjusted.startswith("-") else "Adjustment refund"
    adjustments = [{"name": name, "amount": adjusted}] if adjusted != "0" else []
    return event(Entity.CREDIT_MEMO, credit_memo(*lines, tenders=tenders, adjustments=adjustments, **more))


def paid_back(amount: str, **more: Any) -> Event:
    return paid(amount, id="52", direction="out", credit_memo_id="41", date="2026-03-10", **more)


def cases() -> tuple[Case, ...]:
    """All of them, in the document's order."""
    return (*_sales(), *_discounts(), *_odd_cents(), *_payments(), *_refunds(), *_changed_and_taken_back())


def _sales() -> Iterator[Case]:
    fifth = {"tax_rate": "20"}
    yield Case("Prices without tax", (sold(GOODS),))
    yield Case("Prices with tax: two at 9.99", (sold(line("16.65", "3.33", tax_rate="20", quantity="2")),))
    yield Case("Tax by the piece: ten at 1.03", (sold(line("10.30", "2.10", quantity="10", **fifth)),))
    yield Case("Tax by the row", (sold(*[line("1.03", "0.21", **fifth)] * 3),))
    carried = [line("1.03", tax, **fifth) for tax in ("0.21", "0.20", "0.21")]
    yield Case("Tax by the total, what is left over carried on", (sold(*carried),))
    yield Case("Several rates", (sold(GOODS, line("40.00", "2.00", tax_rate="5")),))
    yield Case("Two taxes on a row (a state's and a city's)", (sold(line("100.00", "8.88", tax_code="STATE+CITY")),))
    yield Case("Shipping with tax", (sold(GOODS, SHIPPING),))
    free = (line("30.00", tax_code="ZERO", tax_rate="0"), line("20.00", tax_code="EXEMPT", tax_rate="0"))
    yield Case("Zero-rated, exempt, and without any tax", (sold(*free, line("10.00")),))
    taxed_fee = line("2.00", "0.40", kind="fee", name="Recycling", tax_rate="20")
    yield Case("Fixed product tax, taxed itself", (sold(GOODS, taxed_fee),))
    yield Case("Surcharge of a payment method, gift wrapping", (sold(GOODS, line("1.95", kind="fee")),))
    yield Case("Gift card sold", (sold(line("25.00", kind="gift_card")),))
    parts = (line("60.00", "12.00", tax_rate="20", sku="A"), line("40.00", "2.00", tax_rate="5", sku="B"))
    yield Case("Bundle with a price of its parts", (sold(*parts),))
    yield Case("Configurable product, bundle with a price of its own", (sold(GOODS),))
    yield Case("0.3750 of something", (sold(line("4.11", "0.82", tax_rate="20", quantity="0.3750")),))
    first = sold(line("50.00", "10.00", tax_rate="20"), SHIPPING)
    last = sold(line("50.00", "10.00", tax_rate="20"), id="32", number="100000013", residual={"tax": "0.01"})
    yield Case("Two invoices: shipping on the first, remainders on the last", (first, last))
    yield Case("Another currency, at the store's rate", (sold(GOODS, **IN_EUROS), paid("120.00", **CARD, **IN_EUROS)))
    yield Case("Nothing to pay", (sold(line("0.00", name="Sample"), line("0.00", kind="shipping")),))


def _discounts() -> Iterator[Case]:
    after = line("90.00", "18.00", tax_rate="20", discount="10.00")
    coupon = line("-10.00", "-2.00", tax_rate="20", kind="discount", name="Coupon")
    yield Case("Discount on a row, tax after it", (sold(after),))
    yield Case("Discount on a row, tax before it", (sold(GOODS, line("-10.00", kind="discount")),))
    yield Case("Discount of the sale as a row, with its tax", (sold(GOODS, coupon),))
    yield Case("All of it off, tax after the discount", (sold(line("0.00", tax_rate="20", discount="100.00")),))
    whole = line("0.00", "20.00", tax_rate="20", discount="100.00")
    yield Case("All of it off, tax before the discount", (sold(whole),))


def _odd_cents() -> Iterator[Case]:
    yield Case("Net that the rows do not explain", (sold(GOODS, residual={"net": "-0.02"}),))
    yield Case("Tax that the rows do not explain", (sold(GOODS, residual={"tax": "0.01"}),))
    yield Case("Tax that no row has room for", (sold(line("0.00", "0.01", tax_rate="20")),))
    yield Case("The same beside goods of another rate", (sold(GOODS, line("0.00", "0.01", tax_rate="5")),))
    correction = line("0.00", "3.00", tax_rate="20", name="VAT correction")
    yield Case("A row of tax alone", (sold(correction),))
    yield Case("The same beside goods of its rate", (sold(GOODS, correction),))
    yield Case("Refund of tax alone", (refunded(correction, stays_open=True),))


def _payments() -> Iterator[Case]:
    sale = (sold(GOODS),)
    yield Case("Paid by card, into the gateway's clearing account", (paid("120.00", **CARD),), before=sale)
    yield Case("Paid by bank transfer", (paid("120.00", **WIRE),), before=sale)
    spent = (("gift_card", "30.00"), ("store_credit", "20.00"), ("reward_points", "10.00"), ("stripe", "60.00"))
    tenders = [paid(amount, id=f"5{i}", method=method) for i, (method, amount) in enumerate(spent)]
    yield Case("Paid with a gift card, store credit, points and a card", tuple(tenders), before=sale)
    captures = (paid("70.00", **CARD), paid("50.00", id="52", **CARD, date="2026-03-05"))
    yield Case("Captured in two parts", captures, before=sale)
    yield Case('Paid by a method that is "none"', (sold(GOODS), paid("120.00", method="checkmo")))
    yield Case("Dated in a locked period", (sold(GOODS),), lock_date=date(2026, 3, 31))


def _refunds() -> Iterator[Case]:
    sale = (sold(GOODS, SHIPPING), paid("126.00", **CARD))
    half = line("50.00", "10.00", tax_rate="20")

    def of_sale(title: str, memo: Event, back: str, **more: Any) -> Case:
        return Case(title, (memo, paid_back(back, **(more or CARD))), before=sale)

    yield of_sale("Of a paid sale", refunded(GOODS, back="120.00"), "120.00")
    yield of_sale("Of a part of it", refunded(half, back="60.00"), "60.00")
    yield of_sale("Less an adjustment fee", refunded(GOODS, back="115.00", adjusted="-5.00"), "115.00")
    yield of_sale("With an adjustment refund", refunded(GOODS, back="125.00", adjusted="5.00"), "125.00")
    yield of_sale("Of an adjustment alone", refunded(back="5.00", adjusted="5.00"), "5.00")
    yield of_sale("Of shipping alone", refunded(SHIPPING, back="6.00"), "6.00")
    to_credit = refunded(GOODS, back="120.00", method="store_credit")
    yield of_sale("To store credit", to_credit, "120.00", method="store_credit")
    yield Case("Of an unpaid sale", (refunded(GOODS),), before=(sold(GOODS),))
    partly = (refunded(GOODS, back="50.00"), paid_back("50.00", **CARD))
    yield Case("Of a sale that was paid in part", partly, before=(sold(GOODS), paid("50.00", **CARD)))
    old = refunded(GOODS, sale=OLD, back="120.00")
    yield Case("Of a sale before `start_date`", (old, paid_back("120.00", sale=OLD, **CARD)))
    nameless = {name: value for name, value in SALE.items() if not name.startswith("invoice")}
    yield Case("That names no invoice", (refunded(GOODS, sale=nameless),), before=sale)


def _changed_and_taken_back() -> Iterator[Case]:
    cancelled = event(Entity.INVOICE, invoice(GOODS, cancelled=True))
    yield Case(
        "Sale edited before it is paid", (sold(line("50.00", "10.00", tax_rate="20"), SHIPPING),), (sold(GOODS),)
    )
    yield Case("Sale cancelled or removed", (sold(GOODS), cancelled))
    yield Case("Payment removed", (paid("120.00", **CARD), removed(Entity.PAYMENT, "51")), before=(sold(GOODS),))
    taken_back = event(Entity.CREDIT_MEMO, credit_memo(GOODS, cancelled=True))
    yield Case("Credit memo cancelled or removed", (refunded(GOODS), taken_back), before=(sold(GOODS),))
