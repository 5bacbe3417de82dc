"""How many new documents the sandbox Xero takes a second, and how many in a second of its own processor time.

The others measure a worker against it, on a core that it shares with the broker: their figures are the worker's only
while the sandbox is the faster one. Each round sends calls of 50 documents as a worker does, four in flight, to a new
sandbox on a core of its own. One line of JSON.
"""

from __future__ import annotations

import json
import os
import time
import uuid
from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.benchmarks.support.machine import arguments, made, median, public_folder, report, say, share_cores
from tests.benchmarks.support.serving import cpu_s, sandbox_process
from tests.support.sandbox_fixture import SandboxControl, XeroCaller

_A_CALL = 50
_IN_FLIGHT = 4
_CUSTOMERS = 50
_PRICES = 900
_DAY = "2026-10-03"
Json = dict[str, Any]


def main() -> None:
    """Print the figures."""
    options = arguments("tests.benchmarks.sandbox", rounds=5, events=5_000)
    core = share_cores()
    by_cpu: dict[str, list[float | None]] = defaultdict(list)
    by_clock: dict[str, list[float | None]] = defaultdict(list)
    with public_folder() as folder:
        for number in range(options.rounds):
            for endpoint, (cpu, seconds) in _round(made(folder / str(number)), options.events, core).items():
                by_cpu[endpoint].append(options.events / cpu)
                by_clock[endpoint].append(options.events / seconds)
            say(", ".join(f"{endpoint} {rates[-1] or 0:.0f}" for endpoint, rates in by_cpu.items()) + " a CPU second")
    figures = {"documents_per_cpu_s": by_cpu, "documents_per_s": by_clock}
    report({name: {endpoint: median(each) for endpoint, each in rates.items()} for name, rates in figures.items()})


def _round(folder: Path, documents: int, core: int) -> dict[str, tuple[float, float]]:
    """Seconds of processor time and of the clock by endpoint."""
    with sandbox_process(folder) as (url, pid):
        os.sched_setaffinity(pid, {core})
        client = _Client(url, pid)
        numbers = range(documents)
        contacts = client.put("Contacts", (_contact(n) for n in numbers))
        buyers = [contact["ContactID"] for contact in contacts[:_CUSTOMERS]]
        client.put("Items", (_item(n) for n in numbers), unitdp="4")
        invoices = client.put("Invoices", (_invoice(n, buyers) for n in numbers), unitdp="4")
        client.put("CreditNotes", (_credit_note(n, buyers) for n in numbers), unitdp="4")
        client.put("Payments", (_payment(n, invoice) for n, invoice in enumerate(invoices)))
        client.close()
        return client.took


class _Client:
    """Writes documents, and keeps what that took: bodies are made before the time is taken, replies read after it."""

    def __init__(self, url: str, pid: int) -> None:
        self.took: dict[str, tuple[float, float]] = {}
        self._xero = XeroCaller(SandboxControl(url))
        self._pid = pid

    def close(self) -> None:
        self._xero.close()
        self._xero.sandbox.close()

    def put(self, plural: str, elements: Iterable[Json], **query: str) -> list[Json]:
        """The elements of all replies. Raises `RuntimeError` where one document was refused."""
        bodies = _bodies(plural, list(elements))

        def send(body: bytes) -> bytes:
            headers = {"Content-Type": "application/json", "Idempotency-Key": uuid.uuid4().hex}
            params = {"summarizeErrors": "false", **query}
            return self._xero.http.put(f"/{plural}", content=body, headers=headers, params=params).read()

        with ThreadPoolExecutor(_IN_FLIGHT) as pool:
            cpu, clock = cpu_s(self._pid), time.perf_counter()
            replies = list(pool.map(send, bodies))
            self.took[plural] = (cpu_s(self._pid) - cpu, time.perf_counter() - clock)
        written = [element for reply in replies for element in json.loads(reply)[plural]]
        if refused := [element for element in written if element["StatusAttributeString"] != "OK"]:
            raise RuntimeError(f"{len(refused)} of {len(written)} {plural} were refused, such as {refused[0]}")
        return written


def _bodies(plural: str, elements: list[Json]) -> list[bytes]:
    calls = (elements[start : start + _A_CALL] for start in range(0, len(elements), _A_CALL))
    return [json.dumps({plural: call}, separators=(",", ":")).encode() for call in calls]


def _contact(number: int) -> Json:
    place = {"AddressLine1": "1 High Street", "City": "Leeds", "PostalCode": "LS1 4AB", "Country": "GB"}
    return {
        "ContactNumber": f"shop:{number}",
        "Name": f"Jo Bloggs {number}",
        "EmailAddress": f"jo{number}@example.com",
        "Addresses": [{"AddressType": "POBOX", **place}],
    }


def _item(number: int) -> Json:
    sold = {"UnitPrice": 41.665, "AccountCode": "200", "TaxType": "OUTPUT2"}
    return {"Code": f"SKU-{number}", "Name": "Merino jumper, navy, size M", "IsSold": True, "SalesDetails": sold}


def _sale(number: int, buyers: list[str]) -> Json:
    return {
        "Contact": {"ContactID": buyers[number % len(buyers)]},
        "Reference": f"{500_000_000 + number}",
        "Date": _DAY,
        "CurrencyCode": "GBP",
        "LineAmountTypes": "Exclusive",
        "Status": "AUTHORISED",
        "LineItems": [_line(3 * number + position) for position in range(3)],
    }


def _line(number: int) -> Json:
    price = 500 + number * 37 % _PRICES
    return {
        "Description": "Merino jumper, navy, size M",
        "Quantity": 2,
        "UnitAmount": price / 100,
        "TaxAmount": round(2 * price * 0.2) / 100,
        "AccountCode": "200",
        "TaxType": "OUTPUT2",
    }


def _invoice(number: int, buyers: list[str]) -> Json:
    head = {"Type": "ACCREC", "InvoiceNumber": f"I-shop-{500_000_000 + number}", "DueDate": _DAY}
    return head | _sale(number, buyers)


def _credit_note(number: int, buyers: list[str]) -> Json:
    head = {"Type": "ACCRECCREDIT", "CreditNoteNumber": f"C-shop-{500_000_000 + number}"}
    return head | _sale(number, buyers)


def _payment(number: int, invoice: Json) -> Json:
    target = {"Invoice": {"InvoiceID": invoice["InvoiceID"]}, "Account": {"Code": "090"}}
    return {**target, "Date": _DAY, "Amount": invoice["Total"], "Reference": f"stripe ch_{number}"}


if __name__ == "__main__":
    main()
