"""A worker that stood still between opening a call and sending it: another has settled that call meanwhile."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from schemas.envelope import Lane
from tests.support.fakes import FakeClock
from tests.support.sample_ledger import lease_of, opened, write
from tests.support.serving_fakes import ORG, MemoryBroker, MemoryXero, session_of
from worker.calls.opening import open_write, resend
from worker.calls.sending import send
from worker.documents.documents import Kind
from worker.intake.inbox import Throttle
from worker.ledger.database.errors import LeaseLost
from worker.ledger.ledger import Ledger
from worker.ledger.records import Call, Opened
from worker.serving.serving import Serving
from worker.session.session import Session
from worker.xero.client import DEADLINE_S
from worker.xero.replies.reply import ReplyKind

STOOD_STILL_S = 420.0
KEY_S = 360.0


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def ledger(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Ledger]:
    async with opened(f"sqlite+inline:///{tmp_path}/ledger.db", clock=clock) as ledger:
        yield ledger


@pytest.fixture
async def session(ledger: Ledger, clock: FakeClock) -> Session:
    session = session_of(ledger, await lease_of(ledger, name=ORG), MemoryBroker(), MemoryXero())
    session.clock = clock
    return session


async def opening(session: Session) -> Call:
    result = await open_write(session, kind=Kind.INVOICE, lane=Lane.IMMEDIATE, writes=[write(1)])
    assert isinstance(result, Opened)
    assert result.call is not None
    return result.call


async def test_a_call_that_was_opened_long_ago_is_not_sent(session: Session, clock: FakeClock) -> None:
    call = await opening(session)
    clock.advance(STOOD_STILL_S)

    reply = await send(session, call)

    assert (reply.outcome, xero_of(session).calls) == (ReplyKind.UNSENT, [])
    assert "stood still" in reply.detail


async def test_nor_when_it_stood_still_while_the_ledger_answered(session: Session, clock: FakeClock) -> None:
    plain = session.ledger.calls.open_write

    async def slowly(*arguments: Any, **named: Any) -> Any:
        result = await plain(*arguments, **named)
        clock.advance(STOOD_STILL_S)
        return result

    session.ledger.calls.open_write = slowly  # type: ignore[method-assign] # it stands still after the commit
    call = await opening(session)

    await send(session, call)

    assert xero_of(session).calls == []


async def test_who_lost_the_lease_meanwhile_hears_of_it(session: Session, ledger: Ledger, clock: FakeClock) -> None:
    call = await opening(session)
    clock.advance(STOOD_STILL_S)
    await lease_of(ledger, holder="another", name=ORG)
    throttle = Throttle(pause_reading=lambda: None, resume_reading=lambda: None)
    serving = Serving(session=session, consumer=MemoryBroker(), throttle=throttle)  # type: ignore[arg-type] # in memory

    with pytest.raises(LeaseLost):
        await serving._performer.perform(call)

    assert xero_of(session).calls == []


async def test_a_call_that_has_just_been_opened_is_sent(session: Session, clock: FakeClock) -> None:
    call = await opening(session)
    clock.advance(1.0)

    await send(session, call)

    assert xero_of(session).calls == [call]


@pytest.mark.parametrize("stood_still_s", [0.0, 60.0, 119.0])
@pytest.mark.parametrize("resent_after_s", [1.0, 120.0, 239.0])
async def test_a_resend_leaves_while_xero_has_its_key_or_not_at_all(
    session: Session, clock: FakeClock, resent_after_s: float, stood_still_s: float
) -> None:
    call = await opening(session)
    await session.ledger.calls.mark_uncertain(session.lease, call.id, status=None, detail="no answer")
    clock.advance(resent_after_s)

    again = await resend(session, call, within_s=240.0)
    assert isinstance(again, Call)
    clock.advance(stood_still_s)
    await send(session, again)

    # the client may wait as long again for an access token
    leaves_after_s = resent_after_s + stood_still_s + DEADLINE_S
    assert xero_of(session).calls == [] or leaves_after_s < KEY_S
    assert xero_of(session).calls == [again] or stood_still_s > 0


def xero_of(session: Session) -> MemoryXero:
    assert isinstance(session.client, MemoryXero)
    return session.client
