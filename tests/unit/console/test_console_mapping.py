"""An admin sees what goes where, what Xero's lists say to it, and adds what the file leaves out."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from schemas.parts import Line
from tests.support.console_room import Room, console_room, text_of
from tests.support.sample_ledger import event, lease_of, waiting_in
from worker.console.missing import missing_of
from worker.ledger.records import HoldState
from worker.mapping.accounts import payment_account
from worker.mapping.result import Unmappable
from worker.mapping.taxes import line_tax_type
from worker.settings.overlay import ROLES, Entry, Table

KLARNA = {"table": "payments", "key": "klarna", "value": "090"}


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    """An admin is logged in."""
    async with console_room(tmp_path) as made:
        await made.browser.log_in()
        yield made


async def overlay(room: Room) -> list[Entry]:
    return list(await room.desk.ledger.overlays.of("main"))


async def test_what_is_configured_is_held_against_xeros_lists(room: Room) -> None:
    before = text_of(await room.browser.get("/organisations/main"))

    answer = await room.browser.post("/organisations/main/read")

    seen = text_of(await room.browser.get("/organisations/main"))
    assert "Xero's lists were not read yet" in before
    assert answer.headers["location"] == "/organisations/main"
    assert "sales 200 Sales the file ○" not in seen
    assert "sales 200 Sales the file ok" in seen
    assert "fee 270 Fees the file account 270 is archived" in seen
    assert "1 of the mapping does not fit Xero's lists." in seen


async def test_what_the_file_leaves_out_is_added_on_record(room: Room) -> None:
    answer = await room.browser.post("/organisations/main/add", KLARNA)

    [action] = await room.desk.ledger.admin_actions.latest()
    assert answer.headers["location"] == "/organisations/main"
    assert await overlay(room) == [Entry(Table.PAYMENTS, "klarna", "090")]
    assert (action.who, action.action, action.organisation) == ("Ann", "mapping.set", "main")
    assert (action.subject, action.reason) == ("payments klarna", "nothing → 090")
    assert "klarna 090 – the console" in text_of(await room.browser.get("/organisations/main"))


async def test_an_entry_is_changed_and_taken_back_on_record(room: Room) -> None:
    await room.browser.post("/organisations/main/add", KLARNA)
    await room.browser.post("/organisations/main/add", {**KLARNA, "value": "091"})

    await room.browser.post("/organisations/main/remove", {"table": "payments", "key": "klarna"})

    actions = await room.desk.ledger.admin_actions.latest()
    assert await overlay(room) == []
    assert sorted(one.reason for one in actions) == ["090 → 091", "091 → nothing", "nothing → 090"]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"table": "tax", "key": "20", "value": "NONE"}, "the configuration file has 20 already"),
        ({"key": ""}, "1 to 100 characters"),
        ({"value": "x" * 20}, "account code of 1 to 10 characters"),
        ({"table": "organisation", "key": "tenant_id", "value": "1"}, "chosen after connecting"),
        ({"table": "limits"}, "expected one of"),
    ],
)
async def test_what_cannot_be_added_says_why(room: Room, change: dict[str, str], text: str) -> None:
    answer = await room.browser.post("/organisations/main/add", KLARNA | change)

    assert answer.status_code == 400
    assert text in text_of(answer)
    assert await overlay(room) == []


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        (KLARNA | {"value": "999"}, "account 999 is not in the chart of accounts"),
        (KLARNA | {"value": "860"}, "account 860 takes no payments"),
        ({"table": "tax", "key": "19", "value": "TAX003"}, "tax type TAX003 is no tax rate"),
        ({"table": "accounts", "key": "refund_adjustment", "value": "090"}, "account 090 is a bank"),
        ({"table": "accounts", "key": "gift_card", "value": "200"}, "account 200 takes no payments"),
    ],
)
async def test_what_does_not_fit_xeros_lists_is_not_added(room: Room, entry: dict[str, str], text: str) -> None:
    await room.browser.post("/organisations/main/read")

    answer = await room.browser.post("/organisations/main/add", entry)

    assert answer.status_code == 400
    assert text in text_of(answer)
    assert await overlay(room) == []


async def test_the_forms_offer_what_xero_has(room: Room) -> None:
    await room.browser.post("/organisations/main/read")

    page = (await room.browser.get("/organisations/main?table=payments&key=klarna")).text

    assert '<option value="090">090 Bank</option>' in page
    assert '<option value="841">841 Gift cards</option>' in page
    assert '<option value="OUTPUT2">20% (VAT on Income), 20.0 %</option>' in page
    assert '<option value="270">' not in page
    assert 'id="payments-key" name="key" required maxlength="100" value="klarna"' in page


async def test_each_account_is_offered_what_can_be_added_for_it(room: Room) -> None:
    await room.browser.post("/organisations/main/read")

    offered = offers((await room.browser.get("/organisations/main?table=accounts&key=refund_adjustment")).text)

    refused = [
        (role, code)
        for role, codes in offered.items()
        for code in codes
        if (await room.browser.post("/organisations/main/add", an_account(role, code))).status_code != 303
    ]
    assert list(offered) == ["refund_adjustment", "gift_card", "store_credit", "reward_points"]
    assert offered["refund_adjustment"] == ["200", "425", "260", "860", "841"]
    assert offered["gift_card"] == ["841"]
    assert refused == []


async def test_what_parked_events_wait_for_is_offered_and_then_retried(room: Room) -> None:
    hint = refusal_of("klarna", room)
    parked = [event(number, HoldState.PERSON, reason="payment_method_unmapped", hint=hint) for number in range(3)]
    await room.desk.ledger.held.hold(await lease_of(room.desk.ledger), parked)

    before = text_of(await room.browser.get("/organisations/main"))
    await room.browser.post("/organisations/main/add", KLARNA)
    after = text_of(await room.browser.get("/organisations/main"))
    await room.browser.post("/parked/retry", {"org": "main", "reason": "payment_method_unmapped", "all": "1"})

    assert missing_of(hint) == (Table.PAYMENTS, "klarna")
    assert "klarna payments 3 Map it : klarna" in before
    assert "klarna payments 3 It is mapped: retry" in after
    assert (await waiting_in(room.desk.ledger))[HoldState.PERSON] == 0


async def test_a_tax_code_that_is_a_rate_is_mapped_once_the_rate_is(room: Room) -> None:
    hints = [tax_refusal_of(code, room) for code in ("19%", "19.00", "19")]
    parked = [event(at, HoldState.PERSON, reason="tax_unmapped", hint=hint) for at, hint in enumerate(hints)]
    await room.desk.ledger.held.hold(await lease_of(room.desk.ledger), parked)

    before = text_of(await room.browser.get("/organisations/main"))
    await room.browser.post("/organisations/main/add", {"table": "tax", "key": "19%", "value": "OUTPUT2"})
    after = text_of(await room.browser.get("/organisations/main"))

    assert "19 tax 3 Map it : 19" in before
    assert "19 tax 3 It is mapped: retry" in after
    assert "Map it :" not in after


def offers(page: str) -> dict[str, list[str]]:
    """Each role to the accounts that its form offers."""
    forms = re.findall(r'name="key" value="(\w+)">(.*?)</form>', page, re.DOTALL)
    return {role: re.findall(r'<option value="(\w+)"', form) for role, form in forms if role in ROLES}


def an_account(role: str, code: str) -> dict[str, str]:
    return {"table": "accounts", "key": role, "value": code}


def tax_refusal_of(code: str, room: Room) -> str:
    line = Line(name="A mug", net=Decimal(100), tax=Decimal(19), gross=Decimal(119), tax_code=code)
    with pytest.raises(Unmappable) as refusal:
        line_tax_type(line, room.desk.settings.organisations["main"])
    return refusal.value.hint


def refusal_of(method: str, room: Room) -> str:
    with pytest.raises(Unmappable) as refusal:
        payment_account(method, room.desk.settings.organisations["main"])
    return refusal.value.hint
