"""What can be wrong with a message.

MessageError
└── Undecodable    not a message of this contract: parked with `reason`, never retried
"""

from __future__ import annotations


class MessageError(Exception):
    """A message does not hold what the contract asks."""


class Undecodable(MessageError):
    """`reason` is a stable word for lists and metrics, `detail` names the field and what came."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
