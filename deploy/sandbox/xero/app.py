"""The routes of the sandbox: identity, connections, the Accounting API, controls."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from deploy.sandbox.xero import consent
from deploy.sandbox.xero.controls import control_routes
from deploy.sandbox.xero.errors import CallRefused
from deploy.sandbox.xero.gateway import API, Call, Gateway
from deploy.sandbox.xero.identity import OAuthRefused
from deploy.sandbox.xero.identity_http import access_of, app_of, disconnect, form_of, list_connections, token_reply
from deploy.sandbox.xero.state import Sandbox
from deploy.sandbox.xero.wire import to_json

Cut = Callable[[tuple[str, int]], None]
_DISCONNECTED = "http.disconnect"
_METHODS = ["GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS"]
_FAULT_STATUS = {"500": 500, "502": 502, "503": 503, "504": 504, "500-partial": 500}


class CutConnection(Response):
    """No answer at all: the connection is gone."""

    def __init__(self, cut: Cut) -> None:
        super().__init__()
        self._cut = cut

    async def __call__(self, scope: Scope, receive: Receive, _send: Send) -> None:
        """Cut, and wait until the server has noticed."""
        self._cut(scope["client"])
        while (await receive())["type"] != _DISCONNECTED:
            pass


class Handlers:
    """The handlers of everything that stands for Xero."""

    def __init__(self, sandbox: Sandbox, cut: Cut) -> None:
        self._sandbox = sandbox
        self._gateway = Gateway(sandbox)
        self._cut = cut

    async def api(self, request: Request) -> Response:
        """The Accounting API."""
        path = request.scope["raw_path"].decode("ascii")
        url = f"{path}?{request.scope['query_string'].decode('ascii')}"
        headers = dict(request.headers)
        call = Call(request.method, url, path, dict(request.query_params), headers, await request.body())
        answer = await self._gateway.answer(call)
        if answer.dropped:
            return CutConnection(self._cut)
        return Response(answer.body, answer.status, headers=answer.headers)

    async def authorize(self, request: Request) -> Response:
        """The consent page, and the person's answer to it."""
        query = dict(request.query_params)
        identity = self._sandbox.identity
        try:
            consent.checked(identity, query)
        except consent.ConsentRefused as refusal:
            return HTMLResponse(f"<h1>Error</h1><p>{refusal}</p>", 400)
        if request.method == "GET":
            return HTMLResponse(consent.page(identity, query))
        form = parse_qs((await request.body()).decode())
        allow = form.get("answer", ["allow"]) != ["cancel"]
        target = consent.answered(identity, query, allow=allow, tenants=form.get("tenant", []))
        return RedirectResponse(target, 302)

    async def token(self, request: Request) -> Response:
        """The token endpoint."""
        return await self._identity(request, self._issue)

    async def revocation(self, request: Request) -> Response:
        """The app gives its consent back."""
        return await self._identity(request, self._revoke)

    def _issue(self, authorization: str, form: dict[str, str]) -> Response:
        reply = token_reply(self._sandbox.identity, authorization, form)
        return JSONResponse(reply, headers={"Cache-Control": "no-store"})

    def _revoke(self, authorization: str, form: dict[str, str]) -> Response:
        app = app_of(self._sandbox.identity, authorization, form)
        self._sandbox.identity.revoke(form.get("token", ""), app.client_id)
        return Response(status_code=200)

    async def _identity(self, request: Request, act: Callable[[str, dict[str, str]], Response]) -> Response:
        """Refuse in OAuth's words, with status 400, and meet the faults meant for these endpoints."""
        fault = self._sandbox.faults.take(request.method, request.url.path)
        if fault is not None and fault.kind in _FAULT_STATUS and fault.kind != "504":
            return HTMLResponse("<h1>error</h1>", _FAULT_STATUS[fault.kind])
        if fault is not None and fault.kind == "slow":
            await asyncio.sleep(fault.wait)
        try:
            form = form_of(request.headers.get("content-type", ""), await request.body())
            reply = act(request.headers.get("authorization", ""), form)
        except OAuthRefused as refusal:
            return JSONResponse({"error": refusal.error}, 400)
        if fault is not None and fault.kind == "504":
            return HTMLResponse("<h1>error</h1>", 504)
        return CutConnection(self._cut) if fault is not None and fault.kind == "lost-reply" else reply

    async def connections(self, request: Request) -> Response:
        """The organisations the token's app may reach; DELETE takes one away."""
        identity = self._sandbox.identity
        try:
            access = access_of(identity, request.headers.get("authorization", ""))
            self._sandbox.limits.enter_app(access.client_id)
        except CallRefused as refusal:
            body = b"" if refusal.body is None else to_json(refusal.body)
            media_type = None if refusal.body is None else "application/json"
            return Response(body, refusal.status, refusal.headers, media_type)
        headers = self._sandbox.limits.app_headers(access.client_id)
        if request.method == "GET":
            found = list_connections(identity, access, request.query_params.get("authEventId"))
            return JSONResponse(found, headers=headers)
        gone = disconnect(identity, access, request.path_params["connection_id"])
        return Response(status_code=204 if gone else 404, headers=headers)


async def health(_request: Request) -> Response:
    """The sandbox is up."""
    return JSONResponse({"status": "ok"})


def build_app(sandbox: Sandbox, cut: Cut) -> Starlette:
    """The application; `cut` ends the TCP connection to a peer without an answer."""
    handlers = Handlers(sandbox, cut)
    routes: list[tuple[str, Callable[[Request], Awaitable[Response]], list[str]]] = [
        (API + "{path:path}", handlers.api, _METHODS),
        ("/connections", handlers.connections, ["GET"]),
        ("/connections/{connection_id}", handlers.connections, ["DELETE"]),
        ("/Connections", handlers.connections, ["GET"]),  # as Xero's own SDK writes it
        ("/Connections/{connection_id}", handlers.connections, ["DELETE"]),
        ("/connect/token", handlers.token, ["POST"]),
        ("/connect/revocation", handlers.revocation, ["POST"]),
        ("/identity/connect/authorize", handlers.authorize, ["GET", "POST"]),
        ("/", health, ["GET"]),
    ]
    made = [Route(path, handler, methods=methods) for path, handler, methods in routes]
    return Starlette(routes=[*made, *control_routes(sandbox)])
