"""The way of a call to the Accounting API: token, organisation, limits, faults, idempotency, then the books."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from deploy.sandbox.xero.batch import Manner
from deploy.sandbox.xero.errors import CallRefused, Json, not_found, not_implemented, problem, server_error
from deploy.sandbox.xero.faults import Fault
from deploy.sandbox.xero.idempotency import Stored, fingerprint
from deploy.sandbox.xero.identifiers import new_id
from deploy.sandbox.xero.identity import Access
from deploy.sandbox.xero.identity_http import access_of, token_expired
from deploy.sandbox.xero.limits import too_many
from deploy.sandbox.xero.reading import flag
from deploy.sandbox.xero.reads import ENDPOINTS, read
from deploy.sandbox.xero.scopes import allows
from deploy.sandbox.xero.state import CallKind, Sandbox
from deploy.sandbox.xero.store import Book
from deploy.sandbox.xero.wire import from_json, to_json, to_xml
from deploy.sandbox.xero.writes import write

API = "/api.xro/2.0/"
MOST_BYTES = 3_500_000
JSON = "application/json; charset=utf-8"
_PAGE = "<html><body><h1>{}</h1></body></html>"
_BEFORE_XERO: dict[str, tuple[int, Json | str | None]] = {
    "204": (204, None),
    "404": (404, _PAGE.format("404 Not Found")),
    "502": (502, _PAGE.format("502 Bad Gateway")),
    "503": (503, _PAGE.format("503 Service Unavailable")),
    "notice": (200, {"message": "down for maintenance"}),
}
"""What stands between answers, by the kind of the fault: status and body."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call as it came. `url` is path and query; header names are in lower case."""

    method: str
    url: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def parts(self) -> tuple[str, ...]:
        """The steps of the path below the API."""
        return tuple(unquote(part) for part in self.path.removeprefix(API).split("/") if part)

    @property
    def endpoint(self) -> str:
        """The path with every id in it left open, as calls are counted by it."""
        parts = self.parts
        steps = [part if index % 2 == 0 else "{id}" for index, part in enumerate(parts)]
        if parts[:1] == ("Organisation",):
            steps = list(parts)
        return "/".join(steps)


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back; `dropped` means that the connection is cut instead."""

    status: int
    body: bytes
    headers: dict[str, str]
    dropped: bool = False


class Gateway:
    """Answers calls to the Accounting API out of one sandbox's state."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def answer(self, call: Call) -> Answer:
        """Answer one call and count it."""
        named = call.headers.get("xero-tenant-id", "").lower()
        headers = {"xero-correlation-id": new_id()}
        dropped = False
        try:
            access = access_of(self._sandbox.identity, call.headers.get("authorization", ""))
            book = self._book(access, named)
            named = book.tenant_id
            stored, dropped = await self._admitted(call, access, book, headers)
        except CallRefused as refusal:
            stored = _refused(refusal)
            headers |= refusal.headers
        self._count(call, named, stored.status)
        if stored.content_type:
            headers["Content-Type"] = stored.content_type
        return Answer(stored.status, stored.body, headers, dropped)

    def _count(self, call: Call, tenant: str, status: int) -> None:
        book = self._sandbox.books.get(tenant)
        kind = CallKind("" if book is None else book.name, call.method, call.endpoint, status)
        self._sandbox.calls[kind] += 1

    def _book(self, access: Access, named: str) -> Book:
        """The organisation a call is for. Only a custom connection may leave the header out. Raises CallRefused."""
        identity = self._sandbox.identity
        if not named and identity.apps[access.client_id].kind == "custom":
            named = next(iter(identity.connections.get(access.client_id, {})), "")
        if not identity.reachable(access.client_id, named):
            raise problem(403, "Forbidden", "AuthenticationUnsuccessful")
        return self._sandbox.books[named]

    async def _admitted(self, call: Call, access: Access, book: Book, headers: dict[str, str]) -> tuple[Stored, bool]:
        _check_scope(call, access)
        fault = self._sandbox.faults.take(call.method, "/" + "/".join(call.parts))
        self._refuse_by(fault, access, book)
        limits = self._sandbox.limits
        limits.enter(access.client_id, book.tenant_id)
        headers |= limits.headers(access.client_id, book.tenant_id)
        try:
            await asyncio.sleep(limits.caps.latency_ms / 1000 + _delay(fault))
            if fault is not None and fault.kind in _BEFORE_XERO:
                headers.clear()  # they are Xero's
                raise CallRefused(*_BEFORE_XERO[fault.kind])
            stored = await self._once(call, access, book, fault)
            if fault is not None and fault.kind == "504":
                raise CallRefused(504, _PAGE.format("504 Gateway Timeout"))
            return stored, fault is not None and fault.kind == "lost-reply"
        finally:
            limits.leave(access.client_id, book.tenant_id)

    def _refuse_by(self, fault: Fault | None, access: Access, book: Book) -> None:
        """The faults that stand before the limits. Raises CallRefused."""
        if fault is None:
            return
        if fault.kind == "401":
            self._sandbox.identity.expire_accesses()
            raise token_expired()
        if fault.kind == "403":
            raise problem(403, "Forbidden", "AuthenticationUnsuccessful")
        if fault.kind.startswith("429-"):
            kind = fault.kind.removeprefix("429-")
            wait = None if kind == "concurrent" else round(fault.wait)
            raise too_many(kind, self._sandbox.limits.headers(access.client_id, book.tenant_id), wait)

    async def _once(self, call: Call, access: Access, book: Book, fault: Fault | None) -> Stored:
        async def run() -> Stored:
            return self._process(call, book, fault)

        key = call.headers.get("idempotency-key")
        if key is None or call.method not in {"PUT", "POST", "PATCH"}:
            return await run()
        same = fingerprint(call.method, call.url, call.body)
        return await self._sandbox.idempotency.once(access.client_id, key, same, run)

    def _process(self, call: Call, book: Book, fault: Fault | None) -> Stored:
        try:
            if fault is not None and fault.kind == "500":
                raise server_error()
            breaks = fault is not None and fault.kind == "500-partial"
            status, body = self._work(call, book, breaks=breaks)
            if breaks:
                raise server_error()
        except CallRefused as refusal:
            return _refused(refusal)
        return _rendered(status, body, call.headers.get("accept", ""))

    def _work(self, call: Call, book: Book, *, breaks: bool) -> tuple[int, Json | None]:
        if not call.parts or call.parts[0].lower() not in ENDPOINTS:
            raise not_found()
        if call.method == "GET":
            return 200, read(book, call.parts, call.query, call.headers.get("if-modified-since"))
        if call.method not in {"PUT", "POST", "DELETE"}:
            raise not_implemented()
        summarize = flag(call.query, "summarizeErrors", default=True)
        if call.method == "POST" and call.parts[0].lower() == "payments":
            summarize = True
        body = None if call.method == "DELETE" else _body(call)
        return write(book, call.method, call.parts, call.query, body, Manner(summarize, breaks, self._sandbox.order))


def _delay(fault: Fault | None) -> float:
    return fault.wait if fault is not None and fault.kind == "slow" else 0.0


def _check_scope(call: Call, access: Access) -> None:
    if call.parts and not allows(access.scopes, call.parts[0], call.method):
        headers = {"WWW-Authenticate": 'Bearer error="insufficient_scope"'}
        raise problem(401, "Unauthorized", "AuthorizationUnsuccessful", headers)


def _body(call: Call) -> object:
    if len(call.body) > MOST_BYTES:
        raise CallRefused(413, f"<html><body>the body exceeds {MOST_BYTES} bytes</body></html>")
    if "json" not in call.headers.get("content-type", ""):
        message = "expected Content-Type: application/json; this sandbox reads no XML"
        raise CallRefused(400, {"ErrorNumber": 14, "Type": "PostDataInvalidException", "Message": message})
    return from_json(call.body)


def _refused(refusal: CallRefused) -> Stored:
    if refusal.body is None:
        return Stored(refusal.status, b"", "")
    if isinstance(refusal.body, str):
        return Stored(refusal.status, refusal.body.encode(), "text/html")
    return Stored(refusal.status, to_json(refusal.body), JSON)


def _rendered(status: int, body: Json | None, accept: str) -> Stored:
    if body is None:
        return Stored(status, b"", "")
    if "json" in accept:
        return Stored(status, to_json(body), JSON)
    return Stored(status, to_xml(body), "text/xml; charset=utf-8")
