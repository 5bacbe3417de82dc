"""What comes of a sale after its website was given to another organisation goes to the books that have the sale."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from producers.belonging import Belonging
from producers.checkpoints import Address, Memory
from producers.routing import Routing, Target
from producers.store import Found, Row, Stream
from producers.translation import Translator
from schemas.commands import ResyncAll
from schemas.entities import Entity, Order
from tests.support.agent_fixture import Workshop, routing, target, workshop
from tests.support.fake_store import CREDIT_MEMOS, CUSTOMERS, INVOICES, OPENED, SHOP, FakeStore, Kept, an_invoice
from worker.stores.store_reading import StoreReader

ORDERS = Stream("orders", frozenset({Entity.ORDER}))
MONEY = Stream("money", frozenset({Entity.PAYMENT}))
SALE, NEW, REFUND = 7, 8, 3


def books(name: str) -> Target:
    return replace(target(name), sales_document="order")


def before(*targets: Target) -> Routing:
    uk, nz = targets or (target("uk"), target("nz"))
    return Routing({"uk": uk, "nz": nz}, websites={SHOP.website: "uk", "kiwi": "nz"})


def after(*targets: Target) -> Routing:
    return replace(before(*targets), websites={SHOP.website: "nz", "kiwi": "uk"})


async def begun_again(shop: Workshop, routed: Routing) -> Workshop:
    """Another agent of the store, with the memory of the first."""
    await shop.checkpoints.hand_over()
    made = Workshop(shop.ledger, shop.store, shop.clock, routed=routed)
    assert await made.checkpoints.take_charge(15)
    return made


def fed(shop: Workshop) -> list[tuple[str, str]]:
    return [(f"{event.entity} {event.subject}", event.organisation) for event, _ in shop.exchange.taken()]


def order(store: FakeStore, number: int, at: datetime) -> None:
    fields = an_invoice(number, at).model_dump(exclude={"order_id"})
    store.put(ORDERS, Kept(number, at, at, ((Entity.ORDER, Order.model_validate(fields)),)))


@pytest.fixture
async def shop(url: str) -> AsyncIterator[Workshop]:
    """An agent in charge, a day before the move."""
    store = FakeStore(streams=(CUSTOMERS, ORDERS, INVOICES, CREDIT_MEMOS))
    async with workshop(url, store=store, routed=before()) as made:
        store.invoice(SALE, OPENED)
        made.clock.advance(600)
        await made.poller.poll()
        made.clock.advance(86_400)
        yield made


async def test_a_refund_after_the_move_goes_with_its_money_where_its_sale_is(shop: Workshop) -> None:
    now = await begun_again(shop, after())
    shop.store.refund(REFUND, SALE, shop.clock.now() - timedelta(minutes=10))

    await now.poller.poll()

    assert fed(now) == [("credit_memo 3", "uk"), ("payment refund-3", "uk")]


async def test_a_refund_that_could_not_be_read_goes_there_too_once_it_is_mended(shop: Workshop) -> None:
    now = await begun_again(shop, after())
    shop.store.refund(REFUND, SALE, shop.clock.now() - timedelta(minutes=10))
    shop.store.row(CREDIT_MEMOS, REFUND).broken = "its order is gone"
    await now.poller.poll()
    shop.store.row(CREDIT_MEMOS, REFUND).broken = ""

    await now.sweeper.sweep(CREDIT_MEMOS)

    assert fed(now) == [("credit_memo 3", "uk"), ("payment refund-3", "uk")]


async def test_a_refund_of_a_sale_that_nobody_has_goes_where_its_website_does_now(url: str) -> None:
    async with workshop(url, routed=after()) as shop:
        shop.store.invoice(SALE, OPENED)
        shop.store.refund(REFUND, SALE, OPENED)
        shop.store.delete(INVOICES, SALE)
        shop.clock.advance(600)

        await shop.poller.poll()

        assert fed(shop) == [("credit_memo 3", "nz"), ("payment refund-3", "nz")]


async def test_a_resync_after_the_move_puts_all_of_a_sale_where_it_is(shop: Workshop) -> None:
    now = await begun_again(shop, after())
    shop.store.refund(REFUND, SALE, shop.clock.now())
    shop.store.invoice(NEW, shop.clock.now())
    await now.record("resync-all", ResyncAll())

    await now.work_off("resync-all")

    came = fed(now)
    assert {name for name, org in came if org == "nz"} == {"invoice 8", "payment invoice-8"}
    assert {name for name, org in came if org == "uk"} == {
        "invoice 7",
        "payment invoice-7",
        "credit_memo 3",
        "payment refund-3",
    }


@pytest.mark.parametrize("new", ["invoice", "order"])
async def test_a_booked_order_is_paid_where_it_is_when_its_invoice_comes_after_the_move(
    new: str, shop: Workshop
) -> None:
    both = (books("uk"), books("nz") if new == "order" else target("nz"))
    earlier = await begun_again(shop, before(*both))
    order(shop.store, NEW, shop.clock.now() - timedelta(minutes=20))
    await earlier.poller.poll()
    assert fed(earlier) == [("order 8", "uk")]
    now = await begun_again(earlier, after(*both))
    shop.store.invoice(NEW, shop.clock.now() - timedelta(minutes=10))

    await now.poller.poll()

    assert fed(now) == [("invoice 8", "uk"), ("payment invoice-8", "uk")]


async def test_an_order_that_is_in_no_books_takes_no_invoice_along(shop: Workshop) -> None:
    order(shop.store, NEW, shop.clock.now() - timedelta(minutes=20))
    await shop.poller.poll()
    now = await begun_again(shop, after(target("uk"), books("nz")))
    shop.store.invoice(NEW, shop.clock.now() - timedelta(minutes=10))

    await now.poller.poll()

    assert fed(now) == [("invoice 8", "nz"), ("payment invoice-8", "nz")]


async def test_money_of_a_list_of_its_own_goes_where_its_credit_memo_is(shop: Workshop) -> None:
    shop.store.refund(REFUND, SALE, OPENED)
    paid = shop.store.row(CREDIT_MEMOS, REFUND).snapshots[1][1]
    memo = Memory(REFUND, {Address(Entity.CREDIT_MEMO, "3", "nz"): "h"})
    sale = Memory(SALE, {Address(Entity.INVOICE, "7", "uk"): "h"})

    async def remembered(stream: Stream, row_ids: Sequence[int]) -> Mapping[int, Memory]:
        return {CREDIT_MEMOS: {REFUND: memo}, INVOICES: {SALE: sale}}.get(stream, {})

    belonging = Belonging(after(), (*shop.store.streams, MONEY), remembered)
    row = Row(REFUND, OPENED, (Found(Entity.PAYMENT, OPENED, (SHOP,), paid),))

    known = await belonging.joined(MONEY, [row], {})

    assert known[REFUND].kept_by == ("nz",)


@pytest.mark.parametrize(("organisation", "refunds"), [("uk", ["3", "4", "5"]), ("nz", [])])
async def test_a_comparison_looks_for_refunds_where_the_agent_sends_them_with_one_look_a_page(
    organisation: str, refunds: list[str], shop: Workshop
) -> None:
    for number in (3, 4, 5):
        shop.store.refund(number, SALE, shop.clock.now())
    looks = Counter[str]()

    async def remembered(stream: Stream, row_ids: Sequence[int]) -> Mapping[int, Memory]:
        looks[stream.name] += 1
        return await shop.checkpoints.memories(stream, row_ids)

    reader = StoreReader(shop.store, Translator("shop", after()), organisation, shop.clock.now, print, remembered)

    events = await reader.of_rows(CREDIT_MEMOS, [3, 4, 5], [Entity.CREDIT_MEMO])

    assert [event.subject for event in events] == refunds
    assert looks == {"credit_memos": 1, "invoices": 1}


async def test_nobody_looks_into_the_memory_for_a_store_of_one_organisation(shop: Workshop) -> None:
    async def remembered(_: Stream, row_ids: Sequence[int]) -> Mapping[int, Memory]:
        raise AssertionError(row_ids)

    reader = StoreReader(shop.store, Translator("shop", routing()), "main", shop.clock.now, print, remembered)

    events = await reader.of_rows(INVOICES, [SALE], [Entity.INVOICE])

    assert [event.subject for event in events] == ["7"]
