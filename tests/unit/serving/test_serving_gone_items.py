"""A 404 to a call of items, as Xero answers when it does not know an id: of which it speaks is asked."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from schemas.entities import Entity
from schemas.envelope import Event
from tests.support.mapping_cases import VERSION, event
from tests.support.serving_fakes import MemoryXero, Served, served
from tests.unit.serving.test_serving_reissues import Hasty
from worker.documents.documents import Kind
from worker.ledger.records import Call, Purpose
from worker.xero.replies.reply import Reply, ReplyKind

CODES = ("MUG", "TEA", "BIN")
_NOT_FOUND = Reply(ReplyKind.NOT_FOUND, 404)


@dataclass
class Terse(MemoryXero):
    """Lists the items there are, and answers 404 to a call that names one that is not."""

    gone: set[str] = field(default_factory=set)

    def take(self, call: Call) -> Reply:
        if call.purpose is Purpose.LOOKUP:
            there = [one for one in self.written.values() if one["ItemID"] not in self.gone]
            return Reply(ReplyKind.ANSWERED, 200, tuple(there))
        return _NOT_FOUND if any(member.xero_id in self.gone for member in call.members) else super().take(call)

    def delete(self, code: str) -> None:
        """As a person does."""
        self.gone.add(self.written[code]["ItemID"])

    def replace(self, code: str) -> None:
        """As a person does who deletes it and makes another of its code."""
        self.delete(code)
        self.written[code] = {**self.written[code], "ItemID": str(uuid.uuid4())}

    def ids(self) -> dict[str, str]:
        return {code: element["ItemID"] for code, element in self.written.items()}


def products(*, hours: int = 0) -> list[Event]:
    made = [event(Entity.PRODUCT, {"id": code, "sku": code, "name": f"{code} {hours}"}) for code in CODES]
    return [one.model_copy(update={"version": VERSION + timedelta(hours=hours)}) for one in made]


@pytest.fixture
def xero() -> Terse:
    return Terse()


@pytest.fixture
async def one(tmp_path: Path, xero: Terse) -> AsyncIterator[Served]:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db", xero=xero) as one:
        await one.acked(*one.receive(*products()))
        xero.calls.clear()
        yield one


async def changed(one: Served) -> list[tuple[str, list[str]]]:
    """What Xero was sent and asked for it, once all of them are changed."""
    await one.acked(*one.receive(*products(hours=1)))
    assert await one.parked() == []
    assert {code: element["Name"] for code, element in one.xero.written.items()} == {
        code: f"{code} 1" for code in CODES
    }
    calls = [call for call in one.xero.calls if call.kind is Kind.ITEM]  # the chart may be read meanwhile
    return [(call.method, sorted(member.number for member in call.members)) for call in calls]


@pytest.mark.parametrize("goes", [Terse.delete, Terse.replace])
async def test_the_item_that_is_gone_is_made_anew_and_the_others_are_changed(
    one: Served, xero: Terse, goes: Callable[[Terse, str], None]
) -> None:
    before = xero.ids()
    goes(xero, "MUG")

    calls = await changed(one)

    assert calls[:2] == [("POST", sorted(CODES)), ("GET", [])]
    assert sorted(calls[2:]) == [("POST", ["BIN", "TEA"]), ("PUT", ["MUG"])]
    assert {code for code, now in xero.ids().items() if now != before[code]} == {"MUG"}


async def test_xero_is_asked_though_no_other_call_may_be_under_way_beside_the_one_it_answered(
    one: Served, xero: Terse
) -> None:
    one.session.limits = replace(one.session.limits, concurrent=1)
    one.session.clock = Hasty()
    xero.delete("MUG")

    calls = await changed(one)

    assert [method for method, _ in calls[:2]] == ["POST", "GET"]


async def test_a_gateways_404_makes_none_of_them_anew(one: Served, xero: Terse) -> None:
    before = xero.ids()
    xero.answers[Kind.ITEM] = [lambda _: _NOT_FOUND]

    calls = await changed(one)

    assert [method for method, _ in calls] == ["POST", "GET", "POST"]
    assert xero.ids() == before


async def test_where_xero_does_not_say_which_are_there_none_is_taken_for_gone(one: Served, xero: Terse) -> None:
    before = xero.ids()
    xero.answers[Kind.ITEM] = [lambda _: _NOT_FOUND, lambda _: Reply(ReplyKind.SERVER_ERROR, 500)]

    calls = await changed(one)

    assert [method for method, _ in calls] == ["POST", "GET", "POST"]
    assert xero.ids() == before
