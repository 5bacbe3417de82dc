"""Documents dated in a locked period move to the next open day, with a note, and are no news when they come again."""

from datetime import date
from decimal import Decimal

import pytest

from schemas.entities import Entity
from schemas.envelope import Event
from tests.support.mapping_cases import credit_memo, event, invoice, line, organisation, payment, removed
from worker.documents.documents import Write
from worker.mapping.plan import Writes, plan

LOCKED = date(2026, 3, 31)
SOLD = line("10.00", "2.00", tax_rate="20")


def planned(of: Event, lock_date: date | None = LOCKED) -> tuple[Write, ...]:
    found = plan(of, organisation(), lock_date)
    assert isinstance(found, Writes)
    return found.writes


def test_an_invoice_moves_behind_the_lock_with_a_line_that_says_so() -> None:
    _, write = planned(event(Entity.INVOICE, invoice(SOLD)))

    assert (write.payload["Date"], write.payload["DueDate"]) == ("2026-04-01", "2026-04-01")
    assert write.payload["LineItems"][-1] == {
        "Description": "Dated 2026-03-02 in the store. That period is locked, so this is booked on 2026-04-01."
    }
    assert write.payload["LineItems"][0]["UnitAmount"] == Decimal(10)


def test_a_later_due_date_stays() -> None:
    _, write = planned(event(Entity.INVOICE, invoice(SOLD, due_date="2026-05-02")))

    assert write.payload["DueDate"] == "2026-05-02"


def test_a_payment_says_so_in_its_reference_which_is_its_number() -> None:
    (write,) = planned(event(Entity.PAYMENT, payment(transaction_id="x" * 255)))

    assert write.payload["Date"] == "2026-04-01"
    assert write.number == write.payload["Reference"]
    assert write.number.startswith("SHOP-P-webshop-51 xxx")
    assert write.number.endswith("xxx (of 2026-03-03: locked)")
    assert len(write.number) == 255


def test_a_refund_and_its_allocation_move_together() -> None:
    _, note, allocation = planned(event(Entity.CREDIT_MEMO, credit_memo(SOLD)))

    assert note.payload["Date"] == allocation.payload["Date"] == "2026-04-01"


@pytest.mark.parametrize("lock_date", [None, date(2026, 3, 1)])
def test_what_is_dated_on_an_open_day_stays(lock_date: date | None) -> None:
    _, write = planned(event(Entity.INVOICE, invoice(SOLD)), lock_date)

    assert write.payload["Date"] == "2026-03-02"
    assert len(write.payload["LineItems"]) == 1


def test_what_was_booked_before_the_lock_is_unchanged_by_it() -> None:
    data = event(Entity.INVOICE, invoice(SOLD))

    assert [write.content_hash for write in planned(data)] == [write.content_hash for write in planned(data, None)]


def test_what_is_taken_back_is_left_to_xero() -> None:
    assert planned(removed(Entity.INVOICE, "31")) == planned(removed(Entity.INVOICE, "31"), None)
