"""What the broker gave up, and why: one reason each, with what to do. Pure."""

from __future__ import annotations

from typing import NamedTuple


class Death(NamedTuple):
    """Why a person has to look."""

    reason: str
    detail: str
    hint: str


_TOO_OFTEN = Death(
    "redelivery_limit",
    "the broker gave up on this message: it was redelivered beyond the limit",
    "look for worker crashes at its first deliveries; then retry",
)
_DEATHS = {
    "expired": Death(
        "message_expired",
        "the broker gave up on this message: it waited for longer than it may live",
        "remove message-ttl from the queue's policy, or expiration from the publisher's messages; then retry",
    ),
    "maxlen": Death(
        "queue_full",
        "the broker gave up on this message: its queue was longer than it may be",
        "remove max-length and max-length-bytes from the queue's policy; then retry",
    ),
    "rejected": Death(
        "message_rejected",
        "the broker gave up on this message: a consumer refused it for good, which no worker does",
        "see who else consumes the queue, or took from it by hand; then retry",
    ),
}


def death(died_of: str) -> Death:
    """By the broker's word for it. What has none was redelivered too often, as most are."""
    return _DEATHS.get(died_of, _TOO_OFTEN)
