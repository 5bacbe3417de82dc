"""Like refusals in a row pause a kind of document, if they say something of the sales of today."""

from __future__ import annotations

import pytest

from tests.sample_ledger import member, write
from worker.documents import DocumentKey, Kind
from worker.outcome import LIKE_REFUSALS, Refusals, Results
from worker.xero.verdicts import Refused

REFUSED = Refused("tracking_invalid", "mend it", ("no such option",), pauses_kind=True)


@pytest.mark.parametrize(("part", "reason"), [("invoice", "tracking_invalid"), ("invoice~2", None)])
def test_copies_of_old_sales_that_are_issued_anew_pause_nothing(part: str, reason: str | None) -> None:
    sale = member(write(1))
    sale = sale._replace(key=DocumentKey(*sale.key.owner, part=part))

    refusals = Refusals()
    told = [refusals.count(Kind.INVOICE, Results(refused=[(sale, REFUSED)])) for _ in range(LIKE_REFUSALS)]

    assert told == [None] * (LIKE_REFUSALS - 1) + [reason]
