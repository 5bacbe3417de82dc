"""What the store deletes at once is told in the order in which it is undone, and when a list is swept."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta

from producers.pace import Stopped
from schemas.entities import Entity
from tests.support.agent_fixture import workshop
from tests.support.fake_store import CREDIT_MEMOS, INVOICES, OPENED, many_invoices
from tests.support.waiting import until

A_DAY_S = 86_400


async def test_refunds_are_told_before_sales_and_payments_before_both(url: str) -> None:
    async with workshop(url) as shop:
        many_invoices(shop.store, 2)
        shop.store.refund(9, of=1, at=OPENED)
        shop.clock.advance(600)
        await shop.poller.poll()
        shop.exchange.taken()
        shop.store.delete(INVOICES, 1)
        shop.store.delete(CREDIT_MEMOS, 9)
        shop.clock.advance(A_DAY_S)

        sweeping = asyncio.create_task(shop.sweeper.run())
        await until(lambda: len(shop.exchange.events) == 4, what="the removal of both, and of their payments")
        shop.stop.ask()
        with suppress(Stopped):
            await sweeping

        told = [(event.entity, event.subject) for event, _ in shop.exchange.taken()]
        assert told == [
            (Entity.PAYMENT, "refund-9"),
            (Entity.CREDIT_MEMO, "9"),
            (Entity.PAYMENT, "invoice-1"),
            (Entity.INVOICE, "1"),
        ]


async def test_a_list_is_swept_a_day_after_this_machines_clock_that_was_weeks_ahead_is_put_right(url: str) -> None:
    async with workshop(url) as shop:
        many_invoices(shop.store, 2)
        shop.store.time = lambda: OPENED + timedelta(seconds=shop.clock.monotonic())
        shop.clock.advance(600)
        await shop.poller.poll()
        shop.clock.set_back(-30 * A_DAY_S)
        await shop.sweeper.sweep(INVOICES)
        shop.clock.set_back(30 * A_DAY_S)
        shop.exchange.taken()
        shop.store.delete(INVOICES, 1)
        shop.clock.advance(A_DAY_S)

        sweeping = asyncio.create_task(shop.sweeper.run())
        await until(lambda: shop.clock.monotonic() > 2 * A_DAY_S, what="a day")
        sweeping.cancel()

        assert shop.exchange.names() == ["payment invoice-1", "invoice 1"]
