"""A customer's new name that another contact has, by Xero's comparison, which is not ours."""

from __future__ import annotations

import unicodedata
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from schemas.entities import Entity
from schemas.envelope import Event
from tests.support.mapping_cases import VERSION, event
from tests.support.serving_fakes import MemoryXero, Served, served
from worker.documents.documents import Kind
from worker.ledger.records import Call, Member, Purpose
from worker.xero.replies.reply import Reply, ReplyKind

TAKEN = "The contact name is already assigned to another contact. It must be unique across all active contacts."


@dataclass
class FoldingXero(MemoryXero):
    """Takes each name once, whatever its case and accents, and lists contacts."""

    def take(self, call: Call) -> Reply:
        return Reply(ReplyKind.ANSWERED, 200, tuple(self._answers(call)))

    def _answers(self, call: Call) -> Iterator[Mapping[str, Any]]:
        if call.purpose is not Purpose.WRITE:
            yield from self.written.values()
        for member in call.members:
            yield self._refusal(member) if self._is_taken(member) else self._element(member)

    def _is_taken(self, member: Member) -> bool:
        others = (element for number, element in self.written.items() if number != member.number)
        return _folded(member.element.get("Name", "")) in {_folded(one["Name"]) for one in others}

    def _refusal(self, member: Member) -> dict[str, Any]:
        names = {"ContactNumber": member.number, "ContactID": member.xero_id}
        return {**names, "StatusAttributeString": "ERROR", "ValidationErrors": [{"Message": TAKEN}]}


class NamedXero(FoldingXero):
    """Lists only those whose number or name is asked for."""

    def _answers(self, call: Call) -> Iterator[Mapping[str, Any]]:
        where = call.params.get("where", "")
        for element in super()._answers(call):
            names = (f'ContactNumber=="{element["ContactNumber"]}"', f'Name=="{element.get("Name")}"')
            if call.purpose is Purpose.WRITE or any(name in where for name in names):
                yield element


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower() or name


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db", xero=FoldingXero()) as one:
        await one.acked(*one.receive(customer("1", "José", "García"), customer("2", "Ann", "Lee")))
        yield one


def customer(customer_id: str, first: str, last: str, hours: int = 0) -> Event:
    found = event(Entity.CUSTOMER, {"id": customer_id, "first_name": first, "last_name": last})
    return found.model_copy(update={"version": VERSION + timedelta(hours=hours)})


async def test_a_new_name_that_differs_by_accents_alone_gets_its_suffix(one: Served) -> None:
    await one.acked(*one.receive(customer("2", "Jose", "Garcia", hours=1)))

    assert one.xero.written["webshop:2"]["Name"] == "Jose Garcia (2)"
    assert sum(call.kind is Kind.CONTACT for call in one.xero.calls) <= 5


async def test_a_name_that_was_found_to_be_anothers_is_not_tried_again(one: Served) -> None:
    await one.acked(*one.receive(customer("2", "Jose", "Garcia", hours=1)))
    await one.acked(*one.receive(customer("2", "Ann", "Lee", hours=2)))
    before = len(one.xero.calls)

    await one.acked(*one.receive(customer("2", "Jose", "Garcia", hours=3)))

    assert one.xero.written["webshop:2"]["Name"] == "Jose Garcia (2)"
    assert len(one.xero.calls) - before == 1


async def test_a_name_that_is_too_long_to_ask_for_gets_its_suffix_where_it_is_anothers(tmp_path: Path) -> None:
    long = "株" * 127
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db", xero=NamedXero()) as one:
        one.xero.written["by hand"] = {"ContactID": "c-9", "ContactNumber": "", "Name": f"{long} {long}"}

        await one.acked(*one.receive(customer("3", long, long)))

        assert one.xero.written["webshop:3"]["Name"] == f"{long} {long}"[:251] + " (3)"
        assert sum(call.kind is Kind.CONTACT for call in one.xero.calls) == 3
