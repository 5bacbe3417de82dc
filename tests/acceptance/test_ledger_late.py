"""A ledger that cannot be reached when a process starts: it waits, says so, and goes on when the ledger is there."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import httpx
import pytest

from tests.acceptance.launched import Launched
from tests.acceptance.listening import listening_at
from tests.acceptance.shop_stage import ShopStage, logged
from tests.acceptance.stage import Stage, a_small_day
from tests.support.sandbox_fixture import SandboxControl

_PATIENCE_S = 60


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """Not mounted yet."""
    return tmp_path / "disk"


@pytest.fixture
async def stage(
    disk: Path, tmp_path: Path, amqp_url: str, sandbox: SandboxControl, unique_org: str
) -> AsyncIterator[Stage]:
    url = f"sqlite+inline:///{disk / 'ledger.db'}"
    made = Stage(tmp_path, organisation=unique_org, broker_url=amqp_url, ledger_url=url, sandbox=sandbox)
    made.environ["XERELAY_HTTP__PORT"] = "0"
    yield made
    await made.close()


@pytest.fixture
async def shop(disk: Path, tmp_path: Path, amqp_url: str, unique_org: str) -> AsyncIterator[ShopStage]:
    url = f"sqlite+inline:///{disk / 'ledger.db'}"
    made = ShopStage(tmp_path, organisation=unique_org, broker_url=amqp_url, ledger_url=url)
    made.environ["XERELAY_HTTP__PORT"] = "0"
    yield made
    await made.close()


async def test_a_worker_waits_for_its_ledger_and_says_so(disk: Path, stage: Stage) -> None:
    worker = stage.worker()
    await stage.until(partial(_told, worker, stage), what="the wait")

    await _waits(worker, stage.log(), disk)

    _mount(disk)
    day = a_small_day(stage.organisation)
    await stage.publish(day)
    await stage.until_quiet([day])
    await stage.assert_right(day)


async def test_an_agent_waits_for_its_ledger_and_says_so(disk: Path, shop: ShopStage) -> None:
    agent = shop.agent()
    await shop.until(partial(_told, agent, shop), what="the wait")

    await _waits(agent, shop.log(), disk)

    _mount(disk)
    await shop.until(lambda: logged(shop.log(), "agent.in_charge"), what="the agent in charge")


async def test_a_worker_that_waits_ends_at_once_when_told_to(stage: Stage) -> None:
    worker = stage.worker()
    await stage.until(partial(_told, worker, stage), what="the wait")

    worker.send_signal(signal.SIGTERM)

    assert worker.wait(_PATIENCE_S) == -signal.SIGTERM


def _told(process: Launched, stage: Stage | ShopStage) -> bool:
    return process.poll() is not None or bool(logged(stage.log(), "ledger.unavailable"))


def _mount(disk: Path) -> None:
    disk.mkdir()


async def _waits(process: Launched, log: str, disk: Path) -> None:
    async with httpx.AsyncClient(trust_env=False, timeout=_PATIENCE_S) as http:
        address = listening_at(log)
        ready, metrics = await http.get(f"{address}/readyz"), await http.get(f"{address}/metrics")
    assert process.poll() is None
    assert ready.status_code == 503
    assert f"make the folder {disk}" in ready.text
    # by this the alert goes: a process that shows nothing alerts nobody
    assert "xerelay_ledger_up 0.0" in metrics.text
