"""Names and arguments of every exchange and queue, as data. Declared by `producers.amqp`.

Why the arguments: quorum queues redeliver almost nothing after a broker crash; the delivery limit is always
given, because its default differs between RabbitMQ 3.10 (none) and 4.x (20); dead letters move at least once,
which needs `reject-publish` beside it, else the broker silently falls back to at most once
(https://www.rabbitmq.com/docs/quorum-queues#dead-lettering).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from schemas.entities import Entity
from schemas.envelope import Lane

EVENTS = "xerelay.events"
COMMANDS = "xerelay.commands"
DEAD = "xerelay.dead"
DELIVERY_LIMIT = 50


@dataclass(frozen=True, slots=True)
class Exchange:
    """A durable topic exchange."""

    name: str


@dataclass(frozen=True, slots=True)
class Binding:
    """Messages of `exchange` whose routing key matches `pattern`."""

    exchange: str
    pattern: str

    def takes(self, exchange: str, routing_key: str) -> bool:
        """Whether a message comes this way."""
        return exchange == self.exchange and _matches(self.pattern.split("."), routing_key.split("."))


@dataclass(frozen=True, slots=True)
class Queue:
    """A durable quorum queue."""

    name: str
    bindings: tuple[Binding, ...]
    arguments: dict[str, Any] = field(default_factory=dict)


EXCHANGES = (Exchange(EVENTS), Exchange(COMMANDS), Exchange(DEAD))


@lru_cache(1024)
def event_key(org: str, lane: Lane, entity: Entity) -> str:
    """The routing key of an event."""
    return f"{org}.{lane}.{entity}"


def command_key(target: str, name: str) -> str:
    """The routing key of a command; `target` is a store, or for `release` an organisation."""
    return f"{target}.{name}"


def lane_queue(org: str, lane: Lane) -> str:
    """The name of a work queue."""
    return f"xerelay.{org}.{lane}"


def dead_queue(org: str) -> str:
    """Where messages go that the broker gives up, as those that were redelivered beyond the limit."""
    return f"xerelay.{org}.dead"


def organisation_commands(org: str) -> str:
    """Where an organisation's commands wait (`release`)."""
    return f"xerelay.{org}.commands"


def store_commands(store: str) -> str:
    """Where a store's commands wait (`resync-all`, `resync`, `sync-now`)."""
    return f"xerelay.{store}.commands"


def organisation_queues(org: str) -> tuple[Queue, ...]:
    """An organisation's queues in the order of declaration: `dead` first, since the others point to it."""
    dead = Queue(dead_queue(org), (Binding(DEAD, f"{org}.#"),), _QUORUM | {"x-delivery-limit": 1_000_000})
    lanes = tuple(Queue(lane_queue(org, lane), (Binding(EVENTS, f"{org}.{lane}.*"),), _WORK) for lane in Lane)
    commands = Queue(organisation_commands(org), (Binding(COMMANDS, f"{org}.release"),), _QUORUM_LIMITED)
    return (dead, *lanes, commands)


def store_queues(store: str) -> tuple[Queue, ...]:
    """A store's queues."""
    bindings = tuple(Binding(COMMANDS, f"{store}.{name}") for name in ("resync-all", "resync", "sync-now"))
    return (Queue(store_commands(store), bindings, _QUORUM_LIMITED | {"x-single-active-consumer": True}),)


_QUORUM: dict[str, Any] = {"x-queue-type": "quorum"}
_QUORUM_LIMITED = _QUORUM | {"x-delivery-limit": DELIVERY_LIMIT}
_WORK = _QUORUM_LIMITED | {
    "x-dead-letter-exchange": DEAD,
    "x-dead-letter-strategy": "at-least-once",
    "x-overflow": "reject-publish",
}


def _matches(pattern: Sequence[str], words: Sequence[str]) -> bool:
    """As topic exchanges do it: a star is one word, a hash any number."""
    if not pattern:
        return not words
    first, rest = pattern[0], pattern[1:]
    if first == "#":
        return any(_matches(rest, words[skipped:]) for skipped in range(len(words) + 1))
    return bool(words) and first in ("*", words[0]) and _matches(rest, words[1:])
