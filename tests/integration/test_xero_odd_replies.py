"""No reply of Xero ends a session, whatever stands in it, on either ledger: the event has its end, and its ack."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from schemas.entities import Entity
from tests.serving_fakes import MemoryXero, served
from tests.unit.mapping_cases import event, invoice, key, line
from worker.documents import Kind
from worker.ledger.records import Call, Purpose
from worker.literals import encode
from worker.xero.answers import read
from worker.xero.endpoints import ENDPOINTS
from worker.xero.reply import Reply

SALE = event(Entity.INVOICE, invoice(line("10.00")))
BOOKED = key("invoice", "31", "invoice")

Spoil = Callable[[dict[str, Any]], tuple[int, bytes]]


@dataclass
class OddXero(MemoryXero):
    """Its answers are read from bytes; `spoil` makes those to the first write of an invoice from its element."""

    spoil: Spoil | None = None

    def take(self, call: Call) -> Reply:
        reply = super().take(call)
        if call.kind is None:
            return reply
        status, body = 200, encode({ENDPOINTS[call.kind].plural: list(map(dict, reply.elements))})
        if call.kind is Kind.INVOICE and call.purpose is Purpose.WRITE and self.spoil is not None:
            status, body = self.spoil(json.loads(body)["Invoices"][0])
            self.spoil = None
        return read(call, httpx.Response(status, content=body))


def saying(**fields: Any) -> Spoil:
    return lambda element: (200, json.dumps({"Invoices": [element | fields]}).encode())


def literally(name: str, literal: bytes) -> Spoil:
    """A number that Python cannot write."""
    return lambda element: (200, json.dumps({"Invoices": [element | {name: "@"}]}).encode().replace(b'"@"', literal))


@pytest.mark.parametrize(
    "spoil",
    [
        literally("Total", b"1e9999999999999999999"),
        literally("Total", b"1e20000000"),
        saying(Total="sNaN"),
        saying(Total="Infinity"),
        saying(TotalTax="sNaN"),
        saying(LineItems=[{"LineAmount": "sNaN"}]),
    ],
    ids=["no such exponent", "millions of digits", "total sNaN", "total Infinity", "tax sNaN", "line sNaN"],
)
async def test_a_sum_that_is_no_amount_is_no_answer(database_url: str, spoil: Spoil) -> None:
    async with served(database_url, xero=OddXero(spoil=spoil)) as one:
        await one.acked(*one.receive(SALE))

        assert await one.parked() == []
        assert (await one.ledger.documents.get([BOOKED]))[BOOKED].facts["total"] == "10.00"
