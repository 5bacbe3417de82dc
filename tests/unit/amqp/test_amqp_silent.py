"""A broker that lets clients in and answers nothing more, as one does that has lost most of its cluster."""

from __future__ import annotations

import asyncio

from producers.amqp import BrokerSettings, Publisher, cure
from schemas.topology import organisation_queues
from tests.support.amqp_peer import Peer, listening
from tests.support.waiting import until


async def test_who_waits_for_a_silent_broker_is_sent_to_its_cluster_and_not_to_its_address() -> None:
    async with listening(Peer()) as url:  # answers no declaration
        publisher = Publisher(BrokerSettings(url), queues=organisation_queues("main"))
        running = asyncio.create_task(publisher.run())
        await until(lambda: "connected" in publisher.why_not(30), what="the connection")

        told = publisher.why_not(30)

        assert told == (
            "no broker within 30 s: connected, but the broker did not answer: "
            "is it overloaded, or most of its cluster down (rabbitmqctl cluster_status), "
            "or is the port another service's?"
        )
        await publisher.stop(timeout_s=0)
        await running


def test_a_question_without_an_answer_is_cured_alike() -> None:
    assert "cluster" in cure("ConnectionLost: the broker did not answer queue_declare within 30 s")


async def test_another_services_port_is_told_with_the_address_that_was_tried() -> None:
    async def speak_http(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(speak_http, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        publisher = Publisher(BrokerSettings(f"amqp://127.0.0.1:{port}/"), queues=organisation_queues("main"))
        running = asyncio.create_task(publisher.run())
        await until(lambda: publisher.last_error is not None, what="the refusal")

        told = publisher.why_not(30)

        await publisher.stop(timeout_s=0)
        await running
    assert f"127.0.0.1:{port}: IncompatibleProtocolError" in told
    assert "is this another service's port?" in told
