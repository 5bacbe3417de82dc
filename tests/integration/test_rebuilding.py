"""A ledger filled window by window, from a store and a Xero in memory: its ends, its repeats, what moved."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from producers.translation import Translator
from schemas.entities import Entity
from tests.support.agent_fixture import routing, target
from tests.support.books_in_memory import JANUARY, SETTINGS, Case
from tests.support.fake_store import INVOICES, RefusesCustomers
from tests.support.fakes import FakeClock
from tests.support.sample_ledger import opened
from worker.calls.paging import XeroUnreadable
from worker.documents.documents import Kind
from worker.mapping.plan import Writes, plan
from worker.rebuild.rebuilding import windows_of
from worker.rebuild.restoring import UNKNOWN
from worker.rebuild.windows import Window
from worker.xero.changes.reissue import BEGUN
from worker.xero.endpoints import ENDPOINTS


@pytest.fixture
async def case(tmp_path: Path) -> AsyncIterator[Case]:
    clock = FakeClock()
    async with opened(f"sqlite+inline:///{tmp_path / 'ledger.db'}", clock=clock) as ledger:
        made = Case(ledger, clock)
        made.xero.book(await made.events())
        yield made


async def test_every_document_is_restored_with_what_the_store_has(case: Case) -> None:
    done = await case.rebuild()

    rows = await case.rows()
    assert done.restored == {Kind.CONTACT: 5, Kind.INVOICE: 8, Kind.CREDIT_NOTE: 1, Kind.PAYMENT: 9}
    assert not done.missing
    assert {key: row.xero_id for key, row in rows.items()} == {
        one["key"]: one[ENDPOINTS[kind].id] for kind, all_of_it in case.xero.elements.items() for one in all_of_it
    }
    for event in await case.events():
        planned = plan(event, SETTINGS)
        assert isinstance(planned, Writes)
        sent = [write for write in planned.made if not write.only_if_absent]
        assert all(rows[write.key].content_hash == write.content_hash for write in sent)
        assert all(rows[write.key].version == write.version for write in sent)


async def test_a_rebuild_that_ended_goes_on_where_it_was(case: Case) -> None:
    case.xero.silent_after = 3  # contacts, then invoices and payments of January
    with pytest.raises(XeroUnreadable, match="revoked"):
        await case.rebuild()
    kept = len(await case.rows())

    case.xero.silent_after = 1000
    done = await case.rebuild()

    assert kept == 5 + 4 + 4
    assert case.xero.calls == [Kind.INVOICE, Kind.CREDIT_NOTE, Kind.PAYMENT]
    assert len(await case.rows()) == 23
    assert done.known_before == kept


async def test_what_is_known_costs_no_call(case: Case) -> None:
    await case.rebuild()

    again = await case.rebuild()

    assert case.xero.calls == []
    assert not again.restored


async def test_a_document_whose_day_was_moved_is_found_among_other_days(case: Case) -> None:
    january, february = (
        next(one for one in case.xero.elements[Kind.PAYMENT] if one["Date"][:7] == month)
        for month in ("2026-01", "2026-02")
    )
    january["Date"], february["Date"] = "2026-02-11", "2026-01-11"

    done = await case.rebuild()

    assert done.restored[Kind.PAYMENT] == 9
    rows = await case.rows()
    assert [rows[one["key"]].content_hash for one in (january, february)] == ["", ""]


async def test_a_payment_is_found_by_our_key_whichever_id_the_gateway_had_given_it(case: Case) -> None:
    sent = case.xero.elements[Kind.PAYMENT][0]
    sent["Reference"] = sent["Reference"].replace(" ch_", " pi_")

    done = await case.rebuild()

    assert done.restored[Kind.PAYMENT] == 9
    assert (await case.rows())[sent["key"]].xero_id == sent["PaymentID"]


async def test_what_xero_lacks_is_told_and_left_to_the_resync(case: Case) -> None:
    lost = case.xero.elements[Kind.INVOICE].pop()
    nobody = case.xero.elements[Kind.CONTACT].pop()

    done = await case.rebuild()

    assert done.missing == {Kind.INVOICE: 1, Kind.CONTACT: 1}
    assert {lost["key"], nobody["key"]}.isdisjoint(await case.rows())


async def test_windows_are_as_many_as_the_store_needs(case: Case) -> None:
    windows, customers = await windows_of(SETTINGS, [case.reader], date(2026, 3, 2))

    assert windows == [Window(date(2026, 1, 1), date(2026, 3, 2), sales=8, refunds=1)]
    assert customers == 5


async def test_a_list_that_the_organisation_does_not_take_is_not_asked_for(case: Case) -> None:
    off = Translator("shop", routing(target(customer=None)))
    case.reader = replace(case.reader, source=RefusesCustomers(rows_of=case.store.rows_of), translator=off)

    _, customers = await windows_of(SETTINGS, [case.reader], date(2026, 3, 2))
    done = await case.rebuild()

    assert customers == 0
    assert done.restored == {Kind.CONTACT: 5, Kind.INVOICE: 8, Kind.CREDIT_NOTE: 1, Kind.PAYMENT: 9}


async def test_payments_whose_method_was_mapped_in_the_lost_ledger_are_told_and_found_once_it_is_mapped(
    case: Case,
) -> None:
    unmapped = SETTINGS.model_copy(update={"payments": {}})

    first = await case.rebuild(settings=unmapped)
    again = await case.rebuild()

    assert first.unmapped == {"payment_method_unmapped": 9}
    assert again.unmapped.total() == 0
    assert again.restored == {Kind.PAYMENT: 9}


@pytest.mark.parametrize(("edited_paid", "kept"), [("reissue", "I-shop-000000002"), ("park", "I-shop-000000002~2")])
async def test_a_re_issue_that_was_stopped_in_the_middle_is_begun_where_no_other_credit_was_looked_for(
    case: Case, edited_paid: str, kept: str
) -> None:
    old = credited(case)
    new = {**old, "InvoiceID": "new", "InvoiceNumber": f"{old['InvoiceNumber']}~2", "AmountDue": old["Total"]}
    case.xero.elements[Kind.INVOICE].append(new)
    settings = SETTINGS.model_copy(update={"edited_paid": edited_paid})

    await case.rebuild(JANUARY, settings=settings)

    rows = await case.rows()
    made = await case.ledger.documents.get([old["key"]._replace(part="credit_note~1")])
    assert rows[old["key"]].number == kept
    assert len(made) == (edited_paid == "reissue")


async def test_a_re_issue_that_was_stopped_before_its_new_invoice_is_begun_within_the_price_of_its_window(
    case: Case,
) -> None:
    old = credited(case)
    settings = SETTINGS.model_copy(update={"edited_paid": "reissue"})

    await case.rebuild(JANUARY, settings=settings)

    made = await case.ledger.documents.get([old["key"], old["key"]._replace(part="credit_note~1")])
    assert sorted(row.content_hash for row in made.values()) == [UNKNOWN, BEGUN]
    in_window = [kind for kind in case.xero.calls if kind is not Kind.CONTACT]
    assert in_window == [Kind.INVOICE, Kind.CREDIT_NOTE, Kind.PAYMENT]
    assert len(in_window) == JANUARY.price


def credited(case: Case) -> dict[str, Any]:
    """An invoice of January whose credit note for a re-issue is in Xero, with all of its credit left."""
    old = next(one for one in case.xero.elements[Kind.INVOICE] if one["key"].entity_id == "2")
    named = {"CreditNoteID": "credit", "CreditNoteNumber": f"{old['InvoiceNumber']}~1"}
    case.xero.elements[Kind.CREDIT_NOTE].append({**old, **named, "RemainingCredit": old["Total"]})
    return old


async def test_a_sale_on_hold_is_restored_once_it_is_released_and_its_payment_is_known_before(case: Case) -> None:
    row = case.store.row(INVOICES, 3)
    released, paid = row.snapshots, [one for one in row.snapshots if one[0] is Entity.PAYMENT]
    row.snapshots = tuple(paid)
    on_hold = await case.rebuild()
    row.snapshots = released
    payments = [one.xero_id for one in (await case.rows()).values() if one.kind is Kind.PAYMENT]

    done = await case.rebuild()

    assert (on_hold.restored[Kind.INVOICE], len(payments), len(set(payments))) == (7, 9, 9)
    assert done.restored == {Kind.INVOICE: 1}
    assert not done.missing
    assert {one.xero_id for one in (await case.rows()).values() if one.kind is Kind.PAYMENT} == set(payments)
