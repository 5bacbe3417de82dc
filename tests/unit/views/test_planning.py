from __future__ import annotations

from datetime import timedelta

from schemas.envelope import Lane
from tests.support.fakes import START
from worker.budget.limits import Limits
from worker.documents.documents import Kind
from worker.views.planning import Load, cost


def test_fifty_documents_go_in_a_call() -> None:
    price = cost(
        Load(customers=51, products=50, orders=100, refunds=1, payments=101), Limits(), lane=Lane.BACKFILL, now=START
    )

    assert price.calls == {
        Kind.CONTACT: 2,
        Kind.ITEM: 1,
        Kind.INVOICE: 2,
        Kind.CREDIT_NOTE: 1,
        Kind.PAYMENT: 3,
    }
    assert price.all_calls == 9
    assert price.all_documents == 303


def test_a_large_load_takes_days_by_the_cap() -> None:
    load = Load(orders=100_000, payments=100_000)

    free, paid = (cost(load, Limits(day=day), lane=Lane.BACKFILL, now=START) for day in (1000, 5000))

    assert timedelta(days=3.5) < free.takes < timedelta(days=4.5)
    assert paid.takes < timedelta(days=1)


def test_nothing_costs_nothing() -> None:
    assert cost(Load(), Limits(), lane=Lane.BACKFILL, now=START).all_calls == 0
