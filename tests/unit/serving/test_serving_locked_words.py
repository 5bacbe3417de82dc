"""A paid sale whose words change and whose period is locked: nothing is issued anew for a change without money."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from schemas.entities import Entity
from schemas.envelope import Event
from tests.support.mapping_cases import VERSION, event, invoice, line, payment
from tests.support.serving_fakes import Served, served
from tests.unit.serving.test_serving_locks import LockedXero
from tests.unit.serving.test_serving_reissues import NUMBER, Hasty, paid
from worker.documents.documents import Kind
from worker.ledger.records import Call, Purpose
from worker.xero.replies.reply import Reply

MARCH = date(2026, 3, 31)


def sale(hours: int = 0, net: str = "10.00", tax: str = "2.00", **more: Any) -> Event:
    made = event(Entity.INVOICE, invoice(line(net, tax, tax_rate="20"), **more))
    return made.model_copy(update={"version": VERSION + timedelta(hours=hours)})


@dataclass
class Booked:
    """A paid sale of 2 March, and a Xero that locks periods."""

    one: Served
    xero: LockedXero

    def lock(self, until: date | None) -> None:
        """What the worker knows of it; after a restart nothing."""
        self.xero.lock_date = MARCH.isoformat()
        self.one.session.lock_date = until

    def taken_before_a_lock(self, call: Call) -> Reply:
        reply = self.xero.take(call)
        self.lock(None)
        return reply

    def taken_before_april_is_locked(self, call: Call) -> Reply:
        self.xero.lock_date = MARCH.isoformat()
        reply = self.xero.take(call)
        self.xero.lock_date = "2026-04-30"
        return reply

    async def edit(self, changed: Event) -> list[tuple[str, str]]:
        """Reason and hint of what was parked then."""
        await self.one.acked(*self.one.receive(changed))
        return [(held.reason, held.hint) for held in await self.one.parked()]

    def issued_anew(self) -> dict[str, str]:
        return {number: element.get("Date", "") for number, element in self.xero.written.items() if "~" in number}


@asynccontextmanager
async def booked(tmp_path: Path, policy: str, *, lock: date | None = None, **more: Any) -> AsyncIterator[Booked]:
    xero = LockedXero(lock_date="2026-03-31" if lock else "2026-01-31")
    url = f"sqlite+inline:///{tmp_path}/ledger.db"
    async with served(url, xero=xero, edited_paid=policy, locked_period="next_day") as one:
        one.session.clock = Hasty()
        one.session.lock_date = lock
        await one.acked(*one.receive(sale(**more)))
        paid(one)
        yield Booked(one, xero)


@pytest.mark.parametrize("policy", ["reissue", "park"])
async def test_of_what_was_booked_before_the_lock_nothing_is_changed(tmp_path: Path, policy: str) -> None:
    async with booked(tmp_path, policy) as sold:
        sold.lock(MARCH)
        writes = sum(call.purpose is Purpose.WRITE for call in sold.xero.calls)

        [(reason, hint)] = await sold.edit(sale(1, order_number="X"))

        assert reason == "period_locked"
        assert "it stands in a period that is locked" in hint
        assert sold.issued_anew() == {}
        assert sum(call.purpose is Purpose.WRITE for call in sold.xero.calls) == writes


@pytest.mark.parametrize("policy", ["reissue", "park"])
@pytest.mark.parametrize("known", [MARCH, None, date(2026, 3, 15)])
async def test_what_was_moved_to_an_open_day_gets_its_words(tmp_path: Path, policy: str, known: date | None) -> None:
    async with booked(tmp_path, policy, lock=MARCH) as sold:
        sold.lock(known)

        assert await sold.edit(sale(1, order_number="X")) == []

        assert sold.issued_anew() == {}
        assert (sold.xero.written[NUMBER]["Date"], sold.xero.written[NUMBER]["Reference"]) == ("2026-04-01", "X")


@pytest.mark.parametrize("is_paid", [True, False])
@pytest.mark.parametrize("known", [MARCH, None])
async def test_what_was_moved_and_then_moved_on_by_a_person_stays_there(
    tmp_path: Path, known: date | None, is_paid: bool
) -> None:
    async with booked(tmp_path, "reissue", lock=MARCH) as sold:
        shown = sold.xero.written[NUMBER]
        due = {} if is_paid else {"AmountDue": Decimal(12), "AmountPaid": Decimal(0)}
        lines = [{**one, "LineItemID": f"l-{place}"} for place, one in enumerate(shown["LineItems"])]
        sold.xero.written[NUMBER] = {**shown, "Date": "2026-04-15", "LineItems": lines, **due}
        sold.lock(known)

        for hours, number in enumerate(("X", "Y"), start=1):
            assert await sold.edit(sale(hours, order_number=number)) == []

        shown = sold.xero.written[NUMBER]
        assert (shown["Date"], shown["DueDate"]) == ("2026-04-15", "2026-04-01")
        assert (shown["Reference"], len(shown["LineItems"])) == ("Y", 2)
        assert sold.issued_anew() == {}


@pytest.mark.parametrize("is_paid", [True, False])
@pytest.mark.parametrize("due", ["2026-03-02", "2026-03-16"])
async def test_beside_a_day_that_a_person_chose_a_lock_changes_no_due_date(
    tmp_path: Path, due: str, is_paid: bool
) -> None:
    async with booked(tmp_path, "reissue", due_date=due) as sold:
        owed = {} if is_paid else {"AmountDue": Decimal(12), "AmountPaid": Decimal(0)}
        sold.xero.written[NUMBER] = {**sold.xero.written[NUMBER], "Date": "2026-04-15", **owed}

        for hours, lock in enumerate((MARCH, date(2026, 3, 15), None, MARCH), start=1):
            sold.lock(lock)
            assert await sold.edit(sale(hours, order_number=f"X{hours}", due_date=due)) == []

            shown = sold.xero.written[NUMBER]
            assert (shown["Reference"], shown["Date"], shown["DueDate"]) == (f"X{hours}", "2026-04-15", due)

        assert await sold.edit(sale(5, due_date="2026-05-16")) == []
        assert sold.xero.written[NUMBER]["DueDate"] == "2026-05-16"


async def test_what_was_moved_stays_where_it_is_when_that_day_is_locked_too(tmp_path: Path) -> None:
    async with booked(tmp_path, "reissue", lock=MARCH) as sold:
        sold.one.session.lock_date = date(2026, 4, 30)

        assert [reason for reason, _ in await sold.edit(sale(1, order_number="X"))] == ["period_locked"]

        assert sold.issued_anew() == {}


@pytest.mark.parametrize("known", [MARCH, None])
async def test_an_amount_that_changed_is_issued_anew_on_an_open_day(tmp_path: Path, known: date | None) -> None:
    async with booked(tmp_path, "reissue") as sold:
        sold.lock(known)

        assert await sold.edit(sale(1, net="20.00", tax="4.00")) == []

        assert set(sold.issued_anew().values()) == {"2026-04-01"}
        issued, credited = sold.xero.written[f"{NUMBER}~2"], sold.xero.written[f"{NUMBER}~1"]
        assert "Dated 2026-03-02 in the store" in issued["LineItems"][-1]["Description"]
        assert len(credited["LineItems"]) == 1


async def test_a_payment_that_comes_when_the_lock_is_met_goes_to_the_new_invoice(tmp_path: Path) -> None:
    async with booked(tmp_path, "reissue") as sold:
        sold.lock(None)

        await sold.one.acked(
            *sold.one.receive(
                sale(1, net="20.00", tax="4.00"), event(Entity.PAYMENT, payment(id="52", date="2026-04-05"))
            )
        )

        [paying] = [call for call in sold.xero.calls if call.kind is Kind.PAYMENT]
        paid_for = paying.members[0].element["Invoice"]["InvoiceID"]
        assert paid_for == sold.xero.written[f"{NUMBER}~2"]["InvoiceID"]
        assert await sold.one.parked() == []


async def test_a_lock_that_is_met_by_a_re_issue_costs_one_refused_call_and_one_question(tmp_path: Path) -> None:
    async with booked(tmp_path, "reissue") as sold:
        sold.lock(None)

        await sold.edit(sale(1, net="20.00", tax="4.00"))

        assert sum(call.kind is Kind.CREDIT_NOTE for call in sold.xero.calls) == 2
        assert sold.xero.settings_asked == 1


async def test_a_lock_that_comes_behind_the_credit_note_moves_what_is_still_to_be_made(tmp_path: Path) -> None:
    async with booked(tmp_path, "reissue") as sold:
        sold.xero.answers[Kind.CREDIT_NOTE] = [sold.taken_before_a_lock]

        assert await sold.edit(sale(1, net="20.00", tax="4.00")) == []

        days = sold.issued_anew()
        assert (days[f"{NUMBER}~1"], days[f"{NUMBER}~2"]) == ("2026-03-02", "2026-04-01")


@pytest.mark.parametrize("is_made", [False, True])
async def test_a_lock_that_was_moved_on_again_moves_what_is_still_to_be_made_once_more(
    tmp_path: Path, is_made: bool
) -> None:
    async with booked(tmp_path, "reissue") as sold:
        sold.lock(MARCH)
        sold.xero.answers[Kind.CREDIT_NOTE] = [sold.taken_before_april_is_locked] if is_made else []
        sold.xero.lock_date = "2026-04-30"

        assert await sold.edit(sale(1, net="20.00", tax="4.00")) == []

        days = sold.issued_anew()
        assert days[f"{NUMBER}~1"] == ("2026-04-01" if is_made else "2026-05-01")
        assert days[f"{NUMBER}~2"] == "2026-05-01"
        [_, *noted] = [one["Description"] for one in sold.xero.written[f"{NUMBER}~2"]["LineItems"]]
        assert noted == ["Dated 2026-03-02 in the store. That period is locked, so this is booked on 2026-05-01."]
        assert sold.xero.written[f"{NUMBER}~2"]["DueDate"] == "2026-05-01"


async def test_an_amount_that_is_to_be_parked_says_that_the_period_is_locked(tmp_path: Path) -> None:
    async with booked(tmp_path, "park") as sold:
        sold.lock(MARCH)

        [(reason, hint)] = await sold.edit(sale(1, net="20.00", tax="4.00"))

        assert reason == "document_paid"
        assert "a period that is locked" in hint
        assert "remove its payments" not in hint
