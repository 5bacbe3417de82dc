"""The one way to Xero: a request passes with a granted token of the budget, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import httpx

from worker.xero.aiohttp_transport import AiohttpTransport

GRANT = "xerelay.grant"
"""The request extension that carries the `Grant`."""


class Ungranted(Exception):
    """A request had no grant, or a used one: a fault of the program, for every call must be counted."""


@dataclass(slots=True)
class Grant:
    """The right to send one request of one call. `used` once the request has gone towards Xero."""

    call_id: str
    used: bool = False


class GrantedTransport(httpx.AsyncBaseTransport):
    """Refuses requests without a fresh grant. Retries and redirects cannot bypass the budget: each needs its own.

    `free` are exact URLs that the budget does not count: Xero's token endpoint and its list of connections.
    """

    def __init__(self, inner: httpx.AsyncBaseTransport, *, free: Collection[str] = ()) -> None:
        self._inner = inner
        self._free = frozenset(str(httpx.URL(url)) for url in free)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass the request on. Raises `Ungranted`."""
        if GRANT in request.extensions or str(request.url.copy_with(query=None)) not in self._free:
            self._spend(request)
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()

    @staticmethod
    def _spend(request: httpx.Request) -> None:
        grant: Any = request.extensions.get(GRANT)
        where = f"{request.method} {request.url.path}"
        if not isinstance(grant, Grant):
            raise Ungranted(f"{where} carries no grant; open a call in the ledger first")
        if grant.used:
            raise Ungranted(f"{where} repeats the grant of call {grant.call_id}; spend another token first")
        grant.used = True


def open_transport(*, free: Collection[str] = (), on_sent: Callable[[], None] = lambda: None) -> GrantedTransport:
    """The way of one organisation, or of one connection's tokens. `on_sent` as `AiohttpTransport` has it."""
    return GrantedTransport(AiohttpTransport(on_sent=on_sent), free=free)
