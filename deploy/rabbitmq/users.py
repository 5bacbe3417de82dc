"""What each role may do at the broker, as RabbitMQ's permissions: regular expressions over the names of its resources.

`configure` declares and deletes, `write` publishes to an exchange and binds a queue, `read` consumes and binds to an
exchange; publishing straight into a queue would need `write` on `amq.default`, which nobody has. Topic permissions
narrow an exchange down to routing keys (https://www.rabbitmq.com/docs/access-control).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from schemas.entities import Entity
from schemas.envelope import Lane
from schemas.topology import (
    COMMANDS,
    DEAD,
    EVENTS,
    events_exchange,
    organisation_queues,
    store_commands,
)

NOTHING = "^$"


class Role(StrEnum):
    """Who connects to the broker; its user is `xerelay_ROLE`."""

    WORKER = "worker"
    AGENT = "agent"
    STORE = "store"
    ADMIN = "admin"

    @property
    def user(self) -> str:
        """The user's name."""
        return f"xerelay_{self}"


@dataclass(frozen=True, slots=True)
class Topic:
    """The routing keys of one exchange that a user may publish with, and bind its queues by."""

    exchange: str
    write: str = NOTHING
    read: str = NOTHING


@dataclass(frozen=True, slots=True)
class Permissions:
    """Of one user, in one virtual host."""

    configure: str = NOTHING
    write: str = NOTHING
    read: str = NOTHING
    topics: tuple[Topic, ...] = ()


def permissions(role: Role, organisations: Sequence[str], stores: Sequence[str]) -> Permissions:
    """The least that `role` can work with, where these organisations and stores are configured."""
    events = Topic(EVENTS, write=rf"^{_any(organisations)}\.{_any(Lane)}\.{_any(Entity)}$")
    commands = Topic(COMMANDS, read=rf"^{_any(stores)}\..+$")
    match role:
        case Role.WORKER:
            return _worker(organisations)
        case Role.AGENT:
            own = [store_commands(store) for store in stores]
            ways = [*map(events_exchange, organisations), *own]
            return Permissions(_only(own), _only(ways), _only([COMMANDS, *own]), (commands,))
        case Role.STORE:
            return Permissions(write=_only([EVENTS]), topics=(events,))
        case Role.ADMIN:
            return _admin(organisations, stores)


def _admin(organisations: Sequence[str], stores: Sequence[str]) -> Permissions:
    """Commands, and asks how much waits.

    Since RabbitMQ 4.2.6 that needs some right on the queue; `write` binds nothing without `read` on an exchange.
    """
    keys = rf"^{_any(stores)}\.(resync-all|resync|sync-now)$|^{_any(organisations)}\.release$"
    queues = [*_queues(organisations), *map(store_commands, stores)]
    return Permissions(write=_only([COMMANDS, *queues]), topics=(Topic(COMMANDS, write=keys),))


def _worker(organisations: Sequence[str]) -> Permissions:
    """Declares the exchanges and its organisations' queues, consumes those, and publishes nothing.

    A queue with dead letters is declared by who may write to their exchange.
    """
    queues = _queues(organisations)
    shared = [EVENTS, COMMANDS, DEAD]
    exchanges = [*shared, *map(events_exchange, organisations)]
    bound = rf"^{_any(organisations)}\..+$"
    return Permissions(
        configure=_only(exchanges + queues),
        write=_only([DEAD, *queues]),
        read=_only(exchanges + queues),
        topics=tuple(Topic(exchange, read=bound) for exchange in shared),
    )


def _queues(organisations: Iterable[str]) -> list[str]:
    return [queue.name for org in organisations for queue in organisation_queues(org)]


def _only(names: Iterable[str]) -> str:
    return f"^{_any(names)}$"


def _any(names: Iterable[str]) -> str:
    return f"({'|'.join(re.escape(name) for name in sorted(names))})"
