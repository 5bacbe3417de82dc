"""The AsyncAPI 3.0 document: which exchange, routing key and queue every message passes, and who sends it.

https://www.asyncapi.com/docs/reference/specification/v3.0.0 and the AMQP bindings, version 0.3.0.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from schemas.entities import Entity
from schemas.envelope import CONTENT_TYPE, SCHEMA_VERSION, Lane
from schemas.topology import (
    COMMANDS,
    EVENTS,
    Exchange,
    Queue,
    events_exchange,
    organisation_queues,
    store_queues,
)

_BINDING_VERSION = "0.3.0"
_NAME_RULE = "`[a-z0-9_]{1,32}`"
_PARAMETERS: dict[str, Any] = {
    "organisation": {"description": f"The organisation of the event, as in its attribute; {_NAME_RULE}."},
    "store": {"description": f"The store that is asked; {_NAME_RULE}."},
    "lane": {"description": "How long the event may wait.", "enum": [str(lane) for lane in Lane]},
    "entity": {"description": "The entity of the message's type.", "enum": [str(entity) for entity in Entity]},
    "command": {"description": "The command of the message's type.", "enum": ["resync-all", "resync", "sync-now"]},
}
_DESCRIPTION = """\
What stores publish for Xero, and what admins ask for. Every message is one CloudEvents 1.0 JSON document in \
structured mode. Publish persistent, mandatory and with publisher confirms; set `message_id` to the event's `id`. \
One document covers all roles; the tag of an operation says whose it is."""


def asyncapi(schemas: dict[str, Any], events: Iterable[str], commands: Iterable[str]) -> dict[str, Any]:
    """The document. `schemas` holds one schema under the name of every message, and what it refers to."""
    event_names, command_names = list(events), list(commands)
    to_store = [name for name in command_names if name != "xerelay.release"]
    exchanges = {
        "events": _exchange(Exchange(EVENTS), "{organisation}.{lane}.{entity}", event_names),
        "organisationEvents": _exchange(
            Exchange(events_exchange("{organisation}"), "direct"), "{organisation}.{lane}.{entity}", event_names
        ),
        "storeCommands": _exchange(Exchange(COMMANDS), "{store}.{command}", to_store),
        "release": _exchange(Exchange(COMMANDS), "{organisation}.release", ["xerelay.release"]),
    }
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "xerelay", "version": f"{SCHEMA_VERSION}.0.0", "description": _DESCRIPTION},
        "defaultContentType": CONTENT_TYPE,
        "servers": {"local": {"host": "localhost:5672", "protocol": "amqp", "protocolVersion": "0.9.1"}},
        "channels": exchanges | _queues(event_names, to_store),
        "operations": _operations(),
        "components": {
            "schemas": schemas,
            "messages": {name: _message(name) for name in event_names + command_names},
        },
    }


def _message(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "contentType": CONTENT_TYPE,
        "payload": {"$ref": f"#/components/schemas/{name}"},
        "bindings": {"amqp": {"messageType": name, "bindingVersion": _BINDING_VERSION}},
    }


def _exchange(exchange: Exchange, address: str, messages: list[str]) -> dict[str, Any]:
    named = {"name": exchange.name, "type": exchange.kind, "durable": True, "autoDelete": False, "vhost": "/"}
    binding = {"is": "routingKey", "exchange": named, "bindingVersion": _BINDING_VERSION}
    return _channel(address, f"Routing keys of the {exchange.kind} exchange `{exchange.name}`.", messages, binding)


def _queues(events: list[str], to_store: list[str]) -> dict[str, Any]:
    messages = {"release": ["xerelay.release"], "store": to_store}
    channels = {}
    for queue in organisation_queues("{organisation}"):
        role = queue.name.rsplit(".", 1)[1]
        key = "releaseQueue" if role == "commands" else f"{role}Queue"
        channels[key] = _queue(queue, messages["release"] if role == "commands" else events)
    for queue in store_queues("{store}"):
        channels["storeCommandsQueue"] = _queue(queue, messages["store"])
    return channels


def _queue(queue: Queue, messages: list[str]) -> dict[str, Any]:
    properties = {"name": queue.name, "durable": True, "exclusive": False, "autoDelete": False, "vhost": "/"}
    binding = {"is": "queue", "queue": properties, "bindingVersion": _BINDING_VERSION}
    channel = _channel(queue.name, f"A quorum queue, bound to {_bound(queue)}.", messages, binding)
    return channel | {"x-queue-arguments": queue.arguments}


def _bound(queue: Queue) -> str:
    patterns: dict[str, list[str]] = {}
    for binding in queue.bindings:
        patterns.setdefault(binding.exchange, []).append(f"`{binding.pattern}`")
    return "; ".join(f"{', '.join(of)} of `{exchange}`" for exchange, of in patterns.items())


def _channel(address: str, description: str, messages: list[str], binding: dict[str, Any]) -> dict[str, Any]:
    names = [name for name in _PARAMETERS if f"{{{name}}}" in address]
    return {
        "address": address,
        "description": description,
        "parameters": {name: _PARAMETERS[name] for name in names},
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
        "bindings": {"amqp": binding},
    }


def _operations() -> dict[str, Any]:
    persistent = {"deliveryMode": 2, "mandatory": True, "bindingVersion": _BINDING_VERSION}
    acknowledged = {"ack": True, "bindingVersion": _BINDING_VERSION}
    sends = {
        "publishEvent": ("events", "store", "Say that an entity has changed or is gone."),
        "publishToOrganisation": (
            *("organisationEvents", "store"),
            "The same, by an exchange of the organisation's own, which takes less of the broker's time.",
        ),
        "askStore": ("storeCommands", "admin", "Ask a store to publish again."),
        "releaseBatch": ("release", "admin", "Open the batch window of an organisation now."),
    }
    receives = {
        "takeImmediate": ("immediateQueue", "worker", "Always."),
        "takeBatch": ("batchQueue", "worker", "When the batch window opens, or on release."),
        "takeBackfill": ("backfillQueue", "worker", "When the other lanes are empty and calls are left over."),
        "parkDead": ("deadQueue", "worker", "Park what was redelivered too often."),
        "obeyRelease": ("releaseQueue", "worker", "Open the batch window."),
        "obeyStoreCommands": ("storeCommandsQueue", "store", "Publish what was asked for."),
    }
    operations = {name: _operation("send", *what, persistent) for name, what in sends.items()}
    return operations | {name: _operation("receive", *what, acknowledged) for name, what in receives.items()}


def _operation(action: str, channel: str, role: str, summary: str, binding: dict[str, Any]) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "summary": summary,
        "tags": [{"name": role}],
        "bindings": {"amqp": binding},
    }
