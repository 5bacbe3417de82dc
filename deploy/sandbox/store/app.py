"""The routes of the sandbox: the REST API, and controls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from deploy.sandbox.store.controls import control_routes
from deploy.sandbox.store.gateway import Gateway, Request
from deploy.sandbox.store.state import Sandbox

_TICK_S = 0.05


def build_app(sandbox: Sandbox) -> Starlette:
    """The application. While it runs, the store trades whether or not somebody asks."""
    gateway = Gateway(sandbox)

    async def rest(http: HttpRequest) -> Response:
        answer = await gateway.answer(await _request(http))
        headers = {"Date": sandbox.clock.http_date()}
        if answer.location:
            headers["Location"] = answer.location
        return Response(answer.body, answer.status, headers, answer.media_type)

    @asynccontextmanager
    async def trading(_app: Starlette) -> AsyncIterator[None]:
        ticking = asyncio.create_task(_tick(sandbox))
        yield
        ticking.cancel()

    routes = [
        Route("/rest/{path:path}", rest, methods=["GET", "POST"]),
        Route("/", health, methods=["GET"]),
        *control_routes(sandbox),
    ]
    return Starlette(routes=routes, lifespan=trading)


async def health(_request: HttpRequest) -> Response:
    """The sandbox is up."""
    return JSONResponse({"status": "ok"})


async def _request(http: HttpRequest) -> Request:
    raw_path: bytes = http.scope["raw_path"]
    return Request(
        method=http.method,
        host=http.headers.get("host", ""),
        path=raw_path.decode("latin-1"),
        query=http.scope["query_string"].decode("latin-1"),
        authorization=http.headers.get("authorization", ""),
        body=await http.body(),
    )


async def _tick(sandbox: Sandbox) -> None:
    while True:
        sandbox.settle()
        await asyncio.sleep(_TICK_S)
