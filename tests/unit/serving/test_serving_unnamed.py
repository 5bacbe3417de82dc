"""Allocations that Xero made without naming them, as its own sample of the answer has it: taken back all the same."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from schemas.entities import Entity
from tests.support.mapping_cases import VERSION, credit_memo, event, invoice, key, line, removed
from tests.support.serving_fakes import MemoryXero, Served, served
from worker.documents.documents import Kind
from worker.ledger.records import Call, Purpose
from worker.xero.replies.reply import Reply, ReplyKind

SOLD = line("10.00", "2.00", tax_rate="20")
ALLOCATION = key("credit_memo", "41", "allocation/1")


@dataclass
class Unnaming(MemoryXero):
    """Names an allocation only in its credit note; deletes those it knows."""

    standing: dict[str, dict[str, Any]] = field(default_factory=dict)

    def take(self, call: Call) -> Reply:
        if call.kind is not Kind.ALLOCATION:
            return super().take(call)
        if call.purpose is Purpose.LOOKUP:
            note = call.path.rsplit("/", 1)[-1]
            element = {"CreditNoteID": note, "Allocations": list(self.standing.values())}
            return Reply(ReplyKind.ANSWERED, 200, (element,))
        if call.method == "DELETE":
            return self._deleted(call.path.rsplit("/", 1)[-1])
        made = {name: call.members[0].element[name] for name in ("Amount", "Invoice")}
        self.add(f"a-{len(self.standing) + 1}", made)
        return Reply(ReplyKind.ANSWERED, 200, (made,))

    def add(self, allocation_id: str, made: dict[str, Any]) -> None:
        self.standing[allocation_id] = {**made, "AllocationID": allocation_id}

    def _deleted(self, allocation_id: str) -> Reply:
        if self.standing.pop(allocation_id, None) is None:
            return Reply(ReplyKind.NOT_FOUND, 404)
        return Reply(ReplyKind.ANSWERED, 200, ({"AllocationID": allocation_id, "IsDeleted": True},))


@pytest.fixture
def xero() -> Unnaming:
    return Unnaming()


@pytest.fixture
async def one(tmp_path: Path, xero: Unnaming) -> AsyncIterator[Served]:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db", xero=xero) as one:
        await one.acked(*one.receive(event(Entity.INVOICE, invoice(SOLD))))
        await one.acked(*one.receive(event(Entity.CREDIT_MEMO, credit_memo(SOLD))))
        yield one


async def taken_back(one: Served) -> None:
    back = removed(Entity.CREDIT_MEMO, "41").model_copy(update={"version": VERSION + timedelta(hours=1)})
    await one.acked(*one.receive(back))


async def status(one: Served) -> object:
    return (await one.ledger.documents.get([ALLOCATION]))[ALLOCATION].facts["status"]


async def test_it_is_deleted_by_the_id_that_a_look_at_its_credit_note_gives(one: Served, xero: Unnaming) -> None:
    await taken_back(one)

    assert (xero.standing, await status(one), await one.parked()) == ({}, "DELETED", [])


async def test_of_several_none_is_deleted_and_a_person_is_told(one: Served, xero: Unnaming) -> None:
    xero.add("by hand", {"Amount": "1.00", "Invoice": {"InvoiceID": "another"}})

    await taken_back(one)

    assert list(xero.standing) == ["a-1", "by hand"]
    assert {held.reason for held in await one.parked()} == {"not_deleted"}


async def test_one_that_a_person_deleted_counts_as_gone(one: Served, xero: Unnaming) -> None:
    xero.standing.clear()

    await taken_back(one)

    assert (await status(one), await one.parked()) == ("DELETED", [])
