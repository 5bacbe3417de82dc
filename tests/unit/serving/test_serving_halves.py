"""A call that Xero refuses as a whole, without naming a document: what spoils it is looked for in few more calls."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from schemas.entities import Entity
from tests.support.mapping_cases import event, invoice, line
from tests.support.serving_fakes import MemoryXero, Served, served
from tests.support.waiting import until
from worker.calls.resolution import adopted
from worker.documents.documents import Kind
from worker.ledger.records import Call, Purpose
from worker.xero.match import Found
from worker.xero.replies.reply import Reply, ReplyKind

SALES = 24
FURTHER_CALLS = 12


@dataclass
class FastidiousXero(MemoryXero):
    """Refuses a call of invoices that has one of the `spoiled` numbers, and does not say which.

    `meanwhile` happens before the first such answer.
    """

    spoiled: set[str] = field(default_factory=set)
    meanwhile: Callable[[Call], Awaitable[None]] | None = None

    async def send(self, call: Call) -> Reply:
        reply = await super().send(call)
        if self.meanwhile is not None and reply.outcome is ReplyKind.REFUSED_WHOLE:
            meanwhile, self.meanwhile = self.meanwhile, None
            await meanwhile(call)
        return reply

    def take(self, call: Call) -> Reply:
        if call.purpose is Purpose.WRITE and self.spoiled & {member.number for member in call.members}:
            return Reply(ReplyKind.REFUSED_WHOLE, 400, detail="something is wrong with this")
        return super().take(call)


def number(sale: int) -> str:
    return f"SHOP-I-webshop-{sale}"


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db", xero=FastidiousXero()) as one:
        yield one


async def sell(one: Served, *spoiled: int) -> list[Call]:
    """Sales in one call, with some that spoil it; returns the calls that carried them."""
    assert isinstance(one.xero, FastidiousXero)
    one.xero.spoiled.update(map(number, spoiled))
    await one.hold_calls()
    sales = [invoice(line("10.00", "2.00", tax_rate="20"), id=str(n), number=str(n)) for n in range(SALES)]
    tags = one.receive(*(event(Entity.INVOICE, sale) for sale in sales))
    await until(lambda: len(one.session.buffer) == SALES, what="all of them in memory")

    one.let_calls_go()
    await one.acked(*tags)

    return [call for call in one.xero.calls if call.kind is Kind.INVOICE]


async def test_one_document_that_spoils_a_call_is_found_and_the_others_are_written_once(one: Served) -> None:
    calls = await sell(one, 5)

    assert [held.owner and held.owner.entity_id for held in await one.parked()] == ["5"]
    written = [m.number for call in calls for m in call.members if number(5) not in {m.number for m in call.members}]
    assert sorted(written) == sorted(number(sale) for sale in range(SALES) if sale != 5)


async def test_where_every_document_spoils_its_call_few_more_calls_are_spent_on_them(one: Served) -> None:
    calls = await sell(one, *range(SALES))

    parked = await one.parked()
    assert (len(calls), len(parked)) == (1 + FURTHER_CALLS, SALES)
    assert "refused_whole" in {held.reason for held in parked}
    assert await one.ledger.calls.unsettled("main") == []


async def test_what_the_ledger_has_by_then_needs_no_further_call(one: Served) -> None:
    async def restored(call: Call) -> None:
        found = Found("i-3", ours=True, same=True, facts={})
        await one.ledger.documents.restore(
            one.lease, [adopted(m, found) for m in call.members if m.number == number(3)]
        )

    assert isinstance(one.xero, FastidiousXero)
    one.xero.meanwhile = restored

    calls = await sell(one, 5)

    assert [number(3) in {member.number for member in call.members} for call in calls].count(True) == 1
    assert [held.owner and held.owner.entity_id for held in await one.parked()] == ["5"]
