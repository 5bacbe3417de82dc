"""The HTTP endpoint: what it answers, which port it takes, and that it is never the end of the process."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator, Sequence

import httpx
import pytest
import structlog

from deploy.services import free_port
from worker.endpoint.app import Endpoint
from worker.endpoint.server import NoPort, bind, listening
from worker.metrics.beginning import Beginning

HOST = "127.0.0.1"


class Told:
    """A process that lacks what it is told to lack."""

    def __init__(self, *missing: str) -> None:
        self._missing = missing

    async def metrics(self) -> bytes:
        return b"up 1\n"

    async def missing(self) -> Sequence[str]:
        return self._missing


@pytest.fixture
def two_ports() -> Iterator[tuple[socket.socket, range]]:
    """A range of two ports: somebody listens on the first, the second is free."""
    for _ in range(200):
        with socket.create_server((HOST, free_port())) as taken:
            port = taken.getsockname()[1]
            with socket.socket() as probe:
                try:
                    probe.bind((HOST, port + 1))
                except OSError:
                    continue
            yield taken, range(port, port + 2)
            return
    raise AssertionError("no two free ports in a row")


async def get(address: str, path: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        return await client.get(address + path)


async def test_it_answers_for_what_it_watches() -> None:
    endpoint = Endpoint(Beginning("worker"))
    async with listening(endpoint.app, host=HOST, ports=range(1)) as address:
        assert address is not None
        beginning = await get(address, "/readyz")
        endpoint.watched = Told("broker: away", "ledger: locked")
        lacking = await get(address, "/readyz")
        endpoint.watched = Told()
        ready = await get(address, "/readyz")
        alive, metrics = await get(address, "/healthz"), await get(address, "/metrics")

    assert (beginning.status_code, beginning.json()["missing"]) == (503, ["ledger: not open yet"])
    assert (lacking.status_code, lacking.json()) == (
        503,
        {"ready": False, "missing": ["broker: away", "ledger: locked"]},
    )
    assert (ready.status_code, ready.json()) == (200, {"ready": True, "missing": []})
    assert alive.status_code == 200
    assert (metrics.text, metrics.headers["content-type"].partition(";")[0]) == ("up 1\n", "text/plain")


async def test_it_takes_the_first_free_port_of_the_range_and_says_which(two_ports: tuple[socket.socket, range]) -> None:
    _, ports = two_ports
    with structlog.testing.capture_logs() as log:
        async with listening(Endpoint(Told()).app, host=HOST, ports=ports) as address:
            answer = await get(address or "", "/healthz")

    assert (address, answer.status_code) == (f"http://{HOST}:{ports[1]}", 200)
    assert log == [{"event": "http.listening", "log_level": "info", "address": address}]


async def test_a_range_that_is_used_up_is_a_warning_and_the_work_goes_on(
    two_ports: tuple[socket.socket, range],
) -> None:
    _, ports = two_ports
    worked = False
    with structlog.testing.capture_logs() as log, bind(HOST, ports[1:]):
        async with listening(Endpoint(Told()).app, host=HOST, ports=ports) as address:
            worked = True

    assert (worked, address) == (True, None)
    assert [(line["event"], line["log_level"]) for line in log] == [("http.not_listening", "warning")]
    assert f"expected a free port of {HOST} in {ports[0]}-{ports[1]}, all 2 are taken" in log[0]["detail"]


def test_a_host_of_another_machine_is_said_at_once() -> None:
    with pytest.raises(NoPort, match=r"cannot listen on 192\.0\.2\.1 port 9100"):
        bind("192.0.2.1", range(9100, 9200))


async def test_an_end_does_not_wait_for_who_is_still_asking() -> None:
    hanging = asyncio.Event()

    class Hanging(Told):
        async def metrics(self) -> bytes:
            hanging.set()
            await asyncio.Event().wait()
            return b""

    endpoint = Endpoint(Told())
    endpoint.watched = Hanging()
    async with listening(endpoint.app, host=HOST, ports=range(1)) as address:
        asking = asyncio.create_task(get(address or "", "/metrics"))
        await asyncio.wait_for(hanging.wait(), 30)

    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
