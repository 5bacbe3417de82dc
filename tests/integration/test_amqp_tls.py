"""TLS to a real broker: whom we trust, whom it trusts, and that names are compared."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from deploy.services import PrivateBroker, TlsFiles, private_broker
from producers.amqp import BadBrokerSettings, BrokerSettings, ConnectionLost, Publisher
from schemas.envelope import Lane
from schemas.topology import lane_queue, organisation_queues
from tests.support.amqp_links import consuming, publish, publishing
from tests.support.certificates import CertificateAuthority
from tests.support.waiting import until


@dataclass(frozen=True)
class Party:
    """A broker that knows one authority, and a client's files."""

    node: PrivateBroker
    ca: Path
    stranger: Path
    certificate: Path
    key: Path

    def files(self) -> dict[str, Any]:
        return {"ca_file": self.ca, "cert_file": self.certificate, "key_file": self.key}


@pytest.fixture(scope="module")
def party() -> Iterator[Party]:
    folder = Path(tempfile.mkdtemp(prefix="xerelay-"))
    ours, stranger = CertificateAuthority(folder, "ours"), CertificateAuthority(folder, "stranger")
    certificate, key = ours.issue("localhost")
    client_certificate, client_key = ours.issue("client")
    with private_broker(folder, tls=TlsFiles(ours.file, certificate, key)) as node:
        yield Party(node, ours.file, stranger.file, client_certificate, client_key)
    shutil.rmtree(folder)


async def why_not(settings: BrokerSettings) -> str:
    """The reason of the first failed connection."""
    publisher = Publisher(settings, queues=())
    running = asyncio.create_task(publisher.run())
    try:
        await until(lambda: publisher.last_error, what="a refused connection")
        assert not publisher.connected.is_set()
    finally:
        await publisher.stop()
        await running
    return str(publisher.last_error)


async def test_messages_travel_over_mutual_tls(party: Party, unique_org: str) -> None:
    queues, immediate = organisation_queues(unique_org), lane_queue(unique_org, Lane.IMMEDIATE)
    files = party.files()
    async with (
        publishing(party.node.tls_url, queues, **files) as publisher,
        consuming(party.node.tls_url, queues, immediate, ack=True, **files) as intake,
    ):
        await asyncio.gather(*(publish(publisher, f"{unique_org}.immediate.order", f"m{n}") for n in range(300)))

        await until(lambda: len(intake.held) == 300, what="all deliveries")


async def test_paused_reading_holds_over_tls(party: Party, unique_org: str) -> None:
    queues, immediate = organisation_queues(unique_org), lane_queue(unique_org, Lane.IMMEDIATE)
    files = party.files()
    body = b"x" * 2_000_000
    async with (
        publishing(party.node.tls_url, queues, **files) as publisher,
        consuming(party.node.tls_url, queues, ack=True, **files) as intake,
    ):
        await asyncio.gather(*(publish(publisher, f"{unique_org}.immediate.order", f"m{n}", body) for n in range(10)))
        intake.consumer.pause_reading()
        starting = asyncio.create_task(intake.consumer.start(immediate, 50))
        await asyncio.wait({starting}, timeout=2)
        assert intake.held == []

        intake.consumer.resume_reading()
        await starting
        await until(lambda: len(intake.held) == 10, what="all deliveries")


async def test_unknown_authority_is_refused(party: Party) -> None:
    settings = BrokerSettings(party.node.tls_url, party.stranger, party.certificate, party.key)

    assert "certificate verify failed" in await why_not(settings)


async def test_other_host_name_is_refused(party: Party) -> None:
    url = party.node.tls_url.replace("localhost", "127.0.0.1")
    settings = BrokerSettings(url, party.ca, party.certificate, party.key)

    assert "IP address mismatch" in await why_not(settings)


async def test_broker_wants_our_certificate(party: Party) -> None:
    assert await why_not(BrokerSettings(party.node.tls_url, party.ca))


async def test_unusable_certificate_ends_the_first_run_and_no_later_one(party: Party, tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    ca.write_bytes(party.ca.read_bytes())
    files = party.files() | {"ca_file": ca}
    async with publishing(party.node.tls_url, (), **files) as publisher:
        ca.write_text("half a certificate")
        publisher.drop(ConnectionLost("a test said so"))
        await until(lambda: isinstance(publisher.last_error, BadBrokerSettings), what="the unusable file")

        with pytest.raises(BadBrokerSettings):
            await Publisher(BrokerSettings(party.node.tls_url, **files), queues=()).run()

        ca.write_bytes(party.ca.read_bytes())
        await until(publisher.connected.is_set, what="the new connection")
