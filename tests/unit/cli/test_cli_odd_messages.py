"""A message that no reader takes waits for a person; no command fails for its sake."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from schemas.codec import encode_event
from schemas.entities import Entity
from tests.support.cli_ledger import CommandLine
from tests.support.mapping_cases import event as event_of
from tests.support.mapping_cases import invoice
from tests.support.mapping_cases import line as row
from tests.support.sample_ledger import ORG, event, lease_of
from worker.documents.documents import EntityKey
from worker.ledger.ledger import Ledger
from worker.ledger.records import HoldState

DEEP = b"[" * 1500 + b"]" * 1500
JO = {"email": "jo@example.com", "name": "Jo Doe"}


@pytest.fixture
def line(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


def park(line: CommandLine, *bodies: bytes) -> None:
    """The first is `p1`. Nobody knows whose one is that cannot be read."""

    async def fill(ledger: Ledger) -> None:
        owner = EntityKey(ORG, "shop", "invoice", "1")
        events = [
            event(number, HoldState.PERSON, id=f"p{number}", owner=None if body == DEEP else owner, body=body)
            for number, body in enumerate(bodies, 1)
        ]
        await ledger.held.hold(await lease_of(ledger), events)

    line.in_ledger(fill)


def bought() -> bytes:
    return encode_event(event_of(Entity.INVOICE, invoice(row("10.00"), customer=JO), source="shop"))


@pytest.mark.parametrize("levels", [500, 1100, 1500])
def test_one_that_is_nested_too_deeply_is_shown_as_it_is(line: CommandLine, levels: int) -> None:
    body = b"[" * levels + b"]" * levels
    park(line, body)

    shown, exported = line.run("parked", "show", "p1"), line.run("parked", "export", "--json")

    assert (shown.exit_code, exported.exit_code) == (0, 0)
    assert shown.stdout.count("[") == levels
    assert json.loads(exported.stdout)["message"] == body.decode()


@pytest.mark.parametrize("discarded", [False, True])
def test_one_that_is_nested_too_deeply_keeps_nobody_from_being_forgotten(line: CommandLine, discarded: bool) -> None:
    park(line, DEEP, bought())
    if discarded:
        assert line.run("parked", "discard", "p1", "--why", "a test").exit_code == 0

    told = line.run("history", "--entity", "invoice", "--id", "1")
    forgotten = line.json("forget", "--email", JO["email"], "--yes")

    assert (told.exit_code, forgotten["forgotten"][0]["events_redacted"]) == (0, 1)


def test_half_a_surrogate_pair_in_one_can_be_shown_and_forgotten(line: CommandLine) -> None:
    park(line, bought().replace(b"A thing", b"Zo\\ud83d"))

    shown, exported = line.run("parked", "show", "p1"), line.run("parked", "export", "--json")
    forgotten = line.json("forget", "--email", JO["email"], "--yes")

    assert "Zo?" in shown.stdout
    assert "Zo?" in exported.stdout
    assert forgotten["forgotten"][0]["events_redacted"] == 1
