"""What somebody takes away while a link is up, an exchange or a binding: looked for in turn, and made again.

Nobody is told of either. Whether a binding is there nobody can ask, so that a queue is bound anew: that changes nothing
where it is bound.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Sequence

from producers.amqp.declare import bind_queue
from producers.amqp.errors import ACCESS_REFUSED, NOT_FOUND, ChannelClosed, TopologyMismatch
from producers.amqp.link import Link
from producers.amqp.settings import BrokerSettings
from schemas.topology import Exchange, Queue

_ALL_BOUND_S = 60.0
"""Each queue once in it; more than thirty take longer, one every 2 s: each binding costs the broker a transaction."""

_log = logging.getLogger(__name__)


class UpkeptLink(Link):
    """Mends its topology, too: an exchange and a queue's bindings at a time.

    What the user may not look at, or not declare, is left: each refusal is an error in the broker's log, and the
    bindings of others' queues are theirs.
    """

    def __init__(self, settings: BrokerSettings, *, queues: Sequence[Queue]) -> None:
        super().__init__(settings, queues=queues)
        self._to_look_at = deque(self._exchanges.values())
        self._to_bind = deque(self._queues.values())
        self._bind_at = 0.0

    async def _mend(self) -> None:
        await super()._mend()
        await self._look_at_an_exchange()
        if asyncio.get_running_loop().time() >= self._bind_at:
            await self._bind_a_queue()

    async def _look_at_an_exchange(self) -> None:
        self._to_look_at.rotate(-1)
        if not self._to_look_at or (exchange := self._to_look_at[-1]).name in self.mismatches:
            return
        try:
            async with self._control_lock:
                channel = await self._control_channel()
                await channel.ask(channel.raw.exchange_declare, exchange.name, passive=True)
        except ChannelClosed as error:
            if error.code == ACCESS_REFUSED:
                self._to_look_at.remove(exchange)
            elif error.code == NOT_FOUND:
                await self._declare_again(exchange, error)

    async def _declare_again(self, exchange: Exchange, error: ChannelClosed) -> None:
        """With what is bound to it, as for one that was refused before."""
        self.mismatches[exchange.name] = TopologyMismatch(exchange.name, str(error))
        await self._declare_one(exchange)
        if exchange.name not in self.mismatches:
            _log.warning("%s was not there any more, and is declared again", exchange.name)

    async def _bind_a_queue(self) -> None:
        """One that is not there, or whose exchange is not, is found missing elsewhere."""
        self._to_bind.rotate(-1)
        self._bind_at = asyncio.get_running_loop().time() + _ALL_BOUND_S / max(1, len(self._to_bind))
        if not self._to_bind or (queue := self._to_bind[-1]).name in {*self.mismatches, *self._not_ours}:
            return
        try:
            async with self._control_lock:
                await bind_queue(await self._control_channel(), queue)
        except ChannelClosed as error:
            if error.code == ACCESS_REFUSED:
                self._to_bind.remove(queue)
