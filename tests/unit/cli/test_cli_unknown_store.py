"""A store that nobody knows is a typing error: it is refused with those that are known, and is no empty answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.cli_ledger import CommandLine
from tests.support.sample_ledger import document, lease_of, put_documents
from worker.ledger.ledger import Ledger

COMMANDS = [
    ["forget", "--id", "7", "--yes"],
    ["history", "--entity", "invoice", "--id", "7"],
    ["history", "--number", "I-shop-7"],
    ["parked", "list"],
    ["parked", "retry", "--yes"],
    ["parked", "discard", "--yes", "--why", "booked by hand"],
    ["parked", "export"],
]
KNOWN = "known: shop, till"


@pytest.fixture
def line(tmp_path: Path) -> CommandLine:
    """One store is configured; another, `till`, publishes by itself and has an invoice in Xero."""
    line = CommandLine(tmp_path)
    sold = document(7)
    of_till = sold._replace(key=sold.key._replace(org="main", source="till"))

    async def fill(ledger: Ledger) -> None:
        await put_documents(ledger, await lease_of(ledger, name="main"), of_till)

    line.in_ledger(fill)
    return line


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_mistyped_store_is_refused_with_those_that_are_known(command: list[str], line: CommandLine) -> None:
    result = line.run(*command, "--store", "sohp")

    assert result.exit_code == 2
    assert f"no store 'sohp' is known to the configuration or the ledger; {KNOWN}\n" in result.stderr


@pytest.mark.parametrize("store", ["shop", "till"])
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_store_of_the_configuration_or_of_the_ledger_is_not_refused(
    command: list[str], store: str, line: CommandLine
) -> None:
    result = line.run(*command, "--store", store)

    assert result.exit_code != 2
    assert KNOWN not in result.stderr
