"""The controls below /_sandbox: no part of the store's API, never counted as requests."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from deploy.sandbox.store.errors import Json, Refused
from deploy.sandbox.store.model import Order
from deploy.sandbox.store.registry import Kind
from deploy.sandbox.store.state import Sandbox
from deploy.sandbox.store.style import stamp
from deploy.sandbox.store.truth import truth

Control = Callable[[Sandbox, Request, Json], object]
_SINGULAR: dict[str, Kind] = {
    "customer": "customers",
    "product": "products",
    "order": "orders",
    "invoice": "invoices",
    "credit_memo": "creditmemos",
}
_QUIRKS = {"version", "noise", "late_seconds", "undecided"}
_DELETED = {"customer", "product", "order"}


def control_routes(sandbox: Sandbox) -> list[Route]:
    """The routes of all controls."""
    controls: tuple[tuple[str, str, Control], ...] = (
        ("/_sandbox/truth", "GET", _truth),
        ("/_sandbox/audit", "GET", _audit),
        ("/_sandbox/trade", "POST", _trade),
        ("/_sandbox/clock", "POST", _clock),
        ("/_sandbox/faults", "POST", _faults),
        ("/_sandbox/limits", "POST", _limits),
        ("/_sandbox/quirks", "POST", _quirks),
        ("/_sandbox/auth", "POST", _auth),
        ("/_sandbox/touch", "POST", _touch),
        ("/_sandbox/delete", "POST", _delete),
        ("/_sandbox/reset", "POST", _reset),
    )
    return [Route(path, _handler(sandbox, control), methods=[method]) for path, method, control in controls]


def _handler(sandbox: Sandbox, control: Control) -> Callable[[Request], Awaitable[Response]]:
    async def handle(request: Request) -> Response:
        sandbox.settle()
        try:
            raw = await request.body()
            answer = control(sandbox, request, json.loads(raw) if raw else {})
        except Refused as refusal:
            return JSONResponse(refusal.body, refusal.status)
        except (KeyError, ValueError, TypeError) as error:
            return JSONResponse({"error": f"cannot be read: {error!r}"}, 400)
        return JSONResponse(answer)

    return handle


def _truth(sandbox: Sandbox, request: Request, _order: Json) -> object:
    return truth(sandbox, documents=request.query_params.get("documents") != "no")


def _audit(sandbox: Sandbox, _request: Request, _order: Json) -> object:
    requests = [{**kind._asdict(), "count": count} for kind, count in sorted(sandbox.requests.items())]
    return {
        "requests": requests,
        "requests_total": sum(sandbox.requests.values()),
        "rows_served": dict(sandbox.rows_served),
        "rows_total": sum(sandbox.rows_served.values()),
    }


def _trade(sandbox: Sandbox, _request: Request, order: Json) -> object:
    speed = float(order.get("per_second") or 0)
    if "orders" in order:
        sandbox.trading.run(int(order["orders"]), speed)
    else:
        sandbox.trading.go_on(speed)
    return {"orders_left": sandbox.trading.orders_left, "events": sandbox.market.events}


def _clock(sandbox: Sandbox, _request: Request, order: Json) -> object:
    sandbox.clock.advance(float(order["advance_seconds"]))
    sandbox.settle()
    return {"now": stamp(int(sandbox.clock.now()))}


def _faults(sandbox: Sandbox, _request: Request, order: Json) -> object:
    return asdict(sandbox.faults.add(order))


def _limits(sandbox: Sandbox, _request: Request, order: Json) -> object:
    size = order["page_size"]
    sandbox.page_limit = None if size is None else int(size)
    return {"page_size": sandbox.page_limit}


def _quirks(sandbox: Sandbox, _request: Request, order: Json) -> object:
    if unknown := set(order) - _QUIRKS:
        raise Refused(400, {"error": f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(sorted(_QUIRKS))}"})
    if order.get("version", "2.4") not in {"2.3", "2.4", "2.4.8"}:
        raise Refused(400, {"error": "version must be 2.3, 2.4 or 2.4.8"})
    sandbox.shelf.late_s = float(order.get("late_seconds", sandbox.shelf.late_s))
    sandbox.market.rest(undecided=bool(order.get("undecided", sandbox.market.undecided)))
    changes = {name: order[name] for name in ("version", "noise") if name in order}
    if changes:
        sandbox.shelf.restyle(**changes)
    return {
        **asdict(sandbox.shelf.style),
        "late_seconds": sandbox.shelf.late_s,
        "undecided": sandbox.market.undecided,
    }


def _auth(sandbox: Sandbox, _request: Request, order: Json) -> object:
    access = sandbox.access
    access.change(order)
    return {"bearer": access.bearer, "two_factor": access.two_factor, "removed": sorted(access.removed)}


def _touch(sandbox: Sandbox, _request: Request, order: Json) -> object:
    kind, number = _entity(order)
    sandbox.market.touch(kind, number, int(sandbox.clock.now()))
    return {"touched": number}


def _delete(sandbox: Sandbox, _request: Request, order: Json) -> object:
    """Orders of a deleted customer lose its id, and nothing tells of it [store 5.2]."""
    if order["entity"] not in _DELETED:
        raise Refused(400, {"error": "documents are only deleted with their order"})
    kind, number = _entity(order)
    for its_kind, its_number in sandbox.market.forget(kind, number):
        if sandbox.shelf.tables[its_kind].get(its_number) is not None:
            sandbox.shelf.tables[its_kind].remove(its_number)
    if kind == "customers":
        for entity in sandbox.market.registry.entities["orders"].values():
            if isinstance(entity, Order) and entity.customer_id == number:
                entity.customer_id = None
                sandbox.shelf.rewrite("orders", entity)
    return {"deleted": number}


def _reset(sandbox: Sandbox, _request: Request, _order: Json) -> object:
    sandbox.reset()
    return {"reset": True}


def _entity(order: Json) -> tuple[Kind, int]:
    name = order["entity"]
    if name not in _SINGULAR:
        raise Refused(400, {"error": f"entity must be one of {', '.join(_SINGULAR)}"})
    return _SINGULAR[name], int(order["id"])
