"""The address `http://localhost:PORT/callback` for as long as a person is at the consent page."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from errno import EADDRINUSE
from urllib.parse import parse_qs, urlsplit

PATH = "/callback"
_MOST_BYTES = 16 * 1024
_PATIENCE_S = 10.0
_PAGE = "<!doctype html><title>xerelay</title><p>Thank you. You can close this page and go back to the terminal."


class Callback:
    """Takes the first request to the path with our `state`; what else a browser asks for is not found.

    Any page in that browser can send it here: a request with another state, or none, does not end the attempt.
    """

    def __init__(self, state: str) -> None:
        self._state = state
        self._uri: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def uri(self, *, within_s: float) -> str:
        """What the browser asked for, from its path on. Raises `TimeoutError`."""
        return await asyncio.wait_for(asyncio.shield(self._uri), within_s)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request, whatever it is."""
        try:
            async with asyncio.timeout(_PATIENCE_S):
                head = await reader.readuntil(b"\r\n\r\n")
                method, uri, *_ = head.decode("latin-1").split(" ", 2)
                wanted = method == "GET" and self._is_ours(uri)
                writer.write(_reply(200, _PAGE) if wanted else _reply(404, ""))
                await writer.drain()
        except (TimeoutError, ValueError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            return
        finally:
            writer.close()
        if wanted and not self._uri.done():
            self._uri.set_result(uri)

    def _is_ours(self, uri: str) -> bool:
        parts = urlsplit(uri)
        given = "".join(parse_qs(parts.query).get("state", ()))
        return parts.path == PATH and secrets.compare_digest(given.encode(), self._state.encode())


@asynccontextmanager
async def listening(port: int, state: str) -> AsyncIterator[Callback]:
    """On this machine alone. Raises `OSError` where the port is taken."""
    callback = Callback(state)
    async with AsyncExitStack() as stack:
        await _serve(callback, "127.0.0.1", port, stack)
        try:  # localhost is this one too, where the machine has it
            await _serve(callback, "::1", port, stack)
        except OSError as error:
            if error.errno == EADDRINUSE:
                raise  # another process there would be sent the code
        yield callback


async def _serve(callback: Callback, host: str, port: int, stack: AsyncExitStack) -> None:
    server = await asyncio.start_server(callback.answer, host, port, limit=_MOST_BYTES)
    stack.callback(server.close)


def _reply(status: int, page: str) -> bytes:
    word = {200: "OK", 404: "Not Found"}[status]
    head = f"HTTP/1.1 {status} {word}\r\nContent-Type: text/html; charset=utf-8\r\nConnection: close\r\n"
    return f"{head}Content-Length: {len(page)}\r\n\r\n{page}".encode()
