"""Like refusals in a row pause a kind of document, if they say something of the sales of today."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.sample_ledger import document, member, write
from worker.documents.documents import DocumentKey, Kind
from worker.session.outcome import LIKE_REFUSALS, Refusals, Results
from worker.xero.messages import PERIOD_LOCKED
from worker.xero.replies.verdicts import Refused

REFUSED = Refused("tracking_invalid", "mend it", ("no such option",), pauses_kind=True)


@pytest.mark.parametrize(("part", "reason"), [("invoice", "tracking_invalid"), ("invoice~2", None)])
def test_copies_of_old_sales_that_are_issued_anew_pause_nothing(part: str, reason: str | None) -> None:
    sale = member(write(1))
    sale = sale._replace(key=DocumentKey(*sale.key.owner, part=part))

    refusals = Refusals()
    told = [refusals.count(Kind.INVOICE, Results(refused=[(sale, REFUSED)])) for _ in range(LIKE_REFUSALS)]

    assert told == [None] * (LIKE_REFUSALS - 1) + [reason]


CHANGED = member(write(1))._replace(xero_id="i-1")


@pytest.mark.parametrize(("reason", "told"), [("tracking_invalid", "tracking_invalid"), (PERIOD_LOCKED, None)])
def test_changes_that_are_refused_pause_their_kind_unless_it_is_their_day_that_is_locked(
    reason: str, told: str | None
) -> None:
    refusals, refused = Refusals(), replace(REFUSED, reason=reason)

    counted = [refusals.count(Kind.INVOICE, Results(refused=[(CHANGED, refused)])) for _ in range(LIKE_REFUSALS)]

    assert counted == [None] * (LIKE_REFUSALS - 1) + [told]


def test_a_document_that_is_taken_between_refusals_begins_the_count_anew() -> None:
    refusals, refused = Refusals(), Results(refused=[(member(write(1)), REFUSED)])
    told = [refusals.count(Kind.INVOICE, refused) for _ in range(LIKE_REFUSALS - 1)]

    told.append(refusals.count(Kind.INVOICE, Results(documents=[document(2)])))

    assert [*told, refusals.count(Kind.INVOICE, refused)] == [None] * (LIKE_REFUSALS + 1)
