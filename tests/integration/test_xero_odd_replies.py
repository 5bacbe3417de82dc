"""No reply of Xero ends a session, whatever stands in it, on either ledger: the event has its end, and its ack."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from schemas.entities import Entity
from tests.support.mapping_cases import event, invoice, key, line
from tests.support.serving_fakes import MemoryXero, served
from worker.documents.documents import Kind
from worker.documents.literals import encode
from worker.ledger.records import Call, Purpose
from worker.xero.endpoints import ENDPOINTS
from worker.xero.replies.answers import read
from worker.xero.replies.reply import Reply

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


def refusing(message: str) -> Spoil:
    error = {"StatusAttributeString": "ERROR", "ValidationErrors": [{"Message": message}]}
    return lambda element: (400, json.dumps({"Elements": [element | error]}).encode())


@pytest.mark.parametrize("odd", ["\ud83d", "\0"], ids=["half a pair", "NUL"])
async def test_a_refusal_is_parked_with_the_words_that_can_be_kept(database_url: str, odd: str) -> None:
    async with served(database_url, xero=OddXero(spoil=refusing(f"Zo{odd} is odd"))) as one:
        await one.acked(*one.receive(SALE))

        [held] = await one.parked()
        assert (held.reason, held.detail) == ("refused", "Xero refused the invoice: Zo\ufffd is odd")


@pytest.mark.parametrize("odd", ["\ud83d", "\0"], ids=["half a pair", "NUL"])
async def test_a_warning_is_parked_with_the_words_that_can_be_kept(database_url: str, odd: str) -> None:
    warning = [{"Message": f"Account code '{odd}' has been removed"}]

    async with served(database_url, xero=OddXero(spoil=saying(Warnings=warning))) as one:
        await one.acked(*one.receive(SALE))

        [held] = await one.parked()
        assert held.reason == "xero_warned"
        assert held.detail.endswith("warns: Account code '\ufffd' has been removed")


@pytest.mark.parametrize("odd", ["\ud83d", "\0"], ids=["half a pair", "NUL"])
@pytest.mark.parametrize("field", ["Status", "CurrencyCode", "InvoiceID", "LineItems"])
async def test_a_sale_is_booked_whatever_its_fields_hold(database_url: str, field: str, odd: str) -> None:
    value = [{"Description": odd, "LineAmount": 10}] if field == "LineItems" else f"a{odd}"

    async with served(database_url, xero=OddXero(spoil=saying(**{field: value}))) as one:
        await one.acked(*one.receive(SALE))

        booked = (await one.ledger.documents.get([BOOKED]))[BOOKED]
        assert (await one.parked(), odd in booked.xero_id) == ([], False)


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
