"""What can be wrong with a message.

MessageError
└── Undecodable    not a message of this contract: parked with `reason`, never retried
"""

from __future__ import annotations

from pydantic_core import PydanticCustomError

REASONS = ("undecodable", "invalid", "totals", "unknown_kind", "unknown_version", "too_large")


class MessageError(Exception):
    """A message does not hold what the contract asks."""


class Undecodable(MessageError):
    """`reason` is one of `REASONS`, for lists and metrics; `detail` names the field and what came.

    `detail` holds numbers, lengths and types, never text of the message: it ends in logs.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


def wrong(field: str, text: str, *, reason: str = "invalid") -> PydanticCustomError:
    """What a model's validator raises about one of its fields, `field` being a path below the model."""
    return PydanticCustomError(reason, "{field} {text}", {"field": field, "text": text})
