"""HTTP/1.1 to Xero: httpx's requests and replies, carried by aiohttp.

A call of fifty documents takes httpx's own transport 1.4 ms of processor time, and aiohttp, whose parser is compiled,
0.6 ms: of the 18 ms that such a call takes a worker in all, that is worth a second HTTP library.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from io import BytesIO

import aiohttp
import httpx
from yarl import URL

MAX_CONNECTIONS = 5
"""Xero serves 5 calls at a time per app and organisation."""

MOST_BYTES = 64 * 1024 * 1024
"""Of a reply, unpacked. A write of 3.5 MB, the most that Xero takes, comes back as some ten times that; the largest is
the list of items, which has no pages and ends at 100,000."""

_KEPT_S = 5.0
_OURS = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")


class ReplyTooLarge(httpx.ReadError):
    """It has more than `MOST_BYTES`, or unpacks to more: what it says is not known."""


class AiohttpTransport(httpx.AsyncBaseTransport):
    """At most `MAX_CONNECTIONS`, kept alive. No request repeated, no redirect followed, no cookie, no proxy.

    `on_sent` hears of a request that has gone out whole, when its reply has come, or will not come.
    """

    def __init__(self, *, on_sent: Callable[[], None] = lambda: None) -> None:
        self._on_sent = on_sent
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The reply, wholly read and unpacked. Raises `httpx.ConnectError` and `ConnectTimeout` where nothing was sent.

        Another `httpx.RequestError` says that the request may have been received.
        """
        upload = aiohttp.UploadTracker()
        try:
            with _errors_of_httpx():
                return await self._exchange(request, upload)
        finally:
            if upload.upload_complete.done() and upload.upload_complete.exception() is None:
                self._on_sent()

    async def aclose(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def _exchange(self, request: httpx.Request, upload: aiohttp.UploadTracker) -> httpx.Response:
        limits = request.extensions.get("timeout", {})
        async with self._opened().request(
            request.method,
            URL(str(request.url), encoded=True),
            headers=[(name.decode(), value.decode()) for name, value in request.headers.raw],
            data=BytesIO(request.content) if request.content else None,  # goes out in pieces: other work goes on
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(sock_connect=limits.get("connect"), sock_read=limits.get("read")),
            middlewares=(_once(upload),),
            upload_tracker=upload,
        ) as reply:
            content = await _unpacked(reply)
        headers = [header for header in reply.raw_headers if header[0].lower() != b"content-encoding"]
        return httpx.Response(reply.status, headers=headers, content=content)

    def _opened(self) -> aiohttp.ClientSession:
        """Made by the first request, for it belongs to the loop that runs then."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=MAX_CONNECTIONS, keepalive_timeout=_KEPT_S, ssl=_trusting()),
                cookie_jar=aiohttp.DummyCookieJar(),
                skip_auto_headers=_OURS,
                timeout=aiohttp.ClientTimeout(total=None),
            )
        return self._session


@cache
def _trusting() -> ssl.SSLContext:
    """Whom to trust, read once for all organisations: for each it takes 30 ms in which nothing else goes on."""
    return httpx.create_ssl_context()


async def _unpacked(reply: aiohttp.ClientResponse) -> bytes:
    """Taken piece by piece, as aiohttp unpacks them: what a small reply unpacks to need never be in memory."""
    pieces: list[bytes] = []
    left = MOST_BYTES
    async for piece in reply.content.iter_any():
        left -= len(piece)
        if left < 0:
            reply.close()
            raise ReplyTooLarge(f"the reply has more than {MOST_BYTES} bytes")
        pieces.append(piece)
    return b"".join(pieces)


def _once(upload: aiohttp.UploadTracker) -> aiohttp.ClientMiddlewareType:
    """One attempt, for each is a call: aiohttp repeats a GET, PUT or DELETE when a kept connection closes."""

    async def pass_on(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        if upload.attempts:
            raise aiohttp.ClientConnectionError("the connection closed before the reply; not sent again")
        return await handler(request)

    return pass_on


@contextmanager
def _errors_of_httpx() -> Iterator[None]:
    try:
        yield
    except aiohttp.ConnectionTimeoutError as error:
        raise httpx.ConnectTimeout(str(error)) from error
    except aiohttp.ClientConnectorError as error:
        raise httpx.ConnectError(str(error)) from error
    except aiohttp.SocketTimeoutError as error:
        raise httpx.ReadTimeout(str(error)) from error
    except aiohttp.ClientError as error:
        raise httpx.ReadError(str(error)) from error
