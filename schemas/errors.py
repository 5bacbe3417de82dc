"""What can be wrong with a message.

MessageError
└── Undecodable    not a message of this contract: parked with `reason`, never retried
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pydantic_core import PydanticCustomError

_JSON_NAMES = {
    "str": "a string",
    "int": "a number",
    "float": "a number",
    "bool": "true or false",
    "NoneType": "null",
    "list": "an array",
    "dict": "an object",
}

REASONS = ("undecodable", "invalid", "totals", "unknown_kind", "unknown_version", "too_large")


class MessageError(Exception):
    """A message does not hold what the contract asks."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Whose message it is, as its envelope says. `entity` is empty for a kind that the contract does not know."""

    event_id: str
    source: str
    organisation: str | None
    entity: str
    entity_id: str
    version: datetime | None
    correlation_id: str = ""


class Undecodable(MessageError):
    """`reason` is one of `REASONS`, for lists and metrics; `detail` names the field and what came.

    `detail` holds numbers, lengths and types, and of the message's text no more than an unknown `type` or `dataschema`:
    it ends in logs. `sender` is there when the
    envelope of an event could be read.
    """

    def __init__(self, reason: str, detail: str, sender: Sender | None = None) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
        self.sender = sender


def wrong(field: str, text: str, *, reason: str = "invalid") -> PydanticCustomError:
    """What a model's validator raises about one of its fields, `field` being a path below the model."""
    return PydanticCustomError(reason, "{field} {text}", {"field": field, "text": text})


def json_name(value: object) -> str:
    """What a value is called in JSON."""
    return _JSON_NAMES.get(type(value).__name__, type(value).__name__)
