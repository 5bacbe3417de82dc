"""Books in this process: events are mapped, composed and sent to a sandbox Xero, whose replies the product reads.

Everything but the socket is as the worker has it, and quick enough for thousands of sales.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
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
from tests.support.mapping_cases import organisation
from tests.support.xero_fakes import call_from
from worker.documents.documents import DocumentKey, Kind, Write
from worker.ledger.records import Composed, Document, Known, Member, Purpose
from worker.mapping.plan import Ignored, plan
from worker.session.outcome import document, sort_verdicts
from worker.settings import OrganisationSettings
from worker.xero.compose import compose
from worker.xero.endpoints import ENDPOINTS, same_id
from worker.xero.looks import readings_of
from worker.xero.lookup import lookups, match
from worker.xero.readings import REVISED, Readings
from worker.xero.replies.answers import read
from worker.xero.replies.reply import Reply
from worker.xero.replies.verdicts import Written

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
        self._lock_date: date | None = None
        self._gateway = Gateway(self.sandbox)
        token = token_reply(self.sandbox.identity, _BASIC, {"grant_type": "client_credentials"})["access_token"]
        self._headers = {
            "authorization": f"Bearer {token}",
            "xero-tenant-id": self.sandbox.main.tenant_id,
            "accept": "application/json",
            "content-type": "application/json",
        }

    def lock(self, last: date | None) -> None:
        """A person locks the books up to that day; what is dated in them is booked on the next open day."""
        self.sandbox.main.settings.organisation["PeriodLockDate"] = last
        self._lock_date = last

    def book(self, *events: Event, lock_date: date | None = None) -> None:
        """Bring what the events ask for to Xero, each having passed the wire; all must be taken."""
        lock_date = lock_date or self._lock_date
        for one in events:
            planned = plan(decode_event(encode_event(one)), self.org, lock_date)
            if not isinstance(planned, Ignored):
                self.send(planned.writes)

    def send(self, writes: Sequence[Write]) -> None:
        """As many calls as it takes. What is in Xero already is looked at before it is changed."""
        left, readings = list(writes), Readings()
        for _ in range(_MOST_CALLS):
            composed = compose(left, Known(self.documents, frozenset()), readings)
            if composed.stopped:
                raise Refused(f"stopped: {composed.stopped}")
            self._read(composed.unread, readings)
            if composed.members:
                self.look(composed)
                self._learn(composed)
            elif not composed.unread:
                break
            left = [*composed.leftover, *composed.unread]
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

    def _read(self, writes: Sequence[Write], readings: Readings) -> None:
        for kind in REVISED:
            for reading in readings_of(kind, [write for write in writes if write.kind is kind], self.documents):
                elements = self._call(Composed("GET", reading.path, reading.params, b"", ())).elements
                for write in reading.writes:
                    of_it = (e for e in elements if same_id(self.documents[write.key].xero_id, e[ENDPOINTS[kind].id]))
                    readings.elements[write.key] = next(of_it, None)

    def _learn(self, composed: Composed) -> None:
        call = call_from(composed)
        reply = self._call(composed)
        results = sort_verdicts(call, reply)
        if results.exists:
            results.documents += self._adopted(call.kind, results.exists)
        if results.refused or results.unanswered:
            raise Refused(f"{composed.method} {composed.path}: {results} {reply.raw!r} to {composed.body!r}")
        self.documents.update({document.key: document for document in results.documents})

    def _adopted(self, kind: Kind | None, members: Sequence[Member]) -> Iterator[Document]:
        """What is there already as it is to be, or as good as gone. Raises `Refused` for anything else."""
        assert kind is not None
        for request in lookups(kind, members):
            elements = self._call(Composed("GET", request.path, request.params, b"", ())).elements
            for key, found in match(kind, request.members, elements).items():
                if found is None or not (found.ours and found.same):
                    raise Refused(f"{key} is there already: {found}")
                member = next(one for one in request.members if one.key == key)
                yield document(member, Written(found.xero_id, member.number, found.facts))

    def _call(self, composed: Composed) -> Reply:
        path = f"/api.xro/2.0{composed.path}"
        query = dict(composed.params)
        call = Call(composed.method, f"{path}?{urlencode(query)}", path, query, self._headers, composed.body)
        answer: Answer = self._runner.run(self._gateway.answer(call))
        purpose = Purpose.LOOKUP if composed.method == "GET" else Purpose.WRITE
        return read(
            call_from(composed, purpose=purpose),
            httpx.Response(answer.status, headers=answer.headers, content=answer.body),
        )
