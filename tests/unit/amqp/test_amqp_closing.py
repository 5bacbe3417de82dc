"""A connection that is closed by both sides at once."""

from __future__ import annotations

import asyncio

import pytest
from pika import URLParameters

from producers.amqp.connection import Connection


@pytest.mark.parametrize("turns", range(5))
async def test_who_is_told_to_end_as_the_broker_hangs_up_ends(turns: int) -> None:
    connection = Connection(URLParameters("amqp://127.0.0.1:1/"), lambda _: None)
    closing = asyncio.create_task(connection.close())
    await asyncio.sleep(0)

    connection._on_close(ConnectionResetError())
    for _ in range(turns):
        await asyncio.sleep(0)
    was_told = closing.cancel()
    await asyncio.wait({closing})

    assert closing.cancelled() == was_told
    await asyncio.wait_for(connection._opened, 10)  # refused there: its socket is closed by then
