"""How `xerelay forget` and `xerelay ledger purge` take personal data out of a ledger."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from schemas.codec import encode_event
from schemas.entities import Entity
from schemas.envelope import Lane
from tests.support.cli_ledger import CommandLine
from tests.support.fakes import START
from tests.support.mapping_cases import BUYER, invoice
from tests.support.mapping_cases import event as event_of
from tests.support.mapping_cases import line as row
from tests.support.sample_ledger import AMPLE, ORG, lease_of
from worker.documents.content import Content
from worker.documents.documents import Action, DocumentKey, EntityKey, Kind, Write
from worker.ledger.held.parked import Chosen
from worker.ledger.history import Sought
from worker.ledger.ledger import Ledger
from worker.ledger.records import Call, Composed, Document, Held, HoldState, Known, Lease, Member, Opened, Purpose

JO = {"id": "7", "email": "jo@example.com", "first_name": "Jo", "last_name": "Doe"}
GUEST = {"email": "jo@example.com", "name": "Jo Doe"}
OTHER = {"id": "8", "email": "al@example.com", "name": "Al Bee"}
TRACES = ("Jo", "jo@example.com", "Doe")
JO_CONTACT = ("7", "Jo Doe", "jo@example.com")
AL_CONTACT = ("8", "Al Bee", "al@example.com")

OUTLET = """
[stores.outlet]
kind = "magento"
url = "https://outlet.example.com"
organisation = "main"
auth.access_token = "hidden-4"
"""


def held(held_id: str, entity: Entity, data: dict[str, Any], detail: str = "see there") -> Held:
    event = event_of(entity, data, source="shop")
    return Held(
        id=held_id,
        org=ORG,
        state=HoldState.PERSON,
        lane=Lane.BATCH,
        body=encode_event(event),
        event_id=held_id,
        owner=EntityKey(ORG, "shop", str(entity), event.subject),
        version=START,
        reason="refused",
        detail=detail,
    )


def bought(held_id: str, customer: dict[str, Any], detail: str = "see there") -> Held:
    return held(held_id, Entity.INVOICE, invoice(row("10.00"), id=held_id, customer=customer), detail)


async def contact_call(
    ledger: Ledger, lease: Lease, *people: tuple[str, str, str], store: str = "shop", closes: bool = True
) -> Call:
    """A call that carries contacts."""
    members = []
    for customer_id, name, email in people:
        number = f"{store}:{customer_id}"
        content = Content.of({"ContactNumber": number, "Name": name, "EmailAddress": email})
        key = DocumentKey(lease.name, store, "customer", customer_id, "contact")
        write = Write(key, Kind.CONTACT, START, number, content)
        text = content.filled({}, ())
        members.append(Member(key, Kind.CONTACT, START, write.number, write.content_hash, Action.SAVE, text))

    def compose(_: Known) -> Composed:
        body = b'{"Contacts":[' + b",".join(one.text for one in members) + b"]}"
        return Composed("PUT", "/Contacts", {"where": f'Name=="{people[0][1]}"'}, body, tuple(members))

    result = await ledger.calls.open_write(
        lease, kind=Kind.CONTACT, lane=Lane.BATCH, writes=(), compose=compose, limits=AMPLE
    )
    assert isinstance(result, Opened)
    assert result.call is not None
    if closes:
        facts = {"name": people[0][1], "status": "ACTIVE"}
        written = [Document(one.key, Kind.CONTACT, "x1", one.number, START, one.content_hash, facts) for one in members]
        await ledger.calls.close(lease, result.call.id, status=200, documents=written)
    return result.call


@pytest.fixture
def line(tmp_path: Path) -> CommandLine:
    """Jo, whose account and guest orders wait, and Al, who is somebody else."""
    line = CommandLine(tmp_path)

    async def fill(ledger: Ledger) -> None:
        lease = await lease_of(ledger)
        events = [
            held("own", Entity.CUSTOMER, JO),
            bought("account", BUYER, "the contact Jo Doe is archived"),
            bought("guest", GUEST),
            bought("let_go", GUEST),
            bought("other", OTHER),
        ]
        await ledger.held.hold(lease, events)
        await ledger.parked.discard(Chosen(ids=("let_go",)), who="ann", reason="a test")
        await contact_call(ledger, lease, JO_CONTACT)
        await contact_call(ledger, lease, AL_CONTACT)

    line.in_ledger(fill)
    return line


async def everything(ledger: Ledger) -> str:
    """All text that the ledger holds of events, calls and contacts."""
    texts = [one.body.decode() + one.detail async for one in ledger.histories.every_held([ORG])]
    texts += [one.body.decode() async for one in ledger.histories.every_discard([ORG])]
    texts += [str(call) async for call in ledger.personal.contact_calls(ORG)]
    texts += [str(dict(one.facts)) for one in await ledger.histories.documents(Sought((ORG,), "shop", "customer", "7"))]
    texts += [str(one) for one in await ledger.admin_actions.latest()]
    return "\n".join(texts)


@pytest.mark.parametrize("whom", [["--email", "JO@example.com"], ["--id", "7"], ["--id", "7", "--store", "shop"]])
def test_a_customer_is_forgotten_everywhere_and_nobody_else_is(whom: list[str], line: CommandLine) -> None:
    forgotten = line.json("forget", *whom, "--yes", "--by", "ann", "--why", "asked for it")

    left = line.in_ledger(everything)
    assert [trace for trace in TRACES if trace in left] == []
    assert "Al Bee" in left
    assert "al@example.com" in left
    assert "shop customer 7" in forgotten["forgotten"][0]["customers"]
    assert forgotten == {
        "forgotten": [
            {
                "organisation": "main",
                "customers": forgotten["forgotten"][0]["customers"],
                "events_redacted": 2,
                "events_removed": 1,
                "discards_emptied": 1,
                "calls_emptied": 1,
                "contacts_renamed": 1,
                "pauses_emptied": 0,
                "calls_under_way": 0,
            }
        ],
        "left": 0,
    }


async def contact_question(ledger: Ledger, lease: Lease, *terms: str) -> None:
    """A look-up of contacts, as an uncertain call or a name that is taken asks for it."""
    params = {"where": " OR ".join(terms), "includeArchived": "true"}
    asked = await ledger.calls.open_read(
        lease,
        purpose=Purpose.LOOKUP,
        lane=Lane.IMMEDIATE,
        path="/Contacts",
        params=params,
        kind=Kind.CONTACT,
        limits=AMPLE,
    )
    assert isinstance(asked, Call)
    await ledger.calls.close(lease, asked.id, status=200)


@pytest.mark.parametrize("whom", [["--email", "JO@example.com"], ["--id", "7"], ["--id", "7", "--store", "shop"]])
def test_what_was_asked_about_a_customer_is_forgotten_too(whom: list[str], line: CommandLine) -> None:
    async def ask(ledger: Ledger) -> None:
        lease = await lease_of(ledger)
        await contact_question(ledger, lease, 'ContactNumber=="shop:7"', 'Name=="Jo Doe"')
        await contact_question(ledger, lease, 'ContactNumber=="shop:77"', 'Name=="Al Bee"')

    line.in_ledger(ask)

    [forgotten] = line.json("forget", *whom, "--yes")["forgotten"]

    left = line.in_ledger(everything)
    assert "Jo Doe" not in left
    assert "shop:77" in left
    assert forgotten["calls_emptied"] == 2


def test_an_address_that_many_have_leads_from_an_id_to_nobody_else(line: CommandLine) -> None:
    namesake = {"id": "9", "email": "jo@example.com", "name": "Di Roe"}

    async def add(ledger: Ledger) -> None:
        await ledger.held.hold(await lease_of(ledger), [bought("namesake", namesake)])

    line.in_ledger(add)

    [by_id] = line.json("forget", "--id", "7", "--yes")["forgotten"]
    assert "Di Roe" in line.in_ledger(everything)
    [by_address] = line.json("forget", "--email", "jo@example.com", "--yes")["forgotten"]

    assert "shop customer 9" not in by_id["customers"]
    assert "shop customer 9" in by_address["customers"]
    assert "Di Roe" not in line.in_ledger(everything)


def test_what_the_books_need_stays(line: CommandLine) -> None:
    line.run("forget", "--id", "7", "--yes")

    async def look(ledger: Ledger) -> tuple[list[Document], list[str]]:
        contact = await ledger.histories.documents(Sought((ORG,), "shop", "customer", "7"))
        return contact, [one.id for one in await ledger.parked.rows(Chosen())]

    [contact], ids = line.in_ledger(look)

    assert (contact.xero_id, contact.number, contact.version, contact.facts) == (
        "x1",
        "shop:7",
        START,
        {"status": "ACTIVE"},
    )
    assert sorted(ids) == ["account", "guest", "other"]
    assert line.json("budget")["organisations"][0]["days"][-1]["count"]["calls"] == 2


def test_it_is_said_first_without_a_name_and_done_only_after_a_yes(line: CommandLine) -> None:
    result = line.run("forget", "--email", "jo@example.com")

    assert result.exit_code == 2
    assert "main: shop customer 7" in result.stderr
    assert "2 events that wait will name nobody" in result.stderr
    assert "nobody is there to ask: give --yes" in result.stderr
    assert "jo@" not in result.stderr
    assert "jo@example.com" in line.in_ledger(everything)


def test_it_is_said_when_it_is_done(line: CommandLine) -> None:
    result = line.run("forget", "--id", "7", "--yes")

    assert (result.exit_code, result.stdout) == (0, "forgotten\n")


def test_forgetting_twice_finds_nothing_the_second_time(line: CommandLine) -> None:
    line.run("forget", "--email", "jo@example.com", "--yes")
    again = line.run("forget", "--email", "jo@example.com", "--yes")

    assert again.exit_code == 1
    assert again.stderr.startswith("nothing is known of this customer: expected an id or address that the ledger has")


def test_a_call_under_way_keeps_its_body_and_is_told(line: CommandLine) -> None:
    async def begin(ledger: Ledger) -> None:
        await contact_call(ledger, await lease_of(ledger), JO_CONTACT, closes=False)

    line.in_ledger(begin)

    result = line.run("forget", "--id", "7", "--yes")

    assert result.exit_code == 1
    assert "1 still under way: run it again in a minute" in result.stderr
    assert not result.stdout
    assert "jo@example.com" in line.in_ledger(everything)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [([], "whom? give --id or --email"), (["--id", "7", "--org", "x"], "no [organisations.x]")],
)
def test_it_has_to_be_said_whom(arguments: list[str], said: str, line: CommandLine) -> None:
    result = line.run("forget", *arguments)

    assert result.exit_code == 2
    assert said in result.stderr


def test_an_id_that_two_stores_have_needs_its_store(tmp_path: Path) -> None:
    line = CommandLine(tmp_path, changes=OUTLET)

    async def fill(ledger: Ledger) -> None:
        lease = await lease_of(ledger)
        call = await contact_call(ledger, lease, JO_CONTACT, closes=False)
        mine = Document(call.members[0].key, Kind.CONTACT, "x1", "shop:7", START, "h", {"name": "Jo"})
        theirs = mine._replace(key=mine.key._replace(source="outlet"))
        await ledger.calls.close(lease, call.id, status=200, documents=[mine, theirs])

    line.in_ledger(fill)

    which = line.run("forget", "--id", "7")
    nobody = line.run("forget", "--id", "9")

    assert (which.exit_code, which.stderr) == (
        2,
        "several stores may have a customer 7; say with --store whose it is: outlet, shop\n",
    )
    assert nobody.stderr == "no contact has the id 9; say with --store whose it is: shop, outlet\n"


def test_a_purge_drops_what_retention_has_outlived_and_says_so_on_record(line: CommandLine) -> None:
    dropped = line.json("ledger", "purge", "--by", "ann")
    text = line.run("ledger", "purge").stdout

    assert dropped == {"calls": 0, "parked": 0, "runs": 0}
    assert text == "dropped the bodies of 0 calls and of 0 parked messages, and 0 ended runs of commands\n"
    actions = line.in_ledger(lambda ledger: ledger.admin_actions.latest())
    assert ("ann", "ledger.purge") in {(one.who, one.action) for one in actions}
