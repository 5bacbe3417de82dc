"""Reading whole lists of Xero with a real ledger: pages, retries, limits."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.support.fakes import FakeClock
from tests.support.sample_ledger import AMPLE, ORG, opened
from worker.budget.limits import Limits
from worker.calls.paging import Lists, Read, Told, XeroUnreadable
from worker.documents.documents import Kind
from worker.documents.literals import encode
from worker.ledger.ledger import Ledger
from worker.ledger.records import Call, Purpose
from worker.xero.lists import of_sales, pages_of, params_of
from worker.xero.replies.reply import LimitHeaders, Reply, ReplyKind


@dataclass
class Shelf:
    """A Xero that has some documents of each kind; `troubles` come first, one a call."""

    elements: Sequence[Mapping[str, Any]] = ()
    most: int = 1000
    counts: bool = True
    troubles: list[Reply] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)

    async def send(self, call: Call) -> Reply:
        self.calls.append(call)
        if self.troubles:
            return self.troubles.pop(0)
        page, size = (int(call.params.get(name, "1")) for name in ("page", "pageSize"))
        size = min(size, self.most) if "page" in call.params else len(self.elements)
        shown = tuple(self.elements[(page - 1) * size : page * size])
        head = {"pagination": {"page": page, "pageCount": -(-len(self.elements) // max(size, 1))}}
        return Reply(ReplyKind.ANSWERED, 200, shown, raw=encode(head if self.counts else {}))


@dataclass
class Listener:
    """Keeps what it is told."""

    read: list[Read] = field(default_factory=list)
    waits: list[str] = field(default_factory=list)
    again: list[tuple[str, float]] = field(default_factory=list)

    @property
    def told(self) -> Told:
        return Told(self.read.append, self._wait, self._again)

    def _wait(self, _until: datetime, reason: str) -> None:
        self.waits.append(reason)

    def _again(self, why: str, in_s: float) -> None:
        self.again.append((why, in_s))


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def ledger(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Ledger]:
    async with opened(f"sqlite+inline:///{tmp_path / 'ledger.db'}", clock=clock) as ledger:
        yield ledger


def lists(ledger: Ledger, clock: FakeClock, xero: Shelf, told: Told | None = None, limits: Limits = AMPLE) -> Lists:
    return Lists(
        org=ORG,
        purpose=Purpose.RECONCILE,
        ledger=ledger,
        client=xero,  # type: ignore[arg-type] # a Xero in memory
        limits=limits,
        clock=clock,
        told=told or Told(),
    )


async def numbers(reading: Lists, kind: Kind = Kind.INVOICE) -> list[int]:
    return [element["n"] async for page in reading.pages(kind, "Total>0") for element in page]


async def test_a_long_list_is_read_page_by_page_until_one_is_not_full(ledger: Ledger, clock: FakeClock) -> None:
    xero, listener = Shelf([{"n": n} for n in range(2300)]), Listener()

    found = await numbers(reading := lists(ledger, clock, xero, listener.told))

    assert found == list(range(2300))
    assert listener.read == [Read(Kind.INVOICE, page, 3) for page in (1, 2, 3)]
    assert reading.calls == 3
    assert all(call.params["order"] == "InvoiceID" for call in xero.calls)


@pytest.mark.parametrize(("counts", "calls"), [(True, 3), (False, 4)])
async def test_pages_that_are_smaller_than_asked_for_are_all_read(
    ledger: Ledger, clock: FakeClock, counts: bool, calls: int
) -> None:
    xero = Shelf([{"n": n} for n in range(250)], most=100, counts=counts)

    assert len(await numbers(lists(ledger, clock, xero))) == 250
    assert len(xero.calls) == calls


async def test_items_come_all_at_once(ledger: Ledger, clock: FakeClock) -> None:
    xero = Shelf([{"n": n} for n in range(1500)])

    found = await numbers(lists(ledger, clock, xero), Kind.ITEM)

    assert len(found) == 1500
    assert [call.params for call in xero.calls] == [{"unitdp": "4"}]


@pytest.mark.parametrize("trouble", [ReplyKind.UNCERTAIN, ReplyKind.UNSENT, ReplyKind.SERVER_ERROR])
async def test_a_page_that_was_lost_is_asked_for_again(ledger: Ledger, clock: FakeClock, trouble: ReplyKind) -> None:
    xero = Shelf([{"n": 1}], troubles=[Reply(trouble), Reply(trouble)])

    assert await numbers(lists(ledger, clock, xero)) == [1]
    assert len(xero.calls) == 3


async def test_a_limit_of_xeros_is_waited_for_and_told(ledger: Ledger, clock: FakeClock) -> None:
    limit = LimitHeaders(retry_after_s=30, problem="minute")
    xero, listener = Shelf([{"n": 1}], troubles=[Reply(ReplyKind.TOO_MANY_MINUTE, 429, limits=limit)]), Listener()
    begun = clock.now()

    found = await numbers(lists(ledger, clock, xero, listener.told))

    assert found == [1]
    assert (clock.now() - begun).total_seconds() >= 30
    assert listener.waits == ["minute"]


async def test_a_budget_that_is_spent_is_waited_for(ledger: Ledger, clock: FakeClock) -> None:
    xero, listener = Shelf([{"n": n} for n in range(9000)]), Listener()
    limits = Limits(day=24, minute=60, burst=0.5)

    found = await numbers(lists(ledger, clock, xero, listener.told, limits))

    assert len(found) == 9000
    assert set(listener.waits) == {"day"}


@pytest.mark.parametrize(
    ("troubles", "calls"),
    [([Reply(ReplyKind.CONSENT, detail="run `xerelay connect`")], 1), ([Reply(ReplyKind.UNSENT)] * 99, 8)],
    ids=["a refusal at once", "silence after eight tries"],
)
async def test_a_list_that_does_not_come_is_given_up(
    ledger: Ledger, clock: FakeClock, troubles: list[Reply], calls: int
) -> None:
    xero = Shelf(troubles=troubles)

    with pytest.raises(XeroUnreadable, match="list of invoices"):
        await numbers(lists(ledger, clock, xero))

    assert len(xero.calls) == calls


async def test_each_wait_for_an_answer_is_told_and_none_follows_the_last(ledger: Ledger, clock: FakeClock) -> None:
    xero, listener = Shelf(troubles=[Reply(ReplyKind.UNSENT, detail="no connection")] * 99), Listener()
    begun = clock.now()

    with pytest.raises(XeroUnreadable, match="no connection"):
        await numbers(lists(ledger, clock, xero, listener.told))

    assert listener.again == [("no connection", float(s)) for s in (2, 4, 8, 16, 32, 60, 60)]
    assert (clock.now() - begun).total_seconds() < 2 + 4 + 8 + 16 + 32 + 60 + 60 + 10


def test_pages_are_counted_as_calls() -> None:
    assert [pages_of(count) for count in (0, 1, 1000, 1001)] == [1, 1, 1, 2]


def test_the_condition_takes_both_ends_of_the_days_and_sales_alone() -> None:
    where = of_sales(Kind.INVOICE, date(2026, 11, 1), date(2026, 11, 30))

    assert where == 'Type=="ACCREC" AND Date>=DateTime(2026, 11, 01) AND Date<DateTime(2026, 12, 01)'
    assert params_of(Kind.CONTACT, 2, "")["includeArchived"] == "true"
