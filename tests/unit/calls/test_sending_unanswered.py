"""What a worker tells of a Xero that does not answer, or in whose place something else does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import structlog

from schemas.envelope import Lane
from tests.support.sample_ledger import lease_of, opened
from tests.support.serving_fakes import ORG, MemoryBroker, MemoryXero, session_of
from worker.calls.sending import send
from worker.clock import SystemClock
from worker.documents.documents import Kind
from worker.ledger.records import Call, Purpose
from worker.session.counts import Counts
from worker.session.session import Session
from worker.xero.replies.answers import read
from worker.xero.replies.reply import Reply

PAGE = httpx.Response(200, content=b"<html>down for maintenance</html>")
NOTICE = httpx.Response(503, json={"Detail": "Jane Doe's invoice waits"})
LIST = httpx.Response(200, json={"Invoices": []})


@pytest.fixture
async def session(tmp_path: Path) -> AsyncIterator[Session]:
    async with opened(f"sqlite+inline:///{tmp_path}/ledger.db") as ledger:
        yield session_of(ledger, await lease_of(ledger, name=ORG), MemoryBroker(), MemoryXero())


async def answered(session: Session, response: httpx.Response) -> tuple[Call, Reply]:
    call = await session.ledger.calls.open_read(
        session.lease,
        purpose=Purpose.LOOKUP,
        lane=Lane.IMMEDIATE,
        path="/Invoices",
        params={},
        kind=Kind.INVOICE,
        limits=session.limits,
    )
    assert isinstance(call, Call)
    session.fresh_until[call.id] = session.clock.monotonic() + 60
    xero = session.client
    assert isinstance(xero, MemoryXero)
    xero.answers[Kind.INVOICE] = [lambda call: read(call, response)]
    return call, await send(session, call)


async def test_pages_in_the_place_of_answers_count_as_lost_and_open_the_breaker(session: Session) -> None:
    counts = Counts(SystemClock().now)

    for _ in range(2):
        counts.answered(*await answered(session, PAGE), 0.1)

    assert counts.calls == {("Invoices", Purpose.LOOKUP, "lost"): 2}
    assert session.breaker.is_open


async def test_one_line_tells_when_the_breaker_opens_and_one_when_it_closes(session: Session) -> None:
    with structlog.testing.capture_logs() as log:
        for response in (PAGE, PAGE, PAGE, LIST, LIST):
            await answered(session, response)

    first, last = log
    assert (first["event"], first["log_level"], first["organisation"]) == ("breaker.opened", "warning", ORG)
    assert (first["failures"], first["again_in_s"]) == (2, 30)
    assert first["detail"] == "status 200, and not what was asked for"
    assert (last["event"], last["failures"]) == ("breaker.closed", 3)


async def test_it_does_not_repeat_what_a_refusal_says(session: Session) -> None:
    with structlog.testing.capture_logs() as log:
        for _ in range(2):
            await answered(session, NOTICE)

    assert [line["detail"] for line in log] == ["status 503"]


async def test_a_call_without_an_answer_now_and_then_is_not_told(session: Session) -> None:
    with structlog.testing.capture_logs() as log:
        for response in (PAGE, LIST, PAGE, LIST):
            await answered(session, response)

    assert log == []
