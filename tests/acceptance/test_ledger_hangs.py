"""A ledger that is there and gives no answer: a worker says so, and ends all the same in the time that it says."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx
import pytest

from deploy.services.ladder import private_postgres
from tests.acceptance.locking import locked
from tests.acceptance.scraping import listening_at
from tests.acceptance.stage import SHORT_LEASE_S, Stage, a_small_day
from tests.support.sandbox_fixture import SandboxControl
from tests.support.silent_postgres import standing_still

_STOPPED_S = 20
"""A worker has nine, as is tested by a clock of its own, and the machine may stand still meanwhile."""

_SLOW_MS = 300
_PATIENCE_S = 60


@dataclass
class Fragile:
    """A stage whose ledger is silent while `hanging` lasts."""

    stage: Stage
    hanging: Callable[[], AbstractContextManager[None]]


@pytest.fixture(params=["sqlite", "postgresql"])
async def fragile(
    request: pytest.FixtureRequest,
    public_dir: Path,
    tmp_path: Path,
    amqp_url: str,
    sandbox: SandboxControl,
    unique_org: str,
) -> AsyncIterator[Fragile]:
    def stage_at(url: str) -> Stage:
        return Stage(tmp_path, organisation=unique_org, broker_url=amqp_url, ledger_url=url, sandbox=sandbox)

    if request.param == "sqlite":
        stage = stage_at(f"sqlite+inline:///{tmp_path / 'ledger.db'}")
        yield Fragile(stage, lambda: locked(tmp_path / "ledger.db"))
        await stage.close()
        return
    with private_postgres(public_dir) as service:
        stage = stage_at(service.url.replace("postgresql://", "postgresql+psycopg://", 1))
        yield Fragile(stage, lambda: standing_still(public_dir))
        await stage.close()


async def test_a_worker_whose_ledger_hangs_tells_and_exits_with_0_in_time_and_the_next_one_finds_everything(
    fragile: Fragile,
) -> None:
    stage, day = fragile.stage, a_small_day(fragile.stage.organisation)
    stage.sandbox.limits(latency_ms=_SLOW_MS)
    stage.environ["XERELAY_HTTP__PORT"] = "0"
    stage.lease_s = SHORT_LEASE_S
    await stage.publish(day)
    worker = stage.worker()
    await stage.until(lambda: stage.calls() >= 3, what="the first calls")
    address = listening_at(stage.log())

    with fragile.hanging():
        await stage.until_async(partial(_says, address, "/readyz", "leases: "), what="that it is not ready")
        served = f'xerelay_organisation_served{{organisation="{stage.organisation}"}} 0.0'
        assert await _says(address, "/metrics", served)
        worker.send_signal(signal.SIGTERM)
        await stage.until(lambda: worker.poll() is not None, within_s=_STOPPED_S, what="the worker gone")
    stage.worker()

    assert worker.returncode == 0, stage.log(0)[-3000:]
    await stage.until_quiet([day])
    await stage.assert_right(day)


async def _says(address: str | None, path: str, words: str) -> bool:
    async with httpx.AsyncClient(trust_env=False, timeout=_PATIENCE_S) as http:
        return words in (await http.get(f"{address}{path}")).text
