"""Calls of many documents, whose rows go into the database together."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.support.fakes import START
from tests.support.sample_ledger import ORG, document, key, lease_of, open_call, put_documents, try_open, write
from worker.documents.documents import DOCUMENTS_PER_CALL
from worker.ledger.database.errors import DocumentBusy
from worker.ledger.ledger import Ledger

MANY = range(1, DOCUMENTS_PER_CALL + 2)
SECOND = timedelta(seconds=1)


async def test_each_document_of_a_full_call_is_kept_from_other_calls(ledger: Ledger) -> None:
    lease = await lease_of(ledger)

    call = await open_call(ledger, lease, *map(write, MANY))

    assert [member.key for member in call.members] == [key(n) for n in MANY]
    for n in MANY:
        with pytest.raises(DocumentBusy):
            await try_open(ledger, lease, write(n))


@pytest.mark.parametrize("busy", [MANY[0], MANY[-1]])
async def test_a_full_call_with_a_document_of_another_claims_none(ledger: Ledger, busy: int) -> None:
    lease = await lease_of(ledger)
    first = await open_call(ledger, lease, write(busy))

    with pytest.raises(DocumentBusy, match=f"one of these {len(MANY)}"):
        await try_open(ledger, lease, *map(write, MANY))

    second = await open_call(ledger, lease, *(write(n) for n in MANY if n != busy))
    assert {call.id for call in await ledger.calls.unsettled(ORG)} == {first.id, second.id}


async def test_documents_that_are_written_together_lower_no_version(ledger: Ledger) -> None:
    lease = await lease_of(ledger)
    later = document(3, version=START + SECOND)
    await put_documents(ledger, lease, later)

    await put_documents(ledger, lease, *(document(n)._replace(xero_id=f"x-{n}") for n in MANY))

    found = await ledger.documents.get(map(key, MANY))
    assert [found[key(n)].xero_id for n in MANY] == [f"x-{n}" for n in MANY]
    assert [n for n in MANY if found[key(n)].version != START] == [3]
    assert found[key(3)].version == later.version
