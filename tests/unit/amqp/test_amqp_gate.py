"""The valve on the socket, with a socket pair in place of a broker."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import pytest

from producers.amqp.gate import ReadingGate
from tests.support.waiting import until


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with ours, theirs:
        yield ours, theirs


async def test_paused_gate_reads_nothing_and_resumes(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    got = bytearray()
    gate = ReadingGate(asyncio.get_running_loop())
    gate.add_reader(ours.fileno(), lambda: got.extend(ours.recv(100)))
    theirs.send(b"a")
    await until(lambda: got == b"a")

    gate.pause()
    gate.pause()
    theirs.send(b"b")
    for _ in range(20):
        await asyncio.sleep(0)
    assert got == b"a"

    gate.resume()
    await until(lambda: got.startswith(b"ab"))
    assert gate.remove_reader(ours.fileno())


async def test_reader_added_during_a_pause_waits(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    calls: list[bytes] = []
    gate = ReadingGate(asyncio.get_running_loop())
    gate.pause()
    gate.add_reader(ours.fileno(), lambda: calls.append(ours.recv(100)))
    theirs.send(b"a")
    for _ in range(20):
        await asyncio.sleep(0)
    assert calls == []

    gate.resume()
    await until(lambda: calls)
    gate.remove_reader(ours.fileno())


async def test_reader_removed_during_a_pause_stays_removed(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    calls: list[bytes] = []
    gate = ReadingGate(asyncio.get_running_loop())
    gate.add_reader(ours.fileno(), lambda: calls.append(ours.recv(100)))
    gate.pause()

    assert gate.remove_reader(ours.fileno())
    gate.resume()
    theirs.send(b"a")
    for _ in range(20):
        await asyncio.sleep(0)

    assert calls == []


async def test_reading_on_by_way_of_the_loop_is_held_back_too() -> None:
    calls: list[str] = []
    gate = ReadingGate(asyncio.get_running_loop())
    ours, theirs = socket.socketpair()
    with ours, theirs:

        def read() -> None:
            calls.append("read")

        gate.add_reader(ours.fileno(), read)
        gate.pause()
        gate.call_soon_threadsafe(read)
        gate.call_soon_threadsafe(calls.append, "other")
        await until(lambda: "other" in calls)
        assert calls == ["other"]

        gate.resume()
        await until(lambda: "read" in calls)
        gate.remove_reader(ours.fileno())
