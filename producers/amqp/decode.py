"""A delivery as it comes over the wire, read in one go. Pure.

https://www.rabbitmq.com/resources/specs/amqp0-9-1.pdf, sections 2.3.5 and 4.2. Nearly all deliveries are alike, and
pika takes ten times as long for one: it makes objects of each of the three frames, and asks for each who waits for it.
`tests/unit/amqp/test_amqp_raw.py` holds this against what pika reads.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from pika import BasicProperties, spec

_METHOD = struct.Struct(">BHIIB")  # type, channel, size, class and method; length of the consumer tag
_AFTER_TAG = struct.Struct(">QBB")  # delivery tag, bits; length of the exchange
# the two others begin with the octet that ends the frame before
_HEADER = struct.Struct(">HHIIQHB")  # type, channel, size, class, body size, flags; length of the content type
_BODY = struct.Struct(">HHI")  # type, channel, size
_method_at, _after_tag_at = _METHOD.unpack_from, _AFTER_TAG.unpack_from
_header_at, _body_at = _HEADER.unpack_from, _BODY.unpack_from
_TO_TAG = _METHOD.size
_TO_KEY = _AFTER_TAG.size + 1  # the length of the routing key
_TO_ID = _HEADER.size + 2  # the delivery mode, the length of the id
_TO_TEXT = _BODY.size
_SIZED_FROM = spec.FRAME_HEADER_SIZE  # a frame's size is counted from there

_START = spec.FRAME_METHOD, spec.Basic.Deliver.INDEX
_END = spec.FRAME_END
_USUAL = (
    _END << 8 | spec.FRAME_HEADER,
    BasicProperties.INDEX << 16,
    # what `frames.writer` writes; the broker adds headers to what was delivered before
    BasicProperties.FLAG_CONTENT_TYPE | BasicProperties.FLAG_DELIVERY_MODE | BasicProperties.FLAG_MESSAGE_ID,
    _END << 8 | spec.FRAME_BODY,
)


class Found(NamedTuple):
    """A delivery; `end` is where the next frame begins."""

    end: int
    channel: int
    consumer_tag: str
    tag: int
    redelivered: bool
    routing_key: str
    message_id: str
    body: bytes


def delivery_at(data: bytes, at: int) -> Found | None:
    """What begins there, if it is a delivery of three frames; None where anything is unusual, missing or wrong."""
    try:
        kind, channel, size, method, length = _method_at(data, at)
        if (kind, method) != _START:
            return None
        after_tag = at + _TO_TAG + length
        tag, bits, length = _after_tag_at(data, after_tag)
        key, header = after_tag + _TO_KEY + length, at + _SIZED_FROM + size
        header_type, second, size, content, body_size, flags, length = _header_at(data, header)
        own, body = header + _TO_ID + length, header + 1 + _SIZED_FROM + size
        body_type, third, size = _body_at(data, body)
        text = body + _TO_TEXT
        end = text + size
        is_usual = (header_type, content, flags, body_type) == _USUAL and channel == second == third
        is_whole = key + data[key - 1] == header and own + data[own - 1] == body and 0 < size == body_size
        if not (is_usual and is_whole and data[end] == _END):
            return None
        consumer_tag, routing_key = data[at + _TO_TAG : after_tag].decode(), data[key:header].decode()
        message_id = data[own:body].decode()
    except (struct.error, IndexError, UnicodeDecodeError):
        return None
    return Found(end + 1, channel, consumer_tag, tag, bits & 1 == 1, routing_key, message_id, data[text:end])
