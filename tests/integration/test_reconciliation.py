"""Both sides read and compared: rows of other days, broken rows, what it costs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from schemas.entities import Entity
from tests.support.books_in_memory import Case
from tests.support.fake_store import INVOICES
from tests.support.fakes import FakeClock
from tests.support.sample_ledger import lease_of, opened
from worker.documents.documents import Kind
from worker.reconcile.compare import Finding
from worker.reconcile.fields import Field
from worker.reconcile.standing import Standing
from worker.xero.endpoints import ENDPOINTS

JANUARY = (date(2026, 1, 1), date(2026, 1, 31))
FEBRUARY = (date(2026, 2, 1), date(2026, 2, 28))


@pytest.fixture
async def unbooked(tmp_path: Path) -> AsyncIterator[Case]:
    clock = FakeClock()
    async with opened(f"sqlite+inline:///{tmp_path / 'ledger.db'}", clock=clock) as ledger:
        yield Case(ledger, clock)


@pytest.fixture
async def case(unbooked: Case) -> Case:
    unbooked.xero.book(await unbooked.events())
    await unbooked.rebuild()
    return unbooked


@pytest.mark.parametrize(("days", "documents"), [(JANUARY, 8), (FEBRUARY, 10)])
async def test_a_month_that_is_complete_has_no_difference(case: Case, days: tuple[date, date], documents: int) -> None:
    found = await case.reconcile(*days)

    assert found.differences == ()
    assert found.equal == documents
    assert case.xero.calls == [Kind.INVOICE, Kind.CREDIT_NOTE, Kind.PAYMENT]


@pytest.mark.parametrize("kind", [Kind.INVOICE, Kind.PAYMENT])
async def test_a_document_that_was_moved_into_the_days_is_known_by_the_ledger(case: Case, kind: Kind) -> None:
    moved = next(one for one in case.xero.elements[kind] if one["Date"] == "2026-01-10")
    moved["Date"] = "2026-02-20"

    found = await case.reconcile(*FEBRUARY)

    [difference] = found.differences
    assert difference.finding is Finding.DIFFERENT
    assert difference.fields == (Field("date", "2026-01-10", "2026-02-20"),)


@pytest.mark.parametrize("called", ["I-shop-000000001", "OLD-1"])
async def test_the_first_invoice_of_a_sale_that_is_of_other_days_by_now_is_told_as_issued_anew(
    case: Case, called: str
) -> None:
    await case.rename(Kind.INVOICE, 1, f"{called}~2", {})
    case.xero.elements[Kind.INVOICE].append(
        {
            **case.xero.elements[Kind.INVOICE][0],
            "InvoiceID": "of-january",
            "InvoiceNumber": called,
            "Date": "2026-01-20",
        }
    )

    found = await case.reconcile(*JANUARY)

    [difference] = found.differences
    assert (difference.number, difference.detail) == (called, f"issued anew as {called}~2")


async def test_a_sale_that_xero_has_in_another_currency_is_different_and_so_is_its_payment(case: Case) -> None:
    case.xero.elements[Kind.INVOICE][0]["CurrencyCode"] = "EUR"

    found = (await case.reconcile(*FEBRUARY)).differences

    assert {one.kind: one.fields for one in found} == dict.fromkeys(
        (Kind.INVOICE, Kind.PAYMENT), (Field("currency", "GBP", "EUR"),)
    )


async def test_payments_of_ours_on_the_account_of_before_stand_and_are_counted(case: Case) -> None:
    payments = case.xero.elements[Kind.PAYMENT]
    for payment in payments:
        payment["Account"] = {"Code": "089"}

    found = await case.reconcile(*FEBRUARY)

    assert found.differences == ()
    assert found.standing == (Standing("090", "089", sum(one["Date"] >= "2026-02-01" for one in payments)),)
    assert found.equal == 10
    assert all(row.difference == 0 for row in found.sums)


async def test_a_payment_that_a_person_made_anew_on_another_account_is_different(case: Case) -> None:
    anew = next(one for one in case.xero.elements[Kind.PAYMENT] if one["Date"] >= "2026-02-01")
    anew |= {"PaymentID": "made-by-hand", "Account": {"Code": "089"}}

    found = await case.reconcile(*FEBRUARY)

    [difference] = found.differences
    assert difference.fields == (Field("account", "090", "089"),)
    assert found.standing == ()


@pytest.mark.parametrize("kind", [Kind.INVOICE, Kind.CREDIT_NOTE, Kind.PAYMENT])
async def test_what_has_a_number_of_ours_and_is_not_the_stores_is_told_as_such(case: Case, kind: Kind) -> None:
    ours = case.xero.elements[kind][-1]
    named = {ENDPOINTS[kind].id: "another", ENDPOINTS[kind].number: f"{ours[ENDPOINTS[kind].number].split()[0]}9"}
    case.xero.elements[kind].append({**ours, **named})

    found = [*(await case.reconcile(*JANUARY)).differences, *(await case.reconcile(*FEBRUARY)).differences]

    assert [(one.finding, one.detail) for one in found] == [(Finding.EXTRA, "our number, unknown to the store")]


async def test_a_sale_on_hold_is_told_from_one_that_the_store_has_deleted(case: Case) -> None:
    case.store.row(INVOICES, 2).snapshots = ()
    case.store.delete(INVOICES, 4)

    found = await case.reconcile(*JANUARY)

    assert [one.finding for one in found.differences] == [Finding.EXTRA] * 4
    assert {one.number: one.detail for one in found.differences if one.kind is Kind.INVOICE} == {
        "I-shop-000000002": "our number, which the store has and does not publish now, as an order on hold",
        "I-shop-000000004": "our number, unknown to the store",
    }


async def test_a_payment_that_nobody_has_booked_is_missing(case: Case) -> None:
    lost = case.xero.elements[Kind.PAYMENT].pop(0)
    await case.ledger.documents.forget(await lease_of(case.ledger), [lost["key"]])

    [difference] = (await case.reconcile(*FEBRUARY)).differences

    assert (difference.finding, difference.number) == (Finding.MISSING, "P-shop-invoice-1")


async def test_a_payment_that_nobody_has_booked_is_missing_where_its_invoice_was_made_six_days_before(
    unbooked: Case,
) -> None:
    unbooked.store.invoice(9, datetime(2026, 1, 26, 10, tzinfo=UTC))
    made = unbooked.store.row(INVOICES, 9)
    sold, (_, paid) = made.snapshots
    made.snapshots = (sold, (Entity.PAYMENT, paid.model_copy(update={"date": date(2026, 2, 1)})))
    unbooked.xero.book(await unbooked.events())
    [lost] = [one for one in unbooked.xero.elements[Kind.PAYMENT] if one["Date"] == "2026-02-01"]
    unbooked.xero.elements[Kind.PAYMENT].remove(lost)
    await unbooked.rebuild()

    [difference] = (await unbooked.reconcile(*FEBRUARY)).differences

    assert (difference.finding, difference.number) == (Finding.MISSING, "P-shop-invoice-9")


async def test_a_row_that_the_store_does_not_give_is_told_and_its_documents_are_extra(case: Case) -> None:
    case.store.row(INVOICES, 1).broken = "its order is gone"

    found = await case.reconcile(*FEBRUARY)

    assert [(one.finding, one.number) for one in found.differences] == [
        (Finding.UNREADABLE, "shop invoices 1"),
        (Finding.EXTRA, "I-shop-000000001"),
        (Finding.EXTRA, "P-shop-invoice-1 ch_1"),
    ]


@pytest.mark.parametrize("left", [{"linked": True, "cut_over": "leave"}, {"due_at_cut_over": "0.00"}])
async def test_money_that_was_left_to_an_earlier_connector_is_neither_missing_nor_extra(
    case: Case, left: dict[str, object]
) -> None:
    await case.leave(2, left)

    found = await case.reconcile(*JANUARY)

    assert found.differences == ()
    assert found.equal == 7
    assert all(row.difference == 0 for row in found.sums)


async def test_what_an_earlier_connector_paid_on_these_days_of_a_sale_of_others_is_not_extra(case: Case) -> None:
    await case.leave(2, {"due_at_cut_over": "0.00"})
    theirs = next(one for one in case.xero.elements[Kind.PAYMENT] if one["Reference"] == "their own words")
    theirs["Date"] = "2026-02-20"

    assert (await case.reconcile(*FEBRUARY)).differences == ()


async def test_a_sale_left_to_an_earlier_connector_that_dated_it_on_another_day_is_missing_on_neither(
    case: Case,
) -> None:
    await case.leave(2, {"linked": True, "date": "2026-02-01"})
    theirs = next(one for one in case.xero.elements[Kind.INVOICE] if one["InvoiceNumber"] == "OLD-2")
    theirs["Date"] = "2026-02-01"

    months = [await case.reconcile(*days) for days in (JANUARY, FEBRUARY)]

    assert [found.differences for found in months] == [(), ()]
    assert all(row.difference == 0 for found in months for row in found.sums)


async def test_a_refund_left_with_a_credit_note_of_other_days_is_not_extra_beside_an_invoice_of_its_number(
    case: Case,
) -> None:
    await case.rename(Kind.INVOICE, 2, "OLD-12", {})
    await case.rename(Kind.CREDIT_NOTE, 3, "OLD-12", {"linked": True})
    await case.give_payment("refund-3")
    theirs = next(one for one in case.xero.elements[Kind.PAYMENT] if one["Reference"] == "their own words")
    theirs["Date"] = "2026-01-20"

    assert (await case.reconcile(*JANUARY)).differences == ()


async def test_a_payment_of_ours_on_what_was_left_to_an_earlier_connector_is_compared(case: Case) -> None:
    await case.leave(2, {"linked": True}, paid_by_them=False)
    ours = next(one for one in case.xero.elements[Kind.PAYMENT] if one["Reference"].startswith("P-shop-invoice-2"))
    ours["Amount"] += 1

    [difference] = (await case.reconcile(*JANUARY)).differences

    assert (difference.finding, difference.number, difference.cents) == (Finding.DIFFERENT, "P-shop-invoice-2", 100)


async def test_a_payment_by_hand_on_a_sale_of_other_days_has_the_currency_that_the_ledger_knows(case: Case) -> None:
    ours = next(one for one in case.xero.elements[Kind.PAYMENT] if one["Date"] < "2026-02-01")
    by_hand = {"PaymentID": "by-hand", "Reference": "cash", "Date": "2026-02-20"}
    case.xero.elements[Kind.PAYMENT].append({**ours, **by_hand})

    found = await case.reconcile(*FEBRUARY)

    assert [(one.finding, one.number) for one in found.differences] == [(Finding.EXTRA, "cash")]
    assert {row.currency for row in found.sums} == {"GBP"}


@pytest.mark.parametrize("status", ["AUTHORISED", "DRAFT"])
async def test_what_we_booked_for_a_store_that_is_not_configured_is_not_another_apps(case: Case, status: str) -> None:
    ours = case.xero.elements[Kind.INVOICE]
    of_another = {"InvoiceID": "other", "InvoiceNumber": "I-outlet-000000777", "Status": status}
    ours.append({**next(one for one in ours if one["Date"] == "2026-01-10"), **of_another})
    [row] = [row for row in (await case.rows()).values() if row.number == "I-shop-000000002"]
    booked = row._replace(key=row.key._replace(source="outlet", entity_id="777"), xero_id="other")
    await case.ledger.documents.restore(
        await lease_of(case.ledger), [booked._replace(number=of_another["InvoiceNumber"])]
    )

    found = await case.reconcile(*JANUARY)

    told = "our number, of a store that is not configured to feed this organisation"
    assert [(one.number, one.detail) for one in found.differences] == [("I-outlet-000000777", told)]


@pytest.mark.parametrize("paid", ["I-shop-000000002", "I-shop-000000002~4"])
async def test_a_payment_by_hand_on_a_sale_of_other_days_has_its_currency_where_it_was_issued_anew_too(
    case: Case, paid: str
) -> None:
    await case.rename(Kind.INVOICE, 2, "I-shop-000000002~4", {})
    ours = next(one for one in case.xero.elements[Kind.PAYMENT] if one["Reference"].startswith("P-shop-invoice-2 "))
    invoice = {**ours["Invoice"], "InvoiceNumber": paid}
    by_hand = {"PaymentID": "by-hand", "Reference": "cash", "Date": "2026-02-20", "Invoice": invoice}
    case.xero.elements[Kind.PAYMENT].append({**ours, **by_hand})

    found = await case.reconcile(*FEBRUARY)

    assert {row.currency for row in found.sums} == {"GBP"}
