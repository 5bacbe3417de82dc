"""Names and arguments of every exchange and queue, as data. Declared by `producers.amqp`.

Why the arguments: quorum queues redeliver almost nothing after a broker crash; the delivery limit is always
given, because its default differs between RabbitMQ 3.10 (none) and 4.x (20); dead letters move at least once,
which needs `reject-publish` beside it, else the broker silently falls back to at most once
(https://www.rabbitmq.com/docs/quorum-queues#dead-lettering).

Events have two ways into an organisation's queues, by the same routing keys. Who knows the organisation takes its
direct exchange, where the broker looks a key up in three quarters of the time that matching patterns takes. The topic
exchange is for all organisations, and brings an entity that we do not know to the queue too, so that it is parked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from typing import Any, Literal

from schemas.entities import Entity
from schemas.envelope import Lane

EVENTS = "xerelay.events"
COMMANDS = "xerelay.commands"
DEAD = "xerelay.dead"
DELIVERY_LIMIT = 50


Kind = Literal["direct", "topic"]


@dataclass(frozen=True, slots=True)
class Exchange:
    """A durable exchange."""

    name: str
    kind: Kind = "topic"


@dataclass(frozen=True, slots=True)
class Binding:
    """Messages of `exchange` whose routing key matches `pattern`; a direct exchange knows no stars and hashes."""

    exchange: str
    pattern: str
    kind: Kind = "topic"

    def takes(self, exchange: str, routing_key: str) -> bool:
        """Whether a message comes this way."""
        return exchange == self.exchange and _matches(self.pattern.split("."), routing_key.split("."))


@dataclass(frozen=True, slots=True)
class Queue:
    """A durable quorum queue."""

    name: str
    bindings: tuple[Binding, ...]
    arguments: dict[str, Any] = field(default_factory=dict)


@lru_cache(1024)
def events_exchange(org: str) -> str:
    """Where an organisation's events are published, by exactly the key of each."""
    return f"xerelay.{org}.events"


def exchanges_of(queues: Iterable[Queue]) -> tuple[Exchange, ...]:
    """The exchanges that queues are bound to, each once."""
    bindings = chain.from_iterable(queue.bindings for queue in queues)
    return tuple(dict.fromkeys(Exchange(binding.exchange, binding.kind) for binding in bindings))


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


def event_bindings(org: str, lane: Lane) -> tuple[Binding, ...]:
    """Both ways by which an organisation's events come into a lane."""
    exact = (Binding(events_exchange(org), event_key(org, lane, entity), "direct") for entity in Entity)
    return (Binding(EVENTS, f"{org}.{lane}.*"), *exact)


def organisation_queues(org: str) -> tuple[Queue, ...]:
    """An organisation's queues in the order of declaration: `dead` first, since the others point to it."""
    dead = Queue(dead_queue(org), (Binding(DEAD, f"{org}.#"),), _QUORUM | {"x-delivery-limit": 1_000_000})
    lanes = tuple(Queue(lane_queue(org, lane), event_bindings(org, lane), _WORK) for lane in Lane)
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
