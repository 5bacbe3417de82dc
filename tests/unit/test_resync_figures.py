"""What a run says it has published is what the broker has of it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from producers.runs import RunState
from schemas.commands import ResyncAll
from schemas.entities import Entity, Invoice
from tests.agent_fixture import Workshop, workshop
from tests.fake_store import INVOICES, many_invoices
from worker.ledger.run_reports import RunStatus


@pytest.fixture
async def shop(url: str) -> AsyncIterator[Workshop]:
    async with workshop(url) as made:
        made.clock.advance(600)
        yield made


async def ended(shop: Workshop) -> RunStatus:
    status = await shop.ledger.runs.get("run-1")
    assert status is not None
    assert status.state in {RunState.DONE, RunState.CANCELLED}
    return status


async def test_an_event_that_is_too_large_for_a_message_counts_as_left_out(shop: Workshop) -> None:
    many_invoices(shop.store, 2)
    row = shop.store.row(INVOICES, 1)
    (entity, sale), paid = row.snapshots
    assert isinstance(sale, Invoice)
    row.snapshots = ((entity, sale.model_copy(update={"lines": sale.lines * 10_000})), paid)
    await shop.record("resync-all", ResyncAll(entities=(Entity.INVOICE,)))

    await shop.work_off("resync-all")

    invoices = (await ended(shop)).streams["invoices"]
    assert shop.exchange.names() == ["invoice 2"]
    assert (invoices.published, invoices.skipped, invoices.rows) == (1, 1, 2)
