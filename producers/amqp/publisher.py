"""Publishing: pipelined, mandatory, confirmed, and bounded in what is under way."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine, Sequence
from typing import Any, NamedTuple

import pika
from pika import exceptions

from producers.amqp.advice import cure
from producers.amqp.connection import Connection
from producers.amqp.errors import (
    ACCESS_REFUSED,
    AmqpError,
    ChannelClosed,
    ConfirmTimeout,
    ConnectionLost,
    Forbidden,
    Nacked,
    Unroutable,
    describe,
)
from producers.amqp.frames import Writer, writer
from producers.amqp.link import Link
from producers.amqp.settings import BrokerSettings
from schemas.topology import Exchange, Queue

_REFUSED = "the broker refused {key}: its queue may be full, until workers take some or its max-length is raised"


class _Address(NamedTuple):
    """What the broker names when it returns a message; returns carry no delivery tag."""

    exchange: str
    routing_key: str
    message_id: str


class _Pending(NamedTuple):
    future: asyncio.Future[None]
    address: _Address
    sent_at: float


class Publisher(Link):
    """One connection with one channel in confirm mode, kept alive by `run`. `publish` may be called by many tasks.

    At an exchange that the user may not write to, the broker closes that channel, with all that is on its way: so the
    exchange is remembered, and nothing goes there until another try, every 2 s, shows that the user may.
    """

    def __init__(
        self, settings: BrokerSettings, *, queues: Sequence[Queue], exchanges: Sequence[Exchange] = ()
    ) -> None:
        super().__init__(settings, queues=queues, exchanges=exchanges)
        self._window = asyncio.Semaphore(settings.window)
        self._open = asyncio.Event()  # connected and not blocked, or stopped: no reason to wait
        self._channel: Any = None
        self._writers: dict[tuple[str, str, str], Writer] = {}
        self._pending: dict[int, _Pending] = {}
        self._last_tag = 0
        self._settled_up_to = 0
        self._returned: Counter[_Address] = Counter()
        self._unblocked_at = 0.0
        self._forbidden: dict[str, str] = {}

    @property
    def refusals(self) -> dict[str, str]:
        """Exchanges that take nothing from this user among them."""
        return self._forbidden | super().refusals

    async def publish(
        self,
        *,
        exchange: str,
        routing_key: str,
        body: bytes,
        message_id: str,
        content_type: str,
    ) -> None:
        """Return once the broker has the message, durably, in at least one queue.

        Waits while the window is full, the link is down or the broker blocks. Raises Unroutable or Nacked (not
        stored), ConfirmTimeout or ConnectionLost (unknown: publish it again, the consumer knows it by its id),
        TopologyMismatch (of the exchange, or of a queue that would get it: not sent until an admin has acted),
        Forbidden (not stored either; while it is the exchange that takes nothing from this user, not sent).
        """
        address = _Address(exchange, routing_key, message_id)
        await self._window.acquire()
        try:
            if self._stopped or self.mismatches or self._forbidden or not self._open.is_set():
                await self._until_open(address)
            future = self._send(address, body, content_type)
        except BaseException:
            self._window.release()
            raise
        await future

    async def stop(self, timeout_s: float = 10) -> None:
        """Accept no more, wait for what is under way as long as `timeout_s`, and disconnect; idempotent."""
        self._stopped = True
        self._open.set()
        if waiting := [pending.future for pending in self._pending.values()]:
            await asyncio.wait(waiting, timeout=timeout_s)
        await self._end()

    @property
    def unconfirmed(self) -> int:
        """How many messages were sent on this connection and have no answer yet."""
        return len(self._pending)

    def drop(self, reason: AmqpError) -> None:
        """Give this connection up; what is published from now on waits for the next."""
        super().drop(reason)
        self._refresh_open(connected=False)

    async def _until_open(self, address: _Address) -> None:
        while True:
            if self._stopped:
                raise ConnectionLost("the publisher was stopped")
            for name, mismatch in self.mismatches.items():
                if name == address.exchange or self._would_get(name, address):
                    raise mismatch
            if address.exchange in self._forbidden:
                raise Forbidden(self._forbidden[address.exchange])
            if self._open.is_set():
                return
            await self._open.wait()

    def _would_get(self, queue: str, address: _Address) -> bool:
        bindings = self._queues[queue].bindings if queue in self._queues else ()
        return any(binding.takes(address.exchange, address.routing_key) for binding in bindings)

    def _send(self, address: _Address, body: bytes, content_type: str) -> asyncio.Future[None]:
        loop = asyncio.get_running_loop()
        if self._connection is None or not self._channel.is_open:
            raise ConnectionLost("the channel was closed")
        self._connection.write(self._writer(address, content_type)(address.message_id, body))
        self._last_tag += 1
        future = loop.create_future()
        self._pending[self._last_tag] = _Pending(future, address, loop.time())
        return future

    def _writer(self, address: _Address, content_type: str) -> Writer:
        key = (address.exchange, address.routing_key, content_type)
        if key not in self._writers:
            assert self._connection is not None
            self._writers[key] = writer(
                channel=self._channel.channel_number,
                exchange=address.exchange,
                routing_key=address.routing_key,
                content_type=content_type,
                body_max=self._connection.body_max,
            )
        return self._writers[key]

    async def _set_up(self, connection: Connection) -> None:
        channel = await connection.channel()
        self._last_tag = self._settled_up_to = 0
        self._returned.clear()
        self._writers.clear()
        channel.raw.add_on_return_callback(self._on_return)
        channel.raw.add_on_close_callback(lambda _raw, reason: self._closed(reason))
        await channel.ask(self._enter_confirm_mode(channel.raw))
        self._channel = channel.raw
        self._refresh_open(connected=True)

    def _enter_confirm_mode(self, raw: Any) -> Any:
        def confirm_select(callback: Any) -> None:
            raw.confirm_delivery(self._on_confirm, callback=callback)

        return confirm_select

    def _gone(self, reason: AmqpError) -> None:
        self._refresh_open(connected=False)
        lost, self._pending = self._pending, {}
        for pending in lost.values():
            kind = Forbidden if _is_of_key(reason, pending.address) else ConnectionLost
            self._fail(pending, kind(str(reason)))

    def _closed(self, why: BaseException) -> None:
        reason = _reason(why)
        sent_to = {pending.address.exchange for pending in self._pending.values()}
        self._forbidden |= {exchange: str(reason) for exchange in sent_to if _is_of_all(reason, exchange)}
        self.drop(reason)

    async def _mend(self) -> None:
        await super()._mend()
        for exchange in list(self._forbidden):
            if await self._may_publish(exchange):
                del self._forbidden[exchange]

    async def _may_publish(self, exchange: str) -> bool:
        """Tried with a message that none of our queues takes, on a channel that a refusal may close."""
        async with self._control_lock:
            channel = await self._control_channel()
            channel.raw.basic_publish(exchange, "", b"")
            try:
                await channel.ask(channel.raw.exchange_declare, exchange, passive=True)
            except ChannelClosed as error:
                return not _names(exchange, error)
        return True

    def _background(self) -> list[Coroutine[Any, Any, None]]:
        return [*super()._background(), self._watch_confirms()]

    def _blocked_changed(self) -> None:
        self._unblocked_at = asyncio.get_running_loop().time()
        self._refresh_open(connected=self.connected.is_set())

    def _refresh_open(self, *, connected: bool) -> None:
        if self._stopped or (connected and not self.blocked):
            self._open.set()
        else:
            self._open.clear()

    def _on_return(self, _channel: Any, method: Any, properties: Any, _body: bytes) -> None:
        """The broker tells this before it confirms the same message; an unroutable one is confirmed too."""
        self._returned[_Address(method.exchange, method.routing_key, properties.message_id)] += 1

    def _on_confirm(self, frame: Any) -> None:
        method = frame.method
        accepted = method.INDEX == pika.spec.Basic.Ack.INDEX
        if not method.multiple:
            self._settle(method.delivery_tag, accepted=accepted)
            return
        for tag in range(self._settled_up_to + 1, method.delivery_tag + 1):
            self._settle(tag, accepted=accepted)
        self._settled_up_to = max(self._settled_up_to, method.delivery_tag)

    def _settle(self, tag: int, *, accepted: bool) -> None:
        pending = self._pending.pop(tag, None)
        if pending is None:
            return
        if self._returned and self._returned[pending.address]:
            self._returned.subtract([pending.address])
            self._returned = +self._returned
            self._fail(
                pending, Unroutable(f"no queue of {pending.address.exchange} takes {pending.address.routing_key}")
            )
        elif not accepted:
            self._fail(pending, Nacked(_REFUSED.format(key=pending.address.routing_key)))
        else:
            self._window.release()
            if not pending.future.done():
                pending.future.set_result(None)

    def _fail(self, pending: _Pending, error: AmqpError) -> None:
        self._window.release()
        if not pending.future.done():
            pending.future.set_exception(error)

    async def _watch_confirms(self) -> None:
        """A confirm that does not come is the sign of a queue that never will: drop the connection."""
        limit = self._settings.confirm_timeout_s
        while True:
            await asyncio.sleep(min(1.0, limit / 4))
            if self.blocked:
                continue
            now = asyncio.get_running_loop().time()
            late = [tag for tag, sent in self._pending.items() if now - max(sent.sent_at, self._unblocked_at) > limit]
            for tag in late:
                self._fail(self._pending.pop(tag), ConfirmTimeout(f"the broker did not confirm within {limit:g} s"))
            if late:
                self.drop(ConnectionLost(f"{len(late)} messages were not confirmed within {limit:g} s"))


def _reason(why: BaseException) -> AmqpError:
    said = describe(why)
    if isinstance(why, exceptions.ChannelClosedByBroker) and why.reply_code == ACCESS_REFUSED:
        return Forbidden(f"{said}: {cure(said)}")
    return ConnectionLost(said)


def _is_of_key(reason: AmqpError, address: _Address) -> bool:
    """Whether the broker refuses what goes there; by topic permissions it may be one routing key of an exchange."""
    key = f"access to topic '{address.routing_key}' in exchange '{address.exchange}'"
    return _is_of_all(reason, address.exchange) or (isinstance(reason, Forbidden) and key in str(reason))


def _is_of_all(reason: AmqpError, exchange: str) -> bool:
    """Whether it refuses all that goes to this exchange."""
    return isinstance(reason, Forbidden) and _names(exchange, reason)


def _names(exchange: str, refusal: AmqpError) -> bool:
    """Whether it is the exchange that is refused, and not a routing key, as topic permissions refuse that of a try."""
    return f"access to exchange '{exchange}'" in str(refusal)
