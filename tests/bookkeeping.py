"""Books in this process: events are mapped, composed and sent to a sandbox Xero, whose replies the product reads.

Everything but the socket is as the worker has it, and quick enough for thousands of sales.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx

from deploy.sandbox.xero.audit import allocations
from deploy.sandbox.xero.gateway import Answer, Call, Gateway
from deploy.sandbox.xero.identity_http import token_reply
from deploy.sandbox.xero.limits import Caps
from deploy.sandbox.xero.state import Options, Sandbox
from schemas.codec import decode_event, encode_event
from schemas.envelope import Event
from tests.unit.mapping_cases import organisation
from tests.xero_fakes import call_from
from worker.documents import DocumentKey, Write
from worker.ledger.records import Composed, Document, Known
from worker.mapping.plan import Ignored, plan
from worker.outcome import sort_verdicts
from worker.settings import OrganisationSettings
from worker.xero.answers import read
from worker.xero.compose import compose
from worker.xero.reply import Reply

_AMPLE = 1_000_000_000
_BASIC = "Basic " + base64.b64encode(b"sandbox-custom:sandbox-secret").decode()
_MOST_CALLS = 50

Json = dict[str, Any]
Look = Callable[[Composed], None]
"""Is shown each call before it is sent."""


class Refused(AssertionError):
    """Xero did not take a document, or mapping could not make one."""


@dataclass
class Books:
    """One organisation of Xero, empty after `reset`, and the documents we know of it."""

    org: OrganisationSettings = field(default_factory=organisation)
    look: Look = lambda _: None
    documents: dict[DocumentKey, Document] = field(default_factory=dict)

    def __post_init__(self) -> None:
        caps = Caps(minute=_AMPLE, day=_AMPLE, app_minute=_AMPLE)
        self.sandbox = Sandbox(Options(caps=caps))
        self._runner = asyncio.Runner()
        self.reset()

    def close(self) -> None:
        self._runner.close()

    def reset(self) -> None:
        """Back to an organisation without documents."""
        self.sandbox.reset()
        self.documents.clear()
        self._gateway = Gateway(self.sandbox)
        token = token_reply(self.sandbox.identity, _BASIC, {"grant_type": "client_credentials"})["access_token"]
        self._headers = {
            "authorization": f"Bearer {token}",
            "xero-tenant-id": self.sandbox.main.tenant_id,
            "accept": "application/json",
            "content-type": "application/json",
        }

    def book(self, *events: Event, lock_date: Any = None) -> None:
        """Bring what the events ask for to Xero, each having passed the wire; all must be taken."""
        for one in events:
            planned = plan(decode_event(encode_event(one)), self.org, lock_date)
            if not isinstance(planned, Ignored):
                self.send(planned.writes)

    def send(self, writes: Sequence[Write]) -> None:
        """As many calls as it takes."""
        left = list(writes)
        for _ in range(_MOST_CALLS):
            composed = compose(left, Known(self.documents, frozenset()))
            if not composed.members:
                break
            self.look(composed)
            self._learn(composed)
            left = list(composed.leftover)
        if composed.members or composed.leftover:
            raise Refused(f"left over: {[write.key for write in composed.leftover]}")

    def invoices(self) -> list[Json]:
        return list(self.sandbox.main.invoices)

    def credit_notes(self) -> list[Json]:
        return list(self.sandbox.main.credit_notes)

    def payments(self) -> list[Json]:
        return list(self.sandbox.main.payments)

    def allocations(self) -> Iterable[Json]:
        return allocations(self.sandbox.main)

    def _learn(self, composed: Composed) -> None:
        call = call_from(composed)
        reply = self._call(composed)
        results = sort_verdicts(call, reply)
        if results.refused or results.exists or results.unanswered:
            raise Refused(f"{composed.method} {composed.path}: {results} {reply.raw!r} to {composed.body!r}")
        self.documents.update({document.key: document for document in results.documents})

    def _call(self, composed: Composed) -> Reply:
        path = f"/api.xro/2.0{composed.path}"
        query = dict(composed.params)
        call = Call(composed.method, f"{path}?{urlencode(query)}", path, query, self._headers, composed.body)
        answer: Answer = self._runner.run(self._gateway.answer(call))
        return read(call_from(composed), httpx.Response(answer.status, headers=answer.headers, content=answer.body))
