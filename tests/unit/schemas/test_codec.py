from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.codec import MAX_BODY_BYTES, _at_once, _step_by_step, decode_event, encode_event, join
from schemas.commands import decode_command
from schemas.entities import Entity
from schemas.envelope import Change, Envelope, Event, data_schema, event_type
from schemas.errors import REASONS, Undecodable
from tests.support.sample_invoice import INVOICE, invoice_event, paths, replaced
from tests.support.strategies import events

HOSTILE: list[Any] = [
    None, True, 0, -1, 1.5, 10**30, 1e300, "", " ", "\x00", "a\x00b", "a\nb", "\u202eevil", "x" * 1_000_000, "NaN",
    "1e9", "١٢", "0001-01-01T00:00:00+23:59", "9999-12-31", "2026-02-30", [], [[]], {}, {"a": {}}, [None] * 5000,
]  # fmt: skip


@pytest.mark.parametrize("entity", Entity)
def test_an_event_survives_the_wire(entity: Entity) -> None:
    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(events(entity))
    def holds(event: Event) -> None:
        body = encode_event(event)

        again = decode_event(body)

        assert again == event
        assert encode_event(again) == body

    holds()


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(Entity).flatmap(events))
def test_an_event_is_written_as_its_envelope_and_data_would_be(event: Event) -> None:
    kind = event_type(event.entity, event.change)
    envelope = Envelope(
        id=event.id,
        source=event.source,
        type=kind,
        subject=event.subject,
        time=event.time,
        dataschema=data_schema(kind),
        organisation=event.organisation,
        entityversion=event.version,
        correlationid=event.correlation_id,
    )

    assert encode_event(event) == join(envelope, event.data)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400))
def test_random_bytes_are_undecodable(body: bytes) -> None:
    with pytest.raises(Undecodable) as caught:
        decode_event(body)

    assert caught.value.reason in REASONS


@pytest.mark.parametrize("step", range(1, 400, 7))
def test_a_truncated_event_is_undecodable(step: int) -> None:
    body = json.dumps(INVOICE).encode()

    with pytest.raises(Undecodable) as caught:
        decode_event(body[:-step])

    assert caught.value.reason == "undecodable"


def test_every_place_of_an_event_withstands_every_hostile_value() -> None:
    for path in paths(INVOICE):
        for value in HOSTILE:
            _only_undecodable(json.dumps(replaced(INVOICE, path, value)).encode())


@settings(max_examples=150, deadline=None)
@given(st.randoms(use_true_random=False))
def test_flipped_bytes_raise_nothing_but_undecodable(chance: random.Random) -> None:
    body = bytearray(json.dumps(INVOICE).encode())

    for _ in range(chance.randint(1, 8)):
        body[chance.randrange(len(body))] = chance.randrange(256)

    _only_undecodable(bytes(body))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"17",
        b"[" * 100_000,
        b'{"data":' * 50_000,
        b'{"data":' + b"[" * 150 + b"]" * 150 + b"}",
        b'{"id":"\\ud800"}',
        b'{"id":"\xff\xfe"}',
        b'{"time":' + b"9" * 5000 + b"}",
        b'{"time":1e400}',
        b'{"time":NaN}',
    ],
    ids=lambda body: repr(body[:24]),
)
def test_hostile_json_is_undecodable(body: bytes) -> None:
    with pytest.raises(Undecodable):
        decode_event(body)
    with pytest.raises(Undecodable):
        decode_command(body)


def test_a_byte_order_mark_does_no_harm() -> None:
    body = json.dumps(INVOICE).encode()

    assert decode_event(b"\xef\xbb\xbf" + body) == decode_event(body)


def test_an_unknown_field_is_ignored_however_hostile() -> None:
    body = json.dumps(INVOICE | {"newer": "\x00"}).replace(
        '"number"', '"later": {"deep": [1e300, "\\u0000"]}, "number"'
    )

    event = decode_event(body.encode())

    assert event.subject == "17"


def test_the_last_of_a_repeated_key_counts() -> None:
    body = json.dumps(INVOICE).replace('"organisation": "main"', '"organisation": "other", "organisation": "main"')

    assert decode_event(body.encode()).organisation == "main"


def test_times_are_read_in_any_offset_and_written_in_utc() -> None:
    body = json.dumps(INVOICE | {"entityversion": "2026-01-31T10:30:00.1234567+01:00"}).encode()

    event = decode_event(body)

    assert event.version == datetime(2026, 1, 31, 9, 30, 0, 123456, tzinfo=UTC)
    assert b'"entityversion":"2026-01-31T09:30:00.123456Z"' in encode_event(event)


def test_a_body_beyond_the_limit_is_too_large() -> None:
    with pytest.raises(Undecodable) as caught:
        decode_event(b" " * (MAX_BODY_BYTES + 1))

    assert caught.value.reason == "too_large"


def test_an_event_that_could_not_be_read_again_is_not_encoded() -> None:
    line = INVOICE["data"]["lines"][0] | {"name": "\N{GRINNING FACE}" * 255}
    totals = {"net": "20000.00", "tax": "3800.00", "gross": "23800.00"}
    data = INVOICE["data"] | {"lines": [line] * 2000, "totals": totals}
    event = invoice_event(data)

    with pytest.raises(Undecodable) as caught:
        encode_event(event)

    assert caught.value.reason == "too_large"


def test_empty_attributes_are_left_out() -> None:
    body = encode_event(invoice_event(INVOICE["data"]))

    assert b"correlationid" not in body


def test_a_removal_carries_the_id_alone() -> None:
    kind = {"type": "store.invoice.removed", "dataschema": "urn:xerelay:store.invoice.removed:1", "data": {"id": "17"}}

    event = decode_event(json.dumps(INVOICE | kind).encode())

    assert (event.change, event.data.id) == (Change.REMOVED, "17")


def _only_undecodable(body: bytes) -> None:
    error = _refusal(body)
    assert error is None or (error.reason in REASONS and 0 < len(error.detail) < 600)


def _refusal(body: bytes) -> Undecodable | None:
    try:
        decode_event(body)
    except Undecodable as error:
        return error
    return None


def test_reading_at_once_takes_nothing_that_reading_step_by_step_refuses() -> None:
    for path in paths(INVOICE):
        for value in HOSTILE:
            body = json.dumps(replaced(INVOICE, path, value)).encode()

            quickly = _at_once(body)

            if quickly is not None:
                assert quickly == _step_by_step(body), path


@pytest.mark.parametrize("entity", Entity)
def test_a_sound_event_is_read_at_once(entity: Entity) -> None:
    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(events(entity))
    def holds(event: Event) -> None:
        assert _at_once(encode_event(event)) == event

    holds()
