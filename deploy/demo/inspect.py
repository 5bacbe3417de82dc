"""Looks at the sandbox's books and at the worker's ledger, from outside."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import httpx

from deploy.demo.books import Books, by_number
from schemas.envelope import Lane
from worker.bootstrap import limits_of, open_ledger
from worker.budget.forecast import left
from worker.budget.limits import Limits
from worker.ledger.database.errors import LedgerError
from worker.ledger.database.upgrade import upgrade
from worker.ledger.held.parked import Chosen
from worker.ledger.ledger import Ledger
from worker.ledger.records import Held, HoldState
from worker.settings import load

_KINDS = {
    "contacts": "ContactNumber",
    "items": "Code",
    "invoices": "InvoiceNumber",
    "credit_notes": "CreditNoteNumber",
    "payments": "Reference",
}


@dataclass(frozen=True, slots=True)
class Inspection:
    """Reads only. The sandbox's controls count as no calls."""

    http: httpx.AsyncClient
    ledger: Ledger
    organisation: str
    limits: Limits

    @classmethod
    @asynccontextmanager
    async def open(
        cls, xero_url: str, config: Path, organisation: str, environ: Mapping[str, str]
    ) -> AsyncIterator[Inspection]:
        """While the block lasts. `environ` goes over the configuration. The ledger is brought up to date."""
        settings = load(config, environ)
        await upgrade(settings.ledger.url.get_secret_value())
        ledger = await open_ledger(settings)
        try:
            async with httpx.AsyncClient(base_url=xero_url, trust_env=False, timeout=30) as http:
                limits = limits_of(settings.organisations[organisation])
                yield cls(http=http, ledger=ledger, organisation=organisation, limits=limits)
        finally:
            await ledger.close()

    async def audit(self) -> Mapping[str, Any]:
        """The sandbox's own figures."""
        return cast("Mapping[str, Any]", await self._get("/_sandbox/audit"))

    async def counts(self) -> Mapping[str, Any]:
        """Those of the sandbox's figures that are counted at once: `calls_total`, `documents`, `statuses`."""
        return cast("Mapping[str, Any]", await self._get("/_sandbox/counts"))

    async def books(self) -> Books:
        """Every document that is in Xero, by our numbers."""
        found = {kind: await self._get("/_sandbox/documents", kind=kind) for kind in _KINDS}
        alive = {
            kind: [d for d in documents if d.get("Status") not in {"DELETED", "VOIDED"}]
            for kind, documents in found.items()
        }
        return Books(**{kind: by_number(documents, _KINDS[kind]) for kind, documents in alive.items()})

    async def parked(self) -> list[Held]:
        """What waits for a person."""
        try:
            return await self.ledger.parked.rows(Chosen(organisations=(self.organisation,)), limit=10_000)
        except LedgerError:
            return []

    async def calls_left(self) -> int:
        """What the budget still has for the day, by the worker's own count."""
        state, spent, now = await self.ledger.budget.standing(self.organisation, self.limits)
        return left(state, spent, limits=self.limits, lane=Lane.IMMEDIATE, now=now).day

    async def is_idle(self) -> bool:
        """Whether no call is open and nothing waits for a time or a parent."""
        waiting = (await self.ledger.overview.waiting([self.organisation]))[self.organisation]
        return not waiting.calls and all(group.state is HoldState.PERSON for group in waiting.held)

    async def _get(self, path: str, **params: str) -> Any:
        response = await self.http.get(path, params=params)
        response.raise_for_status()
        return _decoded(response)


def _decoded(response: httpx.Response) -> Any:
    return response.json(parse_float=Decimal)
