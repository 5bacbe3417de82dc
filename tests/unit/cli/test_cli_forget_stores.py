"""Whose id `xerelay forget --id` means, where several stores feed several organisations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from schemas.codec import encode_event
from schemas.entities import Entity
from tests.support.cli_ledger import CommandLine
from tests.support.fakes import START
from tests.support.mapping_cases import event as event_of
from tests.support.sample_ledger import lease_of
from tests.unit.cli.test_cli_forget import AL_CONTACT, GUEST, JO, JO_CONTACT, bought, contact_call, held
from worker.documents.documents import DocumentKey, EntityKey, Kind
from worker.ledger.ledger import Ledger
from worker.ledger.records import Document, Held

SECOND = """
[connections.second]
flow = "custom"
client_id = "id"
client_secret = "hidden"

[organisations.nz]
connection = "second"
start_date = 2026-01-01
accounts = { sales = "200", shipping = "425", discount = "260", fee = "270", rounding = "860" }
tax = { "none" = "NONE" }

[stores.outlet]
kind = "magento"
url = "https://outlet.example.com"
organisation = "nz"
auth.access_token = "hidden-4"
"""
AL_OF_OUTLET = ("7", "Al Bee", "al@example.com")


@pytest.fixture
def line(tmp_path: Path) -> CommandLine:
    """Jo of the shop has the id 7 in one of two organisations."""
    line = CommandLine(tmp_path, changes=SECOND)

    async def fill(ledger: Ledger) -> None:
        await contact_call(ledger, await lease_of(ledger), JO_CONTACT, AL_CONTACT)

    line.in_ledger(fill)
    return line


def waiting_in_nz(held_id: str, store: str, email: str) -> Held:
    """A change of the customer 7 of a store, which waits for a person in the second organisation."""
    data = {"id": "7", "email": email}
    owner = EntityKey("nz", store, str(Entity.CUSTOMER), "7")
    body = encode_event(event_of(Entity.CUSTOMER, data, source=store))
    return replace(held(held_id, Entity.CUSTOMER, data), org="nz", owner=owner, body=body)


async def everybody(ledger: Ledger) -> str:
    """What the ledger's calls and waiting events of both organisations tell of anybody."""
    texts = [str(call) for org in ("main", "nz") async for call in ledger.personal.contact_calls(org)]
    texts += [one.body.decode() async for one in ledger.histories.every_held(["main", "nz"])]
    return "\n".join(texts)


def test_an_organisation_that_does_not_have_the_id_is_passed_over(line: CommandLine) -> None:
    done = line.json("forget", "--id", "7", "--yes")

    left = line.in_ledger(everybody)
    assert [(one["organisation"], one["contacts_renamed"]) for one in done["forgotten"]] == [("main", 1)]
    assert "jo@example.com" not in left


def test_an_id_that_stores_of_two_organisations_have_needs_its_store_and_touches_nobody(line: CommandLine) -> None:
    async def add(ledger: Ledger) -> None:
        await contact_call(ledger, await lease_of(ledger, name="nz"), AL_OF_OUTLET, store="outlet")

    line.in_ledger(add)
    before = line.in_ledger(everybody)

    which = line.run("forget", "--id", "7", "--yes")

    assert (which.exit_code, which.stderr) == (
        2,
        "several stores may have a customer 7; say with --store whose it is: outlet, shop\n",
    )
    assert line.in_ledger(everybody) == before


@pytest.mark.parametrize(
    ("chosen", "gone", "stays"),
    [
        (["--store", "outlet"], "al@example.com", "jo@example.com"),
        (["--org", "nz"], "al@example.com", "jo@example.com"),
        (["--org", "main"], "jo@example.com", "al@example.com"),
    ],
)
def test_the_store_or_the_organisation_says_whose_it_is(
    chosen: list[str], gone: str, stays: str, tmp_path: Path
) -> None:
    line = CommandLine(tmp_path, changes=SECOND)

    async def fill(ledger: Ledger) -> None:
        await contact_call(ledger, await lease_of(ledger), JO_CONTACT)
        await contact_call(ledger, await lease_of(ledger, name="nz"), AL_OF_OUTLET, store="outlet")

    line.in_ledger(fill)

    line.json("forget", "--id", "7", *chosen, "--yes")

    left = line.in_ledger(everybody)
    assert gone not in left
    assert stays in left


def test_what_waits_of_the_same_store_goes_where_there_is_no_contact_yet_and_another_stores_stays(
    line: CommandLine,
) -> None:
    async def add(ledger: Ledger) -> None:
        events = [
            waiting_in_nz("theirs", "outlet", "di@example.com"),
            waiting_in_nz("own", "shop", "jo@example.com"),
        ]
        await ledger.held.hold(await lease_of(ledger, name="nz"), events)

    line.in_ledger(add)

    done = line.json("forget", "--id", "7", "--yes")

    left = line.in_ledger(everybody)
    assert [(one["organisation"], one["events_removed"]) for one in done["forgotten"]] == [("main", 0), ("nz", 1)]
    assert "jo@example.com" not in left
    assert "di@example.com" in left


def test_an_id_that_no_organisation_has_is_refused(line: CommandLine) -> None:
    nobody = line.run("forget", "--id", "9", "--yes")

    assert (nobody.exit_code, nobody.stderr) == (
        2,
        "no contact has the id 9; say with --store whose it is: shop, outlet\n",
    )


def test_an_id_of_a_shop_that_publishes_by_itself_is_not_taken_for_the_configured_stores(tmp_path: Path) -> None:
    line = CommandLine(tmp_path)

    async def fill(ledger: Ledger) -> None:
        await contact_call(ledger, await lease_of(ledger), AL_OF_OUTLET, store="outlet")
        await ledger.held.hold(await lease_of(ledger), [held("jo", Entity.CUSTOMER, JO)])

    line.in_ledger(fill)

    which = line.run("forget", "--id", "7", "--yes")

    assert (which.exit_code, which.stderr) == (
        2,
        "several stores may have a customer 7; say with --store whose it is: outlet, shop\n",
    )


def test_what_was_bought_as_a_guest_goes_where_another_organisation_knows_the_accounts_address(
    line: CommandLine,
) -> None:
    async def add(ledger: Ledger) -> None:
        guest = replace(bought("guest", GUEST), org="nz", owner=EntityKey("nz", "shop", str(Entity.INVOICE), "guest"))
        await ledger.held.hold(await lease_of(ledger, name="nz"), [guest])

    line.in_ledger(add)

    line.json("forget", "--id", "7", "--store", "shop", "--yes")

    assert "jo@example.com" not in line.in_ledger(everybody)


def test_an_address_leads_to_the_contact_of_an_organisation_that_does_not_know_the_address(tmp_path: Path) -> None:
    line = CommandLine(tmp_path, changes=SECOND)
    key = DocumentKey("nz", "shop", str(Entity.CUSTOMER), "7", "contact")

    async def fill(ledger: Ledger) -> None:
        await ledger.held.hold(await lease_of(ledger), [held("account", Entity.CUSTOMER, JO)])
        contact = Document(key, Kind.CONTACT, "x1", "shop:7", START, "h", {"name": "Jo Doe"})
        await ledger.documents.restore(await lease_of(ledger, name="nz"), [contact])

    async def facts(ledger: Ledger) -> Mapping[str, object]:
        return (await ledger.documents.get([key]))[key].facts

    line.in_ledger(fill)

    line.json("forget", "--email", "jo@example.com", "--yes")

    assert "name" not in line.in_ledger(facts)
