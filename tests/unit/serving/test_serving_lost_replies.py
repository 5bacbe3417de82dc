"""A call of which it is not known what Xero did: sent again under its key, or looked for; nothing is made twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from schemas.entities import Entity
from schemas.envelope import Event
from tests.support.mapping_cases import event, invoice, line
from tests.support.sample_ledger import AMPLE
from tests.support.serving_fakes import ORG, Served, served
from tests.support.waiting import until
from tests.unit.serving.test_serving_reissues import Hasty
from worker.backoff import MAX_ATTEMPTS
from worker.documents.documents import Kind
from worker.ledger.records import Call, Purpose
from worker.xero.replies.reply import LimitHeaders, Reply, ReplyKind

LOST = Reply(ReplyKind.UNCERTAIN, 503)
FAILED = Reply(ReplyKind.SERVER_ERROR, 500)


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db") as one:
        yield one


def sale(number: int = 12) -> Event:
    return event(Entity.INVOICE, invoice(line("10.00", "2.00", tax_rate="20"), id=str(number), number=str(number)))


def carrying(one: Served) -> list[Call]:
    return [call for call in one.xero.calls if call.kind is Kind.INVOICE]


async def test_a_call_is_sent_again_under_its_key_and_settled_by_the_second_answer(one: Served) -> None:
    one.xero.answers[Kind.INVOICE] = [lambda _: LOST]

    await one.acked(*one.receive(sale()))

    first, second = carrying(one)
    assert (second.idempotency_key, second.sends) == (first.idempotency_key, 2)
    assert await one.ledger.calls.unsettled(ORG) == []


async def test_a_call_that_is_refused_when_it_is_sent_again_may_be_there_by_its_first_try(one: Served) -> None:
    def lost(call: Call) -> Reply:
        one.xero.take(call)
        return LOST

    one.xero.answers[Kind.INVOICE] = [lost, lambda _: Reply(ReplyKind.REFUSED_WHOLE, 400, detail="no such thing")]

    await one.acked(*one.receive(sale()))

    assert [call.purpose for call in carrying(one)] == [Purpose.WRITE, Purpose.WRITE, Purpose.LOOKUP]
    assert await one.parked() == []


async def test_what_a_reply_has_no_word_of_is_looked_for_and_only_what_is_missing_is_sent_again(one: Served) -> None:
    def on_the_first_alone(call: Call) -> Reply:
        return replace(one.xero.take(replace(call, members=call.members[:1])), limits=LimitHeaders(day_remaining=7))

    one.xero.answers[Kind.INVOICE] = [on_the_first_alone]
    await one.hold_calls()
    tags = one.receive(sale(12), sale(13))
    await until(lambda: len(one.session.buffer) == 2, what="both in memory")

    one.let_calls_go()
    await one.acked(*tags)

    sent = [(call.purpose, len(call.members)) for call in carrying(one)]
    assert sent == [(Purpose.WRITE, 2), (Purpose.LOOKUP, 0), (Purpose.WRITE, 1)]
    state, _, _ = await one.ledger.budget.standing(ORG, AMPLE)
    assert state.correction.day_remaining == 5, "what Xero said, less the calls since"


async def test_what_xero_fails_at_and_does_not_have_is_for_a_person_after_eight_tries(one: Served) -> None:
    one.session.clock = Hasty()
    one.xero.answers[Kind.INVOICE] = [lambda _: FAILED, one.xero.take] * MAX_ATTEMPTS

    await one.acked(*one.receive(sale()))

    assert [held.reason for held in await one.parked()] == ["server_error"]
    assert one.xero.answers[Kind.INVOICE] == []
