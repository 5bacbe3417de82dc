"""A paid sale, or a refund that was paid back, that the store deletes: its money goes first, whatever comes first."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from schemas.entities import Entity
from schemas.envelope import Event
from tests.serving_fakes import MemoryXero, Served, served
from tests.unit.mapping_cases import VERSION, credit_memo, event, invoice, line, payment, removed
from worker.documents import Action, Kind
from worker.ledger.records import Call, Purpose
from worker.xero.endpoints import ENDPOINTS
from worker.xero.reply import Reply, ReplyKind

SALE = "SHOP-I-webshop-100000012"
REFUND = "SHOP-C-webshop-300000001"
PAID = "This document cannot be edited as it has a payment or credit note allocated to it."
LINE = line("10.00", "2.00", tax_rate="20")
OF_NO_SALE = {"order_id": "21", "order_number": "200000034", "date": "2026-03-02"}
OUTSTANDING = {Kind.INVOICE: "AmountDue", Kind.CREDIT_NOTE: "RemainingCredit"}


@dataclass
class PayingXero(MemoryXero):
    """Says what is due, and voids nothing that has payments on it."""

    def take(self, call: Call) -> Reply:
        if voids(call) and call.kind in OUTSTANDING and any(self._paid(member.xero_id) for member in call.members):
            return refusing(call)
        return super().take(call)

    def _listed(self, call: Call) -> Iterator[Mapping[str, Any]]:
        for element in super()._listed(call):
            kind = call.kind or Kind.INVOICE
            due = element["Total"] - self._paid(element[ENDPOINTS[kind].id])
            is_paid = element["Status"] == "AUTHORISED" and not due
            yield {**element, OUTSTANDING[kind]: due, "Status": "PAID" if is_paid else element["Status"]}

    def _paid(self, target: Any) -> Decimal:
        payments = (one for one in self.written.values() if "Amount" in one and one.get("Status") != "DELETED")
        return sum((Decimal(one["Amount"]) for one in payments if target in _targets(one)), Decimal(0))


def _targets(one: Mapping[str, Any]) -> list[Any]:
    return [one.get("Invoice", {}).get("InvoiceID"), one.get("CreditNote", {}).get("CreditNoteID")]


def voids(call: Call) -> bool:
    return call.purpose is Purpose.WRITE and call.members[0].action is Action.VOID


def refusing(call: Call) -> Reply:
    """What Xero says to the void of what is paid."""
    error = {"StatusAttributeString": "ERROR", "ValidationErrors": [{"Message": PAID}]}
    return Reply(ReplyKind.ANSWERED, 200, tuple({**member.element, **error} for member in call.members))


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db", xero=PayingXero()) as one:
        yield one


def gone(entity: Entity, entity_id: str) -> Event:
    return removed(entity, entity_id).model_copy(update={"version": VERSION + timedelta(hours=3)})


async def booked(one: Served) -> tuple[Event, Event]:
    """A paid sale; returns its removal, and its payment's."""
    await one.acked(*one.receive(event(Entity.INVOICE, invoice(LINE))))
    await one.acked(*one.receive(event(Entity.PAYMENT, payment())))
    return gone(Entity.INVOICE, "31"), gone(Entity.PAYMENT, "51")


async def paid_back(one: Served) -> tuple[Event, Event]:
    """A refund and the money for it; returns the removals."""
    await one.acked(*one.receive(event(Entity.CREDIT_MEMO, credit_memo(LINE, sale=OF_NO_SALE))))
    money = payment(direction="out", credit_memo_id="41", sale=OF_NO_SALE)
    await one.acked(*one.receive(event(Entity.PAYMENT, money)))
    return gone(Entity.CREDIT_MEMO, "41"), gone(Entity.PAYMENT, "51")


@pytest.mark.parametrize("turned", [False, True], ids=["sale first", "payment first"])
@pytest.mark.parametrize(("books", "number"), [(booked, SALE), (paid_back, REFUND)], ids=["sale", "refund"])
async def test_what_is_deleted_with_its_money_is_voided_behind_it(
    one: Served, books: Callable[[Served], Awaitable[tuple[Event, Event]]], number: str, turned: bool
) -> None:
    document, money = await books(one)

    await one.acked(*one.receive(*((money, document) if turned else (document, money))))

    assert await one.parked() == []
    assert one.xero.written[number]["Status"] == "VOIDED"
    assert [call.kind is Kind.PAYMENT for call in one.xero.calls if voids(call)] == [True, False]
