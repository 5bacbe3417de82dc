"""Money that the store takes back and what takes its place: the one is deleted first, whatever comes first."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from schemas.entities import Entity
from schemas.envelope import Event
from tests.support.mapping_cases import VERSION, credit_memo, event, invoice, key, line, payment, removed
from tests.support.paying_xero import TOO_MUCH, PayingXero, refusing, voids
from tests.support.serving_fakes import Served, served
from tests.support.waiting import until
from worker.documents.documents import Kind
from worker.ledger.records import Purpose

SALE = "SHOP-I-webshop-100000012"
NEW = "SHOP-P-webshop-52 ch_1"
LINE = line("10.00", "2.00", tax_rate="20")
OF_NO_SALE = {"order_id": "21", "order_number": "200000034", "date": "2026-03-02"}
PAYMENT = key("payment", "51", "payment/1")


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db", xero=PayingXero()) as one:
        yield one


def later(one: Event) -> Event:
    return one.model_copy(update={"version": VERSION + timedelta(hours=3)})


def paid(**more: object) -> Event:
    return event(Entity.PAYMENT, payment(**more))


async def booked(one: Served) -> Event:
    """A paid sale; returns the removal of its payment."""
    await one.acked(*one.receive(event(Entity.INVOICE, invoice(LINE))))
    await one.acked(*one.receive(paid()))
    return later(removed(Entity.PAYMENT, "51"))


def last_written(one: Served) -> Kind | None:
    return [call.kind for call in one.xero.calls if call.purpose is Purpose.WRITE][-1]


@pytest.mark.parametrize("turned", [False, True], ids=["removal first", "payment first"])
async def test_a_payment_in_the_place_of_another_waits_until_that_is_deleted(one: Served, turned: bool) -> None:
    removal = await booked(one)
    both = [removal, later(paid(id="52"))]

    await one.acked(*one.receive(*(reversed(both) if turned else both)))

    assert await one.parked() == []
    assert one.xero.written[NEW]["Amount"] == 12


async def test_a_refund_in_the_place_of_another_waits_until_that_is_deleted(one: Served) -> None:
    back = partial(paid, direction="out", credit_memo_id="41", sale=OF_NO_SALE)
    await one.acked(*one.receive(event(Entity.CREDIT_MEMO, credit_memo(LINE, sale=OF_NO_SALE))))
    await one.acked(*one.receive(back()))

    await one.acked(*one.receive(later(back(id="52")), later(removed(Entity.PAYMENT, "51"))))

    assert await one.parked() == []
    assert one.xero.written[NEW]["Amount"] == 12


async def test_credit_in_the_place_of_a_payment_waits_until_that_is_deleted(one: Served) -> None:
    removal = await booked(one)

    await one.acked(*one.receive(later(event(Entity.CREDIT_MEMO, credit_memo(LINE))), removal))

    assert await one.parked() == []
    assert last_written(one) is Kind.ALLOCATION


async def test_a_payment_in_the_place_of_credit_waits_until_that_is_taken_off(one: Served) -> None:
    await one.acked(*one.receive(event(Entity.INVOICE, invoice(LINE))))
    await one.acked(*one.receive(event(Entity.CREDIT_MEMO, credit_memo(LINE))))

    await one.acked(*one.receive(later(paid(id="52")), later(removed(Entity.CREDIT_MEMO, "41"))))

    assert await one.parked() == []
    assert one.xero.written[NEW]["Amount"] == 12


async def test_a_sale_is_made_dearer_once_its_payment_is_deleted(one: Served) -> None:
    removal = await booked(one)
    dearer = later(event(Entity.INVOICE, invoice(line("20.00", "4.00", tax_rate="20"))))

    await one.acked(*one.receive(dearer, removal, later(paid(id="52", amount="24.00"))))

    assert await one.parked() == []
    assert (one.xero.written[SALE]["Total"], one.xero.written[NEW]["Amount"]) == (24, 24)


async def test_a_payment_does_not_wait_for_the_money_of_another_sale(one: Served) -> None:
    removal = await booked(one)
    other = {"invoice_id": "32", "order_id": "22", "order_number": "100000099", "date": "2026-03-02"}
    await one.acked(*one.receive(event(Entity.INVOICE, invoice(LINE, id="32", number="13"))))
    one.xero.gate.clear()
    deleting = one.receive(removal)
    await until(lambda: any(map(voids, one.xero.calls)), what="the deletion's call, which is not answered")

    paying = one.receive(later(paid(id="52", sale=other)))

    await one.written(Kind.PAYMENT, 3)
    one.xero.gate.set()
    await one.acked(*deleting, *paying)


async def test_a_payment_waits_for_money_of_which_the_ledger_does_not_know_what_it_is_on(one: Served) -> None:
    removal = await booked(one)
    [old] = (await one.ledger.documents.get([PAYMENT])).values()
    await one.ledger.documents.rewrite(one.lease, [old._replace(facts={"amount": "12.00", "status": "AUTHORISED"})])

    await one.acked(*one.receive(later(paid(id="52")), removal))

    assert await one.parked() == []
    assert one.xero.written[NEW]["Amount"] == 12


async def test_a_payment_goes_by_itself_when_the_one_before_it_is_deleted_in_a_later_window(one: Served) -> None:
    removal = await booked(one)
    await one.acked(*one.receive(later(paid(id="52"))))
    assert [held.reason for held in await one.parked()] == ["payment_exceeds_due"]

    await one.acked(*one.receive(removal))

    await one.parks(0)
    await until(lambda: NEW in one.xero.written, what="the payment")


async def test_credit_goes_by_itself_when_the_payment_is_deleted_in_a_later_window(one: Served) -> None:
    removal = await booked(one)
    await one.acked(*one.receive(later(event(Entity.CREDIT_MEMO, credit_memo(LINE)))))
    assert [held.reason for held in await one.parked()] == ["payment_exceeds_due"]

    await one.acked(*one.receive(removal))

    await one.parks(0)
    await until(lambda: last_written(one) is Kind.ALLOCATION, what="the allocation")


async def test_a_dearer_sale_goes_by_itself_when_its_payment_is_deleted_in_a_later_window(one: Served) -> None:
    removal = await booked(one)
    await one.acked(*one.receive(later(event(Entity.INVOICE, invoice(line("20.00", "4.00", tax_rate="20"))))))
    assert [held.reason for held in await one.parked()] == ["document_paid"]

    await one.acked(*one.receive(removal))

    await one.parks(0)
    await until(lambda: one.xero.written[SALE]["Total"] == 24, what="the sale made dearer")


async def test_what_is_parked_as_too_much_for_another_sale_stays_so(one: Served) -> None:
    other = {"invoice_id": "32", "order_id": "22", "order_number": "100000099", "date": "2026-03-02"}
    removal = await booked(one)
    await one.acked(*one.receive(event(Entity.INVOICE, invoice(LINE, id="32", number="13"))))
    await one.acked(*one.receive(paid(id="61", sale=other)))
    await one.acked(*one.receive(paid(id="62", sale=other)))

    await one.acked(*one.receive(removal))

    assert [held.owner.entity_id for held in await one.parked() if held.owner] == ["62"]


async def test_a_payment_that_is_refused_while_the_one_before_it_goes_is_sent_again(one: Served) -> None:
    await one.acked(*one.receive(await booked(one)))
    one.xero.answers[Kind.PAYMENT] = [partial(refusing, said=TOO_MUCH)]  # as it was before the deletion

    await one.acked(*one.receive(later(paid(id="52"))))

    await until(lambda: NEW in one.xero.written, what="the payment")
    assert await one.parked() == []
