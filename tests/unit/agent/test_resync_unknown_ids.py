"""Ids that a person asks for and the store does not know: the run says so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from producers.runs import RunState
from producers.steps import Step
from producers.store import Page, Stream
from schemas.commands import Resync, SyncNow
from schemas.entities import Entity
from tests.support.agent_fixture import Workshop, subjects, workshop
from tests.support.fake_store import INVOICES, many_invoices
from tests.support.settings_cases import MINIMAL
from tests.support.waiting import until
from worker.cli import app

HOW = "give ids as its events carry them"


@pytest.fixture
async def shop(url: str) -> AsyncIterator[Workshop]:
    async with workshop(url) as made:
        made.clock.advance(600)
        many_invoices(made.store, 3)
        yield made


async def detail(shop: Workshop) -> str:
    """Of the run, which is done."""
    status = await shop.ledger.runs.get("run-1")
    assert status is not None
    assert status.state is RunState.DONE
    return status.detail


@pytest.mark.parametrize(
    ("entity", "asked", "unknown"),
    [
        (Entity.INVOICE, ("2", "999", "1"), "invoice 999"),
        (Entity.INVOICE, ("abc",), "invoice abc"),
        (Entity.INVOICE, ("2", "1", "9" * 19), f"invoice {'9' * 19}"),
        (Entity.PAYMENT, ("2",), "payment 2"),
        (Entity.CREDIT_MEMO, ("2",), "credit memo 2"),
    ],
)
async def test_the_run_names_them(entity: Entity, asked: tuple[str, ...], unknown: str, shop: Workshop) -> None:
    await shop.record("sync-now", SyncNow(entity=entity, ids=asked))

    await shop.work_off("sync-now")

    assert await detail(shop) == f"the store does not know {unknown}: {HOW}"
    assert subjects(shop.exchange.taken()) == [one for one in ("1", "2") if len(asked) > 1]


async def test_the_run_names_ten_of_many(shop: Workshop) -> None:
    await shop.record("resync", Resync(entity=Entity.INVOICE, ids=tuple(map(str, range(100, 250)))))

    await shop.work_off("resync")

    assert await detail(shop) == (
        "the store does not know invoice 100, 101, 102, 103, 104, 105, 106, 107, 108, 109 and 140 more: " + HOW
    )


async def test_what_the_store_knows_is_not_named_though_it_cannot_be_published(shop: Workshop) -> None:
    shop.store.row(INVOICES, 2).broken = "payment is missing"
    shop.store.row(INVOICES, 3).snapshots = ()
    await shop.record("sync-now", SyncNow(entity=Entity.INVOICE, ids=("1", "2", "3")))

    await shop.work_off("sync-now")

    assert await detail(shop) == ""


async def test_what_another_agent_saw_of_a_run_is_not_named(shop: Workshop) -> None:
    many_invoices(shop.store, 220)
    asked = tuple(str(number) for number in (*range(1, 221), 500))
    await shop.record("resync", Resync(entity=Entity.INVOICE, ids=asked))
    rows, silence = shop.store.rows, asyncio.Event()

    async def until_silence(stream: Stream, ids: Sequence[int]) -> Page:
        if 500 in ids:
            await silence.wait()
        return await rows(stream, ids)

    shop.store.rows = until_silence  # type: ignore[method-assign] # a store that ceases to answer
    async with shop.working("resync"):
        await until(lambda: shop.steps.steps.count(Step.CHECKPOINTED) == 2)
    shop.store.rows = rows  # type: ignore[method-assign] # and answers again
    await shop.checkpoints.hand_over()

    other = Workshop(shop.ledger, shop.store, shop.clock, holder="a2")
    assert await other.checkpoints.take_charge(15)
    await other.work_off("resync")

    assert await detail(other) == f"the store does not know invoice 500: {HOW}"


async def worked_off(url: str, asked: str) -> None:
    """A run whose events the workers have written."""
    async with workshop(url) as shop:
        many_invoices(shop.store, 3)
        await shop.record("sync-now", SyncNow(entity=Entity.INVOICE, ids=(asked,)))
        await shop.work_off("sync-now")
        await shop.ledger.runs.add({"run-1": {"written": len(shop.exchange.taken())}})


def follow(folder: Path, url: str) -> Result:
    config = folder / "xerelay.toml"
    config.write_text(MINIMAL.replace("[ledger]", f'[ledger]\nurl = "{url}"'))
    return CliRunner().invoke(app, ["resync-status", "run-1", "--follow", "--config", str(config)])


@pytest.mark.parametrize(("asked", "code"), [("2", 0), ("999", 1)])
def test_who_follows_the_run_is_told_and_gets_the_exit_code(asked: str, code: int, url: str, tmp_path: Path) -> None:
    asyncio.run(worked_off(url, asked))

    result = follow(tmp_path, url)

    assert result.exit_code == code
    assert ("does not know invoice 999" in result.stdout) == bool(code)
