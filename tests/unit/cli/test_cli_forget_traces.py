"""`xerelay forget`, where one trace alone leads to a customer: a discard, a contact, a call, an older number."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from schemas.entities import Entity
from tests.support.cli_ledger import CommandLine
from tests.support.fakes import START
from tests.support.mapping_cases import BUYER
from tests.support.sample_ledger import ORG, lease_of
from tests.unit.cli.test_cli_forget import (
    AL_CONTACT,
    JO,
    JO_CONTACT,
    OTHER,
    bought,
    contact_call,
    contact_question,
    everything,
    held,
)
from tests.unit.cli.test_cli_forget_elsewhere import FORGET, holding, rewritten, waiting, without_owner
from worker.documents.documents import DocumentKey, Kind
from worker.ledger.ledger import Ledger
from worker.ledger.records import Document, Held, Pause

BY_ID = ("forget", "--id", "7", "--store", "shop", "--yes")
OTHER_ACCOUNT = {"id": "8", "email": "al@example.com", "first_name": "Al", "last_name": "Bee"}
OF_JO, OF_AL = "the contact Jo Doe is archived", "the contact Al Bee is archived"


@pytest.fixture
def line(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


async def discarded(ledger: Ledger) -> dict[str, bytes]:
    return {one.id: one.body async for one in ledger.histories.every_discard([ORG])}


def test_a_discarded_message_that_is_no_event_is_emptied_where_it_has_their_address(line: CommandLine) -> None:
    parked = [without_owner(one, one.body[:-5]) for one in (bought("theirs", BUYER), bought("other", OTHER))]
    holding(line, *parked)
    line.run("parked", "discard", "theirs", "other", "--why", "a test")

    [forgotten] = line.json(*FORGET)["forgotten"]

    assert forgotten["discards_emptied"] == 1
    assert line.in_ledger(discarded) == {"theirs": b"", "other": parked[1].body}


@pytest.mark.parametrize("detail", ["the name Joanna is not valid", "the city Leeds is not valid"])
def test_a_word_that_may_be_anyones_goes_from_the_detail_of_their_own_sale_alone(
    detail: str, line: CommandLine
) -> None:
    buyer = BUYER | {"name": "Joanna", "address": {"lines": ["1 High St"], "city": "Leeds", "country": "GB"}}
    holding(line, bought("theirs", buyer, detail), bought("other", OTHER, detail))

    line.json(*FORGET)

    assert {one.id: one.detail for one in waiting(line).values()} == {"theirs": "", "other": detail}


async def named_by_a_contact(ledger: Ledger) -> None:
    key = DocumentKey(ORG, "shop", str(Entity.CUSTOMER), "7", "contact")
    contact = Document(key, Kind.CONTACT, "x1", "shop:7", START, "h", {"name": "Jo Doe"})
    await ledger.documents.restore(await lease_of(ledger), [contact])


async def named_by_a_call(ledger: Ledger) -> None:
    """One that Xero refused, so that no contact came of it."""
    lease = await lease_of(ledger)
    call = await contact_call(ledger, lease, JO_CONTACT, AL_CONTACT, closes=False)
    await ledger.calls.close(lease, call.id, status=400)


@pytest.mark.parametrize("name_them", [named_by_a_contact, named_by_a_call])
def test_a_name_that_a_contact_or_a_call_alone_has_goes_from_pauses_and_details(
    name_them: Callable[[Ledger], Awaitable[None]], line: CommandLine
) -> None:
    async def paused(ledger: Ledger) -> None:
        lease, now = await lease_of(ledger), await ledger.now()
        for kind, detail in ((Kind.INVOICE, OF_JO), (Kind.CONTACT, OF_AL)):
            await ledger.pauses.set(lease, Pause(ORG, kind, "refused", detail, now, now + timedelta(hours=1)))

    line.in_ledger(name_them)
    line.in_ledger(paused)
    holding(line, bought("quotes", OTHER, OF_JO), bought("does_not", OTHER, OF_AL))

    line.json(*BY_ID)

    assert line.in_ledger(lambda ledger: ledger.pauses.details(ORG)) == [OF_AL]
    assert {one.id: one.detail for one in waiting(line).values()} == {"quotes": "", "does_not": OF_AL}


def test_a_question_for_the_number_that_their_archived_contact_had_is_forgotten(line: CommandLine) -> None:
    async def fill(ledger: Ledger) -> None:
        lease = await lease_of(ledger)
        await contact_question(ledger, lease, 'ContactNumber=="shop:7"', 'Name=="Jo Doe"')
        await contact_question(ledger, lease, 'ContactNumber=="shop:8"', 'Name=="Al Bee"')
        key = DocumentKey(ORG, "shop", str(Entity.CUSTOMER), "7", "contact")
        await ledger.documents.restore(lease, [Document(key, Kind.CONTACT, "x2", "shop:7~2", START, "h", {})])

    line.in_ledger(fill)

    [forgotten] = line.json("forget", "--id", "7", "--yes")["forgotten"]

    left = line.in_ledger(everything)
    assert forgotten["calls_emptied"] == 1
    assert "Jo Doe" not in left
    assert "Al Bee" in left


def test_a_call_under_way_is_not_among_those_that_were_emptied(line: CommandLine) -> None:
    async def fill(ledger: Ledger) -> None:
        lease = await lease_of(ledger)
        await contact_call(ledger, lease, JO_CONTACT)
        await contact_call(ledger, lease, JO_CONTACT, closes=False)

    line.in_ledger(fill)

    result = line.run(*BY_ID)

    assert "1 settled calls will lose what they carried" in result.stderr
    assert "1 calls are under way" in result.stderr
    assert "jo@example.com" in line.in_ledger(everything)


def test_the_row_of_a_parked_message_that_was_purged_stays_and_says_what_to_do(line: CommandLine) -> None:
    async def fill(ledger: Ledger) -> Held | None:
        lease = await lease_of(ledger)
        await contact_call(ledger, lease, JO_CONTACT)
        await ledger.held.hold(lease, [held("own", Entity.CUSTOMER, JO)])
        assert await ledger.parked.purge(0) == 1
        return await ledger.held.get("own")

    purged = line.in_ledger(fill)

    [forgotten] = line.json(*BY_ID)["forgotten"]

    assert forgotten["events_removed"] == 0
    assert waiting(line)["own"] == purged


def test_a_customers_own_message_that_is_cut_off_before_it_says_whose_goes_by_its_row(line: CommandLine) -> None:
    theirs, others = (held(name, Entity.CUSTOMER, data) for name, data in (("theirs", JO), ("others", OTHER_ACCOUNT)))
    holding(line, *(replace(one, body=one.body[:10]) for one in (theirs, others)))

    [forgotten] = line.json(*BY_ID)["forgotten"]

    assert forgotten["events_removed"] == 1
    assert waiting(line).keys() == {"others"}


@pytest.mark.parametrize("address", ["jo\t@example.com", "j" * 300 + "@example.com"])
def test_a_customer_whose_address_the_contract_refuses_is_forgotten_too(address: str, line: CommandLine) -> None:
    theirs = rewritten(bought("theirs", BUYER), lambda message: message["data"]["customer"].update(email=address))
    holding(line, replace(theirs, reason="undecodable"), bought("other", OTHER))

    [forgotten] = line.json(*BY_ID)["forgotten"]

    assert forgotten["events_redacted"] == 1
    assert waiting(line)["theirs"].body == b""
