"""Two calls had no answer, and it was not known since whether Xero is back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from schemas.entities import Entity
from schemas.envelope import Lane
from tests.support.mapping_cases import event, invoice, line
from tests.support.sample_ledger import AMPLE, lease_of, open_call, opened, write
from tests.support.serving_fakes import ORG, MemoryBroker, MemoryXero, served, session_of
from worker.budget.decision import Wait
from worker.calls.opening import open_read, resend
from worker.documents.documents import Kind
from worker.ledger.records import Call, Purpose
from worker.session.interruption import PauseOrganisation
from worker.session.session import Session
from worker.xero.replies.reply import Reply, ReplyKind

SALE = event(Entity.INVOICE, invoice(line("10.00", "2.00", tax_rate="20")))


def went_unanswered(session: Session, *, ago_s: float) -> None:
    for _ in range(2):
        session.breaker.failed(session.clock.monotonic() - ago_s)


async def read(session: Session) -> Call | Wait:
    return await open_read(session, purpose=Purpose.SETTINGS, lane=Lane.IMMEDIATE, path="/Accounts", params={})


async def test_an_organisation_with_nothing_to_send_is_not_paused_and_sends_what_comes_at_once(tmp_path: Path) -> None:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db") as one:
        went_unanswered(one.session, ago_s=400.0)

        tags = one.receive(SALE)

        await one.acked(*tags)
        assert not one.session.breaker.is_open


async def test_of_calls_that_are_opened_together_one_is_the_probe(tmp_path: Path) -> None:
    async with opened(f"sqlite+inline:///{tmp_path}/ledger.db") as ledger:
        session = session_of(ledger, await lease_of(ledger, name=ORG), MemoryBroker(), MemoryXero())
        went_unanswered(session, ago_s=31.0)

        first, second = await read(session), await read(session)

        assert isinstance(first, Call)
        assert isinstance(second, Wait)
        assert second.until - session.clock.now() <= timedelta(seconds=1)


async def test_what_is_not_sent_after_all_leaves_the_probe_to_others(tmp_path: Path) -> None:
    async with opened(f"sqlite+inline:///{tmp_path}/ledger.db") as ledger:
        session = session_of(ledger, await lease_of(ledger, name=ORG), MemoryBroker(), MemoryXero())
        call = await open_call(ledger, session.lease, write(1))
        went_unanswered(session, ago_s=31.0)

        assert await resend(session, call, within_s=-1.0) is None

        assert isinstance(await read(session), Call)


async def test_a_lost_reply_that_no_call_is_left_to_look_for_today_pauses_and_returns_its_event(tmp_path: Path) -> None:
    lost = Reply(ReplyKind.UNCERTAIN, 503)
    async with served(
        f"sqlite+inline:///{tmp_path}/ledger.db", xero=MemoryXero({Kind.INVOICE: [lambda _: lost]})
    ) as one:
        one.session.limits = replace(AMPLE, day=4)

        [tag] = one.receive(SALE)

        pause = await one.failure()
        assert isinstance(pause, PauseOrganisation)
        assert (pause.reason, one.broker.returned[tag]) == ("day_budget_spent", 1)
        assert [call.kind for call in await one.ledger.calls.unsettled(ORG)] == [Kind.INVOICE]
