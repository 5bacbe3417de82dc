"""The counts of benchmarks and simulated days see what must not be: more calls, money twice, another sum."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

from schemas.codec import decode_event
from schemas.entities import Invoice
from tests.benchmarks.budget import summary, verdict
from tests.benchmarks.simulation.report import Outcome
from tests.benchmarks.simulation.scenarios import LANES, organisation
from tests.benchmarks.simulation.traffic import Shop
from tests.benchmarks.simulation.virtual import DAY_S, run_virtually
from tests.benchmarks.simulation.world import World
from tests.benchmarks.simulation.xero import VirtualXero
from tests.benchmarks.support.load import gross, invoices
from tests.support.xero_fakes import call_of, member_of, sale_element
from worker.documents.documents import Action, Kind
from worker.ledger.records import Call

SOLD = member_of(Kind.INVOICE, "1", sale_element("I-1"), number="I-1")  # 12.00


def paying(number: str, amount: str = "12.00") -> Call:
    element = {"Invoice": {"InvoiceID": "id-1"}, "Amount": Decimal(amount), "Reference": number}
    paid = member_of(Kind.PAYMENT, number, element, number=number)
    return call_of(paid, path="/Payments", idempotency_key=number)


def deleting(number: str, xero_id: str) -> Call:
    gone = member_of(Kind.PAYMENT, number, {"Status": "DELETED"}, number=number, action=Action.VOID, xero_id=xero_id)
    return call_of(gone, path=f"/Payments/{xero_id}", params={}, idempotency_key=f"delete {number}")


def after(*calls: Call) -> VirtualXero:
    async def sent() -> VirtualXero:
        xero = VirtualXero()
        for call in calls:
            await xero.send(call)
        return xero

    return run_virtually(sent())


def test_an_excess_of_one_round_is_told_and_fails_the_run() -> None:
    exact = {"grants_per_s": [200.0, 201.0, 202.0], "excess": [0.0, 0.0, 0.0]}

    exceeded = summary({**exact, "excess": [0.0, 40.0, 0.0]})

    assert exceeded == {"grants_per_s": 201.0, "excess": 40.0}
    assert verdict({"sqlite": summary(exact), "postgresql": exceeded}) == 1
    assert verdict({"sqlite": summary(exact)}) == 0


def test_a_second_payment_of_what_is_paid_is_refused_and_counts_as_doubled() -> None:
    xero = after(call_of(SOLD), paying("P-1"), paying("P-2"))

    assert (xero.documents, xero.duplicated) == (2, 1)


def test_payments_up_to_what_is_due_are_taken_and_a_deleted_one_is_due_again() -> None:
    parts = paying("P-1", "5.00"), paying("P-2", "7.00")

    # 1 is the invoice, 2 its line
    xero = after(call_of(SOLD), *parts, deleting("P-1", "id-3"), paying("P-3", "5.00"))

    assert (xero.documents, xero.duplicated) == (4, 0)


def test_a_sale_with_another_sum_than_the_stores_last_version_counts_as_lost() -> None:
    def booked(total: Decimal) -> Any:
        async def day() -> Any:
            xero = VirtualXero()
            world = World([organisation()], {"main": xero})
            first = Shop("main", LANES).invoice(1, 1, 0.0)
            assert first.wanted is not None
            later = Shop("main", LANES).invoice(1, 1, 60.0)
            for arrival in (replace(later, total=total), replace(first, total=Decimal("99.00"))):
                world.publish("main", arrival)
                world.watch.completed("main", arrival.message.message_id)
            kind, number = first.wanted
            await xero.send(call_of(member_of(kind, "1", sale_element(number), number=number)))
            return Outcome("one sale", world, DAY_S).line()["lost"]

        return run_virtually(day())

    assert booked(Decimal("12.00")) == 0
    assert booked(Decimal("12.01")) == 2


def test_the_traffic_says_what_its_documents_come_to() -> None:
    arrival = Shop("main", LANES).invoice(1, 1, 0.0)
    event = decode_event(arrival.message.make())

    assert isinstance(event.data, Invoice)
    assert arrival.total == event.data.totals.gross


def test_the_sum_of_a_load_is_that_of_its_invoices() -> None:
    sold = [json.loads(body)["data"]["totals"]["gross"] for _, body in invoices("main", 1_002)]

    assert gross(1_002) == sum(map(Decimal, sold))
