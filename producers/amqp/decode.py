"""Deliveries as they come over the wire, those that are alike read in one go. Pure.

https://www.rabbitmq.com/resources/specs/amqp0-9-1.pdf, sections 2.3.5 and 4.2. Nearly all deliveries are alike, and
pika takes thirty times as long for one: it makes objects of each of the three frames, and asks for each who waits for
it. `tests/unit/amqp/test_amqp_raw.py` holds this against what pika reads.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import NamedTuple

from pika import BasicProperties, spec

_METHOD = struct.Struct(">BHI4s")  # type, channel, size, class and method
# the two others begin with the octet that ends the frame before
_HEADER = struct.Struct(">HHIHH")  # type, channel, size, class, weight
_BODY = struct.Struct(">HH")  # type, channel; the size is each body's own
_NUMBER = 8  # octets of a delivery's tag, and of a body's size
_SIZED_FROM = spec.FRAME_HEADER_SIZE  # a frame's size is counted from there

_DELIVER = struct.pack(">I", spec.Basic.Deliver.INDEX)
_END = spec.FRAME_END
# what `frames.writer` writes; the broker adds headers to what was delivered before
_FLAGS = struct.pack(
    ">H", BasicProperties.FLAG_CONTENT_TYPE | BasicProperties.FLAG_DELIVERY_MODE | BasicProperties.FLAG_MESSAGE_ID
)

Message = tuple[bytes, str, str, int]
"""What a delivery has of its own: its body, routing key, message id and tag."""


class Alike(NamedTuple):
    """Usual deliveries to one consumer, with routing keys of one length, and ids of one length.

    `head` is all before the body, and `same` what is equal in all heads: their octets but for tag, key, size and id.
    """

    channel: int
    consumer_tag: str
    redelivered: bool
    head: struct.Struct
    same: tuple[bytes, ...]

    def read(self, data: bytes, at: int) -> tuple[list[Message], int]:
        """As many as come from there on, whole and one after the other; and where they end."""
        head_at, to_body, same = self.head.unpack_from, self.head.size, self.same
        found: list[Message] = []
        try:
            while True:
                a, tag, b, key, c, size, d, own, e, framed = head_at(data, at)
                body = at + to_body
                end = body + size
                if (a, b, c, d, e) != same or not 0 < size == framed or data[end] != _END:
                    break
                found.append((data[body:end], key.decode(), own.decode(), tag))
                at = end + 1
        except (struct.error, IndexError, UnicodeDecodeError):
            pass  # here the data ends, or something unusual begins
        return found, at

    def is_cut(self, data: bytes, at: int) -> bool:
        """Whether the one that begins there is not whole yet, and so far as usual."""
        body = at + self.head.size
        if len(data) < body:
            return True
        *_, size, _, _, _, framed = self.head.unpack_from(data, at)
        return bool(0 < size == framed and len(data) <= body + size)


def alike_at(data: bytes, at: int) -> Alike | None:
    """What the delivery is like that begins there; None where anything is unusual, missing or wrong."""
    if data[at + _SIZED_FROM : at + _METHOD.size] != _DELIVER:
        return None
    try:
        tag, bits, key, header, size, flags, own, body = _places(data, at)
    except IndexError:
        return None
    return _alike((data[at:tag], data[bits:key], data[header:size], data[flags:own], data[body : body + _BODY.size]))


@lru_cache(maxsize=1000)  # what an organisation's entities are like, each of which comes between others
def _alike(same: tuple[bytes, ...]) -> Alike | None:
    method, address, header, properties, body = same
    key, own = address[-1], properties[-1]
    channel = int.from_bytes(method[1:3])
    of_method = len(method) + _NUMBER + len(address) + key - _SIZED_FROM
    of_header = len(header) + _NUMBER + len(properties) + own - 1 - _SIZED_FROM
    usual = (
        _METHOD.pack(spec.FRAME_METHOD, channel, of_method, _DELIVER),
        _HEADER.pack(_END << 8 | spec.FRAME_HEADER, channel, of_header, BasicProperties.INDEX, 0),
        _FLAGS,
        _BODY.pack(_END << 8 | spec.FRAME_BODY, channel),
    )
    if (method[: _METHOD.size], header, properties[: len(_FLAGS)], body) != usual:
        return None
    try:
        consumer_tag = method[_METHOD.size + 1 :].decode()
    except UnicodeDecodeError:
        return None
    a, b, c, d, e = map(len, same)
    head = struct.Struct(f">{a}sQ{b}s{key}s{c}sQ{d}s{own}s{e}sI")
    return Alike(channel, consumer_tag, address[0] & 1 == 1, head, same)


def _places(data: bytes, at: int) -> tuple[int, ...]:
    """Where these begin: delivery tag, bits, routing key, the next frame, the body's size, flags, id, and its end."""
    consumer = at + _METHOD.size + 1
    tag = consumer + data[consumer - 1]
    bits = tag + _NUMBER
    key = bits + 3 + data[bits + 1]  # with the lengths of the exchange and of the key
    header = key + data[key - 1]
    size = header + _HEADER.size
    flags = size + _NUMBER
    own = flags + 5 + data[flags + 2]  # with the lengths of the content type and of the id, and the delivery mode
    return tag, bits, key, header, size, flags, own, own + data[own - 1]
