from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from pika import BasicProperties, frame, spec

from producers.amqp.frames import acks, writer

NAMES = st.text(st.characters(codec="utf-8"), max_size=60)


@given(
    channel=st.integers(1, 65_535),
    exchange=NAMES,
    routing_key=NAMES,
    content_type=NAMES,
    message_id=st.text(st.characters(codec="ascii"), max_size=255),
    body=st.binary(max_size=40),
    body_max=st.integers(1, 41),
)
def test_frames_are_those_that_pika_writes(
    channel: int, exchange: str, routing_key: str, content_type: str, message_id: str, body: bytes, body_max: int
) -> None:
    write = writer(
        channel=channel, exchange=exchange, routing_key=routing_key, content_type=content_type, body_max=body_max
    )

    written = b"".join(write(message_id, body))

    publish = spec.Basic.Publish(exchange=exchange, routing_key=routing_key, mandatory=True)
    properties = BasicProperties(content_type=content_type, delivery_mode=2, message_id=message_id)
    pieces = [body[at : at + body_max] for at in range(0, len(body), body_max)]
    frames = [
        frame.Method(channel, publish),
        frame.Header(channel, len(body), properties),
        *(frame.Body(channel, piece) for piece in pieces),
    ]
    assert written == b"".join(one.marshal() for one in frames)


@given(st.integers(1, 65_535), st.lists(st.integers(1, 2**64 - 1), max_size=4), st.integers(0, 2**64 - 1))
def test_acks_are_the_frames_that_pika_writes(channel: int, tags: list[int], up_to: int) -> None:
    together = [spec.Basic.Ack(up_to, multiple=True)] if up_to else []
    singly = [spec.Basic.Ack(tag, multiple=False) for tag in tags if tag > up_to]

    assert acks(channel, tags, up_to=up_to) == [frame.Method(channel, ack).marshal() for ack in together + singly]
