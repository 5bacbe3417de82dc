"""An event at which our own mapping fails is kept and tried again, later each time; after that a person has to look."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from schemas.codec import encode_event
from schemas.entities import Entity
from schemas.envelope import Lane
from tests.support.fakes import START
from tests.support.mapping_cases import event, invoice, line
from tests.support.sample_ledger import lease_of, opened
from tests.support.serving_fakes import MemoryBroker, MemoryXero, session_of
from worker.backoff import MAX_ATTEMPTS
from worker.intake.reading import Arrival
from worker.intake.sorting import sort
from worker.ledger.records import Held, HoldState
from worker.session.session import Session

BODY = encode_event(event(Entity.INVOICE, invoice(line("10.00", "2.00", tax_rate="20"))))


@pytest.fixture
async def session(tmp_path: Path) -> AsyncIterator[Session]:
    """Of an organisation that the mapping does not expect, as a defect would have it."""
    async with opened(f"sqlite+inline:///{tmp_path}/ledger.db") as ledger:
        session = session_of(ledger, await lease_of(ledger), MemoryBroker(), MemoryXero())
        session.org = session.org.model_copy(update={"accounts": None})
        yield session


def failed(session: Session, attempt: int) -> Held:
    """How the event is held that failed so often before."""
    [(_, held)] = sort(session, [Arrival(BODY, Lane.IMMEDIATE, attempt=attempt)], START).held
    return held


@pytest.mark.parametrize(("attempt", "at_most_s"), [(0, 30), (1, 60), (MAX_ATTEMPTS - 2, 1_920)])
async def test_it_waits_twice_as_long_each_time(session: Session, attempt: int, at_most_s: float) -> None:
    held = failed(session, attempt)

    assert (held.state, held.reason) == (HoldState.TIME, "processing_failed")
    assert (held.attempt, held.body) == (attempt + 1, BODY)
    assert held.until is not None
    assert at_most_s / 2 <= (held.until - START).total_seconds() <= at_most_s


async def test_after_eight_tries_it_is_parked_with_where_it_failed_and_nothing_of_its_data(session: Session) -> None:
    held = failed(session, MAX_ATTEMPTS - 1)

    assert (held.state, held.reason, held.attempt) == (HoldState.PERSON, "processing_failed", MAX_ATTEMPTS)
    assert re.fullmatch(r"AttributeError, traceback [0-9a-f]{12}", held.detail)
    assert "report it" in held.hint
