"""Which run an event is of is told alike by all of its message and by a look at it."""

from __future__ import annotations

import pytest

from schemas.codec import encode_event
from tests.support.sample_invoice import INVOICE, invoice_event
from worker.ledger.runs.run_events import run_in, run_of_read

BODY = encode_event(invoice_event(INVOICE["data"]).model_copy(update={"correlation_id": "resync-1"}))
NAMED = b'"correlationid":"resync-1"'


@pytest.mark.parametrize(
    ("body", "run"),
    [
        (BODY, "resync-1"),
        (BODY.replace(NAMED, rb'"correlationid":"re\u0073ync-1"'), "resync-1"),
        (BODY.replace(NAMED, NAMED + b',"correlationid":"resync-2"'), "resync-2"),
        (BODY.replace(NAMED, b'"correlationid":null'), ""),
        (BODY.replace(NAMED + b",", b""), ""),
        (b"\xef\xbb\xbf" + BODY, "resync-1"),
        (b"", ""),
        (b"no message", ""),
    ],
    ids=["as published", "escaped", "twice", "null", "of none", "with a mark", "purged", "unreadable"],
)
def test_a_look_tells_the_run_that_all_of_the_message_does(body: bytes, run: str) -> None:
    assert run_in(body) == run
    assert run_of_read(body) == run
