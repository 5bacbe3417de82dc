"""What becomes of the events of a call whose documents end in different ways."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.buffer_cases import a_work
from tests.support.sample_ledger import document, key, lease_of, member, open_call, opened, parked_in, waiting_in, write
from tests.support.serving_fakes import MemoryBroker, MemoryXero, session_of
from worker.backoff import MAX_ATTEMPTS
from worker.buffer.work import Work
from worker.calls.settlement import Settlement
from worker.documents.documents import VOID, Kind, Write
from worker.intake.intake import Intake
from worker.ledger.records import HoldState
from worker.session.outcome import LIKE_REFUSALS, Doubt, Results
from worker.session.session import Session
from worker.xero.replies.verdicts import Refused


@pytest.fixture
async def session(tmp_path: Path) -> AsyncIterator[Session]:
    async with opened(f"sqlite+inline:///{tmp_path}/ledger.db") as ledger:
        yield session_of(ledger, await lease_of(ledger), MemoryBroker(), MemoryXero())


def settlement(session: Session) -> Settlement:
    return Settlement(session=session, intake=Intake(session=session))


def in_a_call(session: Session, wanted: dict[Work, list[Write]]) -> None:
    """Those that wait for nothing are in a call that was opened."""
    for work, writes in wanted.items():
        session.buffer.admit(work, writes, known=())
    session.buffer.take(Kind.INVOICE, 50, session.clock.monotonic())


async def reasons(session: Session) -> list[str]:
    return [held.reason for held in await parked_in(session.ledger, session.org.name)]


async def test_a_refusal_is_told_before_a_doubt_about_another_document_of_the_event(session: Session) -> None:
    in_a_call(session, {a_work("invoice", "1"): [write(1), write(2)]})
    call = await open_call(session.ledger, session.lease, write(1), write(2))
    refused = [(member(write(1)), Refused("refused", "mend it", ("no such thing",)))]
    doubted = {key(2): Doubt("xero_warned", "xero has taken it and warns", "correct it")}

    await settlement(session).record(call, 200, Results([document(2)], refused, doubted))

    assert await reasons(session) == ["refused"]


async def test_a_document_is_tried_no_more_when_one_of_its_events_has_had_all_its_attempts(session: Session) -> None:
    old, new = a_work("invoice", "1"), a_work("invoice", "2")
    old.attempt, old.body = MAX_ATTEMPTS - 1, b"another"
    in_a_call(session, {old: [write(1)], new: [write(1)]})

    await settlement(session).failed([member(write(1))], "server_error", "Xero answered 500")

    assert await reasons(session) == ["server_error", "server_error"]


async def test_what_needs_a_document_that_was_voided_before_it_was_there_waits_for_it(session: Session) -> None:
    void, child = write(1)._replace(action=VOID), write(2, needs=(key(1),))._replace(parent=key(1))
    in_a_call(session, {a_work("invoice", "1"): [void], a_work("invoice", "2"): [child]})

    await settlement(session).settled([void])

    counts = await waiting_in(session.ledger, session.org.name)
    assert (counts[HoldState.PARENT], len(session.buffer)) == (1, 0)


async def test_a_refused_version_is_not_parked_when_a_newer_one_waits_behind_it(session: Session) -> None:
    old, new = a_work("invoice", "1"), a_work("invoice", "1", version=1)
    in_a_call(session, {old: [write(1)]})
    call = await open_call(session.ledger, session.lease, write(1))
    session.buffer.admit(new, [write(1, version=new.version)], known=())

    refused = [(member(write(1)), Refused("refused", "mend it", ("no such thing",)))]
    await settlement(session).record(call, 400, Results(refused=refused))

    [slot] = session.buffer.take(Kind.INVOICE, 50, session.clock.monotonic())
    assert (slot.write.version, set(slot.owners)) == (new.version, {old, new})
    assert await reasons(session) == []


async def test_what_is_parked_beside_refusals_that_pause_its_kind_has_xeros_words(session: Session) -> None:
    in_a_call(session, {a_work("invoice", f"{number}"): [write(number)] for number in range(LIKE_REFUSALS + 1)})
    call = await open_call(session.ledger, session.lease, *[write(number) for number in range(LIKE_REFUSALS + 1)])
    alike = Refused("account_invalid", "restore the account", ("no such account",), pauses_kind=True)
    refused = [(member(write(number)), alike) for number in range(LIKE_REFUSALS)]
    other = (member(write(LIKE_REFUSALS)), Refused("refused", "read xero's message", ("no such thing",)))

    await settlement(session).record(call, 200, Results(refused=[*refused, other]))

    [parked] = await parked_in(session.ledger, session.org.name)
    assert (parked.reason, parked.detail) == ("refused", "Xero refused the invoice: no such thing")


async def test_a_contact_that_a_sale_found_there_stays_as_its_own_last_event_had_it(session: Session) -> None:
    there = document(1)
    await session.ledger.documents.restore(session.lease, [there])
    snapshot = write(1, version=there.version + timedelta(hours=1))._replace(only_if_absent=True)
    in_a_call(session, {a_work("invoice", "1"): [snapshot]})

    await settlement(session).settled([snapshot])

    known = await session.ledger.documents.get([key(1)])
    assert (known[key(1)].version, known[key(1)].content_hash) == (there.version, there.content_hash)
    assert len(session.buffer) == 0


async def test_a_document_of_an_earlier_call_that_is_parked_keeps_no_later_version_from_being_sent(
    session: Session,
) -> None:
    session.buffer.block([key(1)])
    session.buffer.admit(a_work("invoice", "1"), [write(1)], known=())

    await settlement(session).park(member(write(1)), "number_taken", "it is in Xero already", "compare both in Xero")

    assert [slot.key for slot in session.buffer.take(Kind.INVOICE, 50, session.clock.monotonic())] == [key(1)]


async def test_what_is_refused_while_its_kind_is_paused_does_not_make_the_pause_longer(session: Session) -> None:
    await settlement(session).pause_kind(Kind.INVOICE, "account_invalid", ())
    paused = await session.ledger.pauses.current(session.org.name)

    await settlement(session).pause_kind(Kind.INVOICE, "account_invalid", ())

    assert await session.ledger.pauses.current(session.org.name) == paused
