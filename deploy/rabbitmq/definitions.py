"""The broker's definitions: topology, users and permissions as one document that RabbitMQ imports."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from deploy.rabbitmq.users import Permissions, Role, permissions
from schemas.topology import Exchange, Queue, exchanges_of, organisation_queues, store_queues

VHOST = "/"
_SALT_BYTES = 4


def definitions(organisations: Sequence[str], stores: Sequence[str], passwords: Mapping[Role, str]) -> dict[str, Any]:
    """Everything there has to be for these organisations and stores; passwords only as salted hashes.

    Importing it again adds what is new and changes passwords and permissions; it deletes nothing.
    """
    queues = list(chain.from_iterable([*map(organisation_queues, organisations), *map(store_queues, stores)]))
    granted = {role: permissions(role, organisations, stores) for role in passwords}
    return {
        "vhosts": [{"name": VHOST}],
        "users": [_user(role, password) for role, password in passwords.items()],
        "permissions": [_permissions(role, one) for role, one in granted.items()],
        "topic_permissions": [topic for role, one in granted.items() for topic in _topics(role, one)],
        "exchanges": [_exchange(exchange) for exchange in exchanges_of(queues)],
        "queues": [_lasting(queue.name) | {"arguments": dict(queue.arguments)} for queue in queues],
        "bindings": [binding for queue in queues for binding in _bindings(queue)],
    }


def password_hash(password: str, salt: bytes) -> str:
    """As RabbitMQ's `rabbit_password_hashing_sha256` keeps it (https://www.rabbitmq.com/docs/passwords)."""
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()


def _user(role: Role, password: str) -> dict[str, Any]:
    return {
        "name": role.user,
        "password_hash": password_hash(password, secrets.token_bytes(_SALT_BYTES)),
        "hashing_algorithm": "rabbit_password_hashing_sha256",
        "tags": [],
    }


def _permissions(role: Role, granted: Permissions) -> dict[str, Any]:
    regexes = {"configure": granted.configure, "write": granted.write, "read": granted.read}
    return {"user": role.user, "vhost": VHOST} | regexes


def _topics(role: Role, granted: Permissions) -> Iterator[dict[str, Any]]:
    for topic in granted.topics:
        of = {"user": role.user, "vhost": VHOST, "exchange": topic.exchange}
        yield of | {"write": topic.write, "read": topic.read}


def _exchange(exchange: Exchange) -> dict[str, Any]:
    return _lasting(exchange.name) | {"type": exchange.kind, "internal": False}


def _lasting(name: str) -> dict[str, Any]:
    return {"name": name, "vhost": VHOST, "durable": True, "auto_delete": False, "arguments": {}}


def _bindings(queue: Queue) -> Iterator[dict[str, Any]]:
    for binding in queue.bindings:
        yield {
            "source": binding.exchange,
            "vhost": VHOST,
            "destination": queue.name,
            "destination_type": "queue",
            "routing_key": binding.pattern,
            "arguments": {},
        }
