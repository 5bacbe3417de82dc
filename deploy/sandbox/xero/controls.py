"""The controls below /_sandbox: no part of Xero, never counted as calls."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict, fields

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deploy.sandbox.xero import audit
from deploy.sandbox.xero.errors import CallRefused, Json
from deploy.sandbox.xero.limits import Caps
from deploy.sandbox.xero.person import act
from deploy.sandbox.xero.reading import show_document
from deploy.sandbox.xero.state import Sandbox
from deploy.sandbox.xero.store import Book
from deploy.sandbox.xero.wire import from_json, to_json

Control = Callable[[Sandbox, Request, Json], object]


def control_routes(sandbox: Sandbox) -> list[Route]:
    """The routes of all controls."""
    controls: tuple[tuple[str, str, Control], ...] = (
        ("/_sandbox/audit", "GET", _audit),
        ("/_sandbox/counts", "GET", _counts),
        ("/_sandbox/documents", "GET", _documents),
        ("/_sandbox/organisations", "GET", _organisations),
        ("/_sandbox/faults", "POST", _faults),
        ("/_sandbox/limits", "POST", _limits),
        ("/_sandbox/clock", "POST", _clock),
        ("/_sandbox/reset", "POST", _reset),
        ("/_sandbox/person", "POST", _person),
    )
    return [Route(path, _handler(sandbox, control), methods=[method]) for path, method, control in controls]


def _handler(sandbox: Sandbox, control: Control) -> Callable[[Request], Awaitable[Response]]:
    async def handle(request: Request) -> Response:
        try:
            raw = await request.body()
            answer = control(sandbox, request, from_json(raw) if raw else {})
        except CallRefused as refusal:
            return Response(to_json(refusal.body), refusal.status, media_type="application/json")
        except KeyError as missing:
            return Response(to_json({"error": f"unknown: {missing}"}), 400, media_type="application/json")
        return Response(to_json(answer), media_type="application/json")

    return handle


def _books(sandbox: Sandbox, request: Request) -> list[Book]:
    name = request.query_params.get("organisation")
    return list(sandbox.books.values()) if name is None else [sandbox.book_named(name)]


def _audit(sandbox: Sandbox, request: Request, _order: Json) -> object:
    return audit.audit(sandbox, _books(sandbox, request))


def _counts(sandbox: Sandbox, request: Request, _order: Json) -> object:
    return audit.counts(sandbox, _books(sandbox, request))


def _documents(sandbox: Sandbox, request: Request, _order: Json) -> object:
    kind = request.query_params["kind"]
    if kind == "allocations":
        return [part for book in _books(sandbox, request) for part in audit.allocations(book)]
    expand = kind in {"invoices", "credit_notes"}
    return [
        show_document(book, document, 4) if expand else document
        for book in _books(sandbox, request)
        for document in audit.table_of(book, kind)
    ]


def _organisations(sandbox: Sandbox, _request: Request, _order: Json) -> object:
    return [{"name": book.name, "tenantId": book.tenant_id} for book in sandbox.books.values()]


def _faults(sandbox: Sandbox, _request: Request, order: Json) -> object:
    return asdict(sandbox.faults.add(order))


def _limits(sandbox: Sandbox, _request: Request, order: Json) -> object:
    known = {field.name for field in fields(Caps)}
    if unknown := set(order) - known:
        raise CallRefused(400, {"error": f"unknown: {', '.join(unknown)}; known: {', '.join(sorted(known))}"})
    for name, value in order.items():
        setattr(sandbox.limits.caps, name, int(value))
    return asdict(sandbox.limits.caps)


def _clock(sandbox: Sandbox, _request: Request, order: Json) -> object:
    sandbox.clock.advance(float(order["advance_seconds"]))
    return {"now": sandbox.clock.utc().isoformat()}


def _reset(sandbox: Sandbox, _request: Request, _order: Json) -> object:
    sandbox.reset()
    return {"reset": True}


def _person(sandbox: Sandbox, _request: Request, order: Json) -> object:
    return act(sandbox, order)
