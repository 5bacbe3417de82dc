"""Whatever a Magento shop sells, gets paid and refunds: Xero's books equal the shop's, to the cent.

The shop's figures are Magento's own: made by its unit, row and total algorithms, read by its identities. Xero's are the
sandbox's, which works out every line for itself. LONG_TESTS=1 tries 10,000 sales instead of 500. Every case of
docs/accounting.md that Magento has is among them: what was not drawn by chance is looked for.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings

from schemas.entities import Entity
from tests.support.accounting_document import documented
from tests.support.bookkeeping import Books
from tests.support.magento_cases import NOT_OF_MAGENTO, cases_of, is_to_credit
from tests.support.magento_cases import settings as shop_settings
from tests.support.magento_identities import identity_c, identity_i, tenders
from tests.support.magento_tax import ZERO, cents
from tests.support.magento_trades import CARD, CHEQUE, TRANSFER, Trade, trades
from tests.support.mapping_cases import event, invoice, line, organisation
from tests.support.xero_openapi import MISSING, OPENAPI, Requests, load_openapi

LONG = bool(os.environ.get("LONG_TESTS"))
EXAMPLES = 10_000 if LONG else 500
DRAWS = 20_000
"""How many sales may be drawn for one of a certain case: of the rarest, hypothesis draws one in a few hundred."""

TAX = {
    "GB-VAT-20": "OUTPUT2",
    "GB-VAT-5": "RROUTPUT",
    "US-NY-STATE+US-NY-CITY": "TAX002",
    "GB-ZERO": "ZERORATEDOUTPUT",
    "GB-EXEMPT": "EXEMPTOUTPUT",
    "20": "OUTPUT2",
    "5": "RROUTPUT",
    "8.875": "TAX002",
    "0": "ZERORATEDOUTPUT",
    "none": "NONE",
}
PAYMENTS = {CARD: "092", TRANSFER: "090"}
SOLD = ("200", "205", "210", "841")
FEE, ADJUSTMENT, ROUNDING = "260", "408", "860"
LIMIT = Decimal("0.05")

Json = dict[str, Any]


@pytest.fixture(scope="module")
def requests() -> Requests | None:
    return Requests(load_openapi()) if OPENAPI.exists() else None


@pytest.fixture(scope="module")
def books(requests: Requests | None) -> Iterator[dict[bool, Books]]:
    more: Json = {"tax": TAX, "payments": {**PAYMENTS, CHEQUE: "none"}}
    made = {
        by_order: Books(organisation(**more, sales_document="order" if by_order else "invoice"))
        for by_order in (False, True)
    }
    for one in made.values():
        one.look = requests.check if requests else one.look
    yield made
    for one in made.values():
        one.close()


@pytest.mark.timeout(60 + EXAMPLES // 5)
@pytest.mark.long
def test_every_document_and_account_equals_the_shops_to_the_cent(books: dict[bool, Books]) -> None:
    seen = Counter[str]()

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(trade=trades())
    def books_equal_the_shop(trade: Trade) -> None:
        seen.update(set(cases_of(trade)))
        assert_books(trade, books[trade.by_order])

    books_equal_the_shop()

    print(*(f"{count:6} {case}" for case, count in sorted(seen.items())), sep="\n")  # noqa: T201 - what was tried
    cases = documented().keys() - NOT_OF_MAGENTO | {*shop_settings()}
    assert seen.keys() <= cases
    for case in sorted(cases - seen.keys()):
        trade = _a_trade_of(case)
        assert_books(trade, books[trade.by_order])


def _a_trade_of(case: str) -> Trade:
    """The first that is drawn, as it is; fails where none of DRAWS is one."""
    as_drawn = settings(max_examples=DRAWS, phases=[Phase.generate], database=None)
    return find(trades(), lambda trade: case in cases_of(trade), settings=as_drawn)


def assert_books(trade: Trade, book: Books) -> None:
    """Book what the producer publishes of `trade`, and compare."""
    book.reset()
    book.lock(trade.locked)

    book.book(*trade.events())

    taken_back = {f"SHOP-I-shop-{raw['increment_id']}" for raw in trade.taken_back}
    standing = [one for one in book.invoices() if one["InvoiceNumber"] not in taken_back]
    assert_documents(standing, "SHOP-I-shop-", [(raw, identity_i(raw)) for raw in trade.sold])
    assert_documents(book.credit_notes(), "SHOP-C-shop-", [(raw, identity_c(raw)) for raw in trade.memos])
    withdrawn = [one for one in book.invoices() if one["InvoiceNumber"] in taken_back]
    assert len(withdrawn) == len(taken_back)
    for one in withdrawn:
        worth = any(part.get("LineAmount") or part.get("TaxAmount") for part in one["LineItems"])
        assert one["Status"] == "VOIDED" or not worth
    assert_accounts(trade, standing, trade.sold)
    assert_accounts(trade, book.credit_notes(), trade.memos)
    assert_money(trade, book)
    assert_days(trade, book)


@pytest.mark.skipif(not OPENAPI.exists(), reason=MISSING)
def test_every_payload_of_these_sales_is_one_that_xeros_schema_takes(
    books: dict[bool, Books], requests: Requests
) -> None:
    """Each is checked as it is sent, and a wrong one fails the test above; this shows that they are."""
    before = requests.checked

    books[False].reset()
    books[False].book(event(Entity.INVOICE, invoice(line("10.00"))))

    assert requests.checked == before + 2


def assert_documents(booked: list[Json], prefix: str, expected: Sequence[tuple[Json, Decimal]]) -> None:
    """Net, tax and gross of each document; gross is the shop's grand total with what gift cards and the like paid."""
    wanted = {}
    for raw, to_pay in expected:
        gross = to_pay + tenders(raw)
        wanted[prefix + raw["increment_id"]] = (gross - raw["tax_amount"], raw["tax_amount"], gross)
    found = {
        one.get("InvoiceNumber") or one["CreditNoteNumber"]: (one["SubTotal"], one["TotalTax"], one["Total"])
        for one in booked
    }
    assert found == wanted


def assert_accounts(trade: Trade, booked: list[Json], raws: Sequence[Json]) -> None:
    """The sums of every account and tax type, from the shop's rows."""
    nets, taxes = defaultdict[str, Decimal](Decimal), defaultdict[str, Decimal](Decimal)
    for booked_line in (part for one in booked for part in one["LineItems"] if "LineAmount" in part):
        nets[booked_line["AccountCode"]] += booked_line["LineAmount"]
        taxes[booked_line["TaxType"]] += booked_line["TaxAmount"]
    parts = [part for raw in raws for part in _parts(trade, raw)]
    fees = sum((_fees(trade, raw) for raw in raws), ZERO)
    drift = sum((raw.get("net_drift", ZERO) for raw in raws), ZERO)
    adjusted = sum((raw.get("adjustment_positive", ZERO) - raw.get("adjustment_negative", ZERO) for raw in raws), ZERO)
    gross = sum((identity_c(raw) if raw in trade.memos else identity_i(raw) for raw in raws), ZERO)
    net = gross + sum((tenders(raw) - raw["tax_amount"] for raw in raws), ZERO)

    assert (nets[FEE], nets[ADJUSTMENT], nets[ROUNDING]) == (fees, adjusted, drift)
    assert sum((nets[code] for code in SOLD), ZERO) == net - fees - adjusted - drift
    if "205" not in nets:
        cards = sum((part.net for part in parts if part.kind == "giftcard"), ZERO)
        assert (nets["841"], nets["200"]) == (cards, sum((part.net for part in parts), ZERO) - cards)
    expected = defaultdict[str, Decimal](Decimal)
    for part in parts:
        expected[part.tax_type] += part.tax
    expected["OUTPUT2"] += sum((raw.get("shipping_tax_amount", ZERO) for raw in raws), ZERO)
    for tax_type in expected.keys() | taxes.keys():
        assert abs(expected[tax_type] - taxes[tax_type]) <= LIMIT * len(raws), tax_type
    assert sum(taxes.values(), ZERO) == sum((raw["tax_amount"] for raw in raws), ZERO)


def assert_money(trade: Trade, book: Books) -> None:
    """What came in and went out of every account, and what was set against unpaid invoices."""
    moved = defaultdict[tuple[str, str], Decimal](Decimal)
    for payment in book.payments():
        moved[payment["PaymentType"], payment["Account"]["Code"]] += payment["Amount"]
    expected = defaultdict[tuple[str, str], Decimal](Decimal)
    for raw in [] if trade.old else trade.invoices:
        _pay(expected, "ACCRECPAYMENT", trade, raw, identity_i(raw))
    for raw in trade.memos:
        _pay(expected, "ARCREDITPAYMENT", trade, raw, identity_c(raw))
    assert moved == {key: amount for key, amount in expected.items() if amount}
    unpaid = [] if trade.captured or trade.old else [raw for raw in trade.memos if not is_to_credit(trade, raw)]
    assert sum((one["Amount"] for one in book.allocations()), ZERO) == sum((raw["grand_total"] for raw in unpaid), ZERO)


def assert_days(trade: Trade, book: Books) -> None:
    """Everything is dated as in the shop; what is dated in a locked period, on the next open day."""
    first = trade.locked + timedelta(days=1) if trade.locked else date.min
    sold, refunded = max(date(2026, 3, 2), first), max(date(2026, 3, 9), first)
    assert {one["Date"] for one in book.invoices()} <= {sold}
    assert {one["Date"] for one in (*book.credit_notes(), *book.allocations())} <= {refunded}
    came = {"ACCRECPAYMENT": sold, "ARCREDITPAYMENT": refunded}
    assert all(one["Date"] == came[one["PaymentType"]] for one in book.payments())


def _pay(expected: dict[tuple[str, str], Decimal], kind: str, trade: Trade, raw: Json, identity: Decimal) -> None:
    stated = raw["extension_attributes"]
    expected[kind, "841"] += stated["gift_cards_amount"]
    expected[kind, "842"] += stated["customer_balance_amount"]
    expected[kind, "844"] += identity - raw["grand_total"]
    if is_to_credit(trade, raw):
        expected[kind, "842"] += raw["grand_total"]
    elif trade.is_paid(raw) and trade.method in PAYMENTS:
        expected[kind, PAYMENTS[trade.method]] += raw["grand_total"]


@dataclass(frozen=True)
class Part:
    """A row of a document, or the fixed product tax beside it, whose net counts as a fee."""

    kind: str
    tax_type: str
    net: Decimal
    tax: Decimal


def _parts(trade: Trade, raw: Json) -> Iterator[Part]:
    rows = {row.item_id: row for row in trade.sale.rows}
    if raw is trade.order:
        shown = [(row, row.quantity, vars(row.amounts)) for row in rows.values()]
    else:
        names = {"net": "row_total", "discount": "discount_amount", "tax": "tax_amount"}
        names["compensation"] = "discount_tax_compensation_amount"
        items = [item for item in raw["items"] if "row_total" in item]
        shown = [
            (rows[item["order_item_id"]], item["qty"], {ours: item.get(its, ZERO) for ours, its in names.items()})
            for item in items
        ]
    for row, quantity, amounts in shown:
        net = amounts["net"] - amounts["discount"] + amounts["compensation"]
        tax_type = TAX.get("+".join(rate.code for rate in row.ware.rates), "NONE")
        yield Part(row.ware.kind, tax_type, net, amounts["tax"])
        yield Part("fpt", tax_type, ZERO, cents(row.fpt_tax * quantity / row.quantity))


def _fees(trade: Trade, raw: Json) -> Decimal:
    rows = {row.item_id: row for row in trade.sale.rows}
    if raw is trade.order:
        fixed = sum((row.fpt for row in rows.values()), ZERO)
    else:
        items = [item for item in raw["items"] if "row_total" in item]
        shares = [(rows[item["order_item_id"]], item["qty"]) for item in items]
        fixed = sum((cents(row.fpt * quantity / row.quantity) for row, quantity in shares), ZERO)
    wrapped = Decimal(raw["extension_attributes"]["gw_items_price"])
    return fixed + wrapped + Decimal(raw["fee_beside"])
