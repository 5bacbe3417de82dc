"""The frames of a message, and of its ack, as they go over the wire, what recurs written once. Pure.

https://www.rabbitmq.com/resources/specs/amqp0-9-1.pdf, sections 2.3.5 and 4.2; `tests/unit/amqp/test_amqp_frames.py`
holds it against what pika writes, which takes several times as long: it makes each frame of objects of its own.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence

from pika import BasicProperties, frame, spec

_PERSISTENT = 2
_END = bytes([spec.FRAME_END])
_HEADER = struct.Struct(">BHIHxxQ")
_BODY = struct.Struct(">BHI")
_ACK = struct.Struct(">BHII")
_ACKED = struct.Struct(">QBB")
_ACK_SIZE = _ACK.size + _ACKED.size - spec.FRAME_HEADER_SIZE - spec.FRAME_END_SIZE
_MULTIPLE = 1
_BEFORE_PROPERTIES = 12
Writer = Callable[[str, bytes], Sequence[bytes]]
"""A message's id and body to its frames."""


def writer(*, channel: int, exchange: str, routing_key: str, content_type: str, body_max: int) -> Writer:
    """For all messages of one address, mandatory and persistent.

    An id has 255 bytes at most; a frame holds `body_max` bytes of a body.
    """
    begin = frame.Method(
        channel, spec.Basic.Publish(exchange=exchange, routing_key=routing_key, mandatory=True)
    ).marshal()
    common = BasicProperties(content_type=content_type, delivery_mode=_PERSISTENT, message_id="")
    properties = b"".join(common.encode())[:-1]  # the id is the last one, and comes with its length
    before_id = _BEFORE_PROPERTIES + len(properties) + 1

    def write(message_id: str, body: bytes) -> Sequence[bytes]:
        own = message_id.encode()
        size = len(body)
        header = _HEADER.pack(spec.FRAME_HEADER, channel, before_id + len(own), BasicProperties.INDEX, size)
        head = b"".join((begin, header, properties, bytes((len(own),)), own, _END))
        if 0 < size <= body_max:
            return head, _BODY.pack(spec.FRAME_BODY, channel, size), body, _END
        pieces = [head]
        for at in range(0, size, body_max):
            piece = body[at : at + body_max]
            pieces += (_BODY.pack(spec.FRAME_BODY, channel, len(piece)), piece, _END)
        return pieces

    return write


def acks(channel: int, tags: Iterable[int], *, up_to: int) -> list[bytes]:
    """The frames that acknowledge deliveries: one for all up to `up_to` (0: for none), and one each for the others."""
    head = _ACK.pack(spec.FRAME_METHOD, channel, _ACK_SIZE, spec.Basic.Ack.INDEX)
    together = [head + _ACKED.pack(up_to, _MULTIPLE, spec.FRAME_END)] if up_to else []
    return together + [head + _ACKED.pack(tag, 0, spec.FRAME_END) for tag in tags if tag > up_to]
