"""`xerelay forget`, where a customer is named outside the fields that the contract has for it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from schemas.envelope import Lane
from tests.support.cli_ledger import CommandLine
from tests.support.mapping_cases import BUYER
from tests.support.sample_ledger import ORG, lease_of
from tests.unit.cli.test_cli_forget import GUEST, JO_CONTACT, OTHER, bought, contact_call, everything
from worker.calls.performer import excerpt
from worker.documents.documents import Kind
from worker.ledger.ledger import Ledger
from worker.ledger.records import Held, HoldState, Pause
from worker.xero.replies.reply import Reply, ReplyKind

FORGET = ("forget", "--email", "jo@example.com", "--yes")


def holding(line: CommandLine, *events: Held) -> None:
    async def add(ledger: Ledger) -> None:
        await ledger.held.hold(await lease_of(ledger), events)

    line.in_ledger(add)


def waiting(line: CommandLine) -> dict[str, Held]:
    async def look(ledger: Ledger) -> dict[str, Held]:
        return {one.id: one async for one in ledger.histories.every_held([ORG])}

    return line.in_ledger(look)


def rewritten(one: Held, change: Callable[[Any], object]) -> Held:
    message = json.loads(one.body)
    change(message)
    return replace(one, body=json.dumps(message).encode())


def without_owner(one: Held, body: bytes) -> Held:
    return replace(one, body=body, owner=None, version=None, reason="undecodable")


@pytest.fixture
def line(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


def buyer_for_customer(message: Any) -> None:
    message["data"]["buyer"] = message["data"].pop("customer")


def customer_as_list(message: Any) -> None:
    message["data"]["customer"] = [message["data"]["customer"]]


@pytest.mark.parametrize("change", [buyer_for_customer, customer_as_list])
def test_a_message_of_another_shape_that_names_them_is_emptied_and_its_row_stays(
    change: Callable[[Any], object], line: CommandLine
) -> None:
    holding(line, replace(rewritten(bought("odd", BUYER), change), reason="invalid"), bought("other", OTHER))

    result = line.run(*FORGET)

    left = waiting(line)
    assert result.exit_code == 0
    assert (left["odd"].body, left["odd"].reason, left["odd"].state) == (b"", "invalid", HoldState.PERSON)
    assert b"Al Bee" in left["other"].body


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_a_message_that_is_cut_off_is_emptied_whatever_its_letters(encoding: str, line: CommandLine) -> None:
    message = json.loads(bought("cut", BUYER).body)
    text = json.dumps(message).replace("@", "\\u0040").replace("jo", "Jo")[:-5]
    holding(line, without_owner(bought("cut", BUYER), text.encode(encoding)))

    assert line.run(*FORGET).exit_code == 0

    assert waiting(line)["cut"].body == b""


def test_fields_that_the_contract_does_not_know_go_with_the_customer(line: CommandLine) -> None:
    def extended(message: Any) -> None:
        message["billed"] = "Jo Doe"
        message["data"]["billing_contact"] = GUEST
        message["data"]["lines"][0]["engraving_for"] = "Jo Doe"

    holding(line, rewritten(bought("theirs", BUYER), extended), rewritten(bought("other", OTHER), extended))

    forgotten = line.json(*FORGET)

    left = line.in_ledger(everything)
    assert forgotten["forgotten"][0]["events_redacted"] == 2
    assert "Jo Doe" not in left
    assert "jo@example.com" not in left
    assert "Al Bee" in left


def test_a_list_of_parked_events_has_xeros_words_and_no_message(line: CommandLine) -> None:
    holding(line, bought("theirs", GUEST, "the e-mail of Al Bee is not valid"))

    told = line.run("parked", "list", "--json").stdout

    assert "Al Bee" in told
    assert [trace for trace in ("Jo Doe", "jo@example.com") if trace in told] == []


def test_a_reply_about_several_customers_is_not_quoted_with_them(line: CommandLine) -> None:
    elements = [{"ContactNumber": "shop:7", "Name": "Jo Doe"}, {"ContactNumber": "shop:8", "Name": "Al Bee"}]
    raw = json.dumps({"ErrorNumber": 10, "Elements": elements}).encode()
    quoted = excerpt(Reply(ReplyKind.REFUSED_WHOLE, 400, raw=raw, detail="A validation exception occurred"))
    holding(line, bought("other", OTHER, quoted), bought("unnamed", OTHER, "see there"))

    async def written(ledger: Ledger) -> None:
        await contact_call(ledger, await lease_of(ledger), JO_CONTACT)

    line.in_ledger(written)

    assert line.run(*FORGET).exit_code == 0

    left = waiting(line)
    assert {one.id: one.detail for one in left.values()} == {"other": "", "unnamed": "see there"}
    assert all(b"Al Bee" in one.body for one in left.values())


def test_a_pause_does_not_quote_them_any_more_even_one_that_has_lapsed(line: CommandLine) -> None:
    of_jo, of_al = "the e-mail jo@example.com of Jo Doe is not valid", "the e-mail of Al Bee is not valid"

    async def paused(ledger: Ledger) -> None:
        lease, now = await lease_of(ledger), await ledger.now()
        for kind, detail, minutes in ((Kind.INVOICE, of_jo, 15), (Kind.CONTACT, of_jo, -15), (None, of_al, 15)):
            pause = Pause(ORG, kind, "refused", detail, now - timedelta(minutes=30), now + timedelta(minutes=minutes))
            await ledger.pauses.set(lease, pause)

    line.in_ledger(paused)

    forgotten = line.json(*FORGET)

    assert forgotten["forgotten"][0]["pauses_emptied"] == 2
    assert line.in_ledger(lambda ledger: ledger.pauses.details(ORG)) == [of_al]
    kept = line.in_ledger(lambda ledger: ledger.pauses.current(ORG))
    assert [(one.kind, one.reason) for one in kept] == [(None, "refused"), (Kind.INVOICE, "refused")]


def test_what_was_rewritten_and_emptied_is_not_found_again(line: CommandLine) -> None:
    holding(
        line,
        rewritten(bought("theirs", BUYER), lambda message: message.update(note="Jo Doe")),
        replace(rewritten(bought("odd", BUYER), buyer_for_customer), reason="invalid"),
        without_owner(bought("cut", BUYER), bought("cut", BUYER).body[:-5]),
        replace(bought("lane", GUEST), lane=Lane.IMMEDIATE),
    )
    first = line.json(*FORGET)

    again = line.run(*FORGET)

    assert (first["left"], first["forgotten"][0]["events_redacted"]) == (0, 4)
    assert again.exit_code == 1


def test_an_address_that_ends_or_begins_like_theirs_is_another_persons(line: CommandLine) -> None:
    def broken(message: Any) -> None:
        message["data"]["lines"] = "none"

    others = [
        bought("maria", {"name": "Maria", "email": "maria@b.com"}),
        bought("uk", {"name": "Al", "email": "a@b.co.uk"}),
    ]
    holding(line, bought("jo", {"name": "Ann", "email": "a@b.co"}), *(rewritten(one, broken) for one in others))

    told = line.json("forget", "--email", "a@b.co", "--yes")

    assert told["forgotten"][0]["events_redacted"] == 1
    assert [json.loads(waiting(line)[one.id].body) for one in others] == [
        json.loads(rewritten(one, broken).body) for one in others
    ]


def test_a_message_that_was_emptied_is_not_sent_on_its_way_again(line: CommandLine) -> None:
    holding(line, rewritten(bought("odd", BUYER), buyer_for_customer))
    line.json("forget", "--email", "jo@example.com", "--yes")

    retried = line.run("parked", "retry", "odd", "--json")

    assert (retried.exit_code, json.loads(retried.stdout)["missed"]) == (1, ["odd"])
