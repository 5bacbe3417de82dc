"""What `xerelay dry-run` says events would become."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from copy import deepcopy
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from producers.store import StoreUnreachable
from tests.support.cli_ledger import CommandLine
from tests.support.fake_store import OPENED, FakeStore
from tests.support.sample_invoice import INVOICE


@pytest.fixture
def line(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


def invoice(number: int, *, version: str = "09:30", **data: Any) -> dict[str, Any]:
    event = deepcopy(INVOICE)
    event |= {"id": f"e{number}-{version}", "subject": str(number), "entityversion": f"2026-01-31T{version}:00Z"}
    event["data"] |= {"id": str(number), "number": f"1000{number}", **data}
    event["data"]["lines"][0] |= {"tax_rate": "20", "net": "10.00", "tax": "2.00", "gross": "12.00"}
    event["data"]["tenders"][0]["amount"] = "12.00"
    event["data"]["totals"] |= {"net": "10.00", "tax": "2.00", "gross": "12.00"}
    return event


def file_of(folder: Path, *events: dict[str, Any] | str) -> str:
    path = folder / "events.jsonl"
    path.write_text("".join(f"{one if isinstance(one, str) else json.dumps(one)}\n" for one in events))
    return str(path)


def test_the_exact_documents_and_their_calls_are_told(line: CommandLine, tmp_path: Path) -> None:
    told = line.json("dry-run", file_of(tmp_path, *(invoice(number) for number in range(10, 70))))

    contact, first = told["documents"][0], next(one for one in told["documents"] if one["kind"] == "invoice")
    assert (contact["kind"], contact["only_if_absent"]) == ("contact", True)
    assert first["document"]["InvoiceNumber"] == first["number"] == "I-demo-100010"
    assert first["document"]["Contact"]["ContactID"].startswith("<id of demo ")
    assert told["calls"] == {"main": {"contact": 1, "invoice": 2}}
    assert told["events"] == 60


def test_of_two_versions_the_newest_is_shown_whatever_their_order(line: CommandLine, tmp_path: Path) -> None:
    newer, older = invoice(17, version="11:00", order_number="B"), invoice(17, version="10:00", order_number="A")

    told = line.json("dry-run", file_of(tmp_path, newer, older))

    [shown] = [one["document"] for one in told["documents"] if one["kind"] == "invoice"]
    assert "B" in shown["Reference"]


def test_what_would_be_parked_is_told_with_its_line_and_exits_1(line: CommandLine, tmp_path: Path) -> None:
    unmapped = invoice(18)
    unmapped["data"]["lines"][0]["tax_rate"] = "7"
    path = file_of(tmp_path, invoice(17), "{broken", unmapped, invoice(19) | {"organisation": "other"})

    result = line.run("dry-run", path)

    assert result.exit_code == 1
    told = result.stdout
    assert "event 2: parked, " in told
    assert "event 3: parked, tax_unmapped: " in told
    assert "event 4: parked, misrouted: organisation 'other' is not configured: there is: main" in told
    assert "main: 2 calls, as if Xero held none of it: 1 for contacts, 1 for invoices" in told
    assert "4 events, 2 documents; nothing was sent" in told


@asynccontextmanager
async def open_shop(url: str, _token: str) -> AsyncIterator[FakeStore]:
    """A shop with two invoices, a week apart; the one at `away` does not answer."""
    shop = FakeStore(faults=[StoreUnreachable("nobody is there")] if url == "http://away" else [])
    shop.invoice(1, OPENED)
    shop.invoice(2, OPENED + timedelta(days=7))
    yield shop


def of_a_shop(folder: Path, url: str) -> CommandLine:
    line = CommandLine(folder)
    config = folder / "xerelay.toml"
    text = config.read_text().replace('kind = "magento"', f'kind = "{__name__}:open_shop"')
    text = text.replace("https://shop.example.com", url).replace('"20" =', '"GB-VAT-20" =')
    config.write_text(text + '\n[organisations.main.payments]\ndefault = "090"\n')
    return line


def test_a_store_is_read_from_a_day_on(tmp_path: Path) -> None:
    told = of_a_shop(tmp_path, "http://shop").json("dry-run", "--since", str((OPENED + timedelta(days=3)).date()))

    assert [one["number"] for one in told["documents"] if one["kind"] == "invoice"] == ["I-shop-000000002"]


def test_a_store_that_is_away_exits_3(tmp_path: Path) -> None:
    result = of_a_shop(tmp_path, "http://away").run("dry-run", "--since", "2026-03-01")

    assert (result.exit_code, result.stderr) == (3, "nobody is there\n")


@pytest.mark.parametrize("arguments", [[], ["x.jsonl", "--since", "2026-03-01"]])
def test_a_file_or_a_day_is_needed(line: CommandLine, arguments: list[str]) -> None:
    result = line.run("dry-run", *arguments)

    assert (result.exit_code, "one of the two" in result.stderr) == (2, True)


def test_a_file_that_is_not_there_exits_2(line: CommandLine, tmp_path: Path) -> None:
    result = line.run("dry-run", str(tmp_path / "none.jsonl"))

    assert (result.exit_code, "No such file" in result.stderr) == (2, True)
