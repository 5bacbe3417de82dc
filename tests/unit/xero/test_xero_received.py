"""What Xero says is made fit for the ledger where it is read."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from worker.xero.replies.received import parse


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"Name":"a\\u0000b"}', {"Name": "a\ufffdb"}),
        (b'{"Name":"Zo\\ud83d"}', {"Name": "Zo\ufffd"}),
        (b'{"Name":"Zo\\uDE00"}', {"Name": "Zo\ufffd"}),
        ('{"Name":"Zo\ud83d"}'.encode("utf-16-le", "surrogatepass"), {"Name": "Zo\ufffd"}),
        (b'{"a\\u0000":[{"b":["\\ud83d",1.50,null]}]}', {"a\ufffd": [{"b": ["\ufffd", Decimal("1.50"), None]}]}),
    ],
    ids=["NUL", "first half", "second half", "half in UTF-16", "deep inside"],
)
def test_text_that_no_ledger_keeps_is_replaced(body: bytes, value: Any) -> None:
    assert parse(body) == value


@pytest.mark.parametrize(
    "text", [b"Zo\\ud83d\\ude00", "Zo\U0001f600".encode(), b"C:\\\\u0000", "\ud55c\ud7a3".encode()]
)
def test_whole_characters_stay_as_they_are(text: bytes) -> None:
    assert "\ufffd" not in parse(b'{"Name":"%b","InvoiceID":"%b"}' % (text, text))["Name"]


@pytest.mark.parametrize(
    "body",
    [
        b'{"Invoices":[{"InvoiceID":"a\\u0000"}]}',
        b'[{"tenantId":"\\ud83d"}]',
        b'{"Name":"Zo\xed\xa0\xbd"}',
        b"[" * 100_000,
        b'{"Name":"\\u0000","In":' + b"[" * 5_000 + b"]" * 5_000 + b"}",
        b"<html>",
    ],
)
def test_an_odd_id_and_what_is_too_deep_cannot_be_read(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of json, or ours
        parse(body)
