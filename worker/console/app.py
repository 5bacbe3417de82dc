"""The console's addresses. An ASGI application; who may reach what is decided in `access`."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, HTTPExceptionHandler

from worker.console.access import Page, acting, reading, trouble
from worker.console.desk import Desk
from worker.console.guard import HEALTH, Guard
from worker.console.login import Login
from worker.console.pages import connect, history, organisation, overview, parked, queue, requests, resync
from worker.console.rendering import HERE
from worker.console.visit import Visit

_READING: dict[str, Page] = {
    "/": overview.show,
    "/queue": queue.show,
    "/history": history.show,
    "/requests": requests.show,
    "/parked": parked.show,
    "/parked/{id}": parked.one,
    "/resync": resync.show,
    "/resync/{run}": resync.progress,
    "/organisations/{org}": organisation.show,
    "/connect/finish": connect.finish,
    "/connect/{name}": connect.reached,
}
_ACTING: dict[str, Page] = {
    "/parked/retry": parked.retry,
    "/parked/discard": parked.discard,
    "/resync/price": resync.price,
    "/resync/start": resync.start,
    "/resync/{run}/cancel": resync.cancel,
    "/organisations/{org}/read": organisation.read,
    "/organisations/{org}/add": organisation.add,
    "/organisations/{org}/remove": organisation.remove,
    "/organisations/{org}/tenant": connect.choose,
    "/connect/{name}": connect.start,
}


def make_app(desk: Desk) -> ASGIApp:
    """The whole console."""
    login = Login(desk)
    routes = [
        Route(HEALTH, _health, methods=["GET"]),
        Route("/style.css", _style, methods=["GET"]),
        Route("/login", login.show, methods=["GET"]),
        Route("/login", login.enter, methods=["POST"]),
        Route("/logout", acting(desk, login.leave), methods=["POST"]),
        Route(connect.CALLBACK, connect.callback, methods=["GET"]),
        *(Route(path, acting(desk, page), methods=["POST"]) for path, page in _ACTING.items()),
        *(Route(path, reading(desk, page), methods=["GET"]) for path, page in _READING.items()),
    ]
    app = Starlette(routes=routes, exception_handlers={HTTPException: _lost(desk)})
    return Guard(app, address=desk.settings.console.address)


def _lost(desk: Desk) -> HTTPExceptionHandler:
    def handle(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return trouble(Visit(desk, request, None), error.status_code, "there is no such page, or not in this way")

    return handle


async def _health(_: Request) -> Response:
    return PlainTextResponse("ok\n")


async def _style(_: Request) -> Response:
    return FileResponse(HERE / "static" / "style.css", media_type="text/css", headers={"Cache-Control": "max-age=300"})
