"""One AMQP channel whose requests can be awaited, each with a deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Self

from pika import exceptions

from producers.amqp.errors import AmqpError, ChannelClosed, ConnectionLost, describe
from producers.amqp.frames import acks
from producers.amqp.outstanding import Outstanding

# a quorum queue without a leader never answers, and nothing else would tell
REPLY_TIMEOUT_S = 30.0


class Channel:
    """`raw` is pika's channel; `on_silence` is told when the broker leaves a request unanswered."""

    def __init__(self, connection: Any, on_silence: Callable[[AmqpError], None]) -> None:
        loop = asyncio.get_running_loop()
        self._connection = connection
        self._on_silence = on_silence
        self._opened: asyncio.Future[object] = loop.create_future()
        self.closed: asyncio.Future[BaseException] = loop.create_future()
        self.outstanding = Outstanding()
        try:
            self.raw = connection.channel(on_open_callback=lambda raw: resolve(self._opened, raw))
        except exceptions.AMQPError as error:
            raise ConnectionLost(describe(error)) from None
        self.raw.add_on_close_callback(lambda _raw, reason: resolve(self.closed, reason))

    @classmethod
    async def open(cls, connection: Any, on_silence: Callable[[AmqpError], None]) -> Self:
        """A channel that is open. Raises ConnectionLost."""
        channel = cls(connection, on_silence)
        await channel._answer(channel._opened, "channel.open")
        return channel

    @property
    def is_open(self) -> bool:
        """Whether requests can be sent: of a connection that is lost pika closes one channel after the other."""
        return bool(self.raw.is_open and self._connection.is_open)

    def ack(self, tags: Sequence[int]) -> None:
        """Acknowledge these deliveries; the channel has to be open. Those before which all are settled go together."""
        self._connection.write(acks(self.raw.channel_number, tags, up_to=self.outstanding.settle(tags)))

    def reject(self, tag: int) -> None:
        """Return this delivery to its queue; the channel has to be open."""
        self.outstanding.settle([tag])
        self.raw.basic_reject(tag, requeue=True)  # since RabbitMQ 4.3 a basic.nack is not counted

    async def ask(self, method: Callable[..., object], *args: object, **kwargs: object) -> Any:
        """Call `method`, one of pika's that take a `callback`, and return what the broker answers.

        Raises ChannelClosed when the broker closes the channel instead, ConnectionLost when the connection
        goes or the broker is silent for 30 s.
        """
        answer: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        try:
            method(*args, callback=lambda frame: resolve(answer, frame), **kwargs)
        except exceptions.AMQPError as error:
            raise self._reason() if self.closed.done() else ConnectionLost(describe(error)) from None
        return await self._answer(answer, getattr(method, "__name__", "request"))

    async def _answer(self, answer: asyncio.Future[object], what: str) -> Any:
        waiting: set[asyncio.Future[Any]] = {answer, self.closed}
        await asyncio.wait(waiting, timeout=REPLY_TIMEOUT_S, return_when=asyncio.FIRST_COMPLETED)
        if answer.done():
            return answer.result()
        if self.closed.done():
            raise self._reason()
        silence = ConnectionLost(f"the broker did not answer {what} within {REPLY_TIMEOUT_S:.0f} s")
        self._on_silence(silence)
        raise silence

    def _reason(self) -> AmqpError:
        reason = self.closed.result()
        if isinstance(reason, exceptions.ChannelClosedByBroker):
            return ChannelClosed(reason.reply_code, reason.reply_text)
        return ConnectionLost(describe(reason))


def resolve(future: asyncio.Future[Any], result: object) -> None:
    """Set the result unless there is one, or nobody waits any more."""
    if not future.done():
        future.set_result(result)
