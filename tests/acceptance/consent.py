"""A person's consent to the web app, kept where the workers look for it."""

from __future__ import annotations

from dataclasses import replace

from tests.acceptance.stage import Stage
from tests.support.xero_sandbox import SandboxXero
from worker.ledger.ledger import Ledger
from worker.xero.oauth.tokens import Flow

CONNECTION = "demo"


async def connect(stage: Stage) -> None:
    """The way of `xerelay connect`: a person allows the web app the access."""
    stage.environ["XERELAY_CONNECTIONS__DEMO__FLOW"] = "web"
    stage.environ["XERELAY_CONNECTIONS__DEMO__CLIENT_ID"] = "sandbox-web"
    stage.configure(stage.organisation, TENANT_ID=stage.sandbox.tenant_id())
    xero = SandboxXero(stage.sandbox, flow=Flow.WEB)
    try:
        tokens = await xero.ask_the_person()
    finally:
        await xero.aclose()
    ledger = await stage.ledger()
    generation = await _generation(ledger)
    assert await ledger.tokens.swap(CONNECTION, generation, replace(tokens, generation=generation + 1))


async def _generation(ledger: Ledger) -> int:
    stored = await ledger.tokens.load(CONNECTION)
    return stored.generation if stored else 0
