"""What the tests of worker/xero share: documents, calls, an identity host and a ledger with behaviour."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import inf
from typing import Any
from urllib.parse import parse_qs

import httpx

from worker.documents.content import Content
from worker.documents.documents import Action, DocumentKey, Kind, Write
from worker.documents.literals import encode
from worker.ledger.records import Call, Composed, Document, Known, Lease, Member, Purpose, TokenSet
from worker.xero.endpoints import ENDPOINTS

V1 = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
V2 = V1 + timedelta(hours=1)
ENTITIES = {
    Kind.CONTACT: "customer",
    Kind.ITEM: "product",
    Kind.INVOICE: "invoice",
    Kind.CREDIT_NOTE: "credit_memo",
    Kind.PAYMENT: "payment",
    Kind.ALLOCATION: "credit_memo",
}


def key_of(kind: Kind, entity_id: str, part: str | None = None) -> DocumentKey:
    return DocumentKey("main", "shop", ENTITIES[kind], entity_id, part or str(kind))


def write_of(kind: Kind, entity_id: str, payload: Mapping[str, Any] | None = None, **changes: Any) -> Write:
    number = changes.setdefault("number", f"{kind}-{entity_id}")
    write = Write(
        key=key_of(kind, entity_id),
        kind=kind,
        version=V1,
        number=number,
        content=_content(kind, number, payload or {}),
    )
    return write._replace(**changes)


def saying(write: Write, payload: Mapping[str, Any], **changes: Any) -> Write:
    """The same document with another payload."""
    return write._replace(content=_content(write.kind, write.number, payload), **changes)


def changed(write: Write, **changes: Any) -> Write:
    """The same document with something else in it."""
    return saying(write, {**write.payload, "Changed": True}, **changes)


def _content(kind: Kind, number: str, payload: Mapping[str, Any]) -> Content:
    """As mapping makes it: with the number, where Xero has a field for it alone."""
    numbered = kind not in (Kind.PAYMENT, Kind.ALLOCATION)
    return Content.of({**({ENDPOINTS[kind].number: number} if numbered else {}), **payload})


def document_of(write: Write, **changes: Any) -> Document:
    document = Document(
        key=write.key,
        kind=write.kind,
        xero_id=f"id-{write.key.part}-{write.key.entity_id}",
        number=write.number,
        version=write.version,
        content_hash=write.content_hash,
    )
    return document._replace(**changes)


def known_of(*documents: Document, item_codes: frozenset[str] = frozenset()) -> Known:
    return Known(documents={document.key: document for document in documents}, item_codes=item_codes)


def member_of(kind: Kind, entity_id: str, element: Mapping[str, Any] | None = None, **changes: Any) -> Member:
    member = Member(
        key=key_of(kind, entity_id),
        kind=kind,
        version=V1,
        number=f"{kind}-{entity_id}",
        content_hash=f"hash-{entity_id}",
        action=Action.SAVE,
        text=encode({} if element is None else element),
    )
    if "element" in changes:
        changes["text"] = encode(changes.pop("element"))
    return member._replace(**changes)


def call_of(*members: Member, **changes: Any) -> Call:
    call = Call(
        id="call-1",
        org="main",
        purpose=Purpose.WRITE,
        kind=members[0].kind if members else None,
        method="PUT",
        path="/Invoices",
        params={"summarizeErrors": "false"},
        body=b"{}",
        idempotency_key="key-1",
        members=members,
        opened_at=V1,
        sent_at=V1,
    )
    return replace(call, **changes)


def call_from(composed: Composed, **changes: Any) -> Call:
    call = call_of(
        *composed.members, method=composed.method, path=composed.path, params=composed.params, body=composed.body
    )
    return replace(call, **changes)


def sale_element(number: str, **changes: Any) -> dict[str, Any]:
    """An invoice as sent: net 10.00, tax 2.00."""
    line = {
        "Description": "Mug",
        "Quantity": Decimal(1),
        "UnitAmount": Decimal("10.0000"),
        "TaxAmount": Decimal("2.00"),
    }
    return {
        "Type": "ACCREC",
        "InvoiceNumber": number,
        "Contact": {"ContactID": "c1"},
        "Date": "2026-03-01",
        "CurrencyCode": "GBP",
        "LineAmountTypes": "Exclusive",
        "Status": "AUTHORISED",
        "LineItems": [line],
        **changes,
    }


@dataclass
class MemoryLeases:
    """Leases of one process, as strict as the ledger's; `until` has when each lapses, by the monotonic clock `now`."""

    held: dict[str, str] = field(default_factory=dict)
    until: dict[str, float] = field(default_factory=dict)
    now: Callable[[], float] = lambda: 0.0
    fences: dict[str, int] = field(default_factory=dict)

    async def acquire(self, name: str, holder: str, ttl_s: float = 15) -> Lease | None:
        now, until = self.now(), self.until.get(name, inf)
        if self.held.get(name, holder) != holder and until > now:
            if inf > until > now + max(2 * ttl_s, 30):
                self.until[name] = now + ttl_s
            return None
        self.held[name], self.until[name] = holder, now + ttl_s
        self.fences[name] = self.fences.get(name, 0) + 1
        return Lease(name, holder, self.fences[name], V1 + timedelta(seconds=ttl_s))

    async def release(self, lease: Lease) -> None:
        """Give it up. Nothing happens when it is lost already."""
        if (self.held.get(lease.name), self.fences.get(lease.name)) != (lease.holder, lease.fence):
            return
        self.held.pop(lease.name)
        self.until.pop(lease.name, None)


@dataclass
class MemoryTokens:
    """Token sets with compare-and-swap; what is stored has the next generation, whatever the caller says."""

    sets: dict[str, TokenSet] = field(default_factory=dict)

    async def load(self, connection: str) -> TokenSet | None:
        return self.sets.get(connection)

    async def generation(self, connection: str) -> int:
        current = self.sets.get(connection)
        return current.generation if current else 0

    async def swap(self, connection: str, expected_generation: int, new: TokenSet) -> bool:
        if await self.generation(connection) != expected_generation:
            return False
        self.sets[connection] = replace(new, generation=expected_generation + 1)
        return True


@dataclass
class IdentityHost:
    """Issues rotating tokens; `accepts` holds the refresh tokens that still work, `fault` answers instead."""

    accepts: set[str] = field(default_factory=set)
    requests: list[tuple[dict[str, str], httpx.Headers]] = field(default_factory=list)
    issued: int = 0
    fault: httpx.Response | Exception | None = None
    meanwhile: Callable[[], object] = lambda: None
    """What happens elsewhere while a request is under way."""

    def handle(self, request: httpx.Request) -> httpx.Response:
        form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        self.requests.append((form, request.headers))
        self.meanwhile()
        if isinstance(self.fault, Exception):
            raise self.fault
        if self.fault is not None:
            return self.fault
        if form["grant_type"] == "refresh_token" and form["refresh_token"] not in self.accepts:
            return httpx.Response(400, json={"error": "invalid_grant"})
        return self._issue(with_refresh=form["grant_type"] != "client_credentials")

    def _issue(self, *, with_refresh: bool) -> httpx.Response:
        self.issued += 1
        token = {"access_token": f"access-{self.issued}", "expires_in": 1800, "token_type": "Bearer"}
        if with_refresh:
            token["refresh_token"] = f"refresh-{self.issued}"
            self.accepts = {f"refresh-{self.issued}"}
        return httpx.Response(200, json=token)


def reaches(*tenants: str) -> Callable[[], Awaitable[Sequence[str]]]:
    """What Xero says of the connection; nothing while it does not answer."""

    async def reached() -> Sequence[str]:
        return tenants

    return reached
