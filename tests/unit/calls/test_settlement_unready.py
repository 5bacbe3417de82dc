"""Documents that no call could carry, because what they need was not there when the call was opened."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.buffer_cases import a_work
from tests.support.sample_ledger import document, key, lease_of, opened, put_documents, waiting_in, write
from tests.support.serving_fakes import MemoryBroker, MemoryXero, session_of
from worker.calls.settlement import Settlement
from worker.documents.documents import Kind
from worker.intake.intake import Intake
from worker.ledger.records import HoldState
from worker.session.session import Session

CHILD = write(2, needs=(key(1),))


@pytest.fixture
async def session(tmp_path: Path) -> AsyncIterator[Session]:
    """Its buffer holds the child, in a call that is being opened."""
    async with opened(f"sqlite+inline:///{tmp_path}/ledger.db") as ledger:
        session = session_of(ledger, await lease_of(ledger), MemoryBroker(), MemoryXero())
        session.buffer.admit(a_work("invoice", "2"), [CHILD], known=[key(1)])
        assert session.buffer.take(Kind.INVOICE, 50, session.clock.monotonic())
        yield session


def settlement(session: Session) -> Settlement:
    return Settlement(session=session, intake=Intake(session=session))


async def test_the_child_of_what_came_meanwhile_rests_for_a_moment_and_can_be_sent_then(session: Session) -> None:
    await put_documents(session.ledger, session.lease, document(1))
    before = session.clock.monotonic()

    await settlement(session).unready([CHILD])

    assert session.buffer.take(Kind.INVOICE, 50, before) == []
    due = session.buffer.next_due()
    assert due is not None
    assert before < due
    assert [slot.write for slot in session.buffer.take(Kind.INVOICE, 50, due)] == [CHILD]


async def test_the_child_of_what_is_not_there_waits_for_it_in_the_ledger(session: Session) -> None:
    await settlement(session).unready([CHILD])

    assert len(session.buffer) == 0
    counts = await waiting_in(session.ledger, session.org.name)
    assert counts[HoldState.PARENT] == 1
