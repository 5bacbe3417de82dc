"""What the store's events and Xero's lists come to, before they are compared."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from schemas.entities import Entity
from tests.support.mapping_cases import VERSION, credit_memo, event, invoice, key, line, organisation, payment
from worker.documents.documents import Kind
from worker.ledger.records import Document
from worker.reconcile.entries import Allocation, Amount, Entry
from worker.reconcile.theirs import entry_of
from worker.reconcile.wanted import StoreBooks, Unbookable

INVOICE, MEMO = "SHOP-I-webshop-100000012", "SHOP-C-webshop-300000001"
PAYPAL = "6f0c3f2e-7d4e-4a53-9a59-2f3f1f1a7a10"
TWO_RATES = invoice(
    line("10.00", "2.00", tax_rate="20", quantity="3"),
    line("5.00", "1.00", tax_rate="20"),
    line("4.00", "0.20", tax_rate="5", kind="shipping"),
)


def amount(account: str, tax_type: str, net: str, tax: str = "0") -> Amount:
    return Amount(account, tax_type, Decimal(net), Decimal(tax))


def booked(*events: Any, codes: dict[str, str] | None = None) -> list[Entry]:
    books = StoreBooks(organisation())
    for one in events:
        books.take(one)
    assert books.unbookable == {}
    return books.entries(codes or {})


def test_a_sale_is_wanted_with_its_amounts_on_each_account_and_tax_type() -> None:
    [found] = booked(event(Entity.INVOICE, TWO_RATES))

    assert found == Entry(
        Kind.INVOICE,
        INVOICE,
        date(2026, 3, 2),
        "AUTHORISED",
        "GBP",
        Decimal("19.00"),
        Decimal("3.20"),
        (amount("200", "OUTPUT2", "15.00", "3.00"), amount("210", "RROUTPUT", "4.00", "0.20")),
    )


def test_a_payment_names_what_it_settles_whatever_comes_first() -> None:
    sale, paid = event(Entity.INVOICE, TWO_RATES), event(Entity.PAYMENT, payment(amount="22.20"))

    found = next(one for one in booked(paid, sale, paid) if one.kind is Kind.PAYMENT)

    assert (found.number, found.settles, found.gross, found.sign) == (
        "SHOP-P-webshop-51",
        INVOICE,
        Decimal("22.20"),
        1,
    )
    assert found.amounts == (amount("090", "", "22.20"),)


def test_an_account_that_is_configured_by_its_id_is_compared_by_its_code() -> None:
    [found] = booked(event(Entity.PAYMENT, payment(method="paypal")), codes={PAYPAL: "091"})

    assert [one.account for one in found.amounts] == ["091"]


def test_a_refund_takes_off_and_what_is_not_paid_back_is_to_be_allocated() -> None:
    refund = payment(direction="out", credit_memo_id="41", amount="2.00")
    tenders = [{"method": "stripe", "amount": "2.00"}]
    memo = credit_memo(line("5.00", "1.00", tax_rate="20"), tenders=tenders)

    note, paid = booked(event(Entity.CREDIT_MEMO, memo), event(Entity.PAYMENT, refund))

    assert (note.number, note.gross, note.sign, note.allocated) == (MEMO, Decimal("6.00"), -1, Decimal("4.00"))
    assert (paid.sign, paid.settles) == (-1, MEMO)


def test_of_a_refund_that_stays_open_nothing_is_to_be_allocated() -> None:
    memo = credit_memo(line("5.00", "1.00", tax_rate="20"), stays_open=True)

    [note] = booked(event(Entity.CREDIT_MEMO, memo))

    assert (note.gross, note.allocated) == (Decimal("6.00"), Decimal(0))


def test_a_sale_that_credit_is_set_against_is_known_by_the_ledger_where_it_is_of_other_days() -> None:
    books = StoreBooks(organisation())
    books.take(event(Entity.CREDIT_MEMO, credit_memo(line("5.00", "1.00", tax_rate="20"))))
    of_sale = key("invoice", "31", "invoice")
    row = Document(of_sale, Kind.INVOICE, "x", f"{INVOICE}~2", VERSION, "h")

    assert of_sale in books.keys
    [unknown], [note] = books.entries(), books.entries(known={of_sale: row})

    assert unknown.allocations == (Allocation("", Decimal("6.00")),)
    assert note.allocations == (Allocation(f"{INVOICE}~2", Decimal("6.00")),)


@pytest.mark.parametrize("facts", [{"linked": True}, {"due_at_cut_over": "0.00", "cut_over_on": "2027-01-01"}])
def test_a_refund_of_a_sale_that_an_earlier_connector_booked_is_ours(facts: dict[str, Any]) -> None:
    books = StoreBooks(organisation())
    books.take(event(Entity.CREDIT_MEMO, credit_memo(line("5.00", "1.00", tax_rate="20"))))
    of_sale = key("invoice", "31", "invoice")

    [note] = books.entries(known={of_sale: Document(of_sale, Kind.INVOICE, "x", INVOICE, VERSION, "h", facts)})

    assert not note.is_theirs


@pytest.mark.parametrize(("facts", "is_theirs"), [({"linked": True}, True), ({}, False)], ids=["linked", "adopted"])
def test_a_sale_under_another_number_is_an_earlier_connectors_where_it_is_only_linked(
    facts: dict[str, Any], is_theirs: bool
) -> None:
    books = StoreBooks(organisation())
    books.take(event(Entity.INVOICE, TWO_RATES))
    of_sale = key("invoice", "31", "invoice")

    [found] = books.entries(known={of_sale: Document(of_sale, Kind.INVOICE, "x", "INV-0007", VERSION, "h", facts)})

    assert (found.alias, found.is_theirs) == ("INV-0007", is_theirs)


@pytest.mark.parametrize(
    ("facts", "day"),
    [
        ({"linked": True, "date": "2026-02-28"}, date(2026, 2, 28)),
        ({"linked": True}, date(2026, 3, 2)),
        ({"date": "2026-02-28"}, date(2026, 3, 2)),
    ],
    ids=["left to it", "left to it without a date", "adopted"],
)
def test_a_sale_that_was_left_to_an_earlier_connector_is_wanted_on_the_day_that_it_has_in_xero(
    facts: dict[str, Any], day: date
) -> None:
    of_sale = key("invoice", "31", "invoice")
    row = Document(of_sale, Kind.INVOICE, "x", "INV-0007", VERSION, "h", facts)
    sold, cancelled = StoreBooks(organisation()), StoreBooks(organisation())
    sold.take(event(Entity.INVOICE, TWO_RATES))
    cancelled.take(event(Entity.INVOICE, TWO_RATES | {"cancelled": True}))

    days = [one.day for books in (sold, cancelled) for one in books.entries(known={of_sale: row})]

    assert days == [day, None]


def test_a_payment_on_an_earlier_connectors_sale_is_ours_where_the_ledger_has_it() -> None:
    books = StoreBooks(organisation())
    books.take(event(Entity.PAYMENT, payment()))
    of_sale, of_payment = key("invoice", "31", "invoice"), key("payment", "51", "payment/1")
    linked = Document(of_sale, Kind.INVOICE, "x", INVOICE, VERSION, "h", {"linked": True})
    sent = Document(of_payment, Kind.PAYMENT, "p-1", "SHOP-P-webshop-51", VERSION, "h")

    [left] = books.entries(known={of_sale: linked})
    [ours] = books.entries(known={of_sale: linked, of_payment: sent})

    assert left.is_theirs
    assert (ours.is_theirs, ours.xero_id) == (False, "p-1")


def test_a_sale_is_wanted_at_the_stores_rate_and_with_its_tracking() -> None:
    books = StoreBooks(organisation(tracking={"category": "Region", "option": "North"}))
    books.take(event(Entity.INVOICE, TWO_RATES | {"rate": "1.17"}))
    books.take(event(Entity.PAYMENT, payment(rate="1.17")))

    sold, paid = books.entries()

    assert (sold.rate, paid.rate) == (Decimal("1.17"), Decimal("1.17"))
    assert sold.tracking == frozenset({frozenset({("Region", "North")})})


@pytest.mark.parametrize(
    ("entity", "data", "number"),
    [(Entity.INVOICE, TWO_RATES, INVOICE), (Entity.CREDIT_MEMO, credit_memo(line("5.00")), MEMO)],
)
def test_what_the_store_cancelled_has_to_be_void(entity: Entity, data: dict[str, Any], number: str) -> None:
    [found] = booked(event(entity, data | {"cancelled": True}))

    assert (found.number, found.is_gone, found.day) == (number, True, None)


def test_what_the_books_do_not_take_is_not_wanted() -> None:
    old = invoice(line("10.00"), date="2025-12-31")

    assert booked(event(Entity.INVOICE, old), event(Entity.ORDER, invoice(line("1.00"), id="21"))) == []


def test_what_cannot_be_booked_is_kept_with_what_to_do() -> None:
    books = StoreBooks(organisation(tax={}))

    books.take(event(Entity.INVOICE, TWO_RATES))

    [found] = books.unbookable.values()
    assert isinstance(found, Unbookable)
    assert (found.number, found.day) == (INVOICE, date(2026, 3, 2))
    assert found.reason
    assert found.hint


LINE = {"AccountCode": "200", "TaxType": "OUTPUT2", "LineAmount": Decimal("10.00"), "TaxAmount": Decimal("2.00")}


def shown(**changes: Any) -> dict[str, Any]:
    sums = {"Total": Decimal("12.00"), "TotalTax": Decimal("2.00"), "LineItems": [LINE], "LineAmountTypes": "Exclusive"}
    return {"Date": "/Date(1772409600000+0000)/", "Status": "PAID", "CurrencyCode": "GBP", **sums, **changes}


def test_a_sale_is_shown_with_the_sums_of_its_lines() -> None:
    found = entry_of(Kind.INVOICE, shown(InvoiceNumber=f" {INVOICE} ", LineItems=[LINE, LINE, {}]))

    assert (found.number, found.day, found.net, found.tax) == (
        INVOICE,
        date(2026, 3, 2),
        Decimal("10.00"),
        Decimal("2.00"),
    )
    assert found.amounts == (amount("200", "OUTPUT2", "20.00", "4.00"),)


def test_of_lines_that_include_their_tax_it_is_taken_off() -> None:
    inclusive = LINE | {"LineAmount": Decimal("12.00")}

    found = entry_of(Kind.INVOICE, shown(LineItems=[inclusive], LineAmountTypes="Inclusive"))

    assert found.amounts == (amount("200", "OUTPUT2", "10.00", "2.00"),)


def test_of_a_credit_note_the_standing_allocations_are_added_up() -> None:
    gone = {"Amount": Decimal("9.00"), "IsDeleted": True}
    allocations = [{"Amount": Decimal("3.00"), "Invoice": {"InvoiceNumber": INVOICE}}, gone]

    found = entry_of(Kind.CREDIT_NOTE, shown(CreditNoteNumber=MEMO, Allocations=allocations))

    assert (found.sign, found.allocations) == (-1, (Allocation(INVOICE, Decimal("3.00")),))


def test_a_sale_is_shown_at_its_rate_and_with_the_tracking_of_what_books_something() -> None:
    north = LINE | {"Tracking": [{"Name": "Region", "Option": "North", "TrackingOptionID": "o"}]}
    text = {"Description": "words only", "Tracking": []}

    found = entry_of(Kind.INVOICE, shown(LineItems=[north, north, LINE, text], CurrencyRate=Decimal("1.17")))

    assert found.rate == Decimal("1.17")
    assert found.tracking == frozenset({frozenset({("Region", "North")}), frozenset()})


def test_a_refund_is_shown_with_its_credit_note_although_xero_calls_it_an_invoice_too() -> None:
    note = {"CreditNoteID": "n", "CreditNoteNumber": MEMO}
    places = {"CreditNote": note, "Invoice": {"InvoiceID": "n", "InvoiceNumber": MEMO}, "Account": {"Code": "091"}}
    refund = {"Reference": "SHOP-P-webshop-51 re_1", "Amount": Decimal("2.00"), "Date": "2026-03-02T00:00:00", **places}

    found = entry_of(Kind.PAYMENT, refund)

    assert (found.settles, found.sign, found.gross, found.day) == (MEMO, -1, Decimal("2.00"), date(2026, 3, 2))
    assert found.names == ["SHOP-P-webshop-51 re_1", "SHOP-P-webshop-51"]
