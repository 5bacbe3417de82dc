"""What a store says of a row that it cannot give is remembered as the reason, whatever is in its words."""

from __future__ import annotations

import pytest
from starlette.responses import Response

from producers.runs import RunState
from schemas.commands import ResyncAll
from schemas.entities import Entity
from tests.support.agent_fixture import Workshop, subjects, workshop
from tests.support.magento_reading import INVOICES, ORDERS, invoices, opened, orders, stream
from tests.support.magento_shop import Shop

A_DAY_S = 86_400.0


async def resynced(words: bytes, url: str, capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    """What is remembered of an invoice that the store fails at in these words, and all that is logged.

    The invoices beside it are published, and the run ends as it should.
    """
    sold = [one | {"created_at": "2026-10-03 09:14:20"} for one in orders(1, 2, 3)]
    shop = Shop({ORDERS: sold, INVOICES: invoices(1001, 1002, 1003)}, broken={INVOICES: {1002}})
    shop.fault = Response(words, 500, media_type="application/json")
    async with opened(shop) as store, workshop(url) as made:
        work = Workshop(made.ledger, store, made.clock)  # type: ignore[arg-type] # the parts ask for no more than a store
        assert await work.checkpoints.take_charge(A_DAY_S)
        await work.record("resync-all", ResyncAll(entities=(Entity.INVOICE,)))

        await work.work_off("resync-all")

        run = await work.ledger.runs.get("run-1")
        memories = await work.checkpoints.memories(stream(store, "invoices"), [1002])
        assert run is not None
        assert (run.state, run.detail) == (RunState.DONE, "")
        assert subjects(work.exchange.taken()) == ["1001", "1003"]
        return memories[1002].broken, capsys.readouterr().out


async def test_people_whom_the_store_names_are_neither_remembered_nor_logged(
    database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = b'{"message": "Customer %1 cannot be saved.", "parameters": ["jo@example.com"]}'

    reason, logged = await resynced(words, database_url, capsys)

    assert "answered 500 (Customer %1 cannot be saved); the store's var/report" in reason
    assert "row.broken" in logged
    assert "jo@example.com" not in reason + logged


@pytest.mark.parametrize("character", [b"\\ud83d", b"\\u0000", b"\\n"])
async def test_characters_that_no_database_takes_are_left_out(
    character: bytes, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    reason, _ = await resynced(b'{"message": "Zo%bis broken."}' % character, database_url, capsys)

    assert "answered 500 (Zo is broken); the store's var/report" in reason
