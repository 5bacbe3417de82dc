"""A delivery, and what makes one of what the broker sends to a queue's consumer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple


class Delivery(NamedTuple):
    """A message held unacknowledged; `tag` is good only on the channel named by `epoch`.

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


class Taker:
    """One queue's consumer on one channel: hands over what comes, and tells `on_failure` of what is not taken.

    pika calls it as a function; the short way of `RawConnection` calls `take`.
    """

    def __init__(
        self,
        queue: str,
        epoch: int,
        *,
        on_delivery: Callable[[Delivery], None],
        on_failure: Callable[[Delivery], None],
    ) -> None:
        self._queue = queue
        self._epoch = epoch
        self._on_delivery = on_delivery
        self._on_failure = on_failure

    def __call__(self, _channel: Any, method: Any, properties: Any, body: bytes) -> None:
        """Take what pika has made of it."""
        headers = properties.headers or {}
        count = headers.get("x-delivery-count", 0)
        self.take(
            body,
            method.routing_key,
            properties.message_id or "",
            method.redelivered,
            int(count) if isinstance(count, int) else 0,
            method.delivery_tag,
            _died_of(headers),
        )

    def take(
        self,
        body: bytes,
        routing_key: str,
        message_id: str,
        redelivered: bool,
        delivery_count: int,
        tag: int,
        died_of: str = "",
    ) -> None:
        """Hand it over; whatever happens there, reading goes on."""
        told = (self._queue, body, routing_key, message_id, redelivered, delivery_count, tag, self._epoch, died_of)
        delivery = Delivery(*told)
        try:
            self._on_delivery(delivery)
        except Exception:  # noqa: BLE001 - an exception would end pika's reading half-way through a frame
            self._on_failure(delivery)


def _died_of(headers: Mapping[str, Any]) -> str:
    """The reason of its last death, which is the first: https://www.rabbitmq.com/docs/dlx#effects.

    A publisher may have sent whatever it likes under that name.
    """
    deaths = headers.get("x-death")
    last = deaths[0] if isinstance(deaths, list) and deaths else None
    reason = last.get("reason") if isinstance(last, dict) else None
    return reason if isinstance(reason, str) else ""
