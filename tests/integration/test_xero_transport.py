"""aiohttp below httpx's requests: what arrives at a server, and what comes of a server that fails."""

from __future__ import annotations

import asyncio
import gzip
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.certificates import CertificateAuthority
from tests.support.waiting import let_pass, until
from worker.xero.aiohttp_transport import MOST_BYTES, AiohttpTransport, ReplyTooLarge

REPLY = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
METHODS = ["GET", "PUT", "POST", "DELETE"]

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


def saying(reply: bytes) -> Answer:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(reply)

    return answer


async def hang_up(writer: asyncio.StreamWriter) -> None:
    writer.close()


async def stay_silent(_: asyncio.StreamWriter) -> None:
    """Neither answer nor hang up."""


@dataclass
class Server:
    """Answers each request with the next of `answers`; the last one stays. Keeps what came, by connection."""

    answers: list[Answer]
    connections: list[list[bytes]] = field(default_factory=list)
    writers: list[asyncio.StreamWriter] = field(default_factory=list)
    url: str = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests: list[bytes] = []
        self.connections.append(requests)
        self.writers.append(writer)
        while not writer.is_closing() and (head := await self._head(reader)):
            sizes = [line.split(b":")[1] for line in head.lower().splitlines() if line.startswith(b"content-length:")]
            requests.append(head + await reader.readexactly(int(sizes[0]) if sizes else 0))
            await (self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])(writer)

    @staticmethod
    async def _head(reader: asyncio.StreamReader) -> bytes:
        try:
            return await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return b""

    @property
    def requests(self) -> list[bytes]:
        return [request for requests in self.connections for request in requests]


@dataclass
class World:
    server: Server
    transport: AiohttpTransport
    sent: list[str]

    async def exchange(self, method: str = "GET", path: str = "/", body: bytes = b"", wait_s: float = 30) -> bytes:
        limits = {"connect": wait_s, "read": wait_s}
        request = httpx.Request(method, self.server.url + path, content=body, extensions={"timeout": limits})
        return (await self.transport.handle_async_request(request)).content


@pytest.fixture
async def world() -> AsyncIterator[World]:
    server, sent = Server([saying(REPLY)]), list[str]()
    transport = AiohttpTransport(on_sent=lambda: sent.append("sent"))
    async with await asyncio.start_server(server.serve, "127.0.0.1", 0) as listening:
        server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        yield World(server, transport, sent)
        await transport.aclose()
        for writer in server.writers:
            writer.close()


async def test_a_body_as_large_as_xero_takes_arrives_whole(world: World) -> None:
    body = bytes(range(256)) * 14_000

    await world.exchange("PUT", body=body)

    assert world.server.requests[0].endswith(b"\r\n\r\n" + body)
    assert world.sent == ["sent"]


async def test_requests_share_a_connection(world: World) -> None:
    contents = [await world.exchange("PUT", body=b"[1]"), await world.exchange("PUT", body=b"[2]")]

    assert contents == [b"{}", b"{}"]
    assert [[request[-3:] for request in requests] for requests in world.server.connections] == [[b"[1]", b"[2]"]]


@pytest.mark.parametrize("method", METHODS)
async def test_a_request_whose_kept_connection_closes_is_not_repeated(world: World, method: str) -> None:
    world.server.answers = [saying(REPLY), hang_up]
    await world.exchange()

    with pytest.raises(httpx.ReadError):
        await world.exchange(method, body=b"[1]" if method == "PUT" else b"")

    assert len(world.server.requests) == 2
    assert len(world.sent) == 2


async def test_a_connection_that_closed_in_between_is_replaced(world: World) -> None:
    await world.exchange()
    world.server.writers[0].close()
    await world.server.writers[0].wait_closed()
    assert world.transport._session is not None
    connector: Any = world.transport._session.connector
    kept = [one for connections in connector._conns.values() for one, _ in connections]
    await until(lambda: not any(one.is_connected() for one in kept), what="the client's end closed")

    assert await world.exchange("POST", body=b"[1]") == b"{}"
    assert [len(requests) for requests in world.server.connections] == [1, 1]


async def test_an_address_arrives_as_it_was_written(world: World) -> None:
    await world.exchange(path="/Invoices?InvoiceNumbers=a%2Cb%20%C3%A9&where=Date%3E%3D")

    assert world.server.requests[0].startswith(b"GET /Invoices?InvoiceNumbers=a%2Cb%20%C3%A9&where=Date%3E%3D HTTP/1.1")


async def test_only_the_headers_of_the_request_are_sent(world: World) -> None:
    await world.exchange("POST")

    names = {line.split(b":")[0].lower() for line in world.server.requests[0].splitlines()[1:-1]}
    assert names == {b"host", b"content-length"}


async def test_a_redirect_is_not_followed_and_a_cookie_not_kept(world: World) -> None:
    moved = b"HTTP/1.1 307 Moved\r\nLocation: /there\r\nSet-Cookie: route=1\r\nContent-Length: 0\r\n\r\n"
    world.server.answers = [saying(moved), saying(REPLY)]

    await world.exchange()
    await world.exchange()

    assert len(world.server.requests) == 2
    assert b"cookie" not in world.server.requests[1].lower()


async def test_a_compressed_reply_is_unpacked(world: World) -> None:
    body = gzip.compress(b'{"Invoices":[]}')
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
    world.server.answers = [saying(head.encode() + body)]

    assert await world.exchange() == b'{"Invoices":[]}'


@pytest.mark.parametrize("coding", ["gzip", "identity"])
async def test_a_reply_without_end_is_given_up_and_its_connection_with_it(world: World, coding: str) -> None:
    body = b" " * (MOST_BYTES + 16_000_000)
    packed = gzip.compress(body, 1) if coding == "gzip" else body
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {len(packed)}\r\n\r\n"
    world.server.answers = [saying(head.encode() + packed), saying(REPLY)]

    with pytest.raises(ReplyTooLarge):
        await world.exchange("PUT", body=b"[1]")

    assert world.sent == ["sent"]
    assert await world.exchange("PUT", body=b"[2]") == b"{}"
    assert len(world.server.connections) == 2


async def test_a_reply_that_breaks_off_was_sent_for(world: World) -> None:
    async def break_off(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{")
        writer.close()

    world.server.answers = [break_off]

    with pytest.raises(httpx.ReadError):
        await world.exchange("PUT", body=b"[1]")
    assert world.sent == ["sent"]


async def test_a_reply_that_is_no_http_is_an_error_of_reading(world: World) -> None:
    world.server.answers = [saying(b"SSH-2.0-OpenSSH\r\n\r\n")]

    with pytest.raises(httpx.ReadError):
        await world.exchange()


async def test_a_reply_that_does_not_come_is_waited_for_as_long_as_told(world: World) -> None:
    world.server.answers = [stay_silent]

    waiting = asyncio.create_task(world.exchange("PUT", body=b"[1]", wait_s=30))
    await until(lambda: world.server.requests, what="the request")
    assert not waiting.done()
    let_pass(31)
    with pytest.raises(httpx.ReadTimeout):
        await waiting
    assert world.sent == ["sent"]


async def test_what_is_cancelled_on_its_way_leaves_no_connection_that_could_answer_the_next(world: World) -> None:
    world.server.answers = [stay_silent, saying(REPLY)]
    waiting = asyncio.create_task(world.exchange("PUT", body=b"[1]"))
    await until(lambda: world.server.requests, what="the first request")
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting

    assert await world.exchange("PUT", body=b"[2]") == b"{}"
    assert [len(requests) for requests in world.server.connections] == [1, 1]


async def test_a_body_that_was_cut_off_was_not_sent() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.transport.abort()

    sent = list[str]()
    transport = AiohttpTransport(on_sent=lambda: sent.append("sent"))
    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as listening:
        url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        with pytest.raises(httpx.ReadError):
            await transport.handle_async_request(httpx.Request("PUT", url, content=b" " * 50_000_000))
        await transport.aclose()

    assert sent == []


async def test_nothing_was_sent_where_nobody_listens(world: World) -> None:
    world.server.url = "http://127.0.0.1:9"

    with pytest.raises(httpx.ConnectError):
        await world.exchange()
    assert world.sent == []


async def test_nothing_is_sent_to_a_host_whose_certificate_nobody_vouches_for(tmp_path: Path) -> None:
    server, sent = Server([saying(REPLY)]), list[str]()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*CertificateAuthority(tmp_path, "unknown").issue("localhost"))
    transport = AiohttpTransport(on_sent=lambda: sent.append("sent"))

    async with await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=context) as listening:
        url = f"https://localhost:{listening.sockets[0].getsockname()[1]}"
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            await transport.handle_async_request(httpx.Request("GET", url))
        await transport.aclose()

    assert (server.requests, sent) == ([], [])


async def test_whom_to_trust_is_read_once_for_all_organisations(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.exchange()
    further = AiohttpTransport()

    monkeypatch.setenv("SSL_CERT_FILE", "/no/such/file")
    reply = await further.handle_async_request(httpx.Request("GET", world.server.url))
    await further.aclose()

    assert reply.status_code == 200
