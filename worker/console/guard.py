"""What every response carries, and which requests reach a page at all. ASGI middleware."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from worker.console.forms import NUL

HEALTH = "/healthz"
_READING = frozenset({"GET", "HEAD"})


class Guard:
    """Answers only under `address`, and sends what keeps pages from being framed, scripted or kept.

    A page under any other name would be one that another site can reach by resolving its own name to this host. A
    browser says where a form comes from; one from elsewhere is refused before anybody looks at it. An address with NUL
    names nothing: PostgreSQL cannot be asked for it.
    """

    def __init__(self, app: ASGIApp, *, address: str) -> None:
        self._app = app
        self._address = address
        self._host = urlsplit(address).netloc.lower()
        self._headers = _headers(secure=address.startswith("https:"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102 - ASGI's own signature
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        app = self._refusal(scope) or self._app
        await app(scope, receive, guarded)

    def _refusal(self, scope: Scope) -> ASGIApp | None:
        headers = Headers(scope=scope)
        if scope["path"] == HEALTH:
            return None
        if "\0" in scope["path"] or NUL in scope["query_string"]:
            return PlainTextResponse("expected an address without NUL (%00)\n", 400)
        if headers.get("host", "").lower() != self._host:
            if scope["method"] in _READING:
                query = scope["query_string"].decode("latin-1")
                path = scope["path"] if scope["path"].startswith("/") else "/"
                return RedirectResponse(f"{self._address}{path}{f'?{query}' if query else ''}", 303)
            return PlainTextResponse(f"this console is at {self._address}\n", 421)
        origin = headers.get("origin")
        if scope["method"] not in _READING and origin is not None and origin.lower() != self._address.lower():
            return PlainTextResponse("this form comes from another site\n", 403)
        return None


def _headers(*, secure: bool) -> dict[str, str]:
    policy = (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    headers = {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        # forms must say where they come from, which "no-referrer" would hide
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        "Cache-Control": "no-store",
    }
    return headers | ({"Strict-Transport-Security": "max-age=31536000"} if secure else {})
