"""How an attempt at a connection ends that nobody waits for any more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from producers.amqp import BrokerSettings, depths


@asynccontextmanager
async def silent_broker(met: asyncio.Event) -> AsyncIterator[str]:
    """Takes the first bytes, and never answers them."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(len(b"AMQP0091"))
        met.set()
        await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"amqp://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


async def test_one_given_up_half_way_ends_without_a_word() -> None:
    loop, met = asyncio.get_running_loop(), asyncio.Event()
    said: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, context: said.append(context))

    async with silent_broker(met) as url:
        asking = asyncio.ensure_future(depths(BrokerSettings(url), ["xerelay.main.batch"]))
        await met.wait()
        asking.cancel()
        with suppress(asyncio.CancelledError):
            await asking
        for _ in range(10):  # what pika has put off to later turns of the loop
            await asyncio.sleep(0)

    assert said == []
