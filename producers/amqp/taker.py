"""A delivery, and what makes one of what the broker sends to a queue's consumer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from msgspec import Struct

from producers.amqp.decode import Message
from producers.amqp.outstanding import Outstanding


class Delivery(Struct, frozen=True, eq=False, gc=False):
    """A message held unacknowledged, equal to no other; `tag` is good only on the channel named by `epoch`.

    `delivery_count` is how often it was returned before, by us or by a connection that broke. `died_of` is the broker's
    word for why it gave a dead letter up, such as `delivery_limit` or `expired`.
    """

    queue: str
    body: bytes
    routing_key: str
    message_id: str
    redelivered: bool
    delivery_count: int
    tag: int
    epoch: int
    died_of: str = ""


class Receiving(Protocol):
    """Who gets what comes. It is called on the loop and must not block."""

    def __call__(self, *deliveries: Delivery) -> None:
        """These came from one queue, in this order."""
        ...


class Taker:
    """One queue's consumer on one channel: hands over what comes, and tells `on_failure` of what is not taken.

    pika calls it as a function, for each delivery; the short way of `RawConnection` calls `take`.
    """

    def __init__(
        self,
        queue: str,
        epoch: int,
        outstanding: Outstanding,
        *,
        on_deliveries: Receiving,
        on_failure: Callable[[Delivery], None],
    ) -> None:
        self._queue = queue
        self._epoch = epoch
        self._outstanding = outstanding
        self._on_deliveries = on_deliveries
        self._on_failure = on_failure

    def __call__(self, _channel: Any, method: Any, properties: Any, body: bytes) -> None:
        """Take what pika has made of it."""
        headers = properties.headers or {}
        count = headers.get("x-delivery-count", 0)
        delivery = Delivery(
            self._queue,
            body,
            method.routing_key,
            properties.message_id or "",
            method.redelivered,
            int(count) if isinstance(count, int) else 0,
            method.delivery_tag,
            self._epoch,
            _died_of(headers),
        )
        self._outstanding.came([method.delivery_tag])
        self._hand_over([delivery])

    def take(self, messages: Sequence[Message], redelivered: bool) -> None:
        """Take what came together."""
        self._outstanding.came([tag for *_, tag in messages])
        queue, epoch = self._queue, self._epoch
        self._hand_over(
            [Delivery(queue, body, key, own, redelivered, 0, tag, epoch) for body, key, own, tag in messages]
        )

    def _hand_over(self, deliveries: Sequence[Delivery]) -> None:
        """Whatever happens there, reading goes on."""
        try:
            self._on_deliveries(*deliveries)
        except Exception:  # noqa: BLE001 - an exception would end pika's reading half-way through a frame
            for delivery in deliveries:
                self._on_failure(delivery)


def _died_of(headers: Mapping[str, Any]) -> str:
    """The reason of its last death, which is the first: https://www.rabbitmq.com/docs/dlx#effects.

    A publisher may have sent whatever it likes under that name.
    """
    deaths = headers.get("x-death")
    last = deaths[0] if isinstance(deaths, list) and deaths else None
    reason = last.get("reason") if isinstance(last, dict) else None
    return reason if isinstance(reason, str) else ""
