"""How a request proves whose it is: signed afresh each time it is sent, or with a bearer token."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Generator

import httpx

from producers.magento.signature import Integration, authorization


class Signed(httpx.Auth):
    """OAuth 1.0a. `wall` gives seconds since 1970. Every request, a repeated one too, has a nonce of its own."""

    def __init__(self, integration: Integration, *, wall: Callable[[], float]) -> None:
        self._integration = integration
        self._wall = wall

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Sign the request."""
        request.headers["Authorization"] = authorization(
            request.method,
            str(request.url),
            self._integration,
            nonce=secrets.token_hex(16),
            timestamp=int(self._wall()),
        )
        yield request


class Bearer(httpx.Auth):
    """An integration's access token alone, where the store allows it."""

    def __init__(self, access_token: str) -> None:
        self._access_token = access_token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Put the token on."""
        request.headers["Authorization"] = f"Bearer {self._access_token}"
        yield request
