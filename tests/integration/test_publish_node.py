"""`examples/publish.mjs` as a program, against a real broker, also one that refuses, is cut off or says nothing.

Needs Node, and amqplib in one of the folders of NODE_PATH; nothing is downloaded for it.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from deploy.services import PrivateBroker
from tests.integration.test_publish import broker_channel, take_all
from tests.support.sample_invoice import INVOICE

EXAMPLE = Path(__file__).parents[2] / "examples/publish.mjs"
NODE = shutil.which("node")
MODULES = next((one for one in os.environ.get("NODE_PATH", "").split(":") if (Path(one) / "amqplib").is_dir()), "")

pytestmark = [
    pytest.mark.skipif(NODE is None, reason="no node on the PATH"),
    pytest.mark.skipif(not MODULES, reason="no amqplib: name the node_modules that holds it by NODE_PATH"),
]
PUBLISHED = (0, "published and confirmed")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The example, with amqplib and an event beside it. It waits for six seconds instead of thirty."""
    text = EXAMPLE.read_text(encoding="utf-8")
    assert "TIMEOUT_MS = 30_000" in text
    (tmp_path / "publish.mjs").write_text(text.replace("TIMEOUT_MS = 30_000", "TIMEOUT_MS = 6_000"), encoding="utf-8")
    (tmp_path / "node_modules").symlink_to(MODULES)
    return tmp_path


@pytest.fixture
def fresh_url(private_broker: PrivateBroker) -> Iterator[str]:
    """A virtual host in which nothing is declared."""
    url = urlsplit(private_broker.url)
    private_broker.ctl("add_vhost", "fresh")
    private_broker.ctl("set_permissions", "-p", "fresh", str(url.username), ".*", ".*", ".*")
    yield url._replace(path="/fresh").geturl()
    private_broker.ctl("delete_vhost", "fresh")


async def run(folder: Path, url: str, *, org: str = "main", lane: str = "batch", **more: str) -> tuple[int | None, str]:
    """The exit code, and what it said."""
    (folder / "event.json").write_text(json.dumps(INVOICE | {"organisation": org} | more), encoding="utf-8")
    assert NODE is not None
    process = await asyncio.create_subprocess_exec(
        NODE, "publish.mjs", "event.json", lane,
        cwd=folder, env=os.environ | {"AMQP_URL": url},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        said, _ = await asyncio.wait_for(process.communicate(), timeout=60)
    finally:
        if process.returncode is None:
            process.kill()
    return process.returncode, said.decode().strip()


@asynccontextmanager
async def cut_off(url: str, *, silent: bool) -> AsyncIterator[str]:
    """The broker's URL over a wire that breaks when the event is on it, or from then on carries nothing."""
    broker = urlsplit(url)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_broker, to_broker = await asyncio.open_connection(broker.hostname, broker.port)
        answering = asyncio.create_task(forward(from_broker, writer))
        while (data := await reader.read(65536)) and b"xerelay.events" not in data:
            to_broker.write(data)
        answering.cancel()
        while silent and await reader.read(65536):
            pass
        to_broker.close()
        writer.close()

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        yield broker._replace(netloc=broker.netloc.replace(f":{broker.port}", f":{port}")).geturl()


async def test_an_event_that_a_queue_took_is_published_and_confirmed(
    amqp_url: str, unique_org: str, folder: Path
) -> None:
    queue = f"node.{unique_org}"
    with broker_channel(amqp_url) as channel:
        channel.exchange_declare("xerelay.events", "topic", durable=True)
        channel.queue_declare(queue)
        channel.queue_bind(queue, "xerelay.events", f"{unique_org}.batch.invoice")

    outcome = await run(folder, amqp_url, org=unique_org)

    assert outcome == PUBLISHED
    ((properties, body),) = take_all(amqp_url, queue)
    assert (json.loads(body)["organisation"], properties.message_id) == (unique_org, INVOICE["id"])


async def test_an_event_that_no_queue_took_is_not_published(amqp_url: str, unique_org: str, folder: Path) -> None:
    with broker_channel(amqp_url) as channel:
        channel.exchange_declare("xerelay.events", "topic", durable=True)

    outcome = await run(folder, amqp_url, org=unique_org)

    assert outcome == (1, f"not published: organisation {unique_org} has no queues yet: start its worker once")


async def test_a_broker_without_the_exchange_is_told_in_one_line(fresh_url: str, folder: Path) -> None:
    code, said = await run(folder, fresh_url)

    assert code == 1
    assert said.startswith("not published: ")
    assert "404 (NOT-FOUND)" in said
    assert "\n" not in said


@pytest.mark.parametrize(("silent", "reason"), [(False, "Unexpected close"), (True, "no confirm within 6 s")])
async def test_an_event_that_got_no_confirm_is_not_published(
    amqp_url: str, folder: Path, *, silent: bool, reason: str
) -> None:
    async with cut_off(amqp_url, silent=silent) as url:
        outcome = await run(folder, url)

    assert outcome == (1, f"not published: {reason}")


async def test_a_server_that_never_says_anything_is_given_up(folder: Path) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        code, said = await run(folder, f"amqp://guest:guest@127.0.0.1:{port}/")

    assert (code, said) == (1, "not published: connect ETIMEDOUT")


async def test_what_would_go_to_nobody_is_not_published(amqp_url: str, folder: Path) -> None:
    lane = await run(folder, amqp_url, lane="batches")
    command = await run(folder, amqp_url, type="xerelay.release")

    assert lane == (1, "not published: lane batches: there is immediate, batch, backfill")
    assert command == (1, "not published: xerelay.release is no event: commands have an exchange of their own")
