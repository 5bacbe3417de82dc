"""How `xerelay history` tells what happened."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.cli_ledger import CommandLine
from tests.support.sample_ledger import document, event, key, lease_of, open_call, write
from worker.ledger.ledger import Ledger
from worker.ledger.records import HoldState

LINK = "https://go.xero.com/AccountsReceivable/View.aspx?InvoiceID=xero-1"
BY_ID = ["--entity", "invoice", "--id", "1"]
OUTLET = """
[stores.outlet]
kind = "magento"
url = "https://outlet.example.com"
organisation = "main"
auth.access_token = "hidden-4"
"""


@pytest.fixture
def line(tmp_path: Path) -> CommandLine:
    """An invoice that is written, and a later version of it that is parked."""
    line = CommandLine(tmp_path, changes=OUTLET)

    async def fill(ledger: Ledger) -> None:
        lease = await lease_of(ledger)
        call = await open_call(ledger, lease, write(1), write(2))
        await ledger.calls.close(lease, call.id, status=200, documents=[document(1)])
        waits = event(1, HoldState.PERSON, id="p1", owner=key(1).owner, reason="paid_in_xero", hint="compare them")
        await ledger.held.hold(lease, [waits])

    line.in_ledger(fill)
    return line


@pytest.mark.parametrize("whose", [BY_ID, ["--number", "I-shop-1"], ["--number", "1"]])
def test_an_invoice_is_told_with_its_page_in_xero(whose: list[str], line: CommandLine) -> None:
    told = line.json("history", *whose)
    text = line.run("history", *whose).stdout

    [one] = told["documents"]
    assert (one["number"], one["link"], one["total"]) == ("I-shop-1", LINK, "19.98")
    assert one["key"]["entity_id"] == "1"
    assert [call["status"] for call in told["calls"]] == [200]
    assert [held["id"] for held in told["held"]] == ["p1"]
    for words in (LINK, "19.98 EUR", "save I-shop-1", "with 1 others", "answered 200", "paid_in_xero", "compare them"):
        assert words in text


def test_a_number_of_another_store_is_left_out(line: CommandLine) -> None:
    own, other = (line.run("history", "--number", "1", "--store", store) for store in ("shop", "outlet"))

    assert (own.exit_code, other.exit_code, other.stdout) == (0, 1, "")


def test_what_nobody_knows_exits_1(line: CommandLine) -> None:
    result = line.run("history", "--number", "77")

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "nothing is known of it: no document, no event that waits, no call\n"


@pytest.mark.parametrize("whose", [[], ["--entity", "invoice"], ["--id", "1"], [*BY_ID, "--number", "1"]])
def test_it_has_to_be_said_whose(whose: list[str], line: CommandLine) -> None:
    result = line.run("history", *whose)

    assert result.exit_code == 2
    assert result.stderr == "whose history? give --entity with --id, or --number\n"


def test_calls_before_the_first_day_do_not_count(line: CommandLine) -> None:
    told = line.json("history", "--number", "I-shop-1", "--since", "2100-01-01")

    assert told["calls"] == []
    assert len(told["documents"]) == 1
