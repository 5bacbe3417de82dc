"""A ledger that is there and gives no answer: who asks it says so, and ends all the same in the time that it says."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from deploy.services.ladder import private_postgres
from tests.acceptance.listening import answer_of, listening_at
from tests.acceptance.locking import locked
from tests.acceptance.midway import midway
from tests.acceptance.shop_stage import SHORT_CHARGE_S, ShopStage, logged
from tests.acceptance.stage import SHORT_LEASE_S, Stage
from tests.support.sandbox_fixture import SandboxControl
from tests.support.silent_postgres import standing_still

_STOPPED_S = 20
"""A worker has nine and an agent ten, as is tested by a clock of its own, and the machine may stand still meanwhile."""

_SLOW_MS = 300


@dataclass
class Fragile:
    """A ledger that is silent while `hanging` lasts."""

    url: str
    hanging: Callable[[], AbstractContextManager[None]]


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger(request: pytest.FixtureRequest, public_dir: Path, tmp_path: Path) -> Iterator[Fragile]:
    if request.param == "sqlite":
        file = tmp_path / "ledger.db"
        yield Fragile(f"sqlite+inline:///{file}", lambda: locked(file))
        return
    with private_postgres(public_dir) as service:
        url = service.url.replace("postgresql://", "postgresql+psycopg://", 1)
        yield Fragile(url, lambda: standing_still(public_dir))


@pytest.fixture
async def stage(
    ledger: Fragile, tmp_path: Path, amqp_url: str, sandbox: SandboxControl, unique_org: str
) -> AsyncIterator[Stage]:
    made = Stage(tmp_path, organisation=unique_org, broker_url=amqp_url, ledger_url=ledger.url, sandbox=sandbox)
    made.environ["XERELAY_HTTP__PORT"] = "0"
    yield made
    await made.close()


@pytest.fixture
async def shop(ledger: Fragile, tmp_path: Path, amqp_url: str, unique_org: str) -> AsyncIterator[ShopStage]:
    made = ShopStage(tmp_path, organisation=unique_org, broker_url=amqp_url, ledger_url=ledger.url)
    made.environ["XERELAY_HTTP__PORT"] = "0"
    yield made
    await made.close()


@pytest.mark.long
async def test_a_worker_whose_ledger_hangs_tells_and_exits_with_0_in_time_and_the_next_one_finds_everything(
    ledger: Fragile, stage: Stage
) -> None:
    stage.lease_s = SHORT_LEASE_S
    day, worker = await midway(stage, latency_ms=_SLOW_MS)
    address = listening_at(stage.log())

    with ledger.hanging():
        await stage.until_async(partial(_says, address, "/readyz", "leases: "), what="that it is not ready")
        served = f'xerelay_organisation_served{{organisation="{stage.organisation}"}} 0.0'
        assert await _says(address, "/metrics", served)
        worker.send_signal(signal.SIGTERM)
        await stage.until(lambda: worker.poll() is not None, within_s=_STOPPED_S, what="the worker gone")
    stage.worker()

    assert worker.returncode == 0, stage.log(0)[-3000:]
    await stage.until_quiet([day])
    await stage.assert_right(day)


@pytest.mark.long
async def test_an_agent_whose_ledger_hangs_exits_with_0_in_time_and_the_next_one_takes_charge(
    ledger: Fragile, shop: ShopStage
) -> None:
    shop.shop.trade(3)
    shop.charge_s = SHORT_CHARGE_S
    agent = shop.agent()
    await shop.until(lambda: logged(shop.log(), "changes.published"), what="the first sales")
    address = listening_at(shop.log())

    with ledger.hanging():
        await shop.until_async(partial(_says, address, "/readyz", "ledger: "), what="that it is not ready")
        agent.send_signal(signal.SIGTERM)
        await shop.until(lambda: agent.poll() is not None, within_s=_STOPPED_S, what="the agent gone")
    shop.agent()

    assert agent.returncode == 0, shop.log(0)[-3000:]
    assert "Traceback" not in shop.log(0)
    await shop.until(lambda: logged(shop.log(), "agent.in_charge"), what="the next agent in charge")


async def _says(address: str | None, path: str, words: str) -> bool:
    return words in (await answer_of(address, path)).text
