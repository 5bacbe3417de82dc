"""A connection of pika's with no socket: the bytes of a broker go in, what it would send comes out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

import pika
from msgspec.structs import astuple
from pika import BasicProperties, frame, spec

from producers.amqp.outstanding import Outstanding
from producers.amqp.taker import Delivery, Taker

CHANNELS = 1, 2, 3
USUAL: dict[str, Any] = {"content_type": "application/json", "delivery_mode": 2}


class _Watched(Taker):
    """Notes what pika has made of a delivery."""

    def __init__(self, *args: Any, by_pika: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._by_pika = by_pika

    def __call__(self, channel: Any, method: Any, properties: Any, body: bytes) -> None:
        self._by_pika.append(properties.message_id)
        super().__call__(channel, method, properties, body)


class Wire:
    """An open connection with three channels, each of which consumes `q1` to `q3` as `c1` to `c3`."""

    def __init__(self, kind: Callable[..., Any], *, react: Callable[[Any, Delivery], None] | None = None) -> None:
        self.sent = bytearray()
        self.taken: list[Delivery] = []
        self.handed_over: list[list[str]] = []
        self.by_pika: list[str] = []
        self.error = ""
        self._react = react
        parameters = pika.ConnectionParameters(heartbeat=0)
        self.raw = kind(parameters, custom_ioloop=asyncio.get_running_loop(), internal_connection_workflow=False)
        self.raw._proto_connection_made(self)
        start = spec.Connection.Start(0, 9, {}, "PLAIN", "en_US")
        for method in (start, spec.Connection.Tune(2047, 131_072, 0), spec.Connection.OpenOk()):
            self.feed(frame.Method(0, method).marshal())
        self.channels = {number: self._consuming(number) for number in CHANNELS}

    def write(self, data: bytes) -> None:
        """What pika asks of its transport."""
        self.sent += data

    def feed(self, data: bytes) -> None:
        """Some bytes of the broker; after an error pika reads no more. Then comes what is done for what was taken."""
        if self.error:
            return
        before = len(self.taken)
        try:
            self.raw._proto_data_received(data)
        except Exception as error:  # noqa: BLE001 - whatever it is, both have to fail of it
            self.error = repr(error)
        if self._react is not None:
            for delivery in self.taken[before:]:
                self._react(self.channels[delivery.epoch], delivery)

    @property
    def left(self) -> bytes:
        """What came and was not read yet."""
        return bytes(self.raw._frame_buffer)

    def outcome(self) -> tuple[object, ...]:
        """What came of all bytes so far."""
        return ([astuple(delivery) for delivery in self.taken], self.error, self.raw.bytes_received + len(self.left))

    def state(self) -> tuple[object, ...]:
        """All else by which two connections could differ that have read as far, but for what they send."""
        of_channels = [
            (channel._state, channel._content_assembler._seen_so_far, sorted(channel._consumers))
            for channel in self.channels.values()
        ]
        return (self.raw.frames_received, of_channels)

    def _consuming(self, number: int) -> Any:
        channel = self.raw.channel(number, on_open_callback=lambda _: None)
        self.feed(frame.Method(number, spec.Channel.OpenOk()).marshal())
        channel.basic_consume(f"q{number}", self._taker(number), consumer_tag=f"c{number}")
        self.feed(frame.Method(number, spec.Basic.ConsumeOk(f"c{number}")).marshal())
        return channel

    def _taker(self, number: int) -> Taker:
        told: dict[str, Any] = {"on_deliveries": self._take, "on_failure": self.taken.append, "by_pika": self.by_pika}
        return _Watched(f"q{number}", number, Outstanding(), **told)

    def _take(self, *deliveries: Delivery) -> None:
        self.taken += deliveries
        self.handed_over.append([delivery.message_id for delivery in deliveries])


def delivery(
    channel: int, tag: int, body: bytes, *, consumer: str = "", size: int = 0, **properties: Any
) -> list[bytes]:
    """The frames of a delivery, its body in pieces of `size`."""
    named: dict[str, Any] = {
        "redelivered": tag % 2 == 0,
        "exchange": "xerelay.events",
        "routing_key": "main.batch.invoice" if tag % 3 else "main.batch.order",
    }
    method = spec.Basic.Deliver(consumer or f"c{channel}", tag, **named)
    return _content(channel, method, body, size, properties)


def returned(channel: int, body: bytes, **properties: Any) -> list[bytes]:
    """The frames of a message that no queue took."""
    return _content(channel, spec.Basic.Return(312, "NO_ROUTE", "x", "y"), body, 0, properties)


def _content(channel: int, method: Any, body: bytes, size: int, properties: dict[str, Any]) -> list[bytes]:
    step = size or max(len(body), 1)
    pieces: Iterable[bytes] = (body[at : at + step] for at in range(0, len(body), step))
    header = frame.Header(channel, len(body), BasicProperties(**properties))
    frames = [frame.Method(channel, method), header, *(frame.Body(channel, piece) for piece in pieces)]
    return [one.marshal() for one in frames]
