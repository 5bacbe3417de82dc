from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from schemas.codec import decode_event
from schemas.errors import Sender, Undecodable
from tests.support.sample_invoice import INVOICE, paths, replaced


@pytest.mark.parametrize(
    ("path", "value", "reason", "detail"),
    [
        (("data", "lines", 0, "gross"), "11.91", "totals", "data.lines.0.gross: is 11.91, but net + tax is 11.90"),
        (
            ("data", "lines", 0, "gross"),
            11.9,
            "invalid",
            "data.lines.0.gross: must be a decimal string such as '12.50', not a number",
        ),
        (
            ("data", "lines", 0, "gross"),
            True,
            "invalid",
            "data.lines.0.gross: must be a decimal string such as '12.50', not true or false",
        ),
        (
            ("data", "lines", 0, "gross"),
            [],
            "invalid",
            "data.lines.0.gross: must be a decimal string such as '12.50', not an array",
        ),
        (("data", "lines", 0, "quantity"), "0", "invalid", "data.lines.0.quantity: must be above 0, not 0"),
        (
            ("data", "lines", 0, "discount"),
            "-1",
            "invalid",
            "data.lines.0.discount: must not be negative, but is -1; it is already taken off net",
        ),
        (
            ("data", "totals", "net"),
            "10.01",
            "totals",
            "data.totals.net: is 10.01, but lines + adjustments + residual is 10.00",
        ),
        (
            ("data", "tenders", 0, "amount"),
            "12",
            "totals",
            "data.tenders: must add up to something between 0 and totals.gross 11.90, not 12",
        ),
        (("data", "lines"), [], "totals", "data.totals.net: is 10.00, but lines + adjustments + residual is 0"),
        (
            ("data", "customer", "name"),
            "a\x00b",
            "invalid",
            "data.customer.name: must be one line without control characters",
        ),
        (
            ("data", "customer", "name"),
            "x" * 300,
            "invalid",
            "data.customer.name: must have at most 255 characters, not 300",
        ),
        (("data", "customer"), "Ada", "invalid", "data.customer: must be an object, not a string"),
        (("data", "date"), "9999-12-31", "invalid", "data.date: must lie in the years 2000 to 2100, not in 9999"),
        (("data", "date"), 20260131, "invalid", "data.date: must be a day such as '2026-01-31'"),
        (("data", "date"), "2026-02-30", "invalid", "data.date: day is out of range for month"),
        (("data", "rate"), "0", "invalid", "data.rate: must be above 0"),
        (("data", "cancelled"), "yes", "invalid", "data.cancelled: must be true or false, not a string"),
        (("data", "id"), "18", "invalid", "subject: must equal data.id"),
        (("data",), [], "invalid", "data: must be an object, not an array"),
        (
            ("entityversion",),
            "2026-01-31T09:30:00",
            "invalid",
            "entityversion: must be a time with its offset from UTC such as '2026-01-31T09:30:00Z'",
        ),
        (
            ("entityversion",),
            "2026-01-31T09:30:00+24:00",
            "invalid",
            "entityversion: must be a time with its offset from UTC such as '2026-01-31T09:30:00Z'",
        ),
        (
            ("entityversion",),
            "1970-01-01T00:00:00Z",
            "invalid",
            "entityversion: must lie in the years 2000 to 2100, not in 1970",
        ),
        (("entityversion",), None, "invalid", "entityversion: is required for an event"),
        (("organisation",), None, "invalid", "organisation: is required for an event"),
        (
            ("type",),
            "store.coupon.changed",
            "unknown_kind",
            "type 'store.coupon.changed' is not an event of this contract",
        ),
        (
            ("dataschema",),
            "urn:xerelay:store.invoice.changed:2",
            "unknown_version",
            "dataschema 'urn:xerelay:store.invoice.changed:2'; this version reads urn:xerelay:store.invoice.changed:1",
        ),
    ],
)
def test_a_refusal_names_the_field_and_the_reason(
    path: tuple[str | int, ...], value: Any, reason: str, detail: str
) -> None:
    body = json.dumps(replaced(INVOICE, path, value)).encode()

    with pytest.raises(Undecodable) as caught:
        decode_event(body)

    assert (caught.value.reason, caught.value.detail) == (reason, detail)


def test_a_refusal_never_repeats_text_of_the_message() -> None:
    secret = "ada.private@example.com"
    free_to_repeat = {("type",), ("dataschema",)}

    for path in set(paths(INVOICE)) - free_to_repeat:
        for value in (secret, f"{secret}\x00", secret * 100, [secret], {secret: secret}):
            assert "ada.private" not in _refusal(replaced(INVOICE, path, value)), path


def test_a_missing_field_is_named_with_the_number_of_further_faults() -> None:
    data = {key: value for key, value in INVOICE["data"].items() if key not in {"number", "currency"}}

    with pytest.raises(Undecodable) as caught:
        decode_event(json.dumps(INVOICE | {"data": data}).encode())

    assert caught.value.detail == "data.number: is required (and 1 more)"


def _refusal(message: Any) -> str:
    try:
        decode_event(json.dumps(message).encode())
    except Undecodable as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("path", "value", "entity"),
    [
        (("data", "totals", "gross"), "1.00", "invoice"),
        (("dataschema",), "urn:xerelay:store.invoice.changed:9", "invoice"),
        (("type",), "store.basket.changed", ""),
    ],
)
def test_a_refusal_names_the_sender_where_the_envelope_is_readable(
    path: tuple[str | int, ...], value: Any, entity: str
) -> None:
    with pytest.raises(Undecodable) as caught:
        decode_event(json.dumps(replaced(INVOICE, path, value)).encode())

    moment = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
    assert caught.value.sender == Sender("e1", "demo", "main", entity, "17", moment)


def test_a_refusal_of_an_unreadable_envelope_names_nobody() -> None:
    with pytest.raises(Undecodable) as caught:
        decode_event(b'{"id":')

    assert caught.value.sender is None
