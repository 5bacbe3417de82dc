"""What the demo hears on the wire."""

from __future__ import annotations

import json

import pytest

from deploy.demo.wire import Wire


def message(subject: str, version: int, **data: object) -> bytes:
    return json.dumps({"subject": subject, "entityversion": version, "data": data}).encode()


def test_an_event_that_says_what_was_said_last_is_a_repeat() -> None:
    wire = Wire()

    wire.hear("main.batch.invoice", message("17", 1, gross="1.20"))
    wire.hear("main.backfill.invoice", message("17", 2, gross="1.20"))
    wire.hear("main.batch.invoice", message("17", 3, gross="1.30"))
    wire.hear("main.batch.invoice", message("17", 4, gross="1.20"))
    wire.hear("main.batch.order", message("17", 1, gross="1.20"))

    assert (wire.entities, wire.events, wire.repeats) == ({"invoice": 4, "order": 1}, 5, 1)


@pytest.mark.parametrize("body", [b'{"id":"cut off', b"{}", b"[]", b"null", b'"an event"'])
def test_a_spoiled_message_is_counted_too(body: bytes) -> None:
    wire = Wire()

    wire.hear("main.immediate.invoice", body)
    wire.hear("main.immediate.invoice", body)

    assert (wire.events, wire.repeats) == (2, 0)
