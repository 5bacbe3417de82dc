"""One organisation's session with a real ledger, between a broker in memory and a running sandbox of Xero."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from schemas.envelope import Event
from tests.support.mapping_cases import VERSION
from tests.support.sample_ledger import lease_of, opened
from tests.support.sandbox_fixture import SandboxControl
from tests.support.serving_fakes import ORG, MemoryBroker, Served, serve
from tests.support.stopping import stopped_after
from tests.support.xero_sandbox import SandboxXero


@asynccontextmanager
async def served_by(sandbox: SandboxControl, folder: Path, **changes: Any) -> AsyncIterator[Served]:
    """A session over an empty ledger in `folder`, stopped at the end; `changes` are the organisation's."""
    sandbox.limits(minute=10_000)
    xero = SandboxXero(sandbox)
    async with opened(f"sqlite+inline:///{folder}/ledger.db") as ledger:
        lease = await lease_of(ledger, name=ORG)
        one = serve(ledger, lease, MemoryBroker(), xero.client, **changes)  # type: ignore[arg-type] # a real client
        try:
            async with stopped_after(one.task):
                yield one
        finally:
            await xero.aclose()


def later(event: Event, hours: int) -> Event:
    """The same entity, so much newer."""
    return event.model_copy(update={"version": VERSION + timedelta(hours=hours), "id": f"{event.subject}-{hours}"})
