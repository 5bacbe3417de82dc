from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from deploy.services import PrivateBroker
from tests.acceptance.consent import connect
from tests.acceptance.stage import Stage
from tests.support.sandbox_fixture import SandboxControl, run_sandbox


@pytest.fixture
async def stage(
    tmp_path: Path, amqp_url: str, empty_database_url: str, sandbox: SandboxControl, unique_org: str
) -> AsyncIterator[Stage]:
    """A stage on the run's broker, once for each kind of database."""
    stage = Stage(
        tmp_path, organisation=unique_org, broker_url=amqp_url, ledger_url=empty_database_url, sandbox=sandbox
    )
    yield stage
    await stage.close()


@pytest.fixture
async def sqlite_stage(tmp_path: Path, amqp_url: str, sandbox: SandboxControl, unique_org: str) -> AsyncIterator[Stage]:
    """A stage on the run's broker and SQLite alone, for what does not depend on the database."""
    url = f"sqlite+inline:///{tmp_path / 'ledger.db'}"
    stage = Stage(tmp_path, organisation=unique_org, broker_url=amqp_url, ledger_url=url, sandbox=sandbox)
    yield stage
    await stage.close()


@pytest.fixture
async def wide_stage(
    tmp_path: Path, amqp_url: str, empty_database_url: str, wide_sandbox: SandboxControl, unique_org: str
) -> AsyncIterator[Stage]:
    """A stage of four organisations, once for each kind of database."""
    stage = Stage(
        tmp_path, organisation=unique_org, broker_url=amqp_url, ledger_url=empty_database_url, sandbox=wide_sandbox
    )
    for name in ("org2", "org3", "org4"):
        stage.also_serve(f"{unique_org}_{name}", wide_sandbox.tenant_id(name))
    await connect(stage)
    for name in ("org2", "org3", "org4"):
        wide_sandbox.person("grant-consent", organisation=name, client_id="sandbox-web")
    yield stage
    await stage.close()


@pytest.fixture
def wide_sandbox() -> Iterator[SandboxControl]:
    """A sandbox of four organisations."""
    yield from run_sandbox("--organisations", "4")


@pytest.fixture
async def fragile_stage(
    tmp_path: Path, private_broker: PrivateBroker, sandbox: SandboxControl, unique_org: str
) -> AsyncIterator[Stage]:
    """A stage whose broker may be killed."""
    url = f"sqlite+inline:///{tmp_path / 'ledger.db'}"
    stage = Stage(tmp_path, organisation=unique_org, broker_url=private_broker.url, ledger_url=url, sandbox=sandbox)
    yield stage
    await stage.close()
