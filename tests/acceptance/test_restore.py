"""A ledger that is put back from an older backup: what was booked since is not booked again."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from examples.stores.export_folder import SALES
from producers.runs import RunState
from schemas.commands import ResyncAll
from schemas.entities import Entity
from tests.acceptance.shop_stage import ShopStage, logged
from tests.acceptance.stage import Stage
from worker.ledger.runs.run_reports import RunStatus

BEFORE, SINCE = range(1, 4), range(4, 8)
CUSTOMERS = 3
# Xero refuses a payment above what is due: one of a part it would take twice
PAID = "5.00"


class Shop:
    """A shop, its agent and the worker that books its trade, on one SQLite file."""

    def __init__(self, stage: Stage) -> None:
        stage.configure(stage.organisation, LANES__INVOICE="immediate", LANES__PAYMENT="immediate")
        self.stage = stage
        self.agents = ShopStage(
            stage.folder / "shop",
            organisation=stage.organisation,
            broker_url=stage.broker_url,
            ledger_url=stage.ledger_url,
            xero_url=stage.sandbox.url,
        )
        self.agents.environ |= stage.environ
        self.agents.shop.trade(0, customers=CUSTOMERS)
        self._backup = stage.folder / "backup.db"

    def sell(self, numbers: Iterable[int]) -> None:
        """Sales of this moment, of which a part is paid."""
        for number in numbers:
            self.agents.shop.sale(number, datetime.now(UTC), paid=PAID)
        self.agents.shop.export()

    def start(self) -> None:
        self.stage.worker()
        self.agents.agent()

    def stop(self) -> None:
        for process in (self.stage.workers[-1], self.agents.agents[-1]):
            process.terminate()
            assert process.wait(60) == 0, self.stage.log()

    def back_up(self) -> None:
        """As docs/operations.md says."""
        with closing(sqlite3.connect(self._ledger, isolation_level=None)) as connection:
            connection.execute(f"VACUUM INTO '{self._backup}'")

    def put_back(self) -> None:
        """As docs/reconcile.md says."""
        for suffix in ("", "-wal", "-shm"):
            self._ledger.with_name(f"{self._ledger.name}{suffix}").unlink(missing_ok=True)
        self._backup.rename(self._ledger)

    def payments(self) -> Counter[tuple[str, float]]:
        """What was paid of which invoice, as Xero has it."""
        there = self.stage.sandbox.documents("payments")
        return Counter((one["Invoice"]["InvoiceNumber"], one["Amount"]) for one in there)

    async def until_reading(self) -> None:
        """What is sold from now on is new: it does not wait, as a first stock does, for calls to be full."""
        await self.stage.until(lambda: len(logged(self.agents.log(), "stream.begun")) == 2, what="the first look")

    async def until_booked(self, payments: int) -> None:
        await self.stage.until(lambda: self.payments().total() >= payments, what="the payments")

    async def until_stocked(self) -> None:
        """The first stock waits for company, and would be news to the run that is looked at."""

        def is_done() -> bool:
            ends = logged(self.stage.log(), "event.completed")
            return len({one["entity_id"] for one in ends if one["entity"] == Entity.CUSTOMER}) == CUSTOMERS

        await self.stage.until(is_done, what="the customers of the first stock")

    async def resync(self) -> RunStatus:
        """All once more; how it was, when the worker has settled all of it."""
        run = await self.agents.ask("resync-all", ResyncAll())
        settled: list[RunStatus] = []

        async def ended() -> bool:
            status = await self.agents.status(run)
            settled[:] = [status] if status else []
            return status is not None and status.state is RunState.DONE and status.settled >= status.published

        await self.stage.until_async(ended, what="every event of the run settled")
        return settled[0]

    @property
    def _ledger(self) -> Path:
        return self.stage.folder / "ledger.db"


@pytest.fixture
async def shop(sqlite_stage: Stage) -> AsyncIterator[Shop]:
    made = Shop(sqlite_stage)
    yield made
    await made.agents.close()


async def test_what_was_paid_since_the_backup_is_not_paid_again(shop: Shop) -> None:
    shop.start()
    await shop.until_reading()
    shop.sell(BEFORE)
    await shop.until_booked(len(BEFORE))
    await shop.until_stocked()
    shop.stop()
    shop.back_up()
    shop.start()
    shop.sell(SINCE)
    await shop.until_booked(len(BEFORE) + len(SINCE))
    shop.stop()
    booked = shop.payments()

    shop.put_back()
    rebuilt = shop.agents.command_line("ledger", "rebuild", "--yes")
    shop.start()
    await shop.stage.until_async(partial(has_published, shop), what="what the backup does not know, once more")
    run = await shop.resync()

    assert rebuilt.returncode == 0, rebuilt.stderr
    assert (run.written, run.parked, run.calls) == (0, 0, 0)
    assert shop.payments() == booked
    assert set(booked.values()) == {1}
    assert shop.stage.sandbox.audit()["duplicates"] == []


async def has_published(shop: Shop) -> bool:
    """The agent, by itself: it reads on from where the backup has it."""
    return await shop.agents.confirmed(SALES) == len(BEFORE) + len(SINCE)


async def test_what_the_store_has_deleted_since_the_backup_is_left_to_a_person(shop: Shop) -> None:
    shop.start()
    await shop.until_reading()
    shop.stop()
    shop.back_up()
    shop.start()
    shop.sell(SINCE)
    await shop.until_booked(len(SINCE))
    shop.stop()
    deleted, *_ = SINCE
    shop.agents.shop.remove("sales", deleted)
    shop.agents.shop.export()

    shop.put_back()
    rebuilt = shop.agents.command_line("ledger", "rebuild", "--yes")
    shop.start()
    await shop.resync()
    today = datetime.now(UTC).date()
    days = ("--from", str(today - timedelta(days=1)), "--to", str(today))
    compared = shop.agents.command_line("reconcile", *days, "--yes")

    assert "deleted since the backup: void that by hand" in rebuilt.stdout.splitlines()[-1]
    extras = [line.strip() for line in compared.stdout.splitlines() if line.strip().startswith("extra")]
    assert [line.split()[1] for line in extras] == ["invoice", "payment"]
    assert all(f"{deleted:06}" in line or f"-{deleted}" in line for line in extras), extras
    assert all(line.endswith("our number, unknown to the store") for line in extras)
